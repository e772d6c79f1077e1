//! What nodes learn of each other's changes.

use std::collections::BTreeMap;

use super::{Cluster, Node};
use crate::suite::Claim;
use crate::suite::world::{DAWN, NO_GROUP, NO_USER, edit, noted, react};
use rim_core::event::{Change, Topic};
use rim_core::friend::FriendAction;
use rim_core::group::{NewSettings, Role, Who};
use rim_core::message::Extras;
use rim_core::note::{Act, Noted};
use rim_core::user::ProfileChange;
use rim_core::{Rev, Timestamp, UserId};

pub async fn revs_tell_how_far_each_topic_is(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    let [anna, bob] = one.users(["anna", "bob"]).await;
    let group = one.group(anna, &[bob]).await;
    one.send(anna, group, "hi").await?;
    one.befriend(anna, bob, FriendAction::Ask).await?;

    let topics = vec![
        Topic::Group(group),
        Topic::User(bob),
        Topic::Group(NO_GROUP),
        Topic::User(NO_USER),
        // The number of the group, and of a user who may not exist: two topics.
        Topic::User(UserId(group.0)),
    ];
    let revs: BTreeMap<_, _> = two.shared.revs(topics).await?.into_iter().collect();

    assert_eq!(revs.get(&Topic::Group(group)), Some(&one.rev(anna, group).await));
    assert_eq!(revs.get(&Topic::User(bob)), Some(&one.own_rev(bob).await));
    assert!(!revs.contains_key(&Topic::Group(NO_GROUP)) && !revs.contains_key(&Topic::User(NO_USER)));
    assert_eq!(two.shared.revs(vec![]).await?, []);
    close([one, two]).await
}

/// Everything that can change, by one node.
async fn everything_happens(w: &Node) -> Result<(Vec<Topic>, Vec<Change>), super::Broken> {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob]).await;
    let single = w.single(anna, bob).await;
    let sent = w.send(anna, group, "hi").await?;
    w.delivered(bob, group, sent.id).await?;
    w.read(bob, group, sent.id).await?;
    let extras = Extras { mentions: vec![bob], ..Extras::default() };
    w.send_with(anna, group, "hi @bob", extras).await?;
    let settings = NewSettings { who_pins: Some(Who::All), ..NewSettings::default() };
    w.store.set_group_settings(anna, group, settings, w.now()).await?;
    w.send(bob, single, "\0 hello").await?;
    w.read_all(anna, single).await?;
    w.add(anna, group, &[carl]).await?;
    w.set_role(anna, group, carl, Role::Admin).await?;
    w.set_role(anna, group, carl, Role::Common).await?;
    w.rename(anna, group, "Go").await?;
    w.hand_over(anna, group, bob).await?;
    w.leave(bob, group).await?;
    w.dissolve(anna, group).await?;
    let own = w.group(carl, &[anna]).await;
    w.dissolve(carl, own).await?;
    for action in [FriendAction::Ask, FriendAction::Decline, FriendAction::Ask] {
        w.befriend(anna, bob, action).await?;
    }
    w.befriend(bob, anna, FriendAction::Accept).await?;
    w.befriend(bob, anna, FriendAction::Decline).await?;
    w.befriend(carl, anna, FriendAction::Ask).await?;
    w.befriend(anna, carl, FriendAction::Decline).await?;
    let change = ProfileChange { name: Some("Anna".into()), ..ProfileChange::default() };
    w.store.update_profile(anna, change, w.now()).await?;
    let topics = [group, single, own].map(Topic::Group).into_iter().chain([anna, bob, carl].map(Topic::User));
    Ok((topics.collect(), w.changes().await))
}

pub async fn what_a_feed_tells_is_kept_for_the_others(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    let (topics, told) = everything_happens(&one).await?;
    for topic in topics {
        let kept = two.shared.changes(topic, Rev(0), 1000).await?;
        let of_topic: Vec<_> =
            told.iter().filter(|change| rev_in(change, topic).is_some()).cloned().collect();
        assert!(!of_topic.is_empty());
        assert_eq!(kept, of_topic, "{topic:?}");
    }
    close([one, two]).await
}

pub async fn changes_of_several_nodes_have_one_order_without_a_gap(c: &mut Cluster) -> Claim {
    let [one, two, three] = c.nodes().await;
    let [anna, bob] = one.users(["anna", "bob"]).await;
    let group = one.group(anna, &[bob]).await;
    let talk = async |node: &Node, user| -> Claim {
        for n in 0..30 {
            node.send(user, group, "hi").await?;
            match n % 3 {
                0 => node.read_all(user, group).await?,
                1 => node.rename(anna, group, &format!("{n}")).await?,
                _ => {}
            }
        }
        Ok(())
    };
    let (talked, talked_too) = tokio::join!(talk(&one, anna), talk(&two, bob));
    talked.and(talked_too)?;

    let topic = Topic::Group(group);
    let kept = three.shared.changes(topic, Rev(0), 1000).await?;
    let revs: Vec<_> = kept.iter().filter_map(|change| rev_in(change, topic)).collect();
    assert_eq!(revs, Vec::from_iter((2..revs.len() as u64 + 2).map(Rev)), "the group itself took two");
    let mut told = one.changes().await;
    told.extend(two.changes().await);
    told.sort_by_key(|change| rev_in(change, topic));
    assert_eq!(kept, told);
    close([one, two, three]).await
}

