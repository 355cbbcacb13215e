//! Random zones, random questions, four servers: NSD, Knot, BIND and ours have to agree.
//!
//! Fails where ours differs from all the others and they agree with each other. Where they do not, ours should be like
//! one of them; how often it is not is printed. `GITSTEAD_SEED` sets the seed, `GITSTEAD_QUESTIONS` the number of
//! questions a zone, `GITSTEAD_SHOW=peers` shows where the peers differ; the zones of a failed run are kept, and the
//! message says where. Found differences stay as small cases in `dns/src/answer/tests/compared.rs`.

#![allow(clippy::print_stdout)]

mod normal;
mod question;
mod servers;
mod zone;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use e2e::folder::{Folder, ZoneFile};
use e2e::git::Repository;
use e2e::primary::{Arguments, Primary};
use e2e::random::Random;
use e2e::wait;
use e2e::wire::serves;

use crate::normal::Normal;
use crate::question::Question;
use crate::servers::{Asked, Peers};
use crate::zone::{Denial, RandomZone};

const SEED: u64 = 20_261_122;
const ZONES: usize = 32;
const QUESTIONS: usize = 400;
const OURS: &str = "ours";

#[test]
#[ignore = "needs cargo e2e"]
fn answers_are_those_that_the_others_agree_on() {
    let seed = setting("GITSTEAD_SEED", SEED);
    println!("GITSTEAD_SEED={seed}");
    let mut random = Random::new(seed);
    let zones = zones(&mut random);
    let folder = Folder::new();
    let files = write(&folder, &zones);
    let peers = Peers::start(&folder, &files);
    let ours = ours(&folder, &files);
    let mut asked: Vec<Asked> = peers.addresses().map(|(name, address)| Asked::new(name, address)).into();
    asked.push(Asked::new(OURS, ours.address()));
    let mut comparison = Comparison::default();
    for zone in &zones {
        comparison.zone(&mut random, zone, &peers, &mut asked);
    }
    println!("{}", comparison.summary());
    if !comparison.wrong.is_empty() {
        let kept = keep(&files);
        panic!("seed {seed}, zones in {}\n{}", kept.display(), comparison.report());
    }
    assert!(comparison.agreed > comparison.asked / 2, "the peers agree often enough to say something");
}

/// Unsigned zones and signed ones, one of them the child of another.
fn zones(random: &mut Random) -> Vec<RandomZone> {
    use Denial::{Nsec, Nsec3, OptOut, Unsigned};
    let mut zones: Vec<RandomZone> = [Unsigned, Nsec, Nsec3, OptOut]
        .into_iter()
        .cycle()
        .take(ZONES)
        .enumerate()
        .map(|(number, denial)| {
            let apex = format!("z{number}.test");
            RandomZone::new(random, &apex, denial, Some("kid.z1.test").filter(|_| number == 1))
        })
        .collect();
    zones.push(RandomZone::new(random, "kid.z1.test", Nsec3, None));
    zones
}

fn write(folder: &Folder, zones: &[RandomZone]) -> Vec<ZoneFile> {
    let home = folder.subfolder("zones");
    zones.iter().map(|zone| zone.write(&home)).collect()
}

/// Our primary with the same files, from a repository beside it.
fn ours(folder: &Folder, files: &[ZoneFile]) -> Primary {
    let content: Vec<(String, String)> = files
        .iter()
        .map(|file| (file.name.clone(), std::fs::read_to_string(&file.path).expect("the zone was written")))
        .collect();
    let repository = Repository::with_files(&folder.join("zones.git"), &content);
    let mut primary = Arguments::new(&repository.local_remote("main")).set("--logs", "*:info").start(folder);
    let address = primary.address();
    let first = &files[0].name;
    wait::until("our primary serves", || {
        assert!(primary.process().ended().is_none(), "it runs");
        serves(address, first)
    });
    primary
}

