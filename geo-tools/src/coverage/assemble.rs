//! The way from what was drawn to a coverage or its problems, step by step.
//!
//! Drawing → noded sides → overlay → each stretch with an owner on each side, where ground that nobody or several own has
//! a stand-in owner → faces → problems. Without an error the owners are all leaves, and that is the coverage.

use std::collections::HashSet;

use crate::coverage::chain::{Edge, Stretch, chain};
use crate::coverage::defects::{self, Owners};
use crate::coverage::drawing::{Drawing, Side, extent_problems};
use crate::coverage::overlay::{Change, Cover, CoverId, Numbered, overlay};
use crate::coverage::snap::{self, Noded};
use crate::coverage::{Area, Border, Build, BuildOptions, Coverage, Leaf, faces, inlets, mends, touch};
use crate::{Code, Geometry, Problem, Severity};

pub(crate) fn build(areas: &[Area], options: &BuildOptions) -> Build {
    let mut problems = extent_problems(areas, options);
    if !problems.is_empty() {
        return refused(problems, Vec::new());
    }
    let mut drawing = Drawing::new(areas, options, &mut problems);
    let noded = match snap::node(&drawing, options.max_crossings) {
        Ok(noded) => noded,
        Err(problem) => {
            problems.push(*problem);
            return refused(problems, Vec::new());
        }
    };
    problems.extend(touch::ring_problems(&mut drawing, &noded.hits));
    let coverage = cover(&drawing, &noded, options, &mut problems);
    // A stable sort: errors first, else in the order in which they were found.
    problems.sort_by_key(|problem| std::cmp::Reverse(problem.severity));
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        let borders = coverage.map(|coverage| coverage.borders).unwrap_or_default();
        return refused(problems, borders.into_iter().map(without_stand_ins(drawing.void())).collect());
    }
    match coverage.map(|coverage| proper(coverage, drawing.void())) {
        Some(Ok(coverage)) => Build { coverage: Some(coverage), problems, draft: Vec::new() },
        Some(Err(more)) => {
            problems.extend(more);
            refused(problems, Vec::new())
        }
        None => refused(problems, Vec::new()),
    }
}

fn refused(problems: Vec<Problem>, draft: Vec<Border>) -> Build {
    Build { coverage: None, problems, draft }
}

/// Faces with their owners, stand-ins included, and everything that is wrong with them.
fn cover(
    drawing: &Drawing<'_>,
    noded: &Noded,
    options: &BuildOptions,
    problems: &mut Vec<Problem>,
) -> Option<Coverage> {
    let (edges, changes) = changes(drawing, &noded.sides);
    let overlay = overlay(&edges, &changes);
    let owners = Owners::new(drawing, &overlay.covers);
    problems.extend(vanished(drawing, &overlay.covers, problems));
    let borders = owned(overlay.stretches, |cover| owners.of(cover));
    let with_stand_ins = match faces::trace(owners.len(), borders) {
        Ok(coverage) => coverage,
        Err(more) => {
            // Nothing was drawn, or nothing is left of it: then that has been said already.
            if problems.is_empty() {
                problems.extend(more);
            }
            return None;
        }
    };
    let mut found = defects::find(drawing, &owners, &with_stand_ins, options);
    found.extend(inlets::find(drawing, &owners, &with_stand_ins, options));
    problems.extend(found);
    let refused = problems.iter().filter(|problem| problem.severity == Severity::Error);
    let explained: HashSet<_> =
        refused.filter_map(|problem| problem.geometry.as_ref()).flat_map(Geometry::positions).collect();
    problems.extend(mends::find(drawing, noded, &explained));
    Some(with_stand_ins)
}

/// Each side once, with what changes from its right to its left; what cancels out falls away.
pub(crate) fn changes(drawing: &Drawing<'_>, sides: &[Side]) -> (Vec<Edge<Change>>, Vec<Cover>) {
    let mut numbered = Numbered::default();
    let mut edges = Vec::with_capacity(sides.len() / 2);
    let mut change = Cover::new();
    for twins in sides.chunk_by(|a, b| (a.low, a.high) == (b.low, b.high)) {
        change.clear();
        for side in twins {
            let polygon = drawing.rings[side.ring as usize].polygon;
            let count = if side.forward { 1 } else { -1 };
            match change.iter_mut().find(|entry| entry.0 == polygon) {
                Some(entry) => entry.1 += count,
                None => change.push((polygon, count)),
            }
        }
        change.retain(|entry| entry.1 != 0);
        change.sort_unstable();
        let Some(&(_, first)) = change.first() else { continue };
        // One number for a change and its reverse, so that a line may turn without becoming another.
        let is_reversed = first < 0;
        if is_reversed {
            change.iter_mut().for_each(|entry| entry.1 = -entry.1);
        }
        let number = numbered.number(&change);
        let (left, right) = ((number, is_reversed), (number, !is_reversed));
        edges.push(Edge { low: twins[0].low, high: twins[0].high, left, right });
    }
    (edges, numbered.values)
}

