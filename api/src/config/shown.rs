//! The settings in force as the `gridward.toml` that would say the same.

use std::fmt::Write;

use toml::Value;

use super::{ConfigError, LogFormat, Overrides, Settings};

/// The settings that some overrides come to, as a file with every key; passwords are left out.
///
/// # Errors
/// [`ConfigError::Value`].
pub fn in_force(given: &Overrides) -> Result<String, ConfigError> {
    let settings = Settings::from_overrides(given.clone())?;
    let text = |text: &dyn ToString| Value::String(text.to_string());
    let origins = settings.origins.listed.iter().map(|origin| text(origin)).collect();
    let proxies = given.trusted_proxies.iter().flatten().map(|network| text(network)).collect();
    let log_format = match settings.log_format {
        LogFormat::Text => "text",
        LogFormat::Json => "json",
    };
    let redis =
        settings.redis.map_or_else(|| "none".to_owned(), |redis| without_password(redis.url.expose()));
    let keys = [
        ("data_dir", text(&settings.data_dir.display())),
        ("listen", text(&settings.listen)),
        ("database_url", text(&without_password(settings.database.url.expose()))),
        ("database_connections", Value::Integer(settings.database.max_connections.into())),
        ("redis_url", text(&redis)),
        ("secret_file", text(&settings.secret_file.display())),
        ("origins", Value::Array(origins)),
        ("trusted_proxies", Value::Array(proxies)),
        ("documents", text(&settings.documents.as_str())),
        ("introspection", text(&settings.introspection.as_str())),
        ("log", text(&settings.log)),
        ("log_format", text(&log_format)),
    ];
    let mut shown = String::new();
    // Writing to a String cannot fail.
    for (key, value) in keys {
        let _ = writeln!(shown, "{key} = {value}");
    }
    shown.push_str("\n[limits]\n");
    for (key, number) in given.limits.in_force() {
        let _ = writeln!(shown, "{key} = {number}");
    }
    Ok(shown)
}

/// A URL whose password is dots; one whose parts cannot be told apart says its scheme only.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "…".to_owned() };
    if scheme == "sqlite" {
        return url.to_owned();
    }
    match rest.rsplit_once('@') {
        // A query may hold a password too.
        None if rest.contains('?') => format!("{scheme}://…"),
        None => url.to_owned(),
        Some((who, place)) => {
            let (place, user) = (place.split('?').next().unwrap_or_default(), who.split(':').next());
            format!("{scheme}://{}:…@{place}", user.unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    #[test]
    fn what_is_shown_is_a_file_that_says_the_same() {
        let origins = Some(vec!["https://map.example".to_owned()]);
        let given = Overrides { origins, data_dir: Some("/srv/\"odd\"".into()), ..Overrides::default() };
        let shown = in_force(&given).expect("valid settings");
        let read: Overrides = toml::from_str(&shown).expect("a file with known keys");
        assert_eq!(in_force(&read).expect("valid settings"), shown);
        assert!(shown.contains("max_import_bytes = 268435456\n"), "{shown}");
    }

    #[test]
    fn a_password_is_not_shown() {
        for url in [
            "postgres://grid:hunter2@db.example/gridward",
            "postgres://grid:hunter2@db.example/gridward?password=hunter2",
            "postgres://db.example/gridward?user=grid&password=hunter2",
            "postgres://grid:p@hunter2@db.example/gridward",
            "hunter2",
        ] {
            assert!(!without_password(url).contains("hunter2"), "{url}");
        }
        let shown = in_force(&Overrides {
            database_url: Some(Secret::new("postgres://grid:hunter2@db.example/gridward")),
            redis_url: Some(Secret::new("redis://:hunter2@cache.example/1")),
            ..Overrides::default()
        });
        let shown = shown.expect("valid settings");
        assert!(shown.contains("\"postgres://grid:…@db.example/gridward\""), "{shown}");
        assert!(shown.contains("redis_url = \"redis://:…@cache.example/1\""), "{shown}");
    }
}
