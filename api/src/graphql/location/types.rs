//! Positions, boxes and located positions as they go out.

use async_graphql::{Enum, Object, SimpleObject};

use crate::graphql::cells::Cell;
use crate::service::cells::CellInPlan;
use crate::service::location::LocatedPosition;

/// Which frame coordinates are in. It is always said, never guessed.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Datum {
    /// What GPS gives. Everything inside Gridward is in it.
    #[graphql(name = "WGS84")]
    Wgs84,
    /// The shifted frame of maps published in China: 100 to 700 m off inside its box, WGS 84 outside.
    #[graphql(name = "GCJ02")]
    Gcj02,
    /// Baidu's frame: GCJ-02 shifted once more.
    #[graphql(name = "BD09")]
    Bd09,
    /// China's geodetic frame, taken as equal to WGS 84: they differ by less than a metre.
    #[graphql(name = "CGCS2000")]
    Cgcs2000,
}

impl From<Datum> for geo_tools::Datum {
    fn from(datum: Datum) -> Self {
        match datum {
            Datum::Wgs84 => Self::Wgs84,
            Datum::Gcj02 => Self::Gcj02,
            Datum::Bd09 => Self::Bd09,
            Datum::Cgcs2000 => Self::Cgcs2000,
        }
    }
}

/// How something was given to a cell.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "domain::plan::LocationMethod")]
pub enum LocationMethod {
    /// It lies inside the cell.
    Inside,
    /// It lies on a border, and belongs to the cell on its north-eastern side.
    Border,
    /// It lies outside every cell, and this one is the nearest within the district's tolerance.
    Nearest,
    /// Somebody said so.
    Manual,
    /// It lies outside every cell, or has no position.
    Outside,
}

/// A position on Earth.
#[derive(SimpleObject, Clone, Copy, Debug)]
pub struct Position {
    /// Longitude in degrees, -180 to 180, at most seven decimals.
    lon: f64,
    /// Latitude in degrees, -90 to 90, at most seven decimals.
    lat: f64,
    /// Which frame the two are in.
    datum: Datum,
}

impl From<geo_tools::Position> for Position {
    fn from(position: geo_tools::Position) -> Self {
        Self { lon: position.lon(), lat: position.lat(), datum: Datum::Wgs84 }
    }
}

/// A box on the map, in degrees of WGS 84, its edges included. It never crosses the antimeridian.
#[derive(SimpleObject, Clone, Copy, Debug)]
pub struct Bounds {
    /// The smallest longitude, in degrees.
    west: f64,
    /// The smallest latitude, in degrees.
    south: f64,
    /// The largest longitude, in degrees.
    east: f64,
    /// The largest latitude, in degrees.
    north: f64,
}

impl From<geo_tools::Bounds> for Bounds {
    fn from(bounds: geo_tools::Bounds) -> Self {
        let (south_west, north_east) = (bounds.south_west(), bounds.north_east());
        Self {
            west: south_west.lon(),
            south: south_west.lat(),
            east: north_east.lon(),
            north: north_east.lat(),
        }
    }
}

/// Where a position lies in the grid, and how sure that is.
#[derive(Clone, Debug)]
pub struct Location(LocatedPosition);

impl From<LocatedPosition> for Location {
    fn from(located: LocatedPosition) -> Self {
        Self(located)
    }
}

/// Where a position lies in the grid, and how sure that is.
#[Object]
impl Location {
    /// The leaf cell; null where the position lies outside every cell.
    async fn cell(&self) -> Option<Cell> {
        self.0.cell().map(Cell::from)
    }

    /// The cells above it, from its parent up; empty outside.
    async fn ancestors(&self) -> Vec<Cell> {
        self.0.cell().iter().flat_map(CellInPlan::ancestors).map(Cell::from).collect()
    }

    /// How it was found.
    async fn method(&self) -> LocationMethod {
        self.0.location.assignment.method.into()
    }

    /// How far the nearest border is, in metres.
    async fn distance_to_border_m(&self) -> Option<f64> {
        self.0.location.assignment.distance_to_border_m
    }

    /// The cells that the accuracy circle touches, the largest share first; empty where no accuracy was given.
    async fn candidates(&self) -> Vec<CellCandidate> {
        let candidates = self.0.candidates();
        candidates.map(|(cell, share)| CellCandidate { cell: cell.into(), share }).collect()
    }

    /// The version of the plan that was asked.
    async fn plan_version(&self) -> i32 {
        self.0.plan.version().0
    }

    /// The position, as it was understood: rounded to seven decimals.
    async fn position(&self) -> Position {
        self.0.location.position.into()
    }
}

/// A cell that an accuracy circle touches.
#[derive(SimpleObject, Clone, Debug)]
pub struct CellCandidate {
    /// The leaf cell.
    cell: Cell,
    /// Its share of the circle, 0 to 1; what all shares leave of 1 lies outside every cell.
    share: f64,
}
