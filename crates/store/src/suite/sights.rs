//! What users take out of their own sight, and what they star: for themselves alone, and from every answer.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::Claim;
use super::world::{ALL, NO_MESSAGE, Sent, World, append, chat_change, refusal, seqs, text};
use rim_core::event::ChatChange;
use rim_core::message::{Extras, NewMessage, Page, Span};
use rim_core::note::Act;
use rim_core::sight::{MAX_HIDDEN, Stars, Target};
use rim_core::{GroupId, MessageId, Refusal, Rev, Seq, UserId};

pub async fn what_is_hidden_is_out_of_ones_own_sight_everywhere(w: &mut World) -> Claim {
    let ([anna, bob], group, sent) = talk(w, 4).await?;
    w.store.hide(bob, group, vec![sent[1].id, sent[3].id], w.now()).await?;

    assert_eq!(seqs(&w.messages(bob, group).await), [1, 3]);
    assert_eq!(seqs(&w.delta(bob, group).await.messages), [1, 3]);
    let chat = w.chat(bob, group).await;
    assert_eq!((chat.last.seq, chat.unread), (Seq(3), 2), "the newest that is left, and what is left unread");
    assert_eq!(w.delta(bob, group).await.unread, 2);
    let hidden = sent[1].id;
    assert_eq!(refusal(w.store.message(bob, group, hidden).await), Refusal::NoSuchMessage);
    assert_eq!(refusal(around(w, bob, group, Target::Message(hidden)).await), Refusal::NoSuchMessage);
    assert_eq!(refusal(around(w, bob, group, Target::Place(Seq(2))).await), Refusal::NoSuchMessage);
    assert_eq!(refusal(w.store.star(bob, group, hidden, w.now()).await), Refusal::NoSuchMessage);
    assert_eq!(refusal(w.act(bob, group, hidden, thumbs_up()).await), Refusal::NoSuchMessage);
    let reply = Extras { reply_to: Some(hidden), ..Extras::default() };
    assert_eq!(refusal(w.send_with(bob, group, "what?", reply).await), Refusal::NoSuchMessage);

    assert_eq!(seqs(&w.messages(anna, group).await), [1, 2, 3, 4], "others see it as before");
    Ok(())
}

pub async fn hiding_is_told_once_to_ones_other_devices(w: &mut World) -> Claim {
    let ([_, bob], group, sent) = talk(w, 4).await?;
    let rev = w.own_rev(bob).await;
    w.changes().await;
    let ids = vec![sent[3].id, sent[1].id, sent[2].id, sent[1].id];
    w.store.hide(bob, group, ids.clone(), w.now()).await?;
    let messages = sent[1..].iter().map(|sent| sent.id).collect();
    let spans = vec![Span { after: Seq(1), to: Seq(4) }];
    assert_eq!(
        chat_change(w.change().await),
        (bob, Rev(rev.0 + 1), group, ChatChange::Hidden { messages, spans })
    );

    w.store.hide(bob, group, ids, w.now()).await?;
    w.store.clear(bob, group, None, w.now()).await?;
    w.changes().await;
    w.store.hide(bob, group, vec![sent[0].id], w.now()).await?;
    assert_eq!(w.changes().await, [], "what is out of sight already stays so");
    assert_eq!(w.own_rev(bob).await, Rev(rev.0 + 2));
    Ok(())
}

pub async fn what_never_was_in_sight_cannot_be_hidden(w: &mut World) -> Claim {
    let ([anna, _], group, sent) = talk(w, 2).await?;
    let [carl, eve] = w.users(["carl", "eve"]).await;
    w.add(anna, group, &[carl]).await?;
    let seen = w.send(anna, group, "welcome").await?;
    let other = w.group(anna, &[carl]).await;
    let elsewhere = w.send(anna, other, "elsewhere").await?;
    for message in [sent[0].id, elsewhere.id, NO_MESSAGE] {
        let hidden = w.store.hide(carl, group, vec![seen.id, message], w.now()).await;
        assert_eq!(refusal(hidden), Refusal::NoSuchMessage);
    }
    let hidden = w.store.hide(eve, group, vec![seen.id], w.now()).await;
    assert_eq!(refusal(hidden), Refusal::NoSuchMessage);
    assert_eq!(seqs(&w.messages(carl, group).await), [3], "all or nothing");
    Ok(())
}

