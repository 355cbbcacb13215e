//! A new record's line in the style of its neighbour: how it names the owner, whether it has a class, where its columns
//! are.

use crate::name::Name;
use crate::record::Record;
use crate::zonefile::entry::Fields;
use crate::zonefile::lexer::Token;
use crate::zonefile::rdata_text;
use crate::zonefile::view::{Line, Meaning, View};

/// The line that a new one imitates.
#[derive(Clone, Copy)]
pub struct Style<'a> {
    text: &'a [u8],
    start: usize,
    blank_owner: bool,
    tokens: &'a [Token],
    fields: Fields,
    record: &'a Record,
}

impl<'a> Style<'a> {
    /// The style of a record's line; other lines have none.
    pub fn of(view: &'a View, line: &'a Line) -> Option<Style<'a>> {
        let Meaning::Record(fields, record) = &line.meaning else { return None };
        let (start, blank_owner) = (line.entry.start as usize, line.entry.blank_owner);
        Some(Style { text: &view.text, start, blank_owner, tokens: view.tokens(line), fields: *fields, record })
    }

    /// Whether it gives a TTL.
    pub fn gives_ttl(&self) -> bool {
        self.fields.ttl.is_some()
    }

    /// The white space before a token; none when it is something else too.
    fn gap(&self, index: usize) -> Option<&'a str> {
        let token = self.tokens.get(index)?;
        let before = index.checked_sub(1).map_or(self.start, |previous| self.tokens[previous].end as usize);
        let gap = &self.text[before..token.start as usize];
        let blank = gap.iter().all(|octet| matches!(octet, b' ' | b'\t'));
        std::str::from_utf8(gap).ok().filter(|gap| blank && !gap.is_empty())
    }

    fn column(&self, index: usize) -> usize {
        self.tokens[index].start as usize - self.start
    }

    /// Whether a token's place comes from columns: before the data, when some token is more than one space behind
    /// another.
    fn has_columns(&self, index: usize) -> bool {
        let wide = |index| self.gap(index).is_some_and(|gap| gap.len() > 1);
        index <= self.fields.rdata && (1..=self.fields.rdata).any(wide)
    }

    /// The owner as this line writes it, when it is the same.
    fn owner(&self, owner: &Name) -> Option<&'a str> {
        let token = self.tokens.first().filter(|_| !self.blank_owner && self.record.owner == *owner)?;
        std::str::from_utf8(token.raw(self.text)).ok()
    }

    fn writes_absolute_owners(&self) -> bool {
        !self.blank_owner && self.tokens.first().is_some_and(|token| token.raw(self.text).ends_with(b"."))
    }
}

/// Appends a line without its end. `implied` when the TTL need not be given, `previous` when the owner is that of the
/// record before.
pub fn print_line(
    record: &Record,
    style: Option<Style<'_>>,
    origin: &Name,
    implied: bool,
    previous: bool,
    out: &mut String,
) {
    let mut line = Columns { style, start: out.len(), out };
    match style {
        Some(style) if style.blank_owner && previous && style.gap(0).is_some() => {}
        Some(style) if style.owner(&record.owner).is_some() => {
            line.out.push_str(style.owner(&record.owner).unwrap_or_default())
        }
        Some(style) if style.writes_absolute_owners() => line.out.push_str(&record.owner.to_string()),
        _ => line.out.push_str(&record.owner.relative_to(origin)),
    }
    let fields = style.map(|style| style.fields);
    let class = fields.and_then(|fields| fields.class);
    let next = fields.map(|fields| class.map_or(fields.rtype, |class| class.min(fields.rtype)));
    let ttl = record.ttl.to_string();
    let ttl_at = fields.and_then(|fields| fields.ttl);
    let class_first = class < ttl_at && class.is_some();
    if !implied && !class_first {
        line.column(ttl_at.or(next), &ttl);
    }
    if let Some(class) = class {
        line.column(Some(class), "IN");
    }
    if !implied && class_first {
        line.column(ttl_at, &ttl);
    }
    line.column(fields.map(|fields| fields.rtype), &record.rtype_text());
    for (index, token) in rdata_text::print_tokens(record.rtype, &record.rdata, origin).iter().enumerate() {
        line.column(fields.map(|fields| fields.rdata + index), token);
    }
}

struct Columns<'a, 's> {
    style: Option<Style<'s>>,
    start: usize,
    out: &'a mut String,
}

impl Columns<'_, '_> {
    /// Appends a token where the model has the one with this index.
    fn column(&mut self, index: Option<usize>, token: &str) {
        let used = self.out.len() - self.start;
        let gap = self.style.zip(index).and_then(|(style, index)| Some((style, index, style.gap(index)?)));
        match gap {
            Some((_, _, gap)) if gap.contains('\t') => self.out.push_str(gap),
            Some((style, index, gap)) if gap.len() > 1 || used == 0 || style.has_columns(index) => {
                let width = style.column(index).saturating_sub(used).max(1);
                self.out.extend(std::iter::repeat_n(' ', width));
            }
            _ => self.out.push(' '),
        }
        self.out.push_str(token);
    }
}

impl Record {
    /// The type as a zone file has it: by number where it has no format of its own.
    pub(crate) fn rtype_text(&self) -> String {
        match crate::rdata::layout(self.rtype) {
            Some(_) => self.rtype.to_string(),
            None => format!("TYPE{}", self.rtype.0),
        }
    }
}
