//! Answers over TCP: the small zone, on connections that are kept open, so many queries at a time on each.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use e2e::folder::{Folder, ZoneFile, write};

use crate::blast::Queries;
use crate::context::Context;
use crate::fleet::Fleet;
use crate::machine::{CLIENTS, on_core};
use crate::samples_of::Samples;
use crate::table::Table;
use crate::zone_text;

const ZONE: &str = "small.test";
const CONNECTIONS: usize = 20;
const EACH: Duration = Duration::from_millis(1500);

/// Measures and prints.
pub fn run(context: &mut Context) {
    let folder = Folder::new();
    let path = folder.join(ZONE);
    write(&path, zone_text::small(ZONE));
    let mut fleet = Fleet::start(&[ZoneFile { name: ZONE.to_owned(), path }], ZONE);
    let queries = Queries::new(&zone_text::small_queries(ZONE));
    let mut table = Table::new(&["", "queries at a time", "CPU µs per answer", "of it user", "answers/s"]);
    for at_a_time in [1, 6] {
        let mut rows = vec![[(); 3].map(|()| Samples::default()); fleet.members.len()];
        for round in 0..context.rounds {
            for (place, member) in fleet.in_turn(round) {
                let (before, start) = (member.time(), Instant::now());
                let answers = on_core(CLIENTS, || ask(member.address, &queries, at_a_time)) as f64;
                let (time, wall) = (member.time().since(before), start.elapsed());
                let [total, user, rate] = &mut rows[place];
                total.add(time.total().as_secs_f64() * 1e6 / answers);
                user.add(time.user.as_secs_f64() * 1e6 / answers);
                rate.add(answers / wall.as_secs_f64());
            }
        }
        for (member, [total, user, rate]) in fleet.members.iter().zip(rows) {
            let row = [member.name.to_owned(), at_a_time.to_string(), total.show(1), user.show(1), rate.show(0)];
            table.row(row);
        }
    }
    println!("{CONNECTIONS} connections\n");
    table.print();
}

/// Puts so many queries on each connection with one write, then reads the answers of each; how many came.
fn ask(server: SocketAddr, queries: &Queries, at_a_time: usize) -> usize {
    let mut connections: Vec<Connection> = (0..CONNECTIONS).map(|_| Connection::open(server)).collect();
    let (start, mut queries, mut answers) = (Instant::now(), queries.for_ever(), 0);
    while start.elapsed() < EACH {
        for connection in &mut connections {
            let framed: Vec<u8> = queries
                .by_ref()
                .take(at_a_time)
                .flat_map(|query| [&(query.len() as u16).to_be_bytes()[..], query].concat())
                .collect();
            connection.stream.write_all(&framed).expect("the server takes queries");
        }
        for connection in &mut connections {
            connection.receive(at_a_time);
            answers += at_a_time;
        }
    }
    answers
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    fn open(server: SocketAddr) -> Connection {
        let stream = TcpStream::connect(server).expect("the server takes a TCP connection");
        stream.set_nodelay(true).expect("Nagle's delay can be turned off");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a time limit can be set");
        Connection { stream, buffer: vec![0; 65_536] }
    }

    fn receive(&mut self, count: usize) {
        let (mut came, mut taken, mut answers) = (0, 0, 0);
        while answers < count {
            let length = self.stream.read(&mut self.buffer[came..]).expect("the server answers");
            assert!(length > 0, "the server keeps the connection");
            came += length;
            while let Some([a, b]) = self.buffer[taken..came].first_chunk() {
                let end = taken + 2 + usize::from(u16::from_be_bytes([*a, *b]));
                if end > came {
                    break;
                }
                (taken, answers) = (end, answers + 1);
            }
        }
    }
}
