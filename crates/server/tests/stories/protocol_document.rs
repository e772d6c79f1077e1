//! Every example of `docs/protocol.md`, replayed in order against one server, byte for byte.

use std::collections::HashMap;

use rim_client::Connection;
use rim_client::protocol::limits;

use crate::world::{PATIENCE, TestServer};

const DOCUMENT: &str = include_str!("../../../../docs/protocol.md");

#[tokio::test]
async fn every_example_of_the_protocol_document_is_true() {
    let server = TestServer::start().await;
    let mut replay = Replay { server, names: HashMap::new(), connections: HashMap::new() };
    let mut replayed = 0;
    for (language, text) in blocks(DOCUMENT) {
        match language {
            "http" => replay.http(text).await,
            "ws" => replay.ws(text).await,
            _ => continue,
        }
        replayed += 1;
    }
    assert!(replayed > 20, "only {replayed} examples were found");
}

/// The limits that the document's table states are those of the code.
#[test]
fn the_table_of_limits_states_the_limits_of_the_code() {
    for (field, limit) in [
        ("`account`", limits::MAX_ACCOUNT_BYTES),
        ("`name` of a user", limits::MAX_NAME_CHARS),
        ("`name` of a group", limits::MAX_NAME_CHARS),
        ("`avatar`", limits::MAX_AVATAR_BYTES),
        ("`email`", limits::MAX_EMAIL_BYTES),
        ("`password`", limits::MAX_PASSWORD_BYTES),
        ("`content`", limits::MAX_CONTENT_BYTES),
        ("`clientMsgId`", limits::MAX_CLIENT_MSG_ID_BYTES),
        ("`mentions`", limits::MAX_MENTIONS),
        ("`emoji`", limits::MAX_EMOJI_BYTES),
        ("`msgIds`", limits::MAX_MESSAGES_PER_REQUEST),
        ("`users`, `uids`", limits::MAX_USERS_PER_REQUEST),
        ("group chats of a user", limits::MAX_GROUPS as usize),
        ("group chats of a user", limits::MAX_GROUPS_BY_OTHERS as usize),
        ("group chats of a user", limits::MAX_UNASKED_GROUPS as usize),
        ("`uids` of a Watch", limits::MAX_WATCHED),
        ("`size`", limits::MAX_PAGE_SIZE as usize),
        ("a frame", limits::MAX_FRAME_BYTES),
        ("a frame before Login", limits::MAX_FRAME_BYTES_BEFORE_LOGIN),
        ("a JSON body", limits::DEFAULT_MAX_BODY_BYTES),
        ("a JSON body without a token", limits::MAX_STRANGERS_BODY_BYTES),
    ] {
        let row = DOCUMENT
            .lines()
            .find(|line| line.starts_with(&format!("| {field}")) && line.matches('|').count() == 3)
            .unwrap_or_else(|| panic!("no row for {field}"));
        let stated = row.split(|c: char| !c.is_ascii_digit()).any(|number| number == limit.to_string());
        assert!(stated, "the limit is {limit}, and the document says: {row}");
    }
}

struct Replay {
    server: TestServer,
    /// What the server chose, by the name the document gives it.
    names: HashMap<String, String>,
    connections: HashMap<String, Connection>,
}

impl Replay {
    async fn http(&mut self, text: &str) {
        let (request, answer) = text.split_once("\n\n").expect("a request, an empty line, and its answer");
        let request = self.fill(request);
        let mut lines = request.lines();
        let (method, path) = lines.next().and_then(|line| line.split_once(' ')).expect("method and path");
        let url = format!("{}{path}", self.server.url());
        let mut call = reqwest::Client::new().request(method.parse().expect("a method"), url);
        for line in lines {
            call = match line.split_once(": ") {
                Some((name, value)) if !line.starts_with('{') => call.header(name, value),
                _ => call.body(line.to_owned()),
            };
        }
        let response = call.send().await.expect("an answer");
        let (status, body) = answer.trim_end().split_once('\n').expect("a status and a body");
        assert_eq!(response.status().as_str(), status, "{request}");
        assert_eq!(response.headers()["content-type"], "application/json", "{request}");
        let got = response.text().await.expect("a body");
        self.compare(body, &got, &request);
    }

    async fn ws(&mut self, text: &str) {
        for line in text.lines() {
            let (who, rest) = line.split_once(' ').expect("who");
            if !self.connections.contains_key(who) {
                let connection = Connection::open(&self.server.old_ws()).await.expect("connected");
                self.connections.insert(who.to_owned(), connection);
            }
            let (direction, frame) = rest.split_once(' ').expect("a direction");
            let filled = self.fill(frame);
            let connection = self.connections.get_mut(who).expect("opened right before");
            if direction == "→" {
                connection.send_text(filled).await.expect("sent");
            } else {
                // Of who has gone one hears after a while.
                let coming = self.server.time_passes_until(connection.next_text());
                let got = tokio::time::timeout(PATIENCE, coming).await.expect("in time");
                self.compare(frame, &got.expect("a frame"), line);
            }
        }
    }

    /// The text with every name that is known replaced by its value.
    fn fill(&self, text: &str) -> String {
        self.names
            .iter()
            .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value))
    }

    /// Compares byte for byte; a name not yet known stands for anything up to what follows it, and keeps it.
    fn compare(&mut self, expected: &str, got: &str, context: &str) {
        let expected = self.fill(expected);
        let mut rest = got;
        let mut parts = expected.split("{{");
        let first = parts.next().unwrap_or_default();
        let mismatch = || format!("{context}\nexpected: {expected}\n     got: {got}");
        rest = rest.strip_prefix(first).unwrap_or_else(|| panic!("{}", mismatch()));
        for part in parts {
            let (name, literal) = part.split_once("}}").expect("a closed name");
            let end = if literal.is_empty() { Some(rest.len()) } else { rest.find(literal) };
            let end = end.unwrap_or_else(|| panic!("{}", mismatch()));
            if name != "_" {
                let known = self.names.insert(name.to_owned(), rest[..end].to_owned());
                assert!(known.is_none_or(|known| known == rest[..end]), "{name}: {}", mismatch());
            }
            rest = &rest[end + literal.len()..];
        }
        assert!(rest.is_empty(), "{}", mismatch());
    }
}

/// The fenced blocks of a Markdown text, with their languages.
fn blocks(markdown: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut fences = markdown.split("\n```");
    fences.next();
    std::iter::from_fn(move || {
        let block = fences.next()?;
        fences.next();
        block.split_once('\n')
    })
}
