//! The one clock and the one source of ids. Both are handed down from where the program starts, so that tests set them.
//!
//! Invariant: nothing else in this crate reads the time of day or makes an id.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;
use uuid::Uuid;

/// Tells the time. Clones tell the same.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Set(Arc<watch::Sender<DateTime<Utc>>>),
}

/// Whoever waits looks at the machine's clock this often: it can be put forward, and machines sleep.
const LOOK_EVERY: Duration = Duration::from_secs(60);

impl Clock {
    /// The machine's own clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until it is advanced.
    pub fn set_to(now: DateTime<Utc>) -> Self {
        Self(Source::Set(Arc::new(watch::Sender::new(now))))
    }

    /// The time, cut to microseconds: what both databases can keep.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn now(&self) -> DateTime<Utc> {
        let now = match &self.0 {
            Source::System => Utc::now(),
            Source::Set(now) => *now.borrow(),
        };
        DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
    }

    /// Moves a set clock on; the machine's own is left alone.
    pub fn advance(&self, by: TimeDelta) {
        if let Source::Set(now) = &self.0 {
            now.send_modify(|now| *now += by);
        }
    }

    /// Waits until the clock shows a time; does not wait for one that has passed.
    pub async fn reach(&self, time: DateTime<Utc>) {
        if let Source::Set(now) = &self.0 {
            // Fails only when the clock is gone, and this is holding it.
            let _ = now.subscribe().wait_for(|now| *now >= time).await;
            return;
        }
        while let Ok(left) = (time - self.now()).to_std()
            && !left.is_zero()
        {
            tokio::time::sleep(left.min(LOOK_EVERY)).await;
        }
    }
}

/// Makes ids: UUIDv7, so that rows made together lie together.
#[derive(Clone, Debug)]
pub struct IdSource {
    clock: Clock,
    chance: Chance,
}

#[derive(Clone, Debug)]
enum Chance {
    Random,
    Counted(Arc<Mutex<u64>>),
}

impl IdSource {
    /// Ids that nobody can guess.
    pub fn random(clock: Clock) -> Self {
        Self { clock, chance: Chance::Random }
    }

    /// Ids that come out the same in each run; for tests and the demo's history.
    pub fn counted(clock: Clock) -> Self {
        Self { clock, chance: Chance::Counted(Arc::new(Mutex::new(0))) }
    }

    /// The next id.
    pub fn next_id(&self) -> Uuid {
        let millis = u64::try_from(self.clock.now().timestamp_millis()).unwrap_or(0);
        let mut tail = [0_u8; 10];
        match &self.chance {
            Chance::Random => tail = rand::random(),
            Chance::Counted(count) => {
                let mut count = count.lock().unwrap_or_else(PoisonError::into_inner);
                *count += 1;
                tail[2..].copy_from_slice(&count.to_be_bytes());
            }
        }
        uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_clock_moves_only_when_advanced_and_all_its_clones_with_it() {
        let start = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        let clock = Clock::set_to(start);
        let clone = clock.clone();
        clock.advance(TimeDelta::hours(2));
        assert_eq!(clone.now(), start + TimeDelta::hours(2));
    }

    #[tokio::test]
    async fn who_waits_for_a_time_goes_on_when_the_clock_shows_it_and_not_before() {
        let start = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        let clock = Clock::set_to(start);
        let mut waiting = std::pin::pin!(clock.reach(start + TimeDelta::hours(2)));
        clock.advance(TimeDelta::minutes(119));
        assert!(futures_util::poll!(waiting.as_mut()).is_pending());
        clock.advance(TimeDelta::minutes(1));
        assert!(futures_util::poll!(waiting.as_mut()).is_ready());
        Clock::system().reach(start - TimeDelta::days(36_500)).await;
    }

    #[test]
    fn ids_are_version_7_differ_and_begin_with_the_time() {
        let clock = Clock::set_to(DateTime::from_timestamp(1_800_000_000, 0).expect("a time"));
        for ids in [IdSource::random(clock.clone()), IdSource::counted(clock.clone())] {
            let (first, second) = (ids.next_id(), ids.next_id());
            assert_ne!(first, second);
            assert_eq!((first.get_version_num(), second.get_version_num()), (7, 7));
            let millis = first.get_timestamp().expect("a time").to_unix();
            assert_eq!(millis.0, 1_800_000_000);
        }
    }
}
