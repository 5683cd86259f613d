//! The plan that is changed, as its lines say it.

use std::collections::HashMap;

use crate::districting::ground::Links;
use crate::districting::{PlanRow, UnitGraph};
use crate::{Code, Problem, shown};

/// Every unit in one cell, every cell in one piece of one parent.
#[derive(Debug)]
pub(super) struct Before {
    /// The cells' names, in the order of the lines.
    pub(super) names: Vec<String>,
    /// For each unit of the graph its cell.
    pub(super) cell_of: Vec<u32>,
}

impl Before {
    /// Reads the lines of a plan of these units, whose parents are given by number.
    pub(super) fn of(graph: &UnitGraph, rows: &[PlanRow], links: &Links) -> Result<Self, Vec<Problem>> {
        let (names, cell_of, mut problems) = taken_down(graph, rows);
        let told = |unit: &crate::districting::Unit| {
            let id = shown::text(&unit.id);
            let message = format!(
                "unit \u{201c}{id}\u{201d} is in no cell of the plan; put it into a cell beside it, or give it one of its own"
            );
            let problem = Problem::error(Code::MissingField, message);
            Problem { features: vec![unit.id.clone()], ..problem }
        };
        let without = graph.units().iter().zip(&cell_of).filter(|(_, cell)| cell.is_none());
        problems.extend(without.map(|(unit, _)| told(unit)));
        problems.extend(across_parents(graph, &names, &cell_of));
        problems.extend(in_pieces(graph, &names, &cell_of, links));
        if problems.is_empty() {
            Ok(Self { names, cell_of: cell_of.into_iter().flatten().collect() })
        } else {
            Err(problems)
        }
    }
}

type Taken = (Vec<String>, Vec<Option<u32>>, Vec<Problem>);

fn taken_down(graph: &UnitGraph, rows: &[PlanRow]) -> Taken {
    let known: HashMap<&str, usize> = graph.units().iter().map(|unit| unit.id.as_str()).zip(0..).collect();
    let mut names: Vec<String> = Vec::new();
    let mut named: HashMap<&str, u32> = HashMap::new();
    let mut cell_of = vec![None; graph.units().len()];
    let mut problems = Vec::new();
    for row in rows {
        let shown = shown::text(&row.unit);
        let mut wrong = |code: Code, message: String| {
            let problem = Problem::error(code, message);
            problems.push(Problem { line: row.line, features: vec![row.unit.clone()], ..problem });
        };
        let Some(&unit) = known.get(row.unit.as_str()) else {
            wrong(
                Code::UnknownUnit,
                format!("the plan names unit \u{201c}{shown}\u{201d}, which is not among the units"),
            );
            continue;
        };
        if cell_of[unit].is_some() {
            wrong(
                Code::DuplicateId,
                format!("unit \u{201c}{shown}\u{201d} is in the plan twice; it can be in one cell"),
            );
            continue;
        }
        let cell = *named.entry(&row.cell).or_insert_with(|| {
            names.push(row.cell.clone());
            names.len() as u32 - 1
        });
        cell_of[unit] = Some(cell);
    }
    (names, cell_of, problems)
}

fn across_parents(graph: &UnitGraph, names: &[String], cell_of: &[Option<u32>]) -> Vec<Problem> {
    let mut first_of: Vec<Option<usize>> = vec![None; names.len()];
    let mut problems: Vec<Option<Problem>> = vec![None; names.len()];
    for (at, cell) in cell_of.iter().enumerate() {
        let Some(cell) = cell.map(|cell| cell as usize) else { continue };
        let (unit, first) = (&graph.units()[at], &graph.units()[*first_of[cell].get_or_insert(at)]);
        if unit.parent == first.parent || problems[cell].is_some() {
            continue;
        }
        let of = |parent: &Option<String>| parent.as_deref().map_or("none".to_owned(), shown::text);
        let message = format!(
            "cell \u{201c}{}\u{201d} has units of two parents: \u{201c}{}\u{201d} of {} and \u{201c}{}\u{201d} of {}; a cell lies within one, so give each parent a cell of its own",
            shown::text(&names[cell]),
            shown::text(&first.id),
            of(&first.parent),
            shown::text(&unit.id),
            of(&unit.parent)
        );
        let problem = Problem::error(Code::ParentMismatch, message);
        problems[cell] = Some(Problem { features: vec![names[cell].clone()], ..problem });
    }
    problems.into_iter().flatten().collect()
}

/// Of each cell that does not hang together within its parents.
fn in_pieces(graph: &UnitGraph, names: &[String], cell_of: &[Option<u32>], links: &Links) -> Vec<Problem> {
    let mut is_seen = vec![false; cell_of.len()];
    let mut pieces: Vec<Vec<Vec<u32>>> = vec![Vec::new(); names.len()];
    for (start, cell) in (0..).zip(cell_of) {
        let Some(cell) = cell.filter(|_| !is_seen[start as usize]) else { continue };
        is_seen[start as usize] = true;
        let mut piece = vec![start];
        let mut at = 0;
        while at < piece.len() {
            for near in links.of(piece[at]) {
                let unit = near.unit as usize;
                if cell_of[unit] == Some(cell) && !std::mem::replace(&mut is_seen[unit], true) {
                    piece.push(near.unit);
                }
            }
            at += 1;
        }
        pieces[cell as usize].push(piece);
    }
    // A cell across parents is told as such: it hangs together nowhere else.
    let parents_of = |pieces: &[Vec<u32>]| {
        let parent = |piece: &Vec<u32>| &graph.units()[piece[0] as usize].parent;
        pieces.windows(2).all(|pair| parent(&pair[0]) == parent(&pair[1]))
    };
    let broken = names.iter().zip(&pieces).filter(|(_, pieces)| pieces.len() > 1 && parents_of(pieces));
    let told = |(name, pieces): (&String, &Vec<Vec<u32>>)| {
        let smallest = pieces.iter().min_by_key(|piece| piece.len());
        let stray = smallest.and_then(|piece| piece.first()).map_or(0, |&unit| unit as usize);
        let message = format!(
            "cell \u{201c}{}\u{201d} is in {} pieces, unit \u{201c}{}\u{201d} does not touch the rest; put each piece into a cell beside it, or give it one of its own",
            shown::text(name),
            pieces.len(),
            shown::text(&graph.units()[stray].id)
        );
        let problem = Problem::error(Code::NotContiguous, message);
        Problem { features: vec![name.clone()], ..problem }
    };
    broken.map(told).collect()
}
