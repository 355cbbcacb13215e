//! Random zones, small and full of what is hard: names from few labels, so that wildcards, cuts, aliases and empty
//! non-terminals get into each other's way.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::folder::{ZoneFile, write};
use e2e::process::run;
use e2e::random::Random;

const LABELS: [&str; 10] = ["a", "b", "c", "d", "e", "ns", "www", "x-y", "_t", "0"];

/// How a zone denies that something exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// It is not signed.
    Unsigned,
    /// Signed, with NSEC.
    Nsec,
    /// Signed, with NSEC3.
    Nsec3,
    /// Signed, with NSEC3 that leaves out insecure delegations.
    OptOut,
}

/// A zone that was made up.
#[derive(Debug)]
pub struct RandomZone {
    /// The apex, without the last dot.
    pub apex: String,
    /// How it denies.
    pub denial: Denial,
    /// Owner names, with the types that each owns.
    pub owners: BTreeMap<String, BTreeSet<&'static str>>,
    lines: Vec<String>,
}

impl RandomZone {
    /// A zone named `apex`; `child`, if there is one, is delegated to this very server.
    pub fn new(random: &mut Random, apex: &str, denial: Denial, child: Option<&str>) -> RandomZone {
        let mut zone = RandomZone { apex: apex.to_owned(), denial, owners: BTreeMap::new(), lines: Vec::new() };
        let soa = format!("ns.{apex}. hostmaster.{apex}. 1 7200 900 1209600 {}", random.pick(&[60, 300, 900]));
        zone.add(apex, "SOA", &soa);
        // BIND refuses a zone whose own name servers have no address.
        for server in [format!("ns.{apex}"), format!("{}.{apex}", random.pick(&["a", "b.c", "www"]))] {
            zone.add(apex, "NS", &format!("{server}."));
            zone.add(&server, "A", "127.0.0.1");
        }
        zone.add(apex, "NS", "ns.elsewhere.example.");
        if let Some(child) = child {
            zone.add(child, "NS", &format!("ns.{child}."));
            zone.add(&format!("ns.{child}"), "A", "127.0.0.1");
        }
        for _ in 0..20 + random.below(40) {
            zone.add_something(random);
        }
        zone
    }

    /// A name that may or may not exist in it.
    pub fn name(&self, random: &mut Random) -> String {
        let depth = random.weighted(&[(1, 0), (8, 1), (8, 2), (5, 3), (2, 4)]);
        (0..depth).fold(self.apex.clone(), |name, _| {
            let label = if random.chance(14) { "*" } else { random.pick(&LABELS) };
            format!("{label}.{name}")
        })
    }

    /// Its file, signed if it is to be.
    pub fn write(&self, folder: &Path) -> ZoneFile {
        let path = folder.join(&self.apex);
        write(&path, self.text());
        if self.denial != Denial::Unsigned {
            self.sign(folder, &path);
        }
        ZoneFile { name: self.apex.clone(), path }
    }

    /// Its text, unsigned.
    pub fn text(&self) -> String {
        format!("$TTL 300\n{}\n", self.lines.join("\n"))
    }

    /// Replaces the file at `path` by the signed zone.
    fn sign(&self, folder: &Path, path: &Path) {
        let key = ldns(Command::new("ldns-keygen").args(["-a", "ECDSAP256SHA256", "-k", &self.apex]), folder);
        let mut command = Command::new("ldns-signzone");
        // Dates that hold for long: nobody checks signatures here, and the run is to be repeatable.
        command.args(["-e", "20380101000000", "-i", "20200101000000", "-o", &self.apex, "-f"]).arg(path);
        match self.denial {
            Denial::Nsec3 => drop(command.args(["-n", "-t", "1", "-s", "ab12"])),
            Denial::OptOut => drop(command.args(["-n", "-p", "-t", "0"])),
            Denial::Nsec | Denial::Unsigned => {}
        }
        let unsigned: PathBuf = path.with_file_name(format!("{}.unsigned", self.apex));
        write(&unsigned, self.text());
        ldns(command.arg(&unsigned).arg(key.trim()), folder);
    }

