//! B0: what the global allocator takes for a frame. M1: coroutines that wait in a queue, all at once.

use std::cell::{Cell, RefCell};
use std::hint::black_box;
use std::mem::MaybeUninit;
use std::rc::Rc;

use super::{Boxed, Case, Once, case, poll};

pub const CASES: &[Case] = &[
    case("B0", "Rust", |n| {
        (0..n).map(|_| u64::from(!black_box(Box::<[MaybeUninit<u64>; 10]>::new_uninit()).as_ptr().is_null())).sum()
    }),
    case("M1", "ours", ours::park),
    case("M1", "boxed async", |n| {
        let sum = Rc::default();
        let wait = black_box(boxed::wait as fn(u64, Rc<Cell<u64>>) -> Boxed<'static, ()>);
        let mut waiting = Vec::with_capacity(usize::try_from(n).expect("a count"));
        for id in 0..n {
            let mut future = wait(id, Rc::clone(&sum));
            assert!(poll(future.as_mut()).is_pending());
            waiting.push(future);
        }
        waiting.iter_mut().for_each(|future| assert!(poll(future.as_mut()).is_ready()));
        sum.get()
    }),
    case("M1", "tokio::spawn", on_tokio::park),
];

mod ours {
    use coro::{Awaiter, Continuation, Detached, FireAndForget, Promise};

    use super::{Cell, Rc, RefCell, black_box};

    struct Parked {
        waiting: RefCell<Vec<Continuation<Detached>>>,
        sum: Cell<u64>,
    }

    impl<P: Promise<World = Detached>> Awaiter<P> for &Parked {
        type Output = ();

        fn await_suspend(&mut self, _: &mut P, me: Continuation<Detached>) -> Option<Continuation<Detached>> {
            self.waiting.borrow_mut().push(me);
            None
        }

        fn await_resume(&mut self, _: &mut P) {}
    }

    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn wait_in(parked: Rc<Parked>, id: u64) -> FireAndForget {
        (&*parked).await;
        parked.sum.set(parked.sum.get() + id);
    }

    pub(super) fn park(n: u64) -> u64 {
        let waiting = Vec::with_capacity(usize::try_from(n).expect("a count"));
        let parked = Rc::new(Parked { waiting: RefCell::new(waiting), sum: Cell::new(0) });
        for id in 0..n {
            black_box(wait_in as fn(Rc<Parked>, u64) -> FireAndForget)(parked.clone(), id);
        }
        for one in parked.waiting.take() {
            one.resume();
        }
        parked.sum.get()
    }
}

mod boxed {
    use super::{Boxed, Cell, Once, Rc};

    pub(super) fn wait(id: u64, sum: Rc<Cell<u64>>) -> Boxed<'static, ()> {
        Box::pin(async move {
            Once::default().await;
            sum.set(sum.get() + id);
        })
    }
}

mod on_tokio {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    use std::sync::{Arc, Mutex};
    use std::task::{Poll, Waker};

    type Wakers = Mutex<Vec<Waker>>;

    async fn wait(wakers: Arc<Wakers>, id: u64, sum: Arc<AtomicU64>) {
        let mut suspended = false;
        std::future::poll_fn(|context| {
            if std::mem::replace(&mut suspended, true) {
                return Poll::Ready(());
            }
            wakers.lock().expect("no panic").push(context.waker().clone());
            Poll::Pending
        })
        .await;
        sum.fetch_add(id, Relaxed);
    }

    pub(super) fn park(n: u64) -> u64 {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let wakers = Arc::new(Mutex::new(Vec::with_capacity(usize::try_from(n).expect("a count"))));
        let sum = Arc::<AtomicU64>::default();
        let all_wait = || wakers.lock().expect("no panic").len() as u64 == n;
        runtime.block_on(async {
            for id in 0..n {
                tokio::spawn(wait(wakers.clone(), id, sum.clone()));
            }
            while !all_wait() {
                tokio::task::yield_now().await;
            }
            std::mem::take(&mut *wakers.lock().expect("no panic")).into_iter().for_each(Waker::wake);
            while Arc::strong_count(&sum) > 1 {
                tokio::task::yield_now().await;
            }
        });
        sum.load(Relaxed)
    }
}
