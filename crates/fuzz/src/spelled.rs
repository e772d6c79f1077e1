//! From bytes that mean nothing to texts that nearly mean something.

/// The bytes as text, and the same bytes read as places in a list of words: what is random that way has the shape of
/// what is read, and a fuzzer that learns can put a word together with one byte.
pub fn texts(bytes: &[u8], words: &[&str]) -> [String; 2] {
    let mut spelled = String::new();
    for byte in bytes {
        match words.get(usize::from(*byte)) {
            Some(word) => spelled.push_str(word),
            None => spelled.push(char::from(*byte)),
        }
    }
    [String::from_utf8_lossy(bytes).into_owned(), spelled]
}
