//! Forwarding: all or nothing, of what one sees, and to groups that one is in.

use rim_core::event::Change;
use rim_core::message::forward::{Forward, MAX_GROUPS, MAX_MESSAGES};
use rim_core::message::{Message, MessageKind, Origin};
use rim_core::{ConnectionId, GroupId, MessageId, Refusal, SessionId, UserId};

use super::Claim;
use super::world::{NO_GROUP, Sent, World, refusal, texts};

pub(super) fn forward(w: &World, user: UserId, from: GroupId, sent: &[Sent], to: &[GroupId]) -> Forward {
    Forward {
        user,
        from,
        messages: sent.iter().map(|sent| sent.id).collect(),
        to: to.to_vec(),
        merged: false,
        without_origin: false,
        client_msg_id: "f".into(),
        session: None,
        now: w.now(),
        connection: ConnectionId(7),
        content_bytes: 64 * 1024,
    }
}

fn origin(message: &Message) -> Option<&Origin> {
    message.state.as_ref()?.forwarded_from.as_ref()
}

pub async fn copies_come_to_each_group_in_the_order_of_their_places(w: &mut World) -> Claim {
    let [anna, bob, cleo] = w.users(["anna", "bob", "cleo"]).await;
    let from = w.group(anna, &[bob]).await;
    let to = [w.group(anna, &[cleo]).await, w.single(anna, cleo).await];
    let mut sent = Vec::new();
    for (sender, content) in [(bob, "one"), (anna, "two"), (bob, "three")] {
        sent.push(w.send(sender, from, content).await?);
    }
    let said = w.messages(anna, from).await;
    w.changes().await;

    // In another order, and one of them twice.
    let asked = [sent[2], sent[0], sent[1], sent[0]];
    let copies = w.store.forward(forward(w, anna, from, &asked, &[to[1], to[0], to[1]])).await?;

    assert_eq!(copies.len(), 2);
    let mut expected = Vec::new();
    for (group, copies) in [to[1], to[0]].into_iter().zip(&copies) {
        assert_eq!(texts(copies), ["one", "two", "three"]);
        assert!(copies.iter().all(|copy| copy.sender == anna && copy.group == group));
        assert_eq!(w.messages(cleo, group).await, *copies);
        let origins: Vec<_> =
            copies.iter().map(|copy| origin(copy).map(|origin| (origin.user, origin.at))).collect();
        let first = said.iter().map(|message| Some((message.sender, message.created_at)));
        assert_eq!(origins, first.collect::<Vec<_>>());
        assert_eq!(w.unread(cleo, group).await, 3);
        assert_eq!(w.unread(anna, group).await, 0);
        expected.extend(copies.iter().cloned());
    }
    let told: Vec<_> = w.changes().await;
    let connection = ConnectionId(7);
    let expected: Vec<_> =
        expected.into_iter().map(|message| Change::Message { message: message.into(), connection }).collect();
    assert_eq!(told, expected);
    // What comes after it follows.
    assert_eq!(w.send(cleo, to[0], "thanks").await?.seq.0, 4);
    w.reopen().await;
    assert_eq!(w.texts(cleo, to[0]).await, ["one", "two", "three", "thanks"]);
    Ok(())
}

pub async fn a_forwarded_message_says_who_wrote_it_first(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let groups = [w.group(anna, &[bob]).await, w.group(anna, &[bob]).await, w.group(bob, &[anna]).await];
    let first = w.send(bob, groups[0], "hi").await?;
    let at = w.messages(bob, groups[0]).await[0].created_at;
    let once = w.store.forward(forward(w, anna, groups[0], &[first], &[groups[1]])).await?.remove(0);
    let again = Sent { id: once[0].id, seq: once[0].seq };
    let twice = w.store.forward(forward(w, bob, groups[1], &[again], &[groups[2]])).await?.remove(0);
    let bobs = Origin { user: bob, name: "bob".into(), at };
    assert_eq!(origin(&twice[0]), Some(&bobs));
    let mut without = forward(w, bob, groups[1], &[again], &[groups[2]]);
    (without.without_origin, without.client_msg_id) = (true, "w".into());
    let without = w.store.forward(without).await?.remove(0);
    assert_eq!((without[0].content.as_str(), &without[0].state), ("hi", &None), "as if one had written it");
    Ok(())
}

