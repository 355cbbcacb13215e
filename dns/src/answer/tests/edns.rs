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

/// RFC 7873 section 5.4.
#[test]
fn a_cookie_alone_is_answered_without_a_question() {
    let zones = small();
    let cookie = |value: &[u8]| [&[0, 10, 0, value.len() as u8][..], value].concat();
    let alone = |options: &[u8]| {
        let mut asked = ask("www.example A").edns(1232, 0, options);
        asked.message.questions.clear();
        asked
    };
    let mut asked = alone(&cookie(b"client!!"));
    let refused = asked.reply_to(&zones, &asked.octets()).unwrap();
    assert_eq!(refused[3] & 15, 1, "cookies are off");
    asked.options.cookie_secret = Some([7; 16]);
    assert_eq!(asked.of(&zones), "NOERROR");
    let ours = options(&asked.message(&zones))[4..].to_vec();
    for (sent, expected) in [
        (ours.clone(), "NOERROR"),
        ([&ours[..23], &[ours[23] ^ 1]].concat(), "BADCOOKIE"),
        ([&b"another!"[..], &ours[8..]].concat(), "BADCOOKIE"),
        (ours[..20].to_vec(), "BADCOOKIE"),
    ] {
        let mut asked = alone(&cookie(&sent));
        asked.options.cookie_secret = Some([7; 16]);
        assert_eq!(asked.of(&zones), expected, "{sent:x?}");
        // With a question a wrong cookie is as good as none.
        let mut asked = ask("www.example A").edns(1232, 0, &cookie(&sent));
        asked.options.cookie_secret = Some([7; 16]);
        assert_eq!(asked.of(&zones), "NOERROR aa | www.example. A 192.0.2.1");
    }
    for nothing in [alone(&[]), alone(&[0, 3, 0, 0])] {
        assert_eq!(nothing.reply_to(&zones, &nothing.octets()).unwrap()[3] & 15, 1);
    }
}

#[test]
fn a_cookie_is_good_for_an_hour_and_for_one_address() {
    let (zones, options) = (small(), Options { cookie_secret: Some([7; 16]), ..Options::default() });
    let limit = RateLimit::new(1, 0, [1; 16]);
    let asked = ask("www.example A").edns(1232, 0, b"\0\x0a\0\x08cookie!!");
    let client = |address: &str, now| Client {
        transport: Transport::Udp,
        address: address.parse().unwrap(),
        now,
        options: &options,
        limit: Some(&limit),
    };
    let mut reply = vec![0; 4096];
    let Outcome::Reply(length) = answer(&zones, &asked.octets(), &client("192.0.2.1", 1000), &mut reply) else {
        panic!()
    };
    let cookie = reply[length - 24..length].to_vec();
    let shown = ask("www.example A").edns(1232, 0, &[&b"\0\x0a\0\x18"[..], &cookie].concat()).octets();
    let mut is_limited = |address: &str, now| {
        let asked = || answer(&zones, &shown, &client(address, now), &mut reply);
        let outcomes: Vec<Outcome> = std::iter::repeat_with(asked).take(5).collect();
        outcomes.contains(&Outcome::Limited(None))
    };
    for (address, now, limited) in [
        ("192.0.2.1", 1000, false),
        ("192.0.2.1", 1000 + 3600, false),
        ("192.0.2.1", 1000 - 300, false),
        ("192.0.2.1", 1000 + 3601, true),
        ("192.0.2.1", 1000 - 301, true),
        ("192.0.2.2", 1000, true),
    ] {
        assert_eq!(is_limited(address, now), limited, "{address} at {now}");
    }
}

#[test]
fn who_asks_too_often_is_told_to_come_over_tcp() {
    let zones =
        zones(&[("example", "www 60 A 192.0.2.1\n*.w 60 A 192.0.2.2\nsub 60 NS ns.sub\nns.sub 60 A 192.0.2.3")]);
    let limit = RateLimit::new(2, 2, [1; 16]);
    let options = Options::default();
    let outcomes = |names: &[&str], transport| -> Vec<Outcome> {
        let address = "192.0.2.9".parse().unwrap();
        let client = Client { transport, address, now: 7, options: &options, limit: Some(&limit) };
        let asked = |name: &&str| {
            let mut reply = vec![0; 4096];
            let outcome = answer(&zones, &ask(&format!("{name} A")).edns(1232, 0, &[]).octets(), &client, &mut reply);
            if let Outcome::Limited(Some(length)) = outcome {
                let reply = Message::decode(&reply[..length]).unwrap();
                assert_eq!((print(&reply), reply.questions.len()), ("NOERROR tc".to_owned(), 1));
            }
            outcome
        };
        names.iter().map(asked).collect()
    };
    // What is made from one wildcard, is not there in one zone, or lies below one cut, is one.
    for names in [
        ["www.example"; 6],
        ["a.w.example", "b.w.example", "c.w.example", "d.w.example", "e.w.example", "f.w.example"],
        ["a.example", "b.example", "c.example", "d.example", "e.example", "f.example"],
        ["a.sub.example", "b.sub.example", "c.sub.example", "sub.example", "d.sub.example", "e.sub.example"],
        ["a.test", "b.test", "c.test", "d.test", "e.test", "f.test"],
    ] {
        let outcomes = outcomes(&names, Transport::Udp);
        let dropped = outcomes.iter().filter(|outcome| **outcome == Outcome::Limited(None)).count();
        let slipped = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Limited(Some(_)))).count();
        assert_eq!((dropped, slipped), (2, 2), "{names:?}: {outcomes:?}");
    }
    assert!(outcomes(&["www.example"; 9], Transport::Tcp).iter().all(|outcome| matches!(outcome, Outcome::Reply(_))));
}
