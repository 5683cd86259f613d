//! What `partition`, `rebalance` and `score` have in common: units in, plans in and out, the report and what explains it.

mod barriers;
mod clear;
mod cost;
mod explaining;
mod plans;
mod progress;
mod rounds;
mod tell;
mod units;
mod wishes;
mod work;

pub(crate) use clear::{clear_worth_ppm, with_clear};
pub(crate) use cost::cpu_s;
pub(crate) use explaining::{Explaining, read_before, with_explanation};
pub(crate) use plans::{read_plan, write_cells, write_plan};
pub(crate) use progress::with_bar;
pub(crate) use rounds::with_rounds;
pub(crate) use tell::{Run, report, summary};
pub(crate) use units::{Units, UnitsArguments, read_units_saying};
pub(crate) use wishes::WishArguments;
pub(crate) use work::with_work;

use std::num::NonZeroUsize;

use geo_tools::districting::Weight;

/// How many threads, as wanted or as many as there are processors.
pub(crate) fn threads(wanted: Option<NonZeroUsize>) -> NonZeroUsize {
    wanted.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
}

/// A tolerance as a part of the mean, in millionths.
pub(crate) fn tolerance_ppm(text: &str) -> Result<u32, String> {
    match text.parse::<f64>() {
        Ok(part) if (0.0..1.0).contains(&part) => Ok((part * 1e6).round() as u32),
        _ => Err("a tolerance is a part of the mean, such as 0.05: at least 0 and less than 1".to_owned()),
    }
}

/// What a cell should weigh.
pub(crate) fn target(text: &str) -> Result<Weight, String> {
    let weight = text.parse::<f64>().ok().and_then(|number| Weight::new(number).ok());
    let weight = weight.filter(|weight| weight.thousandths() > 0);
    weight.ok_or_else(|| "a target is a number above 0 and up to 1 000 000 000".to_owned())
}
