//! Every committed operation, asked as every role: what each is answered, or a subscriber is told first, and the SQL that
//! it takes. And lists of operations that were made offline.

use std::collections::BTreeMap;
use std::fmt::Write;

use async_graphql::parser::types::{DocumentOperations, OperationType};
use chrono::TimeDelta;
use domain::viewer::Role;
use serde_json::{Value, json};
use tests::town::{DISTRICT, Town, at, position, root};

/// A file of operations, and what is in it.
struct OperationFile {
    document: String,
    operations: BTreeMap<String, OperationType>,
}

fn committed() -> Vec<OperationFile> {
    let folder = root().join("frontend-schema/operations");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("a file").path())
        .collect();
    paths.sort();
    let file = |path: std::path::PathBuf| {
        let document = std::fs::read_to_string(&path).expect("a text");
        let parsed =
            async_graphql::parser::parse_query(&document).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        let DocumentOperations::Multiple(operations) = parsed.operations else {
            panic!("{path:?}: name the operation")
        };
        let operations =
            operations.iter().map(|(name, operation)| (name.to_string(), operation.node.ty)).collect();
        OperationFile { document, operations }
    };
    paths.into_iter().filter(|path| path.extension().is_some_and(|end| end == "graphql")).map(file).collect()
}

/// A town in which each operation finds something.
async fn lively_town() -> Town {
    let town = Town::start().await.with_postings().await;
    for (east, north, category) in [
        (0.5, 0.5, "street-light"),
        (0.5, 1.5, "noise"),
        (1.5, 0.5, "dispute"),
        (1.5, 1.5, "water"),
        (4.0, 4.0, "other"),
    ] {
        let mut report = town.report(east, north);
        report["category"] = json!(category);
        town.report_as(Role::Admin, report).await;
        town.clock.advance(TimeDelta::minutes(10));
    }
    for (number, east) in [(1, 0.5), (2, 1.5)] {
        let input = json!({
            "clientKey": town.client_key(), "district": DISTRICT, "address": format!("人民路{number}号"),
            "position": position(east, 0.5), "memberCount": 3,
        });
        let document =
            "mutation($input: RegisterHouseholdInput!) { registerHousehold(input: $input) { replayed } }";
        town.ask(Role::Admin, document, json!({ "input": input })).await.data();
    }
    town.warm().await;
    town
}

/// What each operation is asked with. `number` keeps the inputs of one role from being the replay of another's.
async fn variables(town: &Town, operation: &str) -> Option<Value> {
    let first = async || {
        let document =
            "query($d: String!) { incidents(district: $d, orderBy: OLDEST, first: 1) { nodes { id } } }";
        let answer = town.ask(Role::Admin, document, json!({ "d": DISTRICT })).await;
        answer.data()["incidents"]["nodes"][0]["id"].clone()
    };
    let change = async || json!({ "clientKey": town.client_key(), "id": first().await, "expectedVersion": 1, "action": { "close": { "note": "换了灯泡" } } });
    let home = || json!({ "clientKey": town.client_key(), "district": DISTRICT, "address": "人民路9号", "position": position(0.4, 0.4) });
    let (south_west, north_east) = (at(0.0, 0.0), at(2.0, 2.0));
    Some(match operation {
        "Viewer" | "Districts" => json!({}),
        "District" => json!({ "code": DISTRICT }),
        "Cells" => json!({ "district": DISTRICT, "first": 50 }),
        "Cell" => json!({ "district": DISTRICT, "code": "C1-1" }),
        "Locate" => json!({ "district": DISTRICT, "position": position(0.999, 0.5) }),
        "Households" => json!({ "district": DISTRICT, "cell": town.lineage("C1").await, "first": 50 }),
        "RegisterHousehold" => json!({ "input": home() }),
        "Incident" => json!({ "id": first().await }),
        "Incidents" => json!({ "district": DISTRICT, "first": 50 }),
        "Clusters" => json!({ "district": DISTRICT, "zoom": 12, "within": {
            "west": south_west.lon(), "south": south_west.lat(), "east": north_east.lon(), "north": north_east.lat(), "datum": "WGS84",
        } }),
        "ReportIncident" => json!({ "input": town.report(0.3, 0.3) }),
        "ChangeIncident" => json!({ "input": change().await }),
        "ApplyOperations" => json!({ "operations": [
            { "reportIncident": town.report(0.3, 0.3) }, { "registerHousehold": home() }, { "changeIncident": change().await },
        ] }),
        "IncidentChanges" => json!({ "district": DISTRICT, "filter": { "open": true } }),
        "CellCounts" => json!({ "district": DISTRICT }),
        "Search" => json!({ "district": DISTRICT, "text": "人民路", "first": 20 }),
        _ => return None,
    })
}

/// What a subscriber is told first; of its cursor only that there is one, since it is another in each version.
async fn first_batch(town: &Town, role: Role, document: &str, name: &str, variables: Value) -> Value {
    let mut answer = town.ask_subscription(role, document, name, variables).await;
    for batch in answer["data"].as_object_mut().into_iter().flat_map(serde_json::Map::values_mut) {
        assert!(batch["cursor"].as_str().is_some_and(|cursor| cursor.len() > 20), "{batch:#}");
        batch["cursor"] = json!("(a cursor)");
    }
    answer
}

