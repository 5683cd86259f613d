//! Units out of a file of areas: what each weighs, whose it is, and what lies beside it.

use std::collections::HashMap;

use clap::Args;
use geo_tools::coverage::Area;
use geo_tools::districting::{Link, Unit, UnitGraph, links_of, millimetres, perimeter_mm};
use geo_tools::formats::csv::{self, CsvOptions, Ids, Positions};
use geo_tools::formats::{Caps, Feature, Options};
use geo_tools::{Bounds, Code, Coverage, Polygon, Problem, measure, shown};

use crate::assign::join;
use crate::districting::barriers::{read_barred, within_m};
use crate::districting::clear::ClearArguments;
use crate::districting::rounds::RoundArguments;
use crate::districting::work::{Due, Work, WorkArguments};
use crate::input::{Areas, open, read_features, text_of};
use crate::problems::Problems;
use crate::validate::in_the_file;
use crate::{Unusable, Verdict};

/// Which units.
#[derive(Args)]
pub(crate) struct UnitsArguments {
    /// The units: polygons that do not overlap, as GeoJSON, Shapefile, GeoPackage or FlatGeobuf; - is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) units: String,
    /// The property that names a unit; `id` is the feature's own id where no feature has such a property.
    #[arg(long, value_name = "PROPERTY")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) work: WorkArguments,
    /// The property that names what a unit belongs to; no cell reaches out of it.
    #[arg(long, value_name = "PROPERTY")]
    pub(crate) parent: Option<String>,
    /// Which units lie beside each other: a table whose first two columns are ids and whose third, if there is one, is
    /// how many metres of border they share. Without it whoever shares a border.
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) adjacency: Option<String>,
    /// Lines that no cell reaches across: rivers, railways, trunk roads, in any format that units may have. A line whose
    /// property `bridge` is set joins the units on either side; one whose property `tunnel` is set parts nothing.
    #[arg(long, value_name = "LINES")]
    pub(crate) barriers: Option<String>,
    /// How near to a border a barrier runs along it, in metres.
    #[arg(long, value_name = "METRES", default_value = "10", value_parser = within_m, requires = "barriers")]
    pub(crate) barrier_within_m: f64,
    #[command(flatten)]
    pub(crate) clear: ClearArguments,
    #[command(flatten)]
    pub(crate) rounds: RoundArguments,
}

impl UnitsArguments {
    /// The files that are read.
    pub(crate) fn inputs(&self) -> Vec<&str> {
        let more = [&self.adjacency, &self.barriers, &self.clear.clear_lines, &self.rounds.streets];
        let more = more.into_iter().filter_map(|path| path.as_deref());
        std::iter::once(self.units.as_str()).chain(more).collect()
    }

    /// Whether the borders of units are needed to tell what lies along them.
    fn has_lines(&self) -> bool {
        [&self.barriers, &self.clear.clear_lines, &self.rounds.streets].into_iter().any(Option::is_some)
    }
}

/// Units as they were read.
pub(crate) struct Units {
    pub(crate) graph: UnitGraph,
    /// Their borders, where they were joined.
    pub(crate) coverage: Option<Coverage>,
    /// What each says under the properties that were asked for.
    pub(crate) said: Vec<Said>,
    /// Of what their weights are made, where they are work.
    pub(crate) work: Option<Work>,
}

/// What a unit says under two properties that were asked for.
pub(crate) type Said = [Option<String>; 2];

/// Reads units, and what they say under two properties; `None` where something keeps them from being used. All of it is
/// in the problems.
pub(crate) fn read_units_saying(
    arguments: &UnitsArguments,
    join_anyway: bool,
    asked: [Option<&str>; 2],
) -> Result<(Option<Units>, Problems), Unusable> {
    let mut areas = Areas::default();
    let features = read_features(&arguments.units, &mut areas, &Options::default())?;
    let facts: Vec<Facts> = features.iter().map(|feature| Facts::of(feature, arguments, asked)).collect();
    areas.take(features, Some(&arguments.id))?;
    let by_index: HashMap<usize, &Facts> = facts.iter().map(|facts| (facts.index, facts)).collect();
    let (mut units, mut said, mut due) = (Vec::with_capacity(areas.areas.len()), Vec::new(), Vec::new());
    for (area, index) in areas.areas.iter().zip(&areas.indexes) {
        let Some(facts) = by_index.get(index) else { continue };
        for problem in facts.problems(&area.name) {
            areas.problems.push(problem)?;
        }
        units.push(facts.unit(area));
        said.push(facts.said.clone());
        due.push(facts.due());
    }
    if units.is_empty() && areas.problems.verdict() == Verdict::Fine {
        areas
            .problems
            .push(Problem::error(Code::MissingField, "the file holds no polygon that could be a unit"))?;
    }
    let mut coverage = None;
    let join_anyway = join_anyway || arguments.has_lines();
    if !units.is_empty() && (arguments.adjacency.is_none() || join_anyway) {
        let (joined, found) = join(&areas.areas);
        coverage = joined;
        let found: Vec<Problem> = found.into_iter().map(|problem| in_the_file(problem, &areas)).collect();
        areas.problems.extend_of_coverage(found);
    }
    let links = match (&arguments.adjacency, &coverage) {
        (Some(path), _) => listed_links(path, &units, &mut areas.problems)?,
        (None, Some(coverage)) => links_of(coverage),
        (None, None) => Vec::new(),
    };
    let mut problems = std::mem::take(&mut areas.problems);
    let barred = match (&arguments.barriers, &coverage) {
        (Some(path), Some(coverage)) => {
            read_barred((path, arguments.barrier_within_m), coverage, &mut problems)?
        }
        _ => Vec::new(),
    };
    let clear = arguments.clear.read(coverage.as_ref(), &mut problems)?;
    let rounds = arguments.rounds.read(coverage.as_ref(), (&units, &due), &mut problems)?;
    if problems.verdict() == Verdict::Errors {
        return Ok((None, problems));
    }
    match UnitGraph::new(units, links) {
        Ok(graph) => {
            let (graph, work) = (graph.with_barred(&barred), arguments.work.work(due));
            let graph = if let Some(clear) = &clear { graph.with_clear(clear) } else { graph };
            let graph = if let Some(rounds) = rounds { graph.with_rounds(rounds) } else { graph };
            Ok((Some(Units { graph, coverage, said, work }), problems))
        }
        Err(found) => {
            problems.extend_of_coverage(found);
            Ok((None, problems))
        }
    }
}

