//! What is asked of a thing: fields by chance, how they are written, and what they are expected to say.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::expect::{any, cell_id, global_id};
use super::oracle::Oracle;
use super::world::{Building, CATEGORIES, District, Household, Incident, POSTING_ROLES, Spot};
use crate::faults::Chance;

/// A thing that can be asked about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Thing<'w> {
    District(&'w District),
    /// A cell by its index in one of the two grids.
    Cell(&'w District, usize, usize),
    Incident(&'w District, &'w Incident),
    Household(&'w District, &'w Household),
    Building(&'w District, &'w Building),
}

/// A field of a selection.
#[derive(Clone, Debug)]
pub(crate) enum Field {
    /// One with nothing of its own below it that changes.
    Leaf(&'static str),
    /// One that is asked for and left out again.
    Skipped(&'static str),
    /// One with a selection.
    Branch { key: String, name: &'static str, filter: Filter, first: usize, fields: Vec<Field> },
}

/// Which incidents.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) stages: Vec<&'static str>,
    pub(crate) categories: Vec<&'static str>,
    pub(crate) open: Option<bool>,
    pub(crate) overdue: Option<bool>,
    pub(crate) reported_after: Option<DateTime<Utc>>,
    pub(crate) reported_before: Option<DateTime<Utc>>,
}

impl Filter {
    pub(crate) fn random(chance: &mut Chance, now: DateTime<Utc>) -> Self {
        let mut filter = Self::default();
        if chance.one_in(2) {
            return filter;
        }
        match chance.below(5) {
            0 => filter.stages = vec![*chance.pick(&["collected", "dispatched", "closed"])],
            1 => filter.categories = vec![chance.pick(&CATEGORIES).code, chance.pick(&CATEGORIES).code],
            2 => filter.open = Some(chance.one_in(2)),
            3 => filter.overdue = Some(chance.one_in(2)),
            _ => {
                let moment = now - TimeDelta::hours(chance.below(200) as i64);
                match chance.one_in(2) {
                    true => filter.reported_after = Some(moment),
                    false => filter.reported_before = Some(moment),
                }
            }
        }
        filter
    }

    pub(crate) fn lets_through(&self, incident: &Incident, now: DateTime<Utc>) -> bool {
        let open = incident.closed_at().is_none();
        let overdue = open && incident.due_at() < now;
        let reported = incident.reported_at();
        (self.stages.is_empty() || self.stages.contains(&incident.stage()))
            && (self.categories.is_empty() || self.categories.contains(&incident.category.code))
            && self.open.is_none_or(|wanted| wanted == open)
            && self.overdue.is_none_or(|wanted| wanted == overdue)
            && self.reported_after.is_none_or(|from| reported >= from)
            && self.reported_before.is_none_or(|before| reported < before)
    }

    /// As an argument; nothing where it asks nothing.
    pub(crate) fn written(&self) -> Option<String> {
        let mut parts = Vec::new();
        if !self.stages.is_empty() {
            parts.push(format!("stages: {:?}", self.stages));
        }
        if !self.categories.is_empty() {
            parts.push(format!("categories: {:?}", self.categories));
        }
        parts.extend(self.open.map(|open| format!("open: {open}")));
        parts.extend(self.overdue.map(|overdue| format!("overdue: {overdue}")));
        parts.extend(self.reported_after.map(|at| format!("reportedAfter: \"{}\"", at.to_rfc3339())));
        parts.extend(self.reported_before.map(|at| format!("reportedBefore: \"{}\"", at.to_rfc3339())));
        (!parts.is_empty()).then(|| format!("filter: {{ {} }}", parts.join(", ")))
    }
}

const INCIDENT_LEAVES: [&str; 14] = [
    "id",
    "version",
    "text",
    "stage { key open }",
    "category { code }",
    "colour",
    "position { lon lat }",
    "planVersion",
    "reportedAt",
    "dueAt",
    "closedAt",
    "overdue",
    "allowedActions",
    "history { at action by note stage { key } }",
];
const HOUSEHOLD_LEAVES: [&str; 7] =
    ["id", "version", "address", "position { lon lat }", "memberCount", "distanceToBorderM", "planVersion"];
const BUILDING_LEAVES: [&str; 4] = ["id", "address", "dwellings", "position { lon lat }"];
const CELL_LEAVES: [&str; 6] =
    ["id", "lineage", "code", "planVersion", "households", "postings { role name }"];
const DISTRICT_LEAVES: [&str; 4] = ["id", "code", "planVersion", "exercise"];

/// What a type has: its name, leaves, and branches.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    leaves: &'static [&'static str],
    branches: &'static [&'static str],
}

pub(crate) const INCIDENT: Kind = Kind { name: "Incident", leaves: &INCIDENT_LEAVES, branches: &["cell"] };
pub(crate) const HOUSEHOLD: Kind =
    Kind { name: "Household", leaves: &HOUSEHOLD_LEAVES, branches: &["cell", "building"] };
pub(crate) const BUILDING: Kind = Kind { name: "Building", leaves: &BUILDING_LEAVES, branches: &[] };
pub(crate) const CELL: Kind = Kind {
    name: "Cell",
    leaves: &CELL_LEAVES,
    branches: &["parent", "ancestors", "children", "counts", "incidents"],
};
pub(crate) const DISTRICT: Kind = Kind { name: "District", leaves: &DISTRICT_LEAVES, branches: &["counts"] };

impl Kind {
    fn below(name: &str) -> Option<&'static Self> {
        match name {
            "cell" | "parent" | "ancestors" | "children" => Some(&CELL),
            "building" => Some(&BUILDING),
            "incidents" => Some(&INCIDENT),
            _ => None,
        }
    }

    /// Fields by chance, at least one.
    pub(crate) fn fields(&self, chance: &mut Chance, now: DateTime<Utc>, depth: usize) -> Vec<Field> {
        let mut fields = Vec::new();
        let wanted = 1 + chance.below(3);
        for leaf in self.leaves {
            if chance.below(self.leaves.len() as u64) < wanted {
                let skipped = chance.one_in(20);
                fields.push(if skipped { Field::Skipped(leaf) } else { Field::Leaf(leaf) });
            }
        }
        for name in self.branches {
            if depth > 0 && chance.one_in(5) {
                let below = Self::below(name).map(|kind| kind.fields(chance, now, depth - 1));
                fields.push(Field::Branch {
                    key: format!("{name}{}", chance.below(1_000_000)),
                    name,
                    filter: Filter::random(chance, now),
                    first: *chance.pick(&[1, 2, 5]),
                    fields: below.unwrap_or_default(),
                });
            }
        }
        fields.push(Field::Leaf("__typename"));
        fields
    }
}

