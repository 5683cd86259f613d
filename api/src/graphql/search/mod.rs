//! Search: one box that finds cells, streets, buildings, households and incidents.

use async_graphql::{Context, Enum, Object, Result};
use domain::page::PageSize;

use super::cells::Cell;
use super::context::ContextExt;
use super::error::outward;
use super::households::{Building, Household};
use super::incidents::Incident;
use super::location::{Bounds, Position};
use super::node::Node;
use super::page::list_cost;
use crate::service::ServiceError;
use crate::service::search::Found;

/// What kind of thing was found.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum SearchKind {
    /// A cell, by its code or one of its names.
    Cell,
    /// A household, by its address.
    Household,
    /// A building, by its address.
    Building,
    /// An incident, by its text.
    Incident,
    /// A street, by its name.
    Road,
}

/// Something that was found.
#[derive(Clone, Debug)]
pub struct SearchHit(Found);

/// Something that was found.
#[Object]
impl SearchHit {
    /// What kind of thing it is.
    async fn kind(&self) -> SearchKind {
        match self.0 {
            Found::Cell(_) => SearchKind::Cell,
            Found::Household(_) => SearchKind::Household,
            Found::Building(_) => SearchKind::Building,
            Found::Incident(_) => SearchKind::Incident,
            Found::Road(_) => SearchKind::Road,
        }
    }

    /// What to show of it: a name, an address, a text.
    async fn title(&self) -> &str {
        self.0.title()
    }

    /// What tells it from others of the same title: a cell's code, an incident's category.
    async fn detail(&self) -> Option<&str> {
        self.0.detail()
    }

    /// Where it is, if it is at one place.
    async fn position(&self) -> Option<Position> {
        self.0.position().map(Position::from)
    }

    /// The box around it, if it is larger than a place.
    async fn bounds(&self) -> Option<Bounds> {
        self.0.bounds().map(Bounds::from)
    }

    /// The thing itself; null for a street.
    async fn node(&self) -> Option<Node> {
        match self.0.clone() {
            Found::Cell(cell) => Some(Cell::from(cell).into()),
            Found::Household(household) => Some(Household::from(household).into()),
            Found::Building(building) => Some(Building::from(building).into()),
            Found::Incident(incident) => Some(Incident::from(incident).into()),
            Found::Road(_) => None,
        }
    }
}

/// Search.
#[derive(Default, Debug)]
pub struct SearchQuery;

#[Object]
impl SearchQuery {
    /// What a text finds in a district. Upper or lower case and full or half width make no difference.
    #[graphql(complexity = "list_cost(first, child_complexity)")]
    async fn search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The district's code.")] district: String,
        #[graphql(desc = "What to look for, up to 100 characters.")] text: String,
        #[graphql(desc = "How many at most, 1 to 200.", default = 20)] first: i32,
    ) -> Option<Result<Vec<SearchHit>>> {
        Some(Box::pin(search(ctx, &district, &text, first)).await.map_err(outward))
    }
}

async fn search(
    ctx: &Context<'_>,
    district: &str,
    text: &str,
    first: i32,
) -> Result<Vec<SearchHit>, ServiceError> {
    let first = PageSize::new(first)?;
    let found = ctx.services().search(ctx.viewer(), district, text, first).await?;
    Ok(found.into_iter().map(SearchHit).collect())
}
