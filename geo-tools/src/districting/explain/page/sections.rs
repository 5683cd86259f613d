//! What can be read of the page without its script: figures, deviations, misses, what moved, and the table of cells.

use std::io::{self, Write};

use crate::districting::explain::page::{both, escaped, label};
use crate::districting::explain::{Bar, ExplainedCell, Explanation, Lineage, ROUNDING, sentences};

/// Rows of the table; beyond, only cells out of tolerance and those furthest from their mean are listed.
const MOST_ROWS: usize = 1_000;
/// Misses and sentences about units that moved, of each so many.
const MOST_LINES: usize = 500;
const MM_PER_KM: f64 = 1e6;
/// The histogram on a grid of its own.
const BAR_STEP: usize = 20;
const TALLEST_BAR: usize = 130;

/// The figures of the whole plan.
pub(super) fn write_figures(out: &mut dyn Write, explanation: &Explanation) -> io::Result<()> {
    let cells = &explanation.cells;
    let within = cells.iter().filter(|cell| cell.judged.is_in_tolerance).count();
    let certified = cells.iter().filter(|cell| cell.judged.certificate.is_some()).count();
    let compact: f64 = cells.iter().map(|cell| cell.judged.polsby_popper).sum();
    let tolerance = f64::from(explanation.tolerance_ppm) / 1e4;
    let mut figures = vec![
        (["网格", "cells"], cells.len().to_string()),
        (["在容差之内", "in tolerance"], format!("{within} (±{tolerance}%)")),
        (["超出，已证明只能如此", "out, certified"], certified.to_string()),
        (["超出，无证明", "out, not certified"], (cells.len() - within - certified).to_string()),
        (["网格间边界", "borders between cells"], format!("{:.1} km", explanation.cut_mm as f64 / MM_PER_KM)),
        (["平均紧凑度", "mean compactness"], format!("{:.3}", compact / cells.len().max(1) as f64)),
    ];
    if let Some(lineage) = &explanation.lineage {
        figures.push((["移动的权重", "weight moved"], lineage.moved_weight.to_string()));
    }
    writeln!(out, r#"<dl class="figures">"#)?;
    for (words, figure) in figures {
        writeln!(out, "<div><dt>{}</dt><dd>{figure}</dd></div>", label(words))?;
    }
    writeln!(out, "</dl>")
}

/// Where the script shows a cell.
pub(super) fn write_panel(out: &mut dyn Write) -> io::Result<()> {
    let rows = [
        ("parent", ["上级", "Parent"]),
        ("weight", ["权重", "Weight"]),
        ("deviation", ["与均值的偏差", "From the mean"]),
        ("mean", ["均值", "Mean"]),
        ("units", ["单元数", "Units"]),
        ("compact", ["紧凑度（Polsby-Popper）", "Compactness (Polsby-Popper)"]),
        ("walk", ["最远步行（直线）", "Longest walk (straight)"]),
        ("cells", ["边界：与同一上级的网格", "Border with cells of its parent"]),
        ("parents", ["边界：与其他上级", "Border with other parents"]),
        ("outer", ["边界：外缘", "Border: outer edge"]),
    ];
    writeln!(
        out,
        r#"<aside id="panel" aria-live="polite"><p id="hint">{}</p><div id="shown" hidden><h2 id="name"></h2><p id="why"></p><p id="lineage"></p><dl>"#,
        label([
            "把指针放在网格上，或用 Tab 进入地图后按方向键移动、按回车固定。",
            "Point at a cell; or go to the map with Tab, move with the arrow keys and keep a cell with Enter.",
        ])
    )?;
    for (id, words) in rows {
        writeln!(out, r#"<div><dt>{}</dt><dd id="{id}"></dd></div>"#, label(words))?;
    }
    let near = label(["相邻网格", "Neighbours"]);
    writeln!(out, r#"</dl><h3>{near}</h3><ul id="near"></ul></div>"#)?;
    let walk = label([
        "最远步行：相距最远的两个单元外接矩形中心之间的直线距离，可能穿出网格。",
        "Longest walk: straight between the middles of the bounding boxes of the two units that lie farthest apart; it may leave the cell.",
    ]);
    writeln!(out, "<p class=\"note\">{walk}</p></aside>")
}

/// How many cells are how far from their mean.
pub(super) fn write_histogram(out: &mut dyn Write, explanation: &Explanation) -> io::Result<()> {
    let bars = &explanation.spread;
    let most = bars.iter().map(|bar| bar.cell_count).max().unwrap_or(0).max(1);
    let (wide, tall) = (bars.len() * BAR_STEP, TALLEST_BAR + 46);
    let title = label(["与均值的偏差", "Deviations from the mean"]);
    writeln!(
        out,
        r#"<section class="spread"><h2 id="spread-title">{title}</h2>
<svg viewBox="0 0 {wide} {tall}" role="img" aria-labelledby="spread-title">"#
    )?;
    let tolerance_share = f64::from(explanation.tolerance_ppm) / 1e6;
    for (at, bar) in bars.iter().enumerate() {
        let high = (bar.cell_count * TALLEST_BAR).div_ceil(most);
        let (left, top) = (at * BAR_STEP + 1, 20 + TALLEST_BAR - high);
        let is_within = is_within(bar, tolerance_share);
        let class = if is_within { "bar within" } else { "bar" };
        writeln!(
            out,
            r#"<rect class="{class}" x="{left}" y="{top}" width="{}" height="{high}"/>"#,
            BAR_STEP - 2
        )?;
        if bar.cell_count > 0 {
            let middle = left + BAR_STEP / 2 - 1;
            writeln!(out, r#"<text x="{middle}" y="{}">{}</text>"#, top - 4, bar.cell_count)?;
        }
    }
    let base = 20 + TALLEST_BAR;
    writeln!(out, r#"<path class="axis" d="M0 {base}h{wide}"/>"#)?;
    // Labels stand at the left edges of bars: twice the tolerance, the tolerance, the mean.
    for (at, bar) in bars.iter().enumerate().filter(|(at, _)| at % 5 == 1) {
        let share = bar.from.unwrap_or_default() * 100.0;
        let share = (share * 1e2).round() / 1e2;
        writeln!(out, r#"<text class="tick" x="{}" y="{}">{share:+}%</text>"#, at * BAR_STEP, base + 20)?;
    }
    writeln!(out, "</svg>\n<details><summary>{}</summary><table><tbody>", label(["表格", "As a table"]))?;
    for bar in bars {
        let span = both(|language| sentences::bar(language, bar));
        writeln!(out, "<tr><th scope=\"row\">{span}</th><td>{}</td></tr>", bar.cell_count)?;
    }
    writeln!(out, "</tbody></table></details></section>")
}

fn is_within(bar: &Bar, tolerance_share: f64) -> bool {
    let holds = |edge: Option<f64>| edge.is_some_and(|edge| edge.abs() <= tolerance_share + ROUNDING);
    holds(bar.from) && holds(bar.to)
}

/// What is out of tolerance, and what would mend most of it.
pub(super) fn write_misses(out: &mut dyn Write, explanation: &Explanation) -> io::Result<()> {
    let misses = explanation.misses();
    writeln!(out, "<section><h2>{}</h2>", label(["超出容差的网格", "Cells out of tolerance"]))?;
    if misses.is_empty() {
        return writeln!(out, "<p>{}</p></section>", label(["没有。", "None."]));
    }
    writeln!(
        out,
        "<h3>{}</h3><ul>",
        label(["放宽一条规则可以改善", "What one rule that gives way would mend"])
    )?;
    for relaxation in &explanation.relaxations {
        writeln!(out, "<li>{}</li>", both(|language| sentences::relaxation(language, relaxation)))?;
    }
    if explanation.relaxations.is_empty() {
        let nothing = label(["试过的都无济于事。", "Nothing that was tried mends anything."]);
        writeln!(out, "<li>{nothing}</li>")?;
    }
    writeln!(out, "</ul><ul class=\"misses\">")?;
    let index = |cell: &ExplainedCell| {
        let at = explanation.cells.iter().position(|other| std::ptr::eq(other, cell));
        at.unwrap_or_default()
    };
    for cell in misses.iter().take(MOST_LINES) {
        let said = both(|language| {
            let deviation = sentences::signed_percent(language, cell.judged.deviation);
            format!("{deviation} {}", sentences::miss(language, cell))
        });
        writeln!(out, "<li>{} {said}</li>", button(index(cell), cell))?;
    }
    writeln!(out, "</ul>")?;
    write_rest(out, misses.len(), MOST_LINES)?;
    writeln!(out, "</section>")
}

/// Where cells come from, and why units moved.
pub(super) fn write_lineage(out: &mut dyn Write, explanation: &Explanation) -> io::Result<()> {
    let Some(lineage) = &explanation.lineage else { return Ok(()) };
    let Lineage { moved, .. } = lineage;
    writeln!(
        out,
        "<section><h2>{}</h2><p>{}</p><ul class=\"moved-units\">",
        label(["移动的单元", "Units that moved"]),
        both(|language| sentences::moves(language, lineage))
    )?;
    for moved in moved.iter().take(MOST_LINES) {
        writeln!(out, "<li>{}</li>", both(|language| sentences::moved(language, moved)))?;
    }
    writeln!(out, "</ul>")?;
    write_rest(out, moved.len(), MOST_LINES)?;
    writeln!(out, "</section>")
}

/// The cells as a table.
pub(super) fn write_table(out: &mut dyn Write, explanation: &Explanation) -> io::Result<()> {
    let cells = &explanation.cells;
    let mut listed: Vec<usize> = (0..cells.len()).collect();
    if listed.len() > MOST_ROWS {
        let off = |at: usize| (cells[at].judged.is_in_tolerance, -cells[at].judged.deviation.abs());
        listed.sort_by(|&a, &b| off(a).0.cmp(&off(b).0).then(off(a).1.total_cmp(&off(b).1)));
        listed.truncate(MOST_ROWS);
    }
    let columns = [
        ["网格", "Cell"],
        ["上级", "Parent"],
        ["权重", "Weight"],
        ["偏差", "From the mean"],
        ["单元", "Units"],
        ["紧凑度", "Compactness"],
        ["最远步行（米）", "Longest walk (m)"],
        ["边界（米）", "Border (m)"],
    ];
    writeln!(
        out,
        "<section><h2 id=\"table-title\">{}</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"table-title\"><table id=\"table\" aria-labelledby=\"table-title\"><thead><tr>",
        label(["全部网格", "The cells"])
    )?;
    for (at, words) in columns.into_iter().enumerate() {
        let class = if at < 2 { "" } else { " class=\"number\"" };
        writeln!(
            out,
            r#"<th scope="col"{class}><button type="button" data-sort="{at}">{}</button></th>"#,
            label(words)
        )?;
    }
    writeln!(out, "</tr></thead><tbody>")?;
    for &at in &listed {
        write_row(out, at, &cells[at])?;
    }
    writeln!(out, "</tbody></table></div>")?;
    write_rest(out, cells.len(), MOST_ROWS)?;
    writeln!(out, "</section>")
}

fn write_row(out: &mut dyn Write, at: usize, cell: &ExplainedCell) -> io::Result<()> {
    let judged = &cell.judged;
    let parent = judged.parent.as_deref().map(|parent| escaped(&sentences::name(parent)));
    let class = match (judged.is_in_tolerance, &judged.certificate) {
        (true, _) => "",
        (false, Some(_)) => r#" class="certified""#,
        (false, None) => r#" class="open""#,
    };
    let walk = cell.longest_walk.as_ref().map(|walk| format!("{:.0}", walk.length_m));
    let border_mm = cell.border.cells_mm + cell.border.parents_mm + cell.border.outer_mm;
    writeln!(
        out,
        "<tr{class}><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{:+.1}%</td><td>{}</td><td>{:.3}</td><td>{}</td><td>{}</td></tr>",
        button(at, cell),
        parent.unwrap_or_default(),
        judged.weight,
        judged.deviation * 100.0,
        judged.unit_count,
        judged.polsby_popper,
        walk.unwrap_or_default(),
        border_mm / 1_000
    )
}

/// A cell's name that leads to it on the map.
fn button(at: usize, cell: &ExplainedCell) -> String {
    let name = escaped(&sentences::name(&cell.judged.cell));
    format!(r#"<button type="button" class="cell" data-cell="{at}">{name}</button>"#)
}

/// That a list is not whole.
fn write_rest(out: &mut dyn Write, count: usize, most: usize) -> io::Result<()> {
    if count <= most {
        return Ok(());
    }
    let said = [
        format!("共 {count} 项，此处列出 {most} 项；报告的 JSON 中有全部。"),
        format!("{most} of {count} are listed; the report as JSON has all."),
    ];
    writeln!(out, "<p class=\"note\">{}</p>", label([&said[0], &said[1]]))
}
