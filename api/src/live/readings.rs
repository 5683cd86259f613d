//! What subscribers read anew after an event, read once for all who see the same, and written once for all who select
//! the same of it.
//!
//! Invariant: nobody is handed a reading that is older than the last event, or the last clock that ran out, that they heard
//! of, or one of other rights.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::access::{Scope, incident_scope};
use domain::event::EventNumber;
use domain::ids::DistrictId;
use domain::viewer::{Role, Viewer};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::service::ServiceError;
use crate::service::incidents::SeenIncident;
use crate::service::texts::Texts;

/// Whoever comes later reads anew: a slow reader's clocks have gone on, and nothing is kept for long.
const SHARED_FOR: Duration = Duration::from_secs(1);
/// More than this are not kept: a burst costs statements, not memory.
const MOST_KEPT: usize = 20_000;
/// More than this do not read at once of one kind: half of the connections that SQLite is read by.
const MOST_AT_ONCE: usize = 2;

/// What decides what is shown of incidents, and counted: those for whom it is the same see the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Sight {
    role: Role,
    scope: Scope,
    /// The tree that the scope stands on is the one of this epoch.
    authorisation_epoch: i64,
}

impl Sight {
    /// What a viewer sees of a district's incidents.
    pub(super) fn of(viewer: &Viewer, district: DistrictId, authorisation_epoch: i64) -> Self {
        let (role, scope) = (viewer.role_in(district), incident_scope(viewer, district));
        Self { role, scope, authorisation_epoch }
    }
}

/// An incident as it was read, for everybody who sees it so.
#[derive(Debug)]
pub struct ToldIncident {
    /// What was read.
    pub seen: Arc<SeenIncident>,
    /// What was written of it.
    pub texts: Texts,
}

impl From<SeenIncident> for ToldIncident {
    fn from(seen: SeenIncident) -> Self {
        Self { seen: Arc::new(seen), texts: Texts::default() }
    }
}

/// When something was read, by what had happened until then.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Moment {
    /// The stream's epoch.
    pub(super) epoch: i64,
    /// An event that it is no older than.
    pub(super) number: EventNumber,
    /// A look at the clocks that it is no older than, as the feed counts them.
    pub(super) looks: u64,
}

impl Moment {
    fn is_no_older_than(&self, other: &Self) -> bool {
        self.epoch == other.epoch && self.number >= other.number && self.looks >= other.looks
    }
}

/// What was read of late of one kind, by what names it. What was looked for and not found, or may not be seen, is kept too,
/// so that nobody looks again.
#[derive(Debug)]
pub(super) struct Readings<Name, Seen> {
    /// Held by who reads, so that others who see the same wait for what they read.
    turns: Mutex<HashMap<Sight, Turn>>,
    /// For who reads: a rush of many who see different things does not keep the database from all others.
    places: Semaphore,
    kept: Mutex<HashMap<(Sight, Name), Reading<Seen>>>,
}

type Turn = Arc<tokio::sync::Mutex<()>>;

#[derive(Debug)]
struct Reading<Seen> {
    moment: Moment,
    read_at: Instant,
    seen: Option<Seen>,
}

impl<Seen> Reading<Seen> {
    fn is_fresh(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.read_at) < SHARED_FOR
    }
}

impl<Name, Seen> Default for Readings<Name, Seen> {
    fn default() -> Self {
        Self { turns: Mutex::default(), places: Semaphore::new(MOST_AT_ONCE), kept: Mutex::default() }
    }
}

impl<Name: Copy + Eq + Hash, Seen: Clone> Readings<Name, Seen> {
    /// What is seen of some at a moment or later: what somebody has read, and of the rest what `read` answers.
    pub(super) async fn share<Read>(
        &self,
        sight: Sight,
        names: &[Name],
        moment: Moment,
        read: impl FnOnce(Vec<Name>) -> Read,
    ) -> Result<HashMap<Name, Seen>, ServiceError>
    where
        Read: Future<Output = Result<HashMap<Name, Seen>, ServiceError>>,
    {
        let (found, missing) = self.find(sight, names, &moment);
        if missing.is_empty() {
            return Ok(found);
        }
        let turn = Arc::clone(locked(&self.turns).entry(sight).or_default());
        let _turn = turn.lock().await;
        // Somebody else may have read them while this waited for its turn.
        let (mut found, missing) = self.find(sight, names, &moment);
        if !missing.is_empty() {
            // It is never closed.
            let _place = self.places.acquire().await;
            let seen = read(missing.clone()).await?;
            self.keep(sight, &missing, moment, &seen);
            found.extend(seen);
        }
        Ok(found)
    }

    /// Lets go of what is too old to be handed on.
    pub(super) fn sweep(&self, now: Instant) {
        locked(&self.turns).retain(|_, turn| Arc::strong_count(turn) > 1);
        let mut kept = locked(&self.kept);
        kept.retain(|_, reading| reading.is_fresh(now));
        // What a burst took is given back.
        if kept.is_empty() {
            *kept = HashMap::new();
        }
    }

