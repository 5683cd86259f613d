//! A row or feature as it was given, to be written out again beside what is wrong with it.

use std::sync::Arc;

use super::record::{Fields, text_of};

/// A row or feature as it was given, to be written out again.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(super) fields: Arc<Fields>,
    /// A feature's own id.
    pub(super) id: Option<String>,
    /// The numbers of a feature that is a point, in the file's datum.
    pub(super) lon_lat: Option<[String; 2]>,
}

impl Given {
    /// Its cells by the names of their columns, and the cells that have no column. A property that is called as the position
    /// is keeps its value under another name.
    pub(crate) fn cells(&self) -> (Vec<(String, String)>, Vec<String>) {
        let properties = match &*self.fields {
            Fields::Cells(row) => {
                let mut cells = row.cells.iter().cloned();
                let named = row.columns().iter().cloned().zip(cells.by_ref()).collect();
                return (named, cells.collect());
            }
            Fields::Properties(properties) => properties,
        };
        let own_id = self.id.clone().filter(|_| !properties.contains_key("id"));
        let mut cells: Vec<(String, String)> = own_id.map(|id| ("id".to_owned(), id)).into_iter().collect();
        if let Some([lon, lat]) = &self.lon_lat {
            cells.extend([("lon".to_owned(), lon.clone()), ("lat".to_owned(), lat.clone())]);
        }
        cells.extend(properties.iter().map(|(name, value)| {
            let is_taken = ["lon", "lat"].contains(&name.to_lowercase().as_str());
            let name = if is_taken { format!("property_{name}") } else { name.clone() };
            (name, text_of(value))
        }));
        (cells, Vec::new())
    }
}
