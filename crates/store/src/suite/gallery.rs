//! The gallery of a group: what was sent in it, by what it is.

use std::sync::Arc;

use rim_core::gallery::Part;
use rim_core::group::NewSettings;
use rim_core::message::{Message, MessageKind, NewMessage};
use rim_core::note::Act;
use rim_core::{GroupId, Refusal, Seq, UserId};
use tokio::task::JoinSet;

use super::Claim;
use super::forward::forward;
use super::world::*;
use crate::Result;
use crate::notes::MAX_MEDIA;

const URL: &str = r#"{"url":"/x"}"#;

/// A message of this kind, whatever it says.
pub(super) async fn send_kind(
    w: &World,
    sender: UserId,
    group: GroupId,
    kind: MessageKind,
    content: &str,
) -> Result<Sent> {
    let plain = text(sender, group, &format!("message {}", w.fresh()), content, w.now());
    append(&w.store, NewMessage { kind, ..plain }).await
}

/// All that a user finds in a list, page by page.
pub(super) async fn all(
    w: &World,
    user: UserId,
    group: GroupId,
    part: Part,
    size: u32,
) -> Result<Vec<Message>> {
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let (page, next) = w.store.gallery(user, group, part, before, size).await?;
        assert!(page.messages.len() <= size as usize && page.more == next.is_some());
        assert!(page.messages.iter().all(|message| before.is_none_or(|before| message.seq < before)));
        assert!(next.is_none_or(|next| before.is_none_or(|before| next < before)), "it goes on");
        found.extend(page.messages);
        before = next;
        if next.is_none() {
            return Ok(found);
        }
    }
}

async fn listed(w: &World, user: UserId, group: GroupId, part: Part) -> Result<Vec<u64>> {
    Ok(seqs(&all(w, user, group, part, 2).await?))
}

pub async fn each_message_is_listed_by_what_it_is_the_newest_first(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let kinds =
        [MessageKind::Image, MessageKind::Audio, MessageKind::Video, MessageKind::File, MessageKind::Custom];
    for kind in kinds.into_iter().chain([MessageKind::Image]) {
        send_kind(w, anna, group, kind, URL).await?;
    }
    w.send(bob, group, "plain").await?;
    w.send(bob, group, "see https://example.org").await?;
    send_kind(w, anna, group, MessageKind::RichText, "[a](http://a)").await?;

    let expected = [
        (Part::Picture, vec![6, 3, 1]),
        (Part::Voice, vec![2]),
        (Part::File, vec![4]),
        (Part::Link, vec![9, 8]),
    ];
    for (part, seqs) in &expected {
        assert_eq!(listed(w, bob, group, *part).await?, *seqs, "{part:?}");
    }
    let (found, next) = w.store.gallery(bob, group, Part::Link, Some(Seq(9)), MAX_MEDIA).await?;
    assert_eq!((seqs(&found.messages), next), (vec![8], None));
    assert_eq!(found.users.iter().map(|user| user.id).collect::<Vec<_>>(), [bob], "whom they name");
    assert_eq!(w.store.gallery(bob, group, Part::Link, Some(Seq(0)), 0).await?.1, None);
    w.reopen().await;
    for (part, seqs) in &expected {
        assert_eq!(listed(w, bob, group, *part).await?, *seqs, "after a restart, too");
    }
    Ok(())
}

pub async fn an_edit_moves_a_text_and_who_has_left_sees_it_where_it_was(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let (first, second) = (w.send(anna, group, "http://a").await?, w.send(anna, group, "plain").await?);
    w.leave(bob, group).await?;
    w.act(anna, group, first.id, edit("1", "plain")).await?;
    w.act(anna, group, second.id, edit("2", "http://b")).await?;
    assert_eq!(listed(w, anna, group, Part::Link).await?, [2]);
    assert_eq!(listed(w, bob, group, Part::Link).await?, [1]);
    w.act(anna, group, first.id, edit("3", "http://c")).await?;
    assert_eq!(listed(w, anna, group, Part::Link).await?, [2, 1], "and back, once");
    Ok(())
}

