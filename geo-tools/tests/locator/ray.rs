//! Millions of positions against an oracle that looks east: the first border that a ray meets has the owner on its western
//! side. It knows no boxes and no toggling, only bands of latitude that spare it the borders far to the north and south.
//! Where it meets nothing, it looks around.

use std::cmp::Ordering;

use geo_tools::generate::{self, LatticeOptions, Oddities};
use geo_tools::locator::Locator;
use geo_tools::{Coverage, Leaf, Position};

use crate::liechtenstein;
use crate::random::Random;

const BANDS: i64 = 2048;

/// From south to north, and who is west and east of it.
#[derive(Clone, Copy)]
struct Piece {
    low: [i64; 2],
    high: [i64; 2],
    west: Option<Leaf>,
    east: Option<Leaf>,
}

struct Ray {
    south: i64,
    height: i64,
    bands: Vec<Vec<Piece>>,
}

impl Ray {
    fn new(coverage: &Coverage) -> Self {
        let bounds = coverage.bounds();
        let south = i64::from(bounds.south_west().lat_e7());
        let height = (i64::from(bounds.north_east().lat_e7()) - south) / BANDS + 1;
        let mut bands = vec![Vec::new(); BANDS as usize + 1];
        for border in coverage.borders() {
            for pair in border.line.windows(2) {
                let [a, b] = [pair[0], pair[1]].map(|at| [i64::from(at.lon_e7()), i64::from(at.lat_e7())]);
                let piece = match a[1].cmp(&b[1]) {
                    Ordering::Less => Piece { low: a, high: b, west: border.left, east: border.right },
                    Ordering::Greater => Piece { low: b, high: a, west: border.right, east: border.left },
                    Ordering::Equal => continue,
                };
                for band in (piece.low[1] - south) / height..=(piece.high[1] - south) / height {
                    bands[band as usize].push(piece);
                }
            }
        }
        Self { south, height, bands }
    }

    /// By the border rule: shifted east and infinitely less north, else west and north, and so on.
    fn owner(&self, at: Position) -> Option<Leaf> {
        [(true, true), (false, true), (true, false), (false, false)]
            .into_iter()
            .find_map(|(east, north)| self.shifted(at, east, north))
            .or_else(|| self.beyond(at))
    }

    /// Who has the first ground counter-clockwise from the east: west of the northward pieces that start here, first the one
    /// that leans east the most; then east of the southward ones, first the one that leans west the most.
    fn beyond(&self, at: Position) -> Option<Leaf> {
        let place = [i64::from(at.lon_e7()), i64::from(at.lat_e7())];
        let band = (place[1] - self.south).div_euclid(self.height);
        let pieces = self.bands.get(usize::try_from(band).ok()?)?;
        let lean = |a: &&Piece, b: &&Piece| {
            let [[run, height], [other_run, other_height]] = [a, b]
                .map(|piece| [0, 1].map(|axis| i128::from(piece.high[axis]) - i128::from(piece.low[axis])));
            (run * other_height).cmp(&(other_run * height))
        };
        let north = pieces.iter().filter(|piece| piece.low == place).max_by(lean);
        let south = pieces.iter().filter(|piece| piece.high == place).max_by(lean);
        north.map(|piece| piece.west).or(south.map(|piece| piece.east)).flatten()
    }

    fn shifted(&self, at: Position, east: bool, north: bool) -> Option<Leaf> {
        let (x, y) = (i64::from(at.lon_e7()), i64::from(at.lat_e7()));
        let band = (y - self.south).div_euclid(self.height);
        let pieces = self.bands.get(usize::try_from(band).ok()?)?;
        let mut first: Option<(i128, i128, &Piece)> = None;
        // What lies wholly west of the position, or wholly east of a piece that is met, need not be multiplied out.
        let mut met_by = i64::MAX;
        for piece in pieces {
            let (west_end, east_end) = (piece.low[0].min(piece.high[0]), piece.low[0].max(piece.high[0]));
            if east_end < x || west_end > met_by {
                continue;
            }
            let beside = if north {
                piece.low[1] <= y && y < piece.high[1]
            } else {
                piece.low[1] < y && y <= piece.high[1]
            };
            if !beside {
                continue;
            }
            let height = i128::from(piece.high[1] - piece.low[1]);
            let run = i128::from(piece.high[0] - piece.low[0]);
            // How far east of the position it crosses the parallel, times its height.
            let ahead = i128::from(piece.low[0] - x) * height + run * i128::from(y - piece.low[1]);
            if ahead < 0 || (ahead == 0 && east) {
                continue;
            }
            let nearer = first.is_none_or(|(best, best_height, other)| {
                (ahead * best_height).cmp(&(best * height)).then_with(|| {
                    // From one corner: the one that leans west, or where the shift goes south, the one that leans east.
                    let lean = (run * best_height).cmp(&(i128::from(other.high[0] - other.low[0]) * height));
                    if north { lean } else { lean.reverse() }
                }) == Ordering::Less
            });
            if nearer {
                first = Some((ahead, height, piece));
                met_by = met_by.min(east_end);
            }
        }
        first.and_then(|(_, _, piece)| piece.west)
    }
}

