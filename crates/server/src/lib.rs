//! rim's server: everything that touches a socket.
//!
//! [`run`] serves until its token is cancelled, so a test can have a whole server as a fixture; the
//! binary `rim` is a thin shell around it.

pub mod accounts;
pub mod address;
pub mod admin;
pub mod avatars;
pub mod cli;
pub mod clock;
pub mod cluster;
pub mod config;
pub mod consumers;
mod counters;
pub mod data;
#[cfg(test)]
mod documented;
pub mod files;
#[cfg(test)]
mod fixture;
pub mod gateway;
pub mod http;
pub mod intake;
mod jobs;
pub mod life;
pub mod limits;
pub mod links;
pub mod listen;
pub mod media;
mod memory;
pub mod metrics;
pub mod migrate;
pub mod open_files;
pub mod origin;
pub mod pace;
pub mod run;
pub mod search;
pub mod storage;
pub mod store;
pub mod stream;
pub mod time;
pub mod tls;
pub mod unsent;
pub mod vital;
mod why;
pub mod wire;

pub use config::Config;
pub use run::run;
