//! Whose each piece becomes: the rule of the module, piece by piece until nothing more follows.

use std::collections::{BTreeMap, BTreeSet};

use crate::coverage::repair::ground::{Claim, Ground};
use crate::coverage::repair::moves;
use crate::coverage::{Border, Leaf, export, faces};
use crate::{Polygon, measure};

/// A piece that got its owner.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decision {
    pub(crate) face: usize,
    /// `None` is a declared void.
    pub(crate) winner: Option<u32>,
    pub(crate) largest_move_m: f64,
}

/// Who owns each face by now.
pub(crate) struct Owned<'a> {
    ground: &'a Ground,
    /// The owner of each face; `None` where it is nobody's, a void, or not decided.
    owners: Vec<Option<u32>>,
    is_open: Vec<bool>,
    has_ground: Vec<bool>,
    /// Open overlaps of each area.
    claimed: Vec<Vec<usize>>,
}

impl<'a> Owned<'a> {
    pub(crate) fn of(ground: &'a Ground) -> Self {
        let count = ground.coverage.faces.len();
        let mut owned = Self {
            ground,
            owners: vec![None; count],
            is_open: vec![false; count],
            has_ground: vec![false; ground.area_count as usize],
            claimed: vec![Vec::new(); ground.area_count as usize],
        };
        for face in 0..count {
            match ground.claim(face) {
                Some(&Claim::One(area)) => {
                    owned.owners[face] = Some(area);
                    owned.has_ground[area as usize] = true;
                }
                Some(Claim::Void(_)) => {}
                None | Some(Claim::Several(_) | Claim::Opening) => owned.is_open[face] = true,
            }
            for &area in ground.claims(face) {
                owned.claimed[area as usize].push(face);
            }
        }
        owned
    }

    /// Gives pieces their owners. In each round all that can be decided is, by what was owned before it, so that no order
    /// of the pieces matters.
    pub(crate) fn decide(&mut self, width_m: f64) -> Vec<Decision> {
        let is_void = |&face: &usize| {
            matches!(self.ground.claim(face), Some(Claim::Void(_))) && !self.ground.claims(face).is_empty()
        };
        let mut all: Vec<Decision> =
            (0..self.is_open.len()).filter(is_void).map(|face| self.moved(face, None)).collect();
        let mut round: BTreeSet<usize> = (0..self.is_open.len()).filter(|&face| self.is_open[face]).collect();
        loop {
            let mut decided: Vec<Decision> =
                round.iter().filter_map(|&face| self.decision(face, width_m)).collect();
            if decided.is_empty() {
                // Overlaps that touch no ground of their claimants, inside other overlaps.
                decided.extend(self.stranded());
            }
            if decided.is_empty() {
                return all;
            }
            round.clear();
            for decision in &decided {
                self.apply(*decision, &mut round);
            }
            round.retain(|&face| self.is_open[face]);
            all.extend(decided);
        }
    }

    fn apply(&mut self, Decision { face, winner, .. }: Decision, round: &mut BTreeSet<usize>) {
        self.is_open[face] = false;
        self.owners[face] = winner;
        let Some(winner) = winner else { return };
        if !std::mem::replace(&mut self.has_ground[winner as usize], true) {
            round.extend(&self.claimed[winner as usize]);
        }
        round.extend(self.ground.around(face).filter_map(|(_, other)| other));
    }

    fn decision(&self, face: usize, width_m: f64) -> Option<Decision> {
        let claims = self.ground.claims(face);
        let winner = if claims.is_empty() {
            self.longest(face, |_| true)?
        } else {
            match self.without_ground(claims)[..] {
                [] => self.longest(face, |area| claims.contains(&area))?,
                [only] => only,
                _ => return None,
            }
        };
        let decision = self.moved(face, Some(winner));
        // An opening is only as wide as the tolerance: that is how it was looked for.
        let is_gap = self.ground.claim(face).is_none();
        (!is_gap || decision.largest_move_m <= width_m).then_some(decision)
    }

    fn without_ground(&self, claims: &[u32]) -> Vec<u32> {
        claims.iter().copied().filter(|&area| !self.has_ground[area as usize]).collect()
    }

    /// The area with the longest border along a face; of several with the same length the first.
    fn longest(&self, face: usize, may: impl Fn(u32) -> bool) -> Option<u32> {
        let mut shared_m: BTreeMap<u32, f64> = BTreeMap::new();
        for (line, other) in self.ground.around(face) {
            if let Some(area) = other.and_then(|other| self.owners[other]).filter(|&area| may(area)) {
                *shared_m.entry(area).or_default() += measure::length_m(line);
            }
        }
        let longest = shared_m.into_iter().reduce(|best, next| if next.1 > best.1 { next } else { best });
        longest.map(|(area, _)| area)
    }

    /// The first open overlap that nothing decides, for the first that claims it; none of those that would vanish.
    fn stranded(&self) -> Option<Decision> {
        let mut open = (0..self.is_open.len()).filter(|&face| self.is_open[face]);
        let face = open.find(|&face| {
            let claims = self.ground.claims(face);
            !claims.is_empty() && self.without_ground(claims).is_empty()
        })?;
        Some(self.moved(face, self.ground.claims(face).first().copied()))
    }

    fn moved(&self, face: usize, winner: Option<u32>) -> Decision {
        let is_gone = |other: Option<usize>| other.is_some_and(|other| self.owners[other] == winner);
        let (gone, kept): (Vec<_>, Vec<_>) = self.ground.around(face).partition(|&(_, other)| is_gone(other));
        let lines = |lines: Vec<(&'a [crate::Position], Option<usize>)>| -> Vec<&'a [crate::Position]> {
            lines.into_iter().map(|(line, _)| line).collect()
        };
        let largest_move_m = moves::largest_m(&lines(gone), &lines(kept));
        Decision { face, winner, largest_move_m }
    }

    /// Each area's polygons: its faces, and the overlaps of it that were not decided.
    pub(crate) fn polygons(&self) -> Vec<Vec<Polygon>> {
        let mut rims: Vec<Vec<Border>> = vec![Vec::new(); self.has_ground.len()];
        let owners = |face: Option<usize>| -> Vec<u32> {
            let Some(face) = face else { return Vec::new() };
            match self.owners[face] {
                Some(area) => vec![area],
                None if self.is_open[face] => self.ground.claims(face).to_vec(),
                None => Vec::new(),
            }
        };
        for (line, left, right) in self.ground.lines() {
            let (left, right) = (owners(left), owners(right));
            let inside = Some(Leaf(0));
            for &area in left.iter().filter(|area| !right.contains(area)) {
                rims[area as usize].push(Border { line: line.to_vec(), left: inside, right: None });
            }
            for &area in right.iter().filter(|area| !left.contains(area)) {
                rims[area as usize].push(Border { line: line.to_vec(), left: None, right: inside });
            }
        }
        rims.iter().map(|rim| polygons_within(rim)).collect()
    }
}

fn polygons_within(rim: &[Border]) -> Vec<Polygon> {
    // The faces were traced before: what is left of their borders traces too.
    let (faces, _) = faces::faces(faces::rings(rim).unwrap_or_default());
    faces.iter().filter(|face| face.leaf.is_some()).map(|face| export::polygon(rim, face)).collect()
}
