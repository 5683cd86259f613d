//! Subscribing to the figures of cells.

use std::sync::Arc;

use async_graphql::{Context, ID, Result, SimpleObject, Subscription};
use futures_util::{Stream, StreamExt};

use crate::graphql::context::{ContextExt, Resumption};
use crate::graphql::districts::Counts;
use crate::graphql::error::outward;
use crate::graphql::id::GlobalId;
use crate::graphql::incidents::BatchKind;
use crate::graphql::location::AreaInput;
use crate::live;
use crate::service::ServiceError;

/// Figures of cells as they change.
#[derive(Default, Debug)]
pub struct CellSubscription;

#[Subscription]
impl CellSubscription {
    /// How many incidents the cells of an area have, pushed as that changes, also when a clock runs out.
    ///
    /// Cells of which the viewer does not see all are left out. Each figure is whole, so taking one in twice is harmless. With `after`, all figures come again as CHANGES.
    async fn cell_counts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The district's code.")] district: String,
        #[graphql(desc = "Which part of the district; left out, all.")] area: Option<AreaInput>,
        #[graphql(desc = "The cursor of the last batch that was taken in.")] after: Option<String>,
    ) -> Result<impl Stream<Item = Result<CountBatch>> + use<>> {
        let (resumption, budget) = (ctx.resumption().cloned(), Arc::clone(ctx.budget()));
        let after = resumption.as_ref().and_then(Resumption::came_after).or(after);
        // Apart: what the stream holds as long as it is followed has no room for how it begins.
        let batches = Box::pin(counts(ctx, district, area, after)).await.map_err(outward)?;
        Ok(batches.map(move |batch| {
            budget.refill();
            if let (Some(resumption), Ok(batch)) = (&resumption, &batch) {
                resumption.stand_at(&batch.cursor);
            }
            batch.map(CountBatch::from).map_err(outward)
        }))
    }
}

async fn counts(
    ctx: &Context<'_>,
    district: String,
    area: Option<AreaInput>,
    after: Option<String>,
) -> Result<impl Stream<Item = Result<live::CountBatch, ServiceError>> + use<>, ServiceError> {
    let id = ctx.services().district(ctx.viewer(), &district).await?.id;
    let area = AreaInput::parse(area, id)?;
    let followed = ctx.hub().cell_counts(ctx.viewer(), &district, area, after.as_deref()).await?;
    ctx.keep_pass(followed.pass);
    Ok(followed.batches)
}

/// A part of what a subscriber to figures is told.
#[derive(SimpleObject, Clone, Debug)]
pub struct CountBatch {
    /// Where the subscriber stands once this batch is taken in; bound to the area and the viewer's rights.
    cursor: String,
    /// What the batch is.
    kind: BatchKind,
    /// Whether it ends a snapshot or a set of changes.
    last: bool,
    /// The figures.
    counts: Vec<CellCount>,
}

/// The figures of one cell, what is below it included.
#[derive(SimpleObject, Clone, Debug)]
pub struct CellCount {
    /// The cell, by its lineage.
    cell: ID,
    /// The cell's code.
    code: String,
    /// How many incidents the viewer may see in it.
    counts: Counts,
}

impl From<live::CountBatch> for CountBatch {
    fn from(batch: live::CountBatch) -> Self {
        let count = |count: live::CellCount| CellCount {
            cell: GlobalId::Cell(count.district, count.cell, None).to_id(),
            code: count.code,
            counts: count.counts.into(),
        };
        Self {
            cursor: batch.cursor,
            kind: batch.kind.into(),
            last: batch.last,
            counts: batch.counts.into_iter().map(count).collect(),
        }
    }
}
