//! The rule of repairing, one small drawing for each sentence of it.

use geo_tools::coverage::{Area, BuildOptions, Leaf, Repair, RepairOptions, repair};
use geo_tools::{Code, Polygon, Position, Severity};

type Ring<'a> = &'a [(i32, i32)];

/// Positions in steps of 1e-6 degree (about 11 cm) from 121° east, 14° north.
fn at((x, y): (i32, i32)) -> Position {
    Position::from_e7(1_210_000_000 + x * 10, 140_000_000 + y * 10).expect("in range")
}

fn ring(corners: Ring<'_>) -> Vec<Position> {
    corners.iter().copied().map(at).collect()
}

fn area(name: &str, corners: Ring<'_>) -> Area {
    let polygons = vec![Polygon { exterior: ring(corners), holes: Vec::new() }];
    Area { name: name.to_owned(), polygons }
}

fn block(west: i32, south: i32, east: i32, north: i32) -> [(i32, i32); 4] {
    [(west, south), (east, south), (east, north), (west, north)]
}

fn mended(areas: &[Area], snap_m: Option<f64>) -> Repair {
    repair(areas, &RepairOptions { snap_m, ..RepairOptions::default() })
}

/// What became of each piece: code, winner, losers.
fn pieces(repaired: &Repair) -> Vec<(Code, Option<u32>, Vec<u32>)> {
    let numbers = |leaves: &[Leaf]| leaves.iter().map(|leaf| leaf.0).collect();
    let told = repaired.mended.iter();
    told.map(|mend| (mend.code, mend.winner.map(|leaf| leaf.0), numbers(&mend.losers))).collect()
}

fn has_errors(repaired: &Repair) -> bool {
    assert_eq!(
        repaired.coverage.is_none(),
        repaired.left.iter().any(|problem| problem.severity == Severity::Error)
    );
    repaired.coverage.is_none()
}

#[test]
fn an_overlap_goes_to_the_claimant_whose_own_ground_has_the_longest_border_with_it() {
    // The second reaches into the first as a tongue: three of the tongue's sides are the first's.
    let tongue =
        [(1000, 0), (2000, 0), (2000, 1000), (1000, 1000), (1000, 600), (800, 600), (800, 400), (1000, 400)];
    let areas = [area("first", &block(0, 0, 1000, 1000)), area("second", &tongue)];
    for areas in [areas.clone(), [areas[1].clone(), areas[0].clone()]] {
        let repaired = mended(&areas, None);
        assert!(!has_errors(&repaired));
        let winner = areas.iter().position(|area| area.name == "first").expect("there") as u32;
        assert_eq!(pieces(&repaired)[0], (Code::Overlap, Some(winner), vec![1 - winner]));
        // 200 by 200 steps; the tongue goes back by its length or half its width, whichever is nearer.
        let mend = &repaired.mended[0];
        assert!((mend.area_m2 / (200.0 * 200.0 * 0.108034 * 0.11064) - 1.0).abs() < 0.01, "{}", mend.area_m2);
        assert!((10.0..=22.0).contains(&mend.largest_move_m), "{}", mend.largest_move_m);
    }
}

#[test]
fn of_equal_claims_the_first_in_the_list_wins() {
    let areas = [area("west", &block(0, 0, 1010, 1000)), area("east", &block(1000, 0, 2000, 1000))];
    let repaired = mended(&areas, None);
    assert_eq!(pieces(&repaired), [(Code::Sliver, Some(0), vec![1])]);
    assert!(!has_errors(&repaired));
    let corners = |area: &Area| area.polygons[0].exterior.len();
    // Its own border gets corners where the other's met it.
    assert_eq!(repaired.areas.iter().map(corners).collect::<Vec<_>>(), [6, 4]);
}

