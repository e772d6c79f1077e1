//! Friends: asked for by one, accepted by the other.

use rim_client::protocol::frame::Notice;
use serde_json::json;

use crate::raw::Answer;
use crate::world::{Device, Person, TestServer};

async fn add(by: &Person, fid: u64) -> Answer {
    by.post("/api/friend/add", json!({"fid": fid})).await
}

async fn modify(by: &Person, of: &Person, status: u64) -> Answer {
    by.post("/api/friend/status/modify", json!({"fid": of.uid, "status": status})).await
}

/// Checks what a query lists.
async fn lists(of: &Person, query: &str, users: &[&Person]) {
    let cards: Vec<String> = users.iter().map(|user| user.card()).collect();
    of.get(&format!("/api/friend/list{query}")).await.ok(format!("[{}]", cards.join(",")));
}

/// Checks that both heard of it, and of nothing else.
async fn both_hear(devices: [&mut Device; 2], kind: Notice, actor: &Person, other: &Person) {
    for device in devices {
        let notice = device.notice(kind).await;
        assert_eq!((notice.uid, notice.gid, notice.uids), (actor.uid, None, vec![other.uid]));
        device.nothing_came("h").await;
    }
}

#[tokio::test]
async fn a_request_waits_until_the_other_one_accepts_it() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    add(&anna, bob.uid).await.ok(true);
    both_hear([&mut of_anna, &mut of_bob], Notice::FriendRequest, &anna, &bob).await;
    add(&anna, bob.uid).await.ok(true);
    of_bob.nothing_came("no second request").await;

    lists(&anna, "?status=0", &[&bob]).await;
    lists(&anna, "?status=0&direction=out", &[&bob]).await;
    lists(&anna, "?status=0&direction=in", &[]).await;
    lists(&bob, "?status=0", &[&anna]).await;
    lists(&bob, "?status=0&direction=in", &[&anna]).await;
    lists(&bob, "?status=0&direction=out", &[]).await;
    lists(&bob, "", &[]).await;

    modify(&anna, &bob, 1).await.ok(false);
    lists(&anna, "?status=1", &[]).await;
    modify(&bob, &anna, 1).await.ok(true);
    both_hear([&mut of_anna, &mut of_bob], Notice::FriendAccepted, &bob, &anna).await;
    for (one, other) in [(&anna, &bob), (&bob, &anna)] {
        lists(one, "", &[other]).await;
        lists(one, "?status=1", &[other]).await;
        lists(one, "?status=0", &[]).await;
        lists(one, "?status=2", &[]).await;
        modify(one, other, 1).await.ok(false);
        add(one, other.uid).await.ok(true);
    }
    of_anna.nothing_came("h").await;
}

#[tokio::test]
async fn two_who_ask_each_other_are_friends() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let mut of_anna = anna.connect().await;
    add(&anna, bob.uid).await.ok(true);
    of_anna.notice(Notice::FriendRequest).await;
    add(&bob, anna.uid).await.ok(true);
    assert_eq!(of_anna.notice(Notice::FriendAccepted).await.uid, bob.uid);
    lists(&anna, "", &[&bob]).await;
    lists(&bob, "", &[&anna]).await;
}

#[tokio::test]
async fn status_2_rejects_withdraws_and_ends() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    for (answers, kind) in [(&bob, Notice::FriendRejected), (&anna, Notice::FriendWithdrawn)] {
        let other = if answers.uid == bob.uid { &anna } else { &bob };
        add(&anna, bob.uid).await.ok(true);
        both_hear([&mut of_anna, &mut of_bob], Notice::FriendRequest, &anna, &bob).await;
        modify(answers, other, 2).await.ok(true);
        both_hear([&mut of_anna, &mut of_bob], kind, answers, other).await;
        modify(answers, other, 2).await.ok(false);
        modify(other, answers, 1).await.ok(false);
        lists(&anna, "?status=0", &[]).await;
        lists(&bob, "?status=0", &[]).await;
    }
    for ends in [&anna, &bob] {
        let other = if ends.uid == bob.uid { &anna } else { &bob };
        add(&anna, bob.uid).await.ok(true);
        both_hear([&mut of_anna, &mut of_bob], Notice::FriendRequest, &anna, &bob).await;
        modify(&bob, &anna, 1).await.ok(true);
        both_hear([&mut of_anna, &mut of_bob], Notice::FriendAccepted, &bob, &anna).await;
        modify(ends, other, 2).await.ok(true);
        both_hear([&mut of_anna, &mut of_bob], Notice::FriendRemoved, ends, other).await;
        lists(&anna, "", &[]).await;
        lists(&bob, "", &[]).await;
    }
}

#[tokio::test]
async fn where_nothing_applies_the_answer_is_false() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    for status in [0, 1, 2, 3, 255, 4711] {
        modify(&anna, &bob, status).await.ok(false);
        modify(&anna, &anna, status).await.ok(false);
    }
    let unknown = json!({"fid": 4711, "status": 1});
    anna.post("/api/friend/status/modify", unknown).await.ok(false);
    add(&bob, anna.uid).await.ok(true);
    for status in [0, 3, 255] {
        modify(&anna, &bob, status).await.ok(false);
    }
    lists(&anna, "?status=0&direction=in", &[&bob]).await;
}

#[tokio::test]
async fn oneself_and_unknown_users_cannot_be_asked() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    add(&anna, anna.uid).await.refused("you cannot be your own friend");
    add(&anna, 4711).await.complains(200, 500, "4711");
    lists(&anna, "?status=0", &[]).await;
}

#[tokio::test]
async fn lists_ascend_by_id_and_show_no_email() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let (bob, carl, dora) = (server.user("bob").await, server.user("carl").await, server.user("dora").await);
    carl.post("/api/user/update", json!({"email": "carl@example.org"})).await.data();
    for (asks, asked) in [(&dora, &anna), (&anna, &carl), (&bob, &anna)] {
        add(asks, asked.uid).await.ok(true);
    }
    lists(&anna, "?status=0", &[&bob, &carl, &dora]).await;
    lists(&anna, "?status=0&direction=in", &[&bob, &dora]).await;
    modify(&anna, &dora, 1).await.ok(true);
    modify(&carl, &anna, 1).await.ok(true);
    modify(&anna, &bob, 1).await.ok(true);
    lists(&anna, "", &[&bob, &carl, &dora]).await;
    lists(&anna, "?direction=in", &[&bob, &carl, &dora]).await;
}
