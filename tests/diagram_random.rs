//! Random coroutines go only along the edges of their diagrams. `FROM` and `COUNT` choose the seeds, `WALKS` how often
//! each coroutine runs.
#![forbid(unsafe_code)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Writes a random body. What it calls is in `diagram_support/runner.rs`.
struct Writer {
    seed: u64,
    point: u32,
    label: u32,
    scopes: Vec<Scope>,
    /// Where the attribute does not see an `.await`.
    no_await: bool,
    /// Whether there are macros that the attribute does not see into.
    boxes: bool,
}

/// What a jump can leave.
struct Scope {
    label: String,
    is_loop: bool,
    /// Whether `break` gives it a value.
    has_value: bool,
    /// Not in its condition, where a jump needs the label.
    in_body: bool,
}

const HIDDEN: u32 = 1_000_000;

impl Writer {
    fn new(seed: u64) -> Self {
        let mut writer =
            Self { seed, point: 0, label: 0, scopes: Vec::new(), no_await: false, boxes: seed.is_multiple_of(3) };
        writer.random(1);
        writer
    }

    fn random(&mut self, below: u32) -> u32 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.seed >> 33).expect("31 bits") % below
    }

    fn body(&mut self) -> String {
        let statements = self.statements(3);
        let value = self.number(2);
        format!("let mut x = [0; 3];\n{statements}Some({value})\n")
    }

    fn statements(&mut self, depth: u32) -> String {
        let count = 1 + self.random(3);
        (0..count).map(|_| self.statement(depth) + "\n").collect()
    }

    fn block(&mut self, depth: u32) -> String {
        format!("{{\n{}}}", self.statements(depth))
    }

    fn within(&mut self, is_loop: bool, has_value: bool, write: impl FnOnce(&mut Self, &str) -> String) -> String {
        self.label += 1;
        let label = format!("'l{}", self.label);
        self.scopes.push(Scope { label: label.clone(), is_loop, has_value, in_body: true });
        let written = write(self, &label);
        self.scopes.pop();
        written
    }

    /// Writes a condition of the innermost scope.
    fn head(&mut self, depth: u32) -> String {
        let innermost = self.scopes.len() - 1;
        self.scopes[innermost].in_body = false;
        let condition = self.conditions(depth);
        self.scopes[innermost].in_body = true;
        condition
    }

    fn statement(&mut self, depth: u32) -> String {
        if depth == 0 {
            return format!("{};", self.number(0));
        }
        let less = depth - 1;
        match self.random(26) {
            0..4 => format!("{};", self.number(less)),
            4 => format!("let _number = {};", self.number(less)),
            5 => {
                let (number, jump) = (self.number(less), self.jump(less));
                format!("let Some(_number) = o({number}) else {{ {jump}; }};")
            }
            6 | 7 => format!("if {} {}", self.conditions(less), self.block(less)),
            8 => {
                let (first, second) = (self.conditions(less), self.conditions(less));
                let (a, b, c) = (self.block(less), self.block(less), self.block(less));
                format!("if {first} {a} else if {second} {b} else {c}")
            }
            9 => self
                .within(true, false, |this, label| format!("{label}: while {} {}", this.head(less), this.block(less))),
            10 => {
                let number = self.number(less);
                self.within(true, false, |this, label| {
                    format!("{label}: for _ in 0..{number} % 3 {}", this.block(less))
                })
            }
            11 => self.within(true, false, |this, label| {
                let (before, after) = (this.statements(less), this.statements(less));
                format!("{label}: loop {{\n{before}if c() {{ break; }}\n{after}}}")
            }),
            12 => self.within(false, false, |this, label| format!("{label}: {}", this.block(less))),
            13..16 => {
                let condition = self.condition(less);
                let jump = self.jump(less);
                format!("if {condition} {{ {jump}; }}")
            }
            16 => format!("x[({} % 3) as usize] = {};", self.number(less), self.number(less)),
            17 => format!("x[({} % 3) as usize] |= {};", self.number(less), self.number(less)),
            18 => format!("Own::default()[({} % 3) as usize] += {};", self.number(less), self.number(less)),
            19 => {
                let (place, a, b) = (self.number(less), self.number(less), self.number(less));
                format!("(x[0], x[({place} % 3) as usize]) = ({a}, {b});")
            }
            20 => match self.random(3) {
                0 => format!("#[cfg(any())]\n{}", self.block(less)),
                1 => format!("#[cfg(all())]\n{}", self.block(less)),
                _ => format!("#[cfg(any())]\nlet _number = {};", self.number(less)),
            },
            21 => match self.random(5) {
                0 => format!("assert!({}, \"{{}}\", {});", self.condition(less), self.number(less)),
                1 => format!("debug_assert!({});", self.condition(less)),
                2 => format!(
                    "assert_ne!({}, {} + 9, \"{{}}\", {});",
                    self.number(less),
                    self.number(less),
                    self.number(less)
                ),
                3 => format!(
                    "write!(String::new(), \"{{}} {{}}\", {}, {}).unwrap();",
                    self.number(less),
                    self.number(less)
                ),
                _ => format!("if {} {{ unreachable!(\"{{}}\", {}); }}", self.condition(less), self.number(less)),
            },
            22 | 23 if !self.boxes => format!("{};", self.number(less)),
            22 => match self.scopes.last() {
                Some(Scope { label, has_value: false, .. }) if self.seed & (1 << 40) == 0 => {
                    format!("leave!({label});")
                }
                _ => "leave!();".to_owned(),
            },
            23 => format!("tokens! {{ if c() {} }}", self.block(less)),
            24 => {
                let (a, b) = (self.number(less), self.number(less));
                format!(
                    "let _later = || {{ let _ = async {{}}; }}; let _ = move |n: u32| n; let _ = ({a}, const {{ 1 }}, {b});"
                )
            }
            _ => format!("{{ {} }};", self.number(less)),
        }
    }

    /// Leaves a scope, or the function.
    fn jump(&mut self, depth: u32) -> String {
        if self.scopes.is_empty() || self.random(3) == 0 {
            return match self.random(3) {
                0 => "return None".to_owned(),
                1 => format!("return Some({})", self.number(depth)),
                _ => format!("return o({})", self.number(depth)),
            };
        }
        let index = self.random(u32::try_from(self.scopes.len()).expect("few")) as usize;
        let Scope { label, is_loop, has_value, in_body } = &self.scopes[index];
        let (is_loop, has_value) = (*is_loop, *has_value);
        let label =
            if is_loop && *in_body && index + 1 == self.scopes.len() { String::new() } else { format!(" {label}") };
        if is_loop && self.random(2) == 0 {
            format!("continue{label}")
        } else if has_value {
            format!("break{label} {}", self.number(depth))
        } else {
            format!("break{label}")
        }
    }

    /// What an `if` or a `while` takes.
    fn conditions(&mut self, depth: u32) -> String {
        match self.random(4) {
            0 => format!("let Some(_number) = o({})", self.number(depth)),
            1 => {
                let (a, b) = (self.condition(depth), self.number(depth));
                format!("{a} && let Some(_number) = o({b}) && {}", self.condition(depth))
            }
            _ => self.condition(depth),
        }
    }

    fn condition(&mut self, depth: u32) -> String {
        if depth == 0 {
            return "c()".to_owned();
        }
        let less = depth - 1;
        match self.random(8) {
            0 => format!("({} && {})", self.condition(less), self.condition(less)),
            1 => format!("({} || {})", self.condition(less), self.condition(less)),
            2 => format!("(!{})", self.condition(less)),
            3 => format!("({} > 1)", self.number(less)),
            4 => {
                let outer = std::mem::replace(&mut self.no_await, true);
                let guard = self.condition(less);
                self.no_await = outer;
                format!("matches!({}, 0 | 1 if {guard})", self.number(less))
            }
            5 => format!("({} & {})", self.condition(less), self.condition(less)),
            6 => {
                let statements = self.statements(less);
                format!("({{ {statements}{} }})", self.condition(less))
            }
            _ => "c()".to_owned(),
        }
    }

    fn suspension(&mut self, depth: u32) -> String {
        self.point += 1;
        let number = self.point;
        match self.random(6) {
            0 => format!("co_await!(s({number}))"),
            1 => format!("co_yield!(s({number}))"),
            2 if depth > 0 => format!("co_yield!(with({number}, {}))", self.number(depth - 1)),
            _ if self.no_await => format!("co_await!(s({number}))"),
            3 if depth > 0 => format!("with({number}, {}).await", self.number(depth - 1)),
            _ => format!("s({number}).await"),
        }
    }

    fn number(&mut self, depth: u32) -> String {
        if depth == 0 {
            return match self.random(3) {
                0 => "1u32".to_owned(),
                _ => self.suspension(0),
            };
        }
        let less = depth - 1;
        match self.random(34) {
            0..8 => self.suspension(depth),
            kind @ 13.. => format!("({})", self.compound(kind, less)),
            8 => format!("({} ^ {})", self.number(less), self.number(less)),
            9 => format!("{}.wrapping_add({})", self.number(less), self.number(less)),
            10 => format!("add({}, {})", self.number(less), self.number(less)),
            11 => {
                let (a, b, at) = (self.number(less), self.number(less), self.number(less));
                format!("[{a}, {b}, 1][({at} % 3) as usize]")
            }
            _ => format!("({}, {}).0", self.number(less), self.number(less)),
        }
    }

    /// What may need parentheses.
    fn compound(&mut self, kind: u32, less: u32) -> String {
        match kind {
            13 => format!("Pair {{ b: {}, a: {} }}.b", self.number(less), self.number(less)),
            14 => format!("Pair {{ b: {}, ..pair({}) }}.b", self.number(less), self.number(less)),
            15 => {
                let statements = self.statements(less);
                format!("{{ {statements}{} }}", self.number(less))
            }
            16 | 17 => {
                let condition = self.conditions(less);
                format!("if {condition} {{ {} }} else {{ {} }}", self.number(less), self.number(less))
            }
            18 | 19 => {
                let (value, guard, other) = (self.number(less), self.condition(less), self.condition(less));
                let (a, b, c) = (self.number(less), self.number(less), self.number(less));
                format!(
                    "match {value} % 3 {{ 0 if {guard} => {a}, n if {other} => {b} + n, 0 | 1 => 1, _ => {{ {c} }} }}"
                )
            }
            20 => {
                let (a, b, guard) = (self.number(less), self.number(less), self.condition(less));
                let (c, d) = (self.number(less), self.number(less));
                format!("match ({a} % 2, {b} % 2) {{ (0, _) | (_, 0) if {guard} => {c}, _ => {d} }}")
            }
            21 | 22 => format!("o({})?", self.number(less)),
            23 => self.within(false, true, |this, label| {
                let (statements, condition) = (this.statements(less), this.condition(less));
                let (early, value) = (this.number(less), this.number(less));
                format!("{label}: {{ {statements}if {condition} {{ break {label} {early} }}\n{value} }}")
            }),
            24 => self.within(true, true, |this, label| {
                let (statements, value) = (this.statements(less), this.number(less));
                format!("{label}: loop {{ {statements}if c() {{ break {value} }} }}")
            }),
            25 => format!("add({}, {{ {} }})", self.number(less), self.jump(less)),
            26 => match self.random(3) {
                0 => format!("vec![{}, {}][0]", self.number(less), self.number(less)),
                1 => format!("vec![{}; 2][0]", self.number(less)),
                _ => format!("format!(\"{{}}{{n}}\", {}, n = {}).len() as u32", self.number(less), self.number(less)),
            },
            27 => format!("dbg!({}, {}).1", self.number(less), self.number(less)),
            28..=32 if !self.boxes => self.number(less),
            28 => format!("twice!({})", self.number(less)),
            29 => format!("never!({})", self.number(less)),
            30 => format!("backwards!({}, {})", self.number(less), self.number(less)),
            31 => format!("either!({}; {})", self.number(less), self.number(less)),
            32 => {
                self.point += 1;
                format!("hidden!({})", HIDDEN + self.point)
            }
            _ => format!("(-(({}) as i64)) as u32", self.number(less)),
        }
    }
}

