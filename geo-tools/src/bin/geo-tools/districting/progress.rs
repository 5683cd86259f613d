//! A bar on a terminal while cells are cut or changed.

use std::sync::atomic::AtomicBool;

use geo_tools::districting::{Progress, Watch};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Does long work on so many units that tells how far it is; nobody calls it off: an interrupt ends the program.
pub(crate) fn with_bar<Outcome>(unit_count: usize, work: impl FnOnce(&Watch<'_>) -> Outcome) -> Outcome {
    let bar = ProgressBar::with_draw_target(Some(unit_count as u64), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} units, {elapsed}") {
        bar.set_style(style);
    }
    let tell = |progress: Progress| {
        // What is locked is not cut, and not among all units here.
        bar.set_length(progress.all as u64);
        bar.set_position(progress.done as u64);
    };
    let outcome = work(&Watch::new(&tell, &AtomicBool::new(false)));
    bar.finish_and_clear();
    outcome
}
