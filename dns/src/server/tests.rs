//! What both kinds of server do with a message.

use super::*;
use crate::keys::Key;
use crate::message::MessageRecord;
use crate::testing::zone;
use crate::transfer::{Difference, Journal};
use crate::tsig::{SignedRequest, sign_request};
use crate::zone::Zone;

const NOW: u64 = 1_000_000;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn key() -> Key {
    "k._transfer.example:SHA256:c2VjcmV0c2VjcmV0".parse().unwrap()
}

fn other_key(name: &str) -> Key {
    format!("{name}:SHA256:c2VjcmV0c2VjcmV0").parse().unwrap()
}

fn version(serial: u32, words: &str) -> Zone {
    let hosts: String = words.split_whitespace().map(|word| format!("{word} 60 TXT {word}\n")).collect();
    let filler: String = (0..200).map(|n| format!("filler{n} 60 A 192.0.2.1\n")).collect();
    zone("example", &format!("@ 60 SOA ns root {serial} 1 1 1 1\n@ 60 NS ns.elsewhere.\n{hosts}{filler}"))
}

fn served() -> Served {
    let zones = [version(3, "c")].into_iter().collect();
    let keys = [key(), other_key("n._notify.example"), other_key("all._transfer")].into_iter().collect();
    Served { zones, keys, unavailable: Unavailable::default() }
}

fn journal() -> Journal {
    let versions = [version(1, "a"), version(2, "b"), version(3, "c")];
    let mut journal = Journal::default();
    versions.windows(2).for_each(|pair| journal.push(&Difference::between(&pair[0], &pair[1])));
    journal
}

fn query(apex: &str, rtype: RecordType, serial: Option<u32>) -> Message {
    let mut message = Message::new(Header::request(7, Opcode::QUERY));
    message.questions.push(Question { name: name(apex), rtype, class: Class::IN });
    message.authorities.extend(serial.map(|serial| MessageRecord::from(version(serial, "").soa_record())));
    message
}

fn handle(served: &Served, octets: &[u8], transport: Transport) -> Reaction {
    let origin = Origin { transport, address: "192.0.2.9".parse().unwrap(), now: NOW };
    Server::default().handle(served, octets, origin)
}

fn signed(message: &Message) -> SignedRequest {
    sign_request(message.encode(), &key(), NOW, 300)
}

fn signed_by(key: &str, message: &Message) -> SignedRequest {
    sign_request(message.encode(), &other_key(key), NOW, 300)
}

/// A request as MirageOS signs it: Original ID 0.
fn signed_by_mirage(message: &Message) -> Vec<u8> {
    let mut octets = signed(message).octets;
    let at = octets.len() - 6;
    octets[at..at + 2].fill(0);
    octets
}

fn transfer(octets: &[u8], transport: Transport, journal: Option<&Journal>) -> (Kind, Vec<Vec<u8>>) {
    match handle(&served(), octets, transport) {
        Reaction::Transfer(request) => {
            let mut transfer = request.start(journal);
            let messages = std::iter::from_fn(|| transfer.next_message(NOW)).map(|message| message.to_vec()).collect();
            (transfer.kind, messages)
        }
        other => panic!("{other:?}"),
    }
}

