//! The completion queue of the examples: datagrams, whether somebody waits for them or not, on both backends.
#![cfg(target_os = "linux")]
#![deny(unsafe_code)]

#[allow(unsafe_code)]
#[macro_use]
mod io_support;

use std::cell::RefCell;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use coro::{FireAndForget, Polled, Task};
use io_support::io_queue::{DatagramSocket, IoQueue};
use io_support::{BUFFER, Live, pattern};

const SHORT: Duration = Duration::from_millis(5);

#[coro::coroutine]
fn receive<'a>(io: &'a IoQueue, socket: &'a DatagramSocket, _live: Live) -> Task<'a, Vec<u8>, Polled> {
    io.recv_from(socket).await.expect("the socket is good").data.to_vec()
}

#[coro::coroutine]
fn receive_soon<'a>(io: &'a IoQueue, socket: &'a DatagramSocket) -> Task<'a, io::Result<Vec<u8>>, Polled> {
    let datagram = io.timeout(Duration::from_millis(200), io.recv_from(socket)).await?;
    Ok(datagram.data.to_vec())
}

/// Receives so many, and then waits for something else.
#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn collect(
    io: IoQueue,
    socket: DatagramSocket,
    count: usize,
    log: Rc<RefCell<Vec<Vec<u8>>>>,
    _live: Live,
) -> FireAndForget {
    for _ in 0..count {
        let datagram = io.recv_from(&socket).await.expect("the socket is good");
        log.borrow_mut().push(datagram.data.to_vec());
    }
}

/// Polls a future until it waits.
fn start<F: Future + Unpin>(io: &IoQueue, future: &mut F) {
    let once = futures::future::poll_fn(|context| {
        assert!(Pin::new(&mut *future).poll(context).is_pending(), "it waits");
        Poll::Ready(())
    });
    io.block_on(once).expect("the queue works");
}

/// Lets the kernel do what it was told.
fn settle(io: &IoQueue) {
    #[coro::coroutine]
    fn nap(io: &IoQueue) -> Task<'_, (), Polled> {
        io.sleep(SHORT).await.expect("nobody stops it");
    }
    io.block_on(nap(io)).expect("the queue works");
}

/// A socket of the queue, its address, and somebody who sends to it.
fn ends(io: &IoQueue) -> (DatagramSocket, SocketAddr, UdpSocket) {
    let socket = io.bind("127.0.0.1:0").expect("a port");
    let address = socket.local_addr().expect("it has one");
    let peer = UdpSocket::bind("127.0.0.1:0").expect("a port");
    peer.connect(address).expect("a socket");
    (socket, address, peer)
}

