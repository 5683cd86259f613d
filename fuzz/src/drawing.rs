//! Areas as someone might draw them, sense or nonsense, and lattices that are coverages by construction.

use geo_tools::coverage::{Area, Border};
use geo_tools::{Geometry, Leaf, Polygon, Position};

use crate::choices::Choices;

/// Ground to draw on: where it begins, and how large a step is.
#[derive(Clone, Copy, Debug)]
pub struct Ground {
    west_e7: i64,
    south_e7: i64,
    step_e7: i64,
}

impl Ground {
    /// Somewhere on Earth, also at its edges, in steps of a unit or of up to a degree.
    pub fn choose(choices: &mut Choices<'_>) -> Self {
        let places = [
            (1_137_300_000, 343_900_000),
            (0, 0),
            (-1_800_000_000, -900_000_000),
            (1_799_999_900, 899_999_900),
            (-750_000_000, 600_000_000),
        ];
        let (west_e7, south_e7) = choices.one_of(&places);
        Self { west_e7, south_e7, step_e7: choices.one_of(&[1, 1, 3, 100, 10_000, 10_000_000]) }
    }

    /// A place on it; what would lie beyond the edge of the map lies on it.
    pub fn at(self, x: i64, y: i64) -> Position {
        let lon_e7 = (self.west_e7 + x * self.step_e7).clamp(-1_800_000_000, 1_800_000_000);
        let lat_e7 = (self.south_e7 + y * self.step_e7).clamp(-900_000_000, 900_000_000);
        Position::from_e7(lon_e7 as i32, lat_e7 as i32).expect("on the map")
    }

    pub fn choose_at(self, choices: &mut Choices<'_>) -> Position {
        self.at(i64::from(choices.byte()), i64::from(choices.byte()))
    }
}

/// A ring of up to twelve corners, most often a box or a triangle.
fn ring(ground: Ground, choices: &mut Choices<'_>) -> Vec<Position> {
    if choices.yes() {
        let (x, y) = (i64::from(choices.byte()), i64::from(choices.byte()));
        let (width, height) = (i64::from(choices.byte() % 32), i64::from(choices.byte() % 32));
        return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
            .map(|(x, y)| ground.at(x, y))
            .to_vec();
    }
    (0..choices.below(13)).map(|_| ground.choose_at(choices)).collect()
}

pub fn polygons(ground: Ground, most: usize, choices: &mut Choices<'_>) -> Vec<Polygon> {
    let polygon = |choices: &mut Choices<'_>| {
        let exterior = ring(ground, choices);
        let holes = (0..choices.byte().saturating_sub(250)).map(|_| ring(ground, choices)).collect();
        Polygon { exterior, holes }
    };
    (0..=choices.below(most)).map(|_| polygon(choices)).collect()
}

/// Up to eight areas that may cross, overlap, or be nothing.
pub fn areas(ground: Ground, choices: &mut Choices<'_>) -> Vec<Area> {
    let count = choices.below(8);
    (0..count)
        .map(|number| Area { name: format!("area {number}"), polygons: polygons(ground, 2, choices) })
        .collect()
}

/// A geometry of any kind.
pub fn geometry(ground: Ground, choices: &mut Choices<'_>) -> Geometry {
    let line = |choices: &mut Choices<'_>| -> Vec<Position> {
        (0..choices.below(16)).map(|_| ground.choose_at(choices)).collect()
    };
    match choices.below(6) {
        0 => Geometry::Point(ground.choose_at(choices)),
        1 => Geometry::MultiPoint(line(choices)),
        2 => Geometry::MultiLine((0..choices.below(4)).map(|_| line(choices)).collect()),
        _ => Geometry::MultiPolygon(polygons(ground, 3, choices)),
    }
}

/// A lattice of jittered four-sided fields, each with an owner or none.
#[derive(Debug)]
pub struct Lattice {
    side: i64,
    pub leaf_count: usize,
    corners: Vec<Position>,
    owners: Vec<Option<Leaf>>,
}

