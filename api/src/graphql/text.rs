//! Names of one thing in several languages.

use async_graphql::SimpleObject;
use domain::text::LocalTexts;

/// A name in one language.
#[derive(SimpleObject, Clone, Debug)]
pub struct LocalText {
    /// BCP 47, such as `zh` or `en`.
    language: String,
    /// The name.
    text: String,
}

/// All names of a thing, in the order that its district gives them.
pub(super) fn local_texts(names: &LocalTexts) -> Vec<LocalText> {
    let texts = names.as_slice().iter();
    texts.map(|name| LocalText { language: name.language.clone(), text: name.text.clone() }).collect()
}
