//! What is to be done for whom, and when: a state machine over virtual time.
//!
//! What the zones say goes in ([`Certifier::observe`]), and what became of orders; [`Effect`]s come out. It remembers
//! little that DNS does not: after a restart the certificates say what is still good, and the status beside a request
//! says how often it failed and when it is its turn again. Chance has no part in it: what should be spread is spread by
//! a hash of the host's name.

mod entry;
mod plan;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use dns::Name;

use crate::certificate::{Certificate, Chain};
use crate::policy::PolicyError;
use crate::records::Contents;
use crate::request::SigningRequest;
use crate::status::Status;

use entry::{Entry, Next, Wish};
pub use plan::{RenewalRule, Window};

/// Seconds that DNS may take to show what we wrote before we write it again.
const SETTLE: u64 = 60;
/// Seconds for which a name without a request is remembered.
const MEMORY: u64 = 86_400;

/// All that lies in DNS for one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The host.
    pub host: Name,
    /// Requests and certificates.
    pub contents: Contents,
    /// What we said beside them.
    pub status: Option<Status>,
}

/// A certificate to be got.
#[derive(Clone, Debug)]
pub struct Job {
    /// The host where the request lies.
    pub host: Name,
    /// The request.
    pub request: SigningRequest,
    /// What lies at the host now.
    pub contents: Contents,
    /// The certificate that the new one takes the place of.
    pub replaces: Option<Certificate>,
    /// Failures in a row so far.
    pub failures: u32,
}

/// Why no certificate came of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// For the requester.
    pub words: String,
    /// Who has to do something about it.
    pub fault: Fault,
    /// Seconds that the CA asks us to wait.
    pub retry_after: Option<u64>,
}

/// Who has to do something about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The CA said no, and will say so again until somebody changes something: tried rarely.
    Refused,
    /// A server was not there or not ready: tried again sooner.
    Trouble,
    /// The CA wants to be left alone by all of us for a while.
    Overload,
}

/// What the caller is to do.
#[derive(Debug)]
pub enum Effect {
    /// Get a certificate; then say [`Certifier::finished`].
    Order(Box<Job>),
    /// Write a chain into DNS that was there before.
    Restore {
        /// The host.
        host: Name,
        /// What lies there now.
        contents: Contents,
        /// The chain.
        chain: Box<Chain>,
    },
    /// Ask the CA when the certificate should be renewed; then say [`Certifier::advised`].
    AskRenewal {
        /// The host.
        host: Name,
        /// The certificate.
        certificate: Box<Certificate>,
    },
    /// Say something beside the request; none: take away what was said.
    Tell {
        /// The host.
        host: Name,
        /// What.
        status: Option<Status>,
    },
    /// Remove proofs that an order has left behind.
    Withdraw {
        /// The host of the order.
        host: Name,
        /// Owner names and values of TXT records.
        proofs: Vec<(Name, String)>,
    },
}

/// What is not to be exceeded, and when certificates are renewed.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Orders that may be open at a time.
    pub orders: usize,
    /// When a certificate is renewed of which the CA says nothing.
    pub renewal: RenewalRule,
    /// Whether the CA can be asked when to renew.
    pub asks: bool,
}

/// All hosts with requests.
#[derive(Debug)]
pub struct Certifier {
    settings: Settings,
    entries: BTreeMap<Name, Entry>,
    /// When each host is to be looked at; at most one time for a host.
    timers: BTreeSet<(u64, Name)>,
    /// Hosts whose turn it is while as many orders are open as may be.
    queue: VecDeque<Name>,
    running: usize,
    /// The CA wants no orders before.
    hold: u64,
    effects: Vec<Effect>,
}

impl Certifier {
    /// Nobody has asked yet.
    pub fn new(settings: Settings) -> Certifier {
        let (entries, timers, queue) = (BTreeMap::new(), BTreeSet::new(), VecDeque::new());
        Certifier { settings, entries, timers, queue, running: 0, hold: 0, effects: vec![] }
    }

