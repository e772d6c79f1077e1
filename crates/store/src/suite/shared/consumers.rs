//! Consumers of several nodes: one goes on where another was, and misses nothing that any of them has committed.

use std::collections::BTreeSet;
use std::sync::{Arc, mpsc};

use super::{Cluster, Node};
use crate::consumers::{Begin, Hold, InStore, Mark, Room};
use crate::suite::Claim;
use crate::suite::world::text;
use rim_core::{GroupId, Timestamp};

const NAME: &str = "reader";
const ROOM: Room = Room { rows: 100, bytes: 1 << 20 };

async fn hold(node: &Node, holder: u64, now: Timestamp) -> Option<(Hold, Option<Mark>)> {
    let held = node.store.hold_consumer(NAME, Begin::First, holder, now, now.plus_ms(10_000)).await;
    held.expect("it is asked").map(|held| (held.hold, held.seen))
}

async fn moved(node: &Node, since: &Mark) -> (Mark, BTreeSet<GroupId>) {
    let moved = node.store.moved(Some(since.clone())).await.expect("it is told");
    (moved.to, moved.groups.expect("it is known").into_iter().collect())
}

async fn close<const N: usize>(nodes: [Node; N]) {
    for node in nodes {
        node.close().await;
    }
}

pub async fn what_is_committed_late_is_told_after_what_began_later(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    let [anna, bob] = one.users(["anna", "bob"]).await;
    let (slow, quick) = (one.group(anna, &[bob]).await, one.group(anna, &[bob]).await);
    let (holding, _) = hold(&one, 1, one.shared.now().await?).await.expect("nobody has it");
    let begun = two.store.moved(None).await?.to;
    let (sent, is_sent) = mpsc::channel();
    let (go_on, goes_on) = mpsc::channel::<()>();
    let message = text(anna, slow, "a-1", "takes its time", one.now());
    let work = move |tx: &mut dyn crate::Tx| {
        tx.append_messages(vec![message])?;
        sent.send(()).expect("somebody waits");
        // Until the other has been there.
        let _ = goes_on.recv();
        Ok(())
    };
    let store = Arc::clone(&one.store);
    let writing = tokio::spawn(async move {
        store.consume(holding, Arc::default(), InStore { rows: 1, work: Box::new(work) }).await
    });
    tokio::task::spawn_blocking(move || is_sent.recv()).await.expect("no panic").expect("it is sent");
    one.send(bob, quick, "hi").await?;
    let (between, told) = moved(&two, &begun).await;
    assert_eq!(told, BTreeSet::from([quick]), "and nobody waits for the other");
    assert_eq!(moved(&two, &between).await.1, BTreeSet::new());

    drop(go_on);
    assert!(writing.await.expect("no panic")?);
    two.store.until_moved(&between).await;
    let (after, told) = moved(&two, &between).await;
    assert_eq!(told, BTreeSet::from([slow]), "once it is there");
    assert_eq!(moved(&two, &after).await.1, BTreeSet::new());
    close([one, two]).await;
    Ok(())
}

pub async fn who_takes_a_consumer_goes_on_where_the_other_was(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    let [anna, bob] = one.users(["anna", "bob"]).await;
    let (old, new) = (one.group(anna, &[bob]).await, one.group(anna, &[bob]).await);
    two.send(bob, old, "old").await?;
    let now = one.shared.now().await?;
    let (holding, seen) = hold(&one, 1, now).await.expect("nobody has it");
    assert_eq!(seen, None);
    let mark = one.store.moved(None).await?.to;
    let behind = one.store.behind(holding, GroupId(0)).await?;
    assert_eq!((&behind.groups[..], behind.next), (&[old][..], None));
    let portions = Arc::new(one.store.unseen(holding, behind.groups, ROOM).await?);
    assert!(one.store.consume(holding, portions, InStore::nothing()).await?);
    assert!(one.store.note_seen(holding, &mark).await?);
    two.send(bob, new, "new").await?;
    two.store.forget_moved().await?;

    assert_eq!(hold(&two, 2, now).await, None, "it is held");
    let (taken, seen) = hold(&two, 2, now.plus_ms(10_000)).await.expect("its time is over");
    assert!(!one.store.note_seen(holding, &mark).await?, "it is another's");
    let seen = seen.expect("it was noted");
    let (mark, told) = moved(&two, &seen).await;
    assert_eq!(told, BTreeSet::from([new]), "all that is not seen, and nothing else");
    let portions = Arc::new(two.store.unseen(taken, vec![new], ROOM).await?);
    assert!(!one.store.consume(holding, Arc::clone(&portions), InStore::nothing()).await?, "it was asleep");
    assert!(two.store.consume(taken, portions, InStore::nothing()).await?);
    assert!(two.store.note_seen(taken, &mark).await?);
    two.store.forget_moved().await?;
    assert_eq!(two.store.behind(taken, GroupId(0)).await?.groups, []);

    // One that nobody has held for long does not keep what it has not seen: it looks at all groups.
    two.send(anna, old, "newer").await?;
    let _ = hold(&two, 2, now.plus_ms(-3_600_000)).await.expect("it goes on");
    two.store.forget_moved().await?;
    let (_, seen) = hold(&two, 2, now).await.expect("it goes on");
    assert_eq!(seen, None);
    assert_eq!(two.store.behind(taken, GroupId(0)).await?.groups, [old]);
    close([one, two]).await;
    Ok(())
}

pub async fn a_mark_of_another_server_is_of_no_use(c: &mut Cluster) -> Claim {
    let [one, two] = c.nodes().await;
    let ahead = Mark("9000000000000:9000000000000:".into());
    for mark in [ahead, Mark("7:8".into()), Mark("0:3".into()), Mark(String::new())] {
        assert_eq!(one.store.moved(Some(mark.clone())).await?.groups, None, "{mark:?}");
    }
    close([one, two]).await;
    Ok(())
}
