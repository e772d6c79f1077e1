//! What a hint may hold.

use super::world::{Hint, World, group, to, to_everybody};
use crate::bus::Subject;

pub async fn every_byte_comes_as_it_was(world: &mut World) {
    let [mut publisher, mut listener] = world.nodes().await;
    let every_byte: Vec<u8> = (0..=255).chain(*b"\r\nMSG x 1 0\r\n\0\xff\xfe").collect();
    let hint: Hint = (Subject::Everybody, every_byte);
    publisher.publish(hint.clone());
    listener.hears([hint], &mut publisher).await;
}

pub async fn an_empty_hint_is_a_hint(world: &mut World) {
    let [mut publisher, mut listener] = world.nodes().await;
    listener.subscribe(group(7), &mut publisher).await;
    publisher.publish(to(group(7), ""));
    listener.hears([to(group(7), "")], &mut publisher).await;
}

pub async fn the_largest_hint_is_heard(world: &mut World) {
    let [mut publisher, mut listener] = world.nodes().await;
    listener.subscribe(group(7), &mut publisher).await;
    let largest: Vec<u8> = (0..publisher.bus.max_payload()).map(|n| (n % 251) as u8).collect();
    let hints: [Hint; 2] = [(Subject::Everybody, largest.clone()), (Subject::Topic(group(7)), largest)];
    hints.iter().for_each(|hint| publisher.publish(hint.clone()));
    listener.hears(hints, &mut publisher).await;
}

pub async fn a_larger_one_is_lost_and_harms_no_other(world: &mut World) {
    let [mut publisher, mut listener] = world.nodes().await;
    publisher.publish(to_everybody("before"));
    publisher.bus.publish(Subject::Everybody, vec![b'x'; publisher.bus.max_payload() + 1]);
    publisher.publish(to_everybody("after"));
    listener.hears(["before", "after"].map(to_everybody), &mut publisher).await;
    assert_eq!(publisher.bus.ready(), Ok(()));
}
