//! What a coverage derives: polygons, unions, neighbours, measures.

use std::collections::BTreeMap;

use crate::coverage::faces::{self, walk};
use crate::coverage::{Border, BorderRef, Coverage, Face, Leaf};
use crate::{Bounds, Polygon, Position, measure};

impl Coverage {
    /// The polygons of one leaf: exteriors counter-clockwise, holes clockwise (RFC 7946), rings not closed.
    pub fn polygons(&self, leaf: Leaf) -> Vec<Polygon> {
        self.faces_of(leaf).iter().map(|face| self.polygon(face)).collect()
    }

    /// The polygon of one face.
    pub fn polygon(&self, face: &Face) -> Polygon {
        polygon(&self.borders, face)
    }

    /// The ground inside that belongs to nobody on purpose.
    pub fn voids(&self) -> Vec<Polygon> {
        self.faces.iter().filter(|face| face.leaf.is_none()).map(|face| self.polygon(face)).collect()
    }

    /// The polygons of several leaves as one: borders between them fall away. How a parent gets its polygon.
    pub fn union(&self, leaves: &[Leaf]) -> Vec<Polygon> {
        let mut inside = vec![false; self.leaf_count];
        for leaf in leaves.iter().filter(|leaf| leaf.index() < self.leaf_count) {
            inside[leaf.index()] = true;
        }
        let owner = |leaf: Option<Leaf>| leaf.filter(|leaf| inside[leaf.index()]).map(|_| Leaf(0));
        let mut rim: BTreeMap<u32, Border> = BTreeMap::new();
        for leaf in leaves {
            for at in self.faces_of(*leaf).iter().flat_map(border_refs) {
                let border = &self.borders[at.border as usize];
                let (left, right) = (owner(border.left), owner(border.right));
                if left != right {
                    rim.entry(at.border).or_insert_with(|| Border { line: border.line.clone(), left, right });
                }
            }
        }
        let rim: Vec<Border> = rim.into_values().collect();
        // Borders of a proven coverage always trace: the owners around each face agree.
        let groups = faces::rings(&rim).unwrap_or_default();
        let (faces, _) = faces::faces(groups);
        faces.iter().filter(|face| face.leaf.is_some()).map(|face| polygon(&rim, face)).collect()
    }

    /// Who shares a border of positive length with a leaf, and how long it is in metres; in order of the leaf.
    pub fn neighbours(&self, leaf: Leaf) -> Vec<(Leaf, f64)> {
        let mut shared_m: BTreeMap<Leaf, f64> = BTreeMap::new();
        for at in self.faces_of(leaf).iter().flat_map(border_refs) {
            let border = &self.borders[at.border as usize];
            let other = if at.forward { border.right } else { border.left };
            if let Some(other) = other {
                *shared_m.entry(other).or_default() += measure::length_m(&border.line);
            }
        }
        shared_m.into_iter().collect()
    }

    /// The box around one leaf; the whole coverage's for a leaf without ground.
    pub fn leaf_bounds(&self, leaf: Leaf) -> Bounds {
        let refs = self.faces_of(leaf).iter().flat_map(|face| face.exterior.iter());
        let positions = refs.flat_map(|at| self.borders[at.border as usize].line.iter().copied());
        Bounds::of(positions).unwrap_or(self.bounds)
    }

    /// The ground of one leaf in square metres.
    pub fn area_m2(&self, leaf: Leaf) -> f64 {
        self.polygons(leaf).iter().map(measure::area_m2).sum()
    }
}

fn border_refs(face: &Face) -> impl Iterator<Item = &BorderRef> {
    face.exterior.iter().chain(face.holes.iter().flatten())
}

pub(crate) fn polygon(borders: &[Border], face: &Face) -> Polygon {
    let positions = |refs: &Vec<BorderRef>| -> Vec<Position> {
        let mut positions = Vec::with_capacity(faces::count(borders, refs));
        refs.iter().for_each(|&at| walk(borders, at, &mut positions));
        positions
    };
    Polygon { exterior: positions(&face.exterior), holes: face.holes.iter().map(positions).collect() }
}
