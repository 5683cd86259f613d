//! What the generated town brings as files would: households, the base map, past incidents, each ready to be imported.

use std::io::{self, Cursor, Read, Write};
use std::sync::Arc;

use geo_tools::Geometry;
use geo_tools::formats::geojson::{WriteFeature, Writer};
use geo_tools::generate::{Building, Household, Incident, Town};
use serde_json::{Map, Value, json};

use crate::service::import::ImportSource;

/// So many buildings are written at once.
const CHUNK_BUILDINGS: usize = 500;

/// Every household as a row of a table.
pub(super) fn households(town: &Arc<Town>) -> ImportSource {
    let header = b"id,building,building_address,address,members,lon,lat\n".to_vec();
    ImportSource::of_reader(Households { town: Arc::clone(town), next: 0, text: Cursor::new(header) })
}

/// Written while it is read: a city's table has 47 MB.
struct Households {
    town: Arc<Town>,
    next: usize,
    text: Cursor<Vec<u8>>,
}

impl Read for Households {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.text.position() == self.text.get_ref().len() as u64
            && self.next < self.town.buildings.len()
        {
            self.text = Cursor::new(self.chunk()?);
        }
        self.text.read(into)
    }
}

impl Households {
    fn chunk(&mut self) -> io::Result<Vec<u8>> {
        let end = self.town.buildings.len().min(self.next + CHUNK_BUILDINGS);
        let mut table = csv::Writer::from_writer(Vec::new());
        for at in self.next..end {
            let Building { code, address: house, position, .. } = &self.town.buildings[at];
            let (lon, lat) = (position.lon().to_string(), position.lat().to_string());
            for household in self.town.households_of(at) {
                let members = household.members.to_string();
                let Household { code: id, address, .. } = &household;
                table.write_record([id, code, house, address, &members, &lon, &lat])?;
            }
        }
        self.next = end;
        table.into_inner().map_err(|error| error.into_error())
    }
}

/// Streets and ground plans of buildings.
pub(super) fn basemap(town: &Town) -> io::Result<ImportSource> {
    let mut writer = Writer::new(Vec::new())?;
    let mut write = |properties: &[(&str, Value)], geometry: Geometry| {
        let properties: Map<String, Value> =
            properties.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let (properties, geometry) = (Some(&properties), Some(&geometry));
        writer.write(WriteFeature { id: None, properties, geometry })
    };
    for street in &town.streets {
        let properties = [("class", json!(street.class)), ("name", json!(street.name))];
        write(&properties, Geometry::MultiLine(vec![street.line.clone()]))?;
    }
    for building in &town.buildings {
        let footprint = Geometry::MultiPolygon(vec![building.footprint.clone()]);
        write(&[("kind", json!(building.kind))], footprint)?;
    }
    let mut bytes = writer.finish()?;
    bytes.flush()?;
    Ok(ImportSource::of_reader(Cursor::new(bytes)))
}

/// Past incidents, as rows of a table.
pub(super) fn incidents<'a>(incidents: impl Iterator<Item = &'a Incident>) -> io::Result<ImportSource> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let header = ["id", "occurred_at", "category", "channel", "text", "lon", "lat", "closed_at", "note"];
    table.write_record(header)?;
    for incident in incidents {
        let (closed_at, note) = incident.closed.clone().unwrap_or_default();
        let (lon, lat) = (incident.position.lon().to_string(), incident.position.lat().to_string());
        let row: [&str; 9] = [
            &incident.code,
            &incident.occurred_at,
            incident.category,
            incident.channel,
            &incident.text,
            &lon,
            &lat,
            &closed_at,
            note,
        ];
        table.write_record(row)?;
    }
    let bytes = table.into_inner().map_err(|error| error.into_error())?;
    Ok(ImportSource::of_reader(Cursor::new(bytes)))
}
