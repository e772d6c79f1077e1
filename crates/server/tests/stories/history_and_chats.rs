//! Reading: pages of history, and the list of chats.

use rim_client::protocol::Id;
use rim_client::protocol::frame::Notice;
use rim_client::protocol::sync::{ChatState, SyncRequest};
use serde_json::{Value, json};

use crate::world::{Device, Person, TestServer};

/// Sends messages `1` to `count`, as many at once as a connection may have unanswered.
async fn send_many(device: &mut Device, gid: u64, count: usize) {
    let numbers: Vec<usize> = (1..=count).collect();
    for chunk in numbers.chunks(200) {
        for number in chunk {
            device.put("Msg", gid, &number.to_string(), &format!("n{number}"), None).await;
        }
        for number in chunk {
            let answer = device.answer().await;
            assert_eq!((answer.client_msg_id, answer.code), (format!("n{number}"), None));
        }
    }
}

/// The contents of a page of history.
async fn page(of: &Person, gid: u64, page: u64, size: u64) -> Vec<String> {
    let body = json!({"gid": gid, "uid": of.uid, "page": page, "size": size});
    contents(&of.post("/api/message/history", body).await.data())
}

fn contents(items: &Value) -> Vec<String> {
    let items = items.as_array().expect("a list");
    items.iter().map(|item| item["msg"]["content"].as_str().expect("text").to_owned()).collect()
}

fn numbers(range: std::ops::RangeInclusive<u64>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[tokio::test]
async fn page_1_holds_the_newest_and_each_page_ascends() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    send_many(&mut anna.connect().await, gid, 25).await;
    assert_eq!(page(&bob, gid, 1, 10).await, numbers(16..=25));
    assert_eq!(page(&bob, gid, 2, 10).await, numbers(6..=15));
    assert_eq!(page(&bob, gid, 3, 10).await, numbers(1..=5));
    assert_eq!(page(&bob, gid, 0, 10).await, numbers(16..=25), "page 0 reads as page 1");
    for (past_the_end, size) in
        [(4_u64, 10), (4_000_000_000, 10), (4_294_967_295, 200), (1, 0), (0, 0), (7, 0)]
    {
        let body = json!({"gid": gid, "uid": bob.uid, "page": past_the_end, "size": size});
        bob.post("/api/message/history", body).await.ok("[]");
    }
}

#[tokio::test]
async fn a_size_over_the_cap_still_meets_every_message_once() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    send_many(&mut anna.connect().await, gid, 450).await;
    for size in [200, 201, 1000, 4_000_000_000] {
        assert_eq!(page(&bob, gid, 1, size).await, numbers(251..=450), "{size}");
        assert_eq!(page(&bob, gid, 2, size).await, numbers(51..=250), "{size}");
        assert_eq!(page(&bob, gid, 3, size).await, numbers(1..=50), "{size}");
        assert!(page(&bob, gid, 4, size).await.is_empty(), "{size}");
    }
}

#[tokio::test]
async fn before_seq_holds_pages_still_while_new_messages_come() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let mut device = anna.connect().await;
    send_many(&mut device, gid, 9).await;
    device.send(gid, "new", "x").await;
    for (number, expected) in [(1, numbers(5..=7)), (2, numbers(2..=4)), (3, numbers(1..=1)), (4, vec![])] {
        let body = json!({"gid": gid, "page": number, "size": 3, "beforeSeq": 8});
        assert_eq!(contents(&bob.post("/api/message/history", body).await.data()), expected);
    }
}

#[tokio::test]
async fn the_uid_in_the_body_is_ignored_and_the_view_is_the_caller_s_own() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    anna.connect().await.send(gid, "hi", "c1").await;
    let own = bob.post("/api/message/history", json!({"gid": gid, "page": 1, "size": 9})).await;
    assert_eq!(contents(&own.data()), ["hi"]);
    for uid in [json!(anna.uid), json!(bob.uid), json!(4711), json!("x"), Value::Null, json!(-1)] {
        let body = json!({"gid": gid, "uid": uid, "page": 1, "size": 9});
        own.ok(bob.post("/api/message/history", body).await.data());
    }
}

