//! The demo's grid: whole blocks of a real town, cut level by level by `partition`, and held to the judge.
//!
//! `GRIDWARD_BLESS=1` writes `api/demo/grid.csv` anew. Communities are called after neighbourhoods of the town; their names,
//! and those of all that is in them, are invented.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use geo_tools::coverage::{Area, BuildOptions, build};
use geo_tools::districting::{
    Effort, Judgement, Link, Options, PlanRow, Rules, Unit, UnitGraph, Watch, Weight, judge, links_of,
    millimetres, partition, perimeter_mm,
};
use geo_tools::formats::{Caps, Feature, Item, geojson};
use geo_tools::{Bounds, Geometry, Polygon, Position, Problem, Severity, measure};
use tests::town::root;

/// The code of the township, which is the whole window.
const TOWNSHIP: &str = "990101001";
const SEED: u64 = 0;
const DIGITS: [&str; 10] = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
const HEADER: [&str; 10] = [
    "unit",
    "micro_cell",
    "micro_cell_zh",
    "micro_cell_en",
    "cell",
    "cell_zh",
    "cell_en",
    "community",
    "community_zh",
    "community_en",
];

/// A level below the township, each cut within the one above.
struct Level {
    /// Its column in `grid.csv`.
    column: &'static str,
    /// What one should weigh, in dwellings.
    target: f64,
    /// How far one may be from the mean of its parent.
    tolerance_ppm: u32,
    /// The parents in which another number would be nearer to the target.
    miscounted: &'static [&'static str],
}

/// From the largest down; communities are called after the four neighbourhoods in the window.
const LEVELS: [Level; 3] = [
    Level { column: "community", target: 660.0, tolerance_ppm: 70_000, miscounted: &[] },
    Level { column: "cell", target: 400.0, tolerance_ppm: 50_000, miscounted: &[] },
    Level {
        column: "micro_cell",
        target: 100.0,
        tolerance_ppm: 250_000,
        miscounted: &["990101001002001", "990101001002002"],
    },
];

impl Level {
    fn options(&self) -> Options {
        Options {
            target: Weight::new(self.target).expect("a weight"),
            tolerance_ppm: self.tolerance_ppm,
            effort: Effort::Full,
            seed: SEED,
            threads: NonZeroUsize::MIN,
            clear_worth_ppm: 0,
        }
    }

    fn judge(&self, graph: &UnitGraph, rows: &[PlanRow]) -> Judgement {
        let Options { target, tolerance_ppm, .. } = self.options();
        judge(graph, rows, Rules { tolerance_ppm, target: Some(target) })
    }
}

/// A neighbourhood in the window, with a place in it and what Chinese readers call it.
struct Neighbourhood {
    en: &'static str,
    zh: &'static str,
    lon: f64,
    lat: f64,
}

const NEIGHBOURHOODS: &[Neighbourhood] = &[
    Neighbourhood { en: "Kamppi", zh: "康皮", lon: 24.9375, lat: 60.1675 },
    Neighbourhood { en: "Kluuvi", zh: "克鲁维", lon: 24.9440, lat: 60.1705 },
    Neighbourhood { en: "Kaartinkaupunki", zh: "卡尔廷考蓬基", lon: 24.9490, lat: 60.1655 },
    Neighbourhood { en: "Kruununhaka", zh: "克鲁农哈卡", lon: 24.9505, lat: 60.1740 },
];

/// The blocks, and which share a border.
struct Blocks {
    units: Vec<Unit>,
    links: Vec<Link>,
}

impl Blocks {
    fn read() -> Self {
        let bytes = std::fs::read(root().join("api/demo/town-helsinki/blocks.geojson.gz")).expect("blocks");
        let (mut units, mut areas) = (Vec::new(), Vec::new());
        for item in geojson::read(bytes.as_slice(), &Caps::default()) {
            let Item::Feature(feature) = item else { panic!("{item:?}") };
            let (unit, area) = block(feature);
            units.push(unit);
            areas.push(area);
        }
        let coverage = build(&areas, &BuildOptions::default()).coverage.expect("the blocks tile the window");
        Self { units, links: links_of(&coverage) }
    }

