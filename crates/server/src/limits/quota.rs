//! The rates, all in one place; `docs/operations.md` has the same table.

use std::num::NonZeroU32;

use governor::Quota;

/// Accounts created from one address.
pub(super) const REGISTER: Quota = per_minute(30, 120);
/// Logins from one address, whatever the account.
pub(super) const LOGIN: Quota = per_minute(120, 240);
/// Logins to one account from devices that it knows, which do not count for their address; more of them do.
pub(super) const LOGIN_OF_DEVICE: Quota = per_minute(6, 20);
/// Failed logins to one account from one address or device.
pub(super) const FAILED_LOGIN: Quota = per_minute(6, 20);
/// The same of all strangers together, of all neighbours, or of one device in the long run.
pub(super) const FAILED_LOGIN_OF_ACCOUNT: Quota = per_hour(100, 100);
/// Registrations from one address of accounts that there are, where that is no news for strangers.
pub(super) const TAKEN: Quota = per_hour(20, 10);
/// REST requests of one user.
pub(super) const REQUEST: Quota = per_second(60, 600);
/// Messages sent by one user.
pub(super) const MESSAGE: Quota = per_second(100, 2_000);
/// Lists of others whom one user watches.
pub(super) const WATCH: Quota = per_second(1, 60);
/// Changes of one user's profile, each of which is told to everybody around.
pub(super) const PROFILE: Quota = per_minute(6, 10);
/// Users whom one user names as members to come or go: each is a row, and everybody in the group is told. At once
/// as many as two requests may name.
pub(super) const NAMED: Quota = per_second(20, 20_000);
/// Pictures of users and groups uploaded by one user.
pub(super) const UPLOAD: Quota = per_minute(6, 30);
/// Searches of one user: one for each word that they type, and others while they type it.
pub(super) const SEARCH: Quota = per_minute(60, 100);
/// Files for messages, or posters of them, that one user begins to upload: an album or two at once. How much they come to is
/// a matter of quotas.
pub(super) const FILE: Quota = per_minute(60, 300);
/// Files and previews that one user fetches: a gallery, and the ranges that a player asks for.
pub(super) const FETCH: Quota = per_second(100, 3_000);
/// Strangers whom one user looks up, by id or account; those with whom they have to do are free.
pub(super) const LOOK_UP: Quota = per_minute(3, 200);
/// Friends whom one user asks for.
pub(super) const ASK: Quota = per_minute(3, 100);
/// WebSocket frames before Login from one address.
pub(super) const FRAME: Quota = per_second(100, 2_000);

const fn per_second(rate: u32, burst: u32) -> Quota {
    Quota::per_second(positive(rate)).allow_burst(positive(burst))
}

const fn per_hour(rate: u32, burst: u32) -> Quota {
    Quota::per_hour(positive(rate)).allow_burst(positive(burst))
}

const fn per_minute(rate: u32, burst: u32) -> Quota {
    Quota::per_minute(positive(rate)).allow_burst(positive(burst))
}

const fn positive(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("a quota is not zero")
}