#[tokio::test]
async fn every_committed_operation_answers_every_role_as_it_is_written_down() {
    let folder = root().join("tests/tests/operations/answers");
    for file in committed() {
        for (name, kind) in &file.operations {
            let mut written = String::new();
            for role in Role::ALL {
                // Each role finds the same town: nobody sees what the one before has changed.
                let town = lively_town().await;
                let variables = variables(&town, name).await;
                let variables = variables
                    .unwrap_or_else(|| panic!("{name} is new: say in `variables` what to ask it with"));
                let answer = match kind {
                    // It never ends; what comes later is told in tests/tests/live.
                    OperationType::Subscription => {
                        first_batch(&town, role, &file.document, name, variables).await
                    }
                    _ => town.ask_operation(role, &file.document, Some(name), variables).await.json,
                };
                writeln!(written, "# {}\n{answer:#}\n", role.as_str()).expect("a text");
            }
            insta::with_settings!({ snapshot_path => &folder, prepend_module_to_snapshot => false, omit_expression => true }, {
                insta::assert_snapshot!(name.as_str(), written);
            });
        }
    }
}

#[tokio::test]
async fn the_sql_of_every_committed_operation_is_as_it_is_written_down() {
    let folder = root().join("tests/tests/operations/sql");
    for file in committed() {
        for (name, kind) in &file.operations {
            if *kind == OperationType::Subscription {
                // Its statements are the hub's, which reads once for many.
                continue;
            }
            let town = lively_town().await;
            let variables = variables(&town, name).await;
            let variables =
                variables.unwrap_or_else(|| panic!("{name} is new: say in `variables` what to ask it with"));
            let answer = town.ask_operation(Role::Admin, &file.document, Some(name), variables).await;
            answer.data();
            let mut statements = answer.statements;
            // Loaders run side by side.
            if *kind == OperationType::Query {
                statements.sort();
            }
            let written = format!("{} statements\n\n{}\n", statements.len(), statements.join("\n\n"));
            insta::with_settings!({ snapshot_path => &folder, prepend_module_to_snapshot => false, omit_expression => true }, {
                insta::assert_snapshot!(name.as_str(), written);
            });
        }
    }
}

#[tokio::test]
async fn a_longer_list_takes_no_more_statements() {
    let statements = async |reports: usize| {
        let town = Town::start().await;
        for number in 0..reports {
            town.report_as(Role::Admin, town.report(0.1 + 0.3 * number as f64, 0.5)).await;
        }
        let document = "query($d: String!) { incidents(district: $d) { totalCount nodes {
            cell { code counts { open } households ancestors { counts { open } } postings { name } } history { by action }
        } } }";
        let answer = town.ask(Role::Admin, document, json!({ "d": DISTRICT })).await;
        assert_eq!(answer.data()["incidents"]["totalCount"], reports);
        answer.statements.len()
    };
    assert_eq!(statements(1).await, statements(6).await);
}

const APPLY: &str = "mutation($operations: [OperationInput!]!) { applyOperations(operations: $operations) {
    index problems { code } payload {
        __typename
        ... on ReportIncidentPayload { replayed problems { code } receipt { code } }
        ... on ChangeIncidentPayload { replayed problems { code } incident { version } }
        ... on RegisterHouseholdPayload { replayed problems { code } household { id } }
    }
} }";

#[tokio::test]
async fn what_was_done_offline_is_done_once_in_order_with_a_result_each() {
    let town = Town::start().await;
    let mut bad = town.report(0.5, 0.5);
    bad["text"] = json!("");
    let home = json!({ "clientKey": town.client_key(), "district": DISTRICT, "address": "人民路9号", "position": position(0.4, 0.4) });
    let operations = json!([
        { "reportIncident": town.report(0.3, 0.3) }, { "reportIncident": bad }, { "registerHousehold": home }, { "reportIncident": town.report(0.4, 0.3) },
    ]);
    let apply = async || {
        town.ask(Role::Worker, APPLY, json!({ "operations": operations })).await.data()["applyOperations"]
            .clone()
    };
    let first = apply().await;
    assert_eq!(first[1]["payload"]["problems"], json!([{ "code": "INVALID_TEXT" }]));
    let again = apply().await;
    for index in [0, 2, 3] {
        assert_eq!(first[index]["index"], index);
        assert_eq!(
            (&first[index]["payload"]["replayed"], &again[index]["payload"]["replayed"]),
            (&json!(false), &json!(true))
        );
    }
    let count = "query($d: String!) { incidents(district: $d) { totalCount } households(district: $d) { totalCount } }";
    let answer = town.ask(Role::Admin, count, json!({ "d": DISTRICT })).await;
    assert_eq!(
        *answer.data(),
        json!({ "incidents": { "totalCount": 2 }, "households": { "totalCount": 1 } })
    );
}

#[tokio::test]
async fn one_operation_that_is_refused_does_not_stop_the_rest() {
    let town = Town::start().await;
    let home = json!({ "clientKey": town.client_key(), "district": DISTRICT, "address": "人民路9号" });
    let operations = json!([{ "registerHousehold": home }, { "reportIncident": town.report(0.3, 0.3) }]);
    let answer = town.ask(Role::Public, APPLY, json!({ "operations": operations })).await;
    let results = &answer.data()["applyOperations"];
    assert_eq!(results[0], json!({ "index": 0, "problems": [{ "code": "FORBIDDEN" }], "payload": null }));
    assert_eq!(results[1]["payload"]["replayed"], false);
}
