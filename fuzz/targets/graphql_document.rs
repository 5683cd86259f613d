//! A GraphQL document at the door: refused, or within every cap, and answered quickly whatever it is.
#![no_main]

use std::time::{Duration, Instant};

use config::DocumentLimits;
use graphql::preflight::{Introspects, KeptDocuments, ListedDocuments, admit};
use libfuzzer_sys::fuzz_target;

/// The door's own files, without the server behind it.
#[path = "../../api/src/graphql"]
mod graphql {
    pub(crate) mod error {
        //! What the door needs of the server's errors.

        use async_graphql::{Pos, ServerError};

        #[derive(Clone, Copy, Debug)]
        pub(crate) enum Code {
            GraphqlValidationFailed,
            GraphqlParseFailed,
            DocumentRefused,
        }

        pub(crate) fn request_error(code: Code, message: String, at: Option<Pos>) -> ServerError {
            ServerError::new(format!("{code:?}: {message}"), at)
        }
    }

    pub(crate) mod preflight;
}

#[path = "../../api/src/config"]
mod config {
    mod document;

    pub(crate) use document::DocumentLimits;
}

/// What the server's settings say by default.
const LIMITS: DocumentLimits = DocumentLimits {
    bytes: 32 << 10,
    tokens: 4_000,
    nesting: 40,
    depth: 20,
    fields: 2_000,
    aliases: 200,
    directives: 100,
    fragments: 60,
    operations: 20,
    arguments: 100,
    complexity: 100_000,
};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let started = Instant::now();
    let kept = KeptDocuments::new(LIMITS);
    for name in [None, Some("Query")] {
        let said = |error| format!("{error:?}");
        for _ in 0..2 {
            let again = kept.admit(&text, name, None).map(|admitted| admitted.kind).map_err(said);
            assert_eq!(again, admit(&text, name, None, &LIMITS).map(|admitted| admitted.kind).map_err(said));
        }
        match admit(&text, name, None, &LIMITS) {
            Ok(admitted) => {
                assert!(text.len() <= LIMITS.bytes);
                let kinds: Vec<_> =
                    admitted.document.operations.iter().map(|(_, kept)| kept.node.ty).collect();
                assert_eq!(kinds, [admitted.kind], "only what was asked for is kept");
                assert!(admitted.document.fragments.len() <= LIMITS.fragments);
                assert!(admitted.introspects == Introspects::No || text.contains("__"));
                assert!(ListedDocuments::of([&*text]).hold(&text), "what is listed is held");
            }
            Err(error) => assert!(!error.message.is_empty() && error.message.len() < 2_000, "{error:?}"),
        }
    }
    // A hundred times what it takes without a sanitizer.
    assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
});
