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
use dns::{Name, RecordType, Zone, ZoneSet, zonefile::rdata_text};
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

/// Tells what comes.
struct Diary(UnboundedSender<String>);

impl Follows for Diary {
    fn serve(&mut self, version: &secondary::Served) {
        let _ = self.0.send(format!("{} {}", version.zone.apex(), version.zone.serial()));
    }

    fn suspend(&mut self, _: Name) {}
    fn remove(&mut self, _: Name) {}
    fn trouble(&mut self, _: &str) {}
}

fn apex() -> Name {
    "example".parse().unwrap()
}

fn front(zones: ZoneSet) -> Front {
    let answering = Answering { rate_limit: None, identity: None, version: None };
    let served = Served { zones, ..Served::default() };
    Front::new(answering, true, Duration::from_secs(10), Arc::new(ArcSwap::from_pointee(served)))
}

fn follower(primary: SocketAddr) -> (Follower<Diary>, UnboundedReceiver<String>) {
    let (diary, pages) = unbounded_channel();
    let secondary = Secondary::new(Served::default().keys, secondary::Settings::default());
    let follower = Follower::new(&Net::host(), front(ZoneSet::new()), secondary, Diary(diary));
    let primaries = vec![Primary { address: primary, key: None }];
    follower.act(|secondary, moment| secondary.add_zone(apex(), Origin::Configured, primaries, moment));
    (follower, pages)
}

#[tokio::test]
async fn a_zone_comes_whole() {
    let mut builder = Zone::builder(apex());
    for (rtype, text) in [(RecordType::SOA, "ns.a. h.a. 7 3600 600 86400 60"), (RecordType::NS, "ns.a.")] {
        let rdata = rdata_text::parse(rtype, text, &apex()).unwrap();
        builder.add(Record { owner: apex(), rtype, ttl: 60, rdata }).unwrap();
    }
    let front = front(ZoneSet::new().with(builder.finish().zone.unwrap()));
    let (net, limits, counters) = (Net::host(), Limits::default(), Counters::default());
    let listening = Listening { addresses: vec!["127.0.0.1:0".parse().unwrap()], threads: 1, limits };
    let sockets = Sockets::bind(&net, &listening).await.unwrap();
    let address = sockets[0].streams.local_address().unwrap();
    let (served, sent) = (Arc::clone(&front.served), counters.notifications.clone());
    let notifications = Notifications::start(&net, &listening.addresses, served, vec![], sent).await.unwrap();
    NameServer { front, notifications, counters, service: Arc::new(Plain) }.start(sockets, limits).unwrap();
    assert_eq!(follower(address).1.recv().await.unwrap(), "example. 7");
}

#[tokio::test]
async fn only_notify_is_for_a_follower() {
    let primary = "127.0.0.1:1".parse().unwrap();
    let (follower, _pages) = follower(primary);
    let rcode = |opcode: u8| {
        let header = [0, 7, opcode << 3, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        let request = [&header[..], b"\x07example\0\0\x06\0\x01"].concat();
        Rcode(u16::from(follower.reply(&request, Transport::Tcp, primary).unwrap()[3] & 15))
    };
    assert_eq!((rcode(4), rcode(5)), (Rcode::NOERROR, Rcode::FORMERR));
}
