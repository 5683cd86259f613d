//! Around nodes and around faces: which half-edges leave a position, which go around one face, what lies west of a place.
//!
//! A place is a pair of numbers in half units, so that the middle of a side is one.

use std::collections::HashMap;

use crate::coverage::Leaf;
use crate::coverage::edit::net::{Net, area_of};
use crate::coverage::exact::{compare_angle, delta, side};
use crate::coverage::runs::SideOf;
use crate::{Bounds, Position};

/// Whose ground a place lies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ground {
    /// It lies on this side.
    Border(SideOf),
    /// The half-edge to its west with the ground to its left; `None` where there is none: outside.
    Face(Option<u32>),
}

/// A half-edge by its place west of another.
struct Crossing {
    /// Where it crosses the parallel, in half units east of the place: a fraction.
    east: i128,
    /// The denominator, positive, and how far it runs east on so much north.
    north: i128,
    run: i128,
    half: u32,
}

impl Crossing {
    fn is_east_of(&self, other: &Self) -> bool {
        let (one, two) = (self.east * other.north, other.east * self.north);
        one > two || (one == two && self.run * other.north > other.run * self.north)
    }
}

impl Net {
    /// Who owns the ground to the left of a half-edge.
    pub(super) fn left_of(&self, half: u32) -> Option<Leaf> {
        let border = self.border(half / 2);
        if half.is_multiple_of(2) { border.left } else { border.right }
    }

    /// The position where a half-edge starts, and the one after it.
    pub(super) fn start(&self, half: u32) -> [Position; 2] {
        let line = &self.border(half / 2).line;
        let last = line.len() - 1;
        if half.is_multiple_of(2) { [line[0], line[1]] } else { [line[last], line[last - 1]] }
    }

    /// The half-edges that start at a position, counter-clockwise from east.
    pub(super) fn star(&self, at: Position) -> Vec<u32> {
        let mut star: Vec<u32> = Vec::with_capacity(4);
        for side in self.boxes().at(at) {
            let line = &self.border(side.border).line;
            if side.at == 0 && line[0] == at {
                star.push(2 * side.border);
            }
            if side.at as usize + 2 == line.len() && line[line.len() - 1] == at {
                star.push(2 * side.border + 1);
            }
        }
        let way = |half: u32| delta(at, self.start(half)[1]);
        star.sort_unstable_by(|a, b| compare_angle(way(*a), way(*b)).then(a.cmp(b)));
        star
    }

    /// The half-edges around what lies to the left of one.
    pub(super) fn walk(&self, first: u32) -> Vec<u32> {
        let mut walk = vec![first];
        let mut half = first;
        loop {
            let twin = half ^ 1;
            let star = self.star(self.start(twin)[0]);
            let at = star.iter().position(|other| *other == twin).unwrap_or_default();
            // To the right as far as possible: the one before in angle.
            half = star[if at == 0 { star.len() - 1 } else { at - 1 }];
            if half == first {
                return walk;
            }
            walk.push(half);
        }
    }

    /// Twice the area that a walk encloses; negative where what it goes around lies outside of it.
    pub(super) fn doubled_area(&self, walk: &[u32]) -> i128 {
        let origin = self.start(walk[0])[0];
        let of_half = |half: &u32| {
            let pairs = self.border(half / 2).line.windows(2);
            let area: i128 = pairs.map(|pair| i128::from(side(origin, pair[0], pair[1]))).sum();
            if half.is_multiple_of(2) { area } else { -area }
        };
        walk.iter().map(of_half).sum()
    }

    fn positions<'a>(&'a self, walk: &'a [u32]) -> impl Iterator<Item = Position> + 'a {
        walk.iter().flat_map(|half| self.border(half / 2).line.iter().copied())
    }

    /// The half-edge to the west of the westernmost position of a walk, with what lies between to its left.
    fn beside(&self, walk: &[u32]) -> Option<u32> {
        let least = self.positions(walk).min()?;
        self.west_of([2 * i64::from(least.lon_e7()), 2 * i64::from(least.lat_e7())])
    }

