//! Signatures that the attribute takes: rows 1 to 13 of the table of syntax.
#![forbid(unsafe_code)]
#![deny(warnings)]
// The code is odd on purpose. That what is emitted is silent, `tests/lint` checks.
#![allow(clippy::all)]

mod syntax_support;

use std::fmt::{Debug, Display};

use coro::{FireAndForget, Generator, Task};
use syntax_support::{Steps, give};

type Log = std::rc::Rc<std::cell::RefCell<Vec<String>>>;

// Row 1

#[coro::coroutine]
fn generic<T: Clone + Debug, const N: usize>(item: T) -> Generator<'static, (usize, T)>
where
    T: 'static,
{
    for index in 0..N {
        co_yield!((index, item.clone()));
    }
}

#[test]
fn type_parameters_and_const_generics_stay() {
    assert_eq!(generic::<_, 3>('x').collect::<Vec<_>>(), [(0, 'x'), (1, 'x'), (2, 'x')]);
}

#[coro::coroutine]
fn generic_under_cfg<#[cfg(all())] T: Display, #[cfg(any())] U: Missing, #[cfg(any())] const M: usize>(
    item: T,
) -> Steps<'static, String>
where
    T: 'static,
{
    item.to_string()
}

#[test]
fn a_generic_parameter_may_be_under_a_cfg() {
    assert_eq!(generic_under_cfg::<u8>(7).finish(), "7");
}

#[coro::coroutine]
fn generic_default_bounds<'a, T: ?Sized + ToString>(item: &'a T) -> Steps<'a, String> {
    item.to_string()
}

#[test]
fn a_type_parameter_may_be_unsized() {
    assert_eq!(generic_default_bounds("text").finish(), "text");
    assert_eq!(generic_default_bounds::<dyn Display>(&3).finish(), "3");
}

// Row 2

#[coro::coroutine]
fn empty_where() -> Steps<'static, u8>
where
{
    1
}

#[rustfmt::skip]
#[coro::coroutine]
fn trailing_comma<F>(apply: F) -> Steps<'static, usize>
where
    F: for<'x> Fn(&'x str) -> usize + 'static,
{
    apply("four")
}

#[coro::coroutine]
fn no_trailing_comma<'a, T>(items: &'a [T]) -> Steps<'a, usize>
where
    for<'x> &'x T: Into<usize>,
    T: 'a,
{
    items.iter().map(Into::into).sum()
}

struct Two;

impl From<&Two> for usize {
    fn from(_: &Two) -> Self {
        2
    }
}

#[test]
fn where_clauses_of_every_shape_stay() {
    assert_eq!(empty_where().finish(), 1);
    assert_eq!(trailing_comma(str::len).finish(), 4);
    assert_eq!(no_trailing_comma(&[Two, Two]).finish(), 4);
}

// Row 3

struct View<'v>(&'v str);

#[coro::coroutine]
fn early_bound<'a, 'b: 'a>(a: &'a str, b: &'b str) -> Generator<'a, &'a str> {
    co_yield!(a);
    co_yield!(b);
}

#[coro::coroutine]
fn late_bound<'a>(a: &'a str) -> Generator<'a, &'a str> {
    co_yield!(a);
}

#[coro::coroutine]
fn elided(text: &str) -> Generator<'_, char> {
    for c in text.chars() {
        co_yield!(c);
    }
}

#[coro::coroutine]
fn elided_mut(numbers: &mut Vec<u32>) -> Steps<'_> {
    numbers.push(1);
    give("pause", ()).await;
    numbers.push(2);
}

#[coro::coroutine]
fn elided_in_path(view: View<'_>) -> Generator<'_, char> {
    for c in view.0.chars() {
        co_yield!(c);
    }
}

#[coro::coroutine]
fn named_in_tuple<'a>((a, b): (&'a str, &'a mut String)) -> Steps<'a> {
    give("pause", ()).await;
    b.push_str(a);
}

#[coro::coroutine]
fn nested<'a>(texts: &'a [&'a str]) -> Generator<'a, &'a str> {
    for text in texts {
        co_yield!(text);
    }
}

#[coro::coroutine]
fn elided_in_one_tuple(pair: (&str, usize)) -> Generator<'_, &str> {
    for _ in 0..pair.1 {
        co_yield!(pair.0);
    }
}

