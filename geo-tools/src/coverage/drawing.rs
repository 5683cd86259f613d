//! What was drawn, normalised: rings without repeated positions, exteriors counter-clockwise, holes clockwise, cut into
//! sides that know their ring.
//!
//! Only what one ring can say by itself is checked here; how rings lie to each other is found in `touch` and `overlay`.

use crate::coverage::exact::doubled_area;
use crate::coverage::{Area, BuildOptions};
use crate::{Bounds, Code, Geometry, Polygon, Position, Problem};

/// One side of one ring, its lesser end first. The ring's ground is to the left of the way the ring walks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Side {
    pub(crate) low: Position,
    pub(crate) high: Position,
    pub(crate) ring: u32,
    /// Whether the ring walks from `low` to `high`.
    pub(crate) forward: bool,
}

impl Side {
    /// The side of a ring that walks from one position to another.
    pub(crate) fn walked(from: Position, to: Position, ring: u32) -> Self {
        Self { low: from.min(to), high: from.max(to), ring, forward: from < to }
    }
}

/// Where a ring belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RingOf {
    pub(crate) polygon: u32,
    pub(crate) is_hole: bool,
}

/// The sides of everything drawn, and whose they are.
#[derive(Debug)]
pub(crate) struct Drawing<'a> {
    pub(crate) areas: &'a [Area],
    pub(crate) sides: Vec<Side>,
    pub(crate) rings: Vec<RingOf>,
    /// The area of each polygon; [`Drawing::void`] for a declared void.
    pub(crate) polygons: Vec<u32>,
    /// Polygons that a ring of crosses itself: where such a one counts below zero, the crossing is the reason.
    pub(crate) crosses_itself: Vec<bool>,
}

/// How far a coverage may reach, so that products of differences fit into 64 bits.
pub(crate) const MAX_SPAN_E7: i64 = 900_000_000;

impl<'a> Drawing<'a> {
    /// Normalises areas and declared voids.
    pub(crate) fn new(areas: &'a [Area], options: &BuildOptions, problems: &mut Vec<Problem>) -> Self {
        let positions = areas.iter().flat_map(|area| &area.polygons).flat_map(Polygon::rings).map(<[_]>::len);
        let (sides, rings, polygons) = (Vec::with_capacity(positions.sum()), Vec::new(), Vec::new());
        let mut drawing = Self { areas, sides, rings, polygons, crosses_itself: Vec::new() };
        for (owner, area) in areas.iter().enumerate() {
            for (part, polygon) in area.polygons.iter().enumerate() {
                drawing.add(owner as u32, part, polygon, problems);
            }
        }
        for (part, polygon) in options.declared_voids.iter().enumerate() {
            drawing.add(drawing.void(), part, polygon, problems);
        }
        drawing.crosses_itself = vec![false; drawing.polygons.len()];
        drawing
    }

    /// The number that stands for declared voids among areas.
    pub(crate) fn void(&self) -> u32 {
        self.areas.len() as u32
    }

    /// The area that a ring bounds.
    pub(crate) fn area_of(&self, ring: u32) -> u32 {
        self.polygons[self.rings[ring as usize].polygon as usize]
    }

    /// What problems call an area.
    pub(crate) fn name(&self, area: u32) -> &str {
        self.areas.get(area as usize).map_or("a declared void", |area| area.name.as_str())
    }

    /// Fills in whom a problem concerns, each once, in order.
    pub(crate) fn concerning(&self, mut problem: Problem, areas: impl IntoIterator<Item = u32>) -> Problem {
        let mut indexes: Vec<u32> = areas.into_iter().filter(|&area| area < self.void()).collect();
        indexes.sort_unstable();
        indexes.dedup();
        problem.features = indexes.iter().map(|&area| self.name(area).to_owned()).collect();
        problem.indexes = indexes.into_iter().map(|area| area as usize).collect();
        problem
    }

    fn add(&mut self, area: u32, part: usize, polygon: &Polygon, problems: &mut Vec<Problem>) {
        let number = self.polygons.len() as u32;
        self.polygons.push(area);
        for (index, drawn) in polygon.rings().enumerate() {
            let place = RingPlace { area, part, index };
            let Some(mut ring) = self.checked(drawn, &place, problems) else {
                if index == 0 {
                    return; // Holes of nothing would only repeat what is said of their exterior.
                }
                continue;
            };
            // The sign alone says which way the ring runs.
            if (doubled_area(&ring) < 0) == (index == 0) {
                ring.reverse();
            }
            let id = self.rings.len() as u32;
            self.rings.push(RingOf { polygon: number, is_hole: index > 0 });
            let closing = [ring[ring.len() - 1], ring[0]];
            let steps = ring.windows(2).chain([closing.as_slice()]);
            self.sides.extend(steps.map(|step| Side::walked(step[0], step[1], id)));
        }
    }

