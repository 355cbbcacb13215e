//! Messages over TCP, each behind two octets of length (RFC 1035 section 4.2.2, RFC 7766).
//!
//! A stranger can hold a connection and time, both bounded: idle and slow connections are closed, and when there are
//! too many, of all or of one client, the one that was silent longest makes room for the newcomer.
//!
//! What can be answered at once is answered where it was read, all that came together with one write. The rest is
//! handed on, and its replies are written by a task of their own.

mod open;
mod reader;
mod writer;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};

use super::Respond;
use super::in_flight::{InFlight, Ticket};
use crate::net::{TcpListener, TcpStream};
use open::Open;
use reader::Reader;
use writer::Writer;

/// Octets of the longest message.
const MAX_MESSAGE: usize = 65_535;

/// What connections may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// Of them from one client: an IPv4 address, or an IPv6 network of 64 bits.
    pub connections_per_client: usize,
    /// How long a connection may be silent between two messages.
    pub idle: Duration,
    /// How long a message may take from its first octet to its last, in either direction.
    pub message: Duration,
    /// Replies of one connection that may wait for its peer to read them.
    pub replies: usize,
    /// Requests of one connection that may be worked on at once.
    pub work: usize,
}

impl Default for Limits {
    /// Enough for thousands of clients, and for one that asks every few seconds on a connection it keeps (RFC 7766
    /// section 6.2.3).
    fn default() -> Limits {
        let (idle, message) = (Duration::from_secs(30), Duration::from_secs(10));
        Limits { connections: 4096, connections_per_client: 512, idle, message, replies: 16, work: 64 }
    }
}

/// One side of a connection that may be written to; cheap to clone. The connection ends when its peer closes it, when
/// it is too slow, or when it is idle and nobody asked to keep it.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The other side.
    pub peer: SocketAddr,
    replies: mpsc::Sender<Bytes>,
    shared: Arc<Shared>,
}

/// A handle that does not keep the connection: once its peer has gone and all that was asked is answered, it ends.
#[derive(Clone, Debug)]
pub struct WeakConnection {
    peer: SocketAddr,
    replies: mpsc::WeakSender<Bytes>,
    shared: Arc<Shared>,
}

impl WeakConnection {
    /// The connection, unless it has ended.
    pub fn upgrade(&self) -> Option<Connection> {
        let replies = self.replies.upgrade().filter(|replies| !replies.is_closed())?;
        Some(Connection { peer: self.peer, replies, shared: Arc::clone(&self.shared) })
    }

    /// Whether this is a handle of the same connection.
    pub fn is(&self, connection: &Connection) -> bool {
        Arc::ptr_eq(&self.shared, &connection.shared)
    }
}

#[derive(Debug)]
struct Shared {
    work: Arc<Semaphore>,
    kept: AtomicBool,
    last_active: AtomicU64,
    close: Notify,
}

impl Connection {
    /// Sends a message, waiting while the peer is slow; false when the connection is gone.
    pub async fn send(&self, message: impl Into<Bytes>) -> bool {
        self.replies.send(message.into()).await.is_ok()
    }

    /// Sends a message unless it would have to wait: a peer that does not read misses it. False when the connection is
    /// gone.
    pub fn try_send(&self, message: impl Into<Bytes>) -> bool {
        !matches!(self.replies.try_send(message.into()), Err(TrySendError::Closed(_)))
    }

    /// Keeps the connection open while it is idle: its peer has asked to be told something later.
    pub fn keep(&self) {
        self.shared.kept.store(true, Ordering::Relaxed);
    }

    /// A handle that does not keep the connection.
    pub fn downgrade(&self) -> WeakConnection {
        WeakConnection { peer: self.peer, replies: self.replies.downgrade(), shared: Arc::clone(&self.shared) }
    }

