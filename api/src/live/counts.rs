//! A subscription to the figures of the cells of an area.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use domain::access::incident_scope;
use domain::district::District;
use domain::ids::{CellId, DistrictId, PlanVersion};
use domain::plan::Plan;
use domain::viewer::Viewer;
use futures_util::{Stream, stream};

use super::cursor::{self, Binding, Stand};
use super::feed::Registration;
use super::interests::lineage;
use super::mailbox::{Mailbox, Waiting};
use super::readings::Sight;
use super::rhythm::Rhythm;
use super::rights::{Pass, Rights};
use super::{BatchKind, Hub};
use crate::service::ServiceError;
use crate::service::cells::{self, Area};
use crate::service::events::StreamHead;
use crate::service::incidents::{IncidentCounts, IncidentFilter};
use crate::service::plans::At;

/// Figures in one batch at most.
const BATCH_CELLS: usize = 500;

/// A part of what a subscriber is told.
#[derive(Clone, Debug)]
pub struct CountBatch {
    /// Where the subscriber stands once this batch is taken in.
    pub cursor: String,
    /// What the batch is.
    pub kind: BatchKind,
    /// Whether it ends a snapshot or a set of changes.
    pub last: bool,
    /// The figures, each as a whole.
    pub counts: Vec<CellCount>,
}

/// The figures of one cell, what is below it included.
#[derive(Clone, Debug)]
pub struct CellCount {
    /// The district.
    pub district: DistrictId,
    /// The cell.
    pub cell: CellId,
    /// The cell's code.
    pub code: String,
    /// How many incidents the viewer may see in it.
    pub counts: IncidentCounts,
}

/// One subscription.
#[derive(Debug)]
pub(super) struct CountSubscriber {
    hub: Hub,
    rights: Rights,
    district: Arc<District>,
    plan: Arc<Plan>,
    area: Area,
    cells: HashSet<CellId>,
    registration: Registration,
    rhythm: Rhythm,
    stand: Stand,
    queue: VecDeque<CountBatch>,
    /// What was handed on last: a batch without a difference would tell of incidents that the viewer may not see.
    told: HashMap<CellId, IncidentCounts>,
}

/// The subscription as a stream; an error ends it.
pub(super) fn stream(
    subscriber: CountSubscriber,
) -> impl Stream<Item = Result<CountBatch, ServiceError>> + Send + use<> {
    stream::unfold(Some(subscriber), async |subscriber| {
        let mut subscriber = subscriber?;
        match subscriber.next().await {
            Ok(batch) => Some((Ok(batch), Some(subscriber))),
            Err(error) => Some((Err(error), None)),
        }
    })
}

impl CountSubscriber {
    pub(super) async fn start(
        hub: Hub,
        viewer: Viewer,
        district: &str,
        area: Area,
        after: Option<&str>,
    ) -> Result<Self, ServiceError> {
        let district = hub.inner.services.district(&viewer, district).await?;
        // Figures are of cells, not of positions: an incident outside a box can count for a cell that reaches into it.
        let registration = hub.register(district.id, Area::Everywhere, Mailbox::counting()).await?;
        let rights = Rights::look_up(&hub, viewer, &registration).await?;
        let plan = hub.inner.services.plan(&rights.viewer, &district, At::Now).await?;
        let rhythm = Rhythm::of_bookmarks(hub.inner.pace.bookmarks);
        let stand = Stand { epoch: registration.since.epoch, number: None };
        let (cells, queue, told) = (HashSet::new(), VecDeque::new(), HashMap::new());
        let mut new =
            Self { hub, rights, district, plan, area, cells, registration, rhythm, stand, queue, told };
        let resumed = after.map(|text| {
            cursor::read(&new.hub.inner.secret, new.district.id, new.binding(), text)
                .is_some_and(|stand| stand.epoch == new.stand.epoch && stand.number.is_some())
        });
        // Figures are whole and time changes them without an event, so whoever resumes gets them all.
        match resumed {
            None => new.begin(BatchKind::Snapshot).await?,
            Some(true) => new.begin(BatchKind::Changes).await?,
            Some(false) => new.begin_anew().await?,
        }
        Ok(new)
    }

    pub(super) fn pass(&self) -> Pass {
        self.rights.pass().clone()
    }

