//! The same while messages are edited and reacted to: what was acknowledged holds; of what was not, either is right.

use std::collections::BTreeMap;
use std::sync::Arc;

use rim_client::Connection;
use rim_client::protocol::frame::Outgoing;
use rim_client::protocol::rest::Message;
use serde_json::json;
use tokio::sync::Semaphore;

use super::chance::{Chance, seeds};
use super::program::{Server, folder};
use super::{api, start};

const KILLS: usize = 12;
const MESSAGES: usize = 3;
const EMOJIS: [&str; 3] = ["👍", "🎉", "❤️"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_of_edits_and_reactions_outlives_a_kill() {
    let seed = seeds(1)[0];
    println!("RIM_SEED={seed}");
    let mut chance = Chance::new(seed);
    let folder = folder();
    let server = start(folder.path());
    let (mut editor, mut reactor) = found(&server).await;
    drop(server);
    for _ in 0..KILLS {
        let mut server = start(folder.path());
        editor.is_as_acknowledged(&server).await;
        reactor.is_as_acknowledged(&server).await;
        let answers = Arc::new(Semaphore::new(0));
        let (wanted, then) = (1 + chance.below(60) as u32, chance.below(500));
        let address = server.address.clone();
        let kill = async {
            answers.acquire_many(wanted).await.expect("never closed").forget();
            for _ in 0..then {
                tokio::task::yield_now().await;
            }
            server.process.kill().expect("killed");
            server.process.wait().expect("ended");
        };
        tokio::join!(
            kill,
            editor.edit_until_cut(&address, &answers),
            reactor.react_until_cut(&address, &answers, chance.next())
        );
    }
    let server = start(folder.path());
    editor.is_as_acknowledged(&server).await;
    reactor.is_as_acknowledged(&server).await;
    editor.nothing_is_undone_by_what_comes_late(&server).await;
}

/// Anna edits what she has written, Ben reacts to it.
async fn found(server: &Server) -> (Editor, Reactor) {
    let mut people = Vec::new();
    for name in ["anna", "ben"] {
        let uid = api(server).register(name, "secret").await.expect("registered");
        let api = api(server).login(name, "secret").await.expect("logged in");
        people.push(Person { uid, token: api.token().expect("logged in").to_owned() });
    }
    let (ben, anna) = (people.pop().expect("two"), people.pop().expect("two"));
    let gid =
        api(server).with_token(anna.token.clone()).create_group(1, "", &[ben.uid]).await.expect("a chat");
    let mut line = anna.line(&server.address).await.expect("logged in");
    let mut says = BTreeMap::new();
    for number in 0..MESSAGES {
        let content = format!("message {number}");
        let message = anna.ask(&mut line, "Msg", gid, None, &content, &content).await.expect("stored");
        says.insert(message, content);
    }
    let given = says.keys().flat_map(|message| EMOJIS.map(|emoji| ((*message, emoji), false))).collect();
    (
        Editor { who: anna, gid, says, edits: Vec::new(), asked: None },
        Reactor { who: ben, gid, given, asked: None },
    )
}

struct Person {
    uid: u64,
    token: String,
}

impl Person {
    async fn line(&self, address: &str) -> Option<Connection> {
        Connection::login(&format!("ws://{address}/ws"), self.uid, &self.token).await.ok()
    }

    /// Which message it was about; `None` if the line is cut before the answer.
    async fn ask(
        &self,
        line: &mut Connection,
        event: &str,
        gid: u64,
        message: Option<u64>,
        content: &str,
        client_msg_id: &str,
    ) -> Option<u64> {
        let frame = Outgoing {
            kind: "Text",
            uid: self.uid,
            gid: Some(gid),
            content,
            client_msg_id,
            msg_id: message,
            echo: false,
        };
        line.send(event, &frame).await.ok()?;
        let answer = line.next_answer().await.ok()?;
        assert_eq!((answer.client_msg_id.as_str(), answer.code), (client_msg_id, None), "{answer:?}");
        answer.server_msg_id
    }

    async fn read(&self, server: &Server, gid: u64, message: u64) -> Message {
        let api = api(server).with_token(self.token.clone());
        api.post("/api/message/get", &json!({ "gid": gid, "msgId": message })).await.expect("a message")
    }
}

struct Editor {
    who: Person,
    gid: u64,
    /// As far as it was acknowledged.
    says: BTreeMap<u64, String>,
    /// Every edit that was acknowledged: the message, and what the edit was called, which is what it made of it.
    edits: Vec<(u64, String)>,
    /// What was asked last, and not answered.
    asked: Option<(u64, String)>,
}

impl Editor {
    async fn edit_until_cut(&mut self, address: &str, answers: &Semaphore) {
        let Some(mut line) = self.who.line(address).await else { return };
        loop {
            // What was not answered is asked again, by the same name.
            let (message, edit) = self.asked.take().unwrap_or_else(|| {
                let number = self.edits.len();
                let message = *self.says.keys().nth(number % MESSAGES).expect("there are as many");
                (message, format!("edit {number}"))
            });
            self.asked = Some((message, edit.clone()));
            let done = self.who.ask(&mut line, "Edit", self.gid, Some(message), &edit, &edit).await;
            if done.is_none() {
                return;
            }
            self.asked = None;
            self.says.insert(message, edit.clone());
            self.edits.push((message, edit));
            answers.add_permits(1);
        }
    }

    async fn is_as_acknowledged(&self, server: &Server) {
        for (message, says) in &self.says {
            let found = self.who.read(server, self.gid, *message).await;
            let asked = self.asked.as_ref().filter(|(asked, _)| asked == message).map(|(_, edit)| edit);
            assert!(
                found.content == *says || Some(&found.content) == asked,
                "{found:?}, {says:?}, {asked:?}"
            );
            assert_eq!(found.edited_at.is_some(), found.content.starts_with("edit"), "{found:?}");
        }
    }

    async fn nothing_is_undone_by_what_comes_late(&mut self, server: &Server) {
        let mut line = self.who.line(&server.address).await.expect("logged in");
        if let Some((message, edit)) = self.asked.take() {
            self.who.ask(&mut line, "Edit", self.gid, Some(message), &edit, &edit).await.expect("done");
            self.says.insert(message, edit);
        }
        for (message, edit) in &self.edits {
            self.who.ask(&mut line, "Edit", self.gid, Some(*message), edit, edit).await.expect("it was done");
        }
        self.is_as_acknowledged(server).await;
    }
}

struct Reactor {
    who: Person,
    gid: u64,
    /// Which reactions there are, as far as it was acknowledged.
    given: BTreeMap<(u64, &'static str), bool>,
    /// Which one was to change, and was not answered.
    asked: Option<(u64, &'static str)>,
}

impl Reactor {
    async fn react_until_cut(&mut self, address: &str, answers: &Semaphore, seed: u64) {
        let mut chance = Chance::new(seed);
        let Some(mut line) = self.who.line(address).await else { return };
        for number in 0.. {
            let place = chance.below(self.given.len());
            let (&(message, emoji), given) = self.given.iter_mut().nth(place).expect("there are as many");
            let event = if *given { "Unreact" } else { "React" };
            self.asked = Some((message, emoji));
            let id = format!("{seed:x}-{number}");
            if self.who.ask(&mut line, event, self.gid, Some(message), emoji, &id).await.is_none() {
                return;
            }
            self.asked = None;
            *given = !*given;
            answers.add_permits(1);
        }
    }

    /// Of what was not answered, what is found is what is.
    async fn is_as_acknowledged(&mut self, server: &Server) {
        for ((message, emoji), given) in &mut self.given {
            let found = self.who.read(server, self.gid, *message).await;
            let reaction = found.reactions.iter().find(|reaction| reaction.emoji == *emoji);
            if self.asked == Some((*message, *emoji)) {
                *given = reaction.is_some();
            }
            assert_eq!(reaction.map(|reaction| reaction.count), given.then_some(1), "{emoji} of {found:?}");
        }
        self.asked = None;
    }
}
