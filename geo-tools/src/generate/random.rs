//! Chance that repeats: SplitMix64, one stream for each purpose, so that a new purpose moves nothing else.

/// What a stream of chance is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Nodes = 1,
    Sides,
    Oddities,
    Positions,
    Outline,
    Regions,
    Names,
    Buildings,
    Households,
    Incidents,
    Visits,
    UnitCorners,
    UnitWeights,
    Sweeps,
    Drift,
}

/// A stream of numbers that look random and are the same for the same seed.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The stream of a purpose.
    pub(crate) fn new(seed: u64, purpose: Purpose) -> Self {
        Self::numbered(seed, purpose, 0)
    }

    /// One of many streams of a purpose.
    pub(crate) fn numbered(seed: u64, purpose: Purpose, number: u64) -> Self {
        let start = mixed(mixed(seed ^ ((purpose as u64) << 56)) ^ number);
        Self(start)
    }

    /// All 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    /// A whole number below `end`; 0 where there is none.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(end)) >> 64) as u64
    }

    /// An index into a list of `count`.
    pub(crate) fn index(&mut self, count: usize) -> usize {
        self.below(count as u64) as usize
    }

    /// At least 0 and less than 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Puts `count` of a list, drawn without repetition, at its beginning.
    pub(crate) fn draw<T>(&mut self, list: &mut [T], count: usize) {
        for at in 0..count.min(list.len()) {
            let other = at + self.index(list.len() - at);
            list.swap(at, other);
        }
    }
}

fn mixed(bits: u64) -> u64 {
    let mut z = bits;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
