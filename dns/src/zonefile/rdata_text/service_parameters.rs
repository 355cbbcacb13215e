//! Service parameters of SVCB and HTTPS by name (RFC 9460 sections 2.1, 7 and appendix A; RFC 9461, RFC 9540).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::encodings;
use crate::zonefile::diagnostic::{Problem, shown};
use crate::zonefile::lexer::Token;
use crate::zonefile::source::{Source, bad_escape, decimal, unescape_all};

const MANDATORY: u16 = 0;
const ALPN: u16 = 1;
const NO_DEFAULT_ALPN: u16 = 2;
const PORT: u16 = 3;
const IPV4HINT: u16 = 4;
const ECH: u16 = 5;
const IPV6HINT: u16 = 6;
const OHTTP: u16 = 8;
const GROUPS: u16 = 9;
const INVALID: u16 = 65535;

const KEYS: [&str; 10] = [
    "mandatory",
    "alpn",
    "no-default-alpn",
    "port",
    "ipv4hint",
    "ech",
    "ipv6hint",
    "dohpath",
    "ohttp",
    "tls-supported-groups",
];

/// All tokens that are left; they may come in any order, the wire form is sorted.
pub fn parse(source: &mut Source<'_>, out: &mut Vec<u8>) -> Result<(), Problem> {
    let mut parameters: BTreeMap<u16, (Token, Vec<u8>)> = BTreeMap::new();
    while let Some(token) = source.next_token() {
        let raw = source.raw(token);
        let (name, value) = match memchr::memchr(b'=', raw) {
            Some(at) => (&raw[..at], Some(&raw[at + 1..])),
            None => (raw, None),
        };
        let key = key(name).ok_or_else(|| {
            let message = format!("{} is not a service parameter", shown(name));
            Problem::expecting(token.start, message, "a name such as alpn or port, or keyNNNNN")
        })?;
        let value = parse_value(key, value, token)?;
        if parameters.insert(key, (token, value)).is_some() {
            return Err(Problem::new(token.start, format!("{} stands twice", print_key(key))));
        }
    }
    check_mandatory(&parameters)?;
    for (key, (_, value)) in parameters {
        out.extend(key.to_be_bytes());
        out.extend((value.len() as u16).to_be_bytes());
        out.extend(value);
    }
    Ok(())
}

/// Each mandatory key is there, and once (RFC 9460 section 8).
fn check_mandatory(parameters: &BTreeMap<u16, (Token, Vec<u8>)>) -> Result<(), Problem> {
    let Some((token, value)) = parameters.get(&MANDATORY) else { return Ok(()) };
    let keys: Vec<u16> = value.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    if let Some(twice) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Problem::new(token.start, format!("{} is mandatory twice", print_key(twice[0]))));
    }
    match keys.iter().find(|key| **key == MANDATORY || !parameters.contains_key(key)) {
        Some(&MANDATORY) => Err(Problem::new(token.start, "mandatory must not name itself")),
        Some(missing) => Err(Problem::new(token.start, format!("{} is mandatory and missing", print_key(*missing)))),
        None => Ok(()),
    }
}

fn parse_value(key: u16, raw: Option<&[u8]>, token: Token) -> Result<Vec<u8>, Problem> {
    let value = match raw {
        None => None,
        Some(raw) => Some(char_string(raw).ok_or_else(|| bad_escape(token))?),
    };
    let name = print_key(key);
    let empty = value.as_ref().is_none_or(|value| value.is_empty());
    match key {
        NO_DEFAULT_ALPN | OHTTP if empty => return Ok(Vec::new()),
        NO_DEFAULT_ALPN | OHTTP => return Err(Problem::new(token.start, format!("{name} must not have a value"))),
        MANDATORY | ALPN | PORT | IPV4HINT | ECH | IPV6HINT | GROUPS if empty => {
            return Err(Problem::expecting(token.start, format!("{name} has no value"), description(key)));
        }
        _ => {}
    }
    let value = value.unwrap_or_default();
    let wrong =
        || Problem::expecting(token.start, format!("{} is not a value of {name}", shown(&value)), description(key));
    let octets = encode(key, &value).ok_or_else(wrong)?;
    if octets.len() > usize::from(u16::MAX) { Err(wrong()) } else { Ok(octets) }
}

