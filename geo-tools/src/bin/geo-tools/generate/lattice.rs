//! The files of a lattice.

use geo_tools::generate::{LatticeOptions, Oddities, lattice, positions};
use geo_tools::{Coverage, Geometry, Leaf, Position};
use serde_json::json;

use super::tables::{csv, geojson, text};
use super::{Arguments, Ungenerated};

const DEFAULT_CELLS: u32 = 10_000;

pub(super) fn write(arguments: &Arguments) -> Result<(), Ungenerated> {
    let Arguments { enclaves, exclaves, multipolygons, voids, .. } = *arguments;
    let cells = arguments.cells.unwrap_or(DEFAULT_CELLS);
    let oddities = Oddities { enclaves, exclaves, multipolygons, voids };
    let lattice = lattice(&LatticeOptions { cells, seed: arguments.seed, oddities });
    let bounds = lattice.bounds;
    #[expect(clippy::expect_used, reason = "borders of a lattice prove; every kind of lattice is tested")]
    let coverage =
        Coverage::from_borders(lattice.leaf_count, lattice.borders).expect("borders of a lattice prove");
    let folder = &arguments.output;
    let drawn = (0..cells).map(|cell| {
        let properties = vec![("code", json!(code(cell)))];
        (properties, Geometry::MultiPolygon(coverage.polygons(Leaf(cell))))
    });
    geojson(folder, "cells.geojson", drawn)?;
    let nobodys = coverage.faces().iter().filter(|face| face.leaf.is_none());
    let drawn = nobodys.map(|face| (Vec::new(), Geometry::MultiPolygon(vec![coverage.polygon(face)])));
    geojson(folder, "voids.geojson", drawn)?;
    if arguments.positions > 0 {
        let positions = positions(bounds, arguments.positions, arguments.seed, arguments.order.into());
        let rows = positions.zip(1_u64..).map(|(at, number): (Position, u64)| {
            [number.to_string(), at.lon().to_string(), at.lat().to_string()]
        });
        csv(folder, "positions.csv", ["id", "lon", "lat"], rows)?;
    }
    text(folder, "README.md", README)
}

fn code(cell: u32) -> String {
    format!("L{:07}", cell + 1)
}

const README: &str = "# A lattice to measure with

Everything here is invented: `geo-tools generate --preset bench` made it, and makes the same bytes of the same options.
Coordinates are WGS 84, longitude first.

| file | what |
|---|---|
| `cells.geojson` | the cells, `code` their name: wiggly borders, shared exactly, that never cross |
| `voids.geojson` | holes that belong to nobody on purpose, where they were asked for |
| `positions.csv` | positions to look up, where they were asked for |
";
