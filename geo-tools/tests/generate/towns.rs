//! Towns.

use std::collections::{BTreeSet, HashMap, HashSet};

use geo_tools::coverage::{Area, BuildOptions, build};
use geo_tools::generate::{Cell, Day, InvalidTown, Town, TownOptions};
use geo_tools::locator::Locator;
use geo_tools::{Coverage, Leaf};

use crate::Digest;

fn until() -> Day {
    Day::parse("2026-06-30").expect("a day")
}

fn town(options: &TownOptions) -> Town {
    Town::generate(options).expect("a town can be made")
}

fn town_cn(seed: u64) -> Town {
    town(&TownOptions::town_cn(56, seed, until()))
}

/// Builds a level anew, of polygons as a file has them: it must come without any problem.
fn built(town: &Town, cells: &[Cell]) -> Coverage {
    let areas = cells.iter().map(|cell| Area { name: cell.code.clone(), polygons: town.polygons(cell) });
    let built = build(&areas.collect::<Vec<_>>(), &BuildOptions::default());
    assert!(built.problems.is_empty(), "seed {}: {:?}", town.options.seed, built.problems.first());
    built.coverage.expect("nothing is wrong with it")
}

/// What must hold in every town.
fn check(town: &Town) {
    let TownOptions { townships, communities, cells, households, seed, .. } = town.options;
    for (level, count) in
        [(&town.townships, townships), (&town.communities, communities), (&town.cells, cells)]
    {
        assert_eq!(level.len(), count as usize, "seed {seed}");
        let coverage = built(town, level);
        assert!(
            (0..count).all(|leaf| coverage.area_m2(Leaf(leaf)) > 1_000.0),
            "seed {seed}: a cell without ground"
        );
    }
    assert_eq!(town.households().count(), households as usize, "seed {seed}");
    let locator = Locator::build(&built(town, &town.cells));
    for building in &town.buildings {
        let corners = building.footprint.exterior.iter().chain([&building.position]);
        for at in corners {
            let found = locator.locate(*at, 0.0).leaf;
            assert_eq!(found, Some(building.cell), "seed {seed}: {}", building.address);
        }
    }
}

#[test]
fn the_preset_of_a_town_has_exactly_the_figures_of_the_contract() {
    let town = town_cn(1);
    assert_eq!([town.townships.len(), town.communities.len(), town.cells.len()], [1, 17, 56]);
    assert_eq!(town.households().count(), 8_857);
    assert_eq!(town.coverage.leaf_count(), 56);
    let middle = town.coverage.bounds();
    assert!(middle.south_west().lon() > 113.0 && middle.north_east().lat() < 35.0);
}

#[test]
fn a_hundred_small_towns_prove_and_hold_their_households() {
    for seed in 0..100 {
        let cells = 1 + (seed as u32 * 7) % 60;
        check(&town(&TownOptions::town_cn(cells, seed, until())));
    }
}

#[test]
fn the_city_proves_and_holds_its_households() {
    let city = town(&TownOptions::city(1_400, 1, until()));
    assert_eq!([city.townships.len(), city.communities.len(), city.cells.len()], [14, 140, 1_400]);
    check(&city);
}

#[test]
fn a_town_has_an_enclave_an_exclave_and_a_redraw() {
    for seed in 1..=5 {
        let town = town_cn(seed);
        let polygons: Vec<_> = town.cells.iter().map(|cell| town.polygons(cell)).collect();
        assert!(polygons.iter().any(|polygons| polygons.len() > 1), "seed {seed}: no exclave");
        assert!(polygons.iter().flatten().any(|polygon| !polygon.holes.is_empty()), "seed {seed}: no hole");
        assert!(!town.split_from.is_empty(), "seed {seed}: no redraw");
        for (&split, &host) in &town.split_from {
            let neighbours = town.coverage.neighbours(Leaf(split as u32));
            assert_eq!(neighbours.len(), 1, "seed {seed}: an enclave has one neighbour");
            assert_eq!(neighbours[0].0.index(), host);
            assert_eq!(town.cells[split].parent, town.cells[host].parent);
        }
        let (earlier, before) = town.before_redraw();
        assert_eq!(earlier.len() + town.split_from.len(), town.cells.len());
        for (leaf, &cell) in earlier.iter().enumerate() {
            let lately = town.split_from.iter().filter(|(_, host)| **host == cell).map(|(split, _)| *split);
            let now_m2: f64 = lately.chain([cell]).map(|cell| town.coverage.area_m2(Leaf(cell as u32))).sum();
            let difference_m2 = (before.area_m2(Leaf(leaf as u32)) - now_m2).abs();
            assert!(difference_m2 < 0.01, "seed {seed}: {difference_m2} m²");
        }
    }
}

#[test]
fn codes_names_and_addresses_never_repeat_and_names_are_chinese() {
    for town in [town_cn(1), town(&TownOptions::city(200, 1, until()))] {
        let mut names = HashSet::new();
        let mut codes = HashSet::new();
        for (level, digits) in [(&town.townships, 9), (&town.communities, 12), (&town.cells, 15)] {
            for cell in level {
                assert!(names.insert(cell.name.as_str()), "{} twice", cell.name);
                assert!(codes.insert(cell.code.as_str()), "{} twice", cell.code);
                assert_eq!(cell.code.len(), digits);
                assert!(cell.name_en.is_ascii() && cell.name_en.contains(' '), "{}", cell.name_en);
                assert!(
                    cell.name.chars().all(|sign| ('\u{4e00}'..='\u{9fff}').contains(&sign)),
                    "{}",
                    cell.name
                );
            }
        }
        for cell in &town.cells {
            assert!(cell.code.starts_with(&town.communities[cell.parent].code));
        }
        for community in &town.communities {
            assert!(community.code.starts_with(&town.townships[community.parent].code));
        }
        let mut seen = HashSet::new();
        for building in &town.buildings {
            assert!(seen.insert(building.address.clone()), "{} twice", building.address);
            assert!(seen.insert(building.code.clone()));
        }
        let mut seen = HashSet::new();
        for household in town.households() {
            assert!((1..=6).contains(&household.members));
            assert!(seen.insert(household.code) && seen.insert(household.address));
        }
        assert!(town.streets.iter().all(|street| street.name.ends_with(['路', '街'])));
    }
}

