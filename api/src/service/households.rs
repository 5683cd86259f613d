//! Use cases for households: lists of them, one of them, registering one.
//!
//! Invariant: whoever is shown addresses is written down in the audit, once a request.
//! Invariant: the address, the place and the number of members leave [`SeenHousehold`] only where the viewer may see them.

use std::sync::Arc;

use domain::access::{Action, Personal, Refused, Scope, household_scope};
use domain::district::District;
use domain::event::Event;
use domain::household::{Building, Household, HouseholdDraft};
use domain::ids::{BuildingId, ClientKey, DistrictId, HouseholdId};
use domain::input::InputCode;
use domain::page::{Page, PageSize};
use domain::viewer::Viewer;
use geo_tools::Position;

use super::attempt::{Replay, key_reused};
use super::audit::HouseholdRead;
use super::cells::{Area, CellInPlan};
use super::fingerprint::Fingerprint;
use super::incidents::PLAN_ATTEMPTS;
use super::plans::At;
use super::{ServiceError, Services};
use crate::store::households::HouseholdKey;
use crate::store::{Attempt, Outcome};

/// A household as one viewer may see it.
#[derive(Clone, Debug)]
pub struct SeenHousehold {
    /// The district.
    pub district: Arc<District>,
    household: Household,
    personal: Personal,
}

/// A page of households.
#[derive(Clone, Debug)]
pub struct HouseholdPage {
    /// The households.
    pub rows: Vec<SeenHousehold>,
    /// Whether there are more after them.
    pub has_more: bool,
}

/// A household to be registered, as it came in.
#[derive(Clone, Debug)]
pub struct Registration {
    /// What makes a retry harmless.
    pub key: ClientKey,
    /// What is registered.
    pub draft: HouseholdDraft,
}

/// What became of a registration.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The household; `None` where it lies outside what the viewer may see.
    pub household: Option<SeenHousehold>,
    /// Whether the same registration had come before under the same key.
    pub replayed: bool,
}

impl SeenHousehold {
    pub(super) fn new(viewer: &Viewer, district: &Arc<District>, household: Household) -> Self {
        let personal = household_scope(viewer, district.id).personal();
        Self { district: Arc::clone(district), household, personal }
    }

    /// What everybody sees who sees it at all: which cell it belongs to, and how that was found.
    pub fn facts(&self) -> &Household {
        &self.household
    }

    /// Its address, unless it is masked.
    pub fn address(&self) -> Option<&str> {
        self.shown()?.address.as_ref().map(|address| address.as_str())
    }

    /// Where it is, unless that is masked.
    pub fn position(&self) -> Option<Position> {
        self.shown()?.position
    }

    /// How many live there, unless that is masked.
    pub fn member_count(&self) -> Option<u32> {
        self.shown()?.member_count
    }

    /// The building it is in, unless that is masked.
    pub fn building(&self) -> Option<BuildingId> {
        self.shown()?.building
    }

    /// How far the nearest border is, unless the place is masked: a few distances would give it away.
    pub fn distance_to_border_m(&self) -> Option<f64> {
        self.shown()?.assignment.distance_to_border_m
    }

    fn shown(&self) -> Option<&Household> {
        (self.personal == Personal::Shown).then_some(&self.household)
    }
}

impl Registration {
    fn input_hash(&self, district: DistrictId) -> [u8; 32] {
        Fingerprint::of("registerHousehold")
            .with("district", district)
            .with("address", self.draft.address.as_str())
            .with_optional("position", self.draft.position)
            .with_optional("memberCount", self.draft.member_count)
            .finish()
    }
}

/// A box would find out, by halving, where a home is whose position is masked.
fn refuse_to_narrow_down(scope: &Scope, area: &Area) -> Result<(), ServiceError> {
    match (scope.personal(), area) {
        (Personal::Masked, Area::Within(_)) => Err(Refused { action: Action::ReadHouseholds }.into()),
        _ => Ok(()),
    }
}

impl Services {
    /// One household; `None` where it is not there or not for the viewer.
    pub async fn household(
        &self,
        viewer: &Viewer,
        district: DistrictId,
        id: HouseholdId,
    ) -> Result<Option<SeenHousehold>, ServiceError> {
        let found = self.household_entered(viewer, district, id).await?;
        if found.is_some() {
            let scope = household_scope(viewer, district);
            self.record_household_read(&scope, viewer.user(), HouseholdRead::Seen { subject: Some(id.0) })
                .await;
        }
        Ok(found)
    }

    /// The same, for who entered it: they read nothing that they did not say.
    async fn household_entered(
        &self,
        viewer: &Viewer,
        district: DistrictId,
        id: HouseholdId,
    ) -> Result<Option<SeenHousehold>, ServiceError> {
        viewer.require(Action::ReadHouseholds, district)?;
        let district = self.district_by_id(viewer, district).await?;
        let scope = household_scope(viewer, district.id);
        let found = self.store.households_by_id(&scope, &[id]).await.map_err(ServiceError::internal)?;
        Ok(found.into_iter().next().map(|household| SeenHousehold::new(viewer, &district, household)))
    }

