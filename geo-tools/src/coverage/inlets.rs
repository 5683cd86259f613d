//! Narrow inlets: places where two cells part company at the outer border, so that what should be their common border is
//! open to the outside. A gap that reaches the rim encloses no ground; it is found by its shape.
//!
//! The rule: from each position of the outline where the owner changes, both shores are walked, always the shorter one
//! further. An inlet is the furthest pocket whose mouth is at most `gap_width_m` wide, at least twice as deep as wide, and
//! lies between two different areas. The notch of one area alone, and a bay that opens at more than about 30 degrees, are
//! drawn as meant. A declared void closes an inlet. Only the narrowest refuse the data (`refused_inlet_width_m`): acute
//! bays are real. What two areas leave open where they touch nowhere is looked for in `straits`.

use crate::coverage::defects::{Owners, names, perimeter_m, thin};
use crate::coverage::drawing::Drawing;
use crate::coverage::exact::doubled_area;
use crate::coverage::pairs::meetings;
use crate::coverage::{BuildOptions, Coverage, Leaf, faces, straits};
use crate::measure::Plane;
use crate::{Code, Geometry, Polygon, Position, Problem, measure};

/// How many times deeper than wide an inlet is.
const DEPTH_RATIO: f64 = 2.0;

/// One outline: outside to the left, the owner to the right of the side that begins at each position.
pub(crate) struct Outline {
    pub(crate) positions: Vec<Position>,
    pub(crate) owners: Vec<Option<Leaf>>,
    /// Sides of which an inlet has been told.
    pub(crate) is_told: Vec<bool>,
    plane: Plane,
}

/// A pocket between two shores.
struct Pocket {
    /// How many positions forward and back from the head.
    head: usize,
    forward: usize,
    back: usize,
    /// Where the mouth meets a shore that has no corner there, and whether that is the back shore.
    foot: Option<(Position, bool)>,
    width_m: f64,
    depth_m: f64,
}

pub(crate) fn find(
    drawing: &Drawing<'_>,
    owners: &Owners,
    coverage: &Coverage,
    options: &BuildOptions,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut outlines = outlines(coverage);
    for outline in &mut outlines {
        let count = outline.positions.len();
        let mut pockets: Vec<Pocket> = (0..count)
            .filter(|&at| outline.owners[at] != outline.owners[(at + count - 1) % count])
            .filter_map(|head| outline.pocket(head, owners, options.gap_width_m))
            .collect();
        // The deepest first; what it takes is not told again from another head.
        pockets.sort_by(|a, b| b.depth_m.total_cmp(&a.depth_m).then(a.head.cmp(&b.head)));
        for pocket in pockets {
            let sides: Vec<usize> = (0..pocket.forward + pocket.back)
                .map(|at| (pocket.head + count - pocket.back + at) % count)
                .collect();
            if sides.iter().all(|&side| !outline.is_told[side]) {
                sides.iter().for_each(|&side| outline.is_told[side] = true);
                problems.push(outline.problem(drawing, owners, &pocket, &sides, options));
            }
        }
    }
    problems.extend(straits::find(drawing, &outlines, options));
    problems
}

/// The ways around everything from outside. Where parts of the coverage touch at a node only, one way passes it several
/// times, so that both shores of an inlet that reaches there are on it.
fn outlines(coverage: &Coverage) -> Vec<Outline> {
    let lines: Vec<&[Position]> = coverage.borders.iter().map(|border| border.line.as_slice()).collect();
    let next = faces::next_around(&lines);
    let mut used = vec![false; next.len()];
    let mut outlines = Vec::new();
    for at in coverage.outlines.iter().flatten() {
        let mut half = 2 * at.border + u32::from(!at.forward);
        let plane = Plane::at(coverage.bounds.center());
        let mut outline = Outline { positions: Vec::new(), owners: Vec::new(), is_told: Vec::new(), plane };
        while !used[half as usize] {
            used[half as usize] = true;
            let at = faces::border_ref(half);
            let border = &coverage.borders[at.border as usize];
            let owner = if at.forward { border.right } else { border.left };
            faces::walk(&coverage.borders, at, &mut outline.positions);
            outline.owners.resize(outline.positions.len(), owner);
            half = next[half as usize];
        }
        if !outline.positions.is_empty() {
            outline.is_told.resize(outline.positions.len(), false);
            outlines.push(outline);
        }
    }
    outlines
}

