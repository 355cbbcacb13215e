//! Stories of a zone, a question, and the sections of the reply in one line each: RCODE and flags, answers, authority,
//! additional, with ` | ` between. Every reply is read by a second implementation too.

mod chain;
mod compared;
mod denial;
mod edns;
mod hostile;
mod lookup;
mod truncation;

use super::*;
use crate::message::{Header, Message, MessageRecord, Opcode, Question};
use crate::name::Name;
use crate::testing;

/// A query that can be changed before it is asked.
struct Ask {
    message: Message,
    transport: Transport,
    options: Options,
    buffer: usize,
}

/// `NAME TYPE`, absolute.
fn ask(question: &str) -> Ask {
    let (name, rtype) = question.split_once(' ').unwrap();
    let mut message = Message::new(Header::request(0x1234, Opcode::QUERY));
    message.questions.push(Question { name: name.parse().unwrap(), rtype: rtype.parse().unwrap(), class: Class::IN });
    Ask { message, transport: Transport::Udp, options: Options::default(), buffer: 65_535 }
}

impl Ask {
    fn tcp(mut self) -> Ask {
        self.transport = Transport::Tcp;
        self
    }

    fn class(mut self, class: Class) -> Ask {
        self.message.questions[0].class = class;
        self
    }

    /// Appends an OPT record.
    fn edns(mut self, payload_size: u16, ttl: u32, options: &[u8]) -> Ask {
        let rdata = crate::rdata::Rdata::from_octets(RecordType::OPT, options).unwrap();
        let (owner, class) = (Name::root(), Class(payload_size));
        let opt = MessageRecord { owner, rtype: RecordType::OPT, class, ttl, rdata: Some(rdata) };
        self.message.additionals.push(opt);
        self
    }

    fn dnssec(self) -> Ask {
        self.edns(1232, 0x8000, &[])
    }

    fn octets(&self) -> Vec<u8> {
        self.message.encode()
    }

    fn reply_to(&self, zones: &ZoneSet, octets: &[u8]) -> Option<Vec<u8>> {
        let address = "192.0.2.9".parse().unwrap();
        let client =
            Client { transport: self.transport, address, now: 1_800_000_000, options: &self.options, limit: None };
        let mut buffer = vec![0xee; self.buffer];
        match answer(zones, octets, &client, &mut buffer) {
            Outcome::Reply(length) => Some(buffer[..length].to_vec()),
            _ => None,
        }
    }

    fn message(&self, zones: &ZoneSet) -> Message {
        let octets = self.reply_to(zones, &self.octets()).unwrap();
        hickory_proto::op::Message::from_vec(&octets).unwrap_or_else(|error| panic!("{error}: {octets:x?}"));
        let reply = Message::decode(&octets).unwrap();
        let mut asked = self.message.header.reply(reply.header.rcode);
        (asked.authoritative, asked.truncated) = (reply.header.authoritative, reply.header.truncated);
        assert_eq!(reply.header, asked);
        assert_eq!(reply.questions, self.message.questions);
        reply
    }

    fn of(&self, zones: &ZoneSet) -> String {
        print(&self.message(zones))
    }
}

fn print(reply: &Message) -> String {
    let mut head = rcode_text(reply);
    if reply.header.authoritative {
        head.push_str(" aa");
    }
    if reply.header.truncated {
        head.push_str(" tc");
    }
    let sections = [&reply.answers, &reply.authorities, &reply.additionals].map(|section| {
        section.iter().filter(|record| record.rtype != RecordType::OPT).map(print_record).collect::<Vec<_>>().join("; ")
    });
    let all = [&[head], &sections[..]].concat().join(" | ");
    all.trim_end_matches([' ', '|']).to_owned()
}

fn rcode_text(reply: &Message) -> String {
    let opt = reply.additionals.iter().find(|record| record.rtype == RecordType::OPT);
    let rcode = Rcode(reply.header.rcode.0 | opt.map_or(0, |opt| (opt.ttl >> 24 << 4) as u16));
    let known = [
        (Rcode::NOERROR, "NOERROR"),
        (Rcode::FORMERR, "FORMERR"),
        (Rcode::NXDOMAIN, "NXDOMAIN"),
        (Rcode::REFUSED, "REFUSED"),
        (Rcode::YXDOMAIN, "YXDOMAIN"),
        (Rcode::BADVERS, "BADVERS"),
        (Rcode::BADCOOKIE, "BADCOOKIE"),
    ];
    known.iter().find(|(other, _)| *other == rcode).unwrap().1.to_owned()
}

fn print_record(record: &MessageRecord) -> String {
    let rdata = record.rdata.as_ref().unwrap();
    let octets = rdata.as_octets();
    let names: Vec<String> = rdata.names(record.rtype).iter().map(Name::to_string).collect();
    let data = match record.rtype {
        RecordType::A => std::net::Ipv4Addr::from(<[u8; 4]>::try_from(octets).unwrap()).to_string(),
        RecordType::AAAA => std::net::Ipv6Addr::from(<[u8; 16]>::try_from(octets).unwrap()).to_string(),
        RecordType::TXT => String::from_utf8_lossy(&octets[1..]).into_owned(),
        RecordType::SOA => record.ttl.to_string(),
        RecordType::RRSIG => RecordType(u16::from_be_bytes([octets[0], octets[1]])).to_string(),
        RecordType::DS => "...".to_owned(),
        RecordType::NSEC3 => String::new(),
        _ => names.join(" "),
    };
    format!("{} {} {data}", record.owner, record.rtype).trim_end().to_owned()
}

fn zones(all: &[(&str, &str)]) -> ZoneSet {
    all.iter().map(|(apex, lines)| testing::zone(apex, lines)).collect()
}

/// Questions and the replies that are expected.
fn check(zones: &ZoneSet, table: &[(&str, &str)]) {
    for (question, expected) in table {
        assert_eq!(ask(question).of(zones), *expected, "{question}");
    }
}
