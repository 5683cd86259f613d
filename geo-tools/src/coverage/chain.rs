//! Edges joined to stretches: lines between nodes that have the same on each side all along.

use crate::Position;
use crate::coverage::{Border, Leaf, sort};

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

/// The end of every half-edge: `2 k` walks edge `k` from its lesser end, `2 k + 1` the other way.
struct Walk<'a, S> {
    edges: &'a [Edge<S>],
    steps: Vec<Step>,
    used: Vec<bool>,
    /// Room to work in.
    line: Vec<Position>,
}

#[derive(Clone, Copy)]
struct Step {
    to: Position,
    /// The half-edge that goes on from there, or [`NODE`].
    next: u32,
}

/// What stands where no half-edge goes on: more or less than two edges meet, or what lies beside them changes.
const NODE: u32 = u32::MAX;

/// Joins edges to stretches, in an order and direction that depend on nothing but the ground.
pub(crate) fn chain<S: Copy + PartialEq>(edges: &[Edge<S>]) -> Vec<Stretch<S>> {
    // Each position with the half-edges that start there.
    let mut starts: Vec<(Position, u32)> =
        (0..).zip(edges).flat_map(|(at, edge)| [(edge.low, 2 * at), (edge.high, 2 * at + 1)]).collect();
    sort::by_position(&mut starts, |start| start.0);
    let mut walk = Walk::new(edges, &starts);
    let mut stretches = Vec::new();
    for star in starts.chunk_by(|a, b| a.0 == b.0) {
        if walk.is_node(star[0].1) {
            for &(from, half) in star {
                if !walk.used[(half / 2) as usize] {
                    stretches.push(walk.stretch(half, from));
                }
            }
        }
    }
    // What is left are loops without a node; starts are in order, so each begins at its least position.
    for &(from, half) in &starts {
        if !walk.used[(half / 2) as usize] {
            stretches.push(walk.stretch(half, from));
        }
    }
    in_order(stretches)
}

/// Stretches in the order of their lines. No two have an edge in common, so the first side of each tells them apart.
fn in_order<S: Copy>(stretches: Vec<Stretch<S>>) -> Vec<Stretch<S>> {
    let mut order: Vec<(Position, Position, u32)> =
        (0..).zip(&stretches).map(|(at, stretch)| (stretch.line[0], stretch.line[1], at)).collect();
    sort::by_position(&mut order, |start| start.0);
    let mut stretches: Vec<Option<Stretch<S>>> = stretches.into_iter().map(Some).collect();
    order.iter().filter_map(|start| stretches[start.2 as usize].take()).collect()
}

impl<'a, S: Copy + PartialEq> Walk<'a, S> {
    fn new(edges: &'a [Edge<S>], starts: &[(Position, u32)]) -> Self {
        let ends = edges.iter().flat_map(|edge| [edge.high, edge.low]);
        let mut steps: Vec<Step> = ends.map(|to| Step { to, next: NODE }).collect();
        for star in starts.chunk_by(|a, b| a.0 == b.0) {
            let [(_, one), (_, other)] = *star else { continue };
            let (left, right) = sides(edges, one);
            if (right, left) == sides(edges, other) {
                steps[(one ^ 1) as usize].next = other;
                steps[(other ^ 1) as usize].next = one;
            }
        }
        Self { edges, steps, used: vec![false; edges.len()], line: Vec::new() }
    }

    /// Whether a half-edge starts where the one that arrives there does not go on.
    fn is_node(&self, half: u32) -> bool {
        self.steps[(half ^ 1) as usize].next == NODE
    }

    fn stretch(&mut self, first: u32, from: Position) -> Stretch<S> {
        let (left, right) = sides(self.edges, first);
        self.line.clear();
        self.line.push(from);
        let mut half = first;
        loop {
            self.used[(half / 2) as usize] = true;
            let Step { to, next } = self.steps[half as usize];
            self.line.push(to);
            if next == NODE || to == from {
                break;
            }
            half = next;
        }
        // Of the two ways to walk it, the one whose positions come first in order.
        if self.line.iter().rev().lt(self.line.iter()) {
            return Stretch { line: self.line.iter().rev().copied().collect(), left: right, right: left };
        }
        Stretch { line: self.line.clone(), left, right }
    }
}

/// What lies to the left and to the right of a half-edge.
fn sides<S: Copy>(edges: &[Edge<S>], half: u32) -> (S, S) {
    let edge = &edges[(half / 2) as usize];
    if half.is_multiple_of(2) { (edge.left, edge.right) } else { (edge.right, edge.left) }
}
