//! One host: what it asks for, how its orders went, and what comes next.

use dns::Name;

use super::plan::{self, Window};
use super::{Effect, Failure, Job, MEMORY, SETTLE, Settings, Slot};
use crate::certificate::{Certificate, Chain};
use crate::policy::PolicyError;
use crate::records::Contents;
use crate::request::{Identity, SigningRequest};
use crate::status::Status;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Nothing.
    Nothing,
    /// Something that must change first: why.
    Refused(String),
    /// A certificate.
    Certificate(Box<SigningRequest>),
}

/// What a host waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// A change in DNS, or the end of its order.
    Never,
    /// An order was started.
    Running,
    /// The end of another host's order.
    Queued,
    /// A time, in seconds since 1970.
    At(u64),
    /// Nothing: it need not be remembered.
    Forget,
}

#[derive(Debug)]
pub struct Entry {
    host: Name,
    pub wish: Wish,
    pub failures: u32,
    /// What is being ordered.
    pub running: Option<Identity>,
    /// When it is in the certifier's timers.
    pub timer: Option<u64>,
    slot: Slot,
    /// Read from the slot once, as its signature takes time to check.
    request: Result<Option<Box<SigningRequest>>, String>,
    seen: bool,
    /// No order before, in seconds since 1970.
    not_before: u64,
    /// When orders were started, lately.
    starts: Vec<u64>,
    identity: Option<Identity>,
    /// What was issued last, for whom, and when it was written into DNS.
    issued: Option<(Identity, Chain, u64)>,
    advice: Option<Advice>,
    /// Since when there is no request.
    gone: Option<u64>,
}

/// What the CA says of one certificate.
#[derive(Clone, Debug)]
struct Advice {
    fingerprint: [u8; 32],
    window: Option<Window>,
    /// When to ask again; none while it is being asked.
    again: Option<u64>,
}

impl Entry {
    pub fn new(host: Name) -> Entry {
        let slot = Slot { host: host.clone(), contents: Contents::default(), status: None };
        Entry {
            host,
            wish: Wish::Nothing,
            failures: 0,
            running: None,
            timer: None,
            slot,
            request: Ok(None),
            seen: false,
            not_before: 0,
            starts: vec![],
            identity: None,
            issued: None,
            advice: None,
            gone: None,
        }
    }

    /// Takes note of what lies in DNS: whether that is news, and proofs of an order that nobody works on any more.
    pub fn see(
        &mut self,
        slot: Slot,
        judge: &dyn Fn(&Slot, &SigningRequest) -> Result<(), PolicyError>,
        now: u64,
    ) -> (bool, Vec<(Name, String)>) {
        let first = !std::mem::replace(&mut self.seen, true);
        if slot.contents.requests != self.slot.contents.requests {
            self.request = only_request(&slot.contents);
        }
        let wish = match &self.request {
            Ok(None) => Wish::Nothing,
            Err(words) => Wish::Refused(words.clone()),
            Ok(Some(request)) => match judge(&slot, request) {
                Ok(()) => Wish::Certificate(request.clone()),
                Err(error) => Wish::Refused(error.to_string()),
            },
        };
        if !first && wish == self.wish && slot == self.slot {
            return (false, vec![]);
        }
        self.wish = wish;
        self.gone = if self.wish == Wish::Nothing { self.gone.or(Some(now)) } else { None };
        let status = slot.status.clone();
        self.slot = slot;
        if let Wish::Certificate(request) = &self.wish {
            let identity = request.identity();
            let told = status.as_ref().filter(|status| status.request == Some(identity.short()));
            match told {
                // After a restart: go on as if there had been none.
                Some(status) if first => {
                    self.failures = status.failures;
                    self.not_before = status.next.unwrap_or(0);
                }
                _ if self.identity != Some(identity) => self.is_new(first, now),
                _ => (),
            }
            self.identity = Some(identity);
        }
        let leftover = status.filter(|_| first && self.running.is_none()).map(|status| status.proofs);
        (true, leftover.unwrap_or_default())
    }

    /// Another wish than before at this host: it begins anew, but not again and again.
    fn is_new(&mut self, first: bool, now: u64) {
        self.failures = 0;
        self.not_before = if first { 0 } else { plan::after_orders(&mut self.starts, now) };
    }

    pub fn gone(&mut self, now: u64) {
        self.wish = Wish::Nothing;
        self.slot.contents = Contents::default();
        self.slot.status = None;
        self.request = Ok(None);
        self.gone = self.gone.or(Some(now));
    }

    pub fn succeeded(&mut self, identity: Identity, chain: Chain, now: u64) {
        self.failures = 0;
        // A CA that wants every certificate renewed at once is not followed for ever.
        self.not_before = plan::after_orders(&mut self.starts, now).max(now + SETTLE);
        self.issued = Some((identity, chain, now));
    }

    /// What the requester is told.
    pub fn failed(&mut self, identity: Identity, failure: Failure, now: u64) -> Status {
        let words = if self.identity == Some(identity) {
            self.failures += 1;
            let wait = plan::wait(self.failures, failure.fault, &self.host).max(failure.retry_after.unwrap_or(0));
            self.not_before = now + wait;
            format!("{}; tried again at {}", failure.words, platform::clock::rfc3339(self.not_before))
        } else {
            failure.words
        };
        let request = self.identity.map(Identity::short);
        Status { failures: self.failures, next: Some(self.not_before), request, words, ..Status::default() }
    }

