//! A small town near Manila in a database of its own, with somebody of each role, asked in process.
//!
//! The way of a request is the server's from the parsed document down; only HTTP is left out. Time stands still and ids
//! are counted, so that an answer is the same in each run. Start at [`Town::start`] and [`Town::ask`].

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use api::bus::Bus;
use api::cache::Cache;
use api::clock::{Clock, IdSource};
use api::config::{DocumentLimits, ServerSecret};
use api::graphql::preflight;
use api::graphql::schema::{self, GridwardSchema};
use api::graphql::{answer, context};
use api::live::{Hub, Pace};
use api::service::Services;
use api::service::sql_count::SqlCount;
use api::store::plans::Publication;
use api::store::{Attempt, DatabaseSettings, Outcome, Store};
use async_graphql::{Request, Response, Variables};
use chrono::{DateTime, TimeDelta, Utc};
use domain::cell::{Cell, CellCode, CellKind, CellSetting};
use domain::district::{District, DistrictCode};
use domain::event::EventNumber;
use domain::ids::{CellId, DistrictId, PlanVersion, PostingId, UserId};
use domain::level::LevelRank;
use domain::plan::{Plan, PlanParts};
use domain::rules::Rules;
use domain::staff::{Posting, PostingRole, User};
use domain::text::{LocalTexts, StaffName};
use domain::viewer::{Role, Viewer};
use futures_util::StreamExt;
use geo_tools::coverage::{Area, BuildOptions, build};
use geo_tools::{Coverage, Polygon, Position};
use serde_json::{Value, json};
use uuid::Uuid;

/// The district's code.
pub const DISTRICT: &str = "410184";

/// The district's id.
pub const DISTRICT_ID: DistrictId = DistrictId(Uuid::from_u128(0xd));

const WEST: f64 = 120.98;
const SOUTH: f64 = 14.60;
/// A cell is a square of this side, about 1.1 km.
const SIDE: f64 = 0.01;

/// A town with its server's insides.
pub struct Town {
    /// The clock that everything goes by.
    pub clock: Clock,
    /// The database.
    pub store: Store,
    /// The use cases.
    pub services: Services,
    schema: GridwardSchema,
    next_key: AtomicU64,
    _folder: tempfile::TempDir,
}

impl std::fmt::Debug for Town {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Town")
            .field("store", &self.store)
            .field("services", &self.services)
            .finish_non_exhaustive()
    }
}

/// What a question was answered, and what that took.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The whole response.
    pub json: Value,
    /// The SQL statements, in the order they ended.
    pub statements: Vec<String>,
}

impl Answer {
    /// The data, where there are no errors.
    ///
    /// # Panics
    /// Where there are errors.
    pub fn data(&self) -> &Value {
        assert!(self.json.get("errors").is_none(), "{:#}", self.json);
        &self.json["data"]
    }

    /// The code of the first error.
    ///
    /// # Panics
    /// Where there is none.
    pub fn error_code(&self) -> &str {
        self.json["errors"][0]["extensions"]["code"]
            .as_str()
            .unwrap_or_else(|| panic!("no error: {:#}", self.json))
    }
}

/// The moment at which everything begins.
pub fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_286_400, 0).expect("a time")
}

/// A position in the town: so many cells east and north of its south-western corner.
pub fn at(east: f64, north: f64) -> Position {
    Position::new(WEST + east * SIDE, SOUTH + north * SIDE).expect("in range")
}

/// A position as an input.
pub fn position(east: f64, north: f64) -> Value {
    let at = at(east, north);
    json!({ "lon": at.lon(), "lat": at.lat(), "datum": "WGS84" })
}

/// The folder of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ stands in the repository").to_path_buf()
}

impl Town {
    /// A town with a township, two communities of two cells each, and staff.
    ///
    /// # Panics
    /// Where the database does not do what it must.
    pub async fn start() -> Self {
        let town = Self::without_cells().await;
        town.publish(1, None, 1.0).await;
        town
    }

