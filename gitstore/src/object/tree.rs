//! Trees: one directory of a commit, parsed, immutable, and sharing what it has in common with other versions.
//!
//! The entries lie in chunks. A new version of a directory copies the chunks that change and refers to the others, so
//! that one change among ten thousand files costs one chunk; only the SHA-1 has to see all octets. Children are held,
//! not looked up: what no snapshot reaches any more is freed by itself.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use gix_hash::ObjectId;

use super::delta::Pieces;
use super::tree_octets::compare;
use super::{Blob, Kind, hash_parts};

/// Entries a chunk may hold; past it, it is halved.
const CHUNK: usize = 128;

pub(crate) const MODE_FILE: u32 = 0o100644;
pub(crate) const MODE_EXECUTABLE: u32 = 0o100755;
pub(crate) const MODE_DIRECTORY: u32 = 0o040000;
pub(crate) const MODE_SYMLINK: u32 = 0o120000;
pub(crate) const MODE_SUBMODULE: u32 = 0o160000;

/// One version of one directory.
#[derive(Debug)]
pub(crate) struct Directory {
    id: ObjectId,
    chunks: Vec<Arc<Chunk>>,
    /// The octets as they arrived, where our encoding of the entries gives others (old tools pad modes with zeros).
    verbatim: Option<Bytes>,
    /// Paths below, through all levels; a hostile tree can have more than can be walked.
    paths: u64,
    depth: u32,
}

#[derive(Debug)]
struct Chunk {
    entries: Vec<Entry>,
    encoded: Vec<u8>,
    paths: u64,
    depth: u32,
}

/// One name in a directory.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) mode: u32,
    pub(crate) name: Arc<[u8]>,
    pub(crate) child: Child,
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub(crate) enum Child {
    Directory(Arc<Directory>),
    Blob(Arc<Blob>),
    Submodule(ObjectId),
}

/// A change of one name: what it shall be from now on, if anything.
#[derive(Debug)]
pub(crate) struct NameChange {
    pub(crate) name: Arc<[u8]>,
    pub(crate) entry: Option<(u32, Child)>,
}

/// A directory made from another, and how the one is described by the other.
#[derive(Debug)]
pub(crate) struct Changed {
    pub(crate) directory: Arc<Directory>,
    /// Absent where the base's octets are not those its entries give.
    pub(crate) pieces: Option<Pieces>,
}

impl Directory {
    pub(crate) fn empty() -> Arc<Directory> {
        Arc::new(Directory::from_chunks(Vec::new()))
    }

    fn from_chunks(chunks: Vec<Arc<Chunk>>) -> Directory {
        let length = chunks.iter().map(|chunk| chunk.encoded.len()).sum();
        let id = hash_parts(Kind::Tree, length, chunks.iter().map(|chunk| &chunk.encoded[..]));
        Directory::with_id(id, chunks, None)
    }

    fn with_id(id: ObjectId, chunks: Vec<Arc<Chunk>>, verbatim: Option<Bytes>) -> Directory {
        let paths = chunks.iter().fold(0u64, |sum, chunk| sum.saturating_add(chunk.paths));
        let depth = chunks.iter().map(|chunk| chunk.depth).max().unwrap_or(0) + 1;
        Directory { id, chunks, verbatim, paths, depth }
    }

    /// Builds a foreign tree from its parsed entries, whose children have been found by now.
    pub(crate) fn foreign(id: ObjectId, octets: &Bytes, entries: Vec<Entry>) -> Directory {
        let mut chunks = Vec::with_capacity(entries.len() / CHUNK + 1);
        push_chunks(&mut chunks, entries);
        let ours = chunks.iter().flat_map(|chunk: &Arc<Chunk>| chunk.encoded.iter());
        let verbatim = if ours.eq(octets.iter()) { None } else { Some(octets.clone()) };
        Directory::with_id(id, chunks, verbatim)
    }

    pub(crate) fn id(&self) -> ObjectId {
        self.id
    }

    pub(crate) fn paths(&self) -> u64 {
        self.paths
    }

    pub(crate) fn depth(&self) -> u32 {
        self.depth
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.chunks.iter().flat_map(|chunk| chunk.entries.iter())
    }

    /// The object's octets, in one piece.
    pub(crate) fn octets(&self) -> Bytes {
        match &self.verbatim {
            Some(octets) => octets.clone(),
            None => self.chunks.iter().map(|chunk| &chunk.encoded[..]).collect::<Vec<_>>().concat().into(),
        }
    }

