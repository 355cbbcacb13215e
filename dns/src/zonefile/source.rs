//! The tokens of one entry, taken one by one, and the values that stand in them: names, numbers, durations, strings.

use std::borrow::Cow;

use super::diagnostic::{Problem, shown};
use super::lexer::{Quoting, Token};
use crate::name::{MAX_LABEL, MAX_NAME, Name, NameError, unescape};

/// What is left of an entry's tokens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    text: &'a [u8],
    tokens: &'a [Token],
    /// Where something is missing when no token is left.
    end: u32,
    /// What completes relative names.
    pub origin: &'a Name,
    /// Whether a name was completed.
    pub relative: bool,
}

impl<'a> Source<'a> {
    pub fn new(text: &'a [u8], tokens: &'a [Token], start: u32, origin: &'a Name) -> Source<'a> {
        let end = tokens.last().map_or(start, |token| token.end);
        Source { text, tokens, end, origin, relative: false }
    }

    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The text of the next token, quotes and escapes included.
    pub fn peek(&self) -> Option<&'a [u8]> {
        self.tokens.first().map(|token| token.raw(self.text))
    }

    pub fn peek_token(&self) -> Option<Token> {
        self.tokens.first().copied()
    }

    pub fn next_token(&mut self) -> Option<Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(*first)
    }

    /// The next token, which `expected` describes.
    pub fn take(&mut self, expected: &str) -> Result<Token, Problem> {
        let end = self.end;
        self.next_token().ok_or_else(|| Problem::expecting(end, "the entry ends too early", expected))
    }

    pub fn raw(&self, token: Token) -> &'a [u8] {
        token.raw(self.text)
    }

    /// A problem with a token, which it shows.
    pub fn problem(&self, token: Token, what: &str, expected: &str) -> Problem {
        Problem::expecting(token.start, format!("{} is not {what}", shown(self.raw(token))), expected)
    }

    /// Nothing may be left.
    pub fn finish(&self) -> Result<(), Problem> {
        match self.tokens.first() {
            None => Ok(()),
            Some(token) => {
                let message = format!("{} is too much", shown(token.raw(self.text)));
                Err(Problem::expecting(token.start, message, "the end of the line"))
            }
        }
    }

    /// A decimal number up to `max`.
    pub fn number(&mut self, max: u32, expected: &str) -> Result<u32, Problem> {
        let token = self.take(expected)?;
        self.number_of(token, max, expected)
    }

    pub fn number_of(&self, token: Token, max: u32, expected: &str) -> Result<u32, Problem> {
        match decimal(self.raw(token)) {
            Some(number) if number <= u64::from(max) => Ok(number as u32),
            _ => Err(self.problem(token, expected, expected).without_expected()),
        }
    }

    /// A domain name, appended in wire form.
    pub fn name(&mut self, out: &mut Vec<u8>) -> Result<(), Problem> {
        let token = self.take("a domain name")?;
        self.name_of(token, out)
    }

    pub fn name_of(&mut self, token: Token, out: &mut Vec<u8>) -> Result<(), Problem> {
        let raw = self.raw(token);
        if raw == b"@" {
            self.relative = true;
            out.extend_from_slice(self.origin.as_octets());
            return Ok(());
        }
        let unquoted =
            if token.quoting == Quoting::None { Cow::Borrowed(raw) } else { Cow::Owned(without_quotes(raw)) };
        let absolute = push_name(&unquoted, self.origin, out)
            .map_err(|error| Problem::expecting(token.start, error.to_string(), "a domain name"))?;
        self.relative |= !absolute;
        Ok(())
    }

    /// The octets of a character-string, escapes and quotes resolved.
    pub fn string(&self, token: Token) -> Result<Cow<'a, [u8]>, Problem> {
        let raw = self.raw(token);
        let inner = match token.quoting {
            Quoting::None => raw,
            Quoting::Whole => &raw[1..raw.len() - 1],
            Quoting::Part => {
                return Err(Problem::expecting(
                    token.start,
                    "a string goes on behind its quotes",
                    "white space between strings",
                ));
            }
        };
        unescape_all(inner).ok_or_else(|| bad_escape(token))
    }
}

