//! Codes of failures, in REST envelopes and in Error frames.

/// Why a request or a frame failed; the number clients see as `code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum ErrorCode {
    /// Not understood: no JSON, bad UTF-8, no frame of this protocol.
    NotUnderstood = 400,
    /// No token, or one that is wrong, expired or revoked; a frame before Login.
    LoginRequired = 401,
    /// Understood, and not for this caller.
    NotAllowed = 403,
    /// No such route, group or message.
    NotFound = 404,
    /// REST: the request did not arrive whole, or was not done, within the time for one.
    TimedOut = 408,
    /// Larger than the limit.
    TooLarge = 413,
    /// A field is missing, of the wrong type or out of range.
    WrongField = 422,
    /// Too many requests; try again after a pause.
    TooFast = 429,
    /// REST: a rule of the product refused it, the message says which. A fault of the server, too.
    Failed = 500,
    /// The server is at its limit; nothing was done, try again.
    Busy = 503,
    /// Whether it was done is not known: sent again with the same `clientMsgId` it is stored once.
    Unsure = 504,
    /// REST: the disk is nearly full. No files are taken; all else goes on.
    DiskNearlyFull = 507,
    /// REST: the user or token asked for does not exist.
    NoSuchUser = 1001,
}

impl ErrorCode {
    /// The number on the wire.
    pub const fn get(self) -> u16 {
        self as u16
    }
}
