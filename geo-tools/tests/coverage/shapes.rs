//! One small drawing for each thing that can be wrong, and what must be said of it.

use geo_tools::coverage::{Area, BuildOptions, Leaf, build};
use geo_tools::{Code, Geometry, Polygon, Position, Problem, Severity};

use crate::support::built;

type Ring<'a> = &'a [(i32, i32)];

/// Positions in steps of 1e-4 degree (about 11 m) from 121° east, 14° north.
fn at((x, y): (i32, i32)) -> Position {
    Position::from_e7(1_210_000_000 + x * 1000, 140_000_000 + y * 1000).expect("in range")
}

fn polygon(rings: &[Ring<'_>]) -> Polygon {
    let ring = |ring: &Ring<'_>| ring.iter().copied().map(at).collect();
    Polygon { exterior: ring(&rings[0]), holes: rings[1..].iter().map(ring).collect() }
}

fn area(name: &str, polygons: &[&[Ring<'_>]]) -> Area {
    Area { name: name.to_owned(), polygons: polygons.iter().map(|rings| polygon(rings)).collect() }
}

fn square(x: i32, y: i32, side: i32) -> [(i32, i32); 4] {
    [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]
}

fn codes(problems: &[Problem]) -> Vec<(Severity, Code)> {
    let mut codes: Vec<_> = problems.iter().map(|problem| (problem.severity, problem.code)).collect();
    codes.sort();
    codes
}

/// What must be said of some areas, and that each saying has its place and whom it concerns.
fn check(areas: &[Area], expected: &[(Severity, Code)]) -> Vec<Problem> {
    let build = built(areas);
    assert_eq!(codes(&build.problems), expected, "{:#?}", build.problems);
    let is_refused = expected.iter().any(|(severity, _)| *severity == Severity::Error);
    assert_eq!(build.coverage.is_none(), is_refused);
    for problem in &build.problems {
        assert!(problem.geometry.is_some() && !problem.features.is_empty(), "{problem:?}");
        assert_eq!(problem.features.len(), problem.indexes.len());
    }
    build.problems
}

fn refused(code: Code) -> [(Severity, Code); 1] {
    [(Severity::Error, code)]
}

fn warned(code: Code) -> [(Severity, Code); 1] {
    [(Severity::Warning, code)]
}

fn place(problem: &Problem) -> Vec<Position> {
    problem.geometry.as_ref().expect("a place").positions().collect()
}

#[test]
fn wrong_winding_and_closed_rings_are_accepted() {
    let mut backwards = square(0, 0, 10);
    backwards.reverse();
    let closed = [(10, 0), (20, 0), (20, 10), (10, 10), (10, 0)];
    check(&[area("a", &[&[&backwards]]), area("b", &[&[&closed]])], &[]);
}

#[test]
fn repeated_positions_are_dropped_with_a_warning() {
    let ring = [(0, 0), (10, 0), (10, 0), (10, 10), (0, 10)];
    let problems = check(&[area("a", &[&[&ring]])], &warned(Code::DuplicatePosition));
    assert_eq!(place(&problems[0]), [at((10, 0))]);
}

#[test]
fn short_and_flat_rings_are_refused() {
    let whole = square(0, 0, 10);
    check(&[area("a", &[&[&whole]]), area("b", &[&[&[(20, 0), (30, 0)]]])], &refused(Code::RingTooShort));
    // An empty ring has no place to show.
    let empty = built(&[area("a", &[&[&whole]]), area("b", &[&[&[]]])]).problems;
    assert_eq!((codes(&empty), empty[0].indexes.clone()), (refused(Code::RingTooShort).to_vec(), vec![1]));
    check(
        &[area("a", &[&[&whole]]), area("b", &[&[&[(20, 0), (30, 0), (40, 0)]]])],
        &refused(Code::ZeroArea),
    );
    check(&[area("a", &[&[&whole, &[(2, 2), (4, 4), (3, 3)]]])], &refused(Code::ZeroArea));
}

#[test]
fn an_empty_list_and_an_area_without_polygons_are_refused() {
    assert_eq!(codes(&built(&[]).problems), refused(Code::ZeroArea));
    let problems = built(&[area("a", &[&[&square(0, 0, 10)]]), area("b", &[])]).problems;
    assert_eq!(codes(&problems), refused(Code::ZeroArea));
    assert_eq!(problems[0].features, ["b"]);
}

#[test]
fn a_bow_tie_is_told_where_it_crosses() {
    let problems =
        check(&[area("a", &[&[&[(0, 0), (10, 10), (10, 0), (0, 10)]]])], &refused(Code::SelfIntersection));
    assert_eq!(place(&problems[0]), [at((5, 5))]);
}

#[test]
fn a_ring_that_touches_itself_is_refused() {
    let pinched = [(0, 0), (10, 0), (10, 10), (5, 0), (0, 10)];
    let problems = check(&[area("a", &[&[&pinched]])], &refused(Code::SelfIntersection));
    assert_eq!(place(&problems[0]), [at((5, 0))]);
    let eight = [(0, 0), (5, 5), (10, 0), (10, 10), (5, 5), (0, 10)];
    check(&[area("a", &[&[&eight]])], &refused(Code::SelfIntersection));
}

#[test]
fn spikes_are_told_at_their_tip() {
    let out = [(0, 0), (10, 0), (10, 5), (20, 5), (10, 5), (10, 10), (0, 10)];
    let problems = check(&[area("a", &[&[&out]])], &refused(Code::SelfIntersection));
    assert_eq!(place(&problems[0]), [at((20, 5))]);
    // Straight on and back past the corner: the tip lies on no corner.
    let over = [(0, 0), (20, 0), (10, 0), (10, 10), (0, 10)];
    check(&[area("a", &[&[&over]])], &refused(Code::SelfIntersection));
}

#[test]
fn holes_that_are_not_inside_are_refused() {
    let whole = square(0, 0, 10);
    check(&[area("a", &[&[&whole, &square(20, 0, 5)]])], &refused(Code::HoleOutside));
    let outer = area("a", &[&[&whole, &square(1, 1, 8), &square(3, 3, 2)]]);
    check(&[outer, area("b", &[&[&square(1, 1, 8)]])], &refused(Code::HoleOutside));
}

#[test]
fn holes_may_touch_at_one_point_but_neither_twice_nor_along_a_line() {
    let whole = square(0, 0, 10);
    let once = [(0, 5), (5, 2), (5, 8)];
    check(&[area("a", &[&[&whole, &once]]), area("b", &[&[&once]])], &warned(Code::TJunction));
    let twice = [(0, 5), (5, 2), (10, 5), (5, 8)];
    check(
        &[area("a", &[&[&whole, &twice]]), area("b", &[&[&twice]])],
        &[(Severity::Warning, Code::TJunction), (Severity::Error, Code::HoleOutside)],
    );
    let along = [(0, 2), (5, 2), (5, 8), (0, 8)];
    let problems = built(&[area("a", &[&[&whole, &along]]), area("b", &[&[&along]])]).problems;
    assert!(problems.iter().any(|problem| problem.code == Code::HoleOutside), "{problems:?}");
    let (left, right) = ([(2, 2), (5, 5), (2, 8)], [(8, 2), (8, 8), (5, 5)]);
    let holes = area("a", &[&[&whole, &left, &right]]);
    check(&[holes, area("b", &[&[&left], &[&right]])], &[]);
}

#[test]
fn overlapping_parts_are_told_and_adjoining_ones_joined() {
    let problems =
        check(&[area("a", &[&[&square(0, 0, 10)], &[&square(5, 5, 10)]])], &refused(Code::Overlap));
    assert!((problems[0].area_m2.expect("an area") - 2984.0).abs() < 10.0, "{:?}", problems[0].area_m2);
    let adjoining = area("a", &[&[&square(0, 0, 10)], &[&square(10, 0, 10)]]);
    let coverage = built(&[adjoining]).coverage.expect("clean");
    assert_eq!(coverage.polygons(Leaf(0)).len(), 1);
}

#[test]
fn twins_and_nested_areas_overlap() {
    let problems = check(
        &[area("a", &[&[&square(0, 0, 10)]]), area("b", &[&[&square(0, 0, 10)]])],
        &refused(Code::Overlap),
    );
    assert_eq!((problems[0].features.join(","), problems[0].indexes.clone()), ("a,b".to_owned(), vec![0, 1]));
    check(&[area("a", &[&[&square(0, 0, 10)]]), area("b", &[&[&square(3, 3, 4)]])], &refused(Code::Overlap));
}

#[test]
fn a_gap_is_refused_until_it_is_declared() {
    let ring_around = area("a", &[&[&square(0, 0, 30), &square(10, 10, 10)]]);
    let problems = check(std::slice::from_ref(&ring_around), &refused(Code::Gap));
    let Some(Geometry::MultiPolygon(gap)) = problems[0].geometry.clone() else { panic!("a polygon") };
    assert_eq!(gap, [polygon(&[&square(10, 10, 10)])]);
    let options = BuildOptions { declared_voids: gap, ..BuildOptions::default() };
    let declared = build(std::slice::from_ref(&ring_around), &options);
    let coverage = declared.coverage.expect("declared");
    assert_eq!((declared.problems, coverage.faces().len()), (vec![], 2));
    // A void that reaches into an area takes ground that is owned.
    let options =
        BuildOptions { declared_voids: vec![polygon(&[&square(10, 10, 15)])], ..BuildOptions::default() };
    assert_eq!(codes(&build(&[ring_around], &options).problems), refused(Code::Overlap));
}

#[test]
fn a_corner_exactly_on_a_border_is_joined_with_a_warning() {
    let problems = check(
        &[
            area("a", &[&[&square(0, 0, 20)]]),
            area("b", &[&[&square(20, 0, 10)]]),
            area("c", &[&[&square(20, 10, 10)]]),
        ],
        &warned(Code::TJunction),
    );
    assert_eq!(place(&problems[0]), [at((20, 10))]);
    assert_eq!(problems[0].features, ["a", "b", "c"]);
}

#[test]
fn a_corner_near_a_border_is_a_t_junction_on_either_side_of_it() {
    for x in [19_999, 20_001, 19_900, 20_100] {
        let near = Position::from_e7(1_210_000_000 + x, 140_010_000).expect("in range");
        let mut b = area("b", &[&[&[(20, 0), (30, 0), (30, 10), (20, 10)]]]);
        let mut c = area("c", &[&[&[(20, 10), (30, 10), (30, 20), (20, 20)]]]);
        b.polygons[0].exterior[3] = near;
        c.polygons[0].exterior[0] = near;
        let problems = check(&[area("a", &[&[&square(0, 0, 20)]]), b, c], &refused(Code::TJunction));
        assert!(place(&problems[0]).contains(&near));
        assert_eq!(problems[0].features, ["a", "b", "c"]);
    }
}

#[test]
fn what_rounding_set_apart_is_joined_with_a_warning() {
    // A corner that was on a slanting border before it was rounded, and now misses it by less than a unit.
    let ends = [(0, 0), (1000, 333)]
        .map(|(x, y)| Position::from_e7(1_210_000_000 + x, 140_000_000 + y).expect("in range"));
    let on = Position::from_e7(1_210_000_500, 140_000_167).expect("in range");
    let corner = |x: i32, y: i32| Position::from_e7(1_210_000_000 + x, 140_000_000 + y).expect("in range");
    let one = |name: &str, exterior: Vec<Position>| Area {
        name: name.to_owned(),
        polygons: vec![Polygon { exterior, holes: Vec::new() }],
    };
    let below = one("below", vec![ends[0], corner(1000, -900), ends[1]]);
    let left = one("left", vec![ends[0], on, corner(300, 900)]);
    let right = one("right", vec![on, ends[1], corner(300, 900)]);
    let build = built(&[below, left, right]);
    assert_eq!(codes(&build.problems), warned(Code::RoundingChanged), "{:?}", build.problems);
    let coverage = build.coverage.expect("joined");
    assert!(coverage.polygons(Leaf(0))[0].exterior.contains(&on));
    assert_eq!(coverage.prove(), []);
}

/// Units from 121° east, 14° north.
fn unit((x, y): (i32, i32)) -> Position {
    Position::from_e7(1_210_000_000 + x, 140_000_000 + y).expect("in range")
}

fn in_units(name: &str, ring: Ring<'_>) -> Area {
    let exterior = ring.iter().copied().map(unit).collect();
    Area { name: name.to_owned(), polygons: vec![Polygon { exterior, holes: Vec::new() }] }
}

#[test]
fn an_area_that_vanishes_in_rounding_is_refused_with_its_place() {
    // Its long side passes its own third corner within half a unit; where a neighbour has a corner too, it is bent there.
    let thin = in_units("thin", &[(0, 0), (1001, 3), (500, 1)]);
    let beside = in_units("beside", &[(500, 1), (400, -900), (600, -900)]);
    let build = built(&[thin, beside]);
    let [problem] = &build.problems[..] else { panic!("{:#?}", build.problems) };
    assert_eq!((problem.severity, problem.code), (Severity::Error, Code::ZeroArea));
    assert_eq!((&problem.features[..], &problem.indexes[..]), (&["thin".to_owned()][..], &[0][..]));
    assert!(problem.message.contains("vanishes when its positions are rounded"), "{}", problem.message);
    assert_eq!(place(problem), [(0, 0), (1001, 3), (500, 1)].map(unit));
    assert!(build.coverage.is_none());
    // A third of a unit wide when it was drawn: the long sides round to one line.
    let degrees = |x: f64, y: f64| Position::new(121.0 + x * 1e-7, 14.0 + y * 1e-7).expect("in range");
    let flat = [(0.0, 0.0), (500.0, 0.0), (1000.0, 0.1), (1000.0, 0.4), (500.0, 0.3), (0.0, 0.4)];
    let exterior: Vec<Position> = flat.iter().map(|&(x, y)| degrees(x, y)).collect();
    let flat = Area { name: "flat".to_owned(), polygons: vec![Polygon { exterior, holes: Vec::new() }] };
    let below = in_units("below", &[(0, 0), (0, -900), (1000, -900), (1000, 0), (500, 0)]);
    let problems = built(&[flat, below]).problems;
    let error = problems.iter().find(|problem| problem.severity == Severity::Error).expect("an error");
    assert_eq!((error.code, &error.features[..]), (Code::ZeroArea, &["flat".to_owned()][..]));
    assert!(place(error).contains(&unit((1000, 0))));
}

#[test]
fn an_area_one_unit_thin_stays_whatever_its_neighbours_draw() {
    let corner = |x: i32, y: i32| unit((x, y));
    let thin = Polygon { exterior: vec![corner(0, 0), corner(1000, 0), corner(500, 1)], holes: Vec::new() };
    let kept = built(&[Area { name: "thin".to_owned(), polygons: vec![thin.clone()] }]);
    assert!(kept.coverage.is_some(), "alone it stays: {:?}", kept.problems);
    let above = vec![corner(0, 0), corner(500, 1), corner(1000, 0), corner(500, 900)];
    let below = vec![corner(0, 0), corner(500, -900), corner(1000, 0)];
    let areas = [above, below].map(|exterior| Area {
        name: "large".to_owned(),
        polygons: vec![Polygon { exterior, holes: Vec::new() }],
    });
    let [above, below] = areas;
    let between = built(&[Area { name: "thin".to_owned(), polygons: vec![thin] }, above, below]);
    assert!(between.coverage.is_some(), "twins stay whatever their width: {:?}", between.problems);
}

#[test]
fn what_spans_too_far_or_crosses_the_antimeridian_is_refused() {
    let wide = |west: f64, east: f64| {
        let corners = [(west, 14.0), (east, 14.0), (east, 15.0), (west, 15.0)];
        let exterior = corners.iter().map(|&(lon, lat)| Position::new(lon, lat).expect("in range")).collect();
        [Area { name: "wide".to_owned(), polygons: vec![Polygon { exterior, holes: Vec::new() }] }]
    };
    check(&wide(90.0, 180.0), &[]);
    let problems = check(&wide(80.0, 171.0), &refused(Code::Extent));
    assert!(!problems[0].message.contains("antimeridian"), "{}", problems[0].message);
    let problems = check(&wide(-179.0, 179.0), &refused(Code::Extent));
    assert!(problems[0].message.contains("cut it there"), "{}", problems[0].message);
}

#[test]
fn crossings_beyond_the_cap_are_refused_at_once() {
    let comb = |name: &str, is_turned: bool| {
        let teeth = (0..60).flat_map(|tooth| [(tooth * 10, 0), (tooth * 10 + 5, 600)]);
        let ring: Vec<(i32, i32)> = teeth.chain([(600, -10)]).collect();
        let turned: Vec<(i32, i32)> =
            ring.iter().map(|&(x, y)| if is_turned { (y, x) } else { (x, y) }).collect();
        area(name, &[&[&turned]])
    };
    let areas = [comb("upright", false), comb("lying", true)];
    let options = BuildOptions { max_crossings: 1000, ..BuildOptions::default() };
    let capped = build(&areas, &options);
    assert_eq!(codes(&capped.problems), refused(Code::TooManyCrossings));
    let all = built(&areas);
    assert!(
        all.coverage.is_none() && codes(&all.problems) != refused(Code::TooManyCrossings),
        "{:?}",
        codes(&all.problems)
    );
}

#[test]
fn a_narrow_inlet_between_two_areas_is_told_and_the_notch_of_one_is_not() {
    let inlet = |width: i32| {
        let left = area("left", &[&[&[(0, 0), (20, 0), (20, 5), (20, 20), (0, 20)]]]);
        let mut right = area("right", &[&[&[(20, 0), (40, 0), (40, 20), (20, 20), (20, 5)]]]);
        right.polygons[0].exterior[3] =
            Position::from_e7(1_210_020_000 + width, 140_020_000).expect("in range");
        [left, right]
    };
    check(&inlet(50), &refused(Code::Sliver));
    let wide = built(&inlet(2000)).problems;
    assert_eq!((wide.len(), wide[0].severity), (1, Severity::Warning), "{wide:?}");
    check(&inlet(9000), &[]);
    let notched = [(0, 0), (20, 0), (20, 20), (11, 20), (10, 1), (9, 20), (0, 20)];
    check(&[area("notched", &[&[&notched]]), area("beside", &[&[&square(20, 0, 20)]])], &[]);
    // A declared void says that it is meant.
    let void = Polygon {
        exterior: vec![
            at((20, 5)),
            Position::from_e7(1_210_020_050, 140_020_000).expect("in range"),
            at((20, 20)),
        ],
        holes: Vec::new(),
    };
    let options = BuildOptions { declared_voids: vec![void], ..BuildOptions::default() };
    let declared = build(&inlet(50), &options);
    assert_eq!((declared.problems, declared.coverage.is_some()), (vec![], true));
}

#[test]
fn every_problem_is_told_at_once() {
    let areas = [
        area("bow-tie", &[&[&[(0, 0), (10, 10), (10, 0), (0, 10)]]]),
        area("short", &[&[&[(20, 0), (30, 0)]]]),
        area("one", &[&[&square(40, 0, 10)]]),
        area("two", &[&[&square(45, 0, 10)]]),
        area("holed", &[&[&square(60, 0, 10), &square(62, 2, 5)]]),
    ];
    let mut expected = [Code::SelfIntersection, Code::RingTooShort, Code::Overlap, Code::Gap]
        .map(|code| (Severity::Error, code));
    expected.sort();
    check(&areas, &expected);
}

#[test]
fn a_proven_coverage_comes_back_the_same_whatever_the_order_of_its_areas() {
    let mut areas = vec![
        area("a", &[&[&square(0, 0, 10)]]),
        area("b", &[&[&square(10, 0, 10)]]),
        area("c", &[&[&square(0, 10, 20)]]),
    ];
    let first = built(&areas).coverage.expect("clean");
    areas.reverse();
    let second = built(&areas).coverage.expect("clean");
    let lines = |coverage: &geo_tools::Coverage| -> Vec<Vec<Position>> {
        coverage.borders().iter().map(|border| border.line.clone()).collect()
    };
    assert_eq!(lines(&first), lines(&second));
}
