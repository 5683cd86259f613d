//! Taking households: what names no place is placed by its building or its address, when the whole file is known.

use std::collections::HashMap;

use domain::household::{Building, Household};
use domain::ids::{BuildingId, HouseholdId, PlanVersion};
use domain::input::quoted;
use domain::plan::Assignment;
use domain::text::Address;
use geo_tools::{Code, Position, Problem};

use super::households::{Dwelling, DwellingContent, Mention, NamedBuilding, dwelling};
use super::promote::{Staged, import_error};
use super::record::Record;
use super::report::ImportFigure;
use super::seen::{ByDigest, FirstLines, IdDigest, digest_of};
use super::stage::DwellingChunk;
use super::take::{Reading, Rows, Taking};
use crate::service::ServiceError;
use crate::store::imports::{ImportKind as Staging, ImportSummary, Unsaid};

/// The households of a file, and the buildings that they are in.
#[derive(Default)]
pub(super) struct Dwellings {
    /// On which line each id was first.
    lines: FirstLines<()>,
    /// Buildings that households of this file name.
    named: ByDigest<KnownBuilding>,
    /// Those of them that were first named since the last time that rows were staged.
    named_now: Vec<(IdDigest, Building)>,
    /// Households without a position, to be placed when all buildings are known.
    unplaced: Vec<Dwelling>,
    buildings: Vec<Building>,
    /// Those to be staged of which the file says that they have no address.
    bare: Vec<BuildingId>,
    /// Addresses of buildings of which no row before had said one, since the last time that rows were staged.
    late_addresses: HashMap<BuildingId, Address>,
    households: Vec<Household>,
    /// What the file says nothing of, of those of them of which it leaves something out.
    unsaid: Vec<(HouseholdId, Unsaid)>,
    building_count: u64,
    household_count: u64,
}

/// A building that is known by the households in it.
struct KnownBuilding {
    id: BuildingId,
    position: Position,
    /// How many households it has so far.
    dwellings: u32,
    /// How many it had when it was staged; 0 before.
    staged: u32,
    /// Whether a row has said its address.
    has_address: bool,
}

impl Rows for Dwellings {
    type Row = Dwelling;

    const STAGING: Staging = Staging::Households;

    fn read(record: &Record, reading: &Reading) -> Result<Dwelling, Vec<Problem>> {
        dwelling(record, &reading.options)
    }

    fn position(found: &Dwelling) -> Option<Position> {
        found.position
    }

    fn add(&mut self, found: Dwelling, assignment: Assignment, taking: &mut Taking<'_>) {
        if let Err((first, ())) = self.lines.note(&found.source_id, found.line, ()) {
            let message = format!("id {} stands on line {first} already", quoted(&found.source_id));
            return taking.report.problems.push(found.problem(Code::DuplicateId, message));
        }
        match (found.content.clone(), found.position) {
            (DwellingContent::Building { dwellings, mention }, Some(position)) => {
                let place = Place { position: Some(position), assignment };
                self.add_building(found, (dwellings, mention), place, taking);
            }
            (DwellingContent::Household { building, member_count }, Some(position)) => {
                let building = building.map(|named| self.name_building(named, position, taking));
                let place = Place { position: Some(position), assignment };
                self.add_household(found, building, place, member_count, taking);
            }
            _ => self.unplaced.push(found),
        }
    }

    async fn complete(&mut self, taking: &mut Taking<'_>) -> Result<(), ServiceError> {
        self.place_the_unplaced(taking).await?;
        self.stage(taking).await?;
        let Some(import) = taking.import().await? else { return Ok(()) };
        // Where a building's households do not stand together, it was staged before the last of them was met.
        let more = self.named.values().filter(|named| named.dwellings != named.staged);
        let counts: Vec<(BuildingId, u32)> = more.map(|named| (named.id, named.dwellings)).collect();
        import.count_dwellings(&counts).await.map_err(import_error)
    }

