//! What the topics of a node cost it in memory: resident bytes for each, at several numbers of them.
//!
//! `cargo run --package rim-bus-nats --example topic_cost`

use std::error::Error;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rim_bus_nats::{NatsBus, Options};
use rim_core::GroupId;
use rim_core::bus::{Bus, Heard, Hearing, Subject};
use rim_core::event::Topic;
use rim_testbed::{Nats, nats};

const NUMBERS: [u64; 5] = [1_000, 4_000, 16_000, 20_000, 100_000];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let nats = nats();
    let (publisher, _hearing) = connect(&nats).await?;
    println!("{:>8} {:>12} {:>8}", "topics", "B per topic", "s");
    for number in NUMBERS {
        let (listener, mut hearing) = connect(&nats).await?;
        let (before, start) = (resident_bytes()?, Instant::now());
        (0..number).for_each(|id| listener.subscribe(topic(id)));
        // The bucket of the last one is the last that is asked for.
        let last = number / 256 * 256 - 1;
        until_heard(&publisher, &mut hearing, topic(last)).await;
        let each = resident_bytes()?.saturating_sub(before) as f64 / number as f64;
        println!("{number:>8} {each:>12.0} {:>8.2}", start.elapsed().as_secs_f64());
        // Its memory stays, so that the next one takes new.
        std::mem::forget((listener, hearing));
    }
    Ok(())
}

fn topic(id: u64) -> Topic {
    Topic::Group(GroupId(id))
}

async fn connect(nats: &Nats) -> Result<(Arc<NatsBus>, Hearing), Box<dyn Error>> {
    let options = Options {
        urls: vec![nats.url()],
        node: "topic_cost".to_owned(),
        prefix: nats.prefix().to_owned(),
        room: 10_000,
        credentials: None,
        root_certificates: None,
    };
    let (bus, mut hearing) = NatsBus::connect(options).await?;
    hearing.recv().await;
    Ok((bus, hearing))
}

async fn until_heard(publisher: &NatsBus, hearing: &mut Hearing, topic: Topic) {
    let subject = Subject::Topic(topic);
    loop {
        publisher.publish(subject, Vec::new());
        let heard = tokio::time::timeout(Duration::from_millis(20), hearing.recv()).await;
        if heard == Ok(Some(Heard::Hint { subject, payload: Vec::new() })) {
            return;
        }
    }
}

fn resident_bytes() -> Result<u64, Box<dyn Error>> {
    let pages = fs::read_to_string("/proc/self/statm")?;
    let resident: u64 = pages.split_whitespace().nth(1).ok_or("statm has fewer words")?.parse()?;
    Ok(resident * 4096)
}
