//! The feed and the queue: what is told, in which order, and what happens when nobody listens.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::oneshot;

use super::Claim;
use super::world::{Heard, NO_GROUP, World, append, new_user, refusal, text, write};
use crate::{StoreError, callback};
use rim_core::event::Change;
use rim_core::message::{Mark, Receipt, Write, Written};
use rim_core::{ConnectionId, Refusal, Seq};

pub async fn an_answer_comes_before_the_change_it_answers_for(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.heard().await;
    let one = w.send(anna, group, "one").await?;
    w.read(bob, group, one.id).await?;
    let two = w.send(bob, group, "two").await?;

    let heard = w.heard().await;

    assert_eq!(heard.len(), 6, "{heard:?}");
    let appended = |heard: &Heard| match heard {
        Heard::Answer(Ok(Written::Appended { id, .. })) => Some(*id),
        _ => None,
    };
    let told = |heard: &Heard| match heard {
        Heard::Change(Change::Message { message, .. }) => Some(message.id),
        _ => None,
    };
    assert_eq!((appended(&heard[0]), told(&heard[1])), (Some(one.id), Some(one.id)));
    assert!(matches!(heard[2], Heard::Answer(Ok(Written::Marked))));
    assert!(matches!(heard[3], Heard::Change(Change::Receipt { .. })));
    assert_eq!((appended(&heard[4]), told(&heard[5])), (Some(two.id), Some(two.id)));
    Ok(())
}

pub async fn writes_of_one_caller_are_answered_in_order(w: &mut World) -> Claim {
    let [anna, bob, eve] = w.users(["anna", "bob", "eve"]).await;
    let group = w.group(anna, &[bob]).await;
    let known = w.send_as(anna, group, "known", "known").await?;

    // New, resent, refused, to no group, and marks: whatever the answer, it keeps its turn.
    let answers = Arc::new(std::sync::Mutex::new(Vec::new()));
    for n in 0..100 {
        let now = w.now();
        let id = format!("{n}");
        let next = match n % 5 {
            0 => Write::Append(text(anna, group, &id, "new", now)),
            1 => Write::Append(text(anna, group, "known", "again", now)),
            2 => Write::Append(text(eve, group, &id, "refused", now)),
            3 => Write::Append(text(anna, NO_GROUP, &id, "nowhere", now)),
            _ => Write::Mark(Mark {
                group,
                user: bob,
                message: known.id,
                receipt: Receipt::Read,
                session: None,
                now,
                connection: ConnectionId(0),
            }),
        };
        let answers = Arc::clone(&answers);
        w.store.submit(next, callback(move |result| answers.lock().expect("alive").push((n, result))))?;
    }
    w.heard().await;

    let answers = std::mem::take(&mut *answers.lock().expect("alive"));
    let mut next = 2;
    assert_eq!(answers.iter().map(|(n, _)| *n).collect::<Vec<_>>(), Vec::from_iter(0..100));
    for (n, result) in answers {
        match n % 5 {
            0 => {
                assert!(matches!(result?, Written::Appended { seq: Seq(seq), .. } if seq == next), "{n}");
                next += 1;
            }
            1 => assert_eq!(result?, Written::Appended { id: known.id, seq: known.seq }),
            2 => assert_eq!(refusal(result), Refusal::NotMember),
            3 => assert_eq!(refusal(result), Refusal::NoSuchGroup),
            _ => assert_eq!(result?, Written::Marked),
        }
    }
    Ok(())
}

pub async fn messages_are_told_in_the_order_of_their_places(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let groups = [w.group(anna, &[bob]).await, w.group(anna, &[bob]).await];
    w.changes().await;
    for n in 0..200 {
        let message = text(anna, groups[n % 2], &format!("{n}"), "hi", w.now());
        w.store.submit(Write::Append(message), callback(drop))?;
    }
    let told: Vec<_> = w.changes().await.into_iter().map(message).collect();
    assert!(told.is_sorted_by(|a, b| a.id < b.id), "ids ascend over all groups");
    for group in groups {
        let told: Vec<_> = told.iter().filter(|message| message.group == group).collect();
        assert!(told.is_sorted_by(|a, b| a.rev < b.rev));
        let seqs: Vec<_> = told.iter().map(|message| message.seq.0).collect();
        assert_eq!(seqs, Vec::from_iter(1..=100));
        let stored = w.messages(bob, group).await;
        assert!(told.into_iter().map(|message| &**message).eq(&stored), "what is told is what is stored");
    }
    Ok(())
}

pub async fn what_is_told_can_be_read(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    for n in 1..=50 {
        let sent = w.send(anna, group, "hi").await?;
        let last = w.chat(bob, group).await.last;
        assert_eq!((last.id, last.seq, w.unread(bob, group).await), (sent.id, Seq(n), n));
        assert_eq!(w.delta(bob, group).await.last_seq, Seq(n));
    }
    Ok(())
}

