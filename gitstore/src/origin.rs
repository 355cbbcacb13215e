//! Between the snapshots here and the repository there: a fetch becomes a snapshot, a chain of commits becomes a push.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard};

use gix_hash::ObjectId;
use tokio::time::timeout;

use crate::ahead::{Ahead, Ready};
use crate::chain::Chain;
use crate::error::{ObjectError, ProtocolError, RemoteError};
use crate::object::Kind;
use crate::object::commit::Commit;
use crate::object::database::Database;
use crate::object::pack_reader::{Keep, PackReader, Unpacked};
use crate::object::tree::Child;
use crate::protocol::fetch::{FetchRequest, Fetched, Want};
use crate::protocol::push::Report;
use crate::remote::{Remote, Service};
use crate::snapshot::Snapshot;
use crate::{Limits, Options};

/// A whole fetch may take as long as this many silences: a server can say something for ever, and nothing to the point.
const FETCH_SILENCES: u32 = 20;

/// One repository, and what of it we hold.
pub(crate) struct Origin {
    pub(crate) remote: Remote,
    pub(crate) limits: Limits,
    pub(crate) ahead: Ahead,
    database: Mutex<Database>,
}

/// A packfile that has been fetched and unpacked.
pub(crate) struct Arrived {
    pub(crate) fetched: Fetched,
    pub(crate) unpacked: Unpacked,
}

/// Where a reference stands.
#[derive(Debug)]
pub(crate) enum Tip {
    /// As in the snapshot that was compared with.
    Unchanged,
    Moved(Snapshot),
    /// There is no such reference, but there are these branches.
    Missing {
        others: Vec<String>,
    },
}

/// What came of a push.
#[derive(Debug)]
pub(crate) enum Outcome {
    Accepted,
    /// The reference is elsewhere.
    Moved,
    /// The reference may be elsewhere, or locked, or guarded by a hook: the remote's words do not tell for sure.
    Declined {
        reason: String,
        words: String,
    },
    /// The remote lacks something, or does not like an object.
    NotUnpacked {
        reason: String,
    },
}

impl Origin {
    pub(crate) fn new(options: &Options, net: platform::net::Net) -> Origin {
        Origin {
            remote: Remote::new(options, net),
            limits: options.limits,
            ahead: Ahead::default(),
            database: Mutex::default(),
        }
    }

    pub(crate) fn database(&self) -> MutexGuard<'_, Database> {
        self.database.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Fetches the tip of `reference`, unless it is the one in `have`.
    pub(crate) async fn fetch_tip(&self, reference: &str, have: Option<&Snapshot>) -> Result<Tip, RemoteError> {
        let known = have.and_then(Snapshot::commit);
        let result = match self.fetch_tip_over(reference, known).await {
            // The server took for granted what we do not have: once more, taking nothing for granted.
            Err(RemoteError::Protocol {
                error: ProtocolError::Object(ObjectError::BaseMissing { .. } | ObjectError::Missing(_)),
                ..
            }) => self.fetch_tip_over(reference, None).await,
            result => result,
        };
        if result.is_err() {
            // Whatever is wrong on the far side may be bound to the connection, such as a forced command.
            self.remote.hang_up().await;
        }
        result
    }

    async fn fetch_tip_over(&self, reference: &str, have: Option<ObjectId>) -> Result<Tip, RemoteError> {
        let request = self.request(reference, Want::Tip, have);
        let arrived = self.fetch(request, Keep::Everything).await?;
        let Some(tip) = arrived.fetched.tip else {
            return Ok(Tip::Missing { others: arrived.fetched.others });
        };
        if Some(tip) == have {
            return Ok(Tip::Unchanged);
        }
        self.snapshot(tip, &arrived.unpacked).map(Tip::Moved).map_err(|error| self.bad_object(error))
    }

