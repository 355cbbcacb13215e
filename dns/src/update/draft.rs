//! A zone while it changes: copies of the names that are touched, nothing of the rest.

use std::collections::{BTreeMap, HashSet};

use crate::message::Rcode;
use crate::name::Name;
use crate::rdata::Rdata;
use crate::record::{Record, Soa};
use crate::record_type::RecordType;
use crate::transfer::Difference;
use crate::zone::{Zone, ZoneProblem};

use super::{Rejection, ZoneChange};

/// One zone's draft.
#[derive(Debug)]
pub(super) struct Draft {
    apex: Name,
    before: Option<Zone>,
    touched: BTreeMap<Name, Vec<RrsetDraft>>,
}

/// An RRset of a touched name; never without records but inside one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RrsetDraft {
    pub(super) rtype: RecordType,
    pub(super) ttl: u32,
    pub(super) rdatas: Vec<Rdata>,
}

impl RrsetDraft {
    /// Where `rdata` is, as RFC 2136 section 1.1 compares.
    pub(super) fn position(&self, rdata: &Rdata) -> Option<usize> {
        self.rdatas.iter().position(|own| own.same(rdata, self.rtype))
    }
}

impl Draft {
    /// A draft of `before`, or of a zone that does not exist yet.
    pub(super) fn new(apex: Name, before: Option<Zone>) -> Draft {
        Draft { apex, before, touched: BTreeMap::new() }
    }

    pub(super) fn apex(&self) -> &Name {
        &self.apex
    }

    /// The RRsets of a name, to be changed. A name keeps the case that the zone has it in.
    pub(super) fn node(&mut self, name: &Name) -> &mut Vec<RrsetDraft> {
        let before = self.before.as_ref();
        let node = before.filter(|_| !self.touched.contains_key(name)).and_then(|zone| zone.node(name));
        let name = node.map_or_else(|| name.clone(), |node| node.name());
        let rrsets = || rrsets(before, &name);
        self.touched.entry(name.clone()).or_insert_with(rrsets)
    }

    /// The SOA as it stands; none only in a zone that does not have one yet.
    pub(super) fn soa(&mut self) -> Option<Soa> {
        let apex = self.apex.clone();
        let rrset = self.node(&apex).iter().find(|rrset| rrset.rtype == RecordType::SOA)?;
        Soa::decode(rrset.rdatas.first()?).ok()
    }

    /// The change, if there is one, with the next serial unless the update brought one.
    pub(super) fn finish(mut self) -> Result<Option<ZoneChange>, Rejection> {
        let mut difference = self.difference();
        if difference.is_empty() {
            return Ok(None);
        }
        if self.before.is_some() && !difference.added.iter().any(|record| record.rtype == RecordType::SOA) {
            self.advance_serial();
            difference = self.difference();
        }
        let after = match &self.before {
            Some(before) => before.apply(&difference).map_err(|problems| broken(&self.apex, &problems))?,
            None => build(&self.apex, &difference)?,
        };
        Ok(Some(ZoneChange { apex: self.apex, before: self.before, after, difference }))
    }

    fn advance_serial(&mut self) {
        let Some(mut soa) = self.soa() else { return };
        soa.serial = soa.serial.next();
        let apex = self.apex.clone();
        for rrset in self.node(&apex).iter_mut().filter(|rrset| rrset.rtype == RecordType::SOA) {
            rrset.rdatas = vec![soa.encode()];
        }
    }

    /// The SOA first, then in canonical order of names.
    fn difference(&self) -> Difference {
        let mut difference = Difference::default();
        for (name, after) in &self.touched {
            let before = rrsets(self.before.as_ref(), name);
            only_in(&before, after, name, &mut difference.removed);
            only_in(after, &before, name, &mut difference.added);
        }
        difference.removed.sort_by_key(|record| record.rtype != RecordType::SOA);
        difference.added.sort_by_key(|record| record.rtype != RecordType::SOA);
        difference
    }
}

fn rrsets(zone: Option<&Zone>, name: &Name) -> Vec<RrsetDraft> {
    let node = zone.and_then(|zone| zone.node(name));
    let rrsets = node.iter().flat_map(|node| node.rrsets());
    let draft = |rrset: crate::zone::Rrset<'_>| RrsetDraft {
        rtype: rrset.rtype(),
        ttl: rrset.ttl(),
        rdatas: rrset.records(name).into_iter().map(|record| record.rdata).collect(),
    };
    rrsets.map(draft).collect()
}

/// Records of `these` that `those` lack; all of an RRset whose TTL differs.
fn only_in(these: &[RrsetDraft], those: &[RrsetDraft], owner: &Name, records: &mut Vec<Record>) {
    for rrset in these {
        let RrsetDraft { rtype, ttl, .. } = *rrset;
        let other = those.iter().find(|other| other.rtype == rtype && other.ttl == ttl);
        let kept: HashSet<&Rdata> = other.iter().flat_map(|other| &other.rdatas).collect();
        let lacking = rrset.rdatas.iter().filter(|rdata| !kept.contains(rdata));
        records.extend(lacking.map(|rdata| Record { owner: owner.clone(), rtype, ttl, rdata: rdata.clone() }));
    }
}

fn build(apex: &Name, difference: &Difference) -> Result<Zone, Rejection> {
    let mut builder = Zone::builder(apex.clone());
    for record in &difference.added {
        builder.add(record.clone()).map_err(|problem| broken(apex, &[problem]))?;
    }
    let finished = builder.finish();
    finished.zone.ok_or_else(|| broken(apex, &finished.problems))
}

fn broken(apex: &Name, problems: &[ZoneProblem]) -> Rejection {
    let fatal: Vec<String> = problems.iter().filter(|problem| problem.fatal).map(describe).collect();
    let reason = format!("the update would break the zone {apex}: {}", fatal.join("; "));
    Rejection { rcode: Rcode::REFUSED, reason }
}

fn describe(problem: &ZoneProblem) -> String {
    match problem.rtype {
        Some(rtype) => format!("{} {rtype}: {}", problem.owner, problem.kind),
        None => format!("{}: {}", problem.owner, problem.kind),
    }
}
