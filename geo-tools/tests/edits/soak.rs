//! Random edits on lattices with holes, exclaves and voids, each beside oracles that share no code with what they judge.
//!
//! `EDITS` says how many edits are made: 100 000 where it is not set, ten million by `make soak`. A run begins with the lattice
//! `EDIT_SEED` and prints the one after its last, so that ten million may be made in several runs.

use std::collections::HashSet;

use geo_tools::coverage::{Border, Coverage, Editor, Leaf};
use geo_tools::generate::{LatticeOptions, Oddities, lattice};
use geo_tools::locator::Locator;
use geo_tools::{Bounds, Position, Problem};

use crate::oracle::{areas, grown, owner, ring_area};
use crate::random::Random;

const EDITS: usize = 100_000;
/// Edits on one lattice; then comes another.
const EPISODE: usize = 250;
/// For so many edits the proof of the whole is asked whether it would have them, once they are made whether it has them, and a
/// locator is built anew.
const VERDICT: usize = 3;
const PROOF: usize = 4;
const REBUILD: usize = 50;

/// One edit, as it is asked for.
#[derive(Clone, Debug)]
enum Ask {
    MoveVertex(Position, Position),
    MoveStretch(Vec<Position>, Vec<Position>),
    Split(Leaf, Vec<Position>, Leaf),
    Merge(Leaf, Leaf),
    Relabel(Position, Option<Leaf>),
}

impl Ask {
    fn make(&self, editor: &mut Editor) -> Result<Bounds, Vec<Problem>> {
        let edited = match self {
            Self::MoveVertex(from, to) => editor.move_vertex(*from, *to),
            Self::MoveStretch(stretch, line) => editor.move_stretch(stretch, line),
            Self::Split(leaf, line, to) => editor.split(*leaf, line, *to),
            Self::Merge(gone, into) => editor.merge(*gone, *into),
            Self::Relabel(at, to) => editor.relabel(*at, *to),
        };
        edited.map(|edited| edited.bounds())
    }

    fn kind(&self) -> usize {
        match self {
            Self::MoveVertex(..) => 0,
            Self::MoveStretch(..) => 1,
            Self::Split(..) => 2,
            Self::Merge(..) => 3,
            Self::Relabel(..) => 4,
        }
    }
}

/// What is edited, beside what it should be.
struct Trial {
    seed: u64,
    asked: usize,
    random: Random,
    editor: Editor,
    locator: Locator,
    /// The editor's borders, kept by what each edit says that it changed.
    mirror: HashSet<Border>,
    /// Made and refused, of each kind.
    counts: [[usize; 2]; 5],
}

impl Trial {
    fn new(seed: u64) -> Self {
        let per_mille = [0, 60, 150][(seed % 3) as usize];
        let oddities =
            Oddities { enclaves: per_mille, exclaves: per_mille, multipolygons: 60, voids: per_mille };
        let lattice = lattice(&LatticeOptions { cells: 16 + (seed % 5) as u32 * 6, seed, oddities });
        let coverage = Coverage::from_borders(lattice.leaf_count, lattice.borders).expect("a coverage");
        let editor = Editor::new(&coverage);
        let mirror = editor.borders().cloned().collect();
        let (random, locator) = (Random(seed), Locator::build(&coverage));
        Self { seed, asked: 0, random, editor, locator, mirror, counts: [[0; 2]; 5] }
    }

