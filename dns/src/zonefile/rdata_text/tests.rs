#![allow(clippy::unwrap_used)]

use super::*;
use crate::name::Name;

fn rtype(text: &str) -> RecordType {
    text.parse().unwrap()
}

/// `text` is read, and printed as `printed`, which is read as the same.
fn both_ways(kind: &str, text: &str, printed: &str) -> Vec<u8> {
    let origin: Name = "example.com".parse().unwrap();
    let rdata = parse(rtype(kind), text, &origin).unwrap_or_else(|error| panic!("{kind} {text}: {error}"));
    assert_eq!(print(rtype(kind), &rdata, &origin), printed, "{kind} {text}");
    assert_eq!(parse(rtype(kind), printed, &origin).unwrap(), rdata);
    Rdata::from_octets(rtype(kind), rdata.as_octets()).unwrap();
    rdata.as_octets().to_vec()
}

fn hex(octets: &[u8]) -> String {
    encodings::hex(octets).to_ascii_lowercase()
}

#[test]
fn every_type_both_ways() {
    for (kind, text, printed) in [
        ("A", "192.0.2.1", "192.0.2.1"),
        ("AAAA", "2001:DB8:0::1", "2001:db8::1"),
        ("AAAA", "::ffff:192.0.2.1", "::ffff:192.0.2.1"),
        ("NS", "ns", "ns"),
        ("NS", "@", "@"),
        ("CNAME", "example.org.", "example.org."),
        ("PTR", "\\@.example.com.", "\\@"),
        ("MD", "a", "a"),
        ("MF", "a", "a"),
        ("MB", "a", "a"),
        ("MG", "a", "a"),
        ("MR", "a", "a"),
        ("SOA", "ns root ( 1 1h\n 5m 1w1d 60 )", "ns root 1 3600 300 691200 60"),
        ("HINFO", "PC \"Linux \\\"x\\\"\"", "\"PC\" \"Linux \\\"x\\\"\""),
        ("MINFO", "a b", "a b"),
        ("MX", "10 mail", "10 mail"),
        ("TXT", "\"a b\" c\\032d \"\"", "\"a b\" \"c d\" \"\""),
        ("TXT", "\"\\000\\255\\\\\"", "\"\\000\\255\\\\\""),
        ("TXT", "v=spf1", "\"v=spf1\""),
        ("SPF", "x", "\"x\""),
        ("RP", "a .", "a ."),
        ("AFSDB", "1 a", "1 a"),
        ("RT", "1 a", "1 a"),
        ("KX", "1 a", "1 a"),
        ("X25", "\"311061700956\"", "\"311061700956\""),
        ("PX", "10 a b", "10 a b"),
        ("SRV", "0 5 65535 .", "0 5 65535 ."),
        ("NAPTR", "100 50 \"s\" \"http+E2U\" \"\" _http._tcp", "100 50 \"s\" \"http+E2U\" \"\" _http._tcp"),
        ("CERT", "PGP 0 0 AQ ID", "3 0 0 AQID"),
        ("DNAME", "a.b.", "a.b."),
        (
            "DS",
            "60485 5 1 2bb183af5f22588179a53b0a 98631fad1a292118",
            "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118",
        ),
        ("DS", "1 ECDSAP256SHA256 2 00", "1 13 2 00"),
        ("CDS", "0 0 0 00", "0 0 0 00"),
        ("SSHFP", "2 1 123456789abcdef67890123456789abcdef67890", "2 1 123456789ABCDEF67890123456789ABCDEF67890"),
        (
            "RRSIG",
            "A RSASHA1 3 86400 20030322173103 1045845063 2642 @ AQID",
            "A 5 3 86400 20030322173103 20030221163103 2642 @ AQID",
        ),
        (
            "RRSIG",
            "TYPE65280 13 2 0 21060207062815 19700101000000 0 . AA==",
            "TYPE65280 13 2 0 21060207062815 19700101000000 0 . AA==",
        ),
        ("NSEC", "host A MX RRSIG NSEC TYPE1234", "host A MX RRSIG NSEC TYPE1234"),
        ("NSEC", "host", "host"),
        ("DNSKEY", "256 3 RSASHA256 AQ== ", "256 3 8 AQ=="),
        ("CDNSKEY", "0 3 0 AA==", "0 3 0 AA=="),
        ("KEY", "0 3 163 AQID", "0 3 163 AQID"),
        (
            "DHCID",
            "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
            "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
        ),
        ("OPENPGPKEY", "AQ ID", "AQID"),
        // RFC 5155 appendix A.
        (
            "NSEC3",
            "1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr MX DNSKEY NS SOA NSEC3PARAM RRSIG",
            "1 1 12 AABBCCDD 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR NS SOA MX RRSIG DNSKEY NSEC3PARAM",
        ),
        ("NSEC3", "1 0 0 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr", "1 0 0 - 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR"),
        ("NSEC3PARAM", "1 0 12 aabbccdd", "1 0 12 AABBCCDD"),
        ("TLSA", "3 255 0 30 82", "3 255 0 3082"),
        ("SMIMEA", "3 0 0 3082", "3 0 0 3082"),
        ("CSYNC", "66 3 A NS AAAA", "66 3 A NS AAAA"),
        (
            "ZONEMD",
            "2018031500 1 1 FEBE3D4CE2EC2FFA4BA99D46CD69D6D29711E55217057BEE",
            "2018031500 1 1 FEBE3D4CE2EC2FFA4BA99D46CD69D6D29711E55217057BEE",
        ),
        ("EUI48", "00-00-5E-00-53-2a", "00-00-5e-00-53-2a"),
        ("EUI64", "00-00-5e-ef-10-00-00-2a", "00-00-5e-ef-10-00-00-2a"),
        ("URI", "10 1 \"ftp://ftp1.example.com/public\"", "10 1 \"ftp://ftp1.example.com/public\""),
        ("CAA", "0 issue \"ca1.example.net; account=230123\"", "0 issue \"ca1.example.net; account=230123\""),
        ("CAA", "128 iodef mailto:x@y.z", "128 iodef \"mailto:x@y.z\""),
        // RFC 3597 section 5.
        ("TYPE731", "\\# 6 abcdef (\n01 23 45 )", "\\# 6 ABCDEF012345"),
        ("TYPE62347", "\\# 0", "\\# 0"),
        ("A", "\\# 4 C0000201", "192.0.2.1"),
        ("APL", "\\# 4 00010800", "\\# 4 00010800"),
        // What the format of the type cannot say.
        ("TLSA", "\\# 3 030000", "\\# 3 030000"),
        ("NSEC", "\\# 5 00 0002 4000", "\\# 5 0000024000"),
    ] {
        both_ways(kind, text, printed);
    }
}

