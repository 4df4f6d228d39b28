//! B3: a signal to a state machine that comes from a factory the optimizer knows nothing about. The machine counts signals
//! that are repeated.

use std::hint::black_box;

use super::{Boxed, Case, Once, case, pass, poll};

pub const CASES: &[Case] = &[
    case("B3", "ours", |n| {
        let mut machine = black_box(ours::count_repeated as fn() -> ours::Machine)();
        send_all(n, |signal| machine.send_signal(signal).expect("it has not ended"));
        machine.result().expect("it has ended")
    }),
    case("B3", "genawaiter::rc", genawaiting::run),
    case("B3", "corosensei", stackful::run),
    case("B3", "boxed async", boxed::run),
    case("B3", "by hand", by_hand::run),
];

/// The machine returns after this one.
const LAST: u64 = u64::MAX;

#[inline(always)]
fn send_all(count: u64, mut send: impl FnMut(u64)) {
    for i in 0..count {
        send(pass(i / 2));
    }
    send(LAST);
}

mod ours {
    use coro::{Signal, StateMachine};

    use super::LAST;

    pub(super) type Machine = StateMachine<'static, u64, u64>;

    #[coro::coroutine]
    pub(super) fn count_repeated() -> StateMachine<'static, u64, u64> {
        let mut repeated = 0;
        let mut last = Signal.await;
        loop {
            let next = Signal.await;
            if next == LAST {
                return repeated;
            }
            repeated += u64::from(next == last);
            last = next;
        }
    }
}

mod genawaiting {
    use genawaiter::GeneratorState;
    use genawaiter::rc::{Co, Gen};

    use super::{Boxed, LAST, black_box, send_all};

    type Machine = Gen<(), u64, Boxed<'static, u64>>;

    fn count_repeated() -> Machine {
        Gen::new(|co: Co<(), u64>| {
            Box::pin(async move {
                let mut repeated = 0;
                let mut last = co.yield_(()).await;
                loop {
                    let next = co.yield_(()).await;
                    if next == LAST {
                        return repeated;
                    }
                    repeated += u64::from(next == last);
                    last = next;
                }
            }) as Boxed<u64>
        })
    }

    pub(super) fn run(n: u64) -> u64 {
        let mut machine = black_box(count_repeated as fn() -> Machine)();
        // The first one is for nobody.
        machine.resume_with(0);
        let mut result = None;
        send_all(n, |signal| {
            if let GeneratorState::Complete(repeated) = machine.resume_with(signal) {
                result = Some(repeated);
            }
        });
        result.expect("it has ended")
    }
}

mod stackful {
    use corosensei::{Coroutine, CoroutineResult};

    use super::{LAST, black_box, send_all};

    type Machine = Coroutine<u64, (), u64>;

    fn count_repeated() -> Machine {
        Coroutine::new(|co, first| {
            let mut repeated = 0;
            let mut last = first;
            loop {
                let next = co.suspend(());
                if next == LAST {
                    return repeated;
                }
                repeated += u64::from(next == last);
                last = next;
            }
        })
    }

    pub(super) fn run(n: u64) -> u64 {
        let mut machine = black_box(count_repeated as fn() -> Machine)();
        let mut result = None;
        send_all(n, |signal| {
            if let CoroutineResult::Return(repeated) = machine.resume(signal) {
                result = Some(repeated);
            }
        });
        result.expect("it has ended")
    }
}

/// What one can do with `async` alone: each signal goes through a cell.
mod boxed {
    use std::cell::Cell;
    use std::rc::Rc;
    use std::task::Poll;

    use super::{Boxed, LAST, Once, black_box, poll, send_all};

    type Slot = Rc<Cell<Option<u64>>>;

    struct Machine {
        slot: Slot,
        body: Boxed<'static, u64>,
        result: Option<u64>,
    }

    async fn receive(slot: &Cell<Option<u64>>) -> u64 {
        Once::default().await;
        slot.take().expect("a signal")
    }

    fn count_repeated() -> Machine {
        let slot = Slot::default();
        let body = {
            let slot = slot.clone();
            async move {
                let mut repeated = 0;
                let mut last = receive(&slot).await;
                loop {
                    let next = receive(&slot).await;
                    if next == LAST {
                        return repeated;
                    }
                    repeated += u64::from(next == last);
                    last = next;
                }
            }
        };
        let mut machine = Machine { slot, body: Box::pin(body), result: None };
        assert!(poll(machine.body.as_mut()).is_pending());
        machine
    }

    impl Machine {
        fn send(&mut self, signal: u64) {
            self.slot.set(Some(signal));
            if let Poll::Ready(repeated) = poll(self.body.as_mut()) {
                self.result = Some(repeated);
            }
        }
    }

    pub(super) fn run(n: u64) -> u64 {
        let mut machine = black_box(count_repeated as fn() -> Machine)();
        send_all(n, |signal| machine.send(signal));
        machine.result.expect("it has ended")
    }
}

mod by_hand {
    use super::{LAST, black_box, send_all};

    trait Machine {
        fn send(&mut self, signal: u64) -> Option<u64>;
    }

    enum CountRepeated {
        First,
        Next { last: u64, repeated: u64 },
    }

    impl Machine for CountRepeated {
        fn send(&mut self, signal: u64) -> Option<u64> {
            match self {
                Self::First => *self = Self::Next { last: signal, repeated: 0 },
                Self::Next { repeated, .. } if signal == LAST => return Some(*repeated),
                Self::Next { last, repeated } => {
                    *repeated += u64::from(signal == *last);
                    *last = signal;
                }
            }
            None
        }
    }

    fn count_repeated() -> Box<dyn Machine> {
        Box::new(CountRepeated::First)
    }

    pub(super) fn run(n: u64) -> u64 {
        let mut machine = black_box(count_repeated as fn() -> Box<dyn Machine>)();
        let mut result = None;
        send_all(n, |signal| {
            if let Some(repeated) = machine.send(signal) {
                result = Some(repeated);
            }
        });
        result.expect("it has ended")
    }
}