pub async fn so_many_messages_of_a_chat_are_hidden_and_clearing_makes_room(w: &mut World) -> Claim {
    let ([anna, bob], group, mut sent) = talk(w, 1).await?;
    sent.extend(many(w, anna, group, MAX_HIDDEN).await?);
    let ids: Vec<MessageId> = sent.iter().map(|sent| sent.id).collect();
    let all = w.store.hide(bob, group, ids.clone(), w.now()).await;
    assert_eq!(refusal(all), Refusal::TooManyHidden(MAX_HIDDEN));
    w.store.hide(bob, group, ids[..MAX_HIDDEN].to_vec(), w.now()).await?;
    let again = w.store.hide(bob, group, ids[..MAX_HIDDEN].to_vec(), w.now()).await;
    assert!(again.is_ok(), "they are hidden already");
    let one_more = w.store.hide(bob, group, vec![ids[MAX_HIDDEN]], w.now()).await;
    assert_eq!(refusal(one_more), Refusal::TooManyHidden(MAX_HIDDEN));
    assert_eq!(w.chat(bob, group).await.unread, 1);

    w.store.clear(bob, group, Some(Seq(9)), w.now()).await?;
    w.store.hide(bob, group, vec![ids[MAX_HIDDEN]], w.now()).await?;
    assert_eq!(w.chats(bob).await, [], "nothing is left in sight");
    Ok(())
}

pub async fn a_cleared_chat_comes_back_with_its_next_message(w: &mut World) -> Claim {
    let ([anna, bob], group, sent) = talk(w, 3).await?;
    let rev = w.own_rev(bob).await;
    w.changes().await;
    w.store.clear(bob, group, None, w.now()).await?;
    let cleared = ChatChange::Cleared { seq: Seq(3) };
    assert_eq!(chat_change(w.change().await), (bob, Rev(rev.0 + 1), group, cleared));

    assert_eq!((w.chats(bob).await, w.messages(bob, group).await), (vec![], vec![]));
    let delta = w.delta(bob, group).await;
    assert_eq!((delta.messages, delta.last_seq, delta.unread), (vec![], Seq(3), 0));
    assert_eq!(refusal(w.store.message(bob, group, sent[2].id).await), Refusal::NoSuchMessage);
    w.send(anna, group, "again").await?;
    let chat = w.chat(bob, group).await;
    assert_eq!((chat.last.content.as_str(), chat.unread), ("again", 1));
    assert_eq!(seqs(&w.messages(bob, group).await), [4]);
    assert_eq!(seqs(&w.messages(anna, group).await), [1, 2, 3, 4]);
    Ok(())
}

pub async fn a_chat_is_cleared_up_to_what_was_seen_and_never_back(w: &mut World) -> Claim {
    let ([_, bob], group, _) = talk(w, 5).await?;
    w.store.clear(bob, group, Some(Seq(3)), w.now()).await?;
    assert_eq!(seqs(&w.messages(bob, group).await), [4, 5], "what came unseen stays");
    w.changes().await;
    w.store.clear(bob, group, Some(Seq(3)), w.now()).await?;
    w.store.clear(bob, group, Some(Seq(1)), w.now()).await?;
    assert_eq!(w.changes().await, [], "once is enough");
    w.store.clear(bob, group, Some(Seq(99)), w.now()).await?;
    let (.., what) = chat_change(w.change().await);
    assert_eq!(what, ChatChange::Cleared { seq: Seq(5) }, "what does not exist is not cleared");
    let eve = w.user("eve").await;
    assert_eq!(refusal(w.store.clear(eve, group, None, w.now()).await), Refusal::NotMember);
    Ok(())
}

pub async fn what_is_out_of_sight_stays_so_over_leaving_and_coming_back(w: &mut World) -> Claim {
    let ([anna, bob], group, sent) = talk(w, 4).await?;
    w.store.clear(bob, group, Some(Seq(1)), w.now()).await?;
    w.store.hide(bob, group, vec![sent[2].id], w.now()).await?;
    w.leave(bob, group).await?;
    assert_eq!(seqs(&w.messages(bob, group).await), [2, 4]);
    w.store.hide(bob, group, vec![sent[3].id], w.now()).await?;
    assert_eq!(w.chat(bob, group).await.last.seq, Seq(2), "who has left does it with their own part");
    // They delete it from their list, so that nothing looks at it any more.
    w.delete_chat(bob, group, None).await?;
    w.send(anna, group, "without bob").await?;
    assert_eq!(seqs(&w.messages(bob, group).await), [2]);

    w.add(anna, group, &[bob]).await?;
    w.send(anna, group, "with bob").await?;
    assert_eq!(seqs(&w.messages(bob, group).await), [2, 6]);
    assert_eq!(seqs(&w.delta(bob, group).await.messages), [2, 6]);
    w.store.clear(bob, group, None, w.now()).await?;
    assert!(w.messages(bob, group).await.is_empty());
    Ok(())
}

