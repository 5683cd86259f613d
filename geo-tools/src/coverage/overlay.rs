//! The arrangement of noded sides: for each of its faces, the polygons that cover it.
//!
//! Each stretch knows what changes when it is crossed; from outside the count goes from face to face. A component that
//! no stretch joins to the rest learns what covers it from a ray to the west.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::Position;
use crate::coverage::chain::{Edge, Stretch, chain};
use crate::coverage::exact::side;
use crate::coverage::faces::{half_edge_areas, next_around};

/// Polygons (or leaves) and how often each covers a place; in order, none of them zero times.
pub(crate) type Cover = Vec<(u32, i32)>;

/// A cover by its number.
pub(crate) type CoverId = u32;

/// What is added on the way from the right to the left of an edge, by its number, and whether the edge is seen reversed.
pub(crate) type Change = (u32, bool);

/// Stretches with the cover on each side.
#[derive(Debug)]
pub(crate) struct Overlay {
    pub(crate) stretches: Vec<Stretch<CoverId>>,
    /// Every cover that occurs; the first is empty.
    pub(crate) covers: Vec<Cover>,
}

/// What stands for no polygon: there are never so many.
const NOBODY: u32 = u32::MAX;

/// Gives each distinct value a number.
#[derive(Default)]
pub(crate) struct Numbered {
    /// The numbers of what nearly all values are: a polygon that comes and one that goes, or [`NOBODY`].
    pairs: HashMap<(u32, u32), u32, BuildHasherDefault<Folded>>,
    numbers: HashMap<Cover, u32, BuildHasherDefault<Folded>>,
    pub(crate) values: Vec<Cover>,
}

/// A hash for short lists of small numbers that nobody can choose freely: one multiplication for each.
#[derive(Default)]
struct Folded(u64);

impl Hasher for Folded {
    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_i32(&mut self, number: i32) {
        self.write_u64(u64::from(number as u32));
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl Numbered {
    pub(crate) fn number(&mut self, value: &[(u32, i32)]) -> u32 {
        let next = self.values.len() as u32;
        let number = match *value {
            [(comes, 1)] => *self.pairs.entry((comes, NOBODY)).or_insert(next),
            [(comes, 1), (goes, -1)] => *self.pairs.entry((comes, goes)).or_insert(next),
            _ => match self.numbers.get(value) {
                Some(&number) => number,
                None => *self.numbers.entry(value.to_vec()).or_insert(next),
            },
        };
        if number == next {
            self.values.push(value.to_vec());
        }
        number
    }
}

/// Adds one cover to another, or takes it off.
pub(crate) fn sum(cover: &Cover, change: &Cover, is_taken_off: bool) -> Cover {
    let mut total = cover.clone();
    for &(polygon, count) in change {
        let count = if is_taken_off { -count } else { count };
        match total.binary_search_by_key(&polygon, |entry| entry.0) {
            Ok(at) if total[at].1 + count == 0 => {
                total.remove(at);
            }
            Ok(at) => total[at].1 += count,
            Err(at) => total.insert(at, (polygon, count)),
        }
    }
    total
}

/// Joins edges whose changes are known and finds what covers each side of them.
pub(crate) fn overlay(edges: &[Edge<Change>], changes: &[Cover]) -> Overlay {
    covered(chain(edges), changes)
}

/// Finds what covers each side of stretches that meet at their ends only; gives them in the same order.
pub(crate) fn covered(stretches: Vec<Stretch<Change>>, changes: &[Cover]) -> Overlay {
    let lines: Vec<&[Position]> = stretches.iter().map(|stretch| stretch.line.as_slice()).collect();
    let next = next_around(&lines);
    let walks = Walks::new(&lines, &next);
    let mut covers = Numbered::default();
    covers.number(&[]);
    let mut cover_of: Vec<Option<CoverId>> = vec![None; walks.first.len()];
    let mut sums: HashMap<(CoverId, u32, bool), CoverId, BuildHasherDefault<Folded>> = HashMap::default();
    let westernmost = lines.iter().flat_map(|line| line.iter().copied()).min();
    let mut west = None;
    for walk in 0..walks.first.len() {
        // The outer walk of each component: the only one that does not run counter-clockwise around ground.
        if walks.doubled_area[walk] > 0 || cover_of[walk].is_some() {
            continue;
        }
        let least = walks.least(walk, &lines, &next);
        // Beyond the westernmost position of all there is nothing to look for.
        let outside = if Some(least) == westernmost {
            Cover::new()
        } else {
            let west = west.get_or_insert_with(|| West::new(&lines));
            cover_beside(west, least, &stretches, changes)
        };
        cover_of[walk] = Some(covers.number(&outside));
        let mut open = vec![walk];
        while let Some(walk) = open.pop() {
            let here = cover_of[walk].unwrap_or(0);
            let mut half = walks.first[walk];
            loop {
                let other = walks.of_half[(half ^ 1) as usize] as usize;
                if cover_of[other].is_none() {
                    // Walking with the face on the left, the other side lacks what the change adds on the left.
                    let (change, is_reversed) = stretches[(half / 2) as usize].left;
                    let is_taken_off = half.is_multiple_of(2) != is_reversed;
                    let there = *sums.entry((here, change, is_taken_off)).or_insert_with(|| {
                        let there =
                            sum(&covers.values[here as usize], &changes[change as usize], is_taken_off);
                        covers.number(&there)
                    });
                    cover_of[other] = Some(there);
                    open.push(other);
                }
                half = next[half as usize];
                if half == walks.first[walk] {
                    break;
                }
            }
        }
    }
    let cover = |half: usize| cover_of[walks.of_half[half] as usize].unwrap_or(0);
    let covered = stretches.into_iter().enumerate().map(|(at, stretch)| Stretch {
        line: stretch.line,
        left: cover(2 * at),
        right: cover(2 * at + 1),
    });
    Overlay { stretches: covered.collect(), covers: covers.values }
}

/// The closed walks that half-edges make around faces.
pub(crate) struct Walks {
    /// A half-edge of each.
    pub(crate) first: Vec<u32>,
    /// Above zero where the walk runs counter-clockwise around ground; else it is the outer one of a component.
    pub(crate) doubled_area: Vec<i128>,
    pub(crate) of_half: Vec<u32>,
}

impl Walks {
    pub(crate) fn new(lines: &[&[Position]], next: &[u32]) -> Self {
        let areas = half_edge_areas(lines);
        let mut walks =
            Self { first: Vec::new(), doubled_area: Vec::new(), of_half: vec![u32::MAX; next.len()] };
        for first in 0..next.len() as u32 {
            if walks.of_half[first as usize] != u32::MAX {
                continue;
            }
            let (mut half, mut doubled_area) = (first, 0);
            while walks.of_half[half as usize] == u32::MAX {
                walks.of_half[half as usize] = walks.first.len() as u32;
                doubled_area += if half.is_multiple_of(2) {
                    areas[(half / 2) as usize]
                } else {
                    -areas[(half / 2) as usize]
                };
                half = next[half as usize];
            }
            walks.first.push(first);
            walks.doubled_area.push(doubled_area);
        }
        walks
    }

    /// The least position on a walk.
    pub(crate) fn least(&self, walk: usize, lines: &[&[Position]], next: &[u32]) -> Position {
        let mut least = lines[(self.first[walk] / 2) as usize][0];
        let mut half = self.first[walk];
        loop {
            let line = lines[(half / 2) as usize];
            least = line.iter().copied().fold(least, Position::min);
            half = next[half as usize];
            if half == self.first[walk] {
                return least;
            }
        }
    }
}

/// What covers the place just west of a position that no edge passes there.
fn cover_beside(west: &West<'_>, at: Position, stretches: &[Stretch<Change>], changes: &[Cover]) -> Cover {
    let crossed = west.crossed(at).into_iter();
    crossed.fold(Cover::new(), |cover, (number, is_upward)| {
        let (change, is_reversed) = stretches[number as usize].left;
        sum(&cover, &changes[change as usize], is_upward != is_reversed)
    })
}

/// Sides in order of their southern end, to find those that a line of latitude crosses.
pub(crate) struct West<'a> {
    lines: &'a [&'a [Position]],
    /// The southern and the northern end, the line, and where in it the side begins.
    by_south: Vec<(i32, i32, u32, u32)>,
    /// The greatest northern end in each block.
    north_of_block: Vec<i32>,
}