/// How far apart the corners of a lattice lie, and how far each may lie from its place: fields stay convex.
const SPACING: i64 = 10;
const JITTER: i64 = 2;

impl Lattice {
    /// On ground where nothing is clamped.
    pub fn choose(choices: &mut Choices<'_>) -> (Self, Ground) {
        let (west_e7, south_e7) = choices.one_of(&[(1_137_300_000, 343_900_000), (-300, -300), (0, 0)]);
        let ground = Ground { west_e7, south_e7, step_e7: choices.one_of(&[1, 1, 7, 1_000, 100_000]) };
        let side = 1 + choices.below(6) as i64;
        let leaf_count = 1 + choices.below(8);
        let mut moved = |at: i64| at * SPACING + choices.below(2 * JITTER as usize + 1) as i64 - JITTER;
        let corners = (0..(side + 1) * (side + 1))
            .map(|corner| ground.at(moved(corner % (side + 1)), moved(corner / (side + 1))))
            .collect();
        let owner = |chosen: usize| (chosen > 0).then(|| Leaf(chosen as u32 - 1));
        let owners = (0..side * side).map(|_| owner(choices.below(leaf_count + 1))).collect();
        (Self { side, leaf_count, corners, owners }, ground)
    }

    /// How many steps it is wide.
    pub fn width(&self) -> i64 {
        self.side * SPACING
    }

    /// Gives a field to somebody else; answers the corners of the ground that changed.
    pub fn change(&mut self, choices: &mut Choices<'_>) -> Vec<Position> {
        let side = self.side as usize;
        let (column, row) = (choices.below(side), choices.below(side));
        let chosen = choices.below(self.leaf_count + 1);
        self.owners[row * side + column] = (chosen > 0).then(|| Leaf(chosen as u32 - 1));
        let (column, row) = (column as i64, row as i64);
        [(0, 0), (1, 0), (1, 1), (0, 1)].map(|(east, north)| self.corner(column + east, row + north)).to_vec()
    }

    fn corner(&self, column: i64, row: i64) -> Position {
        self.corners[(row * (self.side + 1) + column) as usize]
    }

    fn owner(&self, column: i64, row: i64) -> Option<Leaf> {
        let inside = (0..self.side).contains(&column) && (0..self.side).contains(&row);
        if inside { self.owners[(row * self.side + column) as usize] } else { None }
    }

    /// Its borders, side by side of a field.
    pub fn borders(&self) -> Vec<Border> {
        let mut borders = Vec::new();
        for row in 0..=self.side {
            for column in 0..=self.side {
                let here = self.corner(column, row);
                if column < self.side {
                    let (left, right) = (self.owner(column, row), self.owner(column, row - 1));
                    borders.push(Border { line: vec![here, self.corner(column + 1, row)], left, right });
                }
                if row < self.side {
                    let (left, right) = (self.owner(column - 1, row), self.owner(column, row));
                    borders.push(Border { line: vec![here, self.corner(column, row + 1)], left, right });
                }
            }
        }
        borders.retain(|border| border.left != border.right);
        borders
    }

    /// Every leaf as its fields, one polygon each, and the fields of nobody.
    pub fn areas(&self) -> (Vec<Area>, Vec<Polygon>) {
        let area = |leaf| Area { name: format!("leaf {leaf}"), polygons: Vec::new() };
        let mut areas: Vec<Area> = (0..self.leaf_count).map(area).collect();
        let mut voids = Vec::new();
        for row in 0..self.side {
            for column in 0..self.side {
                let corners = [(0, 0), (1, 0), (1, 1), (0, 1)];
                let exterior = corners.map(|(east, north)| self.corner(column + east, row + north)).to_vec();
                let field = Polygon { exterior, holes: Vec::new() };
                match self.owner(column, row) {
                    Some(leaf) => areas[leaf.index()].polygons.push(field),
                    None => voids.push(field),
                }
            }
        }
        (areas, voids)
    }
}