pub async fn one_who_has_left_clears_their_own_part(w: &mut World) -> Claim {
    let ([anna, bob], group, _) = talk(w, 2).await?;
    w.leave(bob, group).await?;
    w.send(anna, group, "without bob").await?;
    w.changes().await;
    w.store.clear(bob, group, None, w.now()).await?;
    let (.., what) = chat_change(w.change().await);
    assert_eq!(what, ChatChange::Cleared { seq: Seq(2) });
    assert_eq!((w.chats(bob).await, w.messages(bob, group).await), (vec![], vec![]));
    Ok(())
}

pub async fn pages_are_cut_by_counting_what_is_in_sight(w: &mut World) -> Claim {
    let ([_, bob], group, sent) = talk(w, 12).await?;
    let hidden = [3, 4, 8, 12].map(|seq: usize| sent[seq - 1].id).to_vec();
    w.store.hide(bob, group, hidden, w.now()).await?;
    w.store.clear(bob, group, Some(Seq(1)), w.now()).await?;
    let page = async |number, size, below| {
        let history = w.history(bob, group, Page { number, size }, below).await;
        seqs(&history.expect("a member").messages)
    };
    assert_eq!(page(1, 3, None).await, [9, 10, 11]);
    assert_eq!(page(2, 3, None).await, [5, 6, 7]);
    assert_eq!(page(3, 3, None).await, [2]);
    assert_eq!(page(1, 3, Some(Seq(10))).await, [6, 7, 9]);
    assert!(page(4, 3, None).await.is_empty());
    Ok(())
}

pub async fn chats_are_in_the_order_of_what_is_in_sight(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let (mut groups, mut sent) = (Vec::new(), Vec::new());
    for _ in 0..6 {
        groups.push(w.group(anna, &[bob]).await);
    }
    for _ in 0..2 {
        for group in &groups {
            sent.push(w.send(anna, *group, "hi").await?);
        }
    }
    let order = async || {
        let mut met = Vec::new();
        for number in 1.. {
            let page = w.store.chats(bob, Page { number, size: 2 }).await?;
            if page.is_empty() {
                return Ok::<_, crate::StoreError>(met);
            }
            met.extend(page.into_iter().rev().map(|chat| (chat.group.id, chat.last.seq.0)));
        }
        unreachable!("there is an end")
    };
    // Of the last their newest, and of the third all; the second is cleared.
    w.store.hide(bob, groups[5], vec![sent[11].id], w.now()).await?;
    w.store.hide(bob, groups[2], vec![sent[2].id, sent[8].id], w.now()).await?;
    w.store.clear(bob, groups[1], None, w.now()).await?;
    let (a, d, e, f) = (groups[0], groups[3], groups[4], groups[5]);
    assert_eq!(order().await?, [(e, 2), (d, 2), (a, 2), (f, 1)]);

    // Deleted before, and what came since is out of sight: so it stays deleted.
    w.delete_chat(bob, d, None).await?;
    let since = w.send(anna, d, "since").await?;
    assert_eq!(order().await?[0], (d, 3));
    w.store.hide(bob, d, vec![since.id], w.now()).await?;
    assert_eq!(order().await?, [(e, 2), (a, 2), (f, 1)]);
    for group in &groups {
        w.store.clear(bob, *group, None, w.now()).await?;
    }
    assert_eq!(order().await?, []);
    Ok(())
}

// ---- one message, and those around it

