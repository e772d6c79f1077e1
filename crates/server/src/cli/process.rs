//! What the process asks of the system before it does anything.

use crate::open_files;

/// Prepares the process.
pub(super) fn prepare() {
    keep_files_private();
    keep_bursts_from_staying_resident();
    open_files::raise();
}

/// Everything rim writes is for its own user: the database, its journal, sockets and backups.
fn keep_files_private() {
    // SAFETY: sets a number of this process; no other thread runs yet.
    unsafe { libc::umask(0o077) };
}

/// glibc gives threads arenas of their own, up to eight a core, and an arena returns little of what it
/// grew to: each of them keeps the largest burst it has seen. Two arenas share their free memory, and
/// here nothing allocates often enough to wait for one.
fn keep_bursts_from_staying_resident() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: sets a number of the allocator; no other thread runs yet.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 2);
    }
}

/// Lets `rim user list | head` end quietly. Rust ignores SIGPIPE, which is right for a server alone.
pub(super) fn end_with_a_closed_pipe() {
    // SAFETY: sets the default action, which runs no code of ours.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
}
