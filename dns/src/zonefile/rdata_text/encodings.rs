//! Octets as text: hexadecimal, base64, base32hex, type bit maps, quoted strings.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::record_type::RecordType;
use crate::zonefile::diagnostic::Problem;
use crate::zonefile::source::Source;

/// All tokens that are left, as one run of hexadecimal digits.
pub fn parse_hex(source: &mut Source<'_>, out: &mut Vec<u8>) -> Result<(), Problem> {
    let mut high = None;
    let mut last = None;
    while let Some(token) = source.next_token() {
        for octet in source.raw(token) {
            let digit =
                digit(*octet).ok_or_else(|| source.problem(token, "hexadecimal", "digits and letters from A to F"))?;
            match high.take() {
                None => high = Some(digit),
                Some(high) => out.push(high << 4 | digit),
            }
        }
        last = Some(token);
    }
    match (high, last) {
        (Some(_), Some(token)) => {
            Err(Problem::expecting(token.start, "the last octet has one digit", "two digits an octet"))
        }
        _ => Ok(()),
    }
}

fn digit(octet: u8) -> Option<u8> {
    char::from(octet).to_digit(16).map(|digit| digit as u8)
}

pub fn hex(octets: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    octets
        .iter()
        .flat_map(|octet| [octet >> 4, octet & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

/// All tokens that are left, as one run of base64 (RFC 4648 section 4).
pub fn parse_base64(source: &mut Source<'_>, out: &mut Vec<u8>) -> Result<(), Problem> {
    let mut text = Vec::new();
    let mut first = None;
    while let Some(token) = source.next_token() {
        first = first.or(Some(token));
        text.extend_from_slice(source.raw(token));
    }
    match (STANDARD.decode_vec(&text, out), first) {
        (Err(_), Some(token)) => {
            Err(source.problem(token, "base64", "letters, digits, `+`, `/` in groups of four, filled up with `=`"))
        }
        _ => Ok(()),
    }
}

pub fn base64(octets: &[u8]) -> String {
    STANDARD.encode(octets)
}

/// The salt of NSEC3 (RFC 5155 section 3.3).
pub fn parse_salt(source: &mut Source<'_>, out: &mut Vec<u8>) -> Result<(), Problem> {
    const EXPECTED: &str = "hexadecimal digits, or `-` for no salt";
    let token = source.take(EXPECTED)?;
    let raw = source.raw(token);
    let digits: Option<Vec<u8>> =
        if raw == b"-" { Some(Vec::new()) } else { raw.iter().map(|octet| digit(*octet)).collect() };
    match digits {
        Some(digits) if digits.len() % 2 == 0 && digits.len() <= 510 => {
            out.push((digits.len() / 2) as u8);
            out.extend(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]));
            Ok(())
        }
        _ => Err(source.problem(token, "a salt", EXPECTED)),
    }
}

pub fn print_salt(octets: &[u8]) -> String {
    if octets.is_empty() { "-".to_owned() } else { hex(octets) }
}

/// Base32 with the extended hex alphabet, no padding (RFC 4648 section 7), behind a length octet.
pub fn parse_base32(source: &mut Source<'_>, out: &mut Vec<u8>) -> Result<(), Problem> {
    const EXPECTED: &str = "base32 with digits and letters from A to V";
    let token = source.take(EXPECTED)?;
    let at = out.len();
    out.push(0);
    let (mut bits, mut held) = (0u16, 0);
    for octet in source.raw(token) {
        let digit = char::from(*octet).to_digit(32).ok_or_else(|| source.problem(token, "a hashed name", EXPECTED))?;
        (bits, held) = (bits << 5 | digit as u16, held + 5);
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    match u8::try_from(out.len() - at - 1) {
        Ok(length @ 1..) if held < 5 && bits == 0 => {
            out[at] = length;
            Ok(())
        }
        _ => Err(source.problem(token, "a hashed name", EXPECTED)),
    }
}

pub fn base32(octets: &[u8]) -> String {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHIJKLMNOPQRSTUV";
    let (mut bits, mut held, mut text) = (0u16, 0, String::new());
    for octet in octets {
        (bits, held) = (bits << 8 | u16::from(*octet), held + 8);
        while held >= 5 {
            held -= 5;
            text.push(char::from(DIGITS[usize::from(bits >> held & 31)]));
        }
        bits &= (1 << held) - 1;
    }
    if held > 0 {
        text.push(char::from(DIGITS[usize::from(bits << (5 - held) & 31)]));
    }
    text
}

pub fn parse_type(source: &mut Source<'_>) -> Result<RecordType, Problem> {
    let token = source.take("a record type")?;
    let rtype = std::str::from_utf8(source.raw(token)).ok().and_then(|text| text.parse().ok());
    rtype.ok_or_else(|| source.problem(token, "a record type", "a type such as A, or TYPE123"))
}

/// Types in any order, to windows of bits (RFC 4034 section 4.1.2).
pub fn parse_type_bitmap(source: &mut Source<'_>, out: &mut Vec<u8>) -> Result<(), Problem> {
    let mut windows: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
    while !source.is_empty() {
        let [window, bit] = parse_type(source)?.0.to_be_bytes();
        let bits = windows.entry(window).or_default();
        let octet = usize::from(bit / 8);
        bits.resize(bits.len().max(octet + 1), 0);
        bits[octet] |= 0x80 >> (bit % 8);
    }
    for (window, bits) in windows {
        out.extend([window, bits.len() as u8]);
        out.extend(bits);
    }
    Ok(())
}

pub fn print_type_bitmap(octets: &[u8], tokens: &mut Vec<String>) -> Option<()> {
    let mut rest = octets;
    while let [window, length, tail @ ..] = rest {
        let (bits, tail) = tail.split_at_checked(usize::from(*length))?;
        rest = tail;
        let set = |bit: &u16| bits[usize::from(bit / 8)] & 0x80 >> (bit % 8) != 0;
        let types = (0..8 * bits.len() as u16).filter(set);
        tokens.extend(types.map(|bit| RecordType(u16::from(*window) << 8 | bit).to_string()));
    }
    rest.is_empty().then_some(())
}

/// Pairs of digits with hyphens (RFC 7043).
pub fn parse_eui(source: &mut Source<'_>, octets: usize, out: &mut Vec<u8>) -> Result<(), Problem> {
    let expected = if octets == 6 {
        "six pairs of digits, `00-00-5e-00-53-2a`"
    } else {
        "eight pairs of digits, `00-00-5e-ef-10-00-00-2a`"
    };
    let token = source.take(expected)?;
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    let address: Option<Vec<u8>> = source.raw(token).split(|octet| *octet == b'-').map(pair).collect();
    match address {
        Some(address) if address.len() == octets => {
            out.extend(address);
            Ok(())
        }
        _ => Err(source.problem(token, "an EUI address", expected)),
    }
}

pub fn print_eui(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().join("-")
}

pub fn quoted(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len() + 2);
    push_quoted(octets, &mut text);
    text
}

/// Appends a quoted string.
pub fn push_quoted(octets: &[u8], text: &mut String) {
    text.push('"');
    for &octet in octets {
        match octet {
            b'"' | b'\\' => text.extend(['\\', char::from(octet)]),
            b' '..=b'~' => text.push(char::from(octet)),
            other => text.push_str(&format!("\\{other:03}")),
        }
    }
    text.push('"');
}

/// Without quotes where none are needed.
pub fn word(octets: &[u8]) -> String {
    let plain = |octet: &u8| octet.is_ascii_graphic() && !b"\"\\;()".contains(octet);
    if !octets.is_empty() && octets.iter().all(plain) {
        octets.iter().copied().map(char::from).collect()
    } else {
        quoted(octets)
    }
}
