//! GeoPackages out: the three tables that describe, and the one with the features, in WGS 84.

use std::io::{self, Write};

use serde_json::Value;

use super::pages::Cell;
use super::tree::File;
use super::wkb;
use crate::datum::Datum;
use crate::formats::create::Sink;
use crate::formats::geojson::WriteFeature;
use crate::formats::table::{Column, Kind, Shapes, Table, text};
use crate::formats::wkt::{self, System};
use crate::problem::{Code, Problem};
use crate::shown;

const APPLICATION: u32 = 0x4750_4b47; // "GPKG"
const VERSION: u32 = 10_300;
/// Longer names help nobody, and an index holds them on one page.
const MOST_NAME_CHARACTERS: usize = 60;
/// SQLite's own limit, less the key and the shape.
const MOST_COLUMNS: usize = 1_998;
/// The clock is not asked: the same features make the same bytes.
const LAST_CHANGE: &str = "1970-01-01T00:00:00.000Z";

const SYSTEMS: &str = "CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, \
    organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT)";
const CONTENTS: &str = "CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, \
    identifier TEXT UNIQUE, description TEXT DEFAULT '', \
    last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')), \
    min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER, \
    CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id))";
const SHAPES: &str = "CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, \
    geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL, \
    CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name), \
    CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name), \
    CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id))";

/// Writes a GeoPackage once all features have come.
pub(in crate::formats) struct Writer<W: Write> {
    writer: W,
    layer: String,
    table: Table,
}

impl<W: Write> Writer<W> {
    /// A GeoPackage with one layer of this name.
    pub(in crate::formats) fn new(writer: W, layer: &str, datum: Datum) -> Self {
        let name: String = layer.chars().take(MOST_NAME_CHARACTERS).collect();
        // Names that begin so belong to the database and to the format.
        let lower = name.to_ascii_lowercase();
        let taken = ["sqlite_", "gpkg_", "rtree_"].iter().any(|start| lower.starts_with(start));
        let layer = if name.is_empty() || taken { "features".to_owned() } else { name };
        Self { writer, layer, table: Table::new(datum) }
    }
}

impl<W: Write> Sink for Writer<W> {
    fn write(&mut self, feature: WriteFeature<'_>) -> io::Result<Vec<Problem>> {
        self.table.take(feature).map(|()| Vec::new())
    }

    fn finish(mut self: Box<Self>) -> io::Result<Vec<Problem>> {
        let mut warnings = Vec::new();
        let columns = self.table.columns(&mut warnings);
        if columns.len() > MOST_COLUMNS {
            let message = format!("a GeoPackage holds {MOST_COLUMNS} columns; there are {}", columns.len());
            return Err(io::Error::other(message));
        }
        let bytes = encode(&self.layer, &self.table, &columns, &mut warnings);
        self.writer.write_all(&bytes)?;
        self.writer.flush()?;
        warnings.extend(System::of(self.table.frame.0).unnamed(self.table.frame.0));
        Ok(warnings)
    }
}

fn encode(layer: &str, table: &Table, columns: &[Column], warnings: &mut Vec<Problem>) -> Vec<u8> {
    let (kind, frame) = (kind_of(table.shapes()), table.frame);
    let several = table.shapes().are_several();
    let system = System::of(frame.0);
    let bounds = frame.bounds(table.features.iter().filter_map(|feature| feature.geometry.as_ref()));
    let mut file = File::new();
    describe(&mut file, layer, kind, (&system, bounds));
    let sql = features_sql(layer, kind, columns, warnings);
    let row =
        |(index, feature): (usize, &crate::formats::table::Stored)| {
            let shape = feature
                .geometry
                .as_ref()
                .map_or(Cell::Null, |shape| Cell::Blob(wkb::cell(shape, several, (frame, system.id))));
            let mut cells = vec![Cell::Null, shape];
            cells.extend(columns.iter().map(|column| {
                cell(column.kind, feature.properties.get(&column.name).unwrap_or(&Value::Null))
            }));
            (index as i64 + 1, cells)
        };
    file.table(layer, &sql, table.features.iter().enumerate().map(row));
    file.finish(APPLICATION, VERSION)
}

