//! What a coroutine tells about the machine that it is.
#![forbid(unsafe_code)]

#[path = "../examples/diagram.rs"]
#[allow(dead_code, unreachable_pub)]
mod example;

use std::collections::HashSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};

use coro::{
    AsyncGenerator, CoroutineHandle, Generator, Info, Polled, Signal, State, StateKind, StateMachine, Task, TwoWay,
    two_way, when_all,
};

/// The line of the only place in the example where `text` stands, `skip` such places before it aside.
fn line_of(text: &str, skip: usize) -> usize {
    let lines = include_str!("../examples/diagram.rs").lines();
    let mut found = lines.enumerate().filter(|(_, line)| line.contains(text)).map(|(index, _)| index + 1);
    found.nth(skip).expect("it is there")
}

fn numbers(info: Info) -> Vec<(usize, usize)> {
    info.edges().map(|(from, to)| (from.index(), to.index())).collect()
}

#[test]
fn the_mouse_click_machine_has_a_start_two_waiting_states_the_loop_between_them_and_the_way_out() {
    let info = example::machine();
    let (first, second) = (line_of("Signal.await;", 0), line_of("Signal.await;", 1));
    let name = u32::try_from(line_of("fn open_file", 0)).expect("few");
    assert_eq!((info.function(), info.line(), info.column()), ("open_file", name, 4));
    assert_eq!(info.file().replace('\\', "/"), "tests/../examples/diagram.rs");
    let states: Vec<State> = info.states().collect();
    let kinds: Vec<StateKind> = states.iter().map(State::kind).collect();
    assert_eq!(kinds, [StateKind::Start, StateKind::Suspension, StateKind::Suspension, StateKind::End]);
    assert_eq!(
        states.iter().map(State::text).collect::<Vec<_>>(),
        ["initial suspend", "Signal.await", "Signal.await", "end"]
    );
    assert_eq!(numbers(info), [(0, 1), (1, 2), (2, 2), (2, 3)]);
    assert!(info.has_edge(states[2], states[3]) && !info.has_edge(states[1], states[3]));
    let mermaid = format!(
        "\
stateDiagram-v2
    state \"Signal.await (line {first})\" as s1
    state \"Signal.await (line {second})\" as s2
    [*] --> s1
    s1 --> s2
    s2 --> s2
    s2 --> [*]
"
    );
    assert_eq!(info.to_mermaid().to_string(), mermaid);
    let dot = format!(
        r#"digraph "open_file" {{
    node [shape=box, style=rounded, fontname="monospace"];
    start [shape=point, width=0.15];
    s1 [label="Signal.await\nline {first}"];
    s2 [label="Signal.await\nline {second}"];
    end [shape=doublecircle, width=0.15, label="", style=filled, fillcolor=black];
    start -> s1;
    s1 -> s2;
    s2 -> s2;
    s2 -> end;
}}
"#
    );
    assert_eq!(info.to_dot().to_string(), dot);
}

/// Draws with Graphviz, in the colours of the page, be it light or dark. The source is in the picture, as a comment.
fn draw(source: &str) -> String {
    let mut graphviz = Command::new("dot")
        .args(["-Tsvg", "-Grankdir=LR", "-Gbgcolor=transparent", "-Nfontsize=12"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Graphviz is installed");
    graphviz.stdin.take().expect("a pipe").write_all(source.as_bytes()).expect("it reads");
    let drawn = graphviz.wait_with_output().expect("it draws").stdout;
    let drawn = String::from_utf8(drawn).expect("it is text");
    let (_, picture) = drawn.split_once("<svg").expect("an SVG");
    let (attributes, content) = picture.split_once('>').expect("a tag");
    let content = content.replace("\"black\"", "\"currentColor\"").replace("<text ", "<text fill=\"currentColor\" ");
    let style = "svg { color: #1f2328 } @media (prefers-color-scheme: dark) { svg { color: #e6edf3 } }";
    format!("<!--\n{source}-->\n<svg{attributes}>\n<style>{style}</style>{content}")
}

#[test]
fn the_picture_in_the_readme_is_of_the_mouse_click_machine() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/diagram/open_file.svg");
    let source = example::machine().to_dot().to_string();
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, draw(&source)).expect("it can be written");
    }
    let picture = fs::read_to_string(&path).expect("it is there").replace('\r', "");
    let drawn = picture.strip_prefix("<!--\n").and_then(|rest| rest.split_once("-->\n"));
    let (drawn, svg) = drawn.expect("its source");
    assert_eq!(drawn, source, "bless it with UPDATE_EXPECT=1; that needs Graphviz");
    for edge in source.lines().filter(|line| line.contains(" -> ")) {
        let title = edge.trim().trim_end_matches(';').replace(" -> ", "&#45;&gt;");
        assert!(svg.contains(&format!("<title>{title}</title>")), "{title} is not drawn");
    }
    assert_eq!(svg.matches(">Signal.await</text>").count(), 2);
    let readme = include_str!("../README.md");
    assert!(readme.contains("](examples/diagram/open_file.svg)"));
}

