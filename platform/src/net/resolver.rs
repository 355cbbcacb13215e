//! Names to addresses, by asking name servers: a stub resolver (RFC 1034 section 5.3.1) for where no C library can
//! be asked.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use smoltcp::wire::{DnsFlags, DnsOpcode, DnsPacket, DnsQueryType, DnsQuestion, DnsRcode, DnsRecord, DnsRecordData};

use super::Net;
use crate::entropy;

const PORT: u16 = 53;
/// How long a server may take, the first time and the next ones.
const PATIENCE: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];
/// Longest reply over UDP that asks for no extension.
const REPLY: usize = 512;

/// The addresses of `host`, IPv4 before IPv6; never empty.
pub(super) async fn resolve(net: &Net, servers: &[IpAddr], host: &str) -> io::Result<Vec<IpAddr>> {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = bare.parse() {
        return Ok(vec![address]);
    }
    let failed = |kind, reason: &str| io::Error::new(kind, format!("{host}: {reason}"));
    if servers.is_empty() {
        return Err(failed(io::ErrorKind::NotFound, "there is no name server to ask (--resolver)"));
    }
    let name = encode(bare).ok_or_else(|| failed(io::ErrorKind::InvalidInput, "is no host name"))?;
    let mut last = failed(io::ErrorKind::NotFound, "the name has no address");
    for patience in PATIENCE {
        for server in servers {
            match ask_both(net, *server, &name, patience).await {
                Ok(Some(addresses)) if !addresses.is_empty() => return Ok(addresses),
                // That there is none is an answer too.
                Ok(Some(_)) => return Err(last),
                Ok(None) => last = failed(io::ErrorKind::TimedOut, "no name server answers"),
                Err(error) => last = error,
            }
        }
    }
    Err(last)
}

/// The addresses of both kinds; none when the server does not answer or cannot.
async fn ask_both(net: &Net, server: IpAddr, name: &[u8], patience: Duration) -> io::Result<Option<Vec<IpAddr>>> {
    let ipv4 = ask(net, server, name, DnsQueryType::A, patience);
    let ipv6 = ask(net, server, name, DnsQueryType::Aaaa, patience);
    let (ipv4, ipv6) = tokio::try_join!(ipv4, ipv6)?;
    Ok(match (ipv4, ipv6) {
        (None, None) => None,
        (ipv4, ipv6) => Some([ipv4, ipv6].into_iter().flatten().flatten().collect()),
    })
}

async fn ask(
    net: &Net,
    server: IpAddr,
    name: &[u8],
    kind: DnsQueryType,
    patience: Duration,
) -> io::Result<Option<Vec<IpAddr>>> {
    // A socket and an identifier of its own for each question, so that a forger has to guess both (RFC 5452).
    let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let (socket, server) = (net.udp_bind((any, 0).into()).await?, SocketAddr::new(server, PORT));
    let id = entropy::u16();
    socket.send_to(&question(id, name, kind), server).await?;
    let answer = async {
        let mut buffer = [0; REPLY];
        loop {
            let (length, from) = socket.receive_from(&mut buffer).await?;
            if from == server
                && let Some(answer) = read(&buffer[..length], id, name, kind)
            {
                return Ok(answer);
            }
        }
    };
    tokio::time::timeout(patience, answer).await.unwrap_or(Ok(None))
}

/// A host name as it stands in a message.
fn encode(host: &str) -> Option<Vec<u8>> {
    let mut name = vec![];
    for label in host.strip_suffix('.').unwrap_or(host).split('.') {
        let fits = (1..=63).contains(&label.len()) && label.bytes().all(|octet| octet.is_ascii_graphic());
        name.push(fits.then_some(label.len() as u8)?);
        name.extend(label.to_ascii_lowercase().bytes());
    }
    name.push(0);
    (name.len() <= 255).then_some(name)
}

fn question(id: u16, name: &[u8], kind: DnsQueryType) -> Vec<u8> {
    let mut message = vec![0; 12 + name.len() + 4];
    let mut packet = DnsPacket::new_unchecked(&mut message[..]);
    packet.set_transaction_id(id);
    packet.set_flags(DnsFlags::RECURSION_DESIRED);
    packet.set_opcode(DnsOpcode::Query);
    packet.set_question_count(1);
    DnsQuestion { name, type_: kind }.emit(packet.payload_mut());
    message
}

/// The addresses in a reply to our question: an inner none when the server could not answer, an outer one when it is no
/// such reply.
fn read(message: &[u8], id: u16, name: &[u8], kind: DnsQueryType) -> Option<Option<Vec<IpAddr>>> {
    let packet = DnsPacket::new_checked(message).ok()?;
    if packet.transaction_id() != id || !packet.flags().contains(DnsFlags::RESPONSE) || packet.question_count() != 1 {
        return None;
    }
    let (mut rest, asked) = DnsQuestion::parse(packet.payload()).ok()?;
    if asked.type_ != kind || !same(&packet, asked.name, name) {
        return None;
    }
    match packet.rcode() {
        DnsRcode::NoError => (),
        DnsRcode::NXDomain => return Some(Some(vec![])),
        _ => return Some(None),
    }
    let mut addresses = vec![];
    for _ in 0..packet.answer_record_count() {
        let Ok((after, record)) = DnsRecord::parse(rest) else { break };
        rest = after;
        // The server has followed what aliases there are: whatever their names, these are the host's addresses.
        match record.data {
            DnsRecordData::A(address) => addresses.push(address.into()),
            DnsRecordData::Aaaa(address) => addresses.push(address.into()),
            _ => (),
        }
    }
    Some(Some(addresses))
}

fn same(packet: &DnsPacket<&[u8]>, asked: &[u8], name: &[u8]) -> bool {
    let mut left = name;
    for label in packet.parse_name(asked) {
        let Ok(label) = label else { return false };
        let Some((length, rest)) = left.split_first() else { return false };
        if usize::from(*length) != label.len() || !rest[..label.len()].eq_ignore_ascii_case(label) {
            return false;
        }
        left = &rest[label.len()..];
    }
    left == [0]
}
