//! The bus: a doorbell. It says that a district's stream has moved; what happened is read from the database.
//!
//! Within a process a ring is heard at once. Where several servers share a Redis ([`remote`]), each hears the others' too.
//! A ring that is lost costs time, never an event: nodes look at the heads by themselves each second.
//!
//! Invariant: ringing cannot fail and does not wait.

mod remote;

use domain::event::EventNumber;
use domain::ids::DistrictId;
use tokio::sync::broadcast;

use crate::config::RedisSettings;

pub use remote::{BadRedis, RedisBus};

/// Rings that may wait for a listener that is behind; it then looks at every head instead.
const WAITING_RINGS: usize = 1024;

/// How nodes tell each other that something happened.
#[derive(Clone, Debug)]
pub enum Bus {
    /// Within this process.
    Local(broadcast::Sender<Heard>),
    /// Within this process, and between all that share a Redis.
    Redis(RedisBus),
}

/// That a district's stream has come to a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ring {
    /// Whose stream.
    pub district: DistrictId,
    /// How far it is.
    pub head: EventNumber,
}

/// What a listener heard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Heard {
    /// One stream moved.
    Ring(Ring),
    /// Rings were missed: any stream may have moved.
    Missed,
    /// Nobody can ring any more.
    Closed,
}

/// Hears the rings that come after it was made.
#[derive(Debug)]
pub struct Listener(broadcast::Receiver<Heard>);

/// How the doorbell between servers does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BusReport {
    /// Whether rings of other servers are heard now.
    pub is_heard: bool,
    /// Rings of this server that the others were told.
    pub sent: u64,
    /// Tries to tell them that failed; what they were to tell waits for the next.
    pub failed: u64,
    /// Rings of other servers.
    pub heard: u64,
    /// Messages that are no rings.
    pub strange: u64,
}

impl Bus {
    /// A bus within this process.
    pub fn local() -> Self {
        Self::Local(broadcast::Sender::new(WAITING_RINGS))
    }

    /// A bus between all that share a Redis, whether it is there by now or not.
    ///
    /// # Errors
    /// [`BadRedis`] where its URL cannot be read.
    pub fn redis(settings: &RedisSettings) -> Result<Self, BadRedis> {
        RedisBus::start(settings, broadcast::Sender::new(WAITING_RINGS)).map(Self::Redis)
    }

    /// Says that a district's stream has come to a number.
    pub fn ring(&self, district: DistrictId, head: EventNumber) {
        let ring = Ring { district, head };
        match self {
            // An error only says that nobody listens.
            Self::Local(sender) => drop(sender.send(Heard::Ring(ring))),
            Self::Redis(bus) => bus.ring(ring),
        }
    }

    /// Listens from now on.
    pub fn listen(&self) -> Listener {
        match self {
            Self::Local(sender) => Listener(sender.subscribe()),
            Self::Redis(bus) => Listener(bus.listen()),
        }
    }

    /// How the doorbell between servers does; `None` where there is only this one.
    pub fn report(&self) -> Option<BusReport> {
        match self {
            Self::Local(_) => None,
            Self::Redis(bus) => Some(bus.report()),
        }
    }
}

impl Listener {
    /// Waits for the next ring.
    pub async fn next(&mut self) -> Heard {
        match self.0.recv().await {
            Ok(heard) => heard,
            Err(broadcast::error::RecvError::Lagged(_)) => Heard::Missed,
            Err(broadcast::error::RecvError::Closed) => Heard::Closed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(head: i64) -> Ring {
        Ring { district: DistrictId(uuid::Uuid::nil()), head: EventNumber(head) }
    }

    #[tokio::test]
    async fn every_listener_hears_a_ring_and_ringing_without_listeners_is_harmless() {
        let bus = Bus::local();
        bus.ring(ring(1).district, ring(1).head);
        let (mut first, mut second) = (bus.listen(), bus.clone().listen());
        bus.ring(ring(2).district, ring(2).head);
        assert_eq!(first.next().await, Heard::Ring(ring(2)));
        assert_eq!(second.next().await, Heard::Ring(ring(2)));
    }

    #[tokio::test]
    async fn a_listener_that_is_too_far_behind_is_told_so() {
        let bus = Bus::local();
        let mut listener = bus.listen();
        for head in 0..=(WAITING_RINGS as i64 + 5) {
            bus.ring(ring(head).district, ring(head).head);
        }
        assert_eq!(listener.next().await, Heard::Missed);
        assert!(matches!(listener.next().await, Heard::Ring(_)));
    }
}
