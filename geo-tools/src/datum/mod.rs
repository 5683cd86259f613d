//! What the numbers of a file refer to, and the one gate from them to a [`Position`], which is WGS 84.
//!
//! Start at [`Datum::position`] (in) and [`Datum::coordinates`] (out). `shift` has the two formulas that move a place
//! on maps in China, `mercator` the square map; [`suspicion`] tells points that were shifted and do not say so.
//!
//! Invariant: nothing here decides which datum a file is in: that is said by whoever brings the file.

mod mercator;
mod shift;
pub mod suspicion;

use std::str::FromStr;

use crate::position::{InvalidPosition, Position};
use crate::shown;

/// What the numbers of a position refer to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Datum {
    /// WGS 84 in degrees: what satellites give, and what everything is held in.
    #[default]
    Wgs84,
    /// GCJ-02 in degrees: maps of China, moved by 100 to 700 m. Outside China's box it is WGS 84.
    ///
    /// The box is that of the published formula: longitude 72.004 to 137.8347, latitude 0.8293 to 55.8271, of the
    /// WGS 84 position, edges included. It holds more than China: also there the formula's users move positions.
    Gcj02,
    /// BD-09 in degrees: GCJ-02 moved again by about 1 km. Outside the box of GCJ-02 it is WGS 84.
    Bd09,
    /// CGCS2000 in degrees, taken as equal to WGS 84.
    ///
    /// The ellipsoids differ by less than 0.2 mm on the ground and the frames by centimetres at one epoch. What
    /// remains is the drift of the plate since 2000.0, some centimetres a year and less than 1 m by now: EPSG too gives
    /// the step to WGS 84 as none, with an accuracy of 1 m. A file does not say the epoch that would mend it.
    Cgcs2000,
    /// Web Mercator (EPSG:3857) in metres east and north.
    WebMercator,
}

/// Two numbers of a datum: degrees of longitude and latitude, or metres east and north.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coordinates {
    /// Longitude in degrees, or metres east.
    pub x: f64,
    /// Latitude in degrees, or metres north.
    pub y: f64,
}

/// Why two numbers of a datum are not a position, or a position has no such numbers.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum InvalidCoordinates {
    /// Not degrees of longitude and latitude.
    #[error(transparent)]
    Degrees(#[from] InvalidPosition),
    /// Metres that are NaN or infinite.
    #[error("x {} and y {} must be finite numbers of metres", shown::number(*.x), shown::number(*.y))]
    NotFinite {
        /// The metres east given.
        x: f64,
        /// The metres north given.
        y: f64,
    },
    /// Metres beyond the square of Web Mercator.
    #[error(
        "x {} and y {} must be in -{edge}..={edge}, metres in the square of Web Mercator",
        shown::number(*.x), shown::number(*.y), edge = mercator::EDGE_M
    )]
    OutOfSquare {
        /// The metres east given.
        x: f64,
        /// The metres north given.
        y: f64,
    },
    /// A latitude beyond the square of Web Mercator.
    #[error("latitude {} must be in -{edge:.7}..={edge:.7}: Web Mercator ends there", shown::number(*.lat), edge = mercator::EDGE_LAT)]
    TooFarNorthOrSouth {
        /// The latitude of the position.
        lat: f64,
    },
    /// A shifted place that no position is shifted to.
    #[error(
        "longitude {} and latitude {} in {datum} are of no place: the shift begins at the edges of its box, and nothing \
         is shifted there",
        shown::number(*.lon), shown::number(*.lat)
    )]
    NoSource {
        /// GCJ-02 or BD-09.
        datum: Datum,
        /// The longitude given.
        lon: f64,
        /// The latitude given.
        lat: f64,
    },
}

/// Why a name is not that of a datum.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{:?} is not a datum; allowed are wgs84, gcj02, bd09, cgcs2000 and web-mercator", shown::text(.given))]
pub struct UnknownDatum {
    given: String,
}

impl Datum {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Wgs84, Self::Gcj02, Self::Bd09, Self::Cgcs2000, Self::WebMercator];

    /// Its name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wgs84 => "wgs84",
            Self::Gcj02 => "gcj02",
            Self::Bd09 => "bd09",
            Self::Cgcs2000 => "cgcs2000",
            Self::WebMercator => "web-mercator",
        }
    }

    /// Whether its numbers are those of WGS 84 everywhere.
    pub fn equals_wgs84(self) -> bool {
        matches!(self, Self::Wgs84 | Self::Cgcs2000)
    }

    /// How many decimals of its numbers tell 1e-7 degree apart: seven of degrees, three of metres.
    pub fn decimals(self) -> usize {
        if self == Self::WebMercator { 3 } else { 7 }
    }

    /// The position that two numbers of this datum mean: the gate that every reader's numbers go through.
    ///
    /// ```
    /// # use geo_tools::datum::Datum;
    /// let at = Datum::Gcj02.position(116.4102445, 39.9164043)?;
    /// assert_eq!((at.lon(), at.lat()), (116.404, 39.915));
    /// # Ok::<(), geo_tools::datum::InvalidCoordinates>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidCoordinates`] where the numbers are not finite, out of range, or of no place.
    #[inline]
    pub fn position(self, x: f64, y: f64) -> Result<Position, InvalidCoordinates> {
        match self {
            Self::Wgs84 | Self::Cgcs2000 => Ok(Position::new(x, y)?),
            Self::Gcj02 | Self::Bd09 => shift::back(self, Coordinates { x, y }),
            Self::WebMercator => mercator::position(Coordinates { x, y }),
        }
    }

    /// The numbers of a position in this datum, not rounded.
    ///
    /// # Errors
    /// [`InvalidCoordinates::TooFarNorthOrSouth`] for Web Mercator near the poles.
    pub fn coordinates(self, at: Position) -> Result<Coordinates, InvalidCoordinates> {
        match self {
            Self::Wgs84 | Self::Cgcs2000 => Ok(Coordinates { x: at.lon(), y: at.lat() }),
            Self::Gcj02 | Self::Bd09 => Ok(shift::there(self, at)),
            Self::WebMercator => mercator::coordinates(at),
        }
    }

    /// The numbers as a file has them: rounded to [`Self::decimals`].
    ///
    /// # Errors
    /// As [`Self::coordinates`].
    pub fn rounded(self, at: Position) -> Result<Coordinates, InvalidCoordinates> {
        let Coordinates { x, y } = self.coordinates(at)?;
        let unit = if self == Self::WebMercator { 1e3 } else { 1e7 };
        let round = |value: f64| (value * unit).round() / unit;
        Ok(Coordinates { x: round(x), y: round(y) })
    }

    /// The numbers as a file has them, as text; `None` where the datum does not reach.
    pub fn texts(self, at: Position) -> Option<[String; 2]> {
        let Coordinates { x, y } = self.rounded(at).ok()?;
        Some([x.to_string(), y.to_string()])
    }
}

impl std::fmt::Display for Datum {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Datum {
    type Err = UnknownDatum;

    fn from_str(given: &str) -> Result<Self, UnknownDatum> {
        let named = Self::ALL.into_iter().find(|datum| datum.name() == given);
        named.ok_or_else(|| UnknownDatum { given: given.to_owned() })
    }
}
