//! A UDP server that sends every datagram back to its sender.
//!
//! Run: `cargo run --release --example udp_echo -- --addr 127.0.0.1:7000`, and talk to it with `nc -u 127.0.0.1 7000`.

#![deny(unsafe_code)]

use std::net::Ipv4Addr;
use std::process::ExitCode;

use io_queue::server::{self, Failure, Session, Trouble};
use io_queue::{DatagramSocket, IoQueue};

#[allow(unsafe_code, reason = "it talks to the kernel")]
mod io_queue;

/// As many coroutines receive from the socket, each in its turn: what they send back, the kernel hears of at once.
const AT_ONCE: usize = 64;

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn echo(io: IoQueue, socket: DatagramSocket, trouble: Trouble) -> Session {
    loop {
        match io.recv_from(&socket).await {
            // Its end is lost: half of it is not what was sent.
            Ok(datagram) if datagram.truncated => trouble.log(&"a datagram was larger than the buffer"),
            Ok(datagram) => {
                // One that cannot be sent is lost, as any may be on its way.
                if let Err(error) = io.send_to(&socket, datagram.data, datagram.from).await {
                    trouble.log(&format!("{}: {error}", datagram.from));
                }
            }
            Err(error) => trouble.pause(&io, &error).await?,
        }
    }
}

const USAGE: &str = "usage: udp_echo [--addr HOST:PORT] [--buffer BYTES] [--backend uring|poll]";

fn main() -> ExitCode {
    server::main(USAGE, |arguments| {
        let address = arguments.address("--addr")?.unwrap_or((Ipv4Addr::LOCALHOST, 7000).into());
        let io = arguments.queue(64 * 1024)?;

        let socket = io.bind(address).map_err(Failure::of(address))?;
        server::stop_on_signal(io.clone());
        server::list_on_signal(io.clone());
        server::announce(socket.local_addr()?)?;
        let trouble = Trouble::default();
        for _ in 0..AT_ONCE {
            echo(io.clone(), socket.clone(), trouble.clone());
        }
        Ok(io.run()?)
    })
}
