//! Frames of the server as JSON, each appended to what is to be sent.
//!
//! An Ack and a delivery come with every message, so they are written piece by piece. serde_json takes every key for
//! a string that may need escapes, and looks at strings byte by byte: with it a delivery of 100 bytes cost 4,500
//! instructions, and so it costs 1,500. Byte for byte they are what serde_json would write.

use serde::Serialize;

use super::{Ack, Beside, Delivery, Failure, LoginAck, Notify};

impl Ack<'_> {
    /// Appends the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut json = Json(out);
        json.raw(r#"{"clientMsgId":"#).string(self.client_msg_id).raw(r#","serverMsgId":"#);
        match self.server_msg_id {
            Some(id) => json.number(id),
            None => json.raw("null"),
        };
        json.raw(r#","kind":"Ack","content":"Ok"}"#);
    }
}

impl LoginAck<'_> {
    /// Appends the frame: an Ack with one key more.
    pub fn encode(&self, out: &mut Vec<u8>) {
        Ack { client_msg_id: self.client_msg_id, server_msg_id: None }.encode(out);
        out.pop();
        Json(out).raw(r#","store":"#).value(self.store).raw("}");
    }
}

impl Delivery<'_> {
    /// Appends the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        Json(out)
            .raw(r#"{"event":"Msg","body":{"kind":""#)
            .raw(self.kind.name())
            .raw(r#"","uid":"#)
            .number(self.uid)
            .raw(r#","gid":"#)
            .number(self.gid)
            .raw(r#","content":"#)
            .string(self.content)
            .raw(r#","clientMsgId":"#)
            .string(self.client_msg_id)
            .raw(r#","msgId":"#)
            .number(self.msg_id)
            // From here on, keys that old clients ignore.
            .raw(r#","seq":"#)
            .number(self.seq)
            .raw(r#","rev":"#)
            .number(self.rev)
            .raw(r#","createdAt":"#)
            .number(self.created_at);
        if let Some(beside) = self.beside {
            beside.encode(out);
        }
        Json(out).raw("}}");
    }
}

impl Beside {
    /// Appends its keys, each with a comma before it.
    fn encode(&self, out: &mut Vec<u8>) {
        let mut json = Json(out);
        if let Some(id) = self.reply_to {
            json.raw(r#","replyTo":"#).number(id);
        }
        if !self.mentions.is_empty() {
            json.raw(r#","mentions":"#).value(&self.mentions);
        }
        if self.mention_all {
            json.raw(r#","mentionAll":true"#);
        }
        if let Some(origin) = &self.forwarded_from {
            json.raw(r#","forwardedFrom":"#).value(origin);
        }
        if let Some(at) = self.expires_at {
            json.raw(r#","expiresAt":"#).number(at);
        }
    }
}

impl Failure<'_> {
    /// Appends the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        Json(out).value(self);
    }
}

impl Notify<'_> {
    /// Appends the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        Json(out).raw(r#"{"event":"Notify","body":"#).value(self).raw("}");
    }
}

/// JSON that grows.
struct Json<'a>(&'a mut Vec<u8>);

impl Json<'_> {
    /// Appends what is JSON already.
    fn raw(&mut self, json: &str) -> &mut Self {
        self.0.extend_from_slice(json.as_bytes());
        self
    }

    /// Appends what is written so seldom that serde_json may do it.
    fn value(&mut self, value: &impl Serialize) -> &mut Self {
        serde_json::to_writer(&mut *self.0, value).expect("strings and numbers always have a JSON form");
        self
    }

    fn number(&mut self, number: impl itoa::Integer) -> &mut Self {
        self.raw(itoa::Buffer::new().format(number))
    }

    fn string(&mut self, text: &str) -> &mut Self {
        self.0.push(b'"');
        let mut rest = text.as_bytes();
        loop {
            let (plain, special) = rest.split_at(plain_prefix(rest));
            self.0.extend_from_slice(plain);
            let Some((first, behind)) = special.split_first() else { break };
            self.escape(*first);
            rest = behind;
        }
        self.0.push(b'"');
        self
    }

    fn escape(&mut self, byte: u8) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        match byte {
            b'"' | b'\\' => self.0.extend([b'\\', byte]),
            b'\n' => self.0.extend(*b"\\n"),
            b'\r' => self.0.extend(*b"\\r"),
            b'\t' => self.0.extend(*b"\\t"),
            0x08 => self.0.extend(*b"\\b"),
            0x0C => self.0.extend(*b"\\f"),
            _ => {
                self.0.extend(*b"\\u00");
                self.0.extend([HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 0xF)]]);
            }
        }
    }
}

/// How many bytes at the start stand for themselves in a JSON string.
fn plain_prefix(bytes: &[u8]) -> usize {
    // Sixteen at a time, without a jump inside: the compiler makes vector instructions of it.
    let (chunks, _) = bytes.as_chunks::<16>();
    let all_plain = |chunk: &&[u8; 16]| chunk.iter().fold(true, |plain, byte| plain & is_plain(*byte));
    let from = 16 * chunks.iter().take_while(all_plain).count();
    from + bytes[from..].iter().take_while(|byte| is_plain(**byte)).count()
}

const fn is_plain(byte: u8) -> bool {
    (byte >= 0x20) & (byte != b'"') & (byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(text: &str) -> String {
        let mut out = Vec::new();
        Json(&mut out).string(text);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn strings_are_written_as_serde_json_writes_them() {
        let expected = |text: &str| serde_json::to_string(text).expect("a string");
        for special in (0..=0xFF).map(char::from).chain("世\u{2028}\u{10FFFF}".chars()) {
            // At every place of a vector, and behind the last.
            for before in 0..35 {
                let text = format!("{}{special}{special}é", "x".repeat(before));
                assert_eq!(string(&text), expected(&text));
            }
        }
        for text in ["", "\"", "\\\\", "line\r\nline\u{8}\u{c}\u{1}\u{7f}"] {
            assert_eq!(string(text), expected(text));
        }
    }
}
