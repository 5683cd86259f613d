//! Several threads on one list of work.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What comes of each job, in their order, whichever thread came to it.
pub(super) fn on_threads<Job: Sync, Outcome: Send>(
    jobs: &[Job],
    threads: NonZeroUsize,
    work: impl Fn(&Job) -> Outcome + Sync,
) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let take_turns = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(at) else { return done };
            done.push((at, work(job)));
        }
    };
    let mut done = Vec::with_capacity(jobs.len());
    if threads.get() == 1 || jobs.len() < 2 {
        done = take_turns();
    } else {
        std::thread::scope(|scope| {
            let workers: Vec<_> =
                (0..threads.get().min(jobs.len())).map(|_| scope.spawn(take_turns)).collect();
            for worker in workers {
                match worker.join() {
                    Ok(own) => done.extend(own),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
        });
    }
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}
