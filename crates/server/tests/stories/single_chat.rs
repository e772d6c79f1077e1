//! Single chats: one for any two people, and nobody else in it.

use rim_client::protocol::Id;
use rim_client::protocol::frame::Notice;
use rim_client::protocol::sync::{GroupRev, SyncRequest};
use serde_json::json;

use crate::world::{Person, TestServer};

#[tokio::test]
async fn any_two_have_one_chat_whoever_opens_it_and_however_often() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let body = json!({"group": {"id": 7, "name": "us", "avatar": "", "mode": 1, "creatorUid": bob.uid},
        "users": [{"uid": anna.uid, "role": 2}, {"uid": bob.uid, "role": 1}]});
    let gid = anna.post("/api/group/create", body.clone()).await.data();
    anna.post("/api/group/create", body.clone()).await.ok(&gid);
    bob.post("/api/group/create", body).await.ok(&gid);
    for users in [
        json!([{"uid": bob.uid, "role": 1}]),
        json!([{"uid": bob.uid, "role": 1}, {"uid": bob.uid, "role": 2}]),
        json!([{"uid": bob.uid, "role": 2}, {"uid": anna.uid, "role": 1}, {"uid": anna.uid, "role": 1}]),
    ] {
        let body =
            json!({"group": {"name": "again", "avatar": "", "mode": 1, "creatorUid": 0}, "users": users});
        anna.post("/api/group/create", body).await.ok(&gid);
    }
    anna.get("/api/group/get")
        .await
        .ok(format!(r#"[{{"id":{gid},"name":"us","avatar":"","mode":1,"creatorUid":{}}}]"#, anna.uid));
}

#[tokio::test]
async fn two_who_open_it_at_once_meet_in_one_chat() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let opening = (0..8).map(|i| {
        let (one, other) = if i % 2 == 0 { (&anna, &bob) } else { (&bob, &anna) };
        let (api, uid) = (one.api.clone(), other.uid);
        tokio::spawn(async move { api.create_group(1, "", &[uid]).await.expect("a chat") })
    });
    let mut chats = std::collections::HashSet::new();
    for opened in opening.collect::<Vec<_>>() {
        chats.insert(opened.await.expect("it does not panic"));
    }
    assert_eq!(chats.len(), 1);
}

#[tokio::test]
async fn nobody_can_be_added_or_removed() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let carl = server.user("carl").await;
    let gid = anna.chat_with(&bob).await;
    anna.change(gid, 1, &[&carl]).await.complains(200, 500, "single chat");
    anna.change(gid, 1, &[&bob, &carl]).await.complains(200, 500, "single chat");
    anna.change(gid, 2, &[&bob]).await.complains(200, 500, "single chat");
    anna.post("/api/group/dissolve", json!({"gid": gid})).await.complains(200, 500, "single chat");
    anna.change(gid, 1, &[&bob]).await.ok(true);
    assert_eq!(
        anna.get(&format!("/api/group/user/get?gid={gid}")).await.data().as_array().map(Vec::len),
        Some(2)
    );
    assert!(carl.api.groups().await.expect("groups").is_empty());
}

#[tokio::test]
async fn who_left_comes_back_when_either_opens_it_again() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let mut of_anna = anna.connect().await;
    of_anna.send(gid, "before", "a1").await;
    for (round, opener) in [(0, &anna), (1, &bob)] {
        bob.change(gid, 2, &[&bob]).await.ok(true);
        assert!(bob.api.groups().await.expect("groups").is_empty());
        let other = if opener.uid == anna.uid { &bob } else { &anna };
        assert_eq!(opener.chat_with(other).await, gid);
        of_anna.send(gid, "after", &format!("f{round}")).await;
    }
    let seen = bob.api.history(gid, 1, 99).await.expect("history");
    let seen: Vec<_> = seen.iter().map(|item| item.msg.content.as_str()).collect();
    assert_eq!(seen, ["before", "after", "after"]);
}

