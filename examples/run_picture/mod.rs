//! Looks at coroutines while they run, and tells what it saw: as an indented [`story`](Run::story), as a
//! [sequence diagram](Run::to_svg), and as a [trace](Run::to_chrome_trace) that Perfetto and Chrome open.
//!
//! What it hears, it hears as a subscriber of the crate `tracing`; `coro` has to be built with its feature `tracing`.

mod chrome;
mod diagram;
mod story;

pub use diagram::Detail;

use std::ffi::OsStr;
use std::fmt::{Debug, Write as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};
use std::{fs, io};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Metadata, Subscriber};

/// What a run was, so far.
#[derive(Default)]
pub struct Run {
    pub moments: Vec<Moment>,
}

/// One thing that has happened.
pub struct Moment {
    /// Since the recording began; no moment is earlier than the one before it.
    pub time: Duration,
    /// Threads are counted from 0, as they are first seen.
    pub thread: usize,
    pub what: What,
}

pub enum What {
    /// A coroutine was made.
    Made { coroutine: u64, function: String },
    /// Its body goes on the stack.
    Enters(u64),
    /// Its body goes off the stack.
    Leaves(u64),
    /// One of its hooks was called, or it changed hands.
    Does { coroutine: u64, event: Told },
    /// Nothing of it is left.
    Gone(u64),
    /// What the program says itself.
    Says(String),
}

/// What the events of `coro` say.
#[derive(Default)]
pub struct Told {
    /// The hook, or what happens to the coroutine.
    pub message: String,
    pub outcome: Option<String>,
    /// The coroutine that goes on.
    pub to: Option<u64>,
    /// What the coroutine awaits.
    pub expression: Option<String>,
    pub file: Option<String>,
    pub line: Option<u64>,
}

/// Records what coroutines do. Clones record the same run.
#[derive(Clone)]
pub struct Recorder(Arc<Mutex<Recording>>);

struct Recording {
    begun: Instant,
    threads: Vec<ThreadId>,
    /// How many hold the span of each coroutine that is there, for spans are counted.
    held: Vec<(u64, usize)>,
    /// The last number of a span that is not a coroutine's.
    foreign: u64,
    run: Run,
}

/// Where the numbers of spans begin that are not a coroutine's.
const FOREIGN: u64 = 1 << 32;

impl Recorder {
    #[must_use]
    pub fn begin() -> Self {
        let run = Run::default();
        let (begun, threads, held) = (Instant::now(), Vec::new(), Vec::new());
        Self(Arc::new(Mutex::new(Recording { begun, threads, held, foreign: FOREIGN, run })))
    }

    /// Gives what was recorded since it was last asked.
    #[must_use]
    pub fn take(&self) -> Run {
        std::mem::take(&mut self.lock().run)
    }

    /// A subscriber must not panic, so it does not ask whether one before has.
    fn lock(&self) -> MutexGuard<'_, Recording> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Records what coroutines do on this thread, for a file.
pub struct Watching {
    recorder: Recorder,
    file: PathBuf,
    _recording: DefaultGuard,
}

impl Watching {
    /// From now on.
    #[must_use]
    pub fn begin(file: PathBuf) -> Self {
        let recorder = Recorder::begin();
        let _recording = tracing::subscriber::set_default(recorder.clone());
        Self { recorder, file, _recording }
    }

    /// Until now. A file whose name ends in `svg` is a diagram of the turns that the coroutines took, one in `json` a trace, and any
    /// other a story.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(self, outside: &str) -> io::Result<()> {
        let run = self.recorder.take();
        let text = match self.file.extension().and_then(OsStr::to_str) {
            Some("svg") => run.to_svg(outside, Detail::Turns),
            Some("json") => run.to_chrome_trace(),
            _ => run.story(),
        };
        fs::write(&self.file, text)
    }
}

impl Recording {
    fn add(&mut self, what: What) {
        let this = thread::current().id();
        let thread = self.threads.iter().position(|&thread| thread == this).unwrap_or_else(|| {
            self.threads.push(this);
            self.threads.len() - 1
        });
        self.run.moments.push(Moment { time: self.begun.elapsed(), thread, what });
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut recording = self.lock();
        let mut made = Made::default();
        if span.metadata().target() == "coro" {
            span.record(&mut made);
        }
        let Made { id, function } = made;
        if id == 0 {
            recording.foreign += 1;
            return Id::from_u64(recording.foreign);
        }
        recording.held.push((id, 1));
        recording.add(What::Made { coroutine: id, function });
        Id::from_u64(id)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut told = Told::default();
        event.record(&mut told);
        let coroutine = event.parent().map(Id::into_u64).filter(|_| event.metadata().target() == "coro");
        self.lock().add(match coroutine {
            Some(coroutine) => What::Does { coroutine, event: told },
            None => What::Says(told.message),
        });
    }

    fn enter(&self, span: &Id) {
        if span.into_u64() < FOREIGN {
            self.lock().add(What::Enters(span.into_u64()));
        }
    }

    fn exit(&self, span: &Id) {
        if span.into_u64() < FOREIGN {
            self.lock().add(What::Leaves(span.into_u64()));
        }
    }

    fn clone_span(&self, span: &Id) -> Id {
        let id = span.into_u64();
        self.lock().held.iter_mut().filter(|held| held.0 == id).for_each(|held| held.1 += 1);
        span.clone()
    }

    fn try_close(&self, span: Id) -> bool {
        let mut recording = self.lock();
        let Some(index) = recording.held.iter().position(|held| held.0 == span.into_u64()) else { return false };
        recording.held[index].1 -= 1;
        let gone = recording.held[index].1 == 0;
        if gone {
            recording.held.swap_remove(index);
            recording.add(What::Gone(span.into_u64()));
        }
        gone
    }
}

/// The fields of a coroutine's span.
#[derive(Default)]
struct Made {
    id: u64,
    function: String,
}

impl Visit for Made {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "id" {
            self.id = value;
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "function" {
            value.clone_into(&mut self.function);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

impl Visit for Told {
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "to" => self.to = Some(value),
            "line" => self.line = Some(value),
            _ => {}
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let value = value.to_owned();
        match field.name() {
            "message" => self.message = value,
            "outcome" => self.outcome = Some(value),
            "expression" => self.expression = Some(value),
            "file" => self.file = Some(value),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            let _ = write!(self.message, "{value:?}");
        }
    }
}

impl Told {
    /// Where the coroutine is suspended, or was.
    fn place(&self) -> Option<String> {
        let (file, line, expression) = (self.file.as_ref()?, self.line?, self.expression.as_ref()?);
        Some(format!("{file}:{line}: {expression}"))
    }
}

impl Run {
    /// The name of a coroutine: its function, and its number. The number is that of the run, and not the one which it
    /// was given: those are of the whole process.
    fn names(&self) -> Names {
        let made = self.moments.iter().filter_map(|moment| match &moment.what {
            What::Made { coroutine, function } => Some((*coroutine, function.clone())),
            _ => None,
        });
        Names(made.collect())
    }
}

struct Names(Vec<(u64, String)>);

impl Names {
    fn of(&self, coroutine: u64) -> String {
        match self.0.iter().position(|known| known.0 == coroutine) {
            Some(index) => format!("{} #{}", self.0[index].1, index + 1),
            None => "one from before".to_owned(),
        }
    }
}