on_both_backends! {
    fn datagrams_that_come_while_nobody_receives_are_kept_in_order(io: &IoQueue) {
        let (socket, _, peer) = ends(io);
        let count = 150_u8;
        for round in 0..3 {
            for number in 0..count {
                peer.send(&[number]).expect("sent");
            }
            for number in 0..count {
                assert_eq!(io.block_on(receive(io, &socket, Live::new())).expect("the queue works"), [number]);
                // Meanwhile the queue may receive more, up to its limit.
                if number % 10 == round {
                    settle(io);
                }
            }
        }
    }

    fn a_flood_that_nobody_receives_occupies_little(io: &IoQueue) {
        let (socket, _, peer) = ends(io);
        peer.send(b"first").expect("sent");
        // From now on the kernel has been asked.
        assert_eq!(io.block_on(receive(io, &socket, Live::new())).expect("the queue works"), b"first");
        let count = 20_000;
        for number in 0..count {
            peer.send(&pattern(BUFFER)).expect("sent");
            if number % 100 == 0 {
                settle(io);
            }
        }
        let mut kept = 0;
        let end = loop {
            match io.block_on(receive_soon(io, &socket)).expect("the queue works") {
                Ok(datagram) => assert_eq!(datagram, pattern(BUFFER)),
                Err(end) => break end,
            }
            kept += 1;
        };
        assert_eq!(end.kind(), ErrorKind::TimedOut);
        // As many as the kernel keeps for a socket, and a few.
        assert!((50..2000).contains(&kept), "{kept} of {count} were kept");
        // And it goes on.
        peer.send(b"last").expect("sent");
        assert_eq!(io.block_on(receive(io, &socket, Live::new())).expect("the queue works"), b"last");
    }

    fn several_coroutines_receive_from_one_socket_each_in_its_turn(io: &IoQueue) {
        let (socket, _, peer) = ends(io);
        let mut logs = Vec::new();
        for _ in 0..10 {
            let log = Rc::new(RefCell::new(Vec::new()));
            collect(io.clone(), socket.clone(), 3, log.clone(), Live::new());
            logs.push(log);
        }
        drop(socket);
        for number in 0..30_u8 {
            peer.send(&[number]).expect("sent");
        }
        io.run().expect("the queue works");
        let mut all: Vec<u8> = Vec::new();
        for (first, log) in (0..).zip(logs) {
            let log = log.take();
            assert_eq!((log.len(), &log[0][..]), (3, &[first][..]), "who waits longest comes first");
            all.extend(log.concat());
        }
        all.sort_unstable();
        assert!(all.into_iter().eq(0..30), "each was received once");
    }

    fn everybody_who_waits_is_served_however_many_come_at_once(io: &IoQueue) {
        let (socket, _, peer) = ends(io);
        let log = Rc::new(RefCell::new(Vec::new()));
        let count = 100_usize;
        for _ in 0..count {
            collect(io.clone(), socket.clone(), 1, log.clone(), Live::new());
        }
        settle(io);
        // More than the kernel has buffers for at first, and empty ones among them.
        for number in 0..count {
            peer.send(&pattern(number % 7)).expect("sent");
        }
        io.run().expect("the queue works");
        assert!(log.take().into_iter().eq((0..count).map(|number| pattern(number % 7))));
    }

    fn a_receive_that_was_cancelled_takes_no_datagram(io: &IoQueue) {
        let (socket, _, peer) = ends(io);
        for round in 0..50_u8 {
            let mut cancelled = receive(io, &socket, Live::new());
            start(io, &mut cancelled);
            if round % 2 == 0 {
                settle(io);
            }
            if round % 3 == 0 {
                peer.send(&[round]).expect("sent");
                drop(cancelled);
            } else {
                drop(cancelled);
                peer.send(&[round]).expect("sent");
            }
            assert_eq!(io.block_on(receive(io, &socket, Live::new())).expect("the queue works"), [round]);
        }
    }

    fn a_socket_is_closed_with_its_last_clone_whatever_has_come(io: &IoQueue) {
        for settled in [false, true] {
            let (socket, address, peer) = ends(io);
            let clone = socket.clone();
            peer.send(b"one").expect("sent");
            assert_eq!(io.block_on(receive(io, &socket, Live::new())).expect("the queue works"), b"one");
            drop(socket);
            peer.send(b"two").expect("sent");
            assert_eq!(io.block_on(receive(io, &clone, Live::new())).expect("it is open"), b"two");
            for _ in 0..200 {
                peer.send(b"for nobody").expect("sent");
            }
            if settled {
                settle(io);
            }
            drop(clone);
            settle(io);
            UdpSocket::bind(address).expect("the port is free");
        }
    }

    fn a_queue_that_was_shut_down_receives_again(io: &IoQueue) {
        let (socket, _, peer) = ends(io);
        for number in 0..5_u8 {
            let log = Rc::new(RefCell::new(Vec::new()));
            collect(io.clone(), socket.clone(), 3, log.clone(), Live::new());
            settle(io);
            peer.send(&[number]).expect("sent");
            settle(io);
            io.shut_down().expect("the queue works");
            assert_eq!(*log.borrow(), [[number]]);
            assert_eq!(Live::count(), 0);
        }
    }

    fn large_and_empty_datagrams_mix_with_others(io: &IoQueue) {
        let (socket, _, peer) = ends(io);
        // An empty one is no end of anything.
        let sizes = [0, 0, 1, BUFFER, BUFFER + 1, 0, 60_000, 5, BUFFER - 1, 0];
        for round in 0..20 {
            for size in sizes {
                peer.send(&pattern(size)).expect("sent");
            }
            for size in sizes {
                let received = io.block_on(receive(io, &socket, Live::new())).expect("the queue works");
                assert_eq!(received, pattern(size)[..size.min(BUFFER)], "round {round}");
            }
        }
    }
}
