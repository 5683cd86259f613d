//! Faults planted in a sound plan: the judge finds each.

use std::time::Instant;

use geo_tools::districting::{Effort, Judgement, Options, PlanRow, Reason, Rules, UnitGraph, Weight, judge};
use geo_tools::{Code, Severity};

use crate::support::{cut, graph, options, unit};

/// Two parents of a row of eight units each, in which two cells of four weigh the same.
fn two_rows() -> UnitGraph {
    let units = (0..16).map(|at| unit(at, Some(if at < 8 { "north" } else { "south" }), 10.0)).collect();
    let along = (0..15).map(|at| (at, at + 1)).filter(|&(at, _)| at != 7);
    let across = (0..8).map(|at| (at, at + 8));
    graph(units, &along.chain(across).collect::<Vec<_>>())
}

fn sound() -> Vec<PlanRow> {
    let row = |at: usize| PlanRow {
        unit: format!("u{at}"),
        cell: format!("c{}", at / 4),
        line: Some(at as u64 + 2),
    };
    (0..16).map(row).collect()
}

fn told(rows: &[PlanRow]) -> Judgement {
    judge(&two_rows(), rows, Rules { tolerance_ppm: 50_000, target: Weight::new(40.0).ok() })
}

fn codes(judgement: &Judgement) -> Vec<Code> {
    judgement.problems.iter().map(|problem| problem.code).collect()
}

#[test]
fn a_sound_plan_breaks_nothing_and_is_measured() {
    let judgement = told(&sound());
    assert_eq!(codes(&judgement), []);
    assert_eq!((judgement.cells.len(), judgement.max_deviation()), (4, 0.0));
    assert!((judgement.in_tolerance_share() - 1.0).abs() < 1e-12);
    // Two borders within the parents and eight between them, each of 100 m.
    assert_eq!(judgement.cut_mm, 1_000_000);
    // 40 000 m² within 1 000 m.
    assert!((judgement.mean_polsby_popper() - 0.502_65).abs() < 1e-4, "{}", judgement.mean_polsby_popper());
    assert_eq!(judgement.parents.iter().map(|parent| parent.offset).collect::<Vec<_>>(), [Some(0.0); 2]);
}

#[test]
fn a_unit_that_is_missing_unknown_or_there_twice_is_told() {
    let mut rows = sound();
    rows.remove(3);
    assert_eq!(codes(&told(&rows))[0], Code::MissingField);
    let mut rows = sound();
    rows[3].unit = "u99".to_owned();
    let judgement = told(&rows);
    assert!(
        codes(&judgement).contains(&Code::UnknownUnit) && codes(&judgement).contains(&Code::MissingField)
    );
    assert_eq!(judgement.problems[0].line, Some(5));
    let mut rows = sound();
    rows.push(PlanRow { unit: "u0".to_owned(), cell: "c3".to_owned(), line: None });
    assert_eq!(codes(&told(&rows)), [Code::DuplicateId]);
}

#[test]
fn a_cell_in_pieces_is_told() {
    let mut rows = sound();
    (rows[0].cell, rows[7].cell) = (rows[7].cell.clone(), rows[0].cell.clone());
    assert_eq!(codes(&told(&rows)), [Code::NotContiguous; 2]);
}

#[test]
fn a_cell_across_parents_is_told() {
    let mut rows = sound();
    (rows[0].cell, rows[8].cell) = (rows[8].cell.clone(), rows[0].cell.clone());
    let found = codes(&told(&rows));
    assert!(found.contains(&Code::ParentMismatch), "{found:?}");
}

#[test]
fn a_cell_that_need_not_be_out_of_tolerance_is_told() {
    let mut rows = sound();
    rows[3].cell = "c1".to_owned();
    let judgement = told(&rows);
    assert_eq!(codes(&judgement), [Code::OutOfTolerance; 2]);
    assert!(judgement.cells.iter().all(|cell| cell.certificate.is_none()));
}

#[test]
fn a_cell_that_weighs_nothing_is_told_also_beside_one_with_a_unit_that_is_too_heavy() {
    // Two cells of 1,000 and of 500 would do.
    let units = [1_000.0, 500.0, 0.0].iter().enumerate().map(|(at, &weight)| unit(at, None, weight));
    let row = graph(units.collect(), &[(0, 1), (1, 2)]);
    let rows: Vec<PlanRow> = [("u0", "a"), ("u1", "a"), ("u2", "b")]
        .map(|(unit, cell)| PlanRow { unit: unit.to_owned(), cell: cell.to_owned(), line: None })
        .to_vec();
    let judgement = judge(&row, &rows, Rules { tolerance_ppm: 50_000, target: None });
    assert_eq!(codes(&judgement), [Code::OutOfTolerance]);
    assert_eq!(judgement.problems[0].features, ["b"]);
    let told: Vec<(f64, bool)> =
        judgement.cells.iter().map(|cell| (cell.deviation, cell.certificate.is_some())).collect();
    assert_eq!((told, judgement.parents[0].mean), (vec![(1.0, true), (-1.0, false)], 750.0));
}

#[test]
fn a_parent_in_one_cell_is_in_tolerance_of_itself_and_told_to_have_too_few() {
    let mut rows = sound();
    rows[..8].iter_mut().for_each(|row| "c0".clone_into(&mut row.cell));
    let judgement = told(&rows);
    assert_eq!(codes(&judgement), [Code::OutOfTolerance]);
    let problem = &judgement.problems[0];
    assert_eq!(
        (problem.severity, problem.features.as_slice()),
        (Severity::Warning, &["north".to_owned()][..])
    );
    assert!(problem.message.contains("2 of them would be nearer to the target of 40 than 1"), "{problem:?}");
}

