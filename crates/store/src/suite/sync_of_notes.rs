//! Sync of what happens to messages after they were sent, and of what users do with them for themselves alone.

use super::Claim;
use super::client::Client;
use super::sights::{many, many_with};
use super::world::{Sent, World, mention_all, query, seqs};
use rim_core::message::{Extras, Span};
use rim_core::note::Act;
use rim_core::sight::MAX_MENTIONS;
use rim_core::sync::{GroupDelta, Kept, SyncQuery};
use rim_core::{GroupId, Rev, Seq, UserId};

pub async fn a_message_that_changed_is_told_as_it_is_now_to_those_who_have_it(w: &mut World) -> Claim {
    let ([anna, bob], group, sent) = talk(w, 3).await?;
    let own = w.own_rev(bob).await;
    let rev = w.rev(bob, group).await;
    w.act(anna, group, sent[0].id, edit(w, "first")).await?;
    w.act(bob, group, sent[0].id, react("👍")).await?;
    w.act(anna, group, sent[2].id, Act::Recall).await?;
    let new = w.send(anna, group, "4").await?;
    w.act(anna, group, new.id, edit(w, "new")).await?;

    let delta = missed(w, bob, own, group, rev).await;
    assert_eq!(seqs(&delta.messages), [4], "what is new comes as what is new");
    assert_eq!(delta.messages[0].content, "new", "as it is now");
    assert_eq!(delta.rev, Rev(rev.0 + 5));
    let changed: Vec<_> =
        delta.changed.iter().map(|message| (message.seq.0, message.content.as_str())).collect();
    assert_eq!(changed, [(1, "first"), (3, "")], "by their latest change");
    let first = delta.changed[0].state.as_ref().expect("a state");
    assert!(first.edited.is_some() && first.reactions[0].mine);
    assert_eq!(delta.changed[0].latest_rev(), Rev(rev.0 + 2));
    assert!(w.delta(bob, group).await.changed.is_empty(), "who has nothing gets it with the messages");
    assert_eq!(w.delta(bob, group).await.messages, w.messages(bob, group).await);
    Ok(())
}

pub async fn changes_come_whole_in_answers_of_any_size(w: &mut World) -> Claim {
    let ([anna, bob], group, mut sent) = talk(w, 6).await?;
    let other = w.group(anna, &[bob]).await;
    w.send(anna, other, "elsewhere").await?;
    let device = Client::up_to_date(w, bob).await;
    for turn in 0..3 {
        for at in [1, 3, 0, 5] {
            w.act(bob, group, sent[at].id, react(["👍", "🎉", "😀"][turn])).await?;
            w.act(anna, group, sent[at].id, edit(w, &format!("{turn} {}", "long ".repeat(40)))).await?;
        }
        sent.push(w.send(anna, group, "new").await?);
        w.send(anna, other, "elsewhere").await?;
        w.store.hide(bob, group, vec![sent[[2, 4, 2][turn]].id, sent[6].id], w.now()).await?;
        w.store.star(bob, group, sent[0].id, w.now()).await?;
    }
    w.act(anna, group, sent[7].id, Act::Recall).await?;
    let fresh = Client::up_to_date(w, bob).await;
    for limit in [1, 2, 3, 5, 100] {
        let mut late = device.clone();
        late.catch_up(w, limit, None).await;
        assert_eq!(late, fresh, "{limit} rows at a time");
    }
    for bytes in [1, 700, 2_000, 5_000] {
        let mut late = device.clone();
        while late.ask_for(w, SyncQuery { limit: 100, bytes: Some(bytes), ..SyncQuery::default() }).await.more
        {
        }
        assert_eq!(late, fresh, "{bytes} bytes at a time");
    }
    Ok(())
}

pub async fn a_change_out_of_sight_is_not_told_and_takes_nobody_back(w: &mut World) -> Claim {
    let ([anna, bob], group, sent) = talk(w, 4).await?;
    let carl = w.user("carl").await;
    w.add(anna, group, &[carl]).await?;
    w.store.hide(bob, group, vec![sent[1].id], w.now()).await?;
    w.store.clear(bob, group, Some(Seq(1)), w.now()).await?;
    let mut devices = [Client::up_to_date(w, bob).await, Client::up_to_date(w, carl).await];
    for sent in &sent {
        w.act(anna, group, sent.id, edit(w, "changed")).await?;
    }
    for (device, expected) in devices.iter_mut().zip([&[3, 4][..], &[]]) {
        let rev = device.groups[&group].rev;
        let delta = missed(w, device.user, device.rev, group, rev).await;
        assert_eq!(seqs(&delta.changed), expected);
        assert_eq!(delta.rev, Rev(rev.0 + 4), "they are up to date all the same");
        // One row has no room for what is out of sight, and must go on.
        device.catch_up(w, 1, None).await;
        assert_eq!(*device, Client::up_to_date(w, device.user).await);
    }
    Ok(())
}

