//! How many requests the server answers in a second of its CPU: `cargo run --release -p tests --example bench_service`.
//!
//! A viewport of 100 cells of 37 positions over GraphQL, beside async-graphql's own objects of the same cells on actix
//! ([`objects`]): every answer is compared before they take turns. `{ __typename }` beside the same; clusters and tiles
//! alone. Servers are processes of their own; what is divided by is what the scheduler counts for them.
//!
//! `REQUESTS=200 ROUNDS=1` is quick.

mod city;
mod objects;

use std::time::Duration;

use futures_util::future::join_all;
use geo_tools::{Bounds, Position};
use serde_json::{Value, json};
use tests::measured::{ServerProcess, median};

const CONNECTIONS: usize = 8;
/// Cells in a viewport.
const CELLS: usize = 100;
const VIEWPORTS: usize = 16;
const VIEWPORT: &str = "query($within: BoundsInput!, $first: Int!) {
  cells(district: \"city\", level: \"cell\", area: { within: $within }, first: $first) {
    nodes { id code level names { language text } geometry }
  }
}";
const CLUSTERS: &str = "query($within: BoundsInput!, $zoom: Int!) {
  clusters(district: \"city\", area: { within: $within }, zoom: $zoom) { position { lon lat } count openCount overdueCount }
}";

/// One request, again and again or by turns with others like it.
#[derive(Clone)]
enum Ask {
    Graphql(Vec<Value>),
    Get(Vec<String>),
}

#[actix_web::main]
async fn main() {
    match std::env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => compare().await,
        [role] if role == "ours" => city::serve().await,
        [role, file] if role == "objects" => objects::serve(file).await,
        other => panic!("{other:?} is nothing that can be measured"),
    }
}

fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().expect("a whole number"))
}

async fn compare() {
    let (requests, rounds) = (number("REQUESTS", 4_000), number("ROUNDS", 5));
    let ours = ServerProcess::start(&["ours"]);
    let file = tempfile::NamedTempFile::new().expect("a file");
    let cells = city::cells_of(&ours).await;
    std::fs::write(file.path(), serde_json::to_vec(&cells).expect("JSON")).expect("a file");
    let objects = ServerProcess::start(&["objects", file.path().to_str().expect("a path")]);

    let viewports: Vec<Bounds> = (0..VIEWPORTS).map(|number| viewport(&cells, number)).collect();
    let graphql = |query: &str, variables: Value| json!({ "query": query, "variables": variables });
    let viewport = Ask::Graphql(
        viewports
            .iter()
            .map(|at| graphql(VIEWPORT, json!({ "within": within(at), "first": CELLS })))
            .collect(),
    );
    let bytes = same_answers(&ours, &objects, &viewport).await;
    println!("viewport of {CELLS} cells: {bytes} bytes, every answer the same");
    let trivial = Ask::Graphql(vec![graphql("{ __typename }", json!({}))]);
    same_answers(&ours, &objects, &trivial).await;
    let clusters =
        viewports.iter().map(|at| graphql(CLUSTERS, json!({ "within": within(at), "zoom": 14 }))).collect();
    let tiles = Ask::Get(city::tiles_of(&ours, &viewports).await);

    println!(
        "| asked, {requests} times or more a round | Gridward, in a CPU second | async-graphql's objects | ratio |"
    );
    println!("|---|---|---|---|");
    // What takes little is asked more often, so that a round is long enough to be counted.
    for (name, ask, times) in [("viewport of 100 cells", &viewport, 1), ("`{ __typename }`", &trivial, 5)] {
        let (mut rates, mut others) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            rates.push(rate(&ours, ask, times * requests).await);
            others.push(rate(&objects, ask, times * requests).await);
        }
        let (ours, theirs) = (median(&rates), median(&others));
        println!("| {name} | {ours:.0} | {theirs:.0} | {:.1} |", ours / theirs);
    }
    for (name, ask) in
        [("clusters of a viewport", &Ask::Graphql(clusters)), ("tiles of the grid, kept", &tiles)]
    {
        let mut rates = Vec::new();
        for _ in 0..rounds {
            rates.push(rate(&ours, ask, requests).await);
        }
        println!("| {name} | {:.0} | | |", median(&rates));
    }
}

/// A box around the middle of a cell that just so many cells reach into, or a few more, of which the first are asked for.
fn viewport(cells: &[Value], number: usize) -> Bounds {
    let bounds = |cell: &Value| {
        let at = |lon: &str, lat: &str| {
            let degrees = |name: &str| cell["bounds"][name].as_f64().expect("a number");
            Position::new(degrees(lon), degrees(lat)).expect("in range")
        };
        Bounds::new(at("west", "south"), at("east", "north")).expect("the right way round")
    };
    let middle = bounds(&cells[cells.len() * (2 * number + 1) / (2 * VIEWPORTS)]).south_west();
    for step in 1..1_000 {
        let reach = f64::from(step) * 0.000_2;
        let corner = |sign: f64| {
            Position::new(middle.lon() + sign * reach, middle.lat() + sign * reach).expect("in range")
        };
        let around = Bounds::new(corner(-1.0), corner(1.0)).expect("the right way round");
        if cells.iter().filter(|cell| bounds(cell).overlaps(&around)).count() >= CELLS {
            return around;
        }
    }
    panic!("no {CELLS} cells around cell {number}");
}

fn within(bounds: &Bounds) -> Value {
    let (low, high) = (bounds.south_west(), bounds.north_east());
    json!({ "west": low.lon(), "south": low.lat(), "east": high.lon(), "north": high.lat(), "datum": "WGS84" })
}

/// Asks both everything once and compares; answers the bytes of the first answer.
async fn same_answers(ours: &ServerProcess, objects: &ServerProcess, ask: &Ask) -> usize {
    let Ask::Graphql(bodies) = ask else { panic!("only GraphQL is asked of both") };
    let http = reqwest::Client::new();
    let mut bytes = 0;
    for body in bodies {
        let (mine, theirs) = (post(&http, ours, body).await, post(&http, objects, body).await);
        let parsed = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
        let (one, other) = (parsed(&mine), parsed(&theirs));
        assert!(one == other && one.get("errors").is_none(), "{mine:.1500}\n{theirs:.1500}");
        if let Some(nodes) = one["data"]["cells"]["nodes"].as_array() {
            assert_eq!(nodes.len(), CELLS);
        }
        bytes = bytes.max(mine.len());
    }
    bytes
}

async fn post(http: &reqwest::Client, server: &ServerProcess, body: &Value) -> String {
    let answer = http.post(format!("http://{}/graphql", server.address)).json(body).send().await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), 200);
    answer.text().await.expect("a body")
}

/// Requests that a server answers in a second of its CPU.
async fn rate(server: &ServerProcess, ask: &Ask, requests: usize) -> f64 {
    let http = reqwest::Client::new();
    let before = server.cpu_time();
    let of_connection = async |connection: usize| {
        for number in (connection..requests).step_by(CONNECTIONS) {
            let length = match ask {
                Ask::Graphql(bodies) => post(&http, server, &bodies[number % bodies.len()]).await.len(),
                Ask::Get(paths) => {
                    let url = format!("http://{}{}", server.address, paths[number % paths.len()]);
                    let answer = http.get(url).send().await.expect("an answer");
                    assert_eq!(answer.status(), 200);
                    answer.bytes().await.expect("a body").len()
                }
            };
            assert!(length > 0);
        }
    };
    join_all((0..CONNECTIONS).map(of_connection)).await;
    let taken = server.cpu_time().since(&before).max(Duration::from_micros(1));
    requests as f64 / taken.as_secs_f64()
}
