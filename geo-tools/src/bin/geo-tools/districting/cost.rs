//! What a run has cost.

use std::time::Instant;

/// How long the clock of the system ticks, in seconds: what `/proc` counts in, on every machine that has one.
const TICK_S: f64 = 0.01;
/// Where the two counts stand behind the name of the program.
const USER_AT: usize = 11;

/// How long processors have worked for this program, in seconds; where the system does not say, how long it has run.
pub(crate) fn cpu_s(since: Instant) -> f64 {
    let ticks = std::fs::read_to_string("/proc/self/stat").ok().and_then(|line| {
        let counts: Vec<u64> = line
            .rsplit_once(')')?
            .1
            .split_whitespace()
            .skip(USER_AT)
            .take(2)
            .filter_map(|count| count.parse().ok())
            .collect();
        (counts.len() == 2).then(|| counts.iter().sum::<u64>())
    });
    ticks.map_or_else(|| since.elapsed().as_secs_f64(), |ticks| ticks as f64 * TICK_S)
}
