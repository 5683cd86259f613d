//! Subscribing to the incidents of an area.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Result, SimpleObject, Subscription};
use futures_util::{Stream, StreamExt};

use super::{Incident, IncidentFilter};
use crate::graphql::context::{ContextExt, Resumption};
use crate::graphql::error::outward;
use crate::graphql::id::GlobalId;
use crate::graphql::location::AreaInput;
use crate::graphql::written::{Written, selection_key};
use crate::live;
use crate::service::ServiceError;
use crate::service::texts::SelectionKey;

/// Incidents as they change.
#[derive(Default, Debug)]
pub struct IncidentSubscription;

#[Subscription]
impl IncidentSubscription {
    /// The incidents of an area, then every change to them, in order.
    ///
    /// It begins with a SNAPSHOT, in several batches where it is large, and goes on with CHANGES; when nothing happens, a
    /// BOOKMARK comes about every ten seconds. Keep the last cursor: subscribe again with it as `after` and only what
    /// happened since is sent. Where that can't be told any more, a RESYNC comes, and a SNAPSHOT after it.
    async fn incident_changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The district's code.")] district: String,
        #[graphql(desc = "Which part of the district; left out, all.")] area: Option<AreaInput>,
        #[graphql(desc = "Which incidents; left out, all.")] filter: Option<IncidentFilter>,
        #[graphql(desc = "The cursor of the last batch that was taken in.")] after: Option<String>,
    ) -> Result<impl Stream<Item = Result<IncidentBatch>> + use<>> {
        let (resumption, budget) = (ctx.resumption().cloned(), Arc::clone(ctx.budget()));
        let after = resumption.as_ref().and_then(Resumption::came_after).or(after);
        // Apart: what the stream holds as long as it is followed has no room for how it begins.
        let batches = Box::pin(changes(ctx, district, area, filter, after)).await.map_err(outward)?;
        let selection = selection_of_upserts(ctx);
        Ok(batches.map(move |batch| {
            budget.refill();
            if let (Some(resumption), Ok(batch)) = (&resumption, &batch) {
                resumption.stand_at(&batch.cursor);
            }
            batch.map(|batch| IncidentBatch::of(batch, selection)).map_err(outward)
        }))
    }
}

/// What is selected of an incident, where `upserts` stands once in the document.
fn selection_of_upserts(ctx: &Context<'_>) -> Option<SelectionKey> {
    let upserts = ctx.look_ahead().field("upserts").selection_fields();
    selection_key(ctx, "IncidentBatch", *upserts.first()?, is_small)
}

/// Whether a field, so many levels below an incident, takes little room: of its cell only what names it is kept as text.
fn is_small(field: &str, depth: usize) -> bool {
    const BELOW: [&str; 14] = [
        "__typename",
        "id",
        "key",
        "code",
        "level",
        "names",
        "language",
        "text",
        "open",
        "lon",
        "lat",
        "datum",
        "at",
        "action",
    ];
    depth == 0 || BELOW.contains(&field)
}

async fn changes(
    ctx: &Context<'_>,
    district: String,
    area: Option<AreaInput>,
    filter: Option<IncidentFilter>,
    after: Option<String>,
) -> Result<impl Stream<Item = Result<live::IncidentBatch, ServiceError>> + use<>, ServiceError> {
    let id = ctx.services().district(ctx.viewer(), &district).await?.id;
    let area = AreaInput::parse(area, id)?;
    let filter = filter.map(Into::into).unwrap_or_default();
    let followed =
        ctx.hub().incident_changes(ctx.viewer(), &district, area, filter, after.as_deref()).await?;
    ctx.keep_pass(followed.pass);
    Ok(followed.batches)
}

/// What a batch is.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "live::BatchKind")]
pub enum BatchKind {
    /// A part of the state at the cursor: what it does not name is not there. `last` ends it.
    Snapshot,
    /// What changed since the cursor before.
    Changes,
    /// Nothing changed; the cursor moved.
    Bookmark,
    /// What was known is void; a snapshot follows.
    Resync,
}

/// Why an incident left.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "live::LeftReason")]
pub enum LeftReason {
    /// It lies outside the area.
    Moved,
    /// The filter no longer lets it through.
    Filtered,
    /// The viewer may not see it any more.
    Hidden,
}

/// A part of what a subscriber to incidents is told. Taking one in twice is harmless: `Incident.version` only grows.
#[derive(SimpleObject, Clone, Debug)]
pub struct IncidentBatch {
    /// Where the subscriber stands once this batch is taken in; bound to the area, the filter and the viewer's rights.
    cursor: String,
    /// What the batch is.
    kind: BatchKind,
    /// Whether it ends a snapshot or a set of changes.
    last: bool,
    /// Incidents as they are.
    upserts: Vec<Written<Incident>>,
    /// Incidents that no longer belong to what was subscribed to.
    left: Vec<IncidentLeft>,
}

/// An incident that no longer belongs to what was subscribed to.
#[derive(SimpleObject, Clone, Debug)]
pub struct IncidentLeft {
    /// Which.
    id: ID,
    /// Its version when it left.
    version: i32,
    /// Why.
    reason: LeftReason,
}

impl IncidentBatch {
    /// A batch of which each incident is written once for all who see and select the same of it.
    fn of(batch: live::IncidentBatch, selection: Option<SelectionKey>) -> Self {
        let left = |left: live::IncidentLeft| IncidentLeft {
            id: GlobalId::Incident(left.district, left.id).to_id(),
            version: left.version,
            reason: left.reason.into(),
        };
        let upsert = |told: Arc<live::ToldIncident>| {
            let slot = selection.map(|selection| told.texts.slot(selection));
            Written::new(Incident::from(Arc::clone(&told.seen)), slot)
        };
        Self {
            cursor: batch.cursor,
            kind: batch.kind.into(),
            last: batch.last,
            upserts: batch.upserts.into_iter().map(upsert).collect(),
            left: batch.left.into_iter().map(left).collect(),
        }
    }
}