pub async fn what_was_recalled_or_has_expired_is_listed_for_nobody(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let gone = send_kind(w, anna, group, MessageKind::Image, URL).await?;
    send_kind(w, anna, group, MessageKind::Image, URL).await?;
    w.leave(bob, group).await?;
    w.act(anna, group, gone.id, Act::Recall).await?;
    for user in [anna, bob] {
        assert_eq!(listed(w, user, group, Part::Picture).await?, [2]);
    }
    let other = w.group(anna, &[]).await;
    let timer = NewSettings { expire_seconds: Some(60), ..NewSettings::default() };
    w.store.set_group_settings(anna, other, timer, w.now()).await?;
    send_kind(w, anna, other, MessageKind::Audio, URL).await?;
    assert_eq!(listed(w, anna, other, Part::Voice).await?, [1]);
    w.store.expire(other, vec![Seq(1)], w.now().plus_ms(61_000)).await?;
    assert_eq!(listed(w, anna, other, Part::Voice).await?, Vec::<u64>::new());
    Ok(())
}

pub async fn a_gallery_has_what_one_sees_and_strangers_have_none(w: &mut World) -> Claim {
    let [anna, bob, late, stranger] = w.users(["anna", "bob", "late", "stranger"]).await;
    let group = w.group(anna, &[bob]).await;
    let mut sent = Vec::new();
    for _ in 0..6 {
        sent.push(send_kind(w, anna, group, MessageKind::File, URL).await?);
    }
    w.add(anna, group, &[late]).await?;
    sent.push(send_kind(w, anna, group, MessageKind::File, URL).await?);
    assert_eq!(listed(w, late, group, Part::File).await?, [7]);
    w.store.hide(bob, group, vec![sent[4].id, sent[5].id], w.now()).await?;
    assert_eq!(listed(w, bob, group, Part::File).await?, [7, 4, 3, 2, 1]);
    w.store.clear(bob, group, Some(Seq(2)), w.now()).await?;
    assert_eq!(listed(w, bob, group, Part::File).await?, [7, 4, 3]);
    assert_eq!(refusal(w.store.gallery(stranger, group, Part::File, None, 9).await), Refusal::NotMember);
    assert_eq!(refusal(w.store.gallery(anna, NO_GROUP, Part::File, None, 9).await), Refusal::NoSuchGroup);
    Ok(())
}

pub async fn what_is_forwarded_is_listed_where_it_comes_to(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let (from, to) = (w.group(anna, &[]).await, w.group(anna, &[bob]).await);
    let sent =
        [send_kind(w, anna, from, MessageKind::Image, URL).await?, w.send(anna, from, "http://a").await?];
    w.store.forward(forward(w, anna, from, &sent, &[to])).await?;
    assert_eq!(listed(w, bob, to, Part::Picture).await?, [1]);
    assert_eq!(listed(w, bob, to, Part::Link).await?, [2]);
    Ok(())
}

pub async fn a_page_ends_when_too_much_of_it_is_no_more_and_says_where_it_goes_on(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let first = w.send(anna, group, "http://first").await?;
    // One after the other, or all that is hidden would be one hole.
    let mut sending = JoinSet::new();
    for nth in 0..2_200 {
        let content = if nth % 2 == 0 { "http://x" } else { "plain" };
        let message = text(anna, group, &format!("m{nth}"), content, w.now());
        let store = Arc::clone(&w.store);
        sending.spawn(async move { (append(&store, message).await.expect("it is sent").id, nth) });
    }
    let sent = sending.join_all().await;
    let hidden: Vec<_> = sent.iter().filter(|(_, nth)| nth % 2 == 0).map(|(id, _)| *id).collect();
    for hidden in hidden.chunks(100) {
        w.store.hide(bob, group, hidden.to_vec(), w.now()).await?;
    }
    let (found, next) = w.store.gallery(bob, group, Part::Link, None, MAX_MEDIA).await?;
    assert!(found.messages.is_empty() && next.is_some_and(|next| next > first.seq), "{next:?}");
    assert_eq!(listed(w, bob, group, Part::Link).await?, [first.seq.0]);
    Ok(())
}
