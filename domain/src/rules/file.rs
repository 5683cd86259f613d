//! Reading a rule file: its TOML shape, and every problem of what it says.

use std::collections::{BTreeMap, HashSet};

use chrono::TimeDelta;
use serde::Deserialize;

use super::{Category, Colour, Rules, Stage, StageKey, Transition};
use crate::incident::IncidentAction;
use crate::level::Level;
use crate::text::LocalTexts;

/// One thing that is wrong with a rule file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{place}: {message}")]
pub struct RuleProblem {
    /// Where: `stage[2].key`, or the line that could not be read.
    pub place: String,
    /// What, what was given, what is allowed.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    level: Vec<LevelEntry>,
    stage: Vec<StageEntry>,
    transition: Vec<TransitionEntry>,
    category: Vec<CategoryEntry>,
    clock: ClockEntry,
    location: LocationEntry,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LevelEntry {
    key: String,
    names: BTreeMap<String, String>,
    target_households: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StageEntry {
    key: String,
    names: BTreeMap<String, String>,
    open: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TransitionEntry {
    action: IncidentAction,
    from: Vec<String>,
    to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryEntry {
    code: String,
    names: BTreeMap<String, String>,
    colour: Colour,
    public: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockEntry {
    yellow: Clock,
    orange: Clock,
    red: Clock,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clock {
    clear_within_hours: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LocationEntry {
    nearest_within_m: f64,
    max_accuracy_m: f64,
}

const MAX_LEVELS: usize = 10;
const MAX_CLEAR_WITHIN_HOURS: u32 = 24 * 366;

#[derive(Default)]
struct Findings(Vec<RuleProblem>);

impl Findings {
    fn add(&mut self, place: String, message: impl ToString) {
        self.0.push(RuleProblem { place, message: message.to_string() });
    }

    fn names(&mut self, place: String, names: &BTreeMap<String, String>) -> LocalTexts {
        let pairs = names.iter().map(|(language, text)| (language.as_str(), text.as_str()));
        LocalTexts::new(pairs).unwrap_or_else(|problem| {
            self.add(place, problem);
            LocalTexts::default()
        })
    }

    fn keys<'a>(&mut self, list: &str, keys: impl Iterator<Item = &'a str>) -> HashSet<&'a str> {
        let mut known = HashSet::new();
        for (index, key) in keys.enumerate() {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            if key.is_empty() || key.len() > 40 || !key.bytes().all(plain) {
                self.add(
                    format!("{list}[{index}]"),
                    format!("{key:?} must be 1 to 40 of a-z, 0-9 and hyphens"),
                );
            } else if !known.insert(key) {
                self.add(format!("{list}[{index}]"), format!("{key:?} stands there twice"));
            }
        }
        if known.is_empty() {
            self.add(list.to_owned(), "at least one is needed");
        }
        known
    }
}

pub(super) fn read(text: &str) -> Result<Rules, Vec<RuleProblem>> {
    let file: RuleFile = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        vec![RuleProblem { place: format!("line {line}"), message: error.message().to_owned() }]
    })?;
    let mut findings = Findings::default();
    check_references(&file, &mut findings);
    let clear_within = [
        clear_within(&file.clock.yellow, "clock.yellow", &mut findings),
        clear_within(&file.clock.orange, "clock.orange", &mut findings),
        clear_within(&file.clock.red, "clock.red", &mut findings),
    ];
    let rules = Rules {
        levels: levels(&file, &mut findings),
        stages: stages(&file, &mut findings),
        transitions: transitions(&file),
        categories: categories(&file, &mut findings),
        clear_within,
        nearest_within_m: file.location.nearest_within_m,
        max_accuracy_m: file.location.max_accuracy_m,
    };
    if findings.0.is_empty() { Ok(rules) } else { Err(findings.0) }
}

fn check_references(file: &RuleFile, findings: &mut Findings) {
    findings.keys("level", file.level.iter().map(|level| level.key.as_str()));
    findings.keys("category", file.category.iter().map(|category| category.code.as_str()));
    let stages = findings.keys("stage", file.stage.iter().map(|stage| stage.key.as_str()));
    if file.level.len() > MAX_LEVELS {
        findings
            .add("level".into(), format!("{} levels; at most {MAX_LEVELS} are allowed", file.level.len()));
    }
    if file.stage.first().is_some_and(|first| !first.open) {
        findings.add("stage[0].open".into(), "an incident begins in the first stage, so that must be open");
    }
    for (index, transition) in file.transition.iter().enumerate() {
        for stage in transition.from.iter().chain([&transition.to]) {
            if !stages.contains(stage.as_str()) {
                findings.add(format!("transition[{index}]"), format!("there is no stage {stage:?}"));
            }
        }
    }
    let metres = [
        ("nearest_within_m", file.location.nearest_within_m, 0.0..=1000.0),
        ("max_accuracy_m", file.location.max_accuracy_m, 1.0..=50_000.0),
    ];
    for (name, given, allowed) in metres {
        if !allowed.contains(&given) {
            let message = format!("{given} m; {} to {} m are allowed", allowed.start(), allowed.end());
            findings.add(format!("location.{name}"), message);
        }
    }
}

fn clear_within(clock: &Clock, place: &str, findings: &mut Findings) -> TimeDelta {
    let hours = clock.clear_within_hours;
    if !(1..=MAX_CLEAR_WITHIN_HOURS).contains(&hours) {
        let message = format!("{hours} hours; 1 to {MAX_CLEAR_WITHIN_HOURS} are allowed");
        findings.add(format!("{place}.clear_within_hours"), message);
    }
    TimeDelta::hours(i64::from(hours))
}

fn levels(file: &RuleFile, findings: &mut Findings) -> Vec<Level> {
    let level = |(index, entry): (usize, &LevelEntry)| Level {
        key: entry.key.clone(),
        names: findings.names(format!("level[{index}].names"), &entry.names),
        target_households: entry.target_households,
    };
    file.level.iter().enumerate().map(level).collect()
}

fn stages(file: &RuleFile, findings: &mut Findings) -> Vec<Stage> {
    let stage = |(index, entry): (usize, &StageEntry)| Stage {
        key: StageKey(entry.key.clone()),
        names: findings.names(format!("stage[{index}].names"), &entry.names),
        open: entry.open,
    };
    file.stage.iter().enumerate().map(stage).collect()
}

fn transitions(file: &RuleFile) -> Vec<Transition> {
    let transition = |entry: &TransitionEntry| Transition {
        action: entry.action,
        from: entry.from.iter().cloned().map(StageKey).collect(),
        to: StageKey(entry.to.clone()),
    };
    file.transition.iter().map(transition).collect()
}

fn categories(file: &RuleFile, findings: &mut Findings) -> Vec<Category> {
    let category = |(index, entry): (usize, &CategoryEntry)| Category {
        code: entry.code.clone(),
        names: findings.names(format!("category[{index}].names"), &entry.names),
        colour: entry.colour,
        public: entry.public,
    };
    file.category.iter().enumerate().map(category).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example_is_valid() {
        let rules = Rules::default();
        assert_eq!(rules.levels().len(), 4);
        assert_eq!(rules.stages()[0].key, StageKey("collected".into()));
    }

    #[test]
    fn every_problem_of_a_rule_file_is_named_at_once() {
        let text = Rules::DEFAULT_TEXT
            .replace("to = \"closed\"", "to = \"shut\"")
            .replace("red = { clear_within_hours = 240 }", "red = { clear_within_hours = 0 }")
            .replace("key = \"micro-cell\"", "key = \"cell\"");
        let problems = read(&text).expect_err("three mistakes");
        let places: Vec<&str> = problems.iter().map(|problem| problem.place.as_str()).collect();
        assert_eq!(places, ["level[3]", "transition[1]", "clock.red.clear_within_hours"]);
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let problems = read(&format!("{}\n[locations]\n", Rules::DEFAULT_TEXT)).expect_err("unknown table");
        assert!(problems[0].message.contains("locations"), "{problems:?}");
        assert!(problems[0].place.starts_with("line "));
    }
}
