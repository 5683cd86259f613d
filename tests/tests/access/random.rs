//! Worlds by chance.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::world::{
    Building, CATEGORIES, Cell, District, Grid, Household, Incident, Mark, POSTING_ROLES, Person, Posting,
    STEP, Spot, Step, World,
};
use crate::faults::Chance;

/// Words that texts and addresses are made of, and that are searched for.
pub(crate) const WORDS: [&str; 6] = ["lamp", "river", "market", "bridge", "school", "garden"];
const ROLES: [&str; 6] = ["observer", "worker", "head", "dispatcher", "planner", "admin"];
const PEOPLE: usize = 9;
const INCIDENTS: usize = 36;
const HOMES: usize = 14;
const BUILDINGS: usize = 4;
/// What lies outside keeps so far from the cells that none of them is near enough to take it in: 25 m are 2,322 units here.
const NEAR: i32 = 4_000;

impl Chance {
    pub(crate) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }

    pub(crate) fn between(&mut self, low: i32, high: i32) -> i32 {
        low + self.below((high - low + 1) as u64) as i32
    }

    pub(crate) fn id(&mut self) -> Uuid {
        let mut half = || u128::from(self.below(u64::MAX));
        uuid::Builder::from_random_bytes(((half() << 64) | half()).to_be_bytes()).into_uuid()
    }
}

/// Marks that were given.
struct Marks(u32);

impl Marks {
    fn next(&mut self) -> Mark {
        self.0 += 1;
        Mark(self.0)
    }
}

/// A world of two districts that begins at a time. Ids that the server gives are nil yet.
pub(crate) fn world(chance: &mut Chance, begin: DateTime<Utc>) -> World {
    let mut marks = Marks(0);
    let mut world = World { districts: Vec::new(), people: Vec::new(), now: begin };
    for number in 0..2 {
        let grids = grids(chance, number);
        let code = ["west", "east"][number].to_owned();
        let (incidents, households, buildings, postings) = Default::default();
        let id = chance.id();
        world.districts.push(District { id, code, grids, incidents, households, buildings, postings });
        for index in 0..PEOPLE {
            let person = person(chance, &mut marks, &world.districts[number], number, index);
            world.people.push(person);
        }
    }
    for number in 0..2 {
        let staff: Vec<usize> =
            (0..world.people.len()).filter(|&person| world.people[person].district == number).collect();
        world.districts[number].postings = postings(chance, &world.districts[number], &staff, begin);
        homes(chance, &mut marks, &mut world.districts[number]);
    }
    incidents(chance, &mut marks, &mut world);
    world
}

/// The first of a district are an admin and a dispatcher for all of it; the others are what chance makes them.
fn person(
    chance: &mut Chance,
    marks: &mut Marks,
    district: &District,
    number: usize,
    index: usize,
) -> Person {
    let role = match index {
        0 => "admin",
        1 => "dispatcher",
        _ => ROLES[(index + chance.below(6) as usize) % 6],
    };
    let every: Vec<Uuid> = district.grids.iter().flat_map(|grid| &grid.cells).map(|cell| cell.id).collect();
    let root = (index > 1 && !chance.one_in(4)).then(|| *chance.pick(&every));
    Person {
        id: chance.id(),
        name: format!("Staff {}", marks.next()),
        token: format!("token-{}", chance.id()),
        district: number,
        role,
        root,
        expired: index == PEOPLE - 1,
    }
}

/// A township of some columns, communities of some rows, some cells cut once more; then the same, redrawn.
fn grids(chance: &mut Chance, number: usize) -> [Grid; 2] {
    let (columns, rows) = (chance.between(3, 4), chance.between(3, 4));
    let mut cells: Vec<Cell> = Vec::new();
    let mut squares = Vec::new();
    let parted = chance.between(1, columns - 1);
    let mut add = |cells: &mut Vec<Cell>, rank: u8, parent: Option<usize>| {
        let code = format!("{}{}", ["t", "k", "c", "m"][usize::from(rank)], cells.len());
        cells.push(Cell { id: chance.id(), code, rank, parent });
        cells.len() - 1
    };
    let townships = [add(&mut cells, 0, None), add(&mut cells, 0, None)];
    let mut communities: [Option<usize>; 4] = [None; 4];
    let mut cut: Option<usize> = None;
    for square in 0..columns * rows {
        let (column, row) = (square % columns, square / columns);
        let side = usize::from(column >= parted);
        if let (Some(above), 3) = (cut, row + column) {
            squares.push(add(&mut cells, 3, Some(above)));
            continue;
        }
        // The first row lies straight below its township.
        let parent = match row {
            0 => townships[side],
            _ => {
                let place = side * 2 + usize::from(row > 1);
                *communities[place].get_or_insert_with(|| add(&mut cells, 1, Some(townships[side])))
            }
        };
        let leaf = match (cut, row + column) {
            (None, 2 | 3) if row > 0 => {
                let above = add(&mut cells, 2, Some(parent));
                cut = Some(above);
                add(&mut cells, 3, Some(above))
            }
            _ => add(&mut cells, 2, Some(parent)),
        };
        squares.push(leaf);
    }
    let west = 1_209_800_000 + number as i32 * 10_000_000;
    let first = Grid { version: 1, west, south: 145_800_000, columns, cells, squares };
    let second = redrawn(chance, &first);
    [first, second]
}

