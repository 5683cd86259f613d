//! Districts over GraphQL.

use api::service::admin::{AdminAnswer, AdminCommand};
use api::service::import::Progress;
use domain::viewer::Role;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::town::{DISTRICT, Town};

#[tokio::test]
async fn a_district_says_what_it_is_made_of_and_the_box_around_its_cells() {
    let town = Town::start().await;
    let document = "query($code: String!) { district(code: $code) {
        code planVersion timeZone attribution mapVersion levels { key } stages { key open } bounds { west south east north }
    } }";
    let answer = town.ask(Role::Public, document, json!({ "code": DISTRICT })).await;
    let district = &answer.data()["district"];
    assert_eq!(district["planVersion"], 1);
    assert_eq!(district["levels"][0]["key"], "township");
    assert_eq!(district["stages"][2], json!({ "key": "closed", "open": false }));
    assert_eq!(district["bounds"], json!({ "west": 120.98, "south": 14.6, "east": 121.0, "north": 14.62 }));
    assert_eq!(district["mapVersion"], "1-0");
}

#[tokio::test]
async fn a_district_that_is_not_there_is_null_and_no_error() {
    let town = Town::start().await;
    let answer = town.ask(Role::Admin, "{ district(code: \"nowhere\") { code } }", json!({})).await;
    assert!(answer.data()["district"].is_null());
}

#[tokio::test]
async fn a_district_without_cells_has_no_bounds_and_says_so_when_it_is_asked_for_cells() {
    let town = Town::without_cells().await;
    let document = "query($d: String!) { district(code: $d) { planVersion bounds { west } } cells(district: $d) { nodes { code } } }";
    let answer = town.ask(Role::Public, document, json!({ "d": DISTRICT })).await;
    assert_eq!(answer.json["data"]["district"], json!({ "planVersion": null, "bounds": null }));
    assert_eq!(answer.error_code(), "NO_PLAN");
}

#[tokio::test]
async fn a_refusal_in_one_root_leaves_the_others_standing() {
    let town = Town::start().await;
    let document = "query($d: String!) { viewer { role } households(district: $d) { nodes { id } } }";
    let answer = town.ask(Role::Public, document, json!({ "d": DISTRICT })).await;
    assert_eq!(answer.json["data"], json!({ "viewer": { "role": "PUBLIC" }, "households": null }));
    assert_eq!(answer.error_code(), "FORBIDDEN");
}

#[tokio::test]
async fn an_examination_finds_an_audit_that_somebody_changed() {
    let app = TestApp::start().await;
    let audit = async || {
        let AdminAnswer::Done { message, detail } =
            app.services.run_command(AdminCommand::Examine, &Progress::silent()).await
        else {
            panic!("an examination is always done")
        };
        let mut findings = detail.as_array().cloned().unwrap_or_default().into_iter();
        let finding = findings.find(|finding| finding["what"] == "audit of 410184");
        (message, finding.unwrap_or(Value::Null))
    };
    let (message, before) = audit().await;
    assert_eq!((message.as_str(), &before["ok"]), ("all is well", &json!(true)), "{before}");

    let url = format!("sqlite://{}", app.folder().join("gridward.db").display());
    let beside = sea_orm::Database::connect(url).await.expect("the database answers");
    beside.execute_unprepared("UPDATE audit SET action = 'x' WHERE number = 2").await.expect("a statement");

    let (message, after) = audit().await;
    assert_eq!(after["finding"], "broken at row 2: it is missing, too many, or not as it was written");
    assert_eq!((message.as_str(), &after["ok"]), ("1 findings need a look", &json!(false)));
}
