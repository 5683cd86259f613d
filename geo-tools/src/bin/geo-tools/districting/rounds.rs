//! Whether cells can be visited in so many days, as it is asked on the command line and told in the report.

use clap::Args;
use geo_tools::districting::{JudgedRound, Judgement, RoundRules, Rounds, Unit, Ways, Weight, streets_mm};
use geo_tools::{Code, Coverage, Position, Problem};
use serde_json::{Value, json};

use crate::Unusable;
use crate::districting::barriers::read_lines;
use crate::districting::work::Due;
use crate::problems::Problems;

const S_PER_H: f64 = 3_600.0;

/// How long a round through a cell may take, and what takes how long.
#[derive(Args)]
pub(crate) struct RoundArguments {
    /// In how many days every household of a cell shall be visited once, on foot. Cells that take longer are told; what
    /// --weight names counts as households.
    #[arg(long, value_name = "DAYS", value_parser = days)]
    visitable_days: Option<f64>,
    /// How many hours of a day there are for visits and walking.
    #[arg(long, value_name = "HOURS", default_value = "8", value_parser = hours, requires = "visitable_days")]
    visit_hours: f64,
    /// How long a visit takes.
    #[arg(
        long,
        value_name = "MINUTES",
        default_value = "3",
        value_parser = minutes,
        requires = "visitable_days"
    )]
    visit_minutes: f64,
    /// How fast one walks.
    #[arg(
        long,
        value_name = "KM/H",
        default_value = "4",
        value_parser = speed_kmh,
        requires = "visitable_days"
    )]
    walk_kmh: f64,
    /// Streets along which one walks, in any format that units may have: each where somebody lives, once. Without them the
    /// way is straight from door to door.
    #[arg(long, value_name = "LINES", requires = "visitable_days")]
    pub(crate) streets: Option<String>,
}

impl RoundArguments {
    fn rules(&self) -> Option<RoundRules> {
        let days = self.visitable_days?;
        Some(RoundRules {
            visit_s: (self.visit_minutes * 60.0).round() as u32,
            walk_m_per_h: (self.walk_kmh * 1e3).round() as u32,
            most_s: (days * self.visit_hours * S_PER_H).round() as u32,
        })
    }

    /// How units are visited; `None` where nobody asked. Whatever is wrong with the streets is in the problems.
    pub(crate) fn read(
        &self,
        coverage: Option<&Coverage>,
        (units, due): (&[Unit], &[Due]),
        problems: &mut Problems,
    ) -> Result<Option<Rounds>, Unusable> {
        let Some(rules) = self.rules() else { return Ok(None) };
        let households: Vec<Weight> = due.iter().map(|due| due.households).collect();
        let (Some(path), Some(coverage)) = (&self.streets, coverage) else {
            return Ok(Some(Rounds::straight(rules, units, &households)));
        };
        let lines = read_lines(path, ["a street", "the streets"], problems)?;
        let lines: Vec<Vec<Position>> = lines.into_iter().map(|line| line.line).collect();
        let is_lived_in: Vec<bool> = households.iter().map(|weight| weight.thousandths() > 0).collect();
        let streets_mm = streets_mm(coverage, &lines, &is_lived_in);
        if streets_mm.iter().all(|&street_mm| street_mm == 0) {
            let message = "no street lies in or beside a unit where somebody lives";
            problems.push_of(path, Problem::warning(Code::BadValue, message))?;
        }
        Ok(Some(Rounds::along_streets(rules, units, (&households, &streets_mm))))
    }
}

/// The report with how long it takes to visit cells, where that was asked.
pub(crate) fn with_rounds(
    mut report: Value,
    judgement: &Judgement,
    (arguments, rounds): (&RoundArguments, Option<&Rounds>),
) -> Value {
    let Some(rounds) = rounds else { return report };
    report["rounds"] = json!({
        "days": arguments.visitable_days,
        "hours_per_day": arguments.visit_hours,
        "visit_minutes": arguments.visit_minutes,
        "walk_kmh": arguments.walk_kmh,
        "along": match rounds.ways() {
            Ways::Straight => "STRAIGHT",
            Ways::Streets => "STREETS",
        },
        "hours": f64::from(rounds.rules().most_s) / S_PER_H,
        "in_time": judgement.in_time_share(),
    });
    let cells = report["cells"].as_array_mut().into_iter().flatten();
    for (cell, judged) in cells.zip(&judgement.cells) {
        cell["round"] = judged.round.as_ref().map(round).into();
    }
    report
}

fn round(round: &JudgedRound) -> Value {
    let certificate = round.certificate.as_ref();
    let certificate = certificate
        .map(|certificate| json!({ "reason": certificate.reason.as_str(), "detail": certificate.detail }));
    json!({
        "hours": round.all_s() / S_PER_H,
        "in_time": round.is_in_time,
        "households": round.households,
        "visit_hours": round.visits_s / S_PER_H,
        "walk_m": round.walk_m,
        "walk_hours": round.walk_s / S_PER_H,
        "certificate": certificate,
    })
}

fn days(text: &str) -> Result<f64, String> {
    number(text, [0.01, 365.0], "days are a number from 0.01 to 365")
}

fn hours(text: &str) -> Result<f64, String> {
    number(text, [0.1, 24.0], "hours of a day are a number from 0.1 to 24")
}

fn minutes(text: &str) -> Result<f64, String> {
    number(text, [0.0, 1_440.0], "minutes are a number from 0 to 1 440")
}

fn speed_kmh(text: &str) -> Result<f64, String> {
    number(text, [0.1, 20.0], "a walk has from 0.1 to 20 km/h")
}

fn number(text: &str, [least, most]: [f64; 2], allowed: &str) -> Result<f64, String> {
    let given = text.parse::<f64>().ok().filter(|given| (least..=most).contains(given));
    given.ok_or_else(|| allowed.to_owned())
}
