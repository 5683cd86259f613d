//! Noding by snap rounding: where sides cross or an end lies on another side, both are cut at a position of the grid.
//!
//! After Hobby, "Practical segment intersection with finite precision output" (1999), and Guibas and Marimont, "Rounding
//! arrangements dynamically" (1998): a crossing is rounded to the centre of its pixel and what passes is bent to it. Unlike
//! there, only sides that meet something are cut, and again until nothing meets: a clean border never moves.

use std::collections::HashSet;

use crate::coverage::drawing::{Drawing, Side};
use crate::coverage::exact::delta;
use crate::coverage::pairs::{Meeting, meetings, visit_pairs};
use crate::coverage::sort;
use crate::{Code, Geometry, Position, Problem};

/// How often pieces are cut again. Each round cuts what the last one bent by less than a unit; three are rare.
const MAX_ROUNDS: usize = 24;

/// Two sides that meet, by a ring of each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit {
    pub(crate) first: Side,
    pub(crate) second: Side,
    pub(crate) meeting: Meeting,
}

impl Hit {
    pub(crate) fn at(&self) -> Position {
        match self.meeting {
            Meeting::Cross(at) | Meeting::End { at, .. } => at,
        }
    }
}

/// Sides that meet at their ends only, in order.
#[derive(Debug, Default)]
pub(crate) struct Noded {
    pub(crate) sides: Vec<Side>,
    /// How the sides met as drawn.
    pub(crate) hits: Vec<Hit>,
    /// Where a side was bent, and the areas concerned.
    pub(crate) bent: Vec<(Position, Vec<u32>)>,
}

/// Cuts sides until they meet at their ends only.
///
/// # Errors
/// `TOO_MANY_CROSSINGS` beyond the cap.
pub(crate) fn node(drawing: &Drawing<'_>, max_crossings: usize) -> Result<Noded, Box<Problem>> {
    let mut noded = Noded { sides: drawing.sides.clone(), ..Noded::default() };
    let mut fresh: Option<HashSet<(Position, Position)>> = None;
    let mut crossings = 0;
    for round in 0..MAX_ROUNDS {
        sort::by_position(&mut noded.sides, |side| side.low);
        let edges = Edges::of(&noded.sides);
        let active: Vec<bool> =
            edges.ends.iter().map(|ends| fresh.as_ref().is_none_or(|fresh| fresh.contains(ends))).collect();
        let Some(found) = edges.meetings(drawing, &noded.sides, &active, max_crossings - crossings) else {
            return Err(too_many(max_crossings, noded.hits.last().map(Hit::at)));
        };
        if found.is_empty() {
            return Ok(noded);
        }
        let mut cuts = Vec::new();
        for (first, second, meeting) in found {
            cuts_of(first, second, meeting, &mut cuts);
            let (of_first, of_second) = (edges.sides(first, &noded.sides), edges.sides(second, &noded.sides));
            let exact = matches!(meeting, Meeting::End { exact: true, .. });
            if !exact {
                let areas = of_first.iter().chain(of_second).map(|side| drawing.area_of(side.ring)).collect();
                noded.bent.push((Hit { first: of_first[0], second: of_second[0], meeting }.at(), areas));
                crossings += 1;
            }
            if round == 0 {
                let pairs =
                    of_first.iter().flat_map(|&first| of_second.iter().map(move |&second| (first, second)));
                noded.hits.extend(pairs.map(|(first, second)| Hit { first, second, meeting }));
            }
        }
        fresh = Some(edges.cut(cuts, &mut noded.sides));
    }
    Err(too_many(max_crossings, noded.bent.last().map(|bent| bent.0)))
}

fn too_many(max_crossings: usize, at: Option<Position>) -> Box<Problem> {
    let message =
        format!("the borders cross more often than {max_crossings} times, the most that is untangled");
    let mut problem = Problem::error(Code::TooManyCrossings, message);
    problem.geometry = at.map(Geometry::Point);
    Box::new(problem)
}

