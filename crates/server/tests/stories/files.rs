//! Files: sent in one request, fetched by those who may, and by nobody else.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use crate::NODES;
use crate::filer::{Fetched, bytes};
use crate::world::{Person, TestServer};

fn address(id: &str) -> String {
    format!("/media/files/{id}")
}

/// A message that names a file.
async fn show(person: &Person, gid: u64, kind: &str, id: &str) -> Value {
    let content = json!({"file": id}).to_string();
    person.post("/api/message/send", json!({"gid": gid, "kind": kind, "content": content})).await.data()
}

fn is_not_there(answer: &Fetched) {
    assert_eq!((answer.status, answer.header("content-type")), (404, "text/html; charset=utf-8"));
}

#[tokio::test]
async fn a_file_comes_back_as_it_was_sent_after_a_restart_too() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let filer = anna.filer();
    let sent = bytes(1, 300_000);
    let file = filer.upload("some/path/Über uns.bin", &sent).await;
    let id = file["id"].as_str().expect("an id").to_owned();
    assert_eq!(id.len(), 22);
    assert_eq!(
        file,
        json!({
            "id": id, "name": "Über uns.bin", "size": 300_000, "mime": "application/octet-stream", "thumbs": [],
        })
    );
    let server = server.restart().await;
    assert_eq!(filer.get(&format!("/api/file/get?id={id}")).await.data(), file);
    let fetched = filer.get(&address(&id)).await;
    assert_eq!(fetched.status, 200);
    assert!(fetched.body == sent);
    let etag = fetched.header("etag").to_owned();
    for (name, value) in [
        ("content-type", "application/octet-stream"),
        ("content-length", "300000"),
        ("accept-ranges", "bytes"),
        ("cache-control", "private, max-age=60, must-revalidate"),
        ("vary", "authorization, cookie"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox; frame-ancestors 'none'"),
        ("cross-origin-resource-policy", "same-site"),
        (
            "content-disposition",
            "attachment; filename=\"_ber uns.bin\"; filename*=UTF-8''%C3%9Cber%20uns.bin",
        ),
    ] {
        assert_eq!(fetched.header(name), value, "{name}");
    }
    let head = filer.ask(Method::HEAD, &address(&id), &[], b"").await;
    assert_eq!((head.status, head.header("content-length"), head.header("etag")), (200, "300000", &*etag));
    let known = filer.get_with(&address(&id), &[("if-none-match", &etag)]).await;
    assert_eq!((known.status, known.body.len(), known.header("etag")), (304, 0, &*etag));
    server.stop().await;
}

#[tokio::test]
async fn a_player_gets_the_part_that_it_asks_for() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let filer = anna.filer();
    let sent = bytes(2, 200_000);
    let place = address(&filer.file("a.bin", &sent).await);
    let etag = filer.get(&place).await.header("etag").to_owned();
    for (range, from, to) in [
        ("bytes=0-0", 0, 1),
        ("bytes=1000-", 1000, 200_000),
        ("bytes=65000-140000", 65_000, 140_001),
        ("bytes=-10", 199_990, 200_000),
        ("bytes=199999-999999", 199_999, 200_000),
    ] {
        let part = filer.get_with(&place, &[("range", range), ("if-range", &etag)]).await;
        assert_eq!(part.status, 206, "{range}");
        assert_eq!(part.header("content-range"), format!("bytes {from}-{}/200000", to - 1));
        assert_eq!(part.header("content-length"), (to - from).to_string());
        assert!(part.body == sent[from..to], "{range}");
    }
    let behind = filer.get_with(&place, &[("range", "bytes=200000-")]).await;
    assert_eq!((behind.status, behind.header("content-range")), (416, "bytes */200000"));
    for headers in [
        &[("range", "bytes=0-1,5-6")][..],
        &[("range", "bytes=5-1")],
        &[("range", "bytes=0-1"), ("if-range", "\"another\"")],
    ] {
        let whole = filer.get_with(&place, headers).await;
        assert_eq!((whole.status, whole.body.len()), (200, 200_000), "{headers:?}");
    }
    let empty = address(&filer.file("empty", b"").await);
    let whole = filer.get(&empty).await;
    assert_eq!((whole.status, whole.body.len(), whole.header("content-length")), (200, 0, "0"));
    assert_eq!(filer.get_with(&empty, &[("range", "bytes=0-")]).await.status, 416);
}

