//! Zones that catalogs list (RFC 9432 section 5): they come and go with their entry.

use std::collections::BTreeMap;

use super::{Moment, Origin, Primary, Secondary, Trouble};
use crate::catalog::{self, Catalog};
use crate::name::Name;

/// Where a zone is listed.
struct Listed {
    catalog: Name,
    label: Box<[u8]>,
    primaries: Vec<Primary>,
}

impl Secondary {
    /// Makes the members what the catalogs list. The members of a catalog that is broken, or did not come yet, stay.
    pub(super) fn read_catalogs(&mut self, moment: &mut Moment<'_>) {
        let catalogs = self.catalogs();
        let listed = self.listed(&catalogs);
        let unread = |catalog: &Name| {
            self.zones.get(catalog).is_some_and(|life| life.origin == Origin::Catalog)
                && !catalogs.contains_key(catalog)
        };
        let mut removed = vec![];
        for (apex, life) in &self.zones {
            let Origin::Member { catalog, label } = &life.origin else { continue };
            let stays = listed.get(apex).is_some_and(|listed| listed.label == *label) || unread(catalog);
            if !stays {
                removed.push(apex.clone());
            }
        }
        for apex in removed {
            self.remove(&apex, moment);
        }
        for (apex, Listed { catalog, label, primaries }) in listed {
            match self.zones.get_mut(&apex) {
                None => {
                    self.add(apex, Origin::Member { catalog, label }, primaries, moment);
                }
                Some(life) => match &life.origin {
                    // Section 4.4.1: the state stays when the label does.
                    Origin::Member { catalog: owner, .. } if *owner != catalog => {
                        (life.origin, life.primaries, life.preferred) =
                            (Origin::Member { catalog, label }, primaries, 0);
                    }
                    Origin::Member { .. } => {}
                    // NOTIFY of it came before the catalog did; from now on it goes when its entry does.
                    Origin::Notified => {
                        (life.origin, life.primaries, life.preferred) =
                            (Origin::Member { catalog, label }, primaries, 0);
                    }
                    _ => self.trouble(&catalog, None, Trouble::Clash(apex)),
                },
            }
        }
    }

    /// The catalogs that are there and make sense.
    fn catalogs(&mut self) -> BTreeMap<Name, (Catalog, Vec<Primary>)> {
        let (mut read, mut broken) = (BTreeMap::new(), vec![]);
        for (apex, life) in self.zones.iter().filter(|(_, life)| life.origin == Origin::Catalog) {
            let Some(zone) = &life.zone else { continue };
            match catalog::read(zone) {
                Ok(catalog) => {
                    read.insert(apex.clone(), (catalog, life.primaries.clone()));
                }
                Err(error) => broken.push((apex.clone(), error)),
            }
        }
        for (apex, error) in broken {
            self.trouble(&apex, None, Trouble::Catalog(error));
        }
        read
    }

    /// What is listed, each zone in one catalog: the one that has it keeps it unless it lets go (section 4.4.1).
    fn listed(&self, catalogs: &BTreeMap<Name, (Catalog, Vec<Primary>)>) -> BTreeMap<Name, Listed> {
        let mut all: BTreeMap<Name, Listed> = BTreeMap::new();
        for (catalog, (content, primaries)) in catalogs {
            for (apex, member) in content.members.iter().filter(|(apex, _)| !catalogs.contains_key(*apex)) {
                let keeps = all.get(apex).is_some_and(|other| !self.passes_on(catalogs, apex, &other.catalog, catalog));
                if !keeps {
                    let (catalog, label) = (catalog.clone(), member.label.clone());
                    all.insert(apex.clone(), Listed { catalog, label, primaries: primaries.clone() });
                }
            }
        }
        all
    }

    /// Whether a zone that two catalogs list belongs to `to` rather than to `from`.
    fn passes_on(
        &self,
        catalogs: &BTreeMap<Name, (Catalog, Vec<Primary>)>,
        apex: &Name,
        from: &Name,
        to: &Name,
    ) -> bool {
        let lets_go = |catalog: &Name, other: &Name| {
            let member = catalogs.get(catalog).and_then(|(content, _)| content.members.get(apex));
            member.and_then(|member| member.change_of_ownership.as_ref()) == Some(other)
        };
        let owner = self.zones.get(apex).and_then(|life| match &life.origin {
            Origin::Member { catalog, .. } => Some(catalog),
            _ => None,
        });
        lets_go(from, to) || (owner == Some(to) && !lets_go(to, from))
    }
}
