//! Messages as datagrams: what can be answered at once is answered in place, the rest is passed on.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::net::UdpSocket;

/// Longest datagram taken or sent.
const MAX_DATAGRAM: usize = 65_535;
/// Datagrams answered in a row before other tasks get their turn.
const BURST: usize = 64;
/// Passed-on datagrams that may wait; more are dropped, as the network may do itself.
const WAITING: usize = 1024;

/// What becomes of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// So many octets of the reply buffer go back at once.
    Reply(usize),
    /// It needs more than a look at memory: it is passed on as a [`Datagram`].
    PassOn,
    /// Nothing.
    Ignore,
}

/// A datagram that was passed on, and the way back to its sender.
#[derive(Debug)]
pub struct Datagram {
    /// What came.
    pub octets: Vec<u8>,
    /// Who sent it.
    pub peer: SocketAddr,
    socket: Arc<UdpSocket>,
}

impl Datagram {
    /// Sends a reply. A reply that cannot be sent is lost, as datagrams are.
    pub async fn reply(&self, octets: &[u8]) {
        if let Err(error) = self.socket.send_to(octets, self.peer).await {
            tracing::debug!("no reply to {}: {error}", self.peer);
        }
    }
}

/// Starts answering on `socket` with `answer(request, peer, reply buffer)`; hands out what `answer` passed on.
pub fn serve<F>(socket: Arc<UdpSocket>, answer: F) -> mpsc::Receiver<Datagram>
where
    F: FnMut(&[u8], SocketAddr, &mut [u8]) -> Verdict + Send + 'static,
{
    let (passed_on, receiver) = mpsc::channel(WAITING);
    tokio::spawn(run(socket, answer, passed_on));
    receiver
}

async fn run<F>(socket: Arc<UdpSocket>, mut answer: F, passed_on: mpsc::Sender<Datagram>)
where
    F: FnMut(&[u8], SocketAddr, &mut [u8]) -> Verdict,
{
    let (mut request, mut reply) = (vec![0; MAX_DATAGRAM], vec![0; MAX_DATAGRAM]);
    loop {
        // An error here is an earlier reply's that bounced (ICMP), never the socket's own end.
        let Ok(mut received) = socket.receive_from(&mut request).await else { continue };
        for _ in 0..BURST {
            let (length, peer) = received;
            match answer(&request[..length], peer, &mut reply) {
                Verdict::Reply(length) => {
                    let _ = socket.send_to(&reply[..length], peer).await;
                }
                Verdict::PassOn => {
                    let datagram = Datagram { octets: request[..length].to_vec(), peer, socket: Arc::clone(&socket) };
                    let _ = passed_on.try_send(datagram);
                }
                Verdict::Ignore => (),
            }
            match socket.try_receive_from(&mut request) {
                Some(next) => received = next,
                None => break,
            }
        }
        tokio::task::yield_now().await;
    }
}