/// The fragments that a document has at its end.
pub(crate) type Fragments = Vec<String>;

/// A selection as text: plain, or behind a fragment of either sort.
pub(crate) fn written(
    fields: &[Field],
    kind: &str,
    chance: &mut Chance,
    fragments: &mut Fragments,
) -> String {
    let mut text = String::new();
    for field in fields {
        match field {
            Field::Leaf(leaf) if chance.one_in(30) => {
                let (name, below) = leaf.split_once(' ').unwrap_or((leaf, ""));
                text.push_str(&format!("{name} @include(if: true) {below} "));
            }
            Field::Leaf(leaf) => text.push_str(&format!("{leaf} ")),
            Field::Skipped(leaf) => {
                let (name, below) = leaf.split_once(' ').unwrap_or((leaf, ""));
                text.push_str(&format!("{name} @skip(if: true) {below} "));
            }
            Field::Branch { key, name, filter, first, fields } => {
                let below = branch_written(name, fields, chance, fragments);
                let arguments = branch_arguments(name, filter, *first);
                text.push_str(&format!("{key}: {name}{arguments} {below} "));
            }
        }
    }
    match chance.below(12) {
        0 => format!("{{ ... on {kind} {{ {text}}} }}"),
        1 if fragments.len() < 40 => {
            let name = format!("F{}", fragments.len());
            fragments.push(format!("fragment {name} on {kind} {{ {text}}}"));
            format!("{{ ...{name} }}")
        }
        _ => format!("{{ {text}}}"),
    }
}

fn branch_arguments(name: &str, filter: &Filter, first: usize) -> String {
    match (name, filter.written()) {
        ("incidents", Some(filter)) => format!("(first: {first}, {filter})"),
        ("incidents", None) => format!("(first: {first})"),
        ("counts", Some(filter)) => format!("({filter})"),
        _ => String::new(),
    }
}

fn branch_written(name: &str, fields: &[Field], chance: &mut Chance, fragments: &mut Fragments) -> String {
    let below = Kind::below(name).map(|kind| written(fields, kind.name, chance, fragments));
    match (name, below) {
        ("incidents", Some(below)) => format!("{{ totalCount nodes {below} pageInfo {{ hasNextPage }} }}"),
        (_, Some(below)) => below,
        (_, None) => "{ open due overdue closed }".to_owned(),
    }
}

