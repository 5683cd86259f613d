//! The proof that borders are a partition (equal sums of areas alone do not prove it).
//!
//! 1. No two sides meet but at common ends, and those are nodes: every ring is simple, no two rings cross.
//! 2. Around each face its borders name the same owner: every border has its twin.
//! 3. Counting owners from outside across every border finds each face owned once, by whom its borders name, and the
//!    outside by nobody: holes lie inside their face, outer rings are disjoint.

use crate::coverage::chain::Edge;
use crate::coverage::drawing::MAX_SPAN_E7;
use crate::coverage::exact::delta;
use crate::coverage::overlay::{Change, Cover, Numbered, overlay};
use crate::coverage::pairs::{Meeting, meetings, visit_pairs};
use crate::coverage::{Border, Coverage, Leaf};
use crate::{Bounds, Code, Geometry, Position, Problem};

/// Beyond this many crossings more of them prove nothing further.
const MAX_TOLD: usize = 1000;

impl Coverage {
    /// Everything that keeps it from being a partition, each with its place; empty means proven.
    pub fn prove(&self) -> Vec<Problem> {
        problems(self.leaf_count, &self.borders)
    }
}

/// Everything that keeps borders from being a partition.
pub(crate) fn problems(leaf_count: usize, borders: &[Border]) -> Vec<Problem> {
    let mut problems: Vec<Problem> =
        borders.iter().filter_map(|border| ill_formed(border, leaf_count)).collect();
    if problems.is_empty() {
        problems = too_far(borders);
    }
    if problems.is_empty() {
        problems = meeting(borders);
        problems.extend(shared_inside(borders));
    }
    if problems.is_empty() {
        problems = wrongly_owned(borders);
    }
    problems
}

fn placed(code: Code, message: impl Into<String>, geometry: Geometry) -> Problem {
    Problem { geometry: Some(geometry), ..Problem::error(code, message) }
}

fn ill_formed(border: &Border, leaf_count: usize) -> Option<Problem> {
    let closed = border.line.first() == border.line.last();
    let known = |leaf: Option<Leaf>| leaf.is_none_or(|leaf| leaf.index() < leaf_count);
    let message = if border.line.len() < if closed { 4 } else { 2 } {
        "a border needs two positions, a closed one three different ones".to_owned()
    } else if border.left == border.right {
        "a border must have different owners on its two sides".to_owned()
    } else if !known(border.left) || !known(border.right) {
        format!("a border names a leaf beyond the {leaf_count} that there are")
    } else if border.line.windows(2).any(|pair| pair[0] == pair[1]) {
        "a border repeats a position".to_owned()
    } else {
        return None;
    };
    Some(placed(Code::BadValue, message, Geometry::MultiLine(vec![border.line.clone()])))
}

fn too_far(borders: &[Border]) -> Vec<Problem> {
    let Some(bounds) = Bounds::of(borders.iter().flat_map(|border| border.line.iter().copied())) else {
        return Vec::new();
    };
    let (south_west, north_east) = (bounds.south_west(), bounds.north_east());
    let (width, height) = delta(south_west, north_east);
    if width.max(height) <= MAX_SPAN_E7 {
        return Vec::new();
    }
    let corners = Geometry::MultiLine(vec![vec![south_west, north_east]]);
    vec![placed(Code::Extent, "the borders span more than 90 degrees", corners)]
}

/// Sides that meet other than at common ends, and sides that are there twice.
fn meeting(borders: &[Border]) -> Vec<Problem> {
    let mut sides: Vec<(Position, Position)> = borders
        .iter()
        .flat_map(|border| border.line.windows(2))
        .map(|pair| (pair[0].min(pair[1]), pair[0].max(pair[1])))
        .collect();
    sides.sort_unstable();
    let twice = sides.windows(2).filter(|pair| pair[0] == pair[1]);
    let mut problems: Vec<Problem> = twice
        .take(MAX_TOLD)
        .map(|pair| {
            let line = Geometry::MultiLine(vec![vec![pair[0].0, pair[0].1]]);
            placed(Code::Overlap, "a stretch of border is there twice", line)
        })
        .collect();
    let mut places: Vec<Position> = Vec::new();
    visit_pairs(&sides, &vec![true; sides.len()], &mut |first, second| {
        places.extend(meetings(sides[first as usize], sides[second as usize], false).iter().map(|meeting| {
            let (Meeting::Cross(at) | Meeting::End { at, .. }) = *meeting;
            at
        }));
        places.len() < MAX_TOLD
    });
    places.sort_unstable();
    places.dedup();
    problems.extend(places.into_iter().map(|at| {
        placed(
            Code::SelfIntersection,
            format!("borders cross or touch at {at}, where none of them ends"),
            Geometry::Point(at),
        )
    }));
    problems
}

/// Positions inside a border that another border, or the same one again, passes.
fn shared_inside(borders: &[Border]) -> Vec<Problem> {
    let mut passed: Vec<(Position, bool)> = Vec::new();
    for border in borders {
        let last = border.line.len() - 1;
        let closed = border.line[0] == border.line[last];
        // A closed border ends where it begins; that position counts once.
        let from = usize::from(closed);
        passed.extend((from..=last).map(|at| (border.line[at], at == 0 || at == last)));
    }
    passed.sort_unstable();
    let mut problems = Vec::new();
    for around in passed.chunk_by(|a, b| a.0 == b.0) {
        if around.len() > 1 && around.iter().any(|(_, is_end)| !is_end) && problems.len() < MAX_TOLD {
            let at = around[0].0;
            let message = format!("borders meet at {at}, where not all of them end");
            problems.push(placed(Code::SelfIntersection, message, Geometry::Point(at)));
        }
    }
    problems
}

/// Faces that are not owned exactly once by whom their borders name.
fn wrongly_owned(borders: &[Border]) -> Vec<Problem> {
    let mut numbered = Numbered::default();
    let mut edges: Vec<Edge<Change>> = Vec::new();
    for border in borders {
        let mut change: Cover = border.left.map(|leaf| (leaf.0, 1)).into_iter().collect();
        change.extend(border.right.map(|leaf| (leaf.0, -1)));
        change.sort_unstable();
        let is_reversed = change.first().is_some_and(|first| first.1 < 0);
        if is_reversed {
            change.iter_mut().for_each(|entry| entry.1 = -entry.1);
        }
        let number = numbered.number(change);
        edges.extend(border.line.windows(2).map(|pair| {
            let is_forward = pair[0] < pair[1];
            let (left, right) = ((number, is_reversed == is_forward), (number, is_reversed != is_forward));
            Edge { low: pair[0].min(pair[1]), high: pair[0].max(pair[1]), left, right }
        }));
    }
    let overlay = overlay(&edges, &numbered.values);
    let is_owned = |cover: u32| matches!(overlay.covers[cover as usize][..], [] | [(_, 1)]);
    let mut problems: Vec<Problem> = Vec::new();
    for stretch in overlay.stretches {
        if !is_owned(stretch.left) || !is_owned(stretch.right) {
            let message = "the ground beside a border has not exactly one owner: the rings around it do not fit together";
            problems.push(placed(Code::Overlap, message, Geometry::MultiLine(vec![stretch.line])));
        }
    }
    problems.truncate(MAX_TOLD);
    problems
}
