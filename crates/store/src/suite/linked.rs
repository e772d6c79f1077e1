//! What the server has found at the addresses in messages.

use rim_core::file::FileId;
use rim_core::message::{Link, MessageKind};
use rim_core::note::{Act, Noted};
use rim_core::{Refusal, UserId};

use super::Claim;
use super::files::{sees, upload};
use super::world::*;
use crate::database::THE_SERVER;

const ADDRESS: &str = "see https://rim.example";

fn link(picture: Option<FileId>) -> Link {
    Link {
        url: "https://rim.example".into(),
        title: "Rim".into(),
        text: "a chat server".into(),
        picture: picture.map(|picture| picture.to_string()),
    }
}

fn links(content: &str, picture: Option<FileId>) -> Act {
    Act::Link { content: content.to_owned(), links: vec![link(picture)] }
}

fn edit(id: &str, content: &str) -> Act {
    Act::Edit {
        client_msg_id: id.to_owned(),
        kind: Some(MessageKind::Text),
        content: content.to_owned(),
        mentions: Vec::new(),
        mention_all: false,
    }
}

pub async fn what_was_found_at_its_addresses_is_put_on_a_message_once(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let sent = w.send(anna, group, ADDRESS).await?;
    let rev = w.rev(bob, group).await;
    w.changes().await;

    assert_eq!(refusal(w.act(bob, group, sent.id, links(ADDRESS, None)).await), Refusal::OthersMessage);
    w.act(anna, group, sent.id, links("what it said before", None)).await?;
    w.act(anna, group, sent.id, links(ADDRESS, None)).await?;
    let (message, at, actor, what, _) = noted(w.change().await);
    assert_eq!((at.0, actor, what), (rev.0 + 1, anna, Noted::Linked));
    assert_eq!(message.state.map(|state| state.links), Some(vec![link(None)]));
    w.act(anna, group, sent.id, links(ADDRESS, None)).await?;
    assert_eq!(w.rev(bob, group).await.0, rev.0 + 1, "again is nothing new");
    for told in [w.message(bob, group, sent.id).await, w.delta(bob, group).await.messages.remove(0)] {
        assert_eq!(told.state.map(|state| state.links), Some(vec![link(None)]));
    }
    Ok(())
}

pub async fn links_go_with_the_words_in_which_they_stood(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let sent = w.send(anna, group, ADDRESS).await?;
    let has_links =
        async |w: &World| !w.message(bob, group, sent.id).await.state.expect("a state").links.is_empty();
    w.act(anna, group, sent.id, links(ADDRESS, None)).await?;
    w.act(anna, group, sent.id, edit("1", "see https://other.example")).await?;
    assert!(!has_links(w).await);
    w.act(anna, group, sent.id, links(ADDRESS, None)).await?;
    assert!(!has_links(w).await, "they were those of other words");
    w.act(anna, group, sent.id, edit("2", ADDRESS)).await?;
    w.act(anna, group, sent.id, links(ADDRESS, None)).await?;
    assert!(has_links(w).await);
    w.act(anna, group, sent.id, Act::Recall).await?;
    assert!(!has_links(w).await);
    assert_eq!(refusal(w.act(anna, group, sent.id, links(ADDRESS, None)).await), Refusal::Recalled);
    Ok(())
}

pub async fn the_picture_of_a_link_is_seen_by_those_who_see_the_message_and_goes_with_it(
    w: &mut World,
) -> Claim {
    let [anna, bob, stranger] = w.users(["anna", "bob", "stranger"]).await;
    let group = w.group(anna, &[bob]).await;
    for how_it_goes in [edit("1", "something else"), Act::Recall] {
        let sent = w.send(anna, group, ADDRESS).await?;
        let picture = upload(w, THE_SERVER).await.id;
        let who_sees = async |w: &World| [sees(w, anna, picture).await, sees(w, bob, picture).await];
        assert_eq!(who_sees(w).await, [false, false]);
        w.act(anna, group, sent.id, links(ADDRESS, Some(picture))).await?;
        assert_eq!(who_sees(w).await, [true, true]);
        assert!(!sees(w, stranger, picture).await);
        assert_eq!(w.store.unused_files(w.now(), 10).await?, 0);
        w.act(anna, group, sent.id, how_it_goes).await?;
        assert_eq!(who_sees(w).await, [false, false]);
        assert_eq!(w.store.unused_files(w.now(), 10).await?, 1, "and nothing uses it any more");
    }
    Ok(())
}

pub async fn who_has_left_keeps_the_picture_of_a_link_that_was_there_when_they_left(w: &mut World) -> Claim {
    let [anna, bob, stranger] = w.users(["anna", "bob", "stranger"]).await;
    let group = w.group(anna, &[bob]).await;
    let sent = w.send(anna, group, ADDRESS).await?;
    let picture = upload(w, THE_SERVER).await.id;
    w.act(anna, group, sent.id, links(ADDRESS, Some(picture))).await?;
    w.leave(bob, group).await?;
    w.act(anna, group, sent.id, edit("1", "something else")).await?;
    let links = w.message(bob, group, sent.id).await.state.expect("a state").links;
    assert_eq!(links, [link(Some(picture))]);
    assert!(sees(w, bob, picture).await && !sees(w, stranger, picture).await);
    assert_eq!(w.store.unused_files(w.now(), 10).await?, 0);
    w.act(anna, group, sent.id, Act::Recall).await?;
    assert!(!sees(w, bob, picture).await, "what is recalled is gone for them, too");
    assert_eq!(w.store.unused_files(w.now(), 10).await?, 1);
    Ok(())
}

pub async fn the_server_keeps_pictures_without_a_quota(w: &mut World) -> Claim {
    let file = upload(w, THE_SERVER).await;
    assert_eq!(file.owner, UserId(0));
    assert!(!sees(w, UserId(1), file.id).await);
    Ok(())
}
