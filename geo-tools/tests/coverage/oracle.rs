//! Random maps against slow obvious answers: cells of a lattice with owners by chance, so that enclaves lie in enclaves,
//! areas fall into pieces, holes touch at a point and faces meet at a corner only.

use std::collections::{BTreeMap, BTreeSet};

use geo_tools::coverage::{Area, BuildOptions, Coverage, Leaf, build};
use geo_tools::{Code, Geometry, Polygon, Position, Severity};

use crate::random::Random;
use crate::simplify::{TOLERANCES_M, check_simplified};

const STEP: i32 = 1000;

fn at(x: i32, y: i32) -> Position {
    Position::from_e7(1_210_000_000 + x, 140_000_000 + y).expect("in range")
}

/// Owners of the squares of a lattice; `None` is a declared void or outside.
struct Lattice {
    width: usize,
    height: usize,
    owners: Vec<Option<usize>>,
    /// Where each corner of a square is drawn: moved at random, so that borders run in all directions.
    corners: Vec<Position>,
}

impl Lattice {
    fn random(leaf_count: usize, with_voids: bool, random: &mut Random) -> Self {
        let (width, height) = (3 + random.below(8), 3 + random.below(8));
        let owners = (0..width * height)
            .map(|_| if with_voids && random.below(6) == 0 { None } else { Some(random.below(leaf_count)) })
            .collect();
        let mut corners = Vec::new();
        for y in 0..=height as i32 {
            for x in 0..=width as i32 {
                let mut jitter = || random.below(500) as i32 - 250;
                corners.push(at(x * STEP + jitter(), y * STEP + jitter()));
            }
        }
        Self { width, height, owners, corners }
    }

    fn owner(&self, x: i32, y: i32) -> Option<usize> {
        let inside = (0..self.width as i32).contains(&x) && (0..self.height as i32).contains(&y);
        if inside { self.owners[y as usize * self.width + x as usize] } else { None }
    }

    fn corner(&self, x: i32, y: i32) -> Position {
        self.corners[y as usize * (self.width + 1) + x as usize]
    }

    fn squares(&self) -> impl Iterator<Item = (i32, i32)> {
        let width = self.width as i32;
        (0..self.owners.len() as i32).map(move |square| (square % width, square / width))
    }

    fn square(&self, (x, y): (i32, i32)) -> Polygon {
        let exterior = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)];
        Polygon { exterior: exterior.iter().map(|&(x, y)| self.corner(x, y)).collect(), holes: Vec::new() }
    }

    /// A position well inside a square: corners move by a quarter of a step at most.
    fn middle(&self, (x, y): (i32, i32)) -> Position {
        at(x * STEP + STEP / 2, y * STEP + STEP / 2)
    }

    /// Every leaf as its squares, one polygon each.
    fn areas(&self, leaf_count: usize) -> Vec<Area> {
        let mut areas: Vec<Area> =
            (0..leaf_count).map(|leaf| Area { name: format!("leaf {leaf}"), polygons: Vec::new() }).collect();
        for square in self.squares() {
            if let Some(owner) = self.owner(square.0, square.1) {
                areas[owner].polygons.push(self.square(square));
            }
        }
        areas
    }

    fn voids(&self) -> Vec<Polygon> {
        self.squares()
            .filter(|&(x, y)| self.owner(x, y).is_none())
            .map(|square| self.square(square))
            .collect()
    }

    /// Squares without owner that no way over sides, without owner either, joins to the outside.
    fn enclosed(&self) -> BTreeSet<(i32, i32)> {
        let (width, height) = (self.width as i32, self.height as i32);
        let mut open = vec![(-1, -1)];
        let mut reached: BTreeSet<(i32, i32)> = open.iter().copied().collect();
        while let Some((x, y)) = open.pop() {
            for next in [(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)] {
                let is_near = (-1..=width).contains(&next.0) && (-1..=height).contains(&next.1);
                if is_near && self.owner(next.0, next.1).is_none() && reached.insert(next) {
                    open.push(next);
                }
            }
        }
        self.squares()
            .filter(|square| self.owner(square.0, square.1).is_none() && !reached.contains(square))
            .collect()
    }

    /// How many sides of squares each two leaves share.
    fn shared_sides(&self) -> BTreeMap<(usize, usize), usize> {
        let mut shared = BTreeMap::new();
        for (x, y) in self.squares() {
            for (other_x, other_y) in [(x + 1, y), (x, y + 1)] {
                if let (Some(a), Some(b)) = (self.owner(x, y), self.owner(other_x, other_y))
                    && a != b
                {
                    *shared.entry((a.min(b), a.max(b))).or_default() += 1;
                }
            }
        }
        shared
    }
}

