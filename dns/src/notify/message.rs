//! Messages of NOTIFY (RFC 1996 section 3): the one we send, the one that comes, and their replies.

use super::Notification;
use crate::keys::{Key, Right};
use crate::message::{Header, Message, Opcode, Question, Rcode};
use crate::name::Name;
use crate::record::{Serial, Soa};
use crate::record_type::{Class, RecordType};

impl Notification {
    /// The request: AA, the question for the zone's SOA, the SOA as the answer. Not signed yet.
    pub fn message(&self) -> Message {
        let header = Header { authoritative: true, ..Header::request(self.id, Opcode::NOTIFY) };
        let question = Question { name: self.soa.owner.clone(), rtype: RecordType::SOA, class: Class::IN };
        Message { questions: vec![question], answers: vec![self.soa.clone().into()], ..Message::new(header) }
    }
}

/// A NOTIFY that somebody sent us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// The zone that may have changed.
    pub zone: Name,
    /// The serial that the sender says it has; often made up.
    pub serial: Option<Serial>,
}

impl Incoming {
    /// Reads a request. Whatever the answer section holds is accepted (RFC 1996 section 3.7 calls it a hint).
    pub fn read(message: &Message) -> Result<Incoming, Rcode> {
        match message.questions.as_slice() {
            _ if message.header.response || message.header.opcode != Opcode::NOTIFY => Err(Rcode::FORMERR),
            [question] if question.class != Class::IN || question.rtype != RecordType::SOA => Err(Rcode::NOTIMP),
            [question] => Ok(Incoming { zone: question.name.clone(), serial: hint(message, &question.name) }),
            _ => Err(Rcode::FORMERR),
        }
    }

    /// Whether the sender may make a primary look at its source: it signed with a key that may notify the zone.
    /// Everybody else gets the same reply and nothing happens.
    pub fn is_obeyed(&self, key: Option<&Key>) -> bool {
        key.is_some_and(|key| key.may(Right::Notify, &self.zone))
    }
}

fn hint(message: &Message, zone: &Name) -> Option<Serial> {
    let is_soa = |owner: &Name, rtype| rtype == RecordType::SOA && owner == zone;
    let record = message.answers.iter().find(|record| is_soa(&record.owner, record.rtype))?;
    Soa::decode(record.rdata.as_ref()?).ok().map(|soa| soa.serial)
}

/// The reply to a NOTIFY that was understood: its question, AA.
pub fn reply(request: &Message) -> Message {
    let mut reply = request.reply(Rcode::NOERROR);
    reply.header.authoritative = true;
    reply
}

/// A reply to a NOTIFY of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// ID of the request.
    pub id: u16,
    /// The zone it was about.
    pub zone: Name,
    /// What the secondary thinks of it.
    pub rcode: Rcode,
}

impl Acknowledgement {
    /// Reads a reply; none for any other message.
    pub fn read(message: &Message) -> Option<Acknowledgement> {
        let Header { id, response, opcode, rcode, .. } = message.header;
        match message.questions.as_slice() {
            [question] if response && opcode == Opcode::NOTIFY => {
                Some(Acknowledgement { id, zone: question.name.clone(), rcode })
            }
            _ => None,
        }
    }
}
