//! Shapes as they were drawn: positions, lines and polygons, not yet a coverage.

use crate::position::{Bounds, Position};

/// One polygon. Rings are closed without repeating the first position; the winding is the drawer's.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Polygon {
    /// The outer ring.
    pub exterior: Vec<Position>,
    /// The rings of what is left out.
    pub holes: Vec<Vec<Position>>,
}

impl Polygon {
    /// The exterior, then the holes.
    pub fn rings(&self) -> impl Iterator<Item = &[Position]> {
        std::iter::once(self.exterior.as_slice()).chain(self.holes.iter().map(Vec::as_slice))
    }
}

/// What a feature can be drawn as.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Geometry {
    /// One position.
    Point(Position),
    /// Several positions.
    MultiPoint(Vec<Position>),
    /// One line or several.
    MultiLine(Vec<Vec<Position>>),
    /// One polygon or several.
    MultiPolygon(Vec<Polygon>),
}

impl Geometry {
    /// Every position of it, in order.
    pub fn positions(&self) -> Box<dyn Iterator<Item = Position> + '_> {
        match self {
            Self::Point(position) => Box::new(std::iter::once(*position)),
            Self::MultiPoint(positions) => Box::new(positions.iter().copied()),
            Self::MultiLine(lines) => Box::new(lines.iter().flatten().copied()),
            Self::MultiPolygon(polygons) => {
                Box::new(polygons.iter().flat_map(Polygon::rings).flatten().copied())
            }
        }
    }

    /// The smallest box around it; `None` where it is empty.
    pub fn bounds(&self) -> Option<Bounds> {
        let of = |positions: &[Position]| Bounds::of(positions.iter().copied());
        match self {
            Self::Point(position) => Some(Bounds::at(*position)),
            Self::MultiPoint(positions) => of(positions),
            Self::MultiLine(lines) => lines.iter().filter_map(|line| of(line)).reduce(Bounds::union),
            Self::MultiPolygon(polygons) => {
                polygons.iter().flat_map(Polygon::rings).filter_map(of).reduce(Bounds::union)
            }
        }
    }
}
