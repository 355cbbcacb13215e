//! Whatever the style of the files and the change: the text says what the zone says, and what need not change does not.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, HashMap, HashSet};

use bytes::Bytes;
use proptest::prelude::*;

use super::tests::{Memory, apex, open, record, sorted};
use crate::name::Name;
use crate::record::Record;
use crate::record_type::RecordType;
use crate::transfer::difference::Difference;
use crate::zone::Zone;
use crate::zonefile::{parse, parse_keys, print};

/// What a line is made from.
type Seed = [u8; 7];

const OWNERS: [&str; 9] =
    ["a", "b", "A", "x.a", "@", "a.example.com.", "sub", "b.sub.example.com.", "out.example.org."];
const NAMES: [&str; 6] = ["a", "b", "x.a", "@", "sub", "new"];
const TTLS: [&str; 4] = ["5", "1m", "60", "1h30m"];
const GAPS: [&str; 4] = [" ", "\t", "    ", " \t "];
const ORIGINS: [&str; 4] = ["example.com.", "sub.example.com.", "sub", "@"];

fn pick<'a>(list: &[&'a str], seed: u8) -> &'a str {
    list[usize::from(seed) % list.len()]
}

fn data(kind: u8, value: u8) -> (&'static str, String) {
    let value = value % 4;
    match kind % 5 {
        0 => ("A", format!("192.0.2.{value}")),
        1 => ("TXT", format!("\"text; {value}\" word")),
        2 => ("MX", format!("{value} {}", ["mail", "MAIL", "mail.example.com.", "other"][usize::from(value)])),
        3 => ("TYPE65280", format!("\\# 2 00 0{value}")),
        _ => ("AAAA", format!("2001:db8::{value}")),
    }
}

/// A line in some style; each has a comment of its own.
fn line(seed: &Seed, number: usize, first: bool) -> String {
    let [what, owner, ttl, style, kind, value, gap] = *seed;
    let gap = pick(&GAPS, gap);
    let comment = format!(" ; #{number}\n");
    match what % 16 {
        0 => return format!("; comment #{number}\n"),
        1 => return "\n".to_owned(),
        2 => return format!("$ORIGIN {}{comment}", pick(&ORIGINS, value)),
        3 => return format!("$TTL {}{comment}", pick(&TTLS, value)),
        4 => return format!("$GENERATE {}-{} g${gap}A 192.0.2.${comment}", value % 3, value % 3 + 2),
        _ => {}
    }
    let owner = if !first && owner % 3 == 0 { "" } else { pick(&OWNERS, owner) };
    let ttl = if ttl % 2 == 0 { "" } else { pick(&TTLS, ttl / 2) };
    let class = if style & 1 == 0 { "" } else { "IN" };
    let middle = if style & 2 == 0 { [ttl, class] } else { [class, ttl] };
    let (rtype, data) = data(kind, value);
    let data = match style / 4 % 5 {
        0 => format!("( {data} )"),
        1 => match data.rsplit_once(' ') {
            Some((first, last)) => format!("({first}\n ; inner\n  {last}{comment} )"),
            None => format!("(\n{data} )"),
        },
        2 => match data.split_once(' ') {
            Some((first, rest)) if !first.starts_with('"') => format!("{first} ( {rest} )"),
            _ => data,
        },
        _ => data,
    };
    let words = [middle[0], middle[1], rtype].into_iter().filter(|word| !word.is_empty());
    let head = words.fold(owner.to_owned(), |line, word| line + gap + word);
    format!("{head}{gap}{data}{comment}")
}

fn text(seeds: &[Seed], from: usize, crlf: bool) -> String {
    let lines: String = seeds.iter().enumerate().map(|(index, seed)| line(seed, from + index, index == 0)).collect();
    if crlf { lines.replace('\n', "\r\n") } else { lines }
}

#[derive(Clone, Debug)]
struct Case {
    before: Vec<Seed>,
    inner: Vec<Seed>,
    between: Vec<Seed>,
    last: Vec<Seed>,
    after: Vec<Seed>,
    soa: u8,
    form: u8,
}

