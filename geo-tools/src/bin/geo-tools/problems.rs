//! Every problem of a file, however many there are: counted, the first of them held, the others on disk.
//!
//! Invariant: what is held of what was found while reading does not grow with the file. What the coverage finds is held,
//! as the coverage is.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};

use geo_tools::{Problem, Severity};
use serde::ser::{Error, Serialize, SerializeSeq, Serializer};
use serde_json::{Map, Value};

use crate::report::{Told, line, told};
use crate::{Unusable, Verdict};

/// So many problems of the reading are held.
const HELD: usize = 1_000;
/// So many of each severity are kept at hand for people.
pub(crate) const SHOWN: usize = 50;

/// Problems in the order in which they were found.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    held: Vec<Problem>,
    /// What was found while reading beyond those held, a JSON object a line.
    on_disk: Option<BufWriter<File>>,
    /// What the coverage found, after all the others.
    of_coverage: Vec<Problem>,
    first_errors: Vec<Found>,
    first_warnings: Vec<Found>,
    error_count: usize,
    warning_count: usize,
    /// What the features with these indexes are called, where that became known after they were read.
    names: HashMap<usize, String>,
    /// What is none here.
    passed_over: Option<fn(&Problem) -> bool>,
}

/// A problem, and the file that it is of where that is known.
#[derive(Debug)]
struct Found {
    file: Option<String>,
    problem: Problem,
}

impl Problems {
    /// A list into which some problems are not taken.
    pub(crate) fn without(passed_over: fn(&Problem) -> bool) -> Self {
        Self { passed_over: Some(passed_over), ..Self::default() }
    }

    /// Takes in what was found while reading; beyond those held without its shape: reading finds none that has one.
    pub(crate) fn push(&mut self, problem: Problem) -> Result<(), Unusable> {
        if self.passed_over.is_some_and(|passed_over| passed_over(&problem)) {
            return Ok(());
        }
        self.count(None, &problem);
        self.keep(problem)
    }

    /// The same of another file than the one whose features have indexes and names here.
    pub(crate) fn push_of(&mut self, file: &str, problem: Problem) -> Result<(), Unusable> {
        let problem = Problem { indexes: Vec::new(), ..problem };
        self.count(Some(file), &problem);
        self.keep(problem)
    }

    /// From now on what was found so far, and not of another file, is told as of this one.
    pub(crate) fn found_in(&mut self, file: &str) {
        for found in self.first_errors.iter_mut().chain(&mut self.first_warnings) {
            found.file.get_or_insert_with(|| file.to_owned());
        }
    }

    /// Takes in what the coverage found.
    pub(crate) fn extend_of_coverage(&mut self, problems: impl IntoIterator<Item = Problem>) {
        for problem in problems {
            self.count(None, &problem);
            self.of_coverage.push(problem);
        }
    }

    /// From now on problems of one feature call it by this name.
    pub(crate) fn name(&mut self, index: usize, name: String) {
        self.names.insert(index, name);
    }

    fn count(&mut self, file: Option<&str>, problem: &Problem) {
        let (count, first) = match problem.severity {
            Severity::Error => (&mut self.error_count, &mut self.first_errors),
            Severity::Warning => (&mut self.warning_count, &mut self.first_warnings),
        };
        *count += 1;
        if first.len() < SHOWN {
            first.push(Found { file: file.map(str::to_owned), problem: problem.clone() });
        }
    }

    fn keep(&mut self, problem: Problem) -> Result<(), Unusable> {
        if self.held.len() < HELD {
            self.held.push(problem);
            return Ok(());
        }
        self.keep_on_disk(&problem).map_err(|source| Unusable::Temporary { source })
    }

    fn keep_on_disk(&mut self, problem: &Problem) -> io::Result<()> {
        let file = match &mut self.on_disk {
            Some(file) => file,
            None => self.on_disk.insert(BufWriter::new(tempfile::tempfile()?)),
        };
        serde_json::to_writer(&mut *file, &told(problem).properties)?;
        file.write_all(b"\n")
    }

    pub(crate) fn error_count(&self) -> usize {
        self.error_count
    }

    pub(crate) fn warning_count(&self) -> usize {
        self.warning_count
    }

    pub(crate) fn verdict(&self) -> Verdict {
        if self.error_count > 0 { Verdict::Errors } else { Verdict::Fine }
    }

    /// Tells the first on standard error, one a line, errors first; as of this file what is not known to be of another.
    pub(crate) fn tell(&self, path: &str) {
        let mut out = io::stderr().lock();
        let shown = self.first_errors.iter().chain(&self.first_warnings).take(SHOWN);
        for Found { file, problem } in shown {
            let problem = Problem { features: self.called(problem), ..problem.clone() };
            // Nobody is left to tell if standard error is closed.
            let _ = writeln!(out, "{}", line(file.as_deref().unwrap_or(path), &problem));
        }
        let count = self.error_count + self.warning_count;
        if count > SHOWN {
            let _ = writeln!(out, "… and {} more", count - SHOWN);
        }
    }

    /// What the features of a problem are called.
    fn called(&self, problem: &Problem) -> Vec<String> {
        let name = match problem.indexes[..] {
            [index] => self.names.get(&index),
            _ => None,
        };
        name.map_or_else(|| problem.features.clone(), |name| vec![name.clone()])
    }

    /// Every problem, ready to be read.
    pub(crate) fn listed(&mut self) -> Result<Listed<'_>, Unusable> {
        if let Some(on_disk) = &mut self.on_disk {
            on_disk.flush().map_err(|source| Unusable::Temporary { source })?;
        }
        Ok(Listed { problems: self })
    }
}

/// All problems in order; as JSON an array, written one by one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listed<'a> {
    problems: &'a Problems,
}

impl Listed<'_> {
    pub(crate) fn for_each(self, mut take: impl FnMut(Told<'_>) -> io::Result<()>) -> io::Result<()> {
        let Problems { held, on_disk, of_coverage, .. } = self.problems;
        for problem in held {
            let problem = Problem { features: self.problems.called(problem), ..problem.clone() };
            take(told(&problem))?;
        }
        if let Some(on_disk) = on_disk {
            let mut file = on_disk.get_ref();
            file.rewind()?;
            for line in BufReader::new(file).lines() {
                take(Told { properties: self.renamed(serde_json::from_str(&line?)?), geometry: None })?;
            }
        }
        of_coverage.iter().try_for_each(|problem| take(told(problem)))
    }

    /// What was written to disk before it was known what its feature is called.
    fn renamed(self, mut properties: Map<String, Value>) -> Map<String, Value> {
        let index = match properties["indexes"].as_array().map(Vec::as_slice) {
            Some([index]) => index.as_u64().and_then(|index| usize::try_from(index).ok()),
            _ => None,
        };
        if let Some(name) = index.and_then(|index| self.problems.names.get(&index)) {
            properties.insert("features".to_owned(), Value::from(vec![name.clone()]));
        }
        properties
    }
}

impl Serialize for Listed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        let mut refused = None;
        let written = self.for_each(|told| {
            list.serialize_element(&told.into_json()).map_err(|error| {
                refused = Some(error);
                io::ErrorKind::Other.into()
            })
        });
        match (refused, written) {
            (Some(error), _) => Err(error),
            (None, Err(error)) => Err(S::Error::custom(error)),
            (None, Ok(())) => list.end(),
        }
    }
}
