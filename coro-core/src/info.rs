//! What a coroutine is as a machine: the places where it waits, and the ways between them.

use core::fmt::{self, Write as _};
use core::hash::{Hash, Hasher};
use core::panic;
use core::ptr;

use crate::frame::VTable;
use crate::location::{Location, Point};
use crate::private::{About, Edges, Function, Points, Starts};

/// What the attribute found in a function, for its vtable.
pub(crate) struct Machine {
    points: Points,
    edges: Edges,
    at_once: bool,
}

impl Machine {
    /// Of what is no coroutine.
    pub(crate) const NONE: Self = Self { points: &[], edges: &[], at_once: false };

    pub(crate) const fn of<M: Function>() -> Self {
        let &About { edges, starts, ref points, .. } = M::ABOUT;
        Self { points, edges, at_once: matches!(starts, Starts::AtOnce) }
    }
}

/// The machine that a coroutine is: its states are the places where its body can be suspended, and an edge leads from
/// one to each that can be next.
///
/// It is the function's, the same for all its coroutines: a table that the attribute makes at compile time. A coroutine
/// that is not asked for it pays nothing. Ask any coroutine type or its [handle](crate::CoroutineHandle::info), or a
/// [`Location`](Location::info), which every continuation and backtrace has.
///
/// ```
/// use coro::Generator;
///
/// #[coro::coroutine]
/// fn beats() -> Generator<'static, &'static str> {
///     co_yield!("one");
///     loop {
///         co_yield!("tick");
///         co_yield!("tock");
///     }
/// }
///
/// let info = beats().info();
/// let states: Vec<_> = info.states().map(|state| state.text()).collect();
/// assert_eq!(
///     states,
///     ["initial suspend", r#"co_yield!("one")"#, r#"co_yield!("tick")"#, r#"co_yield!("tock")"#, "end"]
/// );
/// let edges: Vec<_> = info.edges().map(|(from, to)| (from.index(), to.index())).collect();
/// assert_eq!(edges, [(0, 1), (1, 2), (2, 3), (3, 2)]);
/// ```
///
/// # What an edge says
///
/// That control can go from the one place to the other, and comes by no third. So:
///
/// * No edge is missing. One too many may stand where only types or values could tell: after a call that never returns,
///   or around what a `cfg` may have removed.
/// * A coroutine need not stop at each state. Where it awaits what is ready at once, it goes on, and so may have gone
///   along several edges when it stops again.
/// * One that is suspended several times by the same `.await` (a future that is polled again, a callee, a delegation)
///   stays in that state; this is no edge.
/// * An edge to the [end](StateKind::End) is a way to return, by `return`, `?` or the last line. What lies behind it,
///   parameters dropped and the final suspension, is the same for all of them. A panic, too, ends a coroutine, and is
///   no edge.
///
/// The attribute cannot see into macros that are not `std`'s. Each is a state of its own [kind](StateKind::Macro): it
/// may suspend any number of times, return, or leave a loop. What it is given may be awaited in any order, any number
/// of times. A macro that has the name of one of `std`'s is taken for that.
#[derive(Clone, Copy)]
pub struct Info(&'static VTable);

impl Info {
    pub(crate) const fn of(vtable: &'static VTable) -> Self {
        Self(vtable)
    }

    const fn points(self) -> Points {
        self.0.machine.points
    }

    fn start(self) -> &'static panic::Location<'static> {
        self.points()[0].location
    }

    fn state(self, index: usize) -> State {
        State { info: self, index }
    }

    /// The name of the coroutine's function.
    #[must_use]
    pub const fn function(&self) -> &'static str {
        self.0.name
    }

    /// The source file that the function is in, as the compiler was given it.
    #[must_use]
    pub fn file(&self) -> &'static str {
        self.start().file()
    }

    /// The line of the function's name, from 1.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.start().line()
    }

    /// The column of the function's name, from 1.
    #[must_use]
    pub fn column(&self) -> u32 {
        self.start().column()
    }

    /// The states, in the order of the source: first the initial suspension, last the end.
    pub fn states(&self) -> impl ExactSizeIterator<Item = State> + DoubleEndedIterator + Clone + use<> {
        let (info, count) = (*self, self.points().len() + 1);
        (0..count).map(move |index| info.state(index))
    }

    /// From which state control can reach which, and come by no other one; in the order of the states.
    pub fn edges(&self) -> impl ExactSizeIterator<Item = (State, State)> + DoubleEndedIterator + Clone + use<> {
        let info = *self;
        self.0.machine.edges.iter().map(move |&(from, to)| (info.state(from.into()), info.state(to.into())))
    }

    /// The state in which a coroutine is that is suspended at `location`.
    ///
    /// `None` if the location is in another function. And if it cannot be told: a suspension in the input of another
    /// macro is known by its line and column, which are not its own where a macro made the whole function.
    #[must_use]
    pub fn state_at(&self, location: Location) -> Option<State> {
        let points = self.points();
        if !ptr::eq(points, location.vtable.machine.points) {
            return None;
        }
        let emitted = points.iter().position(|point| ptr::eq(point, location.point));
        let index = emitted.or_else(|| {
            let mut there = (0..points.len()).filter(|&index| points[index].location == location.point.location);
            there.next().filter(|_| there.next().is_none())
        });
        index.map(|index| self.state(index))
    }

    /// The diagram as text for [Mermaid](https://mermaid.js.org), which many pages that show Markdown render.
    ///
    /// ```
    /// use coro::{Signal, StateMachine};
    ///
    /// #[coro::coroutine(initial = suspend_never)]
    /// fn door() -> StateMachine<'static, bool, ()> {
    ///     while Signal.await {}
    /// }
    ///
    /// let line = line!() - 3;
    /// let diagram = door().info().to_mermaid().to_string();
    /// assert_eq!(diagram, format!("\
    /// stateDiagram-v2
    ///     state \"Signal.await (line {line})\" as s1
    ///     [*] --> s1
    ///     s1 --> s1
    ///     s1 --> [*]
    /// "));
    /// ```
    #[must_use]
    pub const fn to_mermaid(&self) -> Diagram {
        Diagram { info: *self, language: Language::Mermaid }
    }

    /// The diagram as text in DOT, the language of [Graphviz](https://graphviz.org): `dot -Tsvg` draws it.
    ///
    /// ```
    /// use coro::{Signal, StateMachine};
    ///
    /// #[coro::coroutine(initial = suspend_never)]
    /// fn door() -> StateMachine<'static, bool, ()> {
    ///     while Signal.await {}
    /// }
    ///
    /// let diagram = door().info().to_dot().to_string();
    /// assert!(diagram.starts_with("digraph \"door\" {"), "{diagram}");
    /// assert!(diagram.contains("\n    s1 -> end;\n"), "{diagram}");
    /// ```
    #[must_use]
    pub const fn to_dot(&self) -> Diagram {
        Diagram { info: *self, language: Language::Dot }
    }

    /// Whether there is an edge from the state `from` to the state `to`.
    #[must_use]
    pub fn has_edge(&self, from: State, to: State) -> bool {
        self.edges().any(|edge| edge == (from, to))
    }
}

