//! Points that were shifted and do not say so: told by how they lie to what is known of the ground.
//!
//! Start at [`suspect`]. A point *fits* where it lies in a cell, or within 25 m of a known place. Each point is looked
//! at as it was given and as it would lie if it had been given in GCJ-02 or BD-09. A point that fits only when
//! converted shows the predicted offset; one that fits only as given speaks against it. A datum is suspected where
//! 1. at least thirty points show its offset,
//! 2. at most one point speaks against it for every five that show it (by chance alone, 30 to 6 or better comes once
//!    in some 30,000 files), and
//! 3. at least 80 of 100 points fit when converted: points of the neighbouring town do not.
//!
//! A shift that moves fewer than thirty points off the ground cannot be seen. Outside the box of GCJ-02 nothing is ever
//! suspected, since nothing is shifted there.
//!
//! Invariant: nothing is converted here; a person says which datum it is.

use rstar::{AABB, RTree};

use super::Datum;
use crate::geometry::Geometry;
use crate::locator::Locator;
use crate::measure::distance_m;
use crate::position::Position;
use crate::problem::{Code, Problem};

/// So many points must show the predicted offset.
pub const LEAST_SHOWING: usize = 30;
/// For each point that speaks against it so many must show it.
const SHOWING_PER_CONTRADICTING: usize = 5;
/// Of a hundred points so many must fit when converted.
const LEAST_FITTING_PERCENT: usize = 80;
/// A point this near to a known place fits: a building's size and a telephone's error. Far less than the offsets.
const NEAR_M: f64 = 25.0;
/// More points than this tell no more; then every second, third … is looked at.
const LOOKED_AT: usize = 20_000;
/// Of the points that show the offset so many are put on the map.
const DRAWN: usize = 100;
/// One metre of latitude is at most this many units of 1e-7 degree.
const UNITS_PER_METRE: f64 = 90.5;

/// What is known of the ground, in WGS 84.
#[derive(Debug)]
pub enum Reference<'a> {
    /// The cells of the district: points should lie in one.
    Cells(&'a Locator),
    /// Known places, such as buildings: points should lie near one.
    Places(Places),
}

/// Known places, to be asked whether one is near.
#[derive(Debug)]
pub struct Places {
    tree: RTree<[i32; 2]>,
}

impl Places {
    /// Builds the index.
    pub fn new(places: impl IntoIterator<Item = Position>) -> Self {
        let places = places.into_iter().map(|at| [at.lon_e7(), at.lat_e7()]).collect();
        Self { tree: RTree::bulk_load(places) }
    }

    fn has_near(&self, at: Position) -> bool {
        let north = NEAR_M * UNITS_PER_METRE;
        let east = north / at.lat().to_radians().cos().max(0.01);
        let (north, east) = (north.ceil() as i32, east.ceil() as i32);
        let low = [at.lon_e7().saturating_sub(east), at.lat_e7().saturating_sub(north)];
        let high = [at.lon_e7().saturating_add(east), at.lat_e7().saturating_add(north)];
        let mut near = self.tree.locate_in_envelope(&AABB::from_corners(low, high));
        near.any(|[lon_e7, lat_e7]| {
            Position::from_e7(*lon_e7, *lat_e7).is_ok_and(|place| distance_m(at, place) <= NEAR_M)
        })
    }
}

impl Reference<'_> {
    fn fitting(&self, points: &[Position]) -> Vec<bool> {
        match self {
            Self::Cells(locator) => locator.locate_many(points).iter().map(Option::is_some).collect(),
            Self::Places(places) => points.iter().map(|at| places.has_near(*at)).collect(),
        }
    }

    fn fits(&self) -> &'static str {
        match self {
            Self::Cells(_) => "in the cells",
            Self::Places(_) => "near known places",
        }
    }
}

/// Some of many points, evenly from all of them, whatever their number.
#[derive(Debug, Default)]
pub struct Sample {
    positions: Vec<Position>,
    /// Of so many points one is kept: 2 to this power.
    halvings: u32,
    seen_count: u64,
}

