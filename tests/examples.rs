//! What the examples about generators do, beyond running: each is compiled into this test, and asked for more than its `main` asks.
#![forbid(unsafe_code)]
// Each is a program of its own, whose `main` is not used here.
#![allow(dead_code, unreachable_pub)]

#[path = "../examples/arena.rs"]
mod arena;
#[path = "../examples/fibonacci.rs"]
mod fibonacci;
#[path = "../examples/http_head.rs"]
mod http_head;
#[path = "../examples/in_place.rs"]
mod in_place;
#[path = "../examples/kinds_of_yield.rs"]
mod kinds_of_yield;
#[path = "../examples/permutations.rs"]
mod permutations;
#[path = "../examples/simulation.rs"]
mod simulation;
#[path = "../examples/tokenizer.rs"]
mod tokenizer;
#[path = "../examples/tree_walk.rs"]
mod tree_walk;

use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::path::Path;

use http_head::Malformed;
use tokenizer::Token::{self, Name, Number, Symbol};

#[test]
fn fibonacci_gives_every_number_that_fits() {
    let numbers: Vec<_> = fibonacci::fibonacci().collect();
    assert_eq!(numbers[..10], [0, 1, 1, 2, 3, 5, 8, 13, 21, 34]);
    assert!(numbers.windows(3).all(|three| three[0] + three[1] == three[2]));
    assert_eq!((numbers.len(), numbers[92].checked_add(numbers[93])), (94, None), "there are no more");
}

#[test]
fn tree_walk_lists_each_entry_before_what_is_in_it_and_follows_no_links() {
    let top = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tree_walk");
    let _ = fs::remove_dir_all(&top);
    fs::create_dir_all(top.join("b/c/d")).expect("the temporary directory can be written");
    fs::write(top.join("a"), "").expect("the same");
    fs::write(top.join("b/c/e"), "").expect("the same");
    #[cfg(unix)]
    std::os::unix::fs::symlink(&top, top.join("b/up")).expect("the same");
    let walked: Vec<_> = tree_walk::walk(top.clone(), 0).map(|entry| entry.expect("it can be read")).collect();
    let shown: Vec<_> = walked
        .iter()
        .map(|entry| (entry.depth, entry.path.strip_prefix(&top).expect("below it").to_str().expect("ASCII")))
        .collect();
    let mut expected = vec![(0, "a"), (0, "b"), (1, "b/c"), (2, "b/c/d"), (2, "b/c/e")];
    if cfg!(unix) {
        expected.push((1, "b/up"));
    }
    assert_eq!(shown, expected);
}

#[test]
fn tree_walk_gives_an_error_for_what_it_cannot_read() {
    let missing = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tree_walk_missing");
    let mut walk = tree_walk::walk(missing.clone(), 0);
    let error = walk.next().expect("an item").err().expect("an error");
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    assert!(error.to_string().starts_with(missing.to_str().expect("ASCII")), "{error}");
    assert!(walk.next().is_none());
}

fn tokens(text: &str) -> Vec<Result<(usize, Token), tokenizer::Malformed>> {
    tokenizer::tokens(text.chars()).collect()
}

#[test]
fn tokenizer_gives_each_token_with_its_place() {
    let expected = [
        (1, Name("größe_2".to_owned())),
        (8, Symbol('=')),
        (10, Number(3.25)),
        (14, Symbol('*')),
        (15, Symbol('(')),
        (16, Name("x".to_owned())),
        (18, Symbol('-')),
        (20, Number(1.0)),
        (21, Symbol(')')),
    ];
    assert_eq!(tokens("größe_2= 3.25*(x - 1)"), expected.map(Ok));
    assert_eq!(tokens(" \t\n"), []);
}