pub async fn a_message_is_told_to_those_who_see_it(w: &mut World) -> Claim {
    let ([anna, bob], group, sent) = talk(w, 1).await?;
    let [carl, eve] = w.users(["carl", "eve"]).await;
    w.act(bob, group, sent[0].id, thumbs_up()).await?;
    let of = async |user| w.store.message(user, group, sent[0].id).await;
    let reaction = |message: &rim_core::message::Message| {
        let reactions = &message.state.as_ref().expect("a state").reactions;
        (reactions[0].emoji.clone(), reactions[0].count, reactions[0].mine)
    };
    assert_eq!(reaction(&of(anna).await?), ("👍".into(), 1, false));
    assert_eq!(reaction(&of(bob).await?), ("👍".into(), 1, true));
    for list in [w.messages(bob, group).await, w.delta(bob, group).await.messages] {
        assert!(reaction(&list[0]).2, "in lists, too");
    }
    assert!(reaction(&w.chat(bob, group).await.last).2);
    w.add(anna, group, &[carl]).await?;
    for stranger in [carl, eve] {
        assert_eq!(refusal(of(stranger).await), Refusal::NoSuchMessage);
    }
    let other = w.group(anna, &[bob]).await;
    assert_eq!(refusal(w.store.message(bob, other, sent[0].id).await), Refusal::NoSuchMessage);
    Ok(())
}

pub async fn of_many_who_reacted_or_opened_each_knows_that_they_did(w: &mut World) -> Claim {
    let ([anna, bob], group, sent) = talk(w, 1).await?;
    w.act(bob, group, sent[0].id, thumbs_up()).await?;
    for at in 0..12 {
        let user = w.user(&format!("user {at}")).await;
        w.add(anna, group, &[user]).await?;
    }
    let late = w.send_voice(anna, group).await?;
    let members: Vec<_> = w.members(anna, group).await.into_iter().map(|(user, _)| user).collect();
    for user in &members {
        w.act(*user, group, late.id, thumbs_up()).await?;
        w.act(*user, group, late.id, Act::Open).await?;
    }
    for user in members {
        let told = w.store.message(user, group, late.id).await?;
        let state = told.state.as_ref().expect("a state");
        let (reaction, opened) = (&state.reactions[0], state.opened.as_ref().expect("opened"));
        assert_eq!((reaction.count, reaction.newest.len(), reaction.mine), (14, 10, true));
        assert_eq!((opened.count, opened.newest.len(), opened.mine), (13, 10, user != anna));
        assert!(w.chat(user, group).await.last == told, "the same in lists");
        assert!(w.messages(user, group).await.contains(&told));
        assert!(w.delta(user, group).await.messages.contains(&told));
    }
    Ok(())
}

pub async fn around_a_message_are_the_nearest_in_sight(w: &mut World) -> Claim {
    let ([anna, bob], group, sent) = talk(w, 9).await?;
    w.store.hide(bob, group, [4, 7].map(|seq: usize| sent[seq - 1].id).to_vec(), w.now()).await?;
    let of = async |target, before, after| {
        let around = w.store.around(bob, group, target, before, after, usize::MAX).await?;
        let users: Vec<_> = around.users.iter().map(|user| user.id).collect();
        assert_eq!(users, [anna], "everybody whom they name");
        Ok::<_, crate::StoreError>((seqs(&around.messages), around.older, around.newer))
    };
    let fifth = Target::Message(sent[4].id);
    assert_eq!(of(fifth, 2, 2).await?, (vec![2, 3, 5, 6, 8], true, true));
    assert_eq!(of(Target::Place(Seq(5)), 0, 0).await?, (vec![5], true, true));
    assert_eq!(of(fifth, 3, 3).await?, (vec![1, 2, 3, 5, 6, 8, 9], false, false));
    assert_eq!(of(fifth, 500, 500).await?, (vec![1, 2, 3, 5, 6, 8, 9], false, false));
    assert_eq!(of(Target::Place(Seq(9)), 1, 1).await?, (vec![8, 9], true, false));
    for target in [Target::Place(Seq(7)), Target::Place(Seq(0)), Target::Place(Seq(10))] {
        assert_eq!(refusal(of(target, 1, 1).await), Refusal::NoSuchMessage);
    }
    Ok(())
}

pub async fn around_one_who_came_back_is_the_gap_as_in_history(w: &mut World) -> Claim {
    let ([anna, bob], group, sent) = talk(w, 2).await?;
    w.leave(bob, group).await?;
    w.send(anna, group, "without bob").await?;
    w.add(anna, group, &[bob]).await?;
    w.send(anna, group, "again").await?;
    let around = w.store.around(bob, group, Target::Message(sent[1].id), 5, 5, usize::MAX).await?;
    assert_eq!(seqs(&around.messages), [1, 2, 4]);
    assert_eq!(
        refusal(w.store.around(bob, group, Target::Place(Seq(3)), 1, 1, 9).await),
        Refusal::NoSuchMessage
    );
    Ok(())
}

