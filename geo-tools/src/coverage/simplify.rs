//! Fewer positions along borders. A border is stored once, so both of its neighbours stay side by side.
//!
//! After Visvalingam and Whyatt, "Line generalisation by repeated elimination of points" (1993): the position whose
//! triangle with its two neighbours is least goes first.
//!
//! Invariant: a position goes only where its triangle holds no other, edges included. What would cross or touch the new
//! side crosses neither old one, so it would have to end in the triangle: nothing ever crosses. No face collapses or
//! turns over: nodes stay, a loop keeps three positions, and no two borders become the same side.
//! Invariant: metres only decide how much may go; whether it can go is decided in integers.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

use crate::coverage::exact::side;
use crate::coverage::{Border, Coverage};
use crate::{Bounds, Position, measure};

impl Coverage {
    /// The same coverage with fewer positions: every border stays within `tolerance_m` metres of where it was.
    ///
    /// Nodes stay where they are, and borders, faces and their indexes are the same. Without a tolerance above zero nothing
    /// changes. A position that keeps another border from being crossed stays, however near it lies.
    #[must_use]
    pub fn simplify(&self, tolerance_m: f64) -> Self {
        if tolerance_m.is_nan() || tolerance_m <= 0.0 {
            return self.clone();
        }
        let borders = simplified(&self.borders, tolerance_m);
        let bounds = Bounds::of(borders.iter().flat_map(|border| border.line.iter().copied()));
        Self {
            leaf_count: self.leaf_count,
            bounds: bounds.unwrap_or(self.bounds),
            borders,
            faces: self.faces.clone(),
            leaf_faces: self.leaf_faces.clone(),
            outlines: self.outlines.clone(),
        }
    }
}

fn simplified(borders: &[Border], tolerance_m: f64) -> Vec<Border> {
    let mut thinning = Thinning {
        crowd: Crowd::new(borders),
        straight: borders.iter().filter(|border| border.line.len() == 2).map(ends).collect(),
        tolerance_m,
        beside: Vec::new(),
        strayed_m: Vec::new(),
        least_first: BinaryHeap::new(),
    };
    let mut first = 0;
    let thinned = borders.iter().map(|border| {
        let line = thinning.thin(border, first);
        first += border.line.len();
        Border { line, left: border.left, right: border.right }
    });
    thinned.collect()
}

fn ends(border: &Border) -> (Position, Position) {
    let (first, last) = (border.line[0], border.line[border.line.len() - 1]);
    (first.min(last), first.max(last))
}

/// What goes from one border to the next; the last three are one border's, kept for their memory.
struct Thinning {
    crowd: Crowd,
    /// The ends of every border that is one side.
    straight: HashSet<(Position, Position)>,
    tolerance_m: f64,
    /// The indexes of the neighbours that each position has left; itself where it has gone.
    beside: Vec<[u32; 2]>,
    /// How far the line may have strayed between a position and the next one left.
    strayed_m: Vec<f64>,
    /// Twice the area of a position's triangle, and its index; what is no longer so is passed over.
    least_first: BinaryHeap<Reverse<(i64, u32)>>,
}

impl Thinning {
    /// What is left of a border's line; `first` is the number of its first position among those of all borders.
    fn thin(&mut self, border: &Border, first: usize) -> Vec<Position> {
        let line = &border.line;
        let is_closed = line[0] == line[line.len() - 1];
        let (mut left, least) = (line.len(), if is_closed { 4 } else { 2 });
        if left <= least {
            return line.clone();
        }
        self.begin(line);
        let scale_m = scale_m(line);
        while left > least {
            let Some(Reverse((area, at))) = self.least_first.pop() else { break };
            let triangle = self.triangle(line, at);
            let [before, after] = self.beside[at as usize];
            if before == at || doubled_area(triangle) != area {
                continue;
            }
            // What lies within a distance of a side that is replaced lies within that and the corner's of the new one.
            let strayed_m = self.strayed_m[before as usize].max(self.strayed_m[at as usize])
                + distance_m(triangle, scale_m);
            let becomes_straight = left == 3;
            if strayed_m > self.tolerance_m
                || (becomes_straight && self.straight.contains(&ends(border)))
                || self.crowd.holds_other(triangle)
            {
                continue;
            }
            left -= 1;
            if becomes_straight {
                self.straight.insert(ends(border));
            }
            self.crowd.forget(first + at as usize, line[0]);
            self.strayed_m[before as usize] = strayed_m;
            self.beside[at as usize] = [at; 2];
            self.beside[before as usize][1] = after;
            self.beside[after as usize][0] = before;
            for neighbour in [before, after] {
                self.offer(line, neighbour);
            }
        }
        let kept = (0..).zip(&self.beside).filter(|(at, beside)| beside[0] != *at || beside[1] != *at);
        kept.map(|(at, _): (u32, _)| line[at as usize]).collect()
    }

    fn begin(&mut self, line: &[Position]) {
        let len = line.len() as u32;
        self.beside.clear();
        // An end has itself on one side only, and never goes.
        self.beside.extend((0..len).map(|at| [at.saturating_sub(1), (at + 1).min(len - 1)]));
        self.strayed_m.clear();
        self.strayed_m.resize(line.len(), 0.0);
        self.least_first.clear();
        for at in 0..len {
            self.offer(line, at);
        }
    }

    fn offer(&mut self, line: &[Position], at: u32) {
        if at > 0 && (at as usize) < line.len() - 1 {
            let area = doubled_area(self.triangle(line, at));
            self.least_first.push(Reverse((area, at)));
        }
    }

