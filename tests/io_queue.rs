//! The completion queue of the examples: who is resumed when, in both worlds, on both backends.
#![cfg(target_os = "linux")]
#![deny(unsafe_code)]

#[allow(unsafe_code)]
#[macro_use]
mod io_support;

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use coro::{Detached, FireAndForget, LocalWorld, Polled, Task};
use io_support::io_queue::{Connection, IoBuf, IoQueue, Listener, send_all};
use io_support::{Live, pair, pattern};

const LONG: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(20);

type Log<T> = Rc<RefCell<Vec<T>>>;

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn sleep_and_log(io: IoQueue, millis: u64, log: Log<u64>, _live: Live) -> FireAndForget {
    io.sleep(Duration::from_millis(millis)).await.expect("nobody stops it");
    log.borrow_mut().push(millis);
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn sleep_long(io: IoQueue, _live: Live) -> FireAndForget {
    let _ = io.sleep(LONG).await;
    unreachable!("nobody waits so long");
}

/// Sends back what it receives until the end.
#[coro::coroutine]
fn echo_in<'a, W: LocalWorld>(io: &'a IoQueue, connection: &'a Connection) -> Task<'a, io::Result<usize>, W> {
    let mut total = 0;
    loop {
        let data = io.recv(connection).await?;
        if data.is_empty() {
            return Ok(total);
        }
        total += data.len();
        send_all(io, connection, &data).await?;
    }
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn echo(io: IoQueue, connection: Connection, log: Log<usize>, _live: Live) -> FireAndForget {
    let total = echo_in::<Detached>(&io, &connection).await.expect("the client is kind");
    log.borrow_mut().push(total);
}

/// Writes on a thread of its own, then reads to the end.
fn client(mut stream: UnixStream, data: Vec<u8>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut writer = stream.try_clone().expect("a descriptor");
        let writing = thread::spawn(move || {
            writer.write_all(&data).expect("the server reads");
            writer.shutdown(Shutdown::Write).expect("an open socket");
        });
        let mut echoed = Vec::new();
        stream.read_to_end(&mut echoed).expect("the server writes");
        writing.join().expect("it has written");
        echoed
    })
}

