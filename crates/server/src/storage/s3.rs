//! Objects in a bucket of S3, or of what speaks like it.
//!
//! What is staged are objects as well: parts of [`PART_BYTES`], and the bytes behind the last of them. They are named by a token of
//! whoever has put them, so that one who comes too late overwrites nothing. An upload that is whole becomes one object inside of the
//! bucket, by a multipart upload of copies: no byte of it comes by the node again.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Bytes;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use http::{HeaderName, HeaderValue, Method};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{HttpClient, HttpConnector, HttpRequestBody, ReqwestConnector};
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::signer::{SignedUrlOptions, Signer};
use object_store::{
    BackoffConfig, Certificate, ClientOptions, Error, GetOptions, GetRange, ObjectMeta, ObjectStore,
    ObjectStoreExt, RetryConfig,
};
use rim_core::Timestamp;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use super::spool::Spool;
use super::{Free, Key, Object, PAGE, Pieces, Stage, Staged, Storage, blocking, check_id, room_in, token};
use crate::config::S3Settings;
use crate::tls::use_ring;

/// The least that S3 takes as a part that is not the last, and what R2 wants all of them to have.
const PART_BYTES: u64 = 5 << 20;

/// Parts of one object, at the most.
const MAX_PARTS: u64 = 10_000;

/// Parts that are in memory at the same time, of all uploads together.
const PARTS_IN_MEMORY: usize = 8;

/// Parts of an upload that are copied at the same time.
const COPIES_AT_ONCE: usize = 8;

/// A bucket that does not answer is given up after that, and the same may be asked for later.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long S3 may take for the next bytes of an answer. A part is on its way meanwhile.
const READ_PATIENCE: Duration = Duration::from_secs(60);

const STAGED: &str = "staged";

/// Where parts wait on the disk of a node, in its data folder.
const SPOOL: &str = "spool";

/// A bucket, or a part of one.
pub struct S3 {
    bucket: Arc<Bucket>,
    spool: PathBuf,
    tasks: TaskTracker,
}

struct Bucket {
    store: AmazonS3,
    /// For the one request that the store has no method for.
    http: HttpClient,
    name: String,
    prefix: String,
    parts: Semaphore,
}

impl S3 {
    /// Does not ask whether there is a bucket: one that is away may come back.
    ///
    /// # Errors
    /// The settings do not go together, or the folder for what waits cannot be made.
    pub fn open(settings: &S3Settings, data: &FilePath, tasks: TaskTracker) -> io::Result<Self> {
        use_ring();
        let spool = data.join(SPOOL);
        std::fs::create_dir_all(&spool)?;
        let mut options = ClientOptions::new()
            .with_allow_http(true)
            .with_connect_timeout(PATIENCE / 4)
            .with_timeout_disabled()
            .with_read_timeout(READ_PATIENCE);
        if let Some(file) = &settings.ca {
            for certificate in authorities(file)? {
                options = options.with_root_certificate(certificate);
            }
        }
        let backoff = BackoffConfig { max_backoff: Duration::from_secs(2), ..BackoffConfig::default() };
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(&settings.bucket)
            .with_retry(RetryConfig { backoff, max_retries: 6, retry_timeout: PATIENCE })
            .with_client_options(options.clone())
            .with_virtual_hosted_style_request(!settings.path_style);
        if let Some(endpoint) = settings.endpoint() {
            builder = builder.with_endpoint(endpoint);
        }
        if let Some(region) = &settings.region {
            builder = builder.with_region(region);
        }
        if let Some(keys) = &settings.keys {
            builder = builder.with_access_key_id(&keys.access).with_secret_access_key(&keys.secret);
        }
        let store = builder.build().map_err(fault)?;
        let http = ReqwestConnector::default().connect(&options).map_err(fault)?;
        let (name, prefix) = (settings.bucket.clone(), settings.prefix.clone());
        let bucket = Bucket { store, http, name, prefix, parts: Semaphore::new(PARTS_IN_MEMORY) };
        Ok(Self { bucket: Arc::new(bucket), spool, tasks })
    }
}

/// The certificates in a file.
fn authorities(file: &FilePath) -> io::Result<Vec<Certificate>> {
    let of_file =
        |error: &dyn std::fmt::Display| io::Error::other(format!("s3-ca {}: {error}", file.display()));
    let pem = std::fs::read(file).map_err(|error| of_file(&error))?;
    let found = Certificate::from_pem_bundle(&pem).map_err(|error| of_file(&error))?;
    if found.is_empty() { Err(of_file(&"there is no certificate in it")) } else { Ok(found) }
}