pub async fn nothing_is_told_of_what_is_no_change(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send_as(anna, group, "a-1", "hi").await?;
    w.login(anna, 1).await;
    w.changes().await;

    w.send_as(anna, group, "a-1", "hi").await?;
    w.everything(bob).await;
    w.chats(bob).await;
    w.messages(bob, group).await;
    w.session(1).await;
    w.store.ready().await?;
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn a_full_queue_says_busy_and_keeps_what_it_took(w: &mut World) -> Claim {
    // More than any queue should hold in memory.
    const FAR_TOO_MANY: usize = 4_000_000;
    let anna = w.user("anna").await;
    let group = w.group(anna, &[]).await;
    w.changes().await;

    let deaf = w.stop_listening().await;
    let answered = Arc::new(AtomicUsize::new(0));
    let mut taken = 0;
    let busy = loop {
        assert!(taken < FAR_TOO_MANY, "the queue has no end");
        let message = text(anna, group, &format!("{taken}"), "hi", w.now());
        let counter = Arc::clone(&answered);
        let done = callback(move |result: Result<Written, StoreError>| {
            assert!(matches!(result, Ok(Written::Appended { .. })));
            counter.fetch_add(1, Ordering::Relaxed);
        });
        match w.store.submit(Write::Append(message), done) {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(busy, StoreError::Busy), "{busy:?}");
    assert_eq!(answered.load(Ordering::Relaxed), 0);
    assert_eq!(Arc::strong_count(&answered), taken + 1, "a refused `done` is dropped");
    drop(deaf);
    w.close().await;

    assert_eq!(answered.load(Ordering::Relaxed), taken, "what was taken is answered, each once");
    w.reopen().await;
    assert_eq!(w.delta(anna, group).await.last_seq, Seq(taken as u64));
    Ok(())
}

pub async fn a_busy_store_takes_up_again(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let group = w.group(anna, &[]).await;
    let deaf = w.stop_listening().await;
    let (done, all_done) = oneshot::channel();
    let mut last = None;
    for n in 0.. {
        // Large ones: bytes are counted, too.
        let message = text(anna, group, &format!("{n}"), &"x".repeat(64 * 1024), w.now());
        let (answer, answered) = oneshot::channel();
        let done = callback(move |result| drop(answer.send(result)));
        let submitted = w.store.submit(Write::Append(message), done);
        if submitted.is_err() {
            break;
        }
        last = Some(answered);
    }
    drop(deaf);
    last.expect("some were taken").await.expect("the last one taken is answered")?;
    let message = text(anna, group, "after", "after", w.now());
    w.store.submit(Write::Append(message), callback(move |result| drop(done.send(result))))?;
    assert!(matches!(all_done.await.expect("answered"), Ok(Written::Appended { .. })));
    Ok(())
}

pub async fn the_queue_is_empty_when_all_is_answered(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let group = w.group(anna, &[]).await;
    for _ in 0..10 {
        w.send(anna, group, "hi").await?;
    }
    assert_eq!((w.store.queue_depth(), w.store.queue_fill()), (0, 0.0));
    Ok(())
}

pub async fn an_open_store_is_ready(w: &mut World) -> Claim {
    w.store.ready().await?;
    w.close().await;
    assert!(w.store.ready().await.is_err());
    Ok(())
}

pub async fn closing_commits_what_is_queued(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.heard().await;
    let mut answers = Vec::new();
    for n in 0..500 {
        let message = text(anna, group, &format!("{n}"), "hi", w.now());
        let (answer, answered) = oneshot::channel();
        w.store.submit(Write::Append(message), callback(move |result| drop(answer.send(result))))?;
        answers.push(answered);
    }

    w.close().await;

    for (place, answered) in (1..).zip(answers) {
        let written = answered.await.expect("done is called")?;
        assert!(matches!(written, Written::Appended { seq: Seq(seq), .. } if seq == place));
    }
    w.reopen().await;
    assert_eq!(w.messages(bob, group).await.len(), 500);
    assert_eq!(w.changes().await.len(), 500, "the feed was heard to its end");
    Ok(())
}

pub async fn a_closed_store_is_busy(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.close().await;

    let message = text(anna, group, "late", "late", w.now());
    let done = callback(|_| panic!("done is dropped, not called"));
    let submitted = w.store.submit(Write::Append(message), done);
    assert!(matches!(submitted, Err(StoreError::Busy)), "{submitted:?}");
    let created = w.store.create_user(new_user("carl"), w.now()).await;
    assert!(matches!(created, Err(StoreError::Busy)), "{created:?}");
    let left = w.leave(bob, group).await;
    assert!(matches!(left, Err(StoreError::Busy)), "{left:?}");

    // Closing again is no harm.
    w.close().await;
    w.reopen().await;
    assert_eq!(w.members(anna, group).await.len(), 2);
    assert_eq!(w.texts(anna, group).await.len(), 0);
    Ok(())
}

pub async fn a_caller_who_gives_up_harms_nobody(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    for n in 0..20 {
        // Dropped as soon as it has been asked for the first time.
        let rename = w.rename(anna, group, "Go");
        let _ = tokio::time::timeout(std::time::Duration::ZERO, rename).await;
        let given_up = write(&w.store, Write::Append(text(anna, group, &format!("{n}"), "hi", w.now())));
        let _ = tokio::time::timeout(std::time::Duration::ZERO, given_up).await;
    }
    let sent = append(&w.store, text(bob, group, "last", "last", w.now())).await?;
    let stored = w.messages(anna, group).await;
    assert_eq!(stored.len() as u64, sent.seq.0);
    assert_eq!(stored.last().map(|message| message.id), Some(sent.id));
    Ok(())
}

#[track_caller]
fn message(change: Change) -> Arc<rim_core::message::Message> {
    match change {
        Change::Message { message, .. } => message,
        other => panic!("a message: {other:?}"),
    }
}
