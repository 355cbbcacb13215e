//! A year of certificates that hold for 45 days, with restarts, outages and changes of the zone, under a virtual clock.

use std::collections::BTreeMap;

use rcgen::{CertificateParams, DistinguishedName, KeyPair};

use super::*;
use crate::authority::Local;

const START: u64 = 1_800_000_000;
const HOUR: u64 = 3_600;
const DAY: u64 = 86_400;
const LIFETIME: u64 = 45 * DAY;
const HOSTS: usize = 20;

/// What an order does, in this order; a restart may come after each.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Published,
    Issued,
    Stored,
}

struct Order {
    job: Job,
    step: Step,
    at: u64,
    chain: Option<Chain>,
}

struct Simulation {
    /// Counts random numbers; they are the same in each run.
    draws: u64,
    now: u64,
    ca: Local,
    dns: BTreeMap<Name, Slot>,
    proofs: BTreeMap<Name, Vec<(Name, String)>>,
    certifier: Certifier,
    orders: Vec<Order>,
    /// When the CA took orders, by host.
    placed: BTreeMap<Name, Vec<u64>>,
    issued: usize,
    /// The CA does not answer until then.
    outage: u64,
}

fn settings() -> Settings {
    Settings { orders: 8, renewal: RenewalRule::Proportional, asks: false }
}

impl Simulation {
    fn new() -> Simulation {
        let mut dns = BTreeMap::new();
        for number in 0..HOSTS {
            let host: Name = format!("h{number}.example").parse().unwrap();
            let mut params = CertificateParams::new([format!("h{number}.example")]).unwrap();
            params.distinguished_name = DistinguishedName::new();
            let der = params.serialize_request(&KeyPair::generate().unwrap()).unwrap().der().to_vec();
            let contents = Contents { requests: vec![der], ..Contents::default() };
            dns.insert(host.clone(), Slot { host, contents, status: None });
        }
        Simulation {
            draws: 0,
            now: START,
            ca: Local::new("simulation"),
            dns,
            proofs: BTreeMap::new(),
            certifier: Certifier::new(settings()),
            orders: vec![],
            placed: BTreeMap::new(),
            issued: 0,
            outage: 0,
        }
    }

    fn below(&mut self, range: u64) -> u64 {
        self.draws += 1;
        within(range, &Name::root(), &self.draws.to_be_bytes())
    }

    fn observe(&mut self) {
        let effects = self.certifier.observe(self.dns.values().cloned().collect(), &|_, _| Ok(()), self.now);
        self.perform(effects);
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        let mut changed = false;
        for effect in effects {
            match effect {
                Effect::Order(job) => {
                    let at = self.now + 1 + self.below(20);
                    self.orders.push(Order { job: *job, step: Step::Published, at, chain: None });
                }
                Effect::Restore { host, chain, .. } => {
                    changed = true;
                    self.store(&host, &chain);
                }
                Effect::Tell { host, status } => {
                    changed = true;
                    self.dns.get_mut(&host).unwrap().status = status;
                }
                Effect::Withdraw { host, .. } => {
                    self.proofs.remove(&host);
                }
                Effect::AskRenewal { .. } => unreachable!("it does not ask"),
            }
        }
        if changed {
            self.observe();
        }
    }

    fn store(&mut self, host: &Name, chain: &Chain) {
        let slot = self.dns.get_mut(host).unwrap();
        slot.contents.leaves = vec![chain.leaf.der.clone()];
        slot.contents.issuers.clone_from(&chain.issuers);
        slot.status = None;
        self.proofs.remove(host);
    }

    /// One step of the order that is next.
    fn advance(&mut self, place: usize) {
        let mut order = self.orders.swap_remove(place);
        let host = order.job.host.clone();
        if self.now < self.outage {
            self.proofs.remove(&host);
            let failure = Failure::new(Fault::Trouble, "the CA is not there");
            let effects = self.certifier.finished(&host, Err(failure), self.now);
            return self.perform(effects);
        }
        match order.step {
            Step::Published => {
                self.placed.entry(host.clone()).or_default().push(self.now);
                let proofs = vec![(format!("_acme-challenge.{host}").parse().unwrap(), "x".to_owned())];
                self.proofs.insert(host.clone(), proofs.clone());
                let request = Some(order.job.request.identity().short());
                self.dns.get_mut(&host).unwrap().status = Some(Status { request, proofs, ..Status::default() });
                (order.step, order.at) = (Step::Issued, self.now + 1 + self.below(20));
                self.orders.push(order);
                self.observe();
            }
            Step::Issued => {
                order.chain = Some(self.ca.chain(&order.job.request, self.now, LIFETIME).unwrap());
                self.issued += 1;
                (order.step, order.at) = (Step::Stored, self.now + 1);
                self.orders.push(order);
            }
            Step::Stored => {
                let chain = order.chain.unwrap();
                self.store(&host, &chain);
                let effects = self.certifier.finished(&host, Ok(chain), self.now);
                self.perform(effects);
                self.observe();
            }
        }
    }

