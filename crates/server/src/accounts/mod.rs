//! Accounts: registration, login, passwords and the sessions that come of them.
//!
//! What is stored and who may do what lies with the store; this is what must not be stored, must not be
//! logged, and must not take the runtime's time: passwords and tokens.

use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use rim_core::session::{NewSession, Proof, Session};
use rim_core::user::{Credentials, NewUser};
use rim_core::{Refusal, SessionId, UserId};
use rim_protocol::limits::{self, Invalid, MAX_SESSIONS};
use rim_store::{Store, StoreError};

use crate::address::network;
use crate::config::Config;
use crate::life::Life;
use crate::limits::{Attempt, Guesser, RateLimits};
use crate::metrics::Metrics;

mod cookies;
pub mod device;
pub mod hasher;
pub mod pass;
pub mod password;
pub mod purge;
pub mod token;

use hasher::{Hasher, Lane};
use pass::{Holder, MediaPath, Seal};
use token::Token;

/// A session is noted as used at most this often: a write for every request would cost more than it tells.
const TOUCH_AFTER_MS: i64 = 10 * 60 * 1000;

/// How often a password is verified anew that has changed while it was, or got a stronger hash. Who meets that this often
/// has several devices at work, and may try again.
const TRIES: usize = 4;

/// What the secret of [`pass`] is called in the store.
const SEAL: &str = "passes";

/// Registration, login, tokens and passwords.
pub struct Accounts {
    store: Arc<dyn Store>,
    limits: Arc<RateLimits>,
    /// Where other nodes count guesses, too.
    warn: Option<Arc<dyn Warn>>,
    life: Life,
    hasher: Hasher,
    /// Whether a failed login says which of account and password was wrong.
    precise_login_errors: bool,
    session_lifetime_ms: i64,
    /// Whether browsers come by TLS, as far as this server knows.
    tls: bool,
    /// Of one user.
    max_sessions: u64,
    /// What seals passes, once it was asked for.
    seal: OnceLock<Seal>,
    /// Whether somebody has an account: once that is so it stays so, as no user is ever deleted.
    somebody: AtomicBool,
}

/// Warns other nodes, so that guesses are counted together.
pub trait Warn: Send + Sync {
    /// Somebody at `address` has tried a wrong password; `account_key` is the folded account.
    fn of_wrong_password(&self, account_key: &str, address: IpAddr);
}

/// Why an account was not created, entered or changed. The texts are what users read.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("account not found")]
    NoSuchAccount,
    #[error("wrong password")]
    WrongPassword,
    /// Both of the above, where the settings want no difference.
    #[error("wrong account or password")]
    WrongAccountOrPassword,
    #[error("the account is disabled")]
    Disabled,
    /// It is taken or looks like one that is, where the settings want no difference.
    #[error("this account cannot be had: choose another")]
    Unavailable,
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AccountError {
    /// Whether somebody may be guessing a password.
    pub const fn is_failed_login(&self) -> bool {
        matches!(self, Self::NoSuchAccount | Self::WrongPassword | Self::WrongAccountOrPassword)
    }

    /// Whether the password was another by the time the store was to rely on it. It is to be verified anew.
    const fn is_outdated(&self) -> bool {
        matches!(self, Self::Store(StoreError::Refused(Refusal::PasswordChanged)))
    }
}

/// Somebody who registers, as they wrote it.
pub struct Registration {
    pub account: String,
    pub name: String,
    pub avatar: String,
    pub email: String,
    pub password: Option<String>,
}

/// Somebody who logs in, as they wrote it, and from where.
pub struct Login {
    pub account: String,
    pub password: String,
    /// May be empty; within the limits of the wire.
    pub device: String,
    pub address: IpAddr,
}

impl Accounts {
    /// Starts the threads that hash passwords.
    ///
    /// # Errors
    /// The system gives no more threads.
    pub fn new(
        config: &Config,
        metrics: &Metrics,
        store: Arc<dyn Store>,
        limits: Arc<RateLimits>,
        warn: Option<Arc<dyn Warn>>,
        life: Life,
    ) -> io::Result<Self> {
        Ok(Self {
            store,
            limits,
            warn,
            hasher: Hasher::start(metrics.hashing.clone(), &life.vitals)?,
            life,
            precise_login_errors: config.precise_login_errors,
            session_lifetime_ms: milliseconds(config.session_lifetime),
            tls: config.tls.is_some(),
            max_sessions: if config.limits { MAX_SESSIONS } else { u64::MAX },
            seal: OnceLock::new(),
            somebody: AtomicBool::new(false),
        })
    }

    /// Whether nobody has an account yet. The store is asked as long as that is so.
    pub async fn nobody_has_one(&self) -> Result<bool, AccountError> {
        // A late answer is no worse than an early question: relaxed.
        if self.somebody.load(Relaxed) {
            return Ok(false);
        }
        let nobody = self.store.list_users(UserId(0), 1).await?.is_empty();
        self.somebody.store(!nobody, Relaxed);
        Ok(nobody)
    }

