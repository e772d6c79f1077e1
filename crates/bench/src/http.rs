//! HTTP whose bodies are streamed both ways. `rim-client` is for answers that are small.

use std::convert::Infallible;

use anyhow::{Context, bail};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// What is sent.
pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// A connection that is kept.
pub(crate) struct Http(SendRequest<Body>);

impl Http {
    pub(crate) async fn over(stream: TcpStream) -> anyhow::Result<Self> {
        let (sender, connection) = handshake(TokioIo::new(stream)).await.context("HTTP")?;
        // It ends with the sender, and its errors are told to whoever sends.
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    /// # Errors
    /// The answer is not that everything is well: then with what it says.
    pub(crate) async fn send(&mut self, request: Request<Body>) -> anyhow::Result<Response<Incoming>> {
        self.0.ready().await.context("HTTP")?;
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.0.send_request(request).await.with_context(|| format!("{method} {path}"))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        bail!("{method} {path}: {}: {}", status_of(status), text(response).await.unwrap_or_default());
    }
}

fn status_of(status: StatusCode) -> String {
    format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or_default())
}

/// The whole of an answer.
pub(crate) async fn text(response: Response<Incoming>) -> anyhow::Result<String> {
    let bytes = response.into_body().collect().await.context("an answer")?.to_bytes();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

pub(crate) fn nothing() -> Body {
    Empty::new().boxed_unsync()
}

pub(crate) fn streamed(pieces: impl Stream<Item = Bytes> + Send + 'static) -> Body {
    StreamBody::new(pieces.map(|piece| Ok(Frame::data(piece)))).boxed_unsync()
}
