//! `kill -9` while writers send: after each restart every acknowledged report is there once.

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use api::clock::Clock;
use api::store::{DatabaseSettings, Store};
use tests::postgres::Postgres;
use tests::world;
use tokio::sync::watch;

use super::books::Books;
use super::server::{Server, run};
use super::writers::Writer;
use super::{Chance, chance, times};

const WRITERS: usize = 4;
/// A server lives so long after its first answer, and up to as long again.
const LIFE: Duration = Duration::from_millis(60);

mod sqlite {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nothing_acknowledged_is_lost_doubled_or_torn_when_the_server_is_killed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}", folder.path().join("gridward.db").display());
        kill_again_and_again(folder.path(), &url, chance("kill -9, SQLite")).await;
    }
}

mod postgres {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nothing_acknowledged_is_lost_doubled_or_torn_when_the_server_is_killed() {
        let Some(postgres) = Postgres::shared() else { return };
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = postgres.new_database().await;
        kill_again_and_again(folder.path(), &url, chance("kill -9, PostgreSQL")).await;
    }
}

/// Founds the district, at the time that the servers will see.
pub(crate) async fn found(url: &str) {
    let store = Store::connect(&DatabaseSettings::new(url)).await.expect("the database opens");
    store.migrate().await.expect("the migrations run");
    world::found(&store, Clock::system().now()).await;
}

async fn kill_again_and_again(folder: &Path, url: &str, mut chance: Chance) {
    found(url).await;
    let books = Mutex::new(Books::of(url));
    let mut writers: Vec<Writer> = (0..WRITERS).map(Writer::named).collect();
    let cycles = times("FAULT_CYCLES", 100);
    for cycle in 0..cycles {
        let mut server = Server::start(folder, url);
        look(&books).await;
        let life = LIFE + Duration::from_millis(chance.below(LIFE.as_millis() as u64));
        for writer in &writers {
            writer.ask_again(&server.door).await;
        }
        live_for(life, &mut server, &mut writers, &books).await;
        assert!(books.lock().expect("no panic").acknowledged() > cycle, "each life acknowledges something");
    }
    let server = Server::start(folder, url);
    look(&books).await;
    for writer in &writers {
        writer.ask_again(&server.door).await;
    }
    let verified = run(folder, url, &["audit", "verify"]);
    let printed = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(verified.status.success() && printed.contains("each as it was written"), "{verified:?}");
    drop(server);
    let mut books = books.into_inner().expect("no panic");
    books.compare_all().await;
    eprintln!("{cycles} kills, {} reports acknowledged, none lost; {printed}", books.acknowledged());
}

/// Lets the writers write, and kills the server in the middle of it.
async fn live_for(life: Duration, server: &mut Server, writers: &mut [Writer], books: &Mutex<Books>) {
    let (first, mut answered) = watch::channel(false);
    let (_running, never) = watch::channel(false);
    let door = server.door.clone();
    let writing = writers.iter_mut().map(|writer| writer.report_on(&door, books, &first, &never));
    let killing = async {
        let begun = answered.wait_for(|answered| *answered);
        tokio::time::timeout(Duration::from_secs(30), begun).await.expect("an answer").expect("a writer");
        tokio::time::sleep(life).await;
        server.kill();
    };
    futures_util::future::join(futures_util::future::join_all(writing), killing).await;
}

/// Looks into the database; nobody writes to the books meanwhile.
async fn look(books: &Mutex<Books>) {
    let mut taken = std::mem::take(&mut *books.lock().expect("no panic"));
    taken.compare().await;
    *books.lock().expect("no panic") = taken;
}
