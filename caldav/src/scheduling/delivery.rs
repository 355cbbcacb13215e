//! What messages change in the homes of others, within their quotas and locks (RFC 6638 section 4).
//!
//! All of it is written in the commit of the change that caused it. What cannot be written is told to the sender as a
//! status, and never fails the sender's own change.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use ical::{CalendarObject, Kind};
use sha2::{Digest, Sha256};

use super::calendars::{self, Copy};
use crate::addresses::Addresses;
use crate::context::Context;
use crate::method::Write;
use crate::webdav::lock::Touch;
use crate::webdav::properties::used;
use crate::world::World;

/// Messages that an inbox holds; older ones make room.
pub const INBOX_MESSAGES: usize = 500;
/// Octets of one object that is written for somebody else; what is longer is the sender's alone.
const LONGEST: usize = 256 << 10;
/// Octets that one change may make the server write for others.
const MOST: u64 = 64 << 20;
/// The calendar of who has none that takes what comes; it need not be there yet.
const FIRST_CALENDAR: &str = "calendar";

/// What became of a message (RFC 6638 section 3.2.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It has arrived.
    Delivered,
    /// Nobody has this address.
    Unknown,
    /// It could not be written: it is too long, there is no room, or there is a lock.
    NotNow,
    /// The address is elsewhere, and nothing is sent from here.
    NoWay,
    /// The receiver knows of no such event, or not of this sender.
    Rejected,
}

impl Status {
    /// As SCHEDULE-STATUS.
    pub fn code(self) -> &'static str {
        match self {
            Status::Delivered => "2.0",
            Status::Unknown => "3.7",
            Status::NotNow => "5.1",
            Status::NoWay => "5.2",
            Status::Rejected => "5.3",
        }
    }
}

/// What is written for the messages of one change.
#[derive(Debug)]
pub struct Delivery<'a> {
    /// The change.
    pub context: &'a Context<'a>,
    /// Who is who.
    pub addresses: Addresses,
    files: BTreeMap<String, Bytes>,
    messages: BTreeMap<String, usize>,
    octets: BTreeMap<String, u64>,
    told: BTreeSet<String>,
}

impl<'a> Delivery<'a> {
    /// Nothing yet.
    pub fn new(context: &'a Context<'a>) -> Delivery<'a> {
        let (files, messages, octets, told) = Default::default();
        Delivery { context, addresses: Addresses::of(context), files, messages, octets, told }
    }

    /// Who is meant by an address, or why nobody can be told.
    pub fn user(&self, address: &str) -> Result<String, Status> {
        match self.addresses.user(address) {
            Some(user) => Ok(user.to_owned()),
            None if self.addresses.is_ours(address) => Err(Status::Unknown),
            None => Err(Status::NoWay),
        }
    }

    /// A new object in the calendar of somebody where invitations go to.
    pub fn add(&mut self, user: &str, object: &CalendarObject, octets: Bytes) -> Status {
        let uid = object.uid();
        let directory = match calendars::default_calendar(self.context.world, user, object.kind()) {
            Some(calendar) => calendar.path.to_string(),
            None => format!("{}/{}", World::home_path(user), first_free(self.context.world, user, object.kind())),
        };
        let digest: String =
            Sha256::digest(uid.as_bytes()).iter().take(16).map(|octet| format!("{octet:02x}")).collect();
        let is_taken = |name: &str| self.context.world.snapshot().entry(&format!("{directory}/{name}")).is_some();
        let name = [format!("{digest}.ics"), format!("{digest}-{}.ics", self.random(user, 0))]
            .into_iter()
            .find(|name| !is_taken(name));
        match name {
            Some(name) => self.write(user, format!("{directory}/{name}"), octets, 0, Touch::Existence),
            None => Status::NotNow,
        }
    }

    /// Another version of what somebody has.
    pub fn change(&mut self, user: &str, copy: &Copy, octets: Bytes) -> Status {
        let before = copy.object.document().octets();
        if octets == *before {
            return Status::Delivered;
        }
        self.write(user, copy.path(), octets, before.len() as u64, Touch::Itself)
    }

    /// A message in the inbox of somebody, who is told.
    pub fn message(&mut self, user: &str, octets: Bytes) -> Status {
        let count = self.messages.get(user).copied().unwrap_or(0);
        let stamp: String =
            platform::clock::rfc3339(self.context.request.now).chars().filter(|c| !matches!(c, '-' | ':')).collect();
        let path = format!("{}/{stamp}-{}.ics", World::inbox_path(user), self.random(user, count + 1));
        let status = self.write(user, path, octets, 0, Touch::Existence);
        if status == Status::Delivered {
            self.messages.insert(user.to_owned(), count + 1);
            self.told.insert(user.to_owned());
        }
        status
    }

    fn write(&mut self, user: &str, path: String, octets: Bytes, before: u64, touch: Touch) -> Status {
        let context = self.context;
        let written = self.octets.get(user).copied().unwrap_or(0) + octets.len() as u64;
        let has_room = used(context.world, user) + written <= context.settings.quota + before;
        let is_free = context.locks.permit(&path, touch, &[], &context.login().user, context.request.now).is_ok();
        if octets.len() > LONGEST || !has_room || !is_free || self.is_full() {
            return Status::NotNow;
        }
        self.octets.insert(user.to_owned(), written);
        self.files.insert(path, octets);
        Status::Delivered
    }

    /// Whether so much is written already that nothing more will be.
    pub fn is_full(&self) -> bool {
        self.octets.values().sum::<u64>() > MOST
    }

    /// Eight digits that are others for each request, user and number.
    fn random(&self, user: &str, number: usize) -> String {
        let mut hash = Sha256::new();
        hash.update(self.context.request.random);
        hash.update(user.as_bytes());
        hash.update(number.to_be_bytes());
        hash.finalize().iter().take(4).map(|octet| format!("{octet:02x}")).collect()
    }

    /// All that is to be written, and who was told.
    pub fn finish(self) -> (Vec<Write>, Vec<String>) {
        let mut writes: Vec<Write> = self.files.into_iter().map(|(path, octets)| Write::File(path, octets)).collect();
        for (user, count) in &self.messages {
            let Some(inbox) = self.context.world.collection(&World::inbox_path(user)) else { continue };
            let surplus = (inbox.len() + count).saturating_sub(INBOX_MESSAGES);
            // Their names begin with the time at which they came.
            let oldest = inbox.members().take(surplus);
            writes.extend(oldest.map(|message| Write::Remove(format!("{}/{}", inbox.path, message.name))));
        }
        (writes, self.told.into_iter().collect())
    }
}

/// The name of a calendar that takes such objects, for who has none.
fn first_free(world: &World, user: &str, kind: Kind) -> String {
    let is_free = |name: &str| world.snapshot().entry(&format!("{}/{name}", World::home_path(user))).is_none();
    let mine = format!("{FIRST_CALENDAR}-{}", kind.name().to_ascii_lowercase());
    if is_free(FIRST_CALENDAR) { FIRST_CALENDAR.to_owned() } else { mine }
}
