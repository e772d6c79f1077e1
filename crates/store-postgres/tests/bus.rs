//! The claims about every bus, made of PostgreSQL's; and what happens when its connection breaks.

use std::sync::Arc;

use rim_core::GroupId;
use rim_core::NodeId;
use rim_core::bus::suite::{Connected, Fixture};
use rim_core::bus::{Bus, Heard, Hearing, Subject};
use rim_core::event::Topic;
use rim_store_postgres::{BusOptions, NotifyBus};
use rim_testbed::{Fault, Postgres, Proxy};

struct Database {
    postgres: Postgres,
    joined: u64,
}

#[async_trait::async_trait]
impl Fixture for Database {
    async fn join(&mut self, room: usize) -> Connected {
        self.joined += 1;
        join(self.postgres.url(), self.joined, room).await
    }
}

async fn join(url: String, node: u64, room: usize) -> (Arc<dyn Bus>, Hearing) {
    let options = BusOptions { url, store: 7, node: NodeId(node), room };
    let (bus, hearing) = NotifyBus::open(options).await.expect("connected");
    (Arc::new(bus), hearing)
}

async fn database() -> Database {
    Database { postgres: rim_testbed::postgres(), joined: 0 }
}

rim_core::bus_suite!(database);

const TOPIC: Topic = Topic::Group(GroupId(7));

/// Publishes until it is heard, and gives back what was heard before.
async fn heard_at_last(hearing: &mut Hearing, bus: &dyn Bus, text: &str) -> Vec<Heard> {
    let hint = Heard::Hint { subject: Subject::Topic(TOPIC), payload: text.into() };
    let mut before = Vec::new();
    loop {
        bus.publish(Subject::Topic(TOPIC), text.into());
        let pause = tokio::time::Duration::from_millis(20);
        match tokio::time::timeout(pause, hearing.recv()).await {
            Ok(heard) if heard.as_ref() == Some(&hint) => return before,
            Ok(heard) => before.push(heard.expect("the bus is open")),
            Err(_) => {}
        }
    }
}

#[tokio::test]
async fn a_lost_connection_is_made_again_and_told() {
    let postgres = rim_testbed::postgres();
    let proxy = Proxy::to(postgres.address()).await;
    let (bus, mut hearing) = join(postgres.url_by(proxy.address()), 1, 1000).await;
    let (other, mut other_hearing) = join(postgres.url(), 2, 1000).await;
    bus.subscribe(TOPIC);
    assert_eq!(heard_at_last(&mut hearing, &*other, "before").await, []);

    proxy.set(Fault::Reset).await;
    while bus.ready().is_ok() {
        tokio::task::yield_now().await;
    }
    bus.publish(Subject::Everybody, b"queued".to_vec());
    proxy.set(Fault::Pass).await;

    let before = heard_at_last(&mut hearing, &*other, "after").await;
    assert!(before.contains(&Heard::Missed), "{before:?}");
    assert_eq!(bus.ready(), Ok(()));
    let queued = Heard::Hint { subject: Subject::Everybody, payload: b"queued".to_vec() };
    assert_eq!(other_hearing.recv().await, Some(queued));
    for bus in [bus, other] {
        bus.close().await;
    }
}

#[tokio::test]
async fn stores_in_one_database_do_not_hear_each_other() {
    let postgres = rim_testbed::postgres();
    let (bus, mut hearing) = join(postgres.url(), 1, 1000).await;
    let options = BusOptions { url: postgres.url(), store: 8, node: NodeId(2), room: 1000 };
    let (stranger, _) = NotifyBus::open(options).await.expect("connected");
    let (other, _) = join(postgres.url(), 3, 1000).await;
    stranger.publish(Subject::Everybody, b"of another store".to_vec());
    stranger.close().await;
    other.publish(Subject::Everybody, b"of this one".to_vec());
    let own = Heard::Hint { subject: Subject::Everybody, payload: b"of this one".to_vec() };
    assert_eq!(hearing.recv().await, Some(own));
    bus.close().await;
    other.close().await;
}

#[tokio::test]
async fn a_bus_closes_while_the_database_is_away() {
    let postgres = rim_testbed::postgres();
    let proxy = Proxy::to(postgres.address()).await;
    let (bus, mut hearing) = join(postgres.url_by(proxy.address()), 1, 1000).await;
    proxy.set(Fault::Reset).await;
    bus.publish(Subject::Everybody, b"lost".to_vec());
    bus.close().await;
    while hearing.recv().await.is_some() {}
    assert!(bus.ready().is_err());
}
