//! Answers as good primaries, bad primaries and those who are in between would give them.

use super::*;
use crate::message::{Header, Message, Opcode, Question};
use crate::record_type::Class;
use crate::testing::{record, zone};
use crate::transfer::{Journal, Outgoing};
use crate::tsig::{AnswerChain, ChainError, Chaining, Policy, open};

const NOW: u64 = 1_000_000;

/// Version `serial` with a TXT record for each word and 300 others.
fn version(serial: u32, words: &str) -> Zone {
    let hosts: String = words.split_whitespace().map(|word| format!("{word} 60 TXT {word}\n")).collect();
    let filler: String = (0..300).map(|n| format!("filler{n} 60 A 192.0.2.1\n")).collect();
    zone("example", &format!("@ 60 SOA ns root {serial} 1 1 1 1\n@ 60 NS ns.elsewhere.\n{hosts}{filler}"))
}

fn apex() -> Name {
    "example".parse().unwrap()
}

fn asking(held: Option<&Zone>, key: Option<&Key>) -> Asking {
    Asking { apex: apex(), held: held.cloned(), key: key.cloned(), limits: Limits::default() }
}

fn key(name: &str) -> Key {
    format!("{name}:SHA256:c2VjcmV0c2VjcmV0c2VjcmV0").parse().unwrap()
}

fn request() -> Header {
    Header::request(7, Opcode::QUERY)
}

fn axfr(zone: &Zone, limit: usize) -> Vec<Vec<u8>> {
    Outgoing::zone(zone, &request(), RecordType::AXFR, limit).collect()
}

/// The sequence or the condensed form of the versions' differences.
fn ixfr(versions: &[Zone], condense: bool, limit: usize) -> Vec<Vec<u8>> {
    let mut journal = Journal::default();
    for pair in versions.windows(2) {
        journal.push(&Difference::between(&pair[0], &pair[1]));
    }
    let (first, last) = (&versions[0], &versions[versions.len() - 1]);
    let steps = match condense {
        true => journal.answer(last, first.serial(), true).unwrap(),
        false => journal.between(first.serial(), last.serial()).unwrap(),
    };
    Outgoing::steps(last, &request(), steps, limit).collect()
}

/// An answer of these lines, one message each list.
fn answer(rtype: RecordType, messages: &[&[&str]]) -> Vec<Vec<u8>> {
    let encode = |lines: &&[&str]| {
        let mut message = Message::new(request().reply(Rcode::NOERROR));
        message.questions.push(Question { name: apex(), rtype, class: Class::IN });
        message.answers = lines.iter().map(|line| record(line, &apex()).into()).collect();
        message.encode()
    };
    messages.iter().map(encode).collect()
}

fn run(ask: Ask, messages: &[Vec<u8>]) -> Next {
    let mut awaiting = ask.awaiting;
    for (at, message) in messages.iter().enumerate() {
        match awaiting.handle(message, 8, NOW) {
            Next::More(next) => awaiting = next,
            end => {
                assert!(at == messages.len() - 1 || !matches!(end, Next::NewVersion(_)), "it ended too soon");
                return end;
            }
        }
    }
    Next::More(awaiting)
}

fn same_records(a: &Zone, b: &Zone) -> bool {
    Difference::between(a, b).is_empty()
}

fn came(next: Next) -> NewVersion {
    match next {
        Next::NewVersion(version) => *version,
        other => panic!("{other:?}"),
    }
}

fn error(next: Next) -> TransferError {
    match next {
        Next::Failed(failure) => failure.error,
        other => panic!("{other:?}"),
    }
}

/// Signs an answer to the request of `ask` as `chaining` says.
fn signed(ask: &Ask, key: &Key, chaining: Chaining, messages: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let keys = [key.clone()].into_iter().collect();
    let opened = open(&ask.octets, &keys, NOW, &Policy::default()).unwrap();
    let mut chain = AnswerChain::new(opened.verification.unwrap(), chaining);
    let sign = |message: &Vec<u8>| {
        let mut message = message.clone();
        chain.sign(&mut message, NOW);
        message
    };
    messages.iter().map(sign).collect()
}

