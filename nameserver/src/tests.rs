//! A follower of a name server, both over the host's sockets.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use dns::answer::Transport;
use dns::message::Rcode;
use dns::record::Record;
use dns::secondary::{self, Origin, Primary, Secondary};
use dns::server::{Request, Served};
use dns::transfer::Journal;
use dns::zonefile::rdata_text;
use dns::{Name, RecordType, Zone, ZoneSet};
use platform::Net;
use platform::listen::arguments::{Answering, Listening};
use platform::listen::datagrams::Datagram;
use platform::listen::sockets::Sockets;
use platform::listen::streams::{Connection, Limits};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::answering::{NameServer, Serves};
use crate::follower::{Follower, Follows};
use crate::front::Front;
use crate::metrics::Counters;
use crate::notifications::Notifications;

/// Knows nothing but what is in memory.
struct Plain;

impl Serves for Plain {
    fn journal(&self, _: &Name) -> Option<Journal> {
        None
    }

    async fn datagram(&self, _: Request, _: &Datagram) -> Option<Vec<u8>> {
        None
    }

    async fn message(self: Arc<Self>, _: Request, _: Connection) {}
}

/// Tells what happens.
struct Diary(UnboundedSender<String>);

impl Follows for Diary {
    fn serve(&mut self, version: &secondary::Served) {
        let _ = self.0.send(format!("{} {}", version.zone.apex(), version.zone.serial()));
    }

    fn suspend(&mut self, _: Name) {}

    fn remove(&mut self, _: Name) {}

    fn trouble(&mut self, words: &str) {
        let _ = self.0.send(words.to_owned());
    }

    fn noticed(&mut self, zone: &Name, _: SocketAddr, rcode: Rcode) {
        let _ = self.0.send(format!("NOTIFY for {zone}: {rcode}"));
    }
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn zone() -> Zone {
    let apex = name("example");
    let mut builder = Zone::builder(apex.clone());
    for (rtype, text) in [(RecordType::SOA, "ns.a. h.a. 7 3600 600 86400 60"), (RecordType::NS, "ns.a.")] {
        let rdata = rdata_text::parse(rtype, text, &apex).unwrap();
        builder.add(Record { owner: apex.clone(), rtype, ttl: 60, rdata }).unwrap();
    }
    builder.finish().zone.unwrap()
}

fn front(zones: ZoneSet) -> Front {
    let answering = Answering { rate_limit: None, identity: None, version: None };
    let served = Served { zones, ..Served::default() };
    Front::new(answering, true, Duration::from_secs(10), Arc::new(ArcSwap::from_pointee(served)))
}

/// Its address.
async fn name_server(counters: &Counters) -> SocketAddr {
    let (net, front, limits) = (Net::host(), front(ZoneSet::new().with(zone())), Limits::default());
    let listening = Listening { addresses: vec!["127.0.0.1:0".parse().unwrap()], threads: 1, limits };
    let sockets = Sockets::bind(&net, &listening).await.unwrap();
    let address = sockets[0].streams.local_address().unwrap();
    let (served, sent) = (Arc::clone(&front.served), counters.notifications.clone());
    let notifications = Notifications::start(&net, &listening.addresses, served, vec![], sent).await.unwrap();
    let server = NameServer { front, notifications, counters: counters.clone(), service: Arc::new(Plain) };
    server.start(sockets, limits).unwrap();
    address
}

fn follower(zone: &str, primary: SocketAddr) -> (Follower<Diary>, UnboundedReceiver<String>) {
    let (diary, pages) = unbounded_channel();
    let secondary = Secondary::new(Served::default().keys, secondary::Settings::default());
    let follower = Follower::new(&Net::host(), front(ZoneSet::new()), secondary, Diary(diary));
    let primaries = vec![Primary { address: primary, key: None }];
    follower.act(|secondary, moment| secondary.add_zone(name(zone), Origin::Configured, primaries, moment));
    tokio::spawn(follower.clone().watch_clock());
    (follower, pages)
}

#[tokio::test]
async fn a_zone_comes_whole() {
    let counters = Counters::default();
    let address = name_server(&counters).await;
    let (_follower, mut pages) = follower("example", address);
    assert_eq!(pages.recv().await.unwrap(), "example. 7");
    assert!(counters.requests.get() > 0);
}

#[tokio::test]
async fn a_zone_that_the_primary_does_not_have() {
    let address = name_server(&Counters::default()).await;
    let (_follower, mut pages) = follower("elsewhere", address);
    let words = pages.recv().await.unwrap();
    assert!(words.starts_with(&format!("elsewhere. from {address}: ")), "{words}");
}

#[tokio::test]
async fn only_notify_is_for_a_follower() {
    let primary = "127.0.0.1:1".parse().unwrap();
    let (follower, mut pages) = follower("example", primary);
    let rcode = |opcode: u8| {
        let header = [0, 7, opcode << 3, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        let request = [&header[..], b"\x07example\0\0\x06\0\x01"].concat();
        Rcode(u16::from(follower.reply(&request, Transport::Tcp, primary).unwrap()[3] & 15))
    };
    assert_eq!((rcode(4), rcode(5)), (Rcode::NOERROR, Rcode::FORMERR));
    assert_eq!(pages.recv().await.unwrap(), "NOTIFY for example.: NOERROR");
}