impl Sample {
    /// Looks at the next point.
    pub fn take(&mut self, at: Position) {
        if self.seen_count.trailing_zeros() >= self.halvings {
            self.positions.push(at);
        }
        self.seen_count += 1;
        if self.positions.len() >= 2 * LOOKED_AT {
            let mut keep = false;
            self.positions.retain(|_| {
                keep = !keep;
                keep
            });
            self.halvings += 1;
        }
    }

    /// Those kept.
    pub fn positions(&self) -> &[Position] {
        &self.positions
    }
}

/// How points that were given as one datum lie when they are taken for another.
struct Trial {
    datum: Datum,
    fitting_count: usize,
    /// Those that fit only when converted.
    showing: Vec<Position>,
}

/// Tells points that were read as WGS 84 and lie as if they were in GCJ-02 or BD-09.
///
/// The problem is a warning that holds the data ([`Code::holds`]): `DATUM_SUSPECTED`, with some of the points that show
/// the offset, as they were given. `None` where nothing is suspected.
pub fn suspect(points: &[Position], reference: &Reference<'_>) -> Option<Problem> {
    let looked_at: Vec<Position> =
        points.iter().copied().step_by(points.len().div_ceil(LOOKED_AT).max(1)).collect();
    if looked_at.len() < LEAST_SHOWING {
        return None;
    }
    let as_given = reference.fitting(&looked_at);
    let mut suspected: Vec<Trial> = [Datum::Gcj02, Datum::Bd09]
        .into_iter()
        .filter_map(|datum| trial(datum, &looked_at, &as_given, reference))
        .collect();
    suspected.sort_by_key(|trial| std::cmp::Reverse(trial.fitting_count));
    let best = suspected.first()?;
    let given_count = as_given.iter().filter(|fits| **fits).count();
    Some(problem(best, suspected.get(1), looked_at.len(), given_count, reference))
}

fn trial(datum: Datum, points: &[Position], as_given: &[bool], reference: &Reference<'_>) -> Option<Trial> {
    // What has no place in the datum stays where it is, and so speaks neither for nor against it.
    let converted: Vec<Position> =
        points.iter().map(|at| datum.position(at.lon(), at.lat()).unwrap_or(*at)).collect();
    let fitting = reference.fitting(&converted);
    let fitting_count = fitting.iter().filter(|fits| **fits).count();
    let mut showing = Vec::new();
    let mut contradicting_count = 0;
    for ((at, given), converted) in points.iter().zip(as_given).zip(fitting) {
        match (given, converted) {
            (false, true) => showing.push(*at),
            (true, false) => contradicting_count += 1,
            _ => {}
        }
    }
    let suspected = showing.len() >= LEAST_SHOWING
        && showing.len() >= contradicting_count * SHOWING_PER_CONTRADICTING
        && fitting_count * 100 >= points.len() * LEAST_FITTING_PERCENT;
    suspected.then_some(Trial { datum, fitting_count, showing })
}

fn problem(
    best: &Trial,
    second: Option<&Trial>,
    point_count: usize,
    given_count: usize,
    reference: &Reference<'_>,
) -> Problem {
    let Trial { datum, fitting_count, showing } = best;
    // One point in a hundred does not tell the two apart.
    let other = second.filter(|second| second.fitting_count * 100 >= fitting_count * 99);
    let or_other = other.map_or_else(String::new, |other| format!(" (or {})", other.datum));
    let message = format!(
        "the points look like {datum}{or_other}: of {point_count} looked at, {fitting_count} lie {fits} when taken for \
         {datum} and {given_count} as wgs84, {} of them only as {datum}; nothing is converted unless the datum is said",
        showing.len(),
        fits = reference.fits(),
    );
    let drawn = showing.iter().copied().take(DRAWN).collect();
    Problem { geometry: Some(Geometry::MultiPoint(drawn)), ..Problem::warning(Code::DatumSuspected, message) }
}