impl fmt::Debug for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Info({} at {})", self.function(), self.start())
    }
}

/// A state of a machine: a suspension point of the function, or its end.
#[derive(Clone, Copy)]
pub struct State {
    info: Info,
    index: usize,
}

/// What a [`State`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StateKind {
    /// The initial suspension.
    Start,
    /// An `.await`, or a `co_yield!`.
    Suspension,
    /// A macro that the attribute cannot see into: it may suspend any number of times, return, or leave a loop.
    Macro,
    /// The coroutine has returned.
    End,
}

impl State {
    fn point(&self) -> Option<&'static Point> {
        self.info.points().get(self.index)
    }

    /// Its number among the states, from 0.
    #[must_use]
    pub const fn index(&self) -> usize {
        self.index
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> StateKind {
        match self.point() {
            None => StateKind::End,
            Some(_) if self.index == 0 => StateKind::Start,
            Some(Point { is_macro: true, .. }) => StateKind::Macro,
            Some(_) => StateKind::Suspension,
        }
    }

    /// What a coroutine waits for there, as the user wrote it; `initial suspend`, `name!(…)` for a macro, or `end`.
    #[must_use]
    pub fn text(&self) -> &'static str {
        self.point().map_or("end", |point| point.expression)
    }

    /// Where it is in the source; `None` for the end.
    #[must_use]
    pub fn location(&self) -> Option<Location> {
        self.point().map(|point| Location { vtable: self.info.0, point, run: None })
    }

    /// Whether a coroutine is never in it: the start of one with `initial = suspend_never`.
    fn is_passed(&self) -> bool {
        self.index == 0 && self.info.0.machine.at_once
    }

    fn label(self, escape: fn(char) -> Option<&'static str>) -> Label {
        Label { state: self, escape }
    }
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index && ptr::eq(self.info.points(), other.info.points())
    }
}

