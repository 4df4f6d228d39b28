//! Coroutines that are talked to: each `co_yield!` gives a value out, and its value is the answer.

mod deputy;

use core::fmt;
use core::marker::PhantomData;
use core::pin::Pin;

use crate::{
    Awaiter, ByOwner, ContinuationOf, Coroutine, CoroutineHandle, Handle, InPlace, Info, Lendable, Local, Location,
    NewPromise, Promise, Propagate, SuspendAlways, Threads, YieldValue,
};

pub(crate) use deputy::Deputizing;
pub use deputy::Deputy;

/// What a two-way coroutine function returns: `co_yield!(out)` gives an `Out` to whoever resumes the coroutine, and its
/// value is the `In` of the next resume. At its end it gives an `R`.
///
/// Its first argument is its parameter. [`two_way`] makes the function itself a coroutine that is resumed with every
/// argument in the same way, the first one included:
///
/// ```
/// use coro::{Resumed::{Complete, Yielded}, TwoWay, two_way};
///
/// /// The average of all numbers so far, until one is negative; then how many there were.
/// #[coro::coroutine]
/// fn average(first: f64) -> TwoWay<'static, f64, f64, u32> {
///     let (mut sum, mut count, mut next) = (0.0, 0, first);
///     while next >= 0.0 {
///         sum += next;
///         count += 1;
///         next = co_yield!(sum / f64::from(count));
///     }
///     count
/// }
///
/// let mut average = two_way(average);
/// assert_eq!(average.resume(2.0), Ok(Yielded(2.0)));
/// assert_eq!(average.resume(4.0), Ok(Yielded(3.0)));
/// assert_eq!(average.resume(-1.0), Ok(Complete(2)));
/// assert_eq!(average.resume(6.0).unwrap_err().into_argument(), 6.0);
/// ```
///
/// # Why a parameter
///
/// When a coroutine is resumed for the first time, there is no `co_yield!` that the argument could be the value of. In
/// other languages it is lost there, or it must be asked for in a special way, which one can forget. A parameter can be
/// neither: a function that has none is not accepted by [`two_way`], one that has it and does not look at it has an
/// unused variable, and the compiler says so. The closures that rustc itself makes coroutines of (unstable) do the
/// same.
///
/// What else the function wants to know, a closure gives it:
///
/// ```
/// use coro::{Resumed::Yielded, TwoWay, two_way};
///
/// #[coro::coroutine]
/// fn multiplied(factor: u32, first: u32) -> TwoWay<'static, u32, u32> {
///     let mut next = first;
///     loop {
///         next = co_yield!(factor * next);
///     }
/// }
///
/// let mut triple = two_way(|first| multiplied(3, first));
/// assert_eq!(triple.resume(5), Ok(Yielded(15)));
/// assert_eq!(triple.resume(7), Ok(Yielded(21)));
/// ```
///
/// `co_yield!(..other)` lets another coroutine answer in its place: it yields what that yields, hands the arguments on,
/// and its value is what that returned, of whatever type. However deep they delegate to each other, a resume goes
/// straight to the innermost one. (One in a [place](crate::InPlace) that has been resumed already waits for an argument
/// that nobody has: delegating to it panics.)
///
/// ```
/// use coro::{Resumed::{Complete, Yielded}, TwoWay, two_way};
///
/// type Asks<R> = TwoWay<'static, &'static str, &'static str, R>;
///
/// #[coro::coroutine]
/// fn signed_up(name: &'static str) -> Asks<String> {
///     let age = co_yield!(..number(co_yield!("your age?")));
///     if age < 18 && !co_yield!(..yes_or_no(co_yield!("do your parents know?"))) {
///         return format!("{name} has to ask first");
///     }
///     format!("{name} is in")
/// }
///
/// #[coro::coroutine]
/// fn number(mut answer: &'static str) -> Asks<u32> {
///     loop {
///         match answer.parse() {
///             Ok(number) => return number,
///             Err(_) => answer = co_yield!("a number, please"),
///         }
///     }
/// }
///
/// #[coro::coroutine]
/// fn yes_or_no(mut answer: &'static str) -> Asks<bool> {
///     while !["yes", "no"].contains(&answer) {
///         answer = co_yield!("yes or no?");
///     }
///     answer == "yes"
/// }
///
/// let mut signed_up = two_way(signed_up);
/// assert_eq!(signed_up.resume("Ada"), Ok(Yielded("your age?")));
/// assert_eq!(signed_up.resume("twelve"), Ok(Yielded("a number, please")));
/// assert_eq!(signed_up.resume("12"), Ok(Yielded("do your parents know?")));
/// assert_eq!(signed_up.resume("yes"), Ok(Complete("Ada is in".to_owned())));
/// ```
///
/// A function that returns an `impl InPlace<TwoWay<…>>` is not allocated, but lives where its caller puts it; see
/// [`two_way_in`].
///
/// A `TwoWay<'a, In, Out, R, Sendable>` may change threads between two resumes, and holds only what is `Send`.
#[must_use = "give its function to `coro::two_way`, which resumes it with the first argument"]
pub struct TwoWay<'a, In, Out, R = (), S = Local>(CoroutineHandle<'a, TwoWayPromise<In, Out, R, S>>);

