//! TSIG keys, and the rights that a key's name carries.
//!
//! `x._update.example.org` may update, transfer and notify `example.org` and everything below; `_transfer` may transfer
//! and notify, `_notify` only notify. The right-most of these labels counts; nothing to its right means every zone. Any
//! other key signs queries and no more. A `_transfer` name can also hold the addresses of a primary and a secondary.

use std::collections::HashMap;
use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::name::Name;

/// A secret that two parties share, under a name.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// What both call it.
    pub name: Name,
    /// What MACs are made with.
    pub algorithm: Algorithm,
    secret: Arc<[u8]>,
    grant: Option<Grant>,
}

/// What a key's name grants, from the least to the most: each contains those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Say that a zone changed.
    Notify,
    /// Fetch whole zones.
    Transfer,
    /// Change zones.
    Update,
}

/// A right and where it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The highest right.
    pub right: Right,
    /// It holds at this name and below.
    pub zone: Name,
}

/// IPv4 addresses in the name of a `_transfer` key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransferAddresses {
    /// Where the zone is fetched from.
    pub primary: Option<Ipv4Addr>,
    /// Who is told of changes.
    pub secondary: Option<Ipv4Addr>,
}

impl Key {
    /// A key and the rights that its name carries. An empty secret is refused by [`KeySet`] and by [`Key::from_str`].
    pub fn new(name: Name, algorithm: Algorithm, secret: &[u8]) -> Key {
        let grant = grant(&name);
        Key { name, algorithm, secret: secret.into(), grant }
    }

    /// What the name grants, if anything.
    pub fn grant(&self) -> Option<&Grant> {
        self.grant.as_ref()
    }

    /// Whether this key grants `right` at `name`.
    pub fn may(&self, right: Right, name: &Name) -> bool {
        self.grant.as_ref().is_some_and(|grant| grant.right >= right && name.is_at_or_below(&grant.zone))
    }

    /// Addresses directly left of `_transfer`: `P.S._transfer` or, with one address, `P._transfer`.
    pub fn transfer_addresses(&self) -> TransferAddresses {
        let labels: Vec<&[u8]> = self.name.labels().collect();
        let Some((at, Right::Transfer)) = operation(&labels) else {
            return TransferAddresses::default();
        };
        let last = address_before(&labels, at);
        match at.checked_sub(4).and_then(|at| address_before(&labels, at)) {
            Some(first) if last.is_some() => TransferAddresses { primary: Some(first), secondary: last },
            _ => TransferAddresses { primary: last, secondary: None },
        }
    }

    pub(crate) fn secret(&self) -> &[u8] {
        &self.secret
    }
}

/// The right-most operation's position and right.
fn operation(labels: &[&[u8]]) -> Option<(usize, Right)> {
    labels.iter().enumerate().rev().find_map(|(at, label)| Some((at, Right::of_label(label)?)))
}

fn grant(name: &Name) -> Option<Grant> {
    let labels: Vec<&[u8]> = name.labels().collect();
    let (at, right) = operation(&labels)?;
    let zone = Name::from_labels(labels[at + 1..].iter().copied()).ok()?;
    zone.is_host_name().then_some(Grant { right, zone })
}

/// The address written in the four labels before position `at`.
fn address_before(labels: &[&[u8]], at: usize) -> Option<Ipv4Addr> {
    let four = labels.get(at.checked_sub(4)?..at)?;
    std::str::from_utf8(&four.join(&b'.')).ok()?.parse().ok()
}

impl Right {
    fn of_label(label: &[u8]) -> Option<Right> {
        match label.to_ascii_lowercase().as_slice() {
            b"_update" => Some(Right::Update),
            b"_transfer" => Some(Right::Transfer),
            b"_notify" => Some(Right::Notify),
            _ => None,
        }
    }
}

impl fmt::Debug for Key {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, self.algorithm)
    }
}

/// Why text is not a key. At fault: the operator. The text is not repeated, it holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyStringError {
    /// Not three parts.
    #[error("a key is written NAME:ALGORITHM:BASE64")]
    Parts,
    /// The first part is not a name.
    #[error("the name of a key: {0}")]
    Name(#[from] crate::name::NameError),
    /// The second part is not an algorithm.
    #[error("the algorithm of a key is one of SHA1, SHA224, SHA256, SHA384, SHA512")]
    Algorithm,
    /// The third part is not base64.
    #[error("the secret of a key is not base64")]
    Secret,
    /// The third part is empty.
    #[error("the secret of a key is empty")]
    Empty,
}

