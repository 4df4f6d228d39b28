//! `examples/tcp_echo.rs` and `udp_echo.rs` as people run them: clients of all kinds, none of which harms another.
#![cfg(target_os = "linux")]
#![forbid(unsafe_code)]

#[macro_use]
mod echo_support;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use echo_support::{
    PATIENCE, Server, assert_echo, eventually, example, noise, one_at_a_time, raise_file_limit, tcp_echo_under,
    uninterrupted,
};
use rustix::io::Errno;
use rustix::net::sockopt::{set_socket_linger, set_socket_recv_buffer_size, set_socket_send_buffer_size};
use rustix::process::Signal;
use rustix::thread::CapabilitySet;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

/// Sends all of it on a thread of its own, and reads to the end.
fn send_and_read_to_end(client: &TcpStream, data: &[u8]) -> Vec<u8> {
    thread::scope(|scope| {
        scope.spawn(|| {
            (&*client).write_all(data).expect("it is read");
            client.shutdown(Shutdown::Write).expect("an open socket");
        });
        let mut echoed = Vec::new();
        (&*client).read_to_end(&mut echoed).expect("it comes back");
        echoed
    })
}

/// Sends without reading until nobody takes any more; how much that was.
fn stuff(mut client: &TcpStream) -> usize {
    client.set_write_timeout(Some(Duration::from_millis(300))).expect("a socket");
    let mut sent = 0;
    loop {
        match uninterrupted(|| client.write(&[7; 10_000])) {
            Ok(count) => sent += count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return sent,
            Err(error) => panic!("{error}"),
        }
    }
}

/// Closes with a reset.
fn reset(client: TcpStream) {
    set_socket_linger(&client, Some(Duration::ZERO)).expect("a socket");
    drop(client);
}

