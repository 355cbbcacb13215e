//! Whom to tell of a zone's change: its name servers, keys that name an address, who is configured, who subscribed.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use crate::keys::{Key, KeySet, Right};
use crate::name::Name;
use crate::record::Record;
use crate::record_type::RecordType;
use crate::zone::Zone;
use crate::zone_set::ZoneSet;

/// The port of DNS.
const PORT: u16 = 53;

/// A server to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its address.
    pub address: SocketAddr,
    /// Name of the key to sign with; none for an unsigned NOTIFY.
    pub key: Option<Name>,
    /// How to reach it.
    pub over: Over,
}

/// How a target is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// A datagram, or a connection that we open.
    New,
    /// The TCP connection that the secondary opened, by the number that the caller gave it.
    Connection(u64),
}

/// A secondary that asked for a zone's SOA over TCP, signed with a key that may transfer it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The connection's number.
    pub connection: u64,
    /// Its other end.
    pub peer: SocketAddr,
    /// The zone that was asked for; the root means every zone.
    pub zone: Name,
    /// Name of the key.
    pub key: Name,
}

/// Where targets come from.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// All zones of ours, for addresses of name servers.
    pub zones: &'a ZoneSet,
    /// All keys.
    pub keys: &'a KeySet,
    /// Configured for every zone.
    pub extra: &'a [Target],
    /// Open subscriptions.
    pub subscriptions: &'a [Subscription],
}

/// The targets of a zone, each once. For one address, a key counts more than an NS record, and a subscription more than
/// both; who is configured is always told.
pub fn targets(zone: &Zone, sources: &Sources<'_>) -> Vec<Target> {
    let mut named: BTreeMap<IpAddr, Target> = BTreeMap::new();
    for address in name_servers(zone, sources.zones) {
        named.insert(address, Target { address: (address, PORT).into(), key: None, over: Over::New });
    }
    for (address, key) in keyed(zone.apex(), sources.keys) {
        let key = Some(key.name.clone());
        named.insert(address, Target { address: (address, PORT).into(), key, over: Over::New });
    }
    let subscribed: Vec<Target> = subscribed(zone.apex(), sources).collect();
    named.retain(|address, _| !subscribed.iter().any(|target| target.address.ip() == *address));
    let mut targets: Vec<Target> = sources.extra.to_vec();
    targets.extend(named.into_values().filter(|target| !is_extra(target, sources)));
    targets.extend(subscribed);
    targets
}

fn is_extra(target: &Target, sources: &Sources<'_>) -> bool {
    sources.extra.iter().any(|extra| extra.address == target.address)
}

/// Addresses of the apex NS but for the SOA's MNAME, which is the primary (RFC 1996 section 2).
fn name_servers(zone: &Zone, zones: &ZoneSet) -> Vec<IpAddr> {
    let records = zone.rrset(zone.apex(), RecordType::NS).map(|rrset| rrset.records(zone.apex())).unwrap_or_default();
    let mname = zone.soa().mname;
    let hosts = records.iter().flat_map(|record| record.rdata.names(RecordType::NS)).filter(|host| *host != mname);
    hosts.flat_map(|host| addresses(&host, zone, zones)).collect()
}

fn addresses(host: &Name, zone: &Zone, zones: &ZoneSet) -> Vec<IpAddr> {
    let types = [RecordType::A, RecordType::AAAA];
    let holder = zones.find(host);
    let own = types.iter().filter_map(|rtype| holder?.rrset(host, *rtype)).flat_map(|rrset| rrset.records(host));
    let glue = zone.outside_glue().iter().filter(|record| record.owner == *host).cloned();
    own.chain(glue).filter_map(|record| address(&record)).collect()
}

fn address(record: &Record) -> Option<IpAddr> {
    let octets = record.rdata.as_octets();
    match record.rtype {
        RecordType::A => <[u8; 4]>::try_from(octets).ok().map(IpAddr::from),
        RecordType::AAAA => <[u8; 16]>::try_from(octets).ok().map(IpAddr::from),
        _ => None,
    }
}

/// Keys that name a primary and a secondary, for this zone or for all; a zone's own key comes last and counts.
fn keyed<'a>(apex: &Name, keys: &'a KeySet) -> Vec<(IpAddr, &'a Key)> {
    let names_secondary = |key: &'a Key| {
        let grant = key.grant().filter(|grant| grant.zone == *apex || grant.zone.is_root())?;
        let secondary = key.transfer_addresses().secondary?;
        Some((grant.zone.label_count(), &key.name, IpAddr::from(secondary), key))
    };
    let mut found: Vec<_> = keys.iter().filter_map(names_secondary).collect();
    found.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    found.into_iter().map(|(_, _, address, key)| (address, key)).collect()
}

/// Subscriptions to this zone or to all whose key still may transfer it; one a connection.
fn subscribed<'a>(apex: &'a Name, sources: &Sources<'a>) -> impl Iterator<Item = Target> {
    let may = |key: &Name| sources.keys.get(key).is_some_and(|key| key.may(Right::Transfer, apex));
    let wanted = |subscription: &&Subscription| subscription.zone == *apex || subscription.zone.is_root();
    let mut by_connection: BTreeMap<u64, Target> = BTreeMap::new();
    for Subscription { connection, peer, key, .. } in sources.subscriptions.iter().filter(wanted) {
        if may(key) {
            let target = Target { address: *peer, key: Some(key.clone()), over: Over::Connection(*connection) };
            by_connection.insert(*connection, target);
        }
    }
    by_connection.into_values()
}
