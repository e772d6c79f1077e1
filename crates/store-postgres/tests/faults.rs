//! What the suites cannot see: a database and a network that fail.

mod common;

use std::sync::Arc;
use std::time::Duration;

use rim_core::event::Change;
use rim_core::message::{Mark, Receipt, Write, Written};
use rim_core::{ConnectionId, GroupId, Rev, Seq, UserId, event::Topic};
use rim_store::archive::{State, StoreArchive};
use rim_store::suite::Fixture;
use rim_store::suite::world::{Sent, World, new_user, text, write};
use rim_store::{Feed, Objects, Result, SharedStore, Store, StoreError, callback};
use rim_store_postgres::{OpenError, PostgresArchive};
use rim_testbed::{Fault, Postgres, Proxy};
use tokio::sync::oneshot;
use tokio_postgres::{Client, NoTls};

/// Opens stores at a URL.
struct At(String);

#[async_trait::async_trait]
impl Fixture for At {
    async fn open(&mut self) -> (Arc<dyn Store>, Feed) {
        let (store, feed) = common::open(self.0.clone()).await.expect("the database opens");
        (store, feed)
    }
}

/// A store behind a network that fails, and people in a group.
struct House {
    w: World,
    anna: UserId,
    bob: UserId,
    group: GroupId,
    proxy: Proxy,
    postgres: Postgres,
}

impl House {
    async fn new() -> Self {
        let postgres = rim_testbed::postgres();
        let proxy = Proxy::to(postgres.address()).await;
        let w = World::new(Box::new(At(postgres.url_by(proxy.address())))).await;
        let [anna, bob] = w.users(["anna", "bob"]).await;
        let group = w.group(anna, &[bob]).await;
        w.changes().await;
        Self { w, anna, bob, group, proxy, postgres }
    }

    fn submit(&self, write: Write) -> oneshot::Receiver<Result<Written>> {
        let (answer, answered) = oneshot::channel();
        let done = callback(move |result| answer.send(result).expect("the test waits"));
        self.w.store.submit(write, done).expect("room in the queue");
        answered
    }

    fn message(&self, client_msg_id: &str) -> Write {
        let mut message = text(self.anna, self.group, client_msg_id, client_msg_id, self.w.now());
        message.connection = ConnectionId(77);
        Write::Append(message)
    }

    /// What another node is told of the group, from the beginning.
    async fn kept(&self) -> Vec<Change> {
        let (other, _feed) = common::open(self.postgres.url()).await.expect("the database opens");
        let kept = other.changes(Topic::Group(self.group), Rev(2), 10_000).await.expect("read");
        other.close().await;
        kept
    }

    /// The connections are lost, and new ones work.
    async fn break_connections(&self) {
        self.proxy.set(Fault::Reset).await;
        self.proxy.set(Fault::Pass).await;
    }
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("connected");
    tokio::spawn(connection);
    client
}

/// Who waits for the lock of [`Held`]. The server has the databases of other tests as well.
const WAITING: &str = "locktype = 'advisory' AND NOT granted AND objid = 42
                       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// Makes every COMMIT that has written to a table wait for as long as somebody has the lock.
struct Held(Client);

impl Held {
    async fn on(table: &str, url: &str) -> Self {
        let client = connect(url).await;
        let sql = format!(
            "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN PERFORM pg_advisory_xact_lock_shared(42); RETURN NULL; END';
             CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED
                 FOR EACH ROW EXECUTE FUNCTION hold();
             SELECT pg_advisory_lock(42);"
        );
        client.batch_execute(&sql).await.expect("a trigger");
        Self(client)
    }

    /// Waits until a COMMIT does.
    async fn wait_for_a_commit(&self) {
        let sql = format!("SELECT FROM pg_locks WHERE {WAITING}");
        let sql = sql.as_str();
        while self.0.query(sql, &[]).await.expect("read").is_empty() {}
    }

    async fn release(&self) {
        self.0.batch_execute("SELECT pg_advisory_unlock(42)").await.expect("released");
    }

    /// Ends whoever waits in a COMMIT, and rolls back what they wrote.
    async fn kill_who_waits(&self) {
        let sql = format!("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE {WAITING}");
        let sql = sql.as_str();
        // Until nobody waits any more. A second try may have come by then: it is told to end, too.
        while !self.0.query(sql, &[]).await.expect("killed").is_empty() {}
    }
}

