//! Narrow straits: where the shores of different areas face each other over a strip of outside, so that what should be
//! their common border is open along its whole length, at one end or at both.
//!
//! The rule: every two sides of outlines that belong to different areas, run against each other with outside between
//! them, and are at most `gap_width_m` apart make a piece: as long as they face each other, as wide as they are apart
//! there. Pieces whose sides follow each other are one strait. It is told where it is at least ten times as long as it is
//! wide on average, as a sliver would be; what has been told as an inlet is not told again.
//!
//! So the sea between islands, two areas that come near each other at a place, a gate whose walls are short, and what one
//! area leaves open between its own parts are drawn as meant. A declared void closes a strait.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use crate::coverage::BuildOptions;
use crate::coverage::defects::{SLIVER_RATIO, names};
use crate::coverage::drawing::Drawing;
use crate::coverage::inlets::Outline;
use crate::coverage::pairs::meetings;
use crate::measure::local_scale_m;
use crate::position::UNITS_PER_DEGREE;
use crate::{Code, Geometry, Polygon, Position, Problem};

/// Sides run against each other where they are at most this far from parallel: the cosine of 45 degrees.
const LEAST_COSINE: f64 = std::f64::consts::FRAC_1_SQRT_2;
/// Beyond this many looks from one side at another the outlines are denser than any that people draw.
const MAX_LOOKS: usize = 20_000_000;

/// One side of an outline: outside to the left, the owner to the right.
struct Shore {
    from: Position,
    to: Position,
    owner: u32,
    /// The side that follows it around the outline.
    next: u32,
}

/// What two shores leave open between them.
struct Piece {
    shores: [u32; 2],
    length_m: f64,
    area_m2: f64,
    ring: Vec<Position>,
}

/// Every strait between areas.
pub(crate) fn find(drawing: &Drawing<'_>, outlines: &[Outline], options: &BuildOptions) -> Vec<Problem> {
    let waters = Waters::of(outlines, drawing.void());
    let (pieces, is_whole) = waters.pieces(options.gap_width_m);
    let mut problems = Vec::new();
    for group in waters.groups(&pieces) {
        let length_m: f64 = group.iter().map(|piece| piece.length_m).sum();
        let area_m2: f64 = group.iter().map(|piece| piece.area_m2).sum();
        let width_m = area_m2 / length_m;
        if length_m < SLIVER_RATIO * width_m {
            continue;
        }
        let owner = |&shore: &u32| waters.shores[shore as usize].owner;
        let areas: BTreeSet<u32> = group.iter().flat_map(|piece| piece.shores.iter().map(owner)).collect();
        let areas = Vec::from_iter(areas);
        let message = format!(
            "{} face each other over {length_m:.0} m and do not meet: {area_m2:.2} m² between them, {width_m:.2} m \
             wide, open to the outside; declare it where it is meant",
            names(drawing, &areas)
        );
        let is_refused = width_m <= options.refused_inlet_width_m;
        let told = if is_refused { Problem::error } else { Problem::warning };
        let mut problem = told(Code::Sliver, message);
        problem.area_m2 = Some(area_m2);
        problem.geometry = Some(place(&group));
        problems.push(drawing.concerning(problem, areas));
    }
    if !is_whole {
        let message = "the outer borders are too dense to look for straits everywhere between them";
        problems.push(Problem::warning(Code::TooLarge, message));
    }
    problems
}

/// Where a strait is: its pieces, or the shores of those that are thinner than the grid.
fn place(group: &[&Piece]) -> Geometry {
    let ring = |piece: &&Piece| {
        let mut ring = piece.ring.clone();
        ring.dedup();
        let is_area = ring.iter().collect::<BTreeSet<_>>().len() > 2;
        is_area.then_some(Polygon { exterior: ring, holes: Vec::new() })
    };
    let polygons: Vec<Polygon> = group.iter().filter_map(ring).collect();
    if polygons.is_empty() {
        return Geometry::MultiLine(group.iter().map(|piece| piece.ring[..2].to_vec()).collect());
    }
    Geometry::MultiPolygon(polygons)
}

type Indexed = GeomWithData<Rectangle<[f64; 2]>, u32>;

