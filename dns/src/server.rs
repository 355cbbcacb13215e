//! An authoritative server as a function: what is served, a message and the time → what to do about it.
//!
//! Here is what a primary and a secondary have in common: queries, signatures, transfers out, subscriptions. NOTIFY and
//! UPDATE are opened and handed back as a [`Request`]. Replies to requests that can be understood carry exactly the
//! question that was asked, since MirageOS clients expect one in every reply.

mod announcer;
mod journals;
mod outgoing;
#[cfg(test)]
mod tests;
mod unavailable;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::answer::rate_limit::RateLimit;
use crate::answer::{self, Client, Outcome, Transport};
use crate::keys::{KeySet, Right};
use crate::message::{Header, Message, Opcode, Question, Rcode};
use crate::name::Name;
use crate::notify::Acknowledgement;
use crate::record_type::{Class, RecordType};
use crate::tsig::{self, Policy, TsigFailure, Verification};
use crate::zone_set::ZoneSet;

pub use announcer::{Announcement, Announcements, Announcer};
pub use journals::Journals;
pub use outgoing::{Kind, Transfer, TransferRequest};
pub use unavailable::Unavailable;

/// Octets of the longest message over TCP.
const MAX_MESSAGE: usize = 65_535;
/// Octets of a message over UDP to who says nothing else.
const WITHOUT_EDNS: u16 = 512;
/// Octets of a message over UDP at most.
const MOST_OVER_UDP: u16 = 1232;

/// What is served at a moment.
#[derive(Clone, Debug, Default)]
pub struct Served {
    /// The zones.
    pub zones: ZoneSet,
    /// The keys.
    pub keys: KeySet,
    /// Zones that are ours and cannot be served.
    pub unavailable: Unavailable,
}

/// Settings that do not change while the server runs.
#[derive(Clone, Debug, Default)]
pub struct Server {
    /// Whether AXFR needs no key.
    pub open_transfers: bool,
    /// How answers are made.
    pub answers: Arc<answer::Options>,
    /// How many of them a client gets.
    pub rate_limit: Option<Arc<RateLimit>>,
}

/// What an operator may choose.
#[derive(Debug, Default)]
pub struct Settings {
    /// Whether AXFR needs no key.
    pub open_transfers: bool,
    /// For NSID and `id.server`.
    pub identity: Option<String>,
    /// For `version.bind`.
    pub version: Option<String>,
    /// Key of the cookies.
    pub cookie_secret: [u8; 16],
    /// How long a connection may be idle, which clients are told.
    pub idle: Duration,
    /// How many answers a client gets.
    pub rate_limit: Option<RateLimit>,
}

/// Where a message came from, and when.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    /// How it came.
    pub transport: Transport,
    /// Who sent it.
    pub address: IpAddr,
    /// Seconds since 1970.
    pub now: u64,
}

/// What to do about a message.
#[derive(Debug)]
pub enum Reaction {
    /// Nothing.
    Ignore,
    /// Send this back.
    Reply(Vec<u8>),
    /// A request of another opcode, NOTIFY or UPDATE, with one question: do it, then reply.
    Request(Request),
    /// Send a transfer.
    Transfer(TransferRequest),
    /// Reply, and tell this connection from now on when a zone changes (MirageOS).
    Subscribe {
        /// The reply.
        reply: Vec<u8>,
        /// The zone; the root is all zones.
        zone: Name,
        /// The key to sign with.
        key: Name,
    },
    /// The peer has taken note of a NOTIFY that went over this connection.
    Acknowledged(Acknowledgement),
    /// Something that an operator may want to know of was refused; send the reply, if there is one.
    Refused {
        /// What, and why.
        refusal: Refusal,
        /// What the peer is told.
        reply: Option<Vec<u8>>,
    },
}

/// What was refused to a peer.
#[derive(Debug)]
pub enum Refusal {
    /// A signature.
    Signature(TsigFailure),
    /// A transfer of this zone, for want of a key with the right.
    Transfer(Name),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Signature(failure) => {
                write!(f, "a message signed with {:?} was refused: {failure}", failure.key)
            }
            Refusal::Transfer(zone) => write!(f, "a transfer of {zone} was refused"),
        }
    }
}

/// A request that was understood and whose sender is known.
#[derive(Clone, Debug)]
pub struct Request {
    /// The message, without its TSIG.
    pub message: Message,
    /// Who signed it.
    pub verification: Option<Verification>,
}

impl Request {
    /// The name of the key that signed it.
    pub fn key_name(&self) -> Option<&Name> {
        self.verification.as_ref().map(|verification| &verification.key().name)
    }

