//! Several nodes at once: one order, one winner, nothing lost.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::{Cluster, Node};
use crate::suite::Claim;
use crate::suite::world::{MANY, append, group_change, new_group, new_user, refusal, seqs, text};
use crate::{Result, Store, StoreError};
use rim_core::contact::Bounds;
use rim_core::event::{Change, GroupChange};
use rim_core::friend::{FriendAction, Friendship};
use rim_core::group::SINGLE_MODE;
use rim_core::schedule::Turn;
use rim_core::{GroupId, Refusal, Rev, Seq, UserId};

pub async fn several_nodes_open_a_new_store_at_once(c: &mut Cluster) -> Claim {
    c.open_at_once(6).await;
    let node = c.node().await;
    node.store.ready().await?;
    node.close().await;
    Ok(())
}

pub async fn what_one_node_did_the_others_read(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    let [anna, bob] = one.users(["anna", "bob"]).await;
    let group = two.group(anna, &[bob]).await;
    let sent = one.send(anna, group, "hi").await?;
    two.read(bob, group, sent.id).await?;
    one.rename(anna, group, "Go").await?;
    for node in [&one, &two] {
        assert_eq!(node.texts(bob, group).await, ["hi"]);
        assert_eq!(node.unread(bob, group).await, 0);
        assert_eq!(node.group_of(bob, group).await.name, "Go");
    }
    assert_eq!(one.everything(bob).await, two.everything(bob).await);
    close([one, two]).await
}

pub async fn each_feed_tells_what_its_own_node_did(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    let [anna, bob] = one.users(["anna", "bob"]).await;
    let group = one.group(anna, &[bob]).await;
    assert!(matches!(group_change(one.change().await).3, GroupChange::Created { .. }));
    for n in 0..5 {
        one.send_as(anna, group, &format!("one {n}"), "of one").await?;
        two.send_as(bob, group, &format!("two {n}"), "of two").await?;
    }
    for (node, sender) in [(&one, anna), (&two, bob)] {
        let told = node.changes().await;
        assert_eq!(told.len(), 5, "{told:?}");
        assert!(
            told.iter()
                .all(|change| matches!(change, Change::Message { message, .. } if message.sender == sender))
        );
        assert!(told.is_sorted_by_key(rev_of));
    }
    close([one, two]).await
}

pub async fn a_message_resent_to_another_node_is_stored_once(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    let [anna, bob] = one.users(["anna", "bob"]).await;
    let group = one.group(anna, &[bob]).await;
    let first = one.send_as(anna, group, "a-1", "hi").await?;
    let rev = two.rev(bob, group).await;

    assert_eq!(two.send_as(anna, group, "a-1", "hi").await?, first);

    assert_eq!(two.changes().await, []);
    assert_eq!(two.texts(bob, group).await, ["hi"]);
    assert_eq!(two.rev(bob, group).await, rev);
    close([one, two]).await
}

pub async fn a_message_sent_to_all_nodes_at_once_is_stored_once(c: &mut Cluster) -> Claim {
    let nodes: [Node; 3] = c.nodes().await;
    let anna = nodes[0].user("anna").await;
    let group = nodes[0].group(anna, &[]).await;
    nodes[0].changes().await;
    for round in 0..20 {
        let mut tasks = JoinSet::new();
        for node in &nodes {
            let (store, now) = (Arc::clone(&node.store), node.now());
            tasks.spawn(
                async move { append(&store, text(anna, group, &format!("{round}"), "hi", now)).await },
            );
        }
        let mut places = tasks.join_all().await.into_iter().collect::<Result<Vec<_>>>()?;
        places.dedup();
        assert_eq!(places.len(), 1, "{places:?}");
        assert_eq!(places[0].seq, Seq(round + 1));
    }
    let mut told = 0;
    for node in &nodes {
        told += node.changes().await.len();
    }
    assert_eq!(told, 20, "each is told by the node that stored it");
    close(nodes).await
}

pub async fn places_have_no_gaps_however_many_nodes_send(c: &mut Cluster) -> Claim {
    let nodes: [Node; 3] = c.nodes().await;
    let [anna, bob, carl] = nodes[0].users(["anna", "bob", "carl"]).await;
    let groups = [nodes[0].group(anna, &[bob, carl]).await, nodes[0].group(carl, &[anna, bob]).await];
    let mut tasks = JoinSet::new();
    for (number, node) in nodes.iter().enumerate() {
        for sender in [anna, bob, carl] {
            let (store, now) = (Arc::clone(&node.store), node.now());
            tasks.spawn(async move {
                for n in 0..40 {
                    // In another order on each node: whoever locks both must not wait for each other.
                    let group = groups[(n + number) % 2];
                    append(&store, text(sender, group, &format!("{number} {n}"), "hi", now)).await?;
                }
                Result::Ok(())
            });
        }
    }
    tasks.join_all().await.into_iter().collect::<Result<Vec<_>>>()?;
    for group in groups {
        let stored = nodes[1].messages(bob, group).await;
        assert_eq!(seqs(&stored), Vec::from_iter(1..=180));
        assert!(stored.is_sorted_by(|a, b| a.id < b.id), "ids ascend in a group, whoever gave them");
        assert!(stored.is_sorted_by(|a, b| a.rev < b.rev));
        assert_eq!(nodes[2].messages(bob, group).await, stored);
    }
    close(nodes).await
}

