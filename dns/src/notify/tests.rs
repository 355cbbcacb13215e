//! Whom MirageOS tells is a fact that its tests pin; those cases are here too.

use std::net::SocketAddr;

use super::*;
use crate::keys::{Algorithm, Key, KeySet};
use crate::message::{Header, Message, Opcode, Question, Rcode};
use crate::record::Serial;
use crate::record_type::{Class, RecordType};
use crate::test_zone::{record, zone};
use crate::zone_set::ZoneSet;

const SOA: &str = "@ 300 SOA ns hostmaster 1 100 200 300 60";

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn key(text: &str) -> Key {
    Key::new(name(text), Algorithm::HmacSha256, b"secret")
}

fn soa(zone: &str, serial: u32) -> Record {
    record(&format!("@ 300 SOA ns hostmaster {serial} 100 200 300 60"), &name(zone))
}

fn target(address: &str) -> Target {
    let address: SocketAddr = address.parse().or_else(|_| format!("{address}:53").parse()).unwrap();
    Target { address, key: None, over: Over::New }
}

/// Targets of one.com as `ADDRESS` or `ADDRESS KEY`.
fn told(lines: &str, keys: &[&str], others: &[(&str, &str)]) -> Vec<String> {
    let zone = zone("one.com", &format!("{SOA}\n{lines}"));
    let zones = others.iter().map(|(apex, lines)| crate::test_zone::zone(apex, lines));
    let zones = zones.fold(ZoneSet::new().with(zone.clone()), |zones, zone| zones.with(zone));
    let keys: KeySet = keys.iter().map(|text| key(text)).collect();
    let sources = Sources { zones: &zones, keys: &keys, extra: &[], subscriptions: &[] };
    let show = |target: &Target| match &target.key {
        Some(key) => format!("{} {key}", target.address),
        None => target.address.to_string(),
    };
    targets(&zone, &sources).iter().map(show).collect()
}

#[test]
fn name_servers_but_the_primary() {
    let own = "@ 300 NS ns\n ns 300 A 127.0.0.1";
    assert_eq!(told(own, &[], &[]), [""; 0]);
    let two = format!("{own}\n@ 300 NS ns2\n ns2 300 A 10.0.0.2\n ns2 300 A 1.2.3.4\n ns2 300 AAAA 2001:db8::2");
    assert_eq!(told(&two, &[], &[]), ["1.2.3.4:53", "10.0.0.2:53", "[2001:db8::2]:53"]);
    let three = format!("{two}\n@ 300 NS ns3\n ns3 300 A 10.0.0.2");
    assert_eq!(told(&three, &[], &[]).len(), 3);
}

#[test]
fn name_servers_in_another_zone_or_as_outside_glue() {
    let elsewhere = "@ 300 NS ns2.two.com.\n@ 300 NS ns.unknown.com.";
    let two = ("two.com", "@ 300 SOA a b 1 1 1 1 1\n ns2 300 A 10.0.0.2");
    assert_eq!(told(elsewhere, &[], &[two]), ["10.0.0.2:53"]);
    assert_eq!(told(elsewhere, &[], &[]), [""; 0]);
    let glue = format!("{elsewhere}\n ns.unknown.com. 300 A 10.0.0.3");
    assert_eq!(told(&glue, &[], &[two]), ["10.0.0.2:53", "10.0.0.3:53"]);
}