    /// Creates a user. Whether strangers may is for the caller to ask.
    ///
    /// # Errors
    /// `Invalid` for a field outside its limits; `AccountTaken`; `AccountConfusable`.
    pub async fn register(&self, registration: Registration) -> Result<UserId, AccountError> {
        let account = limits::account(&registration.account)?;
        let name = limits::user_name(&registration.name)?;
        let avatar = limits::avatar(&registration.avatar)?.to_owned();
        let email = limits::email(&registration.email)?.to_owned();
        if let Some(password) = &registration.password {
            limits::password(password)?;
        }
        // Looked up first, so that a taken account costs no hash; the store has the last word. Where strangers are not to
        // be told it takes as long as any other.
        if self.precise_login_errors && self.store.user_by_account(&account).await?.is_some() {
            return Err(StoreError::from(Refusal::AccountTaken).into());
        }
        let password_hash = match registration.password {
            Some(password) => Some(self.hasher.hash(Lane::Registration, password).await?),
            None => None,
        };
        let user = NewUser { account, name, avatar, email, password_hash };
        Ok(self.store.create_user(user, self.life.clock.now()).await?)
    }

    /// Opens a session and returns its token, which nobody can read again, and whose it is. Its password is the user's at that moment.
    ///
    /// # Errors
    /// `NoSuchAccount` and `WrongPassword`, or `WrongAccountOrPassword` for both; `Disabled`, to those alone
    /// who know the password.
    pub async fn login(&self, login: Login) -> Result<(Token, Holder), AccountError> {
        for _ in 0..TRIES {
            match self.try_to_log_in(&login).await {
                Err(error) if error.is_outdated() => {}
                outcome => return outcome,
            }
        }
        Err(StoreError::Busy.into())
    }

    async fn try_to_log_in(&self, login: &Login) -> Result<(Token, Holder), AccountError> {
        let credentials = self.store.credentials(&login.account).await?;
        let stored = credentials.as_ref().and_then(|known| known.password_hash.clone());
        // The same work whether or not there is such an account, and whether or not it has a password.
        let hash = stored.clone().unwrap_or_else(|| password::DECOY.to_owned());
        let verdict = self.hasher.verify(login.password.clone(), hash).await?;
        let Some(credentials) = credentials else {
            return Err(self.failed_login(AccountError::NoSuchAccount));
        };
        if !verdict.matches {
            return Err(self.failed_login(AccountError::WrongPassword));
        }
        if credentials.disabled {
            return Err(AccountError::Disabled);
        }
        let opened = self.open_session(&credentials, login).await?;
        if let Some(old) = credentials.password_hash.filter(|_| verdict.outdated) {
            // The session is open: whoever knows its token has it, whatever becomes of the hash.
            if let Err(error) = self.strengthen(credentials.user, &old, &login.password).await {
                tracing::warn!(%error, "a password keeps its weaker hash until the next login");
            }
        }
        Ok(opened)
    }

    async fn strengthen(&self, user: UserId, old: &str, password: &str) -> Result<(), StoreError> {
        let new = self.hasher.hash(Lane::Login, password.to_owned()).await?;
        self.store.rehash_password(user, old, new).await
    }

