//! A discrete-event simulation: cars come to a car wash that has fewer machines than there are cars.
//!
//! Each car is a coroutine that tells its own story from top to bottom. `co_yield!` waits, in the simulated time, and its value is
//! the time it is then. The simulation is a queue of whom to resume when: time jumps from one event to the next.
//!
//! Run: `cargo run --example simulation -- 2` (machines)

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};

use coro::{Resumable, Resumed, TwoWay, two_way};

/// In minutes.
pub type Time = u32;

/// What a process waits for.
pub enum Until {
    /// So many minutes to be over.
    After(Time),
    /// A machine to be free. It is the process's then.
    HasMachine,
}

/// A process is resumed with the time, and gives what it waits for.
pub type Story<'a> = TwoWay<'a, Time, Until>;

#[coro::coroutine]
fn car<'a>(name: &'a str, wash: Time, free: &'a Cell<u32>, print: &'a dyn Fn(String), arrival: Time) -> Story<'a> {
    print(format!("{arrival:>3}  {name} arrives"));
    let begin = co_yield!(Until::HasMachine);
    print(format!("{begin:>3}  {name} goes in, after {} minutes", begin - arrival));
    let end = co_yield!(Until::After(wash));
    free.set(free.get() + 1);
    print(format!("{end:>3}  {name} leaves"));
}

/// Runs all processes, each of which begins at its time, to their ends. Says when the last one has ended.
fn simulate<'a, F>(free: &Cell<u32>, processes: impl IntoIterator<Item = (Time, Resumable<F, Story<'a>>)>) -> Time
where
    F: FnOnce(Time) -> Story<'a>,
{
    // At the same time, who was put in first comes first.
    let mut agenda: BTreeMap<_, _> =
        (0..).zip(processes).map(|(number, (start, process))| ((start, number), process)).collect();
    let (mut waiting, mut number, mut now) = (VecDeque::new(), agenda.len(), 0);
    while let Some(((time, _), mut process)) = agenda.pop_first() {
        now = time;
        match process.resume(now) {
            Ok(Resumed::Yielded(Until::After(minutes))) => {
                agenda.insert((now + minutes, number), process);
                number += 1;
            }
            Ok(Resumed::Yielded(Until::HasMachine)) => waiting.push_back(process),
            Ok(Resumed::Complete(())) => {}
            Err(_) => unreachable!("who has ended is on no list"),
        }
        while free.get() > 0
            && let Some(process) = waiting.pop_front()
        {
            free.set(free.get() - 1);
            agenda.insert((now, number), process);
            number += 1;
        }
    }
    now
}

/// The cars' names, when they arrive, and how long each is washed.
const CARS: [(&str, Time, Time); 4] = [("Ada", 0, 5), ("Bob", 1, 3), ("Cleo", 2, 5), ("Dan", 9, 4)];

pub fn open_for_business(machines: u32, print: &dyn Fn(String)) -> Time {
    let free = &Cell::new(machines);
    let cars = CARS.map(|(name, arrival, wash)| (arrival, two_way(move |now| car(name, wash, free, print, now))));
    simulate(free, cars)
}

fn main() {
    let machines = std::env::args().nth(1).map_or(Ok(1), |machines| machines.parse());
    let Ok(machines @ 1..) = machines else {
        eprintln!("usage: simulation [MACHINES]");
        std::process::exit(2);
    };
    let end = open_for_business(machines, &|line| println!("{line}"));
    println!("{end:>3}  all are clean");
}
