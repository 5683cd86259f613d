//! A [`Scope`] as a predicate in the same statement. Says the same as [`Scope::admits`]; a test compares the two.

use domain::access::{Reach, Scope};
use domain::ids::{CellId, DistrictId};
use geo_tools::Bounds;
use sea_orm::sea_query::{Expr, SelectStatement};
use sea_orm::{ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QuerySelect, QueryTrait};

use super::entity::{buildings, cell_tree, districts, households, incidents};
use super::{geometry, hilbert};

/// The import that brought a row which came without one: it shows always.
pub(super) const ALWAYS: i32 = 0;

/// The incidents that a scope admits.
pub(super) fn incidents(scope: &Scope) -> Condition {
    let district = incidents::Column::DistrictId.eq(scope.district().0);
    let shown = shown(scope.district(), incidents::Column::SinceImport, districts::Column::IncidentImport);
    let own = Condition::all().add(district).add(shown);
    match scope.reach() {
        Reach::Nothing => own.add(nothing()),
        Reach::Public => {
            own.add(incidents::Column::Public.eq(true)).add(incidents::Column::CellId.is_not_null())
        }
        Reach::Subtree(root) => {
            own.add(incidents::Column::CellId.in_subquery(cells_under(scope.district(), root)))
        }
        Reach::District => own,
    }
}

/// The households that a scope admits. None is for everybody.
pub(super) fn households(scope: &Scope) -> Condition {
    let district = households::Column::DistrictId.eq(scope.district().0);
    let shown = shown(scope.district(), households::Column::SinceImport, districts::Column::HouseholdImport);
    let own = Condition::all().add(district).add(shown);
    match scope.reach() {
        Reach::Nothing | Reach::Public => own.add(nothing()),
        Reach::Subtree(root) => {
            own.add(households::Column::CellId.in_subquery(cells_under(scope.district(), root)))
        }
        Reach::District => own,
    }
}

/// The buildings of a district: the grid's own, so they take no scope.
pub(super) fn buildings(district: DistrictId) -> Condition {
    let shown = shown(district, buildings::Column::SinceImport, districts::Column::HouseholdImport);
    Condition::all().add(buildings::Column::DistrictId.eq(district.0)).add(shown)
}

/// Rows that an import is bringing lie beside the others and show, all at once, when their district names that import.
fn shown<C: ColumnTrait>(district: DistrictId, since_import: C, named: districts::Column) -> Expr {
    let import = districts::Entity::find_by_id(district.0).select_only().column(named).into_query();
    since_import.into_expr().lte(Expr::SubQuery(None, Box::new(import.into())))
}

/// A cell and all below it, in the plan in force.
pub(super) fn cells_under(district: DistrictId, root: CellId) -> SelectStatement {
    cell_tree::Entity::find()
        .select_only()
        .column(cell_tree::Column::DescendantId)
        .filter(cell_tree::Column::DistrictId.eq(district.0))
        .filter(cell_tree::Column::AncestorId.eq(root.0))
        .filter(cell_tree::Column::UntilVersion.is_null())
        .into_query()
}

/// How many ranges of the curve a box is at most cut into, roughly.
const RANGES: usize = 12;

/// What lies in a box: a few ranges of the index, then exactly.
pub(super) fn within<C: ColumnTrait>(bounds: &Bounds, place: C, lon_e7: C, lat_e7: C) -> Condition {
    let [west, south, east, north] = geometry::corners_e7(bounds);
    let mut near = Condition::any();
    for range in hilbert::ranges(bounds, RANGES) {
        near = near.add(place.between(*range.start(), *range.end()));
    }
    Condition::all().add(near).add(lon_e7.between(west, east)).add(lat_e7.between(south, north))
}

fn nothing() -> Expr {
    Expr::value(1).eq(0)
}
