//! The machine that a body is: its suspension points, and which of them control can reach from which.
//!
//! The body becomes a graph. A point is a node; so is every place where ways of control meet or part. One walk over the
//! body, in the order of the source, links the nodes in the order of evaluation; then the edges of the machine are the
//! ways from point to point that lead over no third one.
//!
//! ```text
//! let mut first = Signal.await;               0 ──▶ 1 ──▶ loop ──▶ 2 ──▶ if ──▶ end          0 is the initial suspension
//! loop {                                                    ▲             │
//!     let second = Signal.await;                            └─────────────┘
//!     if … { return … }
//! }                                           edges: 0→1, 1→2, 2→2, 2→end
//! ```
//!
//! No edge is missing. One too many may stand where only types, a `cfg` or a value could tell: after a call that never
//! returns, after `if never { … }`. Panics are no edges.
//!
//! A macro that is not one of `std`'s may do anything with its input, and suspend by itself. It is a box: a point of
//! its own kind, linked in both directions with each suspension in its input, and from there with every place that it
//! could jump to.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    Arm, Attribute, BinOp, Block, Expr, ExprBinary, ExprIf, ExprMatch, GenericArgument, Item, Label, Lifetime, Lit,
    Local, Macro, Pat, Token, Type, UnOp,
};

use crate::body::macros::{EVALUATE_EXPRESSIONS, Shadowed, segments, std_name, word};
use crate::params::mentions;
use crate::text::text;

/// The machine. Its states are its points, of which the first is the initial suspension, and the end, whose number is
/// that of the points.
pub(crate) struct Flow {
    pub(crate) points: Vec<Point>,
    /// Pairs of numbers, sorted.
    pub(crate) edges: Vec<(usize, usize)>,
}

/// A suspension point, or a box.
pub(crate) struct Point {
    pub(crate) token: Span,
    pub(crate) text: String,
    pub(crate) kind: Kind,
    node: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// The attribute emits it.
    Direct,
    /// It is written in the input of a macro: one of the macros `co_await!` and `co_yield!` emits it.
    InMacro,
    /// A macro that may do anything.
    Box,
}

impl Flow {
    /// The machine of `body`, in a function whose name is at `start`.
    pub(crate) fn of(start: Span, body: &Block, shadowed: &Shadowed) -> Self {
        let mut builder = Builder {
            next: Vec::new(),
            points: Vec::new(),
            at: 0,
            scopes: Vec::new(),
            shadowed,
            kind: Kind::Direct,
            has_cfg: HasCfg::anywhere(body),
        };
        builder.at = builder.node();
        let end = builder.node();
        debug_assert_eq!(end, END);
        builder.point(start, "initial suspend".to_owned(), Kind::Direct);
        builder.visit_block(body);
        builder.edge(builder.at, END);
        builder.finish()
    }

    /// The numbers of the points that the attribute emits, in the order of the source, without the first.
    pub(crate) fn direct(&self) -> impl Iterator<Item = usize> + '_ {
        (1..self.points.len()).filter(|&number| self.points[number].kind == Kind::Direct)
    }
}

/// Macros whose input is not evaluated where they stand.
const EVALUATE_NOTHING: [&str; 13] = [
    "cfg",
    "column",
    "compile_error",
    "concat",
    "env",
    "file",
    "include_bytes",
    "include_str",
    "line",
    "module_path",
    "option_env",
    "stringify",
    "thread_local",
];

/// The node of the end.
const END: usize = 1;

struct Builder<'b> {
    /// To which nodes control goes from each.
    next: Vec<Vec<usize>>,
    points: Vec<Point>,
    /// Where control is. In code that cannot be reached, a node that nothing leads to.
    at: usize,
    /// What `break`, `continue` and `?` can leave, from the outside in.
    scopes: Vec<Scope>,
    shadowed: &'b Shadowed,
    /// What a suspension found now is.
    kind: Kind,
    /// Whether there is a `cfg` in the body.
    has_cfg: bool,
}

struct Scope {
    what: What,
    label: Option<String>,
    /// Where control goes on after it.
    after: usize,
}

#[derive(Clone, Copy)]
enum What {
    /// With the node that it begins at, again and again.
    Loop(usize),
    Block,
    Try,
}

