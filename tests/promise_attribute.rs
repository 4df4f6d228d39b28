//! `#[coro::promise]`: each hook, and each shape that a hook may have.

#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, clippy::all, clippy::pedantic, clippy::nursery)]

use std::cell::RefCell;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::rc::Rc;

use coro::{
    Awaiter, ByOwner, Continuation, ContinuationOf, Coroutine, CoroutineHandle, Detached, Panic, Promise,
    SuspendAlways, SuspendNever,
};

type Log = Rc<RefCell<Vec<String>>>;

fn note(log: &Log, entry: impl Into<String>) {
    log.borrow_mut().push(entry.into());
}

mod every_hook {
    use super::*;

    pub struct Logged<'a>(pub CoroutineHandle<'a, LoggedPromise>);

    pub struct LoggedPromise {
        pub log: Log,
    }

    /// An awaiter that is ready and gives its text.
    pub struct Ready(&'static str);

    impl<P: Promise> Awaiter<P> for Ready {
        type Output = &'static str;

        fn await_ready(&mut self, _: &mut P) -> bool {
            true
        }

        fn await_suspend(&mut self, _: &mut P, continuation: ContinuationOf<P>) -> Option<ContinuationOf<P>> {
            Some(continuation)
        }

        fn await_resume(&mut self, _: &mut P) -> &'static str {
            self.0
        }
    }

    thread_local! {
        static LOG: Log = Log::default();
    }

    #[coro::promise]
    impl LoggedPromise {
        fn new() -> Self {
            let log = LOG.with(Log::clone);
            note(&log, "new");
            Self { log }
        }

        fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Logged<'_> {
            note(&handle.promise().log, "get_return_object");
            Logged(handle)
        }

        fn initial_suspend(&mut self) -> SuspendNever {
            note(&self.log, "initial_suspend");
            SuspendNever
        }

        fn final_suspend(&mut self) -> SuspendAlways {
            note(&self.log, "final_suspend");
            SuspendAlways
        }

        fn return_value(&mut self, value: u32) {
            note(&self.log, format!("return_value {value}"));
        }

        fn yield_value(&mut self, value: char) -> Ready {
            note(&self.log, format!("yield_value {value}"));
            Ready("yielded")
        }

        fn yield_from(&mut self, other: Vec<char>) -> Ready {
            note(&self.log, format!("yield_from {other:?}"));
            Ready("delegated")
        }

        fn await_transform(&mut self, awaited: &'static str) -> Ready {
            note(&self.log, format!("await_transform {awaited}"));
            Ready(awaited)
        }

        fn unhandled_exception(&mut self, panic: Panic) {
            note(&self.log, format!("unhandled_exception {}", panic.message().unwrap_or("?")));
        }
    }

    #[coro::coroutine]
    fn body(fails: bool) -> Logged<'static> {
        let values = ["x".await, co_yield!('y'), co_yield!(..vec!['z'])];
        LOG.with(|log| note(log, values.concat()));
        assert!(!fails, "failed");
        7
    }

    fn run(fails: bool) -> Vec<String> {
        let logged = body(fails);
        assert!(logged.0.is_done());
        logged.0.promise().log.take()
    }

    const COMMON: [&str; 6] =
        ["new", "initial_suspend", "await_transform x", "yield_value y", "yield_from ['z']", "xyieldeddelegated"];

    #[test]
    fn hooks_run_in_the_order_of_cpp() {
        let expected = [&COMMON[..], &["return_value 7", "final_suspend", "get_return_object"]].concat();
        assert_eq!(run(false), expected);
    }

    #[test]
    fn a_panic_goes_to_unhandled_exception_instead_of_return_value() {
        let expected = [&COMMON[..], &["unhandled_exception failed", "final_suspend", "get_return_object"]].concat();
        assert_eq!(run(true), expected);
    }
}

mod no_hooks_but_the_required {
    use super::*;

