//! The end of a node.

use super::world::{World, group, to, to_everybody};

pub async fn what_was_published_before_closing_is_heard(world: &mut World) {
    let [mut listener, mut other, goes] = world.nodes().await;
    let words = |number: usize| to_everybody(&format!("last words {number}"));
    (0..100).for_each(|number| goes.publish(words(number)));
    goes.bus.close().await;
    listener.hears((0..100).map(words), &mut other).await;
}

pub async fn a_closed_bus_hears_nothing_and_ends(world: &mut World) {
    let [mut publisher, mut listener, mut goes] = world.nodes().await;
    goes.subscribe(group(7), &mut publisher).await;
    goes.bus.close().await;
    publisher.publish(to_everybody("too late"));
    publisher.publish(to(group(7), "too late"));
    listener.hears([to_everybody("too late")], &mut publisher).await;
    assert_eq!(goes.hearing.recv().await, None);
}

pub async fn a_closed_bus_tells_nobody_and_is_not_ready(world: &mut World) {
    let [mut listener, mut other, goes] = world.nodes().await;
    goes.bus.close().await;
    goes.publish(to_everybody("too late"));
    goes.bus.subscribe(group(7));
    goes.bus.unsubscribe(group(7));
    assert!(goes.bus.ready().is_err());
    listener.hears_nothing(&mut other).await;
}

pub async fn closing_twice_is_closing_once(world: &mut World) {
    let node = world.node().await;
    node.bus.close().await;
    node.bus.close().await;
}

pub async fn the_others_go_on(world: &mut World) {
    let [mut publisher, mut listener, goes] = world.nodes().await;
    goes.bus.close().await;
    drop(goes);
    publisher.publish(to_everybody("news"));
    listener.hears([to_everybody("news")], &mut publisher).await;
}
