//! A subscription to the incidents of an area.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use domain::access::incident_scope;
use domain::district::District;
use domain::event::IncidentFacts;
use domain::ids::{DistrictId, IncidentId};
use domain::plan::Plan;
use domain::viewer::Viewer;
use futures_util::{Stream, stream};

use super::cursor::{self, Binding, Stand};
use super::feed::Registration;
use super::mailbox::{Mailbox, Moved, Waiting};
use super::matching::{is_admitted, is_in_area};
use super::readings::{Sight, ToldIncident};
use super::rhythm::Rhythm;
use super::rights::{Pass, Rights};
use super::{BatchKind, Hub};
use crate::service::ServiceError;
use crate::service::cells::Area;
use crate::service::events::StreamHead;
use crate::service::incidents::{IncidentFilter, SeenIncident};

/// Incidents in one batch at most.
const BATCH_INCIDENTS: usize = 200;

/// A part of what a subscriber is told.
#[derive(Clone, Debug)]
pub struct IncidentBatch {
    /// Where the subscriber stands once this batch is taken in.
    pub cursor: String,
    /// What the batch is.
    pub kind: BatchKind,
    /// Whether it ends a snapshot or a set of changes.
    pub last: bool,
    /// Incidents as they are.
    pub upserts: Vec<Arc<ToldIncident>>,
    /// Incidents that no longer belong to what was subscribed to.
    pub left: Vec<IncidentLeft>,
}

/// An incident that no longer belongs to what was subscribed to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IncidentLeft {
    /// The district.
    pub district: DistrictId,
    /// Which.
    pub id: IncidentId,
    /// Its version when it left.
    pub version: i32,
    /// Why.
    pub reason: LeftReason,
}

/// Why an incident left.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LeftReason {
    /// It lies outside the area.
    Moved,
    /// The filter no longer lets it through.
    Filtered,
    /// The viewer may not see it any more.
    Hidden,
}

/// One subscription.
#[derive(Debug)]
pub(super) struct IncidentSubscriber {
    hub: Hub,
    rights: Rights,
    district: Arc<District>,
    area: Area,
    filter: IncidentFilter,
    /// What its cursors are bound to: neither the viewer nor what was asked for changes.
    binding: Binding,
    registration: Registration,
    rhythm: Rhythm,
    stand: Stand,
    queue: VecDeque<IncidentBatch>,
    /// What was handed on, where time alone moves incidents in and out of the filter.
    known: HashMap<IncidentId, i32>,
}

/// The subscription as a stream; an error ends it.
pub(super) fn stream(
    subscriber: IncidentSubscriber,
) -> impl Stream<Item = Result<IncidentBatch, ServiceError>> + Send + use<> {
    stream::unfold(Some(subscriber), async |subscriber| {
        let mut subscriber = subscriber?;
        match subscriber.next().await {
            Ok(batch) => Some((Ok(batch), Some(subscriber))),
            Err(error) => Some((Err(error), None)),
        }
    })
}

impl IncidentSubscriber {
    pub(super) async fn start(
        hub: Hub,
        viewer: Viewer,
        district: &str,
        area: Area,
        filter: IncidentFilter,
        after: Option<&str>,
    ) -> Result<Self, ServiceError> {
        let district = hub.inner.services.district(&viewer, district).await?;
        // The mailbox is up before anything is read, so that nothing falls between.
        let registration = hub.register(district.id, area, Mailbox::default()).await?;
        let rights = Rights::look_up(&hub, viewer, &registration).await?;
        let rhythm = Rhythm::of_bookmarks(hub.inner.pace.bookmarks);
        let rhythm = if filter.overdue.is_some() { rhythm.with_looks() } else { rhythm };
        let stand = Stand { epoch: registration.since.epoch, number: None };
        let (queue, known) = (VecDeque::new(), HashMap::new());
        let scope = incident_scope(&rights.viewer, district.id);
        let binding = Binding::of("incidents", &scope, area, &filter);
        let mut new =
            Self { hub, rights, district, area, filter, binding, registration, rhythm, stand, queue, known };
        match after {
            None => new.begin().await?,
            Some(text) => new.resume(text).await?,
        }
        Ok(new)
    }

