//! Mending what [`build`](super::build) refuses, without moving a border that is fine.
//!
//! Everything drawn is cut where it crosses, as for a build; then each piece of ground that nobody or several own gets one
//! owner as a whole, and the borders between pieces of one owner fall away. So a border is kept or taken away, never bent:
//! what was drawn alike on both sides stays as it was, position by position. `ground` finds the pieces, `winner` says whose
//! they become, `moves` how far a border goes with that.
//!
//! Who gets a piece:
//! - An overlap goes to one of those that claim it: to one that has no other ground, else to the one whose own ground has
//!   the longest border with the piece, else (same length) to the first in the list. A declared void wins over everybody.
//!   Several that have no other ground cannot be told apart: that is left.
//! - A gap goes to the neighbour with the longest border along it (same length: the first in the list), if no border moves
//!   further than the tolerance. A wider one is left: it may be meant.
//! - What narrow inlets and straits leave open to the outside is closed up to the tolerance like a gap, only if one is given.
//!
//! Invariant: an area that has ground of its own never loses all of it.
//! Invariant: repairing what has been repaired changes nothing.

mod ground;
mod moves;
mod winner;

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::coverage::repair::ground::Ground;
use crate::coverage::repair::winner::{Decision, Owned};
use crate::coverage::{Area, BuildOptions, Coverage, Leaf, assemble, defects};
use crate::{Code, Geometry, Polygon, Position, Problem, Severity};

/// What one pass opens or leaves is looked at again; three passes are rare. Scrawls of a few units may never settle.
const MAX_PASSES: usize = 32;
/// Joining a border to a position moves it by at most half the diagonal of a unit of 1.11 cm.
const JOINED_M: f64 = 0.0079;

/// What [`repair`] accepts.
#[derive(Clone, Debug, Default)]
pub struct RepairOptions {
    /// What the areas are built with.
    pub build: BuildOptions,
    /// The furthest that a border may move to close a gap, an inlet or a strait, in metres.
    ///
    /// `None` mends what needs no tolerance, and gaps enclosed by areas up to `build.refused_inlet_width_m`.
    pub snap_m: Option<f64>,
}

/// One thing that was mended.
#[derive(Clone, Debug, PartialEq)]
pub struct Mend {
    /// What was wrong.
    pub code: Code,
    /// Who has the ground now; `None` where no ground changed hands, or a declared void keeps it.
    pub winner: Option<Leaf>,
    /// Who claimed it too and has it no longer; none for a gap.
    pub losers: Vec<Leaf>,
    /// The ground that changed hands.
    pub area_m2: f64,
    /// The furthest that a border moved with it.
    pub largest_move_m: f64,
    /// The place.
    pub geometry: Option<Geometry>,
}

/// What [`repair`] made of a list of areas.
#[derive(Clone, Debug)]
pub struct Repair {
    /// The areas, in their order; one that nothing was wrong with is exactly as it was given.
    pub areas: Vec<Area>,
    /// Their coverage; `None` exactly where something that is left is an error.
    pub coverage: Option<Coverage>,
    /// What was mended, in the order of the passes and places.
    pub mended: Vec<Mend>,
    /// What is still wrong, as a build of the repaired areas says it.
    pub left: Vec<Problem>,
}

impl Repair {
    /// All the ground that changed hands, in square metres.
    pub fn changed_m2(&self) -> f64 {
        self.mended.iter().map(|mend| mend.area_m2).fold(0.0, |sum, area_m2| sum + area_m2)
    }

    /// The furthest that any border moved, in metres.
    pub fn largest_move_m(&self) -> f64 {
        self.mended.iter().map(|mend| mend.largest_move_m).fold(0.0, f64::max)
    }
}

