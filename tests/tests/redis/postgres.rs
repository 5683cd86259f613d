//! Two servers on one PostgreSQL: what is done at one is heard at the other, through Redis at once and without it by the
//! look at the heads.
//!
//! [`NEVER`] is a pace at which nobody looks by himself: what arrives then was told.

use std::time::Duration;

use api::config::{Overrides, Secret};
use api::live::Pace;
use domain::viewer::Role;
use serde_json::{Value, json};
use tests::app::{PACE, TestApp, World};
use tests::postgres::Postgres;
use tests::redis_server::RedisServer;
use tests::subscriber::Subscriber;
use tests::world::{self, report};

use super::until;

const AN_HOUR: Duration = Duration::from_secs(60 * 60);
const NEVER: Pace = Pace { heads: AN_HOUR, figures: AN_HOUR, bookmarks: AN_HOUR, rights: AN_HOUR };
const CHANNEL: &[u8] = b"gridward:rings:1";

/// Two servers on a database of their own.
struct Servers {
    overrides: Overrides,
    here: TestApp,
    there: TestApp,
}

impl Servers {
    async fn start(redis: Option<&str>, pace: Pace) -> Option<Self> {
        let Some(postgres) = Postgres::shared() else {
            eprintln!("passed over: PostgreSQL is not installed");
            return None;
        };
        let database_url = Some(Secret::new(postgres.new_database().await));
        let redis_url = redis.map(Secret::new);
        let overrides = Overrides { database_url, redis_url, ..Overrides::default() };
        let here = TestApp::node(overrides.clone(), pace, World::Founded).await;
        let there = TestApp::node(overrides.clone(), pace, World::Left).await;
        Some(Self { overrides, here, there })
    }

    /// A third one, which has no Redis: what is done there, nobody is told.
    async fn silent(&self) -> TestApp {
        TestApp::node(Overrides { redis_url: None, ..self.overrides.clone() }, NEVER, World::Left).await
    }

    /// Waits until each hears the other.
    async fn heard(&self) {
        for app in [&self.here, &self.there] {
            until(&app.services, "the other is heard", |report| report.is_well()).await;
        }
    }

    /// Somebody who follows the incidents at one of the two, with nothing to see yet.
    async fn follower(app: &TestApp) -> Subscriber {
        let mut follower = Subscriber::to_incidents(&app.staff(Role::Dispatcher), json!({})).await;
        assert_eq!(follower.batch().await["kind"], "SNAPSHOT");
        follower
    }

    /// Reports at one of the two. That it is answered, whatever Redis does, is part of the claim.
    async fn report(app: &TestApp, cell: usize) {
        let reporting = async { report(&app.staff(Role::Dispatcher), cell, "noise").await };
        tokio::time::timeout(Duration::from_secs(8), reporting)
            .await
            .expect("who reports waits for no Redis");
    }
}

async fn texts(follower: &mut Subscriber) -> Vec<String> {
    let batch = follower.batch().await;
    assert_eq!(batch["kind"], "CHANGES", "{batch}");
    let text = |incident: &Value| incident["text"].as_str().expect("a text").to_owned();
    batch["upserts"].as_array().expect("a list").iter().map(text).collect()
}

#[tokio::test]
async fn what_is_reported_at_one_server_is_heard_at_the_other_because_it_was_told() {
    let Some(redis) = RedisServer::start() else { return };
    let Some(servers) = Servers::start(Some(&redis.url()), NEVER).await else { return };
    servers.heard().await;
    let mut there = Servers::follower(&servers.there).await;
    let mut here = Servers::follower(&servers.here).await;
    for (cell, expected) in [(0, "in T1-SW"), (3, "in T1-NE")] {
        Servers::report(&servers.here, cell).await;
        assert_eq!(texts(&mut there).await, [expected]);
        assert_eq!(texts(&mut here).await, [expected]);
    }
    Servers::report(&servers.there, 1).await;
    assert_eq!(texts(&mut here).await, ["in T1-SE"]);
    let told = servers.here.services.redis().expect("a Redis").bus.expect("a doorbell");
    // What this server rang comes back to it, and is not heard twice.
    assert_eq!((told.sent, told.heard, told.strange), (2, 1, 0));
}

#[tokio::test]
async fn without_a_redis_servers_hear_of_each_other_by_looking() {
    let Some(servers) = Servers::start(None, PACE).await else { return };
    let mut there = Servers::follower(&servers.there).await;
    Servers::report(&servers.here, 0).await;
    assert_eq!(texts(&mut there).await, ["in T1-SW"]);
}

