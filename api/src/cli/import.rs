//! `gridward import`: flags to an import, and its report to the terminal and to files.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::arguments::ImportFlags;
use super::operator;
use super::{Failure, complain, in_runtime, say, settings};
use crate::service::admin::{AdminAnswer, AdminCommand, refuse_clashes};
use crate::service::import::{BadRows, ColumnMap, Effect, FileFormat, ImportKind, ImportOptions};

/// How many errors are printed; the report has more of them.
const SHOWN_ERRORS: usize = 50;
/// How many warnings are printed: they keep nothing from being imported.
const SHOWN_WARNINGS: usize = 5;

pub(super) fn run(flags: ImportFlags) -> Result<(), Failure> {
    let options = options(&flags)?;
    let input = Some(flags.file.as_path()).filter(|file| *file != Path::new("-"));
    refuse_clashes(input, &[flags.skip_bad.as_deref(), flags.report.as_deref()])
        .map_err(|error| Failure::unusable(&error))?;
    let settings = settings(flags.settings)?;
    let (path, _kept) = readable(&flags.file, &settings.data_dir)?;
    let bad_rows = flags.skip_bad.as_deref().map(writable).transpose()?;
    let report = flags.report.as_deref().map(writable).transpose()?;
    let command = AdminCommand::Import { district: flags.district, path, options, bad_rows, report };
    let answer = in_runtime(operator::ask(&settings, command))?;
    let (message, report, refused) = match answer {
        AdminAnswer::Done { message, detail } => (message, detail, false),
        AdminAnswer::Refused { message, detail } => (message, detail, true),
        AdminAnswer::Progress { .. } => return Err(Failure::Refused("the server stopped half-way".into())),
    };
    show_problems(&report);
    if refused { Err(Failure::Refused(message)) } else { say(message) }
}

fn options(flags: &ImportFlags) -> Result<ImportOptions, Failure> {
    let kind = ImportKind::parse(&flags.kind).ok_or_else(|| {
        let kinds = ImportKind::ALL.map(ImportKind::as_str).join(", ");
        Failure::Unusable(format!("{:?} cannot be imported; {kinds} can", flags.kind))
    })?;
    if kind == ImportKind::Cells && flags.level.is_none() {
        return Err(Failure::Unusable("cells need a level, such as --level township or --level cell".into()));
    }
    let format = match flags.format.as_deref() {
        None => FileFormat::of_name(&flags.file.to_string_lossy()),
        Some(word) => FileFormat::parse(word).ok_or_else(|| {
            let known = "geojson, csv, xlsx, shapefile, geopackage or flatgeobuf";
            Failure::Unusable(format!("{word:?} must be {known}"))
        })?,
    };
    let columns = ColumnMap::parse(kind, flags.map.iter().map(String::as_str))
        .map_err(|error| Failure::unusable(&error))?;
    Ok(ImportOptions {
        level: flags.level.clone(),
        id: flags.id.clone(),
        name: flags.name.clone(),
        parent: flags.parent.clone(),
        voids: flags.voids.as_deref().map(writable).transpose()?,
        layer: flags.layer.clone(),
        columns,
        datum: flags.datum,
        bad_rows: if flags.skip_bad.is_some() { BadRows::Skip } else { BadRows::Refuse },
        effect: if flags.dry_run { Effect::DryRun } else { Effect::Write },
        ..ImportOptions::new(kind, format)
    })
}

/// A file that goes when the command ends.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // The folder of the data is the operator's; a file left there harms nobody.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The file where the server can read it too: standard input goes into the data folder for as long as it takes.
fn readable(file: &Path, data_dir: &Path) -> Result<(PathBuf, Option<Temporary>), Failure> {
    if file == Path::new("-") {
        let path = data_dir.join(format!("import-{}.tmp", std::process::id()));
        let kept = Temporary(path.clone());
        let mut copy = File::create(&path).map_err(|error| unwritable(&path, &error))?;
        std::io::copy(&mut std::io::stdin().lock(), &mut copy).map_err(|error| unwritable(&path, &error))?;
        return Ok((path, Some(kept)));
    }
    let absolute = std::fs::canonicalize(file)
        .map_err(|error| Failure::Unusable(format!("{} cannot be read: {error}", file.display())))?;
    Ok((absolute, None))
}

/// A file that the server will write, where it finds it.
fn writable(file: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(file).map_err(|error| unwritable(file, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Unusable(format!("{} cannot be written: {error}", path.display()))
}

/// Prints the first errors and warnings, each as `line: CODE message`.
fn show_problems(report: &Value) {
    let problems = report["problems"].as_array().map_or(&[][..], Vec::as_slice);
    let severities = [
        ("error", SHOWN_ERRORS, &report["bad_count"]),
        ("warning", SHOWN_WARNINGS, &report["warning_count"]),
    ];
    for (severity, shown, count) in severities {
        let of_severity = problems.iter().filter(|problem| problem["severity"] == severity);
        for problem in of_severity.take(shown) {
            complain(&problem_line(severity, problem));
        }
        let more = count.as_u64().unwrap_or_default().saturating_sub(shown as u64);
        if more > 0 {
            complain(&format!("and {more} more of severity {severity}; --report FILE has them all"));
        }
    }
}

fn problem_line(severity: &str, problem: &Value) -> String {
    let place = match (problem["line"].as_u64(), problem["pointer"].as_str()) {
        (Some(line), Some(pointer)) if !pointer.is_empty() => format!("line {line}, {pointer}: "),
        (Some(line), _) => format!("line {line}: "),
        (None, _) => String::new(),
    };
    let word = |name: &str| problem[name].as_str().unwrap_or_default();
    let on_earth = first_position(&problem["geometry"]["coordinates"]);
    let on_earth = on_earth.map(|[lon, lat]| format!(" (at lon {lon}, lat {lat})")).unwrap_or_default();
    format!("{severity}: {place}{} {}{on_earth}", word("code"), word("message"))
}

/// The first position of a shape: where to look on a map.
fn first_position(coordinates: &Value) -> Option<[f64; 2]> {
    match coordinates.as_array()?.as_slice() {
        [lon, lat, ..] if lon.is_number() => Some([lon.as_f64()?, lat.as_f64()?]),
        [first, ..] => first_position(first),
        [] => None,
    }
}
