//! What the headers of tus say. <https://tus.io/protocols/resumable-upload>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName};
use sha1::Sha1;
use sha2::{Digest, Sha256};

pub const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
pub const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
pub const TUS_EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
pub const TUS_MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
pub const TUS_CHECKSUM_ALGORITHM: HeaderName = HeaderName::from_static("tus-checksum-algorithm");
pub const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
pub const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
pub const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
pub const UPLOAD_CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");
pub const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
pub const RIM_FILE: HeaderName = HeaderName::from_static("rim-file");
/// For clients whose surroundings know no PATCH and DELETE.
pub const METHOD_OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");

/// The type of a body that is bytes of an upload.
pub const BYTES: &str = "application/offset+octet-stream";
/// The one version there is.
pub const VERSION: &str = "1.0.0";
pub const EXTENSIONS: &str = "creation,creation-with-upload,expiration,checksum,termination";
pub const ALGORITHMS: &str = "sha256,sha1";

/// A whole number in a header, digits alone; `None` where there is none, and an error where it is something else.
pub fn number(headers: &HeaderMap, name: &HeaderName) -> Result<Option<u64>, String> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_number.then(|| text.parse().ok()).flatten();
    number.map(Some).ok_or_else(|| format!("{name}: a whole number below 2^64, and this is none"))
}

/// What a client says of a file when it begins.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Metadata {
    pub name: String,
    pub mime: String,
    pub as_file: bool,
}

impl Metadata {
    /// Pairs of a key and, behind a blank, its value in base64, separated by commas. Keys that nobody knows are passed over.
    pub fn of(headers: &HeaderMap) -> Result<Self, String> {
        let mut read = Self::default();
        let Some(value) = headers.get(UPLOAD_METADATA) else { return Ok(read) };
        let text =
            value.to_str().map_err(|_| format!("{UPLOAD_METADATA}: letters, digits and commas alone"))?;
        for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
            let wrong = || format!("{UPLOAD_METADATA}: {key} is no text in base64");
            let value = STANDARD.decode(value.trim()).map_err(|_| wrong())?;
            let value = String::from_utf8(value).map_err(|_| wrong())?;
            match key {
                "filename" | "name" => read.name = value,
                "filetype" | "type" => read.mime = value,
                "asfile" => read.as_file = matches!(value.as_str(), "" | "1" | "true"),
                _ => {}
            }
        }
        Ok(read)
    }
}

/// What the bytes of one request are to come to.
pub struct Checksum {
    sum: Sum,
    expected: Vec<u8>,
}

enum Sum {
    Sha256(Sha256),
    Sha1(Sha1),
}

impl Checksum {
    /// `algorithm base64`; `None` where there is none.
    pub fn of(headers: &HeaderMap) -> Result<Option<Self>, String> {
        let Some(value) = headers.get(UPLOAD_CHECKSUM) else { return Ok(None) };
        let (algorithm, expected) = value.to_str().unwrap_or_default().split_once(' ').unwrap_or_default();
        let sum = match algorithm {
            "sha256" => Sum::Sha256(Sha256::new()),
            "sha1" => Sum::Sha1(Sha1::new()),
            _ => {
                return Err(format!(
                    "{UPLOAD_CHECKSUM}: one of {ALGORITHMS}, a blank, and the sum in base64"
                ));
            }
        };
        let expected = STANDARD.decode(expected.trim());
        let expected = expected.map_err(|_| format!("{UPLOAD_CHECKSUM}: the sum is no base64"))?;
        Ok(Some(Self { sum, expected }))
    }

    pub fn add(&mut self, piece: &[u8]) {
        match &mut self.sum {
            Sum::Sha256(sum) => sum.update(piece),
            Sum::Sha1(sum) => sum.update(piece),
        }
    }

    /// Whether it is what was expected.
    pub fn holds(self) -> bool {
        match self.sum {
            Sum::Sha256(sum) => sum.finalize().as_slice() == self.expected,
            Sum::Sha1(sum) => sum.finalize().as_slice() == self.expected,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn with(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).expect("a value"))])
    }

    #[test]
    fn a_number_is_digits_alone() {
        let read = |value| number(&with(UPLOAD_OFFSET, value), &UPLOAD_OFFSET);
        assert_eq!(read("0"), Ok(Some(0)));
        assert_eq!(read("18446744073709551615"), Ok(Some(u64::MAX)));
        assert_eq!(number(&HeaderMap::new(), &UPLOAD_OFFSET), Ok(None));
        for wrong in ["", "-1", "+1", "1.0", "0x1", " ", "18446744073709551616"] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn metadata_are_pairs_with_base64() {
        let read = |value| Metadata::of(&with(UPLOAD_METADATA, value));
        assert_eq!(Metadata::of(&HeaderMap::new()), Ok(Metadata::default()));
        assert_eq!(
            read("filename YS50eHQ=,filetype dGV4dC9wbGFpbg==, other eA==,flag"),
            Ok(Metadata { name: "a.txt".to_owned(), mime: "text/plain".to_owned(), as_file: false })
        );
        for is in ["asfile", "asfile MQ==", "asfile dHJ1ZQ=="] {
            assert!(read(is).is_ok_and(|read| read.as_file), "{is}");
        }
        assert!(read("asfile MA==").is_ok_and(|read| !read.as_file));
        for wrong in ["filename !", "filename YQ==x", "filename /w==", "other ä"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_checksum_is_of_all_that_came() {
        let sum_of = |value| {
            let mut sum = Checksum::of(&with(UPLOAD_CHECKSUM, value)).ok()??;
            sum.add(b"hel");
            sum.add(b"lo");
            Some(sum.holds())
        };
        assert_eq!(sum_of("sha1 qvTGHdzF6KLavt4PO0gs2a6pQ00="), Some(true));
        assert_eq!(sum_of("sha256 LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="), Some(true));
        assert_eq!(sum_of("sha1 AAAA"), Some(false));
        for wrong in ["md5 XUFAKrxLKna5cZ2REBfFkg==", "sha1", "sha1 !", ""] {
            assert_eq!(sum_of(wrong), None, "{wrong}");
        }
    }
}
