//! How much runs at once: so many, a queue of so many more, and for the rest an answer at once that says when to come.
//!
//! Without it a rush is spread over all who ask: each waits for a connection to the database, and none is answered in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Places for what runs, and for what waits for one.
#[derive(Debug)]
pub(super) struct Admission {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    waiting_at_most: usize,
    patience: Duration,
}

/// A place; given back when dropped.
#[derive(Debug)]
pub(super) struct Running {
    _place: OwnedSemaphorePermit,
}

/// There is no place, and will be none soon.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Full;

/// One that waits; counted until dropped, also where its caller is gone.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Admission {
    pub(super) fn new(running_at_most: usize, waiting_at_most: usize, patience: Duration) -> Self {
        let places = running_at_most.min(Semaphore::MAX_PERMITS);
        Self {
            places: Arc::new(Semaphore::new(places)),
            waiting: AtomicUsize::new(0),
            waiting_at_most,
            patience,
        }
    }

    /// A place, at once or within the patience of the queue, first come, first served.
    pub(super) async fn enter(&self) -> Result<Running, Full> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(Running { _place: place });
        }
        let waiting = Waiting(&self.waiting);
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.waiting_at_most {
            return Err(Full);
        }
        let place = timeout(self.patience, Arc::clone(&self.places).acquire_owned()).await;
        drop(waiting);
        match place {
            Ok(Ok(place)) => Ok(Running { _place: place }),
            _ => Err(Full),
        }
    }

    pub(super) fn waiting_count(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn so_many_run_so_many_wait_and_the_rest_is_told_at_once() {
        let admission = Arc::new(Admission::new(1, 1, Duration::from_secs(60)));
        let first = admission.enter().await.expect("a place");
        let next = Arc::clone(&admission);
        let second = tokio::spawn(async move { next.enter().await.map(drop) });
        while admission.waiting_count() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(admission.enter().await.err(), Some(Full), "the queue is full");
        assert_eq!(admission.waiting_count(), 1, "who was refused does not count as waiting");
        drop(first);
        assert_eq!(second.await.expect("no panic"), Ok(()));
        // One that gives up is counted no more.
        let _held = admission.enter().await.expect("a place");
        tokio::select! {
            biased;
            _ = admission.enter() => panic!("there was no place"),
            () = tokio::task::yield_now() => {}
        }
        assert_eq!(admission.waiting_count(), 0);
    }

    #[tokio::test]
    async fn who_waits_too_long_is_told_so() {
        let admission = Admission::new(1, 5, Duration::from_millis(20));
        let _held = admission.enter().await.expect("a place");
        assert_eq!(admission.enter().await.err(), Some(Full));
        assert_eq!(admission.waiting_count(), 0);
    }
}