    /// Whether it was signed with a key that has this right.
    pub fn may(&self, right: Right, name: &Name) -> bool {
        self.verification.as_ref().is_some_and(|verification| verification.key().may(right, name))
    }

    /// Its question, when it has one.
    pub fn question(&self) -> Option<&Question> {
        match self.message.questions.as_slice() {
            [question] => Some(question),
            _ => None,
        }
    }

    /// The reply with a response code, signed like the request.
    pub fn reply(&self, rcode: Rcode, now: u64) -> Vec<u8> {
        let mut reply = self.message.reply(rcode);
        // MirageOS clients look for it in replies to UPDATE and NOTIFY.
        reply.header.authoritative = true;
        self.sign(reply.encode(), now)
    }

    fn sign(&self, mut reply: Vec<u8>, now: u64) -> Vec<u8> {
        if let Some(verification) = &self.verification {
            tsig::sign_reply(&mut reply, verification, now);
        }
        reply
    }
}

impl Server {
    /// Cookies are on, and clients are told how long a connection may be idle.
    pub fn new(settings: Settings) -> Server {
        let octets = |text: String| text.into_bytes().into_boxed_slice();
        let answers = answer::Options {
            identity: settings.identity.map(octets),
            version: settings.version.map(octets),
            cookie_secret: Some(settings.cookie_secret),
            keepalive: Some((settings.idle.as_millis() / 100) as u16),
            ..answer::Options::default()
        };
        let rate_limit = settings.rate_limit.map(Arc::new);
        Server { open_transfers: settings.open_transfers, answers: Arc::new(answers), rate_limit }
    }

    /// Answers a query from its octets into `reply`; what else there is to do, [`Server::handle`] decides.
    pub fn answer(&self, served: &Served, octets: &[u8], origin: Origin, reply: &mut [u8]) -> Outcome {
        self.answer_within(self.rate_limit.as_deref(), served, octets, origin, reply)
    }

    fn answer_within(
        &self,
        limit: Option<&RateLimit>,
        served: &Served,
        octets: &[u8],
        origin: Origin,
        reply: &mut [u8],
    ) -> Outcome {
        let Origin { transport, address, now } = origin;
        let client = Client { transport, address, now: now as u32, options: &self.answers, limit };
        if served.unavailable.is_empty() || !served.unavailable.covers(octets, &served.zones) {
            return answer::answer(&served.zones, octets, &client, reply);
        }
        let outcome = answer::answer(&ZoneSet::new(), octets, &client, reply);
        if let Outcome::Reply(length) = outcome
            && length > 3
            && reply[3] & 15 == Rcode::REFUSED.0 as u8
        {
            reply[3] = reply[3] & 0xf0 | Rcode::SERVFAIL.0 as u8;
        }
        outcome
    }

    /// Decides what to do about any message.
    pub fn handle(&self, served: &Served, octets: &[u8], origin: Origin) -> Reaction {
        let Ok(header) = Header::decode(octets) else { return Reaction::Ignore };
        if header.response {
            // Datagrams of NOTIFY leave from a socket of their own, where their replies come to.
            return if origin.transport == Transport::Tcp { acknowledged(octets) } else { Reaction::Ignore };
        }
        let opened = match tsig::open(octets, &served.keys, origin.now, &Policy::default()) {
            Ok(opened) => opened,
            Err(failure) => {
                let reply = failure.reply(octets);
                return Reaction::Refused { refusal: Refusal::Signature(failure), reply };
            }
        };
        let (octets, verification) = (&opened.message, opened.verification);
        if header.opcode == Opcode::QUERY {
            return self.query(served, octets, verification, origin);
        }
        let message = match Message::decode(octets) {
            Ok(message) if matches!(header.opcode, Opcode::UPDATE | Opcode::NOTIFY) => message,
            Ok(_) => return without_question(header, Rcode::NOTIMP, verification, origin.now),
            Err(_) => return without_question(header, Rcode::FORMERR, verification, origin.now),
        };
        let request = Request { message, verification };
        match request.question() {
            Some(_) => Reaction::Request(request),
            None => without_question(header, Rcode::FORMERR, request.verification, origin.now),
        }
    }

