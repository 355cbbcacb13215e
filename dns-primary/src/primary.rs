//! The primary as a function: what is served, a message and the time → what to do.
//!
//! Rights follow from the names of keys (reference: MirageOS). Replies to requests that can be understood carry exactly the
//! question that was asked, since MirageOS clients expect one in every reply.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use dns::answer::{self, Client, Outcome, Transport};
use dns::keys::{KeySet, Right};
use dns::message::{Header, Message, Opcode, Question, Rcode};
use dns::notify::Acknowledgement;
use dns::transfer::Outgoing;
use dns::tsig::{self, Policy, Verification};
use dns::zone_set::ZoneSet;
use dns::{Class, Name, RecordType, Serial, Soa, Zone};

/// Octets of the longest message over TCP.
const MAX_MESSAGE: usize = 65_535;

/// What is served at a moment.
#[derive(Clone, Debug, Default)]
pub struct Served {
    /// The zones.
    pub zones: ZoneSet,
    /// The keys.
    pub keys: KeySet,
}

/// Settings that do not change while the service runs.
#[derive(Clone, Debug, Default)]
pub struct Primary {
    /// Whether AXFR needs no key.
    pub open_transfers: bool,
    /// How answers are made.
    pub answers: Arc<answer::Options>,
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
pub enum Reaction {
    /// Nothing.
    Ignore,
    /// Send this back.
    Reply(Vec<u8>),
    /// Change zones, then reply.
    Update(Request),
    /// Pull, then reply.
    Pull(Request),
    /// Send a transfer.
    Transfer(Transfer),
    /// Reply, and tell this connection from now on when a zone changes.
    Subscribe {
        /// The reply.
        reply: Vec<u8>,
        /// The zone; the root is all zones.
        zone: Name,
        /// The key to sign with.
        key: Name,
    },
    /// The peer has taken note of a NOTIFY.
    Acknowledged(Acknowledgement),
}

/// A request that was understood and whose sender is known.
#[derive(Clone, Debug)]
pub struct Request {
    /// The message, without its TSIG.
    pub message: Message,
    /// Who signed it.
    pub verification: Option<Verification>,
}

/// A zone on its way to a secondary.
pub struct Transfer {
    /// The zone.
    pub apex: Name,
    /// Its version.
    pub serial: Serial,
    /// The messages.
    pub messages: Outgoing,
    /// Signs the messages.
    pub chain: Option<tsig::AnswerChain>,
}

impl Request {
    /// The name of the key that signed it.
    pub fn key_name(&self) -> Option<&Name> {
        self.verification.as_ref().map(|verification| &verification.key().name)
    }

    /// The reply with a response code, signed like the request.
    pub fn reply(&self, rcode: Rcode, now: u64) -> Vec<u8> {
        let mut reply = self.message.reply(rcode);
        // MirageOS clients look for it in replies to UPDATE and NOTIFY.
        reply.header.authoritative = true;
        let mut octets = reply.encode();
        if let Some(verification) = &self.verification {
            tsig::sign_reply(&mut octets, verification, now);
        }
        octets
    }

    fn may(&self, right: Right, name: &Name) -> bool {
        self.verification.as_ref().is_some_and(|verification| verification.key().may(right, name))
    }

    fn question(&self) -> Option<&Question> {
        match self.message.questions.as_slice() {
            [question] => Some(question),
            _ => None,
        }
    }
}

impl Primary {
    /// Answers a query from its octets into `reply`; what else there is to do, [`Primary::handle`] decides.
    pub fn answer(&self, served: &Served, octets: &[u8], origin: Origin, reply: &mut [u8]) -> Outcome {
        let Origin { transport, address, now } = origin;
        let client = Client { transport, address, now: now as u32, options: &self.answers };
        answer::answer(&served.zones, octets, &client, reply)
    }

