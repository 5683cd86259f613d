//! The front door: what comes in over HTTP and WebSocket, and what is refused there.

mod documents;
mod door;
mod events;
mod files;
mod formats;
mod headers;
mod hostile;
mod limits;
mod load;
mod logs;
mod pages;
mod replays;
mod slow;
mod socket;
mod tiles;