/// The promise of a [`TwoWay`] coroutine.
#[derive(Debug)]
#[repr(C)]
pub struct TwoWayPromise<In, Out, R = (), S = Local> {
    /// First, so that whoever resumes the outermost of several coroutines finds that of the innermost, whatever its
    /// result is.
    channel: Channel<In, Out>,
    returned: Option<R>,
    threads: PhantomData<fn() -> S>,
}

/// What goes in and out.
#[derive(Debug)]
struct Channel<In, Out> {
    argument: Option<In>,
    out: Option<Out>,
}

/// A coroutine that is resumed with arguments; [`two_way`] makes it from a function that returns a [`TwoWay`].
///
/// `F` is that function, and `C` what it returns. Where the type must be named, `F` can be a function pointer, or a
/// box:
///
/// ```
/// use coro::{Resumable, Resumed::Yielded, TwoWay, two_way};
///
/// type Counting = TwoWay<'static, u32, u32>;
///
/// struct Counter {
///     counting: Resumable<fn(u32) -> Counting, Counting>,
/// }
///
/// #[coro::coroutine]
/// fn counting(first: u32) -> Counting {
///     let mut sum = first;
///     loop {
///         sum += co_yield!(sum);
///     }
/// }
///
/// let mut counter = Counter { counting: two_way(counting) };
/// assert_eq!(counter.counting.resume(2), Ok(Yielded(2)));
/// assert_eq!(counter.counting.resume(3), Ok(Yielded(5)));
/// ```
#[must_use = "a two-way coroutine does nothing until it is resumed"]
pub struct Resumable<F, C> {
    /// Until the first resume.
    begin: Option<F>,
    /// From then on, unless `begin` has panicked.
    coroutine: Option<C>,
}

/// What a coroutine did when it was resumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resumed<Out, R = ()> {
    /// It yielded this, and waits for the next argument.
    Yielded(Out),
    /// It has ended, and returned this.
    Complete(R),
}

/// Makes a coroutine of a function from its first argument to a [`TwoWay`]. The function is called at the first
/// [`resume`](Resumable::resume).
pub const fn two_way<'a, In, Out, R, S, F>(begin: F) -> Resumable<F, TwoWay<'a, In, Out, R, S>>
where
    S: Threads,
    F: FnOnce(In) -> TwoWay<'a, In, Out, R, S>,
{
    Resumable { begin: Some(begin), coroutine: None }
}

