//! AXFR of the large zone over one TCP connection, without a key, to a reader that only counts records.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use e2e::message::{kind, query};

use crate::context::{Context, LARGE};
use crate::machine::{CLIENTS, on_core};
use crate::samples_of::Samples;
use crate::table::Table;

/// Measures and prints.
pub fn run(context: &mut Context) {
    let (rounds, expected) = (context.rounds, context.records as u64 + 1);
    let fleet = context.fleet();
    let mut rows = vec![(Samples::default(), Samples::default(), Transfer::default()); fleet.members.len()];
    for round in 0..rounds {
        for (place, member) in fleet.in_turn(round) {
            let (before, start) = (member.time(), Instant::now());
            let transfer = on_core(CLIENTS, || transfer(member.address, expected));
            rows[place].0.add(start.elapsed().as_secs_f64());
            rows[place].1.add(member.time().since(before).total().as_secs_f64());
            rows[place].2 = transfer;
        }
    }
    let mut table = Table::new(&["", "s", "server CPU s", "records", "messages", "MB"]);
    for (member, (wall, time, transfer)) in fleet.members.iter().zip(rows) {
        table.row([
            member.name.to_owned(),
            wall.show(2),
            time.show(2),
            transfer.records.to_string(),
            transfer.messages.to_string(),
            format!("{:.1}", transfer.octets as f64 / 1e6),
        ]);
    }
    table.print();
}

#[derive(Debug, Clone, Copy, Default)]
struct Transfer {
    records: u64,
    messages: u64,
    octets: u64,
}

fn transfer(server: SocketAddr, expected: u64) -> Transfer {
    let mut stream = TcpStream::connect(server).expect("the server takes a TCP connection");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time limit can be set");
    let query = query(1, LARGE, kind::AXFR);
    stream.write_all(&[&(query.len() as u16).to_be_bytes()[..], &query].concat()).expect("a query can be sent");
    let mut reader = std::io::BufReader::with_capacity(1 << 20, stream);
    let (mut sum, mut message) = (Transfer::default(), vec![0; 65_535]);
    while sum.records < expected {
        let mut length = [0; 2];
        reader.read_exact(&mut length).expect("the transfer goes on");
        let length = usize::from(u16::from_be_bytes(length));
        reader.read_exact(&mut message[..length]).expect("the transfer goes on");
        assert_eq!(message[3] & 15, 0, "the transfer is not refused");
        sum.records += u64::from(u16::from_be_bytes([message[6], message[7]]));
        sum.messages += 1;
        sum.octets += length as u64 + 2;
    }
    sum
}
