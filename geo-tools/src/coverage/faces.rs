//! From borders to faces: half-edges around each node in order of their angle, rings traced, holes given to their face.

use std::collections::HashMap;

use crate::coverage::exact::{Placement, compare_angle, delta, doubled_area, place, side};
use crate::coverage::{Border, BorderRef, Coverage, Face, Leaf, sort};
use crate::{Bounds, Code, Geometry, Position, Problem};

/// A ring that touches itself nowhere, with the face to its left.
pub(crate) struct Ring {
    pub(crate) refs: Vec<BorderRef>,
    pub(crate) leaf: Option<Leaf>,
    pub(crate) positions: Vec<Position>,
    pub(crate) doubled_area: i128,
}

/// Traces the faces of borders that are known to meet only at their ends.
pub(crate) fn trace(leaf_count: usize, borders: Vec<Border>) -> Result<Coverage, Vec<Problem>> {
    let Some(bounds) = Bounds::of(borders.iter().flat_map(|border| border.line.iter().copied())) else {
        return Err(vec![Problem::error(Code::ZeroArea, "a coverage needs at least one area")]);
    };
    let rings = rings(&borders)?;
    let (faces, outlines) = faces(rings);
    Ok(sorted(Coverage { leaf_count, borders, faces, leaf_faces: Vec::new(), outlines, bounds }))
}

/// Half-edge `2 k` walks border `k` as stored, `2 k + 1` the other way.
pub(crate) fn border_ref(half: u32) -> BorderRef {
    BorderRef { border: half / 2, forward: half.is_multiple_of(2) }
}

/// How many positions there are along a ring.
pub(crate) fn count(borders: &[Border], refs: &[BorderRef]) -> usize {
    refs.iter().map(|at| borders[at.border as usize].line.len() - 1).sum()
}

/// Adds the positions of a border as it is walked, without the last.
pub(crate) fn walk(borders: &[Border], border_ref: BorderRef, positions: &mut Vec<Position>) {
    let line = &borders[border_ref.border as usize].line;
    if border_ref.forward {
        positions.extend_from_slice(&line[..line.len() - 1]);
    } else {
        positions.extend(line[1..].iter().rev());
    }
}

fn left_of(borders: &[Border], half: u32) -> Option<Leaf> {
    let border = &borders[(half / 2) as usize];
    if half.is_multiple_of(2) { border.left } else { border.right }
}

fn start(lines: &[&[Position]], half: u32) -> Position {
    let line = lines[(half / 2) as usize];
    line[if half.is_multiple_of(2) { 0 } else { line.len() - 1 }]
}

fn second(lines: &[&[Position]], half: u32) -> Position {
    let line = lines[(half / 2) as usize];
    line[if half.is_multiple_of(2) { 1 } else { line.len() - 2 }]
}

/// For each half-edge the one that follows it around the face on its left.
pub(crate) fn next_around(lines: &[&[Position]]) -> Vec<u32> {
    let mut halves: Vec<(Position, u32)> =
        (0..lines.len() as u32 * 2).map(|half| (start(lines, half), half)).collect();
    sort::by_position(&mut halves, |half| half.0);
    let mut next = vec![0; halves.len()];
    for star in halves.chunk_by_mut(|a, b| a.0 == b.0) {
        star.sort_unstable_by(|&(at, a), &(_, b)| {
            compare_angle(delta(at, second(lines, a)), delta(at, second(lines, b)))
        });
        for (at, &(_, half)) in star.iter().enumerate() {
            // Whoever arrives as the twin of `half` turns right as far as possible: to the one before it in angle.
            let before = star[if at == 0 { star.len() - 1 } else { at - 1 }].1;
            next[(half ^ 1) as usize] = before;
        }
    }
    next
}

/// What walking each line adds to twice the area around one common origin.
pub(crate) fn half_edge_areas(lines: &[&[Position]]) -> Vec<i128> {
    let Some(&origin) = lines.first().and_then(|line| line.first()) else { return Vec::new() };
    let area =
        |line: &&[Position]| line.windows(2).map(|pair| i128::from(side(origin, pair[0], pair[1]))).sum();
    lines.iter().map(area).collect()
}

/// Every ring of every face, split where a face touches itself at a node.
pub(crate) fn rings(borders: &[Border]) -> Result<Vec<Vec<Ring>>, Vec<Problem>> {
    let lines: Vec<&[Position]> = borders.iter().map(|border| border.line.as_slice()).collect();
    let next = next_around(&lines);
    let mut used = vec![false; next.len()];
    let mut groups = Vec::new();
    let mut problems = Vec::new();
    for first in 0..next.len() as u32 {
        if used[first as usize] {
            continue;
        }
        let mut cycle = Vec::new();
        let mut half = first;
        while !used[half as usize] {
            used[half as usize] = true;
            cycle.push(half);
            half = next[half as usize];
        }
        let leaf = left_of(borders, first);
        if let Some(&other) = cycle.iter().find(|&&half| left_of(borders, half) != leaf) {
            let mut problem = Problem::error(Code::Overlap, "borders around one face name different owners");
            problem.geometry = Some(Geometry::Point(start(&lines, other)));
            problems.push(problem);
            continue;
        }
        groups.push(split(borders, &lines, &cycle, leaf));
    }
    if problems.is_empty() { Ok(groups) } else { Err(problems) }
}

