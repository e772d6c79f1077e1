//! The claims about every bus, made of this one.

use rim_core::bus::suite::{Connected, Fixture};
use rim_testbed::{Nats, nats};

use crate::{connect, options};

/// Subjects of its own on the server of all tests.
struct Prefix(Nats);

#[async_trait::async_trait]
impl Fixture for Prefix {
    async fn join(&mut self, room: usize) -> Connected {
        let mut options = options(self.0.url(), self.0.prefix());
        options.room = room;
        let (bus, hearing) = connect(options).await;
        (bus, hearing)
    }
}

async fn prefix() -> Prefix {
    Prefix(nats())
}

rim_core::bus_suite!(prefix);
