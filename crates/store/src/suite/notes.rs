//! What happens to messages after they were sent.

use rim_core::event::Ended;
use rim_core::message::{Found, MessageKind, NEWEST_NAMED, Page};
use rim_core::note::{Act, MAX_PINS, Noted};
use rim_core::{Refusal, Rev, UserId};

use super::Claim;
use super::world::*;
use crate::Acting;

pub async fn an_edit_changes_what_a_message_says_and_nothing_else(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let sent = w.send(anna, group, "helo").await?;
    w.send(anna, group, "second").await?;
    let before = w.message(bob, group, sent.id).await;
    let rev = w.rev(bob, group).await;
    w.changes().await;

    let kind = Some(MessageKind::RichText);
    let act = Act::Edit {
        client_msg_id: "e1".into(),
        kind,
        content: "**hello**\nthere".into(),
        mentions: Vec::new(),
        mention_all: false,
    };
    let edited = w.act(anna, group, sent.id, act).await?;
    assert_eq!((edited.kind, edited.content.as_str()), (MessageKind::RichText, "**hello**\nthere"));
    assert_eq!((edited.seq, edited.rev, edited.latest_rev()), (sent.seq, before.rev, Rev(rev.0 + 1)));
    assert_eq!((edited.id, edited.sender, edited.created_at), (before.id, before.sender, before.created_at));
    assert_eq!(edited.updated_at(), edited.state.as_ref().and_then(|state| state.edited).expect("edited").at);

    for user in [anna, bob] {
        assert_eq!(w.message(user, group, sent.id).await, edited, "history says it");
        assert_eq!(w.delta(user, group).await.messages[0], edited, "and so does sync");
    }
    assert_eq!(w.rev(bob, group).await, edited.latest_rev());
    assert_eq!(w.unread(bob, group).await, 2, "nothing new to read");
    assert_eq!(w.chat(bob, group).await.last.content, "second");
    let (message, rev, actor, what, blind) = noted(w.change().await);
    assert_eq!(
        (message, rev, actor, what, blind),
        (edited.clone(), edited.latest_rev(), anna, Noted::Edited, vec![])
    );

    let editions = w.store.edits(bob, group, sent.id).await?;
    let said: Vec<_> = editions.iter().map(|edition| (edition.kind, edition.content.as_str())).collect();
    assert_eq!(said, [(MessageKind::Text, "helo"), (MessageKind::RichText, "**hello**\nthere")]);
    assert_eq!((editions[0].at, editions[1].at), (before.created_at, edited.updated_at()));
    w.reopen().await;
    assert_eq!(w.message(bob, group, sent.id).await, edited, "after a restart, too");
    Ok(())
}

pub async fn what_is_done_again_changes_nothing(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let sent = w.send(anna, group, "one").await?;
    w.act(anna, group, sent.id, edit("e1", "two")).await?;
    w.act(anna, group, sent.id, edit("e2", "three")).await?;
    let acts = [react("👍"), Act::Pin];
    for act in acts.clone() {
        w.act(anna, group, sent.id, act).await?;
    }
    let (rev, now) = (w.rev(bob, group).await, w.message(bob, group, sent.id).await);
    w.changes().await;

    let repeated = w.act(anna, group, sent.id, edit("e1", "two")).await?;
    assert_eq!(repeated.content, "three", "a late repetition does not undo a later edit");
    w.act(anna, group, sent.id, edit("e3", "three")).await?;
    for act in acts.into_iter().chain([unreact("🎉")]) {
        w.act(anna, group, sent.id, act).await?;
    }
    w.act(bob, group, sent.id, unreact("👍")).await?;
    assert_eq!((w.rev(bob, group).await, w.message(bob, group, sent.id).await), (rev, now));
    assert_eq!(w.changes().await, []);

    w.act(anna, group, sent.id, Act::Recall).await?;
    let rev = w.rev(bob, group).await;
    let acts = [Act::Recall, edit("e1", "two"), edit("e2", "three"), unreact("👍"), Act::Unpin];
    for act in acts {
        assert_eq!(w.act(anna, group, sent.id, act).await?.content, "");
    }
    assert_eq!(w.rev(bob, group).await, rev, "what was done before is known after a recall");
    Ok(())
}

