//! Use cases for search: one box that finds cells, buildings, households, roads and incidents.
//!
//! Cells are looked up in the plan, in memory; the rest by prefix in the database. Case and width do not matter.
//!
//! Invariant: what is masked for a viewer is not searched for them either.

use std::sync::Arc;

use domain::access::{household_scope, incident_scope};
use domain::district::District;
use domain::household::Building;
use domain::input::{InputCode, InputProblem};
use domain::page::PageSize;
use domain::plan::Plan;
use domain::text::{checked, search_text};
use domain::viewer::Viewer;
use geo_tools::{Bounds, Position};

use super::audit::HouseholdRead;
use super::cells::CellInPlan;
use super::households::SeenHousehold;
use super::incidents::SeenIncident;
use super::{ServiceError, Services};
use crate::store;

/// Something that was found.
#[derive(Clone, Debug)]
pub enum Found {
    /// A cell, by its code or one of its names.
    Cell(CellInPlan),
    /// A building, by its address.
    Building(Building),
    /// A household, by its address.
    Household(SeenHousehold),
    /// A road, by its name.
    Road(FoundRoad),
    /// An incident, by its text.
    Incident(SeenIncident),
}

/// A road that was found.
#[derive(Clone, PartialEq, Debug)]
pub struct FoundRoad {
    /// Its name.
    pub name: String,
    /// The box around all its stretches.
    pub bounds: Bounds,
    /// A position on it.
    pub position: Position,
}

/// The longest text that is searched for, in characters.
const MAX_CHARACTERS: usize = 100;

impl Services {
    /// What a text finds in a district: cells, then roads, buildings, households and incidents, a share of each.
    pub async fn search(
        &self,
        viewer: &Viewer,
        district: &str,
        text: &str,
        first: PageSize,
    ) -> Result<Vec<Found>, ServiceError> {
        let district = self.district(viewer, district).await?;
        let text = checked(text, MAX_CHARACTERS)
            .map_err(|problem| InputProblem::new(InputCode::InvalidText, problem, &["text"]))?;
        let mut kinds: [Vec<Found>; 5] = Default::default();
        if district.plan_version.is_some() {
            let plan = self.current_plan(viewer, &district).await?;
            kinds[0] = cells(&district, &plan, &search_text(&text)).map(Found::Cell).collect();
        }
        let (homes, cases) = (household_scope(viewer, district.id), incident_scope(viewer, district.id));
        let found = self.store.search(&homes, &cases, &text, first.rows()).await;
        let found = found.map_err(ServiceError::internal)?;
        if found.iter().any(|hit| matches!(hit, store::search::Found::Household(_))) {
            self.record_household_read(&homes, viewer.user(), HouseholdRead::Seen { subject: None }).await;
        }
        for hit in found {
            let hit = self.seen_hit(viewer, &district, hit);
            kinds[hit.rank()].push(hit);
        }
        Ok(fair_shares(kinds, usize::try_from(first.rows()).unwrap_or(usize::MAX)))
    }

    fn seen_hit(&self, viewer: &Viewer, district: &Arc<District>, hit: store::search::Found) -> Found {
        use store::search::Found as Hit;
        match hit {
            Hit::Building(building) => Found::Building(building),
            Hit::Household(household) => Found::Household(SeenHousehold::new(viewer, district, household)),
            Hit::Incident(incident) => {
                Found::Incident(SeenIncident::new(viewer, district, incident, self.clock.now()))
            }
            Hit::Road { name, bounds, position } => Found::Road(FoundRoad { name, bounds, position }),
        }
    }
}

/// As many of each kind as fit, so that a hundred buildings of one street do not hide the street.
fn fair_shares(mut kinds: [Vec<Found>; 5], rows: usize) -> Vec<Found> {
    let mut shares = [0; 5];
    let mut left = rows;
    while left > 0 {
        let before = left;
        for (share, kind) in shares.iter_mut().zip(&kinds) {
            if *share < kind.len() && left > 0 {
                *share += 1;
                left -= 1;
            }
        }
        if left == before {
            break;
        }
    }
    for (kind, share) in kinds.iter_mut().zip(shares) {
        kind.truncate(share);
    }
    kinds.into_iter().flatten().collect()
}

/// Cells whose code or name has the text, those that begin with it first.
fn cells<'a>(
    district: &'a Arc<District>,
    plan: &'a Arc<Plan>,
    folded: &'a str,
) -> impl Iterator<Item = CellInPlan> + 'a {
    let place = move |cell: &domain::cell::Cell| {
        let names = cell.names.as_slice().iter().map(|name| search_text(&name.text));
        names.chain([search_text(cell.code.as_str())]).filter_map(|name| name.find(folded)).min()
    };
    let mut hits: Vec<_> = plan.cells().iter().filter_map(|cell| Some((place(cell)?, cell.id))).collect();
    hits.sort_by_key(|(place, _)| *place);
    hits.into_iter().filter_map(move |(_, id)| CellInPlan::find(district, plan, id))
}

impl Found {
    fn rank(&self) -> usize {
        match self {
            Self::Cell(_) => 0,
            Self::Road(_) => 1,
            Self::Building(_) => 2,
            Self::Household(_) => 3,
            Self::Incident(_) => 4,
        }
    }

    /// What to show of it.
    pub fn title(&self) -> &str {
        match self {
            Self::Cell(cell) => {
                cell.cell.names.as_slice().first().map_or(cell.cell.code.as_str(), |name| &name.text)
            }
            Self::Building(building) => building.address.as_ref().map_or("", |address| address.as_str()),
            Self::Household(household) => household.address().unwrap_or_default(),
            Self::Road(road) => &road.name,
            Self::Incident(incident) => incident.text().unwrap_or_default(),
        }
    }

    /// What tells it from others of the same title.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::Cell(cell) => Some(cell.cell.code.as_str()),
            Self::Incident(incident) => Some(&incident.facts().category),
            Self::Building(_) | Self::Household(_) | Self::Road(_) => None,
        }
    }

    /// Where it is, if it is at one place.
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::Building(building) => Some(building.position),
            Self::Household(household) => household.position(),
            Self::Incident(incident) => Some(incident.facts().position),
            Self::Road(road) => Some(road.position),
            Self::Cell(_) => None,
        }
    }

    /// The box around it, if it is larger than a place.
    pub fn bounds(&self) -> Option<Bounds> {
        match self {
            Self::Cell(cell) => Some(cell.bounds()),
            Self::Road(road) => Some(road.bounds),
            Self::Building(_) | Self::Household(_) | Self::Incident(_) => None,
        }
    }
}
