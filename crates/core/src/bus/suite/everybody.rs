//! What is for everybody.

use super::world::{World, to_everybody};

pub async fn every_other_node_hears_what_is_for_everybody(world: &mut World) {
    let [mut one, mut other, mut third] = world.nodes().await;
    one.publish(to_everybody("from one"));
    other.hears([to_everybody("from one")], &mut one).await;
    third.hears([to_everybody("from one")], &mut one).await;
}

pub async fn a_node_does_not_hear_itself(world: &mut World) {
    let [mut one, mut other] = world.nodes().await;
    one.publish(to_everybody("from one"));
    other.hears([to_everybody("from one")], &mut one).await;
    other.publish(to_everybody("answer"));
    one.hears([to_everybody("answer")], &mut other).await;
}

pub async fn many_who_publish_at_once_are_all_heard(world: &mut World) {
    let [mut listener, mut one, other, third, fourth] = world.nodes().await;
    let hint = |who: usize, number: usize| to_everybody(&format!("{number} of {who}"));
    std::thread::scope(|scope| {
        for (who, node) in [&one, &other, &third, &fourth].into_iter().enumerate() {
            scope.spawn(move || (0..100).for_each(|number| node.publish(hint(who, number))));
        }
    });
    let all = (0..4).flat_map(|who| (0..100).map(move |number| hint(who, number)));
    listener.hears(all, &mut one).await;
}

pub async fn one_who_joins_late_hears_what_comes_then(world: &mut World) {
    let [mut one, mut other] = world.nodes().await;
    one.publish(to_everybody("early"));
    other.hears([to_everybody("early")], &mut one).await;
    let mut late = world.node().await;
    one.publish(to_everybody("late"));
    late.hears([to_everybody("late")], &mut one).await;
}

pub async fn an_open_bus_is_ready(world: &mut World) {
    let node = world.node().await;
    assert_eq!(node.bus.ready(), Ok(()));
}