    /// A district that has no plan yet.
    ///
    /// # Panics
    /// Where the database does not do what it must.
    pub async fn without_cells() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}", folder.path().join("gridward.db").display());
        let store = Store::connect(&DatabaseSettings::new(url)).await.expect("the database opens");
        store.migrate().await.expect("the migrations run");
        let clock = Clock::set_to(noon());
        let ids = IdSource::counted(clock.clone());
        let bus = Bus::local();
        let services =
            Services::new(store.clone(), Cache::new(store.clone()), bus.clone(), clock.clone(), ids);
        let hub = Hub::start(services.clone(), &bus, ServerSecret::new([7; 32]), Pace::default());
        let schema = schema::build(services.clone(), hub, &DocumentLimits::default());
        let next_key = AtomicU64::new(1);
        let town = Self { clock, store, services, schema, next_key, _folder: folder };
        let added = town.store.insert_district(&district(), Rules::DEFAULT_TEXT).await;
        assert!(added.expect("a statement"), "the code is free");
        for role in Role::ALL.into_iter().filter(|role| *role != Role::Public) {
            let user = user(role);
            let added = town.store.insert_user(&user, &Attempt::by_system(noon())).await;
            assert!(added.expect("a statement"), "the name is free");
        }
        town
    }

    /// Publishes a plan whose border between west and east runs so many cells east of the corner.
    ///
    /// # Panics
    /// Where the plan is refused.
    pub async fn publish(&self, version: i32, base: Option<i32>, cut: f64) {
        self.put_in_force(&plan(version, cut, self.clock.now()), base).await;
    }

    /// Publishes, as the first plan, one of a community `ALL` and its cells `L0` and on, for the leaves of a coverage.
    ///
    /// # Panics
    /// Where the plan is refused.
    pub async fn publish_leaves(&self, coverage: Coverage) {
        let all = Cell { rank: LevelRank(1), parent: None, ..drawn_cell(ALL, "ALL") };
        let leaves: Vec<Cell> = (0..coverage.leaf_count())
            .map(|leaf| drawn_cell(CellId(Uuid::from_u128(0x1000 + leaf as u128)), &format!("L{leaf}")))
            .collect();
        let parts = PlanParts {
            district: DISTRICT_ID,
            version: PlanVersion(1),
            in_force_since: self.clock.now(),
            leaf_cells: leaves.iter().map(|cell| cell.id).collect(),
            cells: leaves.into_iter().chain([all]).collect(),
            coverage,
        };
        self.put_in_force(&Plan::assemble(parts).expect("a plan"), None).await;
    }

    async fn put_in_force(&self, plan: &Plan, base: Option<i32>) {
        let publication =
            Publication { plan, base: base.map(PlanVersion), nearest_within_m: 25.0, note: None };
        let outcome = self.store.publish_plan(&publication, &Attempt::by_system(self.clock.now())).await;
        assert_eq!(outcome.expect("a transaction"), Outcome::Done(plan.version()));
    }

    /// Lets the server read what happened, as its hub would.
    ///
    /// # Panics
    /// Where the database does not answer.
    pub async fn learn(&self) {
        let events = self.services.events_after(DISTRICT_ID, EventNumber(0), 1000).await;
        assert!(!events.expect("events").is_empty());
    }

    /// Makes the head of the first cell responsible for it.
    ///
    /// # Panics
    /// Where the database does not do what it must.
    pub async fn with_postings(self) -> Self {
        for (number, role, kind) in
            [(1, Role::Head, PostingRole::Head), (2, Role::Dispatcher, PostingRole::Commander)]
        {
            let holder = user(role);
            let posting = Posting {
                id: PostingId(Uuid::from_u128(0xff00 + number)),
                cell: cell_id("C1-1"),
                user: holder.id,
                name: holder.name,
                role: kind,
                since: noon() - TimeDelta::days(30),
                until: None,
            };
            let added = self.store.insert_posting(DISTRICT_ID, &posting, &Attempt::by_system(noon())).await;
            added.expect("a statement");
        }
        self
    }

    /// Asks as somebody of a role.
    pub async fn ask(&self, role: Role, document: &str, variables: Value) -> Answer {
        self.ask_operation(role, document, None, variables).await
    }

    /// Asks one operation of a document as somebody of a role.
    pub async fn ask_operation(
        &self,
        role: Role,
        document: &str,
        operation: Option<&str>,
        variables: Value,
    ) -> Answer {
        let request = match self.request(role, document, operation, variables) {
            Ok(request) => request,
            Err(json) => return Answer { json, statements: Vec::new() },
        };
        let count = SqlCount::default();
        let response = count.scope(self.schema.execute(request)).await;
        Answer { json: json_of(&response), statements: count.statements() }
    }

    /// What one subscription of a document tells somebody of a role first.
    ///
    /// # Panics
    /// Where nothing comes within thirty seconds.
    pub async fn ask_subscription(
        &self,
        role: Role,
        document: &str,
        operation: &str,
        variables: Value,
    ) -> Value {
        let request = match self.request(role, document, Some(operation), variables) {
            Ok(request) => request,
            Err(json) => return json,
        };
        let mut responses = self.schema.execute_stream(request);
        let first = tokio::time::timeout(Duration::from_secs(30), responses.next()).await;
        json_of(&first.expect("an answer within thirty seconds").expect("an answer"))
    }

    /// A request as the server's front door lets it in; else its answer.
    fn request(
        &self,
        role: Role,
        document: &str,
        operation: Option<&str>,
        variables: Value,
    ) -> Result<Request, Value> {
        let admitted =
            preflight::admit(document, operation, variables.as_object(), &DocumentLimits::default())
                .map_err(|error| json!({ "errors": [error] }))?;
        let mut request = Request::new(document).variables(Variables::from_json(variables));
        if let Some(operation) = operation {
            request = request.operation_name(operation);
        }
        request.set_parsed_query(admitted.document);
        Ok(context::for_viewer(request, &self.services, viewer(role)))
    }

    /// Lets the server read the plan, so that the next question takes only its own statements.
    pub async fn warm(&self) {
        let document = "query($d: String!) { cells(district: $d, first: 1) { nodes { code } } }";
        self.ask(Role::Public, document, json!({ "d": DISTRICT })).await;
    }

    /// A client key that was not used before.
    pub fn client_key(&self) -> String {
        let count = self.next_key.fetch_add(1, Ordering::Relaxed);
        uuid::Builder::from_unix_timestamp_millis(1_780_286_400_000 + count, &[3; 10]).into_uuid().to_string()
    }

    /// A report of a street light that is out.
    pub fn report(&self, east: f64, north: f64) -> Value {
        json!({
            "clientKey": self.client_key(),
            "district": DISTRICT,
            "category": "street-light",
            "text": "东门路灯坏了",
            "position": position(east, north),
        })
    }

    /// Reports an incident as somebody of a role; answers the payload.
    pub async fn report_as(&self, role: Role, input: Value) -> Value {
        const DOCUMENT: &str = "mutation($input: ReportIncidentInput!) { reportIncident(input: $input) {
            incident { id version text cell { code } method stage { key } dueAt allowedActions }
            receipt { code stage { key } cell { code } }
            problems { code message path params { name value } }
            replayed
        } }";
        self.ask(role, DOCUMENT, json!({ "input": input })).await.data()["reportIncident"].clone()
    }

    /// The id of a cell's lineage, as it goes out.
    pub async fn lineage(&self, code: &str) -> String {
        let document = "query($district: String!, $code: String!) { cell(district: $district, code: $code) { lineage } }";
        let answer = self.ask(Role::Public, document, json!({ "district": DISTRICT, "code": code })).await;
        answer.data()["cell"]["lineage"].as_str().expect("the cell is there").to_owned()
    }
}

