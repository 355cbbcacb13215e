//! Where names lead inside one zone.

use super::*;

const NEGATIVE: &str = "example. SOA 300";

#[test]
fn existing_names_missing_types_missing_names() {
    let zones = zones(&[("example", "www 60 A 192.0.2.1\nwww 60 A 192.0.2.2\nWww 60 MX 10 mail\na.b.c 60 TXT deep")]);
    check(
        &zones,
        &[
            ("www.example A", "NOERROR aa | www.example. A 192.0.2.1; www.example. A 192.0.2.2"),
            ("wWw.eXample MX", "NOERROR aa | wWw.eXample. MX mail.eXample."),
            ("www.example AAAA", &format!("NOERROR aa |  | {NEGATIVE}")),
            ("www.example RRSIG", &format!("NOERROR aa |  | {NEGATIVE}")),
            ("www.example TYPE65280", &format!("NOERROR aa |  | {NEGATIVE}")),
            ("nowhere.example A", &format!("NXDOMAIN aa |  | {NEGATIVE}")),
            ("x.www.example A", &format!("NXDOMAIN aa |  | {NEGATIVE}")),
            ("example SOA", "NOERROR aa | example. SOA 3600"),
            ("example NS", "NOERROR aa | example. NS ns.elsewhere.test."),
            ("example DS", &format!("NOERROR aa |  | {NEGATIVE}")),
            ("test A", "REFUSED"),
            (". NS", "REFUSED"),
        ],
    );
}

#[test]
fn empty_non_terminals_exist() {
    let zones = zones(&[("example", "a.b.c 60 TXT deep")]);
    check(
        &zones,
        &[
            ("c.example A", &format!("NOERROR aa |  | {NEGATIVE}")),
            ("b.c.example TXT", &format!("NOERROR aa |  | {NEGATIVE}")),
            ("b.c.example ANY", &format!("NOERROR aa |  | {NEGATIVE}")),
            ("x.c.example A", &format!("NXDOMAIN aa |  | {NEGATIVE}")),
            ("a.b.c.example TXT", "NOERROR aa | a.b.c.example. TXT deep"),
        ],
    );
}

/// The zone and the responses of RFC 4592 section 2.2.1.
#[test]
fn rfc_4592_examples() {
    let zones = zones(&[(
        "example",
        "@ 3600 SOA ns.example.com. root.example.com. 1 7200 900 86400 300
         @ 3600 NS ns.example.com.
         @ 3600 NS ns.example.net.
         * 3600 TXT wildcard
         * 3600 MX 10 host1
         sub.* 3600 TXT not-a-wildcard
         host1 3600 A 192.0.2.1
         _ssh._tcp.host1 3600 SRV 0 0 22 host1
         _ssh._tcp.host2 3600 SRV 0 0 22 host2
         subdel 3600 NS ns.example.com.
         subdel 3600 NS ns.example.net.",
    )]);
    check(
        &zones,
        &[
            ("host3.example MX", "NOERROR aa | host3.example. MX host1.example."),
            ("host3.example A", &format!("NOERROR aa |  | {NEGATIVE}")),
            ("foo.bar.example TXT", "NOERROR aa | foo.bar.example. TXT wildcard"),
            ("host1.example MX", &format!("NOERROR aa |  | {NEGATIVE}")),
            ("sub.*.example MX", &format!("NOERROR aa |  | {NEGATIVE}")),
            ("_telnet._tcp.host1.example SRV", &format!("NXDOMAIN aa |  | {NEGATIVE}")),
            (
                "host.subdel.example A",
                "NOERROR |  | subdel.example. NS ns.example.com.; subdel.example. NS ns.example.net.",
            ),
            ("ghost.*.example MX", &format!("NXDOMAIN aa |  | {NEGATIVE}")),
            // Beyond the list: the wildcard itself, an empty non-terminal, and below one (section 2.2.2 and 4.7).
            ("*.example MX", "NOERROR aa | *.example. MX host1.example."),
            ("_tcp.host2.example TXT", &format!("NOERROR aa |  | {NEGATIVE}")),
            ("host2.example TXT", &format!("NOERROR aa |  | {NEGATIVE}")),
            ("x.host2.example TXT", &format!("NXDOMAIN aa |  | {NEGATIVE}")),
        ],
    );
}

#[test]
fn wildcards_with_cnames_and_without_records() {
    let zones = zones(&[("example", "*.c 60 CNAME x.y\n*.y 60 A 192.0.2.1\na.*.e 60 A 192.0.2.2\n*.d 60 CNAME x.d")]);
    check(
        &zones,
        &[
            ("q.r.c.example A", "NOERROR aa | q.r.c.example. CNAME x.y.example.; x.y.example. A 192.0.2.1"),
            ("q.c.example CNAME", "NOERROR aa | q.c.example. CNAME x.y.example."),
            ("q.e.example A", &format!("NOERROR aa |  | {NEGATIVE}")),
            ("a.*.e.example A", "NOERROR aa | a.*.e.example. A 192.0.2.2"),
            ("b.*.e.example A", &format!("NXDOMAIN aa |  | {NEGATIVE}")),
            ("q.d.example A", "NOERROR aa | q.d.example. CNAME x.d.example.; x.d.example. CNAME x.d.example."),
        ],
    );
}

