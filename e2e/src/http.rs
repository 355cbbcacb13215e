//! HTTP/1.1 put together octet by octet, for requests that no client sends, and read back.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::wait::PATIENCE;

/// A reply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The header fields, their names in lower case.
    pub fields: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The value of a header field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The entity tag, which has to be there.
    pub fn etag(&self) -> String {
        self.field("etag").unwrap_or_else(|| panic!("no entity tag in {self:?}")).to_owned()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The text of the first element of such a local name in the body, whatever its prefix.
    pub fn element(&self, name: &str) -> Option<String> {
        self.elements(name).into_iter().next()
    }

    /// The texts of all elements of such a local name in the body.
    pub fn elements(&self, name: &str) -> Vec<String> {
        let (text, end) = (self.text(), format!(":{name}>"));
        let parts = text.split(&end).collect::<Vec<_>>();
        // What stands between `<D:name>` and `</D:name>` is every second part.
        let inner = parts.iter().skip(1).step_by(2);
        inner.filter_map(|part| Some(part.rsplit_once("</")?.0.to_owned())).collect()
    }
}

/// Somebody who talks to a server, on a new connection for each request.
#[derive(Debug, Clone)]
pub struct Client {
    address: SocketAddr,
    authorization: Option<String>,
}

impl Client {
    /// Somebody with a name and a password.
    pub fn new(address: SocketAddr, user: &str, password: &str) -> Client {
        let credentials = STANDARD.encode(format!("{user}:{password}"));
        Client { address, authorization: Some(format!("Basic {credentials}")) }
    }

    /// Somebody who does not say who they are.
    pub fn nobody(address: SocketAddr) -> Client {
        Client { address, authorization: None }
    }

    /// The same, at another server.
    pub fn at(&self, address: SocketAddr) -> Client {
        Client { address, authorization: self.authorization.clone() }
    }

    /// Sends a request and returns the reply.
    pub fn send(&self, method: &str, path: &str, fields: &[(&str, &str)], body: impl AsRef<[u8]>) -> Reply {
        let mut connection = self.connect();
        connection.send(method, path, fields, body);
        let reply = if method == "HEAD" { connection.receive_head() } else { connection.receive() };
        reply.unwrap_or_else(|| panic!("no reply to {method} {path}"))
    }

    /// The same without special fields.
    pub fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], "")
    }

    /// Stores an object.
    pub fn put(&self, path: &str, body: impl AsRef<[u8]>) -> Reply {
        self.send("PUT", path, &[("Content-Type", "text/calendar")], body)
    }

    /// The properties whose elements are given, of a resource and with depth 1 of its members.
    pub fn propfind(&self, path: &str, depth: &str, elements: &str) -> Reply {
        let body = format!("<?xml version=\"1.0\"?><D:propfind {NAMESPACES}><D:prop>{elements}</D:prop></D:propfind>");
        self.send("PROPFIND", path, &[("Depth", depth), ("Content-Type", "application/xml")], body)
    }

    /// A report; `body` without the XML declaration and the namespaces.
    pub fn report(&self, path: &str, name: &str, inner: &str) -> Reply {
        let body = format!("<?xml version=\"1.0\"?><{name} {NAMESPACES}>{inner}</{name}>");
        self.send("REPORT", path, &[("Depth", "1"), ("Content-Type", "application/xml")], body)
    }

    /// A connection that stays.
    pub fn connect(&self) -> Connection {
        let stream = TcpStream::connect(self.address).expect("the server takes connections");
        stream.set_read_timeout(Some(PATIENCE * 2)).expect("a time limit can be set");
        stream.set_nodelay(true).expect("TCP need not wait");
        Connection { stream: BufReader::new(stream), authorization: self.authorization.clone() }
    }
}

/// The namespaces that bodies are written with.
pub const NAMESPACES: &str = "xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:caldav\" \
                              xmlns:CS=\"http://calendarserver.org/ns/\" xmlns:A=\"http://apple.com/ns/ical/\"";

/// A connection to a server.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
    authorization: Option<String>,
}

impl Connection {
    /// Sends a whole request.
    pub fn send(&mut self, method: &str, path: &str, fields: &[(&str, &str)], body: impl AsRef<[u8]>) {
        let body = body.as_ref();
        let octets = [self.head(method, path, fields, body.len()).as_bytes(), body].concat();
        self.write(&octets);
    }

    /// What comes before a body of so many octets.
    pub fn head(&self, method: &str, path: &str, fields: &[(&str, &str)], length: usize) -> String {
        let authorization = self.authorization.iter().map(|value| format!("Authorization: {value}\r\n"));
        let fields = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        let fields: String = authorization.chain(fields).collect();
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n{fields}\r\n")
    }

    /// Sends octets as they are. A server that has answered already need not take all of them.
    pub fn write(&mut self, octets: &[u8]) {
        let _ = self.stream.get_mut().write_all(octets);
    }

    /// Whether the server says nothing for so long.
    pub fn is_silent(&mut self, time: Duration) -> bool {
        self.stream.get_ref().set_read_timeout(Some(time)).expect("a time limit can be set");
        let is_silent = self.stream.fill_buf().is_err();
        self.stream.get_ref().set_read_timeout(Some(PATIENCE * 2)).expect("a time limit can be set");
        is_silent
    }

    /// A reply; none if the server ends the connection first.
    pub fn receive(&mut self) -> Option<Reply> {
        let mut reply = self.receive_head()?;
        let length = reply.field("content-length").map_or(0, |length| length.parse().expect("a length is a number"));
        reply.body = vec![0; if matches!(reply.status, 204 | 304) { 0 } else { length }];
        self.stream.read_exact(&mut reply.body).ok()?;
        Some(reply)
    }

    /// The same, of a reply that has no body.
    pub fn receive_head(&mut self) -> Option<Reply> {
        let status = self.line()?;
        let status = status.split(' ').nth(1)?.parse().ok()?;
        let mut fields = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':')?;
            fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Some(Reply { status, fields, body: Vec::new() })
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let length = self.stream.read_line(&mut line).ok()?;
        (length > 0).then(|| line.trim_end().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_whatever_their_prefix() {
        let body = b"<D:a><D:href>/1</D:href><x:href>/2</x:href></D:a>".to_vec();
        let reply = Reply { body, ..Reply::default() };
        assert_eq!(reply.elements("href"), ["/1", "/2"]);
        assert_eq!(reply.element("etag"), None);
    }
}