    async fn stage(&mut self, taking: &mut Taking<'_>) -> Result<(), ServiceError> {
        let (mut buildings, households) =
            (std::mem::take(&mut self.buildings), std::mem::take(&mut self.households));
        let mut bare = std::mem::take(&mut self.bare);
        bare.retain(|building| !self.late_addresses.contains_key(building));
        let named = std::mem::take(&mut self.named_now).into_iter();
        buildings.extend(named.map(|(digest, building)| self.known_by_now(digest, building)));
        let late_addresses = std::mem::take(&mut self.late_addresses).into_iter().collect();
        let unsaid = std::mem::take(&mut self.unsaid);
        let chunk = DwellingChunk { buildings, bare, late_addresses, households, unsaid };
        match taking.stage() {
            Some(stage) => stage.write(chunk).await,
            None => Ok(()),
        }
    }

    fn staged(plan: PlanVersion) -> Staged {
        Staged::Households(plan)
    }

    fn totals(&self) -> Vec<(&'static str, u64)> {
        vec![("buildings", self.building_count), ("households", self.household_count)]
    }

    fn figure(&self, summary: ImportSummary) -> ImportFigure {
        ImportFigure::of("rows", summary)
    }
}

/// Where a household is, and the cell that it was given to.
#[derive(Clone, Copy)]
struct Place {
    position: Option<Position>,
    assignment: Assignment,
}

impl Dwellings {
    /// A building with its households, `ID/1` to `ID/N`.
    fn add_building(
        &mut self,
        found: Dwelling,
        (dwellings, mention): (u32, Mention),
        place: Place,
        taking: &Taking<'_>,
    ) {
        let id = BuildingId(taking.services.ids.next_id());
        for number in 1..=dwellings {
            let source_id = format!("{}/{number}", found.source_id);
            let household = household(source_id, Some(id), found.address.clone(), place, None, taking);
            self.take_in(household, found.unsaid);
        }
        if let Some(position) = place.position {
            self.building_count += 1;
            self.note_address(id, found.address.as_ref(), mention);
            let building = building(id, found.source_id, found.address, position, dwellings, taking);
            self.buildings.push(building);
        }
    }

    /// The building that a household names, known from now on.
    fn name_building(&mut self, named: NamedBuilding, position: Position, taking: &Taking<'_>) -> BuildingId {
        if let Some((id, _)) = self.name_again(&named) {
            return id;
        }
        let (id, digest) = (BuildingId(taking.services.ids.next_id()), digest_of(&named.source_id));
        let has_address = named.address.is_some();
        let known = KnownBuilding { id, position, dwellings: 1, staged: 0, has_address };
        // Nothing is there: that was looked for.
        self.named.insert(&digest, known).ok();
        self.building_count += 1;
        self.note_address(id, named.address.as_ref(), named.mention);
        self.named_now.push((digest, building(id, named.source_id, named.address, position, 1, taking)));
        id
    }

    /// A building that a household of this file has named before, which has one more now; the first row that says its address
    /// counts, wherever it stands.
    fn name_again(&mut self, named: &NamedBuilding) -> Option<(BuildingId, Position)> {
        let known = self.named.get_mut(&digest_of(&named.source_id))?;
        known.dwellings += 1;
        if let Some(address) = &named.address
            && !known.has_address
        {
            known.has_address = true;
            self.late_addresses.insert(known.id, address.clone());
        }
        Some((known.id, known.position))
    }

    /// Notes where a file says that a building has no address.
    fn note_address(&mut self, id: BuildingId, address: Option<&Address>, mention: Mention) {
        if address.is_none() && mention == Mention::Said {
            self.bare.push(id);
        }
    }

    /// A building with the dwellings and the address that were met so far, about to be staged.
    fn known_by_now(&mut self, digest: IdDigest, building: Building) -> Building {
        let Some(named) = self.named.get_mut(&digest) else { return building };
        named.staged = named.dwellings;
        let address = self.late_addresses.remove(&building.id).or_else(|| building.address.clone());
        Building { dwellings: named.dwellings, address, ..building }
    }

