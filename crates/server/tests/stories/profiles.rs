//! Names and pictures: who hears of a new one, at once or on coming back.

use rim_client::protocol::frame::{IncomingNotice, Notice};
use serde_json::json;

use crate::NODES;
use crate::world::{Device, Person, TestServer};

/// The next notices, which are of profiles, by group: on several nodes each topic comes by itself.
async fn told(device: &mut Device, count: usize) -> Vec<IncomingNotice> {
    let mut notices = Vec::new();
    for _ in 0..count {
        notices.push(device.notice(Notice::ProfileUpdated).await);
    }
    notices.sort_by_key(|notice| notice.gid);
    notices
}

async fn rename(who: &Person, name: &str) {
    who.post("/api/user/update", json!({"name": name})).await.data();
}

#[tokio::test]
async fn a_new_name_reaches_friends_and_members_at_once() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let (carl, dan) = (server.user("carl").await, server.user("dan").await);
    bob.befriend(&anna).await;
    let (group, single) = (carl.group_with(&[&anna]).await, anna.chat_with(&carl).await);
    dan.group_with(&[&carl]).await;
    anna.post("/api/user/update", json!({"email": "anna@example.org"})).await.data();
    let (mut on_phone, mut of_bob) = (anna.connect().await, bob.connect().await);
    let (mut of_carl, mut of_dan) = (carl.connect().await, dan.connect().await);

    rename(&anna, "Anna B").await;

    let of_friend = &told(&mut of_bob, 1).await[0];
    let seen = of_friend.user.clone().expect("who was renamed");
    assert_eq!((of_friend.uid, of_friend.gid, of_friend.rev), (anna.uid, None, None));
    assert_eq!((seen.id, seen.name.as_str(), seen.email.as_str()), (anna.uid, "Anna B", ""));
    of_bob.nothing_came("b").await;

    let of_member = told(&mut of_carl, 2).await;
    assert_eq!([of_member[0].gid, of_member[1].gid], [Some(group), Some(single)]);
    assert!(of_member.iter().all(|notice| notice.uid == anna.uid && notice.rev.is_some()));
    let described: Vec<_> = of_member.iter().filter_map(|notice| notice.user.as_ref()).collect();
    assert_eq!(described, [&seen], "told once, with all that one needs to show it");
    of_carl.nothing_came("c").await;

    let own = told(&mut on_phone, 3).await;
    assert_eq!([own[0].gid, own[1].gid, own[2].gid], [None, Some(group), Some(single)]);
    assert_eq!(own[0].user.as_ref().map(|user| user.email.as_str()), Some("anna@example.org"));
    of_dan.nothing_came("d").await;
}

#[tokio::test]
async fn what_others_do_not_see_or_what_stays_is_not_told_them() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    anna.befriend(&bob).await;
    anna.group_with(&[&bob]).await;
    let (mut on_phone, mut of_bob) = (anna.connect().await, bob.connect().await);
    let own = |name: &str, email: &str| json!({"name": name, "email": email});
    anna.post("/api/user/update", own("anna", "a@example.org")).await.data();
    assert_eq!(told(&mut on_phone, 1).await[0].gid, None);
    anna.post("/api/user/update", own("anna", "a@example.org")).await.data();
    on_phone.nothing_came("a").await;
    of_bob.nothing_came("b").await;
}

#[tokio::test]
async fn who_was_away_learns_what_others_are_called_now() {
    let server = TestServer::start().await;
    let (anna, bob, carl) = (server.user("anna").await, server.user("bob").await, server.user("carl").await);
    anna.befriend(&bob).await;
    let group = anna.group_with(&[&carl]).await;
    let everything = json!({"rev": 0, "groups": []});
    let of_bob = bob.post("/api/sync", everything.clone()).await.data();
    let of_carl = carl.post("/api/sync", everything).await.data();

    rename(&anna, "Anna B").await;

    let missed = bob.post("/api/sync", json!({"rev": of_bob["rev"], "groups": []})).await.data();
    assert_eq!(missed["friends"], json!([{"uid": anna.uid, "state": "friends"}]));
    assert_eq!(missed["users"][0]["name"], "Anna B");
    let known = json!([{"gid": group, "rev": of_carl["groups"][0]["rev"]}]);
    let missed = carl.post("/api/sync", json!({"rev": of_carl["rev"], "groups": known})).await.data();
    assert_eq!(missed["groups"][0]["members"][0]["uid"], anna.uid);
    assert_eq!(missed["users"][0]["name"], "Anna B");
}

#[tokio::test]
async fn who_changes_their_name_without_end_is_told_to_wait() {
    if NODES > 1 {
        // Each node counts for itself.
        return;
    }
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    for n in 0..10 {
        rename(&anna, &format!("anna {n}")).await;
    }
    let answer = anna.post("/api/user/update", json!({"name": "anna"})).await;
    answer.complains(429, 429, "too many requests");
}
