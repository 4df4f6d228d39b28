//! The completion queue of the examples: coroutines that are destroyed while the kernel works for them.
#![cfg(target_os = "linux")]
#![deny(unsafe_code)]

#[allow(unsafe_code)]
#[macro_use]
mod io_support;

use std::future::Future;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use coro::{Detached, FireAndForget, Polled, Task, when_any};
use io_support::io_queue::{BackendKind, Connection, DatagramSocket, IoBuf, IoQueue, Listener, Options};
use io_support::{BUFFER, Live, open_files, pair, pattern};

const SHORT: Duration = Duration::from_millis(5);

/// Something to wait for, for ever.
type Wait<'io> = Pin<Box<dyn Future<Output = ()> + 'io>>;

#[coro::coroutine]
fn receive<'a>(io: &'a IoQueue, connection: &'a Connection, _live: Live) -> Task<'a, Vec<u8>, Polled> {
    io.recv(connection).await.expect("the connection is good").to_vec()
}

#[coro::coroutine]
fn send<'a>(io: &'a IoQueue, connection: &'a Connection, data: IoBuf, _live: Live) -> Task<'a, usize, Polled> {
    io.send(connection, data).await.expect("the connection is good")
}

#[coro::coroutine]
fn nap(io: &IoQueue) -> Task<'_, (), Polled> {
    io.sleep(SHORT).await.expect("nobody stops it");
}

/// Polls a future until it waits, so that its operation is started, but the kernel may not know yet.
fn start<F: Future + Unpin>(io: &IoQueue, future: &mut F) {
    let once = futures::future::poll_fn(|context| {
        assert!(Pin::new(&mut *future).poll(context).is_pending(), "it waits");
        Poll::Ready(())
    });
    io.block_on(once).expect("the queue works");
}

/// Lets the kernel do what it was told.
fn settle(io: &IoQueue) {
    io.block_on(nap(io)).expect("the queue works");
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn wait_detached(io: IoQueue, which: usize, ends: Rc<Ends>, _live: Live) -> FireAndForget {
    match which {
        0 => drop(io.recv(&ends.connection).await),
        1 => drop(io.accept(&ends.listener).await),
        2 => drop(io.recv_from(&ends.datagrams).await),
        3 => drop(io.sleep(Duration::from_secs(3600)).await),
        4 => loop {
            io.send(&ends.connection, vec![0; 100_000].into()).await.expect("nobody closes it");
        },
        _ => drop(io.connect(ends.unreachable).await),
    }
    unreachable!("it never comes to that");
}

#[coro::coroutine]
fn wait_polled(io: &IoQueue, which: usize, ends: Rc<Ends>, _live: Live) -> Task<'_, (), Polled> {
    match which {
        0 => drop(io.recv(&ends.connection).await),
        1 => drop(io.accept(&ends.listener).await),
        2 => drop(io.recv_from(&ends.datagrams).await),
        3 => drop(io.sleep(Duration::from_secs(3600)).await),
        4 => while io.send(&ends.connection, vec![0; 100_000].into()).await.is_ok() {},
        _ => drop(io.connect(ends.unreachable).await),
    }
}

#[coro::coroutine]
fn receive_in_a_race<'a>(io: &'a IoQueue, connection: &'a Connection, _live: Live) -> Task<'a, usize, Detached> {
    io.recv(connection).await.expect("the connection is good").len()
}

/// Receives from both, of which one is enough.
#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn race(io: IoQueue, ends: [Connection; 2], live: Live) -> FireAndForget {
    let [first, second] = [&ends[0], &ends[1]].map(|end| receive_in_a_race(&io, end, Live::new()));
    let _ = when_any((first, second)).await;
    assert_eq!(Live::count(), 1, "the other one has gone");
    assert!(io.parked().is_empty(), "{:?}", io.parked());
    // The queue goes on while there is something left of it.
    io.sleep(Duration::ZERO).await.expect("nobody stops it");
    drop(live);
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn receive_and_stop(io: IoQueue, connection: Connection, _live: Live) -> FireAndForget {
    drop(io.recv(&connection).await);
    io.stop();
}

/// Everything that can be waited for, and none of which happens.
struct Ends {
    connection: Connection,
    listener: Listener,
    datagrams: DatagramSocket,
    unreachable: std::net::SocketAddr,
    _theirs: UnixStream,
    _full: std::net::TcpListener,
    _filling: Vec<TcpStream>,
}

