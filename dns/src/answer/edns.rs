//! EDNS (RFC 6891): the OPT record of a query and of its reply, with NSID (RFC 5001), cookies (RFC 7873, RFC 9018), the
//! keepalive of connections (RFC 7828) and extended errors (RFC 8914).

use std::net::IpAddr;

use subtle::ConstantTimeEq;

use super::query::Query;
use super::siphash::siphash24;
use super::{Client, Transport};
use crate::message::Rcode;
use crate::wire::{Cursor, WireError};

const NSID: u16 = 3;
const COOKIE: u16 = 10;
const KEEPALIVE: u16 = 11;
const EXTENDED_ERROR: u16 = 15;

/// Octets of an OPT record without options.
const OPT: usize = 11;
/// The bit DO among the flags.
const DO: u32 = 0x8000;
const MAX_IDENTITY: usize = 128;

/// Why a query was answered so (RFC 8914 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtendedError(pub u16);

impl ExtendedError {
    /// None of our zones is at or above the name.
    pub const NOT_AUTHORITATIVE: ExtendedError = ExtendedError(20);
    /// The type stands in denials only (RFC 9824 section 9.2).
    pub const INVALID_QUERY_TYPE: ExtendedError = ExtendedError(30);
}

/// What the OPT record of a query says.
#[derive(Debug)]
pub struct Edns<'a> {
    pub payload_size: u16,
    pub version: u8,
    pub dnssec_ok: bool,
    nsid: bool,
    keepalive: bool,
    /// The client's eight octets, and behind them what it says it had from us.
    cookie: Option<&'a [u8]>,
}

impl<'a> Edns<'a> {
    /// Decodes the fields of an OPT record; options that are not known are skipped.
    pub fn decode(payload_size: u16, ttl: u32, rdata: &'a [u8]) -> Result<Edns<'a>, WireError> {
        let mut edns = Edns {
            payload_size,
            version: (ttl >> 16) as u8,
            dnssec_ok: ttl & DO != 0,
            nsid: false,
            keepalive: false,
            cookie: None,
        };
        let mut cursor = Cursor::new(rdata, 0);
        while cursor.remaining() > 0 {
            let (code, length) = (cursor.u16()?, cursor.u16()?);
            let value = cursor.take(usize::from(length))?;
            edns.option(code, value)?;
        }
        Ok(edns)
    }

    fn option(&mut self, code: u16, value: &'a [u8]) -> Result<(), WireError> {
        match code {
            NSID => self.nsid = true,
            KEEPALIVE => self.keepalive = true,
            // RFC 7873 section 5.2.2: other lengths are malformed; the first cookie counts.
            COOKIE if !matches!(value.len(), 8 | 16..=40) => return Err(WireError::Rdata),
            COOKIE if self.cookie.is_none() => self.cookie = Some(value),
            _ => {}
        }
        Ok(())
    }

    /// Whether there is a cookie.
    pub fn has_cookie(&self) -> bool {
        self.cookie.is_some()
    }
}

/// The OPT record of a reply, but for what is known only in the end.
pub struct Reply<'a> {
    payload_size: u16,
    dnssec_ok: bool,
    identity: Option<&'a [u8]>,
    cookie: Option<[u8; 24]>,
    shown: Shown,
    keepalive: Option<u16>,
}

/// What a client has shown of the cookie that it had from us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Nothing,
    Valid,
    Invalid,
}

