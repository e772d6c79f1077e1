//! Messages that are sent later: once, with the rights of then.

use std::sync::Arc;

use rim_core::event::{Change, ChatChange};
use rim_core::message::{MessageKind, NewMessage};
use rim_core::schedule::{MAX_GONE, MAX_LATE_MS, MAX_SCHEDULED, Planned, REMEMBERED_MS, Scheduled, Turn};
use rim_core::{ConnectionId, GroupId, Refusal, Timestamp, UserId};
use tokio::task::JoinSet;

use super::Claim;
use super::world::{NO_GROUP, World, append, chat_change, refusal};

pub(super) fn text(user: UserId, group: GroupId, id: u64, send_at: Timestamp, content: &str) -> Scheduled {
    let (kind, content) = (MessageKind::Text.code(), content.to_owned());
    let what = Planned { kind, content, reply_to: None, mentions: Vec::new(), mention_all: false };
    Scheduled { id, user, group, send_at, created_at: send_at, what, failed: None }
}

/// The texts of what the user has, and why each has failed.
async fn listed(w: &World, user: UserId) -> Vec<(String, Option<String>)> {
    let part = w.store.scheduled_part(user, None, Turn::FIRST, usize::MAX).await.expect("a list");
    part.rows.into_iter().map(|message| (message.what.content, message.failed)).collect()
}

async fn due(w: &World, now: Timestamp) -> Vec<u64> {
    let due = w.store.due_scheduled(Turn::FIRST, now, 100).await.expect("a list");
    due.into_iter().map(|(turn, _)| turn.id).collect()
}

pub async fn it_is_sent_once_and_forgotten(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let at = w.now().plus_ms(1_000);
    w.store.schedule(text(anna, group, 7, at, "later"), w.now()).await?;
    assert!(due(w, at.plus_ms(-1)).await.is_empty());
    w.store.send_scheduled(anna, 7, at.plus_ms(-1)).await?;
    assert!(w.texts(bob, group).await.is_empty(), "nothing is due");
    w.reopen().await;

    assert_eq!(due(w, at).await, [7]);
    w.changes().await;
    let (one, other) = tokio::join!(w.store.send_scheduled(anna, 7, at), w.store.send_scheduled(anna, 7, at));
    one?;
    other?;

    let sent = w.messages(bob, group).await;
    assert_eq!(sent.len(), 1);
    let [message] = &sent[..] else { panic!("one message") };
    assert_eq!((message.sender, message.client_msg_id.as_str()), (anna, "sched:7"));
    assert_eq!((message.content.as_str(), message.created_at), ("later", at));
    let connection = ConnectionId::default();
    assert_eq!(w.changes().await, [Change::Message { message: message.clone().into(), connection }]);
    assert_eq!((due(w, at).await, listed(w, anna).await), (vec![], vec![]));
    assert_eq!(w.unread(bob, group).await, 1);
    Ok(())
}

pub async fn a_repetition_changes_nothing_even_after_it_was_sent(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let at = w.now();
    w.store.schedule(text(anna, group, 7, at, "first"), at).await?;
    w.changes().await;
    w.store.schedule(text(anna, group, 7, at.plus_ms(9), "again"), at).await?;
    assert_eq!(listed(w, anna).await, [("first".to_owned(), None)]);
    w.store.send_scheduled(anna, 7, at).await?;
    w.changes().await;
    w.store.schedule(text(anna, group, 7, at, "late"), at).await?;
    assert_eq!((listed(w, anna).await, w.changes().await), (vec![], vec![]));
    assert_eq!(w.texts(bob, group).await, ["first"]);
    Ok(())
}

