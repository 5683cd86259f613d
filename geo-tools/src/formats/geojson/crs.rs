//! The `crs` member of GeoJSON before RFC 7946: read, never written; only WGS 84 passes.

use serde_json::Value;

use crate::problem::{Code, Problem};
use crate::shown;

/// Names under which longitude and latitude in WGS 84 go; the last part of a name, in capitals.
const WGS_84: [&str; 3] = ["CRS84", "CRS84H", "4326"];

/// What is wrong with a `crs` member, if anything.
pub(super) fn check(raw: &[u8]) -> Option<Problem> {
    let Ok(crs) = serde_json::from_slice::<Value>(raw) else {
        return Some(Problem::error(Code::NotGeojson, "the crs member is not JSON"));
    };
    if crs.is_null() {
        let message = "crs is null, which once meant unknown; the file is taken as WGS 84";
        return Some(Problem::warning(Code::Crs, message));
    }
    if let Some(name) = crs.pointer("/properties/name").and_then(Value::as_str) {
        let upper = name.to_uppercase();
        let last = upper.rsplit([':', '/', '#']).next().unwrap_or(&upper);
        if WGS_84.contains(&last) || ["WGS84", "WGS 84"].contains(&last) {
            return None;
        }
        let message = format!(
            "the crs is \u{201c}{}\u{201d}; only WGS 84 (OGC:CRS84, EPSG:4326) is read as GeoJSON",
            shown::text(name)
        );
        return Some(Problem::error(Code::Crs, message));
    }
    let link = crs.pointer("/properties/href").and_then(Value::as_str);
    let what = link.map_or_else(
        || "of an unknown form".to_owned(),
        |href| format!("a link to \u{201c}{}\u{201d}", shown::text(href)),
    );
    Some(Problem::error(
        Code::Crs,
        format!("the crs is {what}; only WGS 84 (OGC:CRS84, EPSG:4326) is read as GeoJSON"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_wgs_84_pass() {
        let named =
            |name: &str| check(format!(r#"{{"type":"name","properties":{{"name":"{name}"}}}}"#).as_bytes());
        for good in ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326", "WGS84"] {
            assert_eq!(named(good), None, "{good}");
        }
        let refused = named("urn:ogc:def:crs:EPSG::4490").expect("CGCS2000 is not WGS 84");
        assert!(refused.message.contains("EPSG::4490"), "{}", refused.message);
        assert!(named("EPSG:14326").is_some());
        assert_eq!(check(b"null").map(|problem| problem.severity), Some(crate::Severity::Warning));
    }
}
