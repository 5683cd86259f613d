//! A lattice of nodes, each a little off its place, and sides between them that wiggle.
//!
//! A side leaves its straight line by at most a share of its way to the nearer end, so it stays in a narrow lens between its
//! nodes. Nodes are moved by so little that no two lenses meet but at a node: sides never cross, whatever the seed.

use crate::generate::random::{Purpose, Random};
use crate::position::Position;

/// How a mesh lies on the ground and how its sides look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MeshShape {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
    pub(crate) west_e7: f64,
    pub(crate) south_e7: f64,
    /// How far it is from column to column and from row to row.
    pub(crate) column_step_e7: f64,
    pub(crate) row_step_e7: f64,
    /// How far a node may be off its place, in steps; at most 0.15.
    pub(crate) jitter: f64,
    /// How far the middle of a side may be off its straight line, in lengths of the side; at most 0.08.
    pub(crate) wiggle: f64,
    /// Into how many pieces a side is cut.
    pub(crate) pieces: u32,
}

/// Where a mesh's node is: its column, then its row, from the south-west.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Node {
    pub(crate) column: usize,
    pub(crate) row: usize,
}

/// Which way a side runs from its node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Heading {
    East,
    North,
}

/// A place in steps of the mesh, to be computed with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) x: f64,
    pub(crate) y: f64,
}

/// The nodes, moved; sides are computed when asked for, always the same.
#[derive(Clone, Debug)]
pub(crate) struct Mesh {
    pub(crate) shape: MeshShape,
    seed: u64,
    nodes: Vec<Place>,
}

impl Mesh {
    pub(crate) fn new(shape: MeshShape, seed: u64) -> Self {
        let mut random = Random::new(seed, Purpose::Nodes);
        let mut off = || (random.unit() - 0.5) * 2.0 * shape.jitter;
        let mut nodes = Vec::with_capacity((shape.columns + 1) * (shape.rows + 1));
        for row in 0..=shape.rows {
            for column in 0..=shape.columns {
                nodes.push(Place { x: column as f64 + off(), y: row as f64 + off() });
            }
        }
        Self { shape, seed, nodes }
    }

    fn index(&self, node: Node) -> usize {
        node.row * (self.shape.columns + 1) + node.column
    }

    fn node(&self, node: Node) -> Place {
        self.nodes[self.index(node)]
    }

    /// The side that leaves a node eastward or northward, both ends included.
    pub(crate) fn side(&self, from: Node, heading: Heading) -> Vec<Position> {
        let to = match heading {
            Heading::East => Node { column: from.column + 1, ..from },
            Heading::North => Node { row: from.row + 1, ..from },
        };
        let (start, end) = (self.node(from), self.node(to));
        let number = self.index(from) as u64 * 2 + u64::from(heading == Heading::North);
        let mut random = Random::numbered(self.seed, Purpose::Sides, number);
        let (dx, dy) = (end.x - start.x, end.y - start.y);
        let pieces = self.shape.pieces;
        let mut line = Vec::with_capacity(pieces as usize + 1);
        line.push(self.position(start));
        for piece in 1..pieces {
            let share = f64::from(piece) / f64::from(pieces);
            let taper = 2.0 * f64::from(piece.min(pieces - piece)) / f64::from(pieces);
            let off = (random.unit() - 0.5) * 2.0 * self.shape.wiggle * taper;
            line.push(
                self.position(Place {
                    x: start.x + dx * share - dy * off,
                    y: start.y + dy * share + dx * off,
                }),
            );
        }
        line.push(self.position(end));
        line
    }

    /// A place in the square north-east of a node: `across` from its west to its east side, `up` from south to north.
    pub(crate) fn within(&self, square: Node, across: f64, up: f64) -> Place {
        let corner = |east: usize, north: usize| {
            self.node(Node { column: square.column + east, row: square.row + north })
        };
        let mixed = |of: fn(Place) -> f64| {
            let south = of(corner(0, 0)) * (1.0 - across) + of(corner(1, 0)) * across;
            let north = of(corner(0, 1)) * (1.0 - across) + of(corner(1, 1)) * across;
            south * (1.0 - up) + north * up
        };
        Place { x: mixed(|at| at.x), y: mixed(|at| at.y) }
    }

    /// Where a place is on Earth.
    #[expect(clippy::expect_used, reason = "whoever makes a mesh lays it within the range of positions")]
    pub(crate) fn position(&self, at: Place) -> Position {
        let shape = &self.shape;
        let lon_e7 = (shape.west_e7 + at.x * shape.column_step_e7).round() as i32;
        let lat_e7 = (shape.south_e7 + at.y * shape.row_step_e7).round() as i32;
        Position::from_e7(lon_e7, lat_e7).expect("a mesh lies within the range of positions")
    }
}

impl Mesh {
    /// The outline of the square north-east of a node, anticlockwise, not closed.
    pub(crate) fn outline(&self, square: Node) -> Vec<Position> {
        let Node { column, row } = square;
        let mut north = self.side(Node { column, row: row + 1 }, Heading::East);
        let mut west = self.side(square, Heading::North);
        north.reverse();
        west.reverse();
        let east = self.side(Node { column: column + 1, row }, Heading::North);
        let sides = [self.side(square, Heading::East), east, north, west];
        sides.into_iter().flat_map(|side| side[..side.len() - 1].to_vec()).collect()
    }
}