#[async_trait]
impl Storage for S3 {
    fn max_bytes(&self) -> Option<u64> {
        Some(PART_BYTES * MAX_PARTS)
    }

    /// What is no whole part yet waits on the disk of the node, where the database may be as well.
    fn room_for(&self, size_bytes: u64) -> u64 {
        size_bytes.min(PART_BYTES)
    }

    async fn free(&self) -> io::Result<Option<Free>> {
        let spool = self.spool.clone();
        blocking(&self.tasks, move || room_in(&spool).map(Some)).await
    }

    async fn stage(&self, staged: &Staged) -> io::Result<Box<dyn Stage>> {
        check_id(&staged.id)?;
        let notes = Notes::parse(staged)?;
        let mut spool = Spool::new(&self.spool, self.tasks.clone()).await?;
        match notes.objects(staged).last() {
            Some(rest) if rest.length < PART_BYTES => {
                let mut pieces = self.bucket.read(rest).await?;
                while let Some(piece) = pieces.try_next().await? {
                    spool.add(piece).await?;
                }
            }
            Some(part) => self.bucket.must_be_there(part).await?,
            None => {}
        }
        let token = format!("{:016x}", token()?);
        let bucket = Arc::clone(&self.bucket);
        Ok(Box::new(Grows { bucket, durable: staged.clone(), notes, token, spool }))
    }

    async fn read_staged(&self, staged: &Staged) -> io::Result<Pieces> {
        let parts = Notes::parse(staged)?.objects(staged);
        let bucket = Arc::clone(&self.bucket);
        let pieces = stream::iter(parts).then(move |part| {
            let bucket = Arc::clone(&bucket);
            async move { bucket.read(&part).await }
        });
        Ok(pieces.try_flatten().boxed())
    }

    async fn keep(&self, staged: &Staged, key: &Key) -> io::Result<()> {
        if self.size(key).await? != Some(staged.length) {
            let parts = Notes::parse(staged)?.objects(staged);
            let key = self.bucket.path(&key.name());
            match parts.as_slice() {
                [] => return Err(ErrorKind::NotFound.into()),
                [one] => {
                    self.bucket.must_be_there(one).await?;
                    self.bucket.store.copy(&self.bucket.path(&one.name), &key).await.map_err(fault)?;
                }
                _ => self.bucket.join(&staged.id, &parts, &key).await?,
            }
        }
        Ok(())
    }

    async fn discard(&self, staged: &Staged) -> io::Result<()> {
        check_id(&staged.id)?;
        let folder = self.bucket.path(&format!("{STAGED}/{}", staged.id));
        let objects = self.bucket.store.list(Some(&folder)).map_ok(|found| found.location);
        let objects: Vec<Path> = objects.try_collect().await.map_err(fault)?;
        for note in objects.iter().filter(|path| path.filename().is_some_and(is_join)) {
            self.bucket.abort(note).await?;
        }
        self.bucket.remove(objects).await
    }

    async fn put(&self, key: &Key, bytes: Bytes) -> io::Result<()> {
        if self.size(key).await? != Some(bytes.len() as u64) {
            self.bucket.store.put(&self.bucket.path(&key.name()), bytes.into()).await.map_err(fault)?;
        }
        Ok(())
    }

    async fn open(&self, key: &Key, range: Option<Range<u64>>) -> io::Result<Option<Object>> {
        let path = self.bucket.path(&key.name());
        let get = async |range: Option<Range<u64>>| {
            let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
            self.bucket.store.get_opts(&path, options).await
        };
        let found = match range {
            // S3 has no ranges without bytes.
            Some(range) if range.is_empty() => None,
            Some(range) => match get(Some(range.clone())).await {
                Err(Error::NotFound { .. }) => return Ok(None),
                Err(error) => {
                    // It may lie behind the end, for which each has a fault of its own.
                    let size = self.size(key).await?;
                    if size.is_some_and(|size| range.start < size) {
                        return Err(fault(error));
                    }
                    None
                }
                Ok(found) => Some(found),
            },
            None => match get(None).await {
                Err(Error::NotFound { .. }) => return Ok(None),
                found => Some(found.map_err(fault)?),
            },
        };
        if let Some(found) = found {
            let size_bytes = found.meta.size;
            return Ok(Some(Object { size_bytes, pieces: found.into_stream().map_err(fault).boxed() }));
        }
        // Nothing of it was asked for, or what lies behind its end; or there is none.
        let size = self.size(key).await?;
        Ok(size.map(|size_bytes| Object { size_bytes, pieces: stream::empty().boxed() }))
    }

