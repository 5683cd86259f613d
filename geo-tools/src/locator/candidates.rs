//! Shares of an accuracy circle.

use std::collections::BTreeMap;

use super::Candidate;
use super::face::Face;
use crate::measure;
use crate::position::{Bounds, Position};

/// Larger circles are cut down to this: a phone that knows no better knows nothing, and a plane fits no further.
const MAX_ACCURACY_M: f64 = 20_000.0;
/// With so many corners, and area for area the same as the circle, the edge strays by at most 0.15 % of the radius.
const CORNERS: usize = 64;
/// A smaller share is float noise at a border that the circle only touches.
const MIN_SHARE: f64 = 1e-9;

/// A circle around a position, in metres east and north of it.
pub(super) struct Circle {
    center: Position,
    lon_m: f64,
    lat_m: f64,
    radius_m: f64,
    corners: Vec<[f64; 2]>,
}

impl Circle {
    /// `None` without a radius.
    pub(super) fn new(center: Position, accuracy_m: f64) -> Option<Self> {
        if accuracy_m.is_nan() || accuracy_m <= 0.0 {
            return None;
        }
        let (lon_m, lat_m) = measure::local_scale_m(center.lat());
        let step = std::f64::consts::TAU / CORNERS as f64;
        // The corners lie a little outside, so that the polygon has the circle's area.
        let radius_m = accuracy_m.min(MAX_ACCURACY_M) * (step / step.sin()).sqrt();
        let corner = |corner: usize| {
            let (sin, cos) = (corner as f64 * step).sin_cos();
            [cos * radius_m, sin * radius_m]
        };
        Some(Self {
            center,
            lon_m: lon_m.max(1.0),
            lat_m,
            radius_m,
            corners: (0..CORNERS).map(corner).collect(),
        })
    }

    pub(super) fn bounds(&self) -> Bounds {
        let corner = |sign: f64| {
            let lon = (self.center.lon() + sign * self.radius_m / self.lon_m).clamp(-180.0, 180.0);
            let lat = (self.center.lat() + sign * self.radius_m / self.lat_m).clamp(-90.0, 90.0);
            Position::new(lon, lat).unwrap_or(self.center)
        };
        Bounds::at(self.center).including(corner(-1.0)).including(corner(1.0))
    }

    /// The shares of the leaves of some faces, and of the outside.
    pub(super) fn weigh<'a>(&self, faces: impl Iterator<Item = &'a Face>) -> Vec<Candidate> {
        let circle_area = area(&self.corners);
        let mut shares = BTreeMap::new();
        for face in faces {
            // Holes run the other way around, so their areas count against the face's.
            let inside: f64 = face.rings().map(|ring| area(&self.clip(ring))).sum();
            *shares.entry(face.leaf()).or_insert(0.0) += inside / circle_area;
        }
        let mut candidates: Vec<Candidate> = shares
            .into_iter()
            .filter(|(_, share)| *share > MIN_SHARE)
            .map(|(leaf, share)| Candidate { leaf: Some(leaf), share })
            .collect();
        let inside: f64 = candidates.iter().map(|candidate| candidate.share).sum();
        if 1.0 - inside > MIN_SHARE {
            candidates.push(Candidate { leaf: None, share: 1.0 - inside });
        } else {
            candidates.iter_mut().for_each(|candidate| candidate.share /= inside);
        }
        candidates.sort_by(|a, b| b.share.total_cmp(&a.share));
        candidates
    }

    /// What is left of a closed ring inside the circle, as a closed ring. The circle is convex, so cutting at one side
    /// after the other is right; parts that fall apart stay joined along the edge, which has no area.
    fn clip(&self, ring: &[Position]) -> Vec<[f64; 2]> {
        let place = |at: &Position| {
            [(at.lon() - self.center.lon()) * self.lon_m, (at.lat() - self.center.lat()) * self.lat_m]
        };
        let mut places: Vec<[f64; 2]> = ring.iter().map(place).collect();
        // The box around the circle first: it takes off most of a long ring at once.
        let r = self.radius_m;
        let square = [[-r, -r], [r, -r], [r, r], [-r, r]];
        for corners in [square.as_slice(), self.corners.as_slice()] {
            for (from, to) in corners.iter().zip(corners.iter().cycle().skip(1)) {
                places = cut(&places, *from, *to);
            }
        }
        places
    }
}

/// What of a closed ring lies to the left of a line, closed.
fn cut(ring: &[[f64; 2]], from: [f64; 2], to: [f64; 2]) -> Vec<[f64; 2]> {
    let depth = |at: [f64; 2]| (to[0] - from[0]) * (at[1] - from[1]) - (to[1] - from[1]) * (at[0] - from[0]);
    let mut kept = Vec::with_capacity(ring.len() + 2);
    for pair in ring.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let (depth_a, depth_b) = (depth(a), depth(b));
        if depth_a >= 0.0 {
            kept.push(a);
        }
        if (depth_a >= 0.0) != (depth_b >= 0.0) {
            let share = depth_a / (depth_a - depth_b);
            kept.push([a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share]);
        }
    }
    kept.extend(kept.first().copied());
    kept
}

/// The signed area of a ring, closed or not: positive anticlockwise.
fn area(ring: &[[f64; 2]]) -> f64 {
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum::<f64>() / 2.0
}
