//! What an attendee does: answer (RFC 6638 section 3.2.2).

use bytes::Bytes;
use ical::CalendarObject;
use ical::itip::{self, Answer, Identify, Instance, TooManyAnswers};

use super::calendars::{self, Copy};
use super::delivery::{Delivery, Status};
use crate::PRODUCT;

/// Of an event with more attendees, each learns of the answers of the others with the organizer's next change only.
const WHO_HEARS_ANSWERS: usize = 50;

/// An event to which somebody answers.
#[derive(Clone, Copy, Debug)]
pub struct Invitation<'a> {
    /// Whose copy of it this is.
    pub who: &'a str,
    /// Who has invited.
    pub organizer: &'a str,
    /// Whether the server is to send answers.
    pub is_answered: bool,
}

/// What comes of an attendee's change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The octets to be stored.
    pub octets: Bytes,
    /// What was answered.
    pub answers: Vec<Answer>,
}

/// Sends what an attendee answers by storing a version of the own copy. Too many answers at once are refused, since each
/// instance that is answered by itself becomes a component of the organizer's event.
pub fn store(
    delivery: &mut Delivery<'_>,
    invitation: Invitation<'_>,
    before: Option<&CalendarObject>,
    sent: &CalendarObject,
) -> Result<Stored, TooManyAnswers> {
    let addresses = delivery.addresses.clone();
    let identify = |address: &str| addresses.identity(address);
    let is_forced = organizer_lines(sent).any(|line| line.parameter("SCHEDULE-FORCE-SEND").is_some());
    let mut answers = itip::answers(before, sent, invitation.who, &identify);
    if is_forced && answers.is_empty() {
        answers = all_answers(sent, invitation.who, &identify);
    }
    if !invitation.is_answered {
        answers.clear();
    }
    let status = (!answers.is_empty()).then(|| send(delivery, invitation, sent, &answers, &identify)).transpose()?;
    let octets = itip::rewrite(sent, |instance, old, new| {
        let new = new.without_parameter("SCHEDULE-FORCE-SEND");
        if old.is("ORGANIZER") {
            return match status {
                Some(status) => new.with_parameter("SCHEDULE-STATUS", status.code()),
                None => new,
            };
        }
        // What others have answered is theirs to say, whatever this client still has.
        let whose = identify(&old.value());
        let known =
            before.filter(|_| whose != invitation.who).and_then(|one| itip::partstat(one, instance, &whose, &identify));
        match known.filter(|known| new.parameter("PARTSTAT").is_none_or(|said| !said.eq_ignore_ascii_case(known))) {
            Some(known) if known != "NEEDS-ACTION" || new.parameter("PARTSTAT").is_some() => {
                new.with_parameter("PARTSTAT", &known)
            }
            _ => new,
        }
    });
    Ok(Stored { octets, answers })
}

/// Declines, since the attendee has removed the own copy.
pub fn remove(delivery: &mut Delivery<'_>, invitation: Invitation<'_>, copy: &CalendarObject) -> Vec<Answer> {
    let addresses = delivery.addresses.clone();
    let identify = |address: &str| addresses.identity(address);
    let mut answers = all_answers(copy, invitation.who, &identify);
    let is_over = itip::Draft::of(copy).is_cancelled();
    answers.retain(|answer| answer.partstat != "DECLINED" && !is_over && invitation.is_answered);
    answers.iter_mut().for_each(|answer| answer.partstat = "DECLINED".to_owned());
    if !answers.is_empty() {
        // To remove the own copy is never refused: who is told of too much at once is told nothing.
        let _ = send(delivery, invitation, copy, &answers, &identify);
    }
    answers
}

fn organizer_lines(object: &CalendarObject) -> impl Iterator<Item = ical::Property<'_>> {
    itip::instances(object).flat_map(|(_, component)| component.properties_named("ORGANIZER"))
}

fn all_answers(object: &CalendarObject, who: &str, identify: Identify<'_>) -> Vec<Answer> {
    let answer =
        |instance: Instance| Some(Answer { instance, partstat: itip::partstat(object, instance, who, identify)? });
    itip::instances(object).filter_map(|(instance, _)| answer(instance)).collect()
}

/// Sends an answer to the organizer, and shows it to the other attendees.
fn send(
    delivery: &mut Delivery<'_>,
    invitation: Invitation<'_>,
    copy: &CalendarObject,
    answers: &[Answer],
    identify: Identify<'_>,
) -> Result<Status, TooManyAnswers> {
    let address = organizer_lines(copy).next().map(|line| line.value().into_owned()).unwrap_or_default();
    let user = match delivery.user(&address) {
        Ok(user) => user,
        Err(status) => return Ok(status),
    };
    let Some(event) = organized(delivery, &user, &copy.uid(), invitation.organizer, identify) else {
        return Ok(Status::Rejected);
    };
    // Whoever was not invited cannot answer.
    if !itip::is_invited(&event.object, invitation.who, identify) {
        return Ok(Status::Rejected);
    }
    let new = itip::try_answered(&event.object, answers, invitation.who, Some(Status::Delivered.code()), identify)?;
    let status = new.map_or(Status::Delivered, |octets| delivery.change(&user, &event, octets));
    if status != Status::Delivered {
        return Ok(status);
    }
    show(delivery, invitation, &event, answers, identify);
    let now = i64::try_from(delivery.context.request.now).unwrap_or(0);
    Ok(delivery.message(&user, itip::reply(copy, answers, invitation.who, identify, PRODUCT, now)))
}

/// Writes an answer into the copies of the other attendees, without a message.
fn show(
    delivery: &mut Delivery<'_>,
    invitation: Invitation<'_>,
    event: &Copy,
    answers: &[Answer],
    identify: Identify<'_>,
) {
    let others = itip::invited(&event.object, identify);
    if others.len() > WHO_HEARS_ANSWERS {
        return;
    }
    let others = others.iter().filter(|(who, _)| *who != invitation.who && *who != invitation.organizer);
    for (_, other) in others {
        let Ok(user) = delivery.user(&other.address) else { continue };
        let Some(copy) = organized(delivery, &user, &event.object.uid(), invitation.organizer, identify) else {
            continue;
        };
        if let Some(octets) = itip::answered(&copy.object, answers, invitation.who, None, identify) {
            delivery.change(&user, &copy, octets);
        }
    }
}

/// What somebody has in a calendar of an organizer's event.
fn organized(delivery: &Delivery<'_>, user: &str, uid: &str, organizer: &str, identify: Identify<'_>) -> Option<Copy> {
    let is_of =
        |copy: &Copy| itip::organizer(&copy.object, identify).is_ok_and(|found| found.as_deref() == Some(organizer));
    calendars::with_uid(delivery.context.world, user, uid).into_iter().find(is_of)
}
