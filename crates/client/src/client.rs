//! A conversation that outlives its connections.

use std::collections::VecDeque;
use std::future::pending;
use std::time::Duration;

use rim_protocol::frame::{
    Act, Extras, Incoming, IncomingAnswer, IncomingEvent, IncomingNotice, Outgoing, OutgoingBeside,
};
use rim_protocol::limits::MAX_SYNC_GROUPS;
use rim_protocol::rest::Message;
use rim_protocol::sync::StoreState;
use rim_protocol::{CloseCode, ErrorCode, Kind};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use crate::replica::{Fit, Replica};
use crate::{Api, ApiError, Connection, ConnectionError};

/// Messages that may wait to be sent, and events that may wait to be read, before the other side waits.
const QUEUE: usize = 1024;

/// The first pause before a reconnect; each further one is twice as long, up to the last.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);
const LAST_BACKOFF: Duration = Duration::from_secs(10);

/// What may be stored is sent again after so long, where the server could not say: it has waited for its database
/// already.
const AGAIN: Duration = Duration::from_millis(500);

/// A logged-in user who sends and receives whatever becomes of the connections.
pub struct Client {
    commands: mpsc::Sender<Pending>,
    events: mpsc::Receiver<ClientEvent>,
    task: JoinHandle<()>,
}

/// What a client is told, in order, each thing once.
#[derive(Debug)]
pub enum ClientEvent {
    /// A message of any member, one's own included.
    Message(Message),
    /// A message that was told before is another now: edited, recalled, reacted to, pinned. Perhaps told twice.
    Changed(Message),
    /// A change that is no message.
    Notice(IncomingNotice),
    /// The server has another store than before, such as a backup that was restored. What was told so far does not hold
    /// any more: ids and places mean other things, and everything is told anew.
    StartedAnew,
    /// Connected, logged in and up to date.
    Ready,
    /// The connection is gone; another one is on its way.
    Disconnected,
    /// The server will not have this session again.
    Ended { code: u16, reason: String },
}

/// Why a message was not stored. (While the server cannot be reached it waits instead.)
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error("{code}: {reason}")]
    Refused { code: u16, reason: String },
    /// It was not acknowledged by the store that it was meant for. Under its `gid` there may be another chat now, so it
    /// is not sent there.
    #[error("the server has another store now")]
    OtherStore,
    #[error("the client has ended")]
    Ended,
}

/// A message on its way; kept until it is answered, and sent again on every new connection.
///
/// Who is told that it is not stored may rely on it. So one of which an earlier try may have been stored is sent
/// again until it is certain.
struct Pending {
    /// `Msg`, or what is done with a message.
    event: &'static str,
    gid: u64,
    /// Where it has one.
    kind: Option<Kind>,
    content: String,
    client_msg_id: String,
    /// What it is about; nothing of a new message.
    msg_id: Option<u64>,
    extras: Extras,
    /// It was sent, and what came of that is not known.
    unsure: bool,
    answered: oneshot::Sender<Result<u64, SendError>>,
}

impl Client {
    /// Starts a client of a logged-in `api`; `ws` is such as `ws://127.0.0.1:8000/ws`.
    ///
    /// # Errors
    /// Those of asking who one is.
    pub async fn start(api: Api, ws: impl Into<String>) -> Result<Self, ApiError> {
        let uid = api.me().await?.id;
        let (commands, pending) = mpsc::channel(QUEUE);
        let (sender, events) = mpsc::channel(QUEUE);
        let engine = Engine {
            api,
            ws: ws.into(),
            uid,
            replica: Replica::default(),
            unanswered: VecDeque::new(),
            again: VecDeque::new(),
            commands: pending,
            events: sender,
        };
        Ok(Self { commands, events, task: tokio::spawn(engine.run()) })
    }

    /// Sends a message; see [`Sender::send`].
    ///
    /// # Errors
    /// `Refused` with the server's reason.
    pub async fn send(
        &self,
        gid: u64,
        kind: Kind,
        content: impl Into<String>,
        client_msg_id: impl Into<String>,
    ) -> Result<u64, SendError> {
        self.sender().send(gid, kind, content, client_msg_id).await
    }

    /// A way to send from other tasks, while this one reads events.
    pub fn sender(&self) -> Sender {
        Sender(self.commands.clone())
    }

    /// The next event; `None` after [`ClientEvent::Ended`].
    pub async fn next(&mut self) -> Option<ClientEvent> {
        self.events.recv().await
    }
}

/// Sends for a [`Client`].
#[derive(Clone)]
pub struct Sender(mpsc::Sender<Pending>);

