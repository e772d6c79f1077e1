//! Messages that answer others.

use rim_core::Refusal;
use rim_core::Seq;
use rim_core::message::{Extras, NewMessage};
use rim_core::note::Act;

use super::Claim;
use super::sights::many_with;
use super::world::*;

pub async fn an_answer_names_what_it_answers_and_how_that_began(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let first = w.send(anna, group, "one").await?;
    let second = w.send_with(bob, group, "two", reply_to(first.id)).await?;
    w.send(anna, group, "between").await?;
    let third = w.send_with(anna, group, "three", reply_to(second.id)).await?;
    w.send_with(bob, group, "four", reply_to(first.id)).await?;
    let to = w.message(bob, group, third.id).await.state.expect("a state").reply_to.expect("an answer");
    assert_eq!((to.id, to.seq, to.root), (second.id, second.seq, first.seq));
    assert!(w.message(bob, group, first.id).await.state.is_none(), "what is answered stays as it is");

    let replies = async |message, after, limit| {
        let found = w.store.replies(bob, group, message, Seq(after), limit).await.expect("they are listed");
        (texts(&found.messages), found.more)
    };
    let listed =
        |texts: &[&str], more| (texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>(), more);
    assert_eq!(replies(first.id, 0, 9).await, listed(&["two", "three", "four"], false));
    assert_eq!(replies(second.id, 0, 9).await, listed(&["three"], false));
    assert_eq!(replies(third.id, 0, 9).await, listed(&[], false));
    assert_eq!(replies(first.id, 0, 2).await, listed(&["two", "three"], true));
    assert_eq!(replies(first.id, third.seq.0, 2).await, listed(&["four"], false));
    // One in the midst is recalled, and what answered it is found all the same.
    w.act(bob, group, second.id, Act::Recall).await?;
    assert_eq!(replies(first.id, 0, 9).await, listed(&["", "three", "four"], false));
    assert_eq!(replies(second.id, 0, 9).await, listed(&["three"], false));
    Ok(())
}

pub async fn a_page_of_answers_is_full_whatever_was_hidden(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let first = w.send(anna, group, "one").await?;
    let sent = many_with(w, bob, group, 40, reply_to(first.id)).await?;
    let hidden: Vec<_> = sent.iter().enumerate().filter(|(at, _)| *at < 20 || at % 3 == 0).collect();
    w.store.hide(anna, group, hidden.iter().map(|(_, sent)| sent.id).collect(), w.now()).await?;
    let left: Vec<_> = sent.iter().filter(|one| hidden.iter().all(|(_, sent)| sent.id != one.id)).collect();
    let (mut met, mut after) = (Vec::new(), Seq(0));
    loop {
        let found = w.store.replies(anna, group, first.id, after, 4).await?;
        assert!(found.messages.len() == 4 || !found.more);
        met.extend(found.messages.iter().map(|message| message.id));
        after = found.messages.last().map_or(after, |last| last.seq);
        if !found.more {
            break;
        }
    }
    assert_eq!(met, left.iter().map(|sent| sent.id).collect::<Vec<_>>());
    Ok(())
}

pub async fn only_what_one_sees_is_answered(w: &mut World) -> Claim {
    let [anna, bob, carl] = w.users(["anna", "bob", "carl"]).await;
    let (group, other) = (w.group(anna, &[bob]).await, w.group(anna, &[bob]).await);
    let first = w.send(anna, group, "one").await?;
    let elsewhere = w.send(anna, other, "elsewhere").await?;
    w.add(anna, group, &[carl]).await?;
    let answer = w.send_with(bob, group, "two", reply_to(first.id)).await?;
    let rev = w.rev(anna, group).await;
    for (user, target) in [(carl, first.id), (bob, elsewhere.id), (bob, NO_MESSAGE)] {
        assert_eq!(refusal(w.send_with(user, group, "x", reply_to(target)).await), Refusal::NoSuchMessage);
    }
    assert_eq!(w.rev(anna, group).await, rev, "nothing is stored");
    // What carl sees answers something that they do not.
    assert_eq!(w.message(carl, group, answer.id).await.content, "two");
    w.send_with(carl, group, "three", reply_to(answer.id)).await?;
    assert_eq!(texts(&w.store.replies(carl, group, answer.id, Seq(0), 9).await?.messages), ["three"]);
    Ok(())
}

pub async fn a_message_that_is_sent_again_is_answered_as_the_first_whatever_it_has_now(
    w: &mut World,
) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let first = w.send(anna, group, "one").await?;
    let with = |id: &str, extras: Extras| NewMessage {
        extras: Some(Box::new(extras)),
        ..text(bob, group, id, "two", w.now())
    };
    let sent = append(&w.store, with("a", reply_to(first.id))).await?;
    let seen = w.message(bob, group, sent.id).await;
    w.changes().await;
    // Also with what would be refused, by one who has left, and at the same time.
    w.leave(bob, group).await?;
    for extras in [reply_to(NO_MESSAGE), mention(&[NO_USER]), mention_all(), Extras::default()] {
        assert_eq!(append(&w.store, with("a", extras)).await?, sent);
    }
    assert_eq!(append(&w.store, text(bob, group, "a", "two", w.now())).await?, sent);
    assert_eq!(w.changes().await.len(), 1, "they have left");
    assert_eq!(w.message(bob, group, sent.id).await, seen);
    w.add(anna, group, &[bob]).await?;
    let (one, two) = tokio::join!(
        append(&w.store, with("b", mention(&[anna]))),
        append(&w.store, with("b", reply_to(first.id)))
    );
    assert_eq!(one?, two?);
    assert_eq!(w.texts(anna, group).await, ["one", "two", "two"]);
    Ok(())
}
