//! Many at once: one order, one winner, nothing lost.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::Claim;
use super::client::Client;
use super::files::{self, send as send_file};
use super::world::{MANY, Sent, World, append, group_change, new_group, new_user, refusal, seqs, text};
use crate::{Acting, Result, callback};
use rim_core::contact::Bounds;
use rim_core::event::{Change, GroupChange};
use rim_core::friend::{FriendAction, Friendship};
use rim_core::group::SINGLE_MODE;
use rim_core::message::{MessageKind, NewMessage, Page, Write};
use rim_core::note::{Act, Windows};
use rim_core::{ConnectionId, Refusal, Rev, Seq, UserId};

pub async fn one_of_fifty_gets_the_account(w: &mut World) -> Claim {
    let mut tasks = JoinSet::new();
    for n in 0..50 {
        let (store, now) = (Arc::clone(&w.store), w.now());
        let account = if n % 2 == 0 { "Anna" } else { " aNNA" };
        tasks.spawn(async move { store.create_user(new_user(account), now).await });
    }
    let (won, lost): (Vec<_>, Vec<_>) = tasks.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 49));
    for refused in lost {
        assert_eq!(refusal(refused), Refusal::AccountTaken);
    }
    let listed = w.store.list_users(UserId(0), 100).await?;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].user.id, won.into_iter().next().expect("one won")?);
    Ok(())
}

pub async fn two_who_open_their_chat_at_once_meet_in_one(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    w.changes().await;
    let mut tasks = JoinSet::new();
    for n in 0..20 {
        let (store, now) = (Arc::clone(&w.store), w.now());
        let (creator, other) = if n % 2 == 0 { (anna, bob) } else { (bob, anna) };
        let new = new_group(creator, SINGLE_MODE, &[other]);
        tasks.spawn(async move { store.create_group(new, MANY, now).await });
    }
    let mut chats = tasks.join_all().await.into_iter().collect::<Result<Vec<_>>>()?;
    chats.dedup();
    assert_eq!(chats.len(), 1);
    assert_eq!(w.store.group_ids_of(anna).await?, chats);
    assert_eq!(w.store.group_ids_of(bob).await?, chats);
    assert!(matches!(group_change(w.change().await).3, GroupChange::Created { .. }));
    assert_eq!(w.rev(anna, chats[0]).await, Rev(2));
    Ok(())
}

pub async fn two_who_ask_each_other_at_once_are_friends(w: &mut World) -> Claim {
    for _ in 0..10 {
        let anna = w.user(&format!("anna {}", w.fresh())).await;
        let bob = w.user(&format!("bob {}", w.fresh())).await;
        let (one, other) =
            tokio::join!(w.befriend(anna, bob, FriendAction::Ask), w.befriend(bob, anna, FriendAction::Ask));
        assert_eq!((one?, other?), (true, true));
        for user in [anna, bob] {
            assert_eq!(w.store.friends(user, &[Friendship::Friends]).await?.len(), 1);
        }
    }
    Ok(())
}

pub async fn files_that_many_use_and_let_go_of_at_once_stay_as_long_as_they_are_used(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let mut shown = Vec::new();
    for _ in 0..3 {
        shown.push(files::upload(w, anna).await);
    }
    let groups = [w.group(anna, &[bob]).await, w.group(anna, &[bob]).await];
    // So that bob sees all of them, whatever becomes of the others.
    let kept = w.group(anna, &[bob]).await;
    for file in &shown {
        send_file(w, anna, kept, file.id).await?;
    }
    let mut tasks = JoinSet::new();
    for n in 0..8_u64 {
        let (store, now) = (Arc::clone(&w.store), w.now());
        let (user, group) = if n % 2 == 0 { (anna, groups[0]) } else { (bob, groups[1]) };
        let mut files: Vec<_> = shown.iter().map(|file| file.id).collect();
        files.rotate_left(n as usize % 3);
        tasks.spawn(async move {
            for round in 0..5 {
                let mut sent = Vec::new();
                for file in &files {
                    let content = files::showing(*file);
                    let plain = text(user, group, &format!("{n} {round} {file}"), &content, now);
                    let new = NewMessage { kind: MessageKind::Image, ..plain };
                    sent.push(append(&store, new).await?.id);
                }
                for message in sent {
                    let windows = Windows { edit_ms: None, recall_ms: None };
                    let (act, connection) = (Act::Recall, ConnectionId(0));
                    store
                        .act(Acting { user, group, message, act, windows, session: None, now, connection })
                        .await?;
                }
                store.unused_files(now, 10).await?;
            }
            Ok(())
        });
    }
    tasks.join_all().await.into_iter().collect::<Result<Vec<()>>>()?;
    w.store.unused_files(w.now(), 10).await?;
    for file in &shown {
        assert!(files::sees(w, bob, file.id).await);
    }
    for message in w.messages(anna, kept).await {
        w.act(anna, kept, message.id, Act::Recall).await?;
    }
    assert_eq!(w.store.unused_files(w.now(), 10).await?, 3, "nothing else uses them");
    Ok(())
}

