//! The doors that bad input is put through: how each is asked, and where its answer says what is wrong.

use std::time::Duration;

use api::service::admin::{AdminAnswer, AdminCommand};
use api::service::import::{FileFormat, ImportKind, ImportOptions, Progress};
use domain::viewer::Role;
use futures_util::{SinkExt, StreamExt};
use reqwest::Method;
use serde_json::{Value, json};
use tests::app::{TestApp, answered};
use tests::world;
use tokio_tungstenite::tungstenite::Message;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Every way in, but for those that the head of [`super::table`] names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Door {
    Locate,
    LocateMany,
    Area,
    ReportIncident,
    RegisterHousehold,
    ChangeIncident,
    ApplyOperations,
    Socket,
    CellsGeojson,
    BasemapGeojson,
    HouseholdsGeojson,
    IncidentsGeojson,
    HouseholdsCsv,
    IncidentsCsv,
    HouseholdsXlsx,
    IncidentsXlsx,
    Tiles,
}

impl Door {
    pub(super) const ALL: [Self; 17] = [
        Self::Locate,
        Self::LocateMany,
        Self::Area,
        Self::ReportIncident,
        Self::RegisterHousehold,
        Self::ChangeIncident,
        Self::ApplyOperations,
        Self::Socket,
        Self::CellsGeojson,
        Self::BasemapGeojson,
        Self::HouseholdsGeojson,
        Self::IncidentsGeojson,
        Self::HouseholdsCsv,
        Self::IncidentsCsv,
        Self::HouseholdsXlsx,
        Self::IncidentsXlsx,
        Self::Tiles,
    ];
    /// Those that take positions over GraphQL.
    pub(super) const POSITIONS: [Self; 7] = [
        Self::Locate,
        Self::LocateMany,
        Self::Area,
        Self::ReportIncident,
        Self::RegisterHousehold,
        Self::ApplyOperations,
        Self::Socket,
    ];
    /// Those that take GeoJSON.
    pub(super) const GEOJSON: [Self; 4] =
        [Self::CellsGeojson, Self::BasemapGeojson, Self::HouseholdsGeojson, Self::IncidentsGeojson];
    /// Those that take tables.
    pub(super) const TABLES: [Self; 4] =
        [Self::HouseholdsCsv, Self::IncidentsCsv, Self::HouseholdsXlsx, Self::IncidentsXlsx];
    /// Those of them that take a workbook.
    pub(super) const WORKBOOKS: [Self; 2] = [Self::HouseholdsXlsx, Self::IncidentsXlsx];

    /// What a file that goes through it is said to be.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            door if Self::WORKBOOKS.contains(&door) => XLSX,
            door if Self::TABLES.contains(&door) => "text/csv",
            _ => "application/geo+json",
        }
    }

    /// Where it is, with what it must be told.
    fn import_path(self) -> &'static str {
        match self {
            Self::CellsGeojson => "cells?level=cell&id=code",
            Self::BasemapGeojson => "basemap?",
            Self::HouseholdsGeojson | Self::HouseholdsCsv | Self::HouseholdsXlsx => "households?",
            _ => "incidents?",
        }
    }

    fn import_options(self) -> Option<ImportOptions> {
        let (kind, format) = match self {
            Self::CellsGeojson => (ImportKind::Cells, FileFormat::Geojson),
            Self::BasemapGeojson => (ImportKind::Basemap, FileFormat::Geojson),
            Self::HouseholdsGeojson => (ImportKind::Households, FileFormat::Geojson),
            Self::IncidentsGeojson => (ImportKind::Incidents, FileFormat::Geojson),
            Self::HouseholdsCsv | Self::HouseholdsXlsx => (ImportKind::Households, FileFormat::Csv),
            Self::IncidentsCsv | Self::IncidentsXlsx => (ImportKind::Incidents, FileFormat::Csv),
            _ => return None,
        };
        let mut options = ImportOptions::new(kind, format);
        if kind == ImportKind::Cells {
            options.level = Some("cell".to_owned());
            options.id = Some("code".to_owned());
        }
        Some(options)
    }
}

/// What is put through a door.
#[derive(Clone, Debug)]
pub(super) enum Request {
    /// The body of `POST /graphql`, or of `subscribe` on the socket.
    Graphql(Vec<u8>),
    /// The same, packed and said to be so.
    Packed(Vec<u8>),
    /// A file; `query` is added to the address.
    File { bytes: Vec<u8>, query: &'static str, content_type: &'static str },
    /// What follows `/d/410184/tiles/`.
    Address(String),
}

/// What came of it.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Answered {
    pub(super) status: u16,
    /// Each problem: code, place, sentence. Empty where all was well.
    pub(super) problems: Vec<[String; 3]>,
}

