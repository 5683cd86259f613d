//! Pages of a list: how many, and after what.

use crate::input::{InputCode, InputProblem};

/// How many rows of a list are wanted, 1 to a maximum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PageSize(u64);

impl PageSize {
    /// The most rows of a list that one page may hold.
    pub const MAX: i32 = 200;

    /// The largest page.
    pub const LARGEST: Self = Self(Self::MAX as u64);

    /// Checks the size of a page.
    ///
    /// # Errors
    /// [`InputCode::InvalidPageSize`].
    pub fn new(first: i32) -> Result<Self, InputProblem> {
        match u64::try_from(first) {
            Ok(rows) if (1..=Self::MAX).contains(&first) => Ok(Self(rows)),
            _ => {
                let message = format!("first is {first}; 1 to {} are allowed", Self::MAX);
                Err(InputProblem::new(InputCode::InvalidPageSize, message, &["first"]))
            }
        }
    }

    /// How many rows.
    pub fn rows(self) -> u64 {
        self.0
    }
}

/// A page of a list in an order; `end` is the key of its last row.
#[derive(Clone, PartialEq, Debug)]
pub struct Page<T, K> {
    /// The rows.
    pub rows: Vec<(K, T)>,
    /// Whether there are more after them.
    pub has_more: bool,
}