/// The tables that say what the others are.
fn describe(file: &mut File, layer: &str, kind: &str, (named, bounds): (&System, Option<[f64; 4]>)) {
    let text = |text: &str| Cell::Text(text.to_owned());
    let system = |id: i64, name: &str, by: &str, definition: &str| {
        (id, vec![text(name), Cell::Null, text(by), Cell::Integer(id), text(definition), Cell::Null])
    };
    // Every GeoPackage has the first three.
    let mut systems = vec![
        system(-1, "Undefined Cartesian SRS", "NONE", "undefined"),
        system(0, "Undefined geographic SRS", "NONE", "undefined"),
        system(4326, "WGS 84 geodetic", "EPSG", wkt::WGS_84),
    ];
    if !matches!(named.id, 0 | 4326) {
        let at = systems.partition_point(|(id, _)| *id < named.id);
        systems.insert(at, system(named.id, named.name, "EPSG", named.definition));
    }
    file.table("gpkg_spatial_ref_sys", SYSTEMS, systems.into_iter());
    let edges =
        bounds.map_or([Cell::Null, Cell::Null, Cell::Null, Cell::Null], |edges| edges.map(Cell::Real));
    let mut contents = vec![text(layer), text("features"), text(layer), text(""), text(LAST_CHANGE)];
    contents.extend(edges);
    contents.push(Cell::Integer(named.id));
    file.table("gpkg_contents", CONTENTS, std::iter::once((1, contents)));
    file.index("gpkg_contents", 1, vec![(vec![layer], 1)]);
    file.index("gpkg_contents", 2, vec![(vec![layer], 1)]);
    let shapes = vec![
        text(layer),
        text("geom"),
        text(kind),
        Cell::Integer(named.id),
        Cell::Integer(0),
        Cell::Integer(0),
    ];
    file.table("gpkg_geometry_columns", SHAPES, std::iter::once((1, shapes)));
    file.index("gpkg_geometry_columns", 1, vec![(vec![layer, "geom"], 1)]);
    file.index("gpkg_geometry_columns", 2, vec![(vec![layer], 1)]);
}

fn kind_of(shapes: Shapes) -> &'static str {
    match shapes {
        Shapes::Any => "GEOMETRY",
        Shapes::Point => "POINT",
        Shapes::Line => "LINESTRING",
        Shapes::Polygon => "POLYGON",
        Shapes::MultiPoint => "MULTIPOINT",
        Shapes::MultiLine => "MULTILINESTRING",
        Shapes::MultiPolygon => "MULTIPOLYGON",
    }
}

fn features_sql(layer: &str, kind: &str, columns: &[Column], warnings: &mut Vec<Problem>) -> String {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let mut taken = vec!["fid".to_owned(), "geom".to_owned()];
    let mut sql =
        format!("CREATE TABLE {} (\"fid\" INTEGER PRIMARY KEY NOT NULL, \"geom\" {kind}", quoted(layer));
    for column in columns {
        let is_free = |name: &String| !taken.contains(&name.to_lowercase());
        let plain = column.name.replace('\0', "");
        let numbered = (2..).map(|count| format!("{plain}_{count}"));
        let name = std::iter::once(plain.clone()).chain(numbered).find(is_free).unwrap_or_default();
        if name != column.name {
            let (from, to) = (shown::text(&column.name), shown::text(&name));
            let message = format!(
                "column \u{201c}{from}\u{201d} is written as \u{201c}{to}\u{201d}: its name is taken, capitals aside"
            );
            warnings.push(Problem::warning(Code::BadValue, message));
        }
        taken.push(name.to_lowercase());
        let kind = match column.kind {
            Kind::Logical => "BOOLEAN",
            Kind::Integer => "INTEGER",
            Kind::Real => "DOUBLE",
            Kind::Text => "TEXT",
        };
        sql.push_str(&format!(", {} {kind}", quoted(&name)));
    }
    sql.push(')');
    sql
}

fn cell(kind: Kind, value: &Value) -> Cell {
    match (kind, value) {
        (_, Value::Null) => Cell::Null,
        (Kind::Logical, value) => Cell::Integer(i64::from(value.as_bool().unwrap_or(false))),
        (Kind::Integer, value) => value.as_i64().map_or(Cell::Null, Cell::Integer),
        (Kind::Real, value) => value.as_f64().map_or(Cell::Null, Cell::Real),
        (Kind::Text, value) => Cell::Text(text(value)),
    }
}
