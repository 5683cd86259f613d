//! Plans in and out, and their cells as areas.

use geo_tools::coverage::Leaf;
use geo_tools::districting::{Judgement, Plan, PlanRow};
use geo_tools::formats::create;
use geo_tools::formats::csv::{self, CsvOptions, Ids, Positions};
use geo_tools::formats::geojson::WriteFeature;
use geo_tools::formats::{Caps, Properties};
use geo_tools::{Code, Coverage, Datum, Geometry, Problem};
use serde_json::json;

use crate::Unusable;
use crate::disk::Disk;
use crate::input::open;
use crate::problems::Problems;

/// The lines of a plan: a table with the columns `unit` and `cell`.
pub(crate) fn read_plan(path: &str, problems: &mut Problems) -> Result<Vec<PlanRow>, Unusable> {
    read_rows((path, "cell", "a plan"), problems)
}

/// Lines that say of units what they are in, in a column of that name.
pub(crate) fn read_rows(
    (path, column, what): (&str, &str, &str),
    problems: &mut Problems,
) -> Result<Vec<PlanRow>, Unusable> {
    let options = CsvOptions { ids: Ids::AsGiven, positions: Positions::Ignored, ..CsvOptions::default() };
    let mut rows = Vec::new();
    for item in csv::read(open(path)?, &options, &Caps::default()) {
        let row = match item {
            csv::Item::Row(row) => row,
            csv::Item::Problem(problem) => {
                problems.push_of(path, problem)?;
                continue;
            }
        };
        let cell = |column: &str| row.cell(column).map(str::trim).filter(|text| !text.is_empty());
        match (cell("unit"), cell(column)) {
            (Some(unit), Some(cell)) => {
                rows.push(PlanRow { unit: unit.to_owned(), cell: cell.to_owned(), line: Some(row.line) });
            }
            _ => {
                let message =
                    format!("a row of {what} has a unit and a {column}, under columns of these names");
                let problem = Problem::error(Code::MissingField, message);
                problems.push_of(path, Problem { line: Some(row.line), ..problem })?;
            }
        }
    }
    Ok(rows)
}

/// Writes a plan.
pub(crate) fn write_plan(disk: &Disk, path: &str, rows: &[PlanRow]) -> Result<(), Unusable> {
    let unwritable = |error: ::csv::Error| Unusable::Write { path: path.to_owned(), source: error.into() };
    let file = disk.create(path).map_err(|source| Unusable::Write { path: path.to_owned(), source })?;
    let mut table = ::csv::Writer::from_writer(file);
    table.write_record(["unit", "cell"]).map_err(unwritable)?;
    for row in rows {
        table.write_record([&row.unit, &row.cell]).map_err(unwritable)?;
    }
    table.flush().map_err(|error| unwritable(error.into()))
}

/// Writes the cells of a plan as areas, each the union of its units.
pub(crate) fn write_cells(
    disk: &Disk,
    path: &str,
    (plan, coverage, judgement): (&Plan, &Coverage, &Judgement),
) -> Result<(), Unusable> {
    let unwritable = |source| Unusable::Write { path: path.to_owned(), source };
    let mut leaves: Vec<Vec<Leaf>> = vec![Vec::new(); plan.cells.len()];
    for (unit, &cell) in (0..).zip(&plan.cell_of) {
        leaves[cell as usize].push(Leaf(unit));
    }
    let judged: std::collections::HashMap<&str, _> =
        judgement.cells.iter().map(|cell| (cell.cell.as_str(), cell)).collect();
    let make = |name: &str| disk.create(name);
    let mut sink = create(path, Datum::Wgs84, &make).map_err(unwritable)?;
    for (cell, leaves) in plan.cells.iter().zip(&leaves) {
        let mut pairs = vec![("cell", json!(cell.name))];
        let mut certificate = None;
        if let Some(judged) = judged.get(cell.name.as_str()) {
            certificate = judged.certificate.as_ref().map(|certificate| certificate.reason.as_str());
            pairs.push(("parent", json!(judged.parent)));
            pairs.push(("weight", json!(judged.weight.value())));
            pairs.push(("deviation", json!(judged.deviation)));
            pairs.push(("units", json!(judged.unit_count)));
        }
        pairs.push(("certificate", json!(certificate)));
        let properties: Properties = pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let geometry = Geometry::MultiPolygon(coverage.union(leaves));
        let feature =
            WriteFeature { id: Some(&cell.name), properties: Some(&properties), geometry: Some(&geometry) };
        sink.write(feature).map_err(unwritable)?;
    }
    sink.finish().map_err(unwritable).map(drop)
}