    async fn size(&self, key: &Key) -> io::Result<Option<u64>> {
        match self.bucket.store.head(&self.bucket.path(&key.name())).await {
            Ok(found) => Ok(Some(found.size)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(fault(error)),
        }
    }

    async fn remove(&self, keys: &[Key]) -> io::Result<()> {
        self.bucket.remove(keys.iter().map(|key| self.bucket.path(&key.name())).collect()).await
    }

    async fn list(&self, after: Option<&Key>) -> io::Result<Vec<(Key, u64)>> {
        let root = self.bucket.root();
        let found = match after {
            Some(after) => {
                self.bucket.store.list_with_offset(root.as_ref(), &self.bucket.path(&after.name()))
            }
            None => self.bucket.store.list(root.as_ref()),
        };
        let keys = found.try_filter_map(async |found| {
            // What is called otherwise is staged, or somebody else's.
            Ok(self.bucket.name(&found.location).and_then(Key::parse).map(|key| (key, found.size)))
        });
        keys.take(PAGE).try_collect().await.map_err(fault)
    }

    async fn stale(&self, before: Timestamp) -> io::Result<Vec<Staged>> {
        let mut last_written = BTreeMap::<String, i64>::new();
        let mut found = self.bucket.store.list(Some(&self.bucket.path(STAGED)));
        while let Some(ObjectMeta { location, last_modified, .. }) = found.try_next().await.map_err(fault)? {
            let id = self.bucket.name(&location).and_then(|name| name.split('/').nth(1));
            if let Some(id) = id.filter(|id| check_id(id).is_ok()) {
                let last = last_written.entry(id.to_owned()).or_insert(i64::MIN);
                *last = (*last).max(last_modified.timestamp_millis());
            }
        }
        let stale = last_written.into_iter().filter(|(_, written)| *written < before.0);
        Ok(stale.map(|(id, _)| Staged::new(id)).take(PAGE).collect())
    }
}

/// A staged object.
#[derive(Debug, Clone)]
struct Part {
    /// Without the prefix.
    name: String,
    length: u64,
}

fn part_name(number: u64, token: &str) -> String {
    format!("{number:05}-{token}")
}

fn rest_name(token: &str) -> String {
    format!("rest-{token}")
}

/// A note of an object that is being put together: where, and by which multipart upload. Nobody lists those, and their parts cost room,
/// so who discards the staged bytes takes it back by this.
fn join_name(token: u64) -> String {
    format!("join-{token:016x}")
}

fn is_join(name: &str) -> bool {
    name.starts_with("join-")
}

/// What parts there are, by who has put them: `TOKEN:NUMBER`, one behind the other. What lies behind the last part is an object of the
/// last of them.
#[derive(Debug, Clone, Default)]
struct Notes(Vec<(String, u64)>);

impl Notes {
    fn parse(staged: &Staged) -> io::Result<Self> {
        let read = |word: &str| {
            let (token, parts) = word.split_once(':')?;
            Some((token.to_owned(), parts.parse().ok()?))
        };
        let notes = staged.notes.split_whitespace().map(read).collect::<Option<Vec<_>>>().map(Self);
        let fits = |notes: &Self| notes.parts() == staged.length / PART_BYTES;
        notes.filter(fits).ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "notes of another upload"))
    }

    fn parts(&self) -> u64 {
        self.0.iter().map(|(_, parts)| parts).sum()
    }

    /// Adds a part by that one, or what lies behind the parts.
    fn add(&mut self, token: &str, parts: u64) {
        // What another has put behind the parts is in a newer part.
        self.0.retain(|(of, parts)| *parts > 0 || of == token);
        match self.0.last_mut() {
            Some((last, of_last)) if last == token => *of_last += parts,
            _ => self.0.push((token.to_owned(), parts)),
        }
    }

    /// The objects that the upload is, in their order. An upload of nothing is one without bytes, once it has come to an end.
    fn objects(&self, staged: &Staged) -> Vec<Part> {
        let mut objects = Vec::new();
        let object = |name: String, length| Part { name: format!("{STAGED}/{}/{name}", staged.id), length };
        for (token, parts) in &self.0 {
            for _ in 0..*parts {
                objects.push(object(part_name(objects.len() as u64, token), PART_BYTES));
            }
        }
        let rest = staged.length % PART_BYTES;
        if let Some((token, _)) = self.0.last().filter(|_| rest > 0 || staged.length == 0) {
            objects.push(object(rest_name(token), rest));
        }
        objects
    }

    fn text(&self) -> String {
        self.0.iter().map(|(token, parts)| format!("{token}:{parts}")).collect::<Vec<_>>().join(" ")
    }
}

