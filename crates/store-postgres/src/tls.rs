//! Encryption of the connections: what `sslmode` and `sslrootcert` of the URL ask for, as libpq does.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::OpenError;

/// Whom the server must be vouched for by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Nobody: it is enough that nobody listens.
    Anybody,
    /// The authorities that the system trusts.
    System,
    /// Those in this file of PEM certificates.
    File(String),
}

impl Trust {
    /// Whether a connection that is not encrypted is none.
    pub(crate) fn is_required(&self) -> bool {
        *self != Self::Anybody
    }
}

/// Takes out of a URL what tokio-postgres does not know: `sslrootcert`, and the `verify-…` of `sslmode`.
///
/// # Errors
/// `Url` where they contradict each other.
pub(crate) fn take_trust(url: &str) -> Result<(String, Trust), OpenError> {
    if !["sslrootcert", "verify-", "sslmode=allow"].iter().any(|word| url.contains(word)) {
        return Ok((url.to_owned(), Trust::Anybody));
    }
    let is_url = url.starts_with("postgres://") || url.starts_with("postgresql://");
    let (head, pairs, separator) = match url.split_once('?') {
        Some((head, query)) if is_url => (format!("{head}?"), query.split('&').collect::<Vec<_>>(), "&"),
        _ if is_url => return Ok((url.to_owned(), Trust::Anybody)),
        _ => (String::new(), url.split_whitespace().collect(), " "),
    };
    let (mut roots, mut verify, mut plain) = (None, false, false);
    let mut rest = Vec::new();
    for pair in pairs {
        match pair.split_once('=') {
            Some(("sslrootcert", file)) => roots = Some(decoded(file, is_url)),
            Some(("sslmode", "verify-full" | "verify-ca")) => verify = true,
            Some(("sslmode", "disable")) => {
                plain = true;
                rest.push(pair);
            }
            // What tokio-postgres has no word for: encrypted only if the server insists.
            Some(("sslmode", "allow")) => rest.push("sslmode=prefer"),
            _ => rest.push(pair),
        }
    }
    if plain && roots.is_some() {
        return Err(OpenError::Url("sslrootcert is of no use with sslmode=disable".into()));
    }
    let trust = match roots {
        Some(system) if system == "system" => Trust::System,
        Some(file) => Trust::File(file),
        None if verify => Trust::System,
        None => Trust::Anybody,
    };
    Ok((head + &rest.join(separator), trust))
}

/// Undoes the percent-encoding of a path in a URL.
fn decoded(text: &str, is_url: bool) -> String {
    if !is_url {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = (*first == b'%').then(|| text_of(after.get(..2)?)).flatten();
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn text_of(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// What makes connections encrypted. Whether they are is for `sslmode` to say.
///
/// # Errors
/// `Roots` where the certificates to trust cannot be read.
pub(crate) fn connector(trust: &Trust) -> Result<MakeRustlsConnect, OpenError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("ring has ciphers for each version");
    let config = match trust {
        Trust::Anybody => {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Unverified(provider)))
        }
        Trust::System | Trust::File(_) => {
            let roots = Arc::new(roots(trust)?);
            let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider).build();
            let verifier = verifier.map_err(|error| OpenError::Roots(error.to_string()))?;
            builder.with_webpki_verifier(verifier)
        }
    };
    Ok(MakeRustlsConnect::new(config.with_no_client_auth()))
}

fn roots(trust: &Trust) -> Result<RootCertStore, OpenError> {
    let wrong = |file: &str, error: &dyn std::fmt::Display| OpenError::Roots(format!("{file}: {error}"));
    let mut roots = RootCertStore::empty();
    if let Trust::File(file) = trust {
        for certificate in CertificateDer::pem_file_iter(file).map_err(|error| wrong(file, &error))? {
            let certificate = certificate.map_err(|error| wrong(file, &error))?;
            roots.add(certificate).map_err(|error| wrong(file, &error))?;
        }
    } else {
        // Some of the system's may be of no use to rustls: the others are.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    if roots.is_empty() { Err(OpenError::Roots("there are none".into())) } else { Ok(roots) }
}

/// Takes any certificate, as libpq does for `prefer` and `require`.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(url: &str) -> (String, Trust) {
        take_trust(url).expect("no contradiction")
    }

    #[test]
    fn a_url_says_whom_to_trust_and_tokio_postgres_understands_the_rest() {
        let url = "postgres://rim:a%3Fb@db/rim?sslmode=verify-full&connect_timeout=3";
        let (rest, trust) = taken(url);
        assert_eq!((rest.as_str(), trust), ("postgres://rim:a%3Fb@db/rim?connect_timeout=3", Trust::System));
        let (rest, trust) = taken("postgres://db/rim?sslmode=require&sslrootcert=%2Fetc%2Fca.pem");
        assert_eq!(
            (rest.as_str(), trust),
            ("postgres://db/rim?sslmode=require", Trust::File("/etc/ca.pem".into()))
        );
        let (rest, trust) = taken("host=db sslmode=verify-ca sslrootcert=/etc/ca.pem dbname=rim");
        assert_eq!((rest.as_str(), trust), ("host=db dbname=rim", Trust::File("/etc/ca.pem".into())));
        for untouched in ["postgres://db/rim", "postgres://db/rim?sslmode=require", "host=db sslmode=disable"]
        {
            assert_eq!(taken(untouched), (untouched.to_owned(), Trust::Anybody));
        }
    }

    #[test]
    fn a_contradiction_is_refused() {
        let url = "postgres://db/rim?sslmode=disable&sslrootcert=/etc/ca.pem";
        assert!(matches!(take_trust(url), Err(OpenError::Url(_))));
    }

    #[test]
    fn certificates_that_are_not_there_are_named() {
        let error = connector(&Trust::File("/nowhere/ca.pem".into())).err().expect("refused");
        assert!(error.to_string().contains("/nowhere/ca.pem"), "{error}");
    }
}