    fn find(&self, sight: Sight, names: &[Name], moment: &Moment) -> (HashMap<Name, Seen>, Vec<Name>) {
        let (kept, now) = (locked(&self.kept), Instant::now());
        let (mut found, mut missing) = (HashMap::new(), Vec::new());
        for name in names {
            match kept.get(&(sight, *name)) {
                Some(reading) if reading.is_fresh(now) && reading.moment.is_no_older_than(moment) => {
                    found.extend(reading.seen.clone().map(|seen| (*name, seen)));
                }
                _ => missing.push(*name),
            }
        }
        (found, missing)
    }

    fn keep(&self, sight: Sight, asked: &[Name], moment: Moment, seen: &HashMap<Name, Seen>) {
        let read_at = Instant::now();
        let mut kept = locked(&self.kept);
        if kept.len() + asked.len() > MOST_KEPT {
            kept.retain(|_, reading| reading.is_fresh(read_at));
        }
        if kept.len() + asked.len() <= MOST_KEPT {
            let reading =
                |name: &Name| ((sight, *name), Reading { moment, read_at, seen: seen.get(name).cloned() });
            kept.extend(asked.iter().map(reading));
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::pin::pin;
    use std::task::Poll;

    use futures_util::poll;
    use tokio::sync::oneshot;

    use super::*;

    const DISTRICT: DistrictId = DistrictId(uuid::Uuid::from_u128(1));
    const THERE: u8 = 1;
    const NOT_THERE: u8 = 2;

    /// What is seen, which says in the how manieth reading it was read.
    async fn ask(
        readings: &Readings<u8, u32>,
        count: &Cell<u32>,
        sight: Sight,
        (epoch, number, looks): (i64, i64, u64),
    ) -> u32 {
        let moment = Moment { epoch, number: EventNumber(number), looks };
        let read = async |names: Vec<u8>| {
            count.set(count.get() + 1);
            Ok(names.into_iter().filter(|name| *name == THERE).map(|name| (name, count.get())).collect())
        };
        let seen = readings.share(sight, &[THERE, NOT_THERE], moment, read).await.expect("it is read");
        assert_eq!(seen.keys().collect::<Vec<_>>(), [&THERE]);
        seen[&THERE]
    }

    #[tokio::test]
    async fn nobody_is_handed_what_is_older_than_what_they_heard_of() {
        let (readings, count) = (Readings::default(), Cell::new(0));
        let sight = Sight::of(&Viewer::public(), DISTRICT, 1);
        let cases = [
            ((1, 10, 3), 1, "nobody has read"),
            ((1, 10, 3), 1, "the same moment"),
            ((1, 9, 2), 1, "an earlier one"),
            ((1, 11, 3), 2, "another event"),
            ((1, 10, 4), 3, "another look at the clocks"),
            ((2, 4, 4), 4, "another history"),
            ((1, 4, 4), 5, "a late one of the history before"),
        ];
        for (moment, expected, why) in cases {
            assert_eq!(ask(&readings, &count, sight, moment).await, expected, "{why}");
        }
        let other = Sight::of(&Viewer::public(), DISTRICT, 2);
        assert_eq!(ask(&readings, &count, other, (1, 4, 4)).await, 6, "rights of another epoch");
    }

    #[tokio::test]
    async fn what_is_too_old_to_be_handed_on_is_let_go() {
        let (readings, count) = (Readings::default(), Cell::new(0));
        ask(&readings, &count, Sight::of(&Viewer::public(), DISTRICT, 1), (1, 10, 3)).await;
        readings.sweep(Instant::now());
        assert_eq!(locked(&readings.kept).len(), 2);
        readings.sweep(Instant::now() + SHARED_FOR);
        assert_eq!(locked(&readings.kept).capacity(), 0);
        assert!(locked(&readings.turns).is_empty());
    }

    #[tokio::test]
    async fn who_sees_the_same_waits_for_what_one_of_them_reads_and_who_sees_something_else_does_not() {
        let readings: Readings<u8, u32> = Readings::default();
        let moment = Moment { epoch: 1, number: EventNumber(1), looks: 1 };
        let [one, other] = [1, 2].map(|epoch| Sight::of(&Viewer::public(), DISTRICT, epoch));
        let (go_on, held) = oneshot::channel();
        let mut slow = pin!(readings.share(one, &[THERE], moment, async |_| {
            held.await.expect("it is told to go on");
            Ok(HashMap::from([(THERE, 7)]))
        }));
        assert!(poll!(slow.as_mut()).is_pending());
        let mut same = pin!(readings.share(one, &[THERE], moment, async |_| panic!("it is read already")));
        assert!(poll!(same.as_mut()).is_pending());
        let quick = pin!(readings.share(other, &[THERE], moment, async |_| Ok(HashMap::from([(THERE, 8)]))));
        let Poll::Ready(Ok(seen)) = poll!(quick) else { panic!("it waits for those who see something else") };
        assert_eq!(seen[&THERE], 8);
        readings.sweep(Instant::now());
        go_on.send(()).expect("it waits");
        assert_eq!(slow.await.expect("it is read")[&THERE], 7);
        assert_eq!(same.await.expect("it was read")[&THERE], 7);
    }
}
