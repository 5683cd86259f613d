//! The connections that are open, and the end of those whose other side keeps them open without asking anything.
//!
//! actix has a deadline for the head of the first request of a connection. Of the next ones, whoever sends a byte now and
//! then is waited for without end, and so is who sends a body on that nobody reads any more. So each connection is
//! looked at from outside: since when no request is under way on it.
//!
//! Invariant: a connection on which a request is under way is left alone; what holds that up has deadlines of its own.

use std::net::Shutdown;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use bytes::Bytes;
use socket2::{SockRef, Socket};
use tokio::net::TcpStream;

/// The connections of a server.
#[derive(Debug, Default)]
pub(super) struct Connections(Mutex<Vec<Weak<Connection>>>);

/// One of them.
#[derive(Debug)]
pub(super) struct Connection(Mutex<Inside>);

#[derive(Debug)]
struct Inside {
    /// Its socket, to end it by; `None` where that is others' business.
    socket: Option<Socket>,
    under_way: usize,
    quiet_since: Instant,
}

/// A request that is under way until its answer is written, or dropped.
#[derive(Debug)]
pub(super) struct UnderWay(Arc<Connection>);

impl Connections {
    /// Looks after a connection from now on; what is answered belongs to it and lives as long.
    pub(super) fn take_in(&self, stream: &TcpStream) -> Arc<Connection> {
        let socket = SockRef::from(stream).try_clone();
        if let Err(error) = &socket {
            tracing::warn!(error = %error, "A connection cannot be looked after");
        }
        let inside = Inside { socket: socket.ok(), under_way: 0, quiet_since: Instant::now() };
        let connection = Arc::new(Connection(Mutex::new(inside)));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&connection));
        connection
    }

    /// Ends those on which nothing was asked for so long; answers how many.
    pub(super) fn end_quiet(&self, patience: Duration) -> usize {
        let now = Instant::now();
        let mut ended = 0;
        let mut connections = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        connections.retain(|connection| {
            let Some(connection) = connection.upgrade() else { return false };
            let mut inside = connection.lock();
            if inside.under_way == 0
                && now.saturating_duration_since(inside.quiet_since) > patience
                && let Some(socket) = inside.socket.take()
            {
                // An error says that it has ended by itself.
                let _ = socket.shutdown(Shutdown::Both);
                ended += 1;
            }
            inside.socket.is_some()
        });
        ended
    }
}

impl Connection {
    /// Begins a request.
    pub(super) fn begin(self: &Arc<Self>) -> UnderWay {
        self.lock().under_way += 1;
        UnderWay(Arc::clone(self))
    }

    /// Leaves it to others from now on, which have their own deadlines: it has become a WebSocket or a stream of events.
    pub(super) fn let_go(&self) {
        self.lock().socket = None;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut inside = self.0.lock();
        inside.under_way -= 1;
        inside.quiet_since = Instant::now();
    }
}

/// An answer's body; as long as it is written, its request is under way.
pub(super) struct Written {
    body: BoxBody,
    _under_way: Option<UnderWay>,
}

impl Written {
    pub(super) fn new(body: impl MessageBody + 'static, under_way: Option<UnderWay>) -> Self {
        Self { body: body.boxed(), _under_way: under_way }
    }
}

impl MessageBody for Written {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
