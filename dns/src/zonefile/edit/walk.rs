//! The entries of a chunk from first to last, with what they took and what they will take from those before them.

use std::collections::BTreeMap;
use std::mem::take;

use super::line::{Style, print_line};
use super::plan::{END, Planned};
use super::{Change, Fate};
use crate::record::Record;
use crate::zonefile::chunk::Chunk;
use crate::zonefile::document::Splice;
use crate::zonefile::entry::{Fields, State};
use crate::zonefile::lexer::{BYTE_ORDER_MARK, Token};
use crate::zonefile::rdata_text;
use crate::zonefile::source::duration;
use crate::zonefile::view::{Line, Meaning, Settings, View};

/// What an entry takes from the record before it, where an edit changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    pub owner: Vec<u8>,
    pub last_ttl: Option<u32>,
}

impl Carried {
    fn after(record: &Record) -> Carried {
        Carried { owner: record.owner.as_octets().to_vec(), last_ttl: Some(record.ttl) }
    }

    fn is(&self, other: &Carried) -> bool {
        self.last_ttl == other.last_ttl && self.owner.eq_ignore_ascii_case(&other.owner)
    }

    fn implied_ttl(&self, settings: &Settings, record: &Record) -> u32 {
        let Settings { origin, default_ttl } = settings.clone();
        let state = State { origin, initial: false, default_ttl, owner: Vec::new(), last_ttl: self.last_ttl };
        state.implied_ttl(record.rtype, record.rdata.as_octets())
    }
}

/// What came of a walk.
pub struct Walk {
    /// Ascending; ranges of the chunk's text.
    pub splices: Vec<Splice>,
    /// What the next chunk's first entry takes, when that changes.
    pub carried: Option<Carried>,
}

struct Walker<'a> {
    view: &'a View,
    old: Carried,
    new: Carried,
    splices: Vec<Splice>,
    line_end: &'static str,
}

impl Walk {
    /// Walks over `chunk`. For files that are included in it and find something else set, that goes into `included`.
    pub fn over(
        view: &View,
        chunk: &Chunk,
        carried: Option<Carried>,
        mut planned: Planned,
        included: &mut BTreeMap<usize, Carried>,
    ) -> Walk {
        let old = Carried { owner: chunk.state.owner.clone(), last_ttl: chunk.state.last_ttl };
        let new = carried.unwrap_or_else(|| old.clone());
        let line_end = if memchr::memmem::find(&chunk.text, b"\r\n").is_some() { "\r\n" } else { "\n" };
        let mut walker = Walker { view, old, new, splices: Vec::new(), line_end };
        for (index, line) in view.entries.iter().enumerate() {
            let change = planned.remove(&index).unwrap_or_default();
            if let Meaning::Include(file) = line.meaning
                && !walker.new.is(&walker.old)
            {
                included.insert(file, walker.new.clone());
            }
            walker.line(line, change);
        }
        if let Some(change) = planned.remove(&END) {
            walker.at_end(change.added);
        }
        let Walker { old, new, splices, .. } = walker;
        Walk { splices, carried: (!new.is(&old)).then_some(new) }
    }
}

