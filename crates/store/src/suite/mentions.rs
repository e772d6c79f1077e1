//! Whom messages mention.

use rim_core::group::{NewSettings, Who};
use rim_core::message::{Extras, NewMessage, Page};
use rim_core::note::Act;
use rim_core::{GroupId, MessageId, Refusal, UserId};

use super::Claim;
use super::sights::many_with;
use super::world::*;

/// What those say that mention the user, the newest first.
async fn mentions(w: &World, user: UserId, group: Option<GroupId>) -> Vec<String> {
    texts(&w.store.mentions(user, group, None, ALL).await.expect("they are listed").0.messages)
}

fn edit_with(client_msg_id: &str, content: &str, mentions: &[UserId], mention_all: bool) -> Act {
    Act::Edit {
        client_msg_id: client_msg_id.into(),
        kind: None,
        content: content.into(),
        mentions: mentions.to_vec(),
        mention_all,
    }
}

pub async fn who_is_mentioned_finds_the_message(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let (group, other) = (w.group(anna, &[bob, carl]).await, w.group(anna, &[bob]).await);
    w.changes().await;
    let sent = w.send_with(anna, group, "hi @bob", mention(&[bob, anna, bob])).await?;
    let told = w.change().await;
    let seen = w.message(bob, group, sent.id).await;
    assert_eq!(seen.state.as_ref().expect("a state").mentions, [bob], "each once, and not the sender");
    assert!(
        matches!(told, rim_core::event::Change::Message { message, .. } if *message == seen),
        "told with it"
    );
    w.send(anna, group, "@bob, but only by its text").await?;
    w.send_with(anna, other, "@all", mention_all()).await?;
    assert_eq!(mentions(w, bob, None).await, ["@all", "hi @bob"]);
    assert_eq!(mentions(w, bob, Some(group)).await, ["hi @bob"]);
    assert_eq!(mentions(w, anna, None).await, [""; 0], "nobody mentions themselves");
    assert_eq!(mentions(w, carl, None).await, [""; 0]);
    let page = |number| Page { number, size: 1 };
    for (number, text, more) in [(1, "@all", true), (2, "hi @bob", false)] {
        let (found, rest) = w.store.mentions(bob, None, None, page(number)).await?;
        assert_eq!((texts(&found.messages), found.more), (vec![text.to_owned()], more));
        assert_eq!(rest, found.messages.last().map(|last| last.id).filter(|_| more));
        assert_eq!(found.users.iter().map(|user| user.id).next(), Some(anna));
    }
    w.reopen().await;
    assert_eq!(w.message(bob, group, sent.id).await, seen);
    Ok(())
}

pub async fn an_edit_mentions_others_and_a_recall_nobody(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob, carl]).await;
    let sent = w.send_with(anna, group, "@bob", mention(&[bob])).await?;
    w.act(anna, group, sent.id, edit_with("e1", "@carl", &[carl], false)).await?;
    assert_eq!((mentions(w, bob, None).await, mentions(w, carl, None).await), (vec![], vec!["@carl".into()]));
    w.act(anna, group, sent.id, edit_with("e2", "@all", &[], true)).await?;
    assert_eq!(mentions(w, bob, None).await, ["@all"]);
    w.act(anna, group, sent.id, edit_with("e3", "@all @bob", &[bob], true)).await?;
    assert_eq!(mentions(w, bob, None).await, ["@all @bob"], "once, however they are mentioned");
    assert_eq!(mentions(w, bob, Some(group)).await, ["@all @bob"]);
    w.act(anna, group, sent.id, Act::Recall).await?;
    for user in [bob, carl] {
        assert_eq!(mentions(w, user, None).await, [""; 0]);
    }
    Ok(())
}

pub async fn only_members_are_mentioned_and_everybody_by_those_who_may(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob]).await;
    let sent = w.send(bob, group, "one").await?;
    let rev = w.rev(anna, group).await;
    assert_eq!(refusal(w.send_with(bob, group, "x", mention(&[carl])).await), Refusal::NoSuchMember);
    assert_eq!(refusal(w.send_with(bob, group, "x", mention(&[NO_USER])).await), Refusal::NoSuchMember);
    assert_eq!(refusal(w.send_with(bob, group, "x", mention_all()).await), Refusal::MayNotMentionAll);
    let act = edit_with("e1", "x", &[carl], false);
    assert_eq!(refusal(w.act(bob, group, sent.id, act).await), Refusal::NoSuchMember);
    let act = edit_with("e1", "x", &[], true);
    assert_eq!(refusal(w.act(bob, group, sent.id, act).await), Refusal::MayNotMentionAll);
    assert_eq!(refusal(w.send_with(carl, group, "x", mention(&[bob])).await), Refusal::NotMember);
    assert_eq!(refusal(w.send_with(bob, NO_GROUP, "x", mention(&[bob])).await), Refusal::NoSuchGroup);
    assert_eq!(
        (w.texts(anna, group).await, w.rev(anna, group).await),
        (vec!["one".into()], rev),
        "nothing is stored"
    );

    let all = NewSettings { who_mentions_all: Some(Who::All), ..NewSettings::default() };
    w.store.set_group_settings(anna, group, all, w.now()).await?;
    w.send_with(bob, group, "@all", mention_all()).await?;
    assert_eq!(mentions(w, anna, None).await, ["@all"]);
    Ok(())
}

