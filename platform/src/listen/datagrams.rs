//! Messages as datagrams: what can be answered at once is answered in place, the rest is passed on.
//!
//! On the host's sockets, threads of their own answer, each on a socket of its own, many datagrams to a system call; on
//! another stack a task does, one by one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use tokio::sync::mpsc;

pub use super::burst::{Burst, Verdict};

use super::batch::{self, Address, Batch};
use super::burst::Arrived;
use super::in_flight::{InFlight, Ticket};
use crate::net::UdpSocket;

/// Datagrams that a thread takes at once. More would share the price of a system call among more of them, but the first
/// would wait for the last.
const BATCH: usize = 32;
/// Datagrams that a task answers in a row before other tasks get their turn.
const IN_A_ROW: usize = 64;
/// Passed-on datagrams that may wait; more are dropped, as the network may do itself.
const WAITING: usize = 1024;

/// The sockets of one address.
#[derive(Debug)]
pub enum Sockets {
    /// Of the host: one for each thread.
    Host(Vec<std::net::UdpSocket>),
    /// Of any stack.
    Any(UdpSocket),
}

/// A datagram that was passed on, and the way back to its sender.
#[derive(Debug)]
pub struct Datagram {
    /// What came.
    pub octets: Vec<u8>,
    /// Who sent it.
    pub peer: SocketAddr,
    way_back: WayBack,
    _ticket: Ticket,
}

#[derive(Debug)]
enum WayBack {
    Host(Arc<std::net::UdpSocket>, Address),
    Any(Arc<UdpSocket>),
}

impl Datagram {
    /// Sends a reply. A reply that cannot be sent is lost, as datagrams are.
    pub async fn reply(&self, octets: &[u8]) {
        let sent = match &self.way_back {
            WayBack::Host(socket, address) => batch::send_one(socket, octets, *address),
            WayBack::Any(socket) => socket.send_to(octets, self.peer).await,
        };
        if let Err(error) = sent {
            tracing::debug!("no reply to {}: {error}", self.peer);
        }
    }
}

/// Starts answering: `answer` decides about each burst, `answer_one` about datagrams that a stack hands out one by one,
/// in the frames that they came in. Hands out what they passed on.
pub fn serve<F, O>(
    sockets: Sockets,
    in_flight: &InFlight,
    answer: F,
    answer_one: O,
) -> std::io::Result<mpsc::Receiver<Datagram>>
where
    F: FnMut(&mut Burst) + Clone + Send + 'static,
    O: FnMut(&[u8], SocketAddr, &mut [u8]) -> Verdict + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(WAITING);
    let passed_on = PassedOn { sender, in_flight: in_flight.clone() };
    match sockets {
        Sockets::Host(sockets) => {
            let (ready, are_ready) = std::sync::mpsc::channel();
            let count = sockets.len();
            for socket in sockets {
                let (answer, passed_on, ready) = (answer.clone(), passed_on.clone(), ready.clone());
                let with_destinations = socket.local_addr()?.ip().is_unspecified();
                if with_destinations {
                    batch::tell_destinations(&socket)?;
                }
                let thread = thread::Builder::new().name("answering".to_owned());
                thread.spawn(move || {
                    // Whoever waits has gone on when the process is about to end.
                    let _ = ready.send(());
                    run_thread(socket, with_destinations, answer, &passed_on);
                })?;
            }
            // A thread that has yet to begin makes system calls that a seal forbids.
            are_ready.iter().take(count).for_each(drop);
        }
        Sockets::Any(socket) if socket.answers_in_place() => answer_in_place(&Arc::new(socket), answer_one, passed_on),
        Sockets::Any(socket) => {
            tokio::spawn(run_task(socket, answer, passed_on));
        }
    }
    Ok(receiver)
}

/// On a stack of our own nothing is awaited: it calls for each datagram as it finds it.
fn answer_in_place<O>(socket: &Arc<UdpSocket>, mut answer: O, passed_on: PassedOn)
where
    O: FnMut(&[u8], SocketAddr, &mut [u8]) -> Verdict + Send + 'static,
{
    // The socket holds this closure and the closure the socket: it is served for ever.
    let back = Arc::clone(socket);
    socket.answer_in_place(Box::new(move |request, peer, reply| match answer(request, peer, reply) {
        Verdict::Reply(length) => Some(length),
        Verdict::PassOn => {
            passed_on.pass(request, peer, WayBack::Any(Arc::clone(&back)));
            None
        }
        Verdict::Ignore => None,
    }));
}

