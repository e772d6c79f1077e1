//! Forwarding: to several chats at once, all or nothing.

use rim_client::protocol::frame::{Incoming, IncomingEvent};
use serde_json::{Value, json};

use crate::world::{Device, TestServer};

/// The next message, as it came.
async fn message(device: &mut Device) -> Value {
    loop {
        let text = device.text().await;
        let frame: Value = serde_json::from_str(&text).expect("JSON");
        if frame["event"] == "Msg" {
            return frame["body"].clone();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_forwarded_to_several_chats_and_say_who_wrote_them() {
    let server = TestServer::start().await;
    let (anna, bob, cleo) = (server.user("anna").await, server.user("bob").await, server.user("cleo").await);
    let from = anna.group_with(&[&bob]).await;
    let to = [anna.chat_with(&cleo).await, anna.group_with(&[&cleo]).await];
    let mut of_bob = bob.connect().await;
    let one = of_bob.send(from, "one", "1").await;
    let two = of_bob.send(from, "two", "2").await;
    let (mut of_anna, mut of_cleo) = (anna.connect().await, cleo.connect().await);

    let body = json!({"from": from, "msgIds": [two, one], "to": to, "clientMsgId": "f"});
    let first = anna.post("/api/message/forward", body.clone()).await;
    let copies = first.data();
    // In each group in their order. Groups are told each by itself.
    let mut heard = Vec::new();
    for device in [&mut of_cleo, &mut of_anna] {
        for _ in 0..4 {
            heard.push(message(device).await);
        }
    }
    for (copies, gid) in copies.as_array().expect("a list").iter().zip(to) {
        for (copy, content) in copies.as_array().expect("a list").iter().zip(["one", "two"]) {
            assert_eq!((&copy["gid"], &copy["uid"]), (&json!(gid), &json!(anna.uid)));
            assert_eq!(copy["content"], content);
            let origin = &copy["forwardedFrom"];
            assert_eq!((&origin["uid"], &origin["name"]), (&json!(bob.uid), &json!("bob")));
        }
        for heard in heard.chunks(4) {
            let of_group = heard.iter().filter(|heard| heard["gid"] == gid);
            let heard: Vec<_> = of_group.map(|heard| (&heard["msgId"], &heard["forwardedFrom"])).collect();
            let told = copies.as_array().expect("a list").iter();
            assert_eq!(heard, told.map(|copy| (&copy["id"], &copy["forwardedFrom"])).collect::<Vec<_>>());
        }
    }
    // Again: the same, and nothing is told.
    assert_eq!(anna.post("/api/message/forward", body).await.body, first.body);
    of_cleo.nothing_came("later").await;
    let history = cleo.api.history(to[0], 1, 10).await.expect("a page");
    assert_eq!(history.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_messages_become_one_that_holds_them() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let (from, to) = (anna.group_with(&[&bob]).await, anna.chat_with(&bob).await);
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    let ids = [of_bob.send(from, "one", "1").await, of_anna.send(from, "two", "2").await];
    let body = json!({"from": from, "msgIds": ids, "to": [to], "merged": true});
    let copies = anna.post("/api/message/forward", body.clone()).await.data();
    let copy = &copies[0][0];
    assert_eq!(copy["kind"], "Merged");
    let content: Value = serde_json::from_str(copy["content"].as_str().expect("a text")).expect("JSON");
    assert_eq!(content["title"], "group");
    let items = content["items"].as_array().expect("a list");
    let said: Vec<_> = items.iter().map(|item| (&item["name"], &item["kind"], &item["content"])).collect();
    let (text, one, two) = (json!("Text"), json!("one"), json!("two"));
    assert_eq!(said, [(&json!("bob"), &text, &one), (&json!("anna"), &text, &two)]);
    // Without a clientMsgId it is another one each time.
    let again = anna.post("/api/message/forward", body).await.data();
    assert_ne!(again[0][0]["id"], copy["id"]);
    // Nobody makes one by hand.
    let frame = json!({"event": "Msg", "body": {"kind": "Merged", "uid": anna.uid, "gid": to, "content": "{}", "clientMsgId": "m"}});
    of_anna.say(frame.to_string()).await;
    let refused = loop {
        match of_anna.frame().await.expect("a frame") {
            Incoming::Answer(answer) => break answer,
            Incoming::Event(IncomingEvent::Msg(_)) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused.code, Some(422));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_not_be_forwarded_goes_nowhere() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let (theirs, ours) = (bob.group_with(&[]).await, anna.chat_with(&bob).await);
    let mut of_bob = bob.connect().await;
    let secret = of_bob.send(theirs, "secret", "1").await;
    let said = of_bob.send(ours, "said", "2").await;
    let forward = async |body: Value| anna.post("/api/message/forward", body).await;
    let no_such = "no such message";
    let body = json!({"from": theirs, "msgIds": [secret], "to": [ours]});
    forward(body).await.complains(200, 500, no_such);
    let body = json!({"from": ours, "msgIds": [said, secret], "to": [ours]});
    forward(body).await.complains(200, 500, no_such);
    let body = json!({"from": ours, "msgIds": [said], "to": [ours, theirs]});
    forward(body).await.complains(200, 500, "you are not a member of this group");
    let body = json!({"from": ours, "msgIds": [], "to": [ours]});
    forward(body).await.complains(200, 500, "msgIds: a list of 1 to 100 ids");
    let many: Vec<u64> = (1..=21).collect();
    let body = json!({"from": ours, "msgIds": [said], "to": many});
    forward(body).await.complains(200, 500, "to: a list of 1 to 20 ids");
    let body = json!({"from": ours, "msgIds": [said], "to": [ours], "clientMsgId": "x".repeat(65)});
    forward(body).await.complains(200, 500, "clientMsgId: 1 to 64 bytes");
    assert_eq!(anna.api.history(ours, 1, 10).await.expect("a page").len(), 1);
    // The longest id may be used, and is known again.
    let body = json!({"from": ours, "msgIds": [said], "to": [ours], "clientMsgId": "x".repeat(64)});
    let first = forward(body.clone()).await;
    first.data();
    assert_eq!(forward(body).await.body, first.body);
    assert_eq!(anna.api.history(ours, 1, 10).await.expect("a page").len(), 2);
}