/// The textbook test, in floats: how often a ray to the east crosses the ring.
fn inside(ring: &[Position], at: Position) -> bool {
    let mut is_inside = false;
    for (index, to) in ring.iter().enumerate() {
        let from = ring[(index + ring.len() - 1) % ring.len()];
        if (from.lat() > at.lat()) != (to.lat() > at.lat()) {
            let along = (at.lat() - from.lat()) / (to.lat() - from.lat());
            is_inside ^= at.lon() < from.lon() + along * (to.lon() - from.lon());
        }
    }
    is_inside
}

fn covers(polygon: &Polygon, at: Position) -> bool {
    inside(&polygon.exterior, at) && !polygon.holes.iter().any(|hole| inside(hole, at))
}

fn wound(ring: &[Position]) -> f64 {
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).map(|(a, b)| (b.lon() - a.lon()) * (a.lat() + b.lat() - 28.0)).sum()
}

/// Each ring passes each position once; exteriors run counter-clockwise, holes clockwise.
fn check_rings(polygons: &[Polygon]) {
    for polygon in polygons {
        for (number, ring) in polygon.rings().enumerate() {
            let different: BTreeSet<_> = ring.iter().collect();
            assert_eq!(different.len(), ring.len(), "a ring passes a position twice");
            assert_eq!(wound(ring) < 0.0, number == 0, "winding of ring {number}");
        }
    }
}

fn check_map(lattice: &Lattice, coverage: &Coverage) {
    assert_eq!(coverage.prove(), []);
    let leaves: Vec<Vec<Polygon>> =
        (0..coverage.leaf_count()).map(|leaf| coverage.polygons(Leaf(leaf as u32))).collect();
    leaves.iter().for_each(|polygons| check_rings(polygons));
    let parent: Vec<Leaf> = (0..coverage.leaf_count()).step_by(2).map(|leaf| Leaf(leaf as u32)).collect();
    let union = coverage.union(&parent);
    check_rings(&union);
    for square in lattice.squares() {
        let middle = lattice.middle(square);
        let owner = lattice.owner(square.0, square.1);
        for (leaf, polygons) in leaves.iter().enumerate() {
            let count = polygons.iter().filter(|polygon| covers(polygon, middle)).count();
            assert_eq!(count, usize::from(owner == Some(leaf)), "leaf {leaf} at {square:?}");
        }
        let in_union = union.iter().filter(|polygon| covers(polygon, middle)).count();
        assert_eq!(in_union, usize::from(owner.is_some_and(|owner| owner % 2 == 0)), "union at {square:?}");
    }
    let shared = lattice.shared_sides();
    let mut pairs = BTreeSet::new();
    for leaf in 0..coverage.leaf_count() {
        for (other, shared_m) in coverage.neighbours(Leaf(leaf as u32)) {
            assert!(shared_m > 0.0);
            pairs.insert((leaf.min(other.index()), leaf.max(other.index())));
        }
    }
    assert!(pairs.iter().eq(shared.keys()), "{pairs:?} {shared:?}");
}

#[test]
fn random_maps_with_declared_voids_come_out_as_they_went_in() {
    let mut random = Random::seeded(11);
    for round in 0..400 {
        let leaf_count = 2 + random.below(5);
        let lattice = Lattice::random(leaf_count, round % 2 == 0, &mut random);
        let areas = lattice.areas(leaf_count);
        if areas.iter().any(|area| area.polygons.is_empty()) {
            continue;
        }
        let options = BuildOptions { declared_voids: lattice.voids(), ..BuildOptions::default() };
        let first = build(&areas, &options);
        let coverage = first.coverage.unwrap_or_else(|| panic!("round {round}: {:?}", first.problems));
        check_map(&lattice, &coverage);
        for tolerance_m in TOLERANCES_M {
            check_simplified(&coverage, tolerance_m);
        }
        // Polygons with holes, pieces and touching corners build the same borders as the squares did.
        let derived: Vec<Area> = (0..leaf_count)
            .map(|leaf| Area {
                name: areas[leaf].name.clone(),
                polygons: coverage.polygons(Leaf(leaf as u32)),
            })
            .collect();
        let again = build(&derived, &options);
        let same = again.coverage.unwrap_or_else(|| panic!("round {round}: {:?}", again.problems));
        assert_eq!(same.borders(), coverage.borders(), "round {round}");
        let loaded = Coverage::from_borders(leaf_count, coverage.borders().to_vec()).expect("proven");
        assert_eq!((loaded.faces(), loaded.bounds()), (coverage.faces(), coverage.bounds()));
    }
}

