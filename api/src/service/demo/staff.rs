//! The demo's staff: invented people, posted to every cell, and one to sign in as for each role.

use std::collections::HashSet;

use chrono::TimeDelta;
use domain::cell::Cell;
use domain::district::District;
use domain::ids::{CellId, PostingId, UserId};
use domain::level::LevelRank;
use domain::plan::Plan;
use domain::staff::{Posting, PostingRole, User};
use domain::text::StaffName;
use domain::viewer::Role;
use serde::Deserialize;

use super::{DemoError, TOWN_CODE};
use crate::service::Services;
use crate::store::Attempt;

const STAFF: &str = include_str!("../../../demo/staff.toml");
/// Since when they hold their posts, before the demo was made.
const POSTED_SINCE: TimeDelta = TimeDelta::days(120);

#[derive(Deserialize)]
struct StaffFile {
    names: Vec<String>,
    /// `王 Wang`.
    surnames: Vec<String>,
    /// `秀英 Xiuying`.
    given_names: Vec<String>,
}

impl StaffFile {
    fn read() -> Result<Self, DemoError> {
        toml::from_str(STAFF).map_err(|_| DemoError::Data("staff.toml cannot be read"))
    }

    /// The names that a district's staff has: those written out for Helsinki, surnames and given names for the town.
    fn names(&self, code: &str) -> Vec<String> {
        if code != TOWN_CODE {
            return self.names.clone();
        }
        let count = self.surnames.len();
        let pairs = (0..count * self.given_names.len()).map(|number| {
            // Neighbours have neither the one nor the other name in common, and no pair comes twice.
            let given = &self.given_names[(number / count + number) % self.given_names.len()];
            (&self.surnames[number % count], given)
        });
        let joined = pairs.filter_map(|(surname, given)| {
            let (surname, surname_en) = surname.split_once(' ')?;
            let (given, given_en) = given.split_once(' ')?;
            Some(format!("{surname}{given} {surname_en} {given_en}"))
        });
        joined.collect()
    }
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
        let names = StaffFile::read()?.names(district.code.as_str());
        let there = self.store.users(district.id).await?;
        let there: HashSet<&str> = there.iter().map(|user| user.name.as_str()).collect();
        let now = self.clock.now();
        let attempt = Attempt::by_system(now);
        let posts = posts(plan);
        if posts.len() > names.len() {
            return Err(DemoError::Data("staff.toml has too few names"));
        }
        let missing = posts.into_iter().zip(&names).filter(|(_, name)| !there.contains(name.as_str()));
        for (post, name) in missing {
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
        posts.extend(match cell.rank.0 {
            0 => Some(at(Role::Observer, cell, PostingRole::Commander)),
            1 => Some(at(Role::Observer, cell, PostingRole::Supervisor)),
            2 => Some(at(Role::Head, cell, PostingRole::Head)),
            _ => None,
        });
        if plan.children(cell.id).next().is_none() {
            // A worker of a micro-cell stands in for the others of the cell, and so sees all of it.
            let micro = cell.rank > LevelRank(2);
            let reach = cell.parent.filter(|_| micro).and_then(|id| plan.cell(id)).unwrap_or(cell);
            posts.push(at(Role::Worker, reach, PostingRole::Worker));
        }
    }
    posts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_names_for_a_city_and_none_comes_twice() {
        let names = StaffFile::read().expect("staff.toml is embedded").names(TOWN_CODE);
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), 3_600);
        assert_eq!(names[61], "李玉兰 Li Yulan");
        assert!(names.iter().all(|name| StaffName::parse(name).is_ok()));
    }
}
