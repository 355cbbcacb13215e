//! `gitstead query`: one question.

use std::net::SocketAddr;

use crate::client::{self, Error};

/// Ask a server for the records of a name
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The name
    name: String,
    /// The record type
    #[arg(default_value = "A")]
    kind: String,
    /// The server, ADDRESS:PORT
    #[arg(long)]
    server: SocketAddr,
}

/// Prints one line a record.
pub fn run(arguments: &Arguments) -> Result<(), Error> {
    let records = client::query(arguments.server, &arguments.name, &arguments.kind)?;
    records.iter().for_each(|line| println!("{line}"));
    Ok(())
}
