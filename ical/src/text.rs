//! Folding, escapes and parameters as text (RFC 5545 section 3.1, 3.2, 3.3.11, RFC 6868).

use std::borrow::Cow;

/// Octets of a line at most, its end not counted (RFC 5545 section 3.1).
const LINE_WIDTH: usize = 75;

/// A line with its folds removed: an end of line and the white space behind it.
pub(crate) fn unfold(raw: &[u8]) -> Cow<'_, str> {
    match unfold_octets(raw) {
        (Cow::Borrowed(octets), _) => String::from_utf8_lossy(octets),
        (Cow::Owned(octets), _) => Cow::Owned(
            String::from_utf8(octets).unwrap_or_else(|bad| String::from_utf8_lossy(bad.as_bytes()).into_owned()),
        ),
    }
}

/// The same on octets, and whether there was a fold.
pub(crate) fn unfold_octets(raw: &[u8]) -> (Cow<'_, [u8]>, bool) {
    let Some(first) = memchr::memchr(b'\n', raw) else { return (Cow::Borrowed(raw), false) };
    let mut unfolded = Vec::with_capacity(raw.len());
    let (mut at, mut next) = (0, Some(first));
    while let Some(newline) = next {
        let end = at + newline;
        let text = &raw[at..end];
        let ends = text.iter().rev().take_while(|octet| **octet == b'\r').count();
        unfolded.extend_from_slice(&text[..text.len() - ends]);
        at = (end + 2).min(raw.len());
        next = memchr::memchr(b'\n', &raw[at..]);
    }
    unfolded.extend_from_slice(&raw[at..]);
    (Cow::Owned(unfolded), true)
}

/// Appends `line` folded at 75 octets, never inside a character, with the given end of line.
pub(crate) fn fold(line: &str, newline: &str, out: &mut Vec<u8>) {
    let mut rest = line;
    let mut width = LINE_WIDTH;
    while rest.len() > width {
        let cut = rest.floor_char_boundary(width);
        out.extend_from_slice(&rest.as_bytes()[..cut]);
        out.extend_from_slice(newline.as_bytes());
        out.push(b' ');
        rest = &rest[cut..];
        width = LINE_WIDTH - 1;
    }
    out.extend_from_slice(rest.as_bytes());
    out.extend_from_slice(newline.as_bytes());
}

/// TEXT with its escapes resolved.
pub(crate) fn unescape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let escaped = rest[at + 1..].chars().next();
        match escaped {
            Some('n' | 'N') => text.push('\n'),
            Some(other @ ('\\' | ';' | ',' | ':' | '"')) => text.push(other),
            Some(other) => text.extend(['\\', other]),
            None => text.push('\\'),
        }
        rest = &rest[at + 1 + escaped.map_or(0, char::len_utf8)..];
    }
    text.push_str(rest);
    text
}

/// TEXT with escapes where they must be.
pub(crate) fn escape(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | ';' | ',' => value.extend(['\\', character]),
            '\n' => value.push_str("\\n"),
            control if control.is_ascii_control() && control != '\t' => {}
            other => value.push(other),
        }
    }
    value
}

/// The parts of a value between commas that are not escaped.
pub(crate) fn split_list(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut escaped = false;
        let comma = text.bytes().position(|octet| {
            let ends = octet == b',' && !escaped;
            escaped = octet == b'\\' && !escaped;
            ends
        });
        let (item, after) = comma.map_or((text, None), |at| (&text[..at], Some(&text[at + 1..])));
        rest = after;
        Some(item)
    })
}

/// Splits `;NAME=value;NAME="value"` into names and decoded values. What has no `=` is passed over.
pub(crate) fn parameters<'a>(text: Cow<'a, str>) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < text.len() {
            let start = at + usize::from(text.as_bytes()[at] == b';');
            let end = parameter_end(text.as_bytes(), start);
            at = end.max(at + 1);
            if let Some(equals) = memchr::memchr(b'=', &text.as_bytes()[start..end]) {
                let (name, value) = (start..start + equals, start + equals + 1..end);
                return Some((slice(&text, name), decode_parameter(slice(&text, value))));
            }
        }
        None
    })
}

