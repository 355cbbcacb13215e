//! Answers: what an attendee says by a change of the own copy, and what that changes in the copies of others.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use bytes::Bytes;

use super::draft::{Draft, exceptions};
use super::people::{attendee, said};
use super::{Identify, Instance, followed, has_instance, part_of, parts};
use crate::document::{Component, Document, MAX_SIZE};
use crate::object::{CalendarObject, MAX_PARTS};
use crate::patch::{NewProperty, Patch};

/// Whether somebody takes part in an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The instance.
    pub instance: Instance,
    /// PARTSTAT, in capitals.
    pub partstat: String,
}

/// An answer for each of so many instances does not fit into an object: more than [`MAX_ANSWERS`] instances without a component of their
/// own, or larger with them than an object may be. At fault: who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {MAX_ANSWERS} instances are answered one by one, or what they are about is too large")]
pub struct TooManyAnswers;

/// Instances without a component of their own that one change answers at most: each of them is a copy of the master in the calendars of
/// everybody who is invited.
pub const MAX_ANSWERS: usize = 100;

/// What else of a component is an answer.
const ALSO: [&str; 4] = ["COMPLETED", "PERCENT-COMPLETE", "COMMENT", "STATUS"];

/// What `who` answers by making of the first version of the own copy the second. To take an instance away is to decline it.
pub fn answers(
    before: Option<&CalendarObject>,
    after: &CalendarObject,
    who: &str,
    identify: Identify<'_>,
) -> Vec<Answer> {
    let mut now = Words::new(after, who, identify);
    let Some(before) = before else {
        let all = parts(after).filter_map(|(instance, _)| now.answer(instance));
        return all.filter(|answer| answer.partstat != "NEEDS-ACTION").collect();
    };
    let mut then = Words::new(before, who, identify);
    let (had, has) = (exceptions(before), exceptions(after));
    let mut all: BTreeSet<Instance> = parts(before).chain(parts(after)).map(|(instance, _)| instance).collect();
    all.extend(had.symmetric_difference(&has).map(|key| Instance::One(*key)));
    let mut answered: BTreeMap<Instance, String> = BTreeMap::new();
    // In order, so that what an instance follows is answered before it.
    for instance in all {
        let is_in = |set: &BTreeSet<i64>| matches!(instance, Instance::One(key) if set.contains(&key));
        let Some(old) = then.of(instance) else { continue };
        let new = now.of(instance);
        let partstat = match (is_in(&had), is_in(&has), new) {
            (true, true, _) => None,
            (false, true, _) => Some("DECLINED".to_owned()),
            (true, false, new) => new.map(|new| new.partstat.clone()),
            (false, false, new) => {
                new.filter(|new| is_news(before, instance, &old, new, &answered)).map(|new| new.partstat.clone())
            }
        };
        answered.extend(partstat.map(|partstat| (instance, partstat)));
    }
    answered.into_iter().map(|(instance, partstat)| Answer { instance, partstat }).collect()
}

/// Whether the organizer does not know yet what somebody says now of an instance: an instance without a component of its own is answered
/// with the one that it follows.
fn is_news(
    before: &CalendarObject,
    instance: Instance,
    old: &Word,
    new: &Word,
    answered: &BTreeMap<Instance, String>,
) -> bool {
    let is_alone = part_of(before, instance).is_some();
    match answered.get(&followed(before, instance)) {
        Some(known) if is_alone => *known != new.partstat || old != new,
        Some(known) => *known != new.partstat || old.also != new.also,
        None => old != new,
    }
}

/// What somebody says in an object. A component that many instances follow is looked at once.
struct Words<'a> {
    object: &'a CalendarObject,
    who: &'a str,
    identify: Identify<'a>,
    parts: BTreeMap<usize, Option<Rc<Word>>>,
}

/// What somebody says in a component.
#[derive(Debug, PartialEq, Eq)]
struct Word {
    partstat: String,
    also: Vec<(usize, String)>,
}

