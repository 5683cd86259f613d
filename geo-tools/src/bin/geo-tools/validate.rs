//! `geo-tools validate`: everything that is wrong with a file of areas.

use std::io::Write;

use clap::Args;
use geo_tools::coverage::{BuildOptions, build};
use geo_tools::formats::Options;
use geo_tools::{Datum, Problem};

use crate::input::{Areas, read_areas};
use crate::outputs::refuse_clashes;
use crate::{Unusable, Verdict, report};

/// Find everything that is wrong with a file, and with its polygons as cells that must tile.
#[derive(Args)]
pub(crate) struct Arguments {
    /// GeoJSON, Shapefile (.shp, or zipped), GeoPackage or FlatGeobuf, gzip or not; - is standard input.
    file: String,
    /// The property that names a feature; `id` is the feature's own id where no feature has such a property.
    #[arg(long, value_name = "PROPERTY")]
    id: Option<String>,
    /// What its coordinates refer to: wgs84, gcj02, bd09, cgcs2000 or web-mercator. Problems are placed in WGS 84.
    /// Without it what the file says, else wgs84.
    #[arg(long)]
    datum: Option<Datum>,
    /// The layer of a file with several.
    #[arg(long, value_name = "NAME")]
    layer: Option<String>,
    /// Write the report as JSON; - is standard output.
    #[arg(long, value_name = "FILE")]
    report: Option<String>,
    /// Write the problems as GeoJSON features; - is standard output.
    #[arg(long, value_name = "FILE")]
    problems: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Verdict, Unusable> {
    refuse_clashes(&[&arguments.file], &[arguments.report.as_deref(), arguments.problems.as_deref()])?;
    let options = Options { datum: arguments.datum, layer: arguments.layer.clone(), ..Options::default() };
    let mut areas = read_areas(&arguments.file, arguments.id.as_deref(), &options)?;
    let mut problems = std::mem::take(&mut areas.problems);
    if !areas.areas.is_empty() {
        let found = build(&areas.areas, &BuildOptions::default()).problems;
        problems.extend_of_coverage(found.into_iter().map(|problem| in_the_file(problem, &areas)));
    }
    problems.tell(&arguments.file);
    let (count, verdict) = (areas.feature_count, problems.verdict());
    if let Some(path) = &arguments.report {
        let valid = verdict == Verdict::Fine;
        let report = report::Report { feature_count: count, valid, problems: problems.listed()? };
        report::write_json(path, &report)?;
    }
    if let Some(path) = &arguments.problems {
        report::write_places(path, problems.listed()?)?;
    }
    let (error_count, warning_count) = (problems.error_count(), problems.warning_count());
    // Nobody is left to tell if standard error is closed.
    let _ = writeln!(
        std::io::stderr().lock(),
        "{}: {count} features, {error_count} errors, {warning_count} warnings",
        arguments.file
    );
    Ok(verdict)
}

/// A problem of the coverage, whose indexes are those of areas, with the places of their features instead.
pub(crate) fn in_the_file(mut problem: Problem, areas: &Areas) -> Problem {
    if let (None, [only]) = (&problem.pointer, problem.indexes.as_slice()) {
        problem.pointer = areas.pointers.get(*only).cloned();
    }
    for index in &mut problem.indexes {
        *index = areas.indexes.get(*index).copied().unwrap_or(*index);
    }
    problem
}