on_both_backends! {
    fn a_sleep_takes_as_long_as_it_says(io: &IoQueue) {
        #[coro::coroutine]
        fn nap(io: &IoQueue) -> Task<'_, io::Result<()>, Polled> {
            io.sleep(SHORT).await
        }
        let start = Instant::now();
        io.block_on(nap(io)).expect("the queue works").expect("nobody stops it");
        assert!(start.elapsed() >= SHORT);
    }

    fn sleeps_end_in_the_order_of_their_deadlines(io: &IoQueue) {
        let log = Log::default();
        for millis in [60, 0, 30, 90] {
            sleep_and_log(io.clone(), millis, log.clone(), Live::new());
        }
        io.run().expect("the queue works");
        assert_eq!(*log.borrow(), [0, 30, 60, 90]);
    }

    fn who_could_go_on_first_goes_on_first(io: &IoQueue) {
        let log = Log::default();
        for millis in [3, 1, 2] {
            sleep_and_log(io.clone(), millis, log.clone(), Live::new());
        }
        // All of them are over when the queue looks.
        thread::sleep(Duration::from_millis(10));
        io.run().expect("the queue works");
        assert_eq!(*log.borrow(), [1, 2, 3]);
    }

    fn run_returns_at_once_if_nobody_waits(io: &IoQueue) {
        io.run().expect("the queue works");
    }

    fn a_detached_coroutine_echoes(io: &IoQueue) {
        let (connection, theirs) = pair(io);
        let log = Log::default();
        echo(io.clone(), connection, log.clone(), Live::new());
        let client = client(theirs, pattern(100_000));
        io.run().expect("the queue works");
        assert!(client.join().expect("echoed") == pattern(100_000));
        assert_eq!(*log.borrow(), [100_000]);
    }

    fn a_task_echoes_with_the_same_helpers(io: &IoQueue) {
        let (connection, theirs) = pair(io);
        let client = client(theirs, pattern(100_000));
        let total = io.block_on(echo_in::<Polled>(io, &connection)).expect("the queue works");
        assert_eq!(total.expect("the client is kind"), 100_000);
        drop(connection);
        assert!(client.join().expect("echoed") == pattern(100_000));
    }

    fn tasks_in_one_future_wait_at_the_same_time(io: &IoQueue) {
        let (left, their_left) = pair(io);
        let (right, their_right) = pair(io);
        let clients = [client(their_left, pattern(5000)), client(their_right, pattern(7000))];
        let both = async {
            let totals = futures::join!(echo_in::<Polled>(io, &left), echo_in::<Polled>(io, &right));
            (totals.0.expect("kind"), totals.1.expect("kind"))
        };
        assert_eq!(io.block_on(both).expect("the queue works"), (5000, 7000));
        drop((left, right));
        for client in clients {
            client.join().expect("echoed");
        }
    }

    fn block_on_runs_detached_coroutines_meanwhile(io: &IoQueue) {
        #[coro::coroutine]
        fn until(io: &IoQueue, log: Log<u64>) -> Task<'_, (), Polled> {
            while log.borrow().is_empty() {
                io.sleep(Duration::from_millis(1)).await.expect("nobody stops it");
            }
        }
        let log = Log::default();
        sleep_and_log(io.clone(), 10, log.clone(), Live::new());
        io.block_on(until(io, log)).expect("the queue works");
    }

    fn block_on_is_woken_by_other_threads(io: &IoQueue) {
        let mut rounds = Vec::new();
        for millis in [0, 0, 0, 1, 20] {
            let (send, receive) = futures::channel::oneshot::channel();
            rounds.push(receive);
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(millis));
                send.send(millis).expect("the receiver waits");
            });
        }
        // Nothing but the other thread wakes it: there is no operation at all.
        let received = io.block_on(async {
            let mut sum = 0;
            for receive in rounds {
                sum += receive.await.expect("sent");
            }
            sum
        });
        assert_eq!(received.expect("the queue works"), 21);
    }

    fn a_future_that_wakes_itself_does_not_keep_others_from_running(io: &IoQueue) {
        let log = Log::default();
        sleep_and_log(io.clone(), 5, log.clone(), Live::new());
        let spin = futures::future::poll_fn(|context| {
            if !log.borrow().is_empty() {
                return std::task::Poll::Ready(());
            }
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        });
        io.block_on(spin).expect("the queue works");
    }

    fn what_takes_too_long_fails(io: &IoQueue) {
        #[coro::coroutine]
        fn all<'a>(io: &'a IoQueue, silent: &'a Connection, stuffed: &'a Connection, nobody: &'a Listener) -> Task<'a, (), Polled> {
            let kind = |error: io::Error| error.kind();
            assert_eq!(io.timeout(SHORT, io.recv(silent)).await.map(|_| ()).map_err(kind), Err(ErrorKind::TimedOut));
            assert_eq!(io.timeout(SHORT, io.accept(nobody)).await.map(|_| ()).map_err(kind), Err(ErrorKind::TimedOut));
            assert_eq!(io.timeout(SHORT, io.sleep(LONG)).await.map_err(kind), Err(ErrorKind::TimedOut));
            assert_eq!(io.timeout(SHORT, io.sleep(Duration::MAX)).await.map_err(kind), Err(ErrorKind::TimedOut));
            let datagrams = io.bind("127.0.0.1:0").expect("a port");
            assert_eq!(io.timeout(SHORT, io.recv_from(&datagrams)).await.map(|_| ()).map_err(kind), Err(ErrorKind::TimedOut));
            let failure = loop {
                match io.timeout(SHORT, io.send(stuffed, vec![0; 100_000].into())).await {
                    Ok(_) => {}
                    Err(error) => break error.kind(),
                }
            };
            assert_eq!(failure, ErrorKind::TimedOut);
            silent.set_timeout(Some(SHORT));
            assert_eq!(io.recv(silent).await.map(|_| ()).map_err(kind), Err(ErrorKind::TimedOut));
        }
        let (silent, _theirs) = pair(io);
        let (stuffed, _full) = pair(io);
        let nobody = io.listen("127.0.0.1:0").expect("a port");
        io.block_on(all(io, &silent, &stuffed, &nobody)).expect("the queue works");
    }

    fn what_comes_in_time_is_as_without_a_limit(io: &IoQueue) {
        #[coro::coroutine]
        fn all<'a>(io: &'a IoQueue, connection: &'a Connection) -> Task<'a, (), Polled> {
            io.timeout(LONG, io.sleep(SHORT)).await.expect("in time");
            let sent = io.timeout(LONG, io.send(connection, b"hello".to_vec().into())).await;
            assert_eq!(sent.expect("in time"), 5);
            assert_eq!(&*io.timeout(LONG, io.recv(connection)).await.expect("in time"), b"answer");
            assert_eq!(&*io.timeout(None, io.recv(connection)).await.expect("the end"), b"");
        }
        let (connection, mut theirs) = pair(io);
        theirs.write_all(b"answer").expect("there is room");
        theirs.shutdown(Shutdown::Write).expect("open");
        io.block_on(all(io, &connection)).expect("the queue works");
    }

    fn nothing_is_lost_to_receives_that_time_out(io: &IoQueue) {
        #[coro::coroutine]
        fn read_all<'a>(io: &'a IoQueue, connection: &'a Connection) -> Task<'a, Vec<u8>, Polled> {
            let mut all = Vec::new();
            loop {
                match io.timeout(Duration::from_micros(100), io.recv(connection)).await {
                    Ok(data) if data.is_empty() => return all,
                    Ok(data) => all.extend_from_slice(&data),
                    Err(error) => assert_eq!(error.kind(), ErrorKind::TimedOut),
                }
            }
        }
        let (connection, mut theirs) = pair(io);
        let writing = thread::spawn(move || {
            for piece in pattern(20_000).chunks(100) {
                theirs.write_all(piece).expect("it is read");
                thread::sleep(Duration::from_micros(130));
            }
        });
        assert!(io.block_on(read_all(io, &connection)).expect("the queue works") == pattern(20_000));
        writing.join().expect("it has written");
    }

    fn thousands_of_operations_started_in_one_turn_are_all_answered(io: &IoQueue) {
        #[coro::coroutine(initial = suspend_never, final = suspend_never)]
        fn read(io: IoQueue, connection: Connection, log: Log<u32>, _live: Live) -> FireAndForget {
            let data = io.recv(&connection).await.expect("it comes");
            log.borrow_mut().push(u32::from_ne_bytes(data[..].try_into().expect("four bytes")));
        }
        // More than the kernel's rings have room for, on both sides.
        let count = 5000_u32;
        let log = Log::default();
        let mut ends = Vec::new();
        for number in 0..count {
            let (connection, theirs) = pair(io);
            if number % 2 == 0 {
                (&theirs).write_all(&number.to_ne_bytes()).expect("there is room");
            }
            read(io.clone(), connection, log.clone(), Live::new());
            ends.push(theirs);
        }
        for (number, mut theirs) in (0..count).zip(&ends) {
            if number % 2 != 0 {
                theirs.write_all(&number.to_ne_bytes()).expect("there is room");
            }
        }
        for _ in 0..20_000 {
            sleep_and_log(io.clone(), 0, Log::default(), Live::new());
        }
        io.run().expect("the queue works");
        let mut read = log.take();
        read.sort_unstable();
        assert!(read.into_iter().eq(0..count));
    }

    fn a_panic_goes_to_run_and_harms_nobody_else(io: &IoQueue) {
        #[coro::coroutine(initial = suspend_never, final = suspend_never)]
        fn panics(io: IoQueue, _live: Live) -> FireAndForget {
            io.sleep(Duration::ZERO).await.expect("nobody stops it");
            std::panic::resume_unwind(Box::new("on purpose"));
        }
        let log = Log::default();
        for _ in 0..3 {
            sleep_and_log(io.clone(), 0, log.clone(), Live::new());
            panics(io.clone(), Live::new());
        }
        let mut panicked = 0;
        while catch_unwind(AssertUnwindSafe(|| io.run().expect("the queue works"))).is_err() {
            panicked += 1;
        }
        assert_eq!((panicked, log.borrow().len()), (3, 3));
    }

    fn a_coroutine_cannot_drive_the_queue_that_drives_it(io: &IoQueue) {
        #[coro::coroutine(initial = suspend_never, final = suspend_never)]
        fn meddles(io: IoQueue, refused: Rc<Cell<u32>>) -> FireAndForget {
            io.sleep(Duration::ZERO).await.expect("nobody stops it");
            let drives: [&dyn Fn() -> io::Result<()>; 3] = [&|| io.run(), &|| io.shut_down(), &|| io.block_on(async {})];
            for drive in drives {
                let attempt = catch_unwind(AssertUnwindSafe(drive));
                refused.set(refused.get() + u32::from(attempt.is_err()));
            }
        }
        let refused = Rc::new(Cell::new(0));
        meddles(io.clone(), refused.clone());
        io.run().expect("the queue works");
        assert_eq!(refused.get(), 3);
    }

    fn stop_destroys_whoever_waits_and_the_queue_goes_on_after_it(io: &IoQueue) {
        #[coro::coroutine(initial = suspend_never, final = suspend_never)]
        fn stop(io: IoQueue) -> FireAndForget {
            io.sleep(SHORT).await.expect("nobody stops it");
            io.stop();
        }
        for _ in 0..3 {
            for _ in 0..10 {
                sleep_long(io.clone(), Live::new());
            }
            let (connection, _theirs) = pair(io);
            echo(io.clone(), connection, Log::default(), Live::new());
            stop(io.clone());
            io.run().expect("the queue works");
            assert_eq!(Live::count(), 0);
        }
    }

    fn connections_that_come_while_nobody_accepts_are_kept(io: &IoQueue) {
        #[coro::coroutine]
        fn one<'a>(io: &'a IoQueue, listener: &'a Listener) -> Task<'a, Vec<u8>, Polled> {
            let connection = io.accept(listener).await.expect("one comes");
            io.recv(&connection).await.expect("it says who it is").to_vec()
        }
        #[coro::coroutine]
        fn nap(io: &IoQueue) -> Task<'_, (), Polled> {
            io.sleep(SHORT).await.expect("nobody stops it");
        }
        let listener = io.listen("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("it has one");
        let mut clients = Vec::new();
        for number in 0..100_u8 {
            let mut client = TcpStream::connect(address).expect("the kernel accepts");
            client.write_all(&[number]).expect("there is room");
            clients.push(client);
        }
        // The first one makes the kernel accept; meanwhile it may accept more, up to its limit.
        for number in 0..100_u8 {
            assert_eq!(io.block_on(one(io, &listener)).expect("the queue works"), [number]);
            if number % 10 == 0 {
                io.block_on(nap(io)).expect("the queue works");
            }
        }
    }

    fn several_coroutines_accept_from_one_listener(io: &IoQueue) {
        #[coro::coroutine(initial = suspend_never, final = suspend_never)]
        fn accept_one(io: IoQueue, listener: Rc<Listener>, log: Log<u8>, _live: Live) -> FireAndForget {
            let connection = io.accept(&listener).await.expect("one comes");
            let data = io.recv(&connection).await.expect("it says who it is");
            log.borrow_mut().push(data[0]);
        }
        let listener = Rc::new(io.listen("127.0.0.1:0").expect("a port"));
        let address = listener.local_addr().expect("it has one");
        let log = Log::default();
        for _ in 0..10 {
            accept_one(io.clone(), listener.clone(), log.clone(), Live::new());
        }
        let clients = thread::spawn(move || -> Vec<TcpStream> {
            let connect = |number| {
                let mut client = TcpStream::connect(address).expect("the kernel accepts");
                client.write_all(&[number]).expect("there is room");
                client
            };
            (0..10).map(connect).collect()
        });
        io.run().expect("the queue works");
        clients.join().expect("connected");
        let mut numbers = log.take();
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..10));
    }

    fn it_lists_what_each_coroutine_waits_for(io: &IoQueue) {
        #[coro::coroutine]
        fn receive<'a>(io: &'a IoQueue, connection: &'a Connection) -> Task<'a, io::Result<IoBuf>, Polled> {
            io.timeout(LONG, io.recv(connection)).await
        }
        #[coro::coroutine(initial = suspend_never, final = suspend_never)]
        fn list(io: IoQueue, log: Log<String>) -> FireAndForget {
            io.sleep(Duration::ZERO).await.expect("nobody stops it");
            log.borrow_mut().extend(io.parked().iter().map(ToString::to_string));
        }
        #[coro::coroutine(initial = suspend_never, final = suspend_never)]
        fn go_on(io: IoQueue) -> FireAndForget {
            io.sleep(Duration::ZERO).await.expect("nobody stops it");
        }
        assert!(io.parked().is_empty());
        let (connection, theirs) = pair(io);
        let log = Log::default();
        sleep_long(io.clone(), Live::new());
        list(io.clone(), log.clone());
        go_on(io.clone());
        let mut receiving = receive(io, &connection);
        let context = &mut std::task::Context::from_waker(std::task::Waker::noop());
        assert!(std::pin::pin!(&mut receiving).poll(context).is_pending());
        // Both sleeps are over when the queue looks.
        thread::sleep(Duration::from_millis(1));
        let listed = futures::future::poll_fn(|context| {
            context.waker().wake_by_ref();
            if log.borrow().is_empty() { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
        });
        io.block_on(listed).expect("the queue works");
        drop(theirs);
        assert_eq!(io.block_on(receiving).expect("the queue works").expect("the end").len(), 0);
        let mut list = log.take();
        list.sort();
        // The one that lists was resumed, and so is not in the list.
        assert_eq!(list.len(), 3, "{list:?}");
        assert!(list[0].starts_with("is about to go on\n    go_on at tests/io_queue.rs:") && list[0].ends_with(": io.sleep(Duration::ZERO).await"), "{list:?}");
        assert!(list[1].starts_with("receives from a socket without address, for 3"), "{list:?}");
        assert!(list[1].ends_with(" at most\n    a task"), "{list:?}");
        assert!(list[2].starts_with("sleeps, for 3") && list[2].ends_with(": io.sleep(LONG).await"), "{list:?}");
        io.shut_down().expect("the queue works");
        assert!(io.parked().is_empty());
    }

    fn parts_of_a_buffer_share_it(io: &IoQueue) {
        let whole = IoBuf::from(pattern(10));
        let part = whole.slice(4..);
        drop(whole);
        assert_eq!(*part, pattern(10)[4..]);
        assert!(part.slice(6..).is_empty());
        assert!(catch_unwind(AssertUnwindSafe(|| part.slice(7..))).is_err());
        drop(io.clone());
    }
}
