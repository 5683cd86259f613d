//! Questions by chance: a field of the root, its arguments and selection, and what it is expected to answer.

use serde_json::{Value, json};
use uuid::Uuid;

use super::expect::{any, base64, cell_id, clusters, global_id, some_of};
use super::oracle::Oracle;
use super::random::WORDS;
use super::select::{
    BUILDING, CELL, DISTRICT, Field, Filter, Fragments, HOUSEHOLD, INCIDENT, Kind, Thing, written,
};
use super::world::{District, Grid, Household, Incident, STEP, Spot};
use crate::faults::Chance;

/// One question.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) alias: String,
    pub(crate) text: String,
    pub(crate) expected: Expected,
}

/// What comes of it.
#[derive(Clone, Debug)]
pub(crate) enum Expected {
    Value(Value),
    /// Null and an error with this code.
    Refused(&'static str),
}

/// Asks by chance.
pub(crate) struct Asking<'a, 'w> {
    pub(crate) oracle: Oracle<'w>,
    pub(crate) chance: &'a mut Chance,
    pub(crate) fragments: &'a mut Fragments,
}

/// Which part of a district.
#[derive(Clone, Copy, Debug)]
enum Area {
    Everywhere,
    /// West, south, east, north.
    Within([i32; 4]),
    Cell(Uuid),
    Subtree(Uuid),
    /// A cell of another district.
    Foreign(Uuid, Uuid),
}

impl<'w> Asking<'_, 'w> {
    /// The question with a number in its document.
    pub(crate) fn question(&mut self, number: usize) -> Question {
        let alias = format!("q{number}");
        // What costs little is asked often.
        let (text, expected) = match self.chance.below(60) {
            0..=4 => self.incidents(),
            5..=7 => self.households(),
            8 | 9 => self.search(),
            10 => self.cells(),
            11 | 12 => self.cell(),
            13 => self.clusters(),
            14 => self.district(),
            15 => self.locate(),
            16 => self.viewer(),
            _ => self.node(),
        };
        Question { text: format!("{alias}: {text}"), alias, expected }
    }