#[test]
fn a_run_is_in_the_state_that_its_location_names() {
    #[coro::coroutine]
    fn walk() -> StateMachine<'static, bool, ()> {
        while Signal.await {
            println!("{} {}", Signal.await, co_await!(Signal));
        }
    }
    let mut machine = walk();
    let info = machine.info();
    let mut visited = Vec::new();
    let mut visit = |machine: &StateMachine<'_, bool, ()>| {
        let location = machine.location().expect("it waits");
        let state = info.state_at(location).expect("it is one of its states");
        assert_eq!(state.location().map(|at| (at.line(), at.column())), Some((location.line(), location.column())));
        visited.push(state.index());
    };
    visit(&machine);
    // The first signal is there when the loop asks for it: that state is passed.
    for signal in [true; 4] {
        machine.send_signal(signal).expect("it waits");
        visit(&machine);
    }
    assert_eq!(visited, [0, 2, 3, 1, 2]);
    assert_eq!(numbers(info), [(0, 1), (1, 2), (1, 4), (2, 3), (3, 1)]);
}

#[test]
fn a_coroutine_that_waits_to_be_started_is_drawn_with_that_state() {
    #[coro::coroutine]
    fn one() -> Generator<'static, u32> {
        co_yield!(1);
    }
    let (name, body) = (line!() - 3, line!() - 2);
    let mermaid = format!(
        "\
stateDiagram-v2
    state \"initial suspend (line {name})\" as s0
    state \"co_yield!(1) (line {body})\" as s1
    [*] --> s0
    s0 --> s1
    s1 --> [*]
"
    );
    assert_eq!(one().info().to_mermaid().to_string(), mermaid);
    assert!(one().info().to_dot().to_string().contains("    start -> s0;\n    s0 -> s1;\n    s1 -> end;\n"));
}

macro_rules! yields {
    ($value:expr) => {
        co_yield!($value)
    };
}

#[test]
fn a_macro_is_a_box_of_its_own_kind_in_which_a_run_may_be() {
    #[coro::coroutine]
    fn boxed() -> Generator<'static, u32> {
        yields!(1);
        co_yield!(2);
    }
    let mut generator = boxed();
    let info = generator.info();
    let states: Vec<_> = info.states().map(|state| (state.kind(), state.text())).collect();
    assert_eq!(states[1..3], [(StateKind::Macro, "yields!(…)"), (StateKind::Suspension, "co_yield!(2)")]);
    // It may suspend never or often, and return.
    assert_eq!(numbers(info), [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3), (2, 3)]);
    assert_eq!(generator.next(), Some(1));
    let state = generator.location().and_then(|location| info.state_at(location));
    assert_eq!(state.map(|state| state.index()), Some(1));
    let dot = info.to_dot().to_string();
    assert!(dot.contains("s1 [label=\"yields!(…)\\nline ") && dot.contains(", style=\"rounded,dashed\"];"), "{dot}");
}

macro_rules! make {
    ($name:ident, $($value:literal)*) => {
        #[coro::coroutine]
        fn $name() -> Generator<'static, u32> {
            $(co_yield!($value);)*
        }
    };
}

#[test]
fn states_are_told_apart_where_a_macro_made_all_of_them_in_one_place() {
    make!(made, 1 2 3);
    let mut generator = made();
    let info = generator.info();
    let mut states = Vec::new();
    while generator.next().is_some() {
        states.extend(generator.location().and_then(|location| info.state_at(location)).map(|state| state.index()));
    }
    assert_eq!(states, [1, 2, 3]);
}

