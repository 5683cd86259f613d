//! Ground that changes hands, and borders that fall away or are joined for it.

use crate::coverage::Leaf;
use crate::coverage::edit::net::{Net, nothing};
use crate::coverage::edit::told::{both, name, placed};
use crate::coverage::edit::walk::Ground;
use crate::{Code, Geometry, Position, Problem};

/// Gives the face around a position to somebody else.
pub(super) fn relabel(net: &mut Net, at: Position, to: Option<Leaf>) -> Result<(), Vec<Problem>> {
    let refused = |code, message: String, leaf: Option<Leaf>| {
        Err(vec![placed(code, message, Geometry::Point(at), leaf.into_iter().chain(to))])
    };
    if to.is_some_and(|to| to.index() >= net.leaf_count()) {
        let message = format!("{} is beyond the {} that there are", name(to), net.leaf_count());
        return refused(Code::BadValue, message, None);
    }
    let half = match net.ground([2 * i64::from(at.lon_e7()), 2 * i64::from(at.lat_e7())]) {
        Ground::Face(half) => half,
        Ground::Border(side) => {
            let border = net.border(side.border);
            let message = format!(
                "{at} lies on the border between {}, not in a face",
                both([border.left, border.right])
            );
            return refused(Code::BadValue, message, border.left.or(border.right));
        }
    };
    let Some((half, face)) = half.and_then(|half| Some((half, net.face(half)?))) else {
        return refused(Code::BadValue, format!("{at} lies outside"), None);
    };
    let from = net.left_of(half);
    if from == to {
        return refused(
            Code::BadValue,
            format!("the ground around {at} belongs to {} already", name(to)),
            from,
        );
    }
    give(net, &face, to);
    match from {
        Some(leaf) if net.of_leaf(leaf).is_empty() => {
            let message = format!("{} would have no ground left; merge it instead", name(from));
            refused(Code::FaceEmpty, message, from)
        }
        _ => Ok(()),
    }
}

/// Gives all ground of a leaf to a neighbour.
pub(super) fn merge(net: &mut Net, gone: Leaf, into: Leaf) -> Result<(), Vec<Problem>> {
    let refused = |net: &Net, code, message: String| {
        let known = [gone, into].into_iter().filter(|leaf| leaf.index() < net.leaf_count());
        let lines = known.flat_map(|leaf| net.of_leaf(leaf));
        let geometry = Geometry::MultiLine(lines.map(|number| net.border(*number).line.clone()).collect());
        Err(vec![placed(code, message, geometry, [gone, into])])
    };
    if let Some(leaf) = [gone, into].into_iter().find(|leaf| leaf.index() >= net.leaf_count()) {
        let message = format!("{} is beyond the {} that there are", name(Some(leaf)), net.leaf_count());
        return refused(net, Code::BadValue, message);
    }
    if gone == into {
        return refused(net, Code::BadValue, format!("{} cannot be merged with itself", name(Some(gone))));
    }
    let halves: Vec<u32> = net.of_leaf(gone).iter().flat_map(|number| [2 * number, 2 * number + 1]).collect();
    let halves: Vec<u32> = halves.into_iter().filter(|half| net.left_of(*half) == Some(gone)).collect();
    if halves.is_empty() {
        return refused(net, Code::BadValue, format!("{} has no ground to be merged", name(Some(gone))));
    }
    if !halves.iter().any(|half| net.left_of(half ^ 1) == Some(into)) {
        let message = format!("{} have no border with each other", both([Some(gone), Some(into)]));
        return refused(net, Code::NotNeighbours, message);
    }
    give(net, &halves, Some(into));
    Ok(())
}

/// Gives what lies to the left of half-edges to somebody; borders between two pieces of one owner fall away.
pub(super) fn give(net: &mut Net, halves: &[u32], to: Option<Leaf>) {
    for half in halves {
        let mut border = net.border(half / 2).clone();
        let side = if half.is_multiple_of(2) { &mut border.left } else { &mut border.right };
        *side = to;
        let is_border = border.left != border.right;
        net.set(half / 2, if is_border { border } else { nothing() });
    }
}

/// Joins borders that meet where no other does any more, at the ends of those that have changed.
pub(super) fn join(net: &mut Net) {
    let lines = net.journal().iter().flat_map(|(number, before)| [&before.line, &net.border(*number).line]);
    let mut ends: Vec<Position> =
        lines.flat_map(|line| line.first().into_iter().chain(line.last())).copied().collect();
    ends.sort_unstable();
    ends.dedup();
    for at in ends {
        let [one, other] = net.star(at)[..] else { continue };
        if one / 2 == other / 2 {
            continue;
        }
        // Arriving by the one, leaving by the other.
        let mut joined = net.border(one / 2).clone();
        if one.is_multiple_of(2) {
            joined.line.reverse();
            std::mem::swap(&mut joined.left, &mut joined.right);
        }
        let onward = &net.border(other / 2).line;
        if other.is_multiple_of(2) {
            joined.line.extend(&onward[1..]);
        } else {
            joined.line.extend(onward.iter().rev().skip(1));
        }
        net.set(one / 2, joined);
        net.set(other / 2, nothing());
    }
}
