//! A zone on its way in: ask for the SOA, then for what changed (RFC 1995), else for all of it (RFC 5936).
//!
//! Each state awaits one message; [`Awaiting::handle`] gives the next one. Nothing that came counts before its end and
//! its last signature were seen. A peer decides neither how much is kept nor for how long: see [`Limits`], and time is
//! the caller's.

mod error;
mod exchange;
mod full;
mod incremental;
#[cfg(test)]
mod tests;

use crate::keys::Key;
use crate::message::Rcode;
use crate::name::Name;
use crate::record::{Record, Serial, Soa};
use crate::record_type::RecordType;
use crate::transfer::Difference;
use crate::zone::Zone;

pub use error::TransferError;
use exchange::{Exchange, Opened};
use full::Full;
use incremental::Incremental;

/// How much of one answer is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of all its messages.
    pub octets: usize,
    /// Its records.
    pub records: usize,
}

impl Default for Limits {
    /// A gigabyte, sixteen million records.
    fn default() -> Limits {
        Limits { octets: 1 << 30, records: 16_000_000 }
    }
}

/// What is asked for, and what is there already.
#[derive(Clone, Debug)]
pub struct Asking {
    /// The zone.
    pub apex: Name,
    /// The version that is held; none makes every version of the primary a new one.
    pub held: Option<Zone>,
    /// Signs the requests; then every answer must be signed.
    pub key: Option<Key>,
    /// How much is taken.
    pub limits: Limits,
}

/// A request to send, and the state that awaits its answer.
#[derive(Debug)]
pub struct Ask {
    /// The message.
    pub octets: Vec<u8>,
    /// What handles the answer.
    pub awaiting: Awaiting,
}

/// Which answer is awaited.
#[derive(Debug)]
pub enum Awaiting {
    /// That to the question for the SOA.
    Soa(ExpectSoa),
    /// The first or a later message of an incremental transfer.
    Ixfr(ExpectIxfr),
    /// The first or a later message of a whole zone.
    Axfr(ExpectAxfr),
}

/// What comes after a message.
#[derive(Debug)]
pub enum Next {
    /// Send this to the same primary.
    Ask(Ask),
    /// The answer goes on.
    More(Awaiting),
    /// The primary has the version that is held.
    UpToDate,
    /// The primary has an older version than the one that is held.
    Behind(Serial),
    /// A new version, whole and proven.
    NewVersion(Box<NewVersion>),
    /// The primary says, signed, that it has no such zone (any more): NOTAUTH.
    Gone,
    /// Nothing came of it.
    Failed(Failure),
}

/// A version that came.
#[derive(Debug)]
pub struct NewVersion {
    /// The zone.
    pub zone: Zone,
    /// The steps from the held version to it, oldest first; none when the whole zone came.
    pub steps: Option<Vec<Difference>>,
    /// Records that came and are not of the zone: they were left out.
    pub ignored: usize,
}

/// Why nothing came of it.
#[derive(Debug)]
pub struct Failure {
    /// The reason.
    pub error: TransferError,
    /// Whether messages of the answer may follow that nobody awaits: the connection is best closed.
    pub unfinished: bool,
}

impl Asking {
    /// Asks for the SOA. Signed and over TCP, that also makes a MirageOS primary tell of changes over the connection.
    pub fn soa(self, id: u16, now: u64) -> Ask {
        let (octets, exchange) = Exchange::start(&self, RecordType::SOA, id, now);
        Ask { octets, awaiting: Awaiting::Soa(ExpectSoa { asking: self, exchange }) }
    }

    /// Asks for what changed, or for all when nothing is held. `expected` is the serial that the primary is known to
    /// have.
    pub fn transfer(self, expected: Option<Serial>, id: u16, now: u64) -> Ask {
        let Some(held) = self.held.clone() else { return self.axfr(expected, id, now) };
        let (octets, exchange) = Exchange::start(&self, RecordType::IXFR, id, now);
        let answer = IxfrAnswer::Nothing;
        Ask { octets, awaiting: Awaiting::Ixfr(ExpectIxfr { asking: self, held, expected, exchange, answer }) }
    }

    /// Asks for all of the zone.
    pub fn axfr(self, expected: Option<Serial>, id: u16, now: u64) -> Ask {
        let (octets, exchange) = Exchange::start(&self, RecordType::AXFR, id, now);
        Ask { octets, awaiting: Awaiting::Axfr(ExpectAxfr { asking: self, expected, exchange, answer: None }) }
    }
}

impl Awaiting {
    /// ID of the messages that are awaited.
    pub fn id(&self) -> u16 {
        match self {
            Awaiting::Soa(state) => state.exchange.id(),
            Awaiting::Ixfr(state) => state.exchange.id(),
            Awaiting::Axfr(state) => state.exchange.id(),
        }
    }

