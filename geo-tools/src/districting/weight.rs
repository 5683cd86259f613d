//! How much a unit counts, in fixed point.

use crate::shown;

/// Thousandths in one.
const THOUSANDTHS: f64 = 1e3;
/// The most that one unit can count: a country's households, with room for a hundred million such units in sums.
const MOST: f64 = 1e9;

/// How much a unit counts: households, people, or hours of work. Never negative, held in thousandths.
///
/// ```
/// # use geo_tools::districting::Weight;
/// assert_eq!(Weight::new(2.5)?.thousandths(), 2_500);
/// assert!(Weight::new(-1.0).is_err());
/// # Ok::<(), geo_tools::districting::InvalidWeight>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Weight(i64);

/// Why a number is not a weight.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{} is not a weight, which is a number from 0 to 1 000 000 000", shown::number(*.given))]
pub struct InvalidWeight {
    given: f64,
}

impl Weight {
    /// Rounds to the nearest thousandth.
    ///
    /// # Errors
    /// [`InvalidWeight`] where the number is negative, not finite or beyond a billion.
    pub fn new(given: f64) -> Result<Self, InvalidWeight> {
        if !(0.0..=MOST).contains(&given) {
            return Err(InvalidWeight { given });
        }
        Ok(Self((given * THOUSANDTHS).round() as i64))
    }

    /// From thousandths, as a sum of weights gives them; what is negative counts as nothing.
    pub fn from_thousandths(thousandths: i64) -> Self {
        Self(thousandths.max(0))
    }

    /// In thousandths.
    pub fn thousandths(self) -> i64 {
        self.0
    }

    /// As a number, to be shown.
    pub fn value(self) -> f64 {
        self.0 as f64 / THOUSANDTHS
    }
}

impl std::fmt::Display for Weight {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.value())
    }
}
