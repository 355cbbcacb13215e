//! What one user may have: octets, collections, and collections inside one another.

use http::StatusCode;

use crate::context::Context;
use crate::error::Error;
use crate::webdav::names::DAV;
use crate::webdav::properties::used;
use crate::world::World;

/// Collections that one user may have.
const MOST: usize = 1000;
/// Collections inside one another, the names above a home counted.
const DEPTH: usize = 16;

/// Whether a user's calendars have room for so many octets `more` when so many `less` are gone (RFC 4331).
pub fn check_octets(context: &Context<'_>, owner: &str, more: u64, less: u64) -> Result<(), Error> {
    let quota = context.settings.quota;
    if used(context.world, owner) + more <= quota + less {
        return Ok(());
    }
    let reason = format!("the calendars would have more than the {quota} octets they may have");
    let (status, name) = (StatusCode::INSUFFICIENT_STORAGE, (DAV, "quota-not-exceeded"));
    Err(Error::Condition { status, name, href: None, reason })
}

/// Whether the user who asks may have so many collections more, the deepest of them at this path of the repository.
pub fn check_collections(context: &Context<'_>, more: usize, deepest: &str) -> Result<(), Error> {
    let home = World::home_path(&context.login().user);
    if context.world.below(&home).count() + more > MOST || deepest.split('/').count() > DEPTH {
        return Err(Error::TooLarge(format!("more than {MOST} collections, or {DEPTH} inside one another")));
    }
    Ok(())
}
