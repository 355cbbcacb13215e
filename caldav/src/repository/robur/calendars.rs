//! Calendars of robur's server, one flat folder for all, become calendars of their owners.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;

use super::acl::{self, Entry, Principal, Rule};
use super::layout::{Described, File, Folder};
use super::migration::Migration;
use super::principals::{People, ROOT, report_grants};
use super::{Properties, properties};
use crate::repository::collection::{CALENDAR_FILE, CollectionFile, DeadProperty, Grantee, Share};
use crate::repository::names::{self, NameError, folded};
use crate::webdav::names::{CALDAV, DAV};

/// Who owns what nobody owns, where there is no root.
const NOBODY: &str = "admin";

/// Puts every calendar where its owner is.
pub(super) fn translate(migration: &mut Migration, calendars: &Folder, people: &People) {
    migration.drop_prop(calendars);
    migration.set_aside_files(calendars);
    report_grants(migration, &calendars.path, &calendars.properties.properties());
    let mut translation = Translation { migration, people, taken: BTreeSet::new() };
    for folder in &calendars.folders {
        translation.folder(folder, "");
    }
}

struct Translation<'a> {
    migration: &'a mut Migration,
    people: &'a People,
    /// Owners and calendars, folded.
    taken: BTreeSet<(String, String)>,
}

