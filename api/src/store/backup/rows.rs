//! Moving every row from one database to another whose tables are the same.
//!
//! Invariant: every table that has an entity is in the list, in an order in which no row comes before what it refers to.

use futures_util::TryStreamExt;
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, Iterable};

use crate::store::entity::{
    audit, borders, buildings, cell_tree, cells, districts, events, footprints, households, idempotency,
    imports, incident_sources, incident_steps, incidents, plans, postings, roads, streams, tokens, users,
};
use crate::store::{MAX_BINDS, StoreError};

/// Does something to every table, in an order in which no row comes before what it refers to; or in the other.
macro_rules! each_table {
    ($do:ident $arguments:tt: $($table:ident)*) => {
        $($do::<$table::Entity> $arguments.await?;)*
    };
}

/// Copies every row.
pub(super) async fn copy_all(from: &DatabaseTransaction, to: &DatabaseTransaction) -> Result<(), StoreError> {
    each_table!(copy(from, to):
        districts streams events audit idempotency plans cells borders cell_tree buildings households roads footprints
        incidents incident_steps incident_sources users tokens postings imports
    );
    Ok(())
}

/// What imports under way hold: a restore ends them.
const UNDER_WAY: [&str; 4] =
    ["staged_incident_steps", "staged_incidents", "staged_households", "staged_buildings"];

/// Removes every row.
pub(super) async fn remove_all(tx: &DatabaseTransaction) -> Result<(), StoreError> {
    for table in UNDER_WAY {
        tx.execute_unprepared(&format!("DELETE FROM {table}")).await?;
    }
    each_table!(remove(tx):
        imports postings tokens users incident_sources incident_steps incidents footprints roads households buildings
        cell_tree borders cells plans idempotency audit events streams districts
    );
    Ok(())
}

async fn copy<E>(from: &DatabaseTransaction, to: &DatabaseTransaction) -> Result<(), StoreError>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel> + Send + Sync,
    E::ActiveModel: Send,
{
    let at_once = MAX_BINDS / E::Column::iter().count();
    let mut rows = std::pin::pin!(E::find().stream(from).await?);
    let mut waiting = Vec::with_capacity(at_once.min(1_000));
    while let Some(row) = rows.try_next().await? {
        waiting.push(row.into_active_model());
        if waiting.len() == at_once {
            E::insert_many(std::mem::take(&mut waiting)).exec_without_returning(to).await?;
        }
    }
    if !waiting.is_empty() {
        E::insert_many(waiting).exec_without_returning(to).await?;
    }
    Ok(())
}

async fn remove<E: EntityTrait>(tx: &DatabaseTransaction) -> Result<(), StoreError> {
    E::delete_many().exec(tx).await?;
    Ok(())
}
