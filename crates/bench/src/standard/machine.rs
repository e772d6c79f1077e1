//! What the figures were measured on.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context;

use crate::bare::append;
use crate::process::Cores;
use crate::report::Condition;

/// The conditions of everything that follows; `binary` is the server's, and stores are in `folder`.
pub(super) fn conditions(binary: &Path, folder: &Path, seconds: u64) -> anyhow::Result<Vec<Condition>> {
    let read = |path: &str| fs::read_to_string(path).with_context(|| format!("cannot read {path}"));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let divided = Cores::divide()?.is_some();
    let pinned = if divided { "a core each" } else { "on the same core" };
    let synced = append::run(&append::Options {
        folder: Some(folder.to_owned()),
        bytes: append::MESSAGE_BYTES,
        commit: 1,
        seconds: seconds.min(3),
    })?;
    let sync = |percentile: &str| synced.value(&format!("append and sync, {percentile}")).unwrap_or_default();
    let conditions = [
        ("processor", processor(&read("/proc/cpuinfo")?)),
        ("cores", format!("{cores}; server and bench {pinned}")),
        ("memory", memory(&read("/proc/meminfo")?)),
        ("kernel", format!("Linux {}", read("/proc/sys/kernel/osrelease")?.trim())),
        ("file system", file_system(&read("/proc/self/mounts")?, &folder.canonicalize()?)),
        (
            "append of a message and fdatasync",
            format!("p50 {:.2} ms, p99 {:.2} ms", sync("p50"), sync("p99")),
        ),
        ("server", version(binary)?),
        ("compiler", version(Path::new("rustc")).unwrap_or_else(|_| "unknown".to_owned())),
    ];
    let condition = |(name, value): (&str, String)| Condition { name: name.to_owned(), value };
    Ok(conditions.into_iter().map(condition).collect())
}

fn processor(cpuinfo: &str) -> String {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"));
    let name = line.and_then(|line| line.split(':').nth(1)).unwrap_or(std::env::consts::ARCH);
    name.trim().to_owned()
}

fn memory(meminfo: &str) -> String {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or_default();
    format!("{:.0} GiB", kib / 1024.0 / 1024.0)
}

/// The kind of the file system that `folder` is on.
fn file_system(mounts: &str, folder: &Path) -> String {
    // Device, where, kind. The longest that fits is it, and the last of those that cover each other.
    let mounts = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((fields.next()?, fields.next()?))
    });
    let fitting = mounts.filter(|(place, _)| folder.starts_with(place));
    fitting.max_by_key(|(place, _)| place.len()).map_or("unknown", |(_, kind)| kind).to_owned()
}

/// What a program says of its version, in one line.
fn version(program: &Path) -> anyhow::Result<String> {
    let named = || program.display().to_string();
    let output = Command::new(program).arg("--version").output().with_context(named)?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or("unknown").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_named_where_the_kernel_names_it() {
        assert_eq!(processor("processor\t: 0\nmodel name\t: A fast one @ 3 GHz\n"), "A fast one @ 3 GHz");
        assert_eq!(processor("processor\t: 0\n"), std::env::consts::ARCH);
    }

    #[test]
    fn memory_is_in_gib() {
        assert_eq!(memory("MemTotal:       16384000 kB\nMemFree: 1 kB\n"), "16 GiB");
    }

    #[test]
    fn a_folder_is_on_the_mount_nearest_to_it() {
        let mounts = "/dev/a / ext4 rw 0 0\ntmpfs /run tmpfs rw 0 0\n\
            /dev/b /data xfs rw 0 0\n/dev/c /data btrfs rw 0 0\n";
        for (folder, kind) in
            [("/srv", "ext4"), ("/run/x", "tmpfs"), ("/running", "ext4"), ("/data/y", "btrfs")]
        {
            assert_eq!(file_system(mounts, Path::new(folder)), kind, "{folder}");
        }
    }
}
