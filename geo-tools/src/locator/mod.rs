//! Point location: which leaf of a coverage owns a position. The slow obvious loop, until the index takes its place.

use crate::coverage::{Coverage, Leaf};
use crate::{Polygon, Position};

/// How a position was given to a leaf.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Method {
    /// It lies inside.
    Inside,
    /// It lies on a border.
    Border,
    /// It lies outside, and this is the nearest leaf within the distance asked for.
    Nearest,
    /// It lies outside.
    Outside,
}

/// Where a position lies.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Located {
    /// The leaf; `None` is outside.
    pub leaf: Option<Leaf>,
    /// How it was found.
    pub method: Method,
    /// How far the nearest border is.
    pub distance_to_border_m: Option<f64>,
}

/// A leaf that an accuracy circle touches.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Candidate {
    /// The leaf; `None` is outside.
    pub leaf: Option<Leaf>,
    /// Its share of the circle.
    pub share: f64,
}

/// Answers which leaf owns a position.
#[derive(Clone, Debug)]
pub struct Locator {
    leaves: Vec<Vec<Polygon>>,
}

impl Locator {
    /// Takes the polygons of a coverage.
    pub fn build(coverage: &Coverage) -> Self {
        let count = u32::try_from(coverage.leaf_count()).unwrap_or(u32::MAX);
        Self { leaves: (0..count).map(|leaf| coverage.polygons(Leaf(leaf))).collect() }
    }

    /// The leaf that owns a position.
    pub fn locate(&self, at: Position, _within_m: f64) -> Located {
        let leaf = self.leaf_at(at);
        let method = if leaf.is_some() { Method::Inside } else { Method::Outside };
        Located { leaf, method, distance_to_border_m: None }
    }

    /// The leaves that own positions.
    pub fn locate_many(&self, at: &[Position]) -> Vec<Option<Leaf>> {
        at.iter().map(|&at| self.leaf_at(at)).collect()
    }

    /// The owner of the middle has the whole circle.
    pub fn candidates(&self, at: Position, _accuracy_m: f64) -> Vec<Candidate> {
        vec![Candidate { leaf: self.leaf_at(at), share: 1.0 }]
    }

    fn leaf_at(&self, at: Position) -> Option<Leaf> {
        let inside = |polygons: &Vec<Polygon>| polygons.iter().any(|polygon| contains(polygon, at));
        let index = self.leaves.iter().position(inside)?;
        u32::try_from(index).ok().map(Leaf)
    }
}

fn contains(polygon: &Polygon, at: Position) -> bool {
    let (x, y) = (i64::from(at.lon_e7()), i64::from(at.lat_e7()));
    polygon.rings().filter(|ring| crossings(ring, x, y) % 2 == 1).count() % 2 == 1
}

fn crossings(ring: &[Position], x: i64, y: i64) -> usize {
    let next = ring.iter().cycle().skip(1);
    let east_of = |(a, b): &(&Position, &Position)| {
        let (ax, ay) = (i64::from(a.lon_e7()), i64::from(a.lat_e7()));
        let (bx, by) = (i64::from(b.lon_e7()), i64::from(b.lat_e7()));
        let turn = (bx - ax) as i128 * (y - ay) as i128 - (by - ay) as i128 * (x - ax) as i128;
        (ay > y) != (by > y) && (turn > 0) == (by > ay) && turn != 0
    };
    ring.iter().zip(next).filter(east_of).count()
}
