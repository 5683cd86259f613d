//! `geo-tools score`: what a plan keeps and what it breaks, whoever made it.

use std::io::Write;
use std::time::Instant;

use clap::Args;
use geo_tools::districting::explain::Subject;
use geo_tools::districting::{Rules, Weight, judge_within};

use crate::disk::Disk;
use crate::districting::{
    Explaining, Run, UnitsArguments, WishArguments, cpu_s, read_before, read_plan, read_units_saying, report,
    summary, target, tolerance_ppm, with_clear, with_explanation, with_rounds, with_work,
};
use crate::outputs::refuse_clashes;
use crate::report::write_json;
use crate::{Unusable, Verdict};

/// Judge a plan: every unit in one cell, every cell in one piece, within its parent, and in tolerance or unable to be.
///
/// What it breaks is told, and the exit code is 1.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    units: UnitsArguments,
    #[command(flatten)]
    wishes: WishArguments,
    /// The plan: a table with the columns unit and cell.
    #[arg(long, value_name = "PLAN.csv")]
    plan: String,
    /// What a cell should weigh; how far each parent's mean is from it is reported.
    #[arg(long, value_name = "WEIGHT", value_parser = target)]
    target: Option<Weight>,
    /// How far a cell may be from its parent's mean, as a part of the mean.
    #[arg(long = "tolerance", value_name = "PART", default_value = "0.05", value_parser = tolerance_ppm)]
    tolerance_ppm: u32,
    /// The plan before: what became of its cells, and why units moved, is explained.
    #[arg(long, value_name = "OLD.csv")]
    before: Option<String>,
    /// Write the report as JSON; - is standard output.
    #[arg(long, value_name = "FILE")]
    report: Option<String>,
    #[command(flatten)]
    explaining: Explaining,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Verdict, Unusable> {
    let start = Instant::now();
    let mut inputs = arguments.units.inputs();
    inputs.push(&arguments.plan);
    inputs.extend(arguments.wishes.inputs());
    inputs.extend(arguments.before.as_deref());
    if inputs.iter().filter(|path| **path == "-").count() > 1 {
        return Err(Unusable::InputTwice);
    }
    let [text, page] = arguments.explaining.outputs();
    refuse_clashes(&inputs, &[arguments.report.as_deref(), text, page])?;
    let (units, mut problems) =
        read_units_saying(&arguments.units, arguments.explaining.draws(), arguments.wishes.properties())?;
    let before = match read_before(arguments.before.as_ref())? {
        Ok(before) => before,
        Err(verdict) => return Ok(verdict),
    };
    let rows = read_plan(&arguments.plan, &mut problems)?;
    let conditions = match &units {
        Some(units) => arguments.wishes.conditions(&units.graph, &units.said, &mut problems)?,
        None => None,
    };
    problems.found_in(&arguments.units.units);
    let (Some(units), Some(conditions)) = (units, conditions) else {
        problems.tell(&arguments.units.units);
        return Ok(Verdict::Errors);
    };
    let rules = Rules { tolerance_ppm: arguments.tolerance_ppm, target: arguments.target };
    let judgement = judge_within(&units.graph, &rows, rules, &conditions);
    problems.extend_of_coverage(judgement.problems.clone());
    problems.tell(&arguments.plan);
    let Rules { tolerance_ppm, target } = rules;
    let run = Run { target, tolerance_ppm, seed: None, cpu_s: cpu_s(start), changed: None };
    let subject =
        Subject { graph: &units.graph, rows: &rows, rules, conditions: &conditions, judgement: &judgement };
    let asked = (before.as_deref(), arguments.report.as_ref());
    let explanation = arguments.explaining.explain(&subject, asked);
    let disk = Disk::default();
    arguments.explaining.write(&disk, (&units, subject, explanation.as_ref()))?;
    disk.keep().map_err(|source| Unusable::Write { path: arguments.plan.clone(), source })?;
    if let Some(path) = &arguments.report {
        let report = report(&judgement, &rows, &run, problems.listed()?);
        let report = with_work(report, units.work.as_ref(), (&units.graph, &rows));
        let report = with_clear(report, &judgement, (&arguments.units.clear, None));
        let report = with_rounds(report, &judgement, (&arguments.units.rounds, units.graph.rounds()));
        write_json(path, &with_explanation(report, explanation.as_ref()))?;
    }
    // Nobody is left to tell if standard error is closed.
    let _ = writeln!(std::io::stderr().lock(), "{}: {}", arguments.plan, summary(&judgement));
    Ok(problems.verdict())
}