#[test]
fn keys_that_name_a_primary_and_a_secondary() {
    let signed = "5.6.7.8:53 1.2.3.4.5.6.7.8._transfer.one.com.";
    assert_eq!(told("", &["1.2.3.4.5.6.7.8._transfer.one.com"], &[]), [signed]);
    assert_eq!(told("", &["1.2.3.4.5.6.7.8._transfer"], &[]).len(), 1);
    let none = [
        "x.5.6.7.8._transfer.one.com",
        "1.2.3.4.5.6.7.8._transfer.com",
        "1.2.3.4.5.6.7.8._transfer.two.com",
        "1.2.3.4.5.6.7.8._update.one.com",
        "1.2.3.4.5.6.7.8._notify.one.com",
    ];
    assert_eq!(told("", &none, &[]), [""; 0]);
    // A key counts more than an NS record, the zone's own more than that of all zones.
    let ns = "@ 300 NS ns2\n ns2 300 A 5.6.7.8\n@ 300 NS ns3\n ns3 300 A 10.0.0.1";
    let keys = ["1.2.3.4.5.6.7.8._transfer.one.com", "1.2.3.4.5.6.7.8._transfer"];
    assert_eq!(told(ns, &keys, &[]), [signed, "10.0.0.1:53"]);
}

#[test]
fn configured_and_subscribed() {
    let zone = zone("one.com", &format!("{SOA}\n@ 300 NS ns2\n ns2 300 A 10.0.0.2\n@ 300 NS ns3\n ns3 300 A 10.0.0.3"));
    let zones = ZoneSet::new().with(zone.clone());
    let keys: KeySet = [key("a._transfer.one.com"), key("b._notify.one.com"), key("c._update")].into_iter().collect();
    let subscription = |connection, peer: &str, zone: &str, key: &str| Subscription {
        connection,
        peer: peer.parse().unwrap(),
        zone: name(zone),
        key: name(key),
    };
    let subscriptions = [
        subscription(1, "10.0.0.2:4000", "one.com", "a._transfer.one.com"),
        subscription(2, "10.0.0.2:4001", ".", "c._update"),
        subscription(3, "10.0.0.9:4000", "two.com", "c._update"),
        subscription(4, "10.0.0.9:4000", "one.com", "b._notify.one.com"),
        subscription(5, "10.0.0.9:4000", "one.com", "removed._transfer.one.com"),
    ];
    let extra = [target("10.0.0.3"), target("10.0.0.3:5300")];
    let found = targets(&zone, &Sources { zones: &zones, keys: &keys, extra: &extra, subscriptions: &subscriptions });
    let over = |target: &Target| (target.address.to_string(), target.over);
    let expected = [
        ("10.0.0.3:53".to_owned(), Over::New),
        ("10.0.0.3:5300".to_owned(), Over::New),
        ("10.0.0.2:4000".to_owned(), Over::Connection(1)),
        ("10.0.0.2:4001".to_owned(), Over::Connection(2)),
    ];
    assert_eq!(found.iter().map(over).collect::<Vec<_>>(), expected);
    assert_eq!(found[3].key, Some(name("c._update")));
}

/// A notifier with message IDs 1, 2, 3, …
struct Story {
    notifier: Notifier,
    next_id: u16,
}

impl Story {
    fn new(schedule: Schedule, capacity: usize) -> Story {
        Story { notifier: Notifier::new(schedule, capacity), next_id: 0 }
    }

    fn changed(&mut self, zone: &str, serial: u32, to: &[&str], second: u64) {
        let targets = to.iter().map(|address| target(address)).collect();
        let Story { notifier, next_id } = self;
        notifier.changed(&soa(zone, serial), targets, Duration::from_secs(second), &mut || {
            *next_id += 1;
            *next_id
        });
    }

    /// IDs that are sent at a second.
    fn sent(&mut self, second: u64) -> Vec<u16> {
        self.notifier.due(Duration::from_secs(second)).sends.iter().map(|send| send.id).collect()
    }

    fn acknowledged(&mut self, peer: &str, id: u16, zone: &str) -> bool {
        let acknowledgement = Acknowledgement { id, zone: name(zone), rcode: Rcode::NOERROR };
        let peer: std::net::IpAddr = peer.parse().unwrap();
        self.notifier.acknowledged(&acknowledgement, &mut |target, _| target.address.ip() == peer).is_some()
    }

