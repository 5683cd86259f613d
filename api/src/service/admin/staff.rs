//! Users: adding one, giving one another role or cell.

use domain::district::District;
use domain::ids::{CellId, UserId};
use domain::staff::User;
use domain::text::StaffName;
use domain::viewer::Role;
use serde_json::Value;

use super::{AdminAnswer, AdminError, NewUser, command, done};
use crate::service::Services;
use crate::store::Attempt;

impl Services {
    pub(super) async fn add_user(&self, new: NewUser) -> Result<AdminAnswer, AdminError> {
        let district = self.district_for_admin(&new.district).await?;
        let (role, cell) = (staff_role(&new.role)?, self.work_cell(&district, new.cell.as_deref()).await?);
        let name = StaffName::parse(&new.name).map_err(command)?;
        let user = User { id: UserId(self.ids.next_id()), district: district.id, name, role, cell };
        if !self.store.insert_user(&user, &Attempt::by_system(self.clock.now())).await? {
            let message = format!("district {} has a user {:?} already", new.district, new.name);
            return Err(AdminError::Command(message));
        }
        let place = place(new.cell.as_deref());
        // Who works somewhere has a cell most of the time: the operator shall see that none means all of them.
        let hint = match role {
            Role::Worker | Role::Head if cell.is_none() => " (--cell CODE keeps to a cell)",
            _ => "",
        };
        Ok(done(format!("added user {}: {} of {place}{hint}", new.name, role.as_str()), Value::Null))
    }

    /// Gives a user another role and cell. Whoever follows something in their name is looked up again.
    pub(super) async fn change_user(&self, change: NewUser) -> Result<AdminAnswer, AdminError> {
        let district = self.district_for_admin(&change.district).await?;
        let (role, cell) =
            (staff_role(&change.role)?, self.work_cell(&district, change.cell.as_deref()).await?);
        let before = self.store.user_by_name(district.id, &change.name).await?;
        let before = before.ok_or_else(|| {
            AdminError::Command(format!("district {} has no user {:?}", change.district, change.name))
        })?;
        let after = User { role, cell, ..before.clone() };
        let place = place(change.cell.as_deref());
        let role = role.as_str();
        if after == before {
            return Ok(done(format!("user {} was {role} of {place} already", change.name), Value::Null));
        }
        if let Some(event) = self.store.change_user(&after, &Attempt::by_system(self.clock.now())).await? {
            self.bus.ring(event.district, event.number);
        }
        Ok(done(format!("user {} is {role} of {place} now", change.name), Value::Null))
    }

    async fn work_cell(&self, district: &District, code: Option<&str>) -> Result<Option<CellId>, AdminError> {
        let Some(code) = code else { return Ok(None) };
        let plan = self.plan_in_force(district).await?;
        let cell = plan.as_deref().and_then(|plan| plan.cell_by_code(code)).map(|cell| cell.id);
        cell.map(Some).ok_or_else(|| AdminError::Command(format!("the district has no cell {code:?}")))
    }
}

/// Where somebody works, as it is said to the operator.
fn place(cell: Option<&str>) -> String {
    cell.map_or_else(|| "the whole district".to_owned(), |code| format!("cell {code}"))
}

fn staff_role(given: &str) -> Result<Role, AdminError> {
    Role::parse(given).filter(|role| *role != Role::Public).ok_or_else(|| {
        let allowed = Role::ALL.into_iter().filter(|role| *role != Role::Public).map(Role::as_str);
        let allowed: Vec<&str> = allowed.collect();
        AdminError::Command(format!("{given:?} is no role; roles are {}", allowed.join(", ")))
    })
}
