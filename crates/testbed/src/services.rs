//! What `scripts/services.py` has started, and how this process keeps it running.

use std::fs::{self, File};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use serde::Deserialize;

/// How to reach a server.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Reach {
    host: IpAddr,
    port: u16,
    pub url: String,
}

impl Reach {
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.host, self.port)
    }

    /// The URL of the same server by way of another address.
    pub fn url_by(&self, address: SocketAddr) -> String {
        self.url.replacen(&self.address().to_string(), &address.to_string(), 1)
    }
}

/// A server that everybody uses, by the name that the script has for it.
pub(crate) struct Shared {
    name: &'static str,
    used: OnceLock<Used>,
}

struct Used {
    reach: Reach,
    /// Locked: the server stays until the process ends, however it does.
    _users: File,
}

impl Shared {
    pub const fn new(name: &'static str) -> Self {
        Self { name, used: OnceLock::new() }
    }

    /// Starts it where it does not run.
    pub fn reach(&self) -> &Reach {
        &self.used.get_or_init(|| self.begin_to_use()).reach
    }

    fn begin_to_use(&self) -> Used {
        let folder = target().join("services").join(self.name);
        fs::create_dir_all(&folder).expect("a folder in the target folder");
        let users = File::create(folder.join("users")).expect("a file in the target folder");
        users.lock_shared().expect("nobody holds it for longer than a server takes to stop");
        let reach = running(&folder).unwrap_or_else(|| self.ensure());
        Used { reach, _users: users }
    }

    fn ensure(&self) -> Reach {
        let done = script().args(["ensure", self.name]).output().expect("python3 runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let mut answer: serde_json::Value = serde_json::from_slice(&done.stdout).expect("JSON");
        serde_json::from_value(answer[self.name].take()).expect("how to reach it")
    }
}

/// What the script says of a server, without asking the script: Python takes longer to start than many a test.
fn running(folder: &Path) -> Option<Reach> {
    let state = fs::read(folder.join("state.json")).ok()?;
    let reach: Reach = serde_json::from_slice(&state).ok()?;
    TcpStream::connect_timeout(&reach.address(), Duration::from_secs(5)).ok()?;
    Some(reach)
}

pub(crate) fn script() -> Command {
    let mut command = Command::new("python3");
    command
        .arg(repository().join("scripts/services.py"))
        .env("CARGO_TARGET_DIR", target())
        .stdin(Stdio::null());
    command
}

/// As the script has it.
fn target() -> PathBuf {
    repository().join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

fn repository() -> &'static Path {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    crates.and_then(Path::parent).expect("the crate lies two folders deep")
}