    /// Follows the deadlines of one silent target to the end: when it was sent to, when given up.
    fn follow(&mut self) -> (Vec<u64>, u64) {
        let mut sent = Vec::new();
        loop {
            let now = self.notifier.next_deadline().unwrap();
            let due = self.notifier.due(now);
            sent.extend(due.sends.iter().map(|_| now.as_secs()));
            if !due.given_up.is_empty() {
                return (sent, now.as_secs());
            }
        }
    }
}

#[test]
fn six_sends_then_given_up() {
    let mut story = Story::new(Schedule::USUAL, 10);
    story.changed("one.com", 2, &["10.0.0.2"], 100);
    assert_eq!(story.follow(), (vec![100, 101, 103, 107, 115, 131], 163));
    assert!(story.notifier.is_empty() && story.notifier.next_deadline().is_none());
    assert!(story.notifier.of_zone.is_empty() && story.notifier.queue.is_empty());
}

#[test]
fn the_schedule_of_mirage() {
    let mut story = Story::new(Schedule::PERSISTENT, 10);
    story.changed("one.com", 2, &["10.0.0.2"], 0);
    let (sent, given_up) = story.follow();
    let waits: Vec<u64> = sent.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits, [1, 1, 1, 4, 13, 20, 20, 120, 420, 900, 2100, 82800]);
    assert_eq!(given_up, sent[12] + 60);
}

#[test]
fn a_reply_ends_it() {
    let mut story = Story::new(Schedule::USUAL, 10);
    story.changed("one.com", 2, &["10.0.0.2", "10.0.0.3"], 0);
    assert!(!story.acknowledged("10.0.0.2", 1, "one.com"), "nothing was sent yet");
    assert_eq!(story.sent(0), [1, 2]);
    for (peer, id, zone) in [("10.0.0.2", 2, "one.com"), ("10.0.0.3", 1, "one.com"), ("10.0.0.2", 1, "two.com")] {
        assert!(!story.acknowledged(peer, id, zone));
    }
    assert!(story.acknowledged("10.0.0.2", 1, "ONE.com"));
    assert!(!story.acknowledged("10.0.0.2", 1, "one.com"));
    assert_eq!(story.sent(1), [2]);
}

#[test]
fn a_dead_secondary_delays_nobody() {
    let mut story = Story::new(Schedule::USUAL, 10);
    story.changed("one.com", 2, &["10.0.0.66"], 0);
    assert_eq!(story.sent(0), [1]);
    assert_eq!(story.sent(20), [1]);
    story.changed("two.com", 2, &["10.0.0.66", "10.0.0.2"], 20);
    assert_eq!(story.notifier.next_deadline(), Some(Duration::from_secs(20)));
    assert_eq!(story.sent(20), [2, 3]);
}

#[test]
fn a_newer_change_takes_the_place_of_an_older_one() {
    let mut story = Story::new(Schedule::USUAL, 10);
    story.changed("one.com", 2, &["10.0.0.2", "10.0.0.3"], 0);
    assert_eq!(story.sent(0), [1, 2]);
    story.changed("one.com", 3, &["10.0.0.2"], 0);
    let due = story.notifier.due(Duration::ZERO);
    assert_eq!((due.sends.len(), due.sends[0].id), (1, 3));
    assert_eq!(crate::Soa::decode(&due.sends[0].soa.rdata).unwrap().serial, Serial(3));
    assert!(!story.acknowledged("10.0.0.2", 1, "one.com"));
    assert!(story.acknowledged("10.0.0.2", 3, "one.com"));
    assert!(story.notifier.is_empty());
}

#[test]
fn memory_is_bounded() {
    let mut story = Story::new(Schedule::USUAL, 3);
    story.changed("dead.com", 2, &["10.0.0.66"], 0);
    for second in [0, 1, 3, 7] {
        assert_eq!(story.sent(second), [1]);
    }
    story.changed("one.com", 2, &["10.0.0.2", "10.0.0.3", "10.0.0.4"], 8);
    assert_eq!(story.notifier.len(), 3);
    assert_eq!(story.sent(8), [2, 3, 4]);
    assert_eq!(story.notifier.of_zone.len(), 1);
}

