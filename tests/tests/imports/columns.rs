//! Which columns of a file are not taken is said, and which that were named are not there.

use api::service::export::{ExportFormat, ExportKind};
use api::service::import::{ImportKind, ImportOptions};
use serde_json::Value;

use super::round_trip::CELLS;
use super::{Office, cells, import, options};

async fn office() -> Office {
    let office = Office::with_district("quezon").await;
    let path = office.file("cells.geojson", CELLS);
    office.done(import("quezon", &path, cells(&path, "cell", "code", None))).await;
    office
}

/// The code, the line and the sentence of every problem of a file that is taken.
async fn told(
    office: &Office,
    name: &str,
    content: &str,
    given: ImportOptions,
) -> Vec<(String, Value, String)> {
    let path = office.file(name, content);
    let report = office.done(import("quezon", &path, given)).await;
    let problems = report["problems"].as_array().expect("a list").iter();
    assert_eq!(report["warning_count"], problems.len(), "{report}");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    problems.map(|told| (text(&told["code"]), told["line"].clone(), text(&told["message"]))).collect()
}

/// A household as a feature.
fn home(id: &str, property: &str) -> String {
    format!(
        r#"{{"type":"Feature","id":"{id}","properties":{{{property}}},"geometry":{{"type":"Point","coordinates":[121.005,14.625]}}}}"#
    )
}

#[tokio::test]
async fn columns_that_are_not_taken_are_told_once_a_file_with_what_is_taken() {
    let office = office().await;
    let check = async |kind: ImportKind, name: &str, content: &str, columns: &[&str], expected: &[&str]| {
        let given = options(kind, std::path::Path::new(name), columns);
        let told = told(&office, name, content, given).await;
        let said: Vec<String> =
            told.iter().map(|(code, line, message)| format!("{code} {line} {message}")).collect();
        assert_eq!(said.len(), expected.len(), "{name}: {said:?}");
        for (said, expected) in said.iter().zip(expected) {
            assert!(said.contains(expected), "{name}: {said}");
        }
    };
    let homes = ImportKind::Households;
    let table = "id,lon,lat,Address,members,tel,\nh-1,121.005,14.625,A,2,1,\nh-2,121.005,14.625,B,2,1,\n";
    check(
        homes,
        "a.csv",
        table,
        &[],
        &["UNKNOWN_COLUMN 1 not taken: \"Address\", \"tel\"; an import of households takes id, address,"],
    )
    .await;
    check(homes, "b.csv", table, &["address=Address"], &["not taken: \"tel\"; "]).await;
    let named = ["address=Address", "members=Members"];
    let expected = [
        "not taken: \"members\", \"tel\"; ",
        "MISSING_FIELD 1 no row has \"Members\", which was named for members",
    ];
    check(homes, "c.csv", table, &named, &expected).await;
    let table = "id,x,y,flats,building\nb-1,121.005,14.625,2,b\n";
    let place = ["lon=x", "lat=y"];
    check(homes, "d.csv", table, &place, &["not taken: \"flats\"; "]).await;
    check(
        homes,
        "e.csv",
        table,
        &[&place[..], &["dwellings=flats"]].concat(),
        &["not taken: \"building\"; "],
    )
    .await;
    let features =
        [home("f-1", r#""tel":1"#), home("f-2", r#""members":2,"tel":2"#), home("f-3", r#""lon":3"#)];
    let collection = format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","));
    check(homes, "f.geojson", &collection, &[], &["UNKNOWN_COLUMN null not taken: \"tel\", \"lon\"; "]).await;
    let incidents = "id,lon,lat,category,text,occurred_at,closed_at,note,channel,ward\n\
        sr-1,121.005,14.625,rubbish,Two bags,2026-01-05T08:00:00Z,,,web,7\n";
    check(
        ImportKind::Incidents,
        "g.csv",
        incidents,
        &[],
        &["not taken: \"ward\"; an import of incidents takes id, category,"],
    )
    .await;
    let road = r#"{"type":"Feature","properties":{"highway":"residential","name":"K","lanes":2},"geometry":
        {"type":"LineString","coordinates":[[121.001,14.621],[121.009,14.629]]}}"#;
    let expected = ["not taken: \"lanes\"; an import of basemap takes id, class, kind, name;"];
    check(ImportKind::Basemap, "h.geojson", road, &["class=highway"], &expected).await;
}

