//! What is wrong with a file: every problem is counted, the first of them are listed, every bad row is written out.
//!
//! Invariant: what is held in memory does not grow with the file.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use geo_tools::{Code, Problem, Severity, shown};

use super::source::Progress;

/// How many problems of one severity are listed: more than anybody mends before trying again.
pub const MAX_LISTED: usize = 1_000;

/// The longest message or pointer that is listed, in characters.
const MAX_CHARACTERS: usize = 300;

/// The problems of one import.
#[derive(Clone, Debug)]
pub struct ProblemList {
    listed: Vec<Problem>,
    error_count: u64,
    warning_count: u64,
    broke_off: bool,
    bad_rows: Option<BadRowFile>,
}

impl ProblemList {
    /// An empty list; bad rows are written where the progress is told.
    pub(super) fn begin(progress: &Progress) -> Self {
        let bad_rows = progress.bad_rows().cloned();
        Self { listed: Vec::new(), error_count: 0, warning_count: 0, broke_off: false, bad_rows }
    }

    /// Takes a problem in, with what it repeats of the file shortened: a thousand of them are held and answered.
    pub(super) fn push(&mut self, mut problem: Problem) {
        for feature in &mut problem.features {
            *feature = shown::text(feature);
        }
        problem.pointer = problem.pointer.map(|pointer| start_of(pointer, MAX_CHARACTERS));
        problem.message = start_of(problem.message, MAX_CHARACTERS);
        if problem.severity == Severity::Error
            && let Some(file) = self.bad_rows.clone()
        {
            file.add(&problem).unwrap_or_else(|error| self.lose_bad_rows(&error));
        }
        self.count(problem);
    }

    /// Takes problems in.
    pub(super) fn extend(&mut self, problems: impl IntoIterator<Item = Problem>) {
        problems.into_iter().for_each(|problem| self.push(problem));
    }

    /// Sees to it that every bad row so far is in its file.
    pub(super) fn flush(&mut self) {
        if let Some(file) = self.bad_rows.clone() {
            file.flush().unwrap_or_else(|error| self.lose_bad_rows(&error));
        }
    }

    fn count(&mut self, problem: Problem) {
        let count = match problem.severity {
            Severity::Error => &mut self.error_count,
            Severity::Warning => &mut self.warning_count,
        };
        *count += 1;
        if *count <= MAX_LISTED as u64 {
            self.listed.push(problem);
        }
    }

    /// Bad rows that nobody gets to see would be lost with nobody knowing: the import is refused instead.
    fn lose_bad_rows(&mut self, error: &csv::Error) {
        self.bad_rows = None;
        self.set_broken_off();
        self.count(Problem::error(Code::Unreadable, format!("the bad rows cannot be written: {error}")));
    }

    /// The first of each severity, in the order of the file.
    pub fn listed(&self) -> &[Problem] {
        &self.listed
    }

    /// How many refuse the row, or the data.
    pub fn error_count(&self) -> u64 {
        self.error_count
    }

    /// How many do not.
    pub fn warning_count(&self) -> u64 {
        self.warning_count
    }

    /// How many there are beside those that are listed.
    pub fn unlisted_count(&self) -> u64 {
        self.error_count + self.warning_count - self.listed.len() as u64
    }

    /// Notes that the rest of the file is not known, or must not be taken.
    pub(super) fn set_broken_off(&mut self) {
        self.broke_off = true;
    }

    /// Whether the rest of the file is not known, or must not be taken.
    pub(super) fn broke_off(&self) -> bool {
        self.broke_off
    }
}

/// Where bad rows are written as they are found, each with its place and the reason.
#[derive(Clone)]
pub struct BadRowFile(Arc<Mutex<csv::Writer<Box<dyn Write + Send>>>>);

impl std::fmt::Debug for BadRowFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BadRowFile")
    }
}

impl BadRowFile {
    /// Writes the header.
    ///
    /// # Errors
    /// What the writer says.
    pub fn begin(writer: impl Write + Send + 'static) -> Result<Self, csv::Error> {
        let mut table = csv::Writer::from_writer(Box::new(writer) as Box<dyn Write + Send>);
        table.write_record(["line", "index", "id", "code", "reason", "pointer"])?;
        table.flush()?;
        Ok(Self(Arc::new(Mutex::new(table))))
    }

    fn add(&self, problem: &Problem) -> Result<(), csv::Error> {
        let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        let index = problem.indexes.first().map(|index| *index as u64);
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        table.write_record([
            number(problem.line).as_str(),
            number(index).as_str(),
            problem.features.first().map_or("", String::as_str),
            problem.code.as_str(),
            problem.message.as_str(),
            problem.pointer.as_deref().unwrap_or_default(),
        ])
    }

    fn flush(&self) -> Result<(), csv::Error> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).flush()?)
    }
}

fn start_of(text: String, max_characters: usize) -> String {
    match text.char_indices().nth(max_characters) {
        None => text,
        Some(_) => text.chars().take(max_characters - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk that takes so many bytes.
    struct SmallDisk(usize);

    impl Write for SmallDisk {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(std::io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn warnings_do_not_keep_errors_from_being_listed_and_both_are_counted() {
        let mut problems = ProblemList::begin(&Progress::silent());
        problems
            .extend((0..MAX_LISTED + 7).map(|_| Problem::warning(Code::ThirdDimension, "a third number")));
        problems.push(Problem::error(Code::BadValue, "no number"));
        assert_eq!((problems.error_count(), problems.warning_count()), (1, MAX_LISTED as u64 + 7));
        assert_eq!((problems.listed().len(), problems.unlisted_count()), (MAX_LISTED + 1, 7));
        assert_eq!(problems.listed().last().map(|problem| problem.code), Some(Code::BadValue));
    }

    #[test]
    fn what_is_listed_does_not_grow_with_what_stands_in_the_file() {
        let mut problems = ProblemList::begin(&Progress::silent());
        let long = "龙".repeat(100_000);
        problems.push(Problem {
            features: vec![long.clone()],
            pointer: Some(format!("/features/0/{long}")),
            ..Problem::error(Code::BadValue, long)
        });
        let listed = &problems.listed()[0];
        let lengths = [&listed.features[0], &listed.message, listed.pointer.as_ref().expect("it has one")];
        assert_eq!(lengths.map(|text| text.chars().count()), [41, 300, 300]);
    }

    #[test]
    fn bad_rows_that_cannot_be_written_end_the_import() {
        let file = BadRowFile::begin(SmallDisk(40)).expect("the header fits, and no row");
        let mut problems = ProblemList::begin(&Progress::silent().with_bad_rows(file));
        problems.push(Problem::error(Code::BadValue, "no number"));
        assert!(!problems.broke_off());
        problems.flush();
        assert!(problems.broke_off());
        assert!(problems.listed()[1].message.starts_with("the bad rows cannot be written"));
    }
}
