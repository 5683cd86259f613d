//! What one would otherwise write: the same part of the schema as plain objects of async-graphql, on actix, without a
//! cache. The cells are in memory and lent to each answer; an area is a scalar that is made of its numbers for each.

use std::sync::Arc;

use actix_web::{App, HttpResponse, HttpServer, web};
use async_graphql::{
    EmptyMutation, EmptySubscription, Enum, ID, InputObject, InputValueResult, Number, Object, Request,
    Scalar, ScalarType, Schema, SimpleObject, Value,
};
use serde_json::Value as Json;

type Objects = Schema<Query, EmptyMutation, EmptySubscription>;
type Rings = Vec<Vec<Vec<[f64; 2]>>>;

/// A GeoJSON geometry.
#[derive(Clone)]
struct GeoJsonMultiPolygon(Rings);

#[Scalar(name = "GeoJSONMultiPolygon")]
impl ScalarType for GeoJsonMultiPolygon {
    fn parse(value: Value) -> InputValueResult<Self> {
        Err(async_graphql::InputValueError::expected_type(value))
    }

    fn to_value(&self) -> Value {
        let number = |number: &f64| Value::Number(Number::from_f64(*number).expect("finite"));
        let position = |at: &[f64; 2]| Value::List(at.iter().map(number).collect());
        let ring = |ring: &Vec<[f64; 2]>| Value::List(ring.iter().map(position).collect());
        let polygon = |rings: &Vec<Vec<[f64; 2]>>| Value::List(rings.iter().map(ring).collect());
        let coordinates = Value::List(self.0.iter().map(polygon).collect());
        let members = [("type", Value::from("MultiPolygon")), ("coordinates", coordinates)];
        Value::Object(
            members.into_iter().map(|(name, value)| (async_graphql::Name::new(name), value)).collect(),
        )
    }
}

#[derive(SimpleObject, Clone)]
struct LocalText {
    language: String,
    text: String,
}

#[derive(SimpleObject)]
struct Cell {
    id: ID,
    code: String,
    level: String,
    names: Vec<LocalText>,
    geometry: GeoJsonMultiPolygon,
    #[graphql(skip)]
    bounds: BoundsInput,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum Datum {
    #[graphql(name = "WGS84")]
    Wgs84,
}

#[derive(InputObject, Clone)]
struct BoundsInput {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
    #[graphql(default_with = "Datum::Wgs84")]
    datum: Datum,
}

#[derive(InputObject)]
struct AreaInput {
    within: BoundsInput,
}

#[derive(SimpleObject)]
struct CellConnection {
    nodes: Vec<Arc<Cell>>,
}

struct Query(Vec<Arc<Cell>>);

#[Object]
impl Query {
    #[expect(unused_variables, reason = "the document names them, and there is one district with one level")]
    async fn cells(&self, district: String, level: String, area: AreaInput, first: usize) -> CellConnection {
        let AreaInput { within: BoundsInput { west, south, east, north, .. } } = area;
        let overlaps = |cell: &&Arc<Cell>| {
            let own = &cell.bounds;
            own.west <= east && own.east >= west && own.south <= north && own.north >= south
        };
        CellConnection { nodes: self.0.iter().filter(overlaps).take(first).cloned().collect() }
    }
}

/// Serves the cells of a file, prints where, and never ends.
pub(super) async fn serve(file: &str) {
    let cells: Vec<Json> = serde_json::from_slice(&std::fs::read(file).expect("a file")).expect("JSON");
    let cells = cells.iter().map(cell).map(Arc::new).collect();
    let schema = Schema::new(Query(cells), EmptyMutation, EmptySubscription);
    let server = HttpServer::new(move || {
        App::new().app_data(web::Data::new(schema.clone())).route("/graphql", web::post().to(answer))
    });
    let server = server.bind(("127.0.0.1", 0)).expect("a free port");
    println!("{}", server.addrs()[0]);
    server.run().await.expect("it serves");
}

async fn answer(schema: web::Data<Objects>, body: web::Bytes) -> HttpResponse {
    let request: Request = serde_json::from_slice(&body).expect("a request");
    let response = schema.execute(request).await;
    let body = serde_json::to_string(&response).expect("JSON");
    HttpResponse::Ok().content_type("application/json").body(body)
}

fn cell(json: &Json) -> Cell {
    let text = |value: &Json| value.as_str().expect("a text").to_owned();
    let edge = |name: &str| json["bounds"][name].as_f64().expect("a number");
    let name = |name: &Json| LocalText { language: text(&name["language"]), text: text(&name["text"]) };
    let rings = serde_json::from_value(json["geometry"]["coordinates"].clone()).expect("positions");
    Cell {
        id: ID(text(&json["id"])),
        code: text(&json["code"]),
        level: text(&json["level"]),
        names: json["names"].as_array().expect("a list").iter().map(name).collect(),
        geometry: GeoJsonMultiPolygon(rings),
        bounds: BoundsInput {
            west: edge("west"),
            south: edge("south"),
            east: edge("east"),
            north: edge("north"),
            datum: Datum::Wgs84,
        },
    }
}
