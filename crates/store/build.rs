//! Lists that are what is in a folder: the migrations of each database, and the claims of the suites.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo says where"));
    let lists =
        [list_of_steps("SQLITE", "migrations/sqlite"), list_of_steps("POSTGRES", "migrations/postgres")];
    fs::write(out.join("migrations.rs"), lists.concat()).expect("written");
    let suites = [
        suite("store", "store_suite", "store_claims", "src/suite"),
        suite("shared store", "shared_store_suite", "shared_store_claims", "src/suite/shared"),
    ];
    fs::write(out.join("suites.rs"), suites.concat()).expect("written");
}

/// The steps in a folder, by their names, which begin with their number.
fn list_of_steps(database: &str, folder: &str) -> String {
    let steps = files(folder).into_iter().enumerate().map(|(at, step)| {
        let name = step.file_name().and_then(|name| name.to_str()).expect("a name");
        assert!(name.starts_with(&format!("{:04}_", at + 1)), "{name}: it should be the step {}", at + 1);
        format!("    include_str!({:?}),\n", fs::canonicalize(&step).expect("it is there"))
    });
    let steps: String = steps.collect();
    format!(
        "/// Step n takes a database from version n to n + 1.\npub const {database}: &[&str] = &[\n{steps}];\n"
    )
}

/// The macro that makes a test of every claim in a folder: a function `pub async fn name(…) -> Claim`.
fn suite(what: &str, suite: &str, of_claims: &str, folder: &str) -> String {
    let mut subjects = String::new();
    for file in files(folder) {
        let source = fs::read_to_string(&file).expect("it can be read");
        // A long signature stands on several lines.
        let functions = source.split("\npub async fn ").skip(1);
        let signatures =
            functions.filter_map(|function| function.split_once(" {")).map(|(signature, _)| signature);
        let claims: Vec<_> = signatures
            .filter(|signature| signature.ends_with("-> Claim"))
            .filter_map(|signature| signature.split_once('('))
            .map(|(name, _)| name)
            .collect();
        if !claims.is_empty() {
            let subject = file.file_stem().and_then(|name| name.to_str()).expect("a name");
            write!(subjects, "{subject} {{ {} }} ", claims.join(" ")).expect("a text");
        }
    }
    format!(
        "/// Makes a test of every claim about a {what}, for what the fixture function opens.\n#[macro_export]\n\
         macro_rules! {suite} {{ ($fixture:ident) => {{ $crate::{of_claims}! {{ $fixture {subjects}}} }}; }}\n"
    )
}

/// Those of a folder, by name.
fn files(folder: &str) -> Vec<PathBuf> {
    println!("cargo::rerun-if-changed={folder}");
    let mut files: Vec<_> = fs::read_dir(Path::new(folder))
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files
}
