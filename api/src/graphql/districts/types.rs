//! A district as it goes out, with its levels, categories and stages.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};

use crate::graphql::context::ContextExt;
use crate::graphql::error::outward;
use crate::graphql::id::GlobalId;
use crate::graphql::incidents::IncidentFilter;
use crate::graphql::location::Bounds;
use crate::graphql::text::{LocalText, local_texts};
use crate::service::incidents::IncidentCounts;

/// What kind of problem an incident is.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "domain::rules::Colour")]
pub enum Colour {
    /// Can be solved now.
    Yellow,
    /// Needs several parties.
    Orange,
    /// Takes long, or needs the level above.
    Red,
}

/// One level of a district's grid.
#[derive(SimpleObject, Clone, Debug)]
pub struct Level {
    /// Its name in queries and files, such as `township`.
    key: String,
    /// Its names for people.
    names: Vec<LocalText>,
    /// How many households a cell of this level is meant to hold; shows a deviation, never rejects.
    target_households: Option<u32>,
}

impl From<&domain::level::Level> for Level {
    fn from(level: &domain::level::Level) -> Self {
        Self {
            key: level.key.clone(),
            names: local_texts(&level.names),
            target_households: level.target_households,
        }
    }
}

/// A category of incidents.
#[derive(SimpleObject, Clone, Debug)]
pub struct Category {
    /// Its name in queries, inputs and files.
    code: String,
    /// Its names for people.
    names: Vec<LocalText>,
    /// What kind of problem it is.
    colour: Colour,
}

impl From<&domain::rules::Category> for Category {
    fn from(category: &domain::rules::Category) -> Self {
        Self {
            code: category.code.clone(),
            names: local_texts(&category.names),
            colour: category.colour.into(),
        }
    }
}

impl Category {
    /// A category that a newer rule file dropped: known by its code alone.
    pub(in crate::graphql) fn dropped(code: &str, colour: domain::rules::Colour) -> Self {
        Self { code: code.to_owned(), names: Vec::new(), colour: colour.into() }
    }
}

/// A stage that an incident can be in.
#[derive(SimpleObject, Clone, Debug)]
pub struct Stage {
    /// Its name in queries, inputs and files.
    key: String,
    /// Its names for people.
    names: Vec<LocalText>,
    /// Whether an incident in it still waits for something.
    open: bool,
}

impl From<&domain::rules::Stage> for Stage {
    fn from(stage: &domain::rules::Stage) -> Self {
        Self { key: stage.key.0.clone(), names: local_texts(&stage.names), open: stage.open }
    }
}

impl Stage {
    /// The stage of a district with a key; one that a newer rule file dropped is known by its key and counts as open.
    pub(in crate::graphql) fn of(
        district: &domain::district::District,
        key: &domain::rules::StageKey,
    ) -> Self {
        let dropped = || Self { key: key.0.clone(), names: Vec::new(), open: true };
        district.rules.stage(key).map_or_else(dropped, Self::from)
    }
}

/// How many incidents, by what they wait for.
#[derive(SimpleObject, Clone, Copy, Debug)]
pub struct Counts {
    /// Those that wait for something; `due` and `overdue` are among them.
    open: i32,
    /// Open, and to be cleared within the next 24 hours.
    due: i32,
    /// Open, and past the time by which they were to be cleared.
    overdue: i32,
    /// Those that are closed.
    closed: i32,
}

impl From<IncidentCounts> for Counts {
    fn from(counts: IncidentCounts) -> Self {
        let shown = |count: u64| i32::try_from(count).unwrap_or(i32::MAX);
        Self {
            open: shown(counts.open),
            due: shown(counts.due),
            overdue: shown(counts.overdue),
            closed: shown(counts.closed),
        }
    }
}

/// A district: everything else belongs to one.
#[derive(Clone, Debug)]
pub struct District(Arc<domain::district::District>);

impl From<Arc<domain::district::District>> for District {
    fn from(district: Arc<domain::district::District>) -> Self {
        Self(district)
    }
}

/// A district: everything else belongs to one.
#[Object]
impl District {
    /// Names this district everywhere.
    pub(in crate::graphql) async fn id(&self) -> ID {
        GlobalId::District(self.0.id).to_id()
    }

    /// What queries and addresses call it by, such as 410184.
    async fn code(&self) -> &str {
        self.0.code.as_str()
    }

    /// Its names.
    async fn names(&self) -> Vec<LocalText> {
        local_texts(&self.0.names)
    }

    /// The IANA time zone in which its days begin and its clocks are shown, such as `Asia/Shanghai`.
    async fn time_zone(&self) -> &str {
        self.0.time_zone.name()
    }

    /// Its levels, from the largest down.
    async fn levels(&self) -> Vec<Level> {
        self.0.rules.levels().iter().map(Level::from).collect()
    }

    /// What incidents can be about.
    async fn categories(&self) -> Vec<Category> {
        self.0.rules.categories().iter().map(Category::from).collect()
    }

    /// The stages that an incident can be in; it begins in the first.
    async fn stages(&self) -> Vec<Stage> {
        self.0.rules.stages().iter().map(Stage::from).collect()
    }

    /// The version of the plan in force; null until cells are imported.
    async fn plan_version(&self) -> Option<i32> {
        self.0.plan_version.map(|version| version.0)
    }

    /// The box around its cells; null until there are some.
    async fn bounds(&self, ctx: &Context<'_>) -> Option<Result<Bounds>> {
        let bounds = ctx.services().district_bounds(ctx.viewer(), &self.0).await;
        bounds.map(|bounds| bounds.map(Bounds::from)).map_err(outward).transpose()
    }

    /// Whether what happens here is a drill: the real flow, kept out of figures. The demo is one.
    async fn exercise(&self) -> bool {
        self.0.exercise
    }

    /// Whom the map's data is owed to. Show it on every map.
    async fn attribution(&self) -> Option<&str> {
        self.0.attribution.as_deref()
    }

    /// Its incidents that the viewer may see, counted; those outside every cell included.
    #[graphql(complexity = "child_complexity.saturating_add(10)")]
    async fn counts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which incidents; left out, all.")] filter: Option<IncidentFilter>,
    ) -> Option<Result<Counts>> {
        let filter = filter.unwrap_or_default().into();
        let counts = ctx.services().district_counts(ctx.viewer(), &self.0, &filter).await;
        Some(counts.map(Counts::from).map_err(outward))
    }

    /// Part of the address of map tiles; it changes when the base map or the plan does.
    async fn map_version(&self) -> String {
        format!("{}-{}", self.0.plan_version.map_or(0, |version| version.0), self.0.basemap_version)
    }
}
