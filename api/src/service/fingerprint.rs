//! The hash of an input, so that a client key used again is known to ask for the same thing.
//!
//! Over the values after parsing, each with its name and length: the order of JSON members, white space around a text and
//! `1` for `1.0` make no difference; anything that would be done differently does.

use sha2::{Digest, Sha256};

/// Collects the values of one input.
#[derive(Clone, Debug)]
pub(super) struct Fingerprint(Sha256);

impl Fingerprint {
    /// Begins the input of a mutation.
    pub(super) fn of(mutation: &str) -> Self {
        Self(Sha256::new()).with("mutation", mutation)
    }

    /// Adds a value that is always there.
    #[must_use]
    pub(super) fn with(mut self, name: &str, value: impl ToString) -> Self {
        for part in [name, &value.to_string()] {
            self.0.update((part.len() as u64).to_be_bytes());
            self.0.update(part);
        }
        self
    }

    /// Adds a value that may be left out; left out is not the same as empty.
    #[must_use]
    pub(super) fn with_optional(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The hash.
    pub(super) fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_pass_for_another_name_or_for_its_neighbour() {
        let hash = |pairs: &[(&str, &str)]| {
            let start = Fingerprint::of("reportIncident");
            pairs.iter().fold(start, |print, (name, value)| print.with(name, value)).finish()
        };
        assert_eq!(hash(&[("a", "1"), ("b", "2")]), hash(&[("a", "1"), ("b", "2")]));
        assert_ne!(hash(&[("a", "1"), ("b", "2")]), hash(&[("a", "12"), ("b", "")]));
        assert_ne!(hash(&[("a", "1")]), hash(&[("b", "1")]));
        let start = || Fingerprint::of("reportIncident");
        assert_ne!(
            start().with_optional("note", None::<&str>).finish(),
            start().with_optional("note", Some("")).finish()
        );
    }
}
