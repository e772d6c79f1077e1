//! Who has left a group reads their part of it as it was when they left; but what is recalled is gone for them, too.

use super::Claim;
use super::client::Client;
use super::forward::forward;
use super::world::{Sent, World, edit, mention, query, react, refusal, reply_to, texts, unreact};
use crate::notes::KEPT_EDITS;
use rim_core::message::forward::Forward;
use rim_core::message::{Message, Page};
use rim_core::note::Act;
use rim_core::sight::Target;
use rim_core::sync::SyncQuery;
use rim_core::{GroupId, Refusal, Seq, UserId};

const ALL: Page = Page { number: 1, size: 100 };

pub async fn what_is_done_after_somebody_left_is_in_nothing_that_they_read(w: &mut World) -> Claim {
    let [anna, bob, cora] = w.users(["anna", "bob", "cora"]).await;
    let group = w.group(anna, &[bob, cora]).await;
    let first = w.send(anna, group, "first").await?;
    let asked = w.send_with(anna, group, "bob?", mention(&[bob])).await?;
    let answer = w.send_with(cora, group, "yes", reply_to(first.id)).await?;
    let last = w.send(anna, group, "last").await?;
    w.act(anna, group, first.id, edit("1", "second")).await?;
    w.act(cora, group, first.id, react("👍")).await?;
    w.act(bob, group, first.id, react("👍")).await?;
    w.act(anna, group, asked.id, Act::Pin).await?;
    w.store.star(bob, group, first.id, w.now()).await?;
    let before = Told::to(w, bob, group, [first, asked, answer, last]).await?;
    assert_eq!((before.pinned.len(), before.naming.len(), before.unread_mentions), (1, 1, 1));
    w.leave(bob, group).await?;
    let left = Told::to(w, bob, group, [first, asked, answer, last]).await?;
    assert_eq!(left, before, "leaving changes nothing");

    w.act(anna, group, first.id, edit("2", "third")).await?;
    w.act(cora, group, first.id, unreact("👍")).await?;
    w.act(anna, group, first.id, react("🎉")).await?;
    w.act(anna, group, asked.id, Act::Unpin).await?;
    w.act(anna, group, last.id, Act::Pin).await?;
    w.act(anna, group, asked.id, edit("3", "cora?")).await?;
    let names = Act::Edit {
        client_msg_id: "4".into(),
        kind: None,
        content: "all!".into(),
        mentions: vec![cora],
        mention_all: true,
    };
    w.act(anna, group, last.id, names).await?;
    assert_eq!(Told::to(w, bob, group, [first, asked, answer, last]).await?, before);
    assert_eq!(w.texts(cora, group).await, ["third", "cora?", "yes", "all!"], "members see what is");
    Ok(())
}

pub async fn what_is_recalled_is_gone_for_those_who_left_before(w: &mut World) -> Claim {
    let ([anna, bob], group, [first, second]) = two_messages(w).await?;
    w.act(anna, group, first.id, edit("1", "edited")).await?;
    w.act(anna, group, first.id, react("👍")).await?;
    w.act(anna, group, first.id, Act::Pin).await?;
    w.leave(bob, group).await?;
    w.act(anna, group, first.id, edit("2", "again")).await?;
    w.act(anna, group, first.id, Act::Recall).await?;
    w.act(anna, group, second.id, Act::Recall).await?;
    let told = w.messages(bob, group).await;
    assert_eq!(texts(&told), ["", ""]);
    assert!(told.iter().all(Message::is_recalled));
    assert_eq!(told, w.messages(anna, group).await, "as everybody sees it");
    assert_eq!(w.store.edits(bob, group, first.id).await?, []);
    assert_eq!(w.store.pins(bob, group).await?.messages, []);
    assert_eq!(w.store.reactors(bob, group, first.id, Some("👍".into()), ALL).await?.0, []);
    Ok(())
}

