//! A district's feed: its events, read once in order and put into the mailboxes of those concerned.
//!
//! Invariant: when the feed stands at a number, every mailbox has what that event and all before it had for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::event::{Change, Event, EventNumber};
use domain::ids::{CellId, DistrictId, IncidentId, PlanVersion};
use domain::plan::Plan;
use tokio::time::Instant;

use super::cursor::Stand;
use super::interests::{Interests, SubscriberId};
use super::mailbox::Mailbox;
use super::readings::{Moment, Readings, ToldIncident};
use crate::service::cells::Area;
use crate::service::events::StreamHead;
use crate::service::incidents::IncidentCounts;

/// A district's feed.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) district: DistrictId,
    /// Held by who asks the database for the authorisation epoch, so that others wait for that answer.
    pub(super) asking: tokio::sync::Mutex<()>,
    /// The incidents that its subscribers have read of late.
    pub(super) incidents: Readings<IncidentId, Arc<ToldIncident>>,
    /// The figures that they have, each of a cell in a plan.
    pub(super) counts: Readings<(PlanVersion, CellId), IncidentCounts>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    epoch: i64,
    position: EventNumber,
    interests: Interests,
    figures: HashMap<CellId, IncidentCounts>,
    /// How often these were found to differ.
    looks: u64,
    /// When the authorisation epoch was asked for, and what it was.
    authorisation: Option<(Instant, i64)>,
}

/// A subscriber's place in a feed; dropping it unsubscribes.
#[derive(Debug)]
pub(super) struct Registration {
    feed: Arc<Feed>,
    id: SubscriberId,
    pub(super) mailbox: Arc<Mailbox>,
    /// Where the feed stood when the mailbox was put up.
    pub(super) since: StreamHead,
}

impl Feed {
    /// A feed that begins where a stream stands.
    pub(super) fn new(head: StreamHead) -> Self {
        let state = State {
            epoch: head.epoch,
            position: head.number,
            interests: Interests::default(),
            figures: HashMap::new(),
            looks: 0,
            authorisation: None,
        };
        Self {
            district: head.district,
            asking: tokio::sync::Mutex::default(),
            incidents: Readings::default(),
            counts: Readings::default(),
            state: Mutex::new(state),
        }
    }

    /// Puts up a mailbox for an area.
    pub(super) fn register(self: &Arc<Self>, area: Area, mailbox: Mailbox) -> Registration {
        let mailbox = Arc::new(mailbox);
        let mut state = self.lock();
        let id = state.interests.add(area, Arc::clone(&mailbox));
        let since = StreamHead { district: self.district, epoch: state.epoch, number: state.position };
        Registration { feed: Arc::clone(self), id, mailbox, since }
    }

    /// Where the feed stands.
    pub(super) fn head(&self) -> StreamHead {
        let state = self.lock();
        StreamHead { district: self.district, epoch: state.epoch, number: state.position }
    }

    /// When somebody who stands somewhere reads, once they have taken what waited for them.
    pub(super) fn moment(&self, stand: Stand) -> Moment {
        let number = stand.number.unwrap_or(EventNumber(0));
        Moment { epoch: stand.epoch, number, looks: self.lock().looks }
    }

    /// Lets go of what was read too long ago to be shared.
    pub(super) fn sweep(&self) {
        let now = Instant::now();
        self.incidents.sweep(now);
        self.counts.sweep(now);
    }

    /// Whether nobody listens.
    pub(super) fn is_idle(&self) -> bool {
        self.lock().interests.is_empty()
    }

    /// The district's authorisation epoch, unless it was asked for longer ago.
    pub(super) fn authorisation_epoch(&self, oldest: Duration) -> Option<i64> {
        let known = self.lock().authorisation;
        known.filter(|(asked_at, _)| asked_at.elapsed() < oldest).map(|(_, epoch)| epoch)
    }

    /// Keeps what the authorisation epoch was.
    pub(super) fn keep_authorisation_epoch(&self, asked_at: Instant, epoch: i64) {
        self.lock().authorisation = Some((asked_at, epoch));
    }

    /// Puts events into the mailboxes of those concerned. Events that are missing make everybody read anew.
    pub(super) fn deliver(&self, events: &[Event], plan: Option<&Plan>) {
        let mut state = self.lock();
        for event in events {
            if event.number.0 != state.position.0 + 1 {
                state.resync_everybody();
            }
            state.deliver(event, plan);
            state.position = event.number;
        }
    }

    /// Begins again at another epoch: the database was restored.
    pub(super) fn restart(&self, head: StreamHead) {
        let mut state = self.lock();
        state.epoch = head.epoch;
        state.position = head.number;
        state.authorisation = None;
        state.resync_everybody();
    }