    fn octets_len(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.encoded.len()).sum()
    }

    /// The entry of that name, whatever its kind.
    pub(crate) fn find(&self, name: &[u8]) -> Option<&Entry> {
        self.find_as(name, false).or_else(|| self.find_as(name, true))
    }

    fn find_as(&self, name: &[u8], directory: bool) -> Option<&Entry> {
        let chunk = self.chunks.get(chunk_of(&self.chunks, name, directory, |chunk| &chunk.entries))?;
        let at = position(&chunk.entries, name, directory).ok()?;
        chunk.entries.get(at)
    }

    /// This directory with some names changed. Names may come in any order, each once.
    pub(crate) fn with(&self, changes: Vec<NameChange>) -> Changed {
        let mut parts: Vec<Part> = self.chunks.iter().cloned().map(Part::Same).collect();
        for change in changes {
            remove(&mut parts, &change.name, false);
            remove(&mut parts, &change.name, true);
            if let Some((mode, child)) = change.entry {
                insert(&mut parts, Entry { mode, name: change.name, child });
            }
        }
        let pieces = self.verbatim.is_none().then(|| describe(&parts));
        let mut chunks = Vec::with_capacity(parts.len() + 1);
        for part in parts {
            match part {
                Part::Same(chunk) => chunks.push(chunk),
                Part::Changed { entries, .. } => push_chunks(&mut chunks, entries),
            }
        }
        Changed { directory: Arc::new(Directory::from_chunks(chunks)), pieces }
    }

    /// How long the octets are that pieces over this directory refer to.
    pub(crate) fn base_length(&self) -> usize {
        self.octets_len()
    }

    /// Calls `report` for each name that differs, without looking at what both versions share.
    pub(crate) fn differences<'a>(
        before: &'a Directory,
        after: &'a Directory,
        mut report: impl FnMut(Option<&'a Entry>, Option<&'a Entry>),
    ) {
        let (mut old, mut new) = (Walk::new(before), Walk::new(after));
        loop {
            if old.skip_shared(&mut new) {
                continue;
            }
            let order = match (old.peek(), new.peek()) {
                (None, None) => return,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(one), Some(other)) => compare(&one.name, one.is_directory(), &other.name, other.is_directory()),
            };
            let one = if order.is_le() { old.next() } else { None };
            let other = if order.is_ge() { new.next() } else { None };
            if let (Some(one), Some(other)) = (one, other)
                && one.id() == other.id()
                && one.mode == other.mode
            {
                continue;
            }
            report(one, other);
        }
    }
}

impl Entry {
    pub(crate) fn id(&self) -> ObjectId {
        match &self.child {
            Child::Directory(directory) => directory.id,
            Child::Blob(blob) => blob.id,
            Child::Submodule(id) => *id,
        }
    }

    pub(crate) fn is_directory(&self) -> bool {
        matches!(self.child, Child::Directory(_))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("{:o} ", self.mode).as_bytes());
        out.extend_from_slice(&self.name);
        out.push(0);
        out.extend_from_slice(self.id().as_slice());
    }

    fn encoded_len(&self) -> usize {
        let mode_digits = if self.mode >= 0o100000 { 6 } else { 5 };
        mode_digits + 1 + self.name.len() + 1 + 20
    }

    fn paths(&self) -> u64 {
        match &self.child {
            Child::Directory(directory) => directory.paths.saturating_add(1),
            _ => 1,
        }
    }

    fn depth(&self) -> u32 {
        match &self.child {
            Child::Directory(directory) => directory.depth,
            _ => 0,
        }
    }
}

fn position(entries: &[Entry], name: &[u8], directory: bool) -> Result<usize, usize> {
    entries.binary_search_by(|entry| compare(&entry.name, entry.is_directory(), name, directory))
}

/// The chunk in which a name lies or would lie.
fn chunk_of<C>(chunks: &[C], name: &[u8], directory: bool, entries: impl Fn(&C) -> &Vec<Entry>) -> usize {
    let starts_later = |chunk: &C| match entries(chunk).first() {
        Some(first) => compare(&first.name, first.is_directory(), name, directory).is_gt(),
        None => false,
    };
    chunks.partition_point(|chunk| !starts_later(chunk)).saturating_sub(1)
}

/// A chunk while changes are made.
enum Part {
    Same(Arc<Chunk>),
    Changed { origin: Option<Arc<Chunk>>, entries: Vec<Entry> },
}

impl Part {
    fn entries(&self) -> &Vec<Entry> {
        match self {
            Part::Same(chunk) => &chunk.entries,
            Part::Changed { entries, .. } => entries,
        }
    }

