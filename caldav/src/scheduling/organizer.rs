//! What an organizer does: invite, change, and call off (RFC 6638 section 3.2.1).

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use ical::CalendarObject;
use ical::itip::{self, Draft, Instance, Invited, Kept};
use ical::patch::NewProperty;

use super::calendars::{self, Copy};
use super::delivery::{Delivery, Status};
use crate::PRODUCT;
use crate::context::Context;
use crate::error::Error;
use crate::method::put::refusal;

/// Letters that are kept for others who are invited to the same.
const LETTERS: usize = 16;

/// An event that its organizer changes.
struct Event<'a> {
    before: Option<&'a CalendarObject>,
    after: &'a CalendarObject,
    /// Both as others may see them.
    old: Option<Draft>,
    new: Draft,
    rescheduled: BTreeSet<Instance>,
    organizer: &'a str,
}

/// What those get who are invited to the same instances.
struct Letter {
    old: Option<Draft>,
    new: Draft,
    is_news: bool,
    message: Bytes,
    object: Option<CalendarObject>,
}

/// Tells everybody who is concerned; the octets to be stored.
pub fn store(
    delivery: &mut Delivery<'_>,
    organizer: &str,
    before: Option<&CalendarObject>,
    sent: &CalendarObject,
) -> Result<Bytes, Error> {
    let addresses = delivery.addresses.clone();
    let identify = |address: &str| addresses.identity(address);
    let octets = with_answers(delivery, organizer, before, sent);
    let after = CalendarObject::parse(octets, delivery.context.parser.zones()).map_err(refusal)?;
    let event = Event {
        before,
        after: &after,
        old: before.map(|before| Draft::of(before).public()),
        new: Draft::of(&after).public(),
        rescheduled: before.map(|before| itip::rescheduled(before, &after)).unwrap_or_default(),
        organizer,
    };
    let mut invited = itip::invited(&after, &identify);
    for (who, asked) in itip::invited(sent, &identify).into_iter().filter(|(_, asked)| asked.is_forced) {
        invited.entry(who).and_modify(|known| known.is_forced = asked.is_forced);
    }
    invited.remove(organizer);
    let mut was_invited = before.map(|before| itip::invited(before, &identify)).unwrap_or_default();
    was_invited.remove(organizer);
    let statuses = invite(delivery, &event, &invited, &was_invited, &identify);
    // Whom the client tells from now on is still invited.
    for (who, then) in was_invited.iter().filter(|(who, _)| !itip::is_invited(&after, who, &identify)) {
        if let (Ok(user), Some(old)) = (delivery.user(&then.address), &event.old) {
            call_off(delivery, old, then, who, &user, organizer, event.new.sequence());
        }
    }
    Ok(with_statuses(&after, &statuses, &identify))
}

/// Tells those who are invited now; what became of it, for those for whom something is new.
fn invite(
    delivery: &mut Delivery<'_>,
    event: &Event<'_>,
    invited: &BTreeMap<String, Invited>,
    was_invited: &BTreeMap<String, Invited>,
    identify: itip::Identify<'_>,
) -> BTreeMap<String, Status> {
    let mut statuses: BTreeMap<String, Status> = BTreeMap::new();
    let mut letters: BTreeMap<(BTreeSet<Instance>, Option<BTreeSet<Instance>>), Letter> = BTreeMap::new();
    for (who, now) in invited {
        let then = was_invited.get(who).map(|then| then.instances.clone());
        let status = match delivery.user(&now.address) {
            Err(status) => Some(status),
            Ok(_) if delivery.is_full() => Some(Status::NotNow),
            Ok(user) => {
                if letters.len() >= LETTERS {
                    letters.clear();
                }
                let letter = letters.entry((now.instances.clone(), then));
                let letter =
                    letter.or_insert_with_key(|(now, then)| letter_for(delivery.context, event, now, then.as_ref()));
                tell(delivery, event, letter, now, who, &user, identify)
            }
        };
        statuses.extend(status.map(|status| (who.clone(), status)));
    }
    statuses
}

/// Tells everybody that there is no such event any more.
pub fn remove(delivery: &mut Delivery<'_>, organizer: &str, object: &CalendarObject) {
    let addresses = delivery.addresses.clone();
    let identify = |address: &str| addresses.identity(address);
    let draft = Draft::of(object).public();
    let sequence = draft.sequence().saturating_add(1);
    for (who, invited) in itip::invited(object, &identify).iter().filter(|(who, _)| *who != organizer) {
        if let Ok(user) = delivery.user(&invited.address) {
            call_off(delivery, &draft, invited, who, &user, organizer, sequence);
        }
    }
}

/// What attendees have answered is theirs to say, whatever the organizer's client still has; but when the event takes
/// place at another time, they are asked again (RFC 6638 sections 3.2.8 and 3.2.10).
fn with_answers(
    delivery: &Delivery<'_>,
    organizer: &str,
    before: Option<&CalendarObject>,
    sent: &CalendarObject,
) -> Bytes {
    let identify = |address: &str| delivery.addresses.identity(address);
    let rescheduled = before.map(|before| itip::rescheduled(before, sent)).unwrap_or_default();
    itip::rewrite(sent, |instance, old, new| {
        let new = new.without_parameter("SCHEDULE-FORCE-SEND");
        let who = identify(&old.value());
        let is_user = delivery.addresses.user(&old.value()).is_some();
        if old.is("ORGANIZER") || who == organizer || !is_user || !itip::is_scheduled_by_server(old) {
            return new;
        }
        let known = before.and_then(|before| itip::partstat(before, instance, &who, &identify));
        let known = known.filter(|_| !rescheduled.contains(&instance)).unwrap_or_else(|| "NEEDS-ACTION".to_owned());
        let said =
            new.parameter("PARTSTAT").map_or_else(|| "NEEDS-ACTION".to_owned(), |said| said.to_ascii_uppercase());
        let new = if said == known { new } else { new.with_parameter("PARTSTAT", &known) };
        let status = before.and_then(|before| itip::status(before, instance, &who, &identify));
        match status {
            Some(status) => new.with_parameter("SCHEDULE-STATUS", &status),
            None => new.without_parameter("SCHEDULE-STATUS"),
        }
    })
}

