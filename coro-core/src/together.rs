//! Coroutines that are awaited together.

use alloc::vec::Vec;
use core::future::Future;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll};

use crate::branch::Outcome;
use crate::call::Callee;
use crate::continuation::{Hosts, Parks, Stops, World};
use crate::frame::{self, Header};
use crate::handle::CoroutineHandle;
use crate::memory::Recycled;
use crate::private::{About, Co, FromPromise, Function, Point, Starts};
use crate::promise::{Coroutine as _, NewPromise, Promise};
use crate::types::{Task, TaskPromise};

/// Awaits several coroutines together, and gives the results of all, in their order.
///
/// They are a tuple, an array or a [`Vec`] of coroutines of one world `W`, [`Detached`](crate::Detached) or
/// [`Polled`](crate::Polled), and are started one after the other, each when the one before waits. Nothing is polled
/// but who was woken, and in the detached world, nobody. (In the polled world groups inside groups are polled one
/// inside the other, like nested `join!`s, and take stack for it.)
///
/// If one of them panics, the others are destroyed, and the panic goes on where this is awaited. (In the world
/// `Detached<Sendable>` the others may be running on other threads, and are awaited.) If one is destroyed, by the owner
/// of its continuation, nobody can resume this any more: then all are destroyed, with their caller.
///
/// ```
/// use coro::{Task, when_all};
///
/// #[coro::coroutine]
/// fn length(text: &str) -> Task<'_, usize> {
///     text.len()
/// }
///
/// #[coro::coroutine]
/// fn lengths<'a>(words: &'a [&'a str]) -> Task<'a, (usize, Vec<usize>)> {
///     let each: Vec<_> = words.iter().copied().map(length).collect();
///     when_all((length("one"), when_all(each))).await
/// }
///
/// assert_eq!(futures::executor::block_on(lengths(&["four", "seven"])), (3, vec![4, 5]));
/// ```
pub fn when_all<'a, W, G, T>(coroutines: G) -> Task<'a, T, W>
where
    W: Parks,
    G: Together<'a, W, All = T>,
    W::Threads: Hosts<T>,
    T: 'a,
{
    create::<WhenAllFrame, _, G, _>(coroutines, false, |handles, _| G::all(handles))
}

/// Awaits several coroutines together, and gives the result of the first that ends, and which it was. Before that the
/// others are destroyed, leaf first.
///
/// They are an array or a [`Vec`], which gives `(index, result)`, or a tuple, which gives an enum such as [`Any2`].
/// They are started one after the other, each when the one before waits; if one ends at once the rest is not started.
///
/// In the world `Detached` one of the others may be on the stack: its body has resumed the first itself. It goes on to
/// its next suspension before it is destroyed, and this waits for it. A panic is an end, too: it goes on where this is
/// awaited, and so does a panic of one of the others on its way out. One that the owner of its continuation destroys
/// leaves the race; when all have, the caller is destroyed.
///
/// ```
/// use coro::{Any2, Task, when_any};
///
/// #[coro::coroutine]
/// fn never() -> Task<'static, String> {
///     std::future::pending().await
/// }
///
/// #[coro::coroutine]
/// fn soon() -> Task<'static, u32> {
///     7
/// }
///
/// assert_eq!(futures::executor::block_on(when_any((never(), soon()))), Any2::Second(7));
/// assert_eq!(futures::executor::block_on(when_any([soon(), soon()])), (0, 7));
/// ```
///
/// # Panics
/// If there are no coroutines.
#[track_caller]
pub fn when_any<'a, W, G, T>(coroutines: G) -> Task<'a, T, W>
where
    W: Stops,
    G: Together<'a, W, Any = T>,
    W::Threads: Hosts<T>,
    T: 'a,
{
    assert!(!coroutines.is_empty(), "`when_any` of no coroutines would never end");
    create::<WhenAnyFrame, _, G, _>(coroutines, true, G::any)
}

use sealed::Together;

mod sealed {
    use super::{Header, NonNull, Vec};