#[test]
fn borrowed_parameters_live_as_long_as_the_return_type_says() {
    let owned = String::from("ab");
    assert_eq!(early_bound(&owned, "c").collect::<String>(), "abc");
    let late: for<'a> fn(&'a str) -> Generator<'a, &'a str> = late_bound;
    assert_eq!(late(&owned).collect::<String>(), "ab");
    assert_eq!(elided(&owned).collect::<Vec<_>>(), ['a', 'b']);
    assert_eq!(elided_in_path(View(&owned)).collect::<Vec<_>>(), ['a', 'b']);
    assert_eq!(nested(&[&owned, "x"]).collect::<Vec<_>>(), ["ab", "x"]);
    assert_eq!(elided_in_one_tuple((&owned, 2)).collect::<Vec<_>>(), ["ab", "ab"]);

    let mut numbers = vec![0];
    elided_mut(&mut numbers).finish();
    assert_eq!(numbers, [0, 1, 2]);
    let mut text = String::from("x");
    named_in_tuple((&owned, &mut text)).finish();
    assert_eq!(text, "xab");
}

// Row 4, the half that compiles: whether a borrow is allowed is the type's to say, not its spelling.

type Borrowing<'a> = Generator<'a, usize>;

#[coro::coroutine]
fn through_an_alias(text: &str) -> Borrowing<'_> {
    co_yield!(text.len());
}

#[test]
fn an_alias_may_carry_the_lifetime() {
    assert_eq!(through_an_alias("four").next(), Some(4));
}

// Row 5

#[coro::coroutine]
fn lifetimes_inside_types(
    pointer: fn(&str) -> &str,
    closure: impl Fn(&str) -> &str + 'static,
    object: Box<dyn Fn(&str) -> Box<dyn Display + '_>>,
) -> Steps<'static, String> {
    let text = String::from(" x ");
    format!("{}{}{}", pointer(&text), closure(&text), object(&text))
}

#[test]
fn lifetimes_inside_fn_pointers_and_trait_objects_are_untouched() {
    assert_eq!(lifetimes_inside_types(str::trim, str::trim_end, Box::new(|text| Box::new(text))).finish(), "x x x ");
}

// Row 6

#[coro::coroutine]
fn argument_impl(
    items: impl IntoIterator<Item = impl Display> + 'static,
    wrap: Vec<impl Fn(String) -> String + 'static>,
) -> Generator<'static, String> {
    for item in items {
        co_yield!(wrap.iter().fold(item.to_string(), |text, wrap| wrap(text)));
    }
}

#[test]
fn impl_trait_in_argument_position_may_be_nested() {
    assert_eq!(argument_impl([1, 2], vec![|text| format!("<{text}>")]).collect::<String>(), "<1><2>");
}

// Row 7

trait Types {
    type Machine;
}

struct Here;

impl Types for Here {
    type Machine = Steps<'static, u32>;
}

#[coro::coroutine]
fn by_path() -> coro::Generator<'static, u32> {
    co_yield!(1);
}

#[coro::coroutine]
fn by_qualified_path() -> <Here as Types>::Machine {
    2
}

#[coro::coroutine]
fn by_associated_type<H: Types<Machine = Steps<'static, u32>>>() -> H::Machine {
    3
}

struct Chain(u32);

impl Chain {
    #[coro::coroutine]
    fn next(self) -> Steps<'static, Self> {
        give("pause", ()).await;
        Self(self.0 + 1)
    }

    #[coro::coroutine]
    fn borrow(&self) -> Task<'_, &Self, coro::Detached> {
        self
    }
}

