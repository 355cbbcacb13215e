//! Sending octets to a DNS server and reading what comes back, without a DNS library's opinion about either.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use crate::message::{Variables, hmac, kind, query};
use crate::network;
use crate::samples::Key;

const PATIENCE: Duration = Duration::from_secs(10);

/// Sends one datagram and waits for one; `None` if nothing comes within `patience`.
pub fn udp_exchange_within(patience: Duration, server: SocketAddr, octets: &[u8]) -> Option<Reply> {
    let socket = UdpSocket::bind((network::host(), 0)).expect("a socket can be bound");
    socket.set_read_timeout(Some(patience)).expect("a time limit can be set");
    socket.send_to(octets, server).expect("a datagram can be sent");
    let mut buffer = vec![0; 65_535];
    let length = socket.recv(&mut buffer).ok()?;
    buffer.truncate(length);
    Some(Reply(buffer))
}

/// Sends one datagram and expects one.
pub fn udp_exchange(server: SocketAddr, octets: &[u8]) -> Reply {
    udp_exchange_within(PATIENCE, server, octets).expect("a datagram comes back")
}

/// One message out, one in, over a TCP connection of their own.
pub fn tcp_exchange(server: SocketAddr, octets: &[u8]) -> Reply {
    let mut connection = Connection::open(server);
    connection.send(octets);
    connection.receive().expect("a message comes back")
}

/// Whether anything at all answers a query there.
pub fn answers(server: SocketAddr) -> bool {
    udp_exchange_within(Duration::from_millis(200), server, &query(1, "example.com", kind::SOA)).is_some()
}

/// Whether a server answers for a zone: with authority, with its SOA.
pub fn serves(server: SocketAddr, zone: &str) -> bool {
    serial(server, zone).is_some()
}

/// The serial that a server has for a zone, if it answers at once and with authority.
pub fn serial(server: SocketAddr, zone: &str) -> Option<u32> {
    let socket = UdpSocket::bind((network::host(), 0)).expect("a socket can be bound");
    // Connected, so that a port where nobody listens yet is an error at once.
    socket.connect(server).expect("a datagram socket can be connected");
    socket.set_read_timeout(Some(Duration::from_millis(200))).expect("a time limit can be set");
    let mut buffer = vec![0; 4096];
    let length = socket.send(&query(1, zone, kind::SOA)).and_then(|_| socket.recv(&mut buffer)).ok()?;
    buffer.truncate(length);
    let reply = Some(Reply(buffer)).filter(|reply| length > 12 && reply.rcode() == 0 && reply.is_authoritative())?;
    let sections = reply.sections()?;
    let soa = sections.answer.iter().find(|record| record.kind == kind::SOA)?;
    let timers = soa.rdata.len().checked_sub(20)?;
    Some(u32::from_be_bytes(soa.rdata[timers..timers + 4].try_into().ok()?))
}

/// A TCP connection that carries DNS messages (RFC 7766).
#[derive(Debug)]
pub struct Connection(pub TcpStream);

impl Connection {
    /// Connects; reads give up after a while.
    pub fn open(server: SocketAddr) -> Connection {
        let stream = TcpStream::connect(server).expect("the server takes a TCP connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time limit can be set");
        stream.set_nodelay(true).expect("Nagle's delay can be turned off");
        Connection(stream)
    }

    /// Sends one message with its length.
    pub fn send(&mut self, octets: &[u8]) {
        let length = u16::try_from(octets.len()).expect("a message is at most 65,535 octets").to_be_bytes();
        self.0.write_all(&[&length, octets].concat()).expect("the server takes what is sent");
    }

    /// Sends octets as they are.
    pub fn send_raw(&mut self, octets: &[u8]) -> io::Result<()> {
        self.0.write_all(octets)
    }

    /// The next message; `None` if the server closed the connection or says nothing for a while.
    pub fn receive(&mut self) -> Option<Reply> {
        let mut length = [0; 2];
        self.0.read_exact(&mut length).ok()?;
        let mut octets = vec![0; usize::from(u16::from_be_bytes(length))];
        self.0.read_exact(&mut octets).ok()?;
        Some(Reply(octets))
    }

    /// Whether the server closes the connection within `patience`; what it still sends is thrown away.
    pub fn is_closed_within(&mut self, patience: Duration) -> bool {
        self.0.set_read_timeout(Some(patience)).expect("a time limit can be set");
        let mut buffer = [0; 4096];
        loop {
            match self.0.read(&mut buffer) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut),
            }
        }
    }
}

/// The octets of a message that came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply(pub Vec<u8>);

