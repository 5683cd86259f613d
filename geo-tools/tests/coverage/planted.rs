//! Breaks planted in a clean coverage: each is found once and called what its shape says, and nothing else is.

use std::collections::{BTreeMap, BTreeSet};

use geo_tools::coverage::{Area, Build, BuildOptions, Leaf, build};
use geo_tools::{Code, Polygon, Position, Problem};

use crate::random::Random;

/// Cells a side; nodes 60 000 units (about 660 m) apart, ten of eleven lines bent at five positions in between.
const CELLS: usize = 30;
const SPACING: f64 = 60_000.0;
const PIECES: usize = 6;
const UNIT_M: f64 = 0.011_1;

type Node = (usize, usize);
type Line = (Node, Node);

/// Cells with wiggly borders, each drawn from lines that neighbours share.
pub(crate) struct World {
    lines: BTreeMap<Line, Vec<(f64, f64)>>,
    /// A cell's own drawing of a line, where it differs.
    redrawn: BTreeMap<(Node, Line), Vec<(f64, f64)>>,
    /// Squares that belong to a larger area, by its name; `VOID` is declared ground of nobody.
    merged: BTreeMap<Node, &'static str>,
    /// What the larger areas cover: polygons with holes, in pieces, around each other.
    larger: BTreeMap<&'static str, Vec<Polygon>>,
}

const VOID: &str = "void";

/// Squares of larger areas, by their south-western corner: rings with a hole, an exclave inside another's hole, pieces
/// that lie apart or touch at a corner only, a frame of many squares, and voids.
fn larger_areas() -> BTreeMap<Node, &'static str> {
    let mut merged = BTreeMap::new();
    let mut frame = |name: &'static str, (west, south): Node, side: usize| {
        for column in west..west + side {
            for row in south..south + side {
                let is_rim =
                    column == west || row == south || column + 1 == west + side || row + 1 == south + side;
                if is_rim {
                    merged.insert((column, row), name);
                }
            }
        }
    };
    frame("ring", (3, 3), 3);
    frame("frame", (14, 14), 7);
    frame("inner ring", (16, 16), 3);
    frame("twice ringed", (22, 4), 3);
    frame("twice ringed", (22, 9), 3);
    for (name, squares) in [
        ("ring", &[(17, 17), (10, 20)][..]),
        ("apart", &[(8, 8), (12, 4), (25, 25), (4, 22)]),
        ("corners", &[(8, 12), (9, 13), (10, 12), (9, 11)]),
        ("bar", &[(5, 26), (6, 26), (7, 26), (8, 26)]),
        (VOID, &[(23, 5), (27, 15), (28, 15), (9, 12), (3, 15)]),
    ] {
        merged.extend(squares.iter().map(|&square| (square, name)));
    }
    merged
}

fn position((x, y): (f64, f64)) -> Position {
    Position::from_e7(1_210_000_000 + x.round() as i32, 140_000_000 + y.round() as i32).expect("in range")
}

impl World {
    pub(crate) fn new(random: &mut Random) -> Self {
        let mut nodes = BTreeMap::new();
        for column in 0..=CELLS {
            for row in 0..=CELLS {
                let mut jitter = || random.between(-6000.0, 6000.0).round();
                let at = (column as f64 * SPACING + jitter(), row as f64 * SPACING + jitter());
                nodes.insert((column, row), at);
            }
        }
        let mut lines = BTreeMap::new();
        for (&(column, row), &from) in &nodes {
            for other in [(column + 1, row), (column, row + 1)] {
                let Some(&to) = nodes.get(&other) else { continue };
                let (dx, dy) = (to.0 - from.0, to.1 - from.1);
                let length = dx.hypot(dy);
                let mut line = vec![from];
                for piece in 1..PIECES {
                    let (along, off) =
                        (piece as f64 / PIECES as f64, random.between(-1500.0, 1500.0) / length);
                    line.push((
                        (from.0 + dx * along - dy * off).round(),
                        (from.1 + dy * along + dx * off).round(),
                    ));
                }
                line.push(to);
                lines.insert(((column, row), other), line);
            }
        }
        Self { lines, redrawn: BTreeMap::new(), merged: BTreeMap::new(), larger: BTreeMap::new() }
    }

