//! The part of the proof that an edit can have broken, looked for where it changed something.
//!
//! 1. Borders are well-formed.
//! 2. No new side meets another but at common ends of borders.
//! 3. Around each node that has changed, neighbouring borders name the same owner between them.
//! 4. What has not changed has the owners around it that it had. Around a place only the sides that came and went can have
//!    changed that; outside the box around those nothing can, since by 3 they close in on what they give away.
//! 5. What has changed, and touches nothing that has not, names at its westernmost position what lies around it.
//!
//! With the proof of what was before this is that of [`crate::coverage::Coverage::prove`] for what is now: each part of the net
//! of borders has either something that 4 has looked at or lies outside that box, or is new and 5 has looked at it; and
//! around each node owners agree, so what is right somewhere in a part is right in all of it.

use std::collections::{BTreeSet, HashSet};

use crate::coverage::edit::net::{Net, Swap, area_of, around};
use crate::coverage::edit::told::{Fault, Wrong};
use crate::coverage::exact::delta;
use crate::coverage::pairs::{Meeting, meetings};
use crate::coverage::runs::SideOf;
use crate::coverage::{Border, Leaf};
use crate::{Bounds, Position};

/// Beyond this many faults more of them tell nothing further.
const MAX_FAULTS: usize = 100;

/// A side that came or went, from its lesser to its greater end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    low: Position,
    high: Position,
    left: Option<Leaf>,
    right: Option<Leaf>,
    /// 1 where it came, -1 where it went.
    count: i32,
    /// Where it stands, if it came.
    side: (u32, u32),
}

impl Change {
    fn all(border: &Border, number: u32, count: i32) -> impl Iterator<Item = Self> {
        border.line.windows(2).enumerate().map(move |(at, pair)| {
            let is_forward = pair[0] < pair[1];
            let (low, high) = if is_forward { (pair[0], pair[1]) } else { (pair[1], pair[0]) };
            let (left, right) =
                if is_forward { (border.left, border.right) } else { (border.right, border.left) };
            Self { low, high, left, right, count, side: (number, at as u32) }
        })
    }

    fn ends(&self) -> (Position, Position) {
        (self.low, self.high)
    }
}

/// Everything that came or went and is not there as it was.
fn changes(swaps: &[Swap]) -> Vec<Change> {
    let mut changes = Vec::new();
    for Swap { number, before, after } in swaps {
        let is_alike =
            before.line.len() == after.line.len() && (before.left, before.right) == (after.left, after.right);
        let same = |at: usize| is_alike && before.line[at..at + 2] == after.line[at..at + 2];
        changes.extend(
            Change::all(before, *number, -1).enumerate().filter(|(at, _)| !same(*at)).map(|(_, side)| side),
        );
        changes.extend(
            Change::all(after, *number, 1).enumerate().filter(|(at, _)| !same(*at)).map(|(_, side)| side),
        );
    }
    changes.sort_unstable();
    // What went and came is one beside the other: no side is there twice.
    let mut kept: Vec<Change> = Vec::with_capacity(changes.len());
    for change in changes {
        let is_undone = kept.last().is_some_and(|last| {
            (last.low, last.high, last.left, last.right, last.count)
                == (change.low, change.high, change.left, change.right, -change.count)
        });
        if is_undone { _ = kept.pop() } else { kept.push(change) }
    }
    kept
}

/// The box around the ground that may have other owners than before.
pub(super) fn changed_ground(swaps: &[Swap]) -> Option<Bounds> {
    Bounds::of(changes(swaps).into_iter().flat_map(|change| [change.low, change.high]))
}

/// What is wrong with a net after some swaps, if it was proven before them.
pub(super) fn faults(net: &Net, swaps: &[Swap]) -> Vec<Fault> {
    let mut faults: Vec<Fault> = swaps.iter().filter_map(ill_formed).collect();
    let changes = changes(swaps);
    if faults.is_empty() {
        faults = meeting(net, &changes);
    }
    if faults.is_empty() {
        faults = askew(net, swaps);
    }
    if faults.is_empty() {
        faults = passed_over(net, swaps, &changes);
        faults.extend(new_parts(net, swaps).iter().filter_map(|part| turned_over(net, part)));
    }
    faults
}