impl<'w> Oracle<'w> {
    /// What is expected of a thing that these eyes see.
    pub(crate) fn answer(&self, thing: Thing<'w>, fields: &[Field]) -> Value {
        let mut answer = Map::new();
        for field in fields {
            match field {
                Field::Skipped(_) => {}
                Field::Leaf(leaf) => {
                    let name = leaf.split(' ').next().unwrap_or_default();
                    answer.insert(name.to_owned(), self.leaf(thing, name));
                }
                Field::Branch { key, name, filter, first, fields } => {
                    answer.insert(key.clone(), self.branch(thing, name, filter, *first, fields));
                }
            }
        }
        Value::Object(answer)
    }

    fn leaf(&self, thing: Thing<'w>, name: &str) -> Value {
        match thing {
            Thing::District(district) => match name {
                "id" => json!(super::expect::base64(format!("district:{}", district.id).as_bytes())),
                "code" => json!(district.code),
                "planVersion" => json!(2),
                "exercise" => json!(false),
                _ => json!("District"),
            },
            Thing::Cell(district, grid, cell) => self.cell_leaf(district, grid, cell, name),
            Thing::Incident(district, incident) => self.incident_leaf(district, incident, name),
            Thing::Household(district, home) => self.household_leaf(district, home, name),
            Thing::Building(district, building) => match name {
                "id" => json!(global_id("building", district.id, building.id)),
                "address" => json!(building.address),
                "dwellings" => json!(building.dwellings),
                "position" => place(building.spot),
                _ => json!("Building"),
            },
        }
    }

    fn incident_leaf(&self, district: &District, incident: &Incident, name: &str) -> Value {
        let (_, version) = district.placed(Some(incident.spot));
        let moved = usize::from(version == 2);
        let open = incident.closed_at().is_none();
        match name {
            "id" => json!(global_id("incident", district.id, incident.id)),
            "version" => json!(incident.steps.len() + moved),
            "text" => json!(Some(&incident.text).filter(|_| self.reads_cases(district))),
            "stage" => json!({ "key": incident.stage(), "open": open }),
            "category" => json!({ "code": incident.category.code }),
            "colour" => json!(incident.category.colour),
            "position" => place(incident.spot),
            "planVersion" => json!(version),
            "reportedAt" => json!(incident.reported_at().to_rfc3339()),
            "dueAt" => json!(incident.due_at().to_rfc3339()),
            "closedAt" => json!(incident.closed_at().map(|at| at.to_rfc3339())),
            "overdue" => json!(self.is_overdue(incident)),
            "allowedActions" => match incident.stage() {
                "collected" if self.handles(district) => json!(["DISPATCH", "CLOSE"]),
                "dispatched" if self.handles(district) => json!(["CLOSE"]),
                _ => json!([]),
            },
            "history" => self.history(district, incident),
            _ => json!("Incident"),
        }
    }

    fn history(&self, district: &District, incident: &Incident) -> Value {
        let reads = self.reads_cases(district);
        let stage_after = |action: &str| match action {
            "dispatch" => "dispatched",
            "close" => "closed",
            _ => "collected",
        };
        let steps = incident.steps.iter().map(|step| {
            let name = step.by.map(|person| &self.world.people[person].name);
            json!({
                "at": step.at.to_rfc3339(),
                "action": step.action,
                "by": name.filter(|_| reads),
                "note": step.note.as_ref().filter(|_| reads),
                "stage": { "key": stage_after(step.action) },
            })
        });
        steps.collect()
    }

    fn household_leaf(&self, district: &District, home: &Household, name: &str) -> Value {
        let (_, version) = district.placed(home.spot);
        let reads = self.reads_homes(district);
        match name {
            "id" => json!(global_id("household", district.id, home.id)),
            "version" => json!(version),
            "planVersion" => json!(version),
            "address" => json!(Some(&home.address).filter(|_| reads)),
            "position" => home.spot.filter(|_| reads).map(place).unwrap_or_default(),
            "memberCount" => json!(home.members.filter(|_| reads)),
            "distanceToBorderM" if reads => any(),
            "distanceToBorderM" => Value::Null,
            _ => json!("Household"),
        }
    }