    /// Joins squares to larger areas, as the coverage of the squares derives their polygons.
    pub(crate) fn with_larger_areas(mut self) -> Self {
        let coverage = build(&self.areas(), &BuildOptions::default()).coverage.expect("clean squares");
        let mut leaves: BTreeMap<&'static str, Vec<Leaf>> = BTreeMap::new();
        for ((column, row), name) in larger_areas() {
            leaves.entry(name).or_default().push(Leaf((column * CELLS + row) as u32));
        }
        self.larger = leaves.into_iter().map(|(name, leaves)| (name, coverage.union(&leaves))).collect();
        self.merged = larger_areas();
        self
    }

    pub(crate) fn options(&self) -> BuildOptions {
        let declared_voids = self.larger.get(VOID).cloned().unwrap_or_default();
        BuildOptions { declared_voids, ..BuildOptions::default() }
    }

    fn name(&self, (column, row): Node) -> String {
        self.merged.get(&(column, row)).map_or_else(|| format!("{column}/{row}"), |&name| name.to_owned())
    }

    /// Whether a line may be drawn anew for the first of two cells: that cell is a square, and nobody's ground is away.
    fn may_break(&self, cells: [Node; 2]) -> bool {
        !self.merged.contains_key(&cells[0]) && self.merged.get(&cells[1]) != Some(&VOID)
    }

    /// A cell's lines, counter-clockwise, and whether each is walked backwards.
    fn around((column, row): Node) -> [(Line, bool); 4] {
        let (west_south, east_south) = ((column, row), (column + 1, row));
        let (west_north, east_north) = ((column, row + 1), (column + 1, row + 1));
        [
            ((west_south, east_south), false),
            ((east_south, east_north), false),
            ((west_north, east_north), true),
            ((west_south, west_north), true),
        ]
    }

    pub(crate) fn areas(&self) -> Vec<Area> {
        let mut areas = Vec::new();
        for column in 0..CELLS {
            for row in 0..CELLS {
                if self.merged.contains_key(&(column, row)) {
                    continue;
                }
                let mut exterior = Vec::new();
                for (line, is_backward) in Self::around((column, row)) {
                    let mut drawn =
                        self.redrawn.get(&((column, row), line)).unwrap_or(&self.lines[&line]).clone();
                    if is_backward {
                        drawn.reverse();
                    }
                    drawn.pop();
                    exterior.extend(drawn.into_iter().map(position));
                }
                let polygons = vec![Polygon { exterior, holes: Vec::new() }];
                areas.push(Area { name: format!("{column}/{row}"), polygons });
            }
        }
        let larger = self.larger.iter().filter(|(name, _)| **name != VOID);
        areas.extend(
            larger.map(|(name, polygons)| Area { name: (*name).to_owned(), polygons: polygons.clone() }),
        );
        areas
    }

    /// The two cells of a line, the one to its left first; `None` on the rim.
    fn cells(&self, line: Line) -> Option<[Node; 2]> {
        let ((column, row), (other, _)) = line;
        let is_horizontal = other > column;
        let below = |at: usize| at.checked_sub(1);
        let (left, right) = if is_horizontal {
            ((column, row), (column, below(row)?))
        } else {
            ((below(column)?, row), (column, row))
        };
        (left.0 < CELLS && left.1 < CELLS && right.0 < CELLS && right.1 < CELLS).then_some([left, right])
    }

