//! How often one may ask: a count for each address, before anything else is done, and one for each user.
//!
//! A count is one time: when all that was asked would have been let in evenly. It takes a minute's worth at once, and
//! then as much as comes back. The crate `governor` counts the same way, but what it keeps grows with whoever calls.
//!
//! Invariant: what is kept is bounded. Where as many are counted as may be, those who come new share one count.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web;
use domain::ids::UserId;
use domain::viewer::Viewer;

use super::State;
use super::address::Address;
use super::error::HttpError;
use super::negotiate::{AnswerForm, answer_form};
use crate::config::Limits;

/// The time that a count is for; so much may also come at once.
const WINDOW: Duration = Duration::from_secs(60);
/// Who is no longer counted is looked for this often at most.
const FORGET_EVERY: Duration = Duration::from_secs(1);

/// The counts of a server.
#[derive(Debug)]
pub(super) struct Rates {
    addresses: Rate<Address>,
    users: Rate<UserId>,
}

/// How long one must wait until one more is let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Wait(Duration);

impl Wait {
    /// Whole seconds, as `Retry-After` has them, and never too few.
    pub(super) fn seconds(self) -> u64 {
        self.0.as_secs() + u64::from(self.0.subsec_nanos() > 0)
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.seconds())
    }
}

impl Rates {
    pub(super) fn new(limits: &Limits, now: Instant) -> Self {
        let counted = limits.callers_counted;
        Self {
            addresses: Rate::new(limits.requests_per_address, counted, now),
            users: Rate::new(limits.requests_per_user, counted, now),
        }
    }

    /// Counts a request or an operation of a user; the public is counted by its address.
    pub(super) fn count_user(&self, viewer: &Viewer) -> Result<(), Wait> {
        viewer.user().map_or(Ok(()), |user| self.users.count(user, Instant::now()))
    }

    /// Counts a request, or an operation that no request came with; this machine itself is not counted.
    pub(super) fn count_address(&self, address: Option<Address>) -> Result<(), Wait> {
        address.map_or(Ok(()), |address| self.addresses.count(address, Instant::now()))
    }
}

/// Refuses requests of an address that asks too often, before they cost anything.
pub(super) async fn check<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let Some(state) = request.app_data::<web::Data<State>>().cloned() else {
        return Ok(next.call(request).await?.map_into_left_body());
    };
    let address = Address::of(request.peer_addr(), request.headers(), &state.settings.trusted_proxies);
    let Err(wait) = state.count_address(address) else {
        return Ok(next.call(request).await?.map_into_left_body());
    };
    let error = HttpError::RateLimited(wait);
    let response = match request.path() {
        "/graphql" | "/graphql/sse" => {
            error.as_graphql(answer_form(request.headers()).unwrap_or(AnswerForm::GraphqlResponse))
        }
        _ => actix_web::ResponseError::error_response(&error),
    };
    Ok(request.into_response(response).map_into_right_body())
}

#[derive(Debug)]
struct Rate<K> {
    /// How long it takes until one more is let in.
    each: Duration,
    counted_at_most: usize,
    counts: Mutex<Counts<K>>,
}

#[derive(Debug)]
struct Counts<K> {
    /// When all that each has asked would have been let in evenly; who has asked nothing of late need not be kept.
    even_at: HashMap<K, Instant>,
    /// The same for all others together.
    others_even_at: Instant,
    forgot_at: Instant,
}

impl<K: Copy + Eq + Hash> Rate<K> {
    fn new(allowed: u64, counted_at_most: usize, now: Instant) -> Self {
        let each = Duration::from_nanos((WINDOW.as_nanos() as u64 / allowed.max(1)).max(1));
        let counts = Counts { even_at: HashMap::new(), others_even_at: now, forgot_at: now };
        Self { each, counted_at_most, counts: Mutex::new(counts) }
    }

    fn count(&self, key: K, now: Instant) -> Result<(), Wait> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let known = counts.even_at.contains_key(&key);
        if !known && counts.even_at.len() >= self.counted_at_most && now >= counts.forgot_at + FORGET_EVERY {
            counts.even_at.retain(|_, even_at| *even_at > now);
            counts.forgot_at = now;
        }
        let alone = known || counts.even_at.len() < self.counted_at_most;
        let before =
            if alone { counts.even_at.get(&key).copied().unwrap_or(now) } else { counts.others_even_at };
        let even_at = before.max(now) + self.each;
        let ahead = even_at - now;
        if ahead > WINDOW.max(self.each) {
            return Err(Wait(ahead - WINDOW));
        }
        if alone {
            counts.even_at.insert(key, even_at);
        } else {
            counts.others_even_at = even_at;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minutes_worth_may_come_at_once_and_then_as_much_as_comes_back() {
        let start = Instant::now();
        let rate = Rate::new(60, 10, start);
        for _ in 0..60 {
            assert_eq!(rate.count(1, start), Ok(()));
        }
        assert_eq!(rate.count(1, start), Err(Wait(Duration::from_secs(1))));
        assert_eq!(rate.count(2, start), Ok(()), "another is not held to it");
        let later = start + Duration::from_secs(3);
        for _ in 0..3 {
            assert_eq!(rate.count(1, later), Ok(()));
        }
        assert_eq!(rate.count(1, later), Err(Wait(Duration::from_secs(1))));
        assert_eq!(rate.count(1, later + WINDOW * 9), Ok(()));
        assert_eq!(Rate::new(1, 10, start).count(1, start), Ok(()), "one a minute is one a minute");
    }

    #[test]
    fn no_more_are_kept_than_may_be_and_who_comes_then_shares_a_count() {
        let start = Instant::now();
        let rate = Rate::new(60, 100, start);
        let mut let_in = 0;
        for number in 0..10_000 {
            let_in += usize::from(rate.count(Address::from_number(number), start).is_ok());
        }
        assert_eq!(let_in, 100 + 60, "a hundred alone, and the others as one");
        assert_eq!(rate.counts.lock().expect("no panic").even_at.len(), 100);
        // Those who were counted are so still.
        assert_eq!(rate.count(Address::from_number(7), start), Ok(()));
        // Who has asked nothing for a while makes room.
        let later = start + Duration::from_secs(2) + FORGET_EVERY;
        assert_eq!(rate.count(Address::from_number(77_777), later), Ok(()));
        assert_eq!(rate.counts.lock().expect("no panic").even_at.len(), 1);
    }
}
