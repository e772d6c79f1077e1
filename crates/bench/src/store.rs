//! Fills a store to measure with: as many users, groups and messages as a large server would have.
//!
//! Everything goes through the port [`Store`], so that every backend is filled alike and by its own rules.
//! Beside the database lies a [`Manifest`], which tells the scenarios who is in it.

mod manifest;
mod plan;
pub(crate) mod words;

use std::fs::{self, File, TryLockError};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail, ensure};
use clap::Args;
use fastrand::Rng;
use futures_util::{StreamExt, TryStreamExt, stream};
use rim_client::protocol::limits::{MAX_GROUP_MEMBERS, MAX_USERS_PER_REQUEST};
use rim_core::contact::Bounds;
use rim_core::group::{NewGroup, Role, SINGLE_MODE};
use rim_core::message::{Mark, MessageKind, NewMessage, Receipt, Write, Written};
use rim_core::session::NewSession;
use rim_core::user::NewUser;
use rim_core::{ConnectionId, GroupId, MessageId, Timestamp, UserId};
use rim_store::{CommitObserver, Committed, Feed, Store, StoreError, callback};
use rim_store_postgres::PostgresStore;
use rim_store_sqlite::SqliteStore;
use tokio::sync::{Semaphore, mpsc};

pub(crate) use self::manifest::{Known, Large, Manifest, Pair};
use self::manifest::{PASSWORD_HASH, Token};
use self::plan::HISTORY_MS;
pub(crate) use self::plan::{HEAVY, LARGE, LIGHT};
pub(crate) use self::plan::{Line, Plan};

/// Who is in what is the plan's to say.
const BOUNDS: Bounds = Bounds::of_members(MAX_GROUP_MEMBERS);
/// Use cases and writes that wait for their commits. The store would take twice as many.
const IN_FLIGHT: usize = 8192;
/// Messages of a store that is searched: they are stored nearly in the order of their times, as those of people are.
const IN_ORDER: usize = 64;
/// Connections to PostgreSQL.
const CONNECTIONS: usize = 8;
/// How long to wait after the store was busy.
const BUSY_PAUSE: Duration = Duration::from_millis(1);
/// How long nobody has to log in again: as long as anybody might keep the folder.
const SESSION_MS: i64 = 10 * HISTORY_MS;
/// The mode of a group chat.
const GROUP_MODE: u8 = 2;

/// What people write; of each message it is a part.
const CONTENT: &str = "The quick brown fox jumps over the lazy dog, and then goes home to write two hundred \
bytes about it, because nobody would believe a fox that has nothing to show but its tail and a smile, or so.";

/// Fills a data folder for a server to be measured on.
#[derive(Args)]
pub(crate) struct Fill {
    /// The folder: `rim serve --data FOLDER` runs on it
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// A PostgreSQL database that is filled in the place of the folder, which says who is in it
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    #[command(flatten)]
    plan: Plan,
}

impl Fill {
    pub(crate) fn new(data: impl Into<PathBuf>, plan: Plan) -> Self {
        Self { data: data.into(), database: None, plan }
    }

    /// Fills the folder, unless it was filled by the same plan before.
    ///
    /// # Errors
    /// A server runs on it; it holds something else; the store fails.
    pub(crate) async fn run(self) -> anyhow::Result<Manifest> {
        let plan = self.plan.fitted()?;
        fs::create_dir_all(&self.data)
            .with_context(|| format!("cannot create the folder {}", self.data.display()))?;
        let _lock = lock(&self.data)?;
        if let Some(manifest) = Manifest::read(&self.data)? {
            ensure!(
                manifest.plan == plan,
                "{} was filled by another plan ({:?}); choose another folder",
                self.data.display(),
                manifest.plan
            );
            eprintln!("{} is filled already", self.data.display());
            return Ok(manifest);
        }
        let database = self.data.join("rim.db");
        ensure!(
            !database.exists(),
            "{} is a database of somebody else, or was not filled to its end; choose another folder, or remove it",
            database.display()
        );

        let (store, feed) = open(database, self.database).await.context("cannot open the store")?;
        let began = Instant::now();
        let draining = tokio::spawn(drain(feed));
        let order = plan.words.then(Mutex::default).map(Arc::new);
        let filler = Filler { store, order, plan, now: now() };
        let mut manifest = filler.run().await?;
        filler.store.close().await;
        draining.await.context("the feed")?;
        if let Some(order) = filler.order {
            let mut order = std::mem::take(&mut *order.lock().expect("nothing panics while it is held"));
            order.sort_unstable();
            manifest.order = order.into_iter().map(|(_, number)| number).collect();
        }
        manifest.write(&self.data)?;
        eprintln!(
            "{} is filled: {:.1} s, {} MiB",
            self.data.display(),
            began.elapsed().as_secs_f64(),
            size_bytes(&self.data)? / (1024 * 1024)
        );
        Ok(manifest)
    }
}