pub async fn receipts_on_several_nodes_never_move_back(c: &mut Cluster) -> Claim {
    let nodes: [Node; 2] = c.nodes().await;
    let [anna, bob] = nodes[0].users(["anna", "bob"]).await;
    let group = nodes[0].group(anna, &[bob]).await;
    let mut sent = Vec::new();
    for n in 0..40 {
        sent.push(nodes[n % 2].send(anna, group, "hi").await?);
    }
    let rev = nodes[0].rev(bob, group).await;
    for node in &nodes {
        node.changes().await;
    }
    let mark = async |node: &Node, step: usize| -> Claim {
        for sent in sent.iter().skip(step).step_by(2) {
            node.read(bob, group, sent.id).await?;
        }
        Ok(())
    };
    let (one, two) = tokio::join!(mark(&nodes[0], 0), mark(&nodes[1], 1));
    one.and(two)?;

    assert_eq!(nodes[0].member(anna, group, bob).await.read_seq, Seq(40));
    let mut told = Vec::new();
    for node in &nodes {
        told.extend(node.changes().await);
    }
    told.sort_by_key(rev_of);
    let seqs: Vec<_> = told.iter().map(receipt_seq).collect();
    assert!(seqs.is_sorted_by(|a, b| a < b), "{seqs:?}");
    assert_eq!(nodes[1].rev(bob, group).await, Rev(rev.0 + told.len() as u64));
    close(nodes).await
}

pub async fn one_of_many_on_several_nodes_gets_the_account(c: &mut Cluster) -> Claim {
    let nodes: [Node; 2] = c.nodes().await;
    let mut tasks = JoinSet::new();
    for n in 0..20 {
        let (store, now) = (Arc::clone(&nodes[n % 2].store), nodes[0].now());
        tasks.spawn(async move { store.create_user(new_user("anna"), now).await });
    }
    let (won, lost): (Vec<_>, Vec<_>) = tasks.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 19));
    for refused in lost {
        assert_eq!(refusal(refused), Refusal::AccountTaken);
    }
    close(nodes).await
}

pub async fn two_who_open_their_chat_on_two_nodes_meet_in_one(c: &mut Cluster) -> Claim {
    let nodes: [Node; 2] = c.nodes().await;
    let [anna, bob] = nodes[0].users(["anna", "bob"]).await;
    let mut tasks = JoinSet::new();
    for n in 0..20 {
        let (store, now) = (Arc::clone(&nodes[n % 2].store), nodes[0].now());
        let (creator, other) = if n % 2 == 0 { (anna, bob) } else { (bob, anna) };
        let new = new_group(creator, SINGLE_MODE, &[other]);
        tasks.spawn(async move { store.create_group(new, MANY, now).await });
    }
    let mut chats = tasks.join_all().await.into_iter().collect::<Result<Vec<_>>>()?;
    chats.dedup();
    assert_eq!(chats.len(), 1);
    for node in &nodes {
        assert_eq!(node.store.group_ids_of(anna).await?, chats);
    }
    assert_eq!(nodes[0].rev(anna, chats[0]).await, Rev(2));
    close(nodes).await
}

pub async fn two_who_ask_each_other_on_two_nodes_are_friends(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    for n in 0..10 {
        let [anna, bob] = one.users([&*format!("anna {n}"), &*format!("bob {n}")]).await;
        let (asked, asked_back) = tokio::join!(
            one.befriend(anna, bob, FriendAction::Ask),
            two.befriend(bob, anna, FriendAction::Ask)
        );
        assert_eq!((asked?, asked_back?), (true, true));
        assert_eq!(one.store.friends(bob, &[Friendship::Friends]).await?.len(), 1);
        assert_eq!(two.store.friends(anna, &[Friendship::Friends]).await?.len(), 1);
    }
    close([one, two]).await
}

pub async fn the_last_place_is_given_once_over_all_nodes(c: &mut Cluster) -> Claim {
    let nodes: [Node; 2] = c.nodes().await;
    let anna = nodes[0].user("anna").await;
    let group = nodes[0].group(anna, &[]).await;
    let mut tasks = JoinSet::new();
    for n in 0..20 {
        let user = nodes[0].user(&format!("user {n}")).await;
        let (store, now) = (Arc::clone(&nodes[n % 2].store), nodes[0].now());
        tasks.spawn(
            async move { store.add_members(anna, group, vec![user], Bounds::of_members(2), now).await },
        );
    }
    let (joined, refused): (Vec<_>, Vec<_>) = tasks.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((joined.len(), refused.len()), (1, 19));
    for refused in refused {
        assert_eq!(refusal(refused), Refusal::TooManyMembers(2));
    }
    assert_eq!(nodes[1].members(anna, group).await.len(), 2);
    close(nodes).await
}