    fn entries_mut(&mut self) -> &mut Vec<Entry> {
        if let Part::Same(chunk) = self {
            *self = Part::Changed { origin: Some(chunk.clone()), entries: chunk.entries.clone() };
        }
        match self {
            Part::Changed { entries, .. } => entries,
            Part::Same(_) => unreachable!("a part that is asked to change has just been made changeable"),
        }
    }
}

fn remove(parts: &mut [Part], name: &[u8], directory: bool) {
    let within = part_of(parts, name, directory);
    if let Some(part) = parts.get_mut(within)
        && let Ok(at) = position(part.entries(), name, directory)
    {
        part.entries_mut().remove(at);
    }
}

fn insert(parts: &mut Vec<Part>, entry: Entry) {
    if parts.is_empty() {
        parts.push(Part::Changed { origin: None, entries: Vec::new() });
    }
    let within = part_of(parts, &entry.name, entry.is_directory());
    let part = &mut parts[within];
    if let Err(at) = position(part.entries(), &entry.name, entry.is_directory()) {
        part.entries_mut().insert(at, entry);
    }
    if part.entries().len() > 8 * CHUNK {
        let upper = part.entries_mut().split_off(4 * CHUNK);
        parts.insert(within + 1, Part::Changed { origin: None, entries: upper });
    }
}

/// As [`chunk_of`], among parts of which some may have become empty.
fn part_of(parts: &[Part], name: &[u8], directory: bool) -> usize {
    let (mut low, mut high) = (0, parts.len());
    while low < high {
        let middle = (low + high) / 2;
        // An empty part says nothing: ask the nearest one before it that does.
        let asked = (low..=middle).rev().find(|at| !parts[*at].entries().is_empty());
        let Some(asked) = asked else {
            low = middle + 1;
            continue;
        };
        let first = &parts[asked].entries()[0];
        match compare(&first.name, first.is_directory(), name, directory).is_gt() {
            true => high = asked,
            false => low = middle + 1,
        }
    }
    low.saturating_sub(1)
}

fn push_chunks(chunks: &mut Vec<Arc<Chunk>>, entries: Vec<Entry>) {
    let pieces = entries.len().div_ceil(CHUNK * 2).max(1);
    let size = entries.len().div_ceil(pieces).max(1);
    let mut entries = entries.into_iter().peekable();
    while entries.peek().is_some() {
        let entries: Vec<Entry> = entries.by_ref().take(size).collect();
        let mut encoded = Vec::with_capacity(entries.iter().map(Entry::encoded_len).sum());
        for entry in &entries {
            entry.encode(&mut encoded);
        }
        let paths = entries.iter().fold(0u64, |sum, entry| sum.saturating_add(entry.paths()));
        let depth = entries.iter().map(Entry::depth).max().unwrap_or(0);
        chunks.push(Arc::new(Chunk { entries, encoded, paths, depth }));
    }
}

/// The new octets as runs of the old ones.
fn describe(parts: &[Part]) -> Pieces {
    let mut pieces = Pieces::default();
    let mut base = 0;
    for part in parts {
        match part {
            Part::Same(chunk) => {
                pieces.copy(base, chunk.encoded.len());
                base += chunk.encoded.len();
            }
            Part::Changed { origin, entries } => {
                let old = origin.as_ref().map_or(&[][..], |chunk| &chunk.entries[..]);
                describe_chunk(&mut pieces, base, old, entries);
                base += origin.as_ref().map_or(0, |chunk| chunk.encoded.len());
            }
        }
    }
    pieces
}

fn describe_chunk(pieces: &mut Pieces, mut base: usize, old: &[Entry], new: &[Entry]) {
    let mut old = old.iter().peekable();
    let mut fresh = Vec::new();
    for entry in new {
        let before =
            |kept: &&Entry| compare(&kept.name, kept.is_directory(), &entry.name, entry.is_directory()).is_lt();
        while let Some(gone) = old.next_if(before) {
            base += gone.encoded_len();
        }
        if old.peek().is_some_and(|kept| kept.mode == entry.mode && kept.name == entry.name && kept.id() == entry.id())
        {
            pieces.insert(std::mem::take(&mut fresh).into());
            pieces.copy(base, entry.encoded_len());
        } else {
            entry.encode(&mut fresh);
        }
    }
    pieces.insert(fresh.into());
}

/// A walk over a directory's entries that can step over whole chunks.
struct Walk<'a> {
    chunks: &'a [Arc<Chunk>],
    within: Range<usize>,
}

impl<'a> Walk<'a> {
    fn new(directory: &'a Directory) -> Walk<'a> {
        let mut walk = Walk { chunks: &directory.chunks, within: 0..0 };
        walk.enter();
        walk
    }

    fn enter(&mut self) {
        self.within = 0..self.chunks.first().map_or(0, |chunk| chunk.entries.len());
    }

    fn peek(&self) -> Option<&'a Entry> {
        self.chunks.first().and_then(|chunk| chunk.entries.get(self.within.start))
    }