impl Sender {
    /// Sends a message and waits until it is stored, however many connections that takes.
    ///
    /// `client_msg_id` (1 to 64 bytes) names it: sent twice under one name it is stored once. Returns the
    /// server's id.
    ///
    /// # Errors
    /// `Refused` with the server's reason.
    pub async fn send(
        &self,
        gid: u64,
        kind: Kind,
        content: impl Into<String>,
        client_msg_id: impl Into<String>,
    ) -> Result<u64, SendError> {
        self.send_with(gid, kind, content, client_msg_id, Extras::default()).await
    }

    /// Sends a message that answers another, or mentions somebody.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn send_with(
        &self,
        gid: u64,
        kind: Kind,
        content: impl Into<String>,
        client_msg_id: impl Into<String>,
        extras: Extras,
    ) -> Result<u64, SendError> {
        let (content, client_msg_id) = (content.into(), client_msg_id.into());
        self.ask(|answered| Pending {
            event: "Msg",
            gid,
            kind: Some(kind),
            content,
            client_msg_id,
            msg_id: None,
            extras,
            unsure: false,
            answered,
        })
        .await
    }

    /// Does something with a message and waits until it is done, however many connections that takes. Twice under one
    /// name, or with the same effect, is once.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn act(
        &self,
        gid: u64,
        msg_id: u64,
        act: Act<'_>,
        client_msg_id: impl Into<String>,
    ) -> Result<u64, SendError> {
        let event = act.event();
        let client_msg_id = client_msg_id.into();
        let (kind, content, extras) = match act {
            Act::Edit { kind, content, mentions, mention_all } => {
                let extras = Extras { reply_to: None, mentions, mention_all };
                (kind, content.into_owned(), extras)
            }
            Act::React(emoji) | Act::Unreact(emoji) => (None, emoji.as_str().to_owned(), Extras::default()),
            Act::Recall | Act::Pin | Act::Unpin | Act::Open => (None, String::new(), Extras::default()),
        };
        let msg_id = Some(msg_id);
        self.ask(|answered| Pending {
            event,
            gid,
            kind,
            content,
            client_msg_id,
            msg_id,
            extras,
            unsure: false,
            answered,
        })
        .await
    }

    async fn ask(
        &self,
        pending: impl FnOnce(oneshot::Sender<Result<u64, SendError>>) -> Pending,
    ) -> Result<u64, SendError> {
        let (answered, answer) = oneshot::channel();
        self.0.send(pending(answered)).await.map_err(|_| SendError::Ended)?;
        answer.await.map_err(|_| SendError::Ended)?
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The task behind a [`Client`].
struct Engine {
    api: Api,
    ws: String,
    uid: u64,
    replica: Replica,
    /// In the order of sending, which is the order of the answers.
    unanswered: VecDeque<Pending>,
    /// Answered without saying whether they are stored, and when they are sent again.
    again: VecDeque<(Instant, Pending)>,
    commands: mpsc::Receiver<Pending>,
    events: mpsc::Sender<ClientEvent>,
}

/// Why one connection ended.
enum Stop {
    Reconnect,
    Ended {
        code: u16,
        reason: String,
    },
    /// Nobody listens any more.
    Dropped,
}

impl Engine {
    async fn run(mut self) {
        let mut backoff = FIRST_BACKOFF;
        loop {
            let stop =
                match Connection::login_with(&self.ws, self.uid, self.api.token().unwrap_or_default(), true)
                    .await
                {
                    Ok(connection) => self.serve(connection, &mut backoff).await,
                    Err(error) => stop_of(&error),
                };
            match stop {
                Stop::Dropped => return,
                Stop::Ended { code, reason } => {
                    let _ = self.events.send(ClientEvent::Ended { code, reason }).await;
                    return;
                }
                Stop::Reconnect => {
                    if self.events.send(ClientEvent::Disconnected).await.is_err() {
                        return;
                    }
                }
            }
            tokio::time::sleep(backoff).await;
            backoff = (backoff * 2).min(LAST_BACKOFF);
        }
    }

    /// Serves one connection to its end.
    async fn serve(&mut self, mut connection: Connection, backoff: &mut Duration) -> Stop {
        match self.resume(&mut connection).await {
            Ok(()) => *backoff = FIRST_BACKOFF,
            Err(stop) => return stop,
        }
        loop {
            tokio::select! {
                // All arms are cancel-safe: a frame or a command not taken now is taken next time.
                incoming = connection.next() => {
                    let handled = match incoming {
                        Ok(incoming) => self.take(incoming).await,
                        Err(error) => Err(stop_of(&error)),
                    };
                    if let Err(stop) = handled {
                        return stop;
                    }
                }
                () = due(self.again.front()) => {
                    let Some((_, pending)) = self.again.pop_front() else { continue };
                    let sent = self.send(&mut connection, &pending).await;
                    self.unanswered.push_back(pending);
                    if let Err(stop) = sent {
                        return stop;
                    }
                }
                command = self.commands.recv() => {
                    let Some(pending) = command else { return Stop::Dropped };
                    let sent = self.send(&mut connection, &pending).await;
                    self.unanswered.push_back(pending);
                    if let Err(stop) = sent {
                        return stop;
                    }
                }
            }
        }
    }

    /// Subscribed by the Login; now reads what was missed, and sends again what was not answered.
    async fn resume(&mut self, connection: &mut Connection) -> Result<(), Stop> {
        if let Some(store) = connection.store() {
            self.is_on(&store.clone()).await?;
        }
        self.sync().await?;
        let again = std::mem::take(&mut self.again).into_iter().map(|(_, pending)| pending);
        let unanswered: Vec<_> = again.chain(std::mem::take(&mut self.unanswered)).collect();
        let mut sent = Ok(());
        for mut pending in unanswered {
            pending.unsure = true;
            if sent.is_ok() {
                sent = self.send(connection, &pending).await;
            }
            self.unanswered.push_back(pending);
        }
        sent?;
        self.emit(ClientEvent::Ready).await
    }

    async fn send(&self, connection: &mut Connection, pending: &Pending) -> Result<(), Stop> {
        let frame = Outgoing {
            kind: pending.kind.map_or("", Kind::name),
            uid: self.uid,
            gid: Some(pending.gid),
            content: &pending.content,
            client_msg_id: &pending.client_msg_id,
            msg_id: pending.msg_id,
            echo: false,
        };
        let text = OutgoingBeside { frame, extras: &pending.extras }.encode(pending.event);
        connection.send_text(text).await.map_err(|error| stop_of(&error))
    }

    async fn take(&mut self, incoming: Incoming) -> Result<(), Stop> {
        match incoming {
            Incoming::Answer(answer) => {
                self.answered(answer);
                Ok(())
            }
            Incoming::Event(IncomingEvent::Msg(message)) => match self.replica.message(&message) {
                Fit::Old => Ok(()),
                Fit::Gap => self.sync().await,
                Fit::Next => {
                    let message = Message {
                        id: message.msg_id,
                        kind: message.kind,
                        content: message.content,
                        gid: message.gid,
                        uid: message.uid,
                        client_msg_id: message.client_msg_id,
                        create_time: String::new(),
                        update_time: String::new(),
                        seq: message.seq,
                        rev: message.rev,
                        created_at: message.created_at,
                        reply_to: message.reply_to,
                        mentions: message.mentions,
                        mention_all: message.mention_all,
                        forwarded_from: message.forwarded_from,
                        edited_at: None,
                        recalled_at: None,
                        recalled_by: None,
                        reactions: Vec::new(),
                        pinned_at: None,
                        expires_at: message.expires_at,
                        opened: None,
                        links: Vec::new(),
                    };
                    self.emit(ClientEvent::Message(message)).await
                }
            },
            Incoming::Event(IncomingEvent::Notify(notice)) => {
                let fit = self.replica.notice(&notice);
                if fit == Fit::Gap {
                    self.sync().await?;
                }
                if fit != Fit::Old
                    && let Some(message) = &notice.msg
                {
                    self.emit(ClientEvent::Changed((**message).clone())).await?;
                }
                self.emit(ClientEvent::Notice(notice)).await
            }
        }
    }

    fn answered(&mut self, answer: IncomingAnswer) {
        let index = self.unanswered.iter().position(|pending| pending.client_msg_id == answer.client_msg_id);
        let Some(mut pending) = index.and_then(|index| self.unanswered.remove(index)) else { return };
        if answer.code.is_some_and(|code| is_open(code, pending.unsure)) {
            pending.unsure = true;
            return self.again.push_back((Instant::now() + AGAIN, pending));
        }
        let result = match (answer.server_msg_id, answer.code) {
            (Some(id), None) => Ok(id),
            (_, code) => Err(SendError::Refused { code: code.unwrap_or_default(), reason: answer.content }),
        };
        // Whoever sent it may have stopped waiting.
        let _ = pending.answered.send(result);
    }

    /// Asks until nothing is missing.
    async fn sync(&mut self) -> Result<(), Stop> {
        let mut after = None;
        loop {
            let request = self.replica.request(after, MAX_SYNC_GROUPS);
            let answer = self.api.sync(&request).await.map_err(|error| match error {
                ApiError::Refused { code: 401, msg } => Stop::Ended { code: 401, reason: msg },
                _ => Stop::Reconnect,
            })?;
            self.is_on(&answer.store).await?;
            let (more, next) = (answer.more, answer.next);
            let (new, changed) = self.replica.merge(answer);
            for message in new {
                self.emit(ClientEvent::Message(message)).await?;
            }
            for message in changed {
                self.emit(ClientEvent::Changed(message)).await?;
            }
            after = match (more, request.to) {
                (true, _) => next,
                (false, Some(to)) => Some(to.get()),
                (false, None) => return Ok(()),
            };
        }
    }

    /// Starts anew where the server has another store than before.
    async fn is_on(&mut self, store: &StoreState) -> Result<(), Stop> {
        if !self.replica.is_of_another(store) {
            return Ok(());
        }
        let again = self.again.drain(..).map(|(_, pending)| pending);
        for pending in self.unanswered.drain(..).chain(again) {
            // Whoever sent it may have stopped waiting.
            let _ = pending.answered.send(Err(SendError::OtherStore));
        }
        self.emit(ClientEvent::StartedAnew).await
    }

    async fn emit(&self, event: ClientEvent) -> Result<(), Stop> {
        self.events.send(event).await.map_err(|_| Stop::Dropped)
    }
}

/// Whether an Error leaves open if the message is stored. "Busy" and "too fast" speak of one try alone, and say nothing
/// of an earlier one that was `unsure`.
fn is_open(code: u16, unsure: bool) -> bool {
    let of_one_try = [ErrorCode::TooFast.get(), ErrorCode::Busy.get()];
    code == ErrorCode::Unsure.get() || (unsure && of_one_try.contains(&code))
}

/// Until the first of them is to be sent again; for ever where there is none.
async fn due(first: Option<&(Instant, Pending)>) {
    match first {
        Some((due, _)) => sleep_until(*due).await,
        None => pending().await,
    }
}

fn stop_of(error: &ConnectionError) -> Stop {
    match error {
        ConnectionError::Closed { code, reason } if !CloseCode::reconnect(*code) => {
            Stop::Ended { code: *code, reason: reason.clone() }
        }
        // The token will not do the next time either; a busy server will.
        ConnectionError::LoginRefused { code: code @ (401 | 403), reason } => {
            Stop::Ended { code: *code, reason: reason.clone() }
        }
        _ => Stop::Reconnect,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An engine with one message on its way, and what is answered to who sent it.
    fn engine(unsure: bool) -> (Engine, oneshot::Receiver<Result<u64, SendError>>) {
        let ((_, commands), (events, _)) = (mpsc::channel(1), mpsc::channel(1));
        let (answered, answer) = oneshot::channel();
        let (content, client_msg_id) = ("hi".to_owned(), "m".to_owned());
        let (event, kind, extras) = ("Msg", Some(Kind::Text), Extras::default());
        let pending =
            Pending { event, gid: 1, kind, content, client_msg_id, msg_id: None, extras, unsure, answered };
        let engine = Engine {
            api: Api::new("http://127.0.0.1:1"),
            ws: String::new(),
            uid: 1,
            replica: Replica::default(),
            unanswered: VecDeque::from([pending]),
            again: VecDeque::new(),
            commands,
            events,
        };
        (engine, answer)
    }

    fn error(code: u16) -> IncomingAnswer {
        IncomingAnswer {
            client_msg_id: "m".to_owned(),
            server_msg_id: None,
            kind: "Error".to_owned(),
            content: "why".to_owned(),
            code: Some(code),
            store: None,
        }
    }

    #[test]
    fn of_what_may_be_stored_nobody_is_told_that_it_is_not() {
        for (code, unsure) in [(504, false), (504, true), (503, true), (429, true)] {
            let (mut engine, mut answer) = engine(unsure);
            engine.answered(error(code));
            assert!(answer.try_recv().is_err(), "{code}");
            let again = engine.again.front().map(|(_, pending)| pending.unsure);
            assert_eq!(again, Some(true), "{code}: it is sent again");
        }
        for (code, unsure) in [(503, false), (429, false), (403, true), (404, true)] {
            let (mut engine, mut answer) = engine(unsure);
            engine.answered(error(code));
            let told = answer.try_recv().expect("told");
            assert!(matches!(told, Err(SendError::Refused { code: told, .. }) if told == code), "{code}");
        }
    }
}
