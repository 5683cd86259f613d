//! The rows: which item goes through which door as what.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::doors::{Door, Request};
use super::table::{Row, TAKEN};

/// A position as it is written into a request.
#[derive(Clone)]
struct At {
    lon: String,
    lat: String,
    datum: &'static str,
    /// Members after the others.
    more: &'static str,
}

fn at(lon: &str, lat: &str) -> At {
    At { lon: lon.to_owned(), lat: lat.to_owned(), datum: "WGS84", more: "" }
}

fn good() -> At {
    at("120.985", "14.585")
}

impl At {
    fn json(&self) -> String {
        let Self { lon, lat, datum, more } = self;
        format!(r#"{{"lon":{lon},"lat":{lat},"datum":"{datum}"{more}}}"#)
    }

    fn corner(&self) -> String {
        let Self { lon, lat, datum, more } = self;
        format!(
            r#"{{"within":{{"west":{lon},"south":{lat},"east":121.0,"north":14.6,"datum":"{datum}"{more}}}}}"#
        )
    }
}

const KEY: &str = "01900000-0000-7000-8000-00000000bad0";

/// A request at a door: its position or box, a text in it, and members that stand beside them.
fn body(door: Door, place: &str, text: &str, more: &str) -> String {
    let report = format!(
        r#"{{"clientKey":"{KEY}","district":"410184","category":"noise","text":"{text}","position":{place}{more}}}"#
    );
    let (query, variables) = match door {
        Door::Locate => (
            "query($d:String!,$p:PositionInput!,$at:At){locate(district:$d,position:$p,at:$at){method}}",
            format!(r#"{{"d":"{text}","p":{place}{more}}}"#),
        ),
        Door::LocateMany => (
            "query($d:String!,$p:[PositionInput!]!,$at:At){locateMany(district:$d,positions:$p,at:$at){method}}",
            format!(r#"{{"d":"{text}","p":[{},{place}]{more}}}"#, good().json()),
        ),
        Door::Area => (
            "query($d:String!,$a:AreaInput,$at:At){cells(district:$d,area:$a,at:$at){nodes{code}}}",
            format!(r#"{{"d":"{text}","a":{place}{more}}}"#),
        ),
        Door::RegisterHousehold => (
            "mutation($i:RegisterHouseholdInput!){registerHousehold(input:$i){problems{code path message}}}",
            format!(
                r#"{{"i":{{"clientKey":"{KEY}","district":"410184","address":"{text}","position":{place}{more}}}}}"#
            ),
        ),
        Door::ChangeIncident => (
            "mutation($i:ChangeIncidentInput!){changeIncident(input:$i){problems{code path message}}}",
            format!(
                r#"{{"i":{{"clientKey":"{KEY}","id":"x","expectedVersion":1,"action":{{"close":{{"note":"{text}"}}}}{more}}}}}"#
            ),
        ),
        Door::ApplyOperations => (
            "mutation($o:[OperationInput!]!){applyOperations(operations:$o){problems{code path message}
              payload{...on ReportIncidentPayload{problems{code path message}}}}}",
            format!(r#"{{"o":[{{"reportIncident":{report}}}]}}"#),
        ),
        _ => (
            "mutation($i:ReportIncidentInput!){reportIncident(input:$i){problems{code path message}}}",
            format!(r#"{{"i":{report}}}"#),
        ),
    };
    format!(r#"{{"query":"{}","variables":{variables}}}"#, query.replace('\n', " "))
}

/// A request with everything in the document, where a field of its position, box or action stands twice.
fn inline_twice(door: Door) -> String {
    let position = "{lon:120.98,lat:14.6,lat:15,datum:WGS84}";
    let place = format!(r#"clientKey:"{KEY}",district:"410184",position:{position}"#);
    let report = format!(r#"{{{place},category:"noise",text:"Kaliraya 12"}}"#);
    let document = match door {
        Door::Locate => format!(r#"{{locate(district:"410184",position:{position}){{method}}}}"#),
        Door::LocateMany => format!(r#"{{locateMany(district:"410184",positions:[{position}]){{method}}}}"#),
        Door::Area => {
            let area = "{within:{west:120.98,south:14.58,south:14.59,east:121.0,north:14.6,datum:WGS84}}";
            format!(r#"{{cells(district:"410184",area:{area}){{nodes{{code}}}}}}"#)
        }
        Door::RegisterHousehold => {
            format!(r#"mutation{{registerHousehold(input:{{{place},address:"x"}}){{problems{{code}}}}}}"#)
        }
        Door::ChangeIncident => {
            let input = format!(r#"clientKey:"{KEY}",id:"x",id:"y",expectedVersion:1,action:{{close:{{}}}}"#);
            format!("mutation{{changeIncident(input:{{{input}}}){{problems{{code}}}}}}")
        }
        Door::ApplyOperations => {
            format!(
                "mutation{{applyOperations(operations:[{{reportIncident:{report}}}]){{problems{{code}}}}}}"
            )
        }
        _ => format!("mutation{{reportIncident(input:{report}){{problems{{code}}}}}}"),
    };
    serde_json::json!({ "query": document }).to_string()
}

/// What stands where a text stands, when nothing is wrong with it.
fn fine_text(door: Door) -> &'static str {
    match door {
        Door::Locate | Door::LocateMany | Door::Area => "410184",
        _ => "Kaliraya 12",
    }
}

fn placed(door: Door, place: &At) -> String {
    let place = if door == Door::Area { place.corner() } else { place.json() };
    body(door, &place, fine_text(door), "")
}

fn gzip(bytes: &[u8], times: usize) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..times {
        packed.write_all(bytes).expect("a vector takes it");
    }
    packed.finish().expect("a vector takes it")
}

fn utf16(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

struct Table {
    rows: Vec<Row>,
    /// A hundred million brackets, packed.
    brackets: Vec<u8>,
}

impl Table {
    fn row(&mut self, item: &'static str, door: Door, case: &str, request: Request, code: &'static str) {
        self.rows.push(Row { item, door, case: case.to_owned(), request, code });
    }

    fn graphql(
        &mut self,
        item: &'static str,
        door: Door,
        case: &str,
        body: impl Into<Vec<u8>>,
        code: &'static str,
    ) {
        self.row(item, door, case, Request::Graphql(body.into()), code);
    }

    fn file(
        &mut self,
        item: &'static str,
        door: Door,
        case: &str,
        bytes: impl Into<Vec<u8>>,
        code: &'static str,
    ) {
        let content_type = if Door::TABLES.contains(&door) { "text/csv" } else { "application/geo+json" };
        // What is put right is taken, so it is only tried.
        let query = if code == TAKEN { "dryRun=true" } else { "" };
        self.row(item, door, case, Request::File { bytes: bytes.into(), query, content_type }, code);
    }
}

pub(super) fn rows() -> Vec<Row> {
    let mut table = Table { rows: Vec::new(), brackets: gzip(&[b'['; 1 << 20], 100) };
    for door in Door::POSITIONS {
        positions(&mut table, door);
    }
    for door in Door::POSITIONS.into_iter().chain([Door::ChangeIncident]) {
        bodies(&mut table, door);
    }
    for door in Door::GEOJSON {
        points_or_corners(&mut table, door);
        files(&mut table, door);
    }
    for door in Door::TABLES {
        tables(&mut table, door);
    }
    rings(&mut table);
    coverage(&mut table);
    addresses(&mut table);
    table.rows
}

/// What can be wrong with a position or the corner of a box.
fn positions(table: &mut Table, door: Door) {
    let invalid = "INVALID_POSITION";
    let unreadable = if door == Door::Socket { "4400" } else { "BAD_REQUEST" };
    let mut check = |item: &'static str, case: &str, place: At, code: &'static str| {
        table.graphql(item, door, case, placed(door, &place), code);
    };
    check("out of range", "lon 180.00001", at("180.00001", "14.585"), invalid);
    check("out of range", "lat -90.5", at("120.985", "-90.5"), invalid);
    check("out of range", "lon 1e308", at("1e308", "14.585"), invalid);
    check("swapped lon/lat", "", at("14.585", "120.985"), invalid);
    check("NaN", "literal", at("NaN", "14.585"), unreadable);
    check("NaN", "string", at("\"NaN\"", "14.585"), "GRAPHQL_VALIDATION_FAILED");
    check("infinity", "literal", at("120.985", "-Infinity"), unreadable);
    check("infinity", "1e999", at("120.985", "1e999"), "BAD_REQUEST");
    check("strings for numbers", "", at("\"120.985\"", "14.585"), "GRAPHQL_VALIDATION_FAILED");
    check("3-D", "list", at("[120.985,14.585,3]", "14.585"), "GRAPHQL_VALIDATION_FAILED");
    check("3-D", "member", At { more: r#","altitude":12"#, ..good() }, "GRAPHQL_VALIDATION_FAILED");
    check("crs members", "", At { more: r#","crs":{"type":"name"}"#, ..good() }, "GRAPHQL_VALIDATION_FAILED");
    check("datum mix-ups", "GCJ02", At { datum: "GCJ02", ..good() }, "UNSUPPORTED_DATUM");
    check("datum mix-ups", "MARS", At { datum: "MARS", ..good() }, "GRAPHQL_VALIDATION_FAILED");
    check("poles", "lat 90.5", at("120.985", "90.5"), invalid);
    let twice = if door == Door::Area { r#","south":14.6"# } else { r#","lat":14.6"# };
    check("duplicate keys", "", At { more: twice, ..good() }, "BAD_REQUEST");
    if door == Door::Area {
        check("antimeridian", "west 179.9 to east 121", at("179.9", "14.585"), "INVALID_BOUNDS");
    } else {
        check("antimeridian", "lon 180.5", at("180.5", "14.585"), invalid);
        check("a phone at 0,0", "", at("0", "0"), invalid);
        check("a phone at 0,0", "-0.0", at("-0.0", "1e-9"), invalid);
    }
    if !matches!(door, Door::Area | Door::RegisterHousehold) {
        for (case, more) in [("5000 m", r#","accuracyM":5000"#), ("1e300 m", r#","accuracyM":1e300"#)] {
            check("accuracy of 5 km", case, At { more, ..good() }, "INVALID_ACCURACY");
        }
    }
    if !matches!(door, Door::Area | Door::RegisterHousehold) {
        let null = body(door, "null", fine_text(door), "");
        table.graphql("null geometry", door, "", null, "GRAPHQL_VALIDATION_FAILED");
    }
    let place = if door == Door::Area { good().corner() } else { good().json() };
    let future = match door {
        Door::Locate | Door::LocateMany | Door::Area => r#","at":{"time":"2026-06-01T04:06:00Z"}"#,
        Door::RegisterHousehold => return,
        _ => r#","occurredAt":"2026-06-01T04:06:00Z""#,
    };
    table.graphql(
        "future times",
        door,
        "six minutes ahead",
        body(door, &place, fine_text(door), future),
        "INVALID_TIME",
    );
}

/// A request at the very edge of what a position or the corner of a box can be, under a key of its own.
pub(super) fn at_the_edge(door: Door, lon: &str, lat: &str, number: usize) -> Request {
    let body =
        placed(door, &at(lon, lat)).replace(KEY, &format!("01900000-0000-7000-8000-0000000{number:05}"));
    Request::Graphql(body.into_bytes())
}

/// What can be wrong with a body as a whole.
fn bodies(table: &mut Table, door: Door) {
    let place = if door == Door::Area { good().corner() } else { good().json() };
    let fine = body(door, &place, fine_text(door), "");
    let unreadable = if door == Door::Socket { "4400" } else { "BAD_REQUEST" };
    let packed = if door == Door::Socket { "1009" } else { unreadable };
    let bytes = fine.clone().into_bytes();
    table.graphql("BOM", door, "", [b"\xef\xbb\xbf", bytes.as_slice()].concat(), unreadable);
    table.graphql("UTF-16", door, "", utf16(&fine), unreadable);
    table.graphql(
        "NUL",
        door,
        "raw",
        fine.replace("410184", "410\u{0}184").replace("12\"", "12\u{0}\""),
        unreadable,
    );
    let escaped = match door {
        Door::Locate | Door::LocateMany | Door::Area => body(door, &place, "410184\\u0000", ""),
        _ => body(door, &place, "Kaliraya\\u000012", ""),
    };
    let code = match door {
        Door::Locate | Door::LocateMany | Door::Area => "NOT_FOUND",
        _ => "INVALID_TEXT",
    };
    table.graphql("NUL", door, "escaped", escaped, code);
    let twice = "GRAPHQL_VALIDATION_FAILED";
    table.graphql("duplicate keys", door, "in the document", inline_twice(door), twice);
    table.graphql("gzip bombs", door, "", gzip(&[b' '; 1 << 20], 64), packed);
    if door != Door::Socket {
        let bomb = Request::Packed(gzip(&[b' '; 1 << 20], 64));
        table.row("gzip bombs", door, "said to be packed", bomb, unreadable);
    }
    table.graphql("KML bombs", door, "", "<!DOCTYPE kml [<!ENTITY a \"aaaa\">]><kml>&a;</kml>", unreadable);
    table.graphql("WKB counts of 2^32", door, "", b"\x01\x03\0\0\0\xff\xff\xff\xff".as_slice(), unreadable);
    let nested = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
    let nested_body = match door {
        Door::ChangeIncident => fine.replace("\"x\"", &nested),
        _ => body(door, &nested, fine_text(door), ""),
    };
    table.graphql("nesting bombs", door, "in variables", nested_body, "BAD_REQUEST");
    let document = format!(r#"{{"query":"{}"}}"#, "{a".repeat(5_000));
    table.graphql("nesting bombs", door, "in the document", document, "DOCUMENT_REFUSED");
    let (length, code) = if door == Door::Socket { (100_000, "1009") } else { (2_000_000, "BODY_TOO_LARGE") };
    table.graphql("100 MB of brackets", door, "all that is read", "[".repeat(length), code);
    if door == Door::Locate {
        let position = good().json().replace('"', "");
        let arguments = format!("district:$d,position:{position},position:{position}");
        let document = format!(
            r#"{{"query":"query($d:String!){{locate({arguments}){{method}}}}","variables":{{"d":"410184"}}}}"#
        );
        table.graphql("duplicate keys", door, "arguments", document, twice);
    }
    if door == Door::ChangeIncident {
        table.graphql(
            "duplicate keys",
            door,
            "",
            fine.replace("\"id\":\"x\"", "\"id\":\"x\",\"id\":\"y\""),
            unreadable,
        );
    }
}

fn feature(door: Door, id: &str, geometry: &str) -> String {
    let properties = match door {
        Door::CellsGeojson => format!(r#"{{"code":"{id}","name":"{id}"}}"#),
        Door::IncidentsGeojson => {
            format!(r#"{{"id":"{id}","category":"noise","text":"x","occurred_at":"2026-05-30T04:00:00Z"}}"#)
        }
        _ => format!(r#"{{"id":"{id}","address":"Kaliraya {id}","class":"street"}}"#),
    };
    format!(r#"{{"type":"Feature","properties":{properties},"geometry":{geometry}}}"#)
}

fn collection(features: &[String], more: &str) -> String {
    format!("{{\"type\":\"FeatureCollection\"{more},\"features\":[\n{}\n]}}", features.join(",\n"))
}

/// A shape of a door's kind whose one position is what is asked about.
fn shape(door: Door, position: &str) -> String {
    if matches!(door, Door::CellsGeojson | Door::BasemapGeojson) {
        polygon(&format!("[{position},[121.00,14.58],[121.00,14.60],{position}]"))
    } else {
        format!(r#"{{"type":"Point","coordinates":{position}}}"#)
    }
}

fn polygon(rings: &str) -> String {
    format!(r#"{{"type":"Polygon","coordinates":[{rings}]}}"#)
}

/// What can be wrong with a coordinate of a file.
fn points_or_corners(table: &mut Table, door: Door) {
    let mut check = |item: &'static str, case: &str, position: &str, code: &'static str| {
        let bytes = collection(&[feature(door, "n-1", &shape(door, position))], "");
        table.file(item, door, case, bytes, code);
    };
    check("out of range", "lon 180.5", "[180.5,14.585]", "COORD_RANGE");
    check("out of range", "lon 1e308", "[1e308,14.585]", "COORD_RANGE");
    check("swapped lon/lat", "", "[14.585,120.985]", "COORD_RANGE");
    check("NaN", "literal", "[NaN,14.585]", "COORD_RANGE");
    check("infinity", "literal", "[120.985,-Infinity]", "COORD_RANGE");
    check("infinity", "1e999", "[1e999,14.585]", "COORD_RANGE");
    check("strings for numbers", "", "[\"120.985\",14.585]", "COORD_TYPE");
    check("strings for numbers", "one number", "[120.985]", "COORD_TYPE");
    check("antimeridian", "lon 180.2", "[180.2,14.585]", "COORD_RANGE");
    check("poles", "lat 90.5", "[120.985,90.5]", "COORD_RANGE");
    check("nesting bombs", "in coordinates", &format!("{}{}", "[".repeat(1_000), "]".repeat(1_000)), "DEPTH");
    if matches!(door, Door::HouseholdsGeojson | Door::IncidentsGeojson) {
        check("a phone at 0,0", "", "[0,0]", "COORD_RANGE");
        check("3-D", "", "[120.985,14.585,12.5]", TAKEN);
    }
    let null = collection(&[feature(door, "n-1", "null")], "");
    if door == Door::HouseholdsGeojson {
        let area = polygon("[[120.98,14.58],[121.00,14.58],[121.00,14.60],[120.98,14.58]]");
        table.file(
            "null geometry",
            door,
            "an area",
            collection(&[feature(door, "n-1", &area)], ""),
            "GEOMETRY_TYPE",
        );
    } else {
        table.file("null geometry", door, "", null, "NULL_GEOMETRY");
    }
}

/// What can be wrong with a GeoJSON file as a whole.
fn files(table: &mut Table, door: Door) {
    let fine_shape = if door == Door::CellsGeojson { polygon(WHOLE) } else { shape(door, "[120.98,14.58]") };
    let fine = [feature(door, "n-1", &fine_shape)];
    let whole = collection(&fine, "");
    table.file("100 MB of brackets", door, "packed", table.brackets.clone(), "DEPTH");
    table.file("nesting bombs", door, "in properties", whole.replace("\"n-1\"", &"[".repeat(1_000)), "DEPTH");
    table.file(
        "gzip bombs",
        door,
        "one text",
        {
            let mut bomb = gzip(b"{\"type\":\"", 1);
            bomb.extend(gzip(&[b'a'; 1 << 20], 8));
            bomb
        },
        "TOO_LARGE",
    );
    table.file("gzip bombs", door, "cut off", gzip(whole.as_bytes(), 1)[..40].to_vec(), "UNREADABLE");
    kml_and_wkb(table, door);
    let crs = r#","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4490"}}"#;
    table.file("crs members", door, "EPSG:4490", collection(&fine, crs), "CRS");
    table.file(
        "duplicate keys",
        door,
        "",
        whole.replace("\"geometry\":", "\"geometry\":null,\"geometry\":"),
        "DUPLICATE_KEY",
    );
    table.file("BOM", door, "", [b"\xef\xbb\xbf", whole.as_bytes()].concat(), TAKEN);
    table.file("UTF-16", door, "", utf16(&whole), "ENCODING");
    table.file("NUL", door, "raw", whole.replace("n-1", "n-\0"), "ENCODING");
    if door != Door::BasemapGeojson {
        let ids = [
            feature(door, "1", &shape(door, "[120.98,14.58]")),
            feature(door, "n", &shape(door, "[120.98,14.58]")).replace("\"n\"", "1"),
        ];
        table.file("duplicate ids", door, "1 and \"1\"", collection(&ids, ""), "DUPLICATE_ID");
    }
    if door == Door::IncidentsGeojson {
        table.file("future times", door, "", whole.replace("2026-05-30", "2026-06-02"), "BAD_VALUE");
    }
}

fn kml_and_wkb(table: &mut Table, door: Door) {
    let kml = b"<!DOCTYPE kml [<!ENTITY a \"aaaa\">]><kml>&a;</kml>".to_vec();
    let content_type = "application/vnd.google-earth.kml+xml";
    let request = Request::File { bytes: kml.clone(), query: "", content_type };
    table.row("KML bombs", door, "as KML", request, "UNSUPPORTED_MEDIA_TYPE");
    let as_its_kind = if Door::TABLES.contains(&door) { "MISSING_FIELD" } else { "NOT_GEOJSON" };
    table.file("KML bombs", door, "as its kind", kml, as_its_kind);
    let wkb = b"\x01\x03\0\0\0\xff\xff\xff\xff".to_vec();
    table.file("WKB counts of 2^32", door, "", wkb, "ENCODING");
    // A file that is shifted and does not say so is taken as it is: nothing here tells one by its coordinates yet.
    let bytes = b"x".to_vec();
    let content_type = if Door::TABLES.contains(&door) { "text/csv" } else { "application/geo+json" };
    let request = Request::File { bytes, query: "datum=gcj02", content_type };
    table.row("datum mix-ups", door, "said to be GCJ-02", request, "BAD_REQUEST");
}

/// What can be wrong with a table.
fn tables(table: &mut Table, door: Door) {
    let head = "id,lon,lat,address,category,text,occurred_at";
    let with =
        |lon: &str, lat: &str| format!("{head}\nn-1,{lon},{lat},Kaliraya 12,noise,x,2026-05-30T04:00:00Z\n");
    let mut check = |item: &'static str, case: &str, bytes: Vec<u8>, code: &'static str| {
        table.file(item, door, case, bytes, code);
    };
    let fine = with("120.985", "14.585");
    check("out of range", "lon 180.5", with("180.5", "14.585").into(), "COORD_RANGE");
    check("out of range", "lon 1e308", with("1e308", "14.585").into(), "COORD_RANGE");
    check("swapped lon/lat", "", with("14.585", "120.985").into(), "COORD_RANGE");
    check("NaN", "", with("NaN", "14.585").into(), "COORD_TYPE");
    check("infinity", "", with("120.985", "inf").into(), "COORD_TYPE");
    check("infinity", "1e999", with("1e999", "14.585").into(), "COORD_RANGE");
    check("strings for numbers", "", with("120°59'", "14.585").into(), "COORD_TYPE");
    check("antimeridian", "lon 180.2", with("180.2", "14.585").into(), "COORD_RANGE");
    check("poles", "lat 90.5", with("120.985", "90.5").into(), "COORD_RANGE");
    check("a phone at 0,0", "", with("0", "0.0").into(), "COORD_RANGE");
    check("gzip bombs", "one text", gzip(&[b'a'; 1 << 20], 8), "TOO_LARGE");
    check("BOM", "", [b"\xef\xbb\xbf", fine.as_bytes()].concat(), TAKEN);
    check("UTF-16", "", utf16(&fine), "ENCODING");
    check("NUL", "", fine.replace("n-1", "n-\0").into(), "ENCODING");
    let second = "1,120.986,14.585,Kaliraya 13,noise,x,2026-05-30T04:00:00Z\n";
    check(
        "duplicate ids",
        "1 and \"1\"",
        format!("{}{}", fine.replace("n-1", "\"1\""), second).into(),
        "DUPLICATE_ID",
    );
    if door == Door::IncidentsCsv {
        check("null geometry", "", with("", "").into(), "COORD_TYPE");
        check("future times", "", fine.replace("2026-05-30", "2026-06-02").into(), "BAD_VALUE");
    }
    kml_and_wkb(table, door);
}

/// All of the township.
const WHOLE: &str = "[[120.98,14.58],[121.00,14.58],[121.00,14.60],[120.98,14.60],[120.98,14.58]]";
const SQUARE: &str = "[[120.98,14.58],[120.99,14.58],[120.99,14.59],[120.98,14.59],[120.98,14.58]]";

/// What can be wrong with rings, at the doors that take areas.
fn rings(table: &mut Table) {
    for door in [Door::CellsGeojson, Door::BasemapGeojson] {
        let cells = door == Door::CellsGeojson;
        let mut check = |item: &'static str, case: &str, rings: &str, code: &'static str| {
            let bytes = collection(&[feature(door, "n-1", &polygon(rings))], "");
            table.file(item, door, case, bytes, code);
        };
        check("empty rings", "no ring", "", "NULL_GEOMETRY");
        check("empty rings", "an empty ring", "[]", "NULL_GEOMETRY");
        check("short rings", "", "[[120.98,14.58],[120.99,14.58],[120.98,14.58]]", "RING_TOO_SHORT");
        check("open rings", "", "[[120.98,14.58],[120.99,14.58],[120.99,14.59],[120.98,14.59]]", "RING_OPEN");
        let clockwise = "[[120.98,14.58],[120.98,14.60],[121.00,14.60],[121.00,14.58],[120.98,14.58]]";
        check("wrong winding", "", clockwise, TAKEN);
        check(
            "duplicate points",
            "",
            &WHOLE.replacen("[121.00,14.58]", "[121.00,14.58],[121.00,14.58]", 1),
            TAKEN,
        );
        check("3-D", "", &WHOLE.replace("14.58]", "14.58,3]"), TAKEN);
        if cells {
            check(
                "zero area",
                "",
                "[[120.98,14.58],[120.99,14.58],[121.00,14.58],[120.98,14.58]]",
                "ZERO_AREA",
            );
            let bow_tie = "[[120.98,14.58],[120.99,14.59],[120.99,14.58],[120.98,14.59],[120.98,14.58]]";
            check("bow-ties", "", bow_tie, "SELF_INTERSECTION");
            let spike = SQUARE.replacen("[120.99,14.58]", "[120.99,14.58],[121.05,14.58],[120.99,14.58]", 1);
            check("spikes", "", &spike, "SELF_INTERSECTION");
            let outside = "[[121.5,14.58],[121.6,14.58],[121.6,14.59],[121.5,14.58]]";
            check("holes outside", "", &format!("{SQUARE},{outside}"), "HOLE_OUTSIDE");
            let twice = "[[120.98,14.585],[120.985,14.582],[120.99,14.585],[120.985,14.588],[120.98,14.585]]";
            check("holes touching twice", "", &format!("{SQUARE},{twice}"), "HOLE_OUTSIDE");
            let across = "[[179.9,14.58],[-179.9,14.58],[-179.9,14.59],[179.9,14.59],[179.9,14.58]]";
            check("antimeridian", "across it", across, "EXTENT");
            let around = "[[-179,89],[-60,89],[60,89],[179,89],[-179,89]]";
            check("poles", "around one", around, "EXTENT");
        }
    }
    let step = "[120.98,14.58],[120.99,14.58],[120.99,14.59],";
    let mut ring = GzEncoder::new(Vec::new(), Compression::fast());
    let head =
        r#"{"type":"Feature","properties":{"code":"n-1"},"geometry":{"type":"Polygon","coordinates":[["#;
    ring.write_all(head.as_bytes()).expect("written");
    for _ in 0..3_400 {
        ring.write_all(step.repeat(1_000).as_bytes()).expect("written");
    }
    let ring = ring.finish().expect("packed");
    table.file("10-million-vertex rings", Door::CellsGeojson, "", ring, "TOO_LARGE");
}

/// What can be wrong between cells.
fn coverage(table: &mut Table) {
    let door = Door::CellsGeojson;
    let square = |west: f64, east: f64| {
        let at = |lon: f64, lat: &str| format!("[{lon:.7},{lat}]");
        let (a, b, c, d) = (at(west, "14.58"), at(east, "14.58"), at(east, "14.59"), at(west, "14.59"));
        polygon(&format!("[{a},{b},{c},{d},{a}]"))
    };
    let mut check = |item: &'static str, shapes: &[String], code: &'static str| {
        let features: Vec<String> =
            shapes.iter().enumerate().map(|(n, shape)| feature(door, &format!("n-{n}"), shape)).collect();
        table.file(item, door, "", collection(&features, ""), code);
    };
    check("overlapping parts", &[square(120.98, 120.99), square(120.985, 121.0)], "OVERLAP");
    // A unit of 1e-7 degree is 1.1 cm.
    let third = square(121.0, 121.01);
    check(
        "1 cm gaps",
        &[square(120.98, 120.99), square(120.990_000_1, 121.0), third.clone(), frame()],
        "SLIVER",
    );
    check("1 cm overlaps", &[square(120.98, 120.99), square(120.989_999_9, 121.0), third], "SLIVER");
    let corner =
        "[[120.99,14.58],[121.00,14.58],[121.00,14.59],[120.99,14.59],[120.9901,14.585],[120.99,14.58]]";
    check("T-junctions", &[square(120.98, 120.99), polygon(corner)], "T_JUNCTION");
}

/// Closes the square from above, so that a gap below it is enclosed.
fn frame() -> String {
    polygon(
        "[[120.98,14.59],[120.99,14.59],[120.9900001,14.59],[121.0,14.59],[121.01,14.59],[121.01,14.6],[120.98,14.6],[120.98,14.59]]",
    )
}

/// Addresses of tiles.
fn addresses(table: &mut Table) {
    let mut check = |item: &'static str, rest: &str| {
        table.row(item, Door::Tiles, rest, Request::Address(rest.to_owned()), "NOT_FOUND");
    };
    check("out of range", "grid/1-0/3/8/0.mvt");
    check("out of range", "grid/1-0/99/0/0.mvt");
    check("out of range", "grid/1-0/300/0/0.mvt");
    check("out of range", "grid/1-0/3/-1/0.mvt");
    check("out of range", "grid/1-0/3/4294967296/0.mvt");
    check("out of range", "grid/99999999999999999999-0/3/4/0.mvt");
    check("NaN", "grid/1-0/NaN/0/0.mvt");
    check("infinity", "grid/1-0/3/1e999/0.mvt");
    check("NUL", "grid/1-0%00/3/4/0.mvt");
    check("NUL", "grid%00/1-0/3/4/0.mvt");
    check("future times", "grid/99-0/3/4/0.mvt");
}
