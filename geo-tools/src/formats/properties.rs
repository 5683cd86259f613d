//! The properties of a feature: a map, or the text of one that nobody has asked for yet.

use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

use serde_json::{Map, Value};

/// Properties in the order of the file. They are a [`Map`] to whoever looks at them; until then those of a GeoJSON file
/// are its text, since most of what it takes to read such a file would be to decode what nobody asks for.
///
/// ```
/// # use geo_tools::formats::{Caps, Item, geojson};
/// let text = r#"{"type":"Feature","properties":{"code":"KM-7"},"geometry":null}"#;
/// let Some(Item::Feature(feature)) = geojson::read(text.as_bytes(), &Caps::default()).next() else { panic!() };
/// assert_eq!(feature.properties["code"], "KM-7");
/// ```
#[derive(Clone, Default)]
pub struct Properties {
    /// A JSON object that serde_json reads, without a key twice; or nothing, and then there is a map.
    text: Box<[u8]>,
    map: OnceLock<Map<String, Value>>,
}

impl Properties {
    /// Properties that are decoded when they are asked for, of a text that is known to be a JSON object.
    pub(super) fn of_object(text: &[u8]) -> Self {
        Self { text: text.into(), map: OnceLock::new() }
    }

    /// The map.
    pub fn into_map(mut self) -> Map<String, Value> {
        self.map.take().unwrap_or_else(|| self.decoded())
    }

    fn decoded(&self) -> Map<String, Value> {
        if self.text.is_empty() { Map::new() } else { serde_json::from_slice(&self.text).unwrap_or_default() }
    }
}

impl Deref for Properties {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        self.map.get_or_init(|| self.decoded())
    }
}

impl From<Map<String, Value>> for Properties {
    fn from(map: Map<String, Value>) -> Self {
        Self { text: Box::default(), map: OnceLock::from(map) }
    }
}

impl FromIterator<(String, Value)> for Properties {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(members: I) -> Self {
        Self::from(Map::from_iter(members))
    }
}

impl PartialEq for Properties {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl PartialEq<Map<String, Value>> for Properties {
    fn eq(&self, other: &Map<String, Value>) -> bool {
        **self == *other
    }
}

impl fmt::Debug for Properties {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}