pub async fn members_come_and_go_on_several_nodes_without_a_gap(c: &mut Cluster) -> Claim {
    let nodes: [Node; 3] = c.nodes().await;
    let anna = nodes[0].user("anna").await;
    let group = nodes[0].group(anna, &[]).await;
    nodes[0].changes().await;
    let mut tasks = JoinSet::new();
    for (n, node) in nodes.iter().enumerate() {
        let user = node.user(&format!("user {n}")).await;
        let (store, now) = (Arc::clone(&node.store), node.now());
        tasks.spawn(async move {
            for n in 0..10 {
                come_and_go(&store, anna, user, group, n, now).await?;
            }
            Result::Ok(())
        });
    }
    tasks.join_all().await.into_iter().collect::<Result<Vec<_>>>()?;

    let mut told = Vec::new();
    for node in &nodes {
        let of_node: Vec<_> = node.changes().await.iter().map(rev_of).collect();
        assert!(of_node.is_sorted(), "a node tells in the order of its commits: {of_node:?}");
        told.extend(of_node);
    }
    told.sort_unstable();
    assert_eq!(told, Vec::from_iter(2..told.len() as u64 + 2));
    assert_eq!(nodes[1].rev(anna, group).await.0, told.len() as u64 + 1);
    assert_eq!(nodes[2].messages(anna, group).await.len(), 30);
    close(nodes).await
}

async fn come_and_go(
    store: &Arc<dyn Store>,
    anna: UserId,
    user: UserId,
    group: GroupId,
    n: usize,
    now: rim_core::Timestamp,
) -> Result<()> {
    store.add_members(anna, group, vec![user], MANY, now).await?;
    append(store, text(user, group, &n.to_string(), "hi", now)).await?;
    store.mark_all_read(anna, group, now).await?;
    store.remove_members(user, group, vec![user], now).await
}

pub async fn one_who_is_removed_on_one_node_sends_nothing_more_on_another(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    let [anna, bob] = one.users(["anna", "bob"]).await;
    let group = one.group(anna, &[bob]).await;
    let (store, now) = (Arc::clone(&two.store), two.now());
    let sending = tokio::spawn(async move {
        for n in 0.. {
            match append(&store, text(bob, group, &n.to_string(), "hi", now)).await {
                Ok(_) => {}
                Err(StoreError::Refused(Refusal::NotMember)) => return Ok(n),
                Err(other) => return Err(other),
            }
        }
        unreachable!("they are removed some time")
    });
    while one.messages(anna, group).await.len() < 10 {}
    one.remove(anna, group, &[bob]).await?;
    let answered = sending.await.expect("no panic")?;

    assert_eq!(one.messages(anna, group).await.len(), answered);
    assert_eq!(two.messages(bob, group).await.len(), answered, "they read all that was taken from them");
    close([one, two]).await
}

pub async fn a_session_that_ended_on_one_node_has_ended_on_all(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    let anna = one.user("anna").await;
    let session = one.login(anna, 1).await;
    assert_eq!(two.session(1).await, Some(session));
    two.store.end_session(anna, session).await?;
    assert_eq!(one.session(1).await, None);
    assert!(matches!(two.change().await, Change::SessionsEnded { .. }));
    close([one, two]).await
}

pub async fn a_node_that_closes_leaves_the_others_alone(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    let anna = one.user("anna").await;
    let group = one.group(anna, &[]).await;
    one.send(anna, group, "one").await?;
    one.close().await;
    assert_eq!(two.send(anna, group, "two").await?.seq, Seq(2));
    two.close().await;
    let again = c.node().await;
    assert_eq!(again.texts(anna, group).await, ["one", "two"]);
    again.close().await;
    Ok(())
}

async fn close<const N: usize>(nodes: [Node; N]) -> Claim {
    for node in nodes {
        node.close().await;
    }
    Ok(())
}

fn rev_of(change: &Change) -> u64 {
    change.topic_revs().next().expect("a change of the group").1.0
}

fn receipt_seq(change: &Change) -> Seq {
    match change {
        Change::Receipt { seq, .. } => *seq,
        other => panic!("a receipt: {other:?}"),
    }
}

pub async fn what_one_node_has_sent_or_cancelled_another_does_not_schedule_again(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    let [anna, bob] = one.users(["anna", "bob"]).await;
    let group = one.group(anna, &[bob]).await;
    let at = one.now();
    let scheduled = |id| crate::suite::scheduled::text(anna, group, id, at, &id.to_string());
    for id in 0..20 {
        one.store.schedule(scheduled(id), at).await?;
        let end = async {
            if id % 2 == 0 {
                one.store.send_scheduled(anna, id, at).await
            } else {
                one.store.cancel_scheduled(anna, id, at).await
            }
        };
        // Also while it happens.
        let (ended, again) = tokio::join!(end, two.store.schedule(scheduled(id), at));
        ended?;
        again?;
        two.store.schedule(scheduled(id), at).await?;
    }
    for node in [&one, &two] {
        assert!(node.store.due_scheduled(Turn::FIRST, at, 100).await?.is_empty());
        assert!(node.texts(bob, group).await.into_iter().eq((0..20).step_by(2).map(|id| id.to_string())));
    }
    close([one, two]).await
}
