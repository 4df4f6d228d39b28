//! A serial line's decoder that allocates nothing: its coroutine lives in the driver's own structure.
//!
//! ```text
//! printf '\x7e\x03abc\x26\x7e\x01a\x00\x7e\x02hi\xd1' | cargo run --example in_place
//! ```
//!
//! A message is `0x7e`, a length, that many bytes, and their sum. The decoder is a state machine, written as the loop
//! that one would write if bytes could be waited for. `impl InPlace<StateMachine<…>>` says that it is not allocated: it
//! becomes a field of `Line`, which lives on the stack of `main`.

use std::cell::RefCell;
use std::io::{self, Read};
use std::pin::{Pin, pin};

use coro::{InPlace, Signal, StateMachine};

const START: u8 = 0x7e;
const LONGEST: usize = 64;

/// The message that was received last, and what went wrong.
#[derive(Default)]
pub struct Inbox {
    pub text: Vec<u8>,
    pub received: usize,
    pub damaged: usize,
}

/// Never ends: the line may always have more.
#[coro::coroutine]
pub fn decode(inbox: &RefCell<Inbox>) -> impl InPlace<StateMachine<'_, u8, ()>> {
    let mut buffer = [0; LONGEST];
    loop {
        while Signal.await != START {}
        let length = usize::from(Signal.await);
        if length > LONGEST {
            inbox.borrow_mut().damaged += 1;
            continue;
        }
        for byte in &mut buffer[..length] {
            *byte = Signal.await;
        }
        let message = &buffer[..length];
        let sum = message.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        if Signal.await == sum {
            let mut inbox = inbox.borrow_mut();
            inbox.text.clear();
            inbox.text.extend(message);
            inbox.received += 1;
        } else {
            inbox.borrow_mut().damaged += 1;
        }
    }
}

/// The driver, whatever its decoder is.
pub struct Line<'l, M> {
    pub bytes: usize,
    pub decoder: Pin<&'l mut M>,
}

impl<'i, M: InPlace<StateMachine<'i, u8, ()>> + 'i> Line<'_, M> {
    /// What an interrupt would call.
    pub fn receive(&mut self, byte: u8) {
        self.bytes += 1;
        self.decoder.as_mut().coroutine().send_signal(byte).expect("the decoder never ends");
    }
}

fn main() -> io::Result<()> {
    let inbox = RefCell::new(Inbox::default());
    let decoder = decode(&inbox);
    println!("the decoder has {} bytes", size_of_val(&decoder));
    let mut line = Line { bytes: 0, decoder: pin!(decoder) };
    for byte in io::stdin().lock().bytes() {
        let before = inbox.borrow().received;
        line.receive(byte?);
        let inbox = inbox.borrow();
        if inbox.received > before {
            println!("received {:?}", String::from_utf8_lossy(&inbox.text));
        }
    }
    println!("{} bytes, {} damaged", line.bytes, inbox.borrow().damaged);
    Ok(())
}
