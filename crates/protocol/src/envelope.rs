//! The one shape of every REST answer.

use serde::{Deserialize, Serialize};

use crate::ErrorCode;

/// `{"ok":…,"code":…,"msg":…,"data":…}`: all four keys, always, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope<T> {
    pub ok: bool,
    pub code: u16,
    pub msg: Option<String>,
    pub data: Option<T>,
}

impl<T> Envelope<T> {
    pub const fn success(data: T) -> Self {
        Self { ok: true, code: 200, msg: None, data: Some(data) }
    }

    pub fn failure(code: ErrorCode, msg: impl Into<String>) -> Self {
        Self { ok: false, code: code.get(), msg: Some(msg.into()), data: None }
    }

    /// What `user/search` answers where there is no such account: old clients look for just this.
    pub fn search_failed() -> Self {
        Self { ok: false, code: 200, msg: Some("fail".to_owned()), data: None }
    }
}
