//! The report of the contract, and its last line for people.

use geo_tools::districting::{JudgedCell, JudgedParent, Judgement, PlanHash, PlanRow, Rebalanced, Weight};
use serde_json::{Value, json};

use crate::problems::Listed;

/// What a run was asked for, and what it cost.
pub(crate) struct Run<'a> {
    pub(crate) target: Option<Weight>,
    pub(crate) tolerance_ppm: u32,
    /// Absent where nothing was searched.
    pub(crate) seed: Option<u64>,
    pub(crate) cpu_s: f64,
    /// Present where there was a plan before.
    pub(crate) changed: Option<&'a Rebalanced>,
}

/// The report as JSON. What moved is only known where there was a plan before.
pub(crate) fn report(judgement: &Judgement, rows: &[PlanRow], run: &Run<'_>, problems: Listed<'_>) -> Value {
    json!({
        "cells": judgement.cells.iter().map(cell).collect::<Vec<_>>(),
        "max_deviation": judgement.max_deviation(),
        "in_tolerance": judgement.in_tolerance_share(),
        "cut_m": judgement.cut_mm as f64 / 1e3,
        "mean_polsby_popper": judgement.mean_polsby_popper(),
        "moved_weight": run.changed.map(|changed| changed.moved_weight.value()),
        "moved_bound": run.changed.map(|changed| changed.moved_bound.value()),
        "moved_least": run.changed.map(|changed| changed.moved_least.value()),
        "seed": run.seed,
        "plan_hash": PlanHash::of(rows).to_string(),
        "cpu_s": run.cpu_s,
        "target": run.target.map(Weight::value),
        "tolerance": f64::from(run.tolerance_ppm) / 1e6,
        "parents": judgement.parents.iter().map(parent).collect::<Vec<_>>(),
        "problems": problems,
    })
}

fn cell(cell: &JudgedCell) -> Value {
    let certificate = cell
        .certificate
        .as_ref()
        .map(|certificate| json!({ "reason": certificate.reason.as_str(), "detail": certificate.detail }));
    json!({
        "cell": cell.cell,
        "parent": cell.parent,
        "weight": cell.weight.value(),
        "deviation": cell.deviation,
        "contiguous": cell.is_contiguous,
        "polsby_popper": cell.polsby_popper,
        "certificate": certificate,
        "units": cell.unit_count,
        "locked": cell.is_locked,
    })
}

fn parent(parent: &JudgedParent) -> Value {
    json!({
        "parent": parent.parent,
        "weight": parent.weight.value(),
        "cells": parent.cell_count,
        "mean": parent.mean,
        "target_offset": parent.offset,
    })
}

/// One line for people.
pub(crate) fn summary(judgement: &Judgement) -> String {
    let certified = judgement.cells.iter().filter(|cell| cell.certificate.is_some()).count();
    let within = judgement.cells.iter().filter(|cell| cell.is_in_tolerance).count();
    let clear = judgement.clear_share().map(|share| format!(" ({:.1} % along clear lines)", share * 100.0));
    let in_time =
        judgement.in_time_share().map(|share| format!(", {:.1} % visitable in time", share * 100.0));
    format!(
        "{} cells, {within} in tolerance, {certified} certified that they cannot be, {} m of borders between them{}, mean Polsby-Popper {:.3}{}",
        judgement.cells.len(),
        judgement.cut_mm / 1_000,
        clear.unwrap_or_default(),
        judgement.mean_polsby_popper(),
        in_time.unwrap_or_default()
    )
}
