//! Streets: the sides between blocks, one name for each row and column of the mesh.

use crate::generate::mesh::{Heading, Mesh, Node};
use crate::generate::names::street_names;
use crate::generate::ownership::Ownership;
use crate::generate::random::{Purpose, Random};
use crate::position::Position;

/// Every so many rows and columns a street is a larger one.
const TERTIARY_EVERY: usize = 4;
const SECONDARY_EVERY: usize = 12;

/// A street, or what of it runs through the town in one piece.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Street {
    /// Its name; several pieces of one street have the same.
    pub name: String,
    /// Its class, as OpenStreetMap calls it: `secondary`, `tertiary`, `residential`.
    pub class: &'static str,
    /// Its line.
    pub line: Vec<Position>,
}

/// The names of the streets of a mesh.
pub(crate) struct StreetNames {
    along_rows: Vec<String>,
    along_columns: Vec<String>,
}

impl StreetNames {
    pub(crate) fn new(mesh: &Mesh, seed: u64) -> Self {
        let (rows, columns) = (mesh.shape.rows + 1, mesh.shape.columns + 1);
        let mut random = Random::numbered(seed, Purpose::Names, 1);
        let names = street_names(rows + columns, &mut random);
        let (along_rows, along_columns) = names.split_at(rows);
        Self {
            along_rows: along_rows.iter().map(|name| format!("{name}路")).collect(),
            along_columns: along_columns.iter().map(|name| format!("{name}街")).collect(),
        }
    }

    /// The street that runs along a row of nodes.
    pub(crate) fn along_row(&self, row: usize) -> &str {
        &self.along_rows[row]
    }
}

/// Every street that has a block of the town on one of its sides.
pub(crate) fn streets(ground: &Ownership, mesh: &Mesh, seed: u64) -> Vec<Street> {
    let names = StreetNames::new(mesh, seed);
    let is_town = |column: Option<usize>, row: Option<usize>| {
        let square = column.zip(row).filter(|&(column, row)| column < ground.columns && row < ground.rows);
        square.is_some_and(|(column, row)| ground.owners[row * ground.columns + column].is_some())
    };
    let mut streets = Vec::new();
    for (row, name) in names.along_rows.iter().enumerate() {
        let sides = (0..ground.columns).map(|column| {
            let runs = is_town(Some(column), Some(row)) || is_town(Some(column), row.checked_sub(1));
            runs.then(|| mesh.side(Node { column, row }, Heading::East))
        });
        streets.extend(joined(sides).map(|line| Street { name: name.clone(), class: class(row), line }));
    }
    for (column, name) in names.along_columns.iter().enumerate() {
        let sides = (0..ground.rows).map(|row| {
            let runs = is_town(Some(column), Some(row)) || is_town(column.checked_sub(1), Some(row));
            runs.then(|| mesh.side(Node { column, row }, Heading::North))
        });
        streets.extend(joined(sides).map(|line| Street { name: name.clone(), class: class(column), line }));
    }
    streets
}

fn class(number: usize) -> &'static str {
    if number.is_multiple_of(SECONDARY_EVERY) {
        "secondary"
    } else if number.is_multiple_of(TERTIARY_EVERY) {
        "tertiary"
    } else {
        "residential"
    }
}

/// Puts sides that follow each other into one line.
fn joined(sides: impl Iterator<Item = Option<Vec<Position>>>) -> impl Iterator<Item = Vec<Position>> {
    let mut lines: Vec<Vec<Position>> = Vec::new();
    let mut follows = false;
    for side in sides {
        match (side, lines.last_mut()) {
            (None, _) => follows = false,
            (Some(side), Some(line)) if follows => line.extend(&side[1..]),
            (Some(side), _) => {
                lines.push(side);
                follows = true;
            }
        }
    }
    lines.into_iter()
}
