//! tus: uploads that break off and go on, after a restart and at another node as well.

use serde_json::Value;

use crate::NODES;
use crate::filer::{Filer, bytes, metadata};
use crate::world::TestServer;

async fn anna(server: &TestServer) -> Filer {
    server.user("anna").await.filer()
}

#[tokio::test]
async fn an_upload_goes_on_where_it_was_after_a_restart_too() {
    let server = TestServer::start().await;
    let filer = anna(&server).await;
    let sent = bytes(1, 300_000);
    let place = filer.begin("a/Über.bin", sent.len()).await;
    assert_eq!(filer.offset(&place).await, Some(0));
    let first = filer.patch(&place, 0, &sent[..100_000]).await;
    assert_eq!((first.status, first.header("upload-offset")), (204, "100000"));
    assert_eq!((first.header("tus-resumable"), first.header("rim-file")), ("1.0.0", ""));
    assert_eq!(filer.patch(&place, 100_000, &sent[100_000..200_000]).await.status, 204);

    let server = server.restart().await;
    let told = filer.tus("HEAD", &place, &[], b"").await;
    assert_eq!((told.header("upload-offset"), told.header("upload-length")), ("200000", "300000"));
    assert_eq!(told.header("cache-control"), "no-store");
    let last = filer.patch(&place, 200_000, &sent[200_000..]).await;
    assert_eq!((last.status, last.header("upload-offset")), (204, "300000"));
    let id = last.header("rim-file").to_owned();
    let file = filer.get(&format!("/api/file/get?id={id}")).await.data();
    assert_eq!((&file["name"], &file["size"]), (&Value::from("Über.bin"), &Value::from(300_000)));
    assert!(filer.get(&format!("/media/files/{id}")).await.body == sent);
    // Asked again, it is the same file.
    let told = filer.tus("HEAD", &place, &[], b"").await;
    assert_eq!((told.header("upload-offset"), told.header("rim-file")), ("300000", &*id));
    let again = filer.patch(&place, 300_000, b"").await;
    assert_eq!((again.status, again.header("rim-file")), (204, &*id));
    server.stop().await;
}

#[tokio::test]
async fn what_is_small_comes_with_the_beginning() {
    let server = TestServer::start().await;
    let filer = anna(&server).await;
    let whole = [
        ("upload-length", "4"),
        ("upload-metadata", &metadata(&[("filename", "a.bin")])),
        ("content-type", "application/offset+octet-stream"),
    ];
    let answer = filer.tus("POST", "/api/file/tus", &whole, b"\0abc").await;
    assert_eq!((answer.status, answer.header("upload-offset")), (201, "4"));
    let id = answer.header("rim-file").to_owned();
    assert_eq!(filer.get(&format!("/media/files/{id}")).await.body, b"\0abc");

    let part = [("upload-length", "6"), ("content-type", "application/offset+octet-stream")];
    let answer = filer.tus("POST", "/api/file/tus", &part, b"\0ab").await;
    assert_eq!((answer.status, answer.header("upload-offset"), answer.header("rim-file")), (201, "3", ""));
    let place = answer.header("location").to_owned();
    let last = filer.patch(&place, 3, b"cde").await;
    assert_eq!(filer.get(&format!("/media/files/{}", last.header("rim-file"))).await.body, b"\0abcde");

    let empty = filer.tus("POST", "/api/file/tus", &[("upload-length", "0")], b"").await;
    let file = filer.get(&format!("/api/file/get?id={}", empty.header("rim-file"))).await.data();
    assert_eq!((&file["size"], &file["name"]), (&Value::from(0), &Value::from("file")));
}

#[tokio::test]
async fn bytes_with_another_checksum_do_not_count() {
    let server = TestServer::start().await;
    let filer = anna(&server).await;
    let place = filer.begin("a.txt", 10).await;
    let right = [("upload-checksum", "sha256 LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=")];
    assert_eq!(filer.patch_with(&place, 0, &right, b"jello").await.status, 460);
    assert_eq!(filer.offset(&place).await, Some(0));
    assert_eq!(filer.patch_with(&place, 0, &right, b"hello").await.status, 204);
    assert_eq!(filer.patch_with(&place, 5, &right, b"hellO").await.status, 460);
    let unknown = [("upload-checksum", "md5 XUFAKrxLKna5cZ2REBfFkg==")];
    assert_eq!(filer.patch_with(&place, 5, &unknown, b"hello").await.status, 400);
    let right = [("upload-checksum", "sha1 qvTGHdzF6KLavt4PO0gs2a6pQ00=")];
    let last = filer.patch_with(&place, 5, &right, b"hello").await;
    assert_eq!(filer.get(&format!("/media/files/{}", last.header("rim-file"))).await.text(), "hellohello");
}

#[tokio::test]
async fn an_upload_that_is_not_wanted_any_more_is_gone() {
    let server = TestServer::start().await;
    let filer = anna(&server).await;
    let place = filer.begin("a.bin", 10).await;
    filer.patch(&place, 0, b"\0abc").await;
    if NODES == 1 {
        let staged = server.data().join("media/staged");
        assert_eq!(std::fs::read_dir(&staged).expect("listed").count(), 1);
    }
    assert_eq!(filer.tus("DELETE", &place, &[], b"").await.status, 204);
    assert_eq!(filer.offset(&place).await, None);
    assert_eq!(filer.tus("DELETE", &place, &[], b"").await.status, 404);
    if NODES == 1 {
        let staged = server.data().join("media/staged");
        assert_eq!(std::fs::read_dir(&staged).expect("listed").count(), 0);
    }
}