/// Where datagrams go that are passed on.
#[derive(Clone)]
struct PassedOn {
    sender: mpsc::Sender<Datagram>,
    in_flight: InFlight,
}

impl PassedOn {
    /// A service that is ending takes nothing new on; who asked asks again, and then elsewhere.
    fn pass(&self, octets: &[u8], peer: SocketAddr, way_back: WayBack) {
        let ticket = self.in_flight.add();
        if !self.in_flight.is_closing() {
            let _ = self.sender.try_send(Datagram { octets: octets.to_vec(), peer, way_back, _ticket: ticket });
        }
    }
}

/// Ends the process when its thread panics, in builds where a panic does not do so anyway: the kernel would go on
/// giving datagrams to a socket that nobody reads.
struct NotWithoutMe;

impl Drop for NotWithoutMe {
    fn drop(&mut self) {
        if thread::panicking() {
            std::process::abort();
        }
    }
}

/// Blocks while nothing comes. Ends with the process: until then every query that comes is answered.
fn run_thread(
    socket: std::net::UdpSocket,
    with_destinations: bool,
    mut answer: impl FnMut(&mut Burst),
    passed_on: &PassedOn,
) {
    let _guard = NotWithoutMe;
    let socket = Arc::new(socket);
    let (mut batch, mut burst) = (Batch::new(BATCH, with_destinations), Burst::with_capacity(BATCH));
    loop {
        // An error here is a signal's, or of a moment without memory; never the socket's own end.
        if batch.receive(&socket, &mut burst).is_err() {
            continue;
        }
        answer(&mut burst);
        batch.send(&socket, &mut burst);
        for (index, request) in burst.requests().enumerate() {
            if burst.verdicts.get(index) == Some(&Verdict::PassOn) {
                let way_back = WayBack::Host(Arc::clone(&socket), batch.address(index));
                passed_on.pass(request, burst.arrived[index].peer, way_back);
            }
        }
    }
}