#[test]
fn tokenizer_ends_with_the_place_and_the_reason() {
    let malformed = |at, reason: &str| Err(tokenizer::Malformed { at, reason: reason.to_owned() });
    assert_eq!(tokens("a ? b"), [Ok((1, Name("a".to_owned()))), malformed(3, "'?' begins no token")]);
    assert_eq!(tokens("1.2.3 b"), [malformed(1, "\"1.2.3\" is not a number")]);
}

#[test]
fn tokenizer_pulls_no_further_than_it_must() {
    let pulled = RefCell::new(String::new());
    let text = "ab+cd".chars().inspect(|next| pulled.borrow_mut().push(*next));
    let mut tokens = tokenizer::tokens(text);
    assert_eq!(pulled.borrow().as_str(), "");
    assert_eq!(tokens.next(), Some(Ok((1, Name("ab".to_owned())))));
    assert_eq!(pulled.borrow().as_str(), "ab+", "one more than the name, to see its end");
}

const REQUEST: &[u8] =
    b"POST /form?q=1 HTTP/1.1\r\nHost: example.org\r\nX-Empty:\r\nX-Tab: \t a\tb \n\r\nthe body\r\n\r\n";

/// Feeds the input in chunks of a size, then its end. Also how much was not the head's.
fn parse(input: &[u8], chunk: usize) -> (Result<http_head::Head, Malformed>, usize) {
    let mut parser = http_head::parser();
    let used: usize = input.chunks(chunk).map(|chunk| http_head::feed(&mut parser, chunk)).sum();
    assert_eq!(parser.is_done(), parser.location().is_none());
    let _ = parser.send_signal(None);
    (parser.result().expect("it has ended"), input.len() - used)
}

#[test]
fn http_head_finds_the_same_head_however_the_input_is_cut() {
    let fields = [("Host", "example.org"), ("X-Empty", ""), ("X-Tab", "a\tb")];
    for chunk in 1..=REQUEST.len() {
        let (head, body) = parse(REQUEST, chunk);
        let head = head.expect("it is well-formed");
        assert_eq!([&*head.method, &*head.target, &*head.version], ["POST", "/form?q=1", "HTTP/1.1"]);
        assert_eq!(head.fields, fields.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(body, "the body\r\n\r\n".len(), "in chunks of {chunk}");
    }
}

#[test]
fn http_head_says_where_malformed_input_is_wrong_and_why() {
    let cases: &[(&[u8], usize, usize, &str)] = &[
        (b"\r\n", 1, 1, "there is no method"),
        (b"G@T / HTTP/1.1\r\n", 1, 2, "a method is followed by one space"),
        (b"GET  / HTTP/1.1\r\n", 1, 5, "there is no target"),
        (b"GET /\r\n", 1, 6, "a target is followed by one space"),
        (b"GET / \x80\r\n", 1, 7, "this is no version of HTTP"),
        (b"GET / HTTP/1.1 \r\n", 1, 7, "this is no version of HTTP"),
        (b"GET / HTTP/1.1\r\n folded: 1\r\n", 2, 1, "a line begins with the name of a field"),
        (b"GET / HTTP/1.1\r\na: 1\r\nHost : 1\r\n", 3, 5, "a name is followed by a colon"),
        (b"GET / HTTP/1.1\r\na: 1\rb\r\n", 2, 5, "a value has no control characters"),
    ];
    for (input, line, column, reason) in cases.iter().copied() {
        for chunk in 1..=input.len() {
            let shown = String::from_utf8_lossy(input);
            assert_eq!(
                parse(input, chunk),
                (Err(Malformed { line, column, reason }), 0),
                "{shown:?} in chunks of {chunk}"
            );
        }
    }
    let shown = Malformed { line: 3, column: 5, reason: "too odd" }.to_string();
    assert_eq!(shown, "line 3, column 5: too odd");
}

#[test]
fn http_head_says_where_the_input_ends_too_early() {
    let head = REQUEST.len() - "the body\r\n\r\n".len();
    for end in 0..head {
        let before = &REQUEST[..end];
        let line_begins = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let expected = Malformed { line, column: end - line_begins + 1, reason: "the input ends here" };
        assert_eq!(parse(before, 7), (Err(expected), 0));
    }
    assert!(parse(&REQUEST[..head], 7).0.is_ok());
}

#[test]
fn http_head_has_limits() {
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(8000));
    let (head, left) = parse(long.as_bytes(), 100);
    assert_eq!(head, Err(Malformed { line: 1, column: 8001, reason: "the line is too long" }));
    assert_eq!(left, long.len() - 8001);
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(101));
    let reason = "there are too many fields";
    assert_eq!(parse(many.as_bytes(), 100).0, Err(Malformed { line: 102, column: 1, reason }));
}

