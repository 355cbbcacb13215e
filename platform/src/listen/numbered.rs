//! Connections that somebody wants to write to later, by number.

use std::collections::HashMap;

use super::streams::Connection;

/// Connections by number; a number is never given twice.
#[derive(Debug, Default)]
pub struct Numbered {
    connections: HashMap<u64, Connection>,
    last: u64,
}

impl Numbered {
    /// The number of a connection, which it keeps.
    pub fn number_of(&mut self, connection: &Connection) -> u64 {
        if let Some((number, _)) = self.connections.iter().find(|(_, other)| other.same(connection)) {
            return *number;
        }
        self.last += 1;
        self.connections.insert(self.last, connection.clone());
        self.last
    }

    /// The connection that has a number.
    pub fn get(&self, number: u64) -> Option<&Connection> {
        self.connections.get(&number)
    }

    /// Forgets a connection.
    pub fn remove(&mut self, number: u64) {
        self.connections.remove(&number);
    }

    /// Forgets the connections that have ended; their numbers.
    pub fn remove_closed(&mut self) -> Vec<u64> {
        let closed = self.connections.extract_if(|_, connection| connection.is_closed());
        closed.map(|(number, _)| number).collect()
    }
}