/// One shore, walked from the head.
struct Shore {
    step: isize,
    taken: usize,
    length_m: f64,
    is_done: bool,
}

impl Outline {
    fn at(&self, head: usize, step: isize, taken: usize) -> usize {
        let count = self.positions.len() as isize;
        (head as isize + step * taken as isize).rem_euclid(count) as usize
    }

    /// The owner of the side that reaches the `taken`-th position of a shore.
    fn owner(&self, head: usize, step: isize, taken: usize) -> Option<Leaf> {
        let from = if step > 0 { self.at(head, step, taken - 1) } else { self.at(head, step, taken) };
        self.owners[from]
    }

    fn pocket(&self, head: usize, owners: &Owners, width_m: f64) -> Option<Pocket> {
        let mut shores = [1, -1].map(|step| Shore { step, taken: 0, length_m: 0.0, is_done: false });
        let mut best = None;
        while shores[0].taken + shores[1].taken + 2 < self.positions.len() {
            let first_is_shorter = shores[0].length_m <= shores[1].length_m;
            let turn = match (shores[0].is_done, shores[1].is_done) {
                (true, true) => break,
                (false, true) => 0,
                (true, false) => 1,
                (false, false) => usize::from(!first_is_shorter),
            };
            let (shore, other) = (&shores[turn], &shores[1 - turn]);
            let step_m = self.side_m(head, shore);
            let reach = self.nearest(head, shore, other);
            if reach.width_m > width_m {
                shores[turn].is_done = true;
                continue;
            }
            shores[turn].taken += 1;
            shores[turn].length_m += step_m;
            let pocket = self.closed(head, &shores[turn], &shores[1 - turn], &reach);
            if let Some(pocket) = pocket.filter(|pocket| self.is_inlet(head, pocket, owners)) {
                best = Some(pocket);
            }
        }
        best
    }

    fn side_m(&self, head: usize, shore: &Shore) -> f64 {
        let from = self.positions[self.at(head, shore.step, shore.taken)];
        let to = self.positions[self.at(head, shore.step, shore.taken + 1)];
        self.plane.distance_m(from, to)
    }

    /// How near the next position of one shore comes to the other, one side further than that was walked.
    fn nearest(&self, head: usize, shore: &Shore, other: &Shore) -> Reach {
        let at = self.positions[self.at(head, shore.step, shore.taken + 1)];
        let mut reach = Reach { width_m: f64::INFINITY, side: 0, along: 0.0, length_m: 0.0 };
        let mut length_m = 0.0;
        for side in 0..=other.taken {
            let from = self.positions[self.at(head, other.step, side)];
            let to = self.positions[self.at(head, other.step, side + 1)];
            let (distance_m, along) = self.plane.to_side_m(at, from, to);
            let side_m = self.plane.distance_m(from, to);
            if distance_m < reach.width_m {
                reach = Reach { width_m: distance_m, side, along, length_m: length_m + along * side_m };
            }
            length_m += side_m;
        }
        reach
    }

    fn closed(&self, head: usize, shore: &Shore, other: &Shore, reach: &Reach) -> Option<Pocket> {
        // On the other shore the pocket ends with the corner that the mouth meets, or with the side it meets.
        let is_corner = reach.along >= 1.0;
        let beyond = reach.side + 1;
        let foot = (!is_corner).then(|| {
            let from = self.positions[self.at(head, other.step, reach.side)];
            let to = self.positions[self.at(head, other.step, beyond)];
            (self.plane.between(from, to, reach.along), shore.step > 0)
        });
        let (forward, back) = if shore.step > 0 { (shore.taken, beyond) } else { (beyond, shore.taken) };
        let depth_m = shore.length_m.min(reach.length_m);
        Some(Pocket { head, forward, back, foot, width_m: reach.width_m, depth_m })
    }

