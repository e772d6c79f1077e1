//! Pictures of users and groups: uploaded once, seen by everybody, there after a restart.

use std::fs;

use reqwest::Response;
use rim_client::protocol::limits::MAX_AVATAR_FILE_BYTES;
use serde_json::json;

use crate::NODES;
use crate::raw::{self, Answer};
use crate::world::{Person, TestServer};

/// The smallest that pass for one; nobody decodes them.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0....\
                     \0\0\0\x01IDAT.....\0\0\0\0IEND....";
const GIF: &[u8] = b"GIF89a\x01\0\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x01.\0;";

async fn upload(server: &TestServer, who: &Person, picture: &[u8]) -> Answer {
    let bearer = format!("Bearer {}", who.token());
    // What browsers say of a form's file is not to be trusted, and here it is wrong.
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "text/html")];
    raw::ask(server.address, "POST", "/api/file/avatar", &headers, picture).await
}

/// Uploads a picture and returns its address.
async fn address_of(server: &TestServer, who: &Person, picture: &[u8]) -> String {
    let answer = upload(server, who, picture).await;
    answer.data().as_str().expect("an address").to_owned()
}

async fn show(server: &TestServer, address: &str) -> Response {
    reqwest::get(format!("{}{address}", server.url())).await.expect("an answer")
}

/// Whether so many files are in the data folder. Several nodes keep pictures in their store instead.
fn are_stored(server: &TestServer, count: usize) -> bool {
    let folder = server.data().join("media/avatars");
    let expected = if NODES == 1 { Some(count) } else { None };
    fs::read_dir(folder).ok().map(Iterator::count) == expected
}

#[tokio::test]
async fn a_picture_is_seen_by_everybody_after_a_restart_too() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let address = address_of(&server, &anna, PNG).await;
    anna.post("/api/user/update", json!({"avatar": address})).await.data();
    let bob = server.user("bob").await;
    let seen = bob.get(&format!("/api/user/get?uid={}", anna.uid)).await.data();
    assert_eq!(seen["avatar"], address);

    let server = server.restart().await;
    let response = show(&server, &address).await;
    let length = PNG.len().to_string();
    assert_eq!(response.status(), 200);
    for (name, value) in [
        ("content-type", "image/png"),
        ("content-length", length.as_str()),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox; frame-ancestors 'none'"),
    ] {
        assert_eq!(response.headers()[name], value, "{name}");
    }
    assert_eq!(response.bytes().await.expect("a picture"), PNG);

    let url = format!("{}{address}", server.url());
    let head = reqwest::Client::new().head(url).send().await.expect("an answer");
    assert_eq!(
        (head.status().as_u16(), &head.headers()["content-length"]),
        (200, &length.parse().expect("ASCII"))
    );
    assert!(head.bytes().await.expect("no body").is_empty());
    server.stop().await;
}

#[tokio::test]
async fn a_picture_of_somebody_tells_nobody_where_they_live() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let comment = b"!\xfe\x14GPSLatitude 52,22.4N\0";
    let told = [&GIF[..GIF.len() - 1], comment, b";and a film"].concat();
    let address = address_of(&server, &anna, &told).await;
    assert_eq!(show(&server, &address).await.bytes().await.expect("a picture"), GIF);
    assert_eq!(address, address_of(&server, &anna, GIF).await, "it is the same picture");
    server.stop().await;
}

#[tokio::test]
async fn the_same_picture_has_one_address_whoever_uploads_it() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let bob = server.user("bob").await;
    let address = address_of(&server, &anna, PNG).await;
    assert_eq!(address_of(&server, &bob, PNG).await, address);
    assert!(are_stored(&server, 1));
    assert_ne!(address_of(&server, &bob, GIF).await, address);
    assert!(are_stored(&server, 2));
}

#[tokio::test]
async fn a_large_picture_arrives_whole() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let mut picture = large_gif();
    let address = address_of(&server, &anna, &picture).await;
    assert!(show(&server, &address).await.bytes().await.expect("a picture") == picture);

    picture.push(0);
    upload(&server, &anna, &picture).await.complains(413, 413, &MAX_AVATAR_FILE_BYTES.to_string());
    assert!(are_stored(&server, 1));
}

#[tokio::test]
async fn what_is_no_picture_is_refused_and_told_what_is() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    for content in
        [&b""[..], b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<!doctype html>", b"{}", b"BM bitmap"]
    {
        let refused = upload(&server, &anna, content).await;
        refused.refused("avatar: a PNG, JPEG, GIF or WebP picture, and this is none");
    }
    raw::ask(server.address, "POST", "/api/file/avatar", &[], PNG).await.login_required();
    assert!(are_stored(&server, 0));
}

#[tokio::test]
async fn a_picture_that_fills_the_memory_of_whoever_sees_it_is_refused() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let mut huge = PNG.to_vec();
    for side in [16, 20] {
        huge[side..side + 4].copy_from_slice(&20_000_u32.to_be_bytes());
    }
    let refused = upload(&server, &anna, &huge).await;
    refused.refused("avatar: at most 2048 × 2048 pixels, and this has 20000 × 20000");
    let cut_off = upload(&server, &anna, &PNG[..40]).await;
    cut_off.refused("avatar: a whole picture, and what this one is made of does not fit together");
    assert!(are_stored(&server, 0));
}