    /// Something to ask for: mostly possible, often not.
    fn ask(&mut self) -> Ask {
        let random = &mut self.random;
        let borders: Vec<&Border> = self.editor.borders().collect();
        let border = *random.one(&borders);
        let [one, two] = [random.below(border.line.len()), random.below(border.line.len())];
        let leaf = border.left.or(border.right).expect("an owner");
        match random.below(11) {
            0..=3 => {
                let to = if random.below(20) == 0 {
                    *random.one(&random_line(&borders, border, random.0))
                } else {
                    let reach = [3, 2_000, 2_000, 40_000][random.below(4)];
                    near(random, border.line[one], reach)
                };
                Ask::MoveVertex(border.line[one], to)
            }
            4..=6 => {
                let (first, last) = (one.min(two), one.max(two));
                let stretch =
                    if first == last { border.line.clone() } else { border.line[first..=last].to_vec() };
                let reach = [2_000, 2_000, 20_000][random.below(3)];
                let mut line = vec![stretch[0]];
                for _ in 0..random.below(4) {
                    let about = *random.one(&stretch);
                    line.push(if random.below(3) == 0 { about } else { near(random, about, reach) });
                }
                line.push(stretch[stretch.len() - 1]);
                if random.below(2) == 0 {
                    return Ask::MoveStretch(
                        stretch.iter().rev().copied().collect(),
                        line.into_iter().rev().collect(),
                    );
                }
                Ask::MoveStretch(stretch, line)
            }
            7 => self.ask_to_split(leaf),
            8 => {
                let other = Leaf(random.below(self.editor.leaf_count()) as u32);
                match (border.left, border.right) {
                    (Some(left), Some(right)) if random.below(4) > 0 => Ask::Merge(left, right),
                    _ => Ask::Merge(leaf, other),
                }
            }
            _ => {
                let to =
                    [border.right, border.left, Some(Leaf(random.below(self.editor.leaf_count()) as u32))];
                let to = to[random.below(3)];
                Ask::Relabel(self.place_to_give(border.line[one]), to)
            }
        }
    }

    /// A line across a leaf, which often misses.
    fn ask_to_split(&mut self, leaf: Leaf) -> Ask {
        let [west, south, east, north] = self.leaf_box(leaf);
        let mut place = || {
            let x = west + self.random.below((east - west) as usize) as i32;
            let y = south + self.random.below((north - south) as usize) as i32;
            Position::from_e7(x, y).expect("in range")
        };
        let mut line = vec![place(), place()];
        // Across the middle is across the leaf more often than not.
        if line[0].lon_e7() % 2 == 0 {
            // In this order no sum is too large.
            let mirrored =
                |at: Position| Position::from_e7(west - at.lon_e7() + east, south - at.lat_e7() + north);
            line[1] = mirrored(line[0]).expect("in range");
        }
        if line[1].lat_e7() % 3 == 0 {
            line.insert(1, place());
        }
        let to = self.receiver(leaf);
        Ask::Split(leaf, line, to)
    }

    /// Somewhere on a face: mostly on one of several of a leaf, which can be given away.
    fn place_to_give(&mut self, other: Position) -> Position {
        let first = self.random.below(self.editor.leaf_count());
        let leaves =
            (0..self.editor.leaf_count()).map(|at| Leaf(((first + at) % self.editor.leaf_count()) as u32));
        let polygons = leaves.map(|leaf| self.editor.polygons(leaf)).find(|polygons| polygons.len() > 1);
        match polygons {
            Some(polygons) if self.random.below(4) > 0 => {
                let ring = &self.random.one(&polygons).exterior;
                let at = *self.random.one(ring);
                near(&mut self.random, at, 1_500)
            }
            _ => near(&mut self.random, other, 20_000),
        }
    }

    /// Who gets a piece: a leaf without ground, a new one while there are few, or any.
    fn receiver(&mut self, leaf: Leaf) -> Leaf {
        let count = self.editor.leaf_count();
        let ground = areas(self.editor.borders(), count);
        let empty = (0..count).find(|leaf| ground[*leaf] == 0);
        match empty {
            Some(empty) if self.random.below(4) > 0 => Leaf(empty as u32),
            None if count < 60 => Leaf(count as u32),
            _ => Leaf(((leaf.index() + 1 + self.random.below(count.max(2) - 1)) % count) as u32),
        }
    }

    fn leaf_box(&self, leaf: Leaf) -> [i32; 4] {
        let polygons = self.editor.polygons(leaf);
        let bounds = Bounds::of(polygons.iter().flat_map(|polygon| polygon.exterior.iter().copied()));
        grown(&bounds.expect("ground"), 3_000)
    }

