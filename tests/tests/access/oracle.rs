//! Who may see what, once more and by itself: from `docs/words.md`, the descriptions in the schema and the rules of the
//! product. It knows a described world and nothing of how Gridward is made.

use std::collections::HashMap;

use chrono::TimeDelta;
use serde_json::{Value, json};
use uuid::Uuid;

use super::expect::{Trace, global_id, traces};
use super::select::Filter;
use super::world::{District, Household, Incident, POSTING_ROLES, Person, World};

/// What a role may do in its own district. Elsewhere everybody is the public.
struct Rights {
    /// Sees what reporters and staff wrote of incidents, and who they are.
    reads_cases: bool,
    /// Sees that a household is there.
    counts_homes: bool,
    /// Sees whose it is, where, how many.
    reads_homes: bool,
    /// Sees who holds posts that are not public.
    reads_postings: bool,
    /// Sends incidents on and closes them.
    handles: bool,
    /// Takes files out.
    exports: bool,
}

fn rights_of(role: &str) -> Rights {
    let [reads_cases, counts_homes, reads_homes, reads_postings, handles, exports] = match role {
        "public" | "observer" => [false, false, false, false, false, false],
        "worker" => [true, true, true, false, false, false],
        "head" => [true, true, true, true, true, false],
        "dispatcher" => [true, false, false, true, true, false],
        "planner" => [false, true, false, true, false, true],
        "admin" => [true, true, true, true, true, true],
        other => panic!("{other} is no role"),
    };
    Rights { reads_cases, counts_homes, reads_homes, reads_postings, handles, exports }
}

/// A world as one pair of eyes may see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Oracle<'w> {
    pub(crate) world: &'w World,
    /// Nobody is the public.
    pub(crate) person: Option<&'w Person>,
}

impl<'w> Oracle<'w> {
    /// The person, where the district is their own.
    fn staff_of(&self, district: &District) -> Option<&'w Person> {
        self.person.filter(|person| self.world.districts[person.district].id == district.id)
    }

    fn rights_in(&self, district: &District) -> Rights {
        rights_of(self.staff_of(district).map_or("public", |person| person.role))
    }

    fn lies_in_reach(&self, person: &Person, district: &District, leaf: Option<usize>) -> bool {
        match person.root {
            None => true,
            Some(root) => leaf.is_some_and(|leaf| district.grid().is_under(leaf, root)),
        }
    }

    /// Whether they may know that an incident is there.
    pub(crate) fn sees_incident(&self, district: &District, incident: &Incident) -> bool {
        let leaf = district.grid().leaf_at(incident.spot);
        match self.staff_of(district) {
            Some(person) => self.lies_in_reach(person, district, leaf),
            None => incident.category.public && leaf.is_some(),
        }
    }

    /// Whether they may know that a household is there.
    pub(crate) fn sees_household(&self, district: &District, home: &Household) -> bool {
        let leaf = home.spot.and_then(|spot| district.grid().leaf_at(spot));
        let within = |person| self.lies_in_reach(person, district, leaf);
        self.rights_in(district).counts_homes && self.staff_of(district).is_some_and(within)
    }

    pub(crate) fn reads_cases(&self, district: &District) -> bool {
        self.rights_in(district).reads_cases
    }

    pub(crate) fn counts_homes(&self, district: &District) -> bool {
        self.rights_in(district).counts_homes
    }

    pub(crate) fn reads_homes(&self, district: &District) -> bool {
        self.rights_in(district).reads_homes
    }

    pub(crate) fn handles(&self, district: &District) -> bool {
        self.rights_in(district).handles
    }

    pub(crate) fn exports(&self, district: &District) -> bool {
        self.rights_in(district).exports
    }

    /// Whether they may know who holds a post.
    pub(crate) fn sees_posting(&self, district: &District, role: usize) -> bool {
        POSTING_ROLES[role].1 || self.rights_in(district).reads_postings
    }

    /// Whether figures of a cell are told: to who works for another, they would pass for all that is there.
    pub(crate) fn is_told_figures(&self, district: &District, cell: usize) -> bool {
        let root = self.staff_of(district).and_then(|person| person.root);
        root.is_none_or(|root| district.grid().is_under(cell, root))
    }

    /// The incidents that they see and a filter lets through.
    pub(crate) fn incidents<'d>(&self, district: &'d District, filter: &Filter) -> Vec<&'d Incident> {
        let seen = district.incidents.iter().filter(|incident| self.sees_incident(district, incident));
        seen.filter(|incident| filter.lets_through(incident, self.world.now)).collect()
    }

    pub(crate) fn households<'d>(&self, district: &'d District) -> Vec<&'d Household> {
        district.households.iter().filter(|home| self.sees_household(district, home)).collect()
    }

    pub(crate) fn is_overdue(&self, incident: &Incident) -> bool {
        incident.closed_at().is_none() && incident.due_at() < self.world.now
    }

    /// What figures say of some incidents.
    pub(crate) fn counts(&self, incidents: &[&Incident]) -> Value {
        let now = self.world.now;
        let count = |wanted: &dyn Fn(&Incident) -> bool| incidents.iter().filter(|one| wanted(one)).count();
        let is_open = |incident: &Incident| incident.closed_at().is_none();
        let soon = now..now + TimeDelta::hours(24);
        json!({
            "open": count(&is_open),
            "due": count(&|one| is_open(one) && soon.contains(&one.due_at())),
            "overdue": count(&|one| self.is_overdue(one)),
            "closed": count(&|one| !is_open(one)),
        })
    }

    fn sees_name_of(&self, holder: usize) -> bool {
        let named = &self.world.people[holder];
        if self.person.is_some_and(|person| person.id == named.id) {
            return true;
        }
        self.world.districts.iter().any(|district| {
            let posted = |posting: &&super::world::Posting| posting.person == holder;
            let acted = |incident: &&Incident| incident.steps.iter().any(|step| step.by == Some(holder));
            district.postings.iter().filter(posted).any(|posting| self.sees_posting(district, posting.role))
                || (self.reads_cases(district)
                    && district.incidents.iter().filter(acted).any(|one| self.sees_incident(district, one)))
        })
    }
}

