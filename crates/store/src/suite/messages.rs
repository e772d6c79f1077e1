//! Messages: one order, stored once.

use super::Claim;
use super::world::{self, Heard, NO_GROUP, Sent, World, append, group_change, refusal, seqs, write};
use rim_core::event::{Change, GroupChange};
use rim_core::group::Role;
use rim_core::message::{Mark, MessageKind, NewMessage, Receipt, Write, Written};
use rim_core::user::ProfileChange;
use rim_core::{ConnectionId, Refusal, Rev, Seq, Timestamp};

pub async fn a_message_is_stored_as_it_was_sent(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.changes().await;
    let message = NewMessage {
        extras: None,
        group,
        sender: bob,
        client_msg_id: "b-1".into(),
        kind: MessageKind::RichText,
        content: "**hi**".into(),
        session: None,
        now: w.now(),
        connection: ConnectionId(77),
    };

    let sent = append(&w.store, message.clone()).await?;

    assert_eq!(sent.seq, Seq(1));
    let stored = w.messages(anna, group).await.remove(0);
    assert_eq!((stored.id, stored.seq, stored.rev), (sent.id, Seq(1), Rev(3)));
    assert_eq!((stored.group, stored.sender), (group, bob));
    assert_eq!((stored.client_msg_id.as_str(), stored.kind), ("b-1", MessageKind::RichText));
    assert_eq!((stored.content.as_str(), stored.created_at), ("**hi**", message.now));
    assert_eq!(w.change().await, Change::Message { message: stored.into(), connection: ConnectionId(77) });
    Ok(())
}

pub async fn messages_of_a_group_are_numbered_from_one(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let groups = [w.group(anna, &[bob]).await, w.single(anna, bob).await];
    for seq in 1..=5 {
        for group in groups {
            let sender = if seq % 2 == 0 { anna } else { bob };
            assert_eq!(w.send(sender, group, "hi").await?.seq, Seq(seq));
        }
    }
    for group in groups {
        assert_eq!(seqs(&w.messages(anna, group).await), [1, 2, 3, 4, 5]);
    }
    Ok(())
}

pub async fn message_ids_ascend_over_all_groups(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let groups = [w.group(anna, &[bob]).await, w.group(bob, &[anna]).await];
    let mut last = w.send(anna, groups[0], "first").await?.id;
    for turn in 0..20 {
        if turn == 10 {
            w.reopen().await;
        }
        let id = w.send(anna, groups[turn % 2], "next").await?.id;
        assert!(id > last, "{id} after {last}");
        last = id;
    }
    Ok(())
}

pub async fn each_message_takes_the_next_rev(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send(anna, group, "one").await?;
    w.send(anna, group, "two").await?;
    w.rename(anna, group, "Go").await?;
    w.send(bob, group, "three").await?;
    let revs: Vec<_> = w.messages(bob, group).await.iter().map(|message| message.rev.0).collect();
    assert_eq!(revs, [3, 4, 6]);
    Ok(())
}

