//! Buildings on their lots, and the households in them.

use std::collections::BTreeMap;

use crate::coverage::Leaf;
use crate::generate::random::{Purpose, Random};
use crate::generate::streets::StreetNames;
use crate::generate::town::{Block, Town};
use crate::geometry::Polygon;
use crate::position::Position;

/// Lots lie between these shares of a block, clear of the streets around it.
const LOTS_FROM: f64 = 0.2;
const LOTS_SPAN: f64 = 0.6;
/// How much of its lot a building covers, to each side.
const COVERED: f64 = 0.7;
/// What stands where nobody lives.
const OTHER_KINDS: [&str; 5] = ["school", "clinic", "shop", "shop", "warehouse"];
/// Flats on one floor.
const FLATS_PER_FLOOR: u32 = 4;

/// A building.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Building {
    /// Its code: `H` and seven digits.
    pub code: String,
    /// What it is: `house`, `apartments`, `school`, `clinic`, `shop`, `warehouse`.
    pub kind: &'static str,
    /// Its address in Chinese; no two have the same.
    pub address: String,
    /// Its ground plan.
    pub footprint: Polygon,
    /// Its middle.
    pub position: Position,
    /// The cell that it stands in.
    pub cell: Leaf,
    /// The block that it stands on, an index into [`Town::blocks`].
    pub block: usize,
    /// How many households live in it.
    pub households: u32,
    /// How many households live in those before it.
    pub first_household: u32,
}

/// A household. There are no names: who lives there is nobody's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Household {
    /// Its code: that of its building, and the flat.
    pub code: String,
    /// Its building, an index into [`Town::buildings`].
    pub building: usize,
    /// Its address; no two have the same.
    pub address: String,
    /// How many live there.
    pub members: u32,
}

impl Town {
    /// Every household, in the order of their cells.
    pub fn households(&self) -> impl Iterator<Item = Household> + '_ {
        (0..self.buildings.len()).flat_map(|building| self.households_of(building))
    }

    /// The households of one building, an index into [`Town::buildings`].
    pub fn households_of(&self, building: usize) -> impl Iterator<Item = Household> + '_ {
        (0..self.buildings[building].households).map(move |flat| self.household_at(building, flat))
    }

    /// The household with a number, from 0.
    pub(crate) fn household(&self, number: u32) -> Household {
        let after = self.buildings.partition_point(|building| building.first_household <= number);
        let building = after.saturating_sub(1);
        self.household_at(building, number - self.buildings[building].first_household)
    }

    fn household_at(&self, building: usize, flat: u32) -> Household {
        let Building { code, address, households, first_household, .. } = &self.buildings[building];
        let number = u64::from(first_household + flat);
        let members = Random::numbered(self.options.seed, Purpose::Households, number).below(16);
        let room = (flat / FLATS_PER_FLOOR + 1) * 100 + flat % FLATS_PER_FLOOR + 1;
        Household {
            code: format!("{code}-{:03}", flat + 1),
            building,
            address: if *households == 1 { address.clone() } else { format!("{address}{room}室") },
            // Between one and six, mostly two to four.
            members: [1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 5, 5, 6][members as usize],
        }
    }
}

/// What stands on the lots of a town, in the order of the cells, with exactly as many households as it is to have.
pub(crate) fn buildings(town: &Town) -> Vec<Building> {
    let names = StreetNames::new(&town.mesh, town.options.seed);
    let mut numbers: BTreeMap<(usize, LotRow), u32> = BTreeMap::new();
    let mut weights = Vec::new();
    let mut buildings: Vec<Building> = Vec::new();
    for (at, block) in town.blocks.iter().enumerate() {
        let mut random = Random::numbered(town.options.seed, Purpose::Buildings, at as u64);
        let plan = BlockPlan::draw(&mut random);
        for lot in plan.lots() {
            // The street at the lot's side of the block; one side has the odd numbers, the other the even ones.
            let street = block.node.row + usize::from(lot.row == LotRow::North);
            let number = numbers.entry((street, lot.row)).or_default();
            *number += 1;
            let number = if lot.row == LotRow::South { *number * 2 - 1 } else { *number * 2 };
            let weight = plan.weight(&mut random);
            weights.push(weight);
            let Footing { position, footprint } = plan.footing(town, block, &lot);
            buildings.push(Building {
                code: String::new(),
                kind: if weight == 0 { OTHER_KINDS[random.index(OTHER_KINDS.len())] } else { "house" },
                address: format!("{}{number}号", names.along_row(street)),
                footprint,
                position,
                cell: block.cell,
                block: at,
                households: 0,
                first_household: 0,
            });
        }
    }
    in_order(town, buildings, &weights)
}

/// At which side of its block a lot lies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum LotRow {
    South,
    North,
}

/// A place for a building.
struct Lot {
    row: LotRow,
    column: u32,
}

/// Where a building stands.
struct Footing {
    position: Position,
    footprint: Polygon,
}

/// How a block is cut into lots: two rows, each along its street.
struct BlockPlan {
    lots_per_row: u32,
    is_dense: bool,
}

impl BlockPlan {
    fn draw(random: &mut Random) -> Self {
        let is_dense = random.below(5) == 0;
        Self { lots_per_row: if is_dense { 2 } else { 2 + random.below(3) as u32 }, is_dense }
    }

    fn lots(&self) -> impl Iterator<Item = Lot> + use<> {
        let count = self.lots_per_row;
        let rows = [LotRow::South, LotRow::North].into_iter();
        rows.flat_map(move |row| (0..count).map(move |column| Lot { row, column }))
    }

    /// How many households it has for one that a house has.
    fn weight(&self, random: &mut Random) -> u64 {
        if random.below(16) == 0 {
            0
        } else if self.is_dense {
            4 + random.below(9)
        } else {
            1 + random.below(3) / 2
        }
    }

    fn footing(&self, town: &Town, block: &Block, lot: &Lot) -> Footing {
        let (row, column) = (if lot.row == LotRow::South { 0.5 } else { 1.5 }, f64::from(lot.column) + 0.5);
        let at = |east: f64, north: f64| {
            let across = LOTS_FROM + LOTS_SPAN * (column + east * COVERED) / f64::from(self.lots_per_row);
            let up = LOTS_FROM + LOTS_SPAN * (row + north * COVERED) / 2.0;
            town.mesh.position(town.mesh.within(block.node, across, up))
        };
        let exterior = vec![at(-0.5, -0.5), at(0.5, -0.5), at(0.5, 0.5), at(-0.5, 0.5)];
        Footing { position: at(0.0, 0.0), footprint: Polygon { exterior, holes: Vec::new() } }
    }
}

/// Gives out the households by weight, and the codes in the order of the cells.
fn in_order(town: &Town, mut buildings: Vec<Building>, weights: &[u64]) -> Vec<Building> {
    let sum: u128 = weights.iter().map(|&weight| u128::from(weight)).sum::<u128>().max(1);
    let total = u128::from(town.options.households);
    let (mut cumulated, mut given) = (0, 0);
    for (building, weight) in buildings.iter_mut().zip(weights) {
        cumulated += u128::from(*weight);
        let up_to = total * cumulated / sum;
        building.households = (up_to - given) as u32;
        given = up_to;
        if building.households > 2 {
            building.kind = "apartments";
        }
    }
    buildings.sort_by_key(|building| building.cell);
    let mut first_household = 0;
    for (number, building) in buildings.iter_mut().enumerate() {
        building.code = format!("H{:07}", number + 1);
        building.first_household = first_household;
        first_household += building.households;
    }
    buildings
}
