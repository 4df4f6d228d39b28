//! A helper that every program needs.

use std::io;

use coro::{LocalWorld, Task};

use super::{Connection, IoBuf, IoQueue};

/// Sends all of `data`, however many pieces the socket takes it in.
#[coro::coroutine]
pub fn send_all<'a, W: LocalWorld>(
    io: &'a IoQueue,
    connection: &'a Connection,
    data: &'a IoBuf,
) -> Task<'a, io::Result<()>, W> {
    let mut sent = 0;
    while sent < data.len() {
        sent += io.send(connection, data.slice(sent..)).await?;
    }
    Ok(())
}
