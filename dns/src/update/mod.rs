//! UPDATE (RFC 2136): a message and a zone set → the zones that change, or an RCODE with a reason.
//!
//! As in MirageOS, the zone section need not name an apex: it may be a host below one or, up to the root, a name above
//! several zones. Every name of the update must be at or below it and is changed in the zone that holds it. An SOA for
//! a name that no zone holds makes a zone. Otherwise the RFC wins; in particular, nothing here removes a zone.

mod apply;
mod draft;
mod prerequisite;
mod prescan;

use std::collections::HashMap;

use crate::message::{Message, MessageRecord, Rcode};
use crate::name::Name;
use crate::record_type::{Class, RecordType};
use crate::transfer::Difference;
use crate::zone::Zone;
use crate::zone_set::ZoneSet;

use draft::Draft;
use prescan::Command;

/// What is allowed beyond what the RFC says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether an update may make zones. The rights to every name in them are asked for as for any other.
    pub allow_zone_creation: bool,
    /// Records in the prerequisite and update sections together, at most.
    pub max_records: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options { allow_zone_creation: true, max_records: 4096 }
    }
}

/// What an update that was carried out comes to.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The zones that change, in canonical order; none when all was so already.
    pub changes: Vec<ZoneChange>,
    /// What RFC 2136 says to ignore in silence, in words for the log.
    pub ignored: Vec<String>,
}

/// A zone before and after an update.
#[derive(Clone, Debug)]
pub struct ZoneChange {
    /// Its apex.
    pub apex: Name,
    /// None for a zone that the update made.
    pub before: Option<Zone>,
    /// With a newer serial.
    pub after: Zone,
    /// What `before` lacks and what it has too much; the SOA first.
    pub difference: Difference,
}

/// Why nothing of an update was carried out. At fault: the peer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Rejection {
    /// What the peer is told.
    pub rcode: Rcode,
    /// The record and what is wrong with it, for the log.
    pub reason: String,
}

/// Carries out an update, all of it or nothing (RFC 2136 section 3). `may` says whether the sender may change a name.
pub fn run(
    zones: &ZoneSet,
    request: &Message,
    may: &dyn Fn(&Name) -> bool,
    options: &Options,
) -> Result<Outcome, Rejection> {
    let (prerequisites, updates) = (&request.answers, &request.authorities);
    let scope = zone_section(request)?;
    let places = Places { zones, created: created(zones, updates, options) };
    places.check_scope(scope)?;
    if prerequisites.len() + updates.len() > options.max_records {
        let reason = format!("more than {} records in one update", options.max_records);
        return Err(Rejection { rcode: Rcode::REFUSED, reason });
    }
    prerequisite::check(&places, scope, prerequisites)?;
    // Before the rights, as BIND does: a name in the wrong place gets NOTZONE, whoever asks.
    let commands = prescan::prescan(&places, scope, updates)?;
    check_rights(scope, updates, may)?;
    carry_out(&places, commands)
}

/// RFC 2136 section 3.1.1: one zone, type SOA.
fn zone_section(request: &Message) -> Result<&Name, Rejection> {
    let reject = |rcode, reason: &str| Err(Rejection { rcode, reason: reason.to_owned() });
    match request.questions.as_slice() {
        [zone] if zone.rtype != RecordType::SOA => reject(Rcode::FORMERR, "the zone section's type is not SOA"),
        [zone] if zone.class != Class::IN => reject(Rcode::NOTAUTH, "the zone section's class is not IN"),
        [zone] => Ok(&zone.name),
        _ => reject(Rcode::FORMERR, "the zone section does not name one zone"),
    }
}

/// RFC 2136 section 3.3: REFUSED, as BIND answers (MirageOS and Knot answer NOTAUTH).
fn check_rights(scope: &Name, updates: &[MessageRecord], may: &dyn Fn(&Name) -> bool) -> Result<(), Rejection> {
    let nothing = (updates.is_empty() && !may(scope)).then_some(scope);
    let forbidden = nothing.or_else(|| updates.iter().map(|record| &record.owner).find(|name| !may(name)));
    match forbidden {
        Some(name) => Err(Rejection { rcode: Rcode::REFUSED, reason: format!("no right to update {name}") }),
        None => Ok(()),
    }
}

