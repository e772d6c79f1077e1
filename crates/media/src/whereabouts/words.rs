//! Words by which those who write files say that a location follows.

use memchr::memmem;

/// Whether a key is called after a location, as `com.apple.quicktime.location.ISO6709` and `RECORDING_LOCATION` are.
pub(super) fn is_of_a_location(key: &[u8]) -> bool {
    const WORDS: [&[u8]; 6] = [b"location", b"gps", b"latitude", b"longitude", b"iso6709", b"\xa9xyz"];
    let key = key.to_ascii_lowercase();
    WORDS.iter().any(|word| memmem::find(&key, word).is_some())
}
