//! Readers by format: what each gives becomes a record, or what keeps one from being read.

use std::io::Read;
use std::sync::Arc;

use geo_tools::formats::csv::{CsvOptions, Ids, Positions, Row};
use geo_tools::formats::{self, Caps, Feature, Format, Item, Options, Source, csv, geojson};
use geo_tools::{Datum, Geometry};

use super::file_format::FileFormat;
use super::given::Given;
use super::next::{Next, Refused};
use super::options::{ImportKind, ImportOptions};
use super::record::{Fields, Record};

/// Reads a file, record by record.
pub(crate) fn records(
    reader: impl Read + 'static,
    options: &ImportOptions,
    caps: &Caps,
) -> Box<dyn Iterator<Item = Next>> {
    let other = |reader, format| {
        let (caps, layer) = (caps.clone(), options.layer.clone());
        let read = Options { datum: options.datum, caps, layer, ..Options::default() };
        // Bytes without a name have nothing beside them.
        match formats::read(format, ("", Box::new(reader)), &|_| Ok(None), &read) {
            Ok(reader) => all_boxed(reader, options.datum.unwrap_or_default()),
            Err(problem) => Box::new([Next::Bad((*problem).into()), Next::BrokeOff].into_iter()),
        }
    };
    match options.format {
        FileFormat::Shapefile => other(reader, Format::Zip),
        FileFormat::Geopackage => other(reader, Format::Geopackage),
        FileFormat::Flatgeobuf => other(reader, Format::Flatgeobuf),
        FileFormat::Geojson => {
            let datum = options.datum.unwrap_or_default();
            let reader = geojson::read(reader, caps).in_datum(datum);
            Box::new(all_of(
                reader,
                move |item, reader| of_geojson(item, reader, datum),
                geojson::Reader::broke_off,
            ))
        }
        FileFormat::Csv => {
            let reader = csv::read(reader, &csv_options(options), caps);
            Box::new(all_of(reader, of_csv, csv::Reader::broke_off))
        }
    }
}

/// Gives what a reader gives, and at its end whether the file went on.
fn all_of<R, I>(
    mut reader: R,
    next: impl Fn(I, &R) -> Next,
    broke_off: impl Fn(&R) -> bool,
) -> impl Iterator<Item = Next>
where
    R: Iterator<Item = I>,
{
    let mut is_open = true;
    std::iter::from_fn(move || match reader.next() {
        Some(item) => Some(next(item, &reader)),
        None => (std::mem::replace(&mut is_open, false) && broke_off(&reader)).then_some(Next::BrokeOff),
    })
}

/// Gives what the reader of any other format gives; what stood in a row that it refuses is not known.
fn all_boxed(reader: Box<dyn Source>, datum: Datum) -> Box<dyn Iterator<Item = Next>> {
    let given = all_of(
        reader,
        move |item, _| match item {
            Item::Feature(feature) => of_feature(feature, datum),
            Item::Problem(problem) => Next::Bad(problem.into()),
        },
        |reader| reader.broke_off(),
    );
    Box::new(given)
}

fn of_feature(feature: Feature, datum: Datum) -> Next {
    let record = Record {
        index: feature.index,
        line: feature.line,
        pointer: Some(feature.pointer),
        geometry: feature.geometry,
        id: feature.id,
        fields: Arc::new(Fields::Properties(feature.properties.into_map())),
        datum,
    };
    Next::Record(Box::new(record), feature.warnings)
}

fn of_geojson<R: Read>(item: Item, reader: &geojson::Reader<R>, datum: Datum) -> Next {
    match item {
        Item::Feature(feature) => of_feature(feature, datum),
        Item::Problem(problem) => {
            let given = reader.refused().map(|refused| Given {
                fields: Arc::new(Fields::Properties(refused.properties.clone())),
                id: refused.id.clone(),
                lon_lat: refused.lon_lat.clone(),
            });
            Next::Bad(Box::new(Refused { problem, given }))
        }
    }
}

fn of_csv<R: Read>(item: csv::Item, reader: &csv::Reader<R>) -> Next {
    match item {
        csv::Item::Row(row) => Next::Record(Box::new(of_row(row)), Vec::new()),
        csv::Item::Problem(problem) => {
            let fields = |row: &Row| Arc::new(Fields::Cells(row.clone()));
            let given = reader.refused().map(|row| Given { fields: fields(row), id: None, lon_lat: None });
            Next::Bad(Box::new(Refused { problem, given }))
        }
    }
}

fn csv_options(options: &ImportOptions) -> CsvOptions {
    CsvOptions {
        lon: options.columns.column("lon").map(str::to_owned),
        lat: options.columns.column("lat").map(str::to_owned),
        // Every row needs one: without the column that is said once.
        id: Some(options.id.clone().unwrap_or_else(|| "id".to_owned())),
        datum: options.datum.unwrap_or_default(),
        // Households and past incidents compare the rows of one id themselves, and a bad row does not use its id up.
        ids: match options.kind {
            ImportKind::Households | ImportKind::Incidents => Ids::AsGiven,
            ImportKind::Cells | ImportKind::Basemap => Ids::Unique,
        },
        positions: if options.kind == ImportKind::Households {
            Positions::Optional
        } else {
            Positions::Required
        },
        sheet: options.layer.clone(),
        ..CsvOptions::default()
    }
}

fn of_row(row: Row) -> Record {
    Record {
        index: row.index,
        line: row.line,
        pointer: None,
        geometry: row.position.map(Geometry::Point),
        id: row.id.clone(),
        fields: Arc::new(Fields::Cells(row)),
        // A table's cells are kept as they were given.
        datum: Datum::default(),
    }
}
