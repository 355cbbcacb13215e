//! A query's octets and the zones that are served in, a reply's octets out (RFC 1034 section 4.3.2).
//!
//! Nothing is allocated and nothing waits: the query is read where it lies, RRsets are copied from the zone into the
//! caller's buffer. What is not a plain query goes back to the caller as an [`Outcome`].

mod chaos;
mod compose;
mod denial;
mod edns;
mod lookup;
mod query;
pub mod rate_limit;
mod resolve;
mod siphash;
#[cfg(test)]
mod tests;
mod warm;

use std::net::IpAddr;

use crate::message::Rcode;
use crate::record_type::{Class, RecordType};
use crate::zone_set::ZoneSet;
use compose::{Composer, Full};
use edns::Edns;
use query::{Query, QueryError};
use rate_limit::{Decision, RateLimit};
use resolve::Resolution;

pub(crate) use compose::{NamesInRdata, compressible};
pub use warm::warm;

/// How a query came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// In a datagram.
    Udp,
    /// On a connection.
    Tcp,
}

/// Who asks, and when.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    /// How the query came.
    pub transport: Transport,
    /// Where it came from; part of the cookie.
    pub address: IpAddr,
    /// Seconds since 1970, for the cookie; may wrap around.
    pub now: u32,
    /// What the operator chose.
    pub options: &'a Options,
    /// The limit of answers over UDP to who shows no valid cookie.
    pub limit: Option<&'a RateLimit>,
}

/// What an operator may choose about answers.
#[derive(Clone, Debug)]
pub struct Options {
    /// Octets of a UDP reply at most, when the client takes as many.
    pub udp_payload_size: u16,
    /// Identifier of this server for NSID (RFC 5001) and `id.server`; at most 128 octets count.
    pub identity: Option<Box<[u8]>>,
    /// Text for `version.bind`; at most 255 octets count.
    pub version: Option<Box<[u8]>>,
    /// Key of the cookies (RFC 9018); without, cookies are ignored.
    pub cookie_secret: Option<[u8; 16]>,
    /// How long an idle connection stays open, in units of 100 ms (RFC 7828); without, the option is not sent.
    pub keepalive: Option<u16>,
}

impl Default for Options {
    fn default() -> Options {
        Options { udp_payload_size: 1232, identity: None, version: None, cookie_secret: None, keepalive: None }
    }
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// So many octets of the buffer are the reply.
    Reply(usize),
    /// The opcode is not QUERY; nothing else was looked at.
    NotAQuery,
    /// AXFR or IXFR is asked for.
    Transfer,
    /// There is a TSIG (RFC 8945): who has the keys checks it, takes it off, asks again and signs the reply.
    Signed,
    /// The client has had more than its share: nothing is sent, or so many octets that tell it to come back over TCP.
    Limited(Option<usize>),
    /// No reply can be sent: the message is a reply itself, or shorter than a header, or the buffer does not take even
    /// the question.
    Ignore,
}

/// Answers `message` into `reply`, whose length is the most that the transport takes.
pub fn answer(zones: &ZoneSet, message: &[u8], client: &Client<'_>, reply: &mut [u8]) -> Outcome {
    let query = match Query::decode(message) {
        Ok(query) => query,
        Err(QueryError::Ignore) => return Outcome::Ignore,
        Err(QueryError::NotAQuery) => return Outcome::NotAQuery,
        Err(QueryError::Signed) => return Outcome::Signed,
        Err(QueryError::Malformed { question_end }) => return format_error(message, question_end, reply),
    };
    if query.is_for_cookie() && client.options.cookie_secret.is_none() {
        return format_error(message, None, reply);
    }
    if matches!(query.rtype, RecordType::AXFR | RecordType::IXFR) {
        return Outcome::Transfer;
    }
    match compose_reply(zones, &query, client, reply) {
        Ok(outcome) => outcome,
        Err(Full) => Outcome::Ignore,
    }
}

/// The reply to what cannot be understood: the header, and the question where it could be read.
fn format_error(message: &[u8], question_end: Option<usize>, reply: &mut [u8]) -> Outcome {
    let length = question_end.unwrap_or(crate::message::HEADER);
    let Some(reply) = reply.get_mut(..length) else { return Outcome::Ignore };
    reply.copy_from_slice(&message[..length]);
    reply[2] = query::QR | message[2] & (query::OPCODE | query::RD);
    reply[3] = message[3] & query::CD | Rcode::FORMERR.0 as u8;
    reply[4..12].fill(0);
    reply[5] = u8::from(question_end.is_some());
    Outcome::Reply(length)
}

fn compose_reply(zones: &ZoneSet, query: &Query<'_>, client: &Client<'_>, reply: &mut [u8]) -> Result<Outcome, Full> {
    let options = edns::Reply::new(query, client);
    let limit = reply_limit(query.edns.as_ref(), client, reply.len());
    let reserved = if query.edns.is_some() { options.len() } else { 0 };
    let composer = Composer::new(reply, limit.checked_sub(reserved).ok_or(Full)?, query)?;
    let mut resolution = Resolution::new(zones, query, client.transport, composer);
    match (query.edns.as_ref(), query.class) {
        (Some(edns), _) if edns.version != 0 => resolution.rcode = Rcode::BADVERS,
        _ if query.is_for_cookie() => resolution.rcode = options.cookie_rcode(),
        _ if query.rtype == RecordType::NXNAME => resolution.invalid_type(),
        (_, Class::IN) => resolution.run(),
        (_, Class::CH) => chaos::answer(&mut resolution, client.options),
        _ => resolution.rcode = Rcode::REFUSED,
    }
    let decision = match client.limit {
        Some(limit) if client.transport == Transport::Udp && !options.is_known_client() => {
            limit.decide(client.address, resolution.kind(), resolution.subject(), client.now)
        }
        _ => Decision::Send,
    };
    match decision {
        Decision::Send => resolution.finish(limit, &options).map(Outcome::Reply),
        Decision::Slip => {
            resolution.clear();
            resolution.finish(limit, &options).map(|length| Outcome::Limited(Some(length)))
        }
        Decision::Drop => Ok(Outcome::Limited(None)),
    }
}

/// Octets that the reply may have (RFC 6891 section 6.2.5).
fn reply_limit(edns: Option<&Edns<'_>>, client: &Client<'_>, buffer: usize) -> usize {
    let transport = match (client.transport, edns) {
        (Transport::Tcp, _) => usize::from(u16::MAX),
        (Transport::Udp, None) => 512,
        (Transport::Udp, Some(edns)) => {
            usize::from(edns.payload_size.clamp(512, client.options.udp_payload_size.max(512)))
        }
    };
    transport.min(buffer)
}
