//! Two coroutines that hand control to each other: symmetric transfer.
//!
//! `await_suspend` returns who runs next. Each player puts itself into the table's empty place and returns the other
//! one's continuation, so they take turns on one constant stack, for as many strokes as you like.
//!
//! Run: `cargo run --release --example ping_pong -- 1000000`

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use coro::{Awaiter, Continuation, Detached, FireAndForget, Promise};

#[derive(Default)]
struct Table {
    waiting: RefCell<Option<Continuation<Detached>>>,
    strokes: Cell<u64>,
}

/// Awaited, it lets the other player play.
struct Stroke<'t>(&'t Table);

impl<P: Promise<World = Detached>> Awaiter<P> for Stroke<'_> {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, me: Continuation<Detached>) -> Option<Continuation<Detached>> {
        self.0.strokes.set(self.0.strokes.get() + 1);
        self.0.waiting.replace(Some(me))
    }

    fn await_resume(&mut self, _: &mut P) {}
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn player(name: &'static str, table: Rc<Table>, strokes: u64) -> FireAndForget {
    for stroke in 0..strokes {
        if stroke < 3 {
            println!("{name}");
        }
        Stroke(&table).await;
    }
}

fn main() {
    let strokes = std::env::args().nth(1).map_or(Ok(3), |strokes| strokes.parse());
    let Ok(strokes) = strokes else {
        eprintln!("usage: ping_pong [STROKES]");
        std::process::exit(2);
    };
    let table = Rc::new(Table::default());
    // The first player waits at the table; the second one finds it there.
    player("ping", table.clone(), strokes);
    player("pong", table.clone(), strokes);
    println!("{} strokes", table.strokes.get());

    // Whoever still waits is held by the table that its own frame holds: the one cycle the library cannot see.
    drop(table.waiting.take());
}
