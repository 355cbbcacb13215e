//! A DNS client for machines without one: one question, one update, one NOTIFY.

use std::net::SocketAddr;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Why the server was not asked, or what it said.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Ours: this client is not there yet.
    #[error("the DNS client is not built yet: it cannot {0}")]
    Unfinished(&'static str),
    /// The operator's.
    #[error("a key is NAME:ALGORITHM:SECRET with ALGORITHM one of SHA1 SHA224 SHA256 SHA384 SHA512: {0}")]
    Key(&'static str),
}

/// A TSIG key as it is typed: `NAME:ALGORITHM:SECRET`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// With or without the final dot.
    pub name: String,
    /// Upper case, without `hmac-`.
    pub algorithm: String,
    /// The decoded secret.
    pub secret: Vec<u8>,
}

impl FromStr for Key {
    type Err = Error;

    fn from_str(text: &str) -> Result<Key, Error> {
        let mut parts = text.splitn(3, ':');
        let (Some(name), Some(algorithm), Some(secret)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Error::Key("there are not three parts"));
        };
        // BIND's tools write hmac-sha256 where robur's write SHA256.
        let algorithm = algorithm.to_ascii_uppercase();
        let algorithm = algorithm.strip_prefix("HMAC-").unwrap_or(&algorithm);
        if !["SHA1", "SHA224", "SHA256", "SHA384", "SHA512"].contains(&algorithm) {
            return Err(Error::Key("the algorithm is unknown"));
        }
        let secret = STANDARD.decode(secret).map_err(|_| Error::Key("the secret is not base64"))?;
        Ok(Key { name: name.to_owned(), algorithm: algorithm.to_owned(), secret })
    }
}

/// Asks `server` for the records of type `kind` at `name`: one line each in presentation format, sorted; empty if there
/// are none.
pub fn query(server: SocketAddr, name: &str, kind: &str) -> Result<String, Error> {
    let _ = (server, name, kind);
    Err(Error::Unfinished("ask a question"))
}

/// One thing that an UPDATE does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Adds a record, given as a line of a zone file: `NAME TTL TYPE DATA`.
    Add(String),
    /// Deletes everything of a name, or of a name and type: `NAME [TYPE]`.
    Delete(String),
}

/// Sends one signed UPDATE of `zone` over TCP and waits for the server to accept it.
pub fn update(server: SocketAddr, zone: &str, key: &Key, changes: &[Change]) -> Result<(), Error> {
    let _ = (server, zone, key, changes);
    Err(Error::Unfinished("send an update"))
}

/// Tells `server` that `zone` has changed, signed, and waits for the acknowledgement.
pub fn notify(server: SocketAddr, zone: &str, key: &Key) -> Result<(), Error> {
    let _ = (server, zone, key);
    Err(Error::Unfinished("send a NOTIFY"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_in_both_spellings() {
        let expected = Key { name: "a._notify".to_owned(), algorithm: "SHA256".to_owned(), secret: b"secret".to_vec() };
        assert_eq!("a._notify:SHA256:c2VjcmV0".parse::<Key>().unwrap(), expected);
        assert_eq!("a._notify:hmac-sha256:c2VjcmV0".parse::<Key>().unwrap(), expected);
    }

    #[test]
    fn bad_keys_are_refused() {
        for text in ["a:SHA256", "a:MD5:c2VjcmV0", "a:SHA256:?"] {
            assert!(text.parse::<Key>().is_err(), "{text}");
        }
    }
}