    fn add_household(
        &mut self,
        found: Dwelling,
        building: Option<BuildingId>,
        place: Place,
        member_count: Option<u32>,
        taking: &Taking<'_>,
    ) {
        let household = household(found.source_id, building, found.address, place, member_count, taking);
        self.take_in(household, found.unsaid);
    }

    fn take_in(&mut self, household: Household, unsaid: Unsaid) {
        if unsaid != Unsaid::default() {
            self.unsaid.push((household.id, unsaid));
        }
        self.households.push(household);
        self.household_count += 1;
    }

    /// Finds a place by the building or the address; the rest come in without one, to be placed by hand.
    async fn place_the_unplaced(&mut self, taking: &mut Taking<'_>) -> Result<(), ServiceError> {
        for found in std::mem::take(&mut self.unplaced) {
            let DwellingContent::Household { building, member_count } = found.content.clone() else {
                continue;
            };
            let in_file = building.as_ref().and_then(|named| self.name_again(named));
            let (building, position) = match in_file {
                Some((id, position)) => (Some(id), Some(position)),
                None => {
                    let named = building.as_ref().map(|building| building.source_id.as_str());
                    known_place(&found, named, taking).await?
                }
            };
            let assignment = match position {
                Some(position) => taking.plan.assign(position, taking.district().rules.nearest_within_m()),
                None => Assignment::outside(taking.plan.version()),
            };
            self.add_household(found, building, Place { position, assignment }, member_count, taking);
        }
        Ok(())
    }
}

/// The building of an earlier file that a household names, else the one at its address; a warning where it is not the one
/// that it names.
async fn known_place(
    found: &Dwelling,
    named: Option<&str>,
    taking: &mut Taking<'_>,
) -> Result<(Option<BuildingId>, Option<Position>), ServiceError> {
    let (store, district) = (&taking.services.store, taking.district().id);
    let mut known = match named {
        Some(source_id) => {
            store.building_by_source(district, source_id).await.map_err(ServiceError::internal)?
        }
        None => None,
    };
    if let (None, Some(address)) = (&known, &found.address) {
        known = store.building_by_address(district, address).await.map_err(ServiceError::internal)?;
    }
    let warning = match (&known, named) {
        (None, _) => {
            let message = "neither a position nor a building or address that is known; place it by hand";
            Some((Code::NullGeometry, message.to_owned()))
        }
        (Some(known), Some(named)) if known.source_id.as_deref() != Some(named) => {
            let by_address = known.source_id.as_deref().map_or("another".to_owned(), quoted);
            let named = quoted(named);
            let message =
                format!("there is no building {named}; by its address it was put into {by_address}");
            Some((Code::UnknownBuilding, message))
        }
        (Some(_), _) => None,
    };
    let warning = warning.map(|(code, message)| found.warning(code, message));
    taking.report.problems.extend(warning);
    Ok((known.as_ref().map(|building| building.id), known.map(|building| building.position)))
}

fn building(
    id: BuildingId,
    source_id: String,
    address: Option<Address>,
    position: Position,
    dwellings: u32,
    taking: &Taking<'_>,
) -> Building {
    let district = taking.district().id;
    Building { id, district, source_id: Some(source_id), address, position, dwellings }
}

fn household(
    source_id: String,
    building: Option<BuildingId>,
    address: Option<Address>,
    place: Place,
    member_count: Option<u32>,
    taking: &Taking<'_>,
) -> Household {
    Household {
        id: HouseholdId(taking.services.ids.next_id()),
        district: taking.district().id,
        version: 1,
        source_id: Some(source_id),
        building,
        address,
        position: place.position,
        member_count,
        assignment: place.assignment,
        registered_at: taking.now,
    }
}
