//! The headers that make answers safe, on every route there is, whatever it answers.

use std::collections::BTreeSet;

use api::config::Overrides;
use domain::viewer::Role;
use reqwest::header::HeaderMap;
use reqwest::{Method, Response};
use tests::app::TestApp;
use tests::data::pass_over;

/// Every route, with a method; those beside them are there to be refused.
const ROUTES: [(&str, &str); 24] = [
    ("GET", "/"),
    ("HEAD", "/"),
    ("GET", "/index.html"),
    ("GET", "/graphiql"),
    ("GET", "/nothing/here"),
    ("POST", "/nothing/here"),
    ("GET", "/health"),
    ("GET", "/ready"),
    ("GET", "/metrics"),
    ("GET", "/schema.graphql"),
    ("GET", "/graphql"),
    ("GET", "/graphql?query=%7Bviewer%7Brole%7D%7D"),
    ("POST", "/graphql"),
    ("PUT", "/graphql"),
    ("OPTIONS", "/graphql"),
    ("GET", "/graphql/ws"),
    ("GET", "/graphql/sse"),
    ("POST", "/graphql/sse"),
    ("GET", "/d/410184/tiles.json"),
    ("GET", "/d/410184/tiles/grid/1-0/0/0/0.mvt"),
    ("GET", "/d/410184/tiles/x/x/x/x/x.mvt"),
    ("POST", "/d/410184/import/households"),
    ("GET", "/d/410184/export/cells"),
    ("GET", "/d/410184/export/x"),
];

/// The headers and what each must say.
const EXPECTED: [(&str, &str); 7] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), payment=(), usb=()"),
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; connect-src 'self'; \
         font-src 'self'; img-src 'self' data: blob:; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
    ),
];

fn check(what: &str, headers: &HeaderMap) {
    for (name, expected) in EXPECTED {
        let values: Vec<_> = headers.get_all(name).iter().collect();
        assert_eq!(values, [expected], "{what}: {name}");
    }
    for name in ["x-request-id", "cache-control"] {
        assert_eq!(headers.get_all(name).iter().count(), 1, "{what}: {name}");
    }
    // Who is told by what and in which version it is made looks for what is known against it.
    for name in ["server", "x-powered-by", "via"] {
        assert!(!headers.contains_key(name), "{what}: {name}");
    }
}

#[tokio::test]
async fn every_answer_of_every_route_carries_the_headers_that_make_it_safe_and_none_that_tells_on_the_server()
{
    let app = TestApp::start().await;
    let admin = app.staff(Role::Admin);
    let mut statuses = BTreeSet::new();
    for (method, path) in ROUTES {
        let method: Method = method.parse().expect("a method");
        for client in [&admin, &app.public(), &app.with_token("guessed")] {
            let response = client.request(method.clone(), path).send().await.expect("an answer");
            let what = format!("{method} {path} {}", response.status());
            check(&what, response.headers());
            statuses.insert(response.status().as_u16());
        }
        let foreign = admin.request(method.clone(), path).header("origin", "https://evil.example");
        let response = foreign.send().await.expect("an answer");
        check(&format!("{method} {path} from elsewhere"), response.headers());
        assert!(!response.headers().contains_key("access-control-allow-origin"), "{method} {path}");
    }
    for status in [200, 400, 401, 403, 404, 405, 415] {
        assert!(statuses.contains(&status), "nothing answered {status}: {statuses:?}");
    }
}

/// The addresses of this server that a page names.
fn named_in(page: &str) -> BTreeSet<String> {
    let quoted = page.split(['"', '\'']).filter(|part| part.starts_with('/') && !part.starts_with("//"));
    quoted.map(str::to_owned).collect()
}

#[tokio::test]
async fn every_file_of_the_pages_is_served_as_what_it_is_and_no_page_names_another_host_or_holds_a_script() {
    let app = TestApp::start().await;
    for page in ["/", "/graphiql"] {
        let response = app.public().get(page).await;
        if response.status() == 404 || built_without_pages(&response) {
            assert!(std::env::var("GRIDWARD_REQUIRE_SUITES").is_err(), "the dashboard was not built");
            pass_over("the dashboard was not built into this server");
            continue;
        }
        let text = response.text().await.expect("a page");
        for (start, _) in text.match_indices("<script") {
            let tag = &text[start..];
            let (tag, inside) = tag.split_once('>').expect("an end of the tag");
            assert!(tag.contains("src=") && inside.starts_with("</script>"), "{page}: {tag}");
        }
        assert!(
            !text.contains("://") || text.contains("http://www.w3.org/"),
            "{page} names another host: {text}"
        );
        let files = named_in(&text);
        assert!(files.iter().any(|file| file.contains(".js")), "{page}: {files:?}");
        for file in files {
            let response = app.public().get(&file).await;
            check(&file, response.headers());
            assert_eq!(response.status(), 200, "{file}");
            let kind = response.headers()["content-type"].to_str().expect("text").to_owned();
            let expected = match file.rsplit('.').next() {
                Some("js") => "text/javascript",
                Some("css") => "text/css",
                Some("svg") => "image/svg",
                _ => "",
            };
            assert!(kind.starts_with(expected), "{file}: {kind}");
        }
    }
}

fn built_without_pages(response: &Response) -> bool {
    response.content_length().is_some_and(|bytes| bytes < 300)
}

#[tokio::test]
async fn a_listed_page_may_read_what_it_asks_and_others_are_told_nothing() {
    let origins = Some(vec!["https://map.example.org".to_owned()]);
    let app = TestApp::start_with(Overrides { origins, ..Overrides::default() }).await;
    let get = async |origin: &str| {
        let request = app.public().request(Method::GET, "/d/410184/tiles.json").header("origin", origin);
        request.send().await.expect("an answer")
    };
    let listed = get("https://map.example.org").await;
    assert_eq!(listed.status(), 200);
    let headers = listed.headers();
    assert_eq!(headers["access-control-allow-origin"], "https://map.example.org");
    assert_eq!(headers["access-control-expose-headers"], "retry-after, x-request-id");
    assert!(
        !headers.contains_key("access-control-allow-credentials"),
        "tokens go by a header, not by cookies"
    );
    let varied: Vec<_> = headers.get_all("vary").iter().map(|value| value.to_str().expect("text")).collect();
    assert!(varied.iter().any(|value| value.contains("origin")), "{varied:?}");
    for origin in
        ["https://other.example", "https://map.example.org.evil.example", "http://map.example.org", "null"]
    {
        let other = get(origin).await;
        assert_eq!(other.status(), 403, "{origin}");
        assert!(!other.headers().contains_key("access-control-allow-origin"), "{origin}");
        let body = other.text().await.expect("a body");
        assert!(body.contains("FOREIGN_ORIGIN") && !body.contains("tilejson"), "{origin}: {body}");
    }
}