/// Mends areas as drawn, as far as the rule and the tolerance say how; the rest is told.
///
/// ```
/// # use geo_tools::{Position, Polygon, coverage::{Area, Leaf, RepairOptions, repair}};
/// let square = |west: f64, east: f64| -> Result<Area, geo_tools::InvalidPosition> {
///     let corners = [(west, 14.0), (east, 14.0), (east, 14.01), (west, 14.01)];
///     let exterior = corners.iter().map(|&(lon, lat)| Position::new(lon, lat)).collect::<Result<_, _>>()?;
///     Ok(Area { name: format!("cell at {west}"), polygons: vec![Polygon { exterior, holes: Vec::new() }] })
/// };
/// let overlapping = [square(121.0, 121.010_01)?, square(121.01, 121.02)?];
/// let repaired = repair(&overlapping, &RepairOptions::default());
/// assert_eq!(repaired.mended[0].winner, Some(Leaf(0)), "both borders are as long: the first");
/// assert!((repaired.changed_m2() - 1195.3).abs() < 1.0 && repaired.left.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn repair(areas: &[Area], options: &RepairOptions) -> Repair {
    let given = areas;
    let mut areas = given.to_vec();
    let mut mended = Vec::new();
    let mut seen: Vec<Problem> = Vec::new();
    let mut build = assemble::build(&areas, &options.build);
    // What was there before each pass: the areas, and how much had been mended and seen.
    let mut before: Vec<(u64, usize, usize)> = Vec::new();
    loop {
        if build.problems.is_empty() {
            break;
        }
        if before.len() == MAX_PASSES {
            return untouched(given, options);
        }
        let Some(pass) = pass(&areas, &build.problems, options) else { break };
        before.push((digest(&areas), mended.len(), seen.len()));
        mended.extend(pass.mended);
        seen.extend(build.problems.into_iter().filter(is_of_drawing));
        areas = pass.areas;
        build = assemble::build(&areas, &options.build);
        let now = digest(&areas);
        // Passes that lead back to where they began mended nothing: rounding moves a border there and back.
        if let Some(&(_, mends, problems)) = before.iter().find(|(then, ..)| *then == now) {
            mended.truncate(mends);
            seen.truncate(problems);
            break;
        }
    }
    let gone = seen.into_iter().filter(|problem| !build.problems.contains(problem));
    mended.extend(gone.map(redrawn));
    Repair { areas, coverage: build.coverage, mended, left: build.problems }
}

/// Areas that repairing does not settle stay as they were given: half a repair would go on at the next.
fn untouched(given: &[Area], options: &RepairOptions) -> Repair {
    let build = assemble::build(given, &options.build);
    Repair { areas: given.to_vec(), coverage: build.coverage, mended: Vec::new(), left: build.problems }
}

/// What tells areas from others within one repair.
fn digest(areas: &[Area]) -> u64 {
    let mut hasher = DefaultHasher::new();
    areas.iter().for_each(|area| area.polygons.hash(&mut hasher));
    hasher.finish()
}

/// Whether a problem is one of how rings were drawn: mended without ground changing hands.
fn is_of_drawing(problem: &Problem) -> bool {
    let codes = [
        Code::TJunction,
        Code::RoundingChanged,
        Code::DuplicatePosition,
        Code::SelfIntersection,
        Code::HoleOutside,
        Code::RingTooShort,
        Code::ZeroArea,
    ];
    problem.area_m2.is_none() && codes.contains(&problem.code)
}

fn redrawn(problem: Problem) -> Mend {
    Mend {
        code: problem.code,
        winner: None,
        losers: Vec::new(),
        area_m2: 0.0,
        largest_move_m: if problem.code == Code::RoundingChanged { JOINED_M } else { 0.0 },
        geometry: problem.geometry,
    }
}

struct Pass {
    areas: Vec<Area>,
    mended: Vec<Mend>,
}

/// Gives every piece that the rule says something about its owner; `None` where no area changes.
fn pass(areas: &[Area], problems: &[Problem], options: &RepairOptions) -> Option<Pass> {
    if problems.iter().any(|problem| matches!(problem.code, Code::Extent | Code::TooManyCrossings)) {
        return None;
    }
    let ground = Ground::of(areas, openings(areas, options), &options.build)?;
    let width_m = options.snap_m.unwrap_or(options.build.refused_inlet_width_m);
    let mut owned = Owned::of(&ground);
    let decisions = owned.decide(width_m);
    let mut redrawn = areas.to_vec();
    let ill_drawn: BTreeSet<usize> = problems
        .iter()
        .filter(|problem| is_of_drawing(problem))
        .flat_map(|problem| problem.indexes.iter().copied())
        .collect();
    let mut is_changed = false;
    for (index, polygons) in owned.polygons().into_iter().enumerate() {
        let area = &mut redrawn[index];
        let is_same =
            !is_ill(&area.polygons, ill_drawn.contains(&index)) && sides(&area.polygons) == sides(&polygons);
        if !is_same && !polygons.is_empty() {
            is_changed = true;
            area.polygons = polygons;
        }
    }
    let told = Told::of(problems);
    let mended = decisions.iter().map(|decision| told.mend(&ground, decision, &options.build)).collect();
    is_changed.then_some(Pass { areas: redrawn, mended })
}

