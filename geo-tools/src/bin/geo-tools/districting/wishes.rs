//! What a plan shall keep besides, as it is given on the command line.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use clap::Args;
use geo_tools::districting::{Conditions, PlanRow, UnitGraph, Weight, Wishes};
use geo_tools::{Code, Problem, shown};

use crate::Unusable;
use crate::districting::plans::read_rows;
use crate::districting::target;
use crate::districting::units::Said;
use crate::problems::Problems;

/// Which conditions.
#[derive(Args)]
pub(crate) struct WishArguments {
    /// Cells that stay as they are: a plan with all their units. They neither count for the mean nor must be near it.
    #[arg(long, value_name = "PLAN.csv")]
    pub(crate) locked: Option<String>,
    /// Units that stay in one cell: a table with the columns unit and group.
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) together: Option<String>,
    /// The property that names a cell of its own: units that have the same are one cell of that name, however much they
    /// weigh, such as a villagers' group; units that have none are cut.
    #[arg(long, value_name = "PROPERTY")]
    pub(crate) cell_per: Option<String>,
    /// The property with the setting of a unit, such as urban or rural, which is the same for all units of a parent.
    #[arg(long, value_name = "PROPERTY", requires = "target_for")]
    pub(crate) setting: Option<String>,
    /// What a cell should weigh in a setting, such as rural=100; may be given several times.
    #[arg(long, value_name = "SETTING=WEIGHT", value_parser = target_for, requires = "setting")]
    pub(crate) target_for: Vec<(String, Weight)>,
}