    /// Draws a line anew for one cell; moves its ends in the cell's other lines too.
    fn redraw(&mut self, cell: Node, line: Line, drawn: Vec<(f64, f64)>) {
        for (node, end) in [(line.0, drawn[0]), (line.1, drawn[drawn.len() - 1])] {
            for (other, _) in Self::around(cell).into_iter().filter(|(other, _)| *other != line) {
                let mut copy = self.redrawn.get(&(cell, other)).unwrap_or(&self.lines[&other]).clone();
                let last = copy.len() - 1;
                let at = if other.0 == node { 0 } else { last };
                if (other.0 == node || other.1 == node) && copy[at] != end {
                    copy[at] = end;
                    self.redrawn.insert((cell, other), copy);
                }
            }
        }
        self.redrawn.insert((cell, line), drawn);
    }
}

/// What was planted, and what must be told of it.
pub(crate) struct Planted {
    /// A position that only the broken drawing has.
    pub(crate) at: Position,
    /// The ground between the clean drawing and the broken one.
    pub(crate) area_m2: f64,
    codes: Vec<Code>,
    pub(crate) cells: BTreeSet<String>,
    /// The end of the broken border on the rim, as drawn cleanly.
    pub(crate) rim: Option<Position>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Gap,
    Overlap,
    Sliver,
    TJunction,
}

/// A position moved to the left of the way from `before` to `after`.
fn moved(before: (f64, f64), at: (f64, f64), after: (f64, f64), left: f64) -> (f64, f64) {
    let (dx, dy) = (after.0 - before.0, after.1 - before.1);
    let length = dx.hypot(dy);
    ((at.0 - dy / length * left).round(), (at.1 + dx / length * left).round())
}

/// Moves some positions of a cell's drawing of a line, or adds one; what was moved comes second.
fn broken(
    line: &[(f64, f64)],
    kind: Kind,
    left: f64,
    to_rim: bool,
    random: &mut Random,
) -> (Vec<(f64, f64)>, usize) {
    let last = line.len() - 1;
    let mut drawn = line.to_vec();
    let at_most = |at: usize| at.min(last);
    if kind == Kind::TJunction {
        let after = if to_rim { last } else { 1 + random.below(last) };
        let (a, b) = (line[after - 1], line[after]);
        let along = random.between(0.35, 0.65);
        let middle = (a.0 + (b.0 - a.0) * along, a.1 + (b.1 - a.1) * along);
        drawn.insert(after, moved(a, middle, b, left));
        return (drawn, after);
    }
    let which = match (kind, to_rim) {
        (Kind::Sliver, false) => 1..last,
        (Kind::Sliver, true) => 1..last + 1,
        (_, true) => last..last + 1,
        (_, false) => {
            let at = 1 + random.below(last - 1);
            at..at + 1
        }
    };
    for at in which.clone() {
        drawn[at] = moved(line[at - 1], line[at], line[at_most(at + 1)], left);
    }
    (drawn, which.start)
}

/// What a piece between two drawings must be called: see the rules in `coverage/defects.rs`, in plain floats here.
fn expected(line: &[(f64, f64)], drawn: &[(f64, f64)], kind: Kind) -> Code {
    let mut ring = line.to_vec();
    ring.extend(drawn.iter().rev());
    let next = ring.iter().cycle().skip(1);
    let (mut doubled_area, mut around) = (0.0, 0.0);
    for (a, b) in ring.iter().zip(next) {
        doubled_area += a.0 * b.1 - a.1 * b.0;
        if !(line.windows(2).any(|pair| same(pair, *a, *b))
            && drawn.windows(2).any(|pair| same(pair, *a, *b)))
        {
            around += (b.0 - a.0).hypot(b.1 - a.1);
        }
    }
    let (length_m, width_m) = (around / 2.0 * UNIT_M, doubled_area.abs() * UNIT_M / around);
    match kind {
        Kind::TJunction => Code::TJunction,
        _ if width_m <= 30.0 && length_m >= 10.0 * width_m => Code::Sliver,
        Kind::Gap => Code::Gap,
        _ => Code::Overlap,
    }
}