    fn triangle(&self, line: &[Position], at: u32) -> [Position; 3] {
        let [before, after] = self.beside[at as usize];
        [line[before as usize], line[at as usize], line[after as usize]]
    }
}

fn doubled_area([before, at, after]: [Position; 3]) -> i64 {
    side(before, at, after).abs()
}

/// Metres per unit of longitude and of latitude, no less than anywhere on the line.
fn scale_m(line: &[Position]) -> [f64; 2] {
    let lats = || line.iter().map(|at| at.lat().abs());
    let (lon_m, _) = measure::local_scale_m(lats().fold(90.0, f64::min));
    let (_, lat_m) = measure::local_scale_m(lats().fold(0.0, f64::max));
    [lon_m / crate::position::UNITS_PER_DEGREE, lat_m / crate::position::UNITS_PER_DEGREE]
}

/// How far the middle of three positions lies from the side between the others.
fn distance_m([before, at, after]: [Position; 3], [lon_m, lat_m]: [f64; 2]) -> f64 {
    let from_before = |to: Position| {
        let (east, north) = crate::coverage::exact::delta(before, to);
        [east as f64 * lon_m, north as f64 * lat_m]
    };
    let ([x, y], [dx, dy]) = (from_before(at), from_before(after));
    let squared = dx * dx + dy * dy;
    let share = if squared > 0.0 { ((x * dx + y * dy) / squared).clamp(0.0, 1.0) } else { 0.0 };
    (x - dx * share).hypot(y - dy * share)
}

/// Every position that is left, in boxes of a grid.
struct Crowd {
    south_west: Position,
    bits: u32,
    columns: usize,
    /// `places[starts[box]..starts[box + 1]]` are the box's.
    starts: Vec<u32>,
    places: Vec<Position>,
    /// Where the positions of all borders, one after the other, stand in `places`.
    place_of: Vec<u32>,
}

/// Positions for each box.
const CROWD: u64 = 2;

impl Crowd {
    fn new(borders: &[Border]) -> Self {
        let positions = || borders.iter().flat_map(|border| border.line.iter().copied());
        let count = positions().count();
        let bounds = Bounds::of(positions());
        let (low, high) = bounds.map_or_else(
            || unreachable!("no coverage is without borders"),
            |bounds| (bounds.south_west(), bounds.north_east()),
        );
        let size = |bits: u32| {
            let [width, height] = offset(low, high).map(|far| u64::from(far >> bits) + 1);
            (width, height)
        };
        let wanted = count as u64 / CROWD + 1;
        let bits = (0..31).find(|bits| size(*bits).0 * size(*bits).1 <= wanted).unwrap_or(31);
        let (columns, rows) = size(bits);
        let mut crowd = Self {
            south_west: low,
            bits,
            columns: columns as usize,
            starts: vec![0; (columns * rows) as usize + 2],
            places: vec![low; count],
            place_of: Vec::with_capacity(count),
        };
        for at in positions() {
            let at = crowd.index(at);
            crowd.starts[at + 2] += 1;
        }
        for at in 1..crowd.starts.len() {
            crowd.starts[at] += crowd.starts[at - 1];
        }
        for position in positions() {
            let at = crowd.index(position) + 1;
            crowd.places[crowd.starts[at] as usize] = position;
            crowd.place_of.push(crowd.starts[at]);
            crowd.starts[at] += 1;
        }
        crowd
    }

    fn index(&self, at: Position) -> usize {
        let [column, row] = offset(self.south_west, at).map(|far| (far >> self.bits) as usize);
        row * self.columns + column
    }

    /// Whether a triangle, edges included, holds another position than its corners.
    fn holds_other(&self, triangle: [Position; 3]) -> bool {
        let [a, b, c] = triangle;
        let range = |part: fn(Position) -> i32| {
            let [a, b, c] = triangle.map(part);
            [a.min(b).min(c), a.max(b).max(c)]
        };
        let (lon, lat) = (range(Position::lon_e7), range(Position::lat_e7));
        let place = |at: i32, origin: i32| (at.abs_diff(origin) >> self.bits) as usize;
        let columns = lon.map(|lon| place(lon, self.south_west.lon_e7()));
        let rows = lat.map(|lat| place(lat, self.south_west.lat_e7()));
        let is_inside = |at: Position| {
            let turns = [side(a, b, at), side(b, c, at), side(c, a, at)];
            turns.iter().all(|turn| *turn >= 0) || turns.iter().all(|turn| *turn <= 0)
        };
        (rows[0]..=rows[1]).any(|row| {
            let from = self.starts[row * self.columns + columns[0]];
            let to = self.starts[row * self.columns + columns[1] + 1];
            self.places[from as usize..to as usize].iter().any(|&at| {
                let is_near =
                    (lon[0]..=lon[1]).contains(&at.lon_e7()) & (lat[0]..=lat[1]).contains(&at.lat_e7());
                is_near && !triangle.contains(&at) && is_inside(at)
            })
        })
    }

    /// Lets a position go, by its number among those of all borders. What stays stands in its place: that is asked twice,
    /// and answers the same.
    fn forget(&mut self, number: usize, stays: Position) {
        self.places[self.place_of[number] as usize] = stays;
    }
}

/// How many units a position lies east and north of another.
fn offset(from: Position, to: Position) -> [u32; 2] {
    [to.lon_e7().abs_diff(from.lon_e7()), to.lat_e7().abs_diff(from.lat_e7())]
}
