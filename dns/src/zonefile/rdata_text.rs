//! The presentation format of RDATA, both ways, driven by [`rdata::layout`] (RFC 1035 section 5.1 and each type's RFC).
//!
//! Every type can also be written as `\# LENGTH HEX` (RFC 3597 section 5); then it must have its type's shape all the
//! same.

mod encodings;
mod location;
mod mnemonics;
mod service_parameters;
mod time;

use std::net::{Ipv4Addr, Ipv6Addr};

use super::diagnostic::Problem;
use super::lexer::{Lexer, Token};
use super::source::{Source, duration};
use crate::name::Name;
use crate::rdata::{self, Field, Rdata, layout};
use crate::record_type::RecordType;

/// Why a text is not a type's RDATA. At fault: who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RdataTextError {
    /// Octet of the text at which it goes wrong.
    pub at: usize,
    /// What is wrong there.
    pub message: String,
    /// What would be right.
    pub expected: Option<String>,
}

/// Parses one RDATA in presentation format.
pub fn parse(rtype: RecordType, text: &str, origin: &Name) -> Result<Rdata, RdataTextError> {
    parse_text(rtype, text.as_bytes(), origin).map_err(|problem| RdataTextError {
        at: problem.at as usize,
        message: problem.message,
        expected: problem.expected,
    })
}

fn parse_text(rtype: RecordType, text: &[u8], origin: &Name) -> Result<Rdata, Problem> {
    let (mut tokens, mut lexer) = (Vec::new(), Lexer::new(text));
    lexer.next_entry(&mut tokens).unwrap_or(Ok(Default::default()))?;
    let mut rdata = Vec::new();
    parse_tokens(rtype, &mut Source::new(text, &tokens, 0, origin), &mut rdata)?;
    match lexer.next_entry(&mut Vec::new()) {
        None => Ok(Rdata::from_shaped(&rdata)),
        Some(_) => Err(Problem::expecting(0, "the data goes on in the next line", "parentheses")),
    }
}

/// Prints RDATA in presentation format, with names relative to `origin`; what the format cannot say comes as `\#`.
pub fn print(rtype: RecordType, rdata: &Rdata, origin: &Name) -> String {
    print_tokens(rtype, rdata, origin).join(" ")
}

/// As [`print`], one string a token. What comes out, read again, is the same RDATA.
pub(crate) fn print_tokens(rtype: RecordType, rdata: &Rdata, origin: &Name) -> Vec<String> {
    let Some(tokens) = print_fields(rtype, rdata.as_octets(), origin) else {
        return print_opaque(rdata.as_octets());
    };
    let simple =
        |field: &Field| field.is_name() || matches!(field, Field::Ipv4 | Field::Ipv6 | Field::U16 | Field::U32);
    let exact = layout(rtype).is_some_and(|fields| fields.iter().all(simple))
        || reads_as(rtype, tokens.join(" ").as_bytes(), origin, rdata);
    if exact { tokens } else { print_opaque(rdata.as_octets()) }
}

/// Whether `text` is `rdata`.
pub(crate) fn reads_as(rtype: RecordType, text: &[u8], origin: &Name, rdata: &Rdata) -> bool {
    parse_text(rtype, text, origin).is_ok_and(|read| read == *rdata)
}

fn print_opaque(octets: &[u8]) -> Vec<String> {
    let mut tokens = vec!["\\#".to_owned(), octets.len().to_string()];
    if !octets.is_empty() {
        tokens.push(encodings::hex(octets));
    }
    tokens
}

/// Parses all that is left of `source` into `out`, which is emptied first.
pub(crate) fn parse_tokens(rtype: RecordType, source: &mut Source<'_>, out: &mut Vec<u8>) -> Result<(), Problem> {
    out.clear();
    if source.peek() == Some(b"\\#") {
        return parse_opaque(rtype, source, out);
    }
    let Some(fields) = layout(rtype) else {
        let token = source.take("`\\# LENGTH HEX`")?;
        return Err(Problem::expecting(
            token.start,
            format!("{rtype} has no format of its own here"),
            "`\\# LENGTH HEX`",
        ));
    };
    let first = source.peek_token();
    for (index, field) in fields.iter().enumerate() {
        parse_field(rtype, index, *field, source, out)?;
    }
    source.finish()?;
    check_length(first, out)
}

fn check_length(first: Option<Token>, out: &[u8]) -> Result<(), Problem> {
    match out.len() {
        0..=0xffff => Ok(()),
        _ => Err(Problem::new(first.map_or(0, |token| token.start), "the data is longer than 65535 octets")),
    }
}

