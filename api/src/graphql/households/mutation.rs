//! Registering households.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::household::HouseholdDraft;
use domain::input::{InputCode, InputProblem};
use domain::text::Address;

use super::Household;
use crate::graphql::context::ContextExt;
use crate::graphql::error::outward;
use crate::graphql::id::client_key;
use crate::graphql::location::PositionInput;
use crate::graphql::problem::{Gathered, Problem, problems};
use crate::service::ServiceError;
use crate::service::households::Registration;

/// A household to be registered.
#[derive(InputObject, Clone, Debug)]
pub struct RegisterHouseholdInput {
    /// A UUID of version 7, made anew for each thing to be done: what makes a retry harmless.
    client_key: ID,
    /// The district's code.
    district: String,
    /// Street, number, building, entrance, floor, door: up to 300 characters.
    address: String,
    /// Where it is; left out, it is the building's at the same address.
    position: Option<PositionInput>,
    /// How many live there, 0 to 99.
    member_count: Option<i32>,
}

/// What became of a registration.
#[derive(SimpleObject, Clone, Debug, Default)]
pub struct RegisterHouseholdPayload {
    /// The household; null where nothing was registered, or it lies outside what the viewer may see.
    household: Option<Household>,
    /// Why nothing was registered; empty where it was.
    problems: Vec<Problem>,
    /// Whether the same had come before under the same client key: then this is the first answer.
    replayed: bool,
}

/// Changing households.
#[derive(Default, Debug)]
pub struct HouseholdMutation;

#[Object]
impl HouseholdMutation {
    /// Registers a household in the cell that contains it. Safe to retry with the same client key.
    async fn register_household(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The household.")] input: RegisterHouseholdInput,
    ) -> Option<Result<RegisterHouseholdPayload>> {
        Some(register(ctx, input).await.map_err(outward))
    }
}

/// Registers a household; what is wrong with the input is in the payload.
pub(in crate::graphql) async fn register(
    ctx: &Context<'_>,
    input: RegisterHouseholdInput,
) -> Result<RegisterHouseholdPayload, ServiceError> {
    let district = ctx.services().district(ctx.viewer(), &input.district).await?;
    let registration = match input.parse() {
        Ok(registration) => registration,
        Err(found) => {
            return Ok(RegisterHouseholdPayload { problems: problems(found), ..Default::default() });
        }
    };
    match ctx.services().register_household(ctx.viewer(), &Arc::clone(&district), &registration).await {
        Ok(registered) => Ok(RegisterHouseholdPayload {
            household: registered.household.map(Household::from),
            problems: Vec::new(),
            replayed: registered.replayed,
        }),
        Err(ServiceError::Problems(found)) => {
            Ok(RegisterHouseholdPayload { problems: problems(found), ..Default::default() })
        }
        Err(error) => Err(error),
    }
}

impl RegisterHouseholdInput {
    fn parse(self) -> Result<Registration, Vec<InputProblem>> {
        let mut gathered = Gathered::default();
        let key = gathered.keep(client_key(&self.client_key));
        let address = Address::parse(&self.address)
            .map_err(|problem| InputProblem::new(InputCode::InvalidText, problem, &["address"]));
        let address = gathered.keep(address);
        let fix = gathered.keep(self.position.map(|position| position.parse(&["position"])).transpose());
        match (key, address, fix) {
            (Some(key), Some(address), Some(fix)) => {
                let position = fix.map(|fix| fix.position);
                Ok(Registration {
                    key,
                    draft: HouseholdDraft { address, position, member_count: self.member_count },
                })
            }
            _ => Err(gathered.into_problems()),
        }
    }
}
