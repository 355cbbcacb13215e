//! One request and the messages of its answer: what all answers have in common, whatever they carry.

use super::{Asking, Limits, TransferError};
use crate::message::{Header, Message, MessageRecord, Opcode, Question, Rcode};
use crate::rdata::Rdata;
use crate::record::Record;
use crate::record_type::{Class, RecordType};
use crate::tsig::{self, Chaining, TransferChain};

/// A request whose answer is awaited.
#[derive(Debug)]
pub(super) struct Exchange {
    id: u16,
    question: Question,
    limits: Limits,
    /// The ways of signing that the messages so far allow; empty when nothing is signed.
    chains: Vec<TransferChain>,
    signed: bool,
    /// Kept where a message could come again without its signature showing it.
    first: Option<Vec<u8>>,
    messages: usize,
    octets: usize,
    records: usize,
}

/// A message of the answer that is what it should be, as far as one can tell from it alone.
pub(super) struct Opened {
    pub(super) rcode: Rcode,
    /// Whether a key proves it.
    pub(super) signed: bool,
    pub(super) records: Vec<Record>,
}

impl Exchange {
    /// The request's octets, and what its answer is checked with.
    pub(super) fn start(asking: &Asking, rtype: RecordType, id: u16, now: u64) -> (Vec<u8>, Exchange) {
        let question = Question { name: asking.apex.clone(), rtype, class: Class::IN };
        let mut request = Message::new(Header::request(id, Opcode::QUERY));
        request.questions.push(question.clone());
        if let (RecordType::IXFR, Some(held)) = (rtype, &asking.held) {
            request.authorities.push(held.soa_record().into());
        }
        let (octets, chains) = match &asking.key {
            None => (request.encode(), vec![]),
            Some(key) => {
                let signed = tsig::sign_request(request.encode(), key, now, tsig::FUDGE);
                let chain = |chaining| TransferChain::new(signed.sent.clone(), chaining);
                // Keys named as MirageOS names them may be shared with a primary that signs as MirageOS does.
                let mirage = key.grant().map(|_| chain(Chaining::EachOnItsOwn));
                let chains = std::iter::once(chain(Chaining::Rfc8945)).chain(mirage).collect();
                (signed.octets, chains)
            }
        };
        let (signed, limits) = (asking.key.is_some(), asking.limits);
        let exchange =
            Exchange { id, question, limits, chains, signed, first: None, messages: 0, octets: 0, records: 0 };
        (octets, exchange)
    }

    pub(super) fn id(&self) -> u16 {
        self.id
    }

    /// Messages that came so far.
    pub(super) fn messages(&self) -> usize {
        self.messages
    }

    /// Takes a message.
    pub(super) fn open(&mut self, octets: &[u8], now: u64) -> Result<Opened, TransferError> {
        self.octets += octets.len();
        if self.octets > self.limits.octets {
            return Err(TransferError::TooManyOctets);
        }
        let message = match self.signed {
            true => Message::decode(&self.verify(octets, now)?)?,
            false => Message::decode(octets)?,
        };
        self.messages += 1;
        self.check(&message)?;
        let rcode = message.header.rcode;
        self.records += message.answers.len();
        if self.records > self.limits.records {
            return Err(TransferError::TooManyRecords);
        }
        let records: Result<Vec<Record>, TransferError> = message.answers.into_iter().map(zone_record).collect();
        match records? {
            records if records.is_empty() && rcode == Rcode::NOERROR => Err(TransferError::Empty),
            records => Ok(Opened { rcode, signed: self.signed, records }),
        }
    }

    /// The last message must have been signed.
    pub(super) fn finish(&mut self) -> Result<(), TransferError> {
        match std::mem::take(&mut self.chains).into_iter().next() {
            Some(chain) => Ok(chain.finish()?),
            None => Ok(()),
        }
    }

    /// Goes on with the ways of signing that allow this message.
    fn verify(&mut self, octets: &[u8], now: u64) -> Result<Vec<u8>, TransferError> {
        if self.first.as_deref() == Some(octets) {
            return Err(TransferError::Replayed);
        }
        if self.messages == 0 && self.chains.len() > 1 {
            self.first = Some(octets.to_vec());
        }
        let (mut opened, mut failure, mut kept) = (None, None, vec![]);
        for mut chain in std::mem::take(&mut self.chains) {
            match chain.accept(octets, now) {
                Ok(message) => {
                    opened = opened.or(Some(message));
                    kept.push(chain);
                }
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        self.chains = kept;
        match (opened, failure) {
            (Some(message), _) => Ok(message),
            (None, Some(error)) => Err(error.into()),
            (None, None) => Err(TransferError::NotTheAnswer),
        }
    }

    fn check(&self, message: &Message) -> Result<(), TransferError> {
        let Header { id, response, opcode, truncated, rcode, .. } = message.header;
        if id != self.id || !response || opcode != Opcode::QUERY {
            return Err(TransferError::NotTheAnswer);
        }
        if truncated && rcode == Rcode::NOERROR {
            return Err(TransferError::Truncated);
        }
        // RFC 5936 section 2.2.1: only the first message must repeat the question, and some leave it out of errors.
        match message.questions.as_slice() {
            [] => Ok(()),
            [question] if *question == self.question => Ok(()),
            _ => Err(TransferError::OtherQuestion),
        }
    }
}

fn zone_record(record: MessageRecord) -> Result<Record, TransferError> {
    let MessageRecord { owner, rtype, class, ttl, rdata } = record;
    if class != Class::IN || rtype.is_meta() {
        return Err(TransferError::NotARecord);
    }
    let rdata = match rdata {
        Some(rdata) => rdata,
        None => Rdata::from_octets(rtype, &[]).map_err(|_| TransferError::NotARecord)?,
    };
    // RFC 2181 section 8: a TTL with the highest bit set is 0.
    let ttl = if ttl > i32::MAX as u32 { 0 } else { ttl };
    Ok(Record { owner, rtype, ttl, rdata })
}
