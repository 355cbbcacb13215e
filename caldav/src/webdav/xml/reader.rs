//! Octets to elements, within limits: no document type, so no entities of anybody's making; no depth and no number
//! without bound.

use std::collections::HashSet;
use std::sync::Arc;

use quick_xml::NsReader;
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;

use super::{Element, Node};

/// Elements inside one another.
const DEPTH: usize = 64;
/// Elements and attributes of one body: a multiget of 100,000 resources is a large one.
const NODES: usize = 200_000;

/// Why a body is no XML that we take. At fault: the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// Not well-formed.
    #[error("the body is not well-formed XML (octet {at}): {reason}")]
    Malformed {
        /// Where.
        at: u64,
        /// Why.
        reason: String,
    },
    /// RFC 4918 section 20.6 warns of them.
    #[error("a document type or an entity of one's own is not taken")]
    DocumentType,
    /// Anything but UTF-8.
    #[error("the body's encoding is {0}, and only UTF-8 is taken")]
    Encoding(String),
    /// Elements too deep.
    #[error("more than {DEPTH} elements stand inside one another")]
    Depth,
    /// Too many of them.
    #[error("the body has more than {NODES} elements")]
    Size,
    /// No element at all.
    #[error("the body has no element")]
    Empty,
}

/// Reads a body.
pub fn parse(octets: &[u8]) -> Result<Element, XmlError> {
    let octets = octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets);
    if octets.starts_with(b"\xfe\xff") || octets.starts_with(b"\xff\xfe") || octets.starts_with(b"<\0") {
        return Err(XmlError::Encoding("UTF-16".to_owned()));
    }
    let text = std::str::from_utf8(octets).map_err(|error| XmlError::Malformed {
        at: error.valid_up_to() as u64,
        reason: "this is no UTF-8".to_owned(),
    })?;
    let mut reader = NsReader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    Builder { reader, open: Vec::new(), root: None, nodes: 0, namespaces: HashSet::new() }.run()
}

struct Builder<'a> {
    reader: NsReader<&'a [u8]>,
    open: Vec<Element>,
    root: Option<Element>,
    nodes: usize,
    /// The ones seen, so that each is kept once.
    namespaces: HashSet<Arc<str>>,
}

impl Builder<'_> {
    fn run(mut self) -> Result<Element, XmlError> {
        loop {
            match self.reader.read_event() {
                Err(error) => return Err(self.malformed(error)),
                Ok(Event::Start(start)) => self.start(&start)?,
                Ok(Event::End(_)) => self.end()?,
                Ok(Event::Text(text)) => self.text(&text.xml10_content())?,
                Ok(Event::CData(data)) => self.text(&data.xml10_content())?,
                Ok(Event::GeneralRef(reference)) => {
                    let character = reference.resolve_char_ref().map_err(|error| self.malformed(error))?;
                    let name = reference.xml10_content();
                    match character.map(String::from).or(resolve_predefined_entity(&name).map(str::to_owned)) {
                        Some(text) => self.text(&text)?,
                        None => return Err(XmlError::DocumentType),
                    }
                }
                Ok(Event::DocType(_)) => return Err(XmlError::DocumentType),
                Ok(Event::Decl(declaration)) => {
                    let encoding = declaration.encoding().transpose().ok().flatten();
                    let encoding = encoding.map(|name| name.into_owned());
                    if let Some(other) = encoding.filter(|name| !is_utf8(name)) {
                        return Err(XmlError::Encoding(other));
                    }
                }
                Ok(Event::Empty(_) | Event::Comment(_) | Event::PI(_)) => {}
                Ok(Event::Eof) if self.open.is_empty() => return self.root.ok_or(XmlError::Empty),
                Ok(Event::Eof) => return Err(self.malformed("it ends inside an element")),
            }
        }
    }

    fn malformed(&self, reason: impl ToString) -> XmlError {
        XmlError::Malformed { at: self.reader.buffer_position(), reason: reason.to_string() }
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), XmlError> {
        if self.open.len() >= DEPTH {
            return Err(XmlError::Depth);
        }
        if self.root.is_some() {
            return Err(self.malformed("a second root element"));
        }
        let (namespace, local) = self.reader.resolver().resolve_element(start.name());
        let namespace = intern(&mut self.namespaces, &namespace).map_err(|reason| self.malformed(reason))?;
        if &*namespace == XMLNS {
            return Err(self.malformed("an element with the prefix xmlns"));
        }
        let local = self.name(local.as_ref())?;
        let mut element = Element { namespace, local, attributes: Vec::new(), children: Vec::new() };
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| self.malformed(error))?;
            if attribute.key.as_namespace_binding().is_some() {
                continue;
            }
            let (namespace, local) = self.reader.resolver().resolve_attribute(attribute.key);
            let local = self.name(local.as_ref())?;
            let namespace = intern(&mut self.namespaces, &namespace).map_err(|reason| self.malformed(reason))?;
            let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0);
            let value = value.map_err(|error| self.malformed(error))?.into_owned();
            element.attributes.push((namespace, local, value));
            self.count()?;
        }
        self.count()?;
        self.open.push(element);
        Ok(())
    }

    /// A local name, as far as it matters for writing it again: no colon, nothing that would end it.
    fn name<T: for<'n> From<&'n str>>(&self, local: &str) -> Result<T, XmlError> {
        let is_start = |letter: char| letter.is_ascii_alphabetic() || letter == '_' || !letter.is_ascii();
        let is_inside = |letter: char| is_start(letter) || letter.is_ascii_digit() || "-.".contains(letter);
        match local.starts_with(is_start) && local.chars().all(is_inside) {
            true => Ok(local.into()),
            false => Err(self.malformed(format!("{local:?} is no name"))),
        }
    }

    fn count(&mut self) -> Result<(), XmlError> {
        self.nodes += 1;
        if self.nodes > NODES { Err(XmlError::Size) } else { Ok(()) }
    }

    fn end(&mut self) -> Result<(), XmlError> {
        let element = self.open.pop().ok_or_else(|| self.malformed("an end without a start"))?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(Node::Element(element)),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), XmlError> {
        let Some(parent) = self.open.last_mut() else {
            let outside = self.malformed("text outside of any element");
            return if text.trim().is_empty() { Ok(()) } else { Err(outside) };
        };
        match parent.children.last_mut() {
            Some(Node::Text(before)) => before.push_str(text),
            _ => parent.children.push(Node::Text(text.to_owned())),
        }
        Ok(())
    }
}

