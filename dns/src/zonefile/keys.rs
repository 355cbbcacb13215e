//! Key files: `NAME [ttl] [class] DNSKEY FLAGS 3 ALGORITHM BASE64`, names relative to the root, as MirageOS's primary
//! reads them.
//!
//! No message here shows what stands in the file, since it may be a secret.

use std::collections::HashMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::diagnostic::{Diagnostic, Lines, Problem, Severity};
use super::entry::{Interpreter, State, head};
use super::lexer::{Entry, Lexer, Token};
use super::source::decimal;
use crate::name::Name;
use crate::record_type::RecordType;

const EXPECTED: &str = "`NAME DNSKEY 0 3 ALGORITHM BASE64`";
/// HMAC with SHA-1, SHA-224, SHA-256, SHA-384, SHA-512, by the numbers that MirageOS gives them.
const ALGORITHMS: std::ops::RangeInclusive<u64> = 161..=165;
const HMAC_MD5: u64 = 157;

/// A key as a key file has it.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// Its name, which carries its rights.
    pub name: Name,
    /// 161 to 165: HMAC with SHA-1, SHA-224, SHA-256, SHA-384, SHA-512.
    pub algorithm: u8,
    /// The octets of the key.
    pub secret: Vec<u8>,
    /// Line of its name, from 1.
    pub line: u32,
    /// Column of its name, from 1.
    pub column: u32,
}

impl fmt::Debug for KeyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {} (algorithm {}, line {})", self.name, self.algorithm, self.line)
    }
}

/// Reads the keys of a file. A line with an error yields none, and neither does a name that stands twice.
pub fn parse_keys(path: &str, text: &[u8]) -> (Vec<KeyRecord>, Vec<Diagnostic>) {
    let (mut keys, mut diagnostics, mut lines) = (Vec::new(), Vec::new(), Lines::new());
    let mut seen: HashMap<Name, u32> = HashMap::new();
    let (mut lexer, mut tokens) = (Lexer::new(text), Vec::new());
    let mut state = State::new(Name::root());
    while let Some(entry) = lexer.next_entry(&mut tokens) {
        let key = entry.and_then(|entry| read(text, &entry, &tokens, &mut state));
        let problem = match key {
            Ok(None) => continue,
            Ok(Some(key)) => {
                let (line, column) = lines.locate(text, tokens[0].start);
                let count = seen.entry(key.name.clone()).or_insert(0);
                *count += 1;
                if *count == 1 {
                    keys.push(KeyRecord { line, column, ..key });
                    continue;
                }
                let message = format!("there is more than one key named {}, so none is used", key.name);
                Problem::expecting(tokens[0].start, message, "another name")
            }
            Err(problem) => problem,
        };
        diagnostics.push(lines.diagnostic(path, text, Severity::Error, problem));
    }
    keys.retain(|key: &KeyRecord| seen.get(&key.name) == Some(&1));
    (keys, diagnostics)
}

/// The key of an entry; none for `$ORIGIN` and `$TTL`.
fn read(text: &[u8], entry: &Entry, tokens: &[Token], state: &mut State) -> Result<Option<KeyRecord>, Problem> {
    let first = tokens[0];
    let unclear = |_| Problem::expecting(first.start, "this is not a key", EXPECTED);
    if !entry.blank_owner && first.raw(text).starts_with(b"$") {
        return Interpreter::default().interpret(text, entry, tokens, state).map(|_| None).map_err(unclear);
    }
    Interpreter::default().read_owner(text, entry, tokens, state)?;
    let head = head(text, tokens, usize::from(!entry.blank_owner)).map_err(unclear)?;
    let [_, protocol, algorithm, rest @ ..] = &tokens[head.fields.rdata..] else {
        return Err(Problem::expecting(first.start, "this is not a key", EXPECTED));
    };
    if head.rtype != RecordType::DNSKEY {
        let at = tokens[head.fields.rtype].start;
        return Err(Problem::expecting(at, format!("a key file does not hold {} records", head.rtype), "DNSKEY"));
    }
    if decimal(protocol.raw(text)) != Some(3) {
        return Err(Problem::expecting(protocol.start, "the protocol of a key is wrong", "3"));
    }
    let algorithm = read_algorithm(text, *algorithm)?;
    let secret = read_secret(text, *tokens.last().unwrap_or(&first), rest)?;
    let name = Name::from_octets(&state.owner).map_err(|error| Problem::new(first.start, error.to_string()))?;
    Ok(Some(KeyRecord { name, algorithm, secret, line: 0, column: 0 }))
}

