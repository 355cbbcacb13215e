//! CNAMEs and DNAMEs, inside a zone, into others of ours, and out.

use super::*;

#[test]
fn cnames_are_followed_through_our_zones() {
    let zones = zones(&[
        (
            "example",
            "a 60 CNAME b\nb 60 CNAME c.other.test.\nout 60 CNAME www.unknown.\ngone 60 CNAME nowhere
             empty 60 CNAME e\ne 60 TXT x\ndeleg 60 CNAME x.sub\nsub 60 NS ns.sub\nns.sub 60 A 192.0.2.1",
        ),
        ("other.test", "c 60 A 192.0.2.7"),
    ]);
    check(
        &zones,
        &[
            (
                "a.example A",
                "NOERROR aa | a.example. CNAME b.example.; b.example. CNAME c.other.test.; c.other.test. A 192.0.2.7",
            ),
            (
                "a.example MX",
                "NOERROR aa | a.example. CNAME b.example.; b.example. CNAME c.other.test. | other.test. SOA 300",
            ),
            ("a.example CNAME", "NOERROR aa | a.example. CNAME b.example."),
            ("a.example ANY", "NOERROR aa | a.example. CNAME b.example."),
            ("out.example A", "NOERROR aa | out.example. CNAME www.unknown."),
            ("gone.example A", "NXDOMAIN aa | gone.example. CNAME nowhere.example. | example. SOA 300"),
            ("empty.example A", "NOERROR aa | empty.example. CNAME e.example. | example. SOA 300"),
            (
                "deleg.example A",
                "NOERROR aa | deleg.example. CNAME x.sub.example. | sub.example. NS ns.sub.example. | \
                 ns.sub.example. A 192.0.2.1",
            ),
        ],
    );
}

#[test]
fn loops_end() {
    let long: String = (0..30).map(|n| format!("l{n} 60 CNAME l{}\n", n + 1)).collect();
    let zones = zones(&[("example", &format!("a 60 CNAME b\nb 60 CNAME a\ns 60 CNAME s\n{long}"))]);
    check(
        &zones,
        &[
            ("a.example A", "NOERROR aa | a.example. CNAME b.example.; b.example. CNAME a.example."),
            ("s.example A", "NOERROR aa | s.example. CNAME s.example."),
        ],
    );
    assert_eq!(ask("l0.example A").message(&zones).answers.len(), 16);
}

/// RFC 6672 section 2.2 and 3.2.
#[test]
fn dnames_make_cnames() {
    let zones = zones(&[
        ("example", "d 60 DNAME t\nd 60 TXT own\nx.d 60 TXT hidden\na.t 60 A 192.0.2.1\nout 60 DNAME unknown."),
        ("self.test", "@ 60 DNAME example."),
    ]);
    check(
        &zones,
        &[
            (
                "a.d.example A",
                "NOERROR aa | d.example. DNAME t.example.; a.d.example. CNAME a.t.example.; a.t.example. A 192.0.2.1",
            ),
            ("d.example TXT", "NOERROR aa | d.example. TXT own"),
            ("d.example DNAME", "NOERROR aa | d.example. DNAME t.example."),
            ("d.example A", "NOERROR aa |  | example. SOA 300"),
            (
                "x.d.example TXT",
                "NXDOMAIN aa | d.example. DNAME t.example.; x.d.example. CNAME x.t.example. | example. SOA 300",
            ),
            ("q.d.example CNAME", "NOERROR aa | d.example. DNAME t.example.; q.d.example. CNAME q.t.example."),
            ("q.out.example A", "NOERROR aa | out.example. DNAME unknown.; q.out.example. CNAME q.unknown."),
            ("self.test A", "NOERROR aa |  | self.test. SOA 300"),
            (
                "d.self.test TXT",
                "NOERROR aa | self.test. DNAME example.; d.self.test. CNAME d.example.; d.example. TXT own",
            ),
        ],
    );
}

#[test]
fn a_dname_that_makes_too_long_a_name() {
    let label = "l".repeat(60);
    let zones = zones(&[("example", &format!("d 60 DNAME {label}.{label}.{label}"))]);
    let target = format!("{label}.{label}.{label}.example.");
    assert_eq!(
        ask(&format!("{label}.d.example A")).tcp().of(&zones),
        format!(
            "NXDOMAIN aa | d.example. DNAME {target}; {label}.d.example. CNAME {label}.{target} | example. SOA 300"
        )
    );
    let reply = ask(&format!("{}.d.example A", "q".repeat(63))).of(&zones);
    assert_eq!(reply, format!("YXDOMAIN aa | d.example. DNAME {target}"));
}

#[test]
fn a_dname_that_leads_below_itself_is_followed_once() {
    let zones = zones(&[("example", "d 60 DNAME x.d\ne 60 DNAME e")]);
    check(
        &zones,
        &[
            ("q.d.example A", "NOERROR aa | d.example. DNAME x.d.example.; q.d.example. CNAME q.x.d.example."),
            ("q.e.example A", "NOERROR aa | e.example. DNAME e.example.; q.e.example. CNAME q.e.example."),
        ],
    );
}

#[test]
fn dnames_that_lead_into_each_other_end() {
    let zones = zones(&[("example", "d 60 DNAME x.e\ne 60 DNAME x.d")]);
    let reply = ask("q.d.example A").tcp().message(&zones);
    assert!(reply.answers.len() <= 32 && reply.header.rcode == Rcode::NOERROR);
}
