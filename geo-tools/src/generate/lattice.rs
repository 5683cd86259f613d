//! Cells to measure with: a lattice of squares with wiggly borders, and, where asked for, odd ones among them.

use crate::coverage::{Border, Leaf};
use crate::generate::mesh::{Mesh, MeshShape, Place};
use crate::generate::ownership::Ownership;
use crate::generate::random::{Purpose, Random};
use crate::position::{Bounds, Position};

/// The most cells of one lattice: 1 000 by 1 000 of them reach over three degrees.
pub const MAX_LATTICE_CELLS: u32 = 1_000_000;

/// The south-west corner, and how far it is from node to node: about 275 by 333 metres.
const WEST_E7: f64 = 1_130_000_000.0;
const SOUTH_E7: f64 = 340_000_000.0;
const STEP_E7: f64 = 30_000.0;
/// Four sides of nine pieces make cells of 36 vertices, 37 where the first is repeated.
const PIECES: u32 = 9;
/// The most of one kind of oddity, per thousand cells.
const MAX_PER_MILLE: u32 = 250;
/// Corners of what lies inside a square: a circle by a table, since sines differ from machine to machine.
const CIRCLE: [[f64; 2]; 12] = [
    [1.0, 0.0],
    [0.866, 0.5],
    [0.5, 0.866],
    [0.0, 1.0],
    [-0.5, 0.866],
    [-0.866, 0.5],
    [-1.0, 0.0],
    [-0.866, -0.5],
    [-0.5, -0.866],
    [0.0, -1.0],
    [0.5, -0.866],
    [0.866, -0.5],
];

/// Which lattice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LatticeOptions {
    /// How many cells, exactly; 1 to [`MAX_LATTICE_CELLS`].
    pub cells: u32,
    /// The same seed gives the same lattice.
    pub seed: u64,
    /// How many of the cells are odd.
    pub oddities: Oddities,
}

impl LatticeOptions {
    /// A lattice without oddities.
    pub fn plain(cells: u32, seed: u64) -> Self {
        Self { cells, seed, oddities: Oddities::default() }
    }
}

/// How many odd things a lattice has, each per thousand cells; more than 250 counts as 250.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Oddities {
    /// Cells that lie in the hole of another.
    pub enclaves: u32,
    /// Pieces of a cell that lie in the hole of another.
    pub exclaves: u32,
    /// Cells of two squares, which touch at one node or not at all. At most about one in sixteen cells can be one.
    pub multipolygons: u32,
    /// Holes that belong to nobody.
    pub voids: u32,
}

/// A lattice of cells, as what [`crate::Coverage::from_borders`] takes.
#[derive(Clone, Debug)]
pub struct Lattice {
    /// How many leaves there are, exactly as many as cells were asked for.
    pub leaf_count: usize,
    /// Their borders, each once.
    pub borders: Vec<Border>,
    /// The box around everything, for [`crate::generate::positions`].
    pub bounds: Bounds,
}

/// Makes a lattice of cells with 36 vertices each.
///
/// `cells` is brought into 1 to [`MAX_LATTICE_CELLS`].
/// ```
/// # use geo_tools::{Coverage, generate::{LatticeOptions, lattice}};
/// let lattice = lattice(&LatticeOptions::plain(100, 7));
/// let coverage = Coverage::from_borders(lattice.leaf_count, lattice.borders).expect("borders prove");
/// assert_eq!(coverage.leaf_count(), 100);
/// ```
pub fn lattice(options: &LatticeOptions) -> Lattice {
    let cells = options.cells.clamp(1, MAX_LATTICE_CELLS) as usize;
    let counted = |per_mille: u32| cells * per_mille.min(MAX_PER_MILLE) as usize / 1000;
    let enclaves = counted(options.oddities.enclaves);
    let mut random = Random::new(options.seed, Purpose::Oddities);
    let mut squares = Squares::new(cells - enclaves, counted(options.oddities.multipolygons));
    squares.give_out(&mut random);
    let mesh = Mesh::new(shape(&squares.ownership), options.seed);
    let mut borders = squares.ownership.borders(&mesh);

    let mut hosts: Vec<usize> = (0..squares.count).collect();
    let (exclaves, voids) = (counted(options.oddities.exclaves), counted(options.oddities.voids));
    random.draw(&mut hosts, enclaves + exclaves + voids);
    let first_enclave = cells - enclaves;
    for (number, &host) in hosts.iter().take(enclaves + exclaves + voids).enumerate() {
        let around = squares.ownership.owners[host];
        let inside = if number < enclaves {
            Some((first_enclave + number) as u32)
        } else if number < enclaves + exclaves {
            squares.other_owner(host, &mut random)
        } else {
            None
        };
        if inside != around {
            let line = ring(&mesh, mesh.within(squares.ownership.node(host), 0.5, 0.5), &mut random);
            borders.push(Border { line, left: inside.map(Leaf), right: around.map(Leaf) });
        }
    }
    let positions = borders.iter().flat_map(|border| border.line.iter().copied());
    let bounds = Bounds::of(positions).unwrap_or(Bounds::at(mesh.position(Place { x: 0.0, y: 0.0 })));
    Lattice { leaf_count: cells, borders, bounds }
}

