//! A bucket of an S3 server.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use rim_server::config::{S3Keys, S3Settings};
use rim_server::storage::{S3, Staged, Storage};
use rim_testbed::{Fault, Proxy, S3 as Server};
use tempfile::TempDir;
use tokio_util::task::TaskTracker;

use crate::suite::{Place, blob, bytes, content, stage};

struct InBucket {
    server: Server,
    data: TempDir,
    prefix: &'static str,
}

impl InBucket {
    fn new(prefix: &'static str) -> Self {
        Self { server: Server::start(), data: tempfile::tempdir().expect("a folder"), prefix }
    }

    fn settings(&self, address: SocketAddr) -> S3Settings {
        S3Settings {
            endpoint: Some(format!("http://{address}")),
            bucket: Server::BUCKET.to_owned(),
            region: None,
            prefix: self.prefix.to_owned(),
            keys: Some(S3Keys {
                access: Server::ACCESS_KEY.to_owned(),
                secret: Server::SECRET_KEY.to_owned(),
            }),
            path_style: true,
        }
    }

    fn open_by(&self, address: SocketAddr) -> S3 {
        let settings = self.settings(address);
        S3::open(&settings, self.data.path(), TaskTracker::new()).expect("good settings")
    }
}

#[async_trait]
impl Place for InBucket {
    async fn open(&self) -> Arc<dyn Storage> {
        Arc::new(self.open_by(self.server.address()))
    }
}

mod in_a_bucket_of_its_own {
    async fn place() -> super::InBucket {
        super::InBucket::new("")
    }

    claims!(place);
}

mod below_a_prefix {
    async fn place() -> super::InBucket {
        super::InBucket::new("chat/files")
    }

    claims!(place);
}

#[tokio::test]
async fn a_bucket_that_is_away_is_busy_and_what_was_durable_goes_on_when_it_is_back() {
    let place = InBucket::new("");
    let proxy = Proxy::to(place.server.address()).await;
    let storage = place.open_by(proxy.address());
    let all = bytes(1, 12_000_000);
    let mut stage_of_it = storage.stage(&Staged::new("away")).await.expect("staged");
    stage_of_it.write(all.slice(..6_000_000)).await.expect("written");
    let durable = stage_of_it.sync().await.expect("durable");
    assert_eq!(durable.length, 5 << 20, "a part");

    proxy.set(Fault::Reset).await;
    let busy = ErrorKind::ResourceBusy;
    let kind = |error: std::io::Error| error.kind();
    assert_eq!(stage_of_it.write(all.slice(6_000_000..)).await.map_err(kind), Err(busy));
    assert_eq!(storage.size(&blob(&all)).await.map_err(kind), Err(busy), "it is not taken for gone");
    drop(stage_of_it);

    proxy.set(Fault::Pass).await;
    let staged = stage(&storage, &durable, &all).await;
    storage.keep(&staged, &blob(&all)).await.expect("kept");
    assert!(content(&storage, &blob(&all), None).await.expect("it is there") == all);
    let names = place.server.names();
    assert!(!names.iter().any(|name| name.starts_with("staged/")), "nothing is left: {names:?}");
}

#[tokio::test]
async fn a_wrong_key_is_a_fault_and_not_an_absence() {
    let place = InBucket::new("");
    let mut settings = place.settings(place.server.address());
    settings.keys = Some(S3Keys { access: Server::ACCESS_KEY.to_owned(), secret: "another".to_owned() });
    let storage = S3::open(&settings, place.data.path(), TaskTracker::new()).expect("good settings");
    let error = storage.size(&blob(b"")).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
}