    /// The blocks with what each belongs to, by its id.
    fn within(&self, parents: &BTreeMap<String, String>) -> UnitGraph {
        let of_parent = |unit: &Unit| Unit { parent: parents.get(&unit.id).cloned(), ..unit.clone() };
        let units = self.units.iter().map(of_parent).collect();
        UnitGraph::new(units, self.links.clone()).expect("a sound graph")
    }

    /// Cuts each parent into groups of a level, and says of each block in which it is: the code of a group is its parent's
    /// with three digits behind it, counted from west to east.
    fn cut(&self, parents: &BTreeMap<String, String>, level: &Level) -> BTreeMap<String, String> {
        let graph = self.within(parents);
        let (tell, is_called_off) = (|_| {}, AtomicBool::new(false));
        let watch = Watch::new(&tell, &is_called_off);
        let plan = partition(&graph, &level.options(), &watch).expect("nothing is refused");
        let mut groups: Vec<Vec<&Unit>> = vec![Vec::new(); plan.cells.len()];
        for (unit, &cell) in graph.units().iter().zip(&plan.cell_of) {
            groups[cell as usize].push(unit);
        }
        groups.sort_by_key(|group| {
            let middle = middle(group);
            (group[0].parent.clone(), middle.lon_e7(), -middle.lat_e7())
        });
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut codes = BTreeMap::new();
        for group in &groups {
            let parent = group[0].parent.as_deref().expect("every block has a parent");
            let count = counts.entry(parent).or_default();
            *count += 1;
            codes.extend(group.iter().map(|unit| (unit.id.clone(), format!("{parent}{count:03}"))));
        }
        codes
    }
}

fn block(feature: Feature) -> (Unit, Area) {
    let name = feature.id.expect("a block has an id");
    let Some(Geometry::MultiPolygon(polygons)) = feature.geometry else { panic!("{name} is no area") };
    let dwellings = feature.properties["dwellings"].as_f64().expect("a number");
    let corners = polygons.iter().flat_map(Polygon::rings).flatten().copied();
    let unit = Unit {
        id: name.clone(),
        parent: None,
        weight: Weight::new(dwellings).expect("a weight"),
        at: Bounds::of(corners).expect("an area has corners").center(),
        perimeter_mm: perimeter_mm(&polygons),
        area_m2: polygons.iter().map(measure::area_m2).sum(),
    };
    (unit, Area { name, polygons })
}

/// The middle of the middles of some blocks.
fn middle(units: &[&Unit]) -> Position {
    let mean = |of: fn(Position) -> i32| {
        let sum: i64 = units.iter().map(|unit| i64::from(of(unit.at))).sum();
        i32::try_from(sum / units.len() as i64).expect("a mean of degrees")
    };
    Position::from_e7(mean(Position::lon_e7), mean(Position::lat_e7)).expect("between positions")
}

/// Which neighbourhood each community is called after: the nearest after which no nearer one is called.
fn neighbourhoods(
    blocks: &Blocks,
    community_of: &BTreeMap<String, String>,
) -> BTreeMap<String, &'static Neighbourhood> {
    let mut members: BTreeMap<&str, Vec<&Unit>> = BTreeMap::new();
    for unit in &blocks.units {
        members.entry(&community_of[&unit.id]).or_default().push(unit);
    }
    let mut pairs = Vec::new();
    for (code, units) in &members {
        for (at, place) in NEIGHBOURHOODS.iter().enumerate() {
            let named = Position::new(place.lon, place.lat).expect("in range");
            pairs.push((millimetres(measure::distance_m(middle(units), named)), *code, at));
        }
    }
    pairs.sort_unstable();
    let mut called: BTreeMap<String, &Neighbourhood> = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for (_, code, at) in pairs {
        if !called.contains_key(code) && taken.insert(at) {
            called.insert(code.to_owned(), &NEIGHBOURHOODS[at]);
        }
    }
    called
}

