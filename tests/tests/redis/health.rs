//! What a server says of its Redis.

use std::time::Duration;

use api::config::{Overrides, Secret};
use tests::app::TestApp;
use tests::redis_server::RedisServer;
use tests::world;

async fn told(app: &TestApp, path: &str) -> String {
    let response = app.public().get(path).await;
    assert_eq!(response.status(), 200, "{path}: a server without its Redis is slower, but ready");
    response.text().await.expect("a text")
}

async fn until_told(app: &TestApp, path: &str, expected: &str) {
    for _ in 0..2_400 {
        if told(app, path).await == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(told(app, path).await, expected, "not within a minute");
}

fn holds(figures: &str, line: &str) {
    assert!(figures.lines().any(|found| found == line), "{line} is not in\n{figures}");
}

#[tokio::test]
async fn a_server_says_whether_its_redis_is_there_and_stays_ready() {
    let Some(mut redis) = RedisServer::start() else { return };
    let redis_url = Some(Secret::new(redis.url()));
    let app = TestApp::start_with(Overrides { redis_url, ..Overrides::default() }).await;
    for path in ["/ready", "/health"] {
        let begun = if path == "/ready" { "ready" } else { "ok" };
        until_told(&app, path, &format!("{begun}\nredis: up\n")).await;
        redis.kill();
        until_told(&app, path, &format!("{begun}\nredis: down (degraded: slower, but right)\n")).await;
        redis.start_again();
        until_told(&app, path, &format!("{begun}\nredis: up\n")).await;
        redis.stand_still();
        until_told(&app, path, &format!("{begun}\nredis: down (degraded: slower, but right)\n")).await;
        redis.go_on();
        until_told(&app, path, &format!("{begun}\nredis: up\n")).await;
    }
}

#[tokio::test]
async fn figures_count_what_was_found_what_was_not_and_what_was_wrong() {
    let Some(redis) = RedisServer::start() else { return };
    let redis_url = Some(Secret::new(redis.url()));
    let app = TestApp::start_with(Overrides { redis_url, ..Overrides::default() }).await;
    until_told(&app, "/ready", "ready\nredis: up\n").await;
    let path = format!("/d/{}/tiles/grid/1-0/13/6849/3760.mvt", world::DISTRICT);
    assert_eq!(app.public().get(&path).await.status(), 200);
    super::until(&app.services, "it is written", |report| report.cache.stored == 1).await;
    let figures = told(&app, "/metrics").await;
    holds(&figures, "redis_cache_up 1");
    holds(&figures, "redis_cache_reads_total{result=\"miss\"} 1");
    holds(&figures, "redis_cache_reads_total{result=\"hit\"} 0");
    holds(&figures, "redis_cache_reads_total{result=\"wrong\"} 0");
    holds(&figures, "redis_cache_writes_total{result=\"stored\"} 1");
    assert!(!figures.contains("redis_bus_up"), "a file of SQLite has one server, and no doorbell");
}

#[tokio::test]
async fn a_server_without_a_redis_says_nothing_of_one() {
    let app = TestApp::start().await;
    assert_eq!(told(&app, "/ready").await, "ready\n");
    assert_eq!(told(&app, "/health").await, "ok\n");
    assert!(!told(&app, "/metrics").await.contains("redis"));
}
