//! The cells as a coverage: made of drawn polygons with every fault found, proven alone, united.
//!
//! Answers, as JSON: whether the cells are a coverage and whether they still are with one corner moved; of the simplified
//! whether they are one, and the share of positions that they keep; of the union how many positions it has, and their sums
//! in 1e-7 degree.

use std::hint::black_box;
use std::path::Path;

use geo_tools::coverage::{Area, BuildOptions, build as build_areas};
use geo_tools::formats::{Caps, Item, geojson};
use geo_tools::{Coverage, Geometry, Leaf, Polygon};
use serde_json::json;

use crate::parse::Sums;
use crate::{Contestant, Failure};

pub(crate) fn areas(path: &Path) -> Result<Vec<Area>, Failure> {
    let mut areas = Vec::new();
    for item in geojson::read(std::fs::File::open(path)?, &Caps::default()) {
        match item {
            Item::Feature(feature) => {
                let Some(Geometry::MultiPolygon(polygons)) = feature.geometry else {
                    return Err("no polygon".into());
                };
                areas.push(Area { name: feature.index.to_string(), polygons });
            }
            Item::Problem(problem) => return Err(problem.message.into()),
        }
    }
    Ok(areas)
}

pub(crate) fn build(areas: &[Area]) -> Result<Coverage, Failure> {
    build_areas(areas, &BuildOptions::default()).coverage.ok_or_else(|| "the cells are no coverage".into())
}

/// From polygons as drawn: crossings, gaps, overlaps and the proof.
pub(crate) struct Validate {
    areas: Vec<Area>,
    broken: Vec<Area>,
}

impl Validate {
    pub(crate) fn load(folder: &Path) -> Result<Self, Failure> {
        Ok(Self {
            areas: areas(&folder.join("cells.geojson"))?,
            broken: areas(&folder.join("broken.geojson"))?,
        })
    }
}

impl Contestant for Validate {
    fn round(&mut self) {
        black_box(build_areas(black_box(&self.areas), &BuildOptions::default()));
    }

    fn answers(&mut self) -> Vec<u8> {
        json!({"valid": build(&self.areas).is_ok(), "broken": build(&self.broken).is_ok()})
            .to_string()
            .into_bytes()
    }
}

/// What a stored plan is held to: the borders are a coverage.
pub(crate) struct Prove {
    coverage: Coverage,
    broken: Vec<Area>,
}

impl Prove {
    pub(crate) fn load(folder: &Path) -> Result<Self, Failure> {
        let coverage = build(&areas(&folder.join("cells.geojson"))?)?;
        Ok(Self { coverage, broken: areas(&folder.join("broken.geojson"))? })
    }
}

impl Contestant for Prove {
    fn round(&mut self) {
        black_box(self.coverage.prove());
    }

    fn answers(&mut self) -> Vec<u8> {
        // Borders cannot write a gap down: what is broken does not become a coverage in the first place.
        json!({"valid": self.coverage.prove().is_empty(), "broken": build(&self.broken).is_ok()})
            .to_string()
            .into_bytes()
    }
}

pub(crate) struct Union {
    coverage: Coverage,
    all: Vec<Leaf>,
}

impl Union {
    pub(crate) fn load(folder: &Path) -> Result<Self, Failure> {
        let coverage = build(&areas(&folder.join("cells.geojson"))?)?;
        let all = (0..coverage.leaf_count() as u32).map(Leaf).collect();
        Ok(Self { coverage, all })
    }
}

impl Contestant for Union {
    fn round(&mut self) {
        black_box(self.coverage.union(black_box(&self.all)));
    }

    fn answers(&mut self) -> Vec<u8> {
        let mut sums = Sums::default();
        for at in self.coverage.union(&self.all).iter().flat_map(Polygon::rings).flatten() {
            sums.position(at.lon(), at.lat());
        }
        sums.as_json()
    }
}

/// So many positions are to be kept. Tolerances differ in what they measure, so everybody looks for the one that keeps this.
const KEPT: f64 = 0.5;

pub(crate) struct Simplify {
    coverage: Coverage,
    tolerance_m: f64,
}

impl Simplify {
    pub(crate) fn load(folder: &Path) -> Result<Self, Failure> {
        let coverage = build(&areas(&folder.join("cells.geojson"))?)?;
        let drawn = position_count(&coverage);
        let (mut low, mut high): (f64, f64) = (0.01, 10_000.0);
        for _ in 0..14 {
            let middle = (low * high).sqrt();
            let keeps_more = position_count(&coverage.simplify(middle)) > KEPT * drawn;
            (low, high) = if keeps_more { (middle, high) } else { (low, middle) };
        }
        Ok(Self { coverage, tolerance_m: high })
    }
}

fn position_count(coverage: &Coverage) -> f64 {
    let leaves = (0..coverage.leaf_count() as u32).map(Leaf);
    let polygons = leaves.flat_map(|leaf| coverage.polygons(leaf));
    polygons.map(|polygon| polygon.rings().map(<[_]>::len).sum::<usize>() as f64).sum()
}

impl Contestant for Simplify {
    fn round(&mut self) {
        black_box(black_box(&self.coverage).simplify(self.tolerance_m));
    }

    fn answers(&mut self) -> Vec<u8> {
        let simplified = self.coverage.simplify(self.tolerance_m);
        let kept = position_count(&simplified) / position_count(&self.coverage);
        json!({"valid": simplified.prove().is_empty(), "kept": kept}).to_string().into_bytes()
    }
}
