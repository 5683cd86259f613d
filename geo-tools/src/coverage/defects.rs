//! Gaps, overlaps, slivers and T-junctions: ground that nobody or several own, each piece once, with its place.
//!
//! What a piece is called:
//! - `T_JUNCTION`: a triangle of which one side is a straight border of one area, and the other two are not its: their
//!   corner misses that border by at most `gap_width_m`, and the border has no corner there. Where three areas meet around
//!   the triangle it must also be at least four times as long as high, else it is a gap between the three.
//! - `SLIVER`: else, what is on average at most `gap_width_m` wide and at least ten times as long as that. Pieces of one
//!   pair of areas that touch each other count as one.
//! - `GAP` and `OVERLAP`: the rest.

use std::collections::{BTreeSet, HashMap};

use crate::coverage::drawing::Drawing;
use crate::coverage::exact::side;
use crate::coverage::overlay::{Cover, CoverId};
use crate::coverage::{BorderRef, BuildOptions, Coverage, Face, Leaf};
use crate::{Code, Geometry, Polygon, Position, Problem, measure, shown};

/// How many times longer than wide a sliver is.
pub(crate) const SLIVER_RATIO: f64 = 10.0;
/// How many times longer than high a T-junction between three areas is.
const JUNCTION_RATIO: f64 = 4.0;

/// Who owns the ground under each cover: a leaf, the stand-in for voids, or a stand-in for the cover itself.
pub(crate) struct Owners {
    of_cover: Vec<Option<Leaf>>,
    /// The areas under each owner.
    areas: Vec<Vec<u32>>,
    /// Owners from here on stand for ground that is wrong.
    first_wrong: u32,
    /// What is wrong with each cover that is.
    kinds: HashMap<Leaf, Kind>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Gap,
    Overlap,
    /// Parts of one area overlap.
    Parts,
    /// A hole where there is nothing to cut out.
    Hole,
}

impl Owners {
    pub(crate) fn new(drawing: &Drawing<'_>, covers: &[Cover]) -> Self {
        let first_wrong = drawing.void() + 1;
        let mut owners = Self {
            of_cover: Vec::with_capacity(covers.len()),
            areas: (0..first_wrong).map(|area| vec![area]).collect(),
            first_wrong,
            kinds: HashMap::new(),
        };
        let mut stand_ins: HashMap<(Kind, Vec<u32>), Leaf> = HashMap::new();
        for cover in covers {
            let owner = match judge(drawing, cover) {
                Judged::Nobody => None,
                Judged::One(area) => Some(Leaf(area)),
                Judged::Wrong(kind, areas) => {
                    let next = Leaf(owners.areas.len() as u32);
                    let leaf = *stand_ins.entry((kind, areas.clone())).or_insert(next);
                    if leaf == next {
                        owners.areas.push(areas);
                        owners.kinds.insert(leaf, kind);
                    }
                    Some(leaf)
                }
            };
            owners.of_cover.push(owner);
        }
        owners
    }

    /// How many owners there are, stand-ins included.
    pub(crate) fn len(&self) -> usize {
        self.areas.len()
    }

    pub(crate) fn of(&self, cover: CoverId) -> Option<Leaf> {
        self.of_cover[cover as usize]
    }

    /// The areas that a piece of ground with this owner belongs to.
    pub(crate) fn areas_of(&self, owner: Option<Leaf>) -> &[u32] {
        owner.map_or(&[], |owner| &self.areas[owner.index()])
    }

    fn kind(&self, face: &Face) -> Option<Kind> {
        match face.leaf {
            None => Some(Kind::Gap),
            Some(leaf) => self.kinds.get(&leaf).copied(),
        }
    }

    /// Whether an owner stands for ground that is wrong.
    pub(crate) fn is_wrong(&self, owner: Leaf) -> bool {
        owner.0 >= self.first_wrong
    }
}

enum Judged {
    Nobody,
    One(u32),
    Wrong(Kind, Vec<u32>),
}

fn judge(drawing: &Drawing<'_>, cover: &Cover) -> Judged {
    let crossed = |polygon: u32| drawing.crosses_itself[polygon as usize];
    let hollow = |entry: &&(u32, i32)| entry.1 < 0 && !crossed(entry.0);
    if let Some(&(polygon, _)) = cover.iter().find(hollow) {
        return Judged::Wrong(Kind::Hole, vec![drawing.polygons[polygon as usize]]);
    }
    let parts = cover.iter().map(|&(polygon, count)| if crossed(polygon) { 1 } else { count }).sum::<i32>();
    let mut areas: Vec<u32> = cover.iter().map(|&(polygon, _)| drawing.polygons[polygon as usize]).collect();
    areas.sort_unstable();
    areas.dedup();
    match areas[..] {
        [] => Judged::Nobody,
        [void] if void == drawing.void() => Judged::One(void),
        [area] if parts == 1 => Judged::One(area),
        [_] => Judged::Wrong(Kind::Parts, areas),
        _ => Judged::Wrong(Kind::Overlap, areas),
    }
}