pub async fn a_device_that_was_away_learns_what_changed_until_its_user_left(w: &mut World) -> Claim {
    let ([anna, bob], group, [first, second]) = two_messages(w).await?;
    let third = w.send(anna, group, "third").await?;
    let devices = [1, 2, 3, 100].map(|limit| (limit, Client::new(bob)));
    let mut away = Vec::new();
    for (limit, mut device) in devices {
        device.catch_up(w, 100, None).await;
        away.push((limit, device));
    }
    w.act(anna, group, first.id, edit("1", "before")).await?;
    w.act(anna, group, second.id, react("👍")).await?;
    w.act(anna, group, first.id, react("🎉")).await?;
    w.leave(bob, group).await?;
    w.act(anna, group, first.id, edit("2", "after")).await?;
    w.act(anna, group, second.id, react("🎉")).await?;
    w.act(anna, group, third.id, Act::Recall).await?;
    let fresh = Client::up_to_date(w, bob).await;
    let shown = fresh.groups[&group].messages.values().map(|message| message.content.as_str());
    assert!(shown.eq(["before", "second", ""]));
    for (limit, mut device) in away {
        device.catch_up(w, limit, None).await;
        assert_eq!(
            device.groups[&group].messages, fresh.groups[&group].messages,
            "with {limit} rows an answer"
        );
    }
    Ok(())
}

pub async fn a_recall_reaches_those_who_left_at_their_next_sync(w: &mut World) -> Claim {
    let ([anna, bob], group, [first, second]) = two_messages(w).await?;
    let [third, fourth] = [w.send(anna, group, "third").await?, w.send(anna, group, "fourth").await?];
    w.leave(bob, group).await?;
    let mut device = Client::up_to_date(w, bob).await;
    w.act(anna, group, first.id, edit("1", "after")).await?;
    let elsewhere = w.send(anna, group, "later").await?;
    w.act(anna, group, elsewhere.id, Act::Recall).await?;
    assert_eq!(next(w, &mut device).await, 0, "what is done with what is left stays there");

    w.act(anna, group, second.id, Act::Recall).await?;
    w.act(anna, group, third.id, Act::Recall).await?;
    let known = SyncQuery { groups: vec![(group, device.groups[&group].rev)], ..query(device.rev, &[]) };
    assert_eq!(w.sync(bob, known).await.groups, [], "who asks for no recalls hears of none");
    let mut slow = device.clone();
    assert_eq!(slow.catch_up(w, 1, None).await, 2, "one an answer, and no more promised than there is");
    assert_eq!(next(w, &mut device).await, 2);
    assert_eq!((next(w, &mut device).await, next(w, &mut slow).await), (0, 0), "once");
    for device in [&device, &slow] {
        assert_eq!(device.groups[&group].messages, Client::up_to_date(w, bob).await.groups[&group].messages);
    }

    w.act(anna, group, fourth.id, edit("2", "unseen")).await?;
    w.add(anna, group, &[bob]).await?;
    for limit in [1, 100] {
        let mut device = device.clone();
        device.catch_up(w, limit, None).await;
        let shown = device.groups[&group].messages.values().map(|message| message.content.as_str());
        assert!(shown.eq(["after", "", "", "unseen"]), "who is back learns all that happened");
    }
    Ok(())
}

pub async fn who_is_back_sees_what_is_and_who_leaves_again_what_was_last(w: &mut World) -> Claim {
    let ([anna, bob], group, [first, second]) = two_messages(w).await?;
    w.leave(bob, group).await?;
    w.act(anna, group, first.id, edit("1", "away")).await?;
    w.act(anna, group, second.id, react("👍")).await?;
    assert_eq!(w.texts(bob, group).await, ["first", "second"]);
    w.add(anna, group, &[bob]).await?;
    let told = w.messages(bob, group).await;
    assert_eq!(texts(&told), ["away", "second"]);
    assert!(told[1].state.as_ref().is_some_and(|state| state.reactions.len() == 1));
    w.act(anna, group, second.id, edit("2", "back")).await?;
    let last = w.messages(bob, group).await;
    w.leave(bob, group).await?;
    for (number, message) in [first, second].iter().enumerate() {
        w.act(anna, group, message.id, edit(&format!("late {number}"), "late")).await?;
    }
    assert_eq!(w.messages(bob, group).await, last, "of every stay, as it was when they left last");
    Ok(())
}

pub async fn who_has_left_a_single_chat_reads_it_as_it_was_until_they_are_back(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.single(anna, bob).await;
    let sent = w.send(anna, group, "first").await?;
    w.act(anna, group, sent.id, edit("1", "before")).await?;
    w.leave(bob, group).await?;
    w.act(anna, group, sent.id, edit("2", "after")).await?;
    w.act(anna, group, sent.id, react("👍")).await?;
    let told = w.message(bob, group, sent.id).await;
    assert_eq!((told.content.as_str(), told.state.map(|state| state.reactions.len())), ("before", Some(0)));
    w.send(anna, group, "come back").await?;
    assert_eq!(w.texts(bob, group).await, ["after", "come back"]);
    Ok(())
}

