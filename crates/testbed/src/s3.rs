//! An S3 server of one test: s3s-fs, with signatures checked, on a folder.

use std::net::SocketAddr;
use std::sync::Arc;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Runs as long as the value is there. Its objects go with it.
pub struct S3 {
    address: SocketAddr,
    folder: TempDir,
    /// Its threads. Dropped without waiting, as the test may be a task itself.
    runtime: Option<Runtime>,
}

impl S3 {
    pub const BUCKET: &str = "files";
    pub const ACCESS_KEY: &str = "test";
    pub const SECRET_KEY: &str = "secret of the test";

    /// Starts one with an empty bucket.
    pub fn start() -> Self {
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
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).expect("a runtime");
            let http = Arc::new(Builder::new(TokioExecutor::new()));
            while let Ok((socket, _)) = listener.accept().await {
                let (http, service) = (Arc::clone(&http), service.clone());
                handle.spawn(async move {
                    // Whoever has gone need not be answered.
                    let _ = http.serve_connection(TokioIo::new(socket), service).await;
                });
            }
        });
        Self { address, folder, runtime: Some(runtime) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The names of the objects in the bucket, and of what else lies there.
    pub fn names(&self) -> Vec<String> {
        let bucket = self.folder.path().join(Self::BUCKET);
        let (mut names, mut folders) = (Vec::new(), vec![bucket.clone()]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(&bucket).expect("below the bucket");
                    names.push(name.to_string_lossy().into_owned());
                }
            }
        }
        names.sort_unstable();
        names
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
