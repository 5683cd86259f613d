//! The Redis between several servers: where it is, and how long it is waited for.

use std::time::Duration;

use super::{ConfigError, Secret};

/// A Redis, and how long it is waited for.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    /// `redis://` with a host, and what else there is to say: `redis://USER:PASSWORD@HOST:PORT/NUMBER`.
    pub url: Secret,
    /// How long it is waited for.
    pub patience: RedisPatience,
}

/// How long Redis is waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RedisPatience {
    /// With a question that a request waits for.
    pub read: Duration,
    /// With what nobody waits for: a connection, a write, a ring, a sign of life.
    pub other: Duration,
    /// Before a line on which nothing is asked is asked for a sign of life.
    pub beat: Duration,
}

impl Default for RedisPatience {
    fn default() -> Self {
        Self {
            // A Redis nearby answers within a millisecond, and most of what is asked is made anew within these.
            read: Duration::from_millis(50),
            other: Duration::from_secs(1),
            beat: Duration::from_secs(2),
        }
    }
}

impl RedisSettings {
    /// A Redis with the usual patience; `None` where the setting is `none`.
    pub(super) fn checked(url: Secret) -> Result<Option<Self>, ConfigError> {
        if url.expose() == "none" {
            return Ok(None);
        }
        let refused =
            |problem: &str| ConfigError::Value { name: "redis_url".into(), problem: problem.into() };
        match problem_of(url.expose()) {
            Some(problem) => Err(refused(problem)),
            None => Ok(Some(Self { url, patience: RedisPatience::default() })),
        }
    }
}

/// What is wrong with a URL, without anything of it: it may hold a password.
fn problem_of(url: &str) -> Option<&'static str> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Some("it must begin with redis://, or be none");
    };
    match scheme {
        "redis" => {}
        "rediss" | "valkeys" => {
            return Some(
                "Gridward does not speak TLS to Redis: use redis:// within a private network or through a tunnel",
            );
        }
        _ => return Some("it must begin with redis://, or be none"),
    }
    let (user, place) = rest.rsplit_once('@').unwrap_or(("", rest));
    if user.contains(['/', '?', '#', '@']) {
        return Some("in the user and the password, / ? # and @ must be percent-encoded");
    }
    if place.contains(['?', '#']) {
        return Some(
            "it takes a host, a port, a user with a password, the number of a database, and nothing else",
        );
    }
    let (host, database) = place.split_once('/').unwrap_or((place, ""));
    if !database.is_empty() && database.parse::<u16>().is_err() {
        return Some("what follows the host must be the number of a database, such as /0");
    }
    let (host, port) = match host.rsplit_once(':') {
        // The last part of an IPv6 address is no port.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (host, None),
    };
    if host.is_empty() {
        return Some("the host is missing");
    }
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Some("the port must be a number up to 65535");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redis_is_one_server_by_its_url_and_nothing_of_a_password_is_told() {
        let check = |url: &str, expected: Result<bool, &str>| {
            let found = RedisSettings::checked(Secret::new(url));
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found.is_some(), expected, "{url}"),
                (Err(error), Err(expected)) => {
                    let error = error.to_string();
                    assert!(error.contains(expected), "{url}: {error}");
                    assert!(!error.contains("hunter2"), "{error}");
                }
                (found, expected) => panic!("{url}: {found:?}, not {expected:?}"),
            }
        };
        check("none", Ok(false));
        check("redis://127.0.0.1", Ok(true));
        check("redis://cache.example:6380/3", Ok(true));
        check("redis://:hunter2@cache.example", Ok(true));
        check("redis://grid:hunter2@[::1]:6379/0", Ok(true));
        check("redis://[::1]", Ok(true));
        check("", Err("it must begin with redis://"));
        check("hunter2", Err("it must begin with redis://"));
        check("http://hunter2@host", Err("it must begin with redis://"));
        check("rediss://:hunter2@cache.example", Err("does not speak TLS to Redis"));
        check("redis://:hun/ter2@cache.example", Err("must be percent-encoded"));
        check("redis://:hunter2@cache.example?protocol=3", Err("and nothing else"));
        check("redis://:hunter2@cache.example/hunter2", Err("the number of a database"));
        check("redis://:hunter2@/0", Err("the host is missing"));
        check("redis://:hunter2@cache.example:hunter2", Err("the port must be a number"));
    }
}
