//! `gitstead update`: a signed UPDATE from the command line.

use std::net::SocketAddr;

use dns::keys::Key;

use crate::client::{self, Change, Error};

/// Change records of a zone (signed UPDATE)
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
    /// Delete what is there, 'NAME' or 'NAME TYPE'; happens before anything is added
    #[arg(long)]
    delete: Vec<String>,
    /// Add a record, 'NAME TTL TYPE DATA'
    #[arg(long, required_unless_present = "delete")]
    add: Vec<String>,
}

/// Sends all changes as one UPDATE and waits until it is accepted.
pub fn run(arguments: &Arguments) -> Result<(), Error> {
    let deletions = arguments.delete.iter().cloned().map(Change::Delete);
    let changes: Vec<Change> = deletions.chain(arguments.add.iter().cloned().map(Change::Add)).collect();
    client::update(arguments.server, &arguments.zone, &arguments.key, &changes)
}
