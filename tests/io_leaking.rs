//! The completion queue of the examples: awaiters that are leaked on purpose. Run with `ASAN_OPTIONS=detect_leaks=0`.
#![cfg(target_os = "linux")]
#![deny(unsafe_code)]

#[allow(unsafe_code)]
#[macro_use]
mod io_support;

use std::future::Future;
use std::io::Write as _;
use std::mem::{ManuallyDrop, forget};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use coro::{Awaiter, ContinuationOf, LocalWorld, Polled, Promise, Task};
use io_support::io_queue::{Connection, IoBuf, IoQueue, Operation};
use io_support::{Live, pair};

/// An operation whose destructor never runs.
struct Leaked<'io>(ManuallyDrop<Operation<'io, IoBuf>>);

impl<P: Promise<World: LocalWorld>> Awaiter<P> for Leaked<'_> {
    type Output = ();

    fn await_suspend(&mut self, promise: &mut P, me: ContinuationOf<P>) -> Option<ContinuationOf<P>> {
        self.0.await_suspend(promise, me)
    }

    fn await_resume(&mut self, _: &mut P) {}
}

#[coro::coroutine]
fn receive_and_leak<'a>(io: &'a IoQueue, connection: &'a Connection) -> Task<'a, (), Polled> {
    Leaked(ManuallyDrop::new(io.recv(connection))).await;
}

#[coro::coroutine]
fn receive<'a>(io: &'a IoQueue, connection: &'a Connection) -> Task<'a, Vec<u8>, Polled> {
    io.recv(connection).await.expect("the connection is good").to_vec()
}

fn start<F: Future + Unpin>(io: &IoQueue, future: &mut F) {
    let once = futures::future::poll_fn(|context| {
        assert!(Pin::new(&mut *future).poll(context).is_pending(), "it waits");
        Poll::Ready(())
    });
    io.block_on(once).expect("the queue works");
}

fn settle(io: &IoQueue) {
    #[coro::coroutine]
    fn nap(io: &IoQueue) -> Task<'_, (), Polled> {
        io.sleep(Duration::from_millis(5)).await.expect("nobody stops it");
    }
    io.block_on(nap(io)).expect("the queue works");
}

on_both_backends! {
    fn a_task_is_leaked_while_the_kernel_works(io: &IoQueue) {
        let (connection, mut theirs) = pair(io);
        let (other, mut their_other) = pair(io);
        for settled in [false, true] {
            let mut leaked = receive(io, &connection);
            start(io, &mut leaked);
            if settled {
                settle(io);
            }
            forget(leaked);
            // The kernel delivers to nobody, and the queue goes on.
            theirs.write_all(b"for nobody").expect("there is room");
            settle(io);
            their_other.write_all(b"for somebody").expect("there is room");
            assert_eq!(io.block_on(receive(io, &other)).expect("the queue works"), b"for somebody");
        }
    }

    fn an_awaiter_is_leaked_and_its_coroutine_is_destroyed(io: &IoQueue) {
        let (connection, mut theirs) = pair(io);
        for settled in [false, true] {
            let mut leaking = receive_and_leak(io, &connection);
            start(io, &mut leaking);
            if settled {
                settle(io);
            }
            drop(leaking);
            theirs.write_all(b"for nobody").expect("there is room");
            settle(io);
        }
        // Its operation has what the kernel was told of; nobody else could get at it.
        drop(connection);
        settle(io);
    }

    fn an_awaiter_is_leaked_and_its_coroutine_goes_on(io: &IoQueue) {
        let (connection, mut theirs) = pair(io);
        theirs.write_all(b"for nobody").expect("there is room");
        for _ in 0..10 {
            theirs.write_all(b"more").expect("there is room");
            io.block_on(receive_and_leak(io, &connection)).expect("the queue works");
        }
        drop(Live::new());
    }
}
