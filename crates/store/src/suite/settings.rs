//! How groups are used.

use rim_core::Refusal;
use rim_core::event::GroupChange;
use rim_core::group::{NewSettings, Settings, Who};
use rim_core::note::Act;

use super::Claim;
use super::world::*;

pub async fn settings_are_changed_by_admins_and_told_as_a_change_of_the_group(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let group = w.group(anna, &[bob]).await;
    let sent = w.send(bob, group, "one").await?;
    assert_eq!(w.store.group_settings(bob, group).await?, Settings::default());
    let new = NewSettings { who_pins: Some(Who::All), ..NewSettings::default() };
    let rev = w.rev(bob, group).await;
    w.changes().await;
    for (user, why) in [(bob, Refusal::NotAdmin), (carl, Refusal::NotMember)] {
        assert_eq!(refusal(w.store.set_group_settings(user, group, new, w.now()).await), why);
    }
    assert_eq!(refusal(w.store.set_group_settings(anna, NO_GROUP, new, w.now()).await), Refusal::NoSuchGroup);
    let wrong = NewSettings { expire_seconds: Some(4), ..new };
    assert_eq!(refusal(w.store.set_group_settings(anna, group, wrong, w.now()).await), Refusal::NoSuchExpiry);
    assert_eq!(refusal(w.act(bob, group, sent.id, Act::Pin).await), Refusal::MayNotPin);
    assert_eq!(w.changes().await, []);

    let expected = Settings { who_pins: Who::All, ..Settings::default() };
    assert_eq!(w.store.set_group_settings(anna, group, new, w.now()).await?, expected);
    let (_, told, actor, what) = group_change(w.change().await);
    assert_eq!((told.0, actor, what), (rev.0 + 1, anna, GroupChange::Updated { name: None }));
    assert_eq!(w.group_of(bob, group).await.settings, expected);
    let page = w.sync(bob, query(rim_core::Rev(0), &[(group, rev)])).await;
    assert_eq!(page.groups[0].group.as_ref().expect("it is told anew").settings, expected);
    assert!(page.groups[0].events.is_empty(), "it is no line among the messages");
    w.act(bob, group, sent.id, Act::Pin).await?;

    w.store.set_group_settings(anna, group, new, w.now()).await?;
    let names = w.changes().await.len();
    assert_eq!(names, 1, "only the pin: as it was is no change");
    w.reopen().await;
    assert_eq!(w.store.group_settings(bob, group).await?, expected);
    Ok(())
}

pub async fn in_a_single_chat_both_change_settings(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.single(anna, bob).await;
    let new = NewSettings { expire_seconds: Some(60), ..NewSettings::default() };
    assert_eq!(w.store.set_group_settings(bob, group, new, w.now()).await?.expire_seconds, 60);
    let off = NewSettings { expire_seconds: Some(0), ..NewSettings::default() };
    assert_eq!(w.store.set_group_settings(anna, group, off, w.now()).await?, Settings::default());
    Ok(())
}

pub async fn messages_of_a_group_with_a_timer_know_when_they_expire(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let before = w.send(anna, group, "before").await?;
    let timer = |seconds| NewSettings { expire_seconds: Some(seconds), ..NewSettings::default() };
    w.store.set_group_settings(anna, group, timer(60), w.now()).await?;
    let [plain, answer] =
        [w.send(bob, group, "plain").await?, w.send_with(bob, group, "answer", reply_to(before.id)).await?];
    w.store.set_group_settings(anna, group, timer(0), w.now()).await?;
    let after = w.send(bob, group, "after").await?;
    let expires_at = async |message| {
        let message = w.message(anna, group, message).await;
        message.state.and_then(|state| state.expires_at).map(|at| at.since(message.created_at))
    };
    for (message, expected) in [(before, None), (plain, Some(60_000)), (answer, Some(60_000)), (after, None)]
    {
        assert_eq!(expires_at(message.id).await, expected);
    }
    // It stays so whatever is done with it.
    w.act(bob, group, plain.id, edit("e1", "edited")).await?;
    assert_eq!(expires_at(plain.id).await, Some(60_000));
    w.act(bob, group, plain.id, Act::Recall).await?;
    assert_eq!(expires_at(plain.id).await, Some(60_000));
    Ok(())
}
