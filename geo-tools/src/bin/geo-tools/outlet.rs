//! Features into a file, whatever its format, with the place of each whose format cannot hold it.

use std::io;

use geo_tools::formats::geojson::WriteFeature;
use geo_tools::formats::{Feature, Sink};
use geo_tools::{Code, Datum, Position, Problem};

use crate::{Verdict, report};

/// Where features go, with what is told of them.
pub(crate) struct Outlet<'a> {
    sink: Box<dyn Sink + 'a>,
    datum: Datum,
    /// The places in the input of the features that were taken.
    taken: Vec<Place>,
    problems: Vec<Problem>,
}

/// A feature's place in the input.
struct Place {
    index: usize,
    line: u64,
}

impl<'a> Outlet<'a> {
    pub(crate) fn new(sink: Box<dyn Sink + 'a>, datum: Datum) -> Self {
        Self { sink, datum, taken: Vec::new(), problems: Vec::new() }
    }

    /// Writes a feature, or notes why it is left out.
    pub(crate) fn take(&mut self, feature: &Feature) -> io::Result<()> {
        if let Some(problem) = no_coordinates(feature, self.datum) {
            self.problems.push(problem);
            return Ok(());
        }
        let problems = self.sink.write(WriteFeature {
            id: feature.id.as_deref(),
            properties: Some(&feature.properties),
            geometry: feature.geometry.as_ref(),
        })?;
        if report::verdict(&problems) == Verdict::Fine {
            self.taken.push(Place { index: feature.index, line: feature.line });
        }
        self.problems.extend(problems.into_iter().map(|problem| placed(feature, problem)));
        Ok(())
    }

    /// Ends the file and gives what has been told.
    pub(crate) fn finish(mut self) -> io::Result<Vec<Problem>> {
        for mut problem in self.sink.finish()? {
            if let [at] = problem.indexes[..]
                && let Some(place) = self.taken.get(at)
            {
                (problem.indexes, problem.line) = (vec![place.index], Some(place.line));
            }
            self.problems.push(problem);
        }
        Ok(self.problems)
    }
}

/// What keeps a feature from being written in a datum.
fn no_coordinates(feature: &Feature, to: Datum) -> Option<Problem> {
    if to != Datum::WebMercator {
        return None;
    }
    let outside = |at: Position| to.coordinates(at).err();
    let error = feature.geometry.as_ref()?.positions().find_map(outside)?;
    Some(placed(feature, Problem::error(Code::CoordRange, error.to_string())))
}

/// A problem with the place of its feature.
pub(crate) fn placed(feature: &Feature, problem: Problem) -> Problem {
    Problem {
        features: feature.id.iter().cloned().collect(),
        indexes: vec![feature.index],
        line: Some(feature.line),
        pointer: Some(feature.pointer.clone()).filter(|pointer| !pointer.is_empty()),
        ..problem
    }
}
