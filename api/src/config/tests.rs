use super::*;

fn variables(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("gridward.toml");
    std::fs::write(&path, text).expect("a file");
    (folder, path)
}

#[test]
fn a_flag_wins_over_the_environment_which_wins_over_the_file_which_wins_over_the_default() {
    let (_folder, path) = written("listen = \"127.0.0.1:3\"\nlog = \"warn\"\n\n[limits]\nmax_sockets = 7\n");
    let env = variables(&[("GRIDWARD_LISTEN", "127.0.0.1:2"), ("GRIDWARD_LOG", "debug"), ("HOME", "/")]);
    let flags = Overrides { listen: Some(SocketAddr::from(([127, 0, 0, 1], 1))), ..Overrides::default() };
    let settings = Settings::load(flags, env, Some(&path)).expect("settings");
    assert_eq!(settings.listen.port(), 1);
    assert_eq!(settings.log, "debug");
    assert_eq!(settings.limits.sockets, 7);
    assert_eq!(settings.limits.operations_per_socket, 20);
}

#[test]
fn an_unknown_key_is_refused_in_the_file_and_in_the_environment() {
    let (_folder, path) = written("listen = \"127.0.0.1:3\"\n\nlisten_port = 3\n");
    let error = Settings::load(Overrides::default(), [], Some(&path)).expect_err("unknown key").to_string();
    assert!(error.contains("line 3: unknown field `listen_port`"), "{error}");
    let env = variables(&[("GRIDWARD_DATABSE_URL", "postgres://secret@host")]);
    let error = Settings::load(Overrides::default(), env, None).expect_err("unknown variable").to_string();
    assert!(error.contains("GRIDWARD_DATABSE_URL is not known"), "{error}");
    assert!(!error.contains("secret"), "{error}");
}

#[test]
fn a_secret_comes_from_a_file_of_its_own_and_never_shows() {
    let (_folder, path) = written("postgres://gridward:hush@db/gridward\n");
    let env = [("GRIDWARD_DATABASE_URL_FILE".to_owned(), path.display().to_string())];
    let settings = Settings::load(Overrides::default(), env.clone(), None).expect("settings");
    assert_eq!(settings.database.url.expose(), "postgres://gridward:hush@db/gridward");
    assert!(!format!("{settings:?}").contains("hush"));
    let both = env.into_iter().chain(variables(&[("GRIDWARD_DATABASE_URL", "sqlite://a.db")]));
    assert!(Settings::load(Overrides::default(), both, None).is_err());
    let (_folder, path) = written("redis://:hush@cache/2\n");
    let env = [("GRIDWARD_REDIS_URL_FILE".to_owned(), path.display().to_string())];
    let settings = Settings::load(Overrides::default(), env, None).expect("settings");
    assert_eq!(settings.redis.as_ref().map(|redis| redis.url.expose()), Some("redis://:hush@cache/2"));
    assert!(!format!("{settings:?}").contains("hush"));
}

#[test]
fn a_relative_database_lies_in_the_data_folder_and_other_schemes_are_refused() {
    let check = |url: &str, expected: Option<&str>| {
        let given = Overrides {
            data_dir: Some("/data".into()),
            database_url: Some(Secret::new(url)),
            ..Overrides::default()
        };
        let found =
            Settings::from_overrides(given).ok().map(|settings| settings.database.url.expose().to_owned());
        assert_eq!(found.as_deref(), expected, "{url}");
    };
    check("sqlite://gridward.db", Some("sqlite:///data/gridward.db"));
    check("sqlite:///other/a.db", Some("sqlite:///other/a.db"));
    check("postgres://host/db", Some("postgres://host/db"));
    check("sqlite://:memory:", None);
    check("mysql://host/db", None);
}

#[test]
fn an_origin_with_a_path_or_a_star_is_refused() {
    let check = |origin: &str, fits: bool| {
        let given = Overrides { origins: Some(vec![origin.to_owned()]), ..Overrides::default() };
        assert_eq!(Settings::from_overrides(given).is_ok(), fits, "{origin}");
    };
    check("https://map.example.org", true);
    check("http://localhost:5173", true);
    check("https://*.example.org", false);
    check("https://map.example.org/", false);
    check("map.example.org", false);
}

#[cfg(unix)]
#[test]
fn the_servers_secret_is_made_once_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("gridward.secret");
    let first = ServerSecret::load_or_make(&path).expect("made");
    assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    let second = ServerSecret::load_or_make(&path).expect("read");
    assert_eq!(first.sign("cursor", b"1"), second.sign("cursor", b"1"));
    assert_ne!(first.sign("cursor", b"1"), first.sign("token", b"1"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("opened");
    assert!(matches!(ServerSecret::load_or_make(&path), Err(SecretError::Open { mode: 0o644, .. })));
    std::fs::remove_file(&path).expect("removed");
    std::fs::write(&path, "short").expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("closed");
    assert!(matches!(ServerSecret::load_or_make(&path), Err(SecretError::Short { bytes: 5, .. })));
}

#[test]
fn every_cap_is_a_flag_a_variable_and_a_key_of_limits_and_keeps_its_range() {
    let defaults = Limits::default();
    for &(key, variable, default, least, most) in limits::KEYS {
        assert!((least..=most).contains(&default), "{key}");
        assert_eq!(variable, format!("GRIDWARD_{}", key.to_uppercase()));
        let set = if default == least { most } else { least };
        let (_folder, path) = written(&format!("[limits]\n{key} = {set}\n"));
        let by_file = Settings::load(Overrides::default(), [], Some(&path)).expect("in range");
        let env = variables(&[(variable, set.to_string().as_str())]);
        let by_variable = Settings::load(Overrides::default(), env, None).expect("in range");
        assert_ne!(by_file.limits, defaults, "{key} changes nothing");
        assert_eq!(by_file.limits, by_variable.limits, "{key}");
        // The variable wins over the file.
        let env = variables(&[(variable, default.to_string().as_str())]);
        let both = Settings::load(Overrides::default(), env, Some(&path)).expect("in range");
        assert_eq!(both.limits, defaults, "{key}");
        let absurd = [most.checked_add(1), least.checked_sub(1)];
        for number in absurd.into_iter().flatten().map(|number| number.to_string()).chain(["many".to_owned()])
        {
            let env = variables(&[(variable, number.as_str())]);
            let error = Settings::load(Overrides::default(), env, None).expect_err(key).to_string();
            assert!(error.contains(&format!("{least} to {most} is allowed")), "{key}: {error}");
            assert!(error.to_lowercase().contains(key), "{key}: {error}");
        }
    }
}

#[test]
fn an_unknown_key_of_limits_is_refused_with_those_that_are_known() {
    let (_folder, path) = written("[limits]\nmax_bananas = 3\n");
    let error = Settings::load(Overrides::default(), [], Some(&path)).expect_err("unknown").to_string();
    assert!(
        error.contains("line 2: unknown field `max_bananas`, expected one of `max_body_bytes`"),
        "{error}"
    );
}

#[test]
fn the_page_of_settings_says_of_each_cap_what_it_is_by_default_and_may_be() {
    let page = include_str!("../../../docs/configuration.md");
    for (key, variable, default, least, most) in limits::KEYS {
        let row = format!("| `{key}` | `{variable}` | {default} | {least} to {most} |");
        assert!(page.contains(&row), "docs/configuration.md lacks {row}");
    }
}
