//! Connections that are opened to primaries, and messages on them in both directions (RFC 1035 section 4.2.2).

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::Net;
use crate::net::TcpStream;
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Messages that may wait to be written; who does not read them is found out by not answering.
const WAITING: usize = 256;
/// How long a message may take from its first octet to its last, in either direction.
const MESSAGE: Duration = Duration::from_secs(10);

/// What happened on a connection.
#[derive(Debug)]
pub enum Event {
    /// It is open.
    Connected,
    /// A message came.
    Message(Vec<u8>),
    /// It ended, or could not be opened.
    Disconnected,
}

/// The connections by number.
#[derive(Debug, Default)]
pub struct Links(HashMap<u64, Link>);

#[derive(Debug)]
struct Link {
    messages: mpsc::Sender<Bytes>,
    task: JoinHandle<()>,
}

impl Links {
    /// Opens a connection; `tell` is called with what happens on it, one after the other.
    pub fn open<T, F>(&mut self, number: u64, net: Net, address: SocketAddr, tell: T)
    where
        T: Fn(Event) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let (messages, waiting) = mpsc::channel(WAITING);
        let task = tokio::spawn(async move {
            match net.tcp_connect(address).await {
                Ok(stream) => converse(stream, waiting, &tell).await,
                Err(error) => tracing::debug!("{address}: {error}"),
            }
            tell(Event::Disconnected).await;
        });
        self.0.insert(number, Link { messages, task });
    }

    /// Sends a message, unless too many wait already.
    pub fn send(&self, number: u64, message: impl Into<Bytes>) {
        if let Some(link) = self.0.get(&number) {
            let _ = link.messages.try_send(message.into());
        }
    }

    /// Closes a connection; nothing more is told of it.
    pub fn close(&mut self, number: u64) {
        if let Some(link) = self.0.remove(&number) {
            link.task.abort();
        }
    }

    /// Forgets a connection that has ended by itself.
    pub fn forget(&mut self, number: u64) {
        self.0.remove(&number);
    }
}

async fn converse<T, F>(stream: TcpStream, waiting: mpsc::Receiver<Bytes>, tell: &T)
where
    T: Fn(Event) -> F,
    F: Future<Output = ()>,
{
    tell(Event::Connected).await;
    let (mut reader, writer) = tokio::io::split(stream);
    let reading = async {
        while let Ok(message) = read(&mut reader).await {
            tell(Event::Message(message)).await;
            // A large transfer must not keep queries waiting.
            tokio::task::yield_now().await;
        }
    };
    tokio::select! { () = reading => (), () = write(writer, waiting) => () }
}

async fn read(reader: &mut ReadHalf<TcpStream>) -> io::Result<Vec<u8>> {
    let first = reader.read_u8().await?;
    timeout(MESSAGE, async {
        let length = usize::from(first) << 8 | usize::from(reader.read_u8().await?);
        let mut message = Vec::with_capacity(length.min(4096));
        reader.take(length as u64).read_to_end(&mut message).await?;
        if message.len() < length { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(message) }
    })
    .await?
}

async fn write(mut writer: WriteHalf<TcpStream>, mut waiting: mpsc::Receiver<Bytes>) {
    while let Some(message) = waiting.recv().await {
        let Ok(length) = u16::try_from(message.len()) else { continue };
        let framed = [&length.to_be_bytes(), message.as_ref()].concat();
        if !matches!(timeout(MESSAGE, writer.write_all(&framed)).await, Ok(Ok(()))) {
            return;
        }
    }
}
