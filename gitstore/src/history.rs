//! Older commits, fetched when they are asked for.

use crate::branch::Branch;
use crate::chain::Chain;
use crate::error::RemoteError;
use crate::snapshot::Snapshot;

/// Is the chain's tip in the history of `seen`?
pub(crate) async fn contains(_branch: &Branch, seen: &Snapshot, chain: &Chain) -> Result<bool, RemoteError> {
    Ok(seen.commit() == chain.tip().commit())
}
