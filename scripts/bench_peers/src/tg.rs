//! tidwall/tg, in C: its GeoJSON parser, and its own index over the features of a collection.

use std::ffi::{c_int, c_void};
use std::hint::black_box;
use std::path::Path;

use tg_sys::GeometryAccessors::*;
use tg_sys::GeometryConstructors::tg_geom_free;
use tg_sys::GeometryParsing::{tg_geom_error, tg_parse_geojsonn_ix};
use tg_sys::GeometryPredicates::tg_geom_intersects_xy;
use tg_sys::PolyFuncs::{tg_poly_exterior, tg_poly_hole_at, tg_poly_num_holes};
use tg_sys::RingFuncs::{tg_ring_num_points, tg_ring_point_at};
use tg_sys::{tg_geom, tg_index, tg_point, tg_rect, tg_ring};

use crate::parse::{Sums, text};
use crate::{Contestant, Failure, locate};

/// A collection of features, freed when dropped.
struct Collection(*mut tg_geom);

impl Collection {
    fn parse(text: &str) -> Self {
        // SAFETY: the bytes are read while `text` is borrowed; tg keeps a copy.
        Self(unsafe { tg_parse_geojsonn_ix(text.as_ptr().cast(), text.len(), tg_index::TG_YSTRIPES) })
    }

    fn checked(self) -> Result<Self, Failure> {
        // SAFETY: the geometry is alive as long as `self`.
        let is_sound = unsafe { tg_geom_error(self.0).is_null() };
        if is_sound { Ok(self) } else { Err("tg cannot parse the cells".into()) }
    }
}

impl Drop for Collection {
    fn drop(&mut self) {
        // SAFETY: it was made by tg and is freed once.
        unsafe { tg_geom_free(self.0) }
    }
}

struct Question {
    x: f64,
    y: f64,
    answer: Option<u32>,
}

/// Called for each feature whose box holds the position; ends the search at the first that holds it.
extern "C" fn look(feature: *const tg_geom, place: c_int, question: *mut c_void) -> bool {
    // SAFETY: tg hands back what `Locate::round` gave it, which outlives the search.
    let question = unsafe { &mut *question.cast::<Question>() };
    // SAFETY: the feature is part of the collection that is searched.
    if unsafe { tg_geom_intersects_xy(feature, question.x, question.y) } {
        question.answer = Some(place as u32);
    }
    question.answer.is_none()
}

pub(crate) struct Locate {
    cells: Collection,
    positions: Vec<(f64, f64)>,
    owners: Vec<Option<u32>>,
}

impl Locate {
    pub(crate) fn load(folder: &Path) -> Result<Self, Failure> {
        let cells = Collection::parse(&text(folder)?).checked()?;
        let positions = locate::positions(folder)?;
        let owners = vec![None; positions.len()];
        Ok(Self { cells, positions, owners })
    }
}

impl Contestant for Locate {
    fn round(&mut self) {
        for ((x, y), owner) in black_box(&self.positions).iter().zip(&mut self.owners) {
            let at = tg_point { x: *x, y: *y };
            let mut question = Question { x: *x, y: *y, answer: None };
            // SAFETY: the collection and the question outlive the call, and tg keeps neither.
            unsafe {
                tg_geom_search(self.cells.0, tg_rect { min: at, max: at }, look, (&raw mut question).cast());
            }
            *owner = question.answer;
        }
        black_box(&self.owners);
    }

    fn answers(&mut self) -> Vec<u8> {
        self.round();
        locate::as_bytes(self.owners.iter().copied())
    }
}

pub(crate) struct Parse {
    text: String,
}

impl Parse {
    pub(crate) fn load(folder: &Path) -> Result<Self, Failure> {
        Ok(Self { text: text(folder)? })
    }
}

impl Contestant for Parse {
    fn round(&mut self) {
        drop(black_box(Collection::parse(black_box(&self.text))));
    }

    fn answers(&mut self) -> Vec<u8> {
        let mut sums = Sums::default();
        let cells = Collection::parse(&self.text);
        // SAFETY: `cells` outlives all that is asked of it, and no index goes beyond what tg counts.
        unsafe {
            for place in 0..tg_geom_num_geometries(cells.0) {
                let cell = tg_geom_geometry_at(cells.0, place);
                sums.feature();
                let parts = tg_geom_num_polys(cell);
                for part in 0..parts.max(1) {
                    let polygon = if parts == 0 { tg_geom_poly(cell) } else { tg_geom_poly_at(cell, part) };
                    ring(tg_poly_exterior(polygon), &mut sums);
                    for hole in 0..tg_poly_num_holes(polygon) {
                        ring(tg_poly_hole_at(polygon, hole), &mut sums);
                    }
                }
            }
        }
        sums.as_json()
    }
}

/// Adds the positions of a ring, its end included.
///
/// # Safety
/// The ring is null or alive.
unsafe fn ring(ring: *const tg_ring, sums: &mut Sums) {
    // SAFETY: the caller's, and no index goes beyond what tg counts.
    unsafe {
        for place in 0..tg_ring_num_points(ring) {
            let tg_point { x, y } = tg_ring_point_at(ring, place);
            sums.position(x, y);
        }
    }
}
