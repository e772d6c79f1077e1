//! Who may do what: every operation and every frame, asked by everybody, held to `docs/authorization.md`.
//!
//! The page is the expectation and is written by people. An operation or event that it does not have fails, as does
//! a row that names none. What is refused must have changed nothing, and what is allowed must have done something.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rim_client::Connection;
use rim_client::protocol::Id;
use rim_client::protocol::frame::document::EVENTS;
use rim_client::protocol::frame::{Incoming, IncomingEvent, Notice};
use rim_client::protocol::sync::{GroupRev, SyncRequest};
use rim_core::file::FileId;
use serde_json::{Value, json};

use crate::raw::{self, Answer};
use crate::world::{Device, PATIENCE, Person, TestServer};

/// What somebody is to the group and the member of it that an operation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Asker {
    /// Without a token, and with one that is none.
    Nobody,
    /// Whose session has ended.
    Ended,
    Disabled,
    Stranger,
    /// Of the member.
    Friend,
    /// Who has left the group.
    Former,
    Member,
    Admin,
    Creator,
    /// One of the two of a single chat, which is then the group, and the other one the member.
    Single,
}

const ASKERS: [(Asker, &str); 10] = [
    (Asker::Nobody, "nobody"),
    (Asker::Ended, "session ended"),
    (Asker::Disabled, "disabled"),
    (Asker::Stranger, "stranger"),
    (Asker::Friend, "friend"),
    (Asker::Former, "has left"),
    (Asker::Member, "member"),
    (Asker::Admin, "admin"),
    (Asker::Creator, "creator"),
    (Asker::Single, "single chat"),
];

/// What happened where nothing was refused.
const YES: &str = "yes";
/// The same, and there was nothing to change.
const AS_IT_WAS: &str = "as it was";
/// It was answered, with nothing.
const NOTHING: &str = "nothing";