on_both_backends! {
    fn a_client_that_has_no_more_to_say_still_gets_the_rest(backend: &str) {
        let server = Server::tcp(backend, &[]);
        for length in [0, 1, 999, 1000, 1001, 3_000_000] {
            let data = noise(1, length);
            assert!(send_and_read_to_end(&server.client(), &data) == data);
        }
        server.assert_unharmed();
        assert_eq!(server.stop(), "");
    }

    fn a_client_may_say_all_and_never_listen(backend: &str) {
        let server = Server::tcp(backend, &[]);
        for _ in 0..20 {
            let mut client = server.client();
            client.write_all(&noise(2, 100_000)).expect("it is read");
            client.shutdown(Shutdown::Write).expect("an open socket");
            drop(client);
        }
        server.assert_unharmed();
        server.stop();
    }

    fn a_client_may_reset_in_the_middle(backend: &str) {
        let server = Server::tcp(backend, &[]);
        for round in 0..50 {
            let mut client = server.client();
            if round % 20 == 0 {
                stuff(&client);
            } else {
                client.write_all(&noise(3, 5000)).expect("it is read");
            }
            reset(client);
        }
        server.assert_unharmed();
        server.stop();
    }

    fn a_client_may_say_nothing(backend: &str) {
        let server = Server::tcp(backend, &[]);
        let silent: Vec<TcpStream> = (0..100).map(|_| server.client()).collect();
        assert_echo(&server.client(), b"not silent");
        drop(silent);
        server.assert_unharmed();
        assert_eq!(server.stop(), "");
    }

    fn who_is_silent_too_long_is_hung_up_on_and_nobody_else(backend: &str) {
        let server = Server::tcp(backend, &["--idle-timeout", "2"]);
        let mut silent = server.client();
        let stuffed = server.client();
        stuff(&stuffed);
        let talkative = server.client();
        thread::scope(|scope| {
            let talking = scope.spawn(|| {
                for _ in 0..30 {
                    assert_echo(&talkative, b"still here");
                    thread::sleep(Duration::from_millis(100));
                }
            });
            assert_eq!(uninterrupted(|| silent.read(&mut [0])).expect("hung up on"), 0);
            talking.join().expect("served all the time");
        });
        // The bystander was silent, too.
        eventually("they are hung up on", || server.open_files() == server.files_at_first());
        server.stop();
    }

    fn who_reads_slowly_occupies_no_more_than_a_buffer(backend: &str) {
        let server = Server::tcp(backend, &[]);
        let before = server.memory();
        let clients: Vec<TcpStream> = (0..10).map(|_| server.client()).collect();
        let sent: Vec<usize> = thread::scope(|scope| {
            let stuffing: Vec<_> = clients.iter().map(|client| scope.spawn(|| stuff(client))).collect();
            stuffing.into_iter().map(|stuffing| stuffing.join().expect("stuffed")).collect()
        });
        let total: usize = sent.iter().sum();
        let grown = server.memory().saturating_sub(before);
        assert!(total > 2_000_000, "the kernel takes {total}");
        // It would be more than all of it. (A sanitizer keeps memory that was freed, so it is not next to nothing.)
        assert!(grown < total / 2, "the server has taken {grown} bytes of {total}");
        for (mut client, sent) in clients.into_iter().zip(sent) {
            client.shutdown(Shutdown::Write).expect("an open socket");
            let mut echoed = Vec::new();
            client.read_to_end(&mut echoed).expect("it comes back");
            assert!(echoed.len() == sent && echoed.iter().all(|byte| *byte == 7));
        }
        server.assert_unharmed();
        assert_eq!(server.stop(), "");
    }

    fn messages_of_all_sizes_may_be_sent_before_the_answers_come(backend: &str) {
        let server = Server::tcp(backend, &[]);
        thread::scope(|scope| {
            for seed in 0..8 {
                let client = server.client();
                scope.spawn(move || {
                    let data = noise(seed, 500_000);
                    let mut reader = client.try_clone().expect("a descriptor");
                    let echoed = thread::spawn(move || {
                        let mut echoed = Vec::new();
                        reader.read_to_end(&mut echoed).expect("it comes back");
                        echoed
                    });
                    let (mut rest, mut size) = (&data[..], 1);
                    while !rest.is_empty() {
                        let (message, later) = rest.split_at(size.min(rest.len()));
                        (&client).write_all(message).expect("it is read");
                        (rest, size) = (later, size * 7 % 9973);
                    }
                    client.shutdown(Shutdown::Write).expect("an open socket");
                    assert!(echoed.join().expect("read") == data);
                });
            }
        });
        server.assert_unharmed();
        assert_eq!(server.stop(), "");
    }

    fn large_messages_go_through_small_sockets(backend: &str) {
        let server = Server::tcp(backend, &["--buffer", "65536"]);
        let data = noise(5, 1 << 20);
        let client = server.client();
        set_socket_send_buffer_size(&client, 16 * 1024).expect("a socket");
        set_socket_recv_buffer_size(&client, 128 * 1024).expect("a socket");
        assert!(send_and_read_to_end(&client, &data) == data);
        drop(client);
        server.assert_unharmed();
        assert_eq!(server.stop(), "");
    }

    fn thousands_of_connections_are_opened_and_dropped(backend: &str) {
        let count = raise_file_limit().saturating_sub(500).min(5000);
        let server = Server::tcp(backend, &[]);
        let mut clients = Vec::new();
        for number in 0..count {
            let mut client = server.client();
            client.write_all(&number.to_ne_bytes()).expect("there is room");
            clients.push(client);
        }
        for (number, mut client) in clients.iter().enumerate() {
            let mut echoed = [0; size_of::<usize>()];
            client.read_exact(&mut echoed).expect("it comes back");
            assert_eq!(usize::from_ne_bytes(echoed), number);
        }
        assert!(server.open_files() >= count);
        for (number, client) in clients.into_iter().enumerate() {
            if number % 2 == 0 { drop(client) } else { reset(client) }
        }
        server.assert_unharmed();
        server.stop();
    }

    fn out_of_descriptors_it_waits_until_some_return(backend: &str) {
        let server = Server::tcp_under("-n 30", backend);
        let clients: Vec<TcpStream> = (0..60).map(|_| server.client()).collect();
        for client in &clients[..5] {
            assert_echo(client, b"one of the first");
        }
        eventually("it is out of descriptors", || !server.log().is_empty());
        let ticks = server.ticks();
        thread::sleep(Duration::from_secs(1));
        // Of 100 in a second.
        assert!(server.ticks() - ticks < 20, "it does not try all the time");
        assert!(server.log().lines().count() <= 2, "nor does it say so all the time: {}", server.log());
        // Each one that goes lets another one in.
        for client in clients {
            assert_echo(&client, b"at last");
        }
        server.assert_unharmed();
        server.stop();
    }

    fn it_ends_with_everything_under_way(backend: &str) {
        for signal in [Signal::INT, Signal::TERM] {
            let server = Server::tcp(backend, &["--idle-timeout", "1000"]);
            let mut clients: Vec<TcpStream> = (0..50).map(|_| server.client()).collect();
            for client in &clients {
                assert_echo(client, b"hello");
            }
            stuff(&clients[0]);
            server.stop_by(signal);
            let end = uninterrupted(|| clients[1].read(&mut [0]));
            assert!(end.is_ok_and(|count| count == 0), "it has said goodbye");
        }
    }

    fn datagrams_go_back_to_their_senders(backend: &str) {
        let server = Server::start("udp_echo", backend, &["--buffer", "1000"]);
        let senders: Vec<UdpSocket> = (0..1000).map(|_| peer(&server)).collect();
        for few in senders.chunks(50) {
            for sender in few {
                sender.send(&name(sender)).expect("sent");
            }
            for sender in few {
                let mut echoed = [0; 100];
                let length = uninterrupted(|| sender.recv(&mut echoed)).expect("it comes back");
                assert_eq!(echoed[..length], name(sender));
            }
        }
        assert_eq!(server.stop(), "");
    }

    fn datagrams_of_all_sizes_go_back_unless_they_are_too_large(backend: &str) {
        let server = Server::start("udp_echo", backend, &["--buffer", "1000"]);
        let peer = peer(&server);
        for length in [0, 1, 1000, 1001, 5000, 60_000, 0, 1000] {
            let data = noise(6, length);
            peer.send(&data).expect("sent");
            if length <= 1000 {
                let mut echoed = [0; 2000];
                let length = uninterrupted(|| peer.recv(&mut echoed)).expect("it comes back");
                assert_eq!(echoed[..length], data);
            }
        }
        assert_eq!(server.stop().lines().count(), 1, "it says that some were too large, once");
        let server = Server::start("udp_echo", backend, &[]);
        let peer = self::peer(&server);
        let data = noise(7, 65_507);
        peer.send(&data).expect("the largest there is");
        let mut echoed = [0; 70_000];
        let length = uninterrupted(|| peer.recv(&mut echoed)).expect("it comes back");
        assert!(echoed[..length] == data);
        assert_eq!(server.stop(), "");
    }

    fn who_sends_a_datagram_and_goes_harms_nobody(backend: &str) {
        let server = Server::start("udp_echo", backend, &[]);
        for _ in 0..100 {
            peer(&server).send(b"goodbye").expect("sent");
        }
        let stays = peer(&server);
        for _ in 0..100 {
            stays.send(b"hello").expect("sent");
            assert_eq!(uninterrupted(|| stays.recv(&mut [0; 10])).expect("it comes back"), 5);
        }
        assert_eq!(server.stop(), "");
    }
}

