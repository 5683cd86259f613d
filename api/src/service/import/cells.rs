//! Records as the cells of one level.

use domain::cell::CellCode;
use domain::plan::DrawnCell;
use domain::text::LocalTexts;
use geo_tools::{Code, Geometry, Problem};

use super::options::ImportOptions;
use super::record::Record;

/// Languages that a name may be given in, beside the one that says nothing of its language.
const LANGUAGES: [&str; 2] = ["zh", "en"];

/// Reads one cell.
///
/// # Errors
/// Everything that is wrong with the record.
pub(crate) fn drawn_cell(record: &Record, options: &ImportOptions) -> Result<DrawnCell, Vec<Problem>> {
    let mut problems = Vec::new();
    let id = record.id(options.id.as_deref()).map_err(|problem| problems.push(*problem)).ok();
    let code = id.as_deref().map(CellCode::parse).transpose().unwrap_or_else(|invalid| {
        problems.push(*record.problem(Code::BadValue, invalid.to_string()));
        None
    });
    let polygons = match &record.geometry {
        Some(Geometry::MultiPolygon(polygons)) => Some(polygons.clone()),
        Some(_) => {
            problems.push(*record.problem(Code::GeometryType, "a cell is an area, not a point or a line"));
            None
        }
        None => {
            problems.push(*record.problem(Code::NullGeometry, "a cell needs an area"));
            None
        }
    };
    let names = match id.as_deref().map(|id| names(record, options, id)) {
        Some(Ok(names)) => Some(names),
        Some(Err(problem)) => {
            problems.push(*problem);
            None
        }
        None => None,
    };
    let parent = options.parent.as_deref().and_then(|column| Some((column, record.text(column)?)));
    let parent = parent.map(|(column, name)| record.short(column, name)).transpose();
    let parent = parent.map_err(|problem| problems.push(*problem)).ok().flatten();
    match (code, names, polygons) {
        (Some(code), Some(names), Some(polygons)) if problems.is_empty() => Ok(DrawnCell {
            code,
            names,
            parent,
            polygons,
            index: record.index,
            line: Some(record.line),
            pointer: record.pointer.clone(),
        }),
        _ => Err(problems),
    }
}

/// The name column says nothing of its language; `name_zh` or `name:zh` beside it do. Without a name it is the code.
fn names(record: &Record, options: &ImportOptions, code: &str) -> Result<LocalTexts, Box<Problem>> {
    let column = options.name.as_deref().unwrap_or("name");
    let mut names: Vec<(&str, String)> = Vec::new();
    names.extend(record.text(column).map(|name| ("und", name)));
    for language in LANGUAGES {
        let name = record.text(&format!("{column}_{language}"));
        let name = name.or_else(|| record.text(&format!("{column}:{language}")));
        names.extend(name.map(|name| (language, name)));
    }
    if names.is_empty() {
        names.push(("und", code.to_owned()));
    }
    LocalTexts::new(names.iter().map(|(language, name)| (*language, name.as_str())))
        .map_err(|invalid| record.problem(Code::BadValue, format!("{column}: {invalid}")))
}
