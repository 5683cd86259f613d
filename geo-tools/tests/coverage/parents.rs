//! Parents drawn apart from their children, against the plain arithmetic of rectangles.

use std::collections::BTreeMap;

use geo_tools::coverage::{Area, BuildOptions, Coverage, build, match_parents};
use geo_tools::{Code, Polygon, Position, Problem, Severity};

use crate::random::Random;

/// A rectangle in units from 121° east, 14° north: west, south, east, north.
type Rectangle = [i32; 4];

/// Square metres of a square unit at 14° north on WGS 84 (Snyder 1987, formulas 4-18 and 4-19).
const UNIT_M2: f64 = 0.010_803_4 * 0.011_063_9;

fn area(name: &str, rectangles: &[Rectangle]) -> Area {
    let at = |x: i32, y: i32| Position::from_e7(1_210_000_000 + x, 140_000_000 + y).expect("in range");
    let polygon = |&[west, south, east, north]: &Rectangle| Polygon {
        exterior: vec![at(west, south), at(east, south), at(east, north), at(west, north)],
        holes: Vec::new(),
    };
    Area { name: name.to_owned(), polygons: rectangles.iter().map(polygon).collect() }
}

fn covered(leaves: &[Area]) -> Coverage {
    let build = build(leaves, &BuildOptions::default());
    assert!(
        build.problems.iter().all(|problem| problem.severity == Severity::Warning),
        "{:?}",
        build.problems
    );
    build.coverage.expect("clean")
}

fn common_m2(a: Rectangle, b: Rectangle) -> f64 {
    let width = f64::from((a[2].min(b[2]) - a[0].max(b[0])).max(0));
    width * f64::from((a[3].min(b[3]) - a[1].max(b[1])).max(0)) * UNIT_M2
}

fn size_m2(a: Rectangle) -> f64 {
    common_m2(a, a)
}

/// One problem in its bare facts: refused or not, parents by name, ground.
fn facts(problem: &Problem) -> (bool, Vec<String>, f64) {
    assert_eq!(problem.code, Code::ParentMismatch);
    assert!(problem.geometry.is_some());
    (problem.severity == Severity::Error, problem.features.clone(), problem.area_m2.expect("an area"))
}

#[test]
fn a_child_that_sticks_out_is_told_with_how_much_and_refused_above_the_tolerance() {
    // The second child begins ten units (0.11 m) before its parent does.
    let coverage = covered(&[area("a", &[[0, 0, 9_990, 10_000]]), area("b", &[[9_990, 0, 20_000, 10_000]])]);
    let parents = [area("west", &[[0, 0, 10_000, 10_000]]), area("east", &[[10_000, 0, 20_000, 10_000]])];
    let planted_m2 = 10.0 * 10_000.0 * UNIT_M2;
    for (tolerance_m2, is_refused) in [(planted_m2 * 1.01, false), (planted_m2 * 0.99, true), (0.0, true)] {
        let (parent_of, problems) = match_parents(&coverage, &parents, tolerance_m2);
        assert_eq!(parent_of, [Some(0), Some(1)]);
        let [problem] = &problems[..] else { panic!("{problems:?}") };
        let (refused, names, area_m2) = facts(problem);
        assert_eq!((refused, names), (is_refused, vec!["east".to_owned(), "west".to_owned()]));
        assert!((area_m2 / planted_m2 - 1.0).abs() < 1e-3, "{area_m2} of {planted_m2}");
    }
}

#[test]
fn a_child_belongs_to_the_parent_that_has_most_of_it_and_one_in_none_is_refused() {
    let leaves = [
        area("mostly east", &[[0, 0, 10_000, 10_000]]),
        area("in two pieces", &[[10_000, 0, 13_000, 10_000], [30_000, 0, 39_000, 10_000]]),
        area("outside", &[[60_000, 0, 70_000, 10_000]]),
    ];
    let parents = [area("west", &[[0, 0, 4_900, 10_000]]), area("east", &[[4_900, 0, 29_000, 10_000]])];
    let far = area("far", &[[29_000, 0, 39_000, 10_000]]);
    let (parent_of, problems) = match_parents(&covered(&leaves), &[&parents[..], &[far]].concat(), 1e9);
    assert_eq!(parent_of, [Some(1), Some(2), None]);
    let refused: Vec<&Problem> =
        problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
    let [alone] = refused[..] else {
        panic!("only what has no parent is beyond every tolerance: {problems:?}")
    };
    assert!(alone.message.contains("leaf 2"), "{}", alone.message);
    assert!((alone.area_m2.expect("an area") / size_m2([0, 0, 10_000, 10_000]) - 1.0).abs() < 1e-3);
}

/// Cuts of a span, its ends included.
fn cuts(span: i32, count: usize, random: &mut Random) -> Vec<i32> {
    let mut cuts: Vec<i32> = (0..count).map(|_| 1 + random.below(span as usize - 1) as i32).collect();
    cuts.extend([0, span]);
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}