fn slice<'a>(text: &Cow<'a, str>, range: std::ops::Range<usize>) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[range]),
        Cow::Owned(text) => Cow::Owned(text[range].to_owned()),
    }
}

/// Where a parameter ends: at the next `;` outside quotes.
fn parameter_end(text: &[u8], start: usize) -> usize {
    let mut quoted = false;
    let end = text[start..].iter().position(|octet| {
        quoted ^= *octet == b'"';
        *octet == b';' && !quoted
    });
    end.map_or(text.len(), |at| start + at)
}

/// Where the parameter of a name stands in a name with parameters, its semicolon included.
pub(crate) fn parameter_span(head: &str, name: &str) -> Option<std::ops::Range<usize>> {
    let mut at = parameter_end(head.as_bytes(), 0);
    while at < head.len() {
        let end = parameter_end(head.as_bytes(), at + 1);
        let written = head[at + 1..end].split_once('=').map(|(written, _)| written);
        if written.is_some_and(|written| written.eq_ignore_ascii_case(name)) {
            return Some(at..end);
        }
        at = end;
    }
    None
}

/// A parameter's value without quotes and with RFC 6868's circumflexes resolved.
fn decode_parameter(value: Cow<'_, str>) -> Cow<'_, str> {
    if !value.contains(['"', '^']) {
        return value;
    }
    let mut decoded = String::with_capacity(value.len());
    let mut characters = value.chars().peekable();
    while let Some(character) = characters.next() {
        let resolved = match (character, characters.peek()) {
            ('"', _) => continue,
            ('^', Some('n')) => '\n',
            ('^', Some('^')) => '^',
            ('^', Some('\'')) => '"',
            (other, _) => {
                decoded.push(other);
                continue;
            }
        };
        characters.next();
        decoded.push(resolved);
    }
    Cow::Owned(decoded)
}

/// A parameter's value as it is written: RFC 6868's circumflexes, and quotes where they must be.
pub(crate) fn encode_parameter(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len() + 2);
    for character in value.chars() {
        match character {
            '\n' => encoded.push_str("^n"),
            '^' => encoded.push_str("^^"),
            '"' => encoded.push_str("^'"),
            control if control.is_ascii_control() => {}
            other => encoded.push(other),
        }
    }
    if encoded.contains([':', ';', ',']) { format!("\"{encoded}\"") } else { encoded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folded_line_becomes_one() {
        assert_eq!(unfold(b"one\r\n  two\n\tthree"), "one twothree");
        assert_eq!(unfold("Caf\u{e9}".as_bytes()), "Café");
        assert_eq!(unfold(b"Caf\xc3\r\n \xa9"), "Café", "a fold inside a character");
    }

    #[test]
    fn folding_is_undone_by_unfolding() {
        let line = format!("SUMMARY:{}", "äöü€🎉".repeat(30));
        let mut folded = Vec::new();
        fold(&line, "\r\n", &mut folded);
        assert!(str::from_utf8(&folded).unwrap().lines().all(|line| line.len() <= 75));
        assert_eq!(unfold(folded.trim_ascii_end()), line);
    }

    #[test]
    fn escapes_go_both_ways() {
        assert_eq!(unescape(r"a\, b\; c\\n\nd\x"), "a, b; c\\n\nd\\x");
        assert_eq!(escape("a, b; c\\\nd"), r"a\, b\; c\\\nd");
        assert_eq!(split_list(r"a\,b,c,").collect::<Vec<_>>(), [r"a\,b", "c", ""]);
    }

    #[test]
    fn parameters_are_decoded() {
        let text = r#";CN="Müller; Karl";X-A=^'quoted^'^nline;BROKEN;ROLE=CHAIR"#;
        let all: Vec<_> = parameters(Cow::Borrowed(text)).collect();
        let all: Vec<(&str, &str)> = all.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(all, [("CN", "Müller; Karl"), ("X-A", "\"quoted\"\nline"), ("ROLE", "CHAIR")]);
        assert_eq!(encode_parameter("a \"b\": c"), "\"a ^'b^': c\"");
    }
}
