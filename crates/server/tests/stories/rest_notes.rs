//! What is done with messages by REST, and what is read of it.

use serde_json::{Value, json};

use rim_client::protocol::frame::Notice;

use crate::world::{Person, TestServer};

async fn ask(person: &Person, what: &str, body: Value) -> Value {
    person.post(&format!("/api/message/{what}"), body).await.data()
}

#[tokio::test]
async fn whatever_a_frame_does_an_operation_does_too() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    let id = of_anna.send(gid, "hi", "a1").await;
    of_bob.message().await;
    let named = json!({"gid": gid, "msgId": id});
    let reaction = json!({"gid": gid, "msgId": id, "emoji": "❤"});

    let message = ask(&bob, "react", reaction.clone()).await;
    let expected = json!([{"emoji": "❤️", "count": 1, "mine": true, "uids": [bob.uid]}]);
    assert_eq!(message["reactions"], expected);
    // All connections of who did it are others.
    for device in [&mut of_anna, &mut of_bob] {
        assert_eq!(device.notice(Notice::Reacted).await.uid, bob.uid);
    }
    let again = ask(&bob, "react", reaction.clone()).await;
    assert_eq!(again, message, "again changes nothing");
    assert_eq!(ask(&bob, "unreact", reaction).await["reactions"], Value::Null);
    of_anna.notice(Notice::Unreacted).await;
    assert!(ask(&anna, "pin", named.clone()).await["pinnedAt"].is_i64());
    of_anna.notice(Notice::Pinned).await;
    assert_eq!(ask(&anna, "unpin", named.clone()).await["pinnedAt"], Value::Null);
    of_anna.notice(Notice::Unpinned).await;
    let edit = json!({"gid": gid, "msgId": id, "content": "**hi**", "kind": "RichText", "clientMsgId": "e1"});
    let message = ask(&anna, "edit", edit.clone()).await;
    assert_eq!((&message["content"], &message["kind"]), (&json!("**hi**"), &json!("RichText")));
    assert_eq!(of_anna.notice(Notice::Edited).await.msg.expect("a message").content, "**hi**");
    // Without a name each is another; what changes nothing is none.
    ask(&anna, "edit", json!({"gid": gid, "msgId": id, "content": "late"})).await;
    of_anna.notice(Notice::Edited).await;
    assert_eq!(ask(&anna, "edit", edit).await["content"], "late", "that was done before");
    of_anna.nothing_came("h").await;
    let message = ask(&anna, "recall", named).await;
    assert_eq!((&message["content"], &message["recalledBy"]), (&json!(""), &json!(anna.uid)));
    of_anna.notice(Notice::Recalled).await;
}

#[tokio::test]
async fn what_was_done_can_be_read() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    let id = of_anna.send(gid, "one", "a1").await;
    let named = json!({"gid": gid, "msgId": id});
    assert_eq!(
        ask(&anna, "readers", named.clone()).await,
        json!({"read": 0, "of": 1, "uids": [], "more": false})
    );
    of_bob.does("React", gid, id, "👍", "b1").await;
    of_anna.does("React", gid, id, "🎉", "a2").await;
    of_anna.does("Edit", gid, id, "two", "a3").await;
    of_bob.does("Pin", gid, id, "", "b2").await;
    of_bob.put("Read", gid, "", "b3", Some(id)).await;
    of_bob.answer().await;

    let edits = ask(&bob, "edits", named.clone()).await;
    let said: Vec<_> = edits.as_array().expect("a list").iter().map(|edit| &edit["content"]).collect();
    assert_eq!(said, ["one", "two"]);
    let pins = ask(&anna, "pins", json!({"gid": gid})).await;
    assert_eq!((&pins["messages"][0]["id"], &pins["more"]), (&json!(id), &json!(false)));
    assert_eq!(pins["users"].as_array().expect("users").len(), 2, "the sender, and who reacted");
    let reactions = ask(&anna, "reactions", named.clone()).await;
    let by: Vec<_> = reactions
        .as_array()
        .expect("a list")
        .iter()
        .map(|each| (&each["emoji"], &each["user"]["id"]))
        .collect();
    assert_eq!(by, [(&json!("🎉"), &json!(anna.uid)), (&json!("👍"), &json!(bob.uid))]);
    let of_one = ask(&anna, "reactions", json!({"gid": gid, "msgId": id, "emoji": "👍"})).await;
    assert_eq!(of_one.as_array().expect("a list").len(), 1);
    assert_eq!(
        ask(&anna, "readers", named.clone()).await,
        json!({"read": 1, "of": 1, "uids": [bob.uid], "more": false})
    );
    assert_eq!(ask(&anna, "replies", named).await, json!({"messages": [], "users": [], "more": false}));
    assert_eq!(ask(&bob, "mentions", json!({})).await["messages"], json!([]));
}

#[tokio::test]
async fn what_an_operation_refuses_is_said_in_words() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.group_with(&[&bob]).await;
    let mut of_anna = anna.connect().await;
    let id = of_anna.send(gid, "hi", "a1").await;
    let stranger = server.user("carl").await;
    let refused = |person: &Person, what: &str, body: Value| {
        let (person, path) = (person.clone(), format!("/api/message/{what}"));
        async move { person.post(&path, body).await }
    };
    let named = json!({"gid": gid, "msgId": id});
    for what in ["recall", "pin", "unpin", "edits", "readers", "reactions", "replies"] {
        refused(&stranger, what, named.clone()).await.refused("no such message");
        refused(&anna, what, json!({"gid": gid, "msgId": 4711})).await.refused("no such message");
    }
    let react = |emoji: &str| json!({"gid": gid, "msgId": id, "emoji": emoji});
    refused(&bob, "react", react("ab")).await.refused("emoji: one emoji");
    refused(&bob, "pin", named.clone()).await.refused("only admins of this group may pin messages");
    let merged = json!({"gid": gid, "msgId": id, "content": "{}", "kind": "Merged"});
    let answer = refused(&anna, "edit", merged).await;
    assert!(answer.body.contains("kind: one of Text"), "{}", answer.body);
}

#[tokio::test]
async fn a_group_says_who_pins_and_its_members_hear_that_it_has_changed() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.group_with(&[&bob]).await;
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    let id = of_anna.send(gid, "hi", "a1").await;
    of_bob.message().await;
    let settings = |body: Value| anna.post("/api/group/settings", body);
    let before = json!({"whoPins": "admins", "whoMentionsAll": "admins", "expireSeconds": 0});
    assert_eq!(settings(json!({"gid": gid})).await.data(), before);
    of_bob.may_not(403, "Pin", gid, id, "").await;
    assert_eq!(settings(json!({"gid": gid, "whoPins": "all"})).await.data()["whoPins"], "all");
    of_bob.notice(Notice::GroupUpdated).await;
    of_bob.does("Pin", gid, id, "", "b1").await;
    let synced = bob.post("/api/sync", json!({})).await.data();
    let group = &synced["groups"][0]["group"];
    assert_eq!((&group["whoPins"], &group["whoMentionsAll"]), (&json!("all"), &json!("admins")));
    assert_eq!(group["expireSeconds"], 0);
}
