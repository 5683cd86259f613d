//! Texts that are written once: what never changes of a plan's cells. The grid is for everybody, so no viewer is in their
//! key.

use std::sync::Arc;

use domain::access::Action;
use domain::viewer::Viewer;

use super::cells::CellPage;
use super::{ServiceError, Services};

pub use crate::cache::{CellTexts, SelectionKey, Slot, Text, Texts};

impl Services {
    /// Where what never changes of the cells of a page's plan is kept as text, for one selection of it; `None` where there is
    /// no room.
    pub async fn cell_texts(
        &self,
        viewer: &Viewer,
        page: &CellPage,
        selection: SelectionKey,
    ) -> Result<Option<Arc<CellTexts>>, ServiceError> {
        viewer.require(Action::ReadGrid, page.district().id)?;
        self.cache.cell_texts(page.plan(), selection).await.map_err(ServiceError::internal)
    }
}
