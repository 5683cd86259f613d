//! Servers beside a Redis in every state that it can be in: what they answer, what they keep there, what they tell.

mod cache;
mod health;
mod postgres;
mod wrong;

use std::time::Duration;

use api::bus::Bus;
use api::cache::Cache;
use api::clock::IdSource;
use api::config::{Overrides, Secret, ServerSecret, Settings};
use api::service::Services;
use api::service::system::RedisReport;
use api::service::tiles::{TileLayer, TilePlace};
use api::store::basemap::{Footprint, Road};
use api::store::imports::ImportKind;
use api::store::{Attempt, Outcome};
use domain::viewer::Viewer;
use geo_tools::Polygon;
use tests::app::{REDIS_PATIENCE, TestApp};
use tests::world::{self, at};
use uuid::Uuid;

/// The version of the map of [`app_with_map`].
const VERSION: &str = "1-1";
/// The middle of the world of the tests, from far away to near.
const PLACES: [TilePlace; 6] = [
    TilePlace { z: 9, x: 428, y: 235 },
    TilePlace { z: 11, x: 1712, y: 940 },
    TilePlace { z: 13, x: 6849, y: 3760 },
    TilePlace { z: 13, x: 6850, y: 3760 },
    TilePlace { z: 14, x: 13698, y: 7520 },
    TilePlace { z: 14, x: 0, y: 0 },
];
/// How many tiles [`tiles`] asks for.
const TILE_COUNT: u64 = 2 * PLACES.len() as u64;

/// A server whose district has streets and houses beside its grid.
async fn app_with_map() -> TestApp {
    let app = TestApp::start().await;
    let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_00aa);
    let import = app.store.begin_import(world::DISTRICT_ID, ImportKind::Basemap, id, world::noon()).await;
    let mut import = import.expect("an import begins");
    let road = Road {
        class: "residential".into(),
        importance: 4,
        name: Some("Taft Avenue".into()),
        line: vec![at(120.981, 14.581), at(120.999, 14.599)],
    };
    let corners = vec![at(120.985, 14.585), at(120.986, 14.585), at(120.986, 14.586)];
    let house =
        Footprint { kind: "house".into(), area: vec![Polygon { exterior: corners, holes: Vec::new() }] };
    import.stage_roads(&[road]).await.expect("a street");
    import.stage_footprints(&[house]).await.expect("a house");
    let promoted = import.promote_basemap(&Attempt::by_system(world::noon())).await.expect("a transaction");
    assert!(matches!(promoted, Outcome::Done(_)), "{promoted:?}");
    app
}

fn settings(redis: &str) -> Settings {
    let overrides = Overrides { redis_url: Some(Secret::new(redis)), ..Overrides::default() };
    let mut settings = Settings::from_overrides(overrides).expect("settings");
    settings.redis.as_mut().expect("a Redis").patience = REDIS_PATIENCE;
    settings
}

/// The use cases of another server on the same database that has nothing in its memory.
fn bare_server(app: &TestApp) -> Services {
    let ids = IdSource::random(app.clock.clone());
    Services::new(app.store.clone(), Cache::new(app.store.clone()), Bus::local(), app.clock.clone(), ids)
}

/// The same beside a Redis, with a secret.
fn server_with_secret(app: &TestApp, redis: &str, secret: &str) -> Services {
    bare_server(app).with_redis(&settings(redis), &ServerSecret::new(secret)).expect("a URL")
}

/// The same, as soon as it has reached Redis.
async fn server(app: &TestApp, redis: &str) -> Services {
    let server = server_with_secret(app, redis, "of the tests");
    until(&server, "Redis is reached", |report| report.cache.is_up).await;
    server
}

/// What everybody may see of the map, one tile after the other.
async fn tiles(server: &Services) -> Vec<Vec<u8>> {
    let mut tiles = Vec::new();
    for layer in [TileLayer::Grid, TileLayer::Base] {
        for place in PLACES {
            let tile = server.tile(&Viewer::public(), world::DISTRICT, layer, VERSION, place).await;
            tiles.push(tile.expect("a tile").to_vec());
        }
    }
    tiles
}

fn report(server: &Services) -> RedisReport {
    server.redis().expect("a Redis is set")
}

/// Waits until a server says of its Redis what it should, a minute at most.
async fn until(server: &Services, what: &str, holds: impl Fn(&RedisReport) -> bool) -> RedisReport {
    for _ in 0..2_400 {
        let report = report(server);
        if holds(&report) {
            return report;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("not within a minute: {what}; {:?}", report(server));
}