#[test]
fn from_the_soa_to_the_whole_zone() {
    let new = version(2, "a b");
    let soa = answer(RecordType::SOA, &[&["@ 60 SOA ns root 2 1 1 1 1"]]);
    let Next::Ask(ask) = run(asking(None, None).soa(7, NOW), &soa) else { panic!("it asks for the zone") };
    let request = Message::decode(&ask.octets).unwrap();
    assert_eq!((request.header.id, request.questions[0].rtype), (8, RecordType::AXFR));
    for limit in [1024, 65_535] {
        let version = came(run(asking(None, None).axfr(None, 7, NOW), &axfr(&new, limit)));
        assert!(same_records(&version.zone, &new) && version.steps.is_none());
    }
}

#[test]
fn the_soa_says_whether_there_is_anything_to_do() {
    let held = version(5, "");
    let ask = |serial: u32| {
        let line = format!("@ 60 SOA ns root {serial} 1 1 1 1");
        run(asking(Some(&held), None).soa(7, NOW), &answer(RecordType::SOA, &[&[&line]]))
    };
    assert!(matches!(ask(5), Next::UpToDate));
    assert!(matches!(ask(4), Next::Behind(Serial(4))));
    let Next::Ask(ask) = ask(6) else { panic!("it asks for the differences") };
    let request = Message::decode(&ask.octets).unwrap();
    assert_eq!(request.questions[0].rtype, RecordType::IXFR);
    assert_eq!(request.authorities[0].rdata, Some(held.soa_record().rdata));
}

#[test]
fn incremental_in_every_shape() {
    let versions = [version(1, "a"), version(2, "a b"), version(3, "b c d"), version(4, "b c d e")];
    let ask = || asking(Some(&versions[0]), None).transfer(Some(Serial(4)), 7, NOW);
    for (condense, limit) in [(true, 1024), (false, 1024), (false, 65_535)] {
        let version = came(run(ask(), &ixfr(&versions, condense, limit)));
        assert!(same_records(&version.zone, &versions[3]));
        assert_eq!(version.steps.unwrap().len(), if condense { 1 } else { 3 });
    }
    // Each record in a message of its own.
    let whole = Message::decode(&ixfr(&versions, false, 65_535)[0]).unwrap();
    let single = |record: &crate::message::MessageRecord| {
        Message { answers: vec![record.clone()], ..Message::new(request().reply(Rcode::NOERROR)) }.encode()
    };
    let messages: Vec<Vec<u8>> = whole.answers.iter().map(single).collect();
    assert!(same_records(&came(run(ask(), &messages)).zone, &versions[3]));
    // The whole zone as the answer to IXFR.
    for limit in [1024, 65_535] {
        let messages: Vec<Vec<u8>> = Outgoing::zone(&versions[3], &request(), RecordType::IXFR, limit).collect();
        assert!(same_records(&came(run(ask(), &messages)).zone, &versions[3]));
    }
    let current: Vec<Vec<u8>> = Outgoing::up_to_date(&versions[0], &request(), 512).collect();
    assert!(matches!(run(ask(), &current), Next::UpToDate));
}

#[test]
fn many_versions() {
    let versions: Vec<Zone> = (1..=60).map(|serial| version(serial, &format!("w{serial} x{}", serial / 2))).collect();
    let ask = asking(Some(&versions[0]), None).transfer(None, 7, NOW);
    let version = came(run(ask, &ixfr(&versions, false, 1024)));
    assert!(same_records(&version.zone, &versions[59]) && version.steps.unwrap().len() == 59);
}

#[test]
fn cut_off_anywhere_nothing_comes() {
    let versions = [version(1, "a"), version(2, "b"), version(3, "c")];
    let (whole, steps) = (axfr(&versions[2], 1024), ixfr(&versions, false, 65_535));
    for count in 0..whole.len() {
        let next = run(asking(None, None).axfr(None, 7, NOW), &whole[..count]);
        assert!(matches!(next, Next::More(_)), "{count}");
    }
    // Cut between two records: what is there is no end.
    let message = Message::decode(&steps[0]).unwrap();
    for count in 2..message.answers.len() {
        let cut = Message { answers: message.answers[..count].to_vec(), ..message.clone() }.encode();
        let next = run(asking(Some(&versions[0]), None).transfer(None, 7, NOW), &[cut]);
        assert!(matches!(next, Next::More(_)), "{count}");
    }
    // Cut inside the octets of a message.
    for cut in 0..whole[0].len() {
        let next = run(asking(None, None).axfr(None, 7, NOW), &[whole[0][..cut].to_vec()]);
        assert!(matches!(next, Next::Failed(_)), "{cut}");
    }
}

