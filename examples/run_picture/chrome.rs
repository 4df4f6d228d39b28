//! The run in the trace event format of Chrome: <https://ui.perfetto.dev> and `chrome://tracing` open it.
//!
//! A thread is a track with the bodies on its stack; a coroutine has a track of its own, from its making to its end, with
//! what it waits for.

use std::fmt::Write as _;

use super::{Run, Told, What};

/// The one process of the trace.
const PROCESS: u32 = 1;

impl Run {
    /// The trace, as JSON.
    #[must_use]
    pub fn to_chrome_trace(&self) -> String {
        let names = self.names();
        let mut trace = Trace { events: Vec::new(), threads: Vec::new(), there: Vec::new() };
        trace.add('M', 0, 0, "process_name", r#","args":{"name":"coroutines"}"#);
        for moment in &self.moments {
            let (thread, at) = (moment.thread, moment.time.as_nanos());
            trace.thread(thread);
            match &moment.what {
                What::Made { coroutine, .. } => {
                    trace.there.push((*coroutine, None));
                    trace.lasting('b', thread, at, *coroutine, &names.of(*coroutine));
                }
                What::Enters(coroutine) => {
                    trace.waits_no_more(thread, at, *coroutine);
                    trace.threads[thread].push(names.of(*coroutine));
                    trace.add('B', thread, at, &names.of(*coroutine), "");
                }
                What::Leaves(_) => {
                    if let Some(name) = trace.threads[thread].pop() {
                        trace.add('E', thread, at, &name, "");
                    }
                }
                What::Gone(coroutine) => trace.gone(thread, at, *coroutine, &names.of(*coroutine)),
                What::Says(text) => trace.add('i', thread, at, text, r#","s":"t""#),
                What::Does { coroutine, event } => {
                    let to = event.to.map(|to| names.of(to));
                    let more = format!(r#","s":"t","args":{}"#, arguments(&names.of(*coroutine), event, to.as_deref()));
                    trace.add('i', thread, at, &event.message, &more);
                    if event.message == "await_suspend" && event.outcome.as_deref() != Some("goes on") {
                        trace.waits(thread, at, *coroutine, event.expression.as_deref().unwrap_or_default());
                    }
                }
            }
        }
        trace.finish(self.moments.last().map_or(0, |last| last.time.as_nanos()), |it| names.of(it))
    }
}

struct Trace {
    events: Vec<String>,
    /// The names of the bodies on the stack of each thread.
    threads: Vec<Vec<String>>,
    /// The coroutines that are there, and what they wait for.
    there: Vec<(u64, Option<String>)>,
}

impl Trace {
    /// Makes a track for a thread that was not seen before.
    fn thread(&mut self, thread: usize) {
        while self.threads.len() <= thread {
            let name = format!(r#","args":{{"name":"thread {}"}}"#, self.threads.len());
            self.add('M', self.threads.len(), 0, "thread_name", &name);
            self.threads.push(Vec::new());
        }
    }

    fn add(&mut self, phase: char, thread: usize, at: u128, name: &str, more: &str) {
        let (micros, rest) = (at / 1000, at % 1000);
        self.events.push(format!(
            r#"{{"name":{},"cat":"coro","ph":"{phase}","ts":{micros}.{rest:03},"pid":{PROCESS},"tid":{}{more}}}"#,
            json(name),
            thread + 1,
        ));
    }

    /// A part of a coroutine's own track begins or ends. The number is the process's own, so that the track stands below it.
    fn lasting(&mut self, phase: char, thread: usize, at: u128, coroutine: u64, name: &str) {
        self.add(phase, thread, at, name, &format!(r#","id2":{{"local":"{coroutine}"}}"#));
    }

    fn waits(&mut self, thread: usize, at: u128, coroutine: u64, expression: &str) {
        self.waits_no_more(thread, at, coroutine);
        self.lasting('b', thread, at, coroutine, expression);
        if let Some(there) = self.there.iter_mut().find(|there| there.0 == coroutine) {
            there.1 = Some(expression.to_owned());
        }
    }

    fn waits_no_more(&mut self, thread: usize, at: u128, coroutine: u64) {
        let there = self.there.iter_mut().find(|there| there.0 == coroutine);
        if let Some(expression) = there.and_then(|there| there.1.take()) {
            self.lasting('e', thread, at, coroutine, &expression);
        }
    }

    fn gone(&mut self, thread: usize, at: u128, coroutine: u64, name: &str) {
        self.waits_no_more(thread, at, coroutine);
        let before = self.there.len();
        self.there.retain(|there| there.0 != coroutine);
        if self.there.len() < before {
            self.lasting('e', thread, at, coroutine, name);
        }
    }

    /// Ends what has not ended.
    fn finish(mut self, at: u128, name: impl Fn(u64) -> String) -> String {
        for thread in 0..self.threads.len() {
            while let Some(name) = self.threads[thread].pop() {
                self.add('E', thread, at, &name, "");
            }
        }
        while let Some(&(coroutine, _)) = self.there.last() {
            self.gone(0, at, coroutine, &name(coroutine));
        }
        format!("{{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n{}\n]}}\n", self.events.join(",\n"))
    }
}

fn arguments(coroutine: &str, event: &Told, to: Option<&str>) -> String {
    let place = event.place();
    let known =
        [("coroutine", Some(coroutine)), ("outcome", event.outcome.as_deref()), ("to", to), ("at", place.as_deref())];
    let known = known.iter().filter_map(|(name, value)| Some(format!("{}:{}", json(name), json((*value)?))));
    format!("{{{}}}", known.collect::<Vec<_>>().join(","))
}

/// A string of JSON.
fn json(text: &str) -> String {
    let mut quoted = String::from('"');
    for it in text.chars() {
        match it {
            '"' | '\\' => quoted.extend(['\\', it]),
            it if it.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(it));
            }
            it => quoted.push(it),
        }
    }
    quoted.push('"');
    quoted
}
