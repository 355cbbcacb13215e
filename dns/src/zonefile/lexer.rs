//! Zone files as entries of tokens (RFC 1035 section 5.1): comments gone, parentheses resolved, escapes and quotes kept
//! raw.
//!
//! An entry is a line, or several that parentheses join. A token is a span of the text. Quotes may stand inside a
//! token, `alpn="h2,h3"` (RFC 9460 section 2.1) and `"My Device"._hap` (as MirageOS reads it); two quoted strings that
//! touch are two tokens.

use super::diagnostic::Problem;

/// UTF-8's mark at the start of a file, which some editors write.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Octets of an entry at most; no record is as long, so a parenthesis was forgotten.
const MAX_ENTRY: usize = 1 << 20;
const MAX_DEPTH: u8 = 100;

/// Where a token has quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quoting {
    /// Nowhere.
    None,
    /// Around the whole of it.
    Whole,
    /// Somewhere inside.
    Part,
}

/// A word or a quoted string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// First octet.
    pub start: u32,
    /// Octet behind the last one.
    pub end: u32,
    /// Where it has quotes.
    pub quoting: Quoting,
    /// How many parentheses are open at it.
    pub depth: u8,
}

impl Token {
    /// Its text, quotes and escapes as they stand.
    pub fn raw<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        &text[self.start as usize..self.end as usize]
    }
}

/// The lines of one entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    /// First octet of the first line.
    pub start: u32,
    /// Octet behind the last line's end.
    pub end: u32,
    /// Whether it starts with white space, which stands for the previous owner.
    pub blank_owner: bool,
}

