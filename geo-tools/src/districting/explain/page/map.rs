//! The map: cells coloured by how far they are from their mean, with their units and what moved, as inline SVG.

use std::collections::HashMap;
use std::io::{self, Write};

use crate::Position;
use crate::coverage::{Border, Leaf};
use crate::districting::explain::page::grid::Grid;
use crate::districting::explain::page::{Page, label};
use crate::districting::explain::{ExplainedCell, Explanation};

/// More cells than this are not drawn; then only the furthest from their mean are.
pub(super) const MOST_CELLS: usize = 25_000;
/// The borders of units are drawn up to so many units.
const MOST_UNITS: usize = 20_000;
/// Units that moved are drawn up to so many.
const MOST_MOVED: usize = 5_000;

/// Writes the map with its buttons.
pub(super) fn write_map(out: &mut dyn Write, page: &Page<'_>) -> io::Result<()> {
    let grid = Grid::around(page.coverage.bounds());
    let cell_of = page.subject.cell_of();
    let (columns, rows) = (grid.columns, grid.rows);
    let title = label(["地图", "Map"]);
    writeln!(
        out,
        "<section class=\"map\" aria-labelledby=\"map-title\">\n<h2 id=\"map-title\">{title}</h2>"
    )?;
    writeln!(
        out,
        r#"<div class="zoom" role="group"><button type="button" data-zoom="in">+</button><button type="button" data-zoom="out">−</button><button type="button" data-zoom="all">{}</button></div>"#,
        label(["全图", "All"])
    )?;
    writeln!(
        out,
        r##"<svg id="map" viewBox="0 0 {columns} {rows}" role="group" aria-labelledby="map-title">
<defs><pattern id="hatch" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45) scale({})"><line class="hatch" y2="8"/></pattern></defs>
<g id="shapes" fill-rule="evenodd">"##,
        f64::from(columns.max(rows)) / 1_000.0
    )?;
    write_cells(out, page, (&grid, &cell_of))?;
    writeln!(out, "</g>")?;
    write_lines(out, page, (&grid, &cell_of))?;
    write_marks(out, page, (&grid, &cell_of))?;
    writeln!(out, "<path class=\"chosen\" id=\"chosen\" d=\"\"/>\n</svg>\n</section>")
}

/// The cells that are drawn: all, or those furthest from their mean.
pub(super) fn drawn(explanation: &Explanation) -> Vec<usize> {
    let cells = &explanation.cells;
    let mut drawn: Vec<usize> = (0..cells.len()).collect();
    if drawn.len() > MOST_CELLS {
        let off = |at: usize| cells[at].judged.deviation.abs();
        drawn.sort_by(|&a, &b| off(b).total_cmp(&off(a)));
        drawn.truncate(MOST_CELLS);
        drawn.sort_unstable();
    }
    drawn
}