pub async fn at_most_so_many_are_told_to_each_side_and_what_fits(w: &mut World) -> Claim {
    let ([anna, bob], group, _) = talk(w, 1).await?;
    many(w, anna, group, 450).await?;
    let of = async |bytes| {
        let around = w.store.around(bob, group, Target::Place(Seq(225)), 300, 300, bytes).await?;
        let (first, last) = (around.messages[0].seq.0, around.messages[around.messages.len() - 1].seq.0);
        assert_eq!(around.messages.len() as u64, last - first + 1, "no gap");
        assert!(around.older && around.newer);
        Ok::<_, crate::StoreError>((first, last))
    };
    assert_eq!(of(usize::MAX).await?, (25, 425));
    let (first, last) = of(20_000).await?;
    assert!((190..222).contains(&first) && (228..260).contains(&last), "the nearest: {first} to {last}");
    assert_eq!(of(1).await?, (225, 225), "the message itself always");
    Ok(())
}

// ---- stars

pub async fn stars_are_told_newest_first_and_once(w: &mut World) -> Claim {
    let ([anna, bob], group, sent) = talk(w, 3).await?;
    let other = w.group(anna, &[bob]).await;
    let elsewhere = w.send(anna, other, "elsewhere").await?;
    let rev = w.own_rev(bob).await;
    w.changes().await;
    let star = async |group, sent: Sent| w.store.star(bob, group, sent.id, w.now()).await;
    star(group, sent[2]).await?;
    let starred = ChatChange::Starred { message: sent[2].id };
    assert_eq!(chat_change(w.change().await), (bob, Rev(rev.0 + 1), group, starred));
    star(group, sent[2]).await?;
    assert_eq!(w.changes().await, [], "once is enough");
    star(other, elsewhere).await?;
    star(group, sent[0]).await?;
    assert_eq!(ids(&stars(w, bob).await?), [sent[0].id, elsewhere.id, sent[2].id]);
    assert_eq!(ids(&stars(w, anna).await?), [], "each has their own");

    w.changes().await;
    w.store.unstar(bob, group, sent[2].id, w.now()).await?;
    let unstarred = ChatChange::Unstarred { message: sent[2].id };
    assert_eq!(chat_change(w.change().await), (bob, Rev(rev.0 + 4), group, unstarred));
    w.store.unstar(bob, group, sent[2].id, w.now()).await?;
    w.store.unstar(bob, group, sent[1].id, w.now()).await?;
    assert_eq!(w.changes().await, [], "what is no star is none");
    star(group, sent[2]).await?;
    assert_eq!(ids(&stars(w, bob).await?), [sent[2].id, sent[0].id, elsewhere.id]);
    assert_eq!(refusal(w.store.unstar(bob, group, NO_MESSAGE, w.now()).await), Refusal::NoSuchMessage);
    Ok(())
}

pub async fn of_a_star_out_of_sight_nothing_is_told_but_that_it_is_one(w: &mut World) -> Claim {
    let ([anna, bob], group, sent) = talk(w, 4).await?;
    for sent in &sent {
        w.store.star(bob, group, sent.id, w.now()).await?;
    }
    w.store.clear(bob, group, Some(Seq(1)), w.now()).await?;
    w.store.hide(bob, group, vec![sent[1].id], w.now()).await?;
    w.act(anna, group, sent[2].id, Act::Recall).await?;
    let found = stars(w, bob).await?;
    assert_eq!(
        found.stars.iter().map(|star| star.message).rev().collect::<Vec<_>>(),
        sent.iter().map(|sent| sent.id).collect::<Vec<_>>()
    );
    let shown = found.stars.iter().rev().map(|star| star.shown.as_ref().map(|shown| shown.content.as_str()));
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [None, None, Some(""), Some("4")],
        "a recalled one as what is left of it"
    );
    w.leave(bob, group).await?;
    assert_eq!(stars(w, bob).await?.stars.len(), 4, "who has left keeps theirs");
    w.store.unstar(bob, group, sent[0].id, w.now()).await?;
    assert_eq!(stars(w, bob).await?.stars.len(), 3, "also those that are out of sight");
    Ok(())
}