impl FromStr for Key {
    type Err = KeyStringError;

    /// Parses `NAME:ALGORITHM:BASE64`, as on the command lines of MirageOS.
    fn from_str(text: &str) -> Result<Key, KeyStringError> {
        let mut parts = text.rsplitn(3, ':');
        let (Some(secret), Some(algorithm), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyStringError::Parts);
        };
        let algorithm = algorithm.parse().map_err(|()| KeyStringError::Algorithm)?;
        let secret = STANDARD.decode(secret).map_err(|_| KeyStringError::Secret)?;
        if secret.is_empty() {
            return Err(KeyStringError::Empty);
        }
        Ok(Key::new(name.parse()?, algorithm, &secret))
    }
}

/// A hash under HMAC (RFC 8945 section 6). HMAC-MD5 is left out on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Algorithm {
    HmacSha1,
    HmacSha224,
    HmacSha256,
    HmacSha384,
    HmacSha512,
}

struct AlgorithmFacts {
    algorithm: Algorithm,
    /// In wire form.
    name: &'static [u8],
    short: &'static str,
    dnskey: u8,
    length: usize,
}

#[rustfmt::skip]
const ALGORITHMS: [AlgorithmFacts; 5] = [
    AlgorithmFacts { algorithm: Algorithm::HmacSha1, name: b"\x09hmac-sha1\0", short: "SHA1", dnskey: 161, length: 20 },
    AlgorithmFacts { algorithm: Algorithm::HmacSha224, name: b"\x0bhmac-sha224\0", short: "SHA224", dnskey: 162, length: 28 },
    AlgorithmFacts { algorithm: Algorithm::HmacSha256, name: b"\x0bhmac-sha256\0", short: "SHA256", dnskey: 163, length: 32 },
    AlgorithmFacts { algorithm: Algorithm::HmacSha384, name: b"\x0bhmac-sha384\0", short: "SHA384", dnskey: 164, length: 48 },
    AlgorithmFacts { algorithm: Algorithm::HmacSha512, name: b"\x0bhmac-sha512\0", short: "SHA512", dnskey: 165, length: 64 },
];

impl Algorithm {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Algorithm> {
        ALGORITHMS.iter().map(|facts| facts.algorithm)
    }

    /// The algorithm that the name in a TSIG record means.
    pub fn from_name(name: &Name) -> Option<Algorithm> {
        let named = |facts: &&AlgorithmFacts| facts.name.eq_ignore_ascii_case(name.as_octets());
        ALGORITHMS.iter().find(named).map(|facts| facts.algorithm)
    }

    /// The algorithm that a key file's DNSKEY number means (161 to 165, as MirageOS chose them).
    pub fn from_dnskey_number(number: u8) -> Option<Algorithm> {
        ALGORITHMS.iter().find(|facts| facts.dnskey == number).map(|facts| facts.algorithm)
    }

    /// Its number in a key file.
    pub fn dnskey_number(self) -> u8 {
        self.facts().dnskey
    }

    /// Its name, in wire form and lower case.
    pub fn name_octets(self) -> &'static [u8] {
        self.facts().name
    }

    /// Octets of a MAC that is not truncated.
    pub fn mac_length(self) -> usize {
        self.facts().length
    }

    fn facts(self) -> &'static AlgorithmFacts {
        &ALGORITHMS[self as usize]
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.facts().short)
    }
}

impl FromStr for Algorithm {
    type Err = ();

    /// Parses `SHA256`, or `hmac-sha256` as other software writes it; case does not count.
    fn from_str(text: &str) -> Result<Algorithm, ()> {
        let short = match text.get(..5) {
            Some(prefix) if prefix.eq_ignore_ascii_case("hmac-") => &text[5..],
            _ => text,
        };
        let named = |facts: &&AlgorithmFacts| facts.short.eq_ignore_ascii_case(short);
        ALGORITHMS.iter().find(named).map(|facts| facts.algorithm).ok_or(())
    }
}