/// Splits a text into entries.
#[derive(Clone, Debug)]
pub(crate) struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Lexer<'a> {
    /// Starts at the beginning of `text`, which is shorter than 4 GiB.
    pub fn new(text: &'a [u8]) -> Lexer<'a> {
        let at = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        Lexer { text, at }
    }

    /// Starts at the beginning of a text that is not that of a file.
    pub fn inside(text: &'a [u8]) -> Lexer<'a> {
        Lexer { text, at: 0 }
    }

    /// The next entry that has tokens. After an error it goes on with the line behind it.
    pub fn next_entry(&mut self, tokens: &mut Vec<Token>) -> Option<Result<Entry, Problem>> {
        loop {
            let start = self.at;
            let first = self.text.get(start)?;
            tokens.clear();
            match self.read_entry(start, tokens) {
                Ok(end) => self.at = end,
                Err(problem) => {
                    self.at = self.next_line(problem.at as usize);
                    return Some(Err(problem));
                }
            }
            if !tokens.is_empty() {
                let blank_owner = matches!(first, b' ' | b'\t');
                return Some(Ok(Entry { start: start as u32, end: self.at as u32, blank_owner }));
            }
        }
    }

    /// Reads tokens up to the end of the line outside parentheses, and returns where the next line starts.
    fn read_entry(&self, start: usize, tokens: &mut Vec<Token>) -> Result<usize, Problem> {
        let (mut at, mut depth, mut opened) = (start, 0u8, start);
        while let Some(&octet) = self.text.get(at) {
            match CLASSES[usize::from(octet)] {
                Class::Word => {
                    let token = self.token(at, depth)?;
                    at = token.end as usize;
                    tokens.push(token);
                }
                Class::Space => at += 1,
                Class::Newline if depth == 0 => return Ok(at + 1),
                Class::Newline if at - opened > MAX_ENTRY => break,
                Class::Newline => at += 1,
                Class::Comment => at = self.line_end(at),
                Class::Open if depth == MAX_DEPTH => {
                    return Err(Problem::new(at as u32, "there are too many parentheses"));
                }
                Class::Open => {
                    if depth == 0 {
                        opened = at;
                    }
                    (at, depth) = (at + 1, depth + 1);
                }
                Class::Close if depth == 0 => {
                    return Err(Problem::new(at as u32, "a parenthesis is closed that was not opened"));
                }
                Class::Close => (at, depth) = (at + 1, depth - 1),
            }
        }
        match depth {
            0 => Ok(at),
            _ => Err(Problem::expecting(opened as u32, "a parenthesis is opened and not closed", "`)`")),
        }
    }

    fn token(&self, start: usize, depth: u8) -> Result<Token, Problem> {
        let mut at = start;
        let mut quoting = Quoting::None;
        loop {
            match self.text.get(at) {
                Some(b'"') if quoting == Quoting::Whole => break,
                Some(b'"') => {
                    quoting = if at == start { Quoting::Whole } else { Quoting::Part };
                    at = self.quoted(at)?;
                }
                Some(&octet) if CLASSES[usize::from(octet)] == Class::Word => {
                    if quoting == Quoting::Whole {
                        quoting = Quoting::Part;
                    }
                    at = if octet == b'\\' { self.escape(at)? } else { at + 1 };
                }
                _ => break,
            }
        }
        Ok(Token { start: start as u32, end: at as u32, quoting, depth })
    }

    /// The octet behind the quote that closes the one at `open`.
    fn quoted(&self, open: usize) -> Result<usize, Problem> {
        let mut at = open + 1;
        while let Some(found) = memchr::memchr3(b'"', b'\\', b'\n', &self.text[at..]) {
            at += found;
            match self.text[at] {
                b'"' => return Ok(at + 1),
                b'\\' => at = self.escape(at)?,
                _ => break,
            }
        }
        Err(Problem::expecting(open as u32, "a quoted string is not closed on its line", "`\"`"))
    }

    /// The octet behind a backslash and the character that it escapes.
    fn escape(&self, at: usize) -> Result<usize, Problem> {
        match self.text.get(at + 1) {
            None | Some(b'\n' | b'\r') => {
                Err(Problem::expecting(at as u32, "a line ends with a backslash", "a character or three digits"))
            }
            Some(_) => Ok(at + 2),
        }
    }

    fn line_end(&self, at: usize) -> usize {
        memchr::memchr(b'\n', &self.text[at..]).map_or(self.text.len(), |found| at + found)
    }

    fn next_line(&self, at: usize) -> usize {
        (self.line_end(at) + 1).min(self.text.len())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Word,
    Space,
    Newline,
    Comment,
    Open,
    Close,
}

const CLASSES: [Class; 256] = classes();

const fn classes() -> [Class; 256] {
    let mut classes = [Class::Word; 256];
    classes[b' ' as usize] = Class::Space;
    classes[b'\t' as usize] = Class::Space;
    classes[b'\r' as usize] = Class::Space;
    classes[b'\n' as usize] = Class::Newline;
    classes[b';' as usize] = Class::Comment;
    classes[b'(' as usize] = Class::Open;
    classes[b')' as usize] = Class::Close;
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(text: &str) -> Vec<Result<Vec<String>, String>> {
        let mut lexer = Lexer::new(text.as_bytes());
        let mut tokens = Vec::new();
        let mut all = Vec::new();
        while let Some(entry) = lexer.next_entry(&mut tokens) {
            let raw = |token: &Token| String::from_utf8_lossy(token.raw(text.as_bytes())).into_owned();
            all.push(entry.map(|_| tokens.iter().map(raw).collect()).map_err(|problem| problem.message));
        }
        all
    }

    fn words(text: &str) -> Vec<Vec<String>> {
        entries(text).into_iter().map(Result::unwrap).collect()
    }

    #[test]
    fn tokens_of_entries() {
        assert_eq!(words("a b;c\n\n ;d\n e\tf"), [vec!["a", "b"], vec!["e", "f"]]);
        assert_eq!(words("a ( b ; x )\r\n c ) d\r\ne"), [vec!["a", "b", "c", "d"], vec!["e"]]);
        assert_eq!(words("\"a;( \\\" b\"\"c\" d\\;e"), [["\"a;( \\\" b\"", "\"c\"", "d\\;e"]]);
        assert_eq!(words("k=\"a b\" \"My Device\"._hap"), [["k=\"a b\"", "\"My Device\"._hap"]]);
        assert_eq!(words("\u{feff}a"), [["a"]]);
    }

    #[test]
    fn errors_go_on_with_the_next_line() {
        let (open, quote) = ("a parenthesis is opened and not closed", "a quoted string is not closed on its line");
        assert_eq!(entries("a (\nb\n"), [Err(open.to_owned()), Ok(vec!["b".to_owned()])]);
        assert_eq!(entries("a \"b\nc"), [Err(quote.to_owned()), Ok(vec!["c".to_owned()])]);
        assert_eq!(entries("a )")[0], Err("a parenthesis is closed that was not opened".to_owned()));
        assert_eq!(entries("a \\")[0], Err("a line ends with a backslash".to_owned()));
    }

    #[test]
    fn blank_owner_is_white_space_at_the_start() {
        let mut lexer = Lexer::new(b" a\nb\n\tc\n(\n d)\n");
        let mut tokens = Vec::new();
        let mut blank = || lexer.next_entry(&mut tokens).unwrap().unwrap().blank_owner;
        assert_eq!([blank(), blank(), blank(), blank()], [true, false, true, false]);
    }
}
