//! A change of records as the smallest change of text.
//!
//! First a plan says what becomes of each entry; then the chunks with changes are walked, carrying on what an entry
//! takes from those before it both as it was and as it becomes. Where the two differ, an owner or a TTL is written that
//! was implied.

mod line;
mod plan;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::document::{Document, EditError, Edited, FileChange, Splice, splice};
use super::parser::FileText;
use super::view::{Meaning, View, cut};
use crate::name::Name;
use crate::record::Record;
use crate::record_type::RecordType;
use crate::transfer::difference::Difference;
use crate::zone::Zone;
use plan::Plan;
use walk::{Carried, Walk};

/// Edits `document`, which says what `zone` is.
pub(crate) fn edit(document: &Document, zone: &Zone, difference: &Difference) -> Result<Edited, EditError> {
    let after = zone.apply(difference).map_err(EditError::Zone)?;
    let mut plan = Plan::make(document, &after, difference)?;
    let mut files: Vec<FileText> = Vec::with_capacity(document.files.len());
    let mut changes = Vec::new();
    let mut included: BTreeMap<usize, Carried> = BTreeMap::new();
    for (index, file) in document.files.iter().enumerate() {
        let (chunks, splices) = edit_file(document, index, &mut plan, &mut included)?;
        if !splices.is_empty() {
            changes.push(FileChange { path: file.path.clone(), splices });
        }
        files.push(FileText { path: file.path.clone(), chunks });
    }
    Ok(Edited { document: Document::new(files), changes })
}

type Chunks = Vec<Arc<super::chunk::Chunk>>;

/// The chunks of a file after the plan, and the splices that lead there.
fn edit_file(
    document: &Document,
    file: usize,
    plan: &mut Plan,
    included: &mut BTreeMap<usize, Carried>,
) -> Result<(Chunks, Vec<Splice>), EditError> {
    let chunks = &document.files[file].chunks;
    let mut edited = Vec::with_capacity(chunks.len() + 1);
    let mut splices = Vec::new();
    let mut base = 0;
    let mut carried = included.remove(&file);
    for (index, chunk) in chunks.iter().enumerate() {
        let planned = plan.take(file, index);
        if planned.is_empty() && carried.is_none() {
            edited.push(chunk.clone());
        } else {
            let view = plan.view(document, file, index)?;
            let mut state = chunk.state.clone();
            if let Some(Carried { owner, last_ttl }) = &carried {
                (state.owner, state.last_ttl) = (owner.clone(), *last_ttl);
            }
            let walk = Walk::over(&view, chunk, carried.take(), planned, included);
            let text = splice(&chunk.text, &walk.splices).into();
            carried = walk.carried;
            let cut = cut(text, state, &chunk.includes, index == 0);
            edited.extend(cut.map_err(|problem| document.unreadable(file, problem))?);
            splices.extend(walk.splices.into_iter().map(|splice| {
                let range = splice.range.start + base..splice.range.end + base;
                Splice { range, ..splice }
            }));
        }
        base += chunk.text.len();
    }
    if edited.len() > 1 {
        edited.retain(|chunk| !chunk.text.is_empty());
    }
    Ok((edited, splices))
}

/// What becomes of an entry.
#[derive(Clone, Debug, Default)]
struct Change {
    fate: Fate,
    /// New records behind it.
    added: Vec<Record>,
}

#[derive(Clone, Debug, Default)]
enum Fate {
    #[default]
    Stay,
    /// Stay with this TTL.
    Ttl(u32),
    /// Become this record.
    Become(Record),
    /// Go.
    Go,
    /// A `$GENERATE` becomes these records.
    Expand(Vec<Record>),
}

/// The records of an entry.
fn records_of(meaning: &Meaning) -> &[Record] {
    match meaning {
        Meaning::Record(_, record) => std::slice::from_ref(record),
        Meaning::Generate(_, records) => records,
        Meaning::Include(_) | Meaning::Setting => &[],
    }
}

/// Where the first entry of an owner, and of a type when one is given, starts.
pub(crate) fn first_entry(view: &View, owner: &Name, rtype: Option<RecordType>) -> Option<u32> {
    let wanted = |record: &Record| record.owner == *owner && rtype.is_none_or(|rtype| record.rtype == rtype);
    let line = view.entries.iter().find(|line| records_of(&line.meaning).iter().any(wanted))?;
    view.tokens(line).first().map(|token| token.start)
}
