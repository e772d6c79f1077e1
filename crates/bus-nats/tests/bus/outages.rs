//! The server goes, and comes back.

use rim_bus_nats::NatsBus;
use rim_core::GroupId;
use rim_core::bus::{Bus, Heard, Subject};
use rim_core::event::Topic;
use rim_testbed::{Fault, Nats, Proxy, nats};

use crate::{connect, hears, hint, options, until, until_ready};

const TOPIC: Topic = Topic::Group(GroupId(7));
const OTHER: Topic = Topic::Group(GroupId(8));

#[tokio::test]
async fn a_killed_server_is_told_as_missed_when_it_is_back() {
    let mut server = Nats::private(&[]);
    let (one, mut one_hears) = connect(options(server.url().to_owned(), "rim")).await;
    let (other, mut other_hears) = connect(options(server.url().to_owned(), "rim")).await;
    other.subscribe(TOPIC);
    server.kill();
    until_ready(&one, false).await;
    until_ready(&other, false).await;
    let why = one.ready().expect_err("it is away");
    assert!(why.contains("NATS"), "{why}");
    // What is subscribed to meanwhile is heard, too.
    other.subscribe(OTHER);
    one.publish(Subject::Topic(TOPIC), b"lost".into());
    assert_eq!(one.lost(), 1);
    server.start();
    hears(&mut one_hears, Heard::Missed).await;
    hears(&mut other_hears, Heard::Missed).await;
    for topic in [TOPIC, OTHER] {
        one.publish(Subject::Topic(topic), b"back".into());
        assert_eq!(other_hears.recv().await, Some(hint(Subject::Topic(topic), "back")));
    }
}

#[tokio::test]
async fn a_node_starts_before_its_server() {
    let mut server = Nats::private(&[]);
    server.stop();
    let options = options(server.url().to_owned(), "rim");
    let (bus, mut hearing) = NatsBus::connect(options.clone()).await.expect("it does not need the server");
    bus.subscribe(TOPIC);
    assert!(bus.ready().is_err());
    server.start();
    hears(&mut hearing, Heard::Missed).await;
    assert_eq!(bus.ready(), Ok(()));
    let (other, _other_hears) = connect(options).await;
    other.publish(Subject::Topic(TOPIC), b"early bird".into());
    assert_eq!(hearing.recv().await, Some(hint(Subject::Topic(TOPIC), "early bird")));
}

#[tokio::test]
async fn a_node_that_never_found_its_server_ends() {
    let mut server = Nats::private(&[]);
    server.stop();
    let options = options(server.url().to_owned(), "rim");
    let (bus, mut hearing) = NatsBus::connect(options).await.expect("it does not need the server");
    bus.subscribe(TOPIC);
    bus.publish(Subject::Everybody, b"lost".into());
    bus.close().await;
    assert_eq!(hearing.recv().await, None);
}

#[tokio::test]
async fn a_cut_connection_is_made_again() {
    let nats = nats();
    let proxy = Proxy::to(nats.address()).await;
    let (near, _near_hears) = connect(options(nats.url(), nats.prefix())).await;
    let (far, mut far_hears) = connect(options(nats.url_by(proxy.address()), nats.prefix())).await;
    far.subscribe(TOPIC);
    for _ in 0..3 {
        proxy.set(Fault::Reset).await;
        until_ready(&far, false).await;
        near.publish(Subject::Topic(TOPIC), b"unheard".into());
        proxy.set(Fault::Pass).await;
        assert_eq!(far_hears.recv().await, Some(Heard::Missed));
        near.publish(Subject::Topic(TOPIC), b"heard".into());
        assert_eq!(far_hears.recv().await, Some(hint(Subject::Topic(TOPIC), "heard")));
    }
}

#[tokio::test]
async fn a_server_that_is_silent_is_taken_for_gone() {
    let nats = nats();
    let proxy = Proxy::to(nats.address()).await;
    let (near, _near_hears) = connect(options(nats.url(), nats.prefix())).await;
    let (far, mut far_hears) = connect(options(nats.url_by(proxy.address()), nats.prefix())).await;
    far.subscribe(TOPIC);
    proxy.set(Fault::BlackHole).await;
    // More than the sockets on the way hold: nobody waits for it, and what has no room is lost.
    let large = vec![b'x'; far.max_payload()];
    until(|| {
        far.publish(Subject::Everybody, large.clone());
        far.lost() > 0
    })
    .await;
    until_ready(&far, false).await;
    proxy.set(Fault::Pass).await;
    hears(&mut far_hears, Heard::Missed).await;
    near.publish(Subject::Topic(TOPIC), b"heard".into());
    hears(&mut far_hears, hint(Subject::Topic(TOPIC), "heard")).await;
}

#[tokio::test]
async fn a_bus_ends_while_its_server_is_silent() {
    let nats = nats();
    let proxy = Proxy::to(nats.address()).await;
    let (bus, mut hearing) = connect(options(nats.url_by(proxy.address()), nats.prefix())).await;
    proxy.set(Fault::BlackHole).await;
    bus.publish(Subject::Everybody, b"lost".into());
    bus.close().await;
    assert_eq!(hearing.recv().await, None);
}
