//! Measures the answering path alone: time to build a zone, its memory, nanoseconds per answer, a small change, a
//! transfer.
//!
//! `cargo run --release -p dns --example measure_dns [NAMES]`, by default 105 names and then 704,000. The zone and the
//! questions come from a fixed seed.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::hint::black_box;

use dns::answer::{Client, Options, Outcome, Transport, answer};
use dns::message::{Header, Message, Opcode, Question};
use dns::transfer::{Difference, Outgoing};
use dns::{Class, Name, Rdata, Record, RecordType, Zone, ZoneSet};

fn main() {
    let given = std::env::args().nth(1).map(|names| names.parse().unwrap());
    for names in given.map_or(vec![105, 704_000], |names| vec![names]) {
        measure(names);
    }
}

fn measure(names: usize) {
    let mut random = Random(0x5eed);
    let apex: Name = "bench.test".parse().unwrap();
    let before = resident();
    let mut builder = Zone::builder(apex.clone());
    let (mut spent, mut owners) = (0, Vec::new());
    add(&mut builder, &mut spent, &apex, RecordType::SOA, &soa());
    add(&mut builder, &mut spent, &apex, RecordType::NS, "ns.elsewhere.test".parse::<Name>().unwrap().as_octets());
    for number in 0..names {
        let owner = random.name(&apex);
        match number % 100 {
            0..3 => {
                let host = owner.prepend(b"ns1").unwrap();
                add(&mut builder, &mut spent, &owner, RecordType::NS, host.as_octets());
                add(&mut builder, &mut spent, &host, RecordType::A, &random.next().to_be_bytes()[..4]);
            }
            3..20 => {
                let exchange = [&[0, 10], owner.as_octets()].concat();
                add(&mut builder, &mut spent, &owner, RecordType::MX, &exchange);
                add(&mut builder, &mut spent, &owner, RecordType::A, &random.next().to_be_bytes()[..4]);
            }
            _ => {
                add(&mut builder, &mut spent, &owner, RecordType::A, &random.next().to_be_bytes()[..4]);
                if number % 4 == 0 {
                    add(&mut builder, &mut spent, &owner, RecordType::A, &random.next().to_be_bytes()[..4]);
                }
            }
        }
        owners.push(owner);
    }
    let start = Timer::now();
    let zone = builder.finish().zone.unwrap();
    println!(
        "{} records, {} names: add {} ms, finish {} ms, {:.1} MiB compact, {:.1} MiB more resident (with the list of names)",
        zone.record_count(),
        zone.name_count(),
        spent / 1_000_000,
        start.nanoseconds() / 1_000_000,
        zone.size() as f64 / 1048576.0,
        (resident() - before) as f64 / 1024.0
    );
    let zones = ZoneSet::new().with(zone.clone());
    for (text, pick) in [("mix", 0), ("positive", 1), ("name error", 2), ("referral", 3)] {
        questions(&zones, &apex, &owners, &mut random, text, pick);
    }
    change(&zone, &owners);
    transfer(&zone);
}

fn add(builder: &mut dns::zone::ZoneBuilder, spent: &mut u128, owner: &Name, rtype: RecordType, rdata: &[u8]) {
    let rdata = Rdata::from_octets(rtype, rdata).unwrap();
    let record = Record { owner: owner.clone(), rtype, ttl: 3600, rdata };
    let start = std::time::Instant::now();
    builder.add(record).unwrap();
    *spent += start.elapsed().as_nanos();
}

fn soa() -> Vec<u8> {
    let names = ["ns.elsewhere.test", "root.bench.test"].map(|name| name.parse::<Name>().unwrap().as_octets().to_vec());
    [names.concat(), [0, 0, 0, 1].repeat(5)].concat()
}

/// 12 in 100 name errors and 3 referrals in the mix, as in the bench of the peers.
fn questions(zones: &ZoneSet, apex: &Name, owners: &[Name], random: &mut Random, text: &str, pick: usize) {
    let encoded: Vec<Vec<u8>> = (0..500_000.min(owners.len() * 20))
        .map(|number| {
            let kind = [number % 100, 50, 0, 99][pick];
            let mut owner = &owners[random.next() as usize % owners.len()];
            let new = random.name(apex);
            if kind < 12 {
                owner = &new;
            }
            if kind >= 97 {
                owner = &owners[(random.next() as usize % owners.len()) / 100 * 100];
            }
            let mut message = Message::new(Header::request(number as u16, Opcode::QUERY));
            message.questions.push(Question { name: owner.clone(), rtype: RecordType::A, class: Class::IN });
            message.encode()
        })
        .collect();
    let options = Options::default();
    let address = "192.0.2.1".parse().unwrap();
    let client = Client { transport: Transport::Udp, address, now: 0, options: &options, limit: None };
    let mut reply = [0; 1232];
    let rounds = 4_000_000 / encoded.len();
    let start = Timer::now();
    for _ in 0..rounds {
        for query in &encoded {
            assert!(matches!(black_box(answer(zones, query, &client, &mut reply)), Outcome::Reply(_)));
        }
    }
    println!("  {text}: {:.0} ns per answer", start.nanoseconds() as f64 / (rounds * encoded.len()) as f64);
}

fn change(zone: &Zone, owners: &[Name]) {
    let records = |number: usize| zone.rrset(&owners[number * 7 % owners.len()], RecordType::A);
    let changes: Vec<Difference> = (0..1000)
        .filter_map(|number| {
            let removed = records(number)?.records(&owners[number * 7 % owners.len()]);
            let added = removed.iter().cloned().map(|record| Record { ttl: 7, ..record }).collect();
            Some(Difference { removed, added })
        })
        .collect();
    let start = Timer::now();
    for change in &changes {
        black_box(zone.apply(change).unwrap());
    }
    println!("  change of one RRset: {} ns", start.nanoseconds() / changes.len() as u128);
    let changed = zone.apply(&changes[0]).unwrap();
    let start = Timer::now();
    let difference = Difference::between(zone, &changed);
    println!("  difference of {} records: {} ns", difference.added.len(), start.nanoseconds());
}

fn transfer(zone: &Zone) {
    let start = Timer::now();
    let request = Header::request(1, Opcode::QUERY);
    let (messages, octets) = Outgoing::zone(zone, &request, RecordType::AXFR, 65_535)
        .fold((0, 0), |(messages, octets), message| (messages + 1, octets + message.len()));
    println!("  transfer: {} µs, {messages} messages, {octets} octets", start.nanoseconds() / 1000);
}

/// Resident memory in KiB.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Time on the processor, which others that want it do not lengthen.
struct Timer(u128);

impl Timer {
    fn now() -> Timer {
        Timer(Timer::read())
    }

    fn nanoseconds(&self) -> u128 {
        Timer::read() - self.0
    }

    /// Of this thread, as Linux counts it, some milliseconds late.
    fn read() -> u128 {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        text.split_whitespace().next().unwrap().parse().unwrap()
    }
}

/// Xorshift; good enough to spread names.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn name(&mut self, apex: &Name) -> Name {
        let length = 6 + self.next() as usize % 9;
        let label: Vec<u8> = (0..length).map(|_| b'a' + (self.next() % 26) as u8).collect();
        apex.prepend(&label).unwrap()
    }
}
