//! Each kind of edit that cannot be: what is answered, and that nothing has changed.

use geo_tools::coverage::{Border, Editor};
use geo_tools::{Code, Coverage, Leaf, Position};

use crate::ground::{at, border, line, refused, row};

type Outcome = Result<(), Vec<geo_tools::Problem>>;

fn moves(from: (i32, i32), to: (i32, i32)) -> impl FnOnce(&mut Editor) -> Outcome {
    move |editor| editor.move_vertex(at(from.0, from.1), at(to.0, to.1)).map(drop)
}

fn stretches<'a>(old: &'a [(i32, i32)], new: &'a [(i32, i32)]) -> impl FnOnce(&mut Editor) -> Outcome + 'a {
    move |editor| editor.move_stretch(&line(old), &line(new)).map(drop)
}

fn splits<'a>(leaf: u32, drawn: &'a [(i32, i32)], to: u32) -> impl FnOnce(&mut Editor) -> Outcome + 'a {
    move |editor| editor.split(Leaf(leaf), &line(drawn), Leaf(to)).map(drop)
}

fn merges(gone: u32, into: u32) -> impl FnOnce(&mut Editor) -> Outcome {
    move |editor| editor.merge(Leaf(gone), Leaf(into)).map(drop)
}

fn gives(place: (i32, i32), to: Option<u32>) -> impl FnOnce(&mut Editor) -> Outcome {
    move |editor| editor.relabel(at(place.0, place.1), to.map(Leaf)).map(drop)
}

#[test]
fn a_vertex_that_would_cross_a_border_is_refused_with_the_place_and_the_neighbours() {
    let message = refused(&mut row(), moves((100, 50), (220, 50)), &[Code::EditCrosses; 2]);
    assert!(message.starts_with("the border would cross the one between"), "{message}");
    let mut editor = row();
    let problems = editor.move_vertex(at(200, 50), at(320, 50)).expect_err("over the outline");
    let crossing =
        problems.iter().find(|problem| problem.message.contains("the outside")).expect("the outline");
    assert_eq!(
        crossing.message,
        "the border would cross the one between leaf 2 and the outside at 121.0000300, 14.0000042"
    );
    assert_eq!(crossing.geometry, Some(geo_tools::Geometry::Point(at(300, 42))));
    assert_eq!(crossing.indexes, [1, 2]);
}

#[test]
fn a_vertex_on_another_border_or_vertex_is_refused_since_a_face_would_be_in_pieces() {
    // Onto the side of an enclave, onto its corner, onto the next border's vertex.
    let message = refused(&mut row(), moves((100, 50), (140, 50)), &[Code::FaceInPieces]);
    assert_eq!(
        message,
        "the border would touch the one between leaf 1 and leaf 3 at 121.0000140, 14.0000050, and leaf 1 would be in pieces"
    );
    refused(&mut row(), moves((100, 50), (140, 40)), &[Code::FaceInPieces]);
    refused(&mut row(), moves((100, 50), (200, 50)), &[Code::FaceInPieces]);
    refused(&mut row(), moves((100, 50), (100, 0)), &[Code::FaceInPieces]);
}

#[test]
fn an_edit_that_would_pass_over_what_lies_beside_a_border_is_refused() {
    // Around the enclave, crossing nothing; back again, so that it lies in leaf 0.
    let around = [(100, 0), (170, 20), (170, 80), (100, 100)];
    let message =
        refused(&mut row(), stretches(&[(100, 0), (100, 50), (100, 100)], &around), &[Code::EditCrosses]);
    assert!(
        message.starts_with("the border would pass over the one between leaf 1 and leaf 3 at"),
        "{message}"
    );
    // A triangle's corner through its opposite side: what was around would be within.
    let outer = [(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)];
    let inner = [(40, 40), (60, 40), (50, 60), (40, 40)];
    let borders = vec![border(&outer, Some(0), None), border(&inner, Some(1), Some(0))];
    let mut editor = Editor::new(&Coverage::from_borders(2, borders).expect("a coverage"));
    let message = refused(&mut editor, moves((50, 60), (50, 20)), &[Code::FaceEmpty]);
    assert!(message.ends_with("between leaf 0 and leaf 1 would be turned inside out"), "{message}");
    let message = refused(&mut editor, moves((50, 60), (50, 40)), &[Code::EditCrosses]);
    assert!(message.contains("touch itself"), "{message}");
}

