//! `rim files`, and the files of a backup: what is there is told, moved, and fetched again.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use reqwest::Method;
use rim_client::Api;
use rim_testbed::S3;
use tempfile::TempDir;

use crate::filer::{Filer, bytes};
use crate::program::{Server, folder, rim};
use crate::{complaint, run, said};

/// Larger than what is copied from memory, and than a part of an upload to S3.
const LARGE: usize = 5_300_000;
const FILM: &[u8] = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x08free";

/// Somebody with files, and what these are.
struct House {
    folder: TempDir,
    token: String,
    files: Vec<(String, Vec<u8>)>,
}

impl House {
    /// On a server with these settings: a picture with a preview, a film with a poster, and what is large and what is empty.
    async fn found(settings: &[&str]) -> Self {
        let folder = folder();
        let server = Server::start(folder.path(), settings);
        let api = Api::new(format!("http://{}", server.address));
        api.register("anna", "secret").await.expect("registered");
        let token =
            api.login("anna", "secret").await.expect("logged in").token().expect("a token").to_owned();
        let mut house = Self { folder, token, files: Vec::new() };
        let film = house.upload(&server, FILM.to_vec()).await;
        let (path, poster) = (format!("/api/file/poster?id={film}"), picture(40, 30));
        house.filer(&server).ask(Method::POST, &path, &[], &poster).await.data();
        for file in [picture(400, 300), bytes(1, LARGE), bytes(2, 300_000), Vec::new()] {
            house.upload(&server, file).await;
        }
        house
    }

    fn filer(&self, server: &Server) -> Filer {
        Filer::new(format!("http://{}", server.address), &self.token)
    }

    async fn upload(&mut self, server: &Server, file: Vec<u8>) -> String {
        let id = self.filer(server).file("a", &file).await;
        self.files.push((id.clone(), file));
        id
    }

    /// All that it has is fetched from a server on that folder with these settings.
    async fn is_fetched_from(&self, folder: &Path, settings: &[&str]) {
        let server = Server::start(folder, settings);
        let filer = self.filer(&server);
        for (id, file) in &self.files {
            let fetched = filer.get(&format!("/media/files/{id}")).await;
            assert!(fetched.status == 200 && fetched.body == *file, "{id}: {}", fetched.status);
        }
        for (id, _) in &self.files[..2] {
            assert_eq!(filer.get(&format!("/media/files/{id}/320")).await.status, 200, "a preview of {id}");
        }
    }

    fn at(&self) -> &Path {
        self.folder.path()
    }

    /// The only object below that folder of `media` that has so many bytes.
    fn object(&self, kind: &str, length: usize) -> PathBuf {
        let mut found = objects(&self.at().join("data/media").join(kind));
        found.retain(|path| path.metadata().expect("it is there").len() == length as u64);
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }
}

fn objects(folder: &Path) -> Vec<PathBuf> {
    let shards = std::fs::read_dir(folder).expect("listed").map(|shard| shard.expect("listed").path());
    shards
        .flat_map(|shard| std::fs::read_dir(shard).expect("listed"))
        .map(|object| object.expect("listed").path())
        .collect()
}

fn name(path: &Path) -> &str {
    path.file_name().expect("a name").to_str().expect("text")
}

/// A grey PNG whose bytes are not compressed.
fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut rows = Vec::new();
    for row in 0..height {
        rows.push(0);
        rows.extend((0..width).map(|column| (row * 7 + column * 3) as u8));
    }
    let (a, b) = rows.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    let mut zlib = vec![0x78, 0x01];
    let blocks: Vec<_> = rows.chunks(60_000).collect();
    for (number, block) in blocks.iter().enumerate() {
        let length = u16::try_from(block.len()).expect("a block");
        zlib.push(u8::from(number + 1 == blocks.len()));
        zlib.extend(length.to_le_bytes());
        zlib.extend((!length).to_le_bytes());
        zlib.extend(*block);
    }
    zlib.extend((b << 16 | a).to_be_bytes());
    let mut head = [width.to_be_bytes(), height.to_be_bytes()].concat();
    head.extend([8, 0, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [(b"IHDR", head), (b"IDAT", zlib), (b"IEND", Vec::new())] {
        let content = [kind.to_vec(), data].concat();
        png.extend(u32::try_from(content.len() - 4).expect("a size").to_be_bytes());
        png.extend(&content);
        let sum = content.iter().fold(u32::MAX, |sum, byte| {
            (0..8)
                .fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg()))
        });
        png.extend((!sum).to_be_bytes());
    }
    png
}