/// One piece of ground that is wrong.
struct Piece {
    kind: Kind,
    areas: Vec<u32>,
    polygon: Polygon,
    /// The corner of a T-junction.
    corner: Option<Position>,
}

/// Everything that nobody or several own.
pub(crate) fn find(
    drawing: &Drawing<'_>,
    owners: &Owners,
    coverage: &Coverage,
    options: &BuildOptions,
) -> Vec<Problem> {
    let mut pieces: Vec<Piece> = Vec::new();
    for face in &coverage.faces {
        let Some(kind) = owners.kind(face) else { continue };
        let areas = match face.leaf {
            Some(_) => owners.areas_of(face.leaf).to_vec(),
            None => around(owners, coverage, face),
        };
        let polygon = coverage.polygon(face);
        let corner = corner(owners, coverage, face, &polygon, options);
        pieces.push(Piece { kind, areas, polygon, corner });
    }
    let mut problems = Vec::new();
    for group in groups(&pieces) {
        let group: Vec<&Piece> = group.into_iter().map(|at| &pieces[at]).collect();
        if group[0].corner.is_some() || is_thin(&group, options) {
            problems.push(problem(drawing, &group, options));
        } else {
            for kind in [Kind::Gap, Kind::Overlap, Kind::Parts, Kind::Hole] {
                let of_kind: Vec<&Piece> = group.iter().copied().filter(|piece| piece.kind == kind).collect();
                if !of_kind.is_empty() {
                    problems.push(problem(drawing, &of_kind, options));
                }
            }
        }
    }
    problems
}

/// The areas around a face, each once, in order.
fn around(owners: &Owners, coverage: &Coverage, face: &Face) -> Vec<u32> {
    let refs = face.exterior.iter().chain(face.holes.iter().flatten());
    let areas: BTreeSet<u32> =
        refs.flat_map(|&at| owners.areas_of(other_side(coverage, at)).iter().copied()).collect();
    areas.into_iter().collect()
}

fn other_side(coverage: &Coverage, at: BorderRef) -> Option<Leaf> {
    let border = &coverage.borders[at.border as usize];
    if at.forward { border.right } else { border.left }
}

/// The corner that makes a piece a T-junction.
fn corner(
    owners: &Owners,
    coverage: &Coverage,
    face: &Face,
    polygon: &Polygon,
    options: &BuildOptions,
) -> Option<Position> {
    let ring = &polygon.exterior;
    let count = ring.len();
    let bends: Vec<usize> = (0..count)
        .filter(|&at| side(ring[(at + count - 1) % count], ring[at], ring[(at + 1) % count]) != 0)
        .collect();
    if bends.len() != 3 || !polygon.holes.is_empty() {
        return None;
    }
    // Whose borders make up each side: those that cover the one side of it and not the other.
    let here = owners.areas_of(face.leaf);
    let mut of_edge: Vec<Vec<u32>> = Vec::with_capacity(count);
    for &at in &face.exterior {
        let there = owners.areas_of(other_side(coverage, at));
        let differs = |area: &&u32| here.contains(area) != there.contains(area);
        let areas: Vec<u32> = here.iter().chain(there).filter(differs).copied().collect();
        let sides = coverage.borders[at.border as usize].line.len() - 1;
        of_edge.extend(std::iter::repeat_n(areas, sides));
    }
    let areas_between = |from: usize, to: usize| -> BTreeSet<u32> {
        let steps = (to + count - from) % count;
        (0..steps).flat_map(|step| of_edge[(from + step) % count].iter().copied()).collect()
    };
    let area_m2 = measure::ring_area_m2(ring);
    let mut best: Option<(f64, Position)> = None;
    for turn in 0..3 {
        let (from, to, apex) = (bends[turn], bends[(turn + 1) % 3], bends[(turn + 2) % 3]);
        let base = areas_between(from, to);
        let mut others = areas_between(to, apex);
        others.extend(areas_between(apex, from));
        let base_m = measure::distance_m(ring[from], ring[to]);
        let height_m = 2.0 * area_m2 / base_m;
        let is_straight_side = (from + 1) % count == to;
        let is_junction = is_straight_side
            && base.len() == 1
            && base.is_disjoint(&others)
            && height_m <= options.gap_width_m
            && (others.len() == 1 || height_m * JUNCTION_RATIO <= base_m);
        // Of several such sides the longest: its corner misses it by least.
        if is_junction && best.is_none_or(|(longest_m, _)| base_m > longest_m) {
            best = Some((base_m, ring[apex]));
        }
    }
    best.map(|found| found.1)
}

