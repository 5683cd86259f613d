//! Lines that anybody can see, and how much of a plan's borders runs along them.

use clap::Args;
use geo_tools::districting::{ClearBorder, Judgement, clear_borders};
use geo_tools::{Code, Coverage, Position, Problem};
use serde_json::Value;

use crate::Unusable;
use crate::districting::barriers::{read_lines, within_m};
use crate::problems::Problems;

/// Which lines.
#[derive(Args)]
pub(crate) struct ClearArguments {
    /// Lines that make a clear border: roads, rivers, railways, in any format that units may have. How much of the borders
    /// between cells runs along them is reported; a line whose property `tunnel` is set is left out.
    #[arg(long, value_name = "LINES")]
    pub(crate) clear_lines: Option<String>,
    /// How near to a border a clear line runs along it, in metres.
    #[arg(
        long,
        value_name = "METRES",
        default_value = "10",
        value_parser = within_m,
        requires = "clear_lines"
    )]
    pub(crate) clear_within_m: f64,
}

impl ClearArguments {
    /// What is clear of the borders of units; `None` where nobody asked. Whatever is wrong with the file is in the problems.
    pub(crate) fn read(
        &self,
        coverage: Option<&Coverage>,
        problems: &mut Problems,
    ) -> Result<Option<Vec<ClearBorder>>, Unusable> {
        let (Some(path), Some(coverage)) = (&self.clear_lines, coverage) else { return Ok(None) };
        let lines = read_lines(path, ["a clear line", "the clear lines"], problems)?;
        let lines: Vec<Vec<Position>> = lines.into_iter().map(|line| line.line).collect();
        let clear = clear_borders(coverage, &lines, self.clear_within_m);
        if clear.is_empty() {
            let message =
                format!("no border of two units runs along a clear line, within {} m", self.clear_within_m);
            problems.push_of(path, Problem::warning(Code::BadValue, message))?;
        }
        Ok(Some(clear))
    }
}

/// The report with how much of the borders runs along clear lines, where that was asked.
pub(crate) fn with_clear(
    mut report: Value,
    judgement: &Judgement,
    (arguments, worth_ppm): (&ClearArguments, Option<u32>),
) -> Value {
    let Some(clear_mm) = judgement.clear_mm else { return report };
    report["clear_m"] = (clear_mm as f64 / 1e3).into();
    report["clear_share"] = judgement.clear_share().into();
    report["clear_within_m"] = arguments.clear_within_m.into();
    report["clear_worth"] = worth_ppm.map(|worth_ppm| f64::from(worth_ppm) / 1e6).into();
    let cells = report["cells"].as_array_mut().into_iter().flatten();
    for (cell, judged) in cells.zip(&judgement.cells) {
        cell["clear_share"] = judged.clear_share.into();
    }
    report
}

/// By how much a border along a clear line counts for less, in millionths.
pub(crate) fn clear_worth_ppm(text: &str) -> Result<u32, String> {
    match text.parse::<f64>() {
        Ok(part) if (0.0..=0.9).contains(&part) => Ok((part * 1e6).round() as u32),
        _ => Err("a worth is a part of a border's length, such as 0.5: from 0 to 0.9".to_owned()),
    }
}
