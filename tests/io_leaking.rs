//! The completion queue of the examples: awaiters that are leaked on purpose. Run with `ASAN_OPTIONS=detect_leaks=0`.
#![cfg(target_os = "linux")]
#![deny(unsafe_code)]

#[allow(unsafe_code)]
#[macro_use]
mod io_support;

use std::cell::RefCell;
use std::future::Future;
use std::io::{Read as _, Write as _};
use std::mem::{ManuallyDrop, forget};
use std::net::{TcpStream, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake};
use std::thread;
use std::time::Duration;

use coro::{Awaiter, ContinuationOf, FireAndForget, LocalWorld, Polled, Promise, Task};
use io_support::io_queue::{Ask, Connection, DatagramSocket, IoQueue, Listener, Operation, Options, Recv};
use io_support::{BUFFER, Live, pair};

/// An operation whose destructor never runs.
struct Leaked<'io>(ManuallyDrop<Operation<'io, Recv>>);

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

/// An operation that several coroutines have.
#[derive(Clone, Copy)]
struct Shared<'a, 'io, A>(&'a RefCell<Option<Operation<'io, A>>>);

impl<A: Ask, P: Promise<World: LocalWorld>> Awaiter<P> for Shared<'_, '_, A> {
    type Output = bool;

    fn await_suspend(&mut self, promise: &mut P, me: ContinuationOf<P>) -> Option<ContinuationOf<P>> {
        self.0.borrow_mut().as_mut()?.await_suspend(promise, me)
    }

    fn await_resume(&mut self, promise: &mut P) -> bool {
        self.0.borrow_mut().as_mut().is_some_and(|operation| operation.await_resume(promise).is_ok())
    }
}

/// Takes the answer at once, as if somebody had been resumed.
struct Snatched<'a, 'io, A>(Shared<'a, 'io, A>);

impl<A: Ask, P: Promise<World: LocalWorld>> Awaiter<P> for Snatched<'_, '_, A> {
    type Output = bool;

    fn await_ready(&mut self, _: &mut P) -> bool {
        true
    }

    fn await_suspend(&mut self, _: &mut P, _: ContinuationOf<P>) -> Option<ContinuationOf<P>> {
        unreachable!("it is ready")
    }

    fn await_resume(&mut self, promise: &mut P) -> bool {
        self.0.await_resume(promise)
    }
}

#[coro::coroutine]
fn wait_for<'a, 'io: 'a, A: Ask + 'io>(shared: Shared<'a, 'io, A>) -> Task<'a, bool, Polled> {
    shared.await
}

#[coro::coroutine]
fn snatch<'a, 'io: 'a, A: Ask + 'io>(shared: Shared<'a, 'io, A>) -> Task<'a, bool, Polled> {
    Snatched(shared).await
}

/// Uses the queue whenever it is woken.
struct UsesTheQueue;

thread_local! {
    static QUEUE: RefCell<Option<IoQueue>> = const { RefCell::new(None) };
}

impl Wake for UsesTheQueue {
    fn wake(self: Arc<Self>) {
        QUEUE.with_borrow(|io| drop(pair(io.as_ref().expect("it is there"))));
    }
}

/// Panics when it goes.
struct Panics;

impl Drop for Panics {
    fn drop(&mut self) {
        if !thread::panicking() {
            std::panic::resume_unwind(Box::new("on purpose"));
        }
    }
}

/// Waits in a queue that it does not own.
#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn stranded(lent: RefCell<Option<(IoQueue, Connection)>>, panics: Option<Panics>, _live: Live) -> FireAndForget {
    Strands(&lent).await;
    drop(panics);
}

struct Strands<'a>(&'a RefCell<Option<(IoQueue, Connection)>>);

impl<P: Promise<World: LocalWorld>> Awaiter<P> for Strands<'_> {
    type Output = ();

    fn await_suspend(&mut self, promise: &mut P, me: ContinuationOf<P>) -> Option<ContinuationOf<P>> {
        let (io, connection) = self.0.take()?;
        let mut receiving = ManuallyDrop::new(io.recv(&connection));
        receiving.await_suspend(promise, me)
    }

    fn await_resume(&mut self, _: &mut P) {}
}

