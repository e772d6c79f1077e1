//! A bucket of an S3 server.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use rim_server::config::{S3Keys, S3Settings};
use rim_server::storage::{S3, Storage};
use rim_testbed::S3 as Server;
use tempfile::TempDir;
use tokio_util::task::TaskTracker;

use crate::suite::Place;

struct InBucket {
    server: Server,
    data: TempDir,
    prefix: &'static str,
}

impl InBucket {
    fn new(prefix: &'static str) -> Self {
        Self { server: Server::start(), data: tempfile::tempdir().expect("a folder"), prefix }
    }

    fn open_by(&self, address: SocketAddr) -> S3 {
        let settings = S3Settings {
            endpoint: Some(format!("http://{address}")),
            bucket: Server::BUCKET.to_owned(),
            region: None,
            prefix: self.prefix.to_owned(),
            keys: Some(S3Keys {
                access: Server::ACCESS_KEY.to_owned(),
                secret: Server::SECRET_KEY.to_owned(),
            }),
            path_style: true,
        };
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
