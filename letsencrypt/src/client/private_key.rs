//! The key that is certified: P-256, from a seed, from a file's content, or new.

use std::fmt;
use std::sync::Arc;

use dns::Name;
use p256::SecretKey;
use p256::pkcs8::DecodePrivateKey;
use platform::entropy;
use rustls::pki_types::PrivatePkcs8KeyDer;

use crate::{host_names, keys, pem};

/// A private key; cheap to clone.
#[derive(Clone)]
pub struct PrivateKey(Arc<PrivatePkcs8KeyDer<'static>>);

/// Why octets are no key of ours. At fault: who made them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a P-256 key in PKCS#8")]
pub struct PrivateKeyError;

impl PrivateKey {
    /// The key of a seed for a host: the same at each start, so that a certificate in DNS can be used again.
    pub fn from_seed(seed: &str, host: &Name) -> PrivateKey {
        let purpose = format!("gitstead certificate {}", host_names::text(&host.to_lowercase()));
        PrivateKey(Arc::new(keys::to_pkcs8(&keys::from_seed(seed.as_bytes(), &purpose))))
    }

    /// A new key.
    pub fn generate() -> PrivateKey {
        PrivateKey(Arc::new(keys::to_pkcs8(&keys::from_seed(&entropy::octets::<32>(), "gitstead new key"))))
    }

    /// A P-256 key in PKCS#8.
    pub fn from_pkcs8(der: &[u8]) -> Result<PrivateKey, PrivateKeyError> {
        let key = SecretKey::from_pkcs8_der(der).map_err(|_| PrivateKeyError)?;
        Ok(PrivateKey(Arc::new(keys::to_pkcs8(&key))))
    }

    /// As PKCS#8.
    pub fn pkcs8(&self) -> &PrivatePkcs8KeyDer<'static> {
        &self.0
    }

    /// As PKCS#8 in text.
    pub fn to_pem(&self) -> String {
        pem::private_key(self.0.secret_pkcs8_der())
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a private key")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_each_host_a_key() {
        let key = |seed, host: &str| PrivateKey::from_seed(seed, &host.parse().unwrap()).to_pem();
        assert_eq!(key("seed", "a.example"), key("seed", "A.example"));
        assert_ne!(key("seed", "a.example"), key("seed", "b.example"));
        assert_ne!(PrivateKey::generate().to_pem(), PrivateKey::generate().to_pem());
        let again = PrivateKey::from_pkcs8(PrivateKey::from_seed("s", &Name::root()).pkcs8().secret_pkcs8_der());
        assert_eq!(again.unwrap().to_pem(), PrivateKey::from_seed("s", &Name::root()).to_pem());
        assert!(PrivateKey::from_pkcs8(b"nonsense").is_err());
    }
}
