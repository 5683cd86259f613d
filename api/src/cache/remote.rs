//! What servers keep for each other in Redis. A key says everything that the value follows from; a value carries a
//! signature over its key and itself, so that nothing is taken for what it is not.
//!
//! Reading waits for one short deadline at most ([`Remote::read`]); writing is done by a task of its own, and nobody waits.
//!
//! Invariant: what cannot be proven to have been written under this key by a server with this secret is not there.
//! Invariant: no failure leaves this module; each is a figure of [`RemoteReport`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use subtle::ConstantTimeEq;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::line::{Line, NoAnswer};
use crate::config::{RedisPatience, RedisSettings, ServerSecret};

/// A larger value takes longer to carry than most take to make, and holds up the others on the line.
const MAX_VALUE_BYTES: usize = 1 << 20;
/// Values that wait to be written; more are not kept.
const WAITING_WRITES: usize = 32;
/// What nobody reads for so long makes room, whatever the memory of Redis.
const LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);
const SIGNATURE_BYTES: usize = 16;

/// The URL of a Redis that its library cannot read.
#[derive(Debug, thiserror::Error)]
#[error("the Redis of redis_url cannot be used")]
pub struct BadRedis(#[from] redis::RedisError);

/// What is kept in Redis. Cheap to clone; its tasks end with the last clone.
#[derive(Clone, Debug)]
pub(super) struct Remote {
    inner: Arc<Inner>,
    writes: mpsc::Sender<Write>,
    _writer: Arc<Writer>,
}

#[derive(Debug)]
struct Inner {
    line: Line,
    patience: RedisPatience,
    secret: ServerSecret,
    /// Servers with another secret could not believe what is kept here, and keep their own.
    namespace: String,
    tallies: Tallies,
}

#[derive(Debug)]
struct Write {
    key: String,
    value: Bytes,
}

#[derive(Debug)]
struct Writer(AbortHandle);

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// How the cache in Redis does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RemoteReport {
    /// Whether it answers now.
    pub is_up: bool,
    /// Values that were there.
    pub hits: u64,
    /// Values that were not.
    pub misses: u64,
    /// What was there under the key of a value and was none.
    pub wrong: u64,
    /// Questions that were not answered in time, or refused.
    pub failed: u64,
    /// Questions that were not asked, since Redis was known not to answer.
    pub passed_over: u64,
    /// Values that were written.
    pub stored: u64,
    /// Values that Redis refused, such as for want of memory.
    pub refused: u64,
    /// Values that were not written, since Redis did not answer or too many waited.
    pub dropped: u64,
    /// Values that are too large to be kept there.
    pub too_large: u64,
}

#[derive(Debug, Default)]
struct Tallies {
    hits: AtomicU64,
    misses: AtomicU64,
    wrong: AtomicU64,
    failed: AtomicU64,
    passed_over: AtomicU64,
    stored: AtomicU64,
    refused: AtomicU64,
    dropped: AtomicU64,
    too_large: AtomicU64,
}

impl Remote {
    pub(super) fn open(settings: &RedisSettings, secret: &ServerSecret) -> Result<Self, BadRedis> {
        let who: String =
            secret.sign("whose cache", b"").iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        let inner = Arc::new(Inner {
            line: Line::open(settings)?,
            patience: settings.patience,
            secret: secret.clone(),
            namespace: format!("gridward:{who}:"),
            tallies: Tallies::default(),
        });
        let (writes, waiting) = mpsc::channel(WAITING_WRITES);
        let writer = tokio::spawn(write_one_by_one(Arc::clone(&inner), waiting)).abort_handle();
        Ok(Self { inner, writes, _writer: Arc::new(Writer(writer)) })
    }

    /// The value under a key; `None` where it is not there, cannot be believed, or does not come in time.
    pub(super) async fn read(&self, key: &str) -> Option<Bytes> {
        let Inner { line, patience, tallies, .. } = &*self.inner;
        let key = self.inner.key(key);
        let mut question = redis::cmd("GETRANGE");
        // One byte more than any value of ours has: a longer one is known for wrong without being read whole.
        question.arg(&key).arg(0).arg(SIGNATURE_BYTES + MAX_VALUE_BYTES);
        let (tally, value) = match line.ask::<Vec<u8>>(&question, patience.read).await {
            Ok(bytes) if bytes.is_empty() => (&tallies.misses, None),
            Ok(bytes) => match self.inner.believed(&key, bytes) {
                Some(value) => (&tallies.hits, Some(value)),
                None => (&tallies.wrong, None),
            },
            Err(NoAnswer::Refused(error)) if error.code() == Some("WRONGTYPE") => (&tallies.wrong, None),
            Err(NoAnswer::Refused(_)) => {
                line.hang_up();
                (&tallies.failed, None)
            }
            Err(NoAnswer::Failed) => (&tallies.failed, None),
            Err(NoAnswer::Down) => (&tallies.passed_over, None),
        };
        tally.fetch_add(1, Ordering::Relaxed);
        value
    }

    /// Has a value written under a key, in place of whatever is there.
    pub(super) fn write(&self, key: &str, value: Bytes) {
        let tallies = &self.inner.tallies;
        let unwritten = if value.len() > MAX_VALUE_BYTES {
            &tallies.too_large
        } else if self.writes.try_send(Write { key: self.inner.key(key), value }).is_err() {
            &tallies.dropped
        } else {
            return;
        };
        unwritten.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn report(&self) -> RemoteReport {
        let tallies = &self.inner.tallies;
        let read = |tally: &AtomicU64| tally.load(Ordering::Relaxed);
        RemoteReport {
            is_up: self.inner.line.is_up(),
            hits: read(&tallies.hits),
            misses: read(&tallies.misses),
            wrong: read(&tallies.wrong),
            failed: read(&tallies.failed),
            passed_over: read(&tallies.passed_over),
            stored: read(&tallies.stored),
            refused: read(&tallies.refused),
            dropped: read(&tallies.dropped),
            too_large: read(&tallies.too_large),
        }
    }
}

impl Inner {
    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.namespace)
    }

    fn signature(&self, key: &str, value: &[u8]) -> [u8; SIGNATURE_BYTES] {
        self.secret.sign(&format!("kept under {key}"), value)
    }

    /// The value in what was found under a key; `None` where it was not put there by one of us.
    fn believed(&self, key: &str, found: Vec<u8>) -> Option<Bytes> {
        if found.len() > SIGNATURE_BYTES + MAX_VALUE_BYTES {
            return None;
        }
        let found = Bytes::from(found);
        let (signature, value) = found.split_at_checked(SIGNATURE_BYTES)?;
        let is_ours = bool::from(self.signature(key, value).ct_eq(signature));
        is_ours.then(|| found.slice(SIGNATURE_BYTES..))
    }

    async fn store(&self, write: &Write) {
        let signature = self.signature(&write.key, &write.value);
        let mut question = redis::cmd("SET");
        question
            .arg(&write.key)
            .arg([&signature[..], &write.value].concat())
            .arg("EX")
            .arg(LIFETIME.as_secs());
        let tally = match self.line.ask::<redis::Value>(&question, self.patience.other).await {
            Ok(_) => &self.tallies.stored,
            Err(NoAnswer::Refused(_)) => &self.tallies.refused,
            Err(NoAnswer::Down | NoAnswer::Failed) => &self.tallies.dropped,
        };
        tally.fetch_add(1, Ordering::Relaxed);
    }
}

async fn write_one_by_one(inner: Arc<Inner>, mut waiting: mpsc::Receiver<Write>) {
    while let Some(write) = waiting.recv().await {
        inner.store(&write).await;
    }
}
