//! Schedule tags (RFC 6638 section 3.2.10): another one when an object was changed otherwise than by the answers of
//! others.
//!
//! A tag is made of what the object says, so that it is the same after a restart, and on every server of the
//! repository.

use ical::{CalendarObject, itip};
use sha2::{Digest, Sha256};

use super::role::{Role, role};
use crate::addresses::Addresses;
use crate::context::Context;
use crate::resource::principal_href;
use crate::world::Collection;

/// The tag of an object in a calendar, with its quotes; none for what is nobody's invitation.
pub fn of(context: &Context<'_>, collection: &Collection, object: &CalendarObject) -> Option<String> {
    if !collection.is_calendar() {
        return None;
    }
    let addresses = Addresses::of_one(context, collection.owner());
    let identify = |address: &str| addresses.identity(address);
    let owner = principal_href(collection.owner());
    match role(object, &owner, &identify) {
        Ok(Role::Organizer | Role::Attendee { .. }) => {}
        Ok(Role::None) | Err(_) => return None,
    }
    let digest = Sha256::digest(itip::fingerprint(object, &owner, &identify).as_bytes());
    let digits: String = digest.iter().take(10).map(|octet| format!("{octet:02x}")).collect();
    Some(format!("\"{digits}\""))
}