    pub fn advised(&mut self, certificate: &Certificate, window: Option<Window>, again: u64) {
        let fingerprint = certificate.fingerprint();
        // Silence is no reason to forget what was said.
        let before = self.advice.take().filter(|advice| advice.fingerprint == fingerprint);
        let window = window.or(before.and_then(|advice| advice.window));
        self.advice = Some(Advice { fingerprint, window, again: Some(again) });
    }

    /// Does what can be done now.
    pub fn step(
        &mut self,
        settings: &Settings,
        hold: u64,
        may_order: bool,
        now: u64,
        effects: &mut Vec<Effect>,
    ) -> Next {
        let request = match &self.wish {
            _ if self.running.is_some() => return Next::Never,
            Wish::Nothing => return self.step_without_wish(now, effects),
            Wish::Refused(words) => {
                let status = Status { words: words.clone(), ..Status::default() };
                self.tell(Some(status), effects);
                return Next::Never;
            }
            Wish::Certificate(request) => request.clone(),
        };
        let in_dns = best(&self.slot.contents, &request, now);
        let issued = self.issued.as_ref().filter(|(identity, ..)| *identity == request.identity());
        if let (None, Some((_, chain, written))) = (&in_dns, issued)
            && plan::is_fresh(&chain.leaf, settings.renewal, now)
        {
            if written + SETTLE > now {
                return Next::At(written + SETTLE);
            }
            let (contents, chain) = (self.slot.contents.clone(), Box::new(chain.clone()));
            effects.push(Effect::Restore { host: self.host.clone(), contents, chain });
            self.issued = self.issued.take().map(|(identity, chain, _)| (identity, chain, now));
            return Next::At(now + SETTLE);
        }
        // DNS may be a moment behind what was written last.
        let newest = issued.map(|(_, chain, _)| chain.leaf.clone()).filter(|leaf| leaf.holds(now).is_ok());
        let best = in_dns.into_iter().chain(newest).max_by_key(|certificate| certificate.not_after);
        let mut wake = u64::MAX;
        if let Some(certificate) = &best {
            wake = self.step_with_certificate(certificate, settings, now, effects);
            let renewal = self.renewal(certificate, settings).max(self.not_before).max(hold);
            if renewal > now {
                return Next::At(wake.min(renewal));
            }
        }
        let start = self.not_before.max(hold);
        if start > now {
            return Next::At(start.min(wake));
        }
        if !may_order {
            return Next::Queued;
        }
        self.running = Some(request.identity());
        plan::note_start(&mut self.starts, now);
        let (host, contents, failures) = (self.host.clone(), self.slot.contents.clone(), self.failures);
        effects.push(Effect::Order(Box::new(Job { host, request: *request, contents, replaces: best, failures })));
        Next::Running
    }

    fn step_without_wish(&mut self, now: u64, effects: &mut Vec<Effect>) -> Next {
        self.tell(None, effects);
        let forget = self.gone.unwrap_or(now) + MEMORY;
        if now >= forget { Next::Forget } else { Next::At(forget) }
    }

    /// A certificate that is good needs no words, and the CA may know when it should be renewed; when to look again.
    fn step_with_certificate(
        &mut self,
        certificate: &Certificate,
        settings: &Settings,
        now: u64,
        effects: &mut Vec<Effect>,
    ) -> u64 {
        if self.failures == 0 {
            self.tell(None, effects);
        }
        if !settings.asks {
            return u64::MAX;
        }
        let fingerprint = certificate.fingerprint();
        let known = self.advice.as_mut().filter(|advice| advice.fingerprint == fingerprint);
        match known {
            Some(Advice { again: Some(again), .. }) if *again > now => return *again,
            Some(Advice { again: None, .. }) => return u64::MAX,
            Some(advice) => advice.again = None,
            None => self.advice = Some(Advice { fingerprint, window: None, again: None }),
        }
        effects.push(Effect::AskRenewal { host: self.host.clone(), certificate: Box::new(certificate.clone()) });
        u64::MAX
    }

    fn renewal(&self, certificate: &Certificate, settings: &Settings) -> u64 {
        let fingerprint = certificate.fingerprint();
        let advice = self.advice.as_ref().filter(|advice| advice.fingerprint == fingerprint);
        plan::renewal(certificate, advice.and_then(|advice| advice.window), settings.renewal, &self.host)
    }

    /// Says something, unless it is said already.
    fn tell(&mut self, status: Option<Status>, effects: &mut Vec<Effect>) {
        if self.slot.status != status {
            self.slot.status.clone_from(&status);
            effects.push(Effect::Tell { host: self.host.clone(), status });
        }
    }
}

/// The request that lies at a host, or why there is none to be had.
fn only_request(contents: &Contents) -> Result<Option<Box<SigningRequest>>, String> {
    let requests = contents.requests.iter().map(|der| SigningRequest::read(der));
    let mut requests = requests.collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
    let Some(request) = requests.pop() else { return Ok(None) };
    match requests.iter().all(|other| other.identity() == request.identity()) {
        true => Ok(Some(Box::new(request))),
        false => Err("there are several requests at this name; leave one".to_owned()),
    }
}

/// The certificate in DNS that answers the request and holds longest.
fn best(contents: &Contents, request: &SigningRequest, now: u64) -> Option<Certificate> {
    let certificates = contents.leaves.iter().filter_map(|der| Certificate::read(der).ok());
    let good = certificates.filter(|certificate| certificate.is_for(request).is_ok() && certificate.holds(now).is_ok());
    good.max_by_key(|certificate| certificate.not_after)
}
