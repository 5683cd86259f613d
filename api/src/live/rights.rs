//! Whether a subscription's viewer may still see what they saw when it began.
//!
//! What changes that moves the district's authorisation epoch in its own transaction and is told as an event. The event is
//! what comes at once; the epoch is looked at before every batch besides, so that nothing goes out where no event comes
//! through. One look serves all subscribers of a node for [`Pace::rights`](super::Pace::rights).
//!
//! A batch that was handed on may wait for a slow reader. Its [`Stamp`] says under which epoch it was made; whoever writes
//! it asks first whether that is still good.
//!
//! Invariant: nothing is handed on that was queued before the epoch moved, but for a viewer and a tree that are the same.
//! Invariant: what is written was made under the epoch in force; what is not written is read anew, or ends.
//! Invariant: where the epoch can't be asked, the subscription ends.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use domain::viewer::Viewer;
use tokio::time::Instant;

use super::Hub;
use super::feed::{Feed, Registration};
use super::mailbox::{Mailbox, Waiting};
use crate::service::ServiceError;

/// What a subscription began with.
#[derive(Debug)]
pub(super) struct Rights {
    pub(super) viewer: Viewer,
    pass: Pass,
}

/// What the batches of a subscription go out under, for who writes them.
#[derive(Clone, Debug)]
pub struct Pass(Arc<Passing>);

#[derive(Debug)]
struct Passing {
    hub: Hub,
    feed: Arc<Feed>,
    mailbox: Arc<Mailbox>,
    /// The authorisation epoch that the last batch was handed on under.
    epoch: AtomicI64,
    /// How often the subscription began, with a snapshot or a resync.
    beginnings: AtomicU64,
    /// What was handed on in this beginning, or one before it, is not to be written.
    void: AtomicU64,
}

/// Says under which epoch, and in which beginning of its subscription, something was made.
#[derive(Clone, Debug)]
pub struct Stamp {
    pass: Pass,
    epoch: i64,
    beginning: u64,
}

/// The passes of one operation, as its subscriptions begin.
#[derive(Clone, Debug, Default)]
pub struct Passes(Arc<Mutex<Vec<Pass>>>);

impl Passes {
    /// Adds that of a subscription.
    pub fn add(&self, pass: Pass) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(pass);
    }

    /// Stamps what was just answered.
    pub fn stamps(&self) -> Vec<Stamp> {
        let passes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        passes.iter().map(Pass::stamp).collect()
    }
}

impl Pass {
    fn epoch(&self) -> i64 {
        self.0.epoch.load(Ordering::Relaxed)
    }

    fn stamp(&self) -> Stamp {
        let beginning = self.0.beginnings.load(Ordering::Relaxed);
        Stamp { pass: self.clone(), epoch: self.epoch(), beginning }
    }
}

impl Stamp {
    /// Whether what was made may be written now. Where not, nothing that follows it may either, until the subscription has
    /// begun anew, if its viewer still may: a cursor stands for all that came before it.
    pub async fn is_good(&self) -> bool {
        let Passing { hub, feed, mailbox, void, .. } = &*self.pass.0;
        let is_void = self.beginning <= void.load(Ordering::Relaxed);
        if !is_void && matches!(hub.authorisation_epoch(feed).await, Ok(epoch) if epoch == self.epoch) {
            return true;
        }
        if void.fetch_max(self.beginning, Ordering::Relaxed) < self.beginning {
            mailbox.put(Waiting::read_anew);
        }
        false
    }
}

impl Rights {
    /// Looks the viewer up; the mailbox is up before, so that no change falls between.
    pub(super) async fn look_up(
        hub: &Hub,
        viewer: Viewer,
        registration: &Registration,
    ) -> Result<Self, ServiceError> {
        let feed = Arc::clone(registration.feed());
        // Before the viewer: what changes between the two statements shows as another epoch later.
        let epoch = AtomicI64::new(hub.authorisation_epoch(&feed).await?);
        let mailbox = Arc::clone(&registration.mailbox);
        let (beginnings, void) = (AtomicU64::new(1), AtomicU64::new(0));
        let pass = Pass(Arc::new(Passing { hub: hub.clone(), feed, mailbox, epoch, beginnings, void }));
        let rights = Self { viewer, pass };
        rights.look_up_again(hub).await?;
        Ok(rights)
    }

    /// What the batches go out under.
    pub(super) fn pass(&self) -> &Pass {
        &self.pass
    }

    /// The epoch that the viewer was last looked up under.
    pub(super) fn epoch(&self) -> i64 {
        self.pass.epoch()
    }

    /// Refuses to go on where the viewer's rights are no longer what the subscription began with.
    pub(super) async fn look_up_again(&self, hub: &Hub) -> Result<(), ServiceError> {
        match hub.inner.services.viewer_now(&self.viewer).await? {
            now if now == self.viewer => Ok(()),
            _ => Err(ServiceError::AccessChanged),
        }
    }

    /// The same, where everything is to be read anew: what is handed on from here on stands by itself.
    pub(super) async fn begin_anew(&self, hub: &Hub) -> Result<(), ServiceError> {
        self.look_up_again(hub).await?;
        self.pass.0.beginnings.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Whether what is queued may go out: before each batch. Clears the queue where it is to be read anew.
    pub(super) async fn confirm<Batch>(
        &mut self,
        hub: &Hub,
        registration: &Registration,
        queue: &mut VecDeque<Batch>,
    ) -> Result<(), ServiceError> {
        let is_told = registration.mailbox.take_recheck();
        let epoch = hub.authorisation_epoch(registration.feed()).await?;
        if !is_told && epoch == self.epoch() && !registration.mailbox.is_to_read_anew() {
            return Ok(());
        }
        // Apart, as all that is rare: what a subscriber holds while nothing happens has no room for it.
        Box::pin(self.look_up_again(hub)).await?;
        // The same viewer; but the tree may be another, of which the event may not have come yet.
        if epoch != self.epoch() && !is_told && !queue.is_empty() {
            registration.mailbox.put(Waiting::read_anew);
        }
        if registration.mailbox.is_to_read_anew() {
            queue.clear();
        }
        self.pass.0.epoch.store(epoch, Ordering::Relaxed);
        Ok(())
    }
}

impl Hub {
    async fn authorisation_epoch(&self, feed: &Feed) -> Result<i64, ServiceError> {
        let oldest = self.inner.pace.rights;
        match feed.authorisation_epoch(oldest) {
            Some(epoch) => Ok(epoch),
            None => Box::pin(self.ask_authorisation_epoch(feed)).await,
        }
    }

    async fn ask_authorisation_epoch(&self, feed: &Feed) -> Result<i64, ServiceError> {
        let _turn = feed.asking.lock().await;
        // Somebody else may have asked while this waited for its turn.
        if let Some(epoch) = feed.authorisation_epoch(self.inner.pace.rights) {
            return Ok(epoch);
        }
        let asked_at = Instant::now();
        let epoch = self.inner.services.authorisation_epoch(feed.district).await?;
        feed.keep_authorisation_epoch(asked_at, epoch);
        Ok(epoch)
    }
}
