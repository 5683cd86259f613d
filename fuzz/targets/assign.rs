//! Rows of households as `geo-tools assign` takes them: each position gets the owner that the slow way gives it.
#![no_main]

use std::sync::LazyLock;

use fuzz::ray;
use fuzz::reading::caps;
use geo_tools::coverage::{Area, BuildOptions, build};
use geo_tools::datum::suspicion::{Reference, Sample, suspect};
use geo_tools::formats::csv::{self, CsvOptions, Ids, Item, Positions};
use geo_tools::locator::{Locator, Method};
use geo_tools::{Coverage, Datum, Polygon, Position};
use libfuzzer_sys::fuzz_target;

/// Two cells that share a skew border, one with an enclave of a third, between Zhengzhou and Xinzheng.
static CELLS: LazyLock<(Coverage, Locator)> = LazyLock::new(|| {
    let ring = |corners: &[(f64, f64)]| -> Vec<Position> {
        corners.iter().map(|&(lon, lat)| Position::new(lon, lat).expect("in range")).collect()
    };
    let enclave = ring(&[(113.732, 34.393), (113.736, 34.392), (113.735, 34.397)]);
    let polygons = [
        (ring(&[(113.73, 34.39), (113.74, 34.39), (113.741, 34.4), (113.73, 34.4)]), vec![enclave.clone()]),
        (ring(&[(113.74, 34.39), (113.75, 34.39), (113.75, 34.4), (113.741, 34.4)]), Vec::new()),
        (enclave, Vec::new()),
    ];
    let area =
        |(exterior, holes)| Area { name: "cell".to_owned(), polygons: vec![Polygon { exterior, holes }] };
    let coverage = build(&polygons.map(area), &BuildOptions::default()).coverage.expect("a coverage");
    let locator = Locator::build(&coverage);
    (coverage, locator)
});

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, bytes)) = bytes.split_first() else { return };
    let (coverage, locator) = &*CELLS;
    let options = CsvOptions {
        datum: Datum::ALL[usize::from(*choice) % Datum::ALL.len()],
        ids: if choice & 64 == 0 { Ids::Unique } else { Ids::AsGiven },
        positions: if choice & 128 == 0 { Positions::Required } else { Positions::Optional },
        ..CsvOptions::default()
    };
    let mut sample = Sample::default();
    let mut positions = Vec::new();
    for item in csv::read(bytes, &options, &caps()) {
        let Item::Row(row) = item else { continue };
        let Some(at) = row.position else { continue };
        sample.take(at);
        positions.push(at);
    }
    let owners = locator.locate_many(&positions);
    for (at, owner) in positions.iter().zip(owners) {
        assert_eq!(owner, ray::owner(coverage.borders(), *at), "{at}");
        let located = locator.locate(*at, 0.0);
        assert_eq!((located.leaf, located.method == Method::Outside), (owner, owner.is_none()), "{at}");
        let shares: f64 = locator.candidates(*at, 150.0).iter().map(|candidate| candidate.share).sum();
        assert!((shares - 1.0).abs() < 1e-6, "{at}: the shares make {shares}");
    }
    let suspected = suspect(sample.positions(), &Reference::Cells(locator));
    assert!(suspected.is_none() || positions.len() >= 30);
});
