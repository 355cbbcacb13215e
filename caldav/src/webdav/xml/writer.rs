//! Elements to text: a reply is pushed front to back into one string, with the prefixes that its root declares.

use std::fmt::Write as _;
use std::sync::Arc;

use super::super::names::{Name, PREFIXES, XML};

/// XML that is being written.
#[derive(Debug, Default)]
pub struct Writer(String);

impl Writer {
    /// A document.
    pub fn document(root: Name<'_>) -> Writer {
        let mut writer = Writer("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n".to_owned());
        writer.root(root);
        writer
    }

    /// A part of a document, or one that declares its own namespaces.
    pub fn fragment() -> Writer {
        Writer::default()
    }

    /// The text.
    pub fn finish(self) -> String {
        self.0
    }

    /// How long the text is.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Takes back what was written behind a length.
    pub fn truncate(&mut self, length: usize) {
        self.0.truncate(length);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn root(&mut self, name: Name<'_>) {
        self.0.push('<');
        self.qualified(name);
        for (prefix, namespace) in PREFIXES {
            let _ = write!(self.0, " xmlns:{prefix}=\"{namespace}\"");
        }
        self.0.push('>');
    }

    /// `<name>`
    pub fn start(&mut self, name: Name<'_>) {
        self.start_with(name, &[]);
    }

    /// `<name attribute="value">`
    pub fn start_with(&mut self, name: Name<'_>, attributes: &[(&str, &str)]) {
        self.open(name, attributes);
        self.0.push('>');
    }

    /// `</name>`
    pub fn end(&mut self, name: Name<'_>) {
        self.0.push_str("</");
        self.qualified(name);
        self.0.push('>');
    }

    /// `<name/>`
    pub fn empty(&mut self, name: Name<'_>) {
        self.empty_with(name, &[]);
    }

    /// `<name attribute="value"/>`
    pub fn empty_with(&mut self, name: Name<'_>, attributes: &[(&str, &str)]) {
        self.open(name, attributes);
        self.0.push_str("/>");
    }

    /// `<name>text</name>`
    pub fn leaf(&mut self, name: Name<'_>, text: &str) {
        self.start(name);
        self.text(text);
        self.end(name);
    }

    /// `<D:href>…</D:href>` of a path that is encoded already.
    pub fn href(&mut self, path: &str) {
        self.leaf((super::super::names::DAV, "href"), path);
    }

    /// Text, escaped.
    pub fn text(&mut self, text: &str) {
        escape_into(text, &mut self.0);
    }

    /// XML that was made elsewhere.
    pub fn raw(&mut self, xml: &str) {
        self.0.push_str(xml);
    }

    /// `<name>` with a declaration of its own namespace, and no prefix.
    pub fn start_foreign(&mut self, name: Name<'_>, attributes: &[(Arc<str>, Box<str>, String)]) {
        let (namespace, local) = name;
        let _ = write!(self.0, "<{local} xmlns=\"");
        escape_into(namespace, &mut self.0);
        self.0.push('"');
        for (at, (namespace, local, value)) in attributes.iter().enumerate() {
            match &**namespace {
                "" => drop(write!(self.0, " {local}=\"")),
                XML => drop(write!(self.0, " xml:{local}=\"")),
                other => drop(write!(self.0, " xmlns:a{at}=\"{}\" a{at}:{local}=\"", escape(other))),
            }
            // A parser would turn these into spaces (XML 1.0 section 3.3.3).
            self.0.push_str(&escape(value).replace('\n', "&#10;").replace('\t', "&#9;"));
            self.0.push('"');
        }
        self.0.push('>');
    }

    /// The end of what [`Writer::start_foreign`] began.
    pub fn end_foreign(&mut self, (_, local): Name<'_>) {
        let _ = write!(self.0, "</{local}>");
    }

    fn open(&mut self, name: Name<'_>, attributes: &[(&str, &str)]) {
        self.0.push('<');
        self.qualified(name);
        if !is_known(name.0) && !name.0.is_empty() {
            let _ = write!(self.0, " xmlns:x=\"{}\"", escape(name.0));
        }
        for (name, value) in attributes {
            let _ = write!(self.0, " {name}=\"");
            escape_into(value, &mut self.0);
            self.0.push('"');
        }
    }

    fn qualified(&mut self, (namespace, local): Name<'_>) {
        match PREFIXES.iter().find(|(_, known)| *known == namespace) {
            Some((prefix, _)) => self.0.push_str(prefix),
            None if namespace.is_empty() => return self.0.push_str(local),
            None => self.0.push('x'),
        }
        self.0.push(':');
        self.0.push_str(local);
    }
}

fn is_known(namespace: &str) -> bool {
    PREFIXES.iter().any(|(_, known)| *known == namespace)
}

/// Text as it may stand in an element or an attribute.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    escape_into(text, &mut escaped);
    escaped
}

fn escape_into(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| matches!(c, '<' | '>' | '&' | '"' | '\r') || is_forbidden(c)) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let mut characters = from.chars();
        match characters.next() {
            Some('<') => out.push_str("&lt;"),
            Some('>') => out.push_str("&gt;"),
            Some('&') => out.push_str("&amp;"),
            Some('"') => out.push_str("&quot;"),
            // A parser would turn it into a line feed (XML 1.0 section 2.11).
            Some('\r') => out.push_str("&#13;"),
            // XML has no way to say these.
            _ => out.push('\u{fffd}'),
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
}

fn is_forbidden(c: char) -> bool {
    (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::super::super::names::{CALDAV, DAV};
    use super::*;

    #[test]
    fn names_have_the_prefixes_that_the_root_declares() {
        let mut writer = Writer::document((DAV, "prop"));
        writer.leaf((CALDAV, "x"), "<\r\u{1}");
        writer.start(("urn:other", "y"));
        writer.end(("urn:other", "y"));
        writer.empty_with(("", "z"), &[("a", "\"")]);
        writer.end((DAV, "prop"));
        let xml = writer.finish();
        assert!(
            xml.ends_with("><C:x>&lt;&#13;\u{fffd}</C:x><x:y xmlns:x=\"urn:other\"></x:y><z a=\"&quot;\"/></D:prop>")
        );
        assert!(super::super::parse(xml.as_bytes()).is_ok());
    }
}
