//! Generators: what an iterator promises, kept by a coroutine.
#![forbid(unsafe_code)]

mod support;

use std::collections::BTreeMap;

use coro::Generator;
use support::{Live, attempt};

#[coro::coroutine(initial = suspend_never)]
fn eager() -> Generator<'static, u32> {
    co_yield!(1);
    co_yield!(2);
}

#[coro::coroutine]
fn around(inner: Generator<'_, u32>) -> Generator<'_, u32> {
    co_yield!(0);
    co_yield!(..inner);
    co_yield!(3);
}

#[coro::coroutine(initial = suspend_never)]
fn eager_around(inner: Generator<'_, u32>) -> Generator<'_, u32> {
    co_yield!(..inner);
    co_yield!(3);
}

#[test]
fn the_first_item_of_an_eager_generator_is_not_lost() {
    assert_eq!(eager().collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn the_first_item_of_an_eager_generator_is_not_lost_when_another_delegates_to_it() {
    assert_eq!(around(eager()).collect::<Vec<_>>(), [0, 1, 2, 3]);
}

#[test]
fn the_first_item_of_an_eager_generator_is_not_lost_when_an_eager_one_delegates_to_it() {
    assert_eq!(eager_around(eager()).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(around(eager_around(eager())).collect::<Vec<_>>(), [0, 1, 2, 3, 3]);
}

#[test]
fn a_generator_that_was_begun_goes_on_where_it_was_when_another_delegates_to_it() {
    let mut begun = eager();
    assert_eq!(begun.next(), Some(1));
    assert_eq!(around(begun).collect::<Vec<_>>(), [0, 2, 3]);
    let mut ended = eager();
    assert_eq!(ended.by_ref().count(), 2);
    assert_eq!(around(ended).collect::<Vec<_>>(), [0, 3]);
}

#[coro::coroutine]
fn count_to(limit: u32) -> Generator<'static, u32> {
    for number in 1..=limit {
        co_yield!(number);
    }
}

#[test]
fn a_generator_is_an_iterator_like_any_other() {
    assert_eq!(count_to(3).size_hint(), (0, None), "it promises nothing");
    assert_eq!(count_to(3).zip(count_to(9)).map(|(a, b)| a * b).sum::<u32>(), 14);
    let mut numbers = count_to(5);
    assert_eq!(numbers.by_ref().take(2).collect::<Vec<_>>(), [1, 2]);
    let mut sum = 0;
    for number in &mut numbers {
        sum = sum * 10 + number;
    }
    assert_eq!((sum, numbers.next()), (345, None));
    let names: BTreeMap<_, _> = count_to(2).map(|number| (number, number.to_string())).collect();
    assert_eq!(names[&2], "2");
    let boxed: Box<dyn Iterator<Item = u32>> = Box::new(count_to(4));
    assert_eq!(boxed.filter(|number| number % 2 == 0).max(), Some(4));
}

#[test]
fn a_generator_that_has_ended_stays_ended() {
    let mut numbers = count_to(1);
    assert_eq!(numbers.next(), Some(1));
    assert_eq!([numbers.next(), numbers.next(), numbers.next()], [None; 3]);
    assert_eq!(count_to(0).fuse().next(), None);
    let mut fused = count_to(2).fuse();
    assert_eq!([fused.next(), fused.next(), fused.next(), fused.next()], [Some(1), Some(2), None, None]);
    assert_eq!(count_to(3).fuse().collect::<Vec<_>>(), [1, 2, 3]);
    fn is_fused(it: &impl std::iter::FusedIterator) -> (usize, Option<usize>) {
        it.size_hint()
    }
    assert_eq!(is_fused(&numbers), (0, None));
}

#[coro::coroutine]
fn panics_after(items: u32, _: Live) -> Generator<'static, Live> {
    let _local = Live::new("local");
    for _ in 0..items {
        co_yield!(Live::new("item"));
    }
    std::panic::resume_unwind(Box::new("out of items"));
}

#[coro::coroutine]
fn delegates_to(inner: Generator<'static, Live>) -> Generator<'static, Live> {
    co_yield!(..inner);
    co_yield!(Live::new("not reached"));
}

#[test]
fn a_generator_that_panics_gives_none_for_ever() {
    for (wrap, items) in [|inner| inner, delegates_to].into_iter().flat_map(|wrap| [(wrap, 0), (wrap, 1), (wrap, 2)]) {
        support::reset(&[]);
        let mut generator = wrap(panics_after(items, Live::new("argument")));
        for _ in 0..items {
            assert_eq!(generator.next().expect("not yet").name, "item");
        }
        support::take_log();
        assert_eq!(attempt(|| generator.next()).map(drop), Err("out of items".to_owned()), "after {items}");
        assert_eq!(support::take_log(), ["drop local", "drop argument"]);
        assert!(generator.next().is_none() && generator.next().is_none());
        assert!(generator.location().is_none());
        drop(generator);
        assert_eq!((support::alive(), support::dropped_twice()), (vec![], vec![]));
    }
}

#[coro::coroutine(initial = suspend_never)]
fn panics_at_once(_: Live) -> Generator<'static, Live> {
    if support::alive() == ["argument"] {
        std::panic::resume_unwind(Box::new("at once"));
    }
    co_yield!(Live::new("not reached"));
}

#[test]
fn an_eager_generator_that_panics_at_once_is_never_made() {
    support::reset(&[]);
    assert_eq!(attempt(|| panics_at_once(Live::new("argument"))).map(drop), Err("at once".to_owned()));
    assert_eq!((support::take_log(), support::alive()), (vec!["drop argument".to_owned()], vec![]));
}

#[coro::coroutine]
fn words<'s, 't: 's>(text: &'t str, skipped: &'s mut Vec<&'t str>) -> Generator<'s, &'t str> {
    for word in text.split(' ') {
        if word.len() > 3 {
            co_yield!(word);
        } else {
            skipped.push(word);
        }
    }
}

#[coro::coroutine]
fn each_mut<'a>(items: &'a mut [u32]) -> Generator<'a, &'a mut u32> {
    for item in items {
        co_yield!(item);
    }
}

#[test]
fn a_generator_borrows_and_yields_what_it_borrows() {
    let text = String::from("the quick brown fox jumps");
    let mut skipped = vec![];
    let long: Vec<_> = words(&text, &mut skipped).collect();
    assert_eq!((long, skipped), (vec!["quick", "brown", "jumps"], vec!["the", "fox"]));
    let mut numbers = [1, 2, 3];
    let mut all: Vec<_> = each_mut(&mut numbers).collect();
    *all[0] += *all[2];
    assert_eq!(numbers, [4, 2, 3]);
}

trait Walk {
    fn walk(&self) -> Generator<'_, &str>;

    #[coro::coroutine]
    fn twice(&self) -> Generator<'_, &str> {
        co_yield!(..self.walk());
        co_yield!(..self.walk());
    }
}

