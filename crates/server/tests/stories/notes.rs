//! Notes: what is done with a message after it was sent, and what everybody hears of it.

use rim_client::protocol::frame::{Act, Extras, Incoming, IncomingEvent, IncomingNotice, Notice};
use rim_client::protocol::rest::{Message, Opened, Reaction};
use rim_client::protocol::{Emoji, Kind};
use rim_client::{Client, ClientEvent, Connection};
use serde_json::{Value, json};

use crate::world::{Device, Person, TestServer};

/// The message that a notice tells of.
fn told(notice: IncomingNotice) -> Message {
    *notice.msg.expect("a message")
}

/// The newest message of a group, as history has it for somebody.
async fn newest(of: &Person, gid: u64) -> Value {
    let page = of.post("/api/message/history", json!({"gid": gid, "page": 1, "size": 1})).await.data();
    page[0]["msg"].clone()
}

#[tokio::test]
async fn who_has_played_a_voice_message_is_told_to_everybody() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    let mut other = bob.connect_to(&server.old_ws()).await;
    let id = of_anna.send_voice(gid, "a1").await;
    let sent = of_bob.message().await;
    other.message().await;

    of_bob.does("Open", gid, id, "", "b1").await;
    for device in [&mut of_anna, &mut other] {
        let notice = device.notice(Notice::Opened).await;
        assert_eq!((notice.uid, notice.msg_id, notice.rev), (bob.uid, Some(id), Some(sent.rev + 1)));
        let opened = Opened { count: 1, mine: None, uids: vec![bob.uid] };
        assert_eq!(told(notice).opened, Some(opened));
    }
    of_bob.does("Open", gid, id, "", "b2").await;
    of_anna.does("Open", gid, id, "", "a2").await;
    let named = json!({"gid": gid, "msgId": id});
    let again = bob.post("/api/message/open", named.clone()).await.data();
    assert_eq!(again["opened"], json!({"count": 1, "mine": true, "uids": [bob.uid]}));
    assert_eq!(again["rev"], sent.rev + 1, "again is nothing new");
    assert_eq!(newest(&anna, gid).await["opened"], json!({"count": 1, "mine": false, "uids": [bob.uid]}));

    let text = of_anna.send(gid, "hi", "a3").await;
    assert_eq!(of_bob.may_not(403, "Open", gid, text, "").await, "only voice messages are opened");
    bob.post("/api/message/open", json!({"gid": gid, "msgId": text}))
        .await
        .refused("only voice messages are opened");
    of_anna.does("Recall", gid, id, "", "a4").await;
    assert_eq!(of_bob.may_not(403, "Open", gid, id, "").await, "the message was recalled");
}

#[tokio::test]
async fn whatever_is_done_with_a_message_is_told_to_everybody_as_it_is_then() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    let mut other = anna.connect_to(&server.old_ws()).await;
    let id = of_anna.send(gid, "hi", "a1").await;
    let sent = of_bob.message().await;
    other.message().await;

    of_bob.does("React", gid, id, "👍", "b1").await;
    let notice = of_anna.notice(Notice::Reacted).await;
    assert_eq!((notice.uid, notice.gid, notice.msg_id), (bob.uid, Some(gid), Some(id)));
    assert_eq!((notice.seq, notice.rev, notice.from_rev), (Some(1), Some(sent.rev + 1), None));
    assert_eq!((notice.emoji.as_deref(), notice.content.as_str()), (Some("👍"), ""));
    let message = told(notice);
    let thumb = Reaction { emoji: "👍".into(), count: 1, mine: None, uids: vec![bob.uid] };
    assert_eq!((message.reactions, message.rev), (vec![thumb], sent.rev + 1));
    assert_eq!((message.id, message.seq, message.content.as_str()), (id, 1, "hi"));
    other.notice(Notice::Reacted).await;
    of_bob.nothing_came("who did it has the Ack").await;

    of_bob.does("Unreact", gid, id, "👍", "b2").await;
    assert_eq!(told(of_anna.notice(Notice::Unreacted).await).reactions, []);
    of_anna.does("Edit", gid, id, "hello", "a2").await;
    let message = told(of_bob.notice(Notice::Edited).await);
    assert_eq!((message.content.as_str(), message.rev), ("hello", sent.rev + 3));
    assert!(message.edited_at.is_some() && message.created_at == sent.created_at);
    of_bob.does("Pin", gid, id, "", "b3").await;
    assert!(told(of_anna.notice(Notice::Pinned).await).pinned_at.is_some());
    of_bob.does("Unpin", gid, id, "", "b4").await;
    assert!(told(of_anna.notice(Notice::Unpinned).await).pinned_at.is_none());
    of_anna.does("Recall", gid, id, "", "a3").await;
    let message = told(of_bob.notice(Notice::Recalled).await);
    assert_eq!(
        (message.content.as_str(), message.recalled_by, message.edited_at),
        ("", Some(anna.uid), None)
    );
    let shown = newest(&bob, gid).await;
    assert_eq!((&shown["content"], &shown["recalledBy"]), (&json!(""), &json!(anna.uid)));
}

