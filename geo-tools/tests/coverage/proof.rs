//! Stored borders that are not a coverage are refused, each for its reason.

use geo_tools::coverage::{Border, Coverage, Leaf};
use geo_tools::{Code, Position};

use crate::random::Random;

fn at(x: i32, y: i32) -> Position {
    Position::from_e7(1_210_000_000 + x, 140_000_000 + y).expect("in range")
}

fn border(line: &[(i32, i32)], left: Option<u32>, right: Option<u32>) -> Border {
    let line = line.iter().map(|&(x, y)| at(x, y)).collect();
    Border { line, left: left.map(Leaf), right: right.map(Leaf) }
}

/// Two areas side by side; the line between them runs through the positions given.
fn pair(between: &[(i32, i32)]) -> Vec<Border> {
    let mut middle = vec![(100, 0)];
    middle.extend(between);
    middle.push((100, 100));
    vec![
        border(&middle, Some(0), Some(1)),
        border(&[(100, 100), (0, 100), (0, 0), (100, 0)], Some(0), None),
        border(&[(100, 0), (200, 0), (200, 100), (100, 100)], Some(1), None),
    ]
}

fn refused(leaf_count: usize, borders: Vec<Border>) -> Vec<Code> {
    let problems = Coverage::from_borders(leaf_count, borders).expect_err("not a coverage");
    assert!(problems.iter().all(|problem| problem.geometry.is_some()), "{problems:?}");
    problems.into_iter().map(|problem| problem.code).collect()
}

/// Twice the sum of the signed areas of all faces: the same wherever the border between two of them runs.
fn area_sum(borders: &[Border]) -> i64 {
    let shoelace = |line: &[Position]| -> i64 {
        let x = |at: Position| i64::from(at.lon_e7() - 1_210_000_000);
        let y = |at: Position| i64::from(at.lat_e7() - 140_000_000);
        line.windows(2).map(|pair| x(pair[0]) * y(pair[1]) - y(pair[0]) * x(pair[1])).sum()
    };
    let owned = |side: Option<Leaf>| i64::from(side.is_some());
    borders.iter().map(|border| (owned(border.left) - owned(border.right)) * shoelace(&border.line)).sum()
}

#[test]
fn a_coverage_whose_borders_cross_is_refused_though_its_area_sum_is_unchanged() {
    let clean = pair(&[(110, 50)]);
    assert!(Coverage::from_borders(2, clean.clone()).is_ok());
    // The common border runs out over the southern rim and back in.
    let crossing = pair(&[(120, 20), (130, -20), (140, 20), (110, 50)]);
    assert_eq!(area_sum(&clean), area_sum(&crossing));
    assert_eq!(refused(2, crossing), [Code::SelfIntersection, Code::SelfIntersection]);
    // And here it crosses itself.
    let knotted = pair(&[(150, 80), (150, 20), (80, 90)]);
    assert_eq!(area_sum(&clean), area_sum(&knotted));
    assert!(refused(2, knotted).contains(&Code::SelfIntersection));
}

#[test]
fn a_border_that_touches_another_inside_is_refused() {
    assert_eq!(refused(2, pair(&[(150, 0), (110, 50)])), [Code::SelfIntersection]);
    assert!(refused(2, pair(&[(200, 100), (110, 50)])).contains(&Code::SelfIntersection));
}

#[test]
fn borders_without_their_twin_are_refused() {
    for missing in 0..3 {
        let mut borders = pair(&[]);
        borders.remove(missing);
        assert!(refused(2, borders).contains(&Code::Overlap), "{missing}");
    }
    let mut twice = pair(&[]);
    twice.push(twice[0].clone());
    assert!(refused(2, twice).contains(&Code::Overlap));
    let mut turned = pair(&[]);
    turned[0].line.reverse();
    assert!(refused(2, turned).contains(&Code::Overlap));
}

#[test]
fn ill_formed_borders_are_refused() {
    assert_eq!(refused(1, pair(&[])), [Code::BadValue, Code::BadValue], "leaf 1 does not exist");
    let mut same = pair(&[]);
    same[0].right = Some(Leaf(0));
    assert_eq!(refused(2, same), [Code::BadValue]);
    assert_eq!(refused(1, vec![border(&[(0, 0), (10, 0), (0, 0)], Some(0), None)]), [Code::BadValue]);
    assert_eq!(refused(1, vec![border(&[(0, 0)], Some(0), None)]), [Code::BadValue]);
}

