//! Messages that expire: gone for everybody, on every device, and for ever.

use rim_client::protocol::frame::{Incoming, IncomingEvent, IncomingNotice, Notice};
use serde_json::{Value, json};

use crate::world::{Device, Person, TestServer};

async fn set_timer(person: &Person, gid: u64, seconds: u64) {
    let set = person.post("/api/group/settings", json!({"gid": gid, "expireSeconds": seconds})).await.data();
    assert_eq!(set["expireSeconds"], seconds);
}

/// The next notice of that kind; what comes before it is passed over.
async fn notice(device: &mut Device, kind: Notice) -> IncomingNotice {
    loop {
        match device.frame().await.expect("a frame") {
            Incoming::Event(IncomingEvent::Notify(notice)) if notice.kind == kind => return notice,
            _ => {}
        }
    }
}

async fn texts(person: &Person, gid: u64) -> Vec<String> {
    let history = person.api.history(gid, 1, 50).await.expect("a page");
    history.into_iter().map(|item| item.msg.content).collect()
}

/// What somebody learns of a group who knows nothing.
async fn synced(person: &Person, gid: u64) -> Value {
    let answer = person.post("/api/sync", json!({})).await.data();
    let groups = answer["groups"].as_array().expect("a list");
    groups.iter().find(|group| group["gid"] == gid).expect("the group").clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_in_a_group_with_a_timer_is_gone_for_everybody_when_its_time_is_over() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.group_with(&[&bob]).await;
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    of_anna.send(gid, "stays", "1").await;
    set_timer(&anna, gid, 10).await;
    let first = of_anna.send(gid, "secret", "2").await;
    of_anna.send(gid, "secret, too", "3").await;
    set_timer(&anna, gid, 0).await;
    of_anna.send(gid, "stays as well", "4").await;

    let mut expires = Vec::new();
    for _ in 0..4 {
        let message = of_bob.message().await;
        expires.push(message.expires_at.map(|at| at - message.created_at));
    }
    assert_eq!(expires, [None, Some(10_000), Some(10_000), None]);
    let body = json!({"from": gid, "msgIds": [first], "to": [gid]});
    let refused = bob.post("/api/message/forward", body).await;
    refused.complains(200, 500, "a message that expires cannot be forwarded");

    let told = server.time_passes_until(notice(&mut of_bob, Notice::Expired)).await;
    assert_eq!((told.gid, told.seqs), (Some(gid), vec![[2, 3]]));
    assert_eq!(notice(&mut of_anna, Notice::Expired).await.rev, told.rev);
    for person in [&anna, &bob] {
        assert_eq!(texts(person, gid).await, ["stays", "stays as well"]);
        let group = synced(person, gid).await;
        assert_eq!((&group["expired"], &group["lastSeq"]), (&json!([[2, 3]]), &json!(4)));
        assert!(!group.to_string().contains("secret"));
    }
    assert_eq!(synced(&bob, gid).await["unread"], 2);
    let body = json!({"from": gid, "msgIds": [first], "to": [gid]});
    bob.post("/api/message/forward", body).await.complains(200, 500, "no such message");
    // Sent again it is what it was, and comes to nobody.
    assert_eq!(of_anna.send(gid, "secret", "2").await, first);
    of_bob.nothing_came("later").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_due_while_the_server_was_down_goes_when_it_is_back() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    set_timer(&bob, gid, 3600).await;
    anna.connect().await.send(gid, "secret", "1").await;
    let server = server.stop().await.start().await;
    server.seconds_pass(2).await;
    assert_eq!(texts(&bob, gid).await, ["secret"]);
    server.sleeps(3600).await;
    let is_gone = async {
        while !texts(&bob, gid).await.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    server.time_passes_until(is_gone).await;
    let group = synced(&bob, gid).await;
    assert_eq!((&group["expired"], &group["unread"]), (&json!([[1, 1]]), &json!(0)));
}