    /// Takes the next message; `next_id` is for the request that it may lead to, `now` in seconds since 1970.
    pub fn handle(self, octets: &[u8], next_id: u16, now: u64) -> Next {
        match self {
            Awaiting::Soa(state) => state.handle(octets, next_id, now),
            Awaiting::Ixfr(state) => state.handle(octets, next_id, now),
            Awaiting::Axfr(state) => state.handle(octets, now),
        }
    }
}

/// Awaits the SOA.
#[derive(Debug)]
pub struct ExpectSoa {
    asking: Asking,
    exchange: Exchange,
}

impl ExpectSoa {
    fn handle(mut self, octets: &[u8], next_id: u16, now: u64) -> Next {
        let opened = match self.exchange.open(octets, now) {
            Ok(opened) => opened,
            Err(error) => return failed(error, false),
        };
        if let Some(next) = refusal(&opened) {
            return next;
        }
        let Some(soa) = opened.records.iter().find_map(|record| soa_of(record, &self.asking.apex)) else {
            return failed(TransferError::NoSoa, false);
        };
        match compare(self.asking.held.as_ref(), soa.serial) {
            Compared::Newer => Next::Ask(self.asking.transfer(Some(soa.serial), next_id, now)),
            Compared::Same => Next::UpToDate,
            Compared::Older => Next::Behind(soa.serial),
        }
    }
}

/// Awaits a message of an incremental transfer, which may turn out to be the whole zone (RFC 1995 section 4).
#[derive(Debug)]
pub struct ExpectIxfr {
    asking: Asking,
    held: Zone,
    expected: Option<Serial>,
    exchange: Exchange,
    answer: IxfrAnswer,
}

/// What the answer has shown itself to be.
#[derive(Debug)]
enum IxfrAnswer {
    Nothing,
    /// The first record, whose successor tells.
    Soa(Record),
    Steps(Box<Incremental>),
    Full(Box<Full>),
}

/// Whether an answer is at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Open,
    Ended,
}

impl ExpectIxfr {
    fn handle(mut self, octets: &[u8], next_id: u16, now: u64) -> Next {
        let opened = match self.exchange.open(octets, now) {
            Ok(opened) => opened,
            Err(error) => return self.fall_back(error, next_id, now),
        };
        match refusal(&opened) {
            Some(Next::Failed(failure)) => return self.fall_back(failure.error, next_id, now),
            Some(next) => return next,
            None => {}
        }
        if let Some(next) = self.single_soa(&opened.records) {
            return next;
        }
        match self.take(opened.records) {
            Ok(Progress::Open) => Next::More(Awaiting::Ixfr(self)),
            Ok(Progress::Ended) => self.finish(next_id, now),
            Err(error) => self.fall_back(error, next_id, now),
        }
    }

    /// RFC 1995 section 2: who has this version or a newer one gets the SOA alone.
    fn single_soa(&self, records: &[Record]) -> Option<Next> {
        let (IxfrAnswer::Nothing, [only]) = (&self.answer, records) else { return None };
        let soa = soa_of(only, &self.asking.apex)?;
        match compare(Some(&self.held), soa.serial) {
            // The rest comes in further messages.
            Compared::Newer => None,
            Compared::Same => Some(Next::UpToDate),
            Compared::Older => Some(Next::Behind(soa.serial)),
        }
    }

    fn take(&mut self, records: Vec<Record>) -> Result<Progress, TransferError> {
        let mut progress = Progress::Open;
        for record in records {
            if progress == Progress::Ended {
                return Err(TransferError::AfterEnd);
            }
            progress = self.take_one(record)?;
        }
        Ok(progress)
    }

    fn take_one(&mut self, record: Record) -> Result<Progress, TransferError> {
        match &mut self.answer {
            IxfrAnswer::Steps(steps) => steps.take(record),
            IxfrAnswer::Full(full) => full.take(record),
            IxfrAnswer::Nothing => {
                let soa = soa_of(&record, &self.asking.apex).ok_or(TransferError::NoSoa)?;
                check_serial(Some(&self.held), self.expected, soa.serial)?;
                self.answer = IxfrAnswer::Soa(record);
                Ok(Progress::Open)
            }
            IxfrAnswer::Soa(first) => {
                let first = first.clone();
                match soa_of(&record, &self.asking.apex) {
                    Some(second) if second.serial == self.held.serial() => {
                        let steps = Incremental::new(self.held.clone(), first)?;
                        self.answer = IxfrAnswer::Steps(Box::new(steps));
                        Ok(Progress::Open)
                    }
                    _ => {
                        let mut full = Full::new(self.asking.apex.clone(), first)?;
                        let progress = full.take(record)?;
                        self.answer = IxfrAnswer::Full(Box::new(full));
                        Ok(progress)
                    }
                }
            }
        }
    }