#[tokio::test]
async fn an_upload_that_rests_for_a_day_is_given_up() {
    let server = TestServer::start().await;
    let filer = anna(&server).await;
    let place = filer.begin("a.bin", 10).await;
    let answer = filer.patch(&place, 0, b"\0abc").await;
    let expires = answer.header("upload-expires");
    assert!(expires.ends_with(" GMT") && expires.len() == 29, "{expires}");
    server.sleeps(23 * 60 * 60).await;
    assert_eq!(filer.patch(&place, 4, b"d").await.status, 204);
    server.sleeps(23 * 60 * 60).await;
    assert_eq!(filer.offset(&place).await, Some(5), "it has gone on since");
    server.sleeps(60 * 60).await;
    assert_eq!(filer.offset(&place).await, None);
    server.hours_pass(1).await;
    if NODES == 1 {
        let staged = server.data().join("media/staged");
        assert_eq!(std::fs::read_dir(&staged).expect("listed").count(), 0);
    }
}

#[tokio::test]
async fn whoever_speaks_otherwise_is_told_what_is_wrong() {
    let server = TestServer::start_with(&["--max-file=64K"]).await;
    let filer = anna(&server).await;
    let bob = server.user("bob").await.filer();
    let place = filer.begin("a.bin", 10).await;
    let bytes_are = ("content-type", "application/offset+octet-stream");
    for (status, method, path, headers) in [
        (409, "PATCH", &*place, &[("upload-offset", "5"), bytes_are][..]),
        (415, "PATCH", &place, &[("upload-offset", "0")]),
        (415, "PATCH", &place, &[("upload-offset", "0"), ("content-type", "application/json")]),
        (400, "PATCH", &place, &[bytes_are]),
        (400, "PATCH", &place, &[("upload-offset", "-1"), bytes_are]),
        (400, "POST", "/api/file/tus", &[]),
        (400, "POST", "/api/file/tus", &[("upload-defer-length", "1")]),
        (400, "POST", "/api/file/tus", &[("upload-length", "x")]),
        (400, "POST", "/api/file/tus", &[("upload-length", "1"), ("upload-metadata", "filename !")]),
        (413, "POST", "/api/file/tus", &[("upload-length", "65537")]),
        (413, "POST", "/api/file/tus", &[("upload-length", "18446744073709551615")]),
        (404, "HEAD", "/api/file/tus/0123456789012345678901", &[]),
        (404, "PATCH", "/api/file/tus/x", &[("upload-offset", "0"), bytes_are]),
        (404, "POST", &place, &[]),
        (404, "POST", &place, &[("x-http-method-override", "GET")]),
    ] {
        let answer = filer.tus(method, path, headers, b"").await;
        assert_eq!(answer.status, status, "{method} {path} {headers:?}: {}", answer.text());
        assert_eq!(answer.header("tus-resumable"), "1.0.0");
    }
    let too_much = filer.patch(&place, 0, b"\0abcdefghijk").await;
    assert_eq!((too_much.status, filer.offset(&place).await), (413, Some(0)));
    for method in ["HEAD", "PATCH", "DELETE"] {
        let headers = [("upload-offset", "0"), bytes_are];
        assert_eq!(bob.tus(method, &place, &headers, b"").await.status, 404, "{method} of another's");
        let old = filer.ask(method.parse().expect("a method"), &place, &headers, b"").await;
        assert_eq!((old.status, old.header("tus-version")), (412, "1.0.0"), "{method} of no version");
    }
    let disguised = [("x-http-method-override", "PATCH"), ("upload-offset", "0"), bytes_are];
    assert_eq!(filer.tus("POST", &place, &disguised, b"\0abc").await.status, 204);
    let disguised = [("x-http-method-override", "DELETE")];
    assert_eq!(filer.tus("POST", &place, &disguised, b"").await.status, 204);
}

#[tokio::test]
async fn what_the_server_can_do_it_tells_everybody_and_does_it_for_users() {
    let server = TestServer::start_with(&["--max-file=64K"]).await;
    let can = server.ask("OPTIONS", "/api/file/tus", "").await;
    assert_eq!(can.status, 204);
    for (name, value) in [
        ("tus-version", "1.0.0"),
        ("tus-extension", "creation,creation-with-upload,expiration,checksum,termination"),
        ("tus-checksum-algorithm", "sha256,sha1"),
        ("tus-max-size", "65536"),
    ] {
        assert_eq!(can.header(name), Some(value));
    }
    let nobody = Filer::new(server.url(), "rim_none");
    for method in ["POST", "HEAD", "PATCH", "DELETE"] {
        let place = if method == "POST" { "/api/file/tus" } else { "/api/file/tus/0123456789012345678901" };
        let answer = nobody.tus(method, place, &[("upload-length", "1")], b"").await;
        assert_eq!((answer.status, answer.header("tus-resumable")), (401, "1.0.0"), "{method}");
    }
}
