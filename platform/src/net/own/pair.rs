//! Two stacks at the two ends of a wire, and what is above them: sockets as everybody uses them.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use smoltcp::wire::Ipv4Cidr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::Net;
use crate::boot::Addresses;
use crate::listen::datagrams::{self, Burst, Sockets, Verdict};
use crate::listen::in_flight::InFlight;

const SERVER: Ipv4Addr = Ipv4Addr::new(10, 7, 0, 2);
const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 7, 0, 1);

async fn stack(wire: UnixDatagram, address: Ipv4Addr) -> Net {
    wire.set_nonblocking(true).unwrap();
    let addresses = Addresses {
        mac: [2, 0, 0, 0, 0, address.octets()[3]],
        mtu: 1500,
        ipv4: Some(Ipv4Cidr::new(address, 24)),
        ipv4_gateway: None,
        ipv6: None,
        ipv6_gateway: None,
        dhcp: false,
        router_advertisements: false,
        resolvers: vec![SERVER.into()],
    };
    Net::own(OwnedFd::from(wire), &addresses).await.unwrap()
}

/// The client's network and the server's.
async fn pair() -> (Net, Net) {
    let (one, other) = UnixDatagram::pair().unwrap();
    (stack(one, CLIENT).await, stack(other, SERVER).await)
}

fn server(port: u16) -> SocketAddr {
    (SERVER, port).into()
}

#[tokio::test]
async fn a_megabyte_each_way_arrives_whole() {
    let (client, far) = pair().await;
    let listener = far.tcp_listen(server(53)).await.unwrap();
    tokio::spawn(async move {
        let stream = listener.accept().await.unwrap();
        let (mut reader, mut writer) = tokio::io::split(stream);
        tokio::io::copy(&mut reader, &mut writer).await.unwrap();
        writer.shutdown().await.unwrap();
    });
    let sent: Vec<u8> = (0..1_000_000_u32).flat_map(scrambled).collect();
    let stream = client.tcp_connect(server(53)).await.unwrap();
    assert_eq!(stream.peer_address().unwrap(), server(53));
    let (mut reader, mut writer) = tokio::io::split(stream);
    let octets = sent.clone();
    let writing = tokio::spawn(async move {
        writer.write_all(&octets).await.unwrap();
        writer.shutdown().await.unwrap();
    });
    let mut received = vec![];
    reader.read_to_end(&mut received).await.unwrap();
    writing.await.unwrap();
    assert!(received == sent);
}

fn scrambled(number: u32) -> [u8; 1] {
    [(number.wrapping_mul(2_654_435_761) >> 24) as u8]
}

#[tokio::test]
async fn where_nobody_listens_a_connection_is_refused() {
    let (client, _far) = pair().await;
    let error = client.tcp_connect(server(53)).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn many_at_once_are_all_accepted() {
    let (client, far) = pair().await;
    let listener = far.tcp_listen((Ipv4Addr::UNSPECIFIED, 53).into()).await.unwrap();
    let connecting: Vec<_> = (0..100)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.tcp_connect(server(53)).await })
        })
        .collect();
    for connecting in connecting {
        connecting.await.unwrap().unwrap();
    }
    for _ in 0..100 {
        tokio::time::timeout(Duration::from_secs(5), listener.accept()).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn who_hangs_up_is_noticed() {
    let (client, far) = pair().await;
    let listener = far.tcp_listen(server(53)).await.unwrap();
    let stream = client.tcp_connect(server(53)).await.unwrap();
    let mut accepted = listener.accept().await.unwrap();
    drop(stream);
    assert_eq!(accepted.read(&mut [0; 16]).await.unwrap(), 0);
}

#[tokio::test]
async fn datagrams_are_answered_at_once_or_later() {
    let (client, far) = pair().await;
    let socket = Sockets::Any(far.udp_bind(server(53)).await.unwrap());
    let answer_one = |request: &[u8], _, reply: &mut [u8]| match request {
        b"now" => {
            reply[..2].copy_from_slice(b"ok");
            Verdict::Reply(2)
        }
        b"later" => Verdict::PassOn,
        _ => Verdict::Ignore,
    };
    let bursts = |_: &mut Burst| panic!("this stack has no bursts");
    let mut passed_on = datagrams::serve(socket, &InFlight::default(), bursts, answer_one).unwrap();
    let socket = client.udp_bind((Ipv4Addr::UNSPECIFIED, 0).into()).await.unwrap();
    let mut buffer = [0; 64];
    socket.send_to(b"now", server(53)).await.unwrap();
    let (length, from) = socket.receive_from(&mut buffer).await.unwrap();
    assert_eq!((&buffer[..length], from), (&b"ok"[..], server(53)));
    socket.send_to(b"never", server(53)).await.unwrap();
    socket.send_to(b"later", server(53)).await.unwrap();
    let datagram = passed_on.recv().await.unwrap();
    assert_eq!(datagram.octets, b"later");
    datagram.reply(b"at last").await;
    let (length, _) = socket.receive_from(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..length], b"at last");
}

#[tokio::test]
async fn an_address_is_bound_once_and_only_if_it_is_ours() {
    let (_client, far) = pair().await;
    let _bound = far.udp_bind(server(53)).await.unwrap();
    assert_eq!(far.udp_bind(server(53)).await.unwrap_err().kind(), std::io::ErrorKind::AddrInUse);
    let listener = far.tcp_listen(server(53)).await.unwrap();
    assert_eq!(far.tcp_listen(server(53)).await.unwrap_err().kind(), std::io::ErrorKind::AddrInUse);
    drop(listener);
    far.tcp_listen(server(53)).await.unwrap();
    let other = (Ipv4Addr::new(10, 7, 0, 9), 53).into();
    assert_eq!(far.tcp_listen(other).await.unwrap_err().kind(), std::io::ErrorKind::AddrNotAvailable);
}

/// The name server's answer to a question for A: 192.0.2.7, to everything else: no such record.
fn answer(question: &[u8]) -> Vec<u8> {
    let mut reply = question.to_vec();
    reply[2] |= 0x80;
    if question.ends_with(&[0, 1, 0, 1]) {
        reply[7] = 1;
        reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7]);
    }
    reply
}

#[tokio::test]
async fn names_are_asked_for() {
    let (client, far) = pair().await;
    let socket = far.udp_bind(server(53)).await.unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 512];
        loop {
            let (length, from) = socket.receive_from(&mut buffer).await.unwrap();
            let mut forged = answer(&buffer[..length]);
            forged[0] ^= 1;
            socket.send_to(&forged, from).await.unwrap();
            socket.send_to(&answer(&buffer[..length]), from).await.unwrap();
        }
    });
    let found = client.resolve("git.example.com", 22).await.unwrap();
    assert_eq!(found, ["192.0.2.7:22".parse().unwrap()]);
    assert_eq!(client.resolve("192.0.2.9", 22).await.unwrap(), ["192.0.2.9:22".parse().unwrap()]);
    for bad in ["", "a..b", "a b", &"x".repeat(64)] {
        assert!(client.resolve(bad, 22).await.is_err(), "{bad:?}");
    }
}