#[tokio::test]
async fn strangers_read_an_empty_list_and_never_null() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let carl = server.user("carl").await;
    let gid = anna.chat_with(&bob).await;
    anna.connect().await.send(gid, "not for Carl", "c1").await;
    for (gid, uid) in [(gid, anna.uid), (gid, carl.uid), (4711, carl.uid), (0, 0)] {
        let body = json!({"gid": gid, "uid": uid, "page": 1, "size": 9});
        carl.post("/api/message/history", body).await.ok("[]");
    }
    let empty = carl.group_with(&[]).await;
    let body = json!({"gid": empty, "uid": carl.uid, "page": 1, "size": 9});
    carl.post("/api/message/history", body).await.ok("[]");
}

#[tokio::test]
async fn nothing_from_before_joining_is_shown() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.group_with(&[]).await;
    let mut device = anna.connect().await;
    send_many(&mut device, gid, 5).await;
    anna.change(gid, 1, &[&bob]).await.ok(true);
    assert!(page(&bob, gid, 1, 9).await.is_empty());
    let list = json!({"uid": bob.uid, "page": 1, "size": 9});
    bob.post("/api/message/chat/list", list.clone()).await.ok("[]");
    device.send(gid, "welcome", "w").await;
    assert_eq!(page(&bob, gid, 1, 9).await, ["welcome"]);
    assert_eq!(bob.post("/api/message/chat/list", list).await.data()[0]["unread"], 1);
}

#[tokio::test]
async fn the_list_holds_one_s_own_chats_and_a_chat_appears_with_its_first_message() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let list = async |of: &Person, uid: u64| {
        of.post("/api/message/chat/list", json!({"uid": uid, "page": 1, "size": 9})).await
    };
    list(&anna, anna.uid).await.ok("[]");
    anna.connect().await.send(gid, "hi", "c1").await;
    assert_eq!(contents(&list(&anna, anna.uid).await.data()), ["hi"]);
    assert_eq!(contents(&list(&bob, bob.uid).await.data()), ["hi"]);
    list(&bob, anna.uid).await.ok("[]");
    list(&bob, 4711).await.ok("[]");
    bob.change(gid, 2, &[&bob]).await.ok(true);
    assert_eq!(contents(&list(&bob, bob.uid).await.data()), ["hi"], "who has left keeps their part");
}

#[tokio::test]
async fn pages_of_chats_are_cut_newest_first_and_ascend_inside() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let mut groups = Vec::new();
    let mut device = anna.connect().await;
    for _ in 0..7 {
        let gid = anna.group_with(&[]).await;
        assert_eq!(device.notice(rim_client::protocol::frame::Notice::GroupCreated).await.gid, Some(gid));
        groups.push(gid);
    }
    // The third group is the last to speak.
    for index in [0, 1, 3, 4, 5, 6, 2] {
        device.send(groups[index], &index.to_string(), "m").await;
    }
    let page = async |page: u64, size: u64| {
        let body = json!({"uid": anna.uid, "page": page, "size": size});
        contents(&anna.post("/api/message/chat/list", body).await.data())
    };
    assert_eq!(page(1, 3).await, ["5", "6", "2"]);
    assert_eq!(page(2, 3).await, ["1", "3", "4"]);
    assert_eq!(page(3, 3).await, ["0"]);
    assert_eq!(page(4, 3).await.len(), 0);
    assert_eq!(page(1, 0).await.len(), 0);
    assert_eq!(page(0, 3).await, ["5", "6", "2"]);
    assert_eq!(page(1, 1000).await, ["0", "1", "3", "4", "5", "6", "2"]);
}

#[tokio::test]
async fn more_chats_than_the_cap_are_met_by_walking_pages() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let mut device = anna.connect().await;
    let mut groups = Vec::new();
    for _ in 0..203 {
        let gid = anna.group_with(&[]).await;
        device.send(gid, &gid.to_string(), "m").await;
        groups.push(gid);
    }
    let mut met = Vec::new();
    for page in 1..=3 {
        let chats = anna.api.chats(anna.uid, page, 1000).await.expect("chats");
        assert_eq!(chats.len(), [200, 3, 0][page as usize - 1]);
        met.splice(0..0, chats.iter().map(|chat| chat.group.id));
    }
    assert_eq!(met, groups);
}

