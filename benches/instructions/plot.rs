//! The plot of a report, as SVG that can be read on light and on dark ground.

use std::fmt::Write as _;

use crate::report::{Entry, Measurement, Report, number};

const WIDTH: f64 = 960.0;
const PANEL: f64 = WIDTH / 2.0;
/// Where a bar begins in its panel, and how far it can go.
const NAMES: f64 = 195.0;
const LONGEST: f64 = 205.0;
const LINE: f64 = 19.0;
const TITLE: f64 = 34.0;

/// Rows that are bars.
const BARS: [&str; 9] = ["B1", "B2", "B3", "B4", "B5a", "B6", "B7-generator", "M1", "T1"];
/// Rows that are points of a line, and their depths.
const LINES: [(&str, f64); 4] = [("B5c-1", 1.0), ("B5c-10", 10.0), ("B5c-100", 100.0), ("B5c-1000", 1000.0)];

const STYLE: &str = "
.ground { fill: #ffffff }
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 }
.note, .axis { fill: #59636e }
.grid { stroke: #8c959f; stroke-opacity: .35 }
.ours { fill: #0969da; stroke: #0969da }
.cpp { fill: #bc4c00; stroke: #bc4c00 }
.rust { fill: #8c959f; stroke: #8c959f }
.hand { fill: none; stroke: #8c959f }
polyline { fill: none !important; stroke-width: 2 }
rect { stroke-width: 1 }
@media (prefers-color-scheme: dark) {
  .ground { fill: #0d1117 }
  text { fill: #e6edf3 }
  .note, .axis { fill: #9198a1 }
  .ours { fill: #4493f8; stroke: #4493f8 }
  .cpp { fill: #f0883e; stroke: #f0883e }
}
";

pub fn svg(report: &Report) -> String {
    let mut body = String::new();
    // The next panel goes into the shorter column.
    let mut columns = [48.0, 48.0];
    for row in BARS {
        let Some(measured) = report.rows.iter().find(|it| it.row.id == row) else { continue };
        let column = usize::from(columns[0] > columns[1]);
        columns[column] = bars(&mut body, measured, column as f64 * PANEL, columns[column]);
    }
    let column = usize::from(columns[0] > columns[1]);
    columns[column] = depth(&mut body, report, column as f64 * PANEL, columns[column]);
    let height = columns[0].max(columns[1]) + 8.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\" \
         aria-label=\"What coroutines cost\">\n<style>{STYLE}</style>\n<rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n{}{body}</svg>\n",
        key()
    )
}

fn class(entry: &Entry) -> &'static str {
    match &*entry.who.who {
        "by hand" => "hand",
        _ if entry.who.is_ours() => "ours",
        _ if entry.who.is_cpp() => "cpp",
        _ => "rust",
    }
}

fn key() -> String {
    let mut key = String::new();
    let names =
        [("ours", "this library"), ("cpp", "C++20"), ("rust", "Rust, others"), ("hand", "by hand, no coroutine")];
    for ((class, name), x) in names.iter().zip([12.0, 132.0, 212.0, 322.0]) {
        writeln!(key, "<rect class=\"{class}\" x=\"{x}\" y=\"11\" width=\"12\" height=\"12\"/>").expect("a text");
        text(&mut key, "", x + 18.0, 21.0, name);
    }
    text(&mut key, "note", 492.0, 21.0, "instructions per operation unless said otherwise; shorter is better");
    key
}

fn text(out: &mut String, class: &str, x: f64, y: f64, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    writeln!(out, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>").expect("a text");
}

/// A panel of bars; returns where it ends.
fn bars(out: &mut String, measured: &Measurement, x: f64, y: f64) -> f64 {
    use crate::rows::Measured;
    let unit = if measured.row.measured == Measured::Time { " (ns)" } else { "" };
    text(out, "title", x + 12.0, y + 14.0, &format!("{}: {}{unit}", measured.row.id, measured.row.what));
    // Whoever costs much more would leave no room for the others, and is cut.
    let ours_and_cpp = measured.entries.iter().filter(|it| it.who.is_ours() || it.who.is_cpp()).map(Entry::figure);
    let scale = LONGEST / ours_and_cpp.fold(1.0, f64::max) / 1.35;
    let mut y = y + 22.0;
    for entry in &measured.entries {
        let (length, class) = (entry.figure() * scale, class(entry));
        let cut = length > LONGEST;
        let length = length.clamp(1.0, LONGEST);
        writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text><rect class=\"{class}\" x=\"{:.1}\" y=\"{y:.1}\" \
             width=\"{length:.1}\" height=\"{:.1}\" rx=\"1.5\"/>",
            x + NAMES - 6.0,
            y + 11.5,
            entry.who.who,
            x + NAMES,
            LINE - 5.0,
        )
        .expect("a text");
        let more = if cut { "» " } else { "" };
        text(out, "", x + NAMES + length + 5.0, y + 11.5, &format!("{more}{}", number(entry.figure())));
        y += LINE;
    }
    y + TITLE - 12.0
}

/// The panel of lines: what it costs to resume a leaf, by its depth, both in powers of ten.
fn depth(out: &mut String, report: &Report, x: f64, y: f64) -> f64 {
    const HEIGHT: f64 = 240.0;
    let points: Vec<(f64, &Entry)> = LINES
        .iter()
        .filter_map(|(row, depth)| Some((report.rows.iter().find(|it| it.row.id == *row)?, *depth)))
        .flat_map(|(measured, depth)| measured.entries.iter().map(move |entry| (depth, entry)))
        .collect();
    let most = points.iter().map(|(_, it)| it.figure().log10()).fold(2.0, f64::max).ceil();
    let across = |depth: f64| x + 60.0 + depth.log10() / 3.0 * 240.0;
    let down = |cost: f64| y + 30.0 + HEIGHT * (1.0 - (cost.log10() - 1.0) / (most - 1.0));
    text(out, "title", x + 12.0, y + 14.0, "B5c: the leaf suspended and resumed, by depth (logarithmic)");
    for power in 1..=most as i32 {
        let cost = 10_f64.powi(power);
        writeln!(
            out,
            "<line class=\"grid\" x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{2:.1}\" y2=\"{2:.1}\"/>",
            across(1.0),
            across(1000.0),
            down(cost),
        )
        .expect("a text");
        text(out, "axis", x + 12.0, down(cost) + 4.0, &format!("{cost}"));
    }
    for (_, depth) in LINES {
        text(out, "axis", across(depth) - 8.0, down(10.0) + 18.0, &format!("{depth}"));
    }
    let mut names: Vec<&str> = Vec::new();
    for (_, entry) in &points {
        if !names.contains(&&*entry.who.who) {
            names.push(&entry.who.who);
        }
    }
    let mut labels: Vec<(f64, &str)> = Vec::new();
    for name in names {
        let line: Vec<_> = points.iter().filter(|(_, it)| it.who.who == name).collect();
        let coordinates: Vec<_> =
            line.iter().map(|(depth, it)| format!("{:.1},{:.1}", across(*depth), down(it.figure()))).collect();
        let class = class(line[0].1);
        writeln!(out, "<polyline class=\"{class}\" points=\"{}\"/>", coordinates.join(" ")).expect("a text");
        labels.push((down(line.last().expect("a point").1.figure()), name));
    }
    // From the top, none above the end of the one before.
    labels.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut free = f64::MIN;
    for (end, name) in labels {
        let end = end.max(free);
        text(out, "", across(1000.0) + 8.0, end + 4.0, name);
        free = end + 14.0;
    }
    down(10.0) + 18.0 + TITLE - 12.0
}
