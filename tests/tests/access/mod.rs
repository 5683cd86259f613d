//! Whether anybody is told what they may not see, or not told what they may: random worlds, random viewers, random questions
//! at every door, each answer compared with what an oracle expects.
//!
//! `oracle` was written from the documents and shares no code with `domain::access` or the store. A question is one field of
//! an operation's root, one tile, one file or one subscription, with arguments and a selection of its own. Each test prints
//! its seed; `ACCESS_SEED` repeats it and `ACCESS_QUERIES` says how many questions there are (on PostgreSQL a tenth).

mod absent;
mod ask;
mod doors;
mod expect;
mod founding;
mod oracle;
mod random;
mod roots;
mod select;
mod streams;
mod world;

use crate::faults::Chance;

/// How many questions CI can afford on SQLite.
const USUAL: usize = 100_000;

fn questions() -> usize {
    std::env::var("ACCESS_QUERIES").map_or(USUAL, |text| text.parse().expect("a number"))
}

/// Chance that can be repeated; the seed is printed.
fn chance(test: &str) -> Chance {
    Chance(seed(test))
}

/// What chance begins with: fresh in each run, or `ACCESS_SEED`; it is printed.
pub(crate) fn seed(test: &str) -> u64 {
    let fresh = uuid::Uuid::new_v4().as_u128() as u64;
    let seed = std::env::var("ACCESS_SEED").map_or(fresh, |text| text.parse().expect("a number"));
    eprintln!("{test}: ACCESS_SEED={seed}");
    seed
}
