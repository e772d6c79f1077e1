//! What happened in a group, told among its messages: to whom, from when on, and until when.

use super::Claim;
use super::client::Client;
use super::world::{MANY, NO_GROUP, World, group_change};
use rim_core::group::Role;
use rim_core::group_event::{EventKind, GroupEvent, MAX_NAMED};
use rim_core::size::ANSWER_BYTES;
use rim_core::{GroupId, Rev, Seq, UserId};

/// Everything that the user may know of.
async fn events(w: &World, user: UserId, group: GroupId) -> Vec<GroupEvent> {
    let told = w
        .store
        .group_events(user, group, Seq(0), Seq(u64::MAX), 200, ANSWER_BYTES)
        .await
        .expect("events are read");
    assert!(!told.2, "no more");
    assert_eq!(w.delta(user, group).await.events, told.0, "by sync as by place");
    told.0
}

async fn kinds(w: &World, user: UserId, group: GroupId) -> Vec<EventKind> {
    events(w, user, group).await.into_iter().map(|event| event.kind).collect()
}

pub async fn what_happens_is_kept_with_its_place_among_the_messages(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send(anna, group, "one").await?;
    w.changes().await;
    w.add(bob, group, &[carl]).await?;
    let (_, rev, _, _) = group_change(w.change().await);
    w.send(anna, group, "two").await?;
    w.set_role(anna, group, carl, Role::Admin).await?;
    w.store.update_group(anna, group, "Go".into(), "group.png".into(), w.now()).await?;
    w.store.update_group(anna, group, "Go".into(), "go.png".into(), w.now()).await?;
    w.hand_over(anna, group, bob).await?;
    w.remove(bob, group, &[carl]).await?;

    let told = events(w, anna, group).await;
    let short: Vec<_> = told.iter().map(|event| (event.kind, event.actor, event.seq.0)).collect();
    let expected = [
        (EventKind::Created, anna, 0),
        (EventKind::Added, bob, 1),
        (EventKind::Role(Role::Admin), anna, 2),
        (EventKind::Updated, anna, 2),
        (EventKind::Updated, anna, 2),
        (EventKind::Creator, anna, 2),
        (EventKind::Removed, bob, 2),
    ];
    assert_eq!(short, expected);
    assert_eq!((told[1].rev, told[1].users.as_slice(), told[1].count), (rev, &[carl][..], 1));
    assert_eq!((told[3].name.as_deref(), told[4].name.as_deref()), (Some("Go"), None));
    // By places, and no more than are asked for.
    let (some, users, more) = w.store.group_events(anna, group, Seq(1), Seq(2), 5, ANSWER_BYTES).await?;
    assert_eq!((some.as_slice(), more), (&told[2..], true));
    assert_eq!(users.iter().map(|user| user.id).collect::<Vec<_>>(), [anna, bob, carl]);
    assert_eq!(
        w.store.group_events(anna, group, Seq(3), Seq(9), 5, ANSWER_BYTES).await?,
        (vec![], vec![], false)
    );
    Ok(())
}

pub async fn of_a_single_chat_nothing_is_kept(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let single = w.single(anna, bob).await;
    w.leave(anna, single).await?;
    w.single(anna, bob).await;
    assert_eq!(kinds(w, bob, single).await, []);
    Ok(())
}

pub async fn one_is_told_from_joining_up_to_leaving(w: &mut World) -> Claim {
    let [anna, bob, carl, eve] = w.users(["anna", "bob", "carl", "eve"]).await;
    let group = w.group(anna, &[]).await;
    w.rename(anna, group, "before").await?;
    w.add(anna, group, &[bob, carl]).await?;
    w.remove(anna, group, &[carl, bob]).await?;
    w.rename(anna, group, "after").await?;
    for user in [bob, carl] {
        assert_eq!(kinds(w, user, group).await, [EventKind::Added, EventKind::Removed]);
    }
    assert_eq!(
        w.store.group_events(eve, group, Seq(0), Seq(9), 9, ANSWER_BYTES).await?,
        (vec![], vec![], false)
    );
    assert_eq!(
        w.store.group_events(anna, NO_GROUP, Seq(0), Seq(9), 9, ANSWER_BYTES).await?,
        (vec![], vec![], false)
    );
    Ok(())
}

pub async fn one_who_comes_back_is_not_told_what_happened_meanwhile(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let mut client = Client::up_to_date(w, bob).await;
    for name in ["one", "two"] {
        w.leave(bob, group).await?;
        w.rename(anna, group, name).await?;
        w.add(anna, group, &[bob]).await?;
    }
    w.dissolve(anna, group).await?;
    let expected = [
        EventKind::Created,
        EventKind::Removed,
        EventKind::Added,
        EventKind::Removed,
        EventKind::Added,
        EventKind::Dissolved,
    ];
    assert_eq!(kinds(w, bob, group).await, expected);
    client.catch_up(w, 1, None).await;
    assert!(client.groups[&group].events.values().map(|event| event.kind).eq(expected));
    w.reopen().await;
    assert_eq!(kinds(w, bob, group).await, expected);
    Ok(())
}

pub async fn of_many_the_first_are_named_and_all_counted(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let mut others = Vec::new();
    for n in 0..=MAX_NAMED {
        others.push(w.user(&format!("user {n}")).await);
    }
    let group = w.group(anna, &[]).await;
    w.store.add_members(anna, group, others.clone(), MANY, w.now()).await?;
    let added = events(w, anna, group).await.pop().expect("an event");
    assert_eq!((added.users.as_slice(), added.count), (&others[..MAX_NAMED], others.len() as u64));
    assert_eq!(kinds(w, others[0], group).await, [EventKind::Added]);
    assert_eq!(kinds(w, others[MAX_NAMED], group).await, [EventKind::Added]);
    Ok(())
}

pub async fn a_window_has_the_newest_events(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    for name in ["one", "two", "three"] {
        w.rename(anna, group, name).await?;
    }
    let mut client = Client::new(bob);
    client.catch_up(w, 100, Some(2)).await;
    let names: Vec<_> = client.groups[&group].events.values().map(|event| event.name.clone()).collect();
    assert_eq!(names, [Some("two".to_owned()), Some("three".to_owned())]);
    Ok(())
}

pub async fn one_learns_when_one_joined(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[]).await;
    for _ in 0..2 {
        let at = w.now();
        w.store.add_members(anna, group, vec![bob], MANY, at).await?;
        assert_eq!(w.delta(bob, group).await.joined_at, at);
        w.leave(bob, group).await?;
        assert_eq!(w.delta(bob, group).await.joined_at, at);
    }
    Ok(())
}

pub async fn a_group_that_stays_as_it_was_is_no_change(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.rename(anna, group, "Go").await?;
    w.changes().await;
    let Rev(rev) = w.rev(anna, group).await;
    w.rename(anna, group, "Go").await?;
    assert_eq!(w.changes().await, []);
    assert_eq!(w.rev(anna, group).await, Rev(rev));
    Ok(())
}