/// The ground between two drawings of a line.
fn between_m2(line: &[(f64, f64)], drawn: &[(f64, f64)]) -> f64 {
    let exterior = line.iter().chain(drawn.iter().rev()).map(|&at| position(at)).collect();
    geo_tools::measure::area_m2(&Polygon { exterior, holes: Vec::new() })
}

fn same(pair: &[(f64, f64)], a: (f64, f64), b: (f64, f64)) -> bool {
    (pair[0], pair[1]) == (a, b) || (pair[0], pair[1]) == (b, a)
}

pub(crate) fn plant(world: &mut World, count: usize, random: &mut Random) -> Vec<Planted> {
    let is_rim = |node: Node| node.0 == 0 || node.1 == 0 || node.0 == CELLS || node.1 == CELLS;
    let mut inner: Vec<Line> =
        world.lines.keys().copied().filter(|&line| world.cells(line).is_some()).collect();
    let mut to_rim: Vec<Line> =
        inner.iter().copied().filter(|line| is_rim(line.0) != is_rim(line.1)).collect();
    inner.retain(|line| !is_rim(line.0) && !is_rim(line.1));
    let mut planted = Vec::new();
    // Of two areas one border is broken: pieces of one pair that touch would rightly be told as one.
    let mut pairs = BTreeSet::new();
    for kind in [Kind::Gap, Kind::Overlap, Kind::Sliver, Kind::TJunction] {
        let mut number = 0;
        while number < count {
            let at_rim = number % 4 == 0;
            let from = if at_rim { &mut to_rim } else { &mut inner };
            let line = from.swap_remove(random.below(from.len()));
            let sides = world.cells(line).expect("inside");
            let is_left = random.coin();
            let (cell, other) = if is_left { (sides[0], sides[1]) } else { (sides[1], sides[0]) };
            let pair = BTreeSet::from([world.name(cell), world.name(other)]);
            if !world.may_break([cell, other]) || !pairs.insert(pair.clone()) {
                continue;
            }
            number += 1;
            // From 0.02 to 30 m, as many small as large. Left of the line is into the left cell.
            let width = 0.02 * (29.9_f64 / 0.02).powf(random.unit()) / UNIT_M;
            let inward = if is_left { width } else { -width };
            let is_gap = kind == Kind::Gap || (kind != Kind::Overlap && random.coin());
            let left = if is_gap { inward } else { -inward };
            let mut clean = world.lines[&line].clone();
            let is_turned = at_rim && is_rim(line.0);
            if is_turned {
                clean.reverse();
            }
            let (mut drawn, at) = broken(&clean, kind, if is_turned { -left } else { left }, at_rim, random);
            let code =
                expected(&clean, &drawn, if kind == Kind::Sliver && !is_gap { Kind::Overlap } else { kind });
            let mut codes = vec![code];
            if at_rim && kind != Kind::TJunction {
                // The same move leaves an inlet, or an overlap that may be a triangle whose corner misses a border.
                let of_kind =
                    if is_gap { [Code::Sliver, Code::Gap] } else { [Code::Overlap, Code::TJunction] };
                codes = vec![Code::Sliver, of_kind[0], of_kind[1]];
            }
            let at = position(drawn[at]);
            let area_m2 = between_m2(&clean, &drawn);
            if is_turned {
                drawn.reverse();
            }
            world.redraw(cell, line, drawn);
            let rim = at_rim.then(|| position(clean[clean.len() - 1]));
            planted.push(Planted { at, area_m2, codes, cells: pair, rim });
        }
    }
    planted
}

fn corners(problem: &Problem) -> BTreeSet<Position> {
    problem.geometry.as_ref().map(|geometry| geometry.positions().collect()).unwrap_or_default()
}

