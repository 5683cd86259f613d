//! A face split by a line that somebody drew across it.
//!
//! The line is cut where it meets borders of the leaf; exactly one of its pieces may run inside the leaf, from border to
//! border. Crossings are rounded to the nearest position, to which both lines are bent, as `snap` does.

use crate::coverage::edit::net::{Net, around};
use crate::coverage::edit::relabel::give;
use crate::coverage::edit::reshape::fresh;
use crate::coverage::edit::told::{name, placed};
use crate::coverage::edit::walk::Ground;
use crate::coverage::exact::delta;
use crate::coverage::pairs::{Meeting, meetings};
use crate::coverage::runs::SideOf;
use crate::coverage::{Border, Leaf};
use crate::{Code, Geometry, Position, Problem};

/// Where the line meets a border of the leaf.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Hit {
    /// The side of the line, and how far along it.
    step: usize,
    along: i64,
    at: Position,
    border: u32,
    side: u32,
}

/// A position of the line, and whether it lies on a border of the leaf.
struct Stop {
    at: Position,
    is_hit: bool,
}

/// Gives what lies to the right of a line through a face to another leaf.
pub(super) fn split(net: &mut Net, leaf: Leaf, line: &[Position], to: Leaf) -> Result<(), Vec<Problem>> {
    well_formed(net, leaf, line, to)?;
    let hits = hits(net, leaf, line);
    let path = inner_piece(net, leaf, line, &hits)?;
    if to.index() == net.leaf_count() {
        net.set_leaf_count(to.index() + 1);
    }
    let border = Border { line: path.clone(), left: Some(leaf), right: Some(leaf) };
    fresh(net, &border, &path[1..path.len() - 1])?;
    cut(net, &hits, [path[0], path[path.len() - 1]]);
    let number = net.add(border);
    let right = net.face(2 * number + 1).unwrap_or_default();
    if right.is_empty() || right.contains(&(2 * number)) {
        let message = format!(
            "the line leaves {} in one piece: it begins on one ring of the border and ends on another",
            name(Some(leaf))
        );
        return Err(vec![placed(Code::LineMisses, message, Geometry::MultiLine(vec![path]), [leaf])]);
    }
    give(net, &right, Some(to));
    Ok(())
}

fn well_formed(net: &Net, leaf: Leaf, line: &[Position], to: Leaf) -> Result<(), Vec<Problem>> {
    let count = net.leaf_count();
    let message = if leaf.index() >= count || to.index() > count {
        let beyond = if leaf.index() >= count { leaf } else { to };
        format!("{} is beyond the {count} that there are", name(Some(beyond)))
    } else if leaf == to {
        format!("the other side of the line must go to another than {}", name(Some(leaf)))
    } else if line.len() < 2 {
        format!("a line has two positions or more, not {}", line.len())
    } else if let Some(pair) = line.windows(2).find(|pair| pair[0] == pair[1]) {
        format!("the line repeats {}", pair[0])
    } else {
        return Ok(());
    };
    Err(vec![placed(Code::BadValue, message, Geometry::MultiLine(vec![line.to_vec()]), [leaf, to])])
}

/// Where a line meets the borders of a leaf, in order along it.
fn hits(net: &Net, leaf: Leaf, line: &[Position]) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (step, pair) in line.windows(2).enumerate() {
        let (a, b) = (pair[0], pair[1]);
        for SideOf { border, at: side } in net.sides_near(around(a, b)) {
            let owners = net.border(border);
            if owners.left != Some(leaf) && owners.right != Some(leaf) {
                continue;
            }
            let [c, d] = net.ends(SideOf { border, at: side });
            let met = meetings((a.min(b), a.max(b)), (c.min(d), c.max(d)), false).into_iter();
            let places = met.map(|(Meeting::Cross(at) | Meeting::End { at, .. })| at);
            let common = [a, b].into_iter().filter(|at| [c, d].contains(at));
            for at in places.chain(common) {
                let ((dx, dy), (px, py)) = (delta(a, b), delta(a, at));
                hits.push(Hit { step, along: dx * px + dy * py, at, border, side });
            }
        }
    }
    hits.sort_unstable();
    hits
}

/// The line's vertices and hits in order, each once.
fn stops(line: &[Position], hits: &[Hit]) -> Vec<Stop> {
    let mut stops: Vec<Stop> = Vec::with_capacity(line.len() + hits.len());
    let mut push = |at: Position, is_hit: bool| match stops.last_mut() {
        Some(last) if last.at == at => last.is_hit |= is_hit,
        _ => stops.push(Stop { at, is_hit }),
    };
    let mut hits = hits.iter().peekable();
    for (step, at) in line.iter().enumerate() {
        push(*at, false);
        while let Some(hit) = hits.next_if(|hit| hit.step == step) {
            push(hit.at, true);
        }
    }
    stops
}