impl Case {
    fn files(&self) -> HashMap<String, Bytes> {
        let soa = match self.soa % 4 {
            0 => "@ 60 SOA ns root 1 2 3 4 60 ; soa\n",
            1 => "@ SOA ns root ( 1 ; serial\n 2 3 4 60 )\n",
            2 => "$TTL 5\n@ IN SOA ns root 1 2 3 4 60\n",
            _ => "\n; start\n@ IN 5 SOA ns root 1 2 3 4 60\n",
        };
        let crlf = self.form & 1 != 0;
        let mut main = format!("{soa}{}", text(&self.before, 0, crlf));
        if self.form & 2 != 0 {
            main.push_str(if self.form & 4 != 0 { "$INCLUDE inner sub\n" } else { "$INCLUDE inner\n" });
        }
        main.push_str(&text(&self.between, 100, crlf));
        if self.form & 8 != 0 {
            main.push_str("$INCLUDE last ; last\n");
        }
        main.push_str(&text(&self.after, 200, crlf));
        if self.form & 16 != 0 {
            main.truncate(main.trim_end().len());
        }
        let texts =
            [("example.com", main), ("inner", text(&self.inner, 300, crlf)), ("last", text(&self.last, 400, false))];
        texts.into_iter().map(|(path, text)| (path.to_owned(), Bytes::from(text.into_bytes()))).collect()
    }
}

fn seeds() -> impl Strategy<Value = Vec<Seed>> {
    prop::collection::vec(any::<Seed>(), 0..8)
}

fn case() -> impl Strategy<Value = Case> {
    (seeds(), seeds(), seeds(), seeds(), seeds(), any::<u8>(), any::<u8>()).prop_map(
        |(before, inner, between, last, after, soa, form)| Case { before, inner, between, last, after, soa, form },
    )
}

/// Which records go, which ones come, which RRsets get another TTL.
#[derive(Clone, Debug)]
struct Wish {
    gone: Vec<u8>,
    added: Vec<[u8; 4]>,
    ttls: Vec<u8>,
    serial: u32,
}

fn wish() -> impl Strategy<Value = Wish> {
    let added = prop::collection::vec(any::<[u8; 4]>(), 0..4);
    let bytes = || prop::collection::vec(any::<u8>(), 0..4);
    (bytes(), added, bytes(), 2u32..100).prop_map(|(gone, added, ttls, serial)| Wish { gone, added, ttls, serial })
}

impl Wish {
    /// The change as the difference of two zones.
    fn difference(&self, zone: &Zone) -> Difference {
        let mut rrsets: BTreeMap<(Name, RecordType), Vec<Record>> = BTreeMap::new();
        for record in sorted(zone) {
            rrsets.entry((record.owner.clone(), record.rtype)).or_default().push(record);
        }
        let keys: Vec<_> = rrsets.keys().filter(|(_, rtype)| *rtype != RecordType::SOA).cloned().collect();
        for gone in self.gone.iter().filter(|_| !keys.is_empty()) {
            if let Some(records) =
                rrsets.get_mut(&keys[usize::from(*gone) % keys.len()]).filter(|records| !records.is_empty())
            {
                records.remove(usize::from(*gone / 7) % records.len());
            }
        }
        for [owner, ttl, kind, value] in &self.added {
            let (rtype, data) = data(*kind, *value);
            let record = record(&format!(
                "{} {} {rtype} {data}",
                pick(&NAMES, *owner),
                ["5", "60", "5400", "7"][usize::from(ttl % 4)]
            ));
            let records = rrsets.entry((record.owner.clone(), record.rtype)).or_default();
            let ttl = records.first().map_or(record.ttl, |first| first.ttl);
            if !records.iter().any(|other| other.rdata.same(&record.rdata, record.rtype)) {
                records.push(Record { ttl, ..record });
            }
        }
        for ttl in self.ttls.iter().filter(|_| !keys.is_empty()) {
            for record in rrsets.get_mut(&keys[usize::from(*ttl) % keys.len()]).into_iter().flatten() {
                record.ttl = u32::from(*ttl) * 10;
            }
        }
        let mut soa = zone.soa();
        soa.serial.0 += self.serial;
        soa.minimum += self.serial % 2;
        let record = Record { rdata: soa.encode(), ..zone.soa_record() };
        rrsets.insert((zone.apex().clone(), RecordType::SOA), vec![record]);
        let mut builder = Zone::builder(apex());
        for record in rrsets.into_values().flatten() {
            builder.add(record).unwrap();
        }
        Difference::between(zone, &builder.finish().zone.unwrap())
    }
}