    /// More often than not the viewer's own.
    fn any_district(&mut self) -> &'w District {
        let own = self.oracle.person.map(|person| person.district).filter(|_| !self.chance.one_in(4));
        let number = own.unwrap_or_else(|| self.chance.below(2) as usize);
        &self.oracle.world.districts[number]
    }

    fn fields(&mut self, kind: &Kind) -> Vec<Field> {
        let depth = self.chance.below(3) as usize;
        kind.fields(self.chance, self.oracle.world.now, depth)
    }

    fn written(&mut self, fields: &[Field], kind: &str) -> String {
        written(fields, kind, self.chance, self.fragments)
    }

    fn filter(&mut self) -> Filter {
        Filter::random(self.chance, self.oracle.world.now)
    }

    fn node(&mut self) -> (String, Expected) {
        let district = self.any_district();
        let other =
            &self.oracle.world.districts[usize::from(self.oracle.world.districts[0].id == district.id)];
        // What lies in one district and is asked for in another is not there.
        let (kind, thing, id): (&Kind, Option<Thing<'w>>, String) = match self.chance.below(9) {
            0..=3 => {
                let one = self.chance.pick(&district.incidents);
                let seen = self.oracle.sees_incident(district, one).then_some(Thing::Incident(district, one));
                (&INCIDENT, seen, global_id("incident", district.id, one.id))
            }
            4 | 5 => {
                let one = self.chance.pick(&district.households);
                if !self.oracle.counts_homes(district) {
                    let id = global_id("household", district.id, one.id);
                    return (format!("node(id: {id:?}) {{ id }}"), Expected::Refused("FORBIDDEN"));
                }
                let seen =
                    self.oracle.sees_household(district, one).then_some(Thing::Household(district, one));
                (&HOUSEHOLD, seen, global_id("household", district.id, one.id))
            }
            6 => {
                let one = self.chance.pick(&district.buildings);
                (&BUILDING, Some(Thing::Building(district, one)), global_id("building", district.id, one.id))
            }
            7 => {
                let grid = self.chance.below(2) as usize;
                let cell = self.chance.below(district.grids[grid].cells.len() as u64) as usize;
                let id = district.grids[grid].cells[cell].id;
                let id = cell_id(district.id, id, district.grids[grid].version);
                (&CELL, Some(Thing::Cell(district, grid, cell)), id)
            }
            _ => match self.chance.below(3) {
                0 => {
                    let id = base64(format!("district:{}", district.id).as_bytes());
                    (&DISTRICT, Some(Thing::District(district)), id)
                }
                1 => (
                    &INCIDENT,
                    None,
                    global_id("incident", other.id, self.chance.pick(&district.incidents).id),
                ),
                _ => (&INCIDENT, None, global_id("incident", district.id, self.chance.id())),
            },
        };
        let fields = self.fields(kind);
        let below = self.written(&fields, kind.name);
        let answer = thing.map(|thing| self.oracle.answer(thing, &fields)).unwrap_or_default();
        (format!("node(id: {id:?}) {{ ... on {} {below} }}", kind.name), Expected::Value(answer))
    }

    fn area(&mut self, district: &District) -> Area {
        let grid = &district.grids[self.chance.below(2) as usize];
        let cell = self.chance.pick(&grid.cells).id;
        match self.chance.below(12) {
            0..=2 => Area::Cell(cell),
            3..=5 => Area::Subtree(cell),
            6..=8 => Area::Within(self.bounds(grid)),
            9 => {
                let others = &self.oracle.world.districts;
                let other = &others[usize::from(others[0].id == district.id)];
                Area::Foreign(other.id, self.chance.pick(&other.grids[0].cells).id)
            }
            _ => Area::Everywhere,
        }
    }

    fn bounds(&mut self, grid: &Grid) -> [i32; 4] {
        let mut side = |low: i32, squares: i32| {
            let ends = [0, 1].map(|_| self.chance.between(low - STEP / 2, low + squares * STEP + STEP / 2));
            [ends[0].min(ends[1]), ends[0].max(ends[1])]
        };
        let [west, east] = side(grid.west, grid.columns);
        let [south, north] = side(grid.south, grid.rows());
        [west, south, east, north]
    }

    /// A page's size, as an argument where it is not what is usual.
    fn first(&mut self) -> usize {
        *self.chance.pick(&[1, 2, 3, 10, 200])
    }

    fn incidents(&mut self) -> (String, Expected) {
        let (district, filter, first) = (self.any_district(), self.filter(), self.first());
        let area = self.area(district);
        let fields = self.fields(&INCIDENT);
        let below = self.written(&fields, INCIDENT.name);
        let mut arguments = vec![format!("district: {:?}, first: {first}", district.code)];
        arguments.extend(area.written(district));
        arguments.extend(filter.written());
        let text = format!(
            "incidents({}) {{ totalCount nodes {below} pageInfo {{ hasNextPage }} }}",
            arguments.join(", ")
        );
        if matches!(area, Area::Foreign(..)) {
            return (text, Expected::Refused("INVALID_ID"));
        }
        let mut seen = self.oracle.incidents(district, &filter);
        seen.retain(|incident| area.holds(district, Some(incident.spot)));
        (text, Expected::Value(self.oracle.page(district, seen, first, &fields)))
    }

    fn households(&mut self) -> (String, Expected) {
        let (district, first) = (self.any_district(), self.first());
        let area = self.area(district);
        let fields = self.fields(&HOUSEHOLD);
        let below = self.written(&fields, HOUSEHOLD.name);
        let mut arguments = vec![format!("district: {:?}, first: {first}", district.code)];
        arguments.extend(area.written(district));
        let text = format!(
            "households({}) {{ totalCount nodes {below} pageInfo {{ hasNextPage }} }}",
            arguments.join(", ")
        );
        let narrow = matches!(area, Area::Within(_)) && !self.oracle.reads_homes(district);
        if matches!(area, Area::Foreign(..)) {
            return (text, Expected::Refused("INVALID_ID"));
        }
        if narrow || !self.oracle.counts_homes(district) {
            return (text, Expected::Refused("FORBIDDEN"));
        }
        let mut seen = self.oracle.households(district);
        seen.retain(|home| area.holds(district, home.spot));
        let answer = |home: &&'w Household| self.oracle.answer(Thing::Household(district, home), &fields);
        let nodes: Vec<Value> = seen.iter().map(answer).collect();
        let expected = json!({
            "totalCount": seen.len(),
            "nodes": some_of(first.min(seen.len()), nodes),
            "pageInfo": { "hasNextPage": seen.len() > first },
        });
        (text, Expected::Value(expected))
    }

    /// Words, beginnings of them, and the marks of what is hidden.
    fn search(&mut self) -> (String, Expected) {
        let (district, first) = (self.any_district(), self.first());
        let wanted = match self.chance.below(6) {
            0..=2 => (*self.chance.pick(&WORDS)).to_owned(),
            3 => self.chance.pick(&WORDS)[..3].to_uppercase(),
            4 => "km0".to_owned(),
            _ => {
                let text = &self.chance.pick(&district.incidents).text;
                text.rsplit(' ').next().unwrap_or_default().to_owned()
            }
        };
        let text = format!(
            "search(district: {:?}, text: {wanted:?}, first: {first}) {{ kind title detail node {{ __typename id }} }}",
            district.code
        );
        let wanted = wanted.to_lowercase();
        let begins = |text: &str| text.split(' ').any(|word| word.to_lowercase().starts_with(&wanted));
        let mut hits = Vec::new();
        let mut hit = |kind: &str, title: &str, detail: Option<&str>, type_name: &str, id: String| {
            let node = json!({ "__typename": type_name, "id": id });
            hits.push(json!({ "kind": kind, "title": title, "detail": detail, "node": node }));
        };
        for one in district.buildings.iter().filter(|one| begins(&one.address)) {
            let id = global_id("building", district.id, one.id);
            hit("BUILDING", &one.address, None, "Building", id);
        }
        let reads_homes = self.oracle.reads_homes(district);
        let homes = self.oracle.households(district).into_iter().filter(|one| begins(&one.address));
        for one in homes.filter(|_| reads_homes) {
            let id = global_id("household", district.id, one.id);
            hit("HOUSEHOLD", &one.address, None, "Household", id);
        }
        let reads_cases = self.oracle.reads_cases(district);
        let cases = self.oracle.incidents(district, &Filter::default()).into_iter();
        for one in cases.filter(|one| reads_cases && begins(&one.text)) {
            let id = global_id("incident", district.id, one.id);
            hit("INCIDENT", &one.text, Some(one.category.code), "Incident", id);
        }
        (text, Expected::Value(some_of(first.min(hits.len()), hits)))
    }

    fn cells(&mut self) -> (String, Expected) {
        let (district, first) = (self.any_district(), *self.chance.pick(&[1, 3, 5]));
        let (area, grid) = (self.area(district), self.chance.below(2) as usize);
        let cut = &district.grids[grid];
        let fields = self.fields(&CELL);
        let below = self.written(&fields, CELL.name);
        let mut arguments = vec![format!("district: {:?}, first: {first}", district.code)];
        arguments.extend(area.written(district));
        if grid == 0 {
            arguments.push("at: { planVersion: 1 }".to_owned());
        }
        let text = format!("cells({}) {{ totalCount nodes {below} }}", arguments.join(", "));
        let chosen: Vec<usize> = match area {
            Area::Foreign(..) => return (text, Expected::Refused("INVALID_ID")),
            Area::Cell(root) | Area::Subtree(root) if cut.index_of(root).is_none() => {
                return (text, Expected::Refused("NOT_FOUND"));
            }
            Area::Everywhere => cut.in_order(),
            Area::Cell(root) => cut.index_of(root).into_iter().collect(),
            Area::Subtree(root) => {
                cut.in_order().into_iter().filter(|&cell| cut.is_under(cell, root)).collect()
            }
            Area::Within([west, south, east, north]) => {
                let overlaps = |&cell: &usize| {
                    let own = cut.bounds(cell);
                    own[0] <= east && own[2] >= west && own[1] <= north && own[3] >= south
                };
                cut.in_order().into_iter().filter(overlaps).collect()
            }
        };
        let nodes: Vec<Value> = chosen
            .iter()
            .take(first)
            .map(|&cell| self.oracle.answer(Thing::Cell(district, grid, cell), &fields))
            .collect();
        (text, Expected::Value(json!({ "totalCount": chosen.len(), "nodes": nodes })))
    }

    fn cell(&mut self) -> (String, Expected) {
        let (district, grid) = (self.any_district(), self.chance.below(2) as usize);
        let from = &district.grids[self.chance.below(2) as usize];
        let code = self.chance.pick(&from.cells).code.clone();
        let fields = self.fields(&CELL);
        let below = self.written(&fields, CELL.name);
        let at = if grid == 0 { ", at: { planVersion: 1 }" } else { "" };
        let cell = district.grids[grid].cells.iter().position(|cell| cell.code == code);
        let answer = cell.map(|cell| self.oracle.answer(Thing::Cell(district, grid, cell), &fields));
        let text = format!("cell(district: {:?}, code: {code:?}{at}) {below}", district.code);
        (text, Expected::Value(answer.unwrap_or_default()))
    }

    fn clusters(&mut self) -> (String, Expected) {
        let (district, filter) = (self.any_district(), self.filter());
        let area = match self.area(district) {
            Area::Everywhere => Area::Within(self.bounds(district.grid())),
            area => area,
        };
        let fields = self.fields(&INCIDENT);
        let below = self.written(&fields, INCIDENT.name);
        let mut arguments = vec![format!("district: {:?}, zoom: {}", district.code, self.chance.below(23))];
        arguments.extend(area.written(district));
        arguments.extend(filter.written());
        let text =
            format!("clusters({}) {{ count openCount overdueCount incident {below} }}", arguments.join(", "));
        if matches!(area, Area::Foreign(..)) {
            return (text, Expected::Refused("INVALID_ID"));
        }
        let mut seen = self.oracle.incidents(district, &filter);
        seen.retain(|incident| area.holds(district, Some(incident.spot)));
        let open = seen.iter().filter(|incident| incident.closed_at().is_none()).count();
        let overdue = seen.iter().filter(|incident| self.oracle.is_overdue(incident)).count();
        let answer = |one: &&'w Incident| self.oracle.answer(Thing::Incident(district, one), &fields);
        let alone = seen.iter().map(answer).collect();
        (text, Expected::Value(clusters([seen.len(), open, overdue], alone)))
    }

    fn district(&mut self) -> (String, Expected) {
        let fields = self.fields(&DISTRICT);
        let below = self.written(&fields, DISTRICT.name);
        if self.chance.one_in(3) {
            let mut all: Vec<&District> = self.oracle.world.districts.iter().collect();
            all.sort_by_key(|district| &district.code);
            let answers = all.into_iter().map(|one| self.oracle.answer(Thing::District(one), &fields));
            return (format!("districts {below}"), Expected::Value(answers.collect()));
        }
        let district = self.any_district();
        let answer = self.oracle.answer(Thing::District(district), &fields);
        (format!("district(code: {:?}) {below}", district.code), Expected::Value(answer))
    }

    fn locate(&mut self) -> (String, Expected) {
        let district = self.any_district();
        let spots: Vec<Spot> =
            (0..1 + self.chance.below(3)).map(|_| self.chance.pick(&district.incidents).spot).collect();
        let fields = self.fields(&CELL);
        let below = self.written(&fields, CELL.name);
        let answer = |spot: &Spot| {
            let leaf = district.grid().leaf_at(*spot);
            let cell = leaf.map(|leaf| self.oracle.answer(Thing::Cell(district, 1, leaf), &fields));
            json!({ "cell": cell, "method": any() })
        };
        let expected = Expected::Value(spots.iter().map(answer).collect());
        let positions: Vec<String> = spots.iter().map(|spot| position(*spot)).collect();
        let text = format!(
            "locateMany(district: {:?}, positions: [{}]) {{ cell {below} method }}",
            district.code,
            positions.join(", ")
        );
        (text, expected)
    }

    fn viewer(&mut self) -> (String, Expected) {
        let fields = self.fields(&DISTRICT);
        let below = self.written(&fields, DISTRICT.name);
        let text = format!("viewer {{ role name cell {{ code }} district {below} }}");
        let Some(person) = self.oracle.person else {
            let nobody = json!({ "role": "PUBLIC", "name": null, "cell": null, "district": null });
            return (text, Expected::Value(nobody));
        };
        let district = &self.oracle.world.districts[person.district];
        let cell = person.root.and_then(|root| district.grid().index_of(root));
        let expected = json!({
            "role": person.role.to_uppercase(),
            "name": person.name,
            "cell": cell.map(|cell| json!({ "code": district.grid().cells[cell].code })),
            "district": self.oracle.answer(Thing::District(district), &fields),
        });
        (text, Expected::Value(expected))
    }
}

