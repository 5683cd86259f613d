//! Positions as the numbers of the datum that is written.

use std::io;

use crate::datum::{Coordinates, Datum};
use crate::geometry::Geometry;
use crate::position::Position;

/// Gives the numbers of positions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame(pub(super) Datum);

impl Frame {
    /// Refuses a geometry that has no numbers in this datum; the others below are only asked for what has passed here.
    pub(super) fn check(self, geometry: Option<&Geometry>) -> io::Result<()> {
        let mut positions = geometry.into_iter().flat_map(Geometry::positions);
        let outside = |error| io::Error::new(io::ErrorKind::InvalidInput, error);
        if self.0 != Datum::WebMercator {
            return Ok(());
        }
        positions.try_for_each(|at| self.0.coordinates(at).map(drop)).map_err(outside)
    }

    pub(super) fn pair(self, at: Position) -> [f64; 2] {
        self.0.rounded(at).map_or([f64::NAN; 2], |Coordinates { x, y }| [x, y])
    }

    /// The smallest and the greatest x and y: west, south, east, north.
    pub(super) fn bounds<'a>(self, geometries: impl IntoIterator<Item = &'a Geometry>) -> Option<[f64; 4]> {
        let mut pairs = geometries
            .into_iter()
            .flat_map(|one| one.positions().map(|at| self.pair(at)).collect::<Vec<_>>());
        let [x, y] = pairs.next()?;
        Some(pairs.fold([x, y, x, y], |[west, south, east, north], [x, y]| {
            [west.min(x), south.min(y), east.max(x), north.max(y)]
        }))
    }
}