    fn finish(mut self, next_id: u16, now: u64) -> Next {
        if let Err(error) = self.exchange.finish() {
            return failed(error, false);
        }
        let version = match std::mem::replace(&mut self.answer, IxfrAnswer::Nothing) {
            IxfrAnswer::Steps(steps) => Ok(steps.finish()),
            IxfrAnswer::Full(full) => full.finish(),
            IxfrAnswer::Nothing | IxfrAnswer::Soa(_) => Err(TransferError::NoSoa),
        };
        match version {
            Ok(version) => Next::NewVersion(Box::new(version)),
            Err(error) => self.fall_back(error, next_id, now),
        }
    }

    /// RFC 1995 section 4: what cannot be had step by step is asked for as a whole. Who signs wrongly, or sends too
    /// much, is not asked again.
    fn fall_back(self, error: TransferError, next_id: u16, now: u64) -> Next {
        let unfinished = self.exchange.messages() > 1 || !matches!(error, TransferError::Refused(_));
        match error.is_of_steps() {
            true => Next::Ask(self.asking.axfr(self.expected, next_id, now)),
            false => failed(error, unfinished),
        }
    }
}

/// Awaits a message of a whole zone.
#[derive(Debug)]
pub struct ExpectAxfr {
    asking: Asking,
    expected: Option<Serial>,
    exchange: Exchange,
    answer: Option<Box<Full>>,
}

impl ExpectAxfr {
    fn handle(mut self, octets: &[u8], now: u64) -> Next {
        let opened = match self.exchange.open(octets, now) {
            Ok(opened) => opened,
            Err(error) => return failed(error, true),
        };
        if let Some(next) = refusal(&opened) {
            return next;
        }
        match self.take(opened.records) {
            Ok(Progress::Open) => Next::More(Awaiting::Axfr(self)),
            Ok(Progress::Ended) => self.finish(),
            Err(error) => failed(error, true),
        }
    }

    fn take(&mut self, records: Vec<Record>) -> Result<Progress, TransferError> {
        let mut progress = Progress::Open;
        for record in records {
            if progress == Progress::Ended {
                return Err(TransferError::AfterEnd);
            }
            progress = match &mut self.answer {
                Some(full) => full.take(record)?,
                None => {
                    let soa = soa_of(&record, &self.asking.apex).ok_or(TransferError::NoSoa)?;
                    check_serial(self.asking.held.as_ref(), self.expected, soa.serial)?;
                    self.answer = Some(Box::new(Full::new(self.asking.apex.clone(), record)?));
                    Progress::Open
                }
            };
        }
        Ok(progress)
    }

    fn finish(mut self) -> Next {
        if let Err(error) = self.exchange.finish() {
            return failed(error, false);
        }
        let full = self.answer.ok_or(TransferError::NoSoa).and_then(|full| full.finish());
        match full {
            Ok(version) => Next::NewVersion(Box::new(version)),
            Err(error) => failed(error, false),
        }
    }
}

fn failed(error: TransferError, unfinished: bool) -> Next {
    Next::Failed(Failure { error, unfinished })
}

/// NOTAUTH takes a zone away only when nobody else can have said it.
fn refusal(opened: &Opened) -> Option<Next> {
    match opened.rcode {
        Rcode::NOERROR => None,
        Rcode::NOTAUTH if opened.signed => Some(Next::Gone),
        rcode => Some(failed(TransferError::Refused(rcode), false)),
    }
}

/// The SOA in a record, when it is that of the zone.
fn soa_of(record: &Record, apex: &Name) -> Option<Soa> {
    let is_soa = record.rtype == RecordType::SOA && record.owner == *apex;
    is_soa.then(|| Soa::decode(&record.rdata).ok()).flatten()
}

enum Compared {
    Newer,
    Same,
    Older,
}

fn compare(held: Option<&Zone>, serial: Serial) -> Compared {
    match held.map(Zone::serial) {
        None => Compared::Newer,
        Some(held) if serial == held => Compared::Same,
        Some(held) if serial.is_after(held) => Compared::Newer,
        Some(_) => Compared::Older,
    }
}

/// A transfer brings what is newer than what is held, and nothing older than what the SOA promised.
fn check_serial(held: Option<&Zone>, expected: Option<Serial>, came: Serial) -> Result<(), TransferError> {
    let newer = matches!(compare(held, came), Compared::Newer);
    match newer && !expected.is_some_and(|expected| expected.is_after(came)) {
        true => Ok(()),
        false => Err(TransferError::Serial { came, held: held.map(Zone::serial), expected }),
    }
}
