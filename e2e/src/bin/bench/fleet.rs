//! Our primary, NSD, Knot and BIND with the same zones, each pinned to the servers' core with one worker.

use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use e2e::bind::Bind;
use e2e::folder::{Folder, ZoneFile};
use e2e::knot::Knot;
use e2e::nsd::Nsd;
use e2e::ports::free_address;
use e2e::process::{Process, ProcessorTime};
use e2e::wait;
use e2e::wire::serves;

use crate::machine::{SERVERS, on_core};
use crate::ours::{Ours, PATIENCE};

/// Servers that hold the same zones.
#[derive(Debug)]
pub struct Fleet {
    /// In the order in which they were started.
    pub members: Vec<Member>,
    _folder: Folder,
}

/// One of them.
#[derive(Debug)]
pub struct Member {
    /// As tables call it.
    pub name: &'static str,
    /// Where it listens.
    pub address: SocketAddr,
    /// From exec until it answered for the zone.
    pub ready: Duration,
    /// Processor time until then.
    pub load_time: ProcessorTime,
    /// Most memory of its largest process until then, in kB.
    pub peak: u64,
    /// Memory of all its processes then, in kB.
    pub memory: u64,
    server: Server,
}

#[derive(Debug)]
enum Server {
    Ours(Box<Ours>),
    Nsd(Nsd),
    Knot(Knot),
    Bind(Bind),
}

impl Fleet {
    /// Starts all of them, one after the other, and waits until each serves `zone`. Ours reads from its repository, the
    /// others from files.
    pub fn start(zones: &[ZoneFile], zone: &str) -> Fleet {
        let folder = Folder::new();
        let files: Vec<(String, String)> = zones
            .iter()
            .map(|file| (file.name.clone(), fs::read_to_string(&file.path).expect("a zone file")))
            .collect();
        let mut ours = Ours::new(&files);
        drop(files);
        let start = Instant::now();
        ours.serve(zone, &[]);
        let ours = Member::after(start, "dns-primary", ours.address(), Server::Ours(Box::new(ours)));
        let mut members = vec![ours];
        for name in ["NSD", "Knot", "BIND"] {
            let (start, address) = (Instant::now(), free_address());
            let server = on_core(SERVERS, || match name {
                "NSD" => Server::Nsd(Nsd::authority(&folder, address, zones)),
                "Knot" => Server::Knot(Knot::authority(&folder, address, zones)),
                _ => Server::Bind(Bind::authority(&folder, address, zones)),
            });
            wait::find_within(PATIENCE, name, || serves(address, zone).then_some(()));
            members.push(Member::after(start, name, address, server));
        }
        Fleet { members, _folder: folder }
    }

    /// The members in the order of a round: each round another one comes first.
    pub fn in_turn(&mut self, round: usize) -> impl Iterator<Item = (usize, &mut Member)> {
        let count = self.members.len();
        let (before, after) = self.members.split_at_mut(round % count);
        let first = before.len();
        let after = after.iter_mut().enumerate().map(move |(place, member)| (first + place, member));
        after.chain(before.iter_mut().enumerate())
    }
}

impl Member {
    fn after(start: Instant, name: &'static str, address: SocketAddr, server: Server) -> Member {
        let ready = start.elapsed();
        let mut member =
            Member { name, address, ready, load_time: ProcessorTime::default(), peak: 0, memory: 0, server };
        member.load_time = member.time();
        member.peak = member.process().peak_family_memory();
        member.memory = member.process().family_memory();
        member
    }

    /// Processor time so far.
    pub fn time(&mut self) -> ProcessorTime {
        self.process().family_time()
    }

    fn process(&mut self) -> &Process {
        match &mut self.server {
            Server::Ours(ours) => ours.process(),
            Server::Nsd(nsd) => nsd.process(),
            Server::Knot(knot) => knot.process(),
            Server::Bind(bind) => bind.process(),
        }
    }
}
