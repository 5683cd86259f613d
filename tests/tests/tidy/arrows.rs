//! Who may know whom: between the crates, and between the layers of `api`.

use std::process::Command;

use super::source::{Finding, Source, root};

/// A crate of ours, and the ones of ours that it may depend on.
const CRATES: [(&str, &[&str]); 5] = [
    ("geo-tools", &[]),
    ("domain", &["geo-tools"]),
    ("migrations", &[]),
    ("api", &["geo-tools", "domain", "migrations"]),
    ("tests", &["geo-tools", "domain", "migrations", "api"]),
];

/// A layer of `api`, and the ones that it may name. What stands lower never names what stands higher.
const LAYERS: [(&str, &[&str]); 12] = [
    ("cli", &["http", "service", "config", "telemetry", "clock"]),
    ("http", &["graphql", "live", "service", "telemetry", "config", "clock"]),
    ("graphql", &["live", "service", "config"]),
    ("live", &["service", "bus", "config", "clock"]),
    ("service", &["cache", "store", "bus", "clock", "config"]),
    ("cache", &["store", "config"]),
    ("store", &["config", "clock"]),
    ("bus", &["config"]),
    ("telemetry", &["config"]),
    ("config", &[]),
    ("clock", &[]),
    ("main", &["cli", "telemetry"]),
];

/// The arrows between the layers of `api`, over every path that a file mentions.
pub(crate) fn layers(source: &Source) -> Vec<Finding> {
    if !source.is_in_crate(&["api"]) || source.path == "api/src/lib.rs" {
        return Vec::new();
    }
    let module = source.module();
    let layer = module.first().map_or("main", String::as_str);
    let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
        let what = format!("`{layer}` is no layer of api");
        let mend = "move it into a layer, or add the layer to ARCHITECTURE.md and to LAYERS in tests/tests/tidy/arrows.rs";
        return vec![source.finding(1, what, mend)];
    };
    let names = source.rust().names.iter();
    names
        .filter_map(|name| {
            let root = name.segments[0].as_str();
            let ours = root == "crate" || (root == "api" && layer == "main");
            let target = name.segments.get(1).filter(|_| ours)?.as_str();
            let known = LAYERS.iter().any(|(name, _)| *name == target);
            (known && target != layer && !allowed.contains(&target)).then(|| {
                let what = format!("`{layer}` names `{}`, but may only name {}", name.text(), allowed.join(", "));
                let mend = match (layer, target) {
                    ("graphql" | "http" | "live" | "cli", "store" | "cache") => "call a use case in service/; if there is none, write one".to_owned(),
                    _ => format!("move what both need down, or hand it in from above: `{target}` is not below `{layer}`"),
                };
                source.finding(name.line, what, mend)
            })
        })
        .collect()
}

/// The arrows between our crates, out of what `cargo metadata` prints.
pub(crate) fn crates(metadata: &serde_json::Value) -> Vec<Finding> {
    let packages = metadata["packages"].as_array().expect("cargo metadata lists packages");
    let mut findings = Vec::new();
    for package in packages {
        let name = package["name"].as_str().expect("a package has a name");
        let finding = |what: String, mend: &str| Finding {
            path: format!("{name}/Cargo.toml"),
            line: 1,
            what,
            mend: mend.to_owned(),
        };
        let Some((_, allowed)) = CRATES.iter().find(|(known, _)| *known == name) else {
            let mend =
                "a new crate needs a place in ARCHITECTURE.md and in CRATES in tests/tests/tidy/arrows.rs";
            findings.push(finding(format!("`{name}` is a crate that the architecture does not know"), mend));
            continue;
        };
        for dependency in package["dependencies"].as_array().expect("a package lists dependencies") {
            let on = dependency["name"].as_str().expect("a dependency has a name");
            if CRATES.iter().any(|(known, _)| *known == on) && !allowed.contains(&on) {
                let what =
                    format!("`{name}` depends on `{on}`, but may only depend on [{}]", allowed.join(", "));
                findings.push(finding(what, "move the code to the crate that may know both"));
            }
        }
    }
    findings
}

