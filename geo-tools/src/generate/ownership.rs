//! Who owns each square of a mesh, and the borders that follow from it.

use crate::coverage::{Border, Leaf};
use crate::generate::mesh::{Heading, Mesh, Node};

/// The owners of the squares of a mesh, row by row from the south-west; `None` is outside.
#[derive(Clone, Debug)]
pub(crate) struct Ownership {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
    pub(crate) owners: Vec<Option<u32>>,
}

impl Ownership {
    pub(crate) fn new(columns: usize, rows: usize) -> Self {
        Self { columns, rows, owners: vec![None; columns * rows] }
    }

    /// Column and row of a square.
    pub(crate) fn node(&self, square: usize) -> Node {
        Node { column: square % self.columns, row: square / self.columns }
    }

    /// The square so many columns and rows away; `None` beyond the edge.
    pub(crate) fn beside(&self, square: usize, columns: isize, rows: isize) -> Option<usize> {
        let Node { column, row } = self.node(square);
        let column = column.checked_add_signed(columns).filter(|&column| column < self.columns)?;
        let row = row.checked_add_signed(rows).filter(|&row| row < self.rows)?;
        Some(row * self.columns + column)
    }

    /// The squares that share a side with one.
    pub(crate) fn adjacent(&self, square: usize) -> impl Iterator<Item = usize> + '_ {
        [(0, -1), (-1, 0), (1, 0), (0, 1)]
            .into_iter()
            .filter_map(move |(columns, rows)| self.beside(square, columns, rows))
    }

    /// The one owner of a square and of the eight around it, if there is one.
    pub(crate) fn owner_all_around(&self, square: usize) -> Option<u32> {
        let owner = self.owners[square]?;
        let around = (-1..=1).flat_map(|rows| (-1..=1).map(move |columns| (columns, rows)));
        let mut around = around.map(|(columns, rows)| self.beside(square, columns, rows));
        around.all(|beside| beside.is_some_and(|beside| self.owners[beside] == Some(owner))).then_some(owner)
    }

    /// Every side between two owners, each a border of its own.
    pub(crate) fn borders(&self, mesh: &Mesh) -> Vec<Border> {
        let owner = |column: Option<usize>, row: Option<usize>| {
            let column = column.filter(|&column| column < self.columns)?;
            let row = row.filter(|&row| row < self.rows)?;
            self.owners[row * self.columns + column].map(Leaf)
        };
        let mut borders = Vec::new();
        for row in 0..=self.rows {
            for column in 0..=self.columns {
                let (west, south) = (column.checked_sub(1), row.checked_sub(1));
                let (here, below) = (owner(Some(column), Some(row)), owner(Some(column), south));
                let beside = owner(west, Some(row));
                let node = Node { column, row };
                if here != below {
                    borders.push(Border { line: mesh.side(node, Heading::East), left: here, right: below });
                }
                if here != beside {
                    borders.push(Border { line: mesh.side(node, Heading::North), left: beside, right: here });
                }
            }
        }
        borders
    }
}
