//! What is not on every machine: the larger data sets. Where one is absent, the test that wants it passes over and says so.

use std::io::Write;
use std::path::{Path, PathBuf};

/// A set of the shared data; `None`, which is said, where it is not there. Where `GRIDWARD_REQUIRE_DATA=1` the test fails.
pub fn data(name: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let path = std::env::var_os("GRIDWARD_DATA").map_or_else(beside, PathBuf::from).join(name);
    if path.exists() {
        return Some(path);
    }
    let required = std::env::var_os("GRIDWARD_REQUIRE_DATA").is_some_and(|value| value == "1");
    assert!(!required, "{} is missing, and GRIDWARD_REQUIRE_DATA=1 asks for it", path.display());
    pass_over(&format!("{} is not there", path.display()));
    None
}

/// Passes over for want of a program, or of a right, that this machine does not give; where `GRIDWARD_REQUIRE_SUITES=1` the
/// test fails.
///
/// # Panics
/// Where it is asked for.
pub fn leave_out(why: &str) {
    let required = std::env::var_os("GRIDWARD_REQUIRE_SUITES").is_some_and(|value| value == "1");
    assert!(!required, "{why}, and GRIDWARD_REQUIRE_SUITES=1 asks for it");
    pass_over(why);
}

/// Says why a test passes over: past the harness, which keeps what a test prints to itself.
pub fn pass_over(why: &str) {
    let _ = std::io::stderr().write_all(format!("passed over: {why}\n").as_bytes());
}
