//! Staff and their postings: who is responsible for a cell, from when to when.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{CellId, DistrictId, PostingId, UserId};
use crate::text::StaffName;
use crate::viewer::Role;

/// A member of staff who can sign in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The district.
    pub district: DistrictId,
    /// The name, as it is shown.
    pub name: StaffName,
    /// What they may do.
    pub role: Role,
    /// The root of the subtree they work in; `None` is the whole district.
    pub cell: Option<CellId>,
}

/// A role at a cell (岗位): "1+X+Y".
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Posting {
    /// The id.
    pub id: PostingId,
    /// Where.
    pub cell: CellId,
    /// Who.
    pub user: UserId,
    /// Their name.
    pub name: StaffName,
    /// As what.
    pub role: PostingRole,
    /// From when.
    pub since: DateTime<Utc>,
    /// Until when; `None` is until further notice.
    pub until: Option<DateTime<Utc>>,
}

/// What somebody is at a cell.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostingRole {
    /// 网格长.
    Head,
    /// 网格员.
    Worker,
    /// 督导员.
    Supervisor,
    /// 指挥员.
    Commander,
    /// 信息员.
    Informant,
    /// 志愿者.
    Volunteer,
    /// 部门人员.
    DepartmentOfficer,
    /// Stands in for another.
    Substitute,
}

impl PostingRole {
    /// Whether everybody may know who holds it.
    pub fn is_public(self) -> bool {
        matches!(self, Self::Head | Self::Worker | Self::Substitute)
    }
}
