//! The live hub: subscriptions that begin with a snapshot, go on with ordered changes and resume where they broke.
//!
//! The bus says that a stream moved; [`feed`] reads what happened once per node, in order, and puts it into the mailboxes
//! of those whose area it concerns ([`interests`]). A subscriber ([`incidents`], [`counts`]) takes what waits, reads the
//! rows anew through its viewer's scope and hands on a batch, as long as its viewer is who began it ([`rights`]). Start at [`Hub::incident_changes`].
//!
//! Invariant: what is handed on was read through the viewer's scope after the event, never taken from the event.
//! Invariant: a cursor that was handed on stands for everything up to it; none stands in the middle of a snapshot.
//! Invariant: a mailbox is bounded; a subscriber that is too far behind reads everything anew and is told so.

mod counts;
mod cursor;
mod feed;
mod incidents;
mod interests;
mod mailbox;
mod matching;
mod readings;
mod rhythm;
mod rights;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use domain::district::District;
use domain::event::{Change, EventNumber};
use domain::ids::DistrictId;
use domain::plan::Plan;
use domain::viewer::Viewer;
use futures_util::Stream;
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at};
use tracing::warn;

use crate::bus::{Bus, Heard, Listener};
use crate::config::ServerSecret;
use crate::service::cells::Area;
use crate::service::events::StreamHead;
use crate::service::incidents::IncidentFilter;
use crate::service::plans::At;
use crate::service::{ServiceError, Services};

use feed::{Feed, Registration};
use mailbox::{Mailbox, Waiting};

pub use counts::{CellCount, CountBatch};
pub use incidents::{IncidentBatch, IncidentLeft, LeftReason};
pub use readings::ToldIncident;
pub use rights::{Pass, Passes, Stamp};

/// What a batch is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BatchKind {
    /// A part of the state at the cursor.
    Snapshot,
    /// What changed since the cursor before.
    Changes,
    /// Nothing changed; the cursor moved.
    Bookmark,
    /// What was known is void; a snapshot follows.
    Resync,
}

/// A subscription that has begun.
#[derive(Debug)]
pub struct Followed<Batches> {
    /// What its batches go out under.
    pub pass: Pass,
    /// What it is told; an error ends it.
    pub batches: Batches,
}

/// How often the hub looks by itself.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// At the heads of the streams, in case a ring was lost.
    pub heads: Duration,
    /// At the figures that change with time alone.
    pub figures: Duration,
    /// How long a subscription stays silent before it gets a bookmark.
    pub bookmarks: Duration,
    /// How old the authorisation epoch may be under which a batch goes out.
    pub rights: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            heads: Duration::from_secs(1),
            figures: Duration::from_secs(10),
            bookmarks: Duration::from_secs(10),
            rights: Duration::from_secs(1),
        }
    }
}

/// How many events are read at once.
const EVENTS_AT_ONCE: u64 = 500;
/// Who was away for more events than this reads everything anew.
const MAX_BACKLOG_EVENTS: i64 = 20_000;

/// The hub. Cheap to clone; it stops when the last clone and the last subscription are gone.
#[derive(Clone, Debug)]
pub struct Hub {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    services: Services,
    secret: ServerSecret,
    pace: Pace,
    feeds: Mutex<HashMap<DistrictId, Arc<Feed>>>,
}

impl Hub {
    /// Starts to listen.
    pub fn start(services: Services, bus: &Bus, secret: ServerSecret, pace: Pace) -> Self {
        let inner = Arc::new(Inner { services, secret, pace, feeds: Mutex::default() });
        tokio::spawn(pump(Arc::downgrade(&inner), bus.listen(), pace));
        Self { inner }
    }

    /// The incidents of an area and what happens to them. `after` is the cursor of the last batch that was taken in.
    ///
    /// # Errors
    /// [`ServiceError`] where the district is not there, the filter is wrong or too much matches.
    pub async fn incident_changes(
        &self,
        viewer: &Viewer,
        district: &str,
        area: Area,
        filter: IncidentFilter,
        after: Option<&str>,
    ) -> Result<Followed<impl Stream<Item = Result<IncidentBatch, ServiceError>> + Send + use<>>, ServiceError>
    {
        let subscriber =
            incidents::IncidentSubscriber::start(self.clone(), viewer.clone(), district, area, filter, after);
        let subscriber = subscriber.await?;
        Ok(Followed { pass: subscriber.pass(), batches: incidents::stream(subscriber) })
    }

    /// The figures of the cells of an area, pushed as they change.
    ///
    /// # Errors
    /// [`ServiceError`] where the district is not there or has no plan.
    pub async fn cell_counts(
        &self,
        viewer: &Viewer,
        district: &str,
        area: Area,
        after: Option<&str>,
    ) -> Result<Followed<impl Stream<Item = Result<CountBatch, ServiceError>> + Send + use<>>, ServiceError>
    {
        let subscriber = counts::CountSubscriber::start(self.clone(), viewer.clone(), district, area, after);
        let subscriber = subscriber.await?;
        Ok(Followed { pass: subscriber.pass(), batches: counts::stream(subscriber) })
    }

