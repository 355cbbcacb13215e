//! One git command on the far side: octets in and out, its words on standard error, its end; and the two conversations
//! that we hold with it, fetch and push, which only carry octets between the protocol's states and the stream.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use russh::ChannelMsg;
use russh::client::Msg;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use crate::error::{ProtocolError, Quoted, RemoteError};
use crate::object::pack_reader::PackReader;
use crate::protocol::fetch::{self, Fetch, FetchRequest, Fetched};
use crate::protocol::pkt_line::{Decoder, Packet};
use crate::protocol::push::{self, Advertised, ExpectAdvertisement, Report};
use crate::remote::Traffic;

const MAX_WORDS: usize = 4096;
const SEND: usize = 1 << 18;
/// How long a command may go on after it has told its result: hooks, garbage collection.
const LINGER: Duration = Duration::from_secs(120);

/// A running git command.
pub(crate) struct Exchange {
    io: Io,
    decoder: Decoder,
    label: Arc<str>,
    silence: Duration,
    traffic: Arc<Traffic>,
    _permit: OwnedSemaphorePermit,
}

/// How its octets come and go.
pub(crate) enum Io {
    Channel { read: russh::ChannelReadHalf, write: russh::ChannelWriteHalf<Msg>, words: Vec<u8> },
    Local { child: Box<Child>, stdin: ChildStdin, stdout: ChildStdout, words: Arc<Mutex<Vec<u8>>> },
}

impl Io {
    pub(crate) fn channel(channel: russh::Channel<Msg>) -> Io {
        let (read, write) = channel.split();
        Io::Channel { read, write, words: Vec::new() }
    }

    pub(crate) fn local(mut child: Child) -> Option<Io> {
        let (stdin, stdout, stderr) = (child.stdin.take()?, child.stdout.take()?, child.stderr.take()?);
        let words = Arc::default();
        tokio::spawn(collect(stderr, Arc::clone(&words)));
        Some(Io::Local { child: Box::new(child), stdin, stdout, words })
    }

    async fn send(&mut self, octets: Bytes) -> Result<(), String> {
        match self {
            Io::Channel { write, .. } => write.data_bytes(octets).await.map_err(|error| error.to_string()),
            Io::Local { stdin, .. } => stdin.write_all(&octets).await.map_err(|error| error.to_string()),
        }
    }

    /// The next octets; nothing at the end of the stream.
    async fn receive(&mut self) -> Result<Option<Bytes>, String> {
        match self {
            Io::Local { stdout, .. } => {
                let mut buffer = BytesMut::with_capacity(1 << 16);
                let count = stdout.read_buf(&mut buffer).await.map_err(|error| error.to_string())?;
                Ok((count > 0).then(|| buffer.freeze()))
            }
            Io::Channel { read, words, .. } => loop {
                match read.wait().await {
                    Some(ChannelMsg::Data { data }) => return Ok(Some(data)),
                    Some(ChannelMsg::ExtendedData { data, .. }) => append(words, &data),
                    Some(ChannelMsg::Failure) => return Err("the server does not run the command".to_owned()),
                    None | Some(ChannelMsg::Close) => return Ok(None),
                    Some(_) => {}
                }
            },
        }
    }

    fn words(&self) -> String {
        match self {
            Io::Channel { words, .. } => Quoted(words).to_string(),
            Io::Local { words, .. } => words.lock().map_or(String::new(), |words| Quoted(&words).to_string()),
        }
    }

    /// Waits for the end, so that nothing of the command is cut off.
    async fn end(mut self) {
        while let Ok(Some(_)) = self.receive().await {}
        match self {
            Io::Local { mut child, .. } => drop(child.wait().await),
            Io::Channel { write, .. } => drop(write.close().await),
        }
    }
}

fn append(words: &mut Vec<u8>, octets: &[u8]) {
    let room = MAX_WORDS.saturating_sub(words.len());
    words.extend_from_slice(&octets[..octets.len().min(room)]);
}

async fn collect(mut stderr: ChildStderr, words: Arc<Mutex<Vec<u8>>>) {
    let mut buffer = [0; 1024];
    while let Ok(count @ 1..) = stderr.read(&mut buffer).await {
        if let Ok(mut words) = words.lock() {
            append(&mut words, &buffer[..count]);
        }
    }
}

impl Exchange {
    pub(crate) fn new(
        io: Io,
        label: Arc<str>,
        silence: Duration,
        traffic: Arc<Traffic>,
        permit: OwnedSemaphorePermit,
    ) -> Exchange {
        Exchange { io, decoder: Decoder::default(), label, silence, traffic, _permit: permit }
    }

