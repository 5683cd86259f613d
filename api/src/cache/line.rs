//! The line to Redis: a connection that is there or is not, and that no request waits for.
//!
//! A task of its own makes the connection and asks it for signs of life. A request takes what is there ([`Line::ask`]):
//! without a connection it goes on at once, and the first that gets no answer in time hangs up for all.
//!
//! Invariant: a Redis that stops answering holds up only the requests that wait for it at that moment, each once.
//! Invariant: what has not answered is left alone for a pause that grows while it goes on failing.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue, RedisError, RedisResult};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

use crate::config::{RedisPatience, RedisSettings};

/// How soon a connection that broke is made anew, and the longest that this grows to.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A connection that held for so long is forgiven its end.
const STEADY_AFTER: Duration = Duration::from_secs(10);

/// A line that a task keeps up; dropping it ends the task.
pub(super) struct Line {
    ends: Arc<Ends>,
    keeper: AbortHandle,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// There is no connection now.
    Down,
    /// There was none in time, or the connection broke.
    Failed,
    /// Redis answers, and refuses.
    Refused(RedisError),
}

struct Ends {
    client: Client,
    patience: RedisPatience,
    held: Mutex<Held>,
    broken: Notify,
}

#[derive(Default)]
struct Held {
    connection: Option<MultiplexedConnection>,
    /// Counts connections, so that a late failure of one does not end the next.
    serial: u64,
}

impl Line {
    pub(super) fn open(settings: &RedisSettings) -> RedisResult<Self> {
        let ends = Arc::new(Ends {
            client: Client::open(settings.url.expose())?,
            patience: settings.patience,
            held: Mutex::default(),
            broken: Notify::new(),
        });
        let keeper = tokio::spawn(keep(Arc::clone(&ends))).abort_handle();
        Ok(Self { ends, keeper })
    }

    /// Whether there is a connection.
    pub(super) fn is_up(&self) -> bool {
        self.ends.lock().connection.is_some()
    }

    /// Asks on the connection that is there, and waits no longer than that.
    pub(super) async fn ask<T: FromRedisValue>(
        &self,
        question: &Cmd,
        within: Duration,
    ) -> Result<T, NoAnswer> {
        self.ends.ask(question, within).await
    }

    /// Lets go of a Redis that answers, but does not serve.
    pub(super) fn hang_up(&self) {
        let serial = self.ends.lock().serial;
        self.ends.hang_up(serial);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl Ends {
    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask<T: FromRedisValue>(&self, question: &Cmd, within: Duration) -> Result<T, NoAnswer> {
        let (connection, serial) = {
            let held = self.lock();
            (held.connection.clone(), held.serial)
        };
        let Some(mut connection) = connection else { return Err(NoAnswer::Down) };
        match timeout(within, question.query_async(&mut connection)).await {
            Ok(Ok(answer)) => Ok(answer),
            // A code is in what the server itself says.
            Ok(Err(error)) if error.code().is_some() => Err(NoAnswer::Refused(error)),
            Ok(Err(_)) | Err(_) => {
                self.hang_up(serial);
                Err(NoAnswer::Failed)
            }
        }
    }

    fn hang_up(&self, serial: u64) {
        let mut held = self.lock();
        if held.serial == serial && held.connection.take().is_some() {
            self.broken.notify_one();
        }
    }

    async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        // Each question has a deadline of its own.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.patience.other))
            .set_response_timeout(None);
        let connecting = async {
            let mut connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
            // A system takes connections for a process that stands still.
            redis::cmd("PING").query_async::<redis::Value>(&mut connection).await?;
            Ok(connection)
        };
        let too_late = || Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into());
        timeout(self.patience.other, connecting).await.unwrap_or_else(|_| too_late())
    }

    /// Offers a connection until it breaks.
    async fn offer(&self, connection: MultiplexedConnection) {
        {
            let mut held = self.lock();
            held.serial += 1;
            held.connection = Some(connection);
        }
        let sign_of_life = redis::cmd("PING");
        loop {
            tokio::select! {
                () = self.broken.notified() => {}
                () = sleep(self.patience.beat) => {}
            }
            match self.ask::<redis::Value>(&sign_of_life, self.patience.other).await {
                Ok(_) => {}
                Err(_) => break,
            }
        }
        self.lock().connection = None;
    }
}

/// Makes one connection after the other.
async fn keep(ends: Arc<Ends>) {
    let mut pause = FIRST_PAUSE;
    let mut is_told = false;
    loop {
        match ends.connect().await {
            Ok(connection) => {
                info!("Redis answers: what it keeps is used");
                let since = Instant::now();
                ends.offer(connection).await;
                warn!("Redis does not answer: everything comes from the database until it does");
                is_told = true;
                if since.elapsed() >= STEADY_AFTER {
                    pause = FIRST_PAUSE;
                }
            }
            Err(error) if !is_told => {
                warn!(error = %error, "Redis does not answer, everything comes from the database until it does: {error}");
                is_told = true;
            }
            Err(_) => {}
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("is_up", &self.is_up()).finish_non_exhaustive()
    }
}