#[test]
fn what_is_cut_has_the_number_of_cells_that_is_nearest_to_the_target() {
    let graph = two_rows();
    // 80 in each parent: 80/3 is nearer to 30 than 80/2, 80/1 to 70 than 80/2.
    for (target, cell_count) in [(10.0, 8), (30.0, 3), (40.0, 2), (70.0, 1)] {
        let (_, judgement) = cut(&graph, &options(target));
        let counts: Vec<usize> = judgement.parents.iter().map(|parent| parent.cell_count).collect();
        assert_eq!(counts, [cell_count; 2], "{target}");
        let is_warned = judgement.problems.iter().any(|problem| problem.severity == Severity::Warning);
        assert!(!is_warned, "{target}: {:?}", judgement.problems);
    }
}

#[test]
fn a_plan_that_no_tolerance_covers_is_judged_in_seconds_without_certificates() {
    let graph = geo_tools::generate::units(20_000, 7);
    let (plan, _) = cut(&graph, &Options { effort: Effort::Fast, ..options(400.0) });
    let begin = Instant::now();
    let judgement = judge(&graph, &plan.rows(&graph), Rules { tolerance_ppm: 0, target: None });
    assert!(begin.elapsed().as_secs() < 60, "{:?}", begin.elapsed());
    assert!(judgement.in_tolerance_share() < 0.5);
    let told = codes(&judgement).iter().filter(|code| **code == Code::OutOfTolerance).count();
    assert!(told > plan.cells.len() / 2, "{told}");
}

#[test]
fn a_plan_with_a_cell_for_each_of_many_units_is_judged_in_seconds() {
    let count = 200_000;
    let units = (0..count).map(|at| unit(at, None, (1 + at % 7) as f64)).collect();
    let along: Vec<(u32, u32)> = (1..count as u32).map(|at| (at - 1, at)).collect();
    let row = graph(units, &along);
    let cell = |at: usize| PlanRow { unit: format!("u{at}"), cell: format!("c{at}"), line: None };
    let rows: Vec<PlanRow> = (0..count).map(cell).collect();
    let begin = Instant::now();
    let judgement = judge(&row, &rows, Rules { tolerance_ppm: 50_000, target: None });
    assert!(begin.elapsed().as_secs() < 20, "{:?}", begin.elapsed());
    // The heaviest are left out one after the other, until those of 1 are left.
    assert_eq!((codes(&judgement), judgement.parents[0].mean), (vec![], 1.0));
    assert_eq!(judgement.cells.iter().filter(|cell| cell.is_in_tolerance).count(), 28_572);
}

/// Cuts a row of units and gives the reasons of its cells, by the judge; what cut it must agree.
fn reasons(weights: &[f64], pairs: &[(u32, u32)], target: f64) -> Vec<Option<Reason>> {
    let units = weights.iter().enumerate().map(|(at, &weight)| unit(at, None, weight)).collect();
    let graph = graph(units, pairs);
    let (plan, judgement) = cut(&graph, &options(target));
    assert_eq!(codes(&judgement), [], "{judgement:#?}");
    for cell in plan.cells.iter().filter(|cell| cell.reason.is_some()) {
        let judged = judgement.cells.iter().find(|judged| judged.cell == cell.name).expect("the same cell");
        let confirmed = judged.certificate.as_ref().map(|certificate| certificate.reason);
        assert!(confirmed == cell.reason || judged.is_in_tolerance, "{cell:?} {judged:?}");
    }
    judgement
        .cells
        .iter()
        .map(|cell| cell.certificate.as_ref().map(|certificate| certificate.reason))
        .collect()
}

#[test]
fn each_miss_that_cannot_be_helped_is_certified_with_its_reason() {
    let oversize = reasons(&[10.0, 10.0, 90.0, 10.0, 10.0], &[(0, 1), (1, 2), (2, 3), (3, 4)], 20.0);
    assert_eq!(oversize, [None, Some(Reason::OversizeUnit), None]);
    let island = reasons(&[10.0, 10.0, 10.0, 10.0, 3.0], &[(0, 1), (1, 2), (2, 3)], 20.0);
    assert_eq!(island, [None, None, Some(Reason::SmallComponent)]);
    // Twenty cells of 10, and 15 that hang together: neither one cell nor two are near 10.
    let weights = [[10.0; 20].as_slice(), &[7.5, 7.5]].concat();
    let chain: Vec<(u32, u32)> = (0..21).filter(|&at| at != 19).map(|at| (at, at + 1)).collect();
    let pieces = reasons(&weights, &chain, 10.0);
    assert_eq!(pieces[..20], [None; 20]);
    assert_eq!(pieces[20..], [Some(Reason::ParentArithmetic); 2]);
    // Three cells of 22 of units that add up to 20, 26 or 40.
    let stuck = reasons(&[6.0, 20.0, 20.0, 20.0], &[(0, 1), (1, 2), (2, 3)], 20.0);
    assert_eq!(stuck, [Some(Reason::OversizeUnit); 3]);
}

#[test]
fn a_wrong_wish_is_refused_with_everything_that_is_wrong_with_it() {
    let graph = two_rows();
    let refused = |target: f64| match crate::support::try_cut(&graph, &options(target)) {
        Err(geo_tools::districting::Undone::Refused(problems)) => problems,
        other => panic!("{other:?}"),
    };
    let too_large = refused(1_000.0);
    assert_eq!(too_large[0].code, Code::TargetTooLarge);
    assert!(too_large[0].message.contains("a target of 160 gives one cell"), "{}", too_large[0].message);
    assert_eq!(refused(0.0)[0].code, Code::BadValue);
}
