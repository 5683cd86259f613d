//! What is sent to GraphQL: positions, boxes, and bodies as a whole.

use super::super::doors::{Door, Request};
use super::{Table, gzip, utf16};

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

/// What can be wrong with a position or the corner of a box.
pub(super) fn positions(table: &mut Table, door: Door) {
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
    let beyond = At { datum: "GCJ02", ..at("120.985", "90.5") };
    check("datum mix-ups", "GCJ02, out of range", beyond, invalid);
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
pub(in crate::bad_input) fn at_the_edge(door: Door, lon: &str, lat: &str, number: usize) -> Request {
    let body =
        placed(door, &at(lon, lat)).replace(KEY, &format!("01900000-0000-7000-8000-0000000{number:05}"));
    Request::Graphql(body.into_bytes())
}

/// What can be wrong with a body as a whole.
pub(super) fn bodies(table: &mut Table, door: Door) {
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
