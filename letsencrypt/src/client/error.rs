//! Why there is no certificate.

use std::net::SocketAddr;

use dns::name::NameError;

use crate::exchange::ExchangeError;
use crate::request::RequestError;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// At fault: the caller.
    #[error("a certificate for no name at all was asked for")]
    NoNames,
    /// At fault: the caller.
    #[error("the name is too long for a request beside it: {0}")]
    Name(#[from] NameError),
    /// At fault: the caller.
    #[error("the key may update {domain}, and {host} is not in it")]
    NotOurs {
        /// The name asked for.
        host: String,
        /// Where the key may update.
        domain: String,
    },
    /// At fault: the caller, or the key.
    #[error("a request cannot be made: {0}")]
    Making(rcgen::Error),
    /// At fault: the caller.
    #[error("{0}")]
    Request(#[from] RequestError),
    /// At fault: the server, the network, or who set up the TSIG key.
    #[error("{0}")]
    Exchange(#[from] ExchangeError),
    /// At fault: who named the server.
    #[error("{server} has no zone with {host}")]
    NoZone {
        /// The name asked for.
        host: String,
        /// Who was asked.
        server: SocketAddr,
    },
    /// At fault: the service, or the CA; it may come yet.
    #[error("no certificate for {host} yet{}", .words.as_ref().map(|words| format!(": {words}")).unwrap_or_default())]
    Patience {
        /// The name asked for.
        host: String,
        /// What the service says.
        words: Option<String>,
    },
    /// At fault: who issued it.
    #[error("the certificate cannot be used: {0}")]
    Tls(rustls::Error),
}

impl ClientError {
    /// Whether it may go better later without anybody's doing.
    pub fn is_temporary(&self) -> bool {
        matches!(self, ClientError::Patience { .. } | ClientError::Exchange(ExchangeError::Io { .. }))
    }
}
