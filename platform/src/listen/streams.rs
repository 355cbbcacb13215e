//! Messages over TCP, each behind two octets of length (RFC 1035 section 4.2.2, RFC 7766).
//!
//! A stranger can hold a connection and time, both bounded: idle and slow connections are closed, and when there are too many
//! the one that was silent longest makes room for the newcomer.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::timeout;

use crate::net::{TcpListener, TcpStream};

/// What connections may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
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
    /// Enough for thousands of clients, and for one that asks every few seconds on a connection it keeps (RFC 7766 section 6.2.3).
    fn default() -> Limits {
        let (idle, message) = (Duration::from_secs(30), Duration::from_secs(10));
        Limits { connections: 4096, idle, message, replies: 16, work: 64 }
    }
}

/// One side of a connection that may be written to; cheap to clone. The connection ends when its peer closes it, when it is
/// too slow, or when it is idle and nobody asked to keep it.
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

    /// Sends a message unless it would have to wait: a peer that does not read misses it. False when the connection is gone.
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

    /// Waits until the connection has less than [`Limits::work`] to do; whoever spawns work for it holds this meanwhile.
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

/// Accepts connections for ever and calls `handle` with each message; the next message of a connection is read once the
/// future of the last one is ready, so a handler that has much to do should spawn.
pub async fn serve<H, F>(listener: TcpListener, limits: Limits, handle: H)
where
    H: Fn(Connection, Vec<u8>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let open = Arc::new(Open::default());
    loop {
        match listener.accept().await {
            Ok(stream) => {
                open.make_room(limits.connections);
                tokio::spawn(serve_one(stream, limits, Arc::clone(&open), handle.clone()));
            }
            // Out of file descriptors, most likely: the longest silent connection pays for it.
            Err(error) => {
                tracing::warn!("a connection was not accepted: {error}");
                open.make_room(open.len());
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

/// Serves a connection that was opened from our side in the same way, until it ends.
pub async fn serve_one<H, F>(stream: TcpStream, limits: Limits, open: Arc<Open>, handle: H)
where
    H: Fn(Connection, Vec<u8>) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let Ok(peer) = stream.peer_address() else { return };
    let (reader, writer) = tokio::io::split(stream);
    let (replies, waiting) = mpsc::channel(limits.replies);
    let work = Arc::new(Semaphore::new(limits.work));
    let (kept, last_active, close) = (AtomicBool::new(false), AtomicU64::new(0), Notify::new());
    let shared = Arc::new(Shared { work, kept, last_active, close });
    let connection = Connection { peer, replies, shared: Arc::clone(&shared) };
    let id = open.insert(Arc::clone(&shared));
    let writing = tokio::spawn(write_messages(writer, waiting, limits.message));
    tokio::select! {
        ended = read_messages(reader, limits, &connection, &open, handle) => {
            tracing::trace!("the connection of {peer} ended: {ended:?}");
        }
        () = shared.close.notified() => writing.abort(),
        () = connection.replies.closed() => (),
    }
    open.remove(id);
}

async fn read_messages<H, F>(
    mut reader: ReadHalf<TcpStream>,
    limits: Limits,
    connection: &Connection,
    open: &Open,
    handle: H,
) -> io::Result<()>
where
    H: Fn(Connection, Vec<u8>) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        open.touch(&connection.shared);
        let first = loop {
            match timeout(limits.idle, reader.read_u8()).await {
                Ok(octet) => break octet?,
                Err(_) if connection.shared.kept.load(Ordering::Relaxed) => continue,
                Err(elapsed) => return Err(elapsed.into()),
            }
        };
        let message = timeout(limits.message, read_rest(&mut reader, first)).await??;
        handle(connection.clone(), message).await;
    }
}

async fn read_rest(reader: &mut ReadHalf<TcpStream>, first: u8) -> io::Result<Vec<u8>> {
    let length = usize::from(first) << 8 | usize::from(reader.read_u8().await?);
    // Memory grows with what arrives, not with what is announced.
    let mut message = Vec::with_capacity(length.min(512));
    reader.take(length as u64).read_to_end(&mut message).await?;
    if message.len() < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(message)
}

async fn write_messages(mut writer: WriteHalf<TcpStream>, mut waiting: mpsc::Receiver<Bytes>, limit: Duration) {
    while let Some(message) = waiting.recv().await {
        let Ok(length) = u16::try_from(message.len()) else {
            tracing::error!("a reply of {} octets does not fit any message", message.len());
            continue;
        };
        let framed = [&length.to_be_bytes(), message.as_ref()].concat();
        if !matches!(timeout(limit, writer.write_all(&framed)).await, Ok(Ok(()))) {
            return;
        }
    }
    let _ = timeout(limit, writer.shutdown()).await;
}

/// The connections that are open.
#[derive(Debug, Default)]
pub struct Open {
    connections: Mutex<HashMap<u64, Arc<Shared>>>,
    /// Counts events; "longest silent" is the smallest, no clock needed.
    events: AtomicU64,
}

impl Open {
    fn len(&self) -> usize {
        self.lock().len()
    }

    fn insert(&self, shared: Arc<Shared>) -> u64 {
        let id = self.events.fetch_add(1, Ordering::Relaxed);
        shared.last_active.store(id, Ordering::Relaxed);
        self.lock().insert(id, shared);
        id
    }

    fn remove(&self, id: u64) {
        self.lock().remove(&id);
    }

    fn touch(&self, shared: &Shared) {
        shared.last_active.store(self.events.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Closes the longest silent connection when there are `most` or more; one that was asked to be kept comes last.
    fn make_room(&self, most: usize) {
        let mut connections = self.lock();
        if connections.len() < most.max(1) {
            return;
        }
        let rank = |shared: &Shared| (shared.kept.load(Ordering::Relaxed), shared.last_active.load(Ordering::Relaxed));
        let longest = connections.iter().min_by_key(|(_, shared)| rank(shared)).map(|(id, _)| *id);
        if let Some(shared) = longest.and_then(|id| connections.remove(&id)) {
            shared.close.notify_one();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Arc<Shared>>> {
        self.connections.lock().expect("no holder of the connections panics")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Net;

    async fn echo(limits: Limits) -> SocketAddr {
        let listener = Net::host().tcp_listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_address().unwrap();
        tokio::spawn(serve(listener, limits, |connection, message| async move {
            connection.send(message).await;
        }));
        address
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
        let listener = Net::host().tcp_listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_address().unwrap();
        let (sender, mut handles) = mpsc::unbounded_channel();
        tokio::spawn(serve(listener, Limits::default(), move |connection, message| {
            sender.send(connection.downgrade()).unwrap();
            async move {
                connection.keep();
                connection.send(message).await;
            }
        }));
        let mut stream = connect(address).await;
        exchange(&mut stream, b"remember me").await.unwrap();
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
        let listener = Net::host().tcp_listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_address().unwrap();
        let (sender, mut permits) = mpsc::unbounded_channel();
        tokio::spawn(serve(listener, limits, move |connection, _| {
            let sender = sender.clone();
            async move { sender.send(connection.permit().await).unwrap() }
        }));
        let mut stream = connect(address).await;
        stream.write_all(&[0; 6]).await.unwrap();
        let first = permits.recv().await.unwrap();
        let _second = permits.recv().await.unwrap();
        assert!(permits.try_recv().is_err());
        drop(first);
        drop(permits.recv().await.unwrap());
    }
}
