//! `geo-tools partition`: units cut into cells.

use std::collections::HashMap;
use std::io::Write;
use std::num::NonZeroUsize;
use std::time::Instant;

use clap::{Args, ValueEnum};
use geo_tools::districting::explain::Subject;
use geo_tools::districting::{
    Effort, JudgedCell, Judgement, Options, Plan, PlanRow, Rules, Watch, Weight, judge_within,
    partition_within,
};
use geo_tools::{Code, Problem, shown};

use crate::disk::Disk;
use crate::districting::{
    Explaining, Run, Units, UnitsArguments, WishArguments, clear_worth_ppm, cpu_s, read_before,
    read_units_saying, report, summary, target, threads, tolerance_ppm, with_bar, with_clear,
    with_explanation, with_rounds, with_work, write_cells, write_plan,
};
use crate::outputs::refuse_clashes;
use crate::problems::Problems;
use crate::report::write_json;
use crate::{Unusable, Verdict};

/// Cut units into cells that hang together, stay within their parents and weigh about the same.
///
/// A cell that cannot be in tolerance is certified with the reason. The same units, options and seed give the same plan.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    units: UnitsArguments,
    #[command(flatten)]
    wishes: WishArguments,
    /// What a cell should weigh: each parent gets as many cells as bring their mean nearest to it.
    #[arg(long, value_name = "WEIGHT", value_parser = target)]
    target: Weight,
    /// How far a cell may be from its parent's mean, as a part of the mean.
    #[arg(long = "tolerance", value_name = "PART", default_value = "0.05", value_parser = tolerance_ppm)]
    tolerance_ppm: u32,
    /// By how much a metre of border along a clear line counts for less than another where borders are made short, from 0 to
    /// 0.9: the more, the more borders follow clear lines, and the longer they may be for it.
    #[arg(
        long = "clear-worth",
        value_name = "PART",
        default_value = "0",
        value_parser = clear_worth_ppm,
        requires = "clear_lines"
    )]
    clear_worth_ppm: u32,
    /// Another seed, another plan.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How long to search.
    #[arg(long, value_enum, default_value = "full")]
    effort: EffortArgument,
    /// How many components are cut at once; without it as many as there are processors. The plan is the same.
    #[arg(long, value_name = "COUNT")]
    threads: Option<NonZeroUsize>,
    /// The plan to write, with the columns unit and cell; - is standard output.
    #[arg(short, long, value_name = "PLAN.csv")]
    output: String,
    /// Write the cells as areas, in the format of the name.
    #[arg(long, value_name = "FILE")]
    cells: Option<String>,
    /// The plan before: what became of its cells, and why units moved, is explained.
    #[arg(long, value_name = "OLD.csv")]
    before: Option<String>,
    /// Write the report as JSON; - is standard output.
    #[arg(long, value_name = "FILE")]
    report: Option<String>,
    #[command(flatten)]
    explaining: Explaining,
}

