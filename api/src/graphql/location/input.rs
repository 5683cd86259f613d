//! Positions, boxes, areas and moments as they come in.

use async_graphql::{ID, InputObject, OneofObject};
use chrono::{DateTime, Utc};
use domain::ids::{DistrictId, PlanVersion};
use domain::input::{InputCode, InputProblem};
use geo_tools::{Bounds, Position};

use super::Datum;
use crate::graphql::id;
use crate::service::cells::Area;
use crate::service::location::Fix;
use crate::service::plans;

/// A moment of the grid. Left out, it is now.
#[derive(OneofObject, Clone, Debug)]
pub enum At {
    /// The plan that was in force then; a moment in the future is `INVALID_TIME`.
    Time(DateTime<Utc>),
    /// One published version, from 1.
    PlanVersion(i32),
    /// A draft. Not taken yet.
    Draft(ID),
}

/// Which part of a district.
#[derive(OneofObject, Clone, Debug)]
pub enum AreaInput {
    /// What lies in a box; of cells, what overlaps it.
    Within(BoundsInput),
    /// One leaf cell, by either of its ids; of cells, that cell itself.
    Cell(ID),
    /// A cell and all that it is cut into, by either of its ids.
    Subtree(ID),
}

/// A box on the map.
#[derive(InputObject, Clone, Copy, Debug)]
pub struct BoundsInput {
    /// The smallest longitude, in degrees.
    west: f64,
    /// The smallest latitude, in degrees.
    south: f64,
    /// The largest longitude, in degrees.
    east: f64,
    /// The largest latitude, in degrees.
    north: f64,
    /// Which frame the four are in. In a shifted frame the box becomes the one in WGS 84 around it.
    datum: Datum,
}

/// A position, and how sure it is.
#[derive(InputObject, Clone, Copy, Debug)]
pub struct PositionInput {
    /// Longitude in degrees, -180 to 180.
    lon: f64,
    /// Latitude in degrees, -90 to 90.
    lat: f64,
    /// Which frame the two are in; they are converted to WGS 84, and answered so.
    datum: Datum,
    /// The radius, in metres, of the circle that the position is known to lie in: what a phone gives.
    accuracy_m: Option<f64>,
}

impl At {
    /// The moment, or now where none is given.
    pub(in crate::graphql) fn parse(at: Option<Self>) -> Result<plans::At, InputProblem> {
        match at {
            None => Ok(plans::At::Now),
            Some(Self::Time(time)) => Ok(plans::At::Time(time)),
            Some(Self::PlanVersion(version)) => Ok(plans::At::Version(PlanVersion(version))),
            Some(Self::Draft(_)) => {
                let message = "drafts cannot be asked about yet; give a time or a planVersion";
                Err(InputProblem::new(InputCode::NoPlan, message, &["at", "draft"]))
            }
        }
    }

    /// Refuses a moment where only the present is kept: rows of people and cases carry no past.
    pub(in crate::graphql) fn only_now(at: Option<Self>) -> Result<(), InputProblem> {
        match at {
            None => Ok(()),
            Some(_) => {
                let message = "only the present is answered here so far; leave `at` out";
                Err(InputProblem::new(InputCode::InvalidTime, message, &["at"]))
            }
        }
    }
}

impl AreaInput {
    /// The part of a district that is meant; all of it where none is given.
    pub(in crate::graphql) fn parse(area: Option<Self>, district: DistrictId) -> Result<Area, InputProblem> {
        match area {
            None => Ok(Area::Everywhere),
            Some(Self::Within(bounds)) => bounds.parse(&["area", "within"]).map(Area::Within),
            Some(Self::Cell(id)) => id::cell_of(&id, district, &["area", "cell"]).map(Area::Cell),
            Some(Self::Subtree(id)) => id::cell_of(&id, district, &["area", "subtree"]).map(Area::Subtree),
        }
    }
}

/// So many parts of each edge of a box are converted: of a box of one degree every 1.7 km, far shorter than the shift's waves.
const EDGE_STEPS: u32 = 64;

impl BoundsInput {
    fn parse(self, path: &[&str]) -> Result<Bounds, InputProblem> {
        let Self { west, south, east, north, datum } = self;
        let given = |lon, lat| position(Datum::Wgs84, lon, lat, path);
        let bounds = Bounds::new(given(west, south)?, given(east, north)?)
            .map_err(|problem| InputProblem::new(InputCode::InvalidBounds, problem, path))?;
        if datum == Datum::Wgs84 {
            return Ok(bounds);
        }
        // A shifted edge is a wave, which its ends do not bound.
        let along =
            |from: f64, to: f64, step: u32| from + (to - from) * f64::from(step) / f64::from(EDGE_STEPS);
        let edges = (0..=EDGE_STEPS).flat_map(|step| {
            let (lon, lat) = (along(west, east, step), along(south, north, step));
            [(lon, south), (lon, north), (west, lat), (east, lat)]
        });
        let around = edges.map(|(lon, lat)| position(datum, lon, lat, path));
        Ok(Bounds::of(around.collect::<Result<Vec<_>, _>>()?).unwrap_or(bounds))
    }
}

/// The position that two numbers of a frame mean.
fn position(datum: Datum, lon: f64, lat: f64, path: &[&str]) -> Result<Position, InputProblem> {
    geo_tools::Datum::from(datum)
        .position(lon, lat)
        .map_err(|problem| InputProblem::new(InputCode::InvalidPosition, problem, path))
}

impl PositionInput {
    /// The position with its accuracy; how wide a circle may be is the district's rule and checked there.
    pub(in crate::graphql) fn parse(self, path: &[&str]) -> Result<Fix, InputProblem> {
        let position = position(self.datum, self.lon, self.lat, path)?;
        if position.is_unset() {
            let message = "longitude 0 and latitude 0 is what a phone says that does not know where it is";
            return Err(InputProblem::new(InputCode::InvalidPosition, message, path));
        }
        Ok(Fix { position, accuracy_m: self.accuracy_m })
    }
}