pub async fn what_one_does_for_oneself_comes_to_ones_other_devices(w: &mut World) -> Claim {
    let ([anna, bob], group, sent) = talk(w, 5).await?;
    let other = w.group(anna, &[bob]).await;
    let elsewhere = w.send(anna, other, "elsewhere").await?;
    let rev = w.own_rev(bob).await;
    w.store.hide(bob, group, vec![sent[3].id, sent[2].id], w.now()).await?;
    w.store.star(bob, group, sent[4].id, w.now()).await?;
    w.store.star(bob, other, elsewhere.id, w.now()).await?;
    w.store.hide(bob, other, vec![elsewhere.id], w.now()).await?;
    w.store.clear(bob, group, Some(Seq(1)), w.now()).await?;
    w.store.unstar(bob, group, sent[4].id, w.now()).await?;

    let at = |after, to| Span { after: Seq(after), to: Seq(to) };
    let kept = w.sync(bob, query(rev, &[])).await.kept;
    assert_eq!(kept.hidden, [(group, vec![at(2, 4)]), (other, vec![at(0, 1)])]);
    assert_eq!(kept.cleared, [(group, Seq(1))]);
    assert_eq!(kept.starred, [(other, elsewhere.id, true), (group, sent[4].id, false)]);
    let fresh = w.everything(bob).await.kept;
    assert_eq!((fresh.hidden, fresh.cleared), (kept.hidden, kept.cleared));
    assert_eq!(fresh.starred, [(other, elsewhere.id, true)], "what was never starred there is no news");
    assert_eq!(w.everything(anna).await.kept, Kept::default());
    Ok(())
}

pub async fn what_one_did_for_oneself_comes_in_answers_of_any_size(w: &mut World) -> Claim {
    let ([anna, bob], group, sent) = talk(w, 30).await?;
    let device = Client::up_to_date(w, bob).await;
    for (at, some) in sent.chunks(4).enumerate() {
        w.store.hide(bob, group, some[1..].iter().map(|sent| sent.id).collect(), w.now()).await?;
        w.store.star(bob, group, some[0].id, w.now()).await?;
        if at % 3 == 0 {
            w.store.clear(bob, group, Some(Seq(at as u64)), w.now()).await?;
        }
    }
    w.send(anna, group, "new").await?;
    let fresh = Client::up_to_date(w, bob).await;
    for (limit, bytes) in [(1, usize::MAX), (2, usize::MAX), (7, usize::MAX), (100, 1), (100, 300)] {
        let mut late = device.clone();
        while late.ask_for(w, SyncQuery { limit, bytes: Some(bytes), ..SyncQuery::default() }).await.more {}
        assert_eq!(late, fresh, "{limit} rows and {bytes} bytes at a time");
    }
    Ok(())
}

pub async fn a_window_leaves_out_what_is_old_and_tells_what_changed(w: &mut World) -> Claim {
    let ([anna, bob], group, sent) = talk(w, 9).await?;
    w.store.hide(bob, group, vec![sent[7].id], w.now()).await?;
    let mut device = Client::new(bob);
    device.catch_up(w, 100, Some(2)).await;
    assert_eq!(device.groups[&group].messages.keys().map(|seq| seq.0).collect::<Vec<_>>(), [7, 9]);
    w.act(anna, group, sent[6].id, edit(w, "changed")).await?;
    w.act(anna, group, sent[0].id, edit(w, "not here")).await?;
    device.catch_up(w, 100, Some(2)).await;
    let view = &device.groups[&group];
    assert_eq!(view.messages[&Seq(7)].content, "changed");
    assert!(view.knows_to_lack(Seq(1)) && !view.messages.contains_key(&Seq(1)));
    Ok(())
}

// ---- mentions

pub async fn mentions_are_counted_that_one_has_not_read(w: &mut World) -> Claim {
    let ([anna, bob], group, _) = talk(w, 1).await?;
    let carl = w.user("carl").await;
    w.add(anna, group, &[carl]).await?;
    let of_bob = w.send_with(anna, group, "bob!", mention(&[bob])).await?;
    w.send_with(anna, group, "carl!", mention(&[carl])).await?;
    let all = Extras { mention_all: true, ..Extras::default() };
    w.send_with(anna, group, "all!", all.clone()).await?;
    let both = Extras { mention_all: true, ..mention(&[bob]) };
    let last = w.send_with(anna, group, "bob and all!", both).await?;
    assert_eq!(
        counts(w, group, [anna, bob, carl]).await,
        [0, 3, 3],
        "one's own do not count, and one counts once"
    );
    let chat = w.chat(bob, group).await;
    assert_eq!((chat.unread, chat.unread_mentions), (5, 3));

    w.store.hide(carl, group, vec![last.id], w.now()).await?;
    assert_eq!(counts(w, group, [bob, carl]).await, [3, 2], "what is hidden does not count");
    w.read(bob, group, of_bob.id).await?;
    assert_eq!(counts(w, group, [bob, carl]).await, [2, 2]);
    w.act(anna, group, last.id, Act::Recall).await?;
    assert_eq!(counts(w, group, [bob, carl]).await, [1, 2], "nor what is recalled");
    w.act(anna, group, of_bob.id, edit(w, "nobody")).await?;
    w.send(bob, group, "yes?").await?;
    assert_eq!(counts(w, group, [bob, carl]).await, [0, 2], "who writes has read");
    w.store.clear(carl, group, None, w.now()).await?;
    assert_eq!(w.delta(carl, group).await.unread_mentions, 0);
    Ok(())
}

