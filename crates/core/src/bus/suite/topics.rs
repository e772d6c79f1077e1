//! What is for those who have subscribed.

use super::world::{BURST, Hint, Node, World, group, to, user};
use crate::event::Topic;

pub async fn those_who_have_subscribed_hear_a_topic(world: &mut World) {
    let [mut publisher, mut one, mut other, mut stranger] = world.nodes().await;
    one.subscribe(group(7), &mut publisher).await;
    other.subscribe(group(7), &mut publisher).await;
    publisher.publish(to(group(7), "news"));
    one.hears([to(group(7), "news")], &mut publisher).await;
    other.hears([to(group(7), "news")], &mut publisher).await;
    stranger.hears_nothing(&mut publisher).await;
}

pub async fn a_node_does_not_hear_itself_on_a_topic_either(world: &mut World) {
    let [mut one, mut other] = world.nodes().await;
    one.subscribe(group(7), &mut other).await;
    other.subscribe(group(7), &mut one).await;
    one.publish(to(group(7), "from one"));
    other.hears([to(group(7), "from one")], &mut one).await;
    other.publish(to(group(7), "answer"));
    one.hears([to(group(7), "answer")], &mut other).await;
}

pub async fn what_nobody_has_subscribed_to_is_not_heard(world: &mut World) {
    let [mut publisher, mut listener] = world.nodes().await;
    listener.subscribe(group(7), &mut publisher).await;
    publisher.publish(to(group(8), "for nobody"));
    publisher.publish(to(user(8), "for nobody"));
    listener.hears_nothing(&mut publisher).await;
}

pub async fn an_ended_subscription_is_not_heard(world: &mut World) {
    let [mut publisher, mut listener] = world.nodes().await;
    listener.subscribe(group(7), &mut publisher).await;
    listener.subscribe(group(8), &mut publisher).await;
    listener.unsubscribe(group(7), &mut publisher).await;
    publisher.publish(to(group(7), "too late"));
    publisher.publish(to(group(8), "news"));
    listener.hears([to(group(8), "news")], &mut publisher).await;
}

pub async fn an_ended_subscription_of_one_is_none_of_another(world: &mut World) {
    let [mut publisher, mut stays, mut goes] = world.nodes().await;
    stays.subscribe(user(7), &mut publisher).await;
    goes.subscribe(user(7), &mut publisher).await;
    goes.unsubscribe(user(7), &mut publisher).await;
    publisher.publish(to(user(7), "news"));
    stays.hears([to(user(7), "news")], &mut publisher).await;
    goes.hears_nothing(&mut publisher).await;
}

pub async fn a_topic_is_subscribed_to_again(world: &mut World) {
    let [mut publisher, mut listener] = world.nodes().await;
    for round in ["first", "second", "third"] {
        listener.subscribe(user(7), &mut publisher).await;
        publisher.publish(to(user(7), round));
        listener.hears([to(user(7), round)], &mut publisher).await;
        listener.unsubscribe(user(7), &mut publisher).await;
    }
    // So quickly that it may take effect once or never in between.
    for _ in 0..100 {
        listener.bus.subscribe(user(7));
        listener.bus.unsubscribe(user(7));
    }
    listener.subscribe(user(7), &mut publisher).await;
    publisher.publish(to(user(7), "last"));
    listener.hears([to(user(7), "last")], &mut publisher).await;
}

pub async fn subscribing_twice_is_subscribing_once(world: &mut World) {
    let [mut publisher, mut listener] = world.nodes().await;
    listener.bus.subscribe(group(7));
    listener.subscribe(group(7), &mut publisher).await;
    listener.bus.subscribe(group(7));
    listener.unsubscribe(group(7), &mut publisher).await;
    publisher.publish(to(group(7), "too late"));
    listener.hears_nothing(&mut publisher).await;
}

pub async fn ending_what_never_began_changes_nothing(world: &mut World) {
    let [mut publisher, mut listener] = world.nodes().await;
    listener.bus.unsubscribe(group(7));
    listener.subscribe(group(7), &mut publisher).await;
    listener.bus.unsubscribe(group(8));
    publisher.publish(to(group(7), "news"));
    listener.hears([to(group(7), "news")], &mut publisher).await;
}

pub async fn a_user_and_a_group_of_one_number_are_two_topics(world: &mut World) {
    let [mut publisher, mut of_user, mut of_group] = world.nodes().await;
    of_user.subscribe(user(7), &mut publisher).await;
    of_group.subscribe(group(7), &mut publisher).await;
    publisher.publish(to(user(7), "to the user"));
    publisher.publish(to(group(7), "to the group"));
    of_user.hears([to(user(7), "to the user")], &mut publisher).await;
    of_group.hears([to(group(7), "to the group")], &mut publisher).await;
}

pub async fn topics_with_a_common_beginning_are_different(world: &mut World) {
    let [mut publisher, mut listener] = world.nodes().await;
    let largest = (1 << 53) - 1;
    for number in [1, largest] {
        listener.subscribe(group(number), &mut publisher).await;
    }
    for number in [1, 10, 11, 111, largest - 1, largest] {
        publisher.publish(to(group(number), "news"));
    }
    listener.hears([to(group(1), "news"), to(group(largest), "news")], &mut publisher).await;
}

/// The topics of a node to which many are connected.
fn many() -> impl Iterator<Item = Topic> {
    (1..=1000).flat_map(|number| [group(number), user(number)])
}

fn news(topic: Topic) -> Hint {
    to(topic, &format!("news of {topic:?}"))
}

/// Publishes news of all of them, of which those are heard that are expected.
async fn hears_of_many(listener: &mut Node, publisher: &mut Node, expected: impl Fn(Topic) -> bool) {
    let topics: Vec<_> = many().collect();
    for burst in topics.chunks(BURST) {
        burst.iter().for_each(|topic| publisher.publish(news(*topic)));
        let heard = burst.iter().copied().filter(|topic| expected(*topic)).map(news);
        listener.hears(heard, publisher).await;
    }
}

pub async fn many_topics_are_heard_and_each_by_its_name(world: &mut World) {
    let [mut publisher, mut listener] = world.nodes().await;
    many().for_each(|topic| listener.bus.subscribe(topic));
    listener.until_subscribed(many(), &mut publisher).await;
    hears_of_many(&mut listener, &mut publisher, |_| true).await;
}

pub async fn among_many_topics_the_ended_ones_are_silent(world: &mut World) {
    let [mut publisher, mut listener] = world.nodes().await;
    let stays = |topic: Topic| matches!(topic, Topic::Group(group) if group.0 % 7 == 0);
    many().for_each(|topic| listener.bus.subscribe(topic));
    listener.until_subscribed(many(), &mut publisher).await;
    many().filter(|topic| !stays(*topic)).for_each(|topic| listener.bus.unsubscribe(topic));
    listener.until_unsubscribed(many().filter(|topic| !stays(*topic)), &mut publisher).await;
    hears_of_many(&mut listener, &mut publisher, stays).await;
}