/// Whether what is drawn must be drawn anew though it bounds the same ground: what is told of it concerns only rings that
/// repeat a position, pass one twice or have no area.
fn is_ill(polygons: &[Polygon], is_told: bool) -> bool {
    let is_plain = |ring: &[Position]| {
        let mut all = ring.to_vec();
        all.sort_unstable();
        let count = all.len();
        all.dedup();
        count == all.len() && crate::coverage::exact::doubled_area(ring) != 0
    };
    is_told && !polygons.iter().flat_map(Polygon::rings).all(is_plain)
}

/// The ground of inlets and straits that may be closed.
fn openings(areas: &[Area], options: &RepairOptions) -> Vec<Polygon> {
    let Some(snap_m) = options.snap_m.filter(|&snap_m| snap_m > 0.0) else { return Vec::new() };
    // Looked for as widely as a build does: the tip of a bay that is wide is no inlet of its own.
    let gap_width_m = options.build.gap_width_m.max(snap_m);
    let narrow = BuildOptions { gap_width_m, refused_inlet_width_m: snap_m, ..options.build.clone() };
    let found = assemble::openings(areas, &narrow).into_iter();
    let found = found.filter(|problem| problem.severity == Severity::Error);
    let polygons = found.filter_map(|problem| match problem.geometry {
        Some(Geometry::MultiPolygon(polygons)) => Some(polygons),
        _ => None,
    });
    polygons.flatten().collect()
}

/// Every side that bounds ground; one that is walked twice has the same on both sides and bounds none.
fn sides(polygons: &[Polygon]) -> BTreeSet<(Position, Position)> {
    let mut sides = BTreeSet::new();
    for ring in polygons.iter().flat_map(Polygon::rings) {
        for (&from, &to) in ring.iter().zip(ring.iter().cycle().skip(1)).filter(|(from, to)| from != to) {
            let side = (from.min(to), from.max(to));
            if !sides.insert(side) {
                sides.remove(&side);
            }
        }
    }
    sides
}

/// What a build called each piece.
struct Told(HashMap<Vec<Position>, Code>);

impl Told {
    fn of(problems: &[Problem]) -> Self {
        let mut told = HashMap::new();
        for problem in problems {
            if let Some(Geometry::MultiPolygon(polygons)) = &problem.geometry {
                told.extend(polygons.iter().map(|polygon| (corners(polygon), problem.code)));
            }
        }
        Self(told)
    }

    fn mend(&self, ground: &Ground, decision: &Decision, options: &BuildOptions) -> Mend {
        let polygon = ground.coverage.polygon(&ground.coverage.faces[decision.face]);
        let area_m2 = crate::measure::area_m2(&polygon);
        let claims = ground.claims(decision.face);
        let around_m = polygon.rings().map(defects::perimeter_m).sum();
        let code = self.0.get(&corners(&polygon)).copied().unwrap_or_else(|| {
            match (defects::thin(area_m2, around_m, options), claims.is_empty()) {
                (true, _) => Code::Sliver,
                (false, true) => Code::Gap,
                (false, false) => Code::Overlap,
            }
        });
        let leaf = |&area: &u32| Leaf(area);
        Mend {
            code,
            winner: decision.winner.map(Leaf),
            losers: claims.iter().filter(|&&area| Some(area) != decision.winner).map(leaf).collect(),
            area_m2,
            largest_move_m: decision.largest_move_m,
            geometry: Some(Geometry::MultiPolygon(vec![polygon])),
        }
    }
}

fn corners(polygon: &Polygon) -> Vec<Position> {
    let mut corners: Vec<Position> = polygon.rings().flatten().copied().collect();
    corners.sort_unstable();
    corners
}