/// What each trace in an answer gives away.
#[derive(Clone, Debug)]
pub(crate) struct Secrets(HashMap<Trace, Secret>);

#[derive(Clone, Copy, Debug)]
enum Secret {
    Incident(usize, usize),
    CaseText(usize, usize),
    Household(usize, usize),
    Address(usize, usize),
    Name(usize),
}

impl Secrets {
    pub(crate) fn of(world: &World) -> Self {
        let mut secrets = HashMap::new();
        let mut keep = |text: &str, secret: Secret| {
            for trace in traces(text.as_bytes()) {
                secrets.insert(trace, secret);
            }
        };
        for (number, district) in world.districts.iter().enumerate() {
            for (index, incident) in district.incidents.iter().enumerate() {
                keep(&global_id("incident", district.id, incident.id), Secret::Incident(number, index));
                let notes = incident.steps.iter().filter_map(|step| step.note.as_deref());
                for text in notes.chain([incident.text.as_str()]) {
                    keep(text, Secret::CaseText(number, index));
                }
            }
            for (index, home) in district.households.iter().enumerate() {
                keep(&global_id("household", district.id, home.id), Secret::Household(number, index));
                keep(&home.address, Secret::Address(number, index));
            }
        }
        for (index, person) in world.people.iter().enumerate() {
            keep(&person.name, Secret::Name(index));
        }
        Self(secrets)
    }

    /// The first thing that bytes give away and these eyes may not see.
    pub(crate) fn leak(&self, oracle: &Oracle<'_>, bytes: &[u8]) -> Option<String> {
        let hidden = |trace: &Trace| self.0.get(trace).is_some_and(|secret| !secret.is_for(oracle));
        let trace = traces(bytes).into_iter().find(hidden)?;
        Some(format!("{trace:?} gives away {:?}", self.0[&trace]))
    }

    /// The ids of incidents and households that bytes give away.
    pub(crate) fn named(&self, bytes: &[u8]) -> Vec<Uuid> {
        let known = traces(bytes).into_iter().filter(|trace| self.0.contains_key(trace));
        known.filter_map(|trace| if let Trace::Id(id) = trace { Some(id) } else { None }).collect()
    }
}

impl Secret {
    fn is_for(self, oracle: &Oracle<'_>) -> bool {
        let district = |number: usize| &oracle.world.districts[number];
        let case = |number: usize, index: usize| &district(number).incidents[index];
        let home = |number: usize, index: usize| &district(number).households[index];
        match self {
            Self::Incident(number, index) => oracle.sees_incident(district(number), case(number, index)),
            Self::CaseText(number, index) => {
                oracle.reads_cases(district(number))
                    && oracle.sees_incident(district(number), case(number, index))
            }
            Self::Household(number, index) => oracle.sees_household(district(number), home(number, index)),
            Self::Address(number, index) => {
                oracle.reads_homes(district(number))
                    && oracle.sees_household(district(number), home(number, index))
            }
            Self::Name(person) => oracle.sees_name_of(person),
        }
    }
}
