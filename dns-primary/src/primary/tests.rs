//! A request, who signed it, and what is to be done.

use std::net::Ipv4Addr;

use dns::RecordType;
use dns::answer::Transport;
use dns::keys::Key;
use dns::message::{Header, Message, Question};
use dns::record_type::Class;
use dns::server::{Origin, Reaction, Served, Server};
use dns::tsig;

use super::*;

const NOW: u64 = 1_800_000_000;
const KEYS: [&str; 3] = ["u._update.example.com", "t._transfer.example.com", "n._notify.example.com"];

fn key(name: &str) -> Key {
    format!("{name}:SHA256:c2VjcmV0").parse().unwrap()
}

fn task(opcode: Opcode, name: &str, signer: Option<&str>) -> Task {
    let mut message = Message::new(Header::request(77, opcode));
    message.questions.push(Question { name: name.parse().unwrap(), rtype: RecordType::SOA, class: Class::IN });
    let octets = match signer {
        Some(signer) => tsig::sign_request(message.encode(), &key(signer), NOW, tsig::FUDGE).octets,
        None => message.encode(),
    };
    let served = Served { keys: KEYS.into_iter().map(key).collect(), ..Served::default() };
    let origin = Origin { transport: Transport::Udp, address: Ipv4Addr::LOCALHOST.into(), now: NOW };
    match Server::default().handle(&served, &octets, origin) {
        Reaction::Request(request) => Task::of(&request),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_update_needs_a_signature() {
    assert_eq!(task(Opcode::UPDATE, "example.com", None), Task::Refuse);
    assert_eq!(task(Opcode::UPDATE, "example.com", Some("u._update.example.com")), Task::Update);
}

#[test]
fn a_notify_needs_the_right() {
    assert_eq!(task(Opcode::NOTIFY, "example.com", None), Task::Refuse);
    for key in KEYS {
        assert_eq!(task(Opcode::NOTIFY, "example.com", Some(key)), Task::Pull, "{key}");
    }
    assert_eq!(task(Opcode::NOTIFY, "example.net", Some("n._notify.example.com")), Task::Refuse);
}
