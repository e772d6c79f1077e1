//! Sending by REST: as a frame does it, with the same rules.

use serde_json::{Value, json};

use crate::world::TestServer;

#[tokio::test]
async fn a_message_is_stored_answered_and_delivered_to_everybody() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    let send = |body: Value| anna.post("/api/message/send", body);
    let body = json!({"gid": gid, "content": "by REST", "clientMsgId": "r1"});
    let message = send(body.clone()).await.data();
    assert_eq!((&message["content"], &message["kind"]), (&json!("by REST"), &json!("Text")));
    assert_eq!((&message["uid"], &message["seq"]), (&json!(anna.uid), &json!(1)));
    for device in [&mut of_anna, &mut of_bob] {
        let delivered = device.message().await;
        assert_eq!((json!(delivered.msg_id), delivered.content.as_str()), (message["id"].clone(), "by REST"));
    }
    // Again, by either way, it is the same.
    assert_eq!(send(body).await.data(), message);
    assert_eq!(json!(of_anna.send(gid, "by REST", "r1").await), message["id"]);
    of_bob.nothing_came("h").await;
    // Without a name each is another.
    let (one, two) = (json!({"gid": gid, "content": "x"}), json!({"gid": gid, "content": "x"}));
    assert_ne!(send(one).await.data()["id"], send(two).await.data()["id"]);
    let answer = json!({
        "gid": gid, "content": "**you**", "kind": "RichText", "replyTo": message["id"], "mentions": [bob.uid],
        "mentionAll": true,
    });
    let answer = send(answer).await.data();
    assert_eq!((&answer["replyTo"], &answer["mentions"]), (&message["id"], &json!([bob.uid])));
    assert_eq!((&answer["mentionAll"], &answer["kind"]), (&json!(true), &json!("RichText")));
    let replies = bob.post("/api/message/replies", json!({"gid": gid, "msgId": message["id"]})).await.data();
    assert_eq!(replies["messages"][0]["id"], answer["id"]);
    let chats = bob.api.chats(bob.uid, 1, 9).await.expect("chats");
    assert_eq!((chats[0].unread, chats[0].unread_mentions), (Some(4), 1));
}

#[tokio::test]
async fn what_a_frame_may_not_say_an_operation_may_not_either() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.group_with(&[]).await;
    let send = |person: &crate::world::Person, body: Value| {
        let person = person.clone();
        async move { person.post("/api/message/send", body).await }
    };
    send(&bob, json!({"gid": gid, "content": "x"})).await.refused("you are not a member of this group");
    send(&bob, json!({"gid": 4711, "content": "x"})).await.refused("no such group");
    send(&anna, json!({"gid": gid, "content": "x", "replyTo": 4711})).await.refused("no such message");
    send(&anna, json!({"gid": gid, "content": "x", "mentions": [bob.uid]}))
        .await
        .refused("this user is not a member of this group");
    send(&anna, json!({"gid": gid, "content": "", "kind": "Image"}))
        .await
        .refused("content: an Image is an address or JSON, not empty");
    send(&anna, json!({"gid": gid, "content": "x", "clientMsgId": ""}))
        .await
        .refused("clientMsgId: 1 to 64 bytes");
    let merged = send(&anna, json!({"gid": gid, "content": "{}", "kind": "Merged"})).await;
    assert!(merged.body.contains("kind: one of Text"), "{}", merged.body);
    anna.post("/api/user/logout", Value::Null).await.ok(true);
    send(&anna, json!({"gid": gid, "content": "x"})).await.login_required();
}

#[tokio::test]
async fn messages_by_rest_and_by_frames_count_together() {
    if crate::NODES > 1 {
        // Each node counts what comes to it.
        return;
    }
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let gid = anna.group_with(&[]).await;
    let mut of_anna = anna.connect().await;
    let mut sent = 0;
    while of_anna.act("Msg", gid, 0, "x", &format!("m{sent}")).await.code.is_none() {
        sent += 1;
    }
    let answer = anna.post("/api/message/send", json!({"gid": gid, "content": "x"})).await;
    answer.complains(429, 429, "too many requests");
    assert!(answer.header("retry-after").is_some());
}