/// The namespace of declarations themselves (Namespaces in XML, section 3).
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// The namespace, kept once however often it comes.
fn intern(known: &mut HashSet<Arc<str>>, found: &ResolveResult<'_>) -> Result<Arc<str>, String> {
    let name = match found {
        ResolveResult::Bound(namespace) => namespace.as_ref(),
        ResolveResult::Unbound => "",
        ResolveResult::Unknown(prefix) => return Err(format!("the prefix {prefix} is not declared")),
    };
    // The reader gives it as it is written in the declaration.
    let name = unescape(name).map_err(|error| error.to_string())?;
    if let Some(known) = known.get(&*name) {
        return Ok(Arc::clone(known));
    }
    let new: Arc<str> = name.into();
    known.insert(Arc::clone(&new));
    Ok(new)
}

fn is_utf8(encoding: &str) -> bool {
    ["utf-8", "utf8", "us-ascii"].iter().any(|known| encoding.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_becomes_elements() {
        let body = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<d:a xmlns:d='DAV:' x='1'><b xmlns='urn:b'>t&amp;&#65;<![CDATA[<]]></b><d:c/></d:a>\n";
        let element = parse(body.as_bytes()).unwrap();
        assert_eq!((element.name(), element.attribute("x")), (("DAV:", "a"), Some("1")));
        assert_eq!(element.child("urn:b", "b").unwrap().text(), "t&A<");
        assert!(element.child("DAV:", "c").is_some());
        assert_eq!(element.inner_xml(), "<b xmlns=\"urn:b\">t&amp;A&lt;</b><c xmlns=\"DAV:\"></c>");
        let again = parse(format!("<x>{}</x>", element.inner_xml()).as_bytes()).unwrap();
        assert_eq!(again.children, element.children, "what is kept reads as it did");
    }

    #[test]
    fn a_namespace_is_what_its_declaration_means() {
        let element = parse(b"<a xmlns='urn:x&gt;&amp;y'/>").unwrap();
        assert_eq!(element.name(), ("urn:x>&y", "a"));
    }

    #[test]
    fn lines_in_attributes_stay_lines() {
        let element = parse(b"<a><b c='1&#10;2&#9;3'/></a>").unwrap();
        let again = parse(format!("<a>{}</a>", element.inner_xml()).as_bytes()).unwrap();
        assert_eq!(again.children, element.children);
    }

    #[test]
    fn names_are_ones_that_can_be_written_again() {
        for body in ["<z:x:y xmlns:z='urn:z'/>", "<xmlns:a/>", "<a b:c:d='1' xmlns:b='urn:b'/>", "<1a/>"] {
            assert!(matches!(parse(body.as_bytes()), Err(XmlError::Malformed { .. })), "{body}");
        }
        assert!(parse("<größe xmlns='urn:z' _a-1.b='x'/>".as_bytes()).is_ok());
    }

    #[test]
    fn bad_bodies_are_refused() {
        let refused = |body: &str| parse(body.as_bytes()).unwrap_err();
        assert_eq!(refused("<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>"), XmlError::DocumentType);
        assert_eq!(refused("<a>&e;</a>"), XmlError::DocumentType);
        assert_eq!(refused(&"<a>".repeat(10_000)), XmlError::Depth);
        assert_eq!(refused(&format!("<a>{}</a>", "<b/>".repeat(NODES))), XmlError::Size);
        assert_eq!(refused("<?xml version='1.0' encoding='latin1'?><a/>"), XmlError::Encoding("latin1".to_owned()));
        assert_eq!(refused(""), XmlError::Empty);
        for body in ["<a>", "<a></b>", "<a/><b/>", "<x:a/>", "<a b='1' b='2'/>", "text", "<a>&#0;</a>"] {
            assert!(matches!(refused(body), XmlError::Malformed { .. }), "{body}");
        }
        assert!(matches!(parse(b"<a>\xff</a>"), Err(XmlError::Malformed { at: 3, .. })));
        assert_eq!(parse("\u{feff}<a/>".as_bytes()).unwrap().name(), ("", "a"));
        assert!(matches!(parse(b"\xff\xfe<\0a\0/\0>\0"), Err(XmlError::Encoding(_))));
    }
}
