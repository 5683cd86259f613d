//! What `docs/samples` holds comes in by the commands of the README, as they stand there.

use api::service::export::{ExportFormat, ExportKind};
use api::service::import::{ImportKind, ImportOptions};
use serde_json::json;
use tests::town::root;

use super::{Office, cells, import, options};

#[tokio::test]
async fn the_samples_of_the_readme_come_in_by_its_commands_without_a_problem() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README is there");
    for command in [
        "cp docs/samples/*",
        "\ngridward import cells cells.geojson --district 410184 --level cell --id code --name name\n",
        "\ngridward import households households.csv --district 410184\n",
    ] {
        assert!(readme.contains(command), "the README no longer has {command:?}: say it here as it is there");
    }
    let office = Office::with_district("410184").await;
    let samples = root().join("docs/samples");
    let (grid, homes) = (samples.join("cells.geojson"), samples.join("households.csv"));
    let named = ImportOptions { name: Some("name".to_owned()), ..cells(&grid, "cell", "code", None) };
    let report = office.done(import("410184", &grid, named)).await;
    assert_eq!((&report["figures"]["cells"]["added"], &report["problems"]), (&json!(4), &json!([])));

    let report = office.done(import("410184", &homes, options(ImportKind::Households, &homes, &[]))).await;
    assert_eq!((&report["figures"]["rows"]["added"], &report["problems"]), (&json!(12), &json!([])));
    let exported = office.exported("410184", ExportKind::Households, ExportFormat::Csv).await;
    for cell in 1..=4 {
        let code = format!(",41018400100100{cell},inside,");
        assert_eq!(exported.lines().filter(|line| line.contains(&code)).count(), 3, "{exported}");
    }
}