#[tokio::test]
async fn with_a_redis_that_is_not_there_servers_hear_of_each_other_by_looking() {
    let Some(servers) = Servers::start(Some(&RedisServer::nowhere()), PACE).await else { return };
    let mut there = Servers::follower(&servers.there).await;
    Servers::report(&servers.here, 0).await;
    assert_eq!(texts(&mut there).await, ["in T1-SW"]);
}

#[tokio::test]
async fn what_was_rung_while_redis_was_dead_is_heard_when_it_is_back() {
    let Some(mut redis) = RedisServer::start() else { return };
    let Some(servers) = Servers::start(Some(&redis.url()), NEVER).await else { return };
    servers.heard().await;
    let mut there = Servers::follower(&servers.there).await;
    redis.kill();
    until(&servers.there.services, "it is known to be away", |report| !report.is_well()).await;
    Servers::report(&servers.here, 0).await;
    redis.start_again();
    assert_eq!(texts(&mut there).await, ["in T1-SW"]);
    servers.heard().await;
    Servers::report(&servers.here, 3).await;
    assert_eq!(texts(&mut there).await, ["in T1-NE"]);
}

#[tokio::test]
async fn whoever_begins_to_hear_again_looks_at_every_head() {
    let Some(mut redis) = RedisServer::start() else { return };
    let Some(servers) = Servers::start(Some(&redis.url()), NEVER).await else { return };
    servers.heard().await;
    let mut there = Servers::follower(&servers.there).await;
    Servers::report(&servers.silent().await, 0).await;
    redis.kill();
    redis.start_again();
    assert_eq!(texts(&mut there).await, ["in T1-SW"]);
}

#[tokio::test]
async fn a_redis_that_stands_still_delays_what_is_told_and_nobody_who_reports() {
    let Some(redis) = RedisServer::start() else { return };
    let Some(servers) = Servers::start(Some(&redis.url()), NEVER).await else { return };
    servers.heard().await;
    let mut there = Servers::follower(&servers.there).await;
    redis.stand_still();
    for cell in [0, 1, 2, 3] {
        Servers::report(&servers.here, cell).await;
    }
    redis.go_on();
    let mut heard = Vec::new();
    while heard.len() < 4 {
        heard.extend(texts(&mut there).await);
    }
    assert_eq!(heard, ["in T1-SW", "in T1-SE", "in T1-NW", "in T1-NE"]);
}

#[tokio::test]
async fn what_is_no_ring_is_counted_and_changes_nothing() {
    let Some(redis) = RedisServer::start() else { return };
    let Some(servers) = Servers::start(Some(&redis.url()), NEVER).await else { return };
    servers.heard().await;
    let mut there = Servers::follower(&servers.there).await;
    let strange: [&[u8]; 4] = [b"", b"\xff\xfe", b"ring", &[b'7'; 100_000]];
    for message in strange {
        redis.ask::<i64>(&[b"PUBLISH", CHANNEL, message]);
    }
    // Of a district that nobody has, and of one that is behind.
    for (district, head) in
        [("0198f0c4-7a00-7000-8000-000000000001", 7), (&*world::DISTRICT_ID.to_string(), -1)]
    {
        let message = format!("00000000000000ff {district} {head}");
        redis.ask::<i64>(&[b"PUBLISH", CHANNEL, message.as_bytes()]);
    }
    Servers::report(&servers.here, 0).await;
    assert_eq!(texts(&mut there).await, ["in T1-SW"]);
    let told = until(&servers.there.services, "all were heard", |report| {
        report.bus.is_some_and(|bus| bus.heard == 3)
    });
    assert_eq!(told.await.bus.expect("a doorbell").strange, 4);
}

#[tokio::test]
async fn a_subscription_that_broke_at_one_server_goes_on_at_the_other() {
    let Some(servers) = Servers::start(None, PACE).await else { return };
    let mut follower = Subscriber::to_incidents(&servers.here.staff(Role::Dispatcher), json!({})).await;
    let cursor = follower.batch().await["cursor"].clone();
    drop(follower);
    Servers::report(&servers.here, 0).await;
    let variables = json!({ "after": cursor });
    let mut follower = Subscriber::to_incidents(&servers.there.staff(Role::Dispatcher), variables).await;
    assert_eq!(texts(&mut follower).await, ["in T1-SW"]);
}
