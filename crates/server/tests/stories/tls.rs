//! TLS by the server itself, on both ports.

use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::raw;
use crate::world::TestServer;

/// A server with a certificate of its own making, and who trusts it.
async fn start() -> (TestServer, TlsConnector, tempfile::TempDir) {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let folder = tempfile::tempdir().expect("a folder");
    let [cert, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
    std::fs::write(&cert, pair.cert.pem()).expect("written");
    std::fs::write(&key, pair.signing_key.serialize_pem()).expect("written");
    let settings = [format!("--tls-cert={}", cert.display()), format!("--tls-key={}", key.display())];
    let server = TestServer::start_with(&[&settings[0], &settings[1]]).await;

    let mut roots = RootCertStore::empty();
    roots.add(pair.cert.der().clone()).expect("a root");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    (server, TlsConnector::from(Arc::new(config)), folder)
}

async fn connect(trust: &TlsConnector, address: std::net::SocketAddr) -> TlsStream<TcpStream> {
    let stream = TcpStream::connect(address).await.expect("connected");
    let name = ServerName::try_from("localhost").expect("a name");
    trust.connect(name, stream).await.expect("a handshake")
}

fn post(path: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes()
}

#[tokio::test]
async fn rest_is_served_over_tls_and_tells_browsers_to_stay_with_it() {
    let (server, trust, _folder) = start().await;
    let mut stream = connect(&trust, server.address).await;
    let anna = r#"{"name":"Anna","avatar":"","account":"anna","password":"secret"}"#;
    let answer = raw::exchange(&mut stream, &post("/api/user/create", anna)).await;
    assert!(answer.data().is_u64());
    assert!(answer.header("strict-transport-security").is_some_and(|value| value.starts_with("max-age=")));
    let login = r#"{"account":"anna","password":"secret"}"#;
    assert!(raw::exchange(&mut stream, &post("/api/user/login", login)).await.data().is_string());
}

#[tokio::test]
async fn websockets_are_served_over_tls_on_both_ports() {
    let (server, trust, _folder) = start().await;
    for (address, path) in [(server.address, "/ws"), (server.old_address, "/any/path")] {
        let mut stream = connect(&trust, address).await;
        let handshake = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        assert_eq!(raw::exchange(&mut stream, handshake.as_bytes()).await.status, 101);
        let heart = br#"{"event":"Heart","body":{"clientMsgId":"h"}}"#;
        let frame = [&[0x81, 0x80 | heart.len() as u8, 0, 0, 0, 0][..], heart].concat();
        stream.write_all(&frame).await.expect("sent");
        let ack = br#"{"clientMsgId":"h","serverMsgId":null,"kind":"Ack","content":"Ok"}"#;
        let mut received = vec![0; 2 + ack.len()];
        stream.read_exact(&mut received).await.expect("an answer");
        assert_eq!(&received[2..], ack);
    }
}

#[tokio::test]
async fn who_speaks_no_tls_gets_nothing_and_disturbs_nobody() {
    let (server, trust, _folder) = start().await;
    for rubbish in
        [&b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"[..], b"\x16\x03\x01\xff\xff", b"\0\0\0"]
    {
        let mut plain = TcpStream::connect(server.address).await.expect("connected");
        plain.write_all(rubbish).await.expect("sent");
        plain.shutdown().await.expect("shut down");
        let mut answer = Vec::new();
        // The server may reset what it does not understand.
        let _ = plain.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP/"), "{}", String::from_utf8_lossy(&answer));
    }
    let stream = connect(&trust, server.address).await;
    let answer = raw::exchange(stream, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
}
