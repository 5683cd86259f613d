//! Units for everybody to cut, Gridward's plans of them, and the judge of all plans, which is that of `geo-tools score`.
//!
//! `bench-peers plans units COUNT FOLDER` writes what is cut, `… cut COUNT SEED fast|full PLAN` cuts it, `… judge COUNT PLAN…`
//! judges plans, a line of JSON each. All files are numbers of four bytes; a plan has the number of its cell for each unit.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use geo_tools::districting::{Effort, Options, PlanRow, Rules, UnitGraph, Watch, Weight, judge, partition};
use geo_tools::{Severity, generate};
use serde_json::json;

use crate::Failure;

const SEED: u64 = 7;
const TARGET: f64 = 400.0;
const TOLERANCE_PPM: u32 = 50_000;

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["units", count, folder] => write_units(&units(count)?, Path::new(folder)),
        ["cut", count, seed, effort, plan] => cut(&units(count)?, seed.parse()?, effort, plan),
        ["judge", count, ref plans @ ..] => {
            let graph = units(count)?;
            plans.iter().try_for_each(|plan| judge_plan(&graph, plan))
        }
        _ => {
            Err("units COUNT FOLDER, cut COUNT SEED fast|full PLAN or judge COUNT PLAN… are expected".into())
        }
    }
}

fn units(count: &str) -> Result<UnitGraph, Failure> {
    Ok(generate::units(count.parse()?, SEED))
}

/// Weights in households, the links of each unit, and their borders in decimetres: what fits the peers' numbers.
fn write_units(graph: &UnitGraph, folder: &Path) -> Result<(), Failure> {
    let mut beside = vec![Vec::new(); graph.units().len()];
    for link in graph.links() {
        let shared_dm = ((link.shared_mm + 50) / 100).max(1) as i32;
        beside[link.first as usize].push((link.second as i32, shared_dm));
        beside[link.second as usize].push((link.first as i32, shared_dm));
    }
    let mut starts = vec![0];
    for links in &beside {
        starts.push(starts[starts.len() - 1] + links.len() as i32);
    }
    let households = |thousandths: i64| (thousandths / 1_000) as i32;
    let weights: Vec<i32> = graph.units().iter().map(|unit| households(unit.weight.thousandths())).collect();
    write(&folder.join("weights.i4"), weights.iter().copied())?;
    write(&folder.join("starts.i4"), starts.iter().copied())?;
    write(&folder.join("beside.i4"), beside.iter().flatten().map(|(unit, _)| *unit))?;
    write(&folder.join("shared.i4"), beside.iter().flatten().map(|(_, shared_dm)| *shared_dm))?;
    let total: f64 = weights.iter().map(|weight| f64::from(*weight)).sum();
    // The number that brings the mean nearest to the target, as `partition` chooses it.
    let fewer = (total / TARGET).floor().max(1.0);
    let off = |cells: f64| (total / cells - TARGET).abs();
    let cells = if off(fewer + 1.0) < off(fewer) { fewer + 1.0 } else { fewer };
    println!("{}", json!({ "units": weights.len(), "cells": cells as u64, "target": TARGET }));
    Ok(())
}

fn write(path: &Path, numbers: impl Iterator<Item = i32>) -> Result<(), Failure> {
    Ok(std::fs::write(path, numbers.flat_map(i32::to_le_bytes).collect::<Vec<u8>>())?)
}

fn cut(graph: &UnitGraph, seed: u64, effort: &str, path: &str) -> Result<(), Failure> {
    let options = Options {
        target: Weight::new(TARGET)?,
        tolerance_ppm: TOLERANCE_PPM,
        clear_worth_ppm: 0,
        effort: if effort == "fast" { Effort::Fast } else { Effort::Full },
        seed,
        threads: NonZeroUsize::MIN,
    };
    let is_called_off = AtomicBool::new(false);
    let before_s = cpu_s()?;
    let plan = partition(graph, &options, &Watch::new(&|_| {}, &is_called_off));
    let cpu_s = cpu_s()? - before_s;
    let plan = plan.map_err(|undone| format!("there is no plan: {undone:?}"))?;
    write(Path::new(path), plan.cell_of.iter().map(|cell| *cell as i32))?;
    println!("{}", json!({ "cpu_s": cpu_s, "peak_mb": peak_mb()? }));
    Ok(())
}

/// How long a processor has worked for this thread, which is the only one.
fn cpu_s() -> Result<f64, Failure> {
    let counts = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = counts.split_whitespace().next().ok_or("no count")?.parse()?;
    Ok(nanoseconds / 1e9)
}

/// The most memory that this process has held, in megabytes.
fn peak_mb() -> Result<f64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).ok_or("no peak")?;
    let kib: f64 = line.split_whitespace().nth(1).ok_or("no peak")?.parse()?;
    Ok(kib * 1_024.0 / 1e6)
}

fn judge_plan(graph: &UnitGraph, path: &str) -> Result<(), Failure> {
    let bytes = std::fs::read(path)?;
    let cells = bytes.chunks_exact(4).map(|four| i32::from_le_bytes([four[0], four[1], four[2], four[3]]));
    let row = |(unit, cell): (&geo_tools::districting::Unit, i32)| PlanRow {
        unit: unit.id.clone(),
        cell: cell.to_string(),
        line: None,
    };
    let rows: Vec<PlanRow> = graph.units().iter().zip(cells).map(row).collect();
    let rules = Rules { tolerance_ppm: TOLERANCE_PPM, target: Some(Weight::new(TARGET)?) };
    let judgement = judge(graph, &rows, rules);
    let cells = &judgement.cells;
    let contiguous = cells.iter().filter(|cell| cell.is_contiguous).count();
    let broken = judgement.problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    let certified = cells.iter().filter(|cell| !cell.is_in_tolerance && cell.certificate.is_some()).count();
    println!(
        "{}",
        json!({
            "cells": cells.len(),
            "contiguous": contiguous as f64 / cells.len() as f64,
            "in_tolerance": judgement.in_tolerance_share(),
            "certified": certified,
            "cut_km": judgement.cut_mm as f64 / 1e6,
            "polsby_popper": judgement.mean_polsby_popper(),
            "broken_rules": broken,
        })
    );
    Ok(())
}