const CHECK: &[&str] = &["files", "check"];
const DEEP: &[&str] = &["files", "check", "--deep"];

/// What a check finds wrong, a line each, without its last one.
fn wrong(at: &Path, args: &[&str]) -> Vec<String> {
    let output = run(at, args);
    let text = String::from_utf8(output.stdout).expect("text");
    assert_eq!(output.status.code(), Some(1), "{args:?}: {text}");
    text.lines().filter_map(|line| line.strip_prefix("wrong: ")).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_check_of_files_finds_each_way_in_which_bytes_can_be_other_than_was_stored() {
    let house = House::found(&[]).await;
    let at = house.at();
    for args in [CHECK, DEEP] {
        let text = said(at, args);
        assert!(text.contains("6 files with different bytes") && text.contains("nothing is wrong"), "{text}");
        assert!(!text.contains("named by no file"), "{text}");
    }
    let (blob, preview) = (house.object("blobs", 300_000), &objects(&at.join("data/media/previews"))[0]);
    let hash = name(&blob).to_owned();
    let kept = std::fs::read(&blob).expect("read");

    std::fs::remove_file(&blob).expect("removed");
    assert_eq!(wrong(at, CHECK), [format!("the bytes of {hash} are missing")]);
    std::fs::write(&blob, &kept[..1000]).expect("written");
    assert_eq!(wrong(at, CHECK), [format!("{hash} has 1000 bytes, and not 300000")]);
    let mut other = kept.clone();
    other[200_000] ^= 1;
    std::fs::write(&blob, &other).expect("written");
    said(at, CHECK);
    assert_eq!(wrong(at, DEEP), [format!("blobs/{}/{hash} has other bytes than were stored", &hash[..2])]);
    std::fs::write(&blob, &kept).expect("written");
    said(at, DEEP);

    let held = std::fs::read(preview).expect("read");
    std::fs::remove_file(preview).expect("removed");
    let (of, side) = name(preview).split_once('-').expect("a side");
    assert_eq!(wrong(at, CHECK), [format!("the preview of {of} with {side} pixels is missing")]);
    std::fs::write(preview, held).expect("written");

    // What nobody knows is told, and nothing is wrong.
    let unknown = at.join("data/media/blobs/00").join("0".repeat(64));
    std::fs::create_dir_all(unknown.parent().expect("a folder")).expect("made");
    std::fs::write(&unknown, "nobody's").expect("written");
    let text = said(at, CHECK);
    assert!(text.contains("1 objects of 8 bytes the database does not know"), "{text}");
    assert!(text.contains(&format!("unknown: blobs/00/{}, 8 bytes", "0".repeat(64))), "{text}");
    assert_eq!(wrong(at, DEEP), [format!("blobs/00/{} has other bytes than were stored", "0".repeat(64))]);
    std::fs::remove_file(&unknown).expect("removed");

    // Rows that contradict each other are for the check of the database.
    let db = rusqlite::Connection::open(at.join("data/rim.db")).expect("a database");
    let id = &house.files[3].0;
    db.execute("UPDATE files SET unused_at = NULL WHERE id = ?1", [id]).expect("changed");
    assert_eq!(wrong(at, &["check"]).len(), 1);
    said(at, CHECK);
    db.execute("UPDATE files SET unused_at = created_at, size_bytes = 1 WHERE id = ?1", [id])
        .expect("changed");
    assert_eq!(wrong(at, &["check"]).len(), 1);
}

/// Hashes and sizes of the blobs that no file names, as a database knows them.
fn unnamed(at: &Path) -> Vec<(String, i64)> {
    let db = rusqlite::Connection::open(at.join("data/rim.db")).expect("a database");
    let sql =
        "SELECT hash, size_bytes FROM blobs WHERE claimed_at > 0 AND leaving_at IS NULL ORDER BY size_bytes";
    let mut rows = db.prepare(sql).expect("good SQL");
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("asked");
    rows.collect::<Result<_, _>>().expect("read")
}

#[tokio::test]
async fn what_a_restored_backup_does_not_know_is_told_and_removed_where_somebody_says_so() {
    let mut house = House::found(&[]).await;
    said(house.at(), &["backup", "one.db"]);
    let server = Server::start(house.at(), &[]);
    house.upload(&server, bytes(60, 7_000)).await;
    house.upload(&server, picture(401, 300)).await;
    drop(server);
    let pictured = house.object("blobs", house.files.last().expect("a picture").1.len());
    house.files.truncate(5);
    said(house.at(), &["restore", "one.db", "--replace"]);

    let told = said(house.at(), CHECK);
    let size = house.object("blobs", 7_000);
    assert!(told.contains("3 objects of") && told.contains("the database does not know"), "{told}");
    assert!(told.contains(&format!("{}, 7000 bytes", name(&size))), "{told}");
    assert_eq!(told.matches(name(&pictured)).count(), 2, "the picture and its preview: {told}");
    assert_eq!(unnamed(house.at()), [], "it is only told");

    // Through the server, and where none runs.
    let remove = [CHECK, &["--remove-unknown"]].concat();
    let server = Server::start(house.at(), &[]);
    let told = said(house.at(), &remove);
    assert!(told.contains("2 files that the database did not know go with the first sweep"), "{told}");
    drop(server);
    let known = unnamed(house.at());
    let expected = [&size, &pictured].map(|path| name(path).to_owned());
    assert_eq!(known.iter().map(|(hash, _)| hash.clone()).collect::<Vec<_>>(), expected);
    assert_eq!(known.iter().map(|(_, size)| *size).min(), Some(7_000));
    let told = said(house.at(), &remove);
    assert!(
        told.contains("3 objects of") && told.contains("named by no file"),
        "a server removes them: {told}"
    );
    assert!(!told.contains("unknown") && unnamed(house.at()).len() == 2, "{told}");
    let other = at_by_another_name(&size);
    assert!(said(house.at(), &remove).contains("1 files that the database did not know"), "{other:?}");
    house.is_fetched_from(house.at(), &[]).await;

    // Of a database that knows none of them.
    let db = rusqlite::Connection::open(house.at().join("data/rim.db")).expect("a database");
    db.execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM files; DELETE FROM blobs").expect("changed");
    drop(db);
    let refused = complaint(house.at(), &remove);
    assert!(refused.contains("is it theirs? Nothing was changed"), "{refused}");
    assert_eq!(unnamed(house.at()), []);
}

/// The same bytes as a blob that nobody has: whoever reads it finds others than were stored.
fn at_by_another_name(blob: &Path) -> PathBuf {
    let other = blob.parent().expect("a folder").with_file_name("ff").join("f".repeat(64));
    std::fs::create_dir_all(other.parent().expect("a folder")).expect("made");
    std::fs::copy(blob, &other).expect("copied");
    other
}

/// The settings of a bucket, as flags.
fn bucket(s3: &S3) -> Vec<String> {
    vec![
        format!("--s3-endpoint=http://{}", s3.address()),
        format!("--s3-bucket={}", S3::BUCKET),
        format!("--s3-access-key={}", S3::ACCESS_KEY),
        format!("--s3-secret-key={}", S3::SECRET_KEY),
    ]
}

fn with<'a>(args: &[&'a str], more: &'a [String]) -> Vec<&'a str> {
    args.iter().copied().chain(more.iter().map(|arg| &**arg)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_copied_to_s3_and_back_also_after_a_kill_in_the_midst() {
    let mut house = House::found(&[]).await;
    let server = Server::start(house.at(), &[]);
    for seed in 10..30 {
        house.upload(&server, bytes(seed, 400_000)).await;
    }
    let s3 = S3::start();
    let to_s3 = bucket(&s3);
    let copy = with(&["files", "copy", "--to", "s3"], &to_s3);
    // Beside the server, and killed once some of it is there.
    let blobs = || s3.names().iter().filter(|name| name.starts_with("blobs/")).count();
    let mut copying =
        rim(house.at(), &copy).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    while blobs() < 4 {
        assert!(copying.try_wait().expect("asked").is_none(), "it is broken off");
        tokio::task::yield_now().await;
    }
    copying.kill().expect("killed");
    copying.wait().expect("ended");
    let there = blobs();
    assert!((4..25).contains(&there), "{there}");
    house.upload(&server, bytes(40, 1_000)).await;
    drop(server);
    let text = said(house.at(), &copy);
    assert!(text.contains("objects of ") && text.contains("were there"), "{text}");
    let again = said(house.at(), &copy);
    assert!(again.starts_with("0 objects of 0 bytes were copied"), "{again}");

    let in_s3 = with(&["--file-storage=s3"], &to_s3);
    let media = house.at().join("data/media");
    std::fs::rename(&media, house.at().join("put-aside")).expect("moved");
    for check in [CHECK, DEEP] {
        assert!(said(house.at(), &[check, &in_s3].concat()).contains("nothing is wrong"));
    }
    house.is_fetched_from(house.at(), &in_s3).await;
    // The other way, into nothing.
    let back = with(&["files", "copy", "--from", "s3", "--to", "folder"], &to_s3);
    said(house.at(), &back);
    assert!(said(house.at(), DEEP).contains("nothing is wrong"));
    house.is_fetched_from(house.at(), &[]).await;
    let same = complaint(house.at(), &["files", "copy", "--to", "folder"]);
    assert!(same.contains("both are the same place"), "{same}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_copied_from_a_folder_to_postgresql_and_what_is_too_large_is_named() {
    let postgres = rim_testbed::postgres();
    let database = format!("--database={}", postgres.url());
    let in_folder = [&*database, "--file-storage=folder"];
    let house = House::found(&in_folder).await;
    let copy = ["files", "copy", "--to", "postgres", &database, "--file-storage=folder"];
    let refused = complaint(house.at(), &[&copy[..], &["--postgres-max-file=1M"]].concat());
    let large = house.object("blobs", LARGE);
    assert!(refused.contains(name(&large)), "{refused}");
    let text = said(house.at(), &copy);
    assert!(text.contains("were there"), "{text}");
    std::fs::remove_dir_all(house.at().join("data/media")).expect("removed");
    assert!(said(house.at(), &[DEEP, &[&*database]].concat()).contains("nothing is wrong"));
    house.is_fetched_from(house.at(), &[&database]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_a_backup_are_fetched_again_from_the_server_that_is_restored() {
    let s3 = S3::start();
    let in_s3 =
        with(&["--file-storage=s3"], &bucket(&s3)).iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>();
    for settings in [Vec::new(), in_s3.iter().map(|arg| &**arg).collect()] {
        let mut house = House::found(&settings).await;
        let server = Server::start(house.at(), &settings);
        said(house.at(), &[&["backup", "one.db", "--files", "files"], &settings[..]].concat());
        house.upload(&server, bytes(50, 2_000)).await;
        // Beside the server, and what is there is not copied again.
        let backup = run(house.at(), &[&["backup", "two.db", "--files", "files"], &settings[..]].concat());
        let told = String::from_utf8(backup.stderr).expect("text");
        assert!(backup.status.success() && told.contains("1 objects of 2000 bytes were copied"), "{told}");
        // What comes after it is not in it.
        let later = house.upload(&server, bytes(51, 3_000)).await;
        house.files.pop();
        drop(server);

        let elsewhere = folder();
        let data = elsewhere.path().join("data");
        let from = house.at().join("two.db");
        said(elsewhere.path(), &["restore", from.to_str().expect("a path in UTF-8")]);
        std::fs::rename(house.at().join("files"), data.join("media")).expect("moved");
        assert!(said(elsewhere.path(), DEEP).contains("nothing is wrong"));
        house.is_fetched_from(elsewhere.path(), &[]).await;
        let server = Server::start(elsewhere.path(), &[]);
        assert_eq!(house.filer(&server).get(&format!("/media/files/{later}")).await.status, 404);
        // It takes new ones.
        house.upload(&server, bytes(52, 4_000)).await;
        drop(server);
        house.is_fetched_from(elsewhere.path(), &[]).await;
    }
}
