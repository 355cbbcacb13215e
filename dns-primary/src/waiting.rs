//! How many updates of one key wait for the remote: a bound on what the holder of a key can make the service hold.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use dns::Name;

/// Updates of one key that may wait at once; a push carries 256.
const MOST: usize = 1024;

/// Updates that wait, by key; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Waiting(Arc<Mutex<HashMap<Name, Line>>>);

/// Those of one key.
#[derive(Debug, Default)]
struct Line {
    length: usize,
    /// Whether somebody was turned away since the line was last half empty.
    turned_away: bool,
}

/// A place in the line; it is given back when this is dropped.
#[derive(Debug)]
pub struct Place {
    waiting: Waiting,
    key: Name,
}

/// Why there is no place. At fault: the holder of the key, or the remote, which is slower than the updates come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full {
    /// Whether this is news: the first one that is turned away from a line.
    pub is_first: bool,
    /// How many wait.
    pub waiting: usize,
}

impl Waiting {
    /// A place in the line of a key.
    pub fn enter(&self, key: &Name) -> Result<Place, Full> {
        let mut lines = self.lines();
        let line = lines.entry(key.clone()).or_default();
        if line.length >= MOST {
            let is_first = !std::mem::replace(&mut line.turned_away, true);
            return Err(Full { is_first, waiting: line.length });
        }
        line.length += 1;
        Ok(Place { waiting: self.clone(), key: key.clone() })
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<Name, Line>> {
        self.0.lock().expect("no holder of the lines panics")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut lines = self.waiting.lines();
        let Some(line) = lines.get_mut(&self.key) else { return };
        line.length -= 1;
        line.turned_away &= line.length > MOST / 2;
        if line.length == 0 {
            lines.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_full_for_its_key_only_and_told_once() {
        let (waiting, key, other): (_, Name, Name) = (Waiting::default(), "a".parse().unwrap(), "b".parse().unwrap());
        let mut places: Vec<Place> = (0..MOST).map(|_| waiting.enter(&key).unwrap()).collect();
        assert_eq!(waiting.enter(&key).unwrap_err(), Full { is_first: true, waiting: MOST });
        assert!(!waiting.enter(&key).unwrap_err().is_first);
        drop(waiting.enter(&other).unwrap());
        places.pop();
        places.push(waiting.enter(&key).unwrap());
        assert!(!waiting.enter(&key).unwrap_err().is_first, "still the same crowd");
        places.clear();
        assert!(waiting.lines().is_empty());
    }
}
