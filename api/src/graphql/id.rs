//! Ids in GraphQL: what [`GlobalId`] names, read with a reason where it cannot be.
//!
//! Invariant: an id of another kind is refused with both kinds named, never looked up.

use async_graphql::ID;
use domain::ids::{CellId, ClientKey, DistrictId, IncidentId};
use domain::input::{InputCode, InputProblem};

pub use crate::service::global_id::GlobalId;

impl GlobalId {
    /// Reads an id; `path` is the field that it was given in.
    ///
    /// # Errors
    /// [`InputCode::InvalidId`].
    pub fn parse(id: &ID, path: &[&str]) -> Result<Self, InputProblem> {
        Self::decoded(id).ok_or_else(|| {
            let given: String = id.chars().take(60).collect();
            InputProblem::new(InputCode::InvalidId, format!("{given:?} is no id that this server made"), path)
        })
    }

    /// The id as it goes out.
    pub fn to_id(self) -> ID {
        ID(self.encoded())
    }
}

/// Reads a cell's id, of one version or of the lineage, that must be of a district.
///
/// # Errors
/// [`InputCode::InvalidId`] for an id of another kind or of another district.
pub fn cell_of(id: &ID, district: DistrictId, path: &[&str]) -> Result<CellId, InputProblem> {
    match GlobalId::parse(id, path)? {
        GlobalId::Cell(own, cell, _) if own == district => Ok(cell),
        GlobalId::Cell(..) => {
            Err(InputProblem::new(InputCode::InvalidId, "the cell is of another district", path))
        }
        other => Err(wrong_kind("cell", &other, path)),
    }
}

/// Reads an incident's id.
///
/// # Errors
/// [`InputCode::InvalidId`] for an id of another kind.
pub fn incident(id: &ID, path: &[&str]) -> Result<IncidentName, InputProblem> {
    match GlobalId::parse(id, path)? {
        GlobalId::Incident(district, id) => Ok(IncidentName { district, id }),
        other => Err(wrong_kind("incident", &other, path)),
    }
}

/// Reads a client key.
///
/// # Errors
/// [`InputCode::InvalidClientKey`].
pub fn client_key(key: &ID) -> Result<ClientKey, InputProblem> {
    ClientKey::parse(key)
        .map_err(|problem| InputProblem::new(InputCode::InvalidClientKey, problem, &["clientKey"]))
}

/// An incident and the district that it is said to be in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IncidentName {
    /// The district.
    pub district: DistrictId,
    /// The incident.
    pub id: IncidentId,
}

fn wrong_kind(wanted: &str, got: &GlobalId, path: &[&str]) -> InputProblem {
    let message = format!("this id is of kind {}; one of kind {wanted} is needed", got.kind());
    InputProblem::new(InputCode::InvalidId, message, path)
        .with_param("wanted", wanted)
        .with_param("got", got.kind())
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use domain::ids::PlanVersion;
    use uuid::Uuid;

    use super::*;

    const DISTRICT: DistrictId = DistrictId(Uuid::from_u128(7));

    #[test]
    fn an_id_survives_the_round_trip_and_has_one_spelling() {
        let cell = CellId(Uuid::from_u128(0xabc));
        let ids = [
            GlobalId::District(DISTRICT),
            GlobalId::Cell(DISTRICT, cell, None),
            GlobalId::Cell(DISTRICT, cell, Some(PlanVersion(3))),
            GlobalId::Incident(DISTRICT, IncidentId(Uuid::from_u128(9))),
        ];
        for id in ids {
            assert_eq!(GlobalId::parse(&id.to_id(), &["id"]), Ok(id));
        }
        let shouted = URL_SAFE_NO_PAD.encode(GlobalId::Cell(DISTRICT, cell, None).to_string().to_uppercase());
        assert!(GlobalId::parse(&ID(shouted), &["id"]).is_err());
    }

    #[test]
    fn an_id_of_another_kind_or_district_is_refused_with_a_reason() {
        let incident_id = GlobalId::Incident(DISTRICT, IncidentId(Uuid::from_u128(9))).to_id();
        let problem = cell_of(&incident_id, DISTRICT, &["area", "cell"]).expect_err("an incident");
        assert_eq!(problem.message, "this id is of kind incident; one of kind cell is needed");
        let elsewhere = GlobalId::Cell(DistrictId(Uuid::from_u128(8)), CellId(Uuid::from_u128(1)), None);
        assert!(cell_of(&elsewhere.to_id(), DISTRICT, &["area", "cell"]).is_err());
        for damaged in ["", "x", "incident:1:2", "////", &"A".repeat(10_000)] {
            assert!(incident(&ID(damaged.to_owned()), &["id"]).is_err(), "{damaged:.20}");
        }
    }
}
