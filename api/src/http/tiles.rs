//! Vector tiles, and the TileJSON that says where they are.
//!
//! A tile of the grid or the base map never changes under its address, and may be kept for ever; a tile of incidents is
//! for one viewer at one moment, and may not be kept at all.

use actix_web::http::header::{CACHE_CONTROL, ETAG, HOST, IF_NONE_MATCH, VARY};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::State;
use super::error::HttpError;
use super::viewer::Caller;
use crate::config::TrustedProxies;
use crate::service::tiles::{MAX_ZOOM, TileLayer, TilePlace};

const TILE_TYPE: &str = "application/vnd.mapbox-vector-tile";

/// `GET /d/{district}/tiles/{layer}/{version}/{z}/{x}/{y}.mvt`.
pub(super) async fn tile(
    request: HttpRequest,
    path: web::Path<(String, String, String, u8, u32, u32)>,
    state: web::Data<State>,
) -> Result<HttpResponse, HttpError> {
    let (district, layer, version, z, x, y) = path.into_inner();
    let layer = TileLayer::parse(&layer).ok_or(HttpError::NotFound)?;
    let caller = Caller::of_request(&request, &state).await?.ok_or(HttpError::Unauthenticated)?;
    let place = TilePlace { z, x, y };
    let bytes = state.services.tile(&caller.viewer, &district, layer, &version, place).await?;
    if layer == TileLayer::Incidents {
        return Ok(match bytes.is_empty() {
            true => HttpResponse::NoContent().finish(),
            false => {
                HttpResponse::Ok().insert_header((VARY, "authorization")).content_type(TILE_TYPE).body(bytes)
            }
        });
    }
    let tag = format!("\"{}-{version}-{z}-{x}-{y}\"", layer.as_str());
    let known = request.headers().get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = match (known, bytes.is_empty()) {
        (true, _) => HttpResponse::NotModified(),
        (false, true) => HttpResponse::NoContent(),
        (false, false) => HttpResponse::Ok(),
    };
    response.insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"));
    Ok(if known || bytes.is_empty() {
        response.finish()
    } else {
        response.content_type(TILE_TYPE).body(bytes)
    })
}

/// `GET /d/{district}/tiles.json`: the grid as TileJSON 3.0, with the other layers beside it.
pub(super) async fn tile_json(
    request: HttpRequest,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<HttpResponse, HttpError> {
    let caller = Caller::of_request(&request, &state).await?.ok_or(HttpError::Unauthenticated)?;
    let district = state.services.district(&caller.viewer, &path).await?;
    let bounds = state.services.district_bounds(&caller.viewer, &district).await?;
    let map_version =
        format!("{}-{}", district.plan_version.map_or(0, |version| version.0), district.basemap_version);
    let origin = origin_asked(&request, &state.settings.trusted_proxies);
    let document = |layer: TileLayer| {
        let version = if layer == TileLayer::Incidents { "now" } else { &map_version };
        let template = format!(
            "{origin}/d/{}/tiles/{}/{version}/{{z}}/{{x}}/{{y}}.mvt",
            district.code.as_str(),
            layer.as_str()
        );
        let mut document = json!({
            "tilejson": "3.0.0",
            "name": format!("{} {}", district.code.as_str(), layer.as_str()),
            "version": "1.0.0",
            "scheme": "xyz",
            "tiles": [template],
            "minzoom": 0,
            "maxzoom": MAX_ZOOM,
            "vector_layers": vector_layers(layer),
        });
        if let Some(attribution) = &district.attribution {
            document["attribution"] = json!(attribution);
        }
        if let Some(bounds) = bounds {
            let (low, high) = (bounds.south_west(), bounds.north_east());
            document["bounds"] = json!([low.lon(), low.lat(), high.lon(), high.lat()]);
        }
        document
    };
    let mut answer = document(TileLayer::Grid);
    answer["layers"] =
        TileLayer::ALL.map(|layer| (layer.as_str().to_owned(), document(layer))).into_iter().collect();
    Ok(HttpResponse::Ok().content_type("application/json").body(answer.to_string()))
}

/// Scheme and host that a request was sent to: as a proxy of ours heard them, else as the request itself has them.
fn origin_asked(request: &HttpRequest, proxies: &TrustedProxies) -> String {
    if request.peer_addr().is_some_and(|peer| proxies.trusts(peer.ip())) {
        let heard = request.connection_info();
        return format!("{}://{}", heard.scheme(), heard.host());
    }
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| request.uri().authority().map(|authority| authority.as_str()));
    let scheme = if request.app_config().secure() { "https" } else { "http" };
    format!("{scheme}://{}", host.unwrap_or(request.app_config().host()))
}

/// The layers inside a tile and what each feature of them says; the same list as in `docs/tiles.md`.
fn vector_layers(layer: TileLayer) -> Value {
    let names = json!({
        "code": "String", "level": "String", "name": "String", "name_zh": "String", "name_en": "String",
    });
    let with = |name: &str, kind: &str| {
        let mut fields = names.clone();
        fields[name] = json!(kind);
        fields
    };
    match layer {
        TileLayer::Grid => json!([
            { "id": "cells", "fields": with("id", "String") },
            { "id": "borders", "fields": { "level": "String", "rank": "Number" } },
            { "id": "cell_labels", "fields": with("rank", "Number") },
        ]),
        TileLayer::Base => json!([
            { "id": "roads", "fields": { "class": "String", "name": "String" } },
            { "id": "buildings", "fields": { "kind": "String" } },
        ]),
        TileLayer::Incidents => json!([{
            "id": "incidents",
            "fields": { "id": "String", "category": "String", "stage": "String", "open": "Boolean", "overdue": "Boolean" },
        }]),
    }
}
