//! What one answer may still hold of what its document does not bound: the cells above and below others, and their areas.
//!
//! A document is priced before it runs, when nobody knows how many cells a township has or how long its border is.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::{Error, Result};

use super::error::{Code, coded};

const MAX_CELLS: usize = 10_000;
const MAX_AREA_BYTES: usize = 16 << 20;

/// What is left for one answer; each batch of a subscription is an answer.
#[derive(Debug)]
pub struct Budget {
    cells: AtomicUsize,
    area_bytes: AtomicUsize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { cells: MAX_CELLS.into(), area_bytes: MAX_AREA_BYTES.into() }
    }
}

impl Budget {
    /// All of it again: another answer begins.
    pub fn refill(&self) {
        self.cells.store(MAX_CELLS, Ordering::Relaxed);
        self.area_bytes.store(MAX_AREA_BYTES, Ordering::Relaxed);
    }

    /// Takes cells that are reached from another cell.
    ///
    /// # Errors
    /// `DOCUMENT_REFUSED` where they are too many.
    pub fn take_cells(&self, count: usize) -> Result<()> {
        take(&self.cells, count, || {
            format!(
                "more than {MAX_CELLS} cells above and below others; ask in several requests, or by `cells(area:)`"
            )
        })
    }

    /// Takes the area of a cell.
    ///
    /// # Errors
    /// `DOCUMENT_REFUSED` where they are too large.
    pub fn take_area(&self, bytes: usize) -> Result<()> {
        take(&self.area_bytes, bytes, || {
            format!(
                "areas of more than {} MiB; ask for fewer, or with a larger `simplifyM`",
                MAX_AREA_BYTES >> 20
            )
        })
    }
}

fn take(left: &AtomicUsize, amount: usize, message: impl FnOnce() -> String) -> Result<()> {
    let taken = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(amount));
    taken.map(drop).map_err(|_| -> Error { coded(Code::DocumentRefused.as_str(), message()) })
}
