//! What is promised when something breaks: servers that are killed, connections that are cut, disks that are full, things
//! sent twenty times. Nothing that was acknowledged is lost, nothing is done twice, nothing is there by halves.
//!
//! `books` keeps what clients were told and compares it with the database by SQL of its own. Each test prints its seed;
//! `FAULT_SEED` repeats it as far as other processes let it, and `FAULT_CYCLES` and `FAULT_CUTS` make it longer.

mod backups;
mod books;
mod cuts;
mod kills;
mod proxy;
mod retries;
mod server;
mod storage;
mod writers;

/// How often something is broken: what a variable says, else what CI can afford.
fn times(variable: &str, usual: usize) -> usize {
    std::env::var(variable).map_or(usual, |text| text.parse().expect("a number"))
}

/// Chance that can be repeated; the seed is printed.
fn chance(test: &str) -> Chance {
    let fresh = uuid::Uuid::new_v4().as_u128() as u64;
    let seed = std::env::var("FAULT_SEED").map_or(fresh, |text| text.parse().expect("a number"));
    eprintln!("{test}: FAULT_SEED={seed}");
    Chance(seed)
}

/// Numbers that look random and follow from a seed: splitmix64.
#[derive(Clone, Debug)]
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            items.swap(last, other);
        }
    }
}
