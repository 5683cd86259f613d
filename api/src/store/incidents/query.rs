//! Which incidents are wanted, in which order: as types, and as a predicate.

use chrono::{DateTime, Utc};
use domain::access::Scope;
use domain::ids::{CellId, IncidentId};
use domain::rules::StageKey;
use geo_tools::Bounds;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, ExprTrait, Order};
use uuid::Uuid;

use crate::store::entity::incidents::Column;
use crate::store::rows::to_us;
use crate::store::scope;

/// Where on the map, or where in the tree.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Area {
    /// Everywhere in the district.
    #[default]
    Everywhere,
    /// In a box, its edges included.
    Within(Bounds),
    /// In exactly this leaf cell.
    Cell(CellId),
    /// In this cell and all below it, in the plan in force.
    Subtree(CellId),
}

/// What is asked of an incident; an empty filter asks nothing.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct IncidentFilter {
    /// In one of these stages; empty is any.
    pub stages: Vec<StageKey>,
    /// Of one of these categories; empty is any.
    pub categories: Vec<String>,
    /// Whether it waits for something.
    pub open: Option<bool>,
    /// Whether its clock has run out at a time while it waits.
    pub overdue: Option<(bool, DateTime<Utc>)>,
    /// Reported at this time or later.
    pub reported_from: Option<DateTime<Utc>>,
    /// Reported before this time.
    pub reported_before: Option<DateTime<Utc>>,
}

/// In which order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum IncidentOrder {
    /// The last reported first.
    #[default]
    Newest,
    /// The first reported first.
    Oldest,
    /// What is to be cleared first, first.
    Due,
    /// Along the curve over the map: cheapest for a box.
    Place,
}

/// Which incidents are wanted.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct IncidentQuery {
    /// Where.
    pub area: Area,
    /// Which.
    pub filter: IncidentFilter,
    /// In which order.
    pub order: IncidentOrder,
}

/// An incident's place in an order: after it the next page begins.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct IncidentKey {
    /// What the order is by: microseconds since 1970, or a place on the curve.
    pub sort: i64,
    /// The incident.
    pub id: IncidentId,
}

impl IncidentOrder {
    pub(super) fn column(self) -> Column {
        match self {
            Self::Newest | Self::Oldest => Column::ReportedAtUs,
            Self::Due => Column::DueAtUs,
            Self::Place => Column::Hilbert,
        }
    }

    pub(super) fn direction(self) -> Order {
        match self {
            Self::Newest => Order::Desc,
            Self::Oldest | Self::Due | Self::Place => Order::Asc,
        }
    }

    /// What comes after a key: row values, which both databases seek in the index.
    pub(super) fn after(self, key: IncidentKey) -> Expr {
        let row = Expr::tuple([Expr::col(self.column()), Expr::col(Column::Id)]);
        let last = Expr::tuple([Expr::value(key.sort), Expr::value(key.id.0)]);
        match self.direction() {
            Order::Desc => row.lt(last),
            _ => row.gt(last),
        }
    }
}

/// The predicate of a query within a scope.
pub(super) fn condition(scope: &Scope, area: &Area, filter: &IncidentFilter) -> Condition {
    let mut wanted = scope::incidents(scope);
    match area {
        Area::Everywhere => {}
        Area::Within(bounds) => {
            wanted = wanted.add(scope::within(bounds, Column::Hilbert, Column::LonE7, Column::LatE7));
        }
        Area::Cell(cell) => wanted = wanted.add(Column::CellId.eq(cell.0)),
        Area::Subtree(root) => {
            wanted = wanted.add(Column::CellId.in_subquery(scope::cells_under(scope.district(), *root)));
        }
    }
    if !filter.stages.is_empty() {
        wanted = wanted.add(Column::Stage.is_in(filter.stages.iter().map(|stage| stage.0.as_str())));
    }
    if !filter.categories.is_empty() {
        wanted = wanted.add(Column::Category.is_in(filter.categories.iter().map(String::as_str)));
    }
    wanted
        .add_option(filter.open.map(|open| match open {
            true => Column::ClosedAtUs.is_null(),
            false => Column::ClosedAtUs.is_not_null(),
        }))
        .add_option(filter.overdue.map(|(overdue, now)| match overdue {
            true => Column::ClosedAtUs.is_null().and(Column::DueAtUs.lt(to_us(now))),
            false => Column::ClosedAtUs.is_not_null().or(Column::DueAtUs.gte(to_us(now))),
        }))
        .add_option(filter.reported_from.map(|from| Column::ReportedAtUs.gte(to_us(from))))
        .add_option(filter.reported_before.map(|before| Column::ReportedAtUs.lt(to_us(before))))
}

pub(super) fn ids(ids: &[IncidentId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.0).collect()
}