fn write_cells(
    out: &mut dyn Write,
    page: &Page<'_>,
    (grid, cell_of): (&Grid, &[Option<usize>]),
) -> io::Result<()> {
    let cells = &page.explanation.cells;
    let borders = page.coverage.borders();
    let owner = |leaf: Option<Leaf>| leaf.and_then(|leaf| cell_of.get(leaf.index()).copied().flatten());
    let mut rims: Vec<Vec<Rim>> = vec![Vec::new(); cells.len()];
    for (at, border) in borders.iter().enumerate() {
        let (left, right) = (owner(border.left), owner(border.right));
        if left != right {
            left.into_iter().for_each(|cell| rims[cell].push(Rim { border: at, is_forward: true }));
            right.into_iter().for_each(|cell| rims[cell].push(Rim { border: at, is_forward: false }));
        }
    }
    for cell in drawn(page.explanation) {
        let class = shade(&cells[cell], page.explanation.tolerance_ppm);
        let shape = outline(grid, borders, &rims[cell]);
        writeln!(out, r#"<path class="{class}" id="c{cell}" tabindex="-1" d="{shape}"/>"#)?;
    }
    Ok(())
}

/// Borders of units within their cell, and those of parents.
fn write_lines(
    out: &mut dyn Write,
    page: &Page<'_>,
    (grid, cell_of): (&Grid, &[Option<usize>]),
) -> io::Result<()> {
    let units = page.subject.graph.units();
    let mut inner = String::new();
    let mut outer = String::new();
    for border in page.coverage.borders() {
        let [left, right] = [border.left, border.right].map(|leaf| leaf.map(Leaf::index));
        let parent = |unit: Option<usize>| unit.and_then(|unit| units.get(unit)).map(|unit| &unit.parent);
        let cell = |unit: Option<usize>| unit.and_then(|unit| cell_of.get(unit).copied().flatten());
        if parent(left) != parent(right) {
            grid.draw(&mut outer, &border.line);
        } else if units.len() <= MOST_UNITS && cell(left) == cell(right) {
            grid.draw(&mut inner, &border.line);
        }
    }
    writeln!(out, r#"<path class="units" d="{inner}"/><path class="parents" d="{outer}"/>"#)?;
    let moved = page.explanation.lineage.iter().flat_map(|lineage| &lineage.moved);
    let mut shape = String::new();
    for polygon in moved.take(MOST_MOVED).flat_map(|moved| page.coverage.polygons(Leaf(moved.index as u32))) {
        polygon.rings().for_each(|ring| grid.draw_ring(&mut shape, ring));
    }
    writeln!(out, r##"<path class="moved" id="moved" fill="url(#hatch)" fill-rule="evenodd" d="{shape}"/>"##)
}

/// A dot in each cell out of tolerance: filled where nothing shows that it must be.
fn write_marks(
    out: &mut dyn Write,
    page: &Page<'_>,
    (grid, cell_of): (&Grid, &[Option<usize>]),
) -> io::Result<()> {
    let places = places(page, grid, cell_of);
    for cell in drawn(page.explanation) {
        let judged = &page.explanation.cells[cell].judged;
        if judged.is_in_tolerance {
            continue;
        }
        let class = if judged.certificate.is_some() { "certified" } else { "open" };
        let [x, y] = places[cell];
        writeln!(out, r#"<path class="mark {class}" d="M{x} {y}h0"/>"#)?;
    }
    Ok(())
}

/// A place inside each cell: the middle of the unit that is nearest to the middle of all.
pub(super) fn places(page: &Page<'_>, grid: &Grid, cell_of: &[Option<usize>]) -> Vec<[i32; 2]> {
    let units = page.subject.graph.units();
    let mut sums = vec![[0_i64; 3]; page.explanation.cells.len()];
    let seated = || cell_of.iter().enumerate().filter_map(|(unit, cell)| Some((unit, (*cell)?)));
    for (unit, cell) in seated() {
        let [x, y] = grid.place(units[unit].at);
        let sum = &mut sums[cell];
        *sum = [sum[0] + i64::from(x), sum[1] + i64::from(y), sum[2] + 1];
    }
    let mut nearest = vec![(i64::MAX, [0, 0]); sums.len()];
    for (unit, cell) in seated() {
        let [x, y] = grid.place(units[unit].at);
        let [east, south, count] = sums[cell];
        let (dx, dy) = (i64::from(x) - east / count, i64::from(y) - south / count);
        nearest[cell] = nearest[cell].min((dx * dx + dy * dy, [x, y]));
    }
    nearest.into_iter().map(|(_, place)| place).collect()
}

/// The colour of a cell: seven steps from far too light to far too heavy.
fn shade(cell: &ExplainedCell, tolerance_ppm: u32) -> String {
    let tolerance_share = f64::from(tolerance_ppm) / 1e6;
    let off = cell.judged.deviation;
    let step = match (cell.judged.is_in_tolerance, off.abs()) {
        (true, off) if off <= tolerance_share / 2.0 => 0,
        (true, _) => 1,
        (false, off) if off <= tolerance_share * 2.0 => 2,
        (false, _) => 3,
    };
    let side = if step == 0 || off >= 0.0 { 'p' } else { 'n' };
    format!("{side}{step}")
}

/// What the colours mean, and what is not drawn.
pub(super) fn write_legend(out: &mut dyn Write, page: &Page<'_>) -> io::Result<()> {
    let steps = [
        ("n3", ["远轻于均值", "far too light"]),
        ("n2", ["过轻", "too light"]),
        ("n1", ["略轻", "light"]),
        ("p0", ["接近均值", "near the mean"]),
        ("p1", ["略重", "heavy"]),
        ("p2", ["过重", "too heavy"]),
        ("p3", ["远重于均值", "far too heavy"]),
    ];
    writeln!(out, r#"<section class="key"><ul class="legend">"#)?;
    for (class, words) in steps {
        writeln!(out, r#"<li><i class="swatch {class}"></i>{}</li>"#, label(words))?;
    }
    writeln!(
        out,
        r#"<li><i class="swatch certified"></i>{}</li><li><i class="swatch open"></i>{}</li>"#,
        label(["超出容差，已证明只能如此", "out of tolerance, certified"]),
        label(["超出容差，无证明", "out of tolerance, not certified"])
    )?;
    let lineage = page.explanation.lineage.as_ref();
    if lineage.is_some_and(|lineage| !lineage.moved.is_empty()) {
        writeln!(
            out,
            r#"<li><label><input type="checkbox" id="show-moved" checked> <i class="swatch moved"></i>{}</label></li>"#,
            label(["移动的单元", "units that moved"])
        )?;
    }
    writeln!(out, "</ul>\n<p class=\"note\">{}", grain(Grid::around(page.coverage.bounds()).step_m()))?;
    let (cells, units) = (page.explanation.cells.len(), page.subject.graph.units().len());
    if units > MOST_UNITS {
        writeln!(
            out,
            " {}",
            label(["单元太多，未画出其边界。", "There are too many units for their borders to be drawn."])
        )?;
    }
    if cells > MOST_CELLS {
        let some = [
            format!("只画出偏差最大的 {MOST_CELLS} 个网格（共 {cells} 个）。"),
            format!("Of {cells} cells the {MOST_CELLS} furthest from their mean are drawn."),
        ];
        writeln!(out, " {}", label([&some[0], &some[1]]))?;
    }
    let moved = lineage.map_or(0, |lineage| lineage.moved.len());
    if moved > MOST_MOVED {
        let some = [
            format!("只画出前 {MOST_MOVED} 个移动的单元。"),
            format!("Of the units that moved the first {MOST_MOVED} are drawn."),
        ];
        writeln!(out, " {}", label([&some[0], &some[1]]))?;
    }
    writeln!(out, "</p></section>")
}

fn grain(step_m: f64) -> String {
    let said = [format!("边界画到 {step_m:.1} 米。"), format!("Borders are drawn to {step_m:.1} m.")];
    label([&said[0], &said[1]])
}

/// A border of a cell, with the cell on its left.
#[derive(Clone, Copy)]
struct Rim {
    border: usize,
    is_forward: bool,
}

impl Rim {
    fn ends(self, borders: &[Border]) -> [Position; 2] {
        let line = &borders[self.border].line;
        let ends = [line[0], line[line.len() - 1]];
        if self.is_forward { ends } else { [ends[1], ends[0]] }
    }
}

/// The rings of a cell as the data of a path. Where rings touch, which is walked first does not change what is filled.
fn outline(grid: &Grid, borders: &[Border], rims: &[Rim]) -> String {
    let mut from: HashMap<Position, Vec<usize>> = HashMap::new();
    for (at, rim) in rims.iter().enumerate().rev() {
        from.entry(rim.ends(borders)[0]).or_default().push(at);
    }
    let mut shape = String::new();
    let mut is_walked = vec![false; rims.len()];
    let mut ring: Vec<Position> = Vec::new();
    for start in 0..rims.len() {
        let mut next = (!is_walked[start]).then_some(start);
        ring.clear();
        while let Some(at) = next.filter(|&at| !is_walked[at]) {
            is_walked[at] = true;
            let line = borders[rims[at].border].line.iter().copied();
            if rims[at].is_forward {
                ring.extend(line);
            } else {
                ring.extend(line.rev());
            }
            let leaving = from.get_mut(&rims[at].ends(borders)[1]);
            next = leaving.and_then(|leaving| {
                leaving.retain(|&at| !is_walked[at]);
                leaving.first().copied()
            });
        }
        if !ring.is_empty() {
            grid.draw_ring(&mut shape, &ring);
        }
    }
    shape
}