const BLOCK: usize = 64;

impl<'a> West<'a> {
    pub(crate) fn new(lines: &'a [&'a [Position]]) -> Self {
        let mut by_south: Vec<(i32, i32, u32, u32)> = Vec::new();
        for (number, line) in (0..).zip(lines) {
            by_south.extend((0..).zip(line.windows(2)).map(|(at, pair)| {
                let (a, b) = (pair[0].lat_e7(), pair[1].lat_e7());
                (a.min(b), a.max(b), number, at)
            }));
        }
        by_south.sort_unstable();
        let north =
            |block: &[(i32, i32, u32, u32)]| block.iter().map(|entry| entry.1).max().unwrap_or(i32::MIN);
        let north_of_block = by_south.chunks(BLOCK).map(north).collect();
        Self { lines, by_south, north_of_block }
    }

    /// The lines that a ray to the west crosses from just west of a position, by their number and whether they run north
    /// there; one as often as it is crossed.
    pub(crate) fn crossed(&self, at: Position) -> Vec<(u32, bool)> {
        let lat_e7 = at.lat_e7();
        let mut crossed = Vec::new();
        for (block, north) in self.by_south.chunks(BLOCK).zip(&self.north_of_block) {
            if block[0].0 > lat_e7 {
                break;
            }
            if *north <= lat_e7 {
                continue;
            }
            for &(south, north, number, from) in block {
                let line = self.lines[number as usize];
                let (from, to) = (line[from as usize], line[from as usize + 1]);
                if south > lat_e7 || north <= lat_e7 || from.min(to).lon_e7() > at.lon_e7() {
                    continue;
                }
                let is_upward = to.lat_e7() > from.lat_e7();
                let turn = side(from, to, at);
                // Strictly to the east of the side: right of it where it runs north.
                if (is_upward && turn < 0) || (!is_upward && turn > 0) {
                    crossed.push((number, is_upward));
                }
            }
        }
        crossed
    }
}
