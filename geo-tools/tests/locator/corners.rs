//! Corners as steep and as sharp as they come: tips to the north, south, east and west, holes between them, and fans of cells
//! that touch in one corner. Each vertex of each ring has an owner, one of the cells that touch it.

use std::collections::{BTreeMap, BTreeSet};

use geo_tools::coverage::Border;
use geo_tools::locator::{Located, Locator, Method};
use geo_tools::{Bounds, Coverage, Leaf, Position};

use crate::patchwork::Patchwork;
use crate::random::Random;

const CENTER: [i64; 2] = [1_134_000_000, 343_000_000];
/// How far a fan reaches.
const REACH: i64 = 60;
/// So far out runs the border of what is around a fan, where that is somebody's.
const AROUND: i64 = 100;
const LEAVES: i64 = 4;

fn position([east, north]: [i64; 2]) -> Position {
    let e7 = |at: i64| i32::try_from(at).expect("in range");
    Position::from_e7(e7(CENTER[0] + east), e7(CENTER[1] + north)).expect("in range")
}

fn cross(a: [i64; 2], b: [i64; 2]) -> i64 {
    a[0] * b[1] - a[1] * b[0]
}

/// Sectors around a corner, each from one way out of it to the next, with an owner or none.
struct Fan {
    /// Counter-clockwise from the east.
    ways: Vec<[i64; 2]>,
    owners: Vec<Option<Leaf>>,
    around: Option<Leaf>,
}

impl Fan {
    fn random(random: &mut Random) -> Self {
        let around = (random.below(3) == 0).then_some(Leaf(0));
        // Narrow fans have many steep ways, wide ones all kinds.
        let reach = if random.below(2) == 0 { [REACH, REACH] } else { [4, REACH] };
        let count = 2 + random.below(7);
        let mut way = || reach.map(|reach| random.below(2 * reach + 1) - reach);
        let mut ways: Vec<[i64; 2]> = (0..count).map(|_| way()).filter(|way| *way != [0, 0]).collect();
        let turn = |[x, y]: &[i64; 2]| (*y as f64).atan2(*x as f64).rem_euclid(std::f64::consts::TAU);
        ways.sort_by(|a, b| turn(a).total_cmp(&turn(b)));
        ways.dedup_by(|a, b| cross(*a, *b) == 0 && a[0] * b[0] + a[1] * b[1] > 0);
        let mut fan = Self { ways, owners: Vec::new(), around };
        for sector in 0..fan.ways.len() {
            let [from, to] = fan.sides(sector);
            let owner = (random.below(3) > 0).then(|| Leaf(random.below(LEAVES) as u32));
            // What is half a turn wide or more is open to what is around.
            fan.owners.push(if cross(from, to) > 0 { owner } else { around });
        }
        fan
    }

    fn sides(&self, sector: usize) -> [[i64; 2]; 2] {
        [self.ways[sector], self.ways[(sector + 1) % self.ways.len()]]
    }