fn shape(ownership: &Ownership) -> MeshShape {
    MeshShape {
        columns: ownership.columns,
        rows: ownership.rows,
        west_e7: WEST_E7,
        south_e7: SOUTH_E7,
        column_step_e7: STEP_E7,
        row_step_e7: STEP_E7,
        jitter: 0.15,
        wiggle: 0.08,
        pieces: PIECES,
    }
}

/// The squares of a lattice, some of them second pieces of a cell.
struct Squares {
    ownership: Ownership,
    count: usize,
    second_pieces: usize,
}

impl Squares {
    /// Room for so many owners, of which as many as there is place for get a second square.
    fn new(owners: usize, wanted: usize) -> Self {
        let mut second_pieces = wanted;
        loop {
            let count = owners + second_pieces;
            let columns = (1..=count).find(|columns| columns * columns >= count).unwrap_or(1);
            let ownership = Ownership::new(columns, count.div_ceil(columns));
            let squares = Self { ownership, count, second_pieces };
            let room = squares.places_for_second_pieces().len();
            if room >= second_pieces {
                return squares;
            }
            second_pieces = room;
        }
    }

    /// Squares far enough from each other that no owner of a second square gives its own away.
    fn places_for_second_pieces(&self) -> Vec<usize> {
        let fits = |square: &usize| {
            let node = self.ownership.node(*square);
            node.column % 4 == 2 && node.row % 4 == 2
        };
        (0..self.count).filter(fits).collect()
    }

    fn give_out(&mut self, random: &mut Random) {
        let mut places = self.places_for_second_pieces();
        random.draw(&mut places, self.second_pieces);
        places.truncate(self.second_pieces);
        let mut is_second = vec![false; self.count];
        for &place in &places {
            is_second[place] = true;
        }
        let firsts = (0..self.count).filter(|&square| !is_second[square]);
        for (owner, square) in firsts.enumerate() {
            self.ownership.owners[square] = Some(owner as u32);
        }
        for (number, &place) in places.iter().enumerate() {
            // By turns the square that it touches at a node, and one that it does not touch.
            let first = if number % 2 == 0 { (-1, -1) } else { (-2, 0) };
            let first = self.ownership.beside(place, first.0, first.1);
            self.ownership.owners[place] = first.and_then(|first| self.ownership.owners[first]);
        }
    }

    /// The owner of another square, the square's own where there is no other.
    fn other_owner(&self, square: usize, random: &mut Random) -> Option<u32> {
        let other = (square + 1 + random.index(self.count.saturating_sub(1).max(1))) % self.count;
        self.ownership.owners[other]
    }
}

/// A closed line around a place, well within its square.
fn ring(mesh: &Mesh, center: Place, random: &mut Random) -> Vec<Position> {
    let corners = CIRCLE.iter().map(|[x, y]| {
        let reach = 0.12 + 0.08 * random.unit();
        mesh.position(Place { x: center.x + x * reach, y: center.y + y * reach })
    });
    let mut line: Vec<Position> = corners.collect();
    line.extend(line.first().copied());
    line
}
