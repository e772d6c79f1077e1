//! What happens to messages after they were sent.

use rim_core::Rev;
use rim_core::message::MessageKind;
use rim_core::note::{Act, Noted};

use super::Claim;
use super::world::*;

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
