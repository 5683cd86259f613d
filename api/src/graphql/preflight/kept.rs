//! Documents that were admitted of late: who asks one of them again is spared having it read again.
//!
//! What is kept follows from the document, the operation's name and this server's caps, and from nothing else. Which
//! variables come with it is looked at each time, here and by async-graphql's own rules, and so is who asks.
//!
//! Invariant: what is kept is bounded, whatever is asked. A document that was refused is not kept.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_graphql::ServerError;
use serde_json::{Map, Value};

use super::{Admitted, admit, chosen, complete};
use crate::config::DocumentLimits;

/// Of a generation's documents together; parsed, a document takes up to a hundred times its bytes.
const GENERATION_BYTES: usize = 128 << 10;

/// The documents of a server, and what each is held to.
pub struct KeptDocuments {
    limits: DocumentLimits,
    kept: Mutex<Generations>,
}

/// What was asked since the last change of generations, and what was asked in the one before.
#[derive(Default)]
struct Generations {
    young: HashMap<Box<str>, Operations>,
    young_bytes: usize,
    old: HashMap<Box<str>, Operations>,
}

/// The operations of one document that were asked for, by name.
type Operations = Vec<(Option<String>, Arc<Admitted>)>;

impl KeptDocuments {
    /// None yet.
    pub fn new(limits: DocumentLimits) -> Self {
        Self { limits, kept: Mutex::default() }
    }

    /// Checks a document and finds the operation that was asked for, as [`admit`] does.
    ///
    /// # Errors
    /// As of [`admit`].
    pub fn admit(
        &self,
        source: &str,
        operation_name: Option<&str>,
        variables: Option<&Map<String, Value>>,
    ) -> Result<Admitted, ServerError> {
        let kept = self.lock().find(source, operation_name);
        if let Some(kept) = kept {
            complete(chosen(&kept.document, operation_name)?, variables)?;
            return Ok(Admitted::clone(&kept));
        }
        let admitted = Arc::new(admit(source, operation_name, variables, &self.limits)?);
        self.lock().keep(source, operation_name, Arc::clone(&admitted));
        // A subscription holds its document: what is copied has no room to grow, as what was parsed has.
        Ok(Admitted::clone(&admitted))
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn find(&mut self, source: &str, name: Option<&str>) -> Option<Arc<Admitted>> {
        if let Some((source, operations)) = self.old.remove_entry(source) {
            // It comes with all of its operations, each of which counts as much as when it was kept.
            self.make_room(source.len() * operations.len());
            self.young.insert(source, operations);
        }
        let operations = self.young.get(source)?;
        let found = operations.iter().find(|(known, _)| known.as_deref() == name);
        found.map(|(_, admitted)| Arc::clone(admitted))
    }

    fn keep(&mut self, source: &str, name: Option<&str>, admitted: Arc<Admitted>) {
        // Each operation has the fragments that it uses, so that it may be as large as the whole.
        self.make_room(source.len());
        let operations = self.young.entry(source.into()).or_default();
        // Somebody else may have asked the same meanwhile.
        if !operations.iter().any(|(known, _)| known.as_deref() == name) {
            operations.push((name.map(str::to_owned), admitted));
        }
    }

    fn make_room(&mut self, bytes: usize) {
        if self.young_bytes + bytes > GENERATION_BYTES {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += bytes;
    }
}

impl fmt::Debug for KeptDocuments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptDocuments").field("limits", &self.limits).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::types::OperationType;
    use serde_json::json;

    use super::*;

    fn kept() -> KeptDocuments {
        KeptDocuments::new(DocumentLimits::default())
    }

    fn sources(documents: &KeptDocuments) -> usize {
        let kept = documents.lock();
        kept.young.len() + kept.old.len()
    }

    #[test]
    fn a_document_that_is_asked_again_is_the_same_and_its_variables_are_looked_at_again() {
        let (documents, source) = (kept(), "query A($n: Int!) { a(n: $n) } mutation B { b }");
        let given = json!({ "n": 1 });
        for _ in 0..2 {
            let admitted = documents.admit(source, Some("A"), given.as_object()).expect("it may run");
            assert_eq!(admitted.kind, OperationType::Query);
            assert_eq!(admitted.document.operations.iter().count(), 1);
            let other = documents.admit(source, Some("B"), None).expect("it may run");
            assert_eq!(other.kind, OperationType::Mutation);
        }
        assert_eq!(sources(&documents), 1);
        let missing = documents.admit(source, Some("A"), None).expect_err("n is needed");
        assert!(missing.message.contains("$n"), "{}", missing.message);
        documents.admit(source, Some("C"), None).expect_err("no such operation");
        documents.admit(source, None, None).expect_err("one of two");
    }

    #[test]
    fn what_was_refused_is_refused_again_and_not_kept() {
        let documents = kept();
        for _ in 0..2 {
            documents.admit("{ a ", None, None).expect_err("no GraphQL");
            documents.admit(&"{a".repeat(41), None, None).expect_err("too deep");
        }
        assert_eq!(sources(&documents), 0);
    }

    #[test]
    fn what_is_asked_again_and_again_stays_while_others_come_and_go_within_bounds() {
        let documents = kept();
        let wanted = "query($n: Int) { wanted(n: $n) }";
        let first = documents.admit(wanted, None, None).expect("it may run");
        let padding = " ".repeat(1_000);
        for number in 0..2_000 {
            documents.admit(&format!("{{ a{number} }}{padding}"), None, None).expect("it may run");
            if number % 50 == 0 {
                assert!(documents.lock().find(wanted, None).is_some(), "after {number} others");
            }
        }
        let kept = documents.lock();
        let bytes: usize = kept.young.keys().chain(kept.old.keys()).map(|source| source.len()).sum();
        assert!(bytes <= 2 * GENERATION_BYTES, "{bytes}");
        assert!(kept.young.len() + kept.old.len() < 300);
        assert_eq!(first.kind, OperationType::Query);
    }

    #[test]
    fn the_operations_of_one_document_stay_within_bounds_however_often_it_is_asked() {
        let documents = kept();
        let named = |number: usize| format!("a{number}");
        let operations: String = (0..20).map(|number| format!("query {} {{ a }} ", named(number))).collect();
        let source = format!("{operations}{}", " ".repeat(16_000));
        let most = 2 * GENERATION_BYTES / source.len();
        for round in 0..5 {
            for number in 0..20 {
                documents.admit(&source, Some(&named(number)), None).expect("it may run");
                let kept = documents.lock();
                let count: usize = kept.young.values().chain(kept.old.values()).map(Vec::len).sum();
                assert!(count <= most, "{count} operations, {most} allowed, in round {round}");
            }
        }
    }
}