pub async fn an_edit_that_changes_nothing_is_remembered_and_told_to_nobody(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let group = w.group(anna, &[]).await;
    let sent = w.send(anna, group, "same").await?;
    let rev = w.rev(anna, group).await;
    w.changes().await;
    let plain = w.act(anna, group, sent.id, edit("e1", "same")).await?;
    assert_eq!((plain.state, w.rev(anna, group).await), (None, rev));
    assert_eq!(w.changes().await, []);
    w.act(anna, group, sent.id, edit("e2", "other")).await?;
    w.act(anna, group, sent.id, edit("e3", "other")).await?;
    let repeated = w.act(anna, group, sent.id, edit("e1", "same")).await?;
    assert_eq!((repeated.content.as_str(), w.rev(anna, group).await.0), ("other", rev.0 + 1));
    let edits = w.store.edits(anna, group, sent.id).await?;
    assert_eq!(edits.iter().map(|one| one.content.as_str()).collect::<Vec<_>>(), ["same", "other"]);
    Ok(())
}

pub async fn a_message_that_becomes_empty_has_an_edition_that_is(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let group = w.group(anna, &[]).await;
    let sent = w.send(anna, group, "one").await?;
    w.act(anna, group, sent.id, edit("e1", "")).await?;
    let edits = w.store.edits(anna, group, sent.id).await?;
    assert_eq!(edits.iter().map(|one| one.content.as_str()).collect::<Vec<_>>(), ["one", ""]);
    Ok(())
}

/// What a list says, in its order.
fn said(found: &Found) -> Vec<&str> {
    found.messages.iter().map(|message| message.content.as_str()).collect()
}

pub async fn a_recalled_message_is_gone_for_everybody_but_for_its_place(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob, carl]).await;
    let sent = w.send(bob, group, "secret").await?;
    let answer = w.send_with(carl, group, "why?", reply_to(sent.id)).await?;
    w.act(bob, group, sent.id, edit("e1", "secret too")).await?;
    w.act(carl, group, sent.id, react("👍")).await?;
    w.act(anna, group, sent.id, Act::Pin).await?;
    w.leave(carl, group).await?;
    let (before, unread) = (w.message(anna, group, sent.id).await, w.unread(anna, group).await);
    w.changes().await;

    let recalled = w.act(anna, group, sent.id, Act::Recall).await?;
    assert_eq!((recalled.kind, recalled.content.as_str()), (MessageKind::Text, ""));
    let state = recalled.state.as_deref().expect("a state");
    assert_eq!(state.recalled.map(|recalled| recalled.by), Some(anna));
    assert!(state.reactions.is_empty() && state.pinned_at.is_none() && state.edited.is_none());
    let place = |message: &rim_core::message::Message| {
        (
            message.id,
            message.seq,
            message.rev,
            message.sender,
            message.client_msg_id.clone(),
            message.created_at,
        )
    };
    assert_eq!(place(&recalled), place(&before));
    let (message, _, actor, what, _) = noted(w.change().await);
    assert_eq!((message, actor, what), (recalled.clone(), anna, Noted::Recalled));

    // To one who has left it is gone, too.
    for user in [anna, bob, carl] {
        assert_eq!(w.message(user, group, sent.id).await, recalled);
    }
    assert_eq!(w.unread(anna, group).await, unread, "it counts as before");
    assert_eq!(w.store.edits(bob, group, sent.id).await?, []);
    assert_eq!(w.store.pins(bob, group).await?, Found::default());
    assert_eq!(w.store.reactors(bob, group, sent.id, None, ALL).await?, (vec![], false));
    assert_eq!(said(&w.store.replies(bob, group, sent.id, rim_core::Seq(0), 9).await?), ["why?"]);
    let resent = w.send_as(bob, group, &recalled.client_msg_id, "secret").await?;
    assert_eq!(resent, sent, "and it is known if it is sent again");
    for (user, act) in [(bob, edit("e2", "again")), (bob, react("👍")), (anna, Act::Pin)] {
        assert_eq!(refusal(w.act(user, group, sent.id, act).await), Refusal::Recalled);
    }
    assert_eq!(refusal(w.send_with(bob, group, "so?", reply_to(sent.id)).await), Refusal::Recalled);
    assert_eq!(w.message(bob, group, answer.id).await.content, "why?");
    Ok(())
}

