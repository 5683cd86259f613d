//! Ids that name one thing of one kind everywhere: base64url of `kind:district:uuid`.
//!
//! A cell has two: one for each plan version that has it, and its lineage, which is the same through all of them. They are
//! the same in GraphQL and on tiles.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::{BuildingId, CellId, DistrictId, HouseholdId, IncidentId, PlanVersion};
use uuid::Uuid;

/// What an id names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GlobalId {
    /// A district.
    District(DistrictId),
    /// A cell: in one plan version, or its lineage.
    Cell(DistrictId, CellId, Option<PlanVersion>),
    /// A household.
    Household(DistrictId, HouseholdId),
    /// A building.
    Building(DistrictId, BuildingId),
    /// An incident.
    Incident(DistrictId, IncidentId),
}

/// The longest id there is has 96 characters; more is not looked at.
const MAX_CHARACTERS: usize = 200;

impl GlobalId {
    /// The id as it goes out.
    pub fn encoded(self) -> String {
        URL_SAFE_NO_PAD.encode(self.to_string())
    }

    /// The kind, as it stands in the id.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::District(_) => "district",
            Self::Cell(..) => "cell",
            Self::Household(..) => "household",
            Self::Building(..) => "building",
            Self::Incident(..) => "incident",
        }
    }

    /// Reads an id; `None` for what this server did not make.
    pub fn decoded(id: &str) -> Option<Self> {
        if id.len() > MAX_CHARACTERS {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(id.as_bytes()).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let parts: Vec<&str> = text.split(':').collect();
        let uuid = |text: &str| Uuid::try_parse(text).ok();
        let read = match parts.as_slice() {
            ["district", id] => Self::District(DistrictId(uuid(id)?)),
            ["cell", district, id] => Self::Cell(DistrictId(uuid(district)?), CellId(uuid(id)?), None),
            ["cell", district, id, version] => {
                let version = PlanVersion(version.parse().ok()?);
                Self::Cell(DistrictId(uuid(district)?), CellId(uuid(id)?), Some(version))
            }
            ["household", district, id] => {
                Self::Household(DistrictId(uuid(district)?), HouseholdId(uuid(id)?))
            }
            ["building", district, id] => Self::Building(DistrictId(uuid(district)?), BuildingId(uuid(id)?)),
            ["incident", district, id] => Self::Incident(DistrictId(uuid(district)?), IncidentId(uuid(id)?)),
            _ => return None,
        };
        // One thing, one id: another spelling of the same UUID would be a second key in a client's cache.
        (read.to_string() == text).then_some(read)
    }
}

impl fmt::Display for GlobalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind();
        match self {
            Self::District(id) => write!(f, "{kind}:{id}"),
            Self::Cell(district, id, None) => write!(f, "{kind}:{district}:{id}"),
            Self::Cell(district, id, Some(version)) => write!(f, "{kind}:{district}:{id}:{version}"),
            Self::Household(district, id) => write!(f, "{kind}:{district}:{id}"),
            Self::Building(district, id) => write!(f, "{kind}:{district}:{id}"),
            Self::Incident(district, id) => write!(f, "{kind}:{district}:{id}"),
        }
    }
}