#[tokio::test]
async fn nothing_but_pictures_is_found_where_they_are() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let address = address_of(&server, &anna, PNG).await;
    if NODES == 1 {
        fs::write(server.data().join("media/avatars/notes.png"), "private").expect("written");
    }
    for path in [
        address.replace(".png", ".gif"),
        address.replace(".png", ""),
        address.replace("/media/avatars/", "/media/"),
        address.replace("/media/avatars/", "/media/avatars/.%2f"),
        "/media/avatars/notes.png".to_owned(),
        "/media/avatars/../../rim.db".to_owned(),
        "/media/avatars/..%2F..%2Frim.db".to_owned(),
        "/media/avatars/%FF".to_owned(),
        "/media/avatars/".to_owned(),
        "/media/avatars".to_owned(),
        "/media".to_owned(),
    ] {
        let answer = server.ask("GET", &path, "").await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
    }
    assert_eq!(server.ask("POST", &address, "").await.status, 404);
}

#[tokio::test]
async fn who_uploads_without_end_is_told_to_wait() {
    if NODES > 1 {
        // Each node counts for itself.
        return;
    }
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let mut answer = upload(&server, &anna, PNG).await;
    for _ in 0..30 {
        answer = upload(&server, &anna, PNG).await;
    }
    answer.complains(429, 429, "too many requests");
    assert!(answer.header("retry-after").is_some());
    let bob = server.user("bob").await;
    assert_eq!(upload(&server, &bob, PNG).await.status, 200);
}

/// The limit that the document states is that of the code.
#[test]
fn the_protocol_document_states_how_large_a_picture_may_be() {
    let document = include_str!("../../../../docs/protocol.md");
    let row = document.lines().find(|line| line.starts_with("| a picture")).expect("a row for it");
    assert!(row.contains(&format!(" {MAX_AVATAR_FILE_BYTES} bytes")), "{row}");
}

/// A GIF like no other: behind a screen of another shade.
fn gif(number: u8) -> Vec<u8> {
    [&GIF[..11], &[number], &GIF[12..]].concat()
}

/// A GIF as large as it may be, in pixels that nobody decodes.
fn large_gif() -> Vec<u8> {
    // Before the end of its pixels and its own.
    let (pixels, end) = GIF.split_at(GIF.len() - 2);
    let mut gif = pixels.to_vec();
    while gif.len() + end.len() < MAX_AVATAR_FILE_BYTES {
        let block = (MAX_AVATAR_FILE_BYTES - gif.len() - end.len() - 1).min(255);
        gif.push(block as u8);
        gif.extend((0..block).map(|at| (at % 251) as u8));
    }
    [&gif, end].concat()
}

/// Upload, shown to nobody, and a day.
const A_DAY: u64 = 24 * 60 * 60 + 60 * 60;

#[tokio::test]
async fn a_picture_that_nothing_shows_is_removed_after_a_day() {
    let server = TestServer::start_with(&["--limits=off"]).await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let mut addresses = Vec::new();
    for number in 0..5 {
        addresses.push(address_of(&server, &anna, &gif(number)).await);
    }
    anna.post("/api/user/update", json!({"avatar": addresses[0]})).await.data();
    anna.post("/api/user/update", json!({"avatar": addresses[1]})).await.data();
    let gid = anna.group_with(&[&bob]).await;
    anna.post("/api/group/update", json!({"id": gid, "name": "g", "avatar": addresses[2]})).await.data();
    anna.connect().await.send(gid, &format!("see {}", addresses[3]), "1").await;

    server.sleeps(60 * 60).await;
    for address in &addresses {
        assert_eq!(show(&server, address).await.status(), 200, "it is not a day yet");
    }
    server.sleeps(A_DAY).await;
    // Replaced by another, and never shown.
    for gone in [0, 4] {
        while show(&server, &addresses[gone]).await.status() != 404 {
            tokio::task::yield_now().await;
        }
    }
    for kept in [1, 2, 3] {
        assert_eq!(show(&server, &addresses[kept]).await.status(), 200, "{kept}");
    }
    assert!(are_stored(&server, 3));
    // It may come again.
    assert_eq!(address_of(&server, &bob, &gif(0)).await, addresses[0]);
    assert_eq!(show(&server, &addresses[0]).await.status(), 200);
}

#[tokio::test]
async fn a_user_keeps_pictures_up_to_their_quota() {
    let server = TestServer::start_with(&["--upload-quota=512K", "--limits=off"]).await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let large = large_gif();
    address_of(&server, &anna, &large).await;
    let refused = upload(&server, &anna, GIF).await;
    refused.complains(413, 413, "you keep 524288 bytes of 524288");
    // Others have their own, and the same again takes no more room.
    address_of(&server, &bob, GIF).await;
    address_of(&server, &anna, &large).await;
    server.sleeps(A_DAY).await;
    while upload(&server, &anna, GIF).await.status != 200 {
        tokio::task::yield_now().await;
    }
    let info = anna.get("/api/server/info").await.data();
    assert_eq!(info["limits"]["uploadQuota"], 524_288);
}
