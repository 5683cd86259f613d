//! The areas of a plan's cells as GeoJSON, as they are sent.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use domain::ids::CellId;
use domain::plan::{Plan, Tolerance};
use geo_tools::datum::Coordinates;
use geo_tools::{Coverage, Datum, Polygon, Position};
use serde::Serialize;

/// `[120.9800000,14.6000000],`: what a position takes as text, with room for three digits and a sign.
const POSITION_BYTES: usize = 28;
/// A border stands in the areas on both of its sides, and in those of the levels above.
const TIMES_DRAWN: usize = 4;

/// The areas of the cells of one plan version, within one tolerance, in one datum.
pub struct Drawing {
    plan: Arc<Plan>,
    /// Borders with fewer positions; `None` where they are the plan's.
    borders: Option<Coverage>,
    datum: Datum,
    areas: HashMap<CellId, OnceLock<Bytes>>,
}

/// A GeoJSON geometry.
#[derive(Serialize)]
struct MultiPolygon {
    r#type: &'static str,
    coordinates: Vec<Vec<Vec<[f64; 2]>>>,
}

impl Drawing {
    /// Simplifies the borders; no area is written yet.
    pub(super) fn begin(plan: Arc<Plan>, tolerance: Option<Tolerance>, datum: Datum) -> Self {
        let borders = tolerance.map(|tolerance| plan.simplified(tolerance));
        let areas = plan.cells().iter().map(|cell| (cell.id, OnceLock::new())).collect();
        Self { plan, borders, datum, areas }
    }

    /// A cell's area as a GeoJSON MultiPolygon: longitude first, exteriors counter-clockwise. An unknown cell has none.
    pub fn area(&self, cell: CellId) -> Bytes {
        let write = || {
            let borders = self.borders.as_ref().unwrap_or(self.plan.coverage());
            geojson(&self.plan.polygons_within(borders, cell), self.datum)
        };
        match self.areas.get(&cell) {
            Some(area) => area.get_or_init(write).clone(),
            None => write(),
        }
    }

    /// About how many bytes it holds once every area is written.
    pub(super) fn most_bytes(&self) -> usize {
        most_area_bytes(self.borders.as_ref().unwrap_or(self.plan.coverage()))
    }
}

/// About how many bytes the areas take that are drawn with some borders.
pub(super) fn most_area_bytes(borders: &Coverage) -> usize {
    let positions: usize = borders.borders().iter().map(|border| border.line.len()).sum();
    positions * POSITION_BYTES * TIMES_DRAWN
}

impl std::fmt::Debug for Drawing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Drawing")
            .field("plan", &self.plan)
            .field("datum", &self.datum)
            .finish_non_exhaustive()
    }
}

fn geojson(polygons: &[Polygon], datum: Datum) -> Bytes {
    let position = |at: Position| {
        // Only Web Mercator has no place for every position, and nobody can ask for it here.
        let Coordinates { x, y } =
            datum.rounded(at).unwrap_or_else(|_| Coordinates { x: at.lon(), y: at.lat() });
        [x, y]
    };
    // GeoJSON repeats the first position at the end; our rings do not.
    let ring = |ring: &[Position]| ring.iter().chain(ring.first()).map(|&at| position(at)).collect();
    let coordinates = polygons.iter().map(|polygon| polygon.rings().map(ring).collect()).collect();
    let area = MultiPolygon { r#type: "MultiPolygon", coordinates };
    // Writing numbers and a word into memory does not fail.
    serde_json::to_vec(&area).unwrap_or_default().into()
}
