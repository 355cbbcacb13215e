//! Passwords: what is stored of them, how they are compared, and who has to wait.
//!
//! A person's password is stored as argon2id, a PHC string; comparing takes about 15 ms, on purpose. An app password is
//! a random secret of 160 bits, which nobody can guess, so SHA-256 is enough. Hashes of robur's server are taken over
//! as they are, until the password is changed. Randomness and the time are arguments, so all of this is pure.

mod app;
mod basic;
mod last_passwords;
mod limit;
mod login;

use std::fmt;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use unicode_normalization::UnicodeNormalization as _;

pub use app::{AppHash, AppSecret};
pub use basic::{Credentials, parse_basic};
pub use last_passwords::LastPasswords;
pub use limit::{LoginLimit, Network, Wait};
pub use login::{Logins, Verdict};

/// What a new hash costs: OWASP's choice with the least memory.
const MEMORY_KIB: u32 = 7 * 1024;
const PASSES: u32 = 5;

/// What a hash in a file may cost at most: somebody else may have written it.
const MOST_MEMORY_KIB: u32 = 64 * 1024;
const MOST_PASSES: u32 = 10;
const MOST_LANES: u32 = 16;

/// Octets of a password, at most.
pub const LONGEST_PASSWORD: usize = 1024;

/// What is stored of a person's password. `Debug` shows only its kind.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredHash {
    text: String,
    kind: Kind,
}

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    Argon2id(Params),
    Robur { salt: String, sha256: [u8; 32] },
}

/// What is wrong with a stored hash; it never repeats the hash.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// Another kind of hash, or a password in the clear.
    #[error("is neither argon2id nor robur's; `gitstead user passwd` writes one")]
    Kind,
    /// Cut short or mistyped.
    #[error("is a malformed {0} hash")]
    Malformed(&'static str),
    /// More memory than a login may take.
    #[error("takes {0} KiB of memory, and at most {MOST_MEMORY_KIB} are allowed")]
    Memory(u32),
    /// More time than a login may take.
    #[error("takes {0} passes, and at most {MOST_PASSES} are allowed")]
    Passes(u32),
    /// More lanes than a login may take.
    #[error("takes {0} lanes, and at most {MOST_LANES} are allowed")]
    Lanes(u32),
}

/// What is to be stored of a new password.
pub fn hash(password: &str, salt: [u8; 16]) -> StoredHash {
    let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).expect("these parameters are within argon2's limits");
    let hashed = hasher(params.clone()).hash_password_with_salt(normal(password).as_bytes(), &salt);
    let text = hashed.expect("a salt of 16 octets and these parameters are good").to_string();
    StoredHash { text, kind: Kind::Argon2id(params) }
}

/// Takes as long as comparing a password, for users who are not there.
pub fn compare_with_nothing(password: &str) {
    let compared = hash(password, [0; 16]);
    std::hint::black_box(&compared);
}

impl StoredHash {
    /// A PHC string of argon2id, or `robur:SALT:HASH`.
    pub fn parse(text: &str) -> Result<StoredHash, HashError> {
        let kind = match text.strip_prefix("robur:") {
            Some(rest) => parse_robur(rest)?,
            None if text.starts_with("$argon2id$") => Kind::Argon2id(parse_argon2id(text)?),
            None => return Err(HashError::Kind),
        };
        Ok(StoredHash { text: text.to_owned(), kind })
    }

    /// As a file has it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Is this the password? Slow, on purpose.
    pub fn accepts(&self, password: &str) -> bool {
        match &self.kind {
            Kind::Argon2id(params) => {
                hasher(params.clone()).verify_password(normal(password).as_bytes(), self.text.as_str()).is_ok()
            }
            Kind::Robur { salt, sha256 } => {
                // As fast as it is, it must not tell that this user has not changed their password yet.
                compare_with_nothing(password);
                let shown = Sha256::new().chain_update(salt).chain_update(b"-").chain_update(password).finalize();
                shown[..].ct_eq(sha256).into()
            }
        }
    }
}

impl fmt::Debug for StoredHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::Argon2id(_) => "StoredHash(argon2id)",
            Kind::Robur { .. } => "StoredHash(robur)",
        })
    }
}

