//! The viewer: who asks. A role in a subtree of cells.

use serde::{Deserialize, Serialize};

use crate::access::{self, Action, Refused};
use crate::ids::{CellId, DistrictId, UserId};
use crate::text::StaffName;

/// What somebody may do, from the least to the most.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Nobody who signed in.
    Public,
    /// Reads figures and cases, changes nothing, sees no personal data.
    Observer,
    /// Works in a cell.
    Worker,
    /// Is the head of a cell.
    Head,
    /// Sends incidents on and closes them.
    Dispatcher,
    /// Redraws the grid.
    Planner,
    /// Runs the district.
    Admin,
}

impl Role {
    /// Every role, from the least to the most.
    pub const ALL: [Self; 7] = [
        Self::Public,
        Self::Observer,
        Self::Worker,
        Self::Head,
        Self::Dispatcher,
        Self::Planner,
        Self::Admin,
    ];

    /// The role's name on the command line and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Observer => "observer",
            Self::Worker => "worker",
            Self::Head => "head",
            Self::Dispatcher => "dispatcher",
            Self::Planner => "planner",
            Self::Admin => "admin",
        }
    }

    /// Reads a role's name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Viewer {
    identity: Option<Identity>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Identity {
    user: UserId,
    name: StaffName,
    role: Role,
    district: DistrictId,
    cell: Option<CellId>,
}

impl Viewer {
    /// Nobody who signed in.
    pub fn public() -> Self {
        Self { identity: None }
    }

    /// A member of staff who signed in.
    pub fn staff(user: &crate::staff::User) -> Self {
        Self {
            identity: Some(Identity {
                user: user.id,
                name: user.name.clone(),
                role: user.role,
                district: user.district,
                cell: user.cell,
            }),
        }
    }

    /// What they may do.
    pub fn role(&self) -> Role {
        self.identity.as_ref().map_or(Role::Public, |identity| identity.role)
    }

    /// What they may do in a district: in any but their own they are the public.
    pub fn role_in(&self, district: DistrictId) -> Role {
        match &self.identity {
            Some(identity) if identity.district == district => identity.role,
            _ => Role::Public,
        }
    }

    /// Who they are.
    pub fn user(&self) -> Option<UserId> {
        self.identity.as_ref().map(|identity| identity.user)
    }

    /// Their name.
    pub fn name(&self) -> Option<&StaffName> {
        self.identity.as_ref().map(|identity| &identity.name)
    }

    /// Their district.
    pub fn district(&self) -> Option<DistrictId> {
        self.identity.as_ref().map(|identity| identity.district)
    }

    /// The root of the subtree they work in; `None` is the whole district, or the public.
    pub fn cell(&self) -> Option<CellId> {
        self.identity.as_ref().and_then(|identity| identity.cell)
    }

    /// Refuses what their role does not allow in a district.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn require(&self, action: Action, district: DistrictId) -> Result<(), Refused> {
        if access::permits(self.role_in(district), action) { Ok(()) } else { Err(Refused { action }) }
    }
}
