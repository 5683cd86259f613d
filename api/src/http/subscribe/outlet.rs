//! The end of a socket's way out: it says when the connection asks for more, so that what waits until then can still be
//! held back.

use std::cell::Cell;
use std::error::Error;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Whether the connection asks for more: it has written what it was given, or holds little of it.
#[derive(Debug)]
pub(super) struct Outlet {
    asks: Cell<bool>,
    /// When it asked last, or was last looked at.
    since: Cell<Instant>,
    asked: Notify,
}

/// The body of a socket's response, which tells an outlet when it is asked and has nothing.
pub(super) struct Watched {
    body: BoxBody,
    outlet: Rc<Outlet>,
}

impl Outlet {
    pub(super) fn new() -> Rc<Self> {
        Rc::new(Self { asks: Cell::new(false), since: Cell::new(Instant::now()), asked: Notify::new() })
    }

    /// Puts it at the end of a socket's response.
    pub(super) fn watch(self: &Rc<Self>, body: BoxBody) -> Watched {
        Watched { body, outlet: Rc::clone(self) }
    }

    /// Whether the connection asks for more.
    pub(super) fn asks(&self) -> bool {
        self.asks.get()
    }

    /// Waits until it does.
    pub(super) async fn asked(&self) {
        while !self.asks() {
            self.asked.notified().await;
        }
    }

    /// It was given something.
    pub(super) fn given(&self) {
        self.asks.set(false);
        self.look();
    }

    /// It was looked at, and is left some more time.
    pub(super) fn look(&self) {
        self.since.set(Instant::now());
    }

    /// When it is to be looked at, where it does not ask until then.
    pub(super) fn look_at(&self, patience: Duration) -> Instant {
        self.since.get() + patience
    }
}

impl MessageBody for Watched {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_next(context);
        match &polled {
            Poll::Pending => {
                this.outlet.asks.set(true);
                this.outlet.asked.notify_one();
            }
            Poll::Ready(_) => this.outlet.given(),
        }
        polled
    }
}
