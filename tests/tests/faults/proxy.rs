//! A proxy between the store and PostgreSQL that cuts a connection at its COMMIT.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::Chance;

/// Where a COMMIT is cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cut {
    /// It never reaches PostgreSQL: nothing was done.
    Before,
    /// It was done, and its answer never reaches the store.
    Answered,
    /// It was sent, and nobody waited for what became of it.
    Sent,
}

/// How many COMMITs were cut where.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) before: usize,
    pub(crate) answered: usize,
    pub(crate) sent: usize,
}

impl Tally {
    pub(crate) fn all(self) -> usize {
        self.before + self.answered + self.sent
    }
}

#[derive(Debug)]
struct State {
    chance: Chance,
    left: usize,
    tally: Tally,
}

/// A running proxy; the connections end with the runtime.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Proxy {
    /// Stands before a PostgreSQL; cuts nothing before [`Proxy::cut`].
    pub(crate) async fn before(port: u16, chance: Chance) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(Mutex::new(State { chance, left: 0, tally: Tally::default() }));
        let proxy = Self { address, state };
        let accepting = proxy.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // Where PostgreSQL is down, the client's connection ends as it would without a proxy.
                if let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await {
                    tokio::spawn(accepting.clone().carry(client, server));
                }
            }
        });
        proxy
    }

    /// Cuts so many of the next COMMITs: every other one, somewhere.
    pub(crate) fn cut(&self, count: usize) {
        self.state.lock().expect("no panic").left = count;
    }

    pub(crate) fn tally(&self) -> Tally {
        self.state.lock().expect("no panic").tally
    }

    pub(crate) fn is_done(&self) -> bool {
        self.state.lock().expect("no panic").left == 0
    }

    fn next(&self) -> Option<Cut> {
        let mut state = self.state.lock().expect("no panic");
        if state.left == 0 || state.chance.below(2) == 0 {
            return None;
        }
        state.left -= 1;
        let cut = [Cut::Before, Cut::Answered, Cut::Sent][state.chance.below(3) as usize];
        match cut {
            Cut::Before => state.tally.before += 1,
            Cut::Answered => state.tally.answered += 1,
            Cut::Sent => state.tally.sent += 1,
        }
        Some(cut)
    }

    /// Carries one connection until a side ends or a COMMIT is cut; then both ends are dropped.
    async fn carry(self, client: TcpStream, server: TcpStream) {
        for side in [&client, &server] {
            // What comes as several messages would else wait for an acknowledgement between them.
            side.set_nodelay(true).expect("a socket");
        }
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let last_answer = Arc::new(Notify::new());
        let silence = Arc::new(Mutex::new(false));
        let there = self.forward(from_client, to_server, Arc::clone(&silence), Arc::clone(&last_answer));
        let back = back(from_server, to_client, silence, last_answer);
        // Whichever ends first ends the other: the halves are dropped and the sockets with them.
        tokio::select! {
            () = there => {}
            () = back => {}
        }
    }

    async fn forward(
        &self,
        mut from: OwnedReadHalf,
        mut to: OwnedWriteHalf,
        silence: Arc<Mutex<bool>>,
        last_answer: Arc<Notify>,
    ) {
        let mut frames = Frames::new(true);
        while let Some(frame) = frames.next(&mut from).await {
            let cut = frame.is_commit().then(|| self.next()).flatten();
            if cut == Some(Cut::Before) {
                return;
            }
            if cut == Some(Cut::Answered) {
                *silence.lock().expect("no panic") = true;
            }
            if to.write_all(&frame.0).await.is_err() {
                return;
            }
            match cut {
                Some(Cut::Sent) => return,
                Some(Cut::Answered) => return last_answer.notified().await,
                _ => {}
            }
        }
    }
}

async fn back(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    silence: Arc<Mutex<bool>>,
    last_answer: Arc<Notify>,
) {
    let mut frames = Frames::new(false);
    while let Some(frame) = frames.next(&mut from).await {
        if *silence.lock().expect("no panic") {
            if frame.is_ready_for_query() {
                // PostgreSQL is done with the COMMIT; the other half ends the connection.
                last_answer.notify_one();
                return std::future::pending().await;
            }
            continue;
        }
        if to.write_all(&frame.0).await.is_err() {
            return;
        }
    }
}

/// A message of PostgreSQL's protocol: a letter, a length, and the rest; the first of a client has no letter.
struct Frame(Vec<u8>);

impl Frame {
    fn is_commit(&self) -> bool {
        self.0.first() == Some(&b'Q') && self.0.get(5..).is_some_and(|text| text.starts_with(b"COMMIT"))
    }

    fn is_ready_for_query(&self) -> bool {
        self.0.first() == Some(&b'Z')
    }
}

/// Cuts a stream of bytes into messages.
struct Frames {
    is_first_bare: bool,
}

impl Frames {
    fn new(is_first_bare: bool) -> Self {
        Self { is_first_bare }
    }

    /// `None` where the other side ended.
    async fn next(&mut self, from: &mut OwnedReadHalf) -> Option<Frame> {
        let letter = usize::from(!std::mem::take(&mut self.is_first_bare));
        let mut frame = vec![0; letter + 4];
        from.read_exact(&mut frame).await.ok()?;
        let length = u32::from_be_bytes(frame[letter..].try_into().ok()?) as usize;
        let end = letter + length.max(4);
        let begun = frame.len();
        frame.resize(end, 0);
        from.read_exact(&mut frame[begun..]).await.ok()?;
        Some(Frame(frame))
    }
}
