//! Octets that nobody should send.

use proptest::prelude::*;

use super::*;

fn story() -> ZoneSet {
    zones(&[(
        "example",
        "www 60 A 192.0.2.1\nc 60 CNAME www\nd 60 DNAME w\nsub 60 NS ns.sub\nns.sub 60 A 192.0.2.1\n*.w 60 MX 5 www",
    )])
}

fn outcome(octets: &[u8], buffer: &mut [u8]) -> Outcome {
    let options = Options { cookie_secret: Some([1; 16]), ..Options::default() };
    let address = "2001:db8::1".parse().unwrap();
    let client = Client { transport: Transport::Udp, address, now: 0, options: &options, limit: None };
    answer(&story(), octets, &client, buffer)
}

#[test]
fn what_is_not_a_query_is_left_to_others() {
    let mut buffer = [0; 512];
    let mut octets = ask("www.example A").octets();
    octets[2] = 0x80;
    assert_eq!(outcome(&octets, &mut buffer), Outcome::Ignore);
    octets[2] = 0x28;
    assert_eq!(outcome(&octets, &mut buffer), Outcome::NotAQuery);
    assert_eq!(outcome(&ask("example AXFR").octets(), &mut buffer), Outcome::Transfer);
    assert_eq!(outcome(&ask("example IXFR").octets(), &mut buffer), Outcome::Transfer);
    let mut signed = ask("www.example A").edns(1232, 0, &[]);
    let opt = signed.message.additionals[0].clone();
    signed.message.additionals.push(MessageRecord { rtype: RecordType::TSIG, class: Class::ANY, ..opt });
    assert_eq!(outcome(&signed.octets(), &mut buffer), Outcome::Signed);
}

#[test]
fn every_cut_of_a_query() {
    let octets = ask("www.example A").edns(1232, 0x8000, b"\0\x0a\0\x08cookie!!").octets();
    let question_end = 12 + 13 + 4;
    for cut in 0..octets.len() {
        let mut buffer = [0; 512];
        let length = match cut {
            0..12 => {
                assert_eq!(outcome(&octets[..cut], &mut buffer), Outcome::Ignore);
                continue;
            }
            _ if cut < question_end => 12,
            _ => question_end,
        };
        assert_eq!(outcome(&octets[..cut], &mut buffer), Outcome::Reply(length), "{cut}");
        assert_eq!((buffer[2], buffer[3], buffer[5]), (0x81 & 0x80, 1, u8::from(length > 12)));
    }
}

#[test]
fn questions_that_are_not_one_name() {
    let mut buffer = [0; 512];
    let header = b"\x12\x34\x01\x10\0\x01\0\0\0\0\0\0";
    let mut refused = |question: &[u8]| {
        let outcome = outcome(&[header, question].concat(), &mut buffer);
        assert_eq!((outcome, buffer[2], buffer[3]), (Outcome::Reply(12), 0x81, 0x11), "{question:x?}");
    };
    refused(b"\xc0\x0c\0\x01\0\x01");
    refused(b"\x01a\xc0\x0c\0\x01\0\x01");
    refused(b"\x40aaaa\0\0\x01\0\x01");
    refused(&[&b"\x3f".repeat(64 * 4)[..], b"\0\0\x01\0\x01"].concat());
    let two = [b"\x12\x34\x01\x10\0\x02\0\0\0\0\0\0", &b"\x01a\0\0\x01\0\x01".repeat(2)[..]].concat();
    assert_eq!(outcome(&two, &mut buffer), Outcome::Reply(12));
    let none = b"\x12\x34\x01\x10\0\0\0\0\0\0\0\0";
    assert_eq!(outcome(none, &mut buffer), Outcome::Reply(12));
}

proptest! {
    #[test]
    fn random_octets(octets: Vec<u8>, room in 0usize..600) {
        let mut buffer = vec![0; room];
        if let Outcome::Reply(length) = outcome(&octets, &mut buffer) {
            prop_assert!(length <= room);
        }
    }

    #[test]
    fn queries_with_some_octets_changed(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        question in prop::sample::select(vec!["a.c.example A", "q.d.example A", "x.sub.example MX", "q.w.example ANY"]),
        room in 100usize..600,
    ) {
        let mut octets = ask(question).edns(1232, 0x8000, b"\0\x0a\0\x08cookie!!").octets();
        for (place, value) in changes {
            let place = place.index(octets.len());
            octets[place] = value;
        }
        let mut buffer = vec![0; room];
        if let Outcome::Reply(length) = outcome(&octets, &mut buffer) {
            prop_assert!(length <= room);
            prop_assert!(length == 12 || Message::decode(&buffer[..length]).is_ok());
            prop_assert_eq!(&buffer[..2], &octets[..2]);
        }
    }
}