/// Every side of every ring, each once.
fn sides(lines: impl IntoIterator<Item = Vec<Position>>) -> BTreeSet<(Position, Position)> {
    let ordered = |pair: &[Position]| (pair[0].min(pair[1]), pair[0].max(pair[1]));
    lines.into_iter().flat_map(|line| line.windows(2).map(ordered).collect::<Vec<_>>()).collect()
}

pub(crate) fn ring_sides(areas: &[Area]) -> BTreeSet<(Position, Position)> {
    sides(areas.iter().flat_map(|area| area.polygons.iter().flat_map(Polygon::rings)).map(|ring| {
        let mut ring = ring.to_vec();
        ring.push(ring[0]);
        ring
    }))
}

fn check_planted(seed: u64, count: usize, with_larger_areas: bool) {
    let mut random = Random::seeded(seed);
    let mut world = World::new(&mut random);
    if with_larger_areas {
        world = world.with_larger_areas();
    }
    let clean = world.areas();
    let Build { coverage, problems, .. } = build(&clean, &world.options());
    assert_eq!(problems, [], "clean before");
    let kept = coverage.expect("no problem");
    let kept_sides = sides(kept.borders().iter().map(|border| border.line.clone()));
    assert_eq!(kept_sides, ring_sides(&clean), "the borders are those drawn, and no other");

    let planted = plant(&mut world, count, &mut random);
    let drawn = world.areas();
    let build = build(&drawn, &world.options());
    assert!(build.coverage.is_none());
    let mut told: Vec<(&Problem, BTreeSet<Position>)> =
        build.problems.iter().map(|problem| (problem, corners(problem))).collect();
    let mut missed = Vec::new();
    for planted in &planted {
        let found = told.iter().position(|(problem, corners)| {
            // At the rim the moved corner may lie outside of what it breaks; two cells share one line at most.
            (planted.codes.len() > 1 || corners.contains(&planted.at))
                && planted.codes.contains(&problem.code)
                && problem.features.iter().cloned().collect::<BTreeSet<_>>() == planted.cells
        });
        match found {
            Some(found) => {
                told.swap_remove(found);
            }
            None => missed.push((planted.at, &planted.codes, &planted.cells)),
        }
    }
    assert!(missed.is_empty(), "{} missed: {missed:?}\nleft: {told:#?}", missed.len());
    assert!(told.is_empty(), "{} false: {told:#?}", told.len());
    // Borders that nobody broke are there as they were drawn, side by side.
    let untouched: BTreeSet<_> = ring_sides(&clean).intersection(&ring_sides(&drawn)).copied().collect();
    let draft = sides(build.draft.iter().map(|border| border.line.clone()));
    // Only where an overlap reaches over the rim does a side of the neighbour get a corner: that is part of the break.
    let crossed: BTreeSet<Position> = planted.iter().filter_map(|planted| planted.rim).collect();
    let changed: Vec<_> = untouched
        .difference(&draft)
        .filter(|side| !crossed.contains(&side.0) && !crossed.contains(&side.1))
        .collect();
    assert!(changed.is_empty(), "clean sides are not as drawn: {changed:?}");
    assert!(untouched.len() > 9 * ring_sides(&clean).len() / 10, "most of the coverage is left clean");
}

#[test]
fn four_hundred_planted_breaks_are_found_and_nothing_else_is() {
    for seed in 1..=5 {
        check_planted(seed, 100, false);
    }
}

#[test]
fn breaks_between_areas_with_holes_pieces_exclaves_and_voids_are_found_and_nothing_else_is() {
    for seed in 1..=5 {
        check_planted(seed, 90, true);
    }
}

#[test]
#[ignore = "takes minutes; run it by hand after a change to how breaks are found"]
fn breaks_of_three_hundred_seeds_are_found_and_nothing_else_is() {
    for seed in 1..=300 {
        check_planted(seed, 100, false);
        check_planted(seed, 90, true);
    }
}