#[coro::coroutine]
fn accept<'a>(io: &'a IoQueue, listener: &'a Listener) -> Task<'a, (), Polled> {
    drop(io.accept(listener).await);
}

#[coro::coroutine]
fn receive_from<'a>(io: &'a IoQueue, socket: &'a DatagramSocket) -> Task<'a, (), Polled> {
    drop(io.recv_from(socket).await);
}

on_both_backends! {
    fn an_operation_that_two_coroutines_wait_for_is_cancelled_with_its_awaiter(io: &IoQueue) {
        let (connection, _theirs) = pair(io);
        let operation = RefCell::new(Some(io.recv(&connection)));
        let mut first = wait_for(Shared(&operation));
        start(io, &mut first);
        // There is only one answer, so the second one is not suspended for it.
        let second = io.block_on(wait_for(Shared(&operation))).expect("the queue works");
        assert!(!second);
        operation.take();
        drop(first);
        io.run().expect("nobody waits");
    }

    fn an_answer_is_snatched_from_the_coroutine_that_waits_for_it(io: &IoQueue) {
        let (connection, _theirs) = pair(io);
        QUEUE.set(Some(io.clone()));
        let operation = RefCell::new(Some(io.send(&connection, b"hello".to_vec().into())));
        let mut waits = wait_for(Shared(&operation));
        let waker = Arc::new(UsesTheQueue).into();
        assert!(Pin::new(&mut waits).poll(&mut Context::from_waker(&waker)).is_pending());
        let _ = io.block_on(snatch(Shared(&operation))).expect("the queue works");
        settle(io);
        assert!(Pin::new(&mut waits).poll(&mut Context::from_waker(&waker)).is_ready());
        QUEUE.take();
    }

    fn a_listener_is_closed_while_a_leaked_awaiter_accepts(io: &IoQueue) {
        let listener = io.listen("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("it has one");
        let mut accepting = accept(io, &listener);
        start(io, &mut accepting);
        settle(io);
        forget(accepting);
        drop(listener);
        settle(io);
        assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
    }

    fn a_datagram_socket_is_closed_while_a_leaked_awaiter_receives(io: &IoQueue) {
        let socket = io.bind("127.0.0.1:0").expect("a port");
        let address = socket.local_addr().expect("it has one");
        let mut receiving = receive_from(io, &socket);
        start(io, &mut receiving);
        settle(io);
        forget(receiving);
        drop(socket);
        settle(io);
        UdpSocket::bind(address).expect("the port is free");
    }

    fn a_destructor_panics_while_the_last_owner_of_a_queue_goes(io: &IoQueue) {
        let other = IoQueue::new(Options { backend: Some(io.backend()), buffer: BUFFER }).expect("as this one");
        let mut ends = Vec::new();
        for panics in [None, Some(Panics), None] {
            let (connection, theirs) = pair(&other);
            stranded(RefCell::new(Some((other.clone(), connection))), panics, Live::new());
            ends.push(theirs);
        }
        assert_eq!(Live::count(), 3);
        assert!(catch_unwind(AssertUnwindSafe(|| drop(other))).is_err());
        assert_eq!(Live::count(), 0);
        for mut end in ends {
            assert_eq!(end.read_to_end(&mut Vec::new()).expect("closed"), 0);
        }
    }

    fn the_last_owner_of_a_queue_goes_when_an_answer_has_come_and_nobody_was_resumed(io: &IoQueue) {
        let other = IoQueue::new(Options { backend: Some(io.backend()), buffer: BUFFER }).expect("as this one");
        let mut ends = Vec::new();
        for _ in 0..3 {
            let (connection, mut theirs) = pair(&other);
            theirs.write_all(b"all at once").expect("there is room");
            stranded(RefCell::new(Some((other.clone(), connection))), Some(Panics), Live::new());
            ends.push(theirs);
        }
        assert!(catch_unwind(AssertUnwindSafe(|| other.run())).is_err(), "the first one was resumed");
        assert_eq!(Live::count(), 2);
        assert!(catch_unwind(AssertUnwindSafe(|| drop(other))).is_err());
        assert_eq!(Live::count(), 0);
    }

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
