//! A change on its way: decided on the tree that its commit will stand on, pushed, and then what everybody sees.

use std::sync::Arc;

use gitstore::{CommitError, Edit, Identity, ReadError};

use crate::calendar_server::handle;
use crate::context::{Health, address_of};
use crate::error::Error;
use crate::method::{Change, Outcome, Write};
use crate::repository::trailer;
use crate::request::{Request, Response};
use crate::service::exchange::context;
use crate::service::{Service, follow};
use crate::world::World;

/// Decides once more, on the tree that the commit will stand on, as often as that is another one.
pub async fn commit(service: &Arc<Service>, request: &Request, message: String) -> Result<Response, Error> {
    let (decider, decided) = (Arc::clone(service), request.clone());
    let edit = move |edit: &mut Edit| {
        let world = decider.published.at(edit.base());
        let (locks, health) = (decider.locks(), Health::default());
        let context = context(&decider, &world, &decided, &locks, &health);
        match handle(&context)? {
            Outcome::Change(change) => {
                apply(edit, &change.writes).map_err(|error| Error::Internal(error.to_string()))?;
                let (user, trailer) = (&decided.login.user, trailer::of(change.writes.iter().map(Write::path)));
                edit.set_message(format!("{user}: {}\n{trailer}", change.message));
                Ok(change)
            }
            Outcome::Reply(response) => Ok(Change::new(Vec::new(), String::new(), response)),
            Outcome::Locks(..) | Outcome::History(_) => {
                Err(Error::Internal("a change became something else".to_owned()))
            }
        }
    };
    let author = service.author(&request.login.user);
    let committed = service.store.commit(author, format!("{}: {message}", request.login.user), edit).await;
    let change = committed.map_err(refusal)?.value;
    follow::publish(service);
    for lock in &change.locks {
        service.change_locks(lock)?;
    }
    Ok(change.response)
}

/// Makes the changes in a tree.
pub fn apply(edit: &mut Edit, writes: &[Write]) -> Result<(), ReadError> {
    for write in writes {
        match write {
            Write::File(path, octets) => edit.write(path, octets.clone())?,
            Write::Remove(path) => edit.remove(path)?,
        }
    }
    Ok(())
}

/// Why a commit was not made.
pub fn refusal(error: CommitError<Error>) -> Error {
    match error {
        CommitError::Edit(error) => error,
        CommitError::Refused { reason } => Error::Refused(reason),
        CommitError::Unknown { reason, .. } => Error::Unknown(reason),
        other => Error::RemoteDown(other.to_string()),
    }
}

/// Who makes a change, as commits name them.
pub fn identity(world: &World, user: &str, hostname: &str) -> Identity {
    let known = world.user(user);
    let name = known.and_then(|user| user.display_name.clone()).unwrap_or_else(|| user.to_owned());
    let email = known.and_then(|user| user.email.first().cloned()).unwrap_or_else(|| address_of(user, hostname));
    Identity { name, email }
}
