//! Passwords that were answered a moment ago, so that the next request of the same client does not take 15 ms again.
//!
//! Kept are not the passwords but HMACs of user, stored hash and password, under a key that ends with the process: a
//! dump of the memory alone does not make them cheaper to guess than the key. A changed hash gives another HMAC, so
//! nothing has to be told.

use std::collections::{HashMap, VecDeque};
use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::StoredHash;

/// Users whose last password is remembered; the one that came first goes first.
const USERS: usize = 4096;

/// The last password of each user that was answered one way: accepted, or refused.
pub struct LastPasswords {
    key: [u8; 32],
    tags: HashMap<String, [u8; 32]>,
    order: VecDeque<String>,
}

impl LastPasswords {
    /// Nothing was answered yet. `key` is random, and of this process only.
    pub fn new(key: [u8; 32]) -> LastPasswords {
        LastPasswords { key, tags: HashMap::new(), order: VecDeque::new() }
    }

    /// Was this password answered for this hash of this user? One without a hash, or who is not there, has none.
    pub fn contains(&self, user: &str, stored: Option<&StoredHash>, password: &str) -> bool {
        let shown = self.tag(user, stored, password);
        self.tags.get(user).is_some_and(|tag| shown.ct_eq(tag).into())
    }

    /// It was answered just now. The user's last one is forgotten.
    pub fn remember(&mut self, user: &str, stored: Option<&StoredHash>, password: &str) {
        let tag = self.tag(user, stored, password);
        if self.tags.insert(user.to_owned(), tag).is_some() {
            return;
        }
        self.order.push_back(user.to_owned());
        if self.order.len() > USERS
            && let Some(first) = self.order.pop_front()
        {
            self.tags.remove(&first);
        }
    }

    fn tag(&self, user: &str, stored: Option<&StoredHash>, password: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        for part in [user, stored.map_or("", StoredHash::text), password] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for LastPasswords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LastPasswords({} users)", self.tags.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::password::testing::cheap;

    #[test]
    fn what_was_answered_is_known_until_the_hash_changes() {
        let (old, new) = (cheap("secret"), cheap("other"));
        let mut last = LastPasswords::new([1; 32]);
        assert!(!last.contains("alice", Some(&old), "secret"));
        last.remember("alice", Some(&old), "secret");
        assert!(last.contains("alice", Some(&old), "secret"));
        assert!(!last.contains("alice", Some(&old), "secre"));
        assert!(!last.contains("bob", Some(&old), "secret"));
        assert!(!last.contains("alice", None, "secret"));
        assert!(!last.contains("alice", Some(&new), "secret"));
    }

    #[test]
    fn only_so_many_are_remembered() {
        let stored = cheap("secret");
        let mut last = LastPasswords::new([1; 32]);
        for user in 0..USERS + 2 {
            last.remember(&user.to_string(), Some(&stored), "secret");
        }
        assert_eq!((last.tags.len(), last.order.len()), (USERS, USERS));
        assert!(!last.contains("1", Some(&stored), "secret") && last.contains("2", Some(&stored), "secret"));
    }
}