impl<'a> Reply<'a> {
    /// What goes into the reply to `query`.
    pub fn new(query: &Query<'_>, client: &Client<'a>) -> Reply<'a> {
        let options = client.options;
        let mut reply = Reply {
            payload_size: options.udp_payload_size,
            dnssec_ok: false,
            identity: None,
            cookie: None,
            shown: Shown::Nothing,
            keepalive: None,
        };
        let Some(edns) = &query.edns else { return reply };
        reply.dnssec_ok = edns.dnssec_ok;
        if edns.nsid {
            reply.identity = options.identity.as_deref().map(|identity| &identity[..identity.len().min(MAX_IDENTITY)]);
        }
        if edns.keepalive && client.transport == Transport::Tcp {
            reply.keepalive = options.keepalive;
        }
        if let (Some(sent), Some(secret)) = (edns.cookie, &options.cookie_secret) {
            reply.cookie = Some(cookie(&sent[..8], client, secret));
            reply.shown = shown(sent, client, secret);
        }
        reply
    }

    /// Whether the client can be where it says it is: it has shown a cookie that was sent there.
    pub fn is_known_client(&self) -> bool {
        self.shown == Shown::Valid
    }

    /// The answer to who asked for nothing but a cookie (RFC 7873 section 5.4).
    pub fn cookie_rcode(&self) -> Rcode {
        if self.shown == Shown::Invalid { Rcode::BADCOOKIE } else { Rcode::NOERROR }
    }

    /// Octets of the record, without an extended error.
    pub fn len(&self) -> usize {
        let identity = self.identity.map_or(0, |identity| 4 + identity.len());
        let cookie = self.cookie.map_or(0, |cookie| 4 + cookie.len());
        let keepalive = self.keepalive.map_or(0, |_| 6);
        OPT + identity + cookie + keepalive
    }

    /// Writes the record at the start of `out`; returns its length, none when there is no room.
    pub fn write(&self, rcode: Rcode, error: Option<ExtendedError>, out: &mut [u8]) -> Option<usize> {
        let error = error.filter(|_| self.len() + 6 <= out.len());
        let length = self.len() + if error.is_some() { 6 } else { 0 };
        let out = out.get_mut(..length)?;
        let ttl = u32::from(rcode.0 >> 4) << 24 | if self.dnssec_ok { DO } else { 0 };
        out[..3].copy_from_slice(&[0, 0, 41]);
        out[3..5].copy_from_slice(&self.payload_size.to_be_bytes());
        out[5..9].copy_from_slice(&ttl.to_be_bytes());
        out[9..11].copy_from_slice(&((length - OPT) as u16).to_be_bytes());
        let mut rest = &mut out[OPT..];
        let mut option = |code: u16, value: &[u8]| {
            let (here, after) = std::mem::take(&mut rest).split_at_mut(4 + value.len());
            here[..2].copy_from_slice(&code.to_be_bytes());
            here[2..4].copy_from_slice(&(value.len() as u16).to_be_bytes());
            here[4..].copy_from_slice(value);
            rest = after;
        };
        if let Some(identity) = self.identity {
            option(NSID, identity);
        }
        if let Some(cookie) = &self.cookie {
            option(COOKIE, cookie);
        }
        if let Some(keepalive) = self.keepalive {
            option(KEEPALIVE, &keepalive.to_be_bytes());
        }
        if let Some(ExtendedError(code)) = error {
            option(EXTENDED_ERROR, &code.to_be_bytes());
        }
        Some(length)
    }
}

/// The client's cookie and ours for it (RFC 9018 section 4): version 1, reserved, time, hash.
fn cookie(client_cookie: &[u8], client: &Client<'_>, secret: &[u8; 16]) -> [u8; 24] {
    let mut cookie = [0; 24];
    cookie[..8].copy_from_slice(client_cookie);
    cookie[8] = 1;
    cookie[12..16].copy_from_slice(&client.now.to_be_bytes());
    let hash = cookie_hash(&cookie[..16], client.address, secret);
    cookie[16..].copy_from_slice(&hash.to_le_bytes());
    cookie
}

/// Seconds that a cookie of ours is good for, and that it may be ahead of our clock (RFC 9018 section 4.3).
const LIFETIME: u32 = 3600;
const AHEAD: u32 = 300;

fn shown(sent: &[u8], client: &Client<'_>, secret: &[u8; 16]) -> Shown {
    if sent.len() == 8 {
        return Shown::Nothing;
    }
    let Some((start, hash)) = sent.split_at_checked(16).filter(|_| sent.len() == 24 && sent[8] == 1) else {
        return Shown::Invalid;
    };
    let made = u32::from_be_bytes([start[12], start[13], start[14], start[15]]);
    let in_time = client.now.wrapping_sub(made).wrapping_add(AHEAD) <= LIFETIME + AHEAD;
    let same = bool::from(cookie_hash(start, client.address, secret).to_le_bytes().ct_eq(hash));
    if in_time && same { Shown::Valid } else { Shown::Invalid }
}

fn cookie_hash(start: &[u8], address: IpAddr, secret: &[u8; 16]) -> u64 {
    let mut input = [0; 32];
    input[..16].copy_from_slice(start);
    let length = match address.to_canonical() {
        IpAddr::V4(address) => {
            input[16..20].copy_from_slice(&address.octets());
            20
        }
        IpAddr::V6(address) => {
            input[16..].copy_from_slice(&address.octets());
            32
        }
    };
    siphash24(secret, &input[..length])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Options;

    /// RFC 9018 appendix A.1.
    #[test]
    fn the_rfc_s_cookie() {
        let secret = 0xe5e9_73e5_a6b2_a43f_48e7_dc84_9e37_bfcf_u128.to_be_bytes();
        let options = Options::default();
        let address = "198.51.100.100".parse().unwrap();
        let client = Client { transport: Transport::Udp, address, now: 1_559_731_985, options: &options, limit: None };
        let made = cookie(&0x2464_c4ab_cf10_c957_u64.to_be_bytes(), &client, &secret);
        assert_eq!(made[8..], 0x0100_0000_5cf7_9f11_1f81_30c3_eee2_9480_u128.to_be_bytes());
    }
}
