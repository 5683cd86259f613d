//! What fuzzing has found in `repair` once, again: CI does not fuzz it.

use std::path::Path;

use crate::mending;

#[test]
fn whatever_fuzzing_found_in_repair_holds_ever_since() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/repair");
    let entries = folder.read_dir().expect("the seeds of the fuzz target");
    let paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    assert!(!paths.is_empty(), "no seeds in {}", folder.display());
    for path in paths {
        println!("{}", path.display());
        mending::check(&std::fs::read(path).expect("a seed"));
    }
}