pub async fn changes_come_page_by_page(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    let (topics, _) = everything_happens(&one).await?;
    for topic in topics {
        let all = two.shared.changes(topic, Rev(0), 1000).await?;
        for limit in [1, 2, 7] {
            let (mut read, mut after) = (Vec::new(), Rev(0));
            loop {
                let page = two.shared.changes(topic, after, limit).await?;
                assert!(page.len() <= limit as usize);
                let Some(last) = page.last() else { break };
                after = rev_in(last, topic).expect("a change of the topic");
                read.extend(page);
            }
            assert_eq!(read, all);
        }
    }
    close([one, two]).await
}

pub async fn what_does_not_exist_has_no_changes(c: &mut Cluster) -> Claim {
    let [node] = c.nodes().await;
    let anna = node.user("anna").await;
    let group = node.group(anna, &[]).await;
    for topic in [Topic::Group(NO_GROUP), Topic::User(NO_USER)] {
        assert_eq!(node.shared.changes(topic, Rev(0), 10).await?, []);
    }
    assert_eq!(node.shared.changes(Topic::Group(group), Rev(1), 10).await?, [], "above its last");
    assert_eq!(node.shared.changes(Topic::Group(group), Rev(99), 10).await?, []);
    close([node]).await
}

pub async fn purged_changes_are_gone_and_messages_stay(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    let [anna, bob] = one.users(["anna", "bob"]).await;
    let group = one.group(anna, &[bob]).await;
    let sent = one.send(anna, group, "hi").await?;
    one.read(bob, group, sent.id).await?;
    one.befriend(anna, bob, FriendAction::Ask).await?;
    let now = one.now();
    one.rename(anna, group, "Go").await?;

    assert_eq!(two.shared.purge_changes(DAWN).await?, 0);
    // The group, the receipt, and both sides of the request.
    assert_eq!(two.shared.purge_changes(now).await?, 4);

    let kept = one.shared.changes(Topic::Group(group), Rev(0), 10).await?;
    assert!(matches!(kept[..], [Change::Message { .. }, Change::Group { .. }]), "{kept:?}");
    assert_eq!(one.shared.changes(Topic::User(bob), Rev(0), 10).await?, []);
    assert_eq!(one.rev(bob, group).await, Rev(5), "nothing else is forgotten");
    assert_eq!(two.shared.purge_changes(Timestamp(i64::MAX)).await?, 1);
    close([one, two]).await
}

async fn close<const N: usize>(nodes: [Node; N]) -> Claim {
    for node in nodes {
        node.close().await;
    }
    Ok(())
}

fn rev_in(change: &Change, topic: Topic) -> Option<Rev> {
    change.topic_revs().find(|(of, _)| *of == topic).map(|(_, rev)| rev)
}

pub async fn what_was_done_with_a_message_is_told_of_it_as_it_is_by_then(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    let [anna, bob] = one.users(["anna", "bob"]).await;
    let group = one.group(anna, &[bob]).await;
    let [first, second] = [one.send(anna, group, "one").await?, one.send(anna, group, "two").await?];
    let rev = one.rev(anna, group).await;
    one.act(anna, group, first.id, edit("e1", "uno")).await?;
    one.act(bob, group, first.id, react("👍")).await?;
    one.act(anna, group, second.id, edit("e2", "due")).await?;
    one.act(anna, group, second.id, Act::Recall).await?;

    let told = two.shared.changes(Topic::Group(group), rev, 1000).await?;
    let told: Vec<_> = told.into_iter().map(noted).collect();
    let reacted = Noted::Reacted { emoji: "👍".into() };
    let expected = [Noted::Edited, reacted, Noted::Edited, Noted::Recalled];
    assert_eq!(told.iter().map(|(_, _, _, what, _)| what.clone()).collect::<Vec<_>>(), expected);
    let revs: Vec<_> = told.iter().map(|(_, rev, ..)| rev.0).collect();
    assert_eq!(revs, (rev.0 + 1..=rev.0 + 4).collect::<Vec<_>>());
    let (now, recalled) =
        (one.message(anna, group, first.id).await, one.message(anna, group, second.id).await);
    let messages: Vec<_> = told.into_iter().map(|(message, ..)| message).collect();
    assert_eq!(messages, [now.clone(), now, recalled.clone(), recalled.clone()]);
    assert_eq!(recalled.content, "");
    let all = two.shared.changes(Topic::Group(group), Rev(0), 1000).await?;
    let is_told =
        |change: &Change| matches!(change, Change::Message { message, .. } if **message == recalled);
    assert!(all.iter().any(is_told), "and so are messages themselves: {all:?}");
    close([one, two]).await
}