pub async fn mentions_are_found_by_those_who_see_the_message(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send_with(anna, group, "one @all", mention_all()).await?;
    w.add(anna, group, &[carl]).await?;
    let second = w.send_with(anna, group, "two @all", mention_all()).await?;
    assert_eq!(mentions(w, carl, None).await, ["two @all"]);
    w.leave(bob, group).await?;
    w.send_with(anna, group, "three @all", mention_all()).await?;
    assert_eq!(mentions(w, bob, None).await, ["two @all", "one @all"], "of their own part");
    w.store.hide(bob, group, vec![second.id], w.now()).await?;
    assert_eq!(mentions(w, bob, Some(group)).await, ["one @all"]);
    Ok(())
}

pub async fn in_a_single_chat_who_has_left_is_mentioned_and_comes_back(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.single(anna, bob).await;
    let first = w.send(anna, group, "one").await?;
    w.leave(bob, group).await?;
    let refused = Extras { reply_to: Some(NO_MESSAGE), ..mention(&[bob]) };
    assert_eq!(refusal(w.send_with(anna, group, "x", refused).await), Refusal::NoSuchMessage);
    assert_eq!(w.members(anna, group).await.len(), 1, "what is refused brings nobody back");
    w.send_with(anna, group, "two", Extras { reply_to: Some(first.id), ..mention(&[bob]) }).await?;
    w.send_with(bob, group, "@all", mention_all()).await?;
    assert_eq!(
        (mentions(w, bob, None).await, mentions(w, anna, None).await),
        (vec!["two".into()], vec!["@all".into()])
    );
    Ok(())
}

/// All that mention the user, met page by page: by number, and by where the one before says that it goes on. Each page is
/// full, but for the last.
async fn walked(w: &World, user: UserId, group: Option<GroupId>, size: u32) -> crate::Result<Vec<MessageId>> {
    let (mut by_number, mut on, mut below, mut number) = (Vec::new(), Vec::new(), None, 1);
    loop {
        let (found, rest) = w.store.mentions(user, group, None, Page { number, size }).await?;
        let (next, next_rest) = w.store.mentions(user, group, below, Page { number: 1, size }).await?;
        assert_eq!((&next.messages, next_rest), (&found.messages, rest), "both ways are one");
        assert_eq!(
            (found.more, found.messages.len() == size as usize || rest.is_none()),
            (rest.is_some(), true)
        );
        by_number.extend(found.messages.iter().map(|message| message.id));
        on.extend(next.messages.iter().map(|message| message.id));
        (below, number) = (rest, number + 1);
        if rest.is_none() {
            break;
        }
    }
    assert_eq!(by_number, on);
    Ok(on)
}

pub async fn pages_of_mentions_are_full_whatever_lies_between(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let all = NewSettings { who_mentions_all: Some(Who::All), ..NewSettings::default() };
    let mut groups = Vec::new();
    for _ in 0..7 {
        let group = w.group(anna, &[bob]).await;
        w.store.set_group_settings(anna, group, all, w.now()).await?;
        groups.push(group);
    }
    let mut expected = Vec::new();
    for round in 0..60_usize {
        let group = groups[round * round % 7];
        // Bob's own are none to Bob, and recalled ones none to anybody.
        w.send_with(bob, group, "mine", mention_all()).await?;
        let gone = w.send_with(anna, group, "recalled", mention_all()).await?;
        w.act(anna, group, gone.id, Act::Recall).await?;
        let extras = match round % 3 {
            0 => mention(&[bob]),
            1 => mention_all(),
            _ => Extras { mention_all: true, ..mention(&[bob]) },
        };
        let sent = w.send_with(anna, group, "hi", extras).await?;
        if round % 5 == 0 {
            w.store.hide(bob, group, vec![sent.id], w.now()).await?;
        } else {
            expected.push((group, sent));
        }
    }
    // One group is cleared in its midst, and one was left.
    let cleared = expected.iter().filter(|(group, _)| *group == groups[1]).nth(2).expect("some").1;
    w.store.clear(bob, groups[1], Some(cleared.seq), w.now()).await?;
    expected.retain(|(group, sent)| *group != groups[1] || sent.seq > cleared.seq);
    w.leave(bob, groups[2]).await?;
    many_with(w, anna, groups[2], 300, mention_all()).await?;

    expected.reverse();
    let ids = |of: &dyn Fn(GroupId) -> bool| -> Vec<MessageId> {
        expected.iter().filter(|(group, _)| of(*group)).map(|(_, sent)| sent.id).collect()
    };
    for size in [1, 4, 9, 200] {
        assert_eq!(walked(w, bob, None, size).await?, ids(&|_| true), "pages of {size}");
        for group in &groups {
            assert_eq!(walked(w, bob, Some(*group), size).await?, ids(&|of| of == *group), "of a group");
        }
    }
    let beyond = w.store.mentions(bob, None, None, Page { number: 10_000, size: 9 }).await?;
    assert_eq!(beyond, (Default::default(), None));
    Ok(())
}