fn place(answer: Result<Written>) -> Sent {
    match answer.expect("stored") {
        Written::Appended { id, seq } => Sent { id, seq },
        Written::Marked => panic!("an append is answered with its place"),
    }
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_found_and_told() {
    let house = House::new().await;
    let held = Held::on("messages", &house.postgres.url()).await;
    let answers: Vec<_> = (0..3).map(|n| house.submit(house.message(&n.to_string()))).collect();
    held.wait_for_a_commit().await;
    // The writer is sent into a second try, which waits for the locks of the first.
    house.break_connections().await;
    held.release().await;

    for (n, answer) in (1..).zip(answers) {
        assert_eq!(place(answer.await.expect("answered")).seq, Seq(n));
    }
    let told = house.w.changes().await;
    assert_eq!(told.len(), 3);
    let of_here = |change: &Change| matches!(change, Change::Message { connection, .. } if *connection == ConnectionId(77));
    assert!(told.iter().all(of_here), "{told:?}");
    assert_eq!(house.w.texts(house.bob, house.group).await, ["0", "1", "2"]);
}

#[tokio::test]
async fn a_receipt_whose_answer_is_lost_is_found_and_told() {
    let house = House::new().await;
    let sent = house.w.send(house.anna, house.group, "hi").await.expect("sent");
    house.w.changes().await;
    let held = Held::on("group_changes", &house.postgres.url()).await;
    let (user, group, now) = (house.bob, house.group, house.w.now());
    let mark = Mark {
        group,
        user,
        message: sent.id,
        receipt: Receipt::Read,
        session: None,
        now,
        connection: ConnectionId(7),
    };
    let answer = house.submit(Write::Mark(mark));
    held.wait_for_a_commit().await;
    house.break_connections().await;
    held.release().await;

    assert_eq!(answer.await.expect("answered").expect("stored"), Written::Marked);
    let told = house.w.changes().await;
    assert!(
        matches!(told[..], [Change::Receipt { connection: ConnectionId(7), seq: Seq(1), .. }]),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_use_case_whose_answer_is_lost_is_found_and_told() {
    let house = House::new().await;
    let held = Held::on("group_changes", &house.postgres.url()).await;
    let others = [house.anna];
    let (group, ()) = tokio::join!(house.w.group(house.bob, &others), async {
        held.wait_for_a_commit().await;
        house.break_connections().await;
        held.release().await;
    });
    assert!(matches!(house.w.change().await, Change::Group { group: told, .. } if told == group));
    assert_eq!(house.w.members(house.anna, group).await.len(), 2);
}

#[tokio::test]
async fn a_use_case_that_was_rolled_back_says_so() {
    let house = House::new().await;
    let held = Held::on("group_changes", &house.postgres.url()).await;
    let (renamed, ()) = tokio::join!(house.w.rename(house.anna, house.group, "Go"), async {
        held.wait_for_a_commit().await;
        held.kill_who_waits().await;
        held.release().await;
    });
    assert!(matches!(renamed, Err(StoreError::Busy)), "{renamed:?}");
    assert_eq!(house.w.changes().await, []);
    assert_ne!(house.w.group_of(house.anna, house.group).await.name, "Go");
}

#[tokio::test]
async fn a_commit_that_was_rolled_back_is_made_again() {
    let house = House::new().await;
    let held = Held::on("messages", &house.postgres.url()).await;
    let answer = house.submit(house.message("once"));
    held.wait_for_a_commit().await;
    held.kill_who_waits().await;
    held.release().await;

    assert_eq!(place(answer.await.expect("answered")).seq, Seq(1), "no place was used up");
    assert_eq!(house.w.changes().await.len(), 1);
    assert_eq!(house.w.texts(house.bob, house.group).await, ["once"]);
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_while_connections_break() {
    let house = House::new().await;
    let mut answers = Vec::new();
    for round in 0..20 {
        for n in 0..20 {
            answers.push(house.submit(house.message(&format!("{round} {n}"))));
            if n == round {
                house.break_connections().await;
            }
        }
    }
    for (n, answer) in (1..).zip(answers) {
        assert_eq!(
            place(answer.await.expect("answered")).seq,
            Seq(n),
            "in the order in which they were sent"
        );
    }
    let mut told = house.w.changes().await;
    for change in &mut told {
        let Change::Message { connection, .. } = change else { panic!("a message: {change:?}") };
        assert_eq!(std::mem::take(connection), ConnectionId(77));
    }
    assert_eq!(told, house.kept().await);
}

#[tokio::test]
async fn a_use_case_whose_connection_breaks_has_happened_or_not() {
    let house = House::new().await;
    let mut renamed = 0;
    for round in 0..30 {
        let name = format!("{round}");
        let (answer, ()) = tokio::join!(house.w.rename(house.anna, house.group, &name), async {
            if round % 3 == 0 {
                house.break_connections().await;
            }
        });
        match answer {
            Ok(()) => renamed += 1,
            Err(StoreError::Busy) => assert_ne!(house.w.group_of(house.anna, house.group).await.name, name),
            Err(other) => panic!("{other}"),
        }
    }
    assert!(renamed >= 20, "those that nobody disturbed");
    let (told, kept) = (house.w.changes().await, house.kept().await);
    assert_eq!(told.len(), renamed);
    assert_eq!(told, kept);
}

#[tokio::test]
async fn a_database_that_is_away_is_waited_for() {
    let mut server = Postgres::private();
    let w = World::new(Box::new(At(server.url().to_owned()))).await;
    let [anna, bob] = w.users(["anna", "bob"]).await;
    let group = w.group(anna, &[bob]).await;
    w.send(anna, group, "before").await.expect("sent");
    w.changes().await;

    server.kill();
    let why = w.store.ready().await.expect_err("it is away").to_string();
    assert!(why.contains("database"), "{why}");
    let read = w.store.user(anna).await;
    assert!(matches!(read, Err(StoreError::Busy)), "{read:?}");
    let created = w.store.create_user(new_user("carl"), w.now()).await;
    assert!(matches!(created, Err(StoreError::Busy)), "{created:?}");
    let (answer, answered) = oneshot::channel();
    let done = callback(move |result| drop(answer.send(result)));
    w.store.submit(Write::Append(text(anna, group, "1", "meanwhile", w.now())), done).expect("it waits");
    server.start();

    assert_eq!(place(answered.await.expect("answered")).seq, Seq(2));
    w.store.ready().await.expect("it is back");
    assert_eq!(w.texts(bob, group).await, ["before", "meanwhile"]);
    assert_eq!(w.changes().await.len(), 1);
}

#[tokio::test]
async fn of_a_commit_that_nobody_can_look_for_it_is_said_that_it_is_not_known() {
    let house = House::new().await;
    let held = Held::on("messages", &house.postgres.url()).await;
    let answer = house.submit(house.message("1"));
    held.wait_for_a_commit().await;
    let behind = house.submit(house.message("2"));
    house.proxy.set(Fault::Reset).await;

    let answer = answer.await.expect("answered");
    assert!(matches!(answer, Err(StoreError::Unsure)), "{answer:?}");
    let behind = behind.await.expect("answered");
    assert!(matches!(behind, Err(StoreError::Busy)), "nothing was sent of it: {behind:?}");
    held.release().await;
    house.proxy.set(Fault::Pass).await;
    for (id, seq) in [("1", 1), ("2", 2)] {
        assert_eq!(place(house.submit(house.message(id)).await.expect("answered")).seq, Seq(seq));
    }
    assert_eq!(house.w.texts(house.bob, house.group).await, ["1", "2"]);
}

#[tokio::test]
async fn of_a_use_case_that_nobody_can_look_for_it_is_said_that_it_is_not_known() {
    let house = House::new().await;
    let held = Held::on("group_changes", &house.postgres.url()).await;
    let (renamed, ()) = tokio::join!(house.w.rename(house.anna, house.group, "Go"), async {
        held.wait_for_a_commit().await;
        house.proxy.set(Fault::Reset).await;
    });
    assert!(matches!(renamed, Err(StoreError::Unsure)), "{renamed:?}");
    held.release().await;
    house.proxy.set(Fault::Pass).await;
    house.w.rename(house.anna, house.group, "Go").await.expect("renamed, now or before");
    assert_eq!(house.w.group_of(house.anna, house.group).await.name, "Go");
}

#[tokio::test]
async fn of_what_leaves_no_trace_to_look_for_it_is_said_that_it_is_not_known() {
    let house = House::new().await;
    let held = Held::on("users", &house.postgres.url()).await;
    let (created, ()) = tokio::join!(house.w.store.create_user(new_user("carl"), house.w.now()), async {
        held.wait_for_a_commit().await;
        house.break_connections().await;
    });
    assert!(matches!(created, Err(StoreError::Unsure)), "{created:?}");
    held.release().await;
}

#[tokio::test]
async fn of_a_statement_that_is_its_own_commit_it_is_said_that_it_is_not_known() {
    let postgres = rim_testbed::postgres();
    let proxy = Proxy::to(postgres.address()).await;
    let (store, _feed) = common::open(postgres.url_by(proxy.address())).await.expect("the database opens");
    let held = Held::on("media", &postgres.url()).await;
    let (put, ()) = tokio::join!(store.put_object("avatars/a.png".into(), vec![b"a".to_vec()]), async {
        held.wait_for_a_commit().await;
        proxy.set(Fault::Reset).await;
    });
    assert!(matches!(put, Err(StoreError::Unsure)), "{put:?}");
    let put = store.put_object("avatars/a.png".into(), vec![b"a".to_vec()]).await;
    assert!(matches!(put, Err(StoreError::Busy)), "nothing was sent: {put:?}");
    held.release().await;
}

#[tokio::test]
async fn who_has_waited_for_too_long_is_told_busy() {
    let house = House::new().await;
    house.proxy.set(Fault::Reset).await;
    let answers: Vec<_> = (0..600).map(|n| house.submit(house.message(&n.to_string()))).collect();
    for answer in answers {
        assert!(matches!(answer.await.expect("answered"), Err(StoreError::Busy)));
    }
    house.proxy.set(Fault::Pass).await;
    let sent = place(house.submit(house.message("after")).await.expect("answered"));
    assert_eq!(sent.seq, Seq(1));
}

#[tokio::test]
async fn a_network_that_says_nothing_is_given_up() {
    let house = House::new().await;
    house.proxy.set(Fault::BlackHole).await;
    let answer = house.submit(house.message("1"));
    let why = house.w.store.ready();
    let why = tokio::time::timeout(Duration::from_secs(300), why).await.expect("it is given up");
    assert!(why.is_err());
    house.proxy.set(Fault::Pass).await;
    answer.await.expect("answered").ok();
    let sent = place(house.submit(house.message("1")).await.expect("answered"));
    assert_eq!(sent.seq, Seq(1), "stored once, whichever was answered");
    assert_eq!(house.w.texts(house.bob, house.group).await, ["1"]);
}

#[tokio::test]
async fn what_cannot_be_stored_harms_nobody_else() {
    let house = House::new().await;
    let admin = connect(&house.postgres.url()).await;
    let sql = "ALTER TABLE messages ADD CHECK (content <> 'bad')";
    admin.batch_execute(sql).await.expect("a constraint");
    let answers = ["one", "bad", "two", "one"].map(|content| house.submit(house.message(content)));
    let [one, bad, two, again] = answers;
    let one = place(one.await.expect("answered"));
    assert!(matches!(bad.await.expect("answered"), Err(StoreError::Fault(_))));
    assert_eq!(place(two.await.expect("answered")).seq, Seq(2));
    assert_eq!(place(again.await.expect("answered")), one);
    assert_eq!(house.w.texts(house.bob, house.group).await, ["one", "two"]);
    assert_eq!(house.w.changes().await.len(), 2);
}

#[tokio::test]
async fn every_text_is_kept_with_its_zeros() {
    let house = House::new().await;
    let w = &house.w;
    let mut user = new_user("\0zero\u{1}");
    user.password_hash = Some("\0hash".into());
    let user = w.store.create_user(user, w.now()).await.expect("created");
    let found = w.store.user_by_account(" \0ZERO\u{1}").await.expect("read").expect("found");
    assert_eq!((found.id, found.name.as_str()), (user, "\0zero\u{1}"));
    let credentials = w.store.credentials_of(user).await.expect("read").expect("found");
    assert_eq!(credentials.password_hash.as_deref(), Some("\0hash"));
    w.rename(house.anna, house.group, "a\0b").await.expect("renamed");
    assert_eq!(w.group_of(house.anna, house.group).await.name, "a\0b");
    let written = write(&w.store, Write::Append(text(house.anna, house.group, "\0", "\0", w.now()))).await;
    assert!(written.is_ok(), "{written:?}");
}

#[tokio::test]
async fn commits_reach_the_disk_whatever_the_server_is_set_to() {
    let postgres = rim_testbed::postgres();
    let admin = connect(&postgres.url()).await;
    let sql = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$";
    admin.batch_execute(sql).await.expect("set");
    let w = World::new(Box::new(At(postgres.url()))).await;
    let sql = "CREATE TABLE seen (setting text);
               CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
                   'BEGIN INSERT INTO seen VALUES (current_setting(''synchronous_commit'')); RETURN NULL; END';
               CREATE TRIGGER see AFTER INSERT ON messages EXECUTE FUNCTION see();
               CREATE TRIGGER see AFTER INSERT ON groups EXECUTE FUNCTION see();";
    admin.batch_execute(sql).await.expect("triggers");
    let anna = w.user("anna").await;
    let group = w.group(anna, &[]).await;
    w.send(anna, group, "hi").await.expect("sent");
    let seen = admin.query("SELECT setting FROM seen", &[]).await.expect("read");
    assert_eq!(seen.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>(), ["on", "on"]);
}

async fn refused(url: String) -> OpenError {
    common::open(url).await.err().expect("refused")
}

#[tokio::test]
async fn a_database_of_a_newer_rim_is_refused() {
    let postgres = rim_testbed::postgres();
    let (store, _feed) = common::open(postgres.url()).await.expect("a new database");
    store.close().await;
    let admin = connect(&postgres.url()).await;
    admin.batch_execute("UPDATE rim_schema SET version = 99").await.expect("update");
    assert!(matches!(refused(postgres.url()).await, OpenError::Newer { found: 99, .. }));
}

#[tokio::test]
async fn a_database_of_another_program_is_left_alone() {
    let postgres = rim_testbed::postgres();
    let admin = connect(&postgres.url()).await;
    admin.batch_execute("CREATE TABLE other (id int)").await.expect("a table");
    assert!(matches!(refused(postgres.url()).await, OpenError::NotOurs));
    let tables = admin.query("SELECT FROM pg_tables WHERE schemaname = 'public'", &[]).await.expect("read");
    assert_eq!(tables.len(), 1);
}

#[tokio::test]
async fn a_database_of_another_encoding_is_refused() {
    let postgres = rim_testbed::postgres();
    let admin = connect(&postgres.url()).await;
    let name = format!("ascii_{:x}", std::process::id());
    let sql =
        format!("CREATE DATABASE {name} ENCODING SQL_ASCII LOCALE 'C' TEMPLATE template0 STRATEGY file_copy");
    admin.batch_execute(&sql).await.expect("a database");
    let (server, _) = postgres
        .url()
        .rsplit_once('/')
        .map(|(server, name)| (server.to_owned(), name.to_owned()))
        .expect("a name");
    let error = refused(format!("{server}/{name}")).await;
    assert!(matches!(&error, OpenError::Encoding(encoding) if encoding == "SQL_ASCII"), "{error}");
    admin.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await.expect("dropped");
}

#[tokio::test]
async fn a_role_that_may_make_no_tables_hears_so_once_and_what_to_do() {
    let postgres = rim_testbed::postgres();
    let admin = connect(&postgres.url()).await;
    let role = format!("role_{:016x}", fastrand::u64(..));
    let sql = format!("CREATE ROLE {role} LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    admin.batch_execute(&sql).await.expect("a role");
    let error = refused(postgres.url().replace("postgres@", &format!("{role}@"))).await;
    assert!(std::error::Error::source(&error).is_none(), "it would be said again");
    let text = error.to_string();
    assert_eq!(text.matches("permission denied for schema public").count(), 1, "{text}");
    assert!(text.contains("own the database"), "{text}");
    admin.batch_execute(&format!("DROP ROLE {role}")).await.expect("it owns nothing");
}

#[tokio::test]
async fn what_was_killed_while_it_filled_a_database_keeps_nobody_from_going_on() {
    let postgres = rim_testbed::postgres();
    let proxy = Proxy::to(postgres.address()).await;
    let mut killed = PostgresArchive::target(&postgres.url_by(proxy.address())).await.expect("it is empty");
    killed.begin("sqlite:here").await.expect("it begins");
    let admin = connect(&postgres.url()).await;
    admin.batch_execute("BEGIN; LOCK TABLE users").await.expect("locked");
    let identity = killed.identity().await.expect("read");
    let (ended, went_on) = tokio::join!(killed.finish(0, &identity), async {
        let waits = "SELECT FROM pg_locks WHERE relation = 'users'::regclass AND NOT granted";
        while admin.query(waits, &[]).await.expect("read").is_empty() {}
        proxy.set(Fault::Reset).await;
        PostgresArchive::target(&postgres.url()).await
    });
    ended.expect_err("its process is gone");
    let mut goes_on = went_on.expect("the server has noticed, and let go of what it held");
    assert!(matches!(goes_on.state().await, Ok(State::Unfinished { source }) if source == "sqlite:here"));
    let other = PostgresArchive::target(&postgres.url()).await.err().expect("refused");
    assert!(matches!(other, OpenError::BeingFilled), "one who lives is not passed over: {other}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_said_to_be() {
    let error = refused("postgres://rim@127.0.0.1:1/rim".into()).await.to_string();
    assert!(error.starts_with("cannot connect to the database: ") && error.contains("refused"), "{error}");
    let error = refused("postgres://rim@127.0.0.1:1/rim?sslmode=perhaps".into()).await.to_string();
    assert!(error.contains("sslmode"), "{error}");
}
