//! What an edit of a coverage takes, and taking it back, and a locator that follows.
//!
//! `cargo bench -p geo-tools --bench edit -- [CELLS…]`. Every edit is proven as it is made, and the whole at the end.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench prints, and ends where it cannot go on"
)]

use std::hint::black_box;
use std::time::Instant;

use geo_tools::coverage::{Border, Editor};
use geo_tools::generate::{LatticeOptions, Oddities, lattice};
use geo_tools::locator::Locator;
use geo_tools::{Bounds, Coverage, Leaf, Position};

const EDITS: usize = 5_000;
const ODDITIES: Oddities = Oddities { enclaves: 20, exclaves: 20, multipolygons: 40, voids: 20 };

/// Splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % limit as u64) as usize
    }
}

/// Times of one kind of edit, in microseconds.
struct Times {
    name: &'static str,
    made: Vec<f64>,
    undone: Vec<f64>,
    followed: Vec<f64>,
    refused: Vec<f64>,
}

impl Times {
    fn told(mut self) {
        let mut share = |times: fn(&mut Self) -> &mut Vec<f64>| {
            let times = times(&mut self);
            times.sort_by(f64::total_cmp);
            let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or(f64::NAN);
            format!("{:.1} µs, p99 {:.1}", at(50), at(99))
        };
        let (made, undone) = (share(|times| &mut times.made), share(|times| &mut times.undone));
        let (followed, refused) = (share(|times| &mut times.followed), share(|times| &mut times.refused));
        let counts = (self.made.len(), self.refused.len());
        println!(
            "  {}: {} made: median {made}; undone: {undone}; locator follows: {followed}; {} refused: {refused}",
            self.name, counts.0, counts.1
        );
    }
}

fn microseconds<T>(run: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let made = black_box(run());
    (made, start.elapsed().as_secs_f64() * 1e6)
}

/// Asks for edits of one kind; each that is made is followed, undone, followed and made again.
fn bench(
    name: &'static str,
    editor: &mut Editor,
    locator: &mut Locator,
    mut edit: impl FnMut(&mut Editor) -> Option<Bounds>,
) {
    let mut times =
        Times { name, made: Vec::new(), undone: Vec::new(), followed: Vec::new(), refused: Vec::new() };
    for _ in 0..EDITS {
        let (made, made_us) = microseconds(|| edit(editor));
        let Some(area) = made else {
            times.refused.push(made_us);
            continue;
        };
        times.made.push(made_us);
        times.followed.push(microseconds(|| locator.follow(editor, &area)).1);
        let (area, undone_us) = microseconds(|| editor.undo().expect("an edit").bounds());
        times.undone.push(undone_us);
        locator.follow(editor, &area);
    }
    times.told();
}

fn shifted(at: Position, random: &mut Random, reach: i32) -> Position {
    let mut by = || random.below(2 * reach as usize + 1) as i32 - reach;
    Position::from_e7(at.lon_e7() + by(), at.lat_e7() + by()).expect("in range")
}

fn edits_of(coverage: &Coverage, borders: &[Border]) {
    let (mut editor, begun_us) = microseconds(|| Editor::new(coverage));
    let mut locator = Locator::build(coverage);
    println!("  begun in {:.0} ms", begun_us / 1e3);
    let mut random = Random(7);
    let vertices = |random: &mut Random, inner: bool| {
        let line = &borders[random.below(borders.len())].line;
        if inner { line[1 + random.below(line.len() - 2)] } else { line[0] }
    };
    bench("move a vertex", &mut editor, &mut locator, |editor| {
        let from = vertices(&mut random, true);
        editor.move_vertex(from, shifted(from, &mut random, 800)).ok().map(|edited| edited.bounds())
    });
    bench("move a node", &mut editor, &mut locator, |editor| {
        let from = vertices(&mut random, false);
        editor.move_vertex(from, shifted(from, &mut random, 800)).ok().map(|edited| edited.bounds())
    });
    bench("move a stretch", &mut editor, &mut locator, |editor| {
        let line = &borders[random.below(borders.len())].line;
        let stretch = &line[1..line.len() - 1];
        let mut new: Vec<Position> = stretch.iter().map(|at| shifted(*at, &mut random, 300)).collect();
        let last = new.len() - 1;
        (new[0], new[last]) = (stretch[0], stretch[last]);
        editor.move_stretch(stretch, &new).ok().map(|edited| edited.bounds())
    });
    let cells = coverage.leaf_count();
    let across: Vec<(Leaf, Vec<Position>)> = (0..EDITS)
        .map(|_| {
            let leaf = Leaf(random.below(cells) as u32);
            let bounds = coverage.leaf_bounds(leaf);
            let lat = bounds.center().lat_e7() + random.below(4_000) as i32;
            let end = |lon: i32| Position::from_e7(lon, lat).expect("in range");
            (leaf, vec![end(bounds.south_west().lon_e7() - 100), end(bounds.north_east().lon_e7() + 100)])
        })
        .collect();
    let mut next = across.iter();
    bench("split a face", &mut editor, &mut locator, |editor| {
        let (leaf, line) = next.next()?;
        editor.split(*leaf, line, Leaf(cells as u32)).ok().map(|edited| edited.bounds())
    });
    bench("merge two leaves", &mut editor, &mut locator, |editor| {
        let border = &borders[random.below(borders.len())];
        let (gone, into) = (border.left?, border.right?);
        editor.merge(gone, into).ok().map(|edited| edited.bounds())
    });
    // A face can be given away where its leaf has another.
    let several = (0..cells as u32).map(Leaf).filter(|leaf| coverage.faces_of(*leaf).len() > 1);
    let faces: Vec<(Position, Option<Leaf>)> = several
        .flat_map(|leaf| coverage.polygons(leaf).into_iter().map(move |polygon| (leaf, polygon)))
        .filter_map(|(leaf, polygon)| {
            let around = coverage.neighbours(leaf);
            Some((Bounds::of(polygon.exterior)?.center(), Some(around.first()?.0)))
        })
        .collect();
    bench("relabel a face", &mut editor, &mut locator, |editor| {
        let (at, to) = faces[random.below(faces.len())];
        editor.relabel(at, to).ok().map(|edited| edited.bounds())
    });
    assert_eq!(editor.coverage().prove(), []);
}

fn main() {
    let counts: Vec<u32> = std::env::args().skip(1).filter_map(|cells| cells.parse().ok()).collect();
    let counts = if counts.is_empty() { vec![1_000, 100_000] } else { counts };
    for cells in counts {
        let lattice = lattice(&LatticeOptions { cells, seed: 7, oddities: ODDITIES });
        let coverage = Coverage::from_borders(lattice.leaf_count, lattice.borders).expect("a coverage");
        println!("{cells} cells of 37 positions, a tenth of them odd");
        let borders = coverage.borders().to_vec();
        edits_of(&coverage, &borders);
    }
}
