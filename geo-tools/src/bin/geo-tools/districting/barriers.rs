//! Files of lines: those that no cell reaches across, and the bridges over them.

use geo_tools::districting::{Barrier, barred_pairs};
use geo_tools::formats::Options;
use geo_tools::{Code, Coverage, Geometry, Problem};
use serde_json::Value;

use crate::Unusable;
use crate::input::{Areas, read_features, text_of};
use crate::problems::Problems;

/// What says no, in small letters: OpenStreetMap's `no`, the `F` of a shapefile's logical field and of Geofabrik's extracts,
/// and what databases make of it.
const NO: [&str; 6] = ["", "no", "n", "false", "f", "0"];

/// The pairs of units whose common border lies along barriers of a file. Whatever is wrong with it is in the problems.
pub(crate) fn read_barred(
    (path, within_m): (&str, f64),
    coverage: &Coverage,
    problems: &mut Problems,
) -> Result<Vec<[u32; 2]>, Unusable> {
    let barriers = read_lines(path, ["a barrier", "the barriers"], problems)?;
    let pairs = barred_pairs(coverage, &barriers, within_m);
    if pairs.is_empty() {
        let message = format!("no border of two units lies along a barrier, within {within_m} m");
        problems.push_of(path, Problem::warning(Code::BadValue, message))?;
    }
    Ok(pairs)
}

/// The lines of a file that run above ground; what one of them is called, and all of them, where something is wrong with it.
pub(super) fn read_lines(
    path: &str,
    [one, all]: [&str; 2],
    problems: &mut Problems,
) -> Result<Vec<Barrier>, Unusable> {
    let mut read = Areas::default();
    let features = read_features(path, &mut read, &Options::default())?;
    if read.problems.error_count() > 0 {
        read.problems.tell(path);
        let message = format!("{} errors in {all}; mend them or leave them out", read.problems.error_count());
        problems.push_of(path, Problem::error(Code::BadValue, message))?;
    }
    let mut found = Vec::new();
    for feature in &features {
        let says = |property: &str| is_said(feature.properties.get(property));
        match &feature.geometry {
            // What runs in a tunnel parts nothing, and nobody sees it.
            Some(Geometry::MultiLine(_)) if says("tunnel") && !says("bridge") => {}
            Some(Geometry::MultiLine(lines)) => {
                let is_bridge = says("bridge");
                found.extend(lines.iter().map(|line| Barrier { line: line.clone(), is_bridge }));
            }
            _ => {
                let message = format!("{one} is a line, something else was given");
                let problem = Problem::error(Code::GeometryType, message);
                let place = (Some(feature.line), Some(feature.pointer.clone()));
                problems.push_of(path, Problem { line: place.0, pointer: place.1, ..problem })?;
            }
        }
    }
    Ok(found)
}

/// Whether a property is there and says anything but no.
fn is_said(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(value)) => *value,
        other => text_of(other).is_some_and(|text| !NO.contains(&text.trim().to_lowercase().as_str())),
    }
}

/// A distance within which a barrier counts, in metres.
pub(crate) fn within_m(text: &str) -> Result<f64, String> {
    let within_m = text.parse::<f64>().ok().filter(|within_m| (0.01..=1_000.0).contains(within_m));
    within_m.ok_or_else(|| "a distance is a number of metres from 0.01 to 1 000".to_owned())
}
