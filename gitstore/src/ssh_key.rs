//! Our key, and the pin of the server's: the forms in which an operator types them.

mod seed;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData};
use russh::keys::{Algorithm, HashAlg, PrivateKey, PublicKey};

use crate::error::KeyError;

/// Base64 with or without its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The private key by which we log in. `Debug` shows only the public half.
#[derive(Clone)]
pub struct SshKey(Arc<PrivateKey>);

impl SshKey {
    /// Reads the text of an OpenSSH private key file; it must not be encrypted.
    pub fn from_openssh(text: &str) -> Result<SshKey, KeyError> {
        let key = PrivateKey::from_openssh(text).map_err(|_| KeyError("the text is not an OpenSSH private key"))?;
        if key.is_encrypted() {
            return Err(KeyError("the private key is encrypted with a passphrase"));
        }
        Ok(SshKey(Arc::new(key)))
    }

    /// The public half, as a line for `authorized_keys`.
    pub fn public_openssh(&self) -> String {
        self.0.public_key().to_openssh().unwrap_or_default()
    }

    pub(crate) fn private(&self) -> Arc<PrivateKey> {
        self.0.clone()
    }
}

impl FromStr for SshKey {
    type Err = KeyError;

    /// `ed25519:` and the base64 of the 32 octets that are the seed, or `rsa:` and a seed of MirageOS, from which a key
    /// of 4096 bits is made; that takes a second or more.
    fn from_str(text: &str) -> Result<SshKey, KeyError> {
        let pair = match text.split_once(':') {
            Some(("ed25519", seed)) => ed25519_key(seed)?,
            Some(("rsa", seed)) => seed::rsa_key(seed, seed::BITS)?,
            _ => return Err(KeyError("an SSH key is written ed25519:<base64 of a seed> or rsa:<seed>")),
        };
        let key = PrivateKey::new(pair, "").map_err(|_| KeyError("the seed gives no key"))?;
        Ok(SshKey(Arc::new(key)))
    }
}

fn ed25519_key(seed: &str) -> Result<KeypairData, KeyError> {
    let seed = BASE64.decode(seed.trim()).map_err(|_| KeyError("the seed of the SSH key is not base64"))?;
    let seed =
        <[u8; 32]>::try_from(&seed[..]).map_err(|_| KeyError("the seed of the SSH key is not 32 octets long"))?;
    Ok(KeypairData::Ed25519(Ed25519Keypair::from_seed(&seed)))
}

impl fmt::Debug for SshKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SshKey({})", self.public_openssh())
    }
}

/// Which host keys are trusted.
#[derive(Clone, Debug)]
pub enum HostKeyPolicy {
    /// This one only.
    Pinned(HostKeyPin),
    /// Any: whoever sits in between can read and write everything.
    AcceptAnything,
}

/// How a host key is recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostKeyPin(Pin);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pin {
    Fingerprint { kind: Option<KeyKind>, sha256: [u8; 32] },
    Key(Box<PublicKey>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeyKind {
    Ed25519,
    Rsa,
}

impl HostKeyPolicy {
    pub(crate) fn accepts(&self, key: &PublicKey) -> bool {
        match self {
            HostKeyPolicy::AcceptAnything => true,
            HostKeyPolicy::Pinned(pin) => pin.matches(key),
        }
    }
}

impl HostKeyPin {
    fn matches(&self, key: &PublicKey) -> bool {
        match &self.0 {
            Pin::Key(pinned) => pinned.key_data() == key.key_data(),
            Pin::Fingerprint { kind, sha256 } => {
                let right_kind = match kind {
                    None => true,
                    Some(KeyKind::Ed25519) => key.algorithm() == Algorithm::Ed25519,
                    Some(KeyKind::Rsa) => matches!(key.algorithm(), Algorithm::Rsa { .. }),
                };
                right_kind && key.fingerprint(HashAlg::Sha256).as_bytes() == sha256
            }
        }
    }

    /// The algorithm that the server has to use for the pin to match, if the pin tells.
    pub(crate) fn algorithm(&self) -> Option<Algorithm> {
        match &self.0 {
            Pin::Key(key) => Some(key.algorithm()),
            Pin::Fingerprint { kind: Some(KeyKind::Ed25519), .. } => Some(Algorithm::Ed25519),
            Pin::Fingerprint { .. } => None,
        }
    }
}

impl FromStr for HostKeyPin {
    type Err = KeyError;

    /// `SHA256:…`, `ed25519:…` or `rsa:…` (fingerprints), the base64 of a public key, or a line as in `known_hosts`
    /// without its host.
    fn from_str(text: &str) -> Result<HostKeyPin, KeyError> {
        let text = text.trim();
        if let Some((prefix, fingerprint)) = text.split_once(':') {
            let kind = match prefix {
                "SHA256" => None,
                "ed25519" => Some(KeyKind::Ed25519),
                "rsa" => Some(KeyKind::Rsa),
                _ => return Err(KeyError("a host key's fingerprint begins with SHA256:, ed25519: or rsa:")),
            };
            let octets =
                BASE64.decode(fingerprint).map_err(|_| KeyError("the host key's fingerprint is not base64"))?;
            let sha256 = octets.try_into().map_err(|_| KeyError("the host key's fingerprint is not 32 octets long"))?;
            return Ok(HostKeyPin(Pin::Fingerprint { kind, sha256 }));
        }
        let key = if text.contains(' ') {
            PublicKey::from_openssh(text)
                .map_err(|_| KeyError("the host key is not a line of an OpenSSH public key"))?
        } else {
            let blob = BASE64.decode(text).map_err(|_| KeyError("the host key is not base64"))?;
            PublicKey::from_bytes(&blob).map_err(|_| KeyError("the host key's base64 is not a public key"))?
        };
        Ok(HostKeyPin(Pin::Key(Box::new(key))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: &str = "ed25519:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    #[test]
    fn a_seed_is_read_padded_or_not_and_never_shown() {
        let one: SshKey = SEED.parse().unwrap();
        let other: SshKey = format!("{SEED}=").parse().unwrap();
        assert_eq!(one.public_openssh(), other.public_openssh());
        assert!(one.public_openssh().starts_with("ssh-ed25519 AAAA"));
        assert!(!format!("{one:?}").contains("AAECAwQF"));
        assert!("ed25519:AAEC".parse::<SshKey>().is_err());
        let private = one.private().to_openssh(Default::default()).unwrap();
        assert_eq!(SshKey::from_openssh(&private).unwrap().public_openssh(), one.public_openssh());
    }

    #[test]
    fn every_form_of_pin_knows_its_key_and_no_other() {
        let key: SshKey = SEED.parse().unwrap();
        let other: SshKey = "ed25519:AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8".parse().unwrap();
        let (key, other) = (key.private().public_key().clone(), other.private().public_key().clone());
        let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
        let bare = fingerprint.trim_start_matches("SHA256:");
        let line = key.to_openssh().unwrap();
        let blob = line.split(' ').nth(1).unwrap();
        for text in [&fingerprint, &format!("{fingerprint}="), &format!("ed25519:{bare}"), &line, blob] {
            let pin: HostKeyPin = text.parse().unwrap();
            assert!(pin.matches(&key), "{text}");
            assert!(!pin.matches(&other), "{text}");
        }
        assert!(!format!("rsa:{bare}").parse::<HostKeyPin>().unwrap().matches(&key));
        for bad in ["", "SHA256:abc", "md5:aa", "ssh-ed25519 xx"] {
            assert!(bad.parse::<HostKeyPin>().is_err(), "{bad}");
        }
    }
}
