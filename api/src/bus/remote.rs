//! The doorbell between servers: a channel of Redis.
//!
//! Two tasks of their own do the work: one tells the others what was rung here, one hears what they ring. Each makes its
//! connection anew when it breaks. Start at [`RedisBus::ring`].
//!
//! Invariant: a ring waits for nothing; what waits to be told is one number a district.
//! Invariant: whoever begins to hear, or hears again, looks at every head: what was rung before, nobody heard here.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::event::EventNumber;
use domain::ids::DistrictId;
use futures_util::StreamExt;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisResult};
use tokio::sync::{Notify, broadcast};
use tokio::task::AbortHandle;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tracing::{info, warn};

use super::{BusReport, Heard, Ring};
use crate::config::{RedisPatience, RedisSettings};

/// The channel; its last part changes with the form of the messages.
const CHANNEL: &str = "gridward:rings:1";
/// How soon a connection that broke is made anew, and the longest that this grows to.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The URL of a Redis that its library cannot read.
#[derive(Debug, thiserror::Error)]
#[error("the Redis of redis_url cannot be used")]
pub struct BadRedis(#[from] redis::RedisError);

/// A doorbell between servers. Cheap to clone; it stops when the last clone is gone.
#[derive(Clone)]
pub struct RedisBus {
    bell: Arc<Bell>,
    _tasks: Arc<Tasks>,
}

struct Bell {
    client: Client,
    patience: RedisPatience,
    /// Tells this server's own rings, which come back to it, from those of others.
    node: u64,
    heard_here: broadcast::Sender<Heard>,
    to_tell: Mutex<HashMap<DistrictId, EventNumber>>,
    rung: Notify,
    is_heard: AtomicBool,
    sent: AtomicU64,
    failed: AtomicU64,
    heard: AtomicU64,
    strange: AtomicU64,
}

struct Tasks([AbortHandle; 2]);

impl Drop for Tasks {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}

/// What a message says: who rang, and what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Message {
    node: u64,
    ring: Ring,
}

impl RedisBus {
    pub(super) fn start(
        settings: &RedisSettings,
        heard_here: broadcast::Sender<Heard>,
    ) -> Result<Self, BadRedis> {
        let bell = Arc::new(Bell {
            client: Client::open(settings.url.expose())?,
            patience: settings.patience,
            node: rand::random(),
            heard_here,
            to_tell: Mutex::default(),
            rung: Notify::new(),
            is_heard: AtomicBool::new(false),
            sent: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            heard: AtomicU64::new(0),
            strange: AtomicU64::new(0),
        });
        let telling = tokio::spawn(tell(Arc::clone(&bell))).abort_handle();
        let hearing = tokio::spawn(hear(Arc::clone(&bell))).abort_handle();
        Ok(Self { bell, _tasks: Arc::new(Tasks([telling, hearing])) })
    }

    /// Rings here at once, and has the other servers told.
    pub(super) fn ring(&self, ring: Ring) {
        // An error only says that nobody listens.
        drop(self.bell.heard_here.send(Heard::Ring(ring)));
        self.bell.have_told(ring);
        self.bell.rung.notify_one();
    }

    pub(super) fn listen(&self) -> broadcast::Receiver<Heard> {
        self.bell.heard_here.subscribe()
    }

    pub(super) fn report(&self) -> BusReport {
        let bell = &self.bell;
        BusReport {
            is_heard: bell.is_heard.load(Ordering::Relaxed),
            sent: bell.sent.load(Ordering::Relaxed),
            failed: bell.failed.load(Ordering::Relaxed),
            heard: bell.heard.load(Ordering::Relaxed),
            strange: bell.strange.load(Ordering::Relaxed),
        }
    }
}

impl Bell {
    /// Puts a ring among those to be told; of one district only the furthest counts.
    fn have_told(&self, ring: Ring) {
        let mut to_tell = self.to_tell.lock().unwrap_or_else(PoisonError::into_inner);
        let head = to_tell.entry(ring.district).or_insert(ring.head);
        *head = (*head).max(ring.head);
    }

    fn take_what_is_to_tell(&self) -> Vec<Ring> {
        let mut to_tell = self.to_tell.lock().unwrap_or_else(PoisonError::into_inner);
        to_tell.drain().map(|(district, head)| Ring { district, head }).collect()
    }

