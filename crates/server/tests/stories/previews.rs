//! Smaller pictures of files: those of pictures, those of films, and the squares that are shown of users and groups.

use serde_json::{Value, json};

use crate::filer::{Fetched, bytes, picture, sides_of_jpeg};
use crate::world::TestServer;

fn is_not_there(answer: &Fetched) {
    assert_eq!((answer.status, answer.header("content-type")), (404, "text/html; charset=utf-8"));
}

/// A film of which nobody decodes a thing.
fn film() -> Vec<u8> {
    [&b"\0\0\0\x14ftypisom\0\0\x02\0isom\0\0\0\x13freevide soun"[..], &bytes(3, 5000)].concat()
}

#[tokio::test]
async fn smaller_pictures_are_there_for_whoever_sees_the_picture() {
    let server = TestServer::start().await;
    let (anna, bob, eve) = (server.user("anna").await, server.user("bob").await, server.user("eve").await);
    let gid = anna.chat_with(&bob).await;
    let filer = anna.filer();
    let file = filer.upload("grey.png", &picture(400, 150)).await;
    assert_eq!((&file["width"], &file["height"]), (&json!(400), &json!(150)));
    assert_eq!(file["thumbs"], json!([320]));
    assert!(file["thumbhash"].as_str().is_some_and(|hash| !hash.is_empty()));
    let id = file["id"].as_str().expect("an id");
    let content = json!({"file": id}).to_string();
    anna.post("/api/message/send", json!({"gid": gid, "kind": "Image", "content": content})).await.data();

    let server = server.restart().await;
    let place = format!("/media/files/{id}/320");
    let preview = bob.filer().get(&place).await;
    assert_eq!((preview.status, preview.header("content-type")), (200, "image/jpeg"));
    assert_eq!(preview.header("content-length"), preview.body.len().to_string());
    assert_eq!(sides_of_jpeg(&preview.body), (320, 120));
    let known = bob.filer().get_with(&place, &[("if-none-match", preview.header("etag"))]).await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    for other in ["800", "1600", "256", "321", "0320", "320/"] {
        is_not_there(&bob.filer().get(&format!("/media/files/{id}/{other}")).await);
    }
    is_not_there(&eve.filer().get(&place).await);
    server.stop().await;
}

#[tokio::test]
async fn a_film_is_shown_by_its_poster_from_then_on() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let gid = anna.chat_with(&bob).await;
    let filer = anna.filer();
    let file = filer.upload("film.mp4", &film()).await;
    assert_eq!((&file["mime"], &file["thumbs"]), (&json!("video/mp4"), &json!([])));
    let id = file["id"].as_str().expect("an id");
    let set = |by: &crate::filer::Filer, poster: Vec<u8>| {
        let (by, path) = (by.clone(), format!("/api/file/poster?id={id}"));
        async move { by.ask(reqwest::Method::POST, &path, &[], &poster).await }
    };
    assert!(set(&bob.filer(), picture(400, 150)).await.text().contains("no such file"));
    assert!(set(&filer, b"no picture".to_vec()).await.text().contains("cannot be shown as that"));
    let shown = set(&filer, picture(400, 150)).await.data();
    assert_eq!((&shown["width"], &shown["thumbs"]), (&json!(400), &json!([320])));
    assert_eq!(set(&filer, picture(150, 400)).await.data(), shown, "once");

    let content = json!({"file": id, "durationMs": 1000}).to_string();
    let sent = anna.post("/api/message/send", json!({"gid": gid, "kind": "Video", "content": content})).await;
    let content: Value = serde_json::from_str(sent.data()["content"].as_str().expect("text")).expect("JSON");
    assert_eq!((&content["thumbs"], &content["thumbhash"]), (&json!([320]), &shown["thumbhash"]));
    let poster = bob.filer().get(&format!("/media/files/{id}/320")).await;
    assert_eq!((poster.status, sides_of_jpeg(&poster.body)), (200, (320, 120)));
    assert!(bob.filer().get(&format!("/media/files/{id}")).await.body == film());
    // One that is smaller than its smallest preview is that.
    let other = filer.file("film.mp4", &[film(), vec![0]].concat()).await;
    let small = picture(40, 30);
    let path = format!("/api/file/poster?id={other}");
    filer.ask(reqwest::Method::POST, &path, &[], &small).await.data();
    assert!(filer.get(&format!("/media/files/{other}/320")).await.body == small);
    server.stop().await;
}

