//! The demo's district.

use std::collections::BTreeMap;
use std::time::Instant;

use api::service::export::{ExportFormat, ExportKind};
use api::service::location::Fix;
use api::service::plans::At;
use domain::level::LevelRank;
use domain::viewer::Viewer;
use geo_tools::Position;

use super::{Office, demo_grid};

#[tokio::test]
async fn the_demo_is_made_once_from_what_is_embedded() {
    let office = Office::open().await;
    let begun = Instant::now();
    office.services.open_demo().await.expect("the demo is made");
    println!("made in {:?}", begun.elapsed());
    let count = |text: &str| text.lines().count() - 1;
    let households = office.exported("demo", ExportKind::Households, ExportFormat::Csv).await;
    assert_eq!(count(&households), 2646);
    let outside = households.lines().filter(|line| line.contains(",outside,")).count();
    assert_eq!(outside, 0, "every dwelling lies in a micro-cell");
    let mut households_of: BTreeMap<String, i64> = BTreeMap::new();
    let mut table = csv::Reader::from_reader(households.as_bytes());
    for row in table.deserialize::<BTreeMap<String, String>>() {
        *households_of.entry(row.expect("our own CSV")["cell"].clone()).or_default() += 1;
    }
    assert_eq!(households_of, demo_grid::dwellings(), "what was judged is what is served");
    let cells = office.exported("demo", ExportKind::Cells, ExportFormat::Csv).await;
    let of_level = |level: &str| cells.lines().filter(|line| line.contains(&format!(",{level},"))).count();
    assert_eq!(
        [of_level("township"), of_level("community"), of_level("cell"), of_level("micro-cell")],
        [1, 4, 8, 24]
    );
    let named = Fix { position: Position::new(24.9445, 60.1715).expect("in range"), accuracy_m: None };
    let located = office.services.locate(&Viewer::public(), "demo", named, At::Now).await;
    let cell =
        located.expect("the public may ask").cell().expect("the contract says that the demo covers it");
    assert_eq!(cell.cell.rank, LevelRank(3), "a micro-cell");
    let incidents = office.exported("demo", ExportKind::Incidents, ExportFormat::Csv).await;
    assert_eq!(count(&incidents), 48);
    office.services.open_demo().await.expect("the demo is there");
    assert_eq!(office.exported("demo", ExportKind::Incidents, ExportFormat::Csv).await, incidents);
    let roles: Vec<&str> = office
        .services
        .demo_sign_ins("demo")
        .await
        .expect("there is staff")
        .iter()
        .map(|sign_in| sign_in.role.as_str())
        .collect();
    assert_eq!(roles, ["admin", "planner", "dispatcher", "head", "worker", "observer"]);
}
