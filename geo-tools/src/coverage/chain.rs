//! Edges joined to stretches: lines between nodes that have the same on each side all along.

use crate::Position;
use crate::coverage::{Border, Leaf};

/// One side shared by two owners, its lesser end first. `S` says what lies on a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edge<S> {
    pub(crate) low: Position,
    pub(crate) high: Position,
    pub(crate) left: S,
    pub(crate) right: S,
}

/// Edges joined from node to node, or around a loop without a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stretch<S> {
    pub(crate) line: Vec<Position>,
    pub(crate) left: S,
    pub(crate) right: S,
}

impl From<Stretch<Option<Leaf>>> for Border {
    fn from(stretch: Stretch<Option<Leaf>>) -> Self {
        Self { line: stretch.line, left: stretch.left, right: stretch.right }
    }
}

/// The edges around each position.
struct Stars {
    ends: Vec<(Position, u32)>,
    /// Where in `ends` each star begins, and where the last one ends.
    from: Vec<u32>,
    /// The stars of each edge's low and high end.
    of_edge: Vec<[u32; 2]>,
}

impl Stars {
    fn new<S>(edges: &[Edge<S>]) -> Self {
        let mut ends: Vec<(Position, u32)> =
            (0..).zip(edges).flat_map(|(at, edge)| [(edge.low, at), (edge.high, at)]).collect();
        ends.sort_unstable();
        let mut from = Vec::new();
        let mut of_edge = vec![[0; 2]; edges.len()];
        for (at, &(position, edge)) in ends.iter().enumerate() {
            if at == 0 || ends[at - 1].0 != position {
                from.push(at as u32);
            }
            let end = usize::from(edges[edge as usize].high == position);
            of_edge[edge as usize][end] = from.len() as u32 - 1;
        }
        from.push(ends.len() as u32);
        Self { ends, from, of_edge }
    }

    fn around(&self, star: u32) -> &[(Position, u32)] {
        &self.ends[self.from[star as usize] as usize..self.from[star as usize + 1] as usize]
    }

    fn star_at(&self, edge: u32, at_high: bool) -> u32 {
        self.of_edge[edge as usize][usize::from(at_high)]
    }
}

/// Joins edges to stretches, in an order and direction that depend on nothing but the ground.
pub(crate) fn chain<S: Copy + PartialEq>(edges: &[Edge<S>]) -> Vec<Stretch<S>> {
    let mut walk = Walk { edges, stars: Stars::new(edges), used: vec![false; edges.len()] };
    let mut stretches = Vec::new();
    for star in 0..walk.stars.from.len() as u32 - 1 {
        if walk.passed(star, None).is_none() {
            for at in 0..walk.stars.around(star).len() {
                let (from, edge) = walk.stars.around(star)[at];
                if !walk.used[edge as usize] {
                    stretches.push(walk.stretch(edge, from));
                }
            }
        }
    }
    // What is left are loops without a node; ends are in order, so each begins at its least position.
    for at in 0..walk.stars.ends.len() {
        let (from, edge) = walk.stars.ends[at];
        if !walk.used[edge as usize] {
            stretches.push(walk.stretch(edge, from));
        }
    }
    stretches.sort_unstable_by(|a, b| a.line.cmp(&b.line));
    stretches
}

struct Walk<'a, S> {
    edges: &'a [Edge<S>],
    stars: Stars,
    used: Vec<bool>,
}

impl<S: Copy + PartialEq> Walk<'_, S> {
    /// Where a star is passed through: two edges meet that have the same on the same sides. Gives the other edge.
    fn passed(&self, star: u32, coming: Option<u32>) -> Option<u32> {
        let [(at, a), (_, b)] = *self.stars.around(star) else { return None };
        let (left, right) = self.sides_from(a, at);
        let is_passed = (right, left) == self.sides_from(b, at);
        is_passed.then_some(if coming == Some(a) { b } else { a })
    }

    fn sides_from(&self, edge: u32, from: Position) -> (S, S) {
        let edge = &self.edges[edge as usize];
        if edge.low == from { (edge.left, edge.right) } else { (edge.right, edge.left) }
    }

    fn stretch(&mut self, first: u32, from: Position) -> Stretch<S> {
        let (left, right) = self.sides_from(first, from);
        let mut line = vec![from];
        let (mut current, mut at) = (first, from);
        loop {
            self.used[current as usize] = true;
            let edge = &self.edges[current as usize];
            let to_high = edge.low == at;
            at = if to_high { edge.high } else { edge.low };
            line.push(at);
            let star = self.stars.star_at(current, to_high);
            match self.passed(star, Some(current)) {
                Some(next) if at != from => current = next,
                _ => break,
            }
        }
        // Of the two ways to walk it, the one whose positions come first in order.
        if line.iter().rev().lt(line.iter()) {
            line.reverse();
            return Stretch { line, left: right, right: left };
        }
        Stretch { line, left, right }
    }
}