/// The grid as it is cut today.
fn cut_grid() -> String {
    let blocks = Blocks::read();
    let township: BTreeMap<String, String> =
        blocks.units.iter().map(|unit| (unit.id.clone(), TOWNSHIP.to_owned())).collect();
    let [communities, cells, micro_cells] = &LEVELS;
    let community_of = blocks.cut(&township, communities);
    let cell_of = blocks.cut(&community_of, cells);
    let micro_cell_of = blocks.cut(&cell_of, micro_cells);
    let neighbourhoods = neighbourhoods(&blocks, &community_of);
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(HEADER).expect("memory takes it");
    for unit in &blocks.units {
        let (community, cell, micro_cell) =
            (&community_of[&unit.id], &cell_of[&unit.id], &micro_cell_of[&unit.id]);
        let Neighbourhood { en, zh, .. } = neighbourhoods[community];
        let (number, micro_number) = (number(cell), number(micro_cell));
        let cell_zh = format!("{zh}第{}网格", DIGITS[number]);
        let cell_en = format!("{en} cell {number}");
        let micro_cell_zh = format!("{cell_zh}{micro_number}号微网格");
        let micro_cell_en = format!("{cell_en}, micro-cell {micro_number}");
        let community_zh = format!("{zh}社区");
        let row: [&str; 10] = [
            &unit.id,
            micro_cell,
            &micro_cell_zh,
            &micro_cell_en,
            cell,
            &cell_zh,
            &cell_en,
            community,
            &community_zh,
            en,
        ];
        table.write_record(row).expect("memory takes it");
    }
    String::from_utf8(table.into_inner().expect("memory takes it")).expect("UTF-8")
}

/// Which of its parent's it is.
fn number(code: &str) -> usize {
    code[code.len() - 3..].parse().expect("three digits")
}

fn path() -> PathBuf {
    root().join("api/demo/grid.csv")
}

/// The lines of the grid that is committed, by its columns.
fn committed() -> Vec<BTreeMap<String, String>> {
    let mut table = csv::Reader::from_path(path()).expect("the grid is there");
    table.deserialize().collect::<Result<_, _>>().expect("our own CSV")
}

/// How many dwellings the blocks of each micro-cell have.
pub(crate) fn dwellings() -> BTreeMap<String, i64> {
    let of_block: BTreeMap<String, i64> =
        Blocks::read().units.into_iter().map(|unit| (unit.id, unit.weight.thousandths() / 1_000)).collect();
    let mut dwellings: BTreeMap<String, i64> = BTreeMap::new();
    for row in committed() {
        *dwellings.entry(row["micro_cell"].clone()).or_default() += of_block[&row["unit"]];
    }
    dwellings.retain(|_, count| *count > 0);
    dwellings
}

#[test]
fn the_demo_is_cut_by_partition_into_the_bytes_that_are_committed() {
    let cut = cut_grid();
    if std::env::var("GRIDWARD_BLESS").is_ok_and(|value| value == "1") {
        std::fs::write(path(), cut).expect("the file can be written");
        return;
    }
    let committed = std::fs::read_to_string(path()).expect("the grid is there");
    assert!(
        committed == cut,
        "api/demo/grid.csv is not what `partition` makes of the blocks; run `make bless` and look at the difference"
    );
}

#[test]
fn the_judge_finds_no_error_in_the_demo_at_any_level() {
    let blocks = Blocks::read();
    let rows = committed();
    let mut parents: BTreeMap<String, String> = BTreeMap::new();
    for level in &LEVELS {
        let code = |row: &BTreeMap<String, String>| (row["unit"].clone(), row[level.column].clone());
        let lines: Vec<PlanRow> =
            rows.iter().map(code).map(|(unit, cell)| PlanRow { unit, cell, line: None }).collect();
        let judgement = level.judge(&blocks.within(&parents), &lines);
        let (errors, warnings): (Vec<Problem>, Vec<Problem>) =
            judgement.problems.into_iter().partition(|problem| problem.severity == Severity::Error);
        assert_eq!(errors, [], "{}", level.column);
        let miscounted: Vec<&String> = warnings.iter().flat_map(|warning| &warning.features).collect();
        assert_eq!(miscounted, level.miscounted, "{}: {warnings:#?}", level.column);
        assert!(judgement.cells.iter().all(|cell| cell.is_contiguous), "{}", level.column);
        parents = rows.iter().map(code).collect();
    }
}
