//! What was written as JSON of one thing, once for everybody who selects the same of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use domain::plan::Plan;
use tokio::sync::OnceCell;

/// Names a selection: equal ones select the same fields in the same order under the same names, with the same arguments.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SelectionKey(pub [u8; 16]);

/// A text and what it took of the budget of an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Text {
    /// JSON.
    pub json: Bytes,
    /// How much of it is areas of cells.
    pub area_bytes: usize,
}

/// The place of a text that is written once; who comes meanwhile waits for it.
pub type Slot = Arc<OnceCell<Text>>;

/// The texts of one thing, by what is selected of it.
#[derive(Debug, Default)]
pub struct Texts(Mutex<HashMap<SelectionKey, Slot>>);

impl Texts {
    /// The place of the text for a selection.
    pub fn slot(&self, selection: SelectionKey) -> Slot {
        let mut texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(texts.entry(selection).or_default())
    }
}

/// The texts of the cells of one plan version, for one selection of what never changes of them.
#[derive(Debug)]
pub struct CellTexts {
    /// As the cells stand in [`Plan::cells`], which is the same each time that the plan is read.
    slots: Vec<Slot>,
    most_bytes: usize,
}

/// What a text takes beside the area: ids, names and a box, of a cell and its parent.
const TEXT_BYTES: usize = 1_000;

impl CellTexts {
    /// Places without texts, which will take at most so many bytes.
    pub(super) fn of(plan: &Plan, most_bytes: usize) -> Self {
        let slots = plan.cells().iter().map(|_| Slot::default()).collect();
        Self { slots, most_bytes }
    }

    /// About how many bytes the texts of all cells take; `area_bytes` is what all areas together do.
    pub(super) fn most_bytes_of(plan: &Plan, area_bytes: usize) -> usize {
        plan.cells().len() * TEXT_BYTES + area_bytes
    }

    /// Where the text is kept of the cell with a place in the plan; `None` where the plan does not have it.
    pub fn slot(&self, place: usize) -> Option<&Slot> {
        self.slots.get(place)
    }

    /// About how many bytes it holds once every text is written.
    pub(super) fn most_bytes(&self) -> usize {
        self.most_bytes
    }
}
