//! The front door: what comes in over HTTP and WebSocket, and what is refused there.

mod door;
mod events;
mod files;
mod formats;
mod limits;
mod pages;
mod replays;
mod socket;
mod tiles;