    pub struct Steps<'a>(CoroutineHandle<'a, StepsPromise>);
    pub struct StepsPromise;

    #[coro::promise]
    impl StepsPromise {
        fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Steps<'_> {
            Steps(handle)
        }

        fn return_void(&mut self) {}
    }

    #[coro::coroutine(promise = StepsPromise)]
    fn steps(count: &mut u32) -> Steps<'_> {
        *count += 1;
        SuspendAlways.await;
        SuspendNever.await;
        *count += 1;
    }

    #[test]
    fn it_starts_and_ends_suspended_and_awaits_everything() {
        let mut count = 0;
        let mut handle = steps(&mut count).0;
        handle.resume();
        assert!(!handle.is_done());
        handle.resume();
        assert!(handle.is_done());
        drop(handle);
        assert_eq!(count, 2);
    }

    #[test]
    #[should_panic(expected = "early")]
    fn a_panic_goes_to_the_resumer() {
        #[coro::coroutine(promise = StepsPromise, initial = suspend_never)]
        fn early() -> Steps<'static> {
            panic!("early");
        }
        let _ = early();
    }
}

mod return_objects {
    use super::*;

    macro_rules! promise {
        ($Promise:ident < $($parameter:tt),* > $get_return_object:item) => {
            #[coro::promise]
            impl<$($parameter),*> $Promise<$($parameter),*> {
                fn new() -> Self {
                    Self { value: None }
                }

                $get_return_object

                fn return_value(&mut self, value: T) {
                    self.value = Some(value);
                }
            }
        };
    }

    fn assert_coroutine<'a, C: Coroutine<'a, Promise = P>, P: Promise + 'a>(_: fn() -> C) {}