impl WishArguments {
    /// The files that are read.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = &str> {
        [self.locked.as_deref(), self.together.as_deref()].into_iter().flatten()
    }

    /// The properties of units that are asked for: their cells, their settings.
    pub(crate) fn properties(&self) -> [Option<&str>; 2] {
        [self.cell_per.as_deref(), self.setting.as_deref()]
    }

    /// What all of it comes to; `None` where it cannot be had, which is in the problems.
    pub(crate) fn conditions(
        &self,
        graph: &UnitGraph,
        said: &[Said],
        problems: &mut Problems,
    ) -> Result<Option<Conditions>, Unusable> {
        let (mut wishes, errors_before) = (Wishes::default(), problems.error_count());
        if let Some(path) = &self.locked {
            wishes.locked = read_rows((path, "cell", "the locked cells"), problems)?;
        }
        if let Some(path) = &self.together {
            wishes.together = read_rows((path, "group", "the units to stay together"), problems)?;
        }
        let own_cells = graph.units().iter().zip(said).filter_map(|(unit, said)| {
            let [cell, _] = said;
            Some(PlanRow { unit: unit.id.clone(), cell: cell.clone()?, line: None })
        });
        let own_cells: Vec<PlanRow> = own_cells.collect();
        for problem in of_one_name(&wishes.locked, &own_cells) {
            problems.push(problem)?;
        }
        wishes.locked.extend(own_cells);
        for problem in self.unsaid(said) {
            problems.push(problem)?;
        }
        match self.targets(graph, said) {
            Ok(targets) => wishes.targets = targets,
            Err(problem) => problems.push(*problem)?,
        }
        match Conditions::of(graph, &wishes) {
            Ok(conditions) if problems.error_count() == errors_before => Ok(Some(conditions)),
            Ok(_) => Ok(None),
            Err(found) => {
                let in_locked: HashSet<(Option<u64>, &str)> =
                    wishes.locked.iter().map(|row| (row.line, row.unit.as_str())).collect();
                for problem in found {
                    let unit = problem.features.first().map_or("", String::as_str);
                    let is_locked = in_locked.contains(&(problem.line, unit));
                    let file = if is_locked { &self.locked } else { &self.together };
                    match file.as_ref().filter(|_| problem.line.is_some()) {
                        Some(file) => problems.push_of(file, problem)?,
                        None => problems.extend_of_coverage([problem]),
                    }
                }
                Ok(None)
            }
        }
    }

    /// What was asked for of properties and settings that no unit has, and settings with two targets.
    fn unsaid(&self, said: &[Said]) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (at, property) in self.properties().into_iter().enumerate() {
            let Some(property) = property else { continue };
            if said.iter().all(|said| said[at].is_none()) {
                let message = format!("no unit has the property \u{201c}{}\u{201d}", shown::text(property));
                problems.push(Problem::error(Code::MissingField, message));
            }
        }
        if !problems.is_empty() {
            return problems;
        }
        let known: BTreeSet<&str> = said.iter().filter_map(|[_, setting]| setting.as_deref()).collect();
        for (at, (setting, target)) in self.target_for.iter().enumerate() {
            let shown = shown::text(setting);
            if !known.contains(setting.as_str()) {
                let named = shown::list(known.iter().map(|known| shown::text(known)));
                let message = format!(
                    "a target is given for \u{201c}{shown}\u{201d}, and no unit has that setting; there are: {named}"
                );
                problems.push(Problem::error(Code::BadValue, message));
            }
            let first =
                self.target_for[..at].iter().find(|(other, first)| other == setting && first != target);
            if let Some((_, first)) = first {
                let message = format!("\u{201c}{shown}\u{201d} has two targets, {first} and {target}");
                problems.push(Problem::error(Code::ConditionsClash, message));
            }
        }
        problems
    }

    /// What a cell should weigh in each parent that has a setting.
    fn targets(&self, graph: &UnitGraph, said: &[Said]) -> Result<BTreeMap<String, Weight>, Box<Problem>> {
        let mut settings: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (unit, [_, setting]) in graph.units().iter().zip(said) {
            let Some(setting) = setting else { continue };
            let Some(parent) = &unit.parent else {
                let message = "a target for a setting is one for parents of that setting; name their property by --parent";
                return Err(Box::new(Problem::error(Code::MissingField, message)));
            };
            settings.entry(parent).or_default().insert(setting);
        }
        let mut targets = BTreeMap::new();
        for (parent, settings) in settings {
            if settings.len() > 1 {
                let named = shown::list(settings.iter().map(|setting| shown::text(setting)));
                let message = format!(
                    "parent \u{201c}{}\u{201d} has units of several settings: {named}; a parent is of one",
                    shown::text(parent)
                );
                let problem = Problem::error(Code::ConditionsClash, message);
                return Err(Box::new(Problem { features: vec![parent.to_owned()], ..problem }));
            }
            let known = self.target_for.iter().find(|(setting, _)| settings.contains(setting.as_str()));
            if let Some((_, target)) = known {
                targets.insert(parent.to_owned(), *target);
            }
        }
        Ok(targets)
    }
}

/// Where a locked cell has the name of a cell of its own that is of other units: the two would become one.
fn of_one_name(locked: &[PlanRow], own_cells: &[PlanRow]) -> Vec<Problem> {
    let (locked, own_cells) = (units_by_cell(locked), units_by_cell(own_cells));
    let mut problems = Vec::new();
    for (name, units) in &locked {
        let own = own_cells.get(name);
        let Some(stray) = own.and_then(|own| own.symmetric_difference(units).next()) else { continue };
        let mut said_by = ["the property", "the locked cell"];
        if units.contains(stray) {
            said_by.reverse();
        }
        let message = format!(
            "\u{201c}{}\u{201d} is a locked cell, and a cell by the property of units; unit \u{201c}{}\u{201d} is in it by {} and not by {}: lock all of its units, or under another name",
            shown::text(name),
            shown::text(stray),
            said_by[0],
            said_by[1]
        );
        let problem = Problem::error(Code::ConditionsClash, message);
        problems.push(Problem { features: vec![(*stray).to_owned()], ..problem });
    }
    problems
}

fn units_by_cell(rows: &[PlanRow]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut units: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in rows {
        units.entry(row.cell.as_str()).or_default().insert(row.unit.as_str());
    }
    units
}

fn target_for(text: &str) -> Result<(String, Weight), String> {
    let (setting, weight) =
        text.split_once('=').ok_or_else(|| "a setting and its target are written as rural=100".to_owned())?;
    Ok((setting.to_owned(), target(weight)?))
}
