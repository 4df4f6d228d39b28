//! Nobody understands coroutines until they see them. This shows two: the machine of the mouse clicks, and a task that awaits
//! a task.
//!
//! `cargo run --features tracing --example trace_hooks -- clicks`, or `tasks`, tells the story of each hook. With `--svg FILE` it also
//! draws the run, as a picture for a browser; with `--chrome FILE` it writes it for <https://ui.perfetto.dev>.

#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs;
use std::process::ExitCode;
use std::rc::Rc;

use coro::{Awaiter, Continuation, Detached, FireAndForget, Promise, Signal, StateMachine, Task};
use run_picture::{Detail, Recorder, Run};

#[allow(dead_code, reason = "it can do more")]
pub mod run_picture;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Button {
    Left,
    Right,
}

#[coro::coroutine(initial = suspend_never, final = suspend_always)]
fn double_click() -> StateMachine<'static, Button, u32> {
    let mut clicks = 1;
    let mut first = Signal.await;
    loop {
        let second = Signal.await;
        clicks += 1;
        if (first, second) == (Button::Left, Button::Left) {
            return clicks;
        }
        first = second;
    }
}

/// Pushes three clicks into the machine.
fn clicks() {
    say("main calls double_click()");
    let mut machine = double_click();
    for button in [Button::Right, Button::Left, Button::Left] {
        say(format!("main calls send_signal({button:?})"));
        machine.send_signal(button).expect("it waits for it");
    }
    say(format!("main calls result(): {:?}", machine.result()));
    drop(machine);
}

/// Who waits for its turn.
type Queue = Rc<RefCell<VecDeque<Continuation<Detached>>>>;

/// Awaited, it puts the coroutine at the end of the queue.
struct Turn<'q>(&'q Queue);

impl<P: Promise<World = Detached>> Awaiter<P> for Turn<'_> {
    type Output = ();

    fn await_suspend(&mut self, _: &mut P, me: Continuation<Detached>) -> Option<Continuation<Detached>> {
        self.0.borrow_mut().push_back(me);
        None
    }

    fn await_resume(&mut self, _: &mut P) {}
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn cook(queue: Queue) -> FireAndForget {
    let eggs = boil(&queue, 3).await;
    say(format!("{eggs} eggs are served"));
}

#[coro::coroutine]
fn boil(queue: &Queue, eggs: u32) -> Task<'_, u32, Detached> {
    Turn(queue).await;
    eggs
}

/// Runs a coroutine that awaits a task, which waits for its turn in a queue.
fn tasks() {
    let queue = Queue::default();
    say("main calls cook(queue)");
    cook(queue.clone());
    say("main resumes the one in the queue");
    let next = queue.borrow_mut().pop_front();
    next.expect("it waits").resume();
}

fn say(what: impl AsRef<str>) {
    tracing::info!("{}", what.as_ref());
}

/// What happens while `program` runs.
pub fn watch(program: fn()) -> Run {
    let recorder = Recorder::begin();
    tracing::subscriber::with_default(recorder.clone(), program);
    recorder.take()
}

/// The stories there are.
pub const STORIES: [(&str, fn()); 2] = [("clicks", clicks), ("tasks", tasks)];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let Some((_, program)) = STORIES.iter().find(|story| story.0 == name) else {
        eprintln!("usage: trace_hooks clicks|tasks [--svg FILE] [--chrome FILE]");
        return ExitCode::from(2);
    };
    let run = watch(*program);
    print!("{}", run.story());
    while let Some(option) = arguments.next() {
        let text = match &*option {
            "--svg" => run.to_svg("main", Detail::Hooks),
            "--chrome" => run.to_chrome_trace(),
            other => {
                eprintln!("there is no argument `{other}`");
                return ExitCode::from(2);
            }
        };
        let Some(file) = arguments.next() else {
            eprintln!("`{option}` needs a file");
            return ExitCode::from(2);
        };
        if let Err(error) = fs::write(&file, text) {
            eprintln!("{file}: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
