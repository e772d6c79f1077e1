//! What a message has beside its content: whom it answers and whom it mentions.

use rim_client::protocol::frame::{Extras, Notice, Outgoing};
use serde_json::{Value, json};

use crate::world::{Device, TestServer};

fn frame<'a>(of: &Device, gid: u64, content: &'a str, id: &'a str, msg_id: Option<u64>) -> Outgoing<'a> {
    Outgoing { kind: "Text", uid: of.uid, gid: Some(gid), content, client_msg_id: id, msg_id, echo: false }
}

/// Sends a message with extras and returns its id, or the code and the words that refuse it.
async fn send(device: &mut Device, gid: u64, content: &str, extras: Extras) -> Result<u64, (u16, String)> {
    device.put_with("Msg", frame(device, gid, content, content, None), &extras).await;
    let answer = device.answer().await;
    match answer.code {
        None => Ok(answer.server_msg_id.expect("an id")),
        Some(code) => Err((code, answer.content)),
    }
}

#[tokio::test]
async fn a_message_is_delivered_with_what_it_has_beside_its_content() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.group_with(&[&bob]).await;
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    let first = of_anna.send(gid, "who?", "a1").await;
    let plain = of_bob.text().await;
    assert!(plain.ends_with(r#""seq":1,"rev":2,"createdAt":"#) || !plain.contains("mention"), "{plain}");
    let extras =
        Extras { reply_to: Some(first), mentions: vec![bob.uid, bob.uid, anna.uid], mention_all: true };
    let id = send(&mut of_anna, gid, "you", extras).await.expect("sent");
    let text = of_bob.text().await;
    let keys = format!(r#","replyTo":{first},"mentions":[{}],"mentionAll":true}}}}"#, bob.uid);
    assert!(text.ends_with(&keys), "{text}");
    let page = bob.post("/api/message/history", json!({"gid": gid, "page": 1, "size": 9})).await.data();
    let shown = &page[1]["msg"];
    assert_eq!((&shown["id"], &shown["replyTo"]), (&json!(id), &json!(first)));
    assert_eq!((&shown["mentions"], &shown["mentionAll"]), (&json!([bob.uid]), &json!(true)));
    assert_eq!(page[0]["msg"]["mentions"], Value::Null, "a plain message has no keys more");
}

#[tokio::test]
async fn an_edit_says_anew_whom_the_message_mentions_and_keeps_what_it_answers() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.group_with(&[&bob]).await;
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    let first = of_anna.send(gid, "who?", "a1").await;
    let extras = Extras { reply_to: Some(first), mentions: vec![bob.uid], mention_all: false };
    let id = send(&mut of_anna, gid, "you", extras).await.expect("sent");
    of_bob.message().await;
    of_bob.message().await;
    of_anna.does("Edit", gid, id, "nobody", "e1").await;
    let message = of_bob.notice(Notice::Edited).await.msg.expect("a message");
    assert_eq!((message.mentions, message.reply_to), (vec![], Some(first)));
    let extras = Extras { mention_all: true, ..Extras::default() };
    of_anna.put_with("Edit", frame(&of_anna, gid, "all", "e2", Some(id)), &extras).await;
    assert_eq!(of_anna.answer().await.code, None);
    assert!(of_bob.notice(Notice::Edited).await.msg.expect("a message").mention_all);
}

#[tokio::test]
async fn nobody_answers_what_they_do_not_see_or_mentions_who_is_not_there() {
    let server = TestServer::start().await;
    let (anna, bob, carl) = (server.user("anna").await, server.user("bob").await, server.user("carl").await);
    let gid = anna.group_with(&[&bob]).await;
    let other = anna.group_with(&[&carl]).await;
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    let elsewhere = of_anna.send(other, "x", "a1").await;
    let reply = |to| Extras { reply_to: Some(to), ..Extras::default() };
    for to in [elsewhere, 4711] {
        let refused = send(&mut of_bob, gid, "y", reply(to)).await;
        assert_eq!(refused, Err((404, "no such message".to_owned())));
    }
    let mentions = Extras { mentions: vec![carl.uid], ..Extras::default() };
    let refused = send(&mut of_bob, gid, "z", mentions).await;
    assert_eq!(refused, Err((403, "this user is not a member of this group".to_owned())));
    let all = Extras { mention_all: true, ..Extras::default() };
    let refused = send(&mut of_bob, gid, "z", all.clone()).await;
    assert_eq!(refused, Err((403, "only admins of this group may mention everybody".to_owned())));
    let recalled = of_anna.send(gid, "gone", "a2").await;
    of_anna.does("Recall", gid, recalled, "", "r").await;
    let refused = send(&mut of_bob, gid, "y", reply(recalled)).await;
    assert_eq!(refused, Err((403, "the message was recalled".to_owned())));
    assert!(send(&mut of_anna, gid, "z", all).await.is_ok(), "an admin may");
}