    /// The device that these headers come from, if it was logged in to the account before. `key` is the folded account.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn device(
        &self,
        account: &str,
        key: &str,
        headers: &HeaderMap,
    ) -> Result<Option<device::Number>, StoreError> {
        if !device::shows_something(headers, key) {
            return Ok(None);
        }
        let known = self.store.credentials(account).await?.and_then(|known| known.password_hash);
        Ok(known.and_then(|hash| device::known(headers, key, &hash)))
    }

    /// Who guesses at an account from `address`: a neighbour where it has a session from there.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn guesser_at(&self, account: &str, address: IpAddr) -> Result<Guesser, StoreError> {
        let Some(known) = self.store.credentials(account).await? else {
            return Ok(Guesser::Stranger(address));
        };
        let sessions = self.store.sessions(known.user, self.life.clock.now()).await?;
        let is_here = |session: &Session| {
            session.address.parse().is_ok_and(|there: IpAddr| network(there) == network(address))
        };
        Ok(if sessions.iter().any(is_here) {
            Guesser::Neighbour(address)
        } else {
            Guesser::Stranger(address)
        })
    }

    /// The cookie by which a device is known from now on that has just logged in; the number it had stays its own.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn remember_device(
        &self,
        account: &str,
        key: &str,
        known: Option<device::Number>,
    ) -> Result<Option<HeaderValue>, StoreError> {
        let hash = self.store.credentials(account).await?.and_then(|known| known.password_hash);
        let number = known.map_or_else(device::new_number, Ok);
        let number =
            number.map_err(|error| StoreError::Fault(format!("the system's random source: {error}")))?;
        Ok(hash.map(|hash| device::remember(key, &hash, number, self.tls)))
    }

    /// The session of a token; `None` where the token is malformed, unknown, expired or ended, or its user
    /// disabled.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn authenticate(&self, token: &str) -> Result<Option<Session>, StoreError> {
        match Token::parse(token) {
            Some(token) => self.store.session_by_token(token.hash(), self.life.clock.now()).await,
            None => Ok(None),
        }
    }

    /// A session of a user; `None` where it has expired or was ended.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn session(&self, user: UserId, session: SessionId) -> Result<Option<Session>, StoreError> {
        self.store.session(user, session, self.life.clock.now()).await
    }

    /// What seals passes, which is the same on every node.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn seal(&self) -> Result<Seal, StoreError> {
        if let Some(seal) = self.seal.get() {
            return Ok(seal.clone());
        }
        let mut drawn = [0; 32];
        getrandom::fill(&mut drawn)
            .map_err(|error| StoreError::Fault(format!("the system's random source: {error}")))?;
        let seal = Seal::new(self.store.secret(SEAL, drawn).await?);
        // Whoever was first has set the same.
        Ok(self.seal.get_or_init(|| seal).clone())
    }

    /// The cookie by which a browser fetches what a session may see.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn media_cookie(
        &self,
        user: UserId,
        session: SessionId,
        path: &MediaPath,
    ) -> Result<HeaderValue, StoreError> {
        let max_age_seconds = self.session_lifetime_ms.unsigned_abs() / 1000;
        Ok(self.seal().await?.cookie(Holder { user, session }, path, max_age_seconds, self.tls))
    }

    /// Replaces one's own password, and ends every other session of one's own.
    ///
    /// # Errors
    /// `WrongPassword` unless `old` is the present one; `Invalid` if `new` is outside its limits; `SessionEnded` if the
    /// session has ended meanwhile.
    pub async fn change_password(
        &self,
        session: &Session,
        old: String,
        new: String,
    ) -> Result<(), AccountError> {
        limits::password(&new)?;
        for _ in 0..TRIES {
            let stored = self.store.credentials_of(session.user).await?.and_then(|known| known.password_hash);
            let password_hash = stored.unwrap_or_else(|| password::DECOY.to_owned());
            if !self.hasher.verify(old.clone(), password_hash.clone()).await?.matches {
                return Err(AccountError::WrongPassword);
            }
            let hash = self.hasher.hash(Lane::Login, new.clone()).await?;
            let proof = Proof { session: session.id, password_hash };
            match self.store.set_password(session.user, hash, Some(proof)).await.map_err(AccountError::from) {
                Err(error) if error.is_outdated() => {}
                outcome => return outcome,
            }
        }
        Err(StoreError::Busy.into())
    }

    async fn open_session(
        &self,
        credentials: &Credentials,
        login: &Login,
    ) -> Result<(Token, Holder), AccountError> {
        let token = Token::generate()
            .map_err(|error| StoreError::Fault(format!("the system's random source: {error}")))?;
        let now = self.life.clock.now();
        let session = NewSession {
            user: credentials.user,
            password_hash: credentials.password_hash.clone(),
            token_hash: token.hash(),
            device: login.device.clone(),
            address: login.address.to_string(),
            now,
            expires_at: now.plus_ms(self.session_lifetime_ms),
            most: self.max_sessions,
        };
        match self.store.create_session(session).await {
            Ok(session) => Ok((token, Holder { user: credentials.user, session })),
            Err(StoreError::Refused(Refusal::Disabled)) => Err(AccountError::Disabled),
            Err(error) => Err(error.into()),
        }
    }

    /// What became of a password attempt that the limits had let in; `account_key` is the folded account. Other nodes
    /// are told of what came from an address; a device stays with one, or is as slow at each.
    pub fn password_attempted(&self, account_key: &str, guesser: Guesser, attempt: &Attempt, wrong: bool) {
        if !wrong {
            self.limits.not_a_wrong_password(attempt);
        } else if let (Some(others), Guesser::Stranger(address) | Guesser::Neighbour(address)) =
            (&self.warn, guesser)
        {
            others.of_wrong_password(account_key, address);
        }
    }

    /// Notes that a session was used from `address`, if that was not noted in the last ten minutes.
    pub fn touch(&self, session: &Session, address: IpAddr) {
        if self.life.clock.now().0 - session.last_seen_at.0 >= TOUCH_AFTER_MS {
            self.note_use(session.id, address);
        }
    }

    /// Notes that a session is in use and moves its end on; in a task of its own, as nobody should wait for it.
    pub fn note_use(&self, session: SessionId, address: IpAddr) {
        let now = self.life.clock.now();
        let expires_at = now.plus_ms(self.session_lifetime_ms);
        let store = Arc::clone(&self.store);
        self.life.tasks.spawn(async move {
            if let Err(error) = store.touch_session(session, address.to_string(), now, expires_at).await {
                tracing::warn!(%session, %error, "the use of a session was not noted");
            }
        });
    }

    fn failed_login(&self, precise: AccountError) -> AccountError {
        if self.precise_login_errors { precise } else { AccountError::WrongAccountOrPassword }
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
