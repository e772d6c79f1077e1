//! Voice messages that were played.

use rim_core::message::Opened;
use rim_core::note::{Act, Noted};
use rim_core::{Refusal, UserId};

use super::Claim;
use super::forward::forward;
use super::world::*;

fn opened(count: u64, newest: &[UserId], mine: bool) -> Option<Opened> {
    Some(Opened { count, newest: newest.to_vec(), mine })
}

pub async fn who_has_played_a_voice_message_is_told_once_and_takes_a_rev(w: &mut World) -> Claim {
    let [anna, bob, cleo] = w.users(["anna", "bob", "cleo"]).await;
    let group = w.group(anna, &[bob, cleo]).await;
    let sent = w.send_voice(anna, group).await?;
    w.send(anna, group, "listen").await?;
    let rev = w.rev(bob, group).await;
    w.changes().await;

    let told = w.act(bob, group, sent.id, Act::Open).await?;
    assert_eq!(told.state.and_then(|state| state.opened), opened(1, &[bob], true));
    let (message, at, actor, what, blind) = noted(w.change().await);
    assert_eq!((at.0, actor, what, blind), (rev.0 + 1, bob, Noted::Opened, vec![]));
    assert_eq!(message.state.and_then(|state| state.opened), opened(1, &[bob], false), "it goes to many");
    w.act(bob, group, sent.id, Act::Open).await?;
    w.act(anna, group, sent.id, Act::Open).await?;
    assert_eq!(w.rev(bob, group).await.0, rev.0 + 1, "again, and one's own, is nothing new");
    w.act(cleo, group, sent.id, Act::Open).await?;

    for (user, mine) in [(anna, false), (bob, true), (cleo, true)] {
        let expected = opened(2, &[cleo, bob], mine);
        let read = w.message(user, group, sent.id).await;
        assert_eq!(read.state.and_then(|state| state.opened), expected, "in history");
        let synced = w.delta(user, group).await.messages.remove(0);
        assert_eq!((synced.id, synced.state.and_then(|state| state.opened)), (sent.id, expected));
    }
    assert_eq!(w.unread(bob, group).await, 2, "to play is not to read");
    Ok(())
}

pub async fn nothing_but_a_voice_message_is_opened(w: &mut World) -> Claim {
    let [anna, bob, late] = w.users(["anna", "bob", "late"]).await;
    let group = w.group(anna, &[bob]).await;
    let (text, voice) = (w.send(anna, group, "text").await?, w.send_voice(anna, group).await?);
    w.add(anna, group, &[late]).await?;
    assert_eq!(refusal(w.act(bob, group, text.id, Act::Open).await), Refusal::NoVoice);
    assert_eq!(refusal(w.act(late, group, voice.id, Act::Open).await), Refusal::NoSuchMessage);
    w.act(anna, group, voice.id, Act::Recall).await?;
    assert_eq!(refusal(w.act(bob, group, voice.id, Act::Open).await), Refusal::Recalled);
    Ok(())
}

pub async fn a_recall_takes_with_it_who_has_played(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let sent = w.send_voice(anna, group).await?;
    w.act(bob, group, sent.id, Act::Open).await?;
    w.act(anna, group, sent.id, Act::Recall).await?;
    let told = w.message(bob, group, sent.id).await.state.expect("a state");
    assert!(told.recalled.is_some() && told.opened.is_none());
    Ok(())
}

pub async fn a_forwarded_voice_message_was_played_by_nobody(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let sent = w.send_voice(anna, group).await?;
    w.act(bob, group, sent.id, Act::Open).await?;
    let copies = w.store.forward(forward(w, anna, group, &[sent], &[group])).await?;
    let state = copies[0][0].state.as_ref().expect("a state");
    assert!(state.forwarded_from.is_some() && state.opened.is_none());
    Ok(())
}

pub async fn who_has_left_sees_who_had_played_until_then(w: &mut World) -> Claim {
    let [anna, bob, cleo] = w.users(["anna", "bob", "cleo"]).await;
    let group = w.group(anna, &[bob, cleo]).await;
    let sent = w.send_voice(anna, group).await?;
    w.act(bob, group, sent.id, Act::Open).await?;
    w.leave(bob, group).await?;
    w.act(cleo, group, sent.id, Act::Open).await?;
    let of = async |user| w.message(user, group, sent.id).await.state.and_then(|state| state.opened);
    assert_eq!(of(bob).await, opened(1, &[bob], true));
    assert_eq!(of(anna).await, opened(2, &[cleo, bob], false));
    Ok(())
}
