//! What users do with messages for themselves alone: hide them, clear a chat, star them. Their other devices hear of it.

use rim_client::protocol::frame::Notice;
use serde_json::{Value, json};

use crate::world::{Person, TestServer};

async fn ask(person: &Person, what: &str, body: Value) -> Value {
    person.post(&format!("/api/message/{what}"), body).await.data()
}

/// What each message of a group says, as somebody sees it.
async fn seen(person: &Person, gid: u64) -> Vec<String> {
    let page = ask(person, "history", json!({"gid": gid, "page": 1, "size": 9})).await;
    let texts = page.as_array().expect("a page").iter().map(|row| row["msg"]["content"].as_str());
    texts.map(|text| text.expect("a text").to_owned()).collect()
}

#[tokio::test]
async fn what_one_hides_and_clears_is_gone_for_oneself_on_all_devices() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    let mut ids = Vec::new();
    for text in ["one", "two", "three", "four"] {
        ids.push(of_anna.send(gid, text, text).await);
        of_bob.message().await;
    }
    assert_eq!(ask(&bob, "hide", json!({"gid": gid, "msgIds": [ids[1], ids[2]]})).await, json!(true));
    let notice = of_bob.notice(Notice::Hidden).await;
    assert_eq!((notice.gid, notice.msg_ids, notice.seqs), (Some(gid), vec![ids[1], ids[2]], vec![[2, 3]]));
    assert_eq!((seen(&bob, gid).await, seen(&anna, gid).await.len()), (vec!["one".into(), "four".into()], 4));
    let synced = bob.post("/api/sync", json!({})).await.data();
    assert_eq!(synced["hidden"], json!([{"gid": gid, "seqs": [[2, 3]]}]));
    assert_eq!(synced["groups"][0]["unread"], 2);
    for what in ["get", "readers", "edits", "replies", "star"] {
        let hidden = json!({"gid": gid, "msgId": ids[1]});
        bob.post(&format!("/api/message/{what}"), hidden).await.refused("no such message");
    }
    of_bob.may_not(404, "React", gid, ids[1], "👍").await;
    // What happens to it is told without what it is.
    of_anna.does("React", gid, ids[1], "👍", "r").await;
    assert_eq!(of_bob.notice(Notice::Moved).await.gid, Some(gid));

    assert_eq!(ask(&bob, "clear", json!({"gid": gid, "seq": 3})).await, json!(true));
    let notice = of_bob.notice(Notice::Cleared).await;
    assert_eq!((notice.gid, notice.seq), (Some(gid), Some(3)));
    assert_eq!(seen(&bob, gid).await, ["four"]);
    ask(&bob, "clear", json!({"gid": gid})).await;
    of_bob.notice(Notice::Cleared).await;
    assert_eq!(seen(&bob, gid).await, [""; 0]);
    assert_eq!(bob.api.chats(bob.uid, 1, 9).await.expect("chats"), []);
    of_anna.send(gid, "five", "five").await;
    assert_eq!(bob.api.chats(bob.uid, 1, 9).await.expect("chats")[0].msg.content, "five");
    of_anna.nothing_came("h").await;
}

#[tokio::test]
async fn a_star_is_one_s_own_and_its_list_pages_from_the_latest() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let (mut of_anna, mut of_bob) = (anna.connect().await, bob.connect().await);
    let mut ids = Vec::new();
    for text in ["one", "two", "three"] {
        let id = of_anna.send(gid, text, text).await;
        of_bob.message().await;
        ids.push(id);
        assert_eq!(ask(&bob, "star", json!({"gid": gid, "msgId": id})).await, json!(true));
        assert_eq!(of_bob.notice(Notice::Starred).await.msg_id, Some(id));
    }
    let listed = |body: Value| {
        let bob = bob.clone();
        async move {
            let page = ask(&bob, "stars", body).await;
            let ids =
                page["messages"].as_array().expect("a list").iter().map(|message| message["id"].as_u64());
            (ids.flatten().collect::<Vec<_>>(), page["more"] == true, page["next"].clone())
        }
    };
    let (first, more, next) = listed(json!({"page": 1, "size": 2})).await;
    assert_eq!((first, more), (vec![ids[2], ids[1]], true));
    assert_eq!(listed(json!({"page": 2, "size": 2})).await, (vec![ids[0]], false, Value::Null));
    assert_eq!(listed(json!({"before": next, "size": 2})).await.0, [ids[0]]);
    assert_eq!(listed(json!({"page": 3, "size": 2})).await.0, [0; 0]);
    ask(&bob, "unstar", json!({"gid": gid, "msgId": ids[1]})).await;
    assert_eq!(of_bob.notice(Notice::Unstarred).await.msg_id, Some(ids[1]));
    of_anna.does("Recall", gid, ids[2], "", "r").await;
    of_bob.notice(Notice::Recalled).await;
    let page = ask(&bob, "stars", json!({})).await;
    assert_eq!((&page["messages"][0]["content"], &page["messages"][1]["id"]), (&json!(""), &json!(ids[0])));
    assert_eq!(ask(&anna, "stars", json!({})).await["messages"], json!([]));
    of_anna.nothing_came("h").await;
}

#[tokio::test]
async fn the_messages_around_one_are_those_that_one_may_see() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let mut of_anna = anna.connect().await;
    let mut ids = Vec::new();
    for number in 1..=7 {
        ids.push(of_anna.send(gid, &number.to_string(), &number.to_string()).await);
    }
    ask(&bob, "hide", json!({"gid": gid, "msgIds": [ids[2]]})).await;
    let said = |around: &Value| {
        let messages = around["messages"].as_array().expect("a list").iter();
        messages.map(|message| message["content"].as_str().expect("a text").to_owned()).collect::<String>()
    };
    let around = ask(&bob, "around", json!({"gid": gid, "msgId": ids[3], "before": 2, "after": 1})).await;
    assert_eq!(
        (said(&around).as_str(), &around["older"], &around["newer"]),
        ("1245", &json!(false), &json!(true))
    );
    assert_eq!(around["users"][0]["id"], anna.uid);
    let around = ask(&bob, "around", json!({"gid": gid, "seq": 7, "before": 1, "after": 9})).await;
    assert_eq!(
        (said(&around).as_str(), &around["older"], &around["newer"]),
        ("67", &json!(true), &json!(false))
    );
    bob.post("/api/message/around", json!({"gid": gid, "seq": 3})).await.refused("no such message");
    bob.post("/api/message/around", json!({"gid": gid}))
        .await
        .refused("msgId: needed unless there is a `seq`");
}