fn words(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn steps(path: &Value) -> String {
    let step = |step: &Value| step.as_str().map_or_else(|| step.to_string(), str::to_owned);
    path.as_array().map(|path| path.iter().map(step).collect::<Vec<_>>().join(".")).unwrap_or_default()
}

/// Every problem that a GraphQL answer tells: of its errors, of payloads, of what stands in them.
fn told(body: &Value, found: &mut Vec<[String; 3]>) {
    match body {
        Value::Object(members) => {
            for (name, member) in members {
                match (name.as_str(), member) {
                    ("errors", Value::Array(errors)) => {
                        errors.iter().for_each(|error| of_error(error, found));
                    }
                    ("problems", Value::Array(problems)) => {
                        found.extend(problems.iter().map(|problem| {
                            [words(&problem["code"]), steps(&problem["path"]), words(&problem["message"])]
                        }));
                    }
                    _ => told(member, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| told(value, found)),
        _ => {}
    }
}

/// The line and column that a sentence tells; empty where it tells none.
fn place_in(message: &str) -> String {
    let at = message.split_once(" at line ").map(|(_, at)| at.split(':').next().unwrap_or_default());
    at.unwrap_or_default().to_owned()
}

/// An error names the input's field, or else the line and column of the request or document.
fn of_error(error: &Value, found: &mut Vec<[String; 3]>) {
    let message = words(&error["message"]);
    if let Some(problems) = error["extensions"]["problems"].as_array() {
        return problems.iter().for_each(|problem| {
            found.push([words(&problem["code"]), steps(&problem["path"]), words(&problem["message"])]);
        });
    }
    let place = match error["locations"][0]["line"].as_u64() {
        Some(line) => format!("{line}:{}", error["locations"][0]["column"]),
        None => place_in(&message),
    };
    found.push([words(&error["extensions"]["code"]), place, message]);
}

/// Problems of an import's report, or the one of a request that was refused as a whole.
fn of_file(body: &Value) -> Vec<[String; 3]> {
    let Some(problems) = body["problems"].as_array() else {
        return vec![[words(&body["code"]), String::new(), words(&body["detail"])]];
    };
    let place = |problem: &Value| {
        let line = problem["line"].as_u64().map(|line| format!("line {line}"));
        let pointer = problem["pointer"].as_str().map(str::to_owned);
        let map = (!problem["geometry"].is_null())
            .then(|| problem["geometry"]["type"].as_str().unwrap_or_default().to_owned());
        [line, pointer, map].into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    problems
        .iter()
        .map(|problem| [words(&problem["code"]), place(problem), words(&problem["message"])])
        .collect()
}

/// Puts a request through a door.
pub(super) async fn ask(app: &TestApp, door: Door, request: &Request) -> Answered {
    let admin = app.staff(Role::Admin);
    match request {
        Request::Graphql(body) if door == Door::Socket => over_socket(app, body).await,
        Request::Graphql(body) | Request::Packed(body) => {
            let mut post = admin.request(Method::POST, "/graphql").header("content-type", "application/json");
            if matches!(request, Request::Packed(_)) {
                post = post.header("content-encoding", "gzip");
            }
            let answer =
                answered(post.header("accept", "application/graphql-response+json").body(body.clone())).await;
            let mut problems = Vec::new();
            if answer.body.get("errors").is_none() && answer.body.get("data").is_none() {
                problems = of_file(&answer.body);
            }
            told(&answer.body, &mut problems);
            Answered { status: answer.status, problems }
        }
        Request::File { bytes, query, content_type } => {
            let path =
                format!("/d/{}/import/{}&{query}", world::DISTRICT, door.import_path()).replace("?&", "?");
            let post = admin.request(Method::POST, &path).header("content-type", *content_type);
            let answer = answered(post.body(bytes.clone())).await;
            Answered { status: answer.status, problems: of_file(&answer.body) }
        }
        Request::Address(rest) => {
            let answer =
                answered(admin.request(Method::GET, &format!("/d/{}/tiles/{rest}", world::DISTRICT))).await;
            let taken = answer.status < 300;
            Answered {
                status: answer.status,
                problems: if taken { Vec::new() } else { of_file(&answer.body) },
            }
        }
    }
}

/// The same file as an operator would import it, through the command that the local socket carries; its problems.
pub(super) async fn ask_operator(app: &TestApp, door: Door, request: &Request) -> Option<Vec<[String; 3]>> {
    let Request::File { bytes, query: "", content_type } = request else { return None };
    if *content_type != door.content_type() {
        return None;
    }
    let path = app.folder().join("bad-input");
    std::fs::write(&path, bytes).expect("the folder takes files");
    let command = AdminCommand::Import {
        district: world::DISTRICT.to_owned(),
        path,
        options: door.import_options()?,
        bad_rows: None,
        report: None,
    };
    match app.services.run_command(command, &Progress::silent()).await {
        AdminAnswer::Refused { detail, .. } | AdminAnswer::Done { detail, .. } => Some(of_file(&detail)),
        AdminAnswer::Progress { .. } => None,
    }
}

async fn over_socket(app: &TestApp, payload: &[u8]) -> Answered {
    let admin = app.staff(Role::Admin);
    let mut socket = admin.socket().await;
    let init = json!({ "type": "connection_init", "payload": { "token": admin.token() } });
    socket.send(Message::text(init.to_string())).await.expect("sent");
    let subscribe = [br#"{"id":"1","type":"subscribe","payload":"#, payload, b"}"].concat();
    // A text frame must be UTF-8; what is not goes as the bytes that it is.
    let frame =
        String::from_utf8(subscribe).map_or_else(|bytes| Message::binary(bytes.into_bytes()), Message::text);
    socket.send(frame).await.expect("sent");
    let answer = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).expect("JSON");
                    let body = match message["type"].as_str() {
                        Some("next") => message["payload"].clone(),
                        Some("error") => json!({ "errors": message["payload"] }),
                        _ => continue,
                    };
                    let mut problems = Vec::new();
                    told(&body, &mut problems);
                    return Answered { status: 101, problems };
                }
                Some(Ok(Message::Close(Some(frame)))) => {
                    let reason = frame.reason.to_string();
                    let problem = [u16::from(frame.code).to_string(), place_in(&reason), reason];
                    return Answered { status: 101, problems: vec![problem] };
                }
                Some(Ok(_)) => {}
                end => panic!("no answer and no close: {end:?}"),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), answer).await.expect("an answer in time")
}
