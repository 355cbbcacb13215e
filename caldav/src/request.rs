//! A request as the functions that answer it see it: the whole body is there, the sender is known.

use bytes::Bytes;
use http::{HeaderMap, Method};

use crate::error::Error;
use crate::webdav::access::Login;
use crate::webdav::xml::{self, Element};

/// A request of somebody who has logged in.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path as it was sent.
    pub path: String,
    /// What follows a question mark.
    pub query: Option<String>,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// Who sends it.
    pub login: Login,
    /// Unix seconds.
    pub now: u64,
    /// Random octets, for names that nobody shall guess.
    pub random: [u8; 20],
}

/// How deep a request goes (RFC 4918 section 10.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The resource.
    Zero,
    /// And its members.
    One,
    /// And theirs.
    Infinity,
}

impl Request {
    /// The value of a header field, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// `Depth`, or what a method takes when it is missing.
    pub fn depth(&self, default: Depth) -> Result<Depth, Error> {
        match self.header("depth").map(str::trim) {
            None => Ok(default),
            Some("0") => Ok(Depth::Zero),
            Some("1") => Ok(Depth::One),
            Some(other) if other.eq_ignore_ascii_case("infinity") => Ok(Depth::Infinity),
            Some(other) => Err(Error::BadRequest(format!("Depth is {other}, and not 0, 1 or infinity"))),
        }
    }

    /// The body as XML; none if there is no body.
    pub fn xml(&self) -> Result<Option<Element>, Error> {
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        Ok(Some(xml::parse(&self.body)?))
    }

    /// `Prefer: return=minimal` (RFC 8144), or `Brief: t`.
    pub fn wants_minimal(&self) -> bool {
        let prefers = self.headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        let minimal = prefers.flat_map(|value| value.split(',')).any(|part| part.trim() == "return=minimal");
        minimal || self.header("brief").is_some_and(|value| value.trim() == "t")
    }

    /// `Prefer: return=representation`.
    pub fn wants_representation(&self) -> bool {
        let prefers = self.headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        prefers.flat_map(|value| value.split(',')).any(|part| part.trim() == "return=representation")
    }

    /// The value of a parameter in the query.
    pub fn parameter(&self, name: &str) -> Option<String> {
        parameter(self.query.as_deref()?, name)
    }
}

/// The value of a parameter of a query, decoded.
pub fn parameter(query: &str, name: &str) -> Option<String> {
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let value = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next()?.replace('+', " ");
    Some(percent_encoding::percent_decode_str(&value).decode_utf8_lossy().into_owned())
}

/// A reply, its body whole.
pub type Response = http::Response<Bytes>;

#[cfg(test)]
mod tests {
    use super::parameter;

    #[test]
    fn parameters() {
        assert_eq!(parameter("a=1&b=x+y%2b", "b").as_deref(), Some("x y+"));
        assert_eq!(parameter("a&b", "b").as_deref(), Some(""));
        assert_eq!(parameter("a=1", "b"), None);
    }
}