/// Operations that change nothing which people are told of.
const UNSEEN: [&str; 9] = [
    "/api/user/create",
    "/api/file/avatar",
    "/api/file/cookie",
    "/api/file/link",
    "/api/file/poster",
    "/api/file/upload",
    "/api/message/group/read",
    // Told to one's own devices, and in no sync.
    "/api/message/schedule",
    "/api/message/schedule/cancel",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_may_do_what_the_page_says_and_nothing_else() {
    let mut house = House::build().await;
    let page = Page::read();
    page.has_a_row_for_each("operations", operations(&house.document));

    let mut wrong = Vec::new();
    for row in &page.tables["operations"] {
        let (method, path) = row.name.split_once(' ').expect("a method and a path");
        let writes = method == "POST" && !READING.contains(&path) && !UNSEEN.contains(&path);
        let changing = |column: &str| writes && row.cells[column] == YES;
        // Those that change nothing are looked at together.
        for (asker, column) in ASKERS.into_iter().filter(|(_, column)| !changing(column)) {
            wrong.extend(house.is_answered(&page, row, asker, column).await);
        }
        let changed = house.changes(&ASKERS.map(|(asker, _)| asker)).await;
        if changed && !UNSEEN.contains(&path) {
            wrong.push(format!("{} {}: one who may not has changed something", row.name, row.what));
        }
        for (asker, column) in ASKERS.into_iter().filter(|(_, column)| changing(column)) {
            if path == "/api/session/revoke/others" {
                house.begin_another_session(asker).await;
            }
            wrong.extend(house.is_answered(&page, row, asker, column).await);
            let changed = house.changes(&[asker]).await;
            if !changed && house.people.contains_key(&asker) {
                wrong.push(format!("{} {}: {column}: it is yes, and nothing changed", row.name, row.what));
            }
            house.restore(asker, changed).await;
        }
    }
    assert!(wrong.is_empty(), "docs/authorization.md and the server differ:\n{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_frame_is_taken_from_whom_the_page_says_and_from_nobody_else() {
    let mut house = House::build().await;
    let page = Page::read();
    page.has_a_row_for_each("frames", EVENTS.iter().map(|event| event.name.to_owned()).collect());

    let mut wrong = Vec::new();
    for row in &page.tables["frames"] {
        let event = EVENTS.iter().find(|event| event.name == row.name).expect("it is there");
        for (asker, column) in ASKERS {
            let expected = row.cells[column].as_str();
            let (found, code) = house.say(&page, row, asker, expected).await;
            let changed = house.changes(&[asker]).await;
            if found != expected {
                wrong.push(format!("{} {}: {column}: {found}, and not {expected}", row.name, row.what));
            } else if expected != YES && changed {
                wrong.push(format!(
                    "{} {}: {column}: refused, and yet it changed something",
                    row.name, row.what
                ));
            } else if expected == YES && row.name == "Msg" && !changed {
                wrong.push(format!("{} {}: {column}: nothing was stored", row.name, row.what));
            }
            if let Some(code) = code
                && !event.errors.iter().any(|known| known.get() == code)
            {
                wrong.push(format!("{}: docs/frames.json does not have the error {code}", row.name));
            }
            house.restore(asker, changed).await;
        }
    }
    assert!(wrong.is_empty(), "docs/authorization.md and the server differ:\n{}", wrong.join("\n"));
}

/// A POST that reads.
const READING: [&str; 17] = [
    "/api/message/schedule/list",
    "/api/group/events",
    "/api/group/user/list",
    "/api/message/around",
    "/api/message/chat/list",
    "/api/message/edits",
    "/api/message/get",
    "/api/message/history",
    "/api/message/media",
    "/api/message/mentions",
    "/api/message/search",
    "/api/message/pins",
    "/api/message/reactions",
    "/api/message/readers",
    "/api/message/replies",
    "/api/message/stars",
    "/api/sync",
];

fn operations(document: &Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().expect("operations").keys();
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    operations.collect()
}

/// `docs/authorization.md`.
struct Page {
    /// The rows below each heading.
    tables: BTreeMap<String, Vec<Row>>,
    refusals: Vec<Refusal>,
}

struct Row {
    /// An operation or an event.
    name: String,
    /// Which of several things that it does; may be empty.
    what: String,
    cells: BTreeMap<String, String>,
}

struct Refusal {
    word: String,
    operation: String,
    frame: String,
    text: String,
}

impl Page {
    fn read() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/authorization.md");
        let text = std::fs::read_to_string(file).expect("the page can be read");
        let mut page = Self { tables: BTreeMap::new(), refusals: Vec::new() };
        for section in text.split("\n## ").skip(1) {
            let title = section.lines().next().expect("a heading").to_lowercase();
            let mut rows = section.lines().filter(|line| line.starts_with('|')).map(cells);
            let (Some(columns), Some(_rule)) = (rows.next(), rows.next()) else { continue };
            for row in rows {
                if title == "refusals" {
                    let [word, operation, frame, text] = row.try_into().expect("four columns");
                    page.refusals.push(Refusal { word, operation, frame, text });
                    continue;
                }
                let (name, what) = row[0].split_once('`').map_or_else(
                    || (row[0].clone(), ""),
                    |(_, rest)| {
                        let (name, what) = rest.split_once('`').expect("a name in backquotes");
                        (name.to_owned(), what.trim())
                    },
                );
                let cells = columns.iter().cloned().zip(row.iter().cloned()).skip(1).collect();
                page.tables.entry(title.clone()).or_default().push(Row {
                    name,
                    what: what.to_owned(),
                    cells,
                });
            }
        }
        page
    }

    fn has_a_row_for_each(&self, table: &str, wanted: BTreeSet<String>) {
        let rows: BTreeSet<_> = self.tables[table].iter().map(|row| row.name.clone()).collect();
        assert_eq!(rows, wanted, "docs/authorization.md has a row for each of the {table}, and for no other");
    }

    /// In the words of the page.
    fn outcome(&self, answer: &Answer) -> String {
        let envelope: Value = serde_json::from_str(&answer.body).expect("JSON");
        if envelope["ok"] == true {
            let data = &envelope["data"];
            let data = data.get("events").or_else(|| data.get("messages")).unwrap_or(data);
            return if is_nothing(data) { NOTHING } else { YES }.to_owned();
        }
        let (code, text) = (envelope["code"].to_string(), envelope["msg"].as_str().expect("a reason"));
        let known = self.refusals.iter().find(|refusal| refusal.operation == code && refusal.says(text));
        known.map_or_else(|| format!("{code} {text}"), |refusal| refusal.word.clone())
    }

    fn outcome_of_frame(&self, code: u16, text: &str) -> String {
        let code = code.to_string();
        let known = self.refusals.iter().find(|refusal| refusal.frame == code && refusal.says(text));
        known.map_or_else(|| format!("{code} {text}"), |refusal| refusal.word.clone())
    }
}

impl Refusal {
    /// `N` stands for a number.
    fn says(&self, text: &str) -> bool {
        let mut found = String::new();
        for c in text.chars() {
            match c {
                '0'..='9' if found.ends_with('N') => {}
                '0'..='9' => found.push('N'),
                other => found.push(other),
            }
        }
        self.text == found
    }
}

/// Whether anything is new to somebody who has what is known, which then is known, too.
async fn was_told(person: &Person, known: &mut SyncRequest) -> bool {
    let mut told = false;
    loop {
        let answer = person.api.sync(known).await.expect("synced");
        told |= answer.me.is_some() || !answer.friends.is_empty();
        told |= !answer.groups.is_empty() || !answer.chats.is_empty();
        told |= !answer.hidden.is_empty() || !answer.cleared.is_empty() || !answer.starred.is_empty();
        known.rev = Some(Id::try_from(answer.rev).expect("a rev"));
        known.store = Some(answer.store);
        for delta in answer.groups {
            let (gid, rev) =
                (Id::try_from(delta.gid).expect("an id"), Id::try_from(delta.rev).expect("a rev"));
            known.groups.retain(|known| known.gid != gid);
            known.groups.push(GroupRev { gid, rev, recalled_to: None });
        }
        if !answer.more {
            return told;
        }
    }
}

fn cells(line: &str) -> Vec<String> {
    line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
}

fn is_nothing(data: &Value) -> bool {
    let list = data.get("members").unwrap_or(data);
    *data == false || list.as_array().is_some_and(Vec::is_empty)
}

/// A server, its people, and what they have been told so far.
struct House {
    server: TestServer,
    people: BTreeMap<Asker, Person>,
    /// A member of the group, and the other one of the single chat.
    mate: Person,
    other: Person,
    /// Whose token is no longer one.
    ended: String,
    disabled: String,
    group: Room,
    single: Room,
    /// By user: what they have.
    known: BTreeMap<u64, SyncRequest>,
    sessions: BTreeMap<u64, BTreeSet<u64>>,
    devices: BTreeMap<u64, Device>,
    times: usize,
    /// The OpenAPI document.
    document: Value,
}

#[derive(Clone, Copy)]
struct Room {
    gid: u64,
    message: u64,
    /// A voice message of the same sender.
    voice: u64,
    /// A film that a message names.
    file: FileId,
}

impl House {
    async fn build() -> Self {
        let server = TestServer::start_with(&["--limits=off"]).await;
        let mut people = BTreeMap::new();
        let pal = server.user("pal").await;
        for (asker, name) in ASKERS {
            if matches!(asker, Asker::Nobody | Asker::Ended | Asker::Disabled) {
                continue;
            }
            let person = server.user(&name.replace(' ', "-")).await;
            // Everybody has a chat and a friend of their own.
            person.befriend(&pal).await;
            let gid = person.group_with(&[]).await;
            person.connect().await.send(gid, "a note", "note").await;
            people.insert(asker, person);
        }
        let (mate, other) = (server.user("mate").await, server.user("other").await);
        people[&Asker::Friend].befriend(&mate).await;

        let ended = server.user("ended").await;
        ended.post("/api/user/logout", Value::Null).await.ok(true);
        let disabled = server.user("disabled").await;
        server.operator(&["disable", "disabled"]).await;

        let one = &people[&Asker::Single];
        let single = one.chat_with(&other).await;
        let mut devices = BTreeMap::new();
        for person in [&people[&Asker::Creator], &mate, &other] {
            devices.insert(person.uid, person.connect().await);
        }
        let of_other = devices.get_mut(&other.uid).expect("connected");
        let voice = of_other.send_voice(single, "v").await;
        let message = of_other.send(single, "hello", "s").await;
        let file = film_in(single, &other).await;
        let document = server.ask("GET", "/api/openapi.json", "").await.body;
        let document = serde_json::from_str(&document).expect("JSON");
        let mut house = Self {
            server,
            people,
            mate,
            other,
            ended: ended.token().to_owned(),
            disabled: disabled.token().to_owned(),
            group: Room { gid: 0, message: 0, voice: 0, file },
            single: Room { gid: single, message, voice, file },
            known: BTreeMap::new(),
            sessions: BTreeMap::new(),
            devices,
            times: 0,
            document,
        };
        house.found().await;
        house.changes(&[]).await;
        house
    }

    /// A new group with everybody in their place.
    async fn found(&mut self) {
        let creator = &self.people[&Asker::Creator];
        let users: Vec<Value> = [Asker::Former, Asker::Member, Asker::Admin]
            .map(|asker| json!({"uid": self.people[&asker].uid, "role": if asker == Asker::Admin { 2 } else { 1 }}))
            .into_iter()
            .chain([json!({"uid": self.mate.uid})])
            .collect();
        let body = json!({"group": {"name": "house", "avatar": "", "mode": 2}, "users": users});
        let gid = creator.post("/api/group/create", body).await.data().as_u64().expect("an id");
        self.times += 1;
        let id = format!("hello {}", self.times);
        let device = self.devices.get_mut(&creator.uid).expect("connected");
        let voice = device.send_voice(gid, &format!("voice {}", self.times)).await;
        let message = device.send(gid, "hello", &id).await;
        let file = film_in(gid, creator).await;
        self.people[&Asker::Former].post("/api/group/leave", json!({"gid": gid})).await.ok(true);
        self.group = Room { gid, message, voice, file };
    }

    /// Whether anybody has been told of anything since this was asked last, or a session has begun or ended.
    async fn changes(&mut self, askers: &[Asker]) -> bool {
        let mut changed = false;
        for asker in askers {
            let Some(person) = self.people.get(asker) else { continue };
            if person.api.me().await.is_err() {
                // Their own session has ended.
                let person = self.server.login(person.uid, &person.account).await;
                self.people.insert(*asker, person);
                changed = true;
            }
        }
        let everybody: Vec<_> = self.people.values().chain([&self.mate, &self.other]).cloned().collect();
        for person in &everybody {
            changed |= was_told(person, self.known.entry(person.uid).or_default()).await;
        }
        let concerned = askers.iter().filter_map(|asker| self.people.get(asker));
        for person in concerned.chain([&self.mate, &self.other]) {
            let list = person.get("/api/session/list").await.data();
            let sessions = list.as_array().expect("a list").iter();
            let ids: BTreeSet<_> = sessions.map(|session| session["id"].as_u64().expect("an id")).collect();
            let before = self.sessions.insert(person.uid, ids.clone());
            changed |= before.is_some_and(|before| before != ids);
        }
        changed
    }

    /// What is wrong with the answer to an operation.
    async fn is_answered(&mut self, page: &Page, row: &Row, asker: Asker, column: &str) -> Option<String> {
        let expected = match row.cells[column].as_str() {
            AS_IT_WAS => YES,
            other => other,
        };
        let mut found = BTreeSet::new();
        for token in self.tokens(asker) {
            found.insert(page.outcome(&self.ask(row, asker, token.as_deref()).await));
        }
        (found != BTreeSet::from([expected.to_owned()]))
            .then(|| format!("{} {}: {column}: {found:?}, and not {expected}", row.name, row.what))
    }

    async fn begin_another_session(&mut self, asker: Asker) {
        let person = &self.people[&asker];
        self.server.login(person.uid, &person.account).await;
        self.changes(&[asker]).await;
    }

    /// Makes it as it was.
    async fn restore(&mut self, asker: Asker, changed: bool) {
        let Some(person) = self.people.get(&asker).cloned().filter(|_| changed) else { return };
        // Sockets end with their sessions.
        if let Some(device) = self.devices.get_mut(&person.uid) {
            *device = person.connect().await;
        }
        let (_, of) = self.target(asker);
        if asker == Asker::Friend {
            person.api.add_friend(of.uid).await.expect("asked");
            of.api.answer_friend(person.uid, 1).await.expect("answered");
        } else {
            person.api.answer_friend(of.uid, 2).await.expect("answered");
        }
        if asker == Asker::Single {
            // Who has left is back.
            person.chat_with(of).await;
        }
        self.found().await;
        self.changes(&[asker]).await;
    }

    /// With what that asker asks.
    fn tokens(&self, asker: Asker) -> Vec<Option<String>> {
        match asker {
            Asker::Nobody => vec![None, Some("rim_none".to_owned())],
            Asker::Ended => vec![Some(self.ended.clone())],
            Asker::Disabled => vec![Some(self.disabled.clone())],
            _ => vec![Some(self.people[&asker].token().to_owned())],
        }
    }

    /// What an operation is about, seen from an asker.
    fn target(&self, asker: Asker) -> (Room, &Person) {
        match asker {
            Asker::Single => (self.single, &self.other),
            _ => (self.group, &self.mate),
        }
    }

    /// Who asks; one of those who cannot is called by a name that nobody has.
    fn account(&self, asker: Asker) -> &str {
        match asker {
            Asker::Nobody => "nobody",
            Asker::Ended => "ended",
            Asker::Disabled => "disabled",
            _ => &self.people[&asker].account,
        }
    }

    async fn ask(&mut self, row: &Row, asker: Asker, token: Option<&str>) -> Answer {
        self.times += 1;
        let (method, path) = row.name.split_once(' ').expect("a method and a path");
        let (Room { gid, message, voice, file }, of) = self.target(asker);
        let message = if path == "/api/message/open" { voice } else { message };
        let (uid, account) = (of.uid, &of.account);
        let own = self.people.get(&asker).map_or(uid, |person| person.uid);
        let own_session = self.sessions.get(&own).and_then(|ids| ids.last()).copied().unwrap_or_default();
        let other_session = self.sessions[&uid].last().copied().unwrap_or_default();
        let member = json!({"gid": gid, "uid": uid});
        // Each operation is asked so that nothing but who asks can be wrong.
        let (query, body) = match (path, row.what.as_str()) {
            ("/api/server/info" | "/api/session/list" | "/api/friend/list", "") => {
                (String::new(), Value::Null)
            }
            ("/api/user/create", "") => {
                let body = json!({"name": "n", "avatar": "", "account": format!("new{}", self.times), "password": "x"});
                (String::new(), body)
            }
            ("/api/user/login", "") => {
                (String::new(), json!({"account": self.account(asker), "password": "secret"}))
            }
            ("/api/user/get" | "/api/group/get", "one's own") => (String::new(), Value::Null),
            ("/api/user/get" | "/api/group/get", "another's") => (format!("?uid={uid}"), Value::Null),
            ("/api/user/token", "one's own") => (format!("?token={}", token.unwrap_or("none")), Value::Null),
            ("/api/user/token", "another's") => (format!("?token={}", of.token()), Value::Null),
            ("/api/user/search", "") => (format!("?account={account}"), Value::Null),
            ("/api/user/update", "") => (String::new(), json!({"name": format!("name {}", self.times)})),
            ("/api/user/password", "") => {
                (String::new(), json!({"oldPassword": "secret", "newPassword": "secret"}))
            }
            ("/api/user/logout" | "/api/session/revoke/others", "") => (String::new(), Value::Null),
            ("/api/session/revoke", "one's own") => (String::new(), json!({"id": own_session})),
            ("/api/session/revoke", "another's") => (String::new(), json!({"id": other_session})),
            ("/api/friend/add", "") => (String::new(), json!({"fid": uid})),
            ("/api/friend/status/modify", "accept") => (String::new(), json!({"fid": uid, "status": 1})),
            ("/api/friend/status/modify", "end") => (String::new(), json!({"fid": uid, "status": 2})),
            ("/api/group/create", "") => {
                let group = json!({"name": "new", "avatar": "", "mode": 2});
                (String::new(), json!({"group": group, "users": [{"uid": uid}]}))
            }
            ("/api/group/update", "") => {
                (String::new(), json!({"id": gid, "name": format!("name {}", self.times), "avatar": ""}))
            }
            ("/api/group/user/get", "") => (format!("?gid={gid}"), Value::Null),
            ("/api/group/user/change", what) => {
                let (op, whom) = match what {
                    "add a stranger" => (1, self.people[&Asker::Stranger].uid),
                    "remove another" => (2, uid),
                    "remove the creator" => (2, self.people[&Asker::Creator].uid),
                    "remove oneself" => (2, own),
                    other => panic!("say how `{other}` is asked"),
                };
                (String::new(), json!({"gid": gid, "uids": [whom], "opType": op}))
            }
            ("/api/group/role/modify", "") => (String::new(), json!({"gid": gid, "uid": uid, "role": 2})),
            ("/api/group/transfer", "") => (String::new(), member),
            (
                "/api/group/leave" | "/api/group/dissolve" | "/api/message/group/read" | "/api/chat/delete",
                "",
            ) => (String::new(), json!({"gid": gid})),
            ("/api/group/user/list", "") => (String::new(), json!({"gid": gid})),
            ("/api/group/events", "") => (String::new(), json!({"gid": gid, "fromSeq": 0, "toSeq": 9})),
            ("/api/message/chat/list", "one's own") => {
                (String::new(), json!({"uid": own, "page": 1, "size": 9}))
            }
            ("/api/message/chat/list", "another's") => {
                (String::new(), json!({"uid": uid, "page": 1, "size": 9}))
            }
            ("/api/message/history", "") => (String::new(), json!({"gid": gid, "page": 1, "size": 9})),
            ("/api/message/forward", "") => {
                (String::new(), json!({"from": gid, "msgIds": [message], "to": [gid]}))
            }
            ("/api/message/schedule", "") => (String::new(), self.to_be_scheduled(gid)),
            ("/api/message/schedule/list", "") => (String::new(), json!({})),
            ("/api/message/schedule/cancel" | "/api/message/schedule/now", whose) => {
                let of = if whose == "another's" { Some(of) } else { self.people.get(&asker) };
                let of = of.filter(|of| asker != Asker::Nobody && of.api.token().is_some());
                let id = match of {
                    Some(of) => {
                        let answer = of.post("/api/message/schedule", self.to_be_scheduled(gid)).await;
                        serde_json::from_str::<Value>(&answer.body).expect("JSON")["data"]["id"].as_u64()
                    }
                    None => None,
                };
                (String::new(), json!({"id": id.unwrap_or(1)}))
            }
            ("/api/sync", "") => (String::new(), json!({})),
            ("/api/file/avatar" | "/api/file/cookie", "") => (String::new(), Value::Null),
            ("/api/file/upload", "") => ("?name=a.png".to_owned(), Value::Null),
            ("/api/file/get" | "/api/file/poster" | "/api/file/link", whose) => {
                let file = match self.people.get(&asker) {
                    Some(person) if whose == "one's own" => film(person).await,
                    _ => file,
                };
                match path {
                    "/api/file/link" => (String::new(), json!({"id": file.as_str()})),
                    _ => (format!("?id={file}"), Value::Null),
                }
            }
            (_, "") if method == "POST" => (String::new(), self.body_of(path, (gid, message), uid)),
            (_, what) => panic!("say how {} {what} is asked", row.name),
        };
        let bytes = match (path, &body) {
            ("/api/file/avatar" | "/api/file/upload" | "/api/file/poster", _) => PICTURE.to_vec(),
            (_, Value::Null) => Vec::new(),
            (_, body) => body.to_string().into_bytes(),
        };
        let bearer = token.map(|token| format!("Bearer {token}"));
        let headers: Vec<_> = bearer.iter().map(|bearer| ("Authorization", bearer.as_str())).collect();
        raw::ask(self.server.address, method, &format!("{path}{query}"), &headers, &bytes).await
    }

    /// A message for a time that does not come.
    fn to_be_scheduled(&self, gid: u64) -> Value {
        let send_at = self.server.now().plus_ms(1_000_000_000).0;
        json!({"gid": gid, "content": format!("text {}", self.times), "sendAt": send_at})
    }

    /// The body of an ordinary operation, by what its fields are called in the document.
    fn body_of(&self, path: &str, (gid, message): (u64, u64), uid: u64) -> Value {
        let schema =
            &self.document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"];
        let name = schema["$ref"].as_str().and_then(|at| at.rsplit('/').next()).expect("a body with a name");
        let fields = self.document["components"]["schemas"][name]["properties"].as_object().expect("fields");
        let filled = fields.keys().map(|field| {
            let value = match field.as_str() {
                "gid" => json!(gid),
                "uid" | "fid" => json!(uid),
                "msgId" | "replyTo" => json!(message),
                "msgIds" => json!([message]),
                "seq" => json!(1),
                "emoji" => json!("👍"),
                // Of what it is: all other kinds stay what they are.
                "kind" => json!("Text"),
                "mentions" => json!([]),
                "mentionAll" => json!(false),
                "page" | "size" => json!(1),
                "what" => json!("voice"),
                "whoPins" | "whoMentionsAll" => json!("all"),
                "before" if path == "/api/message/media" => json!(9),
                "expireSeconds" | "before" | "after" => json!(0),
                "kinds" | "has" => json!([]),
                "beforeId" => json!(1),
                _ => json!(format!("text {}", self.times)),
            };
            (field.clone(), value)
        });
        Value::Object(filled.collect())
    }

    /// Says a frame on a connection of its own, which has logged in where it can. The outcome, and the code of an Error.
    async fn say(&mut self, page: &Page, row: &Row, asker: Asker, expected: &str) -> (String, Option<u16>) {
        self.times += 1;
        let token = self.tokens(asker).swap_remove(0).unwrap_or_else(|| "rim_none".to_owned());
        let (Room { gid, message, voice, .. }, of) = self.target(asker);
        let message = if row.name == "Open" { voice } else { message };
        let uid = self.people.get(&asker).map_or(of.uid, |person| person.uid);
        let mut socket = Connection::open(&self.server.ws()).await.expect("open");
        let login =
            |uid| json!({"event": "Login", "body": {"uid": uid, "content": token, "clientMsgId": "login"}});
        if row.name != "Login" {
            socket.send_text(login(uid).to_string()).await.expect("sent");
            let answer = socket.next_answer().await.expect("an answer");
            assert_eq!(answer.code.is_none(), self.people.contains_key(&asker), "{answer:?}");
        }
        let id = format!("frame {}", self.times);
        let body = json!({"kind": "Text", "uid": uid, "gid": gid, "content": "hm", "clientMsgId": id, "msgId": message});
        let mut body = body;
        if matches!(row.name.as_str(), "React" | "Unreact") {
            body["content"] = json!("👍");
        }
        let as_another = |mut body: Value| {
            body["uid"] = json!(of.uid);
            body
        };
        let frame = match (row.name.as_str(), row.what.as_str()) {
            ("Login", "one's own") => login(uid),
            ("Login", "as another") => {
                let other = if uid == of.uid { self.people[&Asker::Stranger].uid } else { of.uid };
                login(other)
            }
            ("Watch", "") => {
                json!({"event": "Watch", "body": {"uid": uid, "uids": [of.uid], "clientMsgId": id}})
            }
            (event, "as another") => json!({"event": event, "body": as_another(body)}),
            (event, "") => json!({"event": event, "body": body}),
            (event, what) => panic!("say how {event} {what} is said"),
        };
        socket.send_text(frame.to_string()).await.expect("sent");
        let answer =
            tokio::time::timeout(PATIENCE, socket.next_answer()).await.expect("in time").expect("an answer");
        if let Some(code) = answer.code {
            return (page.outcome_of_frame(code, &answer.content), Some(code));
        }
        if row.name == "Watch" && !self.hears_that_they_are_here(&mut socket, of.uid, expected).await {
            return (NOTHING.to_owned(), None);
        }
        (YES.to_owned(), None)
    }

    /// Whether it is told that a user is online: waited for where it should be, else up to the answer of a later frame.
    async fn hears_that_they_are_here(&self, socket: &mut Connection, uid: u64, expected: &str) -> bool {
        if expected == NOTHING {
            let heart = json!({"event": "Heart", "body": {"clientMsgId": "later"}});
            socket.send_text(heart.to_string()).await.expect("sent");
        }
        loop {
            match tokio::time::timeout(PATIENCE, socket.next()).await.expect("in time").expect("a frame") {
                Incoming::Event(IncomingEvent::Notify(notice)) if notice.kind == Notice::Online => {
                    return notice.uid == uid;
                }
                Incoming::Answer(answer) if answer.client_msg_id == "later" => return false,
                _ => {}
            }
        }
    }
}

/// What every film of telephones begins with.
const FILM: &[u8] = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x08free";

/// A film of somebody.
async fn film(person: &Person) -> FileId {
    FileId::parse(&person.filer().file("a.mp4", FILM).await).expect("an id")
}

/// One that a message of theirs names.
async fn film_in(gid: u64, person: &Person) -> FileId {
    let file = film(person).await;
    let content = json!({"file": file.as_str()}).to_string();
    person.post("/api/message/send", json!({"gid": gid, "kind": "File", "content": content})).await.data();
    file
}

/// The smallest there is.
const PICTURE: &[u8] = &[
    0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0x0D, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0,
    0, 1, 8, 6, 0, 0, 0, 0x1F, 0x15, 0xC4, 0x89, 0, 0, 0, 0x0A, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9C, 0x63, 0,
    1, 0, 0, 5, 0, 1, 0x0D, 0x0A, 0x2D, 0xB4, 0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82,
];
