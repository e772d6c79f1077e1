//! Close codes: each tells the client what to do next.

/// Why the server ends a WebSocket.
///
/// 4000 to 4499: reconnect. 4500 to 4999: do not, the same would happen again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum CloseCode {
    /// The answer to a client's own close.
    Normal = 1000,
    /// A violation of RFC 6455.
    ProtocolError = 1002,
    /// A text frame that is not UTF-8.
    InvalidText = 1007,
    /// A frame or message above [`crate::limits::MAX_FRAME_BYTES`].
    TooBig = 1009,
    /// Nothing was heard from the client, pongs included, for the idle time. Reconnect.
    Idle = 4000,
    /// The client reads more slowly than it is sent to. Reconnect and sync.
    TooSlow = 4008,
    /// The server is going away. Reconnect after the delay in the reason, `reconnect in N ms`.
    GoingAway = 4009,
    /// Too many frames or errors. Reconnect after a pause.
    TooFast = 4029,
    /// The session was revoked: by logout, a changed password, or another device.
    SessionRevoked = 4501,
    /// The user is disabled.
    Banned = 4503,
}

impl CloseCode {
    /// Every code that the server sends.
    pub const ALL: [Self; 10] = [
        Self::Normal,
        Self::ProtocolError,
        Self::InvalidText,
        Self::TooBig,
        Self::Idle,
        Self::TooSlow,
        Self::GoingAway,
        Self::TooFast,
        Self::SessionRevoked,
        Self::Banned,
    ];

    /// The number on the wire.
    pub const fn get(self) -> u16 {
        self as u16
    }

    /// Whether a client that sees `code` should connect again.
    pub const fn reconnect(code: u16) -> bool {
        !matches!(code, 4500..=4999)
    }

    /// The reason sent beside the code.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Normal => "",
            Self::ProtocolError => "not a valid WebSocket frame",
            Self::InvalidText => "text frames must be UTF-8",
            Self::TooBig => "a frame may have 524288 bytes at the most",
            Self::Idle => "nothing was heard from you",
            Self::TooSlow => "too slow: reconnect and sync",
            Self::GoingAway => "the server is going away",
            Self::TooFast => "too fast: pause, then reconnect",
            Self::SessionRevoked => "the session was revoked: log in again",
            Self::Banned => "the user is disabled",
        }
    }

    /// The name under which metrics count it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::ProtocolError => "protocol_error",
            Self::InvalidText => "invalid_text",
            Self::TooBig => "too_big",
            Self::Idle => "idle",
            Self::TooSlow => "too_slow",
            Self::GoingAway => "going_away",
            Self::TooFast => "too_fast",
            Self::SessionRevoked => "session_revoked",
            Self::Banned => "banned",
        }
    }
}