fn cuts_of(first: u32, second: u32, meeting: Meeting, cuts: &mut Vec<(u32, Position)>) {
    match meeting {
        Meeting::Cross(at) => cuts.extend([(first, at), (second, at)]),
        Meeting::End { on_first, at, .. } => cuts.push((if on_first { first } else { second }, at)),
    }
}

/// Sides that have the same ends, as ranges of the sorted sides.
struct Edges {
    ends: Vec<(Position, Position)>,
    from: Vec<u32>,
}

impl Edges {
    fn of(sides: &[Side]) -> Self {
        let mut edges =
            Self { ends: Vec::with_capacity(sides.len() / 2), from: Vec::with_capacity(sides.len() / 2) };
        let mut at = 0;
        for twins in sides.chunk_by(|a, b| (a.low, a.high) == (b.low, b.high)) {
            edges.ends.push((twins[0].low, twins[0].high));
            edges.from.push(at);
            at += twins.len() as u32;
        }
        edges.from.push(at);
        edges
    }

    fn sides<'a>(&self, edge: u32, sides: &'a [Side]) -> &'a [Side] {
        &sides[self.from[edge as usize] as usize..self.from[edge as usize + 1] as usize]
    }

    /// Every way that edges meet, each once; `None` where more than `cap` of them would have to be bent.
    fn meetings(
        &self,
        drawing: &Drawing<'_>,
        sides: &[Side],
        active: &[bool],
        cap: usize,
    ) -> Option<Vec<(u32, u32, Meeting)>> {
        // Twins agree already. What has none is also joined to ends that it misses by less than a unit.
        let alone = |edge: u32| match self.sides(edge, sides) {
            [one] => Some(drawing.area_of(one.ring)),
            _ => None,
        };
        let mut found = Vec::new();
        let mut bent = 0;
        let mut is_within_cap = true;
        visit_pairs(&self.ends, active, &mut |first, second| {
            let near = matches!((alone(first), alone(second)), (Some(a), Some(b)) if a != b);
            for meeting in meetings(self.ends[first as usize], self.ends[second as usize], near) {
                bent += usize::from(!matches!(meeting, Meeting::End { exact: true, .. }));
                found.push((first, second, meeting));
            }
            // A pair may be visited several times, never more often than it has boxes.
            is_within_cap = bent <= cap.saturating_mul(8);
            is_within_cap
        });
        found.sort_unstable();
        found.dedup();
        let bent = found
            .iter()
            .filter(|(_, _, meeting)| !matches!(meeting, Meeting::End { exact: true, .. }))
            .count();
        (is_within_cap && bent <= cap).then_some(found)
    }

    /// Cuts edges at positions; says which edges are new.
    fn cut(&self, mut cuts: Vec<(u32, Position)>, sides: &mut Vec<Side>) -> HashSet<(Position, Position)> {
        let along = |&(edge, at): &(u32, Position)| {
            let (low, high) = self.ends[edge as usize];
            let ((dx, dy), (px, py)) = (delta(low, high), delta(low, at));
            (edge, dx * px + dy * py, at)
        };
        cuts.sort_unstable_by_key(along);
        cuts.dedup();
        let mut fresh = HashSet::new();
        let mut gone = vec![false; sides.len()];
        let mut pieces = Vec::new();
        for of_edge in cuts.chunk_by(|a, b| a.0 == b.0) {
            let edge = of_edge[0].0;
            let (low, high) = self.ends[edge as usize];
            let mut path = vec![low];
            path.extend(of_edge.iter().map(|cut| cut.1));
            path.push(high);
            path.dedup();
            if path.len() == 2 {
                continue;
            }
            let range = self.from[edge as usize]..self.from[edge as usize + 1];
            for at in range {
                gone[at as usize] = true;
                let Side { ring, forward, .. } = sides[at as usize];
                for step in path.windows(2) {
                    let (from, to) = if forward { (step[0], step[1]) } else { (step[1], step[0]) };
                    let piece = Side::walked(from, to, ring);
                    fresh.insert((piece.low, piece.high));
                    pieces.push(piece);
                }
            }
        }
        let mut gone = gone.into_iter();
        sides.retain(|_| !gone.next().unwrap_or(false));
        sides.append(&mut pieces);
        fresh
    }
}