pub async fn a_late_repetition_brings_nothing_back(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let session = w.login(anna, 1).await;
    let (group, other) = (w.group(anna, &[bob]).await, w.single(anna, bob).await);
    let at = w.now();
    for id in 1..=6 {
        w.store.schedule(text(anna, group, id, at, &id.to_string()), at).await?;
    }
    for id in [4, 5, 6] {
        w.store.reschedule(text(anna, other, id, at, &format!("{id} elsewhere")), at).await?;
    }
    for (cancelled, sent, sent_now) in [(1, 2, 3), (4, 5, 6)] {
        w.store.cancel_scheduled(anna, cancelled, at).await?;
        w.store.send_scheduled(anna, sent, at).await?;
        w.store.send_scheduled_now(anna, session, sent_now, at).await?;
    }
    w.changes().await;

    let late = at.plus_ms(REMEMBERED_MS);
    for id in 1..=6 {
        w.store.schedule(text(anna, group, id, at, "late"), late).await?;
        w.store.schedule(text(anna, other, id, at, "late"), late).await?;
    }
    assert_eq!((listed(w, anna).await, due(w, late).await, w.changes().await), (vec![], vec![], vec![]));
    w.reopen().await;
    w.store.schedule(text(anna, group, 1, at, "late"), late).await?;
    assert_eq!(listed(w, anna).await, []);
    assert_eq!(w.texts(bob, group).await, ["2", "3"]);
    assert_eq!(w.texts(bob, other).await, ["5 elsewhere", "6 elsewhere"]);
    Ok(())
}

pub async fn what_was_cancelled_is_remembered_for_long_and_up_to_a_number(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let at = w.now();
    let cancelled = async |user, ids: std::ops::Range<u64>, at: Timestamp| {
        let mut at_once = JoinSet::new();
        for id in ids {
            let store = Arc::clone(&w.store);
            at_once.spawn(async move {
                store.schedule(text(user, group, id, at, "x"), at).await?;
                store.cancel_scheduled(user, id, at).await
            });
        }
        at_once.join_all().await.into_iter().collect::<Result<(), _>>().expect("cancelled");
    };
    let is_known = async |user, id: u64, now: Timestamp| {
        w.store.schedule(text(user, group, id, now, "again"), now).await.expect("scheduled or known");
        listed(w, user).await.is_empty()
    };
    cancelled(anna, 1..3, at).await;
    let late = at.plus_ms(REMEMBERED_MS + 1);
    cancelled(anna, 3..4, late).await;
    assert!(is_known(anna, 3, late).await);
    assert!(!is_known(anna, 1, late).await, "it is forgotten in time");

    cancelled(bob, 10_000..10_002, at).await;
    for nth in 0..MAX_GONE / 50 {
        let first = 20_000 + nth * 50;
        cancelled(bob, first..first + 50, at.plus_ms(1 + nth as i64)).await;
        assert!(nth > 0 || is_known(bob, 10_001, at).await);
    }
    // The next sees that there are too many.
    cancelled(bob, 30_000..30_001, at.plus_ms(1_000)).await;
    assert!(is_known(bob, 20_050, at.plus_ms(1_000)).await);
    assert!(!is_known(bob, 10_001, at.plus_ms(1_000)).await, "later ones have taken its place");
    Ok(())
}

pub async fn it_is_a_matter_of_its_user_alone(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let (now, at) = (w.now(), w.now().plus_ms(60_000));
    w.store.schedule(text(anna, group, 7, at, "secret"), now).await?;
    assert!(listed(w, bob).await.is_empty());
    let no_such = Refusal::NoSuchScheduled;
    assert_eq!(refusal(w.store.cancel_scheduled(bob, 7, now).await), no_such);
    assert_eq!(refusal(w.store.reschedule(text(bob, group, 7, at, "mine"), now).await), no_such);
    assert_eq!(refusal(w.store.send_scheduled_now(bob, w.login(bob, 2).await, 7, now).await), no_such);
    w.store.send_scheduled(bob, 7, at).await?;
    w.store.fail_scheduled(bob, 7, "why".into(), at).await?;
    assert_eq!(listed(w, anna).await, [("secret".to_owned(), None)]);
    assert!(w.texts(bob, group).await.is_empty());
    assert!(w.store.schedule(text(bob, group, 7, at, "taken"), now).await.is_err(), "the id is another's");
    Ok(())
}

