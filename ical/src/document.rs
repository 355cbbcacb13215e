//! An iCalendar text as components and properties that point into its octets (RFC 5545 section 3.1, 3.4).
//!
//! The octets are kept as they came. A line costs eight octets beside them: where it starts, and either how long its name and
//! its parameters are or, at a BEGIN, how far its END is. Values are unfolded and decoded when they are asked for.

mod parser;

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;

pub(crate) use parser::MAX_SIZE;

use crate::text;

/// The octets of one VCALENDAR, parsed.
#[derive(Clone, Debug)]
pub struct Document {
    octets: Bytes,
    lines: Box<[Line]>,
}

/// Why a text is not iCalendar, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct SyntaxError {
    /// From 1, as an editor counts: folded lines are several.
    pub line: u32,
    /// A sentence for the person who wrote it.
    pub reason: String,
}

/// A line after unfolding: where it starts, and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Line {
    start: u32,
    /// Low octet: [`BEGIN`], [`END`] or the length of a property's name. Above it: for a BEGIN the number of lines to its END,
    /// for a property where its value starts, from the start of the line.
    detail: u32,
}

const BEGIN: u32 = 0;
const END: u32 = 255;

impl Line {
    fn kind(self) -> u32 {
        self.detail & 0xff
    }

    fn is_begin(self) -> bool {
        self.kind() == BEGIN
    }

    fn is_property(self) -> bool {
        !matches!(self.kind(), BEGIN | END)
    }

    fn distance(self) -> usize {
        (self.detail >> 8) as usize
    }
}

impl Document {
    /// Parses the text of one VCALENDAR, with limits on what it may hold.
    pub fn parse(octets: Bytes) -> Result<Document, SyntaxError> {
        let lines = parser::parse(&octets)?;
        Ok(Document { octets, lines })
    }

    /// The octets, as they were given.
    pub fn octets(&self) -> &Bytes {
        &self.octets
    }

    /// The VCALENDAR.
    pub fn root(&self) -> Component<'_> {
        Component { document: self, begin: 0 }
    }

    /// Octets that it takes beside the text.
    pub fn overhead(&self) -> usize {
        size_of::<Document>() + size_of_val(&*self.lines)
    }

    pub(crate) fn component(&self, begin: u32) -> Component<'_> {
        Component { document: self, begin }
    }

    /// The start of a line; behind the last one, the end of the text.
    fn start(&self, line: usize) -> usize {
        self.lines.get(line).map_or(self.octets.len(), |line| line.start as usize)
    }

    /// The octets of a line with its folds, without its end.
    fn raw(&self, line: usize) -> &[u8] {
        let raw = &self.octets[self.start(line)..self.start(line + 1)];
        let ends = raw.iter().rev().take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
        &raw[..raw.len() - ends]
    }

    /// What follows the `:` of a BEGIN or END.
    fn component_name(&self, line: usize) -> &str {
        let raw = self.raw(line);
        let colon = memchr::memchr(b':', raw).map_or(raw.len(), |at| at + 1);
        str::from_utf8(&raw[colon..]).unwrap_or_default().trim_ascii()
    }
}

/// A component of a document: what stands between a BEGIN and its END.
#[derive(Clone, Copy, Debug)]
pub struct Component<'a> {
    document: &'a Document,
    begin: u32,
}

