//! The proof that a coverage is one.

use crate::Problem;
use crate::coverage::Coverage;

impl Coverage {
    /// Everything that keeps it from being a partition; empty means proven.
    pub fn prove(&self) -> Vec<Problem> {
        Self::from_borders(self.leaf_count, self.borders.clone()).err().unwrap_or_default()
    }
}