#[test]
fn wrong_serials() {
    let held = version(5, "");
    let ask = |expected| asking(Some(&held), None).axfr(expected, 7, NOW);
    let serial = |next| matches!(error(next), TransferError::Serial { .. });
    assert!(serial(run(ask(None), &axfr(&version(4, ""), 65_535))));
    assert!(serial(run(ask(None), &axfr(&version(5, "x"), 65_535))));
    assert!(serial(run(ask(Some(Serial(7))), &axfr(&version(6, ""), 65_535))));
    let transfer = asking(Some(&held), None).transfer(Some(Serial(7)), 7, NOW);
    assert!(serial(run(transfer, &ixfr(&[held.clone(), version(6, "a")], false, 65_535))));
    // The last SOA is another one than the first.
    let changed =
        answer(RecordType::AXFR, &[&["@ 60 SOA a b 1 1 1 1 1", "x 60 A 192.0.2.1", "@ 60 SOA a b 2 1 1 1 1"]]);
    assert_eq!(error(run(asking(None, None).axfr(None, 7, NOW), &changed)), TransferError::SoaSequence);
}

/// Whatever does not fit together between two versions, the whole zone is asked for.
#[test]
fn steps_that_do_not_fit() {
    let held = version(1, "a");
    let soa = |serial: u32| format!("@ 60 SOA ns root {serial} 1 1 1 1");
    let (s1, s2, s3, s4) = (soa(1), soa(2), soa(3), soa(4));
    let bad: [&[&str]; 6] = [
        // What is to be removed is not there.
        &[&s2, &s1, "nobody 60 TXT nobody", &s2, &s2],
        // Begins with another version.
        &[&s4, &s2, "a 60 TXT a", &s4, &s4],
        // A version is missing in the middle.
        &[&s4, &s1, "a 60 TXT a", &s2, &s3, &s4, &s4],
        // Serials that go back, and beyond the last.
        &[&s3, &s1, "a 60 TXT a", &s1, &s3],
        &[&s3, &s1, "a 60 TXT a", &s4, &s3],
        // Records behind the end.
        &[&s2, &s1, "a 60 TXT a", &s2, &s2, "a 60 TXT a"],
    ];
    for lines in bad {
        let ask = asking(Some(&held), None).transfer(None, 7, NOW);
        match run(ask, &answer(RecordType::IXFR, &[lines])) {
            Next::Ask(ask) => {
                assert_eq!(Message::decode(&ask.octets).unwrap().questions[0].rtype, RecordType::AXFR, "{lines:?}");
            }
            other => panic!("{lines:?}: {other:?}"),
        }
    }
    for rcode in [Rcode::NOTIMP, Rcode::FORMERR, Rcode::SERVFAIL, Rcode::REFUSED] {
        let refused = Message::new(request().reply(rcode)).encode();
        let next = run(asking(Some(&held), None).transfer(None, 7, NOW), &[refused]);
        assert!(matches!(next, Next::Ask(_)), "{rcode}");
    }
}

#[test]
fn records_outside_the_zone_are_left_out() {
    let soa = "@ 60 SOA a b 2 1 1 1 1";
    let messages = answer(RecordType::AXFR, &[&[soa, "x 60 A 192.0.2.1", "www.victim.test. 60 A 192.0.2.66", soa]]);
    let version = came(run(asking(None, None).axfr(None, 7, NOW), &messages));
    assert_eq!((version.ignored, version.zone.record_count()), (1, 2));
    let held = version_with("@ 60 SOA a b 1 1 1 1 1");
    let old = "@ 60 SOA a b 1 1 1 1 1";
    let lines: &[&str] = &[soa, old, soa, "www.victim.test. 60 A 192.0.2.66", "y 60 A 192.0.2.2", soa];
    let version = came(run(asking(Some(&held), None).transfer(None, 7, NOW), &answer(RecordType::IXFR, &[lines])));
    assert_eq!((version.ignored, version.zone.record_count()), (1, 2));
}

