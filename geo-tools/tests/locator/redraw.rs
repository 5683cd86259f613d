//! A locator that followed ten thousand changes answers as the border rule does, everywhere.

use std::collections::BTreeSet;

use geo_tools::coverage::{Border, Editor};
use geo_tools::locator::{Locator, Method};
use geo_tools::{Bounds, Coverage, Leaf, Position};

use crate::patchwork::{Patchwork, SIDE, SPACING};
use crate::random::Random;
use crate::ray;

const CHANGES: usize = 10_000;
/// The most that a vertex moves at once; the next on its border is some 3,000 units away.
const REACH: i64 = 800;

#[test]
fn after_ten_thousand_changes_each_position_of_a_patchwork_has_the_owner_that_the_border_rule_gives() {
    // With more jitter some field of ten thousand changes is not convex, which the oracle asks for.
    for jitter in [1, 2] {
        let seed = jitter as u64;
        let mut random = Random(seed);
        let leaf_count = 2 + random.below(20);
        let mut patchwork = Patchwork::random(&mut random, leaf_count, jitter, [1_134_000_000, 343_000_000]);
        let mut locator = Locator::build(&patchwork.coverage(leaf_count as usize));
        for change in 0..CHANGES {
            let area = patchwork.change(&mut random, leaf_count, jitter);
            locator.redraw(&patchwork.coverage(leaf_count as usize), &area);
            let mut places = || random.below(SIDE as i64 * SPACING + 11) - 5;
            for _ in 0..4 {
                let place = [places(), places()];
                let (at, expected) = (patchwork.position(place), patchwork.expected(place));
                assert_eq!(locator.owner(at), expected, "seed {seed}, change {change}, {place:?}");
            }
            if change % 1000 == 0 {
                assert_everywhere(&locator, &patchwork);
            }
        }
        assert_everywhere(&locator, &patchwork);
        let (followed, anew) =
            (locator.size_bytes(), Locator::build(&patchwork.coverage(leaf_count as usize)).size_bytes());
        assert!(followed < 4 * anew + 65_536, "{followed} bytes where {anew} are enough");
    }
}

/// Every unit of the ground, so every corner and every position on a border too.
fn assert_everywhere(locator: &Locator, patchwork: &Patchwork) {
    for y in -3..=SIDE as i64 * SPACING + 3 {
        for x in -3..=SIDE as i64 * SPACING + 3 {
            let (at, expected) = (patchwork.position([x, y]), patchwork.expected([x, y]));
            let located = locator.locate(at, 0.0);
            assert_eq!(located.leaf, expected, "{x} {y}");
            assert_eq!(locator.locate_many(&[at]), [expected], "{x} {y}");
            let is_on_border = patchwork.is_on_border([x, y]);
            assert_eq!(located.method == Method::Border, is_on_border, "{x} {y}: {located:?}");
            assert_eq!(located.method == Method::Outside, expected.is_none(), "{x} {y}: {located:?}");
        }
    }
}

/// Edits by chance, one after the other.
struct Edits {
    editor: Editor,
    random: Random,
    vertices: Vec<Position>,
    bounds: Bounds,
    leaf_count: i64,
}

impl Edits {
    /// Vertices of the outline stay where they are: beyond what was covered nothing is local.
    fn of(coverage: &Coverage) -> Self {
        let vertices = |is_wanted: fn(&Border) -> bool| -> BTreeSet<Position> {
            let borders = coverage.borders().iter().filter(|border| is_wanted(border));
            borders.flat_map(|border| border.line.iter().copied()).collect()
        };
        let at_nobody = vertices(|border| border.left.is_none() || border.right.is_none());
        let inner = vertices(|_| true).difference(&at_nobody).copied().collect();
        Self {
            editor: Editor::new(coverage),
            random: Random(20_261_123),
            vertices: inner,
            bounds: coverage.bounds(),
            leaf_count: coverage.leaf_count() as i64,
        }
    }

    /// Moves a vertex, or gives a face away, or takes an edit back; answers the ground that changed, if it could be done.
    fn make(&mut self) -> Option<Bounds> {
        match self.random.below(8) {
            0 => Some(self.editor.undo()?.bounds()),
            1 | 2 => {
                let (low, high) = (self.bounds.south_west(), self.bounds.north_east());
                let mut between = |low: i32, high: i32| low + self.random.below(i64::from(high - low)) as i32;
                let (lon, lat) = (between(low.lon_e7(), high.lon_e7()), between(low.lat_e7(), high.lat_e7()));
                let at = Position::from_e7(lon, lat).expect("within the coverage");
                let to = (self.random.below(8) > 0).then(|| Leaf(self.random.below(self.leaf_count) as u32));
                Some(self.editor.relabel(at, to).ok()?.bounds())
            }
            _ => {
                let index = self.random.below(self.vertices.len() as i64) as usize;
                let from = self.vertices[index];
                let mut off = |at: i32| at + (self.random.below(2 * REACH + 1) - REACH) as i32;
                let to =
                    Position::from_e7(off(from.lon_e7()), off(from.lat_e7())).expect("near the coverage");
                // Where it was taken back, its vertex is not there any more: that is refused.
                let bounds = self.editor.move_vertex(from, to).ok()?.bounds();
                self.vertices[index] = to;
                Some(bounds)
            }
        }
    }
}

#[test]
fn after_ten_thousand_edits_each_position_has_the_owner_that_a_ray_to_the_east_meets() {
    let coverage = ray::odd_lattice(1600);
    let (mut edits, mut locator) = (Edits::of(&coverage), Locator::build(&coverage));
    let mut followed = 0;
    for _ in 0..CHANGES * 4 {
        if followed == CHANGES {
            break;
        }
        if let Some(area) = edits.make() {
            locator.follow(&edits.editor, &area);
            followed += 1;
        }
    }
    assert_eq!(followed, CHANGES);
    let edited = edits.editor.coverage();
    assert!(edited.borders() != coverage.borders());
    assert!(ray::compare("1600 cells, edited 10,000 times", &locator, &edited, 500_000) > 1_000_000);
}

#[test]
fn a_locator_of_ten_thousand_cells_is_laid_anew_again_and_again_and_answers_as_before() {
    let coverage = ray::lattice(10_000);
    let mut locator = Locator::build(&coverage);
    let corners: Vec<Position> =
        coverage.borders().iter().flat_map(|border| border.line.iter().copied()).collect();
    let (owners, size_bytes) = (locator.locate_many(&corners), locator.size_bytes());
    for round in 0..4 {
        locator.redraw(&coverage, &coverage.bounds());
        assert!(locator.locate_many(&corners) == owners, "round {round}");
        assert!(locator.size_bytes() < 5 * size_bytes, "{} of {size_bytes} bytes", locator.size_bytes());
    }
}
