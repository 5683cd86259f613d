//! Many positions at once, in stages over a batch of them.
//!
//! What one position waits for from memory is fetched while the others are: the loops that only fetch are so short that
//! a processor has dozens of them under way. No loop has a branch that a position decides, but for the few in wide boxes
//! and outside, and where the positions of a group that lie in boxes of a kind come to an end. All of it is compiled into
//! its caller, for vectors as wide as that one's.

use fearless_simd::{prelude::*, u32x8};

use super::grid::{Entry, Grid, Kind};
use super::slim::{SlimBox, StarBox};
use crate::position::Position;

/// How many positions go through the stages together, whole groups of them: what is between two stages stays in the first
/// cache.
pub(super) const BATCH: usize = 512;
/// How many entries are told apart by kind together: as many as a word has bits.
const GROUP: usize = u64::BITS as usize;
/// The entry of a box without borders: nothing is left to find in it.
const NOTHING_LEFT: u32 = 1;

/// What the stages leave to the next one, made once for many batches.
pub(super) struct Stages {
    entries: [u32; BATCH],
    /// Which positions lie in slim boxes.
    slim: Places,
    /// Which lie in star boxes.
    stars: Places,
    /// Which lie in other boxes with borders, or in one outside.
    others: Places,
    /// Which got no label.
    outside: Places,
}

/// Places in a batch.
struct Places {
    list: [u16; BATCH],
    len: usize,
}

impl Places {
    fn new() -> Self {
        Self { list: [0; BATCH], len: 0 }
    }

    /// Keeps a place or does not, without a branch.
    #[inline(always)]
    fn keep(&mut self, place: usize, wanted: bool) {
        self.list[self.len % BATCH] = place as u16;
        self.len += usize::from(wanted);
    }

    /// Keeps the places of a group whose bits are set.
    #[inline(always)]
    fn keep_all(&mut self, first: usize, mut bits: u64) {
        while bits != 0 {
            self.keep(first + bits.trailing_zeros() as usize, true);
            bits &= bits - 1;
        }
    }

    #[inline(always)]
    fn iter(&self) -> impl Iterator<Item = usize> {
        self.list[..self.len].iter().map(|place| usize::from(*place))
    }
}

impl Stages {
    pub(super) fn new() -> Self {
        let (slim, stars, others, outside) = (Places::new(), Places::new(), Places::new(), Places::new());
        Self { entries: [0; BATCH], slim, stars, others, outside }
    }

    /// Which positions of the batch before got no label.
    pub(super) fn outside(&self) -> impl Iterator<Item = usize> {
        self.outside.iter()
    }
}

/// Which entries of a group are of slim boxes, which of star boxes, and which of other boxes with borders or of one outside,
/// a bit for each.
#[inline(always)]
fn kinds<S: Simd>(simd: S, entries: &[u32; GROUP]) -> [u64; 3] {
    let mut ones = [0; 3];
    for (part, entries) in entries.as_chunks::<8>().0.iter().enumerate() {
        let entries = u32x8::simd_from(simd, *entries);
        let kinds = entries >> Entry::KIND_BITS;
        let is_slim = kinds.simd_eq(Kind::Slim as u32).to_bitmask();
        let is_star = kinds.simd_eq(Kind::Star as u32).to_bitmask();
        let has_label = (entries - 1).simd_lt((1 << Entry::KIND_BITS) - 1).to_bitmask();
        ones[0] |= is_slim << (8 * part);
        ones[1] |= is_star << (8 * part);
        ones[2] |= (!(is_slim | is_star | has_label) & 0xff) << (8 * part);
    }
    ones
}

impl Grid {
    /// The labels of up to [`BATCH`] positions, shifted to the north-east.
    #[inline(always)]
    pub(super) fn label_batch<S: Simd>(
        &self,
        simd: S,
        at: &[Position],
        labels: &mut [u32],
        stages: &mut Stages,
    ) {
        let (top, slim_boxes, star_boxes) = (&*self.top, &*self.slim, &*self.stars);
        let Stages { entries: groups, slim, stars, others, outside } = stages;
        let groups = &mut groups[..at.len().next_multiple_of(GROUP)];
        let (entries, rest) = groups.split_at_mut(at.len());
        rest.fill(NOTHING_LEFT);
        (slim.len, stars.len, others.len, outside.len) = (0, 0, 0, 0);
        for (label, at) in labels.iter_mut().zip(at) {
            *label = self.lattice.index(at.lon_e7(), at.lat_e7()) as u32;
        }
        // Only fetches.
        for (entry, index) in entries.iter_mut().zip(labels.iter()) {
            *entry = top[*index as usize];
        }
        for (label, entry) in labels.iter_mut().zip(entries.iter()) {
            *label = Entry::from_word(*entry).index() as u32;
        }
        for (group, entries) in groups.as_chunks::<GROUP>().0.iter().enumerate() {
            let ones = kinds(simd, entries);
            for (places, ones) in [&mut *slim, &mut *stars, &mut *others].into_iter().zip(ones) {
                places.keep_all(group * GROUP, ones);
            }
        }
        let entries = &mut groups[..at.len()];
        // Only fetches, into where the entries were.
        for place in slim.iter() {
            entries[place] = SlimBox::from_record(&slim_boxes[labels[place] as usize]).base();
        }
        for place in stars.iter() {
            entries[place] = StarBox::from_record(&star_boxes[labels[place] as usize]).base();
        }
        for place in slim.iter() {
            let (east, north) = self.lattice.offset(at[place].lon_e7(), at[place].lat_e7());
            let label = SlimBox::from_record(&slim_boxes[labels[place] as usize]).label_at(east, north);
            labels[place] = label;
            outside.keep(place, label == 0);
        }
        for place in stars.iter() {
            let (east, north) = self.lattice.offset(at[place].lon_e7(), at[place].lat_e7());
            let label = StarBox::from_record(&star_boxes[labels[place] as usize]).label_at(east, north);
            labels[place] = label;
            outside.keep(place, label == 0);
        }
        for place in others.iter() {
            let entry = Entry::from_word(entries[place]);
            labels[place] = self.wide_label(entry, at[place].lon_e7(), at[place].lat_e7());
            outside.keep(place, labels[place] == 0);
        }
    }
}
