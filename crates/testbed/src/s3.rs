//! An S3 server of one test: s3s-fs, with signatures checked, on a folder.

use std::net::SocketAddr;

use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// Runs as long as the value is there. Its objects go with it.
pub struct S3 {
    address: SocketAddr,
    folder: TempDir,
    /// Requests that are under way.
    under_way: watch::Sender<usize>,
    /// Its threads. Dropped without waiting, as the test may be a task itself.
    runtime: Option<Runtime>,
}

impl S3 {
    pub const BUCKET: &str = "files";
    pub const ACCESS_KEY: &str = "test";
    pub const SECRET_KEY: &str = "secret-of-the-test";

    /// Starts one with an empty bucket.
    pub fn start() -> Self {
        Self::start_with(None)
    }

    /// The same behind TLS.
    pub fn start_behind(tls: TlsAcceptor) -> Self {
        Self::start_with(Some(tls))
    }

    fn start_with(tls: Option<TlsAcceptor>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join(Self::BUCKET)).expect("a bucket");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let files = FileSystem::new(folder.path()).expect("a folder");
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(Self::ACCESS_KEY, Self::SECRET_KEY));
        let service = service.build();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("it is bound");
        listener.set_nonblocking(true).expect("a socket");
        // What it is asked ends with its runtime.
        let handle = runtime.handle().clone();
        let under_way = watch::Sender::new(0);
        let counted = under_way.clone();
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).expect("a runtime");
            while let Ok((socket, _)) = listener.accept().await {
                let (tls, service, counted) = (tls.clone(), service.clone(), counted.clone());
                handle.spawn(async move {
                    match tls {
                        None => serve(socket, service, counted).await,
                        // Who does not trust it goes.
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(socket).await {
                                serve(stream, service, counted).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, folder, under_way, runtime: Some(runtime) }
    }

    /// Waits until nothing is under way, such as what was asked by somebody who has gone.
    pub async fn rests(&self) {
        let mut under_way = self.under_way.subscribe();
        under_way.wait_for(|count| *count == 0).await.expect("it is ours");
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The names of the objects in the bucket, and of what else lies there.
    pub fn names(&self) -> Vec<String> {
        names_below(&self.folder.path().join(Self::BUCKET))
    }

    /// Parts of objects that are being put together.
    pub fn parts(&self) -> Vec<String> {
        let mut names = names_below(self.folder.path());
        names.retain(|name| name.starts_with(".upload_id-"));
        names
    }
}

async fn serve<I: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: I,
    service: S3Service,
    under_way: watch::Sender<usize>,
) {
    let counted = service_fn(move |request: Request<Incoming>| {
        let (service, one) = (service.clone(), UnderWay::new(under_way.clone()));
        async move {
            let answer = hyper::service::Service::call(&service, request).await;
            drop(one);
            answer
        }
    });
    // Whoever has gone need not be answered.
    let _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), counted).await;
}

/// A request, until it is answered or nobody waits for the answer.
struct UnderWay(watch::Sender<usize>);

impl UnderWay {
    fn new(count: watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

fn names_below(root: &std::path::Path) -> Vec<String> {
    let (mut names, mut folders) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).expect("below it");
                names.push(name.to_string_lossy().into_owned());
            }
        }
    }
    names.sort_unstable();
    names
}

impl Drop for S3 {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