#[test]
fn permutations_come_in_order_without_repetition_and_leave_the_items_as_they_were() {
    let mut items = [1, 2, 3, 4, 5];
    let all: Vec<_> = permutations::permutations(&mut items, 0).collect();
    assert!(all.is_sorted() && all.iter().collect::<BTreeSet<_>>().len() == 120, "{all:?}");
    assert_eq!((all.len(), items), (120, [1, 2, 3, 4, 5]));
    assert!(permutations::permutations(&mut items, 3).all(|order| order[..3] == [1, 2, 3]));
    assert!(permutations::permutations(&mut [0; 0], 0).eq([vec![]]), "there is one order of nothing");
}

#[test]
fn permutations_can_be_given_up_half_way() {
    let mut items = ["a", "b", "c"];
    assert_eq!(permutations::permutations(&mut items, 0).nth(3), Some(vec!["b", "c", "a"]));
    items.sort_unstable();
    assert_eq!(items, ["a", "b", "c"], "they are only in another order");
}

fn simulated(machines: u32) -> (u32, Vec<String>) {
    let log = RefCell::new(vec![]);
    let end = simulation::open_for_business(machines, &|line| log.borrow_mut().push(line));
    (end, log.into_inner())
}

#[test]
fn simulation_lets_cars_wait_for_a_machine_in_the_order_they_came() {
    let (end, log) = simulated(1);
    let goes_in: Vec<_> = log.iter().filter(|line| line.contains("goes in")).map(|line| &**line).collect();
    let expected = [
        "  0  Ada goes in, after 0 minutes",
        "  5  Bob goes in, after 4 minutes",
        "  8  Cleo goes in, after 6 minutes",
        " 13  Dan goes in, after 4 minutes",
    ];
    assert_eq!((end, goes_in), (17, expected.into()));
}

#[test]
fn simulation_runs_in_the_order_of_time_and_ends_with_the_last_car() {
    for (machines, expected) in [(1, 17), (2, 13), (3, 13), (9, 13)] {
        let (end, log) = simulated(machines);
        let times: Vec<u32> = log.iter().map(|line| line[..3].trim().parse().expect("a time")).collect();
        assert!(times.is_sorted() && times.last() == Some(&end), "{log:?}");
        assert_eq!((end, log.len()), (expected, 12), "each of four cars arrives, goes in and leaves");
    }
    assert!(!simulated(3).1.iter().any(|line| line.contains("goes in") && !line.ends_with("after 0 minutes")));
}

#[test]
fn each_kind_of_yield_has_its_own_answer() {
    let mut answers = VecDeque::from(["Ada", "?", "", "36"]);
    let mut questions = vec![];
    let (log, result) = kinds_of_yield::interview("Hello").run(|question| {
        questions.push(question.to_owned());
        answers.pop_front().map(str::to_owned)
    });
    assert_eq!(questions, ["your name?", "your age?", "your age?", "your age?"]);
    assert_eq!(log, ["has a name", "needs to be asked again", "needs to be asked again"]);
    assert_eq!(result.as_deref(), Some("Hello, Ada: next year you will be 37"));
    let mut answers = VecDeque::from(["Methuselah", "-1", "969", "4294967295", "255"]);
    let (log, result) = kinds_of_yield::interview("Hello").run(|_| answers.pop_front().map(str::to_owned));
    assert_eq!(log.len(), 4);
    assert_eq!(result.as_deref(), Some("Hello, Methuselah: next year you will be 256"));
}