fn peer(server: &Server) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.connect(server.address).expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
    socket
}

fn name(sender: &UdpSocket) -> Vec<u8> {
    sender.local_addr().expect("it has one").to_string().into_bytes()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_wrong_argument_is_named_and_the_usage_shown() {
    for program in ["tcp_echo", "udp_echo", "tcp_proxy"] {
        for (arguments, named) in [
            (&["--colour", "red"][..], "--colour"),
            (&["--addr"], "--addr"),
            (&["--addr", "nowhere"], "nowhere"),
            (&["--addr", "127.0.0.1:70000"], "70000"),
            (&["--buffer", "0", "--to", "127.0.0.1:1"], "--buffer 0"),
            (&["--buffer", "many", "--to", "127.0.0.1:1"], "many"),
            (&["--backend", "iocp", "--to", "127.0.0.1:1"], "iocp"),
        ] {
            if program != "tcp_proxy" && arguments.contains(&"--to") {
                let arguments: Vec<&str> =
                    arguments.iter().copied().filter(|word| !["--to", "127.0.0.1:1"].contains(word)).collect();
                assert_misused(program, &arguments, named);
            } else {
                assert_misused(program, arguments, named);
            }
        }
    }
    for time in ["-1", "0", "soon", "1e99", "NaN"] {
        assert_misused("tcp_echo", &["--idle-timeout", time], time);
    }
    assert_misused("tcp_proxy", &[], "--to");
}

fn assert_misused(program: &str, arguments: &[&str], named: &str) {
    let output = example(program).args(arguments).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2), "{program} {arguments:?}: {}", text(&output));
    assert!(text(&output).contains(named), "{program} {arguments:?}: {}", text(&output));
    assert!(text(&output).contains(&format!("usage: {program} ")), "{program} {arguments:?}: {}", text(&output));
    assert_eq!(output.stdout, b"");
}

