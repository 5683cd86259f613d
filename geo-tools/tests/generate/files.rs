//! The command and its files.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

fn run(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_geo-tools"));
    command.args(["generate"]).args(arguments).arg("-o").arg(folder).output().expect("the tool runs")
}

fn generated(arguments: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let parent = tempfile::tempdir().expect("a folder");
    // The folder is made with what is above it.
    let folder = parent.path().join("new").join("town");
    let output = run(arguments, &folder);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let entries = std::fs::read_dir(&folder).expect("it was made");
    let read = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().expect("UTF-8");
        (name, std::fs::read(entry.path()).expect("a file"))
    };
    entries.map(|entry| read(entry.expect("an entry"))).collect()
}

fn lines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte == b'\n').count()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_gives_others() {
    let odd = ["--enclaves", "50", "--voids", "50", "--positions", "500", "--order", "spatial"];
    let bench = [&["--preset", "bench", "--cells", "200"], odd.as_slice()].concat();
    for preset in
        [vec!["--preset", "town-cn", "--cells", "12"], vec!["--preset", "city", "--cells", "30"], bench]
    {
        let with_seed = |seed| generated(&[preset.as_slice(), &["--seed", seed]].concat());
        let (first, again, other) = (with_seed("5"), with_seed("5"), with_seed("6"));
        assert!(first == again, "{preset:?}");
        for (name, bytes) in &first {
            assert!(
                name == "README.md" || bytes != &other[name],
                "{preset:?}: {name} does not depend on the seed"
            );
        }
    }
}

#[test]
fn a_town_is_the_preset_and_says_in_a_readme_that_it_is_invented() {
    let files = generated(&[]);
    let names = [
        "README.md",
        "blocks.geojson",
        "cells-before.geojson",
        "cells.geojson",
        "communities.geojson",
        "footprints.geojson",
        "households.csv",
        "incidents.csv",
        "roads.geojson",
        "townships.geojson",
        "visits.csv",
    ];
    assert!(files.keys().eq(names), "{:?}", files.keys());
    assert_eq!(lines(&files["households.csv"]), 1 + 8_857);
    let features = |name: &str| lines(&files[name]) - 2;
    assert_eq!(
        [features("townships.geojson"), features("communities.geojson"), features("cells.geojson")],
        [1, 17, 56]
    );
    let readme = String::from_utf8_lossy(&files["README.md"]);
    assert!(readme.contains("invented") && readme.contains("MIT License"));
    for name in names.iter().filter(|name| **name != "README.md") {
        assert!(readme.contains(name), "the README says nothing of {name}");
    }
}

#[test]
fn households_and_the_last_day_can_be_chosen() {
    let files = generated(&["--cells", "3", "--households", "100", "--until", "2025-03-01"]);
    assert_eq!(lines(&files["households.csv"]), 101);
    assert!(String::from_utf8_lossy(&files["incidents.csv"]).contains("2025-02-"));
    assert!(!String::from_utf8_lossy(&files["incidents.csv"]).contains("2026-"));
}

#[test]
fn a_call_that_cannot_be_carried_out_ends_with_two() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = |arguments: &[&str], expected: &str| {
        let output = run(arguments, folder.path());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(expected), "{said}");
    };
    refused(&["--cells", "0"], "0 is not in 1..=1000000");
    refused(&["--preset", "city", "--cells", "20001"], "1 to 20000 are allowed");
    refused(&["--until", "2026-02-30"], "must be a day such as 2026-06-30");
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("a file");
    let output = run(&["--cells", "3"], &file);
    assert_eq!(output.status.code(), Some(2));
}
