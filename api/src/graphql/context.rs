//! What resolvers take from the context: the use cases, and who asks.

use async_graphql::{Context, Request};
use domain::viewer::Viewer;

use super::loaders;
use crate::live::Hub;
use crate::service::Services;

/// What every resolver needs, by name.
pub trait ContextExt<'a> {
    /// The use cases.
    fn services(&self) -> &'a Services;
    /// Who asks.
    fn viewer(&self) -> &'a Viewer;
    /// The hub that subscriptions hang on.
    fn hub(&self) -> &'a Hub;
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
}

/// The request with what is its own: who asks, and the loaders that gather what is read for them.
pub fn for_viewer(request: Request, services: &Services, viewer: Viewer) -> Request {
    request.data(loaders::for_request(services, &viewer)).data(viewer)
}
