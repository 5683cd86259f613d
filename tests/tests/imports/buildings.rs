//! What everybody may see of buildings that households are in: never what only the household's address says.

use api::service::export::{ExportFormat, ExportKind};
use api::service::import::ImportKind;
use api::service::search::Found;
use domain::page::PageSize;
use domain::viewer::Viewer;
use serde_json::Value;

use super::round_trip::CELLS;
use super::{Office, cells, import, options};

async fn office() -> Office {
    let office = Office::with_district("quezon").await;
    let path = office.file("cells.geojson", CELLS);
    office.done(import("quezon", &path, cells(&path, "cell", "code", None))).await;
    office
}

async fn imported(office: &Office, name: &str, content: &str, columns: &[&str]) -> Value {
    let path = office.file(name, content);
    office.done(import("quezon", &path, options(ImportKind::Households, &path, columns))).await
}

/// The addresses of the buildings that anybody finds by a text.
async fn found(office: &Office, text: &str) -> Vec<Option<String>> {
    let hits = office.services.search(&Viewer::public(), "quezon", text, PageSize::LARGEST).await;
    let address = |hit| match hit {
        Found::Building(building) => building.address.map(|address| address.as_str().to_owned()),
        other => panic!("the public finds {other:?}"),
    };
    hits.expect("a search").into_iter().map(address).collect()
}

const DOORS: &str = "id,building,lon,lat,address\n\
    h-1,b-1,121.005,14.625,\"Kaliraya 12, unit 601\"\n\
    h-2,b-1,121.005,14.625,\"Kaliraya 12, unit 602\"\n\
    h-3,b-2,121.015,14.625,\"Kaliraya 14, rear door\"\n";

#[tokio::test]
async fn the_door_of_a_household_never_becomes_public_through_its_building() {
    let office = office().await;
    let feature = r#"{"type":"Feature","id":"h-4","properties":{"building":"b-4","address":"Kaliraya 16, unit 4"},
        "geometry":{"type":"Point","coordinates":[121.006,14.625]}}"#;
    for _ in 0..2 {
        imported(&office, "homes.csv", DOORS, &[]).await;
        imported(&office, "home.geojson", &feature.replace('\n', " "), &[]).await;
        for text in ["kaliraya", "unit", "601", "rear", "door"] {
            assert_eq!(found(&office, text).await, [], "{text}");
        }
    }
}

#[tokio::test]
async fn a_building_has_the_address_that_the_file_gives_as_its_own() {
    let office = office().await;
    let table = "id,building,building_address,lon,lat,address\n\
        h-1,b-1,Kaliraya 12,121.005,14.625,\"Kaliraya 12, unit 601\"\n\
        h-2,b-1,Kaliraya 12,121.005,14.625,\"Kaliraya 12, unit 602\"\n";
    imported(&office, "homes.csv", table, &[]).await;
    assert_eq!(found(&office, "kaliraya").await, [Some("Kaliraya 12".to_owned())]);
    let table = "id,building,street,number,door,lon,lat\nh-3,b-2,Victory Avenue,3,B,121.015,14.625\n";
    let columns = ["building_address=street,number", "address=street,number,door"];
    imported(&office, "more.csv", table, &columns).await;
    assert_eq!(found(&office, "victory").await, [Some("Victory Avenue 3".to_owned())]);
}

#[tokio::test]
async fn households_leave_the_address_that_their_building_has_from_another_file() {
    let office = office().await;
    let table = "id,lon,lat,address,flats\nb-1,121.005,14.625,Kaliraya 12,2\n";
    imported(&office, "buildings.csv", table, &["dwellings=flats"]).await;
    imported(&office, "homes.csv", DOORS, &[]).await;
    assert_eq!(found(&office, "kaliraya").await, [Some("Kaliraya 12".to_owned())]);
}