    /// Takes new figures of every leaf cell and tells who counts of those that differ: clocks run out without an event.
    pub(super) fn compare_figures(&self, figures: HashMap<CellId, IncidentCounts>) {
        let mut state = self.lock();
        let cells = figures.keys().chain(state.figures.keys());
        let differs = |cell: &&CellId| figures.get(cell) != state.figures.get(cell);
        let touched: Vec<CellId> = cells.filter(differs).copied().collect();
        if !touched.is_empty() {
            state.looks += 1;
            for mailbox in state.interests.everybody().filter(|mailbox| mailbox.counts()) {
                mailbox.put(|waiting| waiting.touched.extend(&touched));
            }
        }
        state.figures = figures;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn deliver(&mut self, event: &Event, plan: Option<&Plan>) {
        match &event.change {
            Change::Incident { id, before, after } => {
                for mailbox in self.interests.concerned(before.as_ref(), after, plan) {
                    mailbox.put(|waiting| waiting.add(event.number, *id, before.as_ref(), after));
                }
            }
            // It may have been any of these.
            Change::Unreadable => {
                self.authorisation = None;
                for mailbox in self.interests.everybody() {
                    mailbox.put(|waiting| waiting.recheck = true);
                }
                self.resync_everybody();
            }
            // Who lies where has changed for so many that reading anew is shorter than telling.
            change if change.touches_unnamed_incidents() => self.resync_everybody(),
            Change::AccessChanged => {
                self.authorisation = None;
                for mailbox in self.interests.everybody() {
                    mailbox.put(|waiting| waiting.recheck = true);
                }
            }
            Change::PlanPublished { .. } | Change::Imported { .. } | Change::Household { .. } => {}
        }
    }

    fn resync_everybody(&self) {
        for mailbox in self.interests.everybody() {
            mailbox.put(super::mailbox::Waiting::read_anew);
        }
    }
}

impl Registration {
    /// What it is a place in.
    pub(super) fn feed(&self) -> &Arc<Feed> {
        &self.feed
    }

    /// Where the feed stands: the mailbox has had everything up to there.
    pub(super) fn head(&self) -> StreamHead {
        self.feed.head()
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.feed.lock().interests.remove(self.id);
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use domain::event::IncidentFacts;
    use domain::rules::StageKey;

    use super::*;

    const DISTRICT: DistrictId = DistrictId(uuid::Uuid::from_u128(1));

    fn feed() -> Arc<Feed> {
        Arc::new(Feed::new(StreamHead { district: DISTRICT, epoch: 1, number: EventNumber(10) }))
    }

    fn event(number: i64, change: Change) -> Event {
        Event { district: DISTRICT, number: EventNumber(number), at: DateTime::UNIX_EPOCH, change }
    }

    fn reported(number: i64) -> Event {
        let after = IncidentFacts {
            version: 1,
            cell: None,
            lon_e7: 1_209_800_000,
            lat_e7: 146_000_000,
            stage: StageKey("collected".into()),
            category: "noise".into(),
            public: true,
            reported_at: DateTime::UNIX_EPOCH,
            due_at: DateTime::UNIX_EPOCH,
        };
        let id = IncidentId(uuid::Uuid::from_u128(number as u128));
        event(number, Change::Incident { id, before: None, after })
    }

    #[test]
    fn a_mailbox_has_everything_up_to_where_the_feed_stands() {
        let feed = feed();
        let registration = feed.register(Area::Everywhere, Mailbox::default());
        feed.deliver(&[reported(11), reported(12)], None);
        let waiting = registration.mailbox.take().expect("two incidents");
        assert_eq!((waiting.in_order().len(), waiting.newest), (2, Some(EventNumber(12))));
        assert_eq!(registration.head().number, EventNumber(12));
        assert!(!waiting.resync);
    }

    #[test]
    fn an_event_that_is_missing_makes_everybody_read_anew() {
        let feed = feed();
        let registration = feed.register(Area::Everywhere, Mailbox::default());
        feed.deliver(&[reported(13)], None);
        assert!(registration.mailbox.take().expect("a resync").resync);
    }

    #[test]
    fn a_change_of_access_makes_everybody_ask_again_what_they_may_see() {
        let feed = feed();
        let registration = feed.register(Area::Everywhere, Mailbox::default());
        feed.deliver(&[event(11, Change::AccessChanged)], None);
        assert!(registration.mailbox.take().expect("a recheck").recheck);
    }

    #[test]
    fn only_what_brings_incidents_or_moves_their_cells_makes_everybody_read_anew() {
        let feed = feed();
        let registration = feed.register(Area::Everywhere, Mailbox::default());
        let imported = |number, what: &str| event(number, Change::Imported { what: what.into(), rows: 3 });
        feed.deliver(&[imported(11, "households"), imported(12, "basemap")], None);
        assert_eq!(registration.mailbox.take(), None);
        feed.deliver(&[imported(13, "incidents")], None);
        assert!(registration.mailbox.take().expect("a resync").resync);
        feed.deliver(&[event(14, Change::PlanPublished { version: PlanVersion(2) })], None);
        assert!(registration.mailbox.take().expect("a resync").resync);
    }

    #[test]
    fn figures_that_time_has_changed_reach_only_those_who_count() {
        let feed = feed();
        let counting = feed.register(Area::Everywhere, Mailbox::counting());
        let watching = feed.register(Area::Everywhere, Mailbox::default());
        let cell = CellId(uuid::Uuid::from_u128(5));
        let figures =
            |overdue| HashMap::from([(cell, IncidentCounts { open: 1, overdue, ..Default::default() })]);
        feed.compare_figures(figures(0));
        assert!(counting.mailbox.take().expect("the first figures").cells().contains(&cell));
        feed.compare_figures(figures(0));
        assert_eq!(counting.mailbox.take(), None);
        feed.compare_figures(figures(1));
        assert!(counting.mailbox.take().expect("one is overdue").cells().contains(&cell));
        assert_eq!(watching.mailbox.take(), None);
    }

    #[test]
    fn who_has_left_gets_nothing_and_holds_nothing() {
        let feed = feed();
        let registration = feed.register(Area::Everywhere, Mailbox::default());
        assert!(!feed.is_idle());
        drop(registration);
        assert!(feed.is_idle());
    }
}