pub async fn stars_are_paged_by_rows_and_by_bytes(w: &mut World) -> Claim {
    let ([_, bob], group, sent) = talk(w, 60).await?;
    for sent in &sent {
        w.store.star(bob, group, sent.id, w.now()).await?;
    }
    let newest_first: Vec<_> = sent.iter().rev().map(|sent| sent.id).collect();
    for (limit, bytes) in [(7, usize::MAX), (60, usize::MAX), (26, usize::MAX), (100, 3_000), (100, 1)] {
        let (mut met, mut below, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = w.store.stars(bob, below, 0, limit, bytes).await?;
            assert!(!page.stars.is_empty() && page.stars.len() <= limit as usize);
            met.extend(ids(&page));
            pages += 1;
            below = page.rest;
            if below.is_none() {
                break;
            }
        }
        assert_eq!(met, newest_first, "{limit} rows, {bytes} bytes");
        assert!(bytes == usize::MAX || pages > 5);
    }
    Ok(())
}

pub async fn stars_are_passed_over_by_rows_those_that_are_none_any_more_not_counted(w: &mut World) -> Claim {
    let ([_, bob], group, sent) = talk(w, 9).await?;
    for sent in &sent {
        w.store.star(bob, group, sent.id, w.now()).await?;
    }
    w.store.unstar(bob, group, sent[7].id, w.now()).await?;
    w.store.hide(bob, group, vec![sent[6].id], w.now()).await?;
    let left: Vec<_> = [8, 6, 5, 4, 3, 2, 1, 0].map(|at| sent[at].id).to_vec();
    for pass in 0..=8_u32 {
        // Those that are out of sight are passed over like others, however little of their messages has room.
        let page = w.store.stars(bob, None, pass, 3, usize::MAX).await?;
        let expected: Vec<_> = left.iter().copied().skip(pass as usize).take(3).collect();
        assert_eq!((ids(&page), page.rest.is_some()), (expected, pass < 5), "behind {pass}");
    }
    let page = w.store.stars(bob, None, 2, 2, usize::MAX).await?;
    assert_eq!(ids(&w.store.stars(bob, page.rest, 1, 9, usize::MAX).await?), left[5..]);
    assert_eq!(w.store.stars(bob, None, 100, 3, usize::MAX).await?, Stars::default());
    Ok(())
}

/// Anna and Bob, and so many messages of hers, which say their places.
async fn talk(w: &World, messages: usize) -> crate::Result<([UserId; 2], GroupId, Vec<Sent>)> {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let mut sent = Vec::new();
    for number in 1..=messages {
        sent.push(w.send(anna, group, &number.to_string()).await?);
    }
    assert_eq!(w.history(bob, group, ALL, None).await.expect("a member").messages.len(), messages);
    Ok(([anna, bob], group, sent))
}

/// So many messages that come at once.
pub(super) async fn many(
    w: &World,
    sender: UserId,
    group: GroupId,
    count: usize,
) -> crate::Result<Vec<Sent>> {
    many_with(w, sender, group, count, Extras::default()).await
}

/// The same, each with these extras.
pub(super) async fn many_with(
    w: &World,
    sender: UserId,
    group: GroupId,
    count: usize,
    extras: Extras,
) -> crate::Result<Vec<Sent>> {
    let mut sent = Vec::new();
    let extras = Some(Box::new(extras)).filter(|extras| !extras.is_empty());
    while sent.len() < count {
        let mut tasks = JoinSet::new();
        for _ in 0..(count - sent.len()).min(500) {
            let id = format!("one of many {}", w.fresh());
            let (store, message) = (Arc::clone(&w.store), text(sender, group, &id, "ten bytes.", w.now()));
            let message = NewMessage { extras: extras.clone(), ..message };
            tasks.spawn(async move { append(&store, message).await });
        }
        sent.extend(tasks.join_all().await.into_iter().collect::<crate::Result<Vec<_>>>()?);
    }
    sent.sort_by_key(|sent| sent.seq);
    Ok(sent)
}

async fn around(w: &World, user: UserId, group: GroupId, target: Target) -> crate::Result<Vec<u64>> {
    Ok(seqs(&w.store.around(user, group, target, 1, 1, usize::MAX).await?.messages))
}

async fn stars(w: &World, user: UserId) -> crate::Result<Stars> {
    w.store.stars(user, None, 0, 100, usize::MAX).await
}

fn ids(stars: &Stars) -> Vec<MessageId> {
    stars.stars.iter().map(|star| star.message).collect()
}

fn thumbs_up() -> Act {
    Act::React { emoji: "👍".into() }
}
