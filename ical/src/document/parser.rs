//! Splits an iCalendar text into lines and checks how components nest (RFC 5545 section 3.1, 3.6).
//!
//! As lenient as the peers: LF for CRLF, empty lines, a byte order mark. A fold may stand inside a UTF-8 sequence, but not inside a
//! name.

use super::{BEGIN, END, Line, SyntaxError, line_number};

/// Octets of a text at most.
pub(crate) const MAX_SIZE: usize = 10 << 20;
/// Lines after unfolding at most.
const MAX_LINES: usize = 200_000;
/// Components inside each other at most.
const MAX_DEPTH: usize = 8;
/// Octets of a property's name at most: so that no fold comes to stand in it.
const MAX_NAME: usize = 70;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

pub(super) fn parse(octets: &[u8]) -> Result<Box<[Line]>, SyntaxError> {
    if octets.len() > MAX_SIZE {
        return Err(SyntaxError { line: 1, reason: format!("the calendar is larger than {} MiB", MAX_SIZE >> 20) });
    }
    check_characters(octets)?;
    let mut parser = Parser { octets, lines: Vec::with_capacity(octets.len() / 24 + 4), open: Vec::new() };
    let mut at = if octets.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    while at < octets.len() {
        let end = logical_end(octets, at);
        parser.line(at, &octets[at..end])?;
        at = end;
    }
    parser.finish()
}

struct Parser<'a> {
    octets: &'a [u8],
    lines: Vec<Line>,
    /// Lines of BEGINs that wait for their END.
    open: Vec<usize>,
}

impl Parser<'_> {
    /// Takes one line with its folds and its end.
    fn line(&mut self, start: usize, line: &[u8]) -> Result<(), SyntaxError> {
        let name_length = line.iter().take_while(|octet| is_name_octet(**octet)).count();
        if name_length == 0 && line.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        if self.lines.len() >= MAX_LINES {
            return Err(self.error(start, format!("the calendar has more than {MAX_LINES} lines")));
        }
        let after = line.get(name_length).copied();
        if name_length == 0 || !matches!(after, Some(b':' | b';')) {
            return Err(self.error(start, describe_bad_name(line, name_length)));
        }
        if name_length > MAX_NAME {
            return Err(self.error(start, format!("the name of a property has more than {MAX_NAME} characters")));
        }
        let name = &line[..name_length];
        match (after, name.len()) {
            (Some(b':'), 5) if name.eq_ignore_ascii_case(b"BEGIN") => return self.begin(start, line),
            (Some(b':'), 3) if name.eq_ignore_ascii_case(b"END") => return self.end(start, line),
            (_, 3 | 5) if [&b"BEGIN"[..], b"END"].iter().any(|other| name.eq_ignore_ascii_case(other)) => {
                return Err(self.error(start, "BEGIN and END have no parameters".to_owned()));
            }
            _ => {}
        }
        if self.open.is_empty() {
            return Err(self.error(start, self.outside()));
        }
        let value = value_start(line, name_length).map_err(|reason| self.error(start, reason))?;
        self.lines.push(Line { start: start as u32, detail: (value as u32) << 8 | name_length as u32 });
        Ok(())
    }

    fn begin(&mut self, start: usize, line: &[u8]) -> Result<(), SyntaxError> {
        let name = component_name(line);
        if self.open.is_empty() && !self.lines.is_empty() {
            return Err(self.error(start, self.outside()));
        }
        if self.open.is_empty() && !name.eq_ignore_ascii_case(b"VCALENDAR") {
            return Err(self.error(start, "the text does not start with BEGIN:VCALENDAR".to_owned()));
        }
        if name.is_empty() || !name.iter().copied().all(is_name_octet) {
            return Err(self.error(start, "BEGIN is not followed by the name of a component".to_owned()));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(self.error(start, format!("components are nested more than {MAX_DEPTH} deep")));
        }
        self.open.push(self.lines.len());
        self.lines.push(Line { start: start as u32, detail: BEGIN });
        Ok(())
    }

    fn end(&mut self, start: usize, line: &[u8]) -> Result<(), SyntaxError> {
        let Some(begin) = self.open.pop() else {
            return Err(self.error(start, self.outside()));
        };
        let (opened, closed) = (self.name_at(begin), component_name(line));
        if !opened.eq_ignore_ascii_case(closed) {
            let [opened, closed] = [opened, closed].map(String::from_utf8_lossy);
            return Err(self.error(start, format!("END:{closed} where END:{opened} was expected")));
        }
        self.lines[begin].detail = BEGIN | ((self.lines.len() - begin) as u32) << 8;
        self.lines.push(Line { start: start as u32, detail: END });
        Ok(())
    }

    fn finish(self) -> Result<Box<[Line]>, SyntaxError> {
        if let Some(begin) = self.open.last() {
            let name = String::from_utf8_lossy(self.name_at(*begin));
            let reason = format!("the text ends inside {name}: END:{name} is missing");
            return Err(self.error(self.octets.len(), reason));
        }
        if self.lines.is_empty() {
            return Err(self.error(0, "the text is empty: it has no BEGIN:VCALENDAR".to_owned()));
        }
        Ok(self.lines.into_boxed_slice())
    }

    fn name_at(&self, line: usize) -> &[u8] {
        let start = self.lines[line].start as usize;
        component_name(&self.octets[start..logical_end(self.octets, start)])
    }

    /// What is wrong with a line outside the VCALENDAR.
    fn outside(&self) -> String {
        let before = "the text does not start with BEGIN:VCALENDAR";
        let after = "there is text after END:VCALENDAR; only one VCALENDAR may be in it";
        (if self.lines.is_empty() { before } else { after }).to_owned()
    }

    fn error(&self, at: usize, reason: String) -> SyntaxError {
        error(self.octets, at, reason)
    }
}

