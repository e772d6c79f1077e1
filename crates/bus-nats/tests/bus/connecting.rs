//! Who we are to the server, and it to us.

use std::fs;

use rim_bus_nats::{NatsBus, Options};
use rim_core::bus::{Bus, Subject};
use rim_testbed::{Nats, Server};

use crate::{connect, hears, hint, options, until};

/// The URL with something else before the host.
fn url_of(server: &Server, scheme: &str, user: &str) -> String {
    format!("{scheme}://{user}{}", server.address())
}

async fn work(options: Options) {
    let (one, _one_hears) = connect(options.clone()).await;
    let (_other, mut other_hears) = connect(options).await;
    one.publish(Subject::Everybody, b"hello".into());
    hears(&mut other_hears, hint(Subject::Everybody, "hello")).await;
}

/// Waits for the reason why it does not connect.
async fn refusal(options: Options, reason: &str) {
    let (bus, _hearing) = NatsBus::connect(options).await.expect("the options are well formed");
    until(|| bus.ready().is_err_and(|why| why.contains(reason))).await;
}

#[tokio::test]
async fn a_user_and_their_password_are_in_the_url() {
    let server = Nats::private(&["--user", "rim", "--pass", "p@ss:/word"]);
    work(options(url_of(&server, "nats", "rim:p%40ss%3A%2Fword@"), "rim")).await;
    refusal(options(url_of(&server, "nats", "rim:wrong@"), "rim"), "authorization violation").await;
    refusal(options(url_of(&server, "nats", ""), "rim"), "authorization violation").await;
}

#[tokio::test]
async fn a_token_is_in_the_url() {
    let server = Nats::private(&["--auth", "t0ken"]);
    work(options(url_of(&server, "nats", "t0ken@"), "rim")).await;
}

#[tokio::test]
async fn tls_is_for_those_who_are_trusted() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    fs::write(&certificate, made.cert.pem()).expect("it is written");
    fs::write(&key, made.signing_key.serialize_pem()).expect("it is written");
    let path = |path: &std::path::Path| path.to_str().expect("it is UTF-8").to_owned();
    let server = Nats::private(&["--tls", "--tlscert", &path(&certificate), "--tlskey", &path(&key)]);
    // The server asks for TLS, whatever the URL says.
    for scheme in ["nats", "tls"] {
        let mut trusting = options(url_of(&server, scheme, ""), "rim");
        trusting.root_certificates = Some(certificate.clone());
        work(trusting).await;
    }
    refusal(options(url_of(&server, "tls", ""), "rim"), "no connection to NATS: nats: ").await;
}

#[tokio::test]
async fn installations_share_a_server_by_their_prefixes() {
    let nats = rim_testbed::nats();
    let (one, _one_hears) = connect(options(nats.url(), &format!("{}.one", nats.prefix()))).await;
    let other_prefix = format!("{}.other", nats.prefix());
    let (other, _other_hears) = connect(options(nats.url(), &other_prefix)).await;
    let (_listener, mut listener_hears) = connect(options(nats.url(), &other_prefix)).await;
    one.publish(Subject::Everybody, b"of one".into());
    // It is on its way before the other's when the server has seen it.
    one.close().await;
    other.publish(Subject::Everybody, b"of the other".into());
    assert_eq!(listener_hears.recv().await, Some(hint(Subject::Everybody, "of the other")));
}