    pub struct Lazy<'a, T>(CoroutineHandle<'a, LazyPromise<T>>);

    pub struct LazyPromise<T> {
        value: Option<T>,
    }

    promise! {
        LazyPromise<T>
        fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Lazy<'_, T> {
            Lazy(handle)
        }
    }

    #[coro::coroutine]
    fn longest<'a, T: AsRef<str>>(of: &'a [T], or: &'a T) -> Lazy<'a, &'a T> {
        of.iter().max_by_key(|text| text.as_ref().len()).unwrap_or(or)
    }

    #[test]
    fn generic_promises_take_values_that_borrow() {
        let words = ["a".to_owned(), "bc".to_owned()];
        let mut lazy = longest(&words, &words[0]).0;
        lazy.resume();
        assert_eq!(lazy.promise().value, Some(&words[1]));
    }

    /// Runs to its end within the call.
    pub struct Eager<T>(Option<T>);

    pub struct EagerPromise<T> {
        value: Option<T>,
    }

    promise! {
        EagerPromise<T>
        fn get_return_object(mut handle: CoroutineHandle<'_, Self>) -> Eager<T> {
            handle.resume();
            Eager(handle.promise_mut().value.take())
        }
    }

    #[coro::coroutine]
    fn length(text: &str) -> Eager<usize> {
        text.len()
    }

    #[test]
    fn a_return_object_without_lifetimes_is_a_coroutine_of_each() {
        assert_eq!(length(&String::from("four")).0, Some(4));
    }

    pub struct Owned<T: 'static>(#[allow(dead_code)] CoroutineHandle<'static, OwnedPromise<T>>);

    pub struct OwnedPromise<T> {
        value: Option<T>,
    }

    promise! {
        OwnedPromise<T>
        fn get_return_object(handle: CoroutineHandle<'static, Self>) -> Owned<T> {
            assert!(handle.promise().value.is_none());
            Owned(handle)
        }
    }

    #[test]
    fn a_handle_may_be_static() {
        assert_coroutine::<'static, Owned<u8>, OwnedPromise<u8>>(|| unreachable!());
    }

    pub struct Named<'a, T>(#[allow(dead_code)] CoroutineHandle<'a, NamedPromise<'a, T>>);

    pub struct NamedPromise<'a, T> {
        value: Option<&'a T>,
    }

    #[coro::promise]
    impl<'a, T> NamedPromise<'a, T> {
        fn get_return_object(handle: CoroutineHandle<'a, Self>) -> Named<'a, T> {
            Named(handle)
        }

        fn return_value(&mut self, value: &'a T) {
            self.value = Some(value);
        }
    }

    #[test]
    fn the_handle_may_live_as_long_as_the_impl_says() {
        fn check<'a>(_: &'a str) {
            assert_coroutine::<'a, Named<'a, u8>, NamedPromise<'a, u8>>(|| unreachable!());
        }
        check("");
    }

    /// One return type for several promises: it names the promise, which calls itself `Self`.
    pub struct Handle<'co, P: Promise + 'co>(CoroutineHandle<'co, P>);

    pub struct SelfPromise<T> {
        value: Option<T>,
    }

    #[coro::promise]
    impl<T> SelfPromise<T>
    where
        Self: Sized,
    {
        fn new() -> Self {
            Self { value: None }
        }

        fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Handle<'_, Self> {
            Handle(handle)
        }

        fn return_value(&mut self, value: T) {
            self.value = Some(value);
        }
    }

    pub struct NamelessPromise<'p>(&'p str);

    #[coro::promise]
    impl NamelessPromise<'_> {
        fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Handle<'_, Self> {
            Handle(handle)
        }

        fn return_value(&mut self, prefix: usize) {
            self.0 = &self.0[..prefix];
        }
    }

    #[coro::coroutine(promise = NamelessPromise(of))]
    fn prefix<'p>(of: &'p str) -> Handle<'p, NamelessPromise<'p>> {
        4
    }

    #[test]
    fn the_lifetimes_of_a_promise_that_is_self_need_no_names() {
        let mut prefix = prefix("prefix").0;
        prefix.resume();
        assert_eq!(prefix.promise().0, "pref");
    }

    #[coro::coroutine]
    fn answer() -> Handle<'static, SelfPromise<u32>> {
        42
    }

    #[test]
    fn the_return_object_may_name_its_promise_self() {
        let mut answer = answer().0;
        answer.resume();
        assert_eq!(answer.promise().value, Some(42));
    }

    pub struct Borrowed<'p, 'a>(CoroutineHandle<'a, BorrowedPromise<'p>>);

    pub struct BorrowedPromise<'p>(&'p str);

    #[coro::promise]
    impl<'p> BorrowedPromise<'p> {
        fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Borrowed<'p, '_> {
            Borrowed(handle)
        }

        fn return_value(&mut self, suffix: &'p str) {
            self.0 = suffix;
        }
    }

    #[coro::coroutine(promise = BorrowedPromise(prefix))]
    fn suffix<'p, 'a>(prefix: &'p str, at: &'a usize) -> Borrowed<'p, 'a>
    where
        'p: 'a,
    {
        &prefix[*at..]
    }

    #[test]
    fn a_promise_may_borrow() {
        let mut suffix = suffix("prefix", &3).0;
        suffix.resume();
        assert_eq!(suffix.promise().0, "fix");
    }

    pub struct Tally<'p>(&'p RefCell<u32>);
    pub struct TallyPromise<'p>(&'p RefCell<u32>);

    #[coro::promise(await = none)]
    impl<'p> TallyPromise<'p> {
        fn get_return_object(mut handle: CoroutineHandle<'_, TallyPromise<'p>>) -> Tally<'p> {
            handle.resume();
            Tally(handle.promise().0)
        }

        fn return_value(&mut self, value: u32) {
            *self.0.borrow_mut() += value;
        }
    }

    #[coro::coroutine(promise = TallyPromise(count))]
    fn tally<'p>(count: &'p RefCell<u32>, by: &u32) -> Tally<'p> {
        *by
    }

    #[test]
    fn a_lifetime_of_the_promise_is_not_the_one_of_the_handle() {
        let count = RefCell::new(1);
        let tally = {
            let by = 2;
            tally(&count, &by)
        };
        assert_eq!(*tally.0.borrow(), 3);
    }
}

mod detached {
    use super::*;