impl Ends {
    fn new(io: &IoQueue) -> Rc<Self> {
        let (connection, theirs) = pair(io);
        // Who connects to a listener whose backlog is full waits.
        let full = rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::STREAM, None);
        let full = full.expect("a socket");
        rustix::net::bind(&full, &std::net::SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, 0)).expect("a port");
        rustix::net::listen(&full, 0).expect("it can");
        let full = std::net::TcpListener::from(full);
        let unreachable = full.local_addr().expect("it has one");
        let mut filling = Vec::new();
        while let Ok(client) = TcpStream::connect_timeout(&unreachable, Duration::from_millis(100)) {
            filling.push(client);
        }
        Rc::new(Self {
            connection,
            listener: io.listen("127.0.0.1:0").expect("a port"),
            datagrams: io.bind("127.0.0.1:0").expect("a port"),
            unreachable,
            _theirs: theirs,
            _full: full,
            _filling: filling,
        })
    }
}

on_both_backends! {
    fn shutting_down_destroys_detached_coroutines_whatever_they_wait_for(io: &IoQueue) {
        let ends = Ends::new(io);
        for settled in [false, true] {
            for which in 0..6 {
                wait_detached(io.clone(), which, ends.clone(), Live::new());
            }
            if settled {
                settle(io);
            }
            assert_eq!(Live::count(), 6);
            io.shut_down().expect("the queue works");
            assert_eq!(Live::count(), 0);
        }
    }

    fn shutting_down_fails_what_tasks_wait_for(io: &IoQueue) {
        let ends = Ends::new(io);
        let mut waits: Vec<Wait<'_>> = (0..6).map(|which| Box::pin(wait_polled(io, which, ends.clone(), Live::new())) as Wait<'_>).collect();
        for wait in &mut waits {
            start(io, wait);
        }
        settle(io);
        io.shut_down().expect("the queue works");
        assert_eq!(Live::count(), 6);
        for wait in waits {
            io.block_on(wait).expect("the queue works");
        }
    }

    fn an_awaiter_that_outlives_its_operation_touches_no_stranger(io: &IoQueue) {
        let (connection, mut theirs) = pair(io);
        let mut outlives = receive(io, &connection, Live::new());
        start(io, &mut outlives);
        io.shut_down().expect("the queue works");
        // These are where that one was.
        let mut strangers = [receive(io, &connection, Live::new()), receive(io, &connection, Live::new())];
        for stranger in &mut strangers {
            start(io, stranger);
        }
        drop(outlives);
        settle(io);
        theirs.write_all(&[1; BUFFER + 1]).expect("there is room");
        let [first, second] = strangers;
        let received = io.block_on(async { futures::join!(first, second) }).expect("the queue works");
        assert_eq!(received.0.len() + received.1.len(), BUFFER + 1);
    }

    fn what_destructors_start_while_the_queue_is_shut_down_is_destroyed_too(io: &IoQueue) {
        struct StartsAnother(IoQueue, u32);
        impl Drop for StartsAnother {
            fn drop(&mut self) {
                wait_and_start_another(self.0.clone(), self.1 + 1, Live::new());
            }
        }
        #[coro::coroutine(initial = suspend_never, final = suspend_never)]
        fn wait_and_start_another(io: IoQueue, generation: u32, _live: Live) -> FireAndForget {
            let _another = (generation < 5).then(|| StartsAnother(io.clone(), generation));
            let _ = io.sleep(Duration::from_secs(3600)).await;
        }
        wait_and_start_another(io.clone(), 0, Live::new());
        io.shut_down().expect("the queue works");
        assert_eq!(Live::count(), 0);
    }

    fn dropping_a_task_cancels_what_it_waits_for(io: &IoQueue) {
        let ends = Ends::new(io);
        for settled in [false, true] {
            for which in 0..6 {
                let mut wait: Wait<'_> = Box::pin(wait_polled(io, which, ends.clone(), Live::new()));
                start(io, &mut wait);
                if settled {
                    settle(io);
                }
                drop(wait);
            }
        }
        // And nobody shuts the queue down: `run` has nobody to wait for.
        io.run().expect("the queue works");
    }

    fn the_last_owner_of_a_queue_waits_for_the_kernel(io: &IoQueue) {
        // Another one, dropped with its operations under way.
        let other = IoQueue::new(Options { backend: Some(io.backend()), buffer: BUFFER }).expect("as this one");
        let ends = Ends::new(&other);
        for which in 0..6 {
            let mut wait: Wait<'_> = Box::pin(wait_polled(&other, which, ends.clone(), Live::new()));
            start(&other, &mut wait);
        }
        let files = open_files();
        drop(ends);
        drop(other);
        assert!(open_files() < files);
    }

    fn a_coroutine_is_destroyed_between_its_answer_and_its_turn(io: &IoQueue) {
        for _ in 0..20 {
            let ((one, mut their_one), (other, mut their_other)) = (pair(io), pair(io));
            race(io.clone(), [one, other], Live::new());
            for end in [&mut their_one, &mut their_other] {
                end.write_all(b"both at once").expect("there is room");
            }
            io.run().expect("the queue works");
            assert_eq!(Live::count(), 0);
        }
    }

    fn who_has_an_answer_when_the_queue_is_stopped_is_destroyed(io: &IoQueue) {
        let mut ends = Vec::new();
        for _ in 0..3 {
            let (connection, mut theirs) = pair(io);
            theirs.write_all(b"all at once").expect("there is room");
            receive_and_stop(io.clone(), connection, Live::new());
            ends.push(theirs);
        }
        io.run().expect("the queue works");
        assert_eq!(Live::count(), 0);
        // What has stopped it does so once: the others have not gone on.
        wait_detached(io.clone(), 3, Ends::new(io), Live::new());
        io.block_on(nap(io)).expect("the queue works");
        assert_eq!(Live::count(), 1);
        io.shut_down().expect("the queue works");
    }

    fn a_receive_that_was_cancelled_takes_nothing(io: &IoQueue) {
        let (connection, mut theirs) = pair(io);
        for round in 0..50_u8 {
            let mut cancelled = receive(io, &connection, Live::new());
            start(io, &mut cancelled);
            if round % 2 == 0 {
                settle(io);
            }
            drop(cancelled);
            settle(io);
            theirs.write_all(&[round]).expect("there is room");
            assert_eq!(io.block_on(receive(io, &connection, Live::new())).expect("the queue works"), [round]);
        }
    }

    fn a_late_answer_does_not_reach_a_stranger(io: &IoQueue) {
        let (stale, mut their_stale) = pair(io);
        let (fresh, mut their_fresh) = pair(io);
        for round in 0..200_u8 {
            let mut cancelled = receive(io, &stale, Live::new());
            start(io, &mut cancelled);
            if round % 2 == 0 {
                settle(io);
            }
            // The kernel's answer is under way when the coroutine goes and the next one comes.
            their_stale.write_all(b"stale").expect("there is room");
            drop(cancelled);
            let mut stranger = receive(io, &fresh, Live::new());
            start(io, &mut stranger);
            settle(io);
            their_fresh.write_all(&[round]).expect("there is room");
            assert_eq!(io.block_on(stranger).expect("the queue works"), [round]);
        }
    }

    fn what_is_being_sent_stays_as_it_is_when_the_sender_is_destroyed(io: &IoQueue) {
        let (connection, mut theirs) = pair(io);
        let (other, mut their_other) = pair(io);
        // What is sent lies in a buffer of the queue's pool, which is the next one to be received into once it is free.
        let mut sent = 0;
        loop {
            their_other.write_all(&[1; BUFFER]).expect("there is room");
            let data = io.block_on(async { receive_buffer(io, &other).await }).expect("the queue works");
            let length = data.len();
            let mut sending = send(io, &connection, data, Live::new());
            let once = futures::future::poll_fn(|context: &mut Context<'_>| Poll::Ready(Pin::new(&mut sending).poll(context)));
            let started = io.block_on(once).expect("the queue works");
            assert!(started.is_pending());
            let done = io.block_on(futures::future::select(sending, nap(io))).expect("the queue works");
            match done {
                futures::future::Either::Left((count, _)) => {
                    assert_eq!(count, length);
                    sent += count;
                }
                // Now it is stuck: the sender goes, the data has to stay.
                futures::future::Either::Right(((), sending)) => {
                    drop(sending);
                    break;
                }
            }
        }
        // Nobody may use its memory yet, for the reader makes room.
        let mut read = vec![0; sent];
        theirs.read_exact(&mut read).expect("it was sent");
        for _ in 0..40 {
            their_other.write_all(&[2; BUFFER]).expect("there is room");
            drop(io.block_on(receive_buffer(io, &other)).expect("the queue works"));
        }
        drop(connection);
        settle(io);
        theirs.read_to_end(&mut read).expect("what was sent on");
        assert!(read.iter().all(|byte| *byte == 1), "somebody else's bytes were sent");
    }

    fn a_socket_stays_open_while_the_kernel_uses_it(io: &IoQueue) {
        // Its descriptor's number must not become another's before the kernel has heard of it.
        for _ in 0..20 {
            let (connection, theirs) = pair(io);
            #[coro::coroutine]
            fn receive_on(io: &IoQueue, connection: Connection, _live: Live) -> Task<'_, Vec<u8>, Polled> {
                let receiving = io.recv(&connection);
                drop(connection);
                receiving.await.expect("the connection is good").to_vec()
            }
            let mut receiving = receive_on(io, connection, Live::new());
            start(io, &mut receiving);
            let (stranger, mut their_stranger) = pair(io);
            their_stranger.write_all(b"stranger").expect("there is room");
            (&theirs).write_all(b"friend").expect("there is room");
            assert_eq!(io.block_on(receiving).expect("the queue works"), b"friend");
            assert_eq!(io.block_on(receive(io, &stranger, Live::new())).expect("the queue works"), b"stranger");
        }
    }

    fn connections_that_were_accepted_for_nobody_are_closed(io: &IoQueue) {
        #[coro::coroutine]
        fn accept<'a>(io: &'a IoQueue, listener: &'a Listener) -> Task<'a, (), Polled> {
            drop(io.accept(listener).await.expect("one comes"));
        }
        for settled in [false, true] {
            let listener = io.listen("127.0.0.1:0").expect("a port");
            let address = listener.local_addr().expect("it has one");
            let mut accepting = accept(io, &listener);
            start(io, &mut accepting);
            settle(io);
            let clients: Vec<TcpStream> = (0..10).map(|_| TcpStream::connect(address).expect("the kernel accepts")).collect();
            if settled {
                settle(io);
            }
            drop(accepting);
            drop(listener);
            settle(io);
            for mut client in clients {
                client.set_read_timeout(Some(Duration::from_secs(60))).expect("an open socket");
                assert_eq!(client.read(&mut [0; 1]).unwrap_or(0), 0, "closed or reset");
            }
        }
    }

    fn a_destructor_that_panics_does_not_keep_the_queue_from_stopping(io: &IoQueue) {
        struct Panics;
        impl Drop for Panics {
            fn drop(&mut self) {
                std::panic::resume_unwind(Box::new("on purpose"));
            }
        }
        #[coro::coroutine(initial = suspend_never, final = suspend_never)]
        fn wait(io: IoQueue, panics: Option<Panics>, _live: Live) -> FireAndForget {
            let _ = io.sleep(Duration::from_secs(3600)).await;
            drop(panics);
        }
        for panics in [None, Some(Panics), None] {
            wait(io.clone(), panics, Live::new());
        }
        io.stop();
        assert!(catch_unwind(AssertUnwindSafe(|| io.run())).is_err());
        io.run().expect("it goes on stopping");
        assert_eq!(Live::count(), 0);
    }

    fn a_socket_of_another_queue_is_refused(io: &IoQueue) {
        for backend in [BackendKind::Uring, BackendKind::Poll] {
            let Ok(other) = IoQueue::new(Options { backend: Some(backend), buffer: BUFFER }) else { continue };
            // It has used its sockets, and so have we.
            let (theirs, mut end) = pair(&other);
            let (_ours, _end) = pair(io);
            end.write_all(b"x").expect("there is room");
            assert_eq!(other.block_on(receive(&other, &theirs, Live::new())).expect("the queue works"), b"x");
            let listener = other.listen("127.0.0.1:0").expect("a port");
            io.block_on(try_all(io, &theirs, &listener)).expect("the queue works");
            end.write_all(b"y").expect("it is still open");
            assert_eq!(other.block_on(receive(&other, &theirs, Live::new())).expect("the queue works"), b"y");
        }
    }

    fn destroying_thousands_at_once_loses_nothing(io: &IoQueue) {
        let (connection, mut theirs) = pair(io);
        let mut waits: Vec<_> = (0..5000).map(|_| receive(io, &connection, Live::new())).collect();
        for wait in &mut waits {
            start(io, wait);
        }
        drop(waits);
        settle(io);
        theirs.write_all(&pattern(3)).expect("there is room");
        assert_eq!(io.block_on(receive(io, &connection, Live::new())).expect("the queue works"), pattern(3));
        let datagrams = io.bind("127.0.0.1:0").expect("a port");
        let to = datagrams.local_addr().expect("it has one");
        UdpSocket::bind("127.0.0.1:0").expect("a port").send_to(b"unread", to).expect("it is sent");
    }
}

#[coro::coroutine]
fn try_all<'a>(io: &'a IoQueue, foreign: &'a Connection, listener: &'a Listener) -> Task<'a, (), Polled> {
    let refused = [
        io.recv(foreign).await.map(drop),
        io.send(foreign, vec![1].into()).await.map(drop),
        io.accept(listener).await.map(drop),
    ];
    for refused in refused {
        assert_eq!(refused.expect_err("it is not ours").kind(), ErrorKind::InvalidInput);
    }
}

#[coro::coroutine]
fn receive_buffer<'a>(io: &'a IoQueue, connection: &'a Connection) -> Task<'a, IoBuf, Polled> {
    io.recv(connection).await.expect("the connection is good")
}
