//! The run as text: what a body does is indented below what let it run.

use std::fmt::Write as _;

use super::{Run, Told, What};

impl Run {
    /// One line for each thing that has happened, in the order in which it did.
    #[must_use]
    pub fn story(&self) -> String {
        let names = self.names();
        let mut story = String::new();
        // How many bodies are on the stack of each thread.
        let mut depths = Vec::new();
        for moment in &self.moments {
            if depths.len() <= moment.thread {
                depths.resize(moment.thread + 1, 0_usize);
            }
            let depth = &mut depths[moment.thread];
            let line = match &moment.what {
                What::Enters(_) => {
                    *depth += 1;
                    continue;
                }
                What::Leaves(_) => {
                    *depth = depth.saturating_sub(1);
                    continue;
                }
                What::Gone(_) => continue,
                What::Says(text) => text.clone(),
                What::Made { coroutine, .. } => format!("{} is made", names.of(*coroutine)),
                What::Does { coroutine, event } => {
                    let to = event.to.map(|to| names.of(to));
                    tell(&names.of(*coroutine), event, to.as_deref())
                }
            };
            let _ = writeln!(story, "{:indent$}{line}", "", indent = 4 * *depth);
        }
        story
    }
}

/// One line of the story. A hook is told where it is called, in the body of its coroutine; so its name is enough.
fn tell(coroutine: &str, event: &Told, to: Option<&str>) -> String {
    let expression = event.expression.as_deref().unwrap_or_default();
    let outcome = event.outcome.as_deref().unwrap_or_default();
    match (&*event.message, to) {
        ("start", _) => format!("{coroutine} starts"),
        ("resume", _) => format!("{coroutine} goes on from `{expression}`"),
        ("destroy", _) => format!("{coroutine} is destroyed"),
        ("return", None) => format!("{outcome}: back to the resumer"),
        ("return", Some(to)) => format!("{outcome}: back to {to}"),
        ("get_return_object", _) => format!("get_return_object of {coroutine}"),
        (hook, Some(to)) => format!("{hook}: {outcome} {to}"),
        ("await_ready", None) => format!("await_ready: {outcome}, at `{expression}`"),
        (hook, None) if outcome.is_empty() => hook.to_owned(),
        (hook, None) => format!("{hook}: {outcome}"),
    }
}
