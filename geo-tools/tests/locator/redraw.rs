//! A locator that followed a change answers as the border rule does, and as one that was built anew.

use geo_tools::Position;
use geo_tools::locator::Locator;

use crate::patchwork::{Patchwork, SIDE, SPACING};
use crate::random::Random;
use crate::ray;

const CHANGES: usize = 10_000;

#[test]
fn after_ten_thousand_changes_the_locator_answers_as_one_that_was_built_anew() {
    let mut compared = 0;
    for seed in 0..4u64 {
        let mut random = Random(seed);
        let jitter = seed as i64;
        let leaf_count = 2 + random.below(20);
        let mut patchwork = Patchwork::random(&mut random, leaf_count, jitter, [1_134_000_000, 343_000_000]);
        let mut locator = Locator::build(&patchwork.coverage(leaf_count as usize));
        for change in 0..CHANGES / 4 {
            let area = patchwork.change(&mut random, leaf_count, jitter);
            let coverage = patchwork.coverage(leaf_count as usize);
            locator.redraw(&coverage, &area);
            let mut places = || random.below(SIDE as i64 * SPACING + 11) - 5;
            for _ in 0..8 {
                let place = [places(), places()];
                let at = patchwork.position(place);
                let expected = patchwork.expected(place);
                assert_eq!(locator.owner(at), expected, "seed {seed}, change {change}, {place:?}");
                compared += 1;
            }
            if change % 500 == 0 {
                assert_everywhere_as_built_anew(&locator, &patchwork, leaf_count as usize);
            }
        }
        assert_everywhere_as_built_anew(&locator, &patchwork, leaf_count as usize);
        let (followed, anew) =
            (locator.size_bytes(), Locator::build(&patchwork.coverage(leaf_count as usize)).size_bytes());
        assert!(followed < 4 * anew + 65_536, "{followed} bytes where {anew} are enough");
    }
    println!("{compared} positions compared");
}

fn assert_everywhere_as_built_anew(locator: &Locator, patchwork: &Patchwork, leaf_count: usize) {
    let anew = Locator::build(&patchwork.coverage(leaf_count));
    for y in -3..=SIDE as i64 * SPACING + 3 {
        for x in -3..=SIDE as i64 * SPACING + 3 {
            let at = patchwork.position([x, y]);
            assert_eq!(locator.locate(at, 0.0).method, anew.locate(at, 0.0).method, "{x} {y}");
            assert_eq!(locator.locate_many(&[at]), anew.locate_many(&[at]), "{x} {y}");
        }
    }
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