pub async fn who_may_not_see_a_message_does_nothing_with_it_and_hears_only_that_something_was_done(
    w: &mut World,
) -> Claim {
    let [anna, bob, late, away, stranger] = w.users(["anna", "bob", "late", "away", "stranger"]).await;
    let group = w.group(anna, &[bob, away]).await;
    let other = w.group(anna, &[stranger]).await;
    let first = w.send(anna, group, "one").await?;
    w.leave(away, group).await?;
    let second = w.send(anna, group, "two").await?;
    w.add(anna, group, &[late, away]).await?;
    w.changes().await;

    w.act(bob, group, first.id, react("👍")).await?;
    let (.., blind) = noted(w.change().await);
    assert_eq!(blind, [late], "who was there before sees it again");
    w.act(bob, group, second.id, react("👍")).await?;
    let (.., blind) = noted(w.change().await);
    assert_eq!(blind, [late, away]);

    let rev = w.rev(anna, group).await;
    let hidden = [(late, group, second.id), (away, group, second.id), (stranger, group, first.id)];
    let nowhere = [(anna, other, first.id), (anna, NO_GROUP, first.id), (anna, group, NO_MESSAGE)];
    for (user, group, message) in hidden.into_iter().chain(nowhere) {
        let refused = |refusal| assert_eq!(refusal, Refusal::NoSuchMessage, "{user} {group} {message}");
        for act in [react("🎉"), Act::Recall, edit("e", "x"), Act::Unpin, unreact("👍")] {
            refused(refusal(w.act(user, group, message, act).await));
        }
        refused(refusal(w.store.edits(user, group, message).await));
        refused(refusal(w.store.reactors(user, group, message, None, ALL).await));
        refused(refusal(w.store.readers(user, group, message).await));
        refused(refusal(w.store.replies(user, group, message, rim_core::Seq(0), 9).await));
    }
    for (user, group, why) in [(stranger, group, Refusal::NotMember), (anna, NO_GROUP, Refusal::NoSuchGroup)]
    {
        assert_eq!(refusal(w.store.pins(user, group).await), why);
        assert_eq!(refusal(w.store.mentions(user, Some(group), None, ALL).await), why);
        assert_eq!(refusal(w.store.group_settings(user, group).await), why);
    }
    w.leave(bob, group).await?;
    assert_eq!(refusal(w.act(bob, group, first.id, react("🎉")).await), Refusal::NotMember);
    assert_eq!(
        w.store.reactors(bob, group, first.id, None, ALL).await?.0.len(),
        1,
        "what was theirs they read"
    );
    assert_eq!(w.rev(anna, group).await, Rev(rev.0 + 1), "nothing came of it but the leaving");
    Ok(())
}

pub async fn what_somebody_has_hidden_or_cleared_is_done_behind_their_back(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob, carl]).await;
    let first = w.send(anna, group, "one").await?;
    let second = w.send(anna, group, "two").await?;
    w.store.clear(bob, group, Some(first.seq), w.now()).await?;
    w.store.hide(carl, group, vec![second.id], w.now()).await?;
    w.changes().await;
    for (message, expected) in [(first.id, [bob]), (second.id, [carl])] {
        w.act(anna, group, message, Act::Pin).await?;
        let (.., blind) = noted(w.change().await);
        assert_eq!(blind, expected);
    }
    assert_eq!(said(&w.store.pins(bob, group).await?), ["two"]);
    assert_eq!(said(&w.store.pins(carl, group).await?), ["one"]);
    assert_eq!(refusal(w.act(carl, group, second.id, react("👍")).await), Refusal::NoSuchMessage);
    Ok(())
}

pub async fn what_comes_of_an_ended_session_is_refused(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let group = w.group(anna, &[]).await;
    let sent = w.send(anna, group, "one").await?;
    let (open, ended) = (w.login(anna, 1).await, w.login(anna, 2).await);
    w.store.end_session(anna, ended).await?;
    let by = |session| Acting { session: Some(session), ..w.acting(anna, group, sent.id, react("👍")) };
    assert_eq!(refusal(w.store.act(by(ended)).await), Refusal::SessionEnded(Ended::Revoked));
    w.store.act(by(open)).await?;
    w.store.set_disabled(anna, true, w.now()).await?;
    assert_eq!(refusal(w.store.act(by(open)).await), Refusal::SessionEnded(Ended::Disabled));
    Ok(())
}