/// Makes a coroutine of a function from its first argument to an `impl InPlace<TwoWay<…>>`. It lives in `place`, and
/// allocates nothing: the function is called at the first [`resume`](Resumable::resume), and what it returns put there.
/// What was in the place before is dropped then; what is in it afterwards stays there when the coroutine that this
/// gives is dropped, and goes with its place.
///
/// ```
/// use core::pin::pin;
/// use coro::{InPlace, Resumed::{Complete, Yielded}, TwoWay, two_way_in};
///
/// /// The average of all numbers so far, until one is negative; then how many there were.
/// #[coro::coroutine]
/// fn average(first: f64) -> impl InPlace<TwoWay<'static, f64, f64, u32>> {
///     let (mut sum, mut count, mut next) = (0.0, 0, first);
///     while next >= 0.0 {
///         sum += next;
///         count += 1;
///         next = co_yield!(sum / f64::from(count));
///     }
///     count
/// }
///
/// let place = pin!(None);
/// let mut average = two_way_in(place, average);
/// assert_eq!(average.resume(2.0), Ok(Yielded(2.0)));
/// assert_eq!(average.resume(4.0), Ok(Yielded(3.0)));
/// assert_eq!(average.resume(-1.0), Ok(Complete(2)));
/// assert!(average.resume(6.0).is_err());
/// ```
#[expect(clippy::type_complexity, reason = "the function that begins has no name")]
pub fn two_way_in<'f, 'a: 'f, In, Out, R, S, C>(
    place: Pin<&'f mut Option<C>>,
    begin: impl FnOnce(In) -> C,
) -> Resumable<impl FnOnce(In) -> TwoWay<'f, In, Out, R, S>, TwoWay<'f, In, Out, R, S>>
where
    In: 'a,
    Out: 'a,
    R: 'a,
    S: Threads,
    C: InPlace<TwoWay<'a, In, Out, R, S>>,
{
    two_way(move |first| {
        let mut place = place;
        place.set(Some(begin(first)));
        place.as_pin_mut().unwrap_or_else(|| unreachable!("it was put there")).coroutine()
    })
}

impl<'a, In, Out, R, S: Threads, F: FnOnce(In) -> TwoWay<'a, In, Out, R, S>> Resumable<F, TwoWay<'a, In, Out, R, S>> {
    /// Runs the coroutine with `argument` to its next `co_yield!`, or to its end.
    ///
    /// # Errors
    /// If the coroutine has ended: the error gives the argument back.
    ///
    /// # Panics
    /// With what the coroutine's body panics. It has ended then.
    #[inline]
    pub fn resume(&mut self, argument: In) -> Result<Resumed<Out, R>, ResumeError<In>> {
        let coroutine = match &mut self.coroutine {
            Some(begun) if begun.0.is_done() => return Err(ResumeError(argument)),
            Some(begun) => {
                begun.channel().argument = Some(argument);
                begun
            }
            None => {
                let Some(begin) = self.begin.take() else { return Err(ResumeError(argument)) };
                let begun = self.coroutine.insert(begin(argument));
                // One that begins with `initial = suspend_never` has run already.
                if let Some(resumed) = begun.take() {
                    return Ok(resumed);
                }
                begun
            }
        };
        coroutine.0.try_resume();
        Ok(coroutine.take().expect("a body that does not panic yields or returns"))
    }

    /// Whether the coroutine has ended.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.coroutine.as_ref().map_or(self.begin.is_none(), |begun| begun.0.is_done())
    }

    /// Where the coroutine is suspended; `None` before its first resume and after its end.
    #[must_use]
    pub fn location(&self) -> Option<Location> {
        self.coroutine.as_ref()?.0.location()
    }

    /// The machine that its function is, and its diagram; `None` before the first resume, which calls the function.
    #[must_use]
    pub fn info(&self) -> Option<Info> {
        Some(self.coroutine.as_ref()?.0.info())
    }
}

impl<In, Out, R, S: Threads> TwoWay<'_, In, Out, R, S> {
    /// The innermost coroutine's.
    #[inline]
    fn channel(&mut self) -> &mut Channel<In, Out> {
        // SAFETY: S1: a `TwoWayPromise` begins with it (`repr(C)`), and so does each one under it: `Calls` links those
        // of the same type, and `Deputizing` those that differ in their result. Tests: tests/two_way_delegation.rs,
        // tests/attacks_two_way.rs.
        unsafe { self.0.innermost_part_mut() }
    }

    /// What it has done, if it was not taken yet.
    #[inline]
    fn take(&mut self) -> Option<Resumed<Out, R>> {
        match self.channel().out.take() {
            Some(out) => Some(Resumed::Yielded(out)),
            None => self.0.promise_mut().returned.take().map(Resumed::Complete),
        }
    }
}