    /// A ring without repeated positions; `None` where nothing can be made of it.
    fn checked(
        &self,
        drawn: &[Position],
        place: &RingPlace,
        problems: &mut Vec<Problem>,
    ) -> Option<Vec<Position>> {
        let mut ring = drawn.to_vec();
        ring.dedup();
        while ring.len() > 1 && ring.first() == ring.last() {
            ring.pop();
        }
        // A ring may be handed over closed; that one repetition is no defect.
        let closing = usize::from(drawn.len() > 1 && drawn.first() == drawn.last());
        let repeated = drawn.len() - closing - ring.len().min(drawn.len() - closing);
        if repeated > 0 {
            let at = (1..drawn.len()).find(|&at| drawn[at] == drawn[at - 1]).unwrap_or(0);
            let called = place.called(self);
            let message = format!("{called} repeats {repeated} of its positions; they are dropped");
            let mut problem = Problem::warning(Code::DuplicatePosition, message);
            problem.geometry = drawn.get(at).map(|&at| Geometry::Point(at));
            problems.push(self.concerning(problem, [place.area]));
        }
        // What stands beside each other differs, so one more than two makes three.
        let different = match *ring.as_slice() {
            [first, second, ref rest @ ..] => {
                2 + usize::from(rest.iter().any(|&at| at != first && at != second))
            }
            ref ring => ring.len(),
        };
        let refused = if different < 3 {
            let called = place.called(self);
            let message =
                format!("{called} has {different} different positions; a ring needs at least three");
            Problem::error(Code::RingTooShort, message)
        } else if doubled_area(&ring) == 0 && all_on_one_line(&ring) {
            let called = place.called(self);
            Problem::error(Code::ZeroArea, format!("{called} lies on one line and has no area"))
        } else {
            return Some(ring);
        };
        let place_of_it = (!ring.is_empty()).then(|| Geometry::MultiLine(vec![ring]));
        problems.push(self.concerning(Problem { geometry: place_of_it, ..refused }, [place.area]));
        None
    }
}

struct RingPlace {
    area: u32,
    part: usize,
    index: usize,
}

impl RingPlace {
    fn called(&self, drawing: &Drawing<'_>) -> String {
        let ring = if self.index == 0 { "the outer ring".to_owned() } else { format!("hole {}", self.index) };
        format!("{ring} of part {} of {}", self.part + 1, drawing.name(self.area))
    }
}

fn all_on_one_line(ring: &[Position]) -> bool {
    ring.iter().all(|&at| crate::coverage::exact::side(ring[0], ring[1], at) == 0)
}

/// Refuses what spans more than 90° or crosses the antimeridian; nothing else can be decided exactly then.
pub(crate) fn extent_problems(areas: &[Area], options: &BuildOptions) -> Vec<Problem> {
    let boxed =
        |polygons: &[Polygon]| Bounds::of(polygons.iter().flat_map(Polygon::rings).flatten().copied());
    let too_wide = |bounds: Bounds| {
        let (south_west, north_east) = (bounds.south_west(), bounds.north_east());
        i64::from(north_east.lon_e7()) - i64::from(south_west.lon_e7()) > MAX_SPAN_E7
            || i64::from(north_east.lat_e7()) - i64::from(south_west.lat_e7()) > MAX_SPAN_E7
    };
    let mut problems = Vec::new();
    let boxes: Vec<Option<Bounds>> = areas.iter().map(|area| boxed(&area.polygons)).collect();
    for (index, (area, bounds)) in areas.iter().zip(&boxes).enumerate() {
        if let Some(bounds) = bounds.filter(|&bounds| too_wide(bounds)) {
            let hint = if jumps(area) { "; it seems to cross the antimeridian: cut it there" } else { "" };
            let message = format!("{} spans more than 90 degrees{hint}", area.name);
            let mut problem = Problem::error(Code::Extent, message);
            problem.features = vec![area.name.clone()];
            problem.indexes = vec![index];
            problem.geometry = Some(outline(bounds));
            problems.push(problem);
        }
    }
    let everything = boxes.into_iter().flatten().chain(boxed(&options.declared_voids));
    if let Some(whole) =
        everything.reduce(Bounds::union).filter(|&whole| problems.is_empty() && too_wide(whole))
    {
        let message = "the areas together span more than 90 degrees, the most that one coverage may";
        let mut problem = Problem::error(Code::Extent, message);
        problem.geometry = Some(outline(whole));
        problems.push(problem);
    }
    problems
}

fn jumps(area: &Area) -> bool {
    let far =
        |a: Position, b: Position| (i64::from(a.lon_e7()) - i64::from(b.lon_e7())).abs() > 1_800_000_000;
    area.polygons
        .iter()
        .flat_map(Polygon::rings)
        .any(|ring| ring.windows(2).any(|pair| far(pair[0], pair[1])))
}

/// The corners of a box as a line: its diagonal says where it is.
fn outline(bounds: Bounds) -> Geometry {
    Geometry::MultiLine(vec![vec![bounds.south_west(), bounds.north_east()]])
}