impl Area {
    fn written(self, district: &District) -> Option<String> {
        let degrees = |units: i32| f64::from(units) / 1e7;
        let named = |place: &str, district: Uuid, cell: Uuid| {
            format!("area: {{ {place}: {:?} }}", global_id("cell", district, cell))
        };
        Some(match self {
            Self::Everywhere => return None,
            Self::Cell(cell) => named("cell", district.id, cell),
            Self::Subtree(cell) => named("subtree", district.id, cell),
            Self::Foreign(other, cell) => named("subtree", other, cell),
            Self::Within(bounds) => {
                let [west, south, east, north] = bounds.map(degrees);
                format!(
                    "area: {{ within: {{ west: {west:.7}, south: {south:.7}, east: {east:.7}, north: {north:.7}, datum: WGS84 }} }}"
                )
            }
        })
    }

    /// Whether something at a spot lies in it, as the grid is now.
    fn holds(self, district: &District, spot: Option<Spot>) -> bool {
        let grid = district.grid();
        let leaf = spot.and_then(|spot| grid.leaf_at(spot));
        match self {
            Self::Everywhere => true,
            Self::Within([west, south, east, north]) => spot
                .is_some_and(|spot| (west..=east).contains(&spot.lon) && (south..=north).contains(&spot.lat)),
            Self::Cell(cell) => leaf.is_some_and(|leaf| grid.cells[leaf].id == cell),
            Self::Subtree(root) => leaf.is_some_and(|leaf| grid.is_under(leaf, root)),
            Self::Foreign(..) => false,
        }
    }
}

fn position(spot: Spot) -> String {
    let (lon, lat) = spot.degrees();
    format!("{{ lon: {lon:.7}, lat: {lat:.7}, datum: WGS84 }}")
}
