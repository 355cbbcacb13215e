//! A message, who signed it, and what is to be done.

use std::net::Ipv4Addr;

use bytes::Bytes;
use dns::keys::Key;
use dns::message::{MessageRecord, Opcode};
use dns::record::Record;
use dns::tsig;
use dns::zonefile::{self, Files};

use super::*;

const NOW: u64 = 1_800_000_000;
const ZONE: &str = "@ 60 SOA ns1 root 7 2 3 4 5\n@ 60 NS ns1\nns1 60 A 127.0.0.1\n";

struct One(Bytes);

impl Files for One {
    fn read(&self, _: &str) -> Result<Bytes, String> {
        Ok(self.0.clone())
    }
}

fn key(name: &str) -> Key {
    format!("{name}:SHA256:c2VjcmV0").parse().unwrap()
}

fn served() -> Served {
    let long = format!("{ZONE}long 60 TXT {}\n", "\"0123456789\" ".repeat(90));
    let zone = zonefile::parse("example.com", &"example.com".parse().unwrap(), &One(long.into())).zone.unwrap();
    let names = ["u._update.example.com", "t._transfer.example.com", "n._notify.example.com", "all._transfer"];
    Served { zones: ZoneSet::new().with(zone), keys: names.iter().map(|name| key(name)).collect() }
}

fn message(opcode: Opcode, name: &str, rtype: RecordType) -> Message {
    let mut message = Message::new(Header::request(77, opcode));
    message.questions.push(Question { name: name.parse().unwrap(), rtype, class: Class::IN });
    message
}

fn handle(octets: &[u8], transport: Transport) -> Reaction {
    let origin = Origin { transport, address: Ipv4Addr::LOCALHOST.into(), now: NOW };
    Primary::default().handle(&served(), octets, origin)
}

fn signed(message: &Message, name: &str) -> tsig::SignedRequest {
    tsig::sign_request(message.encode(), &key(name), NOW, tsig::FUDGE)
}

fn rcode(reaction: &Reaction) -> Rcode {
    match reaction {
        Reaction::Reply(reply) | Reaction::Subscribe { reply, .. } => Message::decode(reply).unwrap().header.rcode,
        _ => panic!("no reply"),
    }
}

#[test]
fn an_update_needs_a_signature() {
    let update = message(Opcode::UPDATE, "example.com", RecordType::SOA);
    let reply = handle(&update.encode(), Transport::Udp);
    assert_eq!(rcode(&reply), Rcode::REFUSED);
    let signed = signed(&update, "u._update.example.com");
    assert!(matches!(handle(&signed.octets, Transport::Udp), Reaction::Update(_)));
}

#[test]
fn a_notify_needs_the_right() {
    let notify = message(Opcode::NOTIFY, "example.com", RecordType::SOA);
    assert_eq!(rcode(&handle(&notify.encode(), Transport::Udp)), Rcode::REFUSED);
    for name in ["n._notify.example.com", "t._transfer.example.com", "u._update.example.com"] {
        assert!(matches!(handle(&signed(&notify, name).octets, Transport::Udp), Reaction::Pull(_)), "{name}");
    }
    let elsewhere = message(Opcode::NOTIFY, "example.net", RecordType::SOA);
    assert_eq!(rcode(&handle(&signed(&elsewhere, "n._notify.example.com").octets, Transport::Udp)), Rcode::REFUSED);
}

#[test]
fn transfers_go_over_tcp_to_who_may() {
    let axfr = message(Opcode::QUERY, "example.com", RecordType::AXFR);
    let by = |name| signed(&axfr, name).octets;
    assert!(matches!(handle(&by("t._transfer.example.com"), Transport::Tcp), Reaction::Transfer(_)));
    assert_eq!(rcode(&handle(&by("t._transfer.example.com"), Transport::Udp)), Rcode::REFUSED);
    assert_eq!(rcode(&handle(&by("n._notify.example.com"), Transport::Tcp)), Rcode::REFUSED);
    assert_eq!(rcode(&handle(&axfr.encode(), Transport::Tcp)), Rcode::REFUSED);
    let missing = message(Opcode::QUERY, "sub.example.com", RecordType::AXFR);
    assert_eq!(rcode(&handle(&signed(&missing, "all._transfer").octets, Transport::Tcp)), Rcode::NOTAUTH);
}

