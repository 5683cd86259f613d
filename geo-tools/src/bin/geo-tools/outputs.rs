//! Which files a call reads and which it writes: no output may empty an input, or another output.
//!
//! Paths are compared by where they lead, so that a link of either kind is found out.

use std::path::{Path, PathBuf};

use crate::Unusable;

/// Links that are followed from a path to a file that is not there yet; a system follows no more either.
const MOST_LINKS: usize = 40;

/// Refuses a call before anything is read where an output leads to an input, or two outputs to one file.
pub(crate) fn refuse_clashes(inputs: &[&str], outputs: &[Option<&str>]) -> Result<(), Unusable> {
    let outputs: Vec<&str> = outputs.iter().copied().flatten().collect();
    let input_places: Vec<Place> = inputs.iter().filter_map(|path| Place::of(path)).collect();
    let mut written = Vec::new();
    for path in outputs {
        let Some(place) = Place::of(path) else { continue };
        if place != Place::Standard && input_places.contains(&place) {
            return Err(Unusable::OutputIsInput { path: path.to_owned() });
        }
        if written.contains(&place) {
            let twice = || Unusable::OutputsClash { path: path.to_owned() };
            return Err(if place == Place::Standard { Unusable::OutputTwice } else { twice() });
        }
        written.push(place);
    }
    Ok(())
}

/// Where a path leads.
#[derive(PartialEq)]
enum Place {
    /// Standard input or output.
    Standard,
    /// A file that is there: its device and its number there.
    #[cfg(unix)]
    There(u64, u64),
    /// A file by its path without links.
    At(PathBuf),
}

impl Place {
    /// `None` where writing twice harms nothing, as in a pipe or `/dev/null`.
    fn of(path: &str) -> Option<Self> {
        if path == "-" {
            return Some(Self::Standard);
        }
        match std::fs::metadata(path) {
            Ok(file) if !file.is_file() => None,
            #[cfg(unix)]
            Ok(file) => {
                use std::os::unix::fs::MetadataExt;
                Some(Self::There(file.dev(), file.ino()))
            }
            #[cfg(not(unix))]
            Ok(_) => Some(Self::At(std::fs::canonicalize(path).unwrap_or_else(|_| path.into()))),
            Err(_) => Some(Self::At(to_be(Path::new(path)))),
        }
    }
}

/// Where a file would come to lie that is not there yet.
fn to_be(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let Some(name) = path.file_name() else { return path };
        path = folder.join(name);
        match std::fs::read_link(&path) {
            Ok(target) => path = folder.join(target),
            Err(_) => return path,
        }
    }
    path
}
