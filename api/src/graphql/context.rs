//! What resolvers take from the context: the use cases, and who asks.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Context, Request};
use domain::viewer::Viewer;

use super::budget::Budget;
use super::loaders;
use crate::live::{Hub, Pass, Passes};
use crate::service::Services;

/// What every resolver needs, by name.
pub trait ContextExt<'a> {
    /// The use cases.
    fn services(&self) -> &'a Services;
    /// Who asks.
    fn viewer(&self) -> &'a Viewer;
    /// The hub that subscriptions hang on.
    fn hub(&self) -> &'a Hub;
    /// What the answer may still hold.
    fn budget(&self) -> &'a Arc<Budget>;
    /// Keeps what a subscription's batches go out under, for the transport that writes them.
    fn keep_pass(&self, pass: Pass);
    /// Where the stream of a subscription stands, where its transport keeps that.
    fn resumption(&self) -> Option<&'a Resumption>;
}

impl<'a> ContextExt<'a> for Context<'a> {
    fn services(&self) -> &'a Services {
        self.data_unchecked::<Services>()
    }

    fn viewer(&self) -> &'a Viewer {
        self.data_unchecked::<Viewer>()
    }

    fn hub(&self) -> &'a Hub {
        self.data_unchecked::<Hub>()
    }

    fn budget(&self) -> &'a Arc<Budget> {
        self.data_unchecked::<Arc<Budget>>()
    }

    fn keep_pass(&self, pass: Pass) {
        if let Some(passes) = self.data_opt::<Passes>() {
            passes.add(pass);
        }
    }

    fn resumption(&self) -> Option<&'a Resumption> {
        self.data_opt::<Resumption>()
    }
}

/// Where one subscription stands, for a transport that names it beside the answer, whatever of the answer was selected.
#[derive(Clone, Debug)]
pub struct Resumption {
    after: Option<String>,
    stands_at: Arc<Mutex<Option<String>>>,
}

impl Resumption {
    /// Of a subscriber who comes back after a cursor; `None` for who comes the first time.
    pub fn after(cursor: Option<&str>) -> Self {
        Self { after: cursor.map(str::to_owned), stands_at: Arc::default() }
    }

    /// The cursor that the subscriber came back with.
    pub fn came_after(&self) -> Option<String> {
        self.after.clone()
    }

    /// Keeps the cursor of the batch that is the next answer.
    pub fn stand_at(&self, cursor: &str) {
        *self.stands_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(cursor.to_owned());
    }

    /// The cursor of the last answer; `None` before the first.
    pub fn stands_at(&self) -> Option<String> {
        self.stands_at.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The request with what is its own: who asks, what the answer may hold, and the loaders that gather what is read for them.
pub fn for_viewer(request: Request, services: &Services, viewer: Viewer) -> Request {
    request.data(loaders::for_request(services, &viewer)).data(Arc::<Budget>::default()).data(viewer)
}
