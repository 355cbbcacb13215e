//! What becomes of each entry, and behind which one new records go.
//!
//! A new record goes behind the last one of its RRset, else of its owner, else of its owner's nearest ancestor below
//! the apex, else to the end of the zone's file.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use super::{Change, Fate, records_of};
use crate::name::Name;
use crate::rdata::canonical_cmp;
use crate::record::Record;
use crate::record_type::RecordType;
use crate::transfer::difference::Difference;
use crate::zone::Zone;
use crate::zonefile::chunk::owner_hash;
use crate::zonefile::document::{Document, EditError};
use crate::zonefile::view::View;

/// The changes of a chunk by entry; [`END`] is behind all of them.
pub type Planned = BTreeMap<usize, Change>;
/// The place behind all entries of a chunk.
pub const END: usize = usize::MAX;

/// An entry's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Place {
    file: usize,
    chunk: usize,
    entry: usize,
}

/// A record where it stands.
#[derive(Clone, Debug)]
struct Hit {
    place: Place,
    record: Record,
    /// Which record of its `$GENERATE` it is.
    generated: Option<usize>,
}

/// What becomes of a record: which one of the RRset's, with which TTL; none when it goes.
#[derive(Clone, Debug)]
enum Outcome {
    Stays(u32),
    Becomes(Record),
    Goes,
}

type Key = (Name, RecordType);

/// All changes of an edit.
pub struct Plan {
    changes: HashMap<(usize, usize), Planned>,
    views: HashMap<(usize, usize), Rc<View>>,
    hits: HashMap<Key, Vec<Hit>>,
    /// The last entry of an owner.
    last: HashMap<Name, Place>,
    /// What becomes of records of `$GENERATE`, by entry and number; none for those that go.
    generated: HashMap<Place, HashMap<usize, Option<u32>>>,
}

impl Plan {
    /// Plans what makes `document` say `after`, which `difference` led to.
    pub fn make(document: &Document, after: &Zone, difference: &Difference) -> Result<Plan, EditError> {
        let changed = || difference.removed.iter().chain(&difference.added);
        let touched: BTreeSet<Key> = changed().map(|record| (record.owner.clone(), record.rtype)).collect();
        let (changes, views, hits) = (HashMap::new(), HashMap::new(), HashMap::new());
        let mut plan = Plan { changes, views, hits, last: HashMap::new(), generated: HashMap::new() };
        plan.find(document, touched.iter().map(|(owner, _)| owner.clone()).collect())?;
        plan.check(difference)?;
        for key in &touched {
            plan.rrset(document, after, key)?;
        }
        plan.expand()?;
        Ok(plan)
    }

    /// The changes of a chunk.
    pub fn take(&mut self, file: usize, chunk: usize) -> Planned {
        self.changes.remove(&(file, chunk)).unwrap_or_default()
    }

    /// The entries of a chunk; each chunk is read once.
    pub fn view(&mut self, document: &Document, file: usize, chunk: usize) -> Result<Rc<View>, EditError> {
        if let Some(view) = self.views.get(&(file, chunk)) {
            return Ok(view.clone());
        }
        let view = Rc::new(document.view(file, chunk)?);
        self.views.insert((file, chunk), view.clone());
        Ok(view)
    }

    /// Finds the records of these owners.
    fn find(&mut self, document: &Document, owners: HashSet<Name>) -> Result<(), EditError> {
        let hashes: Vec<[u8; 3]> = owners.iter().map(|owner| owner_hash(owner.as_octets())).collect();
        for (file, text) in document.files.iter().enumerate() {
            for (chunk, content) in text.chunks.iter().enumerate() {
                if !hashes.iter().any(|hash| content.may_hold(*hash)) {
                    continue;
                }
                let view = self.view(document, file, chunk)?;
                for (entry, line) in view.entries.iter().enumerate() {
                    let place = Place { file, chunk, entry };
                    let records = records_of(&line.meaning);
                    for (number, record) in
                        records.iter().enumerate().filter(|(_, record)| owners.contains(&record.owner))
                    {
                        let generated =
                            matches!(line.meaning, crate::zonefile::view::Meaning::Generate(..)).then_some(number);
                        let hit = Hit { place, record: record.clone(), generated };
                        self.last.insert(record.owner.clone(), place);
                        self.hits.entry((record.owner.clone(), record.rtype)).or_default().push(hit);
                    }
                }
            }
        }
        Ok(())
    }

    /// What is to go must be there.
    fn check(&self, difference: &Difference) -> Result<(), EditError> {
        for record in &difference.removed {
            let hits = self.hits.get(&(record.owner.clone(), record.rtype));
            if !hits.is_some_and(|hits| hits.iter().any(|hit| same(&hit.record, record))) {
                return Err(EditError::OutOfStep { owner: record.owner.clone(), rtype: record.rtype });
            }
        }
        Ok(())
    }

    fn rrset(&mut self, document: &Document, after: &Zone, key: &Key) -> Result<(), EditError> {
        let (owner, rtype) = key;
        let target = after.rrset(owner, *rtype).map(|rrset| rrset.records(owner)).unwrap_or_default();
        let hits = self.hits.get(key).cloned().unwrap_or_default();
        let Outcomes { outcomes, added } = outcomes(&hits, &target);
        for (hit, outcome) in hits.iter().zip(&outcomes) {
            self.settle(hit, outcome);
        }
        if !added.is_empty() {
            let place = self.place(document, after.apex(), owner, &hits, &outcomes)?;
            self.change(place).added.extend(added);
        }
        Ok(())
    }

