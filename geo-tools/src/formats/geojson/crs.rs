//! The `crs` member of GeoJSON before RFC 7946: read, never written; it must agree with the datum that was said.

use serde_json::Value;

use crate::datum::Datum;
use crate::problem::{Code, Problem};
use crate::shown;

/// Names under which longitude and latitude in WGS 84 go; the last part of a name, in capitals.
const WGS_84: [&str; 5] = ["CRS84", "CRS84H", "4326", "WGS84", "WGS 84"];
/// EPSG's and Esri's numbers of Web Mercator.
const WEB_MERCATOR: [&str; 4] = ["3857", "900913", "102100", "102113"];

/// Whether a name, in capitals, may stand in a file of this datum.
fn agrees(last: &str, datum: Datum) -> bool {
    match datum {
        // GCJ-02 and BD-09 have no numbers: their files are labelled WGS 84.
        Datum::Wgs84 | Datum::Gcj02 | Datum::Bd09 => WGS_84.contains(&last),
        Datum::Cgcs2000 => last == "4490" || WGS_84.contains(&last),
        Datum::WebMercator => WEB_MERCATOR.contains(&last),
    }
}

/// What is wrong with a `crs` member, if anything.
pub(super) fn check(raw: &[u8], datum: Datum) -> Option<Problem> {
    let Ok(crs) = serde_json::from_slice::<Value>(raw) else {
        return Some(Problem::error(Code::NotGeojson, "the crs member is not JSON"));
    };
    if crs.is_null() {
        let message = format!("crs is null, which once meant unknown; the file is taken as {}", label(datum));
        return Some(Problem::warning(Code::Crs, message));
    }
    let name = crs.pointer("/properties/name").and_then(Value::as_str);
    if let Some(name) = name {
        let upper = name.to_uppercase();
        let last = upper.rsplit([':', '/', '#']).next().unwrap_or(&upper);
        if agrees(last, datum) {
            return None;
        }
    }
    let link = crs.pointer("/properties/href").and_then(Value::as_str);
    let what = match (name, link) {
        (Some(name), _) => format!("\u{201c}{}\u{201d}", shown::text(name)),
        (None, Some(href)) => format!("a link to \u{201c}{}\u{201d}", shown::text(href)),
        (None, None) => "of an unknown form".to_owned(),
    };
    let rule = if datum == Datum::Wgs84 {
        "only WGS 84 (OGC:CRS84, EPSG:4326) is read as GeoJSON unless another datum is said".to_owned()
    } else {
        format!("the file is read as {datum}, as was said")
    };
    Some(Problem::error(Code::Crs, format!("the crs is {what}; {rule}")))
}

/// What is wrong with a member `datum`, which our own files have where they are not in WGS 84. Another's is passed over.
pub(super) fn check_datum(raw: &[u8], datum: Datum) -> Option<Problem> {
    let named: Datum = serde_json::from_slice::<String>(raw).ok()?.parse().ok()?;
    let agrees = named == datum || (named.equals_wgs84() && datum.equals_wgs84());
    (!agrees).then(|| {
        let message =
            format!("the file says that it is in {named}, and is read as {datum}; say --datum {named}");
        Problem::error(Code::Crs, message)
    })
}

fn label(datum: Datum) -> &'static str {
    if datum == Datum::Wgs84 { "WGS 84" } else { datum.name() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_wgs_84_pass() {
        let named = |name: &str| {
            check(format!(r#"{{"type":"name","properties":{{"name":"{name}"}}}}"#).as_bytes(), Datum::Wgs84)
        };
        for good in ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326", "WGS84"] {
            assert_eq!(named(good), None, "{good}");
        }
        let refused = named("urn:ogc:def:crs:EPSG::4490").expect("CGCS2000 is not WGS 84");
        assert!(refused.message.contains("EPSG::4490"), "{}", refused.message);
        assert!(named("EPSG:14326").is_some());
        assert_eq!(
            check(b"null", Datum::Wgs84).map(|problem| problem.severity),
            Some(crate::Severity::Warning)
        );
    }

    #[test]
    fn a_crs_must_agree_with_the_datum_that_was_said() {
        let agrees = |name: &str, datum, passes: bool| {
            let crs = format!(r#"{{"type":"name","properties":{{"name":"{name}"}}}}"#);
            assert_eq!(check(crs.as_bytes(), datum).is_none(), passes, "{name} as {datum}");
        };
        agrees("EPSG:3857", Datum::WebMercator, true);
        agrees("EPSG:4326", Datum::WebMercator, false);
        agrees("EPSG:3857", Datum::Gcj02, false);
        agrees("EPSG:4326", Datum::Gcj02, true);
        agrees("urn:ogc:def:crs:EPSG::4490", Datum::Cgcs2000, true);
        let told = |raw: &[u8], datum| check_datum(raw, datum).map(|problem| problem.message);
        assert!(
            told(b"\"gcj02\"", Datum::Wgs84).is_some_and(|message| message.ends_with("say --datum gcj02"))
        );
        for (raw, datum) in [
            ("\"gcj02\"", Datum::Gcj02),
            ("\"wgs84\"", Datum::Cgcs2000),
            ("\"NAD27\"", Datum::Bd09),
            ("{}", Datum::Bd09),
        ] {
            assert_eq!(told(raw.as_bytes(), datum), None, "{raw}");
        }
    }
}
