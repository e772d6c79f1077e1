//! Places that mean no good, and those that are only far away: what is fetched of each.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

/// The one address that may be asked, and one inside.
const OUTSIDE: Ipv4Addr = Ipv4Addr::LOCALHOST;
const INSIDE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// What a web server answers at a path. It knows the ports of the plain one and of the encrypted one.
type Says = fn(&str, [u16; 2]) -> Vec<u8>;

/// A plain and an encrypted web server at an address, and how many have come.
struct Web {
    ports: [u16; 2],
    way: Way,
    asked: Arc<AtomicUsize>,
}

impl Web {
    async fn start(at: Ipv4Addr, says: Says) -> Self {
        let names = ["rim.example".to_owned(), OUTSIDE.to_string()];
        let pair = rcgen::generate_simple_self_signed(names).expect("a certificate");
        let key = PrivateKeyDer::try_from(pair.signing_key.serialize_der()).expect("a key");
        let certificate: CertificateDer<'static> = pair.cert.der().clone();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let server = server.with_safe_default_protocol_versions().expect("versions").with_no_client_auth();
        let server = server.with_single_cert(vec![certificate.clone()], key).expect("a pair");
        let mut roots = RootCertStore::empty();
        roots.add(certificate).expect("a certificate");
        let client = ClientConfig::builder_with_provider(provider);
        let client = client.with_safe_default_protocol_versions().expect("versions");
        let client = client.with_root_certificates(roots).with_no_client_auth();
        let listeners = [
            TcpListener::bind((at, 0)).await.expect("bound"),
            TcpListener::bind((at, 0)).await.expect("bound"),
        ];
        let ports = [0, 1].map(|at: usize| listeners[at].local_addr().expect("bound").port());
        let asked = Arc::new(AtomicUsize::new(0));
        let acceptors = [None, Some(TlsAcceptor::from(Arc::new(server)))];
        for (listener, acceptor) in listeners.into_iter().zip(acceptors) {
            let asked = Arc::clone(&asked);
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    asked.fetch_add(1, Ordering::Relaxed);
                    let acceptor = acceptor.clone();
                    tokio::spawn(async move {
                        match acceptor {
                            None => answer(stream, says, ports).await,
                            Some(acceptor) => answer(acceptor.accept(stream).await.ok()?, says, ports).await,
                        }
                    });
                }
            });
        }
        let way = Way {
            may_go: |address| address.ip() == IpAddr::V4(OUTSIDE),
            look_up: |_, port| async move { Ok(vec![SocketAddr::new(OUTSIDE.into(), port)]) }.boxed(),
            tls: Arc::new(client),
        };
        Self { ports, way, asked }
    }

    async fn fetch(&self, scheme: &str, host: &str, path: &str) -> Option<Found> {
        fetch_by(&self.way, &self.url(scheme, host, path)).await
    }

    fn url(&self, scheme: &str, host: &str, path: &str) -> String {
        let port = self.ports[usize::from(scheme == "https")];
        format!("{scheme}://{host}:{port}{path}")
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

async fn fetch_by(way: &Way, url: &str) -> Option<Found> {
    fetch(Url::parse(url).expect("a URL"), "text/html", way).await
}

async fn answer<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, says: Says, ports: [u16; 2]) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
        // Who speaks something else is not waited for.
        if head[0] != b'G' {
            return None;
        }
    }
    let head = String::from_utf8(head).ok()?;
    let said = says(head.split(' ').nth(1)?, ports);
    stream.write_all(&said).await.ok()?;
    stream.shutdown().await.ok()
}

fn page(more: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n{more}\r\n{body}").into_bytes()
}

fn sends_on(to: &str) -> Vec<u8> {
    format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n").into_bytes()
}

fn says(path: &str, [plain, encrypted]: [u16; 2]) -> Vec<u8> {
    match path {
        "/page" => page("", "here"),
        "/to-encrypted" => sends_on(&format!("https://rim.example:{encrypted}/to-plain")),
        "/to-plain" => sends_on(&format!("http://{OUTSIDE}:{plain}/page")),
        "/to-inside" => sends_on(&format!("http://inside.example:{plain}/page")),
        "/to-nothing" => sends_on("http://"),
        "/to-a-script" => sends_on("javascript:alert(1)"),
        "/to-\u{fffd}" => b"HTTP/1.1 302 Found\r\nlocation: /\xff\xfe\r\n\r\n".to_vec(),
        "/without-a-place" => b"HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n".to_vec(),
        "/long-head" => page(&format!("x-much: {}\r\n", "a".repeat(4 * MAX_HEAD_BYTES)), "here"),
        "/many-heads" => page(&"x: y\r\n".repeat(1000), "here"),
        "/packed" => page("content-encoding: gzip\r\n", "\u{1f}\u{8b}"),
        "/not-packed" => page("content-encoding: Identity\r\n", "here"),
        "/breaks-off" => page("content-length: 100\r\n", "here"),
        "/much" => page("", &"a".repeat(MAX_BYTES + 1)),
        "/no-http" => b"SSH-2.0-OpenSSH_9.9\r\n".to_vec(),
        _ => b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n".to_vec(),
    }
}