#[test]
fn a_location_in_another_function_is_no_state_and_leads_to_its_own_machine() {
    #[coro::coroutine]
    fn outer() -> Generator<'static, u32> {
        co_yield!(..inner());
    }
    #[coro::coroutine]
    fn inner() -> Generator<'static, u32> {
        co_yield!(1);
    }
    let mut generator = outer();
    generator.next();
    let (info, location) = (generator.info(), generator.location().expect("it is suspended"));
    assert_eq!((info.function(), location.info().function()), ("outer", "inner"));
    assert_eq!(info.state_at(location), None);
    let chain: Vec<_> = generator.backtrace().map(|at| at.info().state_at(at).map(|state| state.index())).collect();
    assert_eq!(chain, [Some(1), Some(1)]);
}

#[test]
fn every_type_of_coroutine_has_a_machine() {
    #[coro::coroutine]
    fn task() -> Task<'static, u32, Polled> {
        std::future::ready(1).await
    }
    #[coro::coroutine]
    fn items() -> AsyncGenerator<'static, u32, Polled> {
        co_yield!(task().await);
    }
    #[coro::coroutine]
    fn answers(first: u32) -> TwoWay<'static, u32, u32, u32> {
        first + co_yield!(first)
    }
    assert_eq!((task().info().function(), numbers(task().info())), ("task", vec![(0, 1), (1, 2)]));
    assert_eq!((items().info().function(), numbers(items().info())), ("items", vec![(0, 1), (1, 2), (2, 3)]));
    let mut resumable = two_way(answers);
    assert!(resumable.info().is_none(), "the function has not been called");
    resumable.resume(1).expect("it has just begun");
    assert_eq!(resumable.info().map(|info| info.function()), Some("answers"));
    let all = when_all((task(), task())).info();
    assert_eq!((all.function(), numbers(all)), ("when_all", vec![(0, 1)]));
}

struct Own<'a>(CoroutineHandle<'a, OwnPromise>);

struct OwnPromise;

#[coro::promise]
impl OwnPromise {
    fn new() -> Self {
        Self
    }
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Own<'_> {
        Own(handle)
    }
    fn return_void(&mut self) {}
}

#[test]
fn a_type_of_ones_own_asks_its_handle_before_and_after_the_end() {
    #[coro::coroutine]
    fn own<T>(_of: T) -> Own<'static>
    where
        T: 'static,
    {
        coro::SuspendAlways.await;
    }
    let (mut one, other) = (own(1), own("other"));
    while !one.0.is_done() {
        one.0.resume();
    }
    assert_eq!(numbers(one.0.info()), [(0, 1), (1, 2)]);
    // The machine is the function's, whatever its parameters.
    let states: HashSet<State> = one.0.info().states().chain(other.0.info().states()).collect();
    assert_eq!(states.len(), 3);
}

#[test]
fn states_and_machines_show_what_they_are() {
    let info = example::machine();
    let states: Vec<String> = info.states().map(|state| state.to_string().replace('\\', "/")).collect();
    let (name, second) = (line_of("fn open_file", 0), line_of("Signal.await;", 1));
    let file = "tests/../examples/diagram.rs";
    assert_eq!(states[0], format!("open_file at {file}:{name}:4: initial suspend"));
    assert_eq!(states[2], format!("open_file at {file}:{second}:29: Signal.await"));
    assert_eq!(states[3], "open_file, end");
    let shown = format!("{info:?}").replace('\\', "/");
    assert_eq!(shown, format!("Info(open_file at {file}:{name}:4)"));
    assert_eq!(format!("{:?}", info.states().last()), "Some(State(open_file, end))");
}

#[test]
fn texts_are_escaped_and_not_too_long() {
    fn given(_: &str) -> std::future::Ready<()> {
        std::future::ready(())
    }
    #[coro::coroutine]
    fn escaped(a: u8) -> Task<'static, (), Polled> {
        given("\"\\<#>&*`").await;
        given(if a < 1 { "a long text" } else { "another, also a long one, which says nothing else" }).await;
    }
    let (mermaid, dot) = (escaped(1).info().to_mermaid().to_string(), escaped(1).info().to_dot().to_string());
    assert!(mermaid.contains(r##""given(#quot;\#quot;\\#lt;#35;#gt;#amp;#42;#96;#quot;).await (line "##), "{mermaid}");
    assert!(dot.contains(r#"[label="given(\"\\\"\\\\<#>&*`\").await\nline "#), "{dot}");
    let long = r#"given(if a < 1 { "a long text" } else { "another, also a lo…"#;
    assert!(dot.contains(&long.replace('"', "\\\"")), "{dot}");
    assert_eq!(long.chars().count(), 60);
}
