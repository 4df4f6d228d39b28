//! Coroutines that their owner resumes.

use core::ptr::NonNull;
use core::task::{Context, Poll};

use super::{ByOwner, Continuation, Threads, sealed};
use crate::awaiter::Awaiter;
use crate::frame::Header;
use crate::private::Co;
use crate::promise::Promise;

/// A continuation that says only "go on at once".
#[derive(Debug)]
pub struct GoOn;

#[diagnostic::do_not_recommend]
impl<T: Threads> sealed::World for ByOwner<T> {
    type Hold = GoOn;
    type Slot = ();
    const SHARED: bool = false;
    const SETTLES: bool = false;
    const NESTS: bool = false;

    #[inline]
    fn leaf<P, A>(co: Co<P>, awaiter: &mut A, (): &mut (), _: &mut Context<'_>) -> Poll<()>
    where
        P: Promise<World = Self>,
        A: Awaiter<P>,
    {
        if co.header().state.take_fresh() || co.with_promise(|promise| awaiter.await_ready(promise)) {
            return Poll::Ready(());
        }
        match co.with_promise(|promise| awaiter.await_suspend(promise, Continuation { hold: GoOn })) {
            Some(Continuation { hold: GoOn }) => Poll::Ready(()),
            None => {
                co.header().state.suspend();
                Poll::Pending
            }
        }
    }

    #[inline]
    unsafe fn claim(_: Option<Continuation<Self>>) -> Option<NonNull<Header>> {
        None
    }
}
