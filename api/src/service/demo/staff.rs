//! The demo's staff: invented people, posted to every cell, and one to sign in as for each role.

use chrono::TimeDelta;
use domain::cell::Cell;
use domain::district::District;
use domain::ids::{CellId, PostingId, UserId};
use domain::plan::Plan;
use domain::staff::{Posting, PostingRole, User};
use domain::text::StaffName;
use domain::viewer::Role;
use serde::Deserialize;

use super::DemoError;
use crate::service::Services;
use crate::store::Attempt;

const STAFF: &str = include_str!("../../../demo/staff.toml");
/// Since when they hold their posts, before the demo was made.
const POSTED_SINCE: TimeDelta = TimeDelta::days(120);

#[derive(Deserialize)]
struct StaffFile {
    names: Vec<String>,
}

/// A member of staff to be: what they may do, where they work, what they are there.
struct Post {
    role: Role,
    /// The root of the subtree they work in.
    reach: Option<CellId>,
    posting: Option<(CellId, PostingRole)>,
}

impl Services {
    /// Adds the staff, those who are not there yet.
    pub(super) async fn add_demo_staff(&self, district: &District, plan: &Plan) -> Result<(), DemoError> {
        let file: StaffFile =
            toml::from_str(STAFF).map_err(|_| DemoError::Data("staff.toml cannot be read"))?;
        let now = self.clock.now();
        let attempt = Attempt::by_system(now);
        let posts = posts(plan);
        if posts.len() > file.names.len() {
            return Err(DemoError::Data("staff.toml has too few names"));
        }
        for (post, name) in posts.into_iter().zip(&file.names) {
            let name = StaffName::parse(name).map_err(|_| DemoError::Data("staff.toml has a bad name"))?;
            let id = UserId(self.ids.next_id());
            let user = User { id, district: district.id, name, role: post.role, cell: post.reach };
            if !self.store.insert_user(&user, &attempt).await? {
                continue;
            }
            if let Some((cell, role)) = post.posting {
                let id = PostingId(self.ids.next_id());
                let since = now - POSTED_SINCE;
                let posting = Posting { id, cell, user: user.id, name: user.name, role, since, until: None };
                self.store.insert_posting(district.id, &posting, &attempt).await?;
            }
        }
        Ok(())
    }
}

/// One office each for the district, then everybody who is posted to a cell.
fn posts(plan: &Plan) -> Vec<Post> {
    let office = |role| Post { role, reach: None, posting: None };
    let mut posts: Vec<Post> =
        [Role::Admin, Role::Planner, Role::Dispatcher, Role::Observer].into_iter().map(office).collect();
    for cell in plan.cells() {
        let at = |role, reach: &Cell, posting| Post {
            role,
            reach: Some(reach.id),
            posting: Some((cell.id, posting)),
        };
        posts.push(match cell.rank.0 {
            0 => at(Role::Observer, cell, PostingRole::Commander),
            1 => at(Role::Observer, cell, PostingRole::Supervisor),
            2 => at(Role::Head, cell, PostingRole::Head),
            // A worker of a micro-cell stands in for the others of the cell, and so sees all of it.
            _ => at(
                Role::Worker,
                cell.parent.and_then(|id| plan.cell(id)).unwrap_or(cell),
                PostingRole::Worker,
            ),
        });
    }
    posts
}
