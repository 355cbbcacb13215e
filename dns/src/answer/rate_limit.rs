//! Response rate limiting: who is made to look like asking for the same again and again, from an address that may be
//! forged, gets few of the answers and now and then a truncated one, upon which a real client comes back over TCP.
//!
//! As in BIND and NSD, what is counted is the same kind of answer about the same name to the same network (/24, /56),
//! where the name of all that is not there is that of the zone, and of all that a wildcard makes that of the wildcard.
//! The table has a fixed size: two that fall on one place displace each other, so that nobody is limited for another.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::siphash::siphash24;
use crate::name_hash::NameHash;

/// Places of the table, 8 octets each.
const PLACES: usize = 1 << 17;
/// Bits of the count of a place; of its time in seconds there are 16, of its tag 24.
const COUNT_BITS: u32 = 24;
const MAX_COUNT: u64 = (1 << COUNT_BITS) - 1;

/// What kind of answer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Records that were asked for.
    Positive,
    /// The name is there, the type is not.
    NoData,
    /// The name is not there.
    NameError,
    /// To the servers of a zone below.
    Referral,
    /// Anything else.
    Error,
}

/// What to do with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Send it.
    Send,
    /// Send it empty and truncated.
    Slip,
    /// Drop it.
    Drop,
}

/// The limit and what was counted; shared by all who answer.
#[derive(Debug)]
pub struct RateLimit {
    rate: u64,
    slip: u32,
    key: [u8; 16],
    places: Box<[AtomicU64]>,
    limited: AtomicU32,
}

impl RateLimit {
    /// So many answers a second; of those beyond, one of `slip` goes out truncated, none for 0. Nobody outside knows
    /// `key`.
    pub fn new(rate: u32, slip: u32, key: [u8; 16]) -> RateLimit {
        let places = (0..PLACES).map(|_| AtomicU64::new(0)).collect();
        RateLimit { rate: u64::from(rate).clamp(1, MAX_COUNT / 2), slip, key, places, limited: AtomicU32::new(0) }
    }

    /// Counts an answer about `name` to `client`. `now` is in seconds and may wrap around.
    pub fn decide(&self, client: IpAddr, kind: Kind, name: NameHash, now: u32) -> Decision {
        let hash = self.hash(client, kind, name);
        let (tag, now) = (hash >> 40, u64::from(now as u16));
        let next = |place: u64| {
            let (then, count) = (place >> COUNT_BITS & 0xffff, place & MAX_COUNT);
            let elapsed = now.wrapping_sub(then) & 0xffff;
            let left = if place >> 40 == tag { count.saturating_sub(elapsed * self.rate) } else { 0 };
            // Twice the rate and no more: who goes on asking stays limited, who stops is forgiven within two seconds.
            let count = (left + 1).min(2 * self.rate);
            tag << 40 | now << COUNT_BITS | count
        };
        let place = &self.places[hash as usize % PLACES];
        let before = place.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |place| Some(next(place)));
        let (Ok(before) | Err(before)) = before;
        if next(before) & MAX_COUNT <= self.rate {
            return Decision::Send;
        }
        let limited = self.limited.fetch_add(1, Ordering::Relaxed);
        if self.slip > 0 && limited % self.slip == self.slip - 1 { Decision::Slip } else { Decision::Drop }
    }

    fn hash(&self, client: IpAddr, kind: Kind, name: NameHash) -> u64 {
        let mut input = [0; 16];
        match client.to_canonical() {
            IpAddr::V4(address) => input[..3].copy_from_slice(&address.octets()[..3]),
            IpAddr::V6(address) => {
                input[..7].copy_from_slice(&address.octets()[..7]);
                input[7] = 0x80;
            }
        }
        input[7] |= kind as u8;
        input[8..].copy_from_slice(&name.0.to_le_bytes());
        siphash24(&self.key, &input)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: NameHash = NameHash(7);

    /// Sent, slipped, dropped.
    fn ask(limit: &RateLimit, client: &str, kind: Kind, name: NameHash, now: u32, times: usize) -> [usize; 3] {
        let mut decisions = [0; 3];
        for _ in 0..times {
            decisions[limit.decide(client.parse().unwrap(), kind, name, now) as usize] += 1;
        }
        decisions
    }

    #[test]
    fn one_network_one_name_and_one_kind_share_a_limit() {
        let limit = RateLimit::new(10, 2, [1; 16]);
        assert_eq!(ask(&limit, "192.0.2.1", Kind::Positive, NAME, 100, 30), [10, 10, 10]);
        assert_eq!(ask(&limit, "192.0.2.200", Kind::Positive, NAME, 100, 2), [0, 1, 1]);
        for (client, kind, name) in [
            ("192.0.3.1", Kind::Positive, NAME),
            ("192.0.2.1", Kind::NoData, NAME),
            ("192.0.2.1", Kind::Positive, NameHash(8)),
            ("2001:db8::1", Kind::Positive, NAME),
        ] {
            assert_eq!(ask(&limit, client, kind, name, 100, 10), [10, 0, 0], "{client} {kind:?}");
        }
        assert_eq!(ask(&limit, "2001:db8:0:ff::2", Kind::Positive, NAME, 100, 4), [0, 2, 2]);
        assert_eq!(ask(&limit, "2001:db8:0:100::2", Kind::Positive, NAME, 100, 4), [4, 0, 0]);
        assert_eq!(ask(&limit, "::ffff:192.0.2.9", Kind::Positive, NAME, 100, 2), [0, 1, 1]);
    }

    #[test]
    fn a_flood_stays_limited_and_is_forgiven_when_it_ends() {
        let limit = RateLimit::new(10, 0, [2; 16]);
        assert_eq!(ask(&limit, "192.0.2.1", Kind::NameError, NAME, 0xfffe, 100), [10, 0, 90]);
        for second in 0xffff..=0x1_0004 {
            assert_eq!(ask(&limit, "192.0.2.1", Kind::NameError, NAME, second, 100), [0, 0, 100]);
        }
        assert_eq!(ask(&limit, "192.0.2.1", Kind::NameError, NAME, 0x1_0005, 10), [0, 0, 10]);
        assert_eq!(ask(&limit, "192.0.2.1", Kind::NameError, NAME, 0x1_0007, 10), [10, 0, 0]);
        assert_eq!(ask(&RateLimit::new(1, 1, [2; 16]), "::1", Kind::Error, NAME, 0, 5), [1, 4, 0]);
    }
}
