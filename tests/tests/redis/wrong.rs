//! Under every key that the product writes: whatever else may stand there.

use tests::redis_server::RedisServer;

use super::{TILE_COUNT, app_with_map, bare_server, report, server, tiles, until};

/// What was found under each key before.
type Kept = Vec<(String, Vec<u8>)>;

/// Puts something in the place of one value, given its index.
type Plant = fn(&RedisServer, &Kept, usize);

fn set(redis: &RedisServer, key: &str, value: &[u8]) {
    redis.ask::<()>(&[b"SET", key.as_bytes(), value]);
}

/// The value with one bit flipped, counted from the front or from the end.
fn flipped(value: &[u8], at: usize) -> Vec<u8> {
    let mut value = value.to_vec();
    value[at] ^= 1;
    value
}

fn of_another_type(redis: &RedisServer, key: &str, words: &[&[u8]]) {
    redis.ask::<()>(&[b"DEL", key.as_bytes()]);
    let command: Vec<&[u8]> = [&words[..1], &[key.as_bytes()][..], &words[1..]].concat();
    redis.ask::<redis::Value>(&command);
}

const PLANTED: [(&str, Plant); 14] = [
    ("nothing", |redis, kept, at| set(redis, &kept[at].0, b"")),
    ("one byte", |redis, kept, at| set(redis, &kept[at].0, b"x")),
    ("words", |redis, kept, at| set(redis, &kept[at].0, b"{\"data\":{\"tile\":null},\"errors\":[]}")),
    ("all but the last byte", |redis, kept, at| {
        let (key, value) = &kept[at];
        set(redis, key, &value[..value.len() - 1]);
    }),
    ("one byte more", |redis, kept, at| {
        let (key, value) = &kept[at];
        set(redis, key, &[&value[..], &[0]].concat());
    }),
    ("a bit flipped at the front", |redis, kept, at| set(redis, &kept[at].0, &flipped(&kept[at].1, 0))),
    ("a bit flipped at the end", |redis, kept, at| {
        let (key, value) = &kept[at];
        set(redis, key, &flipped(value, value.len() - 1));
    }),
    ("the value without its signature", |redis, kept, at| {
        let (key, value) = &kept[at];
        // Of a tile with nothing on it nothing is left.
        set(redis, key, if value.len() == 16 { b"tile" } else { &value[16..] });
    }),
    ("the value of another key", |redis, kept, at| set(redis, &kept[at].0, &kept[(at + 1) % kept.len()].1)),
    ("megabytes", |redis, kept, at| {
        set(redis, &kept[at].0, &[&kept[at].1[..], &vec![0; 3 << 20][..]].concat());
    }),
    ("a list", |redis, kept, at| of_another_type(redis, &kept[at].0, &[b"RPUSH", &kept[at].1])),
    ("a hash", |redis, kept, at| of_another_type(redis, &kept[at].0, &[b"HSET", b"tile", &kept[at].1])),
    ("a set", |redis, kept, at| of_another_type(redis, &kept[at].0, &[b"SADD", &kept[at].1])),
    ("a stream", |redis, kept, at| {
        of_another_type(redis, &kept[at].0, &[b"XADD", b"*", b"tile", &kept[at].1]);
    }),
];

#[tokio::test]
async fn whatever_stands_under_a_key_of_ours_is_not_believed_and_replaced() {
    let Some(redis) = RedisServer::start() else { return };
    let app = app_with_map().await;
    let expected = tiles(&bare_server(&app)).await;
    let first = server(&app, &redis.url()).await;
    assert_eq!(tiles(&first).await, expected);
    until(&first, "all are written", |report| report.cache.stored == TILE_COUNT).await;
    let kept: Kept = redis
        .keys()
        .into_iter()
        .map(|key| {
            let value = redis.ask(&[b"GET", key.as_bytes()]);
            (key, value)
        })
        .collect();
    assert_eq!(kept.len() as u64, TILE_COUNT, "every key that the product writes");
    for (what, plant) in PLANTED {
        for at in 0..kept.len() {
            plant(&redis, &kept, at);
        }
        let server = server(&app, &redis.url()).await;
        assert_eq!(tiles(&server).await, expected, "{what}");
        let told = report(&server).cache;
        // An empty value cannot be told from none.
        let (misses, wrong) = if what == "nothing" { (TILE_COUNT, 0) } else { (0, TILE_COUNT) };
        assert_eq!((told.hits, told.misses, told.wrong, told.failed), (0, misses, wrong, 0), "{what}");
        until(&server, what, |report| report.cache.stored == TILE_COUNT).await;
        for (key, value) in &kept {
            assert_eq!(&redis.ask::<Vec<u8>>(&[b"GET", key.as_bytes()]), value, "{what}: {key}");
        }
    }
}
