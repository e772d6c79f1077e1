//! The bare file server: it writes the body of a request to a file, syncs the file and its folder, and answers; and it reads
//! a file into an answer. It asks nobody who they are, hashes nothing, looks at nothing and has no database.
//!
//! It is a process of its own on the server's core, as the relay is.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use futures_util::{Stream, TryStreamExt, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::CONTENT_LENGTH;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::spawn_blocking;

use crate::bare::Program;
use crate::report::Report;
use crate::scenario::files;

/// As much of a file is read at once as rim reads.
const PIECE_BYTES: u64 = 64 * 1024;

/// The uploads and fetches of [`files`] over a bare file server that keeps them in a folder of `folder`.
pub(crate) async fn files(options: files::Options, folder: Option<&Path>) -> anyhow::Result<Report> {
    let folder = match folder {
        Some(folder) => tempfile::tempdir_in(folder).with_context(|| folder.display().to_string())?,
        None => tempfile::tempdir()?,
    };
    let folder_path = folder.path().to_str().context("a folder whose path is text")?;
    let server = Program::start(&["file-server", folder_path]).await?;
    let report = files::run_bare(&server.process, &server.address, &options).await?;
    Ok(Report { title: format!("The bare file server: {}", report.title), ..report })
}

type Answer = Response<UnsyncBoxBody<Bytes, std::io::Error>>;

/// Keeps files in a folder until it is killed; the first line it prints is its address.
pub(crate) async fn serve(folder: PathBuf) -> anyhow::Result<()> {
    let folder: Arc<Path> = folder.into();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let folder = Arc::clone(&folder);
        let answering = service_fn(move |request| answer(request, Arc::clone(&folder)));
        // Clients of a bench leave when they are done.
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answering));
    }
}

/// `PUT /NAME/OFFSET` and `GET /NAME`.
async fn answer(request: Request<Incoming>, folder: Arc<Path>) -> anyhow::Result<Answer> {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    if request.method() == Method::PUT {
        let (name, at) = path.split_once('/').context("where in the file")?;
        keep(request.into_body(), &folder, name, at.parse()?).await?;
        return Ok(Response::new(Empty::new().map_err(|never| match never {}).boxed_unsync()));
    }
    let file = File::open(folder.join(path))?;
    let length = file.metadata()?.len();
    let body = StreamBody::new(pieces(file, length).map_ok(Frame::data)).boxed_unsync();
    Ok(Response::builder().header(CONTENT_LENGTH, length).body(body)?)
}

async fn keep(mut body: Incoming, folder: &Arc<Path>, name: &str, mut at: u64) -> anyhow::Result<()> {
    let is_new = at == 0;
    let file = OpenOptions::new().write(true).create(is_new).truncate(is_new).open(folder.join(name))?;
    while let Some(frame) = body.frame().await {
        if let Ok(piece) = frame?.into_data() {
            file.write_all_at(&piece, at)?;
            at += piece.len() as u64;
        }
    }
    let folder = Arc::clone(folder);
    // Others are served while the disk works.
    let synced = spawn_blocking(move || {
        file.sync_all()?;
        if is_new { File::open(&folder)?.sync_all() } else { Ok(()) }
    });
    Ok(synced.await??)
}

fn pieces(file: File, length: u64) -> impl Stream<Item = std::io::Result<Bytes>> + Send + 'static {
    let starts = (0..length).step_by(PIECE_BYTES as usize);
    stream::iter(starts.map(move |at| {
        let mut piece = vec![0; PIECE_BYTES.min(length - at) as usize];
        file.read_exact_at(&mut piece, at)?;
        Ok(Bytes::from(piece))
    }))
}