/// A TSIG record as it stands in a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tsig {
    /// The key's name, with dots and without the last.
    pub key_name: String,
    /// Seconds since 1970.
    pub time: u64,
    /// Seconds.
    pub fudge: u16,
    /// Empty in an unsigned error reply.
    pub mac: Vec<u8>,
    /// Original ID.
    pub original_id: u16,
    /// 16 BADSIG, 17 BADKEY, 18 BADTIME, 22 BADTRUNC.
    pub error: u16,
    /// The server's time in a BADTIME reply.
    pub other: Vec<u8>,
    start: usize,
}

impl Reply {
    /// The message id.
    pub fn id(&self) -> u16 {
        self.number(0)
    }

    /// Whether QR is set.
    pub fn is_response(&self) -> bool {
        self.0[2] & 0x80 != 0
    }

    /// 0 QUERY, 4 NOTIFY, 5 UPDATE.
    pub fn opcode(&self) -> u8 {
        self.0[2] >> 3 & 15
    }

    /// Whether AA is set.
    pub fn is_authoritative(&self) -> bool {
        self.0[2] & 4 != 0
    }

    /// Whether TC is set.
    pub fn is_truncated(&self) -> bool {
        self.0[2] & 2 != 0
    }

    /// 0 NOERROR, 1 FORMERR, 3 NXDOMAIN, 4 NOTIMP, 5 REFUSED, 9 NOTAUTH, 10 NOTZONE.
    pub fn rcode(&self) -> u8 {
        self.0[3] & 15
    }

    /// The record counts: question, answer, authority, additional.
    pub fn counts(&self) -> [u16; 4] {
        [4, 6, 8, 10].map(|offset| self.number(offset))
    }

    /// The octets of the question section.
    pub fn question(&self) -> &[u8] {
        let end = (0..self.counts()[0]).fold(12, |at, _| self.after_name(at) + 4);
        &self.0[12..end]
    }

    /// The TSIG at the end, if there is one.
    pub fn tsig(&self) -> Option<Tsig> {
        let [_, answer, authority, additional] = self.counts();
        let mut at = 12 + self.question().len();
        for _ in 1..u32::from(answer) + u32::from(authority) + u32::from(additional) {
            at = self.after_record(at);
        }
        let fixed = self.after_name(at);
        (additional > 0 && self.number(fixed) == kind::TSIG).then(|| self.read_tsig(at))
    }

    /// Whether the TSIG at the end is right for `key`, in reply to a request whose MAC was `request_mac`.
    pub fn is_signed_by(&self, key: &Key, request_mac: &[u8]) -> bool {
        let Some(tsig) = self.tsig() else { return false };
        let mut message = self.0[..tsig.start].to_vec();
        let additional = self.counts()[3] - 1;
        message[10..12].copy_from_slice(&additional.to_be_bytes());
        let variables = Variables {
            key_name: &tsig.key_name,
            time: tsig.time,
            fudge: tsig.fudge,
            error: tsig.error,
            other: &tsig.other,
        };
        let length = (request_mac.len() as u16).to_be_bytes();
        let digest = [&length[..], request_mac, &message, &variables.encode()].concat();
        tsig.key_name.eq_ignore_ascii_case(key.name) && hmac(&key.octets(), &digest) == tsig.mac
    }

    fn read_tsig(&self, start: usize) -> Tsig {
        let rdata = self.after_name(start) + 10;
        let time = self.after_name(rdata);
        let mac = time + 10;
        let id = mac + usize::from(self.number(time + 8));
        let other = id + 6;
        Tsig {
            key_name: self.name(start),
            time: u64::from_be_bytes([&[0, 0], &self.0[time..time + 6]].concat().try_into().expect("eight octets")),
            fudge: self.number(time + 6),
            mac: self.0[mac..id].to_vec(),
            original_id: self.number(id),
            error: self.number(id + 2),
            other: self.0[other..other + usize::from(self.number(id + 4))].to_vec(),
            start,
        }
    }

    fn number(&self, offset: usize) -> u16 {
        u16::from_be_bytes([self.0[offset], self.0[offset + 1]])
    }

    fn after_record(&self, at: usize) -> usize {
        let fixed = self.after_name(at);
        fixed + 10 + usize::from(self.number(fixed + 8))
    }

    fn after_name(&self, mut at: usize) -> usize {
        loop {
            match self.0[at] {
                0 => return at + 1,
                length if length >= 0xc0 => return at + 2,
                length => at += 1 + usize::from(length),
            }
        }
    }

    fn name(&self, mut at: usize) -> String {
        let mut labels = Vec::new();
        loop {
            match self.0[at] {
                0 => return labels.join("."),
                length if length >= 0xc0 => at = usize::from(self.number(at) & 0x3fff),
                length => {
                    let label = &self.0[at + 1..=at + usize::from(length)];
                    labels.push(String::from_utf8_lossy(label).into_owned());
                    at += 1 + usize::from(length);
                }
            }
        }
    }
}
