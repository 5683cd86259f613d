//! Files in memory, and features to write into them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, Cursor, Read, Write};
use std::rc::Rc;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use geo_tools::formats::geojson::WriteFeature;
use geo_tools::formats::{Feature, Item, Options, create, open};
use geo_tools::{Code, Datum, Geometry, Polygon, Position, Problem};
use serde_json::{Map, Value};

/// Files by their names.
#[derive(Clone, Default)]
pub(crate) struct Memory(Rc<RefCell<HashMap<String, Vec<u8>>>>);

impl Memory {
    pub(crate) fn put(&self, name: &str, bytes: Vec<u8>) {
        self.0.borrow_mut().insert(name.to_owned(), bytes);
    }

    pub(crate) fn get(&self, name: &str) -> Vec<u8> {
        self.0.borrow().get(name).cloned().expect("a file of this name")
    }

    pub(crate) fn remove(&self, name: &str) {
        self.0.borrow_mut().remove(name);
    }

    pub(crate) fn write(&self, name: &str, features: &[New]) -> Vec<Problem> {
        self.write_in(name, Datum::Wgs84, features)
    }

    pub(crate) fn write_in(&self, name: &str, datum: Datum, features: &[New]) -> Vec<Problem> {
        let make = |path: &str| self.create(path);
        let mut sink = create(name, datum, &make).expect("a format that is written");
        let mut problems = Vec::new();
        for (properties, geometry) in features {
            let feature =
                WriteFeature { id: None, properties: Some(properties), geometry: geometry.as_ref() };
            problems.extend(sink.write(feature).expect("in memory"));
        }
        problems.extend(sink.finish().expect("in memory"));
        problems
    }
}

struct File {
    memory: Memory,
    name: String,
}

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.memory.0.borrow_mut().entry(self.name.clone()).or_default().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Memory {
    fn create(&self, path: &str) -> io::Result<Box<dyn Write>> {
        self.put(path, Vec::new());
        Ok(Box::new(File { memory: self.clone(), name: path.to_owned() }))
    }

    fn find(&self, path: &str) -> io::Result<Option<Box<dyn Read>>> {
        let bytes = self.0.borrow().get(path).cloned();
        Ok(bytes.map(|bytes| Box::new(Cursor::new(bytes)) as Box<dyn Read>))
    }
}

/// A feature to write.
pub(crate) type New = (Map<String, Value>, Option<Geometry>);

pub(crate) fn feature(properties: Value, geometry: Option<Geometry>) -> New {
    (properties.as_object().cloned().expect("an object"), geometry)
}

pub(crate) fn read(name: &str, memory: &Memory, options: &Options) -> Vec<Item> {
    match open(name, &|path| memory.find(path), options) {
        Ok(items) => items.collect(),
        Err(problem) => vec![Item::Problem(*problem)],
    }
}

pub(crate) fn features<'a>(items: &'a [Item]) -> Vec<&'a Feature> {
    let feature = |item: &'a Item| if let Item::Feature(feature) = item { Some(feature) } else { None };
    items.iter().filter_map(feature).collect()
}

/// The codes of the problems that stand between the features.
pub(crate) fn codes(items: &[Item]) -> Vec<Code> {
    let code = |item: &Item| if let Item::Problem(problem) = item { Some(problem.code) } else { None };
    items.iter().filter_map(code).collect()
}

/// Two polygons near Zhengzhou, the first with a hole; outer rings clockwise, as a shapefile gives them back.
pub(crate) fn polygon_with_hole() -> Option<Geometry> {
    let at = |(lon, lat): &(f64, f64)| Position::new(*lon, *lat).expect("in range");
    let ring = |corners: &[(f64, f64)]| corners.iter().map(at).collect::<Vec<_>>();
    let outer = ring(&[(113.0, 34.0), (113.0, 34.1), (113.1, 34.1), (113.1, 34.0)]);
    let hole = ring(&[(113.02, 34.02), (113.04, 34.02), (113.04, 34.041_234_5)]);
    let other = ring(&[(113.2, 34.0), (113.2, 34.1), (113.3, 34.05)]);
    Some(Geometry::MultiPolygon(vec![
        Polygon { exterior: outer, holes: vec![hole] },
        Polygon { exterior: other, holes: Vec::new() },
    ]))
}

/// Files in an archive, each as its name, its bytes, and the size that the list claims.
pub(crate) fn archive(entries: &[(&str, &[u8], Option<u32>)]) -> Vec<u8> {
    let (mut out, mut list) = (Vec::new(), Vec::new());
    for (name, bytes, claimed) in entries {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).expect("in memory");
        let packed = encoder.finish().expect("in memory");
        let mut crc = Crc::new();
        crc.update(bytes);
        let mut facts = vec![20, 0, 0, 0, 8, 0, 0, 0, 0, 0];
        facts.extend(crc.sum().to_le_bytes());
        facts.extend((packed.len() as u32).to_le_bytes());
        facts.extend(claimed.unwrap_or(bytes.len() as u32).to_le_bytes());
        facts.extend((name.len() as u16).to_le_bytes());
        facts.extend([0, 0]);
        list.extend(b"PK\x01\x02\x14\0");
        list.extend(&facts);
        list.extend([0; 10]);
        list.extend((out.len() as u32).to_le_bytes());
        list.extend(name.as_bytes());
        out.extend(b"PK\x03\x04");
        out.extend(&facts);
        out.extend(name.as_bytes());
        out.extend(packed);
    }
    let (start, count) = (out.len() as u32, entries.len() as u16);
    let list_bytes = list.len() as u32;
    out.extend(list);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(list_bytes.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}
