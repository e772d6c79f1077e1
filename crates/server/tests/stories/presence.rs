//! Presence: who comes and goes, told to those who know them and ask.

use rim_client::protocol::frame::Notice;
use serde_json::json;

use crate::NODES;
use crate::world::{Device, Person, TestServer};

/// Anna, and so many friends of hers.
async fn friends<const N: usize>(server: &TestServer, names: [&str; N]) -> (Person, [Person; N]) {
    let anna = server.user("anna").await;
    let mut friends = Vec::new();
    for name in names {
        let friend = server.user(name).await;
        anna.befriend(&friend).await;
        friends.push(friend);
    }
    (anna, friends.try_into().unwrap_or_else(|_| unreachable!("one for each name")))
}

/// Checks that the next frame tells of this user, and no more than it should.
async fn hears(device: &mut Device, what: Notice, of: &Person) {
    let notice = device.notice(what).await;
    assert_eq!((notice.uid, notice.gid, notice.msg_id), (of.uid, None, None), "{}", of.account);
    assert_eq!((notice.seq, notice.rev, notice.uids, notice.content), (None, None, vec![], String::new()));
    assert!(notice.created_at > 0);
}

async fn log_out(device: &mut Device) {
    device.put("Logout", 0, "", "o", None).await;
    assert_eq!(device.answer().await.code, None);
}

#[tokio::test]
async fn one_who_comes_is_told_at_once_and_one_who_goes_after_ten_seconds() {
    let server = TestServer::start().await;
    let (anna, [bob, carl, dan]) = friends(&server, ["bob", "carl", "dan"]).await;
    let mut of_anna = anna.connect().await;
    of_anna.watch(&[&bob, &carl, &dan]).await;
    of_anna.nothing_came("nobody is there").await;
    let of_bob = bob.connect().await;
    hears(&mut of_anna, Notice::Online, &bob).await;
    let carls = carl.connect().await;
    hears(&mut of_anna, Notice::Online, &carl).await;
    let _other = carl.connect().await;
    let mut of_dan = dan.connect_to(&server.old_ws()).await;
    hears(&mut of_anna, Notice::Online, &dan).await;

    // Bob reloads, Carl has another device, and Dan alone is gone, though their socket is open.
    drop(of_bob);
    let _back = bob.connect().await;
    drop(carls);
    log_out(&mut of_dan).await;
    if NODES == 1 {
        server.seconds_pass(10).await;
        of_anna.nothing_came("they may come back").await;
        server.seconds_pass(1).await;
    }
    // Of several nodes each begins to count when it has heard of it.
    server.time_passes_until(hears(&mut of_anna, Notice::Offline, &dan)).await;
    of_anna.nothing_came("the others are there").await;

    of_dan.socket.log_in(dan.uid, dan.token(), false).await.expect("logged in");
    hears(&mut of_anna, Notice::Online, &dan).await;
    of_dan.nothing_came("they did not ask").await;
}

#[tokio::test]
async fn a_watch_begins_with_those_who_are_there() {
    let server = TestServer::start().await;
    let (anna, [bob, carl]) = friends(&server, ["bob", "carl"]).await;
    let dan = server.user("dan").await;
    let gid = dan.chat_with(&anna).await;
    let (_bobs, mut dans) = (bob.connect().await, dan.connect().await);
    dans.put("Msg", gid, "Hello Anna", "d", None).await;
    assert_eq!(dans.answer().await.code, None);
    for device in [&mut anna.connect().await, &mut anna.connect_to(&server.old_ws()).await] {
        device.watch(&[&bob, &carl]).await;
        hears(device, Notice::Online, &bob).await;
        device.watch(&[&dan]).await;
        hears(device, Notice::Online, &dan).await;
        device.nothing_came("Carl is not there").await;
    }
}

#[tokio::test]
async fn of_strangers_nothing_is_told() {
    let server = TestServer::start().await;
    let (anna, [bob]) = friends(&server, ["bob"]).await;
    let (asked, member, stranger) =
        (server.user("carl").await, server.user("dan").await, server.user("eve").await);
    anna.group_with(&[&member]).await;
    anna.chat_with(&stranger).await;
    assert!(anna.api.add_friend(asked.uid).await.expect("asked"));
    let mut of_anna = anna.connect().await;
    let all = [&anna, &asked, &member, &stranger, &bob];
    of_anna.watch(&all).await;
    let of_asked = asked.connect().await;
    let (_member, _stranger, _anna) =
        (member.connect().await, stranger.connect().await, anna.connect().await);
    let _bob = bob.connect().await;
    hears(&mut of_anna, Notice::Online, &bob).await;
    of_anna.nothing_came("nothing of the others").await;

    // Who somebody knows is looked at when they begin to watch.
    assert!(asked.api.answer_friend(anna.uid, 1).await.expect("accepted"));
    assert_eq!(of_anna.notice(Notice::FriendAccepted).await.uid, asked.uid);
    of_anna.nothing_came("not of them either").await;
    of_anna.watch(&[&asked]).await;
    hears(&mut of_anna, Notice::Online, &asked).await;
    drop(of_asked);
}

