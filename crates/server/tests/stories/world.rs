//! A whole server and its users, as fixtures of the stories.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rim_client::protocol::frame::{
    Extras, Incoming, IncomingAnswer, IncomingEvent, IncomingMessage, IncomingNotice, Notice, Outgoing,
    OutgoingBeside,
};
use rim_client::{Api, Connection, ConnectionError};
use rim_core::bus::Bus;
use rim_core::{Clock, Timestamp};
use rim_server::storage::Storage;
use rim_server::time::Hands;
use rim_store::Store;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::filer::Filer;
use crate::place::{Place, Serving};
use crate::raw::{self, Answer};

/// How long a story waits for what must come, on a machine however busy. Never how long anything should take.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// A server on ports of its own, with data that go with it; or, where [`crate::NODES`] says so, several nodes that
/// take turns in answering on these ports.
pub struct TestServer {
    pub address: SocketAddr,
    pub old_address: SocketAddr,
    settings: Vec<String>,
    place: Place,
    shutdown: CancellationToken,
    serving: Serving,
}

impl TestServer {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts with further settings, as flags: `&["--registration=closed"]`.
    pub async fn start_with(settings: &[&str]) -> Self {
        Self::start_on(settings, std::convert::identity).await
    }

    /// Starts with something between the nodes and their bus.
    pub async fn start_on(settings: &[&str], bus: fn(Arc<dyn Bus>) -> Arc<dyn Bus>) -> Self {
        let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self::serve(settings, Place::new(bus).await, any, any).await
    }