/// What a feature says beside its shape.
struct Facts {
    index: usize,
    line: u64,
    pointer: String,
    due: Result<Due, Vec<Problem>>,
    parent: Result<Option<String>, Box<Problem>>,
    said: Said,
}

impl Facts {
    fn of(feature: &Feature, arguments: &UnitsArguments, asked: [Option<&str>; 2]) -> Self {
        let place = |property: &str| format!("{}/properties/{property}", feature.pointer);
        let parent = arguments.parent.as_ref().map(|property| {
            text_of(feature.properties.get(property)).ok_or_else(|| {
                let message = format!("the unit has no property {property} that is a text or a number");
                let problem = Problem::error(Code::MissingField, message);
                Box::new(Problem { pointer: Some(place(property)), ..problem })
            })
        });
        let (index, line, pointer) = (feature.index, feature.line, feature.pointer.clone());
        let said = asked.map(|property| without_blanks(&text_of(feature.properties.get(property?))?));
        Self { index, line, pointer, due: arguments.work.due(feature), parent: parent.transpose(), said }
    }

    /// What the unit weighs; nothing where that is a problem.
    fn due(&self) -> Due {
        self.due.as_ref().copied().unwrap_or_default()
    }

    fn problems(&self, name: &str) -> Vec<Problem> {
        let of_weight = self.due.as_ref().err().into_iter().flatten();
        let of_parent = self.parent.as_ref().err().map(|problem| &**problem);
        let placed = |problem: &Problem| Problem {
            features: vec![name.to_owned()],
            indexes: vec![self.index],
            line: Some(self.line),
            pointer: problem.pointer.clone().or_else(|| Some(self.pointer.clone())),
            ..problem.clone()
        };
        of_weight.chain(of_parent).map(placed).collect()
    }

    fn unit(&self, area: &Area) -> Unit {
        let corners = area.polygons.iter().flat_map(Polygon::rings).flatten().copied();
        #[expect(clippy::expect_used, reason = "a polygon that was read has corners")]
        let bounds = Bounds::of(corners).expect("a polygon that was read has corners");
        Unit {
            id: without_blanks(&area.name).unwrap_or_else(|| area.name.clone()),
            parent: self.parent.as_ref().ok().cloned().flatten(),
            weight: self.due().weight,
            at: bounds.center(),
            perimeter_mm: perimeter_mm(&area.polygons),
            area_m2: area.polygons.iter().map(measure::area_m2).sum(),
        }
    }
}

/// A name as it will be read again out of a plan, where blanks around it do not count; `None` where nothing else is there.
fn without_blanks(text: &str) -> Option<String> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The links of a table.
fn listed_links(path: &str, units: &[Unit], problems: &mut Problems) -> Result<Vec<Link>, Unusable> {
    let known: HashMap<&str, u32> = units.iter().map(|unit| unit.id.as_str()).zip(0..).collect();
    let options = CsvOptions { ids: Ids::AsGiven, positions: Positions::Ignored, ..CsvOptions::default() };
    let mut links = Vec::new();
    for item in csv::read(open(path)?, &options, &Caps::default()) {
        let row = match item {
            csv::Item::Row(row) => row,
            csv::Item::Problem(problem) => {
                problems.push_of(path, problem)?;
                continue;
            }
        };
        match link(&row.cells, &known) {
            Ok(link) => links.push(link),
            Err(problem) => {
                problems.push_of(path, Problem { line: Some(row.line), ..*problem })?;
            }
        }
    }
    Ok(links)
}

fn link(cells: &[String], known: &HashMap<&str, u32>) -> Result<Link, Box<Problem>> {
    let wrong = |code: Code, message: String| Box::new(Problem::error(code, message));
    let [first, second, rest @ ..] = cells else {
        return Err(wrong(Code::MissingField, "a row of the adjacency has two ids".to_owned()));
    };
    let find = |id: &String| {
        known.get(id.trim()).copied().ok_or_else(|| {
            let message = format!(
                "the adjacency names unit \u{201c}{}\u{201d}, which is not among the units",
                shown::text(id)
            );
            wrong(Code::UnknownUnit, message)
        })
    };
    let shared_m = match rest.first() {
        None => 1.0,
        Some(text) => {
            text.trim().parse::<f64>().ok().filter(|length_m| (0.0..1e9).contains(length_m)).ok_or_else(
                || {
                    wrong(
                        Code::BadValue,
                        format!("\u{201c}{}\u{201d} is not a length in metres", shown::text(text)),
                    )
                },
            )?
        }
    };
    Ok(Link { first: find(first)?, second: find(second)?, shared_mm: millimetres(shared_m) })
}