    /// What lies in DNS now, of all hosts. `judge` says whether the sender of a request may have what it asks for.
    pub fn observe(
        &mut self,
        slots: Vec<Slot>,
        judge: &dyn Fn(&Slot, &SigningRequest) -> Result<(), PolicyError>,
        now: u64,
    ) -> Vec<Effect> {
        let mut absent: BTreeSet<Name> = self.entries.keys().cloned().collect();
        for slot in slots {
            absent.remove(&slot.host);
            let host = slot.host.clone();
            let entry = self.entries.entry(host.clone()).or_insert_with(|| Entry::new(host.clone()));
            let (news, leftover) = entry.see(slot, judge, now);
            if !leftover.is_empty() {
                self.effects.push(Effect::Withdraw { host: host.clone(), proofs: leftover });
            }
            if news {
                self.look_at(&host, now);
            }
        }
        for host in absent {
            if let Some(entry) = self.entries.get_mut(&host) {
                entry.gone(now);
            }
            self.look_at(&host, now);
        }
        self.take_effects()
    }

    /// An order has ended; a chain was written into DNS already.
    pub fn finished(&mut self, host: &Name, outcome: Result<Chain, Failure>, now: u64) -> Vec<Effect> {
        let Some(entry) = self.entries.get_mut(host) else { return vec![] };
        let Some(identity) = entry.running.take() else { return vec![] };
        self.running -= 1;
        match outcome {
            Ok(chain) => entry.succeeded(identity, chain, now),
            Err(failure) => {
                if failure.fault == Fault::Overload {
                    self.hold = self.hold.max(now + failure.retry_after.unwrap_or(60));
                }
                let status = entry.failed(identity, failure, now);
                self.effects.push(Effect::Tell { host: host.clone(), status: Some(status) });
            }
        }
        self.look_at(host, now);
        while self.running < self.settings.orders
            && let Some(next) = self.queue.pop_front()
        {
            self.look_at(&next, now);
        }
        self.take_effects()
    }

    /// The CA said when a certificate should be renewed, or nothing; it may be asked again after so many seconds.
    pub fn advised(
        &mut self,
        host: &Name,
        certificate: &Certificate,
        window: Option<Window>,
        again: u64,
        now: u64,
    ) -> Vec<Effect> {
        if let Some(entry) = self.entries.get_mut(host) {
            entry.advised(certificate, window, now + again.max(60));
            self.look_at(host, now);
        }
        self.take_effects()
    }

    /// What is to be done now that time has passed.
    pub fn due(&mut self, now: u64) -> Vec<Effect> {
        while let Some((at, host)) = self.timers.first().cloned()
            && at <= now
        {
            self.look_at(&host, now);
        }
        self.take_effects()
    }

    /// When [`Certifier::due`] has something to do next, in seconds since 1970.
    pub fn next_deadline(&self) -> Option<u64> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Hosts with requests.
    pub fn len(&self) -> usize {
        self.entries.values().filter(|entry| !matches!(entry.wish, Wish::Nothing)).count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Orders that are open.
    pub fn orders(&self) -> usize {
        self.running
    }

    /// Hosts whose last try failed or whose request is refused.
    pub fn failing(&self) -> usize {
        let fails = |entry: &&Entry| entry.failures > 0 || matches!(entry.wish, Wish::Refused(_));
        self.entries.values().filter(fails).count()
    }

    /// Does what is to be done for a host, and sets its timer.
    fn look_at(&mut self, host: &Name, now: u64) {
        let Some(entry) = self.entries.get_mut(host) else { return };
        if let Some(at) = entry.timer.take() {
            self.timers.remove(&(at, host.clone()));
        }
        let may_order = self.running < self.settings.orders;
        match entry.step(&self.settings, self.hold, may_order, now, &mut self.effects) {
            Next::Never => (),
            Next::Running => self.running += 1,
            Next::Queued if self.queue.contains(host) => (),
            Next::Queued => self.queue.push_back(host.clone()),
            Next::Forget => {
                self.entries.remove(host);
            }
            Next::At(at) => {
                // Never now again: what could be done was done.
                let at = at.max(now + 1);
                entry.timer = Some(at);
                self.timers.insert((at, host.clone()));
            }
        }
    }

    fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }
}

impl Failure {
    /// A failure without a wish of the CA's.
    pub fn new(fault: Fault, words: impl ToString) -> Failure {
        Failure { words: words.to_string(), fault, retry_after: None }
    }
}

/// A number that is always the same for these octets, and evenly spread.
fn spread(host: &Name, salt: &[u8]) -> u64 {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    hash.update(host.to_lowercase().as_octets());
    hash.update(salt);
    u64::from_be_bytes(*hash.finalize().first_chunk::<8>().expect("a hash of 32 octets"))
}

/// A point of `[0, range)` that is always the same for these octets.
fn within(range: u64, host: &Name, salt: &[u8]) -> u64 {
    if range == 0 { 0 } else { spread(host, salt) % range }
}
