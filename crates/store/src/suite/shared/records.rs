//! What nodes keep for each other besides.

use super::{Cluster, Node};
use crate::suite::Claim;
use crate::suite::world::DAWN;
use rim_core::event::Ended;
use rim_core::node::{Node as Record, NodeId};
use rim_core::{GroupId, Rev, SessionId, Timestamp, UserId};

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

pub async fn who_has_joined_is_told_to_who_has_not_seen_it(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    let [anna, bob, carl] = one.users(["anna", "bob", "carl"]).await;
    let before = one.group(anna, &[bob]).await;
    let (start, told) = two.shared.joined(None).await?;
    assert_eq!(told, []);

    one.leave(bob, before).await?;
    one.add(anna, before, &[bob]).await?;
    let group = one.group(anna, &[carl]).await;
    let single = one.single(bob, carl).await;
    one.leave(carl, single).await?;
    one.leave(carl, group).await?;
    one.send(bob, single, "it brings back who has left").await?;
    let (seen, told) = two.shared.joined(Some(start)).await?;

    // Some may be told that were there before.
    for joined in
        [(anna, group, Rev(1)), (bob, before, Rev(4)), (bob, single, Rev(1)), (carl, single, Rev(4))]
    {
        assert!(told.contains(&joined), "{joined:?} of {told:?}");
    }
    let of_carl = |told: &[(UserId, GroupId, Rev)]| told.iter().filter(|(user, ..)| *user == carl).count();
    assert_eq!(of_carl(&told), 1, "and not of what they have left again: {told:?}");
    one.add(anna, group, &[carl]).await?;
    let (_, told) = two.shared.joined(Some(seen)).await?;
    assert!(told.contains(&(carl, group, Rev(4))), "{told:?}");
    close([one, two]).await;
    Ok(())
}

pub async fn ended_sessions_are_told_with_why(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    let [anna, bob] = one.users(["anna", "bob"]).await;
    let (kept, ended, disabled) =
        (one.login(anna, 1).await, one.login(anna, 2).await, one.login(bob, 3).await);
    one.store.end_session(anna, ended).await?;
    let never = SessionId(99_999);
    let all = vec![(bob, disabled), (anna, ended), (anna, kept), (anna, never)];
    let told = two.shared.ended_sessions(all.clone(), one.now()).await?;
    assert_eq!(told, [(ended, Ended::Revoked), (never, Ended::Revoked)]);

    one.store.set_disabled(bob, true, one.now()).await?;
    let told = two.shared.ended_sessions(all.clone(), one.now()).await?;
    let expected = [(ended, Ended::Revoked), (disabled, Ended::Disabled), (never, Ended::Revoked)];
    assert_eq!(told, expected, "their user was disabled");
    let told = two.shared.ended_sessions(all, DAWN.plus_ms(100_000_000)).await?;
    assert!(told.contains(&(kept, Ended::Revoked)), "it has expired: {told:?}");
    assert_eq!(two.shared.ended_sessions(vec![], one.now()).await?, []);
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

pub async fn an_object_is_kept_as_it_was_first_put(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    let content: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    for name in ["avatars/a.png", "blobs/aa/a"] {
        let name = || name.to_owned();
        one.shared.put_object(name(), vec![content.clone()]).await?;
        two.shared.put_object(name(), vec![b"another".to_vec()]).await?;
        assert_eq!(two.shared.object_chunk(name(), 0).await?, Some(content.clone()));
        assert_eq!(two.shared.object_chunk(name(), 1).await?, None);
        assert_eq!(one.shared.object_size(name()).await?, Some(100_000));
        one.shared.remove_objects(vec![name()]).await?;
        assert_eq!(two.shared.object_size(name()).await?, None);
    }
    close([one, two]).await;
    Ok(())
}

pub async fn an_upload_has_one_writer_on_all_nodes(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    let (id, now) = ("upload".to_owned(), one.now());
    let stage = async |node: &Node, writer, number, content: &[u8]| {
        node.shared.stage_chunk(id.clone(), writer, number, content.to_vec(), now).await
    };
    assert!(!stage(&one, 1, 0, b"nobody").await?, "nobody has begun");
    one.shared.begin_staging(id.clone(), 1, 0, now).await?;
    assert!(stage(&one, 1, 0, b"first").await? && stage(&one, 1, 1, b"cut").await?);
    two.shared.begin_staging(id.clone(), 2, 1, now).await?;
    assert!(!stage(&one, 1, 0, b"late").await?, "another goes on");
    assert_eq!(one.shared.staged_chunk(id.clone(), 0).await?, Some(b"first".to_vec()));
    assert_eq!(one.shared.staged_chunk(id.clone(), 1).await?, None);
    assert!(stage(&two, 2, 0, b"firstly").await?, "in the place of a shorter one");
    assert_eq!(one.shared.staged_size(id.clone(), 1).await?, 7);
    assert_eq!(one.shared.stale_staged(now, 9).await?, Vec::<String>::new());
    assert_eq!(one.shared.stale_staged(now.plus_ms(1), 9).await?, ["upload"]);
    assert!(one.shared.keep_staged(id.clone(), "blobs/aa/b".into(), 5).await?);
    assert_eq!(two.shared.object_chunk("blobs/aa/b".into(), 0).await?, Some(b"first".to_vec()));
    assert!(
        two.shared.keep_staged(id.clone(), "blobs/aa/b".into(), 5).await?,
        "whoever goes on does it again"
    );
    one.shared.discard_staged(id.clone()).await?;
    assert!(!stage(&two, 2, 0, b"late").await?, "it is gone");
    assert_eq!(two.shared.object_chunk("blobs/aa/b".into(), 0).await?, Some(b"first".to_vec()));
    assert!(!one.shared.keep_staged(id.clone(), "blobs/aa/c".into(), 5).await?, "nothing is staged");
    close([one, two]).await;
    Ok(())
}

async fn close<const N: usize>(nodes: [Node; N]) {
    for node in nodes {
        node.close().await;
    }
}