pub async fn a_resent_message_is_stored_once(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let first = w.send_as(anna, group, "a-1", "hi").await?;
    w.send(bob, group, "hello").await?;
    let rev = w.rev(anna, group).await;
    w.changes().await;

    assert_eq!(w.send_as(anna, group, "a-1", "hi").await?, first);

    assert_eq!(w.texts(bob, group).await, ["hi", "hello"]);
    assert_eq!(w.rev(anna, group).await, rev);
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn the_first_content_stays(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let first = w.send_as(anna, group, "a-1", "first").await?;
    let stored = w.messages(bob, group).await;

    let mut again = world::text(anna, group, "a-1", "{}", w.now());
    again.kind = MessageKind::Custom;
    assert_eq!(append(&w.store, again).await?, first);

    assert_eq!(w.messages(bob, group).await, stored);
    Ok(())
}

pub async fn a_message_resent_at_once_is_stored_once(w: &mut World) -> Claim {
    // Both are in the queue before either is answered, so that they may share a commit.
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let send = || write(&w.store, Write::Append(world::text(anna, group, "a-1", "hi", w.now())));
    let (one, two, three) = tokio::join!(send(), send(), send());
    let (one, two, three) = (one?, two?, three?);
    assert_eq!((one, one), (two, three));
    assert_eq!(w.texts(bob, group).await, ["hi"]);
    Ok(())
}

pub async fn a_message_resent_after_a_restart_is_stored_once(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let first = w.send_as(anna, group, "a-1", "hi").await?;
    w.send(bob, group, "hello").await?;
    w.changes().await;

    w.reopen().await;

    assert_eq!(w.send_as(anna, group, "a-1", "hi").await?, first);
    assert_eq!(w.texts(bob, group).await, ["hi", "hello"]);
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn one_who_left_still_learns_that_their_message_arrived(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let first = w.send_as(bob, group, "b-1", "bye").await?;
    w.leave(bob, group).await?;
    assert_eq!(w.send_as(bob, group, "b-1", "bye").await?, first);
    assert_eq!(refusal(w.send_as(bob, group, "b-2", "again").await), Refusal::NotMember);

    w.dissolve(anna, group).await?;
    w.reopen().await;
    assert_eq!(w.send_as(bob, group, "b-1", "bye").await?, first);
    Ok(())
}

pub async fn an_id_is_taken_by_its_sender_in_its_group_only(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    let other = w.group(anna, &[bob]).await;
    let sent = [
        w.send_as(anna, group, "1", "anna").await?,
        w.send_as(bob, group, "1", "bob").await?,
        w.send_as(anna, other, "1", "anna elsewhere").await?,
        w.send_as(bob, other, "1", "bob elsewhere").await?,
    ];
    assert_eq!(sent.map(|sent| sent.seq.0), [1, 2, 1, 2]);
    assert_eq!(w.texts(anna, group).await, ["anna", "bob"]);
    assert_eq!(w.texts(anna, other).await, ["anna elsewhere", "bob elsewhere"]);
    Ok(())
}

pub async fn ids_differ_in_every_byte(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let group = w.group(anna, &[]).await;
    let long = "x".repeat(63);
    let ids = [
        "a",
        "A",
        " a",
        "a ",
        "a\0",
        "a\0b",
        "1",
        "01",
        "é",
        "e\u{301}",
        &format!("{long}1"),
        &format!("{long}2"),
    ];
    for id in ids {
        w.send_as(anna, group, id, id).await?;
    }
    assert_eq!(w.texts(anna, group).await, ids);
    for (place, id) in (1..).zip(ids) {
        let Sent { seq, .. } = w.send_as(anna, group, id, "again").await?;
        assert_eq!(seq, Seq(place), "{id:?}");
    }
    let stored = w.messages(anna, group).await;
    assert!(stored.iter().zip(ids).all(|(message, id)| message.client_msg_id == id));
    Ok(())
}

pub async fn any_text_comes_back_as_it_was(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let group = w.group(anna, &[]).await;
    let contents = [
        String::new(),
        "\0 in front, \0 within, at the end \0".into(),
        "👩‍👩‍👧‍👦 ﷽ ẞ \u{202e}abc\u{202c} \r\n\t'\"\\%_".into(),
        "NULL".into(),
        "'; DROP TABLE message; --".into(),
        "x".repeat(64 * 1024),
        "😀".repeat(16 * 1024),
    ];
    for content in &contents {
        w.send(anna, group, content).await?;
    }
    assert_eq!(w.texts(anna, group).await, contents);
    w.reopen().await;
    assert_eq!(w.texts(anna, group).await, contents);
    Ok(())
}

pub async fn every_kind_is_kept(w: &mut World) -> Claim {
    let anna = w.user("anna").await;
    let group = w.group(anna, &[]).await;
    for kind in MessageKind::ALL {
        let message = world::text(anna, group, &format!("{kind:?}"), "{}", w.now());
        append(&w.store, NewMessage { kind, ..message }).await?;
    }
    let kinds: Vec<_> = w.messages(anna, group).await.iter().map(|message| message.kind).collect();
    assert_eq!(kinds, MessageKind::ALL);
    Ok(())
}

pub async fn only_members_send(w: &mut World) -> Claim {
    let [anna, bob, eve] = w.users(["anna", "bob", "eve"]).await;
    let group = w.group(anna, &[bob]).await;
    w.leave(bob, group).await?;
    w.changes().await;

    assert_eq!(refusal(w.send(eve, group, "no").await), Refusal::NotMember);
    assert_eq!(refusal(w.send(bob, group, "no").await), Refusal::NotMember);
    assert_eq!(refusal(w.send(anna, NO_GROUP, "no").await), Refusal::NoSuchGroup);

    assert_eq!(w.texts(anna, group).await.len(), 0);
    assert_eq!(w.changes().await, []);
    assert_eq!(w.send(anna, group, "yes").await?.seq, Seq(1), "a refused message takes no place");
    Ok(())
}

pub async fn writing_in_a_single_chat_brings_back_who_left(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let chat = w.single(anna, bob).await;
    w.send(anna, chat, "before").await?;
    w.leave(bob, chat).await?;
    let Rev(rev) = w.rev(anna, chat).await;
    w.heard().await;

    let sent = w.send(anna, chat, "come back").await?;

    let message = w.messages(anna, chat).await.remove(1);
    assert_eq!((message.id, message.seq, message.rev), (sent.id, Seq(2), Rev(rev + 2)));
    let [Heard::Answer(Ok(_)), Heard::Change(added), Heard::Change(told)] = &w.heard().await[..] else {
        panic!("the answer, who came back, and the message");
    };
    let back = GroupChange::Added { users: vec![bob] };
    assert_eq!(group_change(added.clone()), (chat, Rev(rev + 1), anna, back));
    assert_eq!(*told, Change::Message { message: message.into(), connection: ConnectionId(0) });

    // It is there for them as for one who never left.
    assert_eq!(w.members(bob, chat).await, [(anna, Role::Admin), (bob, Role::Common)]);
    assert_eq!(w.texts(bob, chat).await, ["before", "come back"]);
    assert_eq!(w.unread(bob, chat).await, 1);
    assert_eq!(w.send(bob, chat, "here I am").await?.seq, Seq(3));
    assert_eq!(w.rev(anna, chat).await, Rev(rev + 3), "they were brought back once");

    // Either may leave, also the one who opened it, and also after a restart.
    w.leave(anna, chat).await?;
    w.reopen().await;
    w.send(bob, chat, "you, too").await?;
    assert_eq!(w.texts(anna, chat).await.len(), 4);
    Ok(())
}

pub async fn several_messages_at_once_bring_back_once(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let chat = w.single(anna, bob).await;
    let first = w.send(anna, chat, "before").await?;
    w.leave(bob, chat).await?;
    let Rev(rev) = w.rev(anna, chat).await;
    w.changes().await;

    // They are in the queue together, so that they may share a commit; and they are a member after the first.
    let send =
        |sender, id: &'static str| write(&w.store, Write::Append(world::text(sender, chat, id, id, w.now())));
    let mark = Write::Mark(Mark {
        group: chat,
        user: bob,
        message: first.id,
        receipt: Receipt::Read,
        session: None,
        now: w.now(),
        connection: ConnectionId(0),
    });
    let (one, two, three, marked) =
        tokio::join!(send(anna, "one"), send(anna, "two"), send(bob, "three"), write(&w.store, mark));
    for (sent, expected) in [(one, 2), (two, 3), (three, 4)] {
        assert!(matches!(sent?, Written::Appended { seq: Seq(seq), .. } if seq == expected));
    }
    marked?;

    assert_eq!(w.changes().await.len(), 5, "one addition, three messages, one receipt");
    assert_eq!(w.rev(anna, chat).await, Rev(rev + 5));
    assert_eq!(w.texts(bob, chat).await, ["before", "one", "two", "three"]);
    assert_eq!(w.unread(bob, chat).await, 0, "they have written");
    assert_eq!(w.member(anna, chat, bob).await.read_seq, Seq(1));
    w.reopen().await;
    assert_eq!(w.members(anna, chat).await.len(), 2);
    assert_eq!(w.unread(anna, chat).await, 1);
    Ok(())
}

pub async fn a_message_sent_again_brings_nobody_back(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let chat = w.single(anna, bob).await;
    w.leave(bob, chat).await?;
    let sent = w.send_as(anna, chat, "a-1", "hi").await?;
    w.leave(bob, chat).await?;
    w.changes().await;
    assert_eq!(w.send_as(anna, chat, "a-1", "hi").await?, sent);
    assert_eq!(w.changes().await, []);
    assert_eq!(w.members(anna, chat).await.len(), 1);
    Ok(())
}

pub async fn who_left_a_single_chat_does_not_write_in_it(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let chat = w.single(anna, bob).await;
    w.leave(bob, chat).await?;
    assert_eq!(refusal(w.send(bob, chat, "no").await), Refusal::NotMember);
    w.leave(anna, chat).await?;
    w.changes().await;
    for user in [anna, bob] {
        assert_eq!(refusal(w.send(user, chat, "no").await), Refusal::NotMember, "both have left");
    }
    assert_eq!(w.changes().await, []);
    Ok(())
}

pub async fn in_a_group_chat_nobody_is_brought_back(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.leave(bob, group).await?;
    w.send(anna, group, "alone").await?;
    assert_eq!(w.members(anna, group).await.len(), 1);
    assert_eq!(w.texts(bob, group).await.len(), 0);
    Ok(())
}

pub async fn a_disabled_user_is_brought_back_too(w: &mut World) -> Claim {
    // What is written to them waits until they are enabled again.
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let chat = w.single(anna, bob).await;
    w.leave(bob, chat).await?;
    w.store.set_disabled(bob, true, w.now()).await?;
    w.send(anna, chat, "for later").await?;
    w.store.set_disabled(bob, false, w.now()).await?;
    assert_eq!(w.unread(bob, chat).await, 1);
    Ok(())
}

pub async fn a_refused_message_takes_no_id_either(w: &mut World) -> Claim {
    // What was refused is not stored: sent again as a member, it is a message.
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[]).await;
    assert_eq!(refusal(w.send_as(bob, group, "b-1", "hi").await), Refusal::NotMember);
    w.add(anna, group, &[bob]).await?;
    assert_eq!(w.send_as(bob, group, "b-1", "hi").await?.seq, Seq(1));
    assert_eq!(w.texts(anna, group).await, ["hi"]);
    Ok(())
}

pub async fn a_refused_write_does_not_harm_its_neighbours(w: &mut World) -> Claim {
    // They are in the queue together, so that they may share a commit.
    let [anna, bob, eve] = w.users(["anna", "bob", "eve"]).await;
    let group = w.group(anna, &[bob]).await;
    let send = |sender, id: &'static str| {
        write(&w.store, Write::Append(world::text(sender, group, id, id, w.now())))
    };
    let (one, stranger, two, again) =
        tokio::join!(send(anna, "one"), send(eve, "no"), send(bob, "two"), send(anna, "one"));
    assert_eq!(refusal(stranger), Refusal::NotMember);
    assert_eq!(one?, again?);
    assert!(matches!(two?, Written::Appended { seq: Seq(2), .. }));
    assert_eq!(w.texts(anna, group).await, ["one", "two"]);
    Ok(())
}