/// The one piece of a line that runs inside the leaf, from border to border.
fn inner_piece(
    net: &Net,
    leaf: Leaf,
    line: &[Position],
    hits: &[Hit],
) -> Result<Vec<Position>, Vec<Problem>> {
    let stops = stops(line, hits);
    let at_hits: Vec<usize> = (0..stops.len()).filter(|stop| stops[*stop].is_hit).collect();
    let is_inside = |from: usize| {
        let (a, b) = (stops[from].at, stops[from + 1].at);
        let sum = |part: fn(Position) -> i32| i64::from(part(a)) + i64::from(part(b));
        let ground = net.ground([sum(Position::lon_e7), sum(Position::lat_e7)]);
        matches!(ground, Ground::Face(Some(half)) if net.left_of(half) == Some(leaf))
    };
    let refused = |code, message: String, at: Vec<Position>| {
        Err(vec![placed(code, message, Geometry::MultiPoint(at), [leaf])])
    };
    let leaf_name = name(Some(leaf));
    let (Some(first), Some(last)) = (at_hits.first(), at_hits.last()) else {
        let message = if is_inside(0) {
            format!("the line begins and ends inside {leaf_name}: it must run from border to border")
        } else {
            format!("the line does not meet {leaf_name}")
        };
        return refused(Code::LineMisses, message, line.to_vec());
    };
    let dangling = [
        (*first > 0 && is_inside(0)).then_some(line[0]),
        (*last + 1 < stops.len() && is_inside(*last)).then_some(line[line.len() - 1]),
    ];
    let dangling: Vec<Position> = dangling.into_iter().flatten().collect();
    if let Some(end) = dangling.first() {
        let message =
            format!("the line ends inside {leaf_name}, at {end}: it must run from border to border");
        return refused(Code::LineMisses, message, dangling);
    }
    let inner: Vec<&[usize]> = at_hits.windows(2).filter(|pair| is_inside(pair[0])).collect();
    match inner[..] {
        [&[from, to]] => Ok(stops[from..=to].iter().map(|stop| stop.at).collect()),
        [] => {
            let places = at_hits.iter().map(|stop| stops[*stop].at).collect();
            refused(
                Code::LineMisses,
                format!("the line touches {leaf_name} and does not run through it"),
                places,
            )
        }
        _ => {
            let mut places: Vec<Position> =
                inner.iter().flat_map(|piece| piece.iter().map(|stop| stops[*stop].at)).collect();
            places.dedup();
            let shown: Vec<String> = places.iter().map(|at| format!("({at})")).collect();
            let message = format!(
                "the line meets the border of {leaf_name} more than twice, at {}: draw one line for each split",
                shown.join(", ")
            );
            refused(Code::LineTouchesTwice, message, places)
        }
    }
}

/// Lets borders end where the line does.
fn cut(net: &mut Net, hits: &[Hit], ends: [Position; 2]) {
    let mut hits: Vec<&Hit> = hits.iter().filter(|hit| ends.contains(&hit.at)).collect();
    hits.sort_unstable_by_key(|hit| (hit.border, hit.side));
    for hits in hits.chunk_by(|a, b| a.border == b.border) {
        let number = hits[0].border;
        let border = net.border(number).clone();
        let mut line = Vec::with_capacity(border.line.len() + 2);
        for (side, from) in (0..).zip(&border.line) {
            line.push(*from);
            let mut new: Vec<Position> =
                hits.iter().filter(|hit| hit.side == side).map(|hit| hit.at).collect();
            let towards = border.line.get(side as usize + 1).copied().unwrap_or(*from);
            let (dx, dy) = delta(*from, towards);
            new.retain(|at| *at != *from && *at != towards);
            new.sort_unstable_by_key(|at| {
                let (px, py) = delta(*from, *at);
                dx * px + dy * py
            });
            new.dedup();
            line.extend(new);
        }
        if line.first() == line.last() && net.star(line[0]).len() == 2 {
            // A loop begins where it is cut first.
            line.pop();
            let at = line.iter().position(|at| ends.contains(at)).unwrap_or_default();
            line.rotate_left(at);
            line.push(line[0]);
        }
        let mut from = 0;
        let mut pieces = Vec::new();
        for to in 1..line.len() {
            if to + 1 == line.len() || ends.contains(&line[to]) {
                pieces.push(Border { line: line[from..=to].to_vec(), ..border });
                from = to;
            }
        }
        let mut pieces = pieces.into_iter();
        if let Some(first) = pieces.next() {
            net.set(number, first);
        }
        pieces.for_each(|piece| _ = net.add(piece));
    }
}