#[tokio::test]
async fn a_notice_of_a_note_has_its_keys_in_their_order() {
    let server = TestServer::start_with(&["--time-zone=UTC"]).await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    let id = of_anna.send(gid, "hi", "a1").await;
    let sent = of_bob.message().await;
    of_bob.does("React", gid, id, "\u{2764}", "b1").await;
    let text = of_anna.text().await;
    let (bob, anna, rev, at) = (bob.uid, anna.uid, sent.rev + 1, sent.created_at);
    let time = newest(&server.login(bob, "bob").await, gid).await["createTime"].clone();
    assert_eq!(
        text,
        format!(
            r#"{{"event":"Notify","body":{{"kind":"Reacted","uid":{bob},"gid":{gid},"content":"","clientMsgId":"","msgId":{id},"seq":1,"rev":{rev},"createdAt":{at},"msg":{{"id":{id},"kind":"Text","content":"hi","gid":{gid},"uid":{anna},"client_msg_id":"a1","createTime":{time},"updateTime":{time},"seq":1,"rev":{rev},"createdAt":{at},"reactions":[{{"emoji":"❤️","count":1,"uids":[{bob}]}}]}},"emoji":"❤️"}}}}"#
        )
    );
}

#[tokio::test]
async fn what_changes_nothing_is_acked_and_told_to_nobody() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    let id = of_anna.send(gid, "hi", "a1").await;
    of_bob.message().await;
    of_anna.does("Edit", gid, id, "hello", "e1").await;
    let rev = of_bob.notice(Notice::Edited).await.rev;
    of_anna.does("Edit", gid, id, "and now", "e2").await;
    of_bob.notice(Notice::Edited).await;
    // Late, and once more: later edits stay.
    of_anna.does("Edit", gid, id, "hello", "e1").await;
    of_bob.does("Unreact", gid, id, "👍", "b1").await;
    of_bob.does("Unpin", gid, id, "", "b2").await;
    of_bob.nothing_came("h").await;
    assert_eq!(newest(&bob, gid).await["content"], "and now");
    for twice in 0..2_u64 {
        of_bob.does("React", gid, id, "❤", "b3").await;
        // Spelled otherwise it is the same.
        of_bob.does("React", gid, id, "❤\u{FE0F}", "b4").await;
        if twice == 0 {
            assert_eq!(of_anna.notice(Notice::Reacted).await.rev, rev.map(|rev| rev + 2));
        }
    }
    of_anna.nothing_came("h").await;
    for _ in 0..2 {
        of_anna.does("Recall", gid, id, "", "r").await;
    }
    of_bob.notice(Notice::Recalled).await;
    of_bob.nothing_came("h").await;
}