/// All shores, and where they are.
struct Waters {
    shores: Vec<Shore>,
    /// Sides of which an inlet has been told, which are in the way but face nobody.
    is_told: Vec<bool>,
    void: u32,
    tree: RTree<Indexed>,
}

fn degrees(at: Position) -> [f64; 2] {
    [at.lon(), at.lat()]
}

impl Waters {
    fn of(outlines: &[Outline], void: u32) -> Self {
        let mut shores: Vec<Shore> = Vec::new();
        for outline in outlines {
            let first = shores.len() as u32;
            let count = outline.positions.len();
            shores.extend((0..count).map(|at| Shore {
                from: outline.positions[at],
                to: outline.positions[(at + 1) % count],
                owner: outline.owners[at].map_or(u32::MAX, |owner| owner.0),
                next: first + ((at + 1) % count) as u32,
            }));
        }
        let boxed = |(at, shore): (usize, &Shore)| {
            let corners = Rectangle::from_corners(degrees(shore.from), degrees(shore.to));
            GeomWithData::new(corners, at as u32)
        };
        let tree = RTree::bulk_load(shores.iter().enumerate().map(boxed).collect());
        let is_told = outlines.iter().flat_map(|outline| outline.is_told.iter().copied()).collect();
        Self { shores, is_told, void, tree }
    }

    /// What every two shores leave open, and whether all of them could be looked at.
    fn pieces(&self, width_m: f64) -> (Vec<Piece>, bool) {
        let mut pieces = Vec::new();
        let mut looks = 0;
        if self.shores.iter().map(|shore| shore.owner).collect::<BTreeSet<_>>().len() < 2 {
            return (pieces, true);
        }
        for at in 0..self.shores.len() as u32 {
            let shore = &self.shores[at as usize];
            if !self.is_open(at) {
                continue;
            }
            for near in self.tree.locate_in_envelope_intersecting(&around(shore, width_m)) {
                looks += 1;
                let other = near.data;
                if other <= at || !self.is_open(other) || self.shores[other as usize].owner == shore.owner {
                    continue;
                }
                let piece = facing(shore, &self.shores[other as usize], width_m);
                let piece = piece.map(|piece| Piece { shores: [at, other], ..piece });
                pieces.extend(piece.filter(|piece| self.is_open_water(piece, &mut looks)));
            }
            if looks > MAX_LOOKS {
                return (pieces, false);
            }
        }
        (pieces, true)
    }

    /// Whether a shore is an area's, and no inlet has been told there. Ground that is wrong has been told as such.
    fn is_open(&self, shore: u32) -> bool {
        self.shores[shore as usize].owner < self.void && !self.is_told[shore as usize]
    }

    /// Whether the way across the middle of a piece meets no third shore.
    fn is_open_water(&self, piece: &Piece, looks: &mut usize) -> bool {
        let [a, b, c, d] = piece.ring[..] else { return false };
        let (here, there) = (middle(a, b), middle(c, d));
        let way = (here.min(there), here.max(there));
        let way_box = AABB::from_corners(degrees(here), degrees(there));
        self.tree.locate_in_envelope_intersecting(&way_box).all(|near| {
            *looks += 1;
            let shore = &self.shores[near.data as usize];
            let side = (shore.from.min(shore.to), shore.from.max(shore.to));
            piece.shores.contains(&near.data) || meetings(way, side, false).is_empty()
        })
    }

    /// Pieces that are told together: one's sides are the other's, or follow them.
    fn groups<'p>(&self, pieces: &'p [Piece]) -> Vec<Vec<&'p Piece>> {
        let mut group_of: Vec<usize> = (0..pieces.len()).collect();
        let root = |group_of: &mut Vec<usize>, mut at: usize| {
            while group_of[at] != at {
                group_of[at] = group_of[group_of[at]];
                at = group_of[at];
            }
            at
        };
        let mut of_shore: HashMap<u32, usize> = HashMap::new();
        for (at, piece) in pieces.iter().enumerate() {
            for shore in piece.shores {
                let other = *of_shore.entry(shore).or_insert(at);
                let (one, two) = (root(&mut group_of, at), root(&mut group_of, other));
                group_of[one.max(two)] = one.min(two);
            }
        }
        for (&shore, &at) in &of_shore {
            if let Some(&other) = of_shore.get(&self.shores[shore as usize].next) {
                let (one, two) = (root(&mut group_of, at), root(&mut group_of, other));
                group_of[one.max(two)] = one.min(two);
            }
        }
        let mut groups: BTreeMap<usize, Vec<&Piece>> = BTreeMap::new();
        for (at, piece) in pieces.iter().enumerate() {
            groups.entry(root(&mut group_of, at)).or_default().push(piece);
        }
        groups.into_values().collect()
    }
}

