//! Messages that name files, over WebSockets: what is taken, what everybody is told, and what becomes of the files.

use rim_client::protocol::frame::{Extras, IncomingAnswer, Notice, Outgoing};
use serde_json::{Value, json};

use crate::filer::bytes;
use crate::world::{Device, Person, TestServer};

/// A frame of this kind, and its answer.
async fn put(
    of: &mut Device,
    event: &str,
    gid: u64,
    kind: &str,
    content: &Value,
    msg_id: Option<u64>,
) -> IncomingAnswer {
    let content = content.to_string();
    let id = format!("{event} {content}");
    let client_msg_id = &id[..id.len().min(64)];
    let uid = of.uid;
    let frame = Outgoing { kind, uid, gid: Some(gid), content: &content, client_msg_id, msg_id, echo: false };
    of.put_with(event, frame, &Extras::default()).await;
    of.answer().await
}

async fn send(of: &mut Device, gid: u64, kind: &str, content: Value) -> IncomingAnswer {
    put(of, "Msg", gid, kind, &content, None).await
}

async fn sees(person: &Person, id: &str) -> bool {
    match person.filer().get(&format!("/media/files/{id}")).await.status {
        200 => true,
        404 => false,
        other => panic!("neither there nor not: {other}"),
    }
}

fn parsed(content: &str) -> Value {
    serde_json::from_str(content).expect("JSON")
}

#[tokio::test]
async fn a_message_names_a_file_that_its_sender_sees_and_everybody_is_told_what_is_known_of_it() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    let id = anna.filer().file("plan.bin", &bytes(3, 1000)).await;

    let refused = send(&mut of_bob, gid, "File", json!({"file": id})).await;
    assert_eq!((refused.code, &*refused.content), (Some(404), "no such file"));
    let refused = send(&mut of_bob, gid, "File", json!({"file": "AAAAAAAAAAAAAAAAAAAAAA"})).await;
    assert_eq!((refused.code, &*refused.content), (Some(404), "no such file"));
    let refused = send(&mut of_anna, gid, "File", json!({"file": id, "url": "/x"})).await;
    assert_eq!(refused.code, Some(422), "{refused:?}");
    let refused = send(&mut of_anna, gid, "Image", json!({"file": id})).await;
    assert_eq!(refused.code, Some(403), "{refused:?}");

    let sent =
        send(&mut of_anna, gid, "File", json!({"caption": "the plan", "file": id, "size": 1, "own": 2}))
            .await;
    assert_eq!(sent.code, None, "{sent:?}");

    let told = of_bob.message().await;
    let known = json!({
        "file": id, "name": "plan.bin", "size": 1000, "mime": "application/octet-stream", "thumbs": [],
        "caption": "the plan", "own": 2,
    });
    assert_eq!(told.content, known.to_string());
    let page = anna.post("/api/message/history", json!({"gid": gid, "page": 1, "size": 1})).await.data();
    assert_eq!(page[0]["msg"]["content"], told.content);
    assert!(sees(&bob, &id).await);
    // Who sees it sends it on.
    let again = send(&mut of_bob, gid, "File", json!({"file": id})).await;
    assert_eq!(again.code, None, "{again:?}");
}

#[tokio::test]
async fn an_edit_changes_the_caption_and_nothing_of_the_file() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    let filer = anna.filer();
    let (id, other) = (filer.file("a.bin", &bytes(1, 9)).await, filer.file("b.bin", &bytes(2, 9)).await);
    let sent = send(&mut of_anna, gid, "File", json!({"file": id, "caption": "old"})).await;
    let sent = sent.server_msg_id.expect("an id");
    let before = of_bob.message().await.content;

    let refused = put(&mut of_anna, "Edit", gid, "File", &json!({"file": other}), Some(sent)).await;
    assert_eq!(refused.code, Some(403), "{refused:?}");
    let edit = json!({"file": id, "caption": "new", "name": "virus.exe", "size": 7});
    let edited = put(&mut of_anna, "Edit", gid, "File", &edit, Some(sent)).await;
    assert_eq!(edited.code, None, "{edited:?}");

    let told = of_bob.notice(Notice::Edited).await.msg.expect("a message").content;
    assert_eq!(told, before.replace("old", "new"));
    assert!(sees(&bob, &id).await && !sees(&bob, &other).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_goes_along_with_what_is_forwarded_and_with_what_is_sent_later() {
    let server = TestServer::start().await;
    let (anna, bob, cleo) = (server.user("anna").await, server.user("bob").await, server.user("cleo").await);
    let (from, to) = (anna.chat_with(&bob).await, bob.chat_with(&cleo).await);
    let (mut of_anna, mut of_cleo) = (anna.connect().await, cleo.connect().await);
    let filer = anna.filer();
    let (id, later) = (filer.file("a.bin", &bytes(1, 9)).await, filer.file("b.bin", &bytes(2, 9)).await);
    let sent = send(&mut of_anna, from, "File", json!({"file": id})).await.server_msg_id;
    for merged in [false, true] {
        let body = json!({"from": from, "msgIds": [sent], "to": [to], "merged": merged});
        bob.post("/api/message/forward", body).await.data();
    }
    assert_eq!(parsed(&of_cleo.message().await.content)["name"], "a.bin");
    assert!(of_cleo.message().await.content.contains(&id));
    anna.post("/api/message/recall", json!({"gid": from, "msgId": sent})).await.data();
    assert!(sees(&cleo, &id).await, "the copies live on");

    let content = json!({"file": later}).to_string();
    let body = json!({
        "gid": from, "kind": "File", "content": content, "sendAt": server.now().plus_ms(60_000).0, "clientMsgId": "s",
    });
    bob.post("/api/message/schedule", body.clone()).await.refused("no such file");
    let scheduled = anna.post("/api/message/schedule", body).await.data()["id"].clone();
    assert!(!sees(&bob, &later).await);
    let now = anna.post("/api/message/schedule/now", json!({"id": scheduled})).await.data();
    assert_eq!(parsed(now["content"].as_str().expect("text"))["name"], "b.bin");
    assert!(sees(&bob, &later).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_expired_shows_its_file_to_nobody() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let mut of_bob = bob.connect().await;
    let mut of_anna = anna.connect().await;
    let id = anna.filer().file("a.bin", &bytes(1, 9)).await;
    anna.post("/api/group/settings", json!({"gid": gid, "expireSeconds": 5})).await.data();
    send(&mut of_anna, gid, "File", json!({"file": id})).await;
    of_bob.message().await;
    assert!(sees(&bob, &id).await);
    server.time_passes_until(of_bob.notice(Notice::Expired)).await;
    assert!(!sees(&bob, &id).await && sees(&anna, &id).await);
}
