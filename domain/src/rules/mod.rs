//! The rule file of a district: levels, stages, clocks, categories, as data (TOML).
//!
//! Start at [`Rules::parse`], which names every problem of a file; [`Rules::default`] is the worked example that ships.
//!
//! Invariant: in rules that exist, every stage, colour and level that is referred to is there.

mod file;

use std::collections::HashSet;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::incident::IncidentAction;
use crate::level::{Level, LevelRank};
use crate::text::LocalTexts;

pub use file::RuleProblem;

/// What kind of problem an incident is (三色).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Colour {
    /// Can be solved now.
    Yellow,
    /// Needs several parties.
    Orange,
    /// Takes long, or needs the level above.
    Red,
}

/// A stage (环节) that an incident can be in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stage {
    /// Its name in queries and files.
    pub key: StageKey,
    /// Its names for people.
    pub names: LocalTexts,
    /// Whether the incident still waits for something.
    pub open: bool,
}

/// A stage's name in queries and files.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StageKey(pub String);

/// A category of incidents.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Category {
    /// Its name in queries and files.
    pub code: String,
    /// Its names for people.
    pub names: LocalTexts,
    /// What kind of problem it is, unless a handler says otherwise.
    pub colour: Colour,
    /// Whether its incidents are shown to everybody.
    pub public: bool,
}

/// From where an action leads to where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transition {
    /// What is done.
    pub action: IncidentAction,
    /// In which stages it can be done.
    pub from: Vec<StageKey>,
    /// The stage after.
    pub to: StageKey,
}

/// The rules of one district.
#[derive(Clone, PartialEq, Debug)]
pub struct Rules {
    levels: Vec<Level>,
    stages: Vec<Stage>,
    transitions: Vec<Transition>,
    categories: Vec<Category>,
    clear_within: [TimeDelta; 3],
    nearest_within_m: f64,
    max_accuracy_m: f64,
}

impl Rules {
    /// Reads a rule file.
    ///
    /// # Errors
    /// Every problem of it, each with the place in the file.
    pub fn parse(text: &str) -> Result<Self, Vec<RuleProblem>> {
        file::read(text)
    }

    /// The text of the worked example.
    pub const DEFAULT_TEXT: &str = include_str!("default.toml");

    /// The levels, from the largest down.
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// A level by its place.
    pub fn level(&self, rank: LevelRank) -> Option<&Level> {
        self.levels.get(usize::from(rank.0))
    }

    /// A level's place by its key.
    pub fn rank_of(&self, key: &str) -> Option<LevelRank> {
        let index = self.levels.iter().position(|level| level.key == key)?;
        u8::try_from(index).ok().map(LevelRank)
    }

    /// The stages; an incident begins in the first.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// A stage by its key.
    pub fn stage(&self, key: &StageKey) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.key == *key)
    }

    /// Whether an incident in a stage still waits for something; a stage that a newer rule file dropped counts as open.
    pub fn is_open(&self, key: &StageKey) -> bool {
        self.stage(key).is_none_or(|stage| stage.open)
    }

    /// The keys of the stages in which incidents still wait.
    pub fn open_stages(&self) -> Vec<&StageKey> {
        self.stages.iter().filter(|stage| stage.open).map(|stage| &stage.key).collect()
    }

    /// Where an action leads from a stage; `None` where it can't be done.
    pub fn after(&self, stage: &StageKey, action: IncidentAction) -> Option<&StageKey> {
        let fits = |transition: &&Transition| transition.action == action && transition.from.contains(stage);
        self.transitions.iter().find(fits).map(|transition| &transition.to)
    }

    /// The stages in which an action can be done.
    pub fn stages_for(&self, action: IncidentAction) -> Vec<&StageKey> {
        let of_action = self.transitions.iter().filter(|transition| transition.action == action);
        let stages: HashSet<&StageKey> = of_action.flat_map(|transition| &transition.from).collect();
        self.stages.iter().map(|stage| &stage.key).filter(|key| stages.contains(key)).collect()
    }

    /// The categories.
    pub fn categories(&self) -> &[Category] {
        &self.categories
    }

    /// A category by its code.
    pub fn category(&self, code: &str) -> Option<&Category> {
        self.categories.iter().find(|category| category.code == code)
    }

    /// A category by its code, or by one of its names as a file from elsewhere writes it.
    pub fn category_called(&self, called: &str) -> Option<&Category> {
        let named = |category: &&Category| category.names.as_slice().iter().any(|name| name.text == called);
        self.category(called).or_else(|| self.categories.iter().find(named))
    }

    /// Within what time a problem of a colour is to be cleared.
    pub fn clear_within(&self, colour: Colour) -> TimeDelta {
        let [yellow, orange, red] = self.clear_within;
        match colour {
            Colour::Yellow => yellow,
            Colour::Orange => orange,
            Colour::Red => red,
        }
    }

    /// How far outside the coverage a position still counts as the nearest cell's.
    pub fn nearest_within_m(&self) -> f64 {
        self.nearest_within_m
    }

    /// The widest accuracy circle that a report may have.
    pub fn max_accuracy_m(&self) -> f64 {
        self.max_accuracy_m
    }
}

impl Default for Rules {
    #[expect(clippy::expect_used, reason = "the text is compiled in, and a test reads it")]
    fn default() -> Self {
        Self::parse(Self::DEFAULT_TEXT).expect("the worked example is valid")
    }
}
