//! What the page's script shows of each cell, as JSON in rows.

use serde_json::{Value, json};

use crate::districting::explain::page::Page;
use crate::districting::explain::page::grid::Grid;
use crate::districting::explain::page::map::places;
use crate::districting::explain::{ExplainedCell, Language, sentences};

const MM_PER_M: i64 = 1_000;

/// For each cell the figures in the order in which `page.js` names them.
pub(super) fn figures(page: &Page<'_>) -> Value {
    let grid = Grid::around(page.coverage.bounds());
    let places = places(page, &grid, &page.subject.cell_of());
    let lineage = page.explanation.lineage.as_ref();
    let cells = page.explanation.cells.iter().zip(places).enumerate().map(|(at, (cell, [x, y]))| {
        let mut row = row(cell);
        row.extend([json!(x), json!(y)]);
        row.push(lineage.map_or(Value::Null, |lineage| {
            json!(Language::ALL.map(|language| sentences::lineage(language, &lineage.cells[at])))
        }));
        Value::Array(row)
    });
    Value::Array(cells.collect())
}

fn row(cell: &ExplainedCell) -> Vec<Value> {
    let judged = &cell.judged;
    let border = cell.border;
    let near = cell.neighbours.iter().flat_map(|near| [near.cell as i64, metres(near.shared_mm)]);
    let why =
        (!judged.is_in_tolerance).then(|| Language::ALL.map(|language| sentences::miss(language, cell)));
    let walk = cell.longest_walk.as_ref();
    let ends = walk.map(|walk| format!("{} – {}", sentences::name(&walk.from), sentences::name(&walk.to)));
    vec![
        json!(sentences::name(&judged.cell)),
        json!(judged.parent.as_deref().map(sentences::name)),
        json!(judged.weight.value()),
        json!(rounded(judged.deviation, 1e5)),
        json!(rounded(cell.mean, 1e1)),
        json!(judged.unit_count),
        json!(rounded(judged.polsby_popper, 1e3)),
        json!(walk.map(|walk| walk.length_m.round())),
        json!(ends),
        json!(metres(border.cells_mm)),
        json!(metres(border.parents_mm)),
        json!(metres(border.outer_mm)),
        json!(near.collect::<Vec<_>>()),
        json!(why),
    ]
}

fn metres(length_mm: i64) -> i64 {
    (length_mm + MM_PER_M / 2).div_euclid(MM_PER_M)
}

/// A number in as many steps to one as a page shows.
fn rounded(value: f64, steps: f64) -> f64 {
    (value * steps).round() / steps
}
