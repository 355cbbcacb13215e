//! Catalog zones (RFC 9432): the list of a server's zones as a zone, so that its secondaries add and remove them by
//! themselves.
//!
//! A member's unique label is a hash of its name, so that it stays the same whoever writes the catalog and whenever. A
//! catalog that is broken changes nothing: the members of its last good version stay.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::name::Name;
use crate::rdata::Rdata;
use crate::record::{Record, Serial, Soa};
use crate::record_type::RecordType;
use crate::zone::{Zone, ZoneProblem};

/// The version of the schema that is written and read.
const VERSION: &[u8] = b"2";

/// What a catalog's SOA says, in seconds: who is told by NOTIFY need not ask often.
const REFRESH: u32 = 3600;
const RETRY: u32 = 600;
const EXPIRE: u32 = 2_147_483_646;
const TTL: u32 = 0;

/// Writes the catalog `apex` of `members`, with `serial`. The catalog itself may be among the members and is left out.
pub fn write<'a>(
    apex: &Name,
    serial: Serial,
    members: impl IntoIterator<Item = &'a Name>,
) -> Result<Zone, ZoneProblem> {
    let mut builder = Zone::builder(apex.clone());
    let add = |owner: Name, rtype, rdata| builder.add(Record { owner, rtype, ttl: TTL, rdata });
    fill(apex, serial, members, add)?;
    let finished = builder.finish();
    let problem = finished.problems.into_iter().find(|problem| problem.fatal);
    match (finished.zone, problem) {
        (Some(zone), _) => Ok(zone),
        (None, problem) => Err(problem.unwrap_or_else(|| too_long(apex))),
    }
}

fn fill<'a>(
    apex: &Name,
    serial: Serial,
    members: impl IntoIterator<Item = &'a Name>,
    mut add: impl FnMut(Name, RecordType, Rdata) -> Result<(), ZoneProblem>,
) -> Result<(), ZoneProblem> {
    // RFC 9432 section 4.1: nobody looks a catalog up, so its name server is one that does not exist.
    let nobody = Name::from_labels([b"invalid".as_slice()]).map_err(|_| too_long(apex))?;
    let soa = Soa {
        mname: nobody.clone(),
        rname: nobody.clone(),
        serial,
        refresh: REFRESH,
        retry: RETRY,
        expire: EXPIRE,
        minimum: TTL,
    };
    add(apex.clone(), RecordType::SOA, soa.encode())?;
    add(apex.clone(), RecordType::NS, name_rdata(&nobody))?;
    let version = apex.prepend(b"version").map_err(|_| too_long(apex))?;
    add(version, RecordType::TXT, Rdata::from_shaped(&[&[VERSION.len() as u8], VERSION].concat()))?;
    let zones = apex.prepend(b"zones").map_err(|_| too_long(apex))?;
    for member in members.into_iter().filter(|member| *member != apex) {
        let owner = zones.prepend(unique_label(member).as_bytes()).map_err(|_| too_long(apex))?;
        add(owner, RecordType::PTR, name_rdata(member))?;
    }
    Ok(())
}

/// What stands for a member below `zones`: a hash of its name in lower case.
pub fn unique_label(member: &Name) -> String {
    let hash = Sha256::digest(member.to_lowercase().as_octets());
    hash[..16].iter().map(|octet| format!("{octet:02x}")).collect()
}

fn name_rdata(name: &Name) -> Rdata {
    Rdata::from_shaped(name.as_octets())
}

fn too_long(apex: &Name) -> ZoneProblem {
    ZoneProblem::fatal(apex.clone(), None, crate::zone::ZoneProblemKind::TooLarge)
}

/// What a catalog says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    /// The members by name.
    pub members: BTreeMap<Name, Member>,
    /// Members that stand there again under another label: of those the smallest counts (section 5.1, name clash).
    pub duplicates: BTreeSet<Name>,
}

/// A zone in a catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its unique label; when it changes, the zone is another one (RFC 9432 section 5.4).
    pub label: Box<[u8]>,
    /// Names of groups, which are the consumer's to understand (section 4.4.2).
    pub groups: BTreeSet<Box<[u8]>>,
    /// The catalog that may take the member over (section 4.4.1).
    pub change_of_ownership: Option<Name>,
}

/// Why a zone is not a catalog. At fault: who writes it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// RFC 9432 section 4.2.1: no TXT at `version`.
    #[error("the catalog has no version")]
    NoVersion,
    /// Several records, or strings, or not 2.
    #[error("the catalog's version is not 2")]
    OtherVersion,
    /// RFC 9432 section 4.3: each member has a label of its own, and one PTR.
    #[error("the catalog has several PTR records at {0}")]
    SeveralAt(Name),
}

