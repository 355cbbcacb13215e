//! The side of a connection that is read from: takes messages out of the octets, and answers what can be answered at
//! once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::io::{AsyncReadExt, ReadHalf};
use tokio::time::{Instant, timeout_at};

use super::writer::{GATHERED, Writer, frame};
use super::{Connection, Server};
use crate::listen::Respond;
use crate::listen::burst::Verdict;
use crate::net::TcpStream;

/// Octets that are asked for at least: a few dozen queries.
const READ: usize = 2048;

/// Reads one connection.
pub struct Reader<'a, R> {
    pub read: ReadHalf<TcpStream>,
    pub writer: Writer,
    pub server: &'a Server,
    pub connection: &'a Connection,
    pub respond: Arc<R>,
}

/// What is read and not yet understood, and replies that are not yet written.
#[derive(Default)]
struct Buffers {
    came: Vec<u8>,
    replies: Vec<u8>,
}

impl<R: Respond> Reader<'_, R> {
    /// Reads until the peer has nothing more to say, is too slow, or the service ends.
    pub async fn run(mut self) -> io::Result<()> {
        let mut buffers = Buffers::default();
        // Since when a message has begun to come.
        let mut begun = None;
        loop {
            let taken = self.take_messages(&mut buffers).await?;
            self.writer.write(&mut buffers.replies).await?;
            buffers.came.drain(..taken);
            if buffers.came.is_empty() {
                buffers.came.shrink_to(READ);
            }
            if taken > 0 || buffers.came.is_empty() {
                begun = None;
            }
            if !self.read_more(&mut buffers.came, &mut begun).await? {
                return Ok(());
            }
        }
    }

    /// Answers or hands on every message that has come whole; returns how many octets those are.
    async fn take_messages(&self, buffers: &mut Buffers) -> io::Result<usize> {
        let mut taken = 0;
        while let Some(message) = first_message(&buffers.came[taken..]) {
            taken += 2 + message.len();
            let verdict = {
                let mut scratch = self.server.scratch.lock().expect("no holder of the buffer panics");
                let verdict = self.respond.answer(message, self.connection.peer, &mut scratch);
                if let Verdict::Reply(length) = verdict {
                    frame(&scratch[..length], &mut buffers.replies);
                }
                verdict
            };
            if verdict == Verdict::PassOn {
                self.writer.write(&mut buffers.replies).await?;
                Arc::clone(&self.respond).message(self.connection.clone(), message.to_vec()).await;
            } else if buffers.replies.len() >= GATHERED {
                self.writer.write(&mut buffers.replies).await?;
            }
        }
        Ok(taken)
    }

    /// Reads; false at the end. Memory grows with what comes, not with what is announced.
    async fn read_more(&mut self, came: &mut Vec<u8>, begun: &mut Option<Instant>) -> io::Result<bool> {
        let limits = &self.server.limits;
        came.reserve(came.len().max(READ));
        self.server.open.touch(&self.connection.shared);
        loop {
            let now = Instant::now();
            let deadline = match came.is_empty() {
                true => now + limits.idle,
                false => *begun.get_or_insert(now) + limits.message,
            };
            let read = tokio::select! {
                biased;
                // What has come already is answered before the end.
                read = timeout_at(deadline, self.read.read_buf(came)) => read,
                () = self.server.in_flight.closing() => return Ok(false),
            };
            match read {
                Ok(read) => return Ok(read? > 0),
                Err(_) if came.is_empty() && self.connection.shared.kept.load(Ordering::Relaxed) => continue,
                Err(elapsed) => return Err(elapsed.into()),
            }
        }
    }
}

/// The first message, if all of it has come.
fn first_message(came: &[u8]) -> Option<&[u8]> {
    let (length, rest) = came.split_first_chunk()?;
    rest.get(..usize::from(u16::from_be_bytes(*length)))
}