fn ill_formed(Swap { after, .. }: &Swap) -> Option<Fault> {
    let line = &after.line;
    let least = if line.first() == line.last() { 4 } else { 2 };
    let is_short = !line.is_empty() && (line.len() < least || line.windows(2).any(|pair| pair[0] == pair[1]));
    is_short.then(|| Fault::new(Wrong::Collapsed, line[0], after, None))
}

/// New sides that meet others, or each other, where not both borders end.
fn meeting(net: &Net, changes: &[Change]) -> Vec<Fault> {
    let mut told = BTreeSet::new();
    let mut faults = Vec::new();
    for sides in changes.chunk_by(|a, b| a.ends() == b.ends()) {
        if sides.iter().any(|side| side.count < 0) {
            continue;
        }
        let (border, at) = sides[0].side;
        let (new, one) = (SideOf { border, at }, sides[0].ends());
        for other in net.sides_near(around(one.0, one.1)) {
            for (place, wrong) in wrongs(net, new, other) {
                if faults.len() < MAX_FAULTS && told.insert((place, wrong, other.border)) {
                    let other = (other.border != border).then(|| net.border(other.border));
                    faults.push(Fault::new(wrong, place, net.border(border), other));
                }
            }
        }
    }
    faults
}

/// How two sides meet that should not.
fn wrongs(net: &Net, first: SideOf, second: SideOf) -> Vec<(Position, Wrong)> {
    if first == second {
        return Vec::new();
    }
    let ([a, b], [c, d]) = (net.ends(first), net.ends(second));
    let (one, two) = ((a.min(b), a.max(b)), (c.min(d), c.max(d)));
    if one == two {
        return vec![(one.0, Wrong::Twice)];
    }
    let is_end =
        |side: SideOf, vertex: u32| vertex == 0 || vertex as usize + 1 == net.border(side.border).line.len();
    let mut found = Vec::new();
    for (at, end) in [(first.at, a), (first.at + 1, b)] {
        for (other_at, other_end) in [(second.at, c), (second.at + 1, d)] {
            let is_one_vertex = first.border == second.border && at == other_at;
            let are_ends = is_end(first, at) && is_end(second, other_at);
            if end == other_end && !is_one_vertex && !are_ends {
                found.push((end, Wrong::Touch));
            }
        }
    }
    found.extend(meetings(one, two, false).into_iter().map(|meeting| match meeting {
        Meeting::Cross(at) => (at, Wrong::Cross),
        Meeting::End { at, .. } => (at, Wrong::Touch),
    }));
    found
}

/// Nodes around which neighbouring borders do not agree on what lies between them.
fn askew(net: &Net, swaps: &[Swap]) -> Vec<Fault> {
    let lines = swaps.iter().flat_map(|swap| [&swap.before.line, &swap.after.line]);
    let mut nodes: Vec<Position> =
        lines.flat_map(|line| line.first().into_iter().chain(line.last())).copied().collect();
    nodes.sort_unstable();
    nodes.dedup();
    let mut faults = Vec::new();
    for node in nodes {
        let star = net.star(node);
        for (at, half) in star.iter().enumerate() {
            let following = star[(at + 1) % star.len()];
            if net.left_of(*half) != net.left_of(following ^ 1) {
                let borders = (net.border(half / 2), net.border(following / 2));
                faults.push(Fault::new(Wrong::Askew, node, borders.0, Some(borders.1)));
                break;
            }
        }
    }
    faults
}

/// Borders that have not changed, around which the owners have.
fn passed_over(net: &Net, swaps: &[Swap], changes: &[Change]) -> Vec<Fault> {
    let ends = changes.iter().flat_map(|change| [change.low, change.high]);
    let Some(area) = Bounds::of(ends) else { return Vec::new() };
    let mut seen: HashSet<u32> = swaps.iter().map(|swap| swap.number).collect();
    let mut faults = Vec::new();
    net.boxes().near(area_of(&area), |side| {
        // All along a border it is the same: nothing crosses it. So one side of each is looked at.
        if !seen.insert(side.border) {
            return;
        }
        let ends = net.ends(side);
        if !is_as_before(changes, middle(ends)) {
            let came = changes.iter().find(|change| change.count > 0).unwrap_or(&changes[0]);
            let border = Border { line: vec![came.low, came.high], left: came.left, right: came.right };
            faults.push(Fault::new(Wrong::PassedOver, ends[0], &border, Some(net.border(side.border))));
        }
    });
    faults
}

