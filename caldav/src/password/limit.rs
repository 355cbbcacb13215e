//! Who has to wait before a password is compared: guessing is slow, and so is comparing.
//!
//! Failures are counted for each network of clients and for each user, and forgotten by half every five minutes. An
//! attacker who tries many passwords of one user from many networks must not lock that user out: networks from which
//! the user logged in before do not care how many failures the user has elsewhere, others wait less than a minute at a
//! time, and a part of the budget of comparisons is kept for the networks that are known. App passwords are compared
//! without asking here at all.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::net::IpAddr;

/// Seconds in which half of the failures are forgotten.
const HALF_LIFE: f64 = 300.0;

/// Failures of one network, and of one user from networks that are not known.
const MOST_OF_NETWORK: f64 = 30.0;
const MOST_OF_USER: f64 = 10.0;

/// Slow comparisons a second, and how many at once after a pause; so many are kept for known networks.
const COMPARISONS: u64 = 20;
const BURST: u64 = 40;
const KEPT: u64 = 20;

/// Networks and users that are counted, users whose networks are known, and known networks of one.
const COUNTED: usize = 8192;
const KNOWN_USERS: usize = 4096;
const KNOWN_NETWORKS: usize = 8;

/// A network of clients: an IPv4 network of 24 bits, an IPv6 network of 56.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network([u8; 8]);

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Network {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                // An IPv6 network has 0 as its last octet.
                Network([a, b, c, 0, 0, 0, 0, 4])
            }
            IpAddr::V6(address) => {
                let [a, b, c, d, e, f, g, ..] = address.octets();
                Network([a, b, c, d, e, f, g, 0])
            }
        }
    }
}

/// It is too early to compare a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// How long, for `Retry-After`.
    pub seconds: u64,
}

/// What is remembered of failures and of successes. Times are seconds, of any origin.
#[derive(Debug)]
pub struct LoginLimit {
    networks: Failures<Network>,
    users: Failures<String>,
    known: HashMap<String, VecDeque<Network>>,
    known_order: VecDeque<String>,
    budget: u64,
    filled: u64,
}

impl LoginLimit {
    /// Nobody has failed yet.
    pub fn new(now: u64) -> LoginLimit {
        LoginLimit {
            networks: Failures::new(MOST_OF_NETWORK),
            users: Failures::new(MOST_OF_USER),
            known: HashMap::new(),
            known_order: VecDeque::new(),
            budget: BURST,
            filled: now,
        }
    }

    /// May a password of this user be looked at? The user need not exist.
    pub fn check(&self, network: Network, user: &str, now: u64) -> Result<(), Wait> {
        self.networks.check(&network, now)?;
        if self.is_known(network, user) { Ok(()) } else { self.users.check(user, now) }
    }

    /// Takes one slow comparison out of the budget, if there is one for this network.
    pub fn spend(&mut self, network: Network, user: &str, now: u64) -> Result<(), Wait> {
        let refill = now.saturating_sub(self.filled).saturating_mul(COMPARISONS);
        self.budget = self.budget.saturating_add(refill).min(BURST);
        self.filled = now;
        let kept = if self.is_known(network, user) { 0 } else { KEPT };
        if self.budget <= kept {
            return Err(Wait { seconds: 1 });
        }
        self.budget -= 1;
        Ok(())
    }

    /// A password was wrong.
    pub fn failed(&mut self, network: Network, user: &str, now: u64) {
        self.networks.add(network, now);
        if !self.is_known(network, user) {
            self.users.add(user.to_owned(), now);
        }
    }

    /// A password was right: the network is known from now on.
    pub fn succeeded(&mut self, network: Network, user: &str) {
        if !self.known.contains_key(user) {
            self.known_order.push_back(user.to_owned());
        }
        let networks = self.known.entry(user.to_owned()).or_default();
        if networks.front() != Some(&network) {
            networks.retain(|other| *other != network);
            networks.push_front(network);
            networks.truncate(KNOWN_NETWORKS);
        }
        if self.known_order.len() > KNOWN_USERS
            && let Some(first) = self.known_order.pop_front()
        {
            self.known.remove(&first);
        }
    }

    fn is_known(&self, network: Network, user: &str) -> bool {
        self.known.get(user).is_some_and(|networks| networks.contains(&network))
    }
}

/// Failures of each key, forgotten by and by.
#[derive(Debug)]
struct Failures<K> {
    most: f64,
    of: HashMap<K, Score>,
}

#[derive(Clone, Copy, Debug)]
struct Score {
    value: f64,
    at: u64,
}

impl Score {
    fn at(self, now: u64) -> f64 {
        self.value * (-(now.saturating_sub(self.at) as f64) / HALF_LIFE).exp2()
    }
}

impl<K: Eq + Hash + Clone> Failures<K> {
    fn new(most: f64) -> Failures<K> {
        Failures { most, of: HashMap::new() }
    }

