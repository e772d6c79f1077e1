//! Receipts: how far the messages of a group have come, told to those who want to know.

use rim_client::protocol::frame::Notice;
use serde_json::json;

use crate::world::{Device, Person, TestServer};

/// Sends a receipt and checks that its Ack is the fixed one.
async fn receipt(device: &mut Device, event: &str, gid: u64, message: u64) {
    device.put(event, gid, "", "r", Some(message)).await;
    let echoed = if event == "Read" { message.to_string() } else { "null".to_owned() };
    device
        .hears(format!(r#"{{"clientMsgId":"r","serverMsgId":{echoed},"kind":"Ack","content":"Ok"}}"#))
        .await;
}

async fn unread(of: &Person) -> u64 {
    of.api.chats(of.uid, 1, 9).await.expect("chats")[0].unread.expect("a number")
}

#[tokio::test]
async fn the_others_and_one_s_own_other_devices_hear_of_a_receipt() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let mut of_anna = anna.connect().await;
    let id = of_anna.send(gid, "hi", "a1").await;
    let (mut reader, mut other) = (bob.connect().await, bob.connect_to(&server.old_ws()).await);
    for (event, kind) in [("Ack", Notice::Delivered), ("Read", Notice::Read)] {
        receipt(&mut reader, event, gid, id).await;
        for device in [&mut of_anna, &mut other] {
            let notice = device.notice(kind).await;
            assert_eq!((notice.uid, notice.gid), (bob.uid, Some(gid)));
            assert_eq!((notice.msg_id, notice.seq), (Some(id), Some(1)));
        }
        reader.nothing_came("the reader has their Ack").await;
        // Again is no change.
        receipt(&mut reader, event, gid, id).await;
        of_anna.nothing_came("h").await;
    }
}

#[tokio::test]
async fn a_receipt_never_goes_back_and_read_implies_delivered() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let mut of_anna = anna.connect().await;
    let mut ids = Vec::new();
    for i in 0..3 {
        ids.push(of_anna.send(gid, "x", &i.to_string()).await);
    }
    let mut of_bob = bob.connect().await;
    assert_eq!(unread(&bob).await, 3);
    receipt(&mut of_bob, "Read", gid, ids[1]).await;
    assert_eq!(of_anna.notice(Notice::Read).await.seq, Some(2));
    assert_eq!(unread(&bob).await, 1);
    receipt(&mut of_bob, "Read", gid, ids[0]).await;
    receipt(&mut of_bob, "Ack", gid, ids[0]).await;
    receipt(&mut of_bob, "Ack", gid, ids[1]).await;
    of_anna.nothing_came("h").await;
    assert_eq!(unread(&bob).await, 1);
    receipt(&mut of_bob, "Ack", gid, ids[2]).await;
    assert_eq!(of_anna.notice(Notice::Delivered).await.seq, Some(3));
    assert_eq!(unread(&bob).await, 1, "delivered is not read");
}

#[tokio::test]
async fn what_does_not_exist_or_is_another_group_s_is_acked_and_marks_nothing() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let (gid, other) = (anna.chat_with(&bob).await, anna.group_with(&[&bob]).await);
    let mut of_anna = anna.connect().await;
    of_anna.send(gid, "x", "a1").await;
    let elsewhere = of_anna.send(other, "x", "a2").await;
    let mut of_bob = bob.connect().await;
    for event in ["Read", "Ack"] {
        for message in [elsewhere, 4711, 0, 9_007_199_254_740_991] {
            receipt(&mut of_bob, event, gid, message).await;
        }
    }
    of_anna.nothing_came("h").await;
    assert_eq!(unread(&bob).await, 1);
}

#[tokio::test]
async fn strangers_leave_no_receipts() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let carl = server.user("carl").await;
    let gid = anna.chat_with(&bob).await;
    let mut of_anna = anna.connect().await;
    let id = of_anna.send(gid, "x", "a1").await;
    let mut of_carl = carl.connect().await;
    for (gid, code) in [(gid, 403), (4711, 404)] {
        for event in ["Read", "Ack"] {
            of_carl.put(event, gid, "", "r", Some(id)).await;
            let answer = of_carl.answer().await;
            assert_eq!(
                (answer.client_msg_id.as_str(), answer.server_msg_id, answer.code),
                ("r", None, Some(code))
            );
        }
    }
    of_anna.nothing_came("h").await;
}

#[tokio::test]
async fn group_read_tells_like_a_read_up_to_the_last_message() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    of_anna.send(gid, "x", "a1").await;
    let last = of_anna.send(gid, "y", "a2").await;
    assert_eq!([of_bob.message().await.seq, of_bob.message().await.seq], [1, 2]);
    bob.post("/api/message/group/read", json!({"gid": gid, "uid": bob.uid})).await.ok(true);
    for device in [&mut of_anna, &mut of_bob] {
        let notice = device.notice(Notice::Read).await;
        assert_eq!((notice.uid, notice.msg_id, notice.seq), (bob.uid, Some(last), Some(2)));
    }
    bob.post("/api/message/group/read", json!({"gid": gid, "uid": bob.uid})).await.ok(true);
    of_anna.nothing_came("h").await;
}

#[tokio::test]
async fn receipts_outlive_a_restart() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let mut of_anna = anna.connect().await;
    let first = of_anna.send(gid, "x", "a1").await;
    of_anna.send(gid, "y", "a2").await;
    receipt(&mut bob.connect().await, "Read", gid, first).await;
    let _server = server.restart().await;
    assert_eq!(unread(&bob).await, 1);
    let synced = anna.api.sync(&Default::default()).await.expect("synced");
    let of_bob = synced.groups[0].members.iter().find(|member| member.uid == bob.uid).expect("a member");
    assert_eq!((of_bob.read_seq, of_bob.delivered_seq), (1, 1));
}
