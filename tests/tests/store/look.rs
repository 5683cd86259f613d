//! A store that is opened to look: it reads, and cannot write.

use api::store::Store;
use api::store::audit::AuditChain;
use domain::audit::AuditEntry;

use super::world::{TestStore, noon};

super::on_both_databases!(a_store_that_looks_reads_and_cannot_write);

async fn a_store_that_looks_reads_and_cannot_write(test: TestStore) {
    let (district, _) = test.with_plan().await;
    let read = AuditEntry { at: noon(), actor: None, action: "household.read".to_owned(), subject: None };
    test.store.record(district.id, &read).await.expect("the read is written down");

    let looking = Store::look(&test.settings).await.expect("it opens beside the server");

    assert!(looking.is_migrated().await.expect("a statement"));
    let refused = looking.record(district.id, &read).await.expect_err("it may not write");
    assert!(format!("{refused:?}").to_lowercase().contains("read"), "{refused:?}");
    let chain = looking.verify_audit(district.id).await.expect("a statement");
    assert!(matches!(chain, AuditChain::Whole { rows: 2, .. }), "publish, read: {chain:?}");
}
