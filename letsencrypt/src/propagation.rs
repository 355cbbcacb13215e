//! Waiting until every authoritative server of a zone answers with what was written.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use dns::{Name, Rdata, RecordType, ZoneSet};
use platform::Net;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::certifier::{Failure, Fault};
use crate::exchange::{Exchange, ExchangeError};
use crate::order::Proof;
use crate::status::strings;

/// How long the last server may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// Time between two questions to one server, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// The port of DNS.
const PORT: u16 = 53;

/// A server that must answer: a name server of the zone with all its addresses, or one that the operator named.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Server {
    name: String,
    addresses: Vec<SocketAddr>,
}

/// Waits until all servers of the proofs' zones have the proofs; `named` servers take the place of those in the zones.
pub async fn wait(net: &Net, zones: &ZoneSet, named: &[SocketAddr], proofs: &[Proof]) -> Result<(), Failure> {
    let mut by_apex: BTreeMap<Name, Vec<Proof>> = BTreeMap::new();
    for proof in proofs {
        let zone = zones.find(&proof.0).map_or_else(Name::root, |zone| zone.apex().clone());
        by_apex.entry(zone).or_default().push(proof.clone());
    }
    let mut waiting = JoinSet::new();
    for (apex, proofs) in by_apex {
        for server in servers(net, zones, named, &apex).await? {
            let (net, proofs) = (net.clone(), proofs.clone());
            waiting.spawn(async move { server_has(&net, &server, &proofs).await });
        }
    }
    let mut lagging: Vec<String> = vec![];
    while let Some(result) = waiting.join_next().await {
        if let Ok(Err(reason)) = result {
            lagging.push(reason);
        }
    }
    if lagging.is_empty() {
        return Ok(());
    }
    lagging.sort();
    Err(Failure::new(Fault::Trouble, format!("not all name servers have the proof: {}", lagging.join("; "))))
}

/// The name servers of a zone.
async fn servers(net: &Net, zones: &ZoneSet, named: &[SocketAddr], apex: &Name) -> Result<Vec<Server>, Failure> {
    if !named.is_empty() {
        let server = |address: &SocketAddr| Server { name: address.to_string(), addresses: vec![*address] };
        return Ok(named.iter().map(server).collect());
    }
    let names = zones.get(apex).and_then(|zone| zone.rrset(apex, RecordType::NS));
    let names: Vec<Name> =
        names.into_iter().flat_map(|ns| ns.rdatas()).filter_map(|ns| Name::from_octets(ns).ok()).collect();
    let mut servers = vec![];
    for name in names {
        let mut addresses = known_addresses(zones, &name);
        if addresses.is_empty() {
            let failed = |error: io::Error| {
                Failure::new(Fault::Trouble, format!("the name server {name} of {apex} has no address: {error}"))
            };
            let text = name.to_string();
            addresses = net.resolve(text.trim_end_matches('.'), PORT).await.map_err(failed)?;
        }
        servers.push(Server { name: name.to_string(), addresses });
    }
    if servers.is_empty() {
        return Err(Failure::new(Fault::Refused, format!("{apex} has no name servers")));
    }
    Ok(servers)
}

/// Addresses of a name server from our own zones.
fn known_addresses(zones: &ZoneSet, name: &Name) -> Vec<SocketAddr> {
    let Some(zone) = zones.find(name) else { return vec![] };
    let of = |rtype| zone.rrset(name, rtype).into_iter().flat_map(|rrset| rrset.rdatas());
    let four = of(RecordType::A).filter_map(|rdata| Some(IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(rdata).ok()?))));
    let six =
        of(RecordType::AAAA).filter_map(|rdata| Some(IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(rdata).ok()?))));
    four.chain(six).map(|address| SocketAddr::new(address, PORT)).collect()
}

/// Waits until each address of a server has the proofs. An address to which there is no way from here is left out, if
/// there is another.
async fn server_has(net: &Net, server: &Server, proofs: &[Proof]) -> Result<(), String> {
    let mut answered = false;
    let mut unreachable = None;
    for address in &server.addresses {
        match address_has(net, *address, proofs).await {
            Ok(()) => answered = true,
            Err(ExchangeError::Io { error, .. }) if is_without_way(&error) => unreachable = Some(error),
            Err(error) => return Err(format!("{}: {error}", server.name)),
        }
    }
    match unreachable {
        Some(error) if !answered => Err(format!("{}: {error}", server.name)),
        _ => Ok(()),
    }
}

async fn address_has(net: &Net, address: SocketAddr, proofs: &[Proof]) -> Result<(), ExchangeError> {
    let (mut exchange, deadline, mut pause) =
        (Exchange::new(net.clone(), address), Instant::now() + PATIENCE, PAUSES.0);
    loop {
        let problem = match all_there(&mut exchange, proofs).await {
            Ok(None) => return Ok(()),
            Ok(Some(missing)) => {
                let text = format!("it does not answer with the TXT record of {missing} yet");
                ExchangeError::Io { server: address, error: io::Error::new(io::ErrorKind::TimedOut, text) }
            }
            Err(ExchangeError::Io { error, server }) if is_without_way(&error) => {
                return Err(ExchangeError::Io { error, server });
            }
            Err(error) => error,
        };
        if Instant::now() + pause > deadline {
            return Err(problem);
        }
        sleep(pause).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// The first name whose proofs the server does not have.
async fn all_there(exchange: &mut Exchange, proofs: &[Proof]) -> Result<Option<Name>, ExchangeError> {
    for (name, value) in proofs {
        let answer = exchange.ask(name, RecordType::TXT).await?;
        let has = |rdata: &Rdata| strings(rdata.as_octets()).is_some_and(|strings| strings.concat() == *value);
        if !answer.authoritative || !answer.rdatas.iter().any(has) {
            return Ok(Some(name.clone()));
        }
    }
    Ok(None)
}

fn is_without_way(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable)
        || error.kind() == io::ErrorKind::AddrNotAvailable
}
