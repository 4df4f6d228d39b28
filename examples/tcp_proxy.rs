//! A TCP proxy: what a client sends goes on to a server, and what that answers goes back, both at once.
//!
//! Run: `cargo run --release --example tcp_proxy -- --addr 127.0.0.1:7001 --to 127.0.0.1:7000`

#![deny(unsafe_code)]

use std::cell::Cell;
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use coro::{Any2, Detached, Task, when_all, when_any};
use io_queue::server::{self, Failure, Session, Trouble};
use io_queue::{Connection, IoQueue, Listener, send_all};

#[allow(unsafe_code, reason = "it talks to the kernel")]
mod io_queue;

/// Where to, and for how long.
#[derive(Clone, Copy)]
struct Route {
    to: SocketAddr,
    connect_timeout: Duration,
    idle_timeout: Duration,
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

/// Connects a client to the server, and forwards both ways until both have ended or nothing has come for too long.
#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn proxy(io: IoQueue, client: Connection, route: Route) -> Session {
    let server = io.timeout(route.connect_timeout, io.connect(route.to)).await?;
    for end in [&client, &server] {
        end.set_nodelay(true)?;
    }
    let heard = Cell::new(Instant::now());
    let both = when_all((forward(&io, &client, &server, &heard), forward(&io, &server, &client, &heard)));
    match when_any((both, silence(&io, route.idle_timeout, &heard))).await {
        Any2::First((there, back)) => there.and(back),
        Any2::Second(Ok(())) => Err(io::ErrorKind::TimedOut.into()),
        Any2::Second(failed) => failed,
    }
}

/// Waits until nothing has been heard for so long, in either direction.
#[coro::coroutine]
fn silence<'a>(io: &'a IoQueue, limit: Duration, heard: &'a Cell<Instant>) -> Task<'a, io::Result<()>, Detached> {
    loop {
        let rest = limit.saturating_sub(heard.get().elapsed());
        if rest.is_zero() {
            return Ok(());
        }
        io.sleep(rest).await?;
    }
}

/// One direction. If it fails, so does the other one.
#[coro::coroutine]
fn forward<'a>(
    io: &'a IoQueue,
    from: &'a Connection,
    to: &'a Connection,
    heard: &'a Cell<Instant>,
) -> Task<'a, io::Result<()>, Detached> {
    let copied = copy(io, from, to, heard).await;
    if copied.is_err() {
        // Whatever it waits for ends. They may be closed already.
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    }
    copied
}

/// Sends on what it receives, the end of the stream too: `to` may still have something to say in the other direction.
#[coro::coroutine]
fn copy<'a>(
    io: &'a IoQueue,
    from: &'a Connection,
    to: &'a Connection,
    heard: &'a Cell<Instant>,
) -> Task<'a, io::Result<()>, Detached> {
    loop {
        let data = io.recv(from).await?;
        heard.set(Instant::now());
        if data.is_empty() {
            return to.shutdown(Shutdown::Write);
        }
        send_all(io, to, &data).await?;
        heard.set(Instant::now());
    }
}

const USAGE: &str = "usage: tcp_proxy --to HOST:PORT [--addr HOST:PORT] [--connect-timeout SECONDS] \
                     [--idle-timeout SECONDS] [--buffer BYTES] [--backend uring|poll]";

fn main() -> ExitCode {
    server::main(USAGE, |arguments| {
        let address = arguments.address("--addr")?.unwrap_or((Ipv4Addr::LOCALHOST, 7001).into());
        let to = arguments.address("--to")?.ok_or_else(|| Failure::Misused("`--to` is missing".to_owned()))?;
        let connect_timeout = arguments.seconds("--connect-timeout")?.unwrap_or(Duration::from_secs(5));
        // Without one, it takes longer than anybody waits.
        let idle_timeout = arguments.seconds("--idle-timeout")?.unwrap_or(Duration::MAX);
        let route = Route { to, connect_timeout, idle_timeout };
        let io = arguments.queue(16 * 1024)?;

        let listener = io.listen(address).map_err(Failure::of(address))?;
        server::stop_on_signal(io.clone());
        server::list_on_signal(io.clone());
        server::announce(listener.local_addr()?)?;
        serve(io.clone(), listener, route);
        Ok(io.run()?)
    })
}
