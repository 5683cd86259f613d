//! Plans: published as rows with a first and an end version, loaded as the parts of a [`domain::plan::Plan`].
//!
//! A cell, border or tree row holds from `since_version` up to, but not including, `until_version`; what a publication
//! does not change keeps its row. Start at [`Store::publish_plan`](super::Store::publish_plan) and
//! [`Store::load_plan`](super::Store::load_plan).

mod load;
mod publish;
mod reassign;

pub use publish::Publication;