#[tokio::test]
async fn a_connection_with_echo_hears_of_what_it_did_behind_the_ack() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let id = anna.connect().await.send(gid, "hi", "a1").await;
    let socket = Connection::login_with(&server.ws(), bob.uid, bob.token(), true).await.expect("connected");
    let mut of_bob = Device { uid: bob.uid, socket };
    for (number, emoji) in ["👍", "🎉", "❤️", "👀", "🙏", "🔥", "✅", "😀"].into_iter().enumerate()
    {
        let id_of_it = format!("b{number}");
        of_bob.put("React", gid, emoji, &id_of_it, Some(id)).await;
        let mut acked = false;
        loop {
            match of_bob.frame().await.expect("a frame") {
                Incoming::Answer(answer) => {
                    assert_eq!((answer.client_msg_id.as_str(), answer.server_msg_id), (&*id_of_it, Some(id)));
                    acked = true;
                }
                Incoming::Event(IncomingEvent::Notify(notice)) if notice.kind == Notice::Reacted => {
                    assert_eq!((notice.emoji.as_deref(), acked), (Some(emoji), true));
                    break;
                }
                // Of several nodes one may hear late of what was before the Login.
                Incoming::Event(_) => assert!(crate::NODES > 1 && number == 0),
            }
        }
    }
}

#[tokio::test]
async fn what_one_connection_does_is_done_in_its_order() {
    let server = TestServer::start_with(&["--limits=off"]).await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    let id = of_anna.send(gid, "0", "a").await;
    of_bob.message().await;
    // None waits for an answer.
    for number in 1..=20 {
        of_anna.put("Edit", gid, &number.to_string(), &format!("e{number}"), Some(id)).await;
        of_anna.put("Msg", gid, &number.to_string(), &format!("m{number}"), None).await;
    }
    for number in 1..=20 {
        for (kind, id) in [("e", Some(id)), ("m", None)] {
            let answer = of_anna.answer().await;
            assert_eq!((answer.client_msg_id, answer.code), (format!("{kind}{number}"), None));
            assert!(id.is_none() || answer.server_msg_id == id);
        }
        assert_eq!(told(of_bob.notice(Notice::Edited).await).content, number.to_string());
        assert_eq!(of_bob.message().await.content, number.to_string());
    }
}

#[tokio::test]
async fn who_may_not_do_it_is_told_why_and_who_does_not_see_it_learns_nothing() {
    let server = TestServer::start().await;
    let (anna, bob, carl) = (server.user("anna").await, server.user("bob").await, server.user("carl").await);
    let gid = anna.group_with(&[&bob]).await;
    let other = anna.group_with(&[&carl]).await;
    let (mut of_anna, mut of_bob, mut of_carl) =
        (anna.connect().await, bob.connect().await, carl.connect().await);
    let id = of_anna.send(gid, "hi", "a1").await;
    of_bob.message().await;
    assert_eq!(
        of_bob.may_not(403, "Edit", gid, id, "x").await,
        "this is somebody else's message: only its sender may do this"
    );
    of_bob.may_not(403, "Recall", gid, id, "").await;
    assert_eq!(of_bob.may_not(403, "Pin", gid, id, "").await, "only admins of this group may pin messages");
    assert_eq!(of_bob.may_not(422, "React", gid, id, "x").await, "content: one emoji");
    for event in ["Recall", "Pin", "Unpin"] {
        // A stranger, a message of another group, and what there is not.
        for (gid, id) in [(gid, id), (other, id), (gid, 4711), (4711, id)] {
            assert_eq!(of_carl.may_not(404, event, gid, id, "").await, "no such message");
        }
    }
    of_carl.may_not(404, "React", gid, id, "👍").await;
    bob.change(gid, 2, &[&bob]).await.ok(true);
    assert_eq!(of_bob.may_not(403, "React", gid, id, "👍").await, "you are not a member of this group");
    assert_eq!(newest(&anna, gid).await["reactions"], Value::Null);
}

