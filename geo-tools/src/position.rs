//! Positions and bounds in fixed point: WGS 84, 1e-7 degree, longitude first.
//!
//! Other datums are converted before they come here. Start at [`Position::new`].
//!
//! Invariant: a [`Position`] is finite and in range, and equal positions are equal bit for bit.

use crate::shown;

/// How many units of a [`Position`] make one degree.
pub const UNITS_PER_DEGREE: f64 = 1e7;
const MAX_LON_E7: i32 = 1_800_000_000;
const MAX_LAT_E7: i32 = 900_000_000;

/// A position on Earth: WGS 84, longitude first, held in 1e-7 degree (about 1.1 cm).
///
/// Longitude is in -180.0..=180.0, latitude in -90.0..=90.0; both are finite.
/// ```
/// # use geo_tools::Position;
/// let manila = Position::new(120.98, 14.60)?; // longitude, latitude
/// assert!(Position::new(14.60, 120.98).is_err(), "swapped");
/// # Ok::<(), geo_tools::InvalidPosition>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Position {
    lon_e7: i32,
    lat_e7: i32,
}

/// Why two numbers are not a position.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum InvalidPosition {
    /// NaN or infinite.
    #[error("longitude {} and latitude {} must be finite numbers", shown::number(*.lon), shown::number(*.lat))]
    NotFinite {
        /// The longitude given.
        lon: f64,
        /// The latitude given.
        lat: f64,
    },
    /// Outside the range, with a hint where the two seem to be swapped.
    #[error(
        "longitude {} must be in -180..=180 and latitude {} in -90..=90{}",
        shown::number(*.lon), shown::number(*.lat), swap_hint(*.lon, *.lat)
    )]
    OutOfRange {
        /// The longitude given.
        lon: f64,
        /// The latitude given.
        lat: f64,
    },
}

fn swap_hint(lon: f64, lat: f64) -> &'static str {
    if lon.abs() <= 90.0 && lat.abs() <= 180.0 { "; are they swapped? longitude comes first" } else { "" }
}

impl Position {
    /// Rounds degrees to the nearest 1e-7, ties away from zero.
    ///
    /// # Errors
    /// [`InvalidPosition`] where a number is not finite or out of range.
    pub fn new(lon: f64, lat: f64) -> Result<Self, InvalidPosition> {
        if !lon.is_finite() || !lat.is_finite() {
            return Err(InvalidPosition::NotFinite { lon, lat });
        }
        if lon.abs() > 180.0 || lat.abs() > 90.0 {
            return Err(InvalidPosition::OutOfRange { lon, lat });
        }
        Ok(Self {
            lon_e7: (lon * UNITS_PER_DEGREE).round() as i32,
            lat_e7: (lat * UNITS_PER_DEGREE).round() as i32,
        })
    }

    /// From units of 1e-7 degree.
    ///
    /// # Errors
    /// [`InvalidPosition::OutOfRange`].
    #[inline]
    pub fn from_e7(lon_e7: i32, lat_e7: i32) -> Result<Self, InvalidPosition> {
        if !(-MAX_LON_E7..=MAX_LON_E7).contains(&lon_e7) || !(-MAX_LAT_E7..=MAX_LAT_E7).contains(&lat_e7) {
            let (lon, lat) = (f64::from(lon_e7) / UNITS_PER_DEGREE, f64::from(lat_e7) / UNITS_PER_DEGREE);
            return Err(InvalidPosition::OutOfRange { lon, lat });
        }
        Ok(Self { lon_e7, lat_e7 })
    }

    /// Whether it is 0, 0: in the Gulf of Guinea, and what a phone says that does not know where it is.
    pub fn is_unset(self) -> bool {
        self.lon_e7 == 0 && self.lat_e7 == 0
    }

    /// Longitude in 1e-7 degree.
    pub fn lon_e7(self) -> i32 {
        self.lon_e7
    }

    /// Latitude in 1e-7 degree.
    pub fn lat_e7(self) -> i32 {
        self.lat_e7
    }

    /// Longitude in degrees, the double nearest to the decimal number with seven places.
    pub fn lon(self) -> f64 {
        f64::from(self.lon_e7) / UNITS_PER_DEGREE
    }

    /// Latitude in degrees, the double nearest to the decimal number with seven places.
    pub fn lat(self) -> f64 {
        f64::from(self.lat_e7) / UNITS_PER_DEGREE
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.7}, {:.7}", self.lon(), self.lat())
    }
}

/// A box on the map, its edges included. West is never greater than east: a box does not cross the antimeridian.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Bounds {
    south_west: Position,
    north_east: Position,
}

