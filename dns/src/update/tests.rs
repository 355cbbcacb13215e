//! Each test: a zone, an update in the words of nsupdate, and what changes or the RCODE. Tests are named by RFC section
//! where they follow RFC 2136.

mod pseudo_code;

use super::*;
use crate::keys::{Algorithm, Key, Right};
use crate::message::{Header, Opcode, Question};
use crate::record::{Record, Serial, Soa};
use crate::test_zone::{self, print, zone};
use crate::testing::name;
use crate::tsig;

const ZONE: &str = "
    @ 3600 SOA ns1 admin 7 100 200 300 60
    @ 3600 NS ns1
    @ 3600 NS ns2.example.net.
    @ 300 MX 10 mail
    ns1 300 A 192.0.2.1
    www 300 A 192.0.2.10
    www 300 A 192.0.2.11
    www 300 TXT hello
    alias 300 CNAME www
    * 300 TXT wild
    a.deep 300 A 192.0.2.20
    sub 300 NS ns.sub
    ns.sub 300 A 192.0.2.30";

const LONELY: &str = "
    @ 3600 SOA ns1 admin 4294967295 100 200 300 60
    @ 3600 NS ns1
    ns1 300 A 192.0.2.1";

fn example() -> Name {
    "example.com".parse().unwrap()
}

fn zones() -> ZoneSet {
    ZoneSet::new().with(zone("example.com", ZONE))
}

/// An UPDATE for the zone section `scope`; names are relative to example.com. Lines: `prereq …`, `add …`, `delete …`,
/// or a section and a record with its class for what nsupdate cannot say.
fn message(scope: &str, lines: &str) -> Message {
    let mut message = Message::new(Header::request(1, Opcode::UPDATE));
    message.questions.push(Question { name: scope.parse().unwrap(), rtype: RecordType::SOA, class: Class::IN });
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let tokens: Vec<&str> = line.split_whitespace().collect();
        let section = if tokens[0] == "prereq" { &mut message.answers } else { &mut message.authorities };
        section.push(update_record(&tokens));
    }
    // What is sent is what is read.
    Message::decode(&message.encode()).unwrap()
}

fn update_record(tokens: &[&str]) -> MessageRecord {
    let make = |owner: &str, rtype: &str, class, data: &[&str]| {
        let rtype: RecordType = rtype.parse().unwrap();
        let rdata = (!data.is_empty()).then(|| test_zone::parse(rtype, data, &example()));
        MessageRecord { owner: name(owner, &example()), rtype, class, ttl: 0, rdata }
    };
    match tokens {
        ["prereq", "yxdomain", owner] => make(owner, "ANY", Class::ANY, &[]),
        ["prereq", "nxdomain", owner] => make(owner, "ANY", Class::NONE, &[]),
        ["prereq", "nxrrset", owner, rtype] => make(owner, rtype, Class::NONE, &[]),
        ["prereq", "yxrrset", owner, rtype] => make(owner, rtype, Class::ANY, &[]),
        ["prereq", "yxrrset", owner, rtype, data @ ..] => make(owner, rtype, Class::IN, data),
        ["add", owner, ttl, rtype, data @ ..] => {
            MessageRecord { ttl: ttl.parse().unwrap(), ..make(owner, rtype, Class::IN, data) }
        }
        ["delete", owner] => make(owner, "ANY", Class::ANY, &[]),
        ["delete", owner, rtype] => make(owner, rtype, Class::ANY, &[]),
        ["delete", owner, rtype, data @ ..] => make(owner, rtype, Class::NONE, data),
        other => panic!("not a line of an update: {other:?}"),
    }
}

fn run_all(zones: &ZoneSet, request: &Message) -> Result<Outcome, Rejection> {
    run(zones, request, &|_| true, &Options::default())
}

/// The RCODE that an update of example.com gets.
fn rcode(lines: &str) -> Rcode {
    match run_all(&zones(), &message("example.com", lines)) {
        Ok(_) => Rcode::NOERROR,
        Err(rejection) => {
            assert!(!rejection.reason.is_empty());
            rejection.rcode
        }
    }
}

fn outcome(lines: &str) -> Outcome {
    run_all(&zones(), &message("example.com", lines)).unwrap()
}

