//! Domain names in wire form (RFC 1035 section 3.1): labels with their lengths, the root label last, never compressed.
//!
//! Case is kept and never counts: equality, order and hash look at ASCII lower case (RFC 4343). The order is the
//! canonical one of RFC 4034 section 6.1: by labels from the root, so that a name sorts directly before everything
//! below it.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use crate::name_hash::LabelStarts;

/// Octets of a name at most, the root label included (RFC 1035 section 2.3.4).
pub const MAX_NAME: usize = 255;
/// Octets of a label at most.
pub const MAX_LABEL: usize = 63;

/// An absolute domain name.
#[derive(Clone)]
pub struct Name(Box<[u8]>);

/// Why octets or text are not a domain name. At fault: who wrote them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// A label of no octets that is not the root.
    #[error("a name has an empty label")]
    EmptyLabel,
    /// More than 63 octets between two dots.
    #[error("a label is longer than 63 octets")]
    LabelTooLong,
    /// More than 255 octets in wire form.
    #[error("a name is longer than 255 octets")]
    NameTooLong,
    /// A backslash that is followed by neither three digits up to 255 nor a character.
    #[error("a backslash must be followed by a character or by three digits up to 255")]
    BadEscape,
    /// The octets end inside the name, or its compression does not lead backwards.
    #[error("a name's octets are cut off or wrongly compressed")]
    BadWireForm,
}

impl Name {
    /// The root of the tree, `.`.
    pub fn root() -> Name {
        Name(Box::new([0]))
    }

    /// A name from uncompressed wire form; all of `octets` must be the name.
    pub fn from_octets(octets: &[u8]) -> Result<Name, NameError> {
        match wire_length(octets)? {
            length if length == octets.len() => Ok(Name(octets.into())),
            _ => Err(NameError::BadWireForm),
        }
    }

    /// A name from its labels, the one farthest from the root first.
    pub fn from_labels<'a>(labels: impl IntoIterator<Item = &'a [u8]>) -> Result<Name, NameError> {
        let mut builder = NameBuilder::default();
        for label in labels {
            builder.label(label)?;
        }
        builder.finish()
    }

    /// Parses presentation format (RFC 1035 section 5.1); a name without a final dot is completed with `origin`.
    pub fn parse(text: &str, origin: &Name) -> Result<Name, NameError> {
        Name::parse_octets(text.as_bytes(), origin)
    }

    /// As [`Name::parse`], for text that need not be UTF-8. `@` alone is not treated specially.
    pub fn parse_octets(text: &[u8], origin: &Name) -> Result<Name, NameError> {
        if text == b"." {
            return Ok(Name::root());
        }
        let mut builder = NameBuilder::default();
        let mut label = Vec::with_capacity(MAX_LABEL);
        let mut rest = text;
        let mut absolute = false;
        while let Some((&octet, tail)) = rest.split_first() {
            rest = tail;
            absolute = octet == b'.';
            match octet {
                b'.' => {
                    builder.label(&label)?;
                    label.clear();
                }
                b'\\' => {
                    let (value, tail) = unescape(rest)?;
                    label.push(value);
                    rest = tail;
                }
                other => label.push(other),
            }
        }
        if absolute {
            return builder.finish();
        }
        builder.label(&label)?;
        for label in origin.labels() {
            builder.label(label)?;
        }
        builder.finish()
    }

    /// Wire form, case as it was given.
    pub fn as_octets(&self) -> &[u8] {
        &self.0
    }

    /// Labels from the left, without the root label.
    pub fn labels(&self) -> Labels<'_> {
        Labels(&self.0)
    }

    /// Labels without the root label; 0 for the root.
    pub fn label_count(&self) -> usize {
        self.labels().count()
    }

    /// Whether this is `.`.
    pub fn is_root(&self) -> bool {
        self.0.len() == 1
    }

    /// Whether the left-most label is `*` (RFC 4592 section 2.1.1).
    pub fn is_wildcard(&self) -> bool {
        self.0.starts_with(b"\x01*")
    }

    /// The name without its left-most label; none above the root.
    pub fn parent(&self) -> Option<Name> {
        let first = self.labels().next()?;
        Some(Name(self.0[first.len() + 1..].into()))
    }

    /// Whether this name is `other` or below it.
    pub fn is_at_or_below(&self, other: &Name) -> bool {
        let Some(excess) = self.0.len().checked_sub(other.0.len()) else { return false };
        self.0[excess..].eq_ignore_ascii_case(&other.0) && self.starts_label_at(excess)
    }

    /// Whether this name is below `other` and not `other` itself.
    pub fn is_below(&self, other: &Name) -> bool {
        self.0.len() > other.0.len() && self.is_at_or_below(other)
    }

    /// This name with `label` put in front of it.
    pub fn prepend(&self, label: &[u8]) -> Result<Name, NameError> {
        Name::from_labels(std::iter::once(label).chain(self.labels()))
    }

    /// This name with its ending `from` replaced by `to` (RFC 6672 section 2.2); none when it does not end so.
    pub fn replace_suffix(&self, from: &Name, to: &Name) -> Option<Result<Name, NameError>> {
        if !self.is_at_or_below(from) {
            return None;
        }
        let kept = self.label_count() - from.label_count();
        Some(Name::from_labels(self.labels().take(kept).chain(to.labels())))
    }

    /// The same name in lower case.
    pub fn to_lowercase(&self) -> Name {
        Name(self.0.to_ascii_lowercase().into())
    }

    /// Whether every label is made of letters, digits and inner hyphens (RFC 1123 section 2.1).
    pub fn is_host_name(&self) -> bool {
        self.labels().all(|label| {
            let ldh = label.iter().all(|octet| octet.is_ascii_alphanumeric() || *octet == b'-');
            ldh && !label.starts_with(b"-") && !label.ends_with(b"-")
        })
    }

    /// Presentation format relative to `origin`: `@` for the origin itself, no final dot below it, absolute elsewhere.
    pub fn relative_to(&self, origin: &Name) -> String {
        if origin.is_root() || !self.is_at_or_below(origin) {
            return self.to_string();
        }
        let kept = self.label_count() - origin.label_count();
        if kept == 0 {
            return "@".to_owned();
        }
        let mut text = String::new();
        for label in self.labels().take(kept) {
            if !text.is_empty() {
                text.push('.');
            }
            print_label(label, &mut text);
        }
        text
    }

    fn starts_label_at(&self, offset: usize) -> bool {
        let mut at = 0;
        while at < offset {
            at += usize::from(self.0[at]) + 1;
        }
        at == offset
    }
}

