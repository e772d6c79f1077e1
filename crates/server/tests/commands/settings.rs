//! Every setting by every way there is, given five values that cannot be: each is refused by name, with what is allowed.

use std::path::Path;
use std::process::Output;

use crate::program::{folder, rim};

/// A setting, words of what is allowed, and values that are not.
type Wrong = (&'static str, &'static str, [&'static str; 5]);

const NUMBER: [&str; 5] = ["", "x", "0", "-1", "99999999999999999999999"];
const TIME: [&str; 5] = ["", "90", "0s", "1.5h", "25h"];
const WINDOW: [&str; 5] = ["", "90", "1.5h", "3651d", "never"];
const SWITCH: [&str; 5] = ["", "maybe", "ON", "1", "yes"];
const WORD: [&str; 5] = ["", " ", "a b", "a\tb", "é"];
const WRONG: &[Wrong] = &[
    ("config", "the path of a", ["", "missing.toml", "a-folder", "a-file/rim.toml", "broken.toml"]),
    ("listen", "an IP address and a port", ["", "nowhere", "8000", "127.0.0.1", "127.0.0.1:70000"]),
    ("ws-listen", "an IP address and a port", ["", "on", "3012", "localhost:3012", "[::1:3012"]),
    ("data", "a folder", ["", "a-file", "a-file/data", "broken.toml", "a-folder/../a-file"]),
    ("database", "sqlite:PATH or postgres://", ["", "rim.db", "sqlite:", "mysql://db/rim", "postgres://"]),
    ("database-connections", "a whole number, 1 or more", NUMBER),
    ("bus", "postgres, nats://HOST:4222", ["", "kafka://x", "nats", "nats://", "nats://a:4222,b:4222"]),
    ("node-name", "1 to 64 characters", ["", "a\tb", "a\nb", "a\rb", TOO_LONG]),
    ("check-interval", "a time from 1s to 24h", TIME),
    ("log-level", "error, warn, info, debug, trace", ["", "loud", "info,loud", "rim_server=loud", "5x"]),
    ("log-format", "text or json", ["", "xml", "TEXT", "text,json", "1"]),
    ("limits", "on or off", SWITCH),
    ("registration", "open or closed", ["", "on", "Open", "no", "0"]),
    ("directory", "everybody or contacts", ["", "on", "Everybody", "friends", "1"]),
    ("login-errors", "precise or uniform", ["", "on", "Precise", "vague", "1"]),
    ("session-days", "a whole number of days, 1 to 3650", ["", "x", "0", "3651", "1.5"]),
    ("time-zone", "local, or a name such as", ["", "Mars/Base", "+01:00", "berlin time", "1"]),
    ("tls-cert", "PEM", ["", "missing.pem", "a-folder", "a-file", "a-file/cert.pem"]),
    ("tls-key", "PEM", ["", "missing.pem", "a-folder", "a-file", "a-file/key.pem"]),
    (
        "allowed-origins",
        "origins such as https://",
        ["", "im.example.org", "ftp://x", "https://x/path", "*,x"],
    ),
    ("remote-pictures", "ask or never", ["", "on", "Ask", "always", "1"]),
    ("link-previews", "on or off", SWITCH),
    ("search", "on or off", SWITCH),
    ("trusted-proxies", "IP addresses", ["", "proxy", "10.0.0.0/8", "10.0.0.1:80", "10.0.0.1,"]),
    ("metrics", "loopback, everybody or nobody", ["", "on", "Loopback", "all", "1"]),
    ("max-body", "4K to 64M", ["", "x", "1", "1G", "65M"]),
    ("upload-quota", "512K to 1024G", ["", "x", "0", "511K", "1048577M"]),
    ("max-file", "64K to 1024G", ["", "x", "0", "63K", "1025G"]),
    ("file-quota", "64K to 1024G", ["", "x", "0", "63K", "1025G"]),
    ("file-day", "64K to 1024G", ["", "x", "0", "63K", "1025G"]),
    ("transfers", "a whole number, 1 or more", NUMBER),
    ("min-free-disk", "a whole number from 0 to 50", ["", "x", "51", "5%", "-1"]),
    ("file-storage", "auto, folder, postgres or s3", ["", "on", "Auto", "disk", "1"]),
    ("postgres-max-file", "512K to 1G", ["", "x", "0", "511K", "2G"]),
    (
        "s3-endpoint",
        "https://HOST",
        ["", "s3.example.org", "ftp://x", "https://x/bucket", "https://rim:word@x"],
    ),
    ("s3-bucket", "3 to 63 of a-z", ["", "ab", "Bucket", "a bucket", TOO_LONG]),
    ("s3-region", "a text without spaces", WORD),
    ("s3-prefix", "names of letters", ["", "/", "a//b", "..", "a b"]),
    ("s3-access-key", "a text without spaces", WORD),
    ("s3-secret-key", "a text without spaces", WORD),
    ("s3-path-style", "on or off", SWITCH),
    ("s3-ca", "PEM", ["", "missing.pem", "a-folder", "a-file", "key.pem"]),
    ("edit-window", "a time from 1s to 3650d", WINDOW),
    ("recall-window", "a time from 1s to 3650d", WINDOW),
    ("max-connections", "a whole number, 1 or more, or auto", NUMBER),
    ("max-connections-per-address", "a whole number, 1 or more", NUMBER),
    ("max-connections-per-user", "a whole number, 1 or more", NUMBER),
    ("idle-timeout", "a time from 1s to 24h", TIME),
    ("request-timeout", "a time from 1s to 24h", TIME),
    ("drain-timeout", "a time from 1s to 24h", TIME),
];
const TOO_LONG: &str = "a name of sixty-five characters, which is one more than there may be";

/// What Rust says where nobody has found words.
const LEAKS: &[&str] = &[
    "os error",
    "invalid digit",
    "found in string",
    "invalid socket address",
    "invalid IP address",
    "number too",
    "cannot parse",
    "invalid utf-8",
    "invalid UTF-8",
    "out of range",
    "I/O error",
    "must be a value",
    "None",
    "Err(",
];

fn place() -> tempfile::TempDir {
    let folder = folder();
    let at = folder.path();
    std::fs::create_dir(at.join("a-folder")).expect("created");
    std::fs::write(at.join("a-file"), "no certificate").expect("written");
    std::fs::write(at.join("broken.toml"), "listen = = 1").expect("written");
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    std::fs::write(at.join("cert.pem"), pair.cert.pem()).expect("written");
    std::fs::write(at.join("key.pem"), pair.signing_key.serialize_pem()).expect("written");
    folder
}

/// What else must be set for the mistake to be looked at.
fn beside(setting: &str) -> &'static [&'static str] {
    match setting {
        "tls-cert" => &["--tls-key", "key.pem"],
        "tls-key" => &["--tls-cert", "cert.pem"],
        _ => &[],
    }
}

fn must_be_explained((setting, allowed, _): &Wrong, value: &str, place: &str, output: &Output) {
    let about = format!("{setting} = {value:?} {place}");
    let said = String::from_utf8(output.stderr.clone()).expect("text");
    assert_eq!(output.status.code(), Some(1), "{about} is refused: {said}");
    assert!(said.starts_with(&format!("error: {setting}: ")), "{about} is named: {said}");
    // A file of settings says in its own words where it is no TOML.
    let words = if value == "broken.toml" && *setting == "config" { "is not TOML" } else { allowed };
    assert!(said.contains(words), "{about}: {words:?} is missing in {said}");
    for leak in LEAKS {
        assert!(!said.contains(leak), "{about} shows {leak:?}: {said}");
    }
}

fn check(at: &Path, (setting, ..): &Wrong, args: &[&str]) -> std::process::Command {
    let mut command = rim(at, &["check-config"]);
    command.args(beside(setting)).args(args);
    command
}

#[test]
fn every_setting_is_in_this_table() {
    let loaded = rim_server::config::load(["rim"]).unwrap_or_else(|error| panic!("{error}"));
    let settings: Vec<&str> = loaded.effective.iter().map(|(name, ..)| &**name).collect();
    assert_eq!(settings, WRONG.iter().map(|(name, ..)| *name).collect::<Vec<_>>());
}

#[test]
fn a_wrong_flag_is_explained() {
    let folder = place();
    for wrong in WRONG {
        for value in wrong.2 {
            let args = [format!("--{}={value}", wrong.0)];
            let output = check(folder.path(), wrong, &[&args[0]]).output().expect("rim can be started");
            must_be_explained(wrong, value, "as a flag", &output);
        }
    }
}

#[test]
fn a_wrong_variable_is_explained() {
    let folder = place();
    for wrong in WRONG {
        let variable = format!("RIM_{}", wrong.0.to_uppercase().replace('-', "_"));
        for value in wrong.2 {
            let output = check(folder.path(), wrong, &[]).env(&variable, value).output();
            must_be_explained(wrong, value, "in the environment", &output.expect("rim can be started"));
        }
    }
}

#[test]
fn a_wrong_line_of_the_file_is_explained() {
    let folder = place();
    let file = folder.path().join("rim.toml");
    for wrong in WRONG.iter().filter(|(name, ..)| *name != "config") {
        for value in wrong.2 {
            std::fs::write(&file, format!("{} = {value:?}", wrong.0)).expect("written");
            let output = check(folder.path(), wrong, &[]).output().expect("rim can be started");
            must_be_explained(wrong, value, "in rim.toml", &output);
        }
    }
}

#[test]
fn a_value_of_a_type_that_no_setting_has_is_explained() {
    let folder = place();
    let file = folder.path().join("rim.toml");
    for wrong in WRONG.iter().filter(|(name, ..)| !["config", "data", "tls-cert", "tls-key"].contains(name)) {
        for value in ["1.5", "{ a = 1 }", "[1, 2]", "2026-11-28", "[[]]"] {
            std::fs::write(&file, format!("{} = {value}", wrong.0)).expect("written");
            let output = check(folder.path(), wrong, &[]).output().expect("rim can be started");
            must_be_explained(wrong, value, "in rim.toml", &output);
        }
    }
    std::fs::write(&file, "registration = true").expect("written");
    let said = check(folder.path(), &WRONG[12], &[]).output().expect("rim can be started").stderr;
    assert!(String::from_utf8_lossy(&said).contains("\"true\" (from rim.toml)"), "as it is written there");
}

#[test]
fn a_flag_without_its_value_and_one_that_is_no_text_are_explained() {
    use std::os::unix::ffi::OsStrExt;

    let folder = place();
    let rubbish = std::ffi::OsStr::from_bytes(b"\xff");
    for wrong in WRONG {
        let flag = format!("--{}", wrong.0);
        let output = check(folder.path(), wrong, &[&flag]).output().expect("rim can be started");
        must_be_explained(wrong, "", "left out", &output);
        if !["config", "data", "tls-cert", "tls-key"].contains(&wrong.0) {
            let mut command = check(folder.path(), wrong, &[&flag]);
            let output = command.arg(rubbish).output().expect("rim can be started");
            must_be_explained(wrong, "\u{fffd}", "in bytes", &output);
        }
    }
}

#[test]
fn a_list_of_nothing_is_one() {
    let folder = folder();
    std::fs::write(folder.path().join("rim.toml"), "allowed-origins = []\ntrusted-proxies = []")
        .expect("written");
    let output = rim(folder.path(), &["check-config"]).output().expect("rim can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What is wrong with an address is seen when it is listened on.
#[test]
fn an_address_that_cannot_be_had_is_explained() {
    let folder = place();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("bound").to_string();
    for (address, why) in [(&*taken, "another process listens there"), ("192.0.2.1:1", "no such address")] {
        for (setting, other) in [("listen", "--ws-listen=off"), ("ws-listen", "--listen=127.0.0.1:0")] {
            let flag = format!("--{setting}={address}");
            let output = rim(folder.path(), &["serve", &flag, other, "--log-level=error"])
                .output()
                .expect("rim can be started");
            must_be_explained(&(setting, why, [""; 5]), address, "as a flag", &output);
        }
    }
}
