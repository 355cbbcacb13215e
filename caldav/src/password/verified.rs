//! Passwords that were accepted a moment ago, so that the next request of the same client does not take 15 ms again.
//!
//! Kept are not the passwords but HMACs of user, stored hash and password, under a key that ends with the process: a dump of the
//! memory alone does not make them cheaper to guess than the key. A changed hash gives another HMAC, so nothing has to be told.

use std::collections::{HashMap, VecDeque};
use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::StoredHash;

/// Users whose last password is remembered; the one that came first goes first.
const USERS: usize = 4096;

/// The pairs that were accepted.
pub struct Verified {
    key: [u8; 32],
    tags: HashMap<String, [u8; 32]>,
    order: VecDeque<String>,
}

impl Verified {
    /// Nothing was accepted yet. `key` is random, and of this process only.
    pub fn new(key: [u8; 32]) -> Verified {
        Verified { key, tags: HashMap::new(), order: VecDeque::new() }
    }

    /// Was this password accepted for this hash of this user?
    pub fn contains(&self, user: &str, stored: &StoredHash, password: &str) -> bool {
        let shown = self.tag(user, stored, password);
        self.tags.get(user).is_some_and(|tag| shown.ct_eq(tag).into())
    }

    /// It was accepted just now. The user's last one is forgotten.
    pub fn remember(&mut self, user: &str, stored: &StoredHash, password: &str) {
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

    fn tag(&self, user: &str, stored: &StoredHash, password: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        for part in [user, stored.text(), password] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verified({} users)", self.tags.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::password::testing::cheap;

    #[test]
    fn what_was_accepted_is_known_until_the_hash_changes() {
        let (old, new) = (cheap("secret"), cheap("other"));
        let mut verified = Verified::new([1; 32]);
        assert!(!verified.contains("alice", &old, "secret"));
        verified.remember("alice", &old, "secret");
        assert!(verified.contains("alice", &old, "secret"));
        assert!(!verified.contains("alice", &old, "secre"));
        assert!(!verified.contains("bob", &old, "secret"));
        assert!(!verified.contains("alice", &new, "secret"));
    }

    #[test]
    fn only_so_many_are_remembered() {
        let stored = cheap("secret");
        let mut verified = Verified::new([1; 32]);
        for user in 0..USERS + 2 {
            verified.remember(&user.to_string(), &stored, "secret");
        }
        assert_eq!((verified.tags.len(), verified.order.len()), (USERS, USERS));
        assert!(!verified.contains("1", &stored, "secret") && verified.contains("2", &stored, "secret"));
    }
}
