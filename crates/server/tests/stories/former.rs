//! Who has left a group reads their part of it as it was when they left; only what is recalled is gone for them, too.

use rim_client::protocol::frame::Notice;
use serde_json::{Value, json};

use crate::world::{Person, TestServer};

async fn ask(person: &Person, what: &str, body: Value) -> Value {
    person.post(&format!("/api/message/{what}"), body).await.data()
}

/// The messages of a group, as somebody reads them.
async fn read(person: &Person, gid: u64) -> Vec<Value> {
    let page = ask(person, "history", json!({"gid": gid, "page": 1, "size": 9})).await;
    page.as_array().expect("a page").iter().map(|row| row["msg"].clone()).collect()
}

fn texts(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["content"].as_str().expect("a text")).collect()
}

#[tokio::test]
async fn who_has_left_reads_what_was_and_hears_of_recalls_alone() {
    let server = TestServer::start().await;
    let (anna, bob, cora) = (server.user("anna").await, server.user("bob").await, server.user("cora").await);
    let gid = anna.group_with(&[&bob, &cora]).await;
    let (mut of_anna, mut of_bob, mut of_cora) =
        (anna.connect().await, bob.connect().await, cora.connect().await);
    let mut ids = Vec::new();
    for text in ["one", "two", "three"] {
        ids.push(of_anna.send(gid, text, text).await);
        of_bob.message().await;
        of_cora.message().await;
    }
    of_cora.does("React", gid, ids[1], "👍", "c1").await;
    of_bob.notice(Notice::Reacted).await;
    let known = bob.post("/api/sync", json!({})).await.data();
    of_anna.does("Edit", gid, ids[0], "one!", "a1").await;
    of_bob.notice(Notice::Edited).await;
    of_cora.notice(Notice::Edited).await;
    bob.change(gid, 2, &[&bob]).await.data();
    of_bob.notice(Notice::MembersRemoved).await;
    of_cora.notice(Notice::MembersRemoved).await;
    let then = read(&bob, gid).await;
    assert_eq!(texts(&then), ["one!", "two", "three"]);

    of_anna.does("Edit", gid, ids[0], "later", "a2").await;
    of_anna.does("Edit", gid, ids[1], "later", "a3").await;
    for _ in 0..2 {
        of_cora.notice(Notice::Edited).await;
    }
    of_cora.does("Unreact", gid, ids[1], "👍", "c2").await;
    of_anna.does("Pin", gid, ids[1], "", "a4").await;
    of_cora.notice(Notice::Pinned).await;
    assert_eq!(read(&bob, gid).await, then);
    let one = json!({"gid": gid, "msgId": ids[1]});
    assert_eq!(ask(&bob, "get", one.clone()).await, then[1]);
    assert_eq!(ask(&bob, "edits", one.clone()).await.as_array().map(Vec::len), Some(1));
    assert_eq!(ask(&bob, "reactions", one).await[0]["user"]["id"], cora.uid);
    assert_eq!(ask(&bob, "pins", json!({"gid": gid})).await["messages"], json!([]));

    // A device that was away when they left hears what it missed until then,
    let at = |delta: &Value| json!({"gid": gid, "rev": delta["rev"], "recalledTo": delta["recalledTo"].as_u64().unwrap_or(0)});
    let sync = async |at: Value| {
        let answer = bob.post("/api/sync", json!({"rev": known["rev"], "groups": [at]})).await.data();
        assert_eq!(answer["more"], false);
        answer["groups"].clone()
    };
    let missed = sync(at(&known["groups"][0])).await[0].clone();
    assert_eq!((&missed["member"], &missed["changed"]), (&json!(false), &json!([then[0]])));
    assert_eq!(sync(at(&missed)).await, json!([]), "and then nothing,");

    of_anna.does("Recall", gid, ids[2], "", "a5").await;
    of_cora.notice(Notice::Recalled).await;
    of_bob.nothing_came("b1").await;
    let recalled = sync(at(&missed)).await[0].clone();
    let changed = recalled["changed"].as_array().expect("a list");
    assert_eq!(
        (texts(changed), &changed[0]["recalledBy"]),
        (vec![""], &json!(anna.uid)),
        "but what is recalled."
    );
    assert_eq!((&recalled["rev"], recalled["recalledTo"].is_u64()), (&missed["rev"], true));
    assert_eq!(sync(at(&recalled)).await, json!([]), "once");
    let plain = json!({"gid": gid, "rev": missed["rev"]});
    assert_eq!(sync(plain).await, json!([]), "a client that does not ask for it is not told again");
    let told = read(&bob, gid).await;
    assert_eq!((texts(&told), &told[..2]), (vec!["one!", "two", ""], &then[..2]));

    anna.change(gid, 1, &[&bob]).await.data();
    let back = sync(at(&recalled)).await[0].clone();
    let changed = back["changed"].as_array().expect("a list");
    assert_eq!(texts(changed), ["later", "later", ""], "who is back is told all that they missed");
    assert_eq!(texts(&read(&bob, gid).await), ["later", "later", ""]);
}