#[test]
fn nested_rings_must_fit_the_face_around_them() {
    let outer = [(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)];
    let inner = [(40, 40), (60, 40), (60, 60), (40, 60), (40, 40)];
    let nested = |inside, around| vec![border(&outer, Some(0), None), border(&inner, inside, around)];
    assert!(Coverage::from_borders(2, nested(Some(1), Some(0))).is_ok(), "an enclave");
    assert!(Coverage::from_borders(1, nested(None, Some(0))).is_ok(), "a declared void");
    assert!(refused(2, nested(Some(1), None)).contains(&Code::Overlap), "an outer ring inside another");
    assert!(refused(3, nested(Some(1), Some(2))).contains(&Code::Overlap), "a hole of a face elsewhere");
    assert!(refused(2, nested(Some(0), Some(1))).contains(&Code::Overlap), "inside out");
}

#[test]
fn a_border_moved_at_random_is_refused_exactly_where_sides_meet() {
    let mut random = Random::seeded(21);
    let mut counts = [0, 0];
    for _ in 0..3000 {
        let mut middle: Vec<(i32, i32)> = vec![(100, 25), (100, 50), (100, 75)];
        for corner in &mut middle {
            if random.coin() {
                *corner = (random.below(240) as i32 - 20, random.below(140) as i32 - 20);
            }
        }
        let borders = pair(&middle);
        let sides: Vec<(Position, Position)> =
            borders.iter().flat_map(|border| border.line.windows(2).map(|pair| (pair[0], pair[1]))).collect();
        let is_clean =
            sides.iter().enumerate().all(|(index, a)| sides[..index].iter().all(|b| apart(*a, *b)));
        let inside = middle.iter().all(|&(x, y)| (0..=200).contains(&x) && (0..=100).contains(&y));
        // Only ends are nodes: no position may be passed twice otherwise.
        let corners = [(0, 0), (100, 0), (200, 0), (200, 100), (100, 100), (0, 100)];
        let is_new = |at: usize| !corners.contains(&middle[at]) && !middle[..at].contains(&middle[at]);
        let is_clean = is_clean && (0..middle.len()).all(is_new);
        let loaded = Coverage::from_borders(2, borders.clone());
        assert_eq!(loaded.is_ok(), is_clean && inside, "{middle:?}: {loaded:?}");
        counts[usize::from(loaded.is_ok())] += 1;
    }
    assert!(counts.iter().all(|&count| count > 300), "{counts:?}");
}

/// Whether two sides share nothing but a common end: by the signs of four areas, sides that lie on one line included.
fn apart(a: (Position, Position), b: (Position, Position)) -> bool {
    let turn = |p: Position, q: Position, r: Position| -> i64 {
        let (px, py) = (i64::from(p.lon_e7()), i64::from(p.lat_e7()));
        let (qx, qy) = (i64::from(q.lon_e7()) - px, i64::from(q.lat_e7()) - py);
        let (rx, ry) = (i64::from(r.lon_e7()) - px, i64::from(r.lat_e7()) - py);
        (qx * ry - qy * rx).signum()
    };
    let on = |p: Position, q: Position, r: Position| {
        let within = |low: i32, high: i32, value: i32| low.min(high) <= value && value <= low.max(high);
        turn(p, q, r) == 0
            && within(p.lon_e7(), q.lon_e7(), r.lon_e7())
            && within(p.lat_e7(), q.lat_e7(), r.lat_e7())
    };
    let common: Vec<Position> = [a.0, a.1].into_iter().filter(|&end| end == b.0 || end == b.1).collect();
    let touching = [on(a.0, a.1, b.0), on(a.0, a.1, b.1), on(b.0, b.1, a.0), on(b.0, b.1, a.1)];
    match common.len() {
        0 => {
            let crosses = turn(a.0, a.1, b.0) * turn(a.0, a.1, b.1) < 0
                && turn(b.0, b.1, a.0) * turn(b.0, b.1, a.1) < 0;
            !crosses && !touching.contains(&true)
        }
        // The common end is on both; anything more lies along them.
        1 => touching.iter().filter(|&&touches| touches).count() == 2,
        _ => false,
    }
}