    type Queue = Rc<RefCell<Vec<Continuation<Detached>>>>;

    pub struct Job {
        is_started: bool,
    }

    pub struct JobPromise {
        queue: Queue,
    }

    pub struct Park;

    impl Awaiter<JobPromise> for Park {
        type Output = usize;

        fn await_suspend(
            &mut self,
            promise: &mut JobPromise,
            me: Continuation<Detached>,
        ) -> Option<Continuation<Detached>> {
            promise.queue.borrow_mut().push(me);
            None
        }

        fn await_resume(&mut self, promise: &mut JobPromise) -> usize {
            promise.queue.borrow().len()
        }
    }

    #[coro::promise(world = Detached)]
    impl JobPromise {
        fn get_return_object(&mut self) -> Job {
            Job { is_started: !self.queue.borrow().is_empty() }
        }

        fn initial_suspend(&mut self) -> SuspendNever {
            SuspendNever
        }

        fn final_suspend(&mut self) -> SuspendNever {
            SuspendNever
        }

        fn return_void(&mut self) {
            self.queue.borrow_mut().clear();
        }
    }

    #[coro::coroutine(promise = JobPromise { queue: queue.clone() })]
    fn job(queue: Queue, log: Log) -> Job {
        note(&log, format!("{} waiting", Park.await));
    }

    #[test]
    fn a_return_object_may_be_made_without_a_handle() {
        let (queue, log) = (Queue::default(), Log::default());
        assert!(!job(queue.clone(), log.clone()).is_started);
        let parked = queue.borrow_mut().pop();
        parked.expect("it waits").resume();
        assert_eq!(log.take(), ["0 waiting"]);
        assert_eq!(Rc::strong_count(&queue), 1);
    }
}

mod overloads {
    use super::*;

    pub struct Talk<'a>(CoroutineHandle<'a, TalkPromise>);

    #[derive(Default)]
    pub struct TalkPromise {
        said: Vec<String>,
    }

    pub struct Value<T>(Option<T>);

    impl<T, P: Promise> Awaiter<P> for Value<T> {
        type Output = T;

        fn await_ready(&mut self, _: &mut P) -> bool {
            true
        }

        fn await_suspend(&mut self, _: &mut P, continuation: ContinuationOf<P>) -> Option<ContinuationOf<P>> {
            Some(continuation)
        }

        fn await_resume(&mut self, _: &mut P) -> T {
            self.0.take().expect("it is resumed once")
        }
    }

    pub struct First<'s, 't>(&'s str, &'t str);

    #[coro::promise]
    impl TalkPromise {
        fn new() -> Self {
            Self::default()
        }

        fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Talk<'_> {
            Talk(handle)
        }

        fn return_void(&mut self) {}

        fn await_transform(&mut self, number: u32) -> Value<u32> {
            Value(Some(number + 1))
        }

        /// An elided lifetime of the argument is the one that the return type means.
        fn await_transform(&mut self, text: &str) -> Value<&str> {
            Value(Some(text.trim()))
        }

        fn await_transform<'s>(&mut self, First(first, second): First<'s, '_>) -> Value<&'s str> {
            self.said.push(second.to_owned());
            Value(Some(first))
        }

        fn await_transform<T: Copy, const N: usize>(&mut self, items: [T; N]) -> Value<T>
        where
            T: Debug,
        {
            self.said.push(format!("{items:?}"));
            Value(Some(items[N - 1]))
        }

        fn await_transform(&mut self, compute: Box<dyn Fn(&u32) -> u32 + '_>) -> Value<u32> {
            Value(Some(compute(&20)))
        }

        fn yield_value(&mut self, text: &str) {
            if text.is_empty() {
                return;
            }
            self.said.push(text.into());
        }

        #[inline]
        fn yield_value(&mut self, mut number: u32) -> SuspendNever {
            number *= 2;
            self.said.push(number.to_string());
            SuspendNever
        }

        fn yield_from<I: Iterator<Item = u32>>(&mut self, numbers: Vec<I>) -> Value<u32> {
            Value(Some(numbers.into_iter().flatten().sum()))
        }

        fn yield_from(&mut self, other: &[u32]) -> Value<Option<&u32>> {
            Value(Some(other.iter().max()))
        }
    }

    #[coro::coroutine]
    fn talk(text: String) -> Talk<'static> {
        let offset = 5;
        assert_eq!(1.await, 2);
        assert_eq!(text.as_str().await, "text");
        assert_eq!(First(&text, "second").await, " text ");
        assert_eq!([1, 2, 3].await, 3);
        let compute: Box<dyn Fn(&u32) -> u32 + '_> = Box::new(|number| number + offset);
        assert_eq!(compute.await, 25);
        co_yield!("");
        co_yield!(text.trim());
        co_yield!(21);
        assert_eq!(co_yield!(..vec![1..3, 5..6]), 8);
        assert_eq!(co_yield!(..&[1, 3, 2][..]), Some(&3));
    }

    #[test]
    fn each_overload_takes_its_type() {
        let mut talk = talk(" text ".into()).0;
        talk.resume();
        assert_eq!(talk.promise().said, ["second", "[1, 2, 3]"], "`return` in `yield_value` suspends all the same");
        talk.resume();
        assert_eq!(talk.promise().said[2..], ["text"]);
        talk.resume();
        assert!(talk.is_done());
        assert_eq!(talk.promise().said[2..], ["text", "42"]);
    }
}

