//! What the servers say they wait for when they are sent SIGUSR1: the programs as people run them.
#![cfg(target_os = "linux")]
#![forbid(unsafe_code)]

#[macro_use]
mod echo_support;

use std::io::Write as _;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use echo_support::{Server, assert_echo, eventually, uninterrupted};
use rustix::process::Signal;

/// The line for a coroutine that waits where `awaited` stands in the source of a program.
fn at(file: &str, function: &str, awaited: &str) -> String {
    let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
    let source = std::fs::read_to_string(path).expect("an example");
    let signature = source.find(&format!("fn {function}")).expect("there is such a function");
    let place = signature + source[signature..].find(awaited).expect("it awaits that");
    let before = &source[..place + awaited.len() - "await".len()];
    let line = before.lines().count();
    let column = before.lines().last().expect("a line").len() + 1;
    format!("    {function} at {file}:{line}:{column}: {awaited}\n")
}

/// Asks the server what it waits for until all of these are in one answer.
fn assert_says(server: &Server, expected: &[String]) {
    // What happens takes its time, so the first answers may be others.
    eventually(&format!("{expected:#?}"), || {
        let before = server.log().len();
        server.signal(Signal::USR1);
        eventually("an answer", || server.log()[before..].contains("coroutines that wait: "));
        std::thread::sleep(Duration::from_millis(20));
        let answer = server.log().split_off(before);
        expected.iter().all(|expected| answer.contains(expected))
    });
}

/// Sends without reading until nobody takes any more.
fn stuff(mut client: &TcpStream) {
    client.set_write_timeout(Some(Duration::from_millis(300))).expect("a socket");
    while uninterrupted(|| client.write(&[7; 10_000])).is_ok() {}
}

on_both_backends! {
    fn tcp_echo_says_what_each_connection_waits_for(backend: &str) {
        let server = Server::tcp(backend, &["--idle-timeout", "1000"]);
        let clients: Vec<TcpStream> = (0..3).map(|_| server.client()).collect();
        for client in &clients {
            assert_echo(client, b"hello");
        }
        let stuffed = server.client();
        stuff(&stuffed);
        let echo = at("examples/tcp_echo.rs", "echo", "io.recv(&connection).await");
        let mut expected: Vec<String> = clients
            .iter()
            .map(|client| format!("receives from {}, for ", client.local_addr().expect("it has one")))
            .collect();
        expected.push(format!(" at most\n{echo}"));
        let sending = at("examples/io_queue/send_all.rs", "send_all", "io.send(connection, data.slice(sent..)).await")
            + &at("examples/tcp_echo.rs", "echo", "send_all(&io, &connection, &data).await");
        expected.push(format!(" bytes to {}, for ", stuffed.local_addr().expect("it has one")));
        expected.push(format!(" at most\n{sending}"));
        let accepting = at("examples/tcp_echo.rs", "serve", "io.accept(&listener).await");
        expected.push(format!("accepts at {}\n{accepting}", server.address));
        assert_says(&server, &expected);
        // Those that wait for signals, the one that accepts, the bystander, and these four; but not the one that says
        // it.
        let log = server.log();
        assert!(log.lines().any(|line| line == "coroutines that wait: 7"), "{log}");
        drop((clients, stuffed));
        server.assert_unharmed();
        server.stop();
    }

    fn udp_echo_says_that_it_receives(backend: &str) {
        let server = Server::start("udp_echo", backend, &[]);
        let client = UdpSocket::bind("127.0.0.1:0").expect("a port");
        client.connect(server.address).expect("a socket");
        for _ in 0..10 {
            client.send(b"hello").expect("sent");
            uninterrupted(|| client.recv(&mut [0; 5])).expect("it comes back");
        }
        let receiving = at("examples/udp_echo.rs", "echo", "io.recv_from(&socket).await");
        assert_says(&server, &[format!("receives at {}\n{receiving}", server.address)]);
        server.stop();
    }

    fn tcp_proxy_says_it_of_both_directions(backend: &str) {
        let behind = TcpListener::bind("127.0.0.1:0").expect("a port");
        let to = behind.local_addr().expect("it has one");
        let server = Server::start("tcp_proxy", backend, &["--to", &to.to_string(), "--idle-timeout", "1000"]);
        let client = server.client();
        let (_accepted, _) = behind.accept().expect("it connects");
        // Between them are those of the library that wait for several.
        let copying = at("examples/tcp_proxy.rs", "copy", "io.recv(from).await")
            + &at("examples/tcp_proxy.rs", "forward", "copy(io, from, to, heard).await")
            + "    when_all at ";
        let client = client.local_addr().expect("it has one");
        assert_says(
            &server,
            &[
                format!("receives from {client}\n{copying}"),
                format!("receives from {to}\n{copying}"),
                at("examples/tcp_proxy.rs", "silence", "io.sleep(rest).await") + "    when_any at ",
                at("examples/tcp_proxy.rs", "proxy", "when_any((both, silence(&io, route.idle_timeout, &heard))).await"),
            ],
        );
        server.stop();
    }
}
