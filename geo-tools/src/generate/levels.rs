//! Cells of three levels: the ground cut into townships, these into villages, these into cells, with codes and names.

use std::collections::BTreeMap;

use crate::coverage::Leaf;
use crate::generate::grow::{grow, share_out};
use crate::generate::names::{chinese_number, in_pinyin, village_names};
use crate::generate::ownership::Ownership;
use crate::generate::random::{Purpose, Random};
use crate::generate::town::{Cell, TownOptions};

/// No county has this code.
const COUNTY_CODE: &str = "419901";
/// One cell in so many lies within another, and one in so many has a piece within another.
const CELLS_PER_ENCLAVE: usize = 28;
const CELLS_PER_EXCLAVE: usize = 20;

/// The cells of each level, and who came of whom.
pub(crate) struct Levels {
    pub(crate) townships: Vec<Cell>,
    pub(crate) communities: Vec<Cell>,
    pub(crate) cells: Vec<Cell>,
    pub(crate) split_from: BTreeMap<usize, usize>,
}

impl Levels {
    /// Gives every square of the ground to a cell.
    pub(crate) fn cut(ground: &mut Ownership, options: &TownOptions) -> Self {
        let squares: Vec<usize> =
            (0..ground.owners.len()).filter(|&at| ground.owners[at].is_some()).collect();
        let is_city = options.townships > 1;
        let mut random = Random::new(options.seed, Purpose::Regions);
        let mut names = Random::new(options.seed, Purpose::Names);
        let names = village_names((options.communities + options.townships) as usize, &mut names);
        let (township_names, community_names) = names.split_at(options.townships as usize);
        let (townships, communities) = (Vec::new(), Vec::new());
        let mut levels = Self { townships, communities, cells: Vec::new(), split_from: BTreeMap::new() };
        let township_squares = parts(ground, &squares, options.townships as usize, &mut random);
        let weights: Vec<usize> = township_squares.iter().map(Vec::len).collect();
        let shares = share_out(options.communities as usize, &weights);
        let mut villages: Vec<(usize, Vec<usize>)> = Vec::new();
        for (township, (squares, count)) in township_squares.iter().zip(shares).enumerate() {
            let code = format!("{COUNTY_CODE}{:03}", 100 + township);
            let stem = &township_names[township];
            let name = format!("{stem}{}", if is_city { "街道" } else { "镇" });
            let name_en = format!("{} {}", in_pinyin(stem), if is_city { "Subdistrict" } else { "Town" });
            levels.townships.push(Cell { code, name, name_en, parent: 0, leaves: Vec::new() });
            let village_squares = parts(ground, squares, count, &mut random);
            villages.extend(village_squares.into_iter().map(|squares| (township, squares)));
        }
        let weights: Vec<usize> = villages.iter().map(|village| village.1.len()).collect();
        let cells = share_out(options.cells as usize, &weights);
        let mut within_township = BTreeMap::new();
        for ((number, (township, squares)), count) in villages.iter().enumerate().zip(cells) {
            let within: &mut usize = within_township.entry(*township).or_default();
            *within += 1;
            // Villages are numbered from 200, communities of towns from 001.
            let number_within = if is_city { *within } else { 200 + *within };
            let code = format!("{}{number_within:03}", levels.townships[*township].code);
            let stem = &community_names[number];
            let name = format!("{stem}{}", if is_city { "社区" } else { "村" });
            let name_en = format!("{} {}", in_pinyin(stem), if is_city { "Community" } else { "Village" });
            levels.communities.push(Cell { code, name, name_en, parent: *township, leaves: Vec::new() });
            levels.cut_village(ground, squares, count, &mut random);
        }
        levels.add_exclaves(ground, &squares, options.cells as usize / CELLS_PER_EXCLAVE, &mut random);
        for cell in 0..levels.cells.len() {
            let leaf = Leaf(cell as u32);
            let community = levels.cells[cell].parent;
            levels.communities[community].leaves.push(leaf);
            let township = levels.communities[community].parent;
            levels.townships[township].leaves.push(leaf);
        }
        levels
    }

    /// Cuts the village named last into cells; in some of them one cell lies within another.
    fn cut_village(&mut self, ground: &mut Ownership, squares: &[usize], count: usize, random: &mut Random) {
        let first = self.cells.len();
        let wants_enclave = count > 2 && first / CELLS_PER_ENCLAVE != (first + count) / CELLS_PER_ENCLAVE;
        let mut enclave = None;
        if wants_enclave {
            self.own(ground, squares, count - 1, random);
            enclave = squares.iter().copied().find(|&square| ground.owner_all_around(square).is_some());
        }
        match enclave {
            Some(square) => {
                let host = ground.owners[square].map_or(first, |host| host as usize);
                let number = first + count - 1;
                self.split_from.insert(number, host);
                ground.owners[square] = Some(number as u32);
            }
            None => self.own(ground, squares, count, random),
        }
        let community = self.communities.len() - 1;
        for number in 1..=count {
            let Cell { code, name, name_en, .. } = &self.communities[community];
            let name_en = name_en.split(' ').next().unwrap_or(name_en);
            let name_en = format!("{name_en} cell {number}");
            let code = format!("{code}{number:03}");
            let name = format!("{name}第{}网格", chinese_number(number));
            let leaves = vec![Leaf((first + number - 1) as u32)];
            self.cells.push(Cell { code, name, name_en, parent: community, leaves });
        }
    }

    fn own(&self, ground: &mut Ownership, squares: &[usize], count: usize, random: &mut Random) {
        let regions = grow(ground, squares, count, random);
        for (&square, region) in squares.iter().zip(regions) {
            ground.owners[square] = Some((self.cells.len() + region) as u32);
        }
    }

    /// Gives single squares in the middle of a cell to another cell of the same township.
    fn add_exclaves(&self, ground: &mut Ownership, squares: &[usize], wanted: usize, random: &mut Random) {
        let township = |cell: u32| self.communities[self.cells[cell as usize].parent].parent;
        let mut inner: Vec<usize> = squares.to_vec();
        inner.retain(|&square| ground.owner_all_around(square).is_some());
        let all = inner.len();
        random.draw(&mut inner, all);
        let mut given = 0;
        for square in inner {
            if given == wanted {
                break;
            }
            // An exclave given before may have taken the ground around.
            let Some(host) = ground.owner_all_around(square) else { continue };
            let other = random.below(self.cells.len() as u64) as u32;
            let is_enclave = self.split_from.contains_key(&(other as usize));
            if other != host && !is_enclave && township(other) == township(host) {
                ground.owners[square] = Some(other);
                given += 1;
            }
        }
    }
}

fn parts(ground: &Ownership, squares: &[usize], count: usize, random: &mut Random) -> Vec<Vec<usize>> {
    let mut parts = vec![Vec::new(); count];
    for (&square, region) in squares.iter().zip(grow(ground, squares, count, random)) {
        parts[region].push(square);
    }
    parts
}