#[tokio::test]
async fn the_user_of_a_chat_is_the_first_other_member_and_never_the_sender_as_such() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let carl = server.user("carl").await;
    let gid = anna.group_with(&[&bob, &carl]).await;
    carl.connect().await.send(gid, "from Carl", "c1").await;
    let title = async |of: &Person| of.api.chats(of.uid, 1, 9).await.expect("chats")[0].user.id;
    assert_eq!(title(&anna).await, bob.uid);
    assert_eq!(title(&bob).await, anna.uid);
    assert_eq!(title(&carl).await, anna.uid);
    bob.change(gid, 2, &[&bob]).await.ok(true);
    assert_eq!(title(&anna).await, carl.uid, "the first other who is a member now");
    carl.change(gid, 2, &[&carl]).await.ok(true);
    assert_eq!(title(&anna).await, bob.uid, "the first other former one");
    anna.change(gid, 1, &[&carl]).await.ok(true);
    anna.change(gid, 1, &[&bob]).await.ok(true);
    assert_eq!(title(&anna).await, carl.uid, "in order of their return");

    let alone = anna.group_with(&[]).await;
    anna.connect().await.send(alone, "note", "n1").await;
    assert_eq!(title(&anna).await, carl.uid, "ascending: the notes come second");
    assert_eq!(anna.api.chats(anna.uid, 1, 9).await.expect("chats")[1].user.id, anna.uid, "never null");
}

#[tokio::test]
async fn the_chat_of_one_who_was_removed_stays_in_their_list_with_their_part() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.group_with(&[&bob]).await;
    let mut of_anna = anna.connect().await;
    send_many(&mut of_anna, gid, 2).await;
    anna.change(gid, 2, &[&bob]).await.ok(true);
    of_anna.send(gid, "without them", "later").await;

    let body = json!({"uid": bob.uid, "page": 1, "size": 9});
    let chats = bob.post("/api/message/chat/list", body).await.data();
    let chat = &chats[0];
    assert_eq!((&chat["msg"]["seq"], &chat["unread"], &chat["left"]), (&json!(2), &json!(2), &json!(true)));
    // The key is there only where it says something, and last.
    let keys: Vec<_> = chat.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(keys, ["group", "msg", "user", "unread", "left"]);
    let of_hers = &anna.post("/api/message/chat/list", json!({"uid": anna.uid, "page": 1, "size": 9})).await;
    assert!(!of_hers.data().to_string().contains("left"));

    // They read their part, on all of their devices.
    let mut of_bob = bob.connect().await;
    bob.post("/api/message/group/read", json!({"gid": gid})).await.ok(true);
    let notice = of_bob.notice(Notice::Read).await;
    assert_eq!((notice.uid, notice.gid, notice.seq, notice.rev), (bob.uid, Some(gid), Some(2), None));
    assert_eq!(bob.api.chats(bob.uid, 1, 9).await.expect("chats")[0].unread, Some(0));
    bob.post("/api/message/group/read", json!({"gid": gid})).await.ok(true);
    of_bob.nothing_came("h").await;
}

