//! A TCP server that sends everything back: two coroutines over a completion queue.
//!
//! Run: `cargo run --release --example tcp_echo -- --addr 127.0.0.1:7000`, and talk to it with `nc 127.0.0.1 7000`.
//! `kill -USR1` makes it say what each connection waits for. Built with `--features tracing`, it understands `--trace FILE`, and draws
//! there what its coroutines did when it ends.

#![deny(unsafe_code)]

use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::time::Duration;

use io_queue::server::{self, Failure, Session, Trouble};
use io_queue::{Connection, IoQueue, Listener, send_all};

#[allow(unsafe_code, reason = "it talks to the kernel")]
mod io_queue;
#[cfg(feature = "tracing")]
#[allow(dead_code, reason = "it can do more")]
mod run_picture;

/// Accepts connections, each of which runs on its own.
#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn serve(io: IoQueue, listener: Listener, idle_timeout: Option<Duration>) -> Session {
    let trouble = Trouble::default();
    loop {
        match io.accept(&listener).await {
            Ok(connection) => {
                connection.set_timeout(idle_timeout);
                echo(io.clone(), connection);
            }
            // Too many open files, for one: who wants to connect waits in the kernel until some are closed.
            Err(error) => trouble.pause(&io, &error).await?,
        }
    }
}

/// Sends back what it receives, until there is no more.
#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn echo(io: IoQueue, connection: Connection) -> Session {
    connection.set_nodelay(true)?;
    loop {
        let data = io.recv(&connection).await?;
        if data.is_empty() {
            return Ok(());
        }
        send_all(&io, &connection, &data).await?;
    }
}

#[cfg(not(feature = "tracing"))]
const USAGE: &str =
    "usage: tcp_echo [--addr HOST:PORT] [--buffer BYTES] [--backend uring|poll] [--idle-timeout SECONDS]";
#[cfg(feature = "tracing")]
const USAGE: &str = "usage: tcp_echo [--addr HOST:PORT] [--buffer BYTES] [--backend uring|poll] [--idle-timeout SECONDS] \
                     [--trace FILE.svg|FILE.json|FILE.txt]";

fn main() -> ExitCode {
    server::main(USAGE, |arguments| {
        let address = arguments.address("--addr")?.unwrap_or((Ipv4Addr::LOCALHOST, 7000).into());
        let idle_timeout = arguments.seconds("--idle-timeout")?;
        let io = arguments.queue(16 * 1024)?;

        let listener = io.listen(address).map_err(Failure::of(address))?;
        server::stop_on_signal(io.clone());
        server::list_on_signal(io.clone());
        server::announce(listener.local_addr()?)?;
        #[cfg(feature = "tracing")]
        let watching = arguments.path("--trace")?.map(run_picture::Watching::begin);
        serve(io.clone(), listener, idle_timeout);
        io.run()?;
        #[cfg(feature = "tracing")]
        watching.map_or(Ok(()), |watching| watching.finish("the queue"))?;
        Ok(())
    })
}
