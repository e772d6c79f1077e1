//! Where files are put and fetched from: a rim server, or the bare machine. The scenarios do the same with both.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt;
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, LOCATION, RANGE};
use hyper::{Method, Request, StatusCode};
use rim_client::protocol::Envelope;
use rim_client::protocol::frame::Outgoing;
use rim_client::protocol::rest::File;
use tokio::net::TcpStream;

use crate::audience::accepted;
use crate::content::Content;
use crate::frames::{acknowledged, hear, masked};
use crate::http::{Body, Http, nothing, streamed, text};
use crate::people::{Person, Target};
use crate::wire::Wire;

/// A transfer by tus comes in pieces, as those of the web client do: first of so many bytes, and where one takes less than a second
/// the next is twice as large. One that is smaller comes with the request that begins it.
const PIECE_BYTES: u64 = 8 << 20;
const MOST_BYTES: u64 = 64 << 20;
const QUICK: Duration = Duration::from_secs(1);
const AT_ONCE_BYTES: u64 = 1 << 20;

/// How large the pieces are.
struct Pieces(u64);

impl Pieces {
    /// The next one behind `at`, of all that there is.
    fn next(&self, at: u64, size_bytes: u64) -> Range<u64> {
        at..(at + self.0).min(size_bytes)
    }

    fn took(&mut self, elapsed: Duration) {
        self.0 = if elapsed < QUICK { (2 * self.0).min(MOST_BYTES) } else { (self.0 / 2).max(PIECE_BYTES) };
    }
}

/// How a file is uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// By one request.
    Whole,
    /// By tus, piece by piece.
    Pieces,
}

/// Where files are.
#[derive(Clone)]
pub(crate) enum Shelf {
    /// A rim server, as somebody who uploads or fetches there.
    Rim { target: Arc<Target>, person: Person },
    /// A server that keeps bytes and asks nothing, at an address.
    Bare { address: String },
}

impl Shelf {
    pub(crate) async fn connect(&self) -> anyhow::Result<Http> {
        let stream = match self {
            Self::Rim { target, .. } => target.socket().await?,
            Self::Bare { address } => {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                stream
            }
        };
        Http::over(stream).await
    }

    fn request(&self, method: Method, path: &str) -> hyper::http::request::Builder {
        let request = Request::builder().method(method).uri(path).header(HOST, "bench");
        match self {
            Self::Rim { person, .. } => request.header(AUTHORIZATION, format!("Bearer {}", person.token)),
            Self::Bare { .. } => request,
        }
    }

    /// Uploads a file, and returns where it is then.
    pub(crate) async fn upload(&self, http: &mut Http, content: Content, way: Way) -> anyhow::Result<String> {
        let all = 0..content.size_bytes;
        match (self, way) {
            (Self::Rim { .. }, Way::Whole) => {
                self.upload_whole(http, content, streamed(content.pieces(all))).await
            }
            (Self::Rim { .. }, Way::Pieces) => self.upload_by_tus(http, content).await,
            (Self::Bare { .. }, Way::Whole) => self.put(http, content, all).await,
            (Self::Bare { .. }, Way::Pieces) => {
                let (mut path, mut at, mut pieces) = (String::new(), 0, Pieces(PIECE_BYTES));
                while at < content.size_bytes {
                    let (piece, start) = (pieces.next(at, content.size_bytes), Instant::now());
                    at = piece.end;
                    path = self.put(http, content, piece).await?;
                    pieces.took(start.elapsed());
                }
                Ok(path)
            }
        }
    }

    /// By one request to rim, with a body of one's own.
    pub(crate) async fn upload_whole(
        &self,
        http: &mut Http,
        content: Content,
        body: Body,
    ) -> anyhow::Result<String> {
        let path = format!("/api/file/upload?name=bench-{}", content.number);
        let request = self.request(Method::POST, &path).header(CONTENT_LENGTH, content.size_bytes);
        let answer = text(http.send(request.body(body)?).await?).await?;
        let envelope: Envelope<File> = serde_json::from_str(&answer)?;
        let file = envelope.data.with_context(|| format!("an upload was refused: {answer}"))?;
        ensure!(file.size == content.size_bytes, "of {} bytes {} came", content.size_bytes, file.size);
        Ok(format!("/media/files/{}", file.id))
    }

