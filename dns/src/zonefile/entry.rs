//! What an entry means: a record, a setting for those that follow, an inclusion, a row of records (RFC 1035 section
//! 5.1).
//!
//! A TTL that is not given is that of `$TTL` (RFC 2308 section 4), else the previous record's (RFC 1035), else the
//! SOA's minimum when the SOA comes first (as before RFC 2308), else 3600 (as in MirageOS).

use super::diagnostic::{Problem, shown};
use super::generate::Generate;
use super::lexer::{Entry, Quoting, Token};
use super::rdata_text;
use super::source::{Source, duration, unescape_all, without_quotes};
use crate::name::Name;
use crate::rdata::Rdata;
use crate::record::Record;
use crate::record_type::{Class, RecordType};

/// TTLs have 31 bits (RFC 2181 section 8).
pub(crate) const MAX_TTL: u32 = 0x7fff_ffff;
const FALLBACK_TTL: u32 = 3600;

/// What an entry takes from those before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// `$ORIGIN`.
    pub origin: Name,
    /// Whether no `$ORIGIN` was given yet.
    pub initial: bool,
    /// `$TTL`.
    pub default_ttl: Option<u32>,
    /// Wire form of the previous record's owner; empty before the first.
    pub owner: Vec<u8>,
    /// The previous record's TTL.
    pub last_ttl: Option<u32>,
}

impl State {
    pub fn new(origin: Name) -> State {
        State { origin, initial: true, default_ttl: None, owner: Vec::new(), last_ttl: None }
    }

    /// The TTL of a record that does not give one.
    pub fn implied_ttl(&self, rtype: RecordType, rdata: &[u8]) -> u32 {
        match self.default_ttl.or(self.last_ttl) {
            Some(ttl) => ttl,
            None if rtype == RecordType::SOA => soa_minimum(rdata).min(MAX_TTL),
            None => FALLBACK_TTL,
        }
    }
}

fn soa_minimum(rdata: &[u8]) -> u32 {
    rdata.last_chunk().map_or(FALLBACK_TTL, |minimum| u32::from_be_bytes(*minimum))
}

/// Which tokens of an entry are what, by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fields {
    pub ttl: Option<usize>,
    pub class: Option<usize>,
    pub rtype: usize,
    pub rdata: usize,
}

/// The part of a record before its RDATA.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    pub fields: Fields,
    pub ttl: Option<u32>,
    pub rtype: RecordType,
}

/// The meaning of an entry.
#[derive(Debug)]
pub(crate) enum Item {
    /// A record.
    Record(Fields, Record),
    /// `$GENERATE`.
    Generate(Fields, Generate),
    /// `$INCLUDE`, with the origin for the included file.
    Include { path: String, at: u32, origin: Name },
    /// `$ORIGIN` or `$TTL`.
    Setting,
}

/// Gives meaning to entries, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Interpreter {
    rdata: Vec<u8>,
    owner: Vec<u8>,
    /// Whether a relative name was completed.
    pub relative: bool,
}

impl Interpreter {
    /// Interprets an entry that has tokens; `state` becomes that of the next one.
    pub fn interpret(
        &mut self,
        text: &[u8],
        entry: &Entry,
        tokens: &[Token],
        state: &mut State,
    ) -> Result<Item, Problem> {
        let first = tokens[0];
        if !entry.blank_owner && first.quoting == Quoting::None && first.raw(text).starts_with(b"$") {
            return self.directive(text, tokens, state);
        }
        self.read_owner(text, entry, tokens, state)?;
        let head = head(text, tokens, usize::from(!entry.blank_owner))?;
        let record = self.record(text, tokens, head, state)?;
        state.last_ttl = Some(record.ttl);
        Ok(Item::Record(head.fields, record))
    }

    /// Reads the owner of a record into `state`.
    pub fn read_owner(
        &mut self,
        text: &[u8],
        entry: &Entry,
        tokens: &[Token],
        state: &mut State,
    ) -> Result<(), Problem> {
        if entry.blank_owner {
            return match state.owner.as_slice() {
                [] => Err(Problem::expecting(entry.start, "there is no previous owner name", "an owner name")),
                _ => Ok(()),
            };
        }
        self.owner.clear();
        let mut source = Source::new(text, &tokens[..1], 0, &state.origin);
        source.name(&mut self.owner)?;
        self.relative |= source.relative;
        std::mem::swap(&mut self.owner, &mut state.owner);
        Ok(())
    }

    fn record(&mut self, text: &[u8], tokens: &[Token], head: Head, state: &State) -> Result<Record, Problem> {
        let last = tokens[head.fields.rtype].end;
        let mut source = Source::new(text, &tokens[head.fields.rdata..], last, &state.origin);
        rdata_text::parse_tokens(head.rtype, &mut source, &mut self.rdata)?;
        self.relative |= source.relative;
        let ttl = head.ttl.unwrap_or_else(|| state.implied_ttl(head.rtype, &self.rdata));
        let owner =
            Name::from_octets(&state.owner).map_err(|error| Problem::new(tokens[0].start, error.to_string()))?;
        Ok(Record { owner, rtype: head.rtype, ttl, rdata: Rdata::from_shaped(&self.rdata) })
    }

