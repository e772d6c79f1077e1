//! Nodes whose clocks are apart.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use rim_client::Api;
use rim_core::{Clock, Timestamp};
use rim_server::config;
use rim_server::run::{Listeners, Server, Surroundings};
use rim_server::time::Hands;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const HOUR_MS: i64 = 60 * 60 * 1000;

/// A clock that shows another time than the database's.
struct Off(Hands, i64);

impl Clock for Off {
    fn now(&self) -> Timestamp {
        self.0.now().plus_ms(self.1)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_whose_clocks_are_hours_apart_see_each_other() {
    let postgres = tokio::task::spawn_blocking(rim_testbed::postgres).await.expect("PostgreSQL");
    let (hands, shutdown) = (Hands::default(), CancellationToken::new());
    let (mut nodes, mut folders, mut apis) = (JoinSet::new(), Vec::new(), Vec::new());
    for off_ms in [HOUR_MS, 0, -HOUR_MS] {
        let folder = tempfile::tempdir().expect("a folder");
        let (server, address) =
            open(&postgres.url(), &folder, Off(hands.clone(), off_ms), &hands, &shutdown).await;
        nodes.spawn(server);
        folders.push(folder);
        apis.push(Api::new(format!("http://{address}")));
    }
    // Each has said once more that it lives, and looked who else does.
    hands.move_on(Duration::from_secs(6)).await;
    for api in &apis {
        let metrics = api.metrics().await.expect("metrics");
        assert!(metrics.contains("\nrim_cluster_nodes 3\n"), "{metrics}");
    }

    apis[0].register("anna", "secret").await.expect("registered");
    let token =
        apis[0].login("anna", "secret").await.expect("logged in").token().expect("a token").to_owned();
    for api in &apis {
        api.with_token(&token).me().await.expect("a session is one for all of them");
    }
    shutdown.cancel();
    while let Some(ended) = nodes.join_next().await {
        ended.expect("a server does not panic").expect("nothing that it needs has failed");
    }
}

async fn open(
    database: &str,
    folder: &TempDir,
    clock: Off,
    hands: &Hands,
    shutdown: &CancellationToken,
) -> (impl Future<Output = Result<()>> + use<>, SocketAddr) {
    let data = folder.path().display().to_string();
    let args = ["rim", "--database", database, "--data", &data, "--limits=off"].map(str::to_owned);
    let config = config::load(args).expect("settings").config;
    let surroundings = Surroundings { clock: Arc::new(clock), time: hands.time(), ..Surroundings::default() };
    let server = Server::open_in(surroundings, config, shutdown.clone()).await.expect("the server starts");
    let main = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = main.local_addr().expect("an address");
    (server.serve(Listeners { main, ws: None }), address)
}