/// The store in a file, or in a database of PostgreSQL.
async fn open(path: PathBuf, database: Option<String>) -> anyhow::Result<(Arc<dyn Store>, Feed)> {
    let observer = Arc::new(Unobserved);
    let Some(url) = database else {
        let options = rim_store_sqlite::Options { path, readers: 1, observer };
        let (store, feed) = SqliteStore::open(options)?;
        return Ok((Arc::new(store), feed));
    };
    let options = rim_store_postgres::Options { url, connections: CONNECTIONS, observer };
    let (store, feed) = PostgresStore::open(options).await?;
    let store: Arc<dyn Store> = Arc::new(store);
    ensure!(store.user_by_account(&account(HEAVY)).await?.is_none(), "the database was filled before");
    Ok((store, feed))
}

/// Takes the data folder as a server does, so that neither writes beside the other.
fn lock(data: &Path) -> anyhow::Result<File> {
    let path = data.join("rim.lock");
    let file = File::options().write(true).create(true).truncate(false).open(&path);
    let file = file.with_context(|| format!("cannot open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            bail!("a server runs on {}; stop it, or choose another folder", data.display())
        }
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}

type Order = Arc<Mutex<Vec<(MessageId, u64)>>>;

struct Filler {
    store: Arc<dyn Store>,
    /// The ids that messages were given, and their numbers: people's messages take turns, so these are in another order.
    order: Option<Order>,
    plan: Plan,
    now: Timestamp,
}

impl Filler {
    async fn run(&self) -> anyhow::Result<Manifest> {
        let users = self.create_users().await?;
        let uid = |user: u64| users[user as usize];
        self.create_sessions(&users).await?;
        let groups = self.create_groups(&users).await?;
        let pairs = self.create_single_chats(&users).await?;
        let crowd = self.create_crowd(&users).await?;
        self.send(&users, &groups).await?;

        let known =
            |user: u64| Known { uid: uid(user).0, account: account(user), token: Token::of(user).to_text() };
        let large = groups.get(LARGE as usize);
        Ok(Manifest {
            people: self.plan.sessions().map(known).collect(),
            heavy: known(HEAVY),
            light: known(LIGHT),
            crowd: crowd.0,
            large: large.map(|gid| Large { gid: gid.0, member: known(self.plan.members(LARGE)[0]) }),
            pairs: (0..)
                .zip(pairs)
                .map(|(pair, gid)| Pair { gid: gid.0, people: [2 * pair, 2 * pair + 1] })
                .collect(),
            plan: self.plan.clone(),
            filled_at: self.now.0,
            order: Vec::new(),
        })
    }

    /// When everybody came: nothing is said before.
    fn began(&self) -> Timestamp {
        Timestamp(self.plan.sent_at(self.now.0, 0))
    }

    async fn create_users(&self) -> anyhow::Result<Vec<UserId>> {
        self.pipelined("users", self.plan.users, 0..self.plan.users, |user| {
            let new = NewUser {
                account: account(user),
                name: format!("User {user}"),
                avatar: String::new(),
                email: String::new(),
                password_hash: Some(PASSWORD_HASH.to_owned()),
            };
            self.patiently(move |store| store.create_user(new.clone(), self.began()))
        })
        .await
    }

    async fn create_sessions(&self, users: &[UserId]) -> anyhow::Result<()> {
        let who = [HEAVY, LIGHT].into_iter().chain(self.plan.sessions());
        self.pipelined("sessions", self.plan.sessions + 2, who, |user| {
            let new = NewSession {
                user: users[user as usize],
                password_hash: Some(PASSWORD_HASH.to_owned()),
                token_hash: Token::of(user).hash(),
                device: String::new(),
                address: "127.0.0.1".to_owned(),
                now: self.now,
                expires_at: self.now.plus_ms(SESSION_MS),
                most: u64::MAX,
            };
            self.patiently(move |store| store.create_session(new.clone()))
        })
        .await?;
        Ok(())
    }

    async fn create_groups(&self, users: &[UserId]) -> anyhow::Result<Vec<GroupId>> {
        self.pipelined("groups", self.plan.groups, 0..self.plan.groups, |group| {
            let members: Vec<u64> = self.plan.members(group);
            let new = new_group(GROUP_MODE, format!("Group {group}"), &members, users);
            self.patiently(move |store| store.create_group(new.clone(), BOUNDS, self.began()))
        })
        .await
    }

    async fn create_single_chats(&self, users: &[UserId]) -> anyhow::Result<Vec<GroupId>> {
        let pairs: Vec<_> = self.plan.pairs().collect();
        self.pipelined("single chats", pairs.len() as u64, pairs, |pair| {
            let new = new_group(SINGLE_MODE, String::new(), &pair, users);
            self.patiently(move |store| store.create_group(new.clone(), BOUNDS, self.began()))
        })
        .await
    }

    async fn create_crowd(&self, users: &[UserId]) -> anyhow::Result<GroupId> {
        let members: Vec<u64> = self.plan.crowd().collect();
        let (founders, others) = members.split_at(1);
        let new = new_group(GROUP_MODE, "Everybody".to_owned(), founders, users);
        let creator = new.creator;
        let crowd =
            self.patiently(move |store| store.create_group(new.clone(), BOUNDS, self.began())).await?;
        let mut progress = Progress::new("members of the largest group", self.plan.crowd);
        for some in others.chunks(MAX_USERS_PER_REQUEST) {
            let added: Vec<UserId> = some.iter().map(|user| users[*user as usize]).collect();
            self.patiently(move |store| {
                store.add_members(creator, crowd, added.clone(), BOUNDS, self.began())
            })
            .await?;
            progress.add(some.len() as u64);
        }
        Ok(crowd)
    }

    /// Sends every message of the plan, and now and then somebody reads what was sent.
    async fn send(&self, users: &[UserId], groups: &[GroupId]) -> anyhow::Result<()> {
        let mut progress = Progress::new("messages", self.plan.messages);
        let (marks, mut to_mark) = mpsc::unbounded_channel();
        let in_flight = if self.plan.words { IN_ORDER } else { IN_FLIGHT };
        let sender = Sender {
            store: Arc::clone(&self.store),
            in_flight,
            room: Arc::new(Semaphore::new(in_flight)),
            failed: Arc::default(),
            marks,
            order: self.order.clone(),
        };
        for Line { number, group, sender: by, reader, is_last } in self.plan.lines() {
            let message = self.message(number, groups[group as usize], users[by as usize]);
            let reader = reader.map(|reader| users[reader as usize]);
            sender.submit(Write::Append(message), number, reader).await?;
            while let Some(mark) = is_last.then(|| to_mark.try_recv().ok()).flatten() {
                sender.submit(Write::Mark(mark), 0, None).await?;
            }
            progress.add(1);
        }
        sender.finish().await
    }

    fn message(&self, number: u64, group: GroupId, sender: UserId) -> NewMessage {
        // Clients make ids that are random: these come in no order either.
        let mut rng = Rng::with_seed(number);
        let client_msg_id = format!("{:032x}", rng.u128(..));
        let content = if self.plan.words {
            words::text(number)
        } else {
            CONTENT[..rng.usize(20..CONTENT.len())].to_owned()
        };
        NewMessage {
            extras: None,
            group,
            sender,
            client_msg_id,
            kind: MessageKind::Text,
            content,
            session: None,
            now: Timestamp(self.plan.sent_at(self.now.0, number)),
            connection: ConnectionId(0),
        }
    }

    /// Carries out many use cases, as many at a time as share a commit, and gives back what they gave in
    /// order.
    async fn pipelined<I, T, F>(
        &self,
        what: &'static str,
        count: u64,
        inputs: impl IntoIterator<Item = I>,
        call: impl Fn(I) -> F,
    ) -> anyhow::Result<Vec<T>>
    where
        F: Future<Output = rim_store::Result<T>>,
    {
        let mut progress = Progress::new(what, count);
        let results = stream::iter(inputs).map(call).buffered(IN_FLIGHT).inspect_ok(|_| progress.add(1));
        Ok(results.try_collect().await?)
    }

    /// Carries out a use case, again where the store was busy.
    async fn patiently<'a, T, F>(&'a self, call: impl Fn(&'a dyn Store) -> F) -> rim_store::Result<T>
    where
        F: Future<Output = rim_store::Result<T>>,
    {
        loop {
            match call(&*self.store).await {
                Err(StoreError::Busy) => tokio::time::sleep(BUSY_PAUSE).await,
                result => return result,
            }
        }
    }
}

/// Keeps the queue of the store's writer full.
struct Sender {
    store: Arc<dyn Store>,
    in_flight: usize,
    /// A permit for each write that is under way.
    room: Arc<Semaphore>,
    /// What the first write failed of.
    failed: Arc<OnceLock<StoreError>>,
    /// What is to be marked as read, which is known when it has its id. As many as writes are under way.
    marks: mpsc::UnboundedSender<Mark>,
    order: Option<Order>,
}

impl Sender {
    /// Submits a write; the message of that number that it appends is then to be read by `reader`.
    async fn submit(&self, write: Write, number: u64, reader: Option<UserId>) -> anyhow::Result<()> {
        loop {
            let permit = Arc::clone(&self.room).acquire_owned().await?;
            self.check()?;
            let (failed, marks) = (Arc::clone(&self.failed), self.marks.clone());
            let order = self.order.clone();
            let of = reader.zip(match &write {
                Write::Append(new) => Some((new.group, new.now)),
                Write::Mark(_) => None,
            });
            let done = move |result| {
                if let (Ok(Written::Appended { id, .. }), Some(order)) = (&result, order) {
                    order.lock().expect("nothing panics while it is held").push((*id, number));
                }
                match (result, of) {
                    (Ok(Written::Appended { id, .. }), Some((user, (group, now)))) => {
                        let receipt = Receipt::Read;
                        // Nobody marks anything any more when the filling has failed.
                        let _ = marks.send(Mark {
                            group,
                            user,
                            message: id,
                            receipt,
                            session: None,
                            now,
                            connection: ConnectionId(0),
                        });
                    }
                    (Ok(_), _) => {}
                    (Err(error), _) => drop(failed.set(error)),
                }
                drop(permit);
            };
            match self.store.submit(write.clone(), callback(done)) {
                Err(StoreError::Busy) => tokio::time::sleep(BUSY_PAUSE).await,
                result => return Ok(result?),
            }
        }
    }

    /// Waits for everything that was submitted.
    async fn finish(&self) -> anyhow::Result<()> {
        let _all = self.room.acquire_many(self.in_flight as u32).await?;
        self.check()
    }

    fn check(&self) -> anyhow::Result<()> {
        self.failed.get().map_or(Ok(()), |error| Err(error.clone().into()))
    }
}

fn new_group(mode: u8, name: String, members: &[u64], users: &[UserId]) -> NewGroup {
    let uid = |user: &u64| users[*user as usize];
    NewGroup {
        creator: uid(&members[0]),
        name,
        avatar: String::new(),
        mode,
        members: members.iter().map(|user| (uid(user), Role::Common)).collect(),
    }
}

pub(crate) fn account(user: u64) -> String {
    format!("bench-{user}")
}

/// Calls back whoever waits for a write. Nobody is connected who would be told of a change.
async fn drain(mut feed: Feed) {
    while let Some(commit) = feed.recv().await {
        for entry in commit {
            if let Committed::Answer { done, result } = entry {
                done(result).wake();
            }
        }
    }
}

struct Unobserved;

impl CommitObserver for Unobserved {
    fn committed(&self, _: usize, _: Duration) {}
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The bytes of the files in a folder.
fn size_bytes(folder: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        bytes += entry?.metadata()?.len();
    }
    Ok(bytes)
}

/// Tells on standard error how far something is that takes minutes.
struct Progress {
    what: &'static str,
    total: u64,
    done: u64,
    began: Instant,
    told: Instant,
}

impl Progress {
    const EVERY: Duration = Duration::from_secs(5);

    fn new(what: &'static str, total: u64) -> Self {
        let now = Instant::now();
        Self { what, total, done: 0, began: now, told: now }
    }

    fn add(&mut self, more: u64) {
        self.done += more;
        if self.told.elapsed() >= Self::EVERY {
            self.told = Instant::now();
            eprintln!("{}: {} of {}", self.what, self.done, self.total);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        eprintln!("{}: {} in {:.1} s", self.what, self.done, self.began.elapsed().as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Plan {
        Plan { users: 60, groups: 25, messages: 300, heavy: 21, crowd: 30, sessions: 20, words: false }
    }

    async fn open(data: &Path) -> Arc<dyn Store> {
        let (store, feed) = super::open(data.join("rim.db"), None).await.expect("a store");
        tokio::spawn(drain(feed));
        store
    }

    #[tokio::test]
    async fn a_filled_store_holds_what_its_manifest_says() {
        let folder = tempfile::tempdir().expect("a folder");
        let manifest = Fill::new(folder.path(), small()).run().await.expect("filled");
        let store = open(folder.path()).await;

        for known in manifest.people.iter().chain([&manifest.heavy, &manifest.light]) {
            let user = store.user_by_account(&known.account).await.expect("read").expect("they exist");
            assert_eq!(user.id.0, known.uid);
        }
        let groups = store.groups_of(UserId(manifest.heavy.uid)).await.expect("read");
        assert_eq!(groups.len(), 21);
        assert_eq!(store.groups_of(UserId(manifest.light.uid)).await.expect("read").len(), 20);
        let first = UserId(manifest.people[0].uid);
        assert_eq!(store.members(first, GroupId(manifest.crowd)).await.expect("read").len(), 30);
        for pair in &manifest.pairs {
            let members = store.members(UserId(manifest.people[pair.people[1]].uid), GroupId(pair.gid)).await;
            assert_eq!(members.expect("read").len(), 2);
        }
        // The heavy user is in all groups but four, and sees all that is said in them.
        let page = rim_core::message::Page { number: 1, size: 100 };
        let chats = store.chats(UserId(manifest.heavy.uid), page).await.expect("read");
        assert_eq!(chats.len(), 21, "something was said in every group");
        let large = manifest.large.expect("there are groups");
        let history = store.history(UserId(large.member.uid), GroupId(large.gid), page, None).await;
        assert!(history.expect("read").expect("a member").messages.len() > 25);
        store.close().await;
    }

    #[tokio::test]
    async fn a_folder_is_filled_once_and_by_one_plan() {
        let folder = tempfile::tempdir().expect("a folder");
        let filled = Fill::new(folder.path(), small()).run().await.expect("filled");
        let again = Fill::new(folder.path(), small()).run().await.expect("filled already");
        assert_eq!(again, filled);
        let other = Plan { users: 61, ..small() };
        let error = Fill::new(folder.path(), other).run().await.expect_err("another plan");
        assert!(error.to_string().contains("another plan"), "{error}");
        let held = lock(folder.path()).expect("free");
        let error = Fill::new(folder.path(), small()).run().await.expect_err("in use");
        assert!(error.to_string().contains("a server runs on"), "{error}");
        drop(held);
    }
}