pub async fn several_become_one_message(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let (from, to) = (w.group(anna, &[bob]).await, w.single(anna, bob).await);
    let sent = [w.send(anna, from, "one").await?, w.send(bob, from, "two").await?];
    let merged = Forward { merged: true, ..forward(w, anna, from, &sent, &[to, from]) };
    let copies = w.store.forward(merged.clone()).await?;
    for (group, copies) in [to, from].into_iter().zip(&copies) {
        let [copy] = &copies[..] else { panic!("one message") };
        assert_eq!(
            (copy.group, copy.kind, copy.seq.0),
            (group, MessageKind::Merged, if group == to { 1 } else { 3 })
        );
        assert!(copy.content.contains(r#""kind":"Text","content":"one""#), "{}", copy.content);
        assert!(copy.content.contains(r#""content":"two""#), "{}", copy.content);
    }
    assert_eq!(w.store.forward(merged).await?, copies, "a repetition");
    assert_eq!(w.messages(bob, to).await, copies[0]);
    Ok(())
}

pub async fn a_repetition_is_answered_with_the_first_copies(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let (from, to) = (w.group(anna, &[bob]).await, w.group(anna, &[bob]).await);
    let sent = [w.send(bob, from, "one").await?, w.send(bob, from, "two").await?];
    let both = || w.store.forward(forward(w, anna, from, &sent, &[to]));
    let (one, other) = tokio::join!(both(), both());
    let copies = one?;
    assert_eq!(other?, copies, "also of one that comes at the same time");
    w.changes().await;
    w.reopen().await;
    // Even where it would be refused now.
    w.remove(anna, from, &[anna]).await?;
    w.remove(anna, to, &[anna]).await?;
    w.changes().await;
    assert_eq!(w.store.forward(forward(w, anna, from, &sent, &[to])).await?, copies);
    assert_eq!(w.changes().await, []);
    assert_eq!(w.texts(bob, to).await, ["one", "two"]);
    Ok(())
}

pub async fn a_part_that_was_stored_before_is_not_stored_again(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let from = w.group(anna, &[bob]).await;
    let to = [w.group(anna, &[bob]).await, w.group(anna, &[bob]).await];
    let sent = [w.send(bob, from, "one").await?];
    let first = w.store.forward(forward(w, anna, from, &sent, &to[..1])).await?;
    let both = w.store.forward(forward(w, anna, from, &sent, &to)).await?;
    assert_eq!(both[0], first[0]);
    for group in to {
        assert_eq!(w.texts(bob, group).await, ["one"]);
    }
    Ok(())
}

pub async fn if_one_may_not_be_forwarded_none_is(w: &mut World) -> Claim {
    let [anna, bob, cleo] = w.users(["anna", "bob", "cleo"]).await;
    let from = w.group(bob, &[cleo]).await;
    let early = w.send(bob, from, "before anna").await?;
    w.add(bob, from, &[anna]).await?;
    let seen = w.send(bob, from, "hi").await?;
    let (own, theirs) = (w.group(anna, &[bob]).await, w.group(bob, &[cleo]).await);
    let elsewhere = w.send(bob, theirs, "elsewhere").await?;
    let nothing = Sent { id: MessageId((1 << 53) - 1), seq: seen.seq };
    w.changes().await;
    let try_it = async |user, from, sent: &[Sent], to: &[GroupId]| {
        refusal(w.store.forward(forward(w, user, from, sent, to)).await)
    };
    for unseen in [early, elsewhere, nothing] {
        assert_eq!(try_it(anna, from, &[seen, unseen], &[own]).await, Refusal::NoSuchMessage);
    }
    for group in [theirs, NO_GROUP] {
        assert_eq!(try_it(anna, group, &[elsewhere], &[own]).await, Refusal::NoSuchMessage);
    }
    // The first of the groups is theirs, and is written to before the other is found not to be.
    let mut other = [own, theirs];
    other.sort_unstable();
    assert_eq!(try_it(anna, from, &[seen], &[own, theirs]).await, Refusal::NotMember);
    assert_eq!(try_it(anna, from, &[seen], &[own, NO_GROUP]).await, Refusal::NoSuchGroup);
    assert_eq!((w.texts(anna, own).await, w.changes().await), (vec![], vec![]));
    // And nothing of it is remembered.
    let copies = w.store.forward(forward(w, anna, from, &[seen], &[own])).await?;
    assert_eq!((texts(&copies[0]), copies[0][0].seq.0), (vec!["hi".to_owned()], 1));
    assert!(w.send(bob, own, "next").await?.id > copies[0][0].id);
    w.reopen().await;
    assert_eq!(w.texts(bob, own).await, ["hi", "next"]);
    Ok(())
}

pub async fn who_has_left_forwards_what_was_theirs(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let (from, to) = (w.group(anna, &[bob]).await, w.group(bob, &[anna]).await);
    let theirs = w.send(anna, from, "theirs").await?;
    w.rename(anna, from, "Then").await?;
    w.leave(bob, from).await?;
    w.rename(anna, from, "Now").await?;
    let after = w.send(anna, from, "not theirs").await?;
    let merged = Forward { merged: true, ..forward(w, bob, from, &[theirs], &[to]) };
    let copies = w.store.forward(merged).await?;
    assert!(copies[0][0].content.starts_with(r#"{"title":"Then","#), "{}", copies[0][0].content);
    let refused = w.store.forward(forward(w, bob, from, &[theirs, after], &[to])).await;
    assert_eq!(refusal(refused), Refusal::NoSuchMessage);
    Ok(())
}

pub async fn an_ended_session_forwards_nothing(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let (from, to) = (w.group(anna, &[bob]).await, w.group(anna, &[bob]).await);
    let sent = [w.send(bob, from, "one").await?];
    let session = w.login(anna, 1).await;
    w.store.end_session(anna, session).await?;
    let of = |session: SessionId| Forward { session: Some(session), ..forward(w, anna, from, &sent, &[to]) };
    assert!(matches!(refusal(w.store.forward(of(session)).await), Refusal::SessionEnded(_)));
    assert!(w.texts(bob, to).await.is_empty());
    w.store.forward(of(w.login(anna, 2).await)).await?;
    assert_eq!(w.texts(bob, to).await, ["one"]);
    Ok(())
}

pub async fn as_many_as_may_be_come_in_one_commit(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let from = w.group(anna, &[bob]).await;
    let mut sent = Vec::new();
    for number in 0..MAX_MESSAGES {
        sent.push(w.send(bob, from, &number.to_string()).await?);
    }
    let mut to = Vec::new();
    for _ in 0..MAX_GROUPS {
        to.push(w.group(anna, &[bob]).await);
    }
    w.changes().await;
    let copies = w.store.forward(forward(w, anna, from, &sent, &to)).await?;
    assert_eq!(w.changes().await.len(), MAX_MESSAGES * MAX_GROUPS);
    let said = w.texts(bob, from).await;
    for (group, copies) in to.into_iter().zip(copies) {
        assert_eq!(texts(&copies), said);
        assert_eq!(w.texts(bob, group).await, said);
    }
    // What is too much for an answer is too much.
    let long = w.send(bob, from, &"x".repeat(60 * 1024)).await?;
    let much = vec![w.send(bob, from, &"y".repeat(60 * 1024)).await?, long];
    let groups: Vec<_> = w.store.groups_of(anna).await?.into_iter().map(|group| group.id).collect();
    let mut many = much.clone();
    many.extend(&sent[..2]);
    let mut large = forward(w, anna, from, &many, &groups[..MAX_GROUPS]);
    large.client_msg_id = "large".into();
    w.store.forward(large.clone()).await?;
    for number in 0..4 {
        many.push(w.send(bob, from, &format!("{number}{}", "z".repeat(60 * 1024))).await?);
    }
    large.messages = many.iter().map(|sent| sent.id).collect();
    large.client_msg_id = "larger".into();
    assert_eq!(refusal(w.store.forward(large).await), Refusal::ForwardTooLarge);
    Ok(())
}