fn json_of(response: &Response) -> Value {
    let json = answer::written(response).and_then(|json| serde_json::from_str(&json));
    json.expect("a response is JSON")
}

/// Somebody of a role: the worker works in the western community, the head in its first cell.
pub fn viewer(role: Role) -> Viewer {
    if role == Role::Public { Viewer::public() } else { Viewer::staff(&user(role)) }
}

fn user(role: Role) -> User {
    let number = Role::ALL.iter().position(|known| *known == role).unwrap_or_default() as u128;
    User {
        id: UserId(Uuid::from_u128(0xaa00 + number)),
        district: DISTRICT_ID,
        name: StaffName::parse(&format!("{} Li", role.as_str())).expect("a name"),
        role,
        cell: match role {
            Role::Worker => Some(cell_id("C1")),
            Role::Head => Some(cell_id("C1-1")),
            _ => None,
        },
    }
}

fn district() -> District {
    District {
        id: DISTRICT_ID,
        code: DistrictCode::parse(DISTRICT).expect("a code"),
        names: LocalTexts::new([("zh", "新密"), ("en", "Xinmi")]).expect("names"),
        time_zone: "Asia/Shanghai".parse().expect("a zone"),
        exercise: false,
        attribution: Some("drawn by hand".to_owned()),
        plan_version: None,
        basemap_version: 0,
        rules: Arc::new(Rules::default()),
    }
}