mod cfgs {
    use super::*;

    pub struct Steps<'a, T: Default>(CoroutineHandle<'a, StepsPromise<T>>);

    #[derive(Default)]
    pub struct StepsPromise<T> {
        value: T,
        log: Vec<&'static str>,
    }

    /// The doc comments and lint levels of the block and of its hooks stay.
    #[coro::promise]
    #[allow(clippy::needless_return)]
    impl<#[cfg(test)] T: Default, #[cfg(not(test))] U> StepsPromise<T> {
        #![expect(clippy::let_and_return)]

        #[cfg(not(test))]
        fn new() -> Nothing {
            Nothing
        }

        /// Two hooks of one name, under opposite `#[cfg]`s.
        #[cfg(test)]
        fn new() -> Self {
            return Self::default();
        }

        #[cfg(test)]
        fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Steps<'_, T> {
            Steps(handle)
        }

        #[cfg(not(test))]
        fn get_return_object(&mut self) -> Nothing {
            Nothing
        }

        #[cfg(test)]
        fn return_value(&mut self, value: T) {
            self.value = value;
        }

        #[cfg(not(test))]
        fn return_void(&mut self) {}

        #[cfg(not(test))]
        fn initial_suspend(&mut self) -> Nothing {
            Nothing
        }

        #[cfg(test)]
        #[cfg(not(not(test)))]
        fn final_suspend(&mut self) -> SuspendAlways {
            self.log.push("final");
            let always = SuspendAlways;
            always
        }

        #[cfg(not(test))]
        fn await_transform(&mut self, nothing: Nothing) -> Nothing {
            nothing
        }

        #[cfg(not(test))]
        fn unhandled_exception(&mut self, nothing: Nothing) {}

        #[cfg(not(test))]
        fn yield_value(&mut self, nothing: Nothing) {}
    }

    #[coro::coroutine]
    fn steps() -> Steps<'static, u32> {
        SuspendNever.await;
        3
    }

    #[test]
    fn a_hook_that_is_configured_out_is_not_there() {
        let mut steps = steps().0;
        steps.resume();
        assert_eq!((steps.promise().value, &steps.promise().log[..]), (3, &["final"][..]));
    }
}

mod threads {
    use super::*;