impl<'a> Words<'a> {
    fn new(object: &'a CalendarObject, who: &'a str, identify: Identify<'a>) -> Words<'a> {
        Words { object, who, identify, parts: BTreeMap::new() }
    }

    /// What is said of an instance; none of what somebody is not invited to.
    fn of(&mut self, instance: Instance) -> Option<Rc<Word>> {
        let object = self.object;
        let part = part_of(object, instance).or_else(|| part_of(object, followed(object, instance)))?;
        let said = || Word::of(object.component(part), self.who, self.identify).map(Rc::new);
        self.parts.entry(part).or_insert_with(said).clone()
    }

    fn answer(&mut self, instance: Instance) -> Option<Answer> {
        Some(Answer { instance, partstat: self.of(instance)?.partstat.clone() })
    }
}

impl Word {
    fn of(component: Component<'_>, who: &str, identify: Identify<'_>) -> Option<Word> {
        let partstat = said(attendee(component, who, identify)?);
        let also = component.properties().filter_map(|property| {
            let name = ALSO.iter().position(|name| property.is(name))?;
            Some((name, property.value().trim_ascii().to_owned()))
        });
        Some(Word { partstat, also: also.collect() })
    }
}

/// An object in which `who` has answered, as [`try_answered`] gives it; none also where there are too many answers.
pub fn answered(
    object: &CalendarObject,
    answers: &[Answer],
    who: &str,
    status: Option<&str>,
    identify: Identify<'_>,
) -> Option<Bytes> {
    try_answered(object, answers, who, status, identify).ok().flatten()
}

/// An object in which `who` has answered: in the organizer's copy with the status of the message, in those of others without. An instance
/// that has no component of its own gets one, if there is such an instance. None if nothing is different, or `who` is not invited.
pub fn try_answered(
    object: &CalendarObject,
    answers: &[Answer],
    who: &str,
    status: Option<&str>,
    identify: Identify<'_>,
) -> Result<Option<Bytes>, TooManyAnswers> {
    let said = answers.iter().map(|answer| (answer.instance, answer.partstat.as_str())).collect();
    let patch = Patch::new(object.document());
    let mut answering =
        Answering { object, who, status, identify, said, patch, draft: None, parts: 0, octets: 0, is_changed: false };
    if answers.iter().filter(|answer| answering.is_alone(answer)).count() > MAX_ANSWERS {
        return Err(TooManyAnswers);
    }
    for answer in answers {
        match (part_of(object, answer.instance), answer.instance) {
            (Some(part), _) => answering.component(part, &answer.partstat),
            (None, Instance::One(key)) if answering.is_alone(answer) => answering.instance(key, &answer.partstat)?,
            (None, _) => {}
        }
    }
    answering.finish()
}

/// An object while answers are written into it.
struct Answering<'a> {
    object: &'a CalendarObject,
    who: &'a str,
    status: Option<&'a str>,
    identify: Identify<'a>,
    /// What is answered.
    said: BTreeMap<Instance, &'a str>,
    patch: Patch<'a>,
    /// The object taken apart, once that is needed.
    draft: Option<Draft>,
    /// Components that are added, and about how many octets they have.
    parts: usize,
    octets: usize,
    is_changed: bool,
}

impl Answering<'_> {
    /// Whether an answer is about an instance without a component of its own, and not the same as for what that follows.
    fn is_alone(&self, answer: &Answer) -> bool {
        let of_followed = || self.said.get(&followed(self.object, answer.instance)).copied();
        answer.instance != Instance::All
            && part_of(self.object, answer.instance).is_none()
            && of_followed() != Some(answer.partstat.as_str())
    }

    /// Answers in a component that is there.
    fn component(&mut self, part: usize, partstat: &str) {
        let Some(old) = attendee(self.object.component(part), self.who, self.identify) else { return };
        let new = self.changed(NewProperty::of(old), partstat);
        self.is_changed |= new != NewProperty::of(old);
        self.patch.replace(old, &new);
    }

    /// Answers in a new component for an instance, unless the one that it follows says the same then.
    fn instance(&mut self, key: i64, partstat: &str) -> Result<(), TooManyAnswers> {
        let object = self.object;
        let followed = followed(object, Instance::One(key));
        let Some(part) = part_of(object, followed) else { return Ok(()) };
        let Some(old) = attendee(object.component(part), self.who, self.identify) else { return Ok(()) };
        let known = self.said.get(&followed).map_or_else(|| said(old), |said| (*said).to_owned());
        if known == partstat || !has_instance(object, key) {
            return Ok(());
        }
        let Some(mut component) = self.draft.get_or_insert_with(|| Draft::of(object)).instance(key) else {
            return Ok(());
        };
        let old = NewProperty::of(old);
        let new = self.changed(old.clone(), partstat);
        component.properties.iter_mut().filter(|one| **one == old).for_each(|one| *one = new.clone());
        self.parts += 1;
        self.octets += component.size();
        if object.component_count() + self.parts > MAX_PARTS
            || object.document().octets().len() + self.octets > MAX_SIZE
        {
            return Err(TooManyAnswers);
        }
        self.patch.add_component(object.document().root(), &component);
        self.is_changed = true;
        Ok(())
    }

    fn changed(&self, attendee: NewProperty, partstat: &str) -> NewProperty {
        let attendee = attendee.with_parameter("PARTSTAT", partstat);
        match self.status {
            Some(status) => attendee.with_parameter("SCHEDULE-STATUS", status),
            None => attendee,
        }
    }

    fn finish(self) -> Result<Option<Bytes>, TooManyAnswers> {
        if !self.is_changed {
            return Ok(None);
        }
        let octets = self.patch.finish();
        // Folds and lines are counted exactly by who reads them.
        match self.parts > 0 && Document::parse(octets.clone()).is_err() {
            true => Err(TooManyAnswers),
            false => Ok(Some(octets)),
        }
    }
}
