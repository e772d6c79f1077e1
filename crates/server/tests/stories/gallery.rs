//! The gallery of a chat: pictures, voice messages, files and links, as each member sees them.

use rim_client::protocol::frame::Outgoing;
use serde_json::{Value, json};

use crate::world::{Device, Person, TestServer};

async fn send(device: &mut Device, gid: u64, kind: &str, content: &str, id: &str) -> u64 {
    let frame = Outgoing {
        kind,
        uid: device.uid,
        gid: Some(gid),
        content,
        client_msg_id: id,
        msg_id: None,
        echo: false,
    };
    device.socket.send("Msg", &frame).await.expect("sent");
    let answer = device.answer().await;
    assert_eq!(answer.code, None, "{answer:?}");
    answer.server_msg_id.expect("an id")
}

async fn media(of: &Person, body: Value) -> Value {
    of.post("/api/message/media", body).await.data()
}

fn seqs(list: &Value) -> Vec<u64> {
    let messages = list["messages"].as_array().expect("messages").iter();
    messages.map(|message| message["seq"].as_u64().expect("a place")).collect()
}

#[tokio::test]
async fn everybody_finds_what_was_sent_while_they_were_there() {
    let server = TestServer::start().await;
    let (anna, bob, cleo) = (server.user("anna").await, server.user("bob").await, server.user("cleo").await);
    let gid = anna.group_with(&[&bob]).await;
    let mut of_anna = anna.connect().await;
    send(&mut of_anna, gid, "Image", "https://example.org/1.png", "a1").await;
    send(&mut of_anna, gid, "Audio", r#"{"url":"/v","durationMs":5}"#, "a2").await;
    send(&mut of_anna, gid, "Video", r#"{"url":"/f","durationMs":5}"#, "a3").await;
    let file = send(&mut of_anna, gid, "File", r#"{"url":"/x","name":"x","size":1}"#, "a4").await;
    let link = send(&mut of_anna, gid, "Text", "see http://example.org", "a5").await;
    anna.change(gid, 1, &[&cleo]).await.ok(true);
    send(&mut of_anna, gid, "Image", "/2.png", "a6").await;

    for (what, places) in
        [("picture", vec![6, 3, 1]), ("voice", vec![2]), ("file", vec![4]), ("link", vec![5])]
    {
        let list = media(&bob, json!({"gid": gid, "what": what})).await;
        assert_eq!(
            (seqs(&list), &list["more"], &list["next"]),
            (places, &json!(false), &Value::Null),
            "{what}"
        );
        assert_eq!(list["users"][0]["id"], anna.uid);
    }
    let page = media(&bob, json!({"gid": gid, "what": "picture", "size": 2})).await;
    assert_eq!((seqs(&page), &page["more"], &page["next"]), (vec![6, 3], &json!(true), &json!(3)));
    let page = media(&bob, json!({"gid": gid, "what": "picture", "size": 2, "before": 3})).await;
    assert_eq!((seqs(&page), &page["more"]), (vec![1], &json!(false)));
    assert_eq!(seqs(&media(&cleo, json!({"gid": gid, "what": "picture"})).await), [6]);
    assert_eq!(seqs(&media(&cleo, json!({"gid": gid, "what": "file"})).await), Vec::<u64>::new());

    of_anna.does("Edit", gid, link, "no link any more", "a7").await;
    of_anna.does("Recall", gid, file, "", "a8").await;
    for what in ["link", "file"] {
        assert_eq!(seqs(&media(&bob, json!({"gid": gid, "what": what})).await), Vec::<u64>::new());
    }
    bob.post("/api/message/hide", json!({"gid": gid, "msgIds": [page["messages"][0]["id"]]})).await.ok(true);
    assert_eq!(seqs(&media(&bob, json!({"gid": gid, "what": "picture"})).await), [6, 3]);
    let stranger = server.user("stranger").await;
    let asked = stranger.post("/api/message/media", json!({"gid": gid, "what": "picture"})).await;
    asked.refused("you are not a member of this group");
}