/// Of so few borders each is compared with each sooner than looked up.
const SHORT: usize = 16;

/// Cuts one walk around a face into rings that pass each node once.
fn split(borders: &[Border], lines: &[&[Position]], cycle: &[u32], leaf: Option<Leaf>) -> Vec<Ring> {
    let is_apart = |(at, &half): (usize, &u32)| {
        cycle[..at].iter().all(|&other| start(lines, other) != start(lines, half))
    };
    // Nearly all walks are short, and rings as they are.
    if cycle.len() <= SHORT && cycle.iter().enumerate().all(is_apart) {
        return vec![ring(borders, cycle, leaf)];
    }
    let mut rings = Vec::new();
    let mut open: Vec<u32> = Vec::new();
    let mut seen: HashMap<Position, usize> = HashMap::new();
    for &half in cycle {
        let at = start(lines, half);
        if let Some(&since) = seen.get(&at) {
            let closed = open.split_off(since);
            for &gone in &closed {
                seen.remove(&start(lines, gone));
            }
            rings.push(ring(borders, &closed, leaf));
        }
        seen.insert(at, open.len());
        open.push(half);
    }
    if !open.is_empty() {
        rings.push(ring(borders, &open, leaf));
    }
    rings
}

fn ring(borders: &[Border], halves: &[u32], leaf: Option<Leaf>) -> Ring {
    let refs: Vec<BorderRef> = halves.iter().map(|&half| border_ref(half)).collect();
    let mut positions = Vec::with_capacity(count(borders, &refs));
    refs.iter().for_each(|&at| walk(borders, at, &mut positions));
    let doubled_area = doubled_area(&positions);
    Ring { refs, leaf, positions, doubled_area }
}

/// Makes faces of rings: each counter-clockwise ring is one, each clockwise ring a hole of the smallest face around it, or
/// an outline of the whole, which comes second.
pub(crate) fn faces(groups: Vec<Vec<Ring>>) -> (Vec<Face>, Vec<Vec<BorderRef>>) {
    let mut outlines = Vec::new();
    let mut outers: Vec<Ring> = Vec::new();
    let mut holes: Vec<Ring> = Vec::new();
    for ring in groups.into_iter().flatten() {
        if ring.doubled_area > 0 { outers.push(ring) } else { holes.push(ring) }
    }
    // Few owners have holes: only their rings are looked at again.
    let mut by_leaf: HashMap<Option<Leaf>, Vec<(u32, Option<Bounds>)>> =
        holes.iter().map(|hole| (hole.leaf, Vec::new())).collect();
    for (at, outer) in (0..).zip(&outers) {
        if let Some(candidates) = by_leaf.get_mut(&outer.leaf) {
            candidates.push((at, Bounds::of(outer.positions.iter().copied())));
        }
    }
    let mut faces: Vec<Face> = outers
        .iter()
        .map(|outer| Face { leaf: outer.leaf, exterior: outer.refs.clone(), holes: Vec::new() })
        .collect();
    for hole in holes {
        let candidates = by_leaf.get(&hole.leaf).map_or(&[][..], Vec::as_slice);
        let around = candidates
            .iter()
            .filter(|(_, bounds)| bounds.is_some_and(|bounds| bounds.contains(hole.positions[0])))
            .map(|&(at, _)| at as usize)
            .filter(|&at| encloses(&outers[at].positions, &hole.positions))
            .min_by_key(|&at| outers[at].doubled_area);
        match around {
            Some(at) => faces[at].holes.push(hole.refs),
            None => outlines.push(hole.refs),
        }
    }
    (faces, outlines)
}

/// Whether a ring lies inside another that it may touch but does not cross.
pub(crate) fn encloses(outer: &[Position], inner: &[Position]) -> bool {
    for &position in inner {
        match place(outer, position) {
            Placement::Inside => return true,
            Placement::Outside => return false,
            Placement::Border => {}
        }
    }
    false
}

fn sorted(mut coverage: Coverage) -> Coverage {
    let leaf_count = coverage.leaf_count;
    let leaf_index = |face: &Face| face.leaf.map_or(leaf_count, Leaf::index);
    coverage.faces.sort_by_key(|face| (leaf_index(face), face.exterior.iter().map(|at| at.border).min()));
    let mut leaf_faces = vec![0; leaf_count + 1];
    for face in coverage.faces.iter().filter(|face| face.leaf.is_some()) {
        leaf_faces[leaf_index(face) + 1] += 1;
    }
    for at in 0..leaf_count {
        leaf_faces[at + 1] += leaf_faces[at];
    }
    Coverage { leaf_faces, ..coverage }
}
