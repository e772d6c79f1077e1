//! Whom messages mention.

use rim_core::group::{NewSettings, Who};
use rim_core::message::{Extras, Page};
use rim_core::note::Act;
use rim_core::{GroupId, Refusal, UserId};

use super::Claim;
use super::world::*;

/// What those say that mention the user, the newest first.
async fn mentions(w: &World, user: UserId, group: Option<GroupId>) -> Vec<String> {
    texts(&w.store.mentions(user, group, ALL).await.expect("they are listed").messages)
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
        let found = w.store.mentions(bob, None, page(number)).await?;
        assert_eq!((texts(&found.messages), found.more), (vec![text.to_owned()], more));
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
