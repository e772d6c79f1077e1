//! Queues that are full.

use std::collections::BTreeSet;

use super::world::{Hint, Node, World, to_everybody};
use crate::bus::Heard;

fn numbered(round: &str, number: usize) -> Hint {
    to_everybody(&format!("{round} {number}"))
}

/// Publishes until a node that does not listen has no room left, in step with one that does. Returns what the
/// latter heard.
async fn fill(round: &str, full: &Node, publisher: &Node, in_step: &mut Node) -> Vec<Heard> {
    let mut heard = Vec::new();
    while full.hearing.capacity() > 0 {
        publisher.publish(numbered(round, heard.len()));
        heard.push(in_step.next().await);
    }
    heard
}

pub async fn what_finds_the_hearing_full_is_missed(world: &mut World) {
    let mut full = world.node_with_room(8).await;
    let [publisher, mut in_step] = world.nodes().await;
    for round in ["first", "second", "third"] {
        let published = fill(round, &full, &publisher, &mut in_step).await.len();
        let mut kept = BTreeSet::new();
        while let Heard::Hint { payload, .. } = full.next().await {
            kept.extend(payload.starts_with(round.as_bytes()).then_some(payload));
        }
        assert!((1..published).contains(&kept.len()), "{} of {published} were kept", kept.len());
        full.hears_at_last(to_everybody("after"), &publisher).await;
    }
}

pub async fn missed_hints_of_one_node_are_none_of_another(world: &mut World) {
    let full = world.node_with_room(8).await;
    let [publisher, mut in_step] = world.nodes().await;
    let heard = fill("only", &full, &publisher, &mut in_step).await;
    assert!(!heard.contains(&Heard::Missed));
}

/// More than any queue on the way holds.
const FLOOD: usize = 50_000;

pub async fn publishing_waits_for_nobody(world: &mut World) {
    let mut deaf = world.node_with_room(8).await;
    let publisher = world.node().await;
    // Without an await: whatever the bus does meanwhile, it is not waited for.
    (0..FLOOD).for_each(|number| publisher.publish(numbered("flood", number)));
    deaf.hears_at_last(to_everybody("after"), &publisher).await;
}
