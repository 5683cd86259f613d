//! A vector tile of the cells in `tile.geojson`, as `tile.json` says which. Answers: the tile.

use std::hint::black_box;
use std::path::Path;

use geo_tools::formats::{Caps, Item, geojson};
use geo_tools::tile::{Layer, TileFeature, TileValue, encode};
use serde_json::Value;

use crate::{Contestant, Failure};

/// How many tiles are a round: one takes less than a clock tells well.
const TILES: usize = 20;

pub(crate) struct Ours {
    z: u8,
    x: u32,
    y: u32,
    layers: Vec<Layer>,
}

impl Ours {
    pub(crate) fn load(folder: &Path) -> Result<Self, Failure> {
        let tile: Value = serde_json::from_slice(&std::fs::read(folder.join("tile.json"))?)?;
        let number = |name: &str| tile[name].as_u64().ok_or("a number");
        let mut features = Vec::new();
        for item in geojson::read(std::fs::File::open(folder.join("tile.geojson"))?, &Caps::default()) {
            let Item::Feature(feature) = item else { return Err("a feature is expected".into()) };
            let code = feature.properties["code"].as_str().ok_or("a code")?;
            let properties = vec![("code".to_owned(), TileValue::from(code))];
            features.push(TileFeature { id: None, geometry: feature.geometry.ok_or("a shape")?, properties });
        }
        let layers = vec![Layer { name: "cells".to_owned(), features }];
        Ok(Self { z: number("z")? as u8, x: number("x")? as u32, y: number("y")? as u32, layers })
    }
}

impl Contestant for Ours {
    fn round(&mut self) {
        for _ in 0..TILES {
            black_box(encode(self.z, self.x, self.y, black_box(&self.layers)));
        }
    }

    fn answers(&mut self) -> Vec<u8> {
        encode(self.z, self.x, self.y, &self.layers)
    }
}
