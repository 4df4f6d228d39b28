//! The run as a sequence diagram: one SVG that needs nothing else, for light and for dark.
//!
//! Time goes down. Each coroutine has a line, with a bar where its body is on the stack. An arrow is control that goes from
//! one to another: drawn through where it runs, dashed where it goes back. The first line is the world outside, which
//! resumes whom nobody else does.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::{Names, Run, Told, What};

/// How much is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Every hook.
    Hooks,
    /// Only who runs when, and what it waits for.
    Turns,
}

const ROW: usize = 22;
const BOX: usize = 24;
const BAR: usize = 10;
/// How far an arrow is below the middle of its row, which is its text's.
const DOWN: usize = 6;
const MARGIN: usize = 16;
/// The width of a letter.
const LETTER: usize = 7;
/// What is longer is cut; the whole text appears where the mouse is.
const LONGEST: usize = 40;
const COLOURS: usize = 6;

impl Run {
    /// The diagram. `outside` names what runs the coroutines: `main`, an executor, a queue.
    #[must_use]
    pub fn to_svg(&self, outside: &str, detail: Detail) -> String {
        let mut picture = Picture::new(self.names(), outside, detail);
        for moment in &self.moments {
            picture.show(moment.thread, &moment.what);
        }
        picture.finish(outside)
    }
}

/// A coroutine that is in the picture.
struct Life {
    coroutine: u64,
    lane: usize,
    from: usize,
    is_over: bool,
}

/// Where control goes next, and from whom.
struct Handover {
    from: u64,
    says: &'static str,
    goes_back: bool,
}

enum Text {
    /// Right of a line.
    Note(usize),
    /// Over an arrow.
    Arrow(usize, usize),
}

struct Picture {
    names: Names,
    detail: Detail,
    /// The first row that is free.
    row: usize,
    /// Who uses each lane, but the first, which is the outside's.
    lanes: Vec<Option<u64>>,
    lives: Vec<Life>,
    /// The bodies on the stack of each thread, with the rows where their bars begin.
    stacks: Vec<Vec<(u64, usize)>>,
    handovers: HashMap<u64, Handover>,
    // Everything in rows and lanes, until it is known how wide a lane is.
    lines: Vec<(usize, usize, usize, bool)>,
    boxes: Vec<(usize, usize, usize, String)>,
    bars: Vec<(usize, usize, usize, usize)>,
    arrows: Vec<(usize, usize, usize, bool, bool)>,
    texts: Vec<(Text, usize, String, Option<String>, &'static str)>,
}

impl Picture {
    fn new(names: Names, outside: &str, detail: Detail) -> Self {
        Self {
            names,
            detail,
            row: 1,
            lanes: vec![None],
            lives: Vec::new(),
            stacks: Vec::new(),
            handovers: HashMap::new(),
            lines: Vec::new(),
            boxes: vec![(0, 0, COLOURS, outside.to_owned())],
            bars: Vec::new(),
            arrows: Vec::new(),
            texts: Vec::new(),
        }
    }

    fn show(&mut self, thread: usize, what: &What) {
        if self.stacks.len() <= thread {
            self.stacks.resize_with(thread + 1, Vec::new);
        }
        match what {
            What::Made { coroutine, .. } => self.made(thread, *coroutine),
            What::Enters(coroutine) => self.stacks[thread].push((*coroutine, self.row - 1)),
            What::Leaves(coroutine) => {
                if let Some((_, from)) = self.stacks[thread].pop() {
                    self.bars.push((self.lane(*coroutine), from, self.row - 1, self.colour(*coroutine)));
                }
                self.end_if_over(*coroutine);
            }
            What::Gone(_) => {}
            What::Says(text) => {
                let lane = self.running(thread);
                self.text(Text::Note(lane), text, None, "says");
                self.row += 1;
            }
            What::Does { coroutine, event } => self.does(thread, *coroutine, event),
        }
    }

