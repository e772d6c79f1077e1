//! Holds files and parts of files in `docs/` to the code they are made from.

use std::path::Path;
use std::{env, fs};

/// Checks that what stands in `docs/page` between `<!-- part -->` and `<!-- /part -->` is `right`; with
/// `RIM_UPDATE_DOCS` in the environment, makes it so.
pub(crate) fn check(page: &str, part: &str, right: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    let text = read(page);
    let (start, end) = (format!("<!-- {part} -->\n"), format!("<!-- /{part} -->"));
    let (before, rest) = text.split_once(&start).expect("the part begins");
    let (found, after) = rest.split_once(&end).expect("the part ends");
    if env::var_os("RIM_UPDATE_DOCS").is_some() {
        fs::write(&path, format!("{before}{start}{right}{end}{after}")).expect("the page can be written");
    } else {
        assert!(found == right, "docs/{page} is out of date: run `make docs`");
    }
}

/// The text of `docs/page`.
pub(crate) fn read(page: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    fs::read_to_string(path).expect("the page can be read")
}

/// Checks that the whole of `docs/file` is `right`; with `RIM_UPDATE_DOCS` in the environment, makes it so.
pub(crate) fn check_file(file: &str, right: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(file);
    if env::var_os("RIM_UPDATE_DOCS").is_some() {
        fs::write(&path, right).expect("the file can be written");
    } else {
        let found = fs::read_to_string(&path).expect("the file can be read");
        assert!(found == right, "docs/{file} is out of date: run `make docs`");
    }
}
