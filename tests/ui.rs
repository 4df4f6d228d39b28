//! What must not compile, and what is said about it: one error for a mistake, at the token to change. And what must
//! compile in silence.

#[test]
fn mistakes_are_reported_once_and_at_their_token_and_attacks_do_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/ui/*/*.rs");
}
