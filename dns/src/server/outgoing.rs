//! A transfer that was asked for and may be had: which shape it takes (RFC 1995 sections 2 and 4), and its signatures.
//!
//! A MirageOS secondary reads differences only in one message and as one step, and messages that are signed each on its
//! own.

use bytes::Bytes;

use super::{Request, reply_limit};
use crate::answer::Transport;
use crate::message::{MessageRecord, Rcode};
use crate::name::Name;
use crate::record::{Serial, Soa};
use crate::record_type::{Class, RecordType};
use crate::transfer::{Journal, Outgoing};
use crate::tsig::{AnswerChain, Chaining, Verification};
use crate::zone::Zone;

/// A transfer that may start.
#[derive(Debug)]
pub struct TransferRequest {
    request: Request,
    zone: Zone,
    /// What the asker has, for IXFR.
    since: Option<Serial>,
    transport: Transport,
}

/// A zone on its way to a secondary.
pub struct Transfer {
    /// The zone.
    pub apex: Name,
    /// Its version.
    pub serial: Serial,
    /// What is sent of it.
    pub kind: Kind,
    messages: Messages,
    chain: Option<AnswerChain>,
}

/// What is sent of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// All of it.
    Full,
    /// What changed.
    Incremental,
    /// The SOA alone: nothing changed, or the asker shall come back over TCP.
    Soa,
    /// An error, upon which the asker wants all of it.
    Refused,
}

enum Messages {
    Stream(Box<Outgoing>),
    One(Option<Vec<u8>>),
}

impl TransferRequest {
    pub(super) fn new(request: Request, zone: Zone, rtype: RecordType, transport: Transport) -> TransferRequest {
        let since = (rtype == RecordType::IXFR).then(|| asker_serial(&request, zone.apex())).flatten();
        TransferRequest { request, zone, since, transport }
    }

    /// The zone as it is served.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The version that the asker has, when it asks for what changed since: whoever can make older steps may put them
    /// into the journal first.
    pub fn since(&self) -> Option<Serial> {
        self.since.filter(|since| self.zone.serial().is_after(*since))
    }

    /// Starts it. Without a journal, or with one that does not reach back far enough, all of the zone is sent.
    pub fn start(self, journal: Option<&Journal>) -> Transfer {
        let mirage = self.request.verification.as_ref().is_some_and(Verification::is_of_mirage);
        let chaining = if mirage { Chaining::EachOnItsOwn } else { Chaining::Rfc8945 };
        let chain = self.request.verification.as_ref().map(|proof| AnswerChain::new(proof.clone(), chaining));
        let room = chain.as_ref().map_or(0, AnswerChain::room);
        let limit = reply_limit(&self.request.message, self.transport).saturating_sub(room);
        let (kind, messages) = self.messages(journal, mirage, limit);
        Transfer { apex: self.zone.apex().clone(), serial: self.zone.serial(), kind, messages, chain }
    }

    fn messages(&self, journal: Option<&Journal>, mirage: bool, limit: usize) -> (Kind, Messages) {
        let (zone, header) = (&self.zone, &self.request.message.header);
        let soa_alone = || (Kind::Soa, Messages::stream(Outgoing::up_to_date(zone, header, limit)));
        let Some(since) = self.since else {
            // IXFR without the serial that it needs is answered as AXFR would be.
            let rtype = self.request.question().map_or(RecordType::AXFR, |question| question.rtype);
            return match self.transport {
                Transport::Tcp => (Kind::Full, Messages::stream(Outgoing::zone(zone, header, rtype, limit))),
                Transport::Udp => soa_alone(),
            };
        };
        if !zone.serial().is_after(since) {
            return soa_alone();
        }
        let steps = journal.and_then(|journal| journal.answer(zone, since, mirage));
        let kind = if steps.is_some() { Kind::Incremental } else { Kind::Full };
        let answer = || match &steps {
            Some(steps) => Outgoing::steps(zone, header, steps.clone(), limit),
            None => Outgoing::zone(zone, header, RecordType::IXFR, limit),
        };
        match (self.transport, mirage) {
            (Transport::Tcp, false) => (kind, Messages::stream(answer())),
            (Transport::Udp, _) => match answer().single(limit) {
                Some(message) => (kind, Messages::One(Some(message))),
                None => soa_alone(),
            },
            (Transport::Tcp, true) => match answer().single(limit) {
                Some(message) => (kind, Messages::One(Some(message))),
                None => (Kind::Refused, Messages::One(Some(self.request.message.reply(Rcode::NOTIMP).encode()))),
            },
        }
    }
}

impl Messages {
    fn stream(messages: Outgoing) -> Messages {
        Messages::Stream(Box::new(messages))
    }
}

impl Transfer {
    /// The next message, signed when the request was.
    pub fn next_message(&mut self, now: u64) -> Option<Bytes> {
        let mut message = match &mut self.messages {
            Messages::Stream(messages) => messages.next()?,
            Messages::One(message) => message.take()?,
        };
        if let Some(chain) = &mut self.chain {
            chain.sign(&mut message, now);
        }
        Some(message.into())
    }
}

impl std::fmt::Debug for Transfer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} ({:?})", self.apex, self.serial, self.kind)
    }
}

/// RFC 1995 section 3: the asker's SOA stands in the authority section.
fn asker_serial(request: &Request, apex: &Name) -> Option<Serial> {
    let is_soa =
        |record: &&MessageRecord| record.rtype == RecordType::SOA && record.class == Class::IN && record.owner == *apex;
    let record = request.message.authorities.iter().find(is_soa)?;
    Soa::decode(record.rdata.as_ref()?).ok().map(|soa| soa.serial)
}
