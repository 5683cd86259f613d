//! How the rings of one polygon meet: where a ring crosses or touches itself, and where a hole touches too much.

use std::collections::{BTreeSet, HashMap};

use crate::coverage::drawing::{Drawing, Side};
use crate::coverage::pairs::Meeting;
use crate::coverage::snap::Hit;
use crate::coverage::sort;
use crate::{Code, Geometry, Position, Problem};

/// Finds rings that cross or touch themselves, and rings of one polygon that cross, run along or cut each other off.
pub(crate) fn ring_problems(drawing: &mut Drawing<'_>, hits: &[Hit]) -> Vec<Problem> {
    let mut found = Found::default();
    for hit in hits {
        found.note(drawing, hit);
    }
    found.note_shared_corners(drawing);
    found.note_cut_off(drawing);
    for &(ring, _) in &found.of_one_ring {
        let polygon = drawing.rings[ring as usize].polygon;
        drawing.crosses_itself[polygon as usize] = true;
    }
    found.into_problems(drawing)
}

#[derive(Default)]
struct Found {
    /// A ring meets itself.
    of_one_ring: BTreeSet<(u32, Position)>,
    /// A ring runs out to a position and straight back.
    spikes: BTreeSet<(u32, Position)>,
    /// Two rings of one polygon cross, or run along each other.
    of_two_rings: BTreeSet<(u32, u32, Position)>,
    /// Two rings of one polygon touch at a position, which is allowed once.
    touches: BTreeSet<(u32, Position, u32)>,
    /// Touching rings enclose ground together.
    cut_off: BTreeSet<(u32, u32, Position)>,
}

impl Found {
    fn note(&mut self, drawing: &Drawing<'_>, hit: &Hit) {
        let (one, two) = (hit.first.ring, hit.second.ring);
        if one == two {
            if !matches!(hit.meeting, Meeting::End { exact: false, .. }) {
                self.of_one_ring.insert((one, hit.at()));
            }
        } else if drawing.rings[one as usize].polygon == drawing.rings[two as usize].polygon {
            match hit.meeting {
                Meeting::Cross(at) => {
                    self.of_two_rings.insert((one.min(two), one.max(two), at));
                }
                Meeting::End { at, exact: true, .. } => self.touch(drawing, at, [one, two]),
                Meeting::End { .. } => {}
            }
        }
    }

    fn touch(&mut self, drawing: &Drawing<'_>, at: Position, rings: [u32; 2]) {
        for ring in rings {
            self.touches.insert((drawing.rings[ring as usize].polygon, at, ring));
        }
    }

    /// Corners that a polygon passes more than once; sides still lie in the order of their rings here.
    fn note_shared_corners(&mut self, drawing: &Drawing<'_>) {
        let polygon = |side: &Side| drawing.rings[side.ring as usize].polygon;
        let mut numbers: Vec<u64> = Vec::new();
        for sides in drawing.sides.chunk_by(|a, b| a.ring == b.ring || polygon(a) == polygon(b)) {
            numbers.clear();
            numbers.extend(
                sides.iter().map(|side| sort::number(if side.forward { side.low } else { side.high })),
            );
            numbers.sort_unstable();
            if numbers.windows(2).all(|pair| pair[0] != pair[1]) {
                continue; // Nearly always.
            }
            let mut corners: Vec<(Position, u32, u32)> = (0_u32..)
                .zip(sides)
                .map(|(at, side)| (if side.forward { side.low } else { side.high }, side.ring, at))
                .collect();
            corners.sort_unstable();
            for pair in corners.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
                let (at, one, two) = (pair[0].0, pair[0].1, pair[1].1);
                if one != two {
                    self.touch(drawing, at, [one, two]);
                } else if pair[0].2 + 2 == pair[1].2 {
                    let out = &sides[pair[0].2 as usize];
                    self.spikes.insert((one, if out.forward { out.high } else { out.low }));
                } else {
                    self.of_one_ring.insert((one, at));
                }
            }
            self.note_sides_of_two_rings(sides);
        }
    }

    fn note_sides_of_two_rings(&mut self, sides: &[Side]) {
        if sides.first().map(|side| side.ring) == sides.last().map(|side| side.ring) {
            return;
        }
        let mut sorted = sides.to_vec();
        sorted.sort_unstable();
        for pair in sorted.windows(2) {
            let is_same = (pair[0].low, pair[0].high) == (pair[1].low, pair[1].high);
            if is_same && pair[0].ring != pair[1].ring {
                self.of_two_rings.insert((pair[0].ring, pair[1].ring, pair[0].low));
            }
        }
    }

    /// Rings and the positions where they touch make a graph; where it has a cycle, ground is cut off.
    fn note_cut_off(&mut self, drawing: &Drawing<'_>) {
        let mut joined: HashMap<Node, Node> = HashMap::new();
        for &(polygon, at, ring) in &self.touches {
            let (ring_root, place_root) =
                (root(&mut joined, Node::Ring(ring)), root(&mut joined, Node::Place(polygon, at)));
            if ring_root == place_root {
                let of_polygon =
                    |other: &&(u32, Position, u32)| other.0 == polygon && other.1 == at && other.2 != ring;
                let other = self.touches.iter().find(of_polygon).map_or(ring, |other| other.2);
                if drawing.rings[ring as usize].polygon == polygon {
                    self.cut_off.insert((ring.min(other), ring.max(other), at));
                }
            } else {
                joined.insert(ring_root, place_root);
            }
        }
    }

    fn into_problems(self, drawing: &Drawing<'_>) -> Vec<Problem> {
        let called = |ring: u32| {
            let kind = if drawing.rings[ring as usize].is_hole { "a hole" } else { "the outer ring" };
            format!("{kind} of {}", drawing.name(drawing.area_of(ring)))
        };
        let placed = |code: Code, message: String, ring: u32, at: Position| {
            let mut problem = Problem::error(code, message);
            problem.geometry = Some(Geometry::Point(at));
            drawing.concerning(problem, [drawing.area_of(ring)])
        };
        let mut problems = Vec::new();
        let spikes = &self.spikes;
        for &(ring, at) in spikes {
            let message = format!("{} runs out to {at} and straight back: a spike", called(ring));
            problems.push(placed(Code::SelfIntersection, message, ring, at));
        }
        for &(ring, at) in &self.of_one_ring {
            let message = format!("{} crosses or touches itself at {at}", called(ring));
            problems.push(placed(Code::SelfIntersection, message, ring, at));
        }
        let crossing: BTreeSet<(u32, u32)> =
            self.of_two_rings.iter().map(|found| (found.0, found.1)).collect();
        for &(one, two, at) in &self.of_two_rings {
            let message =
                format!("{} and {} cross or run along each other at {at}", called(one), called(two));
            problems.push(placed(Code::HoleOutside, message, one, at));
        }
        for &(one, two, at) in self.cut_off.iter().filter(|found| !crossing.contains(&(found.0, found.1))) {
            let message =
                format!("{} and {} touch again at {at} and cut ground off", called(one), called(two));
            problems.push(placed(Code::HoleOutside, message, one, at));
        }
        problems
    }
}

/// A ring, or a position where rings of one polygon touch.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Node {
    Ring(u32),
    Place(u32, Position),
}

fn root(joined: &mut HashMap<Node, Node>, mut node: Node) -> Node {
    while let Some(&above) = joined.get(&node) {
        if let Some(&further) = joined.get(&above) {
            joined.insert(node, further);
        }
        node = above;
    }
    node
}
