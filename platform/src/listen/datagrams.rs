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
    if socket.answers_in_place() {
        answer_in_place(&socket, answer, passed_on);
    } else {
        tokio::spawn(run(socket, answer, passed_on));
    }
    receiver
}

/// On a stack of our own nothing is awaited: it calls for each datagram as it finds it.
fn answer_in_place<F>(socket: &Arc<UdpSocket>, mut answer: F, passed_on: mpsc::Sender<Datagram>)
where
    F: FnMut(&[u8], SocketAddr, &mut [u8]) -> Verdict + Send + 'static,
{
    // The socket holds this closure and the closure the socket: it is served for ever.
    let back = Arc::clone(socket);
    socket.answer_in_place(Box::new(move |request, peer, reply| match answer(request, peer, reply) {
        Verdict::Reply(length) => Some(length),
        Verdict::PassOn => {
            let datagram = Datagram { octets: request.to_vec(), peer, socket: Arc::clone(&back) };
            let _ = passed_on.try_send(datagram);
            None
        }
        Verdict::Ignore => None,
    }));
}

async fn run<F>(socket: Arc<UdpSocket>, mut answer: F, passed_on: mpsc::Sender<Datagram>)
where
    F: FnMut(&[u8], SocketAddr, &mut [u8]) -> Verdict,
{
    let (mut request, mut reply) = (vec![0; MAX_DATAGRAM], vec![0; MAX_DATAGRAM]);
    loop {
        // An error here is an earlier reply's that bounced (ICMP), never the socket's own end.
        let Ok(mut received) = socket.receive_from(&mut request).await else { continue };
        for handled in 1.. {
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
            if handled == BURST {
                break;
            }
            match socket.try_receive_from(&mut request) {
                Some(next) => received = next,
                None => break,
            }
        }
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Net;

    /// More than one burst waits when the answering begins; none may get lost between two bursts.
    #[tokio::test]
    async fn every_datagram_of_a_flood_is_answered() {
        const FLOOD: usize = 3 * BURST;
        let any = "127.0.0.1:0".parse().unwrap();
        let (server, client) = (Net::host().udp_bind(any).await.unwrap(), Net::host().udp_bind(any).await.unwrap());
        let address = server.local_address().unwrap();
        for number in 0..FLOOD {
            client.send_to(&number.to_be_bytes(), address).await.unwrap();
        }
        let _passed_on = serve(Arc::new(server), |request, _, reply| {
            reply[..request.len()].copy_from_slice(request);
            Verdict::Reply(request.len())
        });
        let mut answered = [false; FLOOD];
        let mut buffer = [0; 8];
        for _ in 0..FLOOD {
            let received =
                tokio::time::timeout(std::time::Duration::from_secs(10), client.receive_from(&mut buffer)).await;
            received.expect("an answer to each").unwrap();
            answered[usize::from_be_bytes(buffer)] = true;
        }
        assert!(answered.iter().all(|answered| *answered));
    }
}