async fn run_task(socket: UdpSocket, mut answer: impl FnMut(&mut Burst), passed_on: PassedOn) {
    let (socket, mut burst) = (Arc::new(socket), Burst::with_capacity(1));
    loop {
        // An error here is an earlier reply's that bounced (ICMP), never the socket's own end.
        let Ok(mut received) = socket.receive_from(burst.requests.get_mut(0)).await else { continue };
        for handled in 1.. {
            let (length, peer) = received;
            burst.arrived.clear();
            burst.arrived.push(Arrived { length, peer });
            answer(&mut burst);
            match burst.verdicts.first() {
                Some(Verdict::Reply(length)) => {
                    let _ = socket.send_to(&burst.replies.get(0)[..*length], peer).await;
                }
                Some(Verdict::PassOn) => {
                    passed_on.pass(&burst.requests.get(0)[..length], peer, WayBack::Any(Arc::clone(&socket)));
                }
                Some(Verdict::Ignore) | None => (),
            }
            if handled == IN_A_ROW {
                break;
            }
            match socket.try_receive_from(burst.requests.get_mut(0)) {
                Some(next) => received = next,
                None => break,
            }
        }
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Net;

    fn echo(burst: &mut Burst) {
        burst.answer(|request, _, reply| match request.first() {
            Some(b'?') => Verdict::PassOn,
            Some(b'-') => Verdict::Ignore,
            _ => {
                reply[..request.len()].copy_from_slice(request);
                Verdict::Reply(request.len())
            }
        });
    }

    async fn client() -> UdpSocket {
        Net::host().udp_bind("127.0.0.1:0".parse().unwrap()).await.unwrap()
    }

    async fn receive(client: &UdpSocket) -> (Vec<u8>, SocketAddr) {
        let mut buffer = vec![0; 65_535];
        let received = tokio::time::timeout(Duration::from_secs(10), client.receive_from(&mut buffer)).await;
        let (length, peer) = received.expect("an answer").unwrap();
        (buffer[..length].to_vec(), peer)
    }

    fn not_one(_: &[u8], _: SocketAddr, _: &mut [u8]) -> Verdict {
        panic!("these sockets give bursts")
    }

    /// More than one burst waits when the answering begins; none may get lost between two bursts.
    async fn a_flood_is_answered(sockets: Sockets, address: SocketAddr) {
        const FLOOD: usize = 3 * IN_A_ROW;
        let client = client().await;
        for number in 0..FLOOD {
            client.send_to(&number.to_be_bytes(), address).await.unwrap();
        }
        let _passed_on = serve(sockets, &InFlight::default(), echo, not_one).unwrap();
        let mut answered = [false; FLOOD];
        for _ in 0..FLOOD {
            let (octets, _) = receive(&client).await;
            answered[usize::from_be_bytes(octets.try_into().unwrap())] = true;
        }
        assert!(answered.iter().all(|answered| *answered));
    }

    #[tokio::test]
    async fn every_datagram_of_a_flood_is_answered_by_a_task() {
        let server = client().await;
        let address = server.local_address().unwrap();
        a_flood_is_answered(Sockets::Any(server), address).await;
    }

    #[tokio::test]
    async fn every_datagram_of_a_flood_is_answered_by_threads() {
        let sockets = Net::host().udp_bind_shared("127.0.0.1:0".parse().unwrap(), 3).unwrap().unwrap();
        let address = sockets[0].local_addr().unwrap();
        a_flood_is_answered(Sockets::Host(sockets), address).await;
    }

    #[tokio::test]
    async fn replies_leave_from_the_address_that_was_asked() {
        for (any, asked) in [("0.0.0.0:0", "127.0.0.7"), ("[::]:0", "::1")] {
            let Ok(sockets) = Net::host().udp_bind_shared(any.parse().unwrap(), 1).unwrap() else { continue };
            let port = sockets[0].local_addr().unwrap().port();
            let mut passed_on = serve(Sockets::Host(sockets), &InFlight::default(), echo, not_one).unwrap();
            let asked = SocketAddr::new(asked.parse().unwrap(), port);
            let client = match asked {
                SocketAddr::V4(_) => client().await,
                SocketAddr::V6(_) => Net::host().udp_bind("[::1]:0".parse().unwrap()).await.unwrap(),
            };
            for message in [&b"-nothing"[..], b"at once", b"?later", &[b'x'; 40_000]] {
                client.send_to(message, asked).await.unwrap();
                if message[0] == b'?' {
                    let datagram = passed_on.recv().await.unwrap();
                    assert_eq!(datagram.peer, client.local_address().unwrap());
                    datagram.reply(&datagram.octets).await;
                }
                if message[0] != b'-' {
                    assert_eq!(receive(&client).await, (message.to_vec(), asked));
                }
            }
        }
    }

    #[tokio::test]
    async fn both_families_can_have_all_addresses_on_one_port() {
        let net = Net::host();
        let ipv4 = net.udp_bind_shared("0.0.0.0:0".parse().unwrap(), 2).unwrap().unwrap();
        let port = ipv4[0].local_addr().unwrap().port();
        let ipv6 = SocketAddr::new(std::net::Ipv6Addr::UNSPECIFIED.into(), port);
        match net.udp_bind_shared(ipv6, 2).unwrap() {
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::Unsupported, "a host without IPv6"),
            Ok(_) => {
                let _one = net.tcp_listen(SocketAddr::new(std::net::Ipv4Addr::UNSPECIFIED.into(), port)).await.unwrap();
                net.tcp_listen(ipv6).await.unwrap();
            }
        }
    }

    #[tokio::test]
    async fn a_service_that_ends_takes_nothing_new_on() {
        let sockets = Net::host().udp_bind_shared("127.0.0.1:0".parse().unwrap(), 1).unwrap().unwrap();
        let (address, in_flight, client) = (sockets[0].local_addr().unwrap(), InFlight::default(), client().await);
        let mut passed_on = serve(Sockets::Host(sockets), &in_flight, echo, not_one).unwrap();
        client.send_to(b"?first", address).await.unwrap();
        let first = passed_on.recv().await.unwrap();
        assert_eq!(in_flight.finish(Duration::ZERO).await, 1, "the first is not answered yet");
        client.send_to(b"?second", address).await.unwrap();
        client.send_to(b"a query", address).await.unwrap();
        assert_eq!(receive(&client).await.0, b"a query");
        assert!(passed_on.try_recv().is_err());
        drop(first);
        assert_eq!(in_flight.finish(Duration::from_secs(10)).await, 0);
    }
}