/// Whether a place, through which no changed side runs, has the owner that it had.
fn is_as_before(changes: &[Change], [x, y]: [i64; 2]) -> bool {
    let mut counts: Vec<(Option<Leaf>, i32)> = Vec::new();
    for change in changes {
        let (low, high) = change.ends();
        let is_upward = low.lat_e7() < high.lat_e7();
        let (south, north) = if is_upward { (low, high) } else { (high, low) };
        let (south_y, north_y) = (2 * i64::from(south.lat_e7()), 2 * i64::from(north.lat_e7()));
        if y < south_y || y >= north_y {
            continue;
        }
        let (dx, dy) = delta(south, north);
        if (2 * i64::from(south.lon_e7()) - x) * dy + dx * (y - south_y) >= 0 {
            continue;
        }
        let (west, east) = if is_upward { (change.left, change.right) } else { (change.right, change.left) };
        for (leaf, by) in [(west, -change.count), (east, change.count)] {
            match counts.iter_mut().find(|(other, _)| *other == leaf) {
                Some((_, count)) => *count += by,
                None => counts.push((leaf, by)),
            }
        }
    }
    counts.iter().all(|(_, count)| *count == 0)
}

/// Borders that have changed and hang together, where nothing that has not changed hangs together with them.
fn new_parts(net: &Net, swaps: &[Swap]) -> Vec<Vec<u32>> {
    let new: Vec<u32> =
        swaps.iter().filter(|swap| !swap.after.line.is_empty()).map(|swap| swap.number).collect();
    let mut left = new.clone();
    let mut parts = Vec::new();
    while let Some(first) = left.pop() {
        let (mut part, mut at, mut is_new) = (vec![first], 0, true);
        while let Some(&number) = part.get(at) {
            at += 1;
            let ends = [net.start(2 * number)[0], net.start(2 * number + 1)[0]];
            for other in ends.into_iter().flat_map(|end| net.star(end)).map(|half| half / 2) {
                is_new &= new.contains(&other);
                if is_new && !part.contains(&other) {
                    part.push(other);
                }
            }
        }
        left.retain(|number| !part.contains(number));
        if is_new {
            parts.push(part);
        }
    }
    parts
}

/// Borders that hang together and name another owner around them than there is.
fn turned_over(net: &Net, part: &[u32]) -> Option<Fault> {
    let lines = || part.iter().map(|number| net.border(*number));
    let least = lines().flat_map(|border| border.line.iter().copied()).min()?;
    // Of what leaves the westernmost position, the first clockwise from the west has what is around to its left.
    let mut first: Option<((i64, i64), &Border, Option<Leaf>)> = None;
    for border in lines() {
        for pair in border.line.windows(2) {
            let leaving = [(pair[0], pair[1], border.left), (pair[1], pair[0], border.right)];
            for (_, to, left) in leaving.into_iter().filter(|(from, ..)| *from == least) {
                let (x, y) = delta(least, to);
                if first.is_none_or(|((other_x, other_y), ..)| other_x * y - other_y * x > 0) {
                    first = Some(((x, y), border, left));
                }
            }
        }
    }
    let (_, border, named) = first?;
    let place = [2 * i64::from(least.lon_e7()), 2 * i64::from(least.lat_e7())];
    let found = net.west_of(place).and_then(|half| net.left_of(half));
    (named != found).then(|| Fault::new(Wrong::TurnedOver, least, border, None))
}

/// The middle of a side, in half units.
fn middle([a, b]: [Position; 2]) -> [i64; 2] {
    let sum = |part: fn(Position) -> i32| i64::from(part(a)) + i64::from(part(b));
    [sum(Position::lon_e7), sum(Position::lat_e7)]
}