#[tokio::test]
async fn a_file_is_there_for_those_who_see_a_message_that_names_it() {
    let server = TestServer::start().await;
    let (anna, bob, eve) = (server.user("anna").await, server.user("bob").await, server.user("eve").await);
    let [of_anna, of_bob, of_eve] = [&anna, &bob, &eve].map(|person| person.filer());
    let gid = anna.group_with(&[&bob]).await;
    let id = of_anna.file("plan.bin", &bytes(3, 1000)).await;
    let (place, about) = (address(&id), format!("/api/file/get?id={id}"));
    for other in [&of_bob, &of_eve] {
        is_not_there(&other.get(&place).await);
        assert!(other.get(&about).await.text().contains("no such file"));
    }
    let message = show(&anna, gid, "File", &id).await;
    let content: Value = serde_json::from_str(message["content"].as_str().expect("text")).expect("JSON");
    assert_eq!((&content["name"], &content["size"]), (&json!("plan.bin"), &json!(1000)));
    assert_eq!(of_bob.get(&place).await.body, bytes(3, 1000));
    assert_eq!(of_bob.get(&about).await.data()["size"], 1000);
    is_not_there(&of_eve.get(&place).await);

    // Who comes later sees what is said later.
    anna.change(gid, 1, &[&eve]).await.ok(true);
    is_not_there(&of_eve.get(&place).await);
    // Who has left keeps the files of their part.
    bob.post("/api/group/leave", json!({"gid": gid})).await.ok(true);
    assert_eq!(of_bob.get(&place).await.status, 200);
    // What is recalled is gone for everybody but who has uploaded it.
    anna.post("/api/message/recall", json!({"gid": gid, "msgId": message["id"]})).await.data();
    is_not_there(&of_bob.get(&place).await);
    assert_eq!(of_anna.get(&place).await.status, 200);
}

#[tokio::test]
async fn a_browser_fetches_by_its_cookie_while_its_session_goes_on() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let filer = anna.filer();
    let place = address(&filer.file("a.bin", b"\0abc").await);
    let login = server.ask("POST", "/api/user/login", r#"{"account":"anna","password":"secret"}"#).await;
    let set: Vec<_> = login.headers.iter().filter(|(name, _)| name == "set-cookie").collect();
    let of_login =
        set.iter().find(|(_, value)| value.starts_with("rim_media=")).expect("it is set").1.clone();
    let answer = filer.ask(Method::POST, "/api/file/cookie", &[], b"").await;
    assert_eq!(answer.data(), true);
    let asked_for = answer.header("set-cookie").to_owned();
    // A proxy may have put the page below a path of its own, and nothing else into a header.
    let below = filer.ask(Method::POST, "/api/file/cookie?path=%2Fchat%2Fmedia", &[], b"").await;
    assert!(below.header("set-cookie").contains("; Path=/chat/media;"), "{}", below.header("set-cookie"));
    let elsewhere =
        filer.ask(Method::POST, "/api/file/cookie?path=%2Fmedia%3B%20Domain%3Da.example", &[], b"").await;
    assert!(elsewhere.text().contains("a path such as /chat/media"), "{}", elsewhere.text());
    assert_eq!(elsewhere.header("set-cookie"), "");
    for cookie in [&of_login, &asked_for] {
        for word in ["; HttpOnly", "; SameSite=Strict", "; Path=/media;", "; Max-Age=2592000"] {
            assert!(cookie.contains(word), "{cookie}");
        }
        let pair = cookie.split(';').next().expect("a pair");
        let fetched = filer.get_as_nobody(&place, &[("cookie", pair)]).await;
        assert_eq!((fetched.status, &*fetched.body), (200, &b"\0abc"[..]));
        // It opens files and nothing else.
        let pair = [("Cookie", pair)];
        let other = crate::raw::ask(server.address, "GET", "/api/session/list", &pair, b"").await;
        other.login_required();
    }
    is_not_there(&filer.get_as_nobody(&place, &[]).await);
    is_not_there(&filer.get_as_nobody(&place, &[("cookie", "rim_media=AAAA")]).await);

    anna.post("/api/user/logout", Value::Null).await.ok(true);
    let pair = asked_for.split(';').next().expect("a pair");
    is_not_there(&filer.get_as_nobody(&place, &[("cookie", pair)]).await);
    is_not_there(&filer.get(&place).await);
    let pair = of_login.split(';').next().expect("a pair");
    assert_eq!(filer.get_as_nobody(&place, &[("cookie", pair)]).await.status, 200, "another session goes on");
}

