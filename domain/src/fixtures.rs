//! A small district near Manila for tests: a township of two cells side by side, and a hole that belongs to nobody north of them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use geo_tools::coverage::{Area, BuildOptions, build};
use geo_tools::{Polygon, Position};
use uuid::Uuid;

use crate::cell::{Cell, CellCode, CellKind, CellSetting};
use crate::district::{District, DistrictCode};
use crate::ids::{CellId, DistrictId, PlanVersion};
use crate::level::LevelRank;
use crate::plan::{Plan, PlanParts};
use crate::rules::Rules;
use crate::text::LocalTexts;

pub(crate) const TOWNSHIP: CellId = CellId(Uuid::from_u128(1));
pub(crate) const WEST: CellId = CellId(Uuid::from_u128(2));
pub(crate) const EAST: CellId = CellId(Uuid::from_u128(3));

pub(crate) fn at(lon: f64, lat: f64) -> Position {
    Position::new(lon, lat).expect("in range")
}

pub(crate) fn noon() -> DateTime<Utc> {
    "2026-06-01T04:00:00Z".parse().expect("a time")
}

pub(crate) fn district() -> District {
    District {
        id: DistrictId(Uuid::from_u128(9)),
        code: DistrictCode::parse("410184").expect("a code"),
        names: LocalTexts::new([("zh", "示例区"), ("en", "Example")]).expect("names"),
        time_zone: chrono_tz::Asia::Shanghai,
        exercise: false,
        attribution: None,
        plan_version: Some(PlanVersion(1)),
        basemap_version: 0,
        rules: Arc::new(Rules::default()),
    }
}

pub(crate) fn cell(id: CellId, code: &str, rank: u8, parent: Option<CellId>) -> Cell {
    Cell {
        id,
        code: CellCode::parse(code).expect("a code"),
        rank: LevelRank(rank),
        names: LocalTexts::new([("en", code)]).expect("a name"),
        parent,
        kind: CellKind::Base,
        setting: CellSetting::Urban,
        since: PlanVersion(1),
    }
}

/// 120.980 to 120.982 east, 14.600 to 14.601 north, cut at 120.981.
pub(crate) fn parts() -> PlanParts {
    let square = |west: f64, east: f64| Area {
        name: format!("{west}"),
        polygons: vec![Polygon {
            exterior: vec![at(west, 14.600), at(east, 14.600), at(east, 14.601), at(west, 14.601)],
            holes: Vec::new(),
        }],
    };
    let coverage =
        build(&[square(120.980, 120.981), square(120.981, 120.982)], &BuildOptions::default()).coverage;
    PlanParts {
        district: district().id,
        version: PlanVersion(1),
        in_force_since: noon(),
        cells: vec![
            cell(EAST, "W2", 2, Some(TOWNSHIP)),
            cell(WEST, "W1", 2, Some(TOWNSHIP)),
            cell(TOWNSHIP, "T", 0, None),
        ],
        leaf_cells: vec![WEST, EAST],
        coverage: coverage.expect("two squares that share a side"),
    }
}

pub(crate) fn plan() -> Plan {
    Plan::assemble(parts()).expect("a plan")
}
