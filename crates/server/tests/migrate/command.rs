//! The program as a person uses it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Output, Stdio};

use tokio_postgres::NoTls;

use crate::house::{Place, answers, filled};
use crate::program::{Server, folder, rim};

fn arguments(from: &Place, to: &Place) -> Vec<String> {
    let database = |place: &Place| match place {
        Place::Folder(folder) => format!("sqlite:{}", folder.path().join("rim.db").display()),
        Place::Server(server) => server.url(),
    };
    ["migrate", "--from", &database(from), "--to", &database(to)].map(str::to_owned).to_vec()
}

fn run(at: &Path, args: &[String]) -> Output {
    rim(at, &args.iter().map(String::as_str).collect::<Vec<_>>()).output().expect("rim can be started")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_command_is_given_again() {
    let (from, _) = filled().await;
    let (to, at) = (Place::server(), folder());
    let args = arguments(&from, &to);
    // The tables are made by the first who comes.
    crate::house::House::open(&to).await.close().await;

    // It comes to the pictures, and waits there.
    let Place::Server(server) = &to else { panic!("it is a server") };
    let (client, connection) = tokio_postgres::connect(&server.url(), NoTls).await.expect("connected");
    let connection = tokio::spawn(connection);
    client.batch_execute("BEGIN; LOCK TABLE media IN SHARE MODE").await.expect("locked");
    let mut process = rim(at.path(), &args.iter().map(String::as_str).collect::<Vec<_>>())
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("rim can be started");
    let mut lines = BufReader::new(process.stderr.take().expect("piped")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.starts_with("copying messages")), "it copies");
    process.kill().expect("killed");
    process.wait().expect("ended");
    client.batch_execute("ROLLBACK").await.expect("released");
    drop(client);
    connection.await.expect("no panic").expect("ended");
    assert!(to.is_unfinished().await);

    let output = run(at.path(), &args);
    let (said, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{log}");
    assert!(said.contains("messages") && said.contains("row by row"), "{said}");
    assert!(log.lines().any(|line| line.starts_with("comparing media")), "{log}");
    assert_eq!(answers(&to).await, answers(&from).await);

    // Once is enough.
    let again = run(at.path(), &args);
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("holds something already"));
}

#[tokio::test]
async fn a_folder_in_which_a_server_runs_is_left_alone() {
    let (from, to) = (Place::folder(), Place::server());
    let Place::Folder(path) = &from else { panic!("it is a folder") };
    let at = folder();
    let missing = run(at.path(), &arguments(&from, &to));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("there is no database at"));

    let data = path.path().display().to_string();
    let server = Server::start(at.path(), &["--data", &data]);
    let refused = run(at.path(), &arguments(&from, &to));
    assert_eq!(refused.status.code(), Some(1));
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(why.contains(&format!("process {}", server.process.id())), "{why}");
    drop(server);
    let moved = run(at.path(), &arguments(&from, &to));
    assert!(moved.status.success(), "{}", String::from_utf8_lossy(&moved.stderr));
}
