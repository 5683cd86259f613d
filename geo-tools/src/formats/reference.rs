//! What a coordinate system that is told in words (WKT) means for the numbers: degrees that can be taken, or metres that
//! need a datum.

use crate::datum::Datum;
use crate::problem::{Code, Problem};
use crate::shown;

/// What a file says of its coordinates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reference {
    /// Degrees of WGS 84.
    Wgs84,
    /// Degrees of CGCS2000.
    Cgcs2000,
    /// Metres of Web Mercator.
    WebMercator,
    /// Nothing.
    Unsaid,
    /// Something else, by the name that the file gives it.
    Other(String),
}

impl Reference {
    /// From well-known text, old or new.
    pub(super) fn parse(text: &str) -> Self {
        let name = text.split('"').nth(1).unwrap_or(text).trim().to_owned();
        let head = text.trim_start_matches('\u{feff}').trim_start().to_uppercase();
        let plain = plain(text);
        // Elsewhere WGS 84 is only the way there: `TOWGS84[…]` stands in systems that lie 100 m off it.
        let datum = plain_names(&head);
        let wgs84 = ["WGS1984", "WGS84", "WORLDGEODETICSYSTEM1984"].iter().any(|word| datum.contains(word));
        let china = ["CHINA2000", "CGCS2000", "CHINAGEODETICCOORDINATESYSTEM2000"]
            .iter()
            .any(|word| datum.contains(word));
        let geographic = ["GEOGCS", "GEOGCRS", "GEODCRS"].iter().any(|start| head.starts_with(start));
        let degrees = plain.contains("DEGREE");
        let greenwich = !plain.contains("PRIMEM") || plain.contains("GREENWICH");
        if geographic && degrees && greenwich && china {
            return Self::Cgcs2000;
        }
        if geographic && degrees && greenwich && wgs84 {
            return Self::Wgs84;
        }
        if head.is_empty() || head.starts_with("LOCAL_CS") {
            return Self::Unsaid;
        }
        let mercator = ["WEBMERCATOR", "PSEUDOMERCATOR", "POPULARVISUALISATION", "MERCATORAUXILIARYSPHERE"];
        if mercator.iter().any(|word| plain.contains(word)) && is_unmoved(text) {
            return Self::WebMercator;
        }
        Self::Other(name)
    }

    /// From a row or table that names a system: by its code where EPSG or one that follows it has given that, else by its
    /// words.
    pub(super) fn named(organization: Option<&str>, code: i64, words: Option<&str>) -> Self {
        let organization = organization.map_or("", str::trim);
        let is = |name: &str| organization.eq_ignore_ascii_case(name);
        let by_code = match code {
            code if organization.is_empty() || is("EPSG") => Self::from_epsg(code),
            // It takes over the codes of EPSG, and had numbers of its own for Web Mercator.
            4326 | 4490 | 3857 if is("ESRI") => Self::from_epsg(code),
            102_100 | 102_113 if is("ESRI") => Self::WebMercator,
            // What a GeoPackage calls its undefined systems, whatever words stand beside it.
            -1 | 0 | 99_999 if is("NONE") => return Self::Unsaid,
            code => {
                return Self::in_words(words)
                    .unwrap_or_else(|| Self::Other(format!("{organization}:{code}")));
            }
        };
        let words = words.filter(|_| by_code == Self::Unsaid);
        Self::in_words(words).unwrap_or(by_code)
    }

    /// From well-known text, or from a name alone.
    fn in_words(words: Option<&str>) -> Option<Self> {
        let words = words.filter(|words| !["", "undefined"].contains(&words.trim()))?;
        Some(match plain(words).as_str() {
            "WGS84" | "CRS84" => Self::Wgs84,
            "CGCS2000" | "CHINAGEODETICCOORDINATESYSTEM2000" => Self::Cgcs2000,
            _ => Self::parse(words),
        })
    }

    /// From an EPSG code.
    pub(super) fn from_epsg(code: i64) -> Self {
        match code {
            4326 => Self::Wgs84,
            -1 | 0 | 99_999 => Self::Unsaid,
            4490 => Self::Cgcs2000,
            3857 | 900_913 => Self::WebMercator,
            code => Self::Other(format!("EPSG:{code}")),
        }
    }