/// Length of the uncompressed name at the start of `octets`, the root label included.
pub fn wire_length(octets: &[u8]) -> Result<usize, NameError> {
    let mut at = 0;
    loop {
        let length = usize::from(*octets.get(at).ok_or(NameError::BadWireForm)?);
        if length > MAX_LABEL {
            return Err(NameError::BadWireForm);
        }
        at += length + 1;
        if at > MAX_NAME {
            return Err(NameError::NameTooLong);
        }
        if length == 0 {
            return Ok(at);
        }
    }
}

/// Appends a label in presentation format, escaping what would be read otherwise.
pub fn print_label(label: &[u8], text: &mut String) {
    for &octet in label {
        match octet {
            b'.' | b'\\' | b'"' | b';' | b'(' | b')' | b'@' | b'$' => {
                text.push('\\');
                text.push(char::from(octet));
            }
            0x21..=0x7e => text.push(char::from(octet)),
            other => text.push_str(&format!("\\{other:03}")),
        }
    }
}

/// Reads what follows a backslash: three digits or one character (RFC 1035 section 5.1).
pub fn unescape(rest: &[u8]) -> Result<(u8, &[u8]), NameError> {
    match rest {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', tail @ ..] => {
            let value = u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0');
            Ok((u8::try_from(value).map_err(|_| NameError::BadEscape)?, tail))
        }
        [b'0'..=b'9', ..] | [] => Err(NameError::BadEscape),
        [octet, tail @ ..] => Ok((*octet, tail)),
    }
}

/// Puts a name together label by label, within the limits.
#[derive(Debug, Default)]
pub struct NameBuilder(Vec<u8>);

impl NameBuilder {
    /// Appends a label on the side of the root.
    pub fn label(&mut self, label: &[u8]) -> Result<(), NameError> {
        if label.is_empty() {
            return Err(NameError::EmptyLabel);
        }
        if label.len() > MAX_LABEL {
            return Err(NameError::LabelTooLong);
        }
        if self.0.len() + label.len() + 2 > MAX_NAME {
            return Err(NameError::NameTooLong);
        }
        self.0.push(label.len() as u8);
        self.0.extend_from_slice(label);
        Ok(())
    }

    /// Ends the name with the root label.
    pub fn finish(mut self) -> Result<Name, NameError> {
        self.0.push(0);
        Ok(Name(self.0.into()))
    }
}

/// Labels of a name from the left, see [`Name::labels`].
#[derive(Clone, Debug)]
pub struct Labels<'a>(&'a [u8]);

