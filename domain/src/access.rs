//! Who may do and see what: one table for every door.
//!
//! [`permits`] says what a role may do; [`incident_scope`] and its like say which rows of a kind a viewer may see. The store
//! turns a scope into a predicate; [`Scope::admits`] says the same in memory, and the two are tested to agree.
//!
//! Invariant: only this module makes a [`Scope`]; what asks for one cannot be read without.
//! Invariant: what may not be seen looks like what is not there.

use crate::ids::{CellId, DistrictId};
use crate::viewer::{Role, Viewer};

/// What somebody may want to do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// Read the grid, levels, categories and public figures.
    ReadGrid,
    /// Read incidents; what of them follows from the scope.
    ReadIncidents,
    /// Read households.
    ReadHouseholds,
    /// Read who holds postings that are not public.
    ReadPostings,
    /// Report an incident.
    ReportIncident,
    /// Send an incident on.
    DispatchIncident,
    /// Close an incident.
    CloseIncident,
    /// Add a household.
    RegisterHousehold,
    /// Import cells, households, a base map, incidents.
    Import,
    /// Take cells, households, incidents out as a file.
    Export,
    /// Give users roles and tokens.
    ManageUsers,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 11] = [
        Self::ReadGrid,
        Self::ReadIncidents,
        Self::ReadHouseholds,
        Self::ReadPostings,
        Self::ReportIncident,
        Self::DispatchIncident,
        Self::CloseIncident,
        Self::RegisterHousehold,
        Self::Import,
        Self::Export,
        Self::ManageUsers,
    ];
}

/// That a role does not allow an action.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("your role does not allow this")]
pub struct Refused {
    /// What was wanted.
    pub action: Action,
}

/// Whether a role allows an action.
pub fn permits(role: Role, action: Action) -> bool {
    use Role::{Admin, Dispatcher, Head, Observer, Planner, Public, Worker};
    match action {
        Action::ReadGrid | Action::ReadIncidents => true,
        Action::ReportIncident => match role {
            Public | Worker | Head | Dispatcher | Admin => true,
            Observer | Planner => false,
        },
        Action::ReadHouseholds => match role {
            Worker | Head | Planner | Admin => true,
            Public | Observer | Dispatcher => false,
        },
        Action::ReadPostings => match role {
            Head | Dispatcher | Planner | Admin => true,
            Public | Observer | Worker => false,
        },
        Action::DispatchIncident | Action::CloseIncident => match role {
            Head | Dispatcher | Admin => true,
            Public | Observer | Worker | Planner => false,
        },
        Action::RegisterHousehold => match role {
            Worker | Head | Admin => true,
            Public | Observer | Dispatcher | Planner => false,
        },
        Action::Import | Action::Export => match role {
            Planner | Admin => true,
            Public | Observer | Worker | Head | Dispatcher => false,
        },
        Action::ManageUsers => matches!(role, Admin),
    }
}

/// Which rows of a district a viewer may see.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Scope {
    district: DistrictId,
    reach: Reach,
    personal: Personal,
}

/// How far a scope reaches.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reach {
    /// Nothing.
    Nothing,
    /// What lies in a cell and is not held back from the public.
    Public,
    /// What lies in a cell's subtree.
    Subtree(CellId),
    /// All of the district, also what lies outside every cell.
    District,
}

/// Whether texts, exact places of homes and names may be seen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Personal {
    /// They are left out.
    Masked,
    /// They are shown.
    Shown,
}

/// What a scope looks at in a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row<'a> {
    /// The row's district.
    pub district: DistrictId,
    /// The leaf cell that it lies in and all above that; empty where it lies outside.
    pub lineage: &'a [CellId],
    /// Whether it is held back from the public.
    pub audience: Audience,
}

/// For whom a row is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Audience {
    /// For everybody.
    Everybody,
    /// For staff.
    Staff,
}

impl Scope {
    /// The district that every row must belong to.
    pub fn district(&self) -> DistrictId {
        self.district
    }

    /// How far it reaches there.
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// Whether personal fields are shown.
    pub fn personal(&self) -> Personal {
        self.personal
    }

    /// Whether a row may be seen. Says the same as the predicate in the store.
    pub fn admits(&self, row: &Row<'_>) -> bool {
        row.district == self.district
            && match self.reach {
                Reach::Nothing => false,
                Reach::Public => row.audience == Audience::Everybody && !row.lineage.is_empty(),
                Reach::Subtree(root) => row.lineage.contains(&root),
                Reach::District => true,
            }
    }

    /// Whether figures of a cell may be told: those of a cell that the scope reaches into only in part, or not at all, would
    /// be taken for all that is there. `lineage` is the cell and all above it.
    pub fn covers(&self, lineage: &[CellId]) -> bool {
        match self.reach {
            Reach::Nothing => false,
            Reach::Public | Reach::District => true,
            Reach::Subtree(root) => lineage.contains(&root),
        }
    }

    /// What the service itself reads, for caches and for the figures of a whole district; filter with a viewer's scope
    /// before anything is shown.
    pub fn system(district: DistrictId) -> Self {
        Self { district, reach: Reach::District, personal: Personal::Shown }
    }
}

/// Which incidents a viewer may see in a district.
pub fn incident_scope(viewer: &Viewer, district: DistrictId) -> Scope {
    let (reach, personal) = match viewer.role_in(district) {
        Role::Public => (Reach::Public, Personal::Masked),
        Role::Observer | Role::Planner => (own_reach(viewer), Personal::Masked),
        Role::Worker | Role::Head | Role::Dispatcher | Role::Admin => (own_reach(viewer), Personal::Shown),
    };
    Scope { district, reach, personal }
}

/// Which households a viewer may see in a district. Planners see where they are, not whose.
pub fn household_scope(viewer: &Viewer, district: DistrictId) -> Scope {
    let role = viewer.role_in(district);
    let reach = if permits(role, Action::ReadHouseholds) { own_reach(viewer) } else { Reach::Nothing };
    let personal = match role {
        Role::Worker | Role::Head | Role::Admin => Personal::Shown,
        Role::Public | Role::Observer | Role::Dispatcher | Role::Planner => Personal::Masked,
    };
    Scope { district, reach, personal }
}

/// Which cells, buildings and roads a viewer may see in a district: the grid itself is for everybody.
pub fn grid_scope(viewer: &Viewer, district: DistrictId) -> Scope {
    let personal = match permits(viewer.role_in(district), Action::ReadPostings) {
        true => Personal::Shown,
        false => Personal::Masked,
    };
    Scope { district, reach: Reach::District, personal }
}

fn own_reach(viewer: &Viewer) -> Reach {
    viewer.cell().map_or(Reach::District, Reach::Subtree)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_changes_the_grid_or_reads_homes_is_open_to_the_public() {
        for action in Action::ALL {
            let open = matches!(action, Action::ReadGrid | Action::ReadIncidents | Action::ReportIncident);
            assert_eq!(permits(Role::Public, action), open, "{action:?}");
        }
    }

    #[test]
    fn an_admin_may_do_everything() {
        assert!(Action::ALL.into_iter().all(|action| permits(Role::Admin, action)));
    }
}