    /// The lane of the body that is on the stack, or of the outside.
    fn running(&self, thread: usize) -> usize {
        self.stacks[thread].last().map_or(0, |&(coroutine, _)| self.lane(coroutine))
    }

    fn lane(&self, coroutine: u64) -> usize {
        self.life(coroutine).map_or(0, |life| life.lane)
    }

    fn life(&self, coroutine: u64) -> Option<&Life> {
        self.lives.iter().find(|life| life.coroutine == coroutine)
    }

    /// The coroutines of a function have one colour.
    fn colour(&self, coroutine: u64) -> usize {
        let function = |known: &(u64, String)| known.1.clone();
        let this = self.names.0.iter().find(|known| known.0 == coroutine).map(function);
        let mut functions: Vec<_> = self.names.0.iter().map(function).collect();
        let mut seen = Vec::new();
        functions.retain(|it| !seen.contains(it) && (seen.push(it.clone()), true).1);
        this.and_then(|this| functions.iter().position(|it| *it == this)).map_or(COLOURS, |index| index % COLOURS)
    }

    fn made(&mut self, thread: usize, coroutine: u64) {
        let from = self.running(thread);
        let lane = self.lanes.iter().skip(1).position(Option::is_none).map_or(self.lanes.len(), |free| free + 1);
        if lane == self.lanes.len() {
            self.lanes.push(None);
        }
        self.lanes[lane] = Some(coroutine);
        self.boxes.push((lane, self.row, self.colour(coroutine), self.names.of(coroutine)));
        self.arrows.push((from, lane, self.row, false, true));
        self.lives.push(Life { coroutine, lane, from: self.row, is_over: false });
        self.row += 1;
    }

    fn does(&mut self, thread: usize, coroutine: u64, event: &Told) {
        let expression = event.expression.as_deref().unwrap_or_default();
        let outcome = event.outcome.as_deref().unwrap_or_default();
        if let Some(to) = event.to {
            let (says, goes_back) = match outcome {
                "ended" => ("returns", true),
                "calls" => ("calls", false),
                "visits" => ("asks for an item", false),
                _ => ("hands over", false),
            };
            self.handovers.insert(to, Handover { from: coroutine, says, goes_back });
        }
        let own = self.lane(coroutine);
        match &*event.message {
            "start" | "resume" => {
                let (from, says, goes_back) = match self.handovers.remove(&coroutine) {
                    Some(handover) => (self.lane(handover.from), handover.says, handover.goes_back),
                    None if event.message == "start" => (self.running(thread), "starts", false),
                    None => (self.running(thread), "resumes", false),
                };
                self.arrow(from, own, says, event, goes_back);
            }
            "return" if event.to.is_none() => {
                let stack = &self.stacks[thread];
                let below = stack.len().checked_sub(2).map_or(0, |below| self.lane(stack[below].0));
                let says = match outcome {
                    "suspended" if expression == "initial suspend" => "suspended initially".to_owned(),
                    "suspended" => format!("waits: {expression}"),
                    other => other.to_owned(),
                };
                self.arrow(own, below, &says, event, true);
            }
            "return" => {}
            "destroy" => {
                let from = self.running(thread);
                if self.stacks[thread].last().is_none_or(|last| last.0 != coroutine) {
                    self.arrow(from, own, "destroys", event, false);
                }
                if let Some(life) = self.lives.iter_mut().find(|life| life.coroutine == coroutine) {
                    life.is_over = true;
                }
                if !self.stacks.iter().flatten().any(|running| running.0 == coroutine) {
                    self.end_if_over(coroutine);
                }
            }
            hook => {
                if self.detail == Detail::Hooks {
                    let says = if outcome.is_empty() { hook.to_owned() } else { format!("{hook}: {outcome}") };
                    self.text(Text::Note(own), &says, event.place(), "hook");
                    self.row += 1;
                }
            }
        }
    }