    /// The datum of the numbers: the one that was said, where the file does not say otherwise; else what the file says,
    /// and WGS 84 where it says nothing.
    pub(super) fn datum(&self, said: Option<Datum>) -> Result<Datum, Box<Problem>> {
        let (own, name) = match self {
            Self::Unsaid => return Ok(said.unwrap_or_default()),
            Self::Wgs84 => (Datum::Wgs84, "in degrees of WGS 84".to_owned()),
            Self::Cgcs2000 => (Datum::Cgcs2000, "in degrees of CGCS2000".to_owned()),
            Self::WebMercator => (Datum::WebMercator, "in metres of Web Mercator".to_owned()),
            Self::Other(name) => {
                let message = format!(
                    "the coordinates are those of \u{201c}{}\u{201d}; degrees of WGS 84 or CGCS2000 and metres of Web \
                     Mercator are read, so convert the file",
                    shown::text(name)
                );
                return Err(Box::new(Problem::error(Code::Crs, message)));
            }
        };
        let said = said.unwrap_or(own);
        // GCJ-02 and BD-09 have no numbers: their files are labelled WGS 84.
        let unnumbered = own == Datum::Wgs84 && matches!(said, Datum::Gcj02 | Datum::Bd09);
        if said == own || unnumbered || (said.equals_wgs84() && own.equals_wgs84()) {
            return Ok(said);
        }
        let message = format!("the file says that its coordinates are {name}, and is to be read as {said}");
        Err(Box::new(Problem::error(Code::Crs, message)))
    }
}

/// Letters and digits alone, in capitals.
fn plain(text: &str) -> String {
    text.to_uppercase().chars().filter(char::is_ascii_alphanumeric).collect()
}

/// The plain names of a text's geographic system and of its datum, one a line; the text is in capitals.
fn plain_names(text: &str) -> String {
    let pieces: Vec<&str> = text.split('"').collect();
    let named = pieces.chunks_exact(2).filter(|pair| {
        let keyword = pair[0].trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
        ["GEOGCS", "GEOGCRS", "GEODCRS", "DATUM", "ENSEMBLE"].iter().any(|word| keyword.ends_with(word))
    });
    named.map(|pair| plain(pair[1])).collect::<Vec<_>>().join("\n")
}

