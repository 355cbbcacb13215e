//! The catalog zone (RFC 9432) of what is in the repository, which is a zone file of the repository like any other.
//!
//! Its only author need not be us: labels, groups and other properties that somebody wrote into it stay, since a change
//! adds and removes members and nothing else. A zone whose file is broken stays a member, so that a typo deletes no
//! zone from the secondaries.

use std::collections::BTreeSet;

use dns::catalog::{self, CatalogError as Misread};
use dns::transfer::Difference;
use dns::update::ZoneChange;
use dns::zone::{Zone, ZoneProblem};
use dns::{Name, Rdata, Record, RecordType, Serial};

use super::{Content, Repository};

/// Why the catalog cannot follow the repository.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// At fault: who pushed the file.
    #[error("{apex} is not changed: {misread}")]
    NoCatalog {
        /// The catalog's name.
        apex: Name,
        /// What is wrong with it.
        misread: Misread,
    },
    /// At fault: who pushed the file.
    #[error("{0} is not changed: its file cannot be read as a zone")]
    Unreadable(Name),
    /// At fault: the operator, whose name for the catalog is too long.
    #[error("{apex} cannot be a catalog: {problem:?}")]
    Name {
        /// The catalog's name.
        apex: Name,
        /// What is wrong with it.
        problem: Box<ZoneProblem>,
    },
}

impl Repository {
    /// Whether `zone` is served and in the catalog under the label that we give: a glance, where
    /// [`Repository::catalog_change`] reads all of it.
    pub fn is_in_catalog(&self, catalog: &Name, zone: &Name) -> bool {
        let listed = || {
            let owner = owner(catalog, zone)?;
            self.written.get(catalog)?.rrset(&owner, RecordType::PTR)
        };
        self.zones.get(zone).is_some() && listed().is_some()
    }

    /// The change that makes the catalog `apex` list the zones that are here; none when it does. A catalog that does
    /// not exist yet begins with the serial `first`.
    pub fn catalog_change(&self, apex: &Name, first: Serial) -> Result<Option<ZoneChange>, CatalogError> {
        match self.zone_file(apex).map(|file| &file.content) {
            None => self.new_catalog(apex, first).map(Some),
            Some(Content::Zone { zone, .. }) => self.changed_catalog(zone),
            Some(Content::Broken | Content::Ignored) => Err(CatalogError::Unreadable(apex.clone())),
        }
    }

    fn new_catalog(&self, apex: &Name, first: Serial) -> Result<ZoneChange, CatalogError> {
        let members = self.zones.iter().map(Zone::apex);
        let after = catalog::write(apex, first, members)
            .map_err(|problem| CatalogError::Name { apex: apex.clone(), problem: Box::new(problem) })?;
        let difference = Difference { removed: vec![], added: after.records().collect() };
        Ok(ZoneChange { apex: apex.clone(), before: None, after, difference })
    }

    fn changed_catalog(&self, zone: &Zone) -> Result<Option<ZoneChange>, CatalogError> {
        let apex = zone.apex();
        let listed =
            catalog::read(zone).map_err(|misread| CatalogError::NoCatalog { apex: apex.clone(), misread })?.members;
        let wanted = self.zones.iter().map(Zone::apex).filter(|member| *member != apex && !listed.contains_key(member));
        let mut added: Vec<Record> = wanted.filter_map(|member| member_record(apex, member)).collect();
        let gone = listed.iter().filter(|(member, _)| !self.has_file(member) || *member == apex);
        let labels: BTreeSet<&[u8]> = gone.map(|(_, member)| &*member.label).collect();
        let mut removed = records_of_members(zone, &labels);
        if added.is_empty() && removed.is_empty() {
            return Ok(None);
        }
        let soa = zone.soa_record();
        let next = dns::Soa { serial: zone.serial().next(), ..zone.soa() };
        added.insert(0, Record { rdata: next.encode(), ..soa.clone() });
        removed.insert(0, soa);
        let difference = Difference { removed, added };
        let after = zone.apply(&difference).map_err(|_| CatalogError::Unreadable(apex.clone()))?;
        Ok(Some(ZoneChange { apex: apex.clone(), before: Some(zone.clone()), after, difference }))
    }

    /// Whether there is a file for a zone, be it broken.
    fn has_file(&self, apex: &Name) -> bool {
        self.zone_file(apex).is_some_and(|file| !matches!(file.content, Content::Ignored))
    }
}

fn owner(catalog: &Name, member: &Name) -> Option<Name> {
    catalog.prepend(b"zones").ok()?.prepend(catalog::unique_label(member).as_bytes()).ok()
}

fn member_record(catalog: &Name, member: &Name) -> Option<Record> {
    let rdata = Rdata::from_octets(RecordType::PTR, member.as_octets()).ok()?;
    Some(Record { owner: owner(catalog, member)?, rtype: RecordType::PTR, ttl: 0, rdata })
}

/// The records of the members with these labels, their properties included.
fn records_of_members(zone: &Zone, labels: &BTreeSet<&[u8]>) -> Vec<Record> {
    let Some(zones) = zone.apex().prepend(b"zones").ok().filter(|_| !labels.is_empty()) else { return vec![] };
    let depth = zones.label_count() + 1;
    let is_of_one = |owner: &Name| {
        let above = owner.label_count().checked_sub(depth).filter(|_| owner.is_below(&zones));
        let label = above.and_then(|above| owner.labels().nth(above)).map(<[u8]>::to_ascii_lowercase);
        label.is_some_and(|label| labels.contains(label.as_slice()))
    };
    zone.records().filter(|record| is_of_one(&record.owner)).collect()
}
