//! Where frames come from: `allocator = …`.

use std::alloc::{Layout, System};
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use allocator_api2::alloc::{AllocError, Allocator};
use bumpalo::Bump;
use coro::{
    Awaiter, Continuation, Detached, FireAndForget, FrameAllocator, Generator, Global, Promise, Recycled, Sendable,
    Shared, StateMachine, Task,
};

/// Counts what it has given and not got back.
#[derive(Clone, Default)]
struct Counting(Rc<RefCell<Vec<(usize, Layout)>>>);

impl Counting {
    fn sizes(&self) -> Vec<usize> {
        self.0.borrow().iter().map(|(_, layout)| layout.size()).collect()
    }
}

// SAFETY: it is the system's allocator, and looks at what it is given back.
unsafe impl Allocator for Counting {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: frames have a size.
        let memory = NonNull::new(unsafe { std::alloc::GlobalAlloc::alloc(&System, layout) }).ok_or(AllocError)?;
        self.0.borrow_mut().push((memory.addr().get(), layout));
        Ok(NonNull::slice_from_raw_parts(memory, layout.size()))
    }

    unsafe fn deallocate(&self, memory: NonNull<u8>, layout: Layout) {
        let given = (memory.addr().get(), layout);
        let index = self.0.borrow().iter().position(|it| *it == given).expect("it was given by this one");
        self.0.borrow_mut().remove(index);
        // SAFETY: caller's contract.
        unsafe { std::alloc::GlobalAlloc::dealloc(&System, memory.as_ptr(), layout) }
    }
}

#[coro::coroutine(allocator = counting.clone())]
fn down(counting: &Counting, from: u32) -> Generator<'_, u32> {
    co_yield!(from);
    if from > 0 {
        co_yield!(..down(counting, from - 1));
    }
}

#[test]
fn each_frame_comes_from_the_allocator_and_goes_back_to_it() {
    let counting = Counting::default();
    let mut down = down(&counting, 3);
    assert_eq!(counting.sizes().len(), 1);
    assert_eq!(down.by_ref().take(3).collect::<Vec<_>>(), [3, 2, 1]);
    assert_eq!(counting.sizes().len(), 3);
    assert_eq!(down.by_ref().count(), 1);
    assert_eq!(counting.sizes().len(), 1);
    drop(down);
    assert_eq!(counting.sizes().len(), 0);
    drop(self::down(&counting, 1));
    assert_eq!((counting.sizes().len(), Rc::strong_count(&counting.0)), (0, 1));
}

#[test]
fn an_allocator_outlives_all_who_know_it_but_the_coroutine() {
    let seen = Rc::new(());
    #[derive(Clone)]
    struct Owning(#[allow(dead_code)] Rc<()>);
    // SAFETY: it is the global allocator.
    unsafe impl FrameAllocator for Owning {
        fn allocate(&self, layout: Layout) -> NonNull<u8> {
            Global.allocate(layout)
        }

        unsafe fn deallocate(&self, memory: NonNull<u8>, layout: Layout) {
            // SAFETY: caller's contract.
            unsafe { Global.deallocate(memory, layout) }
        }
    }
    #[coro::coroutine(allocator = owning.clone())]
    fn one(owning: Owning) -> Generator<'static, u32> {
        co_yield!(1);
    }
    let mut generator = one(Owning(seen.clone()));
    // The parameter and the allocator.
    assert_eq!((generator.next(), Rc::strong_count(&seen)), (Some(1), 3));
    drop(generator);
    assert_eq!(Rc::strong_count(&seen), 1);
}

#[coro::coroutine(allocator = arena.clone())]
fn in_arena(arena: Shared<Bump>, depth: u32) -> Generator<'static, u32> {
    co_yield!(depth);
    if depth > 0 {
        co_yield!(..in_arena(arena, depth - 1));
    }
}

#[test]
fn an_arena_is_shared_and_goes_with_the_last_coroutine() {
    let mut arena = Shared::new(Bump::new());
    let mut generator = in_arena(arena.clone(), 100);
    assert_eq!(generator.by_ref().take(50).last(), Some(51));
    assert!(arena.allocated_bytes() >= 50 * 64, "{} bytes", arena.allocated_bytes());
    assert!(arena.get_mut().is_none());
    drop(arena);
    assert_eq!(generator.last(), Some(0));

    let mut arena = Shared::new(Bump::new());
    drop(in_arena(arena.clone(), 1));
    arena.get_mut().expect("nobody else has it").reset();
}

