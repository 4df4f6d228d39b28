//! `co_yield!(..other)` of a two-way coroutine.
//!
//! Caller and callee have in common what goes in and out, and not what they return. So their promises are of different
//! types, which nobody else's may be in the world [`ByOwner`](crate::ByOwner). Whoever resumes the outermost one looks
//! at nothing of the innermost promise but its [`Channel`](super::Channel).

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use super::{Argument, TwoWay, TwoWayPromise};
use crate::call::Call;
use crate::leaf::Leaf;
use crate::private::Co;
use crate::{Callee, CoroutineHandle, Local, Threads, YieldFrom};

#[diagnostic::do_not_recommend]
impl<'a, In: 'a, Out: 'a, R, Q: 'a, S: Threads> YieldFrom<TwoWay<'a, In, Out, Q, S>> for TwoWayPromise<In, Out, R, S> {
    type Awaitable = Deputy<'a, In, Out, Q, S>;

    fn yield_from(&mut self, mut other: TwoWay<'a, In, Out, Q, S>) -> Deputy<'a, In, Out, Q, S> {
        // One that began with `initial = suspend_never` has yielded already, and waits for the answer to that.
        self.channel.out = other.channel().out.take();
        Deputy { other, has_yielded: self.channel.out.is_some() }
    }
}

/// A coroutine that another one lets answer in its place.
#[derive(Debug)]
pub struct Deputy<'a, In, Out, R, S: Threads = Local> {
    other: TwoWay<'a, In, Out, R, S>,
    has_yielded: bool,
}

/// An `.await` of a [`Deputy`] that returns a `Q`.
#[must_use = "futures do nothing unless polled"]
pub struct Deputizing<'a, In, Out, R, Q, S: Threads> {
    /// The suspension before the callee runs, if it has yielded already.
    answer: Option<Leaf<TwoWayPromise<In, Out, R, S>, Argument>>,
    call: Calling<'a, In, Out, R, Q, S>,
}

type Calling<'a, In, Out, R, Q, S> =
    Call<'a, TwoWayPromise<In, Out, R, S>, TwoWayPromise<In, Out, Q, S>, Returned<'a, In, Out, Q, S>>;

impl<'a, In, Out, R, Q, S: Threads> Deputizing<'a, In, Out, R, Q, S> {
    pub(crate) fn new(co: Co<TwoWayPromise<In, Out, R, S>>, deputy: Deputy<'a, In, Out, Q, S>) -> Self {
        let answer = deputy.has_yielded.then(|| Leaf::new(co, Argument(())));
        // SAFETY: S1: see `TwoWay::channel`.
        let call = unsafe { Call::mixed(co, deputy.other.0) };
        Self { answer, call }
    }
}

impl<'a, In: 'a, Out: 'a, R, Q: 'a, S: Threads> Future for Deputizing<'a, In, Out, R, Q, S> {
    type Output = Q;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Q> {
        if let Some(answer) = &mut self.answer {
            let answer = ready!(Pin::new(answer).poll(context));
            self.answer = None;
            if let Some(callee) = self.call.callee_mut() {
                // SAFETY: as above.
                unsafe { callee.innermost_part_mut::<super::Channel<In, Out>>() }.argument = Some(answer);
            }
        }
        Pin::new(&mut self.call).poll(context)
    }
}

/// What a callee gives. `Deputy` itself is no [`Callee`], whose promise would have to be of the caller's type.
struct Returned<'a, In, Out, R, S: Threads>(TwoWay<'a, In, Out, R, S>);

impl<'a, In: 'a, Out: 'a, R: 'a, S: Threads> Callee<'a> for Returned<'a, In, Out, R, S> {
    type Promise = TwoWayPromise<In, Out, R, S>;
    type Output = R;

    fn into_handle(self) -> CoroutineHandle<'a, TwoWayPromise<In, Out, R, S>> {
        self.0.0
    }

    fn result(promise: &mut TwoWayPromise<In, Out, R, S>) -> R {
        promise.returned.take().expect("a coroutine that has ended has returned")
    }
}