fn with_statuses(object: &CalendarObject, statuses: &BTreeMap<String, Status>, identify: itip::Identify<'_>) -> Bytes {
    itip::rewrite(object, |_, old, new| {
        let status =
            statuses.get(&identify(&old.value())).filter(|_| old.is("ATTENDEE") && itip::is_scheduled_by_server(old));
        status.map_or(new.clone(), |status| NewProperty::with_parameter(new, "SCHEDULE-STATUS", status.code()))
    })
}

fn letter_for(
    context: &Context<'_>,
    event: &Event<'_>,
    now: &BTreeSet<Instance>,
    then: Option<&BTreeSet<Instance>>,
) -> Letter {
    let new = event.new.only(now);
    let old = event.old.as_ref().zip(then).map(|(old, then)| old.only(then));
    let is_news = old.as_ref().is_none_or(|old| new.differs(old));
    let gone: Vec<Instance> =
        old.as_ref().map(|old| new.taken_away_since(old).into_iter().collect()).unwrap_or_default();
    let is_only_less = old.as_ref().filter(|_| !gone.is_empty()).is_some_and(|old| !new.differs(&old.without(&gone)));
    let moment = i64::try_from(context.request.now).unwrap_or(0);
    let message = match &old {
        Some(old) if is_only_less => itip::cancel(old, &gone, new.sequence(), PRODUCT, moment),
        Some(old) if new.is_cancelled() && !old.is_cancelled() => new.print(PRODUCT, Some("CANCEL")),
        _ => itip::request(&new, PRODUCT),
    };
    let object = CalendarObject::parse(new.print(PRODUCT, None), context.parser.zones()).ok();
    Letter { old, new, is_news, message, object }
}

/// Delivers what is new to an attendee; nothing, if nothing is.
fn tell(
    delivery: &mut Delivery<'_>,
    event: &Event<'_>,
    letter: &Letter,
    invited: &Invited,
    who: &str,
    user: &str,
    identify: itip::Identify<'_>,
) -> Option<Status> {
    if !letter.is_news && !invited.is_forced && !invited.has_missed {
        return None;
    }
    // An older version of the event than the one that they have (RFC 5546 section 2.1.4).
    let is_older = event.before.is_some_and(|before| itip::sequence(before) > event.new.sequence());
    let Some(object) = letter.object.as_ref().filter(|_| !is_older) else { return Some(Status::NotNow) };
    let written = match place(delivery, user, &event.after.uid(), event.organizer, identify) {
        Place::Nowhere => delivery.add(user, object, object.document().octets().clone()),
        Place::Here(copy) => {
            let own = Draft::of(&copy.object);
            // Who was not invited before has not answered.
            let asked = if letter.old.is_some() { event.rescheduled.clone() } else { letter.new.instances() };
            let kept = Kept { copy: &own, sent: letter.old.as_ref(), who, rescheduled: &asked };
            let merged = letter.new.clone().keeping(kept, identify).print(PRODUCT, None);
            match CalendarObject::parse(merged.clone(), delivery.context.parser.zones()) {
                Ok(_) => delivery.change(user, &copy, merged),
                Err(_) => Status::NotNow,
            }
        }
        // Something else has this UID. It stays as it is, and the organizer does not learn of it.
        Place::Taken => Status::Delivered,
    };
    let told = delivery.message(user, letter.message.clone());
    Some(if told == Status::Delivered { written } else { told })
}

/// Tells somebody who is invited no longer; the own copy is kept, and says so.
fn call_off(
    delivery: &mut Delivery<'_>,
    old: &Draft,
    invited: &Invited,
    who: &str,
    user: &str,
    organizer: &str,
    sequence: u32,
) {
    let addresses = delivery.addresses.clone();
    let identify = |address: &str| addresses.identity(address);
    let (instances, draft) = (invited.instances.iter().copied().collect::<Vec<_>>(), old.only(&invited.instances));
    let moment = i64::try_from(delivery.context.request.now).unwrap_or(0);
    let Some(uid) = draft.uid() else { return };
    if let Place::Here(copy) = place(delivery, user, &uid, organizer, &identify)
        && itip::is_invited(&copy.object, who, &identify)
    {
        let cancelled = itip::cancelled(&Draft::of(&copy.object), sequence, moment).print(PRODUCT, None);
        if CalendarObject::parse(cancelled.clone(), delivery.context.parser.zones()).is_ok() {
            delivery.change(user, &copy, cancelled);
        }
    }
    delivery.message(user, itip::cancel(&draft, &instances, sequence, PRODUCT, moment));
}

/// Where an attendee has an event.
enum Place {
    Nowhere,
    Here(Copy),
    Taken,
}

fn place(delivery: &Delivery<'_>, user: &str, uid: &str, organizer: &str, identify: itip::Identify<'_>) -> Place {
    let all = calendars::with_uid(delivery.context.world, user, uid);
    let is_empty = all.is_empty();
    let is_copy =
        |copy: &Copy| itip::organizer(&copy.object, identify).is_ok_and(|found| found.as_deref() == Some(organizer));
    match all.into_iter().find(is_copy) {
        Some(copy) => Place::Here(copy),
        None if is_empty => Place::Nowhere,
        None => Place::Taken,
    }
}