#[tokio::test]
async fn each_watch_replaces_the_one_before() {
    let server = TestServer::start().await;
    let (anna, [bob, carl]) = friends(&server, ["bob", "carl"]).await;
    let (mut all, mut some, mut none) = (anna.connect().await, anna.connect().await, anna.connect().await);
    all.watch(&[&bob, &carl]).await;
    some.watch(&[&bob]).await;
    some.watch(&[&carl, &carl]).await;
    none.watch(&[&bob, &carl]).await;
    none.watch(&[]).await;
    let _bob = bob.connect().await;
    hears(&mut all, Notice::Online, &bob).await;
    let _carl = carl.connect().await;
    hears(&mut all, Notice::Online, &carl).await;
    hears(&mut some, Notice::Online, &carl).await;
    for device in [&mut all, &mut some, &mut none] {
        device.nothing_came("nobody else").await;
    }
}

#[tokio::test]
async fn logging_out_or_in_ends_a_watch() {
    let server = TestServer::start().await;
    let (anna, [bob]) = friends(&server, ["bob"]).await;
    let mut devices = Vec::new();
    for _ in 0..3 {
        let mut device = anna.connect().await;
        device.watch(&[&bob]).await;
        devices.push(device);
    }
    let [watching, out, again] = &mut devices[..] else { unreachable!("three") };
    log_out(out).await;
    again.socket.log_in(anna.uid, anna.token(), false).await.expect("logged in");
    let _bob = bob.connect().await;
    hears(watching, Notice::Online, &bob).await;
    again.nothing_came("h").await;
    out.nothing_came("h").await;
}

#[tokio::test]
async fn what_is_wrong_with_a_watch_is_said() {
    let server = TestServer::start().await;
    let (anna, [bob]) = friends(&server, ["bob"]).await;
    let mut device = anna.connect().await;
    let many: Vec<u64> = (1..=501).collect();
    for (body, code, reason) in [
        (json!({"uid": bob.uid, "uids": [anna.uid]}), 403, "uid: this connection has logged in as"),
        (json!({"uid": anna.uid}), 422, "uids: required, a list of at most 500 ids of users"),
        (json!({"uid": anna.uid, "uids": many}), 422, "uids: must be a list of at most 500 ids of users"),
        (json!({"uid": anna.uid, "uids": [bob.uid, "x"]}), 422, "uids: must be a list of at most 500"),
        (json!({"uid": "x", "uids": [bob.uid]}), 422, "uid: must be a whole number"),
    ] {
        let mut body = body;
        body["clientMsgId"] = json!("w");
        device.say(json!({"event": "Watch", "body": body}).to_string()).await;
        let answer = device.answer().await;
        assert_eq!((answer.code, answer.client_msg_id.as_str()), (Some(code), "w"));
        assert!(answer.content.starts_with(reason), "{}", answer.content);
    }
    log_out(&mut device).await;
    device.socket.watch(anna.uid, &[bob.uid]).await.expect("sent");
    assert_eq!(device.answer().await.code, Some(401));
    let _bob = bob.connect().await;
    device.nothing_came("of all this nothing was done").await;
}

#[tokio::test]
async fn as_many_as_one_may_watch_are_watched_and_told_behind_what_was_asked_before() {
    let server = TestServer::start().await;
    let (anna, [bob]) = friends(&server, ["bob"]).await;
    let gid = anna.chat_with(&bob).await;
    let mut device = anna.connect().await;
    let _bob = bob.connect().await;
    let mut uids: Vec<u64> = (1_000_000..1_000_499).collect();
    uids.push(bob.uid);
    for number in 0..20 {
        device.put("Msg", gid, "x", &number.to_string(), None).await;
    }
    let watch = device.socket.watch(anna.uid, &uids).await.expect("sent");
    for number in 0..20 {
        assert_eq!(device.answer().await.client_msg_id, number.to_string());
    }
    device
        .hears(format!(r#"{{"clientMsgId":"{watch}","serverMsgId":null,"kind":"Ack","content":"Ok"}}"#))
        .await;
    hears(&mut device, Notice::Online, &bob).await;
}

#[tokio::test]
async fn who_names_others_again_and_again_is_told_to_pause() {
    let server = TestServer::start().await;
    let (anna, [bob]) = friends(&server, ["bob"]).await;
    let mut device = anna.connect().await;
    let mut watches = 0;
    let refused = loop {
        device.socket.watch(anna.uid, &[bob.uid]).await.expect("sent");
        let answer = device.answer().await;
        if answer.code.is_some() {
            break answer;
        }
        watches += 1;
        assert!(watches < 1000, "nobody is stopped");
    };
    assert_eq!(refused.code, Some(429));
    assert!(refused.content.starts_with("too fast: try again in "), "{}", refused.content);
    assert_eq!(watches, 60);
    let _bob = bob.connect().await;
    hears(&mut device, Notice::Online, &bob).await;
}
