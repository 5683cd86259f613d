//! Reporting incidents and taking them through their stages.

use async_graphql::{Context, Object, Result};

use super::{ChangeIncidentInput, ChangeIncidentPayload, ReportIncidentInput, ReportIncidentPayload};
use crate::graphql::context::ContextExt;
use crate::graphql::error::outward;
use crate::service::ServiceError;

/// Changing incidents.
#[derive(Default, Debug)]
pub struct IncidentMutation;

#[Object]
impl IncidentMutation {
    /// Files an incident at a position, also without sign-in. Safe to retry with the same client key.
    async fn report_incident(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The report.")] input: ReportIncidentInput,
    ) -> Option<Result<ReportIncidentPayload>> {
        Some(report(ctx, input).await.map_err(outward))
    }

    /// Takes an incident to its next stage, if nobody changed it in between. Safe to retry with the same client key.
    async fn change_incident(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The change.")] input: ChangeIncidentInput,
    ) -> Option<Result<ChangeIncidentPayload>> {
        Some(change(ctx, input).await.map_err(outward))
    }
}

/// Files a report; what is wrong with it is in the payload.
pub(in crate::graphql) async fn report(
    ctx: &Context<'_>,
    input: ReportIncidentInput,
) -> Result<ReportIncidentPayload, ServiceError> {
    let district = ctx.services().district(ctx.viewer(), &input.district).await?;
    let report = match input.parse() {
        Ok(report) => report,
        Err(problems) => return Ok(problems.into()),
    };
    match ctx.services().report_incident(ctx.viewer(), &district, &report).await {
        Ok(reported) => Ok(reported.into()),
        Err(ServiceError::Problems(problems)) => Ok(problems.into()),
        Err(error) => Err(error),
    }
}

/// Makes a change; what is wrong with it is in the payload.
pub(in crate::graphql) async fn change(
    ctx: &Context<'_>,
    input: ChangeIncidentInput,
) -> Result<ChangeIncidentPayload, ServiceError> {
    let request = match input.parse() {
        Ok(request) => request,
        Err(problems) => return Ok(problems.into()),
    };
    match ctx.services().change_incident(ctx.viewer(), &request).await {
        Ok(changed) => Ok(changed.into()),
        Err(ServiceError::Problems(problems)) => Ok(problems.into()),
        Err(error) => Err(error),
    }
}