    fn add_something(&mut self, random: &mut Random) {
        let name = self.name(random);
        let kind = random.weighted(&[
            (22, "A"),
            (10, "AAAA"),
            (10, "TXT"),
            (6, "MX"),
            (4, "SRV"),
            (14, "CNAME"),
            (5, "DNAME"),
            (15, "NS"),
            (2, "CAA"),
            (2, "TYPE65280"),
        ]);
        match kind {
            "NS" if name != self.apex => self.add_cut(random, &name),
            "NS" => {}
            "CNAME" | "DNAME" => {
                let target = self.target(random);
                self.add(&name, kind, &target);
            }
            "MX" => {
                let target = self.target(random);
                self.add(&name, kind, &format!("10 {target}"));
            }
            "SRV" => {
                let target = self.target(random);
                self.add(&name, kind, &format!("0 1 53 {target}"));
            }
            _ => {
                let data = data(random, kind);
                self.add(&name, kind, &data);
            }
        }
    }

    /// A delegation: glue inside, beside, missing; with a DS now and then; with data below that nobody may see.
    fn add_cut(&mut self, random: &mut Random, name: &str) {
        for _ in 0..1 + random.below(2) {
            let below = format!("{}.{name}", random.pick(&LABELS));
            let target = match random.below(4) {
                0 => self.target(random),
                1 => format!("{name}."),
                _ => format!("{below}."),
            };
            self.add(name, "NS", &target);
            let server = target.trim_end_matches('.').to_owned();
            if server.ends_with(name) && random.chance(80) {
                let kind = *random.pick(&["A", "AAAA"]);
                self.add(&server, kind, &data(random, kind));
            }
        }
        if random.chance(30) {
            self.add(name, "DS", &format!("4711 13 2 {}", "ab".repeat(32)));
        }
        if random.chance(20) {
            let kind = *random.pick(&["TXT", "MX", "A"]);
            let data = if kind == "MX" { format!("10 m.{name}.") } else { data(random, kind) };
            self.add(&format!("{}.{name}", random.pick(&LABELS)), kind, &data);
        }
    }

    /// A name to point at: mostly one of this zone, mostly one that exists.
    fn target(&self, random: &mut Random) -> String {
        match random.below(10) {
            0 => "www.elsewhere.example.".to_owned(),
            1..6 => {
                let owners: Vec<&String> = self.owners.keys().collect();
                format!("{}.", random.pick(&owners))
            }
            _ => format!("{}.", self.name(random)),
        }
    }

    /// Adds a record unless the zone would not be one any more.
    fn add(&mut self, owner: &str, kind: &'static str, data: &str) {
        let has = |other: &str| self.owners.get(owner).is_some_and(|kinds| kinds.contains(other));
        let line = format!("{owner}. {kind} {data}");
        let refused = match kind {
            "CNAME" => self.owners.contains_key(owner) || owner == self.apex,
            // What NS and DNAME at a wildcard mean is not defined (RFC 4592 sections 4.2 and 4.4), nor is DNAME at a
            // cut.
            "DNAME" => has("CNAME") || has("DNAME") || has("NS") || owner.starts_with('*') || owner == self.apex,
            "NS" => owner != self.apex && (has("CNAME") || has("DNAME") || owner.starts_with('*')),
            _ => has("CNAME"),
        };
        if !refused && !self.lines.contains(&line) && !self.is_beside_dname(owner, kind) {
            self.owners.entry(owner.to_owned()).or_default().insert(kind);
            self.lines.push(line);
        }
    }

    /// Data below a DNAME: NSD and BIND refuse or drop such zones, so there is nobody to compare with.
    fn is_beside_dname(&self, owner: &str, kind: &str) -> bool {
        let is_below = |below: &str, above: &str| below.strip_suffix(above).is_some_and(|rest| rest.ends_with('.'));
        let dnames = || self.owners.iter().filter(|(_, kinds)| kinds.contains("DNAME")).map(|(name, _)| name);
        dnames().any(|name| is_below(owner, name))
            || (kind == "DNAME" && self.owners.keys().any(|name| is_below(name, owner)))
    }
}

fn data(random: &mut Random, kind: &str) -> String {
    match kind {
        "A" => format!("192.0.2.{}", random.below(256)),
        "AAAA" => format!("2001:db8::{:x}", random.below(65_536)),
        "CAA" => "0 issue \"ca.example\"".to_owned(),
        "TYPE65280" => "\\# 3 010203".to_owned(),
        _ => format!("\"{}\"", "text ".repeat(1 + random.below(12))),
    }
}

fn ldns(command: &mut Command, folder: &Path) -> String {
    let outcome = run(command.current_dir(folder), "");
    assert!(outcome.success, "{command:?}: {}", outcome.output);
    outcome.output
}
