//! From polygons as drawn to directed segments that have their owner on the left.

use crate::coverage::exact::doubled_area;
use crate::coverage::{Area, BuildOptions};
use crate::{Code, Position, Problem};

/// One side of a ring; whoever owns the ground to the left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) from: Position,
    pub(crate) to: Position,
    /// Index of the area, or the number of areas for declared voids.
    pub(crate) owner: u32,
}

/// The sides of every ring, normalised: no repeated position, exteriors counter-clockwise, holes clockwise.
pub(crate) fn segments(areas: &[Area], options: &BuildOptions) -> (Vec<Segment>, Vec<Problem>) {
    let mut segments = Vec::new();
    let mut problems = Vec::new();
    let owned = areas
        .iter()
        .enumerate()
        .flat_map(|(index, area)| area.polygons.iter().map(move |polygon| (index, polygon)));
    let void = options.declared_voids.iter().map(|polygon| (areas.len(), polygon));
    for (owner, polygon) in owned.chain(void) {
        for (number, ring) in polygon.rings().enumerate() {
            let mut ring = ring.to_vec();
            ring.dedup();
            while ring.len() > 1 && ring.first() == ring.last() {
                ring.pop();
            }
            if ring.len() < 3 {
                problems.push(Problem::error(Code::RingTooShort, "a ring needs three different positions"));
                continue;
            }
            let area = doubled_area(&ring);
            if (area < 0) == (number == 0) {
                ring.reverse();
            }
            let next = ring.iter().cycle().skip(1);
            segments.extend(ring.iter().zip(next).map(|(&from, &to)| Segment {
                from,
                to,
                owner: owner as u32,
            }));
        }
    }
    (segments, problems)
}
