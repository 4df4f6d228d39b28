//! B6: two coroutines hand control to each other. Who cannot do that gives it to a loop that knows both.

use std::cell::Cell;
use std::hint::black_box;
use std::rc::Rc;

use super::{Boxed, Case, Once, case, poll};

pub const CASES: &[Case] = &[
    case("B6", "ours", ours::run),
    case("B6", "genawaiter::rc", |n| {
        use genawaiter::{GeneratorState::Yielded, rc::Gen};
        let player = black_box(genawaiting::player as fn(Strokes) -> Gen<(), (), Boxed<'static, ()>>);
        take_turns(n, player, |player| matches!(player.resume(), Yielded(())))
    }),
    case("B6", "corosensei", |n| {
        take_turns(n, black_box(stackful::player as fn(Strokes) -> stackful::Player), |player| {
            player.resume(()).as_yield().is_some()
        })
    }),
    case("B6", "boxed async", |n| take_turns(n, black_box(boxed::player), |player| poll(player.as_mut()).is_pending())),
    case("B6", "by hand", |n| take_turns(n, black_box(by_hand::player), |player| player())),
];

/// How many there were.
type Strokes = Rc<Cell<u64>>;

fn stroke(strokes: &Cell<u64>) {
    strokes.set(strokes.get() + 1);
}

/// The trampoline of those who need one.
#[inline(always)]
fn take_turns<P>(strokes: u64, player: fn(Strokes) -> P, resume: impl Fn(&mut P) -> bool) -> u64 {
    let count = Strokes::default();
    let mut players = [player(count.clone()), player(count.clone())];
    assert!(resume(&mut players[0]));
    for _ in 0..strokes / 2 {
        assert!(resume(&mut players[1]) && resume(&mut players[0]));
    }
    count.get()
}

mod ours {
    use coro::{Awaiter, Continuation, Detached, FireAndForget, Promise};

    use super::{Cell, Rc, black_box, stroke};

    #[derive(Default)]
    struct Table {
        waiting: Cell<Option<Continuation<Detached>>>,
        strokes: Cell<u64>,
    }

    impl<P: Promise<World = Detached>> Awaiter<P> for &Table {
        type Output = ();

        fn await_suspend(&mut self, _: &mut P, me: Continuation<Detached>) -> Option<Continuation<Detached>> {
            stroke(&self.strokes);
            self.waiting.replace(Some(me))
        }

        fn await_resume(&mut self, _: &mut P) {}
    }

    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn player(table: Rc<Table>) -> FireAndForget {
        loop {
            (&*table).await;
        }
    }

    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn last_player(table: Rc<Table>, strokes: u64) -> FireAndForget {
        for _ in 0..strokes {
            (&*table).await;
        }
    }

    pub(super) fn run(n: u64) -> u64 {
        let table = Rc::new(Table::default());
        black_box(player as fn(Rc<Table>) -> FireAndForget)(table.clone());
        black_box(last_player as fn(Rc<Table>, u64) -> FireAndForget)(table.clone(), n / 2);
        drop(table.waiting.take());
        table.strokes.get()
    }
}

mod genawaiting {
    use genawaiter::rc::{Co, Gen};

    use super::{Boxed, Strokes, stroke};

    pub(super) fn player(strokes: Strokes) -> Gen<(), (), Boxed<'static, ()>> {
        Gen::new(|co| play(co, strokes))
    }

    fn play(co: Co<()>, strokes: Strokes) -> Boxed<'static, ()> {
        Box::pin(async move {
            loop {
                stroke(&strokes);
                co.yield_(()).await;
            }
        })
    }
}

mod stackful {
    use corosensei::Coroutine;

    use super::{Strokes, stroke};

    pub(super) type Player = Coroutine<(), (), ()>;

    pub(super) fn player(strokes: Strokes) -> Player {
        Coroutine::new(move |co, ()| {
            loop {
                stroke(&strokes);
                co.suspend(());
            }
        })
    }
}

mod boxed {
    use super::{Boxed, Once, Strokes, stroke};

    pub(super) fn player(strokes: Strokes) -> Boxed<'static, ()> {
        Box::pin(async move {
            loop {
                stroke(&strokes);
                Once::default().await;
            }
        })
    }
}

mod by_hand {
    use super::{Strokes, stroke};

    pub(super) fn player(strokes: Strokes) -> Box<dyn FnMut() -> bool> {
        Box::new(move || {
            stroke(&strokes);
            true
        })
    }
}