/// Rectangles that tile a box, in columns with rows of their own.
fn tiles(origin: (i32, i32), count: usize, random: &mut Random) -> Vec<Rectangle> {
    const SPAN: i32 = 40_000;
    let columns = cuts(SPAN, count, random);
    let tile = |pair: &[i32], random: &mut Random| -> Vec<Rectangle> {
        let rows = cuts(SPAN, count, random);
        let one =
            |row: &[i32]| [origin.0 + pair[0], origin.1 + row[0], origin.0 + pair[1], origin.1 + row[1]];
        rows.windows(2).map(one).collect()
    };
    columns.windows(2).flat_map(|pair| tile(pair, random)).collect()
}

/// Leaves and parents as rectangles, with what plain arithmetic says of them.
struct World {
    leaves: Vec<Rectangle>,
    parents: Vec<Rectangle>,
}

type Pair = (Option<usize>, Option<usize>);

impl World {
    fn random(random: &mut Random) -> Self {
        let leaves = tiles((0, 0), 1 + random.below(4), random);
        let shift = (random.below(4_000) as i32 - 2_000, random.below(4_000) as i32 - 2_000);
        let parents = tiles(shift, random.below(3), random);
        Self { leaves, parents }
    }

    fn areas(prefix: &str, rectangles: &[Rectangle]) -> Vec<Area> {
        rectangles.iter().enumerate().map(|(at, &one)| area(&format!("{prefix} {at}"), &[one])).collect()
    }

    fn largest(&self, leaf: usize) -> Option<usize> {
        let common = |parent: &usize| common_m2(self.leaves[leaf], self.parents[*parent]);
        let best = (0..self.parents.len()).max_by(|a, b| common(a).total_cmp(&common(b)));
        best.filter(|parent| common(parent) > 0.0)
    }

    /// The ground on which the two drawings differ, by leaf and parent.
    fn differences(&self) -> BTreeMap<Pair, f64> {
        let mut differences = BTreeMap::new();
        for (leaf, &ground) in self.leaves.iter().enumerate() {
            let inside_m2: f64 = self.parents.iter().map(|&parent| common_m2(ground, parent)).sum();
            differences.insert((Some(leaf), None), size_m2(ground) - inside_m2);
            for (parent, &other) in self.parents.iter().enumerate() {
                if Some(parent) != self.largest(leaf) {
                    differences.insert((Some(leaf), Some(parent)), common_m2(ground, other));
                }
            }
        }
        for (parent, &ground) in self.parents.iter().enumerate() {
            let inside_m2: f64 = self.leaves.iter().map(|&leaf| common_m2(ground, leaf)).sum();
            differences.insert((None, Some(parent)), size_m2(ground) - inside_m2);
        }
        differences.retain(|_, area_m2| *area_m2 > UNIT_M2 / 2.0);
        differences
    }

    /// What must be told of one difference.
    fn wanted(&self, (leaf, parent): Pair, area_m2: f64, tolerance_m2: f64) -> (bool, Vec<String>, f64) {
        let own = leaf.and_then(|leaf| self.largest(leaf));
        if leaf.is_some() && own.is_none() {
            return (true, Vec::new(), area_m2);
        }
        let names = own.into_iter().chain(parent).map(|parent| format!("parent {parent}")).collect();
        (area_m2 > tolerance_m2, names, area_m2)
    }
}

#[test]
fn random_rectangles_get_the_parents_and_mismatches_that_plain_arithmetic_finds() {
    let mut random = Random::seeded(41);
    let mut counts = [0, 0];
    for round in 0..200 {
        let world = World::random(&mut random);
        let differences = world.differences();
        let mut sizes: Vec<f64> = differences.values().copied().collect();
        sizes.sort_by(f64::total_cmp);
        // Between two sizes that differ enough for a part in a thousand not to matter.
        let tolerance_m2 = sizes.get(sizes.len() / 2).map_or(1.0, |size| size * 1.003);
        if sizes.iter().any(|size| (size / tolerance_m2 - 1.0).abs() < 0.002) {
            continue;
        }
        let coverage = covered(&World::areas("leaf", &world.leaves));
        let parents = World::areas("parent", &world.parents);
        let (parent_of, problems) = match_parents(&coverage, &parents, tolerance_m2);
        let chosen: Vec<Option<usize>> = (0..world.leaves.len()).map(|leaf| world.largest(leaf)).collect();
        assert_eq!(parent_of, chosen, "round {round}");
        let mut found: Vec<(bool, Vec<String>, f64)> = problems.iter().map(facts).collect();
        let mut wanted: Vec<(bool, Vec<String>, f64)> =
            differences.iter().map(|(&pair, &area_m2)| world.wanted(pair, area_m2, tolerance_m2)).collect();
        for list in [&mut found, &mut wanted] {
            list.sort_by(|a, b| a.1.cmp(&b.1).then(a.2.total_cmp(&b.2)));
        }
        assert_eq!(found.len(), wanted.len(), "round {round}: {found:?} {wanted:?}");
        for (found, wanted) in found.iter().zip(&wanted) {
            assert_eq!((found.0, &found.1), (wanted.0, &wanted.1), "round {round}, tolerance {tolerance_m2}");
            assert!((found.2 / wanted.2 - 1.0).abs() < 1e-3, "round {round}: {found:?} {wanted:?}");
            counts[usize::from(found.0)] += 1;
        }
    }
    println!("{} told, {} refused", counts[0], counts[1]);
    assert!(counts.iter().all(|&count| count > 500), "{counts:?}");
}