#[tokio::test]
async fn a_link_opens_one_file_for_a_quarter_of_an_hour() {
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let filer = anna.filer();
    let id = filer.file("a.bin", b"\0abc").await;
    let other = address(&filer.file("b.bin", b"\0def").await);
    bob.post("/api/file/link", json!({"id": id})).await.refused("no such file");
    bob.post("/api/file/link", json!({"id": "x"})).await.refused("no such file");
    let link = anna.post("/api/file/link", json!({"id": id})).await.data();
    assert_eq!(link["expiresAt"], server.now().plus_ms(15 * 60 * 1000).0);
    let url = link["url"].as_str().expect("an address").to_owned();
    let pass = url.split_once('?').expect("a pass").1;
    for place in [url.clone(), format!("{url}&download")] {
        assert_eq!(filer.get_as_nobody(&place, &[]).await.body, b"\0abc");
    }
    let part = filer.get_as_nobody(&url, &[("range", "bytes=1-2")]).await;
    assert_eq!((part.status, &*part.body), (206, &b"ab"[..]));
    is_not_there(&filer.get_as_nobody(&format!("{other}?{pass}"), &[]).await);
    is_not_there(&filer.get_as_nobody(&url.replace("e=", "e=1"), &[]).await);
    server.sleeps(15 * 60 - 1).await;
    assert_eq!(filer.get_as_nobody(&url, &[]).await.status, 200);
    server.sleeps(1).await;
    is_not_there(&filer.get_as_nobody(&url, &[]).await);

    let link = anna.post("/api/file/link", json!({"id": id})).await.data();
    let url = link["url"].as_str().expect("an address").to_owned();
    assert_eq!(filer.get_as_nobody(&url, &[]).await.status, 200);
    anna.post("/api/user/logout", Value::Null).await.ok(true);
    is_not_there(&filer.get_as_nobody(&url, &[]).await);
}

#[tokio::test]
async fn what_could_hold_a_script_is_saved_and_not_shown() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let filer = anna.filer();
    for (name, content) in [
        ("a.html", &b"<!doctype html><script>alert(1)</script>"[..]),
        ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>"),
        ("a.txt", b"<?xml version='1.0'?><x xmlns='http://www.w3.org/1999/xhtml'/>"),
        ("a.pdf", b"%PDF-1.7 ..."),
        ("a.js", b"\0alert(1)"),
    ] {
        let fetched = filer.get(&address(&filer.file(name, content).await)).await;
        let disposition = fetched.header("content-disposition");
        assert!(
            disposition.starts_with(&format!("attachment; filename=\"{name}\"")),
            "{name}: {disposition}"
        );
        let shown = ["text/html", "image/svg", "xml", "script"];
        let mime = fetched.header("content-type");
        assert!(!shown.iter().any(|shown| mime.contains(shown)), "{name}: {mime}");
        assert_eq!(fetched.body, content);
    }
    let text = filer.get(&address(&filer.file("a.txt", "你好, words".as_bytes()).await)).await;
    assert!(text.header("content-disposition").starts_with("inline;"));
    assert_eq!(text.header("content-type"), "text/plain; charset=utf-8");
    let path = format!("{}?download", address(&filer.file("a.txt", b"just words").await));
    assert!(filer.get(&path).await.header("content-disposition").starts_with("attachment;"));
}

