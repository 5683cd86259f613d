//! When a subscriber does something that nothing rings for: a bookmark, a look at clocks that may have run out.
//!
//! Invariant: both come due at a fixed time, however often the mailbox rings until then.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// A subscriber's own times.
#[derive(Debug)]
pub(super) struct Rhythm {
    period: Duration,
    bookmark_at: Instant,
    look_at: Option<Instant>,
}

impl Rhythm {
    /// Bookmarks after so long a silence.
    pub(super) fn of_bookmarks(period: Duration) -> Self {
        Self { period, bookmark_at: Instant::now() + period, look_at: None }
    }

    /// And as often a look at what time alone has changed.
    pub(super) fn with_looks(self) -> Self {
        Self { look_at: Some(Instant::now() + self.period), ..self }
    }

    /// Something was handed on.
    pub(super) fn told(&mut self) {
        self.bookmark_at = Instant::now() + self.period;
    }

    /// What time alone has changed was looked at.
    pub(super) fn looked(&mut self) {
        self.look_at = self.look_at.map(|_| Instant::now() + self.period);
    }

    /// Whether it is time for a bookmark.
    pub(super) fn is_bookmark_due(&self) -> bool {
        self.bookmark_at <= Instant::now()
    }

    /// Whether it is time to look.
    pub(super) fn is_look_due(&self) -> bool {
        self.look_at.is_some_and(|at| at <= Instant::now())
    }

    /// Waits until something is due, or the bell rings before.
    pub(super) async fn wait(&self, bell: impl Future<Output = ()>) {
        let next = self.look_at.map_or(self.bookmark_at, |at| at.min(self.bookmark_at));
        // Which of the two it was shows when both are looked at.
        let _ = timeout_at(next, bell).await;
    }
}
