//! The same plan, however it is made.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use geo_tools::districting::{Effort, Options, PlanHash, Undone, Unit, UnitGraph, Watch, Weight, partition};
use geo_tools::generate::units;

use crate::support::{cut, graph, judged, options, try_cut, unit};

/// Units in bands of a parent each, so that there is work for several threads.
fn in_bands() -> UnitGraph {
    let mesh = units(5_000, 7);
    let mut all = mesh.units().to_vec();
    for (at, unit) in all.iter_mut().enumerate() {
        unit.parent = Some(format!("band {}", at / 1_000));
    }
    UnitGraph::new(all, mesh.links().to_vec()).expect("a sound graph")
}

#[test]
fn one_thread_and_two_make_the_same_plan() {
    let graph = in_bands();
    let of = |threads: usize| {
        let threads = NonZeroUsize::new(threads).expect("some");
        let plan = try_cut(&graph, &Options { threads, ..options(400.0) }).expect("a plan");
        PlanHash::of(&plan.rows(&graph)).to_string()
    };
    assert_eq!(of(1), of(2));
    assert_eq!(of(1), of(3));
}

/// Debug and release builds run this test (`make test`, `make soak`), so both make these bytes. Whoever changes what is cut
/// changes them.
#[test]
fn known_units_and_a_seed_give_the_same_bytes_in_every_build_and_on_any_number_of_threads() {
    let graph = units(5_000, 7);
    for (effort, hash) in [(Effort::Fast, "dc590ae686206838"), (Effort::Full, "addbf354f2ddd33e")] {
        for threads in [1, 2] {
            let threads = NonZeroUsize::new(threads).expect("some");
            let plan = try_cut(&graph, &Options { threads, effort, ..options(400.0) }).expect("a plan");
            assert_eq!(PlanHash::of(&plan.rows(&graph)).to_string(), hash, "{effort:?}, {threads} threads");
        }
    }
}

#[test]
fn five_thousand_generated_units_are_all_in_tolerance_and_another_seed_is_another_plan() {
    let graph = units(5_000, 7);
    let of = |seed: u64, effort: Effort| {
        let options = Options { seed, effort, ..options(400.0) };
        let (plan, judgement) = cut(&graph, &options);
        assert_eq!(judgement.problems, [], "seed {seed}");
        PlanHash::of(&plan.rows(&graph)).to_string()
    };
    assert_ne!(of(1, Effort::Full), of(2, Effort::Full));
    assert_ne!(of(1, Effort::Fast), of(1, Effort::Full));
}

#[test]
fn work_that_is_called_off_ends_without_a_plan_and_progress_reaches_the_end() {
    let graph = in_bands();
    let is_called_off = AtomicBool::new(false);
    let tell = |_| is_called_off.store(true, Ordering::Relaxed);
    let outcome = partition(&graph, &options(400.0), &Watch::new(&tell, &is_called_off));
    assert!(matches!(outcome, Err(Undone::CalledOff)));
    let last = std::sync::Mutex::new(None);
    let tell = |progress| *last.lock().expect("no panic") = Some(progress);
    let plan =
        partition(&graph, &options(400.0), &Watch::new(&tell, &AtomicBool::new(false))).expect("a plan");
    let progress = last.lock().expect("no panic").expect("told");
    assert_eq!((progress.done, progress.all), (5_000, 5_000));
    assert_eq!(judged(&graph, &plan, &options(400.0)).problems, []);
}

#[test]
fn a_target_of_the_whole_is_one_cell() {
    let graph = units(100, 7);
    let total: i64 = graph.units().iter().map(|unit| unit.weight.thousandths()).sum();
    let target = Weight::from_thousandths(total);
    let (plan, judgement) = cut(&graph, &Options { target, ..options(1.0) });
    assert_eq!((plan.cells.len(), judgement.problems.len()), (1, 0));
}

#[test]
fn a_hub_with_twenty_thousand_leaves_is_cut_on_a_small_stack() {
    let count: u32 = 20_001;
    let units = (0..count as usize).map(|number| unit(number % 800, None, 10.0)).enumerate();
    let units = units.map(|(number, unit)| Unit { id: format!("u{number}"), ..unit }).collect();
    let star = graph(units, &(1..count).map(|leaf| (0, leaf)).collect::<Vec<_>>());
    // No half of it but one leaf hangs together without the hub: all but one are peeled off.
    let cut_it = move || {
        let begin = Instant::now();
        let (plan, judgement) = cut(&star, &Options { effort: Effort::Fast, ..options(10.0) });
        assert_eq!((plan.cells.len(), judgement.problems.len()), (count as usize, 0));
        assert!(begin.elapsed().as_secs() < 60, "{:?}", begin.elapsed());
    };
    let worker = std::thread::Builder::new().stack_size(256 << 10);
    worker.spawn(cut_it).expect("a thread").join().expect("no panic");
}
