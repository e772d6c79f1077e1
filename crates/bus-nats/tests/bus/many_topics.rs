//! More topics of one bucket than are asked for one by one.

use std::collections::BTreeSet;

use rim_bus_nats::NatsBus;
use rim_core::GroupId;
use rim_core::bus::{Bus, Heard, Hearing, Subject};
use rim_core::event::Topic;
use rim_testbed::nats;

use crate::{connect, options};

/// The topics of one bucket.
fn topic(number: u64) -> Topic {
    Topic::Group(GroupId(5 + 256 * number))
}

/// Which of the first hundred topics are heard, of what is published until it has come and gone twice.
async fn heard(publisher: &NatsBus, hearing: &mut Hearing) -> BTreeSet<Topic> {
    let mut heard = BTreeSet::new();
    for _ in 0..2 {
        (0..100).for_each(|number| publisher.publish(Subject::Topic(topic(number)), b"news".into()));
        publisher.publish(Subject::Everybody, b"marker".into());
        loop {
            match hearing.recv().await.expect("the bus is open") {
                Heard::Hint { subject: Subject::Topic(topic), .. } => heard.insert(topic),
                Heard::Hint { subject: Subject::Everybody, .. } => break,
                Heard::Missed => panic!("there is room"),
            };
        }
    }
    heard
}

async fn until_heard(publisher: &NatsBus, hearing: &mut Hearing, expected: impl Iterator<Item = u64>) {
    let expected: BTreeSet<_> = expected.map(topic).collect();
    while heard(publisher, hearing).await != expected {}
}

#[tokio::test]
async fn many_topics_of_a_bucket_come_and_go() {
    let nats = nats();
    let (publisher, _publisher_hears) = connect(options(nats.url(), nats.prefix())).await;
    let (listener, mut hearing) = connect(options(nats.url(), nats.prefix())).await;
    // One by one, then as a whole, and back.
    for upto in [10, 90, 70, 40, 10, 100, 0] {
        (0..upto).for_each(|number| listener.subscribe(topic(number)));
        (upto..100).for_each(|number| listener.unsubscribe(topic(number)));
        until_heard(&publisher, &mut hearing, 0..upto).await;
    }
}

#[tokio::test]
async fn nothing_is_lost_while_topics_are_asked_for_in_another_way() {
    let nats = nats();
    let (publisher, _publisher_hears) = connect(options(nats.url(), nats.prefix())).await;
    let (listener, mut hearing) = connect(options(nats.url(), nats.prefix())).await;
    (0..10).for_each(|number| listener.subscribe(topic(number)));
    until_heard(&publisher, &mut hearing, 0..10).await;
    for round in 0..20 {
        let others = 10..100;
        match round % 2 {
            0 => others.for_each(|number| listener.subscribe(topic(number))),
            _ => others.for_each(|number| listener.unsubscribe(topic(number))),
        }
        let heard = heard(&publisher, &mut hearing).await;
        assert!((0..10).all(|number| heard.contains(&topic(number))), "{heard:?}");
    }
}
