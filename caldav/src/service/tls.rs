//! TLS: a certificate that was given, and what is negotiated in it.

use std::sync::Arc;

use platform::ArgumentError;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// A certificate with its issuers and its key, as PEM.
#[derive(Clone)]
pub struct Given {
    /// The chain.
    pub chain: Vec<u8>,
    /// The key.
    pub key: Vec<u8>,
}

impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a certificate and its key")
    }
}

/// A server with a certificate that was given.
pub fn given(given: &Given) -> Result<ServerConfig, ArgumentError> {
    let bad = |what: &str, error: &dyn std::fmt::Display| ArgumentError(format!("{what}: {error}"));
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&given.chain).collect();
    let chain = chain.map_err(|error| bad("--tls-certificate", &error))?;
    let key = PrivateKeyDer::from_pem_slice(&given.key).map_err(|error| bad("--tls-key", &error))?;
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| bad("TLS", &error))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| bad("--tls-certificate", &error))
}

/// Speaks HTTP/2 with whoever knows it.
pub fn acceptor(mut configuration: ServerConfig) -> TlsAcceptor {
    configuration.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(configuration))
}
