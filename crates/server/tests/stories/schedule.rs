//! Messages that are sent later: at their time, once, and with the rights of then.

use rim_client::protocol::frame::Notice;
use rim_core::schedule::{Planned, Scheduled};
use rim_core::{GroupId, UserId};
use serde_json::{Value, json};

use crate::world::{Person, TestServer};

/// Schedules a text of so many seconds from now, and returns its id.
async fn schedule(server: &TestServer, person: &Person, gid: u64, content: &str, seconds: i64) -> u64 {
    let send_at = server.now().plus_ms(seconds * 1000).0;
    let body = json!({"gid": gid, "content": content, "sendAt": send_at, "clientMsgId": content});
    let answer = person.post("/api/message/schedule", body).await.data();
    answer["id"].as_u64().expect("an id")
}

async fn list(person: &Person) -> Vec<Value> {
    let list = person.post("/api/message/schedule/list", json!({})).await.data();
    list.as_array().expect("a list").clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scheduled_message_comes_at_its_time_to_everybody_and_once() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    let later = schedule(&server, &anna, gid, "later", 60).await;
    let sooner = schedule(&server, &anna, gid, "sooner", 30).await;
    assert_eq!(schedule(&server, &anna, gid, "later", 60).await, later, "a repetition");
    let listed = list(&anna).await;
    let ids: Vec<_> = listed.iter().map(|item| item["id"].as_u64().expect("an id")).collect();
    assert_eq!(ids, [sooner, later]);
    assert!(list(&bob).await.is_empty());

    for (content, id) in [("sooner", sooner), ("later", later)] {
        let message = server.time_passes_until(of_bob.message()).await;
        assert_eq!((message.content.as_str(), message.uid, message.gid), (content, anna.uid, gid));
        assert_eq!(message.client_msg_id, format!("sched:{id}"));
        // On all of one's own devices.
        assert_eq!(of_anna.message().await, message);
    }
    assert!(list(&anna).await.is_empty());
    server.seconds_pass(5).await;
    assert_eq!(bob.api.history(gid, 1, 10).await.expect("a page").len(), 2, "and no more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scheduled_message_can_be_changed_cancelled_and_sent_now() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let mut of_bob = bob.connect().await;
    let (first, second) = (
        schedule(&server, &anna, gid, "first", 3600).await,
        schedule(&server, &anna, gid, "second", 3600).await,
    );

    let mut of_anna = anna.connect().await;
    anna.post("/api/message/schedule/cancel", json!({"id": first})).await.ok(true);
    let told = of_anna.notice(Notice::ScheduleUpdated).await;
    assert_eq!((told.id, told.gid), (Some(first), Some(gid)));
    let gone = anna.post("/api/message/schedule/cancel", json!({"id": first})).await;
    gone.complains(200, 500, "no such scheduled message: it was sent or cancelled");
    bob.post("/api/message/schedule/now", json!({"id": second})).await.complains(
        200,
        500,
        "no such scheduled message: it was sent or cancelled",
    );

    let send_at = server.now().plus_ms(7_200_000).0;
    let changed =
        json!({"id": second, "gid": gid, "kind": "RichText", "content": "**2**", "sendAt": send_at});
    assert_eq!(anna.post("/api/message/schedule", changed).await.data(), json!({"id": second}));
    let listed = list(&anna).await;
    assert_eq!(listed.len(), 1);
    let now = listed[0]["createdAt"].clone();
    let item = json!({"id": second, "gid": gid, "kind": "RichText", "content": "**2**", "sendAt": send_at, "createdAt": now});
    assert_eq!(listed[0], item);

    let sent = anna.post("/api/message/schedule/now", json!({"id": second})).await.data();
    assert_eq!((&sent["content"], &sent["clientMsgId"]), (&json!("**2**"), &Value::Null));
    assert_eq!(sent["client_msg_id"], format!("sched:{second}"));
    assert_eq!(of_bob.message().await.msg_id, sent["id"].as_u64().expect("an id"));
    assert!(list(&anna).await.is_empty());

    // A time that is past is now.
    let body = json!({"gid": gid, "content": "at once", "sendAt": 0});
    anna.post("/api/message/schedule", body).await.data();
    assert_eq!(server.time_passes_until(of_bob.message()).await.content, "at once");
    // What nobody may send cannot be scheduled.
    let body = json!({"gid": gid, "kind": "Merged", "content": "{}", "sendAt": 0});
    let refused = anna.post("/api/message/schedule", body).await;
    assert!(refused.body.contains("kind: one of Text"), "{}", refused.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_comes_again_late_brings_back_nothing_that_was_cancelled_or_sent() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let (gid, other) = (anna.chat_with(&bob).await, anna.group_with(&[&bob]).await);
    let mut of_bob = bob.connect().await;
    let cancelled = schedule(&server, &anna, gid, "cancelled", 10).await;
    let now = schedule(&server, &anna, gid, "now", 10).await;
    let then = schedule(&server, &anna, gid, "then", 10).await;
    anna.post("/api/message/schedule/cancel", json!({"id": cancelled})).await.ok(true);
    anna.post("/api/message/schedule/now", json!({"id": now})).await.data();
    assert_eq!(of_bob.message().await.content, "now");
    assert_eq!(server.time_passes_until(of_bob.message()).await.content, "then");

    for (content, id) in [("cancelled", cancelled), ("now", now), ("then", then)] {
        for gid in [gid, other] {
            assert_eq!(schedule(&server, &anna, gid, content, 1).await, id);
        }
    }
    assert!(list(&anna).await.is_empty());
    schedule(&server, &anna, gid, "another", 3).await;
    assert_eq!(server.time_passes_until(of_bob.message()).await.content, "another", "and nothing before it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_sent_then_stays_with_the_reason() {
    let server = TestServer::start().await;
    let (anna, bob, cleo) = (server.user("anna").await, server.user("bob").await, server.user("cleo").await);
    let gid = anna.group_with(&[&bob, &cleo]).await;
    let farewell = schedule(&server, &bob, gid, "farewell", 10).await;
    schedule(&server, &cleo, gid, "hello", 20).await;
    anna.change(gid, 2, &[&bob]).await.ok(true);
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    // What follows is not held up.
    assert_eq!(server.time_passes_until(of_anna.message()).await.content, "hello");
    let listed = list(&bob).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["failed"], "you are not a member of this group");
    let told = of_bob.notice(Notice::ScheduleFailed).await;
    assert_eq!(
        (told.id, told.gid, told.content.as_str()),
        (Some(farewell), Some(gid), "you are not a member of this group")
    );
    // Once they may again it can be sent.
    anna.change(gid, 1, &[&bob]).await.ok(true);
    bob.post("/api/message/schedule/now", json!({"id": listed[0]["id"]})).await.data();
    assert_eq!(of_anna.message().await.content, "farewell");
    assert!(list(&bob).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_night_without_the_server_it_is_sent_and_after_more_than_a_day_it_is_not() {
    const HOUR_MS: i64 = 60 * 60 * 1000;
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let now = server.now();
    let stopped = server.stop().await;
    let store = stopped.store().await;
    for (id, content, hours) in [(1, "a week ago", 7 * 24), (2, "last evening", 12), (3, "this morning", 1)] {
        let (kind, content) = (rim_core::message::MessageKind::Text.code(), content.to_owned());
        let what = Planned { kind, content, reply_to: None, mentions: Vec::new(), mention_all: false };
        let (user, group) = (UserId(anna.uid), GroupId(gid));
        let send_at = now.plus_ms(-hours * HOUR_MS);
        let message = Scheduled { id, user, group, send_at, created_at: send_at, what, failed: None };
        store.schedule(message, send_at).await.expect("scheduled");
    }
    store.close().await;
    let server = stopped.start().await;
    let all_are_tried = async {
        while list(&anna).await.iter().any(|item| item["failed"].is_null()) {
            tokio::task::yield_now().await;
        }
    };
    server.time_passes_until(all_are_tried).await;
    let history = bob.api.history(gid, 1, 10).await.expect("a page");
    let texts: Vec<_> = history.iter().map(|item| item.msg.content.as_str()).collect();
    assert_eq!(texts, ["last evening", "this morning"]);
    let listed = list(&anna).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["failed"], "the server was down when it was due, and for more than a day");
}
