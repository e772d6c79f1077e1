//! The program as a person or a service manager uses it: the real binary, its output and its exit codes.

mod database;
#[path = "../stories/filer.rs"]
#[expect(dead_code, reason = "stories use more of it")]
mod filer;
mod files;
#[path = "../program/mod.rs"]
mod program;
mod settings;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use program::{folder, rim};

fn run(folder: &Path, args: &[&str]) -> Output {
    rim(folder, args).output().expect("rim can be started")
}

/// What a command that succeeds prints.
fn said(folder: &Path, args: &[&str]) -> String {
    let output = run(folder, args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// What a command that fails complains of.
fn complaint(folder: &Path, args: &[&str]) -> String {
    let output = run(folder, args);
    assert_eq!(output.status.code(), Some(1), "{args:?} fails");
    String::from_utf8(output.stderr).expect("text")
}

/// A server and what one may do to it.
struct Server(program::Server);

impl Server {
    fn start(folder: &Path) -> Self {
        Self(program::Server::start(folder, &[]))
    }

    /// The body of the answer to a POST.
    fn post(&self, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.0.address).expect("the server listens");
        let length = body.len();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: rim\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
        .expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        answer.split_once("\r\n\r\n").expect("a head").1.to_owned()
    }

    fn login(&self, account: &str, password: &str) -> String {
        self.post("/api/user/login", &format!(r#"{{"account":"{account}","password":"{password}"}}"#))
    }

    fn signal(&self, signal: &str) {
        let pid = self.0.process.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().expect("kill can be started");
        assert!(sent.success());
    }

    fn exit_code(mut self) -> Option<i32> {
        self.0.process.wait().expect("it ends").code()
    }
}

fn generated_password(output: &str) -> &str {
    output.lines().find_map(|line| line.strip_prefix("password: ")).expect("a password is shown")
}

#[test]
fn users_are_managed_while_no_server_runs() {
    let folder = folder();
    let at = folder.path();
    said(at, &["user", "add", "anna", "--name", "Anna", "--generate", "--create"]);
    said(at, &["user", "add", "bob", "--generate"]);
    said(at, &["user", "disable", "BOB"]);
    let list = said(at, &["user", "list"]);
    assert!(list.contains("anna") && list.contains("Anna"), "{list}");
    let bob = list.lines().find(|line| line.contains("bob")).expect("bob is listed");
    assert!(bob.contains("disabled"), "{list}");
    assert!(complaint(at, &["user", "add", "Anna", "--generate"]).contains("Account Existed"));
    assert!(complaint(at, &["user", "enable", "carol"]).contains("user not found"));
}

#[test]
fn what_is_done_to_a_user_holds_at_once_in_a_running_server() {
    let folder = folder();
    let at = folder.path();
    let server = Server::start(at);
    let added = said(at, &["user", "add", "anna", "--generate"]);
    let password = generated_password(&added);
    assert!(server.login("anna", password).contains(r#""ok":true"#));
    said(at, &["user", "disable", "anna"]);
    assert!(server.login("anna", password).contains(r#""ok":false"#));
    said(at, &["user", "enable", "anna"]);
    let renewed = said(at, &["user", "passwd", "anna", "--generate"]);
    assert!(server.login("anna", password).contains(r#""ok":false"#), "the old password is gone");
    assert!(server.login("anna", generated_password(&renewed)).contains(r#""ok":true"#));
}

/// Every command that is meant for a server or a database.
const COMMANDS: &[&[&str]] = &[
    &["user", "add", "anna", "--generate"],
    &["user", "list"],
    &["user", "passwd", "anna", "--generate"],
    &["user", "disable", "anna"],
    &["user", "enable", "anna"],
    &["backup", "copy.db"],
];

#[test]
fn a_command_that_finds_no_server_says_how_to_name_it_and_makes_nothing() {
    let (folder, elsewhere) = (folder(), folder());
    let data = folder.path().join("data").display().to_string();
    let _server = Server(program::Server::start(elsewhere.path(), &["--data", &data]));
    for args in COMMANDS {
        let complaint = complaint(elsewhere.path(), args);
        let missing = elsewhere.path().join("data/rim.db").display().to_string();
        for part in ["there is no database at", &missing, "--data", "--database", "--config", "RIM_DATA"] {
            assert!(complaint.contains(part), "{args:?}: {part:?} is missing in {complaint}");
        }
        assert_eq!(
            std::fs::read_dir(elsewhere.path()).expect("a folder").count(),
            0,
            "{args:?} made something"
        );
    }
    let hint = complaint(elsewhere.path(), COMMANDS[0]);
    assert!(hint.contains("no user was added") && hint.contains("--create"), "{hint}");
    let nodes = complaint(elsewhere.path(), &["nodes"]);
    assert!(nodes.contains("--database") && nodes.contains("RIM_CONFIG"), "{nodes}");

    // With the folder that it is told of it is the server that does it.
    for args in COMMANDS {
        said(elsewhere.path(), &[args, &["--data", &*data][..]].concat());
    }
}

#[test]
fn a_database_is_made_by_a_command_that_is_told_to() {
    let folder = folder();
    said(folder.path(), &["user", "add", "anna", "--generate", "--create"]);
    assert!(said(folder.path(), &["user", "list"]).contains("anna"));
    // One that is there is used.
    said(folder.path(), &["user", "add", "bob", "--generate", "--create"]);
    let list = said(folder.path(), &["user", "list"]);
    assert!(list.contains("anna") && list.contains("bob"), "{list}");
}

#[test]
fn a_command_that_names_the_database_alone_reaches_the_server_that_has_it() {
    let (home, at, elsewhere) = (folder(), folder(), folder());
    let database = format!("sqlite:{}", home.path().join("chat.db").display());
    let server = Server(program::Server::start(at.path(), &["--database", &database]));
    let added = said(elsewhere.path(), &["user", "add", "anna", "--generate", "--database", &database]);
    assert!(server.login("anna", generated_password(&added)).contains(r#""ok":true"#));
    assert!(!elsewhere.path().join("data").exists(), "no folder is made beside");
    // And none replaces it under the server.
    said(elsewhere.path(), &["backup", "copy.db", "--database", &database]);
    let restore = ["restore", "copy.db", "--replace", "--database", &database];
    let refused = complaint(elsewhere.path(), &restore);
    assert!(refused.contains(&format!("process {}", server.0.process.id())), "{refused}");
}

#[test]
fn a_server_with_another_database_is_not_the_one_that_is_meant() {
    let (home, folder) = (folder(), folder());
    let at = folder.path();
    // There is a database in its folder, of before it was given another.
    said(at, &["user", "add", "old", "--generate", "--create"]);
    let database = format!("sqlite:{}", home.path().join("chat.db").display());
    let made = ["user", "add", "new", "--generate", "--create", "--database", &database];
    said(at, &[&made[..], &["--data", &home.path().display().to_string()]].concat());
    let _server = Server(program::Server::start(at, &["--database", &database]));
    let other = format!("sqlite:{}", at.join("data/old.db").display());
    std::fs::copy(at.join("data/rim.db"), at.join("data/old.db")).expect("copied");
    for args in COMMANDS {
        let complaint = complaint(at, &[args, &["--database", &*other][..]].concat());
        assert!(complaint.contains("chat.db") && complaint.contains("old.db"), "{args:?}: {complaint}");
    }
    // Not named, it is the server's; a copy is made of a file, which has to be named.
    assert!(!said(at, &["user", "list"]).contains("old"));
    assert!(complaint(at, &["backup", "copy.db"]).contains("chat.db"));
    said(at, &["backup", "copy.db", "--database", &database]);
}

#[test]
fn an_empty_postgresql_stays_empty_unless_a_command_is_told_to_fill_it() {
    let (folder, postgres) = (folder(), rim_testbed::postgres());
    let (at, url) = (folder.path(), postgres.url());
    for args in [&["user", "list"][..], &["user", "add", "anna", "--generate"], &["nodes"]] {
        let complaint = complaint(at, &[args, &["--database", &*url][..]].concat());
        assert!(complaint.contains("there is no rim in it"), "{args:?}: {complaint}");
    }
    said(at, &["user", "add", "anna", "--generate", "--create", "--database", &url]);
    assert!(said(at, &["user", "list", "--database", &url]).contains("anna"));
}

#[test]
fn a_command_shows_its_own_options_and_the_settings_that_lead_to_the_server() {
    let folder = folder();
    let mut commands = COMMANDS.to_vec();
    commands.extend([&["user"][..], &["check-config"], &["nodes"], &["migrate"]]);
    for args in commands {
        let help = said(folder.path(), &[args, &["--help"][..]].concat());
        let others = ["--listen", "--bus", "--idle-timeout", "--log-level"];
        assert!(!others.iter().any(|setting| help.contains(setting)), "{args:?}: {help}");
        assert!(help.contains("All other settings"), "{args:?}: {help}");
        assert_eq!(help.contains("--database"), args != ["migrate"], "{args:?}: {help}");
    }
    for args in [&["--help"][..], &["serve", "--help"]] {
        let help = said(folder.path(), args);
        assert!(help.contains("--listen") && help.contains("--drain-timeout"), "{args:?}: {help}");
    }
    // What is hidden is taken all the same, from the file as well.
    std::fs::write(folder.path().join("rim.toml"), "idle-timeout = '5m'").expect("written");
    let settings = said(folder.path(), &["check-config", "--drain-timeout", "7s"]);
    for (name, value) in [("idle-timeout", "5m"), ("drain-timeout", "7s")] {
        let line = settings.lines().find(|line| line.starts_with(name)).expect("it is listed");
        assert!(line.contains(value), "{settings}");
    }
}

#[test]
fn help_shows_no_password_of_the_environment() {
    let folder = folder();
    let mut command = rim(folder.path(), &["--help"]);
    command
        .env("RIM_DATABASE", "postgres://rim:opensesame@db/rim")
        .env("RIM_BUS", "nats://rim:opensesame@bus:4222")
        .env("RIM_S3_SECRET_KEY", "opensesame");
    let output = command.output().expect("rim can be started");
    assert!(output.status.success() && !String::from_utf8_lossy(&output.stdout).contains("opensesame"));
    for secret in ["open sesame", ""] {
        let output = rim(folder.path(), &["check-config"]).env("RIM_S3_SECRET_KEY", secret).output();
        let said = String::from_utf8(output.expect("rim can be started").stderr).expect("text");
        assert!(said.starts_with("error: s3-secret-key: \"…\" "), "{said}");
    }
}

#[test]
fn a_password_may_come_from_another_program() {
    let folder = folder();
    let mut command = rim(folder.path(), &["user", "add", "anna", "--password-stdin", "--create"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("started");
    command.stdin.take().expect("piped").write_all(b"pass word \n").expect("written");
    assert!(command.wait().expect("it ends").success());
    let server = Server::start(folder.path());
    assert!(server.login("anna", "pass word ").contains(r#""ok":true"#), "only the line end is cut off");
}

#[test]
fn a_second_server_on_the_same_folder_is_refused() {
    let folder = folder();
    let server = Server::start(folder.path());
    let complaint = complaint(folder.path(), &["--listen", "127.0.0.1:0", "--ws-listen", "off"]);
    assert!(complaint.contains(&format!("process {}", server.0.process.id())), "{complaint}");
    assert!(complaint.contains("--data"), "{complaint}");
}

#[test]
fn a_port_in_use_is_named_with_its_setting() {
    let (one, other) = (folder(), folder());
    let server = Server::start(one.path());
    let complaint = complaint(other.path(), &["--ws-listen", &server.0.address, "--listen", "127.0.0.1:0"]);
    assert!(complaint.contains("ws-listen") && complaint.contains(&server.0.address), "{complaint}");
}

#[test]
fn a_server_that_is_told_to_stop_ends_with_0_and_leaves_nothing_half_done() {
    for signal in ["-TERM", "-INT"] {
        let folder = folder();
        let server = Server::start(folder.path());
        server.signal(signal);
        assert_eq!(server.exit_code(), Some(0), "{signal}");
        let data = folder.path().join("data");
        assert!(!data.join("admin.sock").exists(), "the socket is removed");
        assert!(!data.join("rim.db-wal").exists(), "the journal is written back");
    }
}

#[test]
fn a_second_signal_ends_a_server_that_waits_for_a_request() {
    let folder = folder();
    let server = Server::start(folder.path());
    let mut slow = TcpStream::connect(&server.0.address).expect("the server listens");
    slow.write_all(b"POST /api/user/login HTTP/1.1\r\nHost: rim\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n")
        .expect("sent");
    // The server asks for the body, so the request is under way.
    let mut interim = [0; 12];
    slow.read_exact(&mut interim).expect("an interim answer");
    assert_eq!(&interim, b"HTTP/1.1 100");
    server.signal("-TERM");
    // It stops accepting before it waits.
    while TcpStream::connect(&server.0.address).is_ok() {}
    server.signal("-TERM");
    assert_eq!(server.exit_code(), Some(128 + 15));
}

#[test]
fn a_backup_is_a_database_of_its_own() {
    let (folder, restored) = (folder(), folder());
    let at = folder.path();
    let server = Server::start(at);
    said(at, &["user", "add", "anna", "--generate"]);
    let copy = restored.path().join("copy.db");
    let copy = copy.to_str().expect("text");
    said(at, &["backup", copy]);
    assert!(complaint(at, &["backup", copy]).contains("exists already"));
    drop(server);
    let list = said(restored.path(), &["user", "list", "--database", &format!("sqlite:{copy}")]);
    assert!(list.contains("anna"), "{list}");
}

#[test]
fn check_config_tells_what_holds_and_what_cannot() {
    let folder = folder();
    let at = folder.path();
    std::fs::write(at.join("rim.toml"), "registration = 'closed'\n").expect("written");
    let settings = said(at, &["check-config", "--idle-timeout", "5m"]);
    let line =
        |name: &str| settings.lines().find(|line| line.starts_with(name)).expect("it is listed").to_owned();
    assert!(line("registration").contains("closed") && line("registration").contains("rim.toml"));
    assert!(line("idle-timeout").contains("5m") && line("idle-timeout").contains("flag"));
    assert!(line("database").contains("./data/rim.db") && line("database").contains("default"));

    std::fs::write(at.join("rim.toml"), "registratoin = 'closed'\n").expect("written");
    assert!(complaint(at, &["check-config"]).contains("did you mean registration?"));
}
