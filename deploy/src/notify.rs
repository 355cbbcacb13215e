//! `gitstead notify`: what a post-receive hook runs after a push.

use std::net::SocketAddr;

use dns::keys::Key;

use crate::client::{self, Error};

/// Tell a server that a zone has changed (signed NOTIFY)
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The zone
    zone: String,
    /// The server, ADDRESS:PORT
    #[arg(long)]
    server: SocketAddr,
    /// The key, NAME:ALGORITHM:SECRET
    #[arg(long)]
    key: Key,
}

/// Sends the NOTIFY and waits for the acknowledgement.
pub fn run(arguments: &Arguments) -> Result<(), Error> {
    client::notify(arguments.server, &arguments.zone, &arguments.key)
}
