//! What readers of binary formats share: the queue of items, the counts that [`Caps`] limit, and the place of a record.
//!
//! Invariant: after an `Err` of [`Records::next`] nothing more is read.

use std::collections::VecDeque;
use std::io::{self, Read};

use super::{Caps, Feature, Item, Source};
use crate::problem::{Code, Problem, Severity};

/// A file that is read record by record.
pub(super) trait Records {
    /// Reads the next record; `false` where there is none. What leaves the rest without meaning is the error.
    fn next(&mut self, flow: &mut Flow) -> Result<bool, Box<Problem>>;
}

/// What has been read and not yet been given, and how much there was.
#[derive(Debug)]
pub(super) struct Flow {
    queue: VecDeque<Item>,
    pub(super) caps: Caps,
    pub(super) feature_count: usize,
    position_count: usize,
    problem_count: usize,
}

impl Flow {
    pub(super) fn tell(&mut self, problem: Problem) {
        self.problem_count += 1;
        self.queue.push_back(Item::Problem(problem));
    }

    /// Queues a feature, or its problems where one of them is an error.
    pub(super) fn give(&mut self, feature: Feature) -> Result<(), Box<Problem>> {
        self.feature_count += 1;
        self.position_count += feature.geometry.as_ref().map_or(0, |geometry| geometry.positions().count());
        if self.feature_count > self.caps.max_features {
            return Err(too_large(format!("more than {} features", self.caps.max_features)));
        }
        if self.position_count > self.caps.max_positions {
            return Err(too_large(format!("more than {} positions", self.caps.max_positions)));
        }
        if feature.warnings.iter().any(|problem| problem.severity == Severity::Error) {
            feature.warnings.into_iter().for_each(|problem| self.tell(problem));
        } else {
            self.queue.push_back(Item::Feature(feature));
        }
        Ok(())
    }
}

pub(super) fn too_large(message: String) -> Box<Problem> {
    Box::new(Problem::error(Code::TooLarge, message))
}

/// Gives the features and problems of [`Records`] under [`Caps`].
pub(super) struct Items<R> {
    records: R,
    flow: Flow,
    done: bool,
    broke_off: bool,
}

impl<R: Records> Items<R> {
    pub(super) fn new(records: R, caps: Caps) -> Self {
        let flow =
            Flow { queue: VecDeque::new(), caps, feature_count: 0, position_count: 0, problem_count: 0 };
        Self { records, flow, done: false, broke_off: false }
    }
}

impl<R: Records> Iterator for Items<R> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        while self.flow.queue.is_empty() && !self.done {
            match self.records.next(&mut self.flow) {
                Ok(more) => self.done = !more,
                Err(problem) => {
                    (self.done, self.broke_off) = (true, true);
                    self.flow.tell(*problem);
                }
            }
            if self.flow.problem_count > self.flow.caps.max_problems {
                (self.done, self.broke_off) = (true, true);
                let most = self.flow.caps.max_problems;
                let message = format!("more than {most} problems; the rest is not told");
                self.flow.queue.push_back(Item::Problem(Problem::error(Code::TooLarge, message)));
            }
        }
        self.flow.queue.pop_front()
    }
}

impl<R: Records> Source for Items<R> {
    fn broke_off(&self) -> bool {
        self.broke_off
    }
}

/// Fills the buffer as far as the bytes reach and says how many came.
pub(super) fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// The little-endian number at an offset; `None` where the bytes end before it.
pub(super) fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.get(..N)?.try_into().ok()
}