    async fn resume(&mut self, text: &str) -> Result<(), ServiceError> {
        let stand = cursor::read(&self.hub.inner.secret, self.district.id, self.binding, text);
        let since = self.registration.since;
        let backlog = match stand {
            // With such a filter incidents come and go by time alone, which no event tells.
            Some(_) if self.filter.overdue.is_some() => None,
            Some(Stand { epoch, number: Some(number) }) if epoch == since.epoch => {
                self.stand = Stand { epoch, number: Some(number) };
                self.hub.backlog(number, &since).await?
            }
            _ => None,
        };
        match backlog {
            Some(backlog) => {
                let later = self.registration.mailbox.take().unwrap_or_default();
                self.take_in(backlog.followed_by(later), &since).await
            }
            None => self.begin_anew().await,
        }
    }

    pub(super) fn pass(&self) -> Pass {
        self.rights.pass().clone()
    }

    async fn next(&mut self) -> Result<IncidentBatch, ServiceError> {
        loop {
            self.rights.confirm(&self.hub, &self.registration, &mut self.queue).await?;
            if let Some(batch) = self.queue.pop_front() {
                self.rhythm.told();
                return Ok(batch);
            }
            // Read before the mailbox: everything up to there is in it.
            let head = self.registration.head();
            match self.registration.mailbox.take() {
                Some(waiting) => Box::pin(self.take_in(waiting, &head)).await?,
                None if self.rhythm.is_bookmark_due() || self.rhythm.is_look_due() => {}
                None => {
                    self.rhythm.wait(self.registration.mailbox.rung()).await;
                    continue;
                }
            }
            Box::pin(self.do_what_is_due(&head)).await?;
        }
    }

    async fn take_in(&mut self, waiting: Waiting, head: &StreamHead) -> Result<(), ServiceError> {
        if waiting.recheck {
            self.rights.look_up_again(&self.hub).await?;
        }
        if waiting.resync {
            return self.begin_anew().await;
        }
        self.district = self.hub.inner.services.district_by_id(&self.rights.viewer, self.district.id).await?;
        let moved = waiting.in_order();
        let stand = self.stand.moved_to(head);
        let stand = Stand { number: stand.number.max(waiting.newest), ..stand };
        let (upserts, left) = self.judge(&moved, stand).await?;
        self.put(BatchKind::Changes, upserts, left, stand);
        Ok(())
    }

    /// Reads the incidents anew, as they are where the subscriber will stand, and says which of them belong here, and which
    /// did and no longer do.
    async fn judge(
        &self,
        moved: &[(IncidentId, Moved)],
        stand: Stand,
    ) -> Result<(Vec<Arc<ToldIncident>>, Vec<IncidentLeft>), ServiceError> {
        if moved.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let ids: Vec<IncidentId> = moved.iter().map(|(id, _)| *id).collect();
        let mut found = self.read(&ids, stand).await?;
        let plan = self.hub.plan_now(&self.district).await;
        let (mut upserts, mut left) = (Vec::new(), Vec::new());
        for (id, moved) in moved {
            let incident = found.remove(id);
            let now = incident.as_ref().map(|incident| IncidentFacts::of(incident.seen.facts()));
            match self.outside(now.as_ref(), plan.as_deref()) {
                None => upserts.extend(incident),
                Some(reason) if self.had(*id, moved, plan.as_deref()) => {
                    let version = now.map_or(moved.after.version, |facts| facts.version);
                    left.push(IncidentLeft { district: self.district.id, id: *id, version, reason });
                }
                Some(_) => {}
            }
        }
        Ok((upserts, left))
    }

    /// Incidents as they are. Those who see the same share what one of them read.
    async fn read(
        &self,
        ids: &[IncidentId],
        stand: Stand,
    ) -> Result<HashMap<IncidentId, Arc<ToldIncident>>, ServiceError> {
        let (viewer, district) = (&self.rights.viewer, self.district.id);
        let sight = Sight::of(viewer, district, self.rights.epoch());
        let feed = self.registration.feed();
        let read = async |ids: Vec<IncidentId>| {
            let read = self.hub.inner.services.incidents_by_id(viewer, district, &ids).await?;
            Ok(read.into_iter().map(|seen| (seen.facts().id, told(seen))).collect())
        };
        feed.incidents.share(sight, ids, feed.moment(stand), read).await
    }

    /// Why an incident does not belong here; `None` where it does.
    fn outside(&self, facts: Option<&IncidentFacts>, plan: Option<&Plan>) -> Option<LeftReason> {
        let now = self.hub.inner.services.now();
        match facts {
            None => Some(LeftReason::Hidden),
            Some(facts) if !is_in_area(self.area, facts, plan) => Some(LeftReason::Moved),
            Some(facts) if !self.filter.lets_through(facts, &self.district.rules, now) => {
                Some(LeftReason::Filtered)
            }
            Some(_) => None,
        }
    }

