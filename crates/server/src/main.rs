//! The program `rim`.

use std::process::ExitCode;

fn main() -> ExitCode {
    rim_server::cli::main()
}
