//! The gateway: WebSockets, from handshake to the last close frame.
//!
//! The way of a message through it:
//! [`connection`] reads bytes and cuts them into frames ([`ws`]) → `rim_protocol` parses a frame → one of
//! [`commands`] checks it and hands it to the store → after the commit [`dispatch`] answers the sender and
//! gives one encoded frame to the [`outbox`] of every connection the [`hub`] knows in that group → [`waking`]
//! has each connection write its outbox to the socket.

mod admission;
mod budget;
mod commands;
mod connection;
mod connections;
#[cfg(test)]
mod cost;
mod dispatch;
mod frames;
mod handshake;
mod heartbeat;
mod hub;
mod outbox;
mod parts;
mod peer;
mod presence;
mod socket;
mod storm;
mod typing;
mod waking;
mod wheel;
mod ws;

use std::sync::Arc;

use axum::Router;
use axum::routing::any;

pub use connections::Connections;
pub(crate) use dispatch::end_sessions;
pub use dispatch::{Teller, dispatch};
use handshake::upgrade;
pub use heartbeat::heartbeat;
pub use parts::{Follow, Gateway};
pub(crate) use presence::Elsewhere;
pub(crate) use waking::Wakes;

/// A WebSocket at this path, beside whatever else the port serves.
pub fn at(path: &str, gateway: Arc<Gateway>) -> Router {
    Router::new().route(path, any(upgrade)).with_state(gateway)
}

/// What the old port serves: a WebSocket at every path, and nothing else.
pub fn router(gateway: Arc<Gateway>) -> Router {
    Router::new().fallback(upgrade).with_state(gateway)
}
