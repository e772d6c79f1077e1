//! Fetches what a link leads to: little, soon, and from nowhere that the guard does not allow.

#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, LazyLock};

use axum::body::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, HOST, LOCATION, USER_AGENT,
};
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use super::guard::is_public;

/// Of a page, whose head is at its beginning; and of a picture.
pub const MAX_BYTES: usize = 1 << 20;
/// Places that one asked for may send on to.
const MAX_REDIRECTS: usize = 4;
/// What servers say of what they send is no longer.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// The server as others see it in their logs.
const NAME: &str = concat!("rim/", env!("CARGO_PKG_VERSION"), " (link preview)");

/// What was found at an address.
pub struct Found {
    /// Where it was in the end.
    pub url: Url,
    pub content_type: String,
    /// At most [`MAX_BYTES`].
    pub bytes: Vec<u8>,
    /// There is no more of it.
    pub is_whole: bool,
}

/// How the server goes to what others have.
#[derive(Clone)]
pub struct Way {
    /// Which addresses it may go to.
    pub may_go: fn(SocketAddr) -> bool,
    /// The addresses that a name stands for, with a port.
    pub look_up: fn(String, u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>>,
    /// Whom it believes to be who they say.
    pub tls: Arc<ClientConfig>,
}

impl Default for Way {
    /// To the public internet.
    fn default() -> Self {
        Self { may_go: is_public, look_up: |name, port| look_up(name, port).boxed(), tls: Arc::clone(&TLS) }
    }
}

async fn look_up(name: String, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok(lookup_host((name, port)).await?.collect())
}

/// Asks for an address, and for that to which it sends on. The way decides of each anew, once its name is known to stand for
/// an address on the network; and that is where the connection goes, whatever the name stands for a moment later.
pub async fn fetch(url: Url, accept: &'static str, way: &Way) -> Option<Found> {
    let mut url = url;
    for _ in 0..=MAX_REDIRECTS {
        match ask(&url, accept, way).await? {
            Answer::Found { content_type, bytes, is_whole } => {
                return Some(Found { url, content_type, bytes, is_whole });
            }
            Answer::Elsewhere(to) => url = url.join(&to).ok()?,
        }
    }
    None
}

enum Answer {
    Found { content_type: String, bytes: Vec<u8>, is_whole: bool },
    Elsewhere(String),
}

async fn ask(url: &Url, accept: &'static str, way: &Way) -> Option<Answer> {
    let is_encrypted = match url.scheme() {
        "http" => false,
        "https" => true,
        _ => return None,
    };
    // Whoever puts a password into a link does not mean the server to use it.
    if !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    let (host, port) = (url.host()?, url.port_or_known_default()?);
    let mut addresses = match host {
        Host::Ipv4(ip) => vec![SocketAddr::new(ip.into(), port)],
        Host::Ipv6(ip) => vec![SocketAddr::new(ip.into(), port)],
        Host::Domain(name) => (way.look_up)(name.to_owned(), port).await.ok()?,
    };
    addresses.retain(|address| (way.may_go)(*address));
    // None is an error, too.
    let stream = TcpStream::connect(addresses.as_slice()).await.ok()?;
    if is_encrypted {
        let name = match host {
            Host::Ipv4(ip) => ServerName::from(std::net::IpAddr::from(ip)),
            Host::Ipv6(ip) => ServerName::from(std::net::IpAddr::from(ip)),
            Host::Domain(name) => ServerName::try_from(name.to_owned()).ok()?,
        };
        let stream = TlsConnector::from(Arc::clone(&way.tls)).connect(name, stream).await.ok()?;
        speak(stream, url, accept).await
    } else {
        speak(stream, url, accept).await
    }
}

/// Those whom the system trusts.
static TLS: LazyLock<Arc<ClientConfig>> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    // Some of the system's may be of no use to rustls: the others are.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.expect("ring has ciphers for each version");
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
});

async fn speak<S>(stream: S, url: &Url, accept: &'static str) -> Option<Answer>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = http1::Builder::new();
    builder.max_buf_size(MAX_HEAD_BYTES);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.ok()?;
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let request = Request::get(target)
        .header(HOST, host)
        .header(USER_AGENT, NAME)
        .header(ACCEPT, accept)
        .header(ACCEPT_ENCODING, "identity")
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .ok()?;
    let mut asking = pin!(async { read(sender.send_request(request).await.ok()?).await });
    // The connection is moved on as long as it is asked; what it has read when it ends is still to be had.
    tokio::select! {
        biased;
        answer = &mut asking => answer,
        _ = connection => asking.await,
    }
}

async fn read(response: Response<Incoming>) -> Option<Answer> {
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    if response.status().is_redirection() {
        return text(LOCATION).map(|to| Answer::Elsewhere(to.to_owned()));
    }
    if !response.status().is_success() {
        return None;
    }
    // It was asked for as it is; and what is packed may be as large as one likes.
    if text(CONTENT_ENCODING).is_some_and(|packed| !packed.eq_ignore_ascii_case("identity")) {
        return None;
    }
    let content_type = text(CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
    let (mut bytes, mut is_whole) = (Vec::new(), true);
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.ok()?.into_data() else { continue };
        let room = MAX_BYTES - bytes.len();
        bytes.extend_from_slice(&data[..data.len().min(room)]);
        if data.len() > room {
            is_whole = false;
            break;
        }
    }
    Some(Answer::Found { content_type, bytes, is_whole })
}