/// `\# LENGTH HEX` (RFC 3597 section 5).
fn parse_opaque(rtype: RecordType, source: &mut Source<'_>, out: &mut Vec<u8>) -> Result<(), Problem> {
    let mark = source.take("`\\#`")?;
    let length = source.number(0xffff, "a length from 0 to 65535")? as usize;
    let first = source.peek_token();
    encodings::parse_hex(source, out)?;
    let at = first.unwrap_or(mark).start;
    if out.len() != length {
        let message = format!("there are {} octets where {length} are announced", out.len());
        return Err(Problem::expecting(at, message, format!("{} hexadecimal digits", 2 * length)));
    }
    match Rdata::from_octets(rtype, out) {
        Ok(_) => Ok(()),
        Err(_) => Err(Problem::new(at, format!("these octets do not have the shape of {rtype} data"))),
    }
}

fn parse_field(
    rtype: RecordType,
    index: usize,
    field: Field,
    source: &mut Source<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Problem> {
    match field {
        Field::CompressibleName | Field::Name | Field::ExactName => source.name(out)?,
        Field::U8 => out.push(parse_u8(rtype, index, source)?),
        Field::U16 => out.extend(parse_u16(rtype, index, source)?.to_be_bytes()),
        Field::U32 => out.extend(source.number(u32::MAX, "a number from 0 to 4294967295")?.to_be_bytes()),
        Field::Duration => out.extend(parse_duration(source)?.to_be_bytes()),
        Field::Time => out.extend(time::parse(source)?.to_be_bytes()),
        Field::Type => out.extend(encodings::parse_type(source)?.0.to_be_bytes()),
        Field::Ipv4 => out.extend(parse_ipv4(source)?),
        Field::Ipv6 => out.extend(parse_ipv6(source)?),
        Field::Text => parse_string(source, out)?,
        Field::Texts => parse_strings(source, out)?,
        Field::Salt => encodings::parse_salt(source, out)?,
        Field::HashedName => encodings::parse_base32(source, out)?,
        Field::Hex => parse_some(source, "hexadecimal digits", out, encodings::parse_hex)?,
        Field::Base64 => parse_some(source, "base64", out, encodings::parse_base64)?,
        Field::TypeBitmap => encodings::parse_type_bitmap(source, out)?,
        Field::QuotedRest => {
            let token = source.take("a quoted string")?;
            out.extend_from_slice(&source.string(token)?);
        }
        Field::ServiceParameters => service_parameters::parse(source, out)?,
        Field::Location => location::parse(source, out)?,
        Field::Eui48 => encodings::parse_eui(source, 6, out)?,
        Field::Eui64 => encodings::parse_eui(source, 8, out)?,
    }
    Ok(())
}

fn parse_some(
    source: &mut Source<'_>,
    expected: &str,
    out: &mut Vec<u8>,
    parse: fn(&mut Source<'_>, &mut Vec<u8>) -> Result<(), Problem>,
) -> Result<(), Problem> {
    if source.is_empty() {
        source.take(expected)?;
    }
    parse(source, out)
}

fn parse_u8(rtype: RecordType, index: usize, source: &mut Source<'_>) -> Result<u8, Problem> {
    const EXPECTED: &str = "a number from 0 to 255";
    let token = source.take(EXPECTED)?;
    match mnemonics::algorithm(rtype, index, source.raw(token)) {
        Some(number) => Ok(number),
        None => Ok(source.number_of(token, 0xff, EXPECTED)? as u8),
    }
}

fn parse_u16(rtype: RecordType, index: usize, source: &mut Source<'_>) -> Result<u16, Problem> {
    const EXPECTED: &str = "a number from 0 to 65535";
    let token = source.take(EXPECTED)?;
    match mnemonics::certificate_type(rtype, index, source.raw(token)) {
        Some(number) => Ok(number),
        None => Ok(source.number_of(token, 0xffff, EXPECTED)? as u16),
    }
}

fn parse_duration(source: &mut Source<'_>) -> Result<u32, Problem> {
    let token = source.take("a number of seconds")?;
    match duration(source.raw(token)).map(u32::try_from) {
        Some(Ok(seconds)) => Ok(seconds),
        _ => Err(source.problem(token, "a number of seconds", "a number up to 4294967295, or units as in `1h30m`")),
    }
}

fn parse_ipv4(source: &mut Source<'_>) -> Result<[u8; 4], Problem> {
    let token = source.take("an IPv4 address")?;
    let octets = ipv4(source.raw(token));
    octets.ok_or_else(|| source.problem(token, "an IPv4 address", "four numbers from 0 to 255 with dots between them"))
}

fn ipv4(raw: &[u8]) -> Option<[u8; 4]> {
    std::str::from_utf8(raw).ok()?.parse().ok().map(|address: Ipv4Addr| address.octets())
}

fn parse_ipv6(source: &mut Source<'_>) -> Result<[u8; 16], Problem> {
    let token = source.take("an IPv6 address")?;
    let address = std::str::from_utf8(source.raw(token)).ok().and_then(|text| text.parse::<Ipv6Addr>().ok());
    let octets = address.map(|address| address.octets());
    octets.ok_or_else(|| {
        source.problem(token, "an IPv6 address", "eight groups of hexadecimal digits, or `::` for zeros")
    })
}

fn parse_string(source: &mut Source<'_>, out: &mut Vec<u8>) -> Result<(), Problem> {
    let token = source.take("a string")?;
    let string = source.string(token)?;
    match u8::try_from(string.len()) {
        Ok(length) => {
            out.push(length);
            out.extend_from_slice(&string);
            Ok(())
        }
        Err(_) => Err(Problem::new(token.start, "a string is longer than 255 octets")),
    }
}

/// MirageOS writes a value of any length as one quoted string, so a long one is split at 255 octets instead of refused.
fn parse_strings(source: &mut Source<'_>, out: &mut Vec<u8>) -> Result<(), Problem> {
    let mut token = source.take("a string")?;
    loop {
        let string = source.string(token)?;
        for piece in string.chunks(255) {
            out.push(piece.len() as u8);
            out.extend_from_slice(piece);
        }
        if string.is_empty() {
            out.push(0);
        }
        match source.next_token() {
            Some(next) => token = next,
            None => return Ok(()),
        }
    }
}

fn print_fields(rtype: RecordType, octets: &[u8], origin: &Name) -> Option<Vec<String>> {
    let fields = layout(rtype)?;
    let mut tokens = Vec::with_capacity(fields.len());
    let mut printed = 0;
    for part in rdata::parts(rtype, octets) {
        print_field(rtype, part.field, part.octets, origin, &mut tokens)?;
        printed += 1;
    }
    (printed == fields.len()).then_some(tokens)
}

fn print_field(rtype: RecordType, field: Field, octets: &[u8], origin: &Name, tokens: &mut Vec<String>) -> Option<()> {
    match field {
        Field::CompressibleName | Field::Name | Field::ExactName => {
            tokens.push(Name::from_octets(octets).ok()?.relative_to(origin));
        }
        Field::U8 | Field::U16 | Field::U32 | Field::Duration => tokens.push(number(octets).to_string()),
        Field::Time => tokens.push(time::print(number(octets))),
        Field::Type => tokens.push(RecordType(number(octets) as u16).to_string()),
        Field::Ipv4 => tokens.push(Ipv4Addr::from(<[u8; 4]>::try_from(octets).ok()?).to_string()),
        Field::Ipv6 => tokens.push(Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?).to_string()),
        Field::Text if rtype == RecordType::CAA => tokens.push(encodings::word(&octets[1..])),
        Field::Text => tokens.push(encodings::quoted(&octets[1..])),
        Field::Texts => print_strings(octets, tokens)?,
        Field::Salt => tokens.push(encodings::print_salt(&octets[1..])),
        Field::HashedName => tokens.push(encodings::base32(&octets[1..])),
        Field::Hex => tokens.push(encodings::hex(octets)),
        Field::Base64 => tokens.push(encodings::base64(octets)),
        Field::TypeBitmap => encodings::print_type_bitmap(octets, tokens)?,
        Field::QuotedRest => tokens.push(encodings::quoted(octets)),
        Field::ServiceParameters => service_parameters::print(octets, tokens)?,
        Field::Location => location::print(octets, tokens)?,
        Field::Eui48 | Field::Eui64 => tokens.push(encodings::print_eui(octets)),
    }
    Some(())
}

fn number(octets: &[u8]) -> u32 {
    octets.iter().fold(0, |number, octet| number << 8 | u32::from(*octet))
}

fn print_strings(octets: &[u8], tokens: &mut Vec<String>) -> Option<()> {
    let mut rest = octets;
    while let Some((&length, tail)) = rest.split_first() {
        let (string, tail) = tail.split_at_checked(usize::from(length))?;
        tokens.push(encodings::quoted(string));
        rest = tail;
    }
    Some(())
}

#[cfg(test)]
mod tests;
