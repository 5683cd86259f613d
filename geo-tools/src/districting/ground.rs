//! The ground that is cut: the units of one component, numbered along a curve so that near ones stand together in memory.

use crate::Position;
use crate::districting::{Rounds, UnitGraph};

/// Degrees of longitude are shortened by this many parts in as many.
const SHORTENING_PARTS: i64 = 1_024;

/// Connected units. What is said of them here is said by their number on this ground.
#[derive(Debug, Default)]
pub(crate) struct Ground {
    /// For each unit its index in the graph.
    pub(crate) units: Vec<u32>,
    pub(crate) weights: Vec<i64>,
    /// East and north, in the same unit.
    places: Vec<[i64; 2]>,
    starts: Vec<u32>,
    beside: Vec<Beside>,
    /// How units are visited, where cells shall be visitable in a time.
    pub(crate) rounds: Option<Rounds>,
}

/// Who lies beside a unit, and how long the border is, or counts as.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Beside {
    pub(crate) unit: u32,
    pub(crate) shared_mm: i64,
}

impl Ground {
    /// The ground of some units of a graph, whose links are given by unit.
    pub(crate) fn of(graph: &UnitGraph, links: &Links, units: &[u32], numbers: &mut [u32]) -> Self {
        let mut units = units.to_vec();
        let position = |unit: &u32| graph.units()[*unit as usize].at;
        units.sort_unstable_by_key(|unit| (morton(position(unit)), *unit));
        for (number, &unit) in units.iter().enumerate() {
            numbers[unit as usize] = number as u32;
        }
        let middle = units.get(units.len() / 2).map_or(0, |unit| position(unit).lat_e7());
        let places = units.iter().map(|unit| place(position(unit), middle)).collect();
        let weights = units.iter().map(|&unit| graph.units()[unit as usize].weight.thousandths()).collect();
        let mut starts = Vec::with_capacity(units.len() + 1);
        let mut beside = Vec::new();
        for &unit in &units {
            starts.push(beside.len() as u32);
            beside.extend(
                links.of(unit).iter().map(|near| Beside { unit: numbers[near.unit as usize], ..*near }),
            );
        }
        starts.push(beside.len() as u32);
        let rounds = graph.rounds().map(|rounds| rounds.of_units(units.iter().map(std::slice::from_ref)));
        Self { units, weights, places, starts, beside, rounds }
    }

    pub(crate) fn count(&self) -> usize {
        self.units.len()
    }

    pub(crate) fn beside(&self, unit: u32) -> &[Beside] {
        &self.beside[self.starts[unit as usize] as usize..self.starts[unit as usize + 1] as usize]
    }

    pub(crate) fn weight(&self, unit: u32) -> i64 {
        self.weights[unit as usize]
    }

    pub(crate) fn place(&self, unit: u32) -> [i64; 2] {
        self.places[unit as usize]
    }

    pub(crate) fn total(&self, units: &[u32]) -> i64 {
        units.iter().map(|&unit| self.weight(unit)).sum()
    }
}

/// Links by unit: those within a parent.
pub(crate) struct Links {
    starts: Vec<u32>,
    beside: Vec<Beside>,
}

impl Links {
    /// What lies along clear lines counts for so many millionths less.
    pub(crate) fn within_parents(graph: &UnitGraph, parent_of: &[u32], clear_worth_ppm: u32) -> Self {
        let inside = || {
            let open = graph.links().iter().enumerate().filter(|(at, _)| !graph.is_barred(*at));
            open.filter(|(_, link)| parent_of[link.first as usize] == parent_of[link.second as usize])
        };
        let mut starts = vec![0_u32; graph.units().len() + 1];
        for (_, link) in inside() {
            starts[link.first as usize + 1] += 1;
            starts[link.second as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut beside = vec![Beside::default(); starts.last().map_or(0, |&count| count as usize)];
        for (number, link) in inside() {
            let shared_mm = graph.cost_mm(number, clear_worth_ppm);
            for (from, to) in [(link.first, link.second), (link.second, link.first)] {
                let at = &mut next[from as usize];
                beside[*at as usize] = Beside { unit: to, shared_mm };
                *at += 1;
            }
        }
        Self { starts, beside }
    }

    pub(crate) fn of(&self, unit: u32) -> &[Beside] {
        &self.beside[self.starts[unit as usize] as usize..self.starts[unit as usize + 1] as usize]
    }
}

/// East and north of nowhere in particular, a degree of longitude as short as it is at a latitude.
fn place(at: Position, middle_lat_e7: i32) -> [i64; 2] {
    // Rounded so coarsely that no machine's last bit shows.
    let parts = (f64::from(middle_lat_e7) / 1e7).to_radians().cos() * SHORTENING_PARTS as f64;
    let east = i64::from(at.lon_e7()) * parts.round() as i64;
    [east, i64::from(at.lat_e7()) * SHORTENING_PARTS]
}

/// The place along a Z-curve (Morton 1966).
fn morton(at: Position) -> u64 {
    let spread = |value: i32| {
        let mut bits = u64::from(value.cast_unsigned() ^ 0x8000_0000);
        bits = (bits | bits << 16) & 0x0000_ffff_0000_ffff;
        bits = (bits | bits << 8) & 0x00ff_00ff_00ff_00ff;
        bits = (bits | bits << 4) & 0x0f0f_0f0f_0f0f_0f0f;
        bits = (bits | bits << 2) & 0x3333_3333_3333_3333;
        (bits | bits << 1) & 0x5555_5555_5555_5555
    };
    spread(at.lon_e7()) | spread(at.lat_e7()) << 1
}