/// Pieces that are told together: those that touch and concern the same areas, and T-junctions of one corner.
fn groups(pieces: &[Piece]) -> Vec<Vec<usize>> {
    let mut group_of: Vec<usize> = (0..pieces.len()).collect();
    let root = |group_of: &mut Vec<usize>, mut at: usize| {
        while group_of[at] != at {
            group_of[at] = group_of[group_of[at]];
            at = group_of[at];
        }
        at
    };
    let mut corners: HashMap<Position, usize> = HashMap::new();
    let mut touched: HashMap<(Position, &[u32]), usize> = HashMap::new();
    for (at, piece) in pieces.iter().enumerate() {
        let mut join = |other: usize| {
            let (one, two) = (root(&mut group_of, at), root(&mut group_of, other));
            group_of[one.max(two)] = one.min(two);
        };
        if let Some(corner) = piece.corner {
            join(*corners.entry(corner).or_insert(at));
            continue;
        }
        for &position in piece.polygon.rings().flatten() {
            join(*touched.entry((position, &piece.areas)).or_insert(at));
        }
    }
    let mut groups: Vec<Vec<usize>> = vec![Vec::new(); pieces.len()];
    for at in 0..pieces.len() {
        let root = root(&mut group_of, at);
        groups[root].push(at);
    }
    groups.retain(|group| !group.is_empty());
    groups
}

/// Whether pieces are far thinner than long, and no wider than what is still two drawings of one border.
fn is_thin(group: &[&Piece], options: &BuildOptions) -> bool {
    let area_m2: f64 = group.iter().map(|piece| measure::area_m2(&piece.polygon)).sum();
    let around_m: f64 = group.iter().flat_map(|piece| piece.polygon.rings()).map(perimeter_m).sum();
    thin(area_m2, around_m, options)
}

/// Half of what runs around a thin piece is its length.
pub(crate) fn thin(area_m2: f64, around_m: f64, options: &BuildOptions) -> bool {
    let length_m = around_m / 2.0;
    let width_m = area_m2 / length_m;
    width_m <= options.gap_width_m && length_m >= SLIVER_RATIO * width_m
}

pub(crate) fn perimeter_m(ring: &[Position]) -> f64 {
    let closing =
        ring.first().zip(ring.last()).map_or(0.0, |(&first, &last)| measure::distance_m(last, first));
    measure::length_m(ring) + closing
}

fn problem(drawing: &Drawing<'_>, group: &[&Piece], options: &BuildOptions) -> Problem {
    let area_m2: f64 = group.iter().map(|piece| measure::area_m2(&piece.polygon)).sum();
    let mut areas: Vec<u32> = group.iter().flat_map(|piece| piece.areas.iter().copied()).collect();
    areas.sort_unstable();
    areas.dedup();
    let names = names(drawing, &areas);
    let kind = group[0].kind;
    let is_gap = |piece: &&Piece| piece.kind == Kind::Gap;
    let what = match (group.iter().any(is_gap), group.iter().all(is_gap)) {
        (_, true) => "gap",
        (false, _) => "overlap",
        (true, false) => "gaps and overlaps",
    };
    let among = if areas.len() > 1 { "between" } else { "inside" };
    let is_wrong_alone = matches!(kind, Kind::Parts | Kind::Hole);
    let (code, message) = match (kind, group[0].corner) {
        (Kind::Parts, _) => (Code::Overlap, format!("parts of {names} overlap by {area_m2:.2} m²")),
        (Kind::Hole, _) => {
            (Code::HoleOutside, format!("a hole of {names} cuts {area_m2:.2} m² out where there is nothing"))
        }
        (_, Some(at)) => (
            Code::TJunction,
            format!(
                "a corner at {at} misses the border between {names}, which has no corner there: {what} of {area_m2:.2} m²"
            ),
        ),
        _ if is_thin(group, options) && !is_wrong_alone => {
            (Code::Sliver, format!("the borders of {names} differ: thin {what} of {area_m2:.2} m²"))
        }
        (Kind::Gap, _) => (
            Code::Gap,
            format!(
                "a gap of {area_m2:.2} m² {among} {names} belongs to no area; declare it where it is meant"
            ),
        ),
        (Kind::Overlap, _) => (Code::Overlap, format!("{names} overlap by {area_m2:.2} m²")),
    };
    let mut problem = Problem::error(code, message);
    problem.area_m2 = Some(area_m2);
    problem.geometry =
        Some(Geometry::MultiPolygon(group.iter().map(|piece| piece.polygon.clone()).collect()));
    drawing.concerning(problem, areas)
}

/// Names as they are read out: "A", "A and B", "A, B and C", at most five of them.
pub(crate) fn names(drawing: &Drawing<'_>, areas: &[u32]) -> String {
    const MOST: usize = 5;
    let mut names: Vec<String> =
        areas.iter().take(MOST).map(|&area| shown::text(drawing.name(area))).collect();
    if areas.len() > MOST {
        names.push(format!("{} more", areas.len() - MOST));
    }
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, most)) => format!("{} and {last}", most.join(", ")),
        None => "nobody".to_owned(),
    }
}
