//! Shapefiles: what is written is read again, broken ones are answered, archives are not believed.

use std::time::{Duration, Instant};

use crate::folder::{Memory, archive, codes, feature, features, polygon_with_hole, read};
use geo_tools::formats::{Caps, Item, Options};
use geo_tools::{Code, Datum, Geometry, Position, Severity};
use serde_json::json;

fn written() -> Memory {
    let memory = Memory::default();
    let cells = [
        feature(
            json!({"名称": "龙湖镇", "households": 412, "share": 0.25, "open": true}),
            polygon_with_hole(),
        ),
        feature(json!({"名称": null, "households": null, "share": null, "open": null}), None),
        feature(
            json!({"名称": "和庄", "households": -3, "share": -1e-9, "open": false}),
            polygon_with_hole(),
        ),
    ];
    assert_eq!(memory.write("cells.shp", &cells), []);
    memory
}

#[test]
fn a_shapefile_gives_back_what_was_written_chinese_nulls_and_holes_included() {
    let memory = written();
    let items = read("cells.shp", &memory, &Options::default());
    let read = features(&items);
    assert_eq!(read.len(), 3, "{items:#?}");
    assert_eq!(read[0].geometry, polygon_with_hole());
    assert_eq!(
        json!(*read[0].properties),
        json!({"名称": "龙湖镇", "households": 412, "share": 0.25, "open": true})
    );
    assert_eq!(read[1].geometry, None);
    assert_eq!(
        json!(*read[1].properties),
        json!({"名称": null, "households": null, "share": null, "open": null})
    );
    assert_eq!(read[1].warnings[0].code, Code::NullGeometry);
    assert_eq!(read[2].line, 3, "the record's number");
    assert_eq!(json!(read[2].properties["share"]), json!(-1e-9));
}

#[test]
fn a_table_in_gbk_is_read_by_its_cpg_and_without_one() {
    let memory = written();
    let dbf = memory.get("cells.dbf");
    let name = dbf.windows(9).position(|bytes| bytes == "龙湖镇".as_bytes()).expect("the name");
    let second = dbf.windows(6).position(|bytes| bytes == "和庄".as_bytes()).expect("the other name");
    let mut gbk = dbf.clone();
    gbk[name..name + 9].copy_from_slice(&[0xc1, 0xfa, 0xba, 0xfe, 0xd5, 0xf2, b' ', b' ', b' ']);
    gbk[second..second + 6].copy_from_slice(&[0xba, 0xcd, 0xd7, 0xaf, b' ', b' ']);
    let column = gbk.windows(6).position(|bytes| bytes == "名称".as_bytes()).expect("the column");
    gbk[column..column + 6].copy_from_slice(&[0xc3, 0xfb, 0xb3, 0xc6, 0, 0]);
    memory.put("cells.dbf", gbk);
    for cpg in [Some("GBK"), Some("936"), None] {
        match cpg {
            Some(label) => memory.put("cells.cpg", label.as_bytes().to_vec()),
            None => memory.remove("cells.cpg"),
        }
        let items = read("cells.shp", &memory, &Options::default());
        let read = features(&items);
        assert_eq!(read[0].properties["名称"], json!("龙湖镇"), "{cpg:?}");
        assert_eq!(read[2].properties["名称"], json!("和庄"), "{cpg:?}");
    }
    memory.put("cells.cpg", b"UTF-8".to_vec());
    let items = read("cells.shp", &memory, &Options::default());
    assert!(codes(&items).contains(&Code::Encoding), "what the .cpg says is held to: {items:?}");
}