    /// Decides what to do about any message.
    pub fn handle(&self, served: &Served, octets: &[u8], origin: Origin) -> Reaction {
        let Ok(header) = Header::decode(octets) else { return Reaction::Ignore };
        if header.response {
            return acknowledged(octets);
        }
        let opened = match tsig::open(octets, &served.keys, origin.now, &Policy::default()) {
            Ok(opened) => opened,
            Err(failure) => {
                tracing::info!("a message signed with {:?} was refused: {failure}", failure.key);
                return failure.reply(octets).map_or(Reaction::Ignore, Reaction::Reply);
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
        self.request(Request { message, verification }, origin.now)
    }

    fn request(&self, request: Request, now: u64) -> Reaction {
        let Some(question) = request.question() else {
            return without_question(request.message.header, Rcode::FORMERR, request.verification, now);
        };
        if request.message.header.opcode == Opcode::UPDATE {
            return match &request.verification {
                Some(_) => Reaction::Update(request),
                None => Reaction::Reply(request.reply(Rcode::REFUSED, now)),
            };
        }
        match request.may(Right::Notify, &question.name) {
            true => Reaction::Pull(request),
            false => Reaction::Reply(request.reply(Rcode::REFUSED, now)),
        }
    }

    /// Queries that are signed, and transfers.
    fn query(&self, served: &Served, octets: &[u8], verification: Option<Verification>, origin: Origin) -> Reaction {
        let mut reply = vec![0; MAX_MESSAGE - verification.as_ref().map_or(0, Verification::room)];
        match self.answer(served, octets, origin, &mut reply) {
            Outcome::Reply(length) => reply.truncate(length),
            Outcome::Transfer => return self.transfer(served, octets, verification, origin),
            // The signature was taken off, and it is a query.
            Outcome::Ignore | Outcome::NotAQuery | Outcome::Signed => return Reaction::Ignore,
        }
        match verification {
            Some(verification) => self.signed_query(served, octets, verification, reply, origin),
            None => Reaction::Reply(reply),
        }
    }

    fn signed_query(
        &self,
        served: &Served,
        octets: &[u8],
        verification: Verification,
        mut reply: Vec<u8>,
        origin: Origin,
    ) -> Reaction {
        let asked = soa_question(octets);
        if let (Some(query), None) = (&asked, asked.as_ref().and_then(|asked| served.zones.get(&asked.name))) {
            // To a secondary this says that the zone is gone, or for the root that it may ask for others (MirageOS, 0.6).
            if served.zones.find(&query.name).is_none() {
                reply = Message::decode(octets).map(|query| query.reply(Rcode::NOTAUTH).encode()).unwrap_or(reply);
            }
        }
        tsig::sign_reply(&mut reply, &verification, origin.now);
        let key = verification.key();
        let subscribes = |zone: &Name| origin.transport == Transport::Tcp && key.may(Right::Transfer, zone);
        match asked.filter(|asked| subscribes(&asked.name)) {
            Some(asked) => Reaction::Subscribe { reply, zone: asked.name, key: key.name.clone() },
            None => Reaction::Reply(reply),
        }
    }

    fn transfer(&self, served: &Served, octets: &[u8], verification: Option<Verification>, origin: Origin) -> Reaction {
        let Ok(message) = Message::decode(octets) else {
            let header = Header::decode(octets).expect("a query has a header");
            return without_question(header, Rcode::FORMERR, verification, origin.now);
        };
        let request = Request { message, verification };
        let refuse = |rcode| Reaction::Reply(request.reply(rcode, origin.now));
        let Some(question) = request.question() else { return refuse(Rcode::FORMERR) };
        if question.class != Class::IN {
            return refuse(Rcode::REFUSED);
        }
        if !self.open_transfers && !request.may(Right::Transfer, &question.name) {
            tracing::info!("a transfer of {} to {} was refused", question.name, origin.address);
            return refuse(Rcode::REFUSED);
        }
        let Some(zone) = served.zones.get(&question.name) else { return refuse(Rcode::NOTAUTH) };
        match (question.rtype, origin.transport) {
            // RFC 1995 section 2: over UDP the SOA alone makes the client come back over TCP.
            (RecordType::IXFR, Transport::Udp) => only_soa(&request, zone, origin.now),
            (RecordType::IXFR, _) if is_up_to_date(&request.message, zone) => only_soa(&request, zone, origin.now),
            (_, Transport::Udp) => refuse(Rcode::REFUSED),
            (_, Transport::Tcp) => Reaction::Transfer(outgoing(&request, question.rtype, zone)),
        }
    }
}

fn only_soa(request: &Request, zone: &Zone, now: u64) -> Reaction {
    let mut reply = request.message.reply(Rcode::NOERROR);
    reply.header.authoritative = true;
    reply.answers.push(zone.soa_record().into());
    let mut octets = reply.encode();
    if let Some(verification) = &request.verification {
        tsig::sign_reply(&mut octets, verification, now);
    }
    Reaction::Reply(octets)
}

/// The question, when it is for an SOA.
fn soa_question(octets: &[u8]) -> Option<Question> {
    let mut message = Message::decode(octets).ok()?;
    let question = message.questions.pop()?;
    (question.rtype == RecordType::SOA && question.class == Class::IN).then_some(question)
}

impl Transfer {
    /// The next message, signed when the request was.
    pub fn next_message(&mut self, now: u64) -> Option<Bytes> {
        let mut message = self.messages.next()?;
        if let Some(chain) = &mut self.chain {
            chain.sign(&mut message, now);
        }
        Some(message.into())
    }
}

fn outgoing(request: &Request, rtype: RecordType, zone: &Zone) -> Transfer {
    let chain = |verification: &Verification| tsig::AnswerChain::new(verification.clone(), tsig::Chaining::Rfc8945);
    let chain = request.verification.as_ref().map(chain);
    let limit = MAX_MESSAGE - chain.as_ref().map_or(0, tsig::AnswerChain::room);
    let (apex, serial) = (zone.apex().clone(), zone.serial());
    let messages = Outgoing::zone(zone, &request.message.header, rtype, limit);
    Transfer { apex, serial, messages, chain }
}

/// RFC 1995 section 2: the client's serial stands in the authority section.
fn is_up_to_date(message: &Message, zone: &Zone) -> bool {
    let soa = message.authorities.iter().find(|record| record.rtype == RecordType::SOA && record.owner == *zone.apex());
    let soa = soa.and_then(|record| Soa::decode(record.rdata.as_ref()?).ok());
    soa.is_some_and(|soa| !zone.serial().is_after(soa.serial))
}

fn acknowledged(octets: &[u8]) -> Reaction {
    let message = Message::decode(octets).ok();
    message.and_then(|message| Acknowledgement::read(&message)).map_or(Reaction::Ignore, Reaction::Acknowledged)
}

fn without_question(header: Header, rcode: Rcode, verification: Option<Verification>, now: u64) -> Reaction {
    let mut reply = Message::new(header.reply(rcode)).encode();
    if let Some(verification) = &verification {
        tsig::sign_reply(&mut reply, verification, now);
    }
    Reaction::Reply(reply)
}
