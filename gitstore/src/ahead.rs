//! The next push's git-receive-pack, started while the present push is under way, so that nobody waits for its start.
//!
//! Its list of references is old when it is used. That does no harm: git compares the old value that a push names with
//! the reference as it is when it is locked. Servers that compare with the list say so, and are not asked this way
//! again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::error::RemoteError;
use crate::exchange::Exchange;
use crate::origin::Origin;
use crate::protocol::push::Advertised;
use crate::remote::Service;

/// A push this soon after another means that more will come; and so long the command is kept.
const SOON: Duration = Duration::from_secs(1);

/// A git-receive-pack that waits for commands.
pub(crate) struct Ready {
    pub(crate) exchange: Exchange,
    pub(crate) advertised: Advertised,
    /// Was it started for this push, or earlier?
    pub(crate) fresh: bool,
}

/// The command that was started ahead, if any.
#[derive(Default)]
pub(crate) struct Ahead(Mutex<Slot>);

#[derive(Default)]
struct Slot {
    waiting: Option<Waiting>,
    count: u64,
    last_push: Option<Instant>,
    forbidden: bool,
}

struct Waiting {
    reference: String,
    number: u64,
    start: JoinHandle<Result<Ready, RemoteError>>,
}

impl Ahead {
    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This server does not work so.
    pub(crate) fn forbid(&self) {
        self.slot().forbidden = true;
    }

    fn take(&self, wanted: impl Fn(&Waiting) -> bool) -> Option<Waiting> {
        self.slot().waiting.take_if(|waiting| wanted(waiting))
    }
}

impl Origin {
    /// A git-receive-pack that waits for commands: the one started ahead, or a new one.
    pub(crate) async fn ready(&self, reference: &str) -> Result<Ready, RemoteError> {
        if let Some(waiting) = self.ahead.take(|waiting| waiting.reference == reference)
            && let Ok(Ok(ready)) = waiting.start.await
        {
            return Ok(Ready { fresh: false, ..ready });
        }
        self.start_push(reference).await
    }

    /// Makes sure that the next push has a new command.
    pub(crate) async fn abandon_ahead(&self) {
        if let Some(waiting) = self.ahead.take(|_| true)
            && let Ok(Ok(ready)) = waiting.start.await
        {
            ready.exchange.abandon();
        }
    }

    async fn start_push(&self, reference: &str) -> Result<Ready, RemoteError> {
        let mut exchange = self.remote.start(Service::ReceivePack).await?;
        let advertised = exchange.advertised(reference, self.limits.advertisement_octets).await?;
        Ok(Ready { exchange, advertised, fresh: true })
    }

    /// A push begins: if they come often, starts the next one's command.
    pub(crate) fn start_ahead(self: &Arc<Origin>, reference: &str) {
        let mut slot = self.ahead.slot();
        let busy = slot.last_push.replace(Instant::now()).is_some_and(|last| last.elapsed() < SOON);
        if !busy || slot.forbidden || slot.waiting.is_some() {
            return;
        }
        slot.count += 1;
        let number = slot.count;
        let (origin, name) = (self.clone(), reference.to_owned());
        let start = tokio::spawn(async move { origin.start_push(&name).await });
        slot.waiting = Some(Waiting { reference: reference.to_owned(), number, start });
        tokio::spawn(abandon_later(self.clone(), number));
    }
}

async fn abandon_later(origin: Arc<Origin>, number: u64) {
    sleep(SOON).await;
    if let Some(waiting) = origin.ahead.take(|waiting| waiting.number == number)
        && let Ok(Ok(ready)) = waiting.start.await
    {
        ready.exchange.abandon();
    }
}
