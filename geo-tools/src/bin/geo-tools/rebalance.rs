//! `geo-tools rebalance`: a plan brought back into tolerance with few moves.

use std::io::Write;
use std::num::NonZeroUsize;
use std::time::Instant;

use clap::{Args, ValueEnum};
use geo_tools::districting::explain::Subject;
use geo_tools::districting::{
    Change, Conditions, Judgement, PlanHash, PlanRow, Rebalanced, Rules, Thrift, Undone, Watch, judge,
    rebalance,
};

use crate::disk::Disk;
use crate::districting::{
    Explaining, Run, Units, UnitsArguments, cpu_s, read_plan, read_units_saying, report, summary, threads,
    tolerance_ppm, with_bar, with_clear, with_explanation, with_rounds, with_work, write_cells, write_plan,
};
use crate::outputs::refuse_clashes;
use crate::problems::Problems;
use crate::report::write_json;
use crate::{Unusable, Verdict};

/// Bring a plan whose units weigh something else now back into tolerance, with few of them in another cell than before.
///
/// Cells keep their names, parents their number of cells. A plan that is in tolerance stays as it is. The same units, plan,
/// options and seed give the same plan.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    units: UnitsArguments,
    /// The plan before: a table with the columns unit and cell.
    #[arg(long, value_name = "PLAN.csv")]
    plan: String,
    /// How far a cell may be from its parent's mean, as a part of the mean.
    #[arg(long = "tolerance", value_name = "PART", default_value = "0.05", value_parser = tolerance_ppm)]
    tolerance_ppm: u32,
    /// What counts more: short borders, or few moves. Without it, the shortest borders found with at most 1.4 times the
    /// bound moved.
    #[arg(long, value_enum)]
    thrift: Option<ThriftArgument>,
    /// Another seed, another plan.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many components are changed at once; without it as many as there are processors. The plan is the same.
    #[arg(long, value_name = "COUNT")]
    threads: Option<NonZeroUsize>,
    /// The plan to write, with the columns unit and cell; - is standard output.
    #[arg(short, long, value_name = "NEW.csv")]
    output: String,
    /// Write the cells as areas, in the format of the name.
    #[arg(long, value_name = "FILE")]
    cells: Option<String>,
    /// Try all five of --thrift and write what each comes to; - is standard output.
    #[arg(long, value_name = "FILE.csv")]
    curve: Option<String>,
    /// Write the report as JSON; - is standard output.
    #[arg(long, value_name = "FILE")]
    report: Option<String>,
    #[command(flatten)]
    explaining: Explaining,
}

#[derive(Clone, Copy, ValueEnum)]
enum ThriftArgument {
    /// Short borders, whoever moves.
    Shape,
    /// Rather short borders.
    RatherShape,
    /// Between the two.
    Even,
    /// Rather few moves.
    RatherMoves,
    /// Few moves, however ragged the borders.
    Moves,
}

impl ThriftArgument {
    fn meant(self) -> Thrift {
        match self {
            Self::Shape => Thrift::Shape,
            Self::RatherShape => Thrift::RatherShape,
            Self::Even => Thrift::Even,
            Self::RatherMoves => Thrift::RatherMoves,
            Self::Moves => Thrift::Moves,
        }
    }
}