pub async fn edits_at_the_same_time_end_in_one_state_and_each_takes_its_rev(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let sent = w.send(anna, group, "zero").await?;
    let rev = w.rev(anna, group).await.0;
    w.changes().await;
    let mut doing = tokio::task::JoinSet::new();
    for nth in 0..8 {
        let store = std::sync::Arc::clone(&w.store);
        let edit = w.acting(anna, group, sent.id, edit(&format!("e{nth}"), &format!("version {nth}")));
        let react = w.acting(bob, group, sent.id, react(&format!("{nth}\u{20e3}")));
        doing.spawn(async move { store.act(edit).await.expect("it is edited") });
        let store = std::sync::Arc::clone(&w.store);
        doing.spawn(async move { store.act(react).await.expect("it is reacted to") });
    }
    let mut answers = doing.join_all().await;
    answers.sort_by_key(rim_core::message::Message::latest_rev);
    let revs: Vec<_> = answers.iter().map(|message| message.latest_rev().0).collect();
    assert_eq!(revs, (rev + 1..=rev + 16).collect::<Vec<_>>());
    let told: Vec<_> = w.changes().await.into_iter().map(noted).map(|(_, rev, ..)| rev.0).collect();
    assert_eq!(told, revs, "and they are told in this order");

    let end = w.message(anna, group, sent.id).await;
    let last = answers.last().expect("sixteen");
    assert_eq!((&last.content, last.latest_rev()), (&end.content, end.latest_rev()));
    assert_eq!(end.state.as_ref().expect("a state").reactions.len(), 8, "none is lost");
    assert_eq!(w.store.edits(anna, group, sent.id).await?.last().expect("edits").content, end.content);
    for user in [anna, bob] {
        assert_eq!(w.message(user, group, sent.id).await.content, end.content);
    }
    Ok(())
}

pub async fn messages_and_what_is_done_with_them_share_one_row_of_revs(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.changes().await;
    let rev = w.rev(anna, group).await.0;
    let first = w.send(anna, group, "one").await?;
    w.act(bob, group, first.id, react("👍")).await?;
    let second = w.send(bob, group, "two").await?;
    w.act(anna, group, first.id, edit("e1", "uno")).await?;
    w.read(anna, group, second.id).await?;
    w.act(bob, group, second.id, Act::Recall).await?;
    let third = w.send(bob, group, "three").await?;
    let revs: Vec<_> =
        w.changes().await.iter().flat_map(|change| change.topic_revs()).map(|(_, rev)| rev.0).collect();
    assert_eq!(revs, (rev + 1..=rev + 7).collect::<Vec<_>>());
    let messages = w.messages(anna, group).await;
    assert_eq!(texts(&messages), ["uno", "", "three"]);
    let revs: Vec<_> = messages.iter().map(|message| message.rev.0 - rev).collect();
    assert_eq!(revs, [1, 3, 7], "the rev of a message stays");
    w.reopen().await;
    assert_eq!(w.messages(anna, group).await, messages);
    assert_eq!(w.send(anna, group, "four").await?.seq.0, third.seq.0 + 1);
    Ok(())
}

pub async fn a_reaction_is_one_of_each_emoji_from_each_and_the_newest_are_shown(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let mut users: Vec<UserId> = Vec::new();
    for nth in 0..12 {
        users.push(w.user(&format!("user {nth}")).await);
    }
    let group = w.group(anna, &users).await;
    let sent = w.send(anna, group, "one").await?;
    for user in &users {
        w.act(*user, group, sent.id, react("👍")).await?;
    }
    w.act(anna, group, sent.id, react("🎉")).await?;
    let seen = w.act(anna, group, sent.id, react("🎉")).await?;
    let reactions = seen.state.expect("a state").reactions;
    let shown: Vec<_> = reactions.iter().map(|one| (one.emoji.as_str(), one.count, one.mine)).collect();
    assert_eq!(shown, [("👍", 12, false), ("🎉", 1, true)]);
    let newest: Vec<_> = users.iter().rev().take(NEWEST_NAMED).copied().collect();
    assert_eq!(reactions[0].newest, newest);

    let page = |number| Page { number, size: 5 };
    let of = async |emoji: Option<&str>, number| {
        w.store.reactors(users[0], group, sent.id, emoji.map(str::to_owned), page(number)).await
    };
    let (first, more) = of(Some("👍"), 1).await?;
    assert!(more && first.iter().all(|one| one.emoji == "👍"));
    assert_eq!(first.iter().map(|one| one.user.id).collect::<Vec<_>>(), newest[..5]);
    let (third, more) = of(Some("👍"), 3).await?;
    assert_eq!(
        (third.iter().map(|one| one.user.id).collect::<Vec<_>>(), more),
        (vec![users[1], users[0]], false)
    );
    let (all, _) = of(None, 1).await?;
    assert_eq!((all[0].emoji.as_str(), all[0].user.id), ("🎉", anna));
    let mut met = Vec::new();
    for number in 1..=3 {
        let (page, more) = of(None, number).await?;
        assert_eq!((page.len(), more), if number < 3 { (5, true) } else { (3, false) });
        met.extend(page.into_iter().map(|one| one.user.id));
    }
    assert_eq!(
        met,
        [anna].into_iter().chain(users.iter().rev().copied()).collect::<Vec<_>>(),
        "as they came"
    );
    assert_eq!(of(None, 2_002).await?, (vec![], false), "nobody pages so far");

    // The newest goes: the next one is shown. One who is not shown is told that it is theirs.
    let last = *users.last().expect("twelve");
    w.act(last, group, sent.id, unreact("👍")).await?;
    let seen = w.act(users[0], group, sent.id, unreact("🎉")).await?;
    let thumbs = &seen.state.expect("a state").reactions[0];
    assert_eq!((thumbs.count, thumbs.mine, thumbs.newest.len()), (11, true, NEWEST_NAMED));
    assert!(!thumbs.newest.contains(&last) && thumbs.newest.contains(&users[1]));
    Ok(())
}

