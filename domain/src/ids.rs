//! Ids, each of its own type: an incident's id cannot stand where a cell's is meant.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta] $name:ident),* $(,)?) => {$(
        #[$doc]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

id! {
    /// A district.
    DistrictId,
    /// A cell's lineage: the same cell through all plan versions.
    CellId,
    /// A building.
    BuildingId,
    /// A household.
    HouseholdId,
    /// An incident.
    IncidentId,
    /// A member of staff who can sign in.
    UserId,
    /// A staff member's role at a cell.
    PostingId,
}

/// The number of a published plan within its district, from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlanVersion(pub i32);

impl std::fmt::Display for PlanVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What makes a retry harmless: a UUIDv7 that the app makes once per thing it wants done.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ClientKey(Uuid);

/// Why a text is not a client key.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("client key {given:?} must be a UUID of version 7 (RFC 9562), made anew for each thing to be done")]
pub struct InvalidClientKey {
    given: String,
}

impl ClientKey {
    /// Reads a UUID of version 7.
    ///
    /// # Errors
    /// [`InvalidClientKey`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidClientKey> {
        match Uuid::try_parse(text) {
            Ok(id) if id.get_version_num() == 7 => Ok(Self(id)),
            _ => Err(InvalidClientKey { given: text.chars().take(60).collect() }),
        }
    }

    /// The key as a UUID.
    pub fn uuid(self) -> Uuid {
        self.0
    }
}
