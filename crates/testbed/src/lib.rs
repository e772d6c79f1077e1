//! Real servers for tests, and a network that fails when told to.
//!
//! - [`postgres()`] is a database that is empty and nobody else's, on a server that all tests of a run share;
//!   [`nats()`] likewise. Both cost some milliseconds.
//! - [`Postgres::private`] and [`Nats::private`] are servers for one test, which stops and kills them. They cost
//!   about a second.
//! - `S3` (feature `s3`) is an S3 server of one test, in its process.
//! - [`Proxy`] stands between a client and a server.
//!
//! `scripts/services.py` finds or fetches the servers, starts the shared ones when the first test asks for them,
//! and ends them when none has used them for a while; `python3 scripts/services.py status` tells where they are.
//! Nothing here needs a runtime but the proxy: what waits for a server blocks its thread, for as long as it takes.
//! What fails, panics.

mod nats;
mod postgres;
mod proxy;
#[cfg(feature = "s3")]
mod s3;
mod server;
mod services;

pub use nats::{Nats, nats};
pub use postgres::{Postgres, postgres};
pub use proxy::{Fault, Proxy};
#[cfg(feature = "s3")]
pub use s3::S3;
pub use server::Server;
