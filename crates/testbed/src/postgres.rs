//! Databases for tests.

use std::net::SocketAddr;

use tokio_postgres::NoTls;

use crate::server::Server;
use crate::services::Shared;

static SERVER: Shared = Shared::new("postgres");

/// A database of one test on the shared server: empty at first, and gone with its value.
pub struct Postgres {
    name: String,
}

/// A fresh database.
pub fn postgres() -> Postgres {
    let name = format!("test_{:016x}", fastrand::u64(..));
    // A copy of files is the quicker way where nobody waits for a disk; and nobody is ever connected to this
    // template, which would stand in the way of copying it.
    execute(format!("CREATE DATABASE {name} TEMPLATE template0 STRATEGY file_copy"));
    Postgres { name }
}

impl Postgres {
    /// A server of one's own, with an empty database.
    pub fn private() -> Server {
        Self::private_with(&[])
    }

    /// The same with further arguments for its command line, such as `--max_connections=9`.
    pub fn private_with(arguments: &[&str]) -> Server {
        Server::start_new("postgres", arguments)
    }

    /// Where the database is, for a superuser.
    pub fn url(&self) -> String {
        self.named(&SERVER.reach().url)
    }

    /// The same by way of another address, such as a [`Proxy`](crate::Proxy)'s.
    pub fn url_by(&self, address: SocketAddr) -> String {
        self.named(&SERVER.reach().url_by(address))
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        SERVER.reach().address()
    }

    fn named(&self, url: &str) -> String {
        let (server, _) = url.rsplit_once('/').expect("the URL of the server names a database");
        format!("{server}/{}", self.name)
    }
}

impl Drop for Postgres {
    /// Whoever is connected still is cut off. What a killed process leaves behind goes with the server.
    fn drop(&mut self) {
        execute(format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

/// Runs a statement for the server as a whole, on a thread of its own: this one may belong to a runtime.
fn execute(statement: String) {
    let url = &SERVER.reach().url;
    let run = async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::select! {
            done = client.batch_execute(&statement) => done,
            ended = connection => ended,
        }
    };
    let done = std::thread::scope(|scope| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        scope.spawn(move || runtime.block_on(run)).join().expect("it does not panic")
    });
    done.unwrap_or_else(|error| panic!("{statement}: {error}"));
}