    /// Starts with something between the nodes and the storage of files.
    pub async fn start_storing(storage: fn(Arc<dyn Storage>) -> Arc<dyn Storage>) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut place = Place::new(std::convert::identity).await;
        place.storage = storage;
        Self::serve(Vec::new(), place, any, any).await
    }

    async fn serve(settings: Vec<String>, place: Place, address: SocketAddr, old: SocketAddr) -> Self {
        let main = TcpListener::bind(address).await.expect("a port");
        let ws = TcpListener::bind(old).await.expect("another port");
        let address = main.local_addr().expect("an address");
        let old_address = ws.local_addr().expect("an address");
        let shutdown = CancellationToken::new();
        let serving = Serving::start(&place, &settings, (main, ws), &shutdown).await;
        Self { address, old_address, settings, place, shutdown, serving }
    }

    /// Stops the server in order and starts it again on the same data and ports.
    pub async fn restart(self) -> Self {
        self.stop().await.start().await
    }

    /// Stops the server in order, and does not wait for those who take no part in that.
    pub async fn stop(self) -> Stopped {
        self.tell_to_stop();
        let Self { address, old_address, settings, place, serving, .. } = self;
        let hands = place.hands.clone();
        tokio::select! {
            () = serving.stopped() => {}
            () = time_lapse(&hands) => {}
        }
        Stopped { address, old_address, settings, place }
    }

    /// Begins to stop the server; [`Self::stop`] waits until it has.
    pub fn tell_to_stop(&self) {
        self.shutdown.cancel();
    }

    /// Has so many seconds pass, each of which has its consequences before the next begins.
    pub async fn seconds_pass(&self, seconds: u64) {
        self.place.hands.move_on(Duration::from_secs(seconds)).await;
    }

    /// Has so many hours pass, minute by minute: what happens every second happens once in each.
    pub async fn hours_pass(&self, hours: u64) {
        for _ in 0..hours * 60 {
            self.place.hands.leap(Duration::from_secs(60)).await;
        }
    }

    /// Has so many seconds pass at once, as for a machine that slept.
    pub async fn sleeps(&self, seconds: u64) {
        self.place.hands.leap(Duration::from_secs(seconds)).await;
    }

    /// Has as much time pass as it takes until something has come.
    pub async fn time_passes_until<T>(&self, comes: impl Future<Output = T>) -> T {
        tokio::select! {
            come = comes => come,
            () = time_lapse(&self.place.hands) => unreachable!("it goes on for ever"),
        }
    }

    /// What the server's clock shows.
    pub fn now(&self) -> Timestamp {
        self.place.hands.now()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where new clients find the WebSocket.
    pub fn ws(&self) -> String {
        format!("ws://{}/ws", self.address)
    }

    /// Where old clients find it: any path of the old port.
    pub fn old_ws(&self) -> String {
        format!("ws://{}/any/path", self.old_address)
    }

    /// The data folder; of the first node, where there are several.
    pub fn data(&self) -> &std::path::Path {
        self.place.folder()
    }

    pub fn api(&self) -> Api {
        Api::new(self.url())
    }

    /// WebSockets that are open, on all nodes.
    pub async fn connections(&self) -> usize {
        self.count("rim_connections ").await
    }

    /// Sockets that are open, on all nodes, but for the one that asks.
    pub async fn sockets(&self) -> usize {
        self.count("rim_sockets_open ").await - self.serving.addresses.len()
    }

    /// A number of the page `/metrics`, of all nodes.
    pub async fn count(&self, name: &str) -> usize {
        let mut count = 0;
        for node in &self.serving.addresses {
            let page = raw::ask(*node, "GET", "/metrics", &[], b"").await.body;
            let line = page.lines().find_map(|line| line.strip_prefix(name));
            count += line.and_then(|number| number.parse::<usize>().ok()).expect("it is counted");
        }
        count
    }

    /// Returns when each node has committed what it was given before, also by lines that are cut since.
    pub async fn everything_is_committed(&self, person: &Person) {
        for node in &self.serving.addresses {
            let api = Api::new(format!("http://{node}")).with_token(person.token());
            // A write behind all that wait there, and of a group that there is not, so it changes nothing.
            api.mark_read(u64::MAX >> 11).await.expect_err("there is no such group");
        }
    }

    /// Sends a request without a token, as bytes.
    pub async fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        raw::ask(self.address, method, path, &[], body.as_bytes()).await
    }

    /// Registers a user, whose password is `secret`, and logs them in.
    pub async fn user(&self, account: &str) -> Person {
        let uid = self.api().register(account, "secret").await.expect("registered");
        self.login(uid, account).await
    }

    /// Logs a user in once more, as on another device.
    pub async fn login(&self, uid: u64, account: &str) -> Person {
        let api = self.api().login(account, "secret").await.expect("logged in");
        Person::new(self.address, uid, account, api)
    }

    /// Carries out a command of the operator, `rim user …`, and returns once it is done.
    pub async fn operator(&self, command: &[&str]) {
        let mut rim = std::process::Command::new(env!("CARGO_BIN_EXE_rim"));
        rim.arg("user").args(command).args(self.place.flags());
        let output = tokio::task::spawn_blocking(move || rim.output()).await.expect("it does not panic");
        let output = output.expect("rim can be started");
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Time that passes, second by second, while others do what they do.
pub async fn time_lapse(hands: &Hands) {
    loop {
        hands.move_on(Duration::from_secs(1)).await;
        // Time for them on the machine.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A server between two lives.
pub struct Stopped {
    pub address: SocketAddr,
    pub old_address: SocketAddr,
    settings: Vec<String>,
    place: Place,
}

impl Stopped {
    /// Starts the server on the same data and ports.
    pub async fn start(self) -> TestServer {
        let Self { address, old_address, settings, place } = self;
        TestServer::serve(settings, place, address, old_address).await
    }

    /// It is to start with something else between it and the storage of files.
    pub fn with_storage(mut self, storage: fn(Arc<dyn Storage>) -> Arc<dyn Storage>) -> Self {
        self.place.storage = storage;
        self
    }

    pub fn data(&self) -> &std::path::Path {
        self.place.folder()
    }

    /// What the clock shows.
    pub fn now(&self) -> Timestamp {
        self.place.hands.now()
    }

    /// Has so many seconds pass.
    pub async fn sleeps(&self, seconds: u64) {
        self.place.hands.leap(Duration::from_secs(seconds)).await;
    }

    /// What it has stored, for stories that make time pass. To be closed before the server starts again.
    pub async fn store(&self) -> Arc<dyn Store> {
        self.place.store().await
    }
}

/// A logged-in user.
#[derive(Clone)]
pub struct Person {
    pub uid: u64,
    /// Their name, too.
    pub account: String,
    pub api: Api,
    address: SocketAddr,
    ws: String,
}

impl Person {
    /// Somebody who is logged in, as `api` is, to the server at `address`.
    pub fn new(address: SocketAddr, uid: u64, account: &str, api: Api) -> Self {
        Self { uid, account: account.to_owned(), api, address, ws: format!("ws://{address}/ws") }
    }

    /// What others see of them.
    pub fn card(&self) -> String {
        let Self { uid, account, .. } = self;
        format!(
            r#"{{"id":{uid},"name":"{account}","avatar":"","email":"","account":"{account}","password":""}}"#
        )
    }

    /// The bytes that answer a GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "").await
    }

    /// The bytes that answer a POST.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, &body.to_string()).await
    }

    pub async fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        let bearer = format!("Bearer {}", self.token());
        raw::ask(self.address, method, path, &[("Authorization", &bearer)], body.as_bytes()).await
    }

    /// Creates a group chat with others.
    pub async fn group_with(&self, others: &[&Self]) -> u64 {
        let uids: Vec<u64> = others.iter().map(|other| other.uid).collect();
        self.api.create_group(2, "group", &uids).await.expect("a group")
    }

    /// Adds (1) or removes (2) members.
    pub async fn change(&self, gid: u64, op_type: u8, others: &[&Self]) -> Answer {
        let uids: Vec<u64> = others.iter().map(|other| other.uid).collect();
        self.post("/api/group/user/change", json!({"gid": gid, "uids": uids, "opType": op_type})).await
    }

    pub fn token(&self) -> &str {
        self.api.token().expect("logged in")
    }

    /// Connects and logs in, as one device.
    pub async fn connect(&self) -> Device {
        self.connect_to(&self.ws).await
    }

    pub async fn connect_to(&self, ws: &str) -> Device {
        let socket = Connection::login(ws, self.uid, self.token()).await.expect("connected");
        Device { uid: self.uid, socket }
    }

    /// Makes the two friends.
    pub async fn befriend(&self, other: &Self) {
        assert!(self.api.add_friend(other.uid).await.expect("asked"));
        assert!(other.api.answer_friend(self.uid, 1).await.expect("accepted"));
    }

    /// Somebody with files.
    pub fn filer(&self) -> Filer {
        Filer::new(format!("http://{}", self.address), self.token())
    }

    /// The single chat with another.
    pub async fn chat_with(&self, other: &Self) -> u64 {
        self.api.create_group(1, "", &[other.uid]).await.expect("a chat")
    }
}

