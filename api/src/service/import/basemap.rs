//! Records as the base map: lines are roads, areas are footprints of buildings.

use geo_tools::{Code, Geometry, Polygon, Position, Problem};

use super::options::ImportOptions;
use super::record::Record;

/// The longest class, kind or name that is kept, in characters.
const MAX_CHARACTERS: usize = 200;

/// One thing of the base map.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum MapPart {
    /// A road, a path, a railway.
    Road {
        /// What it is: `primary`, `residential`, `footway`.
        class: String,
        /// Its name.
        name: Option<String>,
        /// Its line, or the pieces of it.
        lines: Vec<Vec<Position>>,
    },
    /// The ground plan of a building.
    Footprint {
        /// What it is: `yes`, `school`.
        kind: String,
        /// Its area.
        polygons: Vec<Polygon>,
    },
}

/// Reads one record.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn map_part(record: &Record, options: &ImportOptions) -> Result<MapPart, Box<Problem>> {
    let text = |field: &str| {
        let column = options.columns.column(field).unwrap_or(field);
        match record.text(column) {
            Some(text) if text.chars().count() > MAX_CHARACTERS => {
                let message = format!("{column} is longer than {MAX_CHARACTERS} characters");
                Err(record.problem(Code::BadValue, message))
            }
            text => Ok(text),
        }
    };
    match &record.geometry {
        Some(Geometry::MultiLine(lines)) => Ok(MapPart::Road {
            class: text("class")?.unwrap_or_else(|| "road".to_owned()),
            name: text("name")?,
            lines: lines.clone(),
        }),
        Some(Geometry::MultiPolygon(polygons)) => Ok(MapPart::Footprint {
            kind: text("kind")?.unwrap_or_else(|| "yes".to_owned()),
            polygons: polygons.clone(),
        }),
        Some(_) => Err(record.problem(Code::GeometryType, "a base map has lines and areas, not points")),
        None => Err(record.problem(Code::NullGeometry, "a part of a base map needs a shape")),
    }
}