#[tokio::test]
async fn a_deleted_chat_is_gone_on_all_of_ones_own_devices_until_something_new_comes() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let mut of_anna = anna.connect().await;
    send_many(&mut of_anna, gid, 2).await;
    let (mut phone, mut laptop) = (bob.connect().await, bob.connect().await);
    let known = bob.api.sync(&SyncRequest::default()).await.expect("synced");
    let listed = async |of: &Person| of.api.chats(of.uid, 1, 9).await.expect("chats").len();

    assert!(bob.api.delete_chat(gid).await.expect("deleted"));

    for device in [&mut phone, &mut laptop] {
        let notice = device.notice(Notice::ChatDeleted).await;
        assert_eq!((notice.uid, notice.gid, notice.seq, notice.rev), (bob.uid, Some(gid), Some(2), None));
    }
    assert_eq!((listed(&bob).await, listed(&anna).await), (0, 1));
    assert_eq!(bob.api.groups().await.expect("groups").len(), 1, "they are a member as before");
    assert_eq!(bob.api.history(gid, 1, 9).await.expect("history").len(), 2);
    let rev = Id::try_from(known.rev).expect("below 2^53");
    let request = SyncRequest { rev: Some(rev), window: Some(0), ..SyncRequest::default() };
    let chats = bob.api.sync(&request).await.expect("synced").chats;
    assert_eq!(chats, [ChatState { gid, deleted_seq: Some(2), read_seq: 0 }]);

    // Again is no change, and Anna hears of none.
    bob.post("/api/chat/delete", json!({"gid": gid, "seq": 1})).await.ok(true);
    phone.nothing_came("h").await;
    of_anna.nothing_came("h").await;

    of_anna.send(gid, "new", "n").await;
    assert_eq!(phone.message().await.content, "new");
    assert_eq!(listed(&bob).await, 1);
    // What they have not seen by then is not deleted.
    bob.post("/api/chat/delete", json!({"gid": gid, "seq": 2})).await.ok(true);
    assert_eq!(listed(&bob).await, 1);
    bob.post("/api/chat/delete", json!({"gid": gid, "seq": 3})).await.ok(true);
    assert_eq!(listed(&bob).await, 0);
}

#[tokio::test]
async fn one_deletes_chats_one_has_left_but_not_those_of_others() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let carl = server.user("carl").await;
    let gid = anna.group_with(&[&bob]).await;
    anna.connect().await.send(gid, "hi", "a1").await;
    bob.post("/api/group/leave", json!({"gid": gid})).await.ok(true);
    bob.post("/api/chat/delete", json!({"gid": gid})).await.ok(true);
    assert!(bob.api.chats(bob.uid, 1, 9).await.expect("chats").is_empty());
    anna.change(gid, 1, &[&bob]).await.ok(true);
    assert_eq!(bob.api.chats(bob.uid, 1, 9).await.expect("chats").len(), 1, "they are back");
    let stranger = carl.post("/api/chat/delete", json!({"gid": gid})).await;
    stranger.refused("you are not a member of this group");
    carl.post("/api/chat/delete", json!({"gid": 4711})).await.refused("no such group");
}

#[tokio::test]
async fn the_user_of_history_is_the_sender_also_one_who_left() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.group_with(&[&bob]).await;
    bob.connect().await.send(gid, "bye", "b1").await;
    anna.connect().await.send(gid, "oh", "a1").await;
    bob.change(gid, 2, &[&bob]).await.ok(true);
    let items = anna.api.history(gid, 1, 9).await.expect("history");
    assert_eq!(items.iter().map(|item| item.user.id).collect::<Vec<_>>(), [bob.uid, anna.uid]);
    assert!(items.iter().all(|item| item.unread.is_none()));
}

#[tokio::test]
async fn writing_in_a_chat_reads_it_and_group_read_marks_all() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let carl = server.user("carl").await;
    let gid = anna.chat_with(&bob).await;
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    let unread = async |of: &Person| of.api.chats(of.uid, 1, 9).await.expect("chats")[0].unread;
    send_many(&mut of_anna, gid, 3).await;
    assert_eq!((unread(&anna).await, unread(&bob).await), (Some(0), Some(3)));
    of_bob.send(gid, "an answer", "b1").await;
    assert_eq!((unread(&anna).await, unread(&bob).await), (Some(1), Some(0)));
    of_anna.send(gid, "more", "a1").await;
    assert_eq!(unread(&bob).await, Some(1));
    // The uid is ignored; the answer is exactly `true`, again and again.
    for uid in [json!(bob.uid), json!(anna.uid), Value::Null] {
        bob.post("/api/message/group/read", json!({"gid": gid, "uid": uid})).await.ok(true);
    }
    bob.post("/api/message/group/read", json!({"gid": gid})).await.ok(true);
    assert_eq!(unread(&bob).await, Some(0));
    assert_eq!(unread(&anna).await, Some(0), "she wrote last");
    let stranger = json!({"gid": gid, "uid": bob.uid});
    carl.post("/api/message/group/read", stranger).await.refused("you are not a member of this group");
    let unknown = json!({"gid": 4711, "uid": bob.uid});
    bob.post("/api/message/group/read", unknown).await.refused("no such group");
}