fn encode(key: u16, value: &[u8]) -> Option<Vec<u8>> {
    let items = || value.split(|octet| *octet == b',');
    match key {
        MANDATORY => {
            let mut keys = items().map(self::key).collect::<Option<Vec<u16>>>()?;
            keys.sort_unstable();
            Some(keys.into_iter().flat_map(u16::to_be_bytes).collect())
        }
        ALPN => {
            let mut octets = Vec::new();
            for protocol in value_list(value)? {
                octets.push(u8::try_from(protocol.len()).ok().filter(|length| *length > 0)?);
                octets.extend(protocol);
            }
            Some(octets)
        }
        PORT => u16::try_from(decimal(value)?).ok().map(|port| port.to_be_bytes().to_vec()),
        IPV4HINT => items()
            .map(|item| address::<Ipv4Addr>(item).map(|address| address.octets()))
            .collect::<Option<Vec<_>>>()
            .map(|all| all.concat()),
        IPV6HINT => items()
            .map(|item| address::<Ipv6Addr>(item).map(|address| address.octets()))
            .collect::<Option<Vec<_>>>()
            .map(|all| all.concat()),
        ECH => STANDARD.decode(value).ok(),
        GROUPS => {
            let number = |item: &[u8]| u16::try_from(decimal(item)?).ok().map(u16::to_be_bytes);
            items().map(number).collect::<Option<Vec<_>>>().map(|all| all.concat())
        }
        _ => Some(value.to_vec()),
    }
}

fn address<T: std::str::FromStr>(item: &[u8]) -> Option<T> {
    std::str::from_utf8(item).ok()?.parse().ok()
}

fn description(key: u16) -> &'static str {
    match key {
        MANDATORY => "names of parameters with commas between them",
        ALPN => "protocols of 1 to 255 octets with commas between them",
        PORT => "a number from 0 to 65535",
        IPV4HINT => "IPv4 addresses with commas between them",
        ECH => "base64",
        IPV6HINT => "IPv6 addresses with commas between them",
        GROUPS => "numbers from 0 to 65535 with commas between them",
        _ => "a string",
    }
}

/// A value with or without quotes, its escapes resolved once.
fn char_string(raw: &[u8]) -> Option<Cow<'_, [u8]>> {
    match raw.strip_prefix(b"\"") {
        Some(rest) => unescape_all(rest.strip_suffix(b"\"")?),
        None => unescape_all(raw),
    }
}

/// Commas separate, `\,` and `\\` stand for themselves (RFC 9460 appendix A.1).
fn value_list(value: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut items = vec![Vec::new()];
    let mut octets = value.iter();
    while let Some(&octet) = octets.next() {
        match octet {
            b',' => items.push(Vec::new()),
            b'\\' => {
                let next = *octets.next()?;
                items.last_mut()?.push(next);
            }
            other => items.last_mut()?.push(other),
        }
    }
    Some(items)
}

fn key(name: &[u8]) -> Option<u16> {
    if let Some(key) = KEYS.iter().position(|known| known.as_bytes() == name) {
        return Some(key as u16);
    }
    let digits = name.strip_prefix(b"key")?;
    let key = u16::try_from(decimal(digits)?).ok()?;
    (key != INVALID && (digits[0] != b'0' || digits.len() == 1)).then_some(key)
}

fn print_key(key: u16) -> String {
    KEYS.get(usize::from(key)).map_or_else(|| format!("key{key}"), |name| (*name).to_owned())
}

pub fn print(octets: &[u8], tokens: &mut Vec<String>) -> Option<()> {
    let mut rest = octets;
    while let [a, b, c, d, tail @ ..] = rest {
        let (key, length) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
        let (value, tail) = tail.split_at_checked(usize::from(length))?;
        rest = tail;
        tokens.push(match (print_value(key, value)?.as_slice(), print_key(key)) {
            ([], name) => name,
            (value, name) => format!("{name}={}", encodings::word(value)),
        });
    }
    rest.is_empty().then_some(())
}

/// The value as text whose escapes are still to be made.
fn print_value(key: u16, value: &[u8]) -> Option<Vec<u8>> {
    let pairs = || value.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    let text = match key {
        MANDATORY => pairs().map(print_key).collect::<Vec<_>>().join(","),
        ALPN => return print_protocols(value),
        PORT | GROUPS => pairs().map(|number| number.to_string()).collect::<Vec<_>>().join(","),
        IPV4HINT => addresses::<4, Ipv4Addr>(value),
        IPV6HINT => addresses::<16, Ipv6Addr>(value),
        ECH => STANDARD.encode(value),
        _ => return Some(value.to_vec()),
    };
    Some(text.into_bytes())
}

fn addresses<const N: usize, T: From<[u8; N]> + ToString>(value: &[u8]) -> String {
    let address = |octets: &[u8]| <[u8; N]>::try_from(octets).map(|octets| T::from(octets).to_string());
    value.chunks_exact(N).flat_map(address).collect::<Vec<_>>().join(",")
}

fn print_protocols(value: &[u8]) -> Option<Vec<u8>> {
    let (mut text, mut rest) = (Vec::new(), value);
    while let Some((&length, tail)) = rest.split_first() {
        let (protocol, tail) = tail.split_at_checked(usize::from(length))?;
        if !text.is_empty() {
            text.push(b',');
        }
        for octet in protocol {
            if matches!(octet, b',' | b'\\') {
                text.push(b'\\');
            }
            text.push(*octet);
        }
        rest = tail;
    }
    Some(text)
}