impl Problem {
    pub fn without_expected(self) -> Problem {
        Problem { expected: None, ..self }
    }
}

pub(crate) fn bad_escape(token: Token) -> Problem {
    Problem::new(token.start, NameError::BadEscape.to_string())
}

/// Resolves `\X` and `\DDD`.
pub(crate) fn unescape_all(raw: &[u8]) -> Option<Cow<'_, [u8]>> {
    if memchr::memchr(b'\\', raw).is_none() {
        return Some(Cow::Borrowed(raw));
    }
    let mut octets = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&octet, tail)) = rest.split_first() {
        rest = tail;
        if octet == b'\\' {
            let (value, tail) = unescape(tail).ok()?;
            octets.push(value);
            rest = tail;
        } else {
            octets.push(octet);
        }
    }
    Some(Cow::Owned(octets))
}

/// Removes quotes, leaves escapes.
pub(crate) fn without_quotes(raw: &[u8]) -> Vec<u8> {
    let mut escaped = false;
    let keep = |octet: &&u8| {
        let keep = escaped || **octet != b'"';
        escaped = !escaped && **octet == b'\\';
        keep
    };
    raw.iter().filter(keep).copied().collect()
}

/// A number of decimal digits only.
pub(crate) fn decimal(raw: &[u8]) -> Option<u64> {
    if raw.is_empty() || raw.len() > 18 {
        return None;
    }
    raw.iter().try_fold(0u64, |number, octet| match octet {
        b'0'..=b'9' => Some(number * 10 + u64::from(octet - b'0')),
        _ => None,
    })
}

/// Seconds as a number or in units, `1h30m`, as every server but MirageOS's reads them.
pub(crate) fn duration(raw: &[u8]) -> Option<u64> {
    if let Some(number) = decimal(raw) {
        return Some(number);
    }
    let (mut total, mut number, mut digits) = (0u64, 0u64, 0);
    for octet in raw {
        let unit = match octet.to_ascii_lowercase() {
            digit @ b'0'..=b'9' if digits < 10 => {
                (number, digits) = (number * 10 + u64::from(digit - b'0'), digits + 1);
                continue;
            }
            b's' => 1,
            b'm' => 60,
            b'h' => 3600,
            b'd' => 86_400,
            b'w' => 604_800,
            _ => return None,
        };
        if digits == 0 {
            return None;
        }
        total = total.checked_add(number * unit)?;
        (number, digits) = (0, 0);
    }
    (digits == 0 && !raw.is_empty()).then_some(total)
}

/// Appends a name in wire form and returns whether it was absolute. On an error `out` holds rubbish behind its old end.
pub(crate) fn push_name(raw: &[u8], origin: &Name, out: &mut Vec<u8>) -> Result<bool, NameError> {
    let start = out.len();
    out.push(0);
    if raw == b"." {
        return Ok(true);
    }
    let (mut label_at, mut absolute, mut rest) = (start, false, raw);
    while let Some((&octet, tail)) = rest.split_first() {
        rest = tail;
        match octet {
            b'.' => {
                end_label(out, label_at)?;
                absolute = rest.is_empty();
                label_at = out.len();
                out.push(0);
            }
            b'\\' => {
                let (value, tail) = unescape(rest)?;
                out.push(value);
                rest = tail;
            }
            other => out.push(other),
        }
    }
    if !absolute {
        end_label(out, label_at)?;
        out.extend_from_slice(origin.as_octets());
    }
    if out.len() - start > MAX_NAME { Err(NameError::NameTooLong) } else { Ok(absolute) }
}

fn end_label(out: &mut [u8], label_at: usize) -> Result<(), NameError> {
    match out.len() - label_at - 1 {
        0 => Err(NameError::EmptyLabel),
        length if length > MAX_LABEL => Err(NameError::LabelTooLong),
        length => {
            out[label_at] = length as u8;
            Ok(())
        }
    }
}
