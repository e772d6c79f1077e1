//! Puts the web client into the binary: a table of what the client's build left in `web/dist`.
//!
//! Each file stands in it with its compressed forms, `FILE.br` and `FILE.gz`, which `web/scripts/compress.mjs`
//! has written beside it. Without a client the table is empty, so that Rust alone builds a server.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the package is"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo says where to write"));
    let dist = package.join("../../web/dist");
    // Cargo would take a missing folder for a changed one and compile the server anew every time. Where it
    // cannot be created, that is the price.
    let _ = fs::create_dir_all(&dist);
    println!("cargo::rerun-if-changed={}", dist.display());

    let mut paths = Vec::new();
    if dist.join("index.html").is_file() {
        collect(&dist, &mut paths)?;
        paths.sort();
    }
    let mut table = String::from("&[\n");
    for path in paths {
        let name =
            path.strip_prefix(&dist).expect("it was found in there").to_str().expect("a name in UTF-8");
        let etag = format!("W/\"{:016x}\"", hash(&fs::read(&path)?));
        let (plain, brotli, gzip) = (included(&path)?, compressed(&path, ".br")?, compressed(&path, ".gz")?);
        writeln!(
            table,
            "File {{ path: {:?}, etag: {etag:?}, plain: {plain}, brotli: {brotli}, gzip: {gzip} }},",
            format!("/{name}"),
        )
        .expect("a string takes everything");
    }
    table.push(']');
    fs::write(out.join("web_client.rs"), table)
}

/// Finds the files of a folder, less hidden ones and compressed forms of others.
fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        let compressed = matches!(path.extension().and_then(OsStr::to_str), Some("br" | "gz"));
        if path.is_dir() {
            collect(&path, found)?;
        } else if !hidden && !compressed {
            found.push(path);
        }
    }
    Ok(())
}

/// The expression for the bytes of a file.
fn included(path: &Path) -> io::Result<String> {
    let path = fs::canonicalize(path)?;
    Ok(format!("include_bytes!({:?})", path.to_str().expect("a path in UTF-8")))
}

/// The expression for the compressed form of a file, where there is one.
fn compressed(path: &Path, ending: &str) -> io::Result<String> {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    let path = PathBuf::from(name);
    if path.is_file() { Ok(format!("Some({})", included(&path)?)) } else { Ok("None".to_owned()) }
}

/// Tells one content from another; nobody gains by making two alike.
fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
