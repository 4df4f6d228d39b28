//! How often a task asks the allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use coro::{Awaiter, Continuation, Polled, Promise, Task};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// Counts for each thread.
struct Counting;

// SAFETY: it is the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: caller's contract.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Where one task waits.
#[derive(Default)]
struct Bench(Cell<Option<Continuation<Polled>>>);

impl<P: Promise<World = Polled>> Awaiter<P> for &Bench {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: Continuation<Polled>) -> Option<Continuation<Polled>> {
        self.0.set(Some(own));
        None
    }

    fn await_resume(&mut self, _: &mut P) {}
}

#[coro::coroutine]
fn waits_often(bench: &Bench, times: usize) -> Task<'_, (), Polled> {
    for _ in 0..times {
        bench.await;
    }
}

#[test]
fn a_task_that_goes_from_suspension_to_suspension_allocates_its_wake_up_once() {
    let bench = Bench::default();
    let mut task = pin!(waits_often(&bench, 1000));
    let mut poll = || task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(poll(), Poll::Pending);
    let before = ALLOCATIONS.get();
    for _ in 1..1000 {
        bench.0.take().expect("it waits").resume();
        assert_eq!(poll(), Poll::Pending);
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);
    bench.0.take().expect("it waits").resume();
    assert_eq!(poll(), Poll::Ready(()));
}

/// The first one's wake-up is not used before the second one waits, so they cannot share its memory.
#[test]
fn a_wake_up_that_is_out_is_nobody_elses() {
    let benches = [Bench::default(), Bench::default()];
    let mut tasks = benches.each_ref().map(|bench| Box::pin(waits_often(bench, 2)));
    let mut poll = |which: usize| tasks[which].as_mut().poll(&mut Context::from_waker(Waker::noop()));
    for _ in 0..2 {
        assert_eq!([poll(0), poll(1)], [Poll::Pending; 2]);
        benches[0].0.take().expect("it waits").resume();
        assert_eq!(poll(1), Poll::Pending, "the other one's was used");
        assert_eq!(poll(1), Poll::Pending);
        let is_last = poll(0).is_ready();
        benches[1].0.take().expect("it waits").resume();
        assert_eq!(poll(1).is_ready(), is_last);
    }
}
