//! The smoke script of the README, against the real binary.

mod program;

use std::path::Path;
use std::process::Command;

use program::{Server, folder};

#[test]
fn the_smoke_script_works() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/smoke.sh");
    let run = Command::new("bash").arg(script).arg(format!("http://{}", server.address)).output();
    let output = run.expect("bash can be started");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(told.ends_with("It works.\n"), "{told}");
}
