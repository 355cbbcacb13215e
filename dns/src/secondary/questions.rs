//! Questions and their answers on the connections to primaries.

use std::net::SocketAddr;
use std::time::Duration;

use super::link::{Asked, Connection, Link};
use super::rounds::Answer;
use super::{Effect, Moment, Origin, Secondary, Timer, Trouble};
use crate::keys::Right;
use crate::message::Header;
use crate::name::Name;
use crate::transfer::incoming::{Ask, Asking, Next};

/// Octets that come on a connection without having been asked for, at most.
const MOST_STRAY: usize = 1 << 20;
/// A subscription that lived so long was no trouble.
const LONG_LIFE: Duration = Duration::from_secs(60);

impl Secondary {
    /// A connection is open.
    pub fn connected(&mut self, connection: u64, moment: &mut Moment<'_>) -> Vec<Effect> {
        if let Some(&address) = self.connections.get(&connection)
            && let Some(link) = self.links.get_mut(&address)
        {
            link.connection = Connection::Open { number: connection, since: moment.elapsed, heard: moment.elapsed };
            self.pump(address, moment);
        }
        self.take_effects()
    }

    /// A connection could not be opened, or has ended.
    pub fn disconnected(&mut self, connection: u64, moment: &mut Moment<'_>) -> Vec<Effect> {
        if let Some(address) = self.connections.remove(&connection) {
            self.lost(address, moment);
        }
        self.take_effects()
    }

    /// A reply came over a connection of ours.
    pub fn received(&mut self, connection: u64, octets: &[u8], moment: &mut Moment<'_>) -> Vec<Effect> {
        if let Some(&address) = self.connections.get(&connection) {
            self.reply(address, octets, moment);
            self.pump(address, moment);
        }
        self.take_effects()
    }

    /// Gets in line at the primary of the zone's round.
    pub(super) fn ask(&mut self, apex: &Name, moment: &mut Moment<'_>) {
        let Some(address) = self.zones.get(apex).and_then(|life| Some(life.asked()?.address)) else { return };
        self.links.entry(address).or_default().waiting.push_back(apex.clone());
        self.pump(address, moment);
    }

    /// A zone is forgotten: nobody waits for its answer any more.
    pub(super) fn forget_question(&mut self, address: SocketAddr, apex: &Name, moment: &mut Moment<'_>) {
        if let Some(link) = self.links.get_mut(&address) {
            link.waiting.retain(|waiting| waiting != apex);
            link.subscribers.remove(apex);
            link.asked.retain(|_, asked| asked.apex != *apex);
            self.pump(address, moment);
        }
    }

    /// Asks as many as may be asked at once, opens the connection where it is needed, and says when to look again.
    fn pump(&mut self, address: SocketAddr, moment: &mut Moment<'_>) {
        let Some(link) = self.links.get_mut(&address) else { return };
        match link.connection {
            Connection::None if !link.waiting.is_empty() => {
                let number = self.next_connection;
                self.next_connection += 1;
                link.connection = Connection::Opening { number, deadline: moment.elapsed + self.settings.stall };
                self.connections.insert(number, address);
                self.effects.push(Effect::Connect { connection: number, address });
            }
            Connection::Open { number, .. } => self.ask_waiting(address, number, moment),
            Connection::None | Connection::Opening { .. } => {}
        }
        self.set_link_timer(address, moment);
    }

    fn ask_waiting(&mut self, address: SocketAddr, number: u64, moment: &mut Moment<'_>) {
        while let Some(link) = self.links.get_mut(&address)
            && link.asked.len() < self.settings.asked
            && let Some(apex) = link.waiting.pop_front()
        {
            let id = link.free_id(moment.random);
            let Some(Ask { octets, awaiting }) = self.question(&apex, id, moment.unix) else { continue };
            let subscribes = self.subscribes(&apex);
            let Some(link) = self.links.get_mut(&address) else { return };
            if link.asked.is_empty() {
                link.heard_at(moment.elapsed);
            }
            if subscribes {
                link.subscribers.insert(apex.clone());
            }
            link.asked.insert(id, Asked { apex, awaiting, since: moment.elapsed });
            self.effects.push(Effect::Send { connection: number, octets });
        }
    }

    fn question(&self, apex: &Name, id: u16, now: u64) -> Option<Ask> {
        let life = self.zones.get(apex)?;
        let (round, primary) = (life.round.as_ref()?, life.asked()?);
        let asking = Asking {
            apex: apex.clone(),
            held: life.zone.clone().filter(|_| !round.any_version),
            key: self.key_of(primary).cloned(),
            limits: self.settings.limits,
        };
        Some(match round.hint {
            Some(serial) => asking.transfer(Some(serial), id, now),
            None => asking.soa(id, now),
        })
    }