pub async fn of_an_edit_that_is_not_kept_the_first_words_are_shown(w: &mut World) -> Claim {
    let ([anna, bob], group, [first, _]) = two_messages(w).await?;
    w.act(anna, group, first.id, edit("seen", "seen")).await?;
    w.leave(bob, group).await?;
    for number in 0..KEPT_EDITS - 1 {
        w.act(anna, group, first.id, edit(&format!("edit {number}"), &format!("later {number}"))).await?;
        assert_eq!(w.texts(bob, group).await, ["seen", "second"]);
    }
    w.act(anna, group, first.id, edit("one more", "one more")).await?;
    assert_eq!(w.texts(bob, group).await, ["first", "second"], "never what they were not there for");
    let editions = w.store.edits(bob, group, first.id).await?;
    assert!(editions.iter().map(|edition| edition.content.as_str()).eq(["first"]));
    Ok(())
}

pub async fn who_has_left_forwards_what_they_read(w: &mut World) -> Claim {
    let ([anna, bob], group, [first, _]) = two_messages(w).await?;
    let other = w.group(bob, &[anna]).await;
    w.leave(bob, group).await?;
    w.act(anna, group, first.id, edit("1", "after")).await?;
    w.store.forward(forward(w, bob, group, &[first], &[other])).await?;
    assert_eq!(w.texts(bob, other).await, ["first"]);
    w.act(anna, group, first.id, Act::Recall).await?;
    let again = Forward { client_msg_id: "g".into(), ..forward(w, bob, group, &[first], &[other]) };
    let again = w.store.forward(again).await;
    assert_eq!(refusal(again), Refusal::Recalled);
    Ok(())
}

/// Anna and Bob, and two messages of hers.
async fn two_messages(w: &World) -> crate::Result<([UserId; 2], GroupId, [Sent; 2])> {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let sent = [w.send(anna, group, "first").await?, w.send(anna, group, "second").await?];
    Ok(([anna, bob], group, sent))
}

/// How many changes a device is told of that asks once.
async fn next(w: &World, device: &mut Client) -> usize {
    let page = device.ask_for(w, SyncQuery { limit: 100, ..SyncQuery::default() }).await;
    assert!(!page.more);
    page.groups.iter().map(|delta| delta.changed.len()).sum()
}

/// All that somebody reads of a group.
#[derive(Debug, PartialEq)]
struct Told {
    messages: Vec<Message>,
    last: Message,
    unread_mentions: u64,
    edits: Vec<rim_core::note::Edition>,
    reactors: Vec<rim_core::note::Reactor>,
    pinned: Vec<Message>,
    answers: Vec<Message>,
    naming: Vec<Message>,
    naming_anywhere: Vec<Message>,
    starred: Vec<Option<Message>>,
}

impl Told {
    async fn to(w: &World, user: UserId, group: GroupId, sent: [Sent; 4]) -> crate::Result<Self> {
        let [first, ..] = sent;
        let messages = w.messages(user, group).await;
        let around = w.store.around(user, group, Target::Message(first.id), 9, 9, usize::MAX).await?;
        assert_eq!(around.messages, messages);
        for (sent, told) in sent.iter().zip(&messages) {
            assert_eq!(w.store.message(user, group, sent.id).await?, *told);
        }
        let delta = w.delta(user, group).await;
        assert_eq!(delta.messages, messages);
        let chat = w.chat(user, group).await;
        assert_eq!(chat.unread_mentions, delta.unread_mentions);
        let store = &w.store;
        Ok(Self {
            last: chat.last,
            unread_mentions: chat.unread_mentions,
            edits: store.edits(user, group, first.id).await?,
            reactors: store.reactors(user, group, first.id, None, ALL).await?.0,
            pinned: store.pins(user, group).await?.messages,
            answers: store.replies(user, group, first.id, Seq(0), 100).await?.messages,
            naming: store.mentions(user, Some(group), None, ALL).await?.0.messages,
            naming_anywhere: store.mentions(user, None, None, ALL).await?.0.messages,
            starred: store
                .stars(user, None, 0, 9, usize::MAX)
                .await?
                .stars
                .into_iter()
                .map(|star| star.shown)
                .collect(),
            messages,
        })
    }
}