/// Reads a catalog. One that is broken is not to be processed at all (RFC 9432 section 5.1).
pub fn read(zone: &Zone) -> Result<Catalog, CatalogError> {
    check_version(zone)?;
    let Ok(zones) = zone.apex().prepend(b"zones") else { return Ok(Catalog::default()) };
    let depth = zones.label_count() + 1;
    let mut catalog = Catalog::default();
    for node in zone.nodes() {
        let owner = node.name();
        let Some(rrset) = node.rrset(RecordType::PTR).filter(|_| owner.is_below(&zones)) else { continue };
        if owner.label_count() != depth {
            // A property; those of a member are looked up below.
            continue;
        }
        let mut names = rrset.rdatas().filter_map(|rdata| Name::from_octets(rdata).ok());
        let (Some(name), None) = (names.next(), names.next()) else {
            return Err(CatalogError::SeveralAt(owner));
        };
        let member = member(zone, &owner);
        catalog.add(name, member);
    }
    Ok(catalog)
}

impl Catalog {
    fn add(&mut self, name: Name, member: Member) {
        match self.members.get(&name) {
            Some(other) => {
                self.duplicates.insert(name.clone());
                if member.label < other.label {
                    self.members.insert(name, member);
                }
            }
            None => {
                self.members.insert(name, member);
            }
        }
    }
}

fn check_version(zone: &Zone) -> Result<(), CatalogError> {
    let name = zone.apex().prepend(b"version").map_err(|_| CatalogError::NoVersion)?;
    let version = zone.rrset(&name, RecordType::TXT).ok_or(CatalogError::NoVersion)?;
    let wanted = [&[VERSION.len() as u8], VERSION].concat();
    match version.rdatas().collect::<Vec<_>>().as_slice() {
        [only] if *only == wanted.as_slice() => Ok(()),
        _ => Err(CatalogError::OtherVersion),
    }
}

fn member(zone: &Zone, owner: &Name) -> Member {
    let property = |label: &[u8], rtype| owner.prepend(label).ok().and_then(|name| zone.rrset(&name, rtype));
    let groups = property(b"group", RecordType::TXT).into_iter().flat_map(|rrset| rrset.rdatas());
    // A group is one string; a record of several is none (section 4.4.2).
    let groups =
        groups.filter_map(|rdata| rdata.split_first().filter(|(length, rest)| usize::from(**length) == rest.len()));
    let owners = property(b"coo", RecordType::PTR).into_iter().flat_map(|rrset| rrset.rdatas());
    let mut owners = owners.filter_map(|rdata| Name::from_octets(rdata).ok());
    Member {
        label: owner.labels().next().unwrap_or_default().to_ascii_lowercase().into(),
        groups: groups.map(|(_, group)| group.into()).collect(),
        // Several are as good as none (section 4.4.1).
        change_of_ownership: owners.next().filter(|_| owners.next().is_none()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::zone;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn members(zone: &Zone) -> Vec<String> {
        read(zone).unwrap().members.keys().map(ToString::to_string).collect()
    }

    #[test]
    fn written_and_read() {
        let names = ["b.example", "A.example", "catalog.invalid"].map(name);
        let catalog = write(&name("catalog.invalid"), Serial(7), &names).unwrap();
        assert_eq!(catalog.serial(), Serial(7));
        assert_eq!(members(&catalog), ["A.example.", "b.example."]);
        // The same zone has the same label, whoever else is there and however it is spelled.
        let again = write(&name("catalog.invalid"), Serial(8), &[name("a.EXAMPLE")]).unwrap();
        let label = |zone: &Zone| read(zone).unwrap().members[&name("a.example")].label.clone();
        assert_eq!(label(&catalog), label(&again));
        assert_eq!(members(&write(&name("c"), Serial(1), &[]).unwrap()), Vec::<String>::new());
    }

    #[test]
    fn the_example_of_the_rfc_with_properties() {
        let catalog = zone(
            "catz.invalid",
            "version 0 TXT 2
             unique-1.zones 0 PTR example.com.
             group.unique-1.zones 0 TXT nodnssec
             coo.unique-1.zones 0 PTR newcatz.
             unique-2.zones 0 PTR example.net.
             *.foo.unique-2.zones 0 PTR example.org.
             zones 0 PTR example.edu.
             bar.ext 0 TXT whatever",
        );
        let read = read(&catalog).unwrap();
        assert_eq!(members(&catalog), ["example.com.", "example.net."]);
        let member = &read.members[&name("example.com")];
        assert_eq!(&*member.label, b"unique-1");
        assert!(member.groups.contains(b"nodnssec".as_slice()));
        assert_eq!(member.change_of_ownership, Some(name("newcatz")));
    }

    #[test]
    fn broken_catalogs() {
        let error = |lines: &str| read(&zone("catz.invalid", lines)).unwrap_err();
        assert_eq!(error("a.zones 0 PTR example."), CatalogError::NoVersion);
        assert_eq!(error("version 0 TXT 1"), CatalogError::OtherVersion);
        assert_eq!(error("version 0 TXT 2\nversion 0 TXT 3"), CatalogError::OtherVersion);
        let twice = zone("catz.invalid", "version 0 TXT 2\nb.zones 0 PTR x.\na.zones 0 PTR X.\nc.zones 0 PTR x.");
        let read = read(&twice).unwrap();
        assert_eq!((&*read.members[&name("x")].label, read.duplicates.len()), (b"a".as_slice(), 1));
        let two = "version 0 TXT 2\na.zones 0 PTR x.\na.zones 0 PTR y.";
        assert!(matches!(error(two), CatalogError::SeveralAt(_)));
    }
}
