//! How many files the process may open. Every connection is one.

/// The limit that holds now.
pub fn limit() -> usize {
    read().map_or(UNKNOWN, |limit| count(limit.rlim_cur))
}

/// Raises the soft limit to the hard one, which the system allows to everybody, and returns what holds then.
/// The soft limit is low for the sake of programs that use `select`.
pub fn raise() -> usize {
    if let Some(limit) = read() {
        let raised = libc::rlimit { rlim_cur: limit.rlim_max, ..limit };
        // SAFETY: reads the struct it is given. If it fails the old limit holds, and `limit` says so.
        unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const raised) };
    }
    limit()
}

/// What POSIX systems have at the least, where the system does not say.
const UNKNOWN: usize = 1024;

fn read() -> Option<libc::rlimit> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: writes the struct it is given.
    let outcome = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    (outcome == 0).then_some(limit)
}

/// `RLIM_INFINITY` is the largest number there is.
fn count(limit: libc::rlim_t) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
