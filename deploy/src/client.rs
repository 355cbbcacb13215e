//! A DNS client for machines without one: one question, one UPDATE (RFC 2136), one NOTIFY (RFC 1996).
//!
//! Calls block until the server has answered. UPDATE and NOTIFY are signed (RFC 8945) and go over TCP.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dns::keys::Key;
use dns::message::{Header, Message, MessageRecord, Opcode, Question, Rcode};
use dns::name::NameError;
use dns::tsig::{FUDGE, ReplyError, sign_request};
use dns::wire::WireError;
use dns::zonefile::rdata_text::{self, RdataTextError};
use dns::{Class, Name, RecordType};

use platform::entropy;

/// As long as nsupdate waits: an update is answered when the remote has the commit.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why there is no good answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operator's.
    #[error("{text:?} is not a domain name: {error}")]
    Name {
        /// What was typed.
        text: String,
        /// What is wrong with it.
        error: NameError,
    },
    /// The operator's.
    #[error("{0:?} is not a record type")]
    Type(String),
    /// The operator's.
    #[error("a record is NAME TTL TYPE DATA, and this is not: {0:?}")]
    Record(String),
    /// The operator's.
    #[error("{text:?} is not the data of such a record: {error}")]
    Data {
        /// What was typed.
        text: String,
        /// What is wrong with it.
        error: RdataTextError,
    },
    /// The environment's.
    #[error("{server} cannot be asked: {error}")]
    Exchange {
        /// Who was asked.
        server: SocketAddr,
        /// What happened.
        error: io::Error,
    },
    /// The server's.
    #[error("the reply cannot be understood: {0}")]
    Malformed(#[from] WireError),
    /// The server's, or whoever answered in its place.
    #[error("the reply is for another question")]
    Unrelated,
    /// The server's, or the key is wrong.
    #[error("the reply's signature does not hold: {0}")]
    Signature(#[from] ReplyError),
    /// The server says no.
    #[error("the server answers {}", name_of(*.0))]
    Refused(Rcode),
}

/// One thing that an UPDATE does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Adds a record, written as `NAME TTL TYPE DATA`.
    Add(String),
    /// Deletes everything of a name, or of a name and type: `NAME` or `NAME TYPE`.
    Delete(String),
}

/// Asks `server` for the records of type `rtype` at `name`: one line each, as in a zone file; none if there are none.
pub fn query(server: SocketAddr, name: &str, rtype: &str) -> Result<Vec<String>, Error> {
    let request = request(Opcode::QUERY, name, parse_type(rtype)?)?;
    let octets = request.encode();
    let mut reply = Message::decode(&by_udp(server, &octets)?)?;
    if reply.header.truncated {
        reply = Message::decode(&by_tcp(server, &octets)?)?;
    }
    let reply = accepted(&request, reply)?;
    Ok(reply.answers.iter().map(print_record).collect())
}

/// Sends one signed UPDATE of `zone` and waits for the server to accept it.
pub fn update(server: SocketAddr, zone: &str, key: &Key, changes: &[Change]) -> Result<(), Error> {
    let mut request = request(Opcode::UPDATE, zone, RecordType::SOA)?;
    request.authorities = changes.iter().map(Change::record).collect::<Result<_, _>>()?;
    exchange_signed(server, &request, key)
}

/// Tells `server` that `zone` has changed, signed, and waits for the acknowledgement.
pub fn notify(server: SocketAddr, zone: &str, key: &Key) -> Result<(), Error> {
    let mut request = request(Opcode::NOTIFY, zone, RecordType::SOA)?;
    request.header.authoritative = true;
    exchange_signed(server, &request, key)
}

impl Change {
    /// The record that says so in an UPDATE (RFC 2136 section 2.5).
    fn record(&self) -> Result<MessageRecord, Error> {
        match self {
            Change::Add(text) => added(text),
            Change::Delete(text) => deleted(text),
        }
    }
}

fn added(text: &str) -> Result<MessageRecord, Error> {
    let malformed = || Error::Record(text.to_owned());
    let (owner, rest) = next_word(text).ok_or_else(malformed)?;
    let (ttl, rest) = next_word(rest).ok_or_else(malformed)?;
    let (rtype, data) = next_word(rest).ok_or_else(malformed)?;
    let (ttl, rtype) = (ttl.parse().map_err(|_| malformed())?, parse_type(rtype)?);
    let rdata = rdata_text::parse(rtype, data, &Name::root());
    let rdata = rdata.map_err(|error| Error::Data { text: data.to_owned(), error })?;
    Ok(MessageRecord { owner: parse_name(owner)?, rtype, class: Class::IN, ttl, rdata: Some(rdata) })
}

