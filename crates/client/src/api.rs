//! The REST operations.

use std::time::Duration;

use reqwest::Method;
use rim_protocol::rest::{
    ChatDelete, ChatItem, ChatList, FriendAdd, FriendModify, Group, GroupCreate, GroupRead, History,
    MemberChange, Message, NewGroup, NewMember, OpType, Role, ScheduledId, ScheduledMessage, User,
    UserCreate, UserLogin,
};
use rim_protocol::sync::{EventsAnswer, EventsRequest, SyncAnswer, SyncRequest};
use rim_protocol::{Envelope, Id};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

/// A caller of one server, with or without a token.
#[derive(Debug, Clone)]
pub struct Api {
    /// `http://host:port`, without a slash at the end.
    base: String,
    http: reqwest::Client,
    token: Option<String>,
}

/// Why a call did not give its data.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The server says no; `code` and `msg` are those of the envelope.
    #[error("{code}: {msg}")]
    Refused { code: u16, msg: String },
    #[error(transparent)]
    Http(#[from] reqwest::Error),
}

impl Api {
    /// A caller of the server at `base`, such as `http://127.0.0.1:8000`.
    pub fn new(base: impl Into<String>) -> Self {
        // Built beside a server that fetches by TLS, reqwest wants to know by what. Whoever was first has said the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .build()
            .expect("a client without TLS needs nothing that could be missing");
        Self { base: base.into(), http, token: None }
    }

    /// The same caller with a token.
    #[must_use]
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Posts a body and reads the envelope's data.
    ///
    /// # Errors
    /// `Refused` whenever `ok` is false, whatever the HTTP status.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<T, ApiError> {
        self.call(self.http.request(Method::POST, self.url(path)).json(body)).await
    }

    /// Gets a path, query included, and reads the envelope's data.
    ///
    /// # Errors
    /// As [`Self::post`].
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ApiError> {
        self.call(self.http.request(Method::GET, self.url(path))).await
    }

    /// What `/metrics` tells, in the text format of Prometheus.
    pub async fn metrics(&self) -> Result<String, ApiError> {
        Ok(self.http.get(self.url("/metrics")).send().await?.error_for_status()?.text().await?)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    async fn call<T: DeserializeOwned>(&self, mut request: reqwest::RequestBuilder) -> Result<T, ApiError> {
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let envelope: Envelope<T> = request.send().await?.json().await?;
        match envelope {
            Envelope { ok: true, data: Some(data), .. } => Ok(data),
            Envelope { code, msg, .. } => Err(ApiError::Refused { code, msg: msg.unwrap_or_default() }),
        }
    }

    /// Creates a user and returns their id.
    pub async fn register(&self, account: &str, password: &str) -> Result<u64, ApiError> {
        let body = UserCreate {
            name: account.to_owned(),
            avatar: String::new(),
            account: account.to_owned(),
            email: None,
            password: Some(password.to_owned()),
        };
        self.post("/api/user/create", &body).await
    }

    /// Logs in and returns a caller with the token.
    pub async fn login(&self, account: &str, password: &str) -> Result<Self, ApiError> {
        let body = UserLogin { account: account.to_owned(), password: password.to_owned(), device: None };
        let token: String = self.post("/api/user/login", &body).await?;
        Ok(self.with_token(token))
    }

    /// The caller.
    pub async fn me(&self) -> Result<User, ApiError> {
        self.get("/api/user/get").await
    }

    /// Opens the single chat with another user, or creates a group chat.
    pub async fn create_group(&self, mode: u8, name: &str, users: &[u64]) -> Result<u64, ApiError> {
        let body = GroupCreate {
            group: NewGroup { name: name.to_owned(), avatar: String::new(), mode },
            users: users.iter().map(|uid| NewMember { uid: id(*uid), role: Role::Common }).collect(),
        };
        self.post("/api/group/create", &body).await
    }

    pub async fn groups(&self) -> Result<Vec<Group>, ApiError> {
        self.get("/api/group/get").await
    }

    pub async fn change_members(&self, gid: u64, uids: &[u64], op_type: OpType) -> Result<bool, ApiError> {
        let uids = uids.iter().copied().map(id).collect();
        self.post("/api/group/user/change", &MemberChange { gid: id(gid), uids, op_type }).await
    }

    pub async fn chats(&self, uid: u64, page: u32, size: u32) -> Result<Vec<ChatItem>, ApiError> {
        self.post("/api/message/chat/list", &ChatList { uid: id(uid), page, size }).await
    }

    pub async fn history(&self, gid: u64, page: u32, size: u32) -> Result<Vec<ChatItem>, ApiError> {
        self.post("/api/message/history", &History { gid: id(gid), page, size, before_seq: None }).await
    }

    /// Deletes a chat from the caller's list until something new comes.
    pub async fn delete_chat(&self, gid: u64) -> Result<bool, ApiError> {
        self.post("/api/chat/delete", &ChatDelete { gid: id(gid), seq: None }).await
    }

    /// What happened in a group among the messages from one `seq` to another.
    pub async fn group_events(&self, gid: u64, from_seq: u64, to_seq: u64) -> Result<EventsAnswer, ApiError> {
        let request = EventsRequest { gid: id(gid), from_seq: id(from_seq), to_seq: id(to_seq) };
        self.post("/api/group/events", &request).await
    }

    pub async fn mark_read(&self, gid: u64) -> Result<bool, ApiError> {
        self.post("/api/message/group/read", &GroupRead { gid: id(gid) }).await
    }

    /// Forwards messages of one group to others, and returns the copies of each. A repetition with the same `client_msg_id`
    /// returns the first ones.
    pub async fn forward(
        &self,
        from: u64,
        msg_ids: &[u64],
        to: &[u64],
        client_msg_id: &str,
    ) -> Result<Vec<Vec<Message>>, ApiError> {
        let body = json!({"from": from, "msgIds": msg_ids, "to": to, "clientMsgId": client_msg_id});
        self.post("/api/message/forward", &body).await
    }

    /// Schedules a text for a time in Unix milliseconds, and returns its id.
    pub async fn schedule(
        &self,
        gid: u64,
        content: &str,
        send_at: u64,
        client_msg_id: &str,
    ) -> Result<u64, ApiError> {
        let body = json!({"gid": gid, "content": content, "sendAt": send_at, "clientMsgId": client_msg_id});
        let ScheduledId { id } = self.post("/api/message/schedule", &body).await?;
        Ok(id)
    }

    /// The caller's messages that wait for their time, or could not be sent.
    pub async fn scheduled(&self) -> Result<Vec<ScheduledMessage>, ApiError> {
        self.post("/api/message/schedule/list", &json!({})).await
    }

    pub async fn cancel_scheduled(&self, scheduled: u64) -> Result<bool, ApiError> {
        self.post("/api/message/schedule/cancel", &json!({"id": scheduled})).await
    }

    pub async fn add_friend(&self, fid: u64) -> Result<bool, ApiError> {
        self.post("/api/friend/add", &FriendAdd { fid: Some(id(fid)), account: None }).await
    }

    pub async fn answer_friend(&self, fid: u64, status: u64) -> Result<bool, ApiError> {
        self.post("/api/friend/status/modify", &FriendModify { fid: id(fid), status }).await
    }

    pub async fn sync(&self, request: &SyncRequest) -> Result<SyncAnswer, ApiError> {
        self.post("/api/sync", request).await
    }
}

pub(crate) fn id(number: u64) -> Id {
    Id::try_from(number).expect("ids come from the server, which keeps them below 2^53")
}