    /// Coroutines of the world `W` that borrow for `'a`: a tuple of up to eight, or an array or a [`Vec`], of
    /// [`Callee`](crate::Callee)s. Nobody else can name this trait.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be awaited together",
        label = "not a tuple, array or `Vec` of coroutines of one world",
        note = "`when_all` and `when_any` take two to eight coroutines of one world in a tuple, or any number of one type \
                in an array or a `Vec`",
        note = "an awaiter or a future among them goes into a coroutine of its own, which awaits it; an iterator is collected \
                into a `Vec` first"
    )]
    pub trait Together<'a, W> {
        /// The results of all.
        type All: 'a;
        /// The result of one, and which it was.
        type Any: 'a;
        type Handles;

        fn is_empty(&self) -> bool;
        fn into_handles(self) -> Self::Handles;
        fn coroutines(handles: &Self::Handles) -> Vec<NonNull<Header>>;
        fn all(handles: Self::Handles) -> Self::All;
        /// The others are destroyed before the result is taken.
        fn any(handles: Self::Handles, first: usize) -> Self::Any;
    }
}

fn result<'a, X: Callee<'a>>(mut ended: CoroutineHandle<'a, X::Promise>) -> X::Output {
    X::result(ended.promise_mut())
}

#[diagnostic::do_not_recommend]
impl<'a, W: World, X: Callee<'a, Output: 'a, Promise: Promise<World = W>>> Together<'a, W> for Vec<X> {
    type All = Vec<X::Output>;
    type Any = (usize, X::Output);
    type Handles = Vec<CoroutineHandle<'a, X::Promise>>;

    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn into_handles(self) -> Self::Handles {
        self.into_iter().map(X::into_handle).collect()
    }

    fn coroutines(handles: &Self::Handles) -> Vec<NonNull<Header>> {
        handles.iter().map(CoroutineHandle::pointer).collect()
    }

    fn all(handles: Self::Handles) -> Self::All {
        handles.into_iter().map(result::<X>).collect()
    }

    fn any(mut handles: Self::Handles, first: usize) -> Self::Any {
        let ended = handles.remove(first);
        drop(handles);
        (first, result::<X>(ended))
    }
}

#[diagnostic::do_not_recommend]
impl<'a, W: World, X: Callee<'a, Output: 'a, Promise: Promise<World = W>>, const N: usize> sealed::Together<'a, W>
    for [X; N]
{
    type All = [X::Output; N];
    type Any = (usize, X::Output);
    type Handles = [CoroutineHandle<'a, X::Promise>; N];

    fn is_empty(&self) -> bool {
        N == 0
    }

    fn into_handles(self) -> Self::Handles {
        self.map(X::into_handle)
    }

    fn coroutines(handles: &Self::Handles) -> Vec<NonNull<Header>> {
        handles.iter().map(CoroutineHandle::pointer).collect()
    }

    fn all(handles: Self::Handles) -> Self::All {
        handles.map(result::<X>)
    }

    fn any(handles: Self::Handles, first: usize) -> Self::Any {
        <Vec<X> as Together<'a, W>>::any(handles.into(), first)
    }
}

macro_rules! tuples {
    ($($Any:ident, $count:literal: $($X:ident $Variant:ident $index:tt),+;)+) => {$(
        #[doc = concat!("The first of ", $count, " coroutines that has ended, with its result; see [`when_any`].")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $Any<$($X),+> {$(
            #[doc = concat!("It was number ", $index, ", counted from 0.")]
            $Variant($X),
        )+}

        impl<$($X),+> $Any<$($X),+> {
            /// Which it was, counted from 0.
            #[must_use]
            pub const fn index(&self) -> usize {
                match self {
                    $(Self::$Variant(_) => $index,)+
                }
            }
        }

        #[diagnostic::do_not_recommend]
        impl<'a, W: World, $($X: Callee<'a, Output: 'a, Promise: Promise<World = W>>),+> Together<'a, W> for ($($X,)+) {
            type All = ($($X::Output,)+);
            type Any = $Any<$($X::Output),+>;
            type Handles = ($(CoroutineHandle<'a, $X::Promise>,)+);

            fn is_empty(&self) -> bool {
                false
            }

            fn into_handles(self) -> Self::Handles {
                ($(self.$index.into_handle(),)+)
            }

            fn coroutines(handles: &Self::Handles) -> Vec<NonNull<Header>> {
                [$(handles.$index.pointer()),+].into()
            }

            fn all(handles: Self::Handles) -> Self::All {
                ($(result::<$X>(handles.$index),)+)
            }

            fn any(handles: Self::Handles, first: usize) -> Self::Any {
                let mut handles = ($(Some(handles.$index),)+);
                match first {
                    $($index => {
                        let ended = handles.$index.take();
                        drop(handles);
                        $Any::$Variant(result::<$X>(ended.expect("it was there")))
                    })+
                    _ => unreachable!("there are {}", $count),
                }
            }
        }
    )+};
}

tuples! {
    Any2, "two": A First 0, B Second 1;
    Any3, "three": A First 0, B Second 1, C Third 2;
    Any4, "four": A First 0, B Second 1, C Third 2, D Fourth 3;
    Any5, "five": A First 0, B Second 1, C Third 2, D Fourth 3, E Fifth 4;
    Any6, "six": A First 0, B Second 1, C Third 2, D Fourth 3, E Fifth 4, F Sixth 5;
    Any7, "seven": A First 0, B Second 1, C Third 2, D Fourth 3, E Fifth 4, F Sixth 5, G Seventh 6;
    Any8, "eight": A First 0, B Second 1, C Third 2, D Fourth 3, E Fifth 4, F Sixth 5, G Seventh 6, H Eighth 7;
}

enum WhenAllFrame {}
enum WhenAnyFrame {}

impl Function for WhenAllFrame {
    const ABOUT: &'static About = &About {
        name: "when_all",
        edges: &[(0, 1)],
        starts: Starts::ByRunning,
        points: [Point::new("when_all(…).await")],
    };
}