    fn cell_leaf(&self, district: &District, grid: usize, cell: usize, name: &str) -> Value {
        let (cut, version) = (&district.grids[grid], district.grids[grid].version);
        let own = &cut.cells[cell];
        match name {
            "id" => json!(cell_id(district.id, own.id, version)),
            "lineage" => json!(global_id("cell", district.id, own.id)),
            "code" => json!(own.code),
            "planVersion" => json!(version),
            // How many homes there are is a figure of the grid.
            "households" if version == 2 => {
                let leaf = |home: &Household| home.spot.and_then(|spot| cut.leaf_at(spot));
                let here = |home: &&Household| leaf(home).is_some_and(|leaf| cut.is_under(leaf, own.id));
                json!(district.households.iter().filter(here).count())
            }
            "households" => Value::Null,
            "postings" => {
                let held = district.postings.iter().filter(|posting| posting.cell == own.id);
                let seen = held.filter(|posting| self.sees_posting(district, posting.role));
                seen.map(|posting| {
                    let name = &self.world.people[posting.person].name;
                    json!({ "role": POSTING_ROLES[posting.role].0, "name": name })
                })
                .collect()
            }
            _ => json!("Cell"),
        }
    }

    fn branch(&self, thing: Thing<'w>, name: &str, filter: &Filter, first: usize, fields: &[Field]) -> Value {
        match thing {
            Thing::District(district) => self.counts(&self.incidents(district, filter)),
            Thing::Cell(district, grid, cell) => {
                self.cell_branch(district, grid, cell, &Branch { name, filter, first, fields })
            }
            Thing::Incident(district, incident) => self.cell_of(district, Some(incident.spot), fields),
            Thing::Household(district, home) if name == "building" => {
                let building = home.building.filter(|_| self.reads_homes(district));
                let building = building.map(|building| &district.buildings[building]);
                building.map(|one| self.answer(Thing::Building(district, one), fields)).unwrap_or_default()
            }
            Thing::Household(district, home) => self.cell_of(district, home.spot, fields),
            Thing::Building(..) => panic!("a building has no branches"),
        }
    }

    /// The cell that something lies in, as of the grid in which it was located.
    fn cell_of(&self, district: &'w District, spot: Option<Spot>, fields: &[Field]) -> Value {
        let (leaf, version) = district.placed(spot);
        let grid = if version == 2 { 1 } else { 0 };
        let in_grid = leaf.map(|leaf| district.grid().cells[leaf].id);
        let leaf = in_grid.and_then(|id| district.grids[grid].index_of(id));
        leaf.map(|leaf| self.answer(Thing::Cell(district, grid, leaf), fields)).unwrap_or_default()
    }

    fn cell_branch(&self, district: &'w District, grid: usize, cell: usize, branch: &Branch<'_>) -> Value {
        let cut = &district.grids[grid];
        let own = &cut.cells[cell];
        let answer = |cell: usize| self.answer(Thing::Cell(district, grid, cell), branch.fields);
        // What lies in a cell is known of the grid in force.
        let now = district.grid();
        let is_here =
            |incident: &&Incident| now.leaf_at(incident.spot).is_some_and(|leaf| now.is_under(leaf, own.id));
        match branch.name {
            "parent" => own.parent.map(answer).unwrap_or_default(),
            "ancestors" => cut.lineage(cell).into_iter().skip(1).map(answer).collect(),
            "children" => {
                let all = cut.in_order().into_iter();
                all.filter(|&below| cut.cells[below].parent == Some(cell)).map(answer).collect()
            }
            "counts" => {
                if grid == 0 || !self.is_told_figures(district, cell) {
                    return Value::Null;
                }
                let mut here = self.incidents(district, branch.filter);
                here.retain(is_here);
                self.counts(&here)
            }
            _ => {
                let mut here = self.incidents(district, branch.filter);
                here.retain(is_here);
                self.page(district, here, branch.first, branch.fields)
            }
        }
    }

    /// A page of incidents, the newest first.
    pub(crate) fn page(
        &self,
        district: &'w District,
        mut incidents: Vec<&'w Incident>,
        first: usize,
        fields: &[Field],
    ) -> Value {
        incidents.sort_by_key(|incident| std::cmp::Reverse((incident.reported_at(), incident.id)));
        let shown = incidents.iter().take(first);
        let nodes: Vec<Value> =
            shown.map(|incident| self.answer(Thing::Incident(district, incident), fields)).collect();
        json!({
            "totalCount": incidents.len(),
            "nodes": nodes,
            "pageInfo": { "hasNextPage": incidents.len() > first },
        })
    }
}

struct Branch<'a> {
    name: &'a str,
    filter: &'a Filter,
    first: usize,
    fields: &'a [Field],
}

fn place(spot: Spot) -> Value {
    let (lon, lat) = spot.degrees();
    json!({ "lon": lon, "lat": lat })
}
