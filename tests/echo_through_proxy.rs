//! `examples/tcp_proxy.rs` as people run it, in front of a server that is this test.
#![cfg(target_os = "linux")]
#![forbid(unsafe_code)]

#[macro_use]
mod echo_support;

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddrV4, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use echo_support::{PATIENCE, Server, assert_echo, eventually, noise, uninterrupted};
use rustix::net::sockopt::set_socket_linger;

/// The proxy, and where it connects to.
fn proxy(backend: &str, more: &[&str]) -> (Server, TcpListener) {
    let behind = TcpListener::bind("127.0.0.1:0").expect("a port");
    let to = behind.local_addr().expect("it has one").to_string();
    (Server::start("tcp_proxy", backend, &[&["--to", &to], more].concat()), behind)
}

/// A client and the server's end of its connection.
fn through(proxy: &Server, behind: &TcpListener) -> (TcpStream, TcpStream) {
    let client = proxy.client();
    let (server, _) = behind.accept().expect("the proxy connects");
    server.set_read_timeout(Some(PATIENCE)).expect("a socket");
    server.set_write_timeout(Some(PATIENCE)).expect("a socket");
    (client, server)
}

fn send_all(mut to: &TcpStream, data: &[u8]) {
    to.write_all(data).expect("it is read");
    to.shutdown(Shutdown::Write).expect("an open socket");
}

fn read_all(mut from: &TcpStream) -> Vec<u8> {
    let mut data = Vec::new();
    from.read_to_end(&mut data).expect("it comes");
    data
}

on_both_backends! {
    fn both_directions_at_once(backend: &str) {
        let (proxy, behind) = proxy(backend, &[]);
        let (client, server) = through(&proxy, &behind);
        let (question, answer) = (noise(1, 3_000_000), noise(2, 2_000_000));
        thread::scope(|scope| {
            scope.spawn(|| send_all(&client, &question));
            scope.spawn(|| send_all(&server, &answer));
            let there = scope.spawn(|| read_all(&server));
            assert!(read_all(&client) == answer);
            assert!(there.join().expect("read") == question);
        });
        assert_eq!(proxy.stop(), "");
    }

    fn the_end_of_one_direction_is_passed_on_and_the_other_goes_on(backend: &str) {
        let (proxy, behind) = proxy(backend, &[]);
        let (client, mut server) = through(&proxy, &behind);
        let idle = proxy.open_files() - 2;
        send_all(&client, b"question");
        assert_eq!(read_all(&server), b"question");
        // The client has nothing more to say, but it listens for as long as it takes.
        for _ in 0..3 {
            server.write_all(b"more").expect("it is read");
            let mut read = [0; 4];
            (&client).read_exact(&mut read).expect("it comes");
            assert_eq!(&read, b"more");
        }
        send_all(&server, b"the end");
        assert_eq!(read_all(&client), b"the end");
        eventually("both connections are closed", || proxy.open_files() == idle);
        assert_eq!(proxy.stop(), "");
    }

    fn if_one_end_is_lost_the_other_learns_it(backend: &str) {
        let (proxy, behind) = proxy(backend, &[]);
        let (bystander, their_end) = through(&proxy, &behind);
        let files = proxy.open_files();
        for lose_client in [true, false] {
            let (client, server) = through(&proxy, &behind);
            let (lost, mut left) = if lose_client { (client, server) } else { (server, client) };
            set_socket_linger(&lost, Some(Duration::ZERO)).expect("a socket");
            drop(lost);
            assert_eq!(uninterrupted(|| left.read(&mut [0])).unwrap_or(0), 0, "the end, or an error");
        }
        eventually("their connections are closed", || proxy.open_files() == files);
        thread::scope(|scope| {
            scope.spawn(|| assert_echo(&bystander, b"still here"));
            let mut read = [0; 10];
            (&their_end).read_exact(&mut read).expect("it comes");
            (&their_end).write_all(&read).expect("it is read");
        });
        proxy.stop();
    }

    fn who_cannot_be_connected_is_hung_up_on(backend: &str) {
        let (proxy, behind) = proxy(backend, &[]);
        drop(behind);
        for _ in 0..3 {
            assert_eq!(uninterrupted(|| proxy.client().read(&mut [0])).expect("the end"), 0);
        }
        assert!(proxy.stop().contains("refused"));
    }

    fn connecting_takes_no_longer_than_it_may(backend: &str) {
        // Nobody accepts, and the backlog is full.
        let behind = rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::STREAM, None);
        let behind = behind.expect("a socket");
        rustix::net::bind(&behind, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).expect("a port");
        rustix::net::listen(&behind, 0).expect("it can");
        let to = TcpListener::from(behind.try_clone().expect("a descriptor")).local_addr().expect("it has one");
        let mut filling = Vec::new();
        while let Ok(client) = TcpStream::connect_timeout(&to, Duration::from_millis(100)) {
            filling.push(client);
        }
        let proxy = Server::start("tcp_proxy", backend, &["--to", &to.to_string(), "--connect-timeout", "0.3"]);
        let start = Instant::now();
        assert_eq!(uninterrupted(|| proxy.client().read(&mut [0])).expect("the end"), 0);
        assert!(start.elapsed() >= Duration::from_millis(250));
        assert!(proxy.stop().contains("timed out"));
    }

    fn who_is_silent_too_long_is_hung_up_on_and_one_direction_is_enough(backend: &str) {
        let (proxy, behind) = proxy(backend, &["--idle-timeout", "2"]);
        let (mut silent, _server) = through(&proxy, &behind);
        let (talkative, mut listening) = through(&proxy, &behind);
        let talking = thread::spawn(move || {
            for _ in 0..60 {
                (&talkative).write_all(b"still here").expect("it is read");
                thread::sleep(Duration::from_millis(50));
            }
            talkative
        });
        assert_eq!(uninterrupted(|| silent.read(&mut [0])).expect("hung up on"), 0);
        let mut read = [0; 600];
        listening.read_exact(&mut read).expect("served all the time");
        // In the other direction nothing has ever come, and it was not hung up on.
        listening.write_all(b"answer").expect("it is read");
        let mut talkative = talking.join().expect("written");
        talkative.read_exact(&mut [0; 6]).expect("it comes");
        assert!(proxy.stop().contains("timed out"));
    }

    fn it_ends_with_connections_under_way(backend: &str) {
        let (proxy, behind) = proxy(backend, &[]);
        let ends: Vec<_> = (0..20).map(|_| through(&proxy, &behind)).collect();
        for (client, server) in &ends {
            (&*client).write_all(b"hello").expect("it is read");
            (&*server).read_exact(&mut [0; 5]).expect("it comes");
        }
        assert_eq!(proxy.stop(), "");
        for (mut client, mut server) in ends {
            assert_eq!(client.read(&mut [0]).unwrap_or(0) + server.read(&mut [0]).unwrap_or(0), 0);
        }
    }
}