fn hasher(params: Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// One password is one, however a keyboard composes its letters (RFC 8265 section 4.2).
fn normal(password: &str) -> String {
    password.nfc().collect()
}

fn parse_argon2id(text: &str) -> Result<Params, HashError> {
    let malformed = || HashError::Malformed("argon2id");
    let parsed = PasswordHash::new(text).map_err(|_| malformed())?;
    let params = Params::try_from(&parsed).map_err(|_| malformed())?;
    if parsed.salt.is_none() || parsed.hash.is_none() || parsed.version != Some(Version::V0x13.into()) {
        return Err(malformed());
    }
    match (params.m_cost(), params.t_cost(), params.p_cost()) {
        (memory, _, _) if memory > MOST_MEMORY_KIB => Err(HashError::Memory(memory)),
        (_, passes, _) if passes > MOST_PASSES => Err(HashError::Passes(passes)),
        (_, _, lanes) if lanes > MOST_LANES => Err(HashError::Lanes(lanes)),
        _ => Ok(params),
    }
}

/// The salt is used as its text, not as the octets that the base64 stands for.
fn parse_robur(text: &str) -> Result<Kind, HashError> {
    let malformed = || HashError::Malformed("robur");
    let (salt, hash) = text.split_once(':').ok_or_else(malformed)?;
    let sha256 = STANDARD.decode(hash).ok().and_then(|octets| octets.try_into().ok()).ok_or_else(malformed)?;
    Ok(Kind::Robur { salt: salt.to_owned(), sha256 })
}

#[cfg(test)]
pub(crate) mod testing {
    use argon2::password_hash::PasswordHasher as _;

    /// The hash of a password that is quick to compare with.
    pub(crate) fn cheap(password: &str) -> super::StoredHash {
        let params = argon2::Params::new(8, 1, 1, None).unwrap();
        let text = super::hasher(params).hash_password_with_salt(password.as_bytes(), &[0; 16]).unwrap().to_string();
        super::StoredHash::parse(&text).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::testing::cheap;
    use super::*;

    #[test]
    fn a_password_is_compared_with_its_hash() {
        let stored = hash("a:b c", [7; 16]);
        assert!(
            stored.text().starts_with("$argon2id$v=19$m=7168,t=5,p=1$BwcHBwcHBwcHBwcHBwcHBw$"),
            "{}",
            stored.text()
        );
        assert_eq!(StoredHash::parse(stored.text()).unwrap(), stored);
        assert!(stored.accepts("a:b c") && !stored.accepts("a:b") && !stored.accepts(""));
        assert_eq!(format!("{stored:?}"), "StoredHash(argon2id)");
    }

    /// The reference implementation's own example.
    #[test]
    fn hashes_of_others_are_accepted() {
        let text = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        let stored = StoredHash::parse(text).unwrap();
        assert!(stored.accepts("password") && !stored.accepts("passwore"));
    }

    #[test]
    fn composed_and_decomposed_letters_are_one_password() {
        assert!(cheap("caf\u{e9}").accepts("cafe\u{301}"));
    }

    /// As robur's server computes it: base64(SHA-256(salt-password)).
    #[test]
    fn hashes_of_robur_are_accepted() {
        let salt = "c2FsdHNhbHRzYWx0c2Fs";
        let hash = STANDARD.encode(Sha256::digest(format!("{salt}-secret")));
        let stored = StoredHash::parse(&format!("robur:{salt}:{hash}")).unwrap();
        assert!(stored.accepts("secret") && !stored.accepts("Secret"));
        assert_eq!(StoredHash::parse(&format!("robur:{salt}:{}", &hash[4..])), Err(HashError::Malformed("robur")));
    }

    #[test]
    fn a_file_cannot_ask_for_too_much() {
        let of = |params: &str| {
            StoredHash::parse(&format!("$argon2id$v=19${params}$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA"))
        };
        assert!(of("m=65536,t=10,p=1").is_ok());
        assert_eq!(of("m=4194304,t=1,p=1"), Err(HashError::Memory(4_194_304)));
        assert_eq!(of("m=8,t=11,p=1"), Err(HashError::Passes(11)));
        assert_eq!(of("m=1024,t=1,p=17"), Err(HashError::Lanes(17)));
        for bad in ["secret", "", "$argon2i$v=19$m=8,t=1,p=1$AAAA$AAAA", "$2b$10$x"] {
            assert_eq!(StoredHash::parse(bad), Err(HashError::Kind), "{bad}");
        }
        for bad in
            ["$argon2id$", "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA", "$argon2id$v=19$m=x$AAAAAAAA$AAAA"]
        {
            assert_eq!(StoredHash::parse(bad), Err(HashError::Malformed("argon2id")), "{bad}");
        }
    }
}