fn error(octets: &[u8], at: usize, reason: String) -> SyntaxError {
    SyntaxError { line: line_number(octets, at), reason }
}

fn is_name_octet(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.')
}

/// Where the line that starts at `at` ends, folded lines and the line's end included.
fn logical_end(octets: &[u8], at: usize) -> usize {
    let mut end = at;
    while let Some(newline) = memchr::memchr(b'\n', &octets[end..]) {
        end += newline + 1;
        if !matches!(octets.get(end), Some(b' ' | b'\t')) {
            return end;
        }
    }
    octets.len()
}

/// Where the value starts: behind the first `:` outside quotes.
fn value_start(line: &[u8], name_length: usize) -> Result<usize, String> {
    let mut at = name_length;
    while let Some(next) = memchr::memchr2(b':', b'"', &line[at..]) {
        at += next;
        if line[at] == b':' {
            return Ok(at + 1);
        }
        let close = memchr::memchr(b'"', &line[at + 1..]);
        at += 2 + close.ok_or_else(|| "a parameter's quotes are not closed".to_owned())?;
    }
    Err(format!("{} has no colon before its value", String::from_utf8_lossy(&line[..name_length])))
}

fn component_name(line: &[u8]) -> &[u8] {
    let colon = memchr::memchr(b':', line).map_or(line.len(), |at| at + 1);
    line[colon..].trim_ascii()
}

fn describe_bad_name(line: &[u8], name_length: usize) -> String {
    let start: String = String::from_utf8_lossy(line.trim_ascii_end()).chars().take(30).collect();
    match line.get(name_length) {
        None | Some(b'\r' | b'\n') => format!("`{start}` is not a property: it has no colon"),
        _ => format!("`{start}` does not start with the name of a property"),
    }
}

/// UTF-8 without control characters; a UTF-8 sequence may be folded.
fn check_characters(octets: &[u8]) -> Result<(), SyntaxError> {
    let bad = |octet: u8| (octet < 0x20 && !matches!(octet, b'\t' | b'\n' | b'\r')) || octet == 0x7f;
    if octets.iter().fold(false, |found, &octet| found | bad(octet)) {
        let at = octets.iter().position(|octet| bad(*octet)).unwrap_or_default();
        let reason = format!("there is a control character (0x{:02x}) in the text", octets[at]);
        return Err(error(octets, at, reason));
    }
    for at in memchr::memchr_iter(b'\r', octets) {
        if !matches!(octets.get(at + 1), Some(b'\n' | b'\r') | None) {
            return Err(error(octets, at, "there is a carriage return inside a line".to_owned()));
        }
    }
    check_encoding(octets)
}

fn check_encoding(octets: &[u8]) -> Result<(), SyntaxError> {
    let Err(problem) = str::from_utf8(octets) else { return Ok(()) };
    // What is not UTF-8 as it stands may be so once the lines are joined.
    let (mut at, mut found) = (0, problem.valid_up_to());
    while at < octets.len() {
        let end = logical_end(octets, at);
        if found < end {
            let (unfolded, _) = crate::text::unfold_octets(&octets[at..end]);
            if str::from_utf8(&unfolded).is_err() {
                let reason = "the text is not UTF-8 (another character set, such as Latin-1, is not allowed)";
                return Err(error(octets, found.max(at), reason.to_owned()));
            }
            found = str::from_utf8(&octets[end..]).err().map_or(octets.len(), |problem| end + problem.valid_up_to());
        }
        at = end;
    }
    Ok(())
}