    async fn next(&mut self) -> Result<CountBatch, ServiceError> {
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
                None if self.rhythm.is_bookmark_due() => {}
                None => {
                    self.rhythm.wait(self.registration.mailbox.rung()).await;
                    continue;
                }
            }
            if self.queue.is_empty() && self.rhythm.is_bookmark_due() {
                Box::pin(self.put(BatchKind::Bookmark, HashSet::new(), self.stand.moved_to(&head))).await?;
            }
        }
    }

    async fn take_in(&mut self, waiting: Waiting, head: &StreamHead) -> Result<(), ServiceError> {
        if waiting.recheck {
            self.rights.look_up_again(&self.hub).await?;
        }
        if waiting.resync {
            return self.begin_anew().await;
        }
        let above = waiting.cells().into_iter().flat_map(|leaf| lineage(Some(&self.plan), leaf));
        let cells: HashSet<CellId> = above.filter(|cell| self.cells.contains(cell)).collect();
        let stand = self.stand.moved_to(head);
        let stand = Stand { number: stand.number.max(waiting.newest), ..stand };
        self.put(BatchKind::Changes, cells, stand).await
    }

    async fn begin_anew(&mut self) -> Result<(), ServiceError> {
        self.rights.begin_anew(&self.hub).await?;
        let cursor = self.cursor(Stand { number: None, ..self.stand });
        self.queue.push_back(CountBatch { cursor, kind: BatchKind::Resync, last: true, counts: Vec::new() });
        self.begin(BatchKind::Snapshot).await
    }

    async fn begin(&mut self, kind: BatchKind) -> Result<(), ServiceError> {
        let services = &self.hub.inner.services;
        self.district = services.district_by_id(&self.rights.viewer, self.district.id).await?;
        self.plan = services.plan(&self.rights.viewer, &self.district, At::Now).await?;
        self.cells = cells::in_area(&self.plan, None, self.area)?.into_iter().map(|cell| cell.id).collect();
        self.told.clear();
        let head = self.registration.head();
        self.stand = Stand { epoch: head.epoch, number: None };
        // Figures are read after the head, so they are at least as new, and whole: taking one in twice is harmless.
        self.put(kind, self.cells.clone(), Stand::at(&head)).await
    }

    async fn put(
        &mut self,
        kind: BatchKind,
        cells: HashSet<CellId>,
        stand: Stand,
    ) -> Result<(), ServiceError> {
        let mut counts = self.figures(&cells, stand).await?;
        counts.retain(|count| self.told.insert(count.cell, count.counts) != Some(count.counts));
        let before = self.cursor(self.stand);
        self.stand = stand;
        if kind == BatchKind::Changes && counts.is_empty() {
            return Ok(());
        }
        while counts.len() > BATCH_CELLS {
            let later = counts.split_off(BATCH_CELLS);
            let counts = std::mem::replace(&mut counts, later);
            self.queue.push_back(CountBatch { cursor: before.clone(), kind, last: false, counts });
        }
        let cursor = self.cursor(stand);
        self.queue.push_back(CountBatch { cursor, kind, last: true, counts });
        Ok(())
    }

    /// The figures of some cells, as they are where the subscriber will stand.
    async fn figures(&self, cells: &HashSet<CellId>, stand: Stand) -> Result<Vec<CellCount>, ServiceError> {
        if cells.is_empty() {
            return Ok(Vec::new());
        }
        let counts = self.read(cells, stand).await?;
        let count = |cell: &domain::cell::Cell| {
            let code = cell.code.as_str().to_owned();
            let counts = *counts.get(&(self.plan.version(), cell.id))?;
            Some(CellCount { district: self.district.id, cell: cell.id, code, counts })
        };
        Ok(self.plan.cells().iter().filter_map(count).collect())
    }

    /// Those who see the same share what one of them read.
    async fn read(
        &self,
        cells: &HashSet<CellId>,
        stand: Stand,
    ) -> Result<HashMap<(PlanVersion, CellId), IncidentCounts>, ServiceError> {
        let (viewer, district, version) = (&self.rights.viewer, self.district.id, self.plan.version());
        let sight = Sight::of(viewer, district, self.rights.epoch());
        let wanted: Vec<_> = cells.iter().map(|cell| (version, *cell)).collect();
        let feed = self.registration.feed();
        let read = async |missing: Vec<(PlanVersion, CellId)>| {
            let missing: Vec<CellId> = missing.into_iter().map(|(_, cell)| cell).collect();
            let (services, filter) = (&self.hub.inner.services, IncidentFilter::default());
            let counts = services.cell_counts(viewer, district, version, &missing, &filter).await?;
            Ok(counts.into_iter().map(|(cell, counts)| ((version, cell), counts)).collect())
        };
        feed.counts.share(sight, &wanted, feed.moment(stand), read).await
    }

    fn binding(&self) -> Binding {
        let scope = incident_scope(&self.rights.viewer, self.district.id);
        Binding::of("counts", &scope, self.area, &IncidentFilter::default())
    }

    fn cursor(&self, stand: Stand) -> String {
        cursor::write(&self.hub.inner.secret, self.district.id, self.binding(), stand)
    }
}