    /// Asks for something, and compares all that comes of it. `true` where it was done.
    fn step(&mut self, number: usize) -> bool {
        self.asked += 1;
        let ask = self.ask();
        let before: Vec<Border> = self.editor.borders().cloned().collect();
        let (in_order, leaf_count) = (self.editor.to_borders(), self.editor.leaf_count());
        let made = ask.make(&mut self.editor);
        self.counts[ask.kind()][usize::from(made.is_err())] += 1;
        if self.asked.is_multiple_of(VERDICT)
            && let Some(expected) = self.would_be(&ask, &before, leaf_count)
        {
            assert_eq!(made.is_ok(), expected, "{ask:?}: {made:?}");
        }
        match made {
            Err(problems) => {
                assert!(!problems.is_empty(), "{ask:?}");
                for problem in problems {
                    assert!(problem.geometry.is_some(), "{ask:?}: {problem:?}");
                }
                assert_eq!(
                    (self.editor.to_borders(), self.editor.leaf_count()),
                    (in_order, leaf_count),
                    "{ask:?}"
                );
                false
            }
            Ok(bounds) => {
                let kept: Vec<Border> = self.editor.borders().cloned().collect();
                self.take_back_and_make_again(&ask, &in_order);
                self.compare_ground(&ask, &before, &kept, &bounds);
                if number.is_multiple_of(PROOF) {
                    let proven = Coverage::from_borders(self.editor.leaf_count(), self.editor.to_borders());
                    assert!(proven.is_ok(), "{ask:?}: {proven:?}");
                }
                if number.is_multiple_of(REBUILD) {
                    self.compare_with_rebuilt();
                }
                true
            }
        }
    }

    /// Whether the proof of the whole accepts what an edit asks for, where that can be written down without an editor.
    fn would_be(&self, ask: &Ask, before: &[Border], leaf_count: usize) -> Option<bool> {
        let vertices: HashSet<Position> =
            before.iter().flat_map(|border| border.line.iter().copied()).collect();
        let mut borders = before.to_vec();
        match ask {
            Ask::MoveVertex(from, to) => {
                // Onto another vertex it is refused, whatever would come of it.
                if vertices.contains(to) {
                    return Some(false);
                }
                let places = borders.iter_mut().flat_map(|border| &mut border.line);
                places.filter(|at| *at == from).for_each(|at| *at = *to);
            }
            Ask::MoveStretch(stretch, line) => {
                let is_taken = |at: &Position| vertices.contains(at) && !stretch.contains(at);
                let is_repeating = line.windows(2).any(|pair| pair[0] == pair[1]);
                if line.iter().any(is_taken) || is_repeating || stretch == line {
                    return Some(false);
                }
                let mut new = line.clone();
                let mut old = stretch.clone();
                let has = |old: &[Position]| {
                    before.iter().position(|border| border.line.windows(old.len()).any(|part| part == old))
                };
                let found = has(&old).or_else(|| {
                    new.reverse();
                    old.reverse();
                    has(&old)
                })?;
                let border = &mut borders[found].line;
                let at = border.windows(old.len()).position(|part| part == old)?;
                border.splice(at..at + old.len(), new);
            }
            _ => return None,
        }
        Some(Coverage::from_borders(leaf_count, borders).is_ok())
    }

    fn take_back_and_make_again(&mut self, ask: &Ask, before: &[Border]) {
        let (after, leaf_count, bounds) =
            (self.editor.to_borders(), self.editor.leaf_count(), self.editor.bounds());
        self.editor.undo().expect("just done");
        assert_eq!(self.editor.to_borders(), before, "{ask:?}");
        let edited = self.editor.redo().expect("just undone");
        for border in edited.removed() {
            assert!(self.mirror.remove(border), "{ask:?}: {border:?}");
        }
        for border in edited.added() {
            assert!(self.mirror.insert(border.clone()), "{ask:?}: {border:?}");
        }
        let held = self.editor.borders().count();
        // What the editor holds is in order but for the order: every node is one.
        assert_eq!((held, held), (after.len(), self.mirror.len()), "{ask:?}");
        assert_eq!((self.editor.to_borders(), self.editor.leaf_count()), (after, leaf_count), "{ask:?}");
        assert_eq!(self.editor.bounds(), bounds);
        assert!(self.editor.borders().all(|border| self.mirror.contains(border)));
    }