#[tokio::test]
async fn nothing_but_files_is_found_where_they_are() {
    let server = TestServer::start().await;
    let anna = server.user("anna").await;
    let filer = anna.filer();
    let place = address(&filer.file("a.bin", b"\0abc").await);
    for path in [
        format!("{place}/320"),
        format!("{place}/321"),
        format!("{place}/0320"),
        format!("{place}/"),
        format!("{place}x"),
        place[..place.len() - 1].to_owned(),
        "/media/files/..%2F..%2Frim.db".to_owned(),
        "/media/files/".to_owned(),
        "/media/files".to_owned(),
    ] {
        is_not_there(&filer.get(&path).await);
    }
    assert_eq!(filer.ask(Method::POST, &place, &[], b"").await.status, 404);
    assert_eq!(filer.ask(Method::DELETE, &place, &[], b"").await.status, 404);
}

#[tokio::test]
async fn nobody_uploads_more_than_they_may() {
    let settings = ["--max-file=64K", "--file-quota=150K", "--file-day=200K", "--limits=off"];
    let server = TestServer::start_with(&settings).await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let filer = anna.filer();
    let refused = filer.try_upload("a", "", &bytes(0, 64 * 1024 + 1)).await;
    assert_eq!((refused.status, refused.text().contains("65536 bytes")), (413, true), "{}", refused.text());
    filer.upload("a", &bytes(1, 64 * 1024)).await;
    filer.upload("b", &bytes(2, 64 * 1024)).await;
    let refused = filer.try_upload("c", "", &bytes(3, 64 * 1024)).await;
    assert_eq!((refused.status, refused.text().contains("153600")), (413, true), "{}", refused.text());
    // Nothing has used them for a day, and there is room again; and it is another day.
    server.sleeps(25 * 60 * 60).await;
    server.hours_pass(2).await;
    filer.upload("c", &bytes(3, 64 * 1024)).await;
    bob.filer().upload("a", &bytes(4, 64 * 1024)).await;
    let limits = &anna.get("/api/server/info").await.data()["limits"];
    let known = ["maxFileBytes", "fileQuota", "fileDay", "transfers"].map(|key| limits[key].as_u64());
    assert_eq!(known, [65_536, 153_600, 204_800, 8].map(Some));
}

/// Files below a folder of the data folder.
fn count(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let entries = entries.map(|entry| entry.expect("listed").path());
    entries.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
}

#[tokio::test]
async fn the_same_bytes_are_stored_once_and_removed_with_the_last_file_that_has_them() {
    if NODES > 1 {
        // Where the bytes of several nodes are is told by the suite of the storage.
        return;
    }
    let server = TestServer::start().await;
    let (anna, bob) = (server.user("anna").await, server.user("bob").await);
    let (of_anna, of_bob) = (anna.filer(), bob.filer());
    let gid = anna.group_with(&[&bob]).await;
    let one = of_anna.file("one.bin", &bytes(5, 5000)).await;
    let same = of_bob.file("same.bin", &bytes(5, 5000)).await;
    assert_ne!(one, same);
    let blobs = server.data().join("media/blobs");
    assert_eq!((count(&blobs), count(&server.data().join("media/staged"))), (1, 0));
    let message = show(&bob, gid, "File", &same).await;
    server.sleeps(25 * 60 * 60).await;
    server.hours_pass(1).await;
    is_not_there(&of_anna.get(&address(&one)).await);
    assert_eq!(of_anna.get(&address(&same)).await.body, bytes(5, 5000));
    assert_eq!(count(&blobs), 1);
    bob.post("/api/message/recall", json!({"gid": gid, "msgId": message["id"]})).await.data();
    server.hours_pass(1).await;
    is_not_there(&of_bob.get(&address(&same)).await);
    assert_eq!(count(&blobs), 0);
}
