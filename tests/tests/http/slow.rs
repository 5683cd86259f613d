//! Who is slow is let go: half a head, half a body, nothing at all; and others are served meanwhile.
//!
//! All over bare sockets, since no client can be told to behave like this.

use std::time::{Duration, Instant};

use api::config::Overrides;
use api::http::{BodyPace, Patience};
use domain::viewer::Role;
use serde_json::json;
use tests::app::TestApp;
use tests::world::token_of;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Deadlines that a test can wait for.
fn hasty() -> Patience {
    let pace = BodyPace { grace: Duration::from_millis(400), bytes_per_s: 10_000 };
    Patience {
        // A head that was sent at once may wait for this long on a machine with other work.
        head: Duration::from_secs(2),
        idle: Duration::from_millis(400),
        body: pace,
        import_body: pace,
        ..Patience::default()
    }
}

/// Far more than any of the deadlines above, and far less than for ever.
const LATE: Duration = Duration::from_secs(20);

async fn connected(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.address()).await.expect("a connection")
}

/// Sends a byte now and then until the server has closed the connection; answers what it said before.
async fn dribble(mut stream: TcpStream, byte: &[u8]) -> String {
    let (mut heard, mut buffer, start) = (Vec::new(), [0; 4096], Instant::now());
    while start.elapsed() < LATE {
        let read = tokio::time::timeout(Duration::from_millis(50), stream.read(&mut buffer)).await;
        match read {
            Ok(Ok(0) | Err(_)) => return String::from_utf8_lossy(&heard).into_owned(),
            Ok(Ok(count)) => heard.extend_from_slice(&buffer[..count]),
            // It may be closed by now; then reading says so.
            Err(_) => drop(stream.write_all(byte).await),
        }
    }
    panic!("still open after {LATE:?}; it said {:?}", String::from_utf8_lossy(&heard));
}

/// One whole answer, of a request that keeps the connection.
async fn answered(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.expect("sent");
    let (mut heard, mut buffer) = (Vec::new(), [0; 4096]);
    while !String::from_utf8_lossy(&heard).ends_with("ok\n") {
        let read = tokio::time::timeout(LATE, stream.read(&mut buffer)).await.expect("an answer in time");
        let count = read.expect("an answer");
        assert_ne!(count, 0, "closed after {:?}", String::from_utf8_lossy(&heard));
        heard.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8_lossy(&heard).into_owned()
}

const HEALTH: &str = "GET /health HTTP/1.1\r\nhost: grid\r\n\r\n";

#[tokio::test]
async fn a_head_that_does_not_end_is_let_go_on_a_new_connection_and_on_one_that_was_used() {
    let app = TestApp::start_with_patience(Overrides::default(), hasty()).await;
    let mut first = connected(&app).await;
    first.write_all(b"GET /health HTTP/1.1\r\nhost: grid\r\nx-slow: ").await.expect("sent");
    let mut used = connected(&app).await;
    assert!(answered(&mut used, HEALTH).await.starts_with("HTTP/1.1 200 OK"));
    used.write_all(b"GET /health HTTP/1.1\r\nhost: grid\r\nx-slow: ").await.expect("sent");
    let public = app.public();
    let (first, used, other) = tokio::join!(dribble(first, b"a"), dribble(used, b"a"), public.get("/health"));
    assert!(first.starts_with("HTTP/1.1 408"), "{first}");
    assert_eq!(used, "", "nothing was asked, so nothing is answered");
    assert_eq!(other.status(), 200);
    let figures = app.public().get("/metrics").await.text().await.expect("a body");
    assert!(figures.contains("quiet_connections_ended_total 1"), "{figures}");
}

#[tokio::test]
async fn a_connection_on_which_nothing_is_asked_is_closed() {
    // What is asked on one that is kept may wait for this long on a machine with other work.
    let patience = Patience { idle: Duration::from_secs(2), ..hasty() };
    let app = TestApp::start_with_patience(Overrides::default(), patience).await;
    let silent = connected(&app).await;
    let mut used = connected(&app).await;
    answered(&mut used, HEALTH).await;
    tokio::join!(dribble(silent, b""), dribble(used, b""));
    // Within its time it is kept.
    let mut kept = connected(&app).await;
    for _ in 0..5 {
        answered(&mut kept, HEALTH).await;
    }
}

/// A POST whose body is announced and not sent.
fn half_a_post(path: &str, content_type: &str, length: &str) -> String {
    let token = token_of(Role::Admin);
    format!(
        "POST {path} HTTP/1.1\r\nhost: grid\r\nauthorization: Bearer {token}\r\ncontent-type: {content_type}\r\n{length}\r\n\r\n"
    )
}

#[tokio::test]
async fn a_body_that_comes_too_slowly_is_refused_and_its_connection_closed() {
    let app = TestApp::start_with_patience(Overrides::default(), hasty()).await;
    for length in ["content-length: 100000", "transfer-encoding: chunked"] {
        for (path, content_type) in [
            ("/graphql", "application/json"),
            ("/graphql/sse", "application/json"),
            ("/d/410184/import/households?dryRun=true", "application/geo+json"),
        ] {
            let mut stream = connected(&app).await;
            stream.write_all(half_a_post(path, content_type, length).as_bytes()).await.expect("sent");
            let byte: &[u8] = if length.starts_with('t') { b"1\r\n \r\n" } else { b" " };
            let said = dribble(stream, byte).await;
            assert!(said.starts_with("HTTP/1.1 408"), "{path} {length}: {said}");
            assert!(said.contains("BODY_TOO_SLOW"), "{path} {length}: {said}");
        }
    }
    let answer = app.staff(Role::Admin).ask("{ viewer { role } }", json!({})).await;
    assert_eq!(answer["viewer"]["role"], "ADMIN", "others are served");
}

#[tokio::test]
async fn a_body_that_nobody_reads_keeps_no_connection() {
    let app = TestApp::start_with_patience(Overrides::default(), hasty()).await;
    for length in ["content-length: 100000", "transfer-encoding: chunked"] {
        let mut stream = connected(&app).await;
        let post = half_a_post("/nothing/here", "application/json", length);
        stream.write_all(post.as_bytes()).await.expect("sent");
        let byte: &[u8] = if length.starts_with('t') { b"1\r\n \r\n" } else { b" " };
        let said = dribble(stream, byte).await;
        assert!(said.starts_with("HTTP/1.1 404"), "{length}: {said}");
    }
}

#[tokio::test]
async fn an_import_that_goes_on_is_borne_longer_than_one_that_stands_still() {
    let app = TestApp::start_with_patience(Overrides::default(), hasty()).await;
    let rows: String = (0..2_000).map(|at| format!("h-{at},120.985,14.585\n")).collect();
    let body = format!("id,lon,lat\n{rows}");
    let path = "/d/410184/import/households?dryRun=true&datum=wgs84";
    let head = half_a_post(path, "text/csv", &format!("connection: close\r\ncontent-length: {}", body.len()));
    let mut stream = connected(&app).await;
    let start = Instant::now();
    stream.write_all(head.as_bytes()).await.expect("sent");
    for piece in body.as_bytes().chunks(4_000) {
        stream.write_all(piece).await.expect("sent");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(start.elapsed() > hasty().import_body.grace * 2, "{:?}", start.elapsed());
    let mut said = String::new();
    tokio::time::timeout(LATE, stream.read_to_string(&mut said)).await.expect("in time").expect("an answer");
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
}
