//! From a token to who asks: of the header `Authorization: Bearer TOKEN`, or of a socket's `connection_init`.

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use chrono::{DateTime, Utc};
use domain::viewer::Viewer;
use sha2::{Digest, Sha256};

use super::State;
use super::error::HttpError;
use crate::service::{ServiceError, Services};

/// Who asks, and until when they may.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) viewer: Viewer,
    /// `None` for the public.
    pub(super) expires_at: Option<DateTime<Utc>>,
}

impl Caller {
    pub(super) fn public() -> Self {
        Self { viewer: Viewer::public(), expires_at: None }
    }

    /// Who a token belongs to; `None` where it is not known or has expired. Only its hash is stored anywhere.
    pub(super) async fn of_token(token: &str, services: &Services) -> Result<Option<Self>, ServiceError> {
        let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        // Boxed: who asks without a token would have it in their request's future too.
        let found = Box::pin(services.viewer_by_token(&hash)).await?;
        Ok(found.map(|found| Self { viewer: found.viewer, expires_at: Some(found.expires_at) }))
    }

    /// Who a request is from: the public where it has no token; `None` where the one it has is not good. A user who asks
    /// too often is refused here.
    pub(super) async fn of_request(request: &HttpRequest, state: &State) -> Result<Option<Self>, HttpError> {
        let Some(header) = request.headers().get(AUTHORIZATION) else { return Ok(Some(Self::public())) };
        let token = header.to_str().ok().and_then(|text| {
            let (scheme, token) = text.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        match token {
            Some(token) => {
                let caller = Self::of_token(token, &state.services).await?;
                if let Some(caller) = &caller {
                    state.count_user(&caller.viewer)?;
                }
                Ok(caller)
            }
            None => Ok(None),
        }
    }
}