#[tokio::test]
async fn who_may_not_see_a_message_hears_that_the_group_has_moved_and_nothing_else() {
    let server = TestServer::start().await;
    let (anna, bob, late) = (server.user("anna").await, server.user("bob").await, server.user("late").await);
    let gid = anna.group_with(&[&bob]).await;
    let (mut of_anna, mut of_late) = (anna.connect().await, late.connect().await);
    let id = of_anna.send(gid, "before", "a1").await;
    anna.change(gid, 1, &[&late]).await.ok(true);
    let joined = of_late.notice(Notice::MembersAdded).await.rev.expect("a rev");
    of_anna.does("React", gid, id, "👍", "a2").await;
    let moved = of_late.notice(Notice::Moved).await;
    assert_eq!((moved.gid, moved.rev, moved.uid), (Some(gid), Some(joined + 1), 0));
    assert_eq!((moved.msg_id, moved.seq, moved.msg), (None, None, None));
    of_late.may_not(404, "React", gid, id, "👍").await;
}

#[tokio::test]
async fn the_windows_are_settings() {
    let server = TestServer::start_with(&["--edit-window=30s", "--recall-window=0"]).await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let mut of_anna = anna.connect().await;
    let id = of_anna.send(gid, "hi", "a1").await;
    assert_eq!(
        of_anna.may_not(403, "Recall", gid, id, "").await,
        "a message may not be recalled after it was sent"
    );
    server.seconds_pass(30).await;
    of_anna.does("Edit", gid, id, "hello", "e1").await;
    server.seconds_pass(1).await;
    assert_eq!(
        of_anna.may_not(403, "Edit", gid, id, "x").await,
        "a message may be edited for 30 seconds after it was sent"
    );
    // What was done already is answered as it was.
    of_anna.does("Edit", gid, id, "hello", "e1").await;
}

#[tokio::test]
async fn what_is_done_with_messages_counts_as_messages_do() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let mut of_anna = anna.connect().await;
    let id = of_anna.send(gid, "hi", "a1").await;
    let mut number = 0;
    let refused = loop {
        let event = if number % 2 == 0 { "React" } else { "Unreact" };
        let answer = of_anna.act(event, gid, id, "👍", &format!("r{number}")).await;
        if answer.code.is_some() {
            break answer;
        }
        number += 1;
    };
    assert_eq!(refused.code, Some(429));
    server.seconds_pass(2).await;
    of_anna.does("React", gid, id, "🎉", "again").await;
}

#[tokio::test]
async fn a_client_has_messages_as_they_are_now_however_it_learns_of_it() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let mut of_anna = anna.connect().await;
    let first = of_anna.send(gid, "hi", "a1").await;
    let mut client = Client::start(bob.api.clone(), server.ws()).await.expect("started");
    while !matches!(client.next().await, Some(ClientEvent::Ready)) {}
    let sender = client.sender();
    let extras = Extras { reply_to: Some(first), ..Extras::default() };
    let id = sender.send_with(gid, Kind::RichText, "**you**", "b1", extras).await.expect("sent");
    let emoji = Emoji::read("emoji", "👍").expect("an emoji");
    sender.act(gid, first, Act::React(emoji), "b2").await.expect("done");
    let edit =
        Act::Edit { kind: None, content: "*you*".into(), mentions: vec![anna.uid], mention_all: false };
    assert_eq!(sender.act(gid, id, edit, "b3").await.expect("done"), id);
    assert!(sender.act(gid, first, Act::Recall, "b4").await.is_err(), "it is Anna's");
    let mut changed = Vec::new();
    while changed.len() < 2 {
        if let ClientEvent::Changed(message) = client.next().await.expect("it goes on") {
            changed.push(message);
        }
    }
    assert_eq!((changed[0].id, changed[0].reactions[0].count), (first, 1));
    assert_eq!((changed[1].content.as_str(), changed[1].kind), ("*you*", Kind::RichText));
    assert_eq!((&changed[1].mentions, changed[1].reply_to), (&vec![anna.uid], Some(first)));
    // What happens while it is away it learns when it is back.
    let stopped = server.stop().await;
    let server = stopped.start().await;
    let mut of_anna = anna.connect_to(&server.ws()).await;
    of_anna.does("Recall", gid, first, "", "r").await;
    loop {
        if let ClientEvent::Changed(message) = client.next().await.expect("it goes on")
            && message.recalled_by == Some(anna.uid)
        {
            break assert_eq!((message.id, message.content.as_str()), (first, ""));
        }
    }
}
