//! The bus against real NATS servers.

use std::sync::Arc;
use std::time::Duration;

use rim_bus_nats::{NatsBus, Options};
use rim_core::bus::{Bus, Heard, Hearing, Subject};

mod connecting;
mod many_topics;
mod outages;
mod suite;

fn options(url: String, prefix: &str) -> Options {
    Options {
        urls: vec![url],
        node: "test".to_owned(),
        prefix: prefix.to_owned(),
        room: 10_000,
        credentials: None,
        root_certificates: None,
    }
}

/// A node that is connected.
async fn connect(options: Options) -> (Arc<NatsBus>, Hearing) {
    let (bus, mut hearing) = NatsBus::connect(options).await.expect("the options are well formed");
    assert_eq!(hearing.recv().await, Some(Heard::Missed), "it has connected");
    (bus, hearing)
}

fn hint(subject: Subject, text: &str) -> Heard {
    Heard::Hint { subject, payload: text.into() }
}

/// Waits for this, whatever comes before.
async fn hears(hearing: &mut Hearing, awaited: Heard) {
    while hearing.recv().await.expect("the bus is open") != awaited {}
}

/// Waits for the bus to work, or to notice that it does not.
async fn until_ready(bus: &NatsBus, ready: bool) {
    until(|| bus.ready().is_ok() == ready).await;
}

/// Waits for what nobody tells: looks again and again.
async fn until(mut so: impl FnMut() -> bool) {
    let mut looks = tokio::time::interval(Duration::from_millis(5));
    while !so() {
        looks.tick().await;
    }
}