impl Translation<'_> {
    /// Calendars inside calendars stand beside them afterwards.
    fn folder(&mut self, folder: &Folder, above: &str) {
        let name = if above.is_empty() { folder.name().to_owned() } else { format!("{above}-{}", folder.name()) };
        let is_calendar =
            folder.properties.properties().is_a(CALDAV, "calendar") || folder.files.iter().any(File::is_calendar);
        match is_calendar {
            true => self.calendar(folder, &name),
            false => self.other(folder),
        }
        for inner in &folder.folders {
            self.folder(inner, &name);
        }
    }

    /// A folder that only holds others; what it says is kept where it cannot be translated.
    fn other(&mut self, folder: &Folder) {
        self.migration.set_aside_files(folder);
        let file = properties::of_calendar(&folder.properties.properties());
        match &folder.properties {
            Described::Badly(error) => {
                self.migration.problem(format!("{}: {error}", folder.prop()));
                self.migration.set_aside(folder.prop());
            }
            Described::Well(_) if !file.properties.is_empty() => {
                self.migration.problem(format!("{} is no calendar; its properties are not translated", folder.path));
                self.migration.set_aside(folder.prop());
            }
            _ => self.migration.drop_prop(folder),
        }
    }

    fn calendar(&mut self, folder: &Folder, name: &str) {
        let properties = folder.properties.properties();
        let entries = acl::entries(&properties);
        let owner = self.owner(folder, &entries);
        let name = match self.free_name(&owner, name) {
            Ok(name) => name,
            Err(error) => {
                self.migration.problem(format!("{}: {error}", folder.path));
                return self.migration.set_aside_folder(folder);
            }
        };
        let target = format!("calendars/{owner}/{name}");
        let mut file = properties::of_calendar(&properties);
        file.shares = self.shares(folder, &entries, &owner);
        let objects = self.objects(folder, &target, &owner, &mut file);
        if let Described::Badly(error) = &folder.properties {
            self.migration.problem(format!("{}: {error}; only {owner} sees the calendar", folder.prop()));
            self.migration.set_aside(folder.prop());
        } else {
            self.migration.drop_prop(folder);
        }
        self.migration.set_aside_strays(folder);
        self.migration.write(format!("{target}/{CALENDAR_FILE}"), file.write_into(""));
        let shares: String = file.shares.iter().map(describe).collect();
        let plural = if objects == 1 { "" } else { "s" };
        self.migration.report.steps.push(format!("{} to {target}, {objects} object{plural}{shares}", folder.path));
    }

    /// Who may do everything; among several the one of that name, and root last.
    fn owner(&mut self, folder: &Folder, entries: &[Entry]) -> String {
        let may_all = |entry: &Entry| match (&entry.principal, &entry.rule) {
            (Principal::Named(name), Rule::Grant(privileges)) if acl::granted(privileges).is_all => {
                self.people.users.contains_key(name).then(|| name.clone())
            }
            _ => None,
        };
        let mut owners: Vec<String> = entries.iter().filter_map(may_all).collect();
        owners.dedup();
        let namesake = percent_decode_str(folder.name()).decode_utf8_lossy().into_owned();
        if owners.contains(&namesake) {
            return namesake;
        }
        if owners.len() > 1 {
            owners.retain(|owner| owner != ROOT);
        }
        match &owners[..] {
            [owner] => owner.clone(),
            [first, others @ ..] => {
                let others = others.join(", ");
                self.migration.problem(format!("{} has several owners; {first} is now, not {others}", folder.path));
                first.clone()
            }
            [] if self.people.users.contains_key(&namesake) => namesake,
            [] => {
                let owner = if self.people.users.contains_key(ROOT) { ROOT } else { NOBODY };
                self.migration.problem(format!("{} has no owner; {owner} is now", folder.path));
                owner.to_owned()
            }
        }
    }

    fn free_name(&mut self, owner: &str, name: &str) -> Result<String, NameError> {
        let wanted = spelled(name)?;
        let candidates = std::iter::once(wanted.clone()).chain((2..).map(|number| format!("{wanted}-{number}")));
        let free = |name: &String| self.taken.insert((owner.to_owned(), folded(name)));
        let mut candidates = candidates;
        Ok(candidates.find(free).unwrap_or(wanted))
    }

    fn shares(&mut self, folder: &Folder, entries: &[Entry], owner: &str) -> Vec<Share> {
        let mut shares: Vec<Share> = Vec::new();
        for entry in entries {
            let grantee = match &entry.principal {
                Principal::Named(name) if name == owner => continue,
                Principal::Named(name) if self.people.users.contains_key(name) => Some(Grantee::User(name.clone())),
                Principal::Named(name) if self.people.groups.contains_key(name) => Some(Grantee::Group(name.clone())),
                Principal::All => Some(Grantee::Everyone),
                Principal::Named(_) | Principal::Other(_) => None,
            };
            let (Some(grantee), Rule::Grant(privileges)) = (grantee, &entry.rule) else {
                self.migration.problem(format!("{}: {entry} has no counterpart", folder.path));
                continue;
            };
            let granted = acl::granted(privileges);
            if granted.is_less {
                let access = granted.access.map_or("nothing", |access| access.word());
                self.migration.problem(format!("{}: {entry} is {access} here", folder.path));
            }
            let Some(access) = granted.access else { continue };
            match shares.iter_mut().find(|share| share.grantee == grantee) {
                Some(share) => share.access = share.access.max(access),
                None => shares.push(Share { grantee, access }),
            }
        }
        shares
    }

    /// How many there are.
    fn objects(&mut self, folder: &Folder, target: &str, owner: &str, collection: &mut CollectionFile) -> usize {
        let mut names = BTreeSet::new();
        for file in &folder.files {
            let name = spelled(&file.name).ok().filter(|name| file.is_calendar() && names.insert(name.clone()));
            let Some(name) = name else {
                self.migration.problem(format!("{} is no calendar object", file.path));
                self.migration.set_aside_file(file);
                continue;
            };
            self.migration.move_to(file, format!("{target}/{name}"));
            let dead = self.described(file, owner);
            collection.member_properties.extend(dead.into_iter().map(|property| (name.clone(), property)));
        }
        self.migration.report.objects += names.len();
        names.len()
    }

    fn described(&mut self, file: &File, owner: &str) -> Vec<DeadProperty> {
        let mut properties = match &file.properties {
            Described::Nowhere => return Vec::new(),
            Described::Badly(error) => {
                self.migration.problem(format!("{}: {error}", file.prop()));
                self.migration.set_aside(file.prop());
                return Vec::new();
            }
            Described::Well(properties) => properties.clone(),
        };
        self.migration.remove(file.prop());
        if !is_as_its_calendar(&properties, &file.path, owner) {
            self.migration.problem(format!("{} had an access list of its own; now it has its calendar's", file.path));
        }
        // That server calls every file by its path.
        let is_default = |name: &str| name.trim_start_matches('/') == file.path || name == file.name;
        properties.take(DAV, "displayname", |name| is_default(&name.text()).then_some(()));
        properties::dead(&properties)
    }
}

fn is_as_its_calendar(properties: &Properties, path: &str, owner: &str) -> bool {
    let calendar = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    acl::entries(properties).iter().all(|entry| match &entry.rule {
        Rule::Inherited(href) => href.trim_matches('/').ends_with(calendar),
        Rule::Grant(_) => entry.principal == Principal::Named(owner.to_owned()),
        Rule::Deny | Rule::Unknown => false,
    })
}

/// Names there are percent-encoded, as they stand in URLs.
fn spelled(name: &str) -> Result<String, NameError> {
    names::file_name(&percent_decode_str(name).collect::<Vec<u8>>())
}

fn describe(share: &Share) -> String {
    let to = match &share.grantee {
        Grantee::User(name) => name.clone(),
        Grantee::Group(name) => format!("the group {name}"),
        Grantee::Everyone => "everyone".to_owned(),
    };
    format!(", {} for {to}", share.access.word())
}
