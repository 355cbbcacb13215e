//! App passwords: a random secret for one device, `ID-XXXX-XXXX-…`, of which the SHA-256 is stored.
//!
//! The id before the first dash says which of a user's hashes it belongs to, so that only one is compared.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::HashError;

/// Letters that are not taken for one another.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Letters between two dashes, and of an id.
const GROUP: usize = 4;

/// A new app password, to be shown once. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct AppSecret(String);

impl AppSecret {
    /// Of 160 random bits, with an id that is none of `taken`.
    pub fn new(random: [u8; 20], taken: impl Fn(&str) -> bool) -> AppSecret {
        let candidates = (0_u64..).map(|attempt| {
            let digest =
                Sha256::new().chain_update(b"id").chain_update(random).chain_update(attempt.to_be_bytes()).finalize();
            letters(&digest)[..GROUP].to_owned()
        });
        let id =
            candidates.into_iter().find(|id| !taken(id)).expect("there are more ids than a file has app passwords");
        let secret = letters(&random);
        let groups = secret.as_bytes().chunks(GROUP).map(|group| String::from_utf8_lossy(group));
        AppSecret(groups.fold(id, |text, group| text + "-" + &group))
    }

    /// What the user types.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// What it begins with.
    pub fn id(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }

    /// What is stored of it.
    pub fn hash(&self) -> AppHash {
        AppHash(Sha256::digest(&self.0).into())
    }
}

impl fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AppSecret({}-…)", self.id())
    }
}

/// What is stored of an app password. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct AppHash([u8; 32]);

impl AppHash {
    /// `sha256:` and the base64 of 32 octets.
    pub fn parse(text: &str) -> Result<AppHash, HashError> {
        let base64 = text.strip_prefix("sha256:").ok_or(HashError::Malformed("sha256:"))?;
        let octets = STANDARD.decode(base64).ok().and_then(|octets| octets.try_into().ok());
        octets.map(AppHash).ok_or(HashError::Malformed("sha256:"))
    }

    /// As a file has it.
    pub fn text(&self) -> String {
        format!("sha256:{}", STANDARD.encode(self.0))
    }

    /// Is this the secret?
    pub fn accepts(&self, secret: &str) -> bool {
        Sha256::digest(secret)[..].ct_eq(&self.0).into()
    }
}

impl fmt::Debug for AppHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppHash(sha256)")
    }
}

/// Five bits a letter; the last letter has what is left.
fn letters(octets: &[u8]) -> String {
    let bit = |at: usize| octets.get(at / 8).map_or(0, |octet| usize::from(octet >> (7 - at % 8) & 1));
    let letter = |at: usize| char::from(ALPHABET[(0..5).fold(0, |value, offset| value << 1 | bit(at + offset))]);
    (0..octets.len() * 8).step_by(5).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_accepted_by_its_hash() {
        let secret = AppSecret::new([0x5a; 20], |_| false);
        let hash = AppHash::parse(&secret.hash().text()).unwrap();
        assert!(hash.accepts(secret.text()) && !hash.accepts(secret.id()) && !hash.accepts(""));
        assert_eq!(secret.text().len(), 4 + 8 * 5);
        assert!(secret.text().starts_with(&format!("{}-", secret.id())));
        assert!(!format!("{secret:?} {hash:?}").contains(&secret.text()[..10]));
    }

    #[test]
    fn all_bits_count() {
        let text = |random| AppSecret::new(random, |_| false).text().to_owned();
        for at in 0..20 {
            let mut random = [0; 20];
            random[at] = 1;
            assert_ne!(text([0; 20])[5..], text(random)[5..]);
        }
        assert_eq!(letters(&[0xff; 20]), "9".repeat(32));
        assert_eq!(letters(&[0; 20]), "a".repeat(32));
    }

    #[test]
    fn an_id_is_not_given_twice() {
        let first = AppSecret::new([1; 20], |_| false);
        let second = AppSecret::new([1; 20], |id| id == first.id());
        assert_ne!(first.id(), second.id());
    }

    #[test]
    fn malformed_hashes_are_refused() {
        for bad in ["", "sha256:", "sha256:AAAA", "md5:x", "sha256:*"] {
            assert_eq!(AppHash::parse(bad), Err(HashError::Malformed("sha256:")), "{bad}");
        }
    }
}
