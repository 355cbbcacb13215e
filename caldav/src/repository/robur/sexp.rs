//! S-expressions as OCaml's sexplib prints them: lists in parentheses, atoms bare or quoted with OCaml's escapes.

use super::super::FileError;

/// Lists inside one another, at most.
const MAX_DEPTH: usize = 200;

/// An expression and the line where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sexp {
    pub(super) line: u32,
    pub(super) kind: Kind,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Atom(String),
    List(Vec<Sexp>),
}

impl Sexp {
    pub(super) fn complain(&self, reason: impl Into<String>) -> FileError {
        FileError { line: Some(self.line), reason: reason.into() }
    }

    pub(super) fn atom(&self) -> Result<&str, FileError> {
        match &self.kind {
            Kind::Atom(text) => Ok(text),
            Kind::List(_) => Err(self.complain("a word was expected instead of a list")),
        }
    }

    pub(super) fn list(&self) -> Result<&[Sexp], FileError> {
        match &self.kind {
            Kind::List(items) => Ok(items),
            Kind::Atom(text) => Err(self.complain(format!("a list was expected instead of {text:?}"))),
        }
    }

    /// A list of exactly `N`.
    pub(super) fn exactly<const N: usize>(&self) -> Result<&[Sexp; N], FileError> {
        let items = self.list()?;
        items
            .try_into()
            .map_err(|_| self.complain(format!("a list of {N} was expected instead of one of {}", items.len())))
    }
}

/// Reads the one expression of a file.
pub(super) fn parse(text: &[u8]) -> Result<Sexp, FileError> {
    let mut parser = Parser { text, at: 0, line: 1 };
    let found = parser.expression(0)?;
    parser.skip_blanks();
    match parser.peek() {
        None => Ok(found),
        Some(_) => Err(parser.complain("something follows the expression")),
    }
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
}