#[test]
fn what_the_prj_says_is_held_to_and_metres_of_web_mercator_are_degrees_afterwards() {
    let memory = written();
    let datum = |datum| Options { datum: Some(datum), ..Options::default() };
    let only_problem = |options: &Options| match read("cells.shp", &memory, options).as_slice() {
        [Item::Problem(problem)] => problem.clone(),
        items => std::panic::panic_any(format!("{items:?}")),
    };
    let said = only_problem(&datum(Datum::WebMercator));
    assert_eq!((said.code, said.severity), (Code::Crs, Severity::Error));
    assert!(
        said.message.contains("degrees of WGS 84, and is to be read as web-mercator"),
        "{}",
        said.message
    );
    memory.put("cells.prj", br#"PROJCS["Beijing_1954_3_Degree_GK_CM_114E",UNIT["Meter",1.0]]"#.to_vec());
    let other = only_problem(&Options::default());
    assert!(other.message.contains("Beijing_1954_3_Degree_GK_CM_114E"), "{}", other.message);
    // What leads to WGS 84 is not in it.
    let way = br#"GEOGCS["Beijing 1954",DATUM["Beijing_1954",SPHEROID["Krassowsky 1940",6378245,298.3],TOWGS84[15.8,-154.4,-82.3,0,0,0,0]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]"#;
    memory.put("cells.prj", way.to_vec());
    let other = only_problem(&Options::default());
    assert!(other.message.contains("Beijing 1954"), "{}", other.message);
    let mercator =
        r#"PROJCS["WGS_1984_Web_Mercator_Auxiliary_Sphere",GEOGCS["GCS_WGS_1984"],UNIT["Meter",1.0]]"#;
    let place = Position::new(113.0, 34.0).expect("in range");
    memory.write("metres.shp", &[feature(json!({"a": 1}), Some(Geometry::Point(place)))]);
    memory.put("metres.prj", mercator.as_bytes().to_vec());
    for options in [Options::default(), datum(Datum::WebMercator)] {
        let items = read("metres.shp", &memory, &options);
        let expected = Datum::WebMercator.position(113.0, 34.0).expect("metres near the origin");
        assert_eq!(features(&items)[0].geometry, Some(Geometry::Point(expected)));
    }
    memory.remove("cells.prj");
    assert_eq!(codes(&read("cells.shp", &memory, &Options::default()))[0], Code::Crs, "a warning");
    assert_eq!(codes(&read("cells.shp", &memory, &datum(Datum::Gcj02))), []);
}

#[test]
fn every_truncation_and_every_flipped_byte_is_answered_without_a_panic() {
    let memory = written();
    for part in ["cells.shp", "cells.dbf"] {
        let whole = memory.get(part);
        for end in 0..whole.len() - 1 {
            memory.put(part, whole[..end].to_vec());
            let started = Instant::now();
            let items = read("cells.shp", &memory, &Options::default());
            assert!(started.elapsed() < Duration::from_secs(1));
            assert!(has_error(&items), "{part} cut at {end}: {items:?}");
        }
        for at in 0..whole.len() {
            for mask in [0xff, 0x80, 0x01] {
                let mut damaged = whole.clone();
                damaged[at] ^= mask;
                memory.put(part, damaged);
                let started = Instant::now();
                drop(read("cells.shp", &memory, &Options::default()));
                assert!(started.elapsed() < Duration::from_secs(1), "{part} at {at}");
            }
        }
        memory.put(part, whole);
    }
}

fn has_error(items: &[Item]) -> bool {
    items.iter().any(|item| matches!(item, Item::Problem(problem) if problem.severity == Severity::Error))
}

#[test]
fn wrong_row_sizes_and_row_counts_are_told_with_their_numbers() {
    let memory = written();
    let dbf = memory.get("cells.dbf");
    for (at, value, words) in [
        (10, [3, 0], "columns up to"),
        (10, [0, 0], "columns up to"),
        (4, [2, 0], "has 2 rows"),
        (4, [9, 0], "has 9 rows, the .shp 3 shapes"),
        (8, [255, 255], "header has 65535 bytes"),
    ] {
        let mut damaged = dbf.clone();
        damaged[at..at + 2].copy_from_slice(&value);
        memory.put("cells.dbf", damaged);
        let items = read("cells.shp", &memory, &Options::default());
        let told = |item: &Item| matches!(item, Item::Problem(problem) if problem.code == Code::BadFormat && problem.message.contains(words));
        assert!(items.iter().any(told), "{words}: {items:?}");
    }
}

#[test]
fn a_zipped_shapefile_is_read_like_its_files() {
    let memory = written();
    let parts = [".shp", ".dbf", ".prj", ".cpg"].map(|ending| memory.get(&format!("cells{ending}")));
    let names = ["网格/cells.SHP", "网格/cells.dbf", "网格/cells.prj", "网格/cells.cpg"];
    let entries: Vec<_> =
        names.iter().zip(&parts).map(|(name, bytes)| (*name, bytes.as_slice(), None)).collect();
    let zipped = archive(&entries);
    memory.put("cells.zip", zipped.clone());
    let options = Options::default();
    assert_eq!(read("cells.zip", &memory, &options), read("cells.shp", &memory, &options));
    for end in (0..zipped.len()).step_by(64) {
        memory.put("cells.zip", zipped[..end].to_vec());
        assert!(has_error(&read("cells.zip", &memory, &options)), "cut at {end}");
    }
}

#[test]
fn archives_that_lead_out_lie_or_swell_are_refused() {
    let memory = written();
    let shp = memory.get("cells.shp");
    let bomb = vec![0; 64 << 20];
    let mut swollen = shp.clone();
    swollen[24..28].copy_from_slice(&i32::MAX.to_be_bytes());
    swollen.extend(&bomb);
    let cases: [(&str, Vec<u8>, Code); 7] = [
        ("slip", archive(&[("../../cells.shp", &shp, None)]), Code::BadFormat),
        ("absolute", archive(&[("/etc/cells.shp", &shp, None)]), Code::BadFormat),
        ("drive", archive(&[("C:\\cells.shp", &shp, None)]), Code::BadFormat),
        ("two", archive(&[("a.shp", &shp, None), ("b.shp", &shp, None)]), Code::BadFormat),
        ("lie", archive(&[("cells.shp", &shp, Some(50))]), Code::Unreadable),
        ("bomb", archive(&[("cells.shp", &bomb, None)]), Code::BadFormat),
        ("swollen", archive(&[("cells.shp", &swollen, None)]), Code::BadFormat),
    ];
    for (name, bytes, code) in cases {
        memory.put("cells.zip", bytes);
        let started = Instant::now();
        let items = read("cells.zip", &memory, &Options::default());
        assert!(codes(&items).contains(&code), "{name}: {items:?}");
        assert!(started.elapsed() < Duration::from_secs(1), "{name}");
    }
    let many = vec![("x", b"".as_slice(), None); 1_001];
    memory.put("cells.zip", archive(&many));
    assert_eq!(codes(&read("cells.zip", &memory, &Options::default())), [Code::TooLarge]);
}

#[test]
fn caps_on_bytes_features_and_positions_hold() {
    let memory = written();
    let capped = |change: fn(&mut Caps)| {
        let mut options = Options::default();
        change(&mut options.caps);
        codes(&read("cells.shp", &memory, &options))
    };
    for codes in [
        capped(|caps| caps.max_features = 2),
        capped(|caps| caps.max_bytes = 300),
        capped(|caps| caps.max_positions = 5),
        capped(|caps| caps.max_feature_positions = 1),
    ] {
        assert_eq!(codes.last(), Some(&Code::TooLarge), "{codes:?}");
    }
}
