//! A server of one test.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde::Deserialize;

use crate::services::{Reach, script};

/// A server that one test stops and starts. It keeps its address and its data until the value goes.
pub struct Server {
    /// `services.py serve`, which is the server's parent. It ends, and the server with it, when its input does,
    /// which is when this process ends, however it does.
    keeper: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    reach: Reach,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Failure { failure: String },
    Reach(Reach),
}

impl Server {
    pub(crate) fn start_new(name: &str, arguments: &[&str]) -> Self {
        let mut command = script();
        command.args(["serve", name]).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut keeper = command.spawn().expect("python3 runs");
        let orders = keeper.stdin.take();
        let mut answers = BufReader::new(keeper.stdout.take().expect("it is piped"));
        let reach = order(orders.as_ref(), &mut answers, "start");
        Self { keeper, orders, answers, reach }
    }

    /// Where it is. For PostgreSQL: a superuser's, and an empty database.
    pub fn url(&self) -> &str {
        &self.reach.url
    }

    /// The same by way of another address, such as a [`Proxy`](crate::Proxy)'s.
    pub fn url_by(&self, address: SocketAddr) -> String {
        self.reach.url_by(address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.reach.address()
    }

    /// Ends it as an administrator would, cutting off who is connected.
    pub fn stop(&mut self) {
        self.order("stop");
    }

    /// Ends it between two instructions. Nothing of it runs any more when this returns.
    pub fn kill(&mut self) {
        self.order("kill");
    }

    /// Starts it again, with the data it had.
    pub fn start(&mut self) {
        self.order("start");
    }

    fn order(&mut self, what: &str) {
        order(self.orders.as_ref(), &mut self.answers, what);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.orders = None;
        // It may fail only where somebody else has waited for it.
        let _ = self.keeper.wait();
    }
}

fn order(orders: Option<&ChildStdin>, answers: &mut BufReader<ChildStdout>, what: &str) -> Reach {
    let mut orders = orders.expect("it is there until the end");
    writeln!(orders, "{what}").expect("the keeper lives");
    let mut answer = String::new();
    answers.read_line(&mut answer).expect("the keeper writes UTF-8");
    match serde_json::from_str(&answer).expect("the keeper answers until its input ends") {
        Answer::Reach(reach) => reach,
        Answer::Failure { failure } => panic!("{what}: {failure}"),
    }
}