    fn arrow(&mut self, from: usize, to: usize, says: &str, event: &Told, goes_back: bool) {
        self.arrows.push((from, to, self.row, goes_back, false));
        self.text(Text::Arrow(from, to), says, event.place(), "on-arrow");
        self.row += 1;
    }

    fn text(&mut self, at: Text, says: &str, whole: Option<String>, class: &'static str) {
        let is_long = says.chars().count() > LONGEST;
        let cut = if is_long { says.chars().take(LONGEST - 1).chain(['…']).collect() } else { says.to_owned() };
        self.texts.push((at, self.row, cut, whole.or_else(|| is_long.then(|| says.to_owned())), class));
    }

    /// The line of a coroutine that was destroyed ends where its body is off the stack. Its lane is free then.
    fn end_if_over(&mut self, coroutine: u64) {
        if let Some(index) = self.lives.iter().position(|life| life.coroutine == coroutine && life.is_over) {
            let Life { lane, from, .. } = self.lives.remove(index);
            self.lanes[lane] = None;
            self.lines.push((lane, from, self.row, true));
            self.row += 1;
        }
    }

    fn finish(mut self, outside: &str) -> String {
        for Life { lane, from, .. } in std::mem::take(&mut self.lives) {
            self.lines.push((lane, from, self.row, false));
        }
        for (coroutine, from) in std::mem::take(&mut self.stacks).into_iter().flatten() {
            let (lane, colour) = (self.lane(coroutine), self.colour(coroutine));
            self.bars.push((lane, from, self.row, colour));
        }
        self.lines.push((0, 0, self.row, false));
        self.draw(outside)
    }