fn rcode(reaction: Reaction) -> Rcode {
    match reaction {
        Reaction::Reply(reply) | Reaction::Subscribe { reply, .. } | Reaction::Refused { reply: Some(reply), .. } => {
            Header::decode(&reply).unwrap().rcode
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn incremental_when_it_is_at_hand() {
    let ixfr = signed(&query("example", RecordType::IXFR, Some(1)));
    let journal = journal();
    for (journal, transport, expected) in [
        (Some(&journal), Transport::Tcp, Kind::Incremental),
        (None, Transport::Tcp, Kind::Full),
        (Some(&journal), Transport::Udp, Kind::Incremental),
        (None, Transport::Udp, Kind::Soa),
    ] {
        let (kind, messages) = transfer(&ixfr.octets, transport, journal);
        assert_eq!(kind, expected, "{transport:?}");
        assert!(ixfr.sent.verify_reply(&messages[0], NOW).is_ok());
        assert!(transport == Transport::Tcp || messages[0].len() <= 512);
    }
    let current = signed(&query("example", RecordType::IXFR, Some(3)));
    assert_eq!(transfer(&current.octets, Transport::Tcp, Some(&journal)).0, Kind::Soa);
    let newer = signed(&query("example", RecordType::IXFR, Some(9)));
    assert_eq!(transfer(&newer.octets, Transport::Tcp, Some(&journal)).0, Kind::Soa);
    let unknown = signed(&query("example", RecordType::IXFR, Some(0)));
    assert_eq!(transfer(&unknown.octets, Transport::Tcp, Some(&journal)).0, Kind::Full);
}

#[test]
fn who_may_transfer() {
    let axfr = query("example", RecordType::AXFR, None);
    assert_eq!(rcode(handle(&served(), &axfr.encode(), Transport::Tcp)), Rcode::REFUSED);
    assert_eq!(rcode(handle(&served(), &signed(&axfr).octets, Transport::Udp)), Rcode::REFUSED);
    assert_eq!(transfer(&signed(&axfr).octets, Transport::Tcp, None).0, Kind::Full);
    let other = signed(&query("sub.example", RecordType::AXFR, None));
    assert_eq!(rcode(handle(&served(), &other.octets, Transport::Tcp)), Rcode::NOTAUTH);
    let outside = signed(&query("other", RecordType::AXFR, None));
    let refused = handle(&served(), &outside.octets, Transport::Tcp);
    assert!(matches!(&refused, Reaction::Refused { refusal: Refusal::Transfer(zone), .. } if *zone == name("other")));
    assert_eq!(rcode(refused), Rcode::REFUSED);
    let notifier = signed_by("n._notify.example", &axfr);
    assert_eq!(rcode(handle(&served(), &notifier.octets, Transport::Tcp)), Rcode::REFUSED);
    let origin = Origin { transport: Transport::Tcp, address: "192.0.2.9".parse().unwrap(), now: NOW };
    let open = Server { open_transfers: true, ..Server::default() };
    assert!(matches!(open.handle(&served(), &axfr.encode(), origin), Reaction::Transfer(_)));
}

#[test]
fn a_mirage_secondary_gets_one_step_in_one_message() {
    let ixfr = query("example", RecordType::IXFR, Some(1));
    let (kind, messages) = transfer(&signed_by_mirage(&ixfr), Transport::Tcp, Some(&journal()));
    let soas = |octets: &[u8]| {
        let answers = Message::decode(octets).unwrap().answers;
        answers.iter().filter(|record| record.rtype == RecordType::SOA).count()
    };
    assert_eq!((kind, messages.len(), soas(&messages[0])), (Kind::Incremental, 1, 4));
    // What does not fit one message is refused, upon which it asks for the whole zone.
    let many: String = (0..4000).map(|n| format!("{n}.long-enough-to-matter-in-the-end 60 TXT {n}{n}{n}\n")).collect();
    let large = zone("example", &format!("@ 60 SOA ns root 3 1 1 1 1\n{many}"));
    let served = Served { zones: [large].into_iter().collect(), ..served() };
    let Reaction::Transfer(request) = handle(&served, &signed_by_mirage(&ixfr), Transport::Tcp) else { panic!() };
    let mut transfer = request.start(None);
    assert_eq!(transfer.kind, Kind::Refused);
    assert_eq!(Header::decode(&transfer.next_message(NOW).unwrap()).unwrap().rcode, Rcode::NOTIMP);
}

#[test]
fn what_has_expired_is_answered_servfail() {
    let mut served = Served { zones: [version(1, ""), zone("sub.gone.example", "")].into_iter().collect(), ..served() };
    served.unavailable.set(&name("gone.example"), true);
    let ask = |apex: &str| rcode(handle(&served, &query(apex, RecordType::A, None).encode(), Transport::Tcp));
    assert_eq!(ask("www.gone.example"), Rcode::SERVFAIL);
    assert_eq!(ask("GONE.example"), Rcode::SERVFAIL);
    assert_eq!(ask("filler1.example"), Rcode::NOERROR);
    assert_eq!(ask("sub.gone.example"), Rcode::NOERROR);
    assert_eq!(ask("elsewhere"), Rcode::REFUSED);
    // Nobody may take that for "the zone is gone".
    let soa = signed(&query("gone.example", RecordType::SOA, None));
    assert_eq!(rcode(handle(&served, &soa.octets, Transport::Tcp)), Rcode::SERVFAIL);
    let axfr = signed(&query("gone.example", RecordType::AXFR, None));
    assert_eq!(rcode(handle(&served, &axfr.octets, Transport::Tcp)), Rcode::SERVFAIL);
}

#[test]
fn a_signed_soa_over_tcp_subscribes() {
    let soa = signed(&query("example", RecordType::SOA, None));
    assert!(matches!(handle(&served(), &soa.octets, Transport::Tcp), Reaction::Subscribe { .. }));
    assert!(matches!(handle(&served(), &soa.octets, Transport::Udp), Reaction::Reply(_)));
    for elsewhere in [".", "other"] {
        let soa = signed(&query(elsewhere, RecordType::SOA, None));
        assert_eq!(rcode(handle(&served(), &soa.octets, Transport::Tcp)), Rcode::NOTAUTH, "{elsewhere}");
    }
    let everything = signed_by("all._transfer", &query(".", RecordType::SOA, None));
    assert!(matches!(handle(&served(), &everything.octets, Transport::Tcp), Reaction::Subscribe { .. }));
    let notifier = signed_by("n._notify.example", &query("example", RecordType::SOA, None));
    assert!(matches!(handle(&served(), &notifier.octets, Transport::Tcp), Reaction::Reply(_)));
}

#[test]
fn a_signature_must_fit_as_well() {
    let long = format!("@ 60 SOA ns root 1 1 1 1 1\nlong 60 TXT {}\n", "\"0123456789\" ".repeat(90));
    let served = Served { zones: [zone("example", &long)].into_iter().collect(), ..served() };
    let mut query = query("long.example", RecordType::TXT, None);
    let opt = MessageRecord { owner: Name::root(), rtype: RecordType::OPT, class: Class(1100), ttl: 0, rdata: None };
    query.additionals.push(opt);
    let request = signed(&query);
    let Reaction::Reply(reply) = handle(&served, &request.octets, Transport::Udp) else { panic!("a reply") };
    assert!(reply.len() <= 1100);
    let reply = request.sent.verify_reply(&reply, NOW).unwrap();
    assert!(Header::decode(&reply).unwrap().truncated);
}

#[test]
fn what_cannot_be_understood_gets_an_error_and_replies_get_none() {
    let mut update = query("example", RecordType::SOA, None);
    update.header.opcode = Opcode::UPDATE;
    let update = update.encode();
    assert_eq!(rcode(handle(&served(), &[&update[..], b"x"].concat(), Transport::Udp)), Rcode::FORMERR);
    let mut unknown = query("example", RecordType::A, None);
    unknown.header.opcode = Opcode(2);
    assert_eq!(rcode(handle(&served(), &unknown.encode(), Transport::Udp)), Rcode::NOTIMP);
    let request = signed(&unknown);
    let Reaction::Reply(reply) = handle(&served(), &request.octets, Transport::Udp) else { panic!("a reply") };
    assert!(request.sent.verify_reply(&reply, NOW).is_ok());
    let mut reply = update.clone();
    reply[2] |= 0x80;
    assert!(matches!(handle(&served(), &reply, Transport::Udp), Reaction::Ignore));
    for cut in 0..12 {
        assert!(matches!(handle(&served(), &update[..cut], Transport::Udp), Reaction::Ignore));
    }
}

#[test]
fn a_wrong_key_is_told_so() {
    let request = signed_by("unknown._update.example", &query("example", RecordType::SOA, None));
    assert_eq!(rcode(handle(&served(), &request.octets, Transport::Udp)), Rcode::NOTAUTH);
}

#[test]
fn the_reply_to_a_request_is_signed_and_repeats_the_question() {
    let mut update = query("example", RecordType::SOA, None);
    update.header.opcode = Opcode::UPDATE;
    let request = signed(&update);
    let Reaction::Request(understood) = handle(&served(), &request.octets, Transport::Tcp) else { panic!("an update") };
    let reply = request.sent.verify_reply(&understood.reply(Rcode::NXRRSET, NOW), NOW).unwrap();
    let reply = Message::decode(&reply).unwrap();
    assert_eq!((reply.header.rcode, reply.header.id, reply.questions), (Rcode::NXRRSET, 7, update.questions));
}

#[test]
fn journals_follow_what_is_served() {
    let mut journals = Journals::default();
    let reach = |journals: &Journals| {
        let journal = journals.get(&name("example"))?;
        Some((journal.oldest()?.0, journal.newest()?.0))
    };
    let [one, two, three, four] = [(1, "a"), (2, "b"), (3, "c"), (4, "d")].map(|(serial, text)| version(serial, text));
    journals.changed(None, &one, None);
    assert_eq!(reach(&journals), None);
    journals.changed(Some(&one), &two, None);
    journals.changed(Some(&two), &three, Some(&[Difference::between(&two, &three)]));
    journals.changed(Some(&three), &three, None);
    // Not served for a while, and back as it was.
    journals.changed(None, &three, None);
    assert_eq!(reach(&journals), Some((1, 3)));
    // Nobody knows how it came to be this one.
    journals.changed(None, &four, None);
    assert_eq!(reach(&journals), None);
    journals.changed(Some(&three), &four, None);
    journals.remove(&name("example"));
    assert_eq!(reach(&journals), None);
}

#[test]
fn requests_and_what_is_none() {
    let mut notify = query("example", RecordType::SOA, None);
    notify.header.opcode = Opcode::NOTIFY;
    let Reaction::Request(request) = handle(&served(), &signed(&notify).octets, Transport::Udp) else { panic!() };
    assert!(request.may(Right::Notify, &name("example")) && request.key_name() == Some(&key().name));
    notify.questions.clear();
    assert_eq!(rcode(handle(&served(), &notify.encode(), Transport::Udp)), Rcode::FORMERR);
    assert!(matches!(handle(&served(), b"short", Transport::Udp), Reaction::Ignore));
    let mut forged = signed(&query("example", RecordType::SOA, None)).octets;
    forged[13] ^= 0x20;
    let refused = handle(&served(), &forged, Transport::Tcp);
    assert!(matches!(refused, Reaction::Refused { reply: Some(_), .. }));
}

#[test]
fn who_is_told_of_changes() {
    use crate::notify::{Incoming, Over, Subscription, Target};
    use std::time::Duration;

    let target = |address: &str, key: Option<&str>| Target {
        address: address.parse().unwrap(),
        key: key.map(name),
        over: Over::New,
    };
    let extra = vec![target("192.0.2.7:53", Some("k._transfer.example")), target("192.0.2.8:53", Some("unknown"))];
    let (mut announcer, served, mut random) = (Announcer::new(extra), served(), || 7);
    let second = Duration::from_secs(1);
    let message = |announcement: &Announcement| {
        let opened = tsig::open(&announcement.octets, &served.keys, NOW, &Policy::default()).unwrap();
        assert!(opened.verification.is_some());
        Incoming::read(&Message::decode(&opened.message).unwrap()).unwrap()
    };
    announcer.changed(&Served::default(), &served, [name("example")], second, &mut random);
    let told = announcer.due(&served, second, NOW);
    assert_eq!((told.sends.len(), told.given_up.len()), (1, 1), "one lacks its key");
    assert_eq!(message(&told.sends[0]).serial.map(|serial| serial.0), Some(3));
    // Gone: a serial that comes next makes them ask.
    let without = Served { zones: ZoneSet::new(), ..served.clone() };
    announcer.changed(&served, &without, [name("example")], 2 * second, &mut random);
    let told = announcer.due(&without, 2 * second, NOW);
    assert_eq!(message(&told.sends[0]).serial.map(|serial| serial.0), Some(4));
    // Who asks to be told of everything is told of everything at once.
    let (connection, peer) = (5, "192.0.2.9:4000".parse().unwrap());
    let subscription = Subscription { connection, peer, zone: Name::root(), key: key().name };
    assert!(announcer.subscribe(subscription, &served, 3 * second, &mut random));
    let over = |told: &Announcements| told.sends.iter().any(|send| send.over == Over::Connection(5));
    assert!(over(&announcer.due(&served, 3 * second, NOW)));
    announcer.disconnected(5);
    announcer.changed(&served, &served, [name("example")], 9 * second, &mut random);
    assert!(!over(&announcer.due(&served, 9 * second, NOW)) && announcer.next_deadline().is_some());
}

#[test]
fn whose_reply_to_notify_counts() {
    use crate::notify::{Over, Target};
    use std::time::Duration;

    let target = |address: &str, key: Option<&str>| Target {
        address: address.parse().unwrap(),
        key: key.map(name),
        over: Over::New,
    };
    let extra = vec![target("192.0.2.7:53", Some("k._transfer.example")), target("192.0.2.8:53", None)];
    let (mut announcer, served, mut id) = (Announcer::new(extra), served(), 0);
    let mut random = || {
        id += 1;
        id
    };
    announcer.changed(&Served::default(), &served, [name("example")], Duration::ZERO, &mut random);
    let first = announcer.due(&served, Duration::ZERO, NOW).sends;
    let second = announcer.due(&served, Duration::from_secs(1), NOW + 1).sends;
    let acknowledge = |octets: &[u8]| match handle(&served, octets, Transport::Udp) {
        Reaction::Request(request) => request,
        other => panic!("{other:?}"),
    };
    let (to_first, to_second) = (acknowledge(&first[0].octets), acknowledge(&second[0].octets));
    let [signer, other] = ["192.0.2.7", "192.0.2.8"].map(|address| address.parse().unwrap());
    let unsigned = crate::notify::reply(&to_first.message).encode();
    let good = to_first.reply(Rcode::NOERROR, NOW + 2);
    let mut forged = good.clone();
    *forged.last_mut().unwrap() ^= 1;
    forged[30] ^= 1;
    for wrong in [&unsigned, &forged] {
        assert!(!matches!(announcer.acknowledged(signer, wrong, NOW + 2), Ok(Some(_))));
    }
    assert_eq!(announcer.acknowledged(other, &good, NOW + 2).unwrap(), None, "from elsewhere");
    // Whichever try is answered.
    assert!(announcer.acknowledged(signer, &good, NOW + 2).unwrap().is_some());
    let late = to_second.reply(Rcode::NOERROR, NOW + 2);
    assert_eq!(announcer.acknowledged(signer, &late, NOW + 2).unwrap(), None, "known already");
    // Who was told without a signature answers without.
    let reply = crate::notify::reply(&acknowledge(&first[1].octets).message).encode();
    assert!(announcer.acknowledged(other, &reply, NOW + 2).unwrap().is_some());
    assert!(matches!(handle(&served, &reply, Transport::Udp), Reaction::Ignore), "not where queries come");
}

#[test]
fn a_subscription_to_everything_concerns_nobody_else_and_much_leaves_in_batches() {
    use crate::notify::{Over, Subscription, Target};
    use std::time::Duration;

    let extra = vec![Target { address: "192.0.2.8:53".parse().unwrap(), key: None, over: Over::New }];
    let zones = (0..200).map(|n| zone(&format!("z{n}.example"), "@ 60 SOA a b 1 1 1 1 1"));
    let served = Served { zones: zones.collect(), ..served() };
    let (mut announcer, mut random) = (Announcer::new(extra), || 7);
    let (connection, peer) = (5, "192.0.2.9:4000".parse().unwrap());
    let subscription = Subscription { connection, peer, zone: Name::root(), key: name("all._transfer") };
    announcer.subscribe(subscription, &served, Duration::ZERO, &mut random);
    let mut sent = 0;
    while announcer.next_deadline() == Some(Duration::ZERO) {
        let sends = announcer.due(&served, Duration::ZERO, NOW).sends;
        assert!(sends.len() <= 64 && sends.iter().all(|send| send.over == Over::Connection(5)));
        sent += sends.len();
    }
    assert_eq!(sent, 200);
}