    fn change(&mut self, place: Place) -> &mut Change {
        self.changes.entry((place.file, place.chunk)).or_default().entry(place.entry).or_default()
    }

    fn settle(&mut self, hit: &Hit, outcome: &Outcome) {
        if let Some(number) = hit.generated {
            let ttl = match outcome {
                Outcome::Stays(ttl) => Some(*ttl),
                Outcome::Becomes(_) | Outcome::Goes => None,
            };
            if ttl != Some(hit.record.ttl) {
                self.generated.entry(hit.place).or_default().insert(number, ttl);
            }
            return;
        }
        let fate = match outcome {
            Outcome::Stays(ttl) if *ttl == hit.record.ttl => return,
            Outcome::Stays(ttl) => Fate::Ttl(*ttl),
            Outcome::Becomes(record) => Fate::Become(record.clone()),
            Outcome::Goes => Fate::Go,
        };
        self.change(hit.place).fate = fate;
    }

    /// Behind which entry new records of `owner` go.
    fn place(
        &mut self,
        document: &Document,
        apex: &Name,
        owner: &Name,
        hits: &[Hit],
        outcomes: &[Outcome],
    ) -> Result<Place, EditError> {
        let stays = |(hit, outcome): (&Hit, &Outcome)| (!matches!(outcome, Outcome::Goes)).then_some(hit.place);
        let last = hits.iter().zip(outcomes).filter_map(stays).next_back().or(hits.last().map(|hit| hit.place));
        if let Some(place) = last.or_else(|| self.last.get(owner).copied()) {
            return Ok(place);
        }
        let mut ancestor = owner.parent();
        while let Some(name) = ancestor.filter(|name| name.is_below(apex)) {
            if let Some(place) = self.last_of(document, &name)? {
                return Ok(place);
            }
            ancestor = name.parent();
        }
        Ok(Place { file: 0, chunk: document.files[0].chunks.len() - 1, entry: END })
    }

    /// The last entry of a name whose records do not change.
    fn last_of(&mut self, document: &Document, name: &Name) -> Result<Option<Place>, EditError> {
        let hash = owner_hash(name.as_octets());
        for (file, text) in document.files.iter().enumerate().rev() {
            for (chunk, _) in text.chunks.iter().enumerate().rev().filter(|(_, chunk)| chunk.may_hold(hash)) {
                let view = self.view(document, file, chunk)?;
                let owns = |record: &Record| record.owner == *name;
                if let Some(entry) = view.entries.iter().rposition(|line| records_of(&line.meaning).iter().any(owns)) {
                    return Ok(Some(Place { file, chunk, entry }));
                }
            }
        }
        Ok(None)
    }

    /// A `$GENERATE` one of whose records changes becomes explicit records.
    fn expand(&mut self) -> Result<(), EditError> {
        for (place, numbers) in std::mem::take(&mut self.generated) {
            let Some(view) = self.views.get(&(place.file, place.chunk)).cloned() else { continue };
            let record = |(number, record): (usize, &Record)| match numbers.get(&number) {
                Some(None) => None,
                Some(Some(ttl)) => Some(Record { ttl: *ttl, ..record.clone() }),
                None => Some(record.clone()),
            };
            let records =
                records_of(&view.entries[place.entry].meaning).iter().enumerate().filter_map(record).collect();
            self.change(place).fate = Fate::Expand(records);
        }
        Ok(())
    }
}

struct Outcomes {
    outcomes: Vec<Outcome>,
    added: Vec<Record>,
}

/// What becomes of the records of an RRset, where `target` is what the RRset shall be.
fn outcomes(hits: &[Hit], target: &[Record]) -> Outcomes {
    let exact = |hit: &Hit, record: &Record| hit.record.rdata == record.rdata;
    let mut missing: Vec<&Record> = target.iter().filter(|record| !hits.iter().any(|hit| exact(hit, record))).collect();
    let ttl = target.first().map_or(0, |record| record.ttl);
    // A copy of a record that stays may stay too, also when only the case of its names differs.
    let stays = |hit: &Hit| {
        let kept = |record: &&Record| !missing.iter().any(|missing| std::ptr::eq(*missing, *record));
        target.iter().filter(kept).any(|record| same(record, &hit.record))
    };
    let staying: Vec<bool> = hits.iter().map(stays).collect();
    let one_file = hits.windows(2).all(|pair| pair[0].place.file == pair[1].place.file);
    let first_rules =
        one_file && staying.first() == Some(&true) && hits.first().is_some_and(|hit| hit.record.ttl == ttl);
    let mut outcomes = Vec::with_capacity(hits.len());
    for (hit, stays) in hits.iter().zip(staying) {
        outcomes.push(match stays {
            true if first_rules => Outcome::Stays(hit.record.ttl),
            true => Outcome::Stays(ttl),
            false if hit.generated.is_none() && !missing.is_empty() => Outcome::Becomes(missing.remove(0).clone()),
            false => Outcome::Goes,
        });
    }
    Outcomes { outcomes, added: missing.into_iter().cloned().collect() }
}

fn same(a: &Record, b: &Record) -> bool {
    a.rtype == b.rtype && canonical_cmp(a.rtype, a.rdata.as_octets(), b.rdata.as_octets()).is_eq()
}
