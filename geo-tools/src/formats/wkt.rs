//! The coordinate systems that are written, in the words that other programs know them by.

use crate::datum::Datum;
use crate::problem::{Code, Problem};

/// A coordinate system as a file names it.
#[derive(Debug)]
pub(super) struct System {
    /// Its EPSG code; 0 where it has none.
    pub(super) id: i64,
    pub(super) name: &'static str,
    /// Its definition in well-known text.
    pub(super) definition: &'static str,
    /// The same in the dialect of a `.prj`; `None` where there is no name for it.
    pub(super) esri: Option<&'static str>,
}

pub(super) const WGS_84: &str = concat!(
    r#"GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],"#,
    r#"AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],"#,
    r#"UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AXIS["Latitude",NORTH],"#,
    r#"AXIS["Longitude",EAST],AUTHORITY["EPSG","4326"]]"#
);
const ESRI_WGS_84: &str = concat!(
    r#"GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],"#,
    r#"PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#
);
const CGCS2000: &str = concat!(
    r#"GEOGCS["China Geodetic Coordinate System 2000",DATUM["China_2000",SPHEROID["CGCS2000",6378137,298.257222101,"#,
    r#"AUTHORITY["EPSG","1024"]],AUTHORITY["EPSG","1043"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],"#,
    r#"UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AXIS["Latitude",NORTH],"#,
    r#"AXIS["Longitude",EAST],AUTHORITY["EPSG","4490"]]"#
);
const ESRI_CGCS2000: &str = concat!(
    r#"GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,"#,
    r#"298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#
);
const WEB_MERCATOR: &str = concat!(
    r#"PROJCS["WGS 84 / Pseudo-Mercator",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],"#,
    r#"PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]],"#,
    r#"PROJECTION["Mercator_1SP"],PARAMETER["central_meridian",0],PARAMETER["scale_factor",1],"#,
    r#"PARAMETER["false_easting",0],PARAMETER["false_northing",0],UNIT["metre",1],AXIS["Easting",EAST],"#,
    r#"AXIS["Northing",NORTH],AUTHORITY["EPSG","3857"]]"#
);
const ESRI_WEB_MERCATOR: &str = concat!(
    r#"PROJCS["WGS_1984_Web_Mercator_Auxiliary_Sphere",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984","#,
    r#"SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],"#,
    r#"PROJECTION["Mercator_Auxiliary_Sphere"],PARAMETER["False_Easting",0.0],PARAMETER["False_Northing",0.0],"#,
    r#"PARAMETER["Central_Meridian",0.0],PARAMETER["Standard_Parallel_1",0.0],PARAMETER["Auxiliary_Sphere_Type",0.0],"#,
    r#"UNIT["Meter",1.0]]"#
);

impl System {
    pub(super) fn of(datum: Datum) -> Self {
        let (id, name, definition, esri) = match datum {
            Datum::Wgs84 => (4326, "WGS 84", WGS_84, Some(ESRI_WGS_84)),
            Datum::Cgcs2000 => (4490, "China Geodetic Coordinate System 2000", CGCS2000, Some(ESRI_CGCS2000)),
            Datum::WebMercator => (3857, "WGS 84 / Pseudo-Mercator", WEB_MERCATOR, Some(ESRI_WEB_MERCATOR)),
            Datum::Gcj02 | Datum::Bd09 => (0, "", "", None),
        };
        Self { id, name, definition, esri }
    }

    /// The warning where no file can name the system.
    pub(super) fn unnamed(&self, datum: Datum) -> Option<Problem> {
        let message = format!(
            "{datum} has no name in this format, so the file names no coordinate system: give it to nobody who does not \
             know, and read it with --from {datum}"
        );
        (self.id == 0).then(|| Problem::warning(Code::Crs, message))
    }
}
