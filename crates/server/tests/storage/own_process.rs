//! Tests that need a process of their own: for its disk, or for what it may do.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Where a test that has a process of its own finds its folder.
pub const OWN_FOLDER: &str = "RIM_TEST_FOLDER";

/// Runs that test again in a process of its own, in which a file system of so many KiB is at `folder`; or, where nobody may have one,
/// no file may be larger than half of that.
pub fn on_a_small_disk(test: &str, kib: u32, folder: &Path) {
    let run = |shell: &mut Command, script: &str| {
        shell.arg("-c").arg(script).arg("sh").arg(folder).arg(this());
        run(shell, test, folder)
    };
    let mut apart = Command::new("unshare");
    apart.args(["--user", "--map-root-user", "--mount", "sh"]);
    let mount = format!(r#"mount -t tmpfs -o size={kib}k none "$1" || exit 77; shift; exec "$@""#);
    let mut done = run(&mut apart, &mount);
    if !done.status.success() && !String::from_utf8_lossy(&done.stdout).contains("running 1 test") {
        let limit = format!(r#"trap '' XFSZ; ulimit -f {kib}; shift; exec "$@""#);
        done = run(&mut Command::new("sh"), &limit);
    }
    has_passed(&done);
}

/// Runs that test again in a process of its own.
pub fn alone(test: &str, folder: &Path) {
    has_passed(&run(&mut Command::new(this()), test, folder));
}

fn this() -> PathBuf {
    std::env::current_exe().expect("this test")
}

fn run(program: &mut Command, test: &str, folder: &Path) -> Output {
    program.args(["--exact", test, "--nocapture"]).env(OWN_FOLDER, folder).stdin(Stdio::null());
    program.output().expect("a process")
}

fn has_passed(done: &Output) {
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && said.contains("1 passed"), "{said}");
}
