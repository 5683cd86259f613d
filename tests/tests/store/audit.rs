//! The audit chain: whole as long as nobody touches it.

use api::store::audit::AuditChain;
use sea_orm::ConnectionTrait;

use super::world::{TestStore, at, minutes, noon};

super::on_both_databases!(
    every_write_adds_to_the_chain_and_the_chain_is_whole,
    a_row_that_was_changed_taken_out_or_cut_off_is_found,
);

async fn every_write_adds_to_the_chain_and_the_chain_is_whole(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    let incident = test.stored(&district, &plan, at(120.991, 14.602)).await;

    test.closed(&district, &incident, noon() + minutes(3)).await;

    let chain = test.store.verify_audit(district.id).await.expect("a statement");
    assert_eq!(chain, AuditChain::Whole { rows: 3 }, "publish, report, close");
}

async fn a_row_that_was_changed_taken_out_or_cut_off_is_found(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    for _ in 0..6 {
        test.stored(&district, &plan, at(120.991, 14.602)).await;
    }
    let beside = test.beside().await;
    let damage = async |sql: &str| {
        beside.execute_unprepared(sql).await.expect("a statement");
        test.store.verify_audit(district.id).await.expect("a statement")
    };

    assert_eq!(damage("DELETE FROM audit WHERE number = 7").await, AuditChain::BrokenAt { number: 7 });
    assert_eq!(
        damage("UPDATE audit SET action = 'incident.close' WHERE number = 5").await,
        AuditChain::BrokenAt { number: 5 }
    );
    assert_eq!(damage("DELETE FROM audit WHERE number = 3").await, AuditChain::BrokenAt { number: 3 });
}
