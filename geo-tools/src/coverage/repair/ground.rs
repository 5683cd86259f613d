//! All ground as pieces, each with those that claim it.

use std::collections::HashMap;

use crate::coverage::drawing::Drawing;
use crate::coverage::overlay::{Cover, overlay};
use crate::coverage::{Area, BorderRef, BuildOptions, Coverage, Leaf, assemble, faces, snap, touch};
use crate::{Polygon, Position};

/// Who claims a piece of ground.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Claim {
    /// One area and nobody else.
    One(u32),
    /// Several areas.
    Several(Vec<u32>),
    /// A declared void, and areas that claim its ground too.
    Void(Vec<u32>),
    /// Nobody; it is open to the outside and narrow.
    Opening,
}

/// Pieces of ground that meet along borders.
pub(crate) struct Ground {
    /// The pieces as faces, each owned by its claim; those of nobody are gaps.
    pub(crate) coverage: Coverage,
    pub(crate) area_count: u32,
    claims: Vec<Claim>,
    /// The face to the left of each half of each border; `None` is outside.
    face_of_half: Vec<Option<u32>>,
}

fn half(at: BorderRef) -> usize {
    2 * at.border as usize + usize::from(!at.forward)
}

impl Ground {
    /// Cuts everything drawn; `None` where it cannot be untangled or nothing was drawn.
    pub(crate) fn of(areas: &[Area], openings: Vec<Polygon>, options: &BuildOptions) -> Option<Self> {
        let area_count = areas.len() as u32;
        let mut all = areas.to_vec();
        all.push(Area { name: String::new(), polygons: openings });
        let mut drawing = Drawing::new(&all, options, &mut Vec::new());
        let noded = snap::node(&drawing, options.max_crossings).ok()?;
        touch::ring_problems(&mut drawing, &noded.hits);
        let (edges, changes) = assemble::changes(&drawing, &noded.sides);
        let overlay = overlay(&edges, &changes);
        let mut claims: Vec<Claim> = (0..area_count).map(Claim::One).collect();
        let mut numbers: HashMap<Claim, Leaf> = HashMap::new();
        let owners: Vec<Option<Leaf>> = overlay
            .covers
            .iter()
            .map(|cover| match claim(&drawing, cover)? {
                Claim::One(area) => Some(Leaf(area)),
                other => Some(*numbers.entry(other.clone()).or_insert_with(|| {
                    claims.push(other);
                    Leaf(claims.len() as u32 - 1)
                })),
            })
            .collect();
        let borders = assemble::owned(overlay.stretches, |cover| owners[cover as usize]);
        let coverage = faces::trace(claims.len(), borders).ok()?;
        let mut face_of_half = vec![None; 2 * coverage.borders.len()];
        for (number, face) in (0..).zip(&coverage.faces) {
            for &at in face.exterior.iter().chain(face.holes.iter().flatten()) {
                face_of_half[half(at)] = Some(number);
            }
        }
        Some(Self { coverage, area_count, claims, face_of_half })
    }

    /// Who claims a face; `None` where nobody does.
    pub(crate) fn claim(&self, face: usize) -> Option<&Claim> {
        self.coverage.faces[face].leaf.map(|leaf| &self.claims[leaf.index()])
    }

    /// The areas of which a face cannot stay with all.
    pub(crate) fn claims(&self, face: usize) -> &[u32] {
        match self.claim(face) {
            Some(Claim::Several(areas) | Claim::Void(areas)) => areas,
            _ => &[],
        }
    }

    /// The lines around a face, each with the face on its other side; `None` is outside.
    pub(crate) fn around(&self, face: usize) -> impl Iterator<Item = (&[Position], Option<usize>)> {
        let face = &self.coverage.faces[face];
        face.exterior.iter().chain(face.holes.iter().flatten()).map(|&at| {
            let line = self.coverage.borders[at.border as usize].line.as_slice();
            (line, self.face_of_half[half(at) ^ 1].map(|face| face as usize))
        })
    }

    /// Each border's line with the faces to the left and right of it.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (&[Position], Option<usize>, Option<usize>)> {
        let face = |half: usize| self.face_of_half[half].map(|face| face as usize);
        let numbered = self.coverage.borders.iter().enumerate();
        numbered.map(move |(at, border)| (border.line.as_slice(), face(2 * at), face(2 * at + 1)))
    }
}

/// Who claims what a cover says; `None` is nobody. A hole cuts only out of its own polygon.
fn claim(drawing: &Drawing<'_>, cover: &Cover) -> Option<Claim> {
    let crossed = |polygon: u32| drawing.crosses_itself[polygon as usize];
    let claiming = cover.iter().filter(|&&(polygon, count)| count > 0 || crossed(polygon));
    let mut areas: Vec<u32> = claiming.map(|&(polygon, _)| drawing.polygons[polygon as usize]).collect();
    areas.sort_unstable();
    areas.dedup();
    let opening = drawing.void() - 1;
    let is_void = areas.last() == Some(&drawing.void());
    let is_opening = areas.contains(&opening);
    areas.retain(|&area| area < opening);
    match areas[..] {
        _ if is_void => Some(Claim::Void(areas)),
        [] => is_opening.then_some(Claim::Opening),
        [area] => Some(Claim::One(area)),
        _ => Some(Claim::Several(areas)),
    }
}