#[tokio::test]
async fn what_is_encrypted_is_read_from_whom_the_server_believes_alone() {
    let web = Web::start(OUTSIDE, says).await;
    for host in ["rim.example", "127.0.0.1", "RIM.example"] {
        let found = web.fetch("https", host, "/page").await.expect("it is there");
        assert_eq!(
            (found.bytes.as_slice(), found.is_whole, &*found.content_type),
            (&b"here"[..], true, "text/html")
        );
    }
    assert!(web.fetch("https", "other.example", "/page").await.is_none(), "that is not its name");
    let stranger = Way { tls: Way::default().tls, ..web.way.clone() };
    assert!(
        fetch_by(&stranger, &web.url("https", "rim.example", "/page")).await.is_none(),
        "nobody has signed"
    );
    let plain = format!("https://rim.example:{}/page", web.ports[0]);
    assert!(fetch_by(&web.way, &plain).await.is_none(), "nothing there is encrypted");
}

#[tokio::test]
async fn places_send_on_from_plain_to_encrypted_and_back() {
    let web = Web::start(OUTSIDE, says).await;
    let found = web.fetch("http", "rim.example", "/to-encrypted").await.expect("it is there");
    assert_eq!(found.url.as_str(), web.url("http", "127.0.0.1", "/page"));
    for path in ["/to-nothing", "/to-a-script", "/to-\u{fffd}", "/without-a-place"] {
        assert!(web.fetch("http", "rim.example", path).await.is_none(), "{path}");
    }
}

#[tokio::test]
async fn a_name_leads_to_no_address_inside_whatever_else_it_stands_for() {
    let (inside, outside) = (Web::start(INSIDE, says).await, Web::start(OUTSIDE, says).await);
    let mut way = outside.way.clone();
    way.look_up = |name, port| {
        let ips = match name.as_str() {
            "inside.example" => vec![INSIDE],
            "both.example" => vec![INSIDE, OUTSIDE],
            "nowhere.example" => vec![],
            _ => vec![OUTSIDE],
        };
        async move { Ok(ips.into_iter().map(|ip| SocketAddr::new(ip.into(), port)).collect()) }.boxed()
    };
    assert!(fetch_by(&way, &inside.url("http", "inside.example", "/page")).await.is_none());
    assert!(fetch_by(&way, &inside.url("http", "nowhere.example", "/page")).await.is_none());
    assert!(fetch_by(&way, &outside.url("http", "rim.example", "/to-inside")).await.is_none());
    assert!(fetch_by(&way, &outside.url("http", "both.example", "/page")).await.is_some());
    assert_eq!(inside.asked(), 0);
}

#[tokio::test]
async fn no_way_to_write_an_address_leads_inside() {
    let web = Web::start(OUTSIDE, says).await;
    // As it is, but for the port.
    let may_go = |address: SocketAddr| is_public(SocketAddr::new(address.ip(), 443));
    let way = Way { may_go, ..web.way.clone() };
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "0",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "rim.example",
    ] {
        assert!(fetch_by(&way, &web.url("http", host, "/page")).await.is_none(), "{host}");
    }
    assert_eq!(web.asked(), 0);
}

#[tokio::test]
async fn much_is_cut_and_what_is_unreadable_is_nothing() {
    let web = Web::start(OUTSIDE, says).await;
    for path in ["/long-head", "/many-heads", "/packed", "/breaks-off", "/no-http", "/unknown"] {
        assert!(web.fetch("http", "rim.example", path).await.is_none(), "{path}");
    }
    assert!(web.fetch("http", "rim.example", "/not-packed").await.is_some());
    let much = web.fetch("http", "rim.example", "/much").await.expect("its beginning");
    assert_eq!((much.bytes.len(), much.is_whole), (MAX_BYTES, false));
    for url in ["ftp://rim.example/page", "http://anna@rim.example/page", "http://:b@rim.example/page"] {
        assert!(fetch_by(&web.way, url).await.is_none(), "{url}");
    }
}
