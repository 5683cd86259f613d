//! Shapes cut at the edge of what a tile draws.

use super::mercator::Place;
use super::{BUFFER, EXTENT};

const LOW: f64 = -(BUFFER as f64);
const HIGH: f64 = (EXTENT + BUFFER) as f64;

/// A side of the square that is drawn.
#[derive(Clone, Copy)]
enum Side {
    West,
    East,
    North,
    South,
}

impl Side {
    const ALL: [Self; 4] = [Self::West, Self::East, Self::North, Self::South];

    /// How far inside a place lies; negative outside.
    fn depth(self, at: Place) -> f64 {
        match self {
            Self::West => at.x - LOW,
            Self::East => HIGH - at.x,
            Self::North => at.y - LOW,
            Self::South => HIGH - at.y,
        }
    }

    /// Where a segment that crosses this side does so.
    fn crossing(self, a: Place, b: Place) -> Place {
        let share = self.depth(a) / (self.depth(a) - self.depth(b));
        let (x, y) = (a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share);
        match self {
            Self::West => Place { x: LOW, y },
            Self::East => Place { x: HIGH, y },
            Self::North => Place { x, y: LOW },
            Self::South => Place { x, y: HIGH },
        }
    }
}

pub(super) fn is_inside(at: Place) -> bool {
    (LOW..=HIGH).contains(&at.x) && (LOW..=HIGH).contains(&at.y)
}

/// What is left of a ring, not closed (Sutherland and Hodgman 1974). Parts may be joined along the edge of the square,
/// beyond the tile, where nobody sees it.
pub(super) fn ring(places: &mut Vec<Place>) {
    for side in Side::ALL {
        if places.iter().all(|at| side.depth(*at) >= 0.0) {
            continue;
        }
        let mut kept = Vec::with_capacity(places.len());
        let Some(mut previous) = places.last().copied() else { break };
        for &at in &*places {
            if (side.depth(at) >= 0.0) != (side.depth(previous) >= 0.0) {
                kept.push(side.crossing(previous, at));
            }
            if side.depth(at) >= 0.0 {
                kept.push(at);
            }
            previous = at;
        }
        *places = kept;
    }
}

/// The parts of a line that lie in the square.
pub(super) fn line(places: &[Place]) -> Vec<Vec<Place>> {
    let mut parts: Vec<Vec<Place>> = Vec::new();
    let mut open = false;
    for pair in places.windows(2) {
        let Some((from, to)) = segment(pair[0], pair[1]) else {
            open = false;
            continue;
        };
        match parts.last_mut().filter(|part| open && part.last() == Some(&from)) {
            Some(part) => part.push(to),
            None => parts.push(vec![from, to]),
        }
        open = to == pair[1];
    }
    parts
}

/// What is left of a segment (Liang and Barsky 1984).
fn segment(a: Place, b: Place) -> Option<(Place, Place)> {
    let (mut from, mut to) = (a, b);
    for side in Side::ALL {
        match (side.depth(from) >= 0.0, side.depth(to) >= 0.0) {
            (true, true) => {}
            (false, false) => return None,
            (true, false) => to = side.crossing(from, to),
            (false, true) => from = side.crossing(from, to),
        }
    }
    Some((from, to))
}