    fn next(&mut self) -> Option<&'a Entry> {
        let entry = self.peek()?;
        self.within.start += 1;
        if self.within.is_empty() {
            self.chunks = &self.chunks[1..];
            self.enter();
        }
        Some(entry)
    }

    /// Steps both walks over a chunk that they share and both are about to enter.
    fn skip_shared(&mut self, other: &mut Walk<'a>) -> bool {
        let (Some(one), Some(two)) = (self.chunks.first(), other.chunks.first()) else { return false };
        let both_at_start = self.within.start == 0 && other.within.start == 0;
        if !both_at_start || !Arc::ptr_eq(one, two) {
            return false;
        }
        for walk in [self, other] {
            walk.chunks = &walk.chunks[1..];
            walk.enter();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::object::delta::apply;
    use crate::object::tree_octets::decode;

    fn blob(text: &str) -> Child {
        Child::Blob(Arc::new(Blob::new(Bytes::copy_from_slice(text.as_bytes()))))
    }

    fn write(name: &str, text: &str) -> NameChange {
        NameChange { name: name.as_bytes().into(), entry: Some((MODE_FILE, blob(text))) }
    }

    fn names(directory: &Directory) -> Vec<String> {
        directory.entries().map(|entry| crate::error::lossy(&entry.name)).collect()
    }

    #[test]
    fn the_empty_tree_has_gits_id() {
        assert_eq!(Directory::empty().id().to_string(), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
    }

    #[test]
    fn directories_sort_as_if_their_names_ended_in_a_slash() {
        let inner = Directory::empty().with(vec![write("x", "x")]).directory;
        let directory = NameChange { name: b"a"[..].into(), entry: Some((MODE_DIRECTORY, Child::Directory(inner))) };
        let made = Directory::empty().with(vec![write("a.b", ""), directory, write("a0", ""), write("a-", "")]);
        assert_eq!(names(&made.directory), ["a-", "a.b", "a", "a0"]);
        assert!(decode(made.directory.id(), &made.directory.octets()).is_ok());
        assert!(made.directory.find(b"a").unwrap().is_directory());
        let replaced = made.directory.with(vec![write("a", "now a file")]).directory;
        assert_eq!(names(&replaced), ["a", "a-", "a.b", "a0"]);
    }

    #[test]
    fn one_change_among_ten_thousand_is_a_small_delta_and_one_difference() {
        let many = (0..10_000).map(|at| write(&format!("zone{at}.example"), "text")).collect();
        let before = Directory::empty().with(many).directory;
        assert_eq!(before.entries().count(), 10_000);
        let changed = before.with(vec![write("zone4711.example", "other")]);
        let delta = changed.pieces.unwrap().encode(before.base_length());
        assert!(delta.len() < 80, "{} octets", delta.len());
        assert_eq!(apply(&before.octets(), &delta, 1 << 24).unwrap(), changed.directory.octets());
        let mut seen = Vec::new();
        Directory::differences(&before, &changed.directory, |_, after| seen.push(after.unwrap().name.clone()));
        assert_eq!(seen, [Arc::from(&b"zone4711.example"[..])]);
    }

    proptest! {
        #[test]
        fn a_directory_is_what_a_sorted_map_is(rounds in prop::collection::vec(prop::collection::vec((0u16..900, prop::option::of(0u8..3)), 0..400), 1..5)) {
            let mut model = BTreeMap::new();
            let mut directory = Directory::empty();
            for round in rounds {
                let changes: BTreeMap<u16, Option<u8>> = round.into_iter().collect();
                for (name, content) in &changes {
                    match content {
                        Some(content) => model.insert(format!("n{name:04}"), content.to_string()),
                        None => model.remove(&format!("n{name:04}")),
                    };
                }
                let changes = changes.iter().map(|(name, content)| NameChange {
                    name: format!("n{name:04}").as_bytes().into(),
                    entry: content.map(|content| (MODE_FILE, blob(&content.to_string()))),
                });
                let changed = directory.with(changes.collect());
                let delta = changed.pieces.unwrap().encode(directory.base_length());
                prop_assert_eq!(apply(&directory.octets(), &delta, 1 << 24).unwrap(), changed.directory.octets());
                let fresh = Directory::empty().with(model.iter().map(|(name, text)| write(name, text)).collect());
                prop_assert_eq!(changed.directory.id(), fresh.directory.id());
                directory = changed.directory;
            }
        }
    }
}
