//! LOC: degrees, minutes and seconds, and the sizes as a digit and a power of ten (RFC 1876 sections 2 and 3).

use crate::zonefile::diagnostic::Problem;
use crate::zonefile::source::{Source, decimal};

/// Thousandths of a second of arc at the equator and the prime meridian.
const ZERO: i64 = 1 << 31;
/// Centimetres below the reference spheroid.
const BOTTOM: i64 = 10_000_000;
const DEFAULTS: [u64; 3] = [100, 1_000_000, 1000];

/// `d1 [m1 [s1]] N|S d2 [m2 [s2]] E|W alt[m] [siz[m] [hp[m] [vp[m]]]]`.
pub fn parse(source: &mut Source<'_>, out: &mut Vec<u8>) -> Result<(), Problem> {
    let latitude = parse_angle(source, 90, b'N', b'S', "degrees from 0 to 90, minutes and seconds, then N or S")?;
    let longitude = parse_angle(source, 180, b'E', b'W', "degrees from 0 to 180, minutes and seconds, then E or W")?;
    let altitude = parse_altitude(source)?;
    out.push(0);
    for default in DEFAULTS {
        out.push(parse_size(source, default)?);
    }
    for number in [latitude, longitude, altitude] {
        out.extend(number.to_be_bytes());
    }
    Ok(())
}

fn parse_angle(source: &mut Source<'_>, limit: u64, plus: u8, minus: u8, expected: &str) -> Result<u32, Problem> {
    let units = [(3_600_000, limit * 1000), (60_000, 59_000), (1000, 59_999)];
    let mut total = 0;
    let mut count = 0;
    loop {
        let token = source.take(expected)?;
        let raw = source.raw(token);
        let wrong = || source.problem(token, "part of an angle", expected);
        if let [direction] = raw
            && count > 0
            && [plus, minus].contains(&direction.to_ascii_uppercase())
        {
            let angle = if direction.eq_ignore_ascii_case(&plus) { total } else { -total };
            return if total > limit as i64 * 3_600_000 { Err(wrong()) } else { Ok((ZERO + angle) as u32) };
        }
        let (unit, max) = *units.get(count).ok_or_else(wrong)?;
        let value = fixed(raw, if count == 2 { 3 } else { 0 }).ok_or_else(wrong)? * if count == 2 { 1 } else { 1000 };
        if value > max {
            return Err(wrong());
        }
        total += (value * unit / 1000) as i64;
        count += 1;
    }
}

fn parse_altitude(source: &mut Source<'_>) -> Result<u32, Problem> {
    const EXPECTED: &str = "metres from -100000.00 to 42849672.95";
    let token = source.take(EXPECTED)?;
    let raw = source.raw(token);
    let (negative, digits) = raw.strip_prefix(b"-").map_or((false, raw), |digits| (true, digits));
    let altitude = fixed(metres(digits), 2).map(|value| BOTTOM + if negative { -(value as i64) } else { value as i64 });
    let altitude = altitude.and_then(|altitude| u32::try_from(altitude).ok());
    altitude.ok_or_else(|| source.problem(token, "an altitude", EXPECTED))
}

/// A size in centimetres as digit and power of ten.
fn parse_size(source: &mut Source<'_>, default: u64) -> Result<u8, Problem> {
    const EXPECTED: &str = "metres from 0 to 90000000.00";
    let Some(token) = source.next_token() else { return Ok(power(default)) };
    match fixed(metres(source.raw(token)), 2) {
        Some(size @ 0..=9_000_000_000) => Ok(power(size)),
        _ => Err(source.problem(token, "a size", EXPECTED)),
    }
}

fn power(size: u64) -> u8 {
    let (mut digit, mut exponent) = (size, 0);
    while digit > 9 {
        (digit, exponent) = (digit / 10, exponent + 1);
    }
    (digit as u8) << 4 | exponent
}

fn metres(raw: &[u8]) -> &[u8] {
    raw.strip_suffix(b"m").or(raw.strip_suffix(b"M")).unwrap_or(raw)
}

/// A decimal number with at most `places` digits behind its point, times ten to the power of `places`.
fn fixed(raw: &[u8], places: usize) -> Option<u64> {
    let mut halves = raw.splitn(2, |octet| *octet == b'.');
    let (whole, fraction) = (halves.next()?, halves.next());
    let whole = if whole.len() <= 10 { decimal(whole)? } else { return None };
    let scale = 10u64.pow(places as u32);
    match fraction {
        None => Some(whole * scale),
        Some(digits) if (1..=places).contains(&digits.len()) => {
            Some(whole * scale + decimal(digits)? * 10u64.pow((places - digits.len()) as u32))
        }
        Some(_) => None,
    }
}

/// Only version 0 has a presentation format.
pub fn print(octets: &[u8], tokens: &mut Vec<String>) -> Option<()> {
    let [0, size, horizontal, vertical, rest @ ..] = octets else { return None };
    let mut numbers = rest.chunks_exact(4).map(|four| i64::from(super::number(four)));
    print_angle(numbers.next()? - ZERO, 'N', 'S', tokens);
    print_angle(numbers.next()? - ZERO, 'E', 'W', tokens);
    let altitude = numbers.next()? - BOTTOM;
    let sign = if altitude < 0 { "-" } else { "" };
    tokens.push(format!("{sign}{}.{:02}m", altitude.abs() / 100, altitude.abs() % 100));
    for power in [size, horizontal, vertical] {
        let (digit, exponent) = (u64::from(power >> 4), power & 15);
        if digit > 9 || exponent > 9 {
            return None;
        }
        let size = digit * 10u64.pow(u32::from(exponent));
        tokens.push(if size.is_multiple_of(100) {
            format!("{}m", size / 100)
        } else {
            format!("{}.{:02}m", size / 100, size % 100)
        });
    }
    Some(())
}

fn print_angle(angle: i64, plus: char, minus: char, tokens: &mut Vec<String>) {
    let milliseconds = angle.abs();
    tokens.push((milliseconds / 3_600_000).to_string());
    tokens.push((milliseconds / 60_000 % 60).to_string());
    tokens.push(format!("{}.{:03}", milliseconds / 1000 % 60, milliseconds % 1000));
    tokens.push(if angle < 0 { minus } else { plus }.to_string());
}
