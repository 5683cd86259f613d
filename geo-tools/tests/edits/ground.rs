//! Hand-made ground for tests.

use geo_tools::coverage::{Border, Coverage, Editor, Leaf};
use geo_tools::{Code, Position, Problem};

pub(crate) fn at(x: i32, y: i32) -> Position {
    Position::from_e7(1_210_000_000 + x, 140_000_000 + y).expect("in range")
}

pub(crate) fn line(positions: &[(i32, i32)]) -> Vec<Position> {
    positions.iter().map(|&(x, y)| at(x, y)).collect()
}

pub(crate) fn border(positions: &[(i32, i32)], left: Option<u32>, right: Option<u32>) -> Border {
    Border { line: line(positions), left: left.map(Leaf), right: right.map(Leaf) }
}

/// Three squares in a row, of a hundred units; the middle one has an enclave of leaf 3, and the eastern one a void.
pub(crate) fn row() -> Editor {
    let ring = |west: i32, inside: Option<u32>, around: u32| {
        let corners = [(west, 40), (west + 20, 40), (west + 20, 60), (west, 60), (west, 40)];
        border(&corners, inside, Some(around))
    };
    let borders = vec![
        border(&[(100, 0), (100, 50), (100, 100)], Some(0), Some(1)),
        border(&[(200, 0), (200, 50), (200, 100)], Some(1), Some(2)),
        border(&[(100, 100), (0, 100), (0, 0), (100, 0)], Some(0), None),
        border(&[(100, 0), (200, 0)], Some(1), None),
        border(&[(200, 100), (100, 100)], Some(1), None),
        border(&[(200, 0), (300, 0), (300, 100), (200, 100)], Some(2), None),
        ring(140, Some(3), 1),
        ring(240, None, 2),
    ];
    Editor::new(&Coverage::from_borders(4, borders).expect("a coverage"))
}

/// Asserts that an edit is refused with these codes, each problem with its place and the leaves concerned, and that nothing has
/// changed. Gives the first message.
pub(crate) fn refused(
    editor: &mut Editor,
    edit: impl FnOnce(&mut Editor) -> Result<(), Vec<Problem>>,
    codes: &[Code],
) -> String {
    let (before, leaf_count, bounds) = (editor.to_borders(), editor.leaf_count(), editor.bounds());
    let problems = edit(editor).expect_err("not possible");
    let found: Vec<Code> = problems.iter().map(|problem| problem.code).collect();
    assert_eq!(found, codes, "{problems:?}");
    assert!(problems.iter().all(|problem| problem.geometry.is_some()), "{problems:?}");
    assert_eq!((editor.to_borders(), editor.leaf_count(), editor.bounds()), (before, leaf_count, bounds));
    assert_eq!(editor.borders().count(), editor.to_borders().len());
    problems[0].message.clone()
}