fn number(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

/// Writes the program, and gives its directory.
fn write_program(from: u64, count: u64) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("diagram_random");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::create_dir_all(&directory).expect("the temporary directory can be written");
    let write = |name: &str, text: &str| fs::write(directory.join(name), text).expect("the same");
    let (mut bodies, mut list) = (String::new(), String::new());
    for seed in from..from + count {
        let body = Writer::new(seed).body();
        let function = format!("#[coro::coroutine]\nfn f{seed}() -> Walk<'static> {{\n{body}}}\n");
        writeln!(list, "    (f{seed}, r##\"{function}\"##),").expect("a string takes all");
        bodies += &function;
    }
    write("bodies.rs", &format!("{bodies}\nconst COROUTINES: &[(fn() -> Walk<'static>, &str)] = &[\n{list}];\n"));
    write("main.rs", include_str!("diagram_support/runner.rs"));
    let coro = root.join("coro-core");
    let manifest = format!(
        "[package]\nname = \"diagram-random\"\nedition = \"2024\"\n\n[[bin]]\nname = \"diagram-random\"\npath = \"main.rs\"\n\n\
         [dependencies]\ncoro = {{ package = \"coro-core\", path = {coro:?} }}\n\n[profile.dev]\ndebug = false\n\n[workspace]\n"
    );
    write("Cargo.toml", &manifest);
    fs::copy(root.join("Cargo.lock"), directory.join("Cargo.lock")).expect("the same");
    directory
}

#[test]
fn random_coroutines_go_only_along_the_edges_of_their_diagrams() {
    let (from, count, walks) = (number("FROM", 1), number("COUNT", 200), number("WALKS", 300));
    let directory = write_program(from, count);
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--offline", "--", &walks.to_string()])
        .current_dir(&directory)
        .env("CARGO_TARGET_DIR", directory.join("target"))
        .output()
        .expect("cargo runs");
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{errors}");
    println!("{said}");
    // They did go somewhere.
    let last = said.lines().last().expect("it counts");
    let counted = |name: &str| -> u64 {
        let mut words = last.split(' ').skip_while(|word| *word != name);
        words.nth(1).and_then(|number| number.parse().ok()).expect("it counts")
    };
    assert_eq!((counted("functions"), counted("failed")), (count, 0));
    assert!(counted("taken") * 3 > counted("edges") * 2, "most edges are taken: {last}");
    assert!(counted("returns") > count * walks / 10, "many return: {last}");
}