    /// Waits until the connection has less than [`Limits::work`] to do; whoever spawns work for it holds this
    /// meanwhile.
    pub async fn permit(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.shared.work).acquire_owned().await.expect("the semaphore is never closed")
    }

    /// Whether the connection has ended.
    pub fn is_closed(&self) -> bool {
        self.replies.is_closed()
    }

    /// Two handles of one connection are the same.
    pub fn same(&self, other: &Connection) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

/// Accepts connections until the service ends, and answers what comes on them.
pub async fn serve(listener: TcpListener, limits: Limits, in_flight: InFlight, respond: Arc<impl Respond>) {
    // Until the service ends: the listener may have connections that nobody has seen yet.
    let _ticket = in_flight.add();
    // Shared by all connections, since it is only used where nothing is awaited.
    let scratch = Arc::new(Mutex::new(vec![0; MAX_MESSAGE].into_boxed_slice()));
    let open = Arc::new(Open::default());
    loop {
        let accepted = tokio::select! {
            biased;
            // Who has connected already is served still.
            accepted = listener.accept() => accepted,
            () = in_flight.closing() => return,
        };
        match accepted {
            Ok(stream) => {
                let (open, scratch) = (Arc::clone(&open), Arc::clone(&scratch));
                let server = Server { limits, in_flight: in_flight.clone(), open, scratch };
                tokio::spawn(server.serve(stream, in_flight.add(), Arc::clone(&respond)));
            }
            // Out of file descriptors, most likely: the longest silent connection pays for it.
            Err(error) => {
                tracing::warn!("a connection was not accepted: {error}");
                open.close_longest_silent();
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

/// What the connections of a listener share.
struct Server {
    limits: Limits,
    in_flight: InFlight,
    open: Arc<Open>,
    scratch: Arc<Mutex<Box<[u8]>>>,
}

impl Server {
    /// The connection's ticket is given back once everything that was asked on it is answered and written.
    async fn serve(self, stream: TcpStream, ticket: Ticket, respond: Arc<impl Respond>) {
        let Ok(peer) = stream.peer_address() else { return };
        let (read, write) = tokio::io::split(stream);
        let (replies, waiting) = mpsc::channel(self.limits.replies);
        let work = Arc::new(Semaphore::new(self.limits.work));
        let (kept, last_active, close) = (AtomicBool::new(false), AtomicU64::new(0), Notify::new());
        let shared = Arc::new(Shared { work, kept, last_active, close });
        let connection = Connection { peer, replies, shared: Arc::clone(&shared) };
        let id = self.open.insert(Arc::clone(&shared), peer.ip(), &self.limits);
        let writer = Writer::new(write, self.limits.message);
        let writing = tokio::spawn(writer.clone().run(waiting, ticket));
        let reader = Reader { read, writer, server: &self, connection: &connection, respond };
        tokio::select! {
            ended = reader.run() => tracing::trace!("the connection of {peer} ended: {ended:?}"),
            () = shared.close.notified() => writing.abort(),
            () = connection.replies.closed() => (),
        }
        self.open.remove(id);
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::io;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::Net;
    use crate::listen::datagrams::{Burst, Datagram, Verdict};

    /// Says what it is told: at once, or when it begins with a question mark, by the handler.
    struct Echo<H>(H);

    impl<H, F> Respond for Echo<H>
    where
        H: Fn(Connection, Vec<u8>) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        fn answer_burst(&self, _: &mut Burst) {}

        fn answer_datagram(&self, _: &[u8], _: SocketAddr, _: &mut [u8]) -> Verdict {
            Verdict::Ignore
        }

        async fn datagram(self: Arc<Self>, _: Datagram) {}

        fn answer(&self, message: &[u8], _: SocketAddr, reply: &mut [u8]) -> Verdict {
            if message.starts_with(b"?") {
                return Verdict::PassOn;
            }
            reply[..message.len()].copy_from_slice(message);
            Verdict::Reply(message.len())
        }

        fn message(self: Arc<Self>, connection: Connection, message: Vec<u8>) -> impl Future<Output = ()> + Send {
            (self.0)(connection, message)
        }
    }

    async fn start<H, F>(limits: Limits, in_flight: &InFlight, handle: H) -> SocketAddr
    where
        H: Fn(Connection, Vec<u8>) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = Net::host().tcp_listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_address().unwrap();
        tokio::spawn(serve(listener, limits, in_flight.clone(), Arc::new(Echo(handle))));
        address
    }

    async fn echo(limits: Limits) -> SocketAddr {
        let handle = |connection: Connection, message: Vec<u8>| async move {
            connection.send(message).await;
        };
        start(limits, &InFlight::default(), handle).await
    }

    async fn connect(address: SocketAddr) -> TcpStream {
        Net::host().tcp_connect(address).await.unwrap()
    }

    async fn exchange(stream: &mut TcpStream, message: &[u8]) -> io::Result<Vec<u8>> {
        stream.write_all(&[&(message.len() as u16).to_be_bytes(), message].concat()).await?;
        let mut length = [0; 2];
        stream.read_exact(&mut length).await?;
        let mut reply = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut reply).await?;
        Ok(reply)
    }

    #[tokio::test]
    async fn messages_of_every_length() {
        let mut stream = connect(echo(Limits::default()).await).await;
        for length in [0, 1, 511, 65_535] {
            assert_eq!(exchange(&mut stream, &vec![7; length]).await.unwrap().len(), length);
        }
    }

    #[tokio::test]
    async fn what_comes_together_is_answered_in_order_however_it_is_cut() {
        let messages: Vec<Vec<u8>> =
            (0..200).map(|number| vec![b'a' + (number % 20) as u8; number * 7 % 900]).collect();
        let framed: Vec<u8> = messages
            .iter()
            .flat_map(|message| [&(message.len() as u16).to_be_bytes(), &message[..]].concat())
            .collect();
        for piece in [3, 1000, usize::MAX] {
            let mut stream = connect(echo(Limits::default()).await).await;
            for piece in framed.chunks(piece.min(framed.len())) {
                stream.write_all(piece).await.unwrap();
            }
            let mut came = vec![0; framed.len()];
            stream.read_exact(&mut came).await.unwrap();
            assert_eq!(came, framed);
        }
    }

    /// More replies wait than the channel to the writer takes, while another message is being handled.
    #[tokio::test]
    async fn many_replies_of_the_handler() {
        let mut stream = connect(echo(Limits { replies: 1, ..Limits::default() }).await).await;
        stream.write_all(&b"\0\x01?\0\x01!".repeat(100)).await.unwrap();
        let mut came = vec![0; 600];
        stream.read_exact(&mut came).await.unwrap();
        assert_eq!(came.iter().filter(|octet| **octet == b'?').count(), 100);
    }

    #[tokio::test]
    async fn one_client_does_not_take_the_place_of_others() {
        let address = echo(Limits { connections: 4, connections_per_client: 2, ..Limits::default() }).await;
        let from = |ip: &'static str| async move {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            socket.bind(SocketAddr::new(ip.parse().unwrap(), 0)).unwrap();
            socket.connect(address).await.unwrap()
        };
        let mut other = from("127.0.0.9").await;
        other.write_all(b"\0\x01a").await.unwrap();
        other.read_exact(&mut [0; 3]).await.unwrap();
        let mut greedy = Vec::new();
        for _ in 0..3 {
            let mut stream = from("127.0.0.8").await;
            stream.write_all(b"\0\x01b").await.unwrap();
            stream.read_exact(&mut [0; 3]).await.unwrap();
            greedy.push(stream);
        }
        assert_eq!(greedy[0].read(&mut [0; 1]).await.unwrap(), 0, "its own first makes room");
        other.write_all(b"\0\x01c").await.unwrap();
        other.read_exact(&mut [0; 3]).await.unwrap();
    }

    #[tokio::test]
    async fn the_end_waits_for_replies_and_answers_what_has_come() {
        let (sender, mut handled) = mpsc::unbounded_channel();
        let handle = move |connection: Connection, message: Vec<u8>| {
            let sender = sender.clone();
            async move {
                let permit = connection.permit().await;
                sender.send((connection, message, permit)).unwrap();
            }
        };
        let in_flight = InFlight::default();
        let address = start(Limits::default(), &in_flight, handle).await;
        let (mut working, mut idle) = (connect(address).await, connect(address).await);
        exchange(&mut idle, b"here").await.unwrap();
        working.write_all(b"\0\x01?").await.unwrap();
        let (connection, message, permit) = handled.recv().await.unwrap();
        let end = tokio::spawn({
            let in_flight = in_flight.clone();
            async move { in_flight.finish(Duration::from_secs(60)).await }
        });
        assert_eq!(idle.read(&mut [0; 1]).await.unwrap(), 0, "an idle connection ends");
        assert!(!end.is_finished());
        assert!(connection.send(message).await);
        drop((connection, permit));
        let mut reply = [0; 3];
        working.read_exact(&mut reply).await.unwrap();
        assert_eq!((&reply, working.read(&mut [0; 1]).await.unwrap()), (b"\0\x01?", 0));
        assert_eq!(end.await.unwrap(), 0);
    }

    #[tokio::test]
    async fn an_idle_connection_is_closed() {
        let limits = Limits { idle: Duration::from_millis(20), ..Limits::default() };
        let mut stream = connect(echo(limits).await).await;
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_message_that_does_not_end_is_not_waited_for() {
        let limits = Limits { message: Duration::from_millis(20), ..Limits::default() };
        let mut stream = connect(echo(limits).await).await;
        stream.write_all(b"\xff\xffabc").await.unwrap();
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn the_longest_silent_connection_makes_room() {
        let address = echo(Limits { connections: 2, ..Limits::default() }).await;
        let (mut silent, mut busy) = (connect(address).await, connect(address).await);
        exchange(&mut silent, b"early").await.unwrap();
        exchange(&mut busy, b"late").await.unwrap();
        let mut newcomer = connect(address).await;
        assert_eq!(exchange(&mut newcomer, b"hello").await.unwrap(), b"hello");
        assert_eq!(silent.read(&mut [0; 1]).await.unwrap(), 0);
        assert_eq!(exchange(&mut busy, b"still here").await.unwrap(), b"still here");
    }

    #[tokio::test]
    async fn a_weak_handle_does_not_keep_a_connection() {
        let (sender, mut handles) = mpsc::unbounded_channel();
        let handle = move |connection: Connection, message: Vec<u8>| {
            sender.send(connection.downgrade()).unwrap();
            async move {
                connection.keep();
                connection.send(message).await;
            }
        };
        let address = start(Limits::default(), &InFlight::default(), handle).await;
        let mut stream = connect(address).await;
        exchange(&mut stream, b"?remember me").await.unwrap();
        let handle = handles.recv().await.unwrap();
        assert!(handle.upgrade().is_some());
        drop(stream);
        while handle.upgrade().is_some() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_connection_works_on_so_much_at_once() {
        let limits = Limits { work: 2, ..Limits::default() };
        let (sender, mut permits) = mpsc::unbounded_channel();
        let handle = move |connection: Connection, _| {
            let sender = sender.clone();
            async move { sender.send(connection.permit().await).unwrap() }
        };
        let address = start(limits, &InFlight::default(), handle).await;
        let mut stream = connect(address).await;
        stream.write_all(&b"\0\x01?".repeat(3)).await.unwrap();
        let first = permits.recv().await.unwrap();
        let _second = permits.recv().await.unwrap();
        assert!(permits.try_recv().is_err());
        drop(first);
        drop(permits.recv().await.unwrap());
    }
}
