//! The attribute on functions of every form.

use std::fmt::{Debug, Display};
use std::rc::Rc;

use coro::{Detached, FireAndForget, Generator, Signal, StateMachine, Task};

/// A place with methods.
#[derive(Debug, Clone, Default)]
pub struct Place {
    names: Vec<String>,
}

/// A trait with coroutines in it.
pub trait Named {
    /// All names.
    fn names(&self) -> Generator<'_, &str>;

    /// How often each letter of the names comes.
    #[coro::coroutine]
    fn letters(&self) -> Generator<'_, char> {
        for name in self.names() {
            for letter in name.chars() {
                co_yield!(letter);
            }
        }
    }
}

impl Named for Place {
    #[coro::coroutine]
    fn names(&self) -> Generator<'_, &str> {
        for name in &self.names {
            co_yield!(name);
        }
    }
}

impl Place {
    /// By `&mut self`.
    #[coro::coroutine(initial = suspend_always, final = suspend_always)]
    pub fn add(&mut self) -> StateMachine<'_, String, usize> {
        for _ in 0..3 {
            let name = Signal.await;
            if name.is_empty() {
                return self.names.len();
            }
            self.names.push(name);
        }
        self.names.len()
    }

    /// By value, a pattern, a `mut` parameter, one that is not used.
    #[coro::coroutine]
    pub fn into_pairs((left, right): (Self, Self), mut limit: usize, _: u8) -> Generator<'static, (String, String)> {
        for pair in left.names.into_iter().zip(right.names) {
            if limit == 0 {
                break;
            }
            limit -= 1;
            co_yield!(pair);
        }
    }
}

/// Generic, with bounds, const parameters and a where clause.
#[coro::coroutine]
pub fn windows<T, const N: usize>(items: Vec<T>) -> Generator<'static, [T; N]>
where
    T: Clone + 'static,
{
    for window in items.windows(N) {
        co_yield!(std::array::from_fn(|i| window[i].clone()));
    }
}

/// Values in macros, an early end, a loop that never ends.
#[coro::coroutine]
pub fn machine(prefix: &str) -> StateMachine<'_, u32, Result<String, std::num::ParseIntError>> {
    let text = format!("{prefix}{}{}", Signal.await, Signal.await);
    let number: u32 = text.parse()?;
    loop {
        match Signal.await {
            0 => return Ok(text),
            next if next == number => break,
            _ => {}
        }
    }
    Ok(String::new())
}

/// Delegates, recursively.
#[coro::coroutine]
pub fn count_down(from: u32) -> Generator<'static, u32> {
    co_yield!(from);
    if let Some(next) = from.checked_sub(1) {
        co_yield!(..count_down(next));
    }
}

/// Argument-position `impl Trait`.
#[coro::coroutine]
pub fn shown(items: impl IntoIterator<Item = impl Display + 'static> + 'static) -> Generator<'static, String> {
    for item in items {
        co_yield!(item.to_string());
    }
}

/// A task that borrows.
#[coro::coroutine]
pub fn total<'a>(numbers: &'a [u32], label: &'a (dyn Debug + 'a)) -> Task<'a, String, Detached> {
    format!("{label:?}: {}", numbers.iter().sum::<u32>())
}

/// Detached, awaits, and starts at once.
#[coro::coroutine(initial = suspend_never, final = suspend_never)]
pub fn report(numbers: Rc<[u32]>, sink: Rc<dyn Fn(String)>) -> FireAndForget {
    sink(total(&numbers, &"total").await);
}

/// A future that awaits futures, and a task.
#[coro::coroutine]
pub fn sum(numbers: Vec<u32>) -> Task<'static, u32> {
    let mut sum = std::future::ready(0).await;
    for number in numbers {
        sum += double(number).await;
    }
    sum
}

/// The task.
#[coro::coroutine]
pub fn double(number: u32) -> Task<'static, u32> {
    std::future::ready(number).await * 2
}