    fn directive(&mut self, text: &[u8], tokens: &[Token], state: &mut State) -> Result<Item, Problem> {
        let name = tokens[0];
        let origin = state.origin.clone();
        let mut source = Source::new(text, &tokens[1..], name.end, &origin);
        let item = match name.raw(text).to_ascii_uppercase().as_slice() {
            b"$ORIGIN" => {
                state.origin = self.whole_name(&mut source)?;
                state.initial = false;
                Item::Setting
            }
            b"$TTL" => {
                let token = source.take("a TTL")?;
                state.default_ttl =
                    Some(ttl(text, token)?.ok_or_else(|| source.problem(token, "a TTL", TTL_EXPECTED))?);
                Item::Setting
            }
            b"$INCLUDE" => self.include(&mut source)?,
            b"$GENERATE" => {
                self.relative = true;
                let (fields, generate) = Generate::parse(text, tokens)?;
                return Ok(Item::Generate(fields, generate));
            }
            _ => return Err(source.problem(name, "a directive", "$ORIGIN, $TTL, $INCLUDE or $GENERATE")),
        };
        source.finish()?;
        Ok(item)
    }

    fn include(&mut self, source: &mut Source<'_>) -> Result<Item, Problem> {
        let token = source.take("a file name")?;
        let path =
            unescape_all(&without_quotes(source.raw(token))).and_then(|path| String::from_utf8(path.into_owned()).ok());
        let path = path.ok_or_else(|| source.problem(token, "a file name", "a path in this repository"))?;
        let origin = if source.is_empty() { source.origin.clone() } else { self.whole_name(source)? };
        Ok(Item::Include { path, at: token.start, origin })
    }

    fn whole_name(&mut self, source: &mut Source<'_>) -> Result<Name, Problem> {
        let token = source.take("a domain name")?;
        let mut octets = Vec::new();
        source.name_of(token, &mut octets)?;
        self.relative |= source.relative;
        Name::from_octets(&octets).map_err(|error| Problem::new(token.start, error.to_string()))
    }
}

const TTL_EXPECTED: &str = "seconds, or units as in `1h30m`";

/// The TTL that a token is; none when it is none.
fn ttl(text: &[u8], token: Token) -> Result<Option<u32>, Problem> {
    let raw = token.raw(text);
    if !raw[0].is_ascii_digit() {
        return Ok(None);
    }
    match duration(raw) {
        Some(seconds) if seconds > u64::from(MAX_TTL) => {
            let message = format!("{} is too long for a TTL", shown(raw));
            Err(Problem::expecting(token.start, message, format!("at most {MAX_TTL} seconds")))
        }
        seconds => Ok(seconds.map(|seconds| seconds as u32)),
    }
}

/// TTL and class in either order, then the type, from token `first` on.
pub(crate) fn head(text: &[u8], tokens: &[Token], first: usize) -> Result<Head, Problem> {
    let (mut ttl_at, mut class_at, mut seconds) = (None, None, None);
    for (index, token) in tokens.iter().enumerate().skip(first) {
        let raw = token.raw(text);
        if ttl_at.is_none()
            && let Some(found) = ttl(text, *token)?
        {
            (ttl_at, seconds) = (Some(index), Some(found));
        } else if class_at.is_none() && is_class_in(raw, *token)? {
            class_at = Some(index);
        } else {
            let rtype = record_type(raw, *token)?;
            let fields = Fields { ttl: ttl_at, class: class_at, rtype: index, rdata: index + 1 };
            return Ok(Head { fields, ttl: seconds, rtype });
        }
    }
    let end = tokens.last().map_or(0, |token| token.end);
    Err(Problem::expecting(end, "the entry ends too early", "a record type"))
}

fn is_class_in(raw: &[u8], token: Token) -> Result<bool, Problem> {
    if raw.eq_ignore_ascii_case(b"IN") {
        return Ok(true);
    }
    let other = match raw.len() {
        2 => [b"CH", b"HS", b"CS"].iter().any(|class| raw.eq_ignore_ascii_case(*class)),
        6.. if raw[..5].eq_ignore_ascii_case(b"CLASS") => {
            let class = std::str::from_utf8(raw).ok().and_then(|text| text.parse::<Class>().ok());
            if class == Some(Class::IN) {
                return Ok(true);
            }
            class.is_some()
        }
        _ => false,
    };
    match other {
        true => Err(Problem::expecting(token.start, format!("class {} is not served", shown(raw)), "IN")),
        false => Ok(false),
    }
}

fn record_type(raw: &[u8], token: Token) -> Result<RecordType, Problem> {
    let rtype = match raw {
        b"A" => Some(RecordType::A),
        b"AAAA" => Some(RecordType::AAAA),
        b"NS" => Some(RecordType::NS),
        b"CNAME" => Some(RecordType::CNAME),
        b"MX" => Some(RecordType::MX),
        b"TXT" => Some(RecordType::TXT),
        b"PTR" => Some(RecordType::PTR),
        b"SRV" => Some(RecordType::SRV),
        other => std::str::from_utf8(other).ok().and_then(|text| text.parse().ok()),
    };
    match rtype {
        Some(rtype) if !rtype.is_meta() => Ok(rtype),
        Some(_) => Err(Problem::expecting(token.start, format!("a zone cannot hold {}", shown(raw)), "a record type")),
        None => Err(Problem::expecting(
            token.start,
            format!("{} is not a record type", shown(raw)),
            "a TTL, a class or a record type",
        )),
    }
}