#[tokio::test]
async fn an_address_that_is_said_to_be_none_is_taken_from_its_building() {
    let office = office().await;
    let buildings = "id,lon,lat,address,flats\nb-1,121.005,14.625,Kaliraya 12,2\n";
    let kept = [Some("Kaliraya 12".to_owned())];
    for (name, without, columns, empty) in [
        (
            "buildings.csv",
            "id,lon,lat,flats\nb-1,121.005,14.625,2\n",
            &["dwellings=flats"][..],
            "id,lon,lat,address,flats\nb-1,121.005,14.625, ,2\n",
        ),
        (
            "homes.csv",
            "id,building,lon,lat\nh-1,b-1,121.005,14.625\n",
            &[],
            "id,building,building_address,lon,lat\nh-1,b-1,,121.005,14.625\n",
        ),
        (
            "joined.csv",
            "id,building,lon,lat\nh-1,b-1,121.005,14.625\n",
            &["building_address=street,number"],
            "id,building,street,number,lon,lat\nh-1,b-1,,,121.005,14.625\n",
        ),
        (
            "home.geojson",
            r#"{"type":"Feature","id":"h-1","properties":{"building":"b-1"},"geometry":{"type":"Point","coordinates":[121.005,14.625]}}"#,
            &[],
            r#"{"type":"Feature","id":"h-1","properties":{"building":"b-1","building_address":null},"geometry":{"type":"Point","coordinates":[121.005,14.625]}}"#,
        ),
    ] {
        imported(&office, "first.csv", buildings, &["dwellings=flats"]).await;
        assert_eq!(found(&office, "kaliraya").await, kept, "{name}");
        imported(&office, name, without, columns).await;
        assert_eq!(found(&office, "kaliraya").await, kept, "{name}: the column is not there");
        imported(&office, name, empty, columns).await;
        assert_eq!(found(&office, "kaliraya").await, [], "{name}: the column is empty");
    }
}

#[tokio::test]
async fn the_first_row_that_says_the_address_of_a_building_counts_wherever_it_stands() {
    let office = office().await;
    // So many that what is said last comes when what is said first was written.
    let others: String = (0..4_100).map(|number| format!("o-{number},b-2,,121.015,14.625\n")).collect();
    let place = "121.005,14.625";
    for (name, between, address, at, another) in [
        ("late.csv", &*others, "Kaliraya 12", place, "Another 7"),
        ("late-again.csv", &*others, "Kaliraya 14", place, "Another 7"),
        ("soon.csv", "", "Kaliraya 16", place, "Another 7"),
        ("soon-again.csv", "", "Kaliraya 16", place, "Another 7"),
        ("without-a-place.csv", "", "Kaliraya 18", ",", ""),
    ] {
        let table = format!(
            "id,building,building_address,lon,lat\nh-1,b-1,,{place}\n{between}\
             h-2,b-1,{address},{at}\nh-3,b-1,{another},{place}\nh-4,b-1,,{place}\n"
        );
        imported(&office, name, &table, &[]).await;
        assert_eq!(found(&office, "kaliraya").await, [Some(address.to_owned())], "{name}");
        assert_eq!(found(&office, "another").await, [], "{name}");
    }
}

#[tokio::test]
async fn a_household_without_a_position_lies_in_its_building_of_an_earlier_file() {
    let office = office().await;
    let table =
        "id,lon,lat,address,flats\nb-1,121.005,14.625,Kaliraya 12,2\nb-2,121.015,14.625,Victory Avenue 3,1\n";
    imported(&office, "buildings.csv", table, &["dwellings=flats"]).await;
    let table = "id,building,address\n\
        h-1,b-2,\"Kaliraya 12, unit 9\"\n\
        h-2,b-2,Kaliraya 12\n\
        h-3,b-9,kaliraya 12\n\
        h-4,b-9,Nowhere 1\n";
    let report = imported(&office, "homes.csv", table, &[]).await;
    let problems = report["problems"].as_array().expect("a list");
    let told: Vec<_> = problems.iter().map(|told| (&told["line"], told["code"].as_str())).collect();
    let expected = [(&Value::from(4), Some("UNKNOWN_BUILDING")), (&Value::from(5), Some("NULL_GEOMETRY"))];
    assert_eq!(told, expected, "{report}");
    let message = "there is no building \"b-9\"; by its address it was put into \"b-1\"";
    assert_eq!(problems[0]["message"], message);
    let table = office.exported("quezon", ExportKind::Households, ExportFormat::Csv).await;
    let starts =
        |start: &str| assert!(table.lines().any(|line| line.starts_with(start)), "{start} in {table}");
    starts("h-1,b-2,\"Kaliraya 12, unit 9\",121.015,14.625,137404002,inside,");
    starts("h-2,b-2,Kaliraya 12,121.015,14.625,137404002,inside,");
    starts("h-3,b-1,kaliraya 12,121.005,14.625,137404001,inside,");
    starts("h-4,,Nowhere 1,,,,outside,");
}