    /// Every half-edge around the face to the left of one, holes included; `None` where that is the outside.
    pub(super) fn face(&self, half: u32) -> Option<Vec<u32>> {
        let mut outer = self.walk(half);
        while self.doubled_area(&outer) <= 0 {
            outer = self.walk(self.beside(&outer)?);
        }
        let leaf = self.left_of(half);
        let bounds = Bounds::of(self.positions(&outer))?;
        let mut known: HashMap<u32, bool> = outer.iter().map(|half| (*half, true)).collect();
        let mut face = outer;
        let mut last = None;
        self.boxes().near(area_of(&bounds), |side| {
            if last == Some(side.border) {
                return;
            }
            last = Some(side.border);
            for half in [2 * side.border, 2 * side.border + 1] {
                if self.left_of(half) == leaf && !known.contains_key(&half) {
                    self.enter(half, &mut known, &mut face);
                }
            }
        });
        Some(face)
    }

    /// Finds out whether a walk is around a face of which some walks are known, and adds it if it is.
    fn enter(&self, half: u32, known: &mut HashMap<u32, bool>, face: &mut Vec<u32>) {
        let mut walks = Vec::new();
        let mut next = Some(half);
        // From hole to what lies west of it, until something known or the outer walk of another face.
        let is_around = loop {
            let Some(half) = next else { break false };
            if let Some(is_around) = known.get(&half) {
                break *is_around;
            }
            let walk = self.walk(half);
            let is_outer = self.doubled_area(&walk) > 0;
            next = self.beside(&walk);
            walks.push(walk);
            if is_outer {
                break false;
            }
        };
        for walk in walks {
            known.extend(walk.iter().map(|half| (*half, is_around)));
            if is_around {
                face.extend(walk);
            }
        }
    }

    /// Whose ground a place lies on.
    pub(super) fn ground(&self, place: [i64; 2]) -> Ground {
        let floor = place.map(|at| at.div_euclid(2));
        let mut on = None;
        self.boxes().near([floor[0], floor[1], floor[0], floor[1]], |side| {
            if is_on(self.ends(side), place) {
                on = Some(side);
            }
        });
        on.map_or_else(|| Ground::Face(self.west_of(place)), Ground::Border)
    }

    /// The half-edge nearest to the west of a place, with what lies between to its left. What runs level is passed by a little
    /// to its north.
    pub(super) fn west_of(&self, place: [i64; 2]) -> Option<u32> {
        let mut best: Option<Crossing> = None;
        let [lon, lat] = place.map(|at| at.div_euclid(2));
        self.boxes().westward(lon, lat, |sides, west| {
            for side in sides {
                let Some(crossing) = crossing(self.ends(side), side.border, place) else { continue };
                if best.as_ref().is_none_or(|best| crossing.is_east_of(best)) {
                    best = Some(crossing);
                }
            }
            // What is in boxes further west crosses further west.
            best.as_ref().is_none_or(|best| best.east < i128::from(2 * west - place[0]) * best.north)
        });
        best.map(|best| best.half)
    }
}

/// Where a side crosses the parallel of a place to its west, if it does.
fn crossing([a, b]: [Position; 2], border: u32, [x, y]: [i64; 2]) -> Option<Crossing> {
    let is_upward = a.lat_e7() < b.lat_e7();
    let (low, high) = if is_upward { (a, b) } else { (b, a) };
    let (low_y, high_y) = (2 * i64::from(low.lat_e7()), 2 * i64::from(high.lat_e7()));
    if y < low_y || y >= high_y {
        return None;
    }
    let (dx, dy) = delta(low, high);
    let east = (2 * i64::from(low.lon_e7()) - x) * dy + dx * (y - low_y);
    let half = 2 * border + u32::from(is_upward);
    (east < 0).then_some(Crossing { east: east.into(), north: dy.into(), run: dx.into(), half })
}

/// Whether a place lies on a side.
fn is_on([a, b]: [Position; 2], [x, y]: [i64; 2]) -> bool {
    let of = |at: Position| (2 * i64::from(at.lon_e7()), 2 * i64::from(at.lat_e7()));
    let ((ax, ay), (bx, by)) = (of(a), of(b));
    let (dx, dy) = delta(a, b);
    dx * (y - ay) == dy * (x - ax)
        && (ax.min(bx)..=ax.max(bx)).contains(&x)
        && (ay.min(by)..=ay.max(by)).contains(&y)
}