struct Node(&'static str, Vec<Node>);

impl Walk for Node {
    #[coro::coroutine]
    fn walk(&self) -> Generator<'_, &str> {
        co_yield!(self.0);
        for child in &self.1 {
            co_yield!(..child.walk());
        }
    }
}

#[test]
fn a_method_of_a_trait_can_be_a_generator_and_delegate_to_itself() {
    let tree = Node("a", vec![Node("b", vec![Node("c", vec![])]), Node("d", vec![])]);
    let walks: &dyn Walk = &tree;
    assert_eq!(walks.walk().collect::<String>(), "abcd");
    assert_eq!(walks.twice().collect::<String>(), "abcdabcd");
}

#[coro::coroutine]
fn addresses() -> Generator<'static, (usize, bool)> {
    let local = [7_u8; 64];
    let borrow = &local;
    for _ in 0..3 {
        co_yield!((std::ptr::from_ref(&local).addr(), std::ptr::eq(borrow, &raw const local)));
    }
}

#[test]
fn locals_stay_where_they_are_when_the_generator_is_moved() {
    let mut on_stack = addresses();
    let first = on_stack.next();
    let mut boxed = Box::new([None, Some(on_stack)]);
    let second = boxed[1].as_mut().expect("it is there").next();
    let mut moved = vec![addresses(), boxed[1].take().expect("it is there")].swap_remove(1);
    assert_eq!([second, moved.next()], [first; 2]);
    assert!(first.expect("an item").1, "its borrow points at it");
}

#[test]
fn a_generator_drops_what_it_holds_wherever_it_is_dropped() {
    for taken in 0..=2 {
        support::reset(&[]);
        let mut items = delegates_to(panics_after(2, Live::new("argument")));
        let kept: Vec<_> = items.by_ref().take(taken).collect();
        assert_eq!(support::take_log(), [""; 0]);
        drop(items);
        let expected = if taken == 0 { vec!["drop argument"] } else { vec!["drop local", "drop argument"] };
        assert_eq!(support::take_log(), expected);
        assert_eq!(support::alive(), vec!["item"; taken], "the items are their receiver's");
        drop(kept);
    }
    assert_eq!((support::alive(), support::dropped_twice()), (vec![], vec![]));
}

#[coro::coroutine(initial = suspend_never)]
fn eager_items(_: Live) -> Generator<'static, Live> {
    co_yield!(Live::new("waiting item"));
}

#[test]
fn an_item_that_nobody_takes_is_dropped_with_its_generator() {
    support::reset(&[]);
    drop(eager_items(Live::new("argument")));
    assert_eq!(support::take_log(), ["drop argument", "drop waiting item"]);
    let mut outer = delegates_to(eager_items(Live::new("argument")));
    assert_eq!(outer.next().expect("the waiting item").name, "waiting item");
    assert!(outer.next().is_some_and(|item| item.name == "not reached") && outer.next().is_none());
    assert_eq!((support::alive(), support::dropped_twice()), (vec![], vec![]));
}

#[coro::coroutine]
fn moves_out(text: String, mut parts: Vec<Box<str>>) -> Generator<'static, String> {
    let address = text.as_ptr().addr();
    co_yield!(text);
    while let Some(part) = parts.pop() {
        co_yield!(part.into());
    }
    co_yield!(address.to_string());
}

#[test]
fn yielded_values_are_moved_out_of_the_frame() {
    let mut texts = moves_out("text".to_owned(), vec!["1".into(), "2".into()]);
    let first = texts.next().expect("the text");
    assert_eq!(texts.by_ref().take(2).collect::<String>(), "21");
    assert_eq!(texts.next(), Some(first.as_ptr().addr().to_string()), "moved, not copied");
}