    fn check<Q>(&self, key: &Q, now: u64) -> Result<(), Wait>
    where
        K: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let score = self.of.get(key).map_or(0.0, |score| score.at(now));
        let room = self.most - 1.0;
        if score <= room {
            return Ok(());
        }
        // The cast rounds towards zero; a second more is enough.
        Err(Wait { seconds: (HALF_LIFE * (score / room).log2()) as u64 + 1 })
    }

    /// Never above the limit: that bounds how long anybody waits.
    fn add(&mut self, key: K, now: u64) {
        let value = (self.of.get(&key).map_or(0.0, |score| score.at(now)) + 1.0).min(self.most);
        self.of.insert(key, Score { value, at: now });
        if self.of.len() > COUNTED {
            self.make_room(now);
        }
    }

    /// Forgets who has hardly failed, and at least one.
    fn make_room(&mut self, now: u64) {
        self.of.retain(|_, score| score.at(now) >= 0.5);
        if self.of.len() > COUNTED {
            let least = self.of.iter().min_by(|a, b| a.1.at(now).total_cmp(&b.1.at(now))).map(|(key, _)| key.clone());
            least.map(|key| self.of.remove(&key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        Network::from(text.parse::<IpAddr>().unwrap())
    }

    #[test]
    fn clients_of_one_network_are_one() {
        assert_eq!(network("192.0.2.1"), network("192.0.2.254"));
        assert_eq!(network("192.0.2.1"), network("::ffff:192.0.2.9"));
        assert_ne!(network("192.0.2.1"), network("192.0.3.1"));
        assert_eq!(network("2001:db8:0:1::1"), network("2001:db8:0:ff::"));
        assert_ne!(network("2001:db8:0:100::"), network("2001:db8:0:ff::"));
        assert_ne!(network("c000:0200::"), network("192.0.2.0"));
    }

    #[test]
    fn a_network_that_guesses_waits_and_is_forgiven() {
        let (mut limit, guesser) = (LoginLimit::new(0), network("192.0.2.1"));
        for user in 0..30 {
            assert_eq!(limit.check(guesser, &user.to_string(), 0), Ok(()));
            limit.failed(guesser, &user.to_string(), 0);
        }
        let Err(Wait { seconds }) = limit.check(guesser, "somebody", 0) else { panic!("it may go on") };
        assert!((10..20).contains(&seconds), "{seconds}");
        assert_eq!(limit.check(guesser, "somebody", seconds), Ok(()));
        assert_eq!(limit.check(network("192.0.3.1"), "somebody", 0), Ok(()));
    }

    #[test]
    fn a_user_who_is_attacked_from_everywhere_is_not_locked_out() {
        let (mut limit, home) = (LoginLimit::new(0), network("203.0.113.5"));
        limit.succeeded(home, "alice");
        for attacker in 0..200 {
            limit.failed(network(&format!("10.0.{attacker}.1")), "alice", 0);
        }
        assert_eq!(limit.check(home, "alice", 0), Ok(()), "known");
        let Err(Wait { seconds }) = limit.check(network("198.51.100.1"), "alice", 0) else { panic!("no limit") };
        assert!(seconds < 60, "{seconds}");
        assert_eq!(limit.check(network("198.51.100.1"), "bob", 0), Ok(()));
    }

    #[test]
    fn failures_at_home_count_for_home_only() {
        let (mut limit, home) = (LoginLimit::new(0), network("203.0.113.5"));
        limit.succeeded(home, "alice");
        (0..30).for_each(|_| limit.failed(home, "alice", 0));
        assert!(limit.check(home, "alice", 0).is_err());
        assert_eq!(limit.check(network("198.51.100.1"), "alice", 0), Ok(()));
    }

    #[test]
    fn comparisons_have_a_budget_with_a_part_for_those_who_are_known() {
        let (mut limit, home, other) = (LoginLimit::new(0), network("203.0.113.5"), network("192.0.2.1"));
        limit.succeeded(home, "alice");
        let spent = (0..100).filter(|_| limit.spend(other, "bob", 0).is_ok()).count();
        assert_eq!(spent as u64, BURST - KEPT);
        assert_eq!(limit.spend(other, "bob", 0), Err(Wait { seconds: 1 }));
        assert_eq!((0..100).filter(|_| limit.spend(home, "alice", 0).is_ok()).count() as u64, KEPT);
        assert_eq!(limit.spend(other, "bob", 1), Err(Wait { seconds: 1 }), "the kept part fills first");
        assert_eq!(limit.spend(other, "bob", 2), Ok(()));
        assert_eq!(limit.spend(other, "bob", 1), Ok(()), "a clock that goes back does no harm");
    }

    #[test]
    fn memory_is_bounded() {
        let mut limit = LoginLimit::new(0);
        for number in 0..COUNTED + 100 {
            limit.failed(network("192.0.2.1"), &number.to_string(), 0);
            limit.succeeded(network(&format!("2001:db8:{number:x}::")), "alice");
            limit.succeeded(network("192.0.2.1"), &number.to_string());
        }
        assert_eq!(limit.users.of.len(), COUNTED);
        assert_eq!((limit.known.len(), limit.known_order.len()), (KNOWN_USERS, KNOWN_USERS));
        assert!(limit.known.values().all(|networks| networks.len() <= KNOWN_NETWORKS));
        limit.failed(network("192.0.2.1"), "late", 100_000);
        assert!(limit.users.of.len() <= 2, "who has not failed for long is forgotten when room is needed");
    }
}
