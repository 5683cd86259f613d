//! Vector tiles and where they are said to be.

use api::config::Overrides;
use domain::viewer::Role;
use serde_json::{Value, json};
use tests::app::{Client, TestApp, answered};
use tests::world;

/// The tile at a zoom that a position lies in.
fn tile_at(lon: f64, lat: f64, zoom: i32) -> (u32, u32) {
    let scale = f64::from(2_i32.pow(zoom.unsigned_abs()));
    let x = (lon + 180.0) / 360.0 * scale;
    let y = (1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * scale;
    (x as u32, y as u32)
}

async fn tile(client: &Client, layer: &str, version: &str) -> (u16, Vec<u8>) {
    let (x, y) = tile_at(120.99, 14.59, 13);
    let response = client.get(&format!("/d/410184/tiles/{layer}/{version}/13/{x}/{y}.mvt")).await;
    (response.status().as_u16(), response.bytes().await.expect("a body").to_vec())
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn a_tile_of_the_grid_has_cells_borders_and_labels_and_may_be_kept_for_ever() {
    let app = TestApp::start().await;
    let (x, y) = tile_at(120.99, 14.59, 13);
    let path = format!("/d/410184/tiles/grid/1-0/13/{x}/{y}.mvt");
    let response = app.public().get(&path).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/vnd.mapbox-vector-tile");
    assert_eq!(response.headers()["cache-control"], "public, max-age=31536000, immutable");
    let tag = response.headers()["etag"].to_str().expect("text").to_owned();
    let bytes = response.bytes().await.expect("a body").to_vec();
    for text in ["cells", "borders", "cell_labels", "T1-SW", "T1-NE", "township", "name_en"] {
        assert!(holds(&bytes, text), "{text}");
    }
    let asked = "query ($district: String!) { cells(district: $district) { nodes { code lineage } } }";
    let answer = app.public().ask(asked, json!({ "district": world::DISTRICT })).await;
    let cells = answer["cells"]["nodes"].as_array().expect("a list");
    assert!(!cells.is_empty());
    for cell in cells {
        assert!(holds(&bytes, cell["lineage"].as_str().expect("an id")), "{cell}: the same id as in GraphQL");
    }
    let again = app.public().request(reqwest::Method::GET, &path).header("if-none-match", tag);
    assert_eq!(again.send().await.expect("an answer").status(), 304);
}

#[tokio::test]
async fn a_tile_with_nothing_on_it_is_empty_and_one_that_is_not_there_is_not_found() {
    let app = TestApp::start().await;
    let status = async |path: &str| app.public().get(path).await.status().as_u16();
    assert_eq!(status("/d/410184/tiles/grid/1-0/13/0/0.mvt").await, 204);
    assert_eq!(status("/d/410184/tiles/base/1-0/13/0/0.mvt").await, 204);
    for path in [
        "/d/410184/tiles/grid/2-0/13/0/0.mvt",
        "/d/410184/tiles/grid/01-0/13/0/0.mvt",
        "/d/410184/tiles/grid/now/13/0/0.mvt",
        "/d/410184/tiles/base/1-7/13/0/0.mvt",
        "/d/410184/tiles/incidents/1-0/13/0/0.mvt",
        "/d/410184/tiles/other/1-0/13/0/0.mvt",
        "/d/nowhere/tiles/grid/1-0/13/0/0.mvt",
        "/d/410184/tiles/grid/1-0/3/8/0.mvt",
        "/d/410184/tiles/grid/1-0/19/0/0.mvt",
        "/d/410184/tiles/grid/1-0/999/0/0.mvt",
        "/d/410184/tiles/grid/1-0/13/-1/0.mvt",
    ] {
        assert_eq!(status(path).await, 404, "{path}");
    }
}

#[tokio::test]
async fn incidents_on_a_tile_are_those_that_the_viewer_may_see_and_are_never_kept() {
    let app = TestApp::start().await;
    let middle = world::middle_of(3);
    let report =
        "mutation ($input: ReportIncidentInput!) { reportIncident(input: $input) { problems { code } } }";
    let input = json!({
        "clientKey": "0198f0c4-7a00-7000-8000-000000000001",
        "district": world::DISTRICT,
        "category": "street-light",
        "text": "The lamp is dark",
        "position": { "lon": middle.lon(), "lat": middle.lat(), "datum": "WGS84" },
    });
    let answer = app.public().ask(report, json!({ "input": input })).await;
    assert_eq!(answer["reportIncident"]["problems"], json!([]));
    let (status, bytes) = tile(&app.staff(Role::Dispatcher), "incidents", "now").await;
    assert_eq!(status, 200);
    assert!(holds(&bytes, "street-light") && holds(&bytes, "collected"));
    assert!(!holds(&bytes, "lamp"), "no text leaves in a tile");
    let asked = "query ($district: String!) { incidents(district: $district) { nodes { id } } }";
    let answer = app.staff(Role::Dispatcher).ask(asked, json!({ "district": world::DISTRICT })).await;
    let id = answer["incidents"]["nodes"][0]["id"].as_str().expect("an id").to_owned();
    assert!(holds(&bytes, &id), "the same id as in GraphQL");
    // The worker's cell is the south-western one.
    assert_eq!(tile(&app.staff(Role::Worker), "incidents", "now").await, (204, Vec::new()));
    assert_eq!(tile(&app.with_token("guessed"), "incidents", "now").await.0, 401);
    let response = app.public().get("/d/410184/tiles/incidents/now/13/0/0.mvt").await;
    assert_eq!(response.headers()["cache-control"], "no-store");
}

#[tokio::test]
async fn the_tile_json_says_where_the_tiles_are_and_what_is_on_them() {
    let app = TestApp::start().await;
    let document: Value = app.public().get("/d/410184/tiles.json").await.json().await.expect("JSON");
    assert_eq!(document["tilejson"], "3.0.0");
    let template = format!("http://{}/d/410184/tiles/grid/1-0/{{z}}/{{x}}/{{y}}.mvt", app.address());
    assert_eq!(document["tiles"], json!([template]));
    assert_eq!(document["bounds"], json!([120.98, 14.58, 121.0, 14.6]));
    let ids = |layer: &str| -> Vec<String> {
        let layers = document["layers"][layer]["vector_layers"].as_array().expect("a list");
        layers.iter().map(|layer| layer["id"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(ids("grid"), ["cells", "borders", "cell_labels"]);
    assert_eq!(ids("base"), ["roads", "buildings"]);
    assert_eq!(ids("incidents"), ["incidents"]);
}

#[tokio::test]
async fn addresses_of_tiles_are_made_of_what_a_proxy_of_ours_heard_and_of_what_nobody_else_says() {
    let address = async |app: &TestApp| {
        let mut request = app.public().request(reqwest::Method::GET, "/d/410184/tiles.json");
        for (name, said) in [
            ("x-forwarded-host", "maps.example"),
            ("x-forwarded-proto", "https"),
            ("forwarded", "host=maps.example;proto=https"),
        ] {
            request = request.header(name, said);
        }
        let document = answered(request).await.body;
        document["tiles"][0].as_str().expect("an address").to_owned()
    };
    let alone = TestApp::start().await;
    let own = format!("http://{}/d/410184/tiles/grid/", alone.address());
    assert!(address(&alone).await.starts_with(&own), "{}", address(&alone).await);
    let trusted = Overrides { trusted_proxies: Some(vec!["127.0.0.1".to_owned()]), ..Overrides::default() };
    let behind = TestApp::start_with(trusted).await;
    assert!(address(&behind).await.starts_with("https://maps.example/d/410184/tiles/grid/"));
}