/// Libraries that a manifest asks for and nothing in the crate names.
pub(crate) fn unused_dependencies(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (krate, _) in CRATES {
        let manifest = format!("{krate}/Cargo.toml");
        let Some(manifest) = sources.iter().find(|source| source.path == manifest) else { continue };
        let read: toml::Table = manifest.text.parse().expect("a manifest is TOML");
        let inside: Vec<&Source> = sources
            .iter()
            .filter(|source| source.is_rust() && source.path.starts_with(&format!("{krate}/")))
            .collect();
        for section in ["dependencies", "dev-dependencies"] {
            for name in
                read.get(section).and_then(toml::Value::as_table).into_iter().flat_map(|table| table.keys())
            {
                let wanted = name.replace('-', "_");
                let named = |source: &&Source| {
                    let rust = source.rust();
                    !rust.lines_with(&[&wanted, ":", ":"]).is_empty()
                        || !rust.lines_with(&["use", &wanted]).is_empty()
                };
                if !inside.iter().any(named) {
                    let line =
                        manifest.text.lines().position(|line| line.starts_with(name.as_str())).unwrap_or(0)
                            + 1;
                    let mend = "take it out of the manifest; each costs everybody build time";
                    findings.push(manifest.finding(
                        line,
                        format!("nothing in `{krate}` names `{name}`"),
                        mend,
                    ));
                }
            }
        }
    }
    findings
}

/// What `cargo metadata` prints about our own crates.
pub(crate) fn cargo_metadata() -> serde_json::Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let arguments = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
    let output = Command::new(cargo).current_dir(root()).args(arguments).output().expect("cargo runs");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON")
}

#[test]
fn a_resolver_that_names_the_store_is_found_however_it_is_written() {
    for text in [
        "use crate::store::cells;",
        "use crate::{live, store::{self}};",
        "fn f() { crate::store::cells::all(); }",
        "fn f() { super::super::store::all(); }",
        "fn f() { assert_eq!(crate::store::all(), 1); }",
        "use crate::live; mod deep { fn f() { super::super::super::store::all(); } }",
    ] {
        let findings = layers(&Source::new("api/src/graphql/cells/mod.rs", text));
        assert_eq!(findings.len(), 1, "{text}: {findings:?}");
        assert!(findings[0].mend.contains("use case"), "{}", findings[0]);
    }
    assert!(
        layers(&Source::new("api/src/graphql/cells/mod.rs", "use crate::{live, service::Services};"))
            .is_empty()
    );
    assert!(
        layers(&Source::new("api/src/graphql/cells/mod.rs", "use super::super::error::outward;")).is_empty()
    );
}

#[test]
fn a_lower_layer_that_looks_up_is_found() {
    assert_eq!(layers(&Source::new("api/src/store/cells.rs", "use crate::service::Services;")).len(), 1);
    assert_eq!(layers(&Source::new("api/src/service/cells.rs", "use crate::live::Hub;")).len(), 1);
    assert_eq!(layers(&Source::new("api/src/main.rs", "use api::store::Store;")).len(), 1);
    assert_eq!(layers(&Source::new("api/src/gadgets.rs", "")).len(), 1);
}

#[test]
fn a_crate_that_points_back_is_found() {
    let metadata = serde_json::json!({"packages": [
        {"name": "domain", "dependencies": [{"name": "api"}, {"name": "geo-tools"}, {"name": "serde"}]},
        {"name": "extras", "dependencies": []},
    ]});
    let found: Vec<String> = crates(&metadata).into_iter().map(|finding| finding.path).collect();
    assert_eq!(found, ["domain/Cargo.toml", "extras/Cargo.toml"]);
}

#[test]
fn a_library_that_nothing_names_is_found() {
    let manifest =
        Source::new("domain/Cargo.toml", "[dependencies]\nchrono-tz.workspace = true\nserde = \"1\"\n");
    let code = Source::new("domain/src/cell.rs", "use serde::Serialize;");
    let findings = unused_dependencies(&[manifest, code]);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0].line, 2);
}