#[derive(Clone, Copy, ValueEnum)]
enum EffortArgument {
    /// Until cells are in tolerance.
    Fast,
    /// For short borders too.
    Full,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Verdict, Unusable> {
    let start = Instant::now();
    let mut inputs = arguments.units.inputs();
    inputs.extend(arguments.wishes.inputs());
    inputs.extend(arguments.before.as_deref());
    if inputs.iter().filter(|path| **path == "-").count() > 1 {
        return Err(Unusable::InputTwice);
    }
    let [text, page] = arguments.explaining.outputs();
    let (cells, report) = (arguments.cells.as_deref(), arguments.report.as_deref());
    refuse_clashes(&inputs, &[Some(arguments.output.as_str()), cells, report, text, page])?;
    let is_drawn = arguments.cells.is_some() || arguments.explaining.draws();
    let (units, mut problems) = read_units_saying(&arguments.units, is_drawn, arguments.wishes.properties())?;
    let before = match read_before(arguments.before.as_ref())? {
        Ok(before) => before,
        Err(verdict) => return Ok(verdict),
    };
    let options = Options {
        target: arguments.target,
        tolerance_ppm: arguments.tolerance_ppm,
        clear_worth_ppm: arguments.clear_worth_ppm,
        effort: match arguments.effort {
            EffortArgument::Fast => Effort::Fast,
            EffortArgument::Full => Effort::Full,
        },
        seed: arguments.seed,
        threads: threads(arguments.threads),
    };
    let conditions = match &units {
        Some(units) => arguments.wishes.conditions(&units.graph, &units.said, &mut problems)?,
        None => None,
    };
    if let (Some(units), Some(conditions)) = (&units, &conditions) {
        problems.extend_of_coverage(conditions.foresee(&units.graph, &options));
    }
    let (Some(units), Some(conditions)) = (units.filter(|_| problems.verdict() == Verdict::Fine), conditions)
    else {
        problems.tell(&arguments.units.units);
        return Ok(Verdict::Errors);
    };
    let cut = |watch: &Watch<'_>| partition_within(&units.graph, &conditions, &options, watch);
    // What would be refused was told before.
    let Ok(plan) = with_bar(units.graph.units().len(), cut) else { return Ok(Verdict::Errors) };
    let rows = plan.rows(&units.graph);
    let rules = Rules { tolerance_ppm: options.tolerance_ppm, target: Some(options.target) };
    let judgement = judge_within(&units.graph, &rows, rules, &conditions);
    problems.extend_of_coverage(judgement.problems.clone());
    problems.extend_of_coverage(doubts(&plan, &judgement));
    problems.tell(&arguments.units.units);
    let subject =
        Subject { graph: &units.graph, rows: &rows, rules, conditions: &conditions, judgement: &judgement };
    write(arguments, &units, (&plan, subject, before.as_deref()), (&mut problems, cpu_s(start)))?;
    // Nobody is left to tell if standard error is closed.
    let _ = writeln!(std::io::stderr().lock(), "{}: {}", arguments.output, summary(&judgement));
    Ok(problems.verdict())
}

/// Where what cut the plan and what judged it do not agree why a cell is out of tolerance.
fn doubts(plan: &Plan, judgement: &Judgement) -> Vec<Problem> {
    let cells: HashMap<&str, &JudgedCell> =
        judgement.cells.iter().map(|cell| (cell.cell.as_str(), cell)).collect();
    let judged = |name: &str| {
        let certificate = cells.get(name).and_then(|cell| cell.certificate.as_ref());
        certificate.map(|certificate| certificate.reason)
    };
    let claimed = plan.cells.iter().filter_map(|cell| cell.reason.map(|reason| (&cell.name, reason)));
    let doubted = claimed.filter(|(name, reason)| judged(name) != Some(*reason));
    let told = |(name, reason): (&String, geo_tools::districting::Reason)| {
        let (shown, reason) = (shown::text(name), reason.as_str());
        let message = format!("cell {shown} was cut as {reason}, which its judge does not confirm");
        Problem { features: vec![name.clone()], ..Problem::warning(Code::OutOfTolerance, message) }
    };
    doubted.map(told).collect()
}

fn write(
    arguments: &Arguments,
    units: &Units,
    (plan, subject, before): (&Plan, Subject<'_>, Option<&[PlanRow]>),
    (problems, cpu_s): (&mut Problems, f64),
) -> Result<(), Unusable> {
    let Subject { rows, judgement, .. } = subject;
    let disk = Disk::default();
    write_plan(&disk, &arguments.output, rows)?;
    if let (Some(path), Some(coverage)) = (&arguments.cells, &units.coverage) {
        write_cells(&disk, path, (plan, coverage, judgement))?;
    }
    let unkept = |source| Unusable::Write { path: arguments.output.clone(), source };
    disk.keep().map_err(unkept)?;
    // The plan is in its place: what breaks off from here on, or is interrupted, does not take it along.
    let explanation = arguments.explaining.explain(&subject, (before, arguments.report.as_ref()));
    let disk = Disk::default();
    arguments.explaining.write(&disk, (units, subject, explanation.as_ref()))?;
    disk.keep().map_err(unkept)?;
    if let Some(path) = &arguments.report {
        let run = Run {
            target: Some(arguments.target),
            tolerance_ppm: arguments.tolerance_ppm,
            seed: Some(arguments.seed),
            cpu_s,
            changed: None,
        };
        let report = report(judgement, rows, &run, problems.listed()?);
        let report = with_work(report, units.work.as_ref(), (&units.graph, rows));
        let report = with_clear(report, judgement, (&arguments.units.clear, Some(arguments.clear_worth_ppm)));
        let report = with_rounds(report, judgement, (&arguments.units.rounds, units.graph.rounds()));
        write_json(path, &with_explanation(report, explanation.as_ref()))?;
    }
    Ok(())
}
