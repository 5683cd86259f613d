//! Where the real data is: one rule for every test.

use std::io::Write;
use std::path::PathBuf;

/// A file or folder of the shared data. Where it is absent a test passes it over and this says so, past the harness, which
/// keeps what a test prints to itself; where `GRIDWARD_REQUIRE_DATA=1` the test fails.
pub(crate) fn data(name: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let path = std::env::var_os("GRIDWARD_DATA").map_or_else(beside, PathBuf::from).join(name);
    if path.exists() {
        return Some(path);
    }
    let required = std::env::var_os("GRIDWARD_REQUIRE_DATA").is_some_and(|value| value == "1");
    assert!(!required, "{} is missing, and GRIDWARD_REQUIRE_DATA=1 asks for it", path.display());
    let line = format!("passed over: {} is not there\n", path.display());
    let _ = std::io::stderr().write_all(line.as_bytes());
    None
}
