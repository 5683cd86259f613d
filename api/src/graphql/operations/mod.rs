//! What an app did while it was offline, sent as one list: in order, a result each.

use async_graphql::{Context, Object, OneofObject, Result, SimpleObject, Union};

use super::error::outward;
use super::households::{self, RegisterHouseholdInput, RegisterHouseholdPayload};
use super::incidents::{
    self, ChangeIncidentInput, ChangeIncidentPayload, ReportIncidentInput, ReportIncidentPayload,
};
use super::problem::Problem;
use crate::service::ServiceError;
use domain::input::InputCode;

/// One thing to be done.
#[derive(OneofObject, Clone, Debug)]
pub enum OperationInput {
    /// As `reportIncident`.
    ReportIncident(ReportIncidentInput),
    /// As `changeIncident`.
    ChangeIncident(ChangeIncidentInput),
    /// As `registerHousehold`.
    RegisterHousehold(RegisterHouseholdInput),
}

/// What the mutation of the same name answers.
#[derive(Union, Clone, Debug)]
pub enum OperationPayload {
    /// As `reportIncident`.
    ReportIncident(ReportIncidentPayload),
    /// As `changeIncident`.
    ChangeIncident(ChangeIncidentPayload),
    /// As `registerHousehold`.
    RegisterHousehold(RegisterHouseholdPayload),
}

/// What became of one thing to be done.
#[derive(SimpleObject, Clone, Debug)]
pub struct OperationResult {
    /// Its place in the list that was sent, from 0.
    index: i32,
    /// What its mutation answers; null where that would be an error.
    payload: Option<OperationPayload>,
    /// That error: refused, or unexpected. Problems with the input are in the payload.
    problems: Vec<Problem>,
}

/// The most things that one list may hold.
const MAX_OPERATIONS: usize = 100;

/// Doing many things at once.
#[derive(Default, Debug)]
pub struct OperationMutation;

#[Object]
impl OperationMutation {
    /// Does up to 100 things one after another, each as its own mutation would. One that fails does not stop the rest.
    ///
    /// Send the same list again after a broken connection: the client keys keep each thing from being done twice.
    #[graphql(complexity = "child_complexity.saturating_mul(10).saturating_add(100)")]
    async fn apply_operations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, in order.")] operations: Vec<OperationInput>,
    ) -> Option<Result<Vec<OperationResult>>> {
        Some(apply_all(ctx, operations).await.map_err(outward))
    }
}

async fn apply_all(
    ctx: &Context<'_>,
    operations: Vec<OperationInput>,
) -> Result<Vec<OperationResult>, ServiceError> {
    if operations.len() > MAX_OPERATIONS {
        let message = format!("{} operations; at most {MAX_OPERATIONS} are taken at once", operations.len());
        return Err(ServiceError::problem(InputCode::InvalidNumber, message, &["operations"]));
    }
    let mut results = Vec::with_capacity(operations.len());
    for (index, operation) in (0..).zip(operations) {
        let (payload, problems) = match apply(ctx, operation).await {
            Ok(payload) => (Some(payload), Vec::new()),
            Err(error) => (None, vec![Problem::from(outward(error))]),
        };
        results.push(OperationResult { index, payload, problems });
    }
    Ok(results)
}

async fn apply(ctx: &Context<'_>, operation: OperationInput) -> Result<OperationPayload, ServiceError> {
    Ok(match operation {
        OperationInput::ReportIncident(input) => {
            OperationPayload::ReportIncident(incidents::report(ctx, input).await?)
        }
        OperationInput::ChangeIncident(input) => {
            OperationPayload::ChangeIncident(incidents::change(ctx, input).await?)
        }
        OperationInput::RegisterHousehold(input) => {
            OperationPayload::RegisterHousehold(households::register(ctx, input).await?)
        }
    })
}