fn read_algorithm(text: &[u8], token: Token) -> Result<u8, Problem> {
    const EXPECTED: &str = "163 for HMAC-SHA256, or another number from 161 to 165";
    match decimal(token.raw(text)) {
        Some(number) if ALGORITHMS.contains(&number) => Ok(number as u8),
        Some(HMAC_MD5) => Err(Problem::expecting(token.start, "HMAC-MD5 is not safe and not used", EXPECTED)),
        _ => Err(Problem::expecting(token.start, "the algorithm of a key is not known", EXPECTED)),
    }
}

fn read_secret(text: &[u8], last: Token, tokens: &[Token]) -> Result<Vec<u8>, Problem> {
    let Some(first) = tokens.first() else {
        return Err(Problem::expecting(last.end, "the key is missing", "base64"));
    };
    let encoded: Vec<u8> = tokens.iter().flat_map(|token| token.raw(text).iter().copied()).collect();
    match STANDARD.decode(&encoded) {
        Ok(secret) if !secret.is_empty() => Ok(secret),
        _ => Err(Problem::expecting(
            first.start,
            "the key is not base64",
            "letters, digits, `+`, `/` in groups of four, filled up with `=`",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<String>, Vec<String>) {
        let (keys, diagnostics) = parse_keys("_keys", text.as_bytes());
        let shown =
            |key: &KeyRecord| format!("{} {} {:?} {}:{}", key.name, key.algorithm, key.secret, key.line, key.column);
        (keys.iter().map(shown).collect(), diagnostics.iter().map(Diagnostic::to_string).collect())
    }

    #[test]
    fn keys_of_a_file() {
        let text = "; keys\nx._update.example.com DNSKEY 0 3 163 AQID\ny._notify. 300 IN DNSKEY 257 3 165 ( AQ\n ID )\n\
            10.0.0.1.10.0.0.2._transfer.example.com. DNSKEY 0 3 161 AQ==";
        let (keys, diagnostics) = read(text);
        assert_eq!(diagnostics, [""; 0]);
        assert_eq!(
            keys,
            [
                "x._update.example.com. 163 [1, 2, 3] 2:1",
                "y._notify. 165 [1, 2, 3] 3:1",
                "10.0.0.1.10.0.0.2._transfer.example.com. 161 [1] 5:1",
            ]
        );
    }

    #[test]
    fn bad_lines_leave_the_good_ones() {
        let text = "a DNSKEY 0 3 163 AQID\nb DNSKEY 0 3 163 secret!\nc DNSKEY 0 4 163 AQID\nd DNSKEY 0 3 157 AQID\ne DNSKEY 0 3 8 AQID\n\
            f DNSKEY 0 3 163 AQID\nF DNSKEY 0 3 163 AQID\ng A 1 2 3\nh c2VjcmV0\ni DNSKEY 0 3 163\nj DNSKEY\n$FOO c2VjcmV0\nk..l DNSKEY 0 3 163 AQID\n";
        let (keys, diagnostics) = read(text);
        assert_eq!(keys, ["a. 163 [1, 2, 3] 1:1"]);
        let algorithms = "163 for HMAC-SHA256, or another number from 161 to 165";
        assert_eq!(
            diagnostics,
            [
                "_keys:2:18: error: the key is not base64; expected letters, digits, `+`, `/` in groups of four, filled up with `=`".to_owned(),
                "_keys:3:12: error: the protocol of a key is wrong; expected 3".to_owned(),
                format!("_keys:4:14: error: HMAC-MD5 is not safe and not used; expected {algorithms}"),
                format!("_keys:5:14: error: the algorithm of a key is not known; expected {algorithms}"),
                "_keys:7:1: error: there is more than one key named F., so none is used; expected another name".to_owned(),
                "_keys:8:3: error: a key file does not hold A records; expected DNSKEY".to_owned(),
                "_keys:9:1: error: this is not a key; expected `NAME DNSKEY 0 3 ALGORITHM BASE64`".to_owned(),
                "_keys:10:17: error: the key is missing; expected base64".to_owned(),
                "_keys:11:1: error: this is not a key; expected `NAME DNSKEY 0 3 ALGORITHM BASE64`".to_owned(),
                "_keys:12:1: error: this is not a key; expected `NAME DNSKEY 0 3 ALGORITHM BASE64`".to_owned(),
                "_keys:13:1: error: a name has an empty label; expected a domain name".to_owned(),
            ]
        );
        assert!(diagnostics.iter().all(|message| !message.contains("secret") && !message.contains("c2VjcmV0")));
        let (keys, _) = parse_keys("_keys", b"a DNSKEY 0 3 163 AQID");
        assert_eq!(format!("{keys:?}"), "[key a. (algorithm 163, line 1)]");
    }
}
