//! What a unit takes in work: its households by how difficult they are, and visits that are due besides.

use crate::districting::{InvalidWeight, Weight};
use crate::shown;

/// Thousandths in one.
const THOUSANDTHS: i64 = 1_000;
/// A household that takes less is none, and one that takes more is no household: such a number is a slip.
const LEAST: f64 = 1e-3;
const MOST: f64 = 1e3;

/// How many visits a household takes in a period: 1 where it is ordinary. Above 0, held in thousandths.
///
/// ```
/// # use geo_tools::districting::Difficulty;
/// assert!(Difficulty::new(1.5).is_ok());
/// assert!(Difficulty::new(0.0).is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Difficulty(i64);

/// Why a number is not a difficulty.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{} is not a difficulty, which is a number from 0.001 to 1 000", shown::number(*.given))]
pub struct InvalidDifficulty {
    given: f64,
}

impl Difficulty {
    /// That of an ordinary household.
    pub const ORDINARY: Self = Self(THOUSANDTHS);

    /// Rounds to the nearest thousandth.
    ///
    /// # Errors
    /// [`InvalidDifficulty`] where the number is below a thousandth, not finite or beyond a thousand.
    pub fn new(given: f64) -> Result<Self, InvalidDifficulty> {
        if !(LEAST..=MOST).contains(&given) {
            return Err(InvalidDifficulty { given });
        }
        Ok(Self((given * THOUSANDTHS as f64).round() as i64))
    }
}

/// What a unit takes in a period, in visits: households × difficulty + the visits that are due in it besides.
///
/// It is worked out in whole numbers and rounded once, to the nearest thousandth.
/// ```
/// # use geo_tools::districting::{Difficulty, Weight, workload};
/// let work = workload(Weight::new(20.0)?, Difficulty::new(1.5)?, Weight::new(6.0)?)?;
/// assert_eq!(work, Weight::new(36.0)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`InvalidWeight`] where that is more than a unit can weigh.
pub fn workload(households: Weight, difficulty: Difficulty, visits: Weight) -> Result<Weight, InvalidWeight> {
    // At most 1e12 × 1e6: it fits.
    let millionths = households.thousandths() * difficulty.0;
    let thousandths = (millionths + THOUSANDTHS / 2) / THOUSANDTHS + visits.thousandths();
    // Below 2^53, so that no digit is lost on the way through a float, which says whether it is too much.
    Weight::new(thousandths as f64 / THOUSANDTHS as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(households: f64, difficulty: f64, visits: f64) -> Option<i64> {
        let weight = |given: f64| Weight::new(given).expect("a weight");
        let difficulty = Difficulty::new(difficulty).expect("a difficulty");
        workload(weight(households), difficulty, weight(visits)).ok().map(Weight::thousandths)
    }

    #[test]
    fn work_is_households_by_difficulty_and_visits_to_the_nearest_thousandth() {
        assert_eq!(of(10.0, 1.0, 0.0), Some(10_000));
        assert_eq!(of(10.0, 2.5, 3.0), Some(28_000));
        assert_eq!(of(0.0, 7.0, 3.0), Some(3_000), "visits are due where nobody lives, too");
        assert_eq!(of(0.001, 0.5, 0.0), Some(1), "half a thousandth counts as one");
        assert_eq!(of(0.001, 0.499, 0.0), Some(0));
        // 864 320 980.650 and a half.
        assert_eq!(of(123_456_789.123, 7.001, 0.5), Some(864_320_981_150));
    }

    #[test]
    fn what_is_more_than_a_unit_can_weigh_is_refused() {
        assert_eq!(of(1e9, 1.0, 0.0), Some(1_000_000_000_000));
        assert_eq!(of(1e9, 1.0, 0.001), None);
        assert_eq!(of(1e9, 1e3, 1e9), None);
    }

    #[test]
    fn a_difficulty_is_above_nothing_and_finite() {
        for given in [0.0, -1.0, 0.000_9, 1_000.1, f64::NAN, f64::INFINITY] {
            let told = Difficulty::new(given).expect_err("none").to_string();
            assert!(told.ends_with("is not a difficulty, which is a number from 0.001 to 1 000"), "{told}");
        }
        assert_eq!(Difficulty::new(1.0), Ok(Difficulty::ORDINARY));
        assert!(Difficulty::new(1e-3).is_ok() && Difficulty::new(1e3).is_ok());
    }
}