fn version_with(lines: &str) -> Zone {
    zone("example", lines)
}

#[test]
fn what_is_not_a_zone() {
    let soa = "@ 60 SOA a b 2 1 1 1 1";
    let bad: [&[&str]; 3] = [
        &[soa, "x 60 CNAME y", "x 60 A 192.0.2.1", soa],
        &[soa, "x 60 SOA a b 2 1 1 1 1", soa],
        &["x 60 A 192.0.2.1", soa],
    ];
    for lines in bad {
        let next = run(asking(None, None).axfr(None, 7, NOW), &answer(RecordType::AXFR, &[lines]));
        assert!(matches!(error(next), TransferError::NotAZone(_) | TransferError::NoSoa), "{lines:?}");
    }
    let behind = answer(RecordType::AXFR, &[&[soa, soa, "x 60 A 192.0.2.1"]]);
    assert_eq!(error(run(asking(None, None).axfr(None, 7, NOW), &behind)), TransferError::AfterEnd);
}

#[test]
fn answers_to_something_else() {
    let new = version(2, "");
    let ask = || asking(None, None).axfr(None, 7, NOW);
    let other_id: Vec<Vec<u8>> =
        Outgoing::zone(&new, &Header::request(9, Opcode::QUERY), RecordType::AXFR, 65_535).collect();
    assert_eq!(error(run(ask(), &other_id)), TransferError::NotTheAnswer);
    let other_type: Vec<Vec<u8>> = Outgoing::zone(&new, &request(), RecordType::IXFR, 65_535).collect();
    assert_eq!(error(run(ask(), &other_type)), TransferError::OtherQuestion);
    let mut truncated = axfr(&new, 65_535);
    truncated[0][2] |= 2;
    assert_eq!(error(run(ask(), &truncated)), TransferError::Truncated);
    // The question may be left out (RFC 5936 section 2.2.1), and names be in any case.
    let mut message = Message::decode(&axfr(&new, 65_535)[0]).unwrap();
    message.questions.clear();
    assert!(same_records(&came(run(ask(), &[message.encode()])).zone, &new));
}

#[test]
fn endless_and_too_large() {
    let soa = "@ 60 SOA a b 2 1 1 1 1";
    let limits = Limits { octets: 100_000, records: 1000 };
    let mut awaiting = Asking { limits, ..asking(None, None) }.axfr(None, 7, NOW).awaiting;
    let first = answer(RecordType::AXFR, &[&[soa]]);
    let Next::More(next) = awaiting.handle(&first[0], 8, NOW) else { panic!("it goes on") };
    awaiting = next;
    let mut messages = 0;
    // The same record again and again.
    let endless = &answer(RecordType::AXFR, &[&["x 60 A 192.0.2.1"]])[0];
    let end = loop {
        match awaiting.handle(endless, 8, NOW) {
            Next::More(next) => awaiting = next,
            end => break end,
        }
        messages += 1;
    };
    assert!(messages <= 1000 && matches!(error(end), TransferError::TooManyRecords));
    let large = Asking { limits: Limits { octets: 5000, ..limits }, ..asking(None, None) }.axfr(None, 7, NOW);
    assert_eq!(error(run(large, &axfr(&version(2, ""), 65_535))), TransferError::TooManyOctets);
    // Messages without records would be endless at no cost.
    let empty = answer(RecordType::AXFR, &[&[soa], &[]]);
    assert_eq!(error(run(asking(None, None).axfr(None, 7, NOW), &empty)), TransferError::Empty);
}

#[test]
fn signed_both_ways() {
    let new = version(2, "a b");
    for (name, chaining) in [
        ("k", Chaining::Rfc8945),
        ("k._transfer.example", Chaining::Rfc8945),
        ("k._transfer.example", Chaining::EachOnItsOwn),
    ] {
        let key = key(name);
        let ask = asking(None, Some(&key)).axfr(None, 7, NOW);
        let messages = signed(&ask, &key, chaining, &axfr(&new, 1024));
        assert!(messages.len() > 2);
        assert!(same_records(&came(run(ask, &messages)).zone, &new), "{name} {chaining:?}");
    }
    // Only keys of MirageOS's naming admit its way.
    let key = key("k");
    let ask = asking(None, Some(&key)).axfr(None, 7, NOW);
    let messages = signed(&ask, &key, Chaining::EachOnItsOwn, &axfr(&new, 1024));
    assert!(matches!(error(run(ask, &messages)), TransferError::Signature(_)));
}

