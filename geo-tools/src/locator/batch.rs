//! Many positions at once, in stages over a batch of them.
//!
//! What one position waits for from memory is fetched while the others are: the loops that only fetch are so short that
//! a processor has dozens of them under way. No loop has a branch that a position decides, but for the few in wide boxes
//! and outside. All of it is compiled into its caller, for vectors as wide as that one's.

use super::grid::{Entry, Grid, Kind};
use super::slim::SlimBox;
use crate::position::Position;

/// How many positions go through the stages together: what is between two stages stays in the first cache.
pub(super) const BATCH: usize = 512;

/// What the stages leave to the next one, made once for many batches.
pub(super) struct Stages {
    entries: [u32; BATCH],
    /// Which positions lie in slim boxes.
    slim: Places,
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

    #[inline(always)]
    fn iter(&self) -> impl Iterator<Item = usize> {
        self.list[..self.len].iter().map(|place| usize::from(*place))
    }
}

impl Stages {
    pub(super) fn new() -> Self {
        Self { entries: [0; BATCH], slim: Places::new(), others: Places::new(), outside: Places::new() }
    }

    /// Which positions of the batch before got no label.
    pub(super) fn outside(&self) -> impl Iterator<Item = usize> {
        self.outside.iter()
    }
}

impl Grid {
    /// The labels of up to [`BATCH`] positions, shifted to the north-east.
    #[inline(always)]
    pub(super) fn label_batch(&self, at: &[Position], labels: &mut [u32], stages: &mut Stages) {
        let (top, slim_boxes) = (&*self.top, &*self.slim);
        let Stages { entries, slim, others, outside } = stages;
        let entries = &mut entries[..at.len()];
        (slim.len, others.len, outside.len) = (0, 0, 0);
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
        for (place, entry) in entries.iter().enumerate() {
            let (entry, is_outside) = (Entry::from_word(*entry), *entry == Entry::outside().word());
            slim.keep(place, entry.is(Kind::Slim));
            others.keep(place, !entry.is(Kind::Slim) & (!entry.is(Kind::Whole) | is_outside));
        }
        // Only fetches, into where the entries were.
        for place in slim.iter() {
            entries[place] = SlimBox::from_record(&slim_boxes[labels[place] as usize]).base();
        }
        for place in slim.iter() {
            let (east, north) = self.lattice.offset(at[place].lon_e7(), at[place].lat_e7());
            let label = SlimBox::from_record(&slim_boxes[labels[place] as usize]).label_at(east, north);
            labels[place] = label;
            outside.keep(place, label == 0);
        }
        for place in others.iter() {
            let entry = Entry::from_word(entries[place]);
            labels[place] = self.label_in(entry, at[place].lon_e7(), at[place].lat_e7());
            outside.keep(place, labels[place] == 0);
        }
    }
}
