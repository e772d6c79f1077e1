//! What the kernel says of the server's process.

use std::fs;
use std::time::Duration;

use anyhow::Context;

/// A process of this machine.
pub(crate) struct Process {
    pid: u32,
}

impl Process {
    pub(crate) const fn new(pid: u32) -> Self {
        Self { pid }
    }

    /// User and system time that it has used.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        let stat = self.read("stat")?;
        // The name, in parentheses, may hold blanks; fields are counted behind it.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: u64 = [11, 12]
            .iter()
            .map(|index| fields.get(*index).and_then(|field| field.parse::<u64>().ok()).context("/proc/stat"))
            .sum::<anyhow::Result<u64>>()?;
        // The kernel reports in hundredths of a second, whatever its own clock.
        Ok(Duration::from_millis(ticks * 10))
    }

    /// Resident memory in bytes.
    pub(crate) fn resident(&self) -> anyhow::Result<u64> {
        let status = self.read("status")?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("VmRSS")?;
        let kib: u64 = line.split_whitespace().nth(1).context("VmRSS")?.parse()?;
        Ok(kib * 1024)
    }

    /// Bytes it has had written to disk.
    pub(crate) fn written(&self) -> anyhow::Result<u64> {
        let io = self.read("io")?;
        let line = io.lines().find(|line| line.starts_with("write_bytes:")).context("write_bytes")?;
        Ok(line.split_whitespace().nth(1).context("write_bytes")?.parse()?)
    }

    fn read(&self, file: &str) -> anyhow::Result<String> {
        let path = format!("/proc/{}/{file}", self.pid);
        fs::read_to_string(&path).with_context(|| format!("cannot read {path}: is --pid the server's?"))
    }
}

/// Lets this process have as many sockets as the system allows.
pub(crate) fn raise_open_files() -> anyhow::Result<()> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls only read and write the struct they are given.
    let done = unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) == 0 && {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) == 0
        }
    };
    anyhow::ensure!(done, "cannot raise the limit on open files: {}", std::io::Error::last_os_error());
    Ok(())
}