    pub(crate) fn request(&self, reference: &str, want: Want, have: Option<ObjectId>) -> FetchRequest {
        FetchRequest {
            reference: reference.to_owned(),
            want,
            have,
            depth: 1,
            commits_only: false,
            advertisement_limit: self.limits.advertisement_octets,
        }
    }

    pub(crate) async fn fetch(&self, request: FetchRequest, keep: Keep) -> Result<Arrived, RemoteError> {
        let tolerant = request.have.is_none();
        let mut reader = PackReader::new(self.limits.within(platform::memory::left()), keep);
        let exchange = self.remote.start(Service::UploadPack).await?;
        let whole = self.limits.silence * FETCH_SILENCES;
        let fetched =
            timeout(whole, exchange.fetch(request, &mut reader)).await.unwrap_or_else(|_| Err(self.endless()))?;
        let unpacked = match fetched.pack {
            true => self.unpack(reader, tolerant).await.map_err(|error| self.bad_object(error))?,
            false => Unpacked::default(),
        };
        Ok(Arrived { fetched, unpacked })
    }

    fn endless(&self) -> RemoteError {
        RemoteError::Protocol { remote: self.remote.label(), error: ProtocolError::Limit("the time of a fetch") }
    }

    /// Resolves the deltas, and lets others run in between.
    async fn unpack(&self, reader: PackReader, tolerant: bool) -> Result<Unpacked, ObjectError> {
        let mut resolver = reader.finish()?;
        while resolver.step(&*self.database())? {
            tokio::task::yield_now().await;
        }
        resolver.finish(tolerant)
    }

    pub(crate) fn snapshot(&self, commit: ObjectId, unpacked: &Unpacked) -> Result<Snapshot, ObjectError> {
        let Some((Kind::Commit, octets)) = unpacked.objects.get(&commit) else {
            return Err(ObjectError::Missing(commit));
        };
        let commit = Arc::new(Commit::decode(commit, octets.clone())?);
        let mut database = self.database();
        let root = database.adopt(commit.info.tree, unpacked, &self.limits)?;
        database.insert_commit(&commit);
        Ok(Snapshot { commit: Some(commit), root })
    }

    pub(crate) fn bad_object(&self, error: ObjectError) -> RemoteError {
        RemoteError::Protocol { remote: self.remote.label(), error: error.into() }
    }

    /// Pushes a chain. `lean`: what we hold of the repository is taken to be there, not only the tip's tree.
    pub(crate) async fn push(
        self: &Arc<Origin>,
        reference: &str,
        chain: &Chain,
        lean: bool,
        sent: &AtomicBool,
    ) -> Result<Outcome, RemoteError> {
        let (Some(new), old) = (chain.tip().commit(), chain.base.commit()) else {
            return Ok(Outcome::Accepted);
        };
        let Ready { exchange, advertised, fresh } = self.ready(reference).await?;
        if fresh && advertised.tip != old {
            exchange.abandon();
            return Ok(Outcome::Moved);
        }
        let pack = chain.pack(lean.then(|| self.database()).as_deref());
        let (command, report) = advertised.command(reference, old, new);
        self.start_ahead(reference);
        Ok(match exchange.push(command, pack, report, sent).await? {
            Report::Accepted => Outcome::Accepted,
            Report::NotMoved { reason, .. } if !fresh => {
                // Perhaps only because the command is older than the branch: a new one will tell.
                if reason.contains("old id") {
                    self.ahead.forbid();
                }
                self.abandon_ahead().await;
                Outcome::Moved
            }
            Report::NotMoved { reason, words } => Outcome::Declined { reason, words },
            Report::NotUnpacked { reason } => Outcome::NotUnpacked { reason },
        })
    }

    /// The remote has taken the chain: later deltas may stand on its objects.
    pub(crate) fn accepted(&self, chain: &Chain) {
        let mut database = self.database();
        for link in &chain.links {
            for object in &link.objects {
                database.insert(&object.child);
            }
            database.insert(&Child::Directory(link.snapshot.root.clone()));
            database.insert_commit(&link.commit);
        }
    }
}