#[test]
fn a_face_that_would_be_left_without_ground_is_refused() {
    let coverage = Coverage::from_borders(2, lens()).expect("a coverage");
    let mut editor = Editor::new(&coverage);
    let straight = [(0, 0), (100, 0)];
    editor.move_stretch(&line(&[(0, 0), (50, 20), (100, 0)]), &line(&straight)).expect("there is room");
    let codes = [Code::FaceEmpty];
    let message = refused(&mut editor, stretches(&[(0, 0), (50, -20), (100, 0)], &straight), &codes);
    assert!(message.ends_with("with no ground between them"), "{message}");
    // To the other side of its neighbour, from node to node: the order around the nodes would be another.
    let beyond = [(0, 0), (50, 30), (100, 0)];
    let message =
        refused(&mut editor, stretches(&[(0, 0), (50, -20), (100, 0)], &beyond), &[Code::EditCrosses; 2]);
    assert!(message.contains("the border would lie on the other side of"), "{message}");
    // A ring of two positions.
    let ring = [(140, 40), (160, 40), (160, 60), (140, 60), (140, 40)];
    refused(&mut row(), stretches(&ring, &[(140, 40), (160, 40), (140, 40)]), &[Code::FaceEmpty]);
    let message = refused(&mut row(), gives((50, 50), Some(1)), &[Code::FaceEmpty]);
    assert_eq!(message, "leaf 0 would have no ground left; merge it instead");
}

#[test]
fn a_line_that_misses_is_refused_and_says_where_it_ends() {
    let message = refused(&mut row(), splits(0, &[(400, 0), (400, 100)], 4), &[Code::LineMisses]);
    assert_eq!(message, "the line does not meet leaf 0");
    let message = refused(&mut row(), splits(0, &[(20, 20), (80, 80)], 4), &[Code::LineMisses]);
    assert_eq!(message, "the line begins and ends inside leaf 0: it must run from border to border");
    let message = refused(&mut row(), splits(0, &[(50, -10), (50, 70)], 4), &[Code::LineMisses]);
    assert_eq!(
        message,
        "the line ends inside leaf 0, at 121.0000050, 14.0000070: it must run from border to border"
    );
    refused(&mut row(), splits(0, &[(50, 70), (50, 110)], 4), &[Code::LineMisses]);
    let message = refused(&mut row(), splits(0, &[(-10, 10), (10, -10)], 4), &[Code::LineMisses]);
    assert_eq!(message, "the line touches leaf 0 and does not run through it");
    // From the outer ring to the ring of the enclave.
    let message = refused(&mut row(), splits(1, &[(150, -10), (150, 50)], 4), &[Code::LineMisses]);
    assert!(message.starts_with("the line leaves leaf 1 in one piece"), "{message}");
}

#[test]
fn a_line_that_meets_the_border_more_than_twice_is_refused_with_every_place() {
    // Through the enclave, to a corner of it, back in after having left, and through two faces.
    let message = refused(&mut row(), splits(1, &[(150, -10), (150, 110)], 4), &[Code::LineTouchesTwice]);
    assert_eq!(
        message,
        "the line meets the border of leaf 1 more than twice, at (121.0000150, 14.0000000), (121.0000150, 14.0000040), \
         (121.0000150, 14.0000060), (121.0000150, 14.0000100): draw one line for each split"
    );
    refused(&mut row(), splits(1, &[(120, -10), (140, 40), (120, 110)], 4), &[Code::LineTouchesTwice]);
    refused(
        &mut row(),
        splits(0, &[(20, -10), (20, 110), (80, 110), (80, -10)], 4),
        &[Code::LineTouchesTwice],
    );
}

#[test]
fn a_line_that_crosses_itself_or_runs_over_a_vertex_of_somebody_else_is_refused() {
    let knot = [(50, -10), (50, 60), (80, 30), (20, 30), (50, 80), (50, 110)];
    let problems = refused(&mut row(), splits(0, &knot, 4), &[Code::EditCrosses]);
    assert!(problems.contains("cross itself"), "{problems}");
}

