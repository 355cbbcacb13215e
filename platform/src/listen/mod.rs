//! Servers of request and reply, for protocols whose messages come as datagrams or, with two octets of length in front,
//! over TCP (RFC 1035 section 4.2). What a message means is the caller's business.

pub mod arguments;
mod batch;
mod burst;
pub mod datagrams;
pub mod in_flight;
pub mod numbered;
pub mod sockets;
pub mod speaker;
pub mod streams;

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use datagrams::{Burst, Datagram, Verdict};
use in_flight::InFlight;
use sockets::Sockets;
use streams::{Connection, Limits};

/// What a service does about messages: at once, from memory alone, wherever they were read; or when it was passed on,
/// with as much time as it takes.
pub trait Respond: Send + Sync + 'static {
    /// Decides about datagrams that came together; on many threads at once.
    fn answer_burst(&self, burst: &mut Burst);

    /// Decides about one datagram; the reply goes into the buffer.
    fn answer_datagram(&self, request: &[u8], peer: SocketAddr, reply: &mut [u8]) -> Verdict;

    /// Decides about a message that came over TCP; the reply goes into the buffer.
    fn answer(&self, message: &[u8], peer: SocketAddr, reply: &mut [u8]) -> Verdict;

    /// Takes a datagram that was passed on, in a task of its own.
    fn datagram(self: Arc<Self>, datagram: Datagram) -> impl Future<Output = ()> + Send;

    /// Takes a message over TCP that was passed on. The next one of its connection is read once the future is ready, so
    /// who has much to do should spawn, holding a [`Connection::permit`].
    fn message(self: Arc<Self>, connection: Connection, message: Vec<u8>) -> impl Future<Output = ()> + Send;
}

/// What counts as one client: a host of IPv6 has a whole network of 64 bits to choose addresses from.
pub fn client(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        ipv4 => ipv4,
    }
}

/// Starts answering on all sockets, until `in_flight` is finished.
pub fn serve(
    sockets: Vec<Sockets>,
    limits: Limits,
    in_flight: &InFlight,
    service: &Arc<impl Respond>,
) -> io::Result<()> {
    for Sockets { datagrams, streams } in sockets {
        let (bursts, single) = (Arc::clone(service), Arc::clone(service));
        let answer = move |burst: &mut Burst| bursts.answer_burst(burst);
        let answer_one = move |request: &[u8], peer, reply: &mut [u8]| single.answer_datagram(request, peer, reply);
        let mut passed_on = datagrams::serve(datagrams, in_flight, answer, answer_one)?;
        let handling = Arc::clone(service);
        tokio::spawn(async move {
            while let Some(datagram) = passed_on.recv().await {
                tokio::spawn(Arc::clone(&handling).datagram(datagram));
            }
        });
        tokio::spawn(streams::serve(streams, limits, in_flight.clone(), Arc::clone(service)));
    }
    Ok(())
}
