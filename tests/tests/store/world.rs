//! A small district near Manila in a new database, and what happens in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use api::store::plans::Publication;
use api::store::{Attempt, DatabaseSettings, Outcome, Store};
use chrono::{DateTime, TimeDelta, Utc};
use domain::access::Scope;
use domain::cell::{Cell, CellCode, CellKind, CellSetting};
use domain::district::{District, DistrictCode};
use domain::event::Event;
use domain::household::Household;
use domain::ids::{CellId, ClientKey, DistrictId, HouseholdId, IncidentId, PlanVersion};
use domain::incident::{Channel, Incident, IncidentAction, IncidentDraft, IncidentStep};
use domain::level::LevelRank;
use domain::plan::{Plan, PlanParts};
use domain::rules::Rules;
use domain::text::{IncidentText, LocalTexts, Note};
use geo_tools::coverage::{Area, BuildOptions, build};
use geo_tools::{Polygon, Position};
use uuid::Uuid;

pub(crate) const NEAREST_WITHIN_M: f64 = 25.0;

pub(crate) const TOWNSHIP: CellId = CellId(Uuid::from_u128(1));
pub(crate) const WEST: CellId = CellId(Uuid::from_u128(2));
pub(crate) const EAST: CellId = CellId(Uuid::from_u128(3));
pub(crate) const NORTH: CellId = CellId(Uuid::from_u128(4));

/// Where the border between west and east runs in the first plan.
pub(crate) const FIRST_CUT: f64 = 120.990;

pub(crate) fn at(lon: f64, lat: f64) -> Position {
    Position::new(lon, lat).expect("in range")
}

pub(crate) fn noon() -> DateTime<Utc> {
    "2026-06-01T04:00:00Z".parse().expect("a time")
}

pub(crate) fn minutes(count: i64) -> TimeDelta {
    TimeDelta::minutes(count)
}

/// A store in a database of its own, migrated.
pub(crate) struct TestStore {
    pub(crate) store: Store,
    pub(crate) settings: DatabaseSettings,
    /// Holds the SQLite file.
    pub(crate) folder: tempfile::TempDir,
    ids: Arc<AtomicU64>,
}

impl TestStore {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}", folder.path().join("gridward.db").display());
        Self::open(url, folder).await
    }

    pub(crate) async fn postgres() -> Option<Self> {
        let url = tests::postgres::Postgres::shared()?.new_database().await;
        Some(Self::open(url, tempfile::tempdir().expect("a temporary folder")).await)
    }

    async fn open(url: String, folder: tempfile::TempDir) -> Self {
        let settings = DatabaseSettings::new(url);
        let store = Store::connect(&settings).await.expect("the database opens");
        store.migrate().await.expect("the migrations run");
        Self { store, settings, folder, ids: Arc::new(AtomicU64::new(1)) }
    }

    /// A connection beside the store's, to look at tables, or to damage them.
    pub(crate) async fn beside(&self) -> sea_orm::DatabaseConnection {
        sea_orm::Database::connect(&self.settings.url).await.expect("the database answers")
    }

    pub(crate) fn new_id(&self) -> Uuid {
        let count = self.ids.fetch_add(1, Ordering::Relaxed);
        uuid::Builder::from_unix_timestamp_millis(1_780_000_000_000 + count, &[7; 10]).into_uuid()
    }

    pub(crate) fn attempt(&self) -> Attempt {
        self.attempt_at(noon())
    }

    pub(crate) fn attempt_at(&self, at: DateTime<Utc>) -> Attempt {
        let key = ClientKey::parse(&self.new_id().to_string()).expect("version 7");
        Attempt { actor: None, key: Some(key), input_hash: [1; 32], at }
    }

    /// A district with the first plan in force.
    pub(crate) async fn with_plan(&self) -> (District, Arc<Plan>) {
        let mut district = self.with_district(9, "410184").await;
        let plan = self.publish(&district, None, plan(&district, 1, FIRST_CUT)).await;
        district.plan_version = Some(plan.version());
        (district, plan)
    }

    pub(crate) async fn with_district(&self, id: u128, code: &str) -> District {
        let district = district(id, code);
        let added = self.store.insert_district(&district, Rules::DEFAULT_TEXT).await.expect("a statement");
        assert!(added, "the code is free");
        district
    }

    pub(crate) async fn publish(&self, district: &District, base: Option<i32>, plan: Plan) -> Arc<Plan> {
        let version = plan.version();
        assert_eq!(plan.district(), district.id);
        let outcome = self.try_publish(base, &plan).await;
        assert_eq!(outcome, Outcome::Done(version));
        Arc::new(plan)
    }

    pub(crate) async fn try_publish(&self, base: Option<i32>, plan: &Plan) -> Outcome<PlanVersion> {
        let publication = Publication {
            plan,
            base: base.map(PlanVersion),
            nearest_within_m: NEAREST_WITHIN_M,
            note: Some("drawn anew"),
        };
        self.store.publish_plan(&publication, &self.attempt()).await.expect("a transaction")
    }

    pub(crate) fn report(&self, district: &District, plan: &Plan, at: Position) -> (Incident, IncidentStep) {
        self.report_at(district, plan, at, noon())
    }

    pub(crate) fn report_at(
        &self,
        district: &District,
        plan: &Plan,
        at: Position,
        now: DateTime<Utc>,
    ) -> (Incident, IncidentStep) {
        let draft = IncidentDraft {
            category: "street-light".into(),
            text: IncidentText::parse("路灯坏了, 100% dark").expect("a text"),
            position: at,
            accuracy_m: Some(12.5),
            channel: Channel::QrCode,
            occurred_at: None,
        };
        let id = IncidentId(self.new_id());
        Incident::file(draft, district, plan, id, None, now).expect("a good report")
    }

    pub(crate) async fn stored(&self, district: &District, plan: &Plan, at: Position) -> Incident {
        let (incident, step) = self.report(district, plan, at);
        self.store_report(&incident, &step).await.0
    }

    pub(crate) async fn store_report(&self, incident: &Incident, step: &IncidentStep) -> (Incident, Event) {
        done(self.store.insert_incident(incident, step, &self.attempt()).await.expect("a transaction"))
    }

    pub(crate) async fn household(&self, scope: &Scope, id: HouseholdId) -> Option<Household> {
        self.store.households_by_id(scope, &[id]).await.expect("a statement").pop()
    }

    pub(crate) async fn closed(
        &self,
        district: &District,
        before: &Incident,
        now: DateTime<Utc>,
    ) -> Incident {
        let (after, step) = closing(district, before, now);
        let scope = Scope::system(district.id);
        let outcome = self.store.change_incident(&scope, before, &after, &step, &self.attempt_at(now)).await;
        done(outcome.expect("a transaction")).0
    }
}