/// Two leaves change places, a leaf is given up for a new one, and a community goes to the other township.
fn redrawn(chance: &mut Chance, first: &Grid) -> Grid {
    let mut grid = Grid { version: 2, ..first.clone() };
    let count = grid.squares.len();
    let [one, other] = [0, 1].map(|half| half * count / 2 + chance.below(count as u64 / 2) as usize);
    grid.squares.swap(one, other);
    let given_up = *chance.pick(&grid.squares);
    grid.cells[given_up] =
        Cell { id: chance.id(), code: format!("new{given_up}"), ..grid.cells[given_up].clone() };
    let communities: Vec<usize> = (0..grid.cells.len()).filter(|&cell| grid.cells[cell].rank == 1).collect();
    let moved = *chance.pick(&communities);
    grid.cells[moved].parent = grid.cells[moved].parent.map(|township| 1 - township);
    grid
}

fn postings(chance: &mut Chance, district: &District, staff: &[usize], begin: DateTime<Utc>) -> Vec<Posting> {
    let mut postings: Vec<Posting> = Vec::new();
    for cell in &district.grid().cells {
        for role in 0..POSTING_ROLES.len() {
            if chance.one_in(5) {
                let person = *chance.pick(staff);
                postings.push(Posting { cell: cell.id, person, role, since: begin - TimeDelta::days(3) });
            }
        }
    }
    postings
}

fn spot(chance: &mut Chance, grid: &Grid) -> Spot {
    let [width, height] = [grid.columns, grid.rows()].map(|count| count * STEP);
    let mut along = |whole: i32| {
        if chance.one_in(10) {
            return chance.between(0, whole / STEP) * STEP;
        }
        match chance.between(-whole / 10, whole + whole / 10) {
            near if (-NEAR..0).contains(&near) => -NEAR,
            near if (whole + 1..=whole + NEAR).contains(&near) => whole + NEAR,
            units => units,
        }
    };
    let (x, y) = (along(width), along(height));
    Spot { lon: grid.west + x, lat: grid.south + y }
}

/// A spot that no other thing has.
fn own_spot(chance: &mut Chance, grid: &Grid, taken: &mut Vec<Spot>) -> Spot {
    for _ in 0..100 {
        let spot = spot(chance, grid);
        if !taken.contains(&spot) {
            taken.push(spot);
            return spot;
        }
    }
    panic!("a hundred spots and each is taken")
}

fn homes(chance: &mut Chance, marks: &mut Marks, district: &mut District) {
    let (id, mut taken) = (Uuid::nil(), Vec::new());
    for number in 0..BUILDINGS {
        let address = format!("Stone {} {number}", chance.pick(&WORDS));
        let spot = own_spot(chance, district.grid(), &mut taken);
        let (source, dwellings) = (format!("b-{number}"), chance.between(1, 3) as u32);
        for dwelling in 1..=dwellings {
            district.households.push(Household {
                id,
                address: address.clone(),
                members: None,
                spot: Some(spot),
                building: Some(number),
                source: Some(format!("{source}/{dwelling}")),
            });
        }
        district.buildings.push(Building { id, source, address, spot, dwellings });
    }
    for _ in 0..HOMES {
        let spot = (!chance.one_in(6)).then(|| own_spot(chance, district.grid(), &mut taken));
        let address = format!("Jade {} {}", chance.pick(&WORDS), marks.next());
        let members = (!chance.one_in(4)).then(|| chance.below(9) as u32);
        district.households.push(Household { id, address, members, spot, building: None, source: None });
    }
}

/// Reports one after the other, and what was done to some of them in between.
fn incidents(chance: &mut Chance, marks: &mut Marks, world: &mut World) {
    let mut taken = Vec::new();
    for _ in 0..INCIDENTS {
        for number in 0..2 {
            world.now += TimeDelta::minutes(chance.between(1, 600).into());
            let staff: Vec<usize> = (0..world.people.len())
                .filter(|&person| {
                    let person = &world.people[person];
                    person.district == number
                        && person.root.is_none()
                        && matches!(person.role, "admin" | "dispatcher" | "head")
                        && !person.expired
                })
                .collect();
            let by = (!chance.one_in(3)).then(|| *chance.pick(&staff));
            let district = &mut world.districts[number];
            let text = format!("{} {} {}", chance.pick(&WORDS), chance.pick(&WORDS), marks.next());
            let steps = vec![Step { action: "report", at: world.now, by, note: None }];
            let (category, spot) = (*chance.pick(&CATEGORIES), own_spot(chance, district.grid(), &mut taken));
            district.incidents.push(Incident { id: Uuid::nil(), text, category, spot, steps });
            if chance.one_in(2) {
                world.now += TimeDelta::minutes(1);
                let changed = chance.below(district.incidents.len() as u64) as usize;
                let incident = &mut district.incidents[changed];
                let action = match incident.stage() {
                    "closed" => continue,
                    "collected" if chance.one_in(2) => "dispatch",
                    _ => "close",
                };
                let note = (action == "close" || chance.one_in(2)).then(|| format!("done {}", marks.next()));
                let by = Some(*chance.pick(&staff));
                incident.steps.push(Step { action, at: world.now, by, note });
            }
        }
    }
}
