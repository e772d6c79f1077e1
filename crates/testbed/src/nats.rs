//! NATS for tests.

use std::net::SocketAddr;

use crate::server::Server;
use crate::services::Shared;

static SERVER: Shared = Shared::new("nats");

/// The shared server, and subjects on it that are nobody else's.
pub struct Nats {
    prefix: String,
}

/// A part of the shared server for one test.
pub fn nats() -> Nats {
    Nats { prefix: format!("test_{:016x}", fastrand::u64(..)) }
}

impl Nats {
    /// A server of one's own, with further arguments for its command line.
    pub fn private(arguments: &[&str]) -> Server {
        Server::start_new("nats", arguments)
    }

    /// What the subjects of this test begin with, without a dot.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Where the server is.
    pub fn url(&self) -> String {
        SERVER.reach().url.clone()
    }

    /// The same by way of another address, such as a [`Proxy`](crate::Proxy)'s.
    pub fn url_by(&self, address: SocketAddr) -> String {
        SERVER.reach().url_by(address)
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        SERVER.reach().address()
    }
}