    /// Whether the subscriber can have known an incident before.
    fn had(&self, id: IncidentId, moved: &Moved, plan: Option<&Plan>) -> bool {
        let scope = incident_scope(&self.rights.viewer, self.district.id);
        let was_here = |before: &IncidentFacts| {
            is_admitted(&scope, before, plan) && self.outside(Some(before), plan).is_none()
        };
        self.known.contains_key(&id) || moved.before.as_ref().is_some_and(was_here)
    }

    /// Looks whether time alone changed anything, and says where the stream stands where nothing else does.
    async fn do_what_is_due(&mut self, head: &StreamHead) -> Result<(), ServiceError> {
        if self.rhythm.is_look_due() {
            let (upserts, left) = self.moved_by_time().await?;
            self.rhythm.looked();
            self.put(BatchKind::Changes, upserts, left, self.stand.moved_to(head));
        }
        if self.queue.is_empty() && self.rhythm.is_bookmark_due() {
            self.put(BatchKind::Bookmark, Vec::new(), Vec::new(), self.stand.moved_to(head));
        }
        Ok(())
    }

    async fn moved_by_time(&self) -> Result<(Vec<Arc<ToldIncident>>, Vec<IncidentLeft>), ServiceError> {
        let services = &self.hub.inner.services;
        let snapshot =
            services.incident_snapshot(&self.rights.viewer, &self.district, self.area, &self.filter).await?;
        let here: HashSet<IncidentId> =
            snapshot.incidents.iter().map(|incident| incident.facts().id).collect();
        let is_new = |incident: &SeenIncident| !self.known.contains_key(&incident.facts().id);
        let left = self.known.iter().filter(|(id, _)| !here.contains(id));
        let filtered = |(&id, &version): (&IncidentId, &i32)| IncidentLeft {
            district: self.district.id,
            id,
            version,
            reason: LeftReason::Filtered,
        };
        let left = left.map(filtered).collect();
        Ok((snapshot.incidents.into_iter().filter(is_new).map(told).collect(), left))
    }

    async fn begin_anew(&mut self) -> Result<(), ServiceError> {
        self.rights.begin_anew(&self.hub).await?;
        let nowhere = Stand { number: None, ..self.stand };
        let cursor = self.cursor(nowhere);
        let (upserts, left) = (Vec::new(), Vec::new());
        self.queue.push_back(IncidentBatch { cursor, kind: BatchKind::Resync, last: true, upserts, left });
        self.begin().await
    }

    async fn begin(&mut self) -> Result<(), ServiceError> {
        let services = &self.hub.inner.services;
        self.district = services.district_by_id(&self.rights.viewer, self.district.id).await?;
        let snapshot =
            services.incident_snapshot(&self.rights.viewer, &self.district, self.area, &self.filter).await?;
        self.known.clear();
        self.stand = Stand { epoch: snapshot.head.epoch, number: None };
        let upserts = snapshot.incidents.into_iter().map(told).collect();
        self.put(BatchKind::Snapshot, upserts, Vec::new(), Stand::at(&snapshot.head));
        Ok(())
    }

    /// Queues a set as batches of which only the last one's cursor stands for all of it.
    fn put(
        &mut self,
        kind: BatchKind,
        upserts: Vec<Arc<ToldIncident>>,
        left: Vec<IncidentLeft>,
        stand: Stand,
    ) {
        if kind == BatchKind::Changes && upserts.is_empty() && left.is_empty() {
            self.stand = stand;
            return;
        }
        if self.filter.overdue.is_some() {
            let versions = upserts.iter().map(|incident| incident.seen.facts());
            self.known.extend(versions.map(|facts| (facts.id, facts.version)));
            self.known.retain(|id, _| left.iter().all(|left| left.id != *id));
        }
        let begun_at = std::mem::replace(&mut self.stand, stand);
        let mut rest = upserts;
        while rest.len() > BATCH_INCIDENTS {
            let later = rest.split_off(BATCH_INCIDENTS);
            let upserts = std::mem::replace(&mut rest, later);
            let (cursor, left) = (self.cursor(begun_at), Vec::new());
            self.queue.push_back(IncidentBatch { cursor, kind, last: false, upserts, left });
        }
        let cursor = self.cursor(stand);
        self.queue.push_back(IncidentBatch { cursor, kind, last: true, upserts: rest, left });
    }

    fn cursor(&self, stand: Stand) -> String {
        cursor::write(&self.hub.inner.secret, self.district.id, self.binding, stand)
    }
}

fn told(seen: SeenIncident) -> Arc<ToldIncident> {
    Arc::new(seen.into())
}
