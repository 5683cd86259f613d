//! The shape of the tree: how long a file may be, what a module may be called, the same noun in every layer.

use std::collections::BTreeSet;

use super::source::{Finding, Source};

const LINES_MAX: usize = 600;
const SCHEMA_LINES_MAX: usize = 60;
const CODE: [&str; 8] = [".rs", ".ts", ".svelte", ".css", ".mjs", ".js", ".py", ".sh"];
const VAGUE: [&str; 9] = ["utils", "util", "helpers", "helper", "common", "misc", "shared", "stuff", "lib2"];

/// A file that has grown past reading. Tests and generated files are excepted.
pub(crate) fn file_sizes(source: &Source) -> Vec<Finding> {
    let generated = source.path.contains("/generated/") || source.path.ends_with(".d.ts");
    if source.is_test() || generated || !CODE.iter().any(|end| source.path.ends_with(end)) {
        return Vec::new();
    }
    let line_count = source.product_line_count();
    let line_count_max =
        if source.path == "api/src/graphql/schema.rs" { SCHEMA_LINES_MAX } else { LINES_MAX };
    if line_count < line_count_max || (line_count == LINES_MAX && line_count_max == LINES_MAX) {
        return Vec::new();
    }
    let mend = "split it by subject, not by size: each part a file whose name says what it holds";
    vec![source.finding(1, format!("{line_count} lines, where {line_count_max} is the limit"), mend)]
}

/// A module whose name says nothing.
pub(crate) fn vague_modules(source: &Source) -> Vec<Finding> {
    let mut parts: Vec<&str> = source.path.split('/').collect();
    let file = parts.pop().unwrap_or_default();
    parts.push(file.split('.').next().unwrap_or_default());
    let mend = "name it after what it holds; what fits nowhere else usually belongs to one of its callers";
    let mut findings = Vec::new();
    if CODE.iter().any(|end| source.path.ends_with(end)) {
        let vague = parts.iter().filter(|part| VAGUE.contains(part));
        findings.extend(
            vague.map(|part| source.finding(1, format!("`{part}` says nothing about what is in it"), mend)),
        );
    }
    if source.is_rust() {
        for name in VAGUE {
            let lines = source.rust().lines_with(&["mod", name]).into_iter();
            findings
                .extend(lines.map(|line| source.finding(line, format!("a module called `{name}`"), mend)));
        }
    }
    findings
}

