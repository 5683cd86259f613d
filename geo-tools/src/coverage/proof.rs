//! The proof that borders are a partition (equal sums of areas alone do not prove it).
//!
//! 1. No two sides meet but at common ends, and those are nodes: every ring is simple, no two rings cross.
//! 2. Around each face its borders name the same owner: every border has its twin.
//! 3. Counting owners from outside across every border finds each face owned once, by whom its borders name, and the
//!    outside by nobody: holes lie inside their face, outer rings are disjoint.

use std::collections::BTreeSet;

use crate::coverage::chain::Stretch;
use crate::coverage::drawing::MAX_SPAN_E7;
use crate::coverage::exact::delta;
use crate::coverage::faces::next_around;
use crate::coverage::overlay::{Change, Cover, CoverId, Numbered, Walks, West, covered};
use crate::coverage::pairs::{Meeting, meetings};
use crate::coverage::runs::{SideOf, visit_sides};
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

/// Sides that meet other than at common ends, that are there twice, or that share an end where not both borders end.
fn meeting(borders: &[Border]) -> Vec<Problem> {
    let mut found: BTreeSet<(Position, Wrong)> = BTreeSet::new();
    let ends = |side: SideOf| {
        let line = &borders[side.border as usize].line;
        [line[side.at as usize], line[side.at as usize + 1]]
    };
    let ordered = |[a, b]: [Position; 2]| (a.min(b), a.max(b));
    visit_sides(borders, &mut |first, second| {
        let (one, two) = (ordered(ends(first)), ordered(ends(second)));
        if one == two {
            found.insert((one.0, Wrong::Twice(one.1)));
        }
        for (at, end) in ends(first).into_iter().enumerate() {
            for (other_at, other_end) in ends(second).into_iter().enumerate() {
                let (vertex, other_vertex) = (first.at + at as u32, second.at + other_at as u32);
                let is_one_vertex = first.border == second.border && vertex == other_vertex;
                let are_ends =
                    is_end(borders, first.border, vertex) && is_end(borders, second.border, other_vertex);
                if end == other_end && !is_one_vertex && !are_ends {
                    found.insert((end, Wrong::SharedInside));
                }
            }
        }
        found.extend(meetings(one, two, false).iter().map(|meeting| {
            let (Meeting::Cross(at) | Meeting::End { at, .. }) = *meeting;
            (at, Wrong::Meeting)
        }));
        found.len() < MAX_TOLD
    });
    found.into_iter().map(|(at, wrong)| wrong.told(at)).collect()
}

fn is_end(borders: &[Border], border: u32, vertex: u32) -> bool {
    vertex == 0 || vertex as usize + 1 == borders[border as usize].line.len()
}

/// How two sides are wrong at a position.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wrong {
    /// Both run from it to here.
    Twice(Position),
    /// They cross there, or one ends there inside the other.
    Meeting,
    /// Both end there, though not both borders do.
    SharedInside,
}

impl Wrong {
    fn told(self, at: Position) -> Problem {
        let (code, point) = (Code::SelfIntersection, Geometry::Point(at));
        match self {
            Self::Twice(other) => {
                let line = Geometry::MultiLine(vec![vec![at, other]]);
                placed(Code::Overlap, "a stretch of border is there twice", line)
            }
            Self::Meeting => {
                placed(code, format!("borders cross or touch at {at}, where none of them ends"), point)
            }
            Self::SharedInside => {
                placed(code, format!("borders meet at {at}, where not all of them end"), point)
            }
        }
    }
}

/// Whether the borders name what counting from outside would find. Around a face whose borders agree, one that is named
/// rightly means that all are, and then so are those of the face across each of them: only what the outer walk of each
/// component names need be compared with what lies around it.
fn is_rightly_owned(borders: &[Border]) -> bool {
    let lines: Vec<&[Position]> = borders.iter().map(|border| border.line.as_slice()).collect();
    let next = next_around(&lines);
    let walks = Walks::new(&lines, &next);
    let named = |half: u32| {
        let border = &borders[(half / 2) as usize];
        if half.is_multiple_of(2) { border.left } else { border.right }
    };
    let agrees = |(half, walk): (u32, &u32)| named(half) == named(walks.first[*walk as usize]);
    if !(0..).zip(&walks.of_half).all(agrees) {
        return false;
    }
    let westernmost = lines.iter().flat_map(|line| line.iter().copied()).min();
    let mut west = None;
    let is_outer = |walk: &usize| walks.doubled_area[*walk] <= 0;
    (0..walks.first.len()).filter(is_outer).all(|walk| {
        let (least, named) = (walks.least(walk, &lines, &next), named(walks.first[walk]));
        // Beyond the westernmost position of all there is nothing to look for.
        if Some(least) == westernmost {
            return named.is_none();
        }
        let mut around: Vec<(Leaf, i32)> = Vec::new();
        let mut count = |leaf: Option<Leaf>, by: i32| {
            let Some(leaf) = leaf else { return };
            match around.iter_mut().find(|(other, _)| *other == leaf) {
                Some((_, count)) => *count += by,
                None => around.push((leaf, by)),
            }
        };
        for (number, is_upward) in west.get_or_insert_with(|| West::new(&lines)).crossed(least) {
            let (left, right) = (borders[number as usize].left, borders[number as usize].right);
            let (western, eastern) = if is_upward { (left, right) } else { (right, left) };
            count(western, -1);
            count(eastern, 1);
        }
        around.retain(|(_, count)| *count != 0);
        around.into_iter().eq(named.map(|leaf| (leaf, 1)))
    })
}

/// Borders with another owner beside them than they name, counted from outside.
fn wrongly_owned(borders: &[Border]) -> Vec<Problem> {
    if is_rightly_owned(borders) {
        return Vec::new();
    }
    let mut numbered = Numbered::default();
    let stretch = |border: &Border| {
        let mut change: Cover = border.left.map(|leaf| (leaf.0, 1)).into_iter().collect();
        change.extend(border.right.map(|leaf| (leaf.0, -1)));
        change.sort_unstable();
        let number = numbered.number(&change);
        Stretch { line: border.line.clone(), left: (number, false), right: (number, true) }
    };
    let stretches: Vec<Stretch<Change>> = borders.iter().map(stretch).collect();
    let overlay = covered(stretches, &numbered.values);
    let is = |cover: CoverId, owner: Option<Leaf>| {
        overlay.covers[cover as usize].iter().copied().eq(owner.map(|leaf| (leaf.0, 1)))
    };
    let wrong = borders
        .iter()
        .zip(&overlay.stretches)
        .filter(|(border, found)| !is(found.left, border.left) || !is(found.right, border.right));
    wrong
        .take(MAX_TOLD)
        .map(|(border, _)| {
            let message =
                "the ground beside a border has not exactly the owner that it names: the rings around do not fit together";
            placed(Code::Overlap, message, Geometry::MultiLine(vec![border.line.clone()]))
        })
        .collect()
}