/// The box around a shore, widened.
fn around(shore: &Shore, width_m: f64) -> AABB<[f64; 2]> {
    let (lon_m, lat_m) = local_scale_m(shore.from.lat());
    // Next to a pole a metre of longitude may be the whole way round.
    let (wide, high) = ((width_m / lon_m.max(1.0)).min(360.0), width_m / lat_m);
    let ([west, south], [east, north]) =
        (degrees(shore.from.min(shore.to)), degrees(shore.from.max(shore.to)));
    AABB::from_corners(
        [west.min(east) - wide, south.min(north) - high],
        [west.max(east) + wide, south.max(north) + high],
    )
}

/// What two shores leave open: measured on the flat map around the first one's start.
fn facing(shore: &Shore, other: &Shore, width_m: f64) -> Option<Piece> {
    let scale = local_scale_m(shore.from.lat());
    let offset = |at: Position| {
        let units = |to: i32, from: i32| (f64::from(to) - f64::from(from)) / UNITS_PER_DEGREE;
        (units(at.lon_e7(), shore.from.lon_e7()) * scale.0, units(at.lat_e7(), shore.from.lat_e7()) * scale.1)
    };
    let (end, from, to) = (offset(shore.to), offset(other.from), offset(other.to));
    let length_m = end.0.hypot(end.1);
    let (x, y) = (end.0 / length_m, end.1 / length_m);
    // How far along the first shore a place is, and how far to the left of it.
    let (along, left) = (|at: (f64, f64)| at.0 * x + at.1 * y, |at: (f64, f64)| at.1 * x - at.0 * y);
    let back_m = along(from) - along(to);
    if back_m < LEAST_COSINE * (to.0 - from.0).hypot(to.1 - from.1) {
        return None;
    }
    let left_at = |at_m: f64| left(to) + (left(from) - left(to)) * (at_m - along(to)) / back_m;
    let (mut low_m, mut high_m) = (along(to).max(0.0), along(from).min(length_m));
    // Only as far as they are near each other, and the other to the left.
    let slope = (left(from) - left(to)) / back_m;
    for limit_m in [0.0, width_m] {
        let crossing_m = along(to) + (limit_m - left(to)) / slope;
        if slope != 0.0 && low_m < crossing_m && crossing_m < high_m {
            let is_fine_below = (0.0..=width_m).contains(&left_at((low_m + crossing_m) / 2.0));
            if is_fine_below { high_m = crossing_m } else { low_m = crossing_m }
        }
    }
    let middle_m = left_at((low_m + high_m) / 2.0);
    if high_m <= low_m || middle_m <= 0.0 || middle_m > width_m {
        return None;
    }
    let on = |from: Position, to: Position, along: f64| {
        let mix = |a: f64, b: f64| a + (b - a) * along.clamp(0.0, 1.0);
        Position::new(mix(from.lon(), to.lon()), mix(from.lat(), to.lat())).unwrap_or(from)
    };
    let here = |at_m: f64| on(shore.from, shore.to, at_m / length_m);
    let there = |at_m: f64| on(other.to, other.from, (at_m - along(to)) / back_m);
    // The mouth to the left of the first shore, so that the ring runs counter-clockwise.
    let ring = vec![here(low_m), here(high_m), there(high_m), there(low_m)];
    let length_m = high_m - low_m;
    Some(Piece { shores: [0, 0], length_m, area_m2: length_m * middle_m, ring })
}

fn middle(a: Position, b: Position) -> Position {
    let half = |a: i32, b: i32| ((i64::from(a) + i64::from(b)) / 2) as i32;
    Position::from_e7(half(a.lon_e7(), b.lon_e7()), half(a.lat_e7(), b.lat_e7())).unwrap_or(a)
}