    fn reply(&mut self, address: SocketAddr, octets: &[u8], moment: &mut Moment<'_>) {
        let Some(link) = self.links.get_mut(&address) else { return };
        let id = Header::decode(octets).ok().filter(|header| header.response).map(|header| header.id);
        let Some(Asked { apex, awaiting, since }) = id.and_then(|id| link.asked.remove(&id)) else {
            link.stray += octets.len() + 1;
            if link.stray > MOST_STRAY {
                self.hang_up(address, moment);
            }
            return;
        };
        link.heard_at(moment.elapsed);
        let next_id = link.free_id(moment.random);
        let (answer, unfinished) = match awaiting.handle(octets, next_id, moment.unix) {
            Next::More(awaiting) => {
                link.asked.insert(awaiting.id(), Asked { apex, awaiting, since });
                return;
            }
            Next::Ask(Ask { octets, awaiting }) => {
                link.asked.insert(awaiting.id(), Asked { apex, awaiting, since });
                return self.send(address, octets);
            }
            Next::UpToDate => (Answer::UpToDate, false),
            Next::Behind(serial) => (Answer::Behind(serial), false),
            Next::NewVersion(version) => (Answer::NewVersion(version), false),
            Next::Gone => (Answer::Gone, false),
            Next::Failed(failure) => (Answer::Failed(failure.error.into()), failure.unfinished),
        };
        link.answered += usize::from(!matches!(answer, Answer::Failed(_)));
        self.answered(&apex, answer, moment);
        if unfinished {
            self.hang_up(address, moment);
        }
    }

    fn send(&mut self, address: SocketAddr, octets: Vec<u8>) {
        if let Some(connection) = self.links.get(&address).and_then(Link::number) {
            self.effects.push(Effect::Send { connection, octets });
        }
    }

    /// Gives a connection up; others that are asked there are asked again on a new one.
    fn hang_up(&mut self, address: SocketAddr, moment: &mut Moment<'_>) {
        let Some(number) = self.links.get(&address).and_then(Link::number) else { return };
        self.effects.push(Effect::Close { connection: number });
        self.connections.remove(&number);
        if let Some(link) = self.links.get_mut(&address) {
            let names = link.abandon();
            link.waiting = names.into();
        }
        self.resubscribe(address, Duration::ZERO, moment);
        self.pump(address, moment);
    }

    /// A connection ended by itself. One that has answered before was perhaps closed as the question was on its way:
    /// then it is asked again; else the next primary has its turn.
    fn lost(&mut self, address: SocketAddr, moment: &mut Moment<'_>) {
        let Some(link) = self.links.get_mut(&address) else { return };
        let (was, answered) = (link.connection, link.answered);
        let names = link.abandon();
        let lived = match was {
            Connection::Open { since, .. } => moment.elapsed.saturating_sub(since),
            Connection::None | Connection::Opening { .. } => Duration::ZERO,
        };
        let trouble = if matches!(was, Connection::Open { .. }) { Trouble::Disconnected } else { Trouble::Unreachable };
        for apex in &names {
            match answered > 0 {
                true => self.ask(apex, moment),
                false => self.failed(apex, trouble.clone(), moment),
            }
        }
        if matches!(was, Connection::Open { .. }) {
            self.resubscribe(address, lived, moment);
        }
        self.pump(address, moment);
    }

    /// Zones that the primary tells of changes over the connection ask again soon; the sooner the longer it held.
    fn resubscribe(&mut self, address: SocketAddr, lived: Duration, moment: &mut Moment<'_>) {
        let Some(link) = self.links.get_mut(&address) else { return };
        link.lost = if lived >= LONG_LIFE { 0 } else { (link.lost + 1).min(8) };
        let wait = Duration::from_secs(1 << link.lost) / 2;
        for apex in std::mem::take(&mut link.subscribers) {
            let spread = Duration::from_millis(u64::from((moment.random)() % 500));
            let idle = self.zones.get(&apex).is_some_and(|life| life.round.is_none() && life.failures == 0);
            if idle {
                self.timers.set(Timer::Check(apex), moment.elapsed + wait + spread);
            }
        }
    }

    /// Whether a zone's question to its primary asks to be told of changes, too.
    fn subscribes(&self, apex: &Name) -> bool {
        let Some(life) = self.zones.get(apex) else { return false };
        let key = life.asked().and_then(|primary| self.key_of(primary)).and_then(|key| key.grant());
        let asks = !matches!(life.origin, Origin::Notified | Origin::Member { .. });
        asks && key.is_some_and(|grant| grant.right >= Right::Transfer)
    }

    fn set_link_timer(&mut self, address: SocketAddr, moment: &Moment<'_>) {
        let Some(link) = self.links.get(&address) else { return };
        let kept = !link.subscribers.is_empty();
        let timer = Timer::Link(address);
        let deadline = match link.connection {
            Connection::None => None,
            Connection::Opening { deadline, .. } => Some(deadline),
            Connection::Open { heard, .. } if !link.asked.is_empty() => {
                let eldest = link.asked.values().map(|asked| asked.since).min().unwrap_or(heard);
                Some((heard + self.settings.stall).min(eldest + self.settings.transfer))
            }
            Connection::Open { .. } if kept => None,
            Connection::Open { .. } => Some(moment.elapsed + self.settings.idle),
        };
        match deadline {
            Some(deadline) => self.timers.set(timer, deadline),
            None => self.timers.clear(&timer),
        }
        if matches!(link.connection, Connection::None) && link.waiting.is_empty() && !kept {
            self.links.remove(&address);
        }
    }

    /// The connection took too long to open, or was silent too long, or was not needed for a while.
    pub(super) fn link_due(&mut self, address: SocketAddr, moment: &mut Moment<'_>) {
        let Some(link) = self.links.get_mut(&address) else { return };
        let Some(number) = link.number() else { return };
        self.effects.push(Effect::Close { connection: number });
        self.connections.remove(&number);
        let was_open = matches!(link.connection, Connection::Open { .. });
        let names = link.abandon();
        for apex in names {
            self.failed(&apex, Trouble::Stalled, moment);
        }
        if was_open {
            self.resubscribe(address, Duration::ZERO, moment);
        }
        self.pump(address, moment);
    }
}