impl<F, C: fmt::Debug> fmt::Debug for Resumable<F, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.coroutine, &self.begin) {
            (Some(coroutine), _) => f.debug_tuple("Resumable").field(coroutine).finish(),
            (None, Some(_)) => f.write_str("Resumable(not begun)"),
            (None, None) => f.write_str("Resumable(ended)"),
        }
    }
}

impl<In, Out, R, S: Threads> fmt::Debug for TwoWay<'_, In, Out, R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TwoWay").field(&self.0.whereabouts()).finish()
    }
}

impl<In, Out, R, S: Threads> Promise for TwoWayPromise<In, Out, R, S> {
    type World = ByOwner<S>;
    type Owner = Handle;
    type OnPanic = Propagate;
    type Value = R;
    type Initial = SuspendAlways;
    type Final = SuspendAlways;

    const LAZY: bool = true;
    const MIXED: bool = true;

    fn initial_suspend(&mut self) -> SuspendAlways {
        SuspendAlways
    }

    fn final_suspend(&mut self) -> SuspendAlways {
        SuspendAlways
    }

    fn return_value(&mut self, value: R) {
        self.returned = Some(value);
    }
}

#[diagnostic::do_not_recommend]
impl<In, Out, R, S: Threads> NewPromise for TwoWayPromise<In, Out, R, S> {
    fn new() -> Self {
        Self { channel: Channel { argument: None, out: None }, returned: None, threads: PhantomData }
    }
}

impl<'a, In: 'a, Out: 'a, R: 'a, S: Threads> Coroutine<'a> for TwoWay<'a, In, Out, R, S> {
    type Promise = TwoWayPromise<In, Out, R, S>;

    fn get_return_object(handle: CoroutineHandle<'a, TwoWayPromise<In, Out, R, S>>) -> Self {
        Self(handle)
    }
}

#[diagnostic::do_not_recommend]
impl<In, Out, R, S: Threads> Lendable for TwoWay<'_, In, Out, R, S> {
    type Promise = TwoWayPromise<In, Out, R, S>;
    type Lent<'f>
        = TwoWay<'f, In, Out, R, S>
    where
        Self: 'f;
}

#[diagnostic::do_not_recommend]
impl<In, Out, R, S: Threads> YieldValue<Out> for TwoWayPromise<In, Out, R, S> {
    type Awaiter = Argument;

    #[inline]
    fn yield_value(&mut self, out: Out) -> Argument {
        self.channel.out = Some(out);
        Argument(())
    }
}

/// What a `co_yield!` of a [`TwoWay`] coroutine awaits: the argument of the next resume.
#[derive(Debug)]
pub struct Argument(());

#[diagnostic::do_not_recommend]
impl<In, Out, R, S: Threads> Awaiter<TwoWayPromise<In, Out, R, S>> for Argument {
    type Output = In;

    #[inline]
    fn await_suspend(
        &mut self,
        _: &mut TwoWayPromise<In, Out, R, S>,
        _: ContinuationOf<TwoWayPromise<In, Out, R, S>>,
    ) -> Option<ContinuationOf<TwoWayPromise<In, Out, R, S>>> {
        None
    }

    #[inline]
    fn await_resume(&mut self, promise: &mut TwoWayPromise<In, Out, R, S>) -> In {
        promise.channel.argument.take().expect("one that waits for an argument cannot be delegated to")
    }
}

/// The coroutine had ended before it was resumed. The error gives the argument back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ResumeError<In>(In);

impl<In> ResumeError<In> {
    /// The argument that was not received.
    pub fn into_argument(self) -> In {
        self.0
    }
}

impl<In> fmt::Debug for ResumeError<In> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResumeError(..)")
    }
}

impl<In> fmt::Display for ResumeError<In> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("resumed a coroutine that has ended")
    }
}

impl<In> core::error::Error for ResumeError<In> {}