/// One connection of a user.
pub struct Device {
    pub uid: u64,
    pub socket: Connection,
}

impl Device {
    /// Sends a frame and does not wait for its answer.
    pub async fn put(&mut self, event: &str, gid: u64, content: &str, id: &str, msg_id: Option<u64>) {
        let frame = Outgoing {
            kind: "Text",
            uid: self.uid,
            gid: Some(gid),
            content,
            client_msg_id: id,
            msg_id,
            echo: false,
        };
        self.socket.send(event, &frame).await.expect("sent");
    }

    /// Sends a Msg or an Edit with what it has beside its content, and does not wait for its answer.
    pub async fn put_with(&mut self, event: &str, frame: Outgoing<'_>, extras: &Extras) {
        let text = OutgoingBeside { frame, extras }.encode(event);
        self.say(text).await;
    }

    /// Does something with a message and returns the answer, past what comes before it.
    pub async fn act(
        &mut self,
        event: &str,
        gid: u64,
        message: u64,
        content: &str,
        id: &str,
    ) -> IncomingAnswer {
        self.put(event, gid, content, id, Some(message)).await;
        let answer = self.answer().await;
        assert_eq!(answer.client_msg_id, id, "{answer:?}");
        answer
    }

    /// The same, of what is done.
    #[track_caller]
    pub fn does(
        &mut self,
        event: &str,
        gid: u64,
        message: u64,
        content: &str,
        id: &str,
    ) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        async move {
            let answer = self.act(event, gid, message, content, id).await;
            assert_eq!((answer.code, answer.server_msg_id), (None, Some(message)), "{place}: {answer:?}");
        }
    }

    /// The same, of what is refused with this code.
    #[track_caller]
    pub fn may_not(
        &mut self,
        code: u16,
        event: &str,
        gid: u64,
        message: u64,
        content: &str,
    ) -> impl Future<Output = String> {
        let place = std::panic::Location::caller();
        async move {
            let answer = self.act(event, gid, message, content, "no").await;
            assert_eq!((answer.code, answer.server_msg_id), (Some(code), None), "{place}: {answer:?}");
            answer.content
        }
    }

    /// Sends a message and returns the server's id of it.
    pub async fn send(&mut self, gid: u64, content: &str, id: &str) -> u64 {
        self.put("Msg", gid, content, id, None).await;
        let answer = self.answer().await;
        assert_eq!((answer.client_msg_id.as_str(), answer.code), (id, None), "{answer:?}");
        answer.server_msg_id.expect("an id")
    }

    /// Sends a voice message and waits for its Ack.
    pub async fn send_voice(&mut self, gid: u64, id: &str) -> u64 {
        let frame = Outgoing {
            kind: "Audio",
            uid: self.uid,
            gid: Some(gid),
            content: r#"{"url":"/voice","durationMs":1000}"#,
            client_msg_id: id,
            msg_id: None,
            echo: false,
        };
        self.socket.send("Msg", &frame).await.expect("sent");
        let answer = self.answer().await;
        assert_eq!((answer.client_msg_id.as_str(), answer.code), (id, None), "{answer:?}");
        answer.server_msg_id.expect("an id")
    }

    /// Has itself told when these come and go, from now on and of nobody else.
    pub async fn watch(&mut self, others: &[&Person]) {
        let uids: Vec<u64> = others.iter().map(|other| other.uid).collect();
        let id = self.socket.watch(self.uid, &uids).await.expect("sent");
        self.hears(format!(r#"{{"clientMsgId":"{id}","serverMsgId":null,"kind":"Ack","content":"Ok"}}"#))
            .await;
    }

    /// Sends a text frame as it stands.
    pub async fn say(&mut self, frame: impl Into<String>) {
        self.socket.send_text(frame.into()).await.expect("sent");
    }

    /// The next frame as it came.
    pub async fn text(&mut self) -> String {
        let text = tokio::time::timeout(PATIENCE, self.socket.next_text()).await.expect("a frame in time");
        text.expect("a frame").as_str().to_owned()
    }

    /// Checks that the next frame is this, byte for byte.
    #[track_caller]
    pub fn hears(&mut self, frame: impl AsRef<str>) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        async move { assert_eq!(self.text().await, frame.as_ref(), "{place}") }
    }

    /// Checks that the next frame is a notice of this kind.
    #[track_caller]
    pub fn notice(&mut self, kind: Notice) -> impl Future<Output = IncomingNotice> {
        let place = std::panic::Location::caller();
        async move {
            match self.frame().await.expect("a notice") {
                Incoming::Event(IncomingEvent::Notify(notice)) if notice.kind == kind => notice,
                other => panic!("{place}: {kind:?} should have come, and not {other:?}"),
            }
        }
    }

    /// The next frame of any kind.
    pub async fn frame(&mut self) -> Result<Incoming, ConnectionError> {
        tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("a frame in time")
    }

    /// The next answer; what comes before it is passed over.
    pub async fn answer(&mut self) -> IncomingAnswer {
        loop {
            if let Incoming::Answer(answer) = self.frame().await.expect("an answer") {
                return answer;
            }
        }
    }

    /// The next message; answers and notices before it are passed over.
    pub async fn message(&mut self) -> IncomingMessage {
        loop {
            if let Incoming::Event(IncomingEvent::Msg(message)) = self.frame().await.expect("a message") {
                return message;
            }
        }
    }

    /// The close code that ends the connection; what comes before it is passed over.
    pub async fn close_code(&mut self) -> u16 {
        loop {
            match self.frame().await {
                Ok(_) => {}
                Err(ConnectionError::Closed { code, .. }) => return code,
                Err(error) => panic!("closed without a code: {error}"),
            }
        }
    }

    /// Makes sure that of all that was committed before nothing is on its way. The frame it sends takes the
    /// way of a message, through the store, and is answered in its place.
    #[track_caller]
    pub fn nothing_came(&mut self, id: &str) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        async move {
            self.put("Ack", u64::MAX >> 11, "", id, Some(1)).await;
            match self.frame().await.expect("a frame") {
                Incoming::Answer(answer) => assert_eq!(answer.client_msg_id, id, "{place}"),
                Incoming::Event(event) => panic!("{place}: came unasked: {event:?}"),
            }
        }
    }
}
