//! A primary that misbehaves by script: each TCP connection gets the next act, and when they are used up, good
//! behaviour.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::message::{a, kind, name, record};
use crate::wire::Reply;

/// IXFR (RFC 1995).
const IXFR: u16 = 251;

/// What it does to a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// The zone as it should be.
    Good,
    /// The connection ends after so many octets of the answer.
    Cut(usize),
    /// The zone ends with an SOA of another serial.
    OtherSerialAtTheEnd,
    /// The zone is older than the SOA that was announced.
    OlderThanAnnounced,
    /// Records of other zones are among those of this one.
    RecordsOfOthers,
    /// Records without end.
    Endless,
    /// Octets that are no message.
    Junk,
    /// An answer to a question that nobody asked.
    OtherZone,
}

/// A scripted primary of one zone.
#[derive(Debug)]
pub struct BadPrimary {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    zone: String,
    serial: AtomicU32,
    /// Seconds: refresh, retry, expire, minimum.
    timers: [u32; 4],
    acts: Mutex<Vec<Act>>,
    questions: AtomicU32,
    transfers: AtomicU32,
    away: Mutex<bool>,
}

impl BadPrimary {
    /// Serves `zone` with these SOA timers at a free port, after it has played `acts`.
    pub fn start(zone: &str, serial: u32, timers: [u32; 4], acts: &[Act]) -> BadPrimary {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port can be bound");
        let address = listener.local_addr().expect("a bound socket has an address");
        let state = Arc::new(State {
            zone: zone.to_owned(),
            serial: AtomicU32::new(serial),
            timers,
            acts: Mutex::new(acts.iter().rev().copied().collect()),
            questions: AtomicU32::new(0),
            transfers: AtomicU32::new(0),
            away: Mutex::new(false),
        });
        let accepting = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&accepting);
                thread::spawn(move || state.serve(stream));
            }
        });
        BadPrimary { address, state }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves another version.
    pub fn set_serial(&self, serial: u32) {
        self.state.serial.store(serial, Ordering::SeqCst);
    }

    /// Closes every connection at once, or takes them again.
    pub fn set_away(&self, away: bool) {
        *self.state.away.lock().expect("no holder panicked") = away;
    }

    /// Questions for the SOA so far.
    pub fn questions(&self) -> u32 {
        self.state.questions.load(Ordering::SeqCst)
    }

    /// Acts that were not played yet.
    pub fn acts_left(&self) -> usize {
        self.state.acts.lock().expect("no holder panicked").len()
    }
}

impl State {
    fn serve(&self, mut stream: TcpStream) -> Option<()> {
        stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
        loop {
            let mut length = [0; 2];
            stream.read_exact(&mut length).ok()?;
            let mut octets = vec![0; usize::from(u16::from_be_bytes(length))];
            stream.read_exact(&mut octets).ok()?;
            if *self.away.lock().expect("no holder panicked") {
                return None;
            }
            let request = Reply(octets);
            let question = request.question();
            let rtype = u16::from_be_bytes([question[question.len() - 4], question[question.len() - 3]]);
            match rtype {
                kind::AXFR | IXFR => self.transfer(&mut stream, &request)?,
                _ => {
                    self.questions.fetch_add(1, Ordering::SeqCst);
                    let soa = self.soa(self.serial.load(Ordering::SeqCst));
                    send(&mut stream, &answer(&request, request.question(), &[soa]))?;
                }
            }
        }
    }

    fn transfer(&self, stream: &mut TcpStream, request: &Reply) -> Option<()> {
        self.transfers.fetch_add(1, Ordering::SeqCst);
        let act = self.acts.lock().expect("no holder panicked").pop().unwrap_or(Act::Good);
        let serial = self.serial.load(Ordering::SeqCst);
        let (soa, zone) = (self.soa(serial), self.zone.as_str());
        let owner = |label: &str| format!("{label}.{zone}");
        let ns = record(zone, 2, 60, &name(&owner("ns")));
        let glue = a(&owner("ns"), 60, [127, 0, 0, 1]);
        let marker = a(&owner(&format!("v{serial}")), 60, [192, 0, 2, 1]);
        let mut records = vec![soa.clone(), ns, glue, marker];
        let mut question = request.question().to_vec();
        match act {
            Act::Good | Act::Cut(_) | Act::Junk => records.push(soa),
            Act::OtherSerialAtTheEnd => records.push(self.soa(serial + 1)),
            Act::OlderThanAnnounced => {
                records[0] = self.soa(serial.wrapping_sub(1));
                records.push(records[0].clone());
            }
            Act::RecordsOfOthers => {
                records.extend([a("www.bank.test", 60, [192, 0, 2, 66]), a("test", 60, [192, 0, 2, 66]), soa]);
            }
            Act::OtherZone => {
                question = [name("bank.test"), question[question.len() - 4..].to_vec()].concat();
                records.push(soa);
            }
            Act::Endless => {
                send(stream, &answer(request, &question, &records))?;
                let mut count = 0u32;
                loop {
                    let host = |n: u32| a(&owner(&format!("h{n}")), 60, [192, 0, 2, 1]);
                    let many: Vec<Vec<u8>> = (count..count + 1000).map(host).collect();
                    count += 1000;
                    send(stream, &answer(request, &question, &many))?;
                }
            }
        }
        let mut octets = framed(&answer(request, &question, &records));
        match act {
            Act::Cut(at) => octets.truncate(at),
            Act::Junk => octets[14..].fill(0xff),
            _ => {}
        }
        stream.write_all(&octets).ok()?;
        if matches!(act, Act::Cut(_)) { None } else { Some(()) }
    }

    fn soa(&self, serial: u32) -> Vec<u8> {
        let [refresh, retry, expire, minimum] = self.timers;
        let numbers: Vec<u8> =
            [serial, refresh, retry, expire, minimum].iter().flat_map(|number| number.to_be_bytes()).collect();
        let names = [name(&format!("ns.{}", self.zone)), name(&self.zone)].concat();
        record(&self.zone, kind::SOA, 60, &[names, numbers].concat())
    }
}

/// An authoritative answer to `request`.
fn answer(request: &Reply, question: &[u8], records: &[Vec<u8>]) -> Vec<u8> {
    let count = u16::try_from(records.len()).expect("a message has fewer records").to_be_bytes();
    let header = [&request.0[..2], &[0x84, 0, 0, 1], &count, &[0; 4]].concat();
    [header, question.to_vec(), records.concat()].concat()
}

fn framed(message: &[u8]) -> Vec<u8> {
    [&u16::try_from(message.len()).expect("a message is short").to_be_bytes()[..], message].concat()
}

fn send(stream: &mut TcpStream, message: &[u8]) -> Option<()> {
    stream.write_all(&framed(message)).ok()
}
