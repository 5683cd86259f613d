//! The audit chain: whole as long as nobody touches it.

use api::store::audit::AuditChain;
use sea_orm::ConnectionTrait;

use super::world::{TestStore, at, minutes, noon};

super::on_both_databases!(
    every_write_adds_to_the_chain_and_the_chain_is_whole,
    a_row_that_was_changed_taken_out_or_cut_off_is_found,
    a_row_that_was_put_in_or_moved_is_found_also_where_nobody_counts,
    a_last_row_whose_seal_is_not_the_one_that_is_kept_apart_is_found,
);

async fn every_write_adds_to_the_chain_and_the_chain_is_whole(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    let incident = test.stored(&district, &plan, at(120.991, 14.602)).await;

    test.closed(&district, &incident, noon() + minutes(3)).await;

    let chain = test.store.verify_audit(district.id).await.expect("a statement");
    assert!(matches!(chain, AuditChain::Whole { rows: 3, .. }), "publish, report, close: {chain:?}");
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

async fn a_row_that_was_put_in_or_moved_is_found_also_where_nobody_counts(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    for _ in 0..4 {
        test.stored(&district, &plan, at(120.991, 14.602)).await;
    }
    let beside = test.beside().await;
    let verify = async || test.store.verify_audit(district.id).await.expect("a statement");
    let run = async |sql: &str| {
        beside.execute_unprepared(sql).await.expect("a statement");
    };
    let whole = verify().await;
    assert!(matches!(whole, AuditChain::Whole { rows: 5, .. }), "{whole:?}");
    let copy = |number: i64| {
        format!(
            "INSERT INTO audit (district_id, number, at_us, actor_id, action, subject_id, seal) \
             SELECT district_id, {number}, at_us, actor_id, action, subject_id, seal FROM audit WHERE number = 5"
        )
    };

    for number in [0, -3, 6, 7_000] {
        run(&copy(number)).await;
        assert_eq!(verify().await, AuditChain::BrokenAt { number }, "a row of that number was put in");
        run(&format!("DELETE FROM audit WHERE number = {number}")).await;
        assert_eq!(verify().await, whole, "it was taken out again");
    }
    run("UPDATE audit SET number = -1 WHERE number = 2").await;
    run("UPDATE audit SET number = 2 WHERE number = 3").await;
    run("UPDATE audit SET number = 3 WHERE number = -1").await;
    assert_eq!(verify().await, AuditChain::BrokenAt { number: 2 }, "two rows have changed places");
    run("UPDATE audit SET seal = 'x' WHERE number = 2").await;
    assert_eq!(verify().await, AuditChain::BrokenAt { number: 2 }, "a seal that is none");
}

async fn a_last_row_whose_seal_is_not_the_one_that_is_kept_apart_is_found(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    for _ in 0..4 {
        test.stored(&district, &plan, at(120.991, 14.602)).await;
    }
    let beside = test.beside().await;

    let another = "UPDATE streams SET audit_head = (SELECT seal FROM audit WHERE number = 4)";
    beside.execute_unprepared(another).await.expect("a statement");

    let chain = test.store.verify_audit(district.id).await.expect("a statement");
    assert_eq!(chain, AuditChain::BrokenAt { number: 5 });
}
