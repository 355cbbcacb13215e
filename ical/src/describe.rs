//! What changed between two versions of an object, as a phrase for a commit's message: `move "Team lunch" to 2026-03-04 12:30`.
//!
//! Of several changes the one that people would name is named. Stamps, sequence numbers and X- properties are not changes.

mod changes;
#[cfg(test)]
mod tests;

use crate::object::{CalendarObject, Kind};
use changes::Change;

/// Characters of a phrase at most.
const MAX_LENGTH: usize = 70;
/// Characters of a title at least, however long the rest is.
const MIN_TITLE: usize = 12;

/// The difference between two versions in one line, at most 70 characters; none stands for an object that is not there.
pub fn change(before: Option<&CalendarObject>, after: Option<&CalendarObject>) -> String {
    match (before, after) {
        (None, Some(after)) => phrase("add ", after, ""),
        (Some(before), None) => phrase("remove ", before, ""),
        (None, None) => "change nothing".to_owned(),
        (Some(before), Some(after)) => between(before, after),
    }
}

/// What an attendee does who answers, such as `accept "Team lunch"`; `instance` is a date if it is about one only.
pub fn answer(object: &CalendarObject, partstat: &str, instance: Option<&str>) -> String {
    let verb = match partstat {
        "ACCEPTED" => "accept",
        "DECLINED" => "decline",
        "TENTATIVE" => "tentatively accept",
        "DELEGATED" => "delegate",
        "COMPLETED" => "complete",
        "IN-PROCESS" => "work on",
        "NEEDS-ACTION" => "take back the answer to",
        _ => "answer",
    };
    let after = instance.map(|date| format!(" of {date}")).unwrap_or_default();
    phrase(&format!("{verb} "), object, &after)
}

fn between(before: &CalendarObject, after: &CalendarObject) -> String {
    match changes::foremost(before, after) {
        Change::Renamed => {
            let to = format!(" to {}", titled(after, 24));
            phrase("rename ", before, &to)
        }
        Change::Moved { to } => phrase("move ", after, &format!(" to {to}")),
        Change::InstanceMoved { instance, to } => phrase("move ", after, &format!(" of {instance} to {to}")),
        Change::InstanceChanged { instance } => phrase("change ", after, &format!(" of {instance}")),
        Change::InstanceRemoved { instance } => phrase("remove ", after, &format!(" of {instance}")),
        Change::InstanceRestored { instance } => phrase("restore ", after, &format!(" of {instance}")),
        Change::Done { verb } => phrase(&format!("{verb} "), after, ""),
        Change::Detail { what } => phrase(&format!("change the {what} of "), after, ""),
        Change::Other => phrase("change ", after, ""),
    }
}

/// The words around an object's title, which is shortened to what is left for it.
fn phrase(before: &str, object: &CalendarObject, after: &str) -> String {
    let used = before.chars().count() + after.chars().count();
    let title = titled(object, MAX_LENGTH.saturating_sub(used).max(MIN_TITLE));
    format!("{before}{title}{after}")
}

/// `"Team lunch"`, or what it is where it has no title; at most `most` characters.
fn titled(object: &CalendarObject, most: usize) -> String {
    let summary = object.summary().unwrap_or_default();
    let words: Vec<&str> =
        summary.split(|character: char| character.is_whitespace() || character.is_control()).collect();
    let title = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").replace('"', "'");
    if title.is_empty() {
        return match object.kind() {
            Kind::Event => "an event",
            Kind::Todo => "a task",
            Kind::Journal => "a journal entry",
            Kind::FreeBusy => "free-busy times",
            Kind::Availability => "hours of work",
        }
        .to_owned();
    }
    if title.chars().count() + 2 <= most {
        return format!("\"{title}\"");
    }
    let kept: String = title.chars().take(most.saturating_sub(3)).collect();
    format!("\"{}…\"", kept.trim_end())
}