pub async fn it_can_be_changed_cancelled_and_sent_now(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let session = w.login(anna, 1).await;
    let (group, other) = (w.group(anna, &[bob]).await, w.single(anna, bob).await);
    let (now, at) = (w.now(), w.now().plus_ms(60_000));
    for (id, content) in [(1, "one"), (2, "two"), (3, "three")] {
        w.store.schedule(text(anna, group, id, at.plus_ms(id as i64), content), now).await?;
    }
    w.changes().await;

    w.store.reschedule(text(anna, other, 3, at, "third"), now).await?;
    w.store.cancel_scheduled(anna, 2, now).await?;
    let told: Vec<_> = w.changes().await.into_iter().map(chat_change).collect();
    let rev = told[0].1;
    let (third, second) = (ChatChange::Scheduled { id: 3 }, ChatChange::Scheduled { id: 2 });
    let next = rim_core::Rev(rev.0 + 1);
    assert_eq!(told, [(anna, rev, other, third), (anna, next, group, second)]);
    assert_eq!(listed(w, anna).await, [("third".to_owned(), None), ("one".to_owned(), None)]);
    assert_eq!(refusal(w.store.cancel_scheduled(anna, 2, now).await), Refusal::NoSuchScheduled);
    assert_eq!(
        refusal(w.store.reschedule(text(anna, group, 2, at, "x"), now).await),
        Refusal::NoSuchScheduled
    );

    let message = w.store.send_scheduled_now(anna, session, 3, now).await?;
    assert_eq!((message.group, message.content.as_str()), (other, "third"));
    assert_eq!(w.messages(bob, other).await, [message]);
    assert_eq!(refusal(w.store.send_scheduled_now(anna, session, 3, now).await), Refusal::NoSuchScheduled);
    assert_eq!(due(w, at.plus_ms(60_000)).await, [1]);
    Ok(())
}

pub async fn rights_are_those_of_the_time_when_it_is_sent(w: &mut World) -> Claim {
    let [anna, bob, cleo] = w.users(["anna", "bob", "cleo"]).await;
    let group = w.group(anna, &[bob, cleo]).await;
    let at = w.now();
    let refused = w.store.schedule(text(bob, NO_GROUP, 5, at, "x"), at).await;
    assert_eq!(refusal(refused), Refusal::NoSuchGroup);
    w.store.schedule(text(bob, group, 7, at, "farewell"), at).await?;
    w.store.schedule(text(cleo, group, 8, at, "hello"), at).await?;
    w.remove(anna, group, &[bob]).await?;
    w.store.set_disabled(cleo, true, at).await?;
    w.changes().await;

    assert_eq!(refusal(w.store.send_scheduled(bob, 7, at).await), Refusal::NotMember);
    assert_eq!(refusal(w.store.send_scheduled(cleo, 8, at).await), Refusal::Disabled);
    assert_eq!(refusal(w.store.reschedule(text(bob, group, 7, at, "x"), at).await), Refusal::NotMember);
    assert!(w.texts(anna, group).await.is_empty());

    // And that is kept, and told once.
    let why = "you left".to_owned();
    w.store.fail_scheduled(bob, 7, why.clone(), at).await?;
    w.store.fail_scheduled(bob, 7, "again".into(), at).await?;
    let told: Vec<_> = w.changes().await.into_iter().map(chat_change).collect();
    let failed = ChatChange::ScheduleFailed { id: 7, why: why.clone() };
    assert_eq!(
        told.iter().map(|(user, _, group, what)| (user, group, what)).collect::<Vec<_>>(),
        [(&bob, &group, &failed)]
    );
    assert_eq!(listed(w, bob).await, [("farewell".to_owned(), Some(why))]);
    assert_eq!(due(w, at).await, [8], "it is not tried again");
    // Until somebody mends it.
    w.add(anna, group, &[bob]).await?;
    w.store.reschedule(text(bob, group, 7, at, "I am back"), at).await?;
    w.store.send_scheduled(bob, 7, at).await?;
    assert_eq!(w.texts(anna, group).await, ["I am back"]);
    Ok(())
}

