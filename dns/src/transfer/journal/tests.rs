//! What a journal keeps, and how far back it reaches.

use super::*;
use crate::message::{Header, Message, Opcode};
use crate::testing::zone;
use crate::transfer::Outgoing;

/// Version `serial` of a zone with a record for each word.
fn version(serial: u32, words: &str) -> Zone {
    let hosts: String = words.split_whitespace().map(|word| format!("{word} 60 TXT {word}\n")).collect();
    let filler: String = (0..50).map(|n| format!("filler{n} 60 A 192.0.2.1\n")).collect();
    zone("example", &format!("@ 60 SOA ns root {serial} 1 1 1 1\n@ 60 NS ns.elsewhere.\n{hosts}{filler}"))
}

fn journal(versions: &[Zone]) -> Journal {
    let mut journal = Journal::default();
    for pair in versions.windows(2) {
        journal.push(&Difference::between(&pair[0], &pair[1]));
    }
    journal
}

fn serials(messages: impl Iterator<Item = Vec<u8>>) -> Vec<String> {
    let mut seen = vec![];
    for octets in messages {
        for record in Message::decode(&octets).unwrap().answers {
            let rdata = record.rdata.unwrap();
            seen.push(match record.rtype {
                RecordType::SOA => Soa::decode(&rdata).unwrap().serial.to_string(),
                _ => String::from_utf8_lossy(&rdata.as_octets()[1..]).into_owned(),
            });
        }
    }
    seen
}

#[test]
fn steps_from_any_version_that_is_held() {
    let versions = [version(1, "a"), version(2, "a b"), version(3, "b c d")];
    let journal = journal(&versions);
    let steps = journal.answer(&versions[2], Serial(1), false).unwrap();
    let header = Header::request(7, Opcode::QUERY);
    let sent = serials(Outgoing::steps(&versions[2], &header, steps, 65_535));
    // b comes and stays, a goes: as one step it is two SOAs shorter.
    assert_eq!(sent, ["3", "1", "a", "3", "b", "c", "d", "3"]);
    let sequence = journal.between(Serial(1), Serial(3)).unwrap();
    let sent = serials(Outgoing::steps(&versions[2], &header, sequence, 65_535));
    assert_eq!(sent, ["3", "1", "2", "b", "2", "a", "3", "c", "d", "3"]);
    assert!(journal.answer(&versions[2], Serial(0), false).is_none());
    assert!(journal.answer(&versions[1], Serial(1), false).is_some());
}

#[test]
fn what_comes_and_goes_is_not_sent() {
    let versions = [version(1, "a"), version(2, "b"), version(3, "a")];
    let steps = journal(&versions).answer(&versions[2], Serial(1), true).unwrap();
    assert_eq!((steps.len(), steps[0].removed.len(), steps[0].added.len()), (1, 0, 0));
}

#[test]
fn a_change_larger_than_the_zone_is_sent_as_the_zone() {
    let old = zone("example", &(0..200).map(|n| format!("a{n} 60 TXT old\n")).collect::<String>());
    let new = version(2, "");
    let mut journal = Journal::default();
    journal.push(&Difference::between(&old, &new));
    assert_eq!(journal.len(), 1);
    assert!(journal.answer(&new, Serial(1), false).is_none());
}

#[test]
fn bounded_at_the_old_end_and_refilled_there() {
    let versions: Vec<Zone> = (1..=5).map(|serial| version(serial, &format!("v{serial}"))).collect();
    let step = |from: usize| Difference::between(&versions[from - 1], &versions[from]);
    let mut journal = Journal::new(JournalLimits { steps: 3, octets: 1 << 20 });
    for from in 1..=4 {
        journal.push(&step(from));
    }
    assert_eq!((journal.oldest(), journal.newest(), journal.len()), (Some(Serial(2)), Some(Serial(5)), 3));
    assert!(!journal.insert_older(&step(1)), "full");
    let mut journal = Journal::new(JournalLimits { steps: 3, octets: 1 << 20 });
    journal.push(&step(3));
    assert!(!journal.insert_older(&step(1)), "there is a gap");
    assert!(journal.insert_older(&step(2)) && journal.insert_older(&step(1)));
    assert!(journal.between(Serial(1), Serial(4)).is_some());
    let mut tiny = Journal::new(JournalLimits { steps: 100, octets: 10 });
    tiny.push(&step(1));
    assert!(tiny.is_empty());
}

#[test]
fn a_serial_that_goes_back_or_jumps_starts_anew() {
    let versions = [version(5, "a"), version(6, "b"), version(4, "c"), version(9, "d")];
    let mut journal = journal(&versions[..2]);
    journal.push(&Difference::between(&versions[1], &versions[2]));
    assert!(journal.is_empty());
    journal.push(&Difference::between(&versions[0], &versions[1]));
    journal.push(&Difference::between(&versions[2], &versions[3]));
    assert_eq!(journal.oldest(), Some(Serial(4)));
}

#[test]
fn many_messages_and_one_datagram() {
    let many: String = (0..2000).map(|n| format!("w{n} ")).collect();
    let big = zone("example", &(0..9000).map(|n| format!("z{n} 60 A 192.0.2.1\n")).collect::<String>());
    let after = big.apply(&Difference::between(&version(1, ""), &version(2, &many))).unwrap_err();
    assert!(!after.is_empty(), "the SOAs differ");
    let (old, new) = (version(1, ""), version(2, &many));
    let mut journal = Journal::default();
    journal.push(&Difference::between(&old, &new));
    let steps = journal.between(Serial(1), Serial(2)).unwrap();
    let header = Header::request(7, Opcode::QUERY);
    let messages: Vec<Vec<u8>> = Outgoing::steps(&new, &header, steps.clone(), 4096).collect();
    assert!(messages.len() > 5 && messages.iter().all(|message| message.len() <= 4096));
    assert_eq!(serials(messages.into_iter()).len(), 2000 + 4);
    assert!(Outgoing::steps(&new, &header, steps, 1232).single(1232).is_none());
    let few = [version(1, ""), version(2, "a")];
    let steps = self::journal(&few).between(Serial(1), Serial(2)).unwrap();
    assert!(Outgoing::steps(&few[1], &header, steps, 1232).single(512).is_some());
}
