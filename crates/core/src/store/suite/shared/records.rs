//! What nodes keep for each other besides.

use super::{Cluster, Node};
use crate::node::{Node as Record, NodeId};
use crate::store::suite::Claim;
use crate::store::suite::world::{DAWN, NO_USER};
use crate::{Rev, SessionId, Timestamp};

pub async fn all_nodes_know_the_database_by_one_number(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    assert_eq!(one.shared.id(), two.shared.id());
    let id = one.shared.id();
    close([one, two]).await;
    let later = c.node().await;
    assert_eq!(later.shared.id(), id);
    close([later]).await;
    Ok(())
}

pub async fn all_nodes_have_the_same_store(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    assert_eq!(one.store.identity(), two.store.identity());
    close([one, two]).await;
    Ok(())
}

pub async fn memberships_are_told_with_the_latest_joining(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    let [anna, bob, carl] = one.users(["anna", "bob", "carl"]).await;
    let (first, second) = (one.group(anna, &[bob]).await, one.group(bob, &[anna, carl]).await);
    one.leave(carl, second).await?;
    one.leave(bob, first).await?;
    one.add(anna, first, &[bob]).await?;

    let told = two.shared.memberships(vec![bob, anna, carl, NO_USER]).await?;

    let expected =
        [(anna, first, Rev(1)), (anna, second, Rev(2)), (bob, first, Rev(4)), (bob, second, Rev(1))];
    assert_eq!(told, expected);
    assert_eq!(two.shared.memberships(vec![]).await?, []);
    close([one, two]).await;
    Ok(())
}

pub async fn only_valid_sessions_are_told(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    let [anna, bob] = one.users(["anna", "bob"]).await;
    let (kept, ended, disabled) =
        (one.login(anna, 1).await, one.login(anna, 2).await, one.login(bob, 3).await);
    one.store.end_session(anna, ended).await?;
    let all = vec![disabled, ended, kept, SessionId(99_999)];
    assert_eq!(two.shared.valid_sessions(all.clone(), one.now()).await?, [kept, disabled]);

    one.store.set_disabled(bob, true, one.now()).await?;
    assert_eq!(two.shared.valid_sessions(all.clone(), one.now()).await?, [kept]);
    assert_eq!(two.shared.valid_sessions(all, DAWN.plus_ms(100_000_000)).await?, [], "they have expired");
    close([one, two]).await;
    Ok(())
}

fn record(id: u64, seen_at: Timestamp) -> Record {
    Record {
        id: NodeId(id),
        name: format!("node {id}"),
        address: "[::1]:8080".into(),
        version: "0.1.0".into(),
        connections: 7,
        users_online: 5,
        draining: false,
        started_at: DAWN,
        seen_at,
    }
}

pub async fn a_node_is_known_until_it_is_forgotten(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    // All bits of an id are used.
    let (old, young) = (record(u64::MAX - 1, DAWN), record(7, DAWN.plus_ms(10)));
    one.shared.note_node(old.clone()).await?;
    one.shared.note_node(young.clone()).await?;

    assert_eq!(two.shared.nodes(DAWN).await?, [young.clone(), old.clone()]);
    assert_eq!(two.shared.nodes(DAWN.plus_ms(1)).await?, std::slice::from_ref(&young));
    two.shared.forget_node(young.id).await?;
    assert_eq!(one.shared.nodes(DAWN).await?, [old]);
    two.shared.forget_node(young.id).await?;
    close([one, two]).await;
    Ok(())
}

pub async fn what_a_node_says_replaces_what_it_said(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    one.shared.note_node(record(7, DAWN)).await?;
    let later = Record { connections: 9, users_online: 8, draining: true, ..record(7, DAWN.plus_ms(5)) };
    one.shared.note_node(later.clone()).await?;
    assert_eq!(two.shared.nodes(DAWN).await?, [later]);
    close([one, two]).await;
    Ok(())
}

pub async fn all_nodes_have_one_time(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    // Their own clocks are years behind it.
    let times = [one.shared.now().await?, two.shared.now().await?, one.shared.now().await?];
    assert!(times.is_sorted() && times[0] > one.now(), "{times:?}");
    close([one, two]).await;
    Ok(())
}

pub async fn a_file_is_kept_as_it_was_first_put(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    let content: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    one.shared.put_media("a.png".into(), content.clone()).await?;
    two.shared.put_media("a.png".into(), b"another".to_vec()).await?;
    two.shared.put_media("empty".into(), Vec::new()).await?;
    assert_eq!(two.shared.media("a.png").await?, Some(content));
    assert_eq!(one.shared.media("empty").await?, Some(Vec::new()));
    assert_eq!(one.shared.media("none.png").await?, None);
    close([one, two]).await;
    Ok(())
}

async fn close<const N: usize>(nodes: [Node; N]) {
    for node in nodes {
        node.close().await;
    }
}