    /// Fetches; the packfile goes to `reader`.
    pub(crate) async fn fetch(
        mut self,
        request: FetchRequest,
        reader: &mut PackReader,
    ) -> Result<Fetched, RemoteError> {
        let mut state = Fetch::new(request);
        loop {
            let packet = self.packet(state.awaited()).await?;
            match state.handle(packet).map_err(|error| self.protocol(error))? {
                fetch::Next::Wait(next) => state = next,
                fetch::Next::Send(octets, next) => {
                    self.send(octets.into()).await?;
                    state = next;
                }
                fetch::Next::Pack(octets, next) => {
                    reader.push(&octets).map_err(|error| self.protocol(error.into()))?;
                    state = next;
                }
                fetch::Next::Done(fetched, farewell) => {
                    self.linger(farewell);
                    return Ok(fetched);
                }
            }
        }
    }

    /// Waits until the server is ready for a push.
    pub(crate) async fn advertised(&mut self, reference: &str, limit: usize) -> Result<Advertised, RemoteError> {
        let mut state = ExpectAdvertisement::new(reference, limit);
        loop {
            let packet = self.packet("the references").await?;
            match state.handle(&packet).map_err(|error| self.protocol(error))? {
                push::Next::Wait(next) => state = next,
                push::Next::Done(advertised) => return Ok(advertised),
            }
        }
    }

    /// Sends commands and packfile. From the first octet on, `sent` says that the outcome hangs on the server.
    pub(crate) async fn push(
        mut self,
        command: Vec<u8>,
        pack: Vec<u8>,
        mut state: push::ExpectReport,
        sent: &AtomicBool,
    ) -> Result<Report, RemoteError> {
        sent.store(true, Ordering::Relaxed);
        let mut octets = BytesMut::from(&command[..]);
        octets.extend_from_slice(&pack);
        self.send(octets.freeze()).await?;
        loop {
            let packet = self.packet("the report").await?;
            match state.handle(packet).map_err(|error| self.protocol(error))? {
                push::Next::Wait(next) => state = next,
                push::Next::Done(report) => {
                    self.linger(Vec::new());
                    return Ok(report);
                }
            }
        }
    }

    /// Ends a command of which nothing is wanted.
    pub(crate) fn abandon(self) {
        self.linger(b"0000".to_vec());
    }

    /// Lets the command end by itself; it may still have hooks to run, and it must be read from, lest it stops
    /// everything else.
    fn linger(mut self, farewell: Vec<u8>) {
        tokio::spawn(async move {
            let ending = async {
                if farewell.is_empty() || self.io.send(farewell.into()).await.is_ok() {
                    self.io.end().await;
                }
            };
            if timeout(LINGER, ending).await.is_err() {
                tracing::warn!("{}: a git command does not end", self.label);
            }
        });
    }

    async fn send(&mut self, mut octets: Bytes) -> Result<(), RemoteError> {
        Traffic::count(&self.traffic.sent, octets.len());
        while !octets.is_empty() {
            let run = octets.split_to(octets.len().min(SEND));
            match timeout(self.silence, self.io.send(run)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Err(self.broken(format!("sending broke off: {error}"))),
                Err(_) => return Err(self.broken("it takes no more octets".to_owned())),
            }
        }
        Ok(())
    }

    async fn packet(&mut self, awaited: &'static str) -> Result<Packet, RemoteError> {
        loop {
            if let Some(packet) = self.decoder.next().map_err(|error| self.protocol(error))? {
                return Ok(packet);
            }
            match timeout(self.silence, self.io.receive()).await {
                Ok(Ok(Some(octets))) => {
                    Traffic::count(&self.traffic.received, octets.len());
                    self.decoder.push(&octets);
                }
                Ok(Ok(None)) => return Err(self.ended(awaited).await),
                Ok(Err(error)) => return Err(self.broken(error)),
                Err(_) => return Err(self.broken(format!("it is silent where it should send {awaited}"))),
            }
        }
    }

    fn protocol(&self, error: ProtocolError) -> RemoteError {
        match error {
            ProtocolError::Remote(message) => RemoteError::Refused { remote: self.label.clone(), message },
            error => RemoteError::Protocol { remote: self.label.clone(), error },
        }
    }

    fn broken(&self, reason: String) -> RemoteError {
        RemoteError::Unreachable { remote: self.label.clone(), reason }
    }

    /// The stream has ended where it must not; what was said on standard error tells why.
    async fn ended(&mut self, awaited: &'static str) -> RemoteError {
        if let Io::Local { child, .. } = &mut self.io {
            let _ = timeout(self.silence, child.wait()).await;
            tokio::task::yield_now().await;
        }
        match self.io.words() {
            words if words.is_empty() => self.broken(format!("the stream ended while waiting for {awaited}")),
            message => RemoteError::Refused { remote: self.label.clone(), message },
        }
    }
}