/// Why two corners are not a box.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error(
    "west {west} must not exceed east {east}, nor south {south} north {north}; a box across the antimeridian is sent as two"
)]
pub struct InvalidBounds {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

impl Bounds {
    /// The box between two corners.
    ///
    /// # Errors
    /// [`InvalidBounds`] where the corners are the wrong way round.
    pub fn new(south_west: Position, north_east: Position) -> Result<Self, InvalidBounds> {
        if south_west.lon_e7 > north_east.lon_e7 || south_west.lat_e7 > north_east.lat_e7 {
            return Err(InvalidBounds {
                west: south_west.lon(),
                south: south_west.lat(),
                east: north_east.lon(),
                north: north_east.lat(),
            });
        }
        Ok(Self { south_west, north_east })
    }

    /// The box that holds one position and nothing else.
    pub fn at(position: Position) -> Self {
        Self { south_west: position, north_east: position }
    }

    /// The smallest box around some positions; `None` where there are none.
    pub fn of(positions: impl IntoIterator<Item = Position>) -> Option<Self> {
        let mut positions = positions.into_iter();
        let first = positions.next()?;
        let start = Self { south_west: first, north_east: first };
        Some(positions.fold(start, |bounds, position| bounds.including(position)))
    }

    /// This box, grown to hold a position.
    #[must_use]
    pub fn including(self, position: Position) -> Self {
        Self {
            south_west: Position {
                lon_e7: self.south_west.lon_e7.min(position.lon_e7),
                lat_e7: self.south_west.lat_e7.min(position.lat_e7),
            },
            north_east: Position {
                lon_e7: self.north_east.lon_e7.max(position.lon_e7),
                lat_e7: self.north_east.lat_e7.max(position.lat_e7),
            },
        }
    }

    /// The smallest box around both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        self.including(other.south_west).including(other.north_east)
    }

    /// Whether a position is inside or on the edge.
    pub fn contains(&self, position: Position) -> bool {
        (self.south_west.lon_e7..=self.north_east.lon_e7).contains(&position.lon_e7)
            && (self.south_west.lat_e7..=self.north_east.lat_e7).contains(&position.lat_e7)
    }

    /// Whether the two share at least one position.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.south_west.lon_e7 <= other.north_east.lon_e7
            && other.south_west.lon_e7 <= self.north_east.lon_e7
            && self.south_west.lat_e7 <= other.north_east.lat_e7
            && other.south_west.lat_e7 <= self.north_east.lat_e7
    }

    /// The south-western corner.
    pub fn south_west(&self) -> Position {
        self.south_west
    }

    /// The north-eastern corner.
    pub fn north_east(&self) -> Position {
        self.north_east
    }

    /// The position in the middle, rounded towards the south-west.
    pub fn center(&self) -> Position {
        let middle = |low: i32, high: i32| (i64::from(low) + i64::from(high)).div_euclid(2) as i32;
        Position {
            lon_e7: middle(self.south_west.lon_e7, self.north_east.lon_e7),
            lat_e7: middle(self.south_west.lat_e7, self.north_east.lat_e7),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swapped_position_gets_a_hint_and_is_not_swapped() {
        let error = Position::new(14.6, 120.98).expect_err("latitude 120.98");
        assert!(error.to_string().ends_with("are they swapped? longitude comes first"), "{error}");
        assert!(!Position::new(200.0, 95.0).expect_err("both out").to_string().contains("swapped"));
    }

    #[test]
    fn neither_nan_nor_infinity_nor_minus_zero_comes_in() {
        assert!(matches!(Position::new(f64::NAN, 0.0), Err(InvalidPosition::NotFinite { .. })));
        assert!(matches!(Position::new(0.0, f64::INFINITY), Err(InvalidPosition::NotFinite { .. })));
        assert_eq!(Position::new(-0.0, -0.0), Position::from_e7(0, 0));
    }

    #[test]
    fn degrees_with_seven_decimals_survive_the_round_trip() {
        for lon_e7 in (-1_800_000_000..=1_800_000_000).step_by(9_999_991) {
            let position = Position::from_e7(lon_e7, lon_e7 / 2).expect("in range");
            assert_eq!(Position::new(position.lon(), position.lat()), Ok(position));
        }
    }

    #[test]
    fn bounds_hold_their_edges_and_refuse_to_be_inside_out() {
        let at = |lon, lat| Position::new(lon, lat).expect("in range");
        let bounds = Bounds::new(at(120.0, 14.0), at(121.0, 15.0)).expect("right way round");
        assert!(bounds.contains(at(121.0, 15.0)) && !bounds.contains(at(121.000_000_1, 15.0)));
        assert!(Bounds::new(at(121.0, 14.0), at(120.0, 15.0)).is_err());
        assert_eq!(bounds.center(), at(120.5, 14.5));
    }
}