/// A hook for the want of memory.
struct Full(&'static AtomicUsize);

// SAFETY: it gives nothing.
unsafe impl FrameAllocator for Full {
    fn allocate(&self, layout: Layout) -> NonNull<u8> {
        self.0.fetch_add(1, Ordering::Relaxed);
        panic!("no {} bytes", layout.size());
    }

    unsafe fn deallocate(&self, _: NonNull<u8>, _: Layout) {
        unreachable!("it gave nothing")
    }
}

#[test]
fn without_memory_the_allocator_says_what_happens_and_the_arguments_are_dropped() {
    #[coro::coroutine(allocator = Full(failures))]
    fn full(failures: &'static AtomicUsize, _argument: Rc<()>) -> StateMachine<'static, u32, u32> {
        coro::Signal.await
    }
    static FAILURES: AtomicUsize = AtomicUsize::new(0);
    let argument = Rc::new(());
    let attempt = catch_unwind(AssertUnwindSafe(|| drop(full(&FAILURES, argument.clone()))));
    let text = attempt.expect_err("there is no memory").downcast::<String>().expect("a text");
    assert!(text.starts_with("no ") && text.ends_with(" bytes"), "{text}");
    assert_eq!((FAILURES.load(Ordering::Relaxed), Rc::strong_count(&argument)), (1, 1));
}

#[repr(align(256))]
struct Aligned(u8);

#[coro::coroutine(allocator = counting.clone())]
fn aligned(counting: &Counting) -> Generator<'_, usize> {
    let local = Aligned(7);
    co_yield!(std::ptr::from_ref(&local).addr() % 256);
    co_yield!(usize::from(local.0));
}

#[test]
fn an_overaligned_local_gets_overaligned_memory() {
    let counting = Counting::default();
    let generator = aligned(&counting);
    assert_eq!(counting.0.borrow()[0].1.align(), 256);
    assert_eq!(generator.collect::<Vec<_>>(), [0, 7]);
    assert_eq!(counting.sizes().len(), 0);
}

thread_local! {
    static PARKED: RefCell<Vec<Continuation<Detached>>> = const { RefCell::new(Vec::new()) };
}

struct Park;

impl<P: Promise<World = Detached>> Awaiter<P> for Park {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, own: Continuation<Detached>) -> Option<Continuation<Detached>> {
        PARKED.with_borrow_mut(|parked| parked.push(own));
        None
    }

    fn await_resume(&mut self, _: &mut P) {}
}

#[coro::coroutine(allocator = counting.clone())]
fn callee(counting: &Counting) -> Task<'_, usize, Detached> {
    Park.await;
    counting.sizes().len()
}

#[coro::coroutine(initial = suspend_never, final = suspend_never, allocator = counting.clone())]
fn root(counting: Counting, seen: Rc<Cell<usize>>) -> FireAndForget {
    seen.set(callee(&counting).await);
}

#[test]
fn detached_coroutines_and_their_callees_have_allocators_too() {
    let (counting, seen) = (Counting::default(), Rc::new(Cell::new(0)));
    root(counting.clone(), seen.clone());
    root(counting.clone(), seen.clone());
    assert_eq!(counting.sizes().len(), 4);
    let (first, second) = PARKED.with_borrow_mut(|parked| (parked.remove(0), parked.remove(0)));
    drop(first);
    assert_eq!((counting.sizes().len(), seen.get()), (2, 0));
    second.resume();
    assert_eq!((counting.sizes().len(), seen.get()), (0, 2));
}

/// May change threads.
#[derive(Clone, Default)]
struct Counted(Arc<AtomicUsize>);

// SAFETY: it is the global allocator.
unsafe impl FrameAllocator for Counted {
    fn allocate(&self, layout: Layout) -> NonNull<u8> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Recycled.allocate(layout)
    }

    unsafe fn deallocate(&self, memory: NonNull<u8>, layout: Layout) {
        self.0.fetch_sub(1, Ordering::Relaxed);
        // SAFETY: caller's contract.
        unsafe { Recycled.deallocate(memory, layout) }
    }
}

#[coro::coroutine(allocator = counted.clone())]
fn numbers(counted: Counted) -> Generator<'static, u32, Sendable> {
    co_yield!(1);
    co_yield!(2);
}

#[test]
fn one_that_changes_threads_takes_its_allocator_along() {
    let counted = Counted::default();
    let mut generator = numbers(counted.clone());
    assert_eq!(generator.next(), Some(1));
    let last = thread::spawn(move || generator.last()).join().expect("no panic");
    assert_eq!((last, counted.0.load(Ordering::Relaxed)), (Some(2), 0));
}
