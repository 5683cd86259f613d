//! A shapefile: shapes, rows, coordinate system and encoding that may have nothing to do with each other; packed and not.
#![no_main]

use fuzz::choices::Choices;
use fuzz::files::{Memory, archive};
use fuzz::reading::{caps, tiny_caps};
use geo_tools::Datum;
use geo_tools::formats::Options;
use libfuzzer_sys::fuzz_target;

const PROJECTIONS: [&str; 4] = [
    "",
    r#"GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["Degree",0.0174532925199433]]"#,
    r#"PROJCS["WGS_1984_Web_Mercator_Auxiliary_Sphere",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137,298.257223563]]],PROJECTION["Mercator_Auxiliary_Sphere"],UNIT["Meter",1]]"#,
    r#"GEOGCS["Xian_1980",DATUM["D_Xian_1980"#,
];

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices::new(bytes);
    let (prj, cpg) = (choices.one_of(&PROJECTIONS), choices.one_of(&["", "UTF-8", "GBK", "936", "ANSI 437"]));
    let (is_packed, datum) =
        (choices.yes(), choices.one_of(&[None, Some(Datum::Gcj02), Some(Datum::WebMercator)]));
    let split = usize::from(choices.short());
    let rest = choices.rest();
    let (shp, dbf) = rest.split_at(split.min(rest.len()));
    let mut parts = vec![("cells.shp", shp)];
    for (name, content) in [("cells.dbf", dbf), ("cells.prj", prj.as_bytes()), ("cells.cpg", cpg.as_bytes())]
    {
        if !content.is_empty() {
            parts.push((name, content));
        }
    }
    let mut memory = Memory::default();
    memory.put("cells.zip", archive(&parts));
    parts.iter().for_each(|(name, content)| memory.put(name, content.to_vec()));
    let options = Options { caps: caps(), datum, ..Options::default() };
    let items = memory.read("cells.shp", &options);
    if is_packed {
        assert_eq!(memory.read("cells.zip", &options), items, "packed and not");
    }
    memory.read("cells.shp", &Options { caps: tiny_caps(), ..options });
});