pub async fn mentions_come_and_go_with_an_edit(w: &mut World) -> Claim {
    let ([anna, bob], group, sent) = talk(w, 2).await?;
    let rev = w.rev(bob, group).await;
    w.act(anna, group, sent[1].id, edit_with(w, "bob!", vec![bob])).await?;
    let delta = missed(w, bob, w.own_rev(bob).await, group, rev).await;
    assert_eq!((delta.unread_mentions, seqs(&delta.changed)), (1, vec![2]));
    w.act(anna, group, sent[1].id, edit(w, "nobody")).await?;
    assert_eq!(counts(w, group, [bob]).await, [0]);
    Ok(())
}

pub async fn one_who_came_late_is_not_mentioned_by_what_was_before(w: &mut World) -> Claim {
    let ([anna, bob], group, _) = talk(w, 1).await?;
    let carl = w.user("carl").await;
    let all = Extras { mention_all: true, ..Extras::default() };
    w.send_with(anna, group, "all!", all.clone()).await?;
    w.add(anna, group, &[carl]).await?;
    w.send(anna, group, "welcome").await?;
    assert_eq!(counts(w, group, [bob, carl]).await, [1, 0]);
    w.leave(bob, group).await?;
    w.send_with(anna, group, "all!", all).await?;
    assert_eq!(counts(w, group, [bob, carl]).await, [1, 1], "who has left those of their own part");
    Ok(())
}

pub async fn unread_mentions_are_counted_up_to_a_bound_whatever_is_out_of_sight(w: &mut World) -> Claim {
    let ([anna, bob], group, _) = talk(w, 1).await?;
    let sent = many(w, anna, group, MAX_MENTIONS as usize + 5).await?;
    for sent in &sent {
        w.act(anna, group, sent.id, edit_with(w, "bob!", vec![bob])).await?;
    }
    assert_eq!(counts(w, group, [bob]).await, [MAX_MENTIONS]);
    w.store.hide(bob, group, sent[..10].iter().map(|sent| sent.id).collect(), w.now()).await?;
    assert_eq!(counts(w, group, [bob]).await, [MAX_MENTIONS - 5]);
    // Hidden ones, however many come first, and others after what was cleared.
    let more = many_with(w, anna, group, 2 * MAX_MENTIONS as usize + 7, mention_all()).await?;
    w.store
        .hide(bob, group, more[..2 * MAX_MENTIONS as usize].iter().map(|sent| sent.id).collect(), w.now())
        .await?;
    assert_eq!(counts(w, group, [bob]).await, [MAX_MENTIONS]);
    w.store.clear(bob, group, Some(sent[15].seq), w.now()).await?;
    assert_eq!(counts(w, group, [bob]).await, [MAX_MENTIONS - 4]);
    w.store.clear(bob, group, Some(sent.last().expect("some").seq), w.now()).await?;
    assert_eq!(counts(w, group, [bob]).await, [7]);
    w.store.clear(bob, group, None, w.now()).await?;
    assert_eq!(w.delta(bob, group).await.unread_mentions, 0);
    Ok(())
}

/// What each is told, by sync and in their list.
async fn counts<const N: usize>(w: &World, group: GroupId, users: [UserId; N]) -> [u64; N] {
    let mut counts = [0; N];
    for (count, user) in counts.iter_mut().zip(users) {
        *count = w.delta(user, group).await.unread_mentions;
        assert_eq!(w.chat(user, group).await.unread_mentions, *count, "the list says so, too");
    }
    counts
}

/// Anna and Bob, and so many messages of hers, which say their places.
async fn talk(w: &World, messages: usize) -> crate::Result<([UserId; 2], GroupId, Vec<Sent>)> {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let mut sent = Vec::new();
    for number in 1..=messages {
        sent.push(w.send(anna, group, &number.to_string()).await?);
    }
    Ok(([anna, bob], group, sent))
}

/// What one misses of a group who has so much.
async fn missed(w: &World, user: UserId, own: Rev, group: GroupId, rev: Rev) -> GroupDelta {
    let mut page = w.sync(user, query(own, &[(group, rev)])).await;
    page.groups.retain(|delta| delta.group_id == group);
    page.groups.pop().expect("they missed something")
}

fn edit(w: &World, content: &str) -> Act {
    edit_with(w, content, Vec::new())
}

fn edit_with(w: &World, content: &str, mentions: Vec<UserId>) -> Act {
    let client_msg_id = format!("edit {}", w.fresh());
    Act::Edit { client_msg_id, kind: None, content: content.into(), mentions, mention_all: false }
}

fn react(emoji: &str) -> Act {
    Act::React { emoji: emoji.into() }
}

fn mention(users: &[UserId]) -> Extras {
    Extras { mentions: users.to_vec(), ..Extras::default() }
}