impl Builder<'_> {
    fn node(&mut self) -> usize {
        self.next.push(Vec::new());
        self.next.len() - 1
    }

    fn edge(&mut self, from: usize, to: usize) {
        self.next[from].push(to);
    }

    /// Goes on at a node.
    fn go(&mut self, to: usize) {
        self.edge(self.at, to);
        self.at = to;
    }

    /// Control does not come here.
    fn dead(&mut self) {
        self.at = self.node();
    }

    fn point(&mut self, token: Span, text: String, kind: Kind) {
        let node = self.node();
        self.points.push(Point { token, text, kind, node });
        self.go(node);
    }

    /// What may be evaluated, or not.
    fn maybe(&mut self, is_optional: bool, visit: impl FnOnce(&mut Self)) {
        let before = self.at;
        visit(self);
        if is_optional {
            let after = self.node();
            self.edge(before, after);
            self.go(after);
        }
    }

    /// What is evaluated on a way of its own: where that begins and ends.
    fn apart(&mut self, visit: impl FnOnce(&mut Self)) -> (usize, usize) {
        let start = self.node();
        let outer = core::mem::replace(&mut self.at, start);
        visit(self);
        (start, core::mem::replace(&mut self.at, outer))
    }

    fn within(&mut self, what: What, label: Option<&Label>, after: usize, visit: impl FnOnce(&mut Self)) {
        let label = label.map(|label| label.name.ident.to_string());
        self.scopes.push(Scope { what, label, after });
        visit(self);
        self.scopes.pop();
    }

    /// Where a jump goes from here. A label may name several: which one, hygiene would have to tell.
    fn targets(&self, label: Option<&Lifetime>, target: impl Fn(&Scope) -> Option<usize>) -> Vec<usize> {
        match label {
            None => {
                let innermost = self.scopes.iter().rev().find(|scope| matches!(scope.what, What::Loop(_)));
                innermost.and_then(target).into_iter().collect()
            }
            Some(label) => {
                let name = label.ident.to_string();
                self.scopes.iter().filter(|scope| scope.label.as_ref() == Some(&name)).filter_map(target).collect()
            }
        }
    }

    fn jump(&mut self, targets: &[usize]) {
        for &target in targets {
            self.edge(self.at, target);
        }
        self.dead();
    }

    /// An early return, from a `?` or by a jump that cannot be seen.
    fn may_return(&mut self) {
        self.edge(self.at, END);
        for index in 0..self.scopes.len() {
            if matches!(self.scopes[index].what, What::Try) {
                self.edge(self.at, self.scopes[index].after);
            }
        }
    }

    /// Any jump.
    fn may_leave(&mut self) {
        self.may_return();
        for index in 0..self.scopes.len() {
            let Scope { what, after, .. } = self.scopes[index];
            self.edge(self.at, after);
            if let What::Loop(head) = what {
                self.edge(self.at, head);
            }
        }
    }

    /// Evaluates a condition, and goes on at one of two nodes.
    fn condition(&mut self, expression: &Expr, yes: usize, no: usize) {
        match expression {
            Expr::Paren(inner) => return self.condition(&inner.expr, yes, no),
            Expr::Group(inner) => return self.condition(&inner.expr, yes, no),
            Expr::Unary(unary) if matches!(unary.op, UnOp::Not(_)) => return self.condition(&unary.expr, no, yes),
            Expr::Binary(ExprBinary { left, op: BinOp::And(_), right, .. }) => {
                let both = self.node();
                self.condition(left, both, no);
                self.at = both;
                return self.condition(right, yes, no);
            }
            Expr::Binary(ExprBinary { left, op: BinOp::Or(_), right, .. }) => {
                let neither = self.node();
                self.condition(left, yes, neither);
                self.at = neither;
                return self.condition(right, yes, no);
            }
            Expr::Lit(literal) => {
                if let Lit::Bool(literal) = &literal.lit {
                    return self.edge(self.at, if literal.value { yes } else { no });
                }
            }
            Expr::Let(binding) => self.visit_expr(&binding.expr),
            other => self.visit_expr(other),
        }
        self.edge(self.at, yes);
        self.edge(self.at, no);
    }

    fn if_(&mut self, ExprIf { cond, then_branch, else_branch, .. }: &ExprIf) {
        let (yes, no, after) = (self.node(), self.node(), self.node());
        self.condition(cond, yes, no);
        self.at = yes;
        self.visit_block(then_branch);
        self.edge(self.at, after);
        self.at = no;
        if let Some((_, otherwise)) = else_branch {
            self.visit_expr(otherwise);
        }
        self.go(after);
    }

    fn match_(&mut self, ExprMatch { expr, arms, .. }: &ExprMatch) {
        self.visit_expr(expr);
        let (mut considered, after) = (self.at, self.node());
        for arm in arms {
            let (body, otherwise) = (self.node(), self.node());
            self.at = considered;
            match &arm.pat {
                Pat::Guard(guarded) => {
                    let (guard, no) = (self.node(), self.node());
                    self.go(guard);
                    self.condition(&guarded.guard, body, no);
                    self.edge(no, otherwise);
                    // It is asked for each alternative that matches.
                    if MayMatchTwice::by(&guarded.pat) {
                        self.edge(no, guard);
                    }
                }
                _ => self.edge(considered, body),
            }
            if !matches!(arm.pat, Pat::Wild(_)) || self.is_optional(arm) {
                self.edge(considered, otherwise);
            }
            self.at = body;
            self.visit_expr(&arm.body);
            self.edge(self.at, after);
            considered = otherwise;
        }
        self.at = after;
    }

    /// `left op= right`: which side goes first, only types can tell.
    fn both_orders(&mut self, left: &Expr, right: &Expr) {
        let left = self.apart(|this| this.visit_expr(left));
        let right = self.apart(|this| this.visit_expr(right));
        let is_plain = |(start, end): (usize, usize)| start == end && self.next[start].is_empty();
        if is_plain(left) || is_plain(right) {
            self.edge(self.at, left.0);
            self.edge(left.1, right.0);
            self.at = right.1;
        } else {
            self.any_order(&[left, right]);
        }
    }

    /// Each part is evaluated any number of times, in any order.
    fn any_order(&mut self, parts: &[(usize, usize)]) {
        let hub = self.node();
        self.go(hub);
        for &(start, end) in parts {
            self.edge(hub, start);
            self.edge(end, hub);
        }
    }

    fn all<'e>(&mut self, expressions: impl IntoIterator<Item = &'e Expr>) {
        expressions.into_iter().for_each(|expression| self.visit_expr(expression));
    }

    fn in_macro(&mut self, visit: impl FnOnce(&mut Self)) {
        let outer = core::mem::replace(&mut self.kind, Kind::InMacro);
        visit(self);
        self.kind = outer;
    }

    /// A macro whose name is one of `std`'s, or of ours, is taken for that.
    fn macro_(&mut self, mac: &Macro) {
        let is_shadowed = |name: &String| self.shadowed.contains(name);
        if word(&mac.path).is_some_and(|name| matches!(name.as_str(), "co_await" | "co_yield") && !is_shadowed(&name)) {
            if self.kind == Kind::InMacro && !sees_awaits(&mac.tokens) {
                self.opaque(mac);
            } else {
                // `..other` is a range.
                self.all(&listed(&mac.tokens).unwrap_or_default());
            }
            return self.point(mac.path.span(), text(&mac.to_token_stream()), self.kind);
        }
        let Some(name) = std_name(&mac.path).filter(|name| !is_shadowed(name)) else { return self.opaque(mac) };
        if EVALUATE_NOTHING.contains(&name.as_str()) {
            return;
        }
        if name == "dbg"
            && self.kind == Kind::Direct
            && let Some(arguments) = listed(&mac.tokens)
        {
            // The attribute writes it out.
            return self.all(&arguments);
        }
        if !sees_awaits(&mac.tokens) {
            return self.opaque(mac);
        }
        if name == "matches" {
            let mut pattern = mac.tokens.clone().into_iter();
            let value: TokenStream = pattern.by_ref().take_while(|token| !is_punct(token, ',')).collect();
            let pattern = without_comma(pattern.collect());
            return match syn::parse2::<ExprMatch>(quote!(match (#value) { #pattern => {} _ => {} })) {
                Ok(matched) => self.in_macro(|this| this.match_(&matched)),
                Err(_) => self.opaque(mac),
            };
        }
        let Some(arguments) = arguments(&mac.tokens) else { return self.opaque(mac) };
        match name.as_str() {
            "dbg" | "eprint" | "eprintln" | "format" | "format_args" | "print" | "println" | "vec" | "write"
            | "writeln" => {
                self.in_macro(|this| this.all(&arguments));
            }
            "panic" | "todo" | "unimplemented" | "unreachable" => {
                self.in_macro(|this| this.all(&arguments));
                self.dead();
            }
            "assert" => self.assertion(&arguments, 1, false),
            "assert_eq" | "assert_ne" => self.assertion(&arguments, 2, false),
            "debug_assert" => self.assertion(&arguments, 1, true),
            "debug_assert_eq" | "debug_assert_ne" => self.assertion(&arguments, 2, true),
            _ => self.opaque(mac),
        }
    }

    /// The message is evaluated before the panic.
    fn assertion(&mut self, arguments: &[Expr], operands: usize, is_optional: bool) {
        let (operands, message) = arguments.split_at(operands.min(arguments.len()));
        self.maybe(is_optional, |this| {
            this.in_macro(|this| {
                let (holds, fails) = (this.node(), this.node());
                match operands {
                    [condition] => this.condition(condition, holds, fails),
                    operands => {
                        this.all(operands);
                        this.edge(this.at, holds);
                        this.edge(this.at, fails);
                    }
                }
                this.at = fails;
                this.all(message);
                this.at = holds;
            });
        });
    }

    /// A box.
    fn opaque(&mut self, mac: &Macro) {
        let first = self.points.len();
        let name = text(&mac.path.to_token_stream());
        let (start, _) = self.apart(|this| {
            this.point(mac.path.span(), format!("{name}!(…)"), Kind::Box);
            this.hidden(mac.tokens.clone(), true);
        });
        let parts: Vec<_> = self.points[first..].iter().map(|point| (point.node, point.node)).collect();
        self.next[start].clear();
        for &(point, _) in &parts {
            // They stand beside each other.
            self.next[point].clear();
        }
        self.any_order(&parts);
        self.may_leave();
        let after = self.node();
        self.go(after);
    }

    /// The suspensions in tokens that may become anything. Where they are `async`, an `.await` is Rust's own.
    fn hidden(&mut self, tokens: TokenStream, awaits: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        // The part between commas and semicolons.
        let mut part = 0;
        for (index, token) in tokens.iter().enumerate() {
            let before = |back: usize| index.checked_sub(back).and_then(|index| tokens.get(index));
            match token {
                TokenTree::Punct(punct) if matches!(punct.as_char(), ',' | ';') => part = index + 1,
                TokenTree::Ident(word)
                    if awaits && word == "await" && before(1).is_some_and(|dot| is_punct(dot, '.')) =>
                {
                    let written = tokens[part..=index].iter().cloned().collect();
                    self.point(word.span(), text(&written), Kind::InMacro);
                }
                TokenTree::Group(group) => {
                    let is_async = group.delimiter() == Delimiter::Brace
                        && (before(1).is_some_and(|word| is_word(word, "async"))
                            || before(1).is_some_and(|word| is_word(word, "move"))
                                && before(2).is_some_and(|word| is_word(word, "async")));
                    self.hidden(group.stream(), awaits && !is_async);
                    if let (Some(bang), Some(TokenTree::Ident(name))) = (before(1), before(2))
                        && is_punct(bang, '!')
                    {
                        self.hidden_macro(name, &tokens[..=index]);
                    }
                }
                _ => {}
            }
        }
    }

    /// A macro in the input of another: the last of `tokens`.
    fn hidden_macro(&mut self, name: &Ident, tokens: &[TokenTree]) {
        if ["co_await", "co_yield"].iter().any(|ours| name == ours) {
            let written = tokens[tokens.len() - 3..].iter().cloned().collect();
            return self.point(name.span(), text(&written), Kind::InMacro);
        }
        let mut start = tokens.len() - 3;
        while let [.., TokenTree::Ident(_), first, second] = &tokens[..start]
            && is_punct(first, ':')
            && is_punct(second, ':')
        {
            start -= 3;
        }
        let path: TokenStream = tokens[start..tokens.len() - 2].iter().cloned().collect();
        let is_std = syn::parse2(path.clone()).ok().and_then(|path| std_name(&path)).is_some_and(|name| {
            (EVALUATE_NOTHING.contains(&name.as_str()) || EVALUATE_EXPRESSIONS.contains(&name.as_str()))
                && !self.shadowed.contains(&name)
        });
        if !is_std {
            self.point(tokens[start].span(), format!("{}!(…)", text(&path)), Kind::Box);
        }
    }

    fn is_optional(&self, syntax: &impl ToTokens) -> bool {
        self.has_cfg && begins_with_cfg(syntax.to_token_stream())
    }

    /// The edges of the machine: from each point, what can be reached over no other one.
    fn finish(self) -> Flow {
        let Self { next, points, .. } = self;
        let mut number_of = vec![None; next.len()];
        number_of[END] = Some(points.len());
        for (number, point) in points.iter().enumerate() {
            number_of[point.node] = Some(number);
        }
        let mut edges = BTreeSet::new();
        let (mut reached, mut to_do) = (BTreeSet::from([0]), vec![0]);
        while let Some(from) = to_do.pop() {
            let mut seen = vec![false; next.len()];
            let mut nodes = next[points[from].node].clone();
            while let Some(node) = nodes.pop() {
                match number_of[node] {
                    Some(to) => {
                        edges.insert((from, to));
                        if to < points.len() && reached.insert(to) {
                            to_do.push(to);
                        }
                    }
                    None if core::mem::replace(&mut seen[node], true) => {}
                    None => nodes.extend(&next[node]),
                }
            }
        }
        Flow { points, edges: edges.into_iter().collect() }
    }
}

impl<'ast> Visit<'ast> for Builder<'_> {
    fn visit_expr(&mut self, expression: &'ast Expr) {
        self.maybe(self.is_optional(expression), |this| this.expression(expression));
    }

    fn visit_local(&mut self, local: &'ast Local) {
        let Some(init) = &local.init else { return };
        self.maybe(self.is_optional(local), |this| {
            this.visit_expr(&init.expr);
            if let Some((_, otherwise)) = &init.diverge {
                let matched = this.at;
                this.visit_expr(otherwise);
                // It diverges.
                this.at = matched;
            }
        });
    }

    fn visit_stmt_macro(&mut self, statement: &'ast syn::StmtMacro) {
        self.maybe(self.is_optional(statement), |this| this.macro_(&statement.mac));
    }

    fn visit_field_value(&mut self, field: &'ast syn::FieldValue) {
        self.maybe(self.is_optional(field), |this| this.visit_expr(&field.expr));
    }

    // What is not evaluated here.

    fn visit_item(&mut self, _: &'ast Item) {}
    fn visit_type(&mut self, _: &'ast Type) {}
    fn visit_pat(&mut self, _: &'ast Pat) {}
    fn visit_generic_argument(&mut self, _: &'ast GenericArgument) {}
    fn visit_attribute(&mut self, _: &'ast Attribute) {}
    fn visit_arm(&mut self, _: &'ast Arm) {}
}

impl Builder<'_> {
    fn expression(&mut self, expression: &Expr) {
        match expression {
            Expr::Await(node) => {
                self.visit_expr(&node.base);
                let (base, dot, await_) = (&node.base, &node.dot_token, &node.await_token);
                self.point(await_.span, text(&quote!(#base #dot #await_)), self.kind);
            }
            Expr::Macro(node) => self.macro_(&node.mac),
            Expr::Try(node) => {
                self.visit_expr(&node.expr);
                self.may_return();
            }
            Expr::Return(node) => {
                self.all(node.expr.as_deref());
                self.jump(&[END]);
            }
            Expr::Break(node) => {
                self.all(node.expr.as_deref());
                self.jump(&self.targets(node.label.as_ref(), |scope| Some(scope.after)));
            }
            Expr::Continue(node) => {
                let head = |scope: &Scope| match scope.what {
                    What::Loop(head) => Some(head),
                    What::Block | What::Try => None,
                };
                self.jump(&self.targets(node.label.as_ref(), head));
            }
            Expr::If(node) => self.if_(node),
            Expr::Match(node) => self.match_(node),
            Expr::Loop(node) => {
                let (head, after) = (self.node(), self.node());
                self.go(head);
                self.within(What::Loop(head), node.label.as_ref(), after, |this| this.visit_block(&node.body));
                self.go(head);
                self.at = after;
            }
            Expr::While(node) => {
                let (head, body, after) = (self.node(), self.node(), self.node());
                self.go(head);
                self.within(What::Loop(head), node.label.as_ref(), after, |this| {
                    this.condition(&node.cond, body, after);
                    this.at = body;
                    this.visit_block(&node.body);
                });
                self.go(head);
                self.at = after;
            }
            Expr::ForLoop(node) => {
                self.visit_expr(&node.expr);
                let (head, after) = (self.node(), self.node());
                self.go(head);
                self.edge(head, after);
                self.within(What::Loop(head), node.label.as_ref(), after, |this| this.visit_block(&node.body));
                self.go(head);
                self.at = after;
            }
            Expr::Block(node) => match &node.label {
                None => self.visit_block(&node.block),
                Some(label) => {
                    let after = self.node();
                    self.within(What::Block, Some(label), after, |this| this.visit_block(&node.block));
                    self.go(after);
                }
            },
            Expr::TryBlock(node) => {
                let after = self.node();
                self.within(What::Try, None, after, |this| this.visit_block(&node.block));
                self.go(after);
            }
            Expr::Binary(ExprBinary { op: BinOp::And(_) | BinOp::Or(_), .. }) => {
                let after = self.node();
                self.condition(expression, after, after);
                self.at = after;
            }
            Expr::Binary(ExprBinary { left, op, right, .. }) if assigns(*op) => self.both_orders(left, right),
            Expr::Assign(node) => {
                // The right side goes first.
                let (start, end) = self.apart(|this| this.visit_expr(&node.left));
                self.visit_expr(&node.right);
                self.edge(self.at, start);
                self.at = end;
            }
            Expr::Repeat(node) => self.visit_expr(&node.expr),
            // They suspend nobody, or not this coroutine.
            Expr::Async(_) | Expr::Closure(_) | Expr::Const(_) => {}
            // Syntax of tomorrow.
            Expr::Verbatim(_) => self.may_leave(),
            other => visit::visit_expr(self, other),
        }
    }
}

const fn assigns(op: BinOp) -> bool {
    matches!(
        op,
        BinOp::AddAssign(_)
            | BinOp::SubAssign(_)
            | BinOp::MulAssign(_)
            | BinOp::DivAssign(_)
            | BinOp::RemAssign(_)
            | BinOp::BitXorAssign(_)
            | BinOp::BitAndAssign(_)
            | BinOp::BitOrAssign(_)
            | BinOp::ShlAssign(_)
            | BinOp::ShrAssign(_)
    )
}

/// The input of a macro that takes expressions between commas.
fn listed(tokens: &TokenStream) -> Option<Vec<Expr>> {
    let listed = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(tokens.clone());
    listed.ok().map(|listed| listed.into_iter().collect())
}

/// The same, or of one that takes an expression and how often.
fn arguments(tokens: &TokenStream) -> Option<Vec<Expr>> {
    let repeated = || Punctuated::<Expr, Token![;]>::parse_separated_nonempty.parse2(tokens.clone());
    listed(tokens).or_else(|| repeated().ok().map(|repeated| repeated.into_iter().collect()))
}

/// Whether the attribute sees each `.await` in the input of a macro: one that it does not see is Rust's own.
fn sees_awaits(tokens: &TokenStream) -> bool {
    segments(tokens).iter().all(|segment| {
        segment.expression.is_some() || !mentions(&segment.tokens, &Ident::new("await", Span::call_site()))
    })
}

fn is_punct(token: &TokenTree, char: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == char)
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

fn without_comma(tokens: TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = tokens.into_iter().collect();
    if tokens.last().is_some_and(|last| is_punct(last, ',')) {
        tokens.pop();
    }
    tokens.into_iter().collect()
}

/// Whether an attribute of what begins with it decides whether that is there.
fn begins_with_cfg(tokens: TokenStream) -> bool {
    let mut tokens = tokens.into_iter();
    while let (Some(hash), Some(TokenTree::Group(attribute))) = (tokens.next(), tokens.next()) {
        if !is_punct(&hash, '#') {
            return false;
        }
        let name = attribute.stream().into_iter().next();
        if name.is_some_and(|name| is_word(&name, "cfg") || is_word(&name, "cfg_attr")) {
            return true;
        }
    }
    false
}

struct HasCfg(bool);

impl HasCfg {
    fn anywhere(body: &Block) -> bool {
        let mut has = Self(false);
        has.visit_block(body);
        has.0
    }
}

impl Visit<'_> for HasCfg {
    fn visit_attribute(&mut self, attribute: &Attribute) {
        self.0 |= attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr");
    }
}

/// Whether several alternatives of a pattern may match.
struct MayMatchTwice(bool);

impl MayMatchTwice {
    fn by(pattern: &Pat) -> bool {
        let mut may = Self(false);
        may.visit_pat(pattern);
        may.0
    }
}

impl Visit<'_> for MayMatchTwice {
    fn visit_pat_or(&mut self, _: &syn::PatOr) {
        self.0 = true;
    }

    fn visit_macro(&mut self, _: &Macro) {
        self.0 = true;
    }
}