#[test]
fn delegations_with_glue_of_all_kinds() {
    let zones = zones(&[(
        "example",
        "sub 60 NS ns.sub
         sub 60 NS ns.other
         sub 60 NS ns
         sub 60 NS ns.elsewhere.test.
         sub 60 TXT hidden
         ns.sub 60 A 192.0.2.1
         ns.sub 60 AAAA 2001:db8::1
         deep.sub 60 NS ns.sub
         other 60 NS ns.other
         ns.other 60 A 192.0.2.2
         ns 60 A 192.0.2.3
         *.sub 60 TXT hidden",
    )]);
    let servers = "sub.example. NS ns.sub.example.; sub.example. NS ns.other.example.; \
                   sub.example. NS ns.elsewhere.test.; sub.example. NS ns.example.";
    let reply = |question: &str| {
        let reply = ask(question).message(&zones);
        let count = |records: &[MessageRecord], rtype| records.iter().filter(|record| record.rtype == rtype).count();
        assert!(!reply.header.authoritative && reply.answers.is_empty());
        assert_eq!((count(&reply.authorities, RecordType::NS), reply.authorities.len()), (4, 4), "{servers}");
        reply.additionals.iter().map(print_record).collect::<Vec<_>>().join("; ")
    };
    let glue = "ns.sub.example. A 192.0.2.1; ns.sub.example. AAAA 2001:db8::1; ns.other.example. A 192.0.2.2; \
                ns.example. A 192.0.2.3";
    for question in ["sub.example A", "sub.example NS", "sub.example TXT", "x.sub.example A", "ns.sub.example A"] {
        assert_eq!(reply(question), glue, "{question}");
    }
    assert_eq!(reply("x.deep.sub.example ANY"), glue);
    check(&zones, &[("sub.example DS", &format!("NOERROR aa |  | {NEGATIVE}"))]);
}

#[test]
fn ds_is_asked_of_the_parent() {
    let zones = zones(&[("example", "sub 60 NS ns.sub\nsub 60 DS 1\nns.sub 60 A 192.0.2.1"), ("sub.example", "")]);
    check(
        &zones,
        &[
            ("sub.example DS", "NOERROR aa | sub.example. DS ..."),
            ("sub.example NS", "NOERROR aa | sub.example. NS ns.elsewhere.test."),
            ("example DS", &format!("NOERROR aa |  | {NEGATIVE}")),
            ("x.sub.example A", "NXDOMAIN aa |  | sub.example. SOA 300"),
            ("x.sub.example DS", "NXDOMAIN aa |  | sub.example. SOA 300"),
        ],
    );
}

#[test]
fn any_over_udp_is_one_rrset() {
    let zones = zones(&[("example", "a 60 TXT long-long-long-long\na 60 A 192.0.2.1\na 60 A 192.0.2.2")]);
    check(&zones, &[("a.example ANY", "NOERROR aa | a.example. A 192.0.2.1; a.example. A 192.0.2.2")]);
    assert_eq!(ask("a.example ANY").tcp().message(&zones).answers.len(), 3);
}

#[test]
fn the_root_zone() {
    let zones = zones(&[(".", "com 60 NS a.com\na.com 60 A 192.0.2.1")]);
    check(
        &zones,
        &[
            (". NS", "NOERROR aa | . NS ns.elsewhere.test."),
            ("org A", "NXDOMAIN aa |  | . SOA 300"),
            ("x.com A", "NOERROR |  | com. NS a.com. | a.com. A 192.0.2.1"),
        ],
    );
}

/// Whatever comes, and wherever it leads: looking ahead changes nothing and does not fail.
#[test]
fn looking_ahead() {
    let hosts: String = (0..30_000).map(|host| format!("h{host} 60 A 192.0.2.1\n")).collect();
    let zones = zones(&[("large.example", &hosts), ("example", "a 60 A 192.0.2.1")]);
    assert!(zones.name_count() > 30_000);
    let names = ["h7.large.example", "none.large.example", "large.example", "a.example", "elsewhere.test", "."];
    let mut messages: Vec<Vec<u8>> = names.map(|name| ask(&format!("{name} A")).octets()).to_vec();
    let whole = messages[0].clone();
    messages.extend((0..40).map(|cut| whole[..cut.min(whole.len())].to_vec()));
    for count in 0..messages.len() {
        warm(&zones, messages[..count].iter().map(Vec::as_slice));
    }
    assert_eq!(ask("h7.large.example A").of(&zones), "NOERROR aa | h7.large.example. A 192.0.2.1");
}
