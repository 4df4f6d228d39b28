//! A TCP proxy: what a client sends goes on to a server, and what that answers goes back, both at once.
//!
//! Run: `cargo run --release --example tcp_proxy -- --addr 127.0.0.1:7001 --to 127.0.0.1:7000`

#![deny(unsafe_code)]

use std::net::{Ipv4Addr, Shutdown, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use coro::{Detached, Task};
use io_queue::server::{self, Failure, Session, Trouble};
use io_queue::{Connection, IoQueue, Listener, send_all};

#[allow(unsafe_code, reason = "it talks to the kernel")]
mod io_queue;

/// Where to, and for how long.
#[derive(Clone, Copy)]
struct Route {
    to: SocketAddr,
    connect_timeout: Duration,
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn serve(io: IoQueue, listener: Listener, route: Route) -> Session {
    let trouble = Trouble::default();
    loop {
        match io.accept(&listener).await {
            Ok(client) => {
                proxy(io.clone(), client, route);
            }
            Err(error) => trouble.pause(&io, &error).await?,
        }
    }
}

/// Connects a client to the server. If that takes too long, the client is hung up on.
#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn proxy(io: IoQueue, client: Connection, route: Route) -> Session {
    let server = io.timeout(route.connect_timeout, io.connect(route.to)).await?;
    for end in [&client, &server] {
        end.set_nodelay(true)?;
    }
    forward(io.clone(), client.clone(), server.clone());
    forward(io, server, client);
    Ok(())
}

/// One direction. If it fails, so does the other one.
#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn forward(io: IoQueue, from: Connection, to: Connection) -> Session {
    let copied = copy(&io, &from, &to).await;
    if copied.is_err() {
        // They may be closed already.
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    }
    copied
}

/// Sends on what it receives, the end of the stream too: `to` may still have something to say in the other direction.
#[coro::coroutine]
fn copy<'a>(io: &'a IoQueue, from: &'a Connection, to: &'a Connection) -> Task<'a, std::io::Result<()>, Detached> {
    loop {
        let data = io.recv(from).await?;
        if data.is_empty() {
            return to.shutdown(Shutdown::Write);
        }
        send_all(io, to, &data).await?;
    }
}

const USAGE: &str = "usage: tcp_proxy --to HOST:PORT [--addr HOST:PORT] [--connect-timeout SECONDS] [--buffer BYTES] \
                     [--backend uring|poll]";

fn main() -> ExitCode {
    server::main(USAGE, |arguments| {
        let address = arguments.address("--addr")?.unwrap_or((Ipv4Addr::LOCALHOST, 7001).into());
        let to = arguments.address("--to")?.ok_or_else(|| Failure::Misused("`--to` is missing".to_owned()))?;
        let connect_timeout = arguments.seconds("--connect-timeout")?.unwrap_or(Duration::from_secs(5));
        let route = Route { to, connect_timeout };
        let io = arguments.queue(16 * 1024)?;

        let listener = io.listen(address).map_err(Failure::of(address))?;
        server::announce(listener.local_addr()?)?;
        server::stop_on_signal(io.clone());
        serve(io.clone(), listener, route);
        Ok(io.run()?)
    })
}