/// The examples of RFC 9460 appendix D with their wire form behind the target.
#[test]
fn service_bindings() {
    for (text, printed, wire) in [
        ("0 foo.example.com.", "0 foo", "000003666f6f076578616d706c6503636f6d00"),
        ("1 .", "1 .", "000100"),
        ("16 foo.example.com. port=53", "16 foo port=53", "001003666f6f076578616d706c6503636f6d00000300020035"),
        (
            "1 foo.example.com. key667=hello",
            "1 foo key667=hello",
            "000103666f6f076578616d706c6503636f6d00029b000568656c6c6f",
        ),
        (
            "1 foo.example.com. key667=\"hello\\210qoo\"",
            "1 foo key667=\"hello\\210qoo\"",
            "000103666f6f076578616d706c6503636f6d00029b000968656c6c6fd2716f6f",
        ),
        (
            "1 foo.example.com. ipv6hint=\"2001:db8::1,2001:db8::53:1\"",
            "1 foo ipv6hint=2001:db8::1,2001:db8::53:1",
            "000103666f6f076578616d706c6503636f6d0000060020\
             20010db800000000000000000000000120010db8000000000000000000530001",
        ),
        (
            "1 example.com. ipv6hint=\"2001:db8:122:344::192.0.2.33\"",
            "1 @ ipv6hint=2001:db8:122:344::c000:221",
            "0001076578616d706c6503636f6d000006001020010db8012203440000 0000c0000221",
        ),
        (
            "16 foo.example.org. (alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1)",
            "16 foo.example.org. mandatory=alpn,ipv4hint alpn=h2,h3-19 ipv4hint=192.0.2.1",
            "001003666f6f076578616d706c65036f726700000000040001000400010009026832 0568332d3139 00040004c0000201",
        ),
        (
            "16 foo.example.org. alpn=\"f\\\\\\\\oo\\\\,bar,h2\"",
            "16 foo.example.org. alpn=\"f\\\\\\\\oo\\\\,bar,h2\"",
            "001003666f6f076578616d706c65036f72670000 01000c08665c6f6f2c626172026832",
        ),
        (
            "16 foo.example.org. alpn=f\\\\\\092oo\\092,bar,h2",
            "16 foo.example.org. alpn=\"f\\\\\\\\oo\\\\,bar,h2\"",
            "001003666f6f076578616d706c65036f7267000001000c08665c6f6f2c626172026832",
        ),
        (
            "1 . ohttp ech=AQID dohpath=/q{?dns} tls-supported-groups=29,23 no-default-alpn alpn=h2 key65000",
            "1 . alpn=h2 no-default-alpn ech=AQID dohpath=/q{?dns} ohttp tls-supported-groups=29,23 key65000",
            "00010000010003026832000200000005000301020300070008 2f717b3f646e737d 000800000009 0004001d0017 fde80000",
        ),
    ] {
        assert_eq!(hex(&both_ways("SVCB", text, printed)), wire.replace(' ', ""), "{text}");
        both_ways("HTTPS", text, printed);
    }
}