impl<'a> Component<'a> {
    /// `VEVENT`, as it is written.
    pub fn name(&self) -> &'a str {
        self.document.component_name(self.begin as usize)
    }

    /// Whether it is called that, in any case.
    pub fn is(&self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name)
    }

    /// Its own properties in order, not those of components in it.
    pub fn properties(&self) -> impl Iterator<Item = Property<'a>> + use<'a> {
        let document = self.document;
        self.children(Line::is_property).map(move |line| Property { document, line: line as u32 })
    }

    /// The first property of that name, in any case.
    pub fn property(&self, name: &str) -> Option<Property<'a>> {
        self.properties().find(|property| property.is(name))
    }

    /// Every property of that name, in any case.
    pub fn properties_named<'n>(&self, name: &'n str) -> impl Iterator<Item = Property<'a>> + use<'a, 'n> {
        self.properties().filter(move |property| property.is(name))
    }

    /// The components directly in it.
    pub fn components(&self) -> impl Iterator<Item = Component<'a>> + use<'a> {
        let document = self.document;
        self.children(Line::is_begin).map(move |line| Component { document, begin: line as u32 })
    }

    /// From its BEGIN to behind the end of the line of its END.
    pub fn span(&self) -> Range<usize> {
        self.document.start(self.begin as usize)..self.document.start(self.end() + 1)
    }

    /// The octets of [`Component::span`].
    pub fn octets(&self) -> &'a [u8] {
        &self.document.octets[self.span()]
    }

    /// The line of its BEGIN, from 1.
    pub fn line(&self) -> u32 {
        line_number(&self.document.octets, self.document.start(self.begin as usize))
    }

    /// Where it begins, to find it again in the same document.
    pub(crate) fn begin(&self) -> u32 {
        self.begin
    }

    /// Where its first property starts.
    pub(crate) fn inside(&self) -> usize {
        self.document.start(self.begin as usize + 1)
    }

    /// Where the line of its END starts.
    pub(crate) fn end_line(&self) -> usize {
        self.document.start(self.end())
    }

    fn end(&self) -> usize {
        let begin = self.begin as usize;
        begin + self.document.lines[begin].distance()
    }

    /// Lines directly in it that are `wanted`.
    fn children(&self, wanted: fn(Line) -> bool) -> impl Iterator<Item = usize> + use<'a> {
        let (lines, end) = (&self.document.lines, self.end());
        let mut at = self.begin as usize + 1;
        std::iter::from_fn(move || {
            while at < end {
                let (line, here) = (lines[at], at);
                at += if line.is_begin() { line.distance() + 1 } else { 1 };
                if wanted(line) {
                    return Some(here);
                }
            }
            None
        })
    }
}

/// A property of a component: a name, parameters and a value.
#[derive(Clone, Copy, Debug)]
pub struct Property<'a> {
    document: &'a Document,
    line: u32,
}

impl<'a> Property<'a> {
    /// `DTSTART`, as it is written.
    pub fn name(&self) -> &'a str {
        let length = self.document.lines[self.line as usize].kind() as usize;
        str::from_utf8(&self.raw()[..length]).unwrap_or_default()
    }

    /// Whether it is called that, in any case.
    pub fn is(&self, name: &str) -> bool {
        let length = self.document.lines[self.line as usize].kind() as usize;
        length == name.len() && self.raw()[..length].eq_ignore_ascii_case(name.as_bytes())
    }

    /// The value, unfolded but with its escapes.
    pub fn value(&self) -> Cow<'a, str> {
        text::unfold(&self.raw()[self.value_start()..])
    }

    /// The value as TEXT (RFC 5545 section 3.3.11): escapes resolved.
    pub fn text(&self) -> String {
        text::unescape(&self.value())
    }

    /// The first value of a parameter of that name (RFC 6868 decoded, without its quotes; with commas when there are several).
    pub fn parameter(&self, name: &str) -> Option<Cow<'a, str>> {
        let has_parameters = self.value_start() > self.document.lines[self.line as usize].kind() as usize + 1;
        let mut found = if has_parameters { self.parameters() } else { return None };
        found.find(|(written, _)| written.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Every parameter with its value.
    pub fn parameters(&self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> + use<'a> {
        let length = self.document.lines[self.line as usize].kind() as usize;
        text::parameters(text::unfold(&self.raw()[length..self.value_start() - 1]))
    }

    /// The line where it starts, from 1.
    pub fn line(&self) -> u32 {
        line_number(&self.document.octets, self.document.start(self.line as usize))
    }

    /// From its name to behind the end of its line.
    pub fn span(&self) -> Range<usize> {
        self.document.start(self.line as usize)..self.document.start(self.line as usize + 1)
    }

    /// From its name to the end of its value, folds included and the line's end not.
    pub(crate) fn raw(&self) -> &'a [u8] {
        self.document.raw(self.line as usize)
    }

    /// Where the value starts in [`Property::raw`].
    pub(crate) fn value_start(&self) -> usize {
        self.document.lines[self.line as usize].distance()
    }
}

/// The number of the line that holds the octet at `at`, from 1.
fn line_number(octets: &[u8], at: usize) -> u32 {
    #[cfg(test)]
    LINES_COUNTED.set(LINES_COUNTED.get() + 1);
    memchr::memchr_iter(b'\n', &octets[..at]).count() as u32 + 1
}

#[cfg(test)]
thread_local! {
    /// How often lines were counted in a test.
    pub(crate) static LINES_COUNTED: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
mod tests;
