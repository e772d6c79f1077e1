//! What holds of every operation and every frame, whatever is sent: made up from their documents.
//!
//! A request is one that the document allows, or nearly so. Whatever comes of it, the answer is one that the document
//! has; what the document allows is not called misshapen, and what it does not allow is not done. Whoever
//! chats beside it notices nothing.

mod made_up;

use std::collections::BTreeMap;

use jsonschema::Validator;
use rim_client::protocol::frame::document;
use rim_client::protocol::limits::MAX_FRAME_BYTES;
use serde_json::{Value, json};

use crate::chance::{Chance, seeds};
use crate::hostile::bystanders::Bystanders;
use crate::hostile::socket::{self, Socket};
use crate::raw::{self, Answer};
use crate::world::{Person, TestServer};
use made_up::MadeUp;

/// Requests of each operation, and frames of each event, for each seed.
const TIMES: usize = 25;
/// Of a body, in bytes: that of operations that are for everybody.
const SMALLEST_LIMIT: usize = 32 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_answers_what_its_document_says_whatever_it_is_asked() {
    for seed in seeds(2) {
        println!("RIM_SEED={seed}");
        let mut chance = Chance::new(seed);
        let server = TestServer::start_with(&["--limits=off"]).await;
        let bystanders = Bystanders::chat(&server).await;
        let mut asker = Asker::new(&server).await;
        let text = server.ask("GET", "/api/openapi.json", "").await.body;
        let document: Value = serde_json::from_str(&text).expect("JSON");
        let mut wrong = Vec::new();
        for operation in Operation::all(&document) {
            for _ in 0..if operation.takes_nothing() { 2 } else { TIMES } {
                let ids = asker.ids.clone();
                let made_up = MadeUp { document: &document, ids: &ids };
                let request = operation.request(&made_up, &mut chance);
                let answer = asker.ask(&operation, &request).await;
                if let Err(why) = operation.judge(&request, &answer) {
                    wrong.push(format!("{}\n{why}", operation.told(&request, &answer)));
                    break;
                }
            }
            assert_eq!(server.ask("GET", "/readyz", "").await.body, "ok", "{}", operation.path);
        }
        assert!(wrong.is_empty(), "RIM_SEED={seed}\n{}", wrong.join("\n\n"));
        bystanders.noticed_nothing().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_frame_is_answered_as_its_document_says_whatever_it_holds() {
    for seed in seeds(2) {
        println!("RIM_SEED={seed}");
        let mut chance = Chance::new(seed);
        let server = TestServer::start_with(&["--limits=off"]).await;
        let bystanders = Bystanders::chat(&server).await;
        let asker = Asker::new(&server).await;
        let mut ids = asker.ids.clone();
        // Most frames are of the one who says them, in a group of theirs.
        ids.extend([asker.anna.uid; 20]);
        let document = document::document();
        for event in document["sent"].as_array().expect("events") {
            let name = event["event"].as_str().expect("a name");
            let body_is = validator(&document, &event["body"]);
            let errors: Vec<u64> =
                event["errors"].as_array().expect("codes").iter().filter_map(Value::as_u64).collect();
            let made_up = MadeUp { document: &document, ids: &ids };
            let mut socket = Socket::login(server.address, &asker.anna).await;
            for _ in 0..TIMES {
                let mut body = made_up.value(&event["body"], &mut chance);
                if chance.one_in(2) {
                    body = made_up.nearly(body, &mut chance);
                }
                let frame = json!({"event": name, "body": body}).to_string();
                if frame.len() > MAX_FRAME_BYTES {
                    continue;
                }
                socket.put(&socket::text(&frame)).await;
                let answer: Value = serde_json::from_str(&answer_of(&mut socket).await).expect("JSON");
                let place = format!("RIM_SEED={seed}: {} was answered {answer}", shown(&frame));
                let id = body["clientMsgId"]
                    .as_str()
                    .filter(|id| (1..=64).contains(&id.len()))
                    .unwrap_or_default();
                assert_eq!(answer["clientMsgId"], id, "{place}");
                match answer["code"].as_u64() {
                    None => {
                        assert!(body_is.is_valid(&without_nulls(&body)) || has_odd_option(name), "{place}");
                    }
                    Some(500) => panic!("{place}"),
                    // An object that is none is no frame.
                    Some(400) => assert!(!body.is_object(), "{place}"),
                    Some(422) if !has_content(name) => {
                        assert!(!body_is.is_valid(&body) || too_many_bytes(&body), "{place}");
                    }
                    Some(code) => assert!(errors.contains(&code), "{place}"),
                }
                if name == "Login" || name == "Logout" {
                    socket = Socket::login(server.address, &asker.anna).await;
                }
            }
        }
        bystanders.noticed_nothing().await;
    }
}

/// What comes in between is of others.
async fn answer_of(socket: &mut Socket) -> String {
    loop {
        let text = socket.answer().await;
        if !text.starts_with(r#"{"event""#) {
            return text;
        }
    }
}

/// What no schema says holds for the content: it is of its kind, or an emoji.
fn has_content(event: &str) -> bool {
    matches!(event, "Msg" | "Edit" | "React" | "Unreact")
}

/// A key that is null is not there.
fn without_nulls(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(keys) = body.as_object_mut() {
        keys.retain(|_, value| !value.is_null());
    }
    body
}

/// Keys that may be left out may hold anything, too.
fn has_odd_option(event: &str) -> bool {
    matches!(event, "Login" | "Logout")
}

/// JSON Schema counts characters.
fn too_many_bytes(body: &Value) -> bool {
    body["clientMsgId"].as_str().is_some_and(|id| id.len() > 64)
}

/// Somebody who asks for all of it.
struct Asker<'a> {
    server: &'a TestServer,
    anna: Person,
    /// Of what there is.
    ids: Vec<u64>,
}

impl<'a> Asker<'a> {
    async fn new(server: &'a TestServer) -> Self {
        let (anna, bob, eve) =
            (server.user("anna").await, server.user("bob").await, server.user("eve").await);
        anna.befriend(&bob).await;
        let mut ids = vec![anna.uid, bob.uid, eve.uid, 0, 1, 2];
        let mut device = anna.connect().await;
        for gid in
            [anna.chat_with(&bob).await, anna.group_with(&[&bob, &eve]).await, bob.group_with(&[&anna]).await]
        {
            ids.extend([gid, device.send(gid, "hello", &format!("hello {gid}")).await]);
        }
        ids.push(bob.group_with(&[&eve]).await);
        Self { server, anna, ids }
    }

    async fn ask(&mut self, operation: &Operation, request: &Request) -> Answer {
        let bearer = format!("Bearer {}", self.anna.token());
        let path = format!("{}{}", operation.path, request.query);
        let headers = [("Authorization", bearer.as_str())];
        let answer =
            raw::ask(self.server.address, &operation.method, &path, &headers, request.body.as_bytes()).await;
        let ends = operation.path.contains("/session/") || operation.path == "/api/user/logout";
        if ends && self.anna.api.me().await.is_err() {
            // It was the session of this one.
            self.anna = self.server.login(self.anna.uid, "anna").await;
        }
        answer
    }
}

/// An operation, as its document has it.
struct Operation {
    method: String,
    path: String,
    parameters: Vec<Value>,
    body: Option<Value>,
    body_is: Option<Validator>,
    /// By status.
    answers: BTreeMap<u16, Validator>,
}

struct Request {
    query: String,
    body: String,
    /// Whether the document allows it.
    allowed: bool,
    /// Whether the document and the server mean the same by it.
    is_plain: bool,
}

impl Operation {
    fn all(document: &Value) -> Vec<Self> {
        let paths = document["paths"].as_object().expect("paths");
        let operations = paths.iter().flat_map(|(path, item)| {
            let operations = item.as_object().expect("operations").iter();
            operations.map(move |(method, operation)| Self::read(document, method, path, operation))
        });
        operations.collect()
    }

    fn read(document: &Value, method: &str, path: &str, operation: &Value) -> Self {
        let body = operation["requestBody"]["content"]["application/json"].get("schema");
        let strict = closed(document.clone());
        let answer = |response: &Value| {
            let reference = response["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
            let response =
                reference.map_or(response, |pointer| strict.pointer(pointer).expect("it leads somewhere"));
            validator(&strict, &closed(response["content"]["application/json"]["schema"].clone()))
        };
        let answers = operation["responses"].as_object().expect("answers").iter();
        Self {
            method: method.to_uppercase(),
            path: path.to_owned(),
            parameters: operation["parameters"].as_array().cloned().unwrap_or_default(),
            body: body.cloned(),
            body_is: body.map(|schema| validator(document, schema)),
            answers: answers.map(|(status, it)| (status.parse().expect("a status"), answer(it))).collect(),
        }
    }

    fn takes_nothing(&self) -> bool {
        self.parameters.is_empty() && self.body.is_none()
    }

    fn request(&self, made_up: &MadeUp<'_>, chance: &mut Chance) -> Request {
        let (mut allowed, mut is_plain) = (true, true);
        let mut query = Vec::new();
        for parameter in &self.parameters {
            if parameter["required"] != true && chance.one_in(3) {
                continue;
            }
            let mut value = made_up.value(&parameter["schema"], chance);
            if chance.one_in(3) {
                value = made_up.nearly(value, chance);
            }
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            // A long head is another matter.
            let text: String = text.chars().take(3000).collect();
            // A query holds texts, some of which are numbers.
            let is_number = parameter["schema"]["type"] == "integer";
            let number = text.parse::<u64>().ok().filter(|_| is_number).map(Value::from);
            let read = number.unwrap_or_else(|| text.as_str().into());
            allowed &= validator(made_up.document, &parameter["schema"]).is_valid(&read);
            query.push(format!("{}={}", parameter["name"].as_str().expect("a name"), percent_encoded(&text)));
        }
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        let mut body = String::new();
        if let (Some(schema), Some(is)) = (&self.body, &self.body_is) {
            let mut value = made_up.value(schema, chance);
            for _ in 0..chance.below(3) {
                value = made_up.nearly(value, chance);
            }
            body = value.to_string();
            if chance.one_in(10) {
                body = torn(body, chance);
            }
            let value: Option<Value> = serde_json::from_str(&body).ok();
            allowed = value.as_ref().is_some_and(|value| is.is_valid(value));
            // A number such as 1.0 is whole for JSON Schema, and not for the server.
            is_plain = value.is_none_or(|value| !has_fractions(&value));
        }
        Request { query, body, allowed, is_plain }
    }

    fn told(&self, request: &Request, answer: &Answer) -> String {
        let (body, answer) = (shown(&request.body), shown(&answer.body));
        format!("{} {}{}\n{body}\nwas answered\n{answer}", self.method, self.path, request.query)
    }

    /// Whether the answer is one that the document has, and belongs to what was asked.
    fn judge(&self, request: &Request, answer: &Answer) -> Result<(), String> {
        let said = |holds: bool, what: &str| if holds { Ok(()) } else { Err(what.to_owned()) };
        said(answer.header("content-type") == Some("application/json"), "it is no JSON")?;
        let envelope: Value = serde_json::from_str(&answer.body).map_err(|error| error.to_string())?;
        let keys = envelope.as_object().map(|object| object.keys().map(String::as_str).collect::<Vec<_>>());
        said(keys.as_deref() == Some(&["ok", "code", "msg", "data"]), "it is not the envelope")?;
        said(answer.status != 500 && envelope["msg"] != "system error", "the server fell over it")?;
        let documented = self.answers.get(&answer.status).ok_or("the document does not have this status")?;
        documented.validate(&envelope).map_err(|error| format!("{error} at {}", error.instance_path()))?;
        if answer.status != 200 {
            said(envelope["code"] == answer.status, "the code is another than the status")?;
        }
        if answer.status == 413 {
            return said(request.body.len() > SMALLEST_LIMIT, "the body is short");
        }
        let misshapen = matches!(answer.status, 400 | 404 | 422);
        said(!(request.allowed && request.is_plain && misshapen), "the document allows this request")?;
        said(request.allowed || envelope["ok"] == false, "the document does not allow this request")
    }
}

/// A schema of a document, whose references lead into the document.
fn validator(document: &Value, schema: &Value) -> Validator {
    let mut root = schema.clone();
    root["components"] = document["components"].clone();
    jsonschema::draft202012::new(&root).expect("a schema")
}

/// Objects have the keys that the document names, and no others.
fn closed(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(object) => {
            for value in object.values_mut() {
                *value = closed(value.take());
            }
            if object.get("properties").is_some_and(Value::is_object) {
                object.insert("additionalProperties".to_owned(), false.into());
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| *value = closed(value.take())),
        _ => {}
    }
    schema
}

fn has_fractions(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(values) => values.iter().any(has_fractions),
        Value::Object(object) => object.values().any(has_fractions),
        _ => false,
    }
}

fn torn(text: String, chance: &mut Chance) -> String {
    let mut bytes = text.into_bytes();
    let at = chance.below(bytes.len());
    match chance.below(3) {
        0 => bytes.truncate(at),
        1 => bytes[at] = *chance.pick(b"{}[]\",:\\0-e. \n"),
        _ => bytes.insert(at, *chance.pick(b"{}[]\",:\\0-e. \n")),
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn shown(text: &str) -> &str {
    &text[..text.floor_char_boundary(400)]
}