pub async fn one_who_is_added_by_many_joins_once(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob]).await;
    w.changes().await;
    let mut tasks = JoinSet::new();
    for n in 0..20 {
        let (store, now) = (Arc::clone(&w.store), w.now());
        let caller = if n % 2 == 0 { anna } else { bob };
        tasks.spawn(async move { store.add_members(caller, group, vec![carl], MANY, now).await });
    }
    tasks.join_all().await.into_iter().collect::<Result<Vec<_>>>()?;
    assert_eq!(w.members(anna, group).await.len(), 3);
    assert_eq!(group_change(w.change().await).3, GroupChange::Added { users: vec![carl] });
    assert_eq!(w.rev(anna, group).await, Rev(3));
    Ok(())
}

pub async fn the_last_place_is_given_once(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let group = w.group(anna, &[]).await;
    let mut tasks = JoinSet::new();
    for n in 0..20 {
        let user = w.user(&format!("user {n}")).await;
        let (store, now) = (Arc::clone(&w.store), w.now());
        tasks.spawn(
            async move { store.add_members(anna, group, vec![user], Bounds::of_members(2), now).await },
        );
    }
    let added = tasks.join_all().await.into_iter().filter(Result::is_ok).count();
    assert_eq!(added, 1);
    assert_eq!(w.members(anna, group).await.len(), 2);
    Ok(())
}

pub async fn places_have_no_gaps_however_many_send(w: &mut World) -> Claim {
    const SENDERS: u64 = 8;
    const EACH: u64 = 50;
    let mut users = Vec::new();
    for n in 0..SENDERS {
        users.push(w.user(&format!("user {n}")).await);
    }
    let groups = [w.group(users[0], &users).await, w.group(users[1], &users).await];
    w.changes().await;

    let mut tasks = JoinSet::new();
    for (n, sender) in (0..).zip(users.clone()) {
        let (store, now) = (Arc::clone(&w.store), w.now());
        let group = groups[n % 2];
        tasks.spawn(async move {
            let mut places = Vec::new();
            for n in 0..EACH {
                let Sent { seq, .. } = append(&store, text(sender, group, &n.to_string(), "hi", now)).await?;
                places.push(seq);
            }
            Result::Ok(places)
        });
    }
    let answers = tasks.join_all().await.into_iter().collect::<Result<Vec<_>>>()?;
    assert!(answers.iter().all(|places| places.is_sorted_by(|a, b| a < b)), "one's own keep their order");

    let told = w.changes().await;
    assert_eq!(told.len() as u64, SENDERS * EACH);
    for group in groups {
        let all = Vec::from_iter(1..=SENDERS * EACH / 2);
        let stored = w.messages(users[0], group).await;
        assert_eq!(seqs(&stored), all);
        assert!(stored.is_sorted_by(|a, b| a.id < b.id && a.rev < b.rev));
        let told = told.iter().filter_map(|change| match change {
            Change::Message { message, .. } if message.group == group => Some(message.seq.0),
            _ => None,
        });
        assert!(told.eq(all), "the feed keeps the order");
    }
    let mut places: Vec<_> = answers.into_iter().flatten().collect();
    places.sort();
    assert!(places.iter().zip(1..).all(|(seq, n)| *seq == Seq(n / 2 + n % 2)), "each place is given once");
    Ok(())
}

pub async fn a_message_sent_many_times_at_once_is_stored_once(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.changes().await;
    let mut tasks = JoinSet::new();
    for n in 0..20 {
        let (store, message) = (Arc::clone(&w.store), text(anna, group, "a-1", &n.to_string(), w.now()));
        tasks.spawn(async move { append(&store, message).await });
    }
    let mut answers = tasks.join_all().await.into_iter().collect::<Result<Vec<_>>>()?;
    answers.dedup();
    assert_eq!(answers.len(), 1);
    assert_eq!(w.messages(bob, group).await.len(), 1);
    assert_eq!(w.changes().await.len(), 1);
    Ok(())
}

