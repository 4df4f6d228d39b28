//! Several kinds of `co_yield!` in one body, each with an answer of its own: `co_yield!(Log(…))` gives `()`,
//! `co_yield!(Ask(…))` gives a `String`.
//!
//! What may be yielded, and what comes back, are the promise's overloads of `yield_value`. Another kind of value is a compile error.
//! Whether the coroutine is suspended is their choice, too: a `Log` is written down and the body goes on, an `Ask` waits.
//!
//! Run: `printf 'Ada\n36\n' | cargo run --example kinds_of_yield`

use std::io::{self, BufRead as _};

use coro::{Awaiter, Continuation, CoroutineHandle, SuspendNever};

/// Yielded, it is a line of the log.
pub struct Log(pub &'static str);

/// Yielded, it is a question, and gives the answer.
pub struct Ask(pub &'static str);

/// A coroutine that asks and logs. It returns what it has found out.
pub struct Interview<'a>(CoroutineHandle<'a, InterviewPromise>);

#[derive(Default)]
pub struct InterviewPromise {
    question: Option<&'static str>,
    answer: Option<String>,
    log: Vec<&'static str>,
    result: Option<String>,
}

#[coro::promise(await = none)]
impl InterviewPromise {
    fn new() -> Self {
        Self::default()
    }

    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Interview<'_> {
        Interview(handle)
    }

    fn yield_value(&mut self, Log(line): Log) -> SuspendNever {
        self.log.push(line);
        SuspendNever
    }

    fn yield_value(&mut self, Ask(question): Ask) -> Answer {
        self.question = Some(question);
        Answer
    }

    fn return_value(&mut self, result: String) {
        self.result = Some(result);
    }
}

/// What `co_yield!(Ask(…))` awaits.
pub struct Answer;

impl Awaiter<InterviewPromise> for Answer {
    type Output = String;

    fn await_suspend(&mut self, _: &mut InterviewPromise, _: Continuation) -> Option<Continuation> {
        None
    }

    fn await_resume(&mut self, promise: &mut InterviewPromise) -> String {
        promise.answer.take().expect("it is resumed with an answer")
    }
}

impl Interview<'_> {
    /// Runs the interview to its end: its log, and its result. If there is no answer any more, there is no result.
    pub fn run(mut self, mut answer: impl FnMut(&str) -> Option<String>) -> (Vec<&'static str>, Option<String>) {
        self.0.resume();
        while let Some(question) = self.0.promise_mut().question.take()
            && let Some(answer) = answer(question)
        {
            self.0.promise_mut().answer = Some(answer);
            self.0.resume();
        }
        let promise = self.0.promise_mut();
        (std::mem::take(&mut promise.log), promise.result.take())
    }
}

#[coro::coroutine]
pub fn interview(greeting: &str) -> Interview<'_> {
    let name = co_yield!(Ask("your name?"));
    co_yield!(Log("has a name"));
    let age = loop {
        match co_yield!(Ask("your age?")).parse::<u8>() {
            Ok(age) => break age,
            Err(_) => co_yield!(Log("needs to be asked again")),
        }
    };
    format!("{greeting}, {name}: next year you will be {}", u32::from(age) + 1)
}

fn main() {
    let mut lines = io::stdin().lock().lines();
    let (log, result) = interview("Hello").run(|question| {
        println!("{question}");
        lines.next()?.ok()
    });
    println!("log: {log:?}");
    println!("{}", result.as_deref().unwrap_or("no answer, no result"));
}
