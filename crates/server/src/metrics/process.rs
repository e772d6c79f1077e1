//! What Linux says of this process. Where it says nothing, the numbers stay 0.

use std::fs;

/// Memory that is really there, in bytes.
pub(super) fn resident_bytes() -> i64 {
    // The second number of statm is the resident set, in pages.
    let pages = fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|statm| statm.split(' ').nth(1)?.parse::<i64>().ok())
        .unwrap_or(0);
    pages.saturating_mul(page_bytes())
}

/// Files and sockets that are open.
pub(super) fn open_files() -> i64 {
    let count = fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn page_bytes() -> i64 {
    // SAFETY: sysconf reads a number and touches no memory of ours.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) }
}
