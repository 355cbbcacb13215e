//! `$GENERATE`: one entry that stands for a row of records, with BIND's syntax.
//!
//! `$GENERATE first-last[/step] owner [ttl] [class] type data`; `$` is the number, `${offset,width,base}` a variation
//! of it with base `d`, `o`, `x`, `X`, or `n` and `N` for reversed nibbles; `$$` and `\$` are a dollar sign. The
//! previous owner and TTL stay what they were.

use super::diagnostic::{Problem, shown};
use super::entry::{Fields, Head, State, head};
use super::lexer::{Entry, Lexer, Token};
use super::rdata_text;
use super::source::{Source, decimal};
use crate::name::Name;
use crate::rdata::Rdata;
use crate::record::Record;

/// Records of one `$GENERATE` at most.
const MAX_STEPS: u64 = 65_536;
const RANGE: &str = "`FIRST-LAST` or `FIRST-LAST/STEP`";

/// A `$GENERATE` whose numbers are checked; its texts are those of its tokens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Generate {
    first: u32,
    last: u32,
    step: u32,
    head: Head,
}

impl Generate {
    pub fn parse(text: &[u8], tokens: &[Token]) -> Result<(Fields, Generate), Problem> {
        let mut source = Source::new(text, &tokens[1..], tokens[0].end, const_root());
        let range = source.take(RANGE)?;
        let (first, last, step) =
            parse_range(range.raw(text)).ok_or_else(|| source.problem(range, "a range", RANGE))?;
        if u64::from(last - first) / u64::from(step) >= MAX_STEPS {
            return Err(Problem::expecting(
                range.start,
                "the range is too long",
                format!("at most {MAX_STEPS} records"),
            ));
        }
        source.take("an owner name")?;
        let head = head(text, tokens, 3)?;
        Ok((head.fields, Generate { first, last, step, head }))
    }

    /// Makes the records one by one; stops at the first problem.
    pub fn expand(
        &self,
        text: &[u8],
        tokens: &[Token],
        state: &State,
        mut each: impl FnMut(Record) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let (owner, data) = (tokens[2], &tokens[self.head.fields.rdata..]);
        for number in (self.first..=self.last).step_by(self.step as usize) {
            let mut line = substitute(owner.raw(text), number).ok_or_else(|| bad(owner, text))?;
            for token in data {
                line.push(b' ');
                line.extend(substitute(token.raw(text), number).ok_or_else(|| bad(*token, text))?);
            }
            let moved = |problem: Problem| Problem { at: tokens[0].start, ..problem };
            each(self.record(&line, state).map_err(moved)?)?;
        }
        Ok(())
    }

    fn record(&self, line: &[u8], state: &State) -> Result<Record, Problem> {
        let mut tokens = Vec::new();
        Lexer::new(line).next_entry(&mut tokens).unwrap_or(Ok(Entry::default()))?;
        let mut source = Source::new(line, &tokens, 0, &state.origin);
        let mut octets = Vec::new();
        source.name(&mut octets)?;
        let owner = Name::from_octets(&octets).map_err(|error| Problem::new(0, error.to_string()))?;
        rdata_text::parse_tokens(self.head.rtype, &mut source, &mut octets)?;
        let ttl = self.head.ttl.unwrap_or_else(|| state.implied_ttl(self.head.rtype, &octets));
        Ok(Record { owner, rtype: self.head.rtype, ttl, rdata: Rdata::from_shaped(&octets) })
    }
}

fn const_root() -> &'static Name {
    static ROOT: std::sync::LazyLock<Name> = std::sync::LazyLock::new(Name::root);
    &ROOT
}

fn bad(token: Token, text: &[u8]) -> Problem {
    let message = format!("{} has a `${{}}` that does not work", shown(token.raw(text)));
    Problem::expecting(
        token.start,
        message,
        "`${OFFSET,WIDTH,BASE}` with base d, o, x, X, n or N, and no negative number",
    )
}

