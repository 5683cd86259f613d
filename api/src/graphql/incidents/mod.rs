//! Incidents: lists, figures, clusters; reporting one and taking it through its stages; how they change.

mod input;
mod mutation;
mod payload;
mod query;
mod subscription;
mod types;

pub use input::{
    ChangeIncidentInput, CloseInput, DispatchInput, IncidentActionInput, IncidentFilter, IncidentOrder,
    ReportIncidentInput,
};
pub use mutation::IncidentMutation;
pub(super) use mutation::{change, report};
pub use payload::{ChangeIncidentPayload, Receipt, ReportIncidentPayload};
pub use query::{Cluster, IncidentQuery};
pub use subscription::{BatchKind, IncidentBatch, IncidentLeft, IncidentSubscription, LeftReason};
pub use types::{Incident, IncidentConnection, IncidentEdge, IncidentStep};
