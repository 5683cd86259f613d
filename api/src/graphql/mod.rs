//! GraphQL: one folder a slice; what they stand on is here.
//!
//! A document passes `preflight`, then a resolver parses its input, makes one call of a use case and wraps the answer.
//! Start at [`schema`]; then `incidents/` as the example of a slice.
//!
//! Invariant: nothing here names the store, the cache or the bus.
//! Invariant: every error that leaves is made in [`error`].
//! What a field of the query's root waits for at length is boxed: all roots are merged into one, whose future is as large as
//! that of its largest field, and is moved from root to root for each.

pub mod answer;
pub mod budget;
pub mod cells;
pub mod context;
pub mod districts;
pub mod error;
pub mod households;
pub mod id;
pub mod incidents;
pub mod loaders;
pub mod location;
pub mod node;
pub mod operations;
pub mod page;
pub mod preflight;
pub mod problem;
pub mod scalars;
pub mod schema;
pub mod search;
pub mod text;
pub mod viewer;
pub mod written;
