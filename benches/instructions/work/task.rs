//! B4: to await a task that completes at once. B4u: the same where the optimizer sees all. B5a: recursive ones.

use std::hint::black_box;

use coro::{Detached, LocalWorld, Polled, Task};

use super::{Boxed, Case, case, now, pass};

pub const CASES: &[Case] = &[
    case("B4", "ours", detached::awaits),
    case("B4", "ours, polled", |n| now(polled::await_each(n, at_once))),
    case("B4", "boxed async", |n| now(boxed::await_each(n, black_box(boxed::at_once)))),
    case("B4", "async-trait", |n| now(by_trait::await_each(n, black_box(&by_trait::AtOnce)))),
    case("B4", "by hand", |n| {
        let function = black_box(by_hand::at_once as fn(u64) -> u64);
        (0..n).fold(0, |sum, i| sum + pass(function(i)))
    }),
    case("B4u", "ours", detached::awaits_in_place),
    case("B4u", "ours, polled", |n| now(polled::await_each_in_place(n))),
    case("B4u", "boxed async", |n| now(boxed::await_each_in_place(n))),
    case("B4u", "async fn", |n| now(plain::await_each(n))),
    case("B5a", "ours", detached::fibonaccis),
    case("B5a", "ours, polled", |n| (0..n).map(|_| now(black_box(fibonacci::<Polled>)(FIBONACCI))).sum()),
    case("B5a", "boxed async", |n| (0..n).map(|_| now(black_box(boxed::fibonacci)(FIBONACCI))).sum()),
    case("B5a", "async-trait", |n| {
        let by_trait: &dyn by_trait::Tasks = black_box(&by_trait::AtOnce);
        (0..n).map(|_| now(by_trait.fibonacci(FIBONACCI))).sum()
    }),
    case("B5a", "by hand", |n| (0..n).map(|_| black_box(by_hand::fibonacci)(FIBONACCI)).sum()),
    case("B7-task", "ours", |n| keep(n, black_box(at_once::<Detached>))),
    case("B7-task", "ours, polled", |n| keep(n, black_box(at_once::<Polled>))),
    case("B7-task", "boxed async", |n| keep(n, black_box(boxed::at_once))),
];

const FIBONACCI: u64 = 25;

/// Makes so many and frees none.
fn keep<T>(times: u64, factory: fn(u64) -> T) -> u64 {
    for i in 0..times {
        std::mem::forget(factory(i));
    }
    times
}

#[coro::coroutine]
fn at_once<W: LocalWorld>(value: u64) -> Task<'static, u64, W> {
    value
}

#[coro::coroutine]
fn fibonacci<W: LocalWorld>(n: u64) -> Task<'static, u64, W> {
    if n < 2 {
        return n;
    }
    fibonacci(n - 1).await + fibonacci(n - 2).await
}

mod detached {
    use std::cell::Cell;
    use std::rc::Rc;

    use coro::{Detached, FireAndForget, Task};

    use super::{FIBONACCI, at_once, black_box, fibonacci, pass};

    type Factory = fn(u64) -> Task<'static, u64, Detached>;

    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn await_each(times: u64, factory: Factory, result: Rc<Cell<u64>>) -> FireAndForget {
        let mut sum = 0;
        for i in 0..times {
            sum += pass(black_box(factory)(i).await);
        }
        result.set(sum);
    }

    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn await_each_in_place(times: u64, result: Rc<Cell<u64>>) -> FireAndForget {
        let mut sum = 0;
        for i in 0..times {
            sum += pass(at_once(i).await);
        }
        result.set(sum);
    }

    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn sum_fibonaccis(times: u64, factory: Factory, result: Rc<Cell<u64>>) -> FireAndForget {
        let mut sum = 0;
        for _ in 0..times {
            sum += factory(FIBONACCI).await;
        }
        result.set(sum);
    }

    fn result_of(coroutine: impl FnOnce(Rc<Cell<u64>>) -> FireAndForget) -> u64 {
        let result = Rc::default();
        coroutine(Rc::clone(&result));
        result.get()
    }

    pub(super) fn awaits(n: u64) -> u64 {
        result_of(|result| await_each(n, at_once, result))
    }

    pub(super) fn awaits_in_place(n: u64) -> u64 {
        result_of(|result| await_each_in_place(n, result))
    }

    pub(super) fn fibonaccis(n: u64) -> u64 {
        result_of(|result| sum_fibonaccis(n, black_box(fibonacci), result))
    }
}

mod polled {
    use coro::{Polled, Task};

    use super::{at_once, black_box, pass};

    #[coro::coroutine]
    pub(super) fn await_each(times: u64, factory: fn(u64) -> Task<'static, u64, Polled>) -> Task<'static, u64, Polled> {
        let mut sum = 0;
        for i in 0..times {
            sum += pass(black_box(factory)(i).await);
        }
        sum
    }

    #[coro::coroutine]
    pub(super) fn await_each_in_place(times: u64) -> Task<'static, u64, Polled> {
        let mut sum = 0;
        for i in 0..times {
            sum += pass(at_once::<Polled>(i).await);
        }
        sum
    }
}

mod boxed {
    use super::{Boxed, black_box, pass};

    pub(super) fn at_once(value: u64) -> Boxed<'static, u64> {
        Box::pin(async move { value })
    }

    pub(super) async fn await_each(times: u64, factory: fn(u64) -> Boxed<'static, u64>) -> u64 {
        let mut sum = 0;
        for i in 0..times {
            sum += pass(black_box(factory)(i).await);
        }
        sum
    }

    pub(super) async fn await_each_in_place(times: u64) -> u64 {
        let mut sum = 0;
        for i in 0..times {
            sum += pass(at_once(i).await);
        }
        sum
    }

    pub(super) fn fibonacci(n: u64) -> Boxed<'static, u64> {
        Box::pin(async move { if n < 2 { n } else { fibonacci(n - 1).await + fibonacci(n - 2).await } })
    }
}

mod by_trait {
    use super::{black_box, pass};

    #[async_trait::async_trait(?Send)]
    pub(super) trait Tasks {
        async fn at_once(&self, value: u64) -> u64;
        async fn fibonacci(&self, n: u64) -> u64;
    }

    pub(super) struct AtOnce;

    #[async_trait::async_trait(?Send)]
    impl Tasks for AtOnce {
        async fn at_once(&self, value: u64) -> u64 {
            value
        }

        async fn fibonacci(&self, n: u64) -> u64 {
            if n < 2 { n } else { self.fibonacci(n - 1).await + self.fibonacci(n - 2).await }
        }
    }

    pub(super) async fn await_each(times: u64, tasks: &dyn Tasks) -> u64 {
        let mut sum = 0;
        for i in 0..times {
            sum += pass(black_box(tasks).at_once(i).await);
        }
        sum
    }
}

mod plain {
    use super::pass;

    async fn at_once(value: u64) -> u64 {
        value
    }

    pub(super) async fn await_each(times: u64) -> u64 {
        let mut sum = 0;
        for i in 0..times {
            sum += pass(at_once(i).await);
        }
        sum
    }
}

/// Functions, which are no coroutines: the work without its suspensions.
mod by_hand {
    pub(super) fn at_once(value: u64) -> u64 {
        value
    }

    pub(super) fn fibonacci(n: u64) -> u64 {
        if n < 2 { n } else { fibonacci(n - 1) + fibonacci(n - 2) }
    }
}
