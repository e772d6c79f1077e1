//! The real binary as a fixture.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use tempfile::TempDir;

pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// A command of rim in `folder`, without settings from outside.
pub fn rim(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rim"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("RIM_")) {
        command.env_remove(name);
    }
    command.current_dir(folder).args(args).stdin(Stdio::null());
    command
}

/// A server on a port of its own; killed if the test ends before it stops it.
pub struct Server {
    pub process: Child,
    /// Host and port.
    pub address: String,
    /// Kept open: a server whose output nobody reads is another story.
    _output: BufReader<ChildStdout>,
}

impl Server {
    /// Starts it with further settings, and returns when it has said where it is.
    pub fn start(folder: &Path, settings: &[&str]) -> Self {
        Self::start_at(folder, "127.0.0.1:0", settings)
    }

    /// Starts it where one was before.
    pub fn start_at(folder: &Path, address: &str, settings: &[&str]) -> Self {
        let mut process = rim(folder, &["serve", "--listen", address, "--ws-listen", "off"])
            .args(settings)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("rim can be started");
        let mut output = BufReader::new(process.stdout.take().expect("piped"));
        let address = output
            .by_ref()
            .lines()
            .map_while(Result::ok)
            .find_map(|line| line.trim().strip_prefix("open").map(|url| url.trim().replace("http://", "")))
            .expect("the server says where it is");
        Self { process, address, _output: output }
    }
}

impl Server {
    /// SIGTERM.
    #[allow(dead_code, reason = "not every test stops what it starts")]
    pub fn terminate(&self) {
        let pid = i32::try_from(self.process.id()).expect("a process id");
        // SAFETY: the process is ours and not waited for yet, so its id is nobody else's.
        unsafe { libc::kill(pid, libc::SIGTERM) };
    }
}

impl Server {
    /// The most memory that it ever had, in bytes.
    #[allow(dead_code, reason = "not every test looks at it")]
    pub fn peak_bytes(&self) -> u64 {
        let path = format!("/proc/{}/status", self.process.id());
        // Other systems tell it in other ways; there it is not looked at.
        let status = std::fs::read_to_string(path).unwrap_or_else(|_| "VmHWM: 0 kB".to_owned());
        let value = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it is there");
        value.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
    }
}

impl Drop for Server {
    /// SIGKILL.
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
