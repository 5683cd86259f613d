//! The dashboard's files, in the binary: the page at `/`, its scripts and styles, and the explorer at `/graphiql`.

use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse};
use rust_embed::RustEmbed;

use super::error::HttpError;

#[derive(RustEmbed)]
#[folder = "../dashboard/dist"]
#[allow_missing = true]
struct Files;

/// Vite puts a hash of the content into the names of the files in this folder.
const HASHED: &str = "assets/";

/// Any address that no other route has.
pub(super) async fn file(request: HttpRequest) -> Result<HttpResponse, HttpError> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(HttpError::NotFound);
    }
    let path = match request.path().trim_start_matches('/') {
        "" => "index.html",
        "graphiql" => "graphiql.html",
        path => path,
    };
    let Some(file) = Files::get(path) else {
        return if path == "index.html" { Ok(not_built()) } else { Err(HttpError::NotFound) };
    };
    let hash: String =
        file.metadata.sha256_hash().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{hash}\"");
    let caching = if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let known = request.headers().get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, caching));
    if known {
        return Ok(response.finish());
    }
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let kind = if kind.type_() == mime_guess::mime::TEXT {
        format!("{kind}; charset=utf-8")
    } else {
        kind.to_string()
    };
    Ok(response.content_type(kind).body(file.data.into_owned()))
}

/// A binary that was built without the dashboard says so instead of "not found".
fn not_built() -> HttpResponse {
    let page = "<!doctype html><html lang=\"en\"><title>Gridward</title><p>This server was built without its dashboard. \
                <code>make build</code> builds both. The API is at <code>/graphql</code>.</p></html>";
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page)
}