/// What was found so far.
#[derive(Debug, Default)]
struct Comparison {
    asked: usize,
    agreed: usize,
    /// The peers differ, and ours is like none of them.
    alone: Vec<String>,
    /// The peers agree, and ours differs.
    wrong: BTreeMap<Question, String>,
    id: u16,
}

impl Comparison {
    fn zone(&mut self, random: &mut Random, zone: &RandomZone, peers: &Peers, asked: &mut [Asked]) {
        let serving: Vec<bool> = asked.iter().map(|server| server.serves(&zone.apex)).collect();
        for (server, _) in asked.iter().zip(&serving).filter(|(_, serves)| !**serves) {
            println!("{} does not serve {}:\n{}", server.name, zone.apex, peers.complaints(&zone.apex));
            assert_ne!(server.name, OURS, "{}", zone.text());
        }
        let mut serving = serving.into_iter();
        let mut asked: Vec<&mut Asked> = asked.iter_mut().filter(|_| serving.next() == Some(true)).collect();
        assert!(asked.len() > 2, "two peers at least serve {}", zone.apex);
        for _ in 0..setting("GITSTEAD_QUESTIONS", QUESTIONS as u64) {
            let question = Question::random(random, zone);
            self.ask(&question, &mut asked);
        }
    }

    fn ask(&mut self, question: &Question, asked: &mut [&mut Asked]) {
        self.id = self.id.wrapping_add(1);
        let (id, octets) = (self.id, question.encode(self.id));
        for server in asked.iter_mut() {
            server.send_datagram(&octets);
            server.send_message(&octets);
        }
        let normal = |reply: Option<e2e::wire::Reply>| reply.and_then(|reply| Normal::of(question, &reply));
        let over_udp: Vec<_> = asked.iter().map(|server| (server.name, normal(server.datagram(id)))).collect();
        let over_tcp: Vec<_> = asked.iter_mut().map(|server| (server.name, normal(server.message()))).collect();
        self.compare(question, "UDP", &over_udp);
        self.compare(question, "TCP", &over_tcp);
    }

    fn compare(&mut self, question: &Question, transport: &str, replies: &[(&str, Option<Normal>)]) {
        self.asked += 1;
        let ((_, ours), peers) = replies.split_last().expect("ours was asked");
        let agree = peers.windows(2).all(|pair| pair[0].1 == pair[1].1);
        self.agreed += usize::from(agree);
        if !agree && std::env::var("GITSTEAD_SHOW").is_ok_and(|what| what == "peers") {
            println!("{}", describe(question, transport, replies));
        }
        if peers.iter().any(|(_, peer)| peer == ours) {
            return;
        }
        let description = describe(question, transport, replies);
        match agree {
            true => drop(self.wrong.entry(question.clone()).or_insert(description)),
            false => self.alone.push(description),
        }
    }

    fn summary(&self) -> String {
        let Comparison { asked, agreed, wrong, alone, .. } = self;
        let (wrong, alone) = (wrong.len(), alone.len());
        format!(
            "{asked} answers compared, the peers agree on {agreed}; ours differs from all on {wrong}, is alone on {alone}"
        )
    }

    fn report(&self) -> String {
        self.wrong.values().chain(&self.alone).take(60).fold(String::new(), |mut text, description| {
            let _ = writeln!(text, "{description}");
            text
        })
    }
}

fn describe(question: &Question, transport: &str, replies: &[(&str, Option<Normal>)]) -> String {
    let mut text = format!("{question} over {transport}\n");
    for (name, reply) in replies {
        let _ = match reply {
            Some(reply) => write!(text, "  {name}\n{reply}"),
            None => writeln!(text, "  {name}\n    no reply that can be read"),
        };
    }
    text
}

/// Copies the zones of a failed run to where they stay.
fn keep(files: &[ZoneFile]) -> PathBuf {
    let folder = std::env::temp_dir().join("gitstead-compared");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    for file in files {
        std::fs::copy(&file.path, folder.join(&file.name)).expect("a zone can be copied");
    }
    folder
}

fn setting(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}
