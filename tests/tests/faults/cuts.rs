//! PostgreSQL that breaks down, and connections that are cut at their COMMIT.

use std::sync::Mutex;
use std::time::Duration;

use api::config::{Overrides, Secret};
use tests::app::TestApp;
use tests::postgres::Postgres;
use tokio::sync::watch;

use super::books::Books;
use super::proxy::Proxy;
use super::server::{Door, until};
use super::writers::{Sent, Writer};
use super::{chance, times};

const WRITERS: usize = 4;

fn on(url: String) -> Overrides {
    Overrides { database_url: Some(Secret::new(url)), ..Overrides::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_is_cut_is_done_once_or_not_at_all_on_postgres() {
    let Some(postgres) = Postgres::shared() else { return };
    let cuts = times("FAULT_CUTS", 1_000);
    let direct = postgres.new_database().await;
    let proxy = Proxy::before(postgres.port(), chance("cut COMMITs")).await;
    let through = direct.replace(&format!(":{}/", postgres.port()), &format!(":{}/", proxy.address.port()));
    let app = TestApp::start_with(on(format!("{through}?sslmode=disable"))).await;
    let door = Door::at(app.address());
    let books = Mutex::new(Books::of(direct));

    proxy.cut(cuts);
    let writing = (0..WRITERS).map(|name| report_until_all_are_cut(name, &door, &books, &proxy));
    let told = futures_util::future::join_all(writing).await;

    let unavailable: usize = told.iter().map(|told| told.unavailable).sum();
    let replayed: usize = told.iter().map(|told| told.replayed).sum();
    let tally = proxy.tally();
    assert_eq!(
        (tally.all(), unavailable),
        (cuts, cuts),
        "who is cut is told so, and nothing else: {tally:?}"
    );
    assert!(
        (tally.answered..=tally.answered + tally.sent).contains(&replayed),
        "{replayed} were done at the first try: {tally:?}"
    );
    let mut books = books.into_inner().expect("no panic");
    books.compare_all().await;
    eprintln!(
        "{tally:?}: {} reports acknowledged, {replayed} of them by a retry, each there once",
        books.acknowledged()
    );
}

/// What one writer was told.
#[derive(Debug, Default)]
struct Told {
    unavailable: usize,
    replayed: usize,
}

async fn report_until_all_are_cut(name: usize, door: &Door, books: &Mutex<Books>, proxy: &Proxy) -> Told {
    let mut writer = Writer::named(name);
    let mut told = Told::default();
    let mut settled = false;
    // Goes on until its last report is acknowledged.
    while !(proxy.is_done() && settled) {
        let sent = writer.report_once(door, books).await;
        settled = matches!(sent, Sent::Told(_));
        match sent {
            Sent::Told(payload) => told.replayed += usize::from(payload["replayed"] == true),
            Sent::Later(code) => told.unavailable += usize::from(code == "UNAVAILABLE"),
            Sent::Cut => panic!("the server itself is well"),
        }
    }
    writer.ask_again(door).await;
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_postgres_breaks_down_and_the_server_goes_on_by_itself() {
    let Some(mut postgres) = Postgres::alone() else { return };
    let mut chance = chance("breakdowns of PostgreSQL");
    let url = postgres.new_database().await;
    let app = TestApp::start_with(on(url.clone())).await;
    let door = Door::at(app.address());
    let books = Mutex::new(Books::of(url));
    let mut writers: Vec<Writer> = (0..WRITERS).map(Writer::named).collect();

    for _ in 0..times("FAULT_BREAKDOWNS", 20) {
        let (first, mut answered) = watch::channel(false);
        let (stop, stopped) = watch::channel(false);
        let writing = writers.iter_mut().map(|writer| writer.report_on(&door, &books, &first, &stopped));
        let breaking = async {
            answered.wait_for(|answered| *answered).await.expect("a writer");
            tokio::time::sleep(Duration::from_millis(20 + chance.below(60))).await;
            let before = books.lock().expect("no panic").acknowledged();
            tokio::task::block_in_place(|| postgres.break_down());
            let resumed = async || books.lock().expect("no panic").acknowledged() > before + WRITERS;
            until(Duration::from_secs(30), "reports are taken again", resumed).await;
            stop.send_replace(true);
        };
        futures_util::future::join(breaking, futures_util::future::join_all(writing)).await;
        let mut taken = std::mem::take(&mut *books.lock().expect("no panic"));
        taken.compare().await;
        *books.lock().expect("no panic") = taken;
        for writer in &writers {
            writer.ask_again(&door).await;
        }
    }
    let mut books = books.into_inner().expect("no panic");
    books.compare_all().await;
    eprintln!("{} reports acknowledged, each there once", books.acknowledged());
}