/// Whether every parameter that moves a map is 0: another's Web Mercator is not ours.
fn is_unmoved(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut parameters = lower.split("parameter[\"").skip(1).filter_map(|rest| rest.split_once("\","));
    parameters.all(|(name, rest)| {
        let moves =
            ["meridian", "origin", "easting", "northing", "parallel"].iter().any(|word| name.contains(word));
        let end = rest.find([',', ']']).unwrap_or(rest.len());
        !moves || name.contains("scale") || rest[..end].trim().parse() == Ok(0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::wkt::WGS_84;

    #[test]
    fn degrees_of_wgs_84_and_of_cgcs2000_are_told_from_metres() {
        let cases = [
            (
                r#"GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#,
                Reference::Wgs84,
            ),
            (
                r#"GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#,
                Reference::Cgcs2000,
            ),
            (
                r#"PROJCS["WGS_1984_Web_Mercator_Auxiliary_Sphere",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],UNIT["Meter",1.0]]"#,
                Reference::WebMercator,
            ),
            (
                r#"PROJCS["Our_Web_Mercator",GEOGCS["GCS_WGS_1984"],PARAMETER["Central_Meridian",114.0],UNIT["Meter",1.0]]"#,
                Reference::Other("Our_Web_Mercator".to_owned()),
            ),
            (
                r#"PROJCS["CGCS2000_3_Degree_GK_CM_114E",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000"],UNIT["Meter",1.0]]"#,
                Reference::Other("CGCS2000_3_Degree_GK_CM_114E".to_owned()),
            ),
            (
                r#"GEOGCRS["WGS 84",ENSEMBLE["World Geodetic System 1984 ensemble",MEMBER["World Geodetic System 1984 (G730)"]],CS[ellipsoidal,2],ANGLEUNIT["degree",0.0174532925199433]]"#,
                Reference::Wgs84,
            ),
            (
                r#"GEOGCS["unknown",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]"#,
                Reference::Wgs84,
            ),
            (
                r#"GEOGCS["Beijing 1954",DATUM["Beijing_1954",SPHEROID["Krassowsky 1940",6378245,298.3],TOWGS84[15.8,-154.4,-82.3,0,0,0,0]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]"#,
                Reference::Other("Beijing 1954".to_owned()),
            ),
            (
                r#"GEOGCS["Xian 1980",DATUM["Xian_1980",SPHEROID["IAG 1975",6378140,298.257],EXTENSION["PROJ4_GRIDS","to_wgs84.gsb"]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433],REMARK["+towgs84 to CGCS2000"]]"#,
                Reference::Other("Xian 1980".to_owned()),
            ),
            ("", Reference::Unsaid),
            ("garbage", Reference::Other("garbage".to_owned())),
        ];
        for (text, expected) in cases {
            assert_eq!(Reference::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn a_system_is_known_by_its_code_whoever_gave_it_and_else_by_its_words() {
        let other = |name: &str| Reference::Other(name.to_owned());
        let beijing = r#"GEOGCS["Beijing 1954",DATUM["Beijing_1954"],UNIT["degree",0.0174532925199433]]"#;
        let undefined =
            r#"GEOGCS["Undefined geographic SRS",DATUM["unknown"],UNIT["degree",0.0174532925199433]]"#;
        for (organization, code, words, expected) in [
            (Some("EPSG"), 4326, None, Reference::Wgs84),
            (Some("epsg"), 3857, Some("whatever it says"), Reference::WebMercator),
            (None, 4490, None, Reference::Cgcs2000),
            (None, 0, None, Reference::Unsaid),
            (None, 0, Some(WGS_84), Reference::Wgs84),
            (Some(""), 0, Some(beijing), other("Beijing 1954")),
            (Some("EPSG"), 4214, None, other("EPSG:4214")),
            (Some("EPSG"), 4214, Some(WGS_84), other("EPSG:4214")),
            (Some("ESRI"), 102_100, None, Reference::WebMercator),
            (Some("ESRI"), 4214, None, other("ESRI:4214")),
            (Some("IGNF"), 4326, None, other("IGNF:4326")),
            (Some("OGC"), 84, Some(WGS_84), Reference::Wgs84),
            (Some("OGC"), 0, Some("CRS84"), Reference::Wgs84),
            (None, 0, Some("Clarke 1866"), other("Clarke 1866")),
            (Some("NONE"), -1, Some("undefined"), Reference::Unsaid),
            (Some("NONE"), 0, Some("undefined"), Reference::Unsaid),
            (Some("NONE"), 99_999, Some(undefined), Reference::Unsaid),
        ] {
            assert_eq!(
                Reference::named(organization, code, words),
                expected,
                "{organization:?}:{code} {words:?}"
            );
        }
    }

    #[test]
    fn what_a_file_says_and_what_was_said_must_agree() {
        let agreed = |reference: Reference, said| reference.datum(said).ok();
        assert_eq!(agreed(Reference::Unsaid, None), Some(Datum::Wgs84));
        assert_eq!(agreed(Reference::Unsaid, Some(Datum::Bd09)), Some(Datum::Bd09));
        assert_eq!(agreed(Reference::WebMercator, None), Some(Datum::WebMercator));
        assert_eq!(agreed(Reference::Wgs84, Some(Datum::Gcj02)), Some(Datum::Gcj02));
        assert_eq!(agreed(Reference::Cgcs2000, Some(Datum::Wgs84)), Some(Datum::Wgs84));
        assert_eq!(agreed(Reference::Wgs84, Some(Datum::WebMercator)), None);
        assert_eq!(agreed(Reference::WebMercator, Some(Datum::Gcj02)), None);
        assert_eq!(agreed(Reference::Other("Beijing 1954".to_owned()), Some(Datum::Wgs84)), None);
    }
}