#[test]
fn a_wrong_signature_in_the_middle() {
    let new = version(2, "a b");
    for chaining in [Chaining::Rfc8945, Chaining::EachOnItsOwn] {
        let key = key("k._transfer.example");
        let ask = || asking(None, Some(&key)).axfr(None, 7, NOW);
        let good = signed(&ask(), &key, chaining, &axfr(&new, 1024));
        // A changed octet, a message left out, and one that comes twice.
        let mut changed = good.clone();
        changed[2][200] ^= 1;
        let left_out = [&good[..1], &good[2..]].concat();
        let twice = [&good[..1], &good[..]].concat();
        assert!(matches!(run(ask(), &changed), Next::Failed(_)));
        assert!(matches!(error(run(ask(), &twice)), TransferError::Replayed));
        if chaining == Chaining::Rfc8945 {
            assert!(matches!(error(run(ask(), &left_out)), TransferError::Signature(_)));
        }
        // The end is not signed, and then nothing is.
        let mut unsigned_end = good.clone();
        let last = unsigned_end.len() - 1;
        unsigned_end[last] = axfr(&new, 1024)[last].clone();
        let expected = matches!(error(run(ask(), &unsigned_end)), TransferError::Signature(ChainError::EndsUnsigned));
        assert!(expected || chaining == Chaining::EachOnItsOwn);
        assert!(matches!(error(run(ask(), &axfr(&new, 65_535))), TransferError::Signature(_)));
    }
}

#[test]
fn only_a_signed_notauth_takes_the_zone_away() {
    let (held, key) = (version(1, ""), key("k._transfer.example"));
    let mut refusal = Message::new(request().reply(Rcode::NOTAUTH));
    refusal.questions.push(Question { name: apex(), rtype: RecordType::SOA, class: Class::IN });
    let unsigned = [refusal.encode()];
    let ask = || asking(Some(&held), Some(&key)).soa(7, NOW);
    assert!(matches!(error(run(ask(), &unsigned)), TransferError::Signature(_)));
    let with_mac = signed(&ask(), &key, Chaining::Rfc8945, &unsigned);
    assert!(matches!(run(ask(), &with_mac), Next::Gone));
    let plain = asking(Some(&held), None).soa(7, NOW);
    assert_eq!(error(run(plain, &unsigned)), TransferError::Refused(Rcode::NOTAUTH));
}

/// Whatever an octet is changed to, and wherever an answer ends, nothing panics, and nothing but the zone comes.
#[test]
fn every_octet_changed() {
    let small = |serial: u32, word: &str| {
        zone("example", &format!("@ 60 SOA a b {serial} 1 1 1 1\n@ 60 NS c\n{word} 60 TXT {word}\n*.w 60 MX 1 m"))
    };
    let versions = [small(1, "one"), small(2, "two"), small(3, "three")];
    let (whole, steps) = (axfr(&versions[2], 65_535).remove(0), ixfr(&versions, false, 65_535).remove(0));
    for (octets, held) in [(&whole, None), (&steps, Some(&versions[0]))] {
        for at in 0..octets.len() {
            for value in [0, 1, 0x3f, 0x80, 0xc0, 0xff, octets[at] ^ 1, octets[at].wrapping_add(1)] {
                let mut changed = octets.clone();
                changed[at] = value;
                let asking = asking(held, None);
                let ask = if held.is_some() { asking.transfer(None, 7, NOW) } else { asking.axfr(None, 7, NOW) };
                if let Next::NewVersion(version) = ask.awaiting.handle(&changed, 8, NOW) {
                    assert_eq!(version.zone.apex(), &apex());
                    assert!(held.is_none_or(|held| version.zone.serial().is_after(held.serial())));
                }
            }
        }
    }
}