    pub struct Movable<'a>(CoroutineHandle<'a, MovablePromise>);
    pub struct MovablePromise;

    #[coro::promise(crate = ::coro, send, world = ByOwner,)]
    impl MovablePromise {
        fn new() -> Self {
            Self
        }

        fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Movable<'_> {
            Movable(handle)
        }

        fn return_void(&mut self) {}
    }

    #[coro::coroutine]
    fn movable() -> Movable<'static> {
        SuspendAlways.await;
    }

    #[test]
    fn send_lets_coroutines_change_threads() {
        let mut handle = movable().0;
        handle.resume();
        let joined = std::thread::spawn(move || {
            handle.resume();
            handle.is_done()
        })
        .join();
        assert!(joined.expect("it does not panic"));
    }

    #[test]
    fn without_send_the_world_is_local() {
        fn world<P: Promise<World = ByOwner>>() {}
        world::<no_hooks_but_the_required::StepsPromise>();
    }
}

/// What the attribute names is not what stands around it.
mod names {
    #![allow(dead_code, non_camel_case_types)]

    pub mod runtime {
        pub use ::coro as reexported;
    }

    #[no_implicit_prelude]
    pub mod without_prelude {
        pub mod core {}
        pub mod coro {}
        pub struct Option;
        pub struct Promise;
        pub struct SuspendAlways;

        use super::runtime::reexported::CoroutineHandle;

        pub struct Out<'co, E>(pub CoroutineHandle<'co, Named<E>>);
        pub struct Named<__Awaited>(pub __Awaited);

        #[::coro::promise(crate = super::runtime::reexported)]
        #[allow(clippy::elidable_lifetime_names)]
        impl<E> Named<E> {
            fn get_return_object<'co>(handle: CoroutineHandle<'co, Self>) -> Out<'co, E> {
                Out(handle)
            }

            fn r#return_value(&mut self, value: E) {
                self.0 = value;
            }

            fn yield_value(&mut self, value: for<'arg> fn(&'arg E) -> &'arg E) {
                let _ = value;
            }

            fn yield_value(&mut self, _: &E) {}
        }
    }

    use without_prelude::{Named, Out};

    #[coro::coroutine(promise = Named(0))]
    fn out() -> Out<'static, u8> {
        co_yield!(&1);
        2
    }

    #[test]
    fn names_around_the_block_do_not_matter() {
        let mut out = out().0;
        out.resume();
        out.resume();
        assert_eq!(out.promise().0, 2);
    }
}

/// The lifetime of the handle has bounds that another one need not keep: so the attribute does not say that a place
/// could lend these. That they compile is the test.
mod lifetimes_with_bounds {
    use super::*;

    pub trait Within<'a> {}

    impl<'a> Within<'a> for &'a str {}

    pub struct Bounded<'a, T: Within<'a>>(pub CoroutineHandle<'a, BoundedPromise<T>>);
    pub struct BoundedPromise<T>(pub T);

    #[coro::promise]
    impl<T> BoundedPromise<T> {
        fn get_return_object<'a>(handle: CoroutineHandle<'a, Self>) -> Bounded<'a, T>
        where
            T: Within<'a>,
        {
            Bounded(handle)
        }

        fn return_void(&mut self) {}
    }

    pub struct Longer<'a: 'b, 'b>(pub CoroutineHandle<'a, LongerPromise>, PhantomData<&'b ()>);
    pub struct LongerPromise;

    #[coro::promise]
    impl LongerPromise {
        fn new() -> Self {
            Self
        }

        fn get_return_object<'a: 'b, 'b>(handle: CoroutineHandle<'a, Self>) -> Longer<'a, 'b> {
            Longer(handle, PhantomData)
        }

        fn return_void(&mut self) {}
    }

    #[coro::coroutine(promise = BoundedPromise(text))]
    fn bounded(text: &str) -> Bounded<'_, &str> {
        assert_eq!(text, "text");
    }

    #[coro::coroutine]
    fn longer(text: &str) -> Longer<'_, '_> {
        assert_eq!(text, "text");
    }

    #[test]
    fn a_handles_lifetime_may_have_bounds() {
        let (mut bounded, mut longer) = (bounded("text").0, longer("text").0);
        bounded.resume();
        longer.resume();
        assert!(bounded.is_done() && longer.is_done());
    }
}
