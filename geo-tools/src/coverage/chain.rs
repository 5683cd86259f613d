//! From segments with their owners to borders: twins matched, stretches between nodes joined.

use std::collections::HashMap;

use crate::coverage::ring::Segment;
use crate::coverage::{Border, Leaf};
use crate::{Code, Geometry, Position, Problem};

/// One side shared by two owners, its lesser end first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub(crate) low: Position,
    pub(crate) high: Position,
    pub(crate) left: Option<Leaf>,
    pub(crate) right: Option<Leaf>,
}

/// Joins twins; refuses what has no clean twin.
pub(crate) fn borders(leaf_count: usize, segments: &[Segment]) -> Result<Vec<Border>, Vec<Problem>> {
    let mut order: Vec<u32> = (0..segments.len() as u32).collect();
    let key = |at: u32| {
        let segment = &segments[at as usize];
        (segment.from.min(segment.to), segment.from.max(segment.to), segment.owner)
    };
    order.sort_unstable_by_key(|&at| key(at));
    let mut edges = Vec::new();
    let mut problems = Vec::new();
    for twins in order.chunk_by(|&a, &b| key(a).0 == key(b).0 && key(a).1 == key(b).1) {
        let (low, high, _) = key(twins[0]);
        let mut edge = Edge { low, high, left: None, right: None };
        let (mut left, mut right) = (0, 0);
        for &at in twins {
            let segment = &segments[at as usize];
            let owner = Some(Leaf(segment.owner)).filter(|leaf| leaf.index() < leaf_count);
            if segment.from == low {
                edge.left = owner;
                left += 1;
            } else {
                edge.right = owner;
                right += 1;
            }
        }
        if left > 1 || right > 1 {
            let mut problem = Problem::error(Code::Overlap, "several areas lie on the same side of a border");
            problem.geometry = Some(Geometry::MultiLine(vec![vec![low, high]]));
            problems.push(problem);
        } else if edge.left != edge.right {
            edges.push(edge);
        }
    }
    if problems.is_empty() { Ok(chain(&edges)) } else { Err(problems) }
}

/// Joins edges to stretches between nodes, in an order that depends on nothing but the ground.
pub(crate) fn chain(edges: &[Edge]) -> Vec<Border> {
    let mut ends: Vec<(Position, u32)> = Vec::with_capacity(edges.len() * 2);
    for (at, edge) in edges.iter().enumerate() {
        ends.push((edge.low, at as u32));
        ends.push((edge.high, at as u32));
    }
    ends.sort_unstable();
    let mut around: HashMap<Position, (u32, u32)> = HashMap::with_capacity(edges.len());
    let mut start = 0;
    for stars in ends.chunk_by(|a, b| a.0 == b.0) {
        around.insert(stars[0].0, (start, start + stars.len() as u32));
        start += stars.len() as u32;
    }
    let star = |at: Position| &ends[around[&at].0 as usize..around[&at].1 as usize];
    // A position is passed through where two edges meet that have the same owners on the same sides.
    let passes = |at: Position| match star(at) {
        [a, b] => sides_from(&edges[a.1 as usize], at) == flipped(sides_from(&edges[b.1 as usize], at)),
        _ => false,
    };
    let mut used = vec![false; edges.len()];
    let mut borders = Vec::new();
    let walk = |first: u32, from: Position, used: &mut Vec<bool>| {
        let (left, right) = sides_from(&edges[first as usize], from);
        let mut line = vec![from];
        let mut current = first;
        let mut at = from;
        loop {
            used[current as usize] = true;
            let edge = &edges[current as usize];
            at = if edge.low == at { edge.high } else { edge.low };
            line.push(at);
            if at == from || !passes(at) {
                break;
            }
            let Some(next) = star(at).iter().find(|(_, other)| *other != current) else { break };
            current = next.1;
        }
        normalised(Border { line, left, right })
    };
    for stars in ends.chunk_by(|a, b| a.0 == b.0) {
        for &(from, edge) in stars {
            if !used[edge as usize] && !passes(from) {
                borders.push(walk(edge, from, &mut used));
            }
        }
    }
    // What is left are loops without a node; they begin at their least position.
    for &(from, edge) in &ends {
        if !used[edge as usize] {
            borders.push(walk(edge, from, &mut used));
        }
    }
    borders.sort_unstable_by(|a, b| a.line.cmp(&b.line));
    borders
}

fn sides_from(edge: &Edge, from: Position) -> (Option<Leaf>, Option<Leaf>) {
    if edge.low == from { (edge.left, edge.right) } else { (edge.right, edge.left) }
}

fn flipped((left, right): (Option<Leaf>, Option<Leaf>)) -> (Option<Leaf>, Option<Leaf>) {
    (right, left)
}

/// The one of the two ways to walk a border whose positions come first in order.
fn normalised(mut border: Border) -> Border {
    if border.line.iter().rev().lt(border.line.iter()) {
        border.line.reverse();
        std::mem::swap(&mut border.left, &mut border.right);
    }
    border
}
