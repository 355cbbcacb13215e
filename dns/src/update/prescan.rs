//! The update section checked as a whole before anything is changed (RFC 2136 section 3.4.1), and read as commands.

use std::fmt;

use crate::message::{MessageRecord, Rcode};
use crate::name::Name;
use crate::rdata::Rdata;
use crate::record::{Record, Soa};
use crate::record_type::{Class, RecordType};

use super::{Places, Rejection, reject};

/// One record of the update section (RFC 2136 section 2.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Class IN: add to an RRset.
    Add(Record),
    /// Class ANY: delete an RRset.
    DeleteRrset(Name, RecordType),
    /// Class ANY, type ANY: delete all RRsets of a name.
    DeleteName(Name),
    /// Class NONE: delete one record; its TTL means nothing.
    DeleteRecord(Record),
}

impl Command {
    /// The name that changes.
    pub(super) fn owner(&self) -> &Name {
        match self {
            Command::Add(record) | Command::DeleteRecord(record) => &record.owner,
            Command::DeleteRrset(owner, _) | Command::DeleteName(owner) => owner,
        }
    }

    /// The type that changes; ANY for all.
    pub(super) fn rtype(&self) -> RecordType {
        match self {
            Command::Add(record) | Command::DeleteRecord(record) => record.rtype,
            Command::DeleteRrset(_, rtype) => *rtype,
            Command::DeleteName(_) => RecordType::ANY,
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self {
            Command::Add(_) => "add",
            Command::DeleteRrset(..) => "delete RRset",
            Command::DeleteName(_) => "delete name",
            Command::DeleteRecord(_) => "delete record",
        };
        write!(f, "{verb} {} {}", self.owner(), self.rtype())
    }
}

/// Checks every record before the first is carried out.
pub(super) fn prescan(places: &Places<'_>, scope: &Name, section: &[MessageRecord]) -> Result<Vec<Command>, Rejection> {
    let read = |record: &MessageRecord| {
        if !record.owner.is_at_or_below(scope) {
            return Err(reject(Rcode::NOTZONE, record, "the name is outside the zone section's"));
        }
        let command = command(record)?;
        match places.apex_of(&record.owner, record.rtype) {
            Some(_) => Ok(command),
            None => Err(super::not_zone(&super::describe(record))),
        }
    };
    section.iter().map(read).collect()
}

fn command(record: &MessageRecord) -> Result<Command, Rejection> {
    let formerr = |why| Err(reject(Rcode::FORMERR, record, why));
    let owner = record.owner.clone();
    if record.rtype.is_meta() && (record.class != Class::ANY || record.rtype != RecordType::ANY) {
        return formerr("no zone holds records of this type");
    }
    match record.class {
        Class::IN => add(record).map(Command::Add),
        Class::ANY | Class::NONE if record.ttl != 0 => formerr("a deletion has a TTL"),
        Class::ANY if record.rdata.is_some() => formerr("a deletion of a whole RRset has data"),
        Class::ANY if record.rtype == RecordType::ANY => Ok(Command::DeleteName(owner)),
        Class::ANY => Ok(Command::DeleteRrset(owner, record.rtype)),
        Class::NONE => Ok(Command::DeleteRecord(Record { owner, rtype: record.rtype, ttl: 0, rdata: rdata(record)? })),
        _ => formerr("an update has a class other than IN, ANY and NONE"),
    }
}

fn add(record: &MessageRecord) -> Result<Record, Rejection> {
    let rdata = rdata(record)?;
    if record.rtype == RecordType::SOA && Soa::decode(&rdata).is_err() {
        return Err(reject(Rcode::FORMERR, record, "the data is not an SOA"));
    }
    // RFC 2181 section 8: a TTL with the highest bit set means zero.
    let ttl = if record.ttl > i32::MAX as u32 { 0 } else { record.ttl };
    Ok(Record { owner: record.owner.clone(), rtype: record.rtype, ttl, rdata })
}

/// The data of a record that must have some; no octets are data only where the type's layout is not known.
pub(super) fn rdata(record: &MessageRecord) -> Result<Rdata, Rejection> {
    let empty = || Rdata::from_octets(record.rtype, &[]);
    let rdata = record.rdata.clone().map_or_else(empty, Ok);
    rdata.map_err(|_| reject(Rcode::FORMERR, record, "the record has no data"))
}