    async fn register(
        &self,
        district: DistrictId,
        area: Area,
        mailbox: Mailbox,
    ) -> Result<Registration, ServiceError> {
        let known = self.inner.lock().get(&district).cloned();
        let feed = match known {
            Some(feed) => feed,
            None => {
                let heads = self.inner.services.stream_heads().await?;
                let head = heads.into_iter().find(|head| head.district == district);
                let head = head.ok_or_else(|| ServiceError::not_found("district", district))?;
                Arc::clone(self.inner.lock().entry(district).or_insert_with(|| Arc::new(Feed::new(head))))
            }
        };
        Ok(feed.register(area, mailbox))
    }

    /// What happened while a subscriber was away; `None` where that can't be told any more.
    async fn backlog(&self, after: EventNumber, until: &StreamHead) -> Result<Option<Waiting>, ServiceError> {
        let mut waiting = Waiting::default();
        let mut position = after;
        if until.number.0 - after.0 > MAX_BACKLOG_EVENTS {
            return Ok(None);
        }
        while position < until.number {
            let events = self.inner.services.events_after(until.district, position, EVENTS_AT_ONCE).await?;
            for event in &events {
                if event.number.0 != position.0 + 1 {
                    return Ok(None);
                }
                match &event.change {
                    Change::Incident { id, before, after } => {
                        waiting.add(event.number, *id, before.as_ref(), after);
                    }
                    Change::Unreadable => return Ok(None),
                    change if change.touches_unnamed_incidents() => return Ok(None),
                    // Whoever resumes was looked up again before.
                    Change::PlanPublished { .. }
                    | Change::Imported { .. }
                    | Change::AccessChanged
                    | Change::Household { .. } => {}
                }
                position = event.number;
            }
            if events.is_empty() {
                return Ok(None);
            }
        }
        Ok(Some(waiting))
    }

    async fn plan_now(&self, district: &District) -> Option<Arc<Plan>> {
        self.inner.services.plan(&Viewer::public(), district, At::Now).await.ok()
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, HashMap<DistrictId, Arc<Feed>>> {
        self.feeds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn busy_feeds(&self) -> Vec<Arc<Feed>> {
        self.lock().values().cloned().collect()
    }

    async fn catch_up_all(&self) -> Result<(), ServiceError> {
        let feeds = self.busy_feeds();
        if feeds.is_empty() {
            return Ok(());
        }
        feeds.iter().for_each(|feed| feed.sweep());
        let heads = self.services.stream_heads().await?;
        let mut caught_up = Ok(());
        for feed in feeds {
            let Some(head) = heads.iter().find(|head| head.district == feed.district) else { continue };
            if head.epoch != feed.head().epoch || head.number < feed.head().number {
                feed.restart(*head);
            }
            // A district that cannot be read must not hold up the others.
            if let Err(error) = self.catch_up(&feed).await {
                caught_up = Err(error);
            }
        }
        caught_up
    }

    async fn catch_up(&self, feed: &Feed) -> Result<(), ServiceError> {
        loop {
            let events =
                self.services.events_after(feed.district, feed.head().number, EVENTS_AT_ONCE).await?;
            if events.is_empty() {
                return Ok(());
            }
            let everybody = Viewer::public();
            let district = self.services.district_by_id(&everybody, feed.district).await?;
            let plan = self.services.plan(&everybody, &district, At::Now).await.ok();
            feed.deliver(&events, plan.as_deref());
        }
    }

    async fn compare_figures(&self) -> Result<(), ServiceError> {
        for feed in self.busy_feeds().into_iter().filter(|feed| !feed.is_idle()) {
            let district = self.services.district_by_id(&Viewer::public(), feed.district).await?;
            feed.compare_figures(self.services.leaf_counts(&district).await?);
        }
        Ok(())
    }
}

async fn pump(hub: Weak<Inner>, mut listener: Listener, pace: Pace) {
    let mut heads = interval(pace.heads);
    let mut figures = interval_at(Instant::now() + pace.figures, pace.figures);
    heads.set_missed_tick_behavior(MissedTickBehavior::Delay);
    figures.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let wanted = tokio::select! {
            heard = listener.next() => match heard {
                Heard::Ring(ring) => Wanted::One(ring.district),
                Heard::Missed => Wanted::All,
                Heard::Closed => return,
            },
            _ = heads.tick() => Wanted::All,
            _ = figures.tick() => Wanted::Figures,
        };
        let Some(hub) = hub.upgrade() else { return };
        let done = match wanted {
            Wanted::One(district) => {
                // Apart from the `match`, which would hold the lock while it waits.
                let feed = hub.lock().get(&district).cloned();
                match feed {
                    Some(feed) => hub.catch_up(&feed).await,
                    None => Ok(()),
                }
            }
            Wanted::All => hub.catch_up_all().await,
            Wanted::Figures => hub.compare_figures().await,
        };
        if let Err(error) = done {
            warn!(error = %error, "The live hub could not read what happened and tries again: {error}");
        }
    }
}

enum Wanted {
    One(DistrictId),
    All,
    Figures,
}