/// The keys of one version of a repository, found by exact name. Cloning counts a reference.
#[derive(Clone, Debug, Default)]
pub struct KeySet(Arc<HashMap<Name, Key>>);

/// A key as it stands in a key file.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyEntry {
    /// Where it stands, for messages: `PATH:LINE:COLUMN`.
    pub place: String,
    /// The domain of the file, see [`domain_of_file`].
    pub domain: Name,
    /// Owner name of the record.
    pub name: Name,
    /// Algorithm field of the record.
    pub algorithm: u8,
    /// The decoded secret.
    pub secret: Vec<u8>,
}

/// What became of a list of entries.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// The keys that count.
    pub keys: KeySet,
    /// The entries that do not.
    pub refused: Vec<RefusedKey>,
}

/// An entry that does not count. At fault: the operator. Prints as `PLACE: error: the key NAME REASON`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: error: the key {name} {reason}")]
pub struct RefusedKey {
    /// Where it stands.
    pub place: String,
    /// Its name.
    pub name: Name,
    /// Why not.
    pub reason: KeyRefusal,
}

/// Why an entry does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    /// Keys in `foo._keys` are named at or below `foo`.
    #[error("is not at or below {0}, the domain of its file")]
    OutsideDomain(Name),
    /// Two keys of one name; the one read first counts.
    #[error("was already given at {0}, which counts")]
    Duplicate(String),
    /// Not 161 to 165.
    #[error("has the algorithm {0}; expected 161 to 165 (HMAC-SHA1, SHA224, SHA256, SHA384, SHA512)")]
    Algorithm(u8),
    /// No octets.
    #[error("has an empty secret")]
    EmptySecret,
}

impl KeySet {
    /// Collects entries in the order given: files in the order of their names, entries from top to bottom.
    pub fn collect(entries: impl IntoIterator<Item = KeyEntry>) -> Collected {
        let mut keys: HashMap<Name, Key> = HashMap::new();
        let mut places: HashMap<Name, String> = HashMap::new();
        let mut refused = Vec::new();
        for entry in entries {
            match check(&entry, &places) {
                Ok(key) => {
                    places.insert(key.name.clone(), entry.place);
                    keys.insert(key.name.clone(), key);
                }
                Err(reason) => refused.push(RefusedKey { place: entry.place, name: entry.name, reason }),
            }
        }
        Collected { keys: KeySet(Arc::new(keys)), refused }
    }

    /// The key of that very name; case does not count, wildcards do not exist.
    pub fn get(&self, name: &Name) -> Option<&Key> {
        self.0.get(name)
    }

    /// All keys, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Key> {
        self.0.values()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Key> for KeySet {
    /// Keys that do not come from files; the first of a name counts.
    fn from_iter<I: IntoIterator<Item = Key>>(keys: I) -> KeySet {
        let mut map = HashMap::new();
        for key in keys {
            map.entry(key.name.clone()).or_insert(key);
        }
        KeySet(Arc::new(map))
    }
}

fn check(entry: &KeyEntry, places: &HashMap<Name, String>) -> Result<Key, KeyRefusal> {
    if !entry.name.is_at_or_below(&entry.domain) {
        return Err(KeyRefusal::OutsideDomain(entry.domain.clone()));
    }
    let algorithm = Algorithm::from_dnskey_number(entry.algorithm).ok_or(KeyRefusal::Algorithm(entry.algorithm))?;
    if entry.secret.is_empty() {
        return Err(KeyRefusal::EmptySecret);
    }
    match places.get(&entry.name) {
        Some(first) => Err(KeyRefusal::Duplicate(first.clone())),
        None => Ok(Key::new(entry.name.clone(), algorithm, &entry.secret)),
    }
}

/// The domain that all keys of a file must lie in: the root for `_keys`, `foo` for `foo._keys`; none for any other
/// file.
pub fn domain_of_file(file: &str) -> Option<Name> {
    match file.strip_suffix("_keys")? {
        "" => Some(Name::root()),
        domain => domain.strip_suffix('.')?.parse().ok(),
    }
}

impl fmt::Debug for KeyEntry {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.place, self.name, self.algorithm)
    }
}

#[cfg(test)]
mod tests;
