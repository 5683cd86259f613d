//! Plans explained to people: as text, as a page, and under a key of the report.

use std::io::Write;

use clap::Args;
use geo_tools::districting::PlanRow;
use geo_tools::districting::explain::{Explanation, Language, Page, Subject, explain, write_page};
use serde_json::Value;

use crate::disk::Disk;
use crate::districting::{Units, read_plan};
use crate::problems::Problems;
use crate::{Unusable, Verdict};

/// How a plan is explained.
#[derive(Args)]
pub(crate) struct Explaining {
    /// Write what there is to say of each cell and of the plan as text; - is standard output.
    #[arg(long, value_name = "FILE")]
    explain: Option<String>,
    /// Write the same as a page with a map, which opens without a connection.
    #[arg(long, value_name = "FILE.html")]
    html: Option<String>,
    /// The language of the text, and in which the page opens: zh or en.
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    language: Language,
}

impl Explaining {
    /// The files that are written.
    pub(crate) fn outputs(&self) -> [Option<&str>; 2] {
        [self.explain.as_deref(), self.html.as_deref()]
    }

    /// Whether the ground of the units is needed, to be drawn.
    pub(crate) fn draws(&self) -> bool {
        self.html.is_some()
    }

    /// Explains a plan where anybody asked, be it for the report.
    pub(crate) fn explain(
        &self,
        subject: &Subject<'_>,
        (before, report): (Option<&[PlanRow]>, Option<&String>),
    ) -> Option<Explanation> {
        let is_wanted = self.explain.is_some() || self.html.is_some() || report.is_some();
        is_wanted.then(|| explain(subject, before))
    }

    /// Writes the text and the page.
    pub(crate) fn write(
        &self,
        disk: &Disk,
        (units, subject, explanation): (&Units, Subject<'_>, Option<&Explanation>),
    ) -> Result<(), Unusable> {
        let Some(explanation) = explanation else { return Ok(()) };
        if let Some(path) = &self.explain {
            let unwritable = |source| Unusable::Write { path: path.clone(), source };
            let mut out = disk.create(path).map_err(unwritable)?;
            explanation.write_text(&mut out, self.language).and_then(|()| out.flush()).map_err(unwritable)?;
        }
        if let (Some(path), Some(coverage)) = (&self.html, &units.coverage) {
            let unwritable = |source| Unusable::Write { path: path.clone(), source };
            let mut out = disk.create(path).map_err(unwritable)?;
            let page = Page { explanation, subject, coverage, language: self.language };
            write_page(&mut out, &page).and_then(|()| out.flush()).map_err(unwritable)?;
        }
        Ok(())
    }
}

/// The lines of the plan before; `Err` where the file is no plan, which was told.
pub(crate) fn read_before(path: Option<&String>) -> Result<Result<Option<Vec<PlanRow>>, Verdict>, Unusable> {
    let Some(path) = path else { return Ok(Ok(None)) };
    let mut problems = Problems::default();
    let rows = read_plan(path, &mut problems)?;
    problems.tell(path);
    Ok(if problems.verdict() == Verdict::Fine { Ok(Some(rows)) } else { Err(Verdict::Errors) })
}

/// The report with what explains it.
pub(crate) fn with_explanation(mut report: Value, explanation: Option<&Explanation>) -> Value {
    let Some(explanation) = explanation else { return report };
    if let Some(lineage) = explanation.lineage.as_ref().filter(|_| report["moved_weight"].is_null()) {
        report["moved_weight"] = lineage.moved_weight.value().into();
    }
    report["explanation"] = explanation.to_json();
    report
}
