//! The side of a connection that is written to: by its reader, with what can be answered at once, and by a task, with
//! replies that took longer.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncWriteExt, WriteHalf};
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;

use super::MAX_MESSAGE;
use crate::listen::in_flight::Ticket;
use crate::net::TcpStream;

/// Octets of replies that are gathered into one write, roughly.
pub const GATHERED: usize = 65_536;
/// Buffers larger than this are given back when they are empty.
const KEPT: usize = 4096;

/// Writes whole messages; cheap to clone.
#[derive(Clone)]
pub struct Writer {
    half: Arc<Mutex<WriteHalf<TcpStream>>>,
    limit: Duration,
}

impl Writer {
    /// A write may take as long as `limit`.
    pub fn new(half: WriteHalf<TcpStream>, limit: Duration) -> Writer {
        Writer { half: Arc::new(Mutex::new(half)), limit }
    }

    /// Writes framed messages and empties their buffer.
    pub async fn write(&self, framed: &mut Vec<u8>) -> io::Result<()> {
        if framed.is_empty() {
            return Ok(());
        }
        let writing = async { self.half.lock().await.write_all(framed).await };
        timeout(self.limit, writing).await??;
        framed.clear();
        framed.shrink_to(KEPT);
        Ok(())
    }

    /// Writes what comes from the channel until it is closed and empty, and then says the end. The connection counts as
    /// in flight for so long.
    pub async fn run(self, mut waiting: mpsc::Receiver<Bytes>, _ticket: Ticket) {
        let mut framed = Vec::new();
        while let Some(message) = waiting.recv().await {
            frame(&message, &mut framed);
            while framed.len() < GATHERED
                && let Ok(message) = waiting.try_recv()
            {
                frame(&message, &mut framed);
            }
            if self.write(&mut framed).await.is_err() {
                return;
            }
        }
        let _ = timeout(self.limit, async { self.half.lock().await.shutdown().await }).await;
    }
}

/// Appends a message behind its length.
pub fn frame(message: &[u8], framed: &mut Vec<u8>) {
    if message.len() > MAX_MESSAGE {
        return tracing::error!("a reply of {} octets does not fit any message", message.len());
    }
    framed.extend_from_slice(&(message.len() as u16).to_be_bytes());
    framed.extend_from_slice(message);
}