pub async fn thousands_of_ones_own_mentions_are_passed_over_in_several_answers(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.set_role(anna, group, bob, rim_core::group::Role::Admin).await?;
    let first = w.send_with(bob, group, "@all", mention_all()).await?;
    many_with(w, anna, group, 6_000, mention_all()).await?;
    let last = w.send_with(bob, group, "@all", mention_all()).await?;
    let page = Page { number: 1, size: 9 };
    for group in [None, Some(group)] {
        let (found, rest) = w.store.mentions(anna, group, None, page).await?;
        assert_eq!(found.messages.iter().map(|one| one.id).collect::<Vec<_>>(), [last.id]);
        assert!(
            found.more && rest.is_some_and(|rest| first.id < rest && rest < last.id),
            "and so it goes on"
        );
        let (found, rest) = w.store.mentions(anna, group, rest, page).await?;
        assert_eq!((found.messages[0].id, found.more, rest), (first.id, false, None));
    }
    Ok(())
}

pub async fn many_that_are_sent_at_once_are_each_looked_at_by_themselves(w: &mut World) -> Claim {
    let [anna, bob, carl, dan] = w.users(["anna", "bob", "carl", "dan"]).await;
    let (group, other) = (w.group(anna, &[bob]).await, w.group(bob, &[anna, carl]).await);
    let single = w.single(anna, carl).await;
    let before = w.send(anna, group, "before dan came").await?;
    w.add(anna, group, &[dan]).await?;
    let seen = w.send(anna, group, "seen").await?;
    let answer = w.send_with(bob, group, "answer", reply_to(seen.id)).await?;
    let hidden = w.send(anna, group, "hidden").await?;
    w.store.hide(dan, group, vec![hidden.id], w.now()).await?;
    let recalled = w.send(anna, group, "recalled").await?;
    w.act(anna, group, recalled.id, Act::Recall).await?;
    w.leave(dan, group).await?;
    let away = w.send(anna, group, "while dan was away").await?;
    w.add(anna, group, &[dan]).await?;
    let elsewhere = w.send(bob, other, "elsewhere").await?;
    w.store.clear(anna, other, None, w.now()).await?;
    w.leave(carl, single).await?;

    let none = Refusal::NoSuchMessage;
    let cases = [
        (dan, group, reply_to(seen.id), None),
        (dan, group, reply_to(answer.id), None),
        (dan, group, reply_to(before.id), Some(none.clone())),
        (dan, group, reply_to(hidden.id), Some(none.clone())),
        (dan, group, reply_to(away.id), Some(none.clone())),
        (dan, group, reply_to(recalled.id), Some(Refusal::Recalled)),
        (bob, group, reply_to(hidden.id), None),
        (bob, group, reply_to(before.id), None),
        (anna, other, reply_to(elsewhere.id), Some(none.clone())),
        (carl, other, reply_to(elsewhere.id), None),
        (carl, other, reply_to(seen.id), Some(none)),
        (carl, group, mention(&[bob]), Some(Refusal::NotMember)),
        (bob, group, mention(&[anna, dan, anna]), None),
        (bob, group, mention(&[anna, carl]), Some(Refusal::NoSuchMember)),
        (bob, group, mention_all(), Some(Refusal::MayNotMentionAll)),
        (anna, group, Extras { reply_to: Some(answer.id), ..mention_all() }, None),
        (anna, single, mention(&[carl]), None),
        (anna, NO_GROUP, mention_all(), Some(Refusal::NoSuchGroup)),
    ];
    let mut tasks = tokio::task::JoinSet::new();
    for round in 0..20 {
        for (at, (sender, group, extras, _)) in cases.iter().cloned().enumerate() {
            let new = NewMessage {
                extras: Some(Box::new(extras)),
                ..text(sender, group, &format!("{round} {at}"), "x", w.now())
            };
            let store = std::sync::Arc::clone(&w.store);
            tasks.spawn(async move { (at, append(&store, new).await) });
        }
    }
    for (at, sent) in tasks.join_all().await {
        let (sender, group, extras, refused) = &cases[at];
        match refused {
            Some(why) => assert_eq!(refusal(sent), *why, "{at}"),
            None => {
                let state = w.message(*sender, *group, sent?.id).await.state.expect("a state");
                assert_eq!(state.reply_to.map(|to| to.id), extras.reply_to, "{at}");
                assert_eq!(state.mention_all, extras.mention_all);
                assert!(extras.mentions.iter().all(|user| state.mentions.contains(user)));
                if extras.reply_to == Some(answer.id) {
                    assert_eq!(state.reply_to.expect("an answer").root, seen.seq);
                }
            }
        }
    }
    assert_eq!(mentions(w, dan, Some(group)).await.len(), 40);
    assert_eq!(texts(&w.store.replies(bob, group, seen.id, rim_core::Seq(0), 200).await?.messages).len(), 61);
    Ok(())
}
