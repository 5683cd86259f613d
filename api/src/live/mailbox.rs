//! What waits for one subscriber: bounded, each incident once, in its last state.
//!
//! Invariant: nothing is dropped silently; what does not fit becomes "read everything anew".

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::event::{EventNumber, IncidentFacts};
use domain::ids::{CellId, IncidentId};
use tokio::sync::Notify;

/// More incidents than this do not wait: the subscriber reads everything anew.
const MAX_WAITING_INCIDENTS: usize = 5_000;

/// What happened to one incident since the subscriber last looked.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Moved {
    /// As the subscriber knew it; `None` where it is new.
    pub(super) before: Option<IncidentFacts>,
    /// As it is.
    pub(super) after: IncidentFacts,
    order: usize,
}

/// What waits.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Waiting {
    incidents: HashMap<IncidentId, Moved>,
    /// The last event among them.
    pub(super) newest: Option<EventNumber>,
    /// Cells whose figures time alone has changed.
    pub(super) touched: HashSet<CellId>,
    /// Everything must be read anew.
    pub(super) resync: bool,
    /// What the viewer may see must be decided again first.
    pub(super) recheck: bool,
}

impl Waiting {
    /// Adds what happened to an incident; several changes of one become one.
    pub(super) fn add(
        &mut self,
        number: EventNumber,
        id: IncidentId,
        before: Option<&IncidentFacts>,
        after: &IncidentFacts,
    ) {
        self.newest = self.newest.max(Some(number));
        if self.resync {
            return;
        }
        let order = self.incidents.len();
        let moved = Moved { before: before.cloned(), after: after.clone(), order };
        self.incidents.entry(id).and_modify(|known| known.after = after.clone()).or_insert(moved);
        if self.incidents.len() > MAX_WAITING_INCIDENTS {
            self.read_anew();
        }
    }

    /// Forgets the single changes: everything is read anew.
    pub(super) fn read_anew(&mut self) {
        self.incidents = HashMap::new();
        self.resync = true;
    }

    /// Puts what came later behind this.
    pub(super) fn followed_by(mut self, later: Self) -> Self {
        for (id, moved) in later.in_order() {
            self.add(later.newest.unwrap_or(EventNumber(0)), id, moved.before.as_ref(), &moved.after);
        }
        if later.resync {
            self.read_anew();
        }
        self.newest = self.newest.max(later.newest);
        self.recheck |= later.recheck;
        self.touched.extend(later.touched);
        self
    }

    /// The incidents, in the order in which they were first touched.
    pub(super) fn in_order(&self) -> Vec<(IncidentId, Moved)> {
        let mut incidents: Vec<_> = self.incidents.iter().map(|(id, moved)| (*id, moved.clone())).collect();
        incidents.sort_by_key(|(_, moved)| moved.order);
        incidents
    }

    /// The cells whose figures may have changed.
    pub(super) fn cells(&self) -> HashSet<CellId> {
        let of_incident =
            |moved: &Moved| [moved.before.as_ref().and_then(|facts| facts.cell), moved.after.cell];
        let moved = self.incidents.values().flat_map(of_incident).flatten();
        moved.chain(self.touched.iter().copied()).collect()
    }

    fn is_empty(&self) -> bool {
        self.incidents.is_empty() && self.touched.is_empty() && !self.resync && !self.recheck
    }
}

/// A subscriber's mailbox.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    waiting: Mutex<Waiting>,
    bell: Notify,
    counting: bool,
}

impl Mailbox {
    /// The mailbox of somebody who counts.
    pub(super) fn counting() -> Self {
        Self { counting: true, ..Self::default() }
    }

    /// Whether its owner counts, and wants to hear of clocks that have run out.
    pub(super) fn counts(&self) -> bool {
        self.counting
    }

    /// Changes what waits, and wakes the subscriber if something does.
    pub(super) fn put(&self, change: impl FnOnce(&mut Waiting)) {
        let mut waiting = self.lock();
        change(&mut waiting);
        if !waiting.is_empty() {
            self.bell.notify_one();
        }
    }

    /// Takes what waits.
    pub(super) fn take(&self) -> Option<Waiting> {
        let waiting = std::mem::take(&mut *self.lock());
        (!waiting.is_empty()).then_some(waiting)
    }

    /// Whether what the viewer may see must be decided again; it is not asked for twice.
    pub(super) fn take_recheck(&self) -> bool {
        std::mem::take(&mut self.lock().recheck)
    }

    /// Whether everything will be read anew.
    pub(super) fn is_to_read_anew(&self) -> bool {
        self.lock().resync
    }

    /// Waits until something does.
    pub(super) async fn rung(&self) {
        self.bell.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use domain::rules::StageKey;

    use super::*;

    fn facts(version: i32, cell: u128) -> IncidentFacts {
        IncidentFacts {
            version,
            cell: Some(CellId(uuid::Uuid::from_u128(cell))),
            lon_e7: 1_209_800_000,
            lat_e7: 146_000_000,
            stage: StageKey("collected".into()),
            category: "noise".into(),
            public: true,
            reported_at: DateTime::UNIX_EPOCH,
            due_at: DateTime::UNIX_EPOCH,
        }
    }

    fn incident(number: u128) -> IncidentId {
        IncidentId(uuid::Uuid::from_u128(number))
    }

    #[test]
    fn changes_of_one_incident_become_one_with_the_first_before_and_the_last_after() {
        let mut waiting = Waiting::default();
        waiting.add(EventNumber(1), incident(1), None, &facts(1, 1));
        waiting.add(EventNumber(2), incident(2), None, &facts(1, 1));
        waiting.add(EventNumber(3), incident(1), Some(&facts(1, 1)), &facts(2, 2));
        let in_order = waiting.in_order();
        assert_eq!(in_order.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [incident(1), incident(2)]);
        assert_eq!((in_order[0].1.before.as_ref(), in_order[0].1.after.version), (None, 2));
        assert_eq!(waiting.newest, Some(EventNumber(3)));
        assert_eq!(waiting.cells().len(), 2);
    }

    #[test]
    fn what_does_not_fit_becomes_read_everything_anew() {
        let mailbox = Mailbox::default();
        for number in 0..=(MAX_WAITING_INCIDENTS as u128) {
            let event = EventNumber(number as i64 + 1);
            mailbox.put(|waiting| waiting.add(event, incident(number), None, &facts(1, 1)));
        }
        let waiting = mailbox.take().expect("something waits");
        assert!(waiting.resync && waiting.in_order().is_empty());
        assert_eq!(waiting.newest, Some(EventNumber(MAX_WAITING_INCIDENTS as i64 + 1)));
        assert_eq!(mailbox.take(), None);
    }

    #[test]
    fn what_came_while_away_stands_before_what_came_since() {
        let (mut away, mut since) = (Waiting::default(), Waiting::default());
        away.add(EventNumber(5), incident(1), Some(&facts(1, 1)), &facts(2, 1));
        since.add(EventNumber(6), incident(2), None, &facts(1, 1));
        since.add(EventNumber(7), incident(1), Some(&facts(2, 1)), &facts(3, 2));
        let all = away.followed_by(since);
        let versions: Vec<_> =
            all.in_order().into_iter().map(|(id, moved)| (id, moved.after.version)).collect();
        assert_eq!(versions, [(incident(1), 3), (incident(2), 1)]);
        assert_eq!(all.in_order()[0].1.before.as_ref().map(|facts| facts.version), Some(1));
        assert_eq!(all.newest, Some(EventNumber(7)));
    }
}