fn deleted(text: &str) -> Result<MessageRecord, Error> {
    let (owner, rtype) = match next_word(text) {
        Some((owner, rtype)) => (owner, parse_type(rtype.trim())?),
        None => (text.trim(), RecordType::ANY),
    };
    Ok(MessageRecord { owner: parse_name(owner)?, rtype, class: Class::ANY, ttl: 0, rdata: None })
}

/// The first word and what follows it, if anything does.
fn next_word(text: &str) -> Option<(&str, &str)> {
    let (word, rest) = text.trim().split_once(char::is_whitespace)?;
    Some((word, rest.trim_start()))
}

fn request(opcode: Opcode, name: &str, rtype: RecordType) -> Result<Message, Error> {
    let mut message = Message::new(Header::request(entropy::u16(), opcode));
    message.questions.push(Question { name: parse_name(name)?, rtype, class: Class::IN });
    Ok(message)
}

fn exchange_signed(server: SocketAddr, request: &Message, key: &Key) -> Result<(), Error> {
    let signed = sign_request(request.encode(), key, now(), FUDGE);
    let reply = by_tcp(server, &signed.octets)?;
    let reply = signed.sent.verify_reply(&reply, now())?;
    accepted(request, Message::decode(&reply)?).map(|_| ())
}

/// The reply, if it is one to the request and says that all is well.
fn accepted(request: &Message, reply: Message) -> Result<Message, Error> {
    let same = reply.header.response && reply.header.id == request.header.id && reply.questions == request.questions;
    match reply.header.rcode {
        _ if !same => Err(Error::Unrelated),
        Rcode::NOERROR => Ok(reply),
        rcode => Err(Error::Refused(rcode)),
    }
}

fn by_udp(server: SocketAddr, octets: &[u8]) -> Result<Vec<u8>, Error> {
    let exchange = || {
        let socket = UdpSocket::bind(if server.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { ANY_IPV6 })?;
        socket.connect(server)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.send(octets)?;
        let mut reply = vec![0; 65_535];
        let length = socket.recv(&mut reply)?;
        reply.truncate(length);
        Ok(reply)
    };
    exchange().map_err(|error| Error::Exchange { server, error })
}

fn by_tcp(server: SocketAddr, octets: &[u8]) -> Result<Vec<u8>, Error> {
    let exchange = || {
        let mut stream = TcpStream::connect_timeout(&server, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let length =
            u16::try_from(octets.len()).map_err(|_| io::Error::other("the message is longer than 65,535 octets"))?;
        stream.write_all(&[&length.to_be_bytes(), octets].concat())?;
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut reply = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut reply)?;
        Ok(reply)
    };
    exchange().map_err(|error| Error::Exchange { server, error })
}

const ANY_IPV6: SocketAddr = SocketAddr::new(std::net::IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED), 0);

fn print_record(record: &MessageRecord) -> String {
    let data = record.rdata.as_ref().map_or(String::new(), |data| rdata_text::print(record.rtype, data, &Name::root()));
    format!("{} {} {} {data}", record.owner, record.ttl, record.rtype)
}

/// A response code as people know it (RFC 1035, RFC 2136).
fn name_of(rcode: Rcode) -> String {
    let names = [
        "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH",
        "NOTZONE",
    ];
    names.get(usize::from(rcode.0)).map_or_else(|| format!("RCODE {}", rcode.0), |name| (*name).to_owned())
}

fn parse_name(text: &str) -> Result<Name, Error> {
    Name::parse(text, &Name::root()).map_err(|error| Error::Name { text: text.to_owned(), error })
}

fn parse_type(text: &str) -> Result<RecordType, Error> {
    text.parse().map_err(|_| Error::Type(text.to_owned()))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_addition_is_a_record_of_class_in() {
        let record = Change::Add("www.example.com 300 MX 10 mail.example.com".to_owned()).record().unwrap();
        assert_eq!(print_record(&record), "www.example.com. 300 MX 10 mail.example.com.");
        assert_eq!(record.class, Class::IN);
    }

    #[test]
    fn a_deletion_has_class_any_and_no_data() {
        let all = Change::Delete("www.example.com".to_owned()).record().unwrap();
        assert_eq!((all.rtype, all.class, all.ttl, all.rdata), (RecordType::ANY, Class::ANY, 0, None));
        let one = Change::Delete("www.example.com AAAA".to_owned()).record().unwrap();
        assert_eq!(one.rtype, RecordType::AAAA);
    }

    #[test]
    fn what_is_typed_wrong_is_named() {
        for (text, named) in [
            ("www.example.com", "NAME TTL TYPE DATA"),
            ("www.example.com soon A 192.0.2.1", "NAME TTL TYPE DATA"),
            ("www.example.com 60 NONSENSE 1", "NONSENSE"),
            ("www.example.com 60 A 192.0.2.256", "192.0.2.256"),
            ("www..example.com 60 A 192.0.2.1", "www..example.com"),
        ] {
            let error = Change::Add(text.to_owned()).record().unwrap_err().to_string();
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
