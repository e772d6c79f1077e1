//! Where the server is, and who we are to it.

use std::path::PathBuf;

use async_nats::{ConnectOptions, ServerAddr};
use percent_encoding::percent_decode_str;

/// How to connect.
#[derive(Debug, Clone)]
pub struct Options {
    /// The servers of one cluster: `nats://host:port`, or `tls://…`. `user:password@` or `token@` before the host
    /// of one of them hold for all.
    pub urls: Vec<String>,
    /// What the server calls this node in its lists.
    pub node: String,
    /// What every subject begins with, so that several installations may share a server: words of letters,
    /// digits, `_` and `-`, with dots between.
    pub prefix: String,
    /// Hints that wait to be taken from the hearing.
    pub room: usize,
    /// A file of credentials, as `nsc` writes it: a JWT and its seed.
    pub credentials: Option<PathBuf>,
    /// A PEM file of certificates to trust instead of the system's.
    pub root_certificates: Option<PathBuf>,
}

/// Why there is no way to connect, however long one tries.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    #[error("there is no URL of a NATS server")]
    NoUrl,
    // The URL itself may hold a password.
    #[error("URL number {number} is not one of a NATS server: {why}")]
    Url { number: usize, why: String },
    #[error("{0:?} is no prefix of subjects: words of letters, digits, _ and - with dots between")]
    Prefix(String),
    #[error("credentials of NATS in {path:?}: {source}")]
    Credentials { path: PathBuf, source: std::io::Error },
}

impl Options {
    /// The servers, and the options of the client as far as they follow from these.
    pub(crate) async fn resolve(&self) -> Result<(Vec<ServerAddr>, ConnectOptions), OptionsError> {
        let well_formed = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        };
        if !self.prefix.split('.').all(well_formed) {
            return Err(OptionsError::Prefix(self.prefix.clone()));
        }
        let mut options = ConnectOptions::new().name(&self.node);
        let mut servers = Vec::new();
        for (index, url) in self.urls.iter().enumerate() {
            let server = parse(url).map_err(|why| OptionsError::Url { number: index + 1, why })?;
            options = with_user(options, &server);
            servers.push(without_user(server));
        }
        if servers.is_empty() {
            return Err(OptionsError::NoUrl);
        }
        if let Some(path) = &self.credentials {
            let wrong = |source| OptionsError::Credentials { path: path.clone(), source };
            options = options.credentials_file(path).await.map_err(wrong)?;
        }
        if let Some(path) = &self.root_certificates {
            options = options.add_root_certificates(path.clone());
        }
        Ok((servers, options))
    }
}

fn parse(url: &str) -> Result<ServerAddr, String> {
    let server: ServerAddr = url.trim().parse().map_err(|error: std::io::Error| error.to_string())?;
    match server.scheme() {
        "nats" | "tls" if !server.host().is_empty() => Ok(server),
        "nats" | "tls" => Err("it names no host".to_owned()),
        _ => Err("it begins with neither nats:// nor tls://".to_owned()),
    }
}

/// The client itself does not look at the user in a URL.
fn with_user(options: ConnectOptions, server: &ServerAddr) -> ConnectOptions {
    let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    match (server.username(), server.password()) {
        (Some(user), Some(password)) => options.user_and_password(plain(user), plain(password)),
        (Some(token), None) => options.token(plain(token)),
        (None, _) => options,
    }
}

/// Without its password, which would get into logs.
fn without_user(server: ServerAddr) -> ServerAddr {
    let mut url = server.into_inner();
    // They fail where there is no host, which was looked at.
    let _ = (url.set_username(""), url.set_password(None));
    ServerAddr::from_url(url).expect("the scheme is as it was")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(urls: &[&str], prefix: &str) -> Options {
        Options {
            urls: urls.iter().map(|url| (*url).to_owned()).collect(),
            node: "n".to_owned(),
            prefix: prefix.to_owned(),
            room: 1,
            credentials: None,
            root_certificates: None,
        }
    }

    async fn refused(options: Options) -> String {
        options.resolve().await.map(|_| ()).expect_err("it is refused").to_string()
    }

    #[tokio::test]
    async fn passwords_leave_the_urls() {
        let urls = ["nats://me:p%40ss@one:4222", "two", "tls://three:1"];
        let (servers, _) = options(&urls, "rim.a-b_1").resolve().await.expect("they are well formed");
        let urls: Vec<_> = servers.iter().map(ServerAddr::as_url_str).collect();
        assert_eq!(urls, ["nats://one:4222", "nats://two", "tls://three:1"]);
    }

    #[tokio::test]
    async fn what_cannot_work_is_refused_without_saying_the_password() {
        for url in ["ws://me:secret@host", "http://me:secret@host", "nats://me:secret@", "nats://"] {
            let why = refused(options(&["nats://host", url], "rim")).await;
            assert!(why.contains("number 2") && !why.contains("secret"), "{why}");
        }
        assert_eq!(refused(options(&[], "rim")).await, "there is no URL of a NATS server");
        for prefix in ["", ".", "a..b", "a b", "a.*", ">", "ä"] {
            assert!(refused(options(&["nats://host"], prefix)).await.contains("prefix"), "{prefix}");
        }
    }

    #[tokio::test]
    async fn credentials_that_are_not_there_are_refused() {
        let credentials = Some(PathBuf::from("/nowhere/rim.creds"));
        let options = Options { credentials, ..options(&["nats://host"], "rim") };
        assert!(refused(options).await.contains("/nowhere/rim.creds"));
    }
}