/// Lines whose records are not changed, and that take nothing from others, stand there as they stood.
fn check_lines(before: &str, after: &str, difference: &Difference) {
    let lines: HashSet<&str> = after.lines().collect();
    let touched = |owner: &str| {
        difference
            .removed
            .iter()
            .chain(&difference.added)
            .any(|record| record.owner == Name::parse(owner, &apex()).unwrap())
    };
    for line in before.lines() {
        let absolute = line.split([' ', '\t']).next().filter(|owner| owner.ends_with('.') && !touched(owner));
        let given = line.split([' ', '\t']).any(|word| TTLS.contains(&word)) && !line.contains("$TTL");
        if line.starts_with(';')
            || line.starts_with("$ORIGIN")
            || line.starts_with("$INCLUDE")
            || (absolute.is_some() && given)
        {
            assert!(lines.contains(line), "{line} is not in\n{after}");
        }
    }
}

fn apply(files: &HashMap<String, Bytes>, changes: &[super::FileChange]) -> HashMap<String, Bytes> {
    let mut files = files.clone();
    for change in changes {
        let mut end = 0;
        for splice in &change.splices {
            assert!(splice.range.start >= end && splice.range.end >= splice.range.start, "{change:?}");
            end = splice.range.end;
        }
        let after = change.apply(&files[&change.path]);
        files.insert(change.path.clone(), after.into());
    }
    files
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_edited_text_says_what_the_zone_says(case in case(), first in wish(), second in wish()) {
        let files = case.files();
        let (zone, document) = open(&files);
        let difference = first.difference(&zone);
        let after = zone.apply(&difference).unwrap();
        let edited = document.edit(&zone, &difference).unwrap();
        let changed = apply(&files, &edited.changes);
        let (fresh_zone, fresh) = open(&changed);
        prop_assert_eq!(sorted(&fresh_zone), sorted(&after));
        for path in document.paths() {
            prop_assert_eq!(&edited.document.text(path).unwrap()[..], &changed[path][..]);
            let text = |files: &HashMap<String, Bytes>| String::from_utf8(files[path].to_vec()).unwrap();
            check_lines(&text(&files), &text(&changed), &difference);
        }
        let difference = second.difference(&after);
        let edits = [edited.document.edit(&after, &difference).unwrap(), fresh.edit(&fresh_zone, &difference).unwrap()];
        prop_assert_eq!(&edits[0].changes, &edits[1].changes);
        prop_assert_eq!(sorted(&open(&apply(&changed, &edits[0].changes)).0), sorted(&after.apply(&difference).unwrap()));
    }

    #[test]
    fn a_printed_zone_is_read_again(case in case()) {
        let (zone, _) = open(&case.files());
        let printed = HashMap::from([("example.com".to_owned(), Bytes::from(print(&zone).into_bytes()))]);
        prop_assert_eq!(sorted(&open(&printed).0), sorted(&zone));
    }

    #[test]
    fn no_octets_are_a_reason_to_panic(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        parse_octets(octets);
    }

    #[test]
    fn no_change_of_octets_is_a_reason_to_panic(case in case(), changes in prop::collection::vec((any::<u16>(), any::<u8>()), 1..6)) {
        let mut octets = case.files()["example.com"].to_vec();
        for (at, octet) in changes {
            let at = usize::from(at) % octets.len();
            octets[at] = if octet < 128 { b" \t\n\r;()\"\\$@.\0\xff0a{}"[usize::from(octet) % 18] } else { octet };
        }
        parse_octets(octets);
    }
}

fn parse_octets(octets: Vec<u8>) {
    parse_keys("_keys", &octets);
    let parsed = parse("example.com", &apex(), &Memory(HashMap::from([("example.com".to_owned(), octets.into())])));
    if let (Some(zone), Some(document)) = (parsed.zone, parsed.document) {
        let soa = zone.soa_record();
        let mut next = zone.soa();
        next.serial = next.serial.next();
        let difference = Difference { removed: vec![soa.clone()], added: vec![Record { rdata: next.encode(), ..soa }] };
        document.edit(&zone, &difference).unwrap();
    }
}
