//! Messages that expire: gone for everybody, and their places stay.

use rim_core::event::Change;
use rim_core::group::{MAX_TIMERS, NewSettings, Who};
use rim_core::message::{Extras, Span};
use rim_core::note::Act;
use rim_core::sync::SyncQuery;
use rim_core::{GroupId, Refusal, Rev, Seq, Timestamp, UserId};

use super::Claim;
use super::world::{Sent, World, edit, react, refusal};

/// So long is a message there, where a group has a timer.
const SECONDS: u64 = 10;

async fn set_timer(w: &World, user: UserId, group: GroupId, seconds: u64) {
    let settings = NewSettings { expire_seconds: Some(seconds), ..NewSettings::default() };
    let set = w.store.set_group_settings(user, group, settings, w.now()).await.expect("they may");
    assert_eq!((set.expire_seconds, set.who_pins), (seconds, Who::Admins));
}

fn span(after: u64, to: u64) -> Span {
    Span { after: Seq(after), to: Seq(to) }
}

/// Removes what is due, and returns how many that were.
async fn sweep(w: &World, now: Timestamp) -> usize {
    let mut swept = 0;
    for (group, places) in w.store.due_messages(now, 100).await.expect("a list") {
        swept += places.len();
        w.store.expire(group, places, now).await.expect("swept");
    }
    swept
}

async fn send(w: &World, user: UserId, group: GroupId, count: u64) -> Vec<Sent> {
    let mut sent = Vec::new();
    for number in 1..=count {
        sent.push(w.send(user, group, &format!("secret {number}")).await.expect("sent"));
    }
    sent
}

pub async fn what_is_due_is_gone_for_everybody_with_one_rev(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send(anna, group, "stays").await?;
    set_timer(w, anna, group, SECONDS).await;
    let sent = send(w, anna, group, 3).await;
    let last = w.message(bob, group, sent[2].id).await;
    let due = last.state.as_ref().and_then(|state| state.expires_at).expect("it expires");
    assert_eq!(due, last.created_at.plus_ms(10_000));
    set_timer(w, anna, group, 0).await;
    w.send(bob, group, "stays, too").await?;
    let rev = w.rev(bob, group).await;
    w.changes().await;
    assert_eq!(sweep(w, last.created_at).await, 0, "not yet");
    w.reopen().await;

    assert_eq!(sweep(w, due).await, 3);

    let told = w.changes().await;
    let [Change::Expired { group: of, rev: told, spans, .. }] = &told[..] else { panic!("{told:?}") };
    assert_eq!((*of, *told, &spans[..]), (group, Rev(rev.0 + 1), &[span(1, 4)][..]));
    for user in [anna, bob] {
        assert_eq!(w.texts(user, group).await, ["stays", "stays, too"]);
        assert_eq!(w.rev(user, group).await, Rev(rev.0 + 1));
    }
    assert_eq!(w.unread(bob, group).await, 0);
    assert_eq!(w.unread(anna, group).await, 1);
    assert_eq!((sweep(w, due).await, w.changes().await), (0, vec![]), "once");
    w.store.expire(group, vec![Seq(1), Seq(2), Seq(5)], due).await?;
    assert_eq!(w.changes().await, [], "neither what has no time nor what is gone");
    // The places stay, and so does what keeps a message from being stored twice.
    assert_eq!(w.send(bob, group, "next").await?.seq, Seq(6));
    w.reopen().await;
    assert_eq!(w.texts(anna, group).await, ["stays", "stays, too", "next"]);
    Ok(())
}

pub async fn a_message_that_expired_is_not_stored_again(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    set_timer(w, anna, group, SECONDS).await;
    let first = w.send_as(anna, group, "a-1", "secret").await?;
    assert_eq!(sweep(w, w.now().plus_ms(10_000)).await, 1);
    assert_eq!(w.send_as(anna, group, "a-1", "secret").await?, first);
    assert!(w.texts(bob, group).await.is_empty());
    Ok(())
}

pub async fn all_that_happened_to_it_goes_with_it(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    set_timer(w, anna, group, SECONDS).await;
    let root = w.send(anna, group, "secret").await?;
    let answer = Extras { reply_to: Some(root.id), mentions: vec![anna], ..Extras::default() };
    let answer = w.send_with(bob, group, "secret answer", answer).await?;
    w.act(anna, group, root.id, edit("e", "secret edit")).await?;
    w.act(anna, group, root.id, Act::Pin).await?;
    w.act(bob, group, root.id, react("👍")).await?;
    let due = w.message(bob, group, answer.id).await.created_at.plus_ms(10_000);
    assert_eq!(sweep(w, due).await, 2);

    for user in [anna, bob] {
        let found = w.store.pins(user, group).await?;
        assert!(found.messages.is_empty());
        for message in [root, answer] {
            let gone = Refusal::NoSuchMessage;
            assert_eq!(refusal(w.act(user, group, message.id, react("👍")).await), gone);
            assert_eq!(refusal(w.store.edits(user, group, message.id).await), gone);
            assert_eq!(refusal(w.store.replies(user, group, message.id, Seq(0), 100).await), gone);
        }
    }
    // A pin that is gone makes room.
    let next = w.send(anna, group, "next").await?;
    w.act(anna, group, next.id, Act::Pin).await?;
    assert_eq!(w.store.pins(bob, group).await?.messages.len(), 1);
    Ok(())
}

