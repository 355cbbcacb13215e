//! What must hold before an update (RFC 2136 sections 2.4 and 3.2). Wildcards are names like others, empty
//! non-terminals are not in use.

use std::collections::{BTreeMap, BTreeSet};

use crate::message::{MessageRecord, Rcode};
use crate::name::Name;
use crate::rdata::Rdata;
use crate::record_type::{Class, RecordType};

use super::{Places, Rejection, reject};

/// RRsets that must exist with exactly these RDATA, in canonical form.
type Expected<'a> = BTreeMap<(&'a Name, RecordType), (BTreeSet<Rdata>, &'a MessageRecord)>;

/// Checks the whole section, in the order of the RFC's pseudo-code (section 3.2.5).
pub(super) fn check(places: &Places<'_>, scope: &Name, section: &[MessageRecord]) -> Result<(), Rejection> {
    let mut expected = Expected::new();
    for record in section {
        check_shape(scope, record)?;
        match record.class {
            Class::ANY => check_exists(places, record)?,
            Class::NONE => check_absent(places, record)?,
            _ => {
                let rdata = super::prescan::rdata(record)?.to_canonical(record.rtype);
                let entry = expected.entry((&record.owner, record.rtype));
                entry.or_insert_with(|| (BTreeSet::new(), record)).0.insert(rdata);
            }
        }
    }
    for ((owner, rtype), (rdatas, record)) in expected {
        if rdatas != present(places, owner, rtype) {
            return Err(reject(Rcode::NXRRSET, record, "the RRset is not the one that is asked for"));
        }
    }
    Ok(())
}

/// TTL 0, inside the zone, a class and a type that mean something.
fn check_shape(scope: &Name, record: &MessageRecord) -> Result<(), Rejection> {
    let formerr = |why| Err(reject(Rcode::FORMERR, record, why));
    if record.ttl != 0 {
        return formerr("a prerequisite has a TTL");
    }
    if !record.owner.is_at_or_below(scope) {
        return Err(reject(Rcode::NOTZONE, record, "the name is outside the zone section's"));
    }
    let any = record.class != Class::IN && record.rtype == RecordType::ANY;
    if record.rtype.is_meta() && !any {
        return formerr("no zone holds records of this type");
    }
    match record.class {
        Class::IN => Ok(()),
        Class::ANY | Class::NONE if record.rdata.is_none() => Ok(()),
        Class::ANY | Class::NONE => formerr("a prerequisite of this class has data"),
        _ => formerr("a prerequisite has a class other than IN, ANY and NONE"),
    }
}

/// RRset exists (section 2.4.1), name is in use (2.4.4).
fn check_exists(places: &Places<'_>, record: &MessageRecord) -> Result<(), Rejection> {
    match (exists(places, record), record.rtype == RecordType::ANY) {
        (true, _) => Ok(()),
        (false, true) => Err(reject(Rcode::NXDOMAIN, record, "the name is not in use")),
        (false, false) => Err(reject(Rcode::NXRRSET, record, "the RRset does not exist")),
    }
}

/// RRset does not exist (section 2.4.3), name is not in use (2.4.5).
fn check_absent(places: &Places<'_>, record: &MessageRecord) -> Result<(), Rejection> {
    match (exists(places, record), record.rtype == RecordType::ANY) {
        (false, _) => Ok(()),
        (true, true) => Err(reject(Rcode::YXDOMAIN, record, "the name is in use")),
        (true, false) => Err(reject(Rcode::YXRRSET, record, "the RRset exists")),
    }
}

fn exists(places: &Places<'_>, record: &MessageRecord) -> bool {
    let Some(zone) = places.zone_of(&record.owner, record.rtype) else { return false };
    match record.rtype {
        RecordType::ANY => zone.node(&record.owner).is_some_and(|node| !node.is_empty()),
        rtype => zone.rrset(&record.owner, rtype).is_some(),
    }
}

/// The RRset as it is, in canonical form; empty when there is none.
fn present(places: &Places<'_>, owner: &Name, rtype: RecordType) -> BTreeSet<Rdata> {
    let rrset = places.zone_of(owner, rtype).and_then(|zone| zone.rrset(owner, rtype));
    let records = rrset.map(|rrset| rrset.records(owner)).unwrap_or_default();
    records.iter().map(|record| record.rdata.to_canonical(rtype)).collect()
}