    fn restart(&mut self) {
        self.orders.clear();
        self.certifier = Certifier::new(settings());
        self.observe();
    }

    /// Goes on to a time, doing what is due before.
    fn run_until(&mut self, end: u64) {
        loop {
            let order =
                self.orders.iter().enumerate().min_by_key(|(_, order)| order.at).map(|(place, o)| (o.at, place));
            let timer = self.certifier.next_deadline();
            match (order, timer) {
                (Some((at, place)), timer) if at <= timer.unwrap_or(u64::MAX) && at <= end => {
                    self.now = self.now.max(at);
                    self.advance(place);
                }
                (_, Some(at)) if at <= end => {
                    self.now = self.now.max(at);
                    let effects = self.certifier.due(self.now);
                    self.perform(effects);
                }
                _ => break,
            }
        }
        self.now = end;
    }

    fn holds(&self, host: &Name) -> bool {
        let leaf = self.dns[host].contents.leaves.first();
        leaf.is_some_and(|der| Certificate::read(der).unwrap().holds(self.now).is_ok())
    }
}

#[test]
fn a_year_with_restarts_outages_and_changes() {
    let mut simulation = Simulation::new();
    simulation.observe();
    let hosts: Vec<Name> = simulation.dns.keys().cloned().collect();
    let hours = 365 * 24;
    for hour in 1..=hours {
        simulation.run_until(START + hour * HOUR);
        match simulation.below(200) {
            0..=2 => simulation.restart(),
            3 => simulation.outage = simulation.now + simulation.below(2 * DAY),
            4..=49 => simulation.observe(),
            _ => (),
        }
        if hour > 3 * 24 {
            let expired: Vec<&Name> = hosts.iter().filter(|host| !simulation.holds(host)).collect();
            assert!(expired.is_empty(), "{expired:?} after {hour} hours");
        }
    }
    let placed: usize = simulation.placed.values().map(Vec::len).sum();
    let ratio = placed as f64 / simulation.issued as f64;
    println!("{placed} orders, {} certificates for {HOSTS} hosts: {ratio:.3} orders for each", simulation.issued);
    assert!(ratio <= 1.1, "{placed} orders for {} certificates", simulation.issued);
    // A third of 45 days is left at each renewal: a certificate every 28 to 30 days.
    assert!((12 * HOSTS..=14 * HOSTS).contains(&simulation.issued), "{}", simulation.issued);
    for (host, times) in &simulation.placed {
        // Let's Encrypt gives five certificates for one set of names in a week, and takes 300 orders in three hours.
        let week = times.windows(6).map(|six| six[5] - six[0]).min().unwrap_or(u64::MAX);
        assert!(week >= 7 * DAY, "{host} was ordered six times in {week} seconds");
    }
    assert!(simulation.orders.is_empty() && simulation.proofs.is_empty(), "proofs stay in DNS");
}

#[test]
fn a_restart_at_every_step_of_an_order_ends_well() {
    for steps in 0..4 {
        let mut simulation = Simulation::new();
        simulation.dns.retain(|host, _| *host == "h0.example".parse().unwrap());
        simulation.observe();
        for _ in 0..steps {
            if let Some(order) = simulation.orders.first() {
                simulation.now = order.at;
                simulation.advance(0);
            }
        }
        simulation.restart();
        simulation.run_until(simulation.now + HOUR);
        assert!(simulation.holds(&"h0.example".parse().unwrap()), "after {steps} steps");
        assert!(simulation.proofs.is_empty(), "after {steps} steps");
        assert!(simulation.dns.values().all(|slot| slot.status.is_none()), "after {steps} steps");
        let placed: usize = simulation.placed.values().map(Vec::len).sum();
        assert!(placed <= 2, "{placed} orders after {steps} steps");
    }
}
