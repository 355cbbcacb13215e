#![allow(clippy::unwrap_used)]

use std::collections::HashMap;

use super::*;
use crate::record_type::RecordType;
use crate::transfer::difference::Difference;

struct Memory(HashMap<String, Bytes>);

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Bytes, String> {
        self.0.get(path).cloned().ok_or_else(|| "there is no such file".to_owned())
    }
}

fn memory(files: &[(&str, &str)]) -> Memory {
    Memory(files.iter().map(|(path, text)| ((*path).to_owned(), Bytes::copy_from_slice(text.as_bytes()))).collect())
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// Each record as `owner ttl type data`, absolute.
fn lines(files: &[(&str, &str)]) -> Vec<String> {
    let read = parse_records("example.com", &name("example.com"), &memory(files));
    assert_eq!(
        read.diagnostics.iter().filter(|d| d.severity == Severity::Error).collect::<Vec<_>>(),
        [] as [&Diagnostic; 0]
    );
    read.records.iter().map(line).collect()
}

fn line(record: &Record) -> String {
    let data = rdata_text::print(record.rtype, &record.rdata, &Name::root());
    format!("{} {} {} {data}", record.owner, record.ttl, record.rtype)
}

fn errors(text: &str) -> Vec<String> {
    let read = parse_records("example.com", &name("example.com"), &memory(&[("example.com", text)]));
    read.diagnostics.iter().map(Diagnostic::to_string).collect()
}

const SOA: &str = "@ SOA ns root 1 1h 5m 1w 60\n";

#[test]
fn a_zone_in_odd_style() {
    let text = "\u{feff}$TTL 1h30m\r\n@ IN SOA ns.example.com. root ( 1 ; serial\r\n 7200 900\r\n1209600 60 )\r\n\tNS ns\r\nns 5 in a 192.0.2.1\r\n\
        \t IN 6 AAAA 2001:db8::1\r\n$ORIGIN sub\r\n@ MX 10 mail\r\n\"My Device\"._hap TXT \"a b\" c \\\"\\068";
    assert_eq!(
        lines(&[("example.com", text)]),
        [
            "example.com. 5400 SOA ns.example.com. root.example.com. 1 7200 900 1209600 60",
            "example.com. 5400 NS ns.example.com.",
            "ns.example.com. 5 A 192.0.2.1",
            "ns.example.com. 6 AAAA 2001:db8::1",
            "sub.example.com. 5400 MX 10 mail.sub.example.com.",
            "My\\032Device._hap.sub.example.com. 5400 TXT \"a b\" \"c\" \"\\\"D\"",
        ]
    );
}

/// Files as operators and MirageOS write them.
mod origins {
    use super::*;

    #[test]
    fn the_zones_name_completes_names() {
        let text = format!("{SOA}www A 192.0.2.1\n");
        assert_eq!(lines(&[("example.com", &text)])[1], "www.example.com. 60 A 192.0.2.1");
    }

    #[test]
    fn the_root_does_where_only_that_gives_an_soa() {
        let text = "example.com SOA ns.example.com root.example.com 1 2 3 4 60\nwww.example.com A 192.0.2.1\n";
        assert_eq!(lines(&[("example.com", text)])[1], "www.example.com. 60 A 192.0.2.1");
        assert_eq!(
            errors(text),
            [
                "example.com:1:1: info: names without a final dot are read as absolute, since only so there is an SOA at the zone's name; \
              expected $ORIGIN example.com."
            ]
        );
        let text = format!("$ORIGIN example.com\n{SOA}");
        assert_eq!(
            lines(&[("example.com", &text)])[0],
            "example.com. 60 SOA ns.example.com. root.example.com. 1 3600 300 604800 60"
        );
    }

    #[test]
    fn without_any_soa_the_zones_name_stays() {
        assert_eq!(lines(&[("example.com", "www A 192.0.2.1")]), ["www.example.com. 3600 A 192.0.2.1"]);
    }
}

/// As MirageOS's primary writes a zone that it pushes.
#[test]
fn what_mirageos_emits() {
    let long = "x".repeat(300);
    let hex = "3082".repeat(14);
    let text = format!(
        "$ORIGIN example.com.\n$TTL 60\n@\tSOA\tns\troot\t1\t2\t3\t4\t60\n@\tNS\tns\nns\t300\tA\t192.0.2.1\n@\tCAA\t128\tissue\t\"ca.example\"\n\
         k\tTXT\t\"{long}\"\nt\tTYPE65280\t\\# 28 {hex} \n\nns.example.org.\tA\t192.0.2.2\n\n\n\
         _letsencrypt._tcp.www\t3600\tTLSA\t3\t255\t0\t{hex} {hex} \n"
    );
    let lines = lines(&[("example.com", &text)]);
    assert_eq!(lines[3], "example.com. 60 CAA 128 issue \"ca.example\"");
    assert_eq!(lines[4], format!("k.example.com. 60 TXT \"{}\" \"{}\"", &long[..255], &long[255..]));
    assert_eq!(lines[5], format!("t.example.com. 60 TYPE65280 \\# 28 {hex}"));
    assert_eq!(lines[6], "ns.example.org. 60 A 192.0.2.2");
    assert_eq!(lines[7], format!("_letsencrypt._tcp.www.example.com. 3600 TLSA 3 255 0 {hex}{hex}"));
}

#[test]
fn ttls_that_are_not_given() {
    let ttls = |text: &str| {
        lines(&[("example.com", text)])
            .iter()
            .map(|line| line.split(' ').nth(1).unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ttls(&format!("{SOA}a A 192.0.2.1\n")), ["60", "60"]);
    assert_eq!(
        ttls("a A 192.0.2.1\nb 5 A 192.0.2.1\nc A 192.0.2.1\n$TTL 1m\nd 9 A 192.0.2.1\ne A 192.0.2.1"),
        ["3600", "5", "5", "9", "60"]
    );
    assert_eq!(ttls("@ 2W SOA a b 1 2 3 4 5\n A 192.0.2.1"), ["1209600", "1209600"]);
}

#[test]
fn included_files() {
    let main = "$TTL 60\n$ORIGIN a.example.com.\nx A 192.0.2.1\n$INCLUDE sub/inner b.example.com.\n A 192.0.2.4\n$INCLUDE \"last\"\n";
    let inner = " A 192.0.2.2\n$TTL 5\n$ORIGIN c.example.com.\ny A 192.0.2.3\n$INCLUDE beside\n";
    let files =
        [("example.com", main), ("sub/inner", inner), ("sub/beside", "z A 192.0.2.9"), ("last", "w A 192.0.2.5\n")];
    assert_eq!(
        lines(&files),
        [
            "x.a.example.com. 60 A 192.0.2.1",
            "x.a.example.com. 60 A 192.0.2.2",
            "y.c.example.com. 5 A 192.0.2.3",
            "z.c.example.com. 5 A 192.0.2.9",
            "x.a.example.com. 60 A 192.0.2.4",
            "w.a.example.com. 60 A 192.0.2.5",
        ]
    );
    let read = parse_records("example.com", &name("example.com"), &memory(&files));
    assert_eq!(read.files, ["example.com", "sub/inner", "beside", "sub/beside", "last"]);
}

#[test]
fn inclusions_that_fail() {
    let read = |files: &[(&str, &str)]| {
        let read = parse_records("example.com", &name("example.com"), &memory(files));
        (read.diagnostics.iter().map(Diagnostic::to_string).collect::<Vec<_>>(), read.files)
    };
    let (messages, files) = read(&[
        ("example.com", "$INCLUDE x\n$INCLUDE ../y\n$INCLUDE a\n$INCLUDE a"),
        ("a", "\n@ A 1\n$INCLUDE example.com\n"),
    ]);
    assert_eq!(
        messages,
        [
            "example.com:1:10: error: cannot read x: there is no such file",
            "example.com:2:10: error: an included file lies outside the repository; expected a path in this repository",
            "a:2:5: error: `1` is not an IPv4 address; expected four numbers from 0 to 255 with dots between them",
            "a:3:10: error: the file example.com is included twice",
            "example.com:4:10: error: the file a is included twice",
        ]
    );
    assert_eq!(files, ["example.com", "x", "a"]);
    let deep: Vec<(String, String)> = (0..9).map(|n| (format!("f{n}"), format!("$INCLUDE f{}", n + 1))).collect();
    let mut all: Vec<(&str, &str)> = deep.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    all.push(("example.com", "$INCLUDE f0"));
    assert_eq!(read(&all).0, ["f7:1:10: error: files include each other more than 8 deep"]);
}

#[test]
fn generated_records() {
    assert_eq!(
        lines(&[("example.com", "$GENERATE 1-5/2 host-${0,2} 60 A 192.0.2.$\n$generate 9-10 $.x PTR h$\n")]),
        [
            "host-01.example.com. 60 A 192.0.2.1",
            "host-03.example.com. 60 A 192.0.2.3",
            "host-05.example.com. 60 A 192.0.2.5",
            "9.x.example.com. 3600 PTR h9.example.com.",
            "10.x.example.com. 3600 PTR h10.example.com.",
        ]
    );
    assert_eq!(
        errors(
            "$GENERATE 1-65537 $ A 192.0.2.1\n$GENERATE 250-260 $ A 192.0.2.$\n$GENERATE 1 $ A 192.0.2.1\n$GENERATE 1-2 ${ A 192.0.2.1"
        ),
        [
            "example.com:1:11: error: the range is too long; expected at most 65536 records",
            "example.com:2:1: error: `192.0.2.256` is not an IPv4 address; expected four numbers from 0 to 255 with dots between them",
            "example.com:3:11: error: `1` is not a range; expected `FIRST-LAST` or `FIRST-LAST/STEP`",
            "example.com:4:15: error: `${` has a `${}` that does not work; expected `${OFFSET,WIDTH,BASE}` with base d, o, x, X, n or N, and no negative number",
        ]
    );
}

/// A page of typical mistakes, each with its whole message.
#[test]
fn messages() {
    for (text, expected) in [
        (
            "www A 192.0.2.256",
            "1:7: error: `192.0.2.256` is not an IPv4 address; expected four numbers from 0 to 255 with dots between them",
        ),
        (
            "www AAAA 192.0.2.1",
            "1:10: error: `192.0.2.1` is not an IPv6 address; expected eight groups of hexadecimal digits, or `::` for zeros",
        ),
        ("www A", "1:6: error: the entry ends too early; expected an IPv4 address"),
        ("www A 192.0.2.1 192.0.2.2", "1:17: error: `192.0.2.2` is too much; expected the end of the line"),
        ("www 192.0.2.1", "1:5: error: `192.0.2.1` is not a record type; expected a TTL, a class or a record type"),
        ("www", "1:4: error: the entry ends too early; expected a record type"),
        (" A 192.0.2.1", "1:1: error: there is no previous owner name; expected an owner name"),
        ("www CH A 192.0.2.1", "1:5: error: class `CH` is not served; expected IN"),
        ("www ANY x", "1:5: error: a zone cannot hold `ANY`; expected a record type"),
        (
            "www 2147483648 A 192.0.2.1",
            "1:5: error: `2147483648` is too long for a TTL; expected at most 2147483647 seconds",
        ),
        ("www 1x A 192.0.2.1", "1:5: error: `1x` is not a record type; expected a TTL, a class or a record type"),
        ("a..b A 192.0.2.1", "1:1: error: a name has an empty label; expected a domain name"),
        ("@ MX mail", "1:6: error: `mail` is not a number from 0 to 65535"),
        ("@ MX 10", "1:8: error: the entry ends too early; expected a domain name"),
        ("@ TXT", "1:6: error: the entry ends too early; expected a string"),
        ("@ TXT \"open", "1:7: error: a quoted string is not closed on its line; expected `\"`"),
        ("@ TXT \"a\"b", "1:7: error: a string goes on behind its quotes; expected white space between strings"),
        ("@ TXT \\256", "1:7: error: a backslash must be followed by a character or by three digits up to 255"),
        ("@ SOA ns root ( 1 2 3 4", "1:15: error: a parenthesis is opened and not closed; expected `)`"),
        ("@ SOA ns root 1 2 3 4", "1:22: error: the entry ends too early; expected a number of seconds"),
        ("@ SOA ns root 1.5 2 3 4 5", "1:15: error: `1.5` is not a number from 0 to 4294967295"),
        (
            "@ SOA ns root 1 2x 3 4 5",
            "1:17: error: `2x` is not a number of seconds; expected a number up to 4294967295, or units as in `1h30m`",
        ),
        ("@ )", "1:3: error: a parenthesis is closed that was not opened"),
        ("$TTL", "1:5: error: the entry ends too early; expected a TTL"),
        ("$TTL x", "1:6: error: `x` is not a TTL; expected seconds, or units as in `1h30m`"),
        ("$ttl 5 6", "1:8: error: `6` is too much; expected the end of the line"),
        ("$FOO", "1:1: error: `$FOO` is not a directive; expected $ORIGIN, $TTL, $INCLUDE or $GENERATE"),
        ("@ CAA 0 issue", "1:14: error: the entry ends too early; expected a quoted string"),
        ("@ DS 1 8 2 0g", "1:12: error: `0g` is not hexadecimal; expected digits and letters from A to F"),
        ("@ DS 1 8 2 0", "1:12: error: the last octet has one digit; expected two digits an octet"),
        ("@ DS 1 8 2", "1:11: error: the entry ends too early; expected hexadecimal digits"),
        (
            "@ DNSKEY 256 3 8 A*==",
            "1:18: error: `A*==` is not base64; expected letters, digits, `+`, `/` in groups of four, filled up with `=`",
        ),
        ("@ A \\# 3 010203", "1:10: error: these octets do not have the shape of A data"),
        (
            "@ TYPE65280 \\# 3 0102",
            "1:18: error: there are 2 octets where 3 are announced; expected 6 hexadecimal digits",
        ),
        ("@ APL 1:10.0.0.0/8", "1:7: error: APL has no format of its own here; expected `\\# LENGTH HEX`"),
        (
            "ü\tA 1",
            "1:5: error: `1` is not an IPv4 address; expected four numbers from 0 to 255 with dots between them",
        ),
        ("@ HTTPS 1 . port=x", "1:13: error: `x` is not a value of port; expected a number from 0 to 65535"),
        (
            "@ HTTPS 1 . prt=1",
            "1:13: error: `prt` is not a service parameter; expected a name such as alpn or port, or keyNNNNN",
        ),
    ] {
        assert_eq!(errors(text), [format!("example.com:{expected}")], "{text}");
    }
}

#[test]
fn all_errors_at_once() {
    let text = "a A 1\nb ( A\nc A 2\nd A 192.0.2.1\n e\n";
    let lines: Vec<String> = errors(text).iter().map(|error| error[..16].to_owned()).collect();
    assert_eq!(lines, ["example.com:1:5:", "example.com:2:3:", "example.com:3:5:", "example.com:5:2:"]);
    assert_eq!(errors(&"x\n".repeat(2000)).len(), 1000);
}

#[test]
fn problems_of_the_zone_say_where() {
    let text = format!(
        "{SOA}@ NS ns\nns A 192.0.2.1\n\n  ; c\nc CNAME ns\nd A 192.0.2.2\nd CNAME ns\ne.example.org. TXT x\nf.example.com A 192.0.2.1\n"
    );
    let parsed = parse("example.com", &name("example.com"), &memory(&[("example.com", &text)]));
    assert!(parsed.zone.is_none() && parsed.document.is_none());
    let messages: Vec<String> = parsed.diagnostics.iter().map(Diagnostic::to_string).collect();
    assert_eq!(
        messages,
        [
            "example.com:9:1: warning: e.example.org. TXT: the record's owner is not in the zone",
            "example.com:10:1: warning: f.example.com.example.com. ends in the zone's name twice; expected a final dot",
            "example.com:8:1: error: d.example.com. CNAME: a CNAME record may not stand beside other data",
        ]
    );
    let parsed = parse("example.com", &name("example.com"), &memory(&[("example.com", "a A 192.0.2.1\n")]));
    assert_eq!(
        parsed.diagnostics[0].to_string(),
        "example.com:1:1: error: example.com.: the zone has no SOA record at its apex"
    );
    let parsed = parse("example.com", &name("example.com"), &memory(&[]));
    assert_eq!(
        parsed.diagnostics[0].to_string(),
        "example.com:1:1: error: cannot read example.com: there is no such file"
    );
    assert_eq!(parsed.files, ["example.com"]);
}

#[test]
fn a_zone_is_printed() {
    let text = "$TTL 300\n@ SOA ns root 1 2 3 4 60\n@ NS ns\n@ NS ns.example.org.\nns.example.org. 5 A 192.0.2.9\nz 60 TXT \"a\\\"\" b\nns A 192.0.2.1\na.ns 60 TYPE42 \\# 1 00\n";
    let parsed = parse("example.com", &name("example.com"), &memory(&[("example.com", text)]));
    assert_eq!(
        print(&parsed.zone.unwrap()),
        "$ORIGIN example.com.\n$TTL 60\n\
         @    300    SOA     ns root 1 2 3 4 60\n\
         @    300    NS      ns\n\
         @    300    NS      ns.example.org.\n\
         ns   300    A       192.0.2.1\n\
         a.ns        TYPE42  \\# 1 00\n\
         z           TXT     \"a\\\"\" \"b\"\n\n\
         ns.example.org. 5      A       192.0.2.9\n"
    );
}

/// A document of many chunks is small beside its text, and edits in all of them meet.
#[test]
fn large_documents() {
    let hosts: String = (0..20_000)
        .map(|number| format!("host-{number:07} 3600 IN A 10.0.{}.{}\n", number / 256, number % 256))
        .collect();
    let text = format!("{SOA}{hosts}");
    let parsed = parse("example.com", &name("example.com"), &memory(&[("example.com", &text)]));
    let (zone, document) = (parsed.zone.unwrap(), parsed.document.unwrap());
    assert!(document.overhead() * 10 < text.len(), "{} {}", document.overhead(), text.len());
    let removed: Vec<Record> = (0..20_000)
        .step_by(1000)
        .flat_map(|number| {
            zone.rrset(&name(&format!("host-{number:07}.example.com")), RecordType::A)
                .unwrap()
                .records(&name(&format!("host-{number:07}.example.com")))
        })
        .collect();
    let added: Vec<Record> =
        removed.iter().map(|record| Record { owner: record.owner.prepend(b"x").unwrap(), ..record.clone() }).collect();
    let edited = document.edit(&zone, &Difference { removed: removed.clone(), added }).unwrap();
    let after = String::from_utf8(edited.changes[0].apply(text.as_bytes())).unwrap();
    // Each new name goes where the name above it was.
    let changed =
        |line: &str| removed.iter().any(|record| line.starts_with(&record.owner.relative_to(&name("example.com"))));
    let expected = text.lines().map(|line| if changed(line) { format!("x.{line}\n") } else { format!("{line}\n") });
    assert!(after == expected.collect::<String>());
    let whole = Bytes::from(after.into_bytes());
    let shared = edited.document.sharing("example.com", &whole);
    assert_eq!(shared.text("example.com").unwrap(), whole);
    assert_eq!(edited.document.text("example.com").unwrap(), whole);
}

/// What we read, a second implementation decodes and encodes to the same octets.
#[test]
fn a_second_implementation_agrees() {
    use hickory_proto::op::Message as Theirs;

    use crate::message::{Header, Message, Opcode};

    for line in [
        "A 192.0.2.1",
        "AAAA 2001:db8::1",
        "NS ns",
        "CNAME x.example.org.",
        "PTR x",
        "MX 10 mail",
        "SOA ns root 2024010100 1h 15m 1w 60",
        "TXT \"a b\" \"\" \\255",
        "HINFO a b",
        "SRV 1 2 65535 ns",
        "NAPTR 100 50 \"s\" \"http+E2U\" \"\" _http._tcp",
        "CAA 128 issue \"ca.example; x=y\"",
        "TLSA 3 255 0 3082",
        "SSHFP 2 1 123456789abcdef67890",
        "OPENPGPKEY AQID",
        "DS 60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118",
        "DNSKEY 256 3 8 AwEAAQ==",
        "RRSIG A 5 3 86400 20030322173103 20030220173103 2642 @ AQID",
        "NSEC host A MX RRSIG NSEC TYPE1234",
        "NSEC3 1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr NS SOA MX RRSIG DNSKEY NSEC3PARAM",
        "NSEC3PARAM 1 0 12 aabbccdd",
        "SVCB 16 foo alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1",
        "HTTPS 1 . alpn=h2 no-default-alpn port=8443 ipv6hint=2001:db8::1 key667=hello",
        "TYPE65280 \\# 3 010203",
    ] {
        let text = format!("a {line}\n");
        let read = parse_records("example.com", &name("example.com"), &memory(&[("example.com", &text)]));
        assert_eq!(read.diagnostics, [], "{line}");
        let mut ours = Message::new(Header::request(1, Opcode::QUERY).reply(crate::message::Rcode::NOERROR));
        ours.answers.push(read.records[0].clone().into());
        let theirs = Theirs::from_vec(&ours.encode()).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert_eq!(Message::decode(&theirs.to_vec().unwrap()).unwrap().answers, ours.answers, "{line}");
    }
}