#[test]
fn what_goes_over_a_connection_ends_with_it() {
    let mut story = Story::new(Schedule::USUAL, 10);
    let subscribed = Target { over: Over::Connection(7), ..target("10.0.0.2") };
    let targets = vec![subscribed, target("10.0.0.3")];
    story.notifier.changed(&soa("one.com", 2), targets, Duration::ZERO, &mut || 9);
    story.notifier.disconnected(8);
    assert_eq!(story.notifier.len(), 2);
    story.notifier.disconnected(7);
    assert_eq!(story.notifier.due(Duration::ZERO).sends[0].target, target("10.0.0.3"));
    story.notifier.forget_zone(&name("one.com"));
    assert!(story.notifier.is_empty() && story.notifier.next_deadline().is_none());
}

fn notification() -> Notification {
    Notification { target: target("10.0.0.2"), soa: soa("one.com", 7), id: 0x1234 }
}

/// RFC 1996 section 3.7, as a second implementation reads it.
#[test]
fn rfc_1996_request() {
    let octets = notification().message().encode();
    assert_eq!(octets[..12], [0x12, 0x34, 0x24, 0, 0, 1, 0, 1, 0, 0, 0, 0]);
    let theirs = hickory_proto::op::Message::from_vec(&octets).unwrap();
    assert_eq!(theirs.queries[0].to_string(), "one.com. IN SOA");
    assert!(theirs.answers[0].to_string().contains(" 7 100 200 300 60"));
}

#[test]
fn a_request_and_its_reply() {
    let request = notification().message();
    assert_eq!(Incoming::read(&request), Ok(Incoming { zone: name("one.com"), serial: Some(Serial(7)) }));
    let reply = reply(&request);
    assert!(reply.header.authoritative && reply.answers.is_empty());
    let expected = Acknowledgement { id: 0x1234, zone: name("one.com"), rcode: Rcode::NOERROR };
    assert_eq!(Acknowledgement::read(&reply), Some(expected));
    assert_eq!(Acknowledgement::read(&request), None);
    assert_eq!(Incoming::read(&reply), Err(Rcode::FORMERR));
}

#[test]
fn requests_of_any_answer_section() {
    let question = Question { name: name("one.com"), rtype: RecordType::SOA, class: Class::IN };
    let bare = Message { questions: vec![question.clone()], ..Message::new(Header::request(1, Opcode::NOTIFY)) };
    assert_eq!(Incoming::read(&bare), Ok(Incoming { zone: name("one.com"), serial: None }));
    let mut odd = bare.clone();
    odd.answers.push(record("www 300 A 192.0.2.1", &name("one.com")).into());
    odd.answers.push(soa("two.com", 1).into());
    assert_eq!(Incoming::read(&odd), Ok(Incoming { zone: name("one.com"), serial: None }));
    let with = |change: fn(&mut Message)| {
        let mut message = bare.clone();
        change(&mut message);
        Incoming::read(&message)
    };
    assert_eq!(with(|message| message.questions[0].rtype = RecordType::A), Err(Rcode::NOTIMP));
    assert_eq!(with(|message| message.questions[0].class = Class::CH), Err(Rcode::NOTIMP));
    assert_eq!(with(|message| message.questions.clear()), Err(Rcode::FORMERR));
    assert_eq!(with(|message| message.header.opcode = Opcode::QUERY), Err(Rcode::FORMERR));
}

#[test]
fn who_is_obeyed() {
    let incoming = Incoming { zone: name("one.com"), serial: None };
    for (text, obeyed) in [
        ("x._notify.one.com", true),
        ("x._update", true),
        ("x._transfer.com", true),
        ("x._notify.two.com", false),
        ("x.one.com", false),
    ] {
        assert_eq!(incoming.is_obeyed(Some(&key(text))), obeyed, "{text}");
    }
    assert!(!incoming.is_obeyed(None));
}