impl Parser<'_> {
    fn expression(&mut self, depth: usize) -> Result<Sexp, FileError> {
        self.skip_blanks();
        let line = self.line;
        let kind = match self.peek() {
            None => return Err(self.complain("the file ends early")),
            Some(b')') => return Err(self.complain("a parenthesis closes nothing")),
            Some(b'(') if depth == MAX_DEPTH => return Err(self.complain("lists lie too deep inside one another")),
            Some(b'(') => Kind::List(self.items(depth + 1)?),
            Some(b'"') => Kind::Atom(self.quoted()?),
            Some(_) => Kind::Atom(self.bare()?),
        };
        Ok(Sexp { line, kind })
    }

    fn items(&mut self, depth: usize) -> Result<Vec<Sexp>, FileError> {
        self.next();
        let mut items = Vec::new();
        loop {
            self.skip_blanks();
            if self.peek() == Some(b')') {
                self.next();
                return Ok(items);
            }
            items.push(self.expression(depth)?);
        }
    }

    fn bare(&mut self) -> Result<String, FileError> {
        let start = self.at;
        while self.peek().is_some_and(|octet| !octet.is_ascii_whitespace() && !b"()\";".contains(&octet)) {
            self.next();
        }
        self.text(self.text[start..self.at].to_vec())
    }

    fn quoted(&mut self) -> Result<String, FileError> {
        self.next();
        let mut octets = Vec::new();
        loop {
            match self.next() {
                None => return Err(self.complain("a quoted text has no end")),
                Some(b'"') => return self.text(octets),
                Some(b'\\') => octets.extend(self.escape()?),
                Some(octet) => octets.push(octet),
            }
        }
    }

    /// What stands for one octet, or for none: a line may go on after a backslash, without its indentation.
    fn escape(&mut self) -> Result<Option<u8>, FileError> {
        Ok(Some(match self.next() {
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'r') => b'\r',
            Some(b'b') => 8,
            Some(octet @ (b'\\' | b'"' | b'\'' | b' ')) => octet,
            Some(b'\n') => {
                while matches!(self.peek(), Some(b' ' | b'\t')) {
                    self.next();
                }
                return Ok(None);
            }
            Some(b'x') => self.number(2, 16, 0)?,
            Some(digit @ b'0'..=b'9') => self.number(2, 10, u32::from(digit - b'0'))?,
            _ => return Err(self.complain("an escape is not OCaml's")),
        }))
    }

    fn number(&mut self, digits: usize, base: u32, first: u32) -> Result<u8, FileError> {
        let mut value = first;
        for _ in 0..digits {
            let digit = self.next().and_then(|octet| char::from(octet).to_digit(base));
            value = value * base + digit.ok_or_else(|| self.complain("an escape is not OCaml's"))?;
        }
        u8::try_from(value).map_err(|_| self.complain("an escape is not OCaml's"))
    }

    fn text(&self, octets: Vec<u8>) -> Result<String, FileError> {
        String::from_utf8(octets).map_err(|_| self.complain("a text is not UTF-8"))
    }

    fn skip_blanks(&mut self) {
        loop {
            match self.peek() {
                Some(octet) if octet.is_ascii_whitespace() => drop(self.next()),
                Some(b';') => while !matches!(self.next(), None | Some(b'\n')) {},
                _ => return,
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let octet = self.peek()?;
        self.at += 1;
        self.line += u32::from(octet == b'\n');
        Some(octet)
    }

    fn complain(&self, reason: &str) -> FileError {
        FileError { line: Some(self.line), reason: reason.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn atoms(text: &str) -> Vec<String> {
        let items = parse(text.as_bytes()).unwrap();
        items.list().unwrap().iter().map(|item| item.atom().unwrap().to_owned()).collect()
    }

    #[test]
    fn atoms_are_bare_or_quoted() {
        assert_eq!(atoms("(DAV: \"\" \"a b\" /principals/x/)"), ["DAV:", "", "a b", "/principals/x/"]);
        assert_eq!(atoms("(\"\\n\\t\\\\\\\"\\195\\188\\xc3\\xbc\" ; a comment\n \"ü\")"), ["\n\t\\\"üü", "ü"]);
        assert_eq!(atoms("(\"first\\n\\\n   \\  second\\\n  third\")"), ["first\n  second third".replace("d t", "dt")]);
    }

    /// sexplib breaks a text of several lines before each line's end, and indents.
    #[test]
    fn texts_of_several_lines_are_read_as_they_are_printed() {
        assert_eq!(
            atoms("(a  \"BEGIN:VTIMEZONE\\r\\\n    \\nEND:VTIMEZONE\\r\\\n    \\n\")")[1],
            "BEGIN:VTIMEZONE\r\nEND:VTIMEZONE\r\n"
        );
    }

    #[test]
    fn lists_know_their_lines() {
        let found = parse(b"(a\n (b\n  c))\n").unwrap();
        let [_, inner] = found.exactly::<2>().unwrap();
        assert_eq!((found.line, inner.line, inner.list().unwrap()[1].line), (1, 2, 3));
        assert_eq!(
            inner.exactly::<1>().unwrap_err().to_string(),
            "line 2: a list of 1 was expected instead of one of 2"
        );
        assert!(inner.atom().is_err() && inner.list().unwrap()[0].list().is_err());
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for (text, complaint) in [
            ("", "line 1: the file ends early"),
            ("(\n(a", "line 2: the file ends early"),
            (")", "line 1: a parenthesis closes nothing"),
            ("()\n()", "line 2: something follows"),
            ("(\"a\n", "line 2: a quoted text has no end"),
            ("\"\\256\"", "line 1: an escape is not OCaml's"),
            ("\"\\q\"", "line 1: an escape is not OCaml's"),
            ("\"\\xff\"", "line 1: a text is not UTF-8"),
        ] {
            let error = parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with(complaint), "{text:?}: {error}");
        }
        assert!(parse("(".repeat(100_000).as_bytes()).is_err());
    }
}
