//! What is written into DNS: proofs, chains and words, as signed updates to the primary.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use dns::keys::Key;
use dns::message::{MessageRecord, Rcode};
use dns::{Class, Name, Rdata, RecordType, ZoneSet};
use platform::{Net, clock};

use crate::certificate::Chain;
use crate::certifier::{Failure, Fault, Job};
use crate::exchange::{Exchange, ExchangeError, addition, removal};
use crate::order::{Proof, World};
use crate::policy::{self, Issuer};
use crate::records::{self, Contents, Kind};
use crate::status::Status;
use crate::zones::{Zones, statuses};
use crate::{host_names, propagation};

/// Seconds: short, so that a proof that was looked for too early is not remembered as missing.
const PROOF_TTL: u32 = 60;
/// Aliases that are followed from where a proof should lie.
const ALIASES: usize = 8;

/// The primary, the key, and the zones as they are now.
pub struct Registry {
    /// The network.
    pub net: Net,
    /// Where updates go.
    pub primary: SocketAddr,
    /// What they are signed with.
    pub key: Key,
    /// What the primary has.
    pub zones: Zones,
    /// Servers to ask in place of the zones' own.
    pub named_servers: Vec<SocketAddr>,
}

/// Lines of updates by the name in their zone section.
type Updates = BTreeMap<Name, Vec<MessageRecord>>;

impl Registry {
    /// Says something beside a request in place of what was said before, or nothing.
    pub async fn tell(&self, host: &Name, status: Option<&Status>) -> Result<(), Failure> {
        let mut lines = vec![];
        self.say(host, status, &mut lines)?;
        self.update(vec![], lines).await
    }

    /// Writes a chain that was there before.
    pub async fn restore(&self, host: &Name, contents: &Contents, chain: &Chain) -> Result<(), Failure> {
        let (owner, lines) = self.chain_lines(host, contents, chain)?;
        self.update(vec![still_there(owner)], lines).await
    }

    fn chain_lines(
        &self,
        host: &Name,
        contents: &Contents,
        chain: &Chain,
    ) -> Result<(Name, Vec<MessageRecord>), Failure> {
        let owner = records::owner(host).map_err(|error| Failure::new(Fault::Refused, error))?;
        let of = |kind, ders: &[Vec<u8>]| ders.iter().map(|der| records::rdata(kind, der)).collect::<Vec<Rdata>>();
        let new = [of(Kind::Issuer, &chain.issuers), of(Kind::Leaf, std::slice::from_ref(&chain.leaf.der))].concat();
        let old = [of(Kind::Leaf, &contents.leaves), of(Kind::Issuer, &contents.issuers)].concat();
        let removed = old.iter().filter(|rdata| !new.contains(rdata)).cloned();
        let mut lines: Vec<MessageRecord> = removed.map(|rdata| removal(&owner, RecordType::TLSA, rdata)).collect();
        lines.extend(new.into_iter().map(|rdata| addition(&owner, RecordType::TLSA, records::TTL, rdata)));
        Ok((owner, lines))
    }

    /// Lines that replace what was said at a host.
    fn say(&self, host: &Name, status: Option<&Status>, lines: &mut Vec<MessageRecord>) -> Result<(), Failure> {
        let owner = records::owner(host).map_err(|error| Failure::new(Fault::Refused, error))?;
        for (_, rdata) in statuses(&self.zones.set(), &owner) {
            let rdata = Rdata::from_octets(RecordType::TXT, &rdata).expect("the data of a zone's record");
            lines.push(removal(&owner, RecordType::TXT, rdata));
        }
        lines.extend(status.map(|status| addition(&owner, RecordType::TXT, PROOF_TTL, status.rdata())));
        Ok(())
    }

    /// Sends lines, an update for each zone; `prerequisites` go along with the first.
    async fn update(&self, prerequisites: Vec<MessageRecord>, lines: Vec<MessageRecord>) -> Result<(), Failure> {
        let zones = self.zones.set();
        let mut updates = Updates::new();
        for line in lines {
            updates.entry(self.section(&zones, &line.owner)?).or_default().push(line);
        }
        let first = prerequisites.first().map(|line| self.section(&zones, &line.owner)).transpose()?;
        for (section, lines) in updates {
            let conditions = if first.as_ref() == Some(&section) { prerequisites.clone() } else { vec![] };
            let mut exchange = Exchange::new(self.net.clone(), self.primary);
            exchange.update(&section, &self.key, conditions, lines).await.map_err(failure)?;
        }
        Ok(())
    }