/// A coroutine type whose `Self` is what its constructor returns.
struct Own(#[expect(dead_code)] coro::CoroutineHandle<'static, OwnPromise>);
struct OwnPromise;

impl coro::Promise for OwnPromise {
    type World = coro::ByOwner;
    type Owner = coro::Handle;
    type OnPanic = coro::Propagate;
    type Value = ();
    type Initial = coro::SuspendAlways;
    type Final = coro::SuspendAlways;
    fn initial_suspend(&mut self) -> coro::SuspendAlways {
        coro::SuspendAlways
    }
    fn final_suspend(&mut self) -> coro::SuspendAlways {
        coro::SuspendAlways
    }
    fn return_value(&mut self, (): ()) {}
}

impl coro::NewPromise for OwnPromise {
    fn new() -> Self {
        Self
    }
}

impl coro::Coroutine<'static> for Own {
    type Promise = OwnPromise;
    fn get_return_object(handle: coro::CoroutineHandle<'static, OwnPromise>) -> Self {
        Self(handle)
    }
}

impl Own {
    #[coro::coroutine]
    fn make() -> Self {}
}

#[test]
fn the_return_type_may_be_written_in_every_way() {
    assert_eq!(by_path().next(), Some(1));
    assert_eq!(by_qualified_path().finish(), 2);
    assert_eq!(by_associated_type::<Here>().finish(), 3);
    assert_eq!(Chain(1).next().finish().0, 2);
    let Own(_) = Own::make();
    #[coro::coroutine(initial = suspend_never, final = suspend_never)]
    fn start(chain: Chain, log: Log) -> FireAndForget {
        log.borrow_mut().push(chain.borrow().await.0.to_string());
    }
    let log = Log::default();
    start(Chain(5), log.clone());
    assert_eq!(*log.borrow(), ["5"]);
}

// Row 9

mod visibility {
    pub mod inner {
        #[coro::coroutine]
        pub fn all() -> coro::Generator<'static, u8> {
            co_yield!(1);
        }

        #[coro::coroutine]
        pub(crate) fn this_crate() -> coro::Generator<'static, u8> {
            co_yield!(2);
        }

        #[coro::coroutine]
        pub(in crate::visibility) fn parent() -> coro::Generator<'static, u8> {
            co_yield!(3);
        }
    }

    pub fn from_parent() -> Option<u8> {
        inner::parent().next()
    }
}

#[test]
fn visibilities_stay() {
    assert_eq!(visibility::inner::all().next(), Some(1));
    assert_eq!(visibility::inner::this_crate().next(), Some(2));
    assert_eq!(visibility::from_parent(), Some(3));
}

// Row 11

#[coro::coroutine]
fn r#loop<'r#static_, r#Type: Display + 'r#static_>(r#match: r#Type, r#_x: u8) -> Steps<'r#static_, String> {
    let r#await = r#match;
    give("pause", ()).await;
    r#await.to_string()
}

#[test]
fn every_name_may_be_a_raw_identifier() {
    let mut steps = r#loop(1, 2);
    assert!(steps.step());
    assert_eq!(steps.location().expect("it is suspended").function(), "loop");
    assert_eq!(steps.finish(), "1");
}

// Row 12

/// Documented.
#[inline]
#[coro::coroutine]
#[must_use = "reason"]
#[allow(clippy::needless_pass_by_value)]
#[cfg(all())]
#[cfg_attr(all(), doc = "more")]
fn attributes_around() -> Steps<'static, u8> {
    #![allow(unused_variables)]
    #![allow(non_snake_case)]
    let UNUSED = 1;
    2
}

#[coro::coroutine]
#[cfg(any())]
fn attributes_around() -> Missing {}

#[cfg_attr(all(), coro::coroutine)]
fn attribute_by_cfg_attr() -> Generator<'static, u8> {
    co_yield!(4);
}

#[test]
fn attributes_apply_wherever_they_stand() {
    assert_eq!(attributes_around().finish(), 2);
    assert_eq!(attribute_by_cfg_attr().next(), Some(4));
}

// Row 13

#[track_caller]
fn caller() -> u32 {
    std::panic::Location::caller().line()
}

#[track_caller]
#[coro::coroutine]
fn tracked() -> Steps<'static, u32> {
    caller()
}

#[test]
fn track_caller_says_the_line_in_the_coroutine_not_that_of_its_caller() {
    let here = line!();
    let line = tracked().finish();
    assert!(line < here, "it runs when it is resumed, and has no caller by then");
}