#[test]
fn where_io_uring_is_refused_it_polls_and_says_so_once() {
    let _one = one_at_a_time();
    let tcp_echo = example("tcp_echo").get_program().to_owned();
    // A filter belongs to a thread and the processes that it starts.
    let refused = thread::spawn(move || {
        let refuse = SeccompAction::Errno(Errno::PERM.raw_os_error().cast_unsigned());
        let rules = [(libc::SYS_io_uring_setup, Vec::new())].into();
        let here = std::env::consts::ARCH.try_into().expect("filters exist for this machine");
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, here).expect("a filter");
        let filter: BpfProgram = filter.try_into().expect("a small one");
        seccompiler::apply_filter(&filter).expect("the kernel takes it");

        let server = Server::tcp("", &[]);
        let data = noise(8, 100_000);
        assert!(send_and_read_to_end(&server.client(), &data) == data);
        server.assert_unharmed();
        let log = server.stop();
        assert!(log.contains("io_uring is not to be had (Operation not permitted"), "{log}");
        assert_eq!(log.lines().count(), 1, "{log}");
        // Who asks for it does not get something else.
        Command::new(tcp_echo).args(["--backend", "uring", "--addr", "127.0.0.1:0"]).output().expect("it runs")
    });
    let output = refused.join().expect("it polls");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).starts_with("io_uring: Operation not permitted"), "{}", text(&output));
}

#[test]
fn where_memory_for_io_uring_is_refused_it_polls_and_says_so_once() {
    let _one = one_at_a_time();
    example("tcp_echo");
    // Who may lock memory is refused none. That belongs to a thread and the processes that it starts, and who may not take it
    // away has not got it.
    let refused = thread::spawn(|| {
        let _ = rustix::thread::remove_capability_from_bounding_set(CapabilitySet::IPC_LOCK);
        // It says so before it finds that it has no place to listen on.
        let asked = tcp_echo_under("-l 0").args(["--backend", "uring", "--addr", "192.0.2.1:1"]).output();
        let asked = asked.expect("it runs");
        assert_eq!(asked.status.code(), Some(1));
        if !text(&asked).starts_with("io_uring: Cannot allocate memory") {
            return eprintln!("SKIPPED: this kernel does not count what a ring occupies ({})", text(&asked).trim());
        }
        // Some is not enough, either, and much is.
        for (limit, refused) in [("-l 0", Some(true)), ("-l 64", None), ("-l 128", None), ("-l 512", None)] {
            let server = Server::tcp_under(limit, "");
            let data = noise(9, 100_000);
            assert!(send_and_read_to_end(&server.client(), &data) == data);
            server.assert_unharmed();
            let log = server.stop();
            let says_so = log == "io_uring is not to be had (Cannot allocate memory (os error 12)): polling instead\n";
            assert!(says_so || log.is_empty(), "{limit}: {log}");
            assert!(refused.is_none_or(|refused| refused == says_so), "{limit}: {log}");
        }
    });
    refused.join().expect("it polls");
}

#[test]
fn an_address_in_use_is_named_with_the_systems_reason() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("it has one").to_string();
    let datagrams = UdpSocket::bind(&address).expect("the port is free for datagrams");
    for (program, more) in [("tcp_echo", &[][..]), ("udp_echo", &[]), ("tcp_proxy", &["--to", "127.0.0.1:1"])] {
        let output = example(program).args(["--addr", &address]).args(more).output().expect("it runs");
        assert_eq!(output.status.code(), Some(1), "{}", text(&output));
        assert!(
            text(&output).contains(&address) && text(&output).contains("Address already in use"),
            "{}",
            text(&output)
        );
    }
    drop(datagrams);
}

#[test]
fn without_descriptors_it_does_not_start_and_says_why() {
    let _one = one_at_a_time();
    let program = example("tcp_echo");
    for limit in 4..9 {
        for backend in ["", "--backend poll", "--backend uring"] {
            let script = format!("ulimit -n {limit}; exec \"$0\" --addr 127.0.0.1:0 {backend}");
            let mut shell = Command::new("timeout");
            let output = shell.args(["1", "sh", "-c", &script]).arg(program.get_program()).output().expect("it runs");
            // With some it starts, and runs until the time is over: then it has found enough.
            let code = output.status.code();
            assert!(
                code == Some(1) && text(&output).contains("Too many open files") || code == Some(124),
                "{code:?}: {}",
                text(&output)
            );
            if code == Some(124) {
                break;
            }
        }
    }
}