pub async fn pins_are_shown_latest_first_and_are_so_many(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let mut sent = Vec::new();
    for nth in 0..=MAX_PINS {
        sent.push(w.send(bob, group, &format!("message {nth}")).await?.id);
    }
    assert_eq!(refusal(w.act(bob, group, sent[0], Act::Pin).await), Refusal::MayNotPin);
    for message in sent.iter().rev().skip(1) {
        w.act(anna, group, *message, Act::Pin).await?;
    }
    let one_more = *sent.last().expect("some");
    assert_eq!(refusal(w.act(anna, group, one_more, Act::Pin).await), Refusal::TooManyPins(MAX_PINS));
    let pins = w.store.pins(bob, group).await?;
    assert_eq!(pins.messages.iter().map(|message| message.id).collect::<Vec<_>>(), sent[..sent.len() - 1]);
    assert!(
        pins.messages
            .iter()
            .all(|message| message.state.as_ref().is_some_and(|state| state.pinned_at.is_some()))
    );
    assert_eq!(pins.users.iter().map(|user| user.id).collect::<Vec<_>>(), [bob], "each who is named once");

    // Whoever may takes it away, whoever has put it there.
    w.set_role(anna, group, bob, rim_core::group::Role::Admin).await?;
    w.act(bob, group, sent[0], Act::Unpin).await?;
    w.act(bob, group, one_more, Act::Pin).await?;
    let pins = w.store.pins(bob, group).await?.messages;
    assert_eq!((pins.len() as u64, pins[0].id, pins[1].id), (MAX_PINS, one_more, sent[1]));
    Ok(())
}

pub async fn who_has_read_a_message_is_told_of_those_who_were_there(w: &mut World) -> Claim {
    let [anna, bob, carl, dan, eve] = w.users(["anna", "bob", "carl", "dan", "eve"]).await;
    let group = w.group(anna, &[bob, carl, dan]).await;
    let sent = w.send(anna, group, "one").await?;
    let readers = async || w.store.readers(dan, group, sent.id).await.expect("a member asks");
    let told = async || {
        let readers = readers().await;
        assert!(!readers.more, "all of them are counted");
        (readers.read, readers.of, readers.users.expect("a small group"))
    };
    assert_eq!(told().await, (0, 3, vec![]));
    w.read(carl, group, sent.id).await?;
    assert_eq!(told().await, (1, 3, vec![carl]));
    w.delivered(dan, group, sent.id).await?;
    w.send(bob, group, "two").await?;
    assert_eq!(told().await, (2, 3, vec![bob, carl]), "who has written has read");
    // Who came later does not count, nor who has left, until they are back.
    w.add(anna, group, &[eve]).await?;
    w.read_all(eve, group).await?;
    w.leave(carl, group).await?;
    assert_eq!(told().await, (1, 2, vec![bob]));
    w.add(anna, group, &[carl]).await?;
    assert_eq!(told().await, (2, 3, vec![bob, carl]));
    assert_eq!(refusal(w.store.readers(eve, group, sent.id).await), Refusal::NoSuchMessage);
    w.leave(dan, group).await?;
    assert_eq!(refusal(w.store.readers(dan, group, sent.id).await), Refusal::NotMember);
    Ok(())
}

pub async fn of_many_edits_the_first_and_the_newest_are_kept(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let group = w.group(anna, &[]).await;
    let sent = w.send(anna, group, "version 0").await?;
    for nth in 1..=25 {
        w.act(anna, group, sent.id, edit(&format!("e{nth}"), &format!("version {nth}"))).await?;
    }
    let editions = w.store.edits(anna, group, sent.id).await?;
    let expected = [0].into_iter().chain(6..=25).map(|nth| format!("version {nth}"));
    assert_eq!(
        editions.iter().map(|one| one.content.clone()).collect::<Vec<_>>(),
        expected.collect::<Vec<_>>()
    );
    let again = w.act(anna, group, sent.id, edit("e1", "version 1")).await?;
    assert_eq!(again.content, "version 25", "the first is known as well");
    Ok(())
}
