//! Proofs of what is not there, from zones that ldns-signzone signed: one with NSEC, two with NSEC3 (the second with
//! opt-out).

use super::*;
use crate::zonefile;

struct OneFile(&'static str);

impl zonefile::Files for OneFile {
    fn read(&self, _path: &str) -> Result<bytes::Bytes, String> {
        Ok(self.0.into())
    }
}

fn signed(text: &'static str) -> ZoneSet {
    let parsed = zonefile::parse("ex.test", &"ex.test".parse().unwrap(), &OneFile(text));
    ZoneSet::new().with(parsed.zone.unwrap())
}

fn nsec() -> ZoneSet {
    signed(include_str!("signed/nsec.zone"))
}

/// RCODE and the authority section without SOA, NS, and what signs each, of which none may lack.
fn proof(zones: &ZoneSet, question: &str) -> String {
    let reply = ask(question).dnssec().message(zones);
    for (section, aside) in [(&reply.answers, None), (&reply.authorities, Some(RecordType::NS))] {
        let covers = |record: &MessageRecord, rtype: RecordType| {
            let rdata = record.rdata.as_ref().unwrap().as_octets();
            record.rtype == RecordType::RRSIG && rdata[..2] == rtype.0.to_be_bytes()
        };
        for record in section.iter().filter(|record| record.rtype != RecordType::RRSIG && Some(record.rtype) != aside) {
            let signs = |other: &&MessageRecord| other.owner == record.owner && covers(other, record.rtype);
            let signature = section.iter().find(signs).unwrap_or_else(|| panic!("{question}: {record:?}"));
            assert_eq!(signature.ttl, record.ttl);
        }
    }
    let shown = |record: &&MessageRecord| matches!(record.rtype, RecordType::NSEC | RecordType::NSEC3 | RecordType::DS);
    let lines = reply.authorities.iter().filter(shown).map(|record| format!("{} {}", record.owner, record.rtype));
    [vec![rcode_text(&reply)], lines.collect()].concat().join("; ")
}

#[test]
fn nsec_proofs() {
    let zones = nsec();
    for (question, expected) in [
        ("www.ex.test A", "NOERROR"),
        ("www.ex.test MX", "NOERROR; www.ex.test. NSEC"),
        ("b.c.ex.test A", "NOERROR; ex.test. NSEC"),
        ("x.ex.test A", "NXDOMAIN; www.ex.test. NSEC; ex.test. NSEC"),
        ("x.www.ex.test A", "NXDOMAIN; www.ex.test. NSEC"),
        ("x.wild.ex.test A", "NOERROR; *.wild.ex.test. NSEC"),
        ("x.wild.ex.test MX", "NOERROR; *.wild.ex.test. NSEC"),
        ("x.wc.ex.test A", "NOERROR; *.wc.ex.test. NSEC; sub.ex.test. NSEC"),
        ("x.safe.ex.test A", "NOERROR; safe.ex.test. DS"),
        ("x.sub.ex.test A", "NOERROR; sub.ex.test. NSEC"),
        ("sub.ex.test DS", "NOERROR; sub.ex.test. NSEC"),
        ("safe.ex.test DS", "NOERROR"),
    ] {
        assert_eq!(proof(&zones, question), expected, "{question}");
    }
    assert!(!ask("x.ex.test A").of(&zones).contains("NSEC"));
}

/// What the NSEC3 in the reply prove, all of them used: `NAME` matches, `(NAME)` is covered. A second implementation
/// hashes the names.
fn check_nsec3(zones: &ZoneSet, question: &str, expected: &str) {
    use hickory_proto::dnssec::Nsec3HashAlgorithm;
    let signatures = proof(zones, question);
    let (rcode, names) = expected.split_once(';').unwrap_or((expected, ""));
    assert!(signatures.starts_with(rcode), "{question}: {signatures}");
    let reply = ask(question).dnssec().message(zones);
    let hash = |name: &str| {
        let name: hickory_proto::rr::Name = format!("{name}.").parse().unwrap();
        let digest = Nsec3HashAlgorithm::SHA1.hash(&[0xab, 0xcd], &name, 2).unwrap();
        base32hex(digest.as_ref())
    };
    let nsec3 = reply.authorities.iter().filter(|record| record.rtype == RecordType::NSEC3);
    let ranges: Vec<(String, String)> = nsec3
        .map(|record| {
            let owner = String::from_utf8(record.owner.labels().next().unwrap().to_vec()).unwrap();
            let octets = record.rdata.as_ref().unwrap().as_octets();
            (owner, base32hex(&octets[8..28]))
        })
        .collect();
    let mut unused = ranges.clone();
    for name in names.split_whitespace() {
        let (name, covered) = match name.strip_prefix('(') {
            Some(name) => (name.trim_end_matches(')'), true),
            None => (name, false),
        };
        let hash = hash(name);
        let proves = |(owner, next): &(String, String)| match covered {
            false => *owner == hash,
            true if owner < next => *owner < hash && hash < *next,
            true => *owner < hash || hash < *next,
        };
        assert!(ranges.iter().any(proves), "{question}: {name} of {expected}");
        unused.retain(|range| !proves(range));
    }
    assert!(unused.is_empty(), "{question}: {unused:?}");
}

/// Base32hex, the slow way.
fn base32hex(octets: &[u8]) -> String {
    let bits: String = octets.iter().map(|octet| format!("{octet:08b}")).collect();
    let digit = |five: &[u8]| u8::from_str_radix(std::str::from_utf8(five).unwrap(), 2).unwrap();
    bits.as_bytes()
        .chunks(5)
        .map(|five| char::from(b"0123456789abcdefghijklmnopqrstuv"[usize::from(digit(five))]))
        .collect()
}

#[test]
fn nsec3_proofs() {
    let zones = signed(include_str!("signed/nsec3.zone"));
    for (question, expected) in [
        ("www.ex.test A", "NOERROR"),
        ("www.ex.test MX", "NOERROR; www.ex.test"),
        ("b.c.ex.test A", "NOERROR; b.c.ex.test"),
        ("x.ex.test A", "NXDOMAIN; ex.test (x.ex.test) (*.ex.test)"),
        ("y.x.www.ex.test A", "NXDOMAIN; www.ex.test (x.www.ex.test) (*.www.ex.test)"),
        ("y.x.wild.ex.test A", "NOERROR; (x.wild.ex.test)"),
        ("y.x.wild.ex.test MX", "NOERROR; wild.ex.test (x.wild.ex.test) *.wild.ex.test"),
        ("x.wc.ex.test A", "NOERROR; (x.wc.ex.test) sub.ex.test"),
        ("x.sub.ex.test A", "NOERROR; sub.ex.test"),
        ("sub.ex.test DS", "NOERROR; sub.ex.test"),
        ("x.safe.ex.test A", "NOERROR; "),
    ] {
        check_nsec3(&zones, question, expected);
    }
}

/// RFC 5155 section 6: the unsigned delegation `sub` has no NSEC3 (taken out by hand).
#[test]
fn nsec3_proofs_with_opt_out() {
    let zones = signed(include_str!("signed/optout.zone"));
    for (question, expected) in [
        ("x.sub.ex.test A", "NOERROR; ex.test (sub.ex.test)"),
        ("sub.ex.test DS", "NOERROR; ex.test (sub.ex.test)"),
        ("x.wc.ex.test A", "NOERROR; (x.wc.ex.test) ex.test (sub.ex.test)"),
        ("x.ex.test A", "NXDOMAIN; ex.test (x.ex.test) (*.ex.test)"),
    ] {
        check_nsec3(&zones, question, expected);
    }
}

/// RFC 9824: names that are said to exist with the type NXNAME alone. Such a zone is served as it comes.
#[test]
fn compact_denial_is_served_as_it_comes() {
    let zones = signed(
        "@ 60 SOA ns host 1 1 1 1 1\n@ 60 NS ns\n@ 60 NSEC \\000 SOA NS RRSIG NSEC\n@ 60 RRSIG NSEC 13 2 60 20300101000000 \
         20200101000000 1 ex.test. AAAA\n@ 60 RRSIG SOA 13 2 60 20300101000000 20200101000000 1 ex.test. AAAA\n\
         gone 60 NSEC \\000.gone RRSIG NSEC NXNAME\ngone 60 RRSIG NSEC 13 3 60 20300101000000 20200101000000 1 ex.test. AAAA\n",
    );
    assert_eq!(proof(&zones, "gone.ex.test A"), "NOERROR; gone.ex.test. NSEC");
    let reply = ask("gone.ex.test NSEC").message(&zones);
    let bitmap = RecordType::NXNAME.0;
    let rdata = reply.answers[0].rdata.as_ref().unwrap().as_octets().to_vec();
    assert_eq!(rdata.last(), Some(&(0x80 >> (bitmap % 8))), "{rdata:x?}");
    // Nobody can ask for it (section 3.5).
    let asked = ask("gone.ex.test NXNAME").edns(1232, 0, &[]).message(&zones);
    assert_eq!(print(&asked), "FORMERR");
    assert_eq!(asked.additionals[0].rdata.as_ref().unwrap().as_octets(), [0, 15, 0, 2, 0, 30]);
}