impl Function for WhenAnyFrame {
    const ABOUT: &'static About = &About {
        name: "when_any",
        edges: &[(0, 1)],
        starts: Starts::ByRunning,
        points: [Point::new("when_any(…).await")],
    };
}

/// Makes the coroutine that awaits `coroutines`, and makes its result of their handles and the index of the first.
fn create<'a, M, W, G, T>(coroutines: G, any: bool, result: fn(G::Handles, usize) -> T) -> Task<'a, T, W>
where
    M: Function,
    W: Parks,
    G: Together<'a, W>,
    T: 'a,
{
    let handles = coroutines.into_handles();
    let waiting = Waiting::<W, _> { gathering: W::Gathering::default(), coroutines: G::coroutines(&handles), handles };
    // SAFETY: S2, S5: the closure only moves; the body gives up all it has before it is ready or panics; its coroutines
    // may change threads if `W` may, for so it was when they were started; they borrow for `'a`. The frame is nobody
    // else's. Test: tests/together.rs.
    let handle = unsafe {
        let body = |co| Body { co, any, waiting: Some(waiting), result };
        let finish = FromPromise;
        CoroutineHandle::new(frame::create::<M, TaskPromise<T, W>, _, _, _>(Recycled, NewPromise::new(), finish, body))
    };
    Task::get_return_object(handle)
}

/// Dropped in this order: what waits for the coroutines, then the coroutines.
struct Waiting<W: Parks, H> {
    gathering: W::Gathering,
    coroutines: Vec<NonNull<Header>>,
    handles: H,
}

struct Body<P, W: Parks, H, T> {
    co: Co<P>,
    any: bool,
    /// `None` once it has ended.
    waiting: Option<Waiting<W, H>>,
    result: fn(H, usize) -> T,
}

/// Nobody points into it.
impl<P, W: Parks, H, T> Unpin for Body<P, W, H, T> {}

impl<P, W: Parks, H, T> Future for Body<P, W, H, T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        // If this panics, it goes with it.
        let mut waiting = self.waiting.take().expect("not polled again after it was ready");
        let Waiting { gathering, coroutines, .. } = &mut waiting;
        // SAFETY: S2: the body is on the stack; the coroutines are those of the handles. Test: tests/together.rs.
        match unsafe { W::gather(self.co.pointer(), gathering, coroutines, self.any, context) } {
            Poll::Pending => {
                self.waiting = Some(waiting);
                Poll::Pending
            }
            Poll::Ready(Outcome::Panicked(panic)) => {
                drop(waiting);
                crate::panic::resume(panic)
            }
            Poll::Ready(Outcome::All) => Poll::Ready((self.result)(waiting.handles, 0)),
            Poll::Ready(Outcome::Any(first)) => Poll::Ready((self.result)(waiting.handles, first)),
        }
    }
}