/// Every corner and the middle of every side, and the eight units around each.
fn degenerate(coverage: &Coverage) -> Vec<Position> {
    let mut positions = Vec::new();
    for border in coverage.borders() {
        for pair in border.line.windows(2) {
            let middle = |a: i32, b: i32| (i64::from(a) + i64::from(b)).div_euclid(2) as i32;
            let (lon, lat) =
                (middle(pair[0].lon_e7(), pair[1].lon_e7()), middle(pair[0].lat_e7(), pair[1].lat_e7()));
            for (lon, lat) in [(pair[0].lon_e7(), pair[0].lat_e7()), (lon, lat)] {
                for near in 0..9 {
                    positions.extend(Position::from_e7(lon + near % 3 - 1, lat + near / 3 - 1));
                }
            }
        }
    }
    positions
}

/// Compares each answer, alone and in a batch, at every degenerate position and at random ones; answers how many.
pub(crate) fn compare(name: &str, locator: &Locator, coverage: &Coverage, random_count: usize) -> usize {
    let ray = Ray::new(coverage);
    let mut positions = degenerate(coverage);
    let seed = 20_261_122;
    let mut random = Random(seed);
    let (low, high) = (coverage.bounds().south_west(), coverage.bounds().north_east());
    let mut between = |low: i32, high: i32| low - 50 + random.below(i64::from(high - low) + 100) as i32;
    for _ in 0..random_count {
        positions.extend(Position::from_e7(
            between(low.lon_e7(), high.lon_e7()),
            between(low.lat_e7(), high.lat_e7()),
        ));
    }
    let found = locator.locate_many(&positions);
    for (at, found) in positions.iter().zip(&found) {
        let expected = ray.owner(*at);
        assert_eq!(*found, expected, "{name}, seed {seed}: {at}");
        assert_eq!(locator.owner(*at), expected, "{name}, seed {seed}, alone: {at}");
    }
    println!("{name}: {} positions, {random_count} of them random", positions.len());
    positions.len()
}

fn compare_built(name: &str, coverage: &Coverage, random_count: usize) -> usize {
    compare(name, &Locator::build(coverage), coverage, random_count)
}

/// Cells of 37 positions.
pub(crate) fn lattice(cells: u32) -> Coverage {
    laid(&LatticeOptions::plain(cells, 7))
}

/// The same with cells in the holes of others, in pieces, and around holes of nobody.
pub(crate) fn odd_lattice(cells: u32) -> Coverage {
    let oddities = Oddities { enclaves: 80, exclaves: 80, multipolygons: 60, voids: 80 };
    let coverage = laid(&LatticeOptions { oddities, ..LatticeOptions::plain(cells, 7) });
    let leaves = || (0..coverage.leaf_count() as u32).map(Leaf);
    let holed = |leaf: &Leaf| coverage.polygons(*leaf).iter().any(|polygon| !polygon.holes.is_empty());
    let in_pieces = |leaf: &Leaf| coverage.faces_of(*leaf).len() > 1;
    let counts = [leaves().filter(holed).count(), leaves().filter(in_pieces).count()];
    let voids = coverage.faces().iter().filter(|face| face.leaf.is_none()).count();
    let least = cells as usize / 20;
    assert!(counts.iter().chain([&voids]).all(|count| *count >= least), "{counts:?}, {voids} voids");
    coverage
}

fn laid(options: &LatticeOptions) -> Coverage {
    let lattice = generate::lattice(options);
    Coverage::from_borders(lattice.leaf_count, lattice.borders).expect("a coverage")
}

// Together more than ten million positions, as many of them random as their oracle can take.

#[test]
fn millions_of_positions_in_large_cells_have_the_owner_that_a_ray_to_the_east_meets() {
    assert!(compare_built("a hundred cells", &lattice(100), 4_500_000) > 4_500_000);
}

#[test]
fn millions_of_positions_have_the_owner_that_a_ray_to_the_east_meets() {
    assert!(compare_built("1600 cells", &lattice(1600), 500_000) > 1_000_000);
}

#[test]
fn positions_among_exclaves_and_holes_have_the_owner_that_a_ray_to_the_east_meets() {
    assert!(compare_built("1600 cells, many of them odd", &odd_lattice(1600), 1_000_000) > 1_500_000);
}

#[test]
fn every_corner_of_ten_thousand_cells_has_the_owner_that_a_ray_to_the_east_meets() {
    assert!(compare_built("10000 cells", &lattice(10_000), 200_000) > 3_400_000);
}

#[test]
fn the_positions_of_liechtenstein_have_the_owner_that_a_ray_to_the_east_meets() {
    let Some((_, coverage)) = liechtenstein() else { return };
    assert!(compare_built("Liechtenstein", &coverage, 500_000) > 1_000_000);
}
