//! What resolvers of one request ask for by the dozen, gathered into one statement each.
//!
//! A request has its own loaders, so that nothing outlives the viewer it was read for. Start at [`loaders`].
//!
//! Invariant: a load is one use case with all keys of one district; no statement runs once a row.

use std::collections::HashMap;
use std::hash::Hash;

use async_graphql::Context;
use async_graphql::dataloader::{DataLoader, Loader};
use domain::household::Building;
use domain::ids::{BuildingId, CellId, DistrictId, IncidentId, PlanVersion, UserId};
use domain::incident::IncidentStep;
use domain::staff::Posting;
use domain::viewer::Viewer;

use crate::service::cells::CellName;
use crate::service::incidents::{IncidentCounts, IncidentFilter, SeenIncident};
use crate::service::{ServiceError, Services, sql_count};

/// The loaders of one request.
pub type Loaders = DataLoader<Loads>;

/// Loads for one viewer.
#[derive(Clone, Debug)]
pub struct Loads {
    services: Services,
    viewer: Viewer,
}

/// Makes the loaders of one request; they go into its data.
pub fn for_request(services: &Services, viewer: &Viewer) -> Loaders {
    DataLoader::new(Loads { services: services.clone(), viewer: viewer.clone() }, sql_count::spawn)
}

/// The loaders of the request that is running.
pub(super) fn loaders<'a>(ctx: &Context<'a>) -> &'a Loaders {
    ctx.data_unchecked::<Loaders>()
}

/// The incidents of a cell, counted.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CountsKey {
    /// The cell.
    pub cell: CellName,
    /// Which incidents.
    pub filter: IncidentFilter,
}

/// The households of a cell, counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct HouseholdsKey(pub CellName);

/// Who is responsible for a cell.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PostingsKey {
    /// The district.
    pub district: DistrictId,
    /// The cell.
    pub cell: CellId,
}

/// An incident.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct IncidentKey {
    /// The district.
    pub district: DistrictId,
    /// The incident.
    pub id: IncidentId,
}

/// The history of an incident.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct StepsKey(pub IncidentKey);

/// A member of staff's name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct UserKey {
    /// The district.
    pub district: DistrictId,
    /// The user.
    pub id: UserId,
}

/// A building.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct BuildingKey {
    /// The district.
    pub district: DistrictId,
    /// The building.
    pub id: BuildingId,
}

impl Loader<CountsKey> for Loads {
    type Value = IncidentCounts;
    type Error = ServiceError;

    async fn load(&self, keys: &[CountsKey]) -> Result<HashMap<CountsKey, IncidentCounts>, ServiceError> {
        let mut loaded = HashMap::with_capacity(keys.len());
        let grid = |key: &CountsKey| (key.cell.district, key.cell.version, key.filter.clone());
        for ((district, version, filter), cells) in grouped(keys, grid, |key| key.cell.cell) {
            let counts = self.services.cell_counts(&self.viewer, district, version, &cells, &filter).await?;
            loaded.extend(counts.into_iter().map(|(cell, counts)| {
                let cell = CellName { district, version, cell };
                (CountsKey { cell, filter: filter.clone() }, counts)
            }));
        }
        Ok(loaded)
    }
}

impl Loader<HouseholdsKey> for Loads {
    type Value = u32;
    type Error = ServiceError;

    async fn load(&self, keys: &[HouseholdsKey]) -> Result<HashMap<HouseholdsKey, u32>, ServiceError> {
        let mut loaded = HashMap::with_capacity(keys.len());
        let grid = |key: &HouseholdsKey| -> (DistrictId, PlanVersion) { (key.0.district, key.0.version) };
        for ((district, version), cells) in grouped(keys, grid, |key| key.0.cell) {
            let counts = self.services.household_counts(&self.viewer, district, version, &cells).await?;
            let key = |cell| HouseholdsKey(CellName { district, version, cell });
            loaded.extend(counts.into_iter().map(|(cell, count)| (key(cell), count)));
        }
        Ok(loaded)
    }
}

impl Loader<PostingsKey> for Loads {
    type Value = Vec<Posting>;
    type Error = ServiceError;

    async fn load(&self, keys: &[PostingsKey]) -> Result<HashMap<PostingsKey, Vec<Posting>>, ServiceError> {
        let mut loaded = HashMap::with_capacity(keys.len());
        for (district, cells) in grouped(keys, |key| key.district, |key| key.cell) {
            let postings = self.services.postings(&self.viewer, district, &cells).await?;
            loaded.extend(postings.into_iter().map(|(cell, held)| (PostingsKey { district, cell }, held)));
        }
        Ok(loaded)
    }
}

impl Loader<IncidentKey> for Loads {
    type Value = SeenIncident;
    type Error = ServiceError;

    async fn load(&self, keys: &[IncidentKey]) -> Result<HashMap<IncidentKey, SeenIncident>, ServiceError> {
        let mut loaded = HashMap::with_capacity(keys.len());
        for (district, ids) in grouped(keys, |key| key.district, |key| key.id) {
            let incidents = self.services.incidents_by_id(&self.viewer, district, &ids).await?;
            let keyed =
                |incident: SeenIncident| (IncidentKey { district, id: incident.facts().id }, incident);
            loaded.extend(incidents.into_iter().map(keyed));
        }
        Ok(loaded)
    }
}

impl Loader<StepsKey> for Loads {
    type Value = Vec<IncidentStep>;
    type Error = ServiceError;

    async fn load(&self, keys: &[StepsKey]) -> Result<HashMap<StepsKey, Vec<IncidentStep>>, ServiceError> {
        let mut loaded = HashMap::with_capacity(keys.len());
        for (district, ids) in grouped(keys, |key| key.0.district, |key| key.0.id) {
            let steps = self.services.incident_steps(&self.viewer, district, &ids).await?;
            loaded
                .extend(steps.into_iter().map(|(id, steps)| (StepsKey(IncidentKey { district, id }), steps)));
        }
        Ok(loaded)
    }
}

impl Loader<UserKey> for Loads {
    type Value = String;
    type Error = ServiceError;

    async fn load(&self, keys: &[UserKey]) -> Result<HashMap<UserKey, String>, ServiceError> {
        let mut loaded = HashMap::with_capacity(keys.len());
        for (district, ids) in grouped(keys, |key| key.district, |key| key.id) {
            let names = self.services.staff_names(&self.viewer, district, &ids).await?;
            loaded.extend(names.into_iter().map(|(id, name)| (UserKey { district, id }, name)));
        }
        Ok(loaded)
    }
}

impl Loader<BuildingKey> for Loads {
    type Value = Building;
    type Error = ServiceError;

    async fn load(&self, keys: &[BuildingKey]) -> Result<HashMap<BuildingKey, Building>, ServiceError> {
        let mut loaded = HashMap::with_capacity(keys.len());
        for (district, ids) in grouped(keys, |key| key.district, |key| key.id) {
            let buildings = self.services.buildings(&self.viewer, district, &ids).await?;
            let keyed = |building: Building| (BuildingKey { district, id: building.id }, building);
            loaded.extend(buildings.into_iter().map(keyed));
        }
        Ok(loaded)
    }
}

fn grouped<K, G: Hash + Eq, I>(
    keys: &[K],
    group: impl Fn(&K) -> G,
    item: impl Fn(&K) -> I,
) -> HashMap<G, Vec<I>> {
    let mut groups: HashMap<G, Vec<I>> = HashMap::new();
    for key in keys {
        groups.entry(group(key)).or_default().push(item(key));
    }
    groups
}