    /// The zone section of an update of `name`: the zone, or where our key's domain begins below it (MirageOS asks for
    /// that).
    fn section(&self, zones: &ZoneSet, name: &Name) -> Result<Name, Failure> {
        let none = || Failure::new(Fault::Refused, format!("{name} is in no zone that is seen here"));
        let apex = zones.find(name).ok_or_else(none)?.apex();
        let domain = self.key.grant().map(|grant| &grant.zone).filter(|domain| domain.is_below(apex));
        Ok(domain.unwrap_or(apex).clone())
    }
}

impl World for Registry {
    fn now(&self) -> u64 {
        clock::unix_seconds()
    }

    fn permit(&self, job: &Job, issuer: &Issuer) -> Result<(), Failure> {
        let zones = self.zones.set();
        let checks = job.request.names.iter().map(|name| policy::check_caa(&zones, name, issuer));
        checks.collect::<Result<(), _>>().map_err(|error| Failure::new(Fault::Refused, error))
    }

    async fn publish(&self, job: &Job, proofs: &[Proof]) -> Result<(), Failure> {
        let zones = self.zones.set();
        let proofs = at_their_ends(&zones, proofs)?;
        let names: Vec<String> = job.request.names.iter().map(host_names::text).collect();
        let words =
            format!("a certificate for {} is being ordered since {}", names.join(" "), clock::rfc3339(self.now()));
        let request = Some(job.request.identity().short());
        let status = Status { failures: job.failures, next: None, request, proofs: proofs.clone(), words };
        let mut lines: Vec<MessageRecord> = proofs.iter().map(add_proof).collect();
        self.say(&job.host, Some(&status), &mut lines)?;
        self.update(vec![], lines).await?;
        propagation::wait(&self.net, &zones, &self.named_servers, &proofs).await
    }

    async fn store(&self, job: &Job, chain: &Chain, proofs: &[Proof]) -> Result<(), Failure> {
        let (owner, mut lines) = self.chain_lines(&job.host, &job.contents, chain)?;
        lines.extend(at_their_ends(&self.zones.set(), proofs)?.iter().map(remove_proof));
        self.say(&job.host, None, &mut lines)?;
        self.update(vec![still_there(owner)], lines).await
    }

    async fn withdraw(&self, _: &Name, proofs: &[Proof]) -> Result<(), Failure> {
        let lines = at_their_ends(&self.zones.set(), proofs)?.iter().map(remove_proof).collect();
        self.update(vec![], lines).await
    }
}

/// A condition: who took the request away does not want a certificate any more.
fn still_there(owner: Name) -> MessageRecord {
    MessageRecord { owner, rtype: RecordType::TLSA, class: Class::ANY, ttl: 0, rdata: None }
}

fn proof_rdata(value: &str) -> Rdata {
    let octets = [&[value.len() as u8], value.as_bytes()].concat();
    Rdata::from_octets(RecordType::TXT, &octets).expect("a hash in base64 is a string of TXT data")
}

fn add_proof((name, value): &Proof) -> MessageRecord {
    addition(name, RecordType::TXT, PROOF_TTL, proof_rdata(value))
}

fn remove_proof((name, value): &Proof) -> MessageRecord {
    removal(name, RecordType::TXT, proof_rdata(value))
}

/// Where proofs lie when their names are aliases (CNAME), which is how a domain hands over its proofs.
fn at_their_ends(zones: &ZoneSet, proofs: &[Proof]) -> Result<Vec<Proof>, Failure> {
    let end = |(name, value): &Proof| {
        let mut at = name.clone();
        for _ in 0..ALIASES {
            let alias = zones.find(&at).and_then(|zone| zone.rrset(&at, RecordType::CNAME));
            match alias.and_then(|alias| alias.rdatas().next()).and_then(|octets| Name::from_octets(octets).ok()) {
                Some(target) => at = target,
                None => return Ok((at, value.clone())),
            }
        }
        Err(Failure::new(Fault::Refused, format!("{name} is an alias of an alias without an end")))
    };
    proofs.iter().map(end).collect()
}

fn failure(error: ExchangeError) -> Failure {
    let fault = match &error {
        ExchangeError::Refused { rcode: Rcode::SERVFAIL, .. } => Fault::Trouble,
        ExchangeError::Refused { .. } | ExchangeError::Signature { .. } => Fault::Refused,
        _ => Fault::Trouble,
    };
    let words = match &error {
        ExchangeError::Refused { rcode: Rcode::NXRRSET, .. } => "the request was taken away meanwhile".to_owned(),
        error => format!("the update of DNS failed: {error}"),
    };
    Failure::new(fault, words)
}