/// The narrow inlets and straits that areas leave open between them, up to `gap_width_m`; none where the borders cannot be
/// untangled.
pub(crate) fn openings(areas: &[Area], options: &BuildOptions) -> Vec<Problem> {
    let mut drawing = Drawing::new(areas, options, &mut Vec::new());
    let Ok(noded) = snap::node(&drawing, options.max_crossings) else { return Vec::new() };
    touch::ring_problems(&mut drawing, &noded.hits);
    let (edges, changes) = changes(&drawing, &noded.sides);
    let overlay = overlay(&edges, &changes);
    let owners = Owners::new(&drawing, &overlay.covers);
    let borders = owned(overlay.stretches, |cover| owners.of(cover));
    let found = faces::trace(owners.len(), borders)
        .map(|coverage| inlets::find(&drawing, &owners, &coverage, options));
    found.unwrap_or_default()
}

/// Stretches with an owner on each side; those between two pieces of one owner fall away.
pub(crate) fn owned(
    stretches: Vec<Stretch<CoverId>>,
    owner: impl Fn(CoverId) -> Option<Leaf>,
) -> Vec<Border> {
    let count = stretches.len();
    let kept: Vec<Stretch<Option<Leaf>>> = stretches
        .into_iter()
        .map(|stretch| Stretch { line: stretch.line, left: owner(stretch.left), right: owner(stretch.right) })
        .filter(|stretch| stretch.left != stretch.right)
        .collect();
    // Where none fell away every node is still one, and the lines stand.
    if kept.len() == count {
        return kept.into_iter().map(Border::from).collect();
    }
    rejoined(kept.iter().map(|stretch| (stretch.line.as_slice(), stretch.left, stretch.right)))
}

/// Joins lines anew where nodes between them have gone.
pub(crate) fn rejoined<'a>(
    lines: impl Iterator<Item = (&'a [crate::Position], Option<Leaf>, Option<Leaf>)>,
) -> Vec<Border> {
    let mut edges = Vec::new();
    for (line, left, right) in lines {
        edges.extend(line.windows(2).map(|pair| {
            let (from, to) = (pair[0], pair[1]);
            if from < to {
                Edge { low: from, high: to, left, right }
            } else {
                Edge { low: to, high: from, left: right, right: left }
            }
        }));
    }
    chain(&edges).into_iter().map(Border::from).collect()
}

/// Areas of which nothing is left.
fn vanished(drawing: &Drawing<'_>, covers: &[Cover], problems: &[Problem]) -> Vec<Problem> {
    let mut is_there = vec![false; drawing.areas.len() + 1];
    for &(polygon, _) in covers.iter().flatten() {
        is_there[drawing.polygons[polygon as usize] as usize] = true;
    }
    // Of a ring that was refused it has been said already.
    for &index in
        problems.iter().filter(|problem| problem.severity == Severity::Error).flat_map(|p| &p.indexes)
    {
        is_there[index] = true;
    }
    let gone = (0..drawing.void()).filter(|&area| !is_there[area as usize]);
    let told = gone.map(|area| {
        let drawn = &drawing.areas[area as usize].polygons;
        let name = drawing.name(area);
        let message = if drawn.is_empty() {
            format!("{name} has no polygon and so no ground")
        } else {
            format!("{name} vanishes when its positions are rounded to 1e-7 degree")
        };
        let mut problem = Problem::error(Code::ZeroArea, message);
        problem.geometry = drawn.first().map(|polygon| Geometry::MultiLine(vec![polygon.exterior.clone()]));
        drawing.concerning(problem, [area])
    });
    told.collect()
}

/// Takes stand-ins away: their ground belongs to nobody.
fn without_stand_ins(void: u32) -> impl Fn(Border) -> Border {
    move |border| {
        let owner = |leaf: Option<Leaf>| leaf.filter(|leaf| leaf.0 < void);
        Border { left: owner(border.left), right: owner(border.right), line: border.line }
    }
}

/// The coverage whose only stand-in is that for declared voids, without it.
fn proper(coverage: Coverage, void: u32) -> Result<Coverage, Vec<Problem>> {
    if coverage.faces.iter().all(|face| face.leaf.is_some_and(|leaf| leaf.0 < void)) {
        // Leaves come before stand-ins, of which none has a face.
        let mut leaf_faces = coverage.leaf_faces;
        leaf_faces.truncate(void as usize + 1);
        return Ok(Coverage { leaf_count: void as usize, leaf_faces, ..coverage });
    }
    let borders: Vec<Border> = coverage.borders.into_iter().map(without_stand_ins(void)).collect();
    let lines = borders.iter().map(|border| (border.line.as_slice(), border.left, border.right));
    faces::trace(void as usize, rejoined(lines.filter(|line| line.1 != line.2)))
}
