//! OPT records asked and answered.

use super::*;

fn opt(reply: &Message) -> Option<&MessageRecord> {
    reply.additionals.iter().find(|record| record.rtype == RecordType::OPT)
}

fn options(reply: &Message) -> Vec<u8> {
    opt(reply).unwrap().rdata.as_ref().map_or(vec![], |rdata| rdata.as_octets().to_vec())
}

fn small() -> ZoneSet {
    zones(&[("example", "www 60 A 192.0.2.1")])
}

#[test]
fn opt_is_answered_with_opt() {
    let zones = small();
    assert!(opt(&ask("www.example A").message(&zones)).is_none());
    let reply = ask("www.example A").edns(4096, 0x8000, &[0, 99, 0, 1, 7]).message(&zones);
    assert_eq!((opt(&reply).unwrap().class, opt(&reply).unwrap().ttl), (Class(1232), 0x8000));
    assert!(options(&reply).is_empty());
    assert_eq!(opt(&ask("www.example A").edns(1, 0, &[]).message(&zones)).unwrap().ttl, 0);
}

#[test]
fn versions_options_and_records_that_are_wrong() {
    let zones = small();
    let answer = |ask: Ask| ask.of(&zones);
    assert_eq!(answer(ask("www.example A").edns(1232, 0x0001_0000, &[])), "BADVERS");
    assert_eq!(answer(ask("www.example A").edns(1232, 0, &[]).edns(1232, 0, &[])), "FORMERR");
    assert_eq!(answer(ask("www.example A").edns(1232, 0, &[0, 3, 0, 9, 1])), "FORMERR");
    assert_eq!(answer(ask("www.example A").edns(1232, 0, &[0, 10, 0, 7, 1, 2, 3, 4, 5, 6, 7])), "FORMERR");
    let mut owned = ask("www.example A").edns(1232, 0, &[]);
    owned.message.additionals[0].owner = "x".parse().unwrap();
    assert_eq!(answer(owned), "FORMERR");
}

#[test]
fn outside_our_zones_an_extended_error_says_why() {
    let reply = ask("elsewhere.test A").edns(1232, 0, &[]).message(&small());
    assert_eq!((reply.header.rcode, options(&reply)), (Rcode::REFUSED, vec![0, 15, 0, 2, 0, 20]));
}

#[test]
fn identity_cookie_and_keepalive_on_request() {
    let zones = small();
    let mut asked = ask("www.example A").edns(1232, 0, b"\0\x03\0\0\0\x0a\0\x08cookie!!\0\x0b\0\0");
    assert!(options(&asked.message(&zones)).is_empty());
    asked.options.identity = Some(Box::from(*b"here"));
    asked.options.cookie_secret = Some([7; 16]);
    asked.options.keepalive = Some(300);
    let found = options(&asked.message(&zones));
    assert!(found.starts_with(b"\0\x03\0\x04here\0\x0a\0\x18cookie!!\x01\0\0\0"), "{found:x?}");
    assert_eq!(found.len(), 8 + 4 + 24);
    let asked = asked.tcp();
    assert!(options(&asked.message(&zones)).ends_with(b"\0\x0b\0\x02\x01\x2c"));
}

#[test]
fn chaos_only_when_the_operator_wants_it() {
    let zones = small();
    let mut asked = ask("version.bind TXT").class(Class::CH);
    assert_eq!(asked.of(&zones), "REFUSED");
    asked.options.version = Some(Box::from(*b"gitstead"));
    assert_eq!(asked.of(&zones), "NOERROR aa | version.bind. TXT gitstead");
    assert_eq!(asked.message(&zones).answers[0].class, Class::CH);
    assert_eq!(ask("www.example A").class(Class::ANY).of(&zones), "REFUSED");
    assert_eq!(ask("www.example A").class(Class::HS).of(&zones), "REFUSED");
}