#[test]
fn blocks_tile_the_ground_of_their_cells() {
    let town = town_cn(3);
    let areas = town
        .blocks
        .iter()
        .map(|block| Area { name: block.code.clone(), polygons: vec![town.block_polygon(block)] });
    let built = build(&areas.collect::<Vec<_>>(), &BuildOptions::default());
    assert!(built.problems.is_empty(), "{:?}", built.problems.first());
    let blocks = built.coverage.expect("a coverage");
    let mut ground = vec![0.0; town.cells.len()];
    for (leaf, block) in town.blocks.iter().enumerate() {
        ground[block.cell.index()] += blocks.area_m2(Leaf(leaf as u32));
    }
    for (cell, area_m2) in ground.into_iter().enumerate() {
        // The same ground measured in one piece and in twenty: only the last bits of the sum differ.
        let difference_m2 = (town.coverage.area_m2(Leaf(cell as u32)) - area_m2).abs();
        assert!(difference_m2 < 0.01, "{difference_m2} m²");
    }
}

#[test]
fn the_history_lies_in_its_half_year_and_in_the_town() {
    let town = town_cn(1);
    let (since, until) = (town.since().to_string(), format!("{}~", town.options.until));
    assert_eq!(since, "2025-12-31");
    let locator = Locator::build(&town.coverage);
    let incidents = town.incidents();
    assert_eq!(incidents.len(), 56 * 24);
    assert!(incidents.is_sorted_by(|a, b| a.occurred_at <= b.occurred_at));
    for incident in &incidents {
        assert!((since.as_str()..until.as_str()).contains(&incident.occurred_at.as_str()), "{incident:?}");
        assert!(locator.locate(incident.position, 0.0).leaf.is_some());
        assert!(!incident.text.contains('{'));
        if let Some((closed_at, note)) = &incident.closed {
            assert!(
                *closed_at > incident.occurred_at && *closed_at < until && !note.is_empty(),
                "{incident:?}"
            );
        }
    }
    let open: Vec<_> = incidents.iter().filter(|incident| incident.closed.is_none()).collect();
    assert!((5..40).contains(&open.len()), "{} open", open.len());
    // A red one has ten days, and a late one twice that.
    assert!(open.iter().all(|incident| incident.occurred_at.as_str() > "2026-06-10"), "{:?}", open[0]);
    assert_eq!(incidents.iter().map(|incident| incident.category).collect::<BTreeSet<_>>().len(), 10);
    let cell_of: HashMap<String, Leaf> = town
        .households()
        .map(|household| (household.code, town.buildings[household.building].cell))
        .collect();
    let visits: Vec<_> = town.visits().collect();
    assert!((5_000..20_000).contains(&visits.len()), "{}", visits.len());
    for visit in &visits {
        assert_eq!(cell_of[&visit.household].index(), visit.cell);
        assert!((since.as_str()..until.as_str()).contains(&visit.visited_at.as_str()));
    }
}

#[test]
fn a_seed_keeps_its_town_on_every_machine_and_another_has_another() {
    let made = |seed| {
        let town = town(&TownOptions::town_cn(20, seed, until()));
        let mut digest = Digest::new();
        for cell in &town.cells {
            digest.add(format!("{} {} {:?}", cell.code, cell.name, town.polygons(cell)).as_bytes());
        }
        town.households().for_each(|household| digest.add(format!("{household:?}").as_bytes()));
        town.buildings.iter().for_each(|building| digest.add(format!("{building:?}").as_bytes()));
        town.streets.iter().for_each(|street| digest.add(format!("{street:?}").as_bytes()));
        town.incidents().iter().for_each(|incident| digest.add(format!("{incident:?}").as_bytes()));
        town.visits().for_each(|visit| digest.add(format!("{visit:?}").as_bytes()));
        digest.0
    };
    assert_eq!(made(1), made(1));
    assert_ne!(made(1), made(2));
    assert_eq!(made(1), TOWN_OF_SEED_1, "demos and reports name seeds: what they make must stay");
}

const TOWN_OF_SEED_1: u64 = 0xe4b9_a317_0581_5579;

#[test]
fn a_town_that_cannot_be_is_refused_by_name() {
    let check = |change: fn(&mut TownOptions), expected: InvalidTown| {
        let mut options = TownOptions::town_cn(56, 1, until());
        change(&mut options);
        assert_eq!(Town::generate(&options).expect_err("refused"), expected);
    };
    check(|town| town.cells = 0, InvalidTown::Cells { cells: 0 });
    check(|town| town.cells = 20_001, InvalidTown::Cells { cells: 20_001 });
    let levels = InvalidTown::Levels { townships: 1, communities: 17, cells: 16 };
    check(|town| town.cells = 16, levels);
    check(|town| town.households = 20_000_001, InvalidTown::Households { households: 20_000_001 });
}
