//! Which leaf owns a position: exact, total, the same on every machine; how far the border is; who else may be meant.
//!
//! Start at [`Locator::build`] and [`Locator::locate`]. `face` decides inside and outside in integers, `nearest` measures
//! to borders, `candidates` weighs an accuracy circle.
//!
//! A position on a border belongs to the leaf found by an infinitesimal shift to the north-east, else north-west, else
//! south-east, else south-west. The shift goes a step east or west and infinitely less north or south: that leaves no
//! position without an owner on a border at any angle, and it is what comparing half-open intervals amounts to.
//!
//! Invariant: no float decides which leaf owns a position; boxes in the index are integers that floats hold exactly.
//! Invariant: every position in or on the coverage has one owner, also where several borders meet.

mod candidates;
mod face;
mod nearest;

use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use crate::coverage::{Coverage, Leaf};
use crate::position::{Bounds, Position};
use face::{Face, Shift};
use nearest::Borders;

/// How a position came to its leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// It lies inside the leaf.
    Inside,
    /// It lies exactly on a border, and the border rule gave it to the leaf.
    Border,
    /// It lies outside, and the leaf is the nearest, near enough.
    Nearest,
    /// It lies outside.
    Outside,
}

/// Where a position lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Located {
    /// Who owns it; `None` outside.
    pub leaf: Option<Leaf>,
    /// How that was found.
    pub method: Method,
    /// To the nearest border, from either side; `None` far outside (see [`Locator::locate`]).
    pub distance_to_border_m: Option<f64>,
}

/// One of the leaves in which a position known only roughly may lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// Whose ground it is; `None` is outside.
    pub leaf: Option<Leaf>,
    /// Its share of the circle, from 0 to 1.
    pub share: f64,
}

/// Answers which leaf owns a position. Immutable; holds its own copy of the borders.
#[derive(Clone, Debug)]
pub struct Locator {
    faces: Vec<Face>,
    boxes: RTree<GeomWithData<Rectangle<[f64; 2]>, u32>>,
    borders: Borders,
    bounds: Bounds,
}

impl Locator {
    /// Builds the index of a coverage.
    pub fn build(coverage: &Coverage) -> Self {
        let faces: Vec<Face> = coverage
            .faces()
            .iter()
            .filter_map(|face| face.leaf.map(|leaf| Face::new(leaf, &coverage.polygon(face))))
            .collect();
        let boxes = faces.iter().enumerate().filter_map(|(index, face)| {
            let (low, high) = corners(&face.bounds()?);
            Some(GeomWithData::new(Rectangle::from_corners(low, high), index as u32))
        });
        Self {
            boxes: RTree::bulk_load(boxes.collect()),
            borders: Borders::new(coverage),
            bounds: coverage.bounds(),
            faces,
        }
    }

    /// Finds the owner of a position; outside, the nearest leaf if it is within `within_m` metres.
    ///
    /// The distance to the border is left out more than ten kilometres (or `within_m`) outside the coverage's box.
    pub fn locate(&self, at: Position, within_m: f64) -> Located {
        if let Some((leaf, face)) = self.owner(at) {
            if face.has_on_border(at) {
                return Located { leaf: Some(leaf), method: Method::Border, distance_to_border_m: Some(0.0) };
            }
            let nearest = self.borders.nearest(at);
            let distance_to_border_m = nearest.map(|nearest| nearest.distance_m);
            return Located { leaf: Some(leaf), method: Method::Inside, distance_to_border_m };
        }
        let near = nearest::may_be_near(&self.bounds, at, within_m);
        let Some(nearest) = near.then(|| self.borders.nearest(at)).flatten() else {
            return Located { leaf: None, method: Method::Outside, distance_to_border_m: None };
        };
        let leaf = if nearest.distance_m <= within_m { self.nearest_leaf(&nearest) } else { None };
        let method = if leaf.is_some() { Method::Nearest } else { Method::Outside };
        Located { leaf, method, distance_to_border_m: Some(nearest.distance_m) }
    }

    /// Finds the owner of each position; `None` outside.
    pub fn locate_many(&self, at: &[Position]) -> Vec<Option<Leaf>> {
        at.iter().map(|at| self.owner(*at).map(|(leaf, _)| leaf)).collect()
    }

    /// In which leaves a position with an error of `accuracy_m` metres may lie: shares of the circle around it, largest
    /// first, the outside among them; together 1.
    ///
    /// An accuracy of zero, or one that is no number, gives the owner alone; more than 20 km counts as 20 km.
    pub fn candidates(&self, at: Position, accuracy_m: f64) -> Vec<Candidate> {
        let Some(circle) = candidates::Circle::new(at, accuracy_m) else {
            return vec![Candidate { leaf: self.owner(at).map(|(leaf, _)| leaf), share: 1.0 }];
        };
        let (low, high) = corners(&circle.bounds());
        let near = self.boxes.locate_in_envelope_intersecting(&AABB::from_corners(low, high));
        circle.weigh(near.map(|near| &self.faces[near.data as usize]))
    }

    fn owner(&self, at: Position) -> Option<(Leaf, &Face)> {
        let mut on_border = false;
        for shift in Shift::IN_ORDER {
            for near in self.boxes.locate_in_envelope_intersecting(&AABB::from_point(place(at))) {
                let face = &self.faces[near.data as usize];
                if face.contains(at, shift) {
                    return Some((face.leaf(), face));
                }
                on_border |= face.has_on_border(at);
            }
            if !on_border {
                // Off the borders every shift finds the same.
                return None;
            }
        }
        None
    }

    /// The leaf at the nearest place of a border, which is the owner of that place where it is a corner.
    fn nearest_leaf(&self, nearest: &nearest::Nearest) -> Option<Leaf> {
        match nearest.corner {
            Some(corner) => self.owner(corner).map(|(leaf, _)| leaf),
            None => nearest.leaf,
        }
    }
}

fn place(at: Position) -> [f64; 2] {
    [f64::from(at.lon_e7()), f64::from(at.lat_e7())]
}

fn corners(bounds: &Bounds) -> ([f64; 2], [f64; 2]) {
    (place(bounds.south_west()), place(bounds.north_east()))
}
