//! Types and classes of records by number and mnemonic (the IANA registry; RFC 3597 section 5 for the rest).

use std::fmt;
use std::str::FromStr;

/// The type of a record or of a question.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordType(pub u16);

/// The class of a record or of a question.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Class(pub u16);

macro_rules! mnemonics {
    ($type:ident, $table:ident, $($name:ident = $number:literal $text:literal),* $(,)?) => {
        impl $type {
            $(#[doc = concat!("`", $text, "`, ", stringify!($number), ".")] pub const $name: $type = $type($number);)*
        }
        const $table: &[(&str, $type)] = &[$(($text, $type::$name)),*];
    };
}

mnemonics! { RecordType, TYPES,
    A = 1 "A", NS = 2 "NS", MD = 3 "MD", MF = 4 "MF", CNAME = 5 "CNAME", SOA = 6 "SOA", MB = 7 "MB", MG = 8 "MG", MR = 9 "MR",
    NULL = 10 "NULL", WKS = 11 "WKS", PTR = 12 "PTR", HINFO = 13 "HINFO", MINFO = 14 "MINFO", MX = 15 "MX", TXT = 16 "TXT",
    RP = 17 "RP", AFSDB = 18 "AFSDB", X25 = 19 "X25", ISDN = 20 "ISDN", RT = 21 "RT", SIG = 24 "SIG", KEY = 25 "KEY",
    PX = 26 "PX", AAAA = 28 "AAAA", LOC = 29 "LOC", SRV = 33 "SRV", NAPTR = 35 "NAPTR", KX = 36 "KX", CERT = 37 "CERT",
    DNAME = 39 "DNAME", OPT = 41 "OPT", APL = 42 "APL", DS = 43 "DS", SSHFP = 44 "SSHFP", IPSECKEY = 45 "IPSECKEY",
    RRSIG = 46 "RRSIG", NSEC = 47 "NSEC", DNSKEY = 48 "DNSKEY", DHCID = 49 "DHCID", NSEC3 = 50 "NSEC3",
    NSEC3PARAM = 51 "NSEC3PARAM", TLSA = 52 "TLSA", SMIMEA = 53 "SMIMEA", HIP = 55 "HIP", CDS = 59 "CDS",
    CDNSKEY = 60 "CDNSKEY", OPENPGPKEY = 61 "OPENPGPKEY", CSYNC = 62 "CSYNC", ZONEMD = 63 "ZONEMD", SVCB = 64 "SVCB",
    HTTPS = 65 "HTTPS", SPF = 99 "SPF", NID = 104 "NID", L32 = 105 "L32", L64 = 106 "L64", LP = 107 "LP", EUI48 = 108 "EUI48",
    EUI64 = 109 "EUI64", TKEY = 249 "TKEY", TSIG = 250 "TSIG", IXFR = 251 "IXFR", AXFR = 252 "AXFR", MAILB = 253 "MAILB",
    MAILA = 254 "MAILA", ANY = 255 "ANY", URI = 256 "URI", CAA = 257 "CAA",
    NXNAME = 128 "NXNAME",
}

mnemonics! { Class, CLASSES, IN = 1 "IN", CH = 3 "CH", HS = 4 "HS", NONE = 254 "NONE", ANY = 255 "ANY" }

impl RecordType {
    /// Whether no zone can hold such a record: question types and meta types (RFC 6895 section 3.1).
    pub fn is_meta(self) -> bool {
        self.0 == 0 || self == RecordType::OPT || (128..=255).contains(&self.0)
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match TYPES.iter().find(|(_, number)| number == self) {
            Some((text, _)) => f.write_str(text),
            None => write!(f, "TYPE{}", self.0),
        }
    }
}

impl FromStr for RecordType {
    type Err = ();

    fn from_str(text: &str) -> Result<RecordType, ()> {
        match TYPES.iter().find(|(mnemonic, _)| mnemonic.eq_ignore_ascii_case(text)) {
            Some((_, number)) => Ok(*number),
            None => generic(text, "TYPE").map(RecordType),
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match CLASSES.iter().find(|(_, number)| number == self) {
            Some((text, _)) => f.write_str(text),
            None => write!(f, "CLASS{}", self.0),
        }
    }
}

impl FromStr for Class {
    type Err = ();

    fn from_str(text: &str) -> Result<Class, ()> {
        match CLASSES.iter().find(|(mnemonic, _)| mnemonic.eq_ignore_ascii_case(text)) {
            Some((_, number)) => Ok(*number),
            None => generic(text, "CLASS").map(Class),
        }
    }
}

impl fmt::Debug for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// `TYPE123` and `CLASS32` of RFC 3597 section 5.
fn generic(text: &str, prefix: &str) -> Result<u16, ()> {
    let head = text.get(..prefix.len()).filter(|head| head.eq_ignore_ascii_case(prefix)).ok_or(())?;
    let digits = &text[head.len()..];
    if digits.is_empty() || !digits.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(());
    }
    digits.parse().map_err(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mnemonics_both_ways() {
        for (text, number) in TYPES {
            assert_eq!(text.parse(), Ok(*number));
            assert_eq!(number.to_string(), *text);
        }
        assert_eq!("type65280".parse(), Ok(RecordType(65280)));
        assert_eq!("TYPE1".parse(), Ok(RecordType::A));
        assert_eq!(RecordType(65280).to_string(), "TYPE65280");
        assert_eq!("class1".parse(), Ok(Class::IN));
        for bad in ["", "TYPE", "TYPE65536", "TYPE-1", "TYPE+1", "FOO", "TYPEé"] {
            assert!(bad.parse::<RecordType>().is_err(), "{bad}");
        }
    }
}