/// An upload that grows by parts.
struct Grows {
    bucket: Arc<Bucket>,
    /// The parts, and what has lain behind them when it was opened.
    durable: Staged,
    notes: Notes,
    token: String,
    /// What lies behind the parts.
    spool: Spool,
}

impl Grows {
    async fn put(&mut self, name: String, parts: u64) -> io::Result<()> {
        let path = self.bucket.path(&format!("{STAGED}/{}/{name}", self.durable.id));
        let before = self.notes.parts() * PART_BYTES;
        // Closed it is never.
        let _room = self.bucket.parts.acquire().await.map_err(io::Error::other)?;
        let bytes = self.spool.bytes().await?;
        let length = before + bytes.len() as u64;
        self.bucket.store.put(&path, bytes.into()).await.map_err(fault)?;
        self.spool.clear();
        self.notes.add(&self.token, parts);
        self.durable = Staged { id: self.durable.id.clone(), length, notes: self.notes.text() };
        Ok(())
    }
}

#[async_trait]
impl Stage for Grows {
    async fn write(&mut self, mut bytes: Bytes) -> io::Result<()> {
        while !bytes.is_empty() {
            let room = usize::try_from(PART_BYTES - self.spool.length()).unwrap_or(usize::MAX);
            let now = bytes.split_to(bytes.len().min(room));
            self.spool.add(now).await?;
            if self.spool.length() == PART_BYTES {
                if self.notes.parts() == MAX_PARTS {
                    return Err(ErrorKind::FileTooLarge.into());
                }
                self.put(part_name(self.notes.parts(), &self.token), 1).await?;
            }
        }
        Ok(())
    }

    async fn sync(&mut self) -> io::Result<Staged> {
        Ok(self.durable.clone())
    }

    async fn end(mut self: Box<Self>) -> io::Result<Staged> {
        let length = self.notes.parts() * PART_BYTES + self.spool.length();
        if length != self.durable.length || self.notes.0.is_empty() {
            self.put(rest_name(&self.token), 0).await?;
        }
        Ok(self.durable)
    }
}

impl Bucket {
    fn root(&self) -> Option<Path> {
        (!self.prefix.is_empty()).then(|| Path::from(self.prefix.as_str()))
    }

    fn path(&self, name: &str) -> Path {
        let name = Path::from(name);
        self.root().into_iter().flat_map(|root| parts_of(&root)).chain(parts_of(&name)).collect()
    }