pub async fn one_who_is_removed_while_sending_gets_a_clean_cut(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let (store, now) = (Arc::clone(&w.store), w.now());
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let sender = tokio::spawn(async move {
        let mut stop = Some(stop);
        for n in 0..200 {
            if n == 20 {
                // From here on they may be removed at any time.
                drop(stop.take());
            }
            match append(&store, text(bob, group, &n.to_string(), "hi", now)).await {
                Ok(_) => {}
                refused => {
                    assert_eq!(refusal(refused), Refusal::NotMember);
                    return n;
                }
            }
        }
        200
    });
    let _: std::result::Result<(), _> = stopped.await;
    w.remove(anna, group, &[bob]).await?;
    let answered = sender.await.expect("the sender ends");

    assert_eq!(w.messages(anna, group).await.len(), answered);
    assert_eq!(w.messages(bob, group).await.len(), answered, "they read all that was taken from them");
    let left = w.everything(bob).await.groups.remove(0);
    assert_eq!((left.member, left.messages.len()), (false, answered));
    Ok(())
}

pub async fn a_reader_never_sees_a_gap(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    for n in 0..500 {
        let message = text(anna, group, &n.to_string(), "hi", w.now());
        w.store.submit(Write::Append(message), callback(drop))?;
    }
    let mut before = 0;
    while before < 500 {
        let seen = seqs(&w.messages(bob, group).await);
        assert_eq!(seen, Vec::from_iter(1..=seen.len() as u64));
        assert!(seen.len() >= before, "what was seen once stays");
        before = seen.len();
        let page = w.history(bob, group, Page { number: 1, size: 1 }, None).await.expect("a member");
        assert!(seqs(&page.messages).first().is_none_or(|seq| *seq >= before as u64));
    }
    Ok(())
}

pub async fn a_client_that_syncs_while_others_write_misses_nothing(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let groups = [w.group(anna, &[bob, carl]).await, w.single(anna, bob).await];
    let mut tasks = JoinSet::new();
    for (sender, group) in [(anna, groups[0]), (carl, groups[0]), (anna, groups[1]), (bob, groups[1])] {
        let (store, now) = (Arc::clone(&w.store), w.now());
        tasks.spawn(async move {
            for n in 0..60 {
                append(&store, text(sender, group, &n.to_string(), "hi", now)).await?;
                if n % 10 == 0 {
                    store.mark_all_read(sender, group, now).await?;
                }
            }
            Result::Ok(())
        });
    }
    let mut quick = Client::new(bob);
    let mut slow = Client::new(bob);
    while !tasks.is_empty() {
        quick.catch_up(w, 100, None).await;
        slow.ask(w, 3, None).await;
        while let Some(task) = tasks.try_join_next() {
            task.expect("the sender ends")?;
        }
    }
    quick.catch_up(w, 100, None).await;
    slow.catch_up(w, 3, None).await;

    assert_eq!(quick, Client::up_to_date(w, bob).await);
    assert_eq!(slow, quick);
    for group in groups {
        let messages: Vec<_> = quick.groups[&group].messages.values().cloned().collect();
        assert_eq!(messages, w.messages(bob, group).await);
        assert_eq!(messages.len(), 120);
    }
    Ok(())
}

pub async fn members_come_and_go_without_a_gap_in_the_revs(w: &mut World) -> Claim {
    let [anna, bob, carl, dan] = w.users(["anna", "bob", "carl", "dan"]).await;
    let group = w.group(anna, &[]).await;
    w.changes().await;
    let mut tasks = JoinSet::new();
    for user in [bob, carl, dan] {
        let (store, now) = (Arc::clone(&w.store), w.now());
        tasks.spawn(async move {
            for n in 0..10 {
                store.add_members(anna, group, vec![user], MANY, now).await?;
                append(&store, text(user, group, &n.to_string(), "hi", now)).await?;
                store.mark_all_read(anna, group, now).await?;
                store.remove_members(user, group, vec![user], now).await?;
            }
            Result::Ok(())
        });
    }
    tasks.join_all().await.into_iter().collect::<Result<Vec<_>>>()?;

    let told: Vec<_> = w.changes().await.iter().map(rev).collect();
    assert_eq!(told, Vec::from_iter(2..told.len() as u64 + 2));
    assert_eq!(w.rev(anna, group).await.0, told.len() as u64 + 1);
    for user in [bob, carl, dan] {
        let own = w.messages(user, group).await;
        assert_eq!(own.iter().filter(|message| message.sender == user).count(), 10);
    }
    assert_eq!(w.messages(anna, group).await.len(), 30);
    Ok(())
}

fn rev(change: &Change) -> u64 {
    match change {
        Change::Message { message, .. } => message.rev.0,
        Change::Receipt { rev, .. } | Change::Group { rev, .. } => rev.0,
        other => panic!("a change of the group: {other:?}"),
    }
}