#[test]
fn enclosed_ground_is_a_gap_and_open_ground_is_not() {
    let mut random = Random::seeded(12);
    for round in 0..300 {
        let leaf_count = 2 + random.below(4);
        let lattice = Lattice::random(leaf_count, true, &mut random);
        let areas = lattice.areas(leaf_count);
        if areas.iter().any(|area| area.polygons.is_empty()) {
            continue;
        }
        let build = build(&areas, &BuildOptions::default());
        let gaps: Vec<Polygon> = build
            .problems
            .iter()
            .filter(|problem| problem.severity == Severity::Error)
            .filter_map(|problem| problem.geometry.clone())
            .flat_map(|geometry| match geometry {
                Geometry::MultiPolygon(polygons) => polygons,
                other => panic!("gaps are polygons, not {other:?}"),
            })
            .collect();
        let enclosed = lattice.enclosed();
        for square in lattice.squares() {
            let told = gaps.iter().filter(|gap| covers(gap, lattice.middle(square))).count();
            assert_eq!(told, usize::from(enclosed.contains(&square)), "round {round}, {square:?}");
        }
        assert_eq!(build.coverage.is_none(), !enclosed.is_empty(), "round {round}: {:?}", build.problems);
    }
}

#[test]
fn random_shapes_overlap_where_several_cover_a_position() {
    let mut random = Random::seeded(13);
    for round in 0..300 {
        let reach = [40, 400, 40_000][random.below(3)];
        let mut areas: Vec<Area> = Vec::new();
        while areas.len() < 7 {
            let mut corner = || at(random.below(reach) as i32, random.below(reach) as i32);
            let exterior: Vec<Position> = (0..3).map(|_| corner()).collect();
            let polygons = vec![Polygon { exterior, holes: Vec::new() }];
            // Half a unit of bending on each side: what is thinner than that may vanish.
            if wound(&polygons[0].exterior).abs() * 1e14 > 20.0 * f64::from(reach as u32) {
                areas.push(Area { name: format!("triangle {}", areas.len()), polygons });
            }
        }
        let build = build(&areas, &BuildOptions::default());
        let told: Vec<Polygon> = build
            .problems
            .iter()
            .filter(|problem| {
                matches!(problem.code, Code::Overlap | Code::Sliver | Code::TJunction | Code::Gap)
            })
            .filter(|problem| problem.severity == Severity::Error)
            .filter_map(|problem| problem.geometry.clone())
            .flat_map(
                |geometry| {
                    if let Geometry::MultiPolygon(polygons) = geometry { polygons } else { Vec::new() }
                },
            )
            .collect();
        check_rings(&told);
        for _ in 0..200 {
            let place = at(random.below(reach) as i32, random.below(reach) as i32);
            let near = |area: &Area| {
                let ring = &area.polygons[0].exterior;
                let next = ring.iter().cycle().skip(1);
                ring.iter().zip(next).any(|(a, b)| distance_units(place, *a, *b) < 4.0)
            };
            if areas.iter().any(near) {
                continue;
            }
            let covering = areas.iter().filter(|area| covers(&area.polygons[0], place)).count();
            let count = told.iter().filter(|polygon| covers(polygon, place)).count();
            match covering {
                0 => assert!(count <= 1, "round {round} at {place}"),
                1 => assert_eq!(count, 0, "round {round} at {place}: {areas:?}"),
                _ => assert_eq!(count, 1, "round {round} at {place}: {covering} cover it; {areas:?}"),
            }
        }
    }
}

fn distance_units(at: Position, from: Position, to: Position) -> f64 {
    let vector = |a: Position, b: Position| {
        (f64::from(b.lon_e7()) - f64::from(a.lon_e7()), f64::from(b.lat_e7()) - f64::from(a.lat_e7()))
    };
    let ((x, y), (px, py)) = (vector(from, to), vector(from, at));
    let along = ((px * x + py * y) / (x * x + y * y)).clamp(0.0, 1.0);
    (px - along * x).hypot(py - along * y)
}
