//! Errors: collected, so that one expansion reports all of them, each at its token.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// The errors of one expansion.
#[derive(Default)]
pub(crate) struct Diagnostics {
    errors: Option<syn::Error>,
}

impl Diagnostics {
    /// Reports what is wrong at `token`, in one line, and how to fix it, in another.
    pub(crate) fn error(&mut self, token: impl ToTokens, problem: &str, fix: &str) {
        self.push(syn::Error::new_spanned(token, message(problem, fix)));
    }

    /// As [`error`](Self::error), at a span.
    pub(crate) fn error_at(&mut self, span: Span, problem: &str, fix: &str) {
        self.push(syn::Error::new(span, message(problem, fix)));
    }

    /// Adds an error made elsewhere, such as by the parser.
    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.errors {
            Some(errors) => errors.combine(error),
            none => *none = Some(error),
        }
    }

    /// Whether nothing was reported.
    pub(crate) const fn is_empty(&self) -> bool {
        self.errors.is_none()
    }

    /// `compile_error!` for each error.
    pub(crate) fn into_compile_errors(self) -> TokenStream {
        self.errors.map(|errors| errors.to_compile_error()).unwrap_or_default()
    }
}

/// An error for a parser to return.
pub(crate) fn error_at(span: Span, problem: &str, fix: &str) -> syn::Error {
    syn::Error::new(span, message(problem, fix))
}

fn message(problem: &str, fix: &str) -> String {
    format!("{problem}\n= help: {fix}")
}

/// The one of `known` that `word` is most likely meant to be.
pub(crate) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    known
        .iter()
        .map(|known| (distance(word, known), *known))
        .filter(|(distance, known)| *distance <= known.len() / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// The edit distance, in which exchanging two neighbours is one edit.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let substituted = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = substituted.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}
