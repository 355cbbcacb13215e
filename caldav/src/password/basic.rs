//! The `Authorization` header of HTTP Basic (RFC 7617), in UTF-8.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::LONGEST_PASSWORD;

/// Base64 with or without its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Octets of a user name that is looked at; longer ones are nobody's.
const LONGEST_USER: usize = 256;

/// Who somebody claims to be. `Debug` does not show the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name.
    pub user: String,
    /// The proof.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({:?})", self.user)
    }
}

/// Reads the header's value. A password may have colons, a user name may not (RFC 7617 section 2).
pub fn parse_basic(header: &str) -> Option<Credentials> {
    let (scheme, token) = header.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(BASE64.decode(token.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    let good = !text.chars().any(char::is_control) && user.len() <= LONGEST_USER && password.len() <= LONGEST_PASSWORD;
    good.then(|| Credentials { user: user.to_owned(), password: password.to_owned() })
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD as PADDED;

    use super::*;

    fn read(text: &str) -> Option<(String, String)> {
        let credentials = parse_basic(&format!("Basic {}", PADDED.encode(text)))?;
        Some((credentials.user, credentials.password))
    }

    #[test]
    fn the_first_colon_divides() {
        let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(read("alice:secret"), pair("alice", "secret"));
        assert_eq!(read("alice:a:b::c"), pair("alice", "a:b::c"));
        assert_eq!(read("jürgen:pässword€"), pair("jürgen", "pässword€"));
        assert_eq!(read(":"), pair("", ""));
    }

    #[test]
    fn the_scheme_is_read_in_any_case_and_padding_may_lack() {
        for header in ["basic YWxpY2U6eA==", "BASIC  YWxpY2U6eA", " Basic YWxpY2U6eA== "] {
            let credentials = parse_basic(header).unwrap();
            assert_eq!((credentials.user.as_str(), credentials.password.as_str()), ("alice", "x"), "{header}");
            assert_eq!(format!("{credentials:?}"), "Credentials(\"alice\")");
        }
    }

    #[test]
    fn what_is_not_basic_is_nobody() {
        for header in ["", "Basic", "Basic *", "Bearer YWxpY2U6eA==", "Basic YWxpY2U=", "Basic /w=="] {
            assert_eq!(parse_basic(header), None, "{header}");
        }
        assert_eq!(read("a\0:x"), None);
        assert_eq!(read(&format!("a:{}", "x".repeat(1025))), None);
        assert_eq!(read(&format!("{}:x", "a".repeat(257))), None);
    }
}
