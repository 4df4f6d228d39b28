//! Tokens as the user wrote them. `stringify!` would not know where there were spaces: `std :: future :: ready(1)`.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};

/// The text of `tokens`, with line breaks and what surrounds them as one space.
pub(crate) fn text(tokens: &TokenStream) -> String {
    let mut text = String::new();
    write(tokens, &mut text, &mut None);
    text
}

/// A line and a column.
type Place = (usize, usize);

fn write(tokens: &TokenStream, text: &mut String, end: &mut Option<Place>) {
    for token in tokens.clone() {
        match &token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => write(&group.stream(), text, end),
            TokenTree::Group(group) => {
                // A group that has been through the parser has only the span of the whole.
                let place = position(group.span_open()).zip(position(group.span_close()));
                let (open, close) = delimiters(group);
                write_one(open, place.map(|((from, _), _)| (from, (from.0, from.1 + 1))), text, end);
                write(&group.stream(), text, end);
                write_one(close, place.map(|(_, (_, to))| ((to.0, to.1.saturating_sub(1)), to)), text, end);
            }
            other => {
                write_one(&other.to_string(), position(other.span()), text, end);
                if matches!(other, TokenTree::Punct(tick) if tick.as_char() == '\'') {
                    // Its span is that of the whole label.
                    *end = None;
                }
            }
        }
    }
}

fn write_one(token: &str, place: Option<(Place, Place)>, text: &mut String, end: &mut Option<Place>) {
    let Some((from, to)) = place else {
        // Not in a compiler: only to be looked at.
        text.push_str(token);
        return;
    };
    let chained = matches!(token, "." | "?") && end.is_some_and(|(line, _)| line < from.0);
    if end.is_some_and(|end| end != from) && !chained {
        text.push(' ');
    }
    text.push_str(token);
    *end = Some(to);
}

fn delimiters(group: &Group) -> (&'static str, &'static str) {
    match group.delimiter() {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    }
}

fn position(span: Span) -> Option<(Place, Place)> {
    proc_macro::is_available().then(|| {
        let span = span.unwrap();
        let (start, end) = (span.start(), span.end());
        ((start.line(), start.column()), (end.line(), end.column()))
    })
}
