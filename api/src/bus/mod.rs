//! The bus: a doorbell. It says that a district's stream has moved; what happened is read from the database.
//!
//! A ring that is lost costs time, never an event: nodes look at the heads by themselves each second.
//!
//! Invariant: ringing cannot fail and does not wait.

use domain::event::EventNumber;
use domain::ids::DistrictId;
use tokio::sync::broadcast;

/// Rings that may wait for a listener that is behind; it then looks at every head instead.
const WAITING_RINGS: usize = 1024;

/// How nodes tell each other that something happened.
#[derive(Clone, Debug)]
pub enum Bus {
    /// Within this process.
    Local(broadcast::Sender<Ring>),
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
pub struct Listener(broadcast::Receiver<Ring>);

impl Bus {
    /// A bus within this process.
    pub fn local() -> Self {
        Self::Local(broadcast::Sender::new(WAITING_RINGS))
    }

    /// Says that a district's stream has come to a number.
    pub fn ring(&self, district: DistrictId, head: EventNumber) {
        match self {
            // An error only says that nobody listens.
            Self::Local(sender) => drop(sender.send(Ring { district, head })),
        }
    }

    /// Listens from now on.
    pub fn listen(&self) -> Listener {
        match self {
            Self::Local(sender) => Listener(sender.subscribe()),
        }
    }
}

impl Listener {
    /// Waits for the next ring.
    pub async fn next(&mut self) -> Heard {
        match self.0.recv().await {
            Ok(ring) => Heard::Ring(ring),
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
