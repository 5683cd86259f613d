//! Levels that come as separate files: which parent each leaf lies in, and where the two drawings differ.
//!
//! Leaves and parents are laid over each other, noded, and every face of the overlay is measured: a leaf's parent is the
//! one that has most of its ground. The children win; what does not agree is told as `PARENT_MISMATCH`.

use std::collections::{BTreeMap, HashMap};

use crate::coverage::drawing::{Drawing, extent_problems};
use crate::coverage::overlay::overlay;
use crate::coverage::{Area, BuildOptions, Coverage, Leaf, assemble, faces, snap};
use crate::{Code, Geometry, Polygon, Problem, Severity, measure};

/// Finds which parent each leaf lies in, by largest area, for children that should tile parents drawn apart.
///
/// The second half tells every piece of ground on which the two drawings differ, summed up for each leaf and parent: an
/// error where it is more than `tolerance_m2`, else a warning. Problems are indexed by parent and name parents; leaves are
/// named by their index. A leaf that lies in no parent gets `None`, and an error.
pub fn match_parents(
    coverage: &Coverage,
    parents: &[Area],
    tolerance_m2: f64,
) -> (Vec<Option<usize>>, Vec<Problem>) {
    let leaf_count = coverage.leaf_count();
    let leaves = (0..leaf_count as u32).map(|leaf| {
        let polygons = coverage.polygons(Leaf(leaf));
        Area { name: format!("leaf {leaf}"), polygons }
    });
    let both: Vec<Area> = leaves.chain(parents.iter().cloned()).collect();
    let options = BuildOptions::default();
    let mut problems = extent_problems(&both, &options);
    if !problems.is_empty() {
        return (vec![None; leaf_count], problems);
    }
    let drawing = Drawing::new(&both, &options, &mut problems);
    let pieces = match pieces(&drawing, leaf_count as u32, &options) {
        Ok(pieces) => pieces,
        Err(problem) => {
            problems.push(*problem);
            return (vec![None; leaf_count], problems);
        }
    };
    problems.retain(|problem| problem.severity == Severity::Error);
    let parent_of = largest(&pieces, leaf_count);
    problems.extend(mismatches(parents, &pieces, &parent_of, tolerance_m2));
    (parent_of, problems)
}

/// The ground of each pair of leaf and parent; either may be missing.
type Pieces = BTreeMap<(Option<u32>, Option<u32>), (f64, Vec<Polygon>)>;

fn pieces(drawing: &Drawing<'_>, leaf_count: u32, options: &BuildOptions) -> Result<Pieces, Box<Problem>> {
    let noded = snap::node(drawing, options.max_crossings)?;
    let (edges, changes) = assemble::changes(drawing, &noded.sides);
    let overlay = overlay(&edges, &changes);
    let mut pairs: Vec<(Option<u32>, Option<u32>)> = Vec::new();
    let mut numbers: HashMap<(Option<u32>, Option<u32>), u32> = HashMap::new();
    let owner_of_cover: Vec<Option<Leaf>> = overlay
        .covers
        .iter()
        .map(|cover| {
            let areas = || cover.iter().map(|&(polygon, _)| drawing.polygons[polygon as usize]);
            let pair = (areas().find(|&area| area < leaf_count), areas().find(|&area| area >= leaf_count));
            if pair == (None, None) {
                return None;
            }
            let number = *numbers.entry(pair).or_insert_with(|| {
                pairs.push(pair);
                pairs.len() as u32 - 1
            });
            Some(Leaf(number))
        })
        .collect();
    let lines = overlay.stretches.iter().map(|stretch| {
        (
            stretch.line.as_slice(),
            owner_of_cover[stretch.left as usize],
            owner_of_cover[stretch.right as usize],
        )
    });
    let borders = assemble::rejoined(lines.filter(|line| line.1 != line.2));
    let mut pieces = Pieces::new();
    // Without any ground there is nothing to trace, and nothing to match.
    if let Ok(traced) = faces::trace(pairs.len(), borders) {
        for face in traced.faces() {
            let Some((leaf, parent)) = face.leaf.map(|leaf| pairs[leaf.index()]) else { continue };
            let polygon = traced.polygon(face);
            let piece = pieces.entry((leaf, parent.map(|parent| parent - leaf_count))).or_default();
            piece.0 += measure::area_m2(&polygon);
            piece.1.push(polygon);
        }
    }
    Ok(pieces)
}

fn largest(pieces: &Pieces, leaf_count: usize) -> Vec<Option<usize>> {
    let mut best: Vec<(f64, Option<usize>)> = vec![(0.0, None); leaf_count];
    for (&(leaf, parent), &(area_m2, _)) in pieces {
        if let (Some(leaf), Some(parent)) = (leaf, parent)
            && area_m2 > best[leaf as usize].0
        {
            best[leaf as usize] = (area_m2, Some(parent as usize));
        }
    }
    best.into_iter().map(|best| best.1).collect()
}

fn mismatches(
    parents: &[Area],
    pieces: &Pieces,
    parent_of: &[Option<usize>],
    tolerance_m2: f64,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (&(leaf, parent), (area_m2, polygons)) in pieces {
        let own = leaf.and_then(|leaf| parent_of[leaf as usize]);
        let name = |parent: usize| parents[parent].name.as_str();
        let (message, concerned) = match (leaf, parent.map(|parent| parent as usize), own) {
            (Some(_), Some(parent), Some(own)) if parent == own => continue,
            (Some(leaf), Some(parent), Some(own)) => (
                format!(
                    "leaf {leaf} belongs to {}, but {area_m2:.1} m² of it lie in {}",
                    name(own),
                    name(parent)
                ),
                vec![own, parent],
            ),
            (Some(leaf), None, Some(own)) => (
                format!("leaf {leaf} belongs to {}, but {area_m2:.1} m² of it lie in no parent", name(own)),
                vec![own],
            ),
            (Some(leaf), _, None) => (format!("leaf {leaf} lies in no parent"), Vec::new()),
            (None, Some(parent), _) => {
                (format!("{area_m2:.1} m² of {} are not covered by its children", name(parent)), vec![parent])
            }
            (None, None, _) => continue,
        };
        let is_refused = *area_m2 > tolerance_m2 || (leaf.is_some() && own.is_none());
        let told = if is_refused { Problem::error } else { Problem::warning };
        let mut problem = told(Code::ParentMismatch, message);
        problem.features = concerned.iter().map(|&parent| name(parent).to_owned()).collect();
        problem.indexes = concerned;
        problem.area_m2 = Some(*area_m2);
        problem.geometry = Some(Geometry::MultiPolygon(polygons.clone()));
        problems.push(problem);
    }
    problems
}