pub async fn messages_survive_a_restart(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    for n in 0..10 {
        w.send(anna, group, &format!("message {n}")).await?;
    }
    let (messages, rev) = (w.messages(bob, group).await, w.rev(bob, group).await);
    w.changes().await;

    w.reopen().await;

    assert_eq!(w.messages(bob, group).await, messages);
    assert_eq!(w.rev(bob, group).await, rev);
    assert_eq!(w.changes().await, [], "what was told before is not told again");
    assert_eq!(w.send(bob, group, "next").await?.seq, Seq(11));
    assert_eq!(w.rev(bob, group).await, Rev(rev.0 + 1));
    Ok(())
}

pub async fn time_in_a_group_never_goes_back(w: &mut World) -> Claim {
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let (group, other) = (w.group(anna, &[bob]).await, w.group(anna, &[bob]).await);
    let noon = w.now().plus_ms(3_600_000);
    w.changes().await;

    w.set_clock(noon);
    let first = w.send(anna, group, "at noon").await?;
    w.set_clock(world::DAWN);
    w.send(bob, group, "after it").await?;
    w.read(bob, group, first.id).await?;
    w.rename(anna, group, "Go").await?;
    w.send(anna, other, "in another").await?;
    let times: Vec<_> = w.changes().await.iter().map(at).collect();
    assert_eq!(times[..4], [noon; 4]);
    assert!(times[4] < noon, "each group has its own");

    w.set_clock(noon.plus_ms(10));
    w.rename(anna, group, "Chess").await?;
    w.set_clock(world::DAWN);
    w.reopen().await;
    w.send(bob, group, "after a restart").await?;
    let times: Vec<_> = w.changes().await.iter().map(at).collect();
    assert_eq!(times, [noon.plus_ms(10); 2], "what is no message counts as well");
    w.set_clock(noon.plus_ms(20));
    w.send(bob, group, "when the clock is right").await?;
    assert_eq!(at(&w.change().await), noon.plus_ms(20));
    w.set_clock(world::DAWN);
    let named = ProfileChange { name: Some("Ann".into()), ..ProfileChange::default() };
    w.store.update_profile(anna, named, w.now()).await?;
    let changes = w.changes().await;
    let in_group =
        |change: &&Change| matches!(change, Change::MemberProfile { group: of, .. } if *of == group);
    assert_eq!(at(changes.iter().find(in_group).expect("it is told")), noon.plus_ms(20), "a name neither");
    w.set_clock(noon);
    w.rename(anna, group, "Go").await?;
    assert_eq!(at(&w.change().await), noon.plus_ms(20));
    Ok(())
}

/// When it happened.
fn at(change: &Change) -> Timestamp {
    match change {
        Change::Message { message, .. } => message.created_at,
        Change::Receipt { at, .. } | Change::Group { at, .. } | Change::MemberProfile { at, .. } => *at,
        other => panic!("of a group: {other:?}"),
    }
}