#[tokio::test]
async fn properties_of_cells_that_are_not_taken_are_told_and_names_in_both_languages_are_taken() {
    let office = office().await;
    let content =
        CELLS.replace(r#""name":"Tatalon""#, r#""name":"Tatalon","name_zh":"塔","name:en":"T","people":9"#);
    let given = ImportOptions {
        parent: Some("township".to_owned()),
        ..cells(std::path::Path::new("again.geojson"), "cell", "code", None)
    };
    let told = told(&office, "again.geojson", &content, given).await;
    let said: Vec<&str> = told.iter().map(|(_, _, message)| message.as_str()).collect();
    let expected = [
        "not taken: \"people\"; an import of cells takes what --id, --name and --parent name",
        "no row has \"township\", which was named for parent",
    ];
    assert_eq!(said, expected);
}

#[tokio::test]
async fn what_a_file_of_households_has_no_column_for_stays_as_it_is() {
    let office = office().await;
    let brought = async |name: &str, content: &str, columns: &[&str]| {
        let path = office.file(name, content);
        office.done(import("quezon", &path, options(ImportKind::Households, &path, columns))).await;
        office.exported("quezon", ExportKind::Households, ExportFormat::Csv).await
    };
    let whole = "id,lon,lat,address,members\nb-1/1,121.005,14.625,Kaliraya 12,4\n";
    for (name, content, columns, place, end) in [
        ("whole.csv", whole, &[] as &[&str], "b-1/1,,Kaliraya 12,121.005,14.625,", ",4,\n"),
        (
            "moved.csv",
            "id,lon,lat\nb-1/1,121.006,14.625\n",
            &[],
            "b-1/1,,Kaliraya 12,121.006,14.625,",
            ",4,\n",
        ),
        (
            "more.geojson",
            &*home("b-1/1", r#""members":5"#),
            &[],
            "b-1/1,,Kaliraya 12,121.005,14.625,",
            ",5,\n",
        ),
        (
            "named.csv",
            "id,lon,lat,street\nb-1/1,121.005,14.625,Kaliraya 14\n",
            &["address=street"],
            "b-1/1,,Kaliraya 14,121.005,14.625,",
            ",5,\n",
        ),
        (
            "building.csv",
            "id,lon,lat,flats\nb-1,121.007,14.625,1\n",
            &["dwellings=flats"],
            "b-1/1,b-1,Kaliraya 14,121.007,14.625,",
            ",5,\n",
        ),
        (
            "empty.csv",
            "id,lon,lat,address,members\nb-1/1,121.005,14.625,,\n",
            &[],
            "b-1/1,,,121.005,14.625,",
            ",,\n",
        ),
    ] {
        let table = brought(name, content, columns).await;
        assert!(table.contains(place) && table.ends_with(end), "{name}: {table}");
    }
}

#[tokio::test]
async fn of_a_file_whose_columns_are_all_taken_nothing_is_told() {
    let office = office().await;
    let told_of = async |kind: ImportKind, content: &str| {
        let given = options(kind, std::path::Path::new("whole.csv"), &[]);
        told(&office, "whole.csv", content, given).await
    };
    let homes = "id,building,building_address,address,lon,lat,members\nh-1,b-1,Kaliraya 12,\"Kaliraya 12, 6\",121.005,14.625,2\n";
    assert_eq!(told_of(ImportKind::Households, homes).await, []);
    let mended =
        "line,index,code,reason,pointer,id,lon,lat\n3,1,BAD_VALUE,members is many,,h-2,121.005,14.625\n";
    assert_eq!(told_of(ImportKind::Households, mended).await, []);
    let incidents =
        "id,lon,lat,category,text,occurred_at\nsr-1,121.005,14.625,rubbish,Two bags,2026-01-05T08:00:00Z\n";
    assert_eq!(told_of(ImportKind::Incidents, incidents).await, []);
}