/// Apexes of the zones that the update makes: it adds an SOA where no zone is.
fn created(zones: &ZoneSet, updates: &[MessageRecord], options: &Options) -> Vec<Name> {
    let is_made = |record: &&MessageRecord| {
        record.class == Class::IN && record.rtype == RecordType::SOA && zones.find(&record.owner).is_none()
    };
    let mut apexes: Vec<Name> = match options.allow_zone_creation {
        true => updates.iter().filter(is_made).map(|record| record.owner.clone()).collect(),
        false => Vec::new(),
    };
    apexes.sort();
    apexes.dedup();
    apexes
}

fn carry_out(places: &Places<'_>, commands: Vec<Command>) -> Result<Outcome, Rejection> {
    let mut drafts: HashMap<Name, Draft> = HashMap::new();
    let mut outcome = Outcome::default();
    for command in commands {
        let Some(apex) = places.apex_of(command.owner(), command.rtype()) else {
            return Err(not_zone(&command));
        };
        let before = || places.zones.get(&apex).cloned();
        let draft = drafts.entry(apex.clone()).or_insert_with(|| Draft::new(apex.clone(), before()));
        let what = command.to_string();
        if let Err(ignored) = apply::apply(draft, command) {
            outcome.ignored.push(format!("{what}: {ignored}"));
        }
    }
    let mut drafts: Vec<Draft> = drafts.into_values().collect();
    drafts.sort_by(|a, b| a.apex().cmp(b.apex()));
    for draft in drafts {
        outcome.changes.extend(draft.finish()?);
    }
    Ok(outcome)
}

fn not_zone(what: &dyn std::fmt::Display) -> Rejection {
    Rejection { rcode: Rcode::NOTZONE, reason: format!("{what}: no zone holds this name") }
}

/// Where names are: in our zones, or in those that the update makes.
struct Places<'a> {
    zones: &'a ZoneSet,
    created: Vec<Name>,
}

impl Places<'_> {
    /// NOTAUTH unless a zone is at, above or below the name of the zone section.
    fn check_scope(&self, scope: &Name) -> Result<(), Rejection> {
        let below = || self.zones.iter().any(|zone| zone.apex().is_at_or_below(scope));
        if self.zones.find(scope).is_some() || !self.created.is_empty() || below() {
            return Ok(());
        }
        Err(Rejection { rcode: Rcode::NOTAUTH, reason: format!("{scope} is no zone of ours, nor above or below one") })
    }

    /// The zone of ours that holds the records of `rtype` at `owner`: that of the deepest apex, but the one above it
    /// for DS (RFC 4035 section 3.1.4.1).
    fn zone_of(&self, owner: &Name, rtype: RecordType) -> Option<&Zone> {
        let zone = self.zones.find(owner)?;
        let above = || owner.parent().and_then(|parent| self.zones.find(&parent));
        match rtype == RecordType::DS && zone.apex() == owner {
            true => above().or(Some(zone)),
            false => Some(zone),
        }
    }

    /// As [`Places::zone_of`], zones in the making included; those are below no zone of ours.
    fn apex_of(&self, owner: &Name, rtype: RecordType) -> Option<Name> {
        if let Some(zone) = self.zone_of(owner, rtype) {
            return Some(zone.apex().clone());
        }
        let above = self.created.iter().filter(|apex| owner.is_at_or_below(apex));
        above.max_by_key(|apex| apex.label_count()).cloned()
    }
}

/// How a record of the prerequisite or update section is called in a reason.
fn describe(record: &MessageRecord) -> String {
    format!("{} {} {}", record.owner, record.class, record.rtype)
}

fn reject(rcode: Rcode, record: &MessageRecord, why: &str) -> Rejection {
    Rejection { rcode, reason: format!("{}: {why}", describe(record)) }
}

#[cfg(test)]
mod tests;