/// A plan that was changed, and what its judge says of it.
struct Changed {
    rebalanced: Rebalanced,
    rows: Vec<PlanRow>,
    judgement: Judgement,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Verdict, Unusable> {
    let start = Instant::now();
    let mut inputs = arguments.units.inputs();
    inputs.push(&arguments.plan);
    if inputs.iter().filter(|path| **path == "-").count() > 1 {
        return Err(Unusable::InputTwice);
    }
    let [text, page] = arguments.explaining.outputs();
    let (cells, curve) = (arguments.cells.as_deref(), arguments.curve.as_deref());
    let outputs = [Some(arguments.output.as_str()), cells, curve, arguments.report.as_deref(), text, page];
    refuse_clashes(&inputs, &outputs)?;
    let is_drawn = arguments.cells.is_some() || arguments.explaining.draws();
    let (units, mut problems) = read_units_saying(&arguments.units, is_drawn, [None, None])?;
    problems.found_in(&arguments.units.units);
    let before = read_plan(&arguments.plan, &mut problems)?;
    let Some(units) = units.filter(|_| problems.verdict() == Verdict::Fine) else {
        problems.tell(&arguments.units.units);
        return Ok(Verdict::Errors);
    };
    let change = Change {
        tolerance_ppm: arguments.tolerance_ppm,
        thrift: arguments.thrift.map(ThriftArgument::meant),
        seed: arguments.seed,
        threads: threads(arguments.threads),
    };
    let Some(changed) = changed(&units, &before, &change, &mut problems) else {
        problems.tell(&arguments.plan);
        return Ok(Verdict::Errors);
    };
    problems.extend_of_coverage(changed.rebalanced.problems.clone());
    problems.extend_of_coverage(changed.judgement.problems.clone());
    problems.tell(&arguments.plan);
    write(arguments, &units, (&before, &change, &changed), (&mut problems, cpu_s(start)))?;
    let Rebalanced { moved_weight, moved_bound, moved_least, .. } = &changed.rebalanced;
    // Nobody is left to tell if standard error is closed.
    let _ = writeln!(
        std::io::stderr().lock(),
        "{}: {}; {moved_weight} moved, at least {moved_bound} from neighbour to neighbour, {moved_least} in any way",
        arguments.output,
        summary(&changed.judgement)
    );
    Ok(problems.verdict())
}

/// Changes the plan, with a bar on a terminal; what keeps it from being changed is in the problems.
fn changed(units: &Units, before: &[PlanRow], change: &Change, problems: &mut Problems) -> Option<Changed> {
    let work = |watch: &Watch<'_>| rebalance(&units.graph, before, change, watch);
    let outcome = with_bar(units.graph.units().len(), work);
    let rebalanced = match outcome {
        Ok(rebalanced) => rebalanced,
        Err(Undone::Refused(found)) => {
            problems.extend_of_coverage(found);
            return None;
        }
        // Nobody calls it off: an interrupt ends the program.
        Err(Undone::CalledOff) => return None,
    };
    let rows = rebalanced.plan.rows(&units.graph);
    let judgement = judge(&units.graph, &rows, rules(change));
    Some(Changed { rebalanced, rows, judgement })
}

/// What a changed plan is judged by: how many cells there are is not asked again.
fn rules(change: &Change) -> Rules {
    Rules { tolerance_ppm: change.tolerance_ppm, target: None }
}

fn write(
    arguments: &Arguments,
    units: &Units,
    (before, change, changed): (&[PlanRow], &Change, &Changed),
    (problems, cpu_s): (&mut Problems, f64),
) -> Result<(), Unusable> {
    let disk = Disk::default();
    let Changed { rebalanced, rows, judgement } = changed;
    write_plan(&disk, &arguments.output, rows)?;
    if let (Some(path), Some(coverage)) = (&arguments.cells, &units.coverage) {
        write_cells(&disk, path, (&rebalanced.plan, coverage, judgement))?;
    }
    if let Some(path) = &arguments.curve {
        write_curve(&disk, path, (units, before, change), problems)?;
    }
    let unkept = |source| Unusable::Write { path: arguments.output.clone(), source };
    disk.keep().map_err(unkept)?;
    // The plan is in its place: what breaks off from here on, or is interrupted, does not take it along.
    let disk = Disk::default();
    let conditions = Conditions::default();
    let subject =
        Subject { graph: &units.graph, rows, rules: rules(change), conditions: &conditions, judgement };
    let explanation = arguments.explaining.explain(&subject, (Some(before), arguments.report.as_ref()));
    arguments.explaining.write(&disk, (units, subject, explanation.as_ref()))?;
    disk.keep().map_err(unkept)?;
    if let Some(path) = &arguments.report {
        let run = Run {
            target: None,
            tolerance_ppm: arguments.tolerance_ppm,
            seed: Some(arguments.seed),
            cpu_s,
            changed: Some(rebalanced),
        };
        let report = report(judgement, rows, &run, problems.listed()?);
        let report = with_work(report, units.work.as_ref(), (&units.graph, rows));
        let report = with_clear(report, judgement, (&arguments.units.clear, None));
        let report = with_rounds(report, judgement, (&arguments.units.rounds, units.graph.rounds()));
        write_json(path, &with_explanation(report, explanation.as_ref()))?;
    }
    Ok(())
}

/// What all five thrifts come to.
fn write_curve(
    disk: &Disk,
    path: &str,
    (units, before, change): (&Units, &[PlanRow], &Change),
    problems: &mut Problems,
) -> Result<(), Unusable> {
    let unwritable = |error: ::csv::Error| Unusable::Write { path: path.to_owned(), source: error.into() };
    let file = disk.create(path).map_err(|source| Unusable::Write { path: path.to_owned(), source })?;
    let mut table = ::csv::Writer::from_writer(file);
    let columns =
        ["thrift", "moved_weight", "moved_bound", "cut_m", "mean_polsby_popper", "in_tolerance", "plan_hash"];
    table.write_record(columns).map_err(unwritable)?;
    for argument in ThriftArgument::value_variants() {
        let change = Change { thrift: Some(argument.meant()), ..*change };
        let Some(changed) = changed(units, before, &change, problems) else { continue };
        let name = argument.to_possible_value().map_or(String::new(), |value| value.get_name().to_owned());
        let Changed { rebalanced, rows, judgement } = changed;
        let row = [
            name,
            rebalanced.moved_weight.to_string(),
            rebalanced.moved_bound.to_string(),
            (judgement.cut_mm as f64 / 1e3).to_string(),
            judgement.mean_polsby_popper().to_string(),
            judgement.in_tolerance_share().to_string(),
            PlanHash::of(&rows).to_string(),
        ];
        table.write_record(row).map_err(unwritable)?;
    }
    table.flush().map_err(|error| unwritable(error.into()))
}