pub async fn what_is_more_than_a_day_late_is_not_sent(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let session = w.login(anna, 1).await;
    let group = w.group(anna, &[bob]).await;
    let at = w.now();
    for id in [1, 2] {
        w.store.schedule(text(anna, group, id, at, &id.to_string()), at).await?;
    }
    let day = at.plus_ms(MAX_LATE_MS as i64);
    w.store.send_scheduled(anna, 1, day).await?;
    assert_eq!(refusal(w.store.send_scheduled(anna, 2, day.plus_ms(1)).await), Refusal::ScheduledTooLate);
    w.store.fail_scheduled(anna, 2, "late".into(), day.plus_ms(1)).await?;
    assert_eq!(w.texts(bob, group).await, ["1"]);
    assert_eq!(listed(w, anna).await, [("2".to_owned(), Some("late".to_owned()))]);
    // It can be sent all the same, by hand.
    w.store.send_scheduled_now(anna, session, 2, day.plus_ms(2)).await?;
    assert_eq!(w.texts(bob, group).await, ["1", "2"]);
    Ok(())
}

pub async fn a_user_has_no_more_than_fit_into_a_list(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let at = w.now();
    for id in 1..=MAX_SCHEDULED {
        w.store.schedule(text(anna, group, id, at, &id.to_string()), at).await?;
    }
    let one_more = || w.store.schedule(text(anna, group, 1_000, at, "one more"), at);
    assert_eq!(refusal(one_more().await), Refusal::TooManyScheduled(MAX_SCHEDULED));
    w.store.schedule(text(bob, group, 2_000, at, "another's"), at).await?;
    // A list comes in parts, in its order, whatever happens at the same time.
    let (mut read, mut after) = (Vec::new(), Turn::FIRST);
    loop {
        let part = w.store.scheduled_part(anna, Some(group), after, 5_000).await?;
        assert!(part.rows.len() < MAX_SCHEDULED as usize);
        read.extend(part.rows.into_iter().map(|message| message.id));
        match part.rest {
            Some(rest) => after = rest,
            None => break,
        }
    }
    assert!(read.into_iter().eq(1..=MAX_SCHEDULED));
    assert!(w.store.scheduled_part(anna, Some(NO_GROUP), Turn::FIRST, 5_000).await?.rows.is_empty());
    w.store.cancel_scheduled(anna, 1, at).await?;
    one_more().await?;
    Ok(())
}

pub async fn a_message_of_the_same_id_is_not_sent_twice(w: &mut World) -> Claim {
    // As where somebody restores a part of a store, or has sent one of that id by themselves.
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let session = w.login(anna, 1).await;
    let group = w.group(anna, &[bob]).await;
    let at = w.now();
    w.store.schedule(text(anna, group, 7, at, "later"), at).await?;
    let new = NewMessage {
        extras: None,
        group,
        sender: anna,
        client_msg_id: "sched:7".into(),
        kind: MessageKind::Text,
        content: "sooner".into(),
        session: None,
        now: at,
        connection: ConnectionId::default(),
    };
    let first = append(&w.store, new).await?;
    let sent = w.store.send_scheduled_now(anna, session, 7, at).await?;
    assert_eq!((sent.id, sent.content.as_str()), (first.id, "sooner"));
    assert_eq!((w.texts(bob, group).await, listed(w, anna).await), (vec!["sooner".to_owned()], vec![]));
    Ok(())
}

pub async fn it_brings_the_other_back_into_a_single_chat(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.single(anna, bob).await;
    let at = w.now();
    w.store.schedule(text(anna, group, 7, at, "come back"), at).await?;
    w.remove(bob, group, &[bob]).await?;
    w.store.send_scheduled(anna, 7, at).await?;
    assert_eq!(w.texts(bob, group).await, ["come back"]);
    assert_eq!(w.unread(bob, group).await, 1);
    Ok(())
}