    /// Queries that are signed, and transfers.
    fn query(&self, served: &Served, octets: &[u8], verification: Option<Verification>, origin: Origin) -> Reaction {
        let mut reply = vec![0; MAX_MESSAGE - verification.as_ref().map_or(0, Verification::room)];
        // Who has signed need not be protected from.
        let limit = self.rate_limit.as_deref().filter(|_| verification.is_none());
        match self.answer_within(limit, served, octets, origin, &mut reply) {
            Outcome::Reply(length) | Outcome::Limited(Some(length)) => reply.truncate(length),
            Outcome::Transfer => return self.transfer(served, octets, verification, origin),
            // The signature was taken off, and it is a query.
            Outcome::Ignore | Outcome::Limited(None) | Outcome::NotAQuery | Outcome::Signed => return Reaction::Ignore,
        }
        match verification {
            Some(verification) => signed_query(served, octets, verification, reply, origin),
            None => Reaction::Reply(reply),
        }
    }

    fn transfer(&self, served: &Served, octets: &[u8], verification: Option<Verification>, origin: Origin) -> Reaction {
        let message = match (Message::decode(octets), Header::decode(octets)) {
            (Ok(message), _) => message,
            (Err(_), Ok(header)) => return without_question(header, Rcode::FORMERR, verification, origin.now),
            (Err(_), Err(_)) => return Reaction::Ignore,
        };
        let request = Request { message, verification };
        let refuse = |rcode| Reaction::Reply(request.reply(rcode, origin.now));
        let Some(question) = request.question() else { return refuse(Rcode::FORMERR) };
        if question.class != Class::IN {
            return refuse(Rcode::REFUSED);
        }
        if !self.open_transfers && !request.may(Right::Transfer, &question.name) {
            let reply = Some(request.reply(Rcode::REFUSED, origin.now));
            return Reaction::Refused { refusal: Refusal::Transfer(question.name.clone()), reply };
        }
        if served.unavailable.contains(&question.name) {
            return refuse(Rcode::SERVFAIL);
        }
        let Some(zone) = served.zones.get(&question.name).cloned() else { return refuse(Rcode::NOTAUTH) };
        match (question.rtype, origin.transport) {
            (RecordType::AXFR, Transport::Udp) => refuse(Rcode::REFUSED),
            (rtype, transport) => Reaction::Transfer(TransferRequest::new(request, zone, rtype, transport)),
        }
    }
}

fn signed_query(
    served: &Served,
    octets: &[u8],
    verification: Verification,
    mut reply: Vec<u8>,
    origin: Origin,
) -> Reaction {
    let asked = soa_question(octets);
    if let Some(query) = &asked
        && served.zones.find(&query.name).is_none()
        && !served.unavailable.contains(&query.name)
    {
        // To a secondary this says that the zone is gone, or for the root that it may ask for others (MirageOS).
        reply = Message::decode(octets).map(|query| query.reply(Rcode::NOTAUTH).encode()).unwrap_or(reply);
    }
    // The answer kept to the limit, but did not leave room for its signature.
    let limit = Message::decode(octets).map_or(WITHOUT_EDNS.into(), |query| reply_limit(&query, origin.transport));
    tsig::sign_reply_within(limit, &mut reply, &verification, origin.now);
    let key = verification.key();
    let subscribes = |zone: &Name| origin.transport == Transport::Tcp && key.may(Right::Transfer, zone);
    match asked.filter(|asked| subscribes(&asked.name)) {
        Some(asked) => Reaction::Subscribe { reply, zone: asked.name, key: key.name.clone() },
        None => Reaction::Reply(reply),
    }
}

/// Octets that the reply to a query may have, its signature included (RFC 6891 section 6.2.5).
fn reply_limit(query: &Message, transport: Transport) -> usize {
    let opt = || query.additionals.iter().find(|record| record.rtype == RecordType::OPT);
    match transport {
        Transport::Tcp => MAX_MESSAGE,
        Transport::Udp => opt().map_or(WITHOUT_EDNS, |opt| opt.class.0.clamp(WITHOUT_EDNS, MOST_OVER_UDP)).into(),
    }
}

/// The question, when it is for an SOA.
fn soa_question(octets: &[u8]) -> Option<Question> {
    let mut message = Message::decode(octets).ok()?;
    let question = message.questions.pop()?;
    (question.rtype == RecordType::SOA && question.class == Class::IN).then_some(question)
}

fn acknowledged(octets: &[u8]) -> Reaction {
    let message = Message::decode(octets).ok();
    message.and_then(|message| Acknowledgement::read(&message)).map_or(Reaction::Ignore, Reaction::Acknowledged)
}

fn without_question(header: Header, rcode: Rcode, verification: Option<Verification>, now: u64) -> Reaction {
    let message = Message::new(header.reply(rcode));
    Reaction::Reply(Request { message, verification }.sign_own(now))
}

impl Request {
    /// For a message that is the reply already.
    fn sign_own(&self, now: u64) -> Vec<u8> {
        self.sign(self.message.encode(), now)
    }
}
