//! Our key, and the pin of the server's: the forms in which an operator types them.

mod seed;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData};
use russh::keys::{Algorithm, HashAlg, PrivateKey, PublicKey, decode_secret_key};

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
    /// Reads the text of an OpenSSH private key file, of today or in the older PEM; it must not be encrypted.
    pub fn from_openssh(text: &str) -> Result<SshKey, KeyError> {
        let key = PrivateKey::from_openssh(text)
            .or_else(|_| decode_secret_key(text, None))
            .map_err(|_| KeyError("the text is not an OpenSSH private key"))?;
        if key.is_encrypted() {
            return Err(KeyError("the private key is encrypted with a passphrase"));
        }
        Ok(SshKey(Arc::new(key)))
    }

    /// The public half, as a line for `authorized_keys`.
    pub fn public_openssh(&self) -> String {
        self.0.public_key().to_openssh().unwrap_or_default()
    }

    pub(crate) fn is_rsa(&self) -> bool {
        self.0.algorithm().is_rsa()
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

    /// The algorithms of host keys to ask a server for, out of those known, the best first. Signatures over SHA-1 are
    /// not among them.
    pub(crate) fn algorithms(&self, known: &[Algorithm]) -> Vec<Algorithm> {
        let mut algorithms = known.to_vec();
        algorithms.retain(|algorithm| *algorithm != Algorithm::Rsa { hash: None });
        if let HostKeyPolicy::Pinned(pin) = self {
            algorithms.sort_by_key(|algorithm| !pin.admits(algorithm));
        }
        algorithms
    }

    /// What is left to ask for when the server has shown another key than the pinned one: a server may have one of each
    /// kind, and a bare fingerprint does not tell which kind is meant.
    pub(crate) fn others(&self, mut asked: Vec<Algorithm>, shown: &PublicKey) -> Vec<Algorithm> {
        let HostKeyPolicy::Pinned(HostKeyPin(Pin::Fingerprint { kind: None, .. })) = self else { return Vec::new() };
        asked.retain(|algorithm| !same_kind(algorithm, &shown.algorithm()));
        asked
    }
}

impl HostKeyPin {
    fn matches(&self, key: &PublicKey) -> bool {
        match &self.0 {
            Pin::Key(pinned) => pinned.key_data() == key.key_data(),
            Pin::Fingerprint { kind, sha256 } => {
                kind.is_none_or(|kind| kind.includes(&key.algorithm()))
                    && key.fingerprint(HashAlg::Sha256).as_bytes() == sha256
            }
        }
    }

    /// Whether a key of this algorithm can be the pinned one.
    fn admits(&self, algorithm: &Algorithm) -> bool {
        match &self.0 {
            Pin::Key(key) => same_kind(&key.algorithm(), algorithm),
            Pin::Fingerprint { kind: None, .. } => true,
            Pin::Fingerprint { kind: Some(kind), .. } => kind.includes(algorithm),
        }
    }
}

impl KeyKind {
    fn includes(self, algorithm: &Algorithm) -> bool {
        match self {
            KeyKind::Ed25519 => *algorithm == Algorithm::Ed25519,
            KeyKind::Rsa => is_rsa(algorithm),
        }
    }
}

/// One RSA key serves several algorithms, which differ in the hash.
fn same_kind(one: &Algorithm, other: &Algorithm) -> bool {
    one == other || (is_rsa(one) && is_rsa(other))
}

fn is_rsa(algorithm: &Algorithm) -> bool {
    matches!(algorithm, Algorithm::Rsa { .. })
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
    fn an_rsa_key_is_read_from_either_format_of_file() {
        let line = include_str!("../tests/keys/rsa_user.pub").trim();
        for text in [include_str!("../tests/keys/rsa_user"), include_str!("../tests/keys/rsa_user.pem")] {
            assert_eq!(SshKey::from_openssh(text).unwrap().public_openssh(), line);
        }
        assert!(SshKey::from_openssh(line).is_err());
    }

    #[test]
    fn a_seed_of_mirageos_gives_a_key_of_4096_bits_and_is_never_shown() {
        let key: SshKey = "rsa:a seed".parse().unwrap();
        assert_eq!(key.private().public_key().key_data().rsa().unwrap().key_size(), 4096);
        assert!(!format!("{key:?}").contains("a seed"));
        for bad in ["rsa:", "rsa:a:b", "rsa", "dsa:a"] {
            assert!(bad.parse::<SshKey>().is_err(), "{bad}");
        }
    }

    #[test]
    fn algorithms_are_asked_for_as_the_pin_wants_and_never_sha_1() {
        let known = russh::Preferred::DEFAULT.key;
        let policy = |text: &str| HostKeyPolicy::Pinned(text.parse().unwrap());
        let rsa = SshKey::from_openssh(include_str!("../tests/keys/rsa_user")).unwrap();
        let fingerprint = rsa.private().public_key().fingerprint(HashAlg::Sha256).to_string();
        let bare = fingerprint.trim_start_matches("SHA256:");
        for text in [&format!("rsa:{bare}"), include_str!("../tests/keys/rsa_user.pub")] {
            let algorithms = policy(text).algorithms(&known);
            assert_eq!(algorithms[0], Algorithm::Rsa { hash: Some(HashAlg::Sha512) });
            assert_eq!(algorithms[1], Algorithm::Rsa { hash: Some(HashAlg::Sha256) });
        }
        let any = policy(&fingerprint);
        let asked = any.algorithms(&known);
        assert_eq!(asked[0], Algorithm::Ed25519);
        assert!(!asked.contains(&Algorithm::Rsa { hash: None }));
        let others = any.others(asked.clone(), SEED.parse::<SshKey>().unwrap().private().public_key());
        assert_eq!(others, asked[1..]);
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