    fn is_inlet(&self, head: usize, pocket: &Pocket, owners: &Owners) -> bool {
        let (one, two) = (self.owner(head, 1, pocket.forward), self.owner(head, -1, pocket.back));
        let is_leaf = |owner: Option<Leaf>| owner.is_some_and(|owner| !owners.is_wrong(owner));
        pocket.forward + pocket.back < self.positions.len()
            && pocket.depth_m >= DEPTH_RATIO * pocket.width_m
            && one != two
            && is_leaf(one)
            && is_leaf(two)
            // Counter-clockwise: outside lies between the shores, not a narrow cape.
            && doubled_area(&self.ring(pocket)) > 0
            && self.is_open_water(head, pocket)
    }

    /// Whether the mouth crosses nothing of the outline: else something else lies between the shores.
    fn is_open_water(&self, head: usize, pocket: &Pocket) -> bool {
        let ring = self.ring(pocket);
        let mouth = ordered(ring[0], ring[ring.len() - 1]);
        let count = self.positions.len();
        let foot_side = pocket.foot.map(|(_, on_back)| match on_back {
            true => self.at(head, -1, pocket.back),
            false => self.at(head, 1, pocket.forward - 1),
        });
        (0..count).filter(|&side| Some(side) != foot_side).all(|side| {
            let shore = ordered(self.positions[side], self.positions[(side + 1) % count]);
            meetings(mouth, shore, false).is_empty()
        })
    }

    /// The pocket's ring: up the back shore to the head, down the other, and across the mouth.
    fn ring(&self, pocket: &Pocket) -> Vec<Position> {
        let mut ring: Vec<Position> =
            (0..=pocket.back).rev().map(|taken| self.positions[self.at(pocket.head, -1, taken)]).collect();
        ring.extend((1..=pocket.forward).map(|taken| self.positions[self.at(pocket.head, 1, taken)]));
        match pocket.foot {
            Some((foot, true)) => ring[0] = foot,
            Some((foot, false)) => {
                ring.pop();
                ring.push(foot);
            }
            None => {}
        }
        ring.dedup();
        ring
    }

    fn problem(
        &self,
        drawing: &Drawing<'_>,
        owners: &Owners,
        pocket: &Pocket,
        sides: &[usize],
        options: &BuildOptions,
    ) -> Problem {
        let ring = self.ring(pocket);
        let area_m2 = measure::ring_area_m2(&ring);
        let mut areas: Vec<u32> =
            sides.iter().flat_map(|&side| owners.areas_of(self.owners[side]).iter().copied()).collect();
        areas.sort_unstable();
        areas.dedup();
        let names = names(drawing, &areas);
        let is_sliver = thin(area_m2, perimeter_m(&ring), options);
        let code = if is_sliver { Code::Sliver } else { Code::Gap };
        let width_m = pocket.width_m;
        let message = format!(
            "{names} part at the outer border: {area_m2:.2} m² between them, open to the outside by {width_m:.2} m; \
             declare it where it is meant"
        );
        let is_refused = width_m <= options.refused_inlet_width_m;
        let told = if is_refused { Problem::error } else { Problem::warning };
        let mut problem = told(code, message);
        problem.area_m2 = Some(area_m2);
        problem.geometry = Some(Geometry::MultiPolygon(vec![Polygon { exterior: ring, holes: Vec::new() }]));
        drawing.concerning(problem, areas)
    }
}

fn ordered(a: Position, b: Position) -> (Position, Position) {
    (a.min(b), a.max(b))
}

/// Where a shore is nearest to a position.
struct Reach {
    width_m: f64,
    /// Which side of the shore.
    side: usize,
    /// How far along that side, 0 to 1.
    along: f64,
    /// How far along the shore.
    length_m: f64,
}