#[test]
fn an_area_inside_another_keeps_its_ground() {
    let areas = [area("town", &block(0, 0, 1000, 1000)), area("enclave", &block(400, 400, 600, 600))];
    let repaired = mended(&areas, None);
    assert_eq!(pieces(&repaired), [(Code::Overlap, Some(1), vec![0])]);
    assert!(!has_errors(&repaired));
    assert_eq!(repaired.areas[1], areas[1]);
    assert_eq!(repaired.areas[0].polygons[0].holes.len(), 1);
}

#[test]
fn areas_that_are_the_same_are_left() {
    let areas = [area("one", &block(0, 0, 1000, 1000)), area("two", &block(0, 0, 1000, 1000))];
    let repaired = mended(&areas, Some(10.0));
    assert!(has_errors(&repaired) && repaired.mended.is_empty());
    assert_eq!((repaired.areas.as_slice(), repaired.left[0].code), (&areas[..], Code::Overlap));
}

/// Two blocks with a gap of a width between them, closed by a third to the north and a fourth to the south.
fn with_gap(width: i32) -> [Area; 4] {
    let east = 1000 + width;
    [
        area("west", &block(0, 0, 1000, 1000)),
        area("east", &[(east, 0), (2000, 0), (2000, 1000), (east, 1000)]),
        area("north", &[(0, 1000), (1000, 1000), (east, 1000), (2000, 1000), (2000, 1200), (0, 1200)]),
        area("south", &[(0, -200), (2000, -200), (2000, 0), (east, 0), (1000, 0), (0, 0)]),
    ]
}

#[test]
fn a_gap_is_closed_up_to_the_tolerance_and_left_beyond() {
    // 10 steps are 1.08 m.
    for (width, snap_m, is_closed) in [
        (9, None, true),
        (10, None, false),
        (10, Some(1.05), false),
        (10, Some(1.1), true),
        (200, Some(21.0), false),
        (200, Some(22.0), true),
        (9, Some(0.0), false),
    ] {
        let drawn = with_gap(width);
        let repaired = mended(&drawn, snap_m);
        assert_eq!(has_errors(&repaired), !is_closed, "{width} {snap_m:?}: {:?}", repaired.left);
        if is_closed {
            let [mend] = &repaired.mended[..] else { panic!("one gap: {:?}", repaired.mended) };
            assert_eq!((mend.winner, mend.losers.len()), (Some(Leaf(0)), 0));
            assert!((mend.largest_move_m - f64::from(width) * 0.108034).abs() < 0.01, "{mend:?}");
            assert_eq!(repaired.areas[1..], drawn[1..], "the others stay as they were drawn");
        } else {
            assert!(repaired.areas == drawn && repaired.mended.is_empty());
        }
    }
}

#[test]
fn a_declared_void_stays_and_wins_over_who_claims_it() {
    let void = Polygon { exterior: ring(&block(1000, 0, 1005, 1000)), holes: Vec::new() };
    let build = BuildOptions { declared_voids: vec![void], ..BuildOptions::default() };
    let options = RepairOptions { build, snap_m: Some(10.0) };
    let drawn = with_gap(5);
    let repaired = repair(&drawn, &options);
    assert!(repaired.areas == drawn && repaired.mended.is_empty() && repaired.left.is_empty());
    let mut reaching = drawn.clone();
    reaching[0] = area("west", &block(0, 0, 1003, 1000));
    let repaired = repair(&reaching, &options);
    assert_eq!(pieces(&repaired)[0], (Code::Sliver, None, vec![0]));
    assert!(repaired.coverage.is_some(), "{:?}", repaired.left);
}

#[test]
fn an_inlet_and_a_strait_are_closed_only_with_a_tolerance() {
    let inlet = [
        area("west", &block(0, 0, 1000, 1000)),
        area("east", &[(1000, 0), (2000, 0), (2000, 1000), (1005, 1000)]),
    ];
    let strait = [area("west", &block(0, 0, 1000, 1000)), area("east", &block(1005, 0, 2000, 1000))];
    for drawn in [inlet, strait] {
        let left = mended(&drawn, None);
        assert!(has_errors(&left) && left.mended.is_empty() && left.areas == drawn);
        let narrow = mended(&drawn, Some(0.2));
        assert!(has_errors(&narrow) && narrow.areas == drawn);
        let closed = mended(&drawn, Some(0.6));
        assert!(!has_errors(&closed) && closed.left.is_empty(), "{:#?}", closed.left);
        assert_eq!(closed.coverage.as_ref().expect("clean").neighbours(Leaf(0)).len(), 1);
        assert!(closed.largest_move_m() < 0.6 && closed.changed_m2() > 10.0);
    }
}

