//! Nothing acknowledged is ever lost: the real process is ended at random moments while many
//! clients write, and what stands there afterwards is held against a journal.
//!
//! [`journal`] says what a repository is to hold, [`client`] and [`keeper`] do what is written
//! there, [`observed`] reads what is really there, [`run`] ends and starts the process. How it ends
//! is what the tests differ in: [`kills`] by SIGKILL, [`power`] with all that was not synced,
//! [`failing`] after calls to the kernel that failed. And [`locked`] is a database that somebody
//! else has.
//!
//! `NARU_KILLS`, `NARU_CUTS` and `NARU_FAULTS` say how often, for a longer run, and `NARU_SEED`
//! begins with the same numbers again; which moment that is in the server depends on the machine
//! all the same.

mod client;
mod failing;
mod journal;
mod keeper;
mod kills;
mod locked;
mod observed;
mod power;
mod run;
mod wire;

/// Numbers that are the same for the same seed.
#[derive(Clone)]
struct Numbers(u64);

impl Numbers {
    /// Those of a seed; `part` tells several who share it apart.
    fn of(seed: u64, part: u64) -> Self {
        let mixed =
            (seed ^ part.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0xd134_2543_de82_ef95);
        let mut numbers = Self(mixed | 1);
        for _ in 0..8 {
            numbers.next();
        }
        numbers
    }

    fn next(&mut self) -> u64 {
        // Xorshift, as Marsaglia gave it.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 11) % bound
    }

    /// Whether it is one of so many times.
    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

/// A number that may be set for a longer run.
fn set(name: &str, otherwise: u64) -> u64 {
    let set = std::env::vars().find(|(variable, _)| variable == name);
    set.map_or(otherwise, |(_, value)| value.parse().unwrap())
}

/// The seed of this run, which is told with every failure.
fn seed() -> u64 {
    let process = u64::from(std::process::id());
    let seed = set("NARU_SEED", process);
    println!("NARU_SEED={seed}");
    seed
}
