//! The crates, and what is to be known about each.

pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) kind: &'static str,
    /// Takes minutes to build.
    pub(crate) is_heavy: bool,
    /// Functions whose futures stay on their thread: `Send`, they would need bounds that their callers cannot give.
    pub(crate) local: &'static [&'static str],
    /// For `cargo test`.
    pub(crate) arguments: &'static [&'static str],
    /// Tests that fail in the crate as it was published.
    pub(crate) fails_unchanged: &'static [&'static str],
    /// How many functions become coroutines: fewer means that the conversion is broken.
    pub(crate) at_least: usize,
    /// What its signatures must say now: where, the words as published, and as they are to be. An `async fn` is `Send` if its
    /// type parameters happen to be; a `Task` is `Send`, or not, by its type.
    pub(crate) said: &'static [(&'static str, &'static str, &'static str)],
    /// Functions that stay `async`, and why.
    pub(crate) keep: &'static [(&'static str, &'static str)],
}

pub(crate) const SUBJECTS: &[Subject] = &[
    Subject {
        name: "bb8",
        version: "0.9.1",
        kind: "a pool of connections, generic over what it pools",
        is_heavy: false,
        local: &[],
        arguments: &[],
        fails_unchanged: &[],
        at_least: 18,
        said: &[],
        keep: &[],
    },
    Subject {
        name: "mini-redis",
        version: "0.4.1",
        kind: "a server and its client",
        is_heavy: false,
        local: &[],
        arguments: &[],
        // It wants a timer of 2020.
        fails_unchanged: &["key_value_timeout"],
        at_least: 36,
        said: &[("src/blocking_client.rs", "connect<T: ToSocketAddrs>", "connect<T: ToSocketAddrs + Send>")],
        keep: &[],
    },
    Subject {
        name: "async-imap",
        version: "0.12.0",
        kind: "a protocol's client",
        is_heavy: false,
        local: &[],
        arguments: &["--no-default-features", "--features", "runtime-tokio"],
        fails_unchanged: &[],
        at_least: 67,
        said: &[
            ("src/authenticator.rs", "type Response: AsRef<[u8]>;", "type Response: AsRef<[u8]> + Send;"),
            (
                "src/client.rs",
                "read_response(&mut self) -> io::Result<Option<ResponseData>> {",
                "read_response(&mut self) -> io::Result<Option<ResponseData>> where T: Send {",
            ),
            (
                "src/imap_stream.rs",
                "msg: Request) -> Result<(), io::Error> {",
                "msg: Request) -> Result<(), io::Error> where R: Send {",
            ),
            (
                "src/imap_stream.rs",
                "flush(&mut self) -> Result<(), io::Error> {",
                "flush(&mut self) -> Result<(), io::Error> where R: Send {",
            ),
        ],
        keep: &[],
    },
    Subject {
        name: "tokio-util",
        version: "0.7.20",
        kind: "codecs, channels and adapters, and their many tests",
        is_heavy: true,
        local: &[
            "accept",
            "join_next",
            "join_next_with_id",
            "shutdown",
            "join_all",
            "run_until_cancelled",
            "run_until_cancelled_owned",
            "drain_joinmap_and_assert",
        ],
        arguments: &["--features", "full"],
        fails_unchanged: &[],
        at_least: 16,
        said: &[],
        keep: &[],
    },
];