#[test]
fn strangers_are_not_merged_nor_what_is_not_there() {
    let message = refused(&mut row(), merges(0, 2), &[Code::NotNeighbours]);
    assert_eq!(message, "leaf 0 and leaf 2 have no border with each other");
    refused(&mut row(), merges(3, 0), &[Code::NotNeighbours]);
    refused(&mut row(), merges(1, 1), &[Code::BadValue]);
    let message = refused(&mut row(), merges(1, 9), &[Code::BadValue]);
    assert_eq!(message, "leaf 9 is beyond the 4 that there are");
    let mut editor = row();
    editor.merge(Leaf(3), Leaf(1)).expect("neighbours");
    let message = refused(&mut editor, merges(3, 1), &[Code::BadValue]);
    assert_eq!(message, "leaf 3 has no ground to be merged");
}

#[test]
fn a_face_is_not_given_away_from_a_border_from_outside_or_to_who_has_it() {
    let message = refused(&mut row(), gives((100, 30), Some(0)), &[Code::BadValue]);
    assert_eq!(
        message,
        "121.0000100, 14.0000030 lies on the border between leaf 0 and leaf 1, not in a face"
    );
    refused(&mut row(), gives((400, 30), Some(0)), &[Code::BadValue]);
    refused(&mut row(), gives((-400, 30), Some(0)), &[Code::BadValue]);
    refused(&mut row(), gives((150, 50), Some(3)), &[Code::BadValue]);
    refused(&mut row(), gives((250, 50), None), &[Code::BadValue]);
    refused(&mut row(), gives((150, 50), Some(4)), &[Code::BadValue]);
}

#[test]
fn what_names_no_vertex_or_no_stretch_is_refused() {
    refused(&mut row(), moves((100, 51), (110, 50)), &[Code::BadValue]);
    refused(&mut row(), stretches(&[(100, 50)], &[(100, 50)]), &[Code::BadValue]);
    refused(&mut row(), stretches(&[(100, 0), (100, 100)], &[(100, 0), (100, 100)]), &[Code::BadValue]);
    let there = [(100, 0), (100, 50)];
    refused(&mut row(), stretches(&there, &there), &[Code::BadValue]);
    refused(&mut row(), stretches(&there, &[(100, 0), (90, 40)]), &[Code::BadValue]);
    refused(&mut row(), stretches(&there, &[(100, 0), (100, 0), (100, 50)]), &[Code::BadValue]);
    refused(
        &mut row(),
        stretches(&[(100, 50), (100, 0), (200, 0)], &[(100, 50), (200, 0)]),
        &[Code::BadValue],
    );
    refused(&mut row(), splits(0, &[(50, -10)], 4), &[Code::BadValue]);
    refused(&mut row(), splits(0, &[(50, -10), (50, -10), (50, 110)], 4), &[Code::BadValue]);
    refused(&mut row(), splits(0, &[(50, -10), (50, 110)], 0), &[Code::BadValue]);
    refused(&mut row(), splits(0, &[(50, -10), (50, 110)], 5), &[Code::BadValue]);
    refused(&mut row(), splits(7, &[(50, -10), (50, 110)], 4), &[Code::BadValue]);
}

#[test]
fn what_is_drawn_on_the_other_side_of_the_earth_is_refused() {
    let far = Position::new(-60.0, 14.0).expect("in range");
    refused(&mut row(), |editor| editor.move_vertex(at(100, 50), far).map(drop), &[Code::Extent]);
    refused(
        &mut row(),
        |editor| editor.split(Leaf(0), &[far, at(50, 110)], Leaf(4)).map(drop),
        &[Code::Extent],
    );
    refused(&mut row(), |editor| editor.relabel(far, Some(Leaf(0))).map(drop), &[Code::Extent]);
}

/// Two areas between the same nodes, one above the other.
fn lens() -> Vec<Border> {
    vec![
        border(&[(0, 0), (50, 20), (100, 0)], None, Some(0)),
        border(&[(0, 0), (50, -20), (100, 0)], Some(0), Some(1)),
        border(&[(0, 0), (50, -90), (100, 0)], Some(1), None),
    ]
}