/// The tree: code, rank, parent, names.
const CELLS: [(&str, u8, Option<&str>, [&str; 2]); 7] = [
    ("T1", 0, None, ["东城", "East Town"]),
    ("C1", 1, Some("T1"), ["人民路社区", "People's Road"]),
    ("C2", 1, Some("T1"), ["河边社区", "Riverside"]),
    ("C1-1", 2, Some("C1"), ["人民路一网格", "People's Road 1"]),
    ("C1-2", 2, Some("C1"), ["人民路二网格", "People's Road 2"]),
    ("C2-1", 2, Some("C2"), ["河边一网格", "Riverside 1"]),
    ("C2-2", 2, Some("C2"), ["河边二网格", "Riverside 2"]),
];

/// A cell's id by its code.
///
/// # Panics
/// For a code that the town does not have.
pub fn cell_id(code: &str) -> CellId {
    let index = CELLS.iter().position(|cell| cell.0 == code).expect("a code of the town");
    CellId(Uuid::from_u128(0xc0 + index as u128))
}

const ALL: CellId = CellId(Uuid::from_u128(0xfff));

fn drawn_cell(id: CellId, code: &str) -> Cell {
    Cell {
        id,
        code: CellCode::parse(code).expect("a code"),
        rank: LevelRank(2),
        names: LocalTexts::new([("en", code)]).expect("names"),
        parent: Some(ALL),
        kind: CellKind::Base,
        setting: CellSetting::Urban,
        since: PlanVersion(1),
    }
}

fn plan(version: i32, cut: f64, now: DateTime<Utc>) -> Plan {
    let cells = CELLS.iter().map(|(code, rank, parent, [zh, en])| Cell {
        id: cell_id(code),
        code: CellCode::parse(code).expect("a code"),
        rank: LevelRank(*rank),
        names: LocalTexts::new([("zh", *zh), ("en", *en)]).expect("names"),
        parent: parent.map(cell_id),
        kind: CellKind::Base,
        setting: CellSetting::Urban,
        since: PlanVersion(version),
    });
    let leaves =
        [("C1-1", 0.0, cut, 0.0), ("C1-2", 0.0, cut, 1.0), ("C2-1", cut, 2.0, 0.0), ("C2-2", cut, 2.0, 1.0)];
    let areas: Vec<Area> =
        leaves.iter().map(|(code, west, east, south)| square(code, *west, *east, *south)).collect();
    let coverage = build(&areas, &BuildOptions::default()).coverage.expect("the squares tile");
    let parts = PlanParts {
        district: DISTRICT_ID,
        version: PlanVersion(version),
        in_force_since: now,
        cells: cells.collect(),
        leaf_cells: leaves.iter().map(|leaf| cell_id(leaf.0)).collect(),
        coverage,
    };
    Plan::assemble(parts).expect("a plan")
}

fn square(code: &str, west: f64, east: f64, south: f64) -> Area {
    let exterior = vec![at(west, south), at(east, south), at(east, south + 1.0), at(west, south + 1.0)];
    Area { name: code.to_owned(), polygons: vec![Polygon { exterior, holes: Vec::new() }] }
}