/// One noun, the layers it lives in, and under which names.
struct Slice {
    noun: &'static str,
    nouns: &'static str,
    layers: &'static [Layer],
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Layer {
    Domain,
    Store,
    Service,
    Graphql,
    Operations,
    Tests,
    Dashboard,
}

use Layer::{Dashboard, Domain, Graphql, Operations, Service, Store, Tests};

/// The slices that stand today. A new one is entered here first, and this test then asks for its files.
const SLICES: &[Slice] = &[
    Slice {
        noun: "district",
        nouns: "districts",
        layers: &[Domain, Store, Service, Graphql, Operations, Tests, Dashboard],
    },
    Slice { noun: "plan", nouns: "plans", layers: &[Domain, Store, Service, Tests] },
    Slice {
        noun: "cell",
        nouns: "cells",
        layers: &[Domain, Store, Service, Graphql, Operations, Tests, Dashboard],
    },
    Slice {
        noun: "household",
        nouns: "households",
        layers: &[Domain, Store, Service, Graphql, Operations, Tests, Dashboard],
    },
    Slice {
        noun: "incident",
        nouns: "incidents",
        layers: &[Domain, Store, Service, Graphql, Operations, Tests, Dashboard],
    },
];

/// Modules beside the slices: what every slice stands on, and what is asked across several of them.
const FOUNDATIONS: &[(&str, &[&str])] = &[
    (
        "api/src/service/",
        &[
            "mod",
            "system",
            "error",
            "events",
            "admin",
            "attempt",
            "audit",
            "demo",
            "export",
            "fingerprint",
            "global_id",
            "import",
            "location",
            "open",
            "search",
            "tiles",
            "texts",
            "staff",
        ],
    ),
    (
        "api/src/store/",
        &[
            "mod",
            "answer",
            "buildings",
            "begin",
            "connect",
            "entity",
            "error",
            "events",
            "geometry",
            "hilbert",
            "idempotency",
            "imports",
            "rows",
            "scope",
            "search",
            "snapshot",
            "sql_count",
            "staff",
            "write",
            "audit",
            "basemap",
            "backup",
        ],
    ),
    (
        "api/src/graphql/",
        &[
            "mod",
            "schema",
            "answer",
            "budget",
            "context",
            "error",
            "id",
            "loaders",
            "location",
            "node",
            "operations",
            "page",
            "preflight",
            "problem",
            "scalars",
            "search",
            "text",
            "viewer",
            "written",
        ],
    ),
];

fn places(slice: &Slice, layer: Layer) -> Vec<String> {
    let (noun, nouns) = (slice.noun, slice.nouns);
    let rust = |folder: &str, name: &str| vec![format!("{folder}/{name}.rs"), format!("{folder}/{name}/")];
    match layer {
        Domain => rust("domain/src", noun),
        Store => rust("api/src/store", nouns),
        Service => rust("api/src/service", nouns),
        Graphql => rust("api/src/graphql", nouns),
        Operations => {
            vec![
                format!("frontend-schema/operations/{nouns}.graphql"),
                format!("frontend-schema/operations/{nouns}/"),
            ]
        }
        Tests => rust("tests/tests", nouns),
        Dashboard => vec![format!("dashboard/src/{nouns}/")],
    }
}

/// A slice that is missing in one of its layers.
pub(crate) fn missing_layers(sources: &[Source]) -> Vec<Finding> {
    let paths: Vec<&str> = sources.iter().map(|source| source.path.as_str()).collect();
    let mut findings = Vec::new();
    for slice in SLICES {
        for layer in slice.layers {
            let places = places(slice, *layer);
            // Tests may be grouped by whom they ask: tests/tests/store/cells.rs is as good as tests/tests/cells.rs.
            let group = if *layer == Tests { "tests/tests/" } else { "" };
            let stands = |place: &String| {
                let tail = place.trim_start_matches("tests/tests");
                let grouped =
                    |path: &str| !group.is_empty() && path.starts_with(group) && path.ends_with(tail);
                paths.iter().any(|path| {
                    if place.ends_with('/') {
                        path.starts_with(place)
                    } else {
                        path == place || grouped(path)
                    }
                })
            };
            if !places.iter().any(stands) {
                findings.push(Finding {
                    path: places[0].clone(),
                    line: 1,
                    what: format!("the slice `{}` has no {layer:?} layer under its own name", slice.nouns),
                    mend: format!("put its code into {}; CONTRIBUTING.md has the order", places.join(" or ")),
                });
            }
        }
    }
    findings
}

/// A module in a layer of slices that is neither a slice nor a foundation.
pub(crate) fn unknown_nouns(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    for source in sources.iter().filter(|source| source.is_rust()) {
        for (folder, foundations) in FOUNDATIONS {
            let Some(inside) = source.path.strip_prefix(folder) else { continue };
            let module = inside.split('/').next().unwrap_or_default().trim_end_matches(".rs");
            let known = foundations.contains(&module) || SLICES.iter().any(|slice| slice.nouns == module);
            if !known && seen.insert(format!("{folder}{module}")) {
                let what = format!("`{module}` is neither a slice nor a foundation of {folder}");
                let mend =
                    "use the slice's own noun (CONTRIBUTING.md), or enter it in tests/tests/tidy/shape.rs";
                findings.push(source.finding(1, what, mend));
            }
        }
    }
    findings
}

#[cfg(test)]
mod proofs {
    use super::*;
    use crate::tidy::{catches, passes};

    #[test]
    fn a_file_past_its_limit_is_found() {
        let lines = |line_count: usize| "// a line\n".repeat(line_count);
        catches(file_sizes, "api/src/store/cells.rs", &lines(601));
        catches(file_sizes, "dashboard/src/App.svelte", &lines(601));
        catches(file_sizes, "api/src/graphql/schema.rs", &lines(60));
        passes(file_sizes, "api/src/store/cells.rs", &lines(600));
        passes(file_sizes, "tests/tests/cells.rs", &lines(601));
        let tested = format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{\n{}}}\n", lines(700));
        passes(file_sizes, "domain/src/cell.rs", &tested);
    }

    #[test]
    fn a_module_whose_name_says_nothing_is_found() {
        catches(vague_modules, "api/src/store/utils.rs", "");
        catches(vague_modules, "dashboard/src/helpers/map.ts", "");
        catches(vague_modules, "domain/src/cell.rs", "mod common { }");
        passes(vague_modules, "domain/src/cell.rs", "fn common() {}");
    }

    #[test]
    fn a_slice_missing_in_a_layer_and_a_noun_nobody_knows_are_found() {
        let source = |path: &str| Source::new(path, "");
        let without: Vec<String> = SLICES
            .iter()
            .flat_map(|slice| slice.layers.iter().map(|layer| places(slice, *layer).remove(0)))
            .filter(|path| path != "api/src/service/incidents.rs")
            .map(|path| if path.ends_with('/') { format!("{path}mod.rs") } else { path })
            .collect();
        let sources: Vec<Source> = without.iter().map(|path| source(path)).collect();
        let findings = missing_layers(&sources);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].path, "api/src/service/incidents.rs");
        assert!(unknown_nouns(&sources).is_empty());
        assert_eq!(
            unknown_nouns(&[source("api/src/service/grid.rs"), source("api/src/graphql/grid/mod.rs")]).len(),
            2
        );
    }
}
