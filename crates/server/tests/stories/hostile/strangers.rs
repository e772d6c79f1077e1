//! What strangers and former members may know and do: where one's part of a group ends, being put into groups without
//! end, reading all accounts, asking everybody, and sessions without number.

use serde_json::{Value, json};

use super::bystanders::Bystanders;
use crate::NODES;
use crate::raw::Answer;
use crate::world::{Person, TestServer};

async fn sync(person: &Person) -> Value {
    person.post("/api/sync", json!({"rev": 0, "groups": []})).await.data()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_left_a_group_hears_nothing_of_what_became_of_it() {
    let server = TestServer::start().await;
    let [anna, bob, carl] = [server.user("anna").await, server.user("bob").await, server.user("carl").await];
    let gid = anna.group_with(&[&bob]).await;
    anna.connect().await.send(gid, "hi", "m1").await;
    anna.change(gid, 2, &[&bob]).await.ok(true);

    anna.change(gid, 1, &[&carl]).await.ok(true);
    anna.post("/api/group/update", json!({"id": gid, "name": "secret", "avatar": "secret.png"}))
        .await
        .ok(true);
    anna.post("/api/group/transfer", json!({"gid": gid, "uid": carl.uid})).await.ok(true);
    anna.post("/api/group/leave", json!({"gid": gid})).await.ok(true);

    let told = [
        sync(&bob).await,
        bob.post("/api/message/history", json!({"gid": gid, "uid": bob.uid, "page": 1, "size": 20}))
            .await
            .data(),
        bob.post("/api/message/chat/list", json!({"uid": bob.uid, "page": 1, "size": 20})).await.data(),
        bob.post("/api/group/events", json!({"gid": gid, "fromSeq": 0, "toSeq": 100})).await.data(),
        bob.get("/api/group/get").await.data(),
        bob.get(&format!("/api/group/user/get?gid={gid}")).await.data(),
    ];
    for told in told {
        let text = told.to_string();
        let (named, created) = (format!("\"uid\":{}", carl.uid), format!("\"creatorUid\":{}", carl.uid));
        for secret in ["secret", "carl", &named, &created] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
    // And Carl, who came when Bob had gone, never hears that Bob was there.
    let text = sync(&carl).await.to_string();
    assert!(!text.contains("bob") && text.contains("secret"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_put_into_groups_by_strangers_gets_rid_of_them_and_syncs_as_before() {
    let server = TestServer::start().await;
    let bystanders = Bystanders::chat(&server).await;
    let [eve, bob] = [server.user("eve").await, server.user("bob").await];
    let mut device = eve.connect().await;
    let mut groups = Vec::new();
    for n in 0..30 {
        let gid = eve.group_with(&[&bob]).await;
        device.send(gid, "spam", &n.to_string()).await;
        groups.push(gid);
    }
    assert_eq!(sync(&bob).await["groups"].as_array().map(Vec::len), Some(30));
    for gid in &groups {
        bob.post("/api/group/leave", json!({"gid": gid})).await.ok(true);
        bob.post("/api/chat/delete", json!({"gid": gid})).await.ok(true);
    }
    let after = sync(&bob).await;
    assert_eq!((&after["groups"], &after["chats"], &after["more"]), (&json!([]), &json!([]), &json!(false)));
    // Again changes nothing; and what was said to them stays theirs to read.
    bob.post("/api/chat/delete", json!({"gid": groups[0]})).await.ok(true);
    let page = bob.api.history(groups[0], 1, 10).await.expect("a page");
    assert_eq!(page.iter().map(|item| item.msg.content.as_str()).collect::<Vec<_>>(), ["spam"]);
    bystanders.noticed_nothing().await;
}

fn is_too_much(answer: &Answer) -> bool {
    if answer.status == 429 {
        answer.complains(429, 429, "try again in");
        return true;
    }
    false
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_all_accounts_ends_soon_and_people_are_still_shown_those_they_know() {
    if NODES > 1 {
        // Each node counts for itself.
        return;
    }
    let server = TestServer::start().await;
    let [eve, bob, carl] = [server.user("eve").await, server.user("bob").await, server.user("carl").await];
    eve.chat_with(&bob).await;
    let mut read = 0;
    loop {
        // Those there are, and those there are not, by id and by account.
        let path = match read % 3 {
            0 => format!("/api/user/get?uid={}", carl.uid),
            1 => format!("/api/user/get?uid={}", 1_000_000 + read),
            _ => format!("/api/user/search?account=nobody{read}"),
        };
        if is_too_much(&eve.get(&path).await) {
            break;
        }
        read += 1;
    }
    assert_eq!(read, 200);
    // Oneself and those one has to do with do not count.
    for uid in [eve.uid, bob.uid] {
        assert_eq!(eve.get(&format!("/api/user/get?uid={uid}")).await.data()["id"], uid);
    }
    assert_eq!(eve.get("/api/user/search?account=bob").await.data()["id"], bob.uid);
    server.seconds_pass(30).await;
    assert_eq!(eve.get(&format!("/api/user/get?uid={}", carl.uid)).await.data()["id"], carl.uid);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asking_everybody_to_be_friends_ends_soon() {
    if NODES > 1 {
        return;
    }
    let server = TestServer::start().await;
    let bystanders = Bystanders::chat(&server).await;
    let [eve, bob] = [server.user("eve").await, server.user("bob").await];
    let mut asked = 0;
    while !is_too_much(&eve.post("/api/friend/add", json!({"fid": bob.uid})).await) {
        asked += 1;
        assert!(asked <= 100, "asking again is asking, too");
    }
    assert_eq!(asked, 100);
    // Whoever was asked answers when they like.
    assert!(bob.api.answer_friend(eve.uid, 1).await.expect("accepted"));
    bystanders.noticed_nothing().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_only_contacts_are_looked_up_strangers_are_nobody_until_they_are_asked_by_account() {
    let server = TestServer::start_with(&["--directory=contacts"]).await;
    let [eve, bob] = [server.user("eve").await, server.user("bob").await];
    let info = eve.get("/api/server/info").await.data();
    assert_eq!(info["directory"], "contacts");
    let nobody = 1_000_000;
    let by_id = |uid| format!("/api/user/get?uid={uid}");
    assert_eq!(eve.get(&by_id(bob.uid)).await, eve.get(&by_id(nobody)).await);
    assert_eq!(
        eve.get("/api/user/search?account=bob").await,
        eve.get("/api/user/search?account=nobody").await
    );
    for mode in [1, 2] {
        let body = |uid: u64| json!({"group": {"name": "", "avatar": "", "mode": mode, "creatorUid": eve.uid}, "users": [{"uid": uid, "role": 1}]});
        let refused = eve.post("/api/group/create", body(bob.uid)).await;
        refused.refused(&format!("no such user: {}", bob.uid));
        let refused = eve.post("/api/group/create", body(nobody)).await;
        refused.refused(&format!("no such user: {nobody}"));
    }
    let gid = eve.group_with(&[]).await;
    eve.change(gid, 1, &[&bob]).await.refused(&format!("no such user: {}", bob.uid));
    let refused = eve.post("/api/friend/add", json!({"fid": bob.uid})).await;
    refused.refused(&format!("no such user: {}", bob.uid));

    // Whoever knows the account asks, and whoever was asked sees who it is.
    eve.post("/api/friend/add", json!({"account": " BOB "})).await.ok(true);
    assert_eq!(bob.get(&by_id(eve.uid)).await.data()["account"], "eve");
    eve.get(&by_id(bob.uid)).await.fails(200, 1001, "user not found");
    bob.post("/api/friend/add", json!({"fid": eve.uid})).await.ok(true);
    assert_eq!(eve.get("/api/user/search?account=bob").await.data()["id"], bob.uid);
    eve.change(gid, 1, &[&bob]).await.ok(true);
    eve.post("/api/friend/add", json!({})).await.complains(422, 422, "fid");
    eve.post("/api/friend/add", json!({"account": "nobody"})).await.fails(200, 1001, "user not found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logging_in_without_end_leaves_so_many_sessions_and_those_in_use() {
    let server = TestServer::start().await;
    let bob = server.user("bob").await;
    // A session is noted as used at most every ten minutes.
    server.seconds_pass(601).await;
    let mut phone = bob.connect().await;
    server.everything_is_committed(&bob).await;
    let noted = async {
        loop {
            let sessions = bob.get("/api/session/list").await.data();
            if sessions[0]["lastSeenAt"].as_i64() > sessions[0]["createdAt"].as_i64() {
                break;
            }
        }
    };
    tokio::time::timeout(crate::world::PATIENCE, noted).await.expect("it is noted");
    for _ in 0..110 {
        server.login(bob.uid, "bob").await;
    }
    let sessions = bob.get("/api/session/list").await.data();
    assert_eq!(sessions.as_array().map(Vec::len), Some(100));
    assert_eq!(sessions[0]["current"], true, "the one in use is not among those that ended");
    phone.nothing_came("still here").await;
}