    /// Asks the oracles who owns what, before and after, and the locator that follows.
    fn compare_ground(&mut self, ask: &Ask, before: &[Border], after: &[Border], bounds: &Bounds) {
        let leaf_count = self.editor.leaf_count();
        let (old, new) = (areas(before, leaf_count), areas(after, leaf_count));
        compare_areas(ask, &old, &new, bent(ask, before));
        let positions = || after.iter().flat_map(|border| border.line.iter().copied());
        assert_eq!(Bounds::of(positions()), Some(self.editor.bounds()));
        self.locator.follow(&self.editor, bounds);
        let around = [grown(bounds, 50), grown(&self.editor.bounds(), 5_000)];
        let mut places: Vec<Position> = (0..8)
            .map(|number| {
                let [west, south, east, north] = around[number / 5];
                let x = west + self.random.below((east - west) as usize) as i32;
                let y = south + self.random.below((north - south) as usize) as i32;
                Position::from_e7(x, y).expect("in range")
            })
            .collect();
        if let Ask::Relabel(at, _) = ask {
            places.push(*at);
        }
        for at in places {
            let Ok(is) = owner(after, at) else { continue };
            assert_eq!(self.locator.owner(at), is, "{ask:?}: {at}");
            let Ok(was) = owner(before, at) else { continue };
            let may_be = match ask {
                _ if !bounds.contains(at) => is == was,
                Ask::MoveVertex(..) | Ask::MoveStretch(..) => true,
                // Where the line is rounded, the leaf's border may bend by less than a unit.
                Ask::Split(leaf, _, to) => {
                    is == was || (was == Some(*leaf) && is == Some(*to)) || is_beside(before, at)
                }
                Ask::Merge(gone, into) => is == if was == Some(*gone) { Some(*into) } else { was },
                Ask::Relabel(place, to) if *place == at => is == *to,
                Ask::Relabel(_, to) => is == was || is == *to,
            };
            assert!(may_be, "{ask:?}: {at} was {was:?} and is {is:?}");
        }
    }

    /// A locator that followed everything answers as one that is built now.
    fn compare_with_rebuilt(&mut self) {
        let coverage = self.editor.coverage();
        let anew = Locator::build(&coverage);
        let corners = coverage.borders().iter().flat_map(|border| border.line.iter().copied());
        let mut places: Vec<Position> = corners.collect();
        let beside: Vec<Position> = places.iter().map(|at| near(&mut self.random, *at, 5_000)).collect();
        places.extend(beside);
        assert_eq!(self.locator.locate_many(&places), anew.locate_many(&places));
        places.truncate(40);
        assert_eq!(self.locator.locate_all(&places, 50.0), anew.locate_all(&places, 50.0));
        let ground = areas(coverage.borders(), coverage.leaf_count());
        for (leaf, ground) in ground[..coverage.leaf_count()].iter().enumerate() {
            let mut polygons = self.editor.polygons(Leaf(leaf as u32));
            let area: i128 = polygons.iter().flat_map(|polygon| polygon.rings()).map(ring_area).sum();
            assert_eq!(area, *ground, "leaf {leaf}");
            let mut expected = coverage.polygons(Leaf(leaf as u32));
            // The same faces, wherever each ring begins.
            let bounds = |polygon: &geo_tools::Polygon| polygon.exterior.iter().copied().min();
            polygons.sort_by_key(bounds);
            expected.sort_by_key(bounds);
            let sizes = |polygons: &[geo_tools::Polygon]| -> Vec<(usize, usize)> {
                polygons.iter().map(|polygon| (polygon.exterior.len(), polygon.holes.len())).collect()
            };
            assert_eq!(sizes(&polygons), sizes(&expected), "leaf {leaf}");
        }
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("EDIT_SEED={} repeats it: the lattice's edit {}", self.seed, self.asked);
        }
    }
}