#[test]
fn an_interview_without_answers_ends_without_a_result() {
    assert_eq!(kinds_of_yield::interview("Hello").run(|_| None), (vec![], None));
    let mut answers = VecDeque::from(["Ada"]);
    let run = kinds_of_yield::interview("Hello").run(|_| answers.pop_front().map(str::to_owned));
    assert_eq!(run, (vec!["has a name"], None));
}

#[test]
fn arena_walks_a_tree_in_memory_that_comes_back_at_its_end() {
    let top = Path::new(env!("CARGO_TARGET_TMPDIR")).join("arena");
    let _ = fs::remove_dir_all(&top);
    fs::create_dir_all(top.join("a/b/c")).expect("the temporary directory can be written");
    for file in ["z", "a/y", "a/b/c/x"] {
        fs::write(top.join(file), "").expect("the same");
    }
    // It is not followed.
    #[cfg(unix)]
    std::os::unix::fs::symlink(&top, top.join("a/b/c/y")).expect("the same");
    let mut arena = coro::Shared::new(bumpalo::Bump::new());
    let mut files = arena::files(arena.clone(), top.clone());
    assert_eq!(files.next(), Some(top.join("a/b/c/x")));
    let deep = arena.allocated_bytes();
    assert!(deep > 0);
    #[cfg(unix)]
    assert_eq!(files.next(), Some(top.join("a/b/c/y")));
    assert_eq!(files.by_ref().collect::<Vec<_>>(), [top.join("a/y"), top.join("z")]);
    assert!(arena.get_mut().is_none());
    drop(files);
    arena.get_mut().expect("the walk has ended").reset();
}

#[test]
fn in_place_decodes_what_arrives_in_any_portions() {
    let inbox = RefCell::default();
    let mut line = in_place::Line { bytes: 0, decoder: std::pin::pin!(in_place::decode(&inbox)) };
    let mut receive = |bytes: &[u8]| {
        bytes.iter().for_each(|byte| line.receive(*byte));
        let inbox: std::cell::Ref<'_, in_place::Inbox> = inbox.borrow();
        (inbox.received, inbox.damaged, String::from_utf8_lossy(&inbox.text).into_owned())
    };
    let sum = |text: &[u8]| text.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    assert_eq!(receive(b"noise\x7e"), (0, 0, String::new()));
    assert_eq!(receive(b"\x02hi"), (0, 0, String::new()));
    assert_eq!(receive(&[sum(b"hi")]), (1, 0, "hi".to_owned()));
    assert_eq!(receive(b"\x7e\x01a\0\x7e\xff"), (1, 2, "hi".to_owned()));
    assert_eq!(receive(b"\x7e\0\0"), (2, 2, String::new()));
}

#[test]
fn each_example_has_its_line_in_their_readme() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let programs: BTreeSet<String> = fs::read_dir(&directory)
        .expect("the examples are there")
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| path.file_stem().expect("it has a name").to_string_lossy().into_owned())
        .collect();
    let readme = fs::read_to_string(directory.join("README.md")).expect("the README is there");
    let (expanded, programs): (BTreeSet<_>, BTreeSet<_>) =
        programs.into_iter().partition(|program| program.ends_with("-expanded"));
    assert!(expanded.iter().all(|program| readme.contains(&format!("]({program}.rs)"))), "{expanded:?}");
    let lines = readme.lines().filter_map(|line| line.strip_prefix("| `")?.split([' ', '`']).next());
    let listed: Vec<String> = lines.map(str::to_owned).collect();
    assert_eq!(listed.len(), programs.len(), "one line each");
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), programs);
}
