//! An explanation as text: the plan first, then what is wrong, then cell by cell, then what moved.

use std::io::{self, Write};

use crate::districting::explain::Language::{self, Chinese, English};
use crate::districting::explain::{ExplainedCell, Explanation, Lineage, sentences};

/// The longest bar, in characters.
const LONGEST_BAR: usize = 40;

impl Explanation {
    /// Writes everything that there is to say, a line each.
    ///
    /// # Errors
    /// What keeps the text from being written.
    pub fn write_text(&self, out: &mut dyn Write, language: Language) -> io::Result<()> {
        writeln!(out, "{}", sentences::plan(language, self))?;
        self.write_spread(out, language)?;
        let misses = self.misses();
        if !misses.is_empty() {
            heading(out, language, ["超出容差的网格", "Cells out of tolerance"])?;
            for cell in misses {
                let deviation = sentences::signed_percent(language, cell.judged.deviation);
                writeln!(out, "{}{deviation} {}", called(language, cell), sentences::miss(language, cell))?;
            }
            heading(out, language, ["放宽一条规则可以改善", "What one rule that gives way would mend"])?;
            for relaxation in &self.relaxations {
                writeln!(out, "{}", sentences::relaxation(language, relaxation))?;
            }
            if self.relaxations.is_empty() {
                let nothing = match language {
                    Chinese => "试过的都无济于事。",
                    English => "Nothing that was tried mends anything.",
                };
                writeln!(out, "{nothing}")?;
            }
        }
        heading(out, language, ["网格", "Cells"])?;
        for cell in &self.cells {
            let said = sentences::cell(language, cell, |at| &self.cells[at].judged.cell);
            let said = said.join(if language == Chinese { "" } else { " " });
            writeln!(out, "{}{said}", called(language, cell))?;
        }
        self.lineage.as_ref().map_or(Ok(()), |lineage| self.write_lineage(out, (language, lineage)))
    }

    fn write_spread(&self, out: &mut dyn Write, language: Language) -> io::Result<()> {
        heading(out, language, ["与均值的偏差", "Deviations from the mean"])?;
        let most = self.spread.iter().map(|bar| bar.cell_count).max().unwrap_or(0).max(1);
        for bar in self.spread.iter().filter(|bar| bar.cell_count > 0) {
            let length = (bar.cell_count * LONGEST_BAR).div_ceil(most);
            writeln!(out, "{}: {} {}", sentences::bar(language, bar), "█".repeat(length), bar.cell_count)?;
        }
        Ok(())
    }

    fn write_lineage(
        &self,
        out: &mut dyn Write,
        (language, lineage): (Language, &Lineage),
    ) -> io::Result<()> {
        heading(out, language, ["沿革", "Lineage"])?;
        for (cell, of) in self.cells.iter().zip(&lineage.cells) {
            writeln!(out, "{}{}", called(language, cell), sentences::lineage(language, of))?;
        }
        for old in &lineage.merged {
            let (old, into) =
                (sentences::name(&old.cell), sentences::name(&self.cells[old.in_cell].judged.cell));
            match language {
                Chinese => writeln!(out, "{old} 已撤销，大部分并入 {into}。")?,
                English => writeln!(out, "{old} was given up, most of it went to {into}.")?,
            }
        }
        heading(out, language, ["移动的单元", "Units that moved"])?;
        writeln!(out, "{}", sentences::moves(language, lineage))?;
        for moved in &lineage.moved {
            writeln!(out, "{}", sentences::moved(language, moved))?;
        }
        Ok(())
    }
}

fn heading(out: &mut dyn Write, language: Language, [chinese, english]: [&str; 2]) -> io::Result<()> {
    let heading = match language {
        Chinese => chinese,
        English => english,
    };
    writeln!(out, "\n{heading}")
}

/// A cell and its parent, as a line about it begins.
fn called(language: Language, cell: &ExplainedCell) -> String {
    let name = sentences::name(&cell.judged.cell);
    match (&cell.judged.parent, language) {
        (None, Chinese) => format!("{name}："),
        (None, English) => format!("{name}: "),
        (Some(parent), Chinese) => format!("{name}（{}）：", sentences::name(parent)),
        (Some(parent), English) => format!("{name} ({}): ", sentences::name(parent)),
    }
}