    async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.patience.other))
            .set_response_timeout(Some(self.patience.other));
        let connecting = self.client.get_multiplexed_async_connection_with_config(&config);
        timeout(self.patience.other, connecting).await.unwrap_or_else(|_| Err(too_late()))
    }

    async fn publish(&self, line: &mut Option<MultiplexedConnection>, rings: &[Ring]) -> RedisResult<()> {
        let connection = match line {
            Some(connection) => connection,
            None => line.insert(self.connect().await?),
        };
        let mut messages = redis::pipe();
        for ring in rings {
            let message = Message { node: self.node, ring: *ring };
            messages.cmd("PUBLISH").arg(CHANNEL).arg(message.to_string()).ignore();
        }
        let telling = messages.query_async(connection);
        timeout(self.patience.other, telling).await.unwrap_or_else(|_| Err(too_late()))
    }

    /// Hears until the connection breaks.
    async fn hear_on_one_connection(&self) -> RedisResult<()> {
        let patience = self.patience;
        let connecting = timeout(patience.other, self.client.get_async_pubsub()).await;
        let (mut sink, mut messages) = connecting.unwrap_or_else(|_| Err(too_late()))?.split();
        timeout(patience.other, sink.subscribe(CHANNEL)).await.unwrap_or_else(|_| Err(too_late()))?;
        drop(self.heard_here.send(Heard::Missed));
        if !self.is_heard.swap(true, Ordering::Relaxed) {
            info!("The rings of other servers are heard over Redis");
        }
        let mut beat = interval(patience.beat);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                message = messages.next() => match message {
                    Some(message) => self.take_in(message.get_payload_bytes()),
                    None => return Ok(()),
                },
                _ = beat.tick() => {
                    let sign = timeout(patience.other, sink.ping::<redis::Value>()).await;
                    sign.unwrap_or_else(|_| Err(too_late()))?;
                }
            }
        }
    }

    fn take_in(&self, payload: &[u8]) {
        match std::str::from_utf8(payload).ok().and_then(|text| text.parse::<Message>().ok()) {
            Some(message) if message.node == self.node => {}
            Some(message) => {
                self.heard.fetch_add(1, Ordering::Relaxed);
                drop(self.heard_here.send(Heard::Ring(message.ring)));
            }
            None => {
                self.strange.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// Tells the other servers what was rung here, as soon as Redis takes it.
async fn tell(bell: Arc<Bell>) {
    let mut line = None;
    let mut pause = FIRST_PAUSE;
    loop {
        bell.rung.notified().await;
        loop {
            let rings = bell.take_what_is_to_tell();
            if rings.is_empty() {
                break;
            }
            match bell.publish(&mut line, &rings).await {
                Ok(()) => {
                    bell.sent.fetch_add(rings.len() as u64, Ordering::Relaxed);
                    pause = FIRST_PAUSE;
                }
                Err(_) => {
                    // The other task says that Redis is away; both need it.
                    line = None;
                    bell.failed.fetch_add(1, Ordering::Relaxed);
                    rings.into_iter().for_each(|ring| bell.have_told(ring));
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }
}

/// Hears what other servers ring, on one connection after the other.
async fn hear(bell: Arc<Bell>) {
    let mut pause = FIRST_PAUSE;
    let mut is_told = false;
    loop {
        let ended = bell.hear_on_one_connection().await;
        if bell.is_heard.swap(false, Ordering::Relaxed) {
            pause = FIRST_PAUSE;
            is_told = false;
        }
        if !std::mem::replace(&mut is_told, true) {
            let error = ended.err().map_or_else(|| "it hung up".to_owned(), |error| error.to_string());
            warn!(error = %error, "The rings of other servers are not heard, their events come up to a second later: {error}");
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn too_late() -> redis::RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x} {} {}", self.node, self.ring.district, self.ring.head.0)
    }
}

impl FromStr for Message {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split(' ');
        let (Some(node), Some(district), Some(head), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(());
        };
        let node = u64::from_str_radix(node, 16).map_err(drop)?;
        let district = DistrictId(district.parse().map_err(drop)?);
        let head = EventNumber(head.parse().map_err(drop)?);
        Ok(Self { node, ring: Ring { district, head } })
    }
}

impl fmt::Debug for RedisBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisBus").field("report", &self.report()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_as_it_was_written_and_nothing_else_is_one() {
        let ring = Ring { district: DistrictId(uuid::Uuid::from_u128(7)), head: EventNumber(41) };
        let message = Message { node: 0xabc, ring };
        assert_eq!(message.to_string().parse(), Ok(message));
        for strange in ["", "1", "1 2 3", "abc 00000000-0000-0000-0000-000000000007 41 more", "ringing"] {
            assert_eq!(strange.parse::<Message>(), Err(()), "{strange:?}");
        }
    }

    #[tokio::test]
    async fn a_ring_is_heard_here_at_once_and_waits_once_a_district_where_no_redis_is() {
        let nowhere = RedisSettings {
            // Nothing listens on the port of the discard service.
            url: crate::config::Secret::new("redis://127.0.0.1:9"),
            patience: RedisPatience::default(),
        };
        let bus = super::super::Bus::redis(&nowhere).expect("a URL");
        let super::super::Bus::Redis(remote) = &bus else { panic!("it is over Redis") };
        let mut listener = bus.listen();
        let district = DistrictId(uuid::Uuid::from_u128(7));
        for head in 1..=1_000 {
            bus.ring(district, EventNumber(head));
        }
        assert_eq!(listener.next().await, Heard::Ring(Ring { district, head: EventNumber(1) }));
        assert!(remote.bell.to_tell.lock().expect("a lock").len() <= 1);
        assert!(!bus.report().expect("over Redis").is_heard);
    }
}