    fn coverage(&self) -> Option<Coverage> {
        let mut borders = Vec::new();
        let mut add = |from, to, left, right| {
            if left != right {
                borders.push(Border { line: vec![position(from), position(to)], left, right });
            }
        };
        for (sector, owner) in self.owners.iter().enumerate() {
            let [from, to] = self.sides(sector);
            let before = self.owners[(sector + self.owners.len() - 1) % self.owners.len()];
            add([0, 0], from, *owner, before);
            if cross(from, to) > 0 {
                add(from, to, *owner, self.around);
            }
        }
        let frame = [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(|corner| corner.map(|at: i64| at * AROUND));
        for side in 0..4 {
            add(frame[side], frame[(side + 1) % 4], self.around, None);
        }
        (!borders.is_empty()).then(|| Coverage::from_borders(LEAVES as usize, borders).expect("a coverage"))
    }

    /// Who owns the middle, really shifted.
    fn shifted(&self) -> Option<Leaf> {
        const FAR: i64 = 1_000_000;
        let within = |way: [i64; 2], sector: usize| {
            let [from, to] = self.sides(sector);
            let (after, before) = (cross(from, way) > 0, cross(way, to) > 0);
            if cross(from, to) > 0 { after && before } else { after || before }
        };
        let owner = |way: [i64; 2]| (0..self.owners.len()).find(|sector| within(way, *sector));
        [[FAR, 1], [-FAR, 1], [FAR, -1], [-FAR, -1]].into_iter().find_map(|way| self.owners[owner(way)?])
    }

    /// Who owns the middle by the whole rule: at last, who has the first sector that is somebody's.
    fn expected(&self) -> Option<Leaf> {
        self.shifted().or_else(|| self.owners.iter().flatten().next().copied())
    }
}

/// Every vertex of every ring, and whose rings they are.
fn vertices(coverage: &Coverage) -> BTreeMap<Position, BTreeSet<Leaf>> {
    let mut touching: BTreeMap<Position, BTreeSet<Leaf>> = BTreeMap::new();
    for leaf in (0..coverage.leaf_count() as u32).map(Leaf) {
        for polygon in coverage.polygons(leaf) {
            for at in polygon.holes.iter().chain([&polygon.exterior]).flatten() {
                touching.entry(*at).or_default().insert(leaf);
            }
        }
    }
    touching
}

/// Demands an owner of every vertex, the same from every door; answers how many.
fn assert_owned(locator: &Locator, coverage: &Coverage, name: &str) -> usize {
    let touching = vertices(coverage);
    let places: Vec<Position> = touching.keys().copied().collect();
    let owners = locator.locate_many(&places);
    for ((at, leaves), owner) in touching.iter().zip(owners) {
        assert!(owner.is_some_and(|owner| leaves.contains(&owner)), "{name}, {at}: {owner:?} of {leaves:?}");
        assert_eq!(locator.owner(*at), owner, "{name}, {at}");
        let expected = Located { leaf: owner, method: Method::Border, distance_to_border_m: Some(0.0) };
        assert_eq!([0.0, 50.0].map(|within_m| locator.locate(*at, within_m)), [expected; 2], "{name}, {at}");
    }
    places.len()
}

#[test]
fn every_vertex_of_every_ring_belongs_to_one_of_the_cells_that_touch_it() {
    let (mut compared, mut steep) = (0, 0);
    for seed in 0..20_000 {
        let fan = Fan::random(&mut Random(seed));
        let Some(coverage) = fan.coverage() else { continue };
        let mut locator = Locator::build(&coverage);
        let name = format!("seed {seed}, {:?} {:?}", fan.ways, fan.owners);
        compared += assert_owned(&locator, &coverage, &name);
        assert_eq!(locator.owner(position([0, 0])), fan.expected(), "{name}");
        steep += usize::from(fan.shifted().is_none() && fan.expected().is_some());
        // The same after a redraw of what is as it was.
        locator.redraw(&coverage, &Bounds::at(position([0, 0])));
        assert_owned(&locator, &coverage, &name);
    }
    println!("{compared} vertices, {steep} middles of fans so steep that no shift leads inside");
    assert!(steep > 1000, "{steep}");
}

#[test]
fn every_vertex_of_a_patchwork_that_was_redrawn_belongs_to_one_of_the_cells_that_touch_it() {
    let mut compared = 0;
    for seed in 0..4 {
        let mut random = Random(seed);
        let mut patchwork = Patchwork::random(&mut random, 20, 3, CENTER);
        let mut locator = Locator::build(&patchwork.coverage(20));
        for change in 0..300 {
            let area = patchwork.change(&mut random, 20, 3);
            let coverage = patchwork.coverage(20);
            locator.redraw(&coverage, &area);
            compared += assert_owned(&locator, &coverage, &format!("seed {seed}, change {change}"));
        }
    }
    assert!(compared > 40_000, "{compared}");
}

#[test]
fn a_tip_belongs_to_its_cell_and_what_lies_a_unit_beyond_it_to_nobody() {
    // Thin darts, each alone: to the north, the south, the east and the west, the last two a little aslant.
    for (tip, [left, right]) in [
        ([0, 900], [[-1, 0], [1, 0]]),
        ([0, -900], [[1, 0], [-1, 0]]),
        ([900, 30], [[0, 1], [0, -1]]),
        ([-900, -30], [[0, -1], [0, 1]]),
    ] {
        let line = [left, right, tip, left].map(position).to_vec();
        let borders = vec![Border { line, left: Some(Leaf(0)), right: None }];
        let locator = Locator::build(&Coverage::from_borders(1, borders).expect("a coverage"));
        let at = position(tip);
        assert_eq!((locator.owner(at), locator.locate_many(&[at])), (Some(Leaf(0)), vec![Some(Leaf(0))]));
        assert_eq!(locator.locate(at, 0.0).method, Method::Border);
        let beyond = position(tip.map(|at| at + at.signum()));
        assert_eq!((locator.owner(beyond), locator.locate(beyond, 0.0).method), (None, Method::Outside));
        assert_eq!(locator.locate(beyond, 1.0).leaf, Some(Leaf(0)), "{tip:?}");
    }
}

#[test]
fn without_a_tolerance_nothing_is_near_however_close_it_lies() {
    // So flat that the places below its western end are less than a millionth of a unit away: in metres that is nothing.
    let line = [[-500_000_000, 0], [0, 1], [0, 1_000_000], [-500_000_000, 0]].map(position).to_vec();
    let borders = vec![Border { line, left: Some(Leaf(0)), right: None }];
    let locator = Locator::build(&Coverage::from_borders(1, borders).expect("a coverage"));
    let mut nothing = 0;
    for beside in (1..1000).map(|east| position([east - 500_000_000, 0])) {
        let located = locator.locate(beside, 0.0);
        assert_eq!((located.leaf, located.method), (None, Method::Outside), "{located:?}");
        nothing += usize::from(located.distance_to_border_m == Some(0.0));
    }
    assert!(nothing > 0, "none is so close");
}
