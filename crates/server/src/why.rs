//! Why something of the system does not work, in words for the person who runs the server.

use std::io::{Error, ErrorKind};

/// What a person can act on, without the system's numbers.
pub(crate) fn in_words(error: &Error) -> String {
    let known = match error.kind() {
        ErrorKind::NotFound => "there is none",
        ErrorKind::PermissionDenied => "the user that rim runs as may not do that",
        ErrorKind::IsADirectory => "it is a folder",
        ErrorKind::NotADirectory => "a part of the path is a file",
        ErrorKind::AlreadyExists => "there is something else of that name",
        ErrorKind::InvalidData => "it is not text in UTF-8",
        ErrorKind::ReadOnlyFilesystem => "it is on a disk that cannot be written",
        ErrorKind::StorageFull => "the disk is full",
        ErrorKind::AddrInUse => "another process listens there",
        ErrorKind::AddrNotAvailable => "this machine has no such address",
        _ => return without_number(&error.to_string()),
    };
    known.to_owned()
}

/// Rust adds the system's number to its text.
fn without_number(text: &str) -> String {
    let text = text.split(" (os error ").next().unwrap_or(text);
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_numbers_are_left_out() {
        assert_eq!(in_words(&Error::from_raw_os_error(libc::ENOENT)), "there is none");
        assert_eq!(in_words(&Error::from_raw_os_error(libc::ELOOP)), "too many levels of symbolic links");
        assert_eq!(in_words(&Error::other("the text of a library")), "the text of a library");
    }
}