#[tokio::test]
async fn who_left_comes_back_when_the_other_writes_and_gets_what_was_written() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let (mut of_anna, mut tablet) = (anna.connect().await, anna.connect().await);
    of_anna.send(gid, "before", "a1").await;
    tablet.message().await;
    bob.post("/api/group/leave", json!({"gid": gid})).await.ok(true);
    of_anna.notice(Notice::MembersRemoved).await;
    let left = tablet.notice(Notice::MembersRemoved).await;
    // They are there, and in no list of the chat.
    let mut of_bob = bob.connect().await;

    let id = of_anna.send(gid, "come back", "a2").await;

    let (mut back, mut came) = (Vec::new(), Vec::new());
    for device in [&mut of_bob, &mut tablet] {
        back.push(device.notice(Notice::MembersAdded).await);
        came.push(device.message().await);
    }
    assert!(back.iter().all(|notice| (notice.uid, notice.uids.as_slice()) == (anna.uid, &[bob.uid])));
    let rev = left.rev.expect("its place");
    assert!(back.iter().all(|notice| notice.rev == Some(rev + 1)));
    assert!(came.iter().all(|message| (message.msg_id, message.rev, message.seq) == (id, rev + 2, 2)));
    of_anna.notice(Notice::MembersAdded).await;
    assert_eq!(unread(&bob).await, Some(1));
    of_bob.send(gid, "here I am", "b1").await;
    assert_eq!(of_anna.message().await.content, "here I am");

    // Sent again it brings nobody back.
    bob.post("/api/group/leave", json!({"gid": gid})).await.ok(true);
    of_anna.notice(Notice::MembersRemoved).await;
    assert_eq!(of_anna.send(gid, "come back", "a2").await, id);
    of_anna.nothing_came("h").await;
    assert!(bob.api.groups().await.expect("groups").is_empty());
}

#[tokio::test]
async fn what_was_written_to_one_who_left_is_there_when_they_look() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    bob.post("/api/group/leave", json!({"gid": gid})).await.ok(true);
    let known = bob.api.sync(&SyncRequest::default()).await.expect("synced");
    anna.connect().await.send(gid, "hi", "a1").await;

    assert_eq!(unread(&bob).await, Some(1));
    let id = |number: u64| Id::try_from(number).expect("below 2^53");
    let groups = vec![GroupRev { gid: id(gid), rev: id(known.groups[0].rev), recalled_to: None }];
    let missed = SyncRequest { rev: Some(id(known.rev)), groups, ..SyncRequest::default() };
    let missed = bob.api.sync(&missed).await.expect("synced");
    let [delta] = &missed.groups[..] else { panic!("one group has changed: {missed:?}") };
    assert_eq!((delta.member, delta.unread, delta.messages[0].content.as_str()), (true, 1, "hi"));
}

async fn unread(of: &Person) -> Option<u64> {
    of.api.chats(of.uid, 1, 9).await.expect("chats")[0].unread
}

#[tokio::test]
async fn both_may_leave_and_the_chat_is_the_same_when_they_meet_again() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    anna.connect().await.send(gid, "hi", "a1").await;
    for person in [&anna, &bob] {
        person.post("/api/group/leave", json!({"gid": gid})).await.ok(true);
    }
    assert_eq!(bob.chat_with(&anna).await, gid);
    assert_eq!(anna.api.history(gid, 1, 9).await.expect("history").len(), 1);
    bob.connect().await.send(gid, "hi again", "b1").await;
}

#[tokio::test]
async fn mode_1_with_another_number_of_people_is_a_group_chat_that_keeps_its_number() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let carl = server.user("carl").await;
    let single = anna.chat_with(&bob).await;
    let alone = anna.api.create_group(1, "", &[]).await.expect("a group");
    let three = anna.api.create_group(1, "", &[bob.uid, carl.uid]).await.expect("a group");
    assert_ne!(anna.api.create_group(1, "", &[bob.uid, carl.uid]).await.expect("another"), three);
    assert!(alone != single && three != single);
    let modes: Vec<_> = anna.api.groups().await.expect("groups").iter().map(|group| group.mode).collect();
    assert_eq!(modes, [1, 1, 1, 1]);
    anna.change(alone, 1, &[&bob]).await.ok(true);
    anna.change(three, 2, &[&carl]).await.ok(true);
    assert_eq!(anna.chat_with(&bob).await, single, "a group chat of two is not the single chat");
}

#[tokio::test]
async fn unknown_people_and_oneself_have_no_single_chat() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let unknown =
        json!({"group": {"name": "", "avatar": "", "mode": 1}, "users": [{"uid": 4711, "role": 1}]});
    anna.post("/api/group/create", unknown).await.complains(200, 500, "4711");
    // With oneself alone it is a group of one, which others can be added to.
    let alone = anna.api.create_group(1, "notes", &[anna.uid]).await.expect("a group");
    anna.change(alone, 1, &[&server.user("bob").await]).await.ok(true);
}