/// What an update changes in example.com but for a serial advanced by one: `-` lines, then `+` lines, each sorted.
fn changes(lines: &str) -> Vec<String> {
    changes_of(&zones(), &message("example.com", lines))
}

fn changes_of(zones: &ZoneSet, request: &Message) -> Vec<String> {
    let outcome = run_all(zones, request).unwrap();
    outcome.changes.iter().flat_map(|change| shown(change, &example())).collect()
}

fn shown(change: &ZoneChange, origin: &Name) -> Vec<String> {
    let before = change.before.as_ref().expect("the zone was there before");
    check(before, change);
    let advanced = Soa { serial: before.serial().next(), ..before.soa() };
    let by_one = |record: &&Record| change.after.soa() == advanced && record.rtype == RecordType::SOA;
    let lines = |sign: &str, records: &[Record]| {
        let mut lines: Vec<String> = records
            .iter()
            .filter(|record| !by_one(record))
            .map(|record| sign.to_owned() + &print(record, origin))
            .collect();
        lines.sort();
        lines
    };
    [lines("-", &change.difference.removed), lines("+", &change.difference.added)].concat()
}

/// The difference leads from the zone before to the zone after, the SOA is first, and the serial is newer.
fn check(before: &Zone, change: &ZoneChange) {
    let Difference { removed, added } = &change.difference;
    assert_eq!(removed[0], before.soa_record());
    assert_eq!(added[0], change.after.soa_record());
    assert!(change.after.serial().is_after(before.serial()));
    let mut expected: Vec<Record> = before.records().filter(|record| !removed.contains(record)).collect();
    assert_eq!(expected.len() + removed.len(), before.record_count());
    expected.extend(added.iter().cloned());
    let mut found: Vec<Record> = change.after.records().collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

#[test]
fn section_2_4_prerequisites() {
    for (lines, expected) in [
        ("prereq yxrrset www A", Rcode::NOERROR),
        ("prereq yxrrset WWW.Example.COM. A", Rcode::NOERROR),
        ("prereq yxrrset www MX", Rcode::NXRRSET),
        ("prereq yxrrset nobody A", Rcode::NXRRSET),
        ("prereq nxrrset www MX", Rcode::NOERROR),
        ("prereq nxrrset www A", Rcode::YXRRSET),
        ("prereq yxdomain www", Rcode::NOERROR),
        ("prereq yxdomain nobody", Rcode::NXDOMAIN),
        ("prereq nxdomain nobody", Rcode::NOERROR),
        ("prereq nxdomain www", Rcode::YXDOMAIN),
        // An empty non-terminal is not in use.
        ("prereq nxdomain deep", Rcode::NOERROR),
        ("prereq yxdomain deep", Rcode::NXDOMAIN),
        // Nothing is made from a wildcard.
        ("prereq yxrrset nobody TXT", Rcode::NXRRSET),
        ("prereq yxrrset * TXT wild", Rcode::NOERROR),
    ] {
        assert_eq!(rcode(lines), expected, "{lines}");
    }
}

#[test]
fn section_2_4_2_rrset_with_values() {
    let both = "prereq yxrrset www A 192.0.2.11
                prereq yxrrset www A 192.0.2.10";
    for (lines, expected) in [
        (both, Rcode::NOERROR),
        ("prereq yxrrset www A 192.0.2.10", Rcode::NXRRSET),
        ("prereq yxrrset www A 192.0.2.12", Rcode::NXRRSET),
        ("prereq yxrrset nobody A 192.0.2.10", Rcode::NXRRSET),
        ("prereq yxrrset alias CNAME WWW.example.com.", Rcode::NOERROR),
        ("prereq yxrrset www TXT HELLO", Rcode::NXRRSET),
    ] {
        assert_eq!(rcode(lines), expected, "{lines}");
    }
    assert_eq!(rcode(&format!("{both}\n prereq yxrrset www A 192.0.2.12")), Rcode::NXRRSET);
    assert_eq!(rcode(&format!("{both}\n prereq yxrrset www A 192.0.2.10")), Rcode::NOERROR);
}

/// Section 3.2.5, in the order of its pseudo-code.
#[test]
fn section_3_2_5_shape_of_prerequisites() {
    let with = |change: fn(&mut MessageRecord), line: &str| {
        let mut request = message("example.com", line);
        change(&mut request.answers[0]);
        run_all(&zones(), &request).map(|_| ()).map_err(|rejection| rejection.rcode)
    };
    let formerr = Err(Rcode::FORMERR);
    assert_eq!(with(|record| record.ttl = 1, "prereq yxrrset www A"), formerr);
    assert_eq!(with(|record| record.class = Class::CH, "prereq yxrrset www A"), formerr);
    assert_eq!(with(|record| record.class = Class::ANY, "prereq yxrrset www A 192.0.2.10"), formerr);
    assert_eq!(with(|record| record.class = Class::NONE, "prereq yxrrset www A 192.0.2.10"), formerr);
    assert_eq!(with(|record| record.class = Class::IN, "prereq yxdomain www"), formerr);
    assert_eq!(with(|record| record.class = Class::IN, "prereq yxrrset www A"), formerr);
    assert_eq!(with(|record| record.rtype = RecordType::AXFR, "prereq yxrrset www A"), formerr);
    assert_eq!(
        with(|record| record.owner = "example.org".parse().unwrap(), "prereq yxrrset www A"),
        Err(Rcode::NOTZONE)
    );
    // The first wrong record decides, RRsets with values come last.
    assert_eq!(rcode("prereq yxrrset www A 192.0.2.10\n prereq yxdomain nobody"), Rcode::NXDOMAIN);
    assert_eq!(rcode("prereq nxdomain www\n prereq yxdomain nobody"), Rcode::YXDOMAIN);
    // No prerequisite that fails lets anything through.
    assert_eq!(rcode("prereq nxdomain www\n add new 300 A 192.0.2.9"), Rcode::YXDOMAIN);
}

#[test]
fn section_3_1_1_zone_section() {
    let with = |change: fn(&mut Message)| {
        let mut request = message("example.com", "add new 300 A 192.0.2.9");
        change(&mut request);
        run_all(&zones(), &request).map(|_| ()).map_err(|rejection| rejection.rcode)
    };
    assert_eq!(with(|_| ()), Ok(()));
    assert_eq!(with(|request| request.questions.clear()), Err(Rcode::FORMERR));
    assert_eq!(with(|request| request.questions.push(request.questions[0].clone())), Err(Rcode::FORMERR));
    assert_eq!(with(|request| request.questions[0].rtype = RecordType::A), Err(Rcode::FORMERR));
    assert_eq!(with(|request| request.questions[0].class = Class::CH), Err(Rcode::NOTAUTH));
    assert_eq!(with(|request| request.questions[0].name = "example.org".parse().unwrap()), Err(Rcode::NOTAUTH));
}

#[test]
fn section_3_3_rights() {
    let key = Key::new("k._update.www.example.com".parse().unwrap(), Algorithm::HmacSha256, b"x");
    let with = |lines: &str| {
        let may = |name: &Name| key.may(Right::Update, name);
        let outcome = run(&zones(), &message("example.com", lines), &may, &Options::default());
        outcome.map(|_| Rcode::NOERROR).unwrap_or_else(|rejection| rejection.rcode)
    };
    assert_eq!(with("add www 300 A 192.0.2.9"), Rcode::NOERROR);
    assert_eq!(with("add below.www 300 A 192.0.2.9"), Rcode::NOERROR);
    assert_eq!(with("add new 300 A 192.0.2.9"), Rcode::REFUSED);
    assert_eq!(with("add www 300 A 192.0.2.9\n delete ns1"), Rcode::REFUSED);
    assert_eq!(with("prereq yxdomain www"), Rcode::REFUSED);
    // Prerequisites come before rights, and so does the look at whether all names are in the zone.
    assert_eq!(with("prereq nxdomain www\n delete ns1"), Rcode::YXDOMAIN);
    assert_eq!(with("delete ns1.example.org."), Rcode::NOTZONE);
}

#[test]
fn section_3_4_1_prescan() {
    let with = |change: fn(&mut MessageRecord), line: &str| {
        let mut request = message("example.com", &format!("add new 300 A 192.0.2.9\n {line}"));
        change(&mut request.authorities[1]);
        run_all(&zones(), &request).map(|_| ()).map_err(|rejection| rejection.rcode)
    };
    let formerr = Err(Rcode::FORMERR);
    assert_eq!(with(|_| (), "add new.example.org. 300 A 192.0.2.9"), Err(Rcode::NOTZONE));
    assert_eq!(with(|record| record.class = Class::CH, "add www 300 A 192.0.2.9"), formerr);
    assert_eq!(with(|record| record.rdata = None, "add www 300 A 192.0.2.9"), formerr);
    assert_eq!(with(|record| record.ttl = 1, "delete www A"), formerr);
    assert_eq!(with(|record| record.ttl = 1, "delete www A 192.0.2.10"), formerr);
    assert_eq!(with(|record| record.class = Class::ANY, "delete www A 192.0.2.10"), formerr);
    assert_eq!(with(|record| record.class = Class::NONE, "delete www"), formerr);
    assert_eq!(with(|record| record.class = Class::NONE, "delete www A"), formerr);
    for rtype in
        [RecordType::ANY, RecordType::AXFR, RecordType::MAILA, RecordType::MAILB, RecordType::TSIG, RecordType::OPT]
    {
        let mut request = message("example.com", "delete www A");
        for class in [Class::IN, Class::ANY, Class::NONE] {
            request.authorities[0].rtype = rtype;
            request.authorities[0].class = class;
            let rcode = run_all(&zones(), &request).map(|_| ()).map_err(|rejection| rejection.rcode);
            let deletes_name = rtype == RecordType::ANY && class == Class::ANY;
            assert_eq!(rcode, if deletes_name { Ok(()) } else { formerr }, "{class} {rtype}");
        }
    }
}

#[test]
fn section_3_4_2_2_add() {
    assert_eq!(changes("add new 60 A 192.0.2.9"), ["+new 60 A 192.0.2.9"]);
    assert_eq!(changes("add www 300 A 192.0.2.12"), ["+www 300 A 192.0.2.12"]);
    assert_eq!(changes("add www 300 MX 5 mail"), ["+www 300 MX 5 mail"]);
    assert_eq!(changes("add other 5 TYPE65280 \\# 3 c0ffee"), ["+other 5 TYPE65280 \\# 3 C0FFEE"]);
    assert_eq!(changes("add www 300 A 192.0.2.10"), [""; 0]);
    assert_eq!(changes("add alias 300 CNAME WWW"), [""; 0]);
    // A TTL of 2^31 and more means 0 (RFC 2181 section 8).
    assert_eq!(changes("add new 2147483648 A 192.0.2.9"), ["+new 0 A 192.0.2.9"]);
}

/// RFC 2181 section 5.2: one TTL; a change of nothing else is a change.
#[test]
fn an_rrset_has_the_newest_ttl() {
    let old = ["-www 300 A 192.0.2.10", "-www 300 A 192.0.2.11"];
    let new = ["+www 60 A 192.0.2.10", "+www 60 A 192.0.2.11"];
    assert_eq!(changes("add www 60 A 192.0.2.10"), [old, new].concat());
    let with_third = [&old[..], &new[..], &["+www 60 A 192.0.2.12"]].concat();
    assert_eq!(changes("add www 60 A 192.0.2.12"), with_third);
    assert_eq!(changes("add www 60 A 192.0.2.10\n add www 300 A 192.0.2.10"), [""; 0]);
}

#[test]
fn section_3_4_2_2_cname() {
    assert_eq!(changes("add alias 300 CNAME ns1"), ["-alias 300 CNAME www", "+alias 300 CNAME ns1"]);
    let ignored = |lines: &str| {
        let outcome = outcome(lines);
        assert!(outcome.changes.is_empty(), "{lines}");
        outcome.ignored
    };
    assert_eq!(ignored("add alias 300 A 192.0.2.9"), ["add alias.example.com. A: the name has a CNAME"]);
    assert_eq!(
        ignored("add www 300 CNAME ns1"),
        ["add www.example.com. CNAME: the name has other records than a CNAME"]
    );
    assert_eq!(ignored("add alias 300 DNAME ns1").len(), 1);
    // The rest of such an update is carried out.
    assert_eq!(changes("add alias 300 A 192.0.2.9\n add new 300 A 192.0.2.9"), ["+new 300 A 192.0.2.9"]);
    let replaced = changes("delete www\n add www 300 CNAME ns1");
    assert_eq!(replaced.last().unwrap(), "+www 300 CNAME ns1");
    assert_eq!(
        changes("delete alias CNAME\n add alias 300 A 192.0.2.9"),
        ["-alias 300 CNAME www", "+alias 300 A 192.0.2.9"]
    );
}

/// RFC 6672 section 5.2.
#[test]
fn a_dname_replaces_a_dname() {
    let twice = "add moved 300 DNAME example.net.\n add moved 300 DNAME example.org.";
    assert_eq!(changes(twice), ["+moved 300 DNAME example.org."]);
}

#[test]
fn section_3_4_2_2_soa() {
    let old = "-@ 3600 SOA ns1 admin 7 100 200 300 60";
    assert_eq!(
        changes("add @ 900 SOA ns1 admin 20 1 2 3 4\n add new 300 A 192.0.2.9"),
        [old, "+@ 900 SOA ns1 admin 20 1 2 3 4", "+new 300 A 192.0.2.9"]
    );
    assert_eq!(changes("add @ 900 SOA ns1 admin 20 1 2 3 4"), [old, "+@ 900 SOA ns1 admin 20 1 2 3 4"]);
    for older in ["7", "6", "2147483655", "4294967295"] {
        let outcome = outcome(&format!("add @ 900 SOA ns1 admin {older} 1 2 3 4"));
        assert!(outcome.changes.is_empty());
        assert_eq!(outcome.ignored, ["add example.com. SOA: the serial of the SOA is not newer"]);
    }
    let elsewhere = outcome("add www 900 SOA ns1 admin 20 1 2 3 4");
    assert!(elsewhere.changes.is_empty());
    assert_eq!(elsewhere.ignored, ["add www.example.com. SOA: an SOA belongs to the apex"]);
}

#[test]
fn section_3_4_2_3_delete_rrset_or_name() {
    let addresses = ["-www 300 A 192.0.2.10", "-www 300 A 192.0.2.11"];
    assert_eq!(changes("delete www A"), addresses);
    assert_eq!(changes("delete WWW"), [&addresses[..], &["-www 300 TXT \"hello\""]].concat());
    assert_eq!(changes("delete nobody\n delete www MX\n delete deep"), [""; 0]);
    // The apex keeps its SOA and NS.
    assert_eq!(changes("delete @"), ["-@ 300 MX 10 mail"]);
    assert_eq!(changes("delete @ MX"), ["-@ 300 MX 10 mail"]);
    for kept in ["delete @ NS", "delete @ SOA"] {
        let outcome = outcome(kept);
        assert!(outcome.changes.is_empty() && outcome.ignored.len() == 1, "{kept}");
    }
    assert_eq!(changes("delete sub NS"), ["-sub 300 NS ns.sub"]);
}

#[test]
fn section_3_4_2_4_delete_record() {
    assert_eq!(changes("delete www A 192.0.2.10"), ["-www 300 A 192.0.2.10"]);
    assert_eq!(changes("delete www A 192.0.2.10\n delete www A 192.0.2.11").len(), 2);
    assert_eq!(changes("delete www A 192.0.2.99\n delete nobody A 192.0.2.1"), [""; 0]);
    assert_eq!(changes("delete alias CNAME WWW"), ["-alias 300 CNAME www"]);
    assert_eq!(changes("delete www TXT HELLO"), [""; 0]);
    assert_eq!(changes("delete @ SOA ns1 admin 7 100 200 300 60"), [""; 0]);
    // The apex keeps its last NS.
    assert_eq!(changes("delete @ NS ns1\n delete @ NS ns2.example.net."), ["-@ 3600 NS ns1"]);
    assert_eq!(changes("delete sub NS ns.sub"), ["-sub 300 NS ns.sub"]);
}

/// Commands take effect in their order.
#[test]
fn section_3_4_2_1_order() {
    assert_eq!(changes("add new 300 A 192.0.2.9\n delete new"), [""; 0]);
    assert_eq!(changes("delete new\n add new 300 A 192.0.2.9"), ["+new 300 A 192.0.2.9"]);
    assert_eq!(changes("delete www TXT\n add www 300 TXT hello"), [""; 0]);
    assert_eq!(changes("add @ 3600 NS ns3\n delete @ NS ns1"), ["-@ 3600 NS ns1", "+@ 3600 NS ns3"]);
}

/// Section 3.6 and RFC 1982: by one, never to 0.
#[test]
fn section_3_6_serial() {
    let serial = |lines: &str, update: &str| {
        let zones = ZoneSet::new().with(zone("example.com", lines));
        run_all(&zones, &message("example.com", update)).unwrap().changes[0].after.serial()
    };
    assert_eq!(serial(ZONE, "add new 300 A 192.0.2.9"), Serial(8));
    assert_eq!(serial(LONELY, "add new 300 A 192.0.2.9"), Serial(1));
    assert_eq!(serial(LONELY, "add @ 3600 SOA ns1 admin 5 1 2 3 4"), Serial(5));
    assert!(outcome("").changes.is_empty());
}

/// The certificate clients of MirageOS: an UPDATE under the zone section of the key's host name.
#[test]
fn zone_section_is_a_host_name() {
    let old = "_letsencrypt._tcp.www 3600 TLSA 3 0 0 0102";
    let zones = ZoneSet::new().with(zone("example.com", &format!("{ZONE}\n{old}")));
    let lines = "delete _letsencrypt._tcp.www TLSA\n add _letsencrypt._tcp.www 3600 TLSA 3 255 0 3000";
    let expected = [format!("-{old}"), "+_letsencrypt._tcp.www 3600 TLSA 3 255 0 3000".to_owned()];
    for scope in ["www.example.com", "example.com", "com", "."] {
        assert_eq!(changes_of(&zones, &message(scope, lines)), expected, "{scope}");
    }
    let outside = run_all(&zones, &message("ns1.example.com", lines)).unwrap_err();
    assert_eq!(outside.rcode, Rcode::NOTZONE);
    assert_eq!(outside.reason, "_letsencrypt._tcp.www.example.com. ANY TLSA: the name is outside the zone section's");
}

#[test]
fn one_update_changes_several_zones() {
    let child = "@ 60 SOA ns admin 1 1 1 1 1\n @ 60 NS ns\n ns 60 A 192.0.2.2";
    let zones = zones().with(zone("child.example.com", child)).with(zone("example.net", child));
    let lines = "add x.child 60 A 192.0.2.3\n add x 60 A 192.0.2.4\n add x.example.net. 60 A 192.0.2.5
                 prereq yxrrset ns.child A 192.0.2.2";
    let outcome = run_all(&zones, &message(".", lines)).unwrap();
    let changed: Vec<(String, Serial)> =
        outcome.changes.iter().map(|change| (change.apex.to_string(), change.after.serial())).collect();
    let expected = [("example.com.", 8), ("child.example.com.", 2), ("example.net.", 2)];
    assert_eq!(changed, expected.map(|(apex, serial)| (apex.to_owned(), Serial(serial))));
    for change in &outcome.changes {
        assert_eq!(shown(change, &change.apex).len(), 1);
    }
    // Only the zone above a cut has DS records of it.
    let outcome = run_all(&zones, &message("example.com", "add child 60 DS 1 8 2 AA\n add child 60 NS ns1")).unwrap();
    let [parent, child] = outcome.changes.as_slice() else { panic!("two zones change") };
    assert_eq!(shown(parent, &parent.apex), ["+child 60 DS 1 8 2 AA"]);
    assert_eq!(shown(child, &child.apex), ["+@ 60 NS ns1.example.com."]);
}

#[test]
fn nothing_is_carried_out_of_half_an_update() {
    let outcome = run_all(&zones(), &message(".", "add x 60 A 192.0.2.3\n add y.example.org. 60 A 192.0.2.3"));
    assert_eq!(outcome.unwrap_err().rcode, Rcode::NOTZONE);
}

/// MirageOS makes zones over DNS: an SOA where no zone is.
#[test]
fn an_soa_makes_a_zone() {
    let lines = "add www.new.org. 60 A 192.0.2.3
                 add new.org. 60 SOA ns.new.org. admin.new.org. 1 1 1 1 1
                 add new.org. 60 NS ns.new.org.
                 add new 300 A 192.0.2.9";
    let outcome = run_all(&zones(), &message(".", lines)).unwrap();
    let [old, new] = outcome.changes.as_slice() else { panic!("two zones change") };
    assert_eq!(shown(old, &example()), ["+new 300 A 192.0.2.9"]);
    assert!(new.before.is_none() && new.difference.removed.is_empty());
    assert_eq!(
        (new.apex.to_string().as_str(), new.after.serial(), new.after.record_count()),
        ("new.org.", Serial(1), 3)
    );
    assert_eq!(new.difference.added[0].rtype, RecordType::SOA);
    let own = run_all(&ZoneSet::new(), &message("new.org", "add new.org. 60 SOA a. b. 0 1 1 1 1")).unwrap();
    assert_eq!(own.changes[0].after.serial(), Serial(0));

    let forbidden = Options { allow_zone_creation: false, ..Options::default() };
    let rejected = |request: &Message, may: &dyn Fn(&Name) -> bool, options: &Options| {
        run(&zones(), request, may, options).unwrap_err().rcode
    };
    assert_eq!(rejected(&message(".", lines), &|_| true, &forbidden), Rcode::NOTZONE);
    let only_com = |name: &Name| name.is_at_or_below(&"com".parse().unwrap());
    assert_eq!(rejected(&message(".", lines), &only_com, &Options::default()), Rcode::REFUSED);
    let no_soa = message(".", "add www.new.org. 60 A 192.0.2.3");
    assert_eq!(rejected(&no_soa, &|_| true, &Options::default()), Rcode::NOTZONE);
}

/// RFC 2136 wins over MirageOS: a zone cannot be deleted by deleting its SOA.
#[test]
fn a_zone_is_never_deleted() {
    assert_eq!(outcome("delete @ SOA").changes.len(), 0);
    let left = outcome("delete @\n delete @ SOA\n delete @ NS").changes.remove(0).after;
    assert_eq!(left.rrset(&example(), RecordType::NS).unwrap().len(), 2);
}

#[test]
fn records_of_an_update_are_bounded() {
    let few = Options { max_records: 2, ..Options::default() };
    let lines = |count: u8| (0..count).map(|n| format!("add new 300 A 192.0.2.{n}\n")).collect::<String>();
    let run = |count| run(&zones(), &message("example.com", &lines(count)), &|_| true, &few).map(|_| ());
    assert_eq!(run(2), Ok(()));
    assert_eq!(run(3).unwrap_err().rcode, Rcode::REFUSED);
}

#[test]
fn cname_and_dname_do_not_meet() {
    let ignored = |lines: &str| run_all(&zones(), &message("example.com", lines)).unwrap().ignored;
    assert_eq!(ignored("add d 60 DNAME example.net.\n add d 60 CNAME www").len(), 1);
    assert_eq!(ignored("add d 60 CNAME www\n add d 60 DNAME example.net.").len(), 1);
}

#[test]
fn names_keep_the_case_of_the_zone() {
    let change = outcome("add WWW 300 A 192.0.2.12\n add New 300 A 192.0.2.9").changes.remove(0);
    let owners: Vec<String> = change.difference.added[1..].iter().map(|record| record.owner.to_string()).collect();
    assert_eq!(owners, ["New.example.com.", "www.example.com."]);
}

/// Octets that MirageOS signs, from the wire to the zone; its clients leave Original ID 0.
#[test]
fn a_signed_update_of_mirage() {
    let octets = hex("62d728000001000000020000 076578616d706c6503636f6d00 00060001 03666f6fc00c00ff00ff000000000000 \
         03626172c00c000100010000012c000401020304");
    let key: Key = "mykey.bla.example:SHA256:GSnQJ+fHuzwj5yKzCOkXdISyGQXBUxMrjEjL4Kr1WIs=".parse().unwrap();
    let signed = tsig::sign_request(octets.clone(), &key, 1_506_887_417, tsig::FUDGE).octets;
    let original_id = signed.len() - 6..signed.len() - 4;
    let as_sent = [&signed[..original_id.start], &[0, 0], &signed[original_id.end..]].concat();
    let keys = [key].into_iter().collect();
    let opened = tsig::open(&as_sent, &keys, 1_506_887_417, &tsig::Policy::default()).unwrap();
    let zones = ZoneSet::new().with(zone("example.com", &format!("{ZONE}\n foo 300 A 192.0.2.40")));
    let request = Message::decode(&opened.message).unwrap();
    assert_eq!(changes_of(&zones, &request), ["-foo 300 A 192.0.2.40", "+bar 300 A 1.2.3.4"]);
    let verification = opened.verification.unwrap();
    let may = |name: &Name| verification.key().may(Right::Update, name);
    assert_eq!(run(&zones, &request, &may, &Options::default()).unwrap_err().rcode, Rcode::REFUSED);
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}
