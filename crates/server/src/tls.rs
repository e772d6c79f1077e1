//! TLS with a certificate and key from files, which may be replaced while the server runs.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::{Context, Result, anyhow};
use parking_lot::{Mutex, RwLock};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::config::TlsFiles;
use crate::why;

/// The one way of this process to do cryptography, for those who ask for none in particular. Another that was chosen before stays.
pub fn use_ring() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The certificate in use.
pub struct Certificates {
    files: TlsFiles,
    /// Read by every handshake, written by a reload: hence a lock for many readers.
    acceptor: RwLock<TlsAcceptor>,
    /// What the files looked like when they were last read, broken or not. Touched by reloads alone.
    seen: Mutex<Fingerprint>,
}

/// Enough to see that a file was replaced: length and time of modification of both.
type Fingerprint = [Option<(u64, SystemTime)>; 2];

impl Certificates {
    /// Reads the pair.
    ///
    /// # Errors
    /// A file cannot be read, holds no PEM of its kind, or the key is not the certificate's.
    pub fn load(files: TlsFiles) -> Result<Arc<Self>> {
        let seen = fingerprint(&files);
        let acceptor = read(&files)?;
        Ok(Arc::new(Self { files, acceptor: RwLock::new(acceptor), seen: Mutex::new(seen) }))
    }

    /// What a new connection is accepted with.
    pub fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.read().clone()
    }

    /// Reads the pair again if a file has changed. A pair that does not work leaves the old one in use.
    pub fn reload_if_changed(&self) {
        let found = fingerprint(&self.files);
        if std::mem::replace(&mut *self.seen.lock(), found) != found {
            self.reload();
        }
    }

    /// Reads the pair again. A pair that does not work leaves the old one in use.
    pub fn reload(&self) {
        match read(&self.files) {
            Ok(acceptor) => {
                *self.acceptor.write() = acceptor;
                tracing::info!(cert = %self.files.cert.display(), "TLS certificate reloaded");
            }
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "the old TLS certificate stays in use");
            }
        }
    }
}

fn read(files: &TlsFiles) -> Result<TlsAcceptor> {
    let chain = chain(&files.cert).map_err(|why| {
        let file = files.cert.display();
        anyhow!("tls-cert: cannot use {file}: {why}; it must be a PEM file with a certificate and its chain")
    })?;
    let key = key(&files.key).map_err(|why| {
        let file = files.key.display();
        anyhow!("tls-key: cannot use {file}: {why}; it must be a PEM file with the private key of tls-cert")
    })?;
    // The provider is named, as a process that finds two of them compiled in panics at its first use.
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("TLS versions")?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("tls-key: it is not the key of tls-cert; the two must belong together")?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = fs::read(path).map_err(|error| why::in_words(&error))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(|| "it holds no certificate".to_owned())
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let pem = fs::read(path).map_err(|error| why::in_words(&error))?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_| "it holds no private key".to_owned())
}

fn fingerprint(files: &TlsFiles) -> Fingerprint {
    [&files.cert, &files.key].map(|path| {
        let metadata = fs::metadata(path).ok()?;
        Some((metadata.len(), metadata.modified().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write_pair(files: &TlsFiles, names: &[&str]) {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let pair = rcgen::generate_simple_self_signed(names).expect("a certificate");
        fs::write(&files.cert, pair.cert.pem()).expect("written");
        fs::write(&files.key, pair.signing_key.serialize_pem()).expect("written");
    }

    fn pair() -> (tempfile::TempDir, TlsFiles) {
        let folder = tempfile::tempdir().expect("a folder");
        let files = TlsFiles { cert: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
        write_pair(&files, &["localhost"]);
        (folder, files)
    }

    fn config(certificates: &Certificates) -> *const ServerConfig {
        Arc::as_ptr(certificates.acceptor().config())
    }

    #[test]
    fn a_replaced_pair_is_taken_up_and_a_broken_one_is_not() {
        let (_folder, files) = pair();
        let certificates = Certificates::load(files.clone()).expect("a good pair");
        let first = config(&certificates);

        certificates.reload_if_changed();
        assert_eq!(config(&certificates), first, "nothing changed");

        write_pair(&files, &["localhost", "im.example.org"]);
        certificates.reload_if_changed();
        let second = config(&certificates);
        assert_ne!(second, first);

        fs::write(&files.cert, "rubbish").expect("written");
        certificates.reload_if_changed();
        assert_eq!(config(&certificates), second, "the old pair stays");
    }

    #[test]
    fn a_key_of_another_certificate_is_an_error_that_says_so() {
        let (_folder, files) = pair();
        let (_other_folder, other) = pair();
        let error = Certificates::load(TlsFiles { cert: files.cert, key: other.key }).err().expect("refused");
        assert!(format!("{error:#}").contains("tls-key: it is not the key of tls-cert"), "{error:#}");
    }

    #[test]
    fn a_missing_file_is_named_with_its_setting() {
        let (_folder, files) = pair();
        let error =
            Certificates::load(TlsFiles { cert: "missing.pem".into(), ..files }).err().expect("refused");
        let text = format!("{error:#}");
        assert!(text.contains("tls-cert") && text.contains("missing.pem"), "{text}");
    }
}
