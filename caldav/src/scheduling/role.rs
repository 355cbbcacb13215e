//! What an object is to the owner of its calendar: an event that the owner organizes, or one that the owner is invited
//! to (RFC 6638 section 3.1).

use ical::itip::{self, Identify, TwoOrganizers};
use ical::{CalendarObject, Kind};

/// What an object is to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// They invite others to it.
    Organizer,
    /// They are invited to it.
    Attendee {
        /// By whom.
        organizer: String,
        /// Whether the server is to send answers to the organizer.
        is_answered: bool,
    },
    /// Nobody is told of it.
    None,
}

/// What an object is to whoever has an identity. Two organizers are no matter where that is not one of the people in
/// it.
pub fn role(object: &CalendarObject, who: &str, identify: Identify<'_>) -> Result<Role, TwoOrganizers> {
    if !matches!(object.kind(), Kind::Event | Kind::Todo) || !concerns(object, who, identify) {
        return Ok(Role::None);
    }
    let Some(organizer) = itip::organizer(object, identify)? else { return Ok(Role::None) };
    if organizer != who {
        let lines = itip::instances(object).flat_map(|(_, component)| component.properties_named("ORGANIZER"));
        let is_answered = lines.into_iter().all(itip::is_scheduled_by_server);
        return Ok(Role::Attendee { organizer, is_answered });
    }
    let is_other = |address: &str| identify(address) != who;
    let mut attendees = itip::instances(object).flat_map(|(_, component)| component.properties_named("ATTENDEE"));
    Ok(if attendees.any(|attendee| is_other(&attendee.value())) { Role::Organizer } else { Role::None })
}

/// Whether somebody is one of the people in an object.
fn concerns(object: &CalendarObject, who: &str, identify: Identify<'_>) -> bool {
    let mut people = itip::instances(object).flat_map(|(_, component)| component.properties());
    people.any(|one| (one.is("ORGANIZER") || one.is("ATTENDEE")) && identify(&one.value()) == who)
}