    /// What is called so, without the prefix.
    fn name<'a>(&self, path: &'a Path) -> Option<&'a str> {
        let name = path.as_ref();
        if self.prefix.is_empty() { Some(name) } else { name.strip_prefix(&self.prefix)?.strip_prefix('/') }
    }

    async fn must_be_there(&self, part: &Part) -> io::Result<()> {
        match self.store.head(&self.path(&part.name)).await {
            Ok(found) if found.size == part.length => Ok(()),
            Ok(_) => Err(ErrorKind::NotFound.into()),
            Err(error) => Err(fault(error)),
        }
    }

    async fn read(&self, part: &Part) -> io::Result<Pieces> {
        let found = self.store.get(&self.path(&part.name)).await.map_err(fault)?;
        if found.meta.size != part.length {
            return Err(ErrorKind::NotFound.into());
        }
        Ok(found.into_stream().map_err(fault).boxed())
    }

    async fn remove(&self, paths: Vec<Path>) -> io::Result<()> {
        let paths = stream::iter(paths).map(Ok).boxed();
        let gone = self.store.delete_stream(paths).map(|gone| match gone {
            Ok(_) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(fault(error)),
        });
        gone.try_collect::<()>().await
    }

    /// Makes one object of many, which are those of that upload.
    async fn join(&self, id: &str, parts: &[Part], key: &Path) -> io::Result<()> {
        let upload = self.store.create_multipart(key).await.map_err(fault)?;
        // Noted before a part is there.
        let note = self.path(&format!("{STAGED}/{id}/{}", join_name(token()?)));
        let text = format!("{upload}\n{key}");
        self.store.put(&note, Bytes::from(text).into()).await.map_err(fault)?;
        let copies = parts.iter().enumerate();
        let copies: Vec<_> =
            copies.map(|(number, part)| self.copy_part(part, key, &upload, number).boxed()).collect();
        // In their order, however they come.
        let copied: io::Result<Vec<PartId>> =
            stream::iter(copies).buffered(COPIES_AT_ONCE).try_collect().await;
        let done = match copied {
            Ok(parts) => self.store.complete_multipart(key, &upload, parts).await.map(drop).map_err(fault),
            Err(error) => Err(error),
        };
        match done {
            Err(_) => {
                // If that fails as well, whoever discards the parts does it.
                let _ = self.abort(&note).await;
                done
            }
            Ok(()) => self.remove(vec![note]).await,
        }
    }

    /// Takes back what a note says was being put together. What is done, or was taken back before, is not there any more.
    async fn abort(&self, note: &Path) -> io::Result<()> {
        let text = match self.store.get(note).await {
            Ok(found) => found.bytes().await.map_err(fault)?,
            Err(Error::NotFound { .. }) => return Ok(()),
            Err(error) => return Err(fault(error)),
        };
        let text = String::from_utf8_lossy(&text);
        let Some((upload, key)) = text.split_once('\n') else { return Ok(()) };
        let key = Path::parse(key).map_err(io::Error::other)?;
        match self.store.abort_multipart(&key, &upload.to_owned()).await.map_err(fault) {
            Err(error) if error.kind() == ErrorKind::ResourceBusy => Err(error),
            // Whoever says that it may not be taken back will not say otherwise later.
            _ => Ok(()),
        }
    }

    /// `UploadPartCopy`, which the store does not have.
    async fn copy_part(&self, part: &Part, key: &Path, upload: &str, number: usize) -> io::Result<PartId> {
        let from = self.path(&part.name);
        let source = HeaderValue::try_from(format!("/{}/{from}", self.name)).map_err(io::Error::other)?;
        let header = HeaderName::from_static("x-amz-copy-source");
        let options = SignedUrlOptions::new()
            .with_query([("partNumber", (number + 1).to_string()), ("uploadId", upload.to_owned())])
            .with_signed_header(header.clone(), source.clone());
        let signed = self.store.signed_url_opts(Method::PUT, key, PATIENCE * 10, &options);
        let url = signed.await.map_err(fault)?;
        let mut last = None;
        for _ in 0..TRIES {
            let request = http::Request::put(url.as_str()).header(&header, &source);
            let request = request.body(HttpRequestBody::empty()).map_err(io::Error::other)?;
            match self.http.execute(request).await {
                Ok(answer) => {
                    let status = answer.status();
                    let text = answer.into_body().bytes().await.map_err(io::Error::other)?;
                    let text = String::from_utf8_lossy(&text);
                    // A fault may come with status 200 as well.
                    if let Some(etag) = between(&text, "<ETag>", "</ETag>").filter(|_| status.is_success()) {
                        let content_id = etag.replace("&quot;", "\"").replace("&#34;", "\"");
                        return Ok(PartId { content_id });
                    }
                    if status == http::StatusCode::NOT_FOUND {
                        return Err(ErrorKind::NotFound.into());
                    }
                    last = Some(format!("{status}: {text}"));
                }
                Err(error) => last = Some(error.to_string()),
            }
        }
        let why = last.unwrap_or_default();
        Err(io::Error::new(ErrorKind::ResourceBusy, format!("S3 does not copy a part: {why}")))
    }
}

/// So often a part is tried to be copied.
const TRIES: usize = 3;

fn parts_of(path: &Path) -> Vec<object_store::path::PathPart<'static>> {
    path.parts().map(|part| part.as_ref().to_owned().into()).collect()
}

fn between<'a>(text: &'a str, before: &str, behind: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(behind).map(|(found, _)| found)
}

fn fault(error: Error) -> io::Error {
    let kind = match &error {
        Error::NotFound { .. } => ErrorKind::NotFound,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => ErrorKind::PermissionDenied,
        // It does not answer, or says that it cannot now.
        Error::Generic { .. } => ErrorKind::ResourceBusy,
        _ => ErrorKind::Other,
    };
    io::Error::new(kind, error)
}