impl Walker<'_> {
    fn line(&mut self, line: &Line, mut change: Change) {
        let (start, end) = (line.entry.start as usize, line.entry.end as usize);
        let mut replaced = None;
        match (&line.meaning, take(&mut change.fate)) {
            (Meaning::Record(..), Fate::Go) => replaced = Some(Vec::new()),
            (Meaning::Record(fields, record), Fate::Become(becomes)) => {
                match self.rdata(line, fields, record, &becomes) {
                    Some(splices) => self.stay(line, fields, &becomes, splices),
                    None => replaced = Some(vec![becomes]),
                }
            }
            (Meaning::Record(fields, record), Fate::Ttl(ttl)) => {
                self.stay(line, fields, &Record { ttl, ..record.clone() }, Vec::new());
            }
            (Meaning::Record(fields, record), _) => {
                if self.new.is(&self.old) {
                    self.new = Carried::after(record);
                } else {
                    self.stay(line, fields, record, Vec::new());
                }
            }
            (Meaning::Generate(..), Fate::Expand(records)) => replaced = Some(records),
            (Meaning::Generate(fields, records), _) => self.generate(line, fields, records),
            (Meaning::Include(_) | Meaning::Setting, _) => {}
        }
        if let Meaning::Record(_, record) = &line.meaning {
            self.old = Carried::after(record);
        }
        let gone = replaced.is_some();
        let mut records = replaced.unwrap_or_default();
        records.append(&mut change.added);
        let style = Style::of(self.view, line);
        let text = self.lines(&records, style, self.view.settings(line), if gone { start } else { end });
        if gone {
            self.splice(start, end, text);
        } else if !text.is_empty() {
            self.splice(end, end, text);
        }
    }

    /// An entry whose record stays, or becomes `record` by `splices`.
    fn stay(&mut self, line: &Line, fields: &Fields, record: &Record, splices: Vec<Splice>) {
        if line.entry.blank_owner && !self.new.owner.eq_ignore_ascii_case(record.owner.as_octets()) {
            self.write_owner(line, record);
        }
        self.write_ttl(line, fields, record);
        self.splices.extend(splices);
        self.new = Carried::after(record);
    }

    /// The owner takes the place of the white space that stood for it, as far as it is as long.
    fn write_owner(&mut self, line: &Line, record: &Record) {
        let owner = record.owner.relative_to(&self.view.settings(line).origin);
        let start = line.entry.start as usize;
        let spaces = self.view.text[start..].iter().take_while(|octet| **octet == b' ').count();
        let eaten = owner.len().min(spaces.saturating_sub(1));
        self.splice(start, start + eaten, owner);
    }

    fn write_ttl(&mut self, line: &Line, fields: &Fields, record: &Record) {
        let tokens = self.view.tokens(line);
        match fields.ttl.map(|index| tokens[index]) {
            Some(token) => {
                let raw = token.raw(&self.view.text);
                if duration(raw) != Some(u64::from(record.ttl)) {
                    self.splice(token.start as usize, token.end as usize, record.ttl.to_string());
                }
            }
            None if self.new.implied_ttl(self.view.settings(line), record) != record.ttl => {
                let at = tokens[fields.class.map_or(fields.rtype, |class| class.min(fields.rtype))].start as usize;
                let gap = if self.view.text[..at].ends_with(b"\t") { "\t" } else { " " };
                self.splice(at, at, format!("{}{gap}", record.ttl));
            }
            None => {}
        }
    }

    /// A `$GENERATE` that stays; the previous owner means nothing to it.
    fn generate(&mut self, line: &Line, fields: &Fields, records: &[Record]) {
        if let Some(record) = records.first() {
            self.write_ttl(line, fields, record);
        }
    }

    /// New data in place of the old: only the tokens that differ, else all from the first to the last. None when
    /// parentheses stand in the way.
    fn rdata(&self, line: &Line, fields: &Fields, old: &Record, new: &Record) -> Option<Vec<Splice>> {
        let tokens = &self.view.tokens(line)[fields.rdata..];
        let origin = &self.view.settings(line).origin;
        let printed = rdata_text::print_tokens(new.rtype, &new.rdata, origin);
        let before = rdata_text::print_tokens(old.rtype, &old.rdata, origin);
        let replace = |token: &Token, text: &String| Splice {
            range: token.start as usize..token.end as usize,
            replacement: text.clone().into_bytes().into(),
        };
        if tokens.len() == printed.len() && tokens.len() == before.len() {
            let changed = |index: &usize| before[*index] != printed[*index];
            let raw = |index: usize| tokens[index].raw(&self.view.text);
            let pieces =
                (0..tokens.len()).map(|index| if changed(&index) { printed[index].as_bytes() } else { raw(index) });
            let text = pieces.collect::<Vec<_>>().join(&b' ');
            if rdata_text::reads_as(new.rtype, &text, origin, &new.rdata) {
                return Some(
                    (0..tokens.len()).filter(changed).map(|index| replace(&tokens[index], &printed[index])).collect(),
                );
            }
        }
        let (first, last) = (tokens.first()?, tokens.last()?);
        let whole = Token { end: last.end, ..*first };
        (first.depth == last.depth).then(|| vec![replace(&whole, &printed.join(" "))])
    }

    fn at_end(&mut self, records: Vec<Record>) {
        let is_record = |line: &&Line| matches!(line.meaning, Meaning::Record(..));
        let model = self.view.entries.iter().rev().find(is_record);
        let style = model.and_then(|line| Style::of(self.view, line));
        let end = self.view.text.len();
        let text = self.lines(&records, style, self.view.last_settings(), end);
        self.splice(end, end, text);
    }

    /// New lines at `at`, behind a line end that the line before may lack.
    fn lines(&mut self, records: &[Record], style: Option<Style<'_>>, settings: &Settings, at: usize) -> String {
        let mut text = String::new();
        if !records.is_empty() && self.is_inside_line(at) {
            text.push_str(self.line_end);
        }
        for record in records {
            // Without `$TTL` only beside a line that gives no TTL either: what the line before gives is not a default.
            let may_omit = settings.default_ttl.is_some() || !style.is_some_and(|style| style.gives_ttl());
            let implied = may_omit && self.new.implied_ttl(settings, record) == record.ttl;
            let previous = self.new.owner.eq_ignore_ascii_case(record.owner.as_octets());
            print_line(record, style, &settings.origin, implied, previous, &mut text);
            text.push_str(self.line_end);
            self.new = Carried::after(record);
        }
        text
    }

    /// Whether what will stand before `at` does not end its line.
    fn is_inside_line(&self, at: usize) -> bool {
        let spliced = self.splices.last().filter(|splice| splice.range.end == at);
        let before = match spliced {
            Some(splice) if !splice.replacement.is_empty() => &splice.replacement[..],
            Some(splice) => &self.view.text[..splice.range.start],
            None => &self.view.text[..at],
        };
        !before.is_empty() && !before.ends_with(b"\n") && before != BYTE_ORDER_MARK
    }

    fn splice(&mut self, start: usize, end: usize, replacement: String) {
        let replacement = replacement.into_bytes().into();
        self.splices.push(Splice { range: start..end, replacement });
    }
}
