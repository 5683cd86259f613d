//! Borders that run elsewhere between the same nodes, and nodes that move.

use crate::coverage::Border;
use crate::coverage::edit::net::{Net, area_of};
use crate::coverage::edit::told::{Fault, Wrong, placed};
use crate::{Bounds, Code, Geometry, Position, Problem};

/// Moves the vertex at a position.
pub(super) fn move_vertex(net: &mut Net, from: Position, to: Position) -> Result<(), Vec<Problem>> {
    let mut numbers: Vec<u32> = net
        .sides_near(area_of(&Bounds::at(from)))
        .iter()
        .filter(|side| net.ends(**side).contains(&from))
        .map(|side| side.border)
        .collect();
    numbers.dedup();
    if numbers.is_empty() {
        return Err(vec![placed(
            Code::BadValue,
            format!("no border has a vertex at {from}"),
            Geometry::Point(from),
            None,
        )]);
    }
    fresh(net, net.border(numbers[0]), &[to])?;
    for number in numbers {
        let mut border = net.border(number).clone();
        border.line.iter_mut().filter(|at| **at == from).for_each(|at| *at = to);
        net.set(number, border);
    }
    Ok(())
}

/// Puts another line in the place of a stretch of one border.
pub(super) fn move_stretch(
    net: &mut Net,
    stretch: &[Position],
    line: &[Position],
) -> Result<(), Vec<Problem>> {
    let refused = |message: String| {
        let lines = Geometry::MultiLine(vec![stretch.to_vec(), line.to_vec()]);
        Err(vec![placed(Code::BadValue, message, lines, None)])
    };
    let ([first, second, ..], [.., last]) = (stretch, stretch) else {
        return refused(format!("a stretch of border has two vertices or more, not {}", stretch.len()));
    };
    if line.len() < 2 || (line[0], line[line.len() - 1]) != (*first, *last) {
        return refused(format!("the line must run from {first} to {last}, as the stretch does"));
    }
    if let Some(pair) = line.windows(2).find(|pair| pair[0] == pair[1]) {
        return refused(format!("the line repeats {}", pair[0]));
    }
    if stretch == line {
        return refused("the line is the stretch that is there already".to_owned());
    }
    let found = net.sides_near(area_of(&Bounds::at(*first)));
    let side = found.into_iter().find(|side| {
        let [a, b] = net.ends(*side);
        (a, b) == (*first, *second) || (a, b) == (*second, *first)
    });
    let Some(side) = side else {
        return refused(format!("no border runs from {first} straight to {second}"));
    };
    let border = net.border(side.border).clone();
    let Some(border) = replaced(net, border, stretch, line) else {
        return refused(format!("no one border runs along the stretch from {first} to {last}"));
    };
    let new: Vec<Position> = line.iter().copied().filter(|at| !stretch.contains(at)).collect();
    fresh(net, &border, &new)?;
    net.set(side.border, border);
    Ok(())
}

/// A border with a line in the place of a stretch of it, if it has that.
fn replaced(net: &Net, mut border: Border, stretch: &[Position], line: &[Position]) -> Option<Border> {
    if !runs_along(&border.line, stretch) {
        // Walked the other way it may.
        border.line.reverse();
        std::mem::swap(&mut border.left, &mut border.right);
    }
    let whole = border.line.clone();
    let is_closed = whole.first() == whole.last();
    if is_closed && net.star(whole[0]).len() == 2 {
        // Where a loop begins says nothing: it is walked from where the stretch does.
        border.line.pop();
        let at = border.line.iter().position(|at| *at == stretch[0])?;
        border.line.rotate_left(at);
        border.line.push(stretch[0]);
    }
    let at = border.line.windows(stretch.len()).position(|part| part == stretch)?;
    border.line.splice(at..at + stretch.len(), line.iter().copied());
    Some(border)
}

/// Whether a line runs along the first side of a stretch.
fn runs_along(line: &[Position], stretch: &[Position]) -> bool {
    line.windows(2).any(|pair| pair == &stretch[..2])
}

/// Refuses positions at which there is a vertex: borders that come to share one would part or join ground that they only bound.
pub(super) fn fresh(net: &Net, border: &Border, drawn: &[Position]) -> Result<(), Vec<Problem>> {
    let taken = drawn.iter().filter_map(|at| {
        let side = net.boxes().at(*at).find(|side| net.ends(*side).contains(at))?;
        Some(Fault::new(Wrong::Touch, *at, border, Some(net.border(side.border))).told())
    });
    let problems: Vec<Problem> = taken.collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}