    /// A page of the households that the viewer may see in an area, along the map.
    pub async fn households(
        &self,
        viewer: &Viewer,
        district: &Arc<District>,
        area: Area,
        after: Option<HouseholdId>,
        first: PageSize,
    ) -> Result<HouseholdPage, ServiceError> {
        viewer.require(Action::ReadHouseholds, district.id)?;
        let scope = household_scope(viewer, district.id);
        refuse_to_narrow_down(&scope, &area)?;
        let after = match after {
            None => None,
            Some(id) => Some(self.household_key(&scope, id).await?),
        };
        let page = self.store.households(&scope, &area, after, first).await;
        let Page { rows, has_more } = page.map_err(ServiceError::internal)?;
        if !rows.is_empty() {
            let subject = match area {
                Area::Cell(cell) | Area::Subtree(cell) => Some(cell.0),
                Area::Everywhere | Area::Within(_) => None,
            };
            let read = HouseholdRead::Seen { subject };
            self.record_household_read(&scope, viewer.user(), read).await;
        }
        let seen = |(_, household)| SeenHousehold::new(viewer, district, household);
        Ok(HouseholdPage { rows: rows.into_iter().map(seen).collect(), has_more })
    }

    /// How many households the viewer may see in an area.
    pub async fn household_count(
        &self,
        viewer: &Viewer,
        district: &District,
        area: Area,
    ) -> Result<u64, ServiceError> {
        viewer.require(Action::ReadHouseholds, district.id)?;
        let scope = household_scope(viewer, district.id);
        refuse_to_narrow_down(&scope, &area)?;
        self.store.household_count(&scope, &area).await.map_err(ServiceError::internal)
    }

    async fn household_key(&self, scope: &Scope, id: HouseholdId) -> Result<HouseholdKey, ServiceError> {
        let key = self.store.household_key(scope, id).await.map_err(ServiceError::internal)?;
        key.ok_or_else(|| {
            let message = "the household that the list was read up to is no longer there; begin anew";
            ServiceError::problem(InputCode::InvalidCursor, message, &["after"])
        })
    }

    /// Buildings by their ids. Where a building stands is for everybody; who lives in it is not.
    pub async fn buildings(
        &self,
        viewer: &Viewer,
        district: DistrictId,
        ids: &[BuildingId],
    ) -> Result<Vec<Building>, ServiceError> {
        viewer.require(Action::ReadGrid, district)?;
        self.store.buildings_by_id(district, ids).await.map_err(ServiceError::internal)
    }

    /// The cell that a household belongs to, in the plan it was located in.
    pub async fn cell_of_household(
        &self,
        viewer: &Viewer,
        household: &SeenHousehold,
    ) -> Result<Option<CellInPlan>, ServiceError> {
        let assignment = household.facts().assignment;
        let Some(cell) = assignment.cell else { return Ok(None) };
        let plan = self.plan(viewer, &household.district, At::Version(assignment.plan_version)).await?;
        Ok(CellInPlan::find(&household.district, &plan, cell))
    }

    /// Registers a household in the cell that contains it. Safe to retry with the same client key.
    pub async fn register_household(
        &self,
        viewer: &Viewer,
        district: &Arc<District>,
        registration: &Registration,
    ) -> Result<Registered, ServiceError> {
        viewer.require(Action::RegisterHousehold, district.id)?;
        let attempt = self.attempt(viewer, registration.key, registration.input_hash(district.id));
        if let Some(replay) = self.replay(district.id, &attempt).await? {
            return self.registered_before(viewer, district, replay).await;
        }
        let mut district = Arc::clone(district);
        let id = HouseholdId(self.ids.next_id());
        for _ in 0..PLAN_ATTEMPTS {
            match self.enter(viewer, &district, registration, id, &attempt).await? {
                Outcome::Done((household, event)) => {
                    self.bus.ring(event.district, event.number);
                    let household = self.household_entered(viewer, district.id, household.id).await?;
                    return Ok(Registered { household, replayed: false });
                }
                Outcome::Replayed(answer) => {
                    return self.registered_before(viewer, &district, Replay::Same(answer)).await;
                }
                Outcome::KeyReused => return Err(key_reused()),
                Outcome::PlanMoved(_) => district = self.district_anew(viewer, &district).await?,
                Outcome::Absent => return Err(ServiceError::Busy),
            }
        }
        Err(ServiceError::Busy)
    }

    async fn enter(
        &self,
        viewer: &Viewer,
        district: &District,
        registration: &Registration,
        id: HouseholdId,
        attempt: &Attempt,
    ) -> Result<Outcome<(Household, Event)>, ServiceError> {
        let plan = self.current_plan(viewer, district).await?;
        let draft = registration.draft.clone();
        let building = self.store.building_by_address(district.id, &draft.address).await;
        let building = building.map_err(ServiceError::internal)?;
        let household = Household::register(draft, building.as_ref(), district, &plan, id, attempt.at)?;
        self.store.insert_household(&household, attempt).await.map_err(ServiceError::internal)
    }

    async fn registered_before(
        &self,
        viewer: &Viewer,
        district: &Arc<District>,
        replay: Replay,
    ) -> Result<Registered, ServiceError> {
        let Replay::Same(answer) = replay else { return Err(key_reused()) };
        // What is not for the viewer any more is not in the first answer either.
        let now = self.household_entered(viewer, district.id, HouseholdId(answer.subject)).await?;
        let then = |now: SeenHousehold| SeenHousehold::new(viewer, district, answer.household(now.household));
        Ok(Registered { household: now.map(then), replayed: true })
    }
}
