//! The database as a file: one server has it, and one that is lost is missed.

use std::fs;

use super::program::{self, folder};
use super::{complaint, said};

const SERVE: &[&str] = &["serve", "--listen", "127.0.0.1:0", "--ws-listen", "off"];

fn serve(settings: &[&str]) -> Vec<String> {
    SERVE.iter().chain(settings).map(|word| (*word).to_owned()).collect()
}

fn refused(at: &std::path::Path, settings: &[&str]) -> String {
    let words = serve(settings);
    complaint(at, &words.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn a_database_has_one_server_by_whichever_name_and_without_its_lock_files() {
    let folder = folder();
    let at = folder.path();
    fs::create_dir(at.join("home")).expect("created");
    let server = program::Server::start(at, &["--data", "one", "--database", "sqlite:home/rim.db"]);
    std::os::unix::fs::symlink(at.join("home/rim.db"), at.join("link.db")).expect("linked");
    fs::hard_link(at.join("home/rim.db"), at.join("hard.db")).expect("linked");
    let second = |name: &str| refused(at, &["--data", "two", "--database", &format!("sqlite:{name}")]);
    for name in ["home/rim.db", "link.db"] {
        let text = second(name);
        assert!(text.contains(&format!("process {}", server.process.id())), "{name}: {text}");
    }
    for lock in ["one/rim.lock", "home/rim.db.lock"] {
        fs::remove_file(at.join(lock)).expect("there was one");
    }
    for name in ["home/rim.db", "link.db", "hard.db"] {
        assert!(second(name).contains("another process has the database open"), "{name}");
    }
    // A folder may have more than one.
    let _other = program::Server::start(at, &["--data", "two", "--database", "sqlite:home/other.db"]);
}

#[test]
fn a_server_does_not_begin_anew_in_the_place_of_a_database_that_is_gone() {
    let folder = folder();
    let at = folder.path();
    said(at, &["user", "add", "anna", "--generate", "--create"]);
    said(at, &["backup", "copy.db"]);
    let database = at.join("data/rim.db");
    for empty in [false, true] {
        fs::remove_file(&database).expect("it was there");
        if empty {
            fs::write(&database, "").expect("written");
        }
        let text = refused(at, &[]);
        for part in [if empty { "nothing in the file" } else { "no file" }, "rim restore", "rim.store"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(complaint(at, &["user", "list"]).contains("there is no database at"));
        assert!(complaint(at, &["backup", "other.db"]).contains("there is no database at"));
        assert!(complaint(at, &["user", "add", "b", "--generate", "--create"]).contains("rim restore"));
        // As it says, this is what helps.
        said(at, &["restore", "copy.db", "--replace"]);
        assert!(said(at, &["user", "list"]).contains("anna"));
    }
    // A mistake in the settings is no new server either.
    assert!(refused(at, &["--database", "sqlite:data/rin.db"]).contains("rim.db"));
    // Whoever wants to begin with nothing says so.
    fs::remove_file(&database).expect("it was there");
    fs::remove_file(at.join("data/rim.store")).expect("it was there");
    let _ = fs::remove_file(at.join("data/rim.db-wal"));
    drop(program::Server::start(at, &[]));
}

#[test]
fn what_was_last_written_is_not_deleted_where_its_database_is_missing() {
    let folder = folder();
    let at = folder.path();
    // Killed, it leaves its log.
    drop(program::Server::start(at, &[]));
    let log = at.join("data/rim.db-wal");
    let bytes = fs::read(&log).expect("a log");
    assert!(!bytes.is_empty());
    fs::rename(at.join("data/rim.db"), at.join("elsewhere.db")).expect("moved");
    fs::remove_file(at.join("data/rim.store")).expect("it was there");
    let text = refused(at, &[]);
    assert!(text.contains("rim.db-wal"), "{text}");
    assert_eq!(fs::read(&log).expect("still there"), bytes);
    fs::rename(at.join("elsewhere.db"), at.join("data/rim.db")).expect("moved");
    drop(program::Server::start(at, &[]));
}

#[test]
fn a_database_that_was_cut_off_is_not_served() {
    let folder = folder();
    let at = folder.path();
    // One that stops in order leaves no log.
    let mut server = program::Server::start(at, &[]);
    server.terminate();
    server.process.wait().expect("it ends");
    let database = at.join("data/rim.db");
    let whole = fs::metadata(&database).expect("there").len();
    let file = fs::File::options().write(true).open(&database).expect("opened");
    file.set_len(whole / 2).expect("cut off");
    assert!(refused(at, &[]).contains("the database is cut off"));
}

#[test]
fn a_check_says_what_is_wrong_and_whether_anything_is() {
    let folder = folder();
    let at = folder.path();
    said(at, &["user", "add", "anna", "--generate", "--create"]);
    let server = program::Server::start(at, &[]);
    let beside = said(at, &["check"]);
    assert!(
        beside.contains("0 messages of 0 groups") && beside.contains("nothing is wrong in sqlite:"),
        "{beside}"
    );
    assert!(complaint(at, &["check", "--fill"]).contains("another process has the database open"));
    drop(server);
    assert!(said(at, &["check", "--fill"]).contains("0 messages have a checksum now"));

    let name = format!("{}.png", "0".repeat(64));
    fs::write(at.join("data/media/avatars").join(&name), "not what was uploaded").expect("written");
    let output = super::run(at, &["check"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.contains(&format!("wrong: picture {name} is not what was uploaded")), "{text}");
    let complaint = String::from_utf8(output.stderr).expect("text");
    assert!(complaint.contains("1 things are wrong"), "{complaint}");
}

#[test]
fn a_check_of_postgresql_says_whether_it_has_checksums() {
    let (folder, postgres) = (folder(), rim_testbed::postgres());
    let (at, url) = (folder.path(), postgres.url());
    assert!(complaint(at, &["check", "--database", &url]).contains("there is no rim in it"));
    said(at, &["user", "add", "anna", "--generate", "--create", "--database", &url]);
    let checked = said(at, &["check", "--database", &url]);
    for part in
        ["checksums of its pages", "0 messages of 0 groups, 0 pictures", "nothing is wrong in postgres:"]
    {
        assert!(checked.contains(part), "{part}: {checked}");
    }
}

#[test]
fn a_server_whose_writer_ends_says_so_and_ends_with_an_error() {
    let folder = folder();
    let at = folder.path();
    said(at, &["user", "add", "anna", "--generate", "--create"]);
    let db = rusqlite::Connection::open(at.join("data/rim.db")).expect("a database");
    // Only what the writer prepares when it begins names it.
    db.execute_batch("ALTER TABLE members RENAME COLUMN delivered_seq TO misnamed").expect("renamed");
    drop(db);
    let text = refused(at, &[]);
    for part in ["no such column: delivered_seq", "the store's writer has ended: the server cannot go on"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        text.ends_with("error: the store's writer has ended, and a server cannot go on without it\n"),
        "{text}"
    );
}