/// Areas that are conserved, and whose they may be.
fn compare_areas(ask: &Ask, old: &[i128], new: &[i128], bent: i128) {
    let (old_whole, new_whole) = (old[old.len() - 1], new[new.len() - 1]);
    let changed: Vec<usize> = (0..old.len() - 1).filter(|leaf| old[*leaf] != new[*leaf]).collect();
    assert!(new.iter().all(|area| *area >= 0), "{ask:?}");
    match ask {
        Ask::Merge(gone, into) => {
            assert_eq!(new[gone.index()], 0, "{ask:?}");
            assert_eq!(new[into.index()], old[gone.index()] + old[into.index()], "{ask:?}");
            assert_eq!((changed.len(), new_whole), (2, old_whole), "{ask:?}");
        }
        Ask::Relabel(_, to) => {
            let gained = |leaf: &usize| to.is_some_and(|to| to.index() == *leaf);
            assert!(changed.iter().all(|leaf| gained(leaf) == (new[*leaf] > old[*leaf])), "{ask:?}");
            assert!((1..=2).contains(&changed.len()), "{ask:?}");
            let is_all_owned = changed.len() == 2;
            assert_eq!(is_all_owned, new_whole == old_whole, "{ask:?}");
        }
        Ask::Split(leaf, _, to) => {
            let [was, is] = [old, new].map(|areas| [leaf, to].map(|leaf| areas[leaf.index()]));
            let told = || format!("{ask:?}: {was:?} became {is:?}, and borders bend by {bent}");
            // A tip that is cut off may be smaller than what its borders bend by.
            assert!(0 < is[0] && is[0] < was[0] + bent && is[1] > was[1] - bent, "{}", told());
            assert!((is[0] + is[1] - was[0] - was[1]).abs() <= bent, "{}", told());
        }
        // A leaf keeps some ground, whichever of its borders move.
        Ask::MoveVertex(..) | Ask::MoveStretch(..) => {
            assert!((0..old.len()).all(|leaf| (old[leaf] == 0) == (new[leaf] == 0)), "{ask:?}");
        }
    }
}

/// By how much ground the borders of a leaf that is split can bend: at either end of the line a side does, by less than a
/// unit. As areas are, doubled.
fn bent(ask: &Ask, before: &[Border]) -> i128 {
    let Ask::Split(leaf, ..) = ask else { return 0 };
    let own = before.iter().filter(|border| [border.left, border.right].contains(&Some(*leaf)));
    let length = |pair: &[Position]| {
        let [x, y] =
            [Position::lon_e7, Position::lat_e7].map(|of| i128::from(of(pair[0]) - of(pair[1])).abs());
        x + y
    };
    2 * own.flat_map(|border| border.line.windows(2)).map(length).max().unwrap_or(0)
}

/// Whether a border runs within two units of a position.
fn is_beside(borders: &[Border], at: Position) -> bool {
    let here = owner(borders, at);
    let around = (-2..=2).flat_map(|x| (-2..=2).map(move |y| (x, y)));
    around.into_iter().any(|(x, y)| {
        let beside = Position::from_e7(at.lon_e7() + x, at.lat_e7() + y).expect("in range");
        owner(borders, beside) != here
    })
}

fn near(random: &mut Random, at: Position, reach: i32) -> Position {
    Position::from_e7(at.lon_e7() + random.within(reach), at.lat_e7() + random.within(reach))
        .expect("in range")
}

/// Any border's line, by a number.
fn random_line(borders: &[&Border], other: &Border, number: u64) -> Vec<Position> {
    let line = &borders[number as usize % borders.len()].line;
    if line == &other.line { other.line[..1].to_vec() } else { line.clone() }
}

#[test]
fn random_edits_are_proven_undone_and_followed() {
    let wanted = std::env::var("EDITS").map_or(EDITS, |edits| edits.parse().expect("EDITS is a number"));
    let first_seed =
        std::env::var("EDIT_SEED").map_or(0, |seed| seed.parse().expect("EDIT_SEED is a number"));
    let (mut made, mut counts) = (0, [[0; 2]; 5]);
    let mut last_seed = first_seed;
    for seed in first_seed.. {
        last_seed = seed;
        let mut trial = Trial::new(seed);
        let begun = trial.editor.to_borders();
        let before = made;
        for _ in 0..20 * EPISODE {
            if made >= wanted || made - before >= EPISODE {
                break;
            }
            made += usize::from(trial.step(made));
        }
        while trial.editor.undo().is_some() {}
        assert!(trial.editor.to_borders() == begun, "seed {seed}: undone, and not as it was");
        for (sum, count) in counts.as_flattened_mut().iter_mut().zip(trial.counts.as_flattened()) {
            *sum += count;
        }
        if made >= wanted {
            break;
        }
    }
    println!("{made} edits on the lattices {first_seed} to {last_seed}: EDIT_SEED={} goes on", last_seed + 1);
    println!(
        "made and refused: moved vertices {:?}, stretches {:?}, splits {:?}, merges {:?}, relabels {:?}",
        counts[0], counts[1], counts[2], counts[3], counts[4]
    );
    // A test in which one kind is never made or never refused says nothing about it.
    assert!(counts.as_flattened().iter().all(|count| *count * 200 > wanted), "{counts:?}");
}
