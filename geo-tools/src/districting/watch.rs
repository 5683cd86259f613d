//! Watching long work, and calling it off.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// How far the work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Units that are in a cell, as a first try.
    pub done: usize,
    /// All units.
    pub all: usize,
}

/// Who watches, and whether it shall end.
pub struct Watch<'a> {
    tell: &'a (dyn Fn(Progress) + Sync),
    is_called_off: &'a AtomicBool,
    done: AtomicUsize,
    all: AtomicUsize,
}

impl<'a> Watch<'a> {
    /// Tells progress, from several threads perhaps, and ends soon after the flag is set.
    pub fn new(tell: &'a (dyn Fn(Progress) + Sync), is_called_off: &'a AtomicBool) -> Self {
        Self { tell, is_called_off, done: AtomicUsize::new(0), all: AtomicUsize::new(0) }
    }

    pub(crate) fn is_called_off(&self) -> bool {
        self.is_called_off.load(Ordering::Relaxed)
    }

    pub(crate) fn begin(&self, all: usize) {
        self.done.store(0, Ordering::Relaxed);
        self.all.store(all, Ordering::Relaxed);
    }

    pub(crate) fn advance(&self, units: usize) {
        let done = self.done.fetch_add(units, Ordering::Relaxed) + units;
        (self.tell)(Progress { done, all: self.all.load(Ordering::Relaxed) });
    }

    pub(crate) fn finish(&self) {
        let all = self.all.load(Ordering::Relaxed);
        (self.tell)(Progress { done: all, all });
    }
}

impl fmt::Debug for Watch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("done", &self.done).finish_non_exhaustive()
    }
}
