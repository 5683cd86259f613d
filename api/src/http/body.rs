//! Bodies as they come in: under a cap, and no slower than they may be.
//!
//! Only the time counts in which the other side is waited for. Where this server is slow to take what came, nobody is late.

use std::time::Duration;

use actix_web::error::PayloadError;
use actix_web::web;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use tokio::time::{Instant, timeout};

use super::error::HttpError;

/// How slowly a body may come: for so long as slow as it likes, and for as long again as its bytes take at the least rate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BodyPace {
    /// What is borne whatever has come.
    pub grace: Duration,
    /// What each second beyond must bring.
    pub bytes_per_s: u32,
}

impl BodyPace {
    /// For how long a body may have been waited for that has brought so many bytes.
    fn allowance(self, byte_count: u64) -> Duration {
        let earned_ms = byte_count.saturating_mul(1_000) / u64::from(self.bytes_per_s.max(1));
        self.grace.saturating_add(Duration::from_millis(earned_ms))
    }
}

/// A body that is read piece by piece.
pub(super) struct Body {
    pieces: web::Payload,
    pace: BodyPace,
    waited: Duration,
    byte_count: u64,
}

/// Why a body is not read on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unread {
    /// It came too slowly.
    TooSlow,
    /// It broke off.
    Broken,
}

impl Body {
    pub(super) fn new(pieces: web::Payload, pace: BodyPace) -> Self {
        Self { pieces, pace, waited: Duration::ZERO, byte_count: 0 }
    }

    /// The next piece; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Result<Bytes, Unread>> {
        let asked = Instant::now();
        let left = self.pace.allowance(self.byte_count).saturating_sub(self.waited);
        let piece: Option<Result<Bytes, PayloadError>> = match timeout(left, self.pieces.next()).await {
            Ok(piece) => piece,
            Err(_) => return Some(Err(Unread::TooSlow)),
        };
        self.waited += asked.elapsed();
        let piece = piece?;
        self.byte_count += piece.as_ref().map_or(0, |piece| piece.len() as u64);
        Some(piece.map_err(|_| Unread::Broken))
    }

    /// All of it, where it is not larger than allowed.
    pub(super) async fn whole(mut self, allowed_bytes: usize) -> Result<BytesMut, HttpError> {
        let mut whole = BytesMut::new();
        while let Some(piece) = self.next().await {
            let piece = piece.map_err(HttpError::from)?;
            if whole.len() + piece.len() > allowed_bytes {
                return Err(HttpError::TooLarge { allowed_bytes });
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole)
    }
}

impl From<Unread> for HttpError {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::TooSlow => Self::BodyTooSlow,
            Unread::Broken => Self::BadRequest("the body ended before its time".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_earns_time_by_what_it_brings() {
        let pace = BodyPace { grace: Duration::from_secs(10), bytes_per_s: 4_096 };
        assert_eq!(pace.allowance(0), Duration::from_secs(10));
        assert_eq!(pace.allowance(4_096 * 5), Duration::from_secs(15));
        assert!(pace.allowance(u64::MAX) > Duration::from_secs(1 << 40));
    }
}
