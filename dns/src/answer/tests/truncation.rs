//! Replies that do not fit.

use super::*;

fn texts(count: usize) -> String {
    (0..count).map(|n| format!("t 60 TXT {}-{n}\n", "x".repeat(100))).collect()
}

#[test]
fn whole_rrsets_or_nothing() {
    let zones = zones(&[("example", &format!("a 60 CNAME t\n{}", texts(8)))]);
    assert_eq!(ask("t.example TXT").of(&zones), "NOERROR aa tc");
    assert_eq!(ask("a.example TXT").of(&zones), "NOERROR aa tc | a.example. CNAME t.example.");
    assert_eq!(ask("t.example TXT").edns(1232, 0, &[]).message(&zones).answers.len(), 8);
    assert_eq!(ask("t.example TXT").tcp().message(&zones).answers.len(), 8);
}

#[test]
fn limits_are_kept_to_the_octet() {
    let zones = zones(&[("example", &texts(20))]);
    for count in 1..40 {
        let lines = format!("t 60 TXT {}", "x".repeat(count));
        let small = super::zones(&[("example", &lines)]);
        let whole = ask("t.example TXT").reply_to(&small, &ask("t.example TXT").octets()).unwrap();
        for buffer in 27..whole.len() + 3 {
            let asked = Ask { buffer, ..ask("t.example TXT") };
            let reply = Message::decode(&asked.reply_to(&small, &asked.octets()).unwrap()).unwrap();
            assert_eq!(reply.header.truncated, buffer < whole.len());
            assert_eq!(reply.answers.len(), usize::from(buffer >= whole.len()));
        }
    }
    for size in [0, 511, 512, 513, 1000, 1232, 4096, 65_535] {
        let asked = ask("t.example TXT").edns(size, 0, &[]);
        let reply = asked.reply_to(&zones, &asked.octets()).unwrap();
        assert!(reply.len() <= usize::from(size.clamp(512, 1232)));
    }
}

/// RFC 9471 section 3: addresses below the cut are needed, others are a help.
#[test]
fn glue_that_does_not_fit() {
    let server = |n: usize, place: &str| {
        let host = format!("{}{n}{place}", "n".repeat(40));
        format!("sub 60 NS {host}\n{host} 60 A 192.0.2.{n}\n{host} 60 AAAA 2001:db8::{n}\n")
    };
    let inside: String = (1..7).map(|n| server(n, ".sub")).collect();
    let beside: String = (1..7).map(|n| server(n, "")).collect();
    let reply = ask("sub.example A").message(&zones(&[("example", &inside)]));
    assert!(reply.header.truncated && reply.authorities.len() == 6);
    let reply = ask("sub.example A").message(&zones(&[("example", &beside)]));
    assert!(!reply.header.truncated && reply.authorities.len() == 6 && reply.additionals.len() < 12);
    assert!(!ask("sub.example A").edns(1232, 0, &[]).message(&zones(&[("example", &inside)])).header.truncated);
}