pub(crate) fn closing(
    district: &District,
    before: &Incident,
    now: DateTime<Utc>,
) -> (Incident, IncidentStep) {
    let note = Some(Note::parse("mended").expect("a note"));
    before.change(IncidentAction::Close, note, &district.rules, None, now).expect("it can be closed")
}

pub(crate) fn done<T: std::fmt::Debug, C: std::fmt::Debug>(outcome: Outcome<T, C>) -> T {
    match outcome {
        Outcome::Done(done) => done,
        other => panic!("not done: {other:?}"),
    }
}

pub(crate) fn district(id: u128, code: &str) -> District {
    District {
        id: DistrictId(Uuid::from_u128(id)),
        code: DistrictCode::parse(code).expect("a code"),
        names: LocalTexts::new([("zh", "示例区"), ("en", "Example")]).expect("names"),
        time_zone: "Asia/Shanghai".parse().expect("a zone"),
        exercise: false,
        attribution: Some("© somebody".into()),
        plan_version: None,
        basemap_version: 0,
        rules: Arc::new(Rules::default()),
    }
}

fn cell(id: CellId, code: &str, rank: u8, parent: Option<CellId>) -> Cell {
    Cell {
        id,
        code: CellCode::parse(code).expect("a code"),
        rank: LevelRank(rank),
        names: LocalTexts::new([("zh", "网格"), ("en", code)]).expect("names"),
        parent,
        kind: CellKind::Base,
        setting: CellSetting::Rural,
        since: PlanVersion(1),
    }
}

/// West and east side by side in a township, cut at a longitude; a cell of its own to the north.
pub(crate) fn plan(district: &District, version: i32, cut: f64) -> Plan {
    let square = |west: f64, south: f64, east: f64, north: f64| Area {
        name: format!("{west}"),
        polygons: vec![Polygon {
            exterior: vec![at(west, south), at(east, south), at(east, north), at(west, north)],
            holes: Vec::new(),
        }],
    };
    let areas = [
        square(120.980, 14.600, cut, 14.605),
        square(cut, 14.600, 121.000, 14.605),
        square(120.985, 14.620, 120.995, 14.625),
    ];
    let coverage = build(&areas, &BuildOptions::default()).coverage.expect("squares that share a side");
    Plan::assemble(PlanParts {
        district: district.id,
        version: PlanVersion(version),
        in_force_since: noon(),
        cells: vec![
            cell(TOWNSHIP, "T", 0, None),
            cell(WEST, "W", 2, Some(TOWNSHIP)),
            cell(EAST, "E", 2, Some(TOWNSHIP)),
            cell(NORTH, "N", 2, None),
        ],
        leaf_cells: vec![WEST, EAST, NORTH],
        coverage,
    })
    .expect("a plan")
}

/// Numbers that look random and are the same each time.
pub(crate) struct Seeded(pub(crate) u64);

impl Seeded {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    /// A position around the cells, inside them more often than not.
    pub(crate) fn position(&mut self) -> Position {
        let lon = 120.975 + self.below(300_000) as f64 / 1e7;
        let lat = 14.598 + self.below(300_000) as f64 / 1e7;
        at(lon, lat)
    }
}