pub async fn what_several_nodes_remove_is_told_by_sync_as_one_range(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    set_timer(w, anna, group, SECONDS).await;
    send(w, anna, group, 6).await;
    let since = w.rev(bob, group).await;
    let later = w.now().plus_ms(60_000);
    // As two nodes do, in another order, and each with what the other has done.
    for places in [vec![2, 3], vec![5], vec![3, 4], vec![6, 1, 2]] {
        w.store.expire(group, places.into_iter().map(Seq).collect(), later).await?;
    }
    assert!(w.texts(bob, group).await.is_empty());
    let page = w.sync(bob, super::world::query(Rev(0), &[(group, since)])).await;
    let delta = page.groups.into_iter().find(|delta| delta.group_id == group).expect("it has moved on");
    assert_eq!(delta.expired, [span(0, 6)]);
    Ok(())
}

pub async fn a_range_behind_those_of_others_is_told_however_little_an_answer_has_room_for(
    w: &mut World,
) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob]).await;
    set_timer(w, anna, group, SECONDS).await;
    send(w, anna, group, 6).await;
    w.add(anna, group, &[carl]).await?;
    send(w, anna, group, 1).await;
    let (mut since, later) = (w.rev(carl, group).await, w.now().plus_ms(60_000));
    // Three ranges from before carl came, and then Carl's own.
    for place in [1, 3, 5, 7] {
        w.store.expire(group, vec![Seq(place)], later).await?;
    }
    let mut told = Vec::new();
    for _ in 0..8 {
        let query = SyncQuery { limit: 1, ..super::world::query(Rev(0), &[(group, since)]) };
        let Some(delta) = w.sync(carl, query).await.groups.pop() else { break };
        assert!(delta.rev > since, "it goes on");
        since = delta.rev;
        told.extend(delta.expired);
    }
    assert_eq!((told, since), (vec![span(6, 7)], w.rev(carl, group).await));
    Ok(())
}

pub async fn a_timer_is_set_so_often_that_reads_of_the_group_stay_short(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let (group, plain) = (w.group(anna, &[bob, carl]).await, w.group(anna, &[bob]).await);
    let known = w.rev(carl, group).await;
    let settings = |seconds| NewSettings { expire_seconds: Some(seconds), ..NewSettings::default() };
    for n in 1..=MAX_TIMERS {
        set_timer(w, anna, group, SECONDS).await;
        if n % 2 == 1 {
            w.send(anna, group, "goes").await?;
        }
        set_timer(w, anna, group, 0).await;
        if n % 4 == 1 {
            w.send(anna, group, "stays").await?;
        }
    }
    let refused = Refusal::TooManyTimers(MAX_TIMERS);
    let again = || w.store.set_group_settings(anna, group, settings(SECONDS), w.now());
    assert_eq!(refusal(again().await), refused, "what was sent waits");
    set_timer(w, anna, plain, SECONDS).await;

    let later = w.now().plus_ms(20_000);
    while sweep(w, later).await > 0 {}
    let stay = MAX_TIMERS / 4;
    for user in [anna, bob] {
        assert_eq!(w.texts(user, group).await.len() as u64, stay);
    }
    assert_eq!(w.unread(bob, group).await, stay);
    // Who was away for long learns of all, however little an answer has room for.
    let (mut since, mut told, mut asked) = (known, std::collections::BTreeSet::new(), 0);
    loop {
        let query = SyncQuery { limit: 10, ..super::world::query(Rev(0), &[(group, since)]) };
        let page = w.sync(carl, query).await;
        asked += 1;
        for delta in page.groups.iter().filter(|delta| delta.group_id == group) {
            since = delta.rev;
            assert!(delta.expired.len() <= 100, "all of one commit, and no more than that");
            told.extend(delta.expired.iter().flat_map(|span| span.after.0 + 1..=span.to.0));
        }
        if !page.more {
            break;
        }
    }
    assert!(asked > 5, "{asked}");
    assert_eq!(told.len() as u64, MAX_TIMERS / 2);

    assert_eq!(again().await?.expire_seconds, SECONDS, "there is room for other ranges");
    Ok(())
}

pub async fn what_expires_is_forwarded_to_nobody(w: &mut World) -> Claim {
    use rim_core::ConnectionId;
    use rim_core::message::forward::Forward;
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let (group, other) = (w.group(anna, &[bob]).await, w.group(anna, &[bob]).await);
    set_timer(w, anna, group, SECONDS).await;
    let sent = send(w, anna, group, 1).await;
    let forward = Forward {
        user: bob,
        from: group,
        messages: vec![sent[0].id],
        to: vec![other],
        merged: false,
        without_origin: true,
        client_msg_id: "f".into(),
        session: None,
        now: w.now(),
        connection: ConnectionId(0),
        content_bytes: 64 * 1024,
    };
    assert_eq!(refusal(w.store.forward(forward.clone()).await), Refusal::Expires);
    // Into a group with a timer one may: a copy is there for its own time.
    let kept = w.send(anna, other, "hi").await?;
    let back = Forward { from: other, messages: vec![kept.id], to: vec![group], ..forward };
    let copy = w.store.forward(back).await?.remove(0).remove(0);
    assert_eq!(copy.state.expect("it expires").expires_at, Some(copy.created_at.plus_ms(10_000)));
    sweep(w, w.now().plus_ms(60_000)).await;
    assert!(w.texts(bob, group).await.is_empty());
    assert_eq!(w.texts(bob, other).await, ["hi"]);
    Ok(())
}
