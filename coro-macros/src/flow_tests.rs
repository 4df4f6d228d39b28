//! The machine of each construct.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::Parser;

use crate::body::macros::Shadowed;
use crate::flow::{Flow, Kind};

/// The machine of a body that suspends by `a.await`, `b.await`, … and by macros: its edges, with `>` for the start, the
/// names of what is awaited, `name!` for a box, and `.` for the end.
fn edges(body: TokenStream) -> String {
    let stmts = syn::Block::parse_within.parse2(body).expect("a body");
    let mut block = syn::Block { brace_token: <_>::default(), stmts };
    let shadowed = Shadowed::find(&mut block);
    let flow = Flow::of(Span::call_site(), &block, &shadowed);
    let name = |number: usize| match flow.points.get(number) {
        None => ".".to_owned(),
        Some(_) if number == 0 => ">".to_owned(),
        Some(point) if point.kind == Kind::Box => point.text.replace("(…)", ""),
        Some(point) => {
            let text = point.text.as_str();
            let operand = ["co_yield!(..", "co_yield!(", "co_await!("].iter().find_map(|open| text.strip_prefix(open));
            operand.unwrap_or(text).chars().take_while(char::is_ascii_alphanumeric).collect()
        }
    };
    let edges: Vec<String> = flow.edges.iter().map(|&(from, to)| format!("{}{}", name(from), name(to))).collect();
    edges.join(" ")
}