    fn draw(&self, outside: &str) -> String {
        // A text has as many lanes as its arrow.
        let names = self.boxes.iter().map(|it| it.3.chars().count() + 4);
        let texts = self.texts.iter().map(|(at, _, text, _, _)| match at {
            Text::Arrow(from, to) => (text.chars().count() + 6) / from.abs_diff(*to).max(1),
            Text::Note(_) => text.chars().count() + 3,
        });
        let lane_width = LETTER * names.chain(texts).max().unwrap_or_default();
        let x = |lane: usize| MARGIN + lane_width / 4 + lane * lane_width;
        let y = |row: usize| MARGIN + BOX / 2 + row * ROW;
        // Only notes are right of the last line.
        let right = if self.detail == Detail::Hooks { lane_width } else { lane_width / 2 };
        let (width, height) = (x(self.lanes.len() - 1) + right + MARGIN, y(self.row) + MARGIN);
        let mut svg = String::new();
        let _ = writeln!(
            svg,
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">
<title>What the coroutines did, run by {}</title>
{STYLE}
<rect class="paper" width="100%" height="100%"/>"#,
            xml(outside)
        );
        for &(lane, from, to, _) in &self.lines {
            let (x, from, to) = (x(lane), y(from), y(to));
            let _ = writeln!(svg, r#"<path class="line" d="M{x} {from}V{to}"/>"#);
        }
        for &(lane, from, to, colour) in &self.bars {
            let (x, y, height) = (x(lane) - BAR / 2, y(from) + DOWN, (to - from).max(1) * ROW);
            let _ = writeln!(
                svg,
                r#"<rect class="bar c{colour}" x="{x}" y="{y}" width="{BAR}" height="{height}" rx="2"/>"#
            );
        }
        for &(lane, _, to, is_over) in &self.lines {
            if is_over {
                let _ = writeln!(svg, r#"<path class="end" d="M{} {}l10 10m0 -10l-10 10"/>"#, x(lane) - 5, y(to) - 5);
            }
        }
        for &(from, to, row, goes_back, makes) in &self.arrows {
            let down = if makes { 0 } else { DOWN };
            let class = if makes {
                "makes"
            } else if goes_back {
                "back"
            } else {
                "goes"
            };
            draw_arrow(&mut svg, (x(from), x(to), y(row) + down), class);
        }
        for (lane, row, colour, name) in &self.boxes {
            let width = LETTER * (name.chars().count() + 2);
            let (left, top) = (x(*lane) - width / 2, y(*row) - BOX / 2);
            let _ = writeln!(
                svg,
                r#"<rect class="box c{colour}" x="{left}" y="{top}" width="{width}" height="{BOX}" rx="4"/>
<text class="name" x="{}" y="{}">{}</text>"#,
                x(*lane),
                y(*row) + 4,
                xml(name)
            );
        }
        for (at, row, text, whole, class) in &self.texts {
            let (x, y, anchor) = match at {
                Text::Note(lane) => (x(*lane) + 12, y(*row) + 4, "start"),
                Text::Arrow(from, to) if from > to => (x(*from) - 14, y(*row) + DOWN - 4, "end"),
                Text::Arrow(from, _) => (x(*from) + 14, y(*row) + DOWN - 4, "start"),
            };
            let whole = whole.as_ref().map(|whole| format!("<title>{}</title>", xml(whole))).unwrap_or_default();
            let _ = writeln!(
                svg,
                r#"<text class="{class}" x="{x}" y="{y}" text-anchor="{anchor}">{}{whole}</text>"#,
                xml(text)
            );
        }
        svg += "</svg>\n";
        svg
    }
}

fn draw_arrow(svg: &mut String, (from, to, y): (usize, usize, usize), class: &str) {
    if from == to {
        // Control leaves a body, and comes back to one in the same lane.
        let tip = (from + BAR / 2, y + 8);
        let _ = writeln!(svg, r#"<path class="{class}" d="M{from} {y}h24v8H{}"/>"#, tip.0);
        let _ = writeln!(svg, r#"<path class="head" d="M{} {}l8 -4v8z"/>"#, tip.0, tip.1);
        return;
    }
    let (from, to, tip) = if from < to {
        (from + BAR / 2, to - BAR / 2, "l-8 -4v8z")
    } else {
        (from - BAR / 2, to + BAR / 2, "l8 -4v8z")
    };
    let _ = writeln!(svg, r#"<path class="{class}" d="M{from} {y}H{to}"/><path class="head" d="M{to} {y}{tip}"/>"#);
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

const STYLE: &str = "<style>
text { font: 12px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; fill: #222; }
.paper { fill: #fff; } .line { stroke: #aaa; stroke-dasharray: 3 4; }
.end { stroke: #b22; stroke-width: 2; fill: none; }
.box, .bar { stroke: #555; } .name { text-anchor: middle; font-weight: bold; }
.hook, .on-arrow, .says { paint-order: stroke; stroke: #fff; stroke-width: 4px; stroke-linejoin: round; }
.hook { fill: #666; } .says { font-style: italic; fill: #06c; }
.goes, .back, .makes { stroke: #222; fill: none; } .back, .makes { stroke-dasharray: 5 3; } .head { fill: #222; }
.c0 { fill: #cfe2ff; } .c1 { fill: #ffe3b8; } .c2 { fill: #cdf0d0; } .c3 { fill: #f3d1ee; } .c4 { fill: #d9d2ff; }
.c5 { fill: #ffd3cc; } .c6 { fill: #e8e8e8; }
@media (prefers-color-scheme: dark) {
text { fill: #ddd; } .paper { fill: #16181d; } .line { stroke: #666; } .end { stroke: #f66; } .box, .bar { stroke: #999; }
.hook, .on-arrow, .says { stroke: #16181d; } .hook { fill: #aaa; } .says { fill: #6bf; }
.goes, .back, .makes { stroke: #ddd; } .head { fill: #ddd; }
.c0 { fill: #1f4174; } .c1 { fill: #6b4a12; } .c2 { fill: #1f5a2a; } .c3 { fill: #642a5b; } .c4 { fill: #43358a; }
.c5 { fill: #74302a; } .c6 { fill: #3a3d44; }
}
</style>";
