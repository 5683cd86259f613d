//! How many sockets and streams of events are open: in all, from each address, of each user.
//!
//! Invariant: what is kept is no more than what is open.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::ids::UserId;

use crate::config::Limits;
use crate::http::address::Address;

/// What is open.
#[derive(Debug, Default)]
pub(in crate::http) struct OpenSockets(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    by_address: HashMap<Address, usize>,
    by_user: HashMap<UserId, usize>,
}

/// A place among the open sockets; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    sockets: Arc<OpenSockets>,
    address: Option<Address>,
    user: Option<UserId>,
}

impl OpenSockets {
    pub(in crate::http) fn count(&self) -> usize {
        self.lock().all
    }

    /// A place for one more, where there is one; this machine itself, which has no address, may have them all.
    pub(super) fn enter(self: &Arc<Self>, address: Option<Address>, limits: &Limits) -> Option<Place> {
        let mut counts = self.lock();
        if counts.all >= limits.sockets || !rise(&mut counts.by_address, address, limits.sockets_per_address)
        {
            return None;
        }
        counts.all += 1;
        Some(Place { sockets: Arc::clone(self), address, user: None })
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Takes it for a user, once; whether they may have one more. The public is counted by its address.
    pub(super) fn claim(&mut self, user: Option<UserId>, allowed: usize) -> bool {
        let claimed = rise(&mut self.sockets.lock().by_user, user, allowed);
        if claimed {
            self.user = user;
        }
        claimed
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.sockets.lock();
        counts.all -= 1;
        fall(&mut counts.by_address, self.address);
        fall(&mut counts.by_user, self.user);
    }
}

fn rise<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: Option<K>, allowed: usize) -> bool {
    let Some(key) = key else { return true };
    let count = counts.get(&key).copied().unwrap_or(0);
    if count < allowed {
        counts.insert(key, count + 1);
    }
    count < allowed
}

fn fall<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: Option<K>) {
    let Some(key) = key else { return };
    match counts.get_mut(&key) {
        Some(count) if *count > 1 => *count -= 1,
        _ => drop(counts.remove(&key)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_all_by_address_and_by_user_and_given_back() {
        let sockets = Arc::new(OpenSockets::default());
        let limits = Limits { sockets: 4, sockets_per_address: 2, ..Limits::default() };
        let [here, there] = [1, 2].map(|number| Some(Address::from_number(number)));
        let first = sockets.enter(here, &limits).expect("a place");
        let _second = sockets.enter(here, &limits).expect("a place");
        assert!(sockets.enter(here, &limits).is_none(), "two of one address");
        let mut third = sockets.enter(there, &limits).expect("a place");
        let mut fourth = sockets.enter(None, &limits).expect("a place");
        assert!(sockets.enter(None, &limits).is_none(), "four in all");
        assert_eq!(sockets.count(), 4);
        drop(first);
        let mut fifth = sockets.enter(here, &limits).expect("what was given back");
        let user = Some(UserId(uuid::Uuid::from_u128(7)));
        assert!(third.claim(user, 2) && fourth.claim(user, 2));
        assert!(!fifth.claim(user, 2), "two of one user");
        drop(third);
        assert!(fifth.claim(user, 2));
        drop((fourth, fifth, _second));
        let counts = sockets.lock();
        assert!(counts.by_address.is_empty() && counts.by_user.is_empty() && counts.all == 0, "{counts:?}");
    }
}