#[tokio::test]
async fn a_file_is_shown_of_somebody_as_a_small_square_to_everybody() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let filer = anna.filer();
    let id = filer.file("grey.png", &picture(400, 150)).await;
    let mut own = anna.connect().await;
    let avatar = format!("/media/files/{id}/256");
    for said in [format!("/media/files/{id}"), format!("/media/files/{id}/320"), avatar.clone()] {
        let user = anna.post("/api/user/update", json!({"avatar": said})).await.data();
        assert_eq!(user["avatar"], avatar, "{said}");
    }
    let told = own.notice(rim_client::protocol::frame::Notice::ProfileUpdated).await;
    assert_eq!(told.user.expect("oneself").avatar, avatar);
    let shown = bob.filer().get(&avatar).await;
    assert_eq!((shown.status, sides_of_jpeg(&shown.body)), (200, (150, 150)), "its middle");
    assert_eq!(shown.header("cache-control"), "private, max-age=86400, immutable");
    is_not_there(&bob.filer().get_as_nobody(&avatar, &[]).await);
    // Of another file there is another address, and of one that nobody sees none.
    let other = filer.file("grey.png", &picture(150, 400)).await;
    let refused = bob.post("/api/user/update", json!({"avatar": format!("/media/files/{other}")})).await;
    assert!(refused.body.contains("no such file"));
    let text = filer.file("a.txt", b"no picture").await;
    let refused = anna.post("/api/user/update", json!({"avatar": format!("/media/files/{text}")})).await;
    assert!(refused.body.contains("no such file"));
    let mut broken = picture(400, 150);
    let end = broken.len() - 40;
    broken[60..end].fill(0xff);
    let broken = filer.file("broken.png", &broken).await;
    let refused = anna.post("/api/user/update", json!({"avatar": format!("/media/files/{broken}")})).await;
    assert!(refused.body.contains("cannot be shown as that"));
    server.stop().await;
}

#[tokio::test]
async fn the_picture_of_a_group_is_for_its_members_and_for_who_has_left_as_it_was_then() {
    let server = TestServer::start().await;
    let (anna, bob, eve) = (server.user("anna").await, server.user("bob").await, server.user("eve").await);
    let filer = anna.filer();
    let first = filer.file("grey.png", &picture(400, 150)).await;
    let body = json!({
        "group": {"name": "Lunch", "avatar": format!("/media/files/{first}"), "mode": 2},
        "users": [{"uid": bob.uid, "role": 2}],
    });
    let gid = anna.post("/api/group/create", body).await.data().as_u64().expect("a gid");
    let of_group = async |of: &crate::world::Person| {
        of.get("/api/group/get").await.data()[0]["avatar"].as_str().expect("text").to_owned()
    };
    let then = of_group(&bob).await;
    assert_eq!(then, format!("/media/files/{first}/256"));
    assert_eq!(bob.filer().get(&then).await.status, 200);
    is_not_there(&eve.filer().get(&then).await);

    bob.post("/api/group/leave", json!({"gid": gid})).await.ok(true);
    let second = filer.file("grey.png", &picture(150, 400)).await;
    let now = format!("/media/files/{second}/256");
    let change = json!({"id": gid, "name": "Lunch", "avatar": format!("/media/files/{second}")});
    anna.post("/api/group/update", change).await.ok(true);
    assert_eq!(of_group(&anna).await, now);
    assert_eq!(bob.filer().get(&then).await.status, 200);
    is_not_there(&bob.filer().get(&now).await);
    anna.change(gid, 1, &[&eve]).await.ok(true);
    assert_eq!(eve.filer().get(&now).await.status, 200);
    is_not_there(&eve.filer().get(&then).await);
    server.stop().await;
}