macro_rules! machines {
    ($($(#[$attribute:meta])* $name:ident { $($body:tt)* } $edges:literal)*) => {
        $(
            #[test]
            $(#[$attribute])*
            fn $name() {
                assert_eq!(edges(quote!($($body)*)), $edges);
            }
        )*
    };
}

machines! {
    nothing {} ">."
    one_after_the_other { a.await; b.await; } ">a ab b."
    all_three_ways { co_yield!(a); co_await!(b); co_yield!(..c) } ">a ab bc c."
    the_mouse_click {
        let mut first = a.await;
        loop {
            let second = b.await;
            if (first, second) == (Left, Left) {
                return File::open(path);
            }
            first = second;
        }
    } ">a ab bb b."

    // Operands
    an_operand_before_its_await { f(a.await).b.await } ">a af f."
    an_operand_before_its_yield { co_yield!(f(co_await!(a), b.await), ); } ">a ab bf f."
    operands_from_left_to_right { a.await + f(b.await, [c.await, d.await])[e.await] } ">a ab bc cd de e."
    a_receiver_before_the_arguments { d.f(b.await, c.await).await } ">b bc cd d."
    fields_as_they_are_written_and_then_the_rest { S { z: a.await, y: b.await, ..c.await } } ">a ab bc c."
    a_range { a.await..b.await } ">a ab b."
    a_length_is_a_constant { [a.await; { N }] } ">a a."
    references_and_casts { &raw const a.await; -*&b.await as u8 } ">a ab b."
    the_right_side_of_an_assignment_goes_first { x[a.await] = b.await; } ">b a. ba"
    also_of_a_destructuring_one { (x[a.await], y[b.await]) = c.await; } ">c ab b. ca"
    either_side_of_a_compound_assignment { x[a.await] += b.await; } ">a >b >. aa ab a. ba bb b."
    unless_one_side_has_nothing { x += a.await; y[b.await] += 1; } ">a ab b."

    // Conditions
    and { a.await && b.await; c.await } ">a ab ac bc c."
    or { a.await || b.await; c.await } ">a ab ac bc c."
    not_and { if !(a.await && b.await) { c.await } else { d.await } } ">a ab ac bc bd c. d."
    or_and { if a.await || b.await && c.await { d.await } } ">a ab ad bc b. cd c. d."
    an_if_without_else { if x { a.await; } b.await } ">a >b ab b."
    an_if_with_else { if a.await { b.await } else if c.await { d.await } } ">a ab ac b. cd c. d."
    a_chain_of_lets { if let Some(x) = a.await && b.await && let Some(y) = c.await { d.await } } ">a ab a. bc b. cd c. d."
    a_let_with_else { let Some(x) = a.await else { b.await; return }; c.await } ">a ab ac b. c."
    a_condition_that_is_a_block { if { a.await; b.await } { c.await } } ">a ab bc b. c."
    what_is_never { if false { a.await } if true { b.await } else { c.await } } ">b b."

    // Jumps
    a_question_mark { a.await?; b.await } ">a ab a. b."
    a_question_mark_between_operands { f(a.await, g()?, b.await) } ">a ab a. b."
    an_early_return { if x { return a.await } b.await } ">a >b a. b."
    what_is_behind_a_return { a.await; return; b.await } ">a a."
    a_return_as_an_operand { f(a.await, return b.await, c.await) } ">a ab b."
    diverging_macros { a.await; if x { panic!("{}", b.await) } todo!() } ">a ab"

    // Loops
    a_loop { loop { a.await; } b.await } ">a aa"
    a_loop_with_break { loop { a.await; if x { break; } b.await; } c.await } ">a ab ac ba c."
    a_break_with_a_value { let x = loop { break a.await; }; b.await } ">a ab b."
    a_loop_with_continue { loop { a.await; if x { continue; } b.await; } } ">a aa ab ba"
    a_while { while a.await { b.await; } c.await } ">a ab ac ba c."
    a_while_let { while let Some(x) = a.await { b.await; } } ">a ab a. ba"
    a_while_with_continue { while a.await { if x { continue } b.await; } } ">a aa ab a. ba"
    a_while_for_ever { while true { a.await; } b.await } ">a aa"
    a_for { for x in a.await { b.await; } c.await } ">a ab ac bb bc c."
    a_for_with_jumps { for x in y { if z { break } if z { continue } a.await; } b.await } ">a >b aa ab b."
    nested_loops { loop { a.await; loop { b.await; break } } } ">a ab ba"
    labels { 'o: loop { a.await; loop { b.await; if x { break 'o } if y { continue 'o } } } c.await } ">a ab ba bb bc c."
    a_jump_in_a_condition { 'o: while { if a.await { break 'o } b.await } { c.await; } d.await } ">a ab ad bc bd ca d."
    a_labelled_block { 'o: { a.await; if x { break 'o; } b.await; } c.await } ">a ab ac bc c."
    a_break_passes_a_labelled_block { loop { 'o: { a.await; if x { break } b.await } } c.await } ">a ab ac ba c."
    a_label_that_hides_another { 'o: { 'o: { a.await; break 'o; } b.await; } c.await } ">a ab ac bc c."

    // Matches
    arms { match a.await { A => b.await, B => {} C => return, D => c.await } d.await } ">a ab ac ad a. bd cd d."
    guards_one_after_the_other { match x { A if a.await => b.await, B if c.await => d.await, _ => e.await } }
        ">a >c >e ab ac ae b. cd ce d. e."
    a_guard_asked_twice { match x { (A, _) | (_, A) if a.await => b.await, _ => {} } } ">a >. aa ab a. b."
    nothing_behind_an_underscore { match x { _ => a.await, A => b.await } c.await } ">a ac c."
    a_match_without_arms { match a.await {} b.await } ">a"

    // What is not evaluated here
    closures_and_async_blocks { let f = || return; let g = async { x.await?; }; let h = async || y.await; a.await } ">a a."
    items_and_constants { fn f() -> u8 { return 1; } const { loop {} }; impl X { const Y: u8 = { return }; } a.await } ">a a."
    unsafe_blocks_are_blocks { unsafe { a.await }; b.await } ">a ab b."

    // `cfg`
    what_a_cfg_may_remove { #[cfg(x)] a.await; #[cfg(not(x))] { b.await; return; } #[allow(y)] c.await; }
        ">a >b >c ab ac b. c."
    what_a_cfg_may_remove_of_a_list { f(#[cfg(x)] a.await, b.await); #[cfg_attr(y, cfg(x))] let x = c.await; }
        ">a >b ab bc b. c."
    an_arm_that_a_cfg_may_remove { match x { #[cfg(x)] _ => a.await, _ => b.await } } ">a >b a. b."

    // Macros
    macros_that_are_sequences { println!("{} {x}", a.await, x = b.await); vec![c.await, d.await]; vec![e.await; 2] }
        ">a ab bc cd de e."
    macros_of_std_by_their_paths { std::println!("{}", a.await); core::assert!(b.await); } ">a ab b."
    yields_in_macros { println!("{}", co_yield!(f(a.await))); dbg!(b.await, co_await!(c)); } ">a af fb bc c."
    an_assertion { assert!(a.await && b.await, "{}", c.await); d.await } ">a ab ac bc bd d."
    an_assertion_of_two { assert_eq!(a.await, b.await, "{}", c.await); d.await } ">a ab bc bd d."
    an_assertion_that_may_be_left_out { debug_assert!(a.await); b.await } ">a >b ab b."
    matches_with_a_guard { if matches!(a.await, A | B if co_await!(b)) { c.await } } ">a ab ac a. bb bc b. c."
    matches_with_an_await_of_rusts_own { matches!(x, A if a.await) } ">matches! >Aifa >. matches!matches! matches!Aifa \
        matches!. Aifamatches! AifaAifa Aifa."
    macros_without_code { a.await; concat!("{}", stringify!(b.await)); b.await } ">a ab b."
    a_box { a.await; m!(); b.await } ">a am! ab a. m!m! m!b m!. b."
    a_box_with_points { m!(x, f(a.await, co_yield!(b)), async { c.await }, async move { co_await!(d) }); }
        ">m! >a >b >d >. m!m! m!a m!b m!d m!. am! aa ab ad a. bm! ba bb bd b. dm! da db dd d."
    a_box_leaves_loops { loop { a.await; m!(); b.await; } c.await } ">a aa am! ab ac a. m!a m!m! m!b m!c m!. ba c."
    a_box_by_another_path { mine::println!("{}", a.await); } ">mine::println! >a >. mine::println!mine::println! \
        mine::println!a mine::println!. amine::println! aa a."
    a_macro_of_the_body { macro_rules! println { () => { co_yield!(x) } } println!(); } ">println! >. println!println! println!."
    macros_in_a_box_are_boxes_if_they_are_not_of_std { m!(return n::o!(1), std::vec![1], co_yield!(a)); }
        ">m! >n::o! >a >. m!m! m!n::o! m!a m!. n::o!m! n::o!n::o! n::o!a n::o!. am! an::o! aa a."
    dbg_is_written_out_by_the_attribute { dbg!(f::<A, B>(a.await), b.await); } ">a ab b."
    a_comma_that_hides_an_await { println!("{}", f::<A, [B; 2]>(a.await)); c.await } ">a ac c."
    a_comma_between_type_arguments { println!("{}", f::<A, &'static B>(a.await)); } ">a a."
    what_does_not_parse_is_a_box { vec![a => b.await]; } ">vec! >a >. vec!vec! vec!a vec!. avec! aa a."
}