#[test]
fn a_wide_bay_keeps_its_narrow_tip() {
    let bay = [
        area("west", &[(0, 0), (1000, 0), (1000, 1000), (0, 1000)]),
        area("east", &[(1000, 0), (2000, 0), (2000, 1000), (1200, 1000)]),
    ];
    let repaired = mended(&bay, Some(2.0));
    assert!(repaired.areas == bay && repaired.mended.is_empty());
}

#[test]
fn a_corner_on_a_straight_border_is_added_to_it_and_nothing_moves() {
    let areas = [
        area("west", &block(0, 0, 1000, 1000)),
        area("south-east", &block(1000, 0, 2000, 500)),
        area("north-east", &block(1000, 500, 2000, 1000)),
    ];
    let repaired = mended(&areas, None);
    assert_eq!(pieces(&repaired), [(Code::TJunction, None, vec![])]);
    assert!(repaired.left.is_empty() && repaired.largest_move_m() == 0.0);
    assert_eq!(repaired.areas[1..], areas[1..]);
    assert!(repaired.areas[0].polygons[0].exterior.contains(&at((1000, 500))));
    assert_eq!(repaired.areas[0].polygons[0].exterior.len(), 5);
}

#[test]
fn rings_that_cross_themselves_repeat_positions_or_are_drawn_twice_are_drawn_anew() {
    let bow_tie = area("bow-tie", &[(0, 0), (1000, 1000), (1000, 0), (0, 1000)]);
    let spike =
        area("spike", &[(2000, 0), (3000, 0), (3000, 1000), (3000, 1500), (3000, 1000), (2000, 1000)]);
    let mut twice = area("twice", &block(4000, 0, 5000, 1000));
    twice.polygons.push(twice.polygons[0].clone());
    let stutter = area("stutter", &[(6000, 0), (6000, 0), (7000, 0), (7000, 1000)]);
    let mut speck = area("speck", &block(8000, 0, 9000, 1000));
    speck.polygons[0].holes.push(ring(&[(8100, 100), (8200, 100), (8100, 100)]));
    let repaired = mended(&[bow_tie, spike, twice, stutter, speck], None);
    assert!(!has_errors(&repaired) && repaired.left.is_empty(), "{:?}", repaired.left);
    let parts: Vec<usize> = repaired.areas.iter().map(|area| area.polygons.len()).collect();
    assert_eq!(parts, [2, 1, 1, 1, 1]);
    let corners: Vec<usize> =
        repaired.areas.iter().map(|area| area.polygons[0].rings().flatten().count()).collect();
    assert_eq!(corners, [3, 4, 4, 3, 4]);
    assert!(repaired.mended.iter().all(|mend| mend.losers.is_empty()));
}

#[test]
fn an_area_without_ground_is_left_and_the_others_are_repaired() {
    let areas = [
        area("west", &block(0, 0, 1010, 1000)),
        area("east", &block(1000, 0, 2000, 1000)),
        Area { name: "nothing".to_owned(), polygons: Vec::new() },
        area("line", &[(5000, 0), (6000, 0), (7000, 0)]),
    ];
    let repaired = mended(&areas, None);
    assert!(has_errors(&repaired));
    assert_eq!(repaired.mended[0].winner, Some(Leaf(0)));
    assert_eq!(repaired.areas[2..], areas[2..]);
    assert!(repaired.left.iter().all(|problem| problem.code == Code::ZeroArea), "{:?}", repaired.left);
}