fn parse_range(raw: &[u8]) -> Option<(u32, u32, u32)> {
    let mut halves = raw.splitn(2, |octet| *octet == b'/');
    let (range, step) = (halves.next()?, halves.next().unwrap_or(b"1"));
    let dash = memchr::memchr(b'-', range)?;
    let number =
        |raw: &[u8]| decimal(raw).and_then(|number| u32::try_from(number).ok()).filter(|number| *number < 1 << 31);
    let (first, last, step) = (number(&range[..dash])?, number(&range[dash + 1..])?, number(step)?);
    (first <= last && step > 0).then_some((first, last, step))
}

/// A token's text with the number in place of its dollar signs.
fn substitute(raw: &[u8], number: u32) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(raw.len() + 8);
    let mut rest = raw;
    while let Some((&octet, tail)) = rest.split_first() {
        rest = tail;
        match (octet, tail) {
            (b'\\', [escaped, tail @ ..]) => {
                out.extend([b'\\', *escaped]);
                rest = tail;
            }
            (b'$', [b'$', tail @ ..]) => {
                out.extend(b"\\$");
                rest = tail;
            }
            (b'$', [b'{', tail @ ..]) => {
                let close = memchr::memchr(b'}', tail)?;
                out.extend(modified(&tail[..close], number)?.into_bytes());
                rest = &tail[close + 1..];
            }
            (b'$', _) => out.extend(number.to_string().into_bytes()),
            (other, _) => out.push(other),
        }
    }
    Some(out)
}

fn modified(modifier: &[u8], number: u32) -> Option<String> {
    let mut parts = std::str::from_utf8(modifier).ok()?.split(',');
    let offset: i64 = parts.next()?.parse().ok()?;
    let width: usize = parts.next().unwrap_or("0").parse().ok().filter(|width| *width <= 255)?;
    let base = parts.next().unwrap_or("d");
    let value = u32::try_from(i64::from(number).checked_add(offset)?).ok()?;
    if parts.next().is_some() {
        return None;
    }
    Some(match base {
        "d" => format!("{value:0width$}"),
        "o" => format!("{value:0width$o}"),
        "x" => format!("{value:0width$x}"),
        "X" => format!("{value:0width$X}"),
        "n" => nibbles(value, width),
        "N" => nibbles(value, width).to_ascii_uppercase(),
        _ => return None,
    })
}

/// Hexadecimal digits from the last to the first with dots between them; the dots count in the width.
fn nibbles(mut value: u32, mut width: usize) -> String {
    let mut text = String::new();
    loop {
        text.push(char::from_digit(value & 15, 16).unwrap_or('0'));
        value >>= 4;
        width = width.saturating_sub(1);
        if value == 0 && width == 0 {
            return text;
        }
        text.push('.');
        width = width.saturating_sub(1);
        if value == 0 && width == 0 {
            return text;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_text() {
        let text = |raw: &str, number| String::from_utf8(substitute(raw.as_bytes(), number).unwrap()).unwrap();
        assert_eq!(text("host-$.x$", 7), "host-7.x7");
        assert_eq!(text("a${1,3}b${-2}", 7), "a008b5");
        assert_eq!(text("${0,4,x}-${0,0,X}-${0,3,o}", 30), "001e-1E-036");
        assert_eq!(text("${0,8,n}ip6", 0x1a), "a.1.0.0.ip6");
        assert_eq!(text("${0,3,N}", 0x1a), "A.1");
        assert_eq!(text("$$\\$", 1), "\\$\\$");
        for bad in ["${", "${x}", "${-8}", "${0,3,q}", "${0,1,d,}", "${0,9999}"] {
            assert_eq!(substitute(bad.as_bytes(), 7), None, "{bad}");
        }
        assert_eq!(parse_range(b"1-9/2"), Some((1, 9, 2)));
        for bad in ["", "1", "2-1", "1-2/0", "1-2/", "-1-2", "a-b", "1-4294967295"] {
            assert_eq!(parse_range(bad.as_bytes()), None, "{bad}");
        }
    }
}