#[test]
fn a_secondary_that_is_up_to_date_gets_the_soa_alone() {
    let ixfr = |serial| {
        let mut ixfr = message(Opcode::QUERY, "example.com", RecordType::IXFR);
        let soa = Soa { serial: Serial(serial), ..served().zones.iter().next().unwrap().soa() };
        let owner = "example.com".parse().unwrap();
        ixfr.authorities.push(Record { owner, rtype: RecordType::SOA, ttl: 0, rdata: soa.encode() }.into());
        handle(&signed(&ixfr, "t._transfer.example.com").octets, Transport::Tcp)
    };
    let Reaction::Reply(reply) = ixfr(7) else { panic!("one message") };
    assert_eq!(Message::decode(&reply).unwrap().answers.len(), 1);
    assert!(matches!(ixfr(6), Reaction::Transfer(_)));
}

/// reference: MirageOS, items 0.5 and 0.6
#[test]
fn a_signed_question_for_an_soa_over_tcp_subscribes() {
    let ask =
        |name, key, transport| handle(&signed(&message(Opcode::QUERY, name, RecordType::SOA), key).octets, transport);
    let (key, all) = ("t._transfer.example.com", "all._transfer");
    let Reaction::Subscribe { reply, zone, .. } = ask("example.com", key, Transport::Tcp) else { panic!("subscribed") };
    assert_eq!(zone.to_string(), "example.com.");
    assert_eq!(Message::decode(&reply).unwrap().answers.len(), 1);
    assert!(matches!(ask("example.com", key, Transport::Udp), Reaction::Reply(_)));
    assert_eq!(rcode(&ask(".", all, Transport::Tcp)), Rcode::NOTAUTH);
    assert_eq!(rcode(&ask("example.net", all, Transport::Tcp)), Rcode::NOTAUTH);
    assert!(matches!(ask("example.com", "n._notify.example.com", Transport::Tcp), Reaction::Reply(_)));
}

#[test]
fn a_signature_must_fit_as_well() {
    let mut query = message(Opcode::QUERY, "long.example.com", RecordType::TXT);
    let opt = MessageRecord { owner: Name::root(), rtype: RecordType::OPT, class: Class(1100), ttl: 0, rdata: None };
    query.additionals.push(opt);
    let request = signed(&query, "t._transfer.example.com");
    let Reaction::Reply(reply) = handle(&request.octets, Transport::Udp) else { panic!("a reply") };
    assert!(reply.len() <= 1100);
    let reply = request.sent.verify_reply(&reply, NOW).unwrap();
    assert!(Header::decode(&reply).unwrap().truncated);
}

#[test]
fn what_cannot_be_understood_gets_an_error_and_replies_get_none() {
    let update = message(Opcode::UPDATE, "example.com", RecordType::SOA).encode();
    assert_eq!(rcode(&handle(&[&update[..], b"x"].concat(), Transport::Udp)), Rcode::FORMERR);
    assert_eq!(
        rcode(&handle(&message(Opcode(2), "example.com", RecordType::A).encode(), Transport::Udp)),
        Rcode::NOTIMP
    );
    let mut reply = update.clone();
    reply[2] |= 0x80;
    assert!(matches!(handle(&reply, Transport::Udp), Reaction::Ignore));
    for cut in 0..12 {
        assert!(matches!(handle(&update[..cut], Transport::Udp), Reaction::Ignore));
    }
}

#[test]
fn a_wrong_key_is_told_so() {
    let update = message(Opcode::UPDATE, "example.com", RecordType::SOA);
    assert_eq!(rcode(&handle(&signed(&update, "unknown._update.example.com").octets, Transport::Udp)), Rcode::NOTAUTH);
}

#[test]
fn the_reply_to_a_request_is_signed_and_repeats_the_question() {
    let update = message(Opcode::UPDATE, "example.com", RecordType::SOA);
    let request = signed(&update, "u._update.example.com");
    let Reaction::Update(understood) = handle(&request.octets, Transport::Tcp) else { panic!("an update") };
    let reply = request.sent.verify_reply(&understood.reply(Rcode::NXRRSET, NOW), NOW).unwrap();
    let reply = Message::decode(&reply).unwrap();
    assert_eq!((reply.header.rcode, reply.header.id, reply.questions), (Rcode::NXRRSET, 77, update.questions));
}