impl Eq for State {}

impl Hash for State {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.info.points().as_ptr().hash(state);
        self.index.hash(state);
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "State({self})")
    }
}

/// As a [`Location`]; the end is `open_file, end`.
impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.location() {
            Some(location) => write!(f, "{location}"),
            None => write!(f, "{}, end", self.info.function()),
        }
    }
}

/// The diagram of a coroutine, in a language for diagrams: it is text, so display it.
#[derive(Clone, Copy, Debug)]
pub struct Diagram {
    info: Info,
    language: Language,
}

#[derive(Clone, Copy, Debug)]
enum Language {
    Mermaid,
    Dot,
}

impl fmt::Display for Diagram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.language {
            Language::Mermaid => mermaid(self.info, f),
            Language::Dot => dot(self.info, f),
        }
    }
}

fn mermaid(info: Info, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let escape = |c| match c {
        '"' => Some("#quot;"),
        '#' => Some("#35;"),
        '&' => Some("#amp;"),
        '<' => Some("#lt;"),
        '>' => Some("#gt;"),
        // It would be Markdown.
        '*' => Some("#42;"),
        '`' => Some("#96;"),
        _ => None,
    };
    f.write_str("stateDiagram-v2\n")?;
    for state in info.states() {
        if let Some(location) = state.location()
            && !state.is_passed()
        {
            let (index, label, line) = (state.index, state.label(escape), location.line());
            writeln!(f, "    state \"{label} (line {line})\" as s{index}")?;
        }
    }
    if let Some(start) = info.states().next()
        && !start.is_passed()
    {
        writeln!(f, "    [*] --> s0")?;
    }
    for (from, to) in info.edges() {
        let name = |state: State| Name { state, start: "[*]", end: "[*]" };
        writeln!(f, "    {} --> {}", name(from), name(to))?;
    }
    Ok(())
}

fn dot(info: Info, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let escape = |c| match c {
        '"' => Some("\\\""),
        '\\' => Some("\\\\"),
        _ => None,
    };
    writeln!(f, "digraph \"{}\" {{", info.function())?;
    f.write_str(
        "    node [shape=box, style=rounded, fontname=\"monospace\"];\n    start [shape=point, width=0.15];\n",
    )?;
    for state in info.states() {
        let (index, label) = (state.index, state.label(escape));
        let Some(location) = state.location().filter(|_| !state.is_passed()) else { continue };
        write!(f, "    s{index} [label=\"{label}\\nline {}\"", location.line())?;
        f.write_str(if state.kind() == StateKind::Macro { ", style=\"rounded,dashed\"];\n" } else { "];\n" })?;
    }
    f.write_str("    end [shape=doublecircle, width=0.15, label=\"\", style=filled, fillcolor=black];\n")?;
    if let Some(start) = info.states().next()
        && !start.is_passed()
    {
        writeln!(f, "    start -> s0;")?;
    }
    for (from, to) in info.edges() {
        let name = |state: State| Name { state, start: "start", end: "end" };
        writeln!(f, "    {} -> {};", name(from), name(to))?;
    }
    f.write_str("}\n")
}

/// How a state is called in a diagram.
struct Name {
    state: State,
    /// Where none is in.
    start: &'static str,
    end: &'static str,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.state.kind() {
            StateKind::End => f.write_str(self.end),
            _ if self.state.is_passed() => f.write_str(self.start),
            _ => write!(f, "s{}", self.state.index),
        }
    }
}

/// The text of a state in a diagram: not too long.
struct Label {
    state: State,
    escape: fn(char) -> Option<&'static str>,
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 60;
        let text = self.state.text();
        let is_long = text.chars().nth(LONGEST).is_some();
        for c in text.chars().take(if is_long { LONGEST - 1 } else { LONGEST }) {
            match (self.escape)(c) {
                Some(escaped) => f.write_str(escaped)?,
                None => f.write_char(if c.is_control() { ' ' } else { c })?,
            }
        }
        f.write_str(if is_long { "…" } else { "" })
    }
}
