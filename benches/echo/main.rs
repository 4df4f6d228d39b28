//! The echo servers among the examples beside one on tokio and one that is written by hand: `cargo bench --bench echo`
//!
//! Each server is a process on one core, its clients are on the other. All servers of a row are measured in turn, so
//! that what the machine does meanwhile happens to all of them. A name as argument (`tcp`, `udp`, `idle`,
//! `instructions`) measures only that; names of servers behind `instructions` count only theirs.
#![cfg(target_os = "linux")]

mod by_hand;
mod by_hand_udp;
mod load;
mod on_tokio;
mod process;
mod ring;

#[allow(unsafe_code)]
#[path = "../../examples/io_queue/mod.rs"]
mod io_queue;

use std::time::Duration;

use load::Load;
use process::Server;

/// As often is each server measured.
const ROUNDS: usize = 5;

const SERVERS: [&str; 4] = ["coroutines", "coroutines-poll", "by-hand", "tokio"];
const UDP_SERVERS: [&str; 4] = ["coroutines-udp", "coroutines-poll-udp", "by-hand-udp", "tokio-udp"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [serve, name, buffer] = &arguments[..]
        && serve == "--serve"
    {
        let buffer = buffer.parse().expect("a number");
        return match &**name {
            "by-hand" => by_hand::serve(buffer),
            "by-hand-udp" => by_hand_udp::serve(buffer),
            "tokio" => on_tokio::serve_tcp(buffer),
            "tokio-udp" => on_tokio::serve_udp(buffer),
            _ => panic!("{name}: no such server"),
        };
    }
    // `cargo test --benches` only wants to know that it starts.
    if arguments.iter().any(|argument| argument == "--test") {
        return;
    }
    let wanted = |name: &str| arguments.is_empty() || arguments.iter().any(|argument| argument == name);
    // Before it keeps itself to one core.
    println!("{}", process::versions());
    process::build();
    if wanted("tcp") {
        tcp();
    }
    if wanted("udp") {
        udp();
    }
    if wanted("idle") {
        idle();
    }
    if wanted("instructions") {
        instructions(&arguments);
    }
}

fn tcp() {
    println!("\nTCP: median (lowest to highest) of {ROUNDS}\n");
    println!("| bytes | connections | server | round trips/s | server CPU, µs each | of tokio's | system calls each |");
    println!("|--:|--:|---|--:|--:|--:|--:|");
    for size in [64, 1024, 16 * 1024] {
        for connections in [1, 50, 1000] {
            compare(&SERVERS, size.max(1024), &Load { connections, size, datagrams: false });
        }
    }
}

fn udp() {
    println!("\nUDP: median (lowest to highest) of {ROUNDS}\n");
    println!("| bytes | clients | server | round trips/s | server CPU, µs each | of tokio's | system calls each |");
    println!("|--:|--:|---|--:|--:|--:|--:|");
    for connections in [1, 50] {
        compare(&UDP_SERVERS, 2048, &Load { connections, size: 64, datagrams: true });
    }
}

/// What a server did in some time.
#[derive(Clone, Copy)]
struct Measured {
    per_second: f64,
    cpu: f64,
}

fn compare(servers: &[&str], buffer: usize, load: &Load) {
    let mut measured = vec![Vec::new(); servers.len()];
    let mut calls = Vec::new();
    for round in 0..=ROUNDS {
        for (server, measured) in servers.iter().zip(&mut measured) {
            let server = Server::start(server, buffer);
            if round == ROUNDS {
                // Apart from the others: it slows the server down.
                calls.push(load.run(server.address, Duration::from_millis(1500), || server.count_calls()));
                continue;
            }
            let (trips, (time, cpu)) = load.run(server.address, Duration::from_millis(700), || server.clock());
            measured.push(Measured { per_second: trips / time.as_secs_f64(), cpu: cpu.as_secs_f64() * 1e6 / trips });
        }
    }
    let tokio = Spread::of(measured.last().expect("tokio"), |it| it.cpu).median;
    for ((server, measured), (trips, calls)) in servers.iter().zip(&measured).zip(calls) {
        let (speed, cpu) = (Spread::of(measured, |it| it.per_second), Spread::of(measured, |it| it.cpu));
        println!(
            "| {} | {} | {server} | {speed:.0} | {cpu:.2} | {:.2} | {} |",
            load.size,
            load.connections,
            cpu.median / tokio,
            calls.map_or("?".to_owned(), |calls| format!("{:.2}", calls / trips)),
        );
    }
}

fn idle() {
    const CONNECTIONS: usize = 5000;
    println!("\nResident bytes of the server per idle connection ({CONNECTIONS}, buffers of 1 KiB)\n");
    println!("| server | bytes |\n|---|--:|");
    for name in SERVERS {
        let server = Server::start(name, 1024);
        let warm = load::idle(server.address, 10);
        let before = server.memory();
        let clients = load::idle(server.address, CONNECTIONS);
        println!("| {name} | {} |", server.memory().saturating_sub(before) / CONNECTIONS);
        drop((warm, clients));
    }
}

/// Counts the instructions of a round trip outside of the kernel.
fn instructions(arguments: &[String]) {
    println!("\nInstructions of the server, outside of the kernel, for a round trip of 64 bytes\n");
    if !process::has_valgrind() {
        return println!("There is no valgrind to count them.");
    }
    println!("| connections | server | instructions each |");
    println!("|--:|---|--:|");
    let is_named = |name: &str| arguments.iter().any(|argument| argument == name);
    let all = ![SERVERS, UDP_SERVERS].concat().into_iter().any(is_named);
    for (servers, datagrams) in [(SERVERS, false), (UDP_SERVERS, true)] {
        for connections in [1, 50] {
            let load = Load { connections, size: 64, datagrams };
            for name in servers.into_iter().filter(|name| all || is_named(name)) {
                let server = Server::under_callgrind(name, 1024);
                let (trips, count) = load.run(server.address, Duration::from_secs(3), || server.count_instructions());
                println!("| {connections} | {name} | {:.0} |", count / trips);
            }
        }
    }
}

struct Spread {
    lowest: f64,
    median: f64,
    highest: f64,
}

impl Spread {
    fn of(measured: &[Measured], value: impl Fn(&Measured) -> f64) -> Self {
        let mut values: Vec<f64> = measured.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        Self { lowest: values[0], median: values[values.len() / 2], highest: values[values.len() - 1] }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = f.precision().unwrap_or(0);
        write!(f, "{:.digits$} ({:.digits$} to {:.digits$})", self.median, self.lowest, self.highest)
    }
}
