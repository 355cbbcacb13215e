//! One command carried out on the draft of a zone, with all special cases (RFC 2136 sections 3.4.2.2 to 3.4.2.7).

use crate::name::Name;
use crate::rdata::Rdata;
use crate::record::{Record, Soa};
use crate::record_type::RecordType;

use super::draft::{Draft, RrsetDraft};
use super::prescan::Command;

/// Why a command is ignored. Not an error to the sender.
type Ignored = &'static str;

/// Carries out `command` or says why it is ignored.
pub(super) fn apply(draft: &mut Draft, command: Command) -> Result<(), Ignored> {
    match command {
        Command::Add(record) => add(draft, record),
        Command::DeleteRrset(owner, rtype) => delete_rrset(draft, &owner, rtype),
        Command::DeleteName(owner) => {
            let at_apex = owner == *draft.apex();
            draft.node(&owner).retain(|rrset| at_apex && is_apex_type(rrset.rtype));
            Ok(())
        }
        Command::DeleteRecord(record) => delete_record(draft, &record),
    }
}

/// What a zone cannot be without.
fn is_apex_type(rtype: RecordType) -> bool {
    rtype == RecordType::SOA || rtype == RecordType::NS
}

/// Of these a name has one, and a new one takes its place (RFC 2136 section 3.4.2.2, RFC 6672 section 5.2).
fn is_singleton(rtype: RecordType) -> bool {
    matches!(rtype, RecordType::SOA | RecordType::CNAME | RecordType::DNAME)
}

/// What may stand beside a CNAME (RFC 4035 section 2.5).
fn goes_with_cname(rtype: RecordType) -> bool {
    matches!(rtype, RecordType::RRSIG | RecordType::NSEC | RecordType::CNAME)
}

/// Section 3.4.2.2.
fn add(draft: &mut Draft, record: Record) -> Result<(), Ignored> {
    let Record { owner, rtype, ttl, rdata } = record;
    if rtype == RecordType::SOA {
        check_soa(draft, &owner, &rdata)?;
    }
    let node = draft.node(&owner);
    check_cname(node, rtype)?;
    let Some(rrset) = node.iter_mut().find(|rrset| rrset.rtype == rtype) else {
        node.push(RrsetDraft { rtype, ttl, rdatas: vec![rdata] });
        return Ok(());
    };
    // An RRset has one TTL (RFC 2181 section 5.2): the newest.
    rrset.ttl = ttl;
    match rrset.position(&rdata) {
        Some(_) => {}
        None if is_singleton(rtype) => rrset.rdatas = vec![rdata],
        None => rrset.rdatas.push(rdata),
    }
    Ok(())
}

fn check_soa(draft: &mut Draft, owner: &Name, rdata: &Rdata) -> Result<(), Ignored> {
    if owner != draft.apex() {
        return Err("an SOA belongs to the apex");
    }
    let serial = Soa::decode(rdata).map(|soa| soa.serial).map_err(|_| "the data is not an SOA")?;
    match draft.soa() {
        Some(soa) if !serial.is_after(soa.serial) => Err("the serial of the SOA is not newer"),
        _ => Ok(()),
    }
}

fn check_cname(node: &[RrsetDraft], rtype: RecordType) -> Result<(), Ignored> {
    let has_cname = node.iter().any(|rrset| rrset.rtype == RecordType::CNAME);
    let has_others = node.iter().any(|rrset| !goes_with_cname(rrset.rtype));
    match rtype {
        RecordType::CNAME if has_others => Err("the name has other records than a CNAME"),
        rtype if has_cname && !goes_with_cname(rtype) => Err("the name has a CNAME"),
        _ => Ok(()),
    }
}

/// Section 3.4.2.3.
fn delete_rrset(draft: &mut Draft, owner: &Name, rtype: RecordType) -> Result<(), Ignored> {
    if owner == draft.apex() && is_apex_type(rtype) {
        return Err("the apex keeps its SOA and NS");
    }
    draft.node(owner).retain(|rrset| rrset.rtype != rtype);
    Ok(())
}

/// Section 3.4.2.4.
fn delete_record(draft: &mut Draft, record: &Record) -> Result<(), Ignored> {
    let at_apex = record.owner == *draft.apex();
    if record.rtype == RecordType::SOA {
        return Err("the apex keeps its SOA");
    }
    let node = draft.node(&record.owner);
    let Some(rrset) = node.iter_mut().find(|rrset| rrset.rtype == record.rtype) else { return Ok(()) };
    let Some(at) = rrset.position(&record.rdata) else { return Ok(()) };
    if at_apex && record.rtype == RecordType::NS && rrset.rdatas.len() == 1 {
        return Err("the apex keeps its last NS");
    }
    rrset.rdatas.remove(at);
    node.retain(|rrset| !rrset.rdatas.is_empty());
    Ok(())
}
