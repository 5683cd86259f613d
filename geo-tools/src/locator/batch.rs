//! Many positions at once, in stages over a batch of them.
//!
//! What one position waits for from memory is fetched while the others are: the loops that only fetch are so short that
//! a processor has dozens of them under way. No loop has a branch that a position decides, but for the few in wide boxes.

use super::grid::{Entry, Grid, Kind};
use super::slim::SlimBox;
use crate::position::Position;

/// How many positions go through the stages together: what is between two stages stays in the first cache.
pub(super) const BATCH: usize = 512;

impl Grid {
    /// The labels of up to [`BATCH`] positions, shifted to the north-east.
    pub(super) fn label_batch(&self, at: &[Position], labels: &mut [u32]) {
        let (top, slim_boxes) = (&*self.top, &*self.slim);
        let mut entries = [Entry::outside(); BATCH];
        for (label, at) in labels.iter_mut().zip(at) {
            *label = self.lattice.index(at.lon_e7(), at.lat_e7()) as u32;
        }
        // Only fetches.
        for (entry, index) in entries.iter_mut().zip(labels.iter()) {
            *entry = Entry::from_word(top[*index as usize]);
        }
        let (mut slim, mut wide) = ([(0u16, 0u32); BATCH], [0u16; BATCH]);
        let (mut slim_len, mut wide_len) = (0, 0);
        for (index, (label, entry)) in labels.iter_mut().zip(&entries[..at.len()]).enumerate() {
            *label = entry.index() as u32;
            slim[slim_len] = (index as u16, *label);
            slim_len += usize::from(entry.is(Kind::Slim));
            wide[wide_len] = index as u16;
            wide_len += usize::from(!entry.is(Kind::Slim) & !entry.is(Kind::Whole));
        }
        let slim = &slim[..slim_len];
        // Only fetches.
        for (index, place) in slim {
            labels[usize::from(*index)] = SlimBox::from_record(&slim_boxes[*place as usize]).base();
        }
        for (index, place) in slim {
            let index = usize::from(*index);
            let (east, north) = self.lattice.offset(at[index].lon_e7(), at[index].lat_e7());
            labels[index] = SlimBox::from_record(&slim_boxes[*place as usize]).label_at(east, north);
        }
        for index in wide[..wide_len].iter().map(|index| usize::from(*index)) {
            labels[index] = self.label_in(entries[index], at[index].lon_e7(), at[index].lat_e7());
        }
    }
}