    async fn upload_by_tus(&self, http: &mut Http, content: Content) -> anyhow::Result<String> {
        let size_bytes = content.size_bytes;
        let name = STANDARD.encode(format!("bench-{}", content.number));
        let begin = self
            .request(Method::POST, "/api/file/tus")
            .header("tus-resumable", "1.0.0")
            .header("upload-length", size_bytes)
            .header("upload-metadata", format!("filename {name}"));
        let bytes = "application/offset+octet-stream";
        let is_small = size_bytes <= AT_ONCE_BYTES;
        let begin = if is_small {
            let begin = begin.header(CONTENT_TYPE, bytes).header(CONTENT_LENGTH, size_bytes);
            begin.body(streamed(content.pieces(0..size_bytes)))?
        } else {
            begin.header(CONTENT_LENGTH, 0).body(nothing())?
        };
        let mut answer = http.send(begin).await?;
        let location = answer.headers().get(LOCATION).context("an upload has a place")?.to_str()?.to_owned();
        let (mut at, mut pieces) = (if is_small { size_bytes } else { 0 }, Pieces(PIECE_BYTES));
        while at < size_bytes {
            // What it says is read to its end, so that the connection is free.
            text(answer).await?;
            let (piece, start) = (pieces.next(at, size_bytes), Instant::now());
            at = piece.end;
            let request = self
                .request(Method::PATCH, &location)
                .header("tus-resumable", "1.0.0")
                .header("upload-offset", piece.start)
                .header(CONTENT_TYPE, bytes)
                .header(CONTENT_LENGTH, piece.end - piece.start);
            answer = http.send(request.body(streamed(content.pieces(piece)))?).await?;
            pieces.took(start.elapsed());
        }
        let file = answer.headers().get("rim-file").context("the whole makes a file")?.to_str()?.to_owned();
        text(answer).await?;
        Ok(format!("/media/files/{file}"))
    }

    /// To the bare machine.
    async fn put(&self, http: &mut Http, content: Content, piece: Range<u64>) -> anyhow::Result<String> {
        let path = format!("/{}", content.number);
        let request = self.request(Method::PUT, &format!("{path}/{}", piece.start));
        let request = request.header(CONTENT_LENGTH, piece.end - piece.start);
        text(http.send(request.body(streamed(content.pieces(piece)))?).await?).await?;
        Ok(path)
    }

    /// Fetches a file, or a range of it, and looks at every byte.
    ///
    /// # Errors
    /// One was lost or changed.
    pub(crate) async fn fetch(
        &self,
        http: &mut Http,
        path: &str,
        content: Content,
        range: Option<Range<u64>>,
    ) -> anyhow::Result<()> {
        let mut request = self.request(Method::GET, path);
        let expected = range.clone().unwrap_or(0..content.size_bytes);
        if range.is_some() {
            request = request.header(RANGE, format!("bytes={}-{}", expected.start, expected.end - 1));
        }
        let mut response = http.send(request.body(nothing())?).await?;
        let status = if range.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
        ensure!(response.status() == status, "a fetch was answered {}", response.status());
        let mut at = expected.start;
        while let Some(frame) = response.body_mut().frame().await {
            if let Ok(piece) = frame.context("a fetch")?.into_data() {
                content.check(at, &piece)?;
                at += piece.len() as u64;
            }
        }
        ensure!(at == expected.end, "file {} ended at {at}, not at {}", content.number, expected.end);
        Ok(())
    }
}

/// Says to a group that there is a file, so that its members may fetch it, and waits until that is stored.
pub(crate) async fn show(
    wire: &mut Wire,
    person: &Person,
    gid: u64,
    path: &str,
    id: &str,
) -> anyhow::Result<()> {
    let file = path.rsplit('/').next().unwrap_or_default();
    let content = format!(r#"{{"file":"{file}"}}"#);
    let frame = Outgoing {
        kind: "File",
        uid: person.uid,
        gid: Some(gid),
        content: &content,
        client_msg_id: id,
        msg_id: None,
        echo: false,
    };
    let mut out = Vec::new();
    masked(frame.encode("Msg").as_bytes(), &mut out);
    wire.writer.send(&out).await?;
    let mut is_stored = false;
    while !is_stored {
        wire.reader
            .hear(|text| {
                is_stored |= acknowledged(text).is_some();
                accepted(hear(text)).map(drop)
            })
            .await?;
    }
    Ok(())
}