impl<'a> Iterator for Labels<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (&length, rest) = self.0.split_first()?;
        if length == 0 {
            return None;
        }
        let (label, rest) = rest.split_at(usize::from(length));
        self.0 = rest;
        Some(label)
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for octet in &self.0 {
            state.write_u8(octet.to_ascii_lowercase());
        }
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Name) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Name) -> Ordering {
        let (mine, theirs) = (LabelStarts::new(&self.0), LabelStarts::new(&other.0));
        for back in 1..=mine.count().min(theirs.count()) {
            let label = mine.label(&self.0, mine.count() - back).iter().map(u8::to_ascii_lowercase);
            match label.cmp(theirs.label(&other.0, theirs.count() - back).iter().map(u8::to_ascii_lowercase)) {
                Ordering::Equal => continue,
                different => return different,
            }
        }
        mine.count().cmp(&theirs.count())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() {
            return f.write_str(".");
        }
        let mut text = String::with_capacity(self.0.len());
        for label in self.labels() {
            print_label(label, &mut text);
            text.push('.');
        }
        f.write_str(&text)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Name {
    type Err = NameError;

    /// Parses an absolute name; the final dot may be left out.
    fn from_str(text: &str) -> Result<Name, NameError> {
        Name::parse(text, &Name::root())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn text_round_trip() {
        for text in [".", "example.com.", "a\\.b.example.", "\\000\\255.x.", "\\\"q\\;\\@.y."] {
            assert_eq!(name(text).to_string(), text);
        }
        assert_eq!(name("\\065\\b.example").to_string(), "Ab.example.");
    }

    #[test]
    fn text_errors() {
        let parse = |text: &str| text.parse::<Name>().unwrap_err();
        assert_eq!(parse("a..b"), NameError::EmptyLabel);
        assert_eq!(parse(""), NameError::EmptyLabel);
        assert_eq!(parse(".a"), NameError::EmptyLabel);
        assert_eq!(parse(&"a".repeat(64)), NameError::LabelTooLong);
        assert_eq!(parse(&"abcdefg.".repeat(32)), NameError::NameTooLong);
        assert_eq!(parse("a\\25"), NameError::BadEscape);
        assert_eq!(parse("a\\256"), NameError::BadEscape);
        assert_eq!(parse("a\\"), NameError::BadEscape);
    }

    #[test]
    fn limits_are_exact() {
        let longest = format!("{}{}", "abcdefg.".repeat(31), "abcde.");
        assert_eq!(name(&longest).as_octets().len(), 255);
        assert!(format!("{}{}", "abcdefg.".repeat(31), "abcdef.").parse::<Name>().is_err());
    }

    #[test]
    fn case_does_not_count() {
        assert_eq!(name("WWW.Example.Com"), name("www.example.com"));
        assert_eq!(name("WWW.example.").to_string(), "WWW.example.");
    }

    #[test]
    fn below_respects_labels() {
        assert!(name("a.example.com").is_below(&name("EXAMPLE.com")));
        assert!(!name("aexample.com").is_at_or_below(&name("example.com")));
        assert!(name("example.com").is_at_or_below(&name("example.com")));
        assert!(!name("example.com").is_below(&name("example.com")));
        // A label whose octets look like the ending is not the ending.
        let odd = Name::from_labels([b"x\x07example\x03com".as_slice()]).unwrap();
        assert!(!odd.is_at_or_below(&name("example.com")));
        assert!(name("x").is_at_or_below(&Name::root()));
    }

    /// The example of RFC 4034 section 6.1.
    #[test]
    fn canonical_order() {
        let sorted = ["example", "a.example", "yljkjljk.a.example", "Z.a.example", "zABC.a.EXAMPLE", "z.example"];
        let more = ["\\001.z.example", "*.z.example", "\\200.z.example"];
        let names: Vec<Name> = sorted.iter().chain(&more).map(|text| name(text)).collect();
        assert!(names.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn relative_text() {
        let origin = name("example.com");
        assert_eq!(name("example.com").relative_to(&origin), "@");
        assert_eq!(name("a.b.example.com").relative_to(&origin), "a.b");
        assert_eq!(name("a.example.org").relative_to(&origin), "a.example.org.");
        assert_eq!(Name::parse("a.b", &origin).unwrap(), name("a.b.example.com."));
    }

    #[test]
    fn suffix_replacement() {
        let replaced = name("a.b.example.com").replace_suffix(&name("b.example.com"), &name("c.net"));
        assert_eq!(replaced, Some(Ok(name("a.c.net"))));
        assert_eq!(name("a.com").replace_suffix(&name("net"), &name("x")), None);
    }
}
