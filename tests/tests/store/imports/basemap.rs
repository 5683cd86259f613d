//! Imports of a base map.

use api::store::StoreError;
use api::store::basemap::{Footprint, Road};
use api::store::imports::{ImportKind, ImportSummary};
use domain::district::District;
use domain::event::Change;
use geo_tools::{Bounds, Polygon, Position};

use super::super::on_both_databases;
use super::super::world::{TestStore, at, done, noon};
use super::new_events;

on_both_databases!(
    a_base_map_replaces_the_one_before_and_an_equal_one_changes_nothing,
    a_base_map_that_broke_off_leaves_nothing_behind,
);

fn roads(count: i32) -> Vec<Road> {
    let road = |number: i32| {
        let west = 120.98 + f64::from(number) / 1e4;
        Road {
            class: "residential".into(),
            importance: (number % 4) as u8,
            name: (number % 2 == 0).then(|| format!("Taft Avenue {}", number / 4)),
            line: vec![at(west, 14.6), at(west + 5e-5, 14.601), at(west, 14.602)],
        }
    };
    (0..count).map(road).collect()
}

fn footprints(count: i32) -> Vec<Footprint> {
    let footprint = |number: i32| {
        let west = 120.98 + f64::from(number) / 1e4;
        let exterior = vec![at(west, 14.6), at(west + 5e-5, 14.6), at(west, 14.60005)];
        Footprint { kind: "house".into(), area: vec![Polygon { exterior, holes: Vec::new() }] }
    };
    (0..count).map(footprint).collect()
}

async fn import_basemap(test: &TestStore, district: &District, count: i32) -> ImportSummary {
    let id = test.new_id();
    let import = test.store.begin_import(district.id, ImportKind::Basemap, id, noon()).await;
    let mut import = import.expect("a transaction");
    import.stage_roads(&roads(count)).await.expect("a transaction");
    import.stage_footprints(&footprints(count)).await.expect("a transaction");
    done(import.promote_basemap(&test.attempt()).await.expect("a transaction"))
}

async fn basemap_version(test: &TestStore, district: &District) -> i32 {
    let found = test.store.district(district.id).await.expect("a statement");
    found.expect("it is there").basemap_version
}

fn around(west: Position, east: Position) -> Bounds {
    Bounds::new(west, east).expect("the right way round")
}

async fn a_base_map_replaces_the_one_before_and_an_equal_one_changes_nothing(test: TestStore) {
    let (district, _) = test.with_plan().await;

    let first = import_basemap(&test, &district, 40).await;
    let version = basemap_version(&test, &district).await;
    let equal = import_basemap(&test, &district, 40).await;

    assert_eq!(first, ImportSummary { inserted: 80, updated: 0, unchanged: 0 });
    assert_eq!(equal, ImportSummary { inserted: 0, updated: 0, unchanged: 80 });
    assert_eq!(basemap_version(&test, &district).await, version, "an equal base map is not a new one");
    let box_ = around(at(120.9805, 14.599), at(120.98101, 14.603));
    let near = test.store.roads(district.id, version, &box_, 1).await.expect("a statement");
    let expected: Vec<Road> = roads(40)
        .into_iter()
        .enumerate()
        .filter(|(n, road)| (5..=10).contains(n) && road.importance < 2)
        .map(|(_, road)| road)
        .collect();
    assert_eq!(near, expected);
    let near = test.store.footprints(district.id, version, &box_).await.expect("a statement");
    assert_eq!(near, footprints(40)[5..=10]);

    let second = import_basemap(&test, &district, 30).await;

    assert_eq!(second, ImportSummary { inserted: 0, updated: 0, unchanged: 60 });
    let now = basemap_version(&test, &district).await;
    assert!(now > version);
    let whole = around(at(120.0, 14.0), at(122.0, 15.0));
    let all =
        async |version| test.store.footprints(district.id, version, &whole).await.expect("a statement").len();
    assert_eq!((all(version).await, all(now).await), (0, 30), "the one before is gone");
    let what: Vec<Change> = new_events(&test, &district).await;
    assert_eq!(what.len(), 2, "{what:?}");
}

async fn a_base_map_that_broke_off_leaves_nothing_behind(test: TestStore) {
    let (district, _) = test.with_plan().await;
    import_basemap(&test, &district, 10).await;
    let in_place = basemap_version(&test, &district).await;
    let id = test.new_id();
    let mut broken =
        test.store.begin_import(district.id, ImportKind::Basemap, id, noon()).await.expect("one");
    broken.stage_roads(&roads(25)).await.expect("a transaction");

    let id = test.new_id();
    let next = test.store.begin_import(district.id, ImportKind::Basemap, id, noon()).await.expect("one");

    let whole = around(at(120.0, 14.0), at(122.0, 15.0));
    let all =
        async |version| test.store.roads(district.id, version, &whole, 9).await.expect("a statement").len();
    assert_eq!((all(in_place).await, all(in_place + 1).await), (10, 0));
    let overtaken = broken.promote_basemap(&test.attempt()).await;
    assert!(matches!(overtaken, Err(StoreError::ImportOvertaken { .. })), "{overtaken:?}");
    next.discard().await.expect("a transaction");
    assert_eq!(basemap_version(&test, &district).await, in_place);
}