/// The failures of RFC 9460 appendix D.3, and those of its sections 2.1, 7 and 8.
#[test]
fn service_bindings_that_fail() {
    for (text, message) in [
        ("1 foo key123=abc key123=def", "key123 stands twice"),
        ("1 foo mandatory", "mandatory has no value"),
        ("1 foo alpn", "alpn has no value"),
        ("1 foo port", "port has no value"),
        ("1 foo ipv4hint", "ipv4hint has no value"),
        ("1 foo ipv6hint", "ipv6hint has no value"),
        ("1 foo no-default-alpn=abc", "no-default-alpn must not have a value"),
        ("1 foo mandatory=key123", "key123 is mandatory and missing"),
        ("1 foo mandatory=mandatory", "mandatory must not name itself"),
        ("1 foo mandatory=key123,key123 key123=abc", "key123 is mandatory twice"),
        ("1 foo alpn=h2,,h3", "`h2,,h3` is not a value of alpn"),
        ("1 foo key65535=x", "`key65535` is not a service parameter"),
        ("1 foo key0667=x", "`key0667` is not a service parameter"),
        ("1 foo ipv4hint=1.2.3", "`1.2.3` is not a value of ipv4hint"),
    ] {
        assert_eq!(parse(RecordType::SVCB, text, &Name::root()).unwrap_err().message, message, "{text}");
    }
}

#[test]
fn locations() {
    for (text, printed) in [
        ("42 21 54 N 71 06 18 W -24m 30m", "42 21 54.000 N 71 6 18.000 W -24.00m 30m 10000m 10m"),
        ("42 21 43.952 N 71 5 6.344 W -24m 1m 200m", "42 21 43.952 N 71 5 6.344 W -24.00m 1m 200m 10m"),
        ("52 14 05 N 00 08 50 E 10m", "52 14 5.000 N 0 8 50.000 E 10.00m 1m 10000m 10m"),
        ("32 7 19 S 116 2 25 E 10m", "32 7 19.000 S 116 2 25.000 E 10.00m 1m 10000m 10m"),
        ("42 21 28.764 N 71 00 51.617 W -44m 2000m", "42 21 28.764 N 71 0 51.617 W -44.00m 2000m 10000m 10m"),
        ("0 N 0 E 0", "0 0 0.000 N 0 0 0.000 E 0.00m 1m 10000m 10m"),
        ("90 S 180 w -100000.00 0 0 0", "90 0 0.000 S 180 0 0.000 W -100000.00m 0m 0m 0m"),
        ("1 2 n 3 4 e 42849672.95m 90000000m 0.01m 0.5", "1 2 0.000 N 3 4 0.000 E 42849672.95m 90000000m 0.01m 0.50m"),
        ("1 2 3.4 N 5 6 7.89 E -1.5 1.5m", "1 2 3.400 N 5 6 7.890 E -1.50m 1m 10000m 10m"),
    ] {
        both_ways("LOC", text, printed);
    }
    for bad in [
        "",
        "91 N 0 E 0",
        "90 0 0.001 N 0 E 0",
        "0 60 N 0 E 0",
        "0 0 60 N 0 E 0",
        "0 0 0.0001 N 0 E 0",
        "N 0 E 0",
        "0 E 0 N 0",
        "0 N 181 E 0",
        "0 N 0 E",
        "0 N 0 E -100000.01",
        "0 N 0 E 42849672.96",
        "0 N 0 E 0 90000000.01m",
        "0 N 0 E 0 1 1 1 1",
        "0 0 0 0 N 0 E 0",
        "0 N 0 E x",
    ] {
        assert!(parse(RecordType::LOC, bad, &Name::root()).is_err(), "{bad}");
    }
}

#[test]
fn errors_of_values() {
    for (kind, text) in [
        ("RRSIG", "A 5 3 1 20030232000000 0 1 . AQ=="),
        ("RRSIG", "A 5 3 1 4294967296 0 1 . AQ=="),
        ("NSEC3", "1 0 0 a 2t7b"),
        ("NSEC3", "1 0 0 - 2w"),
        ("NSEC", "a NOTYPE"),
        ("EUI48", "00-00-5e-00-53"),
        ("EUI48", "0-00-5e-00-53-2a0"),
        ("A", "01.2.3.4"),
        ("CAA", "256 issue \"x\""),
        ("TYPE1", "\\# 5 0102030405"),
        ("SVCB", "\\# 6 0001 00 0003 00"),
        ("HINFO", "a"),
    ] {
        assert!(parse(rtype(kind), text, &Name::root()).is_err(), "{kind} {text}");
    }
    let long = format!("\"{}\" x", "a".repeat(256));
    assert_eq!(
        parse(RecordType::HINFO, &long, &Name::root()).unwrap_err().message,
        "a string is longer than 255 octets"
    );
}
