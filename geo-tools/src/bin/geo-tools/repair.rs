//! `geo-tools repair`: a file of areas as a coverage, each change told.

use std::io::Write;

use clap::Args;
use geo_tools::coverage::{Leaf, Mend, Repair, RepairOptions, repair};
use geo_tools::formats::geojson::geometry_json;
use geo_tools::formats::{Feature, Format, Options, create_as};
use geo_tools::{Code, Datum, Geometry, Problem};
use serde::Serialize;
use serde_json::{Value, json};

use crate::disk::Disk;
use crate::input::{Areas, read_features};
use crate::outlet::Outlet;
use crate::outputs::refuse_clashes;
use crate::problems::{Listed, Problems};
use crate::validate::in_the_file;
use crate::{Unusable, Verdict, report};

/// Mend gaps, overlaps and borders that were drawn twice; borders that are fine stay as they are.
///
/// An overlap goes to the claimant whose own ground has the longest border with it, a gap to the neighbour with the longest
/// border along it. Gaps wider than the tolerance are left and told, and the exit code is 1.
#[derive(Args)]
pub(crate) struct Arguments {
    /// GeoJSON, Shapefile (.shp, or zipped), GeoPackage or FlatGeobuf, gzip or not; - is standard input.
    file: String,
    /// The repaired file, in WGS 84: GeoJSON, or by its ending a Shapefile, a GeoPackage or a FlatGeobuf; - is standard
    /// output.
    #[arg(short, long, value_name = "FILE")]
    output: String,
    /// The layer of a file with several.
    #[arg(long, value_name = "NAME")]
    layer: Option<String>,
    /// The furthest that a border may move, in metres, to close a gap, an inlet or a strait. Without it enclosed gaps are
    /// closed up to 1 m, and what is open to the outside is left.
    #[arg(long, value_name = "METRES", value_parser = metres)]
    snap_m: Option<f64>,
    /// Write the report as JSON; - is standard output.
    #[arg(long, value_name = "FILE")]
    report: Option<String>,
}

/// Whoever wants a border further away wants another border.
const MOST_SNAP_M: f64 = 100.0;

fn metres(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(value) if (0.0..=MOST_SNAP_M).contains(&value) => Ok(value),
        _ => Err(format!("the tolerance is a number of metres from 0 to {MOST_SNAP_M}")),
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<Verdict, Unusable> {
    refuse_clashes(&[&arguments.file], &[Some(&arguments.output), arguments.report.as_deref()])?;
    let mut areas = Areas { problems: Problems::without(is_mended_by_reading), ..Areas::default() };
    let options = Options { layer: arguments.layer.clone(), ..Options::default() };
    let mut features = read_features(&arguments.file, &mut areas, &options)?;
    areas.take(features.clone(), None)?;
    // A feature that cannot be read would be missing in the output: then there is none.
    let is_whole = !features.is_empty() && features.len() == areas.feature_count;
    let options = RepairOptions { snap_m: arguments.snap_m, ..RepairOptions::default() };
    let repaired = repair(&areas.areas, &options);
    let mut left = std::mem::take(&mut areas.problems);
    left.extend_of_coverage(repaired.left.iter().map(|problem| in_the_file(problem.clone(), &areas)));
    left.tell(&arguments.file);
    if is_whole {
        put_back(&mut features, &areas, &repaired);
        left.extend_of_coverage(write(&arguments.output, &features)?);
    }
    let verdict = left.verdict();
    if let Some(path) = &arguments.report {
        let report = Report {
            feature_count: areas.feature_count,
            valid: verdict == Verdict::Fine,
            snap_m: arguments.snap_m,
            mended_count: repaired.mended.len(),
            changed_m2: repaired.changed_m2(),
            largest_move_m: repaired.largest_move_m(),
            mended: repaired.mended.iter().map(|mend| mend_json(&areas, mend)).collect(),
            problems: left.listed()?,
        };
        report::write_json(path, &report)?;
    }
    tell(arguments, &repaired, left.error_count() + left.warning_count(), is_whole);
    Ok(verdict)
}

/// What reading drops is not in the output any more.
fn is_mended_by_reading(problem: &Problem) -> bool {
    matches!(problem.code, Code::DuplicatePosition | Code::ThirdDimension)
}

fn put_back(features: &mut [Feature], areas: &Areas, repaired: &Repair) {
    for (area, &index) in repaired.areas.iter().zip(&areas.indexes) {
        if let Ok(at) = features.binary_search_by_key(&index, |feature| feature.index) {
            features[at].geometry = Some(Geometry::MultiPolygon(area.polygons.clone()));
        }
    }
}

/// Writes the features, and gives what the format cannot hold.
fn write(path: &str, features: &[Feature]) -> Result<Vec<Problem>, Unusable> {
    let unwritable = |source| Unusable::Write { path: path.to_owned(), source };
    let disk = Disk::default();
    let written = || {
        let format = Format::of(path).filter(|format| format.is_written() && !format.is_table());
        let format = format.unwrap_or(Format::Geojson);
        let make = |path: &str| disk.create(path);
        let mut outlet = Outlet::new(create_as(format, path, Datum::Wgs84, &make)?, Datum::Wgs84);
        features.iter().try_for_each(|feature| outlet.take(feature))?;
        outlet.finish()
    };
    let told = written().map_err(unwritable)?;
    disk.keep().map_err(unwritable)?;
    report::tell(path, &told);
    Ok(told)
}

/// The report: what was mended and how much of it, and under `problems` what is left, as `validate` tells it.
#[derive(Serialize)]
struct Report<'a> {
    feature_count: usize,
    valid: bool,
    snap_m: Option<f64>,
    mended_count: usize,
    changed_m2: f64,
    largest_move_m: f64,
    mended: Vec<Value>,
    problems: Listed<'a>,
}

fn mend_json(areas: &Areas, mend: &Mend) -> Value {
    let name = |leaf: Leaf| areas.areas[leaf.index()].name.as_str();
    let index = |leaf: Leaf| areas.indexes[leaf.index()];
    json!({
        "code": mend.code.as_str(),
        "winner": mend.winner.map(name),
        "winner_index": mend.winner.map(index),
        "losers": mend.losers.iter().copied().map(name).collect::<Vec<_>>(),
        "loser_indexes": mend.losers.iter().copied().map(index).collect::<Vec<_>>(),
        "area_m2": mend.area_m2,
        "largest_move_m": mend.largest_move_m,
        "geometry": mend.geometry.as_ref().map_or(Value::Null, geometry_json),
    })
}

fn tell(arguments: &Arguments, repaired: &Repair, left_count: usize, is_whole: bool) {
    let count = repaired.mended.len();
    let (changed_m2, largest_m) = (repaired.changed_m2(), repaired.largest_move_m());
    let mut out = std::io::stderr().lock();
    // Nobody is left to tell if standard error is closed.
    let _ = writeln!(
        out,
        "{}: {count} mended, {changed_m2:.2} m² changed hands, no border moved further than {largest_m:.2} m, \
         {left_count} left",
        arguments.file
    );
    if !is_whole {
        let _ = writeln!(
            out,
            "{} is not written: it would lack the features that cannot be read",
            arguments.output
        );
    }
}
